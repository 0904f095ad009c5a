"""The table of views: each draws its subject, as its command prints it, and is offered by it; so is a new one."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from backprop_cli import backprop, fit, minimize
from backprop_cli.arithmetic import FLOATS
from backprop_cli.cli.commands import run_command
from backprop_cli.language.program import Program
from backprop_cli.passes import exact, point
from backprop_cli.passes.matrices import matrices
from backprop_cli.rules.table import primitive
from backprop_cli.study import reference, sampled
from backprop_cli.study.claims import judge
from backprop_cli.study.referee import review
from backprop_cli.view import READ, VIEWS, Options, draw
from backprop_cli.view.code import StagedProgram
from backprop_cli.view.code.staged import Input
from backprop_cli.view.code.stages import Stages
from backprop_cli.view.descents import plots
from backprop_cli.view.page import Page
from backprop_cli.view.picture.circuit import Circuit
from backprop_cli.view.primitives import Primitives
from backprop_cli.view.reduction import Reduction
from backprop_cli.view.verdicts import Judged
from backprop_cli.view.words.explain import Explanation
from support.command import environment, streams
from support.suites import thinned

SOURCE, POINT = "max(x, y)*z", {"x": "-2", "y": "5", "z": "-4"}
AT = [f"--{name}={value}" for name, value in POINT.items()]
GRAPH, TRACE = Program(SOURCE).graph(), backprop(SOURCE, POINT)
SQUARE, BOX = Program("x*x").graph(), {"x": "1..2"}
MATRIX, TANH = Program("sum(W @ W.T)").graph(), primitive("tanh")

TABLE = str(Path(__file__).parent / "support/table.csv")
DESCENT = minimize("(x-3)^2 + y", start={"x": 0, "y": 1}, steps=3)
FIT = fit("a*x + b", target="y", data=TABLE, start={"a": 1, "b": 0})

SUBJECTS: dict[str, tuple[object, list[str], str]] = {
    "trace": (TRACE, ["eval", SOURCE, *AT], "--format"),
    "derivation": (exact.derive(GRAPH, {}), ["derive", SOURCE], "--format"),
    "matrices": (matrices(MATRIX, {"W": [[1, 2]]}), [], ""),
    "review": (review(GRAPH, POINT), ["check", SOURCE, *AT], ""),
    "tried": (sampled.review(SQUARE, BOX), ["check", "x*x", "--x", BOX["x"]], ""),
    "verdicts": (Judged(GRAPH, judge(GRAPH, POINT, {"y": "4"})), ["check", SOURCE, *AT, "--claim", "y=4"], "--format"),
    "explanation": (Explanation(TRACE), ["explain", SOURCE, *AT], "--format"),
    "program": (
        StagedProgram(
            Stages(GRAPH), {name: Input(value) for name, value in point.complete(POINT, FLOATS).items()}, "both", TRACE
        ),
        ["code", SOURCE, *AT],
        "--to",
    ),
    "circuit": (Circuit(GRAPH, TRACE), ["graph", SOURCE, *AT], "--format"),
    "reduction": (
        Reduction(GRAPH, "sum", 1, 0, TRACE.value, {}, {}),
        ["points", SOURCE, str(Path(__file__).parent / "support/row.csv"), "--reduce", "sum"],
        "--format",
    ),
    "page": (Page(TRACE), ["page", SOURCE, *AT], ""),
    "descent": (DESCENT.subject, ["minimize", "(x-3)^2 + y", "--start", "x=0,y=1", "--steps", "3"], "--format"),
    "fit": (
        FIT.subject,
        ["fit", "a*x + b", "--target", "y", "--data", TABLE, "--start", "a=1,b=0"],
        "--format",
    ),
    "plot": (plots(DESCENT.subject), [], ""),
    "primitives": (Primitives([TANH], [reference.example(TANH)]), ["ops", "tanh"], "--format"),
}
"""Of each kind of subject one, the command that draws the same, and its option for the format (none: only --json).

A plot is drawn beside what a command prints, and `derive` has two kinds: tests/test_minimize.py and test_arrays.py look
at them.
"""
ENTRIES = [(what, form) for what, forms in VIEWS.items() for form in forms]


def test_every_kind_of_subject_is_here() -> None:
    assert [*SUBJECTS] == [*VIEWS]


@pytest.mark.parametrize(("what", "form"), [entry for entry in ENTRIES if SUBJECTS[entry[0]][1]])
def test_a_view_is_what_its_command_prints(what: str, form: str) -> None:
    subject, words, option = SUBJECTS[what]
    asked = [option, form] if option else ["--json"] if form == "json" else []
    with streams() as (out, _):
        run_command([*words, *asked])
    drawn = draw(what, subject, Options(form))
    if form == "pdf":  # has a date inside
        assert (out.getvalue()[:5], drawn[:5]) == (b"%PDF-", b"%PDF-")
    else:
        assert out.getvalue() == (drawn if isinstance(drawn, bytes) else drawn.encode())


@pytest.mark.parametrize(("what", "form"), ENTRIES)
def test_paint_changes_no_word(what: str, form: str) -> None:
    narrow = Options(form, width=60)
    plain, painted = (draw(what, SUBJECTS[what][0], each) for each in (narrow, narrow._replace(paint=tagged)))
    if isinstance(plain, str) and isinstance(painted, str):
        assert [re.sub("\x1b<.*?>", "", line).rstrip() for line in painted.splitlines()] == plain.splitlines()
        assert ("\x1b<bold" in painted) == (form in READ)


def tagged(text: str, style: str) -> str:
    return f"\x1b<{style}>{text}\x1b</>" if text and style else text


TOY = """
import sys, types
from backprop_cli.view import VIEWS
toy = types.ModuleType("backprop_cli.view.toy")
toy.shout = lambda subject, options: f"{type(subject).__name__} {options.form}\\n"
sys.modules[toy.__name__] = toy
VIEWS[sys.argv[1]]["shout"] = "toy:shout"
from backprop_cli.cli import plain_call
from backprop_cli.cli.commands import run_command
words = sys.argv[2:]
status = plain_call.run(words)
sys.exit(run_command(words) if status is None else status)
"""
"""A view that is a file and a line of VIEWS, and then the command line."""
OFFERED = {what: (words, option) for what, (_, words, option) in SUBJECTS.items() if option}


@pytest.mark.parametrize("what", thinned(OFFERED, 2))
def test_a_new_view_is_offered_by_its_command(what: str) -> None:
    words, option = OFFERED[what]

    def process(*words: str) -> str:
        command = [sys.executable, "-c", TOY, what, *words]
        return subprocess.run(command, capture_output=True, encoding="utf-8", env=environment({}), check=False).stdout

    assert process(*words, option, "shout") == f"{type(SUBJECTS[what][0]).__name__} shout\n"
    help_ = re.sub(r"\s", "", process(words[0], "--help"))
    assert "orshout." in help_
