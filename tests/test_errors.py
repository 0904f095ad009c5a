"""Every kind of error, compared as whole text: one file of `errors/` for each.

A file is a transcript: lines `< …` are standard input, a line `$ backprop …` is the command as a shell reads it, then
comes standard error, exactly, and `[exit N]`. Standard output is empty. What cannot stand in a file is written
`{text * COUNT}` with Python's escapes in the text: `{x+ * 60000}`, `{\\n * 1}`, and `{\\udcff * 1}` for the byte FF.

    python tests/test_errors.py [NAME …]    writes what the program says now into these files (all, without a name).

Read each change before it is committed: the text has to be clear and kind, and the caret under the right place.
"""

from __future__ import annotations

import functools
import re
import shlex
import sys
import unicodedata
from pathlib import Path
from typing import NamedTuple

import pytest
from test_cli import Result, run, streams

from backprop_cli.cli.commands import cli
from backprop_cli.errors import BackpropError
from backprop_cli.rules import table as ops

FILES = sorted((Path(__file__).parent / "errors").glob("*.txt"))
NAMES = [path.stem for path in FILES]


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


def transcript(result: Result) -> str:
    return f"{result.err}[exit {result.status}]\n"


CASES = dict(zip(NAMES, map(read, FILES), strict=True))


def test_there_is_a_file_for_each_kind() -> None:
    assert len(FILES) >= 60
    for op in ops.TABLE:
        kinds = [name for name in NAMES if name.startswith(f"domain-{op.name}")]
        assert kinds or not op.domain, f"no file shows {op.name} outside of its domain ({op.domain})"


@functools.cache
def result_of(name: str) -> Result:
    return run(*CASES[name].words, stdin=CASES[name].stdin)


@pytest.mark.parametrize("name", NAMES)
def test_whole_text(name: str) -> None:
    result = result_of(name)
    assert transcript(result) == CASES[name].expected
    assert result.out == ""


@pytest.mark.parametrize("name", NAMES)
def test_shape(name: str) -> None:
    """One sentence, where it is, and a hint, for the terminal of a person."""
    case = CASES[name]
    result = result_of(name)
    assert result.status in (1, 2)
    assert "Traceback" not in result.err
    lines = [line for line in result.err.splitlines() if not line.startswith("warning: ")]
    assert lines[0].startswith("error: ")
    assert all(line.startswith(("  ", "hint: ")) for line in lines[1:])
    assert len(lines) <= (5 if len(lines) > 1 and PLACE(lines[1]) else 4)
    message = lines[0].removeprefix("error: ")
    assert not message.endswith((".", "!", "?", " ")), "a message ends without a full stop"
    assert not re.search(r"[.!?] [A-Z]", message), "a message is one sentence"
    assert message[0].islower() or not message[0].isalpha() or message.split()[0] in case.words
    assert all(c.isprintable() for c in "".join(lines)), "nothing may reach the terminal's control sequences"


@functools.cache
def raised(name: str) -> BackpropError | None:
    """The error itself, where it has a place in a source; None where it has not, and where click complains."""
    case = CASES[name]
    with streams(case.stdin):
        try:
            cli.main(args=case.words, prog_name="backprop", standalone_mode=False)
        except BackpropError as error:
            return error if error.span is not None and error.source.strip() else None
        except Exception:  # click's own kinds
            return None
    return None


PLACE = re.compile(r"  (.*, )?line \d+, column \d+:").fullmatch
"""What stands above the line of the source, where the source has several."""


def drawing(error: BackpropError) -> tuple[str, str]:
    """The line of the source, and the line of carets."""
    _, line, carets, *_ = (line for line in str(error).splitlines() if not PLACE(line))
    return line, carets


def columns(text: str) -> list[str]:
    """What stands in each column of a terminal; the second column of a wide character is empty."""
    cells: list[str] = []
    for character in text:
        wide = unicodedata.east_asian_width(character) in "WF"
        if unicodedata.combining(character):
            cells[-1] += character
        else:
            cells += [character, ""] if wide else [character]
    return cells


def escaped(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


@pytest.mark.parametrize("name", NAMES)
def test_carets_stand_under_the_place(name: str) -> None:
    error = raised(name)
    if error is None:
        assert not re.search(r"^ *\^+$", CASES[name].expected, re.MULTILINE)
        return
    assert error.span is not None
    start, end = error.span
    assert 0 <= start < end <= len(error.source) + 1  # the end of the text is a place, too
    line, carets = drawing(error)
    assert set(carets.strip()) == {"^"}
    marked = "".join(columns(line)[carets.index("^") : len(carets)])
    place = escaped(error.source[start:end].partition("\n")[0])
    if place.strip():
        assert marked.rstrip("…") == place[: len(marked.rstrip("…"))]
        assert marked == place or len(place) > 60, "only a very long place may be cut"
    else:  # what is missing at the end has no character: the caret stands behind the last one
        assert (marked, carets.strip()) == ("", "^")
        assert carets.index("^") <= len(columns(line)) + 1


@pytest.mark.parametrize("name", NAMES)
def test_drawing_fits_a_terminal(name: str) -> None:
    """A line that wraps takes the caret away from its place."""
    error = raised(name)
    if error is not None:
        line, carets = drawing(error)
        assert max(len(columns(line)), len(carets)) <= 80


COMMANDS = {
    name: found[1]
    for name, case in CASES.items()
    if (found := re.search(r"^hint: (?:for example: )?backprop (.*)$", case.expected, re.MULTILINE))
}


@pytest.mark.parametrize("name", COMMANDS)
def test_suggested_command_runs(name: str) -> None:
    """Copied from the screen into the same shell, it works."""
    result = run(*shlex.split(COMMANDS[name]), stdin=CASES[name].stdin)
    assert (result.status, result.err.replace("warning: ", "").count("error")) == (0, 0)
    assert result.out


OPTIONS = {
    name: found[1]
    for name, case in CASES.items()
    if (found := re.search(r"^hint: (--wrt \S+) takes", case.expected, re.MULTILINE))
}


@pytest.mark.parametrize("name", OPTIONS)
def test_suggested_option_works(name: str) -> None:
    case = CASES[name]
    assert run(*case.words, *shlex.split(OPTIONS[name]), stdin=case.stdin).status == 0


def main(names: list[str]) -> None:
    """Write what the program says now into the files of these names."""
    for path in FILES:
        if path.stem in names or not names:
            case = read(path)
            text = transcript(run(*case.words, stdin=case.stdin))
            if text != case.expected:
                path.write_text(case.head + text, encoding="utf-8")
                print(case.head + text)


if __name__ == "__main__":
    main(sys.argv[1:])
