"""Transcripts of errors: the files of `errors/`, taken apart.

A file holds: lines `< …`, which are standard input, a line `$ backprop …`, the command as a shell reads it, then
standard error, exactly, and `[exit N]`. Standard output is empty. What cannot stand in a file is written
`{text * COUNT}` with Python's escapes in the text: `{x+ * 60000}`, `{\\n * 1}`, and `{\\udcff * 1}` for the byte FF.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import NamedTuple

FILES = sorted((Path(__file__).parents[1] / "errors").glob("*.txt"))


class Case(NamedTuple):
    """A transcript, taken apart: words of the command without `backprop`; expected is what follows the command."""

    head: str
    words: list[str]
    stdin: bytes
    expected: str


def read(path: Path) -> Case:
    text = path.read_text(encoding="utf-8")
    found = re.match(r"((?:< .*\n)*)\$ backprop ?(.*)\n", text)
    assert found, f"{path.name} does not begin with a command"
    lines = "".join(f"{expand(line.removeprefix('< '))}\n" for line in found[1].splitlines())
    words = [expand(word) for word in shlex.split(found[2])]
    return Case(found[0], words, lines.encode("utf-8", "surrogateescape"), text[found.end() :])


def expand(text: str) -> str:
    """`{ab * 3}` → ababab."""

    def repeated(found: re.Match[str]) -> str:
        return found[1].encode("latin-1", "backslashreplace").decode("unicode_escape") * int(found[2])

    return re.sub(r"\{([^{}]+) \* (\d+)\}", repeated, text)
