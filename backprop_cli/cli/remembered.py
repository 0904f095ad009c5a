"""A graph as plain data, and back."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from ..graph.graph import Graph, Module, validate
from ..graph.nodes import Nodes
from ..rules.op import Op
from ..rules.table import rows


def data(graph: Graph) -> dict[str, Any]:
    """What `graph` reads."""
    modules: dict[str, Module] = {}
    _collect(graph.nodes, modules)
    return {
        "modules": [(name, op.inputs, [*op.read], _data(op.graph.nodes)) for name, op in modules.items()],
        "nodes": _data(graph.nodes),
        "constants": graph.constants,
        "stages": graph.stages,
        "unused": graph.unused,
    }


def _collect(nodes: Nodes, found: dict[str, Module]) -> None:
    """Put down the modules that are called there, each behind those inside it."""
    for op in dict.fromkeys(chain(nodes.ops, nodes.folded)):
        if isinstance(op, Module) and op.name not in found:
            _collect(op.graph.nodes, found)
            found[op.name] = op


def _data(nodes: Nodes) -> dict[str, Any]:
    return {
        "names": nodes.names,
        "ops": [op and _op(op) for op in nodes.ops],
        "inputs": nodes.inputs,
        "starts": [*nodes.starts],
        "ends": [*nodes.ends],
        "constants": [(i, literal, body and _data(body)) for i, (literal, body) in nodes.constants.items()],
    }


def _op(op: Op) -> Any:
    """The name of a row, with a parenthesis that of a module; of arrays, in a list with its settings."""
    if op.of_arrays:
        return [op.name, dict(getattr(op, "settings", {}))]
    return f"{op.name}(" if isinstance(op, Module) else op.name


def graph(source: str, data: dict[str, Any]) -> Graph:
    """The graph of a text that `data` described. Raises ValueError, LookupError or TypeError for what is none."""
    known: dict[str, Sequence[Op]] = {**rows()}
    for name, inputs, read, nodes in data["modules"]:
        known[f"{name}("] = [Module(name, inputs, Graph(source, _nodes(nodes, known)), read)]
    stages = tuple((name, (start, end)) for name, (start, end) in data["stages"])
    found = Graph(source, _nodes(data["nodes"], known), tuple(data["constants"]), stages, tuple(data["unused"]))
    validate(found)
    return found


def _nodes(columns: dict[str, Any], known: Mapping[str, Sequence[Op]]) -> Nodes:
    """The nodes as columns. known: operations by name."""
    found = Nodes()
    found.names, found.inputs = columns["names"], [tuple(each) for each in columns["inputs"]]
    found.starts, found.ends = array("l", columns["starts"]), array("l", columns["ends"])
    ops = zip(columns["ops"], found.inputs, strict=True)
    found.ops = [op and (_of_arrays(*op) if isinstance(op, list) else _taking(known[op], each)) for op, each in ops]
    found.constants = {i: (literal, body and _nodes(body, known)) for i, literal, body in columns["constants"]}
    found.variables = [i for i, op in enumerate(found.ops) if op is None and i not in found.constants]
    return found


def _taking(rows: Sequence[Op], inputs: Sequence[int]) -> Op:
    """The row that takes so many inputs."""
    return next(row for row in rows if row.accepts(len(inputs)))


def _of_arrays(name: str, settings: Mapping[str, Any]) -> Op:
    from ..rules.arrays import row

    return row(name, **{key: _tuples(value) for key, value in settings.items()})


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
