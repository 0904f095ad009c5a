"""The circuit as a tree in a terminal: the output at the root, inputs at the leaves, an edge a line.

A node with several uses is opened once; elsewhere stands `↑` and its name. Where the tree becomes too deep to read, it
says `↓` and goes on with a tree of its own. So its size is linear in that of the graph, whatever the shape.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

from ...graph.graph import Constant, Gate, Graph, Node
from ...passes.trace import Edge, Trace
from .. import cells

DEEPEST = 40
"""Levels of one tree, three columns each; in a narrow terminal fewer."""

_WORDS = 12  # columns that are left for words at the deepest level
_NARROWEST = 24  # columns of branches and words, even where the numbers leave fewer
_HEADS = ("value", "upstream", "local", "chained")
_COLOURS = ("32", "31", "2", "31")  # green, red, faint, red
_BOLD, _FAINT = "1", "2"


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


def render(
    graph: Graph, trace: Trace | None, digits: int | None = None, width: int = 10_000, colour: bool = False
) -> str:
    """The tree of a trace of the graph, or of the structure alone, `width` columns wide if it can be.

    colour: with a terminal's escape sequences.
    """
    head = cells.title(trace, digits) if trace else f"{cells.short(graph.output.name)} = {cells.short(graph.source)}"
    lines = list(_Tree(graph, trace, digits, DEEPEST).lines())
    heads = [Line("", "", _BOLD, _HEADS)] if trace else []
    columns = zip(*(line.numbers for line in heads + lines if line.numbers), strict=True)
    needs = [3 + max(map(cell_len, column)) for column in columns]
    room = max(width - sum(needs), _NARROWEST)
    if max(map(_width, lines)) > room:
        lines = list(_Tree(graph, trace, digits, min(DEEPEST, (room - _WORDS) // 3)).lines())
    room = min(room, max(map(_width, lines)))
    drawn = [_coloured(head, _BOLD, colour), "", *(_drawn(line, room, needs, colour) for line in heads + lines)]
    return "".join(f"{line}\n" for line in drawn)


class _Tree:
    """The walk: depth first, without recursion. opened: the nodes that have been drawn, or will be further down."""

    def __init__(self, graph: Graph, trace: Trace | None, digits: int | None, deepest: int) -> None:
        self.graph, self.trace, self.digits, self.deepest = graph, trace, digits, deepest

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
        words = cells.short(node.name, 30)
        if isinstance(node, Gate) and not mark:
            words = cells.short(f"{words} = {cells.written(self.graph, node)}")
            if node.group >= 0 and self.graph.groups[node.group].name == node.name:
                words += f"  [{cells.short(self.graph.groups[node.group].module, 30)}]"
        elif isinstance(node, Constant) and node.name != (written := self.graph.written(node)):
            words = cells.short(f"{words} = {written}")
        style = _FAINT if isinstance(node, Constant) or mark else _BOLD
        if self.trace is None:
            return Line(place.before, mark + words, style)
        value, upstream = self.trace.values[node.position], self.trace.upstream[node.position]
        numbers = [cells.number(self.trace, each, self.digits) for each in (value, upstream)]
        if mark:
            numbers[1] = ""  # it stands where the node is opened
        chain = (edge.local, edge.chained) if edge else ()
        numbers += [cells.number(self.trace, each, self.digits) for each in chain] or ["", ""]
        return Line(place.before, mark + words, style, tuple(numbers))


def _width(line: Line) -> int:
    return cell_len(line.branches + line.words)


def _drawn(line: Line, room: int, needs: list[int], colour: bool) -> str:
    space = room - cell_len(line.branches)
    words = line.words if cell_len(line.words) <= space else f"{set_cell_size(line.words, max(space, 2) - 1)}…"
    drawn = line.branches + _coloured(words, line.style, colour)
    if not line.numbers:
        return drawn
    drawn += " " * (space - cell_len(words))
    for number, need, look in zip(line.numbers, needs, _COLOURS, strict=True):
        drawn += " " * (need - cell_len(number)) + _coloured(number, look if line.words else _BOLD, colour)
    return drawn.rstrip()


def _coloured(text: str, style: str, colour: bool) -> str:
    return f"\x1b[{style}m{text}\x1b[0m" if colour and text and style else text
