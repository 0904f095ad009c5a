"""What every picture has in common: its boxes, its wires, and the texts on them.

A wire carries, as in the CS231n notes, a value forward and a gradient back. Where a node has several uses, its wire
forks: the stem carries the node's upstream gradient, and each branch the part of it that is chained along one edge.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from ...arithmetic import TIES, Value
from ...errors import InputError, quote
from ...graph.graph import Constant, Gate, Graph, Module, Node
from ...passes.trace import Edge, Trace
from ...rules.op import Op
from ...rules.printer import READING
from .. import texts

LONGEST = 24
"""Characters of a name, and of a constant, that a picture shows."""
DIGITS = 4
"""Of a number in a file, unless more are asked for."""

_LONGEST_RULE = 40  # characters of a rule on a wire
_LARGEST = 10.0  # times the usual size, or a tenth of it
_SIGNS = {**READING.signs, "mul": "×"}  # a dot alone is too small for a gate


class Box(NamedTuple):
    """Something that wires join.

    kind: `input`, `constant`, `gate`, `module`, `fork`, or `output`: the picture's end;
    text: what is written in it;
    full: the whole operation, `q1 = x + y`;
    group: the group it stands in, −1 for none;
    is_current: whether the step that is shown is at it.
    """

    name: str
    kind: str
    text: str = ""
    full: str = ""
    group: int = -1
    is_current: bool = False

    @property
    def is_symbol(self) -> bool:
        """Whether its text is one sign (+, ×, σ), which fits in a circle."""
        return len(self.text) == 1


class Wire(NamedTuple):
    """From one box to another.

    kind: `active`, `inactive` (nothing flows back along it) or `constant`;
    stage: the name of what it carries, at its beginning;
    value, gradient, local: numbers, empty where there are none;
    word: what stands before the local gradient; nothing before a rule that there is in place of one;
    hidden: which of these are not known yet, in a step.
    """

    source: str
    target: str
    kind: str = "active"
    group: int = -1
    stage: str = ""
    value: str = ""
    gradient: str = ""
    local: str = ""
    word: str = "local "
    hidden: frozenset[str] = frozenset()

    @property
    def is_bare(self) -> bool:
        """Whether nothing is written on it."""
        return not (self.stage or self.value or self.gradient or self.local)

    @property
    def sides(self) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """The texts above the wire and those below it, downwards, as many here as there; each with what it is."""
        above: list[tuple[str, str]] = []
        below: list[tuple[str, str]] = []
        if self.value or self.gradient:
            above, below = [("value", self.value)], [("gradient", self.gradient)]
        if self.stage or self.local:
            above, below = (
                [("stage", self.stage), *above],
                [*below, ("local", self.local and f"{self.word}{self.local}")],
            )
        return above, below


class Frame(NamedTuple):
    """The frame round the gates of an opened module; parent: the frame round it, −1 for none."""

    title: str
    parent: int


class Look(NamedTuple):
    """How a picture looks.

    theme: `light` or `dark`;
    transparent: whether it has no ground of its own;
    scale: how large it is, where its format has a size;
    local: whether it shows local gradients, except for those that are always 1.
    """

    theme: str = "light"
    transparent: bool = False
    scale: float = 1.0
    local: bool = True


PLAIN = Look()


def scale(text: str) -> float:
    """How large a picture is, beside its usual size. Raises InputError for what is no number, or too far from 1."""
    with suppress(ValueError):
        found = float(text)
        if 1 / _LARGEST <= found <= _LARGEST:
            return found
        text = f"{found:g}"
    room = f"from {1 / _LARGEST:g} to {_LARGEST:g}"
    raise InputError(f"--scale takes a number {room}, not {quote(text)}", hint="for example: --scale 2")


class Circuit(NamedTuple):
    """A graph that is to be drawn with the numbers of a trace; without one, its structure alone.

    step: of the two passes, the one up to which numbers are shown (see `steps`); None shows all;
    ties: what inputs that tie have received, one of TIES.
    """

    graph: Graph
    trace: Trace | None = None
    look: Look = PLAIN
    step: int | None = None
    ties: str = TIES[0]


class Drawing(NamedTuple):
    """A picture before it has a format. frames: one for each group of the graph, by its index."""

    title: str
    boxes: list[Box]
    wires: list[Wire]
    frames: list[Frame]

    def around(self, frame: int) -> list[int]:
        """A frame and those around it, from the innermost on."""
        found: list[int] = []
        while frame >= 0:
            found.append(frame)
            frame = self.frames[frame].parent
        return found

    def nesting(self) -> Iterator[tuple[int, bool]]:
        """Each frame twice, when it opens (True) and when it closes; those inside it stand between."""
        inside: list[list[int]] = [[] for _ in (*self.frames, None)]
        for number, frame in enumerate(self.frames):
            inside[frame.parent].append(number)
        stack = [(number, True) for number in reversed(inside[-1])]
        while stack:
            number, opens = stack.pop()
            yield number, opens
            if opens:
                stack.append((number, False))
                stack += [(each, True) for each in reversed(inside[number])]


def sign(op: Op) -> str:
    """What is written in a gate: +, ×, σ, exp. It follows from the row: an operator's sign, a symbol, or the name."""
    symbols = [alias for alias in op.aliases if not alias.isascii()]
    return texts.short(_SIGNS.get(op.name, symbols[0] if symbols else op.name).strip(), LONGEST)


def steps(graph: Graph) -> int:
    """How many steps the two passes take: the inputs, each gate forward, the output's gradient, each gate backward."""
    return 2 * sum(1 for _ in graph.gates) + 2


def draw(circuit: Circuit, digits: int | None = None) -> Drawing:
    """The picture of a circuit, with so many digits of each number."""
    return _Pen(circuit, digits).draw()


class _Pen:
    """The boxes in forward order, and the wires: those to forks first, then those of the edges, by gate and slot.

    unknown: the gates that have no value yet;
    passed: those that have passed their gradient on;
    current: one of either.
    """

    def __init__(self, circuit: Circuit, digits: int | None) -> None:
        self.graph, self.trace, self.look, step, _ = circuit
        self.digits = digits
        gates = [gate.position for gate in self.graph.gates]
        forward = len(gates) if step is None else min(step, len(gates))
        backward = len(gates) if step is None else max(step - len(gates) - 1, 0)
        self.unknown, self.passed = {*gates[forward:]}, {*gates[len(gates) - backward :]}
        self.has_turned = step is None or step > len(gates)
        self.current = -1
        if step and step != len(gates) + 1:
            self.current = gates[len(gates) - backward if self.has_turned else forward - 1]
        self.boxes: list[Box] = []
        self.wires: list[Wire] = []

    def draw(self) -> Drawing:
        gates: list[list[Gate]] = [[] for _ in self.graph.nodes]
        for gate in self.graph.gates:
            for i in gate.inputs:
                gates[i].append(gate)
        branches = [self._outlet(node, gates[node.position]) for node in self.graph.nodes]
        for gate in self.graph.gates:
            edges = self.trace.edges_of(gate) if self.trace else [None] * len(gate.inputs)
            self.wires += [self._wire(branches[i], gate, edge) for i, edge in zip(gate.inputs, edges, strict=True)]
        self.boxes.append(Box("out", "output"))
        self.wires.append(branches[-1]._replace(target="out", group=-1))
        frames = [Frame(f"{_name(each.name)} = {_name(each.module)}(…)", each.parent) for each in self.graph.groups]
        return Drawing(texts.short(self.graph.source), self.boxes, self.wires, frames)

    def _outlet(self, node: Node, gates: list[Gate]) -> Wire:
        """Draw a node, and its fork where it has one; give the beginning of the wires that leave there."""
        self.boxes.append(self._box(node))
        stem = self._stem(node, gates)
        if len(gates) < 2 or stem.is_bare:
            return stem
        fork, group = f"fork{node.position}", node.group
        for gate in gates:
            group = self._around(group, gate.group)
        self.boxes.append(Box(fork, "fork", group=group))
        self.wires.append(stem._replace(target=fork, group=group))
        return stem._replace(source=fork, group=group, stage="")

    def _box(self, node: Node) -> Box:
        if not isinstance(node, Gate):
            return Box(f"n{node.position}", node.kind, self._named(node), group=node.group)
        full = texts.short(f"{node.name} = {texts.written(self.graph, node)}")
        kind = "module" if isinstance(node.op, Module) else "gate"
        return Box(f"n{node.position}", kind, sign(node.op), full, node.group, node.position == self.current)

    def _stem(self, node: Node, gates: list[Gate]) -> Wire:
        """What a node puts on its wire. gates: those that use it."""
        kind = "constant" if isinstance(node, Constant) else "active"
        stage = self._named(node) if isinstance(node, Gate) else ""
        value = texts.valued(self.trace, node, self.digits).replace("-", "−") if self.trace else ""
        value = "" if value == texts.NONE else value
        if value == node.name.replace("-", "−"):
            value = ""  # a constant is not told twice
        gradient = self._number(self.trace.upstream[node.position]) if self.trace else ""
        is_summed = all(gate.position in self.passed for gate in gates) if gates else self.has_turned
        hidden = {
            name for name, known in (("value", node.position not in self.unknown), ("gradient", is_summed)) if not known
        }
        return Wire(f"n{node.position}", "", kind, node.group, stage, value, gradient, hidden=frozenset(hidden))

    def _wire(self, branch: Wire, gate: Gate, edge: Edge | None) -> Wire:
        wire = branch._replace(target=f"n{gate.position}", group=self._around(branch.group, gate.group))
        if edge is None:
            return wire
        kind = wire.kind if edge.active else "inactive"
        chained, local = self._number(edge.chained), self._local(edge)
        if not self.look.local or self._is_plain(edge):
            local = ""
        hidden = wire.hidden - {"gradient"} if gate.position in self.passed else wire.hidden | {"gradient", "local"}
        word = "" if self.trace and self.trace.is_pullback(edge) else "local "
        return wire._replace(kind=kind, gradient=chained, local=local, word=word, hidden=hidden)

    def _local(self, edge: Edge) -> str:
        """The local gradient, or the rule that there is in place of one."""
        if self.trace is None or not self.trace.is_pullback(edge):
            return self._number(edge.local)
        return texts.short(READING.text(self.trace.rule(edge)), _LONGEST_RULE)

    def _named(self, node: Node) -> str:
        """Its name, and the shape of an array: `W [2×2]`."""
        lengths = texts.shape(self.trace, node) if self.trace else ""
        return f"{_name(node.name)} [{lengths}]" if lengths not in ("", texts.NONE) else _name(node.name)

    def _is_plain(self, edge: Edge) -> bool:
        """Whether the local gradient is 1 whatever the numbers are, as in a sum."""
        return self.trace is not None and READING.text(self.trace.rule(edge)) == "1"

    def _number(self, value: Value | None) -> str:
        """A number as it is printed in a book, with a real minus sign."""
        if value is None or self.trace is None:
            return ""
        return texts.number(self.trace, value, self.digits).replace("-", "−")

    def _around(self, one: int, other: int) -> int:
        """The innermost group that holds both."""
        holding = {one}
        while one >= 0:
            one = self.graph.groups[one].parent
            holding.add(one)
        while other not in holding:
            other = self.graph.groups[other].parent
        return other


def _name(name: str) -> str:
    return texts.short(name, LONGEST)
