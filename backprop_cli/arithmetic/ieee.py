"""Doubles, with what IEEE 754 and C (Annex F) give where Python's `math` raises: IEEE, in which nothing is an error."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from .floats import (
    CONSTANTS,
    FUNCTIONS,
    LAST,
    Floats,
    fmod,
    log_base,
    logsumexp,
    mean,
    odds,
    polygamma,
    prod,
    softmax,
    unit,
)
from .shared import Once, product_but_one
from .system import FROM_FLINT, Function


def _div(x: float, y: float) -> float:
    if y != 0:
        return x / y
    if x == 0 or math.isnan(x):
        return math.nan
    return math.copysign(math.inf, x) * math.copysign(1.0, y)


def _pow(x: float, y: float) -> float:
    try:
        return math.pow(x, y)
    except (OverflowError, ValueError):
        if x < 0 and y != math.floor(y):
            return math.nan
        return -math.inf if math.copysign(1.0, x) < 0 and math.fmod(y, 2.0) in (1.0, -1.0) else math.inf


def _log_base(x: float, base: float) -> float:
    try:
        return log_base(x, base)
    except (ValueError, ZeroDivisionError):
        log = _FUNCTIONS["log"]
        return _div(log(x), log(base))


def _of_one(function: Function, special: Callable[[float], float]) -> Function:
    def total(x: float) -> float:
        if math.isnan(x):
            return x
        try:
            return float(function(x))
        except (OverflowError, ValueError):
            return special(x)

    return total


def _always(value: float) -> Callable[[float], float]:
    return lambda _x: value


def _signed_infinity(x: float) -> float:
    return math.copysign(math.inf, x)


def _pole(place: float, value: Callable[[float], float]) -> Callable[[float], float]:
    return lambda x: value(x) if abs(x) == place else math.nan


_SPECIAL: dict[str, Callable[[float], float]] = {
    **dict.fromkeys(["exp", "exp2", "expm1", "cosh"], _always(math.inf)),
    **dict.fromkeys(["log", "log2", "log10"], _pole(0.0, _always(-math.inf))),
    "log1p": lambda x: -math.inf if x == -1 else math.nan,
    "sinh": _signed_infinity,
    "atanh": _pole(1.0, _signed_infinity),
    "gamma": lambda x: _signed_infinity(x) if x == 0 or x > 0 or abs(x) < 1 else math.nan,
    "lgamma": _always(math.inf),
    **dict.fromkeys(["sqrt", "asin", "acos", "acosh", "sin", "cos", "tan", "digamma"], _always(math.nan)),
}


def _of_many(function: Function, otherwise: Function) -> Function:
    """A function of any number of inputs. otherwise: what it is by plain steps, which know what is not finite."""

    def total(*xs: float) -> float:
        try:
            return float(function(*xs))
        except (OverflowError, ValueError):
            return float(otherwise(*xs))

    return total


def _mod(function: Function) -> Function:
    return lambda x, y: math.nan if y == 0 or math.isinf(x) else float(function(x, y))


def _precisely(precisely: Function) -> Function:
    def total(*xs: float) -> float:
        try:
            return float(precisely(*xs))
        except (ArithmeticError, ValueError):
            return math.nan

    return total


def _but_one(factors: Sequence[float], slot: int) -> float:
    try:
        return product_but_one(factors, slot)
    except (OverflowError, ValueError):
        return float(_FUNCTIONS["prod"](*factors[:slot], *factors[slot + 1 :]))


_is_bounded = Once(lambda xs: math.isfinite(max(xs)))

_FAR_OUT = {
    "besselj": (0.0, 0.0),
    "bessely": (math.nan, 0.0),
    "besselk": (math.nan, 0.0),
    "besseli": (math.nan, math.inf),
    "airyai": (0.0, 0.0),
    "airyaiprime": (math.nan, 0.0),
    "lambertw": (math.nan, math.inf),
    "zeta": (math.nan, 1.0),
    "zetaderiv": (math.nan, 0.0),
    "erfcx": (math.inf, 0.0),
    "lognormcdf": (-math.inf, 0.0),
}
"""What functions of FLINT's come to at −∞ and ∞."""
_ENDS = {
    "erfinv": {-1.0: -math.inf, 1.0: math.inf},
    "erfcinv": {0.0: math.inf, 2.0: -math.inf},
    "normppf": {0.0: -math.inf, 1.0: math.inf},
    "bessely": {0.0: -math.inf},
    "besselk": {0.0: math.inf},
    "zeta": {1.0: math.inf},
}
"""What they come to at the ends of their domains, and at poles."""


def _from_flint(name: str) -> Function:
    function, ends = FUNCTIONS[name], _ENDS.get(name, {})
    below, above = _FAR_OUT.get(name, (math.nan, math.nan))

    def total(*xs: float) -> float:
        if any(map(math.isnan, xs)) or any(map(math.isinf, xs[:-1])):
            return math.nan
        if math.isinf(xs[-1]):
            return above if xs[-1] > 0 else below
        try:
            return float(function(*xs))
        except ValueError:
            return ends.get(xs[-1], math.nan)
        except OverflowError:
            return math.inf

    return total


_FUNCTIONS: dict[str, Function] = {
    **FUNCTIONS,
    **{name: _from_flint(name) for name in FROM_FLINT},
    "sum": _of_many(FUNCTIONS["sum"], lambda *xs: sum(xs)),
    "mean": _of_many(mean, lambda *xs: sum(xs) / len(xs)),
    "prod": _of_many(prod, lambda *xs: math.prod(xs)),
    "but_one": _but_one,
    "mod": _mod(FUNCTIONS["mod"]),
    "fmod": _mod(fmod),
    "logsumexp": lambda *xs: math.nan if any(map(math.isnan, xs)) else logsumexp(*xs),
    "softmax": lambda x, xs: softmax(x, xs) if _is_bounded(xs) else math.nan,
    "odds": lambda x, y: odds(x, y) if math.isfinite(max(x, y)) else math.nan,
    "unit": lambda x, length, xs: _div(x, length) if length == 0 else unit(x, length, xs),
    **{name: _of_one(FUNCTIONS[name], special) for name, special in _SPECIAL.items()},
    "pow": _pow,
    "div": _div,
    "polygamma": lambda order, x: _of_one(lambda each: polygamma(order, each), _always(math.nan))(x),
    "log_base": _log_base,
}


class Ieee(Floats):
    """Doubles, with infinities and NaN as IEEE 754 has them. No function of it raises."""

    strict = False

    def __reduce__(self) -> str:
        return "IEEE"

    def made_total(self, function: Function) -> Function:
        return _precisely(function)


IEEE = Ieee(_FUNCTIONS, CONSTANTS, {**LAST, "div": "div({}, {})"})
