"""Rows with an order, which has no gradient: polygamma(n, x), besselj(n, x)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import mpmath
import pytest

from backprop_cli import backprop
from backprop_cli.arithmetic.system import MAX_ORDER
from backprop_cli.errors import MathError
from support import emitted
from support.command import run
from support.emitted import Case
from support.rows import WITH_ORDER

ORDERS = [0, 1, 2, 5]
POINTS = ["1e-30", "0.3", "1", "1.4616", "7.25", "1e8", "1e60", "-0.5", "-2.75", "-30.3"]
BESIDE = ["0.3", "1", "2.4048255576957724", "7.25", "40", "-2.75"]


def _bessel(function: Callable[..., Any], plus: int, outer: int = 1) -> Callable[..., Any]:
    """A Bessel function's derivatives, by DLMF 10.6.7 and 10.29.5. plus, outer: signs."""

    def derived(n: float, x: Any, derivative: int) -> Any:
        terms = (
            mpmath.binomial(derivative, k) * plus**k * mpmath.re(function(n - derivative + 2 * k, x))
            for k in range(derivative + 1)
        )
        return (mpmath.mpf(outer) / 2) ** derivative * sum(terms)

    return derived


MEANT: dict[str, tuple[Callable[..., Any], Sequence[tuple[float, str]]]] = {
    "polygamma": (
        lambda n, x, derivative: mpmath.psi(n + derivative, x),
        [(n, x) for n in ORDERS for x in POINTS if -1e300 < mpmath.psi(n + 2, mpmath.mpf(x)) < 1e300],
    ),
    "zetaderiv": (
        lambda n, x, derivative: mpmath.zeta(x, 1, n + derivative),
        [(n, x) for n in (0, 1, 3) for x in ("2", "0.3", "7.25", "40")],
    ),
    "besselj": (_bessel(mpmath.besselj, -1), [(n, x) for n in (0, 1, 5, -2) for x in (*BESIDE, "1e-30")]),
    "besseli": (_bessel(mpmath.besseli, 1), [(n, x) for n in (0, 5, -2) for x in BESIDE[::2]]),
    "bessely": (_bessel(mpmath.bessely, -1), [(0.5, x) for x in BESIDE[:-1]] + [(1, "7.25")]),
    "besselk": (_bessel(mpmath.besselk, 1, -1), [(2.5, x) for x in BESIDE[:-1]] + [(0, "7.25")]),
}
"""The functions and their derivatives, in mpmath, and where they are tried."""


def test_each_row_with_an_order_is_tried() -> None:
    assert {op.name for op in WITH_ORDER} == {*MEANT}


def exact(name: str, n: float, x: str | float, derivative: int = 0) -> mpmath.mpf:
    """The function or a derivative of it: of polygamma that is the next one."""
    with mpmath.workdps(120):
        return +MEANT[name][0](n, mpmath.mpf(x), derivative)


@pytest.mark.parametrize("name", MEANT)
def test_values_and_gradients_in_doubles(name: str) -> None:
    for n, x in MEANT[name][1]:
        trace = backprop(f"{name}({n}, x)", {"x": float(x)})
        at = float(x)
        assert trace.value == pytest.approx(float(exact(name, n, at)), rel=4e-16), (n, x)
        assert trace.gradient["x"] == pytest.approx(float(exact(name, n, at, 1)), rel=4e-16), (n, x)


@pytest.mark.parametrize("name", MEANT)
def test_fifty_digits_and_second_derivatives(name: str) -> None:
    for n, x in MEANT[name][1][::3]:
        trace = backprop(f"{name}({n}, x)", {"x": x}, precision=50, hessian=True)
        assert trace.hessian is not None
        found = trace.value, trace.gradient["x"], trace.hessian["x"]["x"]
        for derivative, each in enumerate(found):
            with mpmath.workdps(60):
                shown = mpmath.mpf(trace.arithmetic.exactly(each))
                assert abs(shown / exact(name, n, x, derivative) - 1) < mpmath.mpf("1e-49"), (n, x, derivative)


def test_far_below_0_by_reflection() -> None:
    for n in (3, 6, 40):
        trace = backprop(f"polygamma({n}, x)", {"x": -1e8 - 0.25})
        with mpmath.workdps(60):
            slope = mpmath.diff(lambda x: mpmath.pi * mpmath.cot(mpmath.pi * x), mpmath.mpf(-0.25), n)
            expected = (-1) ** n * mpmath.psi(n, mpmath.mpf(1e8) + 1.25) - slope
        assert trace.value == pytest.approx(float(expected), rel=1e-14)


@pytest.mark.parametrize("name", MEANT)
def test_an_order_has_no_gradient(name: str) -> None:
    assert backprop(f"{name}(n, x)", {"n": 2, "x": 1.5}, wrt=["x"]).gradient.keys() == {"x"}
    with pytest.raises(MathError, match=r"∂f/∂n does not exist at n = 2, x = 1.5"):
        backprop(f"{name}(n, x)", {"n": 2, "x": 1.5})
    for order in ("0.5", "-1", "1e-9", "1e200", str(MAX_ORDER + 1)):
        is_any = "bessel" in name and abs(float(order)) < MAX_ORDER
        for digits in () if is_any else (None, 20):
            with pytest.raises(MathError, match=r"needs .*\bn\b.* 1000"):
                backprop(f"{name}(n, x)", {"n": order, "x": "1.5"}, wrt=["x"], precision=digits)


def test_where_there_is_no_value() -> None:
    for text in ("polygamma(1, -2)", "zetaderiv(2, 1)", "bessely(0, 0)", "besselk(1, -3)", "besselj(1/2, -1)"):
        with pytest.raises(MathError, match=r"no (finite|real) value"):
            backprop(f"{text}*x", {"x": 1})


def test_formulas_and_exact_numbers() -> None:
    data = json.loads(run("derive", "polygamma(2, x**2)", "--json").out)
    assert data["simplified"] == {"x": "2*x*polygamma(3, x**2)"}
    assert run("eval", "polygamma(1, x)", "--x", "1", "--exact", "--get", "value").out == "pi**2/6\n"
    assert run("check", "polygamma(3, x)*x", "--x", "0.7").status == 0


CASES = [
    *(Case(f"polygamma({n}, x)*y", emitted.point(x=x, y="2")) for n in (0, 1, 2, 4) for x in ("0.3", "12.5", "-2.75")),
    Case("polygamma(1, polygamma(2, x))", emitted.point(x="-1.4")),
]


def test_programs() -> None:
    assert emitted.differences(CASES, emitted.run_python([emitted.program(case, "python") for case in CASES])) == []


@pytest.mark.slow
def test_programs_in_c_and_javascript(tmp_path: Path) -> None:
    c = emitted.run_c([emitted.program(case, "c") for case in CASES], tmp_path)
    assert emitted.differences(CASES, c) == []
    javascript = emitted.run_javascript([emitted.program(case, "javascript") for case in CASES])
    assert emitted.differences(CASES, javascript) == []
