"""Both passes over doubles as compiled loops over all gates, which branch by their kind: for large graphs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from operator import ge
from typing import Any
from weakref import WeakKeyDictionary

from ..graph.graph import Graph
from ..graph.nodes import Nodes
from ..rules.op import Op
from .compiled import UNTOUCHED, Code, UnusualError, compiled, constants_of, indented, is_small
from .lazy import Lazy

_Kind = tuple[Any, ...]
"""A primitive, None for a leaf, and for each of its inputs whether it gets a gradient."""


class Loops:
    """The loops compiled for a graph, and the columns that they go through.

    Raises UnusualError for a graph with modules, or with a constant that has no value.
    """

    def __init__(self, graph: Graph, wrt: Collection[str] | None = None) -> None:
        if graph.modules:
            raise UnusualError
        nodes, self.constants = graph.nodes, constants_of(graph)
        self.variables = [(nodes.names[place], place) for place in nodes.variables]
        self.inputs = nodes.inputs
        self.wanted = wanted = graph.depending_on(wrt)
        numbers: dict[_Kind, int] = {}
        found = [
            numbers.setdefault((op, *[wanted[i] for i in inputs]), len(numbers))
            for op, inputs in zip(nodes.ops, nodes.inputs, strict=True)
        ]
        counts = Counter(found)
        kinds = sorted(numbers, key=lambda kind: -counts[numbers[kind]])
        ranks = {numbers[kind]: rank for rank, kind in enumerate(kinds)}
        self.kinds = [ranks[number] for number in found]
        routes = any(op and op.selects for op, *_ in kinds)
        reaches_all = all(map(ge, nodes.below([len(nodes) - 1]), wanted))
        self.forward, self.backward = _loops(tuple(kinds), reaches_all and not routes)

    def at(self, point: Mapping[str, float]) -> tuple[list[float], Sequence[float | None]]:
        """The values of all nodes, and what flows back to each; None where nothing does. Raises UnusualError."""
        values = [0.0] * len(self.inputs)
        for place, value in self.constants.items():
            values[place] = value
        for name, place in self.variables:
            values[place] = point[name]
        flow = [UNTOUCHED] * len(values)
        flow[-1] = 1.0
        try:
            self.forward(values, self.kinds, self.inputs)
            self.backward(values, flow, self.kinds, self.inputs, self.wanted)
        except (ArithmeticError, ValueError):
            raise UnusualError from None
        if not (math.isfinite(sum(values)) and math.isfinite(sum(flow))):
            raise UnusualError
        return values, Lazy(len(flow), lambda i: None if flow[i] is UNTOUCHED else flow[i])


_known: WeakKeyDictionary[Nodes, dict[frozenset[str] | None, Loops]] = WeakKeyDictionary()
"""What has been compiled, as long as its graph is there."""


def loops_of(graph: Graph, wrt: Collection[str] | None = None) -> Loops:
    """The loops of a graph, compiled once. Raises UnusualError as they do."""
    known, key = _known.setdefault(graph.nodes, {}), None if wrt is None else frozenset(wrt)
    if key not in known:
        known[key] = Loops(graph, wrt)
    return known[key]


@lru_cache(maxsize=200)
def _loops(kinds: tuple[_Kind, ...], reached: bool) -> tuple[Any, Any]:
    """The loops forward and backward over nodes of these kinds, the most frequent first.

    reached: whether something comes back to each of them. (When the loop comes to a node, the sum there is complete.)
    """
    lines = [
        "def forward(v, kinds, inputs):",
        "    for k, kind, s in zip(range(len(v)), kinds, inputs):",
    ]
    for rank, (op, *_wanted) in enumerate(kinds):
        lines += _branch(rank, [*_unpack(op), *_in_lists(op, "v[k]").forward()] if op else [])
    lines += [
        "def backward(v, g, kinds, inputs, wanted):",
        "    for o, u, kind, s in zip(reversed(v), reversed(g), reversed(kinds), reversed(inputs)):",
        *["        if u is untouched: continue"] * (not reached),
    ]
    for rank, kind in enumerate(kinds):
        lines += _branch(rank, _unless_lost(kind) + _backward(kind))
    found = compiled(lines, {})
    return found["forward"], found["backward"]


def _branch(rank: int, body: list[str]) -> list[str]:
    return indented([f"{'elif' if rank else 'if'} kind == {rank}:", *indented(body or ["pass"], 4)], 8)


def _unless_lost(kind: _Kind) -> list[str]:
    """Give up where what has come back is so small that digits may be lost; whatever only hands it on need not look."""
    op = kind[0]
    hands_on = op is not None and all(partial.head in ("1", "-1") for partial in op.partials)
    return [] if hands_on else [f"if {is_small('u')} and u: raise UnusualError"]


def _backward(kind: _Kind) -> list[str]:
    op, *wanted = kind
    if not any(wanted):
        return []
    gate = _in_lists(op, "o")
    if op.variadic:
        listed = [f"m = {gate.listed}"] if gate.reads_all else []
        back = gate._replace(listed="m").back(0, "g[i]", condition="wanted[i]")
        return [*listed, "for n, i in enumerate(s):", f"    {back}"]
    edges = [gate.back(slot, f"g[i{slot}]") for slot in range(len(op.inputs)) if wanted[slot]]
    return [*_unpack(op), *gate.kink(), *edges]


def _in_lists(op: Op, value: str) -> Code:
    inputs = ["v[i]"] if op.variadic else [f"v[i{slot}]" for slot in range(len(op.inputs))]
    return Code(op, value, inputs, "[v[i] for i in s]", "u", "n", is_looked_at=True)


def _unpack(op: Op) -> list[str]:
    return [] if op.variadic else [f"{', '.join(f'i{slot}' for slot in range(len(op.inputs)))}, = s"]
