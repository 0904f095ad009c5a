"""Both passes over a program of arrays → a Trace, in which values and gradients are arrays.

What the table says of numbers holds entry by entry: inactive entries, ties, kinks, and errors that name the entry. The
careful way keeps account of entries; doubles go the straight way first, and the careful one where that gives up.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from functools import cache
from math import prod
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from ..arithmetic import Value
from ..arithmetic.arrays import Arrays, doubles
from ..arithmetic.axes import Array, lowered, shape_of
from ..errors import InputError, shorten
from ..graph.expand import expand
from ..graph.graph import Constant, Graph, Nodes, Variable
from ..rules.array_op import Shape
from ..rules.shape_rules import told
from .arrays_backward import Backward
from .arrays_forward import Forward, constant
from .arrays_underflow import lost_constant
from .compiled import UnusualError
from .lazy import Lazy
from .settings import DOUBLES, Settings
from .shapes import shaped
from .straight import Passes, Straight
from .trace import Edge, Edges, Trace, notices

ValueAndGradient = Callable[[Mapping[str, Value]], tuple[Value, dict[str, Value]]]


@np.errstate(all="ignore")
def array_trace(
    graph: Graph,
    point: Mapping[str, Value],
    system: Arrays,
    settings: Settings = DOUBLES,
    *,
    seed: Value | None = None,
    straight: bool = True,
) -> Trace:
    """One forward and one backward pass.

    point: a number or an array for each variable
    system: of all numbers, which those of the point are of
    settings: of which `wrt` and `ties` count
    seed: ∂f/∂output, where the output is no number: the gradient is that of the sum of seed × output
    straight: whether the straight way is tried first

    Raises InputError where shapes do not fit, MathError where there is no value or no gradient.
    """
    known = _typed(graph, point)
    typed, shapes = known.graph, known.shapes
    if seed is None and shapes[-1]:
        raise no_number(typed, shapes[-1])
    if seed is not None and shape_of(seed) != shapes[-1]:
        message = f"{typed.output.name} is {told(shapes[-1])}, and --upstream is {told(shape_of(seed))}"
        raise InputError(message, hint="upstream has the shape of the output")
    seed = system.number("1") if seed is None else seed
    if straight and system.is_doubles and system.strict:
        with suppress(ArithmeticError, ValueError):
            return _straight_trace(known, point, system, settings, seed)
    values = Forward(typed, shapes, point, system).run()
    return Backward(typed, shapes, values, system, typed.depending_on(settings.wrt), settings.ties).trace(point, seed)


def _straight_trace(
    known: _Typed, point: Mapping[str, Value], system: Arrays, settings: Settings, seed: Value
) -> Trace:
    """The trace by the straight way, which keeps the value and the gradient: all else is what the careful way makes of
    it, when somebody looks at it.
    """
    graph, shapes = known.graph, known.shapes
    wanted, passes = known.straight(system, settings.wrt, tells=True)
    value, slopes = passes(*(point[node.name] for node in graph.variables), seed)
    variables = [node for node in graph.variables if wanted[node.position]]
    kept = {node.position: slope for node, slope in zip(variables, slopes, strict=True)}

    @cache
    def careful() -> Trace:
        with np.errstate(all="ignore"):
            values = Forward(graph, shapes, point, system).run()
            return Backward(graph, shapes, values, system, wanted, settings.ties).trace(point, seed)

    def value_of(place: int) -> Value:
        node = graph.nodes[place]
        return (
            value if place == size - 1 else point[node.name] if isinstance(node, Variable) else careful().values[place]
        )

    def upstream_of(place: int) -> Value | None:
        return careful().upstream[place] if wanted[place] and place not in kept else kept.get(place)

    size, edges = len(graph.nodes), Edges(graph, lambda gate: careful().edges.of(gate))
    return Trace(graph, system, point, Lazy(size, value_of), Lazy(size, upstream_of), edges, notices(graph, system))


def gradient(graph: Graph, wrt: Collection[str] | None) -> ValueAndGradient:
    """A function of a point, arrays of NumPy's and floats: the output, and its gradient by name. It keeps no more.

    It raises ArithmeticError, ValueError or BackpropError where `array_trace` has to be asked.
    """
    system = doubles()
    names = [node.name for node in graph.variables]
    slopes = [name for name in names if wrt is None or name in wrt]
    made: tuple[list[Shape], Passes] | None = None

    @np.errstate(all="ignore")
    def straight(at: Sequence[Value]) -> Passes:
        known = _typed(graph, dict(zip(names, at, strict=True)))
        if known.shapes[-1]:
            raise no_number(known.graph, known.shapes[-1])
        return known.straight(system, wrt, tells=False)[1]

    def passes(point: Mapping[str, Value]) -> tuple[Value, dict[str, Value]]:
        nonlocal made
        if len(point) != len(names):
            raise UnusualError
        at = [_double(point.get(name)) for name in names]
        shapes = [shape_of(each) for each in at]
        known = made
        if known is None or known[0] != shapes:
            known = made = shapes, straight(at)
        value, found = known[1](*at, 1.0)
        return value, dict(zip(slopes, found, strict=True))

    return passes


def _double(given: Any) -> Value:
    """A float, or an array of doubles: of NumPy's own kind, because a matrix, or one with units, has other products."""
    if type(given) is np.ndarray and given.ndim and given.dtype.kind in "fiu" and given.dtype.itemsize <= 8:
        return given.astype(np.float64, copy=False)
    if type(given) in (float, int, np.float64):
        return float(given)
    raise UnusualError


@np.errstate(all="ignore")
def jacobian(graph: Graph, point: Mapping[str, Value], system: Arrays, settings: Settings = DOUBLES) -> Trace:
    """The values, and for each variable the matrix of every entry of the output by every entry of the variable.

    point, system, settings: as in `array_trace`
    Raises as that does, and InputError beyond MAX_JACOBIAN entries.
    """
    typed, shapes, _ = _typed(graph, point)
    whole = shapes[-1]
    rows = int(np.prod(whole, dtype=np.int64))
    names = [name for name in point if settings.wrt is None or name in settings.wrt]
    columns = sum(int(np.size(point[name])) for name in names)
    if rows * columns > MAX_JACOBIAN:
        message = f"{rows:,} outputs by {columns:,} inputs are beyond the {MAX_JACOBIAN:,} entries of a Jacobian"
        raise InputError(message, hint="--wrt chooses inputs; --upstream gives the gradient of a weighted sum")
    values = Forward(typed, shapes, point, system).run()
    one, zero = system.number("1"), system.number("0")
    wanted = typed.depending_on(settings.wrt)
    found: dict[str, list[Array]] = {}
    trace = None
    for place in np.ndindex(whole):
        seed = system.array(np.full(whole, zero))
        seed[place] = one
        trace = Backward(typed, shapes, values, system, wanted, settings.ties).trace(point, lowered(seed))
        for name, gradient in trace.gradient.items():
            found.setdefault(name, []).append(np.ravel(np.asarray(gradient)))
    if trace is None:
        raise InputError(f"{typed.output.name} is {told(whole)} and has no entry")
    matrices = {name: np.stack(lines) for name, lines in found.items()}
    nothing = [None] * len(typed.nodes)
    edges = Edges(typed, lambda gate: [Edge(gate, s, typed.nodes[i], None, None) for s, i in enumerate(gate.inputs)])
    return Trace(typed, system, point, values, nothing, edges, trace.warnings, jacobian=matrices)


@np.errstate(all="ignore")
def value(graph: Graph, point: Mapping[str, Value], system: Arrays) -> Value:
    """The value of the output alone, a number or an array. Raises as `array_trace` does."""
    typed, shapes, _ = _typed(graph, point)
    return Forward(typed, shapes, point, system).run()[-1]


@np.errstate(all="ignore")
def values(graph: Graph, shapes: Sequence[Shape], point: Mapping[str, Value], system: Arrays) -> list[Value]:
    """The values of all nodes of a graph whose shapes are known. Raises as `array_trace` does.

    shapes: of all nodes, by position
    """
    return Forward(graph, shapes, point, system).run()


MAX_JACOBIAN = 1_000_000
"""Entries of all matrices together."""


class _Typed(NamedTuple):
    """A graph without modules, in which each operation is the row for its shapes.

    shapes: of each node
    made: the straight way, for each set of variables
    """

    graph: Graph
    shapes: list[Shape]
    made: dict[tuple[frozenset[str] | None, bool], tuple[bytearray, Passes]]

    def straight(self, system: Arrays, wrt: Collection[str] | None, *, tells: bool) -> tuple[bytearray, Passes]:
        """For each node whether it gets a gradient; and the straight way.

        tells: as in `Straight`
        """
        key = None if wrt is None else frozenset(wrt), tells
        if key not in self.made:
            literals = [node.literal for node in self.graph.nodes if isinstance(node, Constant) and node.literal]
            if tells and any(lost_constant(system, each) for each in literals):
                raise UnusualError
            wanted = self.graph.depending_on(wrt)
            constants = {
                node.position: constant(self.graph, node, system)
                for node in self.graph.nodes
                if isinstance(node, Constant)
            }
            self.made[key] = wanted, Straight(self.graph, self.shapes, wanted, constants, system, tells=tells).passes()
        return self.made[key]


_known: WeakKeyDictionary[Nodes, tuple[list[Shape], _Typed]] = WeakKeyDictionary()
"""What was made of a graph for the shapes that its variables had last, as long as the graph is there."""


def _typed(graph: Graph, point: Mapping[str, Value]) -> _Typed:
    """What is inside a module goes by the shapes of each call."""
    given = [shape_of(point[graph.nodes.names[i]]) for i in graph.nodes.variables]
    known = _known.get(graph.nodes)
    if known is None or known[0] != given:
        opened = expand(graph, modules_only=True) if graph.modules else graph
        named = {graph.nodes.names[i]: each for i, each in zip(graph.nodes.variables, given, strict=True)}
        typed = _Typed(*shaped(opened, named), {})
        known = _known[graph.nodes] = given, typed
    return known[1]


_WRITTEN = 6
"""Entries of an array that is written out in a hint."""


def no_number(graph: Graph, shape: Shape) -> InputError:
    """The output is an array, and a gradient is that of a number."""
    name = graph.output.name if graph.is_program else shorten(graph.source.strip(), 30)
    first = np.arange(prod(shape)).reshape(shape) == 0
    example = str(first.astype(int).tolist()) if 0 < first.size <= _WRITTEN else "@FILE.npy"
    hint = f"for example: sum({name}); --jacobian, every output by every input; --upstream '{example}', a weighted sum"
    message = f"the output {name} is {told(shape)}, and a gradient is that of one number"
    return InputError(message, graph.source, graph.output.span, hint)
