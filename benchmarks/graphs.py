"""Random graphs that look like programs: many small blocks over shared variables, and the sum of what they give.

Values stay within ±2 inside a block and gradients finite, whatever the size; the depth grows slowly.
"""

from __future__ import annotations

import math
import operator
import random
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from typing import Any, NamedTuple

BLOCK, VARIABLES = 32, 16
UNARY = -1


class Circuit(NamedTuple):
    """point: the values of the variables, nodes 0, 1, …; gates: operation and inputs of the nodes after them, in
    forward order (the second input of a unary one is UNARY). The last is the output, and every node is used.
    """

    point: tuple[float, ...]
    gates: tuple[tuple[str, int, int], ...]


FLOATS: Mapping[str, Callable[..., float]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "tanh": math.tanh,
    "exp": math.exp,
}


def forward(circuit: Circuit, inputs: Sequence[Any], words: Mapping[str, Callable[..., Any]] = FLOATS) -> Any:
    """The output, for inputs of any kind for which there are words."""
    values = list(inputs)
    append = values.append
    for op, a, b in circuit.gates:
        append(words[op](values[a]) if b == UNARY else words[op](values[a], values[b]))
    return values[-1]


def blocks(size: int, seed: int = 5) -> Circuit:
    """About `size` gates: blocks of random gates, summed as a tree."""
    return _Blocks(size, random.Random(seed)).circuit


def chain(size: int) -> Circuit:
    """`size` gates one behind the other: … tanh(tanh(x + y) + y) …."""
    gates = [("tanh", node, UNARY) if gate % 2 else ("add", node, 1) for gate, node in enumerate(range(1, size + 1))]
    return Circuit((0.5, 0.25), (("add", 0, 1), *gates[1:]))


class _Blocks:
    def __init__(self, size: int, rng: random.Random) -> None:
        self.rng = rng
        self.values = [rng.uniform(-1, 1) for _ in range(VARIABLES)]
        self.variable = cycle(range(VARIABLES))
        self.gates: list[tuple[str, int, int]] = []
        point = tuple(self.values)
        outputs = [self._sum(list(range(VARIABLES)))]  # so that each variable is used
        while len(self.gates) + len(outputs) < size:
            outputs.append(self._block())
        self._sum(outputs)
        self.circuit = Circuit(point, tuple(self.gates))

    def _gate(self, op: str, a: int, b: int = UNARY) -> int:
        inputs = [self.values[a]] if b == UNARY else [self.values[a], self.values[b]]
        self.gates.append((op, a, b))
        self.values.append(FLOATS[op](*inputs))
        return len(self.values) - 1

    def _block(self) -> int:
        """Random gates over each other, the variables, now and then any earlier node. Returns the sum of their ends."""
        first = len(self.values)
        unused: set[int] = set()
        for _ in range(BLOCK):
            a, b = self._pick(first), self._pick(first)
            op = self.rng.choice(["add", "mul", "mul", "sub", "tanh", "exp"])
            if op == "exp" and self.values[a] > math.log(2):
                op = "tanh"
            if op in ("tanh", "exp"):
                b = UNARY
            elif abs(FLOATS[op](self.values[a], self.values[b])) > 2:
                op, b = "tanh", UNARY
            unused -= {a, b}
            unused.add(self._gate(op, a, b))
        return self._sum(sorted(unused))

    def _pick(self, first: int) -> int:
        chance, here = self.rng.random(), len(self.values)
        if chance < 0.25 or here == first:
            return next(self.variable)
        return self.rng.randrange(here) if chance < 0.35 else self.rng.randrange(first, here)

    def _sum(self, nodes: list[int]) -> int:
        """The sum as a tree, so that it adds little depth."""
        while len(nodes) > 1:
            pairs = [self._gate("add", a, b) for a, b in zip(nodes[::2], nodes[1::2], strict=False)]
            nodes = pairs + ([nodes[-1]] if len(nodes) % 2 else [])
        return nodes[0]
