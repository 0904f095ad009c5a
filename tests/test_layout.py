"""Layout in terminals from 40 to 200 columns: nothing that the wide form shows is lost, or cut, in a narrow one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from backprop_cli import backprop, fit, minimize
from backprop_cli.errors import InputError
from backprop_cli.language.program import Program
from backprop_cli.passes import exact
from backprop_cli.passes.matrices import matrices
from backprop_cli.rules.table import TABLE
from backprop_cli.study import reference, sampled
from backprop_cli.study.claims import judge
from backprop_cli.study.referee import review
from backprop_cli.view import READ, VIEWS, Options, draw
from backprop_cli.view.columns import measure
from backprop_cli.view.descents import plots
from backprop_cli.view.picture.circuit import Circuit
from backprop_cli.view.primitives import Primitives
from backprop_cli.view.reduction import Reduction
from backprop_cli.view.verdicts import Judged
from backprop_cli.view.words.explain import Explanation
from support.circuits import NEURON, NEURON_AT, PROGRAM, PROGRAM_AT

WIDTHS = [40, 47, 60, 72, 80, 93, 120, 200]
NUMBER = re.compile(r"(?<![\w.])-?\d[\d.]*(?:[eE][-+]?\d+)?")
NAMES = "abcdefghijkl"
LONG = "a_name_that_takes_half_of_the_terminal"
WIDE = "\N{CJK UNIFIED IDEOGRAPH-5BBD}\N{CJK UNIFIED IDEOGRAPH-5EA6}" * 4
MORE: dict[str, Any] = {"precision": 30, "hessian": True}
DIGITS = {"w": "2/7", "x": "-1/3", "b": "1e-30/11"}
MANY = {name: str(1.5 + 7 * i / 3) for i, name in enumerate(NAMES)}
SQUARES = " + ".join(f"({name} - {i}/3)**2" for i, name in enumerate(NAMES))
DATA: dict[str, list[float]] = {"x": [1, 2, 3, 4], "y": [2, 3.5, 4.5, 7]}
SUM = backprop("w*x + exp(b)", w="2/7", x=3, b="1/3")

SUBJECTS: dict[str, tuple[str, Callable[[], object]]] = {
    "numbers": ("trace", lambda: backprop(NEURON, NEURON_AT)),
    "a program": ("trace", lambda: backprop(PROGRAM, PROGRAM_AT, expand=True)),
    "40 digits": ("trace", lambda: backprop("sigmoid(w*x + b)", DIGITS, precision=40)),
    "exact numbers": ("trace", lambda: backprop("sigmoid(w*x)/3", w="2/7", x="sqrt(2)", exact=True)),
    "long names": ("trace", lambda: backprop(f"exp({LONG}*x) + {LONG}/y", {LONG: -0.25, "x": 1 / 3, "y": 7e-8})),
    "many inputs": ("trace", lambda: backprop(f"max({', '.join(NAMES)})*hypot({', '.join(NAMES)})", MANY)),
    "12 variables": ("trace", lambda: backprop("*".join(NAMES), MANY, hessian=True)),
    "a Hessian of 40 digits": ("trace", lambda: backprop("sin(w*x)/b", DIGITS, precision=40, hessian=True)),
    "wide letters": ("trace", lambda: backprop(f"{WIDE}*x + exp({WIDE})", {WIDE: "1/3", "x": "2/7"}, **MORE)),
    "conditions": ("trace", lambda: backprop("x*y if x > y and y < 3 else x + y", x=1, y=2.5)),
    "formulas": ("derivation", lambda: exact.derive(Program("sigmoid(w*x + b)").graph(), {"x": "2"})),
    "formulas, each step": ("derivation", lambda: replace(derived("sigmoid(w*x + b)"), steps=True)),
    "formulas of a program": ("derivation", lambda: derived("q = x*y; f = tanh(q)/q")),
    "matrix formulas": ("matrices", lambda: in_matrices("S = X @ W + b; f = mean(-pick(log_softmax(S), [0]))")),
    "four methods": ("review", lambda: review(Program("relu(w*x)/b").graph(), DIGITS)),
    "methods in a box": ("tried", lambda: sampled.review(Program("sigmoid(w*x)").graph(), {"w": "1..2", "x": "0.5"})),
    "a right claim and a wrong one": ("verdicts", lambda: judged("sigmoid(w*x)", {"w": "2", "x": "1"})),
    "a story": ("explanation", lambda: Explanation(backprop(NEURON, NEURON_AT))),
    "a story of 40 digits": ("explanation", lambda: Explanation(backprop("sigmoid(w*x + b)", DIGITS, precision=40))),
    "a tree": ("circuit", lambda: circuit("sigmoid(w*x + b)*max(x, 2)", {"w": "2.25", "x": "1/3", "b": "-1e-7"})),
    "a tree of a program": ("circuit", lambda: circuit(PROGRAM, {name: str(at) for name, at in PROGRAM_AT.items()})),
    "a tree of long names": ("circuit", lambda: circuit(f"exp({LONG}*x) + {LONG}", {LONG: "-0.25", "x": "1/3"})),
    "a tree without numbers": ("circuit", lambda: Circuit(Program(PROGRAM).graph())),
    "a descent": ("descent", lambda: minimize("(x-3)^2 + exp(y/3)", start={"x": 0, "y": 1 / 3}, steps=30).subject),
    "a descent of 12 variables": ("descent", lambda: minimize(SQUARES, start=dict.fromkeys(NAMES, 1 / 3)).subject),
    "a fit": ("fit", lambda: fit("a*x + b", target="y", data=DATA, start={"a": 1 / 3, "b": 7e-8}).subject),
    "a plot": ("plot", lambda: plots(minimize("(x-3)^2 + exp(y/3)", start={"x": 0, "y": 1 / 3}).subject)),
    "a sum over rows": ("reduction", lambda: Reduction(SUM.graph, "sum", 3, 0, SUM.value, SUM.point, SUM.gradient)),
    "primitives": ("primitives", lambda: Primitives(TABLE)),
    "a primitive": ("primitives", lambda: Primitives([TABLE[0]], [reference.example(TABLE[0])])),
}
"""By what is to be seen in it: what kind of view has it, and the subject."""

ABRIDGED = ("descent", "plot")
"""What tells less where there is less room: of most steps the value, and the point of the last; a picture."""


def in_matrices(source: str) -> object:
    return replace(matrices(Program(source).graph(), {"X": [[1, 2]], "W": [[1, 0], [2, 1]], "b": [1, 2]}), steps=True)


def derived(source: str) -> exact.Derivation:
    return exact.derive(Program(source).graph(), {})


def judged(source: str, point: dict[str, str]) -> Judged:
    graph = Program(source).graph()
    return Judged(graph, judge(graph, point, {"x": "0.2", "w": "x*exp(-w*x)/(1 + exp(-w*x))**2"}))


def circuit(source: str, point: dict[str, str]) -> Circuit:
    trace = backprop(source, point)
    return Circuit(trace.graph, trace)


@cache
def subject(name: str) -> object:
    return SUBJECTS[name][1]()


def drawn(name: str, width: int | None) -> str:
    kind = SUBJECTS[name][0]
    form = next(form for form in VIEWS[kind] if form in READ)
    return str(draw(kind, subject(name), Options(form, width=width)))


def test_every_view_that_is_read_in_a_terminal_is_here() -> None:
    assert {kind for kind, _ in SUBJECTS.values()} == {kind for kind in VIEWS if {*VIEWS[kind]} & {*READ}}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", [name for name, (kind, _) in SUBJECTS.items() if kind not in ABRIDGED])
def test_nothing_is_lost_in_a_narrow_terminal(name: str, width: int) -> None:
    whole, narrow = drawn(name, None), drawn(name, width)
    assert "…" not in narrow or "…" in whole
    assert {*NUMBER.findall(narrow)} >= {*NUMBER.findall(whole)}
    assert words(whole) - words(narrow) <= NEEDLESS


NEEDLESS = {"gate", "input", "variable", "parameter", "name", "domain", "–"}
"""What records do without: headings of the first column and of empty ones, and the dash that stands for no gradient."""


def words(text: str) -> set[str]:
    """Words and formulas, without the lines between them and the marks of a tree."""
    return {word for word in re.split(r"[\s─├│╰↑↓←]+", text) if word}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", SUBJECTS)
def test_lines_fit_except_where_a_word_does_not(name: str, width: int) -> None:
    """A number, or a formula without a space, stands in one piece; a line of its own is as narrow as it becomes."""
    for line in drawn(name, width).splitlines():
        assert measure(line) <= width or len(line.lstrip(" ├│╰─").split()) == 1, line


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
def test_the_caret_stands_below_its_word(columns: int) -> None:
    """However long the expression is, and wherever the word is in it."""
    for place in range(12):
        terms = ["sigmoid(weight*x + bias)"] * 12
        terms[place] = "sigmoud(x)"
        with pytest.raises(InputError) as caught:
            Program(" + ".join(terms)).graph()
        _, line, carets, *_ = caught.value.drawn(columns)
        assert max(len(line), len(carets)) <= columns - 2
        assert line[carets.index("^") : carets.rindex("^") + 1] == "sigmoud"
