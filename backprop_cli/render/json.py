"""The JSON document: stable, exact, one node a line. `schema.json`, beside this file, describes it."""

from __future__ import annotations

import json
import math
from typing import Any

from ..arithmetic import Value
from ..graph import Node
from ..trace import Trace


def document(trace: Trace) -> dict[str, Any]:
    """The trace as plain data. Numbers are exact floats; infinities and NaN are strings."""
    return {
        "expression": trace.graph.source.strip(),
        "output": trace.graph.output.name,
        "value": _number(trace.value),
        "point": _numbers(trace.point),
        "constants": _numbers(trace.constants),
        "gradient": _numbers(trace.gradient),
        "nodes": [_node(trace, node) for node in trace.graph.nodes],
        "warnings": [notice._asdict() for notice in trace.warnings],
    }


def render(trace: Trace, *, ascii_only: bool = False) -> str:
    """The document as text: a line for each entry and for each node."""
    lines = []
    for key, entry in document(trace).items():
        if isinstance(entry, list) and entry:
            inner = ",\n  ".join(json.dumps(each, ensure_ascii=ascii_only, allow_nan=False) for each in entry)
            lines.append(f'"{key}": [\n  {inner}]')
        else:
            lines.append(f'"{key}": {json.dumps(entry, ensure_ascii=ascii_only, allow_nan=False)}')
    return "{" + ",\n ".join(lines) + "}\n"


def _node(trace: Trace, node: Node) -> dict[str, Any]:
    return {
        "name": node.name,
        "op": node.kind,
        "expression": trace.graph.written(node),
        "value": _number(trace.values[node.position]),
        "upstream": _number(trace.upstream[node.position]),
        "inputs": [
            {"name": edge.input.name, "local": _number(edge.local), "chained": _number(edge.chained)}
            for edge in trace.edges_of(node)
        ],
    }


def _numbers(values: Any) -> dict[str, Any]:
    return {name: _number(value) for name, value in values.items()}


def _number(value: Value | None) -> Any:
    if not isinstance(value, float) or math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
