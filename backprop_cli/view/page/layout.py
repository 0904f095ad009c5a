"""Where a circuit stands on a page: columns from the inputs on the left to the output on the right.

Boxes and the texts of wires stand in columns by turns, so that texts have rooms of their own; a wire that passes a
column has a place in it, too. The order in a column is that in which wires cross least (barycentres, after Sugiyama,
Tagawa and Toda, 1981), and the heights are as near to those of the neighbours as the rooms allow (isotonic regression).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

from ..picture.circuit import Box, Drawing, Wire

NUMBER = 70
"""The width of a wire's texts: ten signs, −1.234e−05."""
RULE = 24
"""Letters of a rule that stands on a wire."""

_SWEEPS = 24
_LETTER = 8.5  # the width of a letter
_SMALL = 6.1  # and of a small one
_GAP = 22  # between columns, where wires change their height
_ROUND = 34  # the size of a gate that is one sign
_AIR = 5  # between rooms of a column


class Room(NamedTuple):
    """What something takes of a column: its width, and how far it reaches above and below its middle."""

    width: float
    above: float
    below: float


class Layout(NamedTuple):
    """Where each part of the picture stands.

    width, height: of the picture;
    columns: of each column, where it begins and its width;
    boxes: of each box, its column, the height of its middle, and its width;
    ways: of each wire, its height in every column between those of its two boxes; its texts stand in the first of them
    """

    width: int
    height: int
    columns: list[tuple[int, int]]
    boxes: list[tuple[int, int, int]]
    ways: list[list[int]]


class _Item:
    """A box, the texts of a wire, or a place where a wire passes. span: in a column."""

    def __init__(self, column: int, room: Room) -> None:
        self.column, self.room = column, room
        self.before: list[_Item] = []
        self.after: list[_Item] = []
        self.y = 0.0
        self.rank = 0.0


def lay_out(drawing: Drawing) -> Layout:
    """Where the boxes and the wires of a drawing stand."""
    columns = _columns(drawing)
    boxes = {box.name: _Item(columns[box.name], _box(box)) for box in drawing.boxes}
    chains = [_chain(wire, boxes) for wire in drawing.wires]
    items = [*boxes.values(), *(each for chain in chains for each in chain[1:-1])]
    layers: list[list[_Item]] = [[] for _ in range(max(item.column for item in items) + 1)]
    for item in _depth_first(boxes[drawing.boxes[-1].name], items):
        layers[item.column].append(item)
    _order(layers)
    _set_heights(layers)
    top = min(item.y - item.room.above for item in items)
    for item in items:
        item.y += 8 - top
    height = max(item.y + item.room.below for item in items) + 8
    widths = [round(max((item.room.width for item in layer), default=0)) for layer in layers]
    lefts = [8 + sum(widths[:place]) + _GAP * place for place in range(len(widths) + 1)]
    places = [(item.column, round(item.y), round(item.room.width)) for item in boxes.values()]
    ways = [[round(item.y) for item in chain[1:-1]] for chain in chains]
    return Layout(lefts[-1] - _GAP + 8, round(height), [*zip(lefts, widths, strict=False)], places, ways)


def _box(box: Box) -> Room:
    """The room of a box."""
    if box.kind in ("fork", "output"):
        return Room(6 if box.kind == "fork" else 0, 6, 6)
    if box.kind in ("input", "constant"):
        return Room(_LETTER * len(box.text) + 4, 13, 13)
    size = _ROUND / 2 + 2
    return Room(_ROUND if box.is_symbol else max(_ROUND, _LETTER * len(box.text) + 16), size, size)


def _texts(wire: Wire) -> Room:
    """The room of a wire's texts, above and below its line."""
    is_stem = wire.target == "out" or wire.target.startswith("fork")
    rule = 0 if wire.word else _SMALL * min(len(wire.local), RULE)
    return Room(max(NUMBER, _LETTER * len(wire.stage), rule), 31 if wire.stage else 18, 18 if is_stem else 31)


def _columns(drawing: Drawing) -> dict[str, int]:
    """For each box its column, an even number: as far left as its inputs let it; inputs just before they are used."""
    into: dict[str, list[str]] = {box.name: [] for box in drawing.boxes}
    out_of: dict[str, list[str]] = {box.name: [] for box in drawing.boxes}
    for wire in drawing.wires:
        into[wire.target].append(wire.source)
        out_of[wire.source].append(wire.target)
    columns: dict[str, int] = {}
    order = _forward(drawing.boxes, into)
    for name in order:
        columns[name] = max((columns[each] + 2 for each in into[name]), default=0)
    for name in reversed(order):
        is_free = not into[name] or (name.startswith("fork") and not into[into[name][0]])
        if is_free and out_of[name]:
            columns[name] = min(columns[each] for each in out_of[name]) - 2
    return columns


def _forward(boxes: Sequence[Box], into: dict[str, list[str]]) -> list[str]:
    """The boxes in an order in which each stands behind those that lead to it."""
    order: dict[str, None] = {}
    for box in boxes:
        stack = [box.name]
        while stack:
            name = stack[-1]
            missing = [each for each in into[name] if each not in order]
            if missing:
                stack += missing
            else:
                order[stack.pop()] = None
    return [*order]


def _chain(wire: Wire, boxes: dict[str, _Item]) -> list[_Item]:
    """The items that a wire runs through, from its source to its target, joined."""
    source, target = boxes[wire.source], boxes[wire.target]
    chain = [source]
    for column in range(source.column + 1, target.column):
        has_texts = column == source.column + 1 and not wire.is_bare
        chain.append(_Item(column, _texts(wire) if has_texts else Room(0, 6, 6)))
    chain.append(target)
    for one, other in itertools.pairwise(chain):
        one.after.append(other)
        other.before.append(one)
    return chain


def _depth_first(output: _Item, items: Sequence[_Item]) -> list[_Item]:
    """The items in the order in which one meets them from the output on, the first input of each gate first."""
    seen: dict[_Item, None] = {}
    for root in (output, *items):
        stack = [root]
        while stack:
            item = stack.pop()
            if item not in seen:
                seen[item] = None
                stack += reversed(item.before)
    return [*seen]


def _order(layers: list[list[_Item]]) -> None:
    """Sort each column by where its neighbours stand, and keep the order in which wires cross least."""
    _rank(layers)
    best, fewest = [[*layer] for layer in layers], _crossings(layers)
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 1
        for layer in layers if forward else reversed(layers):
            means = {item: _mean(item.before if forward else item.after, item.rank) for item in layer}
            layer.sort(key=means.__getitem__)
            _rank([layer])
        if (crossings := _crossings(layers)) < fewest:
            best, fewest = [[*layer] for layer in layers], crossings
        if not fewest:
            break
    for layer, order in zip(layers, best, strict=True):
        layer[:] = order
    _rank(layers)


def _rank(layers: Sequence[Sequence[_Item]]) -> None:
    for layer in layers:
        for place, item in enumerate(layer):
            item.rank = place / len(layer)


def _mean(items: Sequence[_Item], otherwise: float) -> float:
    return sum(item.rank for item in items) / len(items) if items else otherwise


def _crossings(layers: Sequence[Sequence[_Item]]) -> int:
    """How often wires cross between columns."""
    from bisect import bisect_right, insort

    count = 0
    for layer in layers:
        ends: list[float] = []
        for item in layer:
            ranks = sorted(other.rank for other in item.after)
            count += sum(len(ends) - bisect_right(ends, rank) for rank in ranks)
            for rank in ranks:
                insort(ends, rank)
    return count


def _set_heights(layers: list[list[_Item]]) -> None:
    """Move the items of each column towards their neighbours, in their order and with room for each."""
    for layer in layers:
        _settle(layer, [0.0] * len(layer))
    for sweep in range(_SWEEPS):
        for layer in layers if sweep % 2 else reversed(layers):
            is_last = sweep >= _SWEEPS - 2
            wanted = []
            for item in layer:
                sides = (item.before, item.after) if is_last else (item.before if sweep % 2 else item.after,)
                near = sorted(other.y for side in sides for other in side)
                wanted.append((near[(len(near) - 1) // 2] + near[len(near) // 2]) / 2 if near else item.y)
            _settle(layer, wanted)


def _settle(layer: Sequence[_Item], wanted: Sequence[float]) -> None:
    """Heights as near to the wanted ones as can be, apart from each other: pool adjacent violators."""
    offsets, offset = [], 0.0
    for place, item in enumerate(layer):
        offset += (layer[place - 1].room.below + _AIR + item.room.above) if place else 0.0
        offsets.append(offset)
    blocks: list[tuple[float, int]] = []  # the sum of what its items want, less their offsets, and their number
    for want, offset in zip(wanted, offsets, strict=True):
        blocks.append((want - offset, 1))
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] >= blocks[-1][0] / blocks[-1][1]:
            total, count = blocks.pop()
            blocks[-1] = (blocks[-1][0] + total, blocks[-1][1] + count)
    heights = [total / count for total, count in blocks for _ in range(count)]
    for item, height, offset in zip(layer, heights, offsets, strict=True):
        item.y = height + offset
