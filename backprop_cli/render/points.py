"""Results of a stream of points, a line each: JSON lines and CSV. What came with a point goes with its result."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ..arithmetic import FLOATS, Arithmetic, Value
from ..errors import BackpropError, printable
from ..points import Result
from ..trace import EVERYWHERE
from .json import document

_STRING_OR_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|(NaN|-?Infinity)')
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")


class Asked(NamedTuple):
    """What each result holds. gradients: names, and their positions in the graph; nulls: failed points get a line."""

    value: bool
    gradients: Sequence[tuple[str, int]]
    hessian: bool = False
    trace: bool = False
    nulls: bool = False


class JsonLines:
    """An object a line: the one that was read, and behind its entries those of the result."""

    def __init__(self, asked: Asked, *, from_csv: bool, ascii_only: bool) -> None:
        self.asked = asked
        self.from_csv = from_csv
        self.ascii_only = ascii_only
        kept = (asked.value, bool(asked.gradients), asked.hessian, asked.trace, True, asked.nulls)
        names = ("value", "gradient", "hessian", "trace", "warnings", "error")
        self.names = [name for name, there in zip(names, kept, strict=True) if there]
        gradient = ", ".join(f"{json.dumps(name)}: %s" for name, _ in asked.gradients)
        parts = ['"value": %s'] * asked.value + [f'"gradient": {{{gradient}}}'] * bool(asked.gradients)
        self.numbers = ", ".join(parts)
        self.doubles = ", ".join([*parts, *['"error": null'] * asked.nulls]).replace("%s", "%r")
        self.is_plain = asked.value and not from_csv and not ascii_only  # a line is what was read, and then `doubles`

    def head(self) -> str:
        """What stands before the first result."""
        return ""

    def line(self, result: Result) -> str:
        """The line of a result, with nulls for one that failed."""
        before, found = self._before(result), self._found(result)
        line = f"{{{before}{', ' if before and found else ''}{found}}}\n"
        return _escaped(line) if self.ascii_only and not line.isascii() else line

    def _before(self, result: Result) -> str:
        """The entries that were read, as they were written, but for words that JSON does not have."""
        row = result.row
        if self.from_csv:
            system = FLOATS if result.trace is None else result.trace.arithmetic
            entries = {k: system.data(result.point[k]) if k in result.point else v for k, v in row.given.items()}
            return json.dumps(entries, ensure_ascii=False)[1:-1]
        kept = str(row.kept[1:-1]).strip()
        if "NaN" in kept or "Infinity" in kept:
            return _STRING_OR_WORD.sub(lambda found: f'"{found[1]}"' if found[1] else found[0], kept)
        return kept

    def _found(self, result: Result) -> str:
        asked, trace = self.asked, result.trace
        if result.error is not None:
            return self._failed(result.error)
        numbers = result.numbers if asked.value else result.numbers[1:]
        if trace is None:
            return self.doubles % numbers
        parts = [self.numbers % (*map(_writer(trace.arithmetic), numbers),)]
        if asked.hessian or asked.trace:
            whole = document(trace)
            parts += [f'"hessian": {_dumped(whole["hessian"])}'] if asked.hessian else []
            parts += [f'"trace": {_dumped(whole)}'] if asked.trace else []
        if found := [each._asdict() for each in trace.warnings if each.kind not in EVERYWHERE]:
            parts.append(f'"warnings": {_dumped(found)}')
        parts += ['"error": null'] * asked.nulls
        return ", ".join(filter(None, parts))

    def _failed(self, error: BackpropError) -> str:
        asked = self.asked
        count = len(asked.gradients) + asked.value
        parts = [self.numbers % (("null",) * count)]
        parts += ['"hessian": null'] * asked.hessian + ['"trace": null'] * asked.trace
        parts += [f'"error": {json.dumps(printable(error.message))}'] * asked.nulls
        return ", ".join(filter(None, parts))


class CsvLines:
    """A row a line: the cells that were read, and behind them `value`, `gradient.x`, …"""

    def __init__(self, asked: Asked, header: Sequence[str], *, from_csv: bool) -> None:
        self.asked = asked
        self.header = header
        self.from_csv = from_csv
        self.names = ["value"] * asked.value + [f"gradient.{name}" for name, _ in asked.gradients]
        self.names += ["error"] * asked.nulls
        self.write = csv.writer(_Echo(), lineterminator="\n").writerow

    def head(self) -> str:
        """The header."""
        return self._line([*self.header, *self.names])

    def line(self, result: Result) -> str:
        """The line of a result, with empty cells for one that failed."""
        row, asked = result.row, self.asked
        cells = list(row.kept) if self.from_csv else [_cell(row.given.get(name)) for name in self.header]
        if result.error is None:
            show = repr if result.trace is None else result.trace.arithmetic.exactly
            cells += map(show, result.numbers if asked.value else result.numbers[1:])
        else:
            cells += [""] * (len(self.names) - asked.nulls)
        if asked.nulls:
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


def _cell(entry: object) -> str:
    """A JSON entry in CSV."""
    if isinstance(entry, str):
        return entry.encode("utf-8", "backslashreplace").decode()  # "\\ud800" may stand in JSON, but in no UTF-8
    return "" if entry is None else json.dumps(entry)


def _dumped(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, allow_nan=False)


def _escaped(line: str) -> str:
    return _BEYOND_ASCII.sub(lambda found: json.dumps(found[0])[1:-1], line)
