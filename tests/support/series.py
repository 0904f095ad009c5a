"""Values and slopes of the rows to any number of digits, by FLINT's power series: no slope of ours is asked.

A row is its value, as people read it, over series in ε: what it makes of x + ε is its value, its slope and half of its
second derivative, as balls that contain them. The precision rises until they are narrow.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import mpmath
from flint import arb, arb_series, ctx

from backprop_cli.rules.op import Op

from . import oracle
from .interpreter import READ, interpret, operands

Ball: TypeAlias = Any
Series: TypeAlias = Any

LENGTH = 3
"""Of a series: its value, its slope, half of its second derivative."""
PRECISIONS = (160, 640, 2600, 5200)
"""Bits. The last is enough for the sum of the largest double and the square of the smallest."""
KNOWN = 90
"""Bits to which a number is known when it is believed."""
VANISHING = arb(2) ** -1200
"""What is smaller than that is 0, as doubles go."""


LONG = arb(2) ** 2200
"""As large as a quotient of doubles, and more."""


class UndecidedError(Exception):
    """A comparison of balls that this precision does not settle."""


def jet(row: Op, inputs: Sequence[float], slot: int) -> list[Ball] | None:
    """Value, slope and second derivative with respect to the input in `slot`; None where there is no value.

    Of a number that no precision tells from 0, or whose size is beyond FLINT, the ball is wide.
    """
    found: list[Ball] | None = None
    for bits in PRECISIONS:
        with working(bits):
            try:
                found = _jet(row, inputs, slot)
            except UndecidedError:
                continue
            except KeyError:  # a word that is not among FUNCTIONS
                return _by_mpmath(row, inputs, slot)
            if found is not None and all(map(is_known, found)):
                break
    return found


def _by_mpmath(row: Op, inputs: Sequence[float], slot: int) -> list[Ball] | None:
    """The same by mpmath, which knows more functions, and by differences, which are slow: no second derivative."""
    function = oracle.MPMATH_FUNCTIONS[row.name]
    with mpmath.workdps(60):
        exact = [oracle.exact(each) for each in inputs]
        value = oracle.value_of(function, exact)
        slope = None if value is None else oracle.slope_of(function, exact, slot)
        return None if value is None else [_ball(value), arb.nan() if slope is None else _ball(slope), arb.nan()]


def _ball(number: Any) -> Ball:
    mantissa, exponent = mpmath.mpf(number).man_exp
    return arb(int(mantissa)) * arb(2) ** int(exponent)


def is_known(number: Ball) -> bool:
    """Whether a ball is narrow beside the number that it holds, or so small that it is 0."""
    return bool(number.rel_accuracy_bits() >= KNOWN or abs(number) < VANISHING)


@contextmanager
def working(bits: int) -> Iterator[None]:
    """Balls of so many bits, and series of LENGTH terms."""
    before = ctx.prec, ctx.cap
    ctx.prec, ctx.cap = bits, LENGTH
    try:
        yield
    finally:
        ctx.prec, ctx.cap = before


def _jet(row: Op, inputs: Sequence[float], slot: int) -> list[Ball] | None:
    given = [arb_series([each, 1] if place == slot else [each]) for place, each in enumerate(inputs)]
    words = {**operands(row, given), "pi": [_constant(arb.pi())]}
    try:
        series = interpret(row.value, words, FUNCTIONS, lambda text: _constant(_number(text)), READ)
    except (ZeroDivisionError, ValueError):
        return None
    value, slope, half = (series[place] for place in range(LENGTH))
    return [value, slope, 2 * half] if not value.is_nan() else None


def _number(text: str) -> Ball:
    from fractions import Fraction

    fraction = Fraction(text)
    return arb(fraction.numerator) / fraction.denominator


def _constant(number: Ball) -> Series:
    return arb_series([number])


def _whole(x: Ball) -> Any:
    """The only whole number in a ball; None where there are more. (FLINT ends the process on long ones.)"""
    if x.is_zero():
        return 0
    return x.unique_fmpz() if 0.5 < abs(x) < LONG and x.rad() < 1 else None


def _compared(sign: Callable[[Ball, Ball], bool], opposite: Callable[[Ball, Ball], bool]) -> Callable[..., bool]:
    def compare(x: Series, y: Series) -> bool:
        if sign(x[0], y[0]):
            return True
        if opposite(x[0], y[0]):
            return False
        raise UndecidedError

    return compare


_above = _compared(operator.gt, operator.le)


def _same(x: Series, y: Series) -> bool:
    if x[0].overlaps(y[0]) and not (x[0] - y[0]).is_zero():
        raise UndecidedError
    return bool((x[0] - y[0]).is_zero())


def _divided(x: Series, y: Series | int) -> Series:
    """The quotient; of constants that is a whole number, exactly that."""
    if isinstance(y, int):  # how many inputs there are
        return x / y
    if y[0].contains(0):
        if y[0].is_zero():
            raise ZeroDivisionError
        raise UndecidedError
    quotient = x / y
    whole = _whole(quotient[0])
    if whole is not None and (whole * y[0] - x[0]).is_zero():
        quotient = quotient - quotient[0] + arb(whole)
    return quotient


def _power(x: Series, y: Series) -> Series:
    """x**y: of a negative base by its size; of 0 by nothing but a constant."""
    if not all(y[place].is_zero() for place in range(1, LENGTH)) or not y[0].is_integer():
        return (_log(x) * y).exp()
    n = _whole(y[0])
    if n is None:
        raise UndecidedError
    if 0 <= n <= 8:
        return functools.reduce(operator.mul, [x] * int(n), _constant(arb(1)))
    if x[0].is_zero():
        if n < 0:
            raise ZeroDivisionError
        return _constant(arb(0))
    size = (_log(_fabs(x)) * y).exp()
    return -size if n % 2 and x[0] < 0 else size


def _log(x: Series) -> Series:
    if not x[0] > 0:
        if x[0] <= 0:
            raise ValueError("no real logarithm")
        raise UndecidedError
    return x.log()


def _sqrt(x: Series) -> Series:
    if x[0].is_zero() or x[0] < 0:
        if x[0] < 0:
            raise ValueError("no real root")
        return _constant(arb(0)) if all(x[place].is_zero() for place in range(LENGTH)) else arb_series([0, arb.nan()])
    return x.sqrt()


def _fabs(x: Series) -> Series:
    if x[0].is_zero():
        return arb_series([0, arb.nan()])
    return x if _above(x, _constant(arb(0))) else -x


def _sign(x: Series) -> Series:
    return _constant(arb(0)) if x[0].is_zero() else _constant(arb(1 if _above(x, _constant(arb(0))) else -1))


def _floor(x: Series) -> Series:
    whole = _whole(x[0].floor())
    if whole is None:
        raise UndecidedError
    return _constant(arb(whole))


def _nearest(x: Series) -> Series:
    below = _floor(x + arb("0.5"))
    is_tie = (below[0] - x[0] - arb("0.5")).is_zero()
    return below - below[0] + 2 * (below[0] / 2).floor() if is_tie else below


def _largest(*xs: Series) -> Series:
    return functools.reduce(lambda x, y: x if _above(x, y) else y, xs)


def _outer(x: Series, value: Ball, slope: Series) -> Series:
    """A function of a series by its value and the series of its slope, integrated."""
    return (slope * x.derivative()).integral() + value


def _within(x: Series) -> Series:
    if abs(x[0]) > 1:
        raise ValueError("beyond 1")
    if (abs(x[0]) - 1).is_zero():
        raise ZeroDivisionError
    if not abs(x[0]) < 1:
        raise UndecidedError
    return x


def _asin(x: Series) -> Series:
    if (abs(x[0]) - 1).is_zero():
        return arb_series([x[0].asin(), arb.nan()])
    return _within(x).asin()


def _acos(x: Series) -> Series:
    if (abs(x[0]) - 1).is_zero():
        return arb_series([x[0].acos(), arb.nan()])
    return _within(x).acos()


def _atan2(y: Series, x: Series) -> Series:
    if x[0].is_zero() and y[0].is_zero():
        return arb_series([0, arb.nan()])
    square = x * x + y * y
    turned = (y.derivative() * x - x.derivative() * y) / square
    return turned.integral() + arb.atan2(y[0], x[0])


def _acosh(x: Series) -> Series:
    if (x[0] - 1).is_zero():
        return arb_series([0, arb.nan()])
    if not x[0] > 1:
        raise ValueError("below 1") if x[0] < 1 else UndecidedError
    return ((x - 1).sqrt() * (x + 1).sqrt() + x).log()


def _lgamma(x: Series) -> Series:
    if x[0] > 0:
        return x.lgamma()
    if x[0].is_integer():
        raise ValueError("a pole")
    # 1/Γ is entire, and log|Γ(x)| = log π − log|sin πx| − logΓ(1 − x).
    return arb.pi().log() - _fabs(x.sin_pi()).log() - (1 - x).lgamma()


def _gamma(x: Series) -> Series:
    if x[0] <= 0 and x[0].is_integer():
        raise ValueError("a pole")
    return x.gamma()


def _digamma(x: Series) -> Series:
    with _length(LENGTH + 1):
        longer = arb_series([x[0], 1])
        slopes = _lgamma(longer).derivative()
    inner = arb_series([arb(0), x[1], x[2]])
    return slopes(inner)


@contextmanager
def _length(terms: int) -> Iterator[None]:
    before = ctx.cap
    ctx.cap = terms
    try:
        yield
    finally:
        ctx.cap = before


def _cbrt(x: Series) -> Series:
    if x[0].is_zero():
        return arb_series([0, arb.nan()])
    size = (_log(_fabs(x)) / 3).exp()
    return size if _above(x, _constant(arb(0))) else -size


def _tan(x: Series) -> Series:
    return _divided(x.sin(), x.cos())


def _sinh(x: Series) -> Series:
    return (x.exp() - (-x).exp()) / 2


def _cosh(x: Series) -> Series:
    return (x.exp() + (-x).exp()) / 2


def _asinh(x: Series) -> Series:
    size = (_fabs(x) + (x * x + 1).sqrt()).log() if not x[0].is_zero() else x
    return size if x[0].is_zero() or x[0] > 0 else -size


def _tanh(x: Series) -> Series:
    flat = (-2 * _fabs(x)).exp() if not x[0].is_zero() else None
    if flat is None:
        return _divided(_sinh(x), _cosh(x))
    size = (1 - flat) / (1 + flat)
    return size if x[0] > 0 else -size


def _softplus(x: Series) -> Series:
    return (1 + x.exp()).log() if x[0] < 0 else x + (1 + (-x).exp()).log()


def _taylor(x: Series, value: Ball, slope: Ball, second: Ball) -> Series:
    """A function of a series, by its value, slope and second derivative."""
    if not value.is_finite():
        raise ValueError("no value")
    return _outer(x, value, arb_series([slope, second])(x - x[0]))


def _bessel(name: str, below: int, plus: int) -> Callable[..., Series]:
    """By DLMF 10.6.2 and 10.29.2, and Bessel's equation. below, plus: the signs of the next order, and of n² + x²."""

    def function(n: Series, x: Series) -> Series:
        of, order, at = getattr(arb, name), n[0], x[0]
        if at.is_zero():
            raise UndecidedError
        value = of(at, order)
        slope = order / at * value + below * of(at, order + 1)
        return _taylor(x, value, slope, -slope / at + (plus + order**2 / at**2) * value)

    return function


def _erfcinv(x: Series) -> Series:
    value = x[0].erfcinv()
    slope = -arb.pi().sqrt() / 2 * (value**2).exp()
    return _taylor(x, value, slope, 2 * value * slope**2)


def _erfinv(x: Series) -> Series:
    value = x[0].erfinv()
    slope = arb.pi().sqrt() / 2 * (value**2).exp()
    return _taylor(x, value, slope, 2 * value * slope**2)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": _divided,
    "neg": operator.neg,
    "pow": _power,
    "exp": lambda x: x.exp(),
    "log": lambda x, base=None: _log(x) if base is None else _divided(_log(x), _log(base)),
    "sqrt": _sqrt,
    "cbrt": _cbrt,
    "floor": _floor,
    "ceil": lambda x: -_floor(-x),
    "round": _nearest,
    "abs": _fabs,
    "sign": _sign,
    "max": _largest,
    "min": lambda *xs: functools.reduce(lambda x, y: y if _above(x, y) else x, xs),
    "sigmoid": lambda x: 1 / (1 + (-x).exp()) if x[0] > 0 else x.exp() / (1 + x.exp()),
    "softplus": _softplus,
    "sin": lambda x: x.sin(),
    "cos": lambda x: x.cos(),
    "tan": _tan,
    "asin": _asin,
    "acos": _acos,
    "atan": lambda x: x.atan(),
    "atan2": _atan2,
    "sinh": _sinh,
    "cosh": _cosh,
    "tanh": _tanh,
    "asinh": _asinh,
    "acosh": _acosh,
    "atanh": lambda x: (((1 + _within(x)) / (1 - x)).log()) / 2,
    "erf": lambda x: x.erf(),
    "erfc": lambda x: x.erfc(),
    "gamma": _gamma,
    "lgamma": _lgamma,
    "digamma": _digamma,
    "besselj": _bessel("bessel_j", -1, -1),
    "bessely": _bessel("bessel_y", -1, -1),
    "besseli": _bessel("bessel_i", 1, 1),
    "besselk": _bessel("bessel_k", -1, 1),
    "airyai": lambda x: x.airy_ai(),
    "airyaiprime": lambda x: x.airy_ai_prime(),
    "lambertw": lambda x: x.lambertw(),
    "zeta": lambda x: x.zeta() if abs(x[0]) < 1e6 else arb_series([arb.nan()]),
    "erfinv": _erfinv,
    "erfcinv": _erfcinv,
    "total": lambda *xs: functools.reduce(operator.add, xs),
    "prod": lambda *xs: functools.reduce(operator.mul, xs),
    "normcdf": lambda x: (-x / arb(2).sqrt()).erfc() / 2,
    "normpdf": lambda x: (-x * x / 2).exp() / (2 * arb.pi()).sqrt(),
    "eq": _same,
    "gt": _above,
    "and": lambda p, q: p and q,
    "or": lambda p, q: p or q,
    "not": operator.not_,
}
"""By the words of the rules."""
