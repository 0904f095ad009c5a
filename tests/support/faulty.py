"""Command lines again and again, each time with something else that fails beneath them. This file is the program.

    python faulty.py ALLOCATION|CALL|IO SAMPLES < CASES

CASES is a JSON list of [name, words, whether the expression is in the cache]. Each run is a process of its own, in a
copy of the directory that this one starts in, with the cache in `cache`, and ends in a JSON line: the name, which event
failed, the status, both outputs, and the files that are there. The first line of a case is of a run in which nothing
fails. SAMPLES is how many of the events are tried, at random; 0 means all.

    ALLOCATION  one allocation of memory fails, as often as Python makes one (where `_testcapi` is there)
    CALL        MemoryError, at a call of any function
    IO          EIO, at a call that opens, reads, writes, renames, asks for or removes a file
"""

from __future__ import annotations

import builtins
import errno
import io
import json
import os
import random
import shutil
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from traceback import print_exc
from typing import Any

TRACEBACK = 99
"""The status of a run that ends in one."""
SECONDS = 60  # after which a run hangs
HERE = Path.cwd()
PLACE = HERE.parent / "run"


class Left(BaseException):
    """What `os._exit` raises while modules are loaded."""


# -- What fails ------------------------------------------------------------------------------------------------------


class Counter:
    """Counts events, and lets the one fail whose turn it is; with `turn` 0 none."""

    def __init__(self, turn: int, error: Callable[[], Exception]) -> None:
        self.turn = turn
        self.error = error
        self.count = 0

    def event(self) -> None:
        self.count += 1
        if self.count == self.turn != 0:
            raise self.error()


def calls(turn: int) -> Counter:
    counter = Counter(turn, MemoryError)
    counter.count -= 2  # the calls of `main` and of what it runs are not counted: before them it catches nothing

    def profile(_frame: object, event: str, _argument: object) -> None:
        if event in ("call", "c_call"):
            counter.event()

    sys.setprofile(profile)
    return counter


ALLOCATIONS = 20_000
"""So many are tried of those that come: there is no way to count them."""
FUNCTIONS = """
    open read write replace rename remove unlink mkdir rmdir fsync chmod chown stat lstat fstat scandir listdir access
    readlink truncate utime
""".split()
"""Those of `os` that may fail."""


def files(turn: int) -> Counter:
    counter = Counter(turn, lambda: OSError(errno.EIO, os.strerror(errno.EIO)))

    def failing(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            counter.event()
            return function(*args, **options)

        return call

    class Raw(io.FileIO):
        readinto = failing(io.FileIO.readinto)
        readall = failing(io.FileIO.readall)
        write = failing(io.FileIO.write)

        def close(self) -> None:
            is_open = not self.closed
            super().close()
            if is_open and self.mode != "rb":  # what a network's file system may tell only then
                counter.event()

    def opened(file: Any, mode: str = "r", buffering: int = -1, encoding: str | None = None, errors: str | None = None,
               newline: str | None = None, closefd: bool = True, opener: Any = None) -> Any:  # fmt: skip
        counter.event()
        raw = Raw(file, mode.replace("b", "").replace("t", ""), closefd, opener)
        buffered: Any = io.BufferedReader(raw) if "r" in mode else io.BufferedWriter(raw)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, encoding, errors, newline)

    for name in FUNCTIONS:
        setattr(os, name, failing(getattr(os, name)))
    builtins.open = io.open = opened
    sys.stdin = io.TextIOWrapper(io.BufferedReader(Raw(0, closefd=False)), "utf-8")
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(Raw(1, "w", closefd=False)), "utf-8")
    return counter


def allocations(turn: int) -> Counter:
    counter = Counter(turn, MemoryError)
    counter.count = ALLOCATIONS
    if turn:
        import_module("_testcapi").set_nomemory(turn, turn + 1)
    return counter


MODES = {"ALLOCATION": allocations, "CALL": calls, "IO": files}


# -- The runs --------------------------------------------------------------------------------------------------------


def load(main: Callable[[], object]) -> None:
    """Run it here once, so that no run has to load modules: what fails there is Python's to tell."""

    def leave(_status: int) -> None:
        raise Left

    os.chdir(fresh())
    left, os._exit = os._exit, leave  # type: ignore[assignment]
    with Path(os.devnull).open("w") as nowhere, suppress(Left):
        sys.stdout = sys.stderr = nowhere
        main()
    sys.stdout, sys.stderr, os._exit = sys.__stdout__, sys.__stderr__, left
    os.chdir(HERE)


def fresh() -> Path:
    shutil.rmtree(PLACE, ignore_errors=True)
    return Path(shutil.copytree(HERE, PLACE))


def run(main: Callable[[], object], prepare: Callable[[int], Counter], turn: int) -> tuple[int, dict[str, Any]]:
    """One run in a process of its own: how many events there were, if none was to fail, and what became of it."""
    fresh()
    told = {name: PLACE.parent / name for name in ("out", "err", "count")}
    process = os.fork()
    if not process:
        for number, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(told[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        os.dup2(os.open(HERE / "stdin", os.O_RDONLY), 0)
        os.chdir(PLACE)
        signal.alarm(SECONDS)
        left, write = os._exit, told["count"].write_text

        def leave(status: int) -> None:
            sys.setprofile(None)
            write(str(counter.count - 2))  # without this call, and that one
            left(status)

        if not turn:
            os._exit = leave  # type: ignore[assignment]
        counter = prepare(turn)
        try:
            main()
        except BaseException:
            print_exc()
        left(TRACEBACK)
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    out, err = (told[name].read_text("utf-8", "backslashreplace") for name in ("out", "err"))
    there = {str(path.relative_to(PLACE)): path.read_text("latin-1") for path in PLACE.rglob("*") if path.is_file()}
    count = int(told["count"].read_text()) if not turn else 0
    return count, {"turn": turn, "status": status, "out": out, "err": err, "files": there}


def tell(main: Callable[[], object], name: str, mode: str, samples: int) -> None:
    """Print a line for each run."""
    events, result = run(main, MODES[mode], 0)
    print(json.dumps({"name": name, **result}))
    for turn in random.Random(mode).sample(range(1, events + 1), max(0, min(samples or events, events))):
        print(json.dumps({"name": name, **run(main, MODES[mode], turn)[1]}))


if __name__ == "__main__":
    from backprop_cli.__main__ import main

    sys.modules["polars"] = None  # type: ignore[assignment]  # as where it is not installed: its threads end at a fork
    mode, samples, cases = sys.argv[1], int(sys.argv[2]), json.load(sys.stdin)
    for name, words, known in cases:
        sys.argv[1:] = words
        shutil.rmtree(HERE / "cache", ignore_errors=True)
        (HERE / "cache").mkdir()
        load(main)
        if known:
            shutil.copytree(PLACE / "cache", HERE / "cache", dirs_exist_ok=True)
        tell(main, name, mode, samples)
        sys.stdout.flush()  # or the processes that follow write it once more
