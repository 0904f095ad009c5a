"""Borders: points beside which a condition may hold or not, because sides that it compares are equal here."""

from __future__ import annotations

from collections.abc import Sequence

from ..arithmetic import Arithmetic, Value
from ..graph.graph import Gate, Graph, Module
from ..rules.table import primitive
from .forward import inside


def borders(
    graph: Graph, values: Sequence[Value | None], arithmetic: Arithmetic, wanted: Sequence[int]
) -> dict[int, Gate]:
    """For each condition that is at a border, by its position, the comparison or the module that decides it.

    values: those of all nodes
    wanted: for each node, whether it depends on a variable that gets a gradient

    Where `x > 0 and y > 0` has one side that surely does not hold, the other is no border.
    """
    found: dict[int, Gate] = {}
    for gate in graph.gates:
        if not gate.op.truth or values[gate.position] is None:
            continue
        at = [found[i] for i in gate.inputs if i in found]
        if isinstance(gate.op, Module):
            if _inside(gate.op, [values[i] for i in gate.inputs], arithmetic, [wanted[i] for i in gate.inputs]):
                found[gate.position] = gate
        elif not gate.op.conditions:
            left, right = (graph.itself(graph.nodes[i]).position for i in gate.inputs)
            if left != right and (wanted[left] or wanted[right]) and _equal(arithmetic, values[left], values[right]):
                found[gate.position] = gate
        elif at and not any(_settles(gate, values[i], arithmetic) for i in gate.inputs if i not in found):
            found[gate.position] = at[0]
    return found


def _equal(arithmetic: Arithmetic, one: Value | None, two: Value | None) -> bool:
    """Whether both sides of a comparison are; one may have no value where it is given whether the comparison holds."""
    return not (one is None or two is None) and bool(arithmetic.holds(arithmetic.rule(primitive("eq")).value(one, two)))


def _inside(module: Module, inputs: Sequence[Value], arithmetic: Arithmetic, wanted: Sequence[int]) -> bool:
    graph, names = module.graph, [name for name, each in zip(module.inputs, wanted, strict=True) if each]
    at = borders(graph, inside(module, inputs, arithmetic), arithmetic, graph.depending_on(names))
    return graph.output.position in at


def _settles(gate: Gate, side: Value, arithmetic: Arithmetic) -> bool:
    """Whether one side of `and` or `or` decides, whatever the other is."""
    return arithmetic.holds(side) is (gate.kind == "or")
