"""Uncertain inputs: how they are written, what they make of the output, and how it is rounded.

The numbers are those of the Python package `uncertainties` 3.2.3 (its documentation and its tests), unless a line says
what else they are from.
"""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backprop_cli import BackpropError, backprop
from backprop_cli.arithmetic import FLOATS
from backprop_cli.arithmetic.balls import Balls
from backprop_cli.language.uncertain import read_uncertain
from backprop_cli.passes import point
from backprop_cli.passes.trace import Uncertainty
from backprop_cli.view.rounding import rounded
from support.command import call
from support.schemas import TRACE

READ = {  # `ufloat_from_str_cases` of its tests, without those that have an uncertainty nobody wrote, or NaN
    "-1.23(3.4)": (-1.23, 3.4),
    "  -1.23(3.4)  ": (-1.23, 3.4),
    "-1.34(5)": (-1.34, 0.05),
    "1(6)": (1, 6),
    "3(4.2)": (3, 4.2),
    "-9(2)": (-9, 2),
    "1234567(1.2)": (1234567, 1.2),
    "12.345(15)": (12.345, 0.015),
    "-12.3456(78)e-6": (-12.3456e-6, 0.0078e-6),
    "169.0(7)": (169, 0.7),
    "-0.1+/-1": (-0.1, 1),
    "-13e-2+/-1e2": (-13e-2, 1e2),
    "-14.(15)": (-14, 15),
    "-100.0(15)": (-100, 1.5),
    "14.(15)": (14, 15),
    "(3.141+/-0.001)E+02": (314.1, 0.1),
    "(3.141±0.001)E+02": (314.1, 0.1),
    "3.141E+02±0.001e2": (314.1, 0.1),
    "(3.141 ± 0.001) × 10²": (314.1, 0.1),
    "(2 +/- 0.1)": (2, 0.1),
    "(-3.1415 +/- 1e-4)e+200": (-3.1415e200, 1e196),
    "(-3.1415e-10 +/- 1e-4)e+200": (-3.1415e190, 1e196),
    "-3(0.)": (-3, 0),
    "(2+/-0.1)e-01": (0.2, 0.01),
    "0.20(1)": (0.2, 0.01),
    "20(1)e-2": (0.2, 0.01),
    "-1.2×10⁻¹²±1e23": (-1.2e-12, 1e23),
    # and what people write beside these
    "(2.0±0.1)e3": (2000, 100),
    "(1.50(2))e3": (1500, 20),
    "1.50(2)e-3": (1.5e-3, 2e-5),
    "1.50(2)×10⁻³": (1.5e-3, 2e-5),
    "(2.0±0.1)*10^3": (2000, 100),
    "(2.0±0.1)*10**-3": (0.002, 1e-4),
    "2.0 \\pm 0.1": (2, 0.1),
    "−2.0±0.1": (-2, 0.1),
    "-(2.0±0.1)e3": (-2000, 100),
    "-(1.50(2))": (-1.5, 0.02),
    ".5(1)": (0.5, 0.1),
    "pi/4 ± 1/100": (math.pi / 4, 0.01),
    "(1/2±1/4)e2": (50, 25),
    "sqrt(4)±sqrt(0.1**2 + 0.2**2)": (2, math.sqrt(0.05)),
    "2±0": (2, 0),
}
UNREAD = {
    "±": "the value of x needs a number on each side of ±",
    "2±": "the value of x needs a number on each side of ±",
    "±2": "the value of x needs a number on each side of ±",
    "2±inf": "the uncertainty of x is not finite",
    "2±-1": "the uncertainty of x is negative",
    "2±nan": "the uncertainty of x is not finite",
    "nan±2": "the value of x is not finite",
    "2±1e999": "in the value of σ of x: the number 1e999 overflows",
    "2.0±5%": "the uncertainty of x is a percentage, and here it is a number",
    "2±1±1": "several uncertainties in the value of x",
    "2.0+-0.1": "the value of x may be a difference or a number with its uncertainty",
    "1.50 (2)": "in the value of x, '1.50 (2)' may be a product or a number with its uncertainty",
    "1.2345e3(67)": "in the value of x, '1.2345e3(67)' may be a product or a number with its uncertainty",
    "2*(2.0±0.1)": "the ± in the value of x stands inside of a formula",
    "1.50(2)/3": "in the value of x, '1.50(2)' may be a product or a number with its uncertainty",
    "1.5(-2)": "in the value of x, '1.5(-2)' may be a product or a number with its uncertainty",
    "2±y": "in the value of σ of x: 'y' is not a constant",
    "2±(1": "in the value of σ of x: '(' is never closed",
}
PRODUCTS = {"2*(3)": 6.0, "log2(8)": 3.0, "2(pi)": 2 * math.pi, "(2)(3)": 6.0, "1 - 2": -1.0, "sqrt(4)": 2.0}

ROUNDED = {  # `formatting_cases` without a format, and what its user guide prints
    (12.3, 456.78): "(0 ± 5)e+02",
    (1.2345678, 0.354): "1.23 ± 0.35",
    (1.2345678, 0.3549): "1.23 ± 0.35",
    (1.2345678, 0.355): "1.2 ± 0.4",
    (1.5678, 0.355): "1.6 ± 0.4",
    (1.2345678, 0.09499): "1.23 ± 0.09",
    (1.2345678, 0.095): "1.23 ± 0.10",
    (3.14e-10, 0.01e-10): "(3.140 ± 0.010)e-10",
    (0.4, 0.02): "0.400 ± 0.020",
    (0.04, 0.004): "0.040 ± 0.004",
    (32.0, 5.0): "32 ± 5",
    (240.0, 76.83749084919419): "(2.4 ± 0.8)e+02",
    (40.0, 8.0): "40 ± 8",
    (70.0, 12.0): "70 ± 12",
    (166.40, 97.0): "(1.7 ± 1.0)e+02",
    (21.0, 0.223606797749979): "21.00 ± 0.22",
    (1234567.89, 4.3): "1234568 ± 4",
    (1234567.89, 43.0): "(1.23457 ± 0.00004)e+06",
    (-123.456, 0.123): "-123.46 ± 0.12",
    (-123.456, 0.567): "-123.5 ± 0.6",
    (9.99, 0.999): "10.0 ± 1.0",
    (3.14, 0.0): "3.14 ± 0",
    (1e300, 1e-300): "1e+300 ± 1e-300",  # which has no 600 digits here
    (1e308, 1.7976931348623157e308): "(1.0 ± 1.8)e+308",
    (5e-324, 5e-324): "(5 ± 5)e-324",
}
DIGITS = {  # formats such as `.1u`
    (123.456789, 0.00123, 1): "123.457 ± 0.001",
    (123.456789, 0.00123, 2): "123.4568 ± 0.0012",
    (123.456789, 0.00123, 3): "123.45679 ± 0.00123",
    (1.0, 0.994, 2): "1.00 ± 0.99",
    (1.0, 0.994, 1): "1 ± 1",
}

PROPAGATED: list[tuple[str, dict[str, str], float, float]] = [  # of its user guide and its tests
    ("2.0*t", {"t": "0.20(1)"}, 0.4, 0.02),
    ("t**2", {"t": "0.20(1)"}, 0.04, 0.004),
    ("x+y", {"x": "20±4", "y": "12±3"}, 32, 5),
    ("x*y", {"x": "20±4", "y": "12±3"}, 240, 76.83749084919419),
    ("x+x", {"x": "20±4"}, 40, 8),
    ("3*x + 10", {"x": "20±4"}, 70, 12),
    ("x-y", {"x": "5±0.5", "y": "5±0.5"}, 0, 0.7071067811865476),
    ("x-x", {"x": "5±0.5"}, 0, 0),
    ("sin(x)", {"x": "0.20(1)"}, 0.19866933079506122, 0.009800665778412416),
    ("sin(x*x)", {"x": "0.20(1)"}, 0.03998933418663417, 0.003996800426643912),
    ("exp(-x/3.0)", {"x": "0.20(1)"}, 0.9355069850316178, 0.003118356616772059),
    ("sqrt(230*x + 3)", {"x": "0.20(1)"}, 7.0, 0.16428571428571428),
    ("x**2 - x*x", {"x": "0.20(1)"}, 0, 0),
    ("u+2*v", {"u": "1±0.1", "v": "10±0.1"}, 21, 0.223606797749979),
    ("sin(x)", {"x": "3.14±0.01"}, 0.0015926529164868282, 0.00999998731728247),
    ("x**y", {"x": "4.5±0.2", "y": "3.4±0.4"}, 166.3116019650551, 103.16607457779762),
    ("x**y/z", {"x": "132±0.02", "y": "2.1±0.05", "z": "12±0.1"}, 2366.0504983254345, 577.9846941284532),
]


def spread(*given: Any, **settings: Any) -> Uncertainty:
    """What comes of uncertain values."""
    found = backprop(*given, **settings).uncertainty
    assert found is not None
    return found


def test_what_is_read() -> None:
    for text, (value, sigma) in READ.items():
        assert point.is_uncertain(text), text
        found = [point.read_value("x", part, FLOATS) for part in read_uncertain("x", text)]
        assert found == pytest.approx([value, sigma], rel=1e-14), text
    for text, value in PRODUCTS.items():
        assert not point.is_uncertain(text), text
        assert backprop("x", x=text).value == value


def test_what_is_not_read() -> None:
    for text, message in UNREAD.items():
        with pytest.raises(BackpropError) as error:
            backprop("x", x=text)
        assert error.value.message == message, text
        assert error.value.source, text


def test_how_it_is_rounded() -> None:
    for (value, sigma), text in ROUNDED.items():
        assert rounded(FLOATS, value, sigma, None) == text
    for (value, sigma, digits), text in DIGITS.items():
        assert rounded(FLOATS, value, sigma, digits) == text


def test_what_is_printed_is_read_again() -> None:
    dice = random.Random(4)
    for _ in range(300):
        value, sigma = dice.gauss(0, 1) * 10 ** dice.uniform(-9, 9), 10 ** dice.uniform(-9, 9)
        text = rounded(FLOATS, value, sigma, None)
        again = [float(point.read_value("x", part, FLOATS)) for part in read_uncertain("x", text)]
        assert abs(again[0] - value) <= sigma
        assert again[1] == pytest.approx(sigma, rel=0.15)


def test_what_comes_of_it() -> None:
    for text, values, value, sigma in PROPAGATED:
        found = backprop(text, values)
        assert found.uncertainty is not None
        assert found.value == pytest.approx(value, rel=1e-13, abs=1e-16), text
        assert found.uncertainty.sigma == pytest.approx(sigma, rel=1e-13), text


# -- Correlations --------------------------------------------------------------------------------------------------

XYZ = {"x": "1±0.1", "y": "2±0.3", "z": "-1±0.4242640687119285"}
"""Of `test_correlated_values`: z is -3x + y, and the correlations are those of the three."""
R = math.sqrt(0.5)
OF_XYZ = {
    "names": ["x", "y", "z"],
    "matrix": [[1, 0, -R], [0, 1, R], [-R, R, 1]],
}
CORRELATED: list[tuple[str, dict[str, str], Any, float]] = [
    ("z - (-3*x + y)", XYZ, OF_XYZ, 0),
    ("-3*x + y + 0*z", XYZ, OF_XYZ, 0.4242640687119285),
    ("x + y", {"x": "1±3", "y": "1±4"}, {"x": {"y": 0}}, 5),
    ("x + y", {"x": "1±3", "y": "1±4"}, {"x": {"y": 1}}, 7),
    ("x - y", {"x": "1±3", "y": "1±4"}, {"y": {"x": "1"}}, 1),
    ("x*y", {"x": "5±0.5", "y": "5±0.5"}, {"x": {"x": 1, "y": 0.5}, "y": {"x": 0.5}}, math.sqrt(18.75)),
    ("x - y", {"x": "5±0.1", "y": "5±0.1"}, {"x": {"y": 1}}, 0),
    ("-3*x + y + 0*z", {"z": XYZ["z"], "y": XYZ["y"], "x": XYZ["x"]}, OF_XYZ["matrix"], 0.4242640687119285),
    ("x + w*y", {"y": "1±4", "w": "1", "x": "1±3"}, [[1, 1], [1, 1]], 7),
]
NOT_CORRELATED = {
    '{"x": {"y": 2}}': "the correlation of x and y is a number from -1 to 1, not '2'",
    '{"x": {"y": NaN}}': "the correlation of x and y is a number from -1 to 1, not 'NaN'",
    '{"x": {"y": null}}': "the correlation of x and y is a number from -1 to 1, not 'None'",
    '{"x": {"x": 0.5}}': "the correlation of x with itself is 1, not 0.5",
    '{"x": {"y": 0.5}, "y": {"x": 0.4}}': "the correlation of x and y is given as 0.5, and in the other order as 0.4",
    '{"x": {"y": 0.9, "z": 0.9}, "y": {"z": -0.9}}': "no variables have these correlations: their matrix has a neg",
    '{"x": {"v": 0.5}}': "--correlations names 'v', which is no variable of the expression",
    '{"x": {"w": 0.5}}': "--correlations names 'w', which has no uncertainty",
    '{"x": 0.5}': "--correlations takes a JSON object of objects",
    "[1]": "--correlations takes a JSON object of objects, or a matrix",
    "[[1, 0.5], [0.5, 1]]": "the matrix of --correlations has a row and a column for each uncertain variable\n"
    "hint: a matrix of 3 × 3, in this order: x, y, z\n",
    "[[1, 0, 0], [0, 1, 0.5], [0, 0.4, 1]]": "the correlation of y and z is given as 0.5, and",
    "[[1, 0, 0], [0, 2, 0], [0, 0, 1]]": "the correlation of y and y is a number from -1 to 1, not '2'",
    "[[1, 0, 0], [0, 1, 0]]": "the matrix of --correlations has a row and a column for each uncertain variable",
    "{": "--correlations is not JSON: expecting property name enclosed in double quotes",
    '{"names": ["x", "y"], "matrix": [[1, 0.5]]}': "the matrix of --correlations has a row and a column for each unc",
    '{"names": ["x", "x"], "matrix": [[1, 0.5], [0.5, 1]]}': "'x' is given twice",
}


def test_correlated_values() -> None:
    for text, values, correlations, sigma in CORRELATED:
        for given in (correlations, json.dumps(correlations)):
            found = spread(text, values, correlations=given)
            assert found.sigma == pytest.approx(sigma, abs=1e-7), text
            assert not found.shares or sum(found.shares.values()) == pytest.approx(1)


def test_what_is_no_correlation() -> None:
    for text, message in NOT_CORRELATED.items():
        result = call("eval", "w*x*y*z", "--w=1", "--x=1±0.1", "--y=1±0.1", "--z=1±0.1", "--correlations", text)
        assert result.status == 2
        assert result.err.startswith(f"error: {message}"), text
    result = call("eval", "x", "--x", "1", "--correlations", '{"x": {"y": 0.5}}')
    assert "--correlations are those of uncertain values, and here are none" in result.err


# -- Other arithmetics ---------------------------------------------------------------------------------------------


def test_digits_and_exact_numbers() -> None:
    point = {"m": "2.0±0.1", "g": "9.81", "h": "1.50(2)"}
    exact = spread("m*g*h", point, exact=True)
    assert str(exact.sigma) == "981*sqrt(241)/10000"
    assert str(exact.shares["m"]) == "225/241"
    many, system = spread("m*g*h", point, precision=50), Balls(50)
    digits = "1.522921537703108327801407"
    assert system.exactly(many.sigma).startswith(digits)
    assert spread("m*g*h", point).sigma == pytest.approx(float(digits), rel=3e-16)
    apart = spread("x - y", {"x": "1±0.1", "y": "1±0.1"}, precision=30, correlations={"x": {"y": "0." + "9" * 40}})
    assert Balls(30).show(apart.sigma, 5) == "1.4142e-21"


def test_sizes_that_doubles_hardly_hold() -> None:
    assert spread("x + y", x="1e200±1e200", y="1e200±1e200").sigma == pytest.approx(math.sqrt(2) * 1e200)
    assert spread("x + y", x="1e-200±1e-200", y="0±1e-200").sigma == pytest.approx(math.sqrt(2) * 1e-200)
    with pytest.raises(BackpropError, match="the uncertainty of the output overflows"):
        backprop("x*1e300", x="1e-10±1e10")


# -- Whether the first order is enough -----------------------------------------------------------------------------

NOT_ENOUGH: list[tuple[str, dict[str, str], list[str]]] = [  # of normal values: the moments of x**2, x*y and exp(x)
    ("m*g*h", {"m": "2.0±0.1", "g": "9.81", "h": "1.50(2)"}, []),
    ("x**2", {"x": "0±0.1"}, ["∂f/∂x is 0 here", "make σ 0.014, not 0, and move the mean by 0.01"]),
    ("x**2", {"x": "1±0.5"}, ["move the mean by 0.25"]),
    ("x*y", {"x": "0±0.1", "y": "0±0.2"}, ["∂f/∂x is 0 here", "∂f/∂y is 0 here", "make σ 0.02, not 0"]),
    ("exp(x)", {"x": "0±1"}, ["make σ 1.2, not 1, and move the mean by 0.5"]),
    ("x**4", {"x": "0±1"}, ["∂f/∂x is 0 here", "at x ± σ, the output is off its tangent by 1 on average"]),
    ("x**1.5", {"x": "0±1"}, ["∂f/∂x is 0 here", "whether the first order is enough is not known"]),
    ("abs(x)", {"x": "0±1"}, ["abs", "∂f/∂x is 0 here", "off its tangent by 1"]),
    ("abs(x)", {"x": "0.1±0.5"}, ["off its tangent by 0.4"]),
    ("abs(x)", {"x": "0.6±0.5"}, []),
    ("where(x > 0, x, sqrt(x))", {"x": "1±2"}, ["within one σ, at x = -1, there is no value"]),
    ("1e8 + x", {"x": "1±1e-9"}, []),
    ("max(x, y)", {"x": "1±0.1", "y": "1"}, ["tie", "off its tangent by 0.05"]),
    ("tanh(10*x)", {"x": "0±0.5"}, ["from x - σ to x + σ, the output changes by 2, not 10"]),
    ("x + 100*x**3", {"x": "0±0.5"}, ["from x - σ to x + σ, the output changes by 26, not 1"]),
    ("x**3", {"x": "0±0.5"}, ["∂f/∂x is 0 here", "the output changes by 0.25, not 0"]),
]
ODD = ["tanh(10*x)", "x + 100*x**3", "x**3", "sin(20*x)", "x", "sin(x)", "x + x**3/30", "atan(3*x)"]
"""Functions that bend as much to one side of 0 as to the other, so that they have no second derivative there."""


def test_where_the_first_order_is_not_enough() -> None:
    for text, values, parts in NOT_ENOUGH:
        for more in ({}, {"precision": 20}, {"exact": True}, {"hessian": True})[: 3 if text == "x**1.5" else 4]:
            messages = [notice.message for notice in backprop(text, values, **more).warnings]
            assert len(messages) == len(parts), messages
            assert all(part in message for part, message in zip(parts, messages, strict=True)), messages
    both = backprop("x*y", x="0±0.1", y="0±0.1", correlations={"x": {"y": 1}}).warnings[-1].message
    assert both.endswith("make σ 0.014, not 0, and move the mean by 0.01")


def test_the_second_order_beside_a_simulation() -> None:
    dice, text = random.Random(7), "x*exp(y)"
    drawn = [(dice.gauss(1, 0.5), dice.gauss(0, 0.3)) for _ in range(40_000)]
    values = [x * math.exp(y) for x, y in drawn]
    mean = sum(values) / len(values)
    found = math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))
    told = backprop(text, x="1±0.5", y="0±0.3").warnings
    assert not told  # σ is 0.583 to first order, and 0.60 to second
    assert spread(text, x="1±0.5", y="0±0.3").sigma == pytest.approx(found, rel=0.1)


def test_a_bend_that_turns_around_is_told_where_a_simulation_has_another_spread() -> None:
    """σ of tanh(10·x) at 0 ± 0.5 is 5 to first order, and tanh is never beyond 1; that of x + 100·x³ is too small."""
    dice = np.random.default_rng(3)
    drawn = dice.normal(0, 0.5, 40_000)
    functions = {name: getattr(np, name) for name in ("sin", "tanh")} | {"atan": np.arctan}
    for text in ODD:
        values = eval(text, {"__builtins__": {}}, functions | {"x": drawn})  # texts of this file
        trace = backprop(text, x="0±0.5")
        assert trace.uncertainty is not None
        is_off = abs(float(np.std(values)) / trace.uncertainty.sigma - 1) > 0.2 if trace.uncertainty.sigma else True
        told = [notice.message for notice in trace.warnings if "not enough" in notice.message]
        assert bool(told) == is_off, (text, told)


# -- The command line ----------------------------------------------------------------------------------------------

WORDS = ("m*g*h", "--m", "2.0±0.1", "--g", "9.81", "--h", "1.50(2)")


def test_the_documents() -> None:
    for more in ([], ["--precision", "30"], ["--exact"], ["--hessian"], ["--wrt", "m,h"]):
        data = json.loads(call("eval", *WORDS, "--json", *more).out)
        TRACE.validate(data)
        assert {*data["shares"]} == {"m", "h"}
    assert data["uncertainty"] == 1.5229215377031082
    assert data["sigmas"] == {"m": 0.1, "h": 0.02}
    assert data["components"] == {"m": 1.4715, "h": 0.3924}
    data = json.loads(call("eval", *WORDS, "--json", "--correlations", '{"h": {"m": 0.5}}').out)
    TRACE.validate(data)
    assert data["correlations"] == {"h": {"m": 0.5}}
    document = call("eval", *WORDS, "--json").out
    assert call("eval", "m*g*h", "--at", "-", "--json", stdin=document).out == document
    assert "uncertainty" not in json.loads(call("eval", "x", "--x", "1", "--json").out)


def test_bare_numbers_and_tables() -> None:
    assert call("eval", *WORDS, "--get", "uncertainty", "--get", "value").out == "1.5229215377031082\n29.43\n"
    assert "there is: value and x" not in call("eval", "x", "--x", "1", "--get", "uncertainty").out
    assert call("eval", *WORDS).out.startswith("m*g*h = 29.4 ± 1.5\n")
    assert call("eval", *WORDS, "--digits", "4").out.startswith("m*g*h = 29.430 ± 1.523\n")
    assert (
        call("eval", *WORDS, "--format", "csv").out.splitlines()[1]
        == "m,input,m,2.0,14.715,,,,0.1,1.4715,0.9336099585062241"
    )
    for form in ("markdown", "html", "table"):
        assert "93.4 %" in call("eval", *WORDS, "--format", form).out
    assert "f &= 29.4 \\pm 1.5" in call("eval", *WORDS, "--format", "latex").out
    assert r"f &= (2.4 \pm 0.8) \times 10^{2}" in call("eval", "x*y", "--x=20±4", "--y=12±3", "--format=latex").out
    for form in ("tree", "dot", "mermaid"):
        assert all(each in call("graph", *WORDS, "--format", form).out for each in ("2.00 ± 0.10", "29.4 ± 1.5"))
    at = json.dumps({"m": "2.0±0.1", "g": 9.81, "h": "1.50(2)"})
    assert call("eval", "m*g*h", "--at", at).out == call("eval", *WORDS).out
    result = call("eval", *WORDS, "--wrt", "m")
    assert "the uncertainty of h is left out" in result.err
    assert "29.4 ± 1.5" in result.out


def test_what_takes_plain_numbers() -> None:
    for command in ("check", "derive", "code"):
        result = call(command, *WORDS)
        assert result.status == 2
        assert "the value of m is uncertain" in result.err
    for more in (["--y", "[1, 2]"], ["--y", "[1±0.1, 2]"]):
        result = call("eval", "x*y", "--x", "2.0±0.1", *more)
        assert result.status == 2
        assert "is uncertain, and a number is needed here" in result.err
    assert "an uncertainty belongs to a value" in call("eval", "2.0±0.1*x", "--x", "1").err
    assert (
        "--allow-nonfinite takes numbers alone, and the value of m is uncertain"
        in call("eval", *WORDS, "--allow-nonfinite").err
    )


# -- Many points ---------------------------------------------------------------------------------------------------

POINTS: list[tuple[str, list[str], str]] = [
    ("x,y\n20±4,12(3)\n1,2\n", [], "x,y,value,uncertainty\n20±4,12(3),240.0,76.83749084919418\n1,2,2.0,0.0\n"),
    (
        "x,sigma_x,y,y_err\n20,4,12,3\n1,,2,\n",
        [],
        "x,sigma_x,y,y_err,value,uncertainty\n20,4,12,3,240.0,76.83749084919418\n1,,2,,2.0,0.0\n",
    ),
    ("x,σ_x\n20,4\n", ["--y=12±3"], "x,σ_x,value,uncertainty\n20,4,240.0,76.83749084919418\n"),
    (
        '{"x": "20±4", "y": 12, "sigma_y": 3}\n',
        [],
        '{"x": "20±4", "y": 12, "sigma_y": 3, "value": 240.0, "uncertainty": 76.83749084919418}\n',
    ),
    ('{"x": 20, "y": 12}\n', [], '{"x": 20, "y": 12, "value": 240.0, "uncertainty": 0.0}\n'),
]


def test_points(tmp_path: Path) -> None:
    for number, (text, more, out) in enumerate(POINTS):
        words = ["x*y", *more, "--get", "value", "--get", "uncertainty"]
        file = tmp_path / str(number)
        file.write_text(text)
        for result in (call("points", *words, stdin=text), call("points", words[0], str(file), *words[1:])):
            assert result.out == out, result.err
    file.write_text("x,y\n20±4,12±3\n")
    by_itself = call("points", "x*y", str(file), "--wrt", "x")
    assert by_itself.out == "x,y,value,gradient.x,uncertainty\n20±4,12±3,240.0,12.0,48.0\n"
    assert "uncertainty of y is left out" in by_itself.err
    one = call("points", "x-y", "--get", "uncertainty", "--correlations", '{"x": {"y": 1}}', stdin="x,y\n5±1,5±1\n")
    assert one.out == "x,y,uncertainty\n5±1,5±1,0.0\n"
    for text, message in {
        "x,sigma_x\n1,a\n": "error: line 2: in the value of σ of x: 'a' is not a constant",
        "x\n1\n2±1\n": "error: line 3, after 1 point: the value of x is uncertain, which nothing has told before",
        "x,sigma_x\n1±1,1\n": "error: line 2: several uncertainties in the value of x",
        "x,sigma_x,uncertainty\n1,1,1\n": "error: 'uncertainty' is what a part of the result is called",
    }.items():
        assert call("points", "2*x", stdin=text).err.startswith(message), text
    assert (
        "--reduce adds doubles, which an uncertain value"
        in call("points", "x", str(tmp_path / "0"), "--reduce=sum", "--wrt=x").err
    )


def test_shares_that_cancel() -> None:
    same, together = ["sin(x)*x - cos(pi/2-y)*y", "--x=2.0±0.1", "--y=2.0±0.1"], '--correlations={"x": {"y": 1}}'
    shares = call("eval", *same, together).out
    assert "-7e+16 %" in shares


def test_uncertainty_to_proven_digits_where_the_first_ones_do_not_tell() -> None:
    large = call("eval", "exp(x*x)", "--x=1e25±1", "--precision=10", "--get=uncertainty")
    assert large.out == "9.070713315e+43429448190325182765112891891660508229439700580391\n", large.err


def test_the_circuit_of_a_trace_has_uncertainties() -> None:
    shown = str(backprop("x*y", x="1±0.1", y=2).graph())
    assert shown == call("graph", "x*y", "--x", "1±0.1", "--y", "2").out
