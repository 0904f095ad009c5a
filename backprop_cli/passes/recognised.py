"""Softmax and its kin, written out by hand: exp(z)/sum(exp(z)) is softmax(z), and a shift of z changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..graph.graph import Gate, Graph
from ..graph.nodes import Nodes
from ..rules.array_op import ArrayOp, Shape
from ..rules.arrays import row
from ..rules.shape_rules import axes_of

_SAME = 4
"""Gates on top of each other that are compared."""


def recognised(graph: Graph, shapes: Sequence[Shape]) -> Graph:
    """The graph, in which such a gate is the operation that it amounts to. Places and shapes stay.

    shapes: of each node
    """
    nodes = Nodes()
    for node in graph.nodes:
        found = _Gates(nodes, shapes).amounts_to(node) if isinstance(node, Gate) else None
        nodes.append(found or node)
    return graph._replace(nodes=nodes)


class _Sum(NamedTuple):
    """A sum of exp(z), or its logarithm: z, the axis of the sum, and its settings."""

    z: int
    axis: int
    settings: Mapping[str, Any]


class _Gates(NamedTuple):
    """Gates that are there already, and the shapes of all."""

    nodes: Nodes
    shapes: Sequence[Shape]

    def amounts_to(self, gate: Gate) -> Gate | None:
        """The operation that a gate is, with all that stands under it."""
        match gate.op.name, gate.inputs:
            case "div", (powers, total):
                z, found = self._input(powers, "exp"), self._sum(total)
                if found and z is not None and self._same(z, found.z) and self._is_beside(z, total, found.axis):
                    return self._kin(gate, "softmax", found)
            case "sub", (z, total):
                found = self._logsum(total)
                if found and self._same(z, found.z) and self._is_beside(z, total, found.axis):
                    return self._kin(gate, "log_softmax", found)
            case "log", (total,):
                if found := self._sum(total):
                    return self._as(gate, "logsumexp", found.z, found.settings)
            case "add", (one, other):
                for shift, total in ((one, other), (other, one)):
                    found = self._logsum(total)
                    less = self.nodes[found.z] if found and self._is_beside(found.z, shift, found.axis) else None
                    if found and isinstance(less, Gate) and less.op.name == "sub" and self._same(less.inputs[1], shift):
                        return self._as(gate, "logsumexp", less.inputs[0], found.settings)
        return None

    def _as(self, gate: Gate, name: str, z: int, settings: Mapping[str, Any]) -> Gate | None:
        op = row(name, **settings)
        return gate._replace(op=op, inputs=(z,)) if op.shape([self.shapes[z]]) == self.shapes[gate.position] else None

    def _kin(self, gate: Gate, name: str, found: _Sum) -> Gate | None:
        """Softmax or its logarithm, which go along the last axis unless another is named."""
        settings = {"axis": found.settings["axis"]} if len(self.shapes[found.z]) > 1 else {}
        return self._as(gate, name, self._unshifted(found.z, found.axis), settings)

    def _input(self, place: int, name: str) -> int | None:
        """The only input of a gate of that name."""
        node = self.nodes[place]
        return node.inputs[0] if isinstance(node, Gate) and node.op.name == name and len(node.inputs) == 1 else None

    def _sum(self, place: int) -> _Sum | None:
        """The sum of exp(z) along one axis, and maybe reshaped."""
        powers = self._over(place, "sum")
        z = None if powers is None else self._input(powers.z, "exp")
        return powers and (None if z is None else powers._replace(z=z))

    def _logsum(self, place: int) -> _Sum | None:
        return self._over(place, "logsumexp")

    def _over(self, place: int, name: str) -> _Sum | None:
        """What an operation along one axis goes over."""
        node = self.nodes[place]
        if isinstance(node, Gate) and node.op.name == "reshape":
            node = self.nodes[node.inputs[0]]
        if not isinstance(node, Gate) or node.op.name != name or not isinstance(node.op, ArrayOp):
            return None
        [z] = node.inputs
        axes = axes_of(node.op, self.shapes[z])
        return _Sum(z, axes[0], node.op.settings) if len(axes) == 1 else None

    def _same(self, one: int, other: int, depth: int = _SAME) -> bool:
        """Whether two nodes are the same, or gates that compute the same."""
        if one == other:
            return True
        here, there = self.nodes[one], self.nodes[other]
        return (
            depth > 0
            and isinstance(here, Gate)
            and isinstance(there, Gate)
            and here.op == there.op
            and len(here.inputs) == len(there.inputs)
            and all(self._same(a, b, depth - 1) for a, b in zip(here.inputs, there.inputs, strict=True))
        )

    def _is_beside(self, z: int, reduced: int, axis: int) -> bool:
        """Whether what z was reduced to along an axis stands beside the entries that it was reduced from."""
        whole, part = self.shapes[z], self.shapes[reduced]
        return (1,) * (len(whole) - len(part)) + part == (*whole[:axis], 1, *whole[axis + 1 :])

    def _unshifted(self, z: int, axis: int) -> int:
        """z without what is added to it, or taken from it, and is the same all along the axis."""
        node, whole = self.nodes[z], self.shapes[z]
        if not isinstance(node, Gate) or node.op.name not in ("add", "sub"):
            return z
        first, second = node.inputs
        for kept, shift in ((first, second), (second, first))[: 2 - (node.op.name == "sub")]:
            back = len(whole) - axis
            along = self.shapes[shift][-back] if len(self.shapes[shift]) >= back else 1
            if self.shapes[kept] == whole and along == 1:
                return self._unshifted(kept, axis)
        return z
