"""Formulas as they stand in papers and programs, with several things that are none here: one hint mends all."""

from __future__ import annotations

from math import acos, asin, cos, erf, exp, gamma, inf, log, log2, log10, pi, radians, sin, sqrt
from typing import Any

import pytest

from backprop_cli import backprop
from backprop_cli.errors import InputError
from backprop_cli.language.program import Program
from support.command import run


def Phi(x: float) -> float:  # noqa: N802
    return (1 + erf(x / sqrt(2))) / 2


MENDED: dict[str, tuple[dict[str, float], float]] = {
    "n1 cos θi - n2 cos θt": ({"n1": 1, "n2": 1.5, "θi": 0.5, "θt": 0.3}, cos(0.5) - 1.5 * cos(0.3)),
    "v0 t + ½ a t²": ({"v0": 3, "t": 1.5, "a": 2}, 3 * 1.5 + 1.5**2),
    "P L³/(48 E I)": ({"P": 10, "L": 2, "E": 200, "I": 3}, 80 / (48 * 600)),
    "A cos(ω t + φ)": ({"A": 2, "ω": 3, "t": 0.2, "φ": 0.1}, 2 * cos(0.7)),
    "ρ v²/2 + ρ g h + p": ({"ρ": 2, "v": 3, "g": 9.81, "h": 0.5, "p": 1}, 9 + 9.81 + 1),
    "a E^(-b t) Cos[ω t]": ({"a": 2, "b": 0.3, "t": 1.5, "ω": 2}, 2 * exp(-0.45) * cos(3)),
    "x Sin[y] Cos[z]": ({"x": 0.4, "y": 0.3, "z": 0.2}, 0.4 * sin(0.3) * cos(0.2)),
    "Erfc[x/Sqrt[2]]/2": ({"x": 0.3}, Phi(-0.3)),
    "Log10[x] + Log2[y]": ({"x": 0.3, "y": 0.2}, log10(0.3) + log2(0.2)),
    "4ε[(σ/r)¹² − (σ/r)⁶] + 2 ε r": ({"ε": 1.5, "σ": 1, "r": 1.2}, 6 * (1.2**-12 - 1.2**-6) + 3.6),
    "-p log₂ p − (1−p) log₂(1−p)": ({"p": 0.3}, -0.3 * log2(0.3) - 0.7 * log2(0.7)),
    "a²+b²−2 a b cos γ": ({"a": 0.3, "b": 0.2, "γ": 0.5}, 0.13 - 0.12 * cos(0.5)),
    "x^(k-1) e^(-x/θ) / (θ^k Γ(k))": ({"x": 2, "k": 3.2, "θ": 0.7}, 2**2.2 * exp(-2 / 0.7) / (0.7**3.2 * gamma(3.2))),
    "acos(sind(a)*sind(b) + cosd(a)*cosd(b)*cosd(c))": (
        {"a": 30, "b": 40, "c": 20},
        acos(sin(radians(30)) * sin(radians(40)) + cos(radians(30)) * cos(radians(40)) * cos(radians(20))),
    ),
    "=R*ACOS(COS(RADIANS(90-a))*SIN(RADIANS(b)))": ({"R": 2, "a": 30, "b": 40}, 2 * acos(0.5 * sin(radians(40)))),
    "1,000*(1+5%)^10*(1+r)": ({"r": 0.5}, 1500 * 1.05**10),
    "$100 * (1+r)^t — $5": ({"r": 0.05, "t": 3}, 100 * 1.05**3 - 5),
    "0,5*x + 2,25": ({"x": 3}, 3.75),
    "e⁻ˣ + xⁿ": ({"x": 0.3, "n": 2}, exp(-0.3) + 0.09),
    "2R·arcsin(√(sin²(d/2) + cos φ1 · cos φ2))": (
        {"R": 2, "d": 0.2, "φ1": 1.5, "φ2": 0.7},
        4 * asin(sqrt(sin(0.1) ** 2 + cos(1.5) * cos(0.7))),
    ),
    "sin(45°) + cos(x°)": ({"x": 60}, sqrt(0.5) + 0.5),
    "1/(1+e^{-(w x + b)})": ({"w": 0.4, "x": 0.3, "b": 0.1}, 1 / (1 + exp(-0.22))),
    "max{0, x y}": ({"x": 0.3, "y": 2}, 0.6),
    "x∗y∙z – 1": ({"x": 2, "y": 3, "z": 4}, 23),
    "-0.5 * (1 + logvar - mu.pow(2) - logvar.exp())": ({"logvar": 0.2, "mu": 0.3}, -0.5 * (1.2 - 0.09 - exp(0.2))),
    "x.pow(2).mean().sqrt()": ({"x": 0.3}, 0.3),
    "lambda x, y: x*y + sin(x)": ({"x": 0.3, "y": 0.2}, 0.06 + sin(0.3)),
    "f = lambda x: x**2": ({"x": 0.3}, 0.09),
    "(x, y) -> x*y + sin(x)": ({"x": 0.3, "y": 0.2}, 0.06 + sin(0.3)),
    "x => x**2": ({"x": 0.3}, 0.09),
    "@(x,y) x.^2 + y.^2": ({"x": 0.3, "y": 0.2}, 0.13),
    "function(x, y) x^2 + y": ({"x": 0.3, "y": 0.2}, 0.29),
    "def f(x, y):\n    return x**2 + y": ({"x": 0.3, "y": 0.2}, 0.29),
    "f[x_] := x^2 + 1": ({"x": 0.3}, 1.09),
    "f <- a*x^2 + b*x": ({"a": 0.3, "b": 0.2, "x": 2}, 1.6),
    "dI/dt = β*S*I/N - γ*I": ({"β": 0.3, "S": 990, "I": 10, "N": 1000, "γ": 0.1}, 1.97),
    "const y = Math.sin(x) ** 2;": ({"x": 0.3}, sin(0.3) ** 2),
    "`x^2 + y`": ({"x": 0.3, "y": 0.2}, 0.29),
    "**f(x) = x² + 1**": ({"x": 0.3}, 1.09),
    "```python\nq = x + y\nq*z\n```": ({"x": 1, "y": 2, "z": 3}, 9),
    "exp.(x) .+ 1": ({"x": 0.3}, exp(0.3) + 1),
    "log(x)/2 ...\n + y": ({"x": 0.3, "y": 0.2}, log(0.3) / 2 + 0.2),
    "1/(π γ [1+((x-y)/γ)²])": ({"γ": 0.5, "x": 0.3, "y": 0.1}, 1 / (pi * 0.5 * 1.16)),
}
"""The text, a point, and the value there."""


@pytest.mark.parametrize("text", MENDED)
def test_one_hint_mends_all(text: str) -> None:
    point, expected = MENDED[text]
    assert followed(text, point) == pytest.approx(expected, rel=1e-12)


def followed(text: str, point: dict[str, Any]) -> float:
    """The value of what the hint says to write."""
    with pytest.raises(InputError) as caught:
        backprop(text, point)
    assert caught.value.hint.startswith("write "), caught.value.hint
    trace = backprop(caught.value.hint.removeprefix("write "), point)
    assert isinstance(trace.value, float)
    return trace.value


NAMED: dict[str, tuple[dict[str, float], float]] = {
    "x log(x, base = 10)": ({"x": 3}, 3 * log10(3)),
    "2 dnorm(x, mean = m, sd = s)": ({"x": 0.3, "m": 0.1, "s": 0.8}, 2 * exp(-0.03125) / (0.8 * sqrt(2 * pi))),
    "stats.norm.pdf(x, scale=s, loc=m)": ({"x": 0.3, "m": 0.1, "s": 0.8}, exp(-0.03125) / (0.8 * sqrt(2 * pi))),
    "dnorm(x, m, s, log=TRUE)": ({"x": 0.3, "m": 0.1, "s": 0.8}, -0.03125 - log(0.8 * sqrt(2 * pi))),
    "y torch.clamp(x - 1, min=0)": ({"x": 3, "y": 2}, 4),
    "y clamp(x, max=1)": ({"x": 3, "y": 2}, 2),
    "y NORM.S.DIST(x;TRUE)": ({"x": 0.3, "y": 2}, 2 * Phi(0.3)),
    "NORM.DIST(x, m, s, FALSE)": ({"x": 0.3, "m": 0.1, "s": 0.8}, exp(-0.03125) / (0.8 * sqrt(2 * pi))),
    "dbinom(k, n, p) k": ({"k": 3, "n": 10, "p": 0.3}, 3 * 120 * 0.3**3 * 0.7**7),
    "plogis(a + b x)": ({"a": 0.1, "b": 0.3, "x": 2}, 1 / (1 + exp(-0.7))),
    "PMT(r, n, P) P": ({"r": 0.004, "n": 360, "P": 1000}, -1e6 * 0.004 / (1 - 1.004**-360)),
    "x %% y + 2 x y": ({"x": 7, "y": 3}, 43),
    "α|h| + 2 h": ({"α": 3, "h": -2}, 2),
    "ln|x| + x y": ({"x": -2, "y": 2}, log(2) - 4),
    "self.w * x + self.b": ({"w": 2, "x": 3, "b": 1}, 7),
    "Piecewise[{{x^2, x < 0}, {x, x >= 0}}]": ({"x": -3}, 9),
    r"\[ \frac{x}{y} \]": ({"x": 3, "y": 2}, 1.5),
}


@pytest.mark.parametrize("text", NAMED)
def test_inputs_by_name_and_names_of_other_programs(text: str) -> None:
    point, expected = NAMED[text]
    assert followed(text, point) == pytest.approx(expected, rel=1e-12)


AXES = {
    "sum(np.max(x, 0))": "max(x, axis=0) or maximum(x, 0)",
    "torch.mean(x, -1)": "mean(x, axis=-1)",
    "F.softmax(x, 0)[0]": "softmax(x, axis=0)",
    "scipy.special.logsumexp(x, 0)": "logsumexp(x, axis=0)",
    "tf.reduce_sum(x, 0)": "sum(x, axis=0)",
    "torch.norm(x, 1)": "sum(abs(x))",
    "np.linalg.norm(x, 2)": "norm(x)",
    "x.norm(1)": "sum(abs(x))",
}
"""What the second input of a library's function means there, and is not here."""


EQUATIONS = {
    "1/f = (n-1)/R": "(n-1)/R",
    "m - M = 5*log10(d) - 5": "5*log10(d) - 5",
    "(x+y)*z = -12": "(x+y)*z",
    "f(x, y) = x*y = -12": "f(x, y) = x*y",
}
"""Of an equation, the side that is an expression."""
WRITTEN = AXES | EQUATIONS


@pytest.mark.parametrize("text", WRITTEN)
def test_what_is_to_be_written(text: str) -> None:
    with pytest.raises(InputError) as caught:
        Program(text).graph()
    assert caught.value.hint == f"write {WRITTEN[text]}"


def test_a_second_number_is_one() -> None:
    assert backprop("Math.max(x, 0) + np.maximum(x, 0) + torch.max(x, y)", x=-1, y=2).value == 2


def test_a_letter_before_a_transpose_is_no_library() -> None:
    trace = backprop("sum(K.T @ np.exp(x))", K=[[1, 2]], x=[0])
    assert [each.message for each in trace.warnings] == ["'np.' is left out: functions need no library here"]


UNCLEAR = {
    "x + y = z = 1": "== compares; statements are NAME = EXPRESSION, with ; between",
    "x y/z w": "to multiply, write x*y",
    "1/n A": "write 1/(n*A) or (1/n)*A",
    "sin x/2 + y z": "a function needs parentheses: sin(x)",
    "x sin θ y": "to multiply, write x*sin",
    "derivative of x^2 y": "to multiply, write derivative*of",
    "√x y + z w": "write √x*y or √(x*y)",
}
"""What may be meant in two ways is not put right beside anything else: the hint of its first error."""


@pytest.mark.parametrize("text", UNCLEAR)
def test_what_is_unclear_is_not_mended(text: str) -> None:
    with pytest.raises(InputError) as caught:
        Program(text).graph()
    assert caught.value.hint == UNCLEAR[text]


def test_entries_stand_between_commas() -> None:
    result = run("eval", "norm([x y])", "--x", "3", "--y", "4")
    assert result.err.endswith("hint: between entries stand commas: x, y\n")
    assert followed("norm([x y z])", {"x": 2, "y": 3, "z": 6}) == 7


def test_hints_end() -> None:
    """However much is wrong, and where what is put right is wrong again."""
    for text in (
        "a b " * 300,
        "sind(" * 90 + "x" + ")" * 90,
        "{" * 200 + "x" + "}" * 200,
        "“" * 400,
        "x " * 499,
        "°" * 9,
    ):
        with pytest.raises(InputError) as caught:
            Program(text).graph()
        assert len(caught.value.hint) < 2_000 < inf
