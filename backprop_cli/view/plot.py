"""Plots: curves, points and contours as data, and as characters of a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import floor, isfinite, log10
from typing import Any, NamedTuple

from . import Options
from .columns import fold

Numbers = Sequence[float]
_WIDTH, _HEIGHT = 72, 18  # characters, where a terminal does not say
_LEVELS = 7  # of contours
_MARKS = {"points": "o", "line": "*"}


class Series(NamedTuple):
    """Numbers that belong together.

    kind: `points`, `line`, or `path`, which is a line with its points;
    label: what it is.
    """

    kind: str
    label: str
    x: Numbers
    y: Numbers


class Field(NamedTuple):
    """A function of two variables on a grid: z[row][column] is that at y[row] and x[column]."""

    x: Numbers
    y: Numbers
    z: Sequence[Numbers]

    @property
    def levels(self) -> list[float]:
        """Values at which a contour is drawn: each has as much of the area on either side as it should."""
        found = sorted({z for row in self.z for z in row if isfinite(z)})
        return [found[len(found) * level // (_LEVELS + 1)] for level in range(1, _LEVELS + 1)] if found else []


class Plot(NamedTuple):
    """One plot. log: whether its y axis is logarithmic."""

    title: str
    x: str
    y: str
    series: Sequence[Series]
    field: Field | None = None
    log: bool = False


def as_text(plots: Sequence[Plot], options: Options) -> str:
    """Each as characters, one below the other, as wide as the terminal."""
    width = max(20, min(options.width or _WIDTH + 12, _WIDTH + 12))
    return "\n".join(line for plot in plots for line in [*_drawn(plot, width, options), ""])


def _drawn(plot: Plot, width: int, options: Options) -> Iterator[str]:
    is_ascii, paint = options.ascii, options.paint
    rows = _HEIGHT if len(plot.series) > 1 or plot.field else _HEIGHT * 2 // 3
    heights = [log10(y) for each in plot.series for y in each.y if y > 0] if plot.log else _all(plot, "y")
    across = _all(plot, "x")
    (left, right), (low, high) = _ends(across), _ends(heights)
    names = [f"{10**end if plot.log else end:.4g}" for end in (high, low)]
    room = max(map(len, names))
    columns = width - room - 4
    canvas = [[" "] * columns for _ in range(rows)]

    def place(x: float, y: float) -> tuple[int, int] | None:
        if plot.log:
            y = log10(y) if y > 0 else low
        if not (isfinite(x) and isfinite(y)):
            return None
        row, column = (high - y) / (high - low) * (rows - 1), (x - left) / (right - left) * (columns - 1)
        return round(row), round(column)

    if plot.field:
        _contours(canvas, plot.field, "." if is_ascii else "·")
    for series in plot.series:
        spots = [spot for x, y in zip(series.x, series.y, strict=True) if (spot := place(x, y))]
        for row, column in spots:
            canvas[row][column] = _MARKS.get(series.kind, "o")
        if series.kind == "path" and spots:
            for (row, column), mark in ((spots[0], "S"), (spots[-1], "E")):
                canvas[row][column] = mark
    bar, corner, floor_ = ("|", "+", "-") if is_ascii else ("│", "└", "─")
    yield f" {paint(plot.title, 'bold')}"
    for number, line in enumerate(canvas):
        name = names[0] if number == 0 else names[1] if number == rows - 1 else ""
        yield f" {name:>{room}} {bar}{''.join(line)}".rstrip()
    yield f" {'':>{room}} {corner}{floor_ * columns}"
    first, last = f"{left:.4g}", f"{right:.4g}"
    yield f" {'':>{room}}  {first}{plot.x:^{max(0, columns - len(first) - len(last))}}{last}"
    yield from fold(f" {', '.join(_told(plot))}", width, later=" ")


def _told(plot: Plot) -> Iterator[str]:
    for series in plot.series:
        if series.kind == "path":
            yield f"S start, o {series.label}, E end"
        else:
            yield f"{_MARKS[series.kind]} {series.label}"
    if plot.field:
        yield "bands: contours"
    yield f"up: {plot.y}{' (logarithmic)' if plot.log else ''}"


def _all(plot: Plot, axis: str) -> list[float]:
    """All numbers on an axis."""
    parts: list[Any] = [plot.field] if plot.field else [*plot.series]
    return [number for each in parts for number in getattr(each, axis) if isfinite(number)]


def _ends(numbers: Sequence[float]) -> tuple[float, float]:
    low, high = (min(numbers), max(numbers)) if numbers else (0.0, 1.0)
    room = 0.0 if high > low else 0.5 * max(1.0, abs(low))
    return low - room, high + room


def _contours(canvas: list[list[str]], field: Field, mark: str) -> None:
    """Bands between contours, every second one dotted, and the lowest empty."""
    rows, columns, levels = len(canvas), len(canvas[0]), field.levels

    def level(row: int, column: int) -> int:
        z = field.z[-1 - floor(row / rows * len(field.y))][floor(column / columns * len(field.x))]
        return sum(z > each for each in levels)

    for row in range(rows):
        for column in range(columns):
            if level(row, column) % 2:
                canvas[row][column] = mark
