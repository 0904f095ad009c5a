"""Results of a stream of points, a line each: JSON lines and CSV. What came with a point goes with its result."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Container, Iterable, Sequence
from itertools import repeat
from typing import NamedTuple

from ..arithmetic import FLOATS, Arithmetic, Value
from ..errors import BackpropError, InputError, printable
from ..language.names import as_name
from ..passes.trace import EVERYWHERE
from ..points.evaluate import Result, Row
from ..points.rows import Source
from .json import document, dumped, escaped

_STRING_OR_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|(NaN|-?Infinity)')
_GAP = re.compile(r"[ \t\r\n,:]*")


class Contents(NamedTuple):
    """What each result holds.

    gradients: names, and their positions in the graph;
    nulls: whether failed points get a line;
    spread: whether the uncertainty is there.
    """

    value: bool
    gradients: Sequence[tuple[str, int]]
    hessian: bool = False
    trace: bool = False
    nulls: bool = False
    spread: bool = False


class JsonLines:
    """An object a line: the one that was read, and behind its entries those of the result."""

    def __init__(self, holds: Contents, source: Source, *, ascii_only: bool) -> None:
        self.holds = holds
        self.from_csv = source.form == "csv"
        self.written = source.written
        self.ascii_only = ascii_only
        kept = (holds.value, bool(holds.gradients), holds.spread, holds.hessian, holds.trace, True, holds.nulls)
        names = ("value", "gradient", "uncertainty", "hessian", "trace", "warnings", "error")
        self.names = [name for name, there in zip(names, kept, strict=True) if there]
        gradient = ", ".join(f"{dumped(name)}: %s" for name, _ in holds.gradients)
        parts = ['"value": %s'] * holds.value + [f'"gradient": {{{gradient}}}'] * bool(holds.gradients)
        parts += ['"uncertainty": %s'] * holds.spread
        self.numbers = ", ".join(parts)
        self.doubles = ", ".join([*parts, *['"error": null'] * holds.nulls]).replace("%s", "%r")
        self.is_plain = holds.value and not self.from_csv and not ascii_only  # what was read, and `doubles`

    def head(self) -> str:
        """What stands before the first result."""
        return ""

    def line(self, result: Result) -> str:
        """The line of a result, with nulls for one that failed."""
        before, found = self._before(result), self._found(result)
        line = f"{{{before}{', ' if before and found else ''}{found}}}"
        return f"{escaped(line, ascii_only=self.ascii_only)}\n"

    def plain_lines(self, texts: Sequence[str], numbers: Iterable[tuple[float, ...]]) -> list[str]:
        """The lines of results of doubles, which go behind the entries of these objects. For `is_plain` alone."""
        pairs = zip(texts, numbers, strict=False)
        return [f"{{{text[1:-1].strip()}, {self.doubles % found}}}\n" for text, found in pairs]

    def _before(self, result: Result) -> str:
        """The entries that were read, as they were written, except for words that JSON does not have."""
        row = result.row
        if self.from_csv:
            system = FLOATS if result.trace is None else result.trace.arithmetic
            entries = {
                self.written.get(k, k): system.data(result.point[k]) if k in result.point else v
                for k, v in row.given.items()
            }
            return json.dumps(entries, ensure_ascii=False)[1:-1]
        kept = str(row.kept[1:-1]).strip()
        if "NaN" in kept or "Infinity" in kept:
            return _STRING_OR_WORD.sub(lambda found: f'"{found[1]}"' if found[1] else found[0], kept)
        return kept

    def _found(self, result: Result) -> str:
        holds, trace = self.holds, result.trace
        if result.error is not None:
            return self._failed(result.row.given, result.error)
        numbers = result.numbers if holds.value else result.numbers[1:]
        if trace is None:
            return self.doubles % numbers
        parts = [self.numbers % (*map(_writer(trace.arithmetic), numbers),)]
        if holds.hessian or holds.trace:
            whole = document(trace)
            parts += [f'"hessian": {dumped(whole["hessian"])}'] if holds.hessian else []
            parts += [f'"trace": {dumped(whole)}'] if holds.trace else []
        if found := [each._asdict() for each in trace.warnings if each.kind not in EVERYWHERE]:
            parts.append(f'"warnings": {dumped(found)}')
        parts += ['"error": null'] * holds.nulls
        return ", ".join(filter(None, parts))

    def _failed(self, given: Container[str], error: BackpropError) -> str:
        """Nulls and the reason, except for names that entries of the point have already: that may be why it failed."""
        nulls = dict.fromkeys((name for name, _ in self.holds.gradients), None)
        found = {"gradient": nulls, "error": printable(error.message)}
        parts = {name: found.get(name) for name in self.names if name != "warnings" and name not in given}
        return dumped(parts)[1:-1]


class CsvLines:
    """A row a line: the cells that were read, and behind them `value`, `gradient.x`, …"""

    def __init__(self, holds: Contents, source: Source, digits: int | None = None) -> None:
        """digits: of each result, None for all."""
        self.holds = holds
        self.source = source
        self.digits = digits
        self.names = ["value"] * holds.value + [f"gradient.{name}" for name, _ in holds.gradients]
        self.names += ["uncertainty"] * holds.spread + ["error"] * holds.nulls
        self.write = csv.writer(_Echo(), lineterminator="\n", delimiter=source.delimiter).writerow

    def head(self) -> str:
        """The header."""
        return self._line([*self.source.header, *self.names])

    def line(self, result: Result) -> str:
        """The line of a result, with empty cells for one that failed."""
        row, holds = result.row, self.holds
        cells: list[str] = [*row.kept] if self.source.form == "csv" else _cells(row, self.source)
        if result.error is None:
            numbers = result.numbers if holds.value else result.numbers[1:]
            system = FLOATS if result.trace is None else result.trace.arithmetic
            if any(map(hasattr, numbers, repeat("shape"))):
                raise InputError(
                    "an array does not fit in a cell of CSV", hint="--format json, or --get what is a number"
                )
            if self.digits is not None:
                cells += [system.show(number, self.digits) for number in numbers]
            else:
                cells += map(repr if system is FLOATS else system.exactly, numbers)
        else:
            cells += [""] * (len(self.names) - holds.nulls)
        if holds.nulls:
            cells.append("" if result.error is None else printable(result.error.message))
        return self._line(cells)

    def _line(self, cells: Sequence[str]) -> str:
        return str(self.write(cells))


class _Echo:
    write = str


def _writer(arithmetic: Arithmetic) -> Callable[[Value], str]:
    """How numbers of the arithmetic are written in JSON."""
    if arithmetic is FLOATS:
        return repr  # they are finite
    return lambda value: json.dumps(arithmetic.data(value))


def _cells(row: Row, source: Source) -> list[str]:
    """The entries of an object in CSV: what is no text and no number, as it was written."""
    entries = list(map(row.given.get, source.names))
    written = {} if all(entry is None or isinstance(entry, str) for entry in entries) else _written(row.kept)
    return [
        # "\\ud800" may stand in JSON, but in no UTF-8.
        entry.encode("utf-8", "backslashreplace").decode()
        if isinstance(entry, str)
        else ""
        if entry is None
        else written[as_name(column) or column]
        for column, entry in zip(source.header, entries, strict=True)
    ]


def _written(text: str) -> dict[str, str]:
    """The text of each entry of an object, by its name. text: JSON, known to be right."""
    read, found, position = json.JSONDecoder().raw_decode, {}, 1
    while text[position := _end_of_gap(text, position)] != "}":
        key, position = read(text, position)
        start = _end_of_gap(text, position)
        _, position = read(text, start)
        found[as_name(key) or key] = text[start:position]
    return found


def _end_of_gap(text: str, position: int) -> int:
    found = _GAP.match(text, position)
    assert found is not None
    return found.end()
