"""The program as its own referee: the gradient by four methods that share as little as possible."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from math import fsum, inf, isfinite
from typing import NamedTuple

from ..arithmetic import FLOATS, Arithmetic, Value
from ..arithmetic.ball import Ball, may_be_zero
from ..arithmetic.balls import Balls
from ..arithmetic.box import HELD, Box, held
from ..arithmetic.boxes import Boxes
from ..errors import MathError, UnprovenError
from ..graph.graph import Gate, Graph, Module, Variable
from ..passes import point
from ..passes.backpropagate import backpropagate
from ..passes.forward import chosen, forward
from ..passes.trace import Trace
from ..passes.trust import held_in_words, trusted
from ..runtime.budget import TooSlowError, share

TOLERANCE = 1e-9
"""Relative difference up to which two methods agree. They have digits to spare; the noise of doubles, where nothing is
proven of them, is some 1e-15 times the condition.
"""
SHOWN = FLOATS.digits
"""Significant digits of a gradient that are shown, and are to hold, unless others are asked for."""
_ATTEMPTS = ((30, 80), (60, 160), (400, 1_200), (800, 2_400))
"""The step of differences and of the complex step, 10 to the minus this of the variable, and the digits with it."""
_ENOUGH = 1_000  # digits that show whatever a double can tell from 0
_MOST_DIGITS = 2_000  # of SymPy's
_LARGEST = 2_000  # gates of a graph that SymPy is asked to differentiate
MANY = 50
"""Gradients up to which each is compared; of more the methods compare one slope, along a line that moves them all."""
ALL = "all at once, along a random line"
_FAR = 1e15  # times its own size, a variable goes at most along that line
SHARE = 1 / 2
"""Of the time that is left, for SymPy."""
_SHARE = 1 / 8  # likewise, for how many digits of the doubles hold


@dataclass(frozen=True)
class Estimate:
    """One method's gradient for one variable: a number, or None and the reason why there is none.

    difference: relative to backprop's
    digits: how many of its own are proven to hold, at least; None where the gradient is not proven
    agrees: whether it is what the gradient is proven to be, to the digits that are shown; of a gradient that is not
        proven, whether it is what backprop's is
    """

    method: str
    value: float | None
    reason: str = ""
    difference: float | None = None
    digits: int | None = None
    agrees: bool = True


class Proven(NamedTuple):
    """What a gradient is proven to be: the double that is next to it, and all that is known."""

    number: float
    box: Box
    system: Boxes
    is_known: bool
    """Whether it is told from 0, to more digits than a double has."""

    def text(self, digits: int) -> str:
        """So many digits of it."""
        return self.system.balls.show(self.box.lo, digits)


@dataclass(frozen=True)
class Review:
    """The estimates for each variable, backprop's first; beyond MANY, for ALL of them at once.

    proven: what each gradient is proven to be, where it is enclosed
    digits: that are shown, and are to hold
    """

    trace: Trace
    estimates: Mapping[str, list[Estimate]]
    proven: Mapping[str, Proven] = field(default_factory=dict)
    digits: int = SHOWN

    @property
    def compared(self) -> bool:
        """Whether each variable has a second opinion, its own or that of all at once."""
        rows = [self.estimates[ALL]] if ALL in self.estimates else self.estimates.values()
        return all(any(each.difference is not None for each in row) for row in rows)

    @property
    def agree(self) -> bool:
        return all(each.agrees for row in self.estimates.values() for each in row)

    @property
    def lost(self) -> bool:
        """Whether all else agrees with what is proven, and backprop's doubles alone do not."""
        return not self.agree and all(each.agrees for row in self.estimates.values() for each in row[1:])

    @property
    def proved(self) -> bool:
        """Whether each gradient is proven, and backprop's holds to the digits that are shown."""
        ours = [row[0].digits for row in self.estimates.values()]
        return self.agree and bool(ours) and all(count is not None and count >= self.digits for count in ours)


def review(
    graph: Graph,
    given: Mapping[str, float | str],
    *,
    wrt: Collection[str] | None = None,
    ties: str = "both",
    digits: int = SHOWN,
) -> Review:
    """The gradient by backpropagation, complex step, central differences at 80 digits or more, and SymPy's diff.

    Each is compared with the gradient that is proven; where none is, with backpropagation's.

    given: a value for each variable
    wrt, ties: as in `backpropagate`
    digits: that are shown, and are to hold of backpropagation's doubles

    Raises MathError where backpropagation itself does.
    """
    digits, values = min(digits, HELD), point.complete(given, FLOATS)
    trace = backpropagate(graph, values, wrt=wrt, ties=ties)
    exactly = {name: str(Decimal(value)) for name, value in values.items()}  # the double, to its last bit
    kink = next(iter(trace.conventions), None)
    if kink is None:
        trace = _with_digits_held(trace, exactly, wrt, ties, digits)
    # Where terms cancel, what is left is noise of their size: a difference is measured against them.
    terms = dict.fromkeys(trace.gradient, 0.0)
    for edge in trace.edges:
        if edge.input.name in terms:
            terms[edge.input.name] += abs(edge.chained or 0.0)
    gradient = dict(trace.gradient)
    if len(gradient) <= MANY:
        lines = {name: _Line({name: _size(exactly[name])}) for name in gradient}
    else:
        lines = {ALL: (line := _random_line(exactly, terms))}
        gradient[ALL] = fsum(float(step) * gradient[name] for name, step in line.steps.items())
        terms[ALL] = fsum(abs(float(step)) * terms[name] for name, step in line.steps.items())
    methods: dict[str, Callable[[str], float]] = {
        "complex step": lambda name: _complex_step(graph, exactly, lines[name]),
        "differences": lambda name: _central_difference(graph, exactly, lines[name]),
        "SymPy diff": _symbolic_derivatives(graph, exactly, lines),
    }
    slopes = {name: {name: "1"} for name in trace.gradient} | ({ALL: lines[ALL].steps} if ALL in lines else {})
    proven = {name: known for name, steps in slopes.items() if (known := _proven(trace, steps))}
    estimates = {name: [_ours(each, proven.get(name), digits)] for name, each in gradient.items()}
    for name in lines:
        for method, estimate in methods.items():
            if kink is None:
                each = _attempt(method, estimate, name, gradient[name], terms[name])
                if name in proven and proven[name].is_known and each.value is not None:
                    each = _judged(each, proven[name], terms[name])
            else:
                each = Estimate(method, None, f"{kink.node} has a {kink.kind} here: no derivative, a convention")
            estimates[name].append(each)
    return Review(trace, estimates, proven, digits)


class _Line(NamedTuple):
    """A line through the point, along which the methods estimate a slope.

    Along one variable it goes as far as the variable itself is from 0; the gradient is the slope for a step of 1.

    steps: how far each variable goes along it, as text
    """

    steps: Mapping[str, str]

    def gradient(self, slope: Value, system: Arithmetic) -> Value:
        """The gradient that the methods estimate: the slope along the line; of one variable, divided by its step."""
        if len(self.steps) > 1:
            return slope
        [step] = self.steps.values()
        return slope / system.number(step)


def _size(text: str) -> str:
    """The absolute value of a number's text; 1 for a zero."""
    return text.lstrip("-") if float(text) else "1"


def _random_line(exactly: Mapping[str, str], terms: Mapping[str, float]) -> _Line:
    """A line along which each variable changes the output about as much, so that none hides behind another."""
    randomly, steps = random.Random(0), {}  # noqa: S311 - for a direction, not for secrets
    for name, term in terms.items():
        size = float(_size(exactly[name]))
        step = min(1 / term, size * _FAR) if term > 1e-300 else size
        steps[name] = f"{randomly.choice((-1, 1)) * randomly.uniform(0.5, 1) * step:.3e}"
    return _Line(steps)


class CannotError(Exception):
    """A method does not apply here, for the reason given."""


def _attempt(method: str, estimate: Callable[[str], float], name: str, gradient: float, terms: float) -> Estimate:
    try:
        value = estimate(name)
    except CannotError as error:
        return Estimate(method, None, str(error))
    except MathError as error:
        return Estimate(method, None, f"no value beside the point: {error.message}")
    if not isfinite(value):
        return Estimate(method, None, "its result is not a number here")
    difference = _difference(value, gradient, terms)
    return Estimate(method, value, difference=difference, agrees=difference <= TOLERANCE)


def _ours(gradient: float, proven: Proven | None, digits: int) -> Estimate:
    """Backpropagation's, which is right where so many digits of it hold, or where no double is nearer."""
    if proven is None or not proven.is_known:
        return Estimate("backprop", gradient)
    count = held(gradient, proven.box)
    is_right = count >= digits or gradient == proven.number
    return Estimate("backprop", gradient, "" if is_right else held_in_words(count), digits=count, agrees=is_right)


def _judged(each: Estimate, proven: Proven, terms: float) -> Estimate:
    """Another method's, which has digits to spare, beside the gradient that is proven."""
    assert each.value is not None
    is_close = _difference(each.value, proven.number, 0 if proven.number else terms) <= TOLERANCE
    return replace(each, digits=held(each.value, proven.box), agrees=is_close)


def _difference(one: float, two: float, terms: float = 0.0) -> float:
    """Relative to the larger, or to the terms that were added up to it."""
    largest = max(abs(one), abs(two), terms)
    return abs(one - two) / largest if largest else 0.0


def _with_digits_held(
    trace: Trace, exactly: Mapping[str, str], wrt: Collection[str] | None, ties: str, digits: int
) -> Trace:
    """The trace with the digits of its doubles that hold, where those are found in time."""
    with suppress(TooSlowError):
        found = share(_SHARE, lambda: trusted(trace, exactly, digits, wrt=wrt, ties=ties))
        return found if found.held else trace
    return trace


def _proven(trace: Trace, steps: Mapping[str, str]) -> Proven | None:
    """What the slope along a line is proven to be, if that is known."""
    if trace.held is None:
        return None
    right = trace.held.right
    system = right.arithmetic
    assert isinstance(system, Boxes)
    with system.working():
        box = sum((right.gradient[name] * system.number(step) for name, step in steps.items()), system.number("0"))
        return Proven(system.to_float(box), box, system, not system.balls.lacks(box.lo)) if box.is_thin else None


def _limit(estimate: Callable[[int, int], Value]) -> float:
    """What an estimate, by the step and the digits, comes to when the step shrinks and the digits grow.

    Too large a step shows more than the slope, too few digits lose it, be it to 0: both change with the next attempt.
    """
    found: list[Value] = []
    for step, digits in _ATTEMPTS:
        try:
            found.append(estimate(step, digits))
        except UnprovenError:
            if digits == _ATTEMPTS[-1][1]:
                raise
            continue
        before, now = map(float, [inf, *found][-2:])
        if abs(now - before) <= TOLERANCE**1.5 * abs(now) < inf and (now or digits > _ENOUGH):
            return now
    jumps = len(found) > 1 and abs(found[-1]) > abs(found[-2])
    raise CannotError("the value jumps here" if jumps else "its digits do not settle")


def _complex_step(graph: Graph, exactly: Mapping[str, str], line: _Line) -> float:
    """Im f(x + ih)/h (Squire and Trapp, SIAM Rev. 40 (1998) 110): no difference is taken, so nothing cancels."""
    from ..arithmetic.complexes import Complexes

    reached = graph.depending_on(line.steps)
    for gate in graph.gates:
        is_decided = gate.op.selects and not gate.op.chooses
        if reached[gate.position] and (is_decided or gate.op.kink is not None):
            raise CannotError(f"{gate.name} = {graph.written(gate)} is not analytic")

    def estimate(power: int, digits: int) -> Value:
        system, balls = Complexes(digits), Balls(digits)
        mp = system.context
        step = mp.mpf(10) ** -power
        # The other gates may be of any kind: their values are real, and come from the real numbers.
        with balls.working():
            proven = forward(graph, {name: balls.number(text) for name, text in exactly.items()}, balls)
            needed = _needed(graph, proven, balls)
            real = [mp.mpf(each) if isinstance(each, Ball) else each for each in proven]
        results: list[Value] = []
        for node in graph.nodes:
            if not needed[node.position] or isinstance(real[node.position], bool):
                results.append(real[node.position])
            elif isinstance(node, Gate) and reached[node.position]:
                if node.op.name == "pow" and real[node.inputs[0]] == 0 and real[node.inputs[1]] % 1 != 0:
                    raise CannotError(f"{node.name} = {graph.written(node)} branches at 0")
                try:
                    results.append(system.rule(node.op).value(*(results[i] for i in node.inputs)))
                except (ArithmeticError, ValueError):
                    raise CannotError(f"{node.name} = {graph.written(node)} has no value beside the point") from None
                if not system.in_range(results[-1]):
                    raise CannotError(f"{node.name} = {graph.written(node)} is too large or too small for it")
            elif isinstance(node, Variable) and node.name in line.steps:
                results.append(mp.mpc(real[node.position], mp.mpf(line.steps[node.name]) * step))
            else:
                results.append(real[node.position])
        return line.gradient(mp.im(results[-1]) / step, system)

    return _limit(estimate)


def _needed(graph: Graph, values: Sequence[Value], arithmetic: Arithmetic) -> list[bool]:
    """For each node: does the output need it, in the branches that are taken?"""
    needed = [False] * len(values)
    needed[-1] = True
    for gate in graph.gates_backward:
        if needed[gate.position]:
            is_choice = gate.op.chooses and not isinstance(gate.op, Module)
            for i in chosen(gate, values, arithmetic) if is_choice else gate.inputs:
                needed[i] = True
    return needed


def _central_difference(graph: Graph, exactly: Mapping[str, str], line: _Line) -> float:
    """(f(x + h) − f(x − h))/2h: its error is of the order of h², unless a step leads across a jump."""
    steps = [gate.position for gate in graph.gates if all(partial.head == "0" for partial in gate.op.partials)]

    def estimate(power: int, digits: int) -> Value:
        system = Balls(digits)
        with system.working():
            values = {name: system.number(text) for name, text in exactly.items()}
            step = system.number(f"1e-{power}")
            shifts = {name: system.number(text) * step for name, text in line.steps.items()}
            above, below = (
                forward(graph, values | {name: values[name] + shift * sign for name, shift in shifts.items()}, system)
                for sign in (1, -1)
            )
            if any(above[i] != below[i] for i in steps):
                return system.number("inf")
            slope = line.gradient((above[-1] - below[-1]) / (step * 2), system)
            return system.number("0") if may_be_zero(slope) else slope

    return _limit(estimate)


def _symbolic_derivatives(
    graph: Graph, exactly: Mapping[str, str], lines: Mapping[str, _Line]
) -> Callable[[str], float]:
    """SymPy's own diff of the formula that the values of the gates make: our partials have no part in it.

    All derivatives share the time that there is.
    """
    from ..arithmetic.symbolic import Symbolic, UndecidedError, opened

    system = Symbolic()
    symbols = {node.name: system.symbol(node.name) for node in graph.variables}
    found: dict[str, float | None] = {}

    def work() -> None:
        at = {symbol: system.number(exactly[each]) for each, symbol in symbols.items()}
        formula = cache(lambda: opened(forward(graph, symbols, system)[-1]))

        def derivative(line: _Line) -> Value:
            if len(line.steps) == 1:
                [name] = line.steps
                return formula().diff(symbols[name])
            t = system.symbol("along the line")  # which no variable is called
            moved = {name: symbols[name] + t * system.number(step) for name, step in line.steps.items()}
            return opened(forward(graph, {**symbols, **moved}, system)[-1]).diff(t).xreplace({t: system.number("0")})

        for name, line in lines.items():
            try:
                # The numbers go in where it computes: exact ones in their place would grow without bounds.
                found[name] = float(derivative(line).evalf(30, subs=at, maxn=_MOST_DIGITS, strict=True))
            except (UndecidedError, ArithmeticError, TypeError, ValueError, MathError):
                found[name] = None
            except RecursionError:
                continue

    @cache
    def once() -> None:
        with suppress(TooSlowError):
            share(SHARE, work)

    def estimate(name: str) -> float:
        if len(graph.nodes) > _LARGEST:
            raise CannotError(f"more than {_LARGEST:,} nodes are too many for SymPy")
        once()
        if name not in found:
            raise CannotError("SymPy does not finish in its time")
        value = found[name]
        if value is None:
            raise CannotError("SymPy's derivative has no number here")
        return value

    return estimate
