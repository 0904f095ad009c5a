"""A tape of NumPy's calls over columns: recorded once, made into code, and run on strips of rows through buffers.

What is recorded twice is computed once, what nobody asks for is not computed, and a buffer is taken again as soon as
nobody needs what is in it: so all of them stay in the processor's cache.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial, wraps
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import NDArray

from .floats import LEAST

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


NORMAL = int(np.float64(LEAST).view(np.int64))
"""The bits of the smallest double that has all its digits."""


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


_CARRIED = frozenset(getattr(np, each) for each in "add subtract multiply divide negative absolute sqrt".split())
"""What makes an infinity or NaN of each that goes in; of a quotient, above the line."""
_PRODUCTS = frozenset((np.multiply, np.divide))
_SUMS = frozenset(getattr(np, each) for each in "add subtract negative absolute maximum minimum".split())
_NO_UNDERFLOW = _CONDITIONS | _LOGIC | _SUMS


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

    def carried(self) -> set[int]:
        """The operands that are finite if what the step gives is."""
        operands = self.inputs[:1] if self.function is np.divide else self.inputs
        return {each.place for each in operands if isinstance(each, Recorded)} if self.function in _CARRIED else set()

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
        self._looks: dict[int, str] = {}
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

    def look(self, column: Recorded, word: str) -> None:
        """End the run with this word where the column has an infinity or NaN."""
        self._looks[column.place] = word

    def _looked_at(self, finite: Collection[int]) -> list[_Step]:
        """The steps, and behind each a guard where its column is to be looked at, and nothing made of it tells."""
        told = {*finite}
        for step in reversed(self._steps):
            if step.place in self._looks or step.place in told:
                told |= step.carried()

        def guard(place: int | None) -> list[_Step]:
            if place is None or place not in self._looks or place in told:
                return []
            return [_Step(is_odd, (Recorded(self, place),), None, self._looks[place])]

        found = [each for column in self.inputs for each in guard(column.place)]
        for step in self._steps:
            found += [step, *guard(step.place)]
        return found

    def code(self, results: Sequence[Recorded], *, are_seen: bool, underflow: str = "") -> Code:
        """The code that gives these columns.

        results: the columns
        are_seen: whether somebody sees to it that they are finite
        underflow: the word with which a run ends in which a product or a quotient is so small that it has lost digits;
            empty if nobody asks
        """
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
        is_watched = True
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
            if underflow and step.function not in _NO_UNDERFLOW and is_watched != (step.function in _PRODUCTS):
                is_watched = not is_watched
                lines.append(f"watch[0] = {is_watched}")
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
        text = "\n    ".join(["def run(columns, buffers, results, watch):", *head, *lines, end, ""])
        run = _function(text, known)
        return Code(_watched(run, underflow) if underflow else partial(run, watch=None), buffers, len(places))


def _watched(run: Any, word: str) -> Any:
    """The code of a run, which ends with this word where the processor told of an underflow while it was watched."""

    def over(columns: Sequence[Buffer], buffers: Sequence[Buffer], results: Sequence[Buffer]) -> Any:
        watch, seen = [True], list[str]()

        def note(kind: str, _flag: int) -> None:
            if watch[0]:
                seen.append(kind)

        with np.errstate(under="call", call=note):
            found = run(columns, buffers, results, watch)
        return word if seen else found

    return over


def _function(text: str, known: Mapping[str, Any]) -> Any:
    namespace = dict(known)
    # The text is made of numbered names alone; nothing that a user typed reaches it.
    exec(compile(text, "<tape>", "exec"), namespace)  # noqa: S102
    return namespace["run"]
