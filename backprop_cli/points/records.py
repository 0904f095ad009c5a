"""Pieces of CSV that end where a record ends: what stands in quotes may hold line breaks and delimiters of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .blocks import piece
from .rows import MAX_RECORD

_QUOTE, _BREAK, _RETURN = b'"\n\r'


class Piece(NamedTuple):
    """Lines of a CSV file.

    data: as they are written;
    inside: for each byte whether it stands in quotes, its closing one not being; None where nothing is quoted;
    is_whole: whether it ends where a record ends. Where that is not so, a quote stands where none belongs, and from
        here on it takes a reader that goes from character to character to tell.
    """

    data: bytes
    inside: NDArray[np.bool_] | None = None
    is_whole: bool = True

    def outside(self, sign: bytes) -> int:
        """How often a sign stands there without being in quotes; quicker than `bytes.count` where it stands often."""
        there = np.frombuffer(self.data, dtype=np.uint8) == ord(sign)
        return int(np.count_nonzero(there if self.inside is None else there & ~self.inside))

    def unix(self) -> Piece | None:
        """The same with a plain line break at its end and between its records; None where a carriage return is else."""
        data, inside = self.data, self.inside
        if inside is None:
            data = data.replace(b"\r\n", b"\n") if b"\r" in data else data
        elif b"\r" in data:
            signs = np.frombuffer(data, dtype=np.uint8)
            returns = np.flatnonzero(signs == _RETURN)
            if inside[returns].any():
                return None
            data, inside = np.delete(signs, returns).tobytes(), np.delete(inside, returns)
        if not data.endswith(b"\n"):
            data, inside = data + b"\n", None if inside is None else np.append(inside, False)
        return None if b"\r" in data else Piece(data, inside)

    @property
    def lines(self) -> int:
        """How many there are, in quotes or not."""
        return Piece(self.data).outside(b"\n") + (not self.data.endswith(b"\n"))

    def starts(self) -> Sequence[int]:
        """For each record the number of lines before it."""
        if self.inside is None:
            return range(self.lines)
        breaks = np.flatnonzero(np.frombuffer(self.data, dtype=np.uint8) == _BREAK)
        ends = np.flatnonzero(~self.inside[breaks]) + 1
        found: list[int] = [0, *ends.tolist()]
        return found if len(breaks) < self.lines else found[:-1]


def pieces(file: BinaryIO, between: str, size: int) -> Iterator[Piece]:
    """The pieces of a file.

    file: behind the header;
    between: the delimiter;
    size: about how many bytes a piece has.
    Raises UnreadableError.
    """
    rest, is_whole = b"", True
    while (data := piece(file, size)) or rest:
        is_last, data, rest = not data, rest + data, b""
        if not is_whole or b'"' not in data:
            yield Piece(data, is_whole=is_whole)
            continue
        inside = _inside(data, ord(between))
        if inside is None or not inside.any():
            is_whole = inside is not None
            yield Piece(data, is_whole=is_whole)
            continue
        end = len(data)
        if not is_last and (inside[-1] or not data.endswith(b"\n")):
            breaks = np.frombuffer(data, dtype=np.uint8) == _BREAK
            ends = np.flatnonzero(breaks & ~inside)
            end = int(ends[-1]) + 1 if len(ends) else 0
            rest = data[end:]
        is_whole = not (is_last and inside[-1]) and len(rest) <= MAX_RECORD
        if not is_whole:
            yield Piece(data, is_whole=False)
            rest = b""
        elif end:
            yield Piece(data[:end], inside[:end])


def _inside(data: bytes, between: int) -> NDArray[np.bool_] | None:
    """For each byte whether it stands in quotes, as `Piece` has it; None where a quote stands where none belongs.

    A quote opens a field, closes it, or is one of two that mean one; in a field that begins otherwise it is text. Of a
    line with a carriage return inside, what comes behind that is passed over, and quotes in it mean nothing.
    """
    around = np.frombuffer(b"\n" + data + b"\n", dtype=np.uint8)
    is_quote = around[1:-1] == _QUOTE
    quotes = np.flatnonzero(is_quote)
    before, behind = around[quotes], around[quotes + 2]
    begins = (before == between) | (before == _BREAK)
    if not begins.any():
        return np.zeros(len(data), dtype=bool)
    ends = (behind == between) | (behind == _BREAK) | (behind == _RETURN)
    is_next = np.diff(quotes) == 1
    begins[1:] |= is_next
    ends[:-1] |= is_next
    if not (begins[::2].all() and ends[1::2].all()):
        return None
    inside = np.logical_xor.accumulate(is_quote)
    is_lone = (around[1:-1] == _RETURN) & (around[2:] != _BREAK)
    return None if (is_lone & ~inside).any() else inside
