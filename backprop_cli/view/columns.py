"""Tables as text: words are measured as a terminal sets them, aligned, folded where it is narrow, and painted.

Nothing is cut. Words go on in the next line; a table that is too wide even so becomes a record for each row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest
from math import inf
from typing import NamedTuple

from ..errors import printable
from . import Options

_SINGLE = re.compile(
    r"[ -~\xa0-\xac\xae-\u02ff\u0370-\u0482\u1d2c-\u1d6a"
    r"\u2010-\u2027\u2030-\u205e\u2070-\u209c\u2190-\u22ff\u2500-\u25fc]*"
).fullmatch
"""Whether every character takes one column, without asking rich, which takes longer to load than a table to draw."""
_WORDS = re.compile(" *[^ ]+").findall


class Column(NamedTuple):
    """A column of a table.

    head: its heading, which may have several lines;
    right: whether it ends in line, as numbers do;
    share: of what is there for words in a narrow terminal, its part (0: it never gives way);
    least: columns that are left of it even so, and no less than its longest word takes;
    inset: how much further in a text goes on, where it does in the next line.
    """

    head: str
    right: bool = False
    share: int = 0
    least: int = 10
    inset: int = 0


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


def fold(words: str, width: int | None, first: str = "", later: str = "") -> list[str]:
    """Lines of at most `width` columns (None: one line), broken between words; a longer word stays in one piece.

    words: a line of text
    first, later: what stands in front of the first line, and of the others.
    """
    if width is None or measure(first + words) <= width:
        return [first + words]
    lines = [first]
    for word in _WORDS(words):
        if lines[-1].strip() and measure(lines[-1] + word) > width:
            lines.append(later + word.lstrip())
        else:
            lines[-1] += word
    return lines


def paragraph(words: str, options: Options, style: str = "", later: str = "") -> list[str]:
    """The lines of some words in one style, folded where they are wider than the terminal.

    words: a line of text; what a terminal would obey becomes escapes
    style: as of rich, such as `bold red`
    later: what then stands before, if not as many spaces as before the first line.
    """
    parts = ((part, later or " " * (len(part) - len(part.lstrip(" ")))) for part in map(printable, words.split("\n")))
    lines = (line for part, before in parts for line in fold(part, options.width, later=before))
    return [options.paint(line, style) for line in lines]


def table(columns: Sequence[Column], rows: Sequence[Row], options: Options, between: str = " ") -> list[str]:
    """The lines of a table with headings; of records, where it would be wider than the terminal.

    columns: the headings, and how each is aligned and painted
    rows: a text for each column
    between: what stands between the columns, each of which has a space on either side.
    """
    taken = widths(columns, rows, options, between)
    if sum(taken) + _frame(columns, between) > (options.width or inf):
        return [line for row in rows for line in _record(columns, row, options)]
    rule, cross = ("-", "+") if options.ascii else ("─", "─")
    beside = "|" if between and options.ascii else between
    head, *body = (
        [beside.join(line).rstrip() for line in _cells(columns, row, taken, options)] for row in (_head(columns), *rows)
    )
    below = cross[: len(between)].join(rule * (width + 2) for width in taken)
    return [*head, below, *chain.from_iterable(body)]


def blocks(columns: Sequence[Column], rows: Sequence[Row], options: Options) -> Iterator[list[str]]:
    """The lines of a table; of several where it is too wide, each with the first column and as many others as fit.

    columns: the headings, and how each is aligned and painted
    rows: a text for each column
    """
    needs = widths(columns, rows, Options())
    if needs[0] + max(needs[1:]) + _frame(columns[:2], " ") > (options.width or inf):  # so it becomes records
        yield [options.paint(f" {columns[0].head}", "bold"), *table(columns, rows, options)]
        return
    start = end = 1
    while start < len(columns):
        room = (options.width or inf) - needs[0] - 2
        while end < len(columns) and (room := room - needs[end] - 3) >= 0:
            end += 1
        shown = [0, *range(start, end)]
        part = [Row([row.cells[i] for i in shown], row.style, [row.styles[i] for i in shown]) for row in rows]
        yield table([columns[i] for i in shown], part, options)
        start = end


def widths(columns: Sequence[Column], rows: Sequence[Row], options: Options, between: str = " ") -> list[int]:
    """The widths of the columns: as wide as they are, or narrower where the terminal is.

    rows: a text for each column
    between: what separates two columns
    """
    cells = zip(*(row.cells for row in (_head(columns), *rows)), strict=True)
    lines = [[line for cell in column for line in cell.split("\n")] for column in cells]
    needs = [max(map(measure, column)) for column in lines]
    if options.width is None or sum(needs) + _frame(columns, between) <= options.width:
        return needs
    words = [
        max((measure(_inset(line, column) + word) for line in texts for word in _WORDS(line.lstrip())), default=0)
        for column, texts in zip(columns, lines, strict=True)
    ]
    least = [min(need, max(word, column.least)) for column, need, word in zip(columns, needs, words, strict=True)]
    return _fitted(columns, needs, least, options.width - _frame(columns, between))


def _inset(line: str, column: Column) -> str:
    """What stands before the rest of a line that goes on in the next."""
    return " " * (len(line) - len(line.lstrip()) + column.inset)


def _head(columns: Sequence[Column]) -> Row:
    return Row([column.head for column in columns], "bold")


def _frame(columns: Sequence[Column], between: str) -> int:
    """What a table takes beside its columns: a space on either side of each, and what stands between."""
    return 2 * len(columns) + len(between) * (len(columns) - 1)


def _fitted(columns: Sequence[Column], needs: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """The columns' widths where there is `room` for all of them: those that take more than their share give way."""
    found = list(needs)
    wide = {i: column.share for i, column in enumerate(columns) if column.share}
    room -= sum(need for i, need in enumerate(needs) if i not in wide)
    while wide:
        fair = {i: room * share // sum(wide.values()) for i, share in wide.items()}
        content = {i: needs[i] for i in wide if needs[i] <= fair[i]}
        for i, width in (content or {i: least[i] for i in wide if least[i] > fair[i]} or fair).items():
            found[i] = width
            room -= width
            del wide[i]
    return found


def _cells(columns: Sequence[Column], row: Row, widths: Sequence[int], options: Options) -> Iterator[list[str]]:
    """The lines of a row, as cells that are set and painted."""
    shaped = [
        [line for part in cell.split("\n") for line in fold(part, width, later=_inset(part, column))]
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
    """A row as its first cell and, below that, each of the others that says something, behind its heading."""
    first, *cells = row.cells
    inset = " " * (len(first) - len(first.lstrip()) + 3)
    if first:
        yield from paragraph(f" {first}", options, row.style, f"{inset}  ")
    heads = [column.head.split("\n")[row.head] for column in columns[1:]]
    widest = max(map(measure, heads))
    for head, cell, style in zip_longest(heads, cells, row.styles[1:], fillvalue=""):
        if cell:
            yield from _field(f"{inset}{_aligned(head, widest)}  ", cell, options, style)


def _field(begin: str, cell: str, options: Options, style: str) -> Iterator[str]:
    """The lines of a cell behind its heading; below it, where a word, or half a line, has no room there."""
    later = " " * measure(begin)
    room = inf if options.width is None else options.width - len(later)
    if max(map(measure, cell.split())) > room or room < min(measure(cell), len(later)):
        yield begin.rstrip()
        begin = later = _inset(begin, Column("", inset=2))
    for part in cell.split("\n"):
        for line in fold(part, options.width and options.width - len(later)):
            yield begin + options.paint(line, style)
            begin = later
