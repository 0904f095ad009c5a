"""Plain calls run without click, and nobody can tell: `plain_call.run` declines, or says what the command says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from backprop_cli.cli import plain_call
from support.checks import by_quick, check_call
from support.lines import LINES
from support.transcripts import FILES, read

PLAIN = ["eval", "(x+y)*z", "--x", "-2", "--y=5", "--z", "-4"]


@pytest.mark.parametrize(
    "more",
    [
        [],
        ["--json"],
        ["--format", "csv"],
        ["--format=markdown", "--digits", "3"],
        ["--get", "value", "--get=x"],
        ["--wrt", "x, y", "--ties", "first", "--allow-nonfinite"],
        ["--expand"],
        ["--at", '{"x": 7}'],
        ["--set", "x1=2"],
        ["--json", "--format", "table"],
        ["--json", "--json"],
        ["--digits", "0003"],
        ["--digits", "+3"],
        ["--digits", " 3"],
        ["--digits", "1_0"],
        ["--digits", "١"],
        ["--time-limit", "2.5"],
        ["--time-limit", "0"],
        ["--time-limit", "nan"],
        ["--json=1"],
        ["--wrt"],
        ["--wrt", "x", "--wrt", "y"],
        ["y"],
        ["--x", "3"],
        ["--no-such-option"],
    ],
    ids=" ".join,
)
def test_what_is_plain(more: list[str]) -> None:
    """So that the tests below test something."""
    assert check_call([*PLAIN, *more])


@pytest.mark.parametrize(
    "more",
    [
        ["--digits", "0"],
        ["--digits", "10001"],
        ["--digits", "3.5"],
        ["--digits="],
        ["--digits", "100000000003"],
        ["--ties", "none"],
        ["--ties", "Both"],
        ["--ties", ""],
        ["--format", "yaml"],
        ["--format", "JSON"],
        ["--time-limit", "soon"],
        ["--precision", "20"],
        ["--exact"],
        ["--hessian"],
        ["--file", "x"],
        ["--no-cache"],
        ["-h"],
        ["--help"],
    ],
    ids=" ".join,
)
def test_what_is_left_to_the_command(more: list[str]) -> None:
    assert by_quick([*PLAIN, *more]) is None


@pytest.mark.parametrize("words", [[], ["explain", "x", "--x", "1"], ["--help"], ["x"], ["evaluate"]])
def test_other_commands_are_not_plain(words: list[str]) -> None:
    assert by_quick(words) is None


@pytest.mark.parametrize("words", LINES, ids=lambda words: " ".join(words).replace("\n", "; "))
def test_lines_of_every_kind(words: list[str]) -> None:
    check_call(words)


@pytest.mark.parametrize("path", [path for path in FILES if "long" not in path.stem], ids=lambda path: path.stem)
def test_errors(path: Path) -> None:
    case = read(path)
    check_call(case.words, case.stdin)


EXPRESSIONS = [
    "x",
    "x*y",
    "(x+y)*z",
    "-x",
    "--x",
    "- x",
    "e*x",
    "max(x, y)",
    "log(x)",
    "1/x",
    "2*pi",
    "q = x*x; q*y",
    "f = x + json",
    "m(t) = t*t; m(x)",
    "sigmoid(x)",
    "value*x",
    "x_1 + σ",
    "",
    " ",
    "x +",
    "sine(x)",
    "-",
    "{}",
    "x\ny",
    "x-1",
]
NUMBERS = [
    "1",
    "-2",
    "0",
    "1/3",
    "-pi/4",
    "2e-3",
    "1e400",
    "nan",
    "inf",
    "",
    " ",
    "x",
    "1/0",
    "−2",
    "--",
    "-",
    "٣",
    "0x10",
]
NAMES = [
    "x",
    "y",
    "z",
    "σ",
    "x_1",
    "e",
    "json",
    "value",
    "t",
    "q",
    "X",
    "x.y",
    "x-y",
    "1",
    "jsn",
    "format",
    "ﬁ",
    "_",
    "wrt",
]
WRONG = [
    "--jsn",
    "--format-x",
    "--no_cache",
    "--getx",
    "-x",
    "-x=1",
    "--",
    "--=",
    "--=1",
    "---x",
    "-",
    "--1=2",
    "--x-y",
    "--X.Y=1",
]
POINTS = [
    '{"x": 1, "y": 2}',
    '{"x": "1/3"}',
    '{"point": {"x": 2, "z": 1}}',
    "{",
    "[]",
    '{"x": null}',
    '{"x": 1, "x": 2}',
    "-",
    "/nowhere",
    "/dev/null",
    "\0",
    "",
    '{"e": 1}',
    '{"x": 1e999}',
    '{"ｘ": 3}',
    "[1]",
]

TIES, FORMS = ["both", "split", "first", "none", "", "BOTH"], ["table", "json", "csv", "markdown", "yaml", "", "Json"]
DIGITS = ["1", "3", "17", "10000", "10001", "0", "-1", "x", "", "1e3", "²", "00012", "９"]


def option(name: str, values: Sequence[str]) -> st.SearchStrategy[list[str]]:
    """`--name value`, `--name=value`, now and then without a value, or with one that is of no use."""
    value = st.sampled_from(values)
    return st.one_of(
        value.map(lambda text: [name, text]),
        value.map(lambda text: [f"{name}={text}"]),
        st.just([name]) if name != "--at" else value.map(lambda text: [name, text]),
    )


BINDINGS = st.tuples(st.sampled_from(NAMES), st.sampled_from(NUMBERS), st.integers(0, 3)).map(
    lambda each: [
        [f"--{each[0]}", each[1]],
        [f"--{each[0]}={each[1]}"],
        ["--set", f"{each[0]}={each[1]}"],
        [f"--set= {each[0]} ={each[1]}"],
    ][each[2]]
)
PIECES = st.one_of(
    st.sampled_from(EXPRESSIONS).map(lambda text: [text]),
    BINDINGS,
    BINDINGS,
    st.sampled_from(["--json", "--expand", "--allow-nonfinite"]).map(lambda text: [text]),
    option("--ties", TIES),
    option("--format", FORMS),
    option("--digits", DIGITS),
    option("--get", ["value", "x", "y", "q", "f", "e", "", "σ", "value=1"]),
    option("--wrt", ["x", "x,y", "x, σ", "", "q", "nobody", "x,,y", "x y"]),
    option("--at", POINTS),
    st.sampled_from([*sorted(plain_call.LEFT), "--json=1", "--expand=", "--precision=5", "--no-cache=1"]).map(
        lambda text: [text]
    ),
    st.sampled_from(WRONG).map(lambda text: [text]),
    st.text(max_size=4).map(lambda text: [text]),
)
GOOD = st.tuples(
    st.sampled_from(EXPRESSIONS[:16]),
    st.permutations(
        [["--x", "1"], ["--y=2"], ["--z", "3/2"], ["--set", "json=4"], ["--σ", "5"], ["--x_1=6"], ["--t", "0"]]
    ),
).map(lambda each: [each[0], *(word for pair in each[1][: 1 + len(each[0]) % 5] for word in pair)])
COMMANDS = st.tuples(st.one_of(GOOD, st.just([])), st.lists(PIECES, max_size=4)).map(
    lambda each: ["eval", *each[0], *(word for piece in each[1] for word in piece)]
)


@settings(max_examples=400, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(COMMANDS, st.sampled_from([b"", b"x*y", b'{"x": 1, "y": 2, "z": 3}', b"\xff", b"x\n"]))
@example(["eval", "x", "--x", "1", "--at", "-"], b'{"x": 2}')
@example(["eval", "-", "--at", "-"], b"x")
@example(["eval", "x", "--x", "1", "--wrt", "-2"], b"")
def test_any_words(words: list[str], stdin: bytes) -> None:
    check_call(words, stdin)


@settings(max_examples=100, deadline=None, database=None)
@given(st.lists(st.text(st.characters(exclude_categories=()), max_size=6), max_size=5))
def test_any_text(words: list[str]) -> None:
    check_call(["eval", "x*y", "--x=1", *words])


def test_a_document_from_standard_input() -> None:
    first = by_quick([*PLAIN, "--json"])
    assert first is not None
    assert check_call(["eval", "x*y + z", "--at", "-", "--get", "value"], first.out.encode())
    assert json.loads(first.out)["value"] == -12
