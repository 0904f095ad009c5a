"""Tables as text: words are measured as a terminal sets them, aligned, cut or folded where it is narrow, and painted.

Words give way, a number never: a table that is too wide even so becomes a record for each row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest
from math import inf
from typing import NamedTuple

from . import Options

_SINGLE = re.compile(
    r"[ -~\xa0-\xac\xae-\u02ff\u0370-\u0482\u2010-\u2027\u2030-\u205e\u2070-\u209c\u2190-\u22ff\u2500-\u25fc]*"
).fullmatch
"""Whether every character takes one column, without asking rich, which takes longer to load than a table to draw."""
_WORDS = re.compile(" *[^ ]+").findall
_PIECES = re.compile(r"\d[\d.]*(?:[eE][-+]?\d+)?|.").findall


class Column(NamedTuple):
    """A column of a table.

    head: its heading, which may have several lines;
    right: whether it ends in line, as numbers do;
    share: of what is there for words in a narrow terminal, its part (0: it never gives way);
    least: columns that are left of it even so;
    folds: whether it goes on in the next line, or is cut.
    """

    head: str
    right: bool = False
    share: int = 0
    least: int = 10
    folds: bool = False


class Row(NamedTuple):
    """A text for each column.

    style: that of all;
    styles: what each cell has beside it;
    head: which line of a heading speaks of it.
    """

    cells: Sequence[str]
    style: str = ""
    styles: Sequence[str] = ()
    head: int = 0


def measure(words: str) -> int:
    """How many columns of a terminal the words take."""
    if _SINGLE(words):
        return len(words)
    from rich.cells import cell_len

    return cell_len(words)


def cut(words: str, width: int) -> str:
    """The words, with `…` for what is beyond `width` columns; a number is there as a whole or not at all."""
    if measure(words) <= width:
        return words
    shown = ""
    for piece in _PIECES(words):
        if measure(shown + piece) >= width:
            break
        shown += piece
    return f"{shown}…"


def fold(words: str, width: int | None, first: str = "", later: str = "", *, whole: bool = False) -> list[str]:
    """Lines of at most `width` columns (None: one line), broken between words; a longer word is broken, a number never.

    first, later: what stands in front of the first line, and of the others; whole: whether long words stay whole too.
    """
    if width is None or measure(first + words) <= width:
        return [first + words]
    lines = [first]
    for word in _WORDS(words):
        if lines[-1].strip() and measure(lines[-1] + word) > width:
            lines.append(later)
            word = word.lstrip()
        for piece in [word] if whole or measure(lines[-1] + word) <= width else _PIECES(word):
            if lines[-1].strip() and measure(lines[-1] + piece) > width:
                lines.append(later)
            lines[-1] += piece
    return lines


def paragraph(words: str, options: Options, style: str = "") -> list[str]:
    """The lines of some words in one style, folded where they are wider than the terminal."""
    return [options.paint(line, style) for part in words.split("\n") for line in fold(part, options.width)]


def table(columns: Sequence[Column], rows: Sequence[Row], options: Options, between: str = " ") -> list[str]:
    """The lines of a table with headings; of records, where numbers would be wider than the terminal.

    between: what stands between the columns, each of which has a space on either side.
    """
    taken = widths(columns, rows, options, between)
    is_wide = sum(taken) + _frame(columns, between) > (options.width or inf)
    if is_wide and any(column.right for column in columns):
        return [line for row in rows for line in _record(columns, row, options)]
    rule, cross = ("-", "+") if options.ascii else ("─", "─")
    beside = "|" if between and options.ascii else between
    head, *body = (
        [beside.join(line).rstrip() for line in _cells(columns, row, taken, options)] for row in (_head(columns), *rows)
    )
    below = cross[: len(between)].join(rule * (width + 2) for width in taken)
    return [*head, below, *chain.from_iterable(body)]


def widths(columns: Sequence[Column], rows: Sequence[Row], options: Options, between: str = " ") -> list[int]:
    """The widths of the columns: as wide as they are, or narrower where the terminal is."""
    cells = zip(*(row.cells for row in (_head(columns), *rows)), strict=True)
    needs = [max(measure(line) for cell in column for line in cell.split("\n")) for column in cells]
    return needs if options.width is None else _fitted(columns, needs, options.width - _frame(columns, between))


def _head(columns: Sequence[Column]) -> Row:
    return Row([column.head for column in columns], "bold")


def _frame(columns: Sequence[Column], between: str) -> int:
    """What a table takes beside its columns: a space on either side of each, and what stands between."""
    return 2 * len(columns) + len(between) * (len(columns) - 1)


def _fitted(columns: Sequence[Column], needs: Sequence[int], room: int) -> list[int]:
    """The columns' widths where there is `room` for all of them: those that take more than their share give way."""
    found = list(needs)
    wide = [i for i, column in enumerate(columns) if column.share]
    room -= sum(needs[i] for i in range(len(columns)) if i not in wide)
    shares = sum(columns[i].share for i in wide)
    while content := [i for i in wide if needs[i] * shares <= room * columns[i].share]:
        room -= sum(needs[i] for i in content)
        shares -= sum(columns[i].share for i in content)
        wide = [i for i in wide if i not in content]
    for i in reversed(wide):
        found[i] = min(needs[i], max(room * columns[i].share // shares, columns[i].least))
        room -= found[i]
        shares -= columns[i].share
    return found


def _cells(columns: Sequence[Column], row: Row, widths: Sequence[int], options: Options) -> Iterator[list[str]]:
    """The lines of a row, as cells that are set and painted."""
    shaped = [
        [line for part in cell.split("\n") for line in (fold(part, width) if column.folds else [cut(part, width)])]
        for column, cell, width in zip(columns, row.cells, widths, strict=True)
    ]
    styles = [f"{row.style} {style}".strip() for style in row.styles or [""] * len(columns)]
    edge = options.paint(" ", row.style)
    for line in zip_longest(*shaped, fillvalue=""):
        cells = zip(columns, line, widths, styles, strict=True)
        yield [
            f"{edge}{options.paint(_aligned(words, width, column.right), style)}{edge}"
            for column, words, width, style in cells
        ]


def _aligned(words: str, width: int, right: bool = False) -> str:
    space = " " * (width - measure(words))
    return space + words if right else words + space


def _record(columns: Sequence[Column], row: Row, options: Options) -> Iterator[str]:
    """A row as its first cell and, below that, a line for each of the others that says something."""
    first, *cells = row.cells
    if first:
        yield from paragraph(f" {first}", options, row.style)
    heads = [column.head.split("\n")[row.head] for column in columns[1:]]
    inset, widest = " " * (len(first) - len(first.lstrip()) + 3), max(map(measure, heads))
    for head, cell, style in zip_longest(heads, cells, row.styles[1:], fillvalue=""):
        if cell:
            yield f"{inset}{_aligned(head, widest)}  {options.paint(cell, style)}"
