"""Digits that can be trusted: the same passes at growing precision, until every digit that is shown stands still."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TypeVar

from ..arithmetic import Value
from ..arithmetic.precise import Precise
from ..errors import MathError, quote, shorten
from ..graph.expand import expand
from ..graph.graph import Graph, Nodes
from . import point
from .engine import run
from .forward import forward
from .hessian import Hessian, hessian
from .trace import Edges, Notice, Trace

_GUARDS = (10, 30, 90, 270, 810, 1620)
"""Digits beyond those shown. Two runs that agree end the search; cancellation needs more."""
_ENOUGH = _GUARDS[-2]
"""What vanishes at so many more digits is taken for 0: the last run only shows that it went on shrinking."""


Result = TypeVar("Result")


def settle(
    places: int, compute: Callable[[Precise], Result], numbers: Callable[[Result], Iterable[Value | None]]
) -> tuple[Result, list[int]]:
    """The first result whose `numbers` show the same digits as at a lower precision; which of them never did.

    Where something was absorbed in a sum (1 + 1e-50), or a number lies between two roundings, agreement proves nothing
    yet, and neither does an error: then all precisions are tried.
    """
    before: list[str | None] = []
    for guard in _GUARDS:
        arithmetic = Precise(places, guard)
        try:
            result = compute(arithmetic)
        except MathError:
            if arithmetic.unsure and guard != _GUARDS[-1]:
                continue
            raise
        shown = [None if value is None else arithmetic.exactly(value) for value in numbers(result)]
        unsettled = [i for i, text in enumerate(shown) if not before or text != before[i]]
        if not unsettled and not (arithmetic.unsure or any(map(arithmetic.is_near_tie, numbers(result)))):
            break
        before = shown
    return result, unsettled


def is_noise(value: Value, arithmetic: Precise) -> bool:
    """Whether an unsettled value is so small that it is taken for the rounding error of a zero."""
    return bool(abs(value) < arithmetic.number(f"1e-{arithmetic.digits + _ENOUGH}"))


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
    Raises MathError as the engine does, and where digits never settle.
    """

    def compute(arithmetic: Precise) -> Trace:
        return run(graph, point.complete(given, arithmetic), wrt=wrt, ties=ties, arithmetic=arithmetic)

    trace, unsettled = settle(places, compute, _numbers)
    assert isinstance(trace.arithmetic, Precise)
    if unsettled:
        return _with_zeros(trace, unsettled)
    if trace.arithmetic.zeroed:
        message = f"{_ENOUGH} more digits do not tell a part of {quote(graph.source)} from 0: it is taken for 0"
        return trace.but(warnings=[*trace.warnings, Notice("precision", trace.graph.output.name, message)])
    return trace


def hessian_certain(
    graph: Graph,
    given: Mapping[str, float | str],
    places: int,
    *,
    wrt: Collection[str] | None = None,
    ties: str = "both",
) -> Hessian:
    """The second derivatives, right to `places` significant digits."""

    def compute(arithmetic: Precise) -> Hessian:
        return hessian(graph, given, wrt=wrt, ties=ties, arithmetic=arithmetic)

    matrix, unsettled = settle(places, compute, lambda rows: [value for row in rows.values() for value in row.values()])
    cells = [(row, column) for row in matrix for column in matrix[row]]
    for i in unsettled:
        row, column = cells[i]
        if not is_noise(matrix[row][column], arithmetic := Precise(places)):
            raise MathError(f"the digits of ∂²f/∂{row}∂{column} do not settle at any precision tried", graph.source)
        matrix[row][column] = arithmetic.number("0")
    return matrix


def _numbers(trace: Trace) -> Iterator[Value | None]:
    """Every number of a trace, in the order in which `_with_zeros` puts them back."""
    yield from trace.values
    yield from trace.upstream
    for edge in trace.edges:
        yield edge.local
        yield edge.chained
    for inside in _insides(trace.graph):  # what constants and modules are made of decides as well: sign(sin(pi))
        yield from forward(inside, trace.point, trace.arithmetic)


def _insides(graph: Graph) -> list[Graph]:
    opened = [expand(graph, modules_only=True)] if graph.modules else []
    bodies = [body for _, body in graph.nodes.constants.values() if body]
    return opened + [Graph(graph.source, Nodes(body)) for body in bodies]


def _with_zeros(trace: Trace, unsettled: list[int]) -> Trace:
    """The trace with unsettled numbers, which are rounding errors of zeros, replaced by zeros."""
    arithmetic = trace.arithmetic
    assert isinstance(arithmetic, Precise)
    numbers = list(_numbers(trace))
    count = len(trace.values)
    nodes = [*trace.graph.nodes, *trace.graph.nodes, *(edge.gate for edge in trace.edges for _ in range(2))]
    nodes += [node for inside in _insides(trace.graph) for node in inside.nodes]
    for i in unsettled:
        if not is_noise(numbers[i], arithmetic):
            raise MathError(
                f"the digits of {trace.graph.named(nodes[i])} do not settle at any precision tried", trace.graph.source
            )
        numbers[i] = arithmetic.number("0")
    name = shorten(trace.graph.named(nodes[unsettled[0]]))
    message = f"{_ENOUGH} more digits do not tell {name} from 0, so it is taken for 0"
    pairs = iter(numbers[2 * count :])
    return trace.but(
        values=numbers[:count],
        upstream=numbers[count : 2 * count],
        edges=Edges.stored(
            trace.graph, [edge._replace(local=next(pairs), chained=next(pairs)) for edge in trace.edges]
        ),
        warnings=[*trace.warnings, Notice("precision", name, message)],
    )
