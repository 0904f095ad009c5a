"""Where an entry of an array may meet itself in a gate that selects: `max(X, X[0])`, `max(concat(x, x))`.

It ties with nothing there. Values do not tell that, so programs number the entries, and move the numbers as they do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ...graph.graph import Gate, Graph
from ...rules.array_op import ArrayOp


class Repeats:
    """Which gates of a graph may select among entries that are the same one."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._ways: dict[int, Counter[int]] = {}

    def moves(self, place: int) -> list[int]:
        """The nodes whose entries a node only hands on; none of any other."""
        from ...passes.origins import MOVES

        node = self.graph.nodes[place]
        if not isinstance(node, Gate) or not isinstance(node.op, ArrayOp):
            return []
        return [*node.inputs] if node.op.name in MOVES else [*node.inputs[:1]] if node.op.name == "pick" else []

    def before(self, place: int) -> list[int]:
        """The nodes that a node has its entries from, in forward order, and itself."""
        return sorted(set(self._below(place)))

    def meets(self, gate: Gate, slot: int) -> list[int]:
        """Of several inputs entry by entry those before a slot that may have the same entries, other than itself."""
        if not gate.op.selects or not gate.op.variadic:
            return []
        here = gate.inputs[slot]
        earlier = [i for i in dict.fromkeys(gate.inputs[:slot]) if i != here]
        return [i for i in earlier if self._roots(i).keys() & self._roots(here).keys()]

    def is_among(self, gate: Gate) -> bool:
        """Whether a gate over the axes of an array may have an entry twice."""
        is_one = isinstance(gate.op, ArrayOp) and gate.op.selects
        return is_one and max(self._roots(gate.inputs[0]).values()) > 1

    def _below(self, place: int) -> Iterator[int]:
        waiting, seen = [place], {place}
        while waiting:
            yield (each := waiting.pop())
            new = [i for i in dict.fromkeys(self.moves(each)) if i not in seen]
            seen.update(new)
            waiting += new

    def _roots(self, place: int) -> Counter[int]:
        """The nodes that the entries of a node are of, and in how many ways each comes there."""
        for each in self.before(place):
            if each not in self._ways:
                found = Counter[int]()
                for i in self.moves(each):
                    found.update(self._ways[i])
                self._ways[each] = found or Counter([each])
        return self._ways[place]
