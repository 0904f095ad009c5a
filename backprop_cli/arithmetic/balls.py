"""Thousands of digits of gamma and its kin, by FLINT, in a hundredth of the time that mpmath takes.

FLINT computes with balls: a number and a bound for its error, so a result knows how many of its bits are right. Not
everyone has it: this module imports flint; import it where it is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from flint import acb, arb, fmpz, good

from .special import polygamma
from .system import Value

_BLOCK = 4_096  # bits; passes at growing precision ask for the same number of them, and for what is kept
_PATIENCE = 3  # times as many bits, at most, where most of them cancel: beside a zero of lgamma or digamma


def evaluate(mp: Any, name: str, *args: Value) -> Value:
    """The function of that name, at numbers of an mpmath context, right to the last bits of the context."""
    *order, x = args
    if x <= 0 and mp.isint(x):
        raise ValueError("a pole of gamma and its kin")
    bits = -(-mp.prec // _BLOCK) * _BLOCK
    mantissa, exponent = _bits(name, tuple(map(int, order)), arb(x).man_exp(), bits)
    return mp.mpf((int(mantissa), int(exponent)))


@lru_cache(maxsize=1_000)
def _bits(name: str, order: tuple[int, ...], x: tuple[fmpz, fmpz], bits: int) -> tuple[fmpz, fmpz]:
    """Mantissa and exponent, for a mantissa and an exponent: neither way is anything rounded."""
    ball: arb = good(lambda: _FUNCTIONS[name](*order, arb(x)), prec=bits, maxprec=_PATIENCE * bits)
    return ball.mid().man_exp()


def _lgamma(x: arb) -> arb:
    return x.lgamma() if x > 0 else abs(x.gamma()).log()


def _polygamma(order: int, x: arb) -> arb:
    words = {"psi": _psi, "isint": arb.is_integer, "pi": arb.pi(), "sinpi": arb.sin_pi, "cospi": arb.cos_pi}
    result: arb = polygamma(SimpleNamespace(**words), order, x, reflected=0.5)
    return result


def _psi(order: int, x: arb) -> arb:
    return acb(x).polygamma(order).real if order else x.digamma()


_FUNCTIONS: dict[str, Callable[..., arb]] = {"gamma": arb.gamma, "lgamma": _lgamma, "polygamma": _polygamma}
