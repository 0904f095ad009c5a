"""The table: each gate with its value and upstream gradient, under it an edge a line, then the gradient."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, TypeVar

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from ..engine import Trace
from . import cells

if TYPE_CHECKING:
    from rich.console import RenderableType

SHOWN = 400
"""Gates, and variables, that a table shows; of more, the first and the last half of these."""

Row = TypeVar("Row")


def table(trace: Trace, digits: int = cells.DIGITS) -> RenderableType:
    """The whole picture of a trace, for a rich console."""
    parts: list[RenderableType] = [Text(cells.title(trace, digits), style="bold")]
    gate_count = sum(1 for node in trace.graph.nodes if node.op is not None)
    if gate_count:
        parts += [Text(), _gates(trace, gate_count, digits)]
    if trace.constants:
        named = ", ".join(f"{name} = {cells.number(value, digits)}" for name, value in trace.constants.items())
        parts += [Text(), Text(f"constants: {named}")]
    parts += [Text(), _gradient(trace, digits) if trace.gradient else Text("no gradient: nothing here varies")]
    return Group(*parts)


def _frame(first: str, *numbers: str, last: str) -> Table:
    frame = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), header_style="bold")
    frame.add_column(first, no_wrap=True, overflow="ellipsis")
    for name in numbers:
        frame.add_column(name, justify="right", no_wrap=True)
    frame.add_column(last, no_wrap=True, overflow="ellipsis")
    return frame


def _gates(trace: Trace, count: int, digits: int) -> Table:
    frame = _frame("gate", "value", "upstream", "local", "chained", last="local is")
    for gate in _ends(cells.gates(trace, digits), count):
        if gate is None:
            frame.add_row(Text(_left_out(count, "gates"), style="italic"))
            continue
        head = Text(f"{gate.name} = {gate.operation}", style="bold")
        frame.add_row(head, Text(gate.value, style="green"), Text(gate.upstream, style="red"), "", "", "")
        for edge in gate.edges:
            source = Text(f"  ← {edge.input}")
            frame.add_row(source, "", "", Text(edge.local), Text(edge.chained, style="red"), Text(edge.rule))
    return frame


def _gradient(trace: Trace, digits: int) -> Table:
    frame = _frame("variable", "value", "gradient", last="which tells")
    count = len(trace.gradient)
    for variable in _ends(cells.variables(trace, digits), count):
        if variable is None:
            frame.add_row(Text(_left_out(count, "variables"), style="italic"))
            continue
        name, value, gradient, tells = variable
        frame.add_row(Text(name, style="bold"), Text(value, style="green"), Text(gradient, style="red"), Text(tells))
    return frame


def _ends(rows: chain[Row] | object, count: int) -> chain[Row | None]:
    """All rows; of more than SHOWN the first and the last, with None for those between."""
    iterator = iter(rows)  # type: ignore[call-overload]
    if count <= SHOWN:
        return chain(iterator)
    half = SHOWN // 2
    return chain(islice(iterator, half), [None], islice(iterator, count - SHOWN, None))


def _left_out(count: int, what: str) -> str:
    return f"… {count - SHOWN:,} {what} are left out here; --json and --format csv have all {count:,}"
