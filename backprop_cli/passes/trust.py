"""How many digits of the doubles hold: each is held against the box in which the same number is proven to lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..arithmetic import Value
from ..arithmetic.box import Box, held
from ..arithmetic.boxes import Boxes
from ..errors import MathError
from ..graph.graph import partial as slope
from .enclosed import enclosed_trace
from .settings import Settings
from .trace import Held, Notice, Trace


def trusted(trace: Trace, given: Mapping[str, Any], settings: Settings) -> Trace:
    """A trace of doubles with the digits that hold, and a warning where fewer do than are shown.

    given: the values that it was made of, which count as they are written: 0.1 is one tenth
    settings: as the trace was made, with `trust`, the digits that are shown
    """
    graph = trace.graph
    try:
        right = enclosed_trace(graph, given, settings)
    except MathError as error:
        message = f"no digit is proven to hold: {error.message}"
        return trace.but(warnings=[*trace.warnings, Notice("digits", graph.output.name, message)])
    with right.arithmetic.working():
        values, upstream = [*map(_held, trace.values, right.values)], [*map(_held, trace.upstream, right.upstream)]
        edges = {
            (edge.gate.position, edge.slot): (_held(edge.local, box.local), _held(edge.chained, box.chained))
            for edge, box in zip(trace.edges, right.edges, strict=True)
        }
    found = Held(right, values, upstream, edges)
    return trace.but(held=found, warnings=[*trace.warnings, *_notices(trace, found, settings.trust)])


def _held(number: Value | None, box: Value | None) -> int | None:
    """How many significant digits of a double hold, at least."""
    if number is None or isinstance(number, bool) or not isinstance(box, Box):
        return None
    return held(number, box)


def held_in_words(count: int, of: str = "") -> str:
    """`no digit of f = 0 holds`, where few do."""
    digits = "no digit" if count == 0 else "only the first digit" if count == 1 else f"only {count} digits"
    return f"{digits}{of} hold{'s' * (count < 2)}"


def _right(trace: Trace, box: Value, digits: int) -> str:
    """A number as it is proven to be."""
    system = trace.arithmetic
    assert isinstance(system, Boxes)
    return system.balls.show(box.lo, digits) if box.is_thin else f"in {system.show(box, digits)}"


def _notices(trace: Trace, held: Held, shown: int) -> list[Notice]:
    """What is told of the value, of each gradient, and of the numbers on the way."""
    f, right = trace.graph.output, held.right
    results = [(f.name, f.name, trace.value, right.value, held.values[-1])]
    for node in trace.graph.variables:
        i, name = node.position, slope(f.name, node.name)
        results.append((name, node.name, trace.upstream[i], right.upstream[i], held.upstream[i]))
    found = []
    for what, node_name, number, box, count in results:
        # Where nothing tells the number from 0, a 0 is the best that is known.
        if count is not None and count < shown and (number or not box.has_zero):
            text = trace.arithmetic.show(number, shown)
            told = f"{held_in_words(count, f' of {what} = {text}')}: it is {_right(right, box, shown)}"
            found.append(Notice("digits", node_name, told))
    numbers = [*held.values, *held.upstream, *(each for pair in held.edges.values() for each in pair)]
    few = _lacking(numbers, shown) - _lacking([count for *_, count in results], shown)
    if few:
        told = f"{few:,} more number{'s have' if few > 1 else ' has'} fewer than {shown} digits that hold"
        found.append(Notice("digits", f.name, told))
    return found


def _lacking(counts: Sequence[int | None], shown: int) -> int:
    """Of how many numbers fewer digits hold than are shown."""
    return sum(count is not None and count < shown for count in counts)
