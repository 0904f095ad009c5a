"""One graph at many points: rows in, results out, one for one and nothing read ahead."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from math import isfinite, isnan
from operator import itemgetter
from typing import Any, NamedTuple

from ..arithmetic import FLOATS, IEEE, Arithmetic, Value
from ..errors import BackpropError, InputError, quote
from ..graph.graph import Graph
from ..passes import point
from ..passes.backpropagate import LARGE, backpropagate
from ..passes.compiled import UnusualError
from ..passes.compiled_lines import size, unrolled
from ..passes.compute import compute
from ..passes.settings import Settings
from ..passes.trace import Trace
from ..runtime.budget import within

_MANY = 100  # inputs of a gate
_LONGEST = 60  # characters of a number that need no second look


class Row(NamedTuple):
    """One point.

    line: where it begins;
    given: its entries by name, numbers or texts, those of variables and others;
    kept: what it was read from, for the output;
    error: why it cannot be read.
    """

    line: int
    given: Mapping[str, Any]
    kept: Any
    error: BackpropError | None = None


class Result(NamedTuple):
    """A row and what came of it: numbers, or an error.

    point: the values that were read;
    numbers: that of the output, and the gradients that were asked for;
    trace: where they come from, None if nobody needs it.
    """

    row: Row
    point: Mapping[str, Value] = {}
    numbers: Sequence[Value] = ()
    trace: Trace | None = None
    error: BackpropError | None = None


Calculator = Callable[[Mapping[str, Any]], tuple[Mapping[str, Value], Sequence[Value]]]
"""From entries to the values that they are, and the numbers of a result. It raises ArithmeticError, KeyError or
ValueError where they are no doubles, or where something is unusual at that point.
"""


class Job(NamedTuple):
    """What is the same at all points.

    fixed: texts of values that hold at all of them;
    gradients: positions of the nodes whose gradients are asked for;
    taken: names that no entry of a row may have;
    sigmas: by the names of variables, those that entries with their uncertainties may have; None where all are plain;
    spread: whether the uncertainty of the output is asked for, behind the gradients;
    of_arrays: whether an array is anywhere in the program, or in the values of the first row.
    """

    graph: Graph
    fixed: Mapping[str, str]
    settings: Settings
    gradients: Sequence[int] = ()
    taken: Collection[str] = ()
    sigmas: Mapping[str, Sequence[str]] | None = None
    spread: bool = False
    of_arrays: bool = False

    def check(self) -> None:
        """Raise InputError or MathError for a fixed value that would be wrong at every point."""
        settings = self.settings
        if self.of_arrays:
            return  # each is read where its shape is known
        lenient = settings.allow_nonfinite or settings.exact or settings.precision is not None
        fixed = {name: point.plain(name, each) for name, each in self.fixed.items()}
        point.complete(fixed, IEEE if lenient else FLOATS)

    def refuse(self, given: Iterable[str]) -> None:
        """Raise InputError for a name that is a part of the result, or that has a value already."""
        for name in given:
            if name in self.taken:
                may_go = name in ("value", "uncertainty") or name.partition(".")[0] == "gradient"
                hint = "rename it" + ", or leave that part of the result out by --get" * may_go
                raise InputError(f"{quote(name)} is what a part of the result is called", hint=hint)
            if name in self.fixed:
                raise InputError(f"{quote(name)} has a value from the command line already")

    @property
    def is_special(self) -> bool:
        """Whether it takes more than passes over doubles."""
        asked = self.settings
        other = asked.allow_nonfinite or asked.precision is not None or asked.exact or asked.hessian
        return other or self.of_arrays or self.sigmas is not None

    @property
    def refused(self) -> frozenset[str]:
        """All the names that `refuse` refuses."""
        return frozenset({*self.taken, *self.fixed})

    @property
    def varying(self) -> list[str]:
        """The variables whose values come from the points."""
        return [node.name for node in self.graph.variables if node.name not in self.fixed]

    def calculator(self) -> Calculator | None:
        """A function compiled for the graph. None for other arithmetics, and where it is not worth its while."""
        settings, wanted = self.settings, self.varying
        if self.is_special or size(self.graph) >= LARGE:
            return None
        try:
            at = unrolled(self.graph, point.complete(self.fixed, FLOATS), self.gradients, settings.wrt)
        except UnusualError:
            return None
        entries_of = itemgetter(*wanted) if len(wanted) > 1 else lambda given: tuple(given[name] for name in wanted)

        def calculate(given: Mapping[str, Any]) -> tuple[Mapping[str, Any], Sequence[float]]:
            entries = entries_of(given)
            if not entries or type(entries[0]) is str:
                entries = tuple(map(number_of, entries))
                given = dict(zip(wanted, entries, strict=True))
            return given, at(*entries)

        return calculate

    def results(self, rows: Iterable[Row], calculate: Calculator | None = None) -> Iterator[Result]:
        """A result for each row, as soon as the row is there.

        calculate: what gives the numbers where no trace is needed.
        """
        trace_at, is_free = self._tracer(), self.refused.isdisjoint
        for row in rows:
            if calculate is not None and row.error is None and is_free(row.given):
                try:
                    result = Result(row, *calculate(row.given))
                except (ArithmeticError, KeyError, ValueError):
                    pass  # the careful passes tell what is the matter
                else:
                    yield result
                    continue
            try:
                if row.error is not None:
                    raise row.error
                self.refuse(row.given)
                trace = trace_at(row.given)
                numbers = [trace.value, *(trace.upstream[i] for i in self._places(trace))]
                result = Result(row, trace.point, [*numbers, *self._spread(trace)], trace)
            except BackpropError as error:
                result = Result(row, error=error)
            yield result

    def _places(self, trace: Trace) -> Sequence[int]:
        """Where the nodes of the gradients are in the graph of a trace, in which modules over arrays are opened."""
        if len(trace.graph.nodes) == len(self.graph.nodes):
            return self.gradients
        places = {name: i for i, name in enumerate(trace.graph.nodes.names)}
        return [places[self.graph.nodes.names[i]] for i in self.gradients]

    def _spread(self, trace: Trace) -> list[Value]:
        if not self.spread:
            return []
        return [trace.uncertainty.sigma if trace.uncertainty else trace.arithmetic.number("0")]

    def _uncertain(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The texts of the values, with their uncertainties."""
        texts: dict[str, Any] = {**self.fixed, **_texts(self.graph, self.varying, given)}
        for name, entries in (self.sigmas or {}).items():
            for entry in entries:
                if str(sigma := given.get(entry, "")).strip():
                    texts[name] = f"{texts[name]}±{_text(entry, sigma, IEEE)}"
        return texts

    def _tracer(self) -> Callable[[Mapping[str, Any]], Trace]:
        """What computes the trace at one point."""
        graph, settings, wanted = self.graph, self.settings, self.varying
        if self.sigmas is not None:
            return lambda given: compute(graph, self._uncertain(given), settings)
        if self.of_arrays or settings.precision is not None or settings.exact or settings.hessian:
            texts = partial(_texts, graph, wanted, arrays=self.of_arrays)
            return lambda given: compute(graph, {**self.fixed, **texts(given)}, settings)

        arithmetic = IEEE if settings.allow_nonfinite else FLOATS
        known = point.complete(self.fixed, arithmetic)

        def trace_at(given: Mapping[str, Any]) -> Trace:
            values = known.copy()
            for name in wanted:
                if name not in given:
                    raise _missing(graph, wanted, given)
                values[name] = read_entry(name, given[name], arithmetic)
            return backpropagate(graph, values, settings, arithmetic, many=True)

        if len(graph.nodes) < LARGE and max(map(len, graph.nodes.inputs)) < _MANY:  # which takes no time to speak of
            return trace_at
        return lambda given: within(settings.time_limit, partial(trace_at, given))


_DECIMAL_COMMA = re.compile(r"\s*[+-]?[0-9]*,([0-9]{1,2}|[0-9]{4,})([eE][+-]?[0-9]+)?\s*", re.ASCII).fullmatch
"""A number with a decimal comma, where it is none that sets thousands apart."""
_DATE = re.compile(r"\s*[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]+)?\s*", re.ASCII).fullmatch
"""A date (ISO 8601), which is not meant as two subtractions."""


def number_of(entry: object) -> float | None:
    """A finite number, or a text that is plainly one; None where `point.read_value` has to look."""
    if type(entry) is str and len(entry) <= _LONGEST and entry.isascii() and "_" not in entry:
        try:
            entry = float(entry)
        except ValueError:
            return None
    return entry if type(entry) is float and isfinite(entry) else None


def read_entry(name: str, entry: object, arithmetic: Arithmetic = FLOATS) -> Value:
    """The number that an entry of a row is. Raises InputError where it is none, MathError where it has no value.

    name: of its variable or its column;
    entry: a number, or a text;
    arithmetic: what the number is one of.
    """
    number = number_of(entry)
    if number is not None:
        return number
    if point.is_uncertain(entry):
        message = f"the value of {name} is uncertain, which nothing has told before"
        raise InputError(message, str(entry), (0, len(str(entry))), "--get value --get uncertainty tells it")
    if isinstance(entry, str) and _DECIMAL_COMMA(entry):
        hint = "a decimal point is written '.': tr , . writes it so, where no commas stand between columns"
        raise InputError(f"the value of {name} has a decimal comma", entry, (at := entry.index(","), at + 1), hint)
    return point.read_value(name, _text(name, entry, arithmetic), arithmetic)


def _texts(graph: Graph, wanted: Sequence[str], given: Mapping[str, Any], *, arrays: bool = False) -> dict[str, Any]:
    """The entries of variables as texts. arrays: whether some may be arrays, which stay lists, as JSON has them."""
    if not given.keys() >= set(wanted):
        raise _missing(graph, wanted, given)
    stays = list if arrays else ()
    return {name: each if isinstance(each := given[name], stays) else _text(name, each, IEEE) for name in wanted}


def _missing(graph: Graph, wanted: Iterable[str], given: Mapping[str, Any]) -> point.MissingVariablesError:
    return point.MissingVariablesError(graph, [name for name in wanted if name not in given])


def _text(name: str, entry: object, arithmetic: Arithmetic) -> str:
    if isinstance(entry, float) and arithmetic.strict and not isfinite(entry):  # a number in JSON is never infinite
        if isnan(entry):
            raise InputError(f"the value of {quote(name)} is NaN, not a number", hint="--allow-nonfinite admits it")
        raise point.overflow(name, arithmetic)
    if isinstance(entry, str) and _DATE(entry):
        raise InputError(f"the value of {quote(name)} is a date, not a number: {entry.strip()}")
    if isinstance(entry, str | float):
        return str(entry)
    raise InputError(f"the value of {quote(name)} is {point.kind_of(entry)}, not a number")
