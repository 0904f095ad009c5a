"""`compile`, the function: it gives what `backprop()` gives, number or error, at every point and in any thread."""

from __future__ import annotations

import copy
import math
import pickle
import random
import traceback
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

import backprop_cli
from backprop_cli import BackpropError, backprop
from backprop_cli.language.program import Program
from backprop_cli.passes.backpropagate import LARGE
from support.trees import Example, examples, relaxed, written

EXPRESSIONS = [
    "(x+y)*z",
    "x",
    "2*3",
    "1/(1+exp(-(x*y + z)))*log(x*x + y)",
    "max(x, y, z)*min(x, 1) + relu(z)",
    "s(t) = 1/(1 + exp(-t))\nq = s(x)*s(y)\nq*z + s(q)",
    "abs(x)**y + sqrt(z) + hypot(x, y, z)",
    "unused = x*2\ny*e + pi",
    "log(x) + 1e400*y",
    "x/y - gamma(z)",
]
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, 2, -3, 5e-324, 1e-300, 1e300, -1.7e308, 710.0, 171.7, math.inf, math.nan, "1/3"]


def outcome(call: Any) -> str:
    """The numbers, or the error, as text: `repr` tells apart what == does not, as −0.0 and 0."""
    try:
        result = call()
    except BackpropError as error:
        return f"{type(error).__name__}: {error}"
    return repr((result.value, result.gradient))


def same(expression: str, point: Mapping[str, Any], **options: Any) -> None:
    compiled = backprop_cli.compile(expression, **options)
    plain = outcome(lambda: backprop(expression, point, **options))
    assert outcome(lambda: compiled(**point)) == plain
    if {*compiled.variables} == {*point}:
        assert outcome(lambda: compiled(*(point[name] for name in compiled.variables))) == plain


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_special_points(expression: str) -> None:
    names = [node.name for node in Program(expression).graph().variables]
    choose = random.Random(expression)
    for options in ({}, {"wrt": names[:1], "ties": "split"}):
        for place in range(2 * len(SPECIAL) if names else 1):
            point = {name: choose.choice(SPECIAL) for name in names}
            if names:
                point[choose.choice(names)] = SPECIAL[place % len(SPECIAL)]
            same(expression, point, **options)


@settings(relaxed, max_examples=5)
@given(examples(), st.integers(0, 10))
def test_any_expression(example: Example, seed: int) -> None:
    same(written(example.tree, random.Random(seed)), example.point)


@pytest.mark.slow
@settings(relaxed, max_examples=60)
@given(examples(), st.integers(0, 10))
def test_many_expressions(example: Example, seed: int) -> None:
    same(written(example.tree, random.Random(seed)), example.point)


@pytest.mark.parametrize(
    "value",
    [3, True, np.float64(0.1), np.float32(0.1), np.int64(-7), Fraction(1, 3), Decimal("0.1"), 10**400, 2**53 + 1, None,
     sympy.Rational(1, 3), sympy.Float("0.1"), sympy.Integer(7), mpmath.mpf("0.1"), "pi/4", "y", "", [1.0], 1j],
    ids=repr,
)  # fmt: skip
def test_whatever_is_given(value: Any) -> None:
    same("x*x + y", {"x": value, "y": 2.5})


@pytest.mark.parametrize("given", [{}, {"x": 1}, {"x": 1, "y": 2, "z": 3, "w": 4}, {"X": 1, "y": 2, "z": 3}, {"q": 1}])
def test_missing_and_unknown_names(given: dict[str, float]) -> None:
    expression = "q = x + y; q*z"
    assert outcome(lambda: backprop_cli.compile(expression)(**given)) == outcome(lambda: backprop(expression, given))


def test_values_by_order() -> None:
    compiled = backprop_cli.compile("z*(x+y)")
    assert compiled.variables == ("z", "x", "y")
    assert compiled(-4, -2, 5) == compiled(-4, y=5, x=-2) == (-12.0, {"z": 3.0, "x": -4.0, "y": -4.0})
    value, gradient = compiled(-4.0, -2.0, 5.0)
    assert (value, gradient) == (compiled(-4, -2, 5).value, compiled(-4, -2, 5).gradient)
    with pytest.raises(BackpropError, match="has 3 variables: these are 4 values"):
        compiled(1, 2, 3, 4)


def test_a_constant_may_get_a_value() -> None:
    compiled = backprop_cli.compile("x*e")
    assert compiled(x=2).value == 2 * math.e
    assert compiled(x=2, e=3) == (6.0, {"x": 3.0, "e": 2.0})


NAMES = ["self", "more", "others", "missing", "v0", "g1", "careful", "ﬁ", "数", "expression", "wrt", "values", "None_"]


def test_any_name_of_a_variable() -> None:
    for first in NAMES:
        for second in NAMES:
            if first != second:
                same(
                    f"{first}*{first} + {second}",
                    dict(zip(Program(f"{first}*{second}").graph().nodes.names, (2, 3.5), strict=False)),
                )


def test_wrong_expressions_and_options() -> None:
    for options in ({"wrt": "y"}, {"wrt": 3}, {"ties": "all"}, {"ties": None}):
        with pytest.raises(BackpropError):
            backprop_cli.compile("x*x", **options)
    for expression in ("x+", "", None, b"x"):
        with pytest.raises(BackpropError):
            backprop_cli.compile(expression)  # type: ignore[arg-type]


def test_nothing_is_parsed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for an integer, a tie, a text, nor a mistake."""
    compiled = backprop_cli.compile("max(x, y) + 1/z")
    monkeypatch.setattr(Program, "graph", None)
    assert compiled(1, 1, 2).gradient == {"x": 1.0, "y": 1.0, "z": -0.25}
    assert compiled("0.5", 1, 2).value == 1.5
    for wrong in ((1, 2, 0), (1, 2)):
        with pytest.raises(BackpropError):
            compiled(*wrong)


def test_errors_have_no_other_behind_them() -> None:
    with pytest.raises(BackpropError) as caught:
        backprop_cli.compile("log(x)")(-1.0)
    assert "UnusualError" not in "".join(traceback.format_exception(caught.value))


def test_large_graphs() -> None:
    source = " + ".join(f"tanh({i}*x)*y" for i in range(LARGE))
    same(source, {"x": 0.001, "y": 2.0})


def test_the_trace_of_a_point() -> None:
    compiled = backprop_cli.compile("max(x, y)*2", ties="split")
    trace = compiled.trace(1, y=1)
    assert trace.gradient == {"x": 1.0, "y": 1.0}
    assert [notice.kind for notice in trace.warnings] == ["tie"]


def test_pickles_and_copies() -> None:
    compiled = backprop_cli.compile("q = max(x, y)\nq*z", wrt="x,z", ties="split")
    for again in (pickle.loads(pickle.dumps(compiled)), copy.copy(compiled), copy.deepcopy(compiled)):
        assert again(1, 1, 3) == compiled(1, 1, 3) == (3.0, {"x": 1.5, "z": 1.0})
        assert repr(again) == repr(compiled) == "<compiled 'q = max(x, y)\\nq*z': x, y, z>"


def test_threads() -> None:
    """Eight threads, each with points of its own, some of which take the careful way."""
    compiled = backprop_cli.compile("max(x, y)*sigmoid(x*y) + log(y)")

    def work(number: int) -> list[str]:
        choose = random.Random(number)
        points = [(choose.randrange(-3, 4), choose.choice([1.0, 0.5, 2, -1])) for _ in range(60)]
        return [outcome(lambda point=point: compiled(*point)) for point in points]

    alone = [work(number) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == alone


@pytest.mark.parametrize("kind", [np.ndarray, np.matrix, np.recarray])
def test_arrays_of_other_kinds_have_the_same_products(kind: type) -> None:
    given = np.array([[1.0, 2.0], [3.0, 4.0]])
    for expression in ("sum(x*x)", "sum((x @ x)**2)"):
        found, trace = backprop_cli.compile(expression)(given.view(kind)), backprop(expression, x=given)
        assert found.value == trace.value
        slope: Any = found.gradient["x"]
        assert type(slope) is np.ndarray
        np.testing.assert_array_equal(slope, trace.gradient["x"])
