"""Boxes tried: no method may find, at any point of the boxes, a gradient that lies outside of its own box."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any, NamedTuple

from ..arithmetic.box import Box
from ..errors import MathError
from ..graph.graph import Graph
from ..passes.enclosed import enclosed_trace
from ..passes.settings import DOUBLES, Settings
from ..passes.trace import Trace
from . import referee
from .methods import TOLERANCE

POINTS = 5
"""At which all methods are asked: the middle, all lower and all upper ends, and some between."""
_NOISE = 1e-30  # what differences leave of a slope that is 0


class Found(NamedTuple):
    """What a method found.

    low, high: the least and the largest gradient, infinities where it found none
    reason: why it found none, or where it found one outside
    agrees: whether all lie in the box
    """

    method: str
    low: float = inf
    high: float = -inf
    reason: str = ""
    agrees: bool = True

    def __bool__(self) -> bool:
        return self.low <= self.high


@dataclass(frozen=True)
class Tried:
    """What the methods found for each variable, backprop's doubles first.

    trace: that of boxes
    points: how many of them had a gradient
    """

    trace: Trace
    points: int
    found: Mapping[str, list[Found]]

    @property
    def compared(self) -> bool:
        """Whether each variable has a second opinion."""
        return all(any(each[1:]) for each in self.found.values())

    @property
    def agree(self) -> bool:
        return all(each.agrees for row in self.found.values() for each in row)


def review(graph: Graph, given: Mapping[str, Any], settings: Settings = DOUBLES) -> Tried:
    """The gradient over boxes, and what the methods of `referee.review` find at points of them.

    given: a number or a box for each variable
    settings: wrt and ties

    Raises MathError where the gradient has no bound in the boxes.
    """
    trace = enclosed_trace(graph, given, settings)
    found: dict[str, dict[str, Found]] = {name: {} for name in trace.gradient}
    count = 0
    for at in _points(trace.point):
        with suppress(MathError):
            there = referee.review(graph, at, settings)
            count += 1
            for name, row in found.items():
                for each in there.estimates[name]:
                    before = row.get(each.method, Found(each.method))
                    row[each.method] = _with(before, each, trace.gradient[name], at)
    return Tried(trace, count, {name: [*row.values()] for name, row in found.items()})


def _points(boxes: Mapping[str, Box]) -> Iterator[dict[str, str]]:
    """Doubles in the boxes, or next to them."""
    rnd = random.Random(0)  # noqa: S311 - for points, not for secrets
    ends = {name: (float(box.lo), float(box.hi)) for name, box in boxes.items()}
    for each in range(POINTS if any(low < high for low, high in ends.values()) else 1):
        parts = {name: (0.5, 0, 1, *(rnd.random() for _ in range(POINTS)))[each] for name in ends}
        numbers = {name: low * (1 - parts[name]) + high * parts[name] for name, (low, high) in ends.items()}
        if all(map(isfinite, numbers.values())):
            yield {name: repr(number) for name, number in numbers.items()}


def _with(before: Found, each: referee.Estimate, box: Box, at: Mapping[str, str]) -> Found:
    """What was found before, and one estimate more."""
    value = each.value
    if value is None:
        return before if before else before._replace(reason=each.reason)
    low, high = float(box.lo), float(box.hi)
    slack = _NOISE + TOLERANCE * max(abs(low), abs(high))
    found = before._replace(low=min(before.low, value), high=max(before.high, value))
    if not before.agrees:
        return found
    if low - slack <= value <= high + slack:
        return found._replace(reason="")
    place = ", ".join(f"{name} = {float(text):g}" for name, text in at.items())
    return found._replace(reason=f"{value:g} at {place} is outside", agrees=False)
