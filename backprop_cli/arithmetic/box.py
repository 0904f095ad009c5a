"""A box, all numbers from one to another: sums and products of boxes, conditions on them, and their ends in print.

An end is a number of `ball`: a fraction, or a ball that holds it. So ends are as exact as proven digits are, and what
is printed of them is rounded outwards. A slope may have no bound: then an end is infinite. Comparisons are
three-valued. This module imports flint; import it where it is
needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import partial, reduce
from itertools import pairwise, product
from math import floor, inf, isfinite
from numbers import Real
from typing import Any, Final

from flint import arb, fmpq

from .ball import HALF, ONE, ZERO, Ball, order
from .decimals import bound
from .system import InsideError, TooWideError

DIGITS = 17
"""Significant digits that tell any double from its neighbours; so many a machine is told of an end."""
HELD = 16
"""Digits that hold of a double that is next to the number."""
_ROUNDED = arb("1.1102231e-16")  # a little more than 2^-53
_SHOWN = 6  # digits of the ends of a wide box
_WRITTEN = 1 << 20  # bits of a fraction, at most
_APART = 2  # digits behind those in which its ends differ


class Maybe:
    """A condition that holds in one part of a box and not in another, or that nothing decides."""

    def __repr__(self) -> str:
        return "true or false"

    def __reduce__(self) -> str:
        return "MAYBE"


MAYBE: Final = Maybe()
Truth = bool | Maybe


class Box:
    """All numbers from one to another. One object is one number, though nobody knows which: x − x is 0.

    Where both ends are the same number, they are the same object.
    """

    __slots__ = ("hi", "lo")

    def __init__(self, lo: Ball, hi: Ball) -> None:
        self.lo, self.hi = lo, hi

    def __reduce__(self) -> tuple[Any, ...]:
        return (thin, (self.lo,)) if self.is_thin else (Box, (self.lo, self.hi))

    def __repr__(self) -> str:
        return interval(*ends(self))

    @property
    def is_thin(self) -> bool:
        """Whether it is one number."""
        return self.lo is self.hi

    @property
    def lower(self) -> Fraction | float:
        """A fraction that no number of it is below, −∞ where there is none.

        Raises OverflowError where it is too large to be written.
        """
        return _fraction(self.lo, up=False)

    @property
    def upper(self) -> Fraction | float:
        """A fraction that no number of it is above, ∞ where there is none.

        Raises OverflowError where it is too large to be written.
        """
        return _fraction(self.hi, up=True)

    def __contains__(self, number: object) -> bool:
        lower: Any = self.lower
        return isinstance(number, Real) and bool(lower <= number <= self.upper)

    @property
    def is_open(self) -> bool:
        """Whether an end is infinite."""
        return is_infinite(self.lo) or is_infinite(self.hi)

    @property
    def has_zero(self) -> bool:
        """Whether it is not proven that 0 is outside."""
        return not (order(self.lo, 0) == 1 or order(self.hi, 0) == -1)

    def __eq__(self, other: object) -> bool:
        """Whether both are surely the same number."""
        if isinstance(other, int):
            return self.is_thin and order(self.lo, other) == 0
        return isinstance(other, Box) and (
            self is other or (self.is_thin and other.is_thin and order(self.lo, other.lo) == 0)
        )

    def __hash__(self) -> int:
        return id(self)

    def __neg__(self) -> Box:
        return thin(-self.lo) if self.is_thin else Box(-self.hi, -self.lo)

    def __abs__(self) -> Box:
        if self.is_thin:
            return thin(abs(self.lo))
        if order(self.lo, 0) in (0, 1):
            return self
        return -self if order(self.hi, 0) in (0, -1) else Box(ZERO, highest((-self.lo, self.hi)))

    def __add__(self, other: Box) -> Box:
        if self.is_thin and other.is_thin:
            return thin(self.lo + other.lo)
        return Box(self.lo + other.lo, self.hi + other.hi)

    def __sub__(self, other: Box) -> Box:
        return NOTHING if self is other else self + -other

    def __mul__(self, other: Box) -> Box:
        if self.is_thin and other.is_thin:
            return thin(self.lo * other.lo)
        if self is other:
            size = abs(self)
            return Box(size.lo * size.lo, size.hi * size.hi)
        for one, two in ((self, other), (other, self)):
            if one.is_thin and one.lo.is_exact and one.lo.number in (0, 1):
                return two if one.lo.number == 1 else NOTHING
        product = corners(Ball.__mul__, self, other)
        return EVERYTHING if (self.is_open or other.is_open) and not _are_known(product) else product

    def __truediv__(self, other: Box | int) -> Box:
        if isinstance(other, int):
            other = thin(Ball(fmpq(other)))
        if self is other and not self.has_zero:
            return SAME
        if other.is_thin:
            if other.lo == 0:
                raise ZeroDivisionError
            if other.has_zero:
                raise TooWideError
        elif other.has_zero:
            raise InsideError
        return corners(Ball.__truediv__, self, other)


def quotient(top: Box, bottom: Box) -> Box:
    """A quotient without a bound where 0 is one end of what it is divided by, or inside of that."""
    if not bottom.has_zero or bottom.is_thin:
        return top / bottom
    if order(bottom.hi, 0) == 0:
        return quotient(-top, -bottom)
    if order(bottom.lo, 0) != 0 or order(bottom.hi, 0) != 1 or top.has_zero:
        return EVERYTHING
    return -quotient(-top, bottom) if order(top.hi, 0) == -1 else Box(top.lo / bottom.hi, BEYOND)


def thin(number: Ball) -> Box:
    """The box of one number."""
    return Box(number, number)


def is_infinite(end: Ball) -> bool:
    """Whether an end is no number, but says that there is no bound."""
    return not end.is_exact and end.number in (_INFINITE, -_INFINITE)


def _are_known(box: Box) -> bool:
    """Whether each end is a number or infinite."""
    return all(end.is_exact or end.number.is_finite() or is_infinite(end) for end in (box.lo, box.hi))


_INFINITE = arb("inf")
NOTHING, SAME = thin(ZERO), thin(ONE)
BEYOND = Ball(_INFINITE)
"""The upper end of what has none."""
EVERYTHING = Box(-BEYOND, BEYOND)


def lowest(numbers: Iterable[Ball]) -> Ball:
    """The smallest of numbers."""
    return reduce(partial(_either, 1, arb.min), numbers)


def highest(numbers: Iterable[Ball]) -> Ball:
    """The largest of numbers."""
    return reduce(partial(_either, -1, arb.max), numbers)


def _either(second: int, both: Callable[[arb, arb], arb], x: Ball, y: Ball) -> Ball:
    """The second where that is their order, else the first; where that is not known, a ball for the one of both."""
    found = order(x, y)
    return Ball(both(x.ball, y.ball)) if found is None else y if found == second else x


def hull(boxes: Iterable[Box]) -> Box:
    """The smallest box that holds all of these."""
    found = [*boxes]
    lo, hi = lowest(each.lo for each in found), highest(each.hi for each in found)
    return thin(lo) if order(lo, hi) == 0 else Box(lo, hi)


def common(one: Box, two: Box) -> Box:
    """What two boxes that hold the same number have in common: an end of the second where it is proven to be closer."""
    if one.is_thin or two.is_thin:
        return one if one.is_thin else two
    lo = two.lo if order(two.lo, one.lo) == 1 else one.lo
    hi = two.hi if order(two.hi, one.hi) == -1 else one.hi
    return thin(lo) if order(lo, hi) == 0 else Box(lo, hi)


def corners(function: Callable[..., Ball], *boxes: Box) -> Box:
    """What a function does with boxes, if each of its arguments alone makes it rise, or fall, all over them."""
    found = [function(*ends) for ends in product(*((x.lo,) if x.is_thin else (x.lo, x.hi) for x in boxes))]
    return thin(found[0]) if len(found) == 1 else Box(lowest(found), highest(found))


def pieces(box: Box, count: int) -> list[Box]:
    """A box in parts of the same size."""
    step = (box.hi - box.lo) / Ball(fmpq(count))
    ends = [box.lo, *(box.lo + step * Ball(fmpq(i)) for i in range(1, count)), box.hi]
    return [Box(lo, hi) for lo, hi in pairwise(ends)]


def middle(box: Box) -> Box:
    """The number in the middle."""
    return box if box.is_thin else thin((box.lo + box.hi) * HALF)


# -- Conditions ----------------------------------------------------------------------------------------------------


def less(x: Box, y: Box) -> Truth:
    if order(x.hi, y.lo) == -1:
        return True
    return False if x is y or order(x.lo, y.hi) in (0, 1) else MAYBE


def are_equal(x: Box, y: Box) -> Truth:
    if x == y:
        return True
    return False if order(x.hi, y.lo) == -1 or order(x.lo, y.hi) == 1 else MAYBE


def opposite(truth: Truth) -> Truth:
    return truth if isinstance(truth, Maybe) else not truth


def decided_by(settles: bool) -> Callable[[Callable[[], Truth], Callable[[], Truth]], Truth]:
    """`and`, which False settles, or `or`, which True does."""

    def both(one: Callable[[], Truth], two: Callable[[], Truth]) -> Truth:
        first = one()
        if first is settles:
            return settles
        second = two()
        return second if first is (not settles) or second is settles else MAYBE

    return both


ORDERS: dict[str, Callable[[Box, Box], Truth]] = {
    "lt": less,
    "gt": lambda x, y: less(y, x),
    "le": lambda x, y: opposite(less(y, x)),
    "ge": lambda x, y: opposite(less(x, y)),
    "eq": are_equal,
    "ne": lambda x, y: opposite(are_equal(x, y)),
}

# -- Ends in print -------------------------------------------------------------------------------------------------


def ends(box: Box, digits: int = 0) -> tuple[str, str]:
    """Both ends as decimals, rounded outwards.

    digits: significant ones; 0 for as many as tell the ends apart, 17 at most
    """
    if not digits:
        size, width = highest((abs(box.lo), abs(box.hi))).ball, (box.hi - box.lo).ball
        apart = int(float((size / width).log() / arb.const_log10())) + _APART if 0 < width < _INFINITE else DIGITS
        digits = _SHOWN if box.is_open else max(_SHOWN, min(DIGITS, apart))
    return bound(box.lo.number, digits, up=False), bound(box.hi.number, digits, up=True)


def held(number: float, box: Box) -> int:
    """How many significant digits hold, at least, of a double that stands for what lies in a box; at most HELD."""
    if not isfinite(number):
        return 0
    error = max(abs(arb(number) - end.ball).upper() for end in (box.lo, box.hi))
    if error == 0:
        return HELD
    if box.has_zero:
        return 0
    part = error / min(abs(end.ball).lower() for end in (box.lo, box.hi))
    return HELD if part <= _ROUNDED else max(0, floor(-float(part.log() / arb.const_log10())))


def interval(lower: str, upper: str) -> str:
    """`[0.1875, 0.25]`; the number, where both ends are the same."""
    return lower if lower == upper else f"[{lower}, {upper}]"


def _fraction(end: Ball, *, up: bool) -> Fraction | float:
    """An end, rounded outwards where it is no fraction."""
    if is_infinite(end):
        return inf if up else -inf
    if end.is_exact:
        return Fraction(int(end.number.p), int(end.number.q))
    middle, radius = _dyadic(end.number.mid(), up=up), _dyadic(end.number.rad(), up=True)
    return middle + radius if up else middle - radius


def _dyadic(number: arb, *, up: bool) -> Fraction:
    """A number without a radius; where it is too small to be written, what is next to it and can be."""
    mantissa, exponent = (int(each) for each in number.man_exp())
    bits = mantissa.bit_length() + exponent
    if bits > _WRITTEN:
        raise OverflowError(f"{number} is too large for a fraction")
    if bits < -_WRITTEN:
        return Fraction((mantissa > 0) if up else -(mantissa < 0), 1 << _WRITTEN)
    return mantissa * Fraction(2) ** exponent
