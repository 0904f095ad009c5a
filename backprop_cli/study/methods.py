"""Ways to a gradient that share as little as possible with backpropagation: complex step, differences, SymPy."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from math import inf
from typing import NamedTuple

from ..arithmetic import Arithmetic, Value
from ..arithmetic.ball import Ball, may_be_zero
from ..arithmetic.balls import Balls
from ..errors import MathError, UnprovenError
from ..graph.graph import Gate, Graph, Module, Variable
from ..passes.forward import chosen, forward
from ..runtime.budget import TooSlowError, share

TOLERANCE = 1e-9
"""Relative difference up to which two methods agree. They have digits to spare; the noise of doubles, where nothing is
proven of them, is some 1e-15 times the condition.
"""
_ATTEMPTS = ((30, 80), (60, 160), (400, 1_200), (800, 2_400))
"""The step of differences and of the complex step, 10 to the minus this of the variable, and the digits with it."""
_ENOUGH = 1_000  # digits that show whatever a double can tell from 0
_MOST_DIGITS = 2_000  # of SymPy's
_LARGEST = 2_000  # gates of a graph that SymPy is asked to differentiate
_FAR = 1e15  # times its own size, a variable goes at most along that line
SHARE = 1 / 2
"""Of the time that is left, for SymPy."""


class Line(NamedTuple):
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


def size_of(text: str) -> str:
    """The absolute value of a number's text; 1 for a zero."""
    return text.lstrip("-") if float(text) else "1"


def random_line(exactly: Mapping[str, str], terms: Mapping[str, float]) -> Line:
    """A line along which each variable changes the output about as much, so that none hides behind another."""
    randomly, steps = random.Random(0), {}  # noqa: S311 - for a direction, not for secrets
    for name, term in terms.items():
        size = float(size_of(exactly[name]))
        step = min(1 / term, size * _FAR) if term > 1e-300 else size
        steps[name] = f"{randomly.choice((-1, 1)) * randomly.uniform(0.5, 1) * step:.3e}"
    return Line(steps)


class CannotError(Exception):
    """A method does not apply here, for the reason given."""


def _limit(estimate: Callable[[int, int], Value], more: int) -> float:
    """What an estimate, by the step and the digits, comes to when the step shrinks and the digits grow.

    Too large a step shows more than the slope, too few digits lose it, be it to 0: both change with the next attempt.
    more: digits that each attempt has beside its own
    """
    found: list[Value] = []
    for step, digits in _ATTEMPTS:
        try:
            found.append(estimate(step, digits + more))
        except UnprovenError:
            if digits == _ATTEMPTS[-1][1]:
                raise
            continue
        before, now = map(float, [inf, *found][-2:])
        if abs(now - before) <= TOLERANCE**1.5 * abs(now) < inf and (now or digits > _ENOUGH):
            return now
    jumps = len(found) > 1 and abs(found[-1]) > abs(found[-2])
    raise CannotError("the value jumps here" if jumps else "its digits do not settle")


def complex_step(graph: Graph, exactly: Mapping[str, str], line: Line, more: int = 0) -> float:
    """Im f(x + ih)/h (Squire and Trapp, SIAM Rev. 40 (1998) 110): no difference is taken, so nothing cancels.

    exactly: the doubles of the point, to their last bit, as text
    line: the variables that move, and how far
    more: digits beside those that mostly do, where it is known that many cancel
    """
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

    return _limit(estimate, more)


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


def central_difference(graph: Graph, exactly: Mapping[str, str], line: Line, more: int = 0) -> float:
    """(f(x + h) − f(x − h))/2h: its error is of the order of h², unless a step leads across a jump.

    exactly: the doubles of the point, to their last bit, as text
    line: the variables that move, and how far
    more: digits beside those that mostly do, where it is known that many cancel
    """
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

    return _limit(estimate, more)


def symbolic_derivatives(graph: Graph, exactly: Mapping[str, str], lines: Mapping[str, Line]) -> Callable[[str], float]:
    """SymPy's own diff of the formula that the values of the gates make: our partials have no part in it.

    exactly: the doubles of the point, to their last bit, as text
    lines: for each slope, the variables that move, and how far

    All derivatives share the time that there is.
    """
    from ..arithmetic.symbolic import Symbolic
    from ..arithmetic.symbolic_functions import UndecidedError, opened

    system = Symbolic()
    symbols = {node.name: system.symbol(node.name) for node in graph.variables}
    found: dict[str, float | None] = {}

    def work() -> None:
        at = {symbol: system.number(exactly[each]) for each, symbol in symbols.items()}
        formula = cache(lambda: opened(forward(graph, symbols, system)[-1]))

        def derivative(line: Line) -> Value:
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
