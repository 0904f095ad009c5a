"""How far the linear story holds: f at a nudged point, beside what the gradient says of it."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import NamedTuple

from ..arithmetic import Value
from ..errors import BackpropError, InputError
from ..passes.forward import forward
from ..passes.trace import Trace

_MARGIN = 2  # of the digits that can be trusted, how many the rounding errors of a whole forward pass may spoil


class Nudge(NamedTuple):
    """One variable, h further.

    at: its nudged value
    value: that of f there
    linear: f + h·∂f/∂variable
    miss: value − linear, 0 where it is no more than rounding
    share: |miss| as a part of |h·∂f/∂variable|, None where that is 0 or nearly so
    reason: why f has no value there; then value, miss and share are None
    """

    variable: str
    at: Value
    value: Value | None
    linear: Value
    miss: Value | None
    share: float | None
    reason: str = ""


def nudges(trace: Trace, step: Value) -> Iterator[Nudge]:
    """Each variable that has a gradient nudged by `step`, one at a time: one forward pass for each.

    Raises InputError where there are arrays.
    """
    if trace.has_axes:
        raise InputError("a nudge moves one number, and here are arrays", hint="--expand opens them into numbers")
    for name in trace.gradient:
        with trace.arithmetic.working():
            nudged = _nudged(trace, name, step)
        yield nudged


def _nudged(trace: Trace, name: str, step: Value) -> Nudge:
    at, change = trace.point[name] + step, step * trace.gradient[name]
    linear = trace.value + change
    try:
        value = forward(trace.graph, {**trace.point, name: at}, trace.arithmetic)[-1]
    except BackpropError as error:
        return Nudge(name, at, None, linear, None, None, error.message)
    miss = _beyond_rounding(trace, value, linear, change)
    comparable = trace.arithmetic.to_float(change) != 0 and trace.arithmetic.is_finite(miss)
    share = abs(trace.arithmetic.to_float(miss / change)) if comparable else inf
    return Nudge(name, at, value, linear, miss, share if share < inf else None)


def _beyond_rounding(trace: Trace, value: Value, linear: Value, change: Value) -> Value:
    """Their difference, or 0 where it is no more than the rounding errors of numbers of that size."""
    system, miss = trace.arithmetic, value - linear
    if system.trusted is None:
        return miss
    noise = system.number(f"1e{_MARGIN - system.trusted}") * max(abs(value), abs(trace.value), abs(change))
    return miss if abs(miss) > noise or miss != miss else system.number("0")
