"""Formulas as text, in several styles."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from .formula import READ_BY_THE_FIRST, Formula

_CALL = r"\w+\([^()]*\)"  # an exact number such as sqrt(2)


class Style(NamedTuple):
    """How operators are written: the sign between (or before) operands, and how tightly it binds."""

    signs: Mapping[str, str]
    superscripts: bool


_BINDING = {"where": 0, "eq": 1, "gt": 1, "both": 1, "add": 2, "sub": 2, "mul": 3, "div": 3, "neg": 4, "pow": 5}
_ATOM = 6
_COMPARISONS = {"eq": " = ", "gt": " > ", "both": " and "}

READING = Style({"add": " + ", "sub": " − ", "mul": "·", "div": "/", "neg": "−", "pow": "^", **_COMPARISONS}, True)
"""As in a textbook: `1 − out²`."""
NUMBERS = Style({**READING.signs, "mul": " · ", "div": " / "}, True)
"""The same with numbers for the operands: `3 · (−4)`."""
TYPED = Style({"add": " + ", "sub": " - ", "mul": " * ", "div": " / ", "neg": "-", "pow": "**", **_COMPARISONS}, False)
"""As a person types it: `x**2 * y`."""

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def text(formula: Formula, style: Style = READING) -> str:
    """The formula as a line of text. Rule formulas are small, so recursion is safe here."""
    return _text(formula, style)[0]


def _text(formula: Formula, style: Style) -> tuple[str, int]:
    head, args = formula.head, formula.args
    if not args:
        negative = head.startswith("-") and formula.is_number
        word = head.replace("-", style.signs["neg"], 1) if negative else head
        if style is NUMBERS:
            word = head.replace("-", style.signs["neg"])
            if formula.is_number and "e" in head:
                return word, _BINDING["neg"]  # (1e+06)²
            if re.fullmatch(_CALL, head):
                return word, _ATOM
        simple = formula.is_number or all(part.isidentifier() for part in head.split("."))
        return word, _BINDING["neg"] if negative else _ATOM if simple else 0
    if head in READ_BY_THE_FIRST:
        return _text(args[0], style)
    if head == "where":
        condition, yes, no = (_text(arg, style)[0] for arg in args)
        return f"{yes} if {condition} else {no}", _BINDING[head]
    if head == "abs" and style is not TYPED:
        return f"|{text(args[0], style)}|", _ATOM
    if head not in _BINDING:
        return f"{head}({', '.join(text(arg, style) for arg in args)})", _ATOM
    binding, sign = _BINDING[head], style.signs[head]
    if head == "neg":
        return sign + _behind(args[0], binding, style), binding
    if head == "pow":
        exponent = args[1].head
        base = _within(args[0], binding + 1, style)
        if style.superscripts and not args[1].args and exponent.lstrip("-").isdecimal():
            return base + exponent.translate(_SUPERSCRIPT), binding
        return base + sign + _within(args[1], _BINDING["neg"] if style is TYPED else _ATOM, style), binding
    tighter = {"sub": binding + 1, "div": binding + 1, "mul": binding + 1, "add": binding + 1}.get(head, binding)
    return _within(args[0], binding, style) + sign + _behind(args[1], tighter, style), binding


def _within(formula: Formula, binding: int, style: Style) -> str:
    inner, own = _text(formula, style)
    return inner if own >= binding else f"({inner})"


def _behind(formula: Formula, binding: int, style: Style) -> str:
    """What stands behind an operator; among numbers no two signs stand side by side: `3 · (−4)`."""
    inner = _within(formula, binding, style)
    return f"({inner})" if style is NUMBERS and inner.startswith(style.signs["neg"]) else inner
