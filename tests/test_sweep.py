"""Every row over the whole range of doubles: value, local gradients and second derivatives, against FLINT's balls.

Every exponent from the smallest double to the largest, both signs, and beside each point where a row may be special.
The bound: LASTS units in the last place of what is right; below the smallest normal double, of the smallest one.
"""

from __future__ import annotations

import itertools
import math
import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress

import pytest
from flint import arb

from backprop_cli.arithmetic import FLOATS
from backprop_cli.arithmetic.dual import Dual, DualNumbers, TooSmallError
from backprop_cli.errors import MathError
from backprop_cli.graph.graph import Graph
from backprop_cli.language.program import Program
from backprop_cli.passes.backpropagate import backpropagate
from backprop_cli.passes.settings import Settings
from backprop_cli.rules.op import Op
from support.rows import NUMERIC, SPECIAL
from support.series import Ball, is_known, jet, working

LASTS = 8
"""Units in the last place by which a value or a local gradient may be off."""
LARGEST = arb(sys.float_info.max)
NEAR = [0.4616321449683623, 0.5, 1.0, 1.4616321449683622, 1.5, math.pi / 2, 2.0, math.e, 3.0, math.pi, 6.0, 20.0]
NEAR += [26.5, 36.04, 37.5, 38.5, 40.0, 170.6, 171.6, 303.2, 355.0, 360.0, 700.0, 709.7, 709.8, 744.4, 745.1, 746.0]
NEAR += [1000.0, 2.0**53, 1e22, 1.3e154, 8e307, sys.float_info.max]
"""Where rows have zeros, corners and ends, or a formula gives way to another."""
BESIDE = (52, 51, 45, 30, 20, 10, 5)
"""At x·(1 ± 2^−k) for these k, x being special."""
PAIRED = [5e-324, 1e-310, 3e-308, 1e-200, 1e-154, 1e-20, 1e-8, 0.3, 0.5, 1 - 2**-53, 1.0, 1 + 2**-52, 1.5, 2.0, 2.5]
PAIRED += [3.0, 7.25, 40.0, 700.5, 1000.0, 2.0**53 + 2, 1e10, 1e22, 1e154, 1e155, 1e200, 1e300, sys.float_info.max]
TRIED = {1: 2000, 2: 1500, 3: 500}
"""By the number of inputs, points of random digits. Of all points the slow suite takes a third, the fast 1 in 30."""


def points(op: Op, count: int) -> Iterator[tuple[float, ...]]:
    random_ = random.Random(op.call)
    if count == 1:
        beside = [s * (1 + sign * 2.0**-k) for s in NEAR for k in BESIDE for sign in (1, -1)]
        sizes = filter(math.isfinite, [*NEAR, *beside, *(math.ldexp(1.0, e) for e in range(-1074, 1024))])
        for size in sizes:
            yield from ((size,), (-size,))
    else:
        numbers = [0.0, *PAIRED, *(-each for each in PAIRED)]
        if count == 2:
            yield from itertools.product(numbers, repeat=2)
    for _ in range(TRIED[count]):
        yield tuple(drawn(random_) for _ in range(count))


def drawn(random_: random.Random) -> float:
    """Of any size, or of an ordinary one."""
    exponent = random_.uniform(-1074, 1024) if random_.random() < 0.5 else random_.uniform(-12, 12)
    return math.copysign(2.0**exponent, random_.random() - 0.5)


def problems(op: Op, step: int) -> list[str]:
    count = 2 if op.variadic else len(op.inputs)
    names = [f"x{slot}" for slot in range(count)]
    graph = Program(op.written(names)).graph(names)
    found, compared = [], 0
    with working(200):
        for inputs in itertools.islice(points(op, count), 0, None, step):
            for slot in range(count):
                numbers = jet(op, inputs, slot)
                if numbers is not None:
                    wrong, compares = compare(op, graph, dict(zip(names, inputs, strict=True)), slot, numbers)
                    found += wrong
                    compared += compares
    assert compared >= 100 // step
    return found


def compare(op: Op, graph: Graph, point: dict[str, float], slot: int, right: Sequence[Ball]) -> tuple[list[str], int]:
    """What is wrong at a point, and how many numbers were compared."""
    inputs, name = [*point.values()], [*point][slot]
    value, slope, _ = right
    pairs: list[tuple[str, Ball, float | None]] = []
    with suppress(MathError):
        got = backpropagate(graph, point, Settings([])).value
        pairs.append(("value", value, got))
        rule = FLOATS.rule(op)
        is_tie = op.selects and op.variadic and len({*inputs}) < len(inputs)
        if is_tie or (rule.kink is not None and rule.kink(*inputs, got)):
            slope = arb.nan()  # a convention
    if not pairs and is_known(value) and abs(value) < LARGEST:
        return [f"{op.call} at {inputs} is {value.str(20)}, and is refused"], 1
    if pairs and not slope.is_nan():
        try:
            trace = backpropagate(graph, point, Settings([name]))
            pairs.append((f"∂/∂{name}", slope, trace.edges[slot].local))
            pairs.append((f"chained {name}", slope, trace.gradient[name]))
        except MathError:
            pairs.append((f"∂/∂{name}", slope, None))
    known = [pair for pair in pairs if not pair[1].is_nan() and is_known(pair[1])]
    wrong = [
        f"{op.call} at {inputs}: {what} = {got!r}, not {ball.str(20)}" for what, ball, got in known if is_off(ball, got)
    ]
    return wrong, len(known)


def is_off(right: Ball, got: float | None, lasts: int = LASTS) -> bool:
    """Whether a number is off, or is refused though it is within the range of doubles."""
    if abs(right) > LARGEST:
        return got is not None and abs(got) < sys.float_info.max
    if got is None:
        return True
    return bool(abs(arb(got) - right) > lasts * arb(math.ulp(float(right.mid()))))


CANCELLING = ("hypot", "logsumexp", "mish", "normpdf", "cospi", "pow")
"""Rows whose second derivatives doubles lose somewhere: `hypot` where one input is all but all of it, for instance."""
CLOSE = 1e-9
"""Relative difference of a second derivative."""


def second_problems(op: Op, step: int) -> list[str]:
    system, found, compared = DualNumbers(FLOATS), [], 0
    count = 2 if op.variadic else len(op.inputs)
    with working(200):
        for inputs in itertools.islice(points(op, count), 0, None, step):
            for slot in range(count):
                numbers = jet(op, inputs, slot)
                if numbers is None or not all(each.is_finite() and is_known(each) for each in numbers):
                    continue
                if max(map(abs, numbers)) > 1e300 or (abs(numbers[2]) < 1e-300 and not numbers[2].is_zero()):
                    continue
                given = [Dual(each, 1.0 if place == slot else None) for place, each in enumerate(inputs)]
                with suppress(TooSmallError):
                    out = system.rule(op).value(*given)
                    slope = system.rule(op).partial(slot, given, out).dot or 0.0
                    compared += 1
                    if not abs(arb(slope) - numbers[2]) <= CLOSE * abs(numbers[2]):
                        found.append(f"{op.call} at {inputs}, slot {slot}: {slope!r}, not {numbers[2].str(20)}")
    assert compared > 0
    return found


ROWS = [*NUMERIC, *SPECIAL]
OFTEN = 6
"""Of special functions, so many fewer points: they take longer."""
CURVED = [op for op in ROWS if op.inputs == ("x",) and not op.variadic and op.name not in CANCELLING]


@pytest.mark.parametrize("op", CURVED, ids=[op.call for op in CURVED])
@pytest.mark.parametrize("step", [60, pytest.param(3, marks=pytest.mark.slow)])
def test_second_derivatives_over_all_exponents(op: Op, step: int) -> None:
    assert second_problems(op, step * (OFTEN if op in SPECIAL else 1))[:5] == []


@pytest.mark.parametrize("op", ROWS, ids=[op.call for op in ROWS])
@pytest.mark.parametrize("step", [30, pytest.param(3, marks=pytest.mark.slow)])
def test_values_and_slopes_over_all_exponents(op: Op, step: int) -> None:
    assert problems(op, step * (OFTEN if op in SPECIAL else 1))[:5] == []
