"""CSV: a line for each edge; a node without edges (a variable, a constant) has one line."""

from __future__ import annotations

import csv
import io

from ..arithmetic import Value
from ..passes.trace import Trace
from . import Options

COLUMNS = ("node", "op", "expression", "value", "upstream", "input", "local", "chained")


def trace(trace: Trace, _options: Options) -> str:
    """The trace as CSV (RFC 4180, except for line ends), numbers exact; empty where there is no gradient."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for node in trace.graph.nodes:
        value, upstream = trace.values[node.position], trace.upstream[node.position]
        head = (node.name, node.kind, trace.graph.written(node), _number(trace, value), _number(trace, upstream))
        for edge in trace.edges_of(node):
            writer.writerow((*head, edge.input.name, _number(trace, edge.local), _number(trace, edge.chained)))
        if not node.inputs:
            writer.writerow((*head, "", "", ""))
    return text.getvalue()


def _number(trace: Trace, value: Value | None) -> str:
    return "" if value is None else trace.arithmetic.exactly(value)
