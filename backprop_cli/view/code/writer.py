"""Formulas of stages in the words of a language: what it lacks is written out, or refused and said who has it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Set
from typing import Any

from ...errors import InputError
from ...graph.graph import Gate, Node
from ...passes.trace import Trace
from ...rules.formula import Formula, fold
from ...rules.table import opened
from .formulas import ONCE, OUT, PARTS, UPSTREAM, computed, number
from .identifiers import Names
from .stages import Stages
from .targets import TARGETS
from .targets.base import OPERATORS, Target, UnknownWordError, printer

_PLACE = re.compile(r"__(\d+|n\d+|out|upstream|parts|once)__")
_WORD = re.compile(r"(?<!\w\.)\b\w+")
"""What may be a helper's name: `np.mean` is no `mean` of ours."""
_SAID = re.compile(r'"""[^"]*"""|^ *(?:#|//).*', re.MULTILINE)
"""What helpers say of themselves."""


def in_words_of(target: Target, formula: Formula) -> Formula:
    """The formula in words of the target: what it does not have is what its row says."""
    known = {*target.words, *OPERATORS}

    def said(part: Formula) -> Formula:
        while True:
            if part.head in target.whole_orders:
                check_order(part.head, number(part.args[0]))
            row = None if part.head in known else opened(part)
            if row is None:
                return part
            part = computed(row)

    return fold(formula, lambda part, args: Formula(part.head, *args), said)


def check_order(word: str, order: Any) -> None:
    """Raises UnknownWordError from an order that is not whole, if it is known."""
    if order is not None and order % 1:
        raise UnknownWordError(f"{word} of order {order:g}")


def needed(target: Target, words: Set[str]) -> list[str]:
    """The helpers that some code calls by these words, and those that they call, in the target's order."""
    found: Set[str] = set()
    while new := words & target.helpers.keys() - found:
        found |= new
        words = {word for name in new for word in _WORD.findall(_SAID.sub("", target.helpers[name]))}
    return [text for name, text in target.helpers.items() if name in found]


class Writer:
    """What writes the formulas of stages.

    used: words of the code, without its names
    parts: by the position of a gate, the name of the list of its local gradients, where it has one
    once: likewise, the name of what tells where the entries that it selects from count
    """

    def __init__(self, target: Target, stages: Stages, names: Names, trace: Trace | None) -> None:
        """trace: the passes, where all variables have values"""
        self.target, self.stages, self.names, self.trace = target, stages, names, trace
        self.printer = printer(target)
        self.used: set[str] = set()
        self.parts: dict[int, str] = {}
        self.once: dict[int, str] = {}
        self._texts: dict[Formula, str] = {}

    def use(self, text: str) -> None:
        """Have the program bring along what this text calls."""
        self.used.update(_WORD.findall(text))

    def code(self, gate: Gate, formula: Formula) -> str:
        """A formula of a stage, over the names in the code."""
        if formula not in self._texts:
            self._texts[formula] = self.write(gate, formula)
        nodes = self.names.nodes
        upstream = self.names.gradients.get(gate.name, "")
        return self.placed(
            gate,
            self._texts[formula],
            nodes,
            {
                OUT: nodes[gate.name],
                UPSTREAM: upstream,
                PARTS: self.parts.get(gate.position, ""),
                ONCE: self.once.get(gate.position, ""),
            },
        )

    def argument(self, gate: Gate, formula: Formula) -> str:
        """The same, as an item of a list."""
        return self.placed(gate, self.write(gate, formula, self.printer.argument), self.names.nodes, {})

    def write(self, gate: Node, formula: Formula, how: Callable[[Formula], str] | None = None) -> str:
        try:
            text = (how or self.printer.text)(in_words_of(self.target, formula))
        except UnknownWordError as error:
            raise self.lacking(gate, error) from None
        self.use(text)
        return text

    def lacking(self, node: Node, error: UnknownWordError) -> InputError:
        """What is said of a word that the target lacks, with the languages that have all that the node needs."""
        message = f"--to {self.target.name} has no {error}, which {self.stages.graph.title(node)} needs"
        others = [name for name, each in TARGETS.items() if each is not self.target and self.is_said(node, each)]
        hint = f"--to {' or '.join(filter(None, [', '.join(others[:-1]), *others[-1:]]))} has it" if others else ""
        return InputError(message, self.stages.graph.source, node.span, hint=hint)

    def is_said(self, node: Node, target: Target) -> bool:
        """Whether a target has words for a node and its local gradients."""
        stages = self.stages
        if not isinstance(node, Gate):
            return False
        slots = [slot for slot in node.slots if stages.wanted[node.inputs[slot]]]
        try:
            for each in (stages.value(node), *(stages.local(node, slot) for slot in slots)):
                printer(target).text(in_words_of(target, each))
            self.check_orders(node, target)
        except UnknownWordError:
            return False
        return True

    def check_orders(self, gate: Gate, target: Target) -> None:
        """Raises UnknownWordError where a function has an order that is not whole, and the target only those."""
        if gate.op.name in target.whole_orders:
            known = self.stages.numbers if self.trace is None else dict(enumerate(self.trace.values))
            for slot in gate.op.orders:
                check_order(gate.op.name, known.get(gate.inputs[slot]))

    def placed(self, gate: Gate, text: str, nodes: Mapping[str, str], names: Mapping[str, str]) -> str:
        """A text with names in its places: `nodes` gives those of the inputs, `names` the others."""
        here = self.stages.graph.nodes

        def name(place: re.Match[str]) -> str:
            if place[1].startswith("n"):
                return self.names.nodes[here[int(place[1][1:])].name]
            return nodes[here[gate.inputs[int(place[1])]].name] if place[1].isdigit() else names[place[0]]

        return _PLACE.sub(name, text)

    def mask(self, gate: Gate, slot: int, template: str = "") -> str:
        condition = self.stages.selected(gate, slot)
        if template:
            left, right = (self.code(gate, each) for each in condition.args)
            return self.target.mask.format(template.format(left, right))
        return self.code(gate, Formula("mask", condition))
