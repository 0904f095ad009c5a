"""Any number of significant digits, by mpmath. This module imports mpmath; import it where it is needed.

Exponents have no practical limit here, so nothing overflows; arguments whose result could not be stored, or would take
longer than anyone waits, raise OverflowError instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from mpmath import MPContext

from .special import polygamma
from .system import Arithmetic, Function, Value

MAX_EXPONENT = 1_000_000
"""The largest decimal exponent of a literal."""
_EXP_BITS = 64  # exp(x) is refused for |x| beyond 2^64: its exponent alone would be a number of 20 digits
_GAMMA_BITS = 55
_TRIG_BITS = 50_000  # sin(x) for |x| beyond 2^50,000 would need as many bits of pi


class Precise(Arithmetic):
    """Numbers of `places` significant digits, computed with `guard` more."""

    def __init__(self, places: int, guard: int = 10) -> None:
        self.context: Any = MPContext()
        self.context.dps = places + guard
        self.digits = places
        self.header = {"precision": places}
        self.guard = guard
        super().__init__(_functions(self.context), {"pi": +self.context.pi, "e": +self.context.e})

    range_hint = "numbers beyond 10^(10^19) cannot be stored"

    def number(self, text: str) -> Value:
        exponent = re.search(r"[eE]([-+]?\d+)$", text)
        if exponent and abs(int(exponent[1])) > MAX_EXPONENT:
            raise OverflowError
        return self.context.mpf(text)

    def is_finite(self, value: Value) -> bool:
        return bool(self.context.isfinite(value))

    def to_float(self, value: Value) -> float:
        try:
            return float(value)
        except OverflowError:
            return float("inf") if value > 0 else float("-inf")

    def show(self, value: Value, digits: int) -> str:
        text: str = self.context.nstr(value, min(digits, self.digits), min_fixed=-5, max_fixed=max(6, digits))
        return re.sub(r"\.0(?=$|e)", "", text)

    def exactly(self, value: Value) -> str:
        return self.show(value, self.digits)


def _functions(mp: Any) -> dict[str, Function]:
    """The words of a rule, by the functions of an mpmath context."""

    def real(function: Function, most_bits: int | None = None) -> Function:
        def guarded(*args: Value) -> Value:
            if most_bits is not None and any(mp.mag(each) > most_bits for each in args if each):
                raise OverflowError
            result = function(*args)
            if not mp.isfinite(result) or isinstance(result, mp.mpc):
                raise ValueError("no finite real value")
            return result

        return guarded

    def power(x: Value, y: Value) -> Value:
        if x and y and mp.mag(y) + mp.mag(mp.mag(x) + 1) > _EXP_BITS:
            raise OverflowError
        return mp.power(x, y)

    def cbrt(x: Value) -> Value:
        return mp.sign(x) * mp.cbrt(abs(x))

    def sigmoid(x: Value) -> Value:
        return 1 / (1 + mp.exp(-x))

    def softplus(x: Value) -> Value:
        return max(x, mp.zero) + mp.log1p(mp.exp(-abs(x)))

    def lgamma(x: Value) -> Value:
        return mp.loggamma(x) if x > 0 else mp.log(abs(mp.gamma(x)))

    def sign(x: Value) -> Value:
        return mp.sign(x)

    def selected(x: Value, out: Value) -> Value:
        return mp.one if x == out else mp.zero

    def hypot(*xs: Value) -> Value:
        return mp.sqrt(mp.fsum(x * x for x in xs))

    plain: list[str] = "log sqrt asin acos atan atan2 asinh acosh atanh log1p floor ceil log10".split()
    growing: list[str] = "exp expm1 sinh cosh tanh".split()
    turning: list[str] = "sin cos tan".split()
    by_name: dict[str, Callable[..., Any]] = {
        **{name: real(getattr(mp, name)) for name in plain},
        **{name: real(getattr(mp, name), _EXP_BITS) for name in growing},
        **{name: real(getattr(mp, name), _TRIG_BITS) for name in turning},
    }
    return {
        **by_name,
        "pow": real(power),
        "log2": real(lambda x: mp.log(x, 2)),
        "log_base": real(lambda x, base: mp.log(x) / mp.log(base)),
        "exp2": real(lambda x: mp.power(2, x), _EXP_BITS),
        "cbrt": real(cbrt),
        "hypot": real(hypot),
        "abs": abs,
        "sign": sign,
        "max": max,
        "min": min,
        "relu": lambda x: max(x, mp.zero),
        "selected": selected,
        "sigmoid": real(sigmoid, _EXP_BITS),
        "softplus": real(softplus, _EXP_BITS),
        "erf": real(mp.erf, _EXP_BITS // 2),
        "erfc": real(mp.erfc, _EXP_BITS // 2),
        "gamma": real(mp.gamma, _GAMMA_BITS),
        "lgamma": real(lgamma, _GAMMA_BITS),
        "digamma": real(lambda x: polygamma(mp, 0, x), _EXP_BITS),
        "polygamma": real(lambda order, x: polygamma(mp, order, x), _EXP_BITS),
    }
