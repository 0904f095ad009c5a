"""The gradient of a loss over a table that Dask holds in parts.

python examples/columns_on_dask.py data.parquet
"""

import sys

import dask.dataframe as dd
import pandas as pd

import backprop_cli

LOSS = "softplus(-y*(w1*x1 + w2*x2 + b))"
WEIGHTS = {"w1": 0.7, "w2": -1.1, "b": 0.2}


def with_gradients(table: dd.DataFrame, at: backprop_cli.OverColumns) -> dd.DataFrame:
    """The table with the value and the gradients behind its columns, a row for a row."""

    def of_part(part: pd.DataFrame) -> pd.DataFrame:
        return part.assign(**at(part))

    return table.map_partitions(of_part, meta=table._meta.assign(**dict.fromkeys(at.results, 0.0)))


def total(table: dd.DataFrame, at: backprop_cli.OverColumns) -> dict[str, float]:
    """The sums over all rows: each part adds up its own, and Dask the parts."""
    return with_gradients(table, at)[[*at.results]].sum().compute().to_dict()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip())
    loss = backprop_cli.columns(LOSS, WEIGHTS, wrt="w1,w2,b")
    for name, sum_of_it in total(dd.read_parquet(sys.argv[1]), loss).items():
        print(name, sum_of_it)
