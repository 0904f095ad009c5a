"""The formulas of the rules, read by an interpreter of our own: over mpmath, SymPy, whatever has functions."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from backprop_cli.rules.formula import Formula
from backprop_cli.rules.op import Op

READ, COMPUTED = 0, 1
"""The two forms of a formula: as people read it, and as it is computed."""


def interpret(
    formula: Formula,
    words: Mapping[str, Sequence[Any]],
    functions: Mapping[str, Callable[..., Any]],
    number: Callable[[str], Any],
    form: int,
) -> Any:
    """The value of a formula.

    words: the operands by name; one may stand for several, as in `max(x)` of a row that takes any number.
    functions: by the heads of formulas, and maybe "choice", whose branches are called;
    number: what makes a number of a literal; form: READ or COMPUTED.
    """

    def of(part: Formula) -> Any:
        return interpret(part, words, functions, number, form)

    head, args = formula.head, formula.args
    if head in ("careful", "convention", "own", "cancels"):
        return of(args[form])
    if head in ("smooth", "doubles", "ours", "precisely"):
        return of(args[0])
    if head == "where" and "choice" in functions:
        return functions["choice"](of(args[0]), lambda: of(args[1]), lambda: of(args[2]))
    if head == "where" and head not in functions:
        return of(args[1]) if of(args[0]) else of(args[2])
    if not args:
        return words[head][0] if head in words else number(head)
    if head == "total":
        terms = (interpret(args[0], {**words, "x": [each]}, functions, number, form) for each in words["x"])
        return functools.reduce(functions["add"], terms)
    operands = [each for arg in args for each in (words[arg.head] if arg.head in words else [of(arg)])]
    return functions[head](*operands)


def operands(op: Op, inputs: Sequence[Any]) -> dict[str, Sequence[Any]]:
    """The inputs of a row by the names that its formulas have for them."""
    if op.variadic:
        return {op.inputs[0]: inputs, "count": [len(inputs)]}
    return {name: [value] for name, value in zip(op.inputs, inputs, strict=True)}
