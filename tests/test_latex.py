"""LaTeX that people paste: what it is read as, what is refused, and the hint where it was typed as an expression."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_cli import backprop
from backprop_cli.errors import InputError
from backprop_cli.language.latex import read_latex, translated
from backprop_cli.language.program import Program
from backprop_cli.rules.table import TABLE
from backprop_cli.study import reference
from support.command import run

READ = {
    r"\frac{x}{y}": "x/y",
    r"\dfrac{x+1}{y-1}": "(x + 1)/(y - 1)",
    r"\frac12 m v^2": "1/2*m*v**2",
    r"\sqrt{x}": "sqrt(x)",
    r"\sqrt[3]{x}": "cbrt(x)",
    r"\sqrt[n]{x+1}": "(x + 1)**(1/n)",
    r"x_{1} + 2": "x_1 + 2",
    r"w_0 x_0 + w_{10}": "w_0*x_0 + w_10",
    r"a \cdot b \times c \div d \odot e_1": "a*b*c/d*e_1",
    r"\sigma(w x + b)": "sigmoid(w*x + b)",
    r"\sigma\left(x\right)": "sigmoid(x)",
    r"\sigma^2": "sigma**2",
    r"e^{x}": "exp(x)",
    r"e^{-x^2/2}": "exp(-x**2/2)",
    r"x^{23}": "x**23",

    r"x^{a+b}": "x**(a + b)",
    r"x^{-1}": "x**(-1)",
    r"\frac{1}{1+e^{-x}}": "1/(1 + exp(-x))",
    r"x \frac{a}{b}": "x*(a/b)",
    r"a/\frac{b}{c}": "a/(b/c)",
    r"\sin x": "sin(x)",
    r"\sin 2x + 1": "sin(2*x) + 1",
    r"A\sin\omega t\,e^{-\gamma t}": "A*sin(omega*t)*exp(-gamma*t)",
    r"\sin x e^y + \cos x\mathrm e^{y}": "sin(x)*exp(y) + cos(x)*exp(y)",
    r"\sin 2\pi\frac{x}{y} + \cos 2(x+y)": "sin(2*pi*(x/y)) + cos(2*(x + y))",
    r"1\,000 x + 12{,}345.5 y": "1000*x + 12345.5*y",
    r"\[ x^2+1. \]": "x**2 + 1.",
    r"\( \boxed{x+y}, \)": "(x + y)",
    r"f(x) = x^2+1 \tag{1}": "f(x) = x**2 + 1",
    r"\begin{equation}\label{eq:a} f(x) = \nicefrac{x}{2}, \end{equation}": "f(x) = x/2",
    r"\sin^2 x + \cos^{2}(x)": "sin(x)**2 + cos(x)**2",
    r"\sin^{-1}(x)": "asin(x)",
    r"\sin x \cos y": "sin(x)*cos(y)",
    r"\ln(x)": "ln(x)",
    r"\log_2 x": "log2(x)",
    r"\log_{10}(x)": "log10(x)",
    r"\log_b x": "log(x, b)",
    r"\max(0, x)": "max(0, x)",
    r"\max\{x, y\}": "max(x, y)",
    r"\operatorname{relu}(x)": "relu(x)",
    r"\mathrm{tanh}(x)": "tanh(x)",
    r"\Phi(d_1)": "normcdf(d_1)",
    r"\alpha \beta": "alpha*beta",
    r"\pi r^2": "pi*r**2",
    r"\left|x\right|": "abs(x)",
    r"\lvert x \rvert": "abs(x)",
    r"\lfloor x \rfloor": "floor(x)",
    r"(a+b)(a-b)": "(a + b)*(a - b)",
    r"n!": "n!",
    r"\alpha² + x³": "alpha**2 + x**3",
    r"$x*y$": "x*y",
    r"log(\frac{x}{2})": "log(x/2)",
    r"\pi J_{1}(x) + Y_0(x) - I_n\left(x\right) K_{-2}(x)":
        "pi*besselj(1, x) + bessely(0, x) - besseli(n, x)*besselk(-2, x)",
    r"\psi(x) \psi^{(2)}(x) + \psi x": "digamma(x)*polygamma(2, x) + psi*x",
    r"\zeta(x)^2 - \zeta^{(1)}(x)": "zeta(x)**2 - zetaderiv(1, x)",
    r"W(x) + W x": "lambertw(x) + W*x",
    r"\operatorname{Ai}(x) \operatorname{Ai}'(x)": "airyai(x)*airyaiprime(x)",
    r"\mathrm{B}(x, y) + \log|\mathrm{B}(x, y)|": "beta(x, y) + lbeta(x, y)",
    r"\Phi^{-1}(x) + \operatorname{erf}^{-1}(x)": "normppf(x) + erfinv(x)",
    r"\begin{cases} x^2, & \text{if } x \geq 0 \\ 0 & \text{otherwise} \end{cases}":
        "Piecewise((x**2, x >= 0), (0, True))",
    r"1 + \begin{cases} x & x = 1 \text{ or } y \ne 2 \end{cases}": "1 + Piecewise((x, x == 1 or y != 2))",
    r"\operatorname{leaky\_relu}(\mathrm{rate} \cdot w_{ij} + b_{i,j})": "leaky_relu(rate*w_ij + b_i_j)",
    r"\begin{align*} q &= x y = 3 \\ f &= \sin(q) \\ \frac{\partial f}{\partial q} &= \cos(q) \end{align*}":
        "q = x*y\nf = sin(q)",
    r"2 X^{\top} y \, + a \odot b": "2*X.T @ y + a*b",
    r"w^\top \, \left[x\,, y\right]": "w.T@[x, y]",
    r"\operatorname{softmax}(\sigma \, z) \odot \left\lVert {q_{1}}_{0, 1} \right\rVert":
        "softmax(sigma@z)*norm(q_1[0, 1])",
    r"\hat{\beta}_1 x + \bar{x}_{ij}^2": "beta_hat_1*x + x_bar_ij**2",
    r"\overline{x} \widehat{y} \widetilde{z}": "x_bar*y_hat*z_tilde",
    r"\frac{d x}{y} + \frac{d}{d_1} + \frac{d \cdot x}{d y}": "d*x/y + d/d_1 + d*x/(d*y)",
    r"\frac{d+x}{d x}": "(d + x)/(d*x)",
    r"\binom{n}{k+1} \hat{y}^2 - \bar x": "gamma(n + 1)/(gamma((k + 1) + 1)*gamma(n - (k + 1) + 1))*y_hat**2 - x_bar",
    r"\mathcal{L} = -y\log\sigma(z) - (1-y)\ln(1-\sigma(z))": "L = -y*log(sigmoid(z)) - (1 - y)*ln(1 - sigmoid(z))",
    r"f(x, y) = x \bmod y + \hbar": "f(x, y) = x%y + hbar",
    r"\|\mathbf{y} - \mathbf{X}\boldsymbol{\beta}\|_2^2 + \lambda \|\boldsymbol{\beta}\|_1":
        "norm(y - X @ beta)**2 + lambda*sum(abs(beta))",
    r"\mathbf{w}^T \mathbf{A}^{-1} \mathbf{w}": "w.T @ inv(A) @ w",
    r"\begin{bmatrix} 1 & x \\ 3 & 4 \end{bmatrix} \begin{pmatrix} y \\ 2 \end{pmatrix}": "[[1, x], [3, 4]] @ [y, 2]",
    r"(X^\top X)^{-1} X^\top y": "inv((X.T @ X)) @ X.T @ y",
    r"-\frac12 (x-\mu)^\top \Sigma^{-1} (x-\mu) c^{-1}": "-1/2*(x - mu).T @ inv(Sigma) @ (x - mu) @ c**(-1)",
    r"\operatorname{sum}\left(A x, \mathrm{axis}=-1, \mathrm{keepdims}=\mathrm{True}\right)":
        "sum(A*x, axis=-1, keepdims=True)",
    r"\mathrm{log}_{\mathrm{sigma}} + \frac{\mathrm{det}}{2} - \mathrm{log}_2 x": "log_sigma + det/2 - log2(x)",
    r"4\epsilon\left[\left(\frac{s}{r}\right)^{12}-\left(\frac{s}{r}\right)^{6}\right]":
        "4*epsilon*((s/r)**12 - (s/r)**6)",
    r"\frac{1}{\sqrt{2\pi}\sigma} e^{-\frac{(x-\mu)^2}{2\sigma^2}}":
        "1/(sqrt(2*pi)*sigma)*exp(-(x - mu)**2/(2*sigma**2))",
}  # fmt: skip
"""What people write, and what it is."""

REFUSED = {
    r"\sum_{i=1}^n x": r"\sum",
    r"\int x": r"\int",
    r"\widecheck{y}": r"\widecheck",
    r"\hat{x y} + 1": r"\hat",
    r"\overline{x+y}": r"\overline",
    **dict.fromkeys(
        (
            r"\frac{\partial f}{\partial x}",
            r"\frac{d}{dx} x^2",
            r"\frac{d y}{d x}",
            r"\frac{\mathrm{d}y}{\mathrm{d}x}",
            r"\frac{d^{2}y}{dx^{2}}",
            r"\frac{df(x)}{dx}",
            r"\frac{d\sigma}{d\theta}",
        ),
        r"\frac",
    ),
    r"x \nabla f": r"\nabla",
    r"\begin{cases}": "",
    r"\begin{matrix} x & \end{matrix}": "&",
    r"T_{60} = a \approx 3": r"\approx",
    r"\begin{bmatrix} 1 & 2 \\ 3 \end{bmatrix}": "}",
    r"\|x\|_3": "3",
    r"\sqrt{x": "",
    r"\frac{1}": "",
    r"x^": "",
    r"\alpha +": "+",
    r"x^2^3": "^",
    r"\alpha + ⁿ": "ⁿ",
    r"\sec^{-1}{}": r"\sec",
    r"{}": "}",
    r"\sin(_)": "_",
    r"{\alpha}_{n}": "}",
}
"""What is none of this language, and where that shows; at the end, where nothing is left."""


@pytest.mark.parametrize("latex", READ)
def test_latex_is_read(latex: str) -> None:
    assert read_latex(latex) == READ[latex]
    assert str(Program(READ[latex]).graph().source) == READ[latex]


EXAMPLES = [*filter(None, map(reference.example, TABLE))]


def test_a_program_that_is_written_is_read() -> None:
    """Of each row; the same numbers come of it."""
    for trace in EXAMPLES:
        source, point = trace.graph.source, {name: str(value) for name, value in trace.point.items()}
        again = backprop(read_latex(run("code", source, "--to", "latex").out), point)
        assert again.value == pytest.approx(trace.value, rel=1e-14), source
        assert dict(again.gradient) == pytest.approx(dict(trace.gradient), rel=1e-13, abs=1e-15), source


ARRAYS: dict[str, Any] = {"X": [[1.0, 2], [3, 5]], "v": [0.5, -2], "y": 3.0}
OF_ARRAYS = [
    "sum((X.T @ v - [y, 1])**2)", "A = X @ X; sum(A*X) + det(A) + norm(v)", "p = softmax(v); -log(p[1])",
    "(v @ v)**2", "sum(inv(X)**2 + 1/X)*sum(X/norm(X, axis=0, keepdims=True))", "sum(mean(X, axis=-1)**2)/y",
    "B = X - 1; sum(concat(X, inv(B), axis=1)) + logsumexp(sum(X, axis=1))", "det = y; ge = log(y); (det*v + ge) @ v",
    "w = [[1, 2], [3, 4]]; sum(w @ v) + y*X[0, 1] - sum(X[0, :])", "v.T @ X @ v", "max(v)*sum([v[0], y]*v)",
]  # fmt: skip


def test_a_program_of_arrays_that_is_written_is_read() -> None:
    for source in OF_ARRAYS:
        again = Program(read_latex(run("code", source, "--to", "latex").out)).graph()
        point = {node.name: ARRAYS[node.name] for node in again.variables}
        traces = backprop(source, point), backprop(again.source, point)
        assert traces[0].value == traces[1].value, source
        first, second = (sorted(trace.gradient.items()) for trace in traces)
        assert str(first) == str(second), source


@pytest.mark.parametrize("step", [16, pytest.param(1, marks=pytest.mark.slow)])
def test_slopes_that_are_written_are_read(step: int) -> None:
    """The formulas that `derive` finds for each row, at the end of its derivation."""
    for trace in EXAMPLES[::step]:
        point = {name: str(value) for name, value in trace.point.items()}
        lines = run("derive", trace.graph.source, "--format", "latex").out.splitlines()[-1 - len(point) : -1]
        for line, slope in zip(lines, trace.gradient.values(), strict=True):
            graph = Program(read_latex(last_form(line.removesuffix(r" \\")))).graph()
            given = {node.name: point[node.name] for node in graph.variables}
            assert backprop(str(graph.source), given).value == pytest.approx(slope, rel=1e-12, abs=1e-14), line


def last_form(line: str) -> str:
    """What stands behind the last sign of equality, except in a condition."""
    form, depth = "", 0
    for part in re.split(r"(\\begin|\\end| &?= )", line):
        depth += (part == r"\begin") - (part == r"\end")
        form = "" if part.strip(" &") == "=" and not depth else form + part
    return form


def test_names_are_read_as_they_are_written() -> None:
    for name in ("rate", "learning_rate", "w_i_j", "w_0", "alpha_1", "hbar", "학습률", "_x", "x_max_2", "loss"):
        latex = run("code", f"{name}*2", "--to", "latex").out
        assert read_latex(latex) == f"f = {name}*2", latex


@pytest.mark.parametrize(
    "latex", [latex for latex in READ if {*latex} & {*"\\{"} and latex not in ("w_0 x_0 + w_{10}", "$x*y$")]
)
def test_where_an_expression_was_asked_for_the_hint_is_the_whole_of_it(latex: str) -> None:
    with pytest.raises(InputError) as caught:
        Program(latex).graph()
    assert caught.value.hint == f"write {READ[latex]}"


@pytest.mark.parametrize("latex", REFUSED)
def test_what_is_refused_is_pointed_at(latex: str) -> None:
    with pytest.raises(InputError) as caught:
        read_latex(latex)
    start, end = caught.value.span or (-1, -1)
    assert latex[start:end] == REFUSED[latex]
    assert not translated(latex)
    assert run("eval", latex, "--from=latex", "--x=1").status == 2


@pytest.mark.parametrize("source", ["x1*x_1", "x_1*x1 + x1_2*x_1_2 - x12/x_12", "q = w1*x_1; q*x1 + w_1"])
def test_names_that_would_be_set_alike_are_set_apart(source: str) -> None:
    """And read back as they were."""
    names = [node.name for node in Program(source).graph().variables]
    point = {name: 1.5 + i for i, name in enumerate(names)}
    written = run("code", source, "--to", "latex").out
    trace, again = backprop(source, point), backprop(read_latex(written), point)
    assert again.value == trace.value
    assert again.gradient == trace.gradient
    assert r"\mathrm" not in run("code", "x1*x2", "--to", "latex").out
    derived = run("derive", "x1*x_1", "--format", "latex").out
    assert r"\frac{\partial f}{\partial \mathrm{x1}} &= x_{1}" in derived


def test_a_derivative_is_told_as_one() -> None:
    for latex in (r"\frac{d}{dx} x^2", r"\frac{\partial}{\partial x} x^2", r"\nabla x^2"):
        result = run("eval", latex, "--from=latex", "--x=3")
        assert "error: a derivative is not part of an expression" in result.err
        assert "hint: every variable of an expression gets its gradient" in result.err


AMBIGUOUS = {
    r"E/k_BT": (r"/k_BT", [r"E/(k_B T)", r"E/k_B \cdot T"]),
    r"e^{-x^2/2\sigma^2}": (r"/2\sigma^2", [r"e^{-x^2/(2 \sigma^2)}", r"e^{-x^2/2 \cdot \sigma^2}"]),
    r"\frac12 + x/2(y+1)": (r"/2(y+1)", [r"\frac12 + x/(2 (y+1))", r"\frac12 + x/2 \cdot (y+1)"]),
    r"\cos\omega(t-1)": (r"\omega(t-1)", [r"\cos(\omega) (t-1)", r"\cos(\omega (t-1))"]),
    r"y\ln\frac{x}{2} z": (r"\frac{x}{2} z", [r"y\ln(\frac{x}{2}) z", r"y\ln(\frac{x}{2} z)"]),
    r"\ln 2 x": (r"2 x", [r"\ln (2) x", r"\ln (2 x)"]),
    r"\sin x\,y": (r"x\,y", [r"\sin (x) y", r"\sin (x y)"]),
    r"x^10": ("^10", ["x^{10}", r"x^1 \cdot 0"]),
    r"1/N \log(x)": (r"/N \log(x)", [r"1/(N \log(x))", r"1/N \cdot \log(x)"]),
}
"""What may be meant in two ways: its place, and what the hint leads to."""


@pytest.mark.parametrize("latex", AMBIGUOUS)
def test_what_may_be_meant_in_two_ways_is_shown_in_both(latex: str) -> None:
    place, readings = AMBIGUOUS[latex]
    with pytest.raises(InputError, match="may be read in two ways") as caught:
        read_latex(latex)
    assert caught.value.span == (latex.index(place), latex.index(place) + len(place))
    before, _, after = latex.partition(place)
    meant = caught.value.hint.removeprefix("write ").split(" or ")
    assert [f"{before}{each}{after}" for each in meant] == readings
    point = {node.name: 3.0 for node in Program(read_latex(readings[0])).graph().variables}
    above, beside = (backprop(read_latex(each), point).value for each in readings)
    assert above != beside


def test_digits_below_stand_in_braces() -> None:
    for latex, hint in {"2 x_23": r"write _{23} or _2 \cdot 3", r"\log_10 x": "write _{10}"}.items():
        with pytest.raises(InputError, match="may be read in two ways") as caught:
            read_latex(latex)
        assert caught.value.hint == hint


LETTERS_WITH_VALUES = {
    r"\frac{v}{K_m \left(1+x\right)}": "K_m", r"I_{0}(1+x)^2": "I_0", r"\sigma (T-1)": "sigma", "W(1-x)": "W",
}  # fmt: skip


@pytest.mark.parametrize("latex", LETTERS_WITH_VALUES)
def test_a_function_that_is_given_a_value_is_a_factor(latex: str) -> None:
    name = LETTERS_WITH_VALUES[latex]
    names = {"v", "x", "T"} & set(latex)
    found = run("eval", latex, "--from", "latex", f"--{name}", "2", *(f"--{each}=0.25" for each in names))
    command = found.err.rpartition(f"{name}(…) is a function in LaTeX: ")[2]
    assert (found.status, run(*shlex.split(command)[1:]).status) == (2, 0)


def test_orders_of_bessel_functions_are_no_capitals_and_no_words() -> None:
    assert read_latex(r"I_S(e^{x}-1) + K_{\mathrm{max}}(x) + K_{ij}(x)") == "I_S*(exp(x) - 1) + K_max*(x) + K_ij*(x)"
    assert read_latex(r"J_{n+1}(x) + K_\nu(x) + I_0(x)") == "besselj(n + 1, x) + besselk(nu, x) + besseli(0, x)"


def test_one_letter_is_not_a_number_and_a_function() -> None:
    with pytest.raises(InputError, match="is a letter and a function here") as caught:
        read_latex(r"\sigma^2 + \sigma (T-1)")
    assert caught.value.hint == r"write \sigma \cdot (…), or \operatorname{sigmoid}(…)"
    assert read_latex(r"\sigma^2 + \sigma \cdot (T-1)") == "sigma**2 + sigma*(T - 1)"
    assert read_latex(r"\sigma^2 + \operatorname{sigmoid}(T-1)") == "sigma**2 + sigmoid(T - 1)"


EQUATIONS = [
    r"|Z| = \sqrt{R^2+x}", r"\Delta\phi = n d", r"f' = x", r"\langle n\rangle = x", r"\frac{dI}{dt} = x",
    r"E^\circ = x",
]  # fmt: skip


@pytest.mark.parametrize("latex", EQUATIONS)
def test_of_an_equation_the_right_side_may_stand_alone(latex: str) -> None:
    with pytest.raises(InputError) as caught:
        read_latex(latex)
    assert read_latex(caught.value.hint.removeprefix("the right side may stand alone: ")) == read_latex(
        latex.rpartition("= ")[2]
    )


def test_of_an_equation_with_its_value_the_left_side_may_stand_alone() -> None:
    with pytest.raises(InputError) as caught:
        read_latex("f(x,y) = xy = -12")
    assert caught.value.hint == "the left side may stand alone: f(x,y) = xy"


def test_values_of_what_was_read() -> None:
    latex = r"\frac{1}{1+e^{-(w_0 x_0 + b)}}"
    out = run("eval", latex, "--from=latex", "--w_0=2", "--x_0=-1", "--b=3", "--json").out
    found = backprop("sigmoid(w_0*x_0 + b)", w_0=2, x_0=-1, b=3)
    assert json.loads(out)["gradient"] == pytest.approx(found.gradient)


PIECES = [
    *r"\frac \sqrt \sin \left( \right) \sigma \log _ ^ { } ( ) [ ] x y 2 12 + - * / , | \| ! e \max \text".split()
]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join))
def test_whatever_is_typed_is_read_or_refused(latex: str) -> None:
    found = translated(latex)
    assert found.count("(") == found.count(")")
    assert "\\" not in found


@pytest.mark.parametrize(
    "latex",
    [
        r"\frac" * 100_000,
        r"\sqrt" * 100_000,
        "{" * 100_000,
        r"\log " * 2_000,
        r"\sin^2 \cos " * 20_000,
        "x^" * 100_000,
        r"\zeta^{(" * 900 + "x" + ")}" * 900,
        r"\text{ }",
        "a" * 10**4,
        "a" * 10**6,
    ],
)
def test_very_much_of_it(latex: str) -> None:
    """Neither the stack nor the clock runs out."""
    assert run("eval", latex, "--from=latex", "--x=1").status == 2
