"""Digits that are proven: a number is rational and exact, or lies in a ball of FLINT's, and no other digit is shown.

What the balls are too wide for (which of two numbers is the larger, whether a logarithm exists) raises TooWideError:
the same with more bits may tell. Exponents have no practical limit here, so nothing overflows; arguments whose result
could not be written down raise OverflowError. This module imports flint; import it where it is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial, reduce
from math import ceil, inf
from operator import add, mul, sub, truediv
from types import FunctionType
from typing import Any

from flint import arb, ctx, fmpq, fmpz

from ..rules.op import Op
from .ball import GUARD, HALF, LONG, ONE, ZERO, Ball, may_be_zero, order, power_of_two, short
from .ball_functions import EXP_BITS, LOCK, WORDS, Word
from .decimals import CLOSE_BITS, LOG10, Rounded, written
from .system import Arithmetic, Function, Rule, TooWideError, Value

MAX_EXPONENT = 1_000_000
"""The largest decimal exponent of a literal."""
_LONG_LITERAL = 200_000  # bits of a fraction that is written, from which on it is rounded to a ball


class Balls(Arithmetic):
    """Numbers proven to `places` significant digits, where the bits suffice.

    extra: the bits that they are computed with, beyond those of the digits
    """

    range_hint = "this is beyond what can be computed with"

    def __init__(self, places: int, extra: int = GUARD) -> None:
        self.digits = self.trusted = places
        self.header = {"precision": places}
        self.needed = ceil(places * LOG10)
        self.extra, self.bits = extra, self.needed + extra
        self.all_digits = int(self.bits / LOG10)
        self.known: dict[tuple[Any, ...], tuple[Any, Value]] = {}
        """What words came to, by the numbers that they were asked of: those stay the same number."""
        with self.working():
            constants = {"pi": Ball(arb.pi(), turns=fmpq(1)), "e": Ball(arb.const_e()), "nan": Ball(arb.nan())}
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
        with LOCK:
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
                return short(exact)
        if args[0].turns is not None:
            exact = word.turned(args[0].turns)
            if exact is not None:
                return Ball(exact)
        result = word.of(*(each.ball for each in args))
        if not result.is_finite():
            raise TooWideError
        square = args[0].number if word.ball is arb.sqrt and args[0].is_exact else None
        if square is None and result.is_exact() and result.bits() < LONG and abs(int(result.man_exp()[1])) < LONG:
            return Ball(result.fmpq())
        return Ball(result, square)

    def _power(self, x: Ball, y: Ball) -> Ball:
        """x to the power of y. Of a square root it may be a fraction."""
        if y.is_exact and y.number.q == 1 and x.square is not None and 0 < y.number < LONG:
            whole: Ball = self._power(Ball(x.square), Ball(fmpq(int(y.number.p) // 2)))
            return whole * x if int(y.number.p) % 2 else whole
        if y.is_exact and y.number == HALF.number:
            return self._value("sqrt", WORDS["sqrt"], x)
        if not (x.is_exact and x.number in (0, 1)) and y.number != 0:
            size = abs(x.ball).log() if x != 0 else arb(0)
            if abs(size * y.ball) > power_of_two(EXP_BITS):
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
            places = min(places, int(value.number.rel_accuracy_bits() / LOG10) + 1)
        known: Rounded | None = next(filter(None, (value.to_places(each) for each in range(places, 0, -1))), None)
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
        return 0 if value.to_places(self.digits) else CLOSE_BITS

    def is_negligible(self, value: Ball) -> bool:
        """Whether a number that may be 0 is smaller than any digit that is asked for."""
        return may_be_zero(value) and _bound(value) <= -self.digits


_WRITTEN: dict[Op, Rule] = {}
_NUMBERS: dict[str, Value] = {}
"""The rows that have been compiled, and the numbers in them, which are exact."""
_OPERATORS: dict[str, Function] = {"add": add, "sub": sub, "mul": mul, "div": truediv}
_ORDERS = {"eq": (0,), "ne": (-1, 1), "lt": (-1,), "le": (-1, 0), "gt": (1,), "ge": (0, 1)}


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


def _around_zero(value: Ball) -> str:
    return f"0 ± 1e{_bound(value):+d}"


def _bound(value: Ball) -> int:
    """An exponent: the number is no larger than that power of ten."""
    middle, radius, power = value.number.mid_rad_10exp(3)
    return int(power) + len((abs(middle) + radius).str())
