"""What a gate does with its upstream at this point: who gets how much of it."""

from __future__ import annotations

from collections.abc import Sequence

from ...graph.graph import Gate, Node
from ...passes.trace import Edge
from ...rules.formula import Formula
from ...rules.printer import READING
from .spans import LISTED, Said, Span, code
from .wording import Wording


def meaning(words: Wording, gate: Gate, edges: Sequence[Edge]) -> Said:
    """`x` and `y` each get −4. Empty where the table says it all.

    words: how names and numbers are written
    edges: those into the gate
    """
    receivers = [edge for edge in edges if edge.chained is not None]
    return _MEANINGS.get(gate.op.role, _scales)(words, gate, receivers)


def _scales(words: Wording, _gate: Gate, receivers: Sequence[Edge]) -> Said:
    """`x` gets the upstream divided by `y`, and `y` gets it times −f/y."""
    if len(receivers) > LISTED or any(words.rule(edge).by_convention for edge in receivers):
        return []
    parts: list[Said] = []
    for edge in receivers:
        begin = "then" if parts else "gets"
        how, by = times(words.local(edge))
        parts.append(words.say(f"{begin} {how}", words.name(edge.input), *(code(READING.text(each)) for each in by)))
    return words.say("stop", words.language.joined(parts)) if parts else []


def times(local: Formula) -> tuple[str, list[Formula]]:
    """How upstream times local is said, and the factor or the divisor, if there is one."""
    head, args = local.head, local.args
    if head in ("0", "1", "-1") and not args:
        return head, []
    return ("part", [args[1]]) if head == "div" and args[0].head == "1" else ("times", [local])


def _distributes(words: Wording, gate: Gate, receivers: Sequence[Edge]) -> Said:
    names = [words.name(edge.input) for edge in receivers]
    count = len({name.text for name in names})
    key = ("one gets" if count == 1 else "each gets") + " on edges" * (count < len(names))
    return words.say(key, words.language.listed(names), words.said(words.trace.upstream[gate.position]))


def _switches(words: Wording, gate: Gate, receivers: Sequence[Edge]) -> Said:
    """For a gate of two inputs."""
    if len(gate.inputs) != 2:
        return []
    nodes = words.trace.graph.nodes
    if gate.inputs[0] == gate.inputs[1]:
        name = words.name(receivers[0].input)
        return words.say("twins", name)
    pairs = [(words.name(edge.input), words.name(nodes[gate.inputs[1 - edge.slot]])) for edge in receivers]
    return words.say("switched both" if pairs[1:] else "switched", *(name for pair in pairs for name in pair))


def _routes(words: Wording, gate: Gate, receivers: Sequence[Edge]) -> Said:
    nodes, values = words.trace.graph.nodes, words.trace.values
    if words.trace.arithmetic.of_boxes and any(edge.local is not None and not edge.local.is_thin for edge in receivers):
        return []  # one input here and another there, which has a notice
    if gate.op.chooses:
        return _chooses(words, gate, receivers)
    if len(gate.inputs) == 1:
        (edge,) = receivers
        rule, name = words.local(edge), words.name(edge.input)
        follows = words.say("nothing to" if edge.local == 0 else "all to", name)
        if rule.head != "where":
            return follows
        return words.say("false, so" if edge.local == 0 else "true, so", code(READING.text(rule.args[0])), follows)
    receiving = {edge.slot: edge.local for edge in receivers}
    out = values[gate.position]
    selected = [slot for slot, i in enumerate(gate.inputs) if _is_selected(receiving.get(slot), values[i], out)]
    if len(selected) != 1:
        return []  # a tie, which has a notice
    node = nodes[gate.inputs[selected[0]]]
    others = [words.name(nodes[i]) for slot, i in enumerate(gate.inputs) if slot in receiving and nodes[i] != node]
    name, rank = words.name(node), _rank(words, gate, node)
    if len({*gate.inputs}) == 1:
        return words.say("itself", name)
    if selected[0] not in receiving:
        return words.say(rank, name, words.say("none to", words.language.listed(others)))
    return words.say(rank, name, _all(words, node, others))


def _all(words: Wording, node: Node, others: Sequence[Span]) -> Said:
    """All of the gradient goes to one, none to the others."""
    if not others:
        return words.say("all to", words.name(node))
    return words.say("all to, none to", words.name(node), words.language.listed(others))


def _chooses(words: Wording, gate: Gate, receivers: Sequence[Edge]) -> Said:
    """Which branch is taken, and why."""
    condition, taken = words.condition(gate), words.taken(gate)
    if taken is None or not isinstance(condition, Gate):
        return []
    others = [words.name(edge.input) for edge in receivers if not edge.active]
    if len(others) == len(receivers):
        follows = words.say("taken, none to", words.name(taken), words.language.listed(others))
    else:
        follows = _all(words, taken, others)
    return words.say("holds, so" if words.holds(condition) else "fails, so", *words.put_in(condition), follows)


def _is_selected(local: object, value: object, out: object) -> bool:
    return value == out if local is None else local != 0


def _rank(words: Wording, gate: Gate, node: Node) -> str:
    """The key: `larger` of two, `smallest` of more; `selected` where it is neither."""
    values, to_float = words.trace.values, words.trace.arithmetic.to_float
    one = to_float(values[node.position])
    others = [to_float(values[i]) for i in gate.inputs if i != node.position]
    ending = "er" if len(others) == 1 else "est"
    if all(one > each for each in others):
        return f"larg{ending}, so"
    return f"small{ending}, so" if all(one < each for each in others) else "selected, so"


_MEANINGS = {"distributes": _distributes, "switches": _switches, "routes": _routes}
