"""Doubles: FLOATS, where whatever is not finite is an error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from math import exp
from typing import TYPE_CHECKING, Any, NamedTuple

from ..rules.formula import Formula, substitute
from ..rules.op import Op
from .shared import Once, product_but_one
from .system import FROM_FLINT, Arithmetic, Function, Value

if TYPE_CHECKING:
    from .wide import Wide


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


def log_base(x: float, base: float) -> float:
    if base == 2:
        return math.log2(x)
    if base == 10:
        return math.log10(x)
    return math.log(x) / math.log(base)


def polygamma(order: float, x: float) -> float:
    # mpmath, because the standard library has no such function; imported here, because few expressions need it.
    from .special import DOUBLES, polygamma

    if math.isinf(x):
        raise ValueError("polygamma has no value at infinity")
    return float(polygamma(DOUBLES, order, DOUBLES.mpf(x)))


def _from_flint(name: str) -> Function:
    """A function that FLINT has, rounded to the nearest double. It is loaded when called: few expressions need it."""

    def function(*xs: float) -> float:
        from .ball_functions import of_numbers

        value = float(of_numbers(name, _DOUBLE, xs))
        if math.isinf(value):
            raise OverflowError
        return value

    return function


_DOUBLE = 64
"""Bits of a number, so that a double made of it is the nearest one, nearly always."""


def _lgamma(x: float) -> float:
    value = math.lgamma(x)
    return value if abs(value) > _NEAR_ZERO else float(_lgamma_near_zero(x))


_NEAR_ZERO = 1.0
_lgamma_near_zero = _from_flint("lgamma")


def _round(x: float) -> float:
    return math.copysign(float(round(x)), x) if math.isfinite(x) else x  # half to even


def fmod(x: float, y: float) -> float:
    if y == 0:
        raise ZeroDivisionError
    return math.fmod(x, y)


def prod(*factors: float) -> float:
    """The product, in which nothing overflows on the way."""
    mantissa, exponent = 1.0, 0
    for part, power in map(math.frexp, factors):
        mantissa, shift = math.frexp(mantissa * part)
        exponent += power + shift
    return math.ldexp(mantissa, exponent)


def mean(*xs: float) -> float:
    try:
        return math.fsum(xs) / len(xs)
    except OverflowError:
        bits = len(xs).bit_length()
        return math.ldexp(math.fsum(math.ldexp(x, -bits) for x in xs) / len(xs), bits)


@Once
def _powers(xs: Sequence[float]) -> tuple[float, float]:
    """The largest, and the sum of exp over all xs, divided by exp of the largest."""
    largest = max(xs)
    return largest, math.fsum(exp(each - largest) for each in xs)


def softmax(x: float, xs: Sequence[float]) -> float:
    """exp(x) divided by the sum over all xs."""
    largest, total = _powers(xs)
    less = x - largest
    if less < _NOTHING:
        return 0.0
    lost = (x - (less + largest)) if abs(x) < abs(largest) else (x - less) - largest
    return exp(less) * (1.0 + lost) / total


def odds(x: float, y: float) -> float:
    """sigmoid(x − y), where the difference is rounded."""
    return softmax(x, (x, y))


def unit(x: float, length: float, xs: Sequence[float]) -> float:
    """x divided by the length of xs, which may have few digits.

    x: one of xs
    length: theirs, from 0
    xs: of which the length is
    """
    if length > _TINY:
        return x / length
    return x * _LARGE / _large_length(xs)


@Once
def _large_length(xs: Sequence[float]) -> float:
    return math.hypot(*(each * _LARGE for each in xs))


_NOTHING = -800.0
"""exp(x) is 0 from there on."""
_TINY, _LARGE = 2.0**-900, 2.0**500


def logsumexp(*xs: float) -> float:
    largest, *others = sorted(xs, reverse=True)
    if math.isinf(largest):
        return largest
    value = largest + math.log1p(math.fsum(exp(x - largest) for x in others))
    if largest >= 0 or abs(value) > CANCELLED:
        return value
    from .special import DOUBLES

    first, *rest = map(DOUBLES.mpf, [largest, *others])
    return float(DOUBLES.log1p(DOUBLES.expm1(first) + DOUBLES.fsum(map(DOUBLES.exp, rest))))


FUNCTIONS: dict[str, Function] = {
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
    "log_base": log_base,
    "sum": lambda *xs: math.fsum(xs),
    "mean": mean,
    "prod": prod,
    "but_one": product_but_one,
    "logsumexp": logsumexp,
    "softmax": softmax,
    "odds": odds,
    "unit": unit,
    "round": _round,
    "mod": lambda x, y: x % y,
    "fmod": fmod,
    "lgamma": _lgamma,
    "digamma": lambda x: polygamma(0, x),
    "polygamma": polygamma,
    **{name: _from_flint(name) for name in FROM_FLINT},
}

CONSTANTS = {"pi": math.pi, "e": math.e, "nan": math.nan}
LAST = {"doubles": "{1}", "ours": "{1}"}
CANCELLED = 0.2
"""Where less is left of terms of size 1, they are computed with more digits."""


class _Precisely:
    """A formula over these words, computed with more digits than doubles have. What computes it is loaded when called,
    because few expressions need it.
    """

    def __init__(self, words: Sequence[str], formula: Formula) -> None:
        self.words = words
        self.formula = formula

    @cached_property
    def function(self) -> Function:
        from .wide import Wide

        return Wide().function(self.words, self.formula)

    def __call__(self, *xs: float) -> float:
        return float(self.function(*xs))


LEAST = 2.0**-1022
"""A smaller double has fewer digits."""
ROUNDED = 2.0**-53
"""By how much of itself a number differs from the nearest double, at most, where that has all its digits."""
LEAST_LOCAL = 2.0**-960
"""A smaller local gradient may be made of parts that have lost digits."""
_EXACT_WHERE_SMALL = frozenset("neg sin cos sinh cosh sign".split())


def is_double(value: Value) -> bool:
    """Whether it is no number of any size: a double, a truth, or none at all."""
    return type(value) is float or value is None or isinstance(value, float | int)


def is_given(partial: Formula) -> bool:
    """Whether a partial has all its digits however small it is: an input, a number, or a plain function of one."""
    if partial.args:
        return partial.head in _EXACT_WHERE_SMALL and is_given(partial.args[0])
    return partial.head != "out"


class Exactly(NamedTuple):
    """The inputs of a gate as numbers of any size, and its value, once it is known."""

    inputs: list[Value]
    out: list[Value]


class Floats(Arithmetic):
    """Doubles; whatever is not finite is an error."""

    trusted = 15
    least_left = 1e-3
    _precise: dict[str, str] = {}  # noqa: RUF012
    range_hint = "the largest double is about 1.8e308; --allow-nonfinite goes on with infinity"

    def __reduce__(self) -> str:
        return "FLOATS"  # of which there is one

    def code(self, formula: Formula) -> str:
        if formula.head == "cancels":
            read, fast = formula.args
            return f"(near if abs(near := {self.code(fast)}) > {CANCELLED} else {self._precisely(read)})"
        return self._precisely(formula.args[0]) if formula.head == "precisely" else super().code(formula)

    def _precisely(self, formula: Formula) -> str:
        """A call of the formula with more digits than doubles have, rounded once."""
        words = [word for word in dict.fromkeys(formula.words) if word not in self.constants]
        operands = {word: f"x{place}" for place, word in enumerate(words) if not Formula(word).is_number}
        read = substitute(formula, operands)
        name = self._precise.setdefault(repr(read), f"precisely{len(self._precise)}")
        self.namespace[name] = self.made_total(_Precisely([*operands.values()], read))
        return f"{name}({', '.join(operands)})"

    @cached_property
    def wide(self) -> Wide:
        from .wide import Wide

        return Wide()

    @cached_property
    def widened(self) -> Once[Exactly]:
        """The inputs of a gate as numbers of any size, made once for all that is asked of the same list."""
        return Once[Exactly](
            lambda inputs: Exactly([None if each is None else self.wide.given(each) for each in inputs], [])
        )

    def value(self, op: Op, inputs: Sequence[Value]) -> Value:
        rule, is_plain = self.rule(op), all(map(is_double, inputs))
        if is_plain:
            value = rule.value(*inputs)
            if not (-LEAST < value < LEAST and self._loses(op, inputs, value)):
                return value
        wide = self.wide
        try:
            return self.nearest(wide.rule(op).value(*[None if each is None else wide.given(each) for each in inputs]))
        except (ArithmeticError, ValueError):
            if is_plain:  # what is too small for any number is 0, as it is in doubles
                return value
            raise

    def nearest(self, number: Value) -> Value:
        """A number of any size as a double, if that has as many digits as other doubles have; else as it is."""
        if is_double(number):
            return number
        value = self.wide.to_float(number)
        is_far = -LEAST < value < LEAST and abs(number - value) > abs(number) * ROUNDED
        return number if is_far else value

    def narrow(self, value: Value) -> Value:
        return value if is_double(value) else float(value)

    def constant(self, text: str) -> Value:
        value = super().constant(text)
        is_zero = value == 0 and not text.lower().partition("e")[0].strip(" +-0.")
        return value if is_zero or not -LEAST < value < LEAST else self.nearest(self.wide.number(text))

    def loses(self, op: Op, slot: int, inputs: Sequence[float], out: float, upstream: float, local: float) -> bool:
        """Whether upstream × local, or the local gradient itself, may have lost digits because it is so small.

        local: the local gradient of the edge
        inputs, out: those of the gate, and its value; upstream may be a number of any size
        """
        if upstream == 0 or op.selects:
            return False
        is_small = abs(local) < LEAST_LOCAL and not is_given(op.partial(slot))
        is_small = is_small or -LEAST < upstream * local < LEAST
        return is_small and not (local == 0 and self.is_zero(op, slot, inputs, out))

    def _loses(self, op: Op, inputs: Sequence[float], value: float) -> bool:
        """Whether a value that is so small may have lost digits."""
        from ..rules.zeros import loses  # which few points need

        return loses(op) and all(map(math.isfinite, inputs)) and not (value == 0 and self.is_zero(op, None, inputs, 0))

    def made_total(self, function: Function) -> Function:
        """A function, fit for what is not finite."""
        return function

    def given(self, value: Any) -> float:
        return float(value)

    def number(self, text: str) -> float:
        return float(text)

    def is_finite(self, value: Value) -> bool:
        return math.isfinite(self.to_float(value))

    def to_float(self, value: Value) -> float:
        return value if is_double(value) else self.wide.to_float(value)

    def shown(self, value: Value, digits: int) -> str:
        if not is_double(value):
            return self.wide.shown(value, digits)
        return f"{value + 0.0:.{digits}g}"  # + 0.0 turns −0 into 0

    def whole(self, value: Value) -> str:
        return repr(self.to_float(value))

    def data(self, value: float) -> float | str:
        if isinstance(value, bool) or math.isfinite(value):
            return value
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


FLOATS = Floats(FUNCTIONS, CONSTANTS, LAST)
