"""A tape of NumPy's calls over columns: recorded once, made into code, and run on strips of rows through buffers.

What is recorded twice is computed once, what nobody asks for is not computed, and a buffer is taken again as soon as
nobody needs what is in it: so all of them stay in the processor's cache.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import wraps
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import NDArray

Buffer: TypeAlias = NDArray[np.float64]
_CONDITIONS = frozenset(getattr(np, each) for each in "equal not_equal less less_equal greater greater_equal".split())
_LOGIC = frozenset(getattr(np, each) for each in "logical_and logical_or logical_not isfinite".split())
_IN_PLACE = frozenset(
    getattr(np, each) for each in "add subtract multiply divide negative absolute sqrt maximum minimum".split()
)
"""What may write over its operands. (Of the others NumPy may have two loops, and one of them for this.)"""


class Recorded(NDArrayOperatorsMixin):
    """A column that will be there when the tape runs: what NumPy makes of it goes onto the tape."""

    __slots__ = ("place", "tape")

    def __init__(self, tape: Tape, place: int) -> None:
        self.tape, self.place = tape, place

    def __array_ufunc__(self, function: Any, method: str, *inputs: Any) -> Recorded:
        assert method == "__call__"
        return self.tape.call(function, inputs)


class OpaqueError(Exception):
    """What comes next depends on the numbers, so that it cannot be recorded step by step."""


def is_column(value: Any) -> bool:
    """Whether it differs from row to row: a column, or one that will be there."""
    return isinstance(value, (np.ndarray, Recorded))


def as_one(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of columns that is recorded as one step."""

    @wraps(function)
    def over(*inputs: Any) -> Any:
        tape = next((each.tape for each in inputs if isinstance(each, Recorded)), None)
        return function(*inputs) if tape is None else tape.call(over, inputs)

    return over


def is_odd(column: Buffer) -> bool:
    """Whether a number in it may be an infinity or NaN: whatever has one has no finite sum."""
    return not math.isfinite(np.add.reduce(column))


def is_small(numbers: Any, least: int) -> bool:
    """Whether the size of a number in it is below a double, which is told by its bits as a whole number.

    As whole numbers the bits of doubles lie in the order of their sizes, those of negative numbers behind a sign bit.
    """
    if not isinstance(numbers, np.ndarray):
        return bool(np.abs(np.float64(numbers)).view(np.int64) < least)
    if not len(numbers):
        return False
    signed = int(np.minimum.reduce(numbers.view(np.int64)))
    if signed >= 0:
        return signed < least
    return signed + (1 << 63) < least or int(np.minimum.reduce(numbers.view(np.uint64))) < least


def has_zero(numbers: Any) -> bool:
    """Whether a number in it is 0."""
    return is_small(numbers, 1)


Look: TypeAlias = Callable[[Any], bool]
_CARRIED: dict[Look, frozenset[Any]] = {
    is_odd: frozenset(getattr(np, each) for each in "add subtract multiply divide negative absolute sqrt".split()),
    has_zero: frozenset(getattr(np, each) for each in "multiply divide negative absolute sqrt".split()),
}
"""What makes an infinity or NaN, or a zero, of each that goes in; of a quotient, above the line."""


class _Step(NamedTuple):
    """A call. place: of what it gives; None of a guard, which may end the run with a word."""

    function: Callable[..., Any]
    inputs: Sequence[Any]
    place: int | None
    word: str = ""

    @property
    def writes(self) -> bool:
        """Whether it can write its numbers into a buffer."""
        return isinstance(self.function, np.ufunc) and self.function not in _CONDITIONS | _LOGIC

    def carried(self, look: Look) -> set[int]:
        """The operands of which that is told by what the step gives."""
        operands = self.inputs[:1] if self.function is np.divide else self.inputs
        is_carried = self.function in _CARRIED[look]
        return {each.place for each in operands if isinstance(each, Recorded)} if is_carried else set()

    @property
    def places(self) -> list[int]:
        return [each.place for each in self.inputs if isinstance(each, Recorded)]


class Code(NamedTuple):
    """A tape as code.

    run: called with the columns of a strip, as many buffers as `buffers` says, and one for each of `results`; it gives
        the word of the guard that ended it, or the results, of which some may be in other places than their buffers;
    results: how many different columns there are among the results.
    """

    run: Callable[[Sequence[Buffer], Sequence[Buffer], Sequence[Buffer]], str | list[Buffer]]
    buffers: int
    results: int


class Tape:
    """What is done with columns, step by step. inputs: how many columns there are at first."""

    def __init__(self, inputs: int) -> None:
        self.inputs = [Recorded(self, place) for place in range(inputs)]
        self._steps: list[_Step] = []
        self._known: dict[Any, Recorded] = {}
        self._looks: dict[Look, dict[int, str]] = {each: {} for each in _CARRIED}
        self._count = inputs

    def call(self, function: Callable[..., Any], inputs: Sequence[Any]) -> Recorded:
        """What the function gives of these columns and numbers."""
        key = (function, *(each.place if isinstance(each, Recorded) else float(each).hex() for each in inputs))
        if key not in self._known:
            self._known[key] = Recorded(self, self._count)
            self._steps.append(_Step(function, inputs, self._count))
            self._count += 1
        return self._known[key]

    def guard(self, function: Callable[..., bool], inputs: Sequence[Any], word: str) -> None:
        """End the run with this word where the function says True.

        function: of the numbers of the inputs
        word: what the run then returns
        """
        self._steps.append(_Step(function, inputs, None, word))

    def look(self, look: Look, column: Recorded, word: str) -> None:
        """End the run with this word where the column has an infinity or NaN, or a zero.

        look: which looks at all numbers of a column
        column: the one that is looked at
        word: what the run then returns
        """
        self._looks[look][column.place] = word

    def _looked_at(self, finite: Collection[int]) -> list[_Step]:
        """The steps, and behind each a guard where its column is to be looked at, and nothing made of it tells."""
        told: dict[Look, set[int]] = {is_odd: {*finite}, has_zero: set()}
        for look, asked in self._looks.items():
            for step in reversed(self._steps):
                if step.place in asked or step.place in told[look]:
                    told[look] |= step.carried(look)

        def guards(place: int | None) -> list[_Step]:
            return [
                _Step(look, (Recorded(self, place),), None, asked[place])
                for look, asked in self._looks.items()
                if place in asked and place not in told[look]
            ]

        found = [guard for each in self.inputs for guard in guards(each.place)]
        for step in self._steps:
            found += [step, *guards(step.place)]
        return found

    def code(self, results: Sequence[Recorded], *, are_seen: bool) -> Code:
        """The code that gives these columns. are_seen: whether somebody sees to it that they are finite."""
        places = [*dict.fromkeys(each.place for each in results)]
        needed, steps = {*places}, []
        last: dict[int, int] = dict.fromkeys(places, -1)
        for number, step in reversed([*enumerate(self._looked_at(places if are_seen else ()))]):
            if step.place is None or step.place in needed:
                steps.append((number, step))
                needed.update(step.places)
                for place in step.places:
                    last.setdefault(place, number)
        names = {place: f"c{place}" for place in range(len(self.inputs))}
        targets = {place: f"o{number}" for number, place in enumerate(places)}
        known: dict[str, Any] = {}
        free: list[str] = []
        buffers = 0
        lines = []
        for number, step in reversed(steps):
            function = known.setdefault(f"f{number}", step.function) and f"f{number}"
            words = []
            for slot, each in enumerate(step.inputs):
                if isinstance(each, Recorded):
                    words.append(names[each.place])
                else:
                    known[f"k{number}_{slot}"] = each
                    words.append(f"k{number}_{slot}")
            call = f"{function}({', '.join(words)}"
            done = [names[each] for each in {*step.places} if last[each] == number and names[each][0] == "b"]
            if step.function in _IN_PLACE:
                free += done
            if step.place is None:
                lines.append(f"if {call}): return {step.word!r}")
            elif not step.writes:
                names[step.place] = f"v{step.place}"
                lines.append(f"v{step.place} = {call})")
            else:
                target = targets.get(step.place) or (free.pop() if free else "")
                if not target:
                    target, buffers = f"b{buffers}", buffers + 1
                names[step.place] = target
                lines.append(f"{call}, out={target})")
            if step.function not in _IN_PLACE:
                free += done
        head = [
            f"{''.join(f'{letter}{number}, ' for number in range(count))} = {letters}"
            for letter, letters, count in (
                ("c", "columns", len(self.inputs)), ("b", "buffers", buffers), ("o", "results", len(places)),
            )
            if count
        ]  # fmt: skip
        end = f"return [{', '.join(names[place] for place in places)}]"
        text = "\n    ".join(["def run(columns, buffers, results):", *head, *lines, end, ""])
        return Code(_function(text, known), buffers, len(places))


def _function(text: str, known: Mapping[str, Any]) -> Any:
    namespace = dict(known)
    # The text is made of numbered names alone; nothing that a user typed reaches it.
    exec(compile(text, "<tape>", "exec"), namespace)  # noqa: S102
    return namespace["run"]
