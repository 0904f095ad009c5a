"""Boxes: whatever lies in a box goes to what lies in the box of the result; both ends are proven numbers.

This module imports flint; import it where it is needed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from functools import cache
from typing import Any

from flint import fmpq

from ..rules.formula import READ_BY_THE_FIRST, Formula
from ..rules.op import Op
from .ball import HALF, ONE, Ball, order
from .balls import Balls
from .box import DIGITS, Box, Maybe, common, ends, hull, interval, is_infinite, pieces, thin
from .box_functions import BoxFunctions, wide
from .system import Function, InsideError, Rule, Value


def trend(slope: Box) -> int | None:
    """1 where a slope is surely not below 0, −1 where it is surely not above, 0 where it is 0; else None."""
    low, high = order(slope.lo, 0), order(slope.hi, 0)
    if low == 0 and high == 0:
        return 0
    return 1 if low in (0, 1) else -1 if high in (0, -1) else None


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


_STEEP = {"div": "quotient", "pow": "steep_power", "log": "steep_log"}
"""What has no bound beside 0, in place of what has no value there."""


def _steep(formula: Formula) -> Formula:
    """A formula, which may have no bound where it has no value at one end of a box."""
    return Formula(_STEEP.get(formula.head, formula.head), *map(_steep, formula.args))


# -- Where a rule has a hole, and its function has none -------------------------------------------------------------

_STEEPEST_SINC = Ball(fmpq(4362, 10_000))
"""No slope of sin(x)/x is as large: the largest is at x = 2.0816, where x² tan(x) = 2(tan(x) − x)."""
_SIDES = Box(-ONE, ONE)


def _filled(natural: Function, wide: Callable[[Box], Box]) -> Function:
    """A function of boxes, or a slope, with what else is known of it, in which 0 is nothing out of the ordinary."""

    def found(x: Box, *out: Box) -> Box:
        if not x.is_thin and x.has_zero:
            return wide(x)
        whole: Box = natural(x, *out)
        return whole if x.is_thin else common(whole, wide(x))

    return found


def _sinc(x: Box) -> Box:
    result = x.lo.ball.union(x.hi.ball).sinc()
    return common(Box(Ball(result.lower()), Ball(result.upper())), _SIDES)


def _sinc_slope(x: Box) -> Box:
    """Up to 1 by its power series, −x/3·(1 − x²/10 + …), whose terms have alternating signs and fall."""
    if order(abs(x).hi, 1) in (-1, 0):
        return -x / 3 * Box(Ball(fmpq(9, 10)), ONE)
    return Box(-_STEEPEST_SINC, _STEEPEST_SINC)


def _is_at_a_tip(*args: Box) -> bool:
    """Whether hypot, which has a kink where all inputs are 0, may be there in a part of boxes."""
    *inputs, out = args
    return out.has_zero and not all(each.is_thin for each in inputs)


class Boxes(BoxFunctions):
    """Boxes whose ends have `PLACES` digits. extra, shares: as of BoxFunctions."""

    of_boxes = True
    digits = 0  # as many as tell the ends apart
    range_hint = Balls.range_hint
    header = {"enclosed": True}  # noqa: RUF012
    jumps = False
    """Whether a value may have jumped inside of a box since that was set to false."""
    kinks = False
    """The same of a value that may have had a kink."""

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
            rule = super().rule(op)
            partials = tuple(self._unbounded(op, *each) for each in zip(op.partials, rule.partials, strict=True))
            value, partials, kink, corner, variadic = self._whole(op.name, rule._replace(partials=partials))
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

    def _unbounded(self, op: Op, formula: Formula, slope: Function) -> Function:
        """A partial, which has no bound where it has none as it is read."""
        steep = cache(lambda: self.partial(op, _steep(formula)))

        def found(*args: Any) -> Box:
            try:
                bounded: Box = slope(*args)
            except InsideError:
                with suppress(ArithmeticError, ValueError):
                    unbounded: Box = steep()(*args)
                    self.kinks = True
                    return unbounded
                raise
            return bounded

        return found

    def _whole(self, name: str, rule: Rule) -> Rule:
        """A row, without the holes of its formulas."""
        value, slope = rule.value, rule.partials[0]
        match name:
            case "sinc":
                return rule._replace(value=_filled(value, _sinc), partials=(_filled(slope, _sinc_slope),))
            case "acot":
                return rule._replace(value=_filled(value, self._acot))
            case "hypot":  # no slope is steeper, and there is none where all inputs are 0
                return rule._replace(partials=(lambda *args: common(_SIDES, slope(*args)),), kink=_is_at_a_tip)
        return rule

    def _acot(self, x: Box) -> Box:
        self.stepped = self.stepped or x.has_zero
        right = self.balls.constants["pi"] * HALF
        return Box(-right, right)

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
            self.stepped = False
            out = value(*inputs)
            self.jumps = self.jumps or self.stepped
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
                slot = wide(inputs)[0]
                slopes = hull(partials[slot](*each, out) for each, out in zip(shares, fine, strict=True))
                if trend(slopes) is not None and not op.jumps:
                    ends = (thin(inputs[slot].lo), thin(inputs[slot].hi))
                    return common(whole, hull(value(*inputs[:slot], end, *inputs[slot + 1 :]) for end in ends))
            return whole

        return found

    def _shares(self, inputs: Sequence[Box]) -> list[list[Box]]:
        """The inputs with one piece after the other of the only wide one; none where there is no such."""
        places = wide(inputs)
        if len(places) != 1:
            return []
        [slot] = places
        return [[*inputs[:slot], each, *inputs[slot + 1 :]] for each in pieces(inputs[slot], self.shares)]

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
