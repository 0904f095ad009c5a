"""How an explanation writes numbers, names and formulas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ...arithmetic import Value
from ...graph.graph import Constant, Gate, Node, partial
from ...passes.trace import Edge, Trace
from ...rules.formula import Formula, substitute
from ...rules.op import Op
from ...rules.printer import NUMBERS, READING
from .. import texts
from ..texts import Gap
from .language import ENGLISH, Language
from .spans import LISTED, Said, Span, code

BLANK = "____"
"""A place for a number."""
_NAME = 30  # characters of a name


class Rule(NamedTuple):
    """The rule of an edge: over names, then with numbers put in; and whether it holds only by a convention here.

    A rule that is a condition, or holds by convention, has no numbers put in: they would not compute.
    """

    parts: list[Span]
    by_convention: bool = False


class Wording:
    """Words for one trace.

    digits: significant digits of a number, None for as many as its arithmetic shows
    blank: whether places for numbers are left out, to be filled in
    language: what is spoken
    """

    def __init__(
        self, trace: Trace, digits: int | None = None, blank: bool = False, language: Language = ENGLISH
    ) -> None:
        self.say, self.language = language.say, language
        self.blank = blank
        self.trace = trace
        self.digits = digits or trace.arithmetic.digits
        self.output = trace.graph.output
        self._plain: dict[Value, Span] = {}  # most values stand in several places

    # -- Numbers

    def plain(self, value: Value) -> Span:
        """A value as arithmetics write it."""
        if value is None:
            return Span("number", texts.NONE)
        if isinstance(value, bool):  # which equals 0 or 1
            return Span("number", self.trace.arithmetic.show(value, self.digits))
        if self.blank:
            return Span("number", BLANK)
        if self.trace.arithmetic.shape(value):
            shown, is_rounded = self.trace.arithmetic.rounded(value, self.digits)
            return Span("number", shown if shown.startswith("[") else f"[{shown}]", rounded=is_rounded)
        if value not in self._plain:
            shown, is_rounded = self.trace.arithmetic.rounded(value, self.digits)
            self._plain[value] = Span("number", shown, rounded=is_rounded)
        return self._plain[value]

    def number(self, value: Value) -> Span:
        """A value with a typographic minus."""
        shown = self.plain(value)
        return shown._replace(text=shown.text.replace("-", "−"))

    def said(self, value: Value) -> Said:
        """A value in a sentence."""
        shown = self.number(value)
        return self.say("about", shown) if shown.rounded else [shown]

    def applied(self, op: Op, values: Sequence[Value], count: int) -> Span:
        """An operation over numbers, which may be fewer than its `count` inputs: `3 · (−4)`."""
        more = [Formula("…")] * (len(values) < count)
        return self._with_numbers(op.applied([*map(self._formula, values), *more]), values)

    def product(self, one: Value, other: Value) -> Span:
        """`−4 · 1`."""
        return self._with_numbers(self._formula(one) * self._formula(other), (one, other))

    def line(self, value: Value, step: Value, slope: Value) -> Span:
        """`−12 + 0.01 · (−4)`.

        step: how far the variable is moved
        slope: the gradient by it
        """
        value_, step_, slope_ = map(self._formula, (value, step, slope))
        return self._with_numbers(value_ + step_ * slope_, (value, step, slope))

    def _formula(self, value: Value) -> Formula:
        return Formula(self.plain(value).text)

    def _with_numbers(self, formula: Formula, values: Iterable[Value]) -> Span:
        return code(NUMBERS.text(formula), rounded=any(self.plain(value).rounded for value in values))

    def sum(self, values: list[Value]) -> Span:
        """`3 + (−4)`; of very many terms the first and the last."""
        terms: list[str] = []
        for each in texts.ends(values, len(values), LISTED, "terms"):
            term = "…" if isinstance(each, Gap) else self.number(each).text
            terms.append(f"({term})" if terms and term.startswith("−") else term)
        return code(" + ".join(terms), rounded=any(self.plain(value).rounded for value in values))

    # -- Names

    def name(self, node: Node) -> Span:
        return code(texts.short(self.trace.graph.name_of(node), _NAME), node)

    def gradient(self, node: Node, of: Node | None = None) -> Span:
        """`∂f/∂x`; or the local gradient of the gate `of`."""
        return code(partial(self.name(of or self.output).text, self.name(node).text), node)

    def operation(self, gate: Gate) -> Span:
        """`q1 = x + y`."""
        names = [self.name(node).text for node in self.inputs(gate)]
        written = gate.op.written(names + ["…"] * (len(names) < len(gate.inputs)))
        return code(f"{self.name(gate).text} = {written}", gate)

    def inputs(self, gate: Gate) -> list[Node]:
        """The inputs that are written out."""
        return [self.trace.graph.nodes[i] for i in gate.inputs[: LISTED if gate.op.variadic else None]]

    def heading(self, index: int) -> Said:
        """The heading of the gates that an opened call is made of."""
        group = self.trace.graph.groups[index]
        return self.say("inside", code(f"{group.name} = {texts.short(group.call)}"))

    # -- Conditions

    def verdict(self, gate: Gate) -> Said:
        """`q1 = x > 0 holds (2 > 0)`."""
        return self.say({True: "holds", False: "fails", None: "undecided"}[self.holds(gate)], *self.put_in(gate))

    def put_in(self, gate: Gate) -> tuple[Span, Span]:
        """`q1 = x > 0`, and `2 > 0`."""
        values = [self.trace.values[node.position] for node in self.inputs(gate)]
        return self.operation(gate), self.applied(gate.op, values, len(gate.inputs))

    def holds(self, node: Node) -> bool | None:
        """Whether a condition holds."""
        value = self.trace.values[node.position]
        return None if value is None else self.trace.arithmetic.holds(value)

    def condition(self, gate: Gate) -> Node:
        """The condition of a choice."""
        [slot] = gate.op.conditions
        return self.trace.graph.nodes[gate.inputs[slot]]

    def taken(self, gate: Gate) -> Node | None:
        """What a choice hands on."""
        holds = self.holds(self.condition(gate))
        slot = None if holds is None else gate.op.chosen(holds)
        return None if slot is None else self.trace.graph.nodes[gate.inputs[slot]]

    # -- Rules

    def rule(self, edge: Edge) -> Rule:
        """The formula of the edge's local gradient."""
        formula, here = self.stood_in(edge)
        read = READING.text(self._over_names(formula, here))
        if self.blank:
            return Rule([] if formula.is_number else [code(read)])
        if formula.head == "where":
            return Rule([code(f"({read})")])
        if self._is_undefined_as_read(edge, here.values()):
            return Rule([code(read)], True)
        values = {key: self.trace.values[node.position] for key, node in here.items()}
        put_in = substitute(formula, {key: self.plain(value).text for key, value in values.items()})
        return Rule([code(read), *([self._with_numbers(put_in, values.values())] if here else [])])

    def local(self, edge: Edge) -> Formula:
        """The formula of the edge's local gradient over names."""
        return self._over_names(*self.stood_in(edge))

    def stood_in(self, edge: Edge) -> tuple[Formula, dict[str, Node]]:
        """The formula of the local gradient over words that are nobody's name, and the node that each stands for."""
        stand_ins: dict[str, Node] = {}

        def stand_in(node: Node) -> str:
            if isinstance(node, Constant) and node.literal and Formula(node.name).is_number:
                return node.name
            stand_ins[f"node{node.position}"] = node
            return f"node{node.position}"

        formula = self.trace.rule(edge, stand_in)
        return formula, {key: stand_ins[key] for key in formula.words if key in stand_ins}

    def _over_names(self, formula: Formula, here: Mapping[str, Node]) -> Formula:
        return substitute(formula, {key: self.name(node).text for key, node in here.items()})

    def _is_undefined_as_read(self, edge: Edge, operands: Iterable[Node]) -> bool:
        """Whether a rule with a convention may have no value as it reads: f·log(x) at x = 0, but not 2·x."""
        if edge.gate.op.partial(edge.slot).head != "convention" or self.trace.has_axes:
            return False
        return any(self.trace.values[i] == 0 for i in edge.gate.inputs) and any(node != edge.input for node in operands)
