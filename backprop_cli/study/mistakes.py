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

if TYPE_CHECKING:
    from ..graph.graph import Gate, Node

KINDS = ("sign", "loser", "branch", "product", "upstream", "quotient", "power", "factor", "input")
"""Each kind of mistake, the more specific ones first; its words are a template of each language (`mistake sign`)."""

OF_ARRAYS = ("transpose", "broadcast")
"""Those that only arrays have."""

_MOST_EDGES = 300  # of a graph in which every edge is tried


class Mistake(NamedTuple):
    """A wrong gradient of one variable, and how one gets it. `value` is NaN where the mistake leads to no number."""

    kind: str
    place: str
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

    def rule(self, edge: Edge) -> str:
        """`∂q1/∂x = 2·x`; of one of several edges, of which ∂f/∂x is the sum, `the 2·x of one edge in ∂f/∂x`."""
        rule, is_output = READING.text(self.trace.rule(edge)), edge.gate == self.trace.graph.output
        edges = self.edges if is_output else self.trace.edges_of(edge.gate)
        if sum(each.input == edge.input for each in edges) > 1:
            return f"the {rule} of one edge in {_of(edge)}"
        return f"{_of(edge)} = {rule}"


def _of(edge: Edge) -> str:
    return partial(edge.gate.name, edge.input.name)


def _minus(chain: _Chain) -> str:
    """Where a minus sign may have been lost: in a chain without forks that has only one."""
    minus = [edge for edge in chain.edges if READING.text(chain.trace.rule(edge)).startswith(("−", "-"))]
    if len(minus) == 1 and len(chain.edges) == len(chain.gates):
        return f"mind the minus of {chain.rule(minus[0])}, in {chain.written(minus[0].gate)}"
    return f"this is −{partial(chain.f, chain.name)}"


def _signs(chain: _Chain) -> Iterator[Mistake]:
    """One sign is wrong, in one of several branches. A rule with a minus is the likelier place."""
    for edge in sorted(chain.edges, key=lambda each: not READING.text(chain.trace.rule(each)).startswith(("−", "-"))):
        place = f"mind that of {chain.rule(edge)}, in {chain.written(edge.gate)}"
        yield Mistake("sign", place, chain.with_local(edge, -chain.local(edge)))


def _losers(chain: _Chain) -> Iterator[Mistake]:
    """Another input than the selected one gets the gradient, or every input does."""
    for gate in chain.gates_of("max", "min"):
        values, graph = chain.trace.values, chain.trace.graph
        selected = dict.fromkeys(graph.nodes[i].name for i in gate.inputs if values[i] == values[gate.position])
        place = f"{chain.written(gate)} selects {' and '.join(selected)} here"
        slots = range(len(gate.inputs))
        for wrong in slots:
            routed = [chain.one if slot == wrong else chain.zero for slot in slots]
            yield Mistake("loser", place, chain.with_locals(gate, routed))
        yield Mistake("loser", place, chain.with_locals(gate, [chain.one for _ in slots]))
    for gate in (gate for gate in chain.gates if gate.op.chooses and gate.op.conditions):
        slots = range(len(gate.inputs))
        taken = next((edge.input.name for edge in chain.trace.edges_of(gate) if edge.active and edge.local == 1), "it")
        place = f"{chain.written(gate)} takes {taken} here"
        for routed in ([slot == wrong for slot in slots] for wrong in slots if wrong not in gate.op.conditions):
            yield Mistake(
                "loser", place, chain.with_locals(gate, [chain.one if each else chain.zero for each in routed])
            )
        yield Mistake("loser", place, chain.with_locals(gate, [chain.one for _ in slots]))
    for edge in chain.edges:
        if edge.gate.kind == "relu":
            place = f"{chain.written(edge.gate)} {'passes it on' if edge.local else 'is 0 and passes nothing on'} here"
            yield Mistake("loser", place, chain.with_local(edge, chain.one - chain.local(edge)))


def _branches(chain: _Chain) -> Iterator[Mistake]:
    """Of what comes back along several edges only one is counted, or one is left out."""
    for edges in _forks(chain):
        parts = [edge.chained * chain.below[edge.input.position] for edge in edges]
        for edge, part in zip(edges, parts, strict=True):
            twins = [each for each in edges if each.gate == edge.gate and each.input == edge.input]
            which = "one edge" if len(twins) > 1 else "the edge"
            along = f"{which} from {edge.input.name} into {chain.written(edge.gate)}"
            yield Mistake("branch", f"only {along} is counted", chain.right - sum(parts) + part)
            if len(edges) > 2:
                yield Mistake("branch", f"{along} is left out", chain.right - part)


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
        rest = f"still to be multiplied by {partial(chain.f, gate.name)} = {upstream}"
        yield Mistake("upstream", f"this is {partial(gate.name, chain.name)}, {rest}", chain.below[gate.position])
        for edge in chain.edges:
            if edge.gate == gate and edge.input.name == chain.name:
                yield Mistake("upstream", f"this is {chain.rule(edge)}, {rest}", chain.local(edge))


def _quotients(chain: _Chain) -> Iterator[Mistake]:
    """x/y has the local gradients 1/y and −x/y². These are pairs that one gets from a rule half remembered."""
    one, ratio = chain.one, chain.ratio
    for gate in chain.gates_of("div"):
        x, y = chain.inputs(gate)
        top, bottom = (chain.trace.graph.nodes[i].name for i in gate.inputs)
        inside = f"in {chain.written(gate)}"
        for what, *locals_ in (
            (f"the rules for {top} and {bottom} are exchanged", -x / (y * y), one / y),
            (f"it is turned over, into {bottom} / {top}", ratio(-y, x * x), ratio(one, x)),
            (f"{bottom} is not squared", one / y, -x / y),
            (f"{partial(gate.name, bottom)} is −{top}/{bottom}², and {top} is left out", one / y, -one / (y * y)),
            (f"{partial(gate.name, top)} is 1/{bottom}, and not squared", one / (y * y), -x / (y * y)),
            (f"the division by {bottom}² is left out", y, -x),
        ):
            yield Mistake("quotient", f"{inside}, {what}", chain.with_locals(gate, locals_))
        if len([edge for edge in chain.edges if edge.gate == gate]) == 2:
            yield Mistake("quotient", f"{inside}, {bottom} is not squared", chain.with_locals(gate, (one, -x / y)))
        each = ratio(*(chain.below[i] for i in gate.inputs))
        place = f"{inside}, the derivative of {top} is divided by that of {bottom}"
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
                ("the exponent does not come down as a factor", lowered),
                ("the exponent is not lowered by 1", n * out),
                ("the exponent is raised by 1, not lowered", n * out * x),
                ("the exponent is lowered before it comes down", (n - 1) * lowered),
                ("the exponent comes down and is lost above", n * x),
            )
        elif gate.kind in ("pow", "exp", "exp2"):
            base = {"exp": chain.trace.arithmetic.constant("e"), "exp2": number("2")}.get(gate.kind, x)
            exponent = rest[0] if rest else x
            wrong = (
                ("the rule for x^n is taken where the exponent varies", ratio(exponent * out, base)),
                ("the logarithm of the base is left out", out),
            )
        else:
            continue
        for what, local in wrong:
            place = f"{chain.rule(edge)} in {chain.written(gate)}, but {what}"
            yield Mistake("power", place, chain.with_local(edge, local))


def _factors(chain: _Chain) -> Iterator[Mistake]:
    """One local gradient is left out, or everything below a gate is."""
    for edge in chain.edges:
        place = f"{chain.rule(edge)} is left out"
        yield Mistake("factor", place, chain.with_local(edge, chain.one))
    for gate in chain.gates[:-1]:
        place = f"the chain stops at {gate.name}, and {partial(gate.name, chain.name)} is left out"
        yield Mistake("factor", place, chain.with_below(gate, chain.one))


def _inputs(chain: _Chain) -> Iterator[Mistake]:
    """The gradient of another variable, or one local gradient in the place of another of its gate."""
    for name, value in chain.trace.gradient.items():
        if name != chain.name:
            yield Mistake("input", f"this is {partial(chain.f, name)}", value)
    for edge in chain.edges:
        for other in chain.trace.edges_of(edge.gate):
            if other.slot != edge.slot and other.chained is not None:
                place = f"{chain.rule(other)} stands where {_of(edge)} belongs"
                yield Mistake("input", place, chain.with_local(edge, chain.local(other)))
