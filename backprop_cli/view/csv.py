"""CSV: a line for each edge; a node without edges (a variable, a constant) has one line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ..arithmetic import Value
from ..graph.graph import Node
from ..passes.trace import Edge, Trace
from ..rules.printer import TYPED
from . import Options
from .texts import entries

COLUMNS = ("node", "op", "expression", "value", "upstream", "input", "local", "chained")
_NUMBERS = ("value", "upstream", "local", "chained")
OF_ARRAYS = ("shape", "pullback")
"""Two more, where a node is an array, whose entries are JSON's nested lists."""
UNCERTAIN = ("sigma", "component", "share")
"""Three more, where a variable is uncertain: of it, and of the output."""


def trace(trace: Trace, options: Options) -> str:
    """The trace as CSV (RFC 4180, except for line ends), numbers exact; empty where there is no gradient."""
    return written(_rows(trace) if trace.jacobian is None else _jacobian(trace), options.between)


def written(rows: Iterable[Iterable[Any]], between: str = ",") -> str:
    """Rows as CSV, a line each; empty where None stands."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", delimiter=between).writerows(rows)
    return text.getvalue()


def _rows(trace: Trace) -> Iterator[Iterable[Any]]:
    columns = [name for each in COLUMNS for name in (_ends(each) if trace.arithmetic.of_boxes else [each])]
    more = OF_ARRAYS if trace.has_axes else UNCERTAIN if trace.uncertainty else ()
    yield (*columns, *more, *(f"{each} digits" for each in _NUMBERS if trace.held))
    for node in trace.graph.nodes:
        value, upstream = trace.values[node.position], trace.upstream[node.position]
        cells = trace.arithmetic.cells
        head = (node.name, node.kind, trace.graph.written(node), *cells(value), *cells(upstream))
        for edge in trace.edges_of(node):
            numbers = (*cells(edge.local), *cells(edge.chained))
            yield (*head, edge.input.name, *numbers, *_more(trace, node, edge), *_held(trace, node, edge))
        if not node.inputs:
            yield (*head, "", *cells(None), *cells(None), *_more(trace, node), *_held(trace, node))


def _ends(column: str) -> list[str]:
    """What a column is of boxes: a number has both of its ends."""
    return [f"{column} lower", f"{column} upper"] if column in _NUMBERS else [column]


def _more(trace: Trace, node: Node, edge: Edge | None = None) -> Sequence[str]:
    if found := trace.uncertainty:
        sigma = found.sigma if node is trace.graph.output else found.sigmas.get(node.name)
        parts = (sigma, found.components.get(node.name), found.shares.get(node.name))
        return ["" if each is None else trace.arithmetic.exactly(each) for each in parts]
    if not trace.has_axes:
        return ()
    rule = TYPED.text(trace.rule(edge)) if edge is not None and trace.is_pullback(edge) else ""
    return "×".join(map(str, trace.arithmetic.shape(trace.values[node.position]))), rule


def _held(trace: Trace, node: Node, edge: Edge | None = None) -> Sequence[int | None]:
    """How many digits hold of the four numbers of a line."""
    if trace.held is None:
        return ()
    found = trace.held.values[node.position], trace.held.upstream[node.position]
    return *found, *((None, None) if edge is None else trace.held.edges[node.position, edge.slot])


def _jacobian(trace: Trace) -> Iterator[Sequence[str]]:
    """A line for each output and each entry of a variable."""
    yield "output", "input", "derivative"
    outputs = entries(trace.graph.output.name, trace.arithmetic.shape(trace.value))
    for name, matrix in (trace.jacobian or {}).items():
        inputs = entries(name, trace.arithmetic.shape(trace.point[name]))
        for output, row in zip(outputs, matrix.tolist(), strict=True):
            for each, value in zip(inputs, row, strict=True):
                yield output, each, _number(trace, value)


def _number(trace: Trace, value: Value | None) -> str:
    return "" if value is None else trace.arithmetic.exactly(value)
