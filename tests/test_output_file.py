"""`-o`, `--format` and `--json` mean the same in every command that prints a result; nothing is dropped silently."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from backprop_cli.cli.options import OPTIONS
from backprop_cli.view import SUFFIXES
from support.command import run

LINES: dict[str, list[str]] = {
    "eval": ["x*y", "--x", "2", "--y", "3"],
    "points": ["x*y", "points.csv"],
    "explain": ["x*y", "--x", "2", "--y", "3"],
    "derive": ["x*y"],
    "check": ["x*y", "--x", "2", "--y", "3"],
    "code": ["x*y"],
    "graph": ["x*y", "--x", "2", "--y", "3"],
    "page": ["x*y", "--x", "2", "--y", "3"],
    "minimize": ["x*x + y", "--start", "x=2", "--y", "3"],
    "fit": ["a*x", "--target", "y", "--data", "points.csv", "--start", "a=1"],
    "ops": ["exp"],
}
FORMATS = {each: option for option in OPTIONS if option.name == "--format" for each in option.commands}
PAIRS = [(command, form) for command, option in FORMATS.items() for form in option.choices]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "points.csv").write_text("x,y\n1,2\n")
    return tmp_path


def test_every_command_with_results_is_here() -> None:
    assert (
        {each for option in OPTIONS if option.name == "--output" for each in option.commands} == {*LINES} == {*FORMATS}
    )


@pytest.mark.parametrize(
    ("command", "form"), [pair for pair in PAIRS if pair[1] not in ("png", "pdf", "svg", "parquet")]
)
def test_a_file_has_what_a_pipe_has(command: str, form: str, folder: Path) -> None:
    """Under a name that tells the format, or with --format."""
    claim = ["--claim", "x=3"] if (command, form) == ("check", "csv") else []  # which is for verdicts
    one = ["--reduce", "sum"] if command == "points" and form in ("table", "markdown") else []
    words = [command, *LINES[command], *claim, *one, "--format", form]
    printed = run(*words)
    assert (printed.status, printed.err) == (0, "")
    assert run(*words, "-o", "-") == printed
    assert run(*words, "--output", "anything") == (0, "", "")
    assert (folder / "anything").read_text() == printed.out
    offered = FORMATS[command].choices
    of_end = {end: [each for each in forms.split() if each in offered] for end, forms in SUFFIXES.items()}
    ends = [end for end, forms in of_end.items() if forms[-1:] == [form]]
    for end in ends:
        assert run(*words[:-2], "-o", f"result{end}") == (0, "", "")
        assert read(folder / f"result{end}") == [*csv.reader(printed.out.splitlines())]
        assert (folder / f"result{end}").read_text() == printed.out or end == ".tsv"
    assert ends or form in ("numpy", "torch", "jax")


def read(path: Path) -> list[list[str]]:
    return [*csv.reader(path.read_text().splitlines(), delimiter="\t" if path.suffix == ".tsv" else ",")]


def test_columns_of_points_are_set_apart_as_the_name_of_the_file_says(folder: Path) -> None:
    (folder / "tabs.tsv").write_text("x\ty\n1\t2\n")
    (folder / "signs.csv").write_text("x;y\n1;2\n")
    (folder / "objects.jsonl").write_text('{"x": 1, "y": 2}\n')
    between = {"points.csv": ",", "tabs.tsv": ",", "signs.csv": ";", "objects.jsonl": ","}
    for name, sign in between.items():
        for end, expected in {".csv": sign, ".tsv": "\t"}.items():
            assert run("points", "x*y", name, "--get", "value", "-o", f"result{end}") == (0, "", ""), name
            assert (folder / f"result{end}").read_text().splitlines()[0] == expected.join(["x", "y", "value"]), name


@pytest.mark.parametrize("command", LINES)
def test_a_device_takes_what_is_printed_by_default(command: str) -> None:
    assert run(command, *LINES[command], "-o", os.devnull) == (0, "", "")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipe has a name here")
def test_a_pipe_with_a_name_takes_the_format_that_it_tells(folder: Path) -> None:
    for name, begins in {"c.dot": b"digraph", "c.mmd": b"flowchart", "c.pipe": b"f = x * y"}.items():
        os.mkfifo(folder / name)
        pipe = os.open(folder / name, os.O_RDWR)  # so that neither side waits for the other
        assert run("graph", "x*y", "-o", name) == (0, "", "")
        assert begins in os.read(pipe, 10_000), name
        os.close(pipe)


@pytest.mark.parametrize("command", LINES)
def test_a_name_that_tells_no_format(command: str, folder: Path) -> None:
    result = run(command, *LINES[command], "-o", "result.xyz")
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("error: the name 'result.xyz' does not say which format\nhint: names end in ")
    assert not (folder / "result.xyz").exists()


@pytest.mark.parametrize("command", [each for each, option in FORMATS.items() if "json" in option.choices])
def test_json_is_a_format_everywhere(command: str) -> None:
    words = [command, *LINES[command]]
    printed = run(*words, "--json")
    assert printed.status == 0
    assert run(*words, "--format", "json") == printed == run(*words, "--json", "--format=json", "--json")


CONTRADICTIONS = [
    ["--json", "--format", "csv"],
    ["--format", "table", "--json"],
    ["--format", "markdown", "--get", "x"],
    ["--get", "x", "--json"],
    ["--format", "csv", "--format", "json"],
    ["--wrt", "x", "--wrt", "y"],
]


@pytest.mark.parametrize("words", CONTRADICTIONS, ids=" ".join)
def test_what_contradicts_itself_is_an_error(words: list[str]) -> None:
    result = run("eval", *LINES["eval"], *words)
    assert (result.status, result.out) == (2, "")
    assert "contradict each other" in result.err


def test_bare_numbers_go_to_any_file(folder: Path) -> None:
    assert run("eval", *LINES["eval"], "--get", "x", "-o", "number") == (0, "", "")
    assert (folder / "number").read_text() == "3.0\n"


def test_points_that_fail_leave_the_file_as_it_was(folder: Path) -> None:
    (folder / "points.csv").write_text("x,y\n1,2\n1,z\n")
    (folder / "old.csv").write_text("old")
    assert run("points", *LINES["points"], "-o", "old.csv").status == 2
    assert (folder / "old.csv").read_text() == "old"
    assert run("points", *LINES["points"], "-o", "old.csv", "--on-error", "skip").status == 1
    assert (folder / "old.csv").read_text() == "x,y,value,gradient.x,gradient.y\n1,2,2.0,2.0,1.0\n"
    assert sorted(path.name for path in folder.iterdir()) == ["old.csv", "points.csv"]


DIGITS = {
    "eval x/3 --x 1": "x/3 = 0.333\n",
    "explain x/3 --x 1": "0.333",
    "graph x/3 --x 1": "0.333 ",
    "code x/3 --x 1": "f becomes 0.333\n",
    "code x/3 --x 1 --to latex": "0.333",
}


@pytest.mark.parametrize("line", DIGITS)
def test_digits_are_those_that_are_shown(line: str) -> None:
    found = run(*line.split(), "--digits", "3")
    assert found.status == 0
    assert DIGITS[line] in found.out
    assert "0.3333" not in found.out
