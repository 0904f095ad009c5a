"""What every group of benchmarks shares: taking turns, medians, ratios, and the tables that come of them.

Everything is measured so that less is better. A ratio is the median of the ratios within each round: contenders take
turns, so that a busy machine is busy for all of them.
"""

from __future__ import annotations

import gc
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

NOT_INSTALLED = "not installed"
NOT_AVAILABLE = "not available in this version"


class Settings(NamedTuple):
    """What a run is asked for. rounds: turns of each contender; calls: in a shell loop; points: in a stream;
    gates: sizes of graphs; terms: sizes of sums; counts: instructions too; backprop: the command that is measured;
    features: what this version of it can do.
    """

    rounds: int
    calls: int
    points: int
    gates: tuple[int, ...]
    terms: tuple[int, ...]
    counts: bool = False
    backprop: str = "backprop"
    features: tuple[str, ...] = ()


class Contender(NamedTuple):
    """One row to be. measure: one turn, in the unit of the table, or None where `note` says why there is none;
    prepare: runs once before the rounds, untimed (by default, one turn), and raises where the result is wrong.
    """

    name: str
    measure: Callable[[], float] | None
    note: str = ""
    prepare: Callable[[], object] | None = None


class Row(NamedTuple):
    """What a contender's turns gave, one sample a round; none where `note` says why."""

    name: str
    samples: tuple[float, ...] = ()
    note: str = ""


class Goal(NamedTuple):
    """What should hold of a ratio (or a figure); `measured` is None where there is nothing to measure.

    is_large: whether it was measured at the size that it is for.
    """

    what: str
    measured: float | None
    sense: str
    limit: float
    is_large: bool = True

    @property
    def verdict(self) -> str:
        if self.measured is None:
            return "not measured"
        if not self.is_large:
            return "too small to tell"
        held = self.measured <= self.limit if self.sense == "at most" else self.measured >= self.limit
        return "held" if held else "missed"


class Table(NamedTuple):
    """One comparison. ours: the name of the row that the others are held against (none: no such column)."""

    title: str
    unit: str
    rows: tuple[Row, ...]
    ours: str = ""
    goals: tuple[Goal, ...] = ()

    def row(self, name: str) -> Row:
        return next((row for row in self.rows if row.name == name), Row(name))

    def median(self, name: str) -> float | None:
        samples = self.row(name).samples
        return statistics.median(samples) if samples else None

    def ratio(self, name: str, to: str) -> float | None:
        """How many times the one row is the other: the median over the rounds. None where either is missing."""
        over, under = self.row(name).samples, self.row(to).samples
        if not over or not under:
            return None
        return statistics.median(a / b for a, b in zip(over, under, strict=True))

    def at_most(self, limit: float, name: str, to: str, what: str = "") -> Goal:
        return Goal(what or f"{name} ÷ {to}", self.ratio(name, to), "at most", limit)

    def at_least(self, limit: float, name: str, to: str, what: str = "") -> Goal:
        return Goal(what or f"{name} ÷ {to}", self.ratio(name, to), "at least", limit)


def unpacked(data: Sequence[Any]) -> Table:
    """The table that went through JSON as a list."""
    title, unit, rows, ours, goals = data
    rows = tuple(Row(name, tuple(samples), note) for name, samples, note in rows)
    return Table(title, unit, rows, ours, tuple(Goal(*goal) for goal in goals))


def seconds(call: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """How long one call takes, by a clock on the wall. The result is dropped after the clock has stopped."""
    start = clock()
    result = call()
    end = clock()
    del result
    return end - start


def busy(call: Callable[[], object]) -> float:
    """The seconds of processor time of a call inside this process: what else the machine does is not in them."""
    return seconds(call, time.process_time)


def take_turns(measures: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, tuple[float, ...]]:
    """The samples of each: in every round each has one turn, and another one begins."""
    samples: dict[str, list[float]] = {name: [] for name in measures}
    names = list(measures)
    for round_ in range(rounds):
        first = round_ % len(names) if names else 0
        for name in names[first:] + names[:first]:
            gc.collect()
            samples[name].append(measures[name]())
    return {name: tuple(each) for name, each in samples.items()}


def nothing() -> None:
    """What there is to prepare where a turn before the rounds would help nobody."""


def failure(error: Exception) -> str:
    """What a row says of a contender that raised this."""
    reason = " ".join(str(error).split())
    return f"failed: {type(error).__name__}: {reason}"[:70]


def compare(title: str, unit: str, contenders: Sequence[Contender], rounds: int, ours: str = "") -> Table:
    """The table of these contenders. One that fails when it is prepared is listed with the reason, and not measured."""
    print(f"  {title}", file=sys.stderr, flush=True)
    ready: dict[str, Callable[[], float]] = {}
    notes: dict[str, str] = {}
    for name, measure, note, prepare in contenders:
        notes[name] = note
        if measure is None:
            continue
        try:
            (prepare or measure)()
        except Exception as error:
            notes[name] = failure(error)
        else:
            ready[name] = measure
    gc.collect()
    gc.freeze()  # what was built for one contender shall not slow the collector down for another
    samples = take_turns(ready, rounds)
    gc.unfreeze()
    return Table(title, unit, tuple(Row(name, samples.get(name, ()), note) for name, note in notes.items()), ours)
