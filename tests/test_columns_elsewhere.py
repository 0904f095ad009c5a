"""`columns`: the function of whole columns and record batches, and the engines of others that carry it."""

from __future__ import annotations

import importlib.util
import math
import pickle
import random
import sys
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import backprop_cli
from backprop_cli import BackpropError, backprop
from support.command import run

EXAMPLES = Path(backprop_cli.__file__).parent.parent / "examples"
LOSS = "softplus(-y*(w1*x1 + w2*x2 + b))"
WEIGHTS = {"w1": 0.7, "w2": -1.1, "b": 0.2}


def data(rows: int) -> dict[str, list[float]]:
    chance = random.Random(5)
    columns = {name: [chance.gauss(0, 1) for _ in range(rows)] for name in ("x1", "x2")}
    return {**columns, "y": [chance.choice([-1.0, 1.0]) for _ in range(rows)]}


def test_columns_are_those_of_the_rows() -> None:
    table = data(300)
    at = backprop_cli.columns(LOSS, WEIGHTS, wrt="w1,x2")
    assert at.variables == ("y", "x1", "x2")
    found = at(table)
    assert [*found] == [*at.results] == ["value", "gradient.w1", "gradient.x2"]
    for row in range(0, 300, 50):
        trace = backprop(LOSS, {**WEIGHTS, **{name: each[row] for name, each in table.items()}}, wrt="w1,x2")
        expected = [trace.value, *trace.gradient.values()]
        assert [each[row] for each in found.values()] == pytest.approx(expected, rel=1e-15)
    parts = [at({name: each[start : start + 77] for name, each in table.items()}) for start in range(0, 300, 77)]
    for name, each in found.items():
        assert np.concatenate([part[name] for part in parts]).tolist() == each.tolist()
    for name, each in at.sum(table).items():
        assert each == math.fsum(found[name])
    again = pickle.loads(pickle.dumps(at))(table)
    assert {name: each.tolist() for name, each in again.items()} == {
        name: each.tolist() for name, each in found.items()
    }


def test_rows_without_a_result() -> None:
    table = {"x": [4.0, -1.0, "1/4", None], "note": "abcd"}
    found = backprop_cli.columns("log(x)", on_error="null")(table)
    assert found["value"][:3].tolist() == pytest.approx([math.log(4), math.nan, math.log(0.25)], nan_ok=True)
    assert np.isnan(found["gradient.x"][3])
    assert backprop_cli.columns("log(x)", on_error="null").sum(table)["value"] == pytest.approx(0.0)
    for columns, message in {
        "row 1: f = log\\(x\\) has no real value": table,
        "no column for x": {"y": [1]},
        "has 2 axes": {"x": [[1.0]]},
    }.items():
        with pytest.raises(BackpropError, match=columns):
            backprop_cli.columns("log(x)")(message)
    wrongs: list[dict[str, Any]] = [{"x": 1, "y": [1]}, {"on_error": "skip"}, {"wrt": "z"}]
    for wrong in wrongs:
        with pytest.raises(BackpropError):
            backprop_cli.columns("x*y", **wrong)({"x": [1.0]})


class Labelled:
    """A column of a frame whose rows were sorted or filtered: an entry is found by its label, as pandas has it."""

    def __init__(self, labels: list[int], entries: list[Any]) -> None:
        self.labels, self.entries = labels, entries

    def __getitem__(self, label: int) -> Any:
        return self.entries[self.labels.index(label)]

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.array(self.entries, dtype)


@pytest.mark.parametrize("labels", [[2, 3, 0, 1], [10, 11, 12, 13]])
@pytest.mark.parametrize("name", ["log(x)", "abs(x)", "max(x, 1)", "1/x"])
def test_rows_are_those_of_their_place_whatever_they_are_called(name: str, labels: list[int]) -> None:
    """Of rows beside a kink, a tie or none."""
    entries = [5.0, 1.0, 0.0, 2.0]
    found, plain = (
        backprop_cli.columns(name, on_error="null")({"x": each}) for each in (Labelled(labels, entries), entries)
    )
    for result, column in plain.items():
        np.testing.assert_array_equal(found[result], column)
    if name in ("log(x)", "1/x"):
        with pytest.raises(BackpropError, match=r"^error: row 2: .* at x = 0"):
            backprop_cli.columns(name)({"x": Labelled(labels, entries)})


def test_a_masked_entry_is_no_number() -> None:
    column = np.ma.array([1, 2, 3], mask=[False, True, False])
    found = backprop_cli.columns("2*x", on_error="null")
    np.testing.assert_array_equal(found({"x": column})["value"], [2, np.nan, 6])
    assert found.sum({"x": column}) == {"value": 8, "gradient.x": 4}
    with pytest.raises(BackpropError, match=r"^error: row 1: the value of 'x' is NaN"):
        backprop_cli.columns("2*x")({"x": column})
    with pytest.raises(BackpropError, match=r"^error: the value of t is not finite, at row 2"):
        backprop_cli.minimize("(a - t)^2", {"a": 1}, data={"t": column}, reduce="sum")
    at = backprop_cli.compile("sum(x)")
    for call in (partial(backprop_cli.backprop, "sum(x)"), at.trace, at):
        with pytest.raises(BackpropError, match=r"^error: the value of x is not finite at entry \[1\]"):
            call(x=column)


def test_record_batches() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    batch = pyarrow.RecordBatch.from_pydict({"x": [1, 2], "label": ["a", None]})
    found = backprop_cli.columns("x^2")(batch)
    assert found.to_pydict() == {"x": [1, 2], "label": ["a", None], "value": [1.0, 4.0], "gradient.x": [2.0, 4.0]}


# -- Engines of others ---------------------------------------------------------------------------------------------


def example(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def file_of(folder: Path, rows: int) -> Path:
    polars = pytest.importorskip("polars")
    polars.DataFrame(data(rows)).write_parquet(folder / "data.parquet")
    return folder / "data.parquet"


def ours(path: Path) -> dict[tuple[float, ...], list[float]]:
    """The results of `backprop points` for each row, by what it holds."""
    polars = pytest.importorskip("polars")
    out = path.with_name("ours.parquet")
    words = [f"--{name}={value}" for name, value in WEIGHTS.items()]
    assert run("points", LOSS, str(path), *words, "--wrt", "w1,w2,b", "-o", str(out)).status == 0
    names = ["value", "gradient.w1", "gradient.w2", "gradient.b"]
    return {row[:3]: [*row[3:]] for row in polars.read_parquet(out).select(["x1", "x2", "y", *names]).rows()}


@pytest.mark.slow
def test_duckdb_gives_every_row_as_we_do(tmp_path: Path) -> None:
    for name in ("duckdb", "pyarrow"):
        pytest.importorskip(name, reason=f"SKIPPED ALOUD: {name} is not installed")
    path, module = file_of(tmp_path, 5000), example("columns_on_duckdb")
    at = backprop_cli.columns(LOSS, WEIGHTS, wrt="w1,w2,b")
    expected, count = ours(path), 0
    for batch in module.with_gradients(f"SELECT x1, x2, y FROM '{path}'", at):
        for row in zip(*batch.to_pydict().values(), strict=True):
            assert [*row[3:]] == expected[row[:3]]
            count += 1
    assert count == 5000
    for place, each in enumerate(module.total(f"SELECT * FROM '{path}'", at).values()):
        assert each == pytest.approx(math.fsum(row[place] for row in expected.values()), rel=1e-13)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The inplace keyword")  # which Dask gives pandas
def test_dask_gives_every_row_as_we_do(tmp_path: Path) -> None:
    dask = pytest.importorskip("dask.dataframe", reason="SKIPPED ALOUD: dask is not installed")
    path, module = file_of(tmp_path, 5000), example("columns_on_dask")
    at = backprop_cli.columns(LOSS, WEIGHTS, wrt="w1,w2,b")
    table = dask.read_parquet(path).repartition(npartitions=3)
    found = module.with_gradients(table, at).compute()
    expected = ours(path)
    rows = [*zip(*(found[name] for name in found.columns), strict=True)]
    assert len(rows) == 5000
    assert all([*row[3:]] == expected[row[:3]] for row in rows)


@pytest.mark.slow
def test_spark_gives_every_row_as_we_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For real, in local mode: it needs Java."""
    pytest.importorskip("pyspark", reason="SKIPPED ALOUD: pyspark is not installed")
    pytest.importorskip("pyarrow", reason="SKIPPED ALOUD: pyarrow is not installed")
    import shutil

    if not shutil.which("java"):
        pytest.skip("SKIPPED ALOUD: there is no Java for Spark")
    path = file_of(tmp_path, 20_000)
    expected = ours(path)
    code = f"""
import sys
sys.path.insert(0, {str(EXAMPLES)!r})
import columns_on_spark as example
from pyspark.sql import SparkSession
spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")\\
    .config("spark.sql.shuffle.partitions", "2").getOrCreate()
at = example.backprop_cli.columns(example.LOSS, example.WEIGHTS, wrt="w1,w2,b")
table = spark.read.parquet({str(path)!r}).repartition(2).cache()
example.with_gradients(table, at).toPandas().to_parquet({str(tmp_path / "theirs.parquet")!r})
print(*example.total(table, at).values())
"""
    import subprocess

    from support.command import environment

    env = environment({"PYSPARK_PYTHON": sys.executable, "PYSPARK_DRIVER_PYTHON": sys.executable})
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=env, timeout=240, check=False
    )
    assert result.returncode == 0, result.stderr[-2000:]
    import polars

    rows = polars.read_parquet(tmp_path / "theirs.parquet").rows()
    assert len(rows) == len(expected) == 20_000
    assert all([*row[3:]] == expected[row[:3]] for row in rows)
    for place, each in enumerate(map(float, result.stdout.split())):
        assert each == pytest.approx(math.fsum(row[place] for row in expected.values()), rel=1e-12)
