"""The table: each gate with its value and upstream gradient, under it an edge a line, then the gradient."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from rich import box
from rich.cells import cell_len
from rich.console import Group
from rich.table import Table
from rich.text import Text

from ..graph.graph import Graph
from ..passes.trace import Trace
from . import cells

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ..passes.exact import Derivation
    from ..study.referee import Review

SHOWN = 400
"""Gates, and variables, that a table shows; of more, the first and the last half of these."""

_BETWEEN = 11  # columns that the frame itself takes
_NARROWEST = 10  # columns of words that are left even in a narrow terminal
_NOTHING = "no gradient: nothing here varies"

Item = TypeVar("Item")


class Row(NamedTuple):
    """Words, two numbers, words, and how they are set."""

    first: str
    one: str = ""
    two: str = ""
    last: str = ""
    style: str = ""
    value: str = ""


def table(trace: Trace, digits: int | None = None, width: int = 80) -> RenderableType:
    """The whole picture of a trace, for a rich console of `width` columns."""
    title = Text(cells.title(trace, digits), style="bold")
    parts: list[RenderableType] = [*_program(trace.graph), title, *_gates(trace, digits, width)]
    if trace.constants:
        parts += [Text(), Text(f" {cells.constants(trace, digits)}")]
    parts += _gradient(trace, digits, width) if trace.gradient else [Text(), Text(f" {_NOTHING}")]
    if matrix := cells.hessian(trace, digits):
        parts += [Text(), _matrix(matrix)]
    return Group(*parts)


def _program(graph: Graph) -> list[RenderableType]:
    lines = cells.program(graph)
    return [Text("\n".join(lines)), Text()] if lines else []


def _gates(trace: Trace, digits: int | None, width: int) -> list[RenderableType]:
    """A row for each gate, and under it a row for each edge."""
    count = sum(1 for _ in trace.graph.gates)
    rows: list[Row] = []
    for gate in _ends(cells.gates(trace, digits), count):
        if gate is None:
            rows.append(Row("…"))
            continue
        rows += [Row(call, style="dim italic") for call in gate.opened]
        inset = "  " * gate.depth
        words = f"{inset}{gate.name} = {gate.operation}"
        rows.append(Row(words, gate.value, gate.upstream, style="bold", value="green"))
        rows += [Row(f"{inset}  ← {edge.input}", edge.local, edge.chained, edge.rule) for edge in gate.edges]
    header = Row("gate\n  ← input", "value\nlocal", "upstream\nchained", "\nrule")
    return [Text(), _frame(header, rows, width), *_left_out(count, "gates")] if rows else []


def _gradient(trace: Trace, digits: int | None, width: int) -> list[RenderableType]:
    count = len(trace.gradient)
    shown = _ends(cells.variables(trace, digits), count)
    rows = [Row("…") if each is None else Row(*each, value="green") for each in shown]
    return [Text(), _frame(Row("variable", "value", "gradient", "tells"), rows, width), *_left_out(count, "variables")]


def _frame(header: Row, rows: list[Row], width: int) -> Table:
    """Words, two numbers, words. Where the terminal is too narrow for all, the words give way, never a number."""
    need = [max(cell_len(line) for row in (header, *rows) for line in row[column].split("\n")) for column in range(4)]
    room = width - need[1] - need[2] - _BETWEEN
    last = min(need[3], max(room * 2 // 5, room - need[0], _NARROWEST))
    first = min(need[0], max(room - last, _NARROWEST))
    frame = Table(box=box.SIMPLE_HEAD, show_edge=False, header_style="bold")
    frame.add_column(header.first, overflow="ellipsis", no_wrap=True, max_width=first)
    frame.add_column(header.one, justify="right", no_wrap=True, min_width=need[1])
    frame.add_column(header.two, justify="right", no_wrap=True, min_width=need[2])
    frame.add_column(header.last, overflow="ellipsis", no_wrap=True, max_width=last)
    for row in rows:
        numbers = (Text(row.one, style=row.value), Text(row.two, style="red"))
        frame.add_row(Text(row.first), *numbers, Text(row.last), style=row.style)
    return frame


def derivation_table(derivation: Derivation, width: int = 80) -> RenderableType:
    """Every node and edge of a derivation as formulas, and the gradient as chained and simplified."""
    trace = derivation.trace
    head = [Text(line, style="bold") for line in cells.derived(trace.graph)]
    parts: list[RenderableType] = [*head, *_gates(trace, None, width)]
    frame = Table(box=box.SIMPLE_HEAD, show_edge=False, header_style="bold")
    for column in ("variable", "gradient, as chained", "simplified"):
        frame.add_column(column, overflow="fold")
    for name, chained, simplified in cells.derivatives(derivation):
        frame.add_row(Text(name, style="bold"), Text(chained), Text(simplified, style="red"))
    parts += [Text(), frame if trace.gradient else Text(f" {_NOTHING}")]
    return Group(*parts)


def review_table(review: Review) -> RenderableType:
    """The gradient by each method, a line each, with its difference from backpropagation's."""
    frame = Table(box=box.SIMPLE_HEAD, show_edge=False, header_style="bold")
    for column in ("variable", "method", "gradient", "difference"):
        frame.add_column(column, justify="right" if column in ("gradient", "difference") else "left", no_wrap=True)
    frame.add_column("", overflow="fold")
    for name, estimates in review.estimates.items():
        for position, each in enumerate(estimates):
            value = "–" if each.value is None else f"{each.value:.15g}"
            difference = "" if each.difference is None else f"{each.difference:.1e}" if each.difference else "0"
            note = each.reason or ("" if each.agrees else "disagrees")
            row = (Text("" if position else name), Text(each.method), Text(value), Text(difference), Text(note))
            frame.add_row(*row, style=None if each.agrees else "bold red")
    if not review.estimates:
        verdict = "no gradient to check: nothing here varies"
    elif not review.agree:
        verdict = "the methods disagree"
    else:
        verdict = "the methods agree" if review.compared else "not every gradient has a second opinion here"
    title = Text(cells.title(review.trace, None), style="bold")
    return Group(*_program(review.trace.graph), title, Text(), frame, Text(), Text(f" {verdict}"))


def _matrix(rows: list[tuple[str, ...]]) -> Table:
    frame = Table(box=box.SIMPLE_HEAD, show_edge=False, header_style="bold")
    for position, name in enumerate(rows[0]):
        frame.add_column(Text(name), justify="right" if position else "left", no_wrap=True)
    for name, *values in rows[1:]:
        frame.add_row(Text(name, style="bold"), *map(Text, values))
    return frame


def _ends(rows: Iterator[Item], count: int) -> Iterator[Item | None]:
    """All rows; of more than SHOWN the first and the last, with None for those between."""
    half = SHOWN // 2
    for position, row in enumerate(rows):
        if count <= SHOWN or not half <= position < count - half:
            yield row
        elif position == half:
            yield None


def _left_out(count: int, what: str) -> list[Text]:
    if count <= SHOWN:
        return []
    return [Text(), Text(f" {count - SHOWN:,} {what} of {count:,} are left out here; --json and --format csv have all")]
