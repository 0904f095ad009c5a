"""A Trace in a notebook and a script: it shows itself, can be pickled, and has the commands as methods."""

from __future__ import annotations

import copy
import doctest
import html
import importlib.util
import inspect
import math
import pickle
import pydoc
import re
import shutil
from base64 import b64encode
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import backprop_cli
from backprop_cli import BackpropError, Trace, backprop
from backprop_cli.view.html import PICTURED
from backprop_cli.view.picture import graphviz
from support.command import run

SOURCE, POINT = "max(x, y)*z", {"x": "-2", "y": "5", "z": "-4"}
AT = [f"--{name}={value}" for name, value in POINT.items()]
MODULE = "s(t) = 1/(1 + exp(-t))\nq = s(x)*y\nq*z/7"
EXPRESSIONS = ["(x+y)*z", MODULE, "x*e + relu(y)*z", "max(x, x) - y*z", "2*3"]
ARITHMETICS: list[dict[str, Any]] = [
    {},
    {"precision": 30},
    {"exact": True},
    {"allow_nonfinite": True},
    {"expand": True, "wrt": "x", "ties": "split", "hessian": True},
    {"precision": 20, "hessian": True},
]


def traces(expressions: list[str] = EXPRESSIONS) -> list[Trace]:
    given: dict[str, Any] = {"x": "1/3", "y": 5, "z": -4.5}
    names = [{name: given[name] for name in given if name in each} for each in expressions]
    pairs = list(zip(expressions, names, strict=True))
    return [backprop(each, some, **options) for each, some in pairs for options in ARITHMETICS if some or not options]


# -- The commands ------------------------------------------------------------------------------------------------------


def test_each_method_gives_what_its_command_prints() -> None:
    trace = backprop(SOURCE, POINT)
    dot = trace.graph().render("dot")
    dark = trace.graph(theme="dark", local=False).render("dot")
    assert isinstance(dot, bytes)
    assert isinstance(dark, bytes)
    printed = {
        ("eval", SOURCE, *AT): str(trace),
        ("eval", SOURCE, *AT, "--format", "markdown", "--digits", "3"): trace.render("markdown", 3),
        ("explain", SOURCE, *AT): trace.explain(),
        ("explain", SOURCE, *AT, "--nudge", "1/100"): trace.explain(nudge="1/100"),
        ("explain", SOURCE, *AT, "--format", "json"): trace.explain().render("json"),
        ("derive", SOURCE): trace.derive(),
        ("derive", SOURCE, "--x", "3"): trace.derive(x=3),
        ("derive", SOURCE, "--steps"): trace.derive(steps=True),
        ("check", SOURCE, *AT, "--claim", "q1=z"): trace.check(q1="z"),
        ("derive", SOURCE, "--format", "latex"): trace.derive().render("latex"),
        ("check", SOURCE, *AT): trace.check(),
        ("check", SOURCE, *AT, "--claim", "y=-4", "--claim", "z=x"): trace.check({"y": -4}, z="x"),
        ("graph", SOURCE, *AT): trace.graph(),
        ("graph", SOURCE, *AT, "--format", "dot"): dot.decode(),
        ("graph", SOURCE, *AT, "--format=dot", "--theme=dark", "--no-local"): dark.decode(),
        ("code", SOURCE, *AT): trace.code(),
        ("code", SOURCE, *AT, "--to", "numpy"): trace.code("numpy"),
        ("code", SOURCE, "--to", "javascript"): trace.code("javascript", function=True),
    }
    for words, text in printed.items():
        assert run(*words).out == text, words


def test_methods_of_a_program_with_modules() -> None:
    trace = backprop(MODULE, x=1, y=5, z=-4, ties="first", wrt="x,y")
    at = [MODULE, "--x=1", "--y=5", "--z=-4", "--wrt=x,y"]
    assert str(trace.check()) == run("check", *at).out
    assert trace.check(x="q*z/7") == run("check", *at, "--claim=x=q*z/7").out
    assert trace.code("c") == run("code", *at, "--ties=first", "--to=c").out
    assert trace.derive() == run("derive", MODULE, "--wrt=x,y").out


def test_a_check_is_true_where_all_is_right() -> None:
    trace = backprop("(x+y)*z", x=-2, y=5, z=-4)
    assert trace.check()
    assert trace.check(x=-4, y="z")
    assert not trace.check(x=-4, z=4)
    assert [each.right for each in trace.check(x=4).subject.verdicts] == [False]


def test_the_document_is_that_of_the_command() -> None:
    import json

    assert backprop(SOURCE, POINT).to_dict() == json.loads(run("eval", SOURCE, *AT, "--json").out)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda trace: trace.code(10**5000), "a format is text, not of type int"),
        (lambda trace: trace.derive(5), "what has values is a mapping of names, not of type int"),
        (lambda trace: trace.check("x=1"), "what has values is a mapping of names, not of type str"),
        (lambda trace: trace.code("perl"), "there is no format 'perl' here"),
        (lambda trace: trace.render("pdf"), "there is no format 'pdf' here"),
        (lambda trace: trace.explain(nudge=0), "--nudge takes a step other than 0"),
        (lambda trace: trace.explain(nudge=True), "the value of nudge is a number or text, not of type bool"),
        (lambda trace: trace.check(w=1), "a claim for 'w'"),
        (lambda trace: trace.check(x="import os"), "in the claim for x"),
        (lambda trace: trace.derive(w=1), "the expression has no variable 'w'"),
        (lambda trace: trace.graph("picture.bmp"), "does not say which format"),
        (lambda trace: trace.graph("/nowhere/n.dot"), "cannot be written"),
        (lambda trace: trace.graph(theme="blue"), "theme is one of light, dark, not 'blue'"),
        (lambda trace: trace.graph(scale=99), "--scale takes a number from 0.1 to 10, not '99'"),
    ],
)
def test_what_is_wrong_is_told(call: Any, message: str) -> None:
    with pytest.raises(BackpropError, match=re.escape(message)):
        call(backprop(SOURCE, POINT))


def test_the_circuit_is_the_graph_and_is_written_when_called(tmp_path: Path) -> None:
    trace = backprop(SOURCE, POINT)
    assert [node.name for node in trace.graph.nodes] == ["x", "y", "q1", "z", "f"]
    for name, begin in {"n.svg": b"<?xml", "n.dot": b"digraph", "n.txt": b"max(x, y)*z"}.items():
        trace.graph(tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(begin)
    trace.graph(str(tmp_path / "n"), form="mermaid")
    assert (tmp_path / "n").read_text().startswith("flowchart")


# -- In a notebook -----------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """The elements of a fragment; one that is not closed, or another than these, fails."""

    KNOWN = frozenset("div p pre code table thead tbody tr th td img".split())

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.pictures: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in self.KNOWN
        assert {name for name, _ in attrs} <= {"class", "style", "colspan", "alt", "src"}
        if tag == "img":
            self.pictures.append(str(dict(attrs)["src"]))
        else:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


HOSTILE = [
    "x*y # <script>alert(1)</script> $x$ </pre><img src=x onerror=y>",
    "q = x*y # </div>&lt;\nq + x",
    "数*x",
    "a_very_long_name_" + "x" * 100 + "*2",
]


@pytest.mark.parametrize("expression", HOSTILE)
def test_html_is_escaped(expression: str) -> None:
    page = Page(backprop(expression, dict.fromkeys(names(expression), 2))._repr_html_() or "")
    if "#" in expression:
        assert expression.splitlines()[0].rpartition("#")[2] in "".join(page.words)


def names(expression: str) -> list[str]:
    from backprop_cli.language.program import Program

    return [node.name for node in Program(expression).graph().variables]


def test_html_has_the_table_and_the_circuit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphviz, "picture", lambda *_: b"<svg/>")
    for trace in traces():
        page = Page(trace._repr_html_() or "")
        words = " ".join("".join(page.words).replace("\xa0", " ").split())
        for line in str(trace).splitlines():
            cells = [each for each in re.split(r"  +", line.strip()) if "─" not in each]
            assert all(" ".join(cell.split()) in words for cell in cells if cell not in ("gate", "← input")), line
        assert page.pictures == [f"data:image/svg+xml;base64,{b64encode(b'<svg/>').decode()}"]
        for notice in trace.warnings:
            assert html.escape(notice.message) in (trace._repr_html_() or "")


def test_without_graphviz_the_circuit_is_a_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda *_: None)
    monkeypatch.setattr(shutil, "which", lambda *_: None)
    graphviz.picture.cache_clear()
    trace = backprop(SOURCE, POINT)
    assert trace._repr_svg_() is None
    assert trace.graph()._repr_svg_() is None
    page = Page(trace._repr_html_() or "")
    assert page.pictures == []
    assert "╰─ z" in "".join(page.words)
    assert "pip install 'backprop-cli[pictures]'" in "".join(page.words)


def test_what_a_notebook_is_given() -> None:
    """Of each object the richest form: Jupyter takes HTML before Markdown, LaTeX, a picture and text."""
    trace = backprop(SOURCE, POINT)
    given = {
        "trace": (trace, {"html", "latex", "svg"}),
        "explain": (trace.explain(), {"markdown"}),
        "derive": (trace.derive(), {"latex"}),
        "check": (trace.check(), set()),
        "graph": (trace.graph(), {"svg"}),
    }
    for name, (shown, forms) in given.items():
        methods = {form: getattr(shown, f"_repr_{form}_")() for form in ("html", "markdown", "latex", "svg")}
        assert {form for form, text in methods.items() if text is not None} == forms, name
    assert (trace._repr_svg_() or "").lstrip().startswith("<?xml")
    assert (trace._repr_latex_() or "").startswith("\\begin{align*}")


def test_large_traces_show_the_ends_and_no_picture() -> None:
    trace = backprop("*".join(["tanh(x + 1)"] * 30 + ["cos(x*y)"] * 200), x=1, y=2)
    page = Page(trace._repr_html_() or "")
    assert page.pictures == []
    assert "are left out here" in "".join(page.words)
    assert trace._repr_latex_() is None
    assert trace._repr_svg_() is None
    assert Page(backprop("tanh(" * PICTURED + "x" + ")" * PICTURED, x=1)._repr_html_() or "").pictures


def test_numbers_that_are_none() -> None:
    trace = backprop("x/y", x=1, y=0, allow_nonfinite=True)
    assert r"= \infty" in (trace._repr_latex_() or "")
    assert ">inf<" in (trace._repr_html_() or "")


def test_repr_is_short() -> None:
    trace = backprop("*".join(f"variable_{i}" for i in range(1000)), {f"variable_{i}": 1 for i in range(1000)})
    assert len(repr(trace)) < 300
    assert repr(backprop("x*y", x=2, y=3)) == "<Trace of 'x*y': 6, gradient {x: 3, y: 2}>"


# -- Pickles and copies ------------------------------------------------------------------------------------------------


def test_pickles_and_copies_are_the_same() -> None:
    for trace in traces():
        for again in (pickle.loads(pickle.dumps(trace)), copy.copy(trace), copy.deepcopy(trace)):
            assert type(again) is Trace
            assert again.to_dict() == trace.to_dict()
            assert str(again) == str(trace)
            assert again._repr_latex_() == trace._repr_latex_()
            assert [repr(each) for each in again.edges] == [repr(each) for each in trace.edges]
            assert again.graph.trace is again or again.graph is trace.graph


def test_a_pickle_goes_on_counting() -> None:
    """Its numbers are those of its arithmetic, and its rows are those of the table."""
    trace = pickle.loads(pickle.dumps(backprop("sigmoid(w*x)", w=2, x="1/3", precision=40)))
    assert trace.explain(nudge="1e-9") == backprop("sigmoid(w*x)", w=2, x="1/3", precision=40).explain(nudge="1e-9")
    assert trace.check()
    assert trace.value + trace.gradient["x"] > 0


def test_what_the_methods_give_can_be_pickled() -> None:
    for trace in traces(EXPRESSIONS[:1]):
        for shown in (trace.explain(), trace.check(), trace.graph(), trace.derive()):
            again = pickle.loads(pickle.dumps(shown))
            assert (again, bool(again), type(again)) == (shown, bool(shown), type(shown))


def test_errors_go_through_a_pickle() -> None:
    """As they do from one process to another."""
    calls: list[Callable[[], object]] = [
        lambda: backprop("x*y"),
        lambda: backprop("x + ?"),
        lambda: backprop("log(x)", x=-1),
        lambda: backprop("*".join(["sin(x*y)"] * 2000), x=1, y=2, time_limit=1e-9),
        lambda: backprop("x", x=1).graph("/nowhere/n.dot"),
    ]
    for call in calls:
        with pytest.raises(BackpropError) as caught:
            call()
        again = pickle.loads(pickle.dumps(caught.value))
        assert (type(again), str(again), again.args) == (type(caught.value), str(caught.value), caught.value.args)
        assert {**vars(again), "graph": None} == {**vars(caught.value), "graph": None}  # graphs are compared nowhere


def test_a_large_trace_goes_through_a_pickle() -> None:
    trace = backprop(" + ".join(f"tanh({i}*x)*y" for i in range(1, 401)), x=0.001, y=2)
    again = pickle.loads(pickle.dumps(trace))
    assert (again.value, again.gradient) == (trace.value, trace.gradient)
    assert math.fsum(edge.chained or 0 for edge in again.edges) == math.fsum(edge.chained or 0 for edge in trace.edges)


# -- Help --------------------------------------------------------------------------------------------------------------


def test_help_names_what_there_is() -> None:
    """`help(backprop_cli)` shows each name with what it does, though nothing is loaded before it is asked for."""
    text = pydoc.plain(pydoc.render_doc(backprop_cli))
    for name in backprop_cli.__all__:
        assert name in dir(backprop_cli)
        assert re.search(rf"^    (class )?{name}\b", text, re.MULTILINE), name
        assert inspect.getdoc(getattr(backprop_cli, name))


def test_the_examples_in_docstrings() -> None:
    modules = [
        backprop_cli,
        *(importlib.import_module(f"backprop_cli.api{name}") for name in ("", ".compiled", ".trace")),
    ]
    results = [doctest.testmod(each) for each in modules]
    assert [each.failed for each in results] == [0] * len(results)
    assert sum(each.attempted for each in results) >= 10


TYPED = """
from backprop_cli import BackpropError, Compiled, Trace, backprop, compile
from decimal import Decimal
from fractions import Fraction

trace: Trace = backprop("x*y", {"x": 1}, y=Fraction(1, 3), wrt=["x"])
text: str = trace.explain(nudge=Decimal("0.1"))
right: bool = bool(trace.check(x="y"))
code: str = trace.code("numpy", function=True)
data: dict[str, object] = trace.to_dict()
names: list[str] = [node.name for node in trace.graph.nodes]
picture: str = trace.graph("n.svg", theme="dark")
compiled: Compiled = compile("x*y", wrt="x")
value, gradient = compiled(1, y=2)
slope: float = compiled(x=1, y=2).gradient["x"]
again: Trace = compiled.trace(1, 2)
try:
    backprop("x", precision="many")  # wrong
    compile("x", ties=3)  # wrong
    backprop("sum(x)", x=[1, 2.5])
    backprop("x", wrt=3)  # wrong
except BackpropError as error:
    place: int = error.line
"""


@pytest.mark.slow
def test_types(tmp_path: Path) -> None:
    """What a person's own type checker says of a program: nothing, except for what is wrong."""
    file = tmp_path / "program.py"
    file.write_text(TYPED)
    mypy: Any = importlib.import_module("mypy.api")
    out, err, _ = mypy.run(["--strict", "--cache-dir", str(tmp_path), str(file)])
    assert err == ""
    wrong = [number for number, line in enumerate(TYPED.splitlines(), 1) if line.endswith("# wrong")]
    assert sorted({int(line.split(":")[1]) for line in out.splitlines() if ": error:" in line}) == wrong, out
