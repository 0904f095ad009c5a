"""Every limit of the program: at the limit it works, one above it is told."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy
import pytest

import backprop_cli
from backprop_cli import BackpropError, backprop
from backprop_cli.language.program import Program
from support.command import call

PACKAGE = Path(backprop_cli.__file__).parent
SAYS = re.compile("MAX|MOST|LARGEST|LONGEST|DEEPEST|SHOWN|LISTED|BITS|STEPS|SECONDS|MEMORY")


@cache
def found() -> dict[str, float]:
    """The constants of the package whose names say that they are limits, each by its module and name."""
    limits = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        module = path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", ".")
        for statement in ast.parse(path.read_text("utf-8")).body:
            targets = statement.targets if isinstance(statement, ast.Assign) else []
            for name in (each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)):
                value = getattr(import_module(f"backprop_cli.{module}"), name, None) if SAYS.search(name) else ""
                if name.isupper() and isinstance(value, int | float):
                    limits[f"{module}.{name}"] = value
    return limits


# -- What is tried -------------------------------------------------------------------------------------------------


def error(text: str, values: dict[str, Any] | None = None, **settings: Any) -> str:
    """What is told of a call that may be refused."""
    try:
        backprop(text, values, **settings)
    except BackpropError as refusal:
        return str(refusal)
    return ""


def compiled(text: str) -> str:
    try:
        Program(text).graph()
    except BackpropError as refusal:
        return str(refusal)
    return ""


def said(*words: str, stdin: str = "") -> str:
    result = call(*words, stdin=stdin)
    assert "Traceback" not in result.err
    return result.err + result.out


def variables(count: int) -> str:
    return "+".join(f"x{i}" for i in range(count))


def terms(count: int) -> str:
    return "+".join(["x"] * count)


def record(size: int) -> str:
    """A table with one record of so many bytes, on many lines."""
    fields = 41
    part = '"' + "a" * 97_000 + '\n"'
    last = size - 2 - (fields - 1) * (len(part) + 1) - len("\n")
    row = ",".join(["1", *[part] * (fields - 1), "a" * last])
    return ",".join(["x", *(f"c{i}" for i in range(fields))]) + f"\n{row}\n"


def modules(count: int) -> str:
    """Modules that open into so many gates."""
    lines = ["one(t) = t*t", f"k(t) = {'*'.join(['t'] * 1_001)}"]
    return "\n".join([*lines, "+".join(["k(x)"] * (count // 1_000) + ["one(x)"] * (count % 1_000))])


def depth(count: int) -> str:
    return "\n".join(["m0(t) = t*t", *(f"m{i}(t) = m{i - 1}(t)" for i in range(1, count)), f"m{count - 1}(x)"])


def tokens(count: int) -> str:
    return "-" * (1 - count % 2) + "+".join(["x"] * ((count + 1) // 2))


class Limit(NamedTuple):
    """said: what is told when so much is asked for; told: what is in it from one above the limit on, and not before."""

    said: Callable[[int], str]
    told: str
    slow: bool = False


OVERFLOWS = "overflows"
LIMITS = {
    "runtime.streams.MAX_BYTES": Limit(
        lambda n: said("eval", "x", "--at", "-", stdin='{"x": 1}'.ljust(n)), "is longer than"
    ),
    "points.rows.MAX_LINE": Limit(
        lambda n: said("points", "x", "-", stdin='{"x": 1}'.ljust(n - 1) + "\n"), "the line is longer than"
    ),
    "points.rows.MAX_RECORD": Limit(
        lambda n: said("points", "x", "-", "--get", "x", stdin=record(n)), "the record that begins on line 2"
    ),
    "graph.graph.MAX_DEPTH": Limit(lambda n: error(depth(n), {"x": 1}), "more than 50 modules inside each other"),
    "graph.graph.MAX_OPENED": Limit(lambda n: compiled(modules(n)), "the modules here come to"),
    "language.latex.__init__.MAX_CHARACTERS": Limit(
        lambda n: said("eval", "--from", "latex", "x".ljust(n), "--x", "1"), "LaTeX of more than 250,000 characters"
    ),
    "language.latex.cursor.DEEPEST": Limit(
        lambda n: said("eval", "--from", "latex", "(" * (n - 1) + "x" + ")" * (n - 1), "--x", "1"),
        "more than 50 brackets",
    ),
    "language.names.MAX_NAME": Limit(
        lambda n: error(f"{'a' * n} = x*x", {"x": 1}), "a name has at most 128 characters"
    ),
    "language.tokens.MAX_CHARACTERS": Limit(lambda n: error("x".ljust(n), {"x": 1}), "the limit is 1,000,000"),
    "language.tokens.MAX_TOKENS": Limit(lambda n: error(tokens(n), {"x": 1}), "more than 100,000 numbers", slow=True),
    "language.groups.MAX_NESTING": Limit(lambda n: error("(" * n + "x" + ")" * n, {"x": 1}), "more than 10,000 nested"),
    "language.tokens.MAX_NUMBER": Limit(lambda n: error("x*1.".ljust(n + 2, "1"), {"x": 1}), "has at most 64 char"),
    "passes.point._LONGEST": Limit(
        lambda n: error("x", {"x": "0.".ljust(n, "1")}, precision=9), "a number has at most 64 characters"
    ),
    "passes.hessian.MAX_VARIABLES": Limit(
        lambda n: error(variables(n), dict.fromkeys(variables(n).split("+"), 1), hessian=True),
        "is beyond the limit of 500",
        slow=True,
    ),
    "arithmetic.balls.MAX_EXPONENT": Limit(lambda n: error("x", {"x": f"1e-{n}"}, precision=5), OVERFLOWS),
    "arithmetic.ball_functions.EXP_BITS": Limit(
        lambda n: error(f"log(exp(2**{n - 1}*x))", {"x": 1}, precision=5), OVERFLOWS
    ),
    "arithmetic.ball_functions.MOST_BITS": Limit(
        lambda n: error(f"sin(2**{n - 1}*x)", {"x": 1}, precision=5), OVERFLOWS
    ),
    "arithmetic.symbolic_functions.MAX_BITS": Limit(
        lambda n: error("x*y", {"x": "2**7000", "y": f"2**{n - 7001}"}, exact=True), OVERFLOWS
    ),
    "arithmetic.symbolic_functions.MAX_FACTORIAL": Limit(lambda n: error("gamma(x)", {"x": n}, exact=True), OVERFLOWS),
    "arithmetic.symbolic_functions.MAX_ROUNDED": Limit(lambda n: error("floor(x)", {"x": n}, exact=True), OVERFLOWS),
    "arithmetic.symbolic.MAX_DIGITS": Limit(lambda n: error("x", {"x": "1" * n}, exact=True), OVERFLOWS),
    "view.table.SHOWN": Limit(lambda n: said("eval", terms(n + 1), "--x", "1"), "are left out here"),
    "view.words.explain.SHOWN": Limit(lambda n: said("explain", terms(n + 1), "--x", "1"), "left out here"),
    "view.page.__init__.LARGEST": Limit(lambda n: said("page", terms(n + 1), "--x", "1"), "a page shows up to"),
    "view.code.staged._LONGEST_HEADER": Limit(
        lambda n: said("code", "\n".join(f"y{i} = x*x" for i in range(n))), "lines more"
    ),
    "rules.shape_rules.MAX_AXES": Limit(lambda n: error("sum(x)", {"x": "[" * n + "1" + "]" * n}), "more than 3 axes"),
    "passes.uncertain.MAX_CORRELATED": Limit(
        lambda n: error(
            variables(n),
            dict.fromkeys(variables(n).split("+"), "1±0.1"),
            correlations={"x0": {f"x{i}": 0 for i in range(n)} | {"x0": 1}},
        ),
        "are beyond the limit of 500",
    ),
    "passes.arrays.MAX_JACOBIAN": Limit(
        lambda n: error("sum(x)", {"x": numpy.ones(n)}, jacobian=True), "are beyond the 1,000,000 entries"
    ),
    "passes.entries.MAX_HESSIAN": Limit(
        lambda n: error("sum(x)", {"x": numpy.ones(n)}, hessian=True), "is beyond the limit of 200"
    ),
    "passes.entries.MAX_GATES": Limit(
        lambda n: error("sum(x)", {"x": numpy.ones(n - 1)}, expand=True), "has more than 20,000 nodes"
    ),
    "study.claims.STEPS": Limit(
        lambda n: said("check", f"{'-' * (n % 2)}({terms(n // 2 + 1)})", "--x", "1", "--claim", "x=0"), "edges more"
    ),
    "study.methods._LARGEST": Limit(lambda n: said("check", terms(n), "--x", "1"), "too many for SymPy", slow=True),
}
ELSEWHERE = {
    "runtime.budget.SECONDS": "test_budget.py",
    "runtime.budget.MEMORY": "test_budget.py",
    "arithmetic.system.MAX_ORDER": "test_orders.py",
    "cli.cache.MAX_ENTRY": "test_cache.py",
    "cli.cache.MAX_TOTAL": "test_cache.py",
    "rules.shape_rules.MAX_ENTRIES": "test_arrays.py",
    "descent.squares.MAX_EVALUATIONS": "test_fit.py",
}
"""Those that have tests of their own, by name."""
NOT_TOLD = {
    "arithmetic.symbolic._LONGEST": "digits shown",
    "cli.working.LONGEST": "a hint",
    "cli.progress._STEPS": "steps of a bar",
    "passes.point._LONGEST_EXPONENT": "the same number by another way",
    "passes.trace._LISTED": "words of a repr",
    "points.evaluate._LONGEST": "the same number by another way",
    "study.mistakes._MOST_EDGES": "hints only",
    "study.methods._MOST_DIGITS": "SymPy's own precision",
    "view.code.stages.LONGEST": "another way to name the parts of a formula",
    "view.picture.circuit.LONGEST": "words of a box",
    "view.picture.text_tree.DEEPEST": "the same tree, in parts",
    "view.texts._LONGEST": "words of a cell",
    "view.texts._LONGEST_NAME": "words of a cell",
    "view.texts._LONGEST_TITLE": "words of a title",
    "view.words.explain._LONGEST": "words of a title",
    "view.words.spans.LISTED": "words of a sentence",
}
"""Those beyond which nothing is refused and nothing left out, but shortened, with `…`, or done in another way."""


def test_every_limit_is_tried() -> None:
    """A new MAX_… belongs into one of the tables here, and in them stands nothing else than limits."""
    tried = {*LIMITS, *ELSEWHERE, *NOT_TOLD}
    assert {name for name in found() if "MAX" in name} <= tried <= found().keys()
    for name, file in ELSEWHERE.items():
        assert name.rpartition(".")[2] in (Path(__file__).parent / file).read_text("utf-8")


@pytest.mark.parametrize("name", [pytest.param(each, marks=[pytest.mark.slow] * LIMITS[each].slow) for each in LIMITS])
def test_at_the_limit_and_one_above(name: str) -> None:
    said, told, _ = LIMITS[name]
    limit = int(found()[name])
    at, above = said(limit), said(limit + 1)
    assert told not in at
    assert not at.startswith("error: ")
    assert told in above
