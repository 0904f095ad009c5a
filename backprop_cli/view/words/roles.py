"""What the roles of rules.table.ROLES mean at one gate: who gets how much of its upstream."""

from __future__ import annotations

from collections.abc import Sequence

from ...graph.graph import Gate, Node
from ...passes.trace import Edge
from .spans import Said, listed, say
from .wording import Wording


def meaning(words: Wording, gate: Gate, edges: Sequence[Edge]) -> Said:
    """`x` and `y` each get −4. Empty where the role says it all."""
    receivers = [edge for edge in edges if edge.chained is not None]
    tell = _MEANINGS.get(gate.op.role)
    return tell(words, gate, receivers) if tell else []


def _distributes(words: Wording, gate: Gate, receivers: Sequence[Edge]) -> Said:
    names = [words.name(edge.input) for edge in receivers]
    count = len({name.text for name in names})
    gets, where = "gets" if count == 1 else "each get", " on each edge" if count < len(names) else ""
    return say("{} {} {}{}.", listed(names), gets, words.said(words.trace.upstream[gate.position]), where)


def _switches(words: Wording, gate: Gate, receivers: Sequence[Edge]) -> Said:
    """For a gate of two inputs."""
    if len(gate.inputs) != 2:
        return []
    nodes = words.trace.graph.nodes
    if gate.inputs[0] == gate.inputs[1]:
        name = words.name(receivers[0].input)
        return say("both inputs are {}, so {} gets {} times the upstream on each edge.", name, name, name)
    pairs = [(words.name(edge.input), words.name(nodes[gate.inputs[1 - edge.slot]])) for edge in receivers]
    first = say("{} gets {} times the upstream", *pairs[0])
    return say("{}, and {} gets {} times it.", first, *pairs[1]) if pairs[1:] else say("{}.", first)


def _routes(words: Wording, gate: Gate, receivers: Sequence[Edge]) -> Said:
    nodes, values = words.trace.graph.nodes, words.trace.values
    if len(gate.inputs) == 1:
        (edge,) = receivers
        return say("{} goes to {}.", "nothing" if edge.local == 0 else "all of the gradient", words.name(edge.input))
    receiving = {edge.slot: edge.local for edge in receivers}
    out = values[gate.position]
    selected = [slot for slot, i in enumerate(gate.inputs) if _is_selected(receiving.get(slot), values[i], out)]
    if len(selected) != 1:
        return []  # a tie, which has a notice
    node = nodes[gate.inputs[selected[0]]]
    others = [words.name(nodes[i]) for slot, i in enumerate(gate.inputs) if slot in receiving and nodes[i] != node]
    name, rank = words.name(node), _rank(words, gate, node)
    if len({*gate.inputs}) == 1:
        return say("{} competes with itself, so all of the gradient goes to it, along the first edge.", name)
    if selected[0] not in receiving:
        return say("{} is {}, so none of the gradient goes to {}.", name, rank, listed(others))
    none = say(", none to {}", listed(others)) if others else ""
    return say("{} is {}, so all of the gradient goes to {}{}.", name, rank, name, none)


def _is_selected(local: object, value: object, out: object) -> bool:
    return value == out if local is None else local != 0


def _rank(words: Wording, gate: Gate, node: Node) -> str:
    """`the larger` of two, `the smallest` of more; `the selected input` where it is neither."""
    values, to_float = words.trace.values, words.trace.arithmetic.to_float
    one = to_float(values[node.position])
    others = [to_float(values[i]) for i in gate.inputs if i != node.position]
    ending = "er" if len(others) == 1 else "est"
    if all(one > each for each in others):
        return f"the larg{ending}"
    return f"the small{ending}" if all(one < each for each in others) else "the selected input"


_MEANINGS = {"distributes": _distributes, "switches": _switches, "routes": _routes}
