"""A node of the graph, and the long list of them: a column for each field, so that a million take little."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias, TypeVar, overload

from ..errors import Span
from ..rules.formula import Formula
from ..rules.op import Op


class Variable(NamedTuple):
    """An input variable.

    position: its index in the graph
    span: where it stands in the source
    group: the index of the innermost opened module that it is part of, −1 for none
    """

    position: int
    name: str
    span: Span
    group: int = -1

    @property
    def kind(self) -> str:
        return "input"

    @property
    def inputs(self) -> tuple[int, ...]:
        return ()


class Constant(NamedTuple):
    """A number, a named constant, or an expression of these alone.

    literal: the text of a number, or the name of a constant; empty where there is a body
    body: the nodes of an expression, which has no variables
    """

    position: int
    name: str
    span: Span
    literal: str = ""
    body: Nodes | None = None
    group: int = -1

    @property
    def kind(self) -> str:
        return "constant"

    @property
    def inputs(self) -> tuple[int, ...]:
        return ()

    @property
    def parts(self) -> list[Gate | Constant]:
        """What it is made of, in forward order: its body, or itself alone."""
        return [part for part in self.body or [self] if not isinstance(part, Variable)]

    @property
    def formula(self) -> Formula:
        """It as it is written. A long one is nested as deep as it is long."""
        found: list[Formula] = []
        for part in self.parts:
            inputs = [found[i] for i in part.inputs]
            found.append(part.op.applied(inputs) if isinstance(part, Gate) else Formula(part.literal))
        return found[-1]


class Gate(NamedTuple):
    """An operation on earlier nodes. inputs: their positions, one for each edge."""

    position: int
    name: str
    span: Span
    op: Op
    inputs: tuple[int, ...]
    group: int = -1

    @property
    def kind(self) -> str:
        return self.op.name

    @property
    def slots(self) -> list[int]:
        """The slots that pass a gradient on."""
        return [slot for slot in range(len(self.inputs)) if self.passes_on(slot)]

    def passes_on(self, slot: int) -> bool:
        """Whether a gradient goes on there: where a node competes with itself (`max(x, x)`), at its first slot only."""
        return not (self.op.selects and self.op.variadic) or self.inputs.index(self.inputs[slot]) == slot


Node: TypeAlias = Gate | Constant | Variable
"""Each has a `kind` (the name of its operation, `constant` or `input`) and `inputs`, of which only a gate has any."""

_Any = TypeVar("_Any", bound=Node)


def moved(node: _Any, places: Sequence[int] | Mapping[int, int]) -> _Any:
    """The node, its inputs at the places where they stand now."""
    return node._replace(inputs=tuple(places[i] for i in node.inputs)) if isinstance(node, Gate) else node


FEW = 4_000
"""Nodes up to which the list keeps those that it has made."""


class Nodes(Sequence[Node]):
    """Nodes in forward order, each made when it is looked at. Their positions are given by the order.

    Two lists are equal only if they are the same list.
    """

    def __init__(self, nodes: Iterable[Node] = ()) -> None:
        self.names: list[str] = []
        self.ops: list[Op | None] = []
        self.inputs: list[tuple[int, ...]] = []
        self.starts, self.ends = array("l"), array("l")
        self.constants: dict[int, tuple[str, Nodes | None]] = {}
        self.groups: dict[int, int] = {}
        self.variables: list[int] = []
        """The positions of the input variables."""
        self._made: tuple[Node, ...] = ()
        for node in nodes:
            self.append(node)

    @property
    def folded(self) -> Iterator[Op]:
        """The operations inside constants."""
        return (op for _, body in self.constants.values() if body for op in body.ops if op)

    @property
    def kinds(self) -> list[Op]:
        """The operations of the gates, each once, in order of first use."""
        return [op for op in dict.fromkeys(self.ops) if op is not None]

    @property
    def chooses(self) -> bool:
        """Whether a condition chooses between nodes, so that some of them need no value."""
        return any(op.chooses for op in self.kinds)

    def append(self, node: Node) -> int:
        """Add a node behind the others; return its position."""
        self._made = ()
        position = len(self.names)
        self.names.append(node.name)
        self.ops.append(node.op if isinstance(node, Gate) else None)
        self.inputs.append(node.inputs)
        self.starts.append(node.span[0])
        self.ends.append(node.span[1])
        if isinstance(node, Variable):
            self.variables.append(position)
        elif isinstance(node, Constant):
            self.constants[position] = node.literal, node.body
        if node.group >= 0:
            self.groups[position] = node.group
        return position

    def below(self, places: Iterable[int]) -> bytearray:
        """For each node: is it one of these, or does one of these depend on it? 1 or 0."""
        found = bytearray(len(self))
        for i in places:
            found[i] = 1
        for i in range(len(self) - 1, -1, -1):
            if found[i]:
                for each in self.inputs[i]:
                    found[each] = 1
        return found

    def select(self, order: Iterable[int]) -> Nodes:
        """The nodes at these positions, in this order. The inputs of each must come before it."""
        places = {i: place for place, i in enumerate(order)}
        return Nodes(moved(self[i], places) for i in places)

    def __len__(self) -> int:
        return len(self.names)

    @overload
    def __getitem__(self, index: int) -> Node: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Node, ...]: ...
    def __getitem__(self, index: int | slice) -> Node | tuple[Node, ...]:
        if made := self._few():
            return made[index]
        places = range(len(self))[index]
        return self._node(places) if isinstance(places, int) else tuple(map(self._node, places))

    def _few(self) -> tuple[Node, ...]:
        """All nodes, where they are few."""
        count = len(self.names)
        if len(self._made) != count and count <= FEW:
            self._made = tuple(map(self._node, range(count)))
        return self._made

    def _node(self, i: int) -> Node:
        name, span, group = self.names[i], (self.starts[i], self.ends[i]), self.groups.get(i, -1)
        if op := self.ops[i]:
            return Gate(i, name, span, op, self.inputs[i], group)
        if i in self.constants:
            return Constant(i, name, span, *self.constants[i], group)
        return Variable(i, name, span, group)

    def __iter__(self) -> Iterator[Node]:
        return iter(self._few() or map(self._node, range(len(self))))
