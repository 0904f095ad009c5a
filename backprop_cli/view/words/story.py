"""The story of a trace, as a teacher tells it: equations and sentences, in the order of the passes.

Nothing is computed here: each number is the trace's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ...arithmetic import Value
from ...graph.graph import Constant, Gate, Module, Node
from ...passes.trace import Edge, Notice, Trace
from ...rules.table import ROLES
from .. import texts
from ..texts import Gap
from .roles import meaning
from .spans import LISTED, Said, Span, code, equation, listed, say
from .wording import Wording


class Computed(NamedTuple):
    """A gate, or a named constant, in the forward pass, with `q1 = x + y = −2 + 5 = 3`."""

    node: Node
    equation: Said


class Told(NamedTuple):
    """One edge in the backward pass, with its chain, written out."""

    edge: Edge
    equations: list[Said]


class Through(NamedTuple):
    """The backward pass through one gate. says: first what it is, then what it does."""

    node: Gate
    says: list[Said]
    edges: Sequence[Told]


class Sum(NamedTuple):
    """What comes back to a node from several edges, added up. says: that it does, then the sum."""

    node: Node
    terms: list[Value]
    says: list[Said]
    edges: Sequence[Told] = ()


class Tells(NamedTuple):
    """What the gradient of one variable says: `∂f/∂x = −4`, `x + h → f − 4h`, and the same in a sentence."""

    variable: str
    equation: Said
    arrow: Span
    says: Said


class Story:
    """The parts of the story of one trace. limit: of more gates or variables than that, only the ends are told."""

    def __init__(self, trace: Trace, digits: int | None = None, limit: int | None = None) -> None:
        self.trace = trace
        self.words = Wording(trace, digits)
        self.limit = limit
        self.uses = Counter(edge.input.position for edge in trace.edges if edge.chained is not None)
        self.notices: dict[str, list[Notice]] = {}
        for notice in trace.warnings:
            self.notices.setdefault(notice.node, []).append(notice)
        self.explained: set[object] = set()

    # -- Where

    def point(self) -> Said:
        """`x = −2, y = 5`: the variables, and what was read as a constant."""
        names = [*self.trace.point.items(), *self.trace.constants.items()]
        shown = [equation(code(texts.short(name)), self.words.number(value)) for name, value in names[:LISTED]]
        more = f"and {len(names) - LISTED:,} more"
        return say(", ".join(["{}"] * len(shown) + [more] * (len(names) > LISTED)), *shown)

    def notes(self) -> list[str]:
        """The warnings that belong to no gate."""
        gates = {gate.name for gate in self.trace.graph.gates}
        return [f"{notice.message}." for notice in self.trace.warnings if notice.node not in gates]

    # -- Forward

    def forward(self) -> Iterator[Computed | Gap]:
        """The gates in forward order, and the constants that have a name of their own."""
        stages = {name for name, _ in self.trace.graph.stages}
        nodes = [
            node
            for node in self.trace.graph.nodes
            if isinstance(node, Gate) or (isinstance(node, Constant) and node.name in stages)
        ]
        for each in texts.ends(nodes, len(nodes), self.limit, "gates"):
            yield each if isinstance(each, Gap) else Computed(each, self._computed(each))

    def _computed(self, node: Node) -> Said:
        words, values = self.words, self.trace.values
        value = words.number(values[node.position])
        if not isinstance(node, Gate):
            return equation(
                code(f"{words.name(node).text} = {texts.short(self.trace.graph.written(node))}", node), value
            )
        inputs = [values[each.position] for each in words.inputs(node)]
        put_in = words.applied(node.op, inputs, len(node.inputs))
        return [*equation(words.operation(node), put_in, value), *words.inside(node)]

    # -- Backward

    def backward(self) -> Iterator[Through | Sum | Gap]:
        """The gates in reverse, each fork's sum behind the last of its terms."""
        trace = self.trace
        gates = [each for each in trace.graph.gates if trace.gradient and trace.upstream[each.position] is not None]
        for each in texts.ends(self._returns(gates), len(gates), self.limit, "gates"):
            if isinstance(each, Gap):
                yield each
            else:
                gate, turns, sums = each
                yield self._through(gate, turns)
                yield from (self._sum(node, terms) for node, terms in sums)

    def _returns(self, gates: Sequence[Gate]) -> Iterator[tuple[Gate, dict[int, int], list[tuple[Node, list[Value]]]]]:
        """The gates in reverse; by the slot of an edge from a fork, how many edges of that have come back with it; and
        the forks of which all have, with what they brought.
        """
        arrived: dict[int, list[Value]] = {}
        for gate in reversed(gates):
            turns, inputs = {}, {}
            for edge in self.trace.edges_of(gate):
                if self.uses[edge.input.position] > 1:
                    terms = inputs[edge.input] = arrived.setdefault(edge.input.position, [])
                    terms.append(edge.chained)
                    turns[edge.slot] = len(terms)
            sums = [(node, terms) for node, terms in inputs.items() if len(terms) == self.uses[node.position]]
            yield gate, turns, sums

    def _through(self, gate: Gate, turns: Mapping[int, int]) -> Through:
        edges, words, upstream = self.trace.edges_of(gate), self.words, self.trace.upstream[gate.position]
        arrives = equation(words.gradient(gate), words.number(upstream))
        heading = say("{}, upstream {}{}", words.operation(gate), arrives, words.inside(gate))
        flowing = [edge for edge in edges if edge.chained is not None]
        if upstream == 0 and all(edge.chained == 0 for edge in flowing):
            says = say("The upstream is 0, so nothing flows back through this gate.")
            alone = [edge for edge in flowing if edge.slot not in turns]
            return Through(gate, [heading, says], [Told(edge, [self._nothing(edge)]) for edge in alone])
        if len(flowing) > LISTED:
            flowing = [edge for edge in flowing if edge.chained != 0]
        told = [self._told(edge, turns.get(edge.slot, 0)) for edge in flowing]
        return Through(gate, [heading, *self._says(gate, edges)], told)

    def _nothing(self, edge: Edge) -> Said:
        return equation(self.words.gradient(edge.input), Span("number", "0"))

    def _told(self, edge: Edge, turn: int) -> Told:
        """The local gradient of an edge, and the chain rule on it. Behind the output the two are the same."""
        words, gate = self.words, edge.gate
        own = words.gradient(edge.input, gate)
        if edge.local is None:
            equations = [say("{} is not needed: nothing flows here", own), *[self._nothing(edge)] * (not turn)]
        else:
            tie = any(notice.kind == "tie" for notice in self.notices.get(gate.name, ()))
            equations = [equation(own, *([] if tie else words.rule(edge).parts), words.number(edge.local))]
            if gate.position != words.output.position:
                total = () if turn else (words.gradient(edge.input),)
                chain = code(f"{words.gradient(gate).text} · {own.text}", edge.input)
                numbers = words.product(self.trace.upstream[gate.position], edge.local)
                equations.append(equation(*total, chain, numbers, words.number(edge.chained)))
        if turn:
            fork = f"{turn:,} of {self.uses[edge.input.position]:,}"
            equations[0] = say("on edge {} from {}: {}", fork, words.name(edge.input), equations[0])
        return Told(edge, equations)

    def _sum(self, node: Node, terms: list[Value]) -> Sum:
        words = self.words
        heading = "{} has {} edges: its gradient is the sum of what flows back along them"
        total = equation(words.gradient(node), words.sum(terms), words.number(self.trace.upstream[node.position]))
        return Sum(node, terms, [say(heading, words.name(node), f"{len(terms):,}"), total])

    # -- What a gate does

    def _says(self, gate: Gate, edges: Sequence[Edge]) -> list[Said]:
        op = gate.op
        says: list[Said] = []
        if op.role:
            here = meaning(self.words, gate, edges)
            rule = "" if self._knows(op) and here else f"it {ROLES[op.role]}."
            says.append(say("{} {}: {}{}{}", op.name, op.role, rule, " Here " if rule and here else "", here))
        if isinstance(op, Module) and not self._knows(op):
            words = "{} is a module: its local gradient comes from the gates inside; --expand shows them."
            says.append(say(words, code(op.name)))
        title = f"{gate.name} = {self.trace.graph.written(gate)}"
        for notice in self.notices.get(gate.name, ()):
            before, there, after = notice.message.partition(title)
            says.append(say("{}{}{}.", before, self.words.operation(gate) if there else "", after))
        flowing = (edge for edge in edges if edge.chained is not None)
        if op.note and any(self.words.rule(edge).by_convention for edge in flowing):
            says.append(say("At 0 a convention decides: {}.", op.note))
        return says + self._still(edges)

    def _knows(self, thing: object) -> bool:
        """Whether this was explained before; from now on it is."""
        known = thing in self.explained
        self.explained.add(thing)
        return known

    def _still(self, edges: Sequence[Edge]) -> list[Said]:
        """The inputs that nothing flows into."""
        still = [edge.input for edge in edges if edge.chained is None]
        constants = [self.words.name(node) for node in still if isinstance(node, Constant)]
        others = [self.words.name(node) for node in still if not isinstance(node, Constant)]
        held = "held constant (--wrt)"
        named = ((constants, "a constant", "constants"), (others, held, held))
        return [_stops(names, one, several) for names, one, several in named if names]

    # -- What it tells

    def tells(self) -> Iterator[Tells | Gap]:
        """The variables that have a gradient, in order of first use."""
        inputs, h = {node.name: node for node in self.trace.graph.variables}, texts.step(self.trace)
        rows = texts.variables(self.trace, self.words.digits)
        for each in texts.ends(rows, len(self.trace.gradient), self.limit, "variables"):
            yield each if isinstance(each, Gap) else self._tells(inputs[each.name], each.tells, h)

    def _tells(self, node: Node, tells: str, h: str) -> Tells:
        words, gradient = self.words, self.trace.gradient[node.name]
        by_convention = self.trace.is_by_convention(node.name)
        begin = "By convention, for there is a tie or a kink: if" if by_convention else "If"
        says = say("{} {} increases by a small {}, {}.", begin, words.name(node), code(h), self._follows(gradient, h))
        line = equation(words.gradient(node), words.number(gradient))
        return Tells(node.name, line, code(tells.replace("-", "−"), node), says)

    def _follows(self, gradient: Value, h: str) -> Said:
        f, slope = self.words.name(self.words.output), self.trace.arithmetic.to_float(gradient)
        if slope == 0:
            return say("{} does not change, to first order", f)
        if not self.trace.arithmetic.is_finite(gradient):
            return say("no multiple of {} says what {} does", code(h), f)
        size = texts.multiple(self.trace, gradient, self.words.digits, h).replace("-", "−")
        how = "increases" if slope > 0 else "decreases"
        return say("{} {} by {}", f, how, "just as much" if size == h else code(size))


def _stops(names: Sequence[Span], one: str, several: str) -> Said:
    is_, what, them = ("is", one, "it") if len({name.text for name in names}) == 1 else ("are", several, "them")
    return say("{} {} {}: nothing flows into {}.", listed(names), is_, what, them)
