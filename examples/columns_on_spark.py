"""The gradient of a loss over a table that Spark holds: each part of it where it lies, and the parts added.

    python examples/columns_on_spark.py data.parquet

The function is pickled and sent to the workers, which need backprop-cli and pyarrow, as `pip install` brings them. On
one machine `backprop points` is quicker: Spark takes seconds to start.
"""

import os
import sys

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import col
from pyspark.sql.functions import sum as added
from pyspark.sql.types import DoubleType, StructField, StructType

import backprop_cli

LOSS = "softplus(-y*(w1*x1 + w2*x2 + b))"
WEIGHTS = {"w1": 0.7, "w2": -1.1, "b": 0.2}


def with_gradients(table: DataFrame, at: backprop_cli.OverColumns) -> DataFrame:
    """The table with the value and the gradients behind its columns, a row for a row."""
    more = [StructField(name, DoubleType()) for name in at.results]
    return table.mapInArrow(lambda batches: map(at, batches), StructType([*table.schema.fields, *more]))


def total(table: DataFrame, at: backprop_cli.OverColumns) -> dict[str, float]:
    """The sums over all rows: each part adds up its own, and Spark the parts."""
    rows = with_gradients(table, at)
    [row] = rows.agg(*(added(col(f"`{name}`")).alias(name) for name in at.results)).collect()
    return row.asDict()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip())
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # of workers on this machine
    spark = SparkSession.builder.getOrCreate()
    loss = backprop_cli.columns(LOSS, WEIGHTS, wrt="w1,w2,b")
    for name, sum_of_it in total(spark.read.parquet(sys.argv[1]), loss).items():
        print(name, sum_of_it)
