"""Claims about stages and gates, formulas without a point, and a whole class's homework, marked."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from backprop_cli import backprop
from backprop_cli.language.program import Program
from backprop_cli.study.claims import judge
from backprop_cli.study.marks import is_table, mark
from backprop_cli.study.mistakes import KINDS
from support.command import run

SOURCE = "q = x + y; f = q*z"
AT = ["--x", "-2", "--y", "5", "--z", "-4"]


@pytest.mark.parametrize(
    ("source", "values", "claim", "right", "said"),
    [
        (SOURCE, AT, "q=-4", True, "q: right  -4"),
        (SOURCE, AT, "q=z", True, "proved by simplification"),
        (SOURCE, AT, "q=4", False, "the sign is flipped: this is −∂f/∂q"),
        (SOURCE, AT, "q=3", False, "q: WRONG  3; the gradient is -4"),
        (SOURCE, AT, "f=1", True, "f: right  1"),
        (SOURCE, AT, "f=2", False, "f: WRONG  2; the gradient is 1"),
        ("(x+y)*z", AT, "q1=-4", True, "q1: right"),
        ("q = x*x; f = q*q + q", ["--x", "2"], "q=9", True, "right"),
        ("q = x*x; f = q*q + q", ["--x", "2"], "q=4", False, "a branch of a fork is forgotten"),
        ("q = x*x; f = q*q + q", ["--x", "2"], "q=7.3", False, "∂f/∂q = 1 + 4 + 4 = 9: what comes back to q adds up"),
        ("s(t) = 1/(1 + exp(-t)); q = s(x); f = 2*q", ["--x", "1"], "q=2", True, "right"),
        ("q = sqrt(x); f = q*y + sqrt(z)", ["--x", "4", "--y", "3", "--z", "0"], "q=3", True, "right"),
    ],
)
def test_claims_of_stages_and_gates(source: str, values: list[str], claim: str, right: bool, said: str) -> None:
    result = run("check", source, *values, "--claim", claim)
    assert result.status == (not right), result.err
    assert said in result.out


@pytest.mark.parametrize(
    ("source", "claim", "right", "said"),
    [
        ("x*sigmoid(x)", "x = sigmoid(x)*(1 + x*(1 - sigmoid(x)))", True, "proved by simplification"),
        ("x*x*y", "x = 2*x*y", True, "proved"),
        ("x*x*y", "x = x*y", False, "a branch of a fork is forgotten"),
        ("x*x*y", "x = 2*x*y + 1", False, "the gradient is"),
        (SOURCE, "q = z", True, "proved"),
        ("abs(x)*y", "x = sign(x)*y", True, "proved"),
        ("max(x, y)", "x = x/max(x, y)", False, "the gradient is"),
        ("log(x) + sqrt(y - 100)", "x = 1/x", False, ""),
    ],
)
def test_formulas_need_no_point(source: str, claim: str, right: bool, said: str) -> None:
    result = run("check", source, "--claim", claim)
    if "y - 100" in source:
        assert result.err.startswith("error: no point was found at which the expression has a gradient")
        assert run("check", source, "--y", "200", "--claim", claim).status == 0
        return
    assert result.status == (not right), result.err
    assert said in result.out


def test_a_number_needs_a_point() -> None:
    assert "error: no value for x and y" in run("check", "x*y", "--claim", "x=3").err
    assert "no value for y" in run("check", "x*y", "--x", "3", "--claim", "x=y", "--claim", "y=3").err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["x*y", *AT[:4], "--claim", "w=1"], "a claim for 'w', which is not a variable of the expression, nor a gate"),
        (["y = x; f = y*y", "--x", "1", "--claim", "y=1"], "a claim for 'y', which is a stage that has no gate"),
        (["q = x*x; f = q + y", *AT[:4], "--wrt", "y", "--claim", "q=1"], "which gets no gradient (see --wrt)"),
        (["x*y", *AT[:4], "--format", "csv"], "--format csv is for claims"),
    ],
)
def test_what_is_no_claim(words: list[str], message: str) -> None:
    result = run("check", *words)
    assert (result.status, result.out) == (2, "")
    assert message in result.err


# -- A class -------------------------------------------------------------------------------------------------------

CLASS = "student,q,x,z\nAda,-4,-4,3\nBob,z,4,x + y\n\nCyd,sine(2),,3\nDot,2,-4\n"
RIGHT = {
    ("Ada", "q"): True, ("Ada", "x"): True, ("Ada", "z"): True,
    ("Bob", "q"): True, ("Bob", "x"): False, ("Bob", "z"): True,
    ("Cyd", "q"): False, ("Cyd", "x"): False, ("Cyd", "z"): True,
    ("Dot", "q"): False, ("Dot", "x"): True, ("Dot", "z"): False,
}  # fmt: skip


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    (tmp_path / "class.csv").write_text(CLASS)
    (tmp_path / "hw.bp").write_text(SOURCE.replace("; ", "\n"))
    (tmp_path / "p.json").write_text('{"x": -2, "y": 5, "z": -4}')
    files = {"--file": "hw.bp", "--at": "p.json", "--claims": "class.csv"}
    return ["check", *(word for option, name in files.items() for word in (option, str(tmp_path / name)))]


def test_a_class_is_marked_a_verdict_a_line(words: list[str]) -> None:
    shown = run(*words)
    assert shown.status == 1
    lines = shown.out.splitlines()
    assert len(lines) == len(RIGHT)
    for line, ((student, name), right) in zip(lines, RIGHT.items(), strict=True):
        assert line.startswith(f"{student}  {name}: {'right' if right else 'WRONG'}  ")
    assert "(the sign is flipped: this is −∂f/∂x)" in lines[4]
    assert "unknown function 'sine'" in lines[6]
    assert "no answer" in lines[7]


def test_a_class_as_json_and_csv(words: list[str]) -> None:
    data = json.loads(run(*words, "--json").out)
    assert {(each["student"], each["variable"]): each["right"] for each in data["claims"]} == RIGHT
    rows = list(csv.DictReader(io.StringIO(run(*words, "--format", "csv").out)))
    assert {(row["student"], row["variable"]): row["right"] == "true" for row in rows} == RIGHT
    assert all(row["mistake"] in ("", *KINDS) for row in rows)
    for row, each in zip(rows, data["claims"], strict=True):
        assert row["gradient"] == (each["gradient"] or "")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_in_other_dress(delimiter: str) -> None:
    text = delimiter.join(["x", "Who is it?", "z"]) + "\r\n" + delimiter.join(["-4", "Zoë", "2"]) + "\r\n"
    graph = Program("(x+y)*z").graph()
    (one,) = mark(graph, {"x": -2, "y": 5, "z": -4}, text)
    assert one.student == "Zoë"
    assert [verdict.right for verdict in one.verdicts] == [True, False]
    assert is_table(text)


def test_formulas_of_a_class_need_no_point() -> None:
    (one,) = mark(Program(SOURCE).graph(), {}, "who,q,z\nAda,z,y\n")
    assert [verdict.right for verdict in one.verdicts] == [True, False]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x,z\n1,2\n", "here no such are none"),
        ("who,w,x\nAda,1,2\n", "here no such are 'who', 'w'"),
        ("who,x,x\nAda,1,2\n", "two columns of --claims have the same name"),
        ("who,x\n", "--claims holds no claim"),
    ],
)
def test_what_is_no_class(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "c.csv").write_text(text)
    result = run("check", "(x+y)*z", *AT, "--claims", str(tmp_path / "c.csv"))
    assert (result.status, result.out) == (2, "")
    assert message in result.err


def test_each_verdict_is_that_of_a_single_check() -> None:
    graph, point = Program(SOURCE).graph(), {"x": -2.0, "y": 5.0, "z": -4.0}
    trace = backprop(SOURCE, point)
    gradients = {node.name: trace.upstream[node.position] for node in trace.graph.nodes}
    text = "who," + ",".join(gradients) + "\nAda," + ",".join(map(str, gradients.values())) + "\n"
    (one,) = mark(graph, point, text)
    assert [verdict.right for verdict in one.verdicts] == [True] * len(gradients)
    assert one.verdicts == judge(graph, point, {name: str(value) for name, value in gradients.items()})


def test_a_large_class_is_marked_in_time() -> None:
    rows = [f"s{i},{i},{i % 7}*z + {i}*x,{i}*q" for i in range(60)]
    (*marked,) = mark(Program(SOURCE).graph(), {"x": -2, "y": 5, "z": -4}, "\n".join(["who,x,q,z", *rows]))
    assert len(marked) == 60
