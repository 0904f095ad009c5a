"""Digits that are proven: a number is rational and exact, or lies in a ball of FLINT's, and no other digit is shown.

What the balls are too wide for (which of two numbers is the larger, whether a logarithm exists) raises TooWideError:
the same with more bits may tell. Exponents have no practical limit here, so nothing overflows; arguments whose result
could not be written down raise OverflowError. This module imports flint; import it where it is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial, reduce
from math import ceil, inf, log2
from operator import add, mul, sub, truediv
from threading import RLock
from types import FunctionType
from typing import Any, NamedTuple

from flint import acb, acb_series, arb, arb_series, ctx, fmpq, fmpz

from ..budget import reserve_memory
from ..rules.table import Op
from .system import MAX_ORDER, Arithmetic, Function, Rule, TooWideError, Value

reserve_memory()  # FLINT ends the process where it is refused memory

MAX_EXPONENT = 1_000_000
"""The largest decimal exponent of a literal."""
GUARD = 64
"""Bits beyond those of the digits that are wanted, to begin with."""
MOST_BITS = 1 << 18
"""Bits beyond those of the digits that are wanted, at most: nearly 80,000 digits more."""
_LONG = 10_000  # bits of a fraction, from which on it is rounded to a ball
_LONG_LITERAL = 200_000  # the same of a number that is written
_FAR = 1 << 40
_EXP_BITS = 2_100  # of the largest exponent of e: the squares of all doubles have fewer
_FEW = 6  # digits that tell a number's exponent, or nearly so
_CLOSE_BITS = 1_100  # behind those shown, by which a number is rounded
_TIE_BITS = 1_000  # to which it is known that a number is in the middle of two, before the even one is taken
_LOG10 = log2(10)
_MORE_BITS = (GUARD, 640, 2_600)  # beyond those that are wanted of a function of doubles


class Ball:
    """A real number: as a fraction, where it is known to be one that is not long; else as FLINT's ball that holds it.

    Comparisons are true where they are proven, and false where they are wrong or not proven. `square`, where there is
    one, is the fraction of which an irrational number is a square root.
    """

    __slots__ = ("number", "opposite", "rounded", "square")

    def __init__(self, number: fmpq | arb, square: fmpq | None = None) -> None:
        self.number: Any = number
        self.square = square
        self.opposite: Ball | None = None
        """This number with its sign flipped, where that has been asked for."""
        self.rounded: tuple[int, _Rounded | None] | None = None
        """What it is to so many digits, where that has been asked for."""

    def __reduce__(self) -> tuple[Any, ...]:
        if self.is_exact:
            return _fraction, (int(self.number.p), int(self.number.q))
        parts = (self.number.mid().man_exp(), self.number.rad().man_exp())
        return _enclosed, tuple((int(mantissa), int(exponent)) for mantissa, exponent in parts)

    @property
    def is_exact(self) -> bool:
        """Whether it is a fraction."""
        return type(self.number) is fmpq

    @property
    def ball(self) -> arb:
        """It as a ball, at the precision at work."""
        return arb(self.number)

    @property
    def _mpf_(self) -> Any:
        from mpmath import mp  # which takes its middle for a number by this

        with ctx.workprec(max(ctx.prec, mp.prec + GUARD)):
            return self.ball._mpf_

    def __repr__(self) -> str:
        return f"Ball({self.number})"

    def __str__(self) -> str:
        places, known = self.rounded or (0, None)
        return written(*known, places) if known else str(self.number)

    def __add__(self, other: Value) -> Ball:
        number = _number(other)
        if type(number) is fmpq and number == 0:
            return self
        if self.is_exact and self.number == 0 and type(other) is Ball:
            return other
        if self.opposite is other or (self.square is not None and order(-self, other) == 0):
            return ZERO
        return _told(self.number + number)

    def __sub__(self, other: Value) -> Ball:
        difference: Ball = self + -other
        return difference

    def __mul__(self, other: Value) -> Ball:
        number = _number(other)
        for one, two in ((self.number, other), (number, self)):
            if type(one) is fmpq and one in _UNITS and type(two) is Ball:
                return ZERO if one == 0 else two if one == 1 else Ball.__neg__(two)
        result = _told(self.number * number)
        if self.square is not None or (type(other) is Ball and other.square is not None):
            return _as_root(result, _squared(self), _squared(other))
        return result

    def __truediv__(self, other: Value) -> Ball:
        number = _number(other)
        if number == 0:
            raise ZeroDivisionError
        if type(number) is fmpq and number == 1:
            return self
        if self is other:
            return ONE
        result = self.number / number
        if type(result) is arb and not result.is_finite():
            raise TooWideError
        if self.square is not None or (type(other) is Ball and other.square is not None):
            square = _squared(other)
            return _as_root(_told(result), _squared(self), None if square is None else 1 / square)
        return _told(result)

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other: int) -> Ball:
        return -self + other

    def __neg__(self) -> Ball:
        if self.opposite is None:
            self.opposite = Ball(-self.number, self.square)
            self.opposite.opposite = self
        return self.opposite

    def __abs__(self) -> Ball:
        sign = order(self, 0)
        return Ball(abs(self.number)) if sign is None else -self if sign < 0 else self

    def __eq__(self, other: object) -> bool:
        return NotImplemented if other is None else order(self, other) == 0

    def __ne__(self, other: object) -> bool:
        return NotImplemented if other is None else order(self, other) in (-1, 1)

    def __lt__(self, other: Value) -> bool:
        return order(self, other) == -1

    def __gt__(self, other: Value) -> bool:
        return order(self, other) == 1

    def __le__(self, other: Value) -> bool:
        return order(self, other) in (-1, 0) or bool(self.number <= _number(other))

    def __ge__(self, other: Value) -> bool:
        return order(self, other) in (0, 1) or bool(self.number >= _number(other))

    def __bool__(self) -> bool:
        return self != 0

    def __float__(self) -> float:
        if type(self.number) is fmpq:  # which the oldest FLINT that is supported cannot make a double of
            return int(self.number.p) / int(self.number.q)
        return float(self.number)

    def __hash__(self) -> int:
        return hash(self.number) if self.is_exact else id(self)


def exactly(value: Ball) -> Ball:
    """The number in the middle of a ball."""
    return value if value.is_exact else Ball(value.number.mid())


def order(x: Ball, y: Value) -> int | None:
    """-1, 0 or 1, where it is proven that x is smaller than y, the same number, or larger; else None."""
    if x is y:
        return 0 if x.is_exact or x.number.is_finite() else None
    a, b = x.number, _number(y)
    if a < b:
        return -1
    if a > b:
        return 1
    same = x.square is not None and type(y) is Ball and y.square == x.square and bool(a + b != 0)
    return 0 if same or a == b else None


def _number(value: Value) -> Any:
    if type(value) is Ball:
        return value.number
    return (
        value if type(value) in (int, fmpq, arb) else arb(value)
    )  # which takes doubles and mpmath's for what they are


def _told(number: fmpq | arb) -> Ball:
    """A number as a ball, if it is a fraction that has grown too long."""
    return Ball(arb(number) if type(number) is fmpq and number.height_bits() > _LONG else number)


def _squared(value: Value) -> fmpq | None:
    """The square, where it is a fraction that is not long."""
    if type(value) is not Ball:
        return fmpq(value) ** 2 if type(value) is int else None
    if value.square is not None:
        return value.square
    return value.number**2 if value.is_exact and value.number.height_bits() < _LONG else None


def _as_root(result: Ball, one: fmpq | None, two: fmpq | None) -> Ball:
    """A product, whose square is the product of these, where both are known."""
    if one is None or two is None:
        return result
    square = one * two
    if square.height_bits() > _LONG:
        return result
    root = _root(square, 2)
    if root is None:
        return Ball(result.number, square)
    return Ball(root if result.number > 0 else -root)


def _fraction(numerator: int, denominator: int) -> Ball:
    return Ball(fmpq(numerator, denominator))


def _enclosed(middle: tuple[int, int], radius: tuple[int, int]) -> Ball:
    return Ball(arb(middle, arb(radius)))


def _root(x: fmpq, n: int) -> fmpq | None:
    """The n-th root of a positive fraction, where it is a fraction."""
    top, bottom = x.p.root(n), x.q.root(n)
    return fmpq(top, bottom) if top**n == x.p and bottom**n == x.q else None


_UNITS = (fmpq(0), fmpq(1), fmpq(-1))
ZERO, ONE, HALF = Ball(fmpq(0)), Ball(fmpq(1)), Ball(fmpq(1, 2))


# -- The words of the rules ----------------------------------------------------------------------------------------


class Word(NamedTuple):
    """A function on FLINT's balls.

    ball: the function, of balls
    outside: whether arguments are surely outside of its domain
    most: bits of the largest argument whose result can be worked out and written down, if there is one
    exact: of fractions, the value where that is a fraction, and else None
    """

    ball: Callable[..., arb]
    outside: Callable[..., bool] = lambda *_: False
    most: int | None = None
    exact: Callable[..., fmpq | None] = lambda *_: None

    def of(self, *balls: arb) -> arb:
        """What it comes to. Raises ValueError or OverflowError where it has no value, or none that can be written."""
        if self.outside(*balls):
            raise ValueError("outside of the domain")
        if self.most is not None and any(abs(each) >= _size(self.most) for each in balls):
            raise OverflowError
        return self.ball(*balls)


def _cbrt(x: arb) -> arb:
    if x > 0:
        return x.root(3)
    if x < 0:
        return -((-x).root(3))
    return (-((-x.lower()).root(3))).union(x.upper().root(3))


def _exact_sqrt(x: fmpq) -> fmpq | None:
    return _root(x, 2) if x >= 0 else None


def _exact_cbrt(x: fmpq) -> fmpq | None:
    root = _root(abs(x), 3)
    return -root if root is not None and x < 0 else root


def _exact_log(x: fmpq, base: fmpq) -> fmpq | None:
    """The logarithm, where it is a whole number."""
    if not (x > 0 and base > 0 and base != 1):
        return None
    if x == 1:
        return fmpq(0)
    power = round(_float_log(x) / _float_log(base))
    return fmpq(power) if abs(power) * base.height_bits() < _LONG and base**power == x else None


def _float_log(x: fmpq) -> float:
    return float(arb(x).log()) or inf


def _pow(x: arb, y: arb) -> arb:
    return x**y


def _exact_pow(x: fmpq, y: fmpq) -> fmpq | None:
    if y.q == 1:
        if x == 0 and y < 0:
            raise ZeroDivisionError
        return x ** int(y.p) if abs(y.p) * x.height_bits() < _LONG else None
    if y.q > _LONG or abs(y.p) * x.height_bits() > _LONG or x < 0:
        return None
    if x == 0:
        return fmpq(0) if y > 0 else None
    root = _root(x, int(y.q))
    return None if root is None else root ** int(y.p)


def _no_power(x: arb, y: arb) -> bool:
    """Whether x is below 0 and y surely no whole number, or x is 0 and y below that."""
    return bool(x < 0 and not y.contains_integer()) or bool(x == 0 and y < 0)


def _sigmoid(x: arb) -> arb:
    return 1 / (1 + (-x).exp())


def _softplus(x: arb) -> arb:
    return x + (-x).exp().log1p() if x.mid() > 0 else x.exp().log1p()


def _hypot(*xs: arb) -> arb:
    return sum((x * x for x in xs), arb(0)).sqrt()


def _exact_hypot(*xs: fmpq) -> fmpq | None:
    return _root(sum((x * x for x in xs), fmpq(0)), 2)


def _erfc(x: arb) -> arb:
    """Far out by its asymptotic series (DLMF 7.12.1), whose error is less than the next term; FLINT's ends before."""
    if not x > _FAR:
        return x.erfc()
    total, term, n = arb(0), arb(1), 0
    while abs(term) > _size(-ctx.prec):
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
    if x > 0 or n > 2:
        found: arb = acb(x).polygamma(n).real if n else x.digamma()
        return found
    cot, csc = x.cot_pi(), 1 / x.sin_pi()
    pi = arb.pi()
    reflected: tuple[arb, ...] = (pi * cot, -((pi * csc) ** 2), 2 * pi**3 * cot * csc**2)
    mirrored = _polygamma(order, 1 - x)
    return (-mirrored if n % 2 else mirrored) - reflected[n]


def _polygamma_rise(order: arb, x: arb, y: arb) -> arb:
    """polygamma(n, x + y) − polygamma(n, x)."""
    return _polygamma(order, x + y) - _polygamma(order, x)


def _beta(x: arb, y: arb) -> arb:
    return x.gamma() * y.gamma() * (x + y).rgamma()


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
        return (-arb.const_log2()) ** n * (-x * arb.const_log2()).exp() * (1 + arb(0, _size(-(_FAR >> 2))))
    before = ctx.cap
    ctx.cap = n + 1
    try:
        return (acb_series if type(x) is acb else arb_series)([x, 1]).zeta()[n] * arb(n).fac()
    finally:
        ctx.cap = before


def _zero_of_beta(x: fmpq, y: fmpq) -> fmpq | None:
    return fmpq(0) if x + y <= 0 and (x + y).q == 1 and x.q != 1 else None


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


def _atan2(y: arb, x: arb) -> arb:
    return arb.atan2(y, x)


WORDS: dict[str, Word] = {
    **_plain("exp", "expm1", "sinh", "cosh", most=_EXP_BITS),
    **_plain("sin", "cos", "tan", most=MOST_BITS),
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
    "exp2": Word(lambda x: arb(2) ** x, most=_EXP_BITS, exact=lambda x: _exact_pow(fmpq(2), x)),
    "pow": Word(_pow, _no_power, exact=_exact_pow),
    "sqrt": Word(arb.sqrt, lambda x: x < 0, exact=_exact_sqrt),
    "cbrt": Word(_cbrt, exact=_exact_cbrt),
    "hypot": Word(_hypot, exact=_exact_hypot),
    "atan2": Word(_atan2),
    "sigmoid": Word(_sigmoid),
    "softplus": Word(_softplus),
    "gamma": Word(_gamma, _is_pole, most=_EXP_BITS),
    "lgamma": Word(_lgamma, _is_pole),
    "digamma": Word(lambda x: _polygamma(arb(0), x), _is_pole),
    "polygamma": Word(_polygamma, lambda n, x: _no_order(n) or _is_pole(x)),
    "polygamma_rise": Word(_polygamma_rise, lambda _n, x, y: _is_pole(x) or _is_pole(x + y)),
    "beta": Word(_beta, lambda x, y: _is_pole(x) or _is_pole(y), exact=_zero_of_beta),
    "lbeta": Word(
        lambda x, y: _lgamma(x) + _lgamma(y) - _lgamma(x + y),
        lambda *xs: any(map(_is_pole, xs)) or _is_pole(xs[0] + xs[1]),
    ),
    "besselj": Word(lambda n, x: x.bessel_j(n), _bessel_outside, most=MOST_BITS),
    "bessely": Word(lambda n, x: x.bessel_y(n), lambda n, x: abs(n) > MAX_ORDER or x <= 0, most=MOST_BITS),
    "besseli": Word(lambda n, x: x.bessel_i(n), _bessel_outside, most=_EXP_BITS),
    "besselk": Word(lambda n, x: x.bessel_k(n), lambda n, x: abs(n) > MAX_ORDER or x <= 0, most=_EXP_BITS),
    "airyai": Word(lambda x: x.airy_ai(), most=_EXP_BITS // 2),
    "airyaiprime": Word(lambda x: x.airy_ai(derivative=1), most=_EXP_BITS // 2),
    "lambertw": Word(lambda x: x.lambertw(), lambda x: x < -arb(-1).exp()),
    "zeta": Word(_zeta, lambda x: x == 1),
    "zetaderiv": Word(_zeta_derivative, lambda n, x: _no_order(n) or x == 1),
    **_plain("erfinv", outside=lambda x: x <= -1 or x >= 1),
    **_plain("erfcinv", outside=lambda x: x <= 0 or x >= 2),
    "normppf": Word(lambda x: -arb(2).sqrt() * (2 * x).erfcinv(), lambda x: x <= 0 or x >= 1),
    "erfcx": Word(lambda x: _erfcx(arb(0), x), most=_EXP_BITS // 2),
    "erfcxderiv": Word(_erfcx, most=_EXP_BITS // 2),
    "lognormcdf": Word(_log_normal, most=_EXP_BITS // 2),
}
"""The functions. A row that needs another one names it here."""


def of_numbers(name: str, bits: int, numbers: Sequence[Any], *, off_axis: bool = False) -> Any:
    """What a word comes to, of numbers that are exact: so many bits of it, or of each of its parts, at least.

    numbers: doubles, or mpmath's
    off_axis: whether they are complex
    Raises ValueError where there is no value, and OverflowError where it takes too many bits or is beyond doubles.
    """
    word = WORDS[name]
    with _LOCK:
        for extra in _MORE_BITS:
            with ctx.workprec(bits + extra):
                result = word.ball(*map(acb, numbers)) if off_axis else word.of(*map(arb, numbers))
                parts = (result.real, result.imag) if off_axis else (result,)
                if all(part.rel_accuracy_bits() >= bits for part in parts):
                    return result
    if all(abs(part) < _LEAST for part in parts):
        return acb(0) if off_axis else arb(0)
    raise OverflowError


class Balls(Arithmetic):
    """Numbers of which `places` significant digits are wanted, and computed with some more bits.

    extra: so many more bits
    """

    range_hint = "this is beyond what can be computed with"

    def __init__(self, places: int, extra: int = GUARD) -> None:
        self.digits = self.trusted = places
        self.header = {"precision": places}
        self.needed = ceil(places * _LOG10)
        self.extra, self.bits = extra, self.needed + extra
        self.all_digits = int(self.bits / _LOG10)
        self.known: dict[tuple[Any, ...], tuple[Any, Value]] = {}
        """What words came to, by the numbers that they were asked of: those stay the same number."""
        with self.working():
            constants = {"pi": Ball(arb.pi()), "e": Ball(arb.const_e()), "nan": Ball(arb.nan())}
        words: dict[str, Function] = {name: partial(self._value, name, word) for name, word in WORDS.items()}
        words |= {
            "pow": self._power,
            "abs": abs,
            "sign": lambda x: Ball(fmpq(_decided(x, ZERO))),
            "max": lambda *xs: reduce(partial(_selected, 1), xs),
            "min": lambda *xs: reduce(partial(_selected, -1), xs),
            "relu": lambda x: _selected(1, ZERO, x),
            "selected": lambda x, out: ONE if _decided(x, out) == 0 else ZERO,
            "floor": _floor,
            "ceil": lambda x: -_floor(-x),
            "round": _round,
            "choose": _choose,
            **{f"is_{name}": partial(_compared, orders) for name, orders in _ORDERS.items()},
        }
        words |= {name: partial(self._same, name, function) for name, function in _OPERATORS.items()}
        templates = {name: f"{name}({{}}, {{}})" for name in _OPERATORS}
        templates |= {name: f"is_{name}({{}}, {{}})" for name in _ORDERS}
        templates["where"] = "choose(lambda: {}, lambda: {}, lambda: {})"
        super().__init__(words, constants, templates)

    def __reduce__(self) -> tuple[Any, ...]:
        return Balls, (self.digits, self.extra)

    @contextmanager
    def working(self) -> Iterator[None]:
        """FLINT's precision is this one's meanwhile, and of one thread."""
        with _LOCK:
            before = ctx.prec
            ctx.prec = self.bits
            try:
                yield
            finally:
                ctx.prec = before

    def rule(self, op: Op) -> Rule:
        """The row, whose code is the same at each precision: written once, it takes its words from this one."""
        if op not in self._rules:
            if op not in _WRITTEN:
                _WRITTEN[op] = super().rule(op)
                _NUMBERS.update((name, each) for name, each in self.namespace.items() if name.startswith("number_"))
            self.namespace.update(_NUMBERS)
            value, partials, kink, corner, variadic = _WRITTEN[op]
            here = self._here
            value = self.namespace[op.name] if variadic and op.name in self.namespace else here(value)
            self._rules[op] = Rule(
                value, tuple(map(here, partials)), kink and here(kink), corner and here(corner), variadic
            )
        return self._rules[op]

    def _here(self, function: Any) -> Function:
        return FunctionType(function.__code__, self.namespace)

    def _same(self, name: str, function: Function, *args: Ball) -> Ball:
        """What a function comes to. Of the same numbers it is the same number, however many digits are known."""
        places = [*map(id, args)]
        if name in ("add", "mul"):
            places.sort()
        key = (name, *places)
        if key not in self.known:
            self.known[key] = args, function(*args)
        found: Ball = self.known[key][1]
        return found

    def _value(self, name: str, word: Word, *args: Ball) -> Ball:
        """What a word comes to. Raises ValueError, OverflowError or TooWideError where it has no value, or may not."""
        return self._same(name, partial(self._worked_out, word), *args)

    def _worked_out(self, word: Word, *args: Ball) -> Ball:
        if all(each.is_exact for each in args):
            exact = word.exact(*(each.number for each in args))
            if exact is not None:
                return _told(exact)
        result = word.of(*(each.ball for each in args))
        if not result.is_finite():
            raise TooWideError
        square = args[0].number if word.ball is arb.sqrt and args[0].is_exact else None
        if square is None and result.is_exact() and result.bits() < _LONG and abs(int(result.man_exp()[1])) < _LONG:
            return Ball(result.fmpq())
        return Ball(result, square)

    def _power(self, x: Ball, y: Ball) -> Ball:
        """x to the power of y. Of a square root it may be a fraction."""
        if y.is_exact and y.number.q == 1 and x.square is not None and 0 < y.number < _LONG:
            whole: Ball = self._power(Ball(x.square), Ball(fmpq(int(y.number.p) // 2)))
            return whole * x if int(y.number.p) % 2 else whole
        if y.is_exact and y.number == HALF.number:
            return self._value("sqrt", WORDS["sqrt"], x)
        if not (x.is_exact and x.number in (0, 1)) and y.number != 0:
            size = abs(x.ball).log() if x != 0 else arb(0)
            if abs(size * y.ball) > _size(_EXP_BITS):
                raise OverflowError
        return self._value("pow", WORDS["pow"], x, y)

    def number(self, text: str) -> Value:
        if "n" in text.lower():
            return Ball(arb(text.replace("infinity", "inf")))  # inf, nan
        return self._same(text, partial(self._number, text))

    def _number(self, text: str) -> Ball:
        figures, _, power = text.lower().partition("e")
        whole, _, fraction = figures.partition(".")
        if abs(int(power or 0)) > MAX_EXPONENT:
            raise OverflowError
        exponent = int(power or 0) - len(fraction)
        scale = fmpz(10) ** abs(exponent)
        mantissa = fmpz(f"{whole}{fraction}".removeprefix("+"))
        value = fmpq(mantissa * scale) if exponent >= 0 else fmpq(mantissa, scale)
        if value.height_bits() <= _LONG_LITERAL:
            return Ball(value)
        with self.working():
            return Ball(arb(value))

    def is_finite(self, value: Value) -> bool:
        return value.is_exact or bool(value.number.is_finite())

    def is_value(self, value: Value) -> bool:
        return isinstance(value, bool) or self.is_finite(value)

    def to_float(self, value: Value) -> float:
        return float(value)

    # -- Digits --------------------------------------------------------------------------------------------------------

    def shown(self, value: Value, digits: int) -> str:
        """The value to so many digits, or to as many as are proven; `0 ± 1e-99` where it may be 0 and may not."""
        if not self.is_finite(value):
            return str(float(value))
        if may_be_zero(value):
            return "0" if value == 0 else _around_zero(value)
        places = min(digits, self.digits)
        if not value.is_exact:
            places = min(places, int(value.number.rel_accuracy_bits() / _LOG10) + 1)
        known = next(filter(None, (_rounded(value, each) for each in range(places, 0, -1))), None)
        return written(*known, places) if known else _around_zero(value)

    def lacks(self, value: Value | None) -> float:
        """So many bits more it takes to prove the digits of a number; infinity where that cannot be told."""
        if value is None or isinstance(value, bool) or value.is_exact:
            return 0
        if may_be_zero(value):
            return 0 if value == 0 else inf
        missing: int = self.needed + 4 - value.number.rel_accuracy_bits()
        if missing > 0:
            return missing
        return 0 if _rounded(value, self.digits) else _CLOSE_BITS

    def is_negligible(self, value: Ball) -> bool:
        """Whether a number that may be 0 is smaller than any digit that is asked for."""
        return may_be_zero(value) and _bound(value) <= -self.digits


_LOCK = RLock()
_LEAST = arb((1, -1_200))  # what is smaller is 0, as doubles go
_WRITTEN: dict[Op, Rule] = {}
_NUMBERS: dict[str, Value] = {}
"""The rows that have been compiled, and the numbers in them, which are exact."""
_OPERATORS: dict[str, Function] = {"add": add, "sub": sub, "mul": mul, "div": truediv}
_ORDERS = {"eq": (0,), "ne": (-1, 1), "lt": (-1,), "le": (-1, 0), "gt": (1,), "ge": (0, 1)}


def _size(bits: int) -> arb:
    return arb((1, bits))


def _decided(x: Ball, y: Ball) -> int:
    """-1, 0 or 1, as x is smaller than y, the same or larger. Raises TooWideError where that is not proven."""
    found = order(x, y)
    if found is None:
        raise TooWideError
    return found


def _compared(orders: Sequence[int], x: Ball, y: Ball) -> bool:
    return _decided(x, y) in orders


def _choose(condition: Callable[[], bool], yes: Callable[[], Value], no: Callable[[], Value]) -> Value:
    """One or the other; where the balls do not decide, what holds both: one of them is right."""
    try:
        holds = condition()
    except TooWideError:
        try:
            return Ball(yes().ball.union(no().ball))
        except (ArithmeticError, ValueError, AttributeError):
            raise TooWideError from None
    return yes() if holds else no()


def _selected(sign: int, x: Ball, y: Ball) -> Ball:
    """The larger of two (sign 1), or the smaller (−1): that number itself, where it is proven which one it is."""
    found = order(x, y)
    if found is None:
        return Ball(arb.max(x.ball, y.ball) if sign > 0 else arb.min(x.ball, y.ball))
    return y if found == -sign else x


def _floor(x: Ball) -> Ball:
    whole: fmpz | None = x.number.floor() if x.is_exact else x.number.floor().unique_fmpz()
    if whole is None:
        raise TooWideError
    return Ball(fmpq(whole))


def _round(x: Ball) -> Ball:
    """To the nearest whole number, half to even."""
    whole = _floor(x + HALF)
    return whole - 1 if x + HALF == whole and int(whole.number.p) % 2 else whole


# -- Decimal digits ------------------------------------------------------------------------------------------------


def may_be_zero(value: Ball) -> bool:
    """Whether it is not proven that a number is not 0."""
    return bool(value.number == 0) if value.is_exact else bool(value.number.contains(0))


_Rounded = tuple[fmpz, int]
"""A whole number, and the power of ten that it is to be multiplied by."""


def _rounded(value: Ball, places: int) -> _Rounded | None:
    if value.rounded is None or value.rounded[0] != places:
        found = _rounded_fraction(value.number, places) if value.is_exact else _rounded_ball(value.number, places)
        value.rounded = places, found
    return value.rounded[1]


def _rounded_ball(value: arb, places: int) -> _Rounded | None:
    """A number that is not 0, rounded to so many places, half to even; None where that is not known.

    Where it lies so close to the middle of two that none of _TIE_BITS bits decides, it is the even one.
    """
    middle, _, power = value.mid_rad_10exp(_FEW)
    exponent = int(power) + len(abs(middle).str()) - 1
    least, most = fmpz(10) ** (places - 1), fmpz(10) ** places
    while True:
        shift = places - 1 - exponent
        with ctx.workprec(ceil(places * _LOG10) + _CLOSE_BITS + 2 * shift.bit_length()):
            whole = _nearest_whole(abs(value) * arb(10) ** shift)
        if whole is None:
            return None
        if least <= whole <= most:
            return whole if value > 0 else -whole, -shift
        exponent += 1 if whole > most else -1


def _nearest_whole(x: arb) -> fmpz | None:
    """The whole number that is nearest to all of a ball; the even one, where the ball is next to the middle of two."""
    above = x + arb(0.5)
    found: fmpz | None = above.floor().unique_fmpz()
    if found is not None and not above.is_integer():
        return found
    below: fmpz | None = (x - arb(0.25)).floor().unique_fmpz()
    if below is None or not (above.is_integer() or x.rad() < _size(-_TIE_BITS)):
        return None
    return below if below % 2 == 0 else below + 1


def _rounded_fraction(value: fmpq, places: int) -> _Rounded:
    power = places + len(value.q.str()) - len(abs(value.p).str())
    scale = fmpz(10) ** abs(power)
    top, bottom = (value.p * scale, value.q) if power >= 0 else (value.p, value.q * scale)
    extra = fmpz(10) ** (len(abs(top // bottom).str()) - places)
    return _nearest(top, bottom * extra), len(extra.str()) - 1 - power


def _nearest(top: fmpz, bottom: fmpz) -> fmpz:
    """The whole number that is nearest to a quotient, half to even."""
    whole, rest = divmod(top, bottom)
    return whole + (1 if 2 * rest > bottom or (2 * rest == bottom and whole % 2 == 1) else 0)


def written(whole: fmpz, power: int, places: int) -> str:
    """A decimal number that has so many significant digits."""
    text, sign = abs(whole).str(), "-" if whole < 0 else ""
    power, figures = power + len(text) - 1, text.rstrip("0")
    if -4 <= power < max(places, len(figures)):
        if power < 0:
            return f"{sign}0.{'0' * (-power - 1)}{figures}"
        above, below = figures[: power + 1].ljust(power + 1, "0"), figures[power + 1 :]
        return f"{sign}{above}.{below}" if below else f"{sign}{above}"
    point = f".{figures[1:]}" if len(figures) > 1 else ""
    return f"{sign}{figures[0]}{point}e{power:+d}"


def _around_zero(value: Ball) -> str:
    return f"0 ± 1e{_bound(value):+d}"


def _bound(value: Ball) -> int:
    """An exponent: the number is no larger than that power of ten."""
    middle, radius, power = value.number.mid_rad_10exp(3)
    return int(power) + len((abs(middle) + radius).str())
