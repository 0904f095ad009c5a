"""The forward pass: the value of each node, at one point, in one arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from ..arithmetic import Arithmetic, Value
from ..errors import MathError
from ..graph.graph import Constant, Gate, Graph, Module, Node
from . import faults

Known = Mapping[int, Any]
"""By position, values that need not be worked out, or what conditions are taken to be; of a module, those inside."""
NONE: Known = MappingProxyType({})


def forward(graph: Graph, point: Mapping[str, Value], arithmetic: Arithmetic, known: Known = NONE) -> list[Value]:
    """The value of each node. Raises MathError where there is none.

    known: what need not be worked out

    Where doubles are too small for a value, it is a number of any size (see `Floats.value`).

    Where a condition chooses, a node that the output does not need may have None instead.
    """
    if graph.nodes.chooses:
        return _where_needed(graph, point, arithmetic, known)
    values: list[Value] = []
    for i, node in enumerate(graph.nodes):
        values.append(_value(graph, node, values, point, arithmetic, known.get(i)))
    return values


def inside(module: Module, inputs: Sequence[Value], arithmetic: Arithmetic, known: Known = NONE) -> list[Value]:
    """The value of each node of a module. An input may have None, or an error that tells why it has no value.

    module: its graph, and what its inputs are called
    known: as in `forward`, of its nodes
    """
    point = dict(zip(module.inputs, inputs, strict=True))
    if any(each is None or isinstance(each, MathError) for each in inputs):
        return _where_needed(module.graph, point, arithmetic, known)
    return forward(module.graph, point, arithmetic, known)


def _value(
    graph: Graph, node: Node, values: list[Value], point: Mapping[str, Value], arithmetic: Arithmetic, known: Any
) -> Value:
    """The value of a node. known: that value, or what is known inside of it; None where that is nothing."""
    if known is not None and not isinstance(known, Mapping):
        return known
    if isinstance(node, Gate):
        return _gate_value(graph, node, values, arithmetic, known or NONE)
    return constant_value(graph, node, arithmetic) if isinstance(node, Constant) else point[node.name]


def _where_needed(graph: Graph, point: Mapping[str, Value], arithmetic: Arithmetic, known: Known = NONE) -> list[Value]:
    values = outcomes(graph, point, arithmetic, known)
    if isinstance(values[-1], MathError):
        raise values[-1]
    return [None if isinstance(each, MathError) else each for each in values]


def outcomes(
    graph: Graph, point: Mapping[str, Value], arithmetic: Arithmetic, known: Known = NONE
) -> list[Value | MathError]:
    """The value of each node, or the error that tells why there is none, which goes on to what needs it.

    point, known: as in `forward`
    """
    values: list[Value] = []
    for i, node in enumerate(graph.nodes):
        try:
            lost = (values[each] for each in _needed(node, values, arithmetic) if isinstance(values[each], MathError))
            held = known.get(i)
            is_known = held is not None and not isinstance(held, Mapping)
            value = (None if is_known else next(lost, None)) or _value(graph, node, values, point, arithmetic, held)
            values.append(MathError("no value") if value is None else value)
        except MathError as error:
            values.append(error)
    return values


def _needed(node: Node, values: list[Value], arithmetic: Arithmetic) -> Sequence[int]:
    """The inputs without which a node has no value; of a module, its own nodes tell."""
    if not isinstance(node, Gate) or isinstance(node.op, Module):
        return ()
    if not node.op.chooses:
        return node.inputs
    return chosen(node, values, arithmetic)


def chosen(gate: Gate, values: Sequence[Value], arithmetic: Arithmetic) -> Sequence[int]:
    """The condition of a choice, and what it chooses; everything where it cannot be decided."""
    [slot] = gate.op.conditions
    condition = values[gate.inputs[slot]]
    if condition is None or isinstance(condition, MathError):
        return [gate.inputs[slot]]
    holds = arithmetic.holds(condition)
    if holds is None:
        return gate.inputs
    taken = gate.op.chosen(holds)
    return [gate.inputs[each] for each in (slot, taken) if each is not None]


def _gate_value(graph: Graph, node: Gate, values: list[Value], arithmetic: Arithmetic, known: Known) -> Value:
    inputs = [values[i] for i in node.inputs]
    if isinstance(node.op, Module):
        with faults.told_with(graph, node, inputs):
            return inside(node.op, inputs, arithmetic, known)[-1]
    if node.op.chooses:
        inputs = [None if isinstance(each, MathError) else each for each in inputs]
    try:
        value = arithmetic.value(node.op, inputs)
    except (ArithmeticError, ValueError) as error:
        raise faults.Place(graph, node, inputs, arithmetic).no_value(error) from None
    if arithmetic.strict and not arithmetic.is_value(value):
        reason = OverflowError() if value == value else ValueError()
        raise faults.Place(graph, node, inputs, arithmetic).no_value(reason)
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
