"""Value and gradients at the rows of whole columns, and whole commands over files of them.

Each peer has a process of its own, as its users run it. Ours has the allocator keep what is freed, of which NumPy would
gain in the same process: at a million rows it takes half as long there.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from column_peers import PEERS, PROGRAMS
from harness import NOT_AVAILABLE, NOT_INSTALLED, Contender, Goal, Settings, Table, compare, seconds
from oneshot import environment
from peers import installed

Columns = Mapping[str, Any]
OURS, BY_HAND, POLARS = "backprop_cli.columns", "NumPy by hand, whole arrays", "Polars alone, reading and writing"
OURS_SUMS, SUMS_BY_HAND = "backprop_cli.columns, sums", "NumPy by hand, sums"
COMMAND = "backprop points"
AS_QUICK = ("JAX, jit",)
"""Which compile to machine code: ours may take twice as long. The other libraries are to be slower."""


class Task(NamedTuple):
    """An expression, the values that are the same in all rows, the variables that get gradients, and both by hand."""

    expression: str
    fixed: Mapping[str, float]
    wrt: Sequence[str]
    by_hand: Callable[[Columns], Sequence[Any]]

    def data(self, rows: int) -> Columns:
        """Columns of numbers, the same in each process."""
        chance = np.random.default_rng(1)
        names = [each for each in dict.fromkeys([*self.wrt, "x1", "x2", "y"]) if each in self.expression]
        return {name: chance.uniform(0.5, 2, rows) for name in names if name not in self.fixed}


def _product(c: Columns) -> Sequence[Any]:
    total = c["x"] + c["y"]
    return total * c["z"], c["z"], c["z"], total


def _square(c: Columns) -> Sequence[Any]:
    q = c["a"] * c["x"] + c["b"] - c["y"]
    g = 2 * q
    return q**2, g * c["x"], g * c["a"], g, -g


def _polynomial(c: Columns) -> Sequence[Any]:
    x, y, z = c["x"], c["y"], c["z"]
    p = x * y + z
    q, w = p * x - y / z, x - z * y + 2
    gp = w * x
    return q * w, w * p + gp * y + q, gp * x - w / z - q * z, gp + w * y / z**2 - q * y


def _logistic(c: Columns) -> Sequence[Any]:
    m = -c["y"] * (0.7 * c["x1"] - 1.1 * c["x2"] + 0.2)
    value = np.maximum(m, 0) + np.log1p(np.exp(-np.abs(m)))
    slope = -c["y"] / (1 + np.exp(-m))
    return value, slope * c["x1"], slope * c["x2"], slope


TASKS = (
    Task("(x+y)*z", {}, ("x", "y", "z"), _product),
    Task("(a*x + b - y)**2", {}, ("a", "x", "b", "y"), _square),
    Task("((x*y + z)*x - y/z)*(x - z*y + 2)", {}, ("x", "y", "z"), _polynomial),
    Task(
        "softplus(-y*(w1*x1 + w2*x2 + b))", {"w1": 0.7, "w2": -1.1, "b": 0.2}, ("w1", "w2", "b"), _logistic
    ),
)  # fmt: skip


def measure(settings: Settings) -> list[Table]:
    """Nanoseconds a row in one process, and seconds of whole commands; by the clock on the wall."""
    sizes = (10 * settings.points, 100 * settings.points)
    apart = {name: ProcessPoolExecutor(1, get_context("spawn")) for name in (BY_HAND, SUMS_BY_HAND, *PEERS)}
    found = [in_process(settings, task, rows, apart, is_large=rows == sizes[-1]) for rows in sizes for task in TASKS]
    for each in apart.values():
        each.shutdown()
    with tempfile.TemporaryDirectory() as folder:
        found.append(commands(settings, Path(folder), sizes[0]))
    for rows, tables in zip(sizes, (found[:4], found[4:8]), strict=True):
        goals = [
            Goal(f"columns: {peer} ÷ ours, geometric mean at {rows:,} rows", mean(tables, peer), "at least", limit)
            for peer, limit in ((SUMS_BY_HAND, 1.3), *((name, 1.0) for name in PEERS if name not in AS_QUICK))
        ]
        found[-1] = found[-1]._replace(goals=(*found[-1].goals, *goals))
    return found


def mean(tables: Sequence[Table], peer: str) -> float | None:
    """The geometric mean of how many times ours the peer takes."""
    ratios = [ratio for table in tables if (ratio := table.ratio(peer, OURS_SUMS)) is not None]
    return float(np.exp(np.mean(np.log(ratios)))) if ratios else None


def in_process(
    settings: Settings, task: Task, rows: int, apart: Mapping[str, ProcessPoolExecutor], *, is_large: bool
) -> Table:
    import backprop_cli

    at = backprop_cli.columns(task.expression, task.fixed, wrt=task.wrt) if "points" in settings.features else None
    data = task.data(rows)

    def check() -> None:
        assert at is not None
        small = {name: each[:1000] for name, each in data.items()}
        for found, expected in zip(at(small).values(), task.by_hand(small), strict=True):
            if not np.allclose(found, expected, rtol=1e-12, atol=1e-12):
                raise ValueError("by hand it is something else")

    def turn(call: Callable[[Columns], object]) -> Callable[[], float]:
        return lambda: 1e9 * seconds(lambda: call(data)) / rows

    def peer(name: str) -> Contender:
        if name in PEERS and not installed(name.split(",")[0].lower()):
            return Contender(name, None, NOT_INSTALLED)
        number = TASKS.index(task)

        def prepare() -> None:
            np.testing.assert_allclose(apart[name].submit(_sums, name, number, rows).result(), sums, rtol=1e-9)

        return Contender(name, lambda: apart[name].submit(_turn, name, number, rows).result(), prepare=prepare)

    sums = [float(np.sum(each)) for each in task.by_hand(data)]
    missing = NOT_AVAILABLE if at is None else ""
    contenders = [
        Contender(OURS, None if at is None else turn(at), missing, check),
        peer(BY_HAND),
        Contender(OURS_SUMS, None if at is None else turn(at.sum), missing, check),
        peer(SUMS_BY_HAND),
        *map(peer, PEERS),
    ]
    table = compare(f"{rows:,} rows: {task.expression}", "ns a row", contenders, settings.rounds, OURS)
    goal = table.at_least(0.9, SUMS_BY_HAND, OURS_SUMS, f"columns: sums by hand ÷ ours, {table.title}")
    limits = [table.at_most(2, OURS_SUMS, name, f"columns: ours ÷ {name}, {table.title}") for name in AS_QUICK]
    return table._replace(goals=(goal, *(limits if is_large else ())))


@lru_cache(maxsize=1)
def _work(name: str, number: int, rows: int) -> Callable[[], Sequence[Any]]:
    """What a peer does, in its own process. number: of the task."""
    task = TASKS[number]
    data = task.data(rows)
    if name == BY_HAND:
        return lambda: task.by_hand(data)
    if name == SUMS_BY_HAND:
        return lambda: [np.sum(each) for each in task.by_hand(data)]
    return PEERS[name](PROGRAMS[task.expression], task.fixed, task.wrt, data)


def _sums(name: str, number: int, rows: int) -> list[float]:
    return [float(np.sum(each)) for each in _work(name, number, rows)()]


def _turn(name: str, number: int, rows: int) -> float:
    return 1e9 * seconds(_work(name, number, rows)) / rows


_BASE = """
import sys, polars
names = ["value", "gradient.w1", "gradient.w2", "gradient.b"]
rows = polars.read_csv(sys.argv[1])
rows.with_columns(**{name: polars.col("x1") * (2.1 + n) for n, name in enumerate(names)}).write_csv(sys.argv[2])
"""


def commands(settings: Settings, folder: Path, rows: int) -> Table:
    """CSV in and out, with as many columns more; from start to exit."""
    task, chance = TASKS[3], np.random.default_rng(2)
    data, out = folder / "data.csv", folder / "out.csv"
    columns = [chance.normal(size=rows), chance.normal(size=rows), chance.choice([-1.0, 1.0], size=rows)]
    lines = (",".join(map(repr, row)) for row in zip(*(each.tolist() for each in columns), strict=True))
    data.write_text("x1,x2,y\n" + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    where = environment(folder)
    fixed = [f"--{name}={value}" for name, value in task.fixed.items()]
    ours = [settings.backprop, "points", task.expression, str(data), *fixed, "--wrt", ",".join(task.wrt)]

    def turn(words: Sequence[str]) -> Callable[[], float]:
        return lambda: seconds(lambda: subprocess.run(words, env=where, check=True, capture_output=True))

    base = [sys.executable, "-c", _BASE, str(data), str(out)]
    has_polars, has_points = installed("polars"), "points" in settings.features
    contenders = [
        Contender(COMMAND, turn([*ours, "-o", str(out)]) if has_points else None, "" if has_points else NOT_AVAILABLE),
        Contender(f"{COMMAND} --reduce mean", turn([*ours, "--reduce", "mean"]) if has_points else None),
        Contender(POLARS, turn(base) if has_polars else None, "" if has_polars else NOT_INSTALLED),
    ]
    table = compare(f"{rows:,} rows of CSV, from start to exit", "s", contenders, settings.rounds, COMMAND)
    return table._replace(goals=(table.at_most(1.6, COMMAND, POLARS, "columns: CSV in and out ÷ Polars alone"),))
