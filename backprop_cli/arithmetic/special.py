"""Special functions that mpmath has, but not as fast as is needed here. This module imports mpmath."""

from __future__ import annotations

from typing import Any

from mpmath import MPContext

from .system import Value


def polygamma(mp: Any, order: Value, x: Value, reflected: float = 20) -> Value:
    """The polygamma function of order 0 to 2, or of any order for x > 0.

    mp: an mpmath context, or what has such functions
    reflected: from −x = so much on, the reflection formula (Abramowitz and Stegun 6.4.7) is used, because mpmath takes
        time in proportion to −x
    """
    n = int(order)
    if n != order or n < 0:
        raise ValueError("the order of polygamma is a whole number")
    if x <= 0 and mp.isint(x):
        raise ValueError("a pole of polygamma")
    if x > -reflected or n > 2:
        return mp.psi(n, x)
    cot, csc = mp.cospi(x) / mp.sinpi(x), 1 / mp.sinpi(x)
    cotangents = (mp.pi * cot, -((mp.pi * csc) ** 2), 2 * mp.pi**3 * cot * csc**2)
    return (-1) ** n * mp.psi(n, 1 - x) - cotangents[n]


DOUBLES: Any = MPContext()
"""Enough precision for a function of doubles to be right to the last digit or so, also beside its zeros."""
DOUBLES.prec = 150
