"""What is too small for doubles on the way back: numbers that come of it are right, and a 0 that is none is told.

The oracle is SymPy's derivative of the same text, evaluated by mpmath, whose exponents have no limit.
"""

from __future__ import annotations

import math

import pytest

import backprop_cli
from backprop_cli import Trace, backprop
from backprop_cli.errors import MathError
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
    "x*y": (0, 3), "x*y*1e-320": (0, 0), "x**2": (0, 0), "cos(x)": (0, 0), "x**y": (0, 2), "floor(x)*y": (0.5, 1),
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
    assert caught.value.message.startswith("upstream × local = 1.0e+200 × 1e+300 overflows")
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
