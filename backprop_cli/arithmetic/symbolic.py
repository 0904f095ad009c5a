"""Exact numbers and symbols, by SymPy. This module imports SymPy; import it where it is needed.

No text of a user's reaches SymPy: literals are made of their digits, and symbols of checked names. What could grow
without bound is refused before it does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain
from typing import Any

import sympy
from sympy import Integer, Rational, Symbol

from ..errors import shorten
from ..rules.op import Op
from .symbolic_forms import AsTyped
from .symbolic_functions import COMPARISONS, FUNCTIONS, are_written_out, equal, evaluated, product, real, total, where
from .system import Arithmetic, Function, Rule, Value

MAX_DIGITS = 4_000
"""Digits of a literal, and its largest decimal exponent."""
_LONGEST = 40


class Symbolic(Arithmetic):
    """Rational numbers, roots, constants and symbols, as far as SymPy carries them."""

    header = {"exact": True}  # noqa: RUF012
    range_hint = "exact numbers cannot grow that far; --precision 50 can"

    def __init__(self) -> None:
        words: dict[str, Function] = {name: real(function) for name, function in FUNCTIONS.items()}
        logic: dict[str, Function] = {
            "eq": equal,
            "where": where,
            **COMPARISONS,
            "both": sympy.And,
            "either": sympy.Or,
            "opposite": sympy.Not,
            "selected": lambda x, out: where(equal(x, out), lambda: Integer(1), lambda: Integer(0)),
        }
        templates = {
            "where": "where({}, lambda: {}, lambda: {})",
            "careful": "{0}",
            "own": "{0}",
            "and": "both({}, {})",
            "or": "either({}, {})",
            "not": "opposite({})",
        }
        binary = {name: f"{name}({{}}, {{}})" for name in ("add", "sub", "mul", "div", "eq", *COMPARISONS)}
        constants = {"pi": sympy.pi, "e": sympy.E, "nan": sympy.nan}
        super().__init__({**words, **logic}, constants, {**templates, **binary})
        self.printer = AsTyped()

    def __reduce__(self) -> tuple[Any, ...]:
        return Symbolic, ()

    def rule(self, op: Op) -> Rule:
        if op not in self._rules:
            compiled = super().rule(op)
            if op.name == "normcdf":  # which is no word of the rules
                compiled = compiled._replace(value=self.namespace["normcdf"])
            # In the rules, what depends on symbols is not equal; for a person who writes x == y it may be.
            is_typed = op.truth and op.name == "eq"
            self._rules[op] = compiled._replace(value=COMPARISONS["equal"]) if is_typed else compiled
        return self._rules[op]

    def holds(self, truth: Value) -> bool | None:
        return True if truth == sympy.true else False if truth == sympy.false else None

    def data(self, value: Value) -> Any:
        return self.holds(value) if value in (sympy.true, sympy.false) else super().data(value)

    def _total(self, terms: Sequence[Value]) -> Value:
        return total(*terms)

    def _product(self, *factors: Value) -> Value:
        return product(*factors)

    def _but_one(self, inputs: Sequence[Value], slot: int) -> Value:
        if not any(each.free_symbols for each in inputs):
            return super()._but_one(inputs, slot)
        return product(*inputs[:slot], *inputs[slot + 1 :])  # of symbols, products on the way are as long as this

    def symbol(self, name: str) -> Value:
        """A real unknown."""
        return Symbol(name, real=True)

    def number(self, text: str) -> Value:
        mantissa, _, exponent = text.lower().partition("e")
        if len(mantissa) > MAX_DIGITS or len(exponent) > 6 or abs(int(exponent or "0")) > MAX_DIGITS:
            raise OverflowError
        return Rational(mantissa) * Integer(10) ** int(exponent or "0")

    def is_finite(self, value: Value) -> bool:
        # A product or a sum over axes makes numbers down to the factors of its terms; those below are looked at before.
        made = (value, *value.args, *chain.from_iterable(each.args for each in value.args))
        return not value.has(sympy.oo, -sympy.oo, sympy.zoo, sympy.nan) and are_written_out(made)

    def to_float(self, value: Value) -> float:
        try:
            return float(evaluated(value, 17))
        except (TypeError, ValueError, OverflowError):
            return math.nan

    def shown(self, value: Value, digits: int) -> str:
        text = self.whole(value)
        if len(text) <= _LONGEST or value.free_symbols:
            return text
        try:
            return f"≈ {evaluated(value, digits)}"
        except (ArithmeticError, ValueError):  # an exponent that SymPy cannot write out, or no digits that hold
            return shorten(text, _LONGEST)

    def whole(self, value: Value) -> str:
        return str(self.printer.doprint(value))
