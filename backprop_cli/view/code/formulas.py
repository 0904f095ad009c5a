"""Formulas as programs compute them: choices that constants decide, numbers worked out, no factor 1."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from ...arithmetic import FLOATS
from ...rules.formula import READ_BY_THE_FIRST, Formula, fold, substitute
from ...rules.op import Op
from ...rules.table import CONSTANTS

IN, OUT, UPSTREAM, PARTS, ONCE = "__{}__", "__out__", "__upstream__", "__parts__", "__once__"
"""What stands in a formula for an input of the gate (by its slot), for its value, for what has come back to it, and for
the list of what its inputs have in its sum."""


def computed(formula: Formula) -> Formula:
    """The form that floats compute. A choice between 1 and 0 is exact, and stays as people read it: a `mask`."""
    return fold(formula, _computed, _as_computed)


def _as_computed(formula: Formula) -> Formula:
    """What floats compute in its place."""
    while formula.args and formula.head in READ_BY_THE_FIRST:
        is_first = formula.head in ("smooth", "ours", "own") or _is_mask(formula.args[0])
        formula = formula.args[0 if is_first else -1]
    return formula


def _computed(formula: Formula, args: Sequence[Formula]) -> Formula:
    """The same where its arguments are computed already."""
    if _is_mask(formula):
        return Formula("mask", args[0])
    if formula.head == "selected":
        return Formula("mask", Formula("eq", *formula.args))
    if formula.head == "pow" and formula.args[1].head == "2" and not formula.args[0].args:
        return Formula("mul", args[0], args[0])  # where it overflows, its reciprocal is all but 0
    return Formula(formula.head, *args)


def _is_mask(formula: Formula) -> bool:
    return formula.head == "where" and [arg.head for arg in formula.args[1:]] == ["1", "0"]


def decided(formula: Formula, known: Mapping[str, float] = MappingProxyType({})) -> Formula:
    """The formula without the cases that its constants rule out. known: the values of words that are constants."""

    def chosen(part: Formula, args: Sequence[Formula]) -> Formula:
        if part.head in ("where", "mask") and (holds := _holds(args[0], known)) is not None:
            yes, no = args[1:] or (Formula("1"), Formula("0"))
            return yes if holds else no
        return Formula(part.head, *args)

    return fold(formula, chosen)


def _holds(condition: Formula, known: Mapping[str, float]) -> bool | None:
    """Whether a condition on constants holds; None where it depends on more than these."""
    found = _known(condition, known)
    return found if isinstance(found, bool) else None


def number(formula: Formula, known: Mapping[str, float] = MappingProxyType({})) -> float | None:
    """The value of a formula of constants alone."""
    found = _known(formula, known)
    return None if isinstance(found, bool) else found


def _known(formula: Formula, known: Mapping[str, float]) -> float | bool | None:
    """The number that a formula of constants is, or whether one that is a condition holds; None for others."""

    def made(part: Formula, args: Sequence[float | bool | None]) -> float | bool | None:
        head = part.head
        if not args:
            return float(FLOATS.constant(head)) if head in CONSTANTS or part.is_number else known.get(head)
        sides = [each for each in args if isinstance(each, bool)]
        numbers = [each for each in args if isinstance(each, float)]
        if head in ("and", "or"):
            decisive = head == "or"
            return decisive if decisive in sides else None if len(sides) < len(args) else not decisive
        if head == "not":
            return not sides[0] if sides else None
        if len(numbers) < len(args) or head in ("where", "mask"):
            return None
        if head in _COMPARISONS:
            return _COMPARISONS[head](*numbers)
        try:
            return float((_OPERATORS.get(head) or FLOATS.word(head))(*numbers))
        except (ArithmeticError, ValueError):
            return None

    return fold(formula, made)


_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    name: getattr(operator, name) for name in "eq ne lt le gt ge".split()
}
_OPERATORS: dict[str, Callable[..., float]] = {
    "div": operator.truediv,
    **{name: getattr(operator, name) for name in "add sub mul neg".split()},
}


def chained_by(upstream: Formula | None, local: Formula) -> Formula:
    """upstream × local, as a person writes it: no factor 1, and a reciprocal divides."""
    if upstream is None:
        return local
    head, args = local.head, local.args
    if head in ("0", "1", "-1") and not args:
        return {"0": local, "1": upstream, "-1": -upstream}[head]
    if head == "neg":
        return chained_by(-upstream if upstream.head == UPSTREAM else upstream, args[0])
    if head == "div" and args[0].head in ("1", "-1") and not args[0].args:
        return (upstream if args[0].head == "1" else -upstream) / args[1]
    return upstream * local


def value_of(op: Op, operands: Sequence[Formula], known: Mapping[str, float] = MappingProxyType({})) -> Formula:
    """What a gate computes, over what stands for its inputs.

    operands: a formula for each input
    known: the numbers of words that are constants
    """
    if op.variadic:
        alone = Formula("abs", *operands) if op.name == "hypot" else operands[0]
        return op.applied(operands) if len(operands) > 1 else alone
    formula = decided(substitute(computed(op.value), op.words(operands, Formula(OUT))), known)
    holds = _holds(formula, known) if op.truth else None
    return formula if holds is None else Formula("true" if holds else "false")


def canonical(literal: str) -> str:
    """A number without the zeros in front that would make it octal somewhere, and with digits around its point."""
    mantissa, e, exponent = literal.lower().partition("e")
    whole, point, fraction = mantissa.partition(".")
    whole = whole.lstrip("0") or "0"
    return f"{whole}{point}{fraction or '0' * len(point)}{e}{exponent}"
