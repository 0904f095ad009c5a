"""Backpropagation: one forward and one backward pass over a graph, at one point, in one arithmetic → a Trace."""

from __future__ import annotations

from collections.abc import Mapping

from ..arithmetic import FLOATS, Arithmetic, Value
from ..graph.graph import Graph
from .backward import Backward
from .forward import NONE, Known, forward
from .settings import DOUBLES, Settings
from .trace import Trace

LARGE = 1_000
"""Nodes from which on a loop compiled for the graph is worth its while. At many points a smaller graph is worth a
function of its own: to compile it takes some 20 µs a node, and it is three times as fast as the loop.
"""


def backpropagate(
    graph: Graph,
    point: Mapping[str, Value],
    settings: Settings = DOUBLES,
    arithmetic: Arithmetic = FLOATS,
    *,
    many: bool = False,
    known: Known = NONE,
) -> Trace:
    """One forward and one backward pass.

    point: a value for each variable of the graph
    settings: of which `wrt` and `ties` count
    arithmetic: of all numbers, which those of the point are of
    many: whether the same is asked at many points, so that a loop is worth its while for a small graph too
    known: values, and what conditions are taken to be (see `forward.Known`)

    Raises MathError where there is no value or no gradient, unless the arithmetic is not strict.
    """
    is_large = arithmetic is FLOATS and (many or len(graph.nodes) >= LARGE)
    if is_large and all(isinstance(each, float) for each in point.values()):
        from .compiled import UnusualError
        from .compiled_loops import loops_of

        try:
            loops = loops_of(graph, settings.wrt)
            values, flow = loops.at(point)
        except UnusualError:  # the passes below can tell what is the matter
            pass
        else:
            return Backward(graph, point, values, FLOATS, loops.wanted, settings.ties, flow).trace()
    values = forward(graph, point, arithmetic, known)
    wanted = graph.depending_on(settings.wrt)
    return Backward(graph, point, values, arithmetic, wanted, settings.ties, known=known).trace()
