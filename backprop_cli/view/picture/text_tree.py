"""The circuit as a tree in a terminal: the output at the root, inputs at the leaves, an edge a line.

A node with several uses is opened once; elsewhere stands `↑` and its name. Where the tree becomes too deep to read, it
says `↓` and goes on with a tree of its own. So its size is linear in that of the graph, whatever the shape. In a narrow
terminal the numbers stand below the words.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from ...graph.graph import Constant, Gate, Node
from ...passes.trace import Edge
from ...rules.printer import READING
from .. import Options, derivations, texts
from ..columns import fold, measure, paragraph
from .circuit import Circuit

DEEPEST = 40
"""Levels of one tree, three columns each; in a narrow terminal fewer."""

_SHALLOWEST = 3  # levels that numbers beside the tree leave it, or they go below the words
_HEADS = ("value", "upstream", "local", "chained")
_LOOKS = ("green", "red", "dim", "red")


class Line(NamedTuple):
    """One edge and the node that it comes from.

    style: of the words;
    branches: what is drawn in front of the words;
    below: and in front of what goes on in the next line.
    """

    branches: str = ""
    below: str = ""
    words: str = ""
    style: str = ""
    numbers: tuple[str, ...] = ()


class _Place(NamedTuple):
    """Where a node comes.

    before: the branches in front of it;
    below: those in front of what it is made of;
    depth: its level.
    """

    node: Node
    edge: Edge | None = None
    before: str = ""
    below: str = ""
    depth: int = 0


def circuit(circuit: Circuit, options: Options) -> str:
    """The tree of a circuit, as wide as the terminal if it can be."""
    graph, trace, *_ = circuit
    title = [texts.title(trace, options.digits)] if trace else derivations.derived(graph)
    lines = list(_Tree(circuit, options.digits, DEEPEST).lines())
    heads = [Line(style="bold", numbers=_HEADS)] if trace else []
    numbers = zip(*(line.numbers for line in heads + lines if line.numbers), strict=True)
    needs = [3 + max(map(measure, column)) for column in numbers]
    space = max(measure(line.branches + line.words) for line in lines)
    if options.width is not None and space + sum(needs) > options.width:
        space = options.width - sum(needs)
        deepest = (space - max(measure(line.words) for line in lines)) // 3
        if deepest < min(_SHALLOWEST, max(len(line.branches) for line in lines) // 3):
            heads, needs, space, deepest = [], [], options.width, options.width // 6
        lines = list(_Tree(circuit, options.digits, min(DEEPEST, deepest)).lines())
    drawn = (each for line in heads + lines for each in _drawn(line, space, needs, options))
    return "".join(f"{line}\n" for line in (*paragraph("\n".join(title), options, "bold"), "", *drawn))


class _Tree:
    """The walk: depth first, without recursion. opened: the nodes that have been drawn, or will be further down."""

    def __init__(self, circuit: Circuit, digits: int | None, deepest: int) -> None:
        self.graph, self.trace, *_ = circuit
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
                yield Line()
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
        words, lengths = texts.short(node.name), texts.shape(self.trace, node) if self.trace else ""
        if isinstance(node, Gate) and not mark:
            words = texts.short(f"{words} = {texts.written(self.graph, node)}")
            if node.group >= 0 and self.graph.groups[node.group].name == node.name:
                words += f"  [{texts.short(self.graph.groups[node.group].module)}]"
        elif isinstance(node, Constant) and node.name != (written := self.graph.written(node)):
            words = texts.short(f"{words} = {written}")
        if lengths not in ("", texts.NONE) and not mark:
            words += f"  [{lengths}]"
        below = place.below + ("│  " if node.inputs and not mark else "   ")
        style = "dim" if isinstance(node, Constant) or mark else "bold"
        if self.trace is None:
            return Line(place.before, below, mark + words, style)
        i, chain = node.position, (edge.local, edge.chained) if edge else ()
        numbers = [texts.number(self.trace, each, self.digits) for each in (self.trace.upstream[i], *chain)]
        numbers.insert(0, texts.valued(self.trace, node, self.digits))
        if edge and self.trace.is_pullback(edge):
            numbers[2] = texts.short(READING.text(self.trace.rule(edge)))
        if mark:
            numbers[1] = ""  # it stands where the node is opened
        return Line(place.before, below, mark + words, style, (*numbers, *("" for _ in _HEADS[len(numbers) :])))


def _drawn(line: Line, space: int, needs: list[int], options: Options) -> Iterator[str]:
    """The lines of a node. space: columns of its words; needs: of each number beside them, or empty: they go below."""
    room = space - measure(line.branches)
    words, *more = fold(line.words, room if measure(line.words) <= room else space - measure(line.below))
    beside = " " * (space - measure(line.branches + words))
    for number, need, look in zip(line.numbers, needs, _LOOKS, strict=False):
        beside += " " * (need - measure(number)) + options.paint(number, look if line.words else "bold")
    yield f"{line.branches}{options.paint(words, line.style)}{beside}".rstrip()
    yield from (line.below + options.paint(each, line.style) for each in more)
    if not needs:
        yield from _below(line, space, options)


def _below(line: Line, space: int, options: Options) -> Iterator[str]:
    """The numbers of a node, each behind its heading, as many in a line as fit."""
    taken, drawn = 0, line.below
    for head, number, look in zip(_HEADS, line.numbers, _LOOKS, strict=False):
        words = f"{head} {number}"
        if number in ("", texts.NONE):
            continue
        if taken and measure(line.below) + taken + 2 + measure(words) > space:
            yield drawn
            taken, drawn = 0, line.below
        drawn += f"{'  ' * bool(taken)}{head} {options.paint(number, look)}"
        taken += 2 * bool(taken) + measure(words)
    if taken:
        yield drawn
