"""Whatever fails beneath a command, an allocation, a call or the disk: a clean error or the right answer.

SQLite's way of testing: one run for each place at which something can fail (`support/faulty.py`).
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from support import faulty
from support.command import environment

pytestmark = pytest.mark.slow

FILES = {
    "circuit.dot": "what stood there before\n",
    "values.json": '{"x": 2, "y": "1/3"}',
    "points.jsonl": '{"x": 2, "y": 1}\n{"x": "1/3", "y": 0}\n{"x": -1, "y": 1e300}\n',
    "points.csv": "x,y\n2,1\n1/3,0\n",
    "claims.json": '{"x": "y", "y": 2}',
    "program": "# a program\nq = x + y\nf = q*q\n",
    "stdin": "x*y",
}
"""What lies about. (`stdin` is standard input.)"""


class Case(NamedTuple):
    """A command line. known: whether its expression is in the cache; written: a file that it writes."""

    words: str
    known: bool = False
    written: str = ""


POINT = "--x 2 --y 3"
CASES = {
    "cached": Case(f"eval x*y+sin(x) {POINT}", known=True),
    "first": Case(f"eval x*y+sin(x) {POINT}"),
    "precise": Case(f"eval x*y+sin(x) {POINT} --precision 30 --hessian --json", known=True),
    "exact": Case(f"eval x*y+sin(x) {POINT} --exact", known=True),
    "--at": Case("eval x*y --at values.json --format csv", known=True),
    "--file": Case(f"eval --file program {POINT}"),
    "standard input": Case(f"eval - {POINT}"),
    "JSON lines": Case("points x*y points.jsonl --on-error null", known=True),
    "CSV": Case("points x*y points.csv", known=True),
    "explain": Case(f"explain max(x,y)*y {POINT} --nudge 1e-3", known=True),
    "derive": Case("derive x*sin(y)"),
    "check": Case(f"check x*sin(y) {POINT}"),
    "claims": Case("check x*y --at values.json --claims claims.json", known=True),
    "code": Case("code sigmoid(x*y) --to numpy", known=True),
    "graph": Case(f"graph x*y {POINT} -o circuit.dot", known=True, written="circuit.dot"),
    "new file": Case(f"graph x*y {POINT} -o new.mmd", known=True, written="new.mmd"),
    "ops": Case("ops sin"),
    "cache": Case("cache"),
    "clear": Case("cache --clear"),
    "wrong": Case("eval x*y --x 2", known=True),
}
FEW = {"ALLOCATION": 20, "CALL": 20, "IO": 0}
"""How many places of each kind are tried in every case; 0 means all."""
SETTLES = {"derive", "exact", "check", "claims"}
"""Those in which SymPy may catch what failed, and go on to another form of the same."""


class Run(NamedTuple):
    name: str
    turn: int
    status: int
    out: str
    err: str
    files: dict[str, str]


def runs(mode: str, samples: int, place: Path) -> Iterator[list[Run]]:
    """For each case the run in which nothing fails, and the others."""
    here = place / "here"
    here.mkdir()
    for name, text in FILES.items():
        (here / name).write_text(text)
    cases = json.dumps([[name, case.words.split(), case.known] for name, case in CASES.items()])
    command = [sys.executable, faulty.__file__, mode, str(samples)]
    env = environment({"BACKPROP_CACHE_DIR": "cache"})
    result = subprocess.run(command, input=cases, capture_output=True, encoding="utf-8", cwd=here, env=env, check=False)
    assert result.returncode == 0, result.stderr[-2000:]
    found = [Run(**json.loads(line)) for line in result.stdout.splitlines()]
    for _, group in itertools.groupby(found, key=lambda run: run.name):
        yield [*group]


def others(files: dict[str, str], case: Case) -> dict[str, str]:
    """All files but those of the cache, and the one that is written."""
    return {name: text for name, text in files.items() if not name.startswith("cache/") and name != case.written}


def is_mistaken(run: Run) -> bool:
    """Whether Python took what failed for something else, as `open` does: "can't allocate read lock"."""
    return run.status == faulty.TRACEBACK and not run.err.splitlines()[-1].startswith("MemoryError")


def wrong(run: Run, first: Run) -> str:
    """What is wrong with a run, beside the one in which nothing failed; empty if nothing is."""
    case = CASES[run.name]
    if run.status == first.status:
        is_told = run.name in ("cache", "clear") and run.out.startswith("the cache is off: ")
        if (run.out, run.err) != (first.out, first.err) and run.name not in SETTLES and not is_told:
            return "it says something else"
    elif run.status not in (1, 2):
        return "it crashes"
    elif not run.err.startswith("error: ") or "Traceback" in run.err:
        return "its error is none of ours"
    elif not first.out.startswith(run.out):
        return "it says something else, and fails"
    if others(run.files, case) != others(first.files, case):
        return "it changes a file"
    if case.written and run.files.get(case.written) not in (FILES.get(case.written), first.files[case.written]):
        return "it leaves half a file"
    return ""


@pytest.mark.parametrize("many", [False, pytest.param(True, marks=pytest.mark.exhaustive)], ids=["few", "many"])
@pytest.mark.parametrize("mode", faulty.MODES)
def test_one_thing_fails(mode: str, many: bool, tmp_path: Path) -> None:
    if mode == "ALLOCATION" and importlib.util.find_spec("_testcapi") is None:
        pytest.skip("this Python has no _testcapi")
    samples = 300 if many else FEW[mode]
    cases = [*runs(mode, samples, tmp_path)]
    assert [first.name for first, *_ in cases] == [*CASES]
    faults = [(fault, run) for first, *rest in cases for run in rest if (fault := wrong(run, first))]
    died = [run for _, run in faults if mode == "ALLOCATION" and (run.status < 0 or is_mistaken(run))]
    # CPython, or a library in C, does not survive each of its own allocations that fails: some in a thousand end it.
    assert len(died) <= max(1, sum(map(len, cases)) // 100)
    assert [(fault, run) for fault, run in faults if run not in died] == []
    assert sum(len(case) > 1 for case in cases) >= len(cases) - 2  # a call may read and write nothing that is counted
