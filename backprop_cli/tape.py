"""The two passes over doubles as one loop each, compiled from the table for the kinds of gates that a graph has.

For graphs that are large, or evaluated at many points. It knows only plain sailing: wherever something is unusual (a
tie, a kink, a domain left, an overflow) it gives up, and the engine, which can tell what happened, takes over.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from .arithmetic import FLOATS
from .formula import Formula, substitute
from .graph import Module
from .nodes import Nodes
from .ops import Op


class UnusualError(Exception):
    """The tape has no result here; the engine has one, or an error that tells why there is none."""


Kind = tuple[Any, ...]
"""A primitive, and for each of its inputs whether it gets a gradient."""


class Tape:
    """The gates of a graph as columns, and the loops compiled for them.

    Raises UnusualError for a graph with modules, whose gradients the engine gets from their insides.
    """

    def __init__(self, nodes: Nodes, wanted: Sequence[int], leaves: Mapping[int, float]) -> None:
        """wanted: for each node, whether it depends on a variable that gets a gradient; leaves: values of constants."""
        self.wanted = wanted
        self.size, self.leaves = len(nodes), leaves
        self.variables = [(nodes.names[place], place) for place in nodes.variables]
        self.places = array("l", (place for place, op in enumerate(nodes.ops) if op is not None))
        self.inputs = [nodes.inputs[place] for place in self.places]
        numbers: dict[Kind, int] = {}
        found = [
            numbers.setdefault((nodes.ops[place], *[wanted[i] for i in inputs]), len(numbers))
            for place, inputs in zip(self.places, self.inputs, strict=True)
        ]
        kinds = list(numbers)
        if any(isinstance(kind[0], Module) for kind in kinds):
            raise UnusualError
        ranked = [number for number, _count in Counter(found).most_common()]
        ranks = {number: rank for rank, number in enumerate(ranked)}
        self.kinds = [ranks[number] for number in found]
        self.forward, self.backward = _compiled(tuple(kinds[number] for number in ranked))

    def run(self, point: Mapping[str, float]) -> tuple[list[float], list[float | None]]:
        """The values of all nodes, and what flows back to each; None where nothing does. Raises UnusualError."""
        values = [0.0] * self.size
        for place, value in self.leaves.items():
            values[place] = value
        for name, place in self.variables:
            values[place] = point[name]
        untouched = -0.0  # known by its identity; and −0 + x is x, to the sign of a zero
        flow = [untouched] * len(values)
        flow[-1] = 1.0
        try:
            self.forward(values, self.places, self.kinds, self.inputs)
            self.backward(values, flow, self.places, self.kinds, self.inputs, self.wanted, untouched)
        except (ArithmeticError, ValueError):
            raise UnusualError from None
        if not (math.isfinite(sum(values)) and math.isfinite(sum(flow))):
            raise UnusualError
        return values, [None if each is untouched else each for each in flow]


@lru_cache(maxsize=200)
def _compiled(kinds: tuple[Kind, ...]) -> tuple[Any, Any]:
    """The loops forward and backward over gates of these kinds, the most frequent first."""
    lines = [
        "def forward(v, places, kinds, inputs):",
        "    for k, kind, s in zip(places, kinds, inputs):",
        "        pass",  # where there is no gate at all
    ]
    for rank, kind in enumerate(kinds):
        lines += _branch(rank, _forward(kind[0]))
    lines += [
        "def backward(v, g, places, kinds, inputs, wanted, untouched):",
        "    for k, kind, s in zip(reversed(places), reversed(kinds), reversed(inputs)):",
        "        u = g[k]",
        "        if u is untouched: continue",
    ]
    for rank, kind in enumerate(kinds):
        lines += _branch(rank, _backward(kind))
    namespace = {**FLOATS.namespace, "reversed": reversed, "zip": zip, "UnusualError": UnusualError}
    # The text comes from the rows of the table alone; nothing that a user typed reaches it.
    exec(compile("\n".join([*lines, ""]), "<tape>", "exec"), namespace)  # noqa: S102
    return namespace["forward"], namespace["backward"]


def _branch(rank: int, body: list[str]) -> list[str]:
    return [
        f"        {'elif' if rank else 'if'} kind == {rank}:",
        *(f"            {line}" for line in body or ["pass"]),
    ]


def _forward(op: Op) -> list[str]:
    if not op.variadic:
        return [_unpack(op), f"v[k] = {_over_places(op, op.value)}"]
    tie = ["if [v[i] for i in s].count(v[k]) != 1: raise UnusualError"] if op.role == "routes" else []
    return [f"v[k] = {op.name}(*[v[i] for i in s])", *tie]


def _backward(kind: Kind) -> list[str]:
    op, *wanted = kind
    if not any(wanted):
        return []
    kink = [f"if {_over_places(op, op.kink)}: raise UnusualError"] if op.kink else []
    if op.variadic:
        return ["for i in s:", f"    {_adding(op, 0, ['wanted[i]'])}"]
    return [_unpack(op), *kink, *(_adding(op, slot, []) for slot in range(len(op.inputs)) if wanted[slot])]


def _adding(op: Op, slot: int, conditions: list[str]) -> str:
    """Add upstream × local to what flows back to the input in `slot`, unless the edge is not active."""
    partial, target = op.partials[slot], "g[i]" if op.variadic else f"g[i{slot}]"
    local = _over_places(op, partial)
    if op.role == "routes":
        conditions.append(f"{local} != 0")
    test = f"if {' and '.join(conditions)}: " if conditions else ""
    if partial.is_number and partial.head in ("1", "-1"):  # exact without a multiplication
        return f"{test}{target} {'-' if partial.head == '-1' else '+'}= u"
    return f"{test}{target} += u * {local}"


def _unpack(op: Op) -> str:
    return f"{', '.join(f'i{slot}' for slot in range(len(op.inputs)))}, = s"


def _over_places(op: Op, formula: Formula) -> str:
    """The code of a row's formula over the list of values."""
    words = {op.inputs[0]: "v[i]"} if op.variadic else {name: f"v[i{slot}]" for slot, name in enumerate(op.inputs)}
    return FLOATS.code(substitute(formula, {**words, "out": "v[k]"}))
