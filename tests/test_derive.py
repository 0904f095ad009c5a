"""derive: its formulas, read by another program and evaluated, are the gradient; and they look as they should.

The formulas are read by Python's own parser (every name and number replaced, as in `oracle`), with `a if c else b` as
Python has it, and evaluated over mpmath. `eval` at --precision 30 says what they should be.
"""

from __future__ import annotations

import json
import math
import operator
import random
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from functools import cache, reduce
from pathlib import Path
from types import CodeType
from typing import Any

import mpmath
import pytest

from backprop_cli import backprop
from backprop_cli.errors import MathError
from backprop_cli.language.program import Program
from backprop_cli.passes.exact import Derivation
from backprop_cli.passes.exact import derive as derive_graph
from backprop_cli.passes.named import named_gradient
from backprop_cli.rules.formula import Formula as Formula_
from backprop_cli.rules.printer import BY_HAND as BY_HAND_PRINTER
from backprop_cli.rules.printer import TYPED, Printer
from backprop_cli.runtime.budget import TooSlowError
from backprop_cli.view import derivations
from backprop_cli.view.latex_formulas import LATEX
from support import oracle
from support.command import run as command
from support.formulas import FORMULAS, Formula, each_of, gates
from support.hostile import hang_guard
from support.suites import thinned

# -- An independent evaluator of the output ------------------------------------------------------------------------

_WORD = re.compile(r"(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|(?P<name>[^\W\d]\w*)(?P<call>\()?")
_KEYWORDS = {"if", "else", "and", "or"}
_CONSTANTS: dict[str, Callable[[], Any]] = {
    "pi": lambda: +mpmath.pi,
    "EulerGamma": lambda: +mpmath.euler,
    "True": lambda: True,
    "False": lambda: False,
}


@cache
def _read(text: str) -> CodeType:
    def replace(match: re.Match[str]) -> str:
        if match["number"]:
            return f"number({match['number']!r})"
        name = match["name"]
        if match["call"]:
            return f"functions[{name!r}]("
        return name if name in _KEYWORDS else f"names[{name!r}]"

    return compile(_WORD.sub(replace, text), text, "eval")


def evaluate(text: str, point: Mapping[str, Any]) -> Any:
    """A formula of derive's at a point of mpmath numbers."""
    names = {name: value() for name, value in _CONSTANTS.items()} | dict(point)
    scope = {"__builtins__": {}, "number": oracle.exact, "names": names, "functions": oracle.MPMATH_FUNCTIONS}
    return eval(_read(text), scope)


def test_the_evaluator() -> None:
    with mpmath.workdps(20):
        at = {"x": mpmath.mpf(3), "y": mpmath.mpf(-2)}
        assert evaluate("(x if x >= y else 2*y)", at) == 3
        assert evaluate("-2**2 + x**-1*3 if x < y and x > 0 else polygamma(1, 1)*6/pi**2", at) == pytest.approx(1)
        with pytest.raises(KeyError):
            evaluate("Max(x, y)", at)


# -- Against eval --------------------------------------------------------------------------------------------------


def derive(expression: str, given: Mapping[str, str] | None = None, names: Iterable[str] = ()) -> Derivation:
    """The derivation with the values of `given`; `names` are variables even where they spell a constant."""
    return _derived(expression, tuple((given or {}).items()), tuple(names))


@cache  # simplifying takes time, and several tests look at the same formulas
def _derived(expression: str, given: tuple[tuple[str, str], ...], names: tuple[str, ...]) -> Derivation:
    return derive_graph(Program(expression).graph(names), dict(given))


def formulas(derivation: Derivation) -> dict[str, tuple[str, str]]:
    show = derivation.trace.arithmetic.exactly
    return {
        name: (show(gradient), show(derivation.simplified[name]))
        for name, gradient in derivation.trace.gradient.items()
    }


def nearby(rng: random.Random, point: Mapping[str, str]) -> dict[str, str]:
    moved = {name: float(text) * (1 + 0.2 * rng.uniform(-1, 1)) + rng.gauss(0, 1e-6) for name, text in point.items()}
    return {name: f"{value:.9g}" for name, value in moved.items()}


def close(got: Any, expected: Any, scale: Any) -> bool:
    """Equal to 1e-12; where terms cancel, to the working precision of what cancels."""
    got, expected, scale = map(mpmath.mpf, (got, expected, scale))
    difference = abs(got - expected)
    return bool(difference <= mpmath.mpf("1e-12") * abs(expected) or difference <= mpmath.mpf("1e-25") * scale)


def compare(formula: Formula) -> int:
    """Both gradients of a formula at its point, and at random points beside it: how many numbers were compared."""
    derivation = derive(formula.expression, names=formula.point)
    texts = formulas(derivation)
    assert set(texts) == set(formula.point)
    rng = random.Random(formula.name)
    points = [dict(formula.point)]
    for _ in range(60):
        if len(points) == 4:
            break
        point = nearby(rng, formula.point)
        try:
            trace = backprop(formula.expression, point, precision=30)
        except MathError:
            continue
        if not any(notice.kind in ("kink", "tie") for notice in trace.warnings):
            points.append(point)
    assert len(points) > 1, "no other point of the domain"
    compared = 0
    with mpmath.workdps(50):
        for point in points:
            trace = backprop(formula.expression, point, precision=30)
            at = {name: oracle.exact(text) for name, text in point.items()}
            for name, pair in texts.items():
                scale = max(abs(edge.chained) for edge in trace.edges if edge.chained is not None)
                for kind, text in zip(("chained", "simplified"), pair, strict=True):
                    got = oracle.real(evaluate(text, at))
                    assert close(got, trace.gradient[name], scale), (kind, name, text, point)
                    compared += 1
    return compared


SMALL = [formula for formula in FORMULAS if len(formula.point) <= 4]
QUICK = sorted(SMALL, key=lambda formula: len(gates(formula.expression)))[:160]
"""Formulas that SymPy simplifies quickly; all are compared by hand."""


def test_more_than_150_formulas_are_compared() -> None:
    assert len(QUICK) >= 150


@each_of(QUICK)
def test_the_formulas_are_the_gradient(formula: Formula) -> None:
    assert compare(formula) >= 4


@pytest.mark.exhaustive
@pytest.mark.parametrize("formula", FORMULAS, ids=[formula.name for formula in FORMULAS])
def test_the_formulas_of_all_are_the_gradient(formula: Formula) -> None:
    with hang_guard(60):
        assert compare(formula) >= 4


@pytest.mark.parametrize("formula", QUICK[::8], ids=[formula.name for formula in QUICK[::8]])
def test_every_node_and_edge_is_a_formula_of_the_variables(formula: Formula) -> None:
    trace = derive(formula.expression, names=formula.point).trace
    numbers = backprop(formula.expression, formula.point, precision=30)
    show = trace.arithmetic.exactly
    with mpmath.workdps(50):
        at = {name: oracle.exact(text) for name, text in formula.point.items()}
        pairs = list(zip([*trace.values, *trace.upstream], [*numbers.values, *numbers.upstream], strict=True))
        for one, two in zip(trace.edges, numbers.edges, strict=True):
            pairs += [(one.local, two.local), (one.chained, two.chained)]
        scale = max(abs(value) for value in numbers.values)
        for symbolic, number in pairs:
            assert (symbolic is None) == (number is None)
            if symbolic is not None:
                assert close(oracle.real(evaluate(show(symbolic), at)), number, scale), show(symbolic)


@pytest.mark.parametrize("formula", QUICK[::6], ids=[formula.name for formula in QUICK[::6]])
def test_what_derive_prints_the_program_reads(formula: Formula) -> None:
    compared = 0
    for name, pair in formulas(derive(formula.expression, names=formula.point)).items():
        for text in pair:
            if "polygamma(" in text:  # which is there to be read by people
                continue
            variables = {node.name for node in Program(text).graph(formula.point).variables}
            point = {each: value for each, value in formula.point.items() if each in variables}
            again = backprop(text, point, wrt=[], precision=30)
            whole = backprop(formula.expression, formula.point, precision=30)
            assert close(again.value, whole.gradient[name], 0), text
            compared += 1
    assert compared or any(word in formula.expression for word in ("max", "min", "relu", "abs", "gamma"))


# -- How the formulas look -----------------------------------------------------------------------------------------

BLACK_SCHOLES = "d = (log(S/K) + (r + v**2/2)*T)/(v*sqrt(T)); S*Φ(d) - K*exp(-r*T)*Φ(d - v*sqrt(T))"
READABLE = [
    ("(x+y)*z", "x", "z", "z"),
    ("(x+y)*z", "z", "x + y", "x + y"),
    ("x*x", "x", "2*x", "2*x"),
    ("1/x", "x", "-1/x**2", "-1/x**2"),
    ("log(x)", "x", "1/x", "1/x"),
    ("exp(2*x)", "x", "2*exp(2*x)", "2*exp(2*x)"),
    ("sin(x)**2 + cos(x)**2", "x", None, "0"),
    ("sqrt(x)", "x", "1/(2*sqrt(x))", "1/(2*sqrt(x))"),
    ("lgamma(x)", "x", "digamma(x)", "digamma(x)"),
    ("gamma(x)", "x", "gamma(x)*digamma(x)", "gamma(x)*digamma(x)"),
    ("abs(x)", "x", "sign(x)", "sign(x)"),
    ("max(x, y)", "x", "(1 if x >= y else 0)", "(1 if x >= y else 0)"),
    ("min(x, y)", "x", "(1 if x <= y else 0)", "(1 if x <= y else 0)"),
    ("relu(x)", "x", "(1 if x > 0 else 0)", "(1 if x > 0 else 0)"),
    ("floor(x)*x", "x", "floor(x)", "floor(x)"),
    ("x*Φ(y/2)", "x", "normcdf(y/2)", "normcdf(y/2)"),  # and no 1 - erfc(…)/2, which loses digits
    ("gelu(x)", "x", None, "sqrt(2)*x*exp(-x**2/2)/(2*sqrt(pi)) + normcdf(x)"),
    (BLACK_SCHOLES, "S", None, "normcdf((T*(r + v**2/2) + log(S/K))/(sqrt(T)*v))"),
    ("x**3", "x", "3*x**2", "3*x**2"),
    ("1/3*x", "x", "1/3", "1/3"),
    ("0.1*x", "x", "1/10", "1/10"),
]


@pytest.mark.parametrize(("expression", "name", "chained", "simplified"), READABLE)
def test_how_formulas_look(expression: str, name: str, chained: str | None, simplified: str) -> None:
    got = formulas(derive(expression))[name]
    assert got[1] == simplified
    assert chained is None or got[0] == chained


KINKED = [
    "max(x, y)",
    "min(x, y, z)",
    "max(x*y, z)**2",
    "abs(x - y)",
    "abs(x)**3",
    "relu(w*x + b)",
    "max(0, 1 - y*f)",
    "relu(x)*relu(y)",
    "min(max(x, 0), 1)",
    "max(x, max(y, z))",
    "max(abs(x), abs(y))",
    "sqrt(abs(x))",
    "exp(-abs(x - mu)/b)/(2*b)",
    "max(x, y)*min(x, y)",
    "max(x, x)",
    "max(x, 2, x*y)",
    "sign(x)*x**2",
    "floor(x) + ceil(y)*x",
    "hypot(x, y)",
    "cbrt(x)",
    "cbrt(x*y)",
    "relu(abs(x) - 1)",
    "abs(sin(x))",
    "min(max(x, 0), 1)**2*(3 - 2*min(max(x, 0), 1))",
    "max(-x, x)",
    "abs(abs(x))",
    "relu(-relu(x))",
    "log(abs(x))",
    "atan2(y, x)",
]


STRANGE = "Piecewise Max( Min( Abs( Eq( Ne( Heaviside DiracDelta Derivative Subs re( im( oo nan zoo True ITE".split()
"""What SymPy may print and no person should have to read."""


@pytest.mark.parametrize("expression", KINKED)
def test_piecewise_formulas_can_be_read(expression: str) -> None:
    derivation = derive(expression)
    texts = {text for pair in formulas(derivation).values() for text in pair}
    show = derivation.trace.arithmetic.exactly
    texts |= {show(value) for value in derivation.trace.values}
    texts |= {show(edge.chained) for edge in derivation.trace.edges if edge.chained is not None}
    assert [(word, text) for text in texts for word in STRANGE if re.search(rf"(?<!\w){re.escape(word)}", text)] == []


@pytest.mark.parametrize("form", ["table", "json", "markdown"])
def test_piecewise_formulas_can_be_read_in_every_form(form: str) -> None:
    result = command("derive", "max(x, 2*y) + abs(x)*y", "--format", form)
    assert result.status == 0, result.err
    assert "(1 if x >= 2*y else 0)" in result.out
    assert [word for word in STRANGE if re.search(rf"(?<!\w){re.escape(word)}", result.out)] == []


@pytest.mark.parametrize("count", [20, pytest.param(60, marks=pytest.mark.slow)])
@pytest.mark.parametrize("expression", KINKED)
def test_piecewise_formulas_are_right_on_every_side(expression: str, count: int) -> None:
    derivation = derive(expression)
    texts = formulas(derivation)
    rng = random.Random(expression)
    compared = 0
    with mpmath.workdps(50):
        for _ in range(count):
            point = {name: f"{rng.uniform(-3, 3):.6f}" for name in texts}
            try:
                trace = backprop(expression, point, precision=30)
            except MathError:
                continue
            at = {name: oracle.exact(text) for name, text in point.items()}
            if trace.warnings:
                continue
            for name, pair in texts.items():
                for kind, text in zip(("chained", "simplified"), pair, strict=True):
                    got = oracle.real(evaluate(text, at))
                    assert close(got, trace.gradient[name], mpmath.mpf(1)), (kind, name, text, point)
                    compared += 1
    assert compared >= count / 3


# -- Over the names of the program, and in closed form --------------------------------------------------------------

BY_HAND = [
    ("f = sigmoid(w*x + b)", "w", "f·(1 − f)·x", "x*(1 - sigmoid(b + w*x))*sigmoid(b + w*x)"),
    ("sigmoid(w*x + b)", "b", "f·(1 − f)", "(1 - sigmoid(b + w*x))*sigmoid(b + w*x)"),
    ("softplus(x)*y", "x", "", "y*sigmoid(x)"),
    ("tanh(w*x)", "w", "(1 − f^2)·x", "x*(1 - tanh(w*x)**2)"),
    ("q = x + y; f = q*z", "z", "q", "x + y"),
    ("(x+y)*z", "x", "", "z"),
    ("q = x*x; f = q*q", "x", "4·q·x", "4*x**3"),
    ("1/(1 + exp(-t))", "t", "q2/q3^2", "exp(t)/(exp(t) + 1)**2"),
    ("x - 2*y", "y", "", "-2"),
    ("x/y", "y", "", "-x/y**2"),
    ("-x/3", "x", "", "-1/3"),
    ("x**3*x", "x", "q1 + 3·x^3", "4*x**3"),
    ("s(t) = t*t; f = s(x)*x", "x", "q1 + 2·x^2", "3*x**2"),
    (
        "sigma(t) = 1/(1 + exp(-t)); s = sigma(w*x); f = s*s",
        "w",
        "2·s·exp(−q1)·x/(1 + exp(−q1))^2",
        "2*x*exp(-w*x)/(1 + exp(-w*x))**3",
    ),
    ("d(t) = t*t; e(t) = d(t)*t; f = e(x)", "x", "", "3*x**2"),
    ("m(t) = exp(a*t); f = m(x)*a", "a", "q1 + a·q1·x", "(a*x + 1)*exp(a*x)"),
    ("floor(x)*y", "x", "", "0"),
    ("max(x, y)*2", "x", "2·(1 if x == q1 else 0)", "2*(1 if x >= y else 0)"),
    ("where(x > 1, x*y, y)", "x", "(1 if q1 else 0)·y", "(y if x > 1 else 0)"),
]


@pytest.mark.parametrize(("source", "name", "by_hand", "closed"), BY_HAND)
def test_the_gradient_as_one_writes_it(source: str, name: str, by_hand: str, closed: str) -> None:
    found = {of: forms for of, *forms in derivations.derivatives(derive(source))}
    assert found[f"∂f/∂{name}"] == [by_hand, closed]


@pytest.mark.parametrize("formula", thinned(QUICK[1::3], 3), ids=[formula.name for formula in QUICK[1::3]])
def test_formulas_over_names_are_read_again(formula: Formula) -> None:
    """By eval, with the values of the trace for the names, they are the gradient."""
    trace = backprop(formula.expression, formula.point, precision=30)
    values = {node.name: trace.arithmetic.exactly(trace.values[node.position]) for node in trace.graph.nodes}
    scale = max(abs(edge.chained) for edge in trace.edges if edge.chained is not None)
    for name, named in derive(formula.expression, names=formula.point).named.items():
        for text in (BY_HAND_PRINTER.text(named), TYPED.text(named)) if named is not None else ():
            if "polygamma(" not in text:
                graph = Program(text, is_expression=True).graph(values)
                at = {node.name: values[node.name] for node in graph.variables}
                assert close(backprop(text, at, wrt=[], precision=30).value, trace.gradient[name], scale), text


MODULES = [
    "sigma(t) = 1/(1 + exp(-t)); s = sigma(w*x); f = s*s",
    "lj(d) = 4*w*((x/d)**12 - (x/d)**6); lj(y) + lj(z)",
    "g(a, b) = a*b + sin(a); h = g(x, y); f = g(h, x)",
    "d(t) = t*t; e(t) = d(t)*exp(t); f = e(e(x/8))*d(y)",
    "c(t) = where(t > 1, t*t, t); f = c(x)*c(y)",
]


@pytest.mark.parametrize("source", MODULES)
def test_modules_are_written_out_in_formulas_over_names(source: str) -> None:
    """Over the values of what has a name outside of them, they are the gradient."""
    graph = Program(source).graph()
    trace = backprop(source, {node.name: 0.5 + i for i, node in enumerate(graph.variables)})
    values = {node.name: trace.values[node.position] for node in trace.graph.nodes}
    for name, named in named_gradient(graph).items():
        text = TYPED.text(named) if named is not None else ""
        found = Program(text, is_expression=True).graph(values)
        at = {node.name: values[node.name] for node in found.variables}
        assert math.isclose(backprop(text, at, wrt=[]).value, trace.gradient[name], rel_tol=1e-12), text


@pytest.mark.parametrize("source", ["sigmoid(x*y)", "softplus(x)*tanh(y)", "sigmoid(x)*exp(-x)", "1/(1 + exp(-x*y))"])
def test_no_function_appears_that_was_not_there(source: str) -> None:
    derivation = derive(source)
    heads = {"sigmoid"} | {gate.kind for gate in derivation.trace.graph.gates}
    for _, simplified in formulas(derivation).values():
        assert set(re.findall(r"[a-z]+(?=\()", simplified)) <= heads, simplified


@pytest.mark.parametrize("count", [3, 12])
def test_forks_in_forks_have_a_closed_form_alone(count: int) -> None:
    """Over names their gradient doubles with each."""
    lines = [f"q{i} = sin(q{i - 1})*cos(q{i - 1})" for i in range(1, count)]
    graph = Program("\n".join(["q0 = x*x", *lines, f"f = q{count - 1}"])).graph()
    (named,) = named_gradient(graph).values()
    assert (named is None) == (count == 12)


# -- Values for some variables -------------------------------------------------------------------------------------


def test_variables_may_be_bound_one_by_one() -> None:
    derivation = derive("x**2*y + z", {"x": "2"})
    assert formulas(derivation) == {"x": ("4*y", "4*y"), "y": ("4", "4"), "z": ("1", "1")}
    document = json.loads(command("derive", "x**2*y + z", "--x", "2", "--json").out)
    assert document["point"] == {"x": "2"}
    assert document["value"] == "4*y + z"


def test_all_bound_is_exact() -> None:
    document = json.loads(command("derive", "x*sqrt(y)", "--x", "1/3", "--y", "2", "--json").out)
    assert document["value"] == "sqrt(2)/3"
    assert document["gradient"] == {"x": "sqrt(2)", "y": "sqrt(2)/12"}


def test_values_choose_a_side() -> None:
    assert formulas(derive("max(x, y)*z", {"x": "3", "y": "2"}))["x"] == ("z", "z")
    assert formulas(derive("relu(x)*z", {"x": "-1"}))["z"] == ("0", "0")


def test_values_from_json_and_constants() -> None:
    result = command("derive", "e*x + y", "--at", '{"e": 3}', "--json")
    document = json.loads(result.out)
    assert document["gradient"]["x"] == "3"
    assert json.loads(command("derive", "e*x", "--json").out)["gradient"]["x"] in ("exp(1)", "e")


def test_wrt() -> None:
    document = json.loads(command("derive", "x*y*z", "--wrt", "z,x", "--json").out)
    assert document["gradient"] == {"x": "y*z", "z": "x*y"}
    assert document["simplified"] == document["gradient"]


# -- Names ---------------------------------------------------------------------------------------------------------

NAMES = (
    "lambda S N I E1 beta gamma zeta re Q max abs σ x_1 x0 long_name 학습률 é oo zoo nan exp Symbol true None".split()
)
NAMES += "lambda f q1 in is".split()


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_a_variable(name: str) -> None:
    for form in ("table", "json", "latex", "markdown"):
        result = command("derive", f"{name}*other**2", "--format", form)
        assert result.status == 0, result.err
    gradient = json.loads(command("derive", f"{name}*other**2", "--json").out)["gradient"]
    assert gradient[name] == "other**2"
    assert gradient["other"] in (f"2*{name}*other", f"2*other*{name}")


# -- The views -----------------------------------------------------------------------------------------------------


def test_json() -> None:
    result = command("derive", "(x+y)*z", "--json")
    assert (result.status, result.err) == (0, "")
    document = json.loads(result.out)
    keys = [
        "expression",
        "output",
        "value",
        "point",
        "exact",
        "constants",
        "gradient",
        "named",
        "simplified",
        "nodes",
        "warnings",
    ]
    assert sorted(document) == sorted(keys)
    assert document["expression"] == "(x+y)*z"
    assert document["output"] == "f"
    assert document["value"] == "z*(x + y)"
    assert document["point"] == {}
    assert document["gradient"] == document["simplified"] == {"x": "z", "y": "z", "z": "x + y"}
    assert [node["name"] for node in document["nodes"]] == ["x", "y", "q1", "z", "f"]
    assert document["nodes"][-1]["inputs"] == [
        {"name": "q1", "local": "z", "chained": "z"},
        {"name": "z", "local": "x + y", "chained": "x + y"},
    ]
    assert command("derive", "(x+y)*z", "--format", "json").out == result.out


def test_table() -> None:
    out = command("derive", "sin(x)*y").out
    last = "\n ∂f/∂x = y*cos(x)\n ∂f/∂y = q1\n       = sin(x)\n"
    assert out == f"f = sin(x)*y\n\n q1 = sin(x)\n{last}"
    steps = command("derive", "sin(x)*y", "--steps").out
    assert steps.startswith("f = sin(x)*y\n\n gate ")
    assert steps.endswith(last)


def test_markdown() -> None:
    out = command("derive", "sin(x)*y", "--format", "markdown").out
    assert "| gradient | over names | in closed form |" in out
    assert "| `∂f/∂x` |  | `y*cos(x)` |" in out
    assert "| gate |" not in out
    out = command("derive", "sin(x)*y", "--format", "markdown", "--steps").out
    rows = [line for line in out.splitlines() if line.startswith("|")]
    widths = [len(re.findall(r"(?<!\\)\|", row)) for row in rows]
    assert set(widths[:-4]) == {8}
    assert set(widths[-4:]) == {4}


def test_latex() -> None:
    out = command("derive", "(x+y)*z", "--format", "latex").out
    assert out.startswith("\\begin{align*}\n")
    assert out.endswith("\n\\end{align*}\n")
    assert "f &= q_{1} \\cdot z" in out
    assert "\\frac{\\partial f}{\\partial x} &= z" in out


def test_a_long_table_is_not_cut_in_a_pipe() -> None:
    out = command("derive", "1/(1+exp(-(w0*x0+w1*x1+w2)))").out
    assert "…" not in out
    steps = command("derive", "1/(1+exp(-(w0*x0+w1*x1+w2)))", "--steps").out
    assert max(map(len, steps.splitlines())) > 100


@pytest.mark.parametrize("form", ["table", "json", "latex", "markdown"])
@pytest.mark.parametrize("expression", ["2*pi", "x", "1/3", "-x", "pi"])
def test_small_expressions(expression: str, form: str) -> None:
    result = command("derive", expression, "--format", form)
    assert result.status == 0, result.err
    assert result.out.strip()
    assert "\\begin{align*}\n\n\\end" not in result.out


# -- Errors --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["sine(x)"], 2, "unknown function 'sine'"),
        (["x +"], 2, ""),
        (["x*y", "--z", "1"], 2, "no variable 'z'"),
        (["x*y", "--wrt", "q"], 2, "no variable 'q'"),
        (["x/y", "--y", "0"], 1, "division by zero"),
        (["log(x)", "--x", "-1"], 1, "no real value"),
        (["x/0"], 1, "division by zero"),
        (["x*sqrt(-1)"], 1, "no real value"),
        (["x", "--format", "csv"], 2, "csv"),
        (["9**9**9*x"], 1, "overflows"),
        (["x", "--ties", "both"], 2, ""),
    ],
)
def test_errors(words: list[str], status: int, message: str) -> None:
    with hang_guard(20):
        result = command("derive", *words)
    assert (result.status, result.out) == (status, "")
    assert result.err.startswith("error: ")
    assert message in result.err


@pytest.mark.parametrize("printer", [BY_HAND_PRINTER, TYPED, LATEX], ids=["by hand", "typed", "LaTeX"])
def test_a_formula_is_written_however_deep_it_is(printer: Printer) -> None:
    """A sum is as deep as it has terms."""
    x = Formula_("x")
    total = reduce(operator.add, [x**2] * 5_000)
    assert printer.text(total) == " + ".join([printer.text(x**2)] * 5_000)


LARGE = ["x**x**x**x", "gamma(gamma(gamma(x)))", "max(" * 6 + "x" + ", y)" * 6, "(x + 1)**1000"]
LARGER = [
    "(x + y + 1)**99999",
    "sin(" * 40 + "x" + ")" * 40,
    "sigmoid(" * 12 + "x" + ")" * 12,
    "*".join(f"(x - y{i})" for i in range(40)),
    "+".join(f"exp(x{i}*y)" for i in range(30)),
    "max(x, y, x + y)",
    "*".join(["(x + y)"] * 300),
]
SLOWER = [pytest.param(each, marks=pytest.mark.slow) for each in LARGER]


@pytest.mark.parametrize("expression", [*LARGE, *SLOWER], ids=[each[:30] for each in LARGE + LARGER])
def test_what_is_large_ends(expression: str) -> None:
    with hang_guard(60):
        result = command("derive", expression, "--json")
    assert result.status in (0, 1)
    assert result.out if result.status == 0 else result.err.startswith("error: ")


def test_what_is_not_simplified_in_time_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(part: float, work: object) -> None:
        raise TooSlowError(4)

    monkeypatch.setattr("backprop_cli.passes.exact.share", late)
    found = json.loads(command("derive", "exp(x)*exp(x)", "--json").out)
    [notice] = found["warnings"]
    assert notice["kind"] == "time"
    assert notice["message"].startswith("there is no time to simplify all closed forms")
    assert "--time-limit 60 gives it more" in command("derive", "exp(x)*exp(x)").err


def test_large_powers_of_sums_stay_as_they_are() -> None:
    """SymPy would work them out, and ends for no limit of time."""
    source = "; ".join(["q0 = x + y/8", *(f"q{i} = q{i - 1}*q{i - 1}" for i in range(1, 39)), "q38"])
    assert "= 274877906944*(x + y/8)**274877906943\n" in command("derive", source).out
    checked = command("check", source, "--claim", "x = 274877906944*(x + y/8)*(x + y/8)**274877906942")
    assert checked.out.startswith("x: right")


# -- LaTeX compiles ------------------------------------------------------------------------------------------------

TEX = [
    "(x+y)*z", "alpha*beta + gamma*delta", "epsilon**2/theta", "lambda*x - mu", "σ*x + μ", "ω*t + φ",
    "Delta*Gamma", "Ω*ρ + Λ", "x_1 + x_2", "x0*x1", "w_ij*x_j", "learning_rate*grad", "alpha_0*x_max",
    "velocity*time", "학습률*손실", "été*x", "変数 + 1", "x**2", "x**-2", "2**x", "x**y**z", "(x+y)**2",
    "(-x)**2", "-x**2", "-(x + y)", "-(x*y)", "x - (y - z)", "x/(y/z)", "(x/y)/z", "1/(1+exp(-t))",
    "max(x, y)", "min(x, y, z)", "relu(w*x + b)", "abs(x - y)", "max(0, 1 - y*s)", "abs(abs(x) - 1)",
    "sign(x)*x", "lgamma(x)", "gamma(x)*y", "digamma(x)", "atan2(y, x)", "log2(x)", "log10(x)",
    "log(x, b)", "log(x, 3)", "cbrt(x)", "sqrt(x)", "hypot(x, y)", "expm1(x) + log1p(y)", "exp2(x)",
    "sigmoid(x)", "softplus(x)", "asin(x) + acos(y)", "atan(x)", "asinh(x) + acosh(y) + atanh(z)",
    "erf(x) - erfc(y)", "floor(x)*y + ceil(y)*x", "1e-5*x", "1.5e300*x", "2*pi*x", "1/3*x", "x/3",
    "-2*x", "x*(-2)", "x + -1", "2*(1/3)*x", "e*x", "pi*r^2", "x*2.5", "(1/2)*m*v**2", "sin(x)**2",
    "sin(x)*cos(y)*tan(z)", "tanh(x)", "S*N*I*E_1", "x", "x_1_2 + y__3", "_x*y", "Q_in + T_out",
    "hbar*omega", "x_alpha", "xhat + xdot", "é_1", "ϵ + ϑ", "𝑥 + 1", "ℏ*x", "lambda_0**2",
    "max(x*y, z)**2/(1 + z)", "exp(-abs(x - mu)/b)/(2*b)", "x^(y+1)", "x^(1/3)", "2^-x", "(2*3)**x",
    "2.50*x + .5", "sqrt(2*pi)*s", "(1+2)*x", "x*max(1, 2)", "log(abs(x))", "2", "pi/4",
]  # fmt: skip
"""Greek, subscripts, long names, underscores, other scripts, every kind of gate, and constants as people write them."""

_SCRIPT = """
const katex = require("katex");
const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
const results = texts.map((text) => {
  try { katex.renderToString(text, {strict: "error", throwOnError: true, displayMode: true}); return ""; }
  catch (error) { return String(error); }
});
console.log(JSON.stringify(results));
"""


def install_katex(folder: Path) -> None:
    """Put KaTeX from the npm registry there."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not there")
    words = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), "katex"]
    installed = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    if installed.returncode:
        pytest.skip(f"npm cannot install katex: {installed.stderr[-200:]}")


def rendered(folder: Path, texts: list[str]) -> list[str]:
    """KaTeX's complaint about each text; empty where it has none."""
    (folder / "render.js").write_text(_SCRIPT, encoding="utf-8")
    words = ["node", str(folder / "render.js")]
    result = subprocess.run(words, input=json.dumps(texts), capture_output=True, text=True, check=True, cwd=folder)
    complaints: list[str] = json.loads(result.stdout)
    return complaints


def latex_of(expression: str) -> str:
    result = command("derive", expression, "--format", "latex")
    assert result.status == 0, (expression, result.err)
    return result.out


@pytest.mark.slow
def test_latex_compiles(step: int, tmp_path: Path) -> None:
    """One test, so that KaTeX is installed once; it finds faults where there are some."""
    install_katex(tmp_path)
    good = r"\begin{align*}x &= y\end{align*}"
    bad = [r"\begin{align*} x &= \frac{1}{ \end{align*}", r"\unknown", "x_1_2", "학", good]
    assert [bool(complaint) for complaint in rendered(tmp_path, bad)] == [True, True, True, True, False]
    assert len({*TEX}) >= 60
    expressions = list(dict.fromkeys([*TEX, *(formula.expression for formula in QUICK[::step])]))
    complaints = rendered(tmp_path, [latex_of(expression) for expression in expressions])
    assert {e: complaint for e, complaint in zip(expressions, complaints, strict=True) if complaint} == {}


STRUCTURE = [
    ("(x+y)**2", "f &= {q_{1}}^{2}"),
    ("x**-2", r"f &= {x}^{-2}"),
    ("x/y", r"f &= \frac{x}{y}"),
    ("sqrt(x)", r"f &= \sqrt{x}"),
    ("abs(x)", r"f &= \left|{x}\right|"),
    ("1e-5*x", r"f &= 10^{-5} \cdot x"),
    ("2*pi*x", r"f &= 2 \cdot \pi \cdot x"),
    ("x**(1/3)", r"f &= {x}^{\frac{1}{3}}"),
    ("log2(x)", r"f &= \log_{2}\left(x\right)"),
    ("log(x, 3)", r"f &= \log_{3}\left(x\right)"),
    ("cbrt(x)", r"f &= \sqrt[3]{x}"),
    ("floor(x)", r"f &= \left\lfloor x\right\rfloor"),
    ("asin(x)", r"f &= \arcsin\left(x\right)"),
    ("exp(x)", r"f &= \exp\left(x\right)"),
    ("gamma(x)", r"f &= \Gamma\left(x\right)"),
    ("(1/3)**x", r"f &= \left(\frac{1}{3}\right)^{x}"),
    ("(2e-3)**x", r"f &= \left(2 \cdot 10^{-3}\right)^{x}"),
    ("2e-3*x", r"f &= 2 \cdot 10^{-3} \cdot x"),
    ("x**(1/3)", r"f &= x^{\frac{1}{3}}"),
    ("(x/3)*(-1/3)", r"f &= q_{1} \cdot \frac{-1}{3}"),
]
"""How the forward line of one gate should read, but for spaces and braces. No number of TeX stands as 1e-5."""


@pytest.mark.parametrize(("expression", "line"), STRUCTURE, ids=[each for each, _ in STRUCTURE])
def test_latex_of_one_gate(expression: str, line: str) -> None:
    def bare(text: str) -> str:
        return re.sub(r"\\left|\\right|[{} ]", "", text)

    lines = [bare(each).removesuffix("\\\\") for each in latex_of(expression).splitlines()]
    assert bare(line) in lines


STAGED = [
    "(x+y)*z", "x*x", "x**3*x", "-sin(x*y)", "1/(1+exp(-t))", "max(x, y)*x", "log(x, b) - log2(x)", "c = 2*pi; c*x**-2",
    "alpha*x_1 + (1/3)*x_1 - 1e-5", "atan2(y, x)*erf(x)", "2*(x - 3)", "relu(w*x + b)",
]  # fmt: skip


@pytest.mark.parametrize("source", STAGED)
def test_derive_and_code_set_one_derivation(source: str) -> None:
    """Line for line; derive says behind it what each comes to, and at the end what the gradient is."""
    code = command("code", source, "--to", "latex").out.splitlines()[1:-1]
    derived = latex_of(source).splitlines()[1:-1]
    assert len(derived) == len(code) + len(Program(source).graph().variables)
    pairs = [(one.removesuffix(" \\\\"), two) for one, two in zip(code, derived, strict=False)]
    assert [(one, two) for one, two in pairs if not two.startswith(one)] == []


def test_a_long_constant_is_its_value_in_latex() -> None:
    assert r"f &= x \cdot \left(\sqrt{2} + 3000\right) \\" in latex_of(f"x*({' + '.join(['1'] * 3_000)} + sqrt(2))")


@pytest.mark.parametrize("expression", ["1e-5*x", "1.5e300*x", "pi*x", "2*pi*x", "x*2**3", "x*sqrt(2)", "x*log(3)"])
def test_no_constant_stands_in_latex_as_it_is_typed(expression: str) -> None:
    out = latex_of(expression).replace("align*", "")
    assert not re.search(r"\d[eE][-+]?\d|\*|(?<![\\a-z])(pi|sqrt|log)(?![a-z])", out), out


@pytest.mark.parametrize("name", ["learning_rate", "velocity", "grad", "학습률", "x_alpha", "alpha_0", "hbar"])
def test_names_in_latex_are_one_word(name: str) -> None:
    line = latex_of(f"{name}*2").splitlines()[1]
    assert line.count("_") <= 1
    assert not re.search(r"[^\x00-\x7f]", re.sub(r"\\text\{[^}]*\}", "", line)), line


@pytest.mark.slow
@pytest.mark.parametrize("words", [["--json"], ["--steps"]])
def test_what_is_too_deep_for_sympy(words: list[str]) -> None:
    result = command("derive", "where(x > y, x*y, " * 600 + "x" + ")" * 600, *words)
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("error: this is nested too deeply\n")
