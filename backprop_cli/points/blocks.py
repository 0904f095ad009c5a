"""Blocks of rows, with the numbers of each variable as an array, and the tables that they come from."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, BinaryIO, NamedTuple, TypeAlias

import numpy as np

from ..arithmetic.columns import Column
from .evaluate import Row, number_of
from .rows import MAX_LINE, Source, unreadable

PIECE = 16_000_000
"""Bytes of a file of columns that are read at once."""
TEXT = 2_000_000
"""Bytes of a file of lines that are read at once: what they hold takes many times as much, which is then used again."""


Look: TypeAlias = Callable[[Iterator[Row]], Iterator[Row]]


class Block(NamedTuple):
    """Rows that lie one behind the other.

    rows: how many;
    columns: the numbers of each variable, NaN where an entry is no plain number;
    row: the row in a place, as `rows` reads it;
    frame: the columns that are passed on, as Polars has them; None where there are rows alone;
    arrays: the same as NumPy has them, where a file holds such;
    texts: the rows as they are written, where they are plain objects of JSON;
    left_out: the places, before that, of rows that were left out, all others being here.
    """

    rows: int
    columns: Mapping[str, Column]
    row: Callable[[int], Row]
    frame: Any = None
    arrays: Mapping[str, Any] | None = None
    texts: Sequence[str] | None = None
    left_out: Sequence[int] = ()

    def part(self, start: int, count: int) -> Block:
        """Some of its rows."""
        columns = {name: each[start : start + count] for name, each in self.columns.items()}
        frame = None if self.frame is None else self.frame.slice(start, count)
        arrays = None if self.arrays is None else {n: each[start : start + count] for n, each in self.arrays.items()}
        texts = None if self.texts is None else self.texts[start : start + count]
        rows = min(count, self.rows - start)
        return Block(rows, columns, lambda place: self.row(start + place), frame, arrays, texts)


class Table(NamedTuple):
    """A file of points, of which nothing but the names of the columns is read.

    source: how they are written, for what writes results beside them;
    blocks: what gives the blocks, for the names of variables that are to be columns, names that no row may have, and
        what looks at rows before, where they are read one by one;
    size: of the file, in bytes or rows; None where nobody knows;
    done: how much of it has been read;
    noun: what a row is called where it is numbered.
    """

    source: Source
    blocks: Callable[..., Iterator[Block]]
    size: int | None
    done: Callable[[], int]
    noun: str = "line"


_ROOM = 4_000_000_000
"""Bytes of addresses below which Polars is left alone: it ends the process where it is refused some."""


def has_polars() -> bool:
    """Whether Polars is installed, and may have what it needs."""
    from importlib.util import find_spec

    is_there = sys.modules.get("polars", find_spec) is not None and find_spec("polars") is not None
    return is_there and has_room()


def has_room() -> bool:
    """Whether the system leaves this process enough addresses for Polars (`ulimit -v`)."""
    if sys.platform == "win32":
        return True
    from resource import RLIM_INFINITY, RLIMIT_AS, getrlimit

    most, _ = getrlimit(RLIMIT_AS)
    return most == RLIM_INFINITY or most >= _ROOM


def piece(file: BinaryIO, size: int) -> bytes:
    """Whole lines of a file, about so many bytes of them; empty at its end. Raises UnreadableError."""
    try:
        data = file.read(size)
        return data + file.readline(MAX_LINE) if data and not data.endswith(b"\n") else data
    except OSError as error:
        raise unreadable(error) from None


def of_rows(
    found: Iterable[Row], names: Collection[str], refused: Collection[str], size: int = 16_384
) -> Iterator[Block]:
    """Rows in blocks.

    found: the rows;
    names: the columns that are numbers;
    refused: those that no row may have;
    size: rows of a block, at most.
    """
    rest, is_free = iter(found), frozenset(refused).isdisjoint
    while some := [*islice(rest, size)]:
        plain = [row.error is None and is_free(row.given) for row in some]
        columns = {}
        for name in names:
            entries = [row.given.get(name) if fine else None for row, fine in zip(some, plain, strict=True)]
            numbers = [each if type(each) is float else number_of(each) for each in entries]
            columns[name] = np.array(numbers, dtype=np.float64)
        if not names and not all(plain):
            columns = {"": np.where(plain, 0.0, math.nan)}
        yield Block(len(some), columns, some.__getitem__)
