"""What the table, Markdown and CSV views have in common: the texts of a trace's gates, edges and gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..arithmetic import Value
from ..errors import printable
from ..formula import text
from ..graph import Node
from ..trace import Edge, Trace

DIGITS = 6
NONE = "–"
"""What stands where there is no gradient: a constant, or a variable that was not asked for."""

_LONGEST = 60  # characters of an operation, a rule or a constant that a cell shows
_LONGEST_TITLE = 2_000


class EdgeCells(NamedTuple):
    """One edge: the input, the local gradient, what flows back along it, and the rule of the local gradient."""

    input: str
    local: str
    chained: str
    rule: str


class GateCells(NamedTuple):
    """One gate, and its edges."""

    name: str
    operation: str
    value: str
    upstream: str
    edges: list[EdgeCells]


class VariableCells(NamedTuple):
    """One variable and its gradient; `tells` is what that gradient says: `x + h → f − 4h`."""

    name: str
    value: str
    gradient: str
    tells: str


def number(value: Value | None, digits: int = DIGITS) -> str:
    """A value to `digits` significant digits; a dash for None."""
    if value is None:
        return NONE
    return f"{value + 0.0:.{digits}g}"  # + 0.0 turns −0 into 0


def short(words: str, limit: int = _LONGEST) -> str:
    """`words` on one line, with `…` for what is beyond `limit` characters."""
    line = printable(" ".join(words.split()))
    return line if len(line) <= limit else line[: limit - 1] + "…"


def title(trace: Trace, digits: int = DIGITS) -> str:
    """The expression, as written, with its value."""
    return f"{short(trace.graph.source, _LONGEST_TITLE)} = {number(trace.value, digits)}"


def gates(trace: Trace, digits: int = DIGITS) -> Iterator[GateCells]:
    """The gates in forward order."""
    for node in trace.graph.nodes:
        if node.op is not None:
            edges = [_edge(trace, edge, digits) for edge in trace.edges_of(node)]
            value, upstream = (number(each[node.position], digits) for each in (trace.values, trace.upstream))
            yield GateCells(node.name, short(written(trace, node)), value, upstream, edges)


def written(trace: Trace, gate: Node) -> str:
    """The operation over the names of its inputs; of very many inputs only the first are named."""
    nodes = trace.graph.nodes
    names = [short(nodes[i].name, _LONGEST // 2) for i in gate.inputs[:_LONGEST]]
    assert gate.op is not None
    return gate.op.written(names)


def _edge(trace: Trace, edge: Edge, digits: int) -> EdgeCells:
    local = number(edge.local, digits)
    rule = "" if edge.chained is None else short(text(trace.rule(edge)))
    return EdgeCells(
        short(edge.input.name, _LONGEST // 2),
        local,
        number(edge.chained, digits),
        "" if rule.replace("−", "-") == local else rule,
    )


def variables(trace: Trace, digits: int = DIGITS) -> Iterator[VariableCells]:
    """The variables that have a gradient, in order of first use."""
    output = trace.graph.output.name
    for name, gradient in trace.gradient.items():
        shown = number(gradient, digits)
        size = shown.removeprefix("-")
        step = "h" if size == "1" else f"{size}h" if size[-1:].isdigit() and "e" not in size else f"{size}·h"
        tells = f"{output}" if shown == "0" else f"{output} {'−' if shown.startswith('-') else '+'} {step}"
        yield VariableCells(name, number(trace.point[name], digits), shown, f"{name} + h → {tells}")
