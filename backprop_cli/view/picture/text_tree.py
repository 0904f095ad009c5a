"""The circuit as a tree in a terminal: the output at the root, inputs at the leaves, an edge a line.

A node with several uses is opened once; elsewhere stands `↑` and its name. Where the tree becomes too deep to read, it
says `↓` and goes on with a tree of its own. So its size is linear in that of the graph, whatever the shape.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from math import inf
from typing import NamedTuple

from ...graph.graph import Constant, Gate, Node
from ...passes.trace import Edge
from .. import Options, texts
from ..columns import cut, measure
from .circuit import Circuit

DEEPEST = 40
"""Levels of one tree, three columns each; in a narrow terminal fewer."""

_WORDS = 12  # columns that are left for words at the deepest level
_NARROWEST = 24  # columns of branches and words, even where the numbers leave fewer
_HEADS = ("value", "upstream", "local", "chained")
_LOOKS = ("green", "red", "dim", "red")


class Line(NamedTuple):
    """One edge and the node that it comes from. branches: what is drawn in front of the words; style: of these."""

    branches: str
    words: str
    style: str = ""
    numbers: tuple[str, ...] = ()


class _Place(NamedTuple):
    """Where a node comes. before, below: the branches in front of it, and of what it is made of; depth: its level."""

    node: Node
    edge: Edge | None = None
    before: str = ""
    below: str = ""
    depth: int = 0


def circuit(circuit: Circuit, options: Options) -> str:
    """The tree of a circuit, as wide as the terminal if it can be."""
    graph, trace = circuit
    if trace:
        head = texts.title(trace, options.digits)
    else:
        head = f"{texts.short(graph.output.name)} = {texts.short(graph.source)}"
    lines = list(_Tree(circuit, options.digits, DEEPEST).lines())
    heads = [Line("", "", "bold", _HEADS)] if trace else []
    numbers = zip(*(line.numbers for line in heads + lines if line.numbers), strict=True)
    needs = [3 + max(map(measure, column)) for column in numbers]
    room = inf if options.width is None else max(options.width - sum(needs), _NARROWEST)
    if max(map(_width, lines)) > room:
        lines = list(_Tree(circuit, options.digits, min(DEEPEST, int(room - _WORDS) // 3)).lines())
    space = int(min(room, max(map(_width, lines))))
    drawn = [options.paint(head, "bold"), "", *(_drawn(line, space, needs, options) for line in heads + lines)]
    return "".join(f"{line}\n" for line in drawn)


class _Tree:
    """The walk: depth first, without recursion. opened: the nodes that have been drawn, or will be further down."""

    def __init__(self, circuit: Circuit, digits: int | None, deepest: int) -> None:
        self.graph, self.trace = circuit
        self.digits, self.deepest = digits, deepest

    def lines(self) -> Iterator[Line]:
        opened: set[int] = set()
        used = {i for node in self.graph.nodes for i in node.inputs}
        later = deque([self.graph.output, *(node for node in self.graph.variables if node.position not in used)])
        while later:
            root = later.popleft()
            if root.position in opened:
                continue
            if opened:
                yield Line("", "")
            stack = [_Place(root)]
            while stack:
                place = stack.pop()
                node = place.node
                known = node.position in opened and not isinstance(node, Constant)
                deferred = not known and isinstance(node, Gate) and place.depth == self.deepest
                yield self._line(place, "↑ " if known else "↓ " if deferred else "")
                if deferred:
                    later.append(node)
                elif not known:
                    opened.add(node.position)
                    stack += reversed(self._inside(place))

    def _inside(self, place: _Place) -> list[_Place]:
        """The inputs of a gate, each with its branch."""
        node, nodes = place.node, self.graph.nodes
        edges = self.trace.edges_of(node) if self.trace else [None] * len(node.inputs)
        inside = [
            _Place(nodes[i], edge, f"{place.below}├─ ", f"{place.below}│  ", place.depth + 1)
            for i, edge in zip(node.inputs, edges, strict=True)
        ]
        if inside:
            inside[-1] = inside[-1]._replace(before=f"{place.below}╰─ ", below=f"{place.below}   ")
        return inside

    def _line(self, place: _Place, mark: str) -> Line:
        node, edge = place.node, place.edge
        words = texts.short(node.name, 30)
        if isinstance(node, Gate) and not mark:
            words = texts.short(f"{words} = {texts.written(self.graph, node)}")
            if node.group >= 0 and self.graph.groups[node.group].name == node.name:
                words += f"  [{texts.short(self.graph.groups[node.group].module, 30)}]"
        elif isinstance(node, Constant) and node.name != (written := self.graph.written(node)):
            words = texts.short(f"{words} = {written}")
        style = "dim" if isinstance(node, Constant) or mark else "bold"
        if self.trace is None:
            return Line(place.before, mark + words, style)
        i, chain = node.position, (edge.local, edge.chained) if edge else ()
        values = (self.trace.values[i], self.trace.upstream[i], *chain)
        numbers = [texts.number(self.trace, each, self.digits) for each in values]
        if mark:
            numbers[1] = ""  # it stands where the node is opened
        return Line(place.before, mark + words, style, (*numbers, *("" for _ in _HEADS[len(numbers) :])))


def _width(line: Line) -> int:
    return measure(line.branches + line.words)


def _drawn(line: Line, room: int, needs: list[int], options: Options) -> str:
    space = room - measure(line.branches)
    words = cut(line.words, max(space, 2))
    drawn = line.branches + options.paint(words, line.style)
    if line.numbers:
        drawn += " " * (space - measure(words))
    for number, need, look in zip(line.numbers, needs, _LOOKS, strict=False):
        drawn += " " * (need - measure(number)) + options.paint(number, look if line.words else "bold")
    return drawn.rstrip()
