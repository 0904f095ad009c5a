"""Every kind of error, compared as whole text: one file of `errors/` for each.

    python tests/test_errors.py [NAME …]    writes what the program says now into these files (all, without a name).

Read each change before it is committed: the text has to be clear and kind, and the caret under the right place.
"""

from __future__ import annotations

import re
import shlex
import sys
import unicodedata

import pytest

from backprop_cli.cli.commands import cli
from backprop_cli.errors import BackpropError
from support.command import Result, run, streams
from support.rows import NUMERIC
from support.transcripts import FILES, Case, read

NAMES = [path.stem for path in FILES]


def transcript(result: Result) -> str:
    return f"{result.err}[exit {result.status}]\n"


CASES = dict(zip(NAMES, map(read, FILES), strict=True))


@pytest.mark.slow
def test_every_domain_has_a_transcript() -> None:
    assert len(FILES) >= 60
    for op in NUMERIC:
        kinds = [name for name in NAMES if name.startswith(f"domain-{op.name}")]
        assert kinds or not op.domain, f"no file shows {op.name} outside of its domain ({op.domain})"


@pytest.mark.parametrize("name", NAMES)
def test_transcript(name: str) -> None:
    """The whole text is the one that is kept; it is one sentence, where it is, and a hint; the carets stand right."""
    case = CASES[name]
    result = run(*case.words, stdin=case.stdin)
    assert transcript(result) == case.expected
    assert result.out == ""
    check_shape(result, case)
    error = raised(case)
    if error is None:
        assert not re.search(r"^ *\^+$", case.expected, re.MULTILINE)
    else:
        check_carets(error)
    check_hints(case)


def check_shape(result: Result, case: Case) -> None:
    """One sentence, where it is, and a hint, for the terminal of a person."""
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


PLACE = re.compile(r"  (.*, )?line \d+, column \d+:").fullmatch
"""What stands above the line of the source, where the source has several."""


def raised(case: Case) -> BackpropError | None:
    """The error itself, where it has a place in a source; None where it has not, and where click complains."""
    with streams(case.stdin):
        try:
            cli.main(args=case.words, prog_name="backprop", standalone_mode=False)
        except BackpropError as error:
            return error if error.span is not None and error.source.strip() else None
        except Exception:  # click's own kinds
            return None
    return None


def check_carets(error: BackpropError) -> None:
    """They stand under the place, and the drawing fits a terminal: a line that wraps takes the caret away from it."""
    assert error.span is not None
    start, end = error.span
    assert 0 <= start < end <= len(error.source) + 1  # the end of the text is a place, too
    _, line, carets, *_ = (line for line in str(error).splitlines() if not PLACE(line))
    assert max(len(columns(line)), len(carets)) <= 80
    assert set(carets.strip()) == {"^"}
    marked = "".join(columns(line)[carets.index("^") : len(carets)])
    place = escaped(error.source[start:end].partition("\n")[0])
    if place.strip():
        assert marked.rstrip("…") == place[: len(marked.rstrip("…"))]
        assert marked == place or len(place) > 60, "only a very long place may be cut"
    else:  # what is missing at the end has no character: the caret stands behind the last one
        assert (marked, carets.strip()) == ("", "^")
        assert carets.index("^") <= len(columns(line)) + 1


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


def check_hints(case: Case) -> None:
    """A suggested command, copied from the screen into the same shell, works; so does a suggested option."""
    for command in re.findall(r"^hint: (?:.*: )?backprop (.*)$", case.expected, re.MULTILINE):
        result = run(*shlex.split(command), stdin=case.stdin)
        assert (result.status, result.err.replace("warning: ", "").count("error")) == (0, 0)
        assert result.out
    for option in re.findall(r"^hint: (--wrt \S+) takes", case.expected, re.MULTILINE):
        assert run(*case.words, *shlex.split(option), stdin=case.stdin).status == 0


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
