"""The operations on arrays: rows like those of THE TABLE, a row for each number of axes where the rule differs.

A partial in which the word `upstream` stands is a pullback: the whole of what flows back, in the shape of the input.
Every other partial is a local gradient in that shape, and the engine multiplies it by upstream.
Where nothing is said, NumPy's conventions hold.
"""

from __future__ import annotations

import copyreg
from collections.abc import Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from . import shape_rules as fit
from .array_op import ArrayOp, Shape
from .formula import Formula
from .op import Op
from .table import chosen, exp, out, spellings, x, y

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
above, unscored = Formula("above"), Formula("unscored")
"""`above(upstream, out)`: upstream less its mean, out being the portions that it is weighed with; `unscored(upstream,
out)`: what log_softmax hands back. Neither cancels where one entry has nearly all."""

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
        ArrayOp(name, "x y", matmul(x, y), *partials, shape=fit.matrix_product, axes=axes, form=form, does=does)
        for axes, partials in rules.items()
    ]


def _reduction(name: str, value: Formula, partial: Formula, **more: Any) -> ArrayOp:
    return ArrayOp(name, "x", value, partial, shape=fit.reduced, takes="axis keepdims", form=f"{name}()", **more)


ARRAYS: list[ArrayOp] = [
    *_products("matmul", "matmul"),
    *_products("dot", "dot()"),
    ArrayOp("outer", "x y", outer(x, y), upstream @ y, x @ upstream, shape=fit.outer, form="outer()",
            does="hands each vector its upstream times the other one"),
    ArrayOp("transpose", "x", T(x), T(upstream), shape=fit.transposed, form="transpose",
            does="hands its upstream on, transposed"),
    ArrayOp("index", "x", entries(x), place(upstream, x), shape=fit.indexed, form="index", settings={"items": "i"},
            does="hands its upstream to the entries that it takes, and nothing to the others"),
    ArrayOp("array", "x...", parts, part(upstream, Formula("slot")), shape=fit.stacked, form="array",
            does="hands each of its entries the upstream of its place"),
    ArrayOp("concat", "x...", parts, part(upstream, Formula("slot")), shape=fit.joined, takes="axis", form="concat()",
            aliases="concatenate", does="hands each of its parts the upstream of its place"),
    ArrayOp("reshape", "x", shaped(x), shaped(upstream, x), shape=fit.reshaped, takes="lengths", form="reshape()",
            settings={"lengths": "n"},
            does="hands its upstream on, in the shape of its input"),
    ArrayOp("pick", "x y", picked(x, y), place(upstream, x, y), 0, shape=fit.picked, form="pick()",
            does="hands its upstream to the entry that each label picks, and nothing to the others"),

    _reduction("sum", total(x), spread(upstream, x),
               does="hands every entry that it sums the same upstream"),
    _reduction("mean", Formula("careful", total(x) / count(x, out), Formula("mean")(x)),
               spread(upstream, x) / count(x, out), aliases="average avg",
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
    ArrayOp("softmax", "x", softmax(x),
            Formula("careful", out * (upstream - rowsum(upstream * out)), out * above(upstream, out)),
            shape=fit.same, takes="axis", form="softmax()",
            does="hands each score its probability times what its upstream exceeds the mean upstream"),
    ArrayOp("log_softmax", "x", log_softmax(x),
            Formula("careful", upstream - exp(out) * rowsum(upstream), unscored(upstream, out)),
            shape=fit.same, takes="axis", form="log_softmax()", aliases="logsoftmax",
            does="hands each score its upstream, less its probability times the sum of all of them"),

    ArrayOp("trace", "x", trace(x), upstream * eye(x), shape=fit.diagonal_sum, form="trace()", aliases="tr",
            does="hands its upstream to the diagonal, and nothing elsewhere"),
    ArrayOp("inv", "x", inv(x), -(T(out) @ upstream @ T(out)), shape=fit.square, form="inv()", aliases="inverse",
            domain="det(x) ≠ 0", does="hands back minus the transposed inverse, its upstream, and that inverse again"),
    ArrayOp("det", "x", det(x), Formula("careful", upstream * out * T(inv(x)), upstream * cofactors(x)),
            shape=fit.number_of_square, form="det()",
            does="hands back its upstream times its value times the transposed inverse: the cofactors"),
    ArrayOp("logdet", "x", logdet(x), upstream * T(inv(x)), shape=fit.number_of_square, form="logdet()",
            domain="det(x) > 0", does="hands back its upstream times the transposed inverse"),
    ArrayOp("solve", "x y", solve(x, y), -(solve(T(x), upstream) @ T(out)), solve(T(x), upstream), shape=fit.solved,
            axes="2·2", form="solve()", domain="det(x) ≠ 0",
            does="solves the transposed system for its upstream; the matrix gets minus that times the solution"),
    ArrayOp("solve", "x y", solve(x, y), -outer(solve(T(x), upstream), out), solve(T(x), upstream), shape=fit.solved,
            axes="2·1", form="solve()", domain="det(x) ≠ 0",
            does="solves the transposed system for its upstream; the matrix gets minus that times the solution"),
]  # fmt: skip

_SPELT = {op.name: op for op in reversed(ARRAYS) if op.name not in ("matmul", "index", "array")}


def functions() -> dict[str, Sequence[Op]]:
    """Every accepted function name, and the rows it may mean: scalars' first."""
    found: dict[str, Sequence[Op]] = {**spellings()}
    for op in _SPELT.values():
        for name in (op.name, *op.aliases):
            found[name] = (*found.get(name, ()), op)
    found["matmul"] = (row("matmul"),)
    return found


def row(name: str, **settings: Any) -> ArrayOp:
    """The first row of that name, with these settings."""
    return _named(name, next(op.axes for op in ARRAYS if op.name == name), tuple(settings.items()))


def fitting(op: Op, shapes: Sequence[Shape]) -> tuple[Op, Shape]:
    """The row of the same operation whose rule holds for these numbers of axes, and the shape of its output.

    Of one number a reduction is the row of numbers. Raises MisfitError where shapes do not go together.
    """
    if isinstance(op, ArrayOp) and op.shape_rule is fit.reduced and not shapes[0] and op.settings.get("axis") is None:
        op = next(each for each in spellings()[op.name] if each.variadic)
    if not isinstance(op, ArrayOp):
        return op, fit.broadcast(shapes)
    axes = "·".join(str(len(shape)) for shape in shapes)
    rows = [each for each in ARRAYS if each.name == op.name]
    found = next((each for each in rows if each.axes in ("", axes)), rows[0])
    row = _named(found.name, found.axes, tuple(op.settings.items()))
    return row, row.shape(shapes)


@lru_cache(maxsize=1_000)
def _named(name: str, axes: str, settings: tuple[tuple[str, Any], ...]) -> ArrayOp:
    base = next(op for op in ARRAYS if op.name == name and op.axes == axes)
    if not settings:
        return base
    made = object.__new__(ArrayOp)
    made.__dict__.update({key: value for key, value in base.__dict__.items() if key != "call"})
    made.settings = MappingProxyType(dict(settings))
    return made


copyreg.pickle(ArrayOp, lambda op: (_named, op.key))  # a pickle names its row
