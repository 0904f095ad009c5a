"""Numbers of 40 digits or more and any exponent, by mpmath, for what doubles lose on the way; loaded where needed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from mpmath import MPContext

from ..rules.formula import Formula
from .shared import Once
from .special import polygamma
from .system import FROM_FLINT, Arithmetic, Function, Value

_DIGITS = 40
_MOST = 640  # where 40 cancel, four times as many are tried, and again
_ENOUGH = 20  # as many are more than a double has
_FAR = 10**9  # exp(−x) is 0 from there on, as doubles go
_EXP_BITS = 400  # exp(x) is refused for |x| beyond 2^400
_TRIG_BITS = 50_000  # sin(x) for |x| beyond 2^50,000 would need as many bits of pi


class Wide(Arithmetic):
    """Numbers that are exact as they are given, in which a formula over doubles is computed before it is rounded."""

    range_hint = "this is beyond what can be computed with"

    def __init__(self, digits: int = _DIGITS) -> None:
        self.context: Any = MPContext()
        self.context.dps = self.digits = self.trusted = digits
        self.least_left = 10.0 ** (_ENOUGH - digits) if digits < _MOST else 0.0
        constants = {"pi": +self.context.pi, "e": +self.context.e, "nan": self.context.nan}
        # 40 digits may cancel as those of doubles do
        super().__init__(self._functions(), constants, {"doubles": "{1}"})

    @cached_property
    def wide(self) -> Wide:
        return Wide(4 * self.digits)

    def given(self, value: Value) -> Value:
        """A double as a number of this arithmetic; one of its own numbers as it is."""
        return self.context.convert(value)

    def function(self, words: Sequence[str], formula: Formula) -> Function:
        """The formula over these words, from doubles to a double; where it is too large, to an infinite one."""
        code = self.compiled(", ".join(words), formula)
        return lambda *xs: self.to_float(code(*map(self.context.mpf, xs)))

    def number(self, text: str) -> Value:
        return self.context.mpf(text)

    def is_finite(self, value: Value) -> bool:
        return bool(self.context.isfinite(value))

    def to_float(self, value: Value) -> float:
        try:
            return float(value)
        except OverflowError:
            return float("inf") if value > 0 else float("-inf")

    def shown(self, value: Value, digits: int) -> str:
        text = str(self.context.nstr(value, min(digits, self.digits), strip_zeros=True))
        return text.replace(".0e", "e").removesuffix(".0")

    def _real(self, function: Function, most_bits: int | None = None) -> Function:
        """The function where its result is finite and real. most_bits: of an argument that does not take too long."""
        mp = self.context

        def guarded(*args: Value) -> Value:
            if most_bits is not None and any(mp.mag(each) > most_bits for each in args if each):
                raise OverflowError
            result = function(*args)
            if not mp.isfinite(result) or isinstance(result, mp.mpc):
                raise ValueError("no finite real value")
            return result

        return guarded

    def _power(self, x: Value, y: Value) -> Value:
        mag = self.context.mag
        if x and y and mag(y) + mag(mag(x) + 1) > _EXP_BITS:
            raise OverflowError
        return self.context.power(x, y)

    def _mod(self, x: Value, y: Value) -> Value:
        return x - y * self.context.floor(x / y)

    def _functions(self) -> dict[str, Function]:
        """The words of a rule."""
        mp, real = self.context, self._real
        exp, erfc = real(mp.exp, _EXP_BITS), real(mp.erfc, _EXP_BITS // 2)
        psi = real(lambda n, x: polygamma(mp, n, x), _EXP_BITS)
        names = "sqrt asin acos atan atan2 asinh acosh atanh log1p log log10 nint floor ceil".split()

        def is_vast(x: Value) -> bool:
            return bool(x) and mp.mag(x) > _EXP_BITS

        def less(x: Value) -> Value:
            return mp.zero if x < -_FAR else exp(x)

        largest = Once(max)
        powers = Once(lambda xs: mp.fsum(less(each - largest(xs)) for each in xs))
        return {
            **{name: real(getattr(mp, name)) for name in names},
            **{name: real(getattr(mp, name), _EXP_BITS) for name in ("expm1", "sinh", "cosh")},
            **{name: real(getattr(mp, name), _TRIG_BITS) for name in ("sin", "cos", "tan")},
            "exp": less,
            "exp2": real(lambda x: mp.power(2, x), _EXP_BITS),
            "pow": real(self._power),
            "log2": real(lambda x: mp.log(x, 2)),
            "log_base": real(lambda x, base: mp.log(x) / mp.log(base)),
            "cbrt": real(lambda x: mp.sign(x) * mp.cbrt(abs(x))),
            "hypot": real(lambda *xs: mp.sqrt(mp.fsum(x * x for x in xs))),
            "round": real(mp.nint),
            "abs": abs,
            "sign": mp.sign,
            "max": max,
            "softmax": lambda x, xs: exp(x - largest(xs)) / powers(xs),
            "min": min,
            "relu": lambda x: max(x, mp.zero),
            "selected": lambda x, out: mp.one if x == out else mp.zero,
            "mod": self._mod,
            "fmod": lambda x, y: mp.sign(x) * self._mod(abs(x), abs(y)),
            "tanh": real(lambda x: mp.sign(x) if is_vast(x) else mp.tanh(x)),
            "sigmoid": real(lambda x: mp.one if is_vast(x) and x > 0 else 1 / (1 + exp(-x))),
            "softplus": real(lambda x: x if is_vast(x) and x > 0 else max(x, mp.zero) + mp.log1p(less(-abs(x)))),
            "erf": real(mp.erf, _EXP_BITS // 2),
            "erfc": lambda x: mp.zero if x > _FAR else erfc(x),
            "gamma": real(mp.gamma, 55),
            "lgamma": real(lambda x: mp.loggamma(x) if x > 0 else mp.log(abs(mp.gamma(x))), _EXP_BITS),
            "digamma": lambda x: psi(0, x),
            "polygamma": psi,
            **{name: self._from_flint(name) for name in FROM_FLINT},
        }

    def _from_flint(self, name: str) -> Function:
        def function(*xs: Value) -> Value:
            from .ball_functions import of_numbers

            found = self.context.convert(of_numbers(name, self.context.prec, xs).mid())
            return self.context.zero if found and self.context.mag(found) < -_FAR else found

        return function
