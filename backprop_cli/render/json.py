"""The JSON document: stable, exact, one node a line. `schema.json`, beside this file, describes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..arithmetic import Value
from ..graph import Node
from ..trace import Trace


def document(trace: Trace) -> dict[str, Any]:
    """The trace as plain data. Numbers are exact floats; infinities and NaN are strings."""
    return {
        "expression": trace.graph.source.strip(),
        "output": trace.graph.output.name,
        "value": _number(trace, trace.value),
        "point": _numbers(trace, trace.point),
        **trace.arithmetic.header,
        "constants": _numbers(trace, trace.constants),
        "gradient": _numbers(trace, trace.gradient),
        **({"hessian": _matrix(trace)} if trace.hessian is not None else {}),
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
        "value": _number(trace, trace.values[node.position]),
        "upstream": _number(trace, trace.upstream[node.position]),
        "inputs": [
            {"name": edge.input.name, "local": _number(trace, edge.local), "chained": _number(trace, edge.chained)}
            for edge in trace.edges_of(node)
        ],
    }


def _matrix(trace: Trace) -> dict[str, dict[str, Any]]:
    return {row: _numbers(trace, columns) for row, columns in (trace.hessian or {}).items()}


def _numbers(trace: Trace, values: Mapping[str, Value]) -> dict[str, Any]:
    return {name: _number(trace, value) for name, value in values.items()}


def _number(trace: Trace, value: Value | None) -> Any:
    return None if value is None else trace.arithmetic.data(value)
