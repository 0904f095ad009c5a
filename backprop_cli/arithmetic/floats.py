"""Doubles: FLOATS, where whatever is not finite is an error, and IEEE, where nothing is."""

from __future__ import annotations

import math
from collections.abc import Callable
from math import exp

from .system import Arithmetic, Function


def _sigmoid(x: float) -> float:
    if x >= 0.0:
        return 1.0 / (1.0 + exp(-x))
    z = exp(x)
    return z / (1.0 + z)


def _unless_nan(function: Function) -> Function:
    return lambda *xs: math.nan if any(map(math.isnan, xs)) else function(xs)


def _whole(function: Function) -> Function:
    return lambda x: (
        math.copysign(float(function(x)), x) if math.isfinite(x) else x
    )  # −0 keeps its sign, as in IEEE 754


def _log_base(x: float, base: float) -> float:
    if base == 2:
        return math.log2(x)
    if base == 10:
        return math.log10(x)
    return math.log(x) / math.log(base)


def _polygamma(order: float, x: float) -> float:
    # mpmath, because the standard library has no such function; imported here, because few expressions need it.
    from .special import DOUBLES, polygamma

    if math.isinf(x):
        raise ValueError("polygamma has no value at infinity")
    return float(polygamma(DOUBLES, order, DOUBLES.mpf(x)))


def _lgamma(x: float) -> float:
    value = math.lgamma(x)
    if abs(value) > _NEAR_ZERO:
        return value
    from .special import DOUBLES

    return float(DOUBLES.loggamma(DOUBLES.mpf(x)).real)


_NEAR_ZERO = 0.01


_FLOAT_FUNCTIONS: dict[str, Function] = {
    **{
        name: getattr(math, name)
        for name in (
            "pow exp log log2 log10 log1p expm1 exp2 sqrt cbrt hypot sin cos tan asin acos atan atan2 "
            "sinh cosh tanh asinh acosh atanh erf erfc gamma"
        ).split()
    },
    "abs": abs,
    "sign": lambda x: float(x > 0) - float(x < 0) if x == x else x,
    "max": _unless_nan(max),
    "min": _unless_nan(min),
    "relu": lambda x: 0.0 if x <= 0 else x,
    "selected": lambda x, out: 1.0 if x == out else 0.0 if out == out else math.nan,
    "sigmoid": _sigmoid,
    "softplus": lambda x: max(x, 0.0) + math.log1p(exp(-abs(x))),
    "floor": _whole(math.floor),
    "ceil": _whole(math.ceil),
    "log_base": _log_base,
    "lgamma": _lgamma,
    "digamma": lambda x: _polygamma(0, x),
    "polygamma": _polygamma,
}


# -- Floats without errors: what IEEE 754 and C (Annex F) give where `math` raises ------------------------------------


def _ieee_div(x: float, y: float) -> float:
    if y != 0:
        return x / y
    if x == 0 or math.isnan(x):
        return math.nan
    return math.copysign(math.inf, x) * math.copysign(1.0, y)


def _ieee_pow(x: float, y: float) -> float:
    try:
        return math.pow(x, y)
    except (OverflowError, ValueError):
        if x < 0 and y != math.floor(y):
            return math.nan
        return -math.inf if math.copysign(1.0, x) < 0 and math.fmod(y, 2.0) in (1.0, -1.0) else math.inf


def _ieee_log_base(x: float, base: float) -> float:
    try:
        return _log_base(x, base)
    except (ValueError, ZeroDivisionError):
        log = _IEEE_FUNCTIONS["log"]
        return _ieee_div(log(x), log(base))


def _ieee(function: Function, special: Callable[[float], float]) -> Function:
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

_IEEE_FUNCTIONS: dict[str, Function] = {
    **_FLOAT_FUNCTIONS,
    **{name: _ieee(_FLOAT_FUNCTIONS[name], special) for name, special in _SPECIAL.items()},
    "pow": _ieee_pow,
    "div": _ieee_div,
    "polygamma": lambda order, x: _ieee(lambda each: _polygamma(order, each), _always(math.nan))(x),
    "log_base": _ieee_log_base,
}

_CONSTANTS = {"pi": math.pi, "e": math.e, "nan": math.nan}


class Floats(Arithmetic):
    """Doubles; whatever is not finite is an error."""

    trusted = 15
    range_hint = "the largest double is about 1.8e308; --allow-nonfinite goes on with infinity"

    def __reduce__(self) -> str:
        return "FLOATS"  # of which there is one

    def number(self, text: str) -> float:
        return float(text)

    def is_finite(self, value: float) -> bool:
        return math.isfinite(value)

    def to_float(self, value: float) -> float:
        return value

    def shown(self, value: float, digits: int) -> str:
        return f"{value + 0.0:.{digits}g}"  # + 0.0 turns −0 into 0

    def whole(self, value: float) -> str:
        return repr(value)

    def data(self, value: float) -> float | str:
        if isinstance(value, bool) or math.isfinite(value):
            return value
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


class Ieee(Floats):
    """Doubles, with infinities and NaN as IEEE 754 has them. No function of it raises."""

    strict = False

    def __reduce__(self) -> str:
        return "IEEE"


FLOATS = Floats(_FLOAT_FUNCTIONS, _CONSTANTS)
IEEE = Ieee(_IEEE_FUNCTIONS, _CONSTANTS, {"div": "div({}, {})"})
