"""Points out of a file, in columns: answered block by block, and written as lines, as columns, or as a sum."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import IO, TYPE_CHECKING, Any, NamedTuple, TextIO

import numpy as np

from ..arithmetic import FLOATS
from ..errors import BackpropError, InputError, MathError, quote
from ..passes import point
from ..passes.threads import ahead
from ..points.blocks import Look, Table, has_polars
from ..points.columns import Answered, Sum, answered, numbers_of
from ..points.evaluate import Job
from ..points.kept import NO_RESULT
from ..runtime.streams import is_unicode, writer
from ..view.lines import Contents, CsvLines, JsonLines
from .progress import Report

if TYPE_CHECKING:
    from ..passes.columns import ColumnPasses
    from ..view.reduction import Reduction


class Rows(NamedTuple):
    """What is to be done with the rows of a table.

    holds: what each result has;
    report: who is told of it;
    look: what looks at rows that are read one by one.
    """

    job: Job
    passes: ColumnPasses | None
    table: Table
    holds: Contents
    report: Report
    look: Look = iter

    def answered(self) -> Iterator[tuple[Answered, int]]:
        """Each block when it is done, and how many of its rows that are. Raises what a row raises, behind them."""
        blocks = self.table.blocks(self.job.varying, self.job.refused, self.look)
        for block, known in ahead((block, numbers_of(self.job, self.passes, block)) for block in blocks):
            told = 0
            for found, place in answered(self.job, self.passes, block, known):
                if place is None:
                    self.report.answered(found.block.rows - told)
                    yield found, found.block.rows
                    told = 0
                    continue
                self.report.answered(place - told)
                try:
                    self.report.take(found.results[place])
                except BackpropError:
                    yield found, place
                    raise
                told = place + 1

    def without(self, found: Answered) -> list[int]:
        """The places of the rows of a block that have no line."""
        nulls = self.holds.nulls
        return [place for place, each in found.results.items() if each.error is not None and not nulls]


def write_lines(rows: Rows, view: JsonLines | CsvLines, out: TextIO) -> None:
    """A line for each row, as `view` has it; by Polars where it has read them and the lines are plain.

    rows: of points, in blocks
    """
    write = writer(out, at_once=False)
    write(view.head())
    goes_on = is_unicode(out) and not out.isatty()
    plainly = view if goes_on and isinstance(view, CsvLines) and view.digits is None else None
    for found, count in rows.answered():
        block = found.block
        has_frame = block.frame is not None or (block.arrays is not None and has_polars())
        if plainly is not None and rows.passes is not None and has_frame:
            from ..points.frames import csv_of

            out.flush()
            out.buffer.write(csv_of(_frame(rows, found, count), plainly.source.delimiter))
            continue
        if isinstance(view, JsonLines) and view.is_plain and block.texts is not None:
            lines = view.plain_lines(block.texts[:count], zip(*(each.tolist() for each in found.numbers), strict=True))
            for place, result in found.results.items():
                if place < count:
                    lines[place] = view.line(result) if result.error is None or rows.holds.nulls else ""
            write("".join(lines))
            continue
        for result in found.one_by_one(count):
            if result.error is None or rows.holds.nulls:
                write(view.line(result))
    out.flush()


def write_parquet(rows: Rows, file: IO[bytes]) -> None:
    """The rows as a Parquet file: variables and results as doubles, and what else there was as it was."""
    from ..points import frames

    typed = rows.job.varying
    found = (_frame(rows, each, count, typed) for each, count in rows.answered())
    frames.write_parquet(found, file)


def _frame(rows: Rows, found: Answered, count: int, typed: Sequence[str] = ()) -> Any:
    """The rows that have a line, with their results behind them, as Polars has them."""
    from ..errors import printable
    from ..points.frames import with_results

    numbers = found.numbers if rows.holds.value else found.numbers[1:]
    names = CsvLines(rows.holds, rows.table.source).names
    results: dict[str, Any] = dict(zip(names, numbers, strict=False))
    if rows.holds.nulls:
        errors: list[str | None] = [None] * found.block.rows
        for place, each in found.results.items():
            errors[place] = None if each.error is None else printable(each.error.message)
        results["error"] = errors
    frame = with_results(found.block, rows.table.source, results, points=_points(found, typed))
    left = rows.without(found)
    if not left:
        return frame.head(count) if count < found.block.rows else frame
    there = np.ones(found.block.rows, dtype=bool)
    there[left] = False
    there[count:] = False
    return frame.filter(there)


def _points(found: Answered, names: Sequence[str]) -> dict[str, Any]:
    """The numbers of variables, those among them that were read one by one."""
    columns = {name: found.block.columns[name] for name in names}
    if found.results:
        columns = {name: each.copy() for name, each in columns.items()}
        for place, result in found.results.items():
            for name, each in columns.items():
                each[place] = result.point.get(name, math.nan)
    return columns


def reduced(rows: Rows, how: str) -> Reduction:
    """The sum or the mean over all rows. Raises MathError where that is no double, InputError where there is no row."""
    from ..view.reduction import Reduction

    job, holds = rows.job, rows.holds
    sums = [Sum() for _ in range(1 + len(holds.gradients))]
    total = left = 0
    for found, count in rows.answered():
        failed = rows.without(found)
        left += len(failed)
        total += count - len(failed)
        for each, column in zip(sums, found.numbers, strict=True):
            if failed:
                column[failed] = 0.0
            each.add(column)
    if not total:
        raise InputError(NO_RESULT)
    names = [job.graph.output.name, *(name for name, _ in holds.gradients)]
    value, *gradient = (_rounded(each, name, how, total) for each, name in zip(sums, names, strict=True))
    known = point.complete(job.fixed, FLOATS)
    by_name = dict(zip(names[1:], gradient, strict=True))
    return Reduction(job.graph, how, total, left, value if holds.value else None, known, by_name)


def _rounded(total: Sum, name: str, how: str, rows: int) -> float:
    try:
        return total.over(rows if how == "mean" else 1)
    except OverflowError:
        raise MathError(f"the {how} of {quote(name)} over the rows overflows", hint=FLOATS.range_hint) from None
