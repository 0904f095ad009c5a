"""What is written does nothing but be read: not to a terminal, not to a compiler, not to the file's owner or rights."""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from pathlib import Path

import pytest

from backprop_cli.errors import OutputError
from backprop_cli.runtime.files import write_file
from backprop_cli.view.code.targets import TARGETS
from backprop_cli.view.json import dumped, escaped
from support.command import call, run
from support.emitted import run_c, run_javascript, run_python

# -- JSON and a terminal -------------------------------------------------------------------------------------------

OBEYED = (
    "\x7f\x80\x85\x9b\x9d\xa0\xad\u061c\u200b\u200e\u200f\u2028\u2029\u202a\u202e"
    "\u2066\u2069\ufeff\ufff9\ud800\U000e0041"
)
"""What a terminal obeys, or shows as nothing or as something else."""
TYPED = OBEYED.replace("\ud800", "")
"""Those of them that may stand in UTF-8."""
SHOWN = "x₀σπ−·é한𝑥हि界 ~!\"\\/<>&'"


def holds_nothing_unseen(out: str) -> None:
    assert [c for c in out if not c.isprintable() and c != "\n"] == []


@pytest.mark.parametrize("character", OBEYED, ids=ascii)
@pytest.mark.parametrize("around", ["", "x", "σ"])
def test_json_escapes_what_a_terminal_obeys(character: str, around: str) -> None:
    text = f"{around}{character}{around}"
    written = dumped({"a": text, text: [text]})
    assert written.isprintable()
    assert "\\u" in written
    assert json.loads(written) == {"a": text, text: [text]}
    assert dumped(text, ascii_only=True) == json.dumps(text)


@pytest.mark.parametrize("character", SHOWN, ids=ascii)
def test_json_leaves_everything_else(character: str) -> None:
    assert dumped([character]) == json.dumps([character], ensure_ascii=False)


def test_space_between_parts_of_json_stays_in_its_line() -> None:
    assert escaped('{\t"a": "\x9b",\r "b": 1}') == '{\t"a": "\\u009b",  "b": 1}'
    lines = '{"x": 2,\r"y":\t3}\r\n{"said": "a",\r\r"x": 1, "y": 2}\n'
    for words in ([], ["--trace"], ["--get", "value"]):
        result = run("points", "x*y", "-", *words, "--json", stdin=lines)
        assert [json.loads(line)["value"] for line in result.out.splitlines()] == [6.0, 2.0]


COMMENT = f"x*y # {TYPED} \x1b[31m"
DOCUMENTS = [
    ["eval", COMMENT, "--x", "2", "--y", "3", "--json"],
    ["eval", COMMENT, "--x", "2", "--y", "3", "--json", "--no-cache"],
    ["eval", COMMENT, "--x", "2", "--y", "3", "--json", "--precision", "20"],
    ["check", COMMENT, "--x", "2", "--y", "3", "--json"],
    ["check", COMMENT, "--x", "2", "--y", "3", "--claim", "x=y", "--json"],
    ["explain", COMMENT, "--x", "2", "--y", "3", "--json"],
    ["derive", COMMENT, "--json"],
]


@pytest.mark.parametrize("words", DOCUMENTS, ids=" ".join)
def test_no_document_lets_a_comment_through(words: list[str]) -> None:
    result = call(*words)
    assert result.status == 0
    holds_nothing_unseen(result.out)
    assert json.loads(result.out)["expression"] == COMMENT.strip()


@pytest.mark.parametrize("words", [[], ["--trace"], ["--allow-nonfinite"], ["--get", "value"]], ids=" ".join)
def test_no_line_lets_a_point_through(words: list[str]) -> None:
    points = [{"x": 1.0, "y": 2.0, "said": TYPED}, {"x": "1/2", "y": 2.0, TYPED: [TYPED]}]
    lines = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in points)
    result = run("points", "x*y", "-", *words, stdin=lines)
    assert result.status == 0
    holds_nothing_unseen(result.out)
    for point, line in zip(points, result.out.splitlines(), strict=True):
        given = json.loads(line)
        assert given.pop("value") == (2.0 if "said" in point else 1.0)
        assert {name: given[name] for name in point} == point
    table = f"x,y,{TYPED}\n1,2,\x9b\n"
    holds_nothing_unseen(run("points", "x*y", "-", *words, "--json", stdin=table).out)


def test_no_table_lets_a_comment_through(tmp_path: Path) -> None:
    data = tmp_path / "d.csv"
    data.write_text("x,y\n1,2\n2,3\n")
    tables = [
        ["minimize", COMMENT, "--start", "x=1", "--y", "3"],
        ["fit", COMMENT.replace("y", "a"), "--data", str(data), "--target", "y", "--start", "a=1"],
        ["points", COMMENT, str(data), "--reduce", "sum", "--format", "table"],
        ["points", COMMENT, str(data), "--reduce", "sum", "--format", "markdown"],
    ]
    for words in tables:
        result = call(*words)
        assert result.err == ""
        assert "\\x1b[31m" in result.out
        holds_nothing_unseen(result.out)


# -- Comments in code ----------------------------------------------------------------------------------------------

ENDS = ["\\", "??/", "\\ ", "\\\\", "??/\t", "\\??/", "a\\"]


@pytest.mark.parametrize("target", list(TARGETS))
@pytest.mark.parametrize("end", ENDS)
def test_no_comment_goes_on(target: str, end: str) -> None:
    program = f"q = x*y # {end}\n# {end}\nf = q*q # {end}"
    result = call("code", program, "--to", target, "--x", f"1/3 # {end}", "--y", f"2 # {end}")
    assert result.status == 0
    assert not [line for line in result.out.split("\n") if re.search(r"(\\|\?\?/)\s*$", line)]


SEPARATORS = "\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
"""Where `str.splitlines` splits, and a program does not."""


@pytest.mark.parametrize("target", list(TARGETS))
@pytest.mark.parametrize("separator", SEPARATORS, ids=ascii)
def test_a_comment_in_the_source_ends_at_a_line_feed_alone(target: str, separator: str) -> None:
    words = ["--to", target, "--x", "3", "--y", "2"]
    plain = call("code", "x*y + 1", *words)
    assert call("code", f"x*y + 1 # a{separator}int b;", *words) == plain
    assert call("code", f"# a{separator}int b;\nx*y + 1", *words) == plain


@pytest.mark.parametrize("target", ["c", "python", "javascript"])
def test_what_stands_below_a_comment_counts(target: str, tmp_path: Path) -> None:
    sources = [call("code", "x*y", "--to", target, "--x", f"1/4 # {end}", "--y", "8").out for end in ENDS]
    outputs = {"c": lambda: run_c(sources, tmp_path), "python": lambda: run_python(sources)}.get(
        target, lambda: run_javascript(sources)
    )()
    assert [float(output.split()[2]) for output in outputs] == [2.0] * len(ENDS)


# -- Files ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o4755, 0o2640, 0o1600, 0o7777, 0o644, 0o600])
def test_a_file_keeps_its_permissions_and_no_other_bits(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "picture.svg"
    path.write_bytes(b"old")
    path.chmod(mode)
    write_file(str(path), b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == mode & 0o777


def test_a_new_file_has_the_permissions_of_one(tmp_path: Path) -> None:
    path = tmp_path / "picture.svg"
    mask = os.umask(0o027)
    try:
        write_file(str(path), b"new")
    finally:
        os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
def test_a_file_keeps_its_owner(tmp_path: Path) -> None:
    path, link = tmp_path / "picture.svg", tmp_path / "link.svg"
    path.write_bytes(b"old")
    os.chown(path, 12345, 23456)
    link.symlink_to(path)
    write_file(str(link), b"new")
    assert path.read_bytes() == b"new"
    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 23456)
    assert link.is_symlink()


def test_where_the_owner_cannot_stay_the_file_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "picture.svg"
    path.write_bytes(b"old")

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "chown", refuse)
    write_file(str(path), b"new")
    assert path.read_bytes() == b"new"


def test_a_link_to_itself_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "loop"
    path.symlink_to(path)
    with pytest.raises(OutputError, match="cannot be written: too many levels of symbolic links"):
        write_file(str(path), b"new")
    assert path.is_symlink()
    assert [*tmp_path.iterdir()] == [path]


def test_a_link_to_nowhere_gets_its_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "there")
    write_file(str(tmp_path / "link"), b"new")
    assert (tmp_path / "there").read_bytes() == b"new"
    assert (tmp_path / "link").is_symlink()


# -- Formulas of spreadsheets --------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", ["=cmd|' /C calc'!A0", "+1+cmd", "@SUM(1)", "-2+3"])
def test_cells_stay_as_they_are(cell: str) -> None:
    """As docs/cli.md says: to change a stranger's data is worse than to pass them on."""
    result = run("points", "x*y", "-", stdin=f"x,y,note\n1,2,{cell}\n")
    assert result.out.splitlines()[1] == f"1,2,{cell},2.0,2.0,1.0"
