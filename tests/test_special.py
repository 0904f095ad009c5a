"""Special functions: value, slope and curvature against mpmath, in doubles and to fifty digits."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import mpmath
import pytest

from backprop_cli import backprop
from backprop_cli.errors import MathError
from backprop_cli.rules.table import TABLE
from support.command import run
from support.rows import SPECIAL

CASES: dict[str, tuple[Callable[..., Any], list[str]]] = {
    "polygamma(2, x)": (lambda x: mpmath.psi(2, x), ["0.3", "1.5", "40", "-0.5"]),
    "beta(x, 2.5)": (lambda x: mpmath.beta(x, mpmath.mpf("2.5")), ["0.3", "1.5", "40"]),
    "lbeta(x, 2.5)": (lambda x: mpmath.log(mpmath.beta(x, mpmath.mpf("2.5"))), ["0.3", "1.5", "40"]),
    "besselj(0, x)": (lambda x: mpmath.besselj(0, x), ["0", "0.3", "2.4048255576957724", "-7", "100"]),
    "besselj(2, x)": (lambda x: mpmath.besselj(2, x), ["1e-5", "0.3", "7"]),
    "bessely(1, x)": (lambda x: mpmath.bessely(1, x), ["1e-5", "0.3", "7"]),
    "besseli(1, x)": (lambda x: mpmath.besseli(1, x), ["1e-5", "0.3", "-7", "100"]),
    "besselk(1, x)": (lambda x: mpmath.besselk(1, x), ["1e-5", "0.3", "7", "100"]),
    "airyai(x)": (mpmath.airyai, ["0", "1", "-3", "20"]),
    "airyaiprime(x)": (lambda x: mpmath.airyai(x, derivative=1), ["0", "1", "-3"]),
    "lambertw(x)": (lambda x: mpmath.lambertw(x).real, ["0", "1", "-0.36", "1e10"]),
    "erfinv(x)": (mpmath.erfinv, ["0", "0.5", "-0.999"]),
    "erfcinv(x)": (lambda x: mpmath.erfinv(1 - x), ["0.01", "1", "1.9"]),
    "normppf(x)": (lambda x: mpmath.sqrt(2) * mpmath.erfinv(2 * x - 1), ["0.01", "0.5", "0.975"]),
    "erfcx(x)": (lambda x: mpmath.exp(x * x) * mpmath.erfc(x), ["0", "-2", "3", "1000"]),
    "lognormcdf(x)": (lambda x: mpmath.log(mpmath.ncdf(x)), ["0", "-3", "-30", "3"]),
}


def test_each_has_a_case() -> None:
    assert {text.partition("(")[0] for text in CASES} == set(SPECIAL)


@pytest.mark.parametrize("text", CASES)
def test_value_slope_and_curvature(text: str) -> None:
    function, points = CASES[text]
    for at in points:
        with mpmath.workdps(70):
            x = mpmath.mpf(float(at))
            expected = [function(x), *(mpmath.diff(function, x, order) for order in (1, 2))]
        trace = backprop(text, x=float(at), hessian=True)
        assert trace.hessian is not None
        got = [trace.value, trace.gradient["x"], trace.hessian["x"]["x"]]
        assert got[:2] == pytest.approx([float(each) for each in expected[:2]], rel=4e-16, abs=1e-300), at
        assert got[2] == pytest.approx(float(expected[2]), rel=1e-9, abs=1e-30), at


@pytest.mark.parametrize("text", CASES)
def test_fifty_digits(text: str) -> None:
    function, points = CASES[text]
    with mpmath.workdps(70):
        x = mpmath.mpf(points[1])
        value, slope = function(x), mpmath.diff(function, x)
        trace = backprop(text, x=points[1], precision=50)
        shown = [trace.arithmetic.exactly(each) for each in (trace.value, trace.gradient["x"])]
        for text_, each in zip(shown, (value, slope), strict=True):
            assert abs(mpmath.mpf(text_) - each) <= abs(each) * mpmath.mpf(10) ** -49


@pytest.mark.parametrize("name", ["polygamma", "besselj", "bessely", "besseli", "besselk"])
def test_an_order_has_no_gradient(name: str) -> None:
    with pytest.raises(MathError, match="does not exist"):
        backprop(f"{name}(n, x)", n=1, x=2)
    assert backprop(f"{name}(n, x)", n=1, x=2, wrt=["x"]).gradient.keys() == {"x"}


def test_a_broken_order_of_polygamma_is_none() -> None:
    with pytest.raises(MathError):
        backprop("polygamma(1.5, x)", x=2)


@pytest.mark.parametrize("name", SPECIAL)
def test_what_derive_prints_is_read(name: str) -> None:
    row = next(op for op in TABLE if op.name == name)
    text = row.written(["1", "x"][-len(row.inputs) :] if name not in ("beta", "lbeta") else ["x", "2"])
    derived = json.loads(run("derive", text, "--json").out)
    again = backprop(derived["gradient"]["x"], x=0.5, wrt=[])
    assert again.value == pytest.approx(backprop(text, x=0.5).gradient["x"], rel=1e-13)
