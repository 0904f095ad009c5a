"""What is fuzzed: each target takes any bytes, and raises where something is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from backprop_cli import BackpropError
from backprop_cli.language.program import Program
from support.checks import check_at_a_point, check_call, check_text, comes_back
from support.command import run
from support.fuzz import VALID
from support.lines import LINES, PROGRAM


class Target(NamedTuple):
    """check: what raises; seeds: bytes to begin with."""

    check: Callable[[bytes], object]
    seeds: list[bytes]


def text(data: bytes) -> str:
    """Any text, lone surrogates too."""
    return data.decode("utf-8", "surrogateescape")


def program(data: bytes) -> None:
    """A graph, or an error that points into the text."""
    if check_text(text(data)):
        check_at_a_point(text(data))


WAITS = ("--precision", "--exact", "--hessian", "--time-limit", "--file")
"""Options that take long by right, or read a file."""


def plain_call(data: bytes) -> None:
    """The same by the plain way as by the other. NUL stands between the words."""
    words = text(data).split("\0")
    if not any(word.startswith(WAITS) for word in words):
        check_call(["eval", *words])


def points(data: bytes) -> None:
    """A line for each line, of which each can be read."""
    form = "--json" if data.startswith((b"{", b"\xef\xbb\xbf{")) else "--trace"
    result = run("points", "x*y", "-", "--on-error", "null", "--get", "value", form, stdin=data)
    assert result.status in (0, 1, 2)
    assert result.status == 0 or "error: " in result.err
    for line in result.out.splitlines() if form == "--json" else ():
        assert "value" in json.loads(line)


def cache(data: bytes) -> None:
    """What is remembered of a graph is that graph."""
    with suppress(BackpropError):
        comes_back(Program(text(data)).graph())


TARGETS = {
    "program": Target(program, [each.encode("utf-8", "surrogatepass") for each in VALID]),
    "plain_call": Target(plain_call, ["\0".join(words[1:]).encode() for words in LINES if words[0] == "eval"]),
    "points": Target(
        points,
        [
            b'{"x": 1, "y": 2}\n{"x": "1/3", "y": 1e400, "z": [1, null]}\n',
            b'x,y,"z"\r\n1,2,"a\nb"\r\n1/3,NaN,\r\n',
            b"\xef\xbb\xbfx,y\n1,2,3\n\n",
        ],
    ),
    "cache": Target(
        cache,
        [
            each.encode()
            for each in [PROGRAM, "x*y", "1/3 + x", "m(t, u) = t/u + 2; q = x; f = m(q, y) - m(2, 3)*q", "sum(x[1:])"]
        ],
    ),
}
