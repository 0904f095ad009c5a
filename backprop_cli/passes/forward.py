"""The forward pass: the value of each node, at one point, in one arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from ..arithmetic import Arithmetic, Value
from ..errors import MathError
from ..graph.graph import Graph, Module, Node
from . import faults


def forward(graph: Graph, point: Mapping[str, Value], arithmetic: Arithmetic) -> list[Value]:
    """The value of each node. Raises MathError where there is none."""
    values: list[Value] = []
    for node in graph.nodes:
        if node.op is not None:
            values.append(_gate_value(graph, node, values, arithmetic))
        elif node.is_constant:
            values.append(constant_value(graph, node, arithmetic))
        else:
            values.append(point[node.name])
    return values


def _gate_value(graph: Graph, node: Node, values: list[Value], arithmetic: Arithmetic) -> Value:
    assert node.op is not None
    inputs = [values[i] for i in node.inputs]
    if isinstance(node.op, Module):
        with inside(graph, node):
            return forward(node.op.inside, dict(zip(node.op.inputs, inputs, strict=True)), arithmetic)[-1]
    try:
        value = arithmetic.rule(node.op).value(*inputs)
    except (ArithmeticError, ValueError) as error:
        raise faults.no_value(graph, node, inputs, arithmetic, error) from None
    if arithmetic.strict and not arithmetic.is_value(value):
        raise faults.no_value(graph, node, inputs, arithmetic, OverflowError())
    return value


def constant_value(graph: Graph, node: Node, arithmetic: Arithmetic) -> Value:
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


@contextmanager
def inside(graph: Graph, call: Node) -> Iterator[None]:
    """What goes wrong inside a module is told with the call."""
    try:
        yield
    except MathError as error:
        error.message = faults.inside(graph, call, error.message)
        if error.hint.startswith("--wrt"):
            error.hint = ""  # it names inputs of the module
        raise
