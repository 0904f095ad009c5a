"""What a gate does with its upstream at this point: who gets how much of it."""

from __future__ import annotations

from collections.abc import Sequence

from ...graph.graph import Gate, Node
from ...passes.trace import Edge
from ...rules.formula import Formula
from ...rules.printer import READING
from .spans import LISTED, Said, code, joined, listed, say
from .wording import Wording


def meaning(words: Wording, gate: Gate, edges: Sequence[Edge]) -> Said:
    """`x` and `y` each get −4. Empty where the table says it all."""
    receivers = [edge for edge in edges if edge.chained is not None]
    return _MEANINGS.get(gate.op.role, _scales)(words, gate, receivers)


def _scales(words: Wording, _gate: Gate, receivers: Sequence[Edge]) -> Said:
    """`x` gets the upstream divided by `y`, and `y` gets it times −f/y."""
    if len(receivers) > LISTED or any(words.rule(edge).by_convention for edge in receivers):
        return []
    parts: list[Said] = []
    for edge in receivers:
        upstream = "it" if parts else "the upstream"
        parts.append(say("{} gets {}", words.name(edge.input), _times(words.local(edge), upstream)))
    return [*joined(parts), *say(".")]


def _times(local: Formula, upstream: str) -> Said:
    """Upstream times local in words."""
    head, args = local.head, local.args
    if head in ("0", "1", "-1") and not args:
        return say({"0": "nothing", "1": f"{upstream} unchanged", "-1": f"{upstream} with its sign flipped"}[head])
    by, factor = ("divided by", args[1]) if head == "div" and args[0].head == "1" else ("times", local)
    return say("{} {} {}", upstream, by, code(READING.text(factor)))


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
    if gate.op.chooses:
        return _chooses(words, gate, receivers)
    if len(gate.inputs) == 1:
        (edge,) = receivers
        rule, what = words.local(edge), "nothing" if edge.local == 0 else "all of the gradient"
        if rule.head != "where":
            return say("{} goes to {}.", what, words.name(edge.input))
        holds = "does not hold" if edge.local == 0 else "holds"
        return say("{} {}, so {} goes to {}.", code(READING.text(rule.args[0])), holds, what, words.name(edge.input))
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


def _chooses(words: Wording, gate: Gate, receivers: Sequence[Edge]) -> Said:
    """Which branch is taken, and why."""
    condition, taken = words.condition(gate), words.taken(gate)
    if taken is None or not isinstance(condition, Gate):
        return []
    others = [words.name(edge.input) for edge in receivers if not edge.active]
    verdict, name = words.verdict(condition), words.name(taken)
    if len(others) == len(receivers):
        return say("{}, so {} is taken, and none of the gradient goes to {}.", verdict, name, listed(others))
    none = say(", none to {}", listed(others)) if others else ""
    return say("{}, so all of the gradient goes to {}{}.", verdict, name, none)


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
