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
    """A sum of columns, as if it were exact and rounded once.

    Of each column the upper bits, cut at one place for all its numbers, add up without an error; the sum of what is
    left over errs by less than the last bit of that (S. M. Rump, T. Ogita, S. Oishi, SIAM J. Sci. Comput. 31, 2008).
    """

    def __init__(self) -> None:
        self.parts: list[float] = []

    def add(self, column: Column) -> None:
        """Add all its numbers."""
        if not len(column):
            return
        most = float(max(column.max(), -column.min()))
        if most > _VAST:
            self.parts += column.tolist()
            return
        cut = math.ldexp(1.0, math.frexp(most)[1] + len(column).bit_length() + 1)
        upper = column + cut
        upper -= cut
        self.parts.append(float(np.add.reduce(upper)))
        self.parts.append(float(np.add.reduce(np.subtract(column, upper, out=upper))))

    @property
    def value(self) -> float:
        """All of it, rounded once. Raises OverflowError where that is no double."""
        return math.fsum(self.parts)


_VAST = 1e280
"""Larger numbers are added one by one."""
