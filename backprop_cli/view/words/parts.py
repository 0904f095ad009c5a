"""The parts of a story: what is told of each gate and each variable, and where the gates of a module begin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ...arithmetic import Value
from ...graph.graph import Node
from ...passes.trace import Edge
from .spans import Said, Span
from .wording import Wording


class Computed(NamedTuple):
    """A gate, or a named constant, in the forward pass, with `q1 = x + y = −2 + 5 = 3`.

    opened: headings of the calls whose gates begin here, outermost first;
    depth: the calls around.
    """

    node: Node
    equation: Said
    opened: Sequence[Said] = ()
    depth: int = 0


class Told(NamedTuple):
    """One edge in the backward pass, with its chain, written out."""

    edge: Edge
    equations: list[Said]


class Back(NamedTuple):
    """The backward pass through one gate; or, at a node with several edges, the sum of what comes back.

    says: first what it is, then what it does; of a sum, that it is one, and the sum;
    edges: those of the gate;
    opened, depth: as those of Computed;
    terms: of a sum.
    """

    node: Node
    says: list[Said]
    edges: Sequence[Told] = ()
    opened: Sequence[Said] = ()
    depth: int = 0
    terms: Sequence[Value] = ()


class Tells(NamedTuple):
    """What the gradient of one variable says: `∂f/∂x = −4`, `x + h → f − 4h`, and the same in a sentence."""

    variable: str
    equation: Said
    arrow: Span
    says: Said


class Opened:
    """What is said where the gates of opened calls begin."""

    def __init__(self, words: Wording) -> None:
        self.words = words
        self.before: list[int] = []

    def at(self, node: Node) -> tuple[list[Said], int]:
        """The headings that stand before a node, and how many calls are around it."""
        around = self.words.trace.graph.around(node)
        opened = [self.words.heading(each) for each in around if each not in self.before]
        self.before = around
        return opened, len(around)
