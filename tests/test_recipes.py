"""What people write elsewhere: each hint of the language is followed, and what it says to write has the value meant."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Callable

import numpy as np
import pytest

from backprop_cli import backprop
from backprop_cli.language.recipes import ARRAYS, NAMES, RECIPES, recipe, typo
from backprop_cli.rules.table import spellings
from support.command import run

VALUES = {"x": 0.4, "y": 0.7, "z": 0.2}


def value(expression: str) -> float:
    expression = re.sub(r"\b(bessel[jyik]|polygamma)\(x, y", r"\1(2, y", expression)  # an order has no gradient
    words = [f"--{name}={number}" for name, number in VALUES.items() if re.search(rf"\b{name}\b", expression)]
    wrt = ["--wrt=x"] * bool(re.search(r"\bx\b", expression))  # an order has no gradient
    result = run("eval", expression, *words, *wrt, "--get", "value")
    assert result.status == 0, (expression, result.err)
    return float(result.out)


MEANT: dict[str, Callable[..., float]] = {
    "square": lambda x: x * x,
    "logit": lambda x: math.log(x) - math.log1p(-x),
    "swish": lambda x: x / (1 + math.exp(-x)),
    "gelu": lambda x: x * (1 + math.erf(x / 2**0.5)) / 2,
    "mish": lambda x: x * math.tanh(math.log1p(math.exp(x))),
    "elu": lambda x: x if x > 0 else math.expm1(x),
    "leaky_relu": lambda x, slope=0.01: x if x > 0 else slope * x,
    "logsigmoid": lambda x: -math.log1p(math.exp(-x)),
    "softsign": lambda x: x / (1 + abs(x)),
    "hardtanh": lambda x: min(1, max(-1, x)),
    "mod": lambda x, y: x % y,
    "fmod": math.fmod,
    "sec": lambda x: 1 / math.cos(x),
    "csc": lambda x: 1 / math.sin(x),
    "cot": lambda x: 1 / math.tan(x),
    "coth": lambda x: math.cosh(x) / math.sinh(x),
    "asech": lambda x: math.log(1 / x + math.sqrt(1 / x**2 - 1)),
    "acot": lambda x: math.pi / 2 - math.atan(x),
    "sinc": lambda x: math.sin(x) / x,
    "sind": lambda x: math.sin(math.radians(x)),
    "degrees": math.degrees,
    "radians": math.radians,
    "round": lambda x, digits: round(x * 10**digits) / 10**digits,
    "trunc": lambda x, digits: math.trunc(x * 10**digits) / 10**digits,
    "factorial": lambda x: math.gamma(1 + x),
    "normcdf": lambda x, y, z: (1 + math.erf((x - y) / z / 2**0.5)) / 2,
    "normpdf": lambda x, y, z: math.exp(-(((x - y) / z) ** 2) / 2) / math.sqrt(2 * math.pi) / z,
    "logaddexp": lambda x, y: math.log(math.exp(x) + math.exp(y)),
    "softmax": lambda x, y: 1 / (1 + math.exp(y - x)),
    "heaviside": lambda x: float(x > 0),
    "sum": lambda *each: math.fsum(each),
    "prod": lambda *each: math.prod(each),
    "mean": lambda *each: math.fsum(each) / len(each),
    "clip": lambda x, low, high: max(low, min(high, x)),
    "norm": abs,
    "Log": lambda x, y: math.log(y) / math.log(x),
    "LOG": lambda x, y=10: math.log(x) / math.log(y),
    "ATAN2": lambda x, y: math.atan2(y, x),
    "ArcTan": lambda x, y: math.atan2(y, x),
    "norm.cdf": lambda x, y, z: (1 + math.erf((x - y) / z / 2**0.5)) / 2,
    "norm.pdf": lambda x, y, z: math.exp(-(((x - y) / z) ** 2) / 2) / math.sqrt(2 * math.pi) / z,
    "norm.ppf": lambda x, y, z: statistics.NormalDist(y, z).inv_cdf(x),
    "norm.logcdf": lambda x, y, z: math.log(statistics.NormalDist(y, z).cdf(x)),
    "nthroot": lambda x, y: x ** (1 / y),
}


@pytest.mark.parametrize(("name", "count"), RECIPES)
def test_a_recipe_is_what_the_name_means(name: str, count: int) -> None:
    assert not any(op.accepts(count) for op in spellings().get(name, ())), "what is there needs no recipe"
    written = recipe(name, [*"xyz"][:count])
    if re.search(" and | or ", written):
        written = f"where({re.sub('([xyz])', r'(1 > 0)', written)}, 1, 0)"
    numbers = [*VALUES.values()][:count]
    if name == "clip":
        numbers = [0.4, 0.7, 0.2]
    if name in MEANT:
        assert value(written) == pytest.approx(MEANT[name](*numbers), rel=1e-12)
    else:
        assert math.isfinite(value(written if "1/x" not in written or "cosh" in written else written.replace("x", "4")))


def test_the_inputs_that_were_typed_stand_in_the_recipe() -> None:
    assert recipe("nthroot", ["x", "a+b"]) == "x**(1/(a+b))"
    assert recipe("reciprocal", ["a+b"]) == "1/(a+b)"
    assert recipe("reciprocal", ["x", "y"]) == recipe("nobody", ["x"]) == ""


REPAIRED = {
    "2*reciprocal(x + 1)": "2*(1/(x + 1))",
    "nthroot(x, 3)": "x**(1/3)",
    "log_3(x)": "log(x, 3)",
    "log2_(x)": None,
    "cos^2 x": "cos(x)**2",
    "sin^-1(x)": "1/sin(x) or asin(x)",
    "sin^(-1)(x)": "1/sin(x) or asin(x)",
    "exp^-1(x)": "1/exp(x)",
    "tan⁻¹(x)": "1/tan(x) or atan(x)",
    "1d-3*x": "1e-3",
    "2.5D2 + x": "2.5e2",
    "Math.TanH(x)": "tanh(x)",
    "x.exp()": "exp(x)",
    "Sin[x]": "Sin(x)",
    "ArcTan[x]": "ArcTan(x)",
    "x^{2}": "x**2",
    "x_{1}": "x_1",
    r"\frac{x}{y}": "x/y",
    r"\sin x": "sin(x)",
    r"\alpha*x": "alpha*x",
    r"x \cdot y": "x*y",
    "$x*y$": "x*y",
    "“x*y”": "x*y",
    "'x'": "x",
    "sine(x)": "sin(x)",
    "sigmiod(x)": "did you mean 'sigmoid'?",
    "SILU(x)": "did you mean 'silu'?",
    "foo(x, y)": "the functions that there are: backprop ops",
    "hankel(x)": "the functions that there are: backprop ops",
    "g(x + 1)": "to multiply, write g*(…)",
}
"""What people write, and what the hint says to write (None: nothing of the kind)."""


@pytest.mark.parametrize("expression", REPAIRED)
def test_what_to_write_instead(expression: str) -> None:
    result = run("eval", expression)
    assert (result.status, result.out) == (2, "")
    expected = REPAIRED[expression]
    hint = next((line for line in result.err.splitlines() if line.startswith("hint: ")), "")
    assert (expected is None) or hint.removeprefix("hint: ").removeprefix("write ") == expected
    if hint.startswith("hint: write ") and expected and re.search(r"[a-z]\(", expected):
        for each in expected.split(" or "):
            assert math.isfinite(value(each))


@pytest.mark.parametrize("name", sorted(NAMES | {"erfi", "san", "mix", "xor", "sums"}))
def test_no_name_is_taken_for_another_function(name: str) -> None:
    assert name in NAMES or typo(name, spellings()) == ""


def test_a_definition_alone_is_textbook_notation() -> None:
    words = ["--x", "-2", "--y", "5", "--z", "-4"]
    alone = run("eval", "f(x, y, z) = (x+y)*z", *words, "--json")
    program = run("eval", "f = (x+y)*z", *words, "--json")
    assert alone.status == 0
    assert alone.out.partition("\n")[2] == program.out.partition("\n")[2]
    assert run("eval", "f(x, y, z) = (x+y)*z", *words, "--json") == alone  # from the cache
    assert value("s(t) = 1/(1 + exp(-t)); f(x) = s(x)**2") == pytest.approx(1 / (1 + math.exp(-0.4)) ** 2)
    assert run("eval", "q = x; f(x) = q*x", "--x", "1").status == 2


def test_a_call_that_is_not_closed_is_told() -> None:
    for text in ("zzz(x]", "zzz(x", "zzz(x, y", "zzz(sin(x)"):
        result = run("eval", text, "--x=1")
        assert (result.status, result.out) == (2, ""), text
        assert result.err.startswith("error: "), text


MEANT_OF_ARRAYS: dict[str, Callable[..., float]] = {
    "var": np.var,
    "std": np.std,
    "ptp": np.ptp,
    "mse": lambda x, y: float(np.mean((x - y) ** 2)),
    "mae": lambda x, y: float(np.mean(np.abs(x - y))),
    "bce": lambda x, y: float(-np.mean(y * np.log(x) + (1 - y) * np.log(1 - x))),
    "bce_with_logits": lambda x, y: float(np.mean(np.log1p(np.exp(x)) - x * y)),
    "cosine": lambda x, y: float(x @ y / np.linalg.norm(x) / np.linalg.norm(y)),
    "inner": np.dot,
}


def test_a_recipe_of_arrays_is_what_the_name_means() -> None:
    point = {"x": np.array([0.2, 0.7, 0.4]), "y": np.array([1.0, 0.0, 1.0])}
    for name, function in MEANT_OF_ARRAYS.items():
        inputs = ["x", "y"][: next(count for each, count in ARRAYS if each == name)]
        trace = backprop(recipe(name, inputs), {each: point[each] for each in inputs})
        assert float(trace.value) == pytest.approx(float(function(*(point[each] for each in inputs))), rel=1e-12)
    matrix = np.array([[1.0, 2.5, 4.0], [3.0, 7.0, 2.0]])
    for name, function in (("var", np.var), ("std", np.std)):
        written = recipe(name, ["X", "1"])
        np.testing.assert_allclose(backprop(f"sum(({written})**2)", X=matrix).value, sum(function(matrix, axis=1) ** 2))
    for name, count in ARRAYS:
        assert recipe(name, [*"xy"][:count])


WRITTEN_OF_ARRAYS = {
    "x.mean(axis=0)": "write mean(x, axis=0)",
    "relu(x).sum()": "write sum(relu(x))",
    "x.reshape(3, 1)": "write reshape(x, 3, 1)",
    "x.T.dot(x)": "write dot(x.T, x)",
    "np.linalg.norm(x)": "write norm(x)",
    "(x + 1).max()": "write max(x + 1)",
    "x[0].exp()": "write exp(x[0])",
    "x.std()": "write sqrt(mean((x - mean(x))**2))",
    "x' @ x": "the transpose of x is x.T",
    "eye(2) @ x": "an array of numbers is written out: [1, 0], [[1, 0], [0, 1]]",
    "||x||": "the length is norm(x), and the largest entry max(|x|)",
    "x.T x": "write x.T @ x or x.T*x",
    "norm(x, 2)": "the length is norm(x)",
    "sum(x, 0)": "over an axis: sum(x, axis=0)",
    "outer(x, x)^-1": "write inv(q1) or 1/q1",
    "x^T @ x": "a transpose is written .T: backprop eval 'x.T @ x' --x '[1, 2, 3]'",
    "x.T()": "write x.T",
    "x.t() @ x": "write x.T",
    "x.t": "write x.T",
    "x.sum": "write sum(x)",
    "x.mean(0)": "write mean(x, axis=0)",
    "x.max(-1, keepdims=True)": "write max(x, axis=-1, keepdims=True)",
    "x.norm(2)": "write norm(x)",
    "x.std(0)": "write sqrt(mean((x - mean(x, axis=0, keepdims=True))**2, axis=0))",
    "np.var(x, axis=0)": "write mean((x - mean(x, axis=0, keepdims=True))**2, axis=0)",
    "x.view(-1)": "write reshape(x, -1)",
    "torch.cat([x, x], dim=0)": "write concat([x, x], dim=0)",
    "sum(x, ax=0)": "write axis=0",
    "sum(x, keep_dims=True)": "write keepdims=True",
    "x[:, None]": "a vector as a column is reshape(x, -1, 1), and as a row reshape(x, 1, -1)",
    "cumsum(x)": "an array of them is written out: [x[0], x[0] + x[1], x[0] + x[1] + x[2]]",
    "np.kron(x, x)": "of vectors, write reshape(outer(x, y), -1); of matrices, concat(X[0, 0]*Y, "
    "X[0, 1]*Y, axis=1) and so on",
    "x ∘ x": "entry by entry, write *; of functions, f(g(x))",
    "x ⊗ x": "of vectors, write outer(x, y); entry by entry, *",
    "x.shape[0]": "how many there are is a number: mean(x) divides by it",
}
"""What people write of arrays, and the hint."""
VALUES_OF_ARRAYS = {
    "[1 2; 3 4]": "write [[1, 2], [3, 4]]",
    "[[1 2][3 4]]": "write [[1, 2], [3, 4]]",
    "1 2 3": "write [1, 2, 3]",
    "(1, 2)": "write [1, 2]",
    "np.array([1., 2])": "write [1.0, 2]",
    "torch.tensor([[1], [2]], dtype=torch.float64)": "write [[1], [2]]",
    "[1, foo]": "",
}
"""Arrays as others write them, and the hint."""


def test_what_to_write_instead_of_arrays() -> None:
    for expression in ("sum(hypot(x, 2))", "sum(x^-1)", "sum(sum(x, 1))", "sum(outer(x, x)**-1)", "sum(|(|x| - 1)|)"):
        assert run("eval", expression, "--x", "[1, 2, 3]").status == 0, expression
    for expression, expected in WRITTEN_OF_ARRAYS.items():
        assert run("eval", expression, "--x", "[1, 2, 3]").err.splitlines()[-1] == f"hint: {expected}", expression
    for text, expected in VALUES_OF_ARRAYS.items():
        hint = run("eval", "x @ x", "--x", text).err.partition("hint: ")[2].strip()
        assert hint == expected, text
