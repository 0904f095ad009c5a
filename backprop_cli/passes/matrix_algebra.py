"""Products and sums of arrays as one writes them by hand: factors cancel, and what is placed is taken out of sums."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ..rules.array_op import Shape
from ..rules.formula import Formula
from ..rules.shape_rules import broadcast
from ..rules.table import TABLE
from .named import Product, named_sum

_BY_ENTRIES = frozenset(op.name for op in TABLE)
"""Operations entry by entry."""
_FEW = 8
"""Terms of a product that is multiplied out."""
_SMALL = frozenset("234")
_ONE_SHAPE = {"softmax()", "log_softmax()"} | {op.form for op in TABLE if len(op.inputs) == 1 and not op.variadic}
"""Operations whose output has the shape of their only input."""


class Algebra:
    """Rewriting rules of formulas over the names of a program.

    gates: each gate over the names of its inputs, by its name; shapes: of each name
    """

    def __init__(self, gates: Mapping[str, Formula], shapes: Mapping[str, Shape]) -> None:
        self.gates, self.shapes = gates, dict(shapes)
        self.named = {repr(formula): Formula(name) for name, formula in reversed([*gates.items()])}

    def exp(self, x: Formula) -> Formula:
        """The exponential: of log_softmax(z) it is softmax(z), and so it is of z − logsumexp(z)."""
        whole = self._opened(x)
        if whole.head == "log_softmax()":
            return Formula("softmax()", *whole.args)
        if whole.head == "sub":
            z, beside = whole.args
            total = self._opened(beside)
            total = self._opened(total.args[0]) if total.head == "reshape()" else total
            if total.head == "logsumexp()" and repr(total.args[0]) == repr(z):
                axes = [each for each in total.args[1:] if each.head.startswith("axis=")]
                if self._stands_beside(z, beside, axes):
                    return Formula("softmax()", z, *axes)
        return Formula("exp", x)

    def times(self, one: Formula, other: Formula) -> Formula:
        """The product. It goes into a difference where that makes it shorter: s·(t/s − c) is t − s·c."""
        if other.head == "sub":
            found = [self._times(one, each) for each in other.args]
            as_it_is = [Product().times(one).times(each).formula for each in other.args]
            if any(len(each.words) < len(long.words) for each, long in zip(found, as_it_is, strict=True)):
                return difference(*found)
        return self._times(one, other)

    def chained(self, total: Formula, local: Formula) -> Formula:
        """Upstream × local. Sums are multiplied out where that is shorter: (a/p − b/q)·p·q is a·q − b·p."""
        plain = Product().times(total).times(local).formula
        factors, shape = Product().times(local), self.shape(plain)
        if not factors.above or shape is None:
            return plain
        factors = replace(factors, above=tuple(self.named.get(repr(each), each) for each in factors.above))
        products = [self._cancelled(_both(each, factors)) for each in _terms(Product(), total)]
        return min([plain, self.sum(products, shape) or plain], key=lambda each: len(each.words))

    def sum(self, terms: Sequence[Product], shape: Shape) -> Formula | None:
        """The sum of the terms, multiplied out where that is shorter; None where it is too long or of another shape."""
        products = [each for term in terms for each in self._multiplied_out(term)]
        found = [each for each in map(factored, (terms, products)) if each and self.shape(each) == shape]
        return min(found, key=lambda each: len(each.words), default=None)

    def _multiplied_out(self, product: Product) -> list[Product]:
        """A product of sums as products."""
        found = [replace(product, above=())]
        for factor in product.above:
            opened = self._opened(factor)
            terms = [*_terms(Product(), opened)] if opened.head in ("add", "sub", "neg") else [Product(above=(factor,))]
            found = [_both(one, other) for one in found for other in terms]
            if len(found) > _FEW:
                return [product]
        return found

    def placed(self, each: Formula, taken: Formula) -> Formula:
        """What is placed where `taken` takes from: its number stands in front.

        Of what is taken from only the shape counts, and the simplest of that shape is named.
        """
        while (x := self._opened(taken.args[0])).head in _ONE_SHAPE:
            taken = Formula(taken.head, x.args[0], *taken.args[1:])
        number, rest = apart(Product().times(each))
        return number.times(Formula("place", rest.formula, taken)).formula

    def summed(self, x: Formula, axis: int | None) -> Formula | None:
        """The sum of what was placed, once in each row where there is an axis: what was placed; else None.

        axis: that of the rows; None for a vector
        """
        number, rest = apart(Product().times(x))
        if len(rest.above) != 1 or rest.below or rest.above[0].head != "place":
            return None
        each, taken = rest.above[0].args
        shape = self.shape(each)
        if shape is None or (taken.head == "index" and (axis is not None or ":" in taken.args[1].head)):
            return None
        if axis is None:
            return number.times(each).formula if not shape else None
        if axis != 1 or taken.head != "pick()":
            return None
        return number.times(Formula("reshape()", each, *shape, 1) if shape else each).formula

    def terms(self, x: Formula, shape: Shape) -> Iterator[tuple[Product, Shape]]:
        """The terms of a sum of that shape, each with its own, where these are known; else the whole."""
        terms = [*_terms(Product(), x)]
        shapes = [self.shape(each.formula) for each in terms]
        if None in shapes:
            terms, shapes = [Product().times(x)], [shape]
        for term, found in zip(terms, shapes, strict=True):
            yield term, shape if found is None else found

    def shape(self, formula: Formula) -> Shape | None:
        """The shape of a formula, which may be narrower than that of what it stands for; None where nothing tells."""
        head, args = formula.head, formula.args
        if not args:
            return () if formula.is_number else self.shapes.get(head)
        if head == "place":
            return self.shape(args[1].args[0])
        if head in ("softmax()", "log_softmax()"):
            return self.shape(args[0])
        if head == "sum()":
            return self._shape_of_sum(*args)
        if head == "reshape()":
            return tuple(int(each.head) for each in args[1:])
        shapes = [self.shape(each) for each in args] if head in _BY_ENTRIES else [None]
        known = [each for each in shapes if each is not None]
        return broadcast(known) if len(known) == len(shapes) else None

    def _stands_beside(self, x: Formula, reduced: Formula, axes: Sequence[Formula]) -> bool:
        """Whether each entry of what x was reduced to stands beside those of x that it was reduced from."""
        whole, part = self.shape(x), self.shape(reduced)
        if whole is None or part is None or (len(whole) > 1 and not axes):
            return False
        at = int(axes[0].head.removeprefix("axis=")) % len(whole) if axes else 0
        return (1,) * (len(whole) - len(part)) + part == (*whole[:at], 1, *whole[at + 1 :])

    def _shape_of_sum(self, x: Formula, *settings: Formula) -> Shape | None:
        shape, axis = self.shape(x), "".join(each.head for each in settings).removeprefix("axis=")
        if not settings:
            return ()
        if shape is None or not axis.endswith("keepdims=True"):
            return None
        at = int(axis.removesuffix("keepdims=True")) % len(shape)
        return (*shape[:at], 1, *shape[at + 1 :])

    def _opened(self, x: Formula) -> Formula:
        return x if x.args else self.gates.get(x.head, x)

    def _times(self, one: Formula, other: Formula) -> Formula:
        product = self._cancelled(Product().times(one).times(other))
        places = [each for each in product.above if each.head == "place"]
        if len(places) != 1:
            return product.formula
        each, taken = places[0].args
        inside = Product(product.coefficient).times(each)
        above = [(factor, True) for factor in product.above if factor is not places[0]]
        for factor, is_above in [*above, *((factor, False) for factor in product.below)]:
            if (shape := self.shape(factor)) == self.shape(taken.args[0]):
                found = Formula(taken.head, factor, *taken.args[1:])
                factor = self.named.get(repr(found), found)
            elif shape != ():
                return product.formula
            inside = inside.times(factor) if is_above else inside.divided(factor)
        return self.placed(self._cancelled(inside).formula, taken)

    def _cancelled(self, product: Product) -> Product:
        """The product without the factors that stand above and below, unless its shape would not be known then."""
        above, below = [*_single(product.above)], list[Formula]()
        for factor in _divisors(product):
            same = next((i for i, each in enumerate(above) if repr(each) == repr(factor)), None)
            if same is None:
                below.append(factor)
            else:
                del above[same]
        found = replace(product, above=tuple(above), below=tuple(below))
        return product if self.shape(found.formula) is None else found


def difference(one: Formula, other: Formula) -> Formula:
    """One less the other, whose sign goes into the sum: a − −b is a + b."""
    return named_sum([Product().times(one), Product(-1).times(other)]) or one - other


def _both(one: Product, other: Product) -> Product:
    return Product(one.coefficient * other.coefficient, one.above + other.above, one.below + other.below)


def factored(terms: Sequence[Product]) -> Formula | None:
    """The sum of the terms, over the divisor that they have in common; None where there are too many."""
    [first, *others] = terms or [Product()]
    if others and first.below and all(repr(each.below) == repr(first.below) for each in others):
        whole = named_sum([replace(each, below=()) for each in terms])
        divided = Product() if whole is None else Product().times(whole)
        return whole and replace(divided, below=(*divided.below, *first.below)).formula
    return named_sum(terms)


def _terms(product: Product, x: Formula) -> Iterator[Product]:
    """The terms of a sum, times a product."""
    match x.head:
        case "add" | "sub":
            yield from _terms(product, x.args[0])
            yield from _terms(product.scaled(-1) if x.head == "sub" else product, x.args[1])
        case "neg":
            yield from _terms(product.scaled(-1), x.args[0])
        case _:
            yield product.times(x)


def apart(product: Product) -> tuple[Product, Product]:
    """The number in front of a product, and the rest of it."""
    below = [*_divisors(product)]
    numbers = tuple(each for each in below if each.is_number)
    rest = tuple(each for each in below if not each.is_number)
    return Product(product.coefficient, (), numbers), Product(1, product.above, rest)


def _single(factors: Sequence[Formula]) -> Iterator[Formula]:
    """Factors, of which a small power is so many equal ones."""
    for each in factors:
        power = each.args[1].head if each.head == "pow" else ""
        yield from [each.args[0]] * int(power) if power in _SMALL else [each]


def _divisors(product: Product) -> Iterator[Formula]:
    """What a product is divided by, factor by factor."""
    for each in _single(product.below):
        factor = Product().times(each)
        if factor.below:
            yield each
            continue
        if factor.coefficient != 1:
            yield Formula(str(factor.coefficient))
        yield from factor.above
