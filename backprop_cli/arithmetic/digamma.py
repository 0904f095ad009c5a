"""The digamma function and its slope over arrays of doubles: to 2 ulp, and NaN where that takes more digits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .axes import Array, Mask

_FROM = 16
"""From there on the asymptotic series is used (Abramowitz and Stegun 6.3.18); below, the recurrence leads up to it."""
_LOG_FROM, _LOG_LOW = 2.772588722239781, 9.276187255385198e-17
"""log(16), and what is left of it."""
_SERIES = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32_760, 1 / 12)
"""B₂ₖ/(2k) for k from 1 on."""
_LEAST = 1 / 16
"""What is smaller, around a zero, has fewer digits."""


def digamma(x: Array) -> Array:
    """ψ(x) = log(x₁₆) − 1/(2·x₁₆) − Σ B₂ₖ/(2k·x₁₆²ᵏ) − Σ 1/(x + k), summed with the digits that doubles lose.

    x₁₆ is the first of x, x + 1, x + 2, … that is 16 at least. NaN for x ≤ 0.
    """
    with np.errstate(all="ignore"):
        is_small, whole, above = _led_up(x)
        high = np.where(is_small, _LOG_FROM, np.log(x))
        low = np.where(is_small, _LOG_LOW + np.log1p((x - whole) / _FROM), 0.0)
        low -= _series(above, _SERIES) + 0.5 / above
        for k in range(_FROM):
            term, rest = _reciprocal(x, float(k))
            high, low = _added(high, low, -term, -rest, whole + k < _FROM)
        return _where_known(x, high + low)


def trigamma(x: Array) -> Array:
    """ψ′(x) = 1/x₁₆ + 1/(2·x₁₆²) + Σ B₂ₖ/x₁₆²ᵏ⁺¹ + Σ 1/(x + k)², summed likewise. NaN for x ≤ 0."""
    with np.errstate(all="ignore"):
        _, whole, above = _led_up(x)
        series = _series(above, [2 * k * each for k, each in enumerate(_SERIES, 1)])
        high, low = (1 + (0.5 / above + series)) / above, np.zeros_like(x)
        for k in range(_FROM):
            term, rest = _reciprocal(x, float(k))
            square, beyond = _product(term, term)
            high, low = _added(high, low, square, beyond + 2 * term * rest, whole + k < _FROM)
        return _where_known(x, high + low)


def _led_up(x: Array) -> tuple[Mask, Array, Array]:
    """Where the recurrence is used, the whole part of x there, and where it leads to."""
    is_small, whole = x < _FROM, np.floor(np.minimum(x, float(_FROM)))
    return is_small, whole, np.where(is_small, x - whole + _FROM, x)


def _series(x: Array, coefficients: Sequence[float]) -> Array:
    """Σ coefficientₖ/x²ᵏ for k from 1 on."""
    inverse_square, found = 1 / (x * x), np.zeros_like(x)
    for coefficient in reversed(coefficients):
        found = (found + coefficient) * inverse_square
    return found


def _added(high: Array, low: Array, term: Array, rest: Array, where: Mask) -> tuple[Array, Array]:
    """A sum in two parts with a term more, in two parts too, at these entries."""
    total = high + term
    return np.where(where, total, high), np.where(where, low + _lost(high, term, total) + rest, low)


def _where_known(x: Array, found: Array) -> Array:
    """NaN where x is outside of the domain, and around a zero."""
    return np.where((x > 0) & ((np.abs(found) > _LEAST) | (x >= _FROM)), found, np.nan)


def _lost(a: Array, b: Array | float, total: Array) -> Array:
    """What a + b loses when it is rounded to the total (D. E. Knuth, TAOCP 4.2.2)."""
    added = total - a
    lost: Array = (a - (total - added)) + (b - added)
    return lost


def _reciprocal(x: Array, k: float) -> tuple[Array, Array]:
    """1/(x + k), and what it lacks (T. J. Dekker, Numer. Math. 18, 1971)."""
    divisor = x + k
    found = 1 / divisor
    product, beyond = _product(found, divisor)
    return found, ((1 - product - beyond) - _lost(x, k, divisor) * found) * found


def _product(x: Array, y: Array) -> tuple[Array, Array]:
    """x·y, and what it loses."""
    (a, b), (c, d) = _halves(x), _halves(y)
    product = x * y
    return product, ((a * c - product) + a * d + b * c) + b * d


def _halves(x: Array) -> tuple[Array, Array]:
    """Two numbers of 26 bits whose sum is x."""
    scaled = x * 134_217_729.0
    high = scaled - (scaled - x)
    return high, x - high
