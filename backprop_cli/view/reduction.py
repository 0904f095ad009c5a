"""One result over many rows: the sum or the mean of a loss over data, and its gradient at the weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..arithmetic import FLOATS
from ..errors import counted
from ..graph.graph import Graph
from . import Options
from .columns import Column, Row, paragraph, table
from .csv import written
from .json import lines
from .markdown import code, pipe_table
from .texts import short

DIGITS = FLOATS.digits


class Reduction(NamedTuple):
    """What came of all rows.

    how: `sum` or `mean`;
    rows: how many there were, without those that were left out;
    left_out: those, which have no result;
    value: of the output, None where it was not asked for;
    point: the values that hold in all rows, by name;
    gradient: by name, of those or of gates.
    """

    graph: Graph
    how: str
    rows: int
    left_out: int
    value: float | None
    point: Mapping[str, float]
    gradient: Mapping[str, float]


def as_json(reduction: Reduction, options: Options) -> str:
    """The document; `schemas/reduction.json` describes it."""
    found: dict[str, Any] = {
        "expression": reduction.graph.source.strip(),
        "output": reduction.graph.output.name,
        "reduce": reduction.how,
        "rows": reduction.rows,
        "left_out": reduction.left_out,
        "value": reduction.value,
        "point": dict(reduction.point),
        "gradient": dict(reduction.gradient),
    }
    return lines(found, options)


def as_csv(reduction: Reduction, options: Options) -> str:
    """A line for the output, and one for each gradient."""
    return written([("name", "value", "gradient"), *_rows(reduction, options.digits)], options.between)


def as_markdown(reduction: Reduction, options: Options) -> str:
    """The same as a pipe table, below what was computed."""
    rows = [(code(name), *rest) for name, *rest in _rows(reduction, options.digits or DIGITS)]
    table = pipe_table(("name", "value", "gradient"), 1, rows)
    return "\n".join([_title(code(short(reduction.graph.source)), reduction), "", *table]) + "\n"


def as_table(reduction: Reduction, options: Options) -> str:
    """The same to read."""
    digits = options.digits or DIGITS
    rows = [Row(row, styles=("bold", "", "red")) for row in _rows(reduction, digits)]
    heads = (Column("name"), Column("value", right=True), Column("gradient", right=True))
    title = paragraph(_title(short(reduction.graph.source), reduction), options, "bold")
    return "\n".join([*title, "", *table(heads, rows, options)]) + "\n"


def _title(source: str, reduction: Reduction) -> str:
    left = f", {reduction.left_out:,} left out" if reduction.left_out else ""
    return f"{source}: the {reduction.how} over {counted(reduction.rows, 'row')}{left}"


def _rows(reduction: Reduction, digits: int | None) -> list[Sequence[str]]:
    """A row for the output, and one for each gradient: name, value, gradient."""

    def shown(number: float | None) -> str:
        return "" if number is None else repr(number) if digits is None else FLOATS.show(number, digits)

    rows: list[Sequence[str]] = []
    if reduction.value is not None:
        rows.append((reduction.graph.output.name, shown(reduction.value), ""))
    rows += [(name, shown(reduction.point.get(name)), shown(each)) for name, each in reduction.gradient.items()]
    return rows
