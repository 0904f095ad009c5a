"""The forward pass: the value of each node, at one point, in one arithmetic."""

from __future__ import annotations

from collections.abc import Mapping

from ..arithmetic import Arithmetic, Value
from ..graph.graph import Constant, Gate, Graph, Module
from . import faults


def forward(graph: Graph, point: Mapping[str, Value], arithmetic: Arithmetic) -> list[Value]:
    """The value of each node. Raises MathError where there is none."""
    values: list[Value] = []
    for node in graph.nodes:
        if isinstance(node, Gate):
            values.append(_gate_value(graph, node, values, arithmetic))
        elif isinstance(node, Constant):
            values.append(constant_value(graph, node, arithmetic))
        else:
            values.append(point[node.name])
    return values


def _gate_value(graph: Graph, node: Gate, values: list[Value], arithmetic: Arithmetic) -> Value:
    inputs = [values[i] for i in node.inputs]
    if isinstance(node.op, Module):
        with faults.told_with(graph, node):
            return forward(node.op.graph, dict(zip(node.op.inputs, inputs, strict=True)), arithmetic)[-1]
    try:
        value = arithmetic.rule(node.op).value(*inputs)
    except (ArithmeticError, ValueError) as error:
        raise faults.Place(graph, node, inputs, arithmetic).no_value(error) from None
    if arithmetic.strict and not arithmetic.is_value(value):
        raise faults.Place(graph, node, inputs, arithmetic).no_value(OverflowError())
    return value


def constant_value(graph: Graph, node: Constant, arithmetic: Arithmetic) -> Value:
    """The value of a constant. Raises MathError where it has none."""
    if node.body:
        return forward(Graph(graph.source, node.body), {}, arithmetic)[-1]
    try:
        value = arithmetic.constant(node.literal)
    except OverflowError:
        raise faults.too_large(graph, node, arithmetic) from None
    if arithmetic.strict and not arithmetic.is_value(value):
        raise faults.too_large(graph, node, arithmetic)
    return value
