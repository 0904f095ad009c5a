"""One graph at many points: rows in, results out, one for one and nothing read ahead."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from math import isfinite
from typing import Any, NamedTuple

from . import names, point
from .api import Settings, compute
from .arithmetic import FLOATS, IEEE
from .engine import evaluator as prepare
from .engine import run
from .errors import BackpropError, InputError, quote
from .graph import Graph
from .trace import Trace

_LONGEST = 60  # characters of a number that need no second look


class Row(NamedTuple):
    """One point. line: where it begins; given: its entries by name, numbers or texts, those of variables and others;
    kept: what it was read from, for the output; error: why it cannot be read.
    """

    line: int
    given: Mapping[str, Any]
    kept: Any
    error: BackpropError | None = None


class Result(NamedTuple):
    """A row and what came of it: a trace, or an error."""

    row: Row
    trace: Trace | None
    error: BackpropError | None


def evaluate(
    rows: Iterable[Row], graph: Graph, fixed: Mapping[str, str], settings: Settings, taken: Collection[str] = ()
) -> Iterator[Result]:
    """A result for each row, as soon as the row is there.

    fixed: values that are the same at all points; taken: names that no entry of a row may have.
    """
    trace_at, refused = evaluator(graph, fixed, settings), {*taken, *fixed}
    for row in rows:
        try:
            if row.error is not None:
                raise row.error
            if not refused.isdisjoint(row.given):
                refuse(row.given, taken, fixed)
            result = Result(row, trace_at(row.given), None)
        except BackpropError as error:
            result = Result(row, None, error)
        yield result


def refuse(given: Iterable[str], taken: Collection[str], fixed: Collection[str]) -> None:
    """Raise InputError for a name that is a part of the result, or that has a value already."""
    for name in given:
        if name in taken:
            hint = "rename it, or leave that part of the result out by --get"
            raise InputError(f"{quote(name)} is what a part of the result is called", hint=hint)
        if name in fixed:
            raise InputError(f"{quote(name)} has a value from the command line already")


def evaluator(graph: Graph, fixed: Mapping[str, str], settings: Settings) -> Callable[[Mapping[str, Any]], Trace]:
    """What computes the trace at one point. Every point of a stream goes through the function that this gives."""
    wanted = [node.name for node in graph.variables if node.name not in fixed]
    if settings.precision is not None or settings.exact or settings.hessian:
        return lambda given: compute(graph, {**fixed, **_texts(graph, wanted, given)}, settings)

    arithmetic = IEEE if settings.allow_nonfinite else FLOATS
    known, wrt, ties = point.complete(fixed, arithmetic), settings.wrt, settings.ties
    if arithmetic is FLOATS:
        prepare(graph, wrt)

    def trace_at(given: Mapping[str, Any]) -> Trace:
        values = known.copy()
        for name in wanted:
            try:
                entry = given[name]
            except KeyError:
                entry = _entries(graph, wanted, given)[name]
            number = _double(entry)
            values[name] = point.read_value(name, _text(name, entry), arithmetic) if number is None else number
        return run(graph, values, wrt=wrt, ties=ties, arithmetic=arithmetic)

    return trace_at


def _double(entry: object) -> float | None:
    """A finite number, or a text that is plainly one; None where `point.read_value` has to look."""
    if type(entry) is str and len(entry) <= _LONGEST and entry.isascii() and "_" not in entry:
        try:
            entry = float(entry)
        except ValueError:
            return None
    return entry if type(entry) is float and isfinite(entry) else None


def _texts(graph: Graph, wanted: Iterable[str], given: Mapping[str, Any]) -> dict[str, str]:
    entries = _entries(graph, wanted, given)
    return {name: _text(name, entries[name]) for name in wanted}


def _entries(graph: Graph, wanted: Iterable[str], given: Mapping[str, Any]) -> dict[str, Any]:
    """The entries under their names in normal spelling. Raises InputError where a variable has none or two."""
    found: dict[str, Any] = {}
    for key, entry in given.items():
        name = names.read_name(key) or key
        if name in found and name in wanted:
            raise InputError(f"{quote(name)} is given twice")
        found[name] = entry
    missing = [name for name in wanted if name not in found]
    if missing:
        raise point.MissingVariablesError(graph, missing)
    return found


def _text(name: str, entry: object) -> str:
    if isinstance(entry, str | float):
        return str(entry)
    kind = {bool: "true or false", list: "a list", dict: "an object"}.get(type(entry), "null")
    raise InputError(f"the value of {quote(name)} is {kind}, not a number")
