"""Text in and text out: files and standard input as UTF-8, and any encoding that a terminal or a pipe may have."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Callable
from typing import BinaryIO, TextIO, cast

from ..errors import COLUMNS, InputError, printable, quote, reason

MAX_BYTES = 4_000_000
"""What is read at most of a program, of values, of claims."""


def read_text(path: str, what: str, missing: str = "") -> str:
    """The text of a file, or of standard input for `-`. Raises InputError where it cannot be read as UTF-8.

    path: the file;
    what: what is to be read, in the words of the user;
    missing: a hint for where there is no such file.
    """
    if path == "-" and sys.stdin is None:
        raise InputError(f"{what} cannot be read: standard input is closed")
    try:
        if path == "-":
            data = unpacked(sys.stdin.buffer).read(MAX_BYTES + 1)
        else:
            with open(path, "rb") as file:  # noqa: PTH123  # loading pathlib takes longer
                data = unpacked(file).read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise InputError(f"{what} is longer than {MAX_BYTES:,} bytes")
        return data.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        name = "standard input" if path == "-" else quote(path)
        other = "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else "it is not the name of a file"
        hint = missing if isinstance(error, FileNotFoundError) else ""
        raise InputError(f"{what} cannot be read from {name}: {reason(error, other)}", hint=hint) from None


def unpacked(file: BinaryIO) -> BinaryIO:
    """The file, or what is packed in it by gzip (RFC 1952). To read data that is damaged is an OSError."""
    begin: Callable[[int], bytes] = getattr(file, "peek")  # of every buffered file  # noqa: B009
    if not begin(2).startswith(b"\x1f\x8b"):
        return file
    import zlib
    from errno import EIO
    from gzip import BadGzipFile, GzipFile

    class Unpacked(GzipFile):
        def read(self, size: int | None = -1) -> bytes:
            try:
                return super().read(size)
            except (EOFError, BadGzipFile, zlib.error):
                raise OSError(EIO, "its gzip data is damaged") from None

        def readline(self, size: int | None = -1) -> bytes:
            try:
                return super().readline(size)
            except (EOFError, BadGzipFile, zlib.error):
                raise OSError(EIO, "its gzip data is damaged") from None

    return cast("BinaryIO", Unpacked(fileobj=file))


_PLAIN = {
    # The arrow of an edge keeps its width, so that columns stay in line.
    **dict(zip("−–·×→←↑↓∂…─│├╰≥≤≠≈∞⁻²³", "- - * * -> < ^ v d ... - | | ` >= <= != ~ inf - ^2 ^3".split(), strict=True)),
    **{digit: f"^{value}" for value, digit in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
}


def _plainly(error: UnicodeError) -> tuple[str, int]:
    """What stands for a character that the terminal's encoding lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(_PLAIN.get(c, c.encode("unicode_escape").decode("ascii")) for c in text), error.end


codecs.register_error("backprop", _plainly)


def is_unicode(stream: TextIO) -> bool:
    """Whether every character can be written to the stream."""
    return codecs.lookup(stream.encoding or "ascii").name.startswith("utf")


NARROWEST = 20
"""Columns below which nothing is made narrower: from there on the terminal wraps its lines."""


def columns(stream: TextIO | None) -> int | None:
    """The width of the terminal that a stream ends in, unless COLUMNS says otherwise; None where there is none."""
    if stream is None or not stream.isatty():
        return None
    said = os.environ.get("COLUMNS", "")
    try:
        found = int(said) if said.isascii() and said.isdecimal() else os.get_terminal_size(stream.fileno()).columns
    except OSError:  # a terminal that is none of the system's
        found = 0
    return max(found or COLUMNS, NARROWEST)


def emit(text: str, stream: TextIO | None) -> None:
    """Write and flush, whatever the stream's encoding. A stream that was closed before the start takes nothing."""
    if stream is None:
        return
    encoding = stream.encoding or "ascii"
    stream.write(text.encode(encoding, "backprop").decode(encoding))
    stream.flush()


def writer(stream: TextIO, *, at_once: bool) -> Callable[[str], None]:
    """What writes line after line to the stream, whatever its encoding; what a terminal would obey, as escapes.

    at_once: flushed after each.
    """
    plain, encoding, is_terminal = is_unicode(stream), stream.encoding or "ascii", stream.isatty()

    def write(text: str) -> None:
        if is_terminal:
            text = "\n".join("\t".join(map(printable, line.split("\t"))) for line in text.split("\n"))
        stream.write(text if plain and text.isascii() else text.encode(encoding, "backprop").decode(encoding))
        if at_once:
            stream.flush()

    return write
