"""`backprop fit`: NIST's reference problems (StRD), errors of parameters, bounds, weights, and what is refused."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backprop_cli import BackpropError, fit, minimize
from backprop_cli.descent import squares
from backprop_cli.descent.objective import Objective
from support.command import call
from support.schemas import FIT

NIST: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "nist.json").read_text("utf-8"))
"""https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml: models, data, two starts, and certified results."""
FAST = ("Misra1a", "DanWood", "Thurber", "Nelson", "BoxBOD")
scipy = pytest.importorskip("scipy")


def digits(found: Sequence[float], certified: Sequence[float]) -> float:
    """The least number of digits that agree."""
    ratios = [abs(one - other) / abs(other) for one, other in zip(found, certified, strict=True)]
    return -math.log10(max(max(ratios), 1e-16))


def solved(name: str, start: int) -> tuple[float, float, float]:
    """Digits of the parameters, of their deviations and of the sum of squares."""
    each = NIST[name]
    labels = [f"b{i}" for i in range(1, 1 + len(each["values"]))]
    begin = dict(zip(labels, each["starts"][start], strict=True))
    found = fit(each["model"], each["target"], each["columns"], begin)
    assert found.converged, (name, found.reason)
    return (
        digits([*found.parameters.values()], each["values"]),
        digits([*found.errors.values()], each["deviations"]),
        digits([found.to_dict()["residual_sum_of_squares"]], [each["sum"]]),
    )


def check(names: Sequence[str]) -> None:
    for name in names:
        for start in (0, 1):
            parameters, deviations, square = solved(name, start)
            assert parameters >= 10, (name, start, parameters)
            if name != "Lanczos1":  # whose residuals are rounding
                assert deviations >= 9, (name, start, deviations)
                assert square >= 9, (name, start, square)


def test_some_problems_of_nist_from_both_starts() -> None:
    check(FAST)


@pytest.mark.slow
def test_all_problems_of_nist_from_both_starts() -> None:
    assert len(NIST) == 27
    check([*NIST])


@pytest.fixture
def misra(tmp_path: Path) -> str:
    path, columns = tmp_path / "misra1a.csv", NIST["Misra1a"]["columns"]
    path.write_text("y,x\n" + "".join(f"{y},{x}\n" for y, x in zip(columns["y"], columns["x"], strict=True)))
    return str(path)


MISRA = ("fit", "b1*(1 - exp(-b2*x))", "--target", "y", "--start", "b1=500,b2=0.0001", "--data")


def test_what_is_printed(misra: str) -> None:
    result = call(*MISRA, misra)
    assert result.status == 0
    assert "b1              238.942       2.70701      500" in result.out
    assert "residual standard deviation  0.101879" in result.out
    assert "degrees of freedom           12 = 14 rows − 2 parameters" in result.out
    for method in ("lm", "trf"):
        data = json.loads(call(*MISRA, misra, "--json", "--method", method).out)
        FIT.validate(data)
        assert data["parameters"]["b1"]["value"] == pytest.approx(238.94212918, rel=1e-9)
        assert data["covariance"][0][0] == pytest.approx(data["parameters"]["b1"]["error"] ** 2)
        assert (data["rows"], data["degrees_of_freedom"], data["method"]) == (14, 12, method)
    assert call(*MISRA, misra, "--format", "csv").out.splitlines()[0] == "parameter,value,error,start"
    drawn = call(*MISRA, misra, "--plot", "-").out
    assert "o y, * model, up: y" in drawn
    assert "o residuals, up: y − model" in drawn


def test_a_line_is_that_of_the_normal_equations() -> None:
    """Values, errors and covariance, with weights and without; an array of parameters; a weight of 0 counts not."""
    x, y = np.arange(8.0), np.array([1.0, 2.9, 5.2, 6.8, 9.1, 11.2, 12.8, 15.1])
    for weights in (np.ones(8), np.array([1.0, 2, 3, 4, 0, 1, 2, 0.5])):
        matrix = np.stack([x, np.ones(8)], axis=1)
        inverse = np.linalg.inv(matrix.T @ (matrix * weights[:, None]))
        values = inverse @ matrix.T @ (weights * y)
        freedom = np.count_nonzero(weights) - 2
        covariance = inverse * np.sum(weights * (y - matrix @ values) ** 2) / freedom
        data = {"x": x, "y": y, "w": weights}
        found = fit("a*x + b", "y", data, {"a": 1, "b": 0}, weights="w").to_dict()
        one = fit("p @ [x, 1]", "y", data, {"p": [1, 0]}, weights="w").to_dict()
        for each in (found, one):
            parameters = [*each["parameters"].values()]
            assert [each["value"] for each in parameters] == pytest.approx(values.tolist(), rel=1e-10)
            assert np.allclose(each["covariance"], covariance, rtol=1e-9)
            assert each["degrees_of_freedom"] == freedom
        assert [*one["parameters"]] == ["p[0]", "p[1]"]


NO_ERROR = [
    ("a*x + b*x", {"a": 1, "b": 1}, "the data do not tell a and b apart, so JᵀJ is singular"),
    ("a*x + 0*b", {"a": 1, "b": 1}, "the model does not change with b there, so JᵀJ is singular"),
    ("a*x + b + c*x^2 + d*x^3", dict.fromkeys("abcd", 1), "4 rows for 4 parameters leave no degree of freedom"),
]


def test_why_there_is_no_error() -> None:
    data = {"x": [1.0, 2, 3, 5], "y": [1.0, 2.2, 2.9, 5.3]}
    for model, start, why in NO_ERROR:
        found = fit(model, "y", data, start)
        assert found.no_error == why
        assert all(map(math.isnan, found.errors.values()))
        assert f"no ± error: {why}" in str(found)
        FIT.validate(found.to_dict())
    bound = fit("a*x + b", "y", data, {"a": 1, "b": 1}, bounds={"b": (0.5, 2)})
    assert bound.parameters["b"] == pytest.approx(0.5)
    assert bound.no_error == "b is at its bound"
    assert bound.errors["a"] > 0
    assert math.isnan(bound.errors["b"])
    FIT.validate(bound.to_dict())


REFUSED = [
    ("--data {misra} --start b1=1", "what should the model give? --target says it", "columns: y, x"),
    ("--target y --start b1=1", "a fit needs data", "--data FILE"),
    ("--target z --start b1=1 --data {misra}", "--target 'z' is no column of the data", "columns: y, x"),
    ("--target 3 --start b1=1 --data {misra}", "--target is a column, or a formula of some", ""),
    ("--target y --data {misra}", "no start and no value for b1", "--start b1=1"),
    ("--target y --start b1=1 --data {misra} --bounds b1=0-5", "--bounds of b1 are LOW..HIGH", "b1=0..,b2=0..1"),
    ("--target y --start b1=1 --data {misra} --bounds b1=..", "--bounds of b1 are LOW..HIGH", ""),
    ("--target y --start b1=1 --data {misra} --bounds b2=0..", "--bounds 'b2' is no parameter", "there is: b1"),
    ("--target y --start b1=1 --data {misra} --bounds b1=2..3", "the start of b1, 1, is not within its bounds", ""),
    ("--target y --start b1=1 --data {misra} --bounds b1=3..2", "the bounds of b1 leave no room", ""),
    ("--target y --start b1=1 --data {misra} --bounds b1=0.. --method lm", "lm knows no bounds", "--method trf"),
    ("--target y --start b1=1 --data {misra} --weights=0-y", "a weight is 0 or above, and that of row 1", ""),
    ("--target y --start b1=1 --data {misra} --plot a.gif", "does not say which format", ""),
]


def test_what_is_refused(misra: str) -> None:
    for words, error, hint in REFUSED:
        result = call("fit", "b1*x", *words.format(misra=misra).split())
        assert (result.status, result.out) == (2, ""), (words, result)
        assert error in result.err, (words, result)
        assert hint in result.err, (words, result)
    result = call("fit", "log(b1*x)", "--target", "y", "--start", "b1=-1", "--data", misra)
    assert (result.status, result.err.splitlines()[0]) == (
        1,
        "error: f = log(q1) has no real value at q1 = -77.6, at row 1",
    )
    kinked = call("fit", "abs(a*(x - 77.6))", "--target", "y", "--start", "a=1", "--data", misra)
    assert kinked.err == "warning: f = abs(q2) has a kink at q2 = 0, row 1: the gradient 0 there is a convention\n"
    with pytest.raises(BackpropError, match="same length"):
        fit("a*x", "y", {"x": [1.0, 2], "y": [1.0]}, {"a": 1})


SKIPPED = [
    (
        "fit a*x --target y --start a=1",
        {3: "the value of y is not finite", 6: "in the value of y: 'n' is not a constant"},
    ),
    (
        "fit a*x+b*log(w) --target 2*x --start a=1,b=1",
        {4: "the value of w is empty", 5: "q2 = log(w) has no real value"},
    ),
    (
        "fit a*x --target log(w) --weights 1/(x-1) --start a=1",
        {2: "division by zero in f = 1 / q1", 4: "the value", 5: "f = log(w)"},
    ),
    ("minimize (a*x-y)^2 --reduce sum --rate 0.01 --start a=1", {3: "the value of y", 6: "in the value of y"}),
    ("minimize (a@a)*(x-w)^2 --reduce sum --rate 0.001 --start a=[1,1]", {4: "the value of w is empty"}),
    ("minimize sum((a*x-y)^2) --rate 0.01 --start a=1", {3: "the value of y", 6: "in the value of y"}),
    ("eval sum(a*x-y) --a 3 --get a", {3: "the value of y", 6: "in the value of y"}),
]
"""Words, and what is told of lines that are left out."""


def test_rows_without_a_result_are_skipped(tmp_path: Path) -> None:
    """As `points` skips them: each is told, and the exit status is 1; the others are as if there were no others."""
    lines = ["x,y,w,label", "1,2.1,1,a", "2,nan,2,b", "3,6.2,,c", "4,7.9,-1,d", "5,n/a,3,e", "6,12.1,1/4,f"]
    files = [str(tmp_path / name) for name in ("all.csv", "rest.csv", "none.csv")]
    Path(files[0]).write_text("\n".join(lines))
    for words, errors in SKIPPED:
        kept = [line for number, line in enumerate(lines, 1) if number not in errors]
        Path(files[1]).write_text("\n".join(kept))
        Path(files[2]).write_text("\n".join(lines[:1] + [lines[number - 1] for number in errors]))
        found, rest, none = (call(*words.split(), "--on-error", "skip", "--data", file) for file in files)
        told_out = re.sub(r",( and)? \d+( rows?)? left out", "", found.out)
        assert (found.status, told_out) == (1, rest.out), words
        *told, count = found.err.splitlines()
        for line, (number, error) in zip(told, errors.items(), strict=True):
            assert line.startswith(f"error: line {number}: {error}"), words
        assert count == f"{len(errors)} of 6 points left out"
        assert rest.err == ""
        whole = [*words.removesuffix(" --get a").split(), "--on-error", "skip", "--json", "--data"]
        counts = [json.loads(call(*whole, file).out) for file in files[:2]]
        assert counts[0].pop("left_out") == len(errors), words
        assert counts[1].pop("left_out", 0) == 0, words
        assert counts[0] == counts[1], words
        assert none.err.endswith("error: there is no row with a result\n"), words
        first = call(*words.split(), "--data", files[0])
        assert (first.status > 0, first.out) == (True, ""), words
    assert "hint: --on-error skip leaves such rows out" in first.err
    for start, error in {"a=1": "no start and no value for b", "a=1,b=1,x=1": "'x' is a column"}.items():
        model = ["fit", "a*x + b", "--target", "y", "--start", start, "--data", files[0]]
        assert error in call(*model, "--on-error", "skip").err


def test_rows_without_a_result_are_skipped_in_python(tmp_path: Path) -> None:
    """Columns and files alike; which rows they are is known, and rows are named as they stand in the data."""
    nan = math.nan
    columns = {"x": [10.0, nan, 30.0, 40.0, 0.5], "y": [2.0, 4.0, -1.0, 8.0, 1.5], "other": [nan] * 5}
    file = tmp_path / "d.csv"
    file.write_text("x,y,other\n10,2,\n,4,\n30,-1,\n40,8,\n0.5,1.5,\n")
    rest = {"x": [10.0, 40.0, 0.5], "y": [2.0, 8.0, 1.5]}
    expected, down = fit("a*x", "log(y)", rest, {"a": 1}), minimize("(x-w)^2", {"w": 0}, data=rest, reduce="mean")
    for data in (columns, file):
        found = fit("a*x", "log(y)", data, {"a": 1}, on_error="skip")
        assert (found.left_out, found.parameters, len(found.residuals)) == ([1, 2], expected.parameters, 3)
        assert found.to_dict() == expected.to_dict() | {"left_out": 2}
        way = minimize("(x-w)^2 + 0*log(y)", {"w": 0}, data=data, reduce="mean", on_error="skip")
        assert (way.left_out, way.point) == ([1, 2], down.point)
        assert (way.to_dict()["rows"], way.to_dict()["left_out"]) == (3, 2)
        whole = minimize("mean(log(x-w))", {"w": 0}, data=data, rate=0.2, on_error="skip")
        assert whole.left_out == [1]
        for start in ({"w": 0}, {"w": [0, 0]}):
            program = "log(x-w)" if start["w"] == 0 else "log(x-sum(w))"
            for batch in (None, 1):
                ended = minimize(program, start, data=data, reduce="mean", rate=0.2, batch=batch, on_error="skip")
                assert "at row 5; try" in ended.reason, (start, batch)
        with pytest.raises(BackpropError, match="that of row 3 is -1"):
            fit("a*x", "x", data, {"a": 1}, weights="y", on_error="skip")
        with pytest.raises(BackpropError) as raised:
            fit("a*x", "y", data, {"a": 1})
        assert "the value of x is" in str(raised.value)
        with pytest.raises(BackpropError, match="there is no row with a result"):
            fit("a*x", "other", data, {"a": 1}, on_error="skip")
    with pytest.raises(BackpropError, match="the value of x is not finite, at row 2"):
        minimize("(x-w)^2", {"w": 0}, data=columns, reduce="mean")
    with pytest.raises(BackpropError, match="target 'z' is no column of the data"):
        fit("a*x", "z", columns, {"a": 1}, on_error="skip")
    with pytest.raises(BackpropError, match="on_error is one of stop, skip"):
        fit("a*x", "y", columns, {"a": 1}, on_error="null")


FAR = [
    ("a*exp(-(x - b)^2/(2*c^2))", {"a": 1, "b": 50, "c": 1}, (False, True)),  # flat to rounding
    ("a/(1 + exp(-b*(x - c)))", {"a": 1, "b": 1, "c": 100}, (False, True)),
    ("a*x^b", {"a": 1, "b": 120}, (True, True)),
    ("a*x", {"a": 1}, (True, True)),  # nothing is nearer that goes through the origin, and it is told all the same
    ("a*exp(-(x - b)^2/(2*c^2))", {"a": 1, "b": 4, "c": 2}, (True, False)),
    ("m + 0*x", {"m": 1}, (True, False)),  # the mean
]
"""Models, where they begin, and whether they converge, and end far off."""


def test_a_fit_that_ends_far_off_says_so() -> None:
    x = np.linspace(0.5, 10, 20)
    y = 2 * np.exp(-((x - 5) ** 2) / 2) + 0.01 * np.cos(9 * x)
    for weights in (None, "x"):
        for model, start, expected in FAR:
            found = fit(model, "y", {"x": x, "y": y}, start, weights=weights)
            assert (found.converged, found.warning != "") == expected, (model, found)
            assert ("far off: the mean of the target alone is nearer" in str(found)) == (found.warning != "")
            FIT.validate(found.to_dict())
    constant = fit("a*x + b", "y", {"x": x, "y": 0 * x + 3}, {"a": 1, "b": 1})
    assert (constant.converged, constant.warning) == (True, "")


def test_where_a_method_ends_far_off_another_is_tried() -> None:
    """From starts at which SciPy's `curve_fit` ends well, and `trf` does not."""
    x = np.linspace(0.1, 10, 60)
    noise = 0.03 * np.cos(9 * x)
    models = {"V*x/(K + x)": (10, 2.5, 10 * x / (2.5 + x)), "a*exp(-exp(b - x))": (6, 5, 6 * np.exp(-np.exp(5 - x)))}
    for model, (first, second, y) in models.items():
        names = [name for name in "VKab" if name in model.replace("exp", "")]
        found = fit(model, "y", {"x": x, "y": y + noise}, dict.fromkeys(names, 1))
        assert (found.converged, found.warning) == (True, "")
        assert [*found.parameters.values()] == pytest.approx([first, second], rel=0.02)


def test_slopes_that_underflow_on_the_way_are_no_obstacle(monkeypatch: pytest.MonkeyPatch) -> None:
    """A peak far from most rows, whose slopes there are 0 in doubles: the careful passes see the first and the last."""
    looked_at: list[object] = []
    carefully = Objective._carefully

    def seen(self: Objective, vector: Any, row: Any) -> Any:
        looked_at.append(row)
        return carefully(self, vector, row)

    monkeypatch.setattr(Objective, "_carefully", seen)
    x = np.linspace(0, 100, 51)
    y = 3 * np.exp(-((x - 50) ** 2) / 2)
    found = fit("A*exp(-(x - m)^2/(2*s^2))", "y", {"x": x, "y": y}, {"A": 1, "m": 49, "s": 2})
    assert found.parameters == pytest.approx({"A": 3, "m": 50, "s": 1})
    assert 0 < len(looked_at) < 4 * len(x) < found.to_dict()["evaluations"] * len(x)


def test_residuals_that_overflow_are_told() -> None:
    with pytest.raises(BackpropError, match="the sum of squared residuals overflows"):
        fit("a*x", "y", {"x": [1e308, 1], "y": [-1e308, 1]}, {"a": 1})


def test_a_constant_is_the_mean() -> None:
    found = fit("m", "y", {"y": [1.0, 2, 6]}, {"m": 0})
    assert found.parameters == pytest.approx({"m": 3})
    assert found.errors["m"] == pytest.approx(math.sqrt(7 / 3))


def test_a_step_to_where_there_is_no_value_is_not_taken() -> None:
    x = np.linspace(1, 4, 12)
    found = fit("log(a*x + b)", "y", {"x": x, "y": np.log(2 * x + 0.5)}, {"a": 40, "b": -30})
    assert found.converged
    assert found.parameters == pytest.approx({"a": 2, "b": 0.5})


def test_a_fit_that_does_not_converge(monkeypatch: pytest.MonkeyPatch, misra: str) -> None:
    assert squares._Try("trf").evaluations == squares.MAX_EVALUATIONS
    monkeypatch.setitem(squares._TRIES, "auto", [squares._Try("trf", evaluations=3)])
    result = call(*MISRA, misra)
    assert result.status == 1
    assert "not converged after 3 evaluations: the evaluations are used up" in result.out


UNITS = [1e-200, 1.6e-19, 1e-12, 1e-3, 1e9, 1e150, 1e200]


def test_a_fit_does_not_depend_on_the_units_of_its_data() -> None:
    """As charges of electrons and distances of stars have them: parameters, their errors, and whether it is done."""
    x = np.arange(12) / 2
    y = 1.6 * np.exp(-0.5 * x) + np.where(np.arange(12) % 2, 0.01, -0.01)
    plain = fit("a*exp(-b*x)", "y", {"x": x, "y": y}, {"a": 1, "b": 1})
    for unit in UNITS:
        for start in ({"a": unit, "b": 1}, {"a": unit, "b": 3}, {"a": 10 * unit, "b": 0.01}):
            found = fit("a*exp(-b*x)", "y", {"x": x, "y": y * unit}, start)
            assert found.converged, (unit, start)
            assert found.parameters["a"] / unit == pytest.approx(plain.parameters["a"], rel=1e-9), (unit, start)
            assert found.errors["a"] / unit == pytest.approx(plain.errors["a"], rel=1e-9)
            assert found.parameters["b"] == pytest.approx(plain.parameters["b"], rel=1e-9)
        slow = fit("a*exp(-b*x)", "y", {"x": x * unit, "y": y}, {"a": 1, "b": 0.1 / unit})
        assert slow.parameters["b"] * unit == pytest.approx(plain.parameters["b"], rel=1e-9), unit
        line = fit("m*x", "y", {"x": x, "y": y * unit}, {"m": 0})
        assert line.parameters["m"] / unit == pytest.approx((x @ y) / (x @ x), rel=1e-9), unit


def test_a_sum_of_squares_beyond_doubles_is_not_told() -> None:
    for unit in (1e-200, 1e200):
        found = fit("m*x", "y", {"x": [1, 2, 3], "y": [unit, 2 * unit, 3.1 * unit]}, {"m": 0})
        assert found.to_dict()["residual_sum_of_squares"] is None
        assert found.to_dict()["residual_standard_deviation"] / unit == pytest.approx(math.sqrt(0.00357142857 / 2))
