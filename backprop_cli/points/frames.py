"""Frames of Polars: CSV in blocks, and the formats that Polars alone reads, Parquet and Arrow."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np

from ..errors import InputError, OutputError, quote, shorten
from ..passes.threads import ahead
from .blocks import PIECE, TEXT, Block, Look, Table, has_room, of_rows
from .evaluate import Row, number_of
from .records import Piece, pieces
from .rows import FRAMES, Lines, Source, binary, names_of, read_records

if TYPE_CHECKING:
    import polars

ROWS = 1 << 18
"""Of a block out of a file in columns."""
_STREAM = b"\xff\xff\xff\xff"  # how streams of Arrow begin


def library(what: str) -> Any:
    """Polars. Raises InputError where it is not installed. what: what it is needed for."""
    if not has_room():
        raise MemoryError
    try:
        import polars
    except ImportError:
        hint = "pip install 'backprop-cli[columns]' brings it; CSV and JSON lines do without"
        raise InputError(f"{what} needs Polars, which is not installed", hint=hint) from None
    return polars


# -- Parquet and Arrow ---------------------------------------------------------------------------------------------


def table(path: str, end: str, called: Mapping[str, str]) -> Table:
    """The table of a Parquet or an Arrow file.

    path: the name of the file;
    end: how it ends, which tells the format;
    called: the names in the expression of columns that are written otherwise.
    Raises InputError where it is no such file.
    """
    pl = library(f"a file {end}")
    try:
        lazy = pl.scan_parquet(path, glob=False) if end == ".parquet" else pl.scan_ipc(path)
        header = lazy.collect_schema().names()
        total: int = lazy.select(pl.len()).collect().item()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _unreadable(path, end, error) from None
    names = names_of(header, called)
    done = 0

    def blocks(wanted: Collection[str], _refused: Collection[str] = (), _look: Look = iter) -> Iterator[Block]:
        nonlocal done
        step = max(1, min(ROWS, PIECE // (8 * len(header) or 1)))
        for first in range(0, total, step):
            try:
                frame = lazy.slice(first, step).collect()
            except (pl.exceptions.PolarsError, OSError) as error:
                raise _unreadable(path, end, error) from None
            columns = {name: _numbers(frame.get_column(header[names.index(name)])) for name in wanted}
            yield Block(len(frame), columns, _row_of(frame, names, first + 1), frame)
            done = first + len(frame)

    return Table(Source("csv", header, names, iter(())), blocks, total, lambda: done, "row")


def _unreadable(path: str, end: str, error: Exception) -> InputError:
    why = " ".join(str(error).split()) or "it is damaged"
    with binary(path) as file:
        is_stream = end in FRAMES[1:] and file.read(len(_STREAM)) == _STREAM
    hint = "it is a stream of Arrow: polars.read_ipc_stream(…).write_ipc(…) makes a file of it" if is_stream else ""
    return InputError(f"{quote(path)} is no file {end} that can be read: {shorten(why, 100)}", hint=hint)


def _numbers(column: polars.Series) -> Any:
    """The entries as doubles; NaN where there is none, or no number."""
    from polars import Boolean, Float64, String

    if column.dtype == Float64 and not column.null_count():
        return column.to_numpy()
    if not (column.dtype.is_numeric() or column.dtype == String) or column.dtype == Boolean:
        return np.full(len(column), math.nan)
    found = column.cast(Float64, strict=False)
    if not found.null_count():
        return found.to_numpy()
    numbers = found.fill_null(math.nan).to_numpy().copy()
    if column.dtype == String:
        for place in found.is_null().arg_true().to_list():  # " 2 " is a plain number too
            number = number_of(column[place])
            numbers[place] = math.nan if number is None else number
    return numbers


def _row_of(
    frame: polars.DataFrame,
    names: Sequence[str],
    first: int,
    empty: str | None = None,
    starts: Sequence[int] | None = None,
) -> Callable[[int], Row]:
    """What gives the row in a place of a frame.

    names: of its columns;
    first: the number of the first row;
    empty: what an empty entry is;
    starts: how many lines are before each row; one each, if None.
    """

    def row(place: int) -> Row:
        entries = frame.row(place)
        given = {name: empty if each is None else _entry(each) for name, each in zip(names, entries, strict=True)}
        line = first + (place if starts is None else starts[place])
        return Row(line, given, ["" if each is None else str(each) for each in entries])

    return row


def _entry(value: Any) -> Any:
    """A value as JSON has it; an infinite one as text, because JSON has none."""
    if isinstance(value, float) and math.isinf(value):
        return str(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value if value is None or isinstance(value, bool | float | str) else str(value)


# -- CSV -----------------------------------------------------------------------------------------------------------


def csv_blocks(
    file: BinaryIO, lines: Lines, source: Source, names: Collection[str], refused: Collection[str]
) -> Iterator[Block]:
    """The blocks of a CSV file whose header has been read.

    A piece that is not plain, because a line has another number of fields, is left to `rows`; where a quote stands that
    does not belong there, all that comes.

    file: behind the header;
    lines: those that were read, which go on to be counted;
    source: the header;
    names: the columns that are numbers;
    refused: those that no row may have.
    """
    places = [source.names.index(name) for name in names]
    found = ahead((each, _frame(each, source)) for each in pieces(file, source.delimiter, TEXT))
    for each, frame in found:
        data = each.data
        if not each.is_whole:
            rest = Lines(cast("BinaryIO", _Joined(data, (more.data for more, _ in found))))
            rest.number, rest.size = lines.number, lines.size
            yield from of_rows(_counted(rest, lines, source), names, refused)
            return
        lines.size += len(data)
        if frame is None:
            part = Lines(BytesIO(data))
            part.number = lines.number
            yield from of_rows(read_records(part, source), names, refused)
        else:
            columns = {name: _numbers(frame.to_series(place)) for name, place in zip(names, places, strict=True)}
            row = _row_of(frame, source.names, lines.number + 1, "", each.starts())
            yield Block(len(frame), columns, row, frame)
        lines.number += each.lines


def _frame(found: Piece, source: Source) -> polars.DataFrame | None:
    """The cells of plain records as they are written; None where they are not plain."""
    import polars

    plain = found.unix() if found.is_whole else None
    if plain is None:
        return None
    width, data, is_quoted = len(source.header), plain.data, plain.inside is not None
    count = plain.outside(b"\n")
    blank = width == 1 and (is_quoted or b"\n\n" in data or data.startswith(b"\n") or b" " in data or b"\t" in data)
    if blank or b"\0" in data or plain.outside(source.delimiter.encode()) != (width - 1) * count:
        return None
    try:
        frame = polars.read_csv(
            data,
            has_header=False,
            separator=source.delimiter,
            infer_schema=False,
            quote_char='"' if is_quoted else None,
        )
    except (polars.exceptions.PolarsError, UnicodeError):
        return None
    if frame.shape != (count, width):
        return None
    if is_quoted and b'""' in data:  # "" is an empty cell, as nothing is
        frame = polars.DataFrame([each.set(each == "", None) for each in frame.get_columns()])
    return frame.rechunk()


class _Joined:
    """A piece of a file and the pieces behind it, line by line."""

    def __init__(self, piece: bytes, pieces: Iterator[bytes]) -> None:
        self.piece, self.pieces = BytesIO(piece), pieces

    def readline(self, size: int = -1) -> bytes:
        line = self.piece.readline(size)
        while not line.endswith(b"\n") and len(line) != size and (more := next(self.pieces, None)):
            self.piece = BytesIO(more)
            line += self.piece.readline(size - len(line) if size >= 0 else size)
        return line


def _counted(rest: Lines, lines: Lines, source: Source) -> Iterator[Row]:
    for row in read_records(rest, source):
        lines.size, lines.number = rest.size, rest.number
        yield row


# -- Results -------------------------------------------------------------------------------------------------------


def with_results(block: Block, source: Source, results: Mapping[str, Any], points: Mapping[str, Any]) -> Any:
    """The frame of a block, with columns behind it.

    block: the rows, as Polars has read them;
    results: those, by name, NaN where there is nothing;
    points: numbers that stand in place of the text that was read for them, by the names of variables.
    """
    import polars

    frame = block.frame
    if frame is None and block.arrays is not None:
        columns = zip(source.header, block.arrays.values(), strict=True)
        frame = polars.DataFrame({name: np.ascontiguousarray(each) for name, each in columns})
    elif frame is None:
        rows = [block.row(place) for place in range(block.rows)]
        cells = [[*map(_as_text, (row.given.get(name) for name in source.names))] for row in rows]
        frame = polars.DataFrame(cells, schema=dict.fromkeys(source.header, polars.String), orient="row")
    kept = [
        polars.Series(column, points[name], nan_to_null=True)
        if name in points and each.dtype == polars.String
        else each.alias(column)
        for name, column, each in zip(source.names, source.header, frame.get_columns(), strict=True)
    ]
    found = [
        polars.Series(name, each, dtype=polars.String)
        if isinstance(each, list)
        else polars.Series(name, each, nan_to_null=True)
        for name, each in results.items()
    ]
    return polars.DataFrame([*kept, *found])


def _as_text(entry: Any) -> str | None:
    return entry if entry is None or isinstance(entry, str) else json.dumps(entry)


def csv_of(frame: polars.DataFrame, delimiter: str) -> memoryview:
    """The rows of a frame as CSV, without a header."""
    import polars

    text, others = BytesIO(), (polars.Binary, polars.Duration, polars.Object)
    cells = [
        polars.Series(
            each.name, [None if cell is None else str(_entry(cell)) for cell in each.to_list()], dtype=polars.String
        )
        for each in frame.get_columns()
        if each.dtype.is_nested() or each.dtype in others  # which CSV has no way to write
    ]
    frame.with_columns(cells).write_csv(text, include_header=False, separator=delimiter)
    return text.getbuffer()


def write_parquet(frames: Iterator[Any], file: IO[bytes]) -> None:
    """Write frames one behind the other as a Parquet file. Raises OutputError where that fails."""
    pl = library("a file .parquet")
    first = next(frames, None)
    if first is None:
        raise InputError("there is no row to write")

    def source(_columns: Any, _predicate: Any, _rows: Any, _size: Any) -> Iterator[Any]:
        yield first
        yield from frames

    from polars.io.plugins import register_io_source

    try:
        register_io_source(source, schema=first.schema).sink_parquet(file)
    except pl.exceptions.PolarsError as error:
        raise OutputError(f"the results cannot be written as Parquet: {shorten(str(error), 100)}") from None
