"""Digits that are proven: the passes on balls, with more bits until each number is known to those that are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from math import inf
from typing import NamedTuple, TypeVar

from ..arithmetic import Value
from ..arithmetic.ball import GUARD
from ..arithmetic.ball_functions import MOST_BITS
from ..arithmetic.balls import Balls
from ..errors import MathError, UnprovenError, shorten
from ..graph.graph import Graph
from ..graph.graph import partial as slope
from ..runtime.budget import TooSlowError, left, within
from . import point
from .backpropagate import backpropagate
from .hessian import hessian
from .settings import Settings
from .trace import Notice, Trace

_MORE = 4  # times as many bits beyond the digits, where nothing tells how many it takes
_SHARE = 0.9  # of the time that is left, for one attempt more: some is left for what the last one tells
_BITS = 2_400_000_000  # of all numbers together, at most: there are some more that nothing shows
_NUMBERS = 6  # of a node: its value, its gradient, those of the edges into it
_OVERHEAD = 1_000  # bits that a number takes beside its own

Result = TypeVar("Result")
Named = Iterator[tuple[Callable[[], str], Value | None]]
"""Numbers, and what tells how each is called."""


def proven(
    graph: Graph, places: int, compute: Callable[[Balls], Result], numbers: Callable[[Result], Named]
) -> tuple[Result, list[Notice]]:
    """A result, all of whose numbers are proven to so many digits, and what is to be said of it.

    graph: what it is of
    places: the digits
    compute: the result in an arithmetic
    numbers: those of a result

    A number that the most bits do not tell from 0 stays a ball around 0, and a notice says so. Raises MathError where
    a gate is not decided within reach, as in `acos(sin(x)**2 + cos(x)**2)`, or digits are not proven, and where there
    is no time for more bits.
    """
    system, extra, count = Balls(places), GUARD, _NUMBERS * len(graph.nodes)
    if (system.bits + _OVERHEAD) * count > _BITS:
        raise MathError(f"{places:,} digits of {len(graph.nodes):,} nodes take more memory than there is", graph.source)
    failure: UnprovenError | None = None
    lacking: list[_Lacking] = []
    is_first, is_late = True, False
    while True:
        work = partial(_attempt, tried := Balls(places, extra), compute, numbers)
        try:
            result, there, lacking = work() if is_first else within(_SHARE * left(inf), work)
            failure, count = None, max(count, there)
        except UnprovenError as error:
            failure = error
        except TooSlowError:
            if is_first:
                raise
            is_late = True
            break
        if not (failure or lacking):
            return result, []
        system, is_first = tried, False
        most = min(MOST_BITS, _BITS // count - _OVERHEAD)
        missing = inf if failure else max(each.bits for each in lacking)
        more = min(most, extra + int(missing) + GUARD if missing < inf else _MORE * extra)
        if extra >= more:
            break
        extra = more
        if not failure:
            del result  # before there is another
    digits = f"{system.all_digits:,} digits{', for which there is time,' if is_late else ''}"
    hint = "--time-limit gives it more" if is_late else ""
    if failure:
        failure.message += f": {digits} do not tell"
        failure.hint = failure.hint or hint or "--exact may tell, by formulas"
        raise failure
    for each in lacking:
        if is_late or not each.is_negligible:
            raise MathError(f"{digits} do not prove those of {shorten(each.name())}", graph.source, hint=hint)
    message = f"{digits} do not tell {shorten(lacking[0].name())} from 0"
    return result, [Notice("precision", graph.output.name, message)]


class _Lacking(NamedTuple):
    """A number whose digits are not proven.

    bits: so many more it takes, as far as that can be told
    is_negligible: whether it may be 0, and is smaller than any digit that is asked for
    """

    name: Callable[[], str]
    bits: float
    is_negligible: bool


def _attempt(
    system: Balls, compute: Callable[[Balls], Result], numbers: Callable[[Result], Named]
) -> tuple[Result, int, list[_Lacking]]:
    """A result in an arithmetic, how many numbers it has, and those whose digits it does not prove."""
    count, lacking = 0, list[_Lacking]()
    with system.working():
        result = compute(system)
        for name, value in numbers(result):
            count += 1
            if bits := system.lacks(value):
                lacking.append(_Lacking(name, bits, value is not None and system.is_negligible(value)))
    return result, count, lacking


def certain_trace(
    graph: Graph,
    given: Mapping[str, float | str],
    settings: Settings,
    then: Callable[[Trace], Trace] | None = None,
) -> Trace:
    """A trace whose numbers are proven to `precision` significant digits.

    given: a value for each variable, read from its text
    settings: of which `precision`, `wrt`, `ties` and `hessian` count
    then: what adds something to the trace, to be proven with the rest

    Raises MathError as `backpropagate` and `hessian` do, and as `proven` does.
    """

    def compute(arithmetic: Balls) -> Trace:
        at = point.complete(given, arithmetic)
        trace = backpropagate(graph, at, settings, arithmetic)
        if settings.hessian:
            trace = trace.but(hessian=hessian(graph, given, settings, arithmetic))
        return then(trace) if then else trace

    assert settings.precision is not None
    trace, notices = proven(graph, settings.precision, compute, numbers)
    return trace.but(warnings=[*trace.warnings, *notices]) if notices else trace


def numbers(trace: Trace) -> Named:
    """Every number of a trace."""
    f, name_of = trace.graph.output, trace.graph.name_of
    for node, value, upstream in zip(trace.graph.nodes, trace.values, trace.upstream, strict=True):
        yield partial(name_of, node), value
        yield partial(slope, f.name, node.name), upstream
    for edge in trace.edges:
        yield partial(slope, edge.gate.name, edge.input.name), edge.local
        yield partial(slope, f.name, edge.input.name), edge.chained
    for row, columns in (trace.hessian or {}).items():
        for column, value in columns.items():
            yield partial("∂²f/∂{}∂{}".format, row, column), value
    if found := trace.uncertainty:
        yield "σ".format, found.sigma
        for name, value in found.components.items():
            yield partial("the share of {}".format, name), value


def certain_arrays(graph: Graph, places: int, compute: Callable[[Balls], Trace]) -> Trace:
    """A trace of arrays whose numbers are right to `places` significant digits.

    compute: the trace in an arithmetic
    Raises MathError as `compute` does, and as `proven` does.
    """

    def entries(trace: Trace) -> Named:
        for name, part in numbers(trace):
            yield from ((name, each) for each in trace.arithmetic.entries(part))
        for variable, matrix in (trace.jacobian or {}).items():
            yield from ((partial(slope, trace.graph.output.name, variable), each) for each in matrix.flat)

    trace, notices = proven(graph, places, compute, entries)
    return trace.but(warnings=[*trace.warnings, *notices]) if notices else trace
