"""Columns of doubles: the rules of FLOATS, row by row, as loops of NumPy where those are as good.

NumPy's exp may differ from the standard library's in the last bit, and its tanh in the last three: a function is
NumPy's own only where no rule of THE TABLE comes out more than 2 ulp away from what FLOATS makes of it. All others are
those of FLOATS, mapped over the rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from functools import reduce
from itertools import accumulate, repeat
from operator import mul
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..rules.formula import READ_BY_THE_FIRST, Formula
from ..rules.op import Op
from ..rules.zeros import zero
from .floats import CANCELLED, FLOATS, Floats
from .system import Arithmetic, Function, Rule, Value
from .tape import OpaqueError, Recorded, as_one, is_column

Column: TypeAlias = NDArray[np.float64]
Rows: TypeAlias = NDArray[np.bool_]


_PARTS = 128
_POWERS = [*accumulate(repeat(Decimal(2) ** (Decimal(1) / _PARTS), _PARTS - 1), mul, initial=Decimal(1))]
_HIGH = np.array([*map(float, _POWERS)])
_LOW = np.array([float(power - Decimal(float(power))) for power in _POWERS])
_STEP = float(Decimal(2).ln() / _PARTS)
_STEP_HIGH = float(np.float32(_STEP))  # of which a multiple is exact
_DOUBT = 0.48 * 2.0**-52
_STEP_LOW = float(Decimal(2).ln() / _PARTS - Decimal(_STEP_HIGH))


def mapped(function: Function) -> Function:
    """A function of numbers over columns, row by row: NaN where it has no value."""

    def at(*entries: Any) -> Any:
        try:
            return function(*entries)
        except (ArithmeticError, ValueError):
            return math.nan

    @as_one
    def over(*inputs: Any) -> Any:
        if not any(isinstance(each, np.ndarray) for each in inputs):
            return at(*inputs)
        lists = [each.tolist() if isinstance(each, np.ndarray) else repeat(each) for each in inputs]
        try:
            found = [*map(function, *lists)]
        except (ArithmeticError, ValueError):
            found = [*map(at, *lists)]
        return np.array(found)

    return over


def _exp(x: Column) -> Column:
    """exp(x) for x from −750 to 0, to the last bit as the standard library has it.

    It is 2^(n/128) of a table times the exponential of what is left (P. T. P. Tang, ACM TOMS 15, 1989), to 59 bits;
    where those do not tell how the library rounds, which is in 4 rows of 100, it is asked.
    """
    whole = np.rint(x * (1 / _STEP))
    r = (x - whole * _STEP_HIGH) - whole * _STEP_LOW
    square = r * r
    tail = r + square * (0.5 + r * (1 / 6) + square * (1 / 24 + r * (1 / 120)))
    steps = whole.astype(np.int64)
    part = steps & (_PARTS - 1)
    near = _HIGH[part]
    more = _LOW[part] + near * tail
    mantissa = near + more
    doubtful = (np.abs(more - (mantissa - near)) > _DOUBT) | (mantissa < 1) | (x < -700)
    found: Column = np.ldexp(mantissa, steps >> 7)
    found[doubtful] = [*map(math.exp, x[doubtful].tolist())]
    return found


@as_one
def _sigmoid(x: Any) -> Any:
    if not isinstance(x, np.ndarray):
        return FLOATS.namespace["sigmoid"](x)
    return _from(_exp(-np.minimum(np.abs(x), 750.0)), x)


def _from(z: Column, x: Column) -> Column:
    """The sigmoid of x, from z = exp(−|x|)."""
    return np.maximum(z, x >= 0) / (1.0 + z)


def _pow(x: Any, y: Any) -> Any:
    if is_column(y) or y not in (1, 2):
        return _power(x, y)
    return x * x if y == 2 else x


def _chosen(condition: Any, yes: Callable[[], Any], no: Callable[[], Any]) -> Any:
    """One side or the other, row by row. A side that no row needs is not computed."""
    if not is_column(condition):
        return yes() if condition else no()
    if isinstance(condition, Recorded):
        raise OpaqueError
    if condition.all():
        return yes()
    return np.where(condition, yes(), no()) if condition.any() else no()


def _joined(p: Any, q: Any, decides: bool, join: Any) -> Any:
    """Two conditions as one. A side that is the same in all rows may decide, or leave the other as it is."""
    for one, other in ((p, q), (q, p)):
        if not is_column(one):
            return decides if bool(one) == decides else other
    return join(p, q)


def _plain(function: Any) -> Function:
    """A function of Python around one of C: some of NumPy's crash where there are no builtins."""
    return lambda *xs: function(*xs)


_power = mapped(math.pow)
EXACT: dict[str, Function] = {
    **{name: _plain(getattr(np, name)) for name in "sqrt floor ceil".split()},
    "abs": _plain(np.abs),
    "sign": _plain(np.sign),
    "round": _plain(np.rint),
    "pow": _pow,
    "max": lambda *xs: reduce(np.maximum, xs),
    "min": lambda *xs: reduce(np.minimum, xs),
    "relu": as_one(lambda x: np.where(x <= 0, 0.0, x)),
    "sigmoid": _sigmoid,
    "selected": as_one(lambda x, out: np.where(x == out, 1.0, 0.0)),
    "choose": _chosen,
    "both": lambda p, q: _joined(p, q, False, np.logical_and),
    "either": lambda p, q: _joined(p, q, True, np.logical_or),
    "opposite": _plain(np.logical_not),
}
"""Loops that give to the last bit what FLOATS does; all other words of its are mapped."""
_CLOSE: dict[str, Function] = {
    **{name: _plain(getattr(np, name)) for name in "exp exp2 log log2 log1p sin cos".split()},
    "softplus": lambda x: np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x))),
    "sigmoid": lambda x: _from(np.exp(-np.abs(x)), x),
}
"""Loops within 2 ulp of that, for a rule that is nothing else: what comes after it could make more of it. (The slope of
sigmoid does, so its value has to be exact; as the slope of softplus it is the last step.)
"""
_TEMPLATES = {
    "where": "choose({0}, lambda: {1}, lambda: {2})",
    "and": "both({0}, {1})",
    "or": "either({0}, {1})",
    "not": "opposite({0})",
}
_TAKES = {head: int(FLOATS.template(head)[1]) for head in READ_BY_THE_FIRST if head not in ("cancels", "precisely")}
"""Of a formula in two forms, the one that doubles compute."""


class Columns(Floats):
    """Doubles, a column for each value; a value that is the same in all rows may stay one number."""

    def __init__(self) -> None:
        words = {name: mapped(each) for name, each in FLOATS.namespace.items() if callable(each)}
        close = {f"close_{name}": each for name, each in _CLOSE.items()}
        super().__init__({**words, **EXACT, **close}, FLOATS.constants, _TEMPLATES)
        self._nothing: dict[tuple[Op, int | None], Function] = {}

    def __reduce__(self) -> str:
        return "COLUMNS"

    def rule(self, op: Op) -> Rule:
        if op.variadic and op not in self._rules:
            own, several = FLOATS.rule(op), op.selects
            value = self.namespace[op.name] if several else mapped(own.value)
            self._rules[op] = Rule(value, (self._of_many(op, own),), None, None, variadic=True)
        return super().rule(op)

    def _of_many(self, op: Op, own: Rule) -> Function:
        """The partial of a rule with any number of inputs, called as `Rule.partial` does."""
        [partial] = op.partials
        if partial.is_number or op.selects:
            return self.compiled("x, out, inputs, slot", partial)

        def local(_x: Value, out: Value, inputs: Any, slot: int) -> Value:
            return mapped(lambda out, *inputs: own.partial(slot, inputs, out))(out, *inputs)

        return local

    def is_nothing(self, op: Op, slot: int | None) -> Function:
        """What tells in which rows a local gradient that comes out as 0 is 0: a function of the inputs and the output.

        slot: of the input whose local gradient it is; None for the value

        (Of any number of inputs: of that one and the output.)
        """
        key = (op, 0 if op.variadic else slot)
        if key not in self._nothing:
            self._nothing[key] = self.compiled(f"{', '.join(op.inputs)}, out", zero(op, slot))
        return self._nothing[key]

    def taken(self, formula: Formula) -> Formula:
        """Of a formula in two forms, the one that doubles compute."""
        while formula.head in _TAKES:
            formula = formula.args[_TAKES[formula.head]]
        return formula

    def compiled(self, parameters: str, formula: Formula) -> Function:
        formula = self.taken(formula)
        if formula.head == "precisely":
            return mapped(FLOATS.compiled(parameters, formula))
        is_last = formula.head != "sigmoid" or "out" in parameters
        if is_last and formula.head in _CLOSE and not formula.args[0].args:
            formula = Formula(f"close_{formula.head}", *formula.args)
        return super().compiled(parameters, formula)

    def code(self, formula: Formula) -> str:
        head, args = formula.head, formula.args
        if head in _TAKES:
            return self.code(args[_TAKES[head]])
        if head == "precisely":
            return "nan"  # which leaves the row to the careful passes
        if head == "cancels":
            return f"choose(abs(near := {self.code(args[1])}) > {CANCELLED}, lambda: near, lambda: nan)"
        return Arithmetic.code(self, formula)


COLUMNS = Columns()
