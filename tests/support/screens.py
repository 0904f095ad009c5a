"""Many commands on one terminal, whose width changes between them: what its screen shows, as text.

Run as a program, this file is what runs on the terminal.
"""

from __future__ import annotations

import fcntl
import json
import re
import struct
import sys
import termios
from pathlib import Path

from rich.cells import chop_cells

from .command import received

_END = "\x1e\n"
_SEQUENCE = re.compile(r"\x1b\[[?0-9;]*[A-Za-z]")


def screens(calls: list[tuple[int, list[str]]], folder: Path) -> list[str]:
    """For each call, a width and the words of a command, what the screen shows afterwards.

    folder: where the commands find their files. `>` as the last word throws standard output away.
    """
    program = [sys.executable, "-m", "support.screens", json.dumps(calls), str(folder)]
    shown = received(program, 80, PYTHONPATH=str(Path(__file__).parents[1]), BACKPROP_NO_CACHE="1")
    *texts, rest = shown.split(_END)
    assert not rest
    return [_screen(text, columns) for text, (columns, _) in zip(texts, calls, strict=True)]


def _screen(text: str, columns: int) -> str:
    """Lines as they stand on a screen: written over from a carriage return on, and broken where it ends."""
    lines = [_SEQUENCE.sub("", line.rpartition("\r")[2]) for line in text.removesuffix("\n").split("\n")]
    return "".join(f"{part.rstrip()}\n" for line in lines for part in chop_cells(line, columns) or [""])


def _run(columns: int, words: list[str]) -> None:
    from backprop_cli.cli import plain_call
    from backprop_cli.cli.commands import run_command

    fcntl.ioctl(2, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    terminal = sys.stdout
    if words[-1:] == [">"]:
        words, sys.stdout = words[:-1], Path("/dev/null").open("w", encoding="utf-8")  # noqa: SIM115
    if plain_call.run(words) is None:
        run_command(words)
    sys.stdout.flush()
    sys.stdout = terminal
    sys.stdout.write(_END)
    sys.stdout.flush()


if __name__ == "__main__":
    import os

    os.chdir(sys.argv[2])
    for each in json.loads(sys.argv[1]):
        _run(*each)
