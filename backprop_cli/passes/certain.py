"""Digits that can be trusted: the same passes at growing precision, until every digit that is shown stands still."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import TypeVar

from ..arithmetic import Value
from ..arithmetic.precise import Precise
from ..errors import MathError, quote, shorten
from ..graph.expand import expand
from ..graph.graph import Graph, Node
from . import point
from .backpropagate import backpropagate
from .forward import forward
from .hessian import Hessian, hessian
from .trace import Edges, Notice, Trace

_GUARDS = (10, 30, 90, 270, 810, 1620)
"""Digits beyond those shown. Two runs that agree end the search; cancellation needs more."""
_ENOUGH = _GUARDS[-2]
"""What vanishes at so many more digits is taken for 0: the last run only shows that it went on shrinking."""


Result = TypeVar("Result")


def converge(
    places: int, compute: Callable[[Precise], Result], numbers: Callable[[Result], list[Value | None]]
) -> tuple[Result, list[int]]:
    """The first result whose numbers show the same digits as at a lower precision.

    places: significant digits that are shown
    compute: the result in an arithmetic
    numbers: those of a result

    Also which of the numbers still move at the highest precision, by their places in the list.
    Where something was absorbed in a sum (1 + 1e-50), or a number lies between two roundings, agreement proves nothing
    yet, and neither does an error: then all precisions are tried.
    """
    before: list[Value | None] = []
    exactly: Callable[[Value], str] = str
    for guard in _GUARDS:
        arithmetic = Precise(places, guard)
        try:
            result = compute(arithmetic)
        except MathError:
            if arithmetic.unsure and guard != _GUARDS[-1]:
                continue
            raise
        found = numbers(result)
        if guard == _GUARDS[-1] or (before and not arithmetic.unsure and not _is_apart(before, found, arithmetic)):
            was = [None if value is None else exactly(value) for value in before]
            now = [None if value is None else arithmetic.exactly(value) for value in found]
            moving = [i for i, text in enumerate(now) if not was or text != was[i]]
            if not moving and not (arithmetic.unsure or any(map(arithmetic.is_near_tie, found))):
                break
        before, exactly = found, arithmetic.exactly
    return result, moving


def _is_apart(before: Sequence[Value | None], found: Sequence[Value | None], arithmetic: Precise) -> bool:
    """Whether some number surely shows other digits than before: to write them all out takes long."""
    one = arithmetic.number(f"1e{1 - arithmetic.digits}")  # in the last digit, or more
    pairs = zip(before, found, strict=True)
    return any(was is not None and now is not None and abs(was - now) > abs(now) * one for was, now in pairs)


def is_noise(value: Value, arithmetic: Precise) -> bool:
    """Whether a value that still moves is so small that it is taken for the rounding error of a zero."""
    return bool(abs(value) < arithmetic.number(f"1e-{arithmetic.digits + _ENOUGH}"))


def certain_trace(
    graph: Graph,
    given: Mapping[str, float | str],
    places: int,
    *,
    wrt: Collection[str] | None = None,
    ties: str = "both",
) -> Trace:
    """A trace whose numbers are right to `places` significant digits.

    given: a value for each variable, read from its text
    wrt, ties: as in `backpropagate`

    What shrinks with every increase of the precision is taken for the rounding error of a zero, and a notice says so.
    Raises MathError as `backpropagate` does, and where digits never stand still.
    """

    def compute(arithmetic: Precise) -> Trace:
        return backpropagate(graph, point.complete(given, arithmetic), wrt=wrt, ties=ties, arithmetic=arithmetic)

    trace, moving = converge(places, compute, lambda trace: [value for _, value in _numbers(trace)])
    assert isinstance(trace.arithmetic, Precise)
    if moving:
        return _with_zeros(trace, trace.arithmetic, moving)
    if trace.arithmetic.zeroed:
        message = f"{_ENOUGH} more digits do not tell a part of {quote(graph.source)} from 0: it is taken for 0"
        return trace.but(warnings=[*trace.warnings, Notice("precision", trace.graph.output.name, message)])
    return trace


def certain_hessian(
    graph: Graph,
    given: Mapping[str, float | str],
    places: int,
    *,
    wrt: Collection[str] | None = None,
    ties: str = "both",
) -> Hessian:
    """The second derivatives, right to `places` significant digits; the parameters are those of `certain_trace`."""

    def compute(arithmetic: Precise) -> Hessian:
        return hessian(graph, given, wrt=wrt, ties=ties, arithmetic=arithmetic)

    matrix, moving = converge(places, compute, lambda rows: [value for row in rows.values() for value in row.values()])
    cells = [(row, column) for row in matrix for column in matrix[row]]
    for row, column in (cells[i] for i in moving):
        if not is_noise(matrix[row][column], arithmetic := Precise(places)):
            raise MathError(f"the digits of ∂²f/∂{row}∂{column} do not settle at any precision tried", graph.source)
        matrix[row][column] = arithmetic.number("0")
    return matrix


def _numbers(trace: Trace) -> Iterator[tuple[Node, Value | None]]:
    """Every number of a trace, with the node that it belongs to."""
    nodes = trace.graph.nodes
    yield from zip(nodes, trace.values, strict=True)
    yield from zip(nodes, trace.upstream, strict=True)
    for edge in trace.edges:
        yield edge.gate, edge.local
        yield edge.gate, edge.chained
    for graph in _parts(trace.graph):
        yield from zip(graph.nodes, forward(graph, trace.point, trace.arithmetic), strict=True)


@lru_cache(maxsize=4)
def _parts(graph: Graph) -> list[Graph]:
    """What modules and constants are made of, which decides as well: sign(sin(pi))."""
    opened = [expand(graph, modules_only=True)] if graph.modules else []
    return opened + [Graph(graph.source, body) for _, body in graph.nodes.constants.values() if body]


def _with_zeros(trace: Trace, arithmetic: Precise, moving: list[int]) -> Trace:
    """The trace with zeros in place of the numbers that move, which are rounding errors of zeros."""
    pairs, zero = [*_numbers(trace)], arithmetic.number("0")
    for i in moving:
        node, value = pairs[i]
        if not is_noise(value, arithmetic):
            name = trace.graph.name_of(node)
            raise MathError(f"the digits of {name} do not settle at any precision tried", trace.graph.source)
        pairs[i] = node, zero
    numbers = (value for _, value in pairs)
    name = shorten(trace.graph.name_of(pairs[moving[0]][0]))
    message = f"{_ENOUGH} more digits do not tell {name} from 0, so it is taken for 0"
    return trace.but(
        values=[*islice(numbers, len(trace.values))],
        upstream=[*islice(numbers, len(trace.upstream))],
        edges=Edges.stored(
            trace.graph, [edge._replace(local=next(numbers), chained=next(numbers)) for edge in trace.edges]
        ),
        warnings=[*trace.warnings, Notice("precision", name, message)],
    )
