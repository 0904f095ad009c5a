"""Which shapes go together in an operation on arrays, and which shape comes out: a rule for each kind of operation."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from .array_op import ArrayOp, Shape

MAX_AXES = 3
MAX_ENTRIES = 1 << 24
"""Of one array: 128 MB of doubles."""


class MisfitError(Exception):
    """Shapes that do not go together. The message and the hint name the inputs by {0}, {1} …"""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def told(shape: Shape) -> str:
    """A shape in a sentence: `5×10`, `a vector of 10`, `a number`."""
    return "×".join(map(str, shape)) if len(shape) > 1 else f"a vector of {shape[0]}" if shape else "a number"


def broadcast(shapes: Sequence[Shape]) -> Shape:
    """The shape of an operation element by element, by NumPy's rule: from the last axis on, lengths are equal or 1.

    Raises MisfitError.
    """
    found: list[int] = []
    for back in range(1, max(map(len, shapes), default=0) + 1):
        lengths = {slot: shape[-back] for slot, shape in enumerate(shapes) if len(shape) >= back}
        wide = {slot: length for slot, length in lengths.items() if length != 1}
        if len({*wide.values()}) > 1:
            one, other = next((a, b) for a in wide for b in wide if a < b and wide[a] != wide[b])
            raise MisfitError(_apart(shapes, one, other, back), _fits_beside(shapes, one, other))
        found.insert(0, next(iter(wide.values()), 1))
    return tuple(found)


def _axis(shape: Shape, back: int) -> str:
    place = len(shape) - back
    return "its only axis" if len(shape) == 1 else f"axis {place}"


def _apart(shapes: Sequence[Shape], one: int, other: int, back: int) -> str:
    here, there = shapes[one], shapes[other]
    lengths = f"{_axis(here, back)} has {here[-back]}, and {_axis(there, back)} has {there[-back]}"
    return f"{{{one}}} is {told(here)} and {{{other}}} is {told(there)}: {lengths}"


def _fits_beside(shapes: Sequence[Shape], one: int, other: int) -> str:
    """What would fit: a vector along the rows, if its length says so; a shape with a 1 there."""
    for vector, matrix in ((one, other), (other, one)):
        if len(shapes[vector]) == 1 and len(shapes[matrix]) == 2 and shapes[vector][0] == shapes[matrix][0]:
            return f"as a column it fits: reshape({{{vector}}}, {shapes[vector][0]}, 1)"
        if len(shapes[vector]) == len(shapes[matrix]) == 2 and shapes[vector][::-1] == shapes[matrix]:
            return f"transposed it fits: {{{vector}}}.T"
    fits = dict.fromkeys(told(shapes[one][-n:]) for n in range(1, len(shapes[one]) + 1))
    return f"beside {{{one}}} fits a number, or what is {', '.join(fits)}, or that with 1 in place of a length"


def matrix_product(op: ArrayOp, shapes: Sequence[Shape]) -> Shape:
    left, right = shapes
    for slot, shape in enumerate(shapes):
        if not shape:
            raise MisfitError(
                f"{{{slot}}} is a number, and {_sign(op)} takes vectors and matrices", "to scale, write *"
            )
        if len(shape) > 2:
            raise MisfitError(f"{{{slot}}} is {told(shape)}, and {_sign(op)} takes vectors and matrices")
    if left[-1] != right[0]:
        where = [f"axis {len(left) - 1} of {{0}} has {left[-1]}", f"axis 0 of {{1}} has {right[0]}"]
        raise MisfitError(
            f"{{0}} is {told(left)} and {{1}} is {told(right)}: {', and '.join(where)}", _product_hint(left, right)
        )
    return left[:-1] + right[1:]


def _sign(op: ArrayOp) -> str:
    return "@" if op.name == "matmul" else op.name


def _product_hint(left: Shape, right: Shape) -> str:
    turned = [
        (text, one, two)
        for text, one, two in (
            ("{0}.T @ {1}", left[::-1], right),
            ("{0} @ {1}.T", left, right[::-1]),
            ("{1} @ {0}", right, left),
            ("{0}.T @ {1}.T", left[::-1], right[::-1]),
        )
        if one[-1] == two[0]
    ]
    if turned:
        text, one, two = turned[0]
        return f"{text} is {told(one)} by {told(two)}, which fits"
    if left == right:
        return "to multiply entry by entry, write {0} * {1}"
    return f"behind {{0}} fits what is {left[-1]}×n; before {{1}}, what is n×{right[0]}"


def _needs_array(op: ArrayOp, shapes: Sequence[Shape]) -> None:
    for slot, shape in enumerate(shapes):
        if not shape:
            raise MisfitError(f"{{{slot}}} is a number, and {op.name} takes an array")


def axes_of(op: ArrayOp, shape: Shape, default: int | None = None) -> tuple[int, ...]:
    """The axes that an operation goes over; all of them where none is named. Raises MisfitError.

    default: the axis where none is named; all of them, if None
    """
    axis = op.settings.get("axis", default)
    if axis is None:
        return tuple(range(len(shape)))
    if not -len(shape) <= axis < len(shape):
        there = "only axis 0" if len(shape) == 1 else f"the axes 0 to {len(shape) - 1}"
        hint = f"it has {there}; the last one is also −1" if shape else ""
        raise MisfitError(f"{{0}} is {told(shape)} and has no axis {axis}", hint)
    return (axis % len(shape),)


def reduced(op: ArrayOp, shapes: Sequence[Shape]) -> Shape:
    [shape] = shapes
    axes = axes_of(op, shape)
    if op.name not in ("sum", "prod", "norm") and not all(shape[axis] for axis in axes):
        raise MisfitError(f"{{0}} is {told(shape)} and has no entry to take the {op.name} of")
    if op.settings.get("keepdims"):
        return tuple(1 if axis in axes else each for axis, each in enumerate(shape))
    return tuple(each for axis, each in enumerate(shape) if axis not in axes)


def same(op: ArrayOp, shapes: Sequence[Shape]) -> Shape:
    _needs_array(op, shapes)
    if not all(shapes[0][axis] for axis in axes_of(op, shapes[0], -1)):
        raise MisfitError(f"{{0}} is {told(shapes[0])} and has no entry to take the {op.name} of")
    return shapes[0]


def transposed(_op: ArrayOp, shapes: Sequence[Shape]) -> Shape:
    return shapes[0][::-1]


def square(op: ArrayOp, shapes: Sequence[Shape]) -> Shape:
    shape = shapes[0]
    if len(shape) != 2 or shape[0] != shape[1]:
        hint = "of a number, write 1/{0}" if op.name == "inv" and not shape else ""
        raise MisfitError(f"{{0}} is {told(shape)}, and {op.name} takes a square matrix", hint)
    return shape


def number_of_square(op: ArrayOp, shapes: Sequence[Shape]) -> Shape:
    square(op, shapes)
    return ()


def diagonal_sum(_op: ArrayOp, shapes: Sequence[Shape]) -> Shape:
    if len(shapes[0]) != 2:
        raise MisfitError(f"{{0}} is {told(shapes[0])}, and trace takes a matrix")
    return ()


def solved(op: ArrayOp, shapes: Sequence[Shape]) -> Shape:
    matrix = square(op, shapes)
    right = shapes[1]
    if len(right) not in (1, 2) or right[0] != matrix[0]:
        raise MisfitError(
            f"{{0}} is {told(matrix)} and {{1}} is {told(right)}",
            f"beside {{0}} fits what is {matrix[0]}×n, or a vector of {matrix[0]}",
        )
    return right


def outer(_op: ArrayOp, shapes: Sequence[Shape]) -> Shape:
    for slot, shape in enumerate(shapes):
        if len(shape) != 1:
            raise MisfitError(f"{{{slot}}} is {told(shape)}, and outer takes two vectors")
    return shapes[0] + shapes[1]


def stacked(_op: ArrayOp, shapes: Sequence[Shape]) -> Shape:
    first = shapes[0]
    for slot, shape in enumerate(shapes):
        if shape != first:
            raise MisfitError(
                f"an array is not ragged: {{0}}, its entry 0, is {told(first)}, and {{{slot}}}, its entry {slot}, "
                f"is {told(shape)}"
            )
    return (len(shapes), *first)


def joined(op: ArrayOp, shapes: Sequence[Shape]) -> Shape:
    _needs_array(op, shapes)
    first = shapes[0]
    [axis] = axes_of(op, first, 0)
    for slot, shape in enumerate(shapes):
        if len(shape) != len(first) or shape[:axis] + shape[axis + 1 :] != first[:axis] + first[axis + 1 :]:
            raise MisfitError(
                f"{{0}} is {told(first)} and {{{slot}}} is {told(shape)}",
                f"arrays that are joined along axis {axis} have the same lengths along all others",
            )
    return (*first[:axis], sum(shape[axis] for shape in shapes), *first[axis + 1 :])


def reshaped(op: ArrayOp, shapes: Sequence[Shape]) -> Shape:
    wanted, size = list(op.settings["lengths"]), prod(shapes[0])
    if wanted.count(-1) == 1:
        others = -prod(wanted)
        wanted[wanted.index(-1)] = size // others if others and size % others == 0 else -1
    if prod(wanted) != size or min(wanted, default=0) < 0:
        given = "×".join(map(str, op.settings["lengths"]))
        raise MisfitError(f"{{0}} is {told(shapes[0])}, which has {size:,} entries, and {given} has not")
    return tuple(wanted)


def indexed(op: ArrayOp, shapes: Sequence[Shape]) -> Shape:
    shape, items = shapes[0], op.settings["items"]
    if not shape:
        raise MisfitError(
            "{0} is a number, and has no entries", "a vector is a value like [1, 2], and [0] is its first entry"
        )
    if len(items) > len(shape):
        raise MisfitError(f"{{0}} is {told(shape)}, and has no {len(items)} axes to index")
    found = []
    for axis, (item, length) in enumerate(zip(items, shape, strict=False)):
        if isinstance(item, int):
            if not -length <= item < length:
                where = "" if len(shape) == 1 else f" along axis {axis}"
                least = f"0 to {length - 1}, or from the end −1 to −{length}" if length else "none"
                raise MisfitError(f"{{0}} is {told(shape)}, and has no entry {item}{where}", f"its entries are {least}")
        else:
            found.append(len(range(*slice(*item).indices(length))))
    return (*found, *shape[len(items) :])


def picked(_op: ArrayOp, shapes: Sequence[Shape]) -> Shape:
    scores, labels = shapes
    if len(scores) not in (1, 2) or labels != scores[:-1]:
        fits = "a label for each row" if len(scores) == 2 else "one label"
        wanted = told(scores[:-1]) if len(scores) in (1, 2) else "a vector beside a matrix"
        raise MisfitError(f"{{0}} is {told(scores)} and {{1}} is {told(labels)}", f"pick takes {fits}: {wanted}")
    return labels
