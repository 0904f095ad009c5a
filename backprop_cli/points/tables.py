"""Files of points as tables, in whatever format: blocks of rows out of them, or their columns in one piece.

`opened` gives the table of a file, and `Columns` its columns: `Columns("d.csv")["x"]` is an array.
CSV, TSV and JSON lines are read by `rows`, and CSV by Polars where that is installed. Parquet and Arrow need it. NumPy
reads .npy, and unpickles nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import inf
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ..arithmetic.columns import Column
from ..errors import BackpropError, InputError, few, quote
from ..runtime.streams import unpacked
from . import rows as lines
from .blocks import PIECE, Block, Look, Table, has_polars, of_rows
from .evaluate import Row, read_entry
from .rows import FRAMES, MAX_RECORD, NO_OTHERS, Lines, Source, ending


@contextmanager
def opened(
    path: str, called: Mapping[str, str] = NO_OTHERS, delimiter: str = "", *, as_text: bool = False
) -> Iterator[Table]:
    """The table of a file.

    path: its name, whose end tells the format; a name that tells none is one of lines, `-` those of standard input;
    called: the names in the expression of columns that are written otherwise;
    delimiter: what stands between columns of CSV, if no comma and no tab;
    as_text: whether numbers of JSON lines stay as they are written.
    Raises InputError for a file that cannot be read, or is no such file.
    """
    end = ending(path)
    with lines.binary(path) as file:
        if end in (".npy", *FRAMES) and not file.seekable():
            hint = "a pipe takes CSV and JSON lines"
            raise InputError(f"{quote(path)} is no file {end} that can be read: it is a pipe", hint=hint)
        if end in FRAMES:
            from .frames import table

            yield table(path, end, called)
        elif end == ".npy":
            yield _npy(path, file, called)
        else:
            yield of_lines(file, called, delimiter, as_text=as_text)


class Columns(Mapping[str, Column]):
    """The columns of a file by name, which are read once. Of one that has an entry that is no number, it is told where.

    `left_out` are the rows that do not count, from 0.
    path, called, delimiter: as `opened` has them;
    names: the columns that are read, or what gives them for those that there are; all, if None;
    among: gives the table of those rows that count;
    hint: what to do about an entry that is no number.
    Raises InputError for what cannot be read, for a column that is not there, and where there is no row.
    """

    def __init__(
        self,
        path: str,
        called: Mapping[str, str] = NO_OTHERS,
        delimiter: str = "",
        names: Collection[str] | Callable[[Sequence[str]], Collection[str]] | None = None,
        among: Callable[[Table], Table] = lambda table: table,
        hint: str = "",
    ) -> None:
        self._wrong: dict[str, BackpropError] = {}
        self._hint = hint
        self.left_out: list[int] = []
        rows = 0
        with opened(path, called, delimiter) as table:
            self.header = there = table.source.names
            names = names(there) if callable(names) else names
            if missing := [name for name in names or () if name not in there]:
                raise no_column(missing[0], there)
            self._found: dict[str, list[Column]] = {name: [] for name in (there if names is None else names)}
            for block in among(table).blocks([*self._found]):
                self.left_out += [rows + len(self.left_out) + place for place in block.left_out]
                rows += block.rows
                for name, pieces in self._found.items():
                    if name not in self._wrong:
                        pieces.append(self._numbers(name, block, table.noun))
        if not rows:
            raise no_row(path)

    def _numbers(self, name: str, block: Block, noun: str) -> Column:
        """The numbers of a block, with those that are written as `1/4`."""
        column = block.columns[name]
        odd = np.flatnonzero(~np.isfinite(column)).tolist()
        if not odd:
            return column
        column = column.copy()
        for row, place in ((block.row(place), place) for place in odd):
            try:
                if row.error is not None:
                    raise row.error
                column[place] = read_entry(name, row.given.get(name, ""))
            except BackpropError as error:
                if error not in self._wrong.values():  # that of a row is told of each of its columns
                    error.message = f"{noun} {row.line}: {error.message}"
                if not error.hint or error.hint.startswith("--"):
                    error.hint = self._hint
                self._wrong[name] = error
                break
        return column

    def __getitem__(self, name: str) -> Column:
        if name in self._wrong:
            raise self._wrong[name]
        return np.concatenate(self._found[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def no_row(path: str) -> InputError:
    """There is nothing in a file."""
    return InputError(f"{'standard input' if path == '-' else quote(path)} holds no row")


def no_column(name: str, there: Sequence[str]) -> InputError:
    """There is no such column."""
    hint = lines.meant(name, there, there) or f"the columns are {', '.join(few(there))}"
    return InputError(f"there is no column {quote(name)}", hint=hint)


# -- Lines: CSV and JSON lines -------------------------------------------------------------------------------------


def of_lines(
    file: BinaryIO, called: Mapping[str, str] = NO_OTHERS, delimiter: str = "", *, as_text: bool = False
) -> Table:
    """The table of a file of lines. Its blocks may be asked for once.

    called: the names in the expression of columns that are written otherwise
    as_text: whether entries stay as they are written
    """
    contents = unpacked(file)
    read = Lines(contents)
    source = lines.read(read, delimiter, called, as_text=as_text)

    def blocks(names: Collection[str], refused: Collection[str] = (), look: Look = iter) -> Iterator[Block]:
        if source.form == "csv" and has_polars():
            from .frames import csv_blocks

            yield from csv_blocks(contents, read, source, names, refused)
        elif source.form == "json" and not (called or as_text):
            from .objects import json_blocks

            yield from json_blocks(contents, read, source, names, refused, look)
        yield from of_rows(look(source.rows), names, refused)

    size = lines.size_of(file) if contents is file else None
    return Table(source, blocks, size, lambda: read.size)


# -- Arrays --------------------------------------------------------------------------------------------------------


def of_arrays(columns: Mapping[str, Column]) -> Table:
    """The table of columns that are there: one block. columns: by name, of the same length, and one at least."""
    rows, names = len(next(iter(columns.values()))), [*columns]
    block = Block(rows, columns, _row_of(columns, 0))
    return Table(Source("csv", names, names, iter(())), lambda *_: iter([block]), rows, lambda: rows, "row")


# -- .npy ----------------------------------------------------------------------------------------------------------


def _npy(path: str, file: BinaryIO, called: Mapping[str, str]) -> Table:
    """NumPy's own format: a row for each entry of the first axis; columns are fields, or numbered from 0."""
    from ..passes.nested import npy_header

    shape, is_fortran, kind = npy_header(quote(path), file)
    if kind.hasobject:
        hint = "objects are never read, because reading them may run anything"
        raise InputError(f"{quote(path)} holds objects of Python, and points are numbers", hint=hint)
    kinds = {name: kind[name] for name in kind.names} if kind.names else {"": kind}
    wrong = [each for each in kinds.values() if each.kind not in "fiub" or each.shape]
    if wrong or len(shape) != (1 if kind.names else min(len(shape), 2)) or not shape:
        raise InputError(f"{quote(path)} is no table of numbers: it is an array {shape} of {kind}")
    width = shape[1] if len(shape) > 1 else 1
    if width * kind.itemsize > MAX_RECORD:
        raise InputError(f"a row of {quote(path)} is longer than {MAX_RECORD:,} bytes")
    header = [*kind.names] if kind.names else [*map(str, range(width))]
    names = lines.names_of(header, called)
    total, start, done = shape[0], file.tell(), 0
    if Path(path).stat().st_size < start + total * (1 if kind.names else width) * kind.itemsize:
        raise InputError(f"{quote(path)} is shorter than its header says")

    def piece(first: int, count: int) -> Any:
        if is_fortran and len(shape) > 1:
            found = np.empty((count, width), dtype=kind)
            for column in range(width):
                file.seek(start + (column * total + first) * kind.itemsize)
                found[:, column] = np.frombuffer(file.read(count * kind.itemsize), dtype=kind)
            return found
        data = file.read(count * kind.itemsize * (1 if kind.names else width))
        return np.frombuffer(data, dtype=kind) if kind.names else np.frombuffer(data, dtype=kind).reshape(count, width)

    def blocks(wanted: Collection[str], _refused: Collection[str] = (), _look: Look = iter) -> Iterator[Block]:
        nonlocal done
        step = max(1, PIECE // max(1, width * kind.itemsize))
        for first in range(0, total, step):
            count = min(step, total - first)
            data = piece(first, count)
            each = {
                name: data[text] if kind.names else data[:, place]
                for place, (name, text) in enumerate(zip(names, header, strict=True))
            }
            with np.errstate(over="ignore"):  # of a longer type; that it is not finite is told
                columns = {name: np.ascontiguousarray(each[name], dtype=np.float64) for name in wanted}
            yield Block(count, columns, _row_of(each, first), arrays=each)
            done = first + count

    return Table(Source("csv", header, names, iter(())), blocks, total, lambda: done, "row")


def _row_of(each: Mapping[str, Any], first: int) -> Callable[[int], Row]:
    def row(place: int) -> Row:
        entries = {name: column[place].item() for name, column in each.items()}
        return Row(
            first + place + 1,
            {name: str(entry) if entry in (inf, -inf) else float(entry) for name, entry in entries.items()},
            [*map(repr, entries.values())],
        )

    return row
