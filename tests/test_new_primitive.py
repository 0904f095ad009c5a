"""Adding a primitive is adding a row: one row, added here at run time, and every number system and view has it.

The tests that go through the rows of the table go through this one too.
"""

from __future__ import annotations

import json

import mpmath
import pytest

from backprop_cli import backprop
from backprop_cli.rules.table import TABLE
from support.command import run as command
from support.rows import GLIDE
from support.schemas import TRACE

pytestmark = pytest.mark.usefixtures("models")


def oracle(at: str, digits: int = 60) -> list[mpmath.mpf]:
    """glide and its first and second derivatives, written out another way."""
    with mpmath.workdps(digits):
        t = mpmath.mpf(at)
        s = 1 / (1 + mpmath.exp(-2 * t))
        return [t * s, s + 2 * t * s * (1 - s), 4 * s * (1 - s) * (1 + t * (1 - 2 * s))]


@pytest.mark.parametrize("at", ["0", "1.3", "-2.5", "40", "-40", "1000", "-1000", "1e16"])
def test_floats(at: str) -> None:
    value, slope, _ = oracle(at, 500)
    trace = backprop("glide(x)", x=at)
    assert trace.value == pytest.approx(float(value), rel=1e-14)
    assert trace.gradient["x"] == pytest.approx(float(slope), rel=1e-13, abs=1e-300)


def test_ieee() -> None:
    trace = backprop("glide(x)", x="inf", allow_nonfinite=True)
    assert trace.value == float("inf")
    assert backprop("glide(x)", x="2", allow_nonfinite=True).value == backprop("glide(x)", x="2").value


@pytest.mark.parametrize("digits", [5, 50, 300])
def test_precision(digits: int) -> None:
    value, slope, curvature = oracle("1.3", digits + 40)
    trace = backprop("glide(x)", x="1.3", precision=digits, hessian=True)
    assert trace.hessian is not None
    with mpmath.workdps(digits + 40):
        for got, expected in ((trace.value, value), (trace.gradient["x"], slope), (trace.hessian["x"]["x"], curvature)):
            text = trace.arithmetic.exactly(got)
            assert abs(mpmath.mpf(text) - expected) <= abs(expected) * mpmath.mpf(10) ** (1 - digits)


def test_exact() -> None:
    trace = backprop("glide(x)", x="0", exact=True, hessian=True)
    assert trace.hessian is not None
    shown = [trace.arithmetic.exactly(each) for each in (trace.value, trace.gradient["x"], trace.hessian["x"]["x"])]
    assert shown == ["0", "1/2", "1"]
    one = backprop("glide(x)", x="1", exact=True)
    assert one.arithmetic.exactly(one.value) == "1/(exp(-2) + 1)"


def test_derive() -> None:
    result = command("derive", "glide(x)*y", "--json")
    assert result.status == 0, result.err
    document = json.loads(result.out)
    for formula in (document["gradient"]["x"], document["simplified"]["x"]):
        again = backprop(formula, x="1.3", y="2", wrt=[])
        assert again.value == pytest.approx(2 * float(oracle("1.3")[1]), rel=1e-13)
    for form in ("table", "latex", "markdown"):
        shown = command("derive", "glide(x)*y", "--format", form)
        assert shown.status == 0, shown.err
        assert "glide" in shown.out


def test_hessian() -> None:
    matrix = backprop("glide(x)*y", x="1.3", y="2", hessian=True).hessian
    assert matrix is not None
    _, slope, curvature = map(float, oracle("1.3"))
    assert matrix["x"]["x"] == pytest.approx(2 * curvature, rel=1e-13)
    assert matrix["x"]["y"] == matrix["y"]["x"] == pytest.approx(slope, rel=1e-13)
    assert matrix["y"]["y"] == 0


def test_hessian_of_a_composition() -> None:
    matrix = backprop("glide(glide(x))", x="0.7", hessian=True).hessian
    assert matrix is not None
    with mpmath.workdps(40):
        second = mpmath.diff(lambda t: oracle(oracle(t, 300)[0], 300)[0], mpmath.mpf("0.7"), 2)
    assert matrix["x"]["x"] == pytest.approx(float(second), rel=1e-10)


def test_check() -> None:
    result = command("check", "glide(w*x + b)", "--w", "2", "--x", "-1", "--b", "0.5")
    assert result.status == 0, result.out + result.err
    assert "the methods agree" in result.out
    document = json.loads(command("check", "glide(x)", "--x", "1.3", "--json").out)
    methods = {each["method"]: each for each in document["methods"]["x"]}
    assert set(methods) == {"backprop", "complex step", "differences", "SymPy diff"}
    # No method may excuse itself: all of them follow from the row.
    assert [name for name, each in methods.items() if each["gradient"] is None] == []


def test_check_of_claims() -> None:
    right = command(
        "check", "glide(x)", "--x", "1.3", "--claim", "x = sigmoid(2*x) + 2*x*sigmoid(2*x)*(1 - sigmoid(2*x))"
    )
    assert (right.status, right.err) == (0, "")
    wrong = command("check", "glide(x)", "--x", "1.3", "--claim", "x = sigmoid(x)")
    assert wrong.status == 1
    assert "WRONG" in wrong.out


def test_aliases_and_suggestions() -> None:
    assert backprop("quick_gelu(x)", x="2").value == backprop("glide(x)", x="2").value
    result = command("eval", "glidee(x)", "--x", "1")
    assert result.status == 2
    assert "did you mean 'glide'?" in result.err


def test_views() -> None:
    words = ["eval", "glide(x) + y", "--x", "2", "--y", "1"]
    table = command(*words).out
    assert "q1 = glide(x)" in table
    assert "(1 − sigmoid(2·x))" in table
    document = json.loads(command(*words, "--json").out)
    TRACE.validate(document)
    assert [node["op"] for node in document["nodes"]] == ["input", "glide", "input", "add"]
    assert "glide(x)" in command(*words, "--format", "markdown").out
    assert "glide" in command(*words, "--format", "csv").out


def test_words_that_are_lacking_in_a_language_are_left_out() -> None:
    told = {code: command("explain", "glide(x)", "--x", "1.3", "--lang", code).out for code in ("en", "ko")}
    assert "lets more of its upstream through" in told["en"]
    assert not {"its", "through"} & {*told["ko"].split()}


def test_pictures() -> None:
    for form in ("tree", "dot", "mermaid", "svg"):
        for values in ([], ["--x", "2", "--y", "1"]):
            shown = command("graph", "glide(x) + y", *values, "--format", form)
            assert shown.status == 0, shown.err
            assert "glide" in shown.out
    assert ">exp<" in command("graph", "glide(x)", "--expand", "--format", "svg").out


def test_arity_is_checked() -> None:
    result = command("eval", "glide(x, y)", "--x", "1", "--y", "2")
    assert result.status == 2
    assert "glide" in result.err


def test_it_is_gone_afterwards() -> None:
    TABLE.remove(GLIDE)
    try:
        assert "unknown function 'glide'" in command("eval", "glide(x)", "--x", "1").err
    finally:
        TABLE.append(GLIDE)
