"""How an explanation writes numbers, names and equations.

Names and formulas in a sentence stand between backticks, for views that set them apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ...arithmetic import Value
from ...graph.graph import Constant, Gate, Node
from ...passes.trace import Edge, Trace
from ...rules.formula import Formula, substitute
from ...rules.printer import NUMBERS, text
from .. import texts

LISTED = 12
"""Names in a sentence, inputs of one gate and terms of a sum that are written out; of more, some."""
_NO_FIGURE = re.compile(r"[eE].*|[^0-9]").sub
_NAME = 30  # characters of a name


class Part(NamedTuple):
    """A side of an equation. rounded: whether it holds a number that is shown with fewer digits than it has."""

    text: str
    rounded: bool = False


def equation(first: Part, *parts: Part) -> str:
    """The parts with `=` between them, `≈` beside one that is rounded; without those that repeat the one before."""
    line, before = first.text, first
    for part in parts:
        if part.text != before.text:
            line += f" {'≈' if part.rounded or before.rounded else '='} {part.text}"
        before = part
    return f"`{line}`"


def listed(names: Iterable[str], limit: int = LISTED) -> str:
    """`x`, `y` and `z`; of very many only the first."""
    words = [f"`{name}`" for name in dict.fromkeys(names)]
    if len(words) > limit + 1:
        words = [*words[:limit], f"{len(words) - limit:,} more"]
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]


def _figures(shown: str) -> str:
    """The significant digits of a number, without zeros at either end."""
    return _NO_FIGURE("", shown).strip("0")


def _leaves(formula: Formula) -> set[str]:
    return set().union(*map(_leaves, formula.args)) if formula.args else {formula.head}


class Rule(NamedTuple):
    """The rule of an edge: over names, with numbers put in, and whether it holds only by a convention here.

    A rule that is a condition, or holds by convention, has no numbers put in: they would not compute.
    """

    text: str
    parts: list[Part]
    by_convention: bool = False


class Wording:
    """Words for one trace, with numbers to `digits` significant digits (None: as many as its arithmetic shows)."""

    def __init__(self, trace: Trace, digits: int | None = None) -> None:
        self.trace = trace
        self.digits = digits or trace.arithmetic.digits
        self.output = trace.graph.output
        self._plain: dict[Value, Part] = {}  # most values stand in several places

    # -- Numbers

    def plain(self, value: Value) -> Part:
        """A value as arithmetics write it. It is not rounded if it is right but for rounding errors: 0.1 + 0.2 = 0.3"""
        if value not in self._plain:
            self._plain[value] = self._shown(value)
        return self._plain[value]

    def _shown(self, value: Value) -> Part:
        system = self.trace.arithmetic
        shown = system.show(value, self.digits)
        if system.trusted is None or not system.is_finite(value):
            return Part(shown)
        known = _figures(system.show(value, system.trusted))
        return Part(shown, len(known) >= system.trusted or _figures(shown) != known)

    def number(self, value: Value) -> Part:
        """A value with a typographic minus."""
        shown = self.plain(value)
        return shown._replace(text=shown.text.replace("-", "−"))

    def said(self, value: Value) -> str:
        """A value in a sentence."""
        shown = self.number(value)
        return f"about {shown.text}" if shown.rounded else shown.text

    def applied(self, gate: Gate, values: Sequence[Value]) -> Part:
        """The operation of a gate over numbers, which may be fewer than its inputs: `3 · (−4)`."""
        words = [self.plain(value).text for value in values] + ["…"] * (len(values) < len(gate.inputs))
        return self._with_numbers(Formula(gate.op.name, *map(Formula, words)), values)

    def product(self, one: Value, other: Value) -> Part:
        """`−4 · 1`."""
        return self._with_numbers(Formula("mul", *map(self._formula, (one, other))), (one, other))

    def line(self, value: Value, step: Value, slope: Value) -> Part:
        """`−12 + 0.01 · (−4)`."""
        value_, step_, slope_ = map(self._formula, (value, step, slope))
        return self._with_numbers(value_ + step_ * slope_, (value, step, slope))

    def _formula(self, value: Value) -> Formula:
        return Formula(self.plain(value).text)

    def _with_numbers(self, formula: Formula, values: Iterable[Value]) -> Part:
        return Part(text(formula, NUMBERS), any(self.plain(value).rounded for value in values))

    def sum(self, values: list[Value]) -> Part:
        """`3 + (−4)`; of very many terms the first and the last."""
        half, rounded = LISTED // 2, any(self.plain(value).rounded for value in values)
        ends = values if len(values) <= LISTED else [*values[:half], *values[-half:]]
        terms = [self.number(value).text for value in ends]
        terms = [f"({term})" if place and term.startswith("−") else term for place, term in enumerate(terms)]
        return Part(" + ".join(terms if len(values) <= LISTED else [*terms[:half], "…", *terms[half:]]), rounded)

    # -- Names

    def name(self, node: Node) -> str:
        return texts.short(self.trace.graph.name_of(node), _NAME)

    def gradient(self, node: Node, of: Node | None = None) -> str:
        """`∂f/∂x`; or the local gradient of the gate `of`."""
        return f"∂{self.name(of or self.output)}/∂{self.name(node)}"

    def operation(self, gate: Gate) -> str:
        """`q1 = x + y`."""
        names = [self.name(node) for node in self.inputs(gate)]
        return f"{self.name(gate)} = {gate.op.written(names + ['…'] * (len(names) < len(gate.inputs)))}"

    def inputs(self, gate: Gate) -> list[Node]:
        """The inputs that are written out."""
        return [self.trace.graph.nodes[i] for i in gate.inputs[: LISTED if gate.op.variadic else None]]

    def inside(self, gate: Gate) -> str:
        """Which module's call a gate is part of."""
        if gate.group < 0:
            return ""
        group = self.trace.graph.groups[gate.group]
        return f" (inside `{group.name} = {texts.short(group.call)}`)"

    # -- Rules

    def rule(self, edge: Edge) -> Rule:
        """The formula of the edge's local gradient."""
        stand_ins: dict[str, Node] = {}

        def stand_in(node: Node) -> str:
            if isinstance(node, Constant) and node.literal and Formula(node.name).is_number:
                return node.name
            stand_ins[f"node{node.position}"] = node
            return f"node{node.position}"

        formula = self.trace.rule(edge, stand_in)
        here = {key: stand_ins[key] for key in _leaves(formula) if key in stand_ins}
        read = text(substitute(formula, {key: self.name(node) for key, node in here.items()}))
        if formula.head == "where":
            return Rule(read, [Part(f"({read})")])
        if self._is_undefined_as_read(edge, here.values()):
            return Rule(read, [Part(read)], True)
        if not here:
            return Rule(read, [Part(read)])
        numbers = {key: self.plain(self.trace.values[node.position]) for key, node in here.items()}
        put_in = text(substitute(formula, {key: each.text for key, each in numbers.items()}), NUMBERS)
        return Rule(read, [Part(read), Part(put_in, any(each.rounded for each in numbers.values()))])

    def _is_undefined_as_read(self, edge: Edge, operands: Iterable[Node]) -> bool:
        """Whether a rule with a convention may have no value as it reads: f·log(x) at x = 0, but not 2·x."""
        if edge.gate.op.partial(edge.slot).head != "convention":
            return False
        return any(self.trace.values[i] == 0 for i in edge.gate.inputs) and any(node != edge.input for node in operands)
