"""Arrays over any other number system: its own scalar rules, number by number; and what goes over axes.

NumPy computes all of it. For doubles its own loops do, wherever nothing unusual happens: what they make that is not
finite is computed again number by number, where the scalar rules can tell what is the matter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from functools import reduce
from typing import Any, NamedTuple

import numpy as np

from ..rules.array_op import ArrayOp, Shape
from ..rules.op import Op
from .array_functions import Words, whole_rule
from .axes import Array, Mask, is_array, kind_of, lowered, plain_number, shape_of, widened
from .floats import FLOATS, Floats
from .loops import Loops, loops
from .system import Arithmetic, Rule, Value

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

    def beside(self, known: Array) -> Entries:
        """These where what is known is not finite, and elsewhere that."""
        return self._replace(array=np.where(np.isfinite(known), known, self.array))


def _quiet(value: Value) -> Value:
    """A number beside arrays as NumPy's, which divides by 0 where Python raises."""
    return value if is_array(value) else np.float64(value)


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

    def place(self, indices: Iterable[int]) -> str:
        """What an entry is called."""
        return f"entry [{', '.join(map(str, indices))}]"

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
        return value.ravel().tolist() if is_array(value) else [value]

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
        size = self.base.to_float if self.base.trusted is None else None  # SymPy may not tell which of two is larger
        least, largest, mean = min(numbers, key=size), max(numbers, key=size), sum(numbers) / len(numbers)
        if least == largest:
            return f"all {self.base.shown(plain_number(least), digits)}"
        if self.is_doubles and abs(mean) < max(abs(least), abs(largest)) * _ROUNDING:
            mean = self.base.number("0")
        ends = [self.base.shown(plain_number(each), digits) for each in (least, largest, mean)]
        return f"{ends[0]} … {ends[1]}, mean {ends[2]}"

    def rounded(self, value: Value, digits: int) -> tuple[str, bool]:
        shown, is_rounded = super().rounded(value, digits)
        if self.is_doubles and is_array(value) and not self.is_finite(value):  # which entries without a value are not
            is_rounded = super().rounded(np.where(np.isfinite(value), value, 0.0), digits)[1]
        return shown, is_rounded

    def _entry(self, value: Value, digits: int) -> str:
        value = plain_number(value)
        return "–" if value is None or (value != value and self.strict) else self.base.show(value, digits)

    def whole(self, value: Value) -> str:
        if not is_array(value):
            return self.base.whole(value)
        if value.ndim == 0:
            return self.base.exactly(plain_number(value[()]))
        return f"[{', '.join(map(self.whole, value)) if value.ndim > 1 else ', '.join(map(self._whole, value))}]"

    def _whole(self, value: Value) -> str:
        return self.base.exactly(plain_number(value))

    def data(self, value: Value) -> Any:
        if not is_array(value):
            return self.base.data(value)
        if value.ndim > 1:
            return [self.data(each) for each in value]
        return [self._datum(plain_number(each)) for each in value]

    def _datum(self, value: Value) -> Any:
        return None if value is None or (self.strict and value != value) else self.base.data(value)

    def rule(self, op: Op) -> Rule:
        return self.base.rule(op)

    # -- entry by entry --

    def loops(self, op: Op) -> Loops:
        """NumPy's loops for a row of THE TABLE."""
        return loops(op) if self.is_doubles else Loops(None, (None,) * len(op.partials), None)

    def each_value(self, op: Op, inputs: Sequence[Value], shape: Shape, needed: Mask | None = None) -> Entries:
        """The value of a scalar operation for each entry. needed: where one is needed at all."""
        known = None
        if (loop := self.loops(op).value) and needed is None and shape:
            known = widened(loop(*map(_quiet, inputs)), shape)
            if op.truth or self.is_finite(known):
                return Entries(known)
            needed = ~np.isfinite(known)
        rule = self.base.rule(op)

        def value(entries: Sequence[Value], _place: tuple[int, ...]) -> Value:
            found = rule.value(*entries)
            if self.strict and not op.truth and not self.base.is_value(found):
                raise OverflowError if found == found else ValueError
            return found

        found = self._each(value, inputs, shape, needed, bool if op.truth else None)
        return found if known is None else found.beside(known)

    def each_local(
        self, op: Op, slot: int, inputs: Sequence[Value], out: Value, shape: Shape, needed: Mask | None
    ) -> Value | Entries:
        """The local gradient for each entry; where it is the same for all, a number.

        needed: the entries that are wanted, as booleans of the shape; all, if None
        """
        partial = op.partial(slot)
        if partial.is_number:
            return self.base.number(partial.head)
        known, loops = None, self.loops(op).partials
        if not op.variadic and (loop := loops[slot]) and needed is None and shape:
            known = widened(np.asarray(loop(*map(_quiet, inputs), out), dtype=np.float64), shape)
            if self.is_finite(known):
                return Entries(known)
            needed = ~np.isfinite(known)
        rule = self.base.rule(op)

        def local(entries: Sequence[Value], _place: tuple[int, ...]) -> Value:
            *values, there = entries
            found = rule.partial(slot, values, there)
            if self.strict and not self.base.is_finite(found):
                raise OverflowError
            return found

        found = self._each(local, [*inputs, out], shape, needed, None)
        return found if known is None else found.beside(known)

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
        wide = [np.broadcast_to(np.asarray(each, dtype=kind_of(each)), shape) for each in inputs]
        found = np.empty(shape, dtype=object)
        failed = np.zeros(shape, dtype=bool)
        first: tuple[int, ...] = ()
        error: Exception | None = None
        for place in np.ndindex(shape):
            if needed is not None and not needed[place]:
                continue
            try:
                found[place] = function([plain_number(each[place]) for each in wide], place)
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

    def shares(self, selected: Iterable[Array], ties: str) -> tuple[list[Array], Mask]:
        """The local gradients of max or min for each entry, and where inputs tie.

        selected: for each input where it is selected, as 1 and 0
        """
        alone = [*selected]
        count = reduce(np.add, alone)
        tied = np.asarray(count > 1, dtype=bool)
        if ties == "split":
            alone = [each / np.maximum(count, 1) for each in alone]
        elif ties == "first":
            taken = np.zeros_like(count, dtype=bool)
            for slot, each in enumerate(alone):
                alone[slot] = np.where(taken, each - each, each)
                taken = taken | (each > 0)
        return alone, tied

    # -- over axes --

    def whole_value(self, op: ArrayOp, inputs: Sequence[Value]) -> Value:
        """The value of an operation on arrays as wholes. Raises ArithmeticError or ValueError where there is none."""
        words = self.words(op, inputs)
        code = whole_rule(op, None)
        return lowered(code(words, *self._named(op, inputs, None, None)))

    def moved(self, op: ArrayOp, inputs: Sequence[Value]) -> list[int]:
        """For each entry of what only moves entries that of its inputs, which are counted through."""
        counted, first = [], 0
        for each in map(np.asarray, inputs):
            counted.append(np.arange(first, first + each.size).reshape(each.shape))
            first += each.size
        if op.name == "pick":
            counted[1] = np.asarray(inputs[1])
        return [int(each) for each in np.ravel(self.whole_value(op, counted))]

    def whole_partial(
        self, op: ArrayOp, slot: int, inputs: Sequence[Value], out: Value, upstream: Value | None
    ) -> Value:
        """What flows back to an input of such an operation; or its local gradient, where upstream is None."""
        words = self.words(op, inputs, slot)
        code = whole_rule(op, slot)
        return lowered(code(words, *self._named(op, inputs, out, upstream)))

    def _named(self, op: ArrayOp, inputs: Sequence[Value], out: Value, upstream: Value) -> tuple[Value, ...]:
        both = (inputs[0], None) if op.variadic or len(inputs) == 1 else inputs
        return (*both, out, upstream)

    def words(self, op: ArrayOp, inputs: Sequence[Value], slot: int = 0) -> Words:
        """What the words of a rule mean. inputs: only what takes any number of them asks for them."""
        return Words(self.base, op, inputs, slot)


def doubles() -> Arrays:
    """Arrays of doubles."""
    return Arrays(FLOATS)
