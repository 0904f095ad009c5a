"""The rules of operations on arrays as matrix formulas: what each word of a rule stands for, with its shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

from ..rules.array_op import Shape
from ..rules.formula import Formula
from ..rules.shape_rules import axes_of, broadcast
from .matrix_algebra import Algebra, apart, difference
from .named import Product

_WRITTEN = 8
"""Entries of an array of equal numbers that is written out; a larger one is told by its shape: `ones(10, 3)`."""


class Shaped(NamedTuple):
    """A formula, and its own shape, which may be narrower than that of the array for which it stands."""

    formula: Formula
    shape: Shape = ()


class RuleReader:
    """The reader of one rule: its words become formulas, and each has its shape.

    part: the shape of the input;
    whole: that of the gate;
    inputs: those of all inputs;
    stands: what its words stand for;
    algebra: how formulas are rewritten.
    """

    def __init__(
        self,
        op: Any,
        part: Shape,
        whole: Shape,
        inputs: Sequence[Shape],
        stands: Mapping[str, Shaped],
        algebra: Algebra,
    ) -> None:
        self.op, self.part, self.whole, self.inputs, self.stands = op, part, whole, inputs, stands
        self.algebra = algebra

    def read(self, formula: Formula) -> Shaped:
        """The rule over what its words stand for."""
        head = formula.head
        if not formula.args:
            return self.stands.get(head, Shaped(formula))
        if head == "part":
            return self._part(self.read(formula.args[0]), int(formula.args[1].head))
        args = [self.read(each) for each in formula.args]
        if head in _READ:
            return _READ[head](self, *args)
        return Shaped(Formula(head, *(each.formula for each in args)), broadcast([each.shape for each in args]))

    def upstream(self, each: Shaped) -> Shaped:
        """What flows back as wide as the gate; anything else is as wide as it is."""
        return whole_of(each, self.whole) if each is self.stands["upstream"] else each

    def transposed(self, x: Shaped) -> Shaped:
        x = self.upstream(x)
        if len(x.shape) < 2:
            return x
        square = x.formula.head == "eye" and x.shape[0] == x.shape[1]
        return Shaped(x.formula if square else plain(Formula("transpose", x.formula)), x.shape[::-1])

    def matmul(self, x: Shaped, y: Shaped) -> Shaped:
        x, y = self.upstream(x), self.upstream(y)
        for one, other in ((x, y), (y, x)):
            if one.formula.head == "eye" and one.shape[0] == one.shape[-1]:
                return other
        return Shaped(x.formula @ y.formula, x.shape[:-1] + y.shape[1:])

    def outer(self, x: Shaped, y: Shaped) -> Shaped:
        x, y = self.upstream(x), self.upstream(y)
        return Shaped(Formula("outer()", x.formula, y.formula), x.shape + y.shape)

    def inv(self, x: Shaped) -> Shaped:
        return Shaped(Formula("inv()", x.formula), x.shape)

    def solve(self, x: Shaped, y: Shaped) -> Shaped:
        y = self.upstream(y)
        return Shaped(Formula("solve()", x.formula, y.formula), y.shape)

    def spread(self, each: Shaped, _x: Shaped | Shape) -> Shaped:
        """What was reduced, beside what it was reduced from: its axis is there again, with length 1."""
        if not each.shape or self.op.settings.get("keepdims"):
            return each
        [axis] = axes_of(self.op, self.part)
        each = whole_of(each, self.whole)
        if axis == 0:
            return each
        shape = (*each.shape[:axis], 1, *each.shape[axis:])
        return Shaped(Formula("reshape()", each.formula, *shape), shape)

    def count(self, _x: Shaped, _out: Shaped) -> Shaped:
        return Shaped(Formula(str(prod(self.part) // max(prod(self.whole), 1))))

    def exp(self, x: Shaped) -> Shaped:
        return Shaped(self.algebra.exp(x.formula), x.shape)

    def times(self, x: Shaped, y: Shaped) -> Shaped:
        found = self.algebra.times(x.formula, y.formula)
        shape = self.algebra.shape(found)
        return Shaped(found, broadcast([x.shape, y.shape]) if shape is None else shape)

    def difference(self, x: Shaped, y: Shaped) -> Shaped:
        return Shaped(difference(x.formula, y.formula), broadcast([x.shape, y.shape]))

    def rowsum(self, x: Shaped) -> Shaped:
        [axis] = axes_of(self.op, self.part, -1)
        if not x.shape:
            return Shaped(Product(self.whole[axis]).times(x.formula).formula)
        x = whole_of(x, self.whole)
        is_vector = len(self.whole) == 1
        found = self.algebra.summed(x.formula, None if is_vector else axis)
        number, rest = apart(Product().times(x.formula))
        if found is None:
            found = number.times(summed(rest.formula, None if is_vector else axis, True)).formula
        shape = () if is_vector else tuple(1 if i == axis else n for i, n in enumerate(x.shape))
        return Shaped(found, shape)

    def place(self, each: Shaped, *inputs: Shaped) -> Shaped:
        taken = self.op.applied([x.formula for x in inputs])
        return Shaped(self.algebra.placed(each.formula, taken), self.part)

    def reshaped(self, each: Shaped, _x: Shaped) -> Shaped:
        if not each.shape:
            return each
        x = self.upstream(each).formula
        if not self.part:
            return Shaped(Formula("index", x, Formula(", ".join("0" * len(self.whole)))))
        return Shaped(Formula("reshape()", x, *self.part), self.part)

    def eye(self, _x: Shaped) -> Shaped:
        return Shaped(Formula("eye", *self.part), self.part)

    def rest(self, x: Shaped) -> Shaped:
        axes = axes_of(self.op, self.part)
        over = [Formula(f"axis={axis}") for axis in axes if len(axes) < len(self.part)]
        return Shaped(Formula("rest", x.formula, *over), x.shape)

    def _part(self, each: Shaped, slot: int) -> Shaped:
        """Of what flows back to a stack, or to arrays that were joined, what this input gets."""
        if not each.shape:
            return each
        each = self.upstream(each)
        if self.op.name == "array":
            return Shaped(Formula("part", each.formula, slot), self.part)
        [axis] = axes_of(self.op, self.part, 0)
        first = sum(shape[axis] for shape in self.inputs[:slot])
        place = ", ".join([":"] * axis + [f"{first}:{first + self.part[axis]}"])
        return Shaped(Formula("index", each.formula, Formula(place)), self.part)


_READ: dict[str, Callable[..., Shaped]] = {
    "T": RuleReader.transposed,
    "shaped": RuleReader.reshaped,
    "mul": RuleReader.times,
    "sub": RuleReader.difference,
    **{
        name: getattr(RuleReader, name)
        for name in "matmul outer inv solve spread count rowsum place eye rest exp".split()
    },
}
"""Words of rules that are no operation entry by entry."""


def plain(formula: Formula) -> Formula:
    """The formula without what is transposed twice."""
    if not formula.args:
        return formula
    args = [plain(each) for each in formula.args]
    if formula.head == "transpose" and args[0].head == "transpose":
        return args[0].args[0]
    return Formula(formula.head, *args)


def whole_of(each: Shaped, shape: Shape) -> Shaped:
    """The same in that shape: what is narrower is repeated."""
    if each.shape == shape:
        return each
    if each.formula.is_number and prod(shape) <= _WRITTEN:
        return Shaped(_written(each.formula, shape), shape)
    ones = _written(Formula("1"), shape) if prod(shape) <= _WRITTEN else Formula("ones", *shape)
    return Shaped(ones if each.formula.head == "1" else each.formula * ones, shape)


def _written(entry: Formula, shape: Shape) -> Formula:
    return Formula("array", *[_written(entry, shape[1:])] * shape[0]) if shape else entry


def summed(formula: Formula, axis: int | None, keepdims: bool) -> Formula:
    if axis is None:
        return Formula("sum()", formula)
    kept = [Formula("keepdims=True")] if keepdims else []
    return Formula("sum()", formula, Formula(f"axis={axis}"), *kept)
