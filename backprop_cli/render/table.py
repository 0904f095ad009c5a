"""The table: each gate with its value and upstream gradient, under it an edge a line, then the gradient."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from ..trace import Trace
from . import cells

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ..exact import Derivation
    from ..referee import Review

SHOWN = 400
"""Gates, and variables, that a table shows; of more, the first and the last half of these."""

_MARGIN = 12
"""Columns beside its digits that a number may take: sign, point, exponent, padding, and its share of the frame."""

Row = TypeVar("Row")


def table(trace: Trace, digits: int | None = None, width: int = 80) -> RenderableType:
    """The whole picture of a trace, for a rich console of `width` columns."""
    parts: list[RenderableType] = [Text(cells.title(trace, digits), style="bold")]
    gate_count = sum(1 for node in trace.graph.nodes if node.op is not None)
    if gate_count:
        parts += [Text(), _gates(trace, gate_count, digits, width)]
    if trace.constants:
        parts += [Text(), Text(f" {cells.constants(trace, digits)}")]
    parts += [Text(), _gradient(trace, digits, width) if trace.gradient else Text(" no gradient: nothing here varies")]
    if matrix := cells.hessian(trace, digits):
        parts += [Text(), _matrix(matrix)]
    return Group(*parts)


def _frame(first: str, numbers: Iterable[str], last: str, room: int) -> Table:
    """A frame of words, numbers, words. The words share `room`: in a narrow terminal they give way, never a number."""
    frame = Table(box=box.SIMPLE_HEAD, show_edge=False, header_style="bold")
    frame.add_column(first, overflow="ellipsis", no_wrap=True, max_width=max(10, room * 3 // 5))
    for name in numbers:
        frame.add_column(name, justify="right", no_wrap=True)
    frame.add_column(last, overflow="ellipsis", no_wrap=True, max_width=max(10, room * 2 // 5))
    return frame


def _gates(trace: Trace, count: int, digits: int | None, width: int) -> Table:
    frame = _frame(
        "gate\n  ← input",
        ("value\nlocal", "upstream\nchained"),
        "\nrule",
        width - 2 * ((digits or trace.arithmetic.digits) + _MARGIN),
    )
    for gate in _ends(cells.gates(trace, digits), count):
        if gate is None:
            frame.add_row(Text(_left_out(count, "gates"), style="italic"))
            continue
        head = Text(f"{gate.name} = {gate.operation}")
        frame.add_row(head, Text(gate.value, style="green"), Text(gate.upstream, style="red"), style="bold")
        for edge in gate.edges:
            frame.add_row(Text(f"  ← {edge.input}"), Text(edge.local), Text(edge.chained, style="red"), Text(edge.rule))
    return frame


def _gradient(trace: Trace, digits: int | None, width: int) -> Table:
    frame = _frame(
        "variable", ("value", "gradient"), "tells", width - 2 * ((digits or trace.arithmetic.digits) + _MARGIN)
    )
    count = len(trace.gradient)
    for variable in _ends(cells.variables(trace, digits), count):
        if variable is None:
            frame.add_row(Text(_left_out(count, "variables"), style="italic"))
            continue
        name, value, gradient, tells = variable
        frame.add_row(Text(name), Text(value, style="green"), Text(gradient, style="red"), Text(tells))
    return frame


def derivation_table(derivation: Derivation, width: int = 80) -> RenderableType:
    """Every node and edge of a derivation as formulas, and the gradient as chained and simplified."""
    trace = derivation.trace
    parts: list[RenderableType] = [Text(f"{trace.graph.output.name} = {cells.short(trace.graph.source)}", style="bold")]
    count = sum(1 for node in trace.graph.nodes if node.op is not None)
    if count:
        parts += [Text(), _gates(trace, count, None, width)]
    frame = Table(box=box.SIMPLE_HEAD, show_edge=False, header_style="bold")
    for column in ("variable", "gradient, as chained", "simplified"):
        frame.add_column(column, overflow="fold")
    for name, chained, simplified in cells.derivatives(derivation):
        frame.add_row(Text(name, style="bold"), Text(chained), Text(simplified, style="red"))
    parts += [Text(), frame if trace.gradient else Text(" no gradient: nothing here varies")]
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
    return Group(Text(cells.title(review.trace, None), style="bold"), Text(), frame, Text(), Text(f" {verdict}"))


def _matrix(rows: list[tuple[str, ...]]) -> Table:
    frame = Table(box=box.SIMPLE_HEAD, show_edge=False, header_style="bold")
    for position, name in enumerate(rows[0]):
        frame.add_column(Text(name), justify="right" if position else "left", no_wrap=True)
    for name, *values in rows[1:]:
        frame.add_row(Text(name, style="bold"), *map(Text, values))
    return frame


def _ends(rows: Iterator[Row], count: int) -> Iterator[Row | None]:
    """All rows; of more than SHOWN the first and the last, with None for those between."""
    half = SHOWN // 2
    for position, row in enumerate(rows):
        if count <= SHOWN or not half <= position < count - half:
            yield row
        elif position == half:
            yield None


def _left_out(count: int, what: str) -> str:
    return f"… {count - SHOWN:,} {what} are left out here; --json and --format csv have all {count:,}"
