"""The rows of THE TABLE as NumPy's own loops over arrays of doubles, where it has them."""

from __future__ import annotations

from functools import lru_cache, reduce
from typing import Any, NamedTuple

import numpy as np

from ..rules.formula import Formula
from ..rules.op import Op
from .axes import Array
from .columns import EXACT, Columns
from .digamma import digamma, trigamma
from .floats import FLOATS
from .system import SIGNS, Arithmetic, Function


def _sigmoid(x: Array) -> Array:
    z = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, z) / (1.0 + z)


def _plain(function: Any) -> Function:
    """A function of Python around one of C: some of NumPy's crash where there are no builtins."""
    return lambda *xs: function(*xs)


def _pow(x: Any, y: Any) -> Any:
    if isinstance(y, np.ndarray) or y not in (1, 2, 3):
        return np.power(x, y)
    return x if y == 1 else x * x if y == 2 else x * x * x


_NUMPY: dict[str, Function] = {
    **{
        name: _plain(getattr(np, name))
        for name in "exp log log2 log10 log1p expm1 exp2 sqrt cbrt sin cos tan sinh cosh tanh floor ceil sign".split()
    },
    **{name: _plain(getattr(np, f"arc{name[1:]}")) for name in "asin acos atan asinh acosh atanh atan2".split()},
    "abs": _plain(np.abs),
    "pow": _pow,
    "max": lambda *xs: reduce(np.maximum, xs),
    "min": lambda *xs: reduce(np.minimum, xs),
    "relu": lambda x: np.maximum(x, 0.0),
    "sigmoid": _sigmoid,
    "odds": lambda x, y: _sigmoid(x - y),
    "softplus": lambda x: np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x))),
    "hypot": lambda *xs: reduce(np.hypot, xs),
}


def _over_axes(function: Function) -> Function:
    """A function of columns over arrays."""

    def over(*inputs: Any) -> Any:
        if not any(isinstance(each, np.ndarray) for each in inputs):
            return function(*inputs)
        wide = np.broadcast_arrays(*inputs)
        return function(*map(np.ravel, wide)).reshape(wide[0].shape)

    return over


class _Doubles(Columns):
    """Arrays of doubles, by NumPy's own functions as far as it has them, else entry by entry."""

    def __init__(self) -> None:
        super().__init__()
        mapped = [name for name, word in FLOATS.namespace.items() if callable(word) and name not in EXACT]
        self.namespace |= {name: _over_axes(self.namespace[name]) for name in mapped} | _NUMPY
        others = self.namespace["polygamma"]

        def polygamma(order: Any, x: Any) -> Any:
            if not isinstance(x, np.ndarray) or isinstance(order, np.ndarray) or order not in (0, 1):
                return others(order, x)
            return trigamma(x) if order else digamma(x)

        self.namespace |= {"polygamma": polygamma, "digamma": lambda x: polygamma(0, x)}

    def compiled(self, parameters: str, formula: Formula) -> Function:
        taken = self.taken(formula)
        if taken.head == "precisely":
            return _over_axes(super().compiled(parameters, taken))
        return Arithmetic.compiled(self, parameters, taken)


_DOUBLES = _Doubles()
_FLAGGED = frozenset([*_NUMPY, *EXACT, *SIGNS, "where", "and", "or", "not"])


def flagged(formula: Formula) -> bool:
    """Whether the processor's flags tell of all that is not finite in what comes of a rule."""
    formula = _DOUBLES.taken(formula)
    return not formula.args or (formula.head in _FLAGGED and all(map(flagged, formula.args)))


class Loops(NamedTuple):
    """A row of THE TABLE as loops of NumPy; None where it has none."""

    value: Function | None
    partials: tuple[Function | None, ...]
    kink: Function | None


@lru_cache(maxsize=1_000)
def loops(op: Op) -> Loops:
    """A row of THE TABLE as loops of NumPy (compiled once): NaN where the scalar rule may have a value."""
    if op.variadic:
        return Loops(_NUMPY.get(op.name) if op.name in ("max", "min", "hypot") else None, (None,), None)
    rule = _DOUBLES.rule(op)
    return Loops(rule.value, rule.partials, rule.kink)


@lru_cache(maxsize=1_000)
def masks(op: Op, slot: int) -> Function | None:
    """Where a local gradient is 1, as a loop of NumPy, if a condition makes it 0 everywhere else."""
    partial = op.partial(slot)
    form = partial.args[0] if partial.head == "careful" else partial
    if form.head != "where" or [arg.head for arg in form.args[1:]] != ["1", "0"] or op.variadic:
        return None
    return _DOUBLES.compiled(f"{', '.join(op.inputs)}, out", form.args[0])


def zeros(op: Op, slot: int) -> Function:
    """Where a local gradient that comes out as 0 is known to be 0, as a loop of NumPy (see `Arithmetic.is_zero`)."""
    return _DOUBLES.is_nothing(op, slot)
