"""Thousands of digits of gamma, lgamma, digamma and their slopes.

The oracles: mpmath at somewhat more than 1,000 digits; closed forms and functional equations at 10,000.
"""

from __future__ import annotations

import math
import subprocess
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import mpmath
import numpy as np
import pytest

from backprop_cli import backprop
from backprop_cli.arithmetic.digamma import digamma, trigamma
from backprop_cli.errors import MathError
from support import oracle
from support.command import PATIENCE, bounded, command
from support.digits import roundings, shown
from support.hostile import hang_guard
from support.suites import thinned

KIN = {
    "gamma": (mpmath.gamma, lambda x: mpmath.gamma(x) * mpmath.digamma(x)),
    "lgamma": (lambda x: mpmath.log(abs(mpmath.gamma(x))), mpmath.digamma),
    "digamma": (mpmath.digamma, lambda x: mpmath.psi(1, x)),
}
"""Each function and its derivative, as mpmath has them."""


def assert_digits(got: str, expected: mpmath.mpf, digits: int) -> None:
    """As Decimals: reading so many digits back is beyond what Python lets int() do."""
    assert Decimal(got) in roundings(mpmath.nstr(expected, digits + 20), digits)


# -- Against mpmath ------------------------------------------------------------------------------------------------

POINTS = [
    *("1/3", "5/2", "3", "1e5 + 1/7", "1e9 + 1/3", "1e-400", "-1e-400", "-0.5", "-7.3", "-19.9", "-20.1"),
    *("-1e3 + -1/7", "-41 + -1e-30", "2 + 1e-30"),  # beside a pole, and beside a zero of lgamma
    *("1.46163214496836234126265954233", "-2.457024738220800"),  # zeros, all but
]


@pytest.mark.slow
@pytest.mark.parametrize("x", thinned(POINTS, 3))
@pytest.mark.parametrize("function", KIN)
def test_mpmath_agrees(function: str, x: str) -> None:
    digits = 1_001
    trace = backprop(f"{function}(x)", x=x, precision=digits)
    with mpmath.workdps(digits + 100):  # a digit is lost for each digit that the pole or the zero is away
        exact = oracle.exact(sum(map(Fraction, x.split(" + "))))
        for got, expected in zip((trace.value, trace.gradient["x"]), KIN[function], strict=True):
            assert_digits(shown(trace, got), expected(exact), digits)


# -- Ten thousand digits -------------------------------------------------------------------------------------------

CLOSED: list[tuple[str, str, Callable[[], mpmath.mpf]]] = [
    ("gamma(x)", "1/2", lambda: mpmath.sqrt(mpmath.pi)),
    ("gamma(x)", "-5/2", lambda: -8 * mpmath.sqrt(mpmath.pi) / 15),
    ("gamma(x)", "1001", lambda: mpmath.mpf(mpmath.fac(1000))),
    ("lgamma(x)", "1/2", lambda: mpmath.log(mpmath.pi) / 2),
    ("lgamma(x)", "-5/2", lambda: mpmath.log(8 * mpmath.sqrt(mpmath.pi) / 15)),
    ("digamma(x)", "1/2", lambda: -mpmath.euler - 2 * mpmath.log(2)),
    ("digamma(x)", "1/3", lambda: -mpmath.euler - mpmath.pi / mpmath.sqrt(12) - 3 * mpmath.log(3) / 2),
    ("gamma(x)*gamma(1 - x)", "1/3", lambda: 2 * mpmath.pi / mpmath.sqrt(3)),
    ("gamma(x)*gamma(x + 1/2)/gamma(2*x)", "-7.25", lambda: mpmath.sqrt(2 * mpmath.pi) * 2**15),
    ("digamma(1 - x) - digamma(x)", "-7.25", lambda: -mpmath.pi),
]  # fmt: skip
"""Values."""

SLOPES: list[tuple[str, str, Callable[[], mpmath.mpf]]] = [
    ("gamma(x)", "1", lambda: -mpmath.euler),
    ("lgamma(x)", "1/2", lambda: -mpmath.euler - 2 * mpmath.log(2)),
    ("digamma(x)", "1/2", lambda: mpmath.pi**2 / 2),
    ("digamma(x)", "1/4", lambda: mpmath.pi**2 + 8 * mpmath.catalan),
    ("digamma(x)", "-3/2", lambda: mpmath.pi**2 / 2 + 4 + mpmath.mpf(4) / 9),
]


@pytest.mark.slow
@pytest.mark.parametrize(("expression", "x", "expected"), thinned(CLOSED, 3), ids=[f"{e} {x}" for e, x, _ in CLOSED])
def test_closed_forms(expression: str, x: str, expected: Callable[[], mpmath.mpf]) -> None:
    with hang_guard(20):
        trace = backprop(expression, x=x, precision=10_000)
    with mpmath.workdps(10_050):
        assert_digits(shown(trace, trace.value), expected(), 10_000)


@pytest.mark.slow
@pytest.mark.parametrize(("expression", "x", "expected"), SLOPES, ids=[f"{e} {x}" for e, x, _ in SLOPES])
def test_closed_forms_of_slopes(expression: str, x: str, expected: Callable[[], mpmath.mpf]) -> None:
    with hang_guard(20):
        trace = backprop(expression, x=x, precision=10_000)
    with mpmath.workdps(10_050):
        assert_digits(shown(trace, trace.gradient["x"]), expected(), 10_000)


# -- Second derivatives --------------------------------------------------------------------------------------------


def test_second_derivatives() -> None:
    digits = 2_000
    with hang_guard(10):
        trace = backprop("gamma(x)*y + digamma(x)", x="1/2", y="3", precision=digits, hessian=True)
    assert trace.hessian is not None
    with mpmath.workdps(digits + 50):
        root, psi = mpmath.sqrt(mpmath.pi), -mpmath.euler - 2 * mpmath.log(2)
        assert_digits(shown(trace, trace.hessian["x"]["y"]), root * psi, digits)
        expected = 3 * root * (psi**2 + mpmath.pi**2 / 2) - 14 * mpmath.zeta(3)
        assert_digits(shown(trace, trace.hessian["x"]["x"]), expected, digits)
    assert shown(trace, trace.hessian["y"]["y"]) == "0"


# -- Hostile arguments ---------------------------------------------------------------------------------------------

HOSTILE = ["1e300", "-1e300 - 1/2", "1e100", "-1e100 - 1/3", "-1e15 - 1/3", "1e-1000000", "-1e-4000"]
HOSTILE += ["-3 + 1e-1500", "-3 - 1e-3990", "2 + 1e-3900", "1e30 - 1e-30"]


@pytest.mark.slow
@pytest.mark.parametrize("x", HOSTILE)
@pytest.mark.parametrize("function", KIN)
def test_no_argument_hangs(function: str, x: str) -> None:
    # In a process of its own, because what FLINT does cannot be interrupted. On a free machine, 3 seconds.
    words = [f"{function}(x)", f"--x={x}", "--precision=4000", "--hessian", "--json"]
    result = subprocess.run(
        bounded(20, command("eval", *words)), capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert result.returncode in (0, 1), result.stderr
    assert result.stdout if result.returncode == 0 else result.stderr.startswith("error: ")


@pytest.mark.parametrize("x", ["0", "-1", "-1e30"])
@pytest.mark.parametrize("function", KIN)
def test_poles_are_those_of_fewer_digits(function: str, x: str) -> None:
    with pytest.raises(MathError) as few:
        backprop(f"{function}(x)", x=x, precision=50)
    with pytest.raises(MathError) as many:
        backprop(f"{function}(x)", x=x, precision=2_000)
    assert str(many.value) == str(few.value)


def test_digamma_of_arrays_is_right_to_two_ulp_or_left_to_that_of_numbers() -> None:
    """Over the recurrence and the series, around the zero, and beyond the domain."""
    random = np.random.default_rng(0)
    parts = [random.uniform(0, 17, 300), 10 ** random.uniform(-300, 300, 50), random.uniform(1.3, 1.6, 50)]
    xs = np.concatenate([*parts, np.arange(1, 40) / 2, np.nextafter(np.arange(1.0, 18), 0)])
    for order, function in enumerate((digamma, trigamma)):
        for x, value in zip(xs.tolist(), function(xs).tolist(), strict=True):
            with mpmath.workprec(200):
                exact = mpmath.psi(order, x)
                is_right = math.isfinite(value) and abs(value - exact) < 2 * math.ulp(value)
                assert is_right or (not math.isfinite(value) and not 0.07 < abs(exact) < 1e300), (order, x)
        assert not np.isfinite(function(np.array([0.0, -0.5, -1.0, np.nan, 5e-324]))).any()
    x = np.array([[0.5, 1.45], [-0.5, 1e300]])
    slopes = backprop("sum(lgamma(x) + digamma(x))", x=x).gradient["x"]
    expected = [[backprop("lgamma(x) + digamma(x)", x=each).gradient["x"] for each in row] for row in x.tolist()]
    np.testing.assert_allclose(slopes, expected, rtol=1e-15)
