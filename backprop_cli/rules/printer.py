"""Formulas as text: the Printer, and the data for writing them as read, as typed, and with numbers put in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from .formula import Formula, as_read

LOOSE, CHOICE, EITHER, BOTH, OPPOSITE, COMPARED, SUM, PRODUCT, SIGNED, POWER, TIGHT, ATOM = range(12)
"""How tightly a text binds. What is TIGHT stands in brackets only where an ATOM must be: −2, 1e+06."""

_NEEDS = {  # of an operator: how tightly it binds, and what stands beside its sign at least
    "or": (EITHER, EITHER, BOTH),
    "and": (BOTH, BOTH, OPPOSITE),
    "not": (OPPOSITE, OPPOSITE),
    **dict.fromkeys(("eq", "ne", "lt", "le", "gt", "ge"), (COMPARED, SUM, SUM)),
    "add": (SUM, SUM, PRODUCT),
    "sub": (SUM, SUM, PRODUCT),
    "mul": (PRODUCT, PRODUCT, SIGNED),
    "div": (PRODUCT, PRODUCT, SIGNED),
    "matmul": (PRODUCT, PRODUCT, SIGNED),
    "neg": (SIGNED, SIGNED),
    "pow": (POWER, ATOM, ATOM),
}


class Form(NamedTuple):
    """How an operation is written.

    write: the whole, from the texts of the arguments
    binds: how tightly it binds
    needs: how tightly each argument binds at least, or it stands in brackets; the last is for all that follow, too
    more: the form for more arguments than `needs` has, where that is another
    """

    write: Callable[[list[str]], str]
    binds: int = ATOM
    needs: tuple[int, ...] = (LOOSE,)
    more: Form | None = None


def template(text: str, binds: int = ATOM, *needs: int) -> Form:
    """A form as a text with places: {0}, {1} …, or {args} for all of them with commas between, and their {count}.

    binds: how tightly the form binds, an ATOM the tightest
    needs: how tightly what stands in its places has to
    """
    return Form(lambda args: text.format(*args, args=", ".join(args), count=len(args)), binds, needs or (LOOSE,))


def function(head: str) -> Form:
    """A function of that name. `max()` is one, whatever a printer has for `max`."""
    name = head.removesuffix("()")
    return Form(lambda args: f"{name}({', '.join(args)})")


class Printer:
    """A way of writing formulas, as data.

    signs: what stands between the arguments of an operator, and before that of `neg` and `not`
    leaf: how a number or a word is written, and how tightly that binds
    forms: how other operations are written; `whole` is for powers whose exponent is a whole number
    needs: how tightly what stands beside the sign of an operator binds at least, where that is special
    call: the form of an operation that has none
    apart: whether no two signs may stand side by side: `3 · (−4)`
    brackets: how brackets are set
    alone: how a formula is written where nothing is beside it, from that formula and its text
    """

    def __init__(
        self,
        signs: Mapping[str, str],
        leaf: Callable[[Formula], tuple[str, int]],
        forms: Mapping[str, Form],
        *,
        needs: Mapping[str, tuple[int, ...]] = MappingProxyType({}),
        call: Callable[[str], Form] = function,
        apart: bool = False,
        brackets: str = "({})",
        alone: Callable[[Formula, str], str] = lambda _formula, text: text,
    ) -> None:
        self.signs = signs
        self.leaf = leaf
        self.call = call
        self.brackets = brackets
        self.alone = alone

        def behind(text: str) -> str:
            return brackets.format(text) if apart and text.startswith(signs["neg"]) else text

        def operator(head: str, binds: int, *least: int) -> Form:
            sign, least = signs[head], needs.get(head, least)
            if head in ("neg", "not"):
                return Form(lambda args: sign + behind(args[0]), binds, least)
            if binds < SUM:  # 2 > −1 is read without brackets
                return Form(lambda args: sign.join(args), binds, least)
            return Form(lambda args: sign.join([args[0], *map(behind, args[1:])]), binds, least)

        self.forms = {**{head: operator(head, *_NEEDS[head]) for head in _NEEDS if head in signs}, **forms}

    def text(self, formula: Formula) -> str:
        """The formula as a line of text."""
        return self._text(formula)[0]

    def argument(self, formula: Formula) -> str:
        """The formula as the argument of a function."""
        return self._within(formula, LOOSE)

    def _text(self, formula: Formula) -> tuple[str, int]:
        """The text, and how tightly it binds. No recursion: the formula of a long sum is as deep as it has terms."""
        waiting: list[Formula | tuple[Form, tuple[int, ...], tuple[Formula, ...]]] = [formula]
        written: list[tuple[str, int]] = []
        while waiting:
            each = waiting.pop()
            if isinstance(each, tuple):
                form, needs, args = each
                parts = written[-len(args) :]
                del written[-len(args) :]
                texts = [self._in(*part) for part in zip(args, needs, parts, strict=False)]
                written.append((form.write(texts), form.binds))
                continue
            each = as_read(each)
            if not each.args:
                written.append(self.leaf(each))
                continue
            form = self.forms.get(self._kind(each)) or self.call(each.head)
            needs = form.needs
            if len(each.args) > len(needs):
                form, needs = form.more or form, needs + needs[-1:] * len(each.args)
            waiting.append((form, needs, each.args))
            waiting += reversed(each.args)
        return written[0]

    def _kind(self, formula: Formula) -> str:
        head, args = formula.head, formula.args
        is_whole = head == "pow" and not args[1].args and args[1].head.lstrip("-").isdecimal()
        return "whole" if is_whole and "whole" in self.forms else head

    def _within(self, formula: Formula, need: int) -> str:
        return self._in(formula, need, self._text(formula))

    def _in(self, formula: Formula, need: int, written: tuple[str, int]) -> str:
        """A formula that is written, where something needs it to bind so tightly."""
        text, binds = written
        return self.brackets.format(text) if binds < need else text if need else self.alone(formula, text)


# -- Text ----------------------------------------------------------------------------------------------------------


_CALL = re.compile(r"\w+\((?:[^()]|\([^()]*\))*\)")
"""A constant as it is written, or an exact number: sqrt(2), gelu(log(3))."""


def _typed(formula: Formula) -> tuple[str, int]:
    head = formula.head
    if formula.is_number:
        return head, TIGHT if head.startswith("-") else ATOM
    is_name = head[:1] == "[" or all(map(str.isidentifier, head.split(".")))
    return head, ATOM if is_name or _CALL.fullmatch(head) else LOOSE


def _read(formula: Formula) -> tuple[str, int]:
    text, binds = _typed(formula)
    return text.replace("-", "−", 1) if binds == TIGHT else text, binds


def _put_in(formula: Formula) -> tuple[str, int]:
    text, binds = _typed(formula)
    if formula.is_number and "e" in text:
        binds = TIGHT  # (1e+06)²
    return text.replace("-", "−"), binds


_LOGIC = {"lt": " < ", "gt": " > ", "and": " and ", "or": " or ", "not": "not "}
_READ = {"add": " + ", "sub": " − ", "mul": "·", "div": "/", "neg": "−", "pow": "^", "matmul": " @ ",
         "le": " ≤ ", "ge": " ≥ ", "eq": " == ", "ne": " ≠ ", **_LOGIC}  # fmt: skip
_TYPED = {"add": " + ", "sub": " - ", "mul": " * ", "div": " / ", "neg": "-", "pow": "**", "matmul": " @ ",
          "le": " <= ", "ge": " >= ", "eq": " == ", "ne": " != ", **_LOGIC}  # fmt: skip
_CHOICE = {
    "where": template("{1} if {0} else {2}", CHOICE, EITHER, EITHER, CHOICE),
    "if": template("{0} if {1} else {2}", CHOICE, EITHER, EITHER, CHOICE),
    "?:": template("{0} ? {1} : {2}", CHOICE, EITHER, CHOICE, CHOICE),
    "Piecewise": template("Piecewise(({0}, {1}))", ATOM, CHOICE, CHOICE)._replace(
        more=template("Piecewise(({0}, {1}), ({2}, True))")
    ),
}
_ARRAYS = {
    "transpose": template("{0}.T", ATOM, ATOM),
    "index": template("{0}[{1}]", ATOM, ATOM, LOOSE),
    "array": template("[{args}]"),
    "part": template("{0}[{1}]", ATOM, ATOM, LOOSE),
}
_SUPERSCRIPT = str.maketrans("-−0123456789", "⁻⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_AS_READ = {
    **_CHOICE,
    **_ARRAYS,
    "T": template("{0}ᵀ", ATOM, ATOM),
    "abs": template("|{0}|"),
    "whole": Form(lambda args: args[0] + args[1].translate(_SUPERSCRIPT), POWER, (ATOM, LOOSE)),
}

READING = Printer(_READ, _read, _AS_READ)
"""As in a textbook: `1 − out²`."""
NUMBERS = Printer({**_READ, "mul": " · ", "div": " / "}, _put_in, _AS_READ, apart=True)
"""The same with numbers for the operands: `3 · (−4)`."""
BY_HAND = Printer({**_READ, "pow": "^"}, _read, {**_CHOICE, **_ARRAYS, "transpose": template("{0}ᵀ", ATOM, ATOM)})
"""As one writes it by hand, and as this program reads it again: `f·(1 − f)·x^2`."""
TYPED = Printer(_TYPED, _typed, {**_CHOICE, **_ARRAYS}, needs={"pow": (ATOM, SIGNED)})
"""As a person types it: `x**2 * y`."""
