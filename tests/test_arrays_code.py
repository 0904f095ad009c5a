"""Programs of arrays as code: run, and compared with the engine; PyTorch and JAX in the slow suite."""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from typing import Any

import numpy as np
import pytest

from backprop_cli import backprop
from backprop_cli.api.trace import Trace
from support.arrays import FORMULAS, point_of
from support.command import run

MORE: list[tuple[str, dict[str, tuple[int, ...]]]] = [
    ("sum(where(x > 1, x*y, exp(x)))", {"x": (2, 3), "y": (3,)}),
    ("sum(relu(X - b) + max(X, 1))", {"X": (2, 3), "b": (2, 1)}),
    ("D = W @ X + [[1], [2]]; f = sum(sigmoid(D))", {"W": (2, 3), "X": (3, 2)}),
    ("h(t) = t*t; f = h(x) @ x", {"x": (3,)}),
    ("sum(X*b*c)", {"X": (2, 3), "b": (3,), "c": ()}),
    ("sum(X.T*w)", {"X": (2, 3, 4), "w": (2,)}),
    ("sum((y*y if y > 0 else softmax(w*y, axis=-1))**2)", {"y": (2, 3), "w": ()}),
    ("sum(where(X > 0, exp(b)*c, X @ [[1, 2], [b, 1]]))", {"X": (3, 2), "b": (), "c": (2,)}),
    ("sum(where(b > 0, exp(b), max(reshape(sin(X @ w), 3, 1), axis=1)))", {"X": (3, 2), "w": (2,), "b": (3,)}),
    ("sum(prod(F*[1e200, 1e200, 1e-200, 1e-190], axis=-1))*1e-10 + prod(F)", {"F": (2, 4)}),
    ("mean(cos(F*0.1)*1.7e308)/1e300 + sum(mean(cos(F*0.1)*1.7e308, axis=1, keepdims=True)/1e300)", {"F": (2, 4)}),
    ("sum(norm(F*1e200, axis=-1, keepdims=True))/1e200 + norm(F*1e-200)*1e200", {"F": (2, 3)}),
]
MORE += [
    ("det(outer(x, y))*2 + det(A @ A)", {"x": (3,), "y": (3,), "A": (3, 3)}),
    ("det([[x, 1], [2*x, 2]])", {"x": ()}),
]
MORE += [
    (f"sum({name}(X, keepdims=True)*X) + {name}(y, keepdims=True)[0]", {"X": (2, 3), "y": (3,)})
    for name in ("sum", "mean", "max", "min", "prod", "norm", "logsumexp")
]
REPEATED = [
    "sum(max(X, X[0])*X)",
    "sum(max(X, X[0], y, X[1])*X)",
    "sum(min(X[::-1], X)*y)",
    "max(concat(y, [3, 3], y[::-1]))*y[0]",
    "sum(max([y, 2*y, y], axis=0)*y)",
    "sum(max(concat(X, X, axis=1), axis=1, keepdims=True)*X)",
    "max([y[0], z, y[1], z, 3, 3])*z",
    "sum(max(X.T, X.T[:, 1:2], 3)*2)",
    "max(pick(X, k), X[0, 0]) @ y[:2]",
    "max(reshape(X, 6)[:3], y) @ y",
    "max(reshape(X, 6)[1:3], X[0, 1:]) @ [1, 2]",
]
"""Where an entry may meet itself, and others that are equal to it."""
PICKED: list[tuple[str, dict[str, tuple[int, ...]], dict[str, Any]]] = [
    ("sum(pick(S, y)**2)", {"S": (3, 4)}, {"y": [0.0, 3.0, 3.0]}),
    ("pick(s, k)**2", {"s": (4,)}, {"k": 2.0}),
]
CASES = [(text, point_of(shapes)) for text, shapes in [*FORMULAS, *MORE]]
CASES += [(text, point_of(shapes) | {name: np.array(each) for name, each in labels.items()})
          for text, shapes, labels in PICKED]  # fmt: skip


def printed(code: str) -> dict[str, Any]:
    """What a program prints, by what stands before the sign."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(code, {})
    lines = (line.partition(" = ") for line in said.getvalue().splitlines())
    return {name: eval(value, {"nan": np.nan}) for name, _, value in lines}


def compare(trace: Trace, value: Any, gradient: dict[str, Any]) -> None:
    source = trace.graph.source
    np.testing.assert_allclose(np.asarray(value), trace.value, rtol=1e-9, err_msg=source)
    for name, slope in trace.gradient.items():
        assert np.shape(gradient[name]) == np.shape(slope), source
        np.testing.assert_allclose(np.asarray(gradient[name]), slope, rtol=1e-9, atol=1e-11, err_msg=source)


def agrees(text: str, point: dict[str, Any], library: str, ties: str = "both") -> None:
    """The program with values, and the function, which knows no shapes."""
    trace = backprop(text, point, ties=ties)
    output = trace.graph.output.name
    numbers = printed(trace.code(library))
    compare(trace, numbers[output], {name: numbers[f"d{output}/d{name}"] for name in trace.gradient})
    names: dict[str, Any] = {}
    exec(trace.code(library, function=True), names)
    compare(trace, *names["forward_backward"](*(point[name] for name in trace.gradient)))


@pytest.mark.parametrize(
    "library", ["numpy", *(pytest.param(name, marks=pytest.mark.slow) for name in ("torch", "jax"))]
)
def test_an_entry_does_not_tie_with_itself_in_programs(library: str) -> None:
    """With values and without; where others tie with it, they share as `--ties` says."""
    pytest.importorskip(library)
    values = {"X": [[1.0, 3, 2], [3, 3, 1]], "y": [3.0, 1, 3], "z": 3.0, "k": [1.0, 1]}
    for text in REPEATED:
        point = {name: np.array(value) for name, value in values.items() if re.search(rf"\b{name}\b", text)}
        for ties in ("both", "split", "first"):
            agrees(text, point, library, ties)


def test_numpy_programs_are_right() -> None:
    special = [case for case in CASES if any(part in case[0] for part in ("softmax(w*y", "exp(b), max(", "(F*"))]
    for text, point in [*CASES[::5], *special]:
        agrees(text, point, "numpy")


@pytest.mark.slow
@pytest.mark.parametrize("library", ["numpy", "torch", "jax"])
def test_programs_of_every_row_are_right(library: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the libraries say of themselves while they load
        pytest.importorskip(library)
    for text, point in CASES:
        agrees(text, point, library)


def test_a_program_brings_along_what_it_calls() -> None:
    assert "def mean(" not in backprop("mean(X)", X=[[1, 2]]).code("numpy")
    assert "def mean(" in backprop("mean(mean(X), 2)", X=[[1, 2]]).code("numpy")
    assert "def softmax(" not in backprop("sum(softmax(X))", X=[[1, 2]]).code("jax").replace("jax.nn.softmax", "")


def test_languages_without_arrays_have_a_variable_for_each_entry() -> None:
    point = {"W": [[1, 2], [3, 4]], "X": [[1], [-1]]}
    trace = backprop("D = W @ X; f = sum(softmax(D, axis=0)*D)", point)
    numbers = printed(trace.code("python"))
    found = [[numbers[f"df/dW_{i}_{j}"] for j in range(2)] for i in range(2)]
    np.testing.assert_allclose(found, trace.gradient["W"], rtol=1e-12)
    constants = backprop("sum((x*(2*[1, 3]) + 5*[[1, 2], [1 + 3, 4]].T)**2)", x=[0.5, -2])
    numbers = printed(constants.code("python"))  # each entry of 2*[1, 3] is a number of its own
    compare(constants, numbers["f"], {"x": [numbers[f"df/dx_{i}"] for i in range(2)]})
    for language in ("c", "javascript"):
        assert "W_0_1 = 2" in trace.code(language), language
    error = run("code", "sum(W @ x)", "--to", "c").err
    assert "c has numbers here, one for each entry" in error
    assert "numpy, torch, jax need none" in error


TIES = [("both", [1.0, 0.0, 1.0]), ("split", [0.5, 0.0, 0.5]), ("first", [1.0, 0.0, 0.0])]


def test_ties_are_those_of_the_trace() -> None:
    for ties, expected in TIES:
        assert printed(backprop("max(x)", x=[2, 1, 2], ties=ties).code("numpy"))["df/dx"] == expected, ties


WRITTEN = [
    ("numpy", "dW = dD @ X.T  # ∂f/∂W = upstream @ Xᵀ"),
    ("torch", "dX = W.T @ dD"),
    ("latex", r"\frac{\partial f}{\partial W} &= \frac{\partial f}{\partial D} \, X^{\top}"),
    ("latex", r"W &= \begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}"),
]


def test_it_reads_as_a_person_writes_it() -> None:
    trace = backprop("D = W @ X; f = sum(D*D)", W=[[1, 2], [3, 4]], X=[[1], [-1]])
    for language, line in WRITTEN:
        assert line in trace.code(language), line
    assert "db = (dq2).sum(axis=0)" not in backprop("sum(X + b)", X=[[1, 2]], b=[1, 2]).code("numpy")
    assert ".sum(axis=0)" in backprop("sum(X + b)", X=[[1, 2], [3, 4]], b=[1, 2]).code("numpy")
