"""Mean-value forms of all numbers of both passes: that in the middle, and slopes times the ways that lead from there.

f(c) + Σ ∂f/∂x·(x − c) holds f where f is smooth, be it a value or a gradient. Slopes are the ε of both passes on dual
numbers over the boxes, once for each variable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from ..arithmetic import Value
from ..arithmetic.box import SAME, Box, common
from ..arithmetic.boxes import Boxes
from ..arithmetic.dual import Dual, DualNumbers
from ..errors import MathError
from .backpropagate import backpropagate
from .cases import boxed, middles
from .forward import NONE, Known
from .settings import DOUBLES, Settings
from .trace import Edges, Trace


def narrowed(
    trace: Trace,
    dual: DualNumbers,
    settings: Settings = DOUBLES,
    known: Known = NONE,
) -> Trace:
    """A trace of boxes without a kink, all its numbers narrower; or as it is, where slopes have no bounds or may jump.

    dual: dual numbers over the boxes of the trace, with its ties
    settings, known: as in `backpropagate`, and as the trace was made
    """
    graph, at, system = trace.graph, trace.point, trace.arithmetic
    assert isinstance(system, Boxes)
    wide, center = boxed(at), middles(at)
    if not wide:
        return trace
    rows = {name: {each: Dual(box, SAME if each == name else None) for each, box in at.items()} for name in wide}
    truths = _dual(known)
    system.jumps = system.kinks = False
    try:
        there = backpropagate(graph, center, settings, system, known=known)
        along = {name: backpropagate(graph, row, settings, dual, known=truths) for name, row in rows.items()}
    except MathError:
        return trace
    if system.jumps or system.kinks:
        return trace
    return _Forms(trace, there, along, {name: at[name] - center[name] for name in wide}).trace()


def _dual(known: Known) -> dict[int, Any]:
    """What is known, as dual numbers."""
    return {place: _dual(each) if isinstance(each, Mapping) else Dual(each) for place, each in known.items()}


class _Forms(NamedTuple):
    """What the mean-value forms are made of.

    natural: the trace over the boxes
    there: the one in the middle
    along: that on dual numbers, by the variable whose ε is 1
    changes: by variable, how far it goes from the middle
    """

    natural: Trace
    there: Trace
    along: Mapping[str, Trace]
    changes: Mapping[str, Box]

    def trace(self) -> Trace:
        """The trace over the boxes, narrower."""
        locals_ = self._narrower(lambda trace: [edge.local for edge in trace.edges])
        chained = self._narrower(lambda trace: [edge.chained for edge in trace.edges])
        edges = [
            edge._replace(local=local, chained=flow)
            for edge, local, flow in zip(self.natural.edges, locals_, chained, strict=True)
        ]
        return self.natural.but(
            values=self._narrower(lambda trace: trace.values),
            upstream=self._narrower(lambda trace: trace.upstream),
            edges=Edges.stored(self.natural.graph, edges),
        )

    def _narrower(self, numbers: Callable[[Trace], Iterable[Value | None]]) -> list[Value | None]:
        """Some numbers of a trace, each within its own form."""
        natural, there = numbers(self.natural), numbers(self.there)
        along = zip(*map(numbers, self.along.values()), strict=True)
        return [*map(self._common, natural, there, along)]

    def _common(self, natural: Value | None, there: Value | None, along: Iterable[Value | None]) -> Value | None:
        pairs = [*zip(along, self.changes.values(), strict=True)]
        if not isinstance(natural, Box) or natural.is_thin or there is None or any(each is None for each, _ in pairs):
            return natural
        moves = (each.dot * change for each, change in pairs if each is not None and each.dot is not None)
        return common(natural, sum(moves, there))
