"""The rows of THE TABLE as NumPy's own loops over arrays of doubles, where it has them."""

from __future__ import annotations

import math
from functools import lru_cache, reduce
from typing import Any, NamedTuple

import numpy as np

from ..rules.formula import Formula
from ..rules.op import Op
from ..rules.zeros import zero
from .axes import Array
from .system import SIGNS, Function


def _sigmoid(x: Array) -> Array:
    z = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, z) / (1.0 + z)


def _plain(function: Any) -> Function:
    """A function of Python around one of C: some of NumPy's crash where there are no builtins."""
    return lambda *xs: function(*xs)


_NUMPY: dict[str, Function] = {
    **{
        name: _plain(getattr(np, name))
        for name in "exp log log2 log10 log1p expm1 exp2 sqrt cbrt sin cos tan sinh cosh tanh floor ceil sign".split()
    },
    **{name: _plain(getattr(np, f"arc{name[1:]}")) for name in "asin acos atan asinh acosh atanh atan2".split()},
    "abs": _plain(np.abs),
    "pow": _plain(np.power),
    "max": lambda *xs: reduce(np.maximum, xs),
    "min": lambda *xs: reduce(np.minimum, xs),
    "relu": lambda x: np.maximum(x, 0.0),
    "sigmoid": _sigmoid,
    "softplus": lambda x: np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x))),
    "hypot": lambda *xs: reduce(np.hypot, xs),
    "where": _plain(np.where),
    "and": _plain(np.logical_and),
    "or": _plain(np.logical_or),
    "not": _plain(np.logical_not),
}
_OPERATORS = {
    **SIGNS,
    "careful": "{1}",
    "convention": "{1}",
    "smooth": "{0}",
    "doubles": "{1}",
}
_CALLED = {"and": "both", "or": "either", "not": "opposite", "where": "where"}  # which are words of Python


class _NoLoopError(Exception):
    """NumPy has no loop for this."""


def _code(formula: Formula) -> str:
    """A scalar rule as code over arrays. Raises _NoLoopError."""
    head, args = formula.head, formula.args
    if formula.is_number:
        return repr(float(head))
    if not args:
        if head not in ("x", "y", "out", "pi", "a", "b", "c", "p", "q", "base"):
            raise _NoLoopError
        return head
    if head == "pow" and args[1].head in ("2", "3") and not args[1].args:
        base = _code(args[0])
        return f"({' * '.join([base] * int(args[1].head))})"
    code = [
        _code(arg) if place or head not in ("careful", "convention", "doubles") else ""
        for place, arg in enumerate(args)
    ]
    if head in _OPERATORS:
        return _OPERATORS[head].format(*code)
    if head not in _NUMPY:
        raise _NoLoopError
    return f"{_CALLED.get(head, head)}({', '.join(code)})"


_NAMESPACE: dict[str, Any] = {
    "__builtins__": {},
    "pi": math.pi,
    **{_CALLED.get(name, name): function for name, function in _NUMPY.items()},
}


def _loop(parameters: str, formula: Formula) -> Function | None:
    try:
        # The text comes from the rows of the table alone; nothing that a user typed reaches it.
        function: Function = eval(compile(f"lambda {parameters}: {_code(formula)}", "<rule>", "eval"), dict(_NAMESPACE))  # noqa: S307
    except _NoLoopError:
        return None
    return function


class Loops(NamedTuple):
    """A row of THE TABLE as loops of NumPy; None where it has none."""

    value: Function | None
    partials: tuple[Function | None, ...]
    kink: Function | None


@lru_cache(maxsize=1_000)
def loops(op: Op) -> Loops:
    """A row of THE TABLE as loops of NumPy (compiled once)."""
    if op.variadic:
        return Loops(_NUMPY.get(op.name) if op.name in ("max", "min", "hypot") else None, (None,), None)
    inputs = ", ".join(op.inputs)
    partials = tuple(_loop(f"{inputs}, out", each) for each in op.partials)
    return Loops(_loop(inputs, op.value), partials, None if op.kink is None else _loop(f"{inputs}, out", op.kink))


@lru_cache(maxsize=1_000)
def masks(op: Op, slot: int) -> Function | None:
    """Where a local gradient is 1, as a loop of NumPy, if a condition makes it 0 everywhere else."""
    partial = op.partial(slot)
    form = partial.args[0] if partial.head == "careful" else partial
    if form.head != "where" or [arg.head for arg in form.args[1:]] != ["1", "0"] or op.variadic:
        return None
    return _loop(f"{', '.join(op.inputs)}, out", form.args[0])


@lru_cache(maxsize=1_000)
def zeros(op: Op, slot: int) -> Function | None:
    """Where a local gradient that comes out as 0 is known to be 0, as a loop of NumPy (see `Arithmetic.is_zero`)."""
    return _loop(f"{', '.join(op.inputs)}, out", zero(op, slot))
