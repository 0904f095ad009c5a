"""The story of a trace, as a teacher tells it: equations and sentences, in the order of the passes.

Nothing is computed here: each number is the trace's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TypeAlias

from ...arithmetic import Value
from ...graph.graph import Constant, Gate, Module, Node
from ...passes.trace import Edge, Notice, Trace
from .. import texts
from ..texts import Gap
from .dimensions import Dimensions
from .language import ENGLISH, Language
from .parts import Back, Computed, Opened, Tells, Told
from .roles import meaning
from .spans import LISTED, Said, Span, code, equation, in_product, plain, say
from .wording import BLANK, Wording

_CONSTANT, _CONDITION, _FIXED = ("one constant", "constants"), ("one condition", "conditions"), ("one fixed", "fixed")
_Return: TypeAlias = tuple[Gate, dict[int, int], list[tuple[Node, list[Value]]]]
"""A gate, and what is known of its edges into forks (see `Story._returns`)."""


class Story:
    """The parts of the story of one trace.

    digits: significant digits of a number, None for as many as its arithmetic shows
    limit: of more gates or variables than that, only the ends are told
    only: names of the nodes that it is to be about, None for all
    blank: whether it is a worksheet, without numbers and without what would tell them
    language: in which it is told
    """

    def __init__(
        self,
        trace: Trace,
        digits: int | None = None,
        limit: int | None = None,
        only: Collection[str] | None = None,
        blank: bool = False,
        language: Language = ENGLISH,
    ) -> None:
        self.trace = trace
        self.given = Wording(trace, digits, language=language)
        self.words = Wording(trace, digits, blank, language)
        self.dimensions = Dimensions(self.words)
        self.say = language.say
        self.limit = limit
        self.only = only
        self.uses = Counter(edge.input.position for edge in trace.edges if edge.chained is not None)
        self.notices: dict[str, list[Notice]] = {}
        for notice in trace.warnings:
            self.notices.setdefault(notice.node, []).append(notice)
        self.explained: set[object] = set()

    @property
    def has_forks(self) -> bool:
        """Whether some node has several edges that bring it a gradient."""
        return any(count > 1 for count in self.uses.values())

    # -- Where

    @property
    def is_boxed(self) -> bool:
        """Whether a variable is a box, so that numbers are those of all points in it."""
        return self.trace.arithmetic.of_boxes and any(not each.is_thin for each in self.trace.point.values())

    def point(self) -> Said:
        """`x = −2, y ∈ [4, 5]`: the variables, and what was read as a constant."""
        names = [*self.trace.point.items(), *self.trace.constants.items()]
        shown = [self._at(code(texts.short(name)), name, value) for name, value in names[:LISTED]]
        more = [self.say("and more", f"{len(names) - LISTED:,}")] * (len(names) > LISTED)
        return say(", ".join(["{}"] * len([*shown, *more])), *shown, *more)

    def _at(self, shown: Span, name: str, value: Value) -> Said:
        number = self._given(name, value)
        is_box = self.trace.arithmetic.of_boxes and not value.is_thin
        return say("{} ∈ {}", shown, number) if is_box else equation(shown, number)

    def _given(self, name: str, value: Value) -> Span:
        """A value as it was given, with its uncertainty, if it has one."""
        found = self.trace.uncertainty
        if found is None or name not in found.sigmas:
            return self.given.number(value)
        return Span("number", texts.uncertain(self.trace, value, found.sigmas[name], None).replace("-", "−"))

    def notes(self) -> list[Said]:
        """The warnings that belong to no gate."""
        gates = {gate.name for gate in self.trace.graph.gates}
        warned = self.words.language.warned
        return [warned(f"{notice.message}.") for notice in self.trace.warnings if notice.node not in gates]

    # -- Forward

    def begins(self) -> Said:
        """What the forward pass does; or that there is no gate."""
        output = self.words.output
        if isinstance(output, Gate):
            return self.say("each gate" + ", boxes" * self.trace.arithmetic.of_boxes)
        key = "only a constant" if isinstance(output, Constant) else "only a variable"
        return self.say(key, self.words.name(output))

    def forward(self) -> Iterator[Computed | Gap]:
        """The gates in forward order, and the constants that have a name of their own."""
        stages = {name for name, _ in self.trace.graph.stages}
        nodes = [
            node
            for node in self.trace.graph.nodes
            if (isinstance(node, Gate) or (isinstance(node, Constant) and node.name in stages)) and self._tells_of(node)
        ]
        opened = Opened(self.words)
        for each in texts.ends(nodes, len(nodes), self.limit, "gates"):
            yield each if isinstance(each, Gap) else Computed(each, self._computed(each), *opened.at(each))

    def has_axes(self, gate: Gate) -> bool:
        """Whether a gate, or one of its inputs, is an array."""
        return self.trace.has_axes and any(
            self.trace.arithmetic.shape(self.trace.values[i]) for i in (gate.position, *gate.inputs)
        )

    def _tells_of(self, node: Node) -> bool:
        return self.only is None or node.name in self.only

    def _computed(self, node: Node) -> Said:
        words, values = self.words, self.trace.values
        if isinstance(node, Gate) and values[node.position] is None:
            return self.say("no value", words.operation(node))
        value = words.number(values[node.position])
        if isinstance(node, Gate) and self.has_axes(node):
            return self.dimensions.computed(node)
        if not isinstance(node, Gate):
            return equation(
                code(f"{words.name(node).text} = {texts.short(self.trace.graph.written(node))}", node), value
            )
        if node.op.truth:
            return words.verdict(node)
        if node.op.chooses and not isinstance(node.op, Module):
            taken = words.taken(node)
            return equation(words.operation(node), *([words.name(taken)] if taken else []), value)
        inputs = [values[each.position] for each in words.inputs(node)]
        put_in = words.applied(node.op, inputs, len(node.inputs))
        return equation(words.operation(node), put_in, value)

    # -- Backward

    def backward(self) -> Iterator[Back | Gap]:
        """The gates in reverse, each fork's sum behind the last of its terms.

        Where the story is about some nodes only, the edges into these and out of them are told.
        """
        trace = self.trace
        gates = [each for each in trace.graph.gates if trace.gradient and trace.upstream[each.position] is not None]
        returns: Collection[_Return] = [each for each in self._returns(gates) if self._is_told(each)]
        opened = Opened(self.words)
        for each in texts.ends(returns, len(returns), self.limit, "gates"):
            if isinstance(each, Gap):
                yield each
            else:
                gate, turns, sums = each
                yield self._through(gate, turns, opened)
                for node, terms in sums:
                    if self._tells_of(node):
                        yield self._sum(node, terms)

    def _is_told(self, told: _Return) -> bool:
        gate = told[0]
        return self._tells_of(gate) or any(self._tells_of(self.trace.graph.nodes[i]) for i in gate.inputs)

    def _returns(self, gates: Sequence[Gate]) -> Iterator[_Return]:
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

    def _through(self, gate: Gate, turns: Mapping[int, int], opened: Opened) -> Back:
        edges, words, upstream = self.trace.edges_of(gate), self.words, self.trace.upstream[gate.position]
        arrives = equation(words.gradient(gate), words.number(upstream))
        heading = self.say("upstream", words.operation(gate), arrives)
        flowing = [edge for edge in edges if edge.chained is not None]
        if not self._tells_of(gate):
            flowing = [edge for edge in flowing if self._tells_of(edge.input)]
        vanishes = self.trace.arithmetic.vanishes
        if not words.blank and vanishes(upstream) and all(vanishes(edge.chained) for edge in flowing):
            says = self.say("stopped")
            alone = [edge for edge in flowing if edge.slot not in turns]
            told = [Told(edge, [self._nothing(edge)]) for edge in alone]
            return Back(gate, [heading, says], told, *opened.at(gate))
        if len(flowing) > LISTED:
            flowing = [edge for edge in flowing if not vanishes(edge.chained)]
        told = [self._told(edge, turns.get(edge.slot, 0)) for edge in flowing]
        return Back(gate, [heading, *self._says(gate, edges)], told, *opened.at(gate))

    def _nothing(self, edge: Edge) -> Said:
        nothing = self.words.number(edge.chained) if self.trace.has_axes else Span("number", "0")
        return equation(self.words.gradient(edge.input), nothing)

    def _told(self, edge: Edge, turn: int) -> Told:
        """The local gradient of an edge, and the chain rule on it. Behind the output the two are the same.

        turn: where the input is a fork, which of its shares this is. Then ∂f/∂x is the sum, and no name for a share.
        """
        if self.has_axes(edge.gate):
            return Told(edge, self._of_arrays(edge, turn))
        if turn:
            return self._share(edge, turn)
        words, gate = self.words, edge.gate
        own = words.gradient(edge.input, gate)
        if edge.local is None and not words.blank:
            return Told(edge, [self.say("not needed", own), self._nothing(edge)])
        equations = [equation(own, *self._rule(edge), words.number(edge.local))]
        if gate.position != words.output.position:
            chain = code(f"{words.gradient(gate).text} · {own.text}", edge.input)
            equations.append(equation(words.gradient(edge.input), chain, *self._product(edge)))
        return Told(edge, equations)

    def _of_arrays(self, edge: Edge, turn: int) -> list[Said]:
        """An edge between arrays; where its input is a fork, what it brings is a share."""
        *reasons, last = self.dimensions.told(edge)
        if not turn:
            return [*reasons, last]
        fork = f"{turn:,}", f"{self.uses[edge.input.position]:,}"
        name, text = self.words.gradient(edge.input).text, plain(last)
        chain: Said = [code(text.removeprefix(name).lstrip(" =≈"), edge.input)] if text.startswith(name) else last
        return [*reasons, self.say("share", *fork, self.words.name(edge.input), chain)]

    def _share(self, edge: Edge, turn: int) -> Told:
        """What one edge brings to a fork."""
        words, gate = self.words, edge.gate
        equations: list[Said] = []
        factor = own = words.gradient(edge.input, gate)
        is_named = gate.position != words.output.position and gate.inputs.count(edge.input.position) == 1
        if edge.local is None and not words.blank:
            chain = self.say("not selected")
        else:
            if is_named:
                equations = [equation(own, *self._rule(edge), words.number(edge.local))]
            else:  # ∂gate/∂input is the gradient over all of the edges
                factor = next(iter(self._rule(edge)), words.number(edge.local))
            chained = f"{words.gradient(gate).text} · {in_product(factor)}"
            chain = equation(code(chained, edge.input if is_named else gate), *self._product(edge))
        fork = f"{turn:,}", f"{self.uses[edge.input.position]:,}"
        return Told(edge, [*equations, self.say("share", *fork, words.name(edge.input), chain)])

    def _rule(self, edge: Edge) -> list[Span]:
        """The formula of a local gradient, and with numbers put in; none at a tie, where a convention decides."""
        own = () if isinstance(edge.gate.op, Module) else self.notices.get(edge.gate.name, ())
        tie = not self.words.blank and any(notice.kind == "tie" for notice in own)
        return [] if tie else self.words.rule(edge).parts

    def _product(self, edge: Edge) -> tuple[Span, Span]:
        """Upstream times local in numbers, and what that is."""
        return self.words.product(self.trace.upstream[edge.gate.position], edge.local), self.words.number(edge.chained)

    def _sum(self, node: Node, terms: list[Value]) -> Back:
        words = self.words
        total = equation(words.gradient(node), words.sum(terms), words.number(self.trace.upstream[node.position]))
        says = [self.say("sum", words.name(node), f"{len(terms):,}", words.gradient(node)), total]
        return Back(node, says, depth=len(self.trace.graph.around(node)), terms=terms)

    # -- What a gate does

    def _says(self, gate: Gate, edges: Sequence[Edge]) -> list[Said]:
        op = gate.op
        says: list[Said] = []
        if self.words.blank:
            return says
        if not isinstance(op, Module):
            here = [] if self.has_axes(gate) else meaning(self.words, gate, edges)
            does = "" if self._knows(op) and here else self.words.language.does(op)
            key = " ".join(["role"] * bool(op.role) + ["does"] * bool(does) + ["here"] * bool(here))
            if key not in ("", "role"):
                role = [self.say(op.role)] if op.role else []
                says.append(self.say(key, op.name, *role, *([does] if does else []), here))
        elif not self._knows(op):
            says.append(self.say("module", code(op.name)))
        says += [self._noticed(gate, notice) for notice in self.notices.get(gate.name, ())]
        flowing = (edge for edge in edges if edge.chained is not None)
        note = op.note and self.words.language.note(op)
        if note and any(self.words.rule(edge).by_convention for edge in flowing):
            says.append(self.say("at 0", note))
        return says + self._still(edges)

    def _noticed(self, gate: Gate, notice: Notice) -> Said:
        """A warning that is of this gate."""
        title = f"{gate.name} = {self.trace.graph.written(gate)}"
        return self.words.language.warned(f"{notice.message}.", title, self.words.operation(gate))

    def _knows(self, thing: object) -> bool:
        """Whether this was explained before; from now on it is."""
        known = thing in self.explained
        self.explained.add(thing)
        return known

    def _still(self, edges: Sequence[Edge]) -> list[Said]:
        """The inputs that nothing flows into."""
        kinds: dict[tuple[str, str], list[Span]] = {_CONSTANT: [], _CONDITION: [], _FIXED: []}
        for node in (edge.input for edge in edges if edge.chained is None):
            truth = isinstance(node, Gate) and node.op.truth
            kind = _CONSTANT if isinstance(node, Constant) else _CONDITION if truth else _FIXED
            kinds[kind].append(self.words.name(node))
        return [
            self.say(one if len({name.text for name in names}) == 1 else several, self.words.language.listed(names))
            for (one, several), names in kinds.items()
            if names
        ]

    # -- What it tells

    def tells(self) -> Iterator[Tells | Gap]:
        """The variables that have a gradient, in order of first use."""
        inputs, h = {node.name: node for node in self.trace.graph.variables}, texts.step(self.trace)
        rows = [each for each in texts.variables(self.trace, self.words.digits) if self._tells_of(inputs[each.name])]
        for each in texts.ends(rows, len(rows), self.limit, "variables"):
            yield each if isinstance(each, Gap) else self._tells(inputs[each.name], each.tells, h)

    def _tells(self, node: Node, tells: str, h: str) -> Tells:
        words, gradient = self.words, self.trace.gradient[node.name]
        if self.trace.has_axes and not words.blank:
            arrow, says = self.dimensions.tells(node, gradient, h)
            return Tells(node.name, equation(words.gradient(node), words.number(gradient)), arrow, says)
        if words.blank:
            line, f = equation(words.gradient(node), words.number(gradient)), words.name(words.output).text
            return Tells(node.name, line, code(f"{texts.short(node.name)} + {h} → {f} {BLANK}", node), [])
        line = equation(words.gradient(node), words.number(gradient))
        if self.is_boxed:
            trend = (self.trace.monotone or {}).get(node.name)
            key = "fixed in its box" if self.trace.point[node.name].is_thin else f"trend {trend}"
            told = plain(self.say(key, words.name(words.output), words.name(node)))
            return Tells(node.name, line, Span("words", told), [])
        says = self.say(self._if(node.name), words.name(node), code(h), self._follows(node, gradient, h))
        return Tells(node.name, line, code(tells.replace("-", "−"), node), says)

    def _if(self, name: str) -> str:
        """How what a gradient tells begins: where it is a convention, with what decides."""
        if not self.trace.is_by_convention(name):
            return "if"
        at_border = any(notice.kind == "border" for notice in self.trace.warnings)
        return "if, at a border" if at_border else "if, by convention"

    def _follows(self, node: Node, gradient: Value, h: str) -> Said:
        f, slope = self.words.name(self.words.output), self.trace.arithmetic.to_float(gradient)
        if slope == 0:
            return self.say("does not change at first" if node.position in self._felt else "does not change", f)
        if not self.trace.arithmetic.is_finite(gradient):
            return self.say("no multiple", code(h), f)
        size = texts.multiple(self.trace, gradient, self.words.digits, h).replace("-", "−")
        how = "increases" if slope > 0 else "decreases"
        return self.say(f"{how} as much", f) if size == h else self.say(how, f, code(size))

    @cached_property
    def _felt(self) -> set[int]:
        """The nodes from which a way leads to the output along edges that are not 0 whatever happens nearby."""
        felt = {self.words.output.position}
        for gate in self.trace.graph.gates_backward:
            if gate.position in felt:
                for edge in self.trace.edges_of(gate):
                    if edge.active and edge.local is not None and self.trace.rule(edge).head != "0":
                        felt.add(edge.input.position)
        return felt
