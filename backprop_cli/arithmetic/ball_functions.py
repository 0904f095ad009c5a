"""The functions of the rules on FLINT's balls: each with its domain, and with its value where that is a fraction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from threading import RLock
from typing import Any, NamedTuple

from flint import acb, acb_series, arb, arb_series, ctx, fmpq

from .ball import GUARD, LONG, fraction_root, power_of_two
from .system import MAX_ORDER, Value

MOST_BITS = 1 << 18
"""Bits beyond those of the digits that are wanted, at most: nearly 80,000 digits more."""
EXP_BITS = 2_100
"""Bits of the largest exponent of e: the squares of all doubles have fewer."""
_FAR = 1 << 40
_MORE_BITS = (GUARD, 640, 2_600)  # beyond those that are wanted of a function of doubles
_LEAST = arb((1, -1_200))  # what is smaller is 0, as doubles go
LOCK = RLock()
"""Held by whoever sets FLINT's precision, which is one for all threads."""


class Word(NamedTuple):
    """A function on FLINT's balls.

    ball: the function, of balls
    outside: whether arguments are surely outside of its domain
    most: bits of the largest argument whose result can be worked out and written down, if there is one
    exact: of fractions, the value where that is a fraction, and else None
    turned: of π times a fraction, the same
    """

    ball: Callable[..., arb]
    outside: Callable[..., bool] = lambda *_: False
    most: int | None = None
    exact: Callable[..., fmpq | None] = lambda *_: None
    turned: Callable[[fmpq], fmpq | None] = lambda _: None

    def of(self, *balls: arb) -> arb:
        """What it comes to. Raises ValueError or OverflowError where it has no value, or none that can be written."""
        if self.outside(*balls):
            raise ValueError("outside of the domain")
        if self.most is not None and any(abs(each) >= power_of_two(self.most) for each in balls):
            raise OverflowError
        return self.ball(*balls)


def _cbrt(x: arb) -> arb:
    if x > 0:
        return x.root(3)
    if x < 0:
        return -((-x).root(3))
    return (-((-x.lower()).root(3))).union(x.upper().root(3))


def _exact_cbrt(x: fmpq) -> fmpq | None:
    root = fraction_root(abs(x), 3)
    return -root if root is not None and x < 0 else root


def _exact_log(x: fmpq, base: fmpq) -> fmpq | None:
    """The logarithm, where it is a whole number."""
    if not (x > 0 and base > 0 and base != 1):
        return None
    if x == 1:
        return fmpq(0)
    power = round(_float_log(x) / _float_log(base))
    return fmpq(power) if abs(power) * base.height_bits() < LONG and base**power == x else None


def _float_log(x: fmpq) -> float:
    return float(arb(x).log()) or inf


def _exact_pow(x: fmpq, y: fmpq) -> fmpq | None:
    if y.q == 1:
        if x == 0 and y < 0:
            raise ZeroDivisionError
        return x ** int(y.p) if abs(y.p) * x.height_bits() < LONG else None
    if y.q > LONG or abs(y.p) * x.height_bits() > LONG or x < 0:
        return None
    if x == 0:
        return fmpq(0) if y > 0 else None
    root = fraction_root(x, int(y.q))
    return None if root is None else root ** int(y.p)


def _no_power(x: arb, y: arb) -> bool:
    """Whether x is below 0 and y surely no whole number, or x is 0 and y below that."""
    return bool(x < 0 and not y.contains_integer()) or bool(x == 0 and y < 0)


def _squares(xs: Sequence[Any], start: Any) -> Any:
    """Their sum, in the numbers that they are."""
    return sum((x * x for x in xs), start)


def _erfc(x: arb) -> arb:
    """Far out by its asymptotic series (DLMF 7.12.1), whose error is less than the next term; FLINT's ends before."""
    if not x > _FAR:
        return x.erfc()
    total, term, n = arb(0), arb(1), 0
    while abs(term) > power_of_two(-ctx.prec):
        total += term
        n += 1
        term *= -(2 * n - 1) / (2 * x * x)
    return (-x * x).exp() / (x * arb.pi().sqrt()) * (total + arb(0, abs(term).upper()))


def _is_pole(*args: arb) -> bool:
    """Whether the last is 0 or a whole number below."""
    return bool(args[-1] <= 0 and args[-1].is_integer())


def _no_order(n: arb) -> bool:
    """Whether it is surely no order of a derivative: a whole number from 0 up, and not too large."""
    return not n.contains_integer() or bool(n < 0 or n > MAX_ORDER)


def _gamma(x: arb) -> arb:
    fraction = x.fmpq() if x.is_exact() and x.bits() < GUARD else None
    return x.gamma() if fraction is None else arb.gamma_fmpq(fraction)


def _lgamma(x: arb) -> arb:
    if x > 0:
        return x.lgamma()
    return (arb.pi() / abs(x.sin_pi())).log() - (1 - x).lgamma()  # the reflection formula


def _polygamma(order: arb, x: arb) -> arb:
    """Of order 0 to 2, or of any order for x > 0. Below 0 by reflection (Abramowitz and Stegun 6.4.7)."""
    n = int(order.fmpq().p)
    reflects = n <= 2 and not x > 0
    at = 1 - x if reflects else x
    found: arb = acb(at).polygamma(n).real if n else at.digamma()
    if not reflects:
        return found
    cot, csc = x.cot_pi(), 1 / x.sin_pi()
    pi = arb.pi()
    reflected: tuple[arb, ...] = (pi * cot, -((pi * csc) ** 2), 2 * pi**3 * cot * csc**2)
    return (-found if n % 2 else found) - reflected[n]


def _zeta(x: Value) -> Value:
    if x.real < -_FAR:
        if (x.real / 2).is_integer():
            return arb(0)
        raise OverflowError
    return x.zeta()


def _zeta_derivative(order: Value, x: Value) -> Value:
    """Of any order, by a power series."""
    n = int(order.real.unique_fmpz())
    if x.real < -_FAR:
        raise OverflowError
    if x.real > _FAR:  # where all terms of the sum over (−log k)^n·k^(−x) but that of k = 2 are as good as nothing
        return (-arb.const_log2()) ** n * (-x * arb.const_log2()).exp() * (1 + arb(0, power_of_two(-(_FAR >> 2))))
    before = ctx.cap
    ctx.cap = n + 1
    try:
        return (acb_series if type(x) is acb else arb_series)([x, 1]).zeta()[n] * arb(n).fac()
    finally:
        ctx.cap = before


def _erfcx(n: arb, x: arb) -> arb:
    """The n-th derivative of exp(x²)·erfc(x), which is a multiple of H(−n − 1, x) (DLMF 18.5.18 and 7.18.8)."""
    return x.hermite_h(-n - 1) * (-2) ** n * n.fac() * 2 / arb.pi().sqrt()


def _log_normal(x: arb) -> arb:
    """log(normcdf(x)): by what is left of 1 above 0, and below by erfcx, which does not underflow."""
    u = -x / arb(2).sqrt()
    return (-(-u).erfc() / 2).log1p() if x.real > 0 else (_erfcx(arb(0), u) / 2).log() - u * u


def _bessel_outside(n: arb, x: arb) -> bool:
    """Of orders that are not whole, there are no values below 0, and below 0 none at 0."""
    return bool(abs(n) > MAX_ORDER) or (not n.contains_integer() and bool(x < 0 or (x == 0 and n < 0)))


def _plain(*names: str, **more: Any) -> dict[str, Word]:
    return {name: Word(getattr(arb, name), **more) for name in names}


def _below(end: int) -> Callable[..., bool]:
    return lambda *args: any(x <= end for x in args)


# Of π times a fraction there are no fractions but these (Niven, Irrational Numbers, 1956, corollary 3.12).


def _turned_sin(turns: fmpq) -> fmpq | None:
    sixths = turns * 6
    return _SINES.get(int(sixths.p) % 12) if sixths.q == 1 else None


def _turned_tan(turns: fmpq) -> fmpq | None:
    quarters = turns * 4
    if quarters.q != 1:
        return None
    if int(quarters.p) % 4 == 2:
        raise ValueError("outside of the domain")
    return (fmpq(0), fmpq(1), fmpq(0), fmpq(-1))[int(quarters.p) % 4]


_SINES = {sixths: fmpq(doubled, 2) for sixths, doubled in {0: 0, 1: 1, 3: 2, 5: 1, 6: 0, 7: -1, 9: -2, 11: -1}.items()}

WORDS: dict[str, Word] = {
    **_plain("exp", "expm1", "sinh", "cosh", most=EXP_BITS),
    "sin": Word(arb.sin, most=MOST_BITS, turned=_turned_sin),
    "cos": Word(arb.cos, most=MOST_BITS, turned=lambda turns: _turned_sin(turns + fmpq(1, 2))),
    "tan": Word(arb.tan, most=MOST_BITS, turned=_turned_tan),
    **_plain("atan", "asinh", "tanh", "erf"),
    "erfc": Word(_erfc),
    **_plain("asin", "acos", outside=lambda x: x < -1 or x > 1),
    **_plain("acosh", outside=lambda x: x < 1),
    **_plain("atanh", outside=lambda x: x <= -1 or x >= 1),
    **_plain("log", outside=_below(0)),
    **_plain("log1p", outside=_below(-1)),
    "log2": Word(lambda x: x.log() / arb.const_log2(), _below(0), exact=lambda x: _exact_log(x, fmpq(2))),
    "log10": Word(lambda x: x.log() / arb.const_log10(), _below(0), exact=lambda x: _exact_log(x, fmpq(10))),
    "log_base": Word(
        lambda x, base: x.log() / base.log(), lambda x, base: _below(0)(x, base) or base == 1, exact=_exact_log
    ),
    "exp2": Word(lambda x: arb(2) ** x, most=EXP_BITS, exact=lambda x: _exact_pow(fmpq(2), x)),
    "pow": Word(lambda x, y: x**y, _no_power, exact=_exact_pow),
    "sqrt": Word(arb.sqrt, lambda x: x < 0, exact=lambda x: fraction_root(x, 2) if x >= 0 else None),
    "cbrt": Word(_cbrt, exact=_exact_cbrt),
    "hypot": Word(lambda *xs: _squares(xs, arb(0)).sqrt(), exact=lambda *xs: fraction_root(_squares(xs, fmpq(0)), 2)),
    "atan2": Word(lambda y, x: arb.atan2(y, x)),
    "sigmoid": Word(lambda x: 1 / (1 + (-x).exp())),
    "softplus": Word(lambda x: x + (-x).exp().log1p() if x.mid() > 0 else x.exp().log1p()),
    "gamma": Word(_gamma, _is_pole, most=EXP_BITS),
    "lgamma": Word(_lgamma, _is_pole),
    "digamma": Word(lambda x: _polygamma(arb(0), x), _is_pole),
    "polygamma": Word(_polygamma, lambda n, x: _no_order(n) or _is_pole(x)),
    "polygamma_rise": Word(
        lambda n, x, y: _polygamma(n, x + y) - _polygamma(n, x), lambda _n, x, y: _is_pole(x) or _is_pole(x + y)
    ),
    "beta": Word(
        lambda x, y: x.gamma() * y.gamma() * (x + y).rgamma(),
        lambda x, y: _is_pole(x) or _is_pole(y),
        exact=lambda x, y: fmpq(0) if x + y <= 0 and (x + y).q == 1 and x.q != 1 else None,
    ),
    "lbeta": Word(
        lambda x, y: _lgamma(x) + _lgamma(y) - _lgamma(x + y),
        lambda *xs: any(map(_is_pole, xs)) or _is_pole(xs[0] + xs[1]),
    ),
    "besselj": Word(lambda n, x: x.bessel_j(n), _bessel_outside, most=MOST_BITS),
    "bessely": Word(lambda n, x: x.bessel_y(n), lambda n, x: abs(n) > MAX_ORDER or x <= 0, most=MOST_BITS),
    "besseli": Word(lambda n, x: x.bessel_i(n), _bessel_outside, most=EXP_BITS),
    "besselk": Word(lambda n, x: x.bessel_k(n), lambda n, x: abs(n) > MAX_ORDER or x <= 0, most=EXP_BITS),
    "airyai": Word(lambda x: x.airy_ai(), most=EXP_BITS // 2),
    "airyaiprime": Word(lambda x: x.airy_ai(derivative=1), most=EXP_BITS // 2),
    "lambertw": Word(lambda x: x.lambertw(), lambda x: x < -arb(-1).exp()),
    "zeta": Word(_zeta, lambda x: x == 1),
    "zetaderiv": Word(_zeta_derivative, lambda n, x: _no_order(n) or x == 1),
    **_plain("erfinv", outside=lambda x: x <= -1 or x >= 1),
    **_plain("erfcinv", outside=lambda x: x <= 0 or x >= 2),
    "normppf": Word(lambda x: -arb(2).sqrt() * (2 * x).erfcinv(), lambda x: x <= 0 or x >= 1),
    "erfcx": Word(lambda x: _erfcx(arb(0), x), most=EXP_BITS // 2),
    "erfcxderiv": Word(_erfcx, most=EXP_BITS // 2),
    "lognormcdf": Word(_log_normal, most=EXP_BITS // 2),
}
"""The functions. A row that needs another one names it here."""


def of_numbers(name: str, bits: int, numbers: Sequence[Any], *, off_axis: bool = False) -> Any:
    """What a word comes to, of numbers that are exact: so many bits of it, or of each of its parts, at least.

    bits: of precision, from 2
    numbers: doubles, or mpmath's
    off_axis: whether they are complex
    Raises ValueError where there is no value, and OverflowError where it takes too many bits or is beyond doubles.
    """
    word = WORDS[name]
    with LOCK:
        for extra in _MORE_BITS:
            with ctx.workprec(bits + extra):
                result = word.ball(*map(acb, numbers)) if off_axis else word.of(*map(arb, numbers))
                parts = (result.real, result.imag) if off_axis else (result,)
                if all(part.rel_accuracy_bits() >= bits for part in parts):
                    return result
    if all(abs(part) < _LEAST for part in parts):
        return acb(0) if off_axis else arb(0)
    raise OverflowError
