"""Shapes: inferred for every node before any number is computed, so that what does not fit is told first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from ..errors import InputError, shorten
from ..graph.graph import Constant, Gate, Graph, Node, Variable
from ..graph.nodes import Nodes
from ..rules.array_op import ArrayOp, Shape
from ..rules.arrays import fitting
from ..rules.shape_rules import MAX_AXES, MAX_ENTRIES, MisfitError, broadcast, told


def shaped(graph: Graph, shapes: Mapping[str, Shape]) -> tuple[Graph, list[Shape]]:
    """The graph, in which each operation is the row for its inputs' numbers of axes; and the shape of each node.

    shapes: those of the variables.
    Raises InputError, with both operands, their names and their shapes, where something does not fit.
    """
    nodes = Nodes()
    found: list[Shape] = []
    for node in graph.nodes:
        if isinstance(node, Variable):
            shape = shapes[node.name]
        elif isinstance(node, Constant):
            node, shape = _constant(graph, node)
        else:
            node, shape = _gate(graph, node, [found[i] for i in node.inputs])
        nodes.append(node)
        found.append(_checked(graph, node, shape))
    return graph._replace(nodes=nodes), found


def _constant(graph: Graph, node: Constant) -> tuple[Constant, Shape]:
    if not node.body:
        return node, ()
    inside, shapes = shaped(Graph(graph.source, node.body), {})
    return node._replace(body=inside.nodes), shapes[-1]


def _gate(graph: Graph, node: Gate, shapes: Sequence[Shape]) -> tuple[Gate, Shape]:
    op = fitting(node.op, shapes) if isinstance(node.op, ArrayOp) else node.op
    try:
        shape = op.shape(shapes) if isinstance(op, ArrayOp) else broadcast(shapes)
    except MisfitError as error:
        raise misfit(graph, node, error) from None
    return node._replace(op=op), shape


def misfit(graph: Graph, node: Gate, error: MisfitError) -> InputError:
    """What does not fit, told with the names of the inputs."""
    names = [shorten(graph.name_of(graph.nodes[i]), 30) for i in node.inputs]
    message, hint = error.message.format(*names), error.hint.format(*names)
    where = f"in {shorten(_written(graph, node))}, " if "{" in error.message else ""
    return InputError(f"{where}{message}", graph.source, node.span, hint)


def _written(graph: Graph, node: Gate) -> str:
    return node.op.written(graph.name_of(graph.nodes[i]) for i in node.inputs)


def _checked(graph: Graph, node: Node, shape: Shape) -> Shape:
    """Raise InputError for what is too large, before any memory is taken for it."""
    name = shorten(graph.name_of(node))
    if len(shape) > MAX_AXES:
        message = f"{name} is {told(shape)}: {len(shape)} axes, and an array has at most {MAX_AXES}"
        raise InputError(message, graph.source, node.span)
    if prod(shape) > MAX_ENTRIES:
        message = f"{name} is {told(shape)}: {prod(shape):,} entries, and an array has at most {MAX_ENTRIES:,}"
        raise InputError(message, graph.source, node.span)
    return shape
