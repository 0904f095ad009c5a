"""The operations on arrays: rows like those of THE TABLE, a row for each number of axes where the rule differs.

A partial in which the word `upstream` stands is a pullback: the whole of what flows back, in the shape of the input.
Every other partial is a local gradient in that shape, and the engine multiplies it by upstream.
Where nothing is said, NumPy's conventions hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from math import prod
from types import MappingProxyType
from typing import Any, TypeAlias

from .formula import Formula, Operand, substitute, tidy
from .op import Op
from .table import chosen, exp, out, spellings, x, y

Shape: TypeAlias = tuple[int, ...]
MAX_AXES = 3
MAX_ENTRIES = 1 << 24
"""Of one array: 128 MB of doubles."""

upstream = Formula("upstream")
"""What flows back to the gate: ∂f/∂gate, in the shape of its output."""
T, outer, matmul, inv, det, solve, eye = map(Formula, "T outer matmul inv det solve eye".split())
"""The transpose, x yᵀ of two vectors, x @ y, the inverse, the determinant, solve(x, y) = x⁻¹y, and the unit matrix."""
spread, count, rowsum = map(Formula, "spread count rowsum".split())
"""`spread(upstream, x)`: upstream for each entry that it was reduced from; how many those are; the sum that stays."""
place, entries, part, parts = map(Formula, "place entries part parts".split())
"""`place(upstream, x)`: zeros like x, except at the entries that the gate takes; those entries; of what the gate puts
together the part of this input; all of them put together."""
shaped, total, product, rest = map(Formula, "shaped total product rest".split())
"""`shaped(upstream, x)`: in the shape of x. Sum and product over the axes; the product of the other entries."""
largest, smallest, length, logtotal = map(Formula, "largest smallest length logtotal".split())
softmax, log_softmax, logdet, cofactors = map(Formula, "softmax log_softmax logdet cofactors".split())
picked, trace = Formula("picked"), Formula("trace")

WORDS = {
    "upstream": "∂f/∂gate, in the shape of the gate's output",
    "T(x)": "x transposed",
    "outer(x, y)": "the matrix of the products x[i]·y[j]",
    "spread(upstream, x)": "upstream, for each entry of x that it was reduced from",
    "rowsum(x)": "the sum over the axis of the gate, which stays as one of length 1",
    "count(x, out)": "how many entries of x go into one of out",
    "place(upstream, x)": "zeros in the shape of x, and upstream at the entries that the gate takes",
    "rest(x)": "for each entry of x the product of the others",
    "eye(x)": "the unit matrix in the shape of x",
}
"""What readers are told of the words that only rules of arrays use."""


class MisfitError(Exception):
    """Shapes that do not go together. The message and the hint name the inputs by {0}, {1} …"""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def told(shape: Shape) -> str:
    """A shape in a sentence: `5×10`, `a vector of 10`, `a number`."""
    return "×".join(map(str, shape)) if len(shape) > 1 else f"a vector of {shape[0]}" if shape else "a number"


ShapeRule: TypeAlias = "Callable[[ArrayOp, Sequence[Shape]], Shape]"


class ArrayOp(Op):
    """A row of an operation on arrays.

    axes: of each input, how many it has where this rule holds (`2·1`); empty where that is all the same;
    shape: the shape of the output, from those of the inputs, which raises MisfitError where they do not go together;
    settings: parameters of the operation, such as `axis`, by name; those of a row itself stand for any; the others are
        those of Op.
    """

    of_arrays = True

    def __init__(
        self,
        name: str,
        inputs: str,
        value: Formula,
        *partials: Operand,
        shape: ShapeRule,
        axes: str = "",
        takes: str = "",
        settings: Mapping[str, Any] = MappingProxyType({}),
        **more: Any,
    ) -> None:
        """takes: the names of the settings that it may have."""
        super().__init__(name, inputs, value, *partials, **more)
        self.axes, self.takes, self.settings = axes, frozenset(takes.split()), settings
        self._pulling = tuple("upstream" in partial.words for partial in self.partials)
        self.shape_rule = shape

    def __reduce__(self) -> tuple[Any, ...]:
        return _named, self._key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ArrayOp) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[Any, ...]:
        return self.name, self.axes, tuple(self.settings.items())

    def accepts(self, count: int) -> bool:
        """Whether it takes `count` inputs: an array has one entry at least."""
        return count >= 1 + (self.name == "concat") if self.variadic else count == len(self.inputs)

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        """The shape of the output. Raises MisfitError where those of the inputs do not go together."""
        return self.shape_rule(self, shapes)

    def pulls_back(self, slot: int) -> bool:
        """Whether the partial for that input is a pullback."""
        return self._pulling[0 if self.variadic else slot]

    def applied(self, inputs: Iterable[Formula]) -> Formula:
        """The operation over these inputs, its settings among them."""
        return Formula(self.form, *inputs, *map(Formula, _typed(self.settings)))

    def local(self, slot: int, operands: Sequence[str | Formula], out: str | Formula) -> Formula:
        """The rule of an edge as people read it."""
        words: dict[str, str | Formula] = dict(self.edge(slot, operands, out))
        return tidy(substitute(self.partial(slot), words | {"slot": str(slot)}))


def _typed(settings: Mapping[str, Any]) -> list[str]:
    """Settings as they are typed: `axis=0`, and without a name the entries of an index and the lengths of a shape."""
    found = []
    for name, value in settings.items():
        if name == "items":
            found.append(", ".join(map(_item, value)))
        elif name == "lengths":
            found.append(", ".join(map(str, value)))
        else:
            found.append(f"{name}={value}")
    return found


def _item(item: str | int | tuple[int | None, int | None, int | None]) -> str:
    if not isinstance(item, tuple):
        return str(item)
    first, last, step = ("" if each is None else str(each) for each in item)
    return f"{first}:{last}:{step}" if step else f"{first}:{last}"


# -- Shapes --------------------------------------------------------------------------------------------------------


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


def _matrix_product(op: ArrayOp, shapes: Sequence[Shape]) -> Shape:
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
    return (
        f"behind {{0}} fits what has {_counted(left[-1], 'row')}; before {{1}}, what has {_counted(right[0], 'column')}"
    )


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _needs_array(op: ArrayOp, shapes: Sequence[Shape]) -> None:
    for slot, shape in enumerate(shapes):
        if not shape:
            if op.name in spellings() and any(each.variadic for each in spellings()[op.name]):
                raise MisfitError(f"{op.name} takes 2 or more inputs, not 1", f"write {op.name}(x, …)")
            raise MisfitError(f"{{{slot}}} is a number, and {op.name} takes an array")


def axes_of(op: ArrayOp, shape: Shape, default: int | None = None) -> tuple[int, ...]:
    """The axes that an operation goes over; all of them where none is named. Raises MisfitError."""
    axis = op.settings.get("axis", default)
    if axis is None:
        return tuple(range(len(shape)))
    if not -len(shape) <= axis < len(shape):
        there = "only axis 0" if len(shape) == 1 else f"the axes 0 to {len(shape) - 1}"
        raise MisfitError(f"{{0}} is {told(shape)} and has no axis {axis}", f"it has {there}; the last one is also −1")
    return (axis % len(shape),)


def _reduced(op: ArrayOp, shapes: Sequence[Shape]) -> Shape:
    _needs_array(op, shapes)
    [shape] = shapes
    axes = axes_of(op, shape)
    if op.name not in ("sum", "prod", "norm") and not all(shape[axis] for axis in axes):
        raise MisfitError(f"{{0}} is {told(shape)} and has no entry to take the {op.name} of")
    if op.settings.get("keepdims"):
        return tuple(1 if axis in axes else each for axis, each in enumerate(shape))
    return tuple(each for axis, each in enumerate(shape) if axis not in axes)


def _same(op: ArrayOp, shapes: Sequence[Shape]) -> Shape:
    _needs_array(op, shapes)
    axes_of(op, shapes[0], -1)
    return shapes[0]


def _transposed(_op: ArrayOp, shapes: Sequence[Shape]) -> Shape:
    return shapes[0][::-1]


def _square(op: ArrayOp, shapes: Sequence[Shape]) -> Shape:
    shape = shapes[0]
    if len(shape) != 2 or shape[0] != shape[1]:
        hint = "of a number, write 1/{0}" if op.name == "inv" and not shape else ""
        raise MisfitError(f"{{0}} is {told(shape)}, and {op.name} takes a square matrix", hint)
    return shape


def _number_of_square(op: ArrayOp, shapes: Sequence[Shape]) -> Shape:
    _square(op, shapes)
    return ()


def _diagonal_sum(_op: ArrayOp, shapes: Sequence[Shape]) -> Shape:
    if len(shapes[0]) != 2:
        raise MisfitError(f"{{0}} is {told(shapes[0])}, and trace takes a matrix")
    return ()


def _solved(op: ArrayOp, shapes: Sequence[Shape]) -> Shape:
    matrix = _square(op, shapes)
    right = shapes[1]
    if len(right) not in (1, 2) or right[0] != matrix[0]:
        raise MisfitError(
            f"{{0}} is {told(matrix)} and {{1}} is {told(right)}",
            f"beside {{0}} fits what has {_counted(matrix[0], 'row')}, or a vector of {matrix[0]}",
        )
    return right


def _outer(_op: ArrayOp, shapes: Sequence[Shape]) -> Shape:
    for slot, shape in enumerate(shapes):
        if len(shape) != 1:
            raise MisfitError(f"{{{slot}}} is {told(shape)}, and outer takes two vectors")
    return shapes[0] + shapes[1]


def _stacked(_op: ArrayOp, shapes: Sequence[Shape]) -> Shape:
    first = shapes[0]
    for slot, shape in enumerate(shapes):
        if shape != first:
            raise MisfitError(
                f"an array is not ragged: {{0}}, its entry 0, is {told(first)}, and {{{slot}}}, its entry {slot}, "
                f"is {told(shape)}"
            )
    return (len(shapes), *first)


def _joined(op: ArrayOp, shapes: Sequence[Shape]) -> Shape:
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


def _reshaped(op: ArrayOp, shapes: Sequence[Shape]) -> Shape:
    wanted, size = list(op.settings["lengths"]), prod(shapes[0])
    if wanted.count(-1) == 1:
        others = -prod(wanted)
        wanted[wanted.index(-1)] = size // others if others and size % others == 0 else -1
    if prod(wanted) != size or min(wanted, default=0) < 0:
        given = "×".join(map(str, op.settings["lengths"]))
        raise MisfitError(f"{{0}} is {told(shapes[0])}, which has {size:,} entries, and {given} has not")
    return tuple(wanted)


def _indexed(op: ArrayOp, shapes: Sequence[Shape]) -> Shape:
    shape, items = shapes[0], op.settings["items"]
    if not shape:
        raise MisfitError("{0} is a number, and has no entries")
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


def _picked(_op: ArrayOp, shapes: Sequence[Shape]) -> Shape:
    scores, labels = shapes
    if len(scores) not in (1, 2) or labels != scores[:-1]:
        fits = "a label for each row" if len(scores) == 2 else "one label"
        wanted = told(scores[:-1]) if len(scores) in (1, 2) else "a vector beside a matrix"
        raise MisfitError(f"{{0}} is {told(scores)} and {{1}} is {told(labels)}", f"pick takes {fits}: {wanted}")
    return labels


# -- The rows ------------------------------------------------------------------------------------------------------


def _products(name: str, form: str) -> list[ArrayOp]:
    does = "hands each factor its upstream times the other one, on the side where the shapes fit"
    rules = {
        "2·2": (upstream @ T(y), T(x) @ upstream),
        "2·1": (outer(upstream, y), T(x) @ upstream),
        "1·2": (y @ upstream, outer(x, upstream)),
        "1·1": (upstream * y, upstream * x),
    }
    return [
        ArrayOp(name, "x y", matmul(x, y), *partials, shape=_matrix_product, axes=axes, form=form, does=does)
        for axes, partials in rules.items()
    ]


def _reduction(name: str, value: Formula, partial: Formula, **more: Any) -> ArrayOp:
    return ArrayOp(name, "x", value, partial, shape=_reduced, takes="axis keepdims", form=f"{name}()", **more)


ARRAYS: list[ArrayOp] = [
    *_products("matmul", "matmul"),
    *_products("dot", "dot()"),
    ArrayOp("outer", "x y", outer(x, y), upstream @ y, x @ upstream, shape=_outer, form="outer()",
            does="hands each vector its upstream times the other one"),
    ArrayOp("transpose", "x", T(x), T(upstream), shape=_transposed, form="transpose",
            does="hands its upstream on, transposed"),
    ArrayOp("index", "x", entries(x), place(upstream, x), shape=_indexed, form="index", settings={"items": "i"},
            does="hands its upstream to the entries that it takes, and nothing to the others"),
    ArrayOp("array", "x...", parts, part(upstream, Formula("slot")), shape=_stacked, form="array",
            does="hands each of its entries the upstream of its place"),
    ArrayOp("concat", "x...", parts, part(upstream, Formula("slot")), shape=_joined, takes="axis", form="concat()",
            aliases="concatenate", does="hands each of its parts the upstream of its place"),
    ArrayOp("reshape", "x", shaped(x), shaped(upstream, x), shape=_reshaped, takes="lengths", form="reshape()",
            settings={"lengths": "n"},
            does="hands its upstream on, in the shape of its input"),
    ArrayOp("pick", "x y", picked(x, y), place(upstream, x, y), 0, shape=_picked, form="pick()",
            does="hands its upstream to the entry that each label picks, and nothing to the others"),

    _reduction("sum", total(x), spread(upstream, x),
               does="hands every entry that it sums the same upstream"),
    _reduction("mean", total(x) / count(x, out), spread(upstream, x) / count(x, out), aliases="average avg",
               does="hands every entry its upstream, divided by how many there are"),
    _reduction("prod", product(x), rest(x), aliases="product",
               does="hands every entry its upstream times the product of the others"),
    _reduction("max", largest(x), chosen, selects=True, aliases="Max amax",
               does="hands its upstream to the largest entry, and nothing to the others"),
    _reduction("min", smallest(x), chosen, selects=True, aliases="Min amin",
               does="hands its upstream to the smallest entry, and nothing to the others"),
    _reduction("norm", length(x), x / spread(out, x), note="at 0 there is no gradient",
               does="hands every entry its upstream times the part that the entry has in the length"),
    _reduction("logsumexp", logtotal(x),
               Formula("careful", exp(x - spread(out, x)), Formula("portions")(x)),
               does="hands every entry its upstream times the part that its exp has in the sum (softmax)"),
    ArrayOp("softmax", "x", softmax(x), out * (upstream - rowsum(upstream * out)), shape=_same, takes="axis",
            form="softmax()",
            does="hands each score its probability times what its upstream exceeds the mean upstream"),
    ArrayOp("log_softmax", "x", log_softmax(x), upstream - exp(out) * rowsum(upstream), shape=_same, takes="axis",
            form="log_softmax()", aliases="logsoftmax",
            does="hands each score its upstream, less its probability times the sum of all of them"),

    ArrayOp("trace", "x", trace(x), upstream * eye(x), shape=_diagonal_sum, form="trace()", aliases="tr",
            does="hands its upstream to the diagonal, and nothing elsewhere"),
    ArrayOp("inv", "x", inv(x), -(T(out) @ upstream @ T(out)), shape=_square, form="inv()", aliases="inverse",
            domain="det(x) ≠ 0", does="hands back minus the transposed inverse, its upstream, and that inverse again"),
    ArrayOp("det", "x", det(x), Formula("careful", upstream * out * T(inv(x)), upstream * cofactors(x)),
            shape=_number_of_square, form="det()",
            does="hands back its upstream times its value times the transposed inverse: the cofactors"),
    ArrayOp("logdet", "x", logdet(x), upstream * T(inv(x)), shape=_number_of_square, form="logdet()",
            domain="det(x) > 0", does="hands back its upstream times the transposed inverse"),
    ArrayOp("solve", "x y", solve(x, y), -(solve(T(x), upstream) @ T(out)), solve(T(x), upstream), shape=_solved,
            axes="2·2", form="solve()", domain="det(x) ≠ 0",
            does="solves the transposed system for its upstream; the matrix gets minus that times the solution"),
    ArrayOp("solve", "x y", solve(x, y), -outer(solve(T(x), upstream), out), solve(T(x), upstream), shape=_solved,
            axes="2·1", form="solve()", domain="det(x) ≠ 0",
            does="solves the transposed system for its upstream; the matrix gets minus that times the solution"),
]  # fmt: skip

_SPELT = {op.name: op for op in reversed(ARRAYS) if op.name not in ("matmul", "index", "array")}


def functions() -> dict[str, list[Op]]:
    """Every accepted function name, and the rows it may mean: scalars' first."""
    found: dict[str, list[Op]] = {name: [*rows] for name, rows in spellings().items()}
    for op in _SPELT.values():
        for name in (op.name, *op.aliases):
            found.setdefault(name, []).append(op)
    found["matmul"] = [row("matmul")]
    return found


def row(name: str, **settings: Any) -> ArrayOp:
    """The first row of that name, with these settings."""
    return _named(name, next(op.axes for op in ARRAYS if op.name == name), tuple(settings.items()))


def fitting(op: ArrayOp, shapes: Sequence[Shape]) -> ArrayOp:
    """The row of the same operation whose rule holds for these numbers of axes."""
    axes = "·".join(str(len(shape)) for shape in shapes)
    rows = [each for each in ARRAYS if each.name == op.name]
    found = next((each for each in rows if each.axes in ("", axes)), rows[0])
    return _named(found.name, found.axes, tuple(op.settings.items()))


@lru_cache(maxsize=1_000)
def _named(name: str, axes: str, settings: tuple[tuple[str, Any], ...]) -> ArrayOp:
    base = next(op for op in ARRAYS if op.name == name and op.axes == axes)
    if not settings:
        return base
    made = object.__new__(ArrayOp)
    made.__dict__.update({key: value for key, value in base.__dict__.items() if key != "call"})
    made.settings = MappingProxyType(dict(settings))
    return made
