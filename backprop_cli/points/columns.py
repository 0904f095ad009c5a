"""One graph at the rows of many blocks: the numbers of plain rows all at once, and unusual rows one by one.

And their sums, over as many rows as there are, accurate to the last bits of a double however the terms cancel.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import repeat
from typing import NamedTuple

import numpy as np

from ..arithmetic.columns import Column
from ..errors import MathError
from ..passes.columns import ColumnPasses
from .blocks import Block
from .evaluate import Job, Result


class Answered(NamedTuple):
    """A block, as far as it has been answered.

    numbers: the value and the gradients of each row, a column each; NaN where there are none, or others than doubles;
    results: those of the rows that were answered one by one, by place.
    """

    block: Block
    numbers: list[Column]
    results: dict[int, Result]

    def one_by_one(self, rows: int) -> Iterator[Result]:
        """The results of the first so many rows."""
        row, names, alone = self.block.row, [*self.block.columns], self.results
        points = zip(*(each.tolist() for each in self.block.columns.values()), strict=True) if names else repeat(())
        numbers = zip(*(each.tolist() for each in self.numbers), strict=True)
        for place, point, found in zip(range(rows), points, numbers, strict=False):
            plain = Result(row(place), dict(zip(names, point, strict=True)), found)
            yield alone.get(place, plain) if alone else plain


def passes_of(job: Job) -> ColumnPasses | None:
    """The passes over columns; None where another arithmetic is asked for, or a constant has no value."""
    if job.is_special:
        return None
    from ..arithmetic import FLOATS
    from ..passes import point

    try:
        return ColumnPasses(job.graph, point.complete(job.fixed, FLOATS), job.gradients, job.settings.wrt)
    except MathError:
        return None


class Step(NamedTuple):
    """How far a block has been answered: up to a row that was answered by itself; or all of it, where place is None."""

    found: Answered
    place: int | None = None


def answered(job: Job, passes: ColumnPasses | None, block: Block) -> Iterator[Step]:
    """A step for each unusual row of a block, and one for all of it; of a large block, part by part."""
    step = block.rows if passes is None else passes.rows
    for start in range(0, block.rows, max(1, step)):
        yield from _part(job, passes, block if step >= block.rows else block.part(start, step))


def _part(job: Job, passes: ColumnPasses | None, block: Block) -> Iterator[Step]:
    if passes is None:
        count = 1 + len(job.gradients) + job.spread
        numbers, unusual = [np.full(block.rows, math.nan)] * count, np.ones(block.rows, dtype=bool)
    else:
        numbers, unusual = passes.at(block.columns, block.rows)
        if "" in block.columns:
            unusual |= np.isnan(block.columns[""])
    found = Answered(block, numbers, {})
    if unusual.any():
        places = np.flatnonzero(unusual).tolist()
        numbers[:] = [each.copy() for each in numbers]  # it may be a column that was read
        for place, result in zip(places, job.results(map(block.row, places)), strict=True):
            found.results[place] = result
            for column, number in zip(numbers, result.numbers or [math.nan] * len(numbers), strict=True):
                column[place] = number if passes is not None else math.nan
            yield Step(found, place)
    yield Step(found)


class Sum:
    """A sum of columns: each place has a sum of its own, and beside it what that has lost by rounding.

    (D. E. Knuth's two-sum; J. R. Shewchuk, Discrete & Computational Geometry 18, 1997.)
    """

    def __init__(self) -> None:
        self.high = self.low = np.zeros(0)

    def add(self, column: Column) -> None:
        """Add all its numbers."""
        size = len(column)
        if size > len(self.high):
            more = np.zeros(size - len(self.high))
            self.high, self.low = np.concatenate([self.high, more]), np.concatenate([self.low, more])
        high = self.high[:size]
        total = high + column
        back = total - high
        self.low[:size] += (high - (total - back)) + (column - back)
        self.high[:size] = total

    @property
    def value(self) -> float:
        """All of it, rounded once. Raises OverflowError where that is no double."""
        found = math.fsum([*self.high.tolist(), *self.low.tolist()])
        if not math.isfinite(found):
            raise OverflowError
        return found
