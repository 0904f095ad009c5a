"""Points in columns: both passes block by block, and files of every format in and out, as the line path has them."""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import backprop_cli
from backprop_cli.errors import BackpropError
from backprop_cli.graph.graph import Graph
from backprop_cli.language.program import Program
from backprop_cli.passes import columns as columns_
from backprop_cli.passes.columns import ColumnPasses, _Strips
from backprop_cli.passes.compiled_lines import unrolled
from backprop_cli.passes.threads import ahead
from backprop_cli.points.columns import Sum
from backprop_cli.points.rows import Lines, read
from backprop_cli.points.tables import Columns, of_lines
from backprop_cli.rules.op import Op
from backprop_cli.rules.table import TABLE
from support.command import command, environment, run

WITHOUT_LOOPS = frozenset(
    "gamma factorial lgamma digamma polygamma beta zeta lambertw besselj bessely besseli besselk "
    "j0 j1 y0 y1 i0 i1 k0 k1 airyai airybi erfinv erfcinv normppf erfcx".split()
)
"""Primitives that take long for a point, in either path the same way."""
ULP = 2


def a_use(op: Op) -> Graph:
    names = ["x", "y", "z"] if op.variadic else op.inputs
    return Program(op.written("x < y" if name == "c" else name for name in names)).graph()


def a_point(graph: Graph, chance: random.Random, scale: float) -> list[float]:
    names = [node.name for node in graph.variables]
    return [float(chance.randint(0, 3)) if name == "n" else chance.uniform(-scale, scale) for name in names]


def off(found: float, expected: float) -> float:
    return 0 if found == expected else abs(found - expected) / math.ulp(expected)


def test_columns_are_within_two_ulp_of_lines() -> None:
    within_two_ulp(160)


@pytest.mark.slow
def test_columns_are_within_two_ulp_of_lines_at_many_points() -> None:
    within_two_ulp(1000)


def within_two_ulp(points_each: int) -> None:
    """Every primitive; and where the line path has a plain result, most often the columns have one."""
    chance = random.Random(7)
    for op in TABLE:
        if op.truth:
            continue
        graph, count = a_use(op), 20 if op.name in WITHOUT_LOOPS else points_each
        points = [a_point(graph, chance, scale) for scale in (0.1, 1, 4, 30) for _ in range(count // 4)]
        names = [node.name for node in graph.variables]
        wrt = [name for name in names if name != "n"]
        places = [node.position for node in graph.variables if node.name in wrt]
        columns = dict(zip(names, np.array(points).T, strict=True))
        answer = ColumnPasses(graph, {}, places, wrt).at(columns, len(points))
        line = unrolled(graph, {}, places, wrt)
        for row, point in enumerate(points):
            if answer.unusual[row]:
                continue
            expected = line(*point)  # which raises where something is unusual there
            worst = max(off(float(c[row]), e) for c, e in zip(answer.numbers, expected, strict=True))
            assert worst <= ULP, (op, point, [float(c[row]) for c in answer.numbers], expected)
        if not any("precisely" in formula.heads for formula in op.partials):  # which is left to the careful passes
            assert answer.unusual.mean() < 0.9, op


UNUSUAL = {
    "max(x, y)": (2.0, 2.0),
    "abs(x) + y": (0.0, 1.0),
    "log(x)*y": (-1.0, 1.0),
    "relu(x) + y": (0.0, 1.0),
    "exp(x)*y": (800.0, 1.0),
    "x/y": (1.0, 0.0),
    "1e-200*(x*1e-100)*y": (1.0, 1e-100),
    "where(x < y, x, y)": (1.0, 1.0),
    "x + y": (math.nan, 1.0),
    "sqrt(x)*y": (0.0, 1.0),
    "s(t) = abs(t); s(x)*y": (0.0, 0.0),
}


def test_what_is_unusual_is_seen_and_says_nothing_of_its_neighbours() -> None:
    """A row gives the same whatever stands beside it, in blocks of any length."""
    chance = random.Random(3)
    for text, odd in UNUSUAL.items():
        graph = Program(text).graph()
        names = [node.name for node in graph.variables]
        points = [[chance.uniform(0.5, 2), chance.uniform(2.5, 3)] for _ in range(37)]
        points[20] = list(odd)
        columns = {name: np.array([point["xy".index(name)] for point in points]) for name in names}
        passes = ColumnPasses(graph, {}, [*graph.nodes.variables])
        together = passes.at(columns, 37)
        assert together.unusual.tolist() == [row == 20 for row in range(37)], text
        for row in (0, 5, 36):
            alone = passes.at({name: each[row : row + 1] for name, each in columns.items()}, 1)
            assert [float(c[0]) for c in alone.numbers] == [float(c[row]) for c in together.numbers], text


def test_a_zero_that_is_one_is_plain() -> None:
    """And beside it one that has underflowed is not: there the careful passes tell."""
    passes = ColumnPasses(Program("(x*y)*(a*b)").graph(), {}, [0, 1])
    x, y = np.array([0.0, 1.0, 1.0]), np.array([2.0, 0.0, 1e-200])
    columns = {"x": x, "y": y, "a": np.array([1.0, 1.0, 1e-200]), "b": np.ones(3)}
    for rows in (1, 100):  # by themselves, and in a strip that is long enough to be recorded
        answer = passes.at({name: np.tile(column, rows) for name, column in columns.items()}, 3 * rows)
        assert answer.unusual.tolist() == [False, False, True] * rows
        assert [each[:2].tolist() for each in answer.numbers] == [[0.0, 0.0], [2.0, 0.0], [0.0, 1.0]]


def test_sums_are_those_of_fsum() -> None:
    chance = np.random.default_rng(1)
    for scale in (1.0, 1e8, 1e200, 1e290, 1e-300):
        total, all_of_them = Sum(), []
        for size in (1000, 1000, 300, 1000):
            column = chance.normal(size=size) * scale
            column[: size // 2] = -column[size // 2 : 2 * (size // 2)]  # so that nearly all cancels
            column[0] += 1.0
            total.add(column)
            all_of_them += column.tolist()
        expected = math.fsum(all_of_them)
        assert abs(total.value - expected) <= 1e-14 * abs(expected)
    assert Sum().value == 0.0
    total.add(np.full(3, 1.7e308))
    with pytest.raises(OverflowError):
        _ = total.value
    assert total.over(4003) == pytest.approx(1.7e308 / 4003 * 3, rel=1e-15)
    for numbers in ([1.5e308, 1e308, -1e308], [1.7e308, 1.7e308, 1.7e308, -1.7e308, -1.7e308]):  # overflows on the way
        assert Sum(numbers).value == float(sum(map(Fraction, numbers)))


@pytest.mark.slow
def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """Two million rows from .npy to CSV, in what half a million take, to a sixth; they are 32 MB, and 160 as CSV."""
    code = """
import resource, sys
from backprop_cli.cli.commands import run_command
from backprop_cli.points import tables
tables.PIECE = 2_000_000
assert run_command(["points", "x*exp(y)", *sys.argv[1:3], "--rename", "x=0", "--rename", "y=1", "-o", sys.argv[3]]) == 0
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    peaks = []
    for rows in (500_000, 2_000_000):
        np.save(tmp_path / "d.npy", np.random.default_rng(1).normal(size=(rows, 2)))
        words = [sys.executable, "-c", code, str(tmp_path / "d.npy"), "--no-cache", str(tmp_path / "out.csv")]
        peaks.append(int(subprocess.run(words, capture_output=True, text=True, check=True, timeout=200).stdout))
    assert peaks[1] < 7 / 6 * peaks[0], peaks


@pytest.mark.slow
def test_what_is_killed_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    pytest.importorskip("polars")
    source, out = tmp_path / "d.npy", tmp_path / "out.parquet"
    np.save(source, np.random.default_rng(1).normal(size=(3_000_000, 2)))
    out.write_text("old")
    words = command("points", "x*exp(y)", str(source), "--rename", "x=0", "--rename", "y=1", "-o", str(out))
    with subprocess.Popen(words, env=environment({})) as process:
        for _ in range(2000):
            beside = [*tmp_path.glob(".backprop-*")]
            if beside or process.poll() is not None:
                break
            time.sleep(0.005)
        time.sleep(0.2)
        process.kill()
    assert beside
    assert out.read_text() == "old"


# -- Files ---------------------------------------------------------------------------------------------------------

LOSS = "softplus(-y*(w1*x1 + w2*x2 + b))"
WEIGHTS = ("--w1", "0.7", "--w2", "-1.1", "--b", "0.2")
ROWS = 257


def data() -> dict[str, list[float]]:
    chance = random.Random(11)
    columns = {name: [chance.gauss(0, 1) for _ in range(ROWS)] for name in ("x1", "x2")}
    return {**columns, "y": [chance.choice([-1.0, 1.0]) for _ in range(ROWS)]}


def write(folder: Path) -> list[Path]:
    """The same rows in every format; the line format of all, CSV, first."""
    polars = pytest.importorskip("polars")
    columns = data()
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    for end, between in ((".csv", ","), (".tsv", "\t")):
        lines = [between.join(columns), *(between.join(map(repr, row.values())) for row in rows)]
        (folder / f"d{end}").write_text("\n".join(lines) + "\n")
    (folder / "d.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    frame = polars.DataFrame(columns)
    frame.write_parquet(folder / "d.parquet")
    frame.write_ipc(folder / "d.arrow")
    kinds = [(name, "f8") for name in columns]
    np.save(folder / "d.npy", np.array([*zip(*columns.values(), strict=True)], dtype=kinds))
    return [folder / f"d{end}" for end in (".csv", ".tsv", ".jsonl", ".parquet", ".arrow", ".npy")]


def fine(*words: str, stdin: str = "") -> str:
    result = run("points", *words, stdin=stdin)
    assert (result.status, result.err) == (0, ""), result.err
    return result.out


def numbers(path: Path) -> list[list[float]]:
    """Value and gradients of each row of a file of results."""
    names = ("value", "gradient.x1", "gradient.x2")
    if path.suffix == ".parquet":
        import polars

        return [[*row] for row in polars.read_parquet(path).select(names).rows()]
    text = path.read_text()
    if path.suffix == ".jsonl":
        found = [json.loads(line) for line in text.splitlines()]
        return [[each["value"], *each["gradient"].values()] for each in found]
    rows = csv.DictReader(io.StringIO(text), delimiter="\t" if "\t" in text.split("\n")[0] else ",")
    return [[float(row[name]) for name in names] for row in rows]


def test_every_format_in_and_out_agrees(tmp_path: Path) -> None:
    """To the last bit, and with the line path within 2 ulp."""
    files = write(tmp_path)
    lines = fine(LOSS, "-", *WEIGHTS, "--wrt", "x1,x2", stdin=files[0].read_text())
    (tmp_path / "lines.csv").write_text(lines)
    expected = numbers(tmp_path / "lines.csv")
    documents, tables = set(), []
    for file in files:
        for end in (".csv", ".jsonl", ".parquet"):
            out = tmp_path / f"out{end}"
            assert fine(LOSS, str(file), *WEIGHTS, "--wrt", "x1,x2", "-o", str(out)) == ""
            tables.append(numbers(out))
        documents.add(fine(LOSS, str(file), *WEIGHTS, "--reduce", "mean"))
    assert all(table == tables[0] for table in tables)
    assert all(off(a, b) <= ULP for x, y in zip(tables[0], expected, strict=True) for a, b in zip(x, y, strict=True))
    assert len(documents) == 1
    document = json.loads(documents.pop())
    assert document["rows"] == ROWS
    assert document["value"] == pytest.approx(math.fsum(row[0] for row in tables[0]) / ROWS, rel=1e-14)


def test_what_is_passed_on_stays_as_it_was(tmp_path: Path) -> None:
    text = "id,x,note\n007,1.50,a b\n8,-2,\n1e3, 3 ,é\n"
    (tmp_path / "d.csv").write_text(text)
    found = fine("x*x", str(tmp_path / "d.csv")).splitlines()
    assert found == [
        "id,x,note,value,gradient.x",
        "007,1.50,a b,2.25,3.0",
        "8,-2,,4.0,-4.0",
        "1e3, 3 ,é,9.0,6.0",
    ]
    assert found == fine("x*x", "-", stdin=text).splitlines()


# -- Unusual rows --------------------------------------------------------------------------------------------------

PLAIN, ODD = 1500, (5, 700, 1499)


def odd_file(folder: Path) -> Path:
    """In each block a row where log(x) has no value, and one cell that is no number."""
    path = folder / "odd.csv"
    cells = ["-1" if row in ODD else "1/4" if row == 1000 else f"{1 + row % 7}" for row in range(PLAIN)]
    path.write_text("x,k\n" + "".join(f"{cell},{row}\n" for row, cell in enumerate(cells)))
    return path


def test_unusual_rows_are_told_as_line_by_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same status and the same words on standard error, and the same rows."""
    pytest.importorskip("polars")
    monkeypatch.setattr("backprop_cli.points.frames.TEXT", 2000)
    monkeypatch.setattr("backprop_cli.passes.columns.ROWS", 100)
    path = odd_file(tmp_path)
    text = path.read_text()
    for how in ("stop", "skip", "null"):
        words = ("log(x)", "--on-error", how)
        line = run("points", words[0], "-", *words[1:], stdin=text)
        block = run("points", words[0], str(path), *words[1:])
        assert (block.status, block.err) == (line.status, line.err), how
        ours, theirs = block.out.splitlines(), line.out.splitlines()
        assert len(ours) == len(theirs)
        assert ours[:7] == theirs[:7]
        assert [row.split(",")[1] for row in ours] == [row.split(",")[1] for row in theirs]
    skipped = run("points", "log(x)", str(path), "--on-error", "skip", "--reduce", "sum", "--json")
    assert json.loads(skipped.out)["left_out"] == len(ODD)
    assert skipped.status == 1
    tie = run("points", "max(x, 3)", str(path), "--reduce", "sum", "--get", "value")
    assert tie.out.count("\n") == 1


ON_THE_WAY = ["normcdf(besselk(1/3, x))*0*y", "beta(log(x), y)*x", "lbeta(log(x), y)"]
"""Where a row has no value on the way, and what comes of it there goes through functions that few use."""


def test_what_has_no_value_on_the_way_is_told_as_line_by_line(tmp_path: Path) -> None:
    pytest.importorskip("polars")
    path = tmp_path / "two.csv"
    path.write_text("x,y\n-2,1.5\n0.4,2.5\n")
    for text in ON_THE_WAY:
        line = run("points", text, "-", "--on-error", "null", stdin=path.read_text())
        assert run("points", text, str(path), "--on-error", "null") == line, text


ENDS: dict[str, str] = {
    "a file that ends in the middle": "x,y\n1,2\n3",
    "a file that ends in a quote": 'x,y\n1,2\n3,"4',
    "a row with a field too many": "x,y\n1,2\n3,4,5\n6,7\n",
    "fields that make up for each other": "x,y\n1\n2,3,4\n5,6\n",
    "empty lines": "x,y\n1,2\n\n\n3,4\n",
    "lines that end as on Windows": "x,y\r\n1,2\r\n3,4\r\n",
    "a quoted field of several lines": 'x,y\n1,2\n"3",4\n5,"6\n"\n7,8\n',
    "one column": "x\n1\n \n2\n",
    "an empty cell": "x,y\n1,2\n,4\n",
    "no row": "x,y\n",
    "a carriage return": "x,y\n1,2\r3\n4,5\n",
    "an infinity": "x,y\n1,inf\n1e400,2\n",
    "no text": "x,y\n1,\ud8002\n3,4\n",
}


OBJECTS = """\
{"x": 1, "y": 2}
{"y": 1, "x": 2.50}
{"x": 1, "y": 2, "y": 3}
{"x": 1}
{"x": 1, "y": 2, "z": ":"}
{"x": "1/4", "y": " 2 "}
{"x": true, "y": null}
{"x": 1,"y":2},{"x": 1,"y":2}

{"x": [{}
{}], "y": 1}
{"x": NaN, "y": 1e999}
{"x": "é\u202e", "y": 1}
{"x": {"y": 2}}
{"value": 1, "x": 2}
 {"x": 3, "y": 4}
{"x": -0.0, "y": 1e-3}
{"x": 3, "y": 4
"""


def test_objects_that_are_not_plain_are_read_as_line_by_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, lines = tmp_path / "d.jsonl", OBJECTS.splitlines(keepends=True)
    for size in (40, 10_000):
        monkeypatch.setattr("backprop_cli.points.objects.TEXT", size)
        for text in (OBJECTS, OBJECTS.replace("\n", "\r\n"), lines[0] * 9 + lines[1] + lines[-3], *lines):
            path.write_text(lines[0] + text, encoding="utf-8", newline="")
            for how in ("stop", "null", "skip") if len(text) > 100 else ("null",):
                line = run("points", "x*y", "-", "--on-error", how, stdin=path.read_bytes())
                assert run("points", "x*y", str(path), "--on-error", how) == line, (text, how)


def test_plain_objects_with_unusual_rows_are_told_as_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    values = [1, 2, -1, 3, "1/4", 0, 5, "x"]
    path.write_text("".join(f"{json.dumps({'x': value, 'k': 1})}\n" for value in values))
    for how in ("stop", "null", "skip"):
        line = run("points", "floor(x)/x", "-", "--on-error", how, stdin=path.read_bytes())
        assert run("points", "floor(x)/x", str(path), "--on-error", how) == line, how


def test_files_that_are_not_plain_are_read_as_line_by_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "d.csv"
    for name, text in ENDS.items():
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        for how, size in (("stop", 10_000), ("null", 4)):
            monkeypatch.setattr("backprop_cli.points.frames.TEXT", size)
            formula = "x*2" if name == "one column" else "x*y"
            line = run("points", formula, "-", "--on-error", how, stdin=path.read_bytes())
            assert run("points", formula, str(path), "--on-error", how) == line, (name, how)


def test_what_is_worked_out_ahead_comes_in_turn() -> None:
    """One item ahead and no more; and an error where its item would be, not before."""
    begun = []

    def items() -> Iterator[int]:
        for number in range(4):
            begun.append(number)
            yield 6 // (2 - number)

    found = ahead(items())
    assert [next(found), next(found)] == [3, 6]
    assert max(begun) <= 2
    with pytest.raises(ZeroDivisionError):
        next(found)
    assert [*ahead(iter(range(3)))] == [0, 1, 2]


def test_cells_that_csv_has_no_way_to_write(tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    cells: dict[str, list[object]] = {"l": [[1, 2]], "s": [{"a": 1}], "b": [b"a"], "t": [timedelta(1)]}
    polars.DataFrame({"x": [1.5], **cells}).write_parquet(tmp_path / "d.parquet")
    [row] = csv.DictReader(io.StringIO(fine("2*x", str(tmp_path / "d.parquet"))))
    shown = {"x": "1.5", "value": "3.0", "gradient.x": "2.0"}
    assert row == {**shown, **{name: str(cell) for name, [cell] in cells.items()}}


def test_files_that_are_no_lines_are_told(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    for begin, what in (
        (b"PAR1", "a Parquet file"),
        (b"PK\x03\x04", "an archive"),
        (b"\x93NUMPY", "an array of NumPy"),
    ):
        path.write_bytes(begin + b"\n")
        for words in (("points", "x", str(path)), ("eval", "sum(x)", "--data", str(path))):
            assert f"line 1: this is {what}" in run(*words).err
    path.write_text("")
    assert "holds no row" in run("eval", "sum(x)", "--data", str(path)).err


def test_what_is_wrong_with_a_row_is_told_once_for_all_of_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text("x,y\n1,2\n3,4,5\n")
    error = run("eval", "sum(x*y)", "--data", str(path)).err
    assert error.startswith("error: line 3: 3 fields, where the header has 2\n")


HEADERS = {
    b"\x01\x00\x40\x00" + b"{'descr': '<f8', 'fortran_order': False, 'shape': (0, 10**9)}  \n": "is no .npy file",
    b"\x01\x00\x40\x00"
    + b"{'descr': '<f8', 'fortran_order': False, 'shape': (10,".ljust(63)
    + b"\n": "is no .npy file",
    b"\x02\x00\xff\xff\xff\xff" + b" " * 30_000: "is no .npy file",
    b"\x02\x00\x29\x23\x00\x00" + b"-" * 9_000 + b"1".ljust(40) + b"\n": "is no .npy file",
    b"\x01\x00\x43\x00" + b"{'descr': '<f8', 'fortran_order': False, 'shape': (0, 1000000000)}\n": "a row of ",
    b"\x01\x00\x3c\x00"
    + b"{'descr': '<f8', 'fortran_order': False, 'shape': (10,)}   \n": "is shorter than its header says",
}
"""What may stand behind NumPy's mark, and what is told of it."""


@pytest.mark.parametrize("header", HEADERS, ids=HEADERS.values())
def test_headers_that_lie_are_told(header: bytes, tmp_path: Path) -> None:
    """And not with the memory that they ask for."""
    (tmp_path / "d.npy").write_bytes(b"\x93NUMPY" + header)
    for words in (("points", "x"), ("eval", "sum(x)", "--data")):
        found = run(*words, str(tmp_path / "d.npy"))
        assert (found.status, HEADERS[header] in found.err) == (2, True)
    if "row" not in HEADERS[header]:
        assert HEADERS[header] in run("eval", "sum(x)", "--x", f"@{tmp_path}/d.npy").err


def test_what_is_too_large_for_doubles_is_told_alone(tmp_path: Path) -> None:
    """NumPy warns of it too."""
    np.save(tmp_path / "d.npy", np.array([(1,), (np.longdouble("1e4000"),)], dtype=[("x", np.longdouble)]))
    found = run("fit", "a*x", "--start", "a=1", "--target", "x", "--data", str(tmp_path / "d.npy"))
    assert found.err.startswith("error: row 2")


def test_lines_that_are_not_as_they_should_be_are_told(tmp_path: Path) -> None:
    """With advice, by `points` and where whole columns are read."""
    damaged = gzip.compress(b"x;y\n" + b"1;2\n" * 90_000)[:200]
    cases = {
        b"x;y\n1,5;2\n": "line 2: the value of x has a decimal comma\n  1,5\n   ^\nhint: a decimal point is",
        b"x   y\n1   2\n": "several spaces stand between columns\nhint: tr -s ' ' makes one of several",
        damaged: "the points cannot be read: its gzip data is damaged",
    }
    path = tmp_path / "d"
    for data, error in cases.items():
        path.write_bytes(data)
        more = ["--delimiter", " "] if b"   " in data else []
        for words in (["points", "x*y", str(path)], ["eval", "x@y", "--data", str(path)]):
            result = run(*words, *more)
            assert (result.status, f"error: {error}" in result.err) == (2, True), (words, result)


def test_a_date_is_not_two_subtractions(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text("x,y\n2020-01-01,1\n2020-01-01 10:00,1\n2020-1-1,1\n")
    result = run("points", "x*y", str(path), "--on-error", "null", "--format", "json")
    values = [json.loads(line)["value"] for line in result.out.splitlines()]
    assert values == [None, None, 2018.0]
    assert "line 2: the value of 'x' is a date, not a number: 2020-01-01\n" in result.err


# -- One result ----------------------------------------------------------------------------------------------------


def test_one_result_of_all_rows(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text("x,y\n1,2\n2,3\n4,1\n")
    words = ("(w*x - y)^2", str(path), "--w", "1")
    assert json.loads(fine(*words, "--reduce", "sum")) == {
        "expression": "(w*x - y)^2", "output": "f", "reduce": "sum", "rows": 3, "left_out": 0,
        "value": 11.0, "point": {"w": 1.0}, "gradient": {"w": 18.0},
    }  # fmt: skip
    assert fine(*words, "--reduce", "mean", "--get", "value", "--get", "w", "--digits", "3") == "3.67\n6\n"
    assert fine(*words, "--reduce", "sum", "--format", "csv") == "name,value,gradient\nf,11.0,\nw,1.0,18.0\n"
    assert "over 3 rows" in fine(*words, "--reduce", "sum", "--format", "table")
    assert "| `w` | 1 | 18 |" in fine(*words, "--reduce", "sum", "--format", "markdown")
    assert fine("(w*x - y)^2", "-", "--w", "1", "--reduce", "sum", stdin=path.read_text()) == fine(
        *words, "--reduce", "sum"
    )


def test_no_points_give_no_result(tmp_path: Path) -> None:
    """A stream without points is well; of none there is no sum, and no columns for Parquet."""
    path = tmp_path / "none.csv"
    for text, told in (("", "there are no points"), ("x\n", "there is no row")):
        path.write_text(text)
        for source, stdin in ((str(path), ""), ("-", text)):
            assert run("points", "w*x", source, "--w", "1", stdin=stdin).status == 0
            for words in (["--reduce", "sum"], ["-o", str(tmp_path / "p.parquet")]):
                result = run("points", "w*x", source, "--w", "1", *words, stdin=stdin)
                assert (result.status, result.out) == (2, ""), (text, words)
                assert result.err.startswith(f"error: {told}"), (text, words)


def test_gates_of_very_many_inputs_are_computed_row_by_row(tmp_path: Path) -> None:
    """Over columns each of their slopes would read all inputs, which takes the square of their number."""
    path = tmp_path / "d.csv"
    path.write_text("x\n1\n2\n")
    for name, around in ("hypot", "{}"), ("max", "{}"), ("hypot", "m(x) = {}; m(x)"):
        text = around.format(f"{name}({', '.join(f'x/{i}' for i in range(1, columns_.WIDE + 2))})")
        passes = ColumnPasses(Program(text).graph(), {}, [0])
        _, unusual = passes.at({"x": np.array([1.0, 2.0])}, 2)
        assert unusual.all() == (name == "hypot"), name
        lines = [json.loads(line) for line in fine(text, str(path), "--format", "json").splitlines()]
        for x, line in zip((1, 2), lines, strict=True):
            trace = backprop_cli.backprop(text, x=x)
            assert (line["value"], line["gradient"]) == (trace.value, trace.gradient)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipe has a name here")
def test_what_is_read_to_and_fro_is_no_pipe(tmp_path: Path) -> None:
    for end in (".parquet", ".arrow", ".npy"):
        path = tmp_path / f"p{end}"
        os.mkfifo(path)
        pipe = os.open(path, os.O_RDWR)  # so that nothing waits for a writer
        result = run("fit", "a*x", "--data", str(path), "--target", "y", "--start", "a=1")
        assert (result.status, result.out) == (2, "")
        assert f"is no file {end} that can be read: it is a pipe\nhint: " in result.err
        os.close(pipe)


WRONG: dict[str, tuple[str, ...]] = {
    "'x' is a column, and its gradient is a number a row": ("--reduce", "sum", "--wrt", "x"),
    "--reduce adds doubles, which --precision does not fit": ("--reduce", "sum", "--precision", "20"),
    "--on-error null is for results a row": ("--reduce", "sum", "--on-error", "null"),
    "--format table is for one result": ("--format", "table"),
    "Parquet is written to a file": ("--format", "parquet"),
    "--reduce gives one result, and Parquet is for rows": ("--reduce", "sum", "--format", "parquet"),
}


def test_what_does_not_go_together_is_told(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text("x,y\n1,2\n")
    for message, words in WRONG.items():
        result = run("points", "w*x*y", str(path), "--w", "1", *words)
        assert result.status == 2, (message, result)
        assert message in result.err
        assert "hint: " in result.err
    path = tmp_path / "bad.parquet"
    path.write_bytes(b"PAR1 and nothing more")
    for wrong, message in ((path, "is no file .parquet that can be read"), (tmp_path / "no.parquet", "no.parquet")):
        result = run("points", "x", str(wrong))
        assert result.status == 2
        assert message in result.err
    stream = tmp_path / "stream.arrow"
    pytest.importorskip("polars").DataFrame({"x": [1.0]}).write_ipc_stream(stream)
    assert "hint: it is a stream of Arrow" in run("points", "x", str(stream)).err
    objects = tmp_path / "objects.npy"
    np.save(objects, np.array([object()]), allow_pickle=True)
    assert "objects are never read" in run("points", "x", str(objects)).err


def test_without_polars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CSV and JSON lines give the same, to the bit; other files say what to install."""
    files = write(tmp_path)
    words = (*WEIGHTS, "--wrt", "x1,x2", "--format", "csv")
    expected = [fine(LOSS, str(file), *words) for file in (files[0], files[2])]
    monkeypatch.setitem(sys.modules, "polars", None)
    assert [parsed(fine(LOSS, str(file), *words)) for file in (files[0], files[2])] == [*map(parsed, expected)]
    for others in ([str(files[3])], [str(files[0]), "-o", str(tmp_path / "o.parquet")]):
        result = run("points", LOSS, *others, *WEIGHTS)
        assert result.status == 2
        assert "pip install 'backprop-cli[columns]'" in result.err


def test_columns_without_names(tmp_path: Path) -> None:
    np.save(tmp_path / "d.npy", np.arange(6.0).reshape(3, 2, order="F"))
    path = str(tmp_path / "d.npy")
    assert fine("x*y", path, "--rename", "x=0", "--rename", "y=1", "--reduce", "sum", "--get", "value") == "14.0\n"
    hint = "hint: the columns have numbers for names: --rename x=0 takes one"
    assert hint in run("points", "x", path).err
    assert hint in run("eval", "mean(x)", "--data", path).err


def parsed(text: str) -> list[list[float]]:
    return [[*map(float, row)] for row in [*csv.reader(io.StringIO(text))][1:]]


def test_whole_columns(tmp_path: Path) -> None:
    files = write(tmp_path)
    for file in files:
        found = Columns(str(file), names=["x1", "y"])
        assert {name: each.tolist() for name, each in found.items()} == {name: data()[name] for name in ("x1", "y")}
    files[0].write_text("x,label,m\n1/4,a,1\n2,b,\n")
    there = Columns(str(files[0]))
    assert (*there,) == ("x", "label", "m")
    assert there["x"].tolist() == [0.25, 2]
    for name, told in {
        "label": "line 2: in the value of label: 'a' is not a constant",
        "m": "line 3: the value of m is empty",
    }.items():
        with pytest.raises(BackpropError, match=told):
            there[name]


# -- Columns as vectors --------------------------------------------------------------------------------------------


def test_columns_as_vectors(tmp_path: Path) -> None:
    """`eval --data`: the same loss, written over whole columns."""
    files = write(tmp_path)
    loss = "mean(softplus(-y*(w1*x1 + w2*x2 + b)))"
    document = json.loads(fine(LOSS, str(files[0]), *WEIGHTS, "--reduce", "mean"))
    for file in files:
        result = run("eval", loss, "--data", str(file), *WEIGHTS, "--wrt", "w1,w2,b", "--get", "value", "--get", "w2")
        assert (result.status, result.err) == (0, "")
        expected = [document["value"], document["gradient"]["w2"]]
        assert [*map(float, result.out.split())] == pytest.approx(expected, rel=1e-13)
    path = tmp_path / "d.csv"
    path.write_text("x,my y,e,label\n1,2,1,a\n2,4,1,b\n")
    words = ("eval", "sum((w*x - y)^2) + sum(e)", "--data", str(path), "--w", "1", "--get", "w")
    assert run(*words, "--rename", "y=my y").out == "-10.0\n"
    assert run("eval", "sum(x*e)", "--data", "-", "--get", "value", stdin=path.read_text()).out == "3.0\n"  # read once
    missing = run(*words).err
    assert "no value for y" in missing
    assert "hint: the columns are x, my y, e, label" in missing
    wrong = run("eval", "sum(x*label)", "--data", str(path))
    assert "line 2: in the value of label: 'a' is not a constant" in wrong.err
    assert run("eval", "sum(x)", "--data", str(tmp_path / "no.csv")).status == 2


def test_what_is_recorded_is_what_goes_row_by_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """To the last bit, for every primitive, and however many processors take part."""
    chance = random.Random(11)
    graphs = [a_use(op) for op in TABLE if not op.truth and op.name not in WITHOUT_LOOPS]
    texts = ["s(t) = exp(-t)*t; s(x*y) + s(y)/x", "relu(x)*max(x, y) + x**3/(y - x)**2", "(x + 1)**2*(y*0.5)*0"]
    for graph in [*graphs, *(Program(text).graph() for text in texts)]:
        names = [node.name for node in graph.variables]
        points = np.array([a_point(graph, chance, 1) for _ in range(100)])
        wrt = [name for name in names if name != "n"]
        passes = ColumnPasses(graph, {}, [node.position for node in graph.variables if node.name in wrt], wrt)
        monkeypatch.setattr(columns_, "LEAST_RECORDED", 1_000)
        plain = points[~passes.at(dict(zip(names, points.T, strict=True)), len(points)).unusual]
        plain = np.tile(plain, (1 + 64 // max(1, len(plain)), 1))
        columns = dict(zip(names, plain.T.copy(), strict=True))
        expected = passes.at(columns, len(plain))
        monkeypatch.setattr(columns_, "LEAST_RECORDED", 1)
        monkeypatch.setattr(columns_, "LEAST_ROWS", 10)
        passes.rows = 30
        with monkeypatch.context() as patch:
            patch.delattr(_Strips, "_row_by_row")
            for count in (1, 3):
                patch.setattr(columns_, "processors", lambda count=count: count)
                found = passes.at(columns, len(plain))
                assert not found.unusual.any()
                for one, other in zip(found.numbers, expected.numbers, strict=True):
                    assert np.array_equal(one, other), graph
                    assert np.array_equal(np.signbit(one), np.signbit(other)), graph


def test_sums_of_strips_are_those_of_fsum() -> None:
    """Also where what has one sign in each strip cancels over all of them, and where a strip has an unusual row."""
    f = backprop_cli.columns("x*y", wrt="x", on_error="null")
    x = np.random.default_rng(4).uniform(1, 2, 5 * columns_.ROWS)
    y = np.repeat([1.0, -1.0, 1.0, -1.0, 1e-9], columns_.ROWS)
    for odd in (1.5, math.nan):
        x[7] = odd
        found, there = f.sum({"x": x, "y": y}), np.isfinite(x)
        for name, column in (("value", x * y), ("gradient.x", y)):
            expected = math.fsum(column[there])
            assert abs(found[name] - expected) <= 1e-14 * abs(expected), name


CELLS = ["1", "2.5", "", "a", '"1"', '"a,b"', '"l1\nl2"', '"say ""hi"""', '""', "é", '"\n\n"', " 3 ", '""""', '"\r\n"']
WILD = ['\r,",\n', '"5', '5"', '"a"b', '\\"', '"', "\r", "\0", '"x\r"']


def test_quoted_csv_is_read_as_record_by_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows, their lines and what they are written as again; most of it by Polars, in whatever pieces."""
    frames = pytest.importorskip("backprop_cli.points.frames")
    chance, by_polars = random.Random(5), 0
    for number in range(300):
        monkeypatch.setattr(frames, "TEXT", chance.choice([4, 20, 100, 10_000]))
        cells, end = [*CELLS, *(WILD if number % 3 == 0 else ())], chance.choice(["\n", "\r\n"])
        widths = [chance.choice([0, 1, 2, 4]) if chance.random() < 0.03 else 3 for _ in range(chance.randint(0, 12))]
        lines = [",".join(chance.choices(cells, k=width)) for width in widths]
        data = ("x,y,n\n" + end.join(lines) + chance.choice(["", end])).encode()
        expected = [(row.line, row.given, [*row.kept], str(row.error)) for row in read(Lines(io.BytesIO(data))).rows]
        found = []
        with io.BufferedReader(io.BytesIO(data)) as file:
            for block in of_lines(file).blocks(["x"]):
                rows = [block.row(place) for place in range(block.rows)]
                found += [(row.line, row.given, [*row.kept], str(row.error)) for row in rows]
                if block.frame is not None:
                    by_polars += number % 3 > 0
                    text = io.StringIO(newline="")
                    csv.writer(text, lineterminator="\n").writerows(row.kept for row in rows)
                    assert bytes(frames.csv_of(block.frame, ",")).decode() == text.getvalue()
        assert found == expected, data
    assert by_polars > 150


def test_quoted_csv_is_read_in_blocks() -> None:
    """Not line by line from the first quote on, which took several times as long; but where a quote is out of place."""
    pytest.importorskip("polars")
    quoted, text, wild = '1,"a, b"\n2,"a\nb"\n', '2,5" wide\n', '1,"a, b"\n2,5" wide\n'
    for lines, is_read in ((quoted, True), (text, True), (wild, False)):
        with io.BufferedReader(io.BytesIO(f"x,note\n{lines * 10}".encode())) as file:
            assert all((block.frame is not None) is is_read for block in of_lines(file).blocks(["x"]))


def test_an_infinite_entry_is_told_alike_in_every_format(tmp_path: Path) -> None:
    """It is no number that overflows; `--allow-nonfinite` goes on with it."""
    polars = pytest.importorskip("polars")
    polars.DataFrame({"x": [1.0, math.inf, -math.inf]}).write_parquet(tmp_path / "d.parquet")
    (tmp_path / "d.csv").write_text("x\n1\ninf\n-inf\n")
    np.save(tmp_path / "d.npy", np.array([(1.0,), (math.inf,), (-math.inf,)], dtype=[("x", float)]))
    for end in ("csv", "parquet", "npy"):
        path = str(tmp_path / f"d.{end}")
        assert run("points", "2*x", path, "--on-error", "skip").err.count("the value of x is not finite") == 2, end
        assert "Infinity" in fine("2*x", path, "--allow-nonfinite", "--json"), end
