"""Points as text: JSON lines or CSV, read a line at a time and never further than the line that is asked for."""

from __future__ import annotations

import csv
import json
import os
import stat
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from math import inf
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO, NamedTuple

from ..errors import InputError, counted, did_you_mean, few, quote, reason, suggest
from ..language.names import as_name, is_normal
from ..passes.point import is_number, unique
from .evaluate import Row

NO_OTHERS: Mapping[str, str] = MappingProxyType({})
FRAMES = (".parquet", ".arrow", ".ipc", ".feather")
"""How the names of files end that hold columns, and that Polars reads."""
ENDS = (".csv", ".tsv", ".jsonl", ".ndjson", ".npy", *FRAMES)
MAX_LINE = 4_000_000
"""Bytes of a line. The rest of a longer one is passed over piece by piece, so that it takes no memory."""
MAX_RECORD = 4_000_000
"""Bytes of a CSV record, which may have many lines."""
_BETWEEN = ",\t;|"
"""What stands between columns, if --delimiter does not say it: the first of these that stands in the header."""
_OTHERS = (
    (b"PAR1", "a Parquet file", "its name ends in .parquet, and it does not come through a pipe"),
    (b"ARROW1", "an Arrow file", "its name ends in .arrow, and it does not come through a pipe"),
    (b"\x93NUMPY", "an array of NumPy", "its name ends in .npy, and it does not come through a pipe"),
    (b"PK\x03\x04", "an archive, as .npz, .xlsx and .zip are", "save it as CSV, or as .npy"),
    (b"\xff\xfe", "UTF-16 text", "iconv -f UTF-16 -t UTF-8 rewrites it"),
    (b"\xfe\xff", "UTF-16 text", "iconv -f UTF-16 -t UTF-8 rewrites it"),
)
"""How other files begin, what they are, and what to do."""


@contextmanager
def binary(path: str) -> Iterator[BinaryIO]:
    """The file of this name, `-` for standard input, to be read. Raises InputError where it cannot be."""
    if path == "-":
        if sys.stdin is None:
            raise InputError("the points cannot be read: standard input is closed")
        yield sys.stdin.buffer
        return
    try:
        file = Path(path).open("rb")  # noqa: SIM115
    except (OSError, ValueError) as error:
        hint = "one point a line stands in a file, or comes from a pipe" if path[:1] in ("{", "[") else ""
        raise InputError(f"the points cannot be read from {quote(path)}: {reason(error)}", hint=hint) from None
    with file:
        yield file


class Lines:
    """The lines of a binary file as text; `number` is that of the last one, `size` the bytes that were read.

    A line that cannot be read is an InputError, behind which the next one can be asked for. `is_answered` says whether
    a line, but the first, has been dealt with, and need not be given out.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.readline = file.readline
        self.number = self.size = 0
        self.is_cut = False  # whether the last line was too long, and what comes is the rest of it
        self.first, self.until = 1, inf  # of a record: its first line, and the size that it must not pass
        self.waiting: str | None = None
        self.is_answered: Callable[[str], bool] = lambda _line: False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.waiting is not None:
            text, self.waiting = self.waiting, None
            return text
        while self.is_cut:
            data = self._read()
            self.until += len(data)
            self.is_cut = data != b"" and not data.endswith(b"\n")
        while True:
            data = self._read()
            if not data:
                raise StopIteration
            self.number += 1
            for begin, what, hint in _OTHERS if self.number == 1 else ():
                if data.startswith(begin):
                    raise InputError(f"this is {what}, and no lines of text", hint=hint)
            if len(data) > MAX_LINE:
                self.is_cut = not data.endswith(b"\n")
                raise InputError(f"the line is longer than {MAX_LINE:,} bytes")
            if self.size > self.until:
                message = f"the record that begins on line {self.first} is longer than {MAX_RECORD:,} bytes"
                raise InputError(message, hint="a quote that opens there may never be closed")
            try:
                text = data.decode() if self.number > 1 else data.decode("utf-8-sig")
            except UnicodeDecodeError:
                hint = "iconv -f WINDOWS-1252 -t UTF-8 rewrites files of older programs"
                raise InputError("the line is not UTF-8 text", hint=hint) from None
            if not self.is_answered(text):
                return text

    def _read(self) -> bytes:
        try:
            data = self.readline(MAX_LINE + 1)
        except OSError as error:
            raise unreadable(error) from None
        self.size += len(data)
        return data

    def begin_record(self) -> None:
        """Have the lines that come next be those of one record, which has a limit."""
        self.first, self.until = self.number + (self.waiting is None), self.size + MAX_RECORD

    def put_back(self, text: str) -> None:
        """Have the line that was read last come once more."""
        self.waiting = text


class UnreadableError(InputError):
    """The file itself cannot be read, so there is no next line to go on with."""


def unreadable(error: OSError) -> UnreadableError:
    """What the system says of it."""
    return UnreadableError(f"the points cannot be read: {reason(error)}")


class Source(NamedTuple):
    """Points, and how they are written.
    form: `json`, `csv`, or empty where there is none;
    header: the columns, or the keys of the first object, as they are written;
    names: the same, as the expression calls them;
    delimiter: what stands between columns.
    """

    form: str
    header: list[str]
    names: list[str]
    rows: Iterator[Row]
    delimiter: str = ","

    @property
    def written(self) -> dict[str, str]:
        """How columns are written that are called otherwise, by the names that the expression has for them."""
        pairs = zip(self.names, self.header, strict=True)
        return {name: text for name, text in pairs if name not in (text.strip(), as_name(text.strip()))}


def ending(path: str) -> str:
    """How the name of a file ends, one of ENDS; empty where it ends otherwise."""
    return next((end for end in ENDS if path.lower().endswith(end)), "")


def size_of(file: BinaryIO) -> int | None:
    """Bytes of a regular file; None for what another program or a person writes, and may wait for the answer."""
    try:
        found = os.fstat(file.fileno())
    except OSError:
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def delimiter(text: str | None) -> str:
    """The character between columns, from the text of --delimiter; empty without one, for then the header tells it.

    Raises InputError where the text is not one character.
    """
    found = {None: "", "tab": "\t", "\\t": "\t"}.get(text, text) or ""
    if text is not None and (len(found) != 1 or found in '"\r\n' or not found.isascii()):
        raise InputError(f"--delimiter takes one character, or tab, not {quote(text)}")
    return found


def read(lines: Lines, between: str = "", called: Mapping[str, str] = NO_OTHERS, *, as_text: bool = False) -> Source:
    """The points of a file, of which only the first line is read now: an object, or a header with commas.

    lines: of the file, none of them read yet;
    between: the delimiter of CSV, if it is no comma and no tab;
    called: the names in the expression of columns that are written otherwise;
    as_text: whether numbers stay as they are written, for arithmetics that are finer than doubles.
    Raises InputError where that line is neither.
    """
    try:
        first = next((line for line in lines if line.strip()), "")
    except UnreadableError:
        raise
    except InputError as error:
        error.message = f"line {lines.number}: {error.message}"
        raise
    if not first:
        return Source("", [], [], iter(()))
    lines.put_back(first)
    if first.lstrip().startswith("["):
        raise InputError("points are JSON objects, a line each, not a list", hint="jq -c '.[]' makes lines of a list")
    if first.lstrip().startswith("{"):
        by = decoder(as_text=as_text)
        rows, row = _json_rows(lines, called, by), _json_row(first.strip(), lines.number, called, by)
        if called and row.error is None:
            _check_called(called, [*by.decode(first.strip())], "first object")
        names = list(row.given)
        written = {name: column for column, name in called.items()}
        return Source("json", [written.get(name, name) for name in names], names, rows, between or ",")
    lines.begin_record()
    between = between or next((sign for sign in _BETWEEN if sign in first), ",")
    reader = csv.reader(lines, strict=True, delimiter=between)
    try:
        header = next(reader)
    except csv.Error as error:
        hint = "tr '\\r' '\\n' makes lines of it" if "\r" in first.strip() else ""
        raise InputError(f"the header is not CSV: {_reason(error)}", first.strip(), (0, 1), hint) from None
    if between == " " and header.count("") > 1:
        raise InputError("several spaces stand between columns", hint="tr -s ' ' makes one of several")
    columns = names_of(header, called)
    return Source("csv", header, columns, _csv_rows(lines, reader, columns), between)


def names_of(header: Sequence[str], called: Mapping[str, str]) -> list[str]:
    """The columns of a header, as the expression calls them. Raises InputError for one that is not there, or twice."""
    there = [text.strip() for text in header]
    columns = [_called(text, called) for text in there]
    _check_called(called, there, "header")
    if repeated := [name for name, count in Counter(columns).items() if count > 1]:
        raise InputError(f"the header names {quote(repeated[0])} twice")
    return columns


def meant(name: str, header: Sequence[str], others: Collection[str]) -> str:
    """What of a header may be meant by a variable that has no column; empty where nothing tells.

    header: the names of the columns
    others: the columns that are no variables.
    """
    if header[0].lstrip().startswith("#"):
        return "the first line is the header, and this one is a comment: grep -v '^#' leaves comments out"
    if len(header) == 1 and " " in header[0]:
        return "columns with spaces between them take --delimiter ' '"
    if [*header] == [*map(str, range(len(header)))]:
        return f"the columns have numbers for names: --rename {name}={header[0]} takes one"
    if all(map(is_number, header)):
        return f"the first line is the header, and this one holds numbers: sed '1i {name},…' puts names before it"
    close = suggest(name, others)
    return f"the column {quote(close)} may be meant: --rename {name}='{close}'" if close else ""


def first_of(source: Source) -> tuple[Row | None, Source]:
    """The first row, which then comes once more."""
    row = next(source.rows, None)
    return row, source if row is None else source._replace(rows=chain([row], source.rows))


def read_records(lines: Lines, source: Source) -> Iterator[Row]:
    """The rows of lines behind a header that has been read elsewhere."""
    return _csv_rows(lines, csv.reader(lines, strict=True, delimiter=source.delimiter), source.names)


def read_objects(lines: Lines) -> Iterator[Row]:
    """The rows of lines that are JSON, behind one that has been read elsewhere."""
    return _json_rows(lines, NO_OTHERS, decoder(as_text=False))


def _check_called(called: Collection[str], there: Sequence[str], what: str) -> None:
    """Raise InputError for a column that is called otherwise and is not there. what: it is that has the columns."""
    if unknown := [column for column in called if column not in there]:
        close = suggest(unknown[0], there)
        hint = did_you_mean(unknown[0], close) if close else f"the {what} has {', '.join(few(there))}"
        raise InputError(f"there is no column {quote(unknown[0])}", hint=hint)


def _called(column: str, called: Mapping[str, str]) -> str:
    """The name of a column or a key in the expression."""
    return called.get(column) or as_name(column) or column


# -- JSON lines ----------------------------------------------------------------------------------------------------


def decoder(*, as_text: bool) -> json.JSONDecoder:
    """What reads the object of a line."""
    number: Any = str if as_text else float
    return json.JSONDecoder(object_pairs_hook=unique, parse_int=number, parse_float=number, parse_constant=str)


def _json_rows(lines: Lines, called: Mapping[str, str], decoder: json.JSONDecoder) -> Iterator[Row]:
    while True:
        try:
            text = next(lines).strip()
        except StopIteration:
            return
        except UnreadableError:
            raise
        except InputError as error:
            yield Row(lines.number, {}, "", error)
            continue
        if text:
            yield _json_row(text, lines.number, called, decoder)


def _json_row(text: str, line: int, called: Mapping[str, str], decoder: json.JSONDecoder) -> Row:
    try:
        data = decoder.decode(text)
        if not isinstance(data, dict):
            raise InputError("not a JSON object", text, (0, len(text)), 'for example: {"x": -2, "y": 5}')  # noqa: TRY301
        return Row(line, _by_name(data, called), text)
    except json.JSONDecodeError as error:
        message = f"not JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        hint = "each line is an object of its own; jq -c . makes it so" if text == "{" else ""
        why = InputError(message, text, (error.pos, error.pos + 1), hint)
    except RecursionError:
        why = InputError("the line is nested too deeply")
    except InputError as error:
        why = error
    return Row(line, {}, "", why)


def _by_name(data: dict[str, Any], called: Mapping[str, str]) -> dict[str, Any]:
    """The entries, by the names that the expression has for them."""
    if not called and is_normal("".join(data)):
        return data
    return unique([(_called(key, called), each) for key, each in data.items()])


def in_columns(rows: Iterable[Row], header: Collection[str]) -> Iterator[Row]:
    """JSON lines for a table with these columns: an object with other keys does not fit."""
    columns = frozenset(header)
    for row in rows:
        other = next((key for key in row.given if key not in columns), None)
        if other is None:
            yield row
        else:
            yield row._replace(error=InputError(f"the first object, which gives the columns, has no {quote(other)}"))


# -- CSV -----------------------------------------------------------------------------------------------------------


def _csv_rows(lines: Lines, reader: Iterator[list[str]], columns: list[str]) -> Iterator[Row]:
    width = len(columns)
    while True:
        line = lines.number + 1
        lines.begin_record()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except UnreadableError:
            raise
        except csv.Error as error:
            yield Row(line, {}, _fitted([], width), InputError(f"not CSV: {_reason(error)}"))
            continue
        except InputError as error:
            yield Row(lines.number, {}, _fitted([], width), error)
            continue
        if not cells or (len(cells) == 1 and cells[0].isspace()):
            continue
        if len(cells) == width:
            yield Row(line, dict(zip(columns, cells, strict=True)), cells)
        else:
            message = f"{counted(len(cells), 'field')}, where the header has {width}"
            yield Row(line, {}, _fitted(cells, width), InputError(message))


def _reason(error: csv.Error) -> str:
    """What Python says of CSV, in the words of those who wrote the file."""
    text = str(error)
    if text.startswith("new-line character seen in unquoted field"):
        return "a carriage return stands inside a line"
    return "a quote that opens here is never closed" if text == "unexpected end of data" else text


def _fitted(cells: Iterable[str], width: int) -> list[str]:
    """As many cells as the header has."""
    return [*cells, *[""] * width][:width]
