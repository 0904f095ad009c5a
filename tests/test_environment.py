"""Whatever the environment says, no call breaks: variables that libraries and Python read, and -O and -OO."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from backprop_cli.__main__ import _make_even
from backprop_cli.cli.options import COMMANDS
from support.command import PATIENCE, Result, command, environment, on_a_terminal, plain
from support.suites import rarely, thinned

CALLS = [
    ["eval", "x*sin(y) + gamma(x)/3", "--x", "1", "--y", "2", "--no-cache"],
    ["eval", "x*sin(y)", "--x", "1/3", "--y", "2", "--no-cache", "--precision", "700", "--get", "value"],
    ["eval", "2**x", "--x", "3000", "--no-cache", "--exact", "--get", "value"],
    ["derive", "x*sin(y)/3", "--no-cache"],
    ["explain", "max(x, y)*x", "--x", "1", "--y", "1", "--no-cache"],
    ["check", "x*sin(y)", "--x", "1", "--y", "2", "--no-cache"],
    ["code", "x*sin(y)", "--no-cache"],
    ["graph", "x*sin(y)", "--no-cache"],
    ["eval", "x +", "--no-cache"],
    ["ops", "sin"],
    ["eval", "sum(x*x)", "--x", "[1, 2]", "--no-cache"],
    *([command, "--help"] for command in COMMANDS),
    ["--help"],
]
"""Together they load every library but rich, which is for terminals."""
ON_A_TERMINAL = ["eval", "x*y", "--x", "1", "--y", "2", "--no-cache"]
LIBRARIES = ("sympy", "mpmath", "click", "rich", "platformdirs")
NASTY = ("abc", "", "²", "-1", "9" * 5000, "a" * 1_000, "\x1b[31m", "\udcff", "__import__('os')._exit(7)")


def python(*options: str, code: str, given: object, **changes: str) -> Result:
    """Code in a process of its own, with what is given as JSON. options: Python's; changes: of the environment."""
    words = [sys.executable, *options, "-c", code, json.dumps(given)]
    result = subprocess.run(
        words, capture_output=True, encoding="utf-8", env=environment(changes), timeout=300, stdin=subprocess.DEVNULL
    )
    return Result(result.returncode, bare(result.stdout), result.stderr)


def bare(text: str) -> str:
    """The text without colours, and without the blanks that come with them."""
    return "\n".join(line.rstrip() for line in plain(text).split("\n"))


ALL = """
import json, os, sys

class Left(BaseException):
    pass

def leave(status):
    print(f"== {status}", flush=True)
    raise Left

os._exit = leave
from backprop_cli.__main__ import main

for words in json.loads(sys.argv[1]):
    sys.argv = ["backprop", *words]
    try:
        main()
    except Left:
        pass
print(*{getattr(module, "__file__", None) for module in [*sys.modules.values()]}, file=sys.stderr)
"""
"""Runs command lines, one after the other; after each comes its status, and at the end what is loaded."""


@cache
def undisturbed(count: int) -> Result:
    return python(code=ALL, given=CALLS[:count])


def check(changes: Mapping[str, str], *options: str, count: int = len(CALLS)) -> None:
    """The calls, or the first of them, print and end as they do undisturbed."""
    expected, result = undisturbed(count), python(*options, code=ALL, given=CALLS[:count], **changes)
    assert "Traceback (most recent" not in result.err, result.err[-2000:]
    assert (result.status, result.out) == (0, expected.out)


@pytest.mark.slow
def test_the_calls_are_what_they_should_be() -> None:
    result = undisturbed(len(CALLS))
    statuses = re.findall(r"^== (\d+)$", result.out, re.MULTILINE)
    assert statuses == ["2" if "x +" in words else "0" for words in CALLS]
    for name in ("sympy", "mpmath", "click"):
        assert f"/{name}/" in result.err


# -- Variables that somebody reads -----------------------------------------------------------------------------------


KNOWN: list[dict[str, str]] = [
    {"_BACKPROP_COMPLETE": "bash_source"},
    {"_BACKPROP_COMPLETE": "zsh_complete", "COMP_WORDS": "backprop", "COMP_CWORD": "²"},
    {"COLUMNS": "²"},
    {"SYMPY_DEBUG": "abc"},
    {"SYMPY_USE_CACHE": "abc"},
    {"SYMPY_CACHE_SIZE": "abc"},
    {"NUMPY_MADVISE_HUGEPAGE": "abc"},
    {"SYMPY_USE_HEU_GCD": "__import__('os')._exit(7)"},
    {"MPMATH_STRICT": "1"},
    {"PYTHONINTMAXSTRDIGITS": "640"},
]


@pytest.mark.parametrize("changes", thinned(KNOWN, 2), ids=lambda changes: next(iter(changes)))
def test_known(changes: dict[str, str]) -> None:
    check(changes, count=2)


def test_what_libraries_read_is_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Matplotlib fails at a backend that is none, and Polars panics at 0 threads."""
    given = {
        "MPLBACKEND": "x",
        "MATPLOTLIBRC": "x",
        "POLARS_MAX_THREADS": "0",
        "POLARS_FMT_MAX_COLS": "x",
        "SOURCE_DATE_EPOCH": "x",
        "COLUMNS": "0",
    }
    kept = {"POLARS_MAX_THREADS": "2", "MPLCONFIGDIR": "/tmp", "COLUMNS": "80"}
    for changes in (given, kept):
        for name, text in changes.items():
            monkeypatch.setenv(name, text)
        monkeypatch.setattr(sys, "warnoptions", [])
        _make_even()
        assert {*changes} & {*os.environ} == ({*kept} if changes is kept else set())
        assert os.environ["OPENBLAS_NUM_THREADS"] == "1"


@cache
def undisturbed_terminal() -> str:
    return on_a_terminal(*ON_A_TERMINAL)


@pytest.mark.parametrize("columns", thinned(NASTY, 3), ids=lambda value: ascii(value)[:12])
def test_the_width_of_a_terminal(columns: str) -> None:
    assert on_a_terminal(*ON_A_TERMINAL, COLUMNS=columns, LINES=columns) == undisturbed_terminal()


def test_warnings_of_libraries_are_not_for_the_user() -> None:
    code = (
        "import sys, warnings; from backprop_cli.cli import plain_call; from backprop_cli.__main__ import main\n"
        "plain_call.run = lambda words: warnings.warn('old', DeprecationWarning) or 7\n"
        "main()"
    )
    assert python("-W", "error", code=code, given=[]) == Result(7, "", "")
    assert python(code=code, given=[], PYTHONWARNINGS="error") == Result(7, "", "")


def names_in(path: Path) -> frozenset[str]:
    """What looks like names of variables in a source file that reads the environment at all."""
    text = path.read_text("utf-8", "replace")
    if not re.search(r"\b_?(environ|getenv)\b", text):
        return frozenset()
    nodes = ast.walk(ast.parse(text))
    strings = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    names = {each for each in strings if re.fullmatch(r"_?[A-Z][A-Z0-9_]+", each)}
    return frozenset(names | {start + end for start in names if start.endswith("_") for end in names})


@cache
def of_library(name: str) -> set[frozenset[str]]:
    """For each source of a library, the variables that it may read."""
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    paths = [path for path in Path(spec.origin).parent.rglob("*.py") if not {"tests", "testing"} & {*path.parts}]
    return {names_in(path) for path in paths} - {frozenset()}


@cache
def variables() -> list[frozenset[str]]:
    """For each source of a library, or of Python's that a call loads, the variables that it may read."""
    loaded = {name for name in undisturbed(len(CALLS)).err.split() if name.endswith(".py")}
    found = {names_in(Path(name)) for name in loaded if "backprop_cli" not in name}
    return sorted((found - {frozenset()}).union(*map(of_library, LIBRARIES)), key=sorted)


@pytest.mark.slow
def test_the_search_finds_what_is_known() -> None:
    found = frozenset[str]().union(*variables())
    assert found >= {name for changes in KNOWN for name in changes if name[0] not in "_P"}
    assert found >= {"LINES", "NO_COLOR", "TERM", "UNICODE_VERSION", "LANGUAGE", "COMP_WORDS", "HOME"}


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_what_one_source_reads(part: int, step: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables of one source at a time, because one setting may keep another from being looked at."""
    monkeypatch.chdir(tmp_path)
    for names, value in [*zip(variables(), cycle(NASTY))][part :: 4 * step]:
        check(dict.fromkeys(names, value), count=4)


@pytest.mark.slow
@pytest.mark.parametrize("value", NASTY, ids=lambda value: ascii(value)[:12])
def test_what_all_of_them_read(value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    check(dict.fromkeys(frozenset[str]().union(*variables()), value))


@pytest.mark.slow
@pytest.mark.parametrize("value", rarely(NASTY, 3), ids=lambda value: ascii(value)[:12])
def test_what_rich_reads(value: str) -> None:
    for names in of_library("rich"):
        changes: dict[str, Any] = dict.fromkeys(names, value)
        assert bare(on_a_terminal(*ON_A_TERMINAL, **changes)) == bare(undisturbed_terminal())


def of_python() -> list[str]:
    told = subprocess.run([sys.executable, "--help-env"], capture_output=True, encoding="utf-8", check=True).stdout
    return sorted({*re.findall(r"^(PYTHON[A-Z0-9]+)", told, re.MULTILINE)})


@pytest.mark.slow
@pytest.mark.parametrize("name", of_python())
def test_what_python_reads(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever Python itself starts with."""
    monkeypatch.chdir(tmp_path)
    for value in ("1", "²"):
        if python(code="", given=[], **{name: value}).status == 0:
            check({name: value}, count=2)


# -- Where plots are made, and where there is little room --------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("place", ["loop", "pipe", "/dev/null"])
def test_matplotlib_says_nothing_of_its_own(place: str, tmp_path: Path) -> None:
    """Neither of directories nor of settings; and it leaves nothing behind."""
    pytest.importorskip("matplotlib")
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "matplotlibrc").write_text("font.size: abc\naxes.prop_cycle: __import__('os')._exit(7)\n")
    (tmp_path / "temporary").mkdir()
    result = subprocess.run(
        [*command("minimize", "(x-1)^2", "--start", "x=0", "--steps", "9", "--plot", "plot.svg")],
        capture_output=True,
        encoding="utf-8",
        cwd=tmp_path,
        env=environment({"MPLCONFIGDIR": place, "TMPDIR": str(tmp_path / "temporary"), "SOURCE_DATE_EPOCH": "x"}),
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert re.fullmatch("(error: Matplotlib does not start: .*\n)?", result.stderr)
    assert (tmp_path / "plot.svg").exists() == (result.stderr == "") == (place != "loop")
    assert not [*(tmp_path / "temporary").iterdir()]


def limited(limit: str, words: str, place: Path) -> subprocess.CompletedProcess[str]:
    """What a command does in that directory under a limit of the shell (`ulimit`)."""
    return subprocess.run(
        ["sh", "-c", f'ulimit {limit}; exec "$@"', "sh", *command(*words.split(), "--no-cache")],
        capture_output=True,
        encoding="utf-8",
        cwd=place,
        env=environment({}),
        stdin=subprocess.DEVNULL,
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("kilobytes", [200_000, 400_000, 600_000, 1_000_000])
@pytest.mark.parametrize("words", ["eval x*sin(y) --at p.json", "points x*y p.csv --reduce sum"])
def test_few_addresses(kilobytes: int, words: str, tmp_path: Path) -> None:
    """As on machines whose users have a share (`ulimit -v`): libraries do not load there.

    Where OpenBLAS finds no memory while NumPy loads it, it ends the process itself, with a line of its own.
    """
    (tmp_path / "p.json").write_text('{"x": 1, "y": 2}')
    (tmp_path / "p.csv").write_text("x,y\n1,2\n")
    result = limited(f"-v {kilobytes}", words, tmp_path)
    assert result.returncode in (0, 1)
    assert re.fullmatch("(OpenBLAS )?error: .*\n" if result.returncode else "", result.stderr)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere stacks do not count as memory")
@pytest.mark.parametrize(
    "words", ["eval sum(x) --x [1,2]", "fit a*x --target y --start a=1 --data p.csv", "points x*y p.csv -o out.parquet"]
)
def test_stacks_of_threads_are_no_memory(words: str, tmp_path: Path) -> None:
    """Libraries start a thread for each processor: stacks of 300 MB on two are those of 8 MB on some seventy.

    Where one could not be started, OpenBLAS interrupted the process, and the allocator of Polars tried for ever.
    """
    if "eval" not in words:
        pytest.importorskip("scipy")
        pytest.importorskip("polars")
    (tmp_path / "p.csv").write_text("x,y\n1,2\n3,4\n")
    result = limited("-s 300000", words, tmp_path)
    assert (result.returncode, result.stderr) == (0, "")


# -- Python's own options ----------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("option", ["-O", "-OO"])
def test_without_assertions_and_docstrings(option: str) -> None:
    check({}, option)
