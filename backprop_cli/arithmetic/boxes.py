"""Boxes: whatever lies in a box goes to what lies in the box of the result; both ends are proven numbers.

This module imports flint; import it where it is needed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from functools import cache, partial, reduce
from typing import Any

from flint import arb, ctx, fmpq, fmpz

from ..rules.formula import READ_BY_THE_FIRST, Formula
from ..rules.op import Op
from .ball import GUARD, HALF, ONE, ZERO, Ball, order
from .ball_functions import WORDS, Word
from .balls import Balls
from .box import (
    BEYOND,
    DIGITS,
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
    ends,
    highest,
    hull,
    interval,
    is_infinite,
    lowest,
    opposite,
    over,
    pieces,
    thin,
)
from .system import Arithmetic, Function, InsideError, Rule, TooWideError, Value

PLACES = 40
"""Digits of the ends, unless more of them cancel."""
_COARSE = 64  # bits of what is known of a wide box alone: more of them take FLINT seconds, and tell nothing
_SHARES = 16  # pieces of a box, where an operand stands in a formula more than once

# -- Words ---------------------------------------------------------------------------------------------------------

_RISING = (
    "exp expm1 sinh atan asinh tanh erf log log1p log2 log10 sqrt cbrt exp2 asin atanh acosh sigmoid softplus "
    "lambertw erfinv normppf lognormcdf".split()
)
_FALLING = "erfc acos erfcinv erfcx".split()
_LEAST_GAMMA = fmpq(146163214496836, 10**14), fmpq(146163214496837, 10**14)
"""Between these gamma has its least value for x > 0, and lgamma too (DLMF 5.4.20)."""


def trend(slope: Box) -> int | None:
    """1 where a slope is surely not below 0, −1 where it is surely not above, 0 where it is 0; else None."""
    low, high = order(slope.lo, 0), order(slope.hi, 0)
    if low == 0 and high == 0:
        return 0
    return 1 if low in (0, 1) else -1 if high in (0, -1) else None


def _larger(x: Box, y: Box) -> Box:
    if x is y or order(x.lo, y.hi) in (0, 1):
        return x
    if order(y.lo, x.hi) in (0, 1):
        return y
    return Box(highest((x.lo, y.lo)), highest((x.hi, y.hi)))


def _smaller(x: Box, y: Box) -> Box:
    if x is y or order(x.hi, y.lo) in (0, -1):
        return x
    if order(y.hi, x.lo) in (0, -1):
        return y
    return Box(lowest((x.lo, y.lo)), lowest((x.hi, y.hi)))


def _selected(x: Box, out: Box) -> Box:
    """1 where x is the output, 0 where it is not, and what holds both where that is not known."""
    equal = are_equal(x, out)
    return _BOTH if isinstance(equal, Maybe) else SAME if equal else NOTHING


_BOTH = Box(ZERO, ONE)


def _floor_below(x: Ball) -> Ball:
    """A whole number that the floor is not below."""
    return _whole(x, arb.lower)


def _floor_above(x: Ball) -> Ball:
    return _whole(x, arb.upper)


def _whole(x: Ball, end: Callable[[arb], arb]) -> Ball:
    floor = x.number.floor()
    whole: fmpz | None = floor if x.is_exact else floor.unique_fmpz()
    return Ball(end(floor)) if whole is None else Ball(fmpq(whole))


def _holds_whole(first: arb, last: arb) -> bool:
    """Whether a whole number may lie between two numbers, or be one of them."""
    low, high = first.lower().ceil(), last.upper().floor()
    return bool(low <= high)


def _wide(boxes: Sequence[Box]) -> list[int]:
    """The places of boxes that are not one number."""
    return [i for i, each in enumerate(boxes) if not each.is_thin]


@cache
def _repeats(formula: Formula) -> bool:
    """Whether an operand stands in a formula more than once, in each of its forms."""
    return any(count > 1 for count in _counts(formula).values())


def _counts(formula: Formula) -> Counter[str]:
    if formula.is_number:
        return Counter()
    if not formula.args:
        return Counter([formula.head])
    args = [_counts(each) for each in formula.args]
    if formula.head == "careful":
        return min(args, key=lambda each: max(each.values(), default=0))
    if formula.head in READ_BY_THE_FIRST:
        return args[1] if formula.head in ("convention", "own") else args[0]
    return sum(args, Counter())


# -- Where a rule has a hole, and its function has none -------------------------------------------------------------

_STEEPEST_SINC = Ball(fmpq(4362, 10_000))
"""No slope of sin(x)/x is as large: the largest is at x = 2.0816, where x² tan(x) = 2(tan(x) − x)."""


def _sinc(_boxes: Boxes, natural: Function, x: Box) -> Box:
    if x.is_thin or not x.has_zero:
        value: Box = natural(x)
        return value
    result = x.lo.ball.union(x.hi.ball).sinc()
    return common(Box(Ball(result.lower()), Ball(result.upper())), Box(-ONE, ONE))


def _sinc_slope(_boxes: Boxes, natural: Function, x: Box, out: Box) -> Box:
    """Up to 1 by its power series, −x/3·(1 − x²/10 + …), whose terms have alternating signs and fall."""
    if x.is_thin or not x.has_zero:
        slope: Box = natural(x, out)
        return slope
    size = abs(x)
    if order(size.hi, 1) in (-1, 0):
        return -x / 3 * Box(Ball(fmpq(9, 10)), ONE)
    return Box(-_STEEPEST_SINC, _STEEPEST_SINC)


def _acot(boxes: Boxes, natural: Function, x: Box) -> Box:
    if x.is_thin or not x.has_zero:
        value: Box = natural(x)
        return value
    boxes._stepped = True
    right = boxes.balls.constants["pi"] * HALF
    return Box(-right, right)


def _hypot_slope(_boxes: Boxes, natural: Function, *args: Any) -> Box:
    """Of all sizes 1 at most, and there is none where all inputs are 0."""
    try:
        return common(_SIDES, natural(*args))
    except InsideError:
        return _SIDES


def _is_at_a_tip(*args: Box) -> bool:
    """Whether hypot, which has a kink where all inputs are 0, may be there in a part of boxes."""
    *inputs, out = args
    return out.has_zero and not all(each.is_thin for each in inputs)


_SIDES = Box(-ONE, ONE)
_AROUND_A_HOLE: dict[str, tuple[Function | None, Function | None]] = {
    "sinc": (_sinc, _sinc_slope),
    "acot": (_acot, None),
    "hypot": (None, _hypot_slope),
}
"""By the name of a row its value, and its slope, over boxes; they are handed what the row says of other numbers."""


_STEEP = {"div": "over({}, {})", "pow": "steep_power({}, {})", "log": "steep_log({})"}
"""Words of a partial that may have no bound."""


class Boxes(Arithmetic):
    """Boxes whose ends have `PLACES` digits.

    extra: the bits that ends are computed with, beyond those of the digits
    shares: pieces in which a box is taken where an operand stands in a formula more than once
    """

    of_boxes = True
    digits = 0  # as many as tell the ends apart
    range_hint = Balls.range_hint
    header = {"enclosed": True}  # noqa: RUF012

    def __init__(self, extra: int = GUARD, shares: int = _SHARES) -> None:
        self.extra, self.shares = extra, shares
        self.balls = Balls(PLACES, extra)
        self.jumps = False
        """Whether a value may have jumped inside of a box since that was set to false."""
        self.kinks = False
        """The same of a value that may have had a kink."""
        self._unbounded: dict[Op, tuple[Function, ...]] = {}
        self._stepped = False
        """The same of a function in a row, which need not jump itself."""
        ball = self.balls.word
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
            "over": over,
            "steep_power": self._steep_power,
            "steep_log": self._steep_log,
            "log_base": lambda x, base: self._log_base(x, base),
            "hypot": self._hypot,
            "atan2": self._atan2,
            "abs": abs,
            "sign": self._sign,
            "max": lambda *xs: reduce(_larger, xs),
            "min": lambda *xs: reduce(_smaller, xs),
            "relu": lambda x: _larger(x, NOTHING),
            "selected": _selected,
            "floor": lambda x: self._steps(x, _floor_below, _floor_above),
            "ceil": lambda x: -self._steps(-x, _floor_below, _floor_above),
            "round": lambda x: self._steps(x, self._round_below, self._round_above),
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

    def __reduce__(self) -> tuple[Any, ...]:
        return Boxes, (self.extra, self.shares)

    def working(self) -> AbstractContextManager[None]:
        return self.balls.working()

    def number(self, text: str) -> Value:
        return thin(self.balls.number(text))

    def is_finite(self, value: Value) -> bool:
        """Whether it is known; slopes may have no bound."""
        if isinstance(value, Maybe):
            return True
        return all(self.balls.is_finite(end) or is_infinite(end) for end in (value.lo, value.hi))

    def is_value(self, value: Value) -> bool:
        return isinstance(value, bool | Maybe) or all(map(self.balls.is_finite, (value.lo, value.hi)))

    def to_float(self, value: Value) -> float:
        return float(self.balls.to_float(value.lo))

    def holds(self, truth: Value) -> bool | None:
        return None if isinstance(truth, Maybe) else bool(truth)

    # -- Rows ------------------------------------------------------------------------------------------------------

    def rule(self, op: Op) -> Rule:
        """The row. Where an operand stands in a formula more than once, boxes are taken in pieces."""
        if op not in self._rules:
            value, partials, kink, corner, variadic = super().rule(op)
            partials = tuple(self._steep(op, slot, each) for slot, each in enumerate(partials))
            if op.name == "hypot":
                kink = _is_at_a_tip
            if op.name in _AROUND_A_HOLE:
                filled, slope = _AROUND_A_HOLE[op.name]
                value = partial(filled, self, value) if filled else value
                partials = (partial(slope, self, partials[0]),) if slope else partials
            if not (variadic or op.truth or op.conditions):
                natural = value
                if _repeats(op.value):
                    value = self._ranged(op, natural, partials)
                partials = tuple(
                    self._in_pieces(natural, each) if _repeats(formula) else each
                    for formula, each in zip(op.partials, partials, strict=True)
                )
            value = self._noting_jumps(value) if op.jumps else value
            whole = Rule(value, partials, kink, corner, variadic)
            may_bend = kink or corner or (op.selects and variadic)
            self._rules[op] = whole._replace(value=self._noting_kinks(whole)) if may_bend else whole
        return self._rules[op]

    def _steep(self, op: Op, slot: int, slope: Function) -> Function:
        """A partial, which has no bound where it has none as it is read."""

        def found(*args: Any) -> Box:
            try:
                bounded: Box = slope(*args)
            except InsideError:
                with suppress(ArithmeticError, ValueError):
                    unbounded: Box = self._steep_partials(op)[slot](*args)
                    self.kinks = True
                    return unbounded
                raise
            return bounded

        return found

    def _steep_partials(self, op: Op) -> tuple[Function, ...]:
        """The partials of a row in quotients, powers and logarithms that have no bound beside 0."""
        if op not in self._unbounded:
            kept, templates = self._rules.pop(op), self._templates
            self._templates = {**templates, **_STEEP}
            try:
                self._unbounded[op] = super().rule(op).partials
            finally:
                self._rules[op], self._templates = kept, templates
        return self._unbounded[op]

    def _noting_kinks(self, rule: Rule) -> Function:
        """The value of a row that has kinks, or selects one of its inputs."""

        def found(*inputs: Value) -> Value:
            out = rule.value(*inputs)
            if not self.kinks:
                at = [each(*inputs, out) for each in (rule.kink, rule.corner) if each]
                if rule.variadic:
                    at = [not rule.partial(slot, inputs, out).is_thin for slot in range(len(inputs))]
                self.kinks = any(each is not False for each in at)
            return out

        return found

    def _noting_jumps(self, value: Function) -> Function:
        """The value of a row that jumps somewhere: only there does it take more than one step, or branch."""

        def found(*inputs: Value) -> Value:
            self._stepped = False
            out = value(*inputs)
            self.jumps = self.jumps or self._stepped
            return out

        return found

    def _in_pieces(self, value: Function, slope: Function) -> Function:
        """A partial over the pieces of the only wide input, each with its own output."""

        def found(*args: Box) -> Box:
            *inputs, out = args
            shares = self._shares(inputs)
            if not shares:
                whole: Box = slope(*args)
                return whole
            fine = hull(slope(*each, common(out, value(*each))) for each in shares)
            try:
                return common(fine, slope(*args))
            except (ArithmeticError, ValueError):
                return fine

        return found

    def _ranged(self, op: Op, value: Function, partials: Sequence[Function]) -> Function:
        """A value over the pieces of the only wide input; where it rises or falls all over them, that at the ends."""

        def found(*inputs: Box) -> Box:
            shares = self._shares(inputs)
            if not shares:
                only: Box = value(*inputs)
                return only
            fine = [value(*each) for each in shares]
            whole = hull(fine)
            with suppress(ArithmeticError, ValueError):
                slot = _wide(inputs)[0]
                slopes = hull(partials[slot](*each, out) for each, out in zip(shares, fine, strict=True))
                if trend(slopes) is not None and not op.jumps:
                    ends = (thin(inputs[slot].lo), thin(inputs[slot].hi))
                    return common(whole, hull(value(*inputs[:slot], end, *inputs[slot + 1 :]) for end in ends))
            return whole

        return found

    def _shares(self, inputs: Sequence[Box]) -> list[list[Box]]:
        """The inputs with one piece after the other of the only wide one; none where there is no such."""
        wide = _wide(inputs)
        if len(wide) != 1:
            return []
        [slot] = wide
        return [[*inputs[:slot], each, *inputs[slot + 1 :]] for each in pieces(inputs[slot], self.shares)]

    # -- Functions -------------------------------------------------------------------------------------------------

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
            wide = _wide(xs)
            if len(wide) > 1:
                return self._of_balls(word, *xs)
            [slot] = wide
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
        """A function that has poles at 0 and at the whole numbers below."""
        if order(x.lo, 0) != 1 and _holds_whole(x.lo.ball, arb.min(x.hi.ball, arb(0))):
            raise InsideError
        value: Box = self._by_pieces(name, WORDS[name])(*more, x)
        return value

    def _digamma(self, x: Box) -> Box:
        if order(x.lo, 0) != 1 and not x.is_thin and _holds_whole(x.lo.ball, arb.min(x.hi.ball, arb(0))):
            raise InsideError
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
            self._stepped = True
            return Box(-pi, pi)
        return corners(word, y, x)

    def _sign(self, x: Box) -> Box:
        low, high = order(x.lo, 0), order(x.hi, 0)
        if low is None or high is None or low != high:
            self._stepped = True
        lo, hi = Ball(fmpq(-1 if low is None else low)), Ball(fmpq(1 if high is None else high))
        return thin(lo) if lo == hi else Box(lo, hi)

    def _steps(self, x: Box, below: Callable[[Ball], Ball], above: Callable[[Ball], Ball]) -> Box:
        lo, hi = below(x.lo), above(x.hi)
        if lo == hi:
            return thin(lo)
        self._stepped = True
        return Box(lo, hi)

    def _round_below(self, x: Ball) -> Ball:
        return self._rounded(x, lambda: _floor_below(x + HALF) - 1)

    def _round_above(self, x: Ball) -> Ball:
        return self._rounded(x, lambda: _floor_above(x + HALF))

    def _rounded(self, x: Ball, otherwise: Callable[[], Ball]) -> Ball:
        try:
            found: Ball = self.balls.word("round")(x)
        except TooWideError:
            return otherwise()
        return found

    def _choose(self, condition: Callable[[], Truth], yes: Callable[[], Value], no: Callable[[], Value]) -> Value:
        holds = condition()
        if not isinstance(holds, Maybe):
            return yes() if holds else no()
        found = yes(), no()
        if any(each is None for each in found):
            raise InsideError
        self._stepped = True
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

    # -- Digits ----------------------------------------------------------------------------------------------------

    def shown(self, value: Value, digits: int) -> str:
        """The number, where it is exact and short; else `[0.1875, 0.25]`, with ends that are rounded outwards."""
        if isinstance(value, Maybe):
            return repr(value)
        return interval(*ends(value, digits))

    def rounded(self, value: Value, digits: int) -> tuple[str, bool]:
        return self.show(value, digits), False

    def data(self, value: Value) -> Any:
        if isinstance(value, bool | Maybe):
            return None if isinstance(value, Maybe) else value
        lower, upper = (end.replace("inf", "Infinity") for end in ends(value, DIGITS))
        return {"lower": lower, "upper": upper}

    def whole(self, value: Value) -> str:
        """Both ends, as a box is typed."""
        if isinstance(value, Maybe):
            return ""
        return self.typed(value, DIGITS)

    def typed(self, value: Value, digits: int) -> str:
        """The number, or both ends, as on the command line."""
        lower, upper = ends(value, digits)
        return lower if lower == upper else f"{lower}..{upper}"

    def bare(self, value: Value) -> str:
        """Both ends on a line."""
        return " ".join(self.cells(value))

    def cells(self, value: Value | None) -> list[str]:
        """Both ends; of a condition, whether it holds in some part of the box, and whether in all of it."""
        if isinstance(value, Box):
            return [*ends(value, DIGITS)]
        return (
            ["", ""] if value is None else ["false", "true"] if isinstance(value, Maybe) else 2 * [self.exactly(value)]
        )
