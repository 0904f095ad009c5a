"""Arrays over any other number system: its own scalar rules, number by number; and what goes over axes.

NumPy computes all of it. For doubles its own loops do, wherever nothing unusual happens: what they make that is not
finite is computed again number by number, where the scalar rules can tell what is the matter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import lru_cache, reduce
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..rules.arrays import ArrayOp
from ..rules.formula import Formula
from ..rules.op import Op
from ..rules.shape_rules import Shape, axes_of
from ..rules.table import primitive
from .floats import Floats
from .system import SIGNS, Arithmetic, Function, Rule, Value

Array = NDArray[Any]
Mask = NDArray[np.bool_]
_ROUNDING = 1e-13  # of the largest entry: what a mean may be by rounding alone
SHOWN = 8
"""Numbers of an array that stand in a cell; a larger one shows its least, its largest and its mean entry."""


_FEW = 1_000  # entries up to which looking at each is quicker than their sum
_ABOUT = "≈ "  # before what is not told exactly


class Entries(NamedTuple):
    """What came out entry by entry. failed: where nothing did, and what the scalar rule raised at the first of them."""

    array: Array
    failed: Mask | None = None
    place: tuple[int, ...] = ()
    error: Exception | None = None


# -- NumPy's own loops, for doubles ----------------------------------------------------------------------------------


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


class _Loops(NamedTuple):
    """A row of THE TABLE as loops of NumPy; None where it has none."""

    value: Function | None
    partials: tuple[Function | None, ...]
    kink: Function | None


@lru_cache(maxsize=1_000)
def loops(op: Op) -> _Loops:
    """A row of THE TABLE as loops of NumPy (compiled once)."""
    if op.variadic:
        return _Loops(_NUMPY.get(op.name) if op.name in ("max", "min", "hypot") else None, (None,), None)
    inputs = ", ".join(op.inputs)
    partials = tuple(_loop(f"{inputs}, out", each) for each in op.partials)
    return _Loops(_loop(inputs, op.value), partials, None if op.kink is None else _loop(f"{inputs}, out", op.kink))


@lru_cache(maxsize=1_000)
def whole_rule(op: ArrayOp, slot: int | None) -> Function:
    """The value of an operation on arrays as wholes (slot: None), or the partial of an input (compiled once)."""
    text = _whole_code(op.value if slot is None else op.partial(slot))
    # The text comes from the rows of the table alone; nothing that a user typed reaches it.
    function: Function = eval(compile(f"lambda w, x, y, out, upstream: {text}", "<rule>", "eval"), {"__builtins__": {}})  # noqa: S307
    return function


# -- The arithmetic ------------------------------------------------------------------------------------------------


class Arrays(Arithmetic):
    """Arrays over `base`; a number without axes stays one of the base's own."""

    has_arrays = True

    def __init__(self, base: Arithmetic) -> None:
        self.base = base
        self.strict, self.digits, self.trusted = base.strict, base.digits, base.trusted
        self.header, self.range_hint = base.header, base.range_hint
        self.is_doubles = isinstance(base, Floats)
        super().__init__(base.namespace, base.constants)

    def __reduce__(self) -> tuple[Any, ...]:
        return Arrays, (self.base,)

    # -- numbers --

    def number(self, text: str) -> Value:
        return self.base.number(text)

    def array(self, entries: Any) -> Array:
        """Nested lists of the base's numbers as an array."""
        return np.array(entries, dtype=np.float64 if self.is_doubles else object)

    def is_finite(self, value: Value) -> bool:
        if not is_array(value):
            return self.base.is_finite(value)
        if self.is_doubles and value.size < _FEW:
            return bool(np.isfinite(value).all())
        if self.is_doubles:  # where the sum is finite all entries are; and it is found in half the time
            with np.errstate(all="ignore"):
                return math.isfinite(np.add.reduce(value, axis=None)) or bool(np.isfinite(value).all())
        return all(map(self.base.is_finite, value.flat))

    def shape(self, value: Value) -> Shape:
        return shape_of(value)

    def working(self) -> AbstractContextManager[None]:
        return self.base.working()

    def vanishes(self, value: Value) -> bool:
        return not np.any(value) if is_array(value) else self.base.vanishes(value)

    def entries(self, value: Value) -> list[Value]:
        return [*value.flat] if is_array(value) else [value]

    def to_float(self, value: Value) -> float:
        return self.base.to_float(value)

    def shown(self, value: Value, digits: int) -> str:
        if not is_array(value):
            return self.base.shown(value, digits)
        if value.size <= SHOWN and value.ndim < 3:
            rows = [[self._entry(each, digits) for each in line] for line in (value if value.ndim == 2 else [value])]
            is_rounded = any(each.startswith(_ABOUT) for line in rows for each in line)
            rows = [[each.removeprefix(_ABOUT) for each in line] for line in rows]
            apart = ", " if any(" " in each for line in rows for each in line) else " "
            return f"{_ABOUT if is_rounded else ''}[{'; '.join(apart.join(line) for line in rows)}]"
        if value.dtype == bool:
            return f"true {int(value.sum()):,}×, false {int(value.size - value.sum()):,}×"
        numbers = [each for each in value.flat if each is not None and each == each]
        if not numbers:
            return "–"
        least, largest, mean = min(numbers), max(numbers), sum(numbers) / len(numbers)
        if least == largest:
            return f"all {self.base.shown(_plain_number(least), digits)}"
        if abs(mean) < max(abs(least), abs(largest)) * _ROUNDING:
            mean = self.base.number("0")
        ends = [self.base.shown(_plain_number(each), digits) for each in (least, largest, mean)]
        return f"{ends[0]} … {ends[1]}, mean {ends[2]}"

    def _entry(self, value: Value, digits: int) -> str:
        value = _plain_number(value)
        return "–" if value is None or (value != value and self.strict) else self.base.show(value, digits)

    def whole(self, value: Value) -> str:
        if not is_array(value):
            return self.base.whole(value)
        if value.ndim == 0:
            return self.base.exactly(_plain_number(value[()]))
        return f"[{', '.join(map(self.whole, value)) if value.ndim > 1 else ', '.join(map(self._whole, value))}]"

    def _whole(self, value: Value) -> str:
        return self.base.exactly(_plain_number(value))

    def data(self, value: Value) -> Any:
        if not is_array(value):
            return self.base.data(value)
        if value.ndim > 1:
            return [self.data(each) for each in value]
        return [self._datum(_plain_number(each)) for each in value]

    def _datum(self, value: Value) -> Any:
        return None if value is None or (self.strict and value != value) else self.base.data(value)

    def rule(self, op: Op) -> Rule:
        return self.base.rule(op)

    # -- entry by entry --

    def loops(self, op: Op) -> _Loops:
        """NumPy's loops for a row of THE TABLE."""
        return loops(op) if self.is_doubles else _Loops(None, (None,) * len(op.partials), None)

    def each_value(self, op: Op, inputs: Sequence[Value], shape: Shape, needed: Mask | None = None) -> Entries:
        """The value of a scalar operation for each entry. needed: where one is needed at all."""
        if (loop := self.loops(op).value) and needed is None and shape:
            found = np.asarray(loop(*inputs))
            if found.shape == shape and (op.truth or self.is_finite(found)):
                return Entries(found)
        rule = self.base.rule(op)

        def value(entries: Sequence[Value], _place: tuple[int, ...]) -> Value:
            found = rule.value(*entries)
            if self.strict and not op.truth and not self.base.is_value(found):
                raise OverflowError if found == found else ValueError
            return found

        return self._each(value, inputs, shape, needed, bool if op.truth else None)

    def each_local(
        self,
        op: Op,
        slot: int,
        inputs: Sequence[Value],
        out: Value,
        shape: Shape,
        needed: Mask | None,
        *,
        plainly: bool = False,
    ) -> Value | Entries:
        """The local gradient for each entry; where it is the same for all, a number.

        plainly: whether it may come out as infinite or NaN, where somebody looks at what is made of it.
        """
        partial = op.partial(slot)
        if partial.is_number:
            return self.base.number(partial.head)
        loops = self.loops(op).partials
        if not op.variadic and (loop := loops[slot]) and needed is None and shape:
            found = np.asarray(loop(*inputs, out), dtype=np.float64)
            if plainly or self.is_finite(found):
                return Entries(widened(found, shape))
        rule = self.base.rule(op)

        def local(entries: Sequence[Value], _place: tuple[int, ...]) -> Value:
            *values, there = entries
            found = rule.partial(slot, values, there)
            if self.strict and not self.base.is_finite(found):
                raise OverflowError
            return found

        return self._each(local, [*inputs, out], shape, needed, None)

    def each_kink(self, op: Op, inputs: Sequence[Value], out: Value, shape: Shape) -> Mask | None:
        """Where the local gradient is only a convention; None where it is nowhere."""
        if op.kink is None:
            return None
        loop = self.loops(op).kink
        if loop:
            found = widened(loop(*inputs, out), shape)
        else:
            kink = self.base.rule(op).kink
            assert kink is not None
            found = self._each(lambda entries, _place: bool(kink(*entries)), [*inputs, out], shape, None, bool).array
        return found if found.any() else None

    def _each(
        self,
        function: Callable[[Sequence[Value], tuple[int, ...]], Value],
        inputs: Sequence[Value],
        shape: Shape,
        needed: Mask | None,
        kind: type | None,
    ) -> Entries:
        """A function of the base's own numbers for each entry; where it raises, or is not needed, there is none."""
        wide = [np.broadcast_to(np.asarray(each, dtype=_kind(each)), shape) for each in inputs]
        found = np.empty(shape, dtype=object)
        failed = np.zeros(shape, dtype=bool)
        first: tuple[int, ...] = ()
        error: Exception | None = None
        for place in np.ndindex(shape):
            if needed is not None and not needed[place]:
                continue
            try:
                found[place] = function([_plain_number(each[place]) for each in wide], place)
            except (ArithmeticError, ValueError) as fault:
                failed[place] = True
                if error is None:
                    first, error = place, fault
        if needed is not None or error is not None:
            empty = ~needed if needed is not None else failed
            found[empty | failed] = False if kind is bool else self._nothing
        array: Array = found.astype(kind or (np.float64 if self.is_doubles else object))
        return Entries(array, failed if error is not None else None, first, error)

    @property
    def _nothing(self) -> Value:
        return math.nan if self.is_doubles else None

    def shares(self, selected: Sequence[Array], nodes: Sequence[object], ties: str) -> tuple[list[Array], Mask]:
        """The local gradients of max or min for each entry, and where inputs tie."""
        first = {node: slot for slot, node in reversed([*enumerate(nodes)])}
        alone = [
            each if first[node] == slot else np.zeros_like(each)
            for slot, (node, each) in enumerate(zip(nodes, selected, strict=True))
        ]
        count = reduce(np.add, alone)
        tied = count > 1
        if ties == "split":
            alone = [each / np.maximum(count, 1) for each in alone]
        elif ties == "first":
            taken = np.zeros_like(count, dtype=bool)
            for slot, each in enumerate(alone):
                alone[slot] = np.where(taken, 0.0, each)
                taken = taken | (each > 0)
        return alone, tied

    # -- over axes --

    def whole_value(self, op: ArrayOp, inputs: Sequence[Value]) -> Value:
        """The value of an operation on arrays as wholes. Raises ArithmeticError or ValueError where there is none."""
        words = self._words(op, inputs)
        code = whole_rule(op, None)
        return lowered(code(words, *self._named(op, inputs, None, None)))

    def whole_partial(
        self, op: ArrayOp, slot: int, inputs: Sequence[Value], out: Value, upstream: Value | None
    ) -> Value:
        """What flows back to an input of such an operation; or its local gradient, where upstream is None."""
        words = self._words(op, inputs, slot)
        code = whole_rule(op, slot)
        return lowered(code(words, *self._named(op, inputs, out, upstream)))

    def spread(self, op: ArrayOp, upstream: Value, x: Array) -> Array:
        """What was reduced, or goes beside it, for each entry of x."""
        return widened(self._kept(op, upstream, x), np.shape(x))

    def _kept(self, op: ArrayOp, reduced: Value, x: Array) -> Array:
        """A reduction with its axes kept as ones."""
        axes = axes_of(op, np.shape(x), -1 if op.name in ("softmax", "log_softmax") else None)
        return np.reshape(reduced, [1 if axis in axes else each for axis, each in enumerate(np.shape(x))])

    def _named(self, op: ArrayOp, inputs: Sequence[Value], out: Value, upstream: Value) -> tuple[Value, ...]:
        both = (inputs[0], None) if op.variadic or len(inputs) == 1 else inputs
        return (*both, out, upstream)

    def _words(self, op: ArrayOp, inputs: Sequence[Value], slot: int = 0) -> _Words:
        return _Words(self, op, inputs, slot)


def is_array(value: object) -> bool:
    """Whether a value has axes."""
    return isinstance(value, np.ndarray)


def shape_of(value: object) -> Shape:
    """The shape of a value: that of a number is empty."""
    return value.shape if isinstance(value, np.ndarray) else ()


def lowered(value: Value) -> Value:
    """An array without axes as the number that it holds."""
    if isinstance(value, np.ndarray) and value.ndim:
        return value
    return _plain_number(value[()] if isinstance(value, np.ndarray) else value)


def _plain_number(value: Value) -> Value:
    """A number of NumPy's as one of Python's."""
    return value.item() if isinstance(value, np.generic) else value


def _kind(value: Value) -> Any:
    return None if isinstance(value, np.ndarray | float | bool) else object


def times(x: Value, y: Value) -> Value:
    """x·y. The array comes first: a number of another system does not know what an array is."""
    return y * x if is_array(y) and not is_array(x) else x * y


def widened(value: Value, shape: Shape) -> Array:
    """A value, broadcast to a shape."""
    array = np.asarray(value)
    return array if array.shape == shape else np.broadcast_to(array, shape)


def unbroadcast(value: Any, shape: Shape) -> Value:
    """What flows back to an input that was broadcast: the sum over those axes."""
    extra = value.ndim - len(shape)
    axes = (*range(extra), *(extra + axis for axis, each in enumerate(shape) if each == 1 != value.shape[extra + axis]))
    return lowered(value.sum(axis=axes).reshape(shape)) if axes else value


def over_axes(whole: Shape, shape: Shape) -> tuple[int, ...]:
    """The axes along which an input of that shape was broadcast."""
    extra = len(whole) - len(shape)
    return (*range(extra), *(extra + axis for axis, each in enumerate(shape) if each == 1 != whole[extra + axis]))


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


class _Words:
    """What the words of a rule of arrays mean, for one use of the operation."""

    def __init__(self, system: Arrays, op: ArrayOp, inputs: Sequence[Value], slot: int) -> None:
        self.system, self.op, self.inputs, self.slot = system, op, inputs, slot
        self.base = system.base
        self.is_doubles = system.is_doubles

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
        return np.transpose(x)

    def matmul(self, x: Array, y: Array) -> Value:
        return np.matmul(x, y)

    def outer(self, x: Array, y: Array) -> Value:
        return np.reshape(x, (-1, 1)) * np.reshape(y, (1, -1))

    def entries(self, x: Array) -> Value:
        return x[self._places()]

    def _places(self) -> tuple[int | slice, ...]:
        return tuple(each if isinstance(each, int) else slice(*each) for each in self.op.settings["items"])

    def place(self, upstream: Value, x: Array, labels: Array | None = None) -> Value:
        found = np.full(np.shape(x), self.base.number("0"), dtype=np.asarray(x).dtype)
        if labels is None:
            found[self._places()] = upstream
        else:
            found[self._picks(x, labels)] = upstream
        return found

    def picked(self, x: Array, labels: Array) -> Value:
        return x[self._picks(x, labels)]

    def _picks(self, x: Array, labels: Value) -> tuple[Any, ...]:
        whole = _labels(labels, x.shape[-1])
        return (np.arange(x.shape[0]), whole) if x.ndim == 2 else (int(whole),)

    def parts(self) -> Value:
        inputs = [np.asarray(each, dtype=_kind(each)) for each in self.inputs]
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

    def _over(self) -> dict[str, Any]:
        return {"axis": self.op.settings.get("axis"), "keepdims": bool(self.op.settings.get("keepdims"))}

    def total(self, x: Array) -> Value:
        return np.sum(x, **self._over())

    def product(self, x: Array) -> Value:
        return np.prod(x, **self._over())

    def largest(self, x: Array) -> Value:
        return self._top(x, **self._over())

    def smallest(self, x: Array) -> Value:
        return np.min(x, **self._over()) if self.is_doubles else -self._top(-x, **self._over())

    def length(self, x: Array) -> Value:
        if not self.is_doubles:
            return np.frompyfunc(self.base.word("sqrt"), 1, 1)(np.sum(x * x, **self._over()))
        largest = np.max(np.abs(x), initial=0.0, **{**self._over(), "keepdims": True})
        scale = np.where(largest > 0, largest, 1.0)
        squares = np.sum((x / scale) ** 2, **self._over())
        return np.sqrt(squares) * np.reshape(scale, np.shape(squares))

    def logtotal(self, x: Array) -> Value:
        largest = self._top(x, **{**self._over(), "keepdims": True})
        sums = self._log(np.sum(self.exp(x - largest), **self._over()))
        return np.reshape(largest, np.shape(sums)) + sums

    def _top(self, x: Array, **over: Any) -> Value:
        """The largest entries along axes; of complex numbers, by their real parts."""
        if self.is_doubles:
            return np.max(x, **over)
        at_least = self.base.rule(primitive("ge")).value
        larger = np.frompyfunc(lambda a, b: a if at_least(a, b) else b, 2, 1)
        axis = over.get("axis")
        axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis % x.ndim,)
        for each in sorted(axes, reverse=True):
            x = larger.reduce(x, axis=each, keepdims=True)
        return x if over.get("keepdims") else np.reshape(x, [n for i, n in enumerate(x.shape) if i not in axes])

    def portions(self, x: Array) -> Value:
        """exp(x) divided by the sum over the axes."""
        axes = axes_of(self.op, np.shape(x))
        powers = self.exp(x - self._top(x, axis=axes, keepdims=True))
        return powers / np.sum(powers, axis=axes, keepdims=True)

    def spread(self, upstream: Value, x: Array) -> Value:
        return self.system.spread(self.op, upstream, x)

    def count(self, x: Array, _out: Value) -> Value:
        return self.base.number(str(math.prod(np.shape(x)[axis] for axis in axes_of(self.op, np.shape(x)))))

    def rest(self, x: Array) -> Value:
        """For each entry the product of the others, by products from either end, so that no zero divides."""
        axes = axes_of(self.op, x.shape)
        moved = np.moveaxis(x, axes, range(-len(axes), 0))
        flat = moved.reshape(*moved.shape[: x.ndim - len(axes)], -1)
        ones = np.full_like(flat[..., :1], self.base.number("1"))
        before = np.cumprod(np.concatenate([ones, flat[..., :-1]], axis=-1), axis=-1)
        behind = np.cumprod(np.concatenate([ones, flat[..., :0:-1]], axis=-1), axis=-1)[..., ::-1]
        return np.moveaxis((before * behind).reshape(moved.shape), range(-len(axes), 0), axes)

    def selected(self, x: Array, out: Value) -> Value:
        return np.where(x == self.spread(out, x), self.base.number("1"), self.base.number("0"))

    def rowsum(self, x: Array) -> Value:
        return np.sum(x, axis=self.op.settings.get("axis", -1), keepdims=True)

    def softmax(self, x: Array) -> Value:
        powers = self.exp(x - self._top(x, axis=self.op.settings.get("axis", -1), keepdims=True))
        return powers / self.rowsum(powers)

    def log_softmax(self, x: Array) -> Value:
        less = x - self._top(x, axis=self.op.settings.get("axis", -1), keepdims=True)
        return less - self._log(self.rowsum(self.exp(less)))

    # -- square matrices --

    def eye(self, x: Array) -> Value:
        one, zero = self.base.number("1"), self.base.number("0")
        return np.where(np.eye(*x.shape) > 0, one, zero)

    def trace(self, x: Array) -> Value:
        return np.trace(x)

    def _eliminated(self, x: Array, y: Array) -> tuple[Array, Value]:
        """The solution of x @ z = y, and the determinant of x, by Gauss's elimination in any number system.

        Raises ZeroDivisionError for a singular x.
        """
        rows, det = np.concatenate([x, y], axis=1), self.base.number("1")
        size = len(rows)
        for column in range(size):
            pivot = max(range(column, size), key=lambda row: abs(self.base.to_float(rows[row, column])))
            if self.base.to_float(rows[pivot, column]) == 0:
                raise ZeroDivisionError
            if pivot != column:
                rows[[column, pivot]] = rows[[pivot, column]]
                det = -det
            det = rows[column, column] * det
            rows[column] = rows[column] / rows[column, column]
            for row in range(size):
                if row != column:
                    rows[row] = rows[row] - rows[column] * rows[row, column]
        return rows[:, size:], det

    def inv(self, x: Array) -> Value:
        return _of_matrix(np.linalg.inv, x) if self.is_doubles else self._eliminated(x, self.eye(x))[0]

    def det(self, x: Array) -> Value:
        if self.is_doubles:
            return np.linalg.det(x)
        try:
            return self._eliminated(x, x[:, :0])[1]
        except ZeroDivisionError:
            return self.base.number("0")

    def logdet(self, x: Array) -> Value:
        if not self.is_doubles:
            return self.base.word("log")(self.det(x))
        sign, size = np.linalg.slogdet(x)
        if sign <= 0:
            raise ValueError
        return size

    def solve(self, x: Array, y: Array) -> Value:
        if self.is_doubles:
            return _of_matrix(np.linalg.solve, x, y)
        return self._eliminated(x, y.reshape(len(x), -1))[0].reshape(y.shape)

    def cofactors(self, x: Array) -> Value:
        """det(x)·x⁻ᵀ, which is there too where no inverse is: by the singular values, of which each leaves one out."""
        if not self.is_doubles:
            minors = [[self.det(np.delete(np.delete(x, i, 0), j, 1)) for j in range(len(x))] for i in range(len(x))]
            signs = (-1) ** np.add.outer(range(len(x)), range(len(x)))
            return np.array(minors, dtype=object) * signs
        left, values, right = np.linalg.svd(x)
        others = np.array([np.prod(np.delete(values, place)) for place in range(len(values))])
        return np.linalg.det(left) * np.linalg.det(right) * (left * others) @ right


def _of_matrix(function: Callable[..., Any], *inputs: Array) -> Any:
    try:
        return function(*inputs)
    except np.linalg.LinAlgError:
        raise ZeroDivisionError from None


class LabelError(ValueError):
    """A label that is no whole number, or is beyond the scores."""


def _labels(labels: Value, count: int) -> NDArray[np.int64]:
    found = np.asarray(labels, dtype=np.float64)
    whole = np.floor(found)
    for bad in np.atleast_1d(found)[np.atleast_1d((found != whole) | (found < 0) | (found >= count))][:1]:
        what = "is no whole number" if bad != math.floor(bad) else f"is not one of 0 to {count - 1}"
        raise LabelError(f"the label {bad:g} {what}")
    return whole.astype(np.int64)
