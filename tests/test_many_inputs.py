"""Gates with thousands of inputs: linear time in every arithmetic, and local gradients with all of their digits."""

from __future__ import annotations

import itertools
import math
import random
from fractions import Fraction
from typing import Any

import pytest

from backprop_cli import backprop
from backprop_cli.arithmetic import FLOATS
from backprop_cli.rules.table import TABLE, primitive
from support import emitted
from support.command import run as command
from support.emitted import Case

OF_MANY = sorted({op.name for op in TABLE if op.variadic})
NAMES = [f"x{i}" for i in range(8_000)]


def call(name: str, count: int) -> str:
    return f"{name}({', '.join(NAMES[:count])})"


def near_one(count: int) -> dict[str, float]:
    return {name: 1 + (i % 7 - 3) / 1000 for i, name in enumerate(NAMES[:count])}


@pytest.mark.parametrize(
    ("options", "count"),
    [({}, 8_000), ({"allow_nonfinite": True}, 8_000), ({"precision": 20}, 2_000), ({"enclose": True}, 2_000)],
    ids=str,
)
@pytest.mark.parametrize("name", OF_MANY)
def test_thousands_of_inputs(name: str, options: dict[str, Any], count: int) -> None:
    """The limit is on the processor's time; with a loop over all inputs for each of them it was passed by far."""
    point = near_one(count)
    trace = backprop(call(name, count), point, time_limit=5, **options)
    assert len(trace.gradient) == count
    few = backprop(call(name, 3), near_one(3), **options)
    assert [*few.gradient] == NAMES[:3]


def test_exact_and_symbolic_ones() -> None:
    count = 500
    trace = backprop(call("prod", count), dict.fromkeys(NAMES[:count], "2") | {"x7": "0"}, exact=True, time_limit=5)
    assert (trace.value, trace.gradient["x7"], trace.gradient["x8"]) == (0, 2 ** (count - 1), 0)


def test_second_derivatives_of_a_long_product() -> None:
    count = 100
    point = near_one(count)
    matrix = backprop(call("prod", count), point, hessian=True, time_limit=8).hessian
    assert matrix is not None
    whole = math.prod(map(Fraction, point.values()))
    for one, two in (("x0", "x1"), ("x3", "x99"), ("x80", "x2")):
        assert matrix[one][two] == pytest.approx(float(whole / Fraction(point[one]) / Fraction(point[two])), rel=1e-15)
        assert matrix[one][one] == 0


def test_a_variable_in_all_factors_takes_no_longer() -> None:
    text = f"prod({', '.join(f'(x + {i}/1000)' for i in range(400))})"
    matrix = backprop(text, x=1, hessian=True, time_limit=8).hessian
    assert matrix is not None
    assert matrix["x"]["x"] > 0


def test_a_second_derivative_where_factors_are_at_the_ends_of_doubles() -> None:
    matrix = backprop("prod(a, b, c, d, e)", a=1e300, b=1e300, c=1e-300, d=0, e=1e-300, hessian=True).hessian
    assert matrix is not None
    assert matrix["a"]["d"] == pytest.approx(1e-300, rel=1e-15)
    assert matrix["c"]["d"] == pytest.approx(1e300, rel=1e-15)
    assert matrix["a"]["b"] == 0


def factors(random_: random.Random) -> list[float]:
    ends = [0.0, 1e300, -1e300, 1e-300, 5e-324, 2.0**-1000, -1.7e308]
    rare = random_.random() / 2
    return [
        random_.choice(ends) if random_.random() < rare else random_.uniform(-3, 3)
        for _ in range(random_.choice((2, 3, 4, 5, 9, 40)))
    ]


def test_the_product_of_the_others_is_the_nearest_double() -> None:
    """Against fractions, at the ends of the doubles and with zeros among the factors."""
    random_, compared = random.Random(11), 0
    partial = FLOATS.rule(primitive("prod")).partial
    for xs in (factors(random_) for _ in range(300)):
        for slot in range(len(xs)):
            right = math.prod((Fraction(x) for i, x in enumerate(xs) if i != slot), start=Fraction(1))
            if abs(right) > Fraction(1.7e308):
                continue
            found = partial(slot, xs, 0.0)
            rounded_twice = abs(right) < 2.3e-308  # to 53 bits, and then to those of a subnormal number
            most = Fraction(math.ulp(found)) * (1 if rounded_twice else Fraction(51, 100))
            assert abs(Fraction(found) - right) <= most, (xs, slot)
            compared += 1
    assert compared > 2_000


COMMANDS = ["eval", "eval --json", "eval --hessian --wrt x1,x2", "explain", "graph"]
SLOW = [("prod", "check --wrt x1"), ("prod", "derive --wrt x1"), ("logsumexp", "check --wrt x1")]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        *itertools.product(("prod", "logsumexp"), COMMANDS),
        *(pytest.param(*each, marks=pytest.mark.slow) for each in SLOW),
    ],
    ids=str,
)
def test_every_command(name: str, words: str) -> None:
    """The rule of the 1,100th edge was a formula 1,100 deep, which Python's recursion did not reach."""
    count = 1_100
    first, *options = words.split()
    values = "" if first == "derive" else ",".join(f'"{name}": {x}' for name, x in near_one(count).items())
    result = command(first, call(name, count), *options, *(["--at", f"{{{values}}}"] if values else []))
    assert (result.status, result.err.count("error")) == (0, 0), result.err[:300]
    assert "x1" in result.out


@pytest.mark.parametrize("name", ["prod", "logsumexp"])
def test_programs_are_as_long_as_their_graphs(name: str) -> None:
    """One whose slopes write out all other factors takes 24 MB at 2,000."""
    for target in ("python", "numpy", "c", "javascript"):
        few, many = (len(command("code", call(name, count), "--to", target).out) for count in (200, 800))
        assert many < 6 * few, target
    case = Case(call(name, 400), {each: str(x) for each, x in near_one(400).items()})
    assert emitted.differences([case], emitted.run_python([emitted.program(case, "python")])) == []


def test_a_long_product_of_others_is_shown_by_its_ends() -> None:
    point = near_one(100)
    trace = backprop(call("prod", 100), point)
    rule = repr(trace.rule(trace.edges[1]))
    assert rule == "prod(x0, x2, x3, …, x99)"
    assert repr(trace.rule(trace.edges[99])) == "prod(x0, x1, x2, …, x98)"
    assert trace.gradient["x1"] == pytest.approx(math.prod(point.values()) / point["x1"], rel=1e-13)
