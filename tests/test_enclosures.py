"""Boxes and enclosures: whatever a variable in its box gives lies in what is printed, value and gradient.

The oracle is the same graph at points inside, to 30 proven digits: it knows nothing of boxes.
"""

from __future__ import annotations

import json
import pickle
import random
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from fractions import Fraction
from math import inf
from typing import Any

import pytest
from flint import fmpq

from backprop_cli import backprop
from backprop_cli.arithmetic.ball import Ball
from backprop_cli.arithmetic.balls import Balls
from backprop_cli.arithmetic.box import MAYBE, Box
from backprop_cli.arithmetic.decimals import bound
from backprop_cli.errors import InputError, MathError
from backprop_cli.graph.graph import Graph
from backprop_cli.language.program import Program
from backprop_cli.passes.backpropagate import backpropagate
from backprop_cli.passes.enclosed import enclosed_trace, read_box
from backprop_cli.passes.forward import chosen
from backprop_cli.passes.settings import Settings
from backprop_cli.passes.trace import Trace
from backprop_cli.rules.op import Op
from backprop_cli.rules.table import TABLE
from support.command import run as command
from support.formulas import FORMULAS
from support.schemas import EXPLANATION, TRACE

POINTS = Balls(30)
RATIONAL = Mapping[str, tuple[Fraction, Fraction]]
"""The ends of the boxes of variables."""


def ball(x: Fraction) -> Ball:
    return Ball(fmpq(x.numerator, x.denominator))


# -- What people type ----------------------------------------------------------------------------------------------

TITLES = [
    ("x*(1-x)", "--x 0.25..0.5", "x*(1-x) lies in [0.1875, 0.25]"),
    ("x*(1-x)", "--x=0..1", "x*(1-x) lies in [0, 0.25]"),
    ("x**2", "--x -1..2", "x**2 lies in [0, 4]"),
    ("x*x", "--x -1..2", "x*x lies in [0, 4]"),
    ("x - x", "--x -1..2", "x - x = 0"),
    ("x/x", "--x 1..2", "x/x = 1"),
    ("sinc(x)", "--x -1..1", "sinc(x) lies in [0.84147, 1]"),
    ("sin(x)", "--x 0..2", "sin(x) lies in [0, 1]"),
    ("cos(x)", "--x -100..100", "cos(x) lies in [-1, 1]"),
    ("x**y", "--x 1/2..2 --y -1..1", "x**y lies in [0.5, 2]"),
    ("x*y", "--x 1e-3..1 --y 3", "x*y lies in [0.003, 3]"),
    ("abs(x)", "--x -2..-1", "abs(x) lies in [1, 2]"),
    ("floor(x)", "--x 0.5..1.5", "floor(x) lies in [0, 1]"),
    ("x", "--x pi/4..pi/2 --digits 3", "x lies in [0.785, 1.58]"),
    ("x + 1", "--x 2..2", "x + 1 = 3"),
    ("exp(-x**2)/(1 + x**2)", "--x 1..2", "exp(-x**2)/(1 + x**2) lies in [0.00366312, 0.18394]"),
    ("1/(x*x - x + 1)", "--x 0..1", "1/(x*x - x + 1) lies in [1, 1.33368]"),
    ("0.1 + 0.2", "--enclose", "0.1 + 0.2 = 0.3"),
    ("2 if x > 0 else 3", "--x -1..1", "2 if x > 0 else 3 lies in [2, 3]"),
    ("2 if x > 0 else 3", "--x 1..2", "2 if x > 0 else 3 = 2"),
    ("q = x + 1; r = q*q", "--x 0..1", "r lies in [1, 4]"),
    (
        "333.75*y**6 + x**2*(11*x**2*y**2 - y**6 - 121*y**4 - 2) + 5.5*y**8 + x/(2*y)",
        "--x 77617 --y 33096 --enclose",
        "lies in [-0.82739605994682137, -0.82739605994682136]",
    ),
    ("(1-cos(x))/x**2", "--x 1e-8 --enclose", "lies in [0.49999999999999999, 0.5]"),
]
"""An expression, its values, and the line that tells what it comes to."""

BRANCHES = [
    ("x if x > 1 else 2*x", "--x 0..3", "lies in [0, 3]"),
    ("x**1.5 if x > 0 else 0", "--x -1..1", "lies in [0, 1]"),
    ("log(x) if x > 1e-3 else 0", "--x 0..1", "lies in [-6.90776, 0]"),
    ("(1 - x**2)**1.5 if x**2 < 1 else (x*x - 1)**2", "--x -2..2", "lies in [0, 9]"),
    ("1/x if abs(x) > 0.001 else 0", "--x -1..1", "lies in [-1000, 1000]"),
    ("1/(2 - x/y) if 2*y - x > y else 1", "--x -1..3 --y 1", "lies in [0.333333, 1]"),
    ("Piecewise((1/(x - 1), -x > 0), (sqrt(x + 1), x <= 1), (1/x, True))", "--x -2..4", "lies in [-1, 1.41422]"),
    ("where(not(x < 0 or x > 2), (x*(2 - x) + 1)**0.5, 0)", "--x -1..3", "lies in [0, 1.4"),
    ("t(u) = 1/u if u > 1/3 else 0; t(x)", "--x -1..1", "f lies in [0, 3]"),
    ("t(u) = log(u) if u >= 1e-3 else 0; v(u) = 2*t(u - 1); v(x)", "--x 1..2", "f lies in [-13.8156, 0]"),
    ("t(u) = u > 1; x if t(x) else 2*x", "--x 0..3", "f lies in [0, 3]"),
    ("t(u, v) = u > v; x if t(x, 1) else -x", "--x 0..3", "f lies in [-1, 3]"),
]
"""The same, where a branch has no value in a part of the box, in which it is not taken."""

GRADIENTS = [
    ("2**x", "--x 0 --enclose", "0.6931471805599453 0.69314718055994531"),  # a rounded log(2) would miss it
    ("(1-cos(x))/x**2", "--x 1e-8 --enclose", "-8.3333333333333333e-10 -8.3333333333333332e-10"),
    ("x*(1-x)", "--x 0.25..0.5", "0 0.5"),
    ("abs(x)", "--x -1..2", "-1 1"),
    ("max(x, 1)", "--x 0..2", "0 1"),
    ("max(x, x)", "--x 0..2", "1 1"),
    ("max(x, 3)*5", "--x 0..2", "0 0"),
    ("x if x > 1 else 2*x", "--x 0..3", "1 2"),
    ("(1-tanh(x))*exp(2*x)", "--x 2500 --enclose", "1.347877659323567e-2171 1.3478776593235671e-2171"),
    ("tanh(x)", "--x -1..1", "0.41997434161402606 1"),
    ("x**2*exp(-x)", "--x 0.25..1.5", "0.16697081425599159 0.46174914612887891"),
    ("sqrt(x)", "--x 0..1", "0.5 inf"),
    ("where(x > 0, sqrt(x), 0)", "--x -1..1", "0 inf"),
    ("acos(x)", "--x -1..0.6", "-inf -1"),
    ("cbrt(x)*2", "--x -1..8", "0.16666666666666666 inf"),
    ("x**(2/5)", "--x 0..1", "0.4 inf"),
    ("y**x", "--x 1..2 --y 0..1", "-inf 0"),
    ("x**y", "--x 0..1 --y 0..2", "0 inf"),
    ("hypot(x, y)", "--x -1..1 --y 0..2", "-1 1"),
    ("0*sqrt(x) + x", "--x 0..1", "1 1"),
]
"""The same, and both ends of the gradient of x."""

REFUSED = [
    ("x", "--x 2..1", 2, "the ends of the box of x are reversed", "the lower end comes first: 1..2"),
    ("x", "--x 0..inf", 2, "the box of x has an end that is not finite", "a large one is nearly as good: 1e9"),
    ("x", "--x ..1", 2, "the box of x lacks an end", "for example: --x 0.25..0.5"),
    ("x", "--x 1...2", 2, "the box of x is not two numbers with two points between them", ""),
    ("x", "--x 1..2..3", 2, "the box of x is not two numbers with two points between them", ""),
    ("x", "--x a..2", 2, "in the value of x: 'a' is not a constant", ""),
    ("1/x", "--x -1..1", 1, "f = 1 / x has no value, or no bound, somewhere in x = [-1, 1]", "1 / x needs x ≠ 0"),
    ("sin(x)/x", "--x 0..1", 1, "f = q1 / x has no value", "(…) if abs(x) > 1e-6 else (…)"),
    ("log(x)", "--x 0..1", 1, "f = log(x) has no value, or no bound, somewhere in x = [0, 1]", "log(x) needs x > 0"),
    ("tan(x)", "--x 1..2", 1, "f = tan(x) has no value, or no bound, somewhere in x = [1, 2]", ""),
    ("gamma(x)", "--x -1.5..-0.5", 1, "f = gamma(x) has no value, or no bound, somewhere in x = [-1.5, -0.5]", ""),
    ("log(x)", "--x -2..-1", 1, "f = log(x) has no value, or no bound, somewhere in x = [-2, -1]", ""),
    ("log(x)", "--x -2 --enclose", 1, "f = log(x) has no real value at x = -2", "log(x) needs x > 0"),
    ("Piecewise((x, x < 0))", "--x -1..1", 1, "no case of f = Piecewise((x, q1)) holds at x = [0, 1], q1 = false", ""),
    ("where(x != 0, 1/x, 0)", "--x -1..1", 1, "q2 = 1 / x has no value, or no bound, somewhere in x = [-1, 1]", ""),
    ("sqrt(x)", "--x 0 --enclose", 1, "∂f/∂x = 1/(2·f) does not exist, or has no bound, somewhere in x = 0", ""),
    ("x", "--x 1..2 --precision 20", 2, "--precision takes numbers alone, and the value of x is a box", "leave it out"),
    ("x", "--x 1..2 --exact", 2, "--exact takes numbers alone, and the value of x is a box", "leave it out"),
    ("x", "--x 1..2 --hessian", 2, "--hessian takes numbers alone, and the value of x is a box", "leave it out"),
    ("x", "--x 1 --hessian --enclose", 2, "there are no enclosures of second derivatives", ""),
    ("x", "--x 1 --exact --enclose", 2, "exact and enclose are different arithmetics: choose one", ""),
]
"""An expression, its values, the exit status, the error and the hint."""

WARNED = [
    (
        "abs(x)",
        "--x -1..1",
        "f = abs(x) may have a kink inside x = [-1, 1]: the slopes on all sides are in its gradient",
    ),
    ("max(x, 1)", "--x 0..2", "f = max(x, 1) may have a kink inside x = [0, 2]: the slopes"),
    ("floor(x)", "--x 0.5..2", "f = floor(x) may jump inside x = [0.5, 2]: the slopes"),
    ("x if x > 0 else 2", "--x -1..1", "may jump inside"),
    ("1 - sqrt(x)", "--x 0..1", "q1 = sqrt(x) has slopes without a bound, or none, in a part of x = [0, 1]"),
    ("hypot(x, y)", "--x -1..1 --y 0..1", "f = hypot(x, y) may have a kink inside x = [-1, 1], y = [0, 1]"),
    ("hypot(x, y)", "--x 1..2 --y 0..1", ""),
    ("abs(x)", "--x 1..2", ""),
    ("abs(x*x - x + 1)", "--x 0..1", ""),
    ("max(x, x)", "--x 0..1", ""),
    ("relu(x)", "--x 0 --enclose", "f = relu(x) has a kink at x = 0: the gradient 0 there is a convention"),
]


def answer(expression: str, words: str) -> tuple[str, str]:
    result = command("eval", expression, *words.split())
    assert result.status == 0, result.err
    return result.out, result.err


def test_what_lies_in_which_box() -> None:
    for expression, words, title in TITLES:
        assert title in answer(expression, words)[0].splitlines()[0 if ";" not in expression else 2], (
            expression,
            words,
        )


def test_branches_need_values_only_where_they_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backprop_cli.passes.enclosed._PARTS", 8)
    for expression, words, title in BRANCHES:
        assert title in answer(expression, words)[0], expression


def test_both_ends_of_a_gradient() -> None:
    for expression, words, ends in GRADIENTS:
        assert answer(expression, f"{words} --get x")[0] == f"{ends}\n", expression


def test_ends_without_a_bound() -> None:
    trace = backprop("sqrt(x)", x="0..1")
    slope = trace.gradient["x"]
    assert (slope.lower, slope.upper) == (Fraction(1, 2), inf)
    assert 1e300 in slope
    assert 0.4 not in slope
    assert str(pickle.loads(pickle.dumps(slope))) == str(slope) == "[0.5, inf]"
    document = json.loads(command("eval", "sqrt(x)", "--x", "0..1", "--json").out)
    TRACE.validate(document)
    assert document["gradient"]["x"] == {"lower": "0.5", "upper": "Infinity"}
    assert document["monotone"] == {"x": 1}


def test_a_trace_over_boxes_checks_itself_and_claims() -> None:
    trace = backprop("x*(1-x)", x="0.25..0.5")
    assert trace.check()
    assert "every gradient lies in its own" in str(trace.check())
    assert trace.check(x="1 - 2*x")
    assert not trace.check(x=0.3)
    with pytest.raises(InputError, match="the value of x is uncertain"):
        backprop("x*x", x="2±1").check()


def test_what_no_box_can_be_is_refused_in_a_sentence() -> None:
    for expression, words, status, error, hint in REFUSED:
        result = command("eval", expression, *words.split())
        assert (result.status, result.out) == (status, ""), words
        assert f"error: {error}" in result.err
        assert hint in result.err


def test_kinks_and_jumps_inside_are_told() -> None:
    for expression, words, warning in WARNED:
        err = answer(expression, words)[1]
        assert warning in err, expression
        assert bool(err) == bool(warning), expression


def test_entries_of_arrays_that_are_opened_into_numbers() -> None:
    words = ("sum(x*w)", "--at", '{"x": ["1/2..1", 2]}', "--w")
    for text in ("[[1, 3]]", "3"):
        found = command("eval", *words, text, "--expand", "--get", "value", "--get", "x_0").out.split()
        assert [*map(float, found)] == ([6.5, 7, 1, 1] if "[" in text else [7.5, 9, 3, 3])
    assert str(backprop("sum(x)", x=["1..2", 0.5], expand=True).value) == "[1.5, 2.5]"
    for text, told in (
        ("[1..2, 3]", "the value of x at entry [0] is a box, and a number is needed here"),
        ("[3, 2±0.1]", "the value of x at entry [1] is uncertain, and a number is needed here"),
        ("0..1", "the value of x is a box, and a number is needed here"),
    ):
        err = command("eval", "sum(x*w)", "--x", text, "--w", "[1, 2]").err
        assert told in err
        assert "--expand opens arrays into numbers" in err
    for text, told in (
        ("[1..2, true]", "not a constant"),
        ("[1..2, [3]]", "is ragged"),
        ("2*[1..2, 3]", "malformed number"),
    ):
        assert told in command("eval", "sum(x)", "--x", text, "--expand").err, text
    assert "an entry of x is a box" in command("code", "sum(x)", "--x", "[1..2, 3]").err


def test_other_commands_take_numbers_alone() -> None:
    for words in ("derive", "code", "page"):
        result = command(words, "x*y", "--x", "0..1", "--y", "2")
        assert result.status == 2, words
        assert f"{words} takes numbers alone, and the value of x is a box" in result.err
    assert "the value of x is a box" in command("points", "x*y", "--x", "0..1", stdin="y\n1\n").err
    assert "the value of x is a box" in command("points", "x", stdin="x\n0..1\n").err


CLAIMED = [
    ("x=2", False, "proved wrong: the gradient is in [0, 0.5] all over the box"),
    ("x=0.3", False, "proved wrong: where x is 0.25..0.253907, the gradient is in [0.492187, 0.5]"),
    ("x=2*x", False, "proved wrong: where x is 0.253906..0.257813, it is in [0.507812, 0.515625], and the gradient is"),
    ("x=1-2*x", True, "proved by simplification"),
    ("q1=x", True, "proved by simplification"),
    ("q1=0.375", False, "proved wrong"),
]
"""Claims about x*(1-x) over 0.25..0.5, whether they are right, and what that rests on."""


def test_what_lies_outside_of_the_gradient_is_proved_wrong() -> None:
    for claim, right, how in CLAIMED:
        result = command("check", "x*(1-x)", "--x", "0.25..0.5", "--claim", claim, "--json")
        assert result.status == (0 if right else 1), claim
        [verdict] = json.loads(result.out)["claims"]
        assert verdict["right"] is right
        assert how in verdict["how"]
    assert command("check", "3*x + sin(x)/100", "--x", "0..1", "--claim", "x=3.0").status == 0


def test_what_methods_find_in_boxes_lies_in_those_of_the_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    result = command("check", "abs(x)*exp(y)", "--x", "-1..1", "--y", "0.5")
    assert result.status == 0
    assert "may have a kink inside x = [-1, 1]" in result.err
    assert re.search(r" x +enclosed +\[-1.64873, 1.64873\]", result.out)
    assert re.search(r"complex step +–   q1 = abs\(x\) is not analytic", result.out)
    assert result.out.endswith(" at 5 points in the boxes, every gradient lies in its own\n")
    document = json.loads(command("check", "x*(1-x)", "--x", "0.25..0.5", "--json").out)
    assert document["gradient"]["x"] == {"lower": "0", "upper": "0.5"}
    assert (document["points"], document["agree"]) == (5, True)
    backprop_row = document["methods"]["x"][0]
    assert backprop_row == {"method": "backprop", "lowest": 0, "highest": 0.5, "agrees": True, "reason": None}
    assert command("check", "1/x", "--x", "-1..1").status == 1
    part = enclosed_trace(Program("x*(1-x)").graph(), {"x": "0.25..0.375"})
    system = part.arithmetic
    whole = part.but(point={"x": read_box("x", "0.25..0.5", system)})  # type: ignore[arg-type]
    monkeypatch.setattr("backprop_cli.study.sampled.enclosed_trace", lambda *_, **__: whole)
    wrong = command("check", "x*(1-x)", "--x", "0.25..0.5")
    assert wrong.status == 1
    assert "0 at x = 0.5 is outside" in wrong.out
    assert wrong.out.endswith("a gradient lies outside of its own\n")


def test_what_more_comparisons_leave_open_is_told_once() -> None:
    many = " + ".join(f"where(x > {i}/9, x**{i}, y)" for i in range(1, 8))
    result = command("eval", many, "--x", "0..1", "--y", "0..1", "--get", "value")
    assert result.out == "0 7\n"
    lines = result.err.splitlines()
    assert len(lines) == len({*lines}) == 7


def test_gates_of_claims_are_not_those_of_the_expression() -> None:
    """Whose conditions are taken to hold, and not to: `q1` of the one is not `q1` of the other."""
    words = ["check", "where(x > 0, x**1.5, 0)", "--x=-1..1", "--json", "--claim"]
    [right] = json.loads(command(*words, "x = where(x > 0, 1.5*x**0.5, 0)").out)["claims"]
    assert right["right"] is True
    [wrong] = json.loads(command(*words, "x = where(x < 0, 1.5*(-x)**0.5, 0)").out)["claims"]
    assert (wrong["right"], wrong["how"][:12]) == (False, "proved wrong")


def test_points_of_boxes_are_doubles_where_those_reach() -> None:
    for words, status in (("exp(x) --x 700..800", 0), ("x --x 1e400..1e401", 1), ("log(x) --x 1e-320..1e-310", 1)):
        result = command("check", *words.split())
        assert (result.status, result.err) == (status, ""), words
        assert "every gradient lies in its own" in result.out


def test_documents_have_both_ends() -> None:
    document = json.loads(answer("x*(1-x)*y", "--x 0.25..0.5 --y 2 --json")[0])
    TRACE.validate(document)
    assert document["value"] == {"lower": "0.375", "upper": "0.5"}
    assert document["gradient"]["x"] == {"lower": "0", "upper": "1"}
    assert document["monotone"] == {"x": 1}
    assert document["enclosed"] is True
    point = json.dumps(document["point"])
    again = command("eval", "x*(1-x)*y", "--at", point, "--json")
    assert json.loads(again.out)["gradient"] == document["gradient"]
    conditional = json.loads(answer("1 if x > 0 else x", "--x -1..1 --json")[0])
    TRACE.validate(conditional)
    assert [node["value"] for node in conditional["nodes"] if node["op"] == "gt"] == [None]
    lines = answer("x*(1-x)", "--x 0.25..0.5 --format csv")[0].splitlines()
    assert lines[0].startswith("node,op,expression,value lower,value upper,upstream lower,upstream upper,input,")
    assert "q1,sub,1 - x,0.5,0.75,0.25,0.5,x,-1,-1,-0.5,-0.25" in lines
    for form in ("markdown", "html", "latex"):
        assert "[0.1875, 0.25]" in answer("x*(1-x)", f"--x 0.25..0.5 --format {form}")[0]


def test_the_library_has_boxes() -> None:
    trace = backprop("x*(1-x)", x="0.25..0.5")
    assert (trace.value.lower, trace.value.upper) == (Fraction(3, 16), Fraction(1, 4))
    assert 0.2 in trace.value
    assert 0.3 not in trace.value
    assert str(trace.gradient) == "{'x': [0, 0.5]}"
    assert trace.monotone == {"x": 1}
    assert pickle.loads(pickle.dumps(trace)).gradient["x"].upper == Fraction(1, 2)
    assert pickle.loads(pickle.dumps(MAYBE)) is MAYBE
    assert backprop("x*x", x=0.1, enclose=True).value.lower == Fraction(1, 100)
    tiny = backprop("exp(-exp(x))", x="50..51")
    assert all(0 < abs(end) < Fraction(1, 10**300_000) for end in (tiny.value.lower, tiny.value.upper))
    assert tiny.value.lower < tiny.value.upper
    with pytest.raises(OverflowError, match="too large for a fraction"):
        _ = backprop("exp(exp(x))", x="50..51").value.upper


def test_decimals_of_ends_are_rounded_outwards() -> None:
    rnd = random.Random(0)
    for _ in range(300):
        x = Fraction(rnd.randint(-(10**9), 10**9), rnd.randint(1, 10**9)) * Fraction(10) ** rnd.randint(-9, 9)
        for digits in (1, 6, 17):
            lower, upper = (Fraction(bound(ball(x).number, digits, up=up)) for up in (False, True))
            assert lower <= x <= upper
            assert upper - lower <= abs(x) * Fraction(10) ** (1 - digits)
            wider = ball(x).ball
            assert Fraction(bound(wider, digits, up=False)) <= x <= Fraction(bound(wider, digits, up=True))


# -- How many digits of doubles hold ----------------------------------------------------------------------------------

TRUSTED = [
    (
        "(1-cos(x))/x**2",
        "--x 1e-8",
        0,
        0,
        ("digit of f = 0 holds: it is 0.5", "∂f/∂x = 1e+08 holds: it is -8.33333e-10"),
    ),
    ("(x+y)*z", "--x -2 --y 5 --z -4", 16, 16, ()),
    ("x*10 - 1", "--x 0.1", 16, 16, ()),
    ("x - 0.3", "--x 0.1+0.2", 0, 16, ("no digit of f = 5.55112e-17 holds: it is 0",)),
    ("(x + 1e-30) - x", "--x 1", 0, 16, ("no digit of f = 0 holds: it is 1e-30",)),
    ("x + 1e8 - 1e8", "--x 0.123456789", 8, 16, ()),
    ("x + 1e8 - 1e8", "--x 0.123456789 --digits 12", 8, 16, ("only 7 digits of f = 0.123456791043 hold",)),
    ("sqrt(x)", "--x 2", 16, 16, ()),
]
"""An expression, its values, digits that hold of the value and of the gradient of x, and what is told."""


def test_the_digits_that_hold_are_told() -> None:
    for expression, words, of_value, of_gradient, told in TRUSTED:
        out, err = answer(expression, f"{words} --trust --json")
        document = json.loads(out)
        TRACE.validate(document)
        held = document["held"]
        assert of_value - 1 <= held["value"] <= of_value, expression
        assert of_gradient - 1 <= held["gradient"]["x"] <= of_gradient, expression
        assert bool(err) == bool(told), (expression, err)
        assert all(each in err for each in told), err
    table = answer("(1-cos(x))/x**2", "--x 1e-8 --trust")[0]
    assert " f = q2 / q3        0        0          1       16" in table
    assert " x          1e-08      1e+08        0   x + h → f + 1e+08·h" in table
    lines = answer("x*x", "--x 3 --trust --format csv")[0].splitlines()
    assert lines[0].endswith(",value digits,upstream digits,local digits,chained digits")
    assert lines[-1] == "f,mul,x * x,9.0,1.0,x,3.0,3.0,16,16,16,16"
    point = "--x 1e-8 --trust --format"
    markdown = answer("(1-cos(x))/x**2", f"{point} markdown")[0]
    assert "| `f = q2 / q3` |  |  | 0 | 0 | 1 | 16 |  |  |  |  |" in markdown
    assert "|  | `x` | `−sin(x)` |  |  |  |  | -1e-08 | 16 | 1e+08 | 15 |" in markdown
    rows = [re.sub(" style=.*?>", ">", row) for row in answer("(1-cos(x))/x**2", f"{point} html")[0].splitlines()]
    cells = "<td>0</td><td>0</td><td>1</td><td>16</td><td></td><td></td><td></td><td></td><td></td>"
    assert f"<tr><td>f = q2 / q3</td>{cells}</tr>" in rows
    latex = answer("(1-cos(x))/x**2", f"{point} latex")[0]
    assert r"f &= \frac{q_{2}}{q_{3}} = 0 && \text{no digit} \\" in latex
    assert r"= 10^{16} && \text{15 digits} \\" in latex
    assert backprop("x*x", x=3, trust=True).held.values[-1] == 16  # type: ignore[union-attr]


def test_trust_is_about_doubles() -> None:
    for words in ("--precision 20", "--exact", "--allow-nonfinite", "--enclose"):
        assert "trust is about doubles" in command("eval", "x", "--x", "1", "--trust", *words.split()).err
    for words in ("--jacobian --trust", "--upstream 2 --trust", "--upstream=2 --enclose", "--jacobian --enclose"):
        assert "leave one of them out" in command("eval", "x", "--x", "1", *words.split()).err
    assert "--trust takes numbers alone" in command("eval", "x", "--x", "1..2", "--trust").err
    assert "--trust takes numbers alone" in command("eval", "x", "--x", "[1,2]", "--trust").err


# -- Nothing outside ------------------------------------------------------------------------------------------------


def text(ends: tuple[Fraction, Fraction]) -> str:
    return f"{ends[0]}..{ends[1]}"


def inside(box: Any, found: Any) -> bool:
    """Whether a number lies in a box. Of one that is an irrational number, as far as 30 digits tell."""
    if not isinstance(box, Box) or found is None:
        return box is None or found is None or box is MAYBE or box is found
    number = found.ball
    return bool(number.upper() >= box.lo.ball.lower() and number.lower() <= box.hi.ball.upper())


def needed(graph: Graph, trace: Trace) -> set[int]:
    """The positions of nodes without which the output has no value: others are in branches that are not taken."""
    found = {len(graph.nodes) - 1}
    for gate in graph.gates_backward:
        if gate.position in found:
            found.update(chosen(gate, trace.values, POINTS) if gate.op.conditions and gate.op.chooses else gate.inputs)
    return found


def outside(graph: Graph, trace: Trace, boxes: RATIONAL, rnd: random.Random, points: int) -> Iterator[str]:
    """What lies outside of its box, of points inside."""
    for _ in range(points):
        at = {
            name: low + (high - low) * Fraction(rnd.choice((0, 1, rnd.random()))) for name, (low, high) in boxes.items()
        }
        with POINTS.working():
            try:
                there = backpropagate(
                    graph, {name: ball(x) for name, x in at.items()}, Settings([*trace.gradient]), POINTS
                )
            except MathError:
                continue
            taken = needed(graph, there)
            pairs = [(trace.values[i], there.values[i]) for i in taken]
            pairs += zip(trace.upstream, there.upstream, strict=True)
            for one, two in zip(trace.edges, there.edges, strict=True):
                counts = two.active or (two.gate.op.selects and two.gate.position in taken)
                pairs += [(one.local, two.local)] * counts + [(one.chained, two.chained)]
            yield from (f"{found} in {box} at {at}" for box, found in pairs if not inside(box, found))
            for name, sign in (trace.monotone or {}).items():
                low, high = boxes[name]
                ends = ({**at, name: low}, {**at, name: high})
                with suppress(MathError):
                    one, two = (
                        backpropagate(graph, {k: ball(x) for k, x in end.items()}, Settings([]), POINTS).value
                        for end in ends
                    )
                    if (two < one and sign >= 0) or (two > one and sign <= 0):
                        yield f"{name} is not monotone"


def row(op: Op, inside: str = "{0}") -> tuple[Graph, list[str], list[str]]:
    """A gate of the row inside of an expression; the names of its numbers, and those that are orders.

    inside: the expression, with {0} for the gate, and {1} for one of its numbers
    """
    names = ["x", "y", "z"] if op.variadic else [*op.inputs]
    orders = [] if op.variadic else [names[slot] for slot in op.orders]
    words = ["u > v" if slot in op.conditions else name for slot, name in enumerate(names)]
    if op.conditions:
        words = [f"({word})" if ">" in word else word for word in words]
        names = [name for slot, name in enumerate(names) if slot not in op.conditions] + ["u", "v"]
    free = next(name for name in names if name not in orders)
    return Program(inside.format(f"({op.written(words)})", free)).graph(), names, orders


def boxes_of(names: Iterable[str], orders: Iterable[str], rnd: random.Random) -> RATIONAL:
    found = {}
    for name in names:
        size = rnd.choice((0.3, 1, 3, 9))
        low, high = sorted(Fraction(rnd.randint(-1000, 1000) * int(10 * size), 10_000) for _ in "xx")
        high = rnd.choice((high, low, low + (high - low) / 20))
        order = Fraction(rnd.randint(0, 3))
        found[name] = (order, order) if name in orders else (low, high)
    return found


def try_rows(rnd: random.Random, count: int, points: int, inside: str = "{0}", step: int = 1) -> None:
    for op in TABLE[::step]:
        if op.truth:
            continue
        graph, names, orders = row(op, inside)
        tried = 0
        for _ in range(4 * count):
            boxes = boxes_of(names, orders, rnd)
            with suppress(MathError):
                given = {name: text(ends) for name, ends in boxes.items()}
                trace = enclosed_trace(graph, given, Settings([name for name in names if name not in orders]))
                assert not [*outside(graph, trace, boxes, rnd, points)], (op.call, given)
                tried += 1
            if tried == count:
                break


def test_no_point_of_a_row_is_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backprop_cli.passes.enclosed._PARTS", 1)  # the parts of a box are boxes
    try_rows(random.Random(1), 1, 2)


@pytest.mark.slow
def test_no_point_of_a_row_is_outside_of_many_boxes(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backprop_cli.passes.enclosed._PARTS", 4)
    try_rows(random.Random(2), 3, 3, step=(step + 1) // 2)


DEPENDENT = "{0}*{1}**2 - {0}"
"""Slopes whose terms all depend on one variable: what narrows them are their own slopes."""


def test_no_point_of_a_row_with_slopes_that_depend_is_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backprop_cli.passes.enclosed._PARTS", 1)
    try_rows(random.Random(6), 1, 1, DEPENDENT, 4)


@pytest.mark.slow
def test_no_point_of_a_row_with_slopes_that_depend_is_outside_of_many_boxes(
    step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backprop_cli.passes.enclosed._PARTS", 1)
    try_rows(random.Random(7), 2, 2, DEPENDENT, (step + 1) // 2)


def try_formulas(step: int, points: int) -> None:
    """Formulas from the literature, with boxes around their points."""
    rnd = random.Random(3)
    for formula in FORMULAS[::step]:
        graph = Program(formula.expression).graph([*formula.point])
        known = {name: Fraction(value) for name, value in formula.point.items() if set(value) <= set("-.0123456789e")}
        if known.keys() != formula.point.keys():
            continue
        boxes = {name: (x - abs(x) * Fraction(rnd.choice((0, 1, 30)), 1000), x) for name, x in known.items()}
        with suppress(MathError):
            trace = enclosed_trace(graph, {name: text(ends) for name, ends in boxes.items()})
            assert not [*outside(graph, trace, boxes, rnd, points)], formula.name


def test_no_point_of_a_formula_is_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backprop_cli.passes.enclosed._PARTS", 2)
    try_formulas(40, 2)


@pytest.mark.slow
def test_no_point_of_any_formula_is_outside(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backprop_cli.passes.enclosed._PARTS", 2)
    try_formulas(5 * step, 2)


def random_expression(rnd: random.Random, depth: int) -> str:
    if depth == 0:
        return rnd.choice(("x", "y", "0.5", "2"))
    unary = [op for op in TABLE if len(op.inputs) == 1 and not op.variadic and not op.truth]
    if rnd.random() < 0.5:
        return rnd.choice(unary).written([f"({random_expression(rnd, depth - 1)})"])
    sign = rnd.choice(("+", "-", "*", "/", "**", "%"))
    return f"({random_expression(rnd, depth - 1)}){sign}({random_expression(rnd, depth - 1)})"


def try_graphs(seed: int, count: int, points: int) -> None:
    rnd = random.Random(seed)
    for _ in range(count):
        expression = random_expression(rnd, 3)
        graph = Program(expression).graph()
        boxes = boxes_of([node.name for node in graph.variables], [], rnd)
        with suppress(MathError):
            given = {name: text(ends) for name, ends in boxes.items()}
            trace = enclosed_trace(graph, given)
            assert not [*outside(graph, trace, boxes, rnd, points)], (expression, given)


def random_choice(rnd: random.Random, depth: int) -> str:
    """An expression of choices and of gates with kinks, in which sides of comparisons are often equal."""
    if depth == 0:
        return rnd.choice(("x", "y", "x", "y", "0", "1", "0.5", "x*y", "x - y", "x**2"))
    one, two, three = (random_choice(rnd, depth - 1) for _ in range(3))
    condition = f"{rnd.choice(('', '', 'not '))}({one} {rnd.choice(('<', '>', '<=', '>=', '==', '!='))} {two})"
    if rnd.random() < 0.3:
        condition = f"({condition} {rnd.choice(('and', 'or'))} {two} < {three})"
    forms: tuple[str, ...] = (
        "abs({0})",
        "relu({0})",
        "sqrt({0})",
        "log({0})",
        "1/({0})",
        "({0})**1.5",
        "floor({0})",
        "clip({0}, -1, {1})",
    )
    forms += ("max({0}, {1})", "min({0}, {1})", "hypot({0}, {1})", "selu({0})", "({0})*({1})", "exp({0}) - ({1})")
    forms += ("where({3}, {0}, {1})",) * 6 + ("Piecewise(({1}, {3}), ({2}, {0} > 0), ({0}, True))",) * 3
    return rnd.choice(forms).format(one, two, three, condition)


def try_choices(seed: int, count: int) -> None:
    """Boxes whose ends are often those of the branches."""
    rnd = random.Random(seed)
    for _ in range(count):
        expression = random_choice(rnd, 3)
        graph = Program(expression).graph()
        ends = ([Fraction(rnd.randint(-4, 4), 2) for _ in "xx"] for _ in graph.variables)
        boxes = {node.name: (min(two), max(two)) for node, two in zip(graph.variables, ends, strict=True)}
        with suppress(MathError):
            given = {name: text(two) for name, two in boxes.items()}
            trace = enclosed_trace(graph, given)
            assert not [*outside(graph, trace, boxes, rnd, 3)], (expression, given)


def test_what_only_a_condition_needs_and_has_no_slope_is_enclosed() -> None:
    """`hypot` has none at 0, and nothing flows back to it."""
    rnd = random.Random(0)
    graph = Program("where(hypot(x, y) == x, y/2, x) + 0*x").graph()
    boxes = {"x": (Fraction(-2), Fraction(1)), "y": (Fraction(-1), Fraction(1))}
    trace = enclosed_trace(graph, {name: text(two) for name, two in boxes.items()})
    assert not [*outside(graph, trace, boxes, rnd, 30)]


def test_no_point_of_a_choice_is_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backprop_cli.passes.enclosed._PARTS", 2)
    try_choices(8, 12)


@pytest.mark.slow
def test_no_point_of_many_choices_is_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backprop_cli.passes.enclosed._PARTS", 4)
    try_choices(9, 30)


def test_no_point_of_a_random_graph_is_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backprop_cli.passes.enclosed._PARTS", 2)
    try_graphs(4, 40, 2)


@pytest.mark.slow
def test_no_point_of_many_random_graphs_is_outside(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backprop_cli.passes.enclosed._PARTS", 2)
    try_graphs(5, 240 // step, 3)


# -- In words, and on wires ----------------------------------------------------------------------------------------

TOLD = [
    (
        "relu(x*y)*z",
        {"x": "-1..0.5", "y": "1..2", "z": "3"},
        [
            "for all x ∈ [−1, 0.5], y ∈ [1, 2], z = 3",
            "q1 = x * y = [−1, 0.5] · [1, 2] = [−2, 1]",
            "q2 = relu(q1) may have a kink inside q1 = [-2, 1]: the slopes on all sides are in its gradient.",
            "∂f/∂x = [0, 6]: f never falls as x grows",
            "∂f/∂y = [−0.1875, 1.5]: f may rise and fall as y grows",
            "∂f/∂z = [0, 1]: z is one number here, and this is the slope beside it",
        ],
    ),
    (
        "(x if x > 1 else 2) - y",
        {"x": "0..2", "y": "1..2"},
        [
            "q1 = x > 1 may hold or not ([0, 2] > 1)",
            "q2 = x if q1 else 2 may jump inside x = [0, 2], q1 = true or false: the slopes on all sides are in its "
            "gradient.",
        ],
    ),
    ("max(x, 3)", {"x": "1..2"}, ["Here 3 is the larger", "f is the same for every x"]),
    ("0 - x", {"x": "1..2"}, ["∂f/∂x = −1: f never rises as x grows"]),
]


def test_boxes_are_told_and_drawn() -> None:
    for text, boxes, lines in TOLD:
        words = [each for name, box in boxes.items() for each in (f"--{name}={box}",)]
        told = command("explain", text, *words)
        assert told.status == 0
        for line in lines:
            assert line in told.out, text
        assert "small" not in told.out.split("Gradient. ")[-1]
        assert EXPLANATION.is_valid(json.loads(command("explain", text, *words, "--json").out))
        korean = command("explain", text, *words, "--lang", "ko").out
        assert len(korean.splitlines()) == len(told.out.splitlines())
        assert not re.search("never|may (jump|have|rise)|lies", korean)
    wires = command("graph", "x*(1-x)", "--x", "0.25..0.5").out
    assert "q1 = 1 - x      [0.5, 0.75]" in wires
    assert "[−0.5, −0.25]" in command("graph", "x*(1-x)", "--x", "0.25..0.5", "--format", "dot").out
    nudged = command("explain", "x*2", "--x", "1..2", "--nudge", "0.1")
    assert (nudged.status, nudged.err.splitlines()[0]) == (2, "error: --nudge compares numbers, and here are boxes")
