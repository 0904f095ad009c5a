"""Conditions and choices: against Python's own reading of the same formula, in every spelling, arithmetic and view."""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import mpmath
import pytest

from backprop_cli import backprop
from backprop_cli.errors import BackpropError, MathError
from backprop_cli.language.program import Program
from backprop_cli.passes.backpropagate import backpropagate
from backprop_cli.passes.compiled import UnusualError
from backprop_cli.passes.compiled_lines import unrolled
from backprop_cli.passes.compiled_loops import loops_of
from support.checks import comes_back
from support.command import run
from support.schemas import EXPLANATION, TRACE
from support.second_reader import check_graph

# -- Random formulas -----------------------------------------------------------------------------------------------


class Tree(NamedTuple):
    """An operation over others; a name or a number where there are none."""

    head: str
    args: tuple[Tree, ...] = ()


BINARY = ["+", "-", "*", "/"]
FUNCTIONS = ["log", "sqrt", "exp", "sin", "atan"]
COMPARISONS = ["<", "<=", ">", ">=", "==", "!="]
NAMES = ["x", "y", "z"]


def number(rng: random.Random, depth: int) -> Tree:
    """A formula with a number for a value, if it has one."""
    kind = rng.random() if depth else 0.0
    if kind < 0.2:
        return Tree(rng.choice([*NAMES, *NAMES, "0.5", "2", "1.25"]))
    if kind < 0.5:
        return Tree(rng.choice(BINARY), (number(rng, depth - 1), number(rng, depth - 1)))
    if kind < 0.65:
        return Tree(rng.choice(FUNCTIONS), (number(rng, depth - 1),))
    branches = number(rng, depth - 1), number(rng, depth - 1)
    return Tree("choice", (condition(rng, depth - 1), *branches))


def condition(rng: random.Random, depth: int) -> Tree:
    kind = rng.random() if depth > 0 else 0.0
    if kind < 0.5:
        return Tree(rng.choice(COMPARISONS), (number(rng, depth - 1 if depth > 0 else 0), number(rng, 0)))
    if kind < 0.65:
        middle = number(rng, depth - 1)
        return Tree("chain", (number(rng, 0), Tree(rng.choice(["<", "<="])), middle, Tree("<"), number(rng, 0)))
    if kind < 0.75:
        return Tree("not", (condition(rng, depth - 1),))
    return Tree(rng.choice(["and", "or"]), (condition(rng, depth - 1), condition(rng, depth - 1)))


def python(tree: Tree) -> str:
    """As Python reads it, with parentheses everywhere."""
    args = [python(arg) for arg in tree.args]
    match tree.head, args:
        case head, []:
            return f"mpf({head!r})" if head[0].isdigit() else head
        case "choice", [c, a, b]:
            return f"({a} if {c} else {b})"
        case "chain", [a, _, b, _, c]:
            return f"({a} {tree.args[1].head} {b} {tree.args[3].head} {c})"
        case ("not", [a]):
            return f"(not {a})"
        case head, [a]:
            return f"{head}({a})"
        case head, [a, b]:
            return f"({a} {head} {b})"
    raise AssertionError(tree)


def typed(tree: Tree, rng: random.Random) -> str:
    """As a person types it, each choice in one of its spellings, and no more parentheses than are sure to be right."""
    args = [typed(arg, rng) for arg in tree.args]
    match tree.head, args:
        case head, []:
            return head
        case "choice", [c, a, b]:
            spellings = [
                f"where({c}, {a}, {b})",
                f"({a} if {c} else {b})",
                f"({c} ? {a} : {b})",
                f"Piecewise(({a}, {c}), ({b}, True))",
                f"Piecewise(({a}, {c}), ({b}, {c}), ({b}, True))",
            ]
            return rng.choice(spellings[: 4 if len(c) > 30 else 5])
        case "chain", [a, _, b, _, c]:
            return f"({a} {tree.args[1].head} {b} {tree.args[3].head} {c})"
        case ("not", [a]):
            return f"(not {a})"
        case head, [a]:
            return f"{head}({a})"
        case "and" | "or" as head, [a, b]:
            sign = rng.choice([head, {"and": "&&", "or": "||"}[head]])
            return f"({a} {sign} {b})"
        case head, [a, b]:
            return f"({a} {head} {b})"
    raise AssertionError(tree)


class Case(NamedTuple):
    text: str
    read: str
    point: dict[str, float]


def case(seed: int) -> Case:
    rng = random.Random(seed)
    tree = Tree("choice", (condition(rng, 2), number(rng, 3), number(rng, 3)))
    values = [-2.0, -0.75, -0.25, 0.25, 0.75, 1.5, 3.0]
    text = typed(tree, rng)
    return Case(text, python(tree), {name: rng.choice(values) for name in NAMES if re.search(rf"\b{name}\b", text)})


class NoValueError(Exception):
    """The formula has no real value there."""


def real(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def checked(x: Any) -> Any:
        found = function(x)
        if isinstance(found, mpmath.mpc) or not mpmath.isfinite(found):
            raise NoValueError
        return found

    return checked


def evaluated(case: Case, **shift: Any) -> Any:
    """Python's value of the formula, as mpmath has its functions; numbers of the test's own, so eval is safe."""
    point = {name: mpmath.mpf(value) + shift.get(name, 0) for name, value in case.point.items()}
    functions = {name: real(getattr(mpmath, name)) for name in FUNCTIONS}
    try:
        return eval(case.read, {"mpf": mpmath.mpf, **functions, **point})
    except ZeroDivisionError:
        raise NoValueError from None


def slope(case: Case, name: str) -> Any:
    with mpmath.workdps(80):
        step = mpmath.mpf("1e-30")
        return (evaluated(case, **{name: step}) - evaluated(case, **{name: -step})) / (2 * step)


def expected(case: Case) -> tuple[float, dict[str, float]] | None:
    """The value and the gradient; None where there are none."""
    try:
        with mpmath.workdps(80):
            return float(evaluated(case)), {name: float(slope(case, name)) for name in case.point}
    except NoValueError:
        return None


def close(found: float, wanted: float) -> bool:
    return math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-12)


CASES = [case(seed) for seed in range(160)]


@pytest.mark.parametrize("start", range(0, 160, 20))
def test_values_and_gradients_are_those_of_python(start: int) -> None:
    decided = 0
    for each in CASES[start : start + 20]:
        wanted = expected(each)
        try:
            trace = backprop(each.text, each.point)
        except MathError:
            # A root at 0 has a value and no slope, and a value may be there where none beside it is.
            assert wanted is None or any(abs(value) > 1e12 for value in wanted[1].values()), each
            continue
        if any(notice.kind == "border" for notice in trace.warnings):
            with mpmath.workdps(80):
                assert close(trace.value, float(evaluated(each))), each
            continue
        assert wanted is not None, each
        decided += 1
        assert close(trace.value, wanted[0]), each
        for name, gradient in trace.gradient.items():
            assert close(gradient, wanted[1][name]), (each, name)
    assert decided > 3


@pytest.mark.parametrize("settings", [{"precision": 30}, {"allow_nonfinite": True}, {"expand": True}], ids=str)
def test_every_arithmetic_takes_the_same_branches(settings: dict[str, Any]) -> None:
    for each in CASES[::15]:
        try:
            plain = backprop(each.text, each.point)
        except MathError:
            continue
        other = backprop(each.text, each.point, **settings)
        assert close(float(other.value), plain.value), each
        assert {name: close(float(value), plain.gradient[name]) for name, value in other.gradient.items()} == (
            dict.fromkeys(plain.gradient, True)
        ), each


def test_the_second_reader_agrees() -> None:
    for each in CASES[::2]:
        program = Program(each.text)
        graph = program.graph()
        check_graph(program, graph)
        comes_back(graph)


def test_compiled_loops_agree_or_give_up() -> None:
    agreed = 0
    for each in CASES[::4]:
        graph = Program(each.text).graph()
        try:
            careful = backpropagate(graph, each.point)
            at = unrolled(graph, {}, graph.nodes.variables)(*(each.point[node.name] for node in graph.variables))
            values, _ = loops_of(graph).at(each.point)
        except (UnusualError, BackpropError, ArithmeticError, ValueError):
            continue
        agreed += 1
        assert values == careful.values, each
        assert at == (careful.value, *(careful.gradient[node.name] for node in graph.variables)), each
    assert agreed > 10


# -- What was asked for, case by case ------------------------------------------------------------------------------

FAMOUS: list[tuple[str, dict[str, float], float, dict[str, float], list[str]]] = [
    ("where(x > 0, sqrt(x), 0)", {"x": 0}, 0, {"x": 0}, ["border"]),
    ("where(x > 0, sqrt(x), 0)", {"x": 4}, 2, {"x": 0.25}, []),
    ("where(x > 0, log(x), 0)", {"x": -1}, 0, {"x": 0}, []),
    ("where(x != 0, sin(x)/x, 1)", {"x": 0}, 1, {"x": 0}, ["border"]),
    ("x if x > 0 else 0", {"x": -3}, 0, {"x": 0}, []),
    ("x > 0 ? x : 0.01*x", {"x": -2}, -0.02, {"x": 0.01}, []),
    ("x**2/2 if abs(x) <= d else d*(abs(x) - d/2)", {"x": 3, "d": 1}, 2.5, {"x": 1, "d": 2}, []),
    ("x**2/2 if abs(x) <= d else d*(abs(x) - d/2)", {"x": 0.5, "d": 1}, 0.125, {"x": 0.5, "d": 0}, []),
    ("Piecewise((0, x < 0), (x, x < 1), (1, True))", {"x": 0.3}, 0.3, {"x": 1}, []),
    ("Piecewise((0.1*i, i <= 10), (1 + 0.2*(i - 10), i <= 40), (7 + 0.4*(i - 40), True))",
     {"i": 50}, 11, {"i": 0.4}, []),
    ("where(r < rc, 4*e*((s/r)**12 - (s/r)**6), 0)", {"r": 3, "rc": 2.5, "e": 1, "s": 1}, 0,
     {"r": 0, "rc": 0, "e": 0, "s": 0}, []),
    ("1 if 0 < x < 1 and not y == 2 else x*y", {"x": 0.5, "y": 2}, 1, {"x": 2, "y": 0.5}, ["border"]),
    ("c = x > 0; d = 2*x\nwhere(c and d < 8, d*y, y)", {"x": 3, "y": 5}, 30, {"x": 10, "y": 6}, []),
    ("pos(t) = t > 0; safe(t, g) = where(pos(t), g, 0); safe(x, log(x)) + x", {"x": -1}, -1, {"x": 1}, []),
    ("where(x > 0 and y > 0, x*y, x + y)", {"x": 0, "y": -1}, -1, {"x": 1, "y": 1}, []),
    ("where(x < 0 or x > 1/x, x, 0)", {"x": -1}, -1, {"x": 1}, []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "point", "value", "gradient", "warnings"), FAMOUS, ids=[each[0] for each in FAMOUS])
def test_famous(
    text: str, point: dict[str, float], value: float, gradient: dict[str, float], warnings: list[str]
) -> None:
    trace = backprop(text, point)
    assert trace.value == pytest.approx(value)
    assert trace.gradient == pytest.approx(gradient)
    assert [notice.kind for notice in trace.warnings] == warnings


# -- Exact numbers, symbols, and what is printed -------------------------------------------------------------------


@pytest.mark.parametrize("start", range(4))
def test_exact_numbers_take_the_same_branches(start: int) -> None:
    taken = 0
    for each in CASES[start:40:4]:
        try:
            plain = backprop(each.text, each.point)
            exact = backprop(each.text, each.point, exact=True)
        except MathError:
            continue
        taken += 1
        assert close(float(exact.value), plain.value), each
        for name, gradient in exact.gradient.items():
            assert close(float(gradient), plain.gradient[name]), each
    assert taken > 2


DERIVED = [
    ("where(x > 0, sqrt(x), 0)", ["x"]),
    ("where(x > 0, log(x)*y, y)", ["x", "y"]),
    ("x*y if 0 < x < 1 or not y >= 2 else x/y", ["x", "y"]),
    ("x == y ? x*x : x != 2*y ? sin(x) : y", ["x", "y"]),
    ("Piecewise((x**2, x < -1), (x*y, x <= 1))", ["x", "y"]),
]


@pytest.mark.parametrize(("text", "names"), DERIVED, ids=[each[0] for each in DERIVED])
def test_what_derive_prints_can_be_typed_back(text: str, names: list[str]) -> None:
    document = json.loads(run("derive", text, "--json").out)
    rng = random.Random(text)
    for _ in range(6):
        point = {name: rng.choice([-2.5, -0.5, 0.25, 0.5, 1.5, 3.0]) for name in names}
        try:
            trace = backprop(text, point)
        except MathError:
            continue
        if trace.warnings:
            continue
        assert backprop(document["value"], {n: v for n, v in point.items() if n in document["value"]}).value == (
            pytest.approx(trace.value)
        )
        for name in names:
            formula = document["simplified"][name]
            used = {node.name for node in Program(formula).graph().variables}
            assert backprop(formula, {each: point[each] for each in used}).value == pytest.approx(trace.gradient[name])


IN_CASES = {
    "Piecewise((x/10, x <= 10), (1 + (x - 10)/5, x <= 40), (7, True))": "(1/10 if x <= 10 else 1/5 if x <= 40 else 0)",
    "a if x > a else x if x > -1 else 2": "(0 if a < x else 1 if x > -1 else 0)",
    "where(x < 1, x, 0) + where(x < 2, x, 0)": "(2 if x < 1 else 1 if x < 2 else 0)",
    "where(x > 1, x, 1) + where(x <= 1, x^2, 2*x)": "(3 if x > 1 else 2*x)",
    "where(x > 0, x < 1 ? 2*x : x^2, 3)": "(2 if x < 1 and x > 0 else 2*x if x > 0 else 0)",
    "c = x > 0 or a > 0; where(c, x*a, 0) + where(not c, x, a)": "(a if a > 0 or x > 0 else 1)",
}
"""Expressions, and ∂/∂x in cases: no case is there that cannot be, and no condition that goes without saying."""


def test_cases_are_those_that_there_are() -> None:
    for text, formula in IN_CASES.items():
        assert json.loads(run("derive", text, "--json").out)["simplified"]["x"] == formula, text


# -- Views and the referee -----------------------------------------------------------------------------------------

NESTED = "where(x > 0, log(x)*y, x < -1 ? 1/x : sqrt(y))"


@pytest.mark.parametrize("x", ["-2", "-0.5", "0", "2"])
def test_documents_are_what_their_schemas_say(x: str) -> None:
    for command, schema in (("eval", TRACE), ("explain", EXPLANATION)):
        document = json.loads(run(command, NESTED, "--x", x, "--y", "3", "--json").out)
        schema.validate(document)
    nodes = json.loads(run("eval", NESTED, "--x", x, "--y", "3", "--json").out)["nodes"]
    values = {node["name"]: node["value"] for node in nodes}
    exact = json.loads(run("eval", NESTED, "--x", x, "--y", "3", "--json", "--exact").out)
    TRACE.validate(exact)
    assert [node["value"] for node in exact["nodes"] if node["name"] == "q1"] == [values["q1"]]
    assert values["q1"] is (float(x) > 0)
    assert (values["q2"] is None) == (float(x) <= 0)


@pytest.mark.parametrize("x", ["-2", "-0.5", "2"])
def test_four_methods_agree(x: str) -> None:
    result = run("check", NESTED, "--x", x, "--y", "3")
    assert (result.status, result.err) == (0, "")
    assert "the methods agree" in result.out
    assert "not analytic" not in result.out


def test_at_a_border_no_method_is_a_referee() -> None:
    assert "f has a border here: no derivative, a convention" in run("check", NESTED, "--x", "0", "--y", "3").out


def test_an_explanation_says_which_branch_is_taken_and_why() -> None:
    out = run("explain", NESTED, "--x", "-2", "--y", "3").out
    assert "q2 = log(x) has no value here, and needs none: its branch is not taken" in out
    assert "q1 = x > 0 does not hold (−2 > 0), so all of the gradient goes to q7, none to q3." in out
    assert "q4 = x < -1 holds (−2 < −1), so all of the gradient goes to q5, none to q6." in out
    assert "q1 is a condition: nothing flows into it." in out


def test_a_claim_about_the_branch_that_is_not_taken() -> None:
    out = run("check", NESTED, "--x", "2", "--y", "3", "--claim", "x=0").out
    assert "takes q3 here" in out


def test_second_derivatives_are_those_of_the_branch_taken() -> None:
    trace = backprop(NESTED, x=-2, y=3, hessian=True)
    assert trace.hessian == {"x": {"x": pytest.approx(2 / -8), "y": 0.0}, "y": {"x": 0.0, "y": 0.0}}


def test_a_picture_dashes_what_is_not_taken() -> None:
    drawn = run("graph", NESTED, "--x", "-2", "--y", "3", "--format", "dot").out
    assert drawn.count("style=dashed") >= 2


TAKEN = {
    "pick(c, a, b) = where(c, a, b); pick(x > 0, log(x)*y, y) + x": "where(x > 0, log(x)*y, y) + x",
    "safe(c, a) = a if not c else 0; safe(x <= 0 or y < 1, y/x)": "where(x > 0 and y >= 1, y/x, 0)",
    "inner(c, a) = where(c, a, 1/a); outer(u) = inner(u > 1, u*u); outer(x)*outer(y)":
        "where(x > 1, x*x, 1/(x*x))*where(y > 1, y*y, 1/(y*y))",
    "flip(c) = not c; both(c, d) = c and flip(d); where(both(x > 0, y > 0), x, y)*x": "where(x > 0 and y <= 0, x, y)*x",
    "q = x > 0; m(a) = where(q, a, 0); m(x*y)": "where(x > 0, x*y, 0)",
}  # fmt: skip
"""Modules that take conditions, and the same without."""


def test_a_module_takes_a_condition() -> None:
    for source, plain in TAKEN.items():
        for x in ("2", "-0.5"):
            found, expected = (backprop(each, x=x, y="3", hessian=True) for each in (source, plain))
            assert (found.value, found.gradient, found.hessian) == (expected.value, expected.gradient, expected.hessian)
            for command in (["eval", "--exact", "--get", "y"], ["code", "--to", "python"]):
                assert run(*command[:1], source, "--x", x, "--y", "3", *command[1:]).status == 0
        assert run("derive", source, "--get", "x").out == run("derive", plain, "--get", "x").out


def test_what_a_module_takes_is_one_of_the_two() -> None:
    for source, message in {
        "m(c) = c; m(x > 0)": "'x > 0' is a condition, and a module takes numbers",
        "m(c, a) = where(c, a, c); m(x > 0, x)": "'c' is a condition, and where(c, a, b) takes numbers",
        "m(c, a) = c*where(c, a, 0); m(x > 0, x)": "'c' is a condition, and x * y takes numbers",
        "m(c, a) = where(c, a, 0); m(x, y)": "'x' is a number, and 'm' takes a condition there",
    }.items():
        assert run("eval", source, "--x", "1", "--y", "2").err.startswith(f"error: {message}\n"), source
