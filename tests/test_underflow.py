"""What is too small for doubles: numbers that come of it are right, and one of which doubles have few digits is told.

The oracle is SymPy's derivative of the same text, or differences of it, evaluated by mpmath, whose exponents have no
limit.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Mapping, Sequence

import mpmath
import numpy as np
import pytest

import backprop_cli
from backprop_cli import Trace, backprop
from backprop_cli.errors import BackpropError, MathError
from backprop_cli.language.program import Program
from backprop_cli.passes import backpropagate as passes
from backprop_cli.passes.columns import ColumnPasses
from backprop_cli.passes.trace import Trace as PlainTrace
from backprop_cli.rules.op import Op
from backprop_cli.rules.table import TABLE
from backprop_cli.rules.zeros import zero
from support import oracle

CASES: dict[str, list[float]] = {
    "1e300*atan(exp(x))": [400, 372, 360, 355],
    "atan(exp(x))": [400],
    "1e300*exp(-x)": [800, 720, 1000],
    "1e300*sigmoid(x)": [-900, -745, -720],
    "1e300*erf(x)": [27, 30],
    "1e300/(1e200*x)/(1e200*x)*1e200": [3],
    "1e300*normcdf(x)": [-38.5, -39.5],
    "1e300*(x*1e-200)**2": [1e-10],
    "exp(700)*exp(-exp(x))": [6.7],
    "log(1 + 1e300*atan(exp(x))*1e-300)": [400],
    "1e250*x**y": [1e-200],
    "1e300*log10(x)": [1.5e308],
    "1e300*atan(x)": [1e155, 1e200],
    "1e-5 + 1e300*atan(exp(x)) - x": [400],
    "m(t) = atan(exp(t)); 1e300*m(x)": [400],
    "m(t) = atan(t); 1e300*m(exp(x))": [400],
}
"""Expressions in x, with y = 1.8, and points at which a factor of the chain is below the smallest normal double."""


def at(text: str, *numbers: float) -> dict[str, float]:
    return dict(zip(["x", "y"] if "y" in text else ["x"], numbers, strict=False))


def right(text: str, x: float) -> float:
    """∂/∂x, as SymPy derives it."""
    plain = text.replace("m(t) = atan(exp(t)); 1e300*m(x)", "1e300*atan(exp(x))")
    plain = plain.replace("m(t) = atan(t); 1e300*m(exp(x))", "1e300*atan(exp(x))")
    _, gradient = oracle.sympy_gradient(plain, at(plain, x, 1.8))
    return float(gradient["x"])


@pytest.mark.parametrize(("text", "x"), [(text, x) for text, xs in CASES.items() for x in xs])
def test_a_product_that_is_a_number_is_that_number(text: str, x: float) -> None:
    expected = right(text, x)
    trace = backprop(text, at(text, x, 1.8))
    assert trace.gradient["x"] == pytest.approx(expected, rel=1e-12, abs=5e-324)
    assert expected != 0
    # At many points, and over many gates, compiled code gives up where this may happen.
    assert backprop_cli.compile(text)(**at(text, x, 1.8)).gradient["x"] == trace.gradient["x"]


SILENT_ONCE = ["sigmoid(x)", "exp(-x*x)*x", "erf(x)*x + tanh(x*x)", "erf(x)**2"]


@pytest.mark.parametrize("text", SILENT_ONCE)
def test_a_gradient_that_underflows_is_told_once(text: str) -> None:
    warnings = backprop(text, {"x": -1000.0 if text == "sigmoid(x)" else 40.0}).warnings
    assert [notice.kind for notice in warnings] == ["underflow"]
    assert "which is 0 in doubles" in warnings[0].message


QUIET: dict[str, tuple[float, ...]] = {
    "x*y": (0, 3), "x*y*1e-300": (0, 0), "x**2": (0, 0), "cos(x)": (0, 0), "x**y": (0, 2), "floor(x)*y": (0.5, 1),
    "leaky_relu(x, y)": (-1, 0), "max(x, y)*1e-300": (1, 2), "relu(x)": (-1, 0), "hypot(x, y)": (0, 1),
    "atan2(x, y)": (1, 0), "x/y": (0, 5), "log(x)*y": (1, 3), "x**y + 0": (1, 4), "sinc(x)": (0, 0),
}  # fmt: skip


@pytest.mark.parametrize("text", QUIET)
def test_a_zero_is_no_underflow(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """And is known to be none without other numbers."""
    from backprop_cli.passes import underflow

    def never(*_: object) -> None:
        raise AssertionError("this is known to be 0")

    monkeypatch.setattr(underflow, "widely", never)
    trace: Trace = backprop(text, at(text, *QUIET[text]))
    assert [notice for notice in trace.warnings if notice.kind == "underflow"] == []


SECOND = {
    "1e300*atan(exp(x))": (400.0, -1.915e126),
    "1e300*atan(x)": (1e120, -2e-60),
    "1e300*exp(-x)": (800.0, 3.6678744e-48),
    "tanh(x)": (1e-17, -2e-17),
    "sigmoid(x)": (1e-20, -1.25e-21),
    "asin(x)": (1e-30, 1e-30),
}


@pytest.mark.parametrize("text", SECOND)
def test_second_derivatives_that_vanished(text: str) -> None:
    x, expected = SECOND[text]
    trace = backprop(text, {"x": x}, hessian=True)
    assert trace.hessian is not None
    assert trace.hessian["x"]["x"] == pytest.approx(expected, rel=1e-3)


def test_what_underflows_and_overflows_later_is_an_error() -> None:
    with pytest.raises(MathError) as caught:
        backprop("1e300*atan(1e200+1e300*(1e300*x))", x=0)  # 1e300·1e-400·1e600
    assert caught.value.message.startswith("upstream × local = 1e+200 × 1e+300 overflows")
    with pytest.raises(MathError) as caught:
        backprop("z**0.5 + z**y", z=5e-324, y=2, hessian=True)
    assert caught.value.message == "∂²f/∂z∂z = -2.27648e+484 overflows"


@pytest.mark.parametrize("op", [op for op in TABLE if not (op.truth or op.chooses)], ids=lambda op: op.call)
def test_a_zero_is_taken_for_one_by_its_form_alone(op: Op) -> None:
    """Whatever the form of a partial tells of its zeros holds where numbers have no smallest one."""
    from backprop_cli.arithmetic import FLOATS

    count = 2 if op.variadic else len(op.inputs)
    for slot in range(count):
        assert zero(op, slot).words is not None
        for inputs in ([1e-200] * count, [30.0] * count, [-40.0] * count, [1e200] * count):
            try:
                out = FLOATS.rule(op).value(*inputs)
                local = FLOATS.rule(op).partial(slot, inputs, out)
                is_zero = local == 0 and FLOATS.is_zero(op, slot, inputs, out)
                wide = [FLOATS.wide.given(each) for each in inputs]
                exact = FLOATS.wide.rule(op).partial(slot, wide, FLOATS.wide.rule(op).value(*wide))
            except (ArithmeticError, ValueError, MathError, TypeError):
                continue
            assert not is_zero or exact == 0 or math.isnan(exact)


# -- Digits that are lost before all of them are -----------------------------------------------------------------------

FEW_DIGITS = [
    "1e-200*(1.2345e-120*(1e300*x))",
    "x*1e-200*1.2345e-120*1e300",
    "1.2345e-320*x*1e300",
    "1e300*(1e-160*x)**2",
    "1e300*exp(-740*x)",
    "1e300*exp(-1000*x)",
    "1e-170*x/(1.2345e150*x)*1e300",
    "m(t) = 1.2345e-160*t; 1e300*m(m(x))",
    "max(1.2345e-200*x*1e-120, 1e-200*x*1e-120)*1e300",
    "prod(1.2345e-200*x, 1e-120, x)*1e300",
    "mean(1.2345e-200*x*1e-120, x*1e-320)*1e300",
    "hypot(1.2345e-200*x*1e-120, 1e-320)*1e300",
    "sigmoid(-740*x)*1e300",
]


def differences(text: str, point: Mapping[str, float]) -> tuple[mpmath.mpf, dict[str, mpmath.mpf]]:
    """The value, and the gradient by differences of 70 digits."""
    words = {name: getattr(mpmath, name) for name in ("exp", "tanh", "atan", "erfc", "hypot")}
    words |= {"sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)), "max": max, "mean": lambda *xs: mpmath.fsum(xs) / len(xs)}
    words |= {"prod": lambda *xs: mpmath.fprod(xs)}
    text = text.replace("m(t) = 1.2345e-160*t; 1e300*m(m(x))", "1e300*(1.2345e-160*(1.2345e-160*x))")
    code = compile(re.sub(r"\b\d+(?:\.\d+)?e-?\d+", lambda found: f"mpf('{found[0]}')", text), "text", "eval")

    def at(moved: Mapping[str, mpmath.mpf]) -> mpmath.mpf:
        found: mpmath.mpf = eval(code, {"mpf": mpmath.mpf, **words, **moved})
        return found

    with mpmath.workdps(70):
        exact, step = {name: mpmath.mpf(each) for name, each in point.items()}, mpmath.mpf(10) ** -22
        gradient = {
            name: (at({**exact, name: x * (1 + step)}) - at({**exact, name: x * (1 - step)})) / (2 * step * x)
            for name, x in exact.items()
        }
        return at(exact), gradient


def by_loops(text: str, point: Mapping[str, float], monkeypatch: pytest.MonkeyPatch) -> PlainTrace:
    with monkeypatch.context() as patched:
        patched.setattr(passes, "LARGE", 0)
        return passes.backpropagate(Program(text).graph(), point)


def told(trace: PlainTrace) -> list[str]:
    return [notice.message for notice in trace.warnings if notice.kind == "underflow"]


def agree(text: str, point: Mapping[str, float], trace: PlainTrace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loops and lines give what the careful passes do; columns do so too, or leave the row to them."""
    found = backprop_cli.compile(text)(**point)
    assert (found.value, found.gradient) == (trace.value, trace.gradient)
    loops = by_loops(text, point, monkeypatch)
    assert (loops.value, loops.gradient) == (trace.value, trace.gradient)
    if told(loops) != told(trace):  # parts of a sum that is 0 or large are looked at by the careful passes alone
        assert not told(loops)
        assert all(each == 0 or abs(each) >= 2.0**-1022 for each in (trace.value, *trace.gradient.values()))
    graph = Program(text).graph()
    wanted = [trace.value, *(trace.gradient[graph.nodes.names[i]] for i in graph.nodes.variables)]
    for rows in (1, 70):  # row by row, and recorded
        columns = ColumnPasses(graph, {}, [*graph.nodes.variables])
        numbers, unusual = columns.at({name: np.full(rows, each) for name, each in point.items()}, rows)
        if not unusual[-1]:
            assert [float(each[-1]) for each in numbers] == pytest.approx(wanted, rel=1e-14, abs=0)
            assert not told(trace)


@pytest.mark.parametrize("text", FEW_DIGITS)
def test_digits_that_doubles_have_not_go_on(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    point = {"x": 1.0}
    value, gradient = differences(text, point)
    trace = backprop(text, point)
    assert trace.value == pytest.approx(float(value), rel=1e-12, abs=0)
    assert trace.gradient["x"] == pytest.approx(float(gradient["x"]), rel=1e-12, abs=0)
    assert len(told(trace)) == 1
    agree(text, point, trace, monkeypatch)


@pytest.mark.parametrize(
    "text",
    ["x*2**-1030", "x*2**-600*2**-470*2**300", "2**-300*(2**-740*(2**1000*x))", "(2**-520*x)**2", "tanh(2**-1070*x)"],
)
def test_a_small_number_with_all_its_digits_says_nothing(text: str) -> None:
    assert told(backprop(text, x=1)) == []
    assert told(backprop("x*y", x=2.0**-1060, y=1)) == []


def test_a_constant_may_be_made_of_numbers_of_any_size() -> None:
    trace = backprop("1.2345e-400*1e200*x*1e200", x=1)
    assert trace.value == trace.gradient["x"] == pytest.approx(1.2345, rel=1e-15)
    assert told(trace) == []
    assert backprop_cli.compile("1.2345e-400*1e200*x*1e200")(x=1.0).value == trace.value


def test_a_value_below_the_doubles_is_what_was_typed() -> None:
    trace = backprop("1e300*(1e300*x*x)", x="1.2345e-320")
    assert trace.value == pytest.approx(1.2345**2 * 1e-40, rel=1e-12)
    assert backprop("x*1e300", x="1e-400").value == pytest.approx(1e-100)
    assert told(backprop("x*1e300", x="1e-400")) == [
        "x underflows: its value is 1e-400, which is 0 in doubles; eval --precision 20 shows it"
    ]
    assert backprop("x*1e300", x=5e-324).value == 5e-324 * 1e300  # a double is what it is


def test_second_derivatives_have_their_digits() -> None:
    trace = backprop("1e300*(1.2345e-160*x)**2", x=1, hessian=True)
    assert trace.hessian is not None
    assert trace.hessian["x"]["x"] == pytest.approx(2 * 1.2345**2 * 1e-20, rel=1e-12)
    small = backprop("1e-160*x*x*y", x=1e-160, y=1.2345, hessian=True)
    assert small.hessian is not None
    assert len(told(small)) == 1


ARRAYS: dict[str, dict[str, object]] = {
    "sum(x*y)*1e300": {"x": [1e-200, 1], "y": [1.2345e-120, 0]},
    "sum(A@x)*1e300": {"A": [[1e-200, 0], [1e-10, 1]], "x": [1.2345e-120, 0]},
    "sum(exp(x))*1e300": {"x": [-740.0, 0]},
    "sum(1e-200*(1.2345e-120*(1e300*x)))": {"x": [1, 2]},
    "sum(softmax(x)*y)*1e300": {"x": [0.0, -740], "y": [0, 1]},
    "sum(x*1.2345e-320)": {"x": [1, 2]},
    "1e300*(1e-200*sum(x)*1.2345e-120)": {"x": [1, 2]},
    "prod(x)*1e300": {"x": [1e-200, 1.2345e-120]},
}


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("text", ARRAYS)
def test_entries_that_lose_digits_are_told(text: str, many: bool) -> None:
    point = {name: np.array(each, dtype=float) for name, each in ARRAYS[text].items()}
    if many and "prod" not in text:
        more = -1.0 if "softmax" in text else 0.0
        point = {
            name: np.pad(each, [(0, 0)] * (each.ndim - 1) + [(0, 3_000)], constant_values=more if name == "x" else 0.0)
            for name, each in point.items()
        }
    assert len(told(backprop(text, point))) == 1


def test_entries_with_all_their_digits_say_nothing() -> None:
    x = np.array([2.0**-520, 1.0, 0.0])
    assert told(backprop("sum(x*x*2**-20)", x=x)) == []
    assert told(backprop("sum(x*y)", x=x, y=np.array([2.0**-530, 0.0, 1e-300]))) == []


def expression(chance: random.Random, depth: int) -> str:
    """Products, quotients, sums and functions, with factors all over the range of the doubles."""
    if depth == 0:
        return chance.choice("xyz")

    def number() -> str:
        return f"{chance.uniform(1, 10):.4f}e{chance.randint(-300, 300)}"

    def below() -> str:
        return expression(chance, depth - 1)

    other = expression(chance, chance.randint(0, depth - 1))
    kind = chance.random()
    if kind < 0.42:
        return f"{number()}*({below()})" if chance.random() < 0.6 else f"({below()})*{number()}"
    for most, sign in ((0.6, "*"), (0.68, "/"), (0.76, "+")):
        if kind < most:
            return f"({below()}){sign}({other})"
    if kind < 0.84:
        return f"({below()})**2"
    return f"{chance.choice(['tanh', 'atan', 'sigmoid', 'exp', 'erfc'])}({below()})"


def random_point(chance: random.Random, text: str) -> dict[str, float]:
    names = sorted({*re.findall(r"\b[xyz]\b", text)})
    spans = chance.choices([1, 1, 100, 300], k=len(names))
    return {
        name: chance.uniform(1, 10) * chance.choice([-1, 1]) * 10.0 ** chance.randint(-span, span)
        for name, span in zip(names, spans, strict=True)
    }


def check_at_random(seeds: Sequence[int], monkeypatch: pytest.MonkeyPatch) -> None:
    ran = 0
    for seed in seeds:
        chance = random.Random(seed)
        text = expression(chance, chance.randint(2, 5))
        point = random_point(chance, text)
        try:
            value, gradient = differences(text, point)
            trace = backprop(text, point)
        except (BackpropError, ArithmeticError, ValueError):
            continue
        ran += 1
        hardly = 1e-12 * abs(value)
        for number, right, is_told_apart in [
            (trace.value, value, True),
            *((trace.gradient[name], gradient[name], abs(gradient[name] * point[name]) > hardly) for name in point),
        ]:
            if (
                is_told_apart
                and abs(mpmath.mpf(number) - right) > 1e-11 * abs(right)
                and abs(right) > mpmath.mpf("1e-400")
            ):
                assert told(trace), (seed, text, point)
                assert abs(number) < 2.3e-308, (seed, text, point)
        agree(text, point, trace, monkeypatch)
    assert ran > len(seeds) // 2


def test_random_expressions_near_the_ends_of_the_doubles(monkeypatch: pytest.MonkeyPatch) -> None:
    check_at_random(range(30), monkeypatch)


@pytest.mark.slow
def test_many_random_expressions_near_the_ends_of_the_doubles(monkeypatch: pytest.MonkeyPatch) -> None:
    check_at_random(range(30, 900), monkeypatch)
