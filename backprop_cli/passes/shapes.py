"""Shapes: inferred for every node before any number is computed, so that what does not fit is told first."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import prod

from ..errors import InputError, shorten
from ..graph.graph import Constant, Gate, Graph, Node, Variable
from ..graph.nodes import Nodes
from ..rules.array_op import ArrayOp, Shape
from ..rules.arrays import fitting
from ..rules.shape_rules import MAX_AXES, MAX_ENTRIES, MisfitError, told

_REDUCED = frozenset(("sum", "mean", "prod", "logsumexp"))
"""Operations on several numbers that, of one array, go over an axis."""
_INVERSE = re.compile(r"(?:⁻¹|\^\s*\(?\s*[-−]\s*1\s*\)?)$")


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
    try:
        _one_reading(graph, node, shapes)
        op, shape = fitting(node.op, shapes)
    except MisfitError as error:
        raise misfit(graph, node, error) from None
    return node._replace(op=op), shape


def _one_reading(graph: Graph, node: Gate, shapes: Sequence[Shape]) -> None:
    """Raise MisfitError for what means one thing of numbers, and of arrays may mean another."""
    if isinstance(node.op, ArrayOp) or not shapes[0]:
        return
    name, [first, *others] = node.op.name, [graph.nodes[i] for i in node.inputs]
    number = others[0].literal if len(others) == 1 and isinstance(others[0], Constant) else ""
    written = graph.source[slice(*node.span)]
    is_axis = name in _REDUCED and number.isdecimal() and int(number) < len(shapes[0])
    if is_axis or (name == "hypot" and number and "norm" in written.partition("(")[0].lower()):
        hint = f"over an axis: {name}({{0}}, axis={number})" if is_axis else "the length is norm({0})"
        raise MisfitError(f"{{0}} is {told(shapes[0])}, and {number} a number beside each of its entries", hint)
    if name == "abs" and written.startswith("||") and getattr(first, "op", None) == node.op:
        what = graph.name_of(graph.nodes[first.inputs[0]])
        raise MisfitError(
            f"|{what}| is entry by entry", f"the length is norm({what}), and the largest entry max(|{what}|)"
        )
    if name == "pow" and len({*shapes[0]}) < len(shapes[0]) and _INVERSE.search(written):
        raise MisfitError("this may be the inverse, or 1 over each entry", "write inv({0}) or 1/{0}")


def misfit(graph: Graph, node: Gate, error: MisfitError) -> InputError:
    """What does not fit, told with the names of the inputs.

    error: what does not fit, with the inputs by number
    """
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


def labels(graph: Graph) -> set[str]:
    """Variables that are nothing but labels: whole numbers, which no method can change a little."""
    uses: dict[bool, set[int]] = {True: set(), False: set()}
    for gate in graph.gates:
        for slot, i in enumerate(gate.inputs):
            uses[isinstance(gate.op, ArrayOp) and gate.op.partial(slot).is_number].add(i)
    return {node.name for node in graph.variables if node.position in uses[True] - uses[False]}
