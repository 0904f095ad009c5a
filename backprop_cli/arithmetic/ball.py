"""A real number as a ball: a fraction where it is known to be one, or FLINT's ball that holds it."""

from __future__ import annotations

from math import inf
from typing import Any

from flint import arb, ctx, fmpq

from ..runtime.budget import reserve_memory
from .decimals import Rounded, rounded_ball, rounded_fraction, written
from .system import TooWideError, Value

reserve_memory()  # FLINT ends the process where it is refused memory

GUARD = 64
"""Bits beyond those of the digits that are wanted, to begin with."""
LONG = 10_000
"""Bits of a fraction, from which on it is rounded to a ball."""


class Ball:
    """A real number: as a fraction, where it is known to be one that is not long; else as FLINT's ball that holds it.

    Comparisons are true where they are proven, and false where they are wrong or not proven.

    square: of an irrational number the fraction whose square root it is, or less that, if there is one
    turns: of a multiple of π the fraction that it is of π
    """

    __slots__ = ("number", "opposite", "rounded", "square", "turns")

    def __init__(self, number: fmpq | arb, square: fmpq | None = None, turns: fmpq | None = None) -> None:
        self.number: Any = number
        self.square, self.turns = square, turns
        self.opposite: Ball | None = None
        """This number with its sign flipped, where that has been asked for."""
        self.rounded: tuple[int, Rounded | None] | None = None
        """What it is to so many digits, where that has been asked for."""

    def __reduce__(self) -> tuple[Any, ...]:
        if self.is_exact:
            return _fraction, (int(self.number.p), int(self.number.q))
        if not self.number.is_finite():
            return _beyond, (float(self.number),)
        parts = (self.number.mid().man_exp(), self.number.rad().man_exp())
        return _enclosed, tuple((int(mantissa), int(exponent)) for mantissa, exponent in parts)

    @property
    def is_exact(self) -> bool:
        """Whether it is a fraction."""
        return type(self.number) is fmpq

    @property
    def ball(self) -> arb:
        """It as a ball, at the precision at work."""
        return arb(self.number)

    @property
    def _mpf_(self) -> Any:
        from mpmath import mp  # which takes its middle for a number by this

        with ctx.workprec(max(ctx.prec, mp.prec + GUARD)):
            return self.ball._mpf_

    def __repr__(self) -> str:
        return f"Ball({self.number})"

    def __str__(self) -> str:
        places, known = self.rounded or (0, None)
        return written(*known, places) if known else str(self.number)

    def __add__(self, other: Value) -> Ball:
        number = _number(other)
        if type(number) is fmpq and number == 0:
            return self
        if self.is_exact and self.number == 0 and type(other) is Ball:
            return other
        if self.opposite is other or (self.square is not None and order(-self, other) == 0):
            return ZERO
        if self.turns is not None and type(other) is Ball and other.turns is not None:
            return _turned(self.number + number, self.turns + other.turns)
        return short(self.number + number)

    def __sub__(self, other: Value) -> Ball:
        difference: Ball = self + -other
        return difference

    def __mul__(self, other: Value) -> Ball:
        number = _number(other)
        for one, two in ((self.number, other), (number, self)):
            if type(one) is fmpq and one in _UNITS and type(two) is Ball:
                return ZERO if one == 0 else two if one == 1 else Ball.__neg__(two)
        result = short(self.number * number)
        if self.square is not None or (type(other) is Ball and other.square is not None):
            return _as_root(result, _squared(self), _squared(other))
        for one, two in ((self, number), (other, self.number)):
            if type(one) is Ball and one.turns is not None and type(two) in (int, fmpq):
                return _turned(result.number, one.turns * two)
        return result

    def __truediv__(self, other: Value) -> Ball:
        number = _number(other)
        if number == 0:
            raise ZeroDivisionError
        if type(number) is fmpq and number == 1:
            return self
        if self is other:
            return ONE
        result = self.number / number
        if type(result) is arb and not result.is_finite():
            raise TooWideError
        if self.square is not None or (type(other) is Ball and other.square is not None):
            square = _squared(other)
            return _as_root(short(result), _squared(self), None if square is None else 1 / square)
        if self.turns is not None:
            if type(other) is Ball and other.turns is not None:
                return short(self.turns / other.turns)
            if type(number) in (int, fmpq):
                return _turned(result, self.turns / number)
        return short(result)

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other: int) -> Ball:
        return -self + other

    def __neg__(self) -> Ball:
        if self.opposite is None:
            self.opposite = Ball(-self.number, self.square, None if self.turns is None else -self.turns)
            self.opposite.opposite = self
        return self.opposite

    def __abs__(self) -> Ball:
        sign = order(self, 0)
        return Ball(abs(self.number)) if sign is None else -self if sign < 0 else self

    def __eq__(self, other: object) -> bool:
        return NotImplemented if other is None else order(self, other) == 0

    def __ne__(self, other: object) -> bool:
        return NotImplemented if other is None else order(self, other) in (-1, 1)

    def __lt__(self, other: Value) -> bool:
        return order(self, other) == -1

    def __gt__(self, other: Value) -> bool:
        return order(self, other) == 1

    def __le__(self, other: Value) -> bool:
        return order(self, other) in (-1, 0) or bool(self.number <= _number(other))

    def __ge__(self, other: Value) -> bool:
        return order(self, other) in (0, 1) or bool(self.number >= _number(other))

    def __bool__(self) -> bool:
        return self != 0

    def __float__(self) -> float:
        if type(self.number) is arb:
            return float(self.number)
        try:  # the oldest FLINT that is supported cannot make a double of a fraction
            return int(self.number.p) / int(self.number.q)
        except OverflowError:
            return inf if self.number > 0 else -inf

    def __hash__(self) -> int:
        return hash(self.number) if self.is_exact else id(self)

    def to_places(self, places: int) -> Rounded | None:
        """This number, which is not 0, rounded to so many digits; None where it is not known well enough."""
        if self.rounded is None or self.rounded[0] != places:
            found = rounded_fraction(self.number, places) if self.is_exact else rounded_ball(self.number, places)
            self.rounded = places, found
        return self.rounded[1]


def exactly(value: Ball) -> Ball:
    """The number in the middle of a ball."""
    return value if value.is_exact else Ball(value.number.mid())


def order(x: Ball, y: Value) -> int | None:
    """-1, 0 or 1, where it is proven that x is smaller than y, the same number, or larger; else None."""
    if x is y:
        return 0 if x.is_exact or x.number.is_finite() else None
    a, b = x.number, _number(y)
    if a < b:
        return -1
    if a > b:
        return 1
    if x.turns is not None and type(y) is Ball and y.turns == x.turns:
        return 0
    same = x.square is not None and type(y) is Ball and y.square == x.square and bool(a + b != 0)
    return 0 if same or a == b else None


def may_be_zero(value: Ball) -> bool:
    """Whether it is not proven that a number is not 0."""
    return bool(value.number == 0) if value.is_exact else bool(value.number.contains(0))


def _number(value: Value) -> Any:
    if type(value) is Ball:
        return value.number
    # FLINT takes doubles and mpmath's numbers for what they are
    return value if type(value) in (int, fmpq, arb) else arb(value)


def short(number: fmpq | arb) -> Ball:
    """A number as a ball, if it is a fraction that has grown too long."""
    return Ball(arb(number) if type(number) is fmpq and number.height_bits() > LONG else number)


def _squared(value: Value) -> fmpq | None:
    """The square, where it is a fraction that is not long."""
    if type(value) is not Ball:
        return fmpq(value) ** 2 if type(value) is int else None
    if value.square is not None:
        return value.square
    return value.number**2 if value.is_exact and value.number.height_bits() < LONG else None


def _as_root(result: Ball, one: fmpq | None, two: fmpq | None) -> Ball:
    """A product, whose square is the product of these, where both are known."""
    if one is None or two is None:
        return result
    square = one * two
    if square.height_bits() > LONG:
        return result
    root = fraction_root(square, 2)
    if root is None:
        return Ball(result.number, square)
    return Ball(root if result.number > 0 else -root)


def _turned(number: arb, turns: fmpq) -> Ball:
    """So many times π, unless that fraction is long."""
    return ZERO if turns == 0 else Ball(number, turns=turns if turns.height_bits() < LONG else None)


def _fraction(numerator: int, denominator: int) -> Ball:
    return Ball(fmpq(numerator, denominator))


def _enclosed(middle: tuple[int, int], radius: tuple[int, int]) -> Ball:
    return Ball(arb(middle, arb(radius)))


def _beyond(infinity: float) -> Ball:
    return Ball(arb(infinity))


def fraction_root(x: fmpq, n: int) -> fmpq | None:
    """The n-th root of a positive fraction, where it is a fraction."""
    top, bottom = x.p.root(n), x.q.root(n)
    return fmpq(top, bottom) if top**n == x.p and bottom**n == x.q else None


_UNITS = (fmpq(0), fmpq(1), fmpq(-1))
ZERO, ONE, HALF = Ball(fmpq(0)), Ball(fmpq(1)), Ball(fmpq(1, 2))


def power_of_two(exponent: int) -> arb:
    """2 to the power of a whole number, as a ball."""
    return arb((1, exponent))
