"""`columns`, the function: an expression parsed once, to be called with whole columns, on one machine or on many."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from ..arithmetic import TIES
from ..arithmetic.axes import plain_array
from ..errors import InputError, few, quote
from ..passes import point
from ..passes.settings import ON_ERROR, Settings, check
from ..points.blocks import Block
from ..points.columns import Answered, Sum, answered, passes_of, sums
from ..points.evaluate import Job, Row, number_of
from .values import Given, expect, names_of, one_of, reading, texts


class OverColumns:
    """An expression that was parsed once. Called with a column for each variable, it gives columns of results.

    expression: its text;
    variables: those that are columns, in the order in which the program names them;
    results: the names of what it gives, `value` and `gradient.x` for each variable x that was asked for.

    The columns are a mapping of names to arrays (a dict, a frame of pandas or Polars), for which it gives a dict of
    NumPy's arrays; or an Arrow RecordBatch, for which it gives one, with the results behind its columns. The numbers of
    a row are those of `backprop points FILE`, whatever rows are beside it: so a table may be cut into any parts, and
    sums of parts added. It can be pickled, and sent to where the rows are.

    >>> from backprop_cli import columns
    >>> f = columns("(w*x - y)^2", wrt="w", w=2)
    >>> f({"x": [1, 2, 3], "y": [2, 4, 5]})
    {'value': array([0., 0., 1.]), 'gradient.w': array([0., 0., 6.])}
    """

    def __init__(self, expression: str, values: Mapping[str, Any], settings: Settings, on_error: str) -> None:
        """values: texts of those that are the same in all rows; settings: of which `wrt` and `ties` are regarded."""
        from ..language.program import Program

        self.expression, self.on_error = expression, on_error
        self._values, self._settings = values, settings
        graph = Program(expression).graph([*values, *(settings.wrt or ())])
        point.check(graph, values)
        if settings.wrt is not None:
            point.check_wrt(graph, settings.wrt)
        if graph.of_arrays:
            raise InputError("columns takes numbers alone, and here are arrays")
        wanted = graph.depending_on(settings.wrt)
        nodes = [node for node in graph.variables if wanted[node.position]]
        self._job = Job(graph, values, settings, [node.position for node in nodes])
        self._job.check()
        self._passes = passes_of(self._job)
        self.variables = tuple(self._job.varying)
        self.results = ("value", *(f"gradient.{node.name}" for node in nodes))

    def __call__(self, columns: Any, /) -> Any:
        """Columns of results. Raises BackpropError for a row that has none, unless those are to be NaN."""
        block = self._block(columns)
        results = dict(zip(self.results, self._answered(block).numbers, strict=True))
        if not _is_batch(columns):
            return results
        import pyarrow

        arrays = [*columns.columns, *(pyarrow.array(each) for each in results.values())]
        return pyarrow.RecordBatch.from_arrays(arrays, [*columns.schema.names, *results])

    def sum(self, columns: Any, /) -> dict[str, float]:
        """The sums of the results over all rows, rounded once; those of a part of a table may be added to others'.

        Raises as a call does; with `null` a row without a result counts for nothing.

        >>> columns("(w*x - y)^2", wrt="w", w=2).sum({"x": [1, 2, 3], "y": [2, 4, 5]})
        {'value': 1.0, 'gradient.w': 6.0}
        """
        block = self._block(columns)
        totals, left = ([Sum() for _ in self.results], [block]) if self._passes is None else sums(self._passes, block)
        for part in left:
            answer = self._answered(part)
            for total, column in zip(totals, answer.numbers, strict=True):
                total.add(np.where(np.isnan(column), 0.0, column) if answer.results else column)
        return {name: total.value for name, total in zip(self.results, totals, strict=True)}

    def _block(self, columns: Any) -> Block:
        """All rows, and their numbers."""
        with reading("what has the columns"):
            is_batch = _is_batch(columns)
            if not (is_batch or hasattr(columns, "columns")):
                expect("what has the columns", columns, Mapping, "a mapping of names to columns, or a frame")
            there = columns.schema.names if is_batch else columns
            if missing := [name for name in self.variables if name not in there]:
                raise InputError(f"no column for {', '.join(few(missing))}", hint="values for all rows go to columns()")
            given = {
                name: _entries(name, columns.column(name) if is_batch else columns[name]) for name in self.variables
            }
            arrays = {name: _numbers(each) for name, each in given.items()}
        lengths = {len(each) for each in arrays.values()} | ({columns.num_rows} if is_batch else set())
        if len(lengths) != 1:
            what = "there is no column" if not lengths else "the columns are not equally long"
            raise InputError(f"{what}: {quote(self.expression)} has the variables {', '.join(few(self.variables))}")

        def row(place: int) -> Row:
            return Row(place, {name: _entry(each[place]) for name, each in given.items()}, None)

        return Block(lengths.pop(), arrays, row)

    def _answered(self, block: Block) -> Answered:
        """A block, all of whose rows are answered."""
        for found, place in answered(self._job, self._passes, block):
            if place is not None and self.on_error == "stop" and (error := found.results[place].error):
                error.message = f"row {found.results[place].row.line}: {error.message}"
                raise error
        return found

    def __repr__(self) -> str:
        return f"<{quote(self.expression)} over columns {', '.join(few(self.variables))}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return OverColumns, (self.expression, self._values, self._settings, self.on_error)


def _is_batch(columns: Any) -> bool:
    """Whether it is an Arrow RecordBatch."""
    return hasattr(columns, "num_rows") and hasattr(columns, "schema")


def _entries(name: str, column: Any) -> Any:
    """What stands in a column, by place: an array, because a frame's column finds an entry by its label."""
    if hasattr(column, "to_numpy") and hasattr(column, "null_count") and hasattr(column, "type"):  # Arrow's
        return column
    try:
        found = plain_array(column)
    except ValueError:  # entries of different lengths
        raise InputError(f"the column {quote(name)} is no sequence of numbers") from None
    if found.ndim != 1:
        raise InputError(f"the column {quote(name)} has {found.ndim} axes, and a column has one")
    return found


def _numbers(column: Any) -> Any:
    """A column as doubles; NaN for an entry that is no number."""
    found = column if isinstance(column, np.ndarray) else column.to_numpy(zero_copy_only=False)
    if found.dtype.kind in "fiu":
        with np.errstate(over="ignore"):  # the row of an infinite entry is told
            return found.astype(np.float64, copy=False)
    numbers = (number_of(_entry(each)) for each in found.tolist())
    return np.array([math.nan if each is None else each for each in numbers])


def _entry(value: Any) -> Any:
    """An entry as JSON has it: a float, a text, or what is none of both."""
    value = value.as_py() if hasattr(value, "as_py") else value.item() if hasattr(value, "item") else value
    if not isinstance(value, int) or isinstance(value, bool):
        return value
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def columns(
    expression: str,
    values: Mapping[str, Given] | None = None,
    /,
    *,
    wrt: Collection[str] | str | None = None,
    ties: str = TIES[0],
    on_error: str = ON_ERROR[0],
    **variables: Given,
) -> OverColumns:
    """The expression or program parsed once, to be called with columns: for the value and the gradients of each row.

    wrt: the variables that get gradients, all by default; names, or one text of names with commas between them;
    ties: what inputs of max and min that tie receive;
    on_error: `stop`, an error for a row without a result, or `null`, NaN in its place;
    values, variables: a number, or the text of a constant expression, for each variable that is no column.
    Raises InputError where the text is wrong.

    >>> f = columns("x*y", y=3)
    >>> f.variables, f.results
    (('x',), ('value', 'gradient.x', 'gradient.y'))
    """
    expect("the expression", expression, str, "text")
    expect("ties", ties, str, "text")
    one_of("on_error", on_error, ON_ERROR[::2])  # to leave a row out would make the columns shorter
    settings = Settings(names_of(wrt), ties)
    check(settings)
    return OverColumns(expression, texts(values, variables), settings, on_error)
