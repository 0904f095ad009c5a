"""Where the entries of arrays come from: what only moves entries hands on those of its inputs, which tie with no other.

So `max(X, X[0])` has a derivative where both are the same entry, as `max(x, x)` has.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from ..arithmetic import FLOATS, Value
from ..arithmetic.arrays import Arrays
from ..arithmetic.axes import Array
from ..graph.graph import Gate, Graph
from ..rules.array_op import ArrayOp, Shape
from ..rules.shape_rules import axes_of

MOVES = frozenset("transpose index array concat reshape".split())
"""Operations that only move entries."""
_FOLLOWED = 100_000
"""Entries of an array up to which it is told whether one meets itself."""


def origins(graph: Graph, shapes: Sequence[Shape], values: Sequence[Value], system: Arrays, place: int) -> Array:
    """For each entry of a node the number of the entry of another node that it is, or its own.

    shapes, values: of all nodes
    place: the position of the node
    """
    waiting, asked = [place], set[int]()
    while waiting:
        node = graph.nodes[waiting.pop()]
        if node.position not in asked:
            asked.add(node.position)
            waiting += node.inputs if _moves(node) else []
    found: dict[int, Array] = {}
    for each in sorted(asked):
        node, shape = graph.nodes[each], shapes[each]
        if isinstance(node, Gate) and isinstance(node.op, ArrayOp) and _moves(node):
            before = np.concatenate([np.ravel(found[i]) for i in node.inputs])
            found[each] = before[system.moved(node.op, [values[i] for i in node.inputs])].reshape(shape)
        else:
            found[each] = sum(map(prod, shapes[:each])) + np.arange(prod(shape)).reshape(shape)
    return found[place]


def _moves(node: object) -> bool:
    return isinstance(node, Gate) and (node.op.name in MOVES or node.op.name == "pick")


def firsts(gate: Gate, graph: Graph, values: Sequence[Value], system: Arrays) -> Array:
    """Where entries are the first that come from one entry, as 1 and 0: among inputs, entry by entry, or over axes.

    gate: which selects, among inputs or over the axes of one
    values: of all nodes
    """
    shapes = [system.shape(value) for value in values]
    of = [origins(graph, shapes, values, system, i) for i in gate.inputs]
    if isinstance(gate.op, ArrayOp):
        axes = axes_of(gate.op, of[0].shape)
        front = range(len(axes))
        moved = np.moveaxis(of[0], axes, front)
        rows = moved.reshape(-1, *moved.shape[len(axes) :])
        return np.moveaxis(first_of_each(np.ones(rows.shape, int), rows, 0).reshape(moved.shape), front, axes)
    wide = np.stack([np.broadcast_to(each, shapes[gate.position]) for each in of])
    return first_of_each(np.ones(wide.shape, int), wide, 0)


def meets_itself(gate: Gate, graph: Graph, shapes: Sequence[Shape]) -> bool:
    """Whether an entry competes with itself in a gate that selects, in two inputs or over the axes of one.

    shapes: of all nodes; neither entries that labels pick are followed, nor those of large arrays
    """
    places = [*dict.fromkeys(gate.inputs)]
    largest = max(prod(shapes[i]) for i in (gate.position, *places))
    if not gate.op.selects or largest > _FOLLOWED or any(_picks(graph, i) for i in places):
        return False
    values = [np.zeros(shape) for shape in shapes]
    of = [origins(graph, shapes, values, Arrays(FLOATS), i) for i in places]
    if isinstance(gate.op, ArrayOp):
        axes = axes_of(gate.op, of[0].shape)
        rows = np.moveaxis(of[0], axes, range(len(axes))).reshape(prod(of[0].shape[axis] for axis in axes), -1)
    elif gate.op.variadic:
        rows = np.stack([np.broadcast_to(each, shapes[gate.position]) for each in of])
    else:
        return False
    rows = np.sort(rows, axis=0)
    return bool((rows[1:] == rows[:-1]).any())


def _picks(graph: Graph, place: int) -> bool:
    waiting = [place]
    while waiting:
        node = graph.nodes[waiting.pop()]
        if isinstance(node, Gate) and node.op.name == "pick":
            return True
        waiting += node.inputs if _moves(node) else []
    return False


def first_of_each(selected: Array, of: Array, zero: Value) -> Array:
    """What is selected along the first axis, and of what comes from one entry the first alone.

    selected: 1 where an entry is selected, else 0
    of: the entry that each comes from
    zero: that 0
    """
    found = np.array(selected)
    for place in np.argwhere(np.count_nonzero(selected, axis=0) > 1):
        there = (slice(None), *place)
        chosen = np.flatnonzero(selected[there])
        _, first = np.unique(of[there][chosen], return_index=True)
        found[(np.delete(chosen, first), *place)] = zero
    return found
