"""The mistakes that learners make with the chain rule, each as a way to get a wrong gradient from a right trace.

A mistake is a kind, a place, and the gradient that one would get by making it there. None of them runs a rule anew:
they multiply and add what the trace holds, with something forgotten or exchanged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..arithmetic import Value
from ..graph.graph import partial
from ..passes.trace import Edge, Trace
from ..rules.printer import READING
from .sentence import Part, Sentence, listed, say

if TYPE_CHECKING:
    from ..graph.graph import Gate, Node

KINDS = ("sign", "loser", "branch", "product", "upstream", "quotient", "power", "factor", "input")
"""Each kind of mistake, the more specific ones first; its words are a template of each language (`mistake sign`)."""

OF_ARRAYS = ("transpose", "order", "broadcast")
"""Those that only arrays have."""

_MOST_EDGES = 300  # of a graph in which every edge is tried


class Mistake(NamedTuple):
    """A wrong gradient of one variable, and how one gets it. `value` is NaN where the mistake leads to no number."""

    kind: str
    place: Part
    value: Value


def mistakes(trace: Trace, name: str) -> Iterator[Mistake]:
    """The wrong gradients of a variable, or a gate, that the known mistakes lead to, the most telling first.

    How many there are, and of which kinds, depends on the graph alone: the third here is the third at another point.
    """
    chain = _Chain(trace, name)
    yield Mistake("sign", _minus(chain), -chain.right)
    if len(trace.edges) <= _MOST_EDGES:
        for kind in (_losers, _branches, _products, _upstreams, _signs, _quotients, _powers, _factors, _inputs):
            yield from kind(chain)


class _Chain:
    """The chain from the output down to one variable, or gate.

    right: the gradient
    below: the derivative of each node by the variable
    gates, edges: those that lead to it

    The gradient is linear in the local gradients of any one gate: exchanging them changes it by
    upstream × change × below.
    """

    def __init__(self, trace: Trace, name: str) -> None:
        place = next(node.position for node in trace.graph.nodes if node.name == name)
        self.trace, self.name = trace, name
        self.right: Value = trace.upstream[place]
        self.f = trace.graph.output.name
        self.zero, self.one = trace.arithmetic.number("0"), trace.arithmetic.number("1")
        own = [node.position == place for node in trace.graph.nodes]
        self.below = [self.one if each else self.zero for each in own]
        self.edges: list[Edge] = []
        for edge in trace.edges:
            gate, i = edge.gate.position, edge.input.position
            if own[i] and edge.chained is not None:
                own[gate] = True
                self.edges.append(edge)
                self.below[gate] += self.local(edge) * self.below[i]
        self.gates = [gate for gate in trace.graph.gates if own[gate.position] and gate.position != place]

    def local(self, edge: Edge) -> Value:
        """The local gradient, 0 where an inactive edge has none."""
        return self.zero if edge.local is None else edge.local

    def upstream(self, node: Node) -> Value:
        return self.trace.upstream[node.position]

    def inputs(self, gate: Gate) -> list[Value]:
        """The values of a gate's inputs."""
        return [self.trace.values[i] for i in gate.inputs]

    def gates_of(self, *names: str) -> list[Gate]:
        """The gates that are one of these primitives."""
        return [gate for gate in self.gates if gate.kind in names]

    def with_local(self, edge: Edge, local: Value) -> Value:
        """The gradient if this were the local gradient of an edge."""
        change = local - self.local(edge)
        return self.right + self.upstream(edge.gate) * change * self.below[edge.input.position]

    def with_locals(self, gate: Gate, locals_: Sequence[Value]) -> Value:
        """The gradient if these were the local gradients of all edges into a gate."""
        edges = [edge for edge in self.edges if edge.gate == gate]
        return self.right + sum(self.with_local(edge, locals_[edge.slot]) - self.right for edge in edges)

    def with_below(self, node: Node, below: Value) -> Value:
        """The gradient if this were the derivative of a node by the variable."""
        return self.right + self.upstream(node) * (below - self.below[node.position])

    def ratio(self, x: Value, y: Value) -> Value:
        return x / y if y != 0 else self.trace.arithmetic.number("nan")

    def written(self, gate: Gate) -> str:
        """`q1 = x + y`."""
        return f"{gate.name} = {self.trace.graph.written(gate)}"

    def rule(self, edge: Edge) -> Part:
        """`∂q1/∂x = 2·x`; of one of several edges, of which ∂f/∂x is the sum, `the 2·x of one edge in ∂f/∂x`."""
        rule, is_output = READING.text(self.trace.rule(edge)), edge.gate == self.trace.graph.output
        edges = self.edges if is_output else self.trace.edges_of(edge.gate)
        if sum(each.input == edge.input for each in edges) > 1:
            return say("verdict rule of one edge", rule, _of(edge))
        return f"{_of(edge)} = {rule}"


def _of(edge: Edge) -> str:
    return partial(edge.gate.name, edge.input.name)


def _minus(chain: _Chain) -> Sentence:
    """Where a minus sign may have been lost: in a chain without forks that has only one."""
    minus = [edge for edge in chain.edges if READING.text(chain.trace.rule(edge)).startswith(("−", "-"))]
    if len(minus) == 1 and len(chain.edges) == len(chain.gates):
        return say("verdict minus", chain.rule(minus[0]), chain.written(minus[0].gate))
    return say("verdict is minus", partial(chain.f, chain.name))


def _signs(chain: _Chain) -> Iterator[Mistake]:
    """One sign is wrong, in one of several branches. A rule with a minus is the likelier place."""
    for edge in sorted(chain.edges, key=lambda each: not READING.text(chain.trace.rule(each)).startswith(("−", "-"))):
        place = say("verdict sign of", chain.rule(edge), chain.written(edge.gate))
        yield Mistake("sign", place, chain.with_local(edge, -chain.local(edge)))


def _losers(chain: _Chain) -> Iterator[Mistake]:
    """Another input than the selected one gets the gradient, or every input does."""
    for gate in chain.gates_of("max", "min"):
        values, graph = chain.trace.values, chain.trace.graph
        selected = dict.fromkeys(graph.nodes[i].name for i in gate.inputs if values[i] == values[gate.position])
        place = say("verdict selects", chain.written(gate), listed([*selected]))
        slots = range(len(gate.inputs))
        for wrong in slots:
            routed = [chain.one if slot == wrong else chain.zero for slot in slots]
            yield Mistake("loser", place, chain.with_locals(gate, routed))
        yield Mistake("loser", place, chain.with_locals(gate, [chain.one for _ in slots]))
    for gate in (gate for gate in chain.gates if gate.op.chooses and gate.op.conditions):
        slots = range(len(gate.inputs))
        taken = next((edge.input.name for edge in chain.trace.edges_of(gate) if edge.active and edge.local == 1), "it")
        place = say("verdict takes", chain.written(gate), taken)
        for routed in ([slot == wrong for slot in slots] for wrong in slots if wrong not in gate.op.conditions):
            yield Mistake(
                "loser", place, chain.with_locals(gate, [chain.one if each else chain.zero for each in routed])
            )
        yield Mistake("loser", place, chain.with_locals(gate, [chain.one for _ in slots]))
    for edge in chain.edges:
        if edge.gate.kind == "relu":
            place = say("verdict passes on" if edge.local else "verdict passes nothing", chain.written(edge.gate))
            yield Mistake("loser", place, chain.with_local(edge, chain.one - chain.local(edge)))


def _branches(chain: _Chain) -> Iterator[Mistake]:
    """Of what comes back along several edges only one is counted, or one is left out."""
    for edges in _forks(chain):
        parts = [edge.chained * chain.below[edge.input.position] for edge in edges]
        for edge, part in zip(edges, parts, strict=True):
            twins = [each for each in edges if each.gate == edge.gate and each.input == edge.input]
            which = "verdict one edge from" if len(twins) > 1 else "verdict edge from"
            along = say(which, edge.input.name, chain.written(edge.gate))
            yield Mistake("branch", say("verdict only", along), chain.right - sum(parts) + part)
            if len(edges) > 2:
                yield Mistake("branch", say("verdict left out", along), chain.right - part)


def _forks(chain: _Chain) -> list[list[Edge]]:
    """The edges along which parts of the gradient come back: those out of one node, and those into one gate."""
    groups: dict[tuple[bool, int], list[Edge]] = {}
    for edge in chain.edges:
        groups.setdefault((False, edge.input.position), []).append(edge)
        groups.setdefault((True, edge.gate.position), []).append(edge)
    return [edges for edges in groups.values() if len(edges) > 1]


def _products(chain: _Chain) -> Iterator[Mistake]:
    """u·v has u′·v + u·v′, not u′·v′."""
    for gate in chain.gates_of("mul"):
        u, v = (chain.below[i] for i in gate.inputs)
        # Where only one input varies the other has the derivative 0, and nobody means that.
        if len([edge for edge in chain.edges if edge.gate == gate]) == 2:
            yield Mistake("product", chain.written(gate), chain.with_below(gate, u * v))


def _upstreams(chain: _Chain) -> Iterator[Mistake]:
    """The derivative of a gate on the way, or one local gradient, stands for that of the output."""
    for gate in chain.gates:
        if gate == chain.trace.graph.output:
            continue
        upstream = chain.trace.arithmetic.show(chain.upstream(gate), 6)
        found: list[tuple[Part, Value]] = [(partial(gate.name, chain.name), chain.below[gate.position])]
        found += [
            (chain.rule(edge), chain.local(edge))
            for edge in chain.edges
            if edge.gate == gate and edge.input.name == chain.name
        ]
        for what, value in found:
            yield Mistake("upstream", say("verdict still upstream", what, partial(chain.f, gate.name), upstream), value)


def _quotients(chain: _Chain) -> Iterator[Mistake]:
    """x/y has the local gradients 1/y and −x/y². These are pairs that one gets from a rule half remembered."""
    one, ratio = chain.one, chain.ratio
    for gate in chain.gates_of("div"):
        x, y = chain.inputs(gate)
        top, bottom = (chain.trace.graph.nodes[i].name for i in gate.inputs)
        by_top, by_bottom = partial(gate.name, top), partial(gate.name, bottom)
        wrong: list[tuple[str, Sequence[str], Sequence[Value]]] = [
            ("exchanged", (top, bottom), (-x / (y * y), one / y)),
            ("turned over", (bottom, top), (ratio(-y, x * x), ratio(one, x))),
            ("not squared", (bottom,), (one / y, -x / y)),
            ("numerator left out", (by_bottom, top, bottom, top), (one / y, -one / (y * y))),
            ("top squared", (by_top, bottom), (one / (y * y), -x / (y * y))),
            ("division left out", (bottom,), (y, -x)),
        ]
        if len([edge for edge in chain.edges if edge.gate == gate]) == 2:
            wrong.append(("not squared", (bottom,), (one, -x / y)))
        for what, parts, locals_ in wrong:
            place = say(f"verdict {what}", chain.written(gate), *parts)
            yield Mistake("quotient", place, chain.with_locals(gate, locals_))
        each = ratio(*(chain.below[i] for i in gate.inputs))
        place = say("verdict derivatives divided", chain.written(gate), top, bottom)
        yield Mistake("quotient", place, chain.with_below(gate, each))


def _powers(chain: _Chain) -> Iterator[Mistake]:
    """x^n has n·x^(n − 1), and b^x has b^x·log(b); so have roots and exp. These are rules half remembered."""
    number, ratio = chain.trace.arithmetic.number, chain.ratio
    for edge in chain.edges:
        gate, out = edge.gate, chain.trace.values[edge.gate.position]
        x, *rest = chain.inputs(gate)
        if gate.kind in ("pow", "sqrt", "cbrt") and edge.slot == 0:
            n = rest[0] if rest else ratio(chain.one, number("2" if gate.kind == "sqrt" else "3"))
            lowered = ratio(chain.local(edge), n)
            wrong: tuple[tuple[str, Value], ...] = (
                ("exponent stays", lowered),
                ("exponent not lowered", n * out),
                ("exponent raised", n * out * x),
                ("exponent too early", (n - 1) * lowered),
                ("exponent lost", n * x),
            )
        elif gate.kind in ("pow", "exp", "exp2"):
            base = {"exp": chain.trace.arithmetic.constant("e"), "exp2": number("2")}.get(gate.kind, x)
            exponent = rest[0] if rest else x
            wrong = (
                ("rule of powers", ratio(exponent * out, base)),
                ("logarithm left out", out),
            )
        else:
            continue
        for what, local in wrong:
            place = say(f"verdict {what}", chain.rule(edge), chain.written(gate))
            yield Mistake("power", place, chain.with_local(edge, local))


def _factors(chain: _Chain) -> Iterator[Mistake]:
    """One local gradient is left out, or everything below a gate is."""
    for edge in chain.edges:
        yield Mistake("factor", say("verdict left out", chain.rule(edge)), chain.with_local(edge, chain.one))
    for gate in chain.gates[:-1]:
        place = say("verdict chain stops", gate.name, partial(gate.name, chain.name))
        yield Mistake("factor", place, chain.with_below(gate, chain.one))


def _inputs(chain: _Chain) -> Iterator[Mistake]:
    """The gradient of another variable, or one local gradient in the place of another of its gate."""
    for name, value in chain.trace.gradient.items():
        if name != chain.name:
            yield Mistake("input", say("verdict is", partial(chain.f, name)), value)
    for edge in chain.edges:
        for other in chain.trace.edges_of(edge.gate):
            if other.slot != edge.slot and other.chained is not None:
                place = say("verdict in place", chain.rule(other), _of(edge))
                yield Mistake("input", place, chain.with_local(edge, chain.local(other)))
