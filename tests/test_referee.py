"""The referee: four methods that agree on real formulas, tell a wrong rule, and say why where they cannot run."""

from __future__ import annotations

import json
import math
import tracemalloc
from contextlib import suppress

import pytest
import sympy

from backprop_cli.arithmetic import FLOATS, balls
from backprop_cli.errors import MathError
from backprop_cli.language.program import Program
from backprop_cli.passes.settings import Settings
from backprop_cli.rules import table as ops
from backprop_cli.rules.formula import Formula as Rule
from backprop_cli.rules.op import Op
from backprop_cli.rules.table import TABLE
from backprop_cli.runtime.budget import TooSlowError
from backprop_cli.study import methods
from backprop_cli.study.methods import TOLERANCE
from backprop_cli.study.referee import ALL, Estimate, Review, review
from support.command import run
from support.formulas import FORMULAS, Formula, each_of
from support.rows import NUMERIC, every_row, inside

pytestmark = pytest.mark.usefixtures("models")

METHODS = ["backprop", "complex step", "differences", "SymPy diff"]


def reviewed(expression: str, **point: float | str) -> Review:
    return review(Program(expression).graph(list(point)), point)


def estimates(result: Review, name: str = "x") -> dict[str, Estimate]:
    return {each.method: each for each in result.estimates[name]}


# -- They agree ------------------------------------------------------------------------------------------------------

SAMPLE = [formula for position, formula in enumerate(FORMULAS) if position % 4 == 1 and len(formula.expression) < 200]
"""Formulas of every file. All of them take minutes."""


def test_the_sample_is_large_enough() -> None:
    assert len(SAMPLE) >= 150


def agrees(formula: Formula) -> None:
    result = review(Program(formula.expression).graph(list(formula.point)), formula.point)
    wrong = {
        (name, each.method): (each.value, each.difference)
        for name, row in result.estimates.items()
        for each in row
        if not each.agrees
    }
    assert wrong == {}
    assert result.agree
    assert result.compared
    assert list(result.estimates) == list(result.trace.gradient)


@each_of(SAMPLE)
def test_methods_agree_on_real_formulas(formula: Formula) -> None:
    agrees(formula)


@pytest.mark.exhaustive
@pytest.mark.parametrize("formula", FORMULAS, ids=[formula.name for formula in FORMULAS])
def test_methods_agree_on_all_formulas(formula: Formula) -> None:
    agrees(formula)


def test_the_row_of_a_variable() -> None:
    result = reviewed("(x+y)*z", x=-2, y=5, z=-4)
    methods = {name: [each.method for each in row] for name, row in result.estimates.items()}
    assert methods == dict.fromkeys("xyz", METHODS)
    assert [each.value for each in result.estimates["x"]] == [-4.0] * 4
    assert result.estimates["x"][0] == Estimate("backprop", -4.0, digits=16)
    assert result.proved
    assert all(each.difference == 0 for each in result.estimates["x"][1:])


@pytest.mark.parametrize(
    ("expression", "point"),
    [
        ("k*T", {"k": "1.38e-23", "T": "300"}),  # a step has to be small beside the variable
        ("exp(-q*V/(k*T))", {"q": "1.6e-19", "V": "0.6", "k": "1.38e-23", "T": "300"}),
        ("sin(x)**2 + cos(x)**2", {"x": "0.7"}),
        ("asin(x)", {"x": "0.9999999999999999"}),  # the double itself, not the decimal that stands for it
        ("1/(1 - x)", {"x": "0.9999999999999999"}),
        ("tan(x)", {"x": "1.5707963267948966"}),
        ("x**2", {"x": "0"}),
        ("x**y", {"x": "0", "y": "2"}),
        ("x**1.5", {"x": "0"}),
        ("x*log(x)", {"x": "1e-300"}),
        ("sqrt(x)", {"x": "1e-300"}),
        ("hypot(x, y)", {"x": "0", "y": "2"}),
        ("x - x", {"x": "3"}),
        ("x*0 + y", {"x": "3", "y": "1"}),
        ("exp(x)", {"x": "700"}),
        ("exp(-x)", {"x": "1000"}),
        ("lgamma(x)", {"x": "-0.5"}),
        ("cbrt(x)", {"x": "-8"}),
        ("sigmoid(x) + softplus(x)", {"x": "-800"}),
        ("x + 2", {"x": "1e-300"}),  # digits enough for what stands beside it
        ("x*1e300 + y", {"x": "5e-324", "y": "1e300"}),
        ("exp(x)", {"x": "-1e-200"}),
        ("log(2 + exp(x))", {"x": "-700"}),
        ("asin(x) + acos(x)*2", {"x": "1e-100"}),
        ("atan(x)", {"x": "5e-324"}),
        ("atan(x)", {"x": "1e100"}),
        ("atan2(y, x)", {"x": "1e100", "y": "2"}),
        ("cbrt(1 + exp(x))", {"x": "-200"}),
        ("tan(x)", {"x": "1e100"}),  # a step has to be small beside the period
        ("sin(x*2**140)", {"x": "0.1"}),
        ("tanh(x)", {"x": "1e20"}),
        ("softplus(x)", {"x": "1e300"}),
        ("softplus(-y*x)", {"x": "1e99", "y": "1.03"}),
        ("x*0 + gamma(y)", {"x": "3", "y": "2.5"}),
    ],
)
def test_awkward_points_are_no_disagreement(expression: str, point: dict[str, str]) -> None:
    result = reviewed(expression, **point)
    assert result.agree, result.estimates


# -- Every primitive -------------------------------------------------------------------------------------------------


@every_row
def test_every_analytic_primitive_is_reached_by_the_complex_step(op: Op) -> None:
    names = ["x", "y", "z"] if op.variadic else list(op.inputs)
    result = reviewed(op.written(names), **inside(op, names))
    assert result.agree
    for row in result.estimates.values():
        methods = {each.method: each for each in row}
        if op.selects or op.kink is not None:
            assert methods["complex step"].value is None
            assert methods["complex step"].reason == f"f = {op.written(names)} is not analytic"
        else:
            assert methods["complex step"].difference is not None
            assert methods["complex step"].difference <= TOLERANCE
        assert methods["differences"].difference is not None  # which works for all of them


SCALES = {
    "x": [1e-40, 1e-300, 5e-324, -1e-200, 1e20, 1e100, 1e300, -1e100],
    "exp(x)": [-100, -700, -800, -1e9, -1e30],
    "0.5 + exp(x)": [-100, -800, -1e9, -1e30],
    "1 + exp(x)": [-100, -200, -800, -1e9, -1e30],
}


@pytest.mark.slow
@pytest.mark.parametrize("op", NUMERIC, ids=[op.call for op in NUMERIC])
def test_no_false_alarm_at_any_scale(op: Op) -> None:
    """With x in each slot, beside a 2; wherever there is a gradient."""
    count, reviews = 2 if op.variadic else len(op.inputs), 0
    for inner, points in SCALES.items():
        for slot in range(count):
            graph = Program(op.written([f"({inner})" if each == slot else "2" for each in range(count)])).graph()
            for x in points:
                with suppress(MathError):
                    found = review(graph, {"x": x})
                    # 0.5 + e⁻¹⁰⁰ is 0.5 in doubles, where sinpi has a slope of 0: that alarm is true.
                    assert found.agree or (found.lost and op.name in ("sinpi", "cospi")), (graph.source, x)
                    reviews += 1
    assert reviews >= 2


# -- Many variables --------------------------------------------------------------------------------------------------

WIDE = {
    "a sum": "+".join(f"v{i}" for i in range(60)),
    "of all sizes": "+".join(f"1e{10 * (i - 30)}*v{i}**2" for i in range(60)),
    "a product": "*".join(f"sin(v{i})" for i in range(60)),
    "one does not count": "+".join(f"v{i}" for i in range(60)) + " - v7 + 0*sin(v7)",
    "saturated": "sigmoid(1000*v0 + 1000)*1e-3 + " + "+".join(f"v{i}" for i in range(1, 60)),
}
"""Functions of more than MANY variables."""


@pytest.mark.parametrize("name", WIDE)
def test_many_variables_are_compared_all_at_once(name: str) -> None:
    result = reviewed(WIDE[name], **{f"v{i}": (i + 1) / 7 for i in range(60)})
    assert result.compared
    assert result.agree
    rows = dict(result.estimates)
    together = rows.pop(ALL)
    assert all(each.difference is not None for each in together[1:3])
    assert {name: [each.value for each in row] for name, row in rows.items()} == {
        name: [gradient] for name, gradient in result.trace.gradient.items()
    }


def test_a_wrong_partial_among_many_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where it is small beside the others."""
    monkeypatch.setattr(ops.primitive("sin"), "partials", (Rule("cos", Rule("x")) * 2,))
    monkeypatch.setattr(FLOATS, "_rules", {})
    monkeypatch.setattr(balls, "_WRITTEN", {})
    expression = "+".join(f"1e6*v{i}" for i in range(1, 60)) + "+ 1e-6*sin(v0)"
    result = reviewed(expression, **{f"v{i}": (i + 1) / 7 for i in range(60)})
    assert not result.agree


# -- A wrong rule is caught ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("op", NUMERIC, ids=[op.call for op in NUMERIC])
def test_a_wrong_partial_is_caught_in_every_row(op: Op, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = tuple(partial + 2 for partial in op.partials)
    monkeypatch.setattr(op, "partials", wrong)
    monkeypatch.setattr(FLOATS, "_rules", {})
    monkeypatch.setattr(balls, "_WRITTEN", {})
    names = ["x", "y", "z"] if op.variadic else list(op.inputs)
    result = reviewed(op.written(names), **inside(op, names))
    assert not result.agree
    assert all(any(not each.agrees for each in row) for row in result.estimates.values())


def test_a_wrong_partial_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ops.primitive("sin"), "partials", (Rule("sin", Rule("x")),))
    monkeypatch.setattr(FLOATS, "_rules", {})
    monkeypatch.setattr(balls, "_WRITTEN", {})
    result = run("check", "sin(w*x)", "--x", "0.5", "--w", "2")
    assert result.status == 1
    assert result.err == ""
    lines = result.out.splitlines()
    assert lines[-1] == " the methods disagree"
    assert result.out.count("disagrees") == 6
    data = json.loads(run("check", "sin(w*x)", "--x", "0.5", "--w", "2", "--json").out)
    assert data["agree"] is False


def test_digits_that_doubles_lose_are_told_from_a_wrong_rule() -> None:
    lost = reviewed("(1-cos(x))/x**2", x=1e-8)
    assert lost.lost
    assert not lost.agree
    ours = Estimate("backprop", 99999999.99999999, "no digit holds", digits=0, agrees=False)
    assert lost.estimates["x"][0] == ours
    assert all(each.agrees and (each.digits or 0) >= 15 for each in lost.estimates["x"][1:])
    assert "no digit of ∂f/∂x = 1e+08 holds: it is -8.33333e-10" in [each.message for each in lost.trace.warnings]
    few = Program("x - x*(1 - 1e-14)").graph(["x"])
    for digits, is_right in ((3, True), (4, False)):
        result = review(few, {"x": 2.0}, digits=digits)
        assert (result.agree, result.proved, result.lost) == (is_right, is_right, not is_right)
        assert result.estimates["x"][0].reason == ("" if is_right else "only 3 digits hold")
    noise = reviewed("log(x*y) - log(x) - log(y)", x=0.3, y=0.7)  # of x, -4e-16 is shown, and 0 is proven
    assert noise.lost
    for expression in ("sin(x)**2 + cos(x)**2", "1e-300*exp(-x)**8"):  # not told from 0, and too small for a double
        none = reviewed(expression, x=20.0)
        assert none.agree
        assert not none.proved


PROVEN = [
    ("sin(x)*y", "--x 0.1 --y 1/3 --precision 30", 0, " 0.331668055092675255365187329268\n", True),
    ("sin(x)*y", "--x 0.1 --y 1/3 --precision 30 --digits 12", 0, " 0.331668055093\n", True),
    ("(1-tanh(x))*exp(2*x)", "--x 2500 --precision 20", 0, " 1.3478776593235670058e-2171\n", True),
    ("sin(acos(-1))*x", "--x 1 --precision 20", 0, "0 ± 1e-78932", False),
    ("abs(x)", "--x 0 --precision 20", 1, "no derivative, a convention", False),
    ("y*sin(x)", "--x 1/3 --y 2 --precision 200 --claim y=sin(x)+1e-190", 1, "proved wrong", True),
    ("x*y", "--x 0..1 --y 1 --precision 20", 2, "--precision takes numbers alone, and the value of x is a box", False),
    ("sum(x)", "--x [1,2] --precision 20", 2, "--precision takes numbers alone, and the value of x is an array", False),
]
"""What is checked, the exit status, what is told, and whether that is proved."""


def test_so_many_digits_of_the_gradient_are_proven_as_are_asked_for() -> None:
    for expression, words, status, told, proved in PROVEN:
        result = run("check", expression, *words.split())
        assert result.status == status, expression
        assert told in result.out + result.err, (expression, result.out)
        assert ("proved" in result.out) == proved, (expression, result.out)
    document = json.loads(run("check", "sin(x)", "--x", "1/10", "--precision", "30", "--json").out)
    assert document["precision"] == 30
    assert document["methods"]["x"][0]["gradient"] == "0.995004165278025766095561987804"


def test_a_wrong_row_of_the_day_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    x = Rule("x")
    right, wrong = Op("third", "x", x * x * x, 3 * x * x), Op("third", "x", x * x * x, 2 * x * x)
    for row, status in ((right, 0), (wrong, 1)):
        monkeypatch.setattr(ops, "TABLE", [*TABLE, row])
        assert run("check", "third(x)*y", "--x", "1.5", "--y", "2").status == status


# -- What cannot run says why ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "gate"),
    [
        ("max(x, y)*2", "q1 = max(x, y)"),
        ("abs(x)*y", "q1 = abs(x)"),
        ("relu(x*y)", "f = relu(q1)"),
        ("x*y + floor(3*x)", "q3 = floor(q2)"),
        ("sign(x)*x", "q1 = sign(x)"),
    ],
)
def test_what_is_not_analytic_has_no_complex_step(expression: str, gate: str) -> None:
    result = reviewed(expression, **{name: value for name, value in {"x": 0.3, "y": 2}.items() if name in expression})
    assert estimates(result)["complex step"] == Estimate("complex step", None, f"{gate} is not analytic")
    assert result.agree
    assert result.compared


def test_a_gate_that_is_not_analytic_is_no_obstacle_to_others() -> None:
    result = reviewed("abs(x)*exp(y)", x=-2, y=0.5)
    assert estimates(result, "y")["complex step"].difference == 0
    assert estimates(result, "x")["complex step"].value is None


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("relu(x)", "f has a kink here: no derivative, a convention"),
        ("abs(x)*y", "q1 has a kink here: no derivative, a convention"),
        ("max(x, 0) + y", "q1 has a tie here: no derivative, a convention"),
    ],
)
def test_at_a_kink_no_method_has_a_say(expression: str, reason: str) -> None:
    result = reviewed(expression, **{name: value for name, value in {"x": 0, "y": 2}.items() if name in expression})
    assert {each.reason for each in result.estimates["x"][1:]} == {reason}
    assert result.agree
    assert not result.compared
    assert [notice.kind for notice in result.trace.warnings] == [reason.split()[3]]


def test_no_value_beside_the_point() -> None:
    # 0 is the border of the domain: there is a value there, and a slope to the right, but nothing to the left.
    result = reviewed("x**1.5", x=0)
    reason = estimates(result)["differences"].reason
    assert reason.startswith("no value beside the point: f = x**1.5 has no real value at x = -1e-")
    assert estimates(result)["SymPy diff"].difference == 0


def test_a_jump_has_no_slope() -> None:
    result = reviewed("atan2(y, x)", y=0, x=-1)
    assert estimates(result, "y")["differences"] == Estimate("differences", None, "the value jumps here")
    assert result.agree


@pytest.mark.parametrize("x", [-1e9, -1e12, -1e100])
@pytest.mark.parametrize("expression", ["log(1 + exp(x))", "atan(exp(x))", "softplus(x)", "(1 + exp(x))**2.5"])
def test_numbers_beyond_all_bounds_take_neither_memory_nor_time(expression: str, x: float) -> None:
    tracemalloc.start()
    try:
        result = reviewed(expression, x=x)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100_000_000
    assert result.agree
    assert result.compared
    assert estimates(result)["complex step"].reason.endswith("is too large or too small for it")


def test_what_is_too_large_for_sympy_says_so() -> None:
    result = reviewed("+".join(["x"] * 2500), x=2)
    assert estimates(result)["SymPy diff"].reason == "more than 2,000 nodes are too many for SymPy"
    assert estimates(result)["complex step"].value == 2500
    assert result.agree
    assert result.compared


def test_sympy_has_one_time_for_all_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def endless(*_: object, **__: object) -> None:
        calls.append(1)
        while True:
            pass

    monkeypatch.setattr(methods, "SHARE", 0.05)
    monkeypatch.setattr(sympy.Expr, "evalf", endless)
    result = reviewed("a*b*c*d*x", a=1, b=2, c=3, d=4, x=5)
    assert calls == [1]
    assert {row[-1].reason for row in result.estimates.values()} == {"SymPy does not finish in its time"}
    assert result.agree


def test_sympy_computes_with_numbers_not_with_fractions() -> None:
    """Of which powers would be as long as they are exact."""
    formula = "s**2*(1 + (x - y)**2/(2*a*l**2))**(-a)*exp(-2*sin(pi*(x - y)/p)**2/q**2)"
    result = reviewed(formula, s=1.75, x=-1.71, y=1.77, a=1.59, l=-0.563, p=-0.882, q=-1.72)
    assert all(row[-1].difference is not None for row in result.estimates.values())
    assert result.agree


def test_what_sympy_has_no_number_for_says_so() -> None:
    result = reviewed("x*floor(y)", x=2, y=2.5)
    assert estimates(result, "y")["SymPy diff"].reason == "SymPy's derivative has no number here"
    assert estimates(result, "x")["SymPy diff"].difference == 0


@pytest.mark.parametrize(
    ("expression", "point"),
    [
        ("log(x)", {"x": -1}),
        ("sqrt(x)", {"x": 0}),
        ("1/x", {"x": 0}),
        ("exp(x)", {"x": 1000}),
        ("x**y", {"x": -2, "y": 2}),
    ],
)
def test_where_there_is_no_gradient_there_is_nothing_to_review(expression: str, point: dict[str, float]) -> None:
    with pytest.raises(MathError):
        reviewed(expression, **point)
    words = [word for name, value in point.items() for word in (f"--{name}", str(value))]
    result = run("check", expression, *words)
    assert (result.status, result.out) == (1, "")
    told = run("eval", expression, *words).err
    assert result.err == told.replace("; --allow-nonfinite goes on with infinity", "")  # which is no option here


def test_wrt_leaves_out_what_is_not_asked_for() -> None:
    graph = Program("x**y").graph()
    result = review(graph, {"x": -2, "y": 2}, Settings(wrt=["x"]))
    assert list(result.estimates) == ["x"]
    assert result.estimates["x"][0].value == -4
    assert result.agree
    assert result.compared


def test_values_from_constant_expressions() -> None:
    assert reviewed("sin(x)", x="pi/3").estimates["x"][0].value == pytest.approx(0.5)
    assert reviewed("sin(x)", x="pi/3").agree


# -- The documents ---------------------------------------------------------------------------------------------------


def test_the_json_form() -> None:
    result = run("check", "abs(x)*y", "--x", "-2", "--y", "3", "--json")
    assert result.status == 0
    data = json.loads(result.out)
    assert list(data) == ["expression", "value", "point", "agree", "proved", "methods", "proven", "warnings"]
    assert (data["expression"], data["value"], data["point"]) == ("abs(x)*y", 6.0, {"x": -2.0, "y": 3.0})
    assert data["agree"] is True
    assert data["warnings"] == []
    assert [row["method"] for row in data["methods"]["x"]] == METHODS
    assert data["methods"]["x"][:3] == [
        {"method": "backprop", "gradient": -3.0, "difference": None, "digits": 16, "agrees": True, "reason": None},
        {
            "method": "complex step",
            "gradient": None,
            "difference": None,
            "digits": None,
            "agrees": True,
            "reason": "q1 = abs(x) is not analytic",
        },
        {"method": "differences", "gradient": -3.0, "difference": 0.0, "digits": 16, "agrees": True, "reason": None},
    ]
    assert data["proved"] is True
    assert data["proven"] == {"x": {"lower": "-3", "upper": "-3"}, "y": {"lower": "2", "upper": "2"}}


def test_conventions_on_which_f_does_not_depend_here_leave_all_methods_a_say() -> None:
    for expression, values, slopes in (
        ("x**2 if x > 0 else max(y, 1)", {"x": "1", "y": "1"}, {"x": 2, "y": 0}),
        ("max(x, max(y, 1))", {"x": "3", "y": "1"}, {"x": 1, "y": 0}),
        ("abs(x)*x", {"x": "0"}, {"x": 0}),
    ):
        result = review(Program(expression).graph(), values)
        assert result.trace.warnings
        assert result.compared
        assert result.agree
        assert result.trace.gradient == slopes
    jump = review(Program("(floor(x) - 1)**2").graph(), {"x": "1"})
    assert not jump.compared  # its upstream is 0, and there is no slope


def test_the_json_form_at_a_kink() -> None:
    result = run("check", "relu(x)", "--x", "0", "--json")
    assert result.status == 1
    data = json.loads(result.out)
    assert data["agree"] is False
    assert [notice["kind"] for notice in data["warnings"]] == ["kink"]
    assert result.err == "warning: f = relu(x) has a kink at x = 0: the gradient 0 there is a convention\n"


def test_nothing_varies() -> None:
    result = run("check", "1/3 + pi")
    assert result.status == 0
    assert result.out.splitlines()[-1] == " no gradient to check: nothing here varies"


def test_no_estimate_is_not_a_number() -> None:
    for formula in SAMPLE[:10]:
        result = review(Program(formula.expression).graph(list(formula.point)), formula.point)
        for row in result.estimates.values():
            assert all(each.value is None or math.isfinite(each.value) for each in row)


def test_where_there_is_no_time_for_a_proof_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(part: float, work: object) -> None:
        raise TooSlowError(1)

    monkeypatch.setattr("backprop_cli.study.referee.share", late)
    found = run("check", "x*y", "--x", "2", "--y", "3")
    told = "there is no time to prove how many digits hold; --time-limit 60 gives it more"
    assert found.err == f"warning: {told}\n"
    assert "difference" in found.out
    assert json.loads(run("check", "x*y", "--x", "2", "--y", "3", "--json").out)["warnings"][0]["kind"] == "time"
