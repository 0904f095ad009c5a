"""The functions of the rules of arrays, over axes and of matrices: by NumPy for doubles, else by the base's own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..rules.array_op import ArrayOp
from ..rules.formula import Formula
from ..rules.shape_rules import axes_of
from ..rules.table import primitive
from .axes import Array, is_array, kind_of, times, widened
from .square_matrices import SquareMatrices
from .system import Arithmetic, Function, TooWideError, Value


@lru_cache(maxsize=1_000)
def whole_rule(op: ArrayOp, slot: int | None) -> Function:
    """The value of an operation on arrays as wholes (slot: None), or the partial of an input (compiled once)."""
    text = _whole_code(op.value if slot is None else op.partial(slot))
    # The text comes from the rows of the table alone; nothing that a user typed reaches it.
    function: Function = eval(compile(f"lambda w, x, y, out, upstream: {text}", "<rule>", "eval"), {"__builtins__": {}})  # noqa: S307
    return function


_SHARED = 2.0
"""Where exp of all scores is at least so many times that of the largest, no score has nearly all."""
_WHOLE_OPERATORS = {"add": "+", "sub": "-", "div": "/"}


def _whole_code(formula: Formula) -> str:
    """A rule of arrays as code over `w`, which has its words."""
    head, args = formula.head, formula.args
    if not args:
        return head if head in ("x", "y", "out", "upstream") or formula.is_number else f"w.{head}()"
    if head == "careful":
        return _whole_code(args[1])
    code = [_whole_code(arg) for arg in args]
    if head == "neg":
        return f"(-{code[0]})"
    if head == "matmul":
        return f"w.matmul({', '.join(code)})"
    if head == "mul":
        return f"w.times({', '.join(code)})"
    if head in _WHOLE_OPERATORS:
        return f"({code[0]} {_WHOLE_OPERATORS[head]} {code[1]})"
    return f"w.{head}({', '.join(arg for arg in code if arg != 'w.slot()')})"


def spread(op: ArrayOp, reduced: Value, x: Array) -> Array:
    """What was reduced, or goes beside it, for each entry of x.

    reduced: of the shape of x without the axes that the operation goes over
    x: what it goes over
    """
    if not is_array(reduced):
        return widened(reduced, np.shape(x))
    axes = axes_of(op, np.shape(x), -1 if op.name in ("softmax", "log_softmax") else None)
    kept = [1 if axis in axes else each for axis, each in enumerate(np.shape(x))]
    return widened(np.reshape(reduced, kept), np.shape(x))


class Words(SquareMatrices):
    """What the words of a rule of arrays mean, for one use of the operation."""

    def __init__(self, base: Arithmetic, op: ArrayOp, inputs: Sequence[Value], slot: int) -> None:
        super().__init__(base)
        self.op, self.inputs, self.slot = op, inputs, slot
        self._zero, self._one = base.number("0"), base.number("1")
        self._axis = op.settings.get("axis")
        self._along = -1 if self._axis is None else self._axis
        self._over: dict[str, Any] = {"axis": self._axis, "keepdims": bool(op.settings.get("keepdims"))}

    def exp(self, x: Array) -> Value:
        if self.is_doubles:
            return np.exp(x)
        function = self.base.word("exp")
        return np.frompyfunc(function, 1, 1)(x)

    def _log(self, x: Array) -> Value:
        if self.is_doubles:
            return np.log(x)
        return np.frompyfunc(self.base.word("log"), 1, 1)(x)

    # -- products and shapes --

    def times(self, x: Value, y: Value) -> Value:
        return times(x, y)

    def T(self, x: Array) -> Value:  # noqa: N802  # as the rules have it
        return x.T if is_array(x) else x

    def matmul(self, x: Array, y: Array) -> Value:
        return np.matmul(x, y)

    def entries(self, x: Array) -> Value:
        return x[self._places()]

    def _places(self) -> tuple[int | slice, ...]:
        return tuple(each if isinstance(each, int) else slice(*each) for each in self.op.settings["items"])

    def place(self, upstream: Value, x: Array, labels: Array | None = None) -> Value:
        found = np.zeros(x.shape) if self.is_doubles else np.full(x.shape, self._zero, x.dtype)
        found[self._places() if labels is None else _picks(x, _whole(labels))] = upstream
        return found

    def picked(self, x: Array, labels: Array) -> Value:
        return x[_picks(x, _labels(labels, x.shape[-1]))]

    def parts(self) -> Value:
        inputs = [np.asarray(each, dtype=kind_of(each)) for each in self.inputs]
        if self.op.name == "array":
            return np.stack(inputs)
        return np.concatenate(inputs, axis=self.op.settings.get("axis", 0))

    def part(self, upstream: Array) -> Value:
        if self.op.name == "array":
            return upstream[self.slot]
        axis = self.op.settings.get("axis", 0)
        lengths = [each.shape[axis] for each in self.inputs]
        start = sum(lengths[: self.slot])
        return np.take(upstream, range(start, start + lengths[self.slot]), axis=axis)

    def shaped(self, x: Array, like: Array | None = None) -> Value:
        return np.reshape(x, self.op.settings["lengths"] if like is None else np.shape(like))

    # -- over axes --

    def total(self, x: Array) -> Value:
        return np.add.reduce(x, initial=self._zero, **self._over)  # np.sum, without its way there

    def mean(self, x: Array) -> Value:
        """The mean, for which no sum overflows."""
        count = self.count(x)
        with np.errstate(over="ignore"):
            found = self.total(x) / count
        if self.is_doubles and not np.isfinite(found).all():
            bits = int(count).bit_length()
            found = np.where(np.isfinite(found), found, np.ldexp(self.total(np.ldexp(x, -bits)) / count, bits))
        return found

    def product(self, x: Array) -> Value:
        try:
            with np.errstate(**self._told):
                return np.multiply.reduce(x, initial=self._one, **self._over)
        except FloatingPointError:
            mantissas, exponents = _products(self._rows(x)[0])
            shape = np.shape(np.max(x, **self._over))
            return np.ldexp(mantissas[..., -1], exponents[..., -1]).reshape(shape)

    @property
    def _told(self) -> dict[str, Any]:
        """What doubles must tell of a product: what overflows, or loses its digits, on the way to others."""
        return dict.fromkeys(("over", "under", "invalid"), "raise") if self.is_doubles else {}

    def _rows(self, x: Array) -> tuple[Array, Array]:
        """What the operation goes over as the last axis; and as the last axes, as many as they are."""
        axes = axes_of(self.op, x.shape)
        moved = np.moveaxis(x, axes, range(-len(axes), 0))
        return moved.reshape(*moved.shape[: x.ndim - len(axes)], -1), moved

    def largest(self, x: Array) -> Value:
        return self._top(x, **self._over)

    def smallest(self, x: Array) -> Value:
        return np.min(x, **self._over) if self.is_doubles else -self._top(-x, **self._over)

    def length(self, x: Array) -> Value:
        if not self.is_doubles:
            return np.frompyfunc(self.base.word("sqrt"), 1, 1)(self.total(x * x))
        largest = np.max(np.abs(x), initial=0.0, **{**self._over, "keepdims": True})
        scale = np.where(largest > 0, largest, 1.0)
        squares = np.sum((x / scale) ** 2, **self._over)
        return np.sqrt(squares) * np.reshape(scale, np.shape(squares))

    def logtotal(self, x: Array) -> Value:
        largest = self._about_top(x, **{**self._over, "keepdims": True})
        sums = self._log_of_powers(x - largest, **self._over)
        return np.reshape(largest, np.shape(sums)) + sums

    def _log_of_powers(self, less: Array, **over: Any) -> Value:
        """The logarithm of the sum of exp(less), of which the largest is 0: what the others have tells beside 1."""
        powers = self.exp(less)
        sums = np.add.reduce(powers, **over)
        if not self.is_doubles or sums.min() > _SHARED:
            return self._log(sums)
        tops = less == 0
        powers[tops] = 0.0
        return np.log1p(np.add.reduce(powers, **over) + (np.count_nonzero(tops, **over) - 1.0))

    def _about_top(self, x: Array, **over: Any) -> Value:
        """The same, or what holds it where the numbers do not decide: enough to scale with."""
        if self.is_doubles:
            return np.maximum.reduce(x, **over)
        return self._top(x, self.base.word("max"), **over)

    def _top(self, x: Array, undecided: Function | None = None, **over: Any) -> Value:
        """The largest entries along axes; of complex numbers, by their real parts.

        undecided: what the larger is of two that are not told apart. Raises TooWideError without it.
        """
        if self.is_doubles:
            return np.maximum.reduce(x, **over)
        at_least = self.base.rule(primitive("ge")).value

        def larger_of(a: Value, b: Value) -> Value:
            try:
                return a if at_least(a, b) else b
            except TooWideError:
                if undecided is None:
                    raise
                return undecided(a, b)

        larger = np.frompyfunc(larger_of, 2, 1)
        axis = over.get("axis")
        axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis % x.ndim,)
        for each in sorted(axes, reverse=True):
            x = larger.reduce(x, axis=each, keepdims=True)
        return x if over.get("keepdims") else np.reshape(x, [n for i, n in enumerate(x.shape) if i not in axes])

    def portions(self, x: Array) -> Value:
        """exp(x) divided by the sum over the axes."""
        axes = axes_of(self.op, np.shape(x))
        powers = self.exp(x - self._about_top(x, axis=axes, keepdims=True))
        return powers / np.sum(powers, axis=axes, keepdims=True)

    def spread(self, upstream: Value, x: Array) -> Value:
        return spread(self.op, upstream, x)

    def count(self, x: Array, _out: Value | None = None) -> Value:
        found = x.size if self._axis is None else x.shape[self._axis]
        return float(found) if self.is_doubles else self.base.number(str(found))

    def rest(self, x: Array) -> Value:
        """For each entry the product of the others, by products from either end, so that no zero divides."""
        flat, moved = self._rows(x)
        ones = np.full_like(flat[..., :1], self.base.number("1"))
        before = np.concatenate([ones, flat[..., :-1]], axis=-1)
        behind = np.concatenate([ones, flat[..., :0:-1]], axis=-1)
        try:
            with np.errstate(**self._told):
                found = np.cumprod(before, axis=-1) * np.cumprod(behind, axis=-1)[..., ::-1]
        except FloatingPointError:
            (first, powers), (last, others) = _products(before), _products(behind)
            found = np.ldexp(first * last[..., ::-1], powers + others[..., ::-1])
        axes = axes_of(self.op, x.shape)
        return np.moveaxis(found.reshape(moved.shape), range(-len(axes), 0), axes)

    def selected(self, x: Array, out: Value) -> Value:
        return np.where(x == self.spread(out, x), self.base.number("1"), self.base.number("0"))

    def rowsum(self, x: Array) -> Value:
        return np.add.reduce(x, axis=self._along, keepdims=True)

    def softmax(self, x: Array) -> Value:
        powers = self.exp(x - self._about_top(x, axis=self._along, keepdims=True))
        return powers / self.rowsum(powers)

    def log_softmax(self, x: Array) -> Value:
        less = x - self._about_top(x, axis=self._along, keepdims=True)
        return less - self._log_of_powers(less, axis=self._along, keepdims=True)

    def above(self, upstream: Array, out: Array) -> Value:
        if self.is_doubles and (is_most := out > 1 / _SHARED).any():
            upstream = upstream - self.rowsum(np.where(is_most, upstream, 0.0))
        return upstream - self.rowsum(self.times(upstream, out))

    def unscored(self, upstream: Array, out: Array) -> Value:
        portions = self.exp(out)
        if not self.is_doubles or not (is_most := portions > 1 / _SHARED).any():
            return upstream - portions * self.rowsum(upstream)
        others, most = (self.rowsum(np.where(each, upstream, 0.0)) for each in (~is_most, is_most))
        return np.where(is_most, -np.expm1(out), 1.0) * upstream - portions * np.where(is_most, others, others + most)


class LabelError(ValueError):
    """A label that is no whole number, or is beyond the scores."""


def _picks(x: Array, labels: NDArray[np.int64]) -> tuple[Any, ...]:
    return (np.arange(x.shape[0]), labels) if x.ndim == 2 else (int(labels),)


def _whole(labels: Value) -> NDArray[np.int64]:
    return np.asarray(labels, dtype=np.float64).astype(np.int64)


def _labels(labels: Value, count: int) -> NDArray[np.int64]:
    """The labels as whole numbers. Raises LabelError."""
    found, whole = np.asarray(labels, dtype=np.float64), _whole(labels)
    fits = (whole == found) & (whole.view(np.uint64) < count)  # what is below 0 is large there
    if not fits.all():
        bad = np.atleast_1d(found)[~np.atleast_1d(fits)][0]
        what = "is no whole number" if bad != math.floor(bad) else f"is not one of 0 to {count - 1}"
        raise LabelError(f"the label {bad:g} {what}")
    return whole


def _products(rows: Array) -> tuple[Array, Array]:
    """For each entry of a row the product of all up to it, as a mantissa and an exponent, which do not overflow."""
    mantissas, exponents = np.frexp(rows)
    step = 1
    while step < rows.shape[-1]:
        found, shifts = np.frexp(mantissas[..., step:] * mantissas[..., :-step])
        powers = exponents[..., step:] + exponents[..., :-step] + shifts
        mantissas = np.concatenate([mantissas[..., :step], found], axis=-1)
        exponents = np.concatenate([exponents[..., :step], powers], axis=-1)
        step *= 2
    return mantissas, exponents
