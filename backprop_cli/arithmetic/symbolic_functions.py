"""The functions of the rules on SymPy's numbers and symbols: decided by proof, refused where they grow too far."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from typing import Any

import sympy
from sympy import Integer, Max, Min, Piecewise, Rational

from ..errors import quote
from .system import Function, Value

MAX_BITS = 14_000
"""Bits of a whole number, numerator or denominator: as many as Python writes out (4,300 digits)."""
MAX_FACTORIAL = 1_500
"""The largest argument of gamma and its kin that is worked out."""
MAX_ROUNDED = 10**300
"""The largest argument of floor and ceil."""
_MOST = 1_000_000
"""The largest exponent of e beside which terms are evaluated: SymPy may take as many bits."""


class _Positive(sympy.Function):  # type: ignore[misc]
    """A function of a symbol, which stays what it is; of a number, the number, as it is written out."""

    written_out: Callable[[Value], Value]

    @classmethod
    def eval(cls, x: Value) -> Value:
        return None if x.free_symbols else cls.written_out(x)

    def _eval_is_positive(self) -> bool:
        return True


class sigmoid(_Positive):  # noqa: N801 - SymPy prints the name
    """The sigmoid."""

    written_out = staticmethod(lambda x: 1 / (1 + sympy.exp(-x)))


class softplus(_Positive):  # noqa: N801
    """The softplus."""

    written_out = staticmethod(lambda x: sympy.log(1 + sympy.exp(x)))


class normcdf(_Positive):  # noqa: N801
    """The normal distribution. SymPy would write 1 less a small number for it."""

    written_out = staticmethod(lambda x: sympy.erfc(-x / sympy.sqrt(2)) / 2)

    def fdiff(self, _argindex: int = 1) -> Value:
        return sympy.exp(-(self.args[0] ** 2) / 2) / sympy.sqrt(2 * sympy.pi)


class zeta(sympy.zeta):  # type: ignore[misc]  # noqa: N801
    """Riemann's function with its derivative, which SymPy has no name for."""

    def fdiff(self, _argindex: int = 1) -> Value:
        return zetaderiv(1, self.args[0])


class _Evaluated:
    """A function whose numbers are FLINT's."""

    args: tuple[Value, ...]

    def _eval_evalf(self, bits: int) -> Value:
        from .ball_functions import of_numbers

        found = of_numbers(type(self).__name__, bits, [each._to_mpmath(bits) for each in self.args])
        return sympy.Float(found.mid(), precision=bits)


class erfinv(_Evaluated, sympy.erfinv):  # type: ignore[misc]  # noqa: N801
    """The inverse of erf, which SymPy does not evaluate for most numbers."""


class erfcinv(_Evaluated, sympy.erfcinv):  # type: ignore[misc]  # noqa: N801
    """The inverse of erfc, likewise."""


class zetaderiv(_Evaluated, sympy.Function):  # type: ignore[misc]  # noqa: N801
    """A derivative of zeta, of any order."""

    @classmethod
    def eval(cls, order: Value, x: Value) -> Value:
        return zeta(x) if order == 0 else None

    def fdiff(self, _argindex: int = 2) -> Value:
        return zetaderiv(self.args[0] + 1, self.args[1])


def opened(value: Value) -> Value:
    """The formula with sigmoid, softplus and normcdf written out."""
    for function in (sigmoid, softplus, normcdf):
        value = value.replace(function, function.written_out)
    return value


class UndecidedError(Exception):
    """A comparison of exact numbers that SymPy cannot settle."""


def evaluated(value: Value, digits: int) -> Value:
    """The number to so many digits. Raises ValueError where terms cancel so far that none of them holds."""
    if value.has(sympy.Add) and any(_is_far(each.exp) for each in value.atoms(sympy.exp)):
        raise ValueError
    near = value.evalf(digits, maxn=400)
    if getattr(near, "_prec", digits) == 1:
        raise ValueError
    return near


@lru_cache(4096)
def _is_far(exponent: Value) -> bool:
    """Whether exp of it, beside other terms, may take SymPy so many bits that GMP ends the process."""
    if any(_is_far(each.exp) for each in exponent.atoms(sympy.exp)):
        return True
    near = exponent.evalf(3, maxn=20)
    return not (near.is_Float or near.is_Rational) or abs(near) > _MOST


def _sign_of(value: Value) -> int | None:
    """−1, 0 or 1; None for what depends on symbols."""
    if value.is_zero:
        return 0
    if value.is_positive or value.is_negative:
        return 1 if value.is_positive else -1
    if value.free_symbols:
        return None
    with suppress(ValueError):
        near = evaluated(value, 50)
        if near.is_real:
            return 1 if near > 0 else -1
    if value.equals(0):
        return 0
    raise UndecidedError(f"cannot tell whether {quote(str(value))} is 0 or not")


def equal(x: Value, y: Value) -> Any:
    """Whether x = y. An input of max or min is the output under a condition that a person can read."""
    if x == y:
        return True
    for kind in (Max, Min):
        if isinstance(y, kind) and y.free_symbols:
            inner = set(x.args) if isinstance(x, kind) else {x}  # SymPy makes one Max of nested ones
            others = sorted(set(y.args) - inner, key=sympy.default_sort_key)
            if len(others) == len(y.args):
                others = [y]  # SymPy has left x out, because it knows of a larger one
            return sympy.And(*((x >= each) if kind is Max else (x <= each) for each in others))
    return _sign_of(x - y) == 0


def _compared(relation: Any, by_sign: Callable[[int], bool]) -> Function:
    """A comparison: decided by the sign of the difference, or SymPy's relation where that depends on symbols."""

    def compare(x: Value, y: Value) -> Any:
        sign = _sign_of(x - y)
        return relation(x, y) if sign is None else sympy.true if by_sign(sign) else sympy.false

    return compare


COMPARISONS: dict[str, Function] = {
    "equal": _compared(sympy.Eq, lambda sign: sign == 0),
    "ne": _compared(sympy.Ne, lambda sign: sign != 0),
    "lt": _compared(sympy.StrictLessThan, lambda sign: sign < 0),
    "le": _compared(sympy.LessThan, lambda sign: sign <= 0),
    "gt": _compared(sympy.StrictGreaterThan, lambda sign: sign > 0),
    "ge": _compared(sympy.GreaterThan, lambda sign: sign >= 0),
}


def where(condition: Any, yes: Callable[[], Value], no: Callable[[], Value]) -> Value:
    if condition is True or condition == sympy.true:
        return yes()
    if condition is False or condition == sympy.false:
        return no()
    otherwise = no()
    return Piecewise((yes(), condition), *([] if otherwise is sympy.nan else [(otherwise, True)]))


def _largest(*values: Value) -> Value:
    """The largest number, by proof; a Max where symbols are among them."""
    best = values[0]
    for value in values[1:]:
        sign = _sign_of(value - best)
        if sign is None:
            return Max(*values)
        best = value if sign > 0 else best
    return best


def _smallest(*values: Value) -> Value:
    largest = _largest(*(-value for value in values))
    return Min(*values) if isinstance(largest, Max) else -largest


def _sign(x: Value) -> Value:
    sign = _sign_of(x)
    return sympy.sign(x) if sign is None else Integer(sign)


def _abs(x: Value) -> Value:
    sign = _sign_of(x)
    return sympy.Abs(x) if sign is None else sign * x


def real(function: Function) -> Function:
    """The function where its result is finite, real and not too large."""

    def guarded(*args: Value) -> Value:
        result = function(*args)
        if result.has(sympy.zoo, sympy.oo, -sympy.oo, sympy.nan) or result.is_real is False:
            raise ValueError("no finite real value")
        if not result.free_symbols and result.is_real is None and abs(sympy.im(result.evalf(20))) > 1e-15:
            raise ValueError("no real value")
        if not are_written_out(result.atoms(Rational)):
            raise OverflowError
        return result

    return guarded


def are_written_out(parts: Iterable[Value]) -> bool:
    """Whether all numbers among these parts of a formula are such as Python writes out."""
    numbers = (each for each in parts if isinstance(each, Rational))
    return all(max(abs(each.p).bit_length(), each.q.bit_length()) <= MAX_BITS for each in numbers)


total, product = real(sympy.Add), real(sympy.Mul)


def _div(x: Value, y: Value) -> Value:
    if y == 0 or (not y.free_symbols and _sign_of(y) == 0):
        raise ZeroDivisionError
    return x / y


def _pow(x: Value, y: Value) -> Value:
    if x.is_Rational and y.is_Rational:
        if x == 0 and y < 0:
            raise ZeroDivisionError
        bits = max(abs(x.p).bit_length(), x.q.bit_length())
        if (x not in (0, 1, -1) and abs(y) * bits > MAX_BITS) or y.q.bit_length() > 64:
            raise OverflowError
    elif not x.free_symbols and not y.free_symbols and y.is_Rational and abs(y) > MAX_BITS:
        raise OverflowError
    return x**y


def _bounded(function: Function, bound: int = MAX_FACTORIAL) -> Function:
    def checked(*args: Value) -> Value:
        if any(not each.free_symbols and abs(each if each.is_Rational else each.evalf(15)) > bound for each in args):
            raise OverflowError
        return function(*args)

    return checked


def _floor(x: Value) -> Value:
    """What SymPy leaves open of a number that is all but whole, or takes for the whole one, is proved here."""
    if x.is_Rational or x.free_symbols:
        return sympy.floor(x)
    near = sympy.floor(x.evalf(350, maxn=400) + Rational(1, 2))
    for whole in (near, near - 1, near + 1):
        rest = x - whole
        if _sign_of(rest + Rational(1, 2)) in (0, 1) and _sign_of(Rational(1, 2) - rest) in (0, 1):
            return whole if _sign_of(rest) in (0, 1) else whole - 1
    raise UndecidedError(f"cannot tell which whole number lies below {quote(str(x))}")


def _round(x: Value) -> Value:
    """Half to even."""
    below = _floor(x + Rational(1, 2))
    if x.free_symbols:
        return below
    is_tie = _sign_of(below - x - Rational(1, 2)) == 0
    return below - below % 2 if is_tie else below


def _cbrt(x: Value) -> Value:
    sign = None if x.free_symbols and not x.is_nonnegative else 1 if x.is_nonnegative else _sign_of(x)
    return sympy.sign(x) * sympy.cbrt(abs(x)) if sign is None else sign * sympy.cbrt(sign * x) if sign else x


FUNCTIONS: dict[str, Function] = {
    **{
        name: getattr(sympy, name)
        for name in ("exp log sqrt sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf erfc".split())
    },
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": _div,
    "pow": _pow,
    "log2": lambda x: sympy.log(x, 2),
    "log10": lambda x: sympy.log(x, 10),
    "log1p": lambda x: sympy.log(1 + x),
    "expm1": lambda x: sympy.exp(x) - 1,
    "exp2": lambda x: _pow(Integer(2), x),
    "log_base": lambda x, base: sympy.log(x, base) if base != 0 else sympy.nan,  # log(1, 0) is 0 to SymPy
    "cbrt": _cbrt,
    "hypot": lambda *xs: sympy.sqrt(sympy.Add(*(x**2 for x in xs))),
    "atan2": lambda y, x: Integer(0) if x == 0 and y == 0 else sympy.atan2(y, x),
    "abs": _abs,
    "sign": _sign,
    "max": _largest,
    "min": _smallest,
    "relu": lambda x: _largest(Integer(0), x),
    "sigmoid": sigmoid,
    "softplus": softplus,
    "normcdf": normcdf,
    "gamma": _bounded(sympy.gamma),
    "lgamma": _bounded(lambda x: sympy.log(abs(sympy.gamma(x))) if x.is_negative else sympy.loggamma(x)),
    "digamma": _bounded(lambda x: sympy.polygamma(0, x)),
    "polygamma": _bounded(sympy.polygamma),
    **{name: _bounded(getattr(sympy, name)) for name in "besselj bessely besseli besselk airyai airyaiprime".split()},
    "erfinv": _bounded(erfinv),
    "erfcinv": _bounded(erfcinv),
    "lambertw": _bounded(sympy.LambertW, MAX_ROUNDED),
    "zeta": _bounded(zeta),
    "zetaderiv": _bounded(zetaderiv),
    "round": _bounded(_round, MAX_ROUNDED),
    "floor": _bounded(_floor, MAX_ROUNDED),
    "ceil": _bounded(lambda x: sympy.ceiling(x) if x.free_symbols else -_floor(-x), MAX_ROUNDED),
}
