"""The story of a trace, as a teacher tells it: equations and sentences, in the order of the passes.

Names and formulas stand between backticks, for views that set them apart.
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
from .roles import meaning
from .wording import LISTED, Part, Wording, equation, listed


class Computed(NamedTuple):
    """A gate, or a named constant, in the forward pass, with `q1 = x + y = −2 + 5 = 3`."""

    node: Node
    equation: str


class Told(NamedTuple):
    """One edge in the backward pass. rule: the formula of its local gradient; equations: its chain, written out."""

    edge: Edge
    rule: str
    equations: list[str]


class Through(NamedTuple):
    """The backward pass through one gate."""

    gate: Gate
    heading: str
    says: list[str]
    edges: list[Told]


class Sum(NamedTuple):
    """What comes back to a node from several edges, added up."""

    node: Node
    heading: str
    terms: list[Value]
    equation: str


class Tells(NamedTuple):
    """What the gradient of one variable says: `∂f/∂x = −4`, `x + h → f − 4h`, and the same in a sentence."""

    variable: str
    equation: str
    arrow: str
    says: str


class Gap(NamedTuple):
    """So many are left out here."""

    left_out: int
    what: str


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

    def _gap(self, place: int, count: int) -> int:
        """How many are left out from this place on: 0 where none is, −1 inside of the gap."""
        half = count if self.limit is None or count <= self.limit else self.limit // 2
        return (count - 2 * half if place == half else -1) if half <= place < count - half else 0

    # -- Where

    def point(self) -> str:
        """`x = −2, y = 5`: the variables, and what was read as a constant."""
        words = self.words
        names = [*self.trace.point.items(), *self.trace.constants.items()]
        shown = [equation(Part(texts.short(name)), words.number(value)) for name, value in names[:LISTED]]
        return ", ".join([*shown, f"and {len(names) - LISTED:,} more"] if len(names) > LISTED else shown)

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
        for place, node in enumerate(nodes):
            if gap := self._gap(place, len(nodes)):
                if gap > 0:
                    yield Gap(gap, "gates")
                continue
            yield Computed(node, self._computed(node))

    def _computed(self, node: Node) -> str:
        words, values = self.words, self.trace.values
        value = words.number(values[node.position])
        if not isinstance(node, Gate):
            return equation(Part(f"{words.name(node)} = {texts.short(self.trace.graph.written(node))}"), value)
        put_in = words.applied(node, [values[each.position] for each in words.inputs(node)])
        return equation(Part(words.operation(node)), put_in, value) + words.inside(node)

    # -- Backward

    def backward(self) -> Iterator[Through | Sum | Gap]:
        """The gates in reverse, each fork's sum behind the last of its terms."""
        trace = self.trace
        gates = [gate for gate in trace.graph.gates if trace.upstream[gate.position] is not None]
        arrived: dict[int, list[Value]] = {}
        for place, gate in enumerate(reversed(gates)):
            edges, turns = trace.edges_of(gate), {}
            for edge in edges:
                if self.uses[edge.input.position] > 1:
                    terms = arrived.setdefault(edge.input.position, [])
                    terms.append(edge.chained)
                    turns[edge.slot] = len(terms)
            if gap := self._gap(place, len(gates)):
                if gap > 0:
                    yield Gap(gap, "gates")
                continue
            yield self._through(gate, edges, turns)
            for node in dict.fromkeys(edge.input for edge in edges):
                if len(arrived.get(node.position, ())) == self.uses[node.position] > 1:
                    yield self._sum(node, arrived.pop(node.position))

    def _through(self, gate: Gate, edges: Sequence[Edge], turns: Mapping[int, int]) -> Through:
        """turns: for an edge from a fork, by slot, how many edges of that fork have come back with it."""
        words, upstream = self.words, self.trace.upstream[gate.position]
        arrives = equation(Part(words.gradient(gate)), words.number(upstream))
        heading = f"`{words.operation(gate)}`, upstream {arrives}{words.inside(gate)}"
        flowing = [edge for edge in edges if edge.chained is not None]
        if upstream == 0 and all(edge.chained == 0 for edge in flowing):
            says = ["The upstream is 0, so nothing flows back through this gate."]
            alone = [edge for edge in flowing if edge.slot not in turns]
            return Through(gate, heading, says, [Told(edge, "", [self._nothing(edge)]) for edge in alone])
        if len(flowing) > LISTED:
            flowing = [edge for edge in flowing if edge.chained != 0]
        told = [self._told(edge, turns.get(edge.slot, 0)) for edge in flowing]
        return Through(gate, heading, self._says(gate, edges), told)

    def _nothing(self, edge: Edge) -> str:
        return f"`{self.words.gradient(edge.input)} = 0`"

    def _told(self, edge: Edge, turn: int) -> Told:
        """The local gradient of an edge, and the chain rule on it. Behind the output the two are the same."""
        words, gate = self.words, edge.gate
        rule, own = words.rule(edge), words.gradient(edge.input, gate)
        if edge.local is None:
            equations = [f"`{own}` is not needed: nothing flows here", *[self._nothing(edge)] * (not turn)]
        else:
            tie = any(notice.kind == "tie" for notice in self.notices.get(gate.name, ()))
            equations = [equation(Part(own), *([] if tie else rule.parts), words.number(edge.local))]
            if gate.position != words.output.position:
                total = () if turn else (Part(words.gradient(edge.input)),)
                chain = Part(f"{words.gradient(gate)} · {own}")
                numbers = words.product(self.trace.upstream[gate.position], edge.local)
                equations.append(equation(*total, chain, numbers, words.number(edge.chained)))
        if turn:
            fork = f"{turn:,} of {self.uses[edge.input.position]:,}"
            equations[0] = f"on edge {fork} from `{words.name(edge.input)}`: {equations[0]}"
        return Told(edge, rule.text, equations)

    def _sum(self, node: Node, terms: list[Value]) -> Sum:
        words = self.words
        heading = (
            f"`{words.name(node)}` has {len(terms):,} edges: its gradient is the sum of what flows back along them"
        )
        total = words.number(self.trace.upstream[node.position])
        return Sum(node, heading, terms, equation(Part(words.gradient(node)), words.sum(terms), total))

    # -- What a gate does

    def _says(self, gate: Gate, edges: Sequence[Edge]) -> list[str]:
        op = gate.op
        says = []
        if op.role:
            here = meaning(self.words, gate, edges)
            rule = "" if self._knows(op) and here else f"it {ROLES[op.role]}."
            says.append(f"{op.name} {op.role}: {rule}{' Here ' if rule and here else ''}{here}")
        if isinstance(op, Module) and not self._knows(op):
            says.append(
                f"`{op.name}` is a module: its local gradient comes from the gates inside; --expand shows them."
            )
        title = f"{gate.name} = {self.trace.graph.written(gate)}"
        for notice in self.notices.get(gate.name, ()):
            says += [f"{notice.message.replace(title, f'`{self.words.operation(gate)}`', 1)}."]
        flowing = (edge for edge in edges if edge.chained is not None)
        if op.note and any(self.words.rule(edge).by_convention for edge in flowing):
            says.append(f"At 0 a convention decides: {op.note}.")
        return says + self._still(edges)

    def _knows(self, thing: object) -> bool:
        """Whether this was explained before; from now on it is."""
        known = thing in self.explained
        self.explained.add(thing)
        return known

    def _still(self, edges: Sequence[Edge]) -> list[str]:
        """The inputs that nothing flows into."""
        still = [edge.input for edge in edges if edge.chained is None]
        constants = [self.words.name(node) for node in still if isinstance(node, Constant)]
        others = [self.words.name(node) for node in still if not isinstance(node, Constant)]
        says = []
        if constants:
            says.append(_stops(constants, "a constant", "constants"))
        if others:
            says.append(_stops(others, "held constant (--wrt)", "held constant (--wrt)"))
        return says

    # -- What it tells

    def tells(self) -> Iterator[Tells | Gap]:
        """The variables that have a gradient, in order of first use."""
        words, h = self.words, texts.step(self.trace)
        inputs = {node.name: node for node in self.trace.graph.variables}
        for place, row in enumerate(texts.variables(self.trace, words.digits)):
            if gap := self._gap(place, len(self.trace.gradient)):
                if gap > 0:
                    yield Gap(gap, "variables")
                continue
            gradient = self.trace.gradient[row.name]
            line = equation(Part(words.gradient(inputs[row.name])), words.number(gradient))
            says = f"If `{words.name(inputs[row.name])}` increases by a small `{h}`, {self._follows(gradient, h)}."
            if self.trace.is_by_convention(row.name):
                says = f"By convention, for there is a tie or a kink: {says[:1].lower()}{says[1:]}"
            yield Tells(row.name, line, f"`{row.tells.replace('-', '−')}`", says)

    def _follows(self, gradient: Value, h: str) -> str:
        f, slope = f"`{self.words.name(self.words.output)}`", self.trace.arithmetic.to_float(gradient)
        if slope == 0:
            return f"{f} does not change, to first order"
        if not self.trace.arithmetic.is_finite(gradient):
            return f"no multiple of `{h}` says what {f} does"
        size = texts.multiple(self.trace, gradient, self.words.digits, h).replace("-", "−")
        return f"{f} {'increases' if slope > 0 else 'decreases'} by {'just as much' if size == h else f'`{size}`'}"


def _stops(names: Sequence[str], one: str, several: str) -> str:
    what, them = (one, "it") if len(set(names)) == 1 else (several, "them")
    return f"{listed(names)} {'is' if them == 'it' else 'are'} {what}: nothing flows into {them}."
