"""The functions of the rules over boxes: what each of them makes of all numbers in the boxes of its arguments.

This module imports flint; import it where it is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, reduce

from flint import arb, ctx, fmpq, fmpz

from .ball import GUARD, HALF, ONE, ZERO, Ball, order
from .ball_functions import WORDS, Word
from .balls import Balls
from .box import (
    BEYOND,
    NOTHING,
    ORDERS,
    SAME,
    Box,
    Maybe,
    Truth,
    are_equal,
    common,
    corners,
    decided_by,
    highest,
    hull,
    lowest,
    opposite,
    pieces,
    quotient,
    thin,
)
from .system import Arithmetic, Function, InsideError, TooWideError, Value

PLACES = 40
"""Digits of the ends, unless more of them cancel."""
_COARSE = 64  # bits of what is known of a wide box alone: more of them take FLINT seconds, and tell nothing
_SHARES = 16  # pieces of a box, where an operand stands in a formula more than once

_RISING = (
    "exp expm1 sinh atan asinh tanh erf log log1p log2 log10 sqrt cbrt exp2 asin atanh acosh sigmoid softplus "
    "lambertw erfinv normppf lognormcdf".split()
)
_FALLING = "erfc acos erfcinv erfcx".split()
_LEAST_GAMMA = fmpq(146163214496836, 10**14), fmpq(146163214496837, 10**14)
"""Between these gamma has its least value for x > 0, and lgamma too (DLMF 5.4.20)."""


def _larger(x: Box, y: Box) -> Box:
    if x is y or order(x.lo, y.hi) in (0, 1):
        return x
    return y if order(y.lo, x.hi) in (0, 1) else Box(highest((x.lo, y.lo)), highest((x.hi, y.hi)))


def _smaller(x: Box, y: Box) -> Box:
    if x is y or order(x.hi, y.lo) in (0, -1):
        return x
    return y if order(y.hi, x.lo) in (0, -1) else Box(lowest((x.lo, y.lo)), lowest((x.hi, y.hi)))


def _selected(x: Box, out: Box) -> Box:
    """1 where x is the output, 0 where it is not, and what holds both where that is not known."""
    equal = are_equal(x, out)
    return _BOTH if isinstance(equal, Maybe) else SAME if equal else NOTHING


_BOTH = Box(ZERO, ONE)


def _floor(end: Callable[[arb], arb], x: Ball) -> Ball:
    """The floor, or, where that is not known, a whole number at that end of what it may be."""
    floor = x.number.floor()
    whole: fmpz | None = floor if x.is_exact else floor.unique_fmpz()
    return Ball(end(floor)) if whole is None else Ball(fmpq(whole))


def _holds_whole(first: arb, last: arb) -> bool:
    """Whether a whole number may lie between two numbers, or be one of them."""
    low, high = first.lower().ceil(), last.upper().floor()
    return bool(low <= high)


def _refuse_poles(x: Box) -> None:
    """Raise InsideError where 0, or a whole number below, is inside of a box."""
    if order(x.lo, 0) != 1 and not x.is_thin and _holds_whole(x.lo.ball, arb.min(x.hi.ball, arb(0))):
        raise InsideError


def wide(boxes: Sequence[Box]) -> list[int]:
    """The places of boxes that are not one number."""
    return [i for i, each in enumerate(boxes) if not each.is_thin]


class BoxFunctions(Arithmetic):
    """What a number system of boxes is made of: its functions, its constants, and its conditions.

    extra: the bits that ends are computed with, beyond those of the digits
    shares: pieces in which a box is taken where an operand stands in a formula more than once
    """

    def __init__(self, extra: int = GUARD, shares: int = _SHARES) -> None:
        self.extra, self.shares = extra, shares
        self.balls = Balls(PLACES, extra)
        self.stepped = False
        """Whether a function in a row took more than one step, or branch."""
        ball = self.balls.word
        below, above = partial(_floor, arb.lower), partial(_floor, arb.upper)
        words: dict[str, Function] = {name: self._along(ball(name), rises=True) for name in _RISING}
        words |= {name: self._along(ball(name), rises=False) for name in _FALLING}
        known = {"sin", "cos", "tan", "cosh", "gamma", "lgamma", "digamma", "polygamma", "pow", "atan2", "hypot"}
        self.slow = frozenset(WORDS) - {*words, *known}
        """Functions that are taken in pieces, each of which may take as long as all the rest of a pass."""
        words |= {name: self._by_pieces(name, WORDS[name]) for name in self.slow}
        words |= {
            "sin": lambda x: self._wave("sin", x, HALF),
            "cos": lambda x: self._wave("cos", x, ZERO),
            "tan": self._tan,
            "cosh": lambda x: self._along(ball("cosh"), rises=True)(abs(x)),
            "gamma": lambda x: self._valley("gamma", x),
            "lgamma": lambda x: self._valley("lgamma", x),
            "digamma": self._digamma,
            "polygamma": self._polygamma,
            "pow": self._power,
            "quotient": quotient,
            "steep_power": self._steep_power,
            "steep_log": self._steep_log,
            "log_base": self._log_base,
            "hypot": self._hypot,
            "atan2": self._atan2,
            "abs": abs,
            "sign": self._sign,
            "max": lambda *xs: reduce(_larger, xs),
            "min": lambda *xs: reduce(_smaller, xs),
            "relu": lambda x: _larger(x, NOTHING),
            "selected": _selected,
            "floor": lambda x: self._steps(x, below, above),
            "ceil": lambda x: -self._steps(-x, below, above),
            "round": lambda x: self._steps(
                x, self._round(lambda end: below(end + HALF) - 1), self._round(lambda end: above(end + HALF))
            ),
            "choose": self._choose,
            "both_forms": self._both_forms,
            "both": decided_by(settles=False),
            "either": decided_by(settles=True),
            "opposite": opposite,
            **{f"is_{name}": function for name, function in ORDERS.items()},
        }
        templates = {name: f"is_{name}({{}}, {{}})" for name in ORDERS}
        templates |= {
            "where": "choose(lambda: {}, lambda: {}, lambda: {})",
            "careful": "both_forms(lambda: {}, lambda: {})",
            "and": "both(lambda: {}, lambda: {})",
            "or": "either(lambda: {}, lambda: {})",
            "not": "opposite({})",
        }
        constants = {name: thin(each) for name, each in self.balls.constants.items()}
        super().__init__(words, constants, templates)

    def _along(self, word: Function, *, rises: bool) -> Function:
        """A function that rises, or falls, all over its domain."""

        def found(x: Box) -> Box:
            if x.is_thin:
                return thin(word(x.lo))
            try:
                ends = word(x.lo), word(x.hi)
            except ValueError:
                raise InsideError from None
            return Box(*ends) if rises else Box(*ends[::-1])

        return found

    def _by_pieces(self, name: str, word: Word) -> Function:
        """A function of which no more is known than what FLINT makes of a ball."""
        of_numbers = self.balls.word(name)

        def found(*xs: Box) -> Box:
            if all(x.is_thin for x in xs):
                return thin(of_numbers(*(x.lo for x in xs)))
            places = wide(xs)
            if len(places) > 1:
                return self._of_balls(word, *xs)
            [slot] = places
            parts = ((*xs[:slot], each, *xs[slot + 1 :]) for each in pieces(xs[slot], self.shares))
            return hull(self._of_balls(word, *each) for each in parts)

        return found

    def _of_balls(self, word: Word, *xs: Box) -> Box:
        with ctx.workprec(_COARSE):
            result = word.of(*(x.lo.ball.union(x.hi.ball) for x in xs))
        if not result.is_finite():
            raise InsideError
        return Box(Ball(result.lower()), Ball(result.upper()))

    def _wave(self, name: str, x: Box, crest: Ball) -> Box:
        """sin or cos, which is 1 where x/π is `crest` and an even number, and −1 where it is that and an odd one."""
        word = self.balls.word(name)
        if x.is_thin:
            return thin(word(x.lo))
        first, last = (end.ball / arb.pi() - crest.ball for end in (x.lo, x.hi))
        ends = word(x.lo), word(x.hi)
        hi = ONE if _holds_whole(first / 2, last / 2) else highest(ends)
        lo = -ONE if _holds_whole((first - 1) / 2, (last - 1) / 2) else lowest(ends)
        return Box(lo, hi)

    def _tan(self, x: Box) -> Box:
        word = self.balls.word("tan")
        if x.is_thin:
            return thin(word(x.lo))
        if _holds_whole(*(end.ball / arb.pi() - HALF.ball for end in (x.lo, x.hi))):
            raise InsideError
        return Box(word(x.lo), word(x.hi))

    def _valley(self, name: str, x: Box) -> Box:
        """gamma or lgamma."""
        word = self.balls.word(name)
        if x.is_thin:
            return thin(word(x.lo))
        if order(x.lo, 0) != 1:
            return self._between_poles(name, x)
        ends = word(x.lo), word(x.hi)
        left, right = map(Ball, _LEAST_GAMMA)
        inside = not (order(x.hi, left) == -1 or order(x.lo, right) == 1)
        least = [word(Ball(left.ball.union(right.ball)))] if inside else []
        return Box(lowest((*ends, *least)), highest(ends))

    def _between_poles(self, name: str, x: Box, *more: Box) -> Box:
        _refuse_poles(x)
        value: Box = self._by_pieces(name, WORDS[name])(*more, x)
        return value

    def _digamma(self, x: Box) -> Box:
        _refuse_poles(x)
        value: Box = self._along(self.balls.word("digamma"), rises=True)(x)
        return value

    def _polygamma(self, n: Box, x: Box) -> Box:
        word = self.balls.word("polygamma")
        if not n.is_thin:
            raise InsideError
        if x.is_thin or order(x.lo, 0) == 1:
            return corners(lambda end: word(n.lo, end), x)
        if n.lo == 0:
            return self._digamma(x)
        return self._between_poles("polygamma", x, n)

    def _log_base(self, x: Box, base: Box) -> Box:
        if x.is_thin and base.is_thin:
            return thin(self.balls.word("log_base")(x.lo, base.lo))
        log = self.word("log")
        quotient: Box = log(x) / log(base)
        return quotient

    def _hypot(self, *xs: Box) -> Box:
        return corners(self.balls.word("hypot"), *map(abs, xs))

    def _power(self, x: Box, y: Box) -> Box:
        power = self.balls.word("pow")
        if x.is_thin and y.is_thin:
            return thin(power(x.lo, y.lo))
        is_whole = y.is_thin and y.lo.is_exact and y.lo.number.q == 1
        if is_whole:
            n = int(y.lo.number.p)
            if n == 0:
                return SAME
            if n < 0 and x.has_zero:
                raise InsideError
            if n % 2 == 0:
                return corners(lambda end: power(end, y.lo), abs(x))
            return corners(lambda end: power(end, y.lo), x)
        if order(x.lo, 0) not in (0, 1):
            if order(x.hi, 0) == -1 and not y.is_thin:
                raise ValueError("outside of the domain")
            raise InsideError
        if order(x.lo, 0) == 0 and order(y.lo, 0) not in (0, 1):
            raise InsideError
        return corners(power, x, y)

    def _steep_power(self, x: Box, y: Box) -> Box:
        """A power that has no bound beside a base of 0, where the exponent may be negative."""
        if order(x.lo, 0) != 0 or order(x.hi, 0) != 1 or order(y.lo, 0) != -1:
            return self._power(x, y)
        never_zero = order(y.hi, 0) in (-1, 0)
        return Box(corners(self.balls.word("pow"), thin(x.hi), y).lo if never_zero else ZERO, BEYOND)

    def _steep_log(self, x: Box) -> Box:
        """A logarithm that has no bound beside 0."""
        log = self.word("log")
        return Box(-BEYOND, log(thin(x.hi)).hi) if order(x.lo, 0) == 0 and order(x.hi, 0) == 1 else log(x)

    def _atan2(self, y: Box, x: Box) -> Box:
        word = self.balls.word("atan2")
        if x.is_thin and y.is_thin:
            return thin(word(y.lo, x.lo))
        if y.has_zero and order(x.lo, 0) != 1:
            pi: Ball = self.balls.constants["pi"]
            if order(y.lo, 0) == 0 and not x.has_zero:  # the end of it that is π
                return Box(word(y.hi, x.hi), pi) if order(y.hi, 0) == 1 else thin(pi)
            self.stepped = True
            return Box(-pi, pi)
        return corners(word, y, x)

    def _sign(self, x: Box) -> Box:
        low, high = order(x.lo, 0), order(x.hi, 0)
        if low is None or high is None or low != high:
            self.stepped = True
        lo, hi = Ball(fmpq(-1 if low is None else low)), Ball(fmpq(1 if high is None else high))
        return thin(lo) if lo == hi else Box(lo, hi)

    def _steps(self, x: Box, below: Callable[[Ball], Ball], above: Callable[[Ball], Ball]) -> Box:
        lo, hi = below(x.lo), above(x.hi)
        if lo == hi:
            return thin(lo)
        self.stepped = True
        return Box(lo, hi)

    def _round(self, otherwise: Callable[[Ball], Ball]) -> Callable[[Ball], Ball]:
        """To the nearest whole number, where that is known."""

        def found(end: Ball) -> Ball:
            try:
                whole: Ball = self.balls.word("round")(end)
            except TooWideError:
                return otherwise(end)
            return whole

        return found

    def _choose(self, condition: Callable[[], Truth], yes: Callable[[], Value], no: Callable[[], Value]) -> Value:
        holds = condition()
        if not isinstance(holds, Maybe):
            return yes() if holds else no()
        found = yes(), no()
        if any(each is None for each in found):
            raise InsideError
        self.stepped = True
        return hull(found)

    def _both_forms(self, read: Callable[[], Value], computed: Callable[[], Value]) -> Value:
        """What two forms of one formula have in common; where one has no value, the other."""
        try:
            one = computed()
        except (ArithmeticError, ValueError):
            return read()
        if not isinstance(one, Box) or one.is_thin:
            return one
        try:
            return common(one, read())
        except (ArithmeticError, ValueError):
            return one
