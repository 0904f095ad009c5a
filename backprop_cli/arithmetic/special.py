"""Special functions that mpmath has, but not as fast as is needed here. This module imports mpmath."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from mpmath import MPContext

from .system import MAX_ORDER, Value


def polygamma(mp: Any, order: Value, x: Value) -> Value:
    """The polygamma function of any order up to MAX_ORDER.

    order: a whole number from 0
    x: any number but a pole: 0, −1, −2 …
    mp: an mpmath context, or what has such functions
    """
    if not 0 <= order <= MAX_ORDER or order != int(order):
        raise ValueError("the order of polygamma is a whole number, and not too large")
    n = int(order)
    if x <= 0 and mp.isint(x):
        raise ValueError("a pole of polygamma")
    if x > -20:  # from there on by reflection (Abramowitz and Stegun 6.4.7): mpmath takes time in proportion to −x
        return mp.psi(n, x)
    cot, slope = mp.cospi(x) / mp.sinpi(x), 0
    for coefficient in _slope_of_cotangent(n):
        slope = slope * cot + coefficient
    return (-1) ** n * mp.psi(n, 1 - x) - mp.pi ** (n + 1) * slope


@lru_cache(maxsize=100)
def _slope_of_cotangent(n: int) -> list[int]:
    """The n-th derivative of cot(x) as a polynomial in cot(x): its coefficients, the leading one first."""
    found = [1, 0]
    for _ in range(n):  # the slope of cot is −1 − cot²
        inner = [-k * each for k, each in zip(range(len(found) - 1, 0, -1), found, strict=False)]
        found = [one + other for one, other in zip([*inner, 0, 0], [0, 0, *inner], strict=True)]
    return found


DOUBLES: Any = MPContext()
"""Enough precision for a function of doubles to be right to the last digit or so, also beside its zeros."""
DOUBLES.prec = 150
