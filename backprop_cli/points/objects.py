"""JSON lines in blocks: plain objects, all with the same keys, are decoded all at once."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from io import BytesIO
from itertools import islice
from typing import Any, BinaryIO

import numpy as np

from ..language.names import is_normal
from .blocks import TEXT, Block, Look, of_rows, piece
from .evaluate import Row, number_of
from .rows import Lines, Source, read_objects

_DECODER = json.JSONDecoder(parse_int=float)


def json_blocks(
    file: BinaryIO, lines: Lines, source: Source, names: Collection[str], refused: Collection[str], look: Look
) -> Iterator[Block]:
    """The blocks of a file of JSON lines, of which the first line has been read.

    A piece that is not plain, because its objects have other keys, or more than one line, or letters that are escaped,
    is left to `rows`.

    file, lines, source, names, refused: as `csv_blocks` has them;
    look: what looks at rows that are read one by one.
    """
    yield from of_rows(look(islice(source.rows, 1)), names, refused)
    width = len(source.header)
    is_plain = width and source.header == source.names and is_normal("".join(source.names))
    is_plain = is_plain and frozenset(refused).isdisjoint(source.names) and {*names} <= {*source.names}
    while data := piece(file, TEXT):
        lines.size += len(data)
        texts = _texts(data, width) if is_plain else []
        found = _objects(texts, {*source.names}) if texts else []
        if found:
            columns = {name: np.array([_number(each[name]) for each in found], dtype=np.float64) for name in names}
            yield Block(len(found), columns, _Rows(texts, found, lines.number + 1).row, texts=texts)
            lines.number += len(texts)
        else:
            part = Lines(BytesIO(data))
            part.number = lines.number
            for block in of_rows(look(read_objects(part)), names, refused):
                lines.number = part.number
                yield block
            lines.number = part.number


def _texts(data: bytes, width: int) -> list[str]:
    """The lines, if each is an object of so many entries without another inside; else none."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return []
    found = text.removesuffix("\n").split("\n")
    count = len(found)
    is_flat = text.count("{") == text.count("}") == count and text.count(":") == width * count
    if not is_flat or "Infinity" in text or "NaN" in text or not "".join(found).isprintable():
        return []
    return found if all(each[:1] == "{" and each[-1:] == "}" for each in found) else []


def _objects(texts: Sequence[str], keys: set[str]) -> list[dict[str, Any]]:
    """The objects of these lines, if they have these keys; else none."""
    try:
        found: list[dict[str, Any]] = _DECODER.decode(f"[{','.join(texts)}]")
    except ValueError:
        return []
    return found if len(found) == len(texts) and all(each.keys() == keys for each in found) else []


def _number(entry: Any) -> float | None:
    return entry if type(entry) is float else number_of(entry)


class _Rows:
    """The rows of a block. first: the number of the first line."""

    def __init__(self, texts: Sequence[str], found: Sequence[dict[str, Any]], first: int) -> None:
        self.texts, self.found, self.first = texts, found, first

    def row(self, place: int) -> Row:
        return Row(self.first + place, self.found[place], self.texts[place])
