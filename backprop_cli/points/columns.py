"""One graph at the rows of many blocks: the numbers of plain rows all at once, and unusual rows one by one.

And their sums, over as many rows as there are, accurate to the last bits of a double however the terms cancel.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np

from ..arithmetic.columns import Column, Rows
from ..errors import MathError
from ..passes.columns import ROWS, ColumnPasses, Strip
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


def numbers_of(job: Job, passes: ColumnPasses | None, block: Block) -> tuple[list[Column], Rows]:
    """The numbers of a block, a column each, and the rows that have none, which are to be answered one by one.

    job: what is asked for at each row
    passes: over columns, None where rows are answered one by one
    block: the rows
    """
    if passes is None:
        count = 1 + len(job.gradients) + job.spread
        return [np.full(block.rows, math.nan)] * count, np.ones(block.rows, dtype=bool)
    numbers, unusual = passes.at(block.columns, block.rows)
    if "" in block.columns:
        unusual |= np.isnan(block.columns[""])
    return numbers, unusual


def answered(
    job: Job, passes: ColumnPasses | None, block: Block, known: tuple[list[Column], Rows] | None = None
) -> Iterator[Step]:
    """A step for each unusual row of a block, and one for all of it.

    job, passes, block: as `numbers_of` has them
    known: what that gives, if it is there
    """
    numbers, unusual = known or numbers_of(job, passes, block)
    found = Answered(block, numbers, {})
    if unusual.any():
        places = np.flatnonzero(unusual).tolist()
        for place, result in zip(places, job.results(map(block.row, places)), strict=True):
            found.results[place] = result
            for column, number in zip(numbers, result.numbers or [math.nan] * len(numbers), strict=True):
                column[place] = number if passes is not None else math.nan
            yield Step(found, place)
    yield Step(found)


def sums(passes: ColumnPasses, block: Block) -> tuple[list[Sum], list[Block]]:
    """The sums of the value and of the gradients over the plain rows of a block, and the parts of it that have others.

    They are those of `Sum`; of many rows, all of them plain, of which little cancels, within 1e-14 of them.
    """
    exactly = [True] * (1 + len(passes.results))
    if block.rows > passes.rows:
        few, left = _strips(passes, block.part(0, _FEW), [False] * len(exactly))
        exactly = [not _holds(column, _MUCH) for column in few]
    found, left = _strips(passes, block, exactly)
    if left or not all(map(_holds, found)):
        found, left = _strips(passes, block, [True] * len(exactly))
    return [Sum(number for part in column for number in part.numbers) for column in found], left


def _strips(passes: ColumnPasses, block: Block, exactly: Sequence[bool]) -> tuple[list[Sequence[_Part]], list[Block]]:
    """The parts of each sum, and the strips in which something is unusual. exactly: which columns as `Sum` has them."""

    def take(part: slice, strip: Strip) -> list[_Part] | Block:
        found = [] if strip.unusual is not None else _parts(strip.numbers, part.stop - part.start, exactly)
        return found or block.part(part.start, part.stop - part.start)

    found = passes.each(block.columns, block.rows, take)
    plain = [each for each in found if isinstance(each, list)]
    columns: list[Sequence[_Part]] = [*zip(*plain, strict=True)]
    return columns or [()] * len(exactly), [each for each in found if isinstance(each, Block)]


_FEW, _MUCH = 4_096, 1.6
"""How many rows tell at first in which columns so much cancels that their sums are exact, and how much that is."""


class _Part(NamedTuple):
    """Numbers whose sum is that of a strip. rounded: the sum of the sizes of what NumPy has added up for them."""

    numbers: Sequence[float]
    rounded: float = 0.0


def _holds(parts: Sequence[_Part], at_most: float = 3.1) -> bool:
    """Whether few enough of what was rounded cancels: NumPy adds a strip up with an error of 28 roundings at most.

    at_most: how many times the sum the sizes of its numbers may come to; with 3.1 the sum errs by less than 1e-14.
    """
    rounded = math.fsum(each.rounded for each in parts)
    return rounded <= at_most * abs(math.fsum(number for each in parts for number in each.numbers))


def _parts(numbers: Sequence[Any], rows: int, exactly: Sequence[bool]) -> list[_Part]:
    """The sum of each column of a strip; none where one is not finite. exactly: which of them as `Sum` has it."""
    known: dict[int, _Part] = {}
    for column, is_exact in zip(numbers, exactly, strict=True):
        if id(column) in known:
            continue
        if not isinstance(column, np.ndarray):
            known[id(column)] = _Part([column * rows] if abs(column) < _VAST else [column] * rows)
            continue
        part = None if is_exact else _rounded(column)
        if part is None:
            most = largest(column)
            if not math.isfinite(most):
                return []
            part = _Part(parts(column, most))
        known[id(column)] = part
    return [known[id(column)] for column in numbers]


def _rounded(column: Column) -> _Part | None:
    """The sum as NumPy adds up; None where a number is vast, or none. What is rounded is bounded by squares, mostly."""
    bits = int(np.maximum.reduce(column.view(np.uint64)))
    if bits < _VAST_BITS:  # no number is negative
        total = float(np.add.reduce(column))
        return _Part([total], total)
    size = math.sqrt(len(column) * _squares(column))  # no less than the sum of the sizes (Cauchy and Schwarz)
    if not size < _VAST:
        return None
    total = float(np.add.reduce(column))
    return _Part([total], size if size <= _MUCH * abs(total) else float(np.add.reduce(np.abs(column))))


def _squares(column: Column) -> float:
    """The sum of the squares, in pieces that BLAS does not cut into threads of its own."""
    whole = len(column) // _PIECE * _PIECE
    pieces, rest = column[:whole].reshape(-1, _PIECE), column[whole:]
    return float(np.matmul(pieces[:, None, :], pieces[:, :, None]).sum() + rest @ rest)


_PIECE = 8_192


def largest(column: Column) -> float:
    """The absolute value of the largest number, which is read off the bits."""
    bits = max(int(np.maximum.reduce(column.view(np.uint64))) & ~_SIGN, int(np.maximum.reduce(column.view(np.int64))))
    return float(np.int64(bits).view(np.float64))


_SIGN = 1 << 63


class Sum:
    """A sum of columns, as if it were exact and rounded once.

    Of each strip the upper bits, cut at one place for all its numbers, add up without an error; the sum of what is left
    over errs by less than the last bit of that (S. M. Rump, T. Ogita, S. Oishi, SIAM J. Sci. Comput. 31, 2008).
    """

    def __init__(self, numbers: Iterable[float] = ()) -> None:
        self.numbers = [*numbers]

    def add(self, column: Column) -> None:
        """Add all its numbers."""
        for start in range(0, len(column), ROWS):
            strip = column[start : start + ROWS]
            self.numbers += parts(strip, largest(strip))

    @property
    def value(self) -> float:
        """All of it, rounded once. Raises OverflowError where that is no double."""
        return self.over(1)

    def over(self, count: int) -> float:
        """All of it divided by a count. Raises OverflowError where that is no double."""
        try:
            return math.fsum(self.numbers) / count
        except OverflowError:  # on the way, or in the end
            bits = len(self.numbers).bit_length()
            return math.ldexp(math.fsum(math.ldexp(each, -bits) for each in self.numbers) / count, bits)


def parts(strip: Column, most: float) -> list[float]:
    """Numbers with the same sum, up to its last bit. most: the size of the largest number in it."""
    if most > _VAST:
        numbers: list[float] = strip.tolist()
        return numbers
    cut = math.ldexp(1.0, math.frexp(most)[1] + len(strip).bit_length() + 1)
    upper = strip + cut
    upper -= cut
    total = float(np.add.reduce(upper))
    return [total, float(np.add.reduce(np.subtract(strip, upper, out=upper)))]


_VAST = 1e280
"""Larger numbers are added one by one."""
_VAST_BITS = int(np.float64(_VAST).view(np.uint64))
