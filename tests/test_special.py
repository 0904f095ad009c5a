"""Special functions whose numbers are FLINT's: at the ends of their domains, far out, exactly, and as programs."""

from __future__ import annotations

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
    "lambertw(x)": (["-0.36787944117144233", "-1", "-1e300"], "x ≥ −1/e"),
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
    ("normppf(x)", "1e-320"): -38.26912534303265,
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


CASES = [
    *(
        Case(f"{text}*y", emitted.point(x=x, y="2"))
        for text in ("erfcx(x)", "lognormcdf(x)")
        for x in ("-3", "0.4", "8")
    ),
    Case("beta(x, y) + lbeta(y, x)", emitted.point(x="1.5", y="2.75")),
    Case("normppf(x)*y", emitted.point(x="0.2", y="2")),
]


def test_programs() -> None:
    assert emitted.differences(CASES, emitted.run_python([emitted.program(case, "python") for case in CASES])) == []


def test_a_program_that_has_no_such_function_is_refused() -> None:
    result = run("code", "zeta(x)", "--to", "c")
    assert (result.status, result.err.partition("\n")[0]) == (
        2,
        "error: --to c has no zeta, which f = zeta(x) needs",
    )


def test_an_inverse_is_offered_where_one_may_be_meant() -> None:
    for text, inverse in {"Phi^-1(x)": "normppf(x)", "erf^-1(x)": "erfinv(x)", "erfc⁻¹(x)": "erfcinv(x)"}.items():
        assert run("eval", text, "--x", "0.3").err.endswith(f" or {inverse}\n")
