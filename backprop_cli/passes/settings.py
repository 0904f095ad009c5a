"""What may be asked of a trace, and the passes that answer it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from math import inf
from typing import NamedTuple

from ..arithmetic import FLOATS, IEEE, TIES
from ..budget import within
from ..errors import InputError, quote
from ..graph.graph import Graph
from . import point
from .backpropagate import backpropagate
from .trace import Trace

DIGITS = range(2, 10_001)
"""Significant digits that numbers may have."""


class Settings(NamedTuple):
    """What may be asked of a trace.

    wrt: the variables that get gradients, None for all;
    ties: what inputs of max and min that tie receive, one of TIES;
    allow_nonfinite: infinities and NaN instead of errors;
    precision: significant digits, in DIGITS, that are proven, instead of doubles;
    exact: SymPy numbers instead;
    hessian: second derivatives too;
    time_limit: the seconds that it may take.
    """

    wrt: Collection[str] | None = None
    ties: str = TIES[0]
    allow_nonfinite: bool = False
    precision: int | None = None
    exact: bool = False
    hessian: bool = False
    time_limit: float = inf


def check(settings: Settings) -> None:
    """Raise InputError for settings that nothing can be computed with."""
    if settings.allow_nonfinite + (settings.precision is not None) + settings.exact > 1:
        raise InputError("allow-nonfinite, precision and exact are three different arithmetics: choose one")
    if settings.precision is not None and settings.precision not in DIGITS:
        least, most = DIGITS[0], DIGITS[-1]
        raise InputError(f"precision is a number of digits from {least} to {most:,}")
    if settings.ties not in TIES:
        raise InputError(f"ties is one of {', '.join(TIES)}, not {quote(settings.ties)}")


def compute(graph: Graph, given: Mapping[str, float | str], settings: Settings) -> Trace:
    """The trace of a graph at given values, in the arithmetic that the settings ask for.

    Raises TooSlowError where the time is up.
    """
    check(settings)
    if settings.time_limit < inf:
        return within(settings.time_limit, partial(compute, graph, given, settings._replace(time_limit=inf)))
    trace = _trace(graph, given, settings)
    if trace.hessian is None:
        return trace
    from .hessian import compared

    return compared(trace, trace.hessian)


def _trace(graph: Graph, given: Mapping[str, float | str], settings: Settings) -> Trace:
    wrt, ties, allow_nonfinite, precision, exact, hessian, _ = settings
    if precision is not None:
        from .certain import certain_trace

        return certain_trace(graph, given, precision, wrt=wrt, ties=ties, second=hessian)
    if exact:
        from .exact import exact_trace

        return exact_trace(graph, given, wrt=wrt, ties=ties, hessian=hessian)
    arithmetic = IEEE if allow_nonfinite else FLOATS
    trace = backpropagate(graph, point.complete(given, arithmetic), wrt=wrt, ties=ties, arithmetic=arithmetic)
    if not hessian:
        return trace
    from .hessian import hessian as second_derivatives

    return trace.but(hessian=second_derivatives(graph, given, wrt=wrt, ties=ties, arithmetic=arithmetic))
