"""Digits that can be trusted: the same passes at growing precision, until every digit that is shown stands still."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from . import point
from .arithmetic import Value
from .arithmetic.precise import Precise
from .engine import run
from .errors import MathError
from .graph import Graph
from .trace import Notice, Trace

MIN_PLACES, MAX_PLACES = 2, 10_000
_GUARDS = (10, 30, 90, 270, 810)
"""Digits beyond those shown. Two runs that agree end the search; cancellation needs more."""


def run_certain(
    graph: Graph,
    given: Mapping[str, float | str],
    places: int,
    *,
    wrt: Collection[str] | None = None,
    ties: str = "both",
) -> Trace:
    """A trace whose numbers are right to `places` significant digits. Values are read from their texts.

    What shrinks with every increase of the precision is taken for the rounding error of a zero, and a notice says so.
    Raises MathError as the engine does.
    """
    before: list[str | None] = []
    for guard in _GUARDS:
        arithmetic = Precise(places, guard)
        trace = run(graph, point.complete(given, arithmetic), wrt=wrt, ties=ties, arithmetic=arithmetic)
        shown = [None if value is None else arithmetic.exactly(value) for value in _numbers(trace)]
        unsettled = [i for i, text in enumerate(shown) if not before or text != before[i]]
        if not unsettled:
            return trace
        before = shown
    return _with_zeros(trace, set(unsettled), places)


def _numbers(trace: Trace) -> Iterator[Value | None]:
    """Every number of a trace, in the order in which `_with_zeros` puts them back."""
    yield from trace.values
    yield from trace.upstream
    for edge in trace.edges:
        yield edge.local
        yield edge.chained


def _with_zeros(trace: Trace, unsettled: set[int], places: int) -> Trace:
    """The trace with unsettled numbers, which are rounding errors of zeros, replaced by zeros."""
    arithmetic = trace.arithmetic
    zero, noise = arithmetic.number("0"), arithmetic.number(f"1e-{places + _GUARDS[-2]}")
    numbers = list(_numbers(trace))
    count = len(trace.values)
    nodes = [*trace.graph.nodes, *trace.graph.nodes, *(edge.gate for edge in trace.edges for _ in range(2))]
    name = nodes[min(unsettled)].name
    for i in unsettled:
        value = numbers[i]
        if value is not None and abs(value) > noise:
            raise MathError(f"the digits of {nodes[i].name} do not settle at any precision tried", trace.graph.source)
        numbers[i] = zero
    digits = f"{_GUARDS[-1]} more digits do not tell {name} from 0, so it is taken for 0"
    pairs = iter(numbers[2 * count :])
    return replace(
        trace,
        values=numbers[:count],
        upstream=numbers[count : 2 * count],
        edges=[edge._replace(local=next(pairs), chained=next(pairs)) for edge in trace.edges],
        warnings=[*trace.warnings, Notice("precision", name, digits)],
    )
