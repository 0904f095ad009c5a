"""Special functions whose numbers are FLINT's: at the ends of their domains, far out, exactly, and as programs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import mpmath
import pytest

from backprop_cli import backprop
from backprop_cli.errors import MathError
from support import emitted
from support.command import run
from support.emitted import Case

REFUSED = {
    "erfinv(x)": (["1", "-1", "1.5"], "−1 < x < 1"),
    "erfcinv(x)": (["0", "2", "-3"], "0 < x < 2"),
    "normppf(x)": (["0", "1", "1.2"], "0 < x < 1"),
    "lambertw(x)": (["-0.36787944117144233", "-1", "-1e300"], "x ≥ −1/e, which no double is"),
    "zeta(x)": (["1"], "x ≠ 1"),
    "y0(x)": (["0", "-1"], "x > 0"),
    "k1(x)": (["0", "-1e-300"], "x > 0"),
    "besselj(0.5, x)": (["-1"], "n whole"),
    "beta(x, 0.5)": (["0", "-2"], "x and 0.5 not 0|x and y not 0"),
    "lbeta(x, 0.5)": (["0", "-0.5"], "x \\+ y"),
}
"""Where there is no value, and what is said."""

BEYOND = ["besseli(0, x) 800", "erfcx(x) -30", "lognormcdf(x) -1e200", "zeta(x) -301.5", "bessely(3, x) 1e-200"]
VALUES = {
    ("besselj(2, x)", "1e308"): 2.470656412079014e-155,
    ("airyai(x)", "1e308"): 0.0,
    ("erfcx(x)", "1e308"): 5.641895835477563e-309,
    ("lognormcdf(x)", "-1e10"): -5e19,
    ("lognormcdf(x)", "40"): -0.0,
    ("lambertw(x)", "1e-320"): 1e-320,
    ("lambertw(x)", "-0.3678794411714423"): -0.9999999846957462,
    ("normppf(x)", "1e-320"): -38.26912505232067,
    ("zeta(x)", "-2"): 0.0,
    ("beta(x, 0.5)", "-0.5"): 0.0,
    ("lbeta(x, 1e-308)", "1e308"): 709.1962086421661,
}
EXACTLY = {
    ("zeta(x)", "2"): "pi**2/6",
    ("lambertw(x)", "0"): "0",
    ("beta(x, 3)", "2"): "1/12",
    ("besselj(0, x)", "0"): "1",
    ("normppf(x)", "1/2"): "0",
}


def test_ends_of_domains() -> None:
    for text, (points, domain) in REFUSED.items():
        for x in points:
            for digits in (None, 20):
                with pytest.raises(MathError, match=rf"no (finite|real) value[^|]*needs .*({domain})"):
                    backprop(text, x=x, precision=digits)


def test_what_is_beyond_doubles() -> None:
    for each in BEYOND:
        text, x = each.rsplit(" ", 1)
        with pytest.raises(MathError, match="overflows"):
            backprop(text, x=x)


def test_values_far_out() -> None:
    for (text, x), value in VALUES.items():
        assert backprop(text, x=x, wrt=[]).value == pytest.approx(value, rel=4e-15, abs=0), (text, x)


def test_exact_values() -> None:
    for (text, x), value in EXACTLY.items():
        assert run("eval", text, "--x", x, "--exact", "--get", "value").out == f"{value}\n"


def test_beta_where_its_sum_is_a_pole() -> None:
    trace = backprop("beta(x, y)", x=0.5, y=-1.5, hessian=True)
    digits = backprop("beta(x, y)", x="0.5", y="-1.5", precision=30, hessian=True)
    assert trace.hessian is not None
    assert digits.hessian is not None
    beside = [backprop("beta(x, y)", x=0.5 + step, y=-1.5, precision=40).gradient["x"] for step in (-1e-9, 1e-9)]
    assert trace.gradient["x"] == pytest.approx(float(sum(beside, 0) / 2), rel=1e-12)
    assert trace.hessian["x"]["x"] == pytest.approx(float(beside[1] - beside[0]) / 2e-9, rel=1e-6)
    for one in "xy":
        assert trace.gradient[one] == pytest.approx(float(digits.gradient[one]), rel=1e-14)
        for other in "xy":
            assert trace.hessian[one][other] == pytest.approx(float(digits.hessian[one][other]), rel=1e-12)


def test_slopes_of_lambertw_beside_its_branch_point() -> None:
    for x in (-0.3678794411714423, -0.36787944117, -0.3678794, -0.36, 2.0):
        trace = backprop("lambertw(x)", x=x, hessian=True)
        with mpmath.workdps(60):
            w = mpmath.lambertw(x).real
            slopes = mpmath.exp(-w) / (1 + w), -mpmath.exp(-2 * w) * (w + 2) / (1 + w) ** 3
        assert trace.hessian is not None
        assert (trace.gradient["x"], trace.hessian["x"]["x"]) == pytest.approx([*map(float, slopes)], rel=4e-15)


PROGRAMS = {
    "erfcx(x)*y": "-3 0.4 8 1e8",
    "lognormcdf(x)*y": "-30 0.4 8",
    "erfinv(x)*erfcinv(y - 1.75)": "0.3 -0.999999 1e-9",
    "erfcinv(x)*y": "1e-300 0.5 1.0000001 1.99999",
    "normppf(x)*y": "0.2 1e-100 0.999",
    "beta(x, y) + lbeta(y, x)": "1.5 -0.4 -2.75 40 300 1e-150 -1.999999999 -2.2e-16",
    "beta(x, y/4)": "-0.5 -1.5 0.5000000001 -0.4999999999 -3.75 -3.7499999 2e5",
    "beta(x, y/2000)": "72004899337.38588 1e-9 -0.7",
    "lbeta(x, y*0.5000000001)": "1 1.0000000002 -2.3",
    "polygamma(2, x) + polygamma(5, x)/y": "-100000000.3 -170.5 -0.5",
    "lgamma(x)*y": "1.0000000001 1.99999999 2.0001 -0.2",
    "zeta(x)*zeta(y)": "3 0.5 1.001 -1.5 -20.5",
    "lambertw(x)*y": "-0.3678794411714423 -0.36787944 -0.3678 -0.2 1e-20 1 1e300",
    "airyai(x)*airyaiprime(y)": "-30 -9 -0.2 0.7 3 60",
    "besselj(2, x)*besselj(7, y)": "0.3 40 1e-7 2e4 -2",
    "bessely(1, x)*bessely(-3, y)": "0.3 40 700 2e4",
    "besseli(0, x)*besseli(-2.5, y)": "0.3 40",
    "besselk(1, x)*besselk(2.5, y)": "0.3 1e-7 600",
    "j0(x)*j1(y) + y0(x)*y1(y) + i0(x)*i1(y) + k0(x)*k1(y)": "1.25",
    "n = 3; besselj(n, x)*y": "2",
}
"""Expressions at values of x, with y = 2."""
CASES = [Case(text, emitted.point(x=x, y="2")) for text, points in PROGRAMS.items() for x in points.split()]


def test_programs(tmp_path: Path) -> None:
    runners: dict[str, Callable[[Sequence[str]], list[str]]] = {
        "python": emitted.run_python,
        "numpy": emitted.run_python,
        "javascript": emitted.run_javascript,
        "c": lambda sources: emitted.run_c(sources, tmp_path),
    }
    for language, execute in runners.items():
        assert emitted.differences(CASES, execute([emitted.program(case, language) for case in CASES])) == []


NO_WORDS = {
    ("besselj(1/2, x)", "c"): ("besselj of order 0.5", "--to python, numpy, torch or jax has it"),
    ("n = 1/2; bessely(n, x)", "javascript"): ("bessely of order 0.5", "--to python, numpy, torch or jax has it"),
    ("zetaderiv(2, x)", "c"): ("zetaderiv of order 2", "--to python or numpy has it"),
}


def test_a_program_that_has_no_such_function_is_refused() -> None:
    for (text, language), (lacking, hint) in NO_WORDS.items():
        for values in ((), ("--x", "2", "--wrt", "x")):
            result = run("code", text, *values, "--to", language)
            first, *_, last = result.err.splitlines()
            assert (result.status, last) == (2, f"hint: {hint}"), text
            assert first.startswith(f"error: --to {language} has no {lacking}, which f = "), text
    assert "order 0.5" in run("code", "besselj(n, x)", "--n", "0.5", "--x", "2", "--wrt", "x", "--to", "c").err


def test_constants_of_a_rule_are_folded() -> None:
    assert "(besselj(1, x) − besselj(3, x))/2" in run("eval", "besselj(2, x)", "--x", "1").out
    assert "∂f/∂x = polygamma(3, x)\n" in run("derive", "polygamma(2, x)").out


def test_an_inverse_is_offered_where_one_may_be_meant() -> None:
    for text, inverse in {"Phi^-1(x)": "normppf(x)", "erf^-1(x)": "erfinv(x)", "erfc⁻¹(x)": "erfcinv(x)"}.items():
        assert run("eval", text, "--x", "0.3").err.endswith(f" or {inverse}\n")
