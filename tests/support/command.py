"""The command as tests run it: in this process, where it is fast, or in one of its own, behind pipes and terminals."""

from __future__ import annotations

import fcntl
import io
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple
from unittest import mock

from backprop_cli.cli import plain_call
from backprop_cli.cli.commands import run_command

PATIENCE = 300
"""Seconds after which a process is taken to hang, on a machine that has ever so much else to do. (Where it matters how
long something takes, it is processor time that counts: `bounded`.)"""


class Result(NamedTuple):
    status: int
    out: str
    err: str


def environment(changes: Mapping[str, str]) -> dict[str, str]:
    """This environment without what steers encodings, colours and widths, and with `changes`."""
    steering = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TERM", "LANG", "PYTHONIOENCODING", "PYTHONUTF8")
    kept = {name: text for name, text in os.environ.items() if name not in steering and not name.startswith("LC_")}
    return {**kept, "LC_ALL": "C.UTF-8", **changes}


@contextmanager
def streams(
    stdin: str | bytes = "", encoding: str = "utf-8", *, together: bool = False
) -> Iterator[tuple[io.BytesIO, io.BytesIO]]:
    """Standard streams as those of a pipe, for what runs inside; gives what standard output and error receive.

    together: whether both go to one place.
    """
    source = io.BufferedReader(io.BytesIO(stdin.encode() if isinstance(stdin, str) else stdin))  # as a pipe is
    out = io.BytesIO()
    err = out if together else io.BytesIO()
    # Kept in names: a wrapper that is collected closes its buffer.
    wrapped = [io.TextIOWrapper(each, encoding=encoding, write_through=True) for each in (source, out, err)]
    files = mock.patch.multiple(sys, stdin=wrapped[0], stdout=wrapped[1], stderr=wrapped[2])
    with files, mock.patch.dict(os.environ, environment({}), clear=True):
        yield out, err
    for each in wrapped:
        each.detach()


def run(*words: str, stdin: str | bytes = "", encoding: str = "utf-8") -> Result:
    """`backprop words…` in this process."""
    with streams(stdin, encoding) as (out, err):
        status = run_command(words)
    return Result(status, out.getvalue().decode(encoding), err.getvalue().decode(encoding))


def evaluate(*words: str, stdin: str | bytes = "", encoding: str = "utf-8") -> str:
    """Standard output of `backprop eval words…`, which succeeds."""
    result = run("eval", *words, stdin=stdin, encoding=encoding)
    assert result.status == 0, result.err
    return result.out


def document(*words: str, stdin: str | bytes = "") -> dict[str, Any]:
    data: dict[str, Any] = json.loads(evaluate("--json", *words, stdin=stdin))
    return data


def call(*words: str, stdin: str | bytes = "", together: bool = False) -> Result:
    """`backprop words…` in this process, as `__main__` runs it. together: whether errors go where the output goes."""
    with streams(stdin, together=together) as (out, err):
        status = plain_call.run(words)
        if status is None:
            status = run_command(words)
    return Result(status, out.getvalue().decode(), err.getvalue().decode())


def command(*words: str | bytes) -> list[str | bytes]:
    return [sys.executable, "-m", "backprop_cli", *words]


def bounded(seconds: int, words: Sequence[str | bytes]) -> list[str | bytes]:
    """The command line of a process that the system ends after so much processor time."""
    return ["sh", "-c", f'ulimit -t {seconds}; exec "$@"', "sh", *words]


def process(*words: str | bytes, redirect: str = "", **changes: str) -> subprocess.CompletedProcess[bytes]:
    """The command behind a shell's redirection; `changes` are environment variables."""
    shell = ["sh", "-c", f'exec "$@" {redirect}', "sh", *command(*words)]
    env = environment(changes)
    return subprocess.run(shell, input=b"", capture_output=True, env=env, timeout=PATIENCE, check=False)


def on_a_terminal(*words: str, columns: int = 80, **changes: str) -> str:
    """What a terminal of that width receives from the command."""
    return received(command(*words), columns, **changes)


def received(words: Sequence[str | bytes], columns: int, **changes: str) -> str:
    """What a terminal of that width receives from a program that succeeds."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    # Without the translation of line ends that a terminal makes.
    settings = termios.tcgetattr(theirs)
    settings[1] &= ~termios.OPOST
    termios.tcsetattr(theirs, termios.TCSANOW, settings)
    env = environment({"TERM": "xterm-256color", **changes})
    with subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs, env=env) as process:
        os.close(theirs)
        text = b""
        while True:
            try:
                chunk = os.read(ours, 65536)
            except OSError:  # Linux: the other end is closed
                break
            if not chunk:
                break
            text += chunk
        os.close(ours)
        assert process.wait(PATIENCE) == 0
    return text.decode()


SEQUENCE = re.compile(r"\x1b\[([0-9;]*)m")


def plain(text: str) -> str:
    return SEQUENCE.sub("", text)
