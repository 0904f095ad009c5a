"""Forward, backward: one graph, one point, one arithmetic → a Trace."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from ..arithmetic import FLOATS, Arithmetic, Value
from ..errors import MathError
from ..graph.graph import Graph, Nodes
from .backward import Backward
from .forward import constant_value, forward
from .trace import Trace

LARGE = 1_000
"""Nodes from which on a loop compiled for the graph is worth its while. At many points a smaller graph is worth a
function of its own: to compile it takes some 20 µs a node, and it is three times as fast as the loop.
"""


def run(
    graph: Graph,
    point: Mapping[str, Value],
    *,
    wrt: Collection[str] | None = None,
    ties: str = "both",
    arithmetic: Arithmetic = FLOATS,
) -> Trace:
    """One forward and one backward pass.

    point: a value for each variable of the graph; wrt: the variables that get gradients (all, if None);
    ties: one of TIES. Raises MathError where there is no value or no gradient, unless the arithmetic is not strict.
    """
    if arithmetic is FLOATS:
        large = len(graph.nodes) >= LARGE
        fast = evaluator(graph, wrt) if large else Nodes.of(graph.nodes).memo.get(_key(wrt))
        if fast is not None and (trace := fast.trace(point)) is not None:
            return trace
    values = forward(graph, point, arithmetic)
    return Backward(graph, point, values, arithmetic, graph.depending_on(wrt), ties).run()


class Evaluator:
    """The passes over doubles for one graph, large or at many points. Raises tape.UnusualError for one with modules."""

    def __init__(self, graph: Graph, *, wrt: Collection[str] | None = None) -> None:
        from .compiled import Tape

        nodes = Nodes.of(graph.nodes)
        self.graph = graph._replace(nodes=nodes)
        self.wanted = self.graph.depending_on(wrt)
        self.tape = Tape(nodes, self.wanted, {i: constant_value(graph, nodes[i], FLOATS) for i in nodes.constants})

    def trace(self, point: Mapping[str, float]) -> Trace | None:
        """One forward and one backward pass, with edges that are made when somebody looks at them.

        None where something is unusual, and only the engine knows what to do.
        """
        from .compiled import UnusualError

        try:
            values, flow = self.tape.run(point)
        except UnusualError:
            return None
        return Backward(self.graph, point, values, FLOATS, self.wanted, "both", flow).trace_on_demand()


def evaluator(graph: Graph, wrt: Collection[str] | None = None) -> Evaluator | None:
    """The evaluator of a graph, made once, which `run` uses from then on.

    None for a graph with modules, or with a constant that has no value.
    """
    from .compiled import UnusualError

    memo, key = Nodes.of(graph.nodes).memo, _key(wrt)
    if key not in memo:
        try:
            memo[key] = Evaluator(graph, wrt=wrt)
        except (UnusualError, MathError):  # of a constant: but a gate before it may have no value either
            memo[key] = None
    made: Evaluator | None = memo[key]
    return made


def straight(
    graph: Graph, known: Mapping[str, float], results: Sequence[int], wrt: Collection[str] | None = None
) -> Callable[..., tuple[float, ...]] | None:
    """A function of the variables without a known value, in their order: the value, and the gradients of `results`.

    It raises ArithmeticError or ValueError where the engine has to look, or an argument is no float. None for a graph
    that is large, that has modules, or a constant without a value.
    """
    from . import compiled as tape

    nodes = Nodes.of(graph.nodes)
    if len(nodes) >= LARGE:
        return None
    try:
        values = {i: constant_value(graph, nodes[i], FLOATS) for i in nodes.constants}
        values |= {i: known[nodes.names[i]] for i in nodes.variables if nodes.names[i] in known}
        return tape.straight(nodes, graph.depending_on(wrt), values, results)
    except (tape.UnusualError, MathError):
        return None


def _key(wrt: Collection[str] | None) -> frozenset[str] | None:
    return None if wrt is None else frozenset(wrt)
