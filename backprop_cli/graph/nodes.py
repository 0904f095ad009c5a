"""A node of the graph, and the long list of them: a column for each field, so that a million take little."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, overload

from ..errors import Span
from ..rules.table import Op


class Node(NamedTuple):
    """A gate (has `op`), a constant (has `literal` or `body`), or an input variable (has neither).

    inputs: indices of earlier nodes, one for each edge; span: where the node stands in the source;
    literal: the text of a number, or the name of a constant; body: the nodes of a constant expression, forward;
    group: the index of the innermost opened module that the node is part of, −1 for none.
    """

    position: int
    name: str
    span: Span
    op: Op | None = None
    inputs: tuple[int, ...] = ()
    literal: str = ""
    body: tuple[Node, ...] = ()
    group: int = -1

    @property
    def is_constant(self) -> bool:
        return bool(self.literal or self.body)

    @property
    def kind(self) -> str:
        """`input`, `constant`, or the name of the operation."""
        return self.op.name if self.op else "constant" if self.is_constant else "input"

    @property
    def slots(self) -> list[int]:
        """The slots that pass a gradient on: where a node competes with itself (`max(x, x)`), the first of them."""
        if self.op is None or not self.op.selects:
            return [*range(len(self.inputs))]
        return [slot for slot, i in enumerate(self.inputs) if self.inputs.index(i) == slot]

    @property
    def size(self) -> int:
        """The gates that evaluating the node takes, with those inside modules."""
        return (self.op.size if self.op else 0) + sum(part.size for part in self.body)

    @property
    def depth(self) -> int:
        """How many modules lie inside each other here."""
        return max([part.depth for part in self.body], default=self.op.depth if self.op else 0)


FEW = 1_000
"""Nodes up to which the list keeps those that it has made."""


class Nodes(Sequence[Node]):
    """Nodes in forward order, each made when it is looked at. Their positions are given by the order."""

    def __init__(self, nodes: Iterable[Node] = ()) -> None:
        self.names: list[str] = []
        self.ops: list[Op | None] = []
        self.inputs: list[tuple[int, ...]] = []
        self.starts, self.ends = array("l"), array("l")
        self.constants: dict[int, tuple[str, tuple[Node, ...]]] = {}
        self.groups: dict[int, int] = {}
        self.leaves: list[int] = []
        """The positions of variables and constants."""
        self._made: tuple[Node, ...] = ()
        self.memo: dict[Any, Any] = {}
        """What others have worked out of the nodes, and keep."""
        for node in nodes:
            self.append(node)

    @classmethod
    def of(cls, nodes: Sequence[Node]) -> Nodes:
        """These nodes in columns, be they so already."""
        return nodes if isinstance(nodes, Nodes) else cls(nodes)

    @property
    def variables(self) -> list[int]:
        """The positions of the input variables."""
        return [i for i in self.leaves if i not in self.constants]

    def append(self, node: Node) -> int:
        """Add a node behind the others; return its position."""
        self._made = ()
        position = len(self.names)
        self.names.append(node.name)
        self.ops.append(node.op)
        self.inputs.append(node.inputs)
        self.starts.append(node.span[0])
        self.ends.append(node.span[1])
        if node.op is None:
            self.leaves.append(position)
        if node.literal or node.body:
            self.constants[position] = node.literal, node.body
        if node.group >= 0:
            self.groups[position] = node.group
        return position

    def __len__(self) -> int:
        return len(self.names)

    @overload
    def __getitem__(self, index: int) -> Node: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Node, ...]: ...
    def __getitem__(self, index: int | slice) -> Node | tuple[Node, ...]:
        if made := self._few():
            return made[index]
        if isinstance(index, slice):
            return tuple(map(self._node, range(*index.indices(len(self)))))
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        return self._node(index % len(self))

    def _few(self) -> tuple[Node, ...]:
        """All nodes, where they are few."""
        count = len(self.names)
        if len(self._made) != count and count <= FEW:
            self._made = tuple(map(self._node, range(count)))
        return self._made

    def _node(self, i: int) -> Node:
        literal, body = self.constants.get(i, ("", ()))
        span = self.starts[i], self.ends[i]
        return Node(i, self.names[i], span, self.ops[i], self.inputs[i], literal, body, self.groups.get(i, -1))

    def __iter__(self) -> Iterator[Node]:
        return iter(self._few() or map(self._node, range(len(self))))

    def __reversed__(self) -> Iterator[Node]:
        return reversed(self._few()) if self._few() else map(self._node, range(len(self) - 1, -1, -1))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))
