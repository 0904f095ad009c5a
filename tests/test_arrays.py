"""Programs of arrays: values, gradients, shapes, against oracles that share no code, and facts from the literature."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mpmath import mpf

from backprop_cli import BackpropError, backprop
from backprop_cli import compile as compiled
from backprop_cli.api.trace import Trace
from backprop_cli.arithmetic import FLOATS
from backprop_cli.arithmetic.arrays import Arrays
from backprop_cli.arithmetic.symbolic import Symbolic
from backprop_cli.errors import InputError, MathError
from backprop_cli.language.program import Program
from backprop_cli.passes.arrays import array_trace
from backprop_cli.passes.arrays import gradient as gradient_of
from backprop_cli.passes.matrices import MEANS, matrices
from backprop_cli.rules.arrays import ARRAYS
from backprop_cli.rules.formula import Formula, substitute
from backprop_cli.rules.printer import BY_HAND, TYPED
from backprop_cli.rules.shape_rules import MAX_ENTRIES
from backprop_cli.rules.table import TABLE
from support.arrays import FORMULAS, gradient, point_of, value
from support.command import PATIENCE, run
from support.rows import NUMERIC
from support.schemas import TRACE

S = tuple[int, ...]


def agrees(text: str, point: Mapping[str, Any], rtol: float = 1e-11) -> Trace:
    """The trace of a program whose value and gradient are the oracle's."""
    trace = backprop(text, dict(point))
    np.testing.assert_allclose(trace.value, np.real(value(text, point)), rtol=rtol, atol=1e-13)
    expected = gradient(text, point)
    assert {*trace.gradient} == {*expected}
    for name, slopes in expected.items():
        assert np.shape(trace.gradient[name]) == np.shape(point[name])
        np.testing.assert_allclose(trace.gradient[name], slopes, rtol=rtol, atol=1e-12, err_msg=f"{text}: {name}")
    return trace


# -- Every row, for each number of axes ----------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "shapes"), FORMULAS, ids=[text for text, _ in FORMULAS])
def test_value_and_gradient_are_the_oracles(text: str, shapes: dict[str, S]) -> None:
    agrees(text, point_of(shapes))


def test_every_row_is_among_them() -> None:
    """Each operation, and each number of axes, is met by a formula."""
    met = set()
    for text, shapes in [*FORMULAS, ("sum(pick(S, y))", {"S": (2, 3), "y": (2,)})]:
        point = point_of(shapes) | ({"y": np.array([0, 1])} if "pick" in text else {})
        met |= {(op.name, getattr(op, "axes", None)) for op in backprop(text, point).graph.nodes.kinds}
    assert {(op.name, op.axes) for op in ARRAYS} <= met


def test_the_straight_way_is_the_careful_one_to_the_last_bit() -> None:
    """What is compiled too, where it needs the careful way or not."""
    system = Arrays(FLOATS)
    for text, shapes in FORMULAS:
        point = point_of(shapes)
        graph, found = Program(text).graph(point), compiled(text)(**point)
        straight, careful = (array_trace(graph, point, system, straight=each) for each in (True, False))
        assert straight.value == careful.value == found.value, text
        for name, slope in careful.gradient.items():
            for other in (straight.gradient[name], found.gradient[name]):
                assert np.array_equal(other, slope), f"{text}: {name}"
                assert type(other) is type(slope)


def test_the_straight_way_gives_up_where_something_is_unusual() -> None:
    """What is compiled has the same numbers and errors there as the trace has."""
    for text, point in UNUSUAL:
        with np.errstate(all="ignore"), pytest.raises((ArithmeticError, ValueError)):
            gradient_of(Program(text).graph(point), None)(point)
        told = outcome(partial(backprop, text, point))
        assert outcome(partial(compiled(text), **point)) == told, text


UNUSUAL: list[tuple[str, dict[str, Any]]] = [
    ("sum(relu(x))", {"x": np.array([0.0, 1.0])}),
    ("max(x)", {"x": np.array([2.0, 2.0])}),
    ("sum(max(x, y))", {"x": np.array([1.0, 2.0]), "y": np.array([1.0, 0.0])}),
    ("sum(piecewise((x, x < y), (y, True)))", {"x": np.array([1.0]), "y": np.array([1.0])}),
    ("sum(log(x))", {"x": np.array([1.0, 0.0])}),
    ("sum(exp(x))", {"x": np.array([1.0, 1e3])}),
    ("sum(x @ y)", {"x": np.full((2, 2), 1e200), "y": np.full((2, 2), 1e200)}),
    ("sum(1e-200*(1e-200*x))", {"x": np.array([1.0, 2.0])}),
    ("sum(inv(x))", {"x": np.ones((2, 2))}),
    ("sum(pick(x, y))", {"x": np.ones((2, 2)), "y": np.array([0.5, 0.0])}),
]


def outcome(call: Any) -> Any:
    """What comes of it: all numbers, or the error."""
    try:
        found = call()
    except BackpropError as error:
        return str(error)
    return found.value, {name: np.asarray(slope).tolist() for name, slope in found.gradient.items()}


PICKED = [("sum(pick(S, y)**2)", (3, 4), [0, 3, 3]), ("pick(s, k)**2", (4,), 2)]


@pytest.mark.parametrize(("text", "shape", "labels"), PICKED)
def test_labels_pick_entries(text: str, shape: S, labels: Any) -> None:
    scores, label = ("S", "y") if len(shape) == 2 else ("s", "k")
    point = point_of({scores: shape}) | {label: np.array(labels, dtype=float)}
    trace = backprop(text, point)
    expected = gradient(text, point)
    np.testing.assert_allclose(trace.gradient[scores], expected[scores], rtol=1e-12)
    assert not np.any(trace.gradient[label])


# -- Broadcasting --------------------------------------------------------------------------------------------------

PAIRS: list[tuple[S, S]] = [
    ((), (3,)), ((3,), (3,)), ((2, 3), ()), ((2, 3), (3,)), ((2, 3), (2, 1)), ((2, 1), (1, 3)), ((1, 3), (2, 3)),
    ((1,), (2, 3)), ((2, 1), (3,)), ((4, 2, 3), (2, 1)), ((1, 1), (3,)),
]  # fmt: skip
BINARY = ["x + y", "x - y", "x*y", "x/y", "x**y", "max(x, y)", "min(x, y)", "where(x > y, x**2, y)"]


@pytest.mark.parametrize(("shapes", "text"), [*product(PAIRS, BINARY)], ids=str)
def test_what_was_broadcast_is_summed(shapes: tuple[S, S], text: str) -> None:
    one, other = shapes
    point = point_of({"x": one, "y": other}, seed=3)
    agrees(f"sum(({text})**2)", point)
    agrees(f"sum(({text})**2)", point_of({"x": other, "y": one}, seed=4))


@pytest.mark.parametrize("shapes", PAIRS, ids=str)
def test_the_table_says_what_was_summed(shapes: tuple[S, S]) -> None:
    trace = backprop("sum(x*y)", point_of(dict(zip("xy", shapes, strict=True))))
    gate = next(trace.graph.gates)
    is_summed = np.shape(trace.values[gate.position]) != np.shape(trace.point["y"])
    assert ("(y is" in str(trace)) == is_summed


# -- Numbers, entry by entry ---------------------------------------------------------------------------------------

ENTRIES = [0.3, 0.75, -0.4, 1.5, -2.3, 3.0]


@pytest.mark.parametrize("op", [op for op in NUMERIC if op.name not in ("sum", "mean", "prod")], ids=repr)
def test_every_primitive_does_entry_by_entry_what_it_does_to_numbers(op: Any) -> None:
    names = ["x", "y", "z"][: 2 if op.variadic else len(op.inputs)]
    text = op.written(names)
    lines = []
    for first in range(len(ENTRIES)):
        point = {name: ENTRIES[(first + 2 * place) % len(ENTRIES)] for place, name in enumerate(names)}
        try:
            lines.append((point, backprop(text, point)))
        except BackpropError as error:
            with pytest.raises(type(error)):
                backprop(f"sum({text} + [0])", {name: [each] for name, each in point.items()})
    if not lines:
        return
    arrays = {name: [point[name] for point, _ in lines] for name in names}
    trace = backprop(f"sum({text})" if len(lines) > 1 else f"sum(({text}) + [0])", arrays)
    gate = next(gate for gate in trace.graph.gates if gate.op == op)
    expected = [each.value for _, each in lines]
    np.testing.assert_allclose(np.broadcast_to(trace.values[gate.position], len(lines)), expected, rtol=1e-13)
    for name in names:
        slopes = [each.gradient[name] for _, each in lines]
        np.testing.assert_allclose(trace.gradient[name], slopes, rtol=1e-12, atol=1e-300)


ACTIVE: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("sum(relu(sqrt(x) - 1))", {"x": [0, 4, 9]}, {"x": [0, 1 / 4, 1 / 6]}),
    ("sum(max(sqrt(x), 1))", {"x": [0, 4]}, {"x": [0, 1 / 4]}),
    ("sum(where(x > 0, sqrt(x), 0))", {"x": [0, 4]}, {"x": [0, 1 / 4]}),
    ("sum(where(x > 0, log(x), 0))", {"x": [-1, 2]}, {"x": [0, 1 / 2]}),
    ("sum(where(x > 0, log(x).T, 0)[1:])", {"x": [-1, 2]}, {"x": [0, 1 / 2]}),
    ("max(sqrt(x))", {"x": [0, 4]}, {"x": [0, 1 / 4]}),
    ("sqrt(x)[1]", {"x": [0, 4]}, {"x": [0, 1 / 4]}),
    ("sum(sqrt(X)[1] @ w)", {"X": [[0, 1], [4, 9]], "w": [[1], [1]]}, {"X": [[0, 0], [1 / 4, 1 / 6]], "w": [[2], [3]]}),
    ("sum(W @ relu(sqrt(x) - 1))", {"W": [[1, 2]], "x": [0, 4]}, {"W": [[0, 1]], "x": [0, 1 / 2]}),
    ("sum(where(c > 0, x, y))", {"c": [1, -1], "x": [1, 2], "y": [3, 4]}, {"c": [0, 0], "x": [1, 0], "y": [0, 1]}),
    ("prod(x)", {"x": [0, 2, 3]}, {"x": [6, 0, 0]}),
    ("prod(x)", {"x": [0, 0, 3]}, {"x": [0, 0, 0]}),
    ("det(A)", {"A": [[1, 2], [2, 4]]}, {"A": [[4, -2], [-2, 1]]}),
    ("sum(x)*sum(x)", {"x": [1, 2]}, {"x": [6, 6]}),
    ("norm(x)", {"x": [3e200, 4e200]}, {"x": [0.6, 0.8]}),
    ("logsumexp(x)", {"x": [1000, 1000]}, {"x": [0.5, 0.5]}),
    ("sum(sigmoid(x))", {"x": [-1000, 1000]}, {"x": [0, 0]}),
    ("sum(abs(x))", {"x": [-2, 3]}, {"x": [-1, 1]}),
]
"""Where nothing flows, nothing below can go wrong; and what overflows or divides by 0 in a careless rule."""


@pytest.mark.parametrize(("text", "point", "expected"), ACTIVE)
def test_inactive_entries(text: str, point: dict[str, Any], expected: dict[str, Any]) -> None:
    trace = backprop(text, point)
    for name, slopes in expected.items():
        np.testing.assert_allclose(trace.gradient[name], slopes, rtol=1e-14, atol=1e-15)


TIES: list[tuple[str, dict[str, list[float]], dict[str, list[float]]]] = [
    ("max(x)", {"x": [2, 2, 1]}, {"both": [1, 1, 0], "split": [1 / 2, 1 / 2, 0], "first": [1, 0, 0]}),
    ("sum(max(x, y))", {"x": [2, 1], "y": [2, 3]}, {"both": [1, 0], "split": [1 / 2, 0], "first": [1, 0]}),
    ("sum(min(y, x))", {"x": [2, 1], "y": [2, 3]}, {"both": [1, 1], "split": [1 / 2, 1], "first": [0, 1]}),
    ("sum(max(reshape(x, 2, 2), axis=0))", {"x": [1, 2, 1, 3]},
     {"both": [1, 0, 1, 1], "split": [1 / 2, 0, 1 / 2, 1], "first": [1, 0, 0, 1]}),
    ("sum(max(x, x))", {"x": [2, 1]}, {"both": [1, 1], "split": [1, 1], "first": [1, 1]}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "point", "expected"), TIES)
@pytest.mark.parametrize("ties", ["both", "split", "first"])
def test_ties(text: str, point: dict[str, Any], expected: dict[str, list[float]], ties: str) -> None:
    trace = backprop(text, point, ties=ties)
    np.testing.assert_allclose(trace.gradient["x"], expected[ties])
    assert [notice.kind for notice in trace.warnings] == ["tie"] * (text != "sum(max(x, x))")


def test_an_entry_is_no_tie_with_itself() -> None:
    """However it came there: so `max(x, x)` has a derivative of arrays too."""
    point: dict[str, Any] = {"X": np.array([[1.0, 2.0], [3.0, 4.0]]), "x": np.array([1.0, 2.0]), "t": 1.0}
    for text, slopes in (
        ("sum(max(X, pick(X, [0, 0])))", {"X": [[1, 0], [2, 1]]}),
        ("sum(min(X, X[0, 0], X.T))", {"X": [[4, 0], [0, 0]]}),
        ("max([x, x])", {"x": [0, 1]}),
        ("sum(max([x, x[::-1], x].T, axis=1))", {"x": [0, 2]}),
        ("max(concat(x, reshape(x, 1, 2)[0]))", {"x": [0, 1]}),
        ("max([t, t])", {"t": 1}),
    ):
        trace = backprop(text, {name: point[name] for name in slopes})
        assert trace.warnings == [], text
        for name, slope in slopes.items():
            assert np.array_equal(trace.gradient[name], slope), text
    tied = backprop("sum(max(x, x[1], y))", x=[1, 2], y=2, ties="split")
    assert [*tied.gradient["x"]] == [0, 1]
    assert [notice.kind for notice in tied.warnings] == ["tie"]


def test_a_reduction_of_a_number_is_that_number() -> None:
    for name in "sum mean prod max min logsumexp norm".split():
        trace = backprop(f"2*{name}(x)", x=3)
        assert (trace.value, trace.gradient, trace.warnings) == (6, {"x": 2}, [])
        assert backprop(f"g(t) = {name}(t); g(X) + g(b)", X=[1, 2], b=3).gradient["b"] == 1
        assert ("q1 = x" if name != "norm" else "q1 = np.abs(x)") in trace.code("numpy")
    with pytest.raises(InputError, match="x is a number and has no axis 0"):
        backprop("sum(x, axis=0)", x=3)


def test_kinks_and_borders_are_told_with_their_entry() -> None:
    [kink] = backprop("sum(relu(x))", x=[1, 0, 0]).warnings
    assert (kink.kind, kink.message) == (
        "kink",
        "q1 = relu(x) has a kink at x = 0, entry [1] and 1 more: the gradient 0 there is a convention",
    )
    [border] = backprop("sum(where(x > 0, x, 0))", x=[1, 0]).warnings
    assert border.kind == "border"


# -- Facts ---------------------------------------------------------------------------------------------------------


def test_the_two_layer_net_of_cs231n() -> None:
    """Assignment 1: the toy model with seeds 0 and 1, whose loss is in the notebook."""
    random = np.random.RandomState(0)
    w1, w2 = 1e-1 * random.randn(4, 10), 1e-1 * random.randn(10, 3)
    data = 10 * np.random.RandomState(1).randn(5, 4)
    text = (
        "H = relu(X @ W1 + b1); S = H @ W2 + b2\n"
        "data = mean(-pick(log_softmax(S, axis=1), y))\n"
        "loss = data + 0.05*(sum(W1*W1) + sum(W2*W2))"
    )
    point: dict[str, Any] = {"X": data, "W1": w1, "b1": np.zeros(10), "W2": w2, "b2": np.zeros(3), "y": [0, 1, 2, 2, 1]}
    trace = backprop(text, point)
    assert trace.value == pytest.approx(1.30378789133, abs=1e-11)
    assert trace.value == pytest.approx(1.3037878913298202, rel=1e-14)
    for name in ("W1", "b1", "W2", "b2", "X"):
        assert np.shape(trace.gradient[name]) == np.shape(point[name])


def test_weights_of_zero_give_the_loss_of_a_guess() -> None:
    trace = backprop(
        "S = X @ W; loss = mean(-pick(log_softmax(S), y))", X=np.ones((2, 3)), W=np.zeros((3, 4)), y=[1, 3]
    )
    assert trace.value == pytest.approx(math.log(4), rel=1e-15)
    place = trace.graph.nodes.names.index("S")
    onehot = np.eye(4)[[1, 3]]
    np.testing.assert_allclose(np.asarray(trace.upstream[place]), (1 / 4 - onehot) / 2, rtol=1e-15)


def test_the_chapter_of_the_notes() -> None:
    """D = W·X, with dW = dD·Xᵀ and dX = Wᵀ·dD, for 5×10 and 10×3."""
    random = np.random.RandomState(0)
    w, x, d = random.randn(5, 10), random.randn(10, 3), random.randn(5, 3)
    trace = backprop("W @ X", W=w, X=x, upstream=d)
    np.testing.assert_allclose(trace.gradient["W"], d @ x.T, rtol=1e-14)
    np.testing.assert_allclose(trace.gradient["X"], w.T @ d, rtol=1e-14)


def _square(seed: int, n: int = 3) -> Any:
    return np.random.default_rng(seed).normal(size=(n, n)) + 3 * np.eye(n)


A, B, C, X = map(_square, range(4))
x3 = np.array([1.0, -2.0, 0.5])
CLOSED: list[tuple[str, dict[str, Any], str, Any]] = [
    ("x @ A @ x", {"x": x3, "A": A}, "x", (A + A.T) @ x3),
    ("trace(A @ X.T @ B @ X @ C)", {"A": A, "B": B, "C": C, "X": X}, "X", B @ X @ C @ A + B.T @ X @ A.T @ C.T),
    ("log(det(inv(X)))", {"X": X @ X.T}, "X", -np.linalg.inv(X @ X.T).T),
    ("logdet(X)", {"X": X}, "X", np.linalg.inv(X).T),
    ("trace(A @ X)", {"A": A, "X": X}, "X", A.T),
    ("trace(X.T @ X)", {"X": X}, "X", 2 * X),
    ("trace(inv(X) @ A)", {"A": A, "X": X}, "X", -(np.linalg.inv(X) @ A @ np.linalg.inv(X)).T),
    ("x @ inv(X) @ x", {"x": x3, "X": X}, "X", -np.linalg.inv(X).T @ np.outer(x3, x3) @ np.linalg.inv(X).T),
    ("norm(A @ x - b)**2", {"A": A, "x": x3, "b": np.ones(3)}, "x", 2 * A.T @ (A @ x3 - 1)),
    ("det(X)", {"X": X}, "X", np.linalg.det(X) * np.linalg.inv(X).T),
    ("x @ y", {"x": x3, "y": np.arange(3.0)}, "x", np.arange(3.0)),
    ("norm(x)", {"x": x3}, "x", x3 / np.linalg.norm(x3)),
    ("trace(X @ X)", {"X": X}, "X", 2 * X.T),
    ("a @ X @ b", {"a": x3, "X": X, "b": np.ones(3)}, "X", np.outer(x3, np.ones(3))),
    ("a @ X.T @ b", {"a": x3, "X": X, "b": np.ones(3)}, "X", np.outer(np.ones(3), x3)),
    ("a @ X @ X.T @ a", {"a": x3, "X": X}, "X", 2 * np.outer(x3, x3) @ X),
]
"""From matrixcalculus.org and the Matrix Cookbook: formula, point, variable, gradient."""

PRODUCTS = [[1e300, 1e300, 0], [1e300, 3e300, -1e-300], [1e-300, 3e-15, 1e300], [1e300, 2e100, 1e-300, 1e-200, 3]]
SLOPES = [[1e300, 1e300, 0, 0], [1e-300, 3e-15, 7e-3, 1e300], [3e-200, 7e-150, 1e200, 1e150, 5]]


def test_a_product_of_doubles_has_its_digits_whatever_is_on_the_way() -> None:
    """Over all and along an axis, with its slopes, beside fractions."""
    for factors in [*PRODUCTS, *SLOPES]:
        expected = float(math.prod(map(Fraction, factors)))
        for text, array in (("prod(v)", factors), ("sum(prod(v, axis=0))", [[each, 0] for each in factors])):
            assert backprop(text, {"v": array}, wrt=[]).value == pytest.approx(expected, rel=1e-15), (text, factors)
    for factors in SLOPES:
        others = [factors[:i] + factors[i + 1 :] for i in range(len(factors))]
        slopes = [float(math.prod(map(Fraction, each))) for each in others]
        assert [*backprop("prod(v)", {"v": factors}).gradient["v"]] == pytest.approx(slopes, rel=1e-15, abs=0), factors


def test_a_mean_of_doubles_is_there_where_their_sum_is_not() -> None:
    """Over all and along an axis, of entries and of numbers, beside fractions."""
    for numbers in ([1.5e308, 1e308], [1e308, -1e308, 1.7e308, 1.7e308, 1.7e308], [5e-324, 5e-324], [1e308, 2, 3]):
        expected = float(sum(map(Fraction, numbers)) / len(numbers))
        point = {f"x{place}": number for place, number in enumerate(numbers)}
        cases = ("mean(v)", {"v": numbers}), ("mean(v, axis=0)[1]", {"v": [[1, each] for each in numbers]})
        for text, values in (*cases, (f"mean({', '.join(point)})", point)):
            assert backprop(text, values).value == pytest.approx(expected, rel=1e-15, abs=0), text


def test_scores_that_are_nearly_sure_keep_their_digits() -> None:
    """Of two scores, 0 and x, the second has the portion sigmoid(x): in doubles, and in programs."""
    forms: dict[str, tuple[str, Any, Any]] = {
        "softmax": ("softmax(z)[1]", mpmath.sigmoid, lambda x: mpmath.sigmoid(x) * mpmath.sigmoid(-x)),
        "log_softmax": ("-log_softmax(z)[1]", lambda x: mpmath.log1p(mpmath.exp(-x)), lambda x: -mpmath.sigmoid(-x)),
        "logsumexp": ("logsumexp(z)", lambda x: mpmath.log1p(mpmath.exp(x)), mpmath.sigmoid),
        "many": ("sum(log_softmax(z)*[1/2, 1e10])", lambda x: -x / 2 - (1e10 + mpf(0.5)) * mpmath.log1p(mpmath.exp(-x)),
                 lambda x: (1e10 + mpf(0.5)) * mpmath.sigmoid(-x) - mpf(0.5)),
    }  # fmt: skip
    for (text, of_value, of_slope), x in product(forms.values(), (20, 30, -40, 700, 0.5)):
        trace, names = backprop(text, z=[0, x]), dict[str, Any]()
        exec(trace.code("numpy", function=True), names)
        written, gradient = names["forward_backward"]([0, x])
        with mpmath.workdps(40):
            expected = pytest.approx([float(of_value(mpf(x))), float(of_slope(mpf(x)))], rel=1e-14)
        assert [trace.value, trace.gradient["z"][1]] == expected, (text, x)
        assert [written, gradient["z"][1]] == expected, (text, x)


@pytest.mark.parametrize(("text", "point", "name", "expected"), CLOSED, ids=[each[0] for each in CLOSED])
def test_gradients_in_closed_form(text: str, point: dict[str, Any], name: str, expected: Any) -> None:
    np.testing.assert_allclose(backprop(text, point).gradient[name], expected, rtol=1e-12, atol=1e-13)


def test_logistic_regression() -> None:
    random = np.random.default_rng(0)
    data, w, y = random.normal(size=(6, 3)), random.normal(size=3), np.sign(random.normal(size=6))
    trace = backprop("sum(log(exp(-y*(X @ w)) + 1))", X=data, w=w, y=y)
    expected = -data.T @ (y / (1 + np.exp(y * (data @ w))))
    np.testing.assert_allclose(trace.gradient["w"], expected, rtol=1e-13)


PROGRAMS: dict[str, tuple[str, dict[str, S]]] = {
    "batch norm by hand": (
        "mu = mean(X, axis=0, keepdims=True); D = X - mu; v = sum(D**2, axis=0, keepdims=True)/3;"
        "N = D/sqrt(v + 1e-5); Y = g*N + b; f = sum(Y*T)",
        {"X": (4, 3), "g": (3,), "b": (3,), "T": (4, 3)},
    ),
    "an attention head": (
        "Q = X @ Wq; K = X @ Wk; V = X @ Wv; A = softmax(Q @ K.T / sqrt(2), axis=1); f = sum((A @ V)**2)",
        {"X": (4, 3), "Wq": (3, 2), "Wk": (3, 2), "Wv": (3, 2)},
    ),
    "two layers": ("H = tanh(X @ W + b); f = mean((H @ V - t)**2)",
                   {"X": (4, 3), "W": (3, 5), "b": (5,), "V": (5, 2), "t": (4, 2)}),
    "a gaussian": ("d = x - m; f = -d @ solve(S @ S.T, d)/2 - logdet(S @ S.T)/2", {"x": (3,), "m": (3,), "S": (3, 3)}),
    "layer norm": ("m = mean(X, axis=1, keepdims=True); s = mean((X - m)**2, axis=1, keepdims=True);"
                   "f = sum((X - m)/sqrt(s + 1e-5)*g)", {"X": (2, 4), "g": (4,)}),
    "ridge": ("r = A @ x - b; f = r @ r + 0.1*(x @ x)", {"A": (4, 3), "x": (3,), "b": (4,)}),
    "least squares, solved": ("w = solve(X.T @ X, X.T @ y); f = sum((X @ w - y)**2)", {"X": (5, 2), "y": (5,)}),
    "a polynomial": ("V = [x**0, x, x**2].T; f = sum((V @ c - y)**2)", {"x": (4,), "c": (3,), "y": (4,)}),
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(name: str) -> None:
    text, shapes = PROGRAMS[name]
    agrees(text, point_of(shapes, seed=5), 1e-9)


def test_modules_over_arrays() -> None:
    """What is inside a module goes by the shapes of each call."""
    point = point_of({"W": (2, 3), "x": (3,)})
    module = backprop("s(t) = 1/(1 + exp(-t)); loss(u) = sum(s(u)**2); loss(W @ x)", point)
    plain = backprop("u = W @ x; f = sum((1/(1 + exp(-u)))**2)", point)
    for name in point:
        np.testing.assert_allclose(module.gradient[name], plain.gradient[name], rtol=1e-14)


# -- Random programs -----------------------------------------------------------------------------------------------

LENGTHS = {"a": (2,), "b": (3,), "M": (2, 3), "N": (3, 2), "K": (2, 2), "s": ()}
STEPS = ["{0} + {1}", "{0}*{1}", "{0} - {1}/2", "{0} @ {1}", "{0}.T", "sum({0}, axis=0)", "mean({0}, axis=-1)",
         "tanh({0})", "exp(-{0}**2)", "sigmoid({0})", "softmax({0})", "{0}[0]", "{0}[1:]", "outer({0}, {1})",
         "concat({0}, {1})", "max({0}, axis=0)", "where({0} > 0.5, {0}, {0}**2)", "[{0}, {1}]",
         "reshape({0}, -1)", "sum({0}, axis=0, keepdims=True)"]  # fmt: skip


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=6))
def test_random_programs(steps: list[tuple[str, int, int]]) -> None:
    """Either NumPy can do it, and so can we, with the same shapes and slopes; or neither can."""
    names = [*LENGTHS]
    point = point_of(LENGTHS, seed=1)
    lines: list[str] = []
    values: dict[str, Any] = dict(point)
    for number, (step, one, other) in enumerate(steps):
        body = step.format(names[one % len(names)], names[other % len(names)])
        name = f"t{number}"
        try:
            found = value(body, values)
            is_fine = np.ndim(found) <= 3 and np.size(found) > 0
        except (ValueError, IndexError, TypeError):
            is_fine = False
        if not is_fine:
            continue
        used = [each for each in values if each in body]
        try:
            trace = backprop(body, {each: values[each] for each in used}, upstream=np.ones(np.shape(found)))
        except InputError:
            continue  # what NumPy stretches and we refuse: a number where an array belongs
        assert np.shape(trace.value) == np.shape(found)
        values[name] = np.asarray(found)
        names.append(name)
        lines.append(f"{name} = {body}")
    if lines:
        text = "; ".join([*lines, f"f = sum({names[-1]}*1)" if np.ndim(values[names[-1]]) else f"f = {names[-1]}*1"])
        agrees(text, {name: each for name, each in point.items() if name in backprop_names(text)}, 1e-9)


def backprop_names(text: str) -> set[str]:
    from backprop_cli.language.program import Program

    return {node.name for node in Program(text).graph().variables}


# -- Values --------------------------------------------------------------------------------------------------------


def test_values_from_files(tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", np.array([[1, 2], [3, 4]], order="F"))
    (tmp_path / "x.csv").write_text("1,2\n3,4\n")
    (tmp_path / "v.csv").write_text("1\n2\n")
    (tmp_path / "j.json").write_text("[[1, 2], [3, 4]]\n")
    for name in ("w.npy", "x.csv", "j.json"):
        found = run("eval", "sum(W*[[1, 10], [100, 1000]])", "--W", f"@{tmp_path / name}", "--get", "value")
        assert found.out == "4321.0\n", found.err
    assert run("eval", "sum(v*[1, 10])", "--v", f"@{tmp_path / 'v.csv'}", "--get", "value").out == "21.0\n"
    at = json.dumps({"W": [[1, 2], [3, 4]], "x": [1, 1]})
    assert run("eval", "sum(W @ x)", "--at", at, "--get", "value").out == "10.0\n"
    assert run("eval", "sum(x)", "--x", "[1/3, -pi + pi, 2*[1, 2][0]]", "--get", "value").out == "2.3333333333333335\n"


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return exec, ("raise SystemExit('unpickled')",)


def test_files_that_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "objects.npy", np.array([Bomb()], dtype=object), allow_pickle=True)
    np.save(tmp_path / "complex.npy", np.array([1j]))
    np.save(tmp_path / "axes.npy", np.ones((1, 1, 1, 1)))
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000, 1000, 1000), }\n"
    (tmp_path / "huge.npy").write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    (tmp_path / "cut.npy").write_bytes(
        (tmp_path / "axes.npy").read_bytes()[:-1].replace(b"(1, 1, 1, 1)", b"(1, 1)      ")
    )
    (tmp_path / "no.npy").write_bytes(b"hello")
    (tmp_path / "names.csv").write_text("a,b\n1,2\n")
    (tmp_path / "ragged.csv").write_text("1,2\n3\n")
    told = {
        "objects.npy": "objects are never read",
        "complex.npy": "entries are numbers",
        "axes.npy": "more than 3 axes",
        "huge.npy": "1,000,000,000 entries",
        "cut.npy": "shorter than its header says",
        "no.npy": "no .npy file",
        "names.csv": "'a' is not a number",
        "ragged.csv": "ragged",
        "none.npy": "no such file",
        "x.pkl": "no file of numbers",
    }
    for name, words in told.items():
        found = run("eval", "sum(x)", "--x", f"@{tmp_path / name}")
        assert (found.status, found.out) == (2, ""), name
        assert words in found.err, (name, found.err)


TOO_LARGE = ["outer(x, x)", "reshape(x, -1, 1) + x", "reshape(x, -1, 1) @ reshape(x, 1, -1)"]


@pytest.mark.parametrize("text", TOO_LARGE)
def test_what_is_too_large_is_refused_before_memory_is_taken(text: str) -> None:
    with pytest.raises(InputError, match="an array has at most"):
        backprop(f"sum({text})", x=np.ones(math.isqrt(MAX_ENTRIES) + 1))


NO_VALUES = ["[1, [2]]", "[[1], 2]", "[[1, 2], [3]]", "[]", "[[]]", "[true]", "[null]", "[1e999]", "[NaN]", '["a"]',
             "[x]", "[1,", "[" * 5000, "[[[[1]]]]", "[{}]"]  # fmt: skip


@pytest.mark.parametrize("given_", NO_VALUES)
def test_values_that_are_none(given_: str) -> None:
    with pytest.raises(InputError) as caught:
        backprop("sum(x)", x=given_)
    assert "x" in caught.value.message


# -- What is shown -------------------------------------------------------------------------------------------------

WORDS = ["eval", "D = W @ X; f = sum(D*D)", "--W", "[[1,2],[3,4]]", "--X", "[[1],[-1]]"]


def test_the_document() -> None:
    document = json.loads(run(*WORDS, "--json").out)
    TRACE.validate(document)
    gate = next(node for node in document["nodes"] if node["name"] == "D")
    assert (gate["shape"], gate["value"]) == ([2, 1], [[-1], [-1]])
    assert gate["inputs"][0] == {
        "name": "W",
        "local": None,
        "pullback": "upstream @ T(X)",
        "chained": [[-2, 2], [-2, 2]],
    }
    assert document["gradient"] == {"W": [[-2, 2], [-2, 2]], "X": [[-8], [-12]]}
    again = run("eval", WORDS[1], "--at", json.dumps(document), "--json")
    assert json.loads(again.out) == document


def test_bare_numbers() -> None:
    found = run(*WORDS, "--get", "X", "--get", "value", "--get", "D")
    assert found.out == "[[-8.0], [-12.0]]\n2.0\n[[-2.0], [-2.0]]\n"


@pytest.mark.parametrize("form", ["table", "json", "csv", "markdown", "html"])
@pytest.mark.parametrize("more", [[], ["--jacobian"], ["--upstream", "2"], ["--wrt", "X"], ["--allow-nonfinite"]])
def test_every_form(form: str, more: list[str]) -> None:
    found = run(*WORDS, "--format", form, *more)
    assert (found.status, found.err) == (0, "")
    if form == "json":
        TRACE.validate(json.loads(found.out))


def test_the_summary_of_a_large_array_is_that_of_its_numbers() -> None:
    small = run("eval", "sum(x)", "--x", "[[1,-1,1e-15],[1,-1,1],[-1,1,-1]]", "--precision=20").out
    assert "mean 1.1111111111111111111e-16" in small, small
    power = sympy.exp(sympy.sqrt(2))
    zero = 1 - 2 / (power + 2) - power / (power + 2)  # which SymPy does not tell from 0
    assert Arrays(Symbolic()).shown(np.array([zero / 3, zero / 7] * 20, dtype=object), 6).startswith("all")


def test_a_jacobian_in_every_arithmetic() -> None:
    words = ["eval", "x/3", "--x", "[1,2]", "--jacobian"]
    for form in ("table", "csv", "markdown", "html", "latex", "json"):
        for more, number in {"--exact": "1/3", "--precision=4": "0.3333", "--digits=4": "0.3333"}.items():
            found = run(*words, more, "--format", form)
            assert (found.status, found.err) == (0, ""), found.err
            assert number in found.out or (form, number) == ("latex", "1/3")


def test_a_jacobian() -> None:
    words = ["eval", "W @ x", "--W", "[[1,2],[3,4]]", "--x", "[1,1]", "--jacobian"]
    assert run(*words, "--get", "x").out == "[[1.0, 2.0], [3.0, 4.0]]\n"
    assert " f[1]      3      4" in run(*words, "--wrt", "x").out


def test_large_arrays_are_told_by_three_numbers() -> None:
    shown = str(backprop("sum(x)", x=np.arange(1, 101)))
    assert "1 … 100, mean 50.5" in shown


def test_what_is_opened_into_numbers_is_the_same_program() -> None:
    """Values, gradients and second derivatives of the gates for the entries: the scalar engine's."""
    for text, shapes in FORMULAS[::2]:
        point = point_of(shapes)
        whole, entries = backprop(text, point), backprop(text, point, expand=True)
        assert math.isclose(entries.value, whole.value, rel_tol=1e-12), text
        found = np.array([*entries.gradient.values()])
        expected = np.concatenate([np.ravel(each) for each in whole.gradient.values()])
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-11, err_msg=text)


def test_second_derivatives_are_of_all_entries() -> None:
    matrix = np.array([[2.0, 1.0], [0.0, 3.0]])
    trace = backprop("x @ A @ x", x=[1, 2], A=matrix, wrt="x", hessian=True)
    assert trace.hessian is not None
    assert [*trace.hessian] == ["x[0]", "x[1]"]
    assert [[*row.values()] for row in trace.hessian.values()] == (matrix + matrix.T).tolist()
    with pytest.raises(InputError, match="a Hessian of 400 entries is beyond the limit"):
        backprop("sum(X**2)", X=np.ones((20, 20)), hessian=True)


def test_exact_numbers_stand_in_arrays() -> None:
    trace = backprop("sum(solve(A, b))", A="[[1/3, 2], [0, 1/7]]", b=[1, 1], exact=True)
    assert str(trace.value) == "-32"  # by hand: x2 = 7, x1 = 3·(1 − 14)
    assert "4/9" in run("eval", "sum(W @ x)", "--W", "[[1/3, 2]]", "--x", "[1/3, 1/6]", "--exact").out


EXPLAINED: list[tuple[str, dict[str, S], str]] = [
    ("sum(W @ X)", {"W": (2, 3), "X": (3, 4)}, "∂f/∂W must be 2×3, the shape of W: upstream is 2×4 and Xᵀ is 4×3, so"),
    ("sum(W @ X)", {"W": (2, 3), "X": (3, 4)}, "as no other product of the two is."),
    ("sum(W @ x)", {"W": (2, 3), "x": (3,)}, "so outer(upstream, x) is 2×3, an entry for each pair."),
    ("sum(X*b)", {"X": (4, 3), "b": (3,)}, "b was broadcast along axis 0, so what comes back is summed over it."),
]


def test_an_explanation_tells_why_shapes_fit() -> None:
    for text, shapes, sentence in EXPLAINED:
        assert sentence in backprop(text, point_of(shapes)).explain(), sentence
    blank = run("explain", "sum(W @ x)", "--W", "[[1,2]]", "--x", "[1,2]", "--blank").out
    assert "must be 1×2, the shape of W" in blank
    assert "∂f/∂W = outer(upstream, x) = ____" in blank


def test_every_form_of_a_picture_has_shapes_and_rules() -> None:
    for form in ("tree", "dot", "mermaid"):
        drawn = run("graph", "sum(W @ x)", "--W", "[[1,2]]", "--x", "[1,2]", "--format", form).out
        assert "1×2" in drawn, form
        assert "outer" in drawn, form
    assert "W @ x" in run("graph", "sum(W @ x)").out


def test_a_trace_keeps_the_arrays_that_are_kept_by_hand() -> None:
    """All else is worked out when somebody looks at it."""
    a, b = np.ones((300, 300)), np.ones((300, 300))

    def by_hand() -> Any:
        q = a @ b
        value, upstream = (q**2).sum(), 2 * q
        return q, value, upstream, upstream @ b.T, a.T @ upstream

    def kept(run: Callable[[], Any]) -> int:
        run()
        tracemalloc.start()
        try:
            found = run()
            return found is not None and tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()

    assert kept(lambda: backprop("sum((A@B)**2)", A=a, B=b)) <= 1.2 * kept(by_hand)
    assert kept(lambda: (trace := backprop("sum((A@B)**2)", A=a, B=b, wrt=["B"]), trace.gradient)) <= 0.8 * kept(
        by_hand
    )
    assert kept(lambda: compiled("sum((A@B)**2)")(A=a, B=b)) <= 0.6 * kept(by_hand)


def test_a_trace_of_arrays_shows_itself() -> None:
    trace = backprop("D = W @ X; f = sum(D*D)", W=[[1, 2], [3, 4]], X=[[1], [-1]])
    assert trace.check(W=np.array([[-2, 2], [-2, 2]]))
    assert not trace.check(W="D @ X.T")
    assert "[2×2]" in trace.graph()
    assert "2×2" in str(trace._repr_html_())


def test_a_scalar_program_loads_no_numpy() -> None:
    """Held by LOADS in test_cache.py; here, that no row of THE TABLE is of arrays."""
    assert not any(op.of_arrays for op in TABLE)


def test_errors_of_the_mathematics_name_the_entry() -> None:
    with pytest.raises(MathError, match=r"at entry \[1, 0\]"):
        backprop("sum(log(X))", X=[[1, 2], [-1, 4]])


# -- Digits, and the referee ---------------------------------------------------------------------------------------

MANY_DIGITS = [FORMULAS[i] for i in (0, 4, 22, 34, 38, 41, 44, 47, 49, 51, 53, 54, 56)]


@pytest.mark.parametrize(("text", "shapes"), MANY_DIGITS, ids=[text for text, _ in MANY_DIGITS])
def test_the_same_rules_at_thirty_digits(text: str, shapes: dict[str, S]) -> None:
    point = point_of(shapes)
    exact, doubles = backprop(text, point, precision=30), backprop(text, point)
    np.testing.assert_allclose(float(exact.value), doubles.value, rtol=1e-12)
    for name, slopes in exact.gradient.items():
        np.testing.assert_allclose(np.asarray(slopes, dtype=float), doubles.gradient[name], rtol=1e-10, atol=1e-14)


def test_digits_are_those_of_the_text() -> None:
    words = ["eval", "sum(x*x)", "--x", "[0.1, 1/3]", "--precision", "25", "--get", "x", "--get", "value"]
    assert run(*words).out == "[0.2, 0.6666666666666666666666667]\n0.1211111111111111111111111\n"


def test_check_goes_entry_by_entry() -> None:
    words = ["check", "sum(softmax(W @ x + b)**2)", "--W", "[[1,2],[3,4]]", "--x", "[1,-1]", "--b", "[0,1]"]
    found = run(*words)
    assert (found.status, found.err) == (0, "")
    assert " W[1, 0]    backprop" in found.out
    assert found.out.endswith(" the methods agree; proved: all digits shown hold\n")
    document = json.loads(run(*words, "--json").out)
    assert document["agree"] is document["proved"] is True
    assert [*document["proven"]][:3] == ["W[0, 0]", "W[0, 1]", "W[1, 0]"]
    tiny = run("check", "prod(x)", "--x", "[1e-200, 1e-200]")
    assert tiny.out.endswith(
        "            proven           1e-200\n\n the methods agree; proved: all digits shown hold\n"
    )
    lost = run("check", "sum((1 - cos(x))/x**2)", "--x", "[1e-8, 2]")
    assert lost.status == 1
    assert re.search(r"x\[0\] +backprop +1e\+08 +0 +no digit holds\n", lost.out)
    assert re.search(r"proven +-8\.33333e-10", lost.out)


CLAIMS = {
    "b = 3*(W @ X + b)**2": "b: WRONG  3*(W @ X + b)**2 is [0 48 192; 0 192 768] here; the gradient is [0 240 960]\n"
    "    what was broadcast is not summed: b is a vector of 3; sum this over axis 0\n",
    "W = X @ (3*(W @ X + b)**2).T": "a transpose is forgotten: the gradient of W is 2×2, and this is its transpose\n",
    "W = 3*(W @ X + b)**2 @ X.T": "W: right",
    "W = [[672, 192], [2688, 768]]": "W: right",
    "b = [0, 240.1, 960.0]": "entry [1] is 240.1, and should be 240\n",
    "b = [0, -240, -960]": "the sign is flipped: this is minus the gradient of b\n",
    "b = [0, 120, 480]": "a factor of the chain is forgotten: this is 0.5 times the gradient of b\n",
    "b = [[1, 2], [3, 4]]": "the gradient of b has the shape of b, a vector of 3, and this is 2×2\n",
}


@pytest.mark.parametrize("claim", CLAIMS)
def test_claims_are_arrays(claim: str) -> None:
    point = ["--W", "[[1,2],[3,4]]", "--X", "[[1,2,3],[-1,0,1]]", "--b", "[1,2,3]"]
    found = run("check", "sum((W @ X + b)**3)", *point, "--claim", claim)
    assert CLAIMS[claim] in found.out, found.out + found.err
    assert found.status == (0 if "right" in CLAIMS[claim] else 1)


def test_other_factors_of_a_product_are_named() -> None:
    words = ["check", "sum((W @ X)**2)", "--W", "[[1,2],[3,4]]", "--X", "[[1,2],[5,6]]"]
    of_w, of_x = "W through q1 = W @ X is ∂f/∂q1 @ X.T", "X through q1 = W @ X is W.T @ ∂f/∂q1"
    for claim, there in {
        "W = 2*(W @ X) @ X": f"a transpose is forgotten: what flows back to {of_w}",
        "X = 2*W @ (W @ X)": f"a transpose is forgotten: what flows back to {of_x}",
        "W = 2*X.T @ (W @ X)": f"the factors of a matrix product are in the wrong order: what flows back to {of_w}",
        "X = 2*(W @ X) @ W.T": f"the factors of a matrix product are in the wrong order: what flows back to {of_x}",
        "X = 2*(W @ X) @ W": f"the factors of a matrix product are in the wrong order: what flows back to {of_x}",
    }.items():
        found = run(*words, "--claim", claim)
        assert f"    {there}\n" in found.out, found.out + found.err
    told = run(*words, "--claim", claim, "--lang", "ko").out
    assert "인수의 순서가 뒤바뀌었다: q1 = W @ X를 거쳐 X로 돌아가는 것은" in told
    words = ["check", "sum((W @ X)**2)", "--W", "[[1,2,5],[3,4,6]]", "--X"]
    vector = run(*words, "[[1],[-1],[1]]", "--claim", "X = 2*(W @ X).T @ W")
    assert "a transpose is forgotten: the gradient of X is 3×1" in vector.out
    column = run(
        "check", "sum((W @ X)**2)", "--W", "[[1,2],[3,4]]", "--X", "[[1],[-1]]", "--claim", "W = 2*X.T@(W @ X)"
    )
    assert "in the wrong order" in column.out  # though it is 1×1, and the gradient 2×2
    misfit = run(*words, "[[1,2],[5,6],[1,1]]", "--claim", "W = 2*X.T @ (W @ X)").err
    assert misfit.endswith("hint: the gradient of W has the shape of W, 2×3\n")


def test_what_ties_in_arrays_is_counted() -> None:
    for options in ([], ["--exact"], ["--precision", "5"]):
        found = run("eval", "sum(maximum(x, y))", "--x=[1,2]", "--y=[1,2]", "--ties=split", "--get=x", *options)
        assert "each gets 1/2 by convention" in found.err, options
        assert found.out in ("[0.5, 0.5]\n", "[1/2, 1/2]\n")


def test_numpy_is_loaded_only_where_an_array_is() -> None:
    calls = ["check x*y --x 2 --y 3", "check x*y --x 2 --y 3 --claim x=3", "explain x*y --x 2 --y 3", "derive x*y"]
    calls += ["graph x*y", "code x*y --to numpy", "eval x*y --x 2 --y 3 --precision 20 --hessian"]
    code = (
        "import sys; from backprop_cli.cli.commands import run_command\n"
        "for call in sys.argv[1:]: assert run_command(call.split()) == 0 and 'numpy' not in sys.modules, call\n"
        "assert run_command(['check', 'sum(x)', '--x', '[1, 2]']) == 0 and 'numpy' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, *calls], check=True, capture_output=True, timeout=PATIENCE)


SMALL = [
    ("1e300*atan(exp(x))", 400.0), ("1e300*exp(x)", -800.0), ("1e-200*(1e-200*x)", 2.0), ("1e300*tanh(x)", 500.0),
    ("1e300*(x/1e200)/1e200", 1.0), ("cos(x)*1e-10", 0.0), ("x**2*1e-10", 0.0),
]  # fmt: skip
"""Formulas of numbers where a local gradient, or the chain, is too small for doubles, or is 0."""


@pytest.mark.parametrize(("formula", "x"), SMALL)
def test_an_entry_that_underflows_is_worked_out_or_told_as_a_number_is(formula: str, x: float) -> None:
    number = backprop(formula, x=x)
    array = backprop(f"sum({formula})", x=[x, 1.0])
    assert array.gradient["x"][0] == pytest.approx(number.gradient["x"], rel=1e-14)
    told_of_number = [notice.kind for notice in number.warnings if "the chained" in notice.message]
    assert [notice.kind for notice in array.warnings if "the chained" in notice.message] == told_of_number


UNDERFLOWS: list[tuple[str, dict[str, Any], str]] = [
    ("1e-200*sum(A @ B)", {"A": [[1e-200, 1.0]], "B": [[1e-200], [1.0]]}, "A at entry [0, 0] is 1e-400"),
    ("1e-200*(a @ b)", {"a": [1e-200, 1.0], "b": [1.0, 1e-200]}, "a at entry [1] is 1e-400"),
    ("softmax(s) @ [1, 2, 3]", {"s": [0.0, 1.0, -900.0]}, "s at entry [2] is 4.65656e-392"),
    ("logsumexp(s)", {"s": [0.0, 1.0, -900.0]}, "s at entry [2] is 3.66964e-392"),
    ("1e-200*prod(x)", {"x": [3e-200, 4.0]}, "x at entry [1] is 3e-400"),
    ("1e-200*sum(solve(A, b))", {"A": [[1e200, 0.0], [0.0, 1.0]], "b": [1.0, 1.0]}, "A at entry [0, 0] is"),
    ("det(A)", {"A": [[1e-200, 0.0, 0.0], [0.0, 1e-200, 0.0], [0.0, 0.0, 1.0]]}, "A at entry [2, 2] is 1e-400"),
    ("det(A)", {"A": [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0]]}, ""),
    ("mean(relu(W @ x))", {"W": [[1.0, 2.0], [-3.0, 4.0]], "x": [1.0, 0.0]}, ""),
    ("sum(W @ x - W @ x)", {"W": [[1e-9, 2.0]], "x": [0.1, 0.0]}, ""),
]
"""Programs, and what is told of the first chained gradient that is 0 in doubles alone."""


def test_what_underflows_in_an_operation_on_arrays_is_told_as_in_one_on_numbers() -> None:
    for text, point, told in [*UNDERFLOWS, *many_underflow()]:
        notices = [notice.message for notice in backprop(text, point).warnings if notice.kind == "underflow"]
        assert len(notices) == bool(told), text
        assert all(f"the chained gradient of {told}" in notice for notice in notices), notices


def test_a_value_that_underflows_on_the_way_forward_is_told() -> None:
    small, ones = np.full((50, 50), 1e-170), np.ones((50, 50))
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("(x*y*1e300)**2", {"x": 1e-170, "y": 1e-170}, "q1 = x * y underflows: its value is 1e-340"),
        ("exp(x)**2", {"x": -800}, "f = q1**2 underflows: the local gradient of q1 is 7.33575e-348"),
        ("g(a) = a*a; g(x)*1e200", {"x": 1e-200}, "in q1 = g(x): g = a * a underflows: its value is 1e-400"),
        ("sum((x*y*1e300)**2)", {"x": [1e-300, 1e-170], "y": [1.0, 1e-170]}, "its value at entry [1] is 1e-340"),
        ("sum((A @ B)**2)", {"A": small, "B": small}, "its value at entry [0, 0] is 0 in doubles, and is not 0"),
        ("1e300*prod(x)", {"x": [1e-170, 1e-170]}, "its value is 1e-340"),
        ("sum((A @ B)**2)", {"A": 0*small, "B": small}, ""),
        ("sum((A - B)*C)", {"A": ones, "B": ones, "C": small}, ""),
        ("sinpi(x)*cos(y) + (y - y)", {"x": 1.0, "y": 3.0}, ""),
        ("max(x*y, 1)", {"x": 1e-200, "y": 1e-200}, ""),
        ("+".join(["x"] * 300) + "+ (x*y)**2", {"x": 1e-200, "y": 1e-200}, "the local gradient of q300 is 2e-400"),
    ]  # fmt: skip
    for text, point, told in cases:
        notices = [notice.message for notice in backprop(text, point).warnings if notice.kind == "underflow"]
        assert [told in notice for notice in notices] == [True] * bool(told), (text, notices)


def many_underflow() -> list[tuple[str, dict[str, Any], str]]:
    """The same of arrays that are too large to be worked out in numbers of any size."""
    ones, unit, rising = np.ones((50, 50)), np.eye(50), np.arange(2500.0).reshape(50, 50)
    apart = np.where(rising < 50, 0, np.where(rising < 100, 1e-200, 1e200))
    certain, may = "A at entry [0, 0] is 0 in doubles, and is not 0", "A at entry [0, 1] is 0 in doubles, and it is not"
    return [
        ("e*sum(A @ B)", {"A": 1e-170 * ones, "B": 1e-170 * ones, "e": 1e-170}, certain),
        ("e*sum(A @ v)", {"A": 1e-320 * ones, "v": 1e-320 * ones[0], "e": 1e-5}, certain),
        ("sum(outer(A, v)*B)", {"A": 1e-200 * ones[0], "v": 1e-200 * ones[0], "B": 1e-200 * ones},
         certain.replace("0, 0", "0")),
        ("e*trace(inv(A))", {"A": 1e120 * unit, "e": 1e-120}, certain),
        ("e*sum(solve(A, B))", {"A": 1e200 * unit, "B": ones, "e": 1e-100}, certain),
        ("softmax(A[0, :]) @ v + 0*A[1, 0]", {"A": -rising, "v": rising[0]}, ""),
        ("sum(softmax(A)*B)", {"A": -20*rising, "B": rising}, certain.replace("0, 0", "0, 38")),
        ("logsumexp(A)", {"A": -rising}, certain.replace("[0, 0]", "[14, 46]")),
        ("-sum(pick(log_softmax(A), y))", {"A": -20*rising, "y": 0*ones[0]}, certain.replace("0, 0", "0, 38")),
        ("1e-150*sum(A @ B)", {"A": ones, "B": apart}, may),
        ("mean(relu(A @ B))", {"A": 1e-200*unit, "B": np.where(rising % 3 > 0, 0, 1e-100)}, ""),
        ("1e-300*sum(A @ B)", {"A": 0*ones, "B": 0*ones}, ""),
    ]  # fmt: skip


def test_entries_that_are_many_are_told_as_one_is() -> None:
    far, near = np.full((60, 60), -800.0), np.full((60, 60), -700.0)
    for text, x in (("sum(exp(x))", far), ("1e-300*sum(x**2)", np.exp(near)), ("1e300*sum(exp(x))", far + 20)):
        array, number = backprop(text, x=x), backprop(text.replace("sum", ""), x=x[0, 0])
        assert np.allclose(array.gradient["x"], number.gradient["x"], rtol=1e-12)
        assert (
            [notice.kind for notice in array.warnings] == [notice.kind for notice in number.warnings] == ["underflow"]
        )
    assert backprop("sum(exp(x))", x=near).warnings == []


def test_what_is_lost_on_the_way_is_there_where_doubles_have_it() -> None:
    for text, expected in (("softmax", [3.67e-48, -3.67e-48]), ("log_softmax", [1e300, -1e300])):
        found = backprop(f"1e300*pick({text}(x), y)", x=[0.0, -800.0], y=1, wrt=["x"]).gradient["x"]
        assert found == pytest.approx([-each for each in expected], rel=1e-2)


def test_formulas_are_of_entries() -> None:
    found = run("derive", "sum((W @ x)**2)", "--W", "[[1,2]]", "--x", "[3,4]", "--wrt", "W", "--expand").out
    assert "∂f/∂W_0_0 = 2·q1_0·x_0" in found
    assert "∂f/∂x = Wᵀ @ (2·q1)" in str(backprop("sum((W @ x)**2)", W=[[1, 2]], x=[3, 4]).derive())


@pytest.mark.parametrize("step", [8, pytest.param(1, marks=pytest.mark.slow)])
def test_gradients_are_matrix_formulas_that_check_finds_right(step: int) -> None:
    checked = 0
    for text, shapes in FORMULAS[::step]:
        trace = backprop(text, dict(point_of(shapes)))
        found = matrices(trace.graph, trace.given)
        words: dict[str, str | Formula] = {}
        for word, _, formula in found.stages:
            words[word] = substitute(formula, words)
        for name, formula in found.named.items():
            for each in (substitute(formula, words), found.closed.get(name)):
                if each is not None and not each.heads & {*MEANS}:
                    assert trace.check({name: BY_HAND.text(each)}), (text, name)
                    checked += 1
    assert checked > 100 // step


LOGITS = {"W": [[1.0, 2, 0], [3, 4, 1]], "X": [[1.0, 2], [3, 4], [0, 1], [2, 2]], "y": [0, 2, 1, 1]}
ROWS = {"Z": [[1.0, 2, 3], [2, 2, 5]], "y": [1, 2]}
TARGETS = {"z": [1.0, 2, 3], "t": [0.2, 0.3, 0.4]}
CLASSES = {"X": [[1.0, 2], [3, 1], [0, 5]], "w": [0.1, 0.2], "y": [0.0, 1, 1]}
WRITTEN_BY_HAND: list[tuple[str, dict[str, Any], dict[str, str]]] = [
    ("-log_softmax(W @ x)[1]", {"W": [[1.0, 2], [3, 4], [0, 1]], "x": [1.0, 2]},
     {"W": "outer(softmax(W @ x) - place(1, (W @ x)[1]), x)", "x": "W.T @ (softmax(W @ x) - place(1, (W @ x)[1]))"}),
    ("S = X @ W; -mean(pick(log_softmax(S), y))", LOGITS,
     {"X": "(softmax(S) - place(1, pick(S, y))) / 4 @ W.T", "W": "X.T @ ((softmax(S) - place(1, pick(S, y))) / 4)"}),
    ("-mean(log(pick(softmax(Z), y)))", ROWS, {"Z": "(softmax(Z) - place(1, pick(Z, y))) / 2"}),
    ("-mean(pick(log(softmax(Z)), y))", ROWS, {"Z": "(softmax(Z) - place(1, pick(Z, y))) / 2"}),
    ("mean(logsumexp(Z, axis=1) - pick(Z, y))", ROWS, {"Z": "(softmax(Z, axis=1) - place(1, pick(Z, y))) / 2"}),
    ("-sum(c*pick(log_softmax(Z), y))", {**ROWS, "c": [2.0, 3]},
     {"Z": "softmax(Z) * reshape(c, 2, 1) - place(c, pick(Z, y))"}),
    ("logsumexp(z) - z[1]", {"z": [1.0, 2, 3]}, {"z": "softmax(z) - place(1, z[1])"}),
    ("logsumexp(z, keepdims=True)[0]", {"z": [1.0, 2, 3]}, {}),
    ("-log(softmax(z)[1])", {"z": [1.0, 2, 3]}, {"z": "softmax(z) - place(1, z[1])"}),
    ("-log(softmax(z))[-1]", {"z": [1.0, 2, 3]}, {"z": "softmax(z) - place(1, z[-1])"}),
    ("p = softmax(z); p[1]", {"z": [1.0, 2, 3]}, {"z": "place(f, z[1]) - p * f"}),
    ("-sum(t*log_softmax(z))", TARGETS, {"z": "softmax(z) * sum(t) - t", "t": "-log_softmax(z)"}),
    ("-sum(t*log(softmax(z)))", TARGETS, {"z": "softmax(z) * sum(t) - t"}),
    ("-mean(sum(T*log_softmax(Z, axis=1), axis=1))", {"Z": ROWS["Z"], "T": [[0.2, 0.3, 0.4], [0.0, 1.0, 0.0]]},
     {"Z": "(softmax(Z, axis=1) * sum(T, axis=1, keepdims=True) - T) / 2"}),
    ("sum(log_softmax(z))", {"z": [1.0, 2, 3]}, {"z": "1 - 3 * softmax(z)"}),
    ("sum(2*log(softmax(z)))", {"z": [1.0, 2, 3]}, {}),
    ("sum(t[0]*log(softmax(z))) + z[0]", TARGETS, {"z": "place(1, z[0]) + t[0] - 3 * softmax(z) * t[0]"}),
    ("sum(exp(z - logsumexp(z))*t)", TARGETS, {}),
    ("sum(exp(A - logsumexp(A, axis=1))*A)", {"A": [[1.0, 2], [0.5, 3]]}, {}),
    ("logsumexp(Z) - Z[0, 1]", {"Z": ROWS["Z"]}, {"Z": "exp(Z - logsumexp(Z)) - place(1, Z[0, 1])"}),
    ("sum(pick(log_softmax(Z, axis=0), y))", ROWS, {}),
    ("sum(log_softmax(Z)[:, 1] + logsumexp(Z, axis=0, keepdims=True)[0, :2])", {"Z": ROWS["Z"]}, {}),
    ("log(softmax(Z)[1, 1])*Z[0, 1] + sum(log(softmax(Z)[0]))", {"Z": ROWS["Z"]}, {}),
    ("p = softmax(z); log(p[0])**2 - log(p[1]) - sum(log(p[1:]))", {"z": [1.0, 2, 3]}, {}),
    ("sum(1/z*z[1]) + z[1]/z[0] + sum(z*z[1]/z)", {"z": [1.0, 2, 3]}, {}),
    ("P = sigmoid(X @ w); -mean(y*log(P) + (1 - y)*log(1 - P))", CLASSES,
     {"w": "X.T @ ((P - y) / 3)", "X": "outer((P - y) / 3, w)"}),
    ("mean(-y*log(sigmoid(X @ w)) - (1 - y)*log(1 - sigmoid(X @ w)))", CLASSES,
     {"w": "X.T @ ((sigmoid(X @ w) - y) / 3)"}),
    ("sum(softmax(z)/softmax(t))", TARGETS,
     {"t": "softmax(t) * sum(softmax(z) / softmax(t)) - softmax(z) / softmax(t)"}),
    ("(softmax(z)/softmax(t))[1]", TARGETS, {}),
    ("sum((X @ w - y)*(X @ w - y)) + sum((X @ w - y)**2/(X @ w))", CLASSES, {}),
    ("p = exp(z)/sum(exp(z)); sum(t*p)", TARGETS, {"z": "p * (t - sum(t * p))", "t": "softmax(z)"}),
    ("p = exp(3 + z - max(z))/sum(exp(3 + z - max(z)), axis=0); -log(p[1])", {"z": [1.0, 2, 3]},
     {"z": "p - place(1, z[1])"}),
    ("E = exp(S - max(S, axis=1, keepdims=True)); P = E/sum(E, axis=1, keepdims=True); mean(-log(pick(P, y)))",
     {"S": ROWS["Z"], "y": ROWS["y"]}, {"S": "(softmax(S, axis=1) - place(1, pick(S, y))) / 2"}),
    ("-log((exp(z - t[0])/sum(exp(z - t[0])))[1])", TARGETS, {"z": "softmax(z) - place(1, z[1])"}),
    ("-mean(log(pick(exp(Z)/reshape(sum(exp(Z), axis=1), 2, 1), y)))", ROWS,
     {"Z": "(softmax(Z, axis=1) - place(1, pick(Z, y))) / 2"}),
    ("mean(log(sum(exp(Z), axis=1)) - pick(Z, y))", ROWS, {"Z": "(softmax(Z, axis=1) - place(1, pick(Z, y))) / 2"}),
    ("m = max(z); log(sum(exp(z - m))) + m - z[1]", {"z": [1.0, 2, 3]}, {"z": "softmax(z) - place(1, z[1])"}),
    ("L = Z - log(sum(exp(Z), axis=1, keepdims=True)); -mean(pick(L, y))", ROWS,
     {"Z": "(softmax(Z, axis=1) - place(1, pick(Z, y))) / 2"}),
    ("sum((exp(Z)/sum(exp(Z), axis=0))[1]*Z[0])", {"Z": ROWS["Z"]}, {}),
    ("sum(exp(A)/sum(exp(A), axis=1)*A) + sum(exp(A)/sum(exp(A))*A) + log(sum(exp(A)))",
     {"A": [[1.0, 2], [0.5, 3]]}, {}),
    ("sum(reshape(sum(z), 1, 1)*Z)", {"Z": [[3.0]], "z": [1.0, 2]}, {"z": "Z[0, 0] * [1, 1]"}),
    ("sum(exp(z)/sum(exp(2*z))*t) + sum(exp(z)/sum(exp(t))) + sum(log(reshape(sum(exp(z)), 1)))", TARGETS, {}),
    ("c + log(sum(exp(z - t[1]))) + z[0] + log(sum(exp(z[0] - z)))", {**TARGETS, "c": 2.0}, {}),
    ("s = mean(Z, axis=0, keepdims=True); sum(s**2) + sum((Z - Z)**2)", {"Z": ROWS["Z"]}, {}),  # terms that cancel
    ("prod(z)*t[0]", TARGETS, {"z": "t[0] * rest(z)"}),
    ("sum(prod(Z, axis=-1)**2)", {"Z": ROWS["Z"]}, {"Z": "reshape(2 * q1, 2, 1) * rest(Z, axis=1)"}),
    ("p = prod(Z, axis=0); sum(p*Z[0]) + sum(prod(Z, axis=1, keepdims=True)*Z) + prod(Z)", {"Z": ROWS["Z"]}, {}),
]  # fmt: skip
"""Programs, and the formulas that people write for their gradients; of each one the numbers are compared."""


def number_of(formula: Formula, point: dict[str, Any]) -> Any:
    """What a formula comes to, by the oracle; what it has for `place` are entries by their numbers."""

    def opened(each: Formula) -> Formula:
        args = [opened(arg) for arg in each.args]
        if each.head == "rest":
            others = np.asarray(value(TYPED.text(args[0]), point), dtype=float)
            rows = np.moveaxis(others, int(args[1].head[-1]), 0) if args[1:] else others.reshape(-1)
            rows = np.stack([np.prod(np.delete(rows, row, 0), axis=0) for row in range(len(rows))])
            point[name := f"rest_{len(point)}"] = (
                np.moveaxis(rows, 0, int(args[1].head[-1])) if args[1:] else rows.reshape(others.shape)
            )
            return Formula(name)
        if each.head != "place":
            return Formula(each.head, *args)
        placed, taken = args
        found = np.zeros_like(value(TYPED.text(taken.args[0]), point))
        numbers = {**point, "numbered": np.arange(found.size).reshape(found.shape)}
        entries = value(TYPED.text(Formula(taken.head, Formula("numbered"), *taken.args[1:])), numbers)
        np.put(found, entries, value(TYPED.text(placed), point))
        point[name := f"placed_{len(point)}"] = found
        return Formula(name)

    return value(TYPED.text(opened(formula)), point)


def test_formulas_are_those_that_people_write() -> None:
    for text, point, expected in WRITTEN_BY_HAND:
        trace = backprop(text, point)
        found, slopes = matrices(trace.graph, trace.given), gradient(text, point)
        words: dict[str, str | Formula] = {}
        for name, formula in found.gates.items():
            words[name] = substitute(formula, words)
        for word, _, formula in found.stages:
            words[word] = substitute(formula, words)
        for name, formula in found.named.items():
            forms = [TYPED.text(each) for each in (formula, found.closed.get(name)) if each is not None]
            assert expected.get(name, forms[0]) in forms, (text, forms)
            for each in (formula, found.closed.get(name, formula)):
                numbers = {name: np.asarray(given) for name, given in point.items()}
                computed = number_of(substitute(each, words), numbers)
                assert np.shape(computed) in (np.shape(point[name]), ()), (text, forms)
                np.testing.assert_allclose(computed, slopes[name], rtol=1e-10, atol=1e-13, err_msg=text)


def test_matrix_formulas_are_shown_in_every_form() -> None:
    words = ["derive", "D = W @ X; f = sum(D*D)", "--W", "[[1,2],[3,4]]", "--X", "[[1],[-1]]"]
    assert " ∂f/∂W = 2·D @ Xᵀ\n       = 2·(W @ X) @ Xᵀ\n" in run(*words).out
    assert "∂f/∂D = 2·D" in run(*words, "--steps").out
    assert json.loads(run(*words, "--json").out)["named"] == {"W": "2 * D @ X.T", "X": "W.T @ (2 * D)"}
    assert r"\frac{\partial f}{\partial W} &= 2 \cdot D \, X^{\top}" in run(*words, "--format", "latex").out
    assert "| `∂f/∂W` | `2·D @ Xᵀ` | `2·(W @ X) @ Xᵀ` |" in run(*words, "--format", "markdown").out
    scores = ["mean(-pick(log_softmax(X @ W), y))", "--X", "[[1,2]]", "--W", "[[1,0],[2,1]]", "--y", "[1]"]
    found = run("derive", *scores, "--wrt", "W").out
    assert "∂f/∂W = Xᵀ @ (softmax(q1) − place(1, pick(q1, y)))" in found
    assert "place(u, x[0]): zeros in the shape of x" in found
    assert "∂f/∂b = ones(10)" in run("derive", "sum(b)", "--b", f"{[1] * 10}").out
    deep = run("derive", f"sum({'sin(' * 300}x{')' * 300})", "--x", "[1,2]").out
    assert "·cos(q2)·cos(q1)·cos(x)" in deep
    assert "a gradient is that of one number" in run("derive", "W @ x", "--W", "[[1,2]]", "--x", "[3,4]").err


def test_formulas_tell_where_an_entry_meets_itself() -> None:
    """There eval counts it once; a formula over names has each place in which it stands."""
    square = [[1.0, 2], [3, 4]]
    for text, is_told in (
        ("sum(max(X, X.T))", True),
        ("sum(max(X, X[0]))", True),
        ("max(concat(X, X))", True),
        ("sum(min([X[0], X[0]], axis=0))", True),
        ("sum(max([X[0], X[1]], axis=0))", False),
        ("max(X[0, 0], X[0, 1]) + max(X) + sum(max(X, 2*X.T)) + sum(abs(X)*max(X, X))", False),
    ):
        found = backprop(text, X=square).derive()
        assert ("an entry that meets itself" in str(found)) == is_told, text
        assert ("an entry that meets itself" in found.render("markdown")) == is_told, text


def test_what_derive_says_where_shapes_are_not_known() -> None:
    """Such are taken as fit, and told; where none fits, a value is asked for."""
    found = run("derive", "sum((W @ x)**2)")
    assert "∂f/∂W = outer(2·q1, x)" in found.out
    assert found.err == "warning: without values shapes are taken as they fit: W is 2×2, x is a vector of 2\n"
    found = run("derive", "sum(W @ x)", "--x", "[1,2,3]", "--wrt", "W", "--expand")
    assert "∂f/∂W_0_2 = x_2" in found.out
    assert "W is 3×3" in found.err
    assert "only a value tells the shape of W, x" in run("derive", "sum(W @ x + Z[9,9])", "--Z", "[1]").err


def test_determinants_of_singular_matrices_have_slopes_in_every_number_system() -> None:
    for rows in ([[1, 2], [2, 4]], [[0, 1], [0, 2]], [[1, 1, 1]] * 3, [[0, 0, 0], [0, 3, 0], [0, 0, 2]]):
        trace = backprop("det(A)", A=rows)
        assert trace.check() or rows[0] == rows[2]  # where doubles have 1e-17 for 0, and check says so
        exact, proven = (
            backprop("det(A)", A=rows, **more).gradient["A"] for more in ({"exact": True}, {"precision": 20})
        )
        for found in (exact, proven):
            np.testing.assert_allclose(np.array(found, dtype=float), trace.gradient["A"], atol=1e-12)
    slopes = backprop("det(A)", A=[[1, 1, 1]] * 3, hessian=True).hessian
    assert slopes is not None
    assert (slopes["A[0, 0]"]["A[1, 1]"], slopes["A[0, 1]"]["A[1, 0]"]) == (1, -1)


def test_what_people_type_of_other_programs() -> None:
    assert "∂f/∂x = x/f does not exist" in run("eval", "norm(x)", "--x", "[0,0]").err


def test_labels_are_not_checked() -> None:
    """No method can change a whole number a little."""
    found = run("check", "mean(-log(pick(softmax(s, axis=1), y)))", "--s", "[[1,0.5],[0.2,1.5]]", "--y", "[0,1]")
    assert found.status == 0
    assert "y[0]" not in found.out


def test_proven_digits_of_conditions_and_of_broadcast_numbers() -> None:
    x = [0.5, 1.5]
    found = backprop("mean(where(x > 1, x - 0.5, 0.5*x**2))", x=x, precision=20)
    assert [*map(float, found.gradient["x"])] == [0.25, 0.5]
    found = backprop("sum(-log(s) - 0.5*((x - m)/s)**2)", x=x, m=1.25, s="1/2", precision=20)
    assert (float(found.gradient["m"]), float(found.gradient["s"])) == (-2.0, 1.0)


def test_exact_and_proven_numbers_have_conventions_too() -> None:
    assert "has a tie of 2 entries" in run("eval", "max(x)", "--x", "[2,1,2]", "--precision", "20").err
    found = run("eval", "sum(x if x > 0 else sqrt(x + 1))", "--x", "[1,-1/2]", "--exact", "--get", "x")
    assert found.out == "[1, sqrt(2)/2]\n"


def test_what_no_double_tells_from_0_is_told_from_it_where_that_is_proven() -> None:
    tiny = {"x": "1e-100"}
    small = "exp(x) - 1"  # at 5 digits, a ball around 0
    for text, values, expected in (
        ("det([[x, 0], [0, 1]])", {"x": "1e-400"}, "1e-400"),
        (f"det([[{small}, 0], [0, 1]])", tiny, "1e-100"),
        (f"sum(inv([[{small}, 0], [0, x]]))", tiny, "2e+100"),
        (f"sum(solve([[{small}, 0], [0, 1]], [x, 2]))", tiny, "3"),
        (f"exp(logdet([[{small}, 0], [0, 1]]))", tiny, "1e-100"),
        (f"max([exp(x), 1, {small}])", tiny, "1"),
        ("softmax([sin(x)**2 + cos(x)**2, 1])[0]", {"x": "3"}, "0.5"),
    ):
        words = [word for name, number in values.items() for word in (f"--{name}", number)]
        found = run("eval", text, *words, "--precision", "5", "--get", "value")
        assert found.out == f"{expected}\n", (text, found)
    assert str(backprop("det([[x, 0], [0, 1]])*10**400", x="1e-400", exact=True).value) == "1"


def test_the_determinant_of_a_singular_matrix_has_slopes() -> None:
    """Also where the pivots of numbers with a slope, or of complex ones, are 0."""
    for matrix in ([[0, 0], [0, 0]], [[1, 2], [2, 4]]):
        assert run("check", "det(A)", "--A", str(matrix)).status == 0
        for options in ([], ["--precision", "10"], ["--exact"]):
            found = run("eval", "det(A)", "--A", str(matrix), "--hessian", "--json", *options)
            second = json.loads(found.out)["hessian"]
            assert float(second["A[0, 0]"]["A[1, 1]"]) == -float(second["A[0, 1]"]["A[1, 0]"]) == 1


def test_exact_and_proven_numbers_are_the_doubles() -> None:
    """Where numbers meet arrays, which numbers of another system do not know."""
    values: dict[str, Any] = {"x": [1.5, -0.75, 2], "s": 3, "E": [[0.5], [2]]}
    for text in (
        "sum(x*s)", "sum(s*x)", "sum(s - x/s)", "sum(s*E - x)", "sum(where(x > 1, x*s, x))", "sum(where(1 > x, 2, x))",
        "sum(where(s > x, 2*x, s))", "sum(where(1 > E, x, s))", "max(where(x < s, x, 1)) + s", "norm((s*x)[3:]) + s",
        "sum(max(x) * E)", "sum(maximum(x, x)*s)", "max(s, max(x))", "sum(x[3:]) + s", "prod(x[3:])*s",
        "sum(hypot(x, s))", "m(t) = t*s; sum(m(x)) + m(s)",
    ):  # fmt: skip
        used = {name: value for name, value in values.items() if re.search(rf"\b{name}\b", text)}
        doubles = backprop(text, used)
        for options in ({"precision": 20}, {"exact": True}):
            trace = backprop(text, used, **options)
            assert float(trace.value) == pytest.approx(doubles.value), text
            for name, slope in doubles.gradient.items():
                np.testing.assert_allclose(np.array(trace.gradient[name], dtype=float), slope, err_msg=text)


def test_an_entry_that_does_not_count_is_no_rounded_number() -> None:
    point = ["--X", "[[0.1, 0.2], [0.3, 0.4]]"]
    assert "∂q1/∂X = q1 ≈ [1.10517 –; – 1.49182]\n" in run("explain", "trace(exp(X))", *point).out
    assert "∂q1/∂X = X = [0.1 –; – 0.4]\n" in run("explain", "trace(X*X)", *point).out


def test_nothing_has_no_scores() -> None:
    """It was told of a determinant."""
    for name in ("softmax", "log_softmax"):
        with pytest.raises(BackpropError, match=f"has no entry to take the {name} of"):
            backprop(f"sum({name}(x[0:0])) + x[0]", x=[1, 2])
        with pytest.raises(BackpropError, match=f"has no entry to take the {name} of"):
            backprop(f"sum({name}(X[:, 0:0], axis=1)) + X[0, 0]", X=[[1, 2]])


NUMBERS = [0.0, -0.0, 1.0, -2.5, 1e200, 1e-200, 5e-324]


@pytest.mark.parametrize("expression", ["x/y", "x**y", "atan2(x, y)", "hypot(x, y)", "log(x, y)", "max(x, y)"])
@pytest.mark.parametrize("allow_nonfinite", [False, True])
def test_a_number_beside_an_array_does_what_it_does_beside_a_number(expression: str, allow_nonfinite: bool) -> None:
    """Also where a double of Python's raises, as 1/0 does, and NumPy's does not."""
    for one, other in product(NUMBERS, repeat=2):
        for array in ("x", "y"):
            at: dict[str, Any] = {"x": one, "y": other}
            outcomes = []
            for values in (at, at | {array: [at[array]]}):
                try:
                    found = backprop(f"sum({expression})", values, allow_nonfinite=allow_nonfinite)
                    outcomes.append([float(np.sum(each)) for each in (found.value, *found.gradient.values())])
                except MathError:
                    outcomes.append([])
            np.testing.assert_allclose(outcomes[0], outcomes[1], rtol=1e-15, err_msg=str(at))
