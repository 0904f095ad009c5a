"""What is read has limits, told as soon as they are passed; within them, an answer or an error takes at most 1 GB."""

from __future__ import annotations

import itertools
import json
import resource
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import NamedTuple

import pytest

from backprop_cli import backprop
from backprop_cli.errors import InputError
from backprop_cli.language.tokens import MAX_CHARACTERS
from backprop_cli.points.rows import MAX_LINE, MAX_RECORD
from backprop_cli.runtime.streams import MAX_BYTES
from support.command import Result, command, environment, run
from support.suites import thinned

GIGABYTE = 1_000_000_000
SECONDS = 240
"""What none of these may take, however busy the machine is. Whatever reads for ever takes longer."""


def within(*words: str, fed: Iterable[bytes] = ()) -> Result:
    """`backprop words…` in a process that has a gigabyte of addresses, with these pieces on standard input."""
    ended = time.monotonic() + SECONDS
    with TemporaryFile() as out, TemporaryFile() as err:  # where a pipe would have to be read meanwhile
        with subprocess.Popen(
            command(*words),
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=err,
            env=environment({"BACKPROP_NO_CACHE": "1"}),
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (GIGABYTE, GIGABYTE)),
        ) as process:
            assert process.stdin is not None
            with suppress(BrokenPipeError), process.stdin as source:  # it has seen enough
                for piece in fed:
                    assert time.monotonic() < ended, "it reads for ever"
                    source.write(piece)
            status = process.wait(SECONDS)
        out.seek(0)
        err.seek(0)
        return Result(status, out.read().decode(), err.read().decode())


# -- What never ends -----------------------------------------------------------------------------------------------


def endless(head: str, piece: str) -> Iterator[bytes]:
    """A head, and then the same for ever, in pieces that fit a pipe."""
    return itertools.chain([head.encode()], itertools.repeat(piece.encode() * (60_000 // len(piece.encode()))))


class Endless(NamedTuple):
    head: str
    piece: str
    message: str
    """What the first line of the error ends with."""
    words: tuple[str, ...] = ("points", "x*y", "-")


LINE, RECORD, BYTES = (f"is longer than {limit:,} bytes" for limit in (MAX_LINE, MAX_RECORD, MAX_BYTES))
ENDLESS = {
    "a record": Endless('x,y\n1,2\n3,"', '","\n', f"the record that begins on line 3 {RECORD}"),
    "a record of one field a line": Endless('x,y\n1,"', "\n", "field larger than field limit (131072)"),
    "a header": Endless('\nx,"', '","\n', f"the record that begins on line 2 {RECORD}"),
    "a line of a table": Endless("x,y\n1,2\n", "3", f"the line {LINE}"),
    "a line of zeros": Endless("", "\0", f"line 1: the line {LINE}"),
    "an object": Endless('{"x": 1, "y": 2}\n{', '"a": 1, ', f"the line {LINE}"),
    "the first object": Endless("{", '"a": 1, ', f"line 1: the line {LINE}"),
    "an expression": Endless("x", " + x", f"the expression {BYTES}", ("eval", "-")),
    "a program": Endless("", ";", f"--file {BYTES}", ("eval", "--file", "-")),
    "a point": Endless("{", '"a": 1, ', f"--at {BYTES}", ("eval", "x*y", "--at", "-")),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_what_never_ends_is_refused_at_once(name: str) -> None:
    head, piece, message, words = ENDLESS[name]
    result = within(*words, fed=endless(head, piece))
    assert result.status == 2
    assert result.err.splitlines()[0].endswith(message)
    assert result.err.startswith("error: ")


@pytest.mark.parametrize("words", [["points", "x"], ["eval", "--file"], ["eval", "x", "--at"]], ids=" ".join)
def test_a_device_that_never_ends_is_refused_at_once(words: list[str]) -> None:
    result = within(*words, "/dev/zero")
    assert result.status == 2
    assert result.err.endswith("is longer than 4,000,000 bytes\n")


def test_where_a_record_has_been_given_up_the_next_line_begins_one() -> None:
    text = b'x,y\n1,2\n3,"' + b'","\n' * (MAX_RECORD // 4 + 9) + b"5,6\n"
    result = run("points", "x*y", "-", "--on-error", "skip", "--get", "value", stdin=text)
    assert result.out.splitlines() == ["x,y,value", "1,2,2.0", "5,6,30.0"]
    assert result.err.splitlines()[0] == f"error: line 1000002: the record that begins on line 3 {RECORD}"


@pytest.mark.parametrize("size", [MAX_LINE - 3, MAX_LINE + 5, MAX_LINE * 2, MAX_LINE * 3 + 7])
def test_the_rest_of_a_long_line_is_no_point(size: int) -> None:
    head, good = '{"x": 1, "y": 2}', '{"x": 3, "y": 4}'
    text = f"{head}\n{head[:-1]}{' ' * (size - len(head))}}}\n{good}\n"
    result = run("points", "x*y", "-", "--on-error", "skip", "--get", "value", stdin=text)
    assert [json.loads(line)["value"] for line in result.out.splitlines()] == (
        [2.0] + [2.0] * (size < MAX_LINE) + [12.0]
    )
    assert result.err == ("" if size < MAX_LINE else f"error: line 2: the line {LINE}\n1 of 3 points left out\n")


def test_a_long_line_inside_a_record_counts_once() -> None:
    text = f'x,y\n1,"\n{"3" * (MAX_LINE * 2)}\n5,6\n'
    result = run("points", "x*y", "-", "--on-error", "skip", "--get", "value", stdin=text)
    assert result.out.splitlines() == ["x,y,value", "5,6,30.0"]
    assert result.err == f"error: line 3: the line {LINE}\n1 of 2 points left out\n"


# -- What ends, within the limits ----------------------------------------------------------------------------------


def stages(count: int, body: str = "x*{}") -> str:
    """Stages with short names, each on the one before."""
    names = [f"a{i:x}" for i in range(count)]
    return (
        "".join(f"{name}={body.format(before)};" for name, before in zip(names, ["x", *names], strict=False))
        + names[-1]
    )


LARGE = {
    "comment lines": "f = x\n" + "#\n" * 450_000,
    "comments in a call": "f = (sin" + "# c\n" * 220_000 + "(x))",
    "comments at the beginning": "# c\n" * 220_000 + "q = x\nf = q",
    "empty lines": "f = x\n" + "\n" * 900_000,
    "semicolons": "f = x" + ";" * 900_000,
    "names": "f = " + "x+\n" * 30_000 + "x",
}
LARGER = {
    "stages": stages(65_000),
    "stages that are names": stages(75_000, "{}"),
    "sums": ";".join(f"a{i} = {'+'.join(['x'] * 49_000)}" for i in range(9)) + ";a0+a1+a2+a3+a4+a5+a6+a7+a8",
    "powers": ";".join(f"a{i} = {'x**' * 30_000}x" for i in range(9)) + ";a0+a1+a2+a3+a4+a5+a6+a7+a8",
}
"""Programs of nearly as many characters as there may be."""


def evaluated(program: str, path: Path) -> Result:
    path.write_text(program)
    return within("eval", "--file", str(path), "--x", "1", "--get", "value", "--time-limit", "30")


@pytest.mark.parametrize("name", thinned(LARGE, 2))
def test_a_large_program_takes_little(name: str, tmp_path: Path) -> None:
    result = evaluated(LARGE[name], tmp_path / "program.txt")
    assert (result.status, result.err) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [pytest.param(each, marks=pytest.mark.exhaustive) if each != "sums" else each for each in LARGER]
)
def test_a_program_of_much_work_takes_no_more_memory(name: str, tmp_path: Path) -> None:
    result = evaluated(LARGER[name], tmp_path / "program.txt")
    assert result.status == 0 or "takes longer than 30 seconds" in result.err


@pytest.mark.parametrize("text", [";", "#\n", "q = x\n", "\n", "(", "x + "])
def test_a_program_has_a_limit(text: str) -> None:
    source = "f = x\n" + text * (MAX_CHARACTERS // len(text))
    started = time.process_time()
    with pytest.raises(
        InputError, match=rf"^error: the program has {len(source):,} characters; the limit is 1,000,000$"
    ):
        backprop(source, x=1)
    assert time.process_time() - started < 1


LINES = [
    "[" * (MAX_LINE - 100),
    '{"x": 1, "a": ' + "[" * (MAX_LINE - 100),
    '{"x": 1, "a": [' + "[], " * (MAX_LINE // 4 - 100) + "[]]}",
    '{"x": 1, ' + ", ".join(f'"{i:x}": 1' for i in range(330_000)) + "}",
    '{"x": "' + "1" * (MAX_LINE - 100) + '"}',
    '{"x": ' + "1" * (MAX_LINE - 100) + "}",
    '{"x": 1, "a": "' + "\\u0000" * (MAX_LINE // 6 - 100) + '"}',
    "x," + ",".join(f"{i:x}" for i in range(570_000)) + "\n1" + ",1" * 570_000,
    "x," + "," * (MAX_LINE - 100) + "\n1",
    "x\n" + "," * (MAX_LINE - 100),
]
"""Lines of nearly as many bytes as there may be."""


@pytest.mark.parametrize(
    "line",
    [*LINES[:2], *(pytest.param(each, marks=pytest.mark.slow) for each in LINES[2:])],
    ids=lambda line: repr(line[:20]),
)
def test_a_long_line_takes_little(line: str) -> None:
    result = within("points", "x", "-", fed=iter([line.encode(), b"\n"]))
    assert result.status in (0, 1, 2)
    assert "Traceback" not in result.err


def test_the_limits_are_those_of_the_docs() -> None:
    page = (Path(__file__).parent.parent / "docs/cli.md").read_text("utf-8")
    for limit in (f"{MAX_CHARACTERS:,} characters", f"{MAX_LINE:,} bytes", f"{MAX_BYTES:,} bytes"):
        assert limit in page
