"""What is asked for → the passes that answer it → a Trace."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from math import inf
from typing import Any

from ..arithmetic import FLOATS, IEEE, Arithmetic
from ..errors import InputError
from ..graph.graph import Graph
from ..runtime.budget import within
from . import point
from .backpropagate import backpropagate
from .settings import ARITHMETICS, Settings, check, is_of_arrays, numbers_alone, refuse_arrays
from .trace import Notice, Trace


def compute(graph: Graph, given: Mapping[str, float | str], settings: Settings) -> Trace:
    """The trace of a graph at given values, in the arithmetic that the settings ask for.

    Raises TooSlowError where the time is up.
    """
    check(settings)
    if settings.time_limit < inf:
        return within(settings.time_limit, partial(compute, graph, given, settings._replace(time_limit=inf)))
    trace = _trace(graph, given, settings)
    of_doubles = trace.arithmetic.trusted == FLOATS.trusted and settings.precision is None
    if of_doubles and (rounded := [*_rounded(graph, given)]):
        trace = trace.but(warnings=[*trace.warnings, *rounded])
    if trace.hessian is None or trace.has_axes:  # of arrays, they were compared entry by entry
        return trace
    from .hessian import compared

    return compared(trace, trace.hessian)


def _rounded(graph: Graph, given: Mapping[str, Any]) -> Iterator[Notice]:
    """Whole numbers that were typed and that no double is, as 2⁵³ + 1, but for those of few digits and zeros."""
    texts = [graph.source, *(each for each in given.values() if isinstance(each, str))]
    for digits in dict.fromkeys(found[1] for text in texts for found in _LONG_NUMBER.finditer(text) if found[1]):
        if (
            len(digits.strip("0")) > FLOATS.trusted
            and len(digits) < _LONGEST
            and int(double := float(digits)) != int(digits)
        ):
            message = f"{digits} is {double:.0f} in doubles; --precision {max(20, len(digits))} has all of its digits"
            yield Notice("digits", graph.output.name, message)


_LONG_NUMBER = re.compile(r"#[^\n]*|(?<![\w.])([0-9]{16,}+)(?![\w.])")
_LONGEST = 309  # digits: the largest double has as many


def _trace_of_arrays(graph: Graph, given: Mapping[str, Any], settings: Settings) -> Trace:
    for name in ("enclose", "trust"):
        if getattr(settings, name):
            refuse_arrays(graph, given, f"--{name}")
    from ..arithmetic.arrays import Arrays
    from .arrays import array_trace, jacobian
    from .nested import read_array

    def trace(base: Arithmetic) -> Trace:
        system = Arrays(base)
        at = {name: read_array(name, each, system) for name, each in given.items()}
        if settings.jacobian:
            return jacobian(graph, at, system, settings)
        seed = None if settings.upstream is None else read_array("--upstream", settings.upstream, system)
        return array_trace(graph, at, system, settings, seed=seed)

    if settings.hessian and (settings.jacobian or settings.upstream is not None):
        raise InputError("--hessian is of an output that is one number: --jacobian and --upstream are of others")
    if settings.precision is not None:
        from .certain import certain_arrays

        found = certain_arrays(graph, settings.precision, trace)
    elif settings.exact:
        from .exact import exactly

        found = exactly(graph, trace)
    else:
        found = trace(IEEE if settings.allow_nonfinite else FLOATS)
    if not settings.hessian:
        return found
    from .entries import opened, second_derivatives

    program = opened(graph, given)
    return second_derivatives(
        found, program, lambda wrt: compute(program.graph, program.given, settings._replace(wrt=wrt))
    )


def _trace(graph: Graph, given: Mapping[str, float | str], settings: Settings) -> Trace:
    if settings.upstream is not None or settings.jacobian or is_of_arrays(graph, given):
        return _trace_of_arrays(graph, given, settings)
    if settings.enclose or any(map(point.is_box, given.values())):
        for name in (*ARITHMETICS[:3], "hessian", "trust"):
            if getattr(settings, name) not in (None, False, 0):
                numbers_alone(given, f"--{name.replace('_', '-')}")
        from .enclosed import enclosed_trace

        return enclosed_trace(graph, given, settings)
    if any(map(point.is_uncertain, given.values())):
        return _uncertain_trace(graph, given, settings)
    if settings.correlations is not None:
        message = "--correlations are those of uncertain values, and here are none"
        raise InputError(message, hint="an uncertain value is 2.0±0.1 or 2.00(10)")
    return _plain_trace(graph, given, settings)


def _uncertain_trace(graph: Graph, given: Mapping[str, float | str], settings: Settings) -> Trace:
    if settings.allow_nonfinite:
        numbers_alone(given, "--allow-nonfinite")
    from .uncertain import uncertain_trace

    def plain(values: Mapping[str, float | str], then: Callable[[Trace], Trace]) -> Trace:
        return _plain_trace(graph, values, settings, then)

    return uncertain_trace(graph, given, settings, plain)


def _plain_trace(
    graph: Graph, given: Mapping[str, float | str], settings: Settings, then: Callable[[Trace], Trace] | None = None
) -> Trace:
    """The trace at plain numbers. then: what adds something to it in the arithmetic at work."""
    if settings.precision is not None:
        from .certain import certain_trace

        return certain_trace(graph, given, settings, then)
    if settings.exact:
        from .exact import exact_trace

        trace = exact_trace(graph, given, settings)
        return then(trace) if then else trace
    arithmetic = IEEE if settings.allow_nonfinite else FLOATS
    at = point.complete(given, arithmetic, any_size=True)
    trace = backpropagate(graph, at, settings, arithmetic)
    if settings.trust:
        from .trust import trusted

        trace = trusted(trace, given, settings)
    if settings.hessian:
        from .hessian import hessian, with_second_derivatives

        trace = with_second_derivatives(trace, hessian(graph, given, settings, arithmetic))
    return then(trace) if then else trace
