"""Values, gradients and second derivatives against an evaluator of 150 digits that shares no code with the program.

At 0, ±1, ½, 2 and 3 in every slot: there the conventions, limits and cases of the table decide.
"""

from __future__ import annotations

import itertools
import random
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import mpmath
import pytest

from backprop_cli import Trace, backprop
from backprop_cli.errors import MathError
from backprop_cli.rules.op import Op
from backprop_cli.rules.table import TABLE
from support import oracle
from support.rows import NUMERIC, ROWS
from support.suites import first_of, thinned

pytestmark = pytest.mark.usefixtures("models")

SPECIAL = ("0", "1", "-1", "2", "1/2", "3")
every_special = first_of("special", SPECIAL, 4)
DIGITS, STEP = 150, "1e-40"
TOLERANCE = 1e-11
ENTIRE = 1e-25
"""Relative difference up to which two estimates agree. What they leave out is of the order of the step."""

Function = Callable[[Mapping[str, oracle.Number]], oracle.Number | None]
Matrix = dict[tuple[str, str], oracle.Number | None]


class Truth(NamedTuple):
    """The value, the gradient and the Hessian, each None where there is none."""

    value: oracle.Number | None
    gradient: dict[str, oracle.Number | None]
    hessian: Matrix


SINGLE_GATES = {op.written(["x", "y"] if op.variadic else ["x", "y", "z"][: len(op.inputs)]) for op in ROWS}


def truth(function: Function, point: Mapping[str, oracle.Number]) -> Truth:
    """All three, by differences to all sides on which there are values."""
    value = function(point)
    gradient = {name: first_difference(function, point, name, value) for name in point}
    return Truth(value, gradient, second_differences(function, point))


def agreed(estimates: list[oracle.Number]) -> oracle.Number | None:
    """The first estimate; None where they do not agree."""
    size = max(map(abs, estimates), default=None)
    agree = size is not None and (size < ENTIRE or max(estimates) - min(estimates) < ENTIRE * size)
    return estimates[0] if agree else None


def first_difference(
    function: Function, point: Mapping[str, oracle.Number], name: str, value: oracle.Number | None
) -> oracle.Number | None:
    estimates = []
    for step in (sign * mpmath.mpf(STEP) / part for part in (1, 7) for sign in (1, -1)):
        moved = function({**point, name: point[name] + step})
        if value is not None and moved is not None and abs(moved - value) < ENTIRE * (1 + abs(value)):
            estimates.append((moved - value) / step)
    return agreed(estimates)


def second_differences(function: Function, point: Mapping[str, oracle.Number]) -> Matrix:
    steps = [mpmath.mpf(STEP), mpmath.mpf(STEP) / 7]
    found: Matrix = {}
    for one, two in itertools.combinations_with_replacement(point, 2):
        estimates = []
        for step, (a, b) in itertools.product(steps, itertools.product((1, -1), repeat=2)):
            if one == two and a != b:
                continue
            corners: list[oracle.Number] = []
            for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
                at = dict(point)
                at[one] += a * i * step
                at[two] += b * j * step
                corners.append(function(at))
            here, right, left, both = corners
            # Across a jump, as that of atan2 at π, there is no slope to be had from this side.
            if None not in corners and all(abs(each - here) < ENTIRE * (1 + abs(here)) for each in corners):
                estimates.append((both - right - left + here) / (a * b * step * step))
        found[one, two] = found[two, one] = agreed(estimates)
    return found


def of(text: str) -> Function:
    def function(point: Mapping[str, oracle.Number]) -> oracle.Number | None:
        try:
            value = oracle.real(oracle.evaluate(text, point))
        except (ArithmeticError, ValueError):
            return None
        return value if mpmath.isfinite(value) else None

    return function


JUMPS = ("floor", "ceil", "round", "trunc", "frac", "mod", "fmod", "sign", "heaviside")


def decided_by_convention(trace: Trace) -> bool:
    return any(notice.kind in ("tie", "kink", "corner") for notice in trace.warnings)


def compare(text: str, point: Mapping[str, str], expected: Truth, options: dict[str, Any], tolerance: float) -> str:
    """What is wrong; empty if nothing is. Where a gate inside has no finite slope, to refuse is right: (x²)^½ at 0.

    expected: what is right, of 150 digits; options: of the call; tolerance: relative, and absolute below 1.
    """
    try:
        trace = backprop(text, point, hessian=True, **options)
    except MathError as error:
        refused = text in SINGLE_GATES and None not in expected.hessian.values()
        return f"refused: {error.message}" if refused else ""
    assert trace.hessian is not None
    pairs = [("f", trace.value, expected.value)]
    if not decided_by_convention(trace):
        pairs += [(f"∂/∂{name}", slope, expected.gradient[name]) for name, slope in trace.gradient.items()]
        pairs += [
            (f"∂²/∂{row}∂{column}", slope, expected.hessian[row, column])
            for row, columns in trace.hessian.items()
            for column, slope in columns.items()
        ]
    for what, value, entry in pairs:
        shown = trace.arithmetic.to_float(value)
        if entry is not None and abs(entry) > sys.float_info.max:
            continue  # no double is near
        if entry is None and any(gate.op.name in JUMPS for gate in trace.graph.gates):
            continue  # a step may lead to another branch
        if entry is None or abs(shown - entry) > tolerance * (1 + abs(entry)):
            return f"{what} = {shown}, not {entry and mpmath.nstr(entry, 15)}"
    return ""


def problems(
    text: str, names: Sequence[str], points: Iterable[Sequence[str]], tolerance: float = TOLERANCE
) -> list[str]:
    """All that is wrong with a formula at these points. tolerance: of doubles, which may lose digits."""
    found = []
    arithmetics: list[tuple[dict[str, Any], float]] = [
        ({}, tolerance), ({"exact": True}, TOLERANCE), ({"precision": 20}, TOLERANCE)
    ]  # fmt: skip
    with mpmath.workdps(DIGITS):
        for values in points:
            point = dict(zip(names, values, strict=True))
            expected = truth(of(text), {name: oracle.exact(value) for name, value in point.items()})
            for options, admitted in arithmetics:
                wrong = compare(text, point, expected, options, admitted)
                found += [f"{text} at {point} {options}: {wrong}"] if wrong else []
    return found


@every_special
@pytest.mark.parametrize("op", thinned(ROWS, 2), ids=[op.call for op in ROWS])
def test_every_row_at_special_points(op: Op, special: Sequence[str]) -> None:
    names = ["x", "y"] if op.variadic else ["x", "y", "z"][: len(op.inputs)]
    text = op.written(names)
    assert text in SINGLE_GATES
    if op.name in ("gamma", "lgamma") and special != SPECIAL:
        special = ["0", "1/2"]  # where they are whole numbers they are worked out to a thousand digits
    assert problems(text, names, [*itertools.product(special, repeat=len(names))]) == []


POWERS = [
    "(x+1)**x", "x**y", "(x-y)**y", "(x*y)**(x-y)", "x**(x*y)", "(x**y)**x", "x**(y**2)", "2**(x*y)", "(x*x)**y",
    "x**0", "(x-1)**0", "0**y", "x**(y-y)", "exp(x)**y", "(x**2)**(1/2)", "cos(x)**x", "(x+y)**(x-1)**2", "x**1",
]  # fmt: skip
"""Where an exponent may be 0, or a base."""


@pytest.mark.slow
@every_special
@pytest.mark.parametrize("text", POWERS)
def test_powers_at_special_points(text: str, special: Sequence[str]) -> None:
    names = oracle.variables(text)
    assert problems(text, names, [*itertools.product(special, repeat=len(names))]) == []


SAME = ["max(y,y)*3", "min(y,y,y)**2", "max(x,y,x)*x", "max(max(x,x),x)*y", "min(x*x, x*x + 0)*y"]


@every_special
@pytest.mark.parametrize("text", SAME)
def test_a_node_that_competes_with_itself(text: str, special: Sequence[str]) -> None:
    names = oracle.variables(text)
    assert problems(text, names, [*itertools.product(special, repeat=len(names))]) == []


def random_text(random_: random.Random, depth: int) -> str:
    if depth == 0 or random_.random() < 0.1:
        return random_.choice(["x", "y", "x", "y", "2", "1"])
    op = random_.choice([*NUMERIC, *POWERS_OFTEN])
    count = 2 if op.variadic else len(op.inputs)
    return op.written(f"({random_text(random_, depth - 1)})" for _ in range(count))


POWERS_OFTEN = [op for op in TABLE if op.name in ("pow", "mul", "add")] * 5


def random_problems(seeds: range) -> list[str]:
    found = []
    for seed in seeds:
        random_ = random.Random(seed)
        text = random_text(random_, 2)
        names = oracle.variables(text)
        if names:
            found += problems(text, names, [[random_.choice(SPECIAL) for _ in names] for _ in range(4)])
    return found


def test_random_graphs_at_special_points() -> None:
    assert random_problems(range(20)) == []


@pytest.mark.slow
@pytest.mark.parametrize("part", range(5))
def test_many_random_graphs_at_special_points(part: int, step: int) -> None:
    assert random_problems(range(1000 + 100 * part, 1100 + 100 * part, step)) == []


@pytest.mark.parametrize(
    "first", [pytest.param(each, marks=pytest.mark.exhaustive if each else pytest.mark.slow) for each in range(20)]
)
def test_random_graphs_at_any_point(first: int) -> None:
    """A hundred of two thousand."""
    found = []
    for seed in range(100 * first, 100 * first + 100):
        random_ = random.Random(seed)
        text = random_text(random_, 2)
        names = oracle.variables(text)
        if names:
            values = [f"{random_.randrange(-400, 400)}/{random_.randrange(1, 100)}" for _ in names]
            found += problems(text, names, [values], tolerance=1e-4)
    assert found == []
