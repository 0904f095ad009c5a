"""What the local gradients of a gate with many inputs have in common: worked out once, and not for each of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Once(Generic[T]):
    """A function of a list that remembers what it made of the last one, which it knows by its identity."""

    def __init__(self, function: Callable[[Sequence[Any]], T]) -> None:
        self.function = function
        self.last: tuple[Sequence[Any], T] | None = None

    def __call__(self, xs: Sequence[Any]) -> T:
        last = self.last  # read once: another thread may set it
        if last is None or last[0] is not xs:
            self.last = last = xs, self.function(xs)
        return last[1]


def ends(factors: Sequence[T], times: Callable[[T, T], T], one: T) -> tuple[list[T], list[T]]:
    """For each of `factors` the product of those before it, and of those behind it: no zero divides.

    times: the product of two
    one: of none
    """
    before = [*accumulate(factors[:-1], times, initial=one)]
    behind = [*accumulate(factors[:0:-1], times, initial=one)]
    return before, behind[::-1]


_Wide = tuple[int, int]
"""A number with more digits than doubles have and any size: a whole number, and the power of 2 that it is times."""
_DOUBLE, _BITS = 53, 128


def _wide(x: float) -> _Wide:
    mantissa, exponent = math.frexp(x)
    return int(mantissa * 2**_DOUBLE), exponent - _DOUBLE


def _times(x: _Wide, y: _Wide) -> _Wide:
    product, exponent = x[0] * y[0], x[1] + y[1]
    more = max(product.bit_length() - _BITS, 0)
    return product >> more, exponent + more


_ends_of_doubles = Once[tuple[list[_Wide], list[_Wide]]](lambda xs: ends([*map(_wide, xs)], _times, (1, 0)))


def product_but_one(factors: Sequence[float], slot: int) -> float:
    """The product of doubles but one, rounded once, in which nothing overflows or underflows on the way.

    Raises OverflowError where it does in the end, and that or ValueError where a factor is not finite.
    """
    before, behind = _ends_of_doubles(factors)
    product, exponent = _times(before[slot], behind[slot])
    return math.ldexp(float(product), exponent)
