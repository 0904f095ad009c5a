"""Any number of significant digits, by mpmath. This module imports mpmath; import it where it is needed.

Exponents have no practical limit here, so nothing overflows; arguments whose result could not be stored, or would take
longer than anyone waits, raise OverflowError instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_EVEN, Context, Decimal
from functools import partial
from typing import Any

from mpmath import MPContext
from mpmath.libmp import dps_to_prec, from_int, mpf_div, mpf_exp, mpf_ln2, mpf_ln10, mpf_mul, to_int

from ..errors import MathError
from ..rules.formula import Formula
from .special import polygamma
from .system import Arithmetic, Function, Value

MAX_EXPONENT = 1_000_000
"""The largest decimal exponent of a literal."""
MAX_GAMMA_PLACES = 1_000
"""Digits of gamma, lgamma and digamma by mpmath; ten times as many would take minutes."""
_FLINT_PLACES = 300  # from here on FLINT, where there is one, is faster than mpmath, though it has to be loaded first
_NOISE_BITS = 12  # of a sum's last bits that may be rounding errors
_EXP_BITS = 400  # exp(x) is refused for |x| beyond 2^400: its exponent alone would be a number of 120 digits
_GAMMA_BITS = 55
_BEHIND = 30  # digits behind those shown, by which nearly all numbers are rounded
_EXPONENT_BITS = 64  # of a binary exponent, from which on it is long
_DECIMAL_EXPONENT = 17  # characters of an exponent that decimal numbers can have
_FOR_DOUBLES = 40  # digits in which a formula over doubles is computed, before it is rounded to one
_FAR = 10**9  # exp(−x) is 0 from there on, as doubles go
_TRIG_BITS = 50_000  # sin(x) for |x| beyond 2^50,000 would need as many bits of pi


class Precise(Arithmetic):
    """Numbers of `places` significant digits, computed with `guard` more."""

    def __init__(self, places: int, guard: int = 10) -> None:
        self.context: Any = MPContext()
        self.context.dps = places + guard
        self.digits = self.trusted = places
        self.header = {"precision": places}
        self.guard = guard
        self.unsure = False  # whether more digits may change more than the last ones
        self.zeroed = False  # whether something has been taken for 0
        constants = {"pi": +self.context.pi, "e": +self.context.e, "nan": self.context.nan}
        near = self.is_near
        watched = {
            "add": self._add,
            "sub": self._sub,
            "eq": near,
            "ne": lambda x, y: not near(x, y),
            "lt": lambda x, y: not near(x, y) and x < y,
            "le": lambda x, y: near(x, y) or x < y,
            "gt": lambda x, y: not near(x, y) and x > y,
            "ge": lambda x, y: near(x, y) or x > y,
        }
        templates = {name: f"{name}({{}}, {{}})" for name in watched}
        super().__init__({**self._functions(), **watched}, constants, templates)
        self.context.mpf.__reduce__ = lambda value: (self.stored, (value._mpf_,))  # each context has a class of its own

    def __reduce__(self) -> tuple[Any, ...]:
        return Precise, (self.digits, self.guard)

    def stored(self, parts: tuple[int, ...]) -> Value:
        """The number of these parts, as mpmath stores them."""
        return self.context.make_mpf(parts)

    range_hint = "this is beyond what can be computed with"

    def _add(self, x: Value, y: Value) -> Value:
        return self._watch(x + y, x, y)

    def _sub(self, x: Value, y: Value) -> Value:
        return self._watch(x - y, x, y)

    def _watch(self, total: Value, x: Value, y: Value) -> Value:
        """A sum. Where an operand has left no trace, or the two cancel, more digits may tell otherwise."""
        if x and y and (total == x or total in (y, -y) or not total):
            self.unsure = True
        return self.unless_noise(total, max(abs(x), abs(y)))

    def unless_noise(self, value: Value, size: Value) -> Value:
        """`value`, or 0 where it is no more than the rounding errors of terms of that size."""
        if value and size and self.context.mag(value) < self.context.mag(size) - self.context.prec + _NOISE_BITS:
            self.unsure = self.zeroed = True
            return self.context.zero
        return value

    def is_near(self, x: Value, y: Value) -> bool:
        """Whether two numbers are the same except for rounding errors."""
        return x == y or not self.unless_noise(x - y, max(abs(x), abs(y)))

    def number(self, text: str) -> Value:
        if "n" in text.lower():
            return self.context.mpf(text)  # inf, nan
        figures, _, power = text.lower().partition("e")
        whole, _, fraction = figures.partition(".")
        if abs(int(power or 0)) > MAX_EXPONENT:
            raise OverflowError
        self.unsure = self.unsure or len((whole + fraction).strip("+-0")) > self.context.dps
        mantissa = self.context.mpf(int(Decimal(whole + fraction)))  # Python itself refuses more than 4,300 digits
        exponent = int(power or 0) - len(fraction)
        scale = self.context.mpf(10) ** abs(exponent)
        return mantissa * scale if exponent >= 0 else mantissa / scale

    def is_finite(self, value: Value) -> bool:
        return bool(self.context.isfinite(value))

    def to_float(self, value: Value) -> float:
        try:
            return float(value)
        except OverflowError:
            return float("inf") if value > 0 else float("-inf")

    def shown(self, value: Value, digits: int) -> str:
        """The value, rounded once: from all the digits there are to those shown."""
        places = min(digits, self.digits)
        if not self.is_finite(value) or self._is_long(value):
            return self._with_exponent(value, places)
        whole = self._with_exponent(value, min(self.context.dps, places + _BEHIND))
        if _figures(whole)[places:] == "5":  # where the digits behind decide
            whole = self._with_exponent(value, self.context.dps)
        if len(whole.partition("e")[2]) > _DECIMAL_EXPONENT:
            return self._with_exponent(value, places)
        context = Context(prec=places, rounding=ROUND_HALF_EVEN, Emax=MAX_EMAX, Emin=MIN_EMIN)
        rounded = context.normalize(context.create_decimal(whole))
        if not rounded:
            return "0"
        sign, figures, _ = rounded.as_tuple()
        power, text = rounded.adjusted(), "".join(map(str, figures))
        if -4 <= power < max(places, len(text)):
            return f"{rounded:f}"
        point = f".{text[1:]}" if len(text) > 1 else ""
        return f"{'-' * sign}{text[0]}{point}e{power:+d}"

    def _is_long(self, value: Value) -> bool:
        """Whether the exponent is a long number."""
        return bool(value and self.is_finite(value) and abs(self.context.mag(value)) >> _EXPONENT_BITS)

    def _with_exponent(self, value: Value, places: int) -> str:
        """The value to so many digits. mpmath takes long where the exponent is long: each of its bits is a product."""
        power, mp = 0, self.context
        if self._is_long(value):
            size = mp.mag(value)
            bits = dps_to_prec(places) + 2 * size.bit_length() + 100
            ln10 = mpf_ln10(bits)
            power = to_int(mpf_div(mpf_mul(from_int(size), mpf_ln2(bits)), ln10, bits))
            value = mp.make_mpf(mpf_mul(value._mpf_, mpf_exp(mpf_mul(from_int(-power), ln10), bits), bits))
        text: str = mp.nstr(value, places, min_fixed=0, max_fixed=0)
        mantissa, _, exponent = text.partition("e")
        return f"{mantissa}e{int(exponent or '0') + power:+d}" if power else text

    def is_near_tie(self, value: Value | None) -> bool:
        """Whether the digits behind those shown are 5000… or 4999…, so that a later digit decides the rounding."""
        if not value or isinstance(value, bool):
            return False
        whole = self._with_exponent(value, min(self.context.dps, self.digits + _BEHIND))
        tail = _figures(whole)[self.digits : self.digits + 8].ljust(8, "0")
        return tail in ("50000000", "49999999")

    # -- Functions of mpmath, made fit for a rule ----------------------------------------------------------------------

    def _real(self, function: Function, most_bits: int | None = None) -> Function:
        """The function where its result is finite and real. A whole result may be one that was rounded to it.

        most_bits: the size of an argument beyond which it would take too long, or its result too much room
        """
        mp = self.context

        def guarded(*args: Value) -> Value:
            if most_bits is not None and any(mp.mag(each) > most_bits for each in args if each):
                raise OverflowError
            result = function(*args)
            if not mp.isfinite(result) or isinstance(result, mp.mpc):
                raise ValueError("no finite real value")
            if mp.isint(result) and any(args):
                self.unsure = True
            return result

        return guarded

    def _patient(self, name: str, function: Function) -> Function:
        """The function, or FLINT's of this name where mpmath is slow."""

        def patient(*args: Value) -> Value:
            if self.context.dps < _FLINT_PLACES:
                return function(*args)
            try:
                from . import balls
            except ImportError:
                if self.digits <= MAX_GAMMA_PLACES:
                    return function(*args)
                message = f"gamma and its kin are worked out to {MAX_GAMMA_PLACES:,} digits without FLINT"
                raise MathError(message, hint='pip install "backprop-cli[gamma]" adds it') from None
            return balls.evaluate(self.context, name, *args)

        return patient

    def _vanishing(self, function: Function, size: Callable[[Value], Value]) -> Function:
        """A function that is 0 where its argument is not: errors of that size in the argument are no value of it."""
        return lambda x: self.unless_noise(function(x), size(x))

    def _logarithm(self, function: Function) -> Function:
        return self._vanishing(self._real(function), lambda _x: self.context.one)

    def _whole(self, function: Function) -> Function:
        """A function that rounds: what is a whole number except for rounding errors is taken for one."""
        nint = self.context.nint
        return self._real(lambda x: nint(x) if self.is_near(x, nint(x)) else function(x))

    def _power(self, x: Value, y: Value) -> Value:
        mag = self.context.mag
        if x and y and mag(y) + mag(mag(x) + 1) > _EXP_BITS:
            raise OverflowError
        return self.context.power(x, y)

    def _is_vast(self, x: Value) -> bool:
        return bool(x) and self.context.mag(x) > _EXP_BITS

    def _functions(self) -> dict[str, Function]:
        """The words of a rule."""
        mp, real, patient, is_vast = self.context, self._real, self._patient, self._is_vast
        exp, psi = real(mp.exp, _EXP_BITS), real(patient("polygamma", partial(polygamma, mp)), _EXP_BITS)
        lgamma = patient("lgamma", lambda x: mp.loggamma(x) if x > 0 else mp.log(abs(mp.gamma(x))))
        return {
            **{name: real(getattr(mp, name)) for name in "sqrt asin acos atan atan2 asinh acosh atanh log1p".split()},
            **{name: real(getattr(mp, name), _EXP_BITS) for name in ("expm1", "sinh", "cosh")},
            **{name: self._vanishing(real(getattr(mp, name), _TRIG_BITS), abs) for name in ("sin", "cos", "tan")},
            "exp": exp,
            "exp2": real(lambda x: mp.power(2, x), _EXP_BITS),
            "pow": real(self._power),
            "log": self._logarithm(mp.log),
            "log2": self._logarithm(lambda x: mp.log(x, 2)),
            "log10": self._logarithm(mp.log10),
            "log_base": real(lambda x, base: mp.log(x) / mp.log(base)),
            "cbrt": real(lambda x: mp.sign(x) * mp.cbrt(abs(x))),
            "hypot": real(lambda *xs: mp.sqrt(mp.fsum(x * x for x in xs))),
            "round": self._whole(mp.nint),
            "floor": self._whole(mp.floor),
            "ceil": self._whole(mp.ceil),
            "abs": abs,
            "sign": mp.sign,
            "max": max,
            "min": min,
            "relu": lambda x: max(x, mp.zero),
            "selected": lambda x, out: mp.one if self.is_near(x, out) else mp.zero,
            "tanh": real(lambda x: mp.sign(x) if is_vast(x) else mp.tanh(x)),
            "sigmoid": real(lambda x: mp.one if is_vast(x) and x > 0 else 1 / (1 + exp(-x))),
            "softplus": real(lambda x: x if is_vast(x) and x > 0 else max(x, mp.zero) + mp.log1p(exp(-abs(x)))),
            "erf": real(mp.erf, _EXP_BITS // 2),
            "erfc": real(mp.erfc, _EXP_BITS // 2),
            "gamma": real(patient("gamma", mp.gamma), _GAMMA_BITS),
            "lgamma": real(lgamma, _EXP_BITS),
            "digamma": lambda x: psi(0, x),
            "polygamma": psi,
        }


class Given(Precise):
    """Numbers that are exact as they are given: nothing is taken for a rounding error, whatever its size."""

    def __init__(self) -> None:
        super().__init__(_FOR_DOUBLES)
        exp, erfc, zero = self.word("exp"), self.word("erfc"), self.context.zero
        self._templates["doubles"] = "{1}"  # 40 digits may cancel as those of doubles do
        self.namespace |= {"mod": self._mod, "fmod": lambda x, y: self.context.sign(x) * self._mod(abs(x), abs(y))}
        self.namespace["exp"] = lambda x: zero if x < -_FAR else exp(x)
        self.namespace["erfc"] = lambda x: zero if x > _FAR else erfc(x)

    def _mod(self, x: Value, y: Value) -> Value:
        return x - y * self.context.floor(x / y)

    def given(self, value: Value) -> Value:
        """A double as a number of this arithmetic; one of its own numbers as it is."""
        return self.context.convert(value)

    def unless_noise(self, value: Value, _size: Value) -> Value:
        return value

    def is_near(self, x: Value, y: Value) -> bool:
        return bool(x == y)

    def function(self, words: Sequence[str], formula: Formula) -> Function:
        """The formula over these words, from doubles to a double; where it is too large, to an infinite one."""
        code = self._compile(", ".join(words), formula)
        return lambda *xs: self.to_float(code(*map(self.context.mpf, xs)))


def _figures(text: str) -> str:
    """The digits of a number, without its exponent."""
    return re.sub(r"e.*|[^0-9]", "", text)
