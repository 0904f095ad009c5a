"""The gradient of a loss over what a query of DuckDB gives, batch by batch: it may be larger than memory.

python examples/columns_on_duckdb.py "SELECT x1, x2, y FROM 'data.parquet' WHERE x1 > 0"
"""

import math
import sys
from collections.abc import Iterator

import duckdb
import pyarrow

import backprop_cli

LOSS = "softplus(-y*(w1*x1 + w2*x2 + b))"
WEIGHTS = {"w1": 0.7, "w2": -1.1, "b": 0.2}


def with_gradients(query: str, at: backprop_cli.OverColumns) -> Iterator[pyarrow.RecordBatch]:
    """What the query gives with the value and the gradients behind its columns, a row for a row."""
    return map(at, duckdb.sql(query).to_arrow_reader(32_768))


def total(query: str, at: backprop_cli.OverColumns) -> dict[str, float]:
    """The sums over all rows, each batch by itself and then the batches."""
    parts: dict[str, list[float]] = {name: [] for name in at.results}
    for batch in with_gradients(query, at):
        for name, each in parts.items():
            each.append(math.fsum(batch.column(name).to_numpy()))
    return {name: math.fsum(each) for name, each in parts.items()}


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip())
    loss = backprop_cli.columns(LOSS, WEIGHTS, wrt="w1,w2,b")
    for name, sum_of_it in total(sys.argv[1], loss).items():
        print(name, sum_of_it)
