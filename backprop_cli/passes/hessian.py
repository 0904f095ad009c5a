"""Second derivatives: the backward pass on dual numbers, once for each variable (forward over reverse).

Each pair of variables comes out twice, by two ways of computing: a difference is a fault, or digits that are lost.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property, partial
from itertools import combinations, product
from math import isfinite, sqrt
from typing import Any

from ..arithmetic import FLOATS, IEEE, Arithmetic, TooWideError, Value
from ..arithmetic.dual import Dual, DualNumbers, TooSmallError, added
from ..arithmetic.floats import Floats, is_double
from ..errors import FaultError, InputError, MathError, UnprovenError, quote, shorten
from ..graph.expand import expand
from ..graph.graph import Gate, Graph
from . import faults, point
from .backward import Backward
from .faults import DIGITS, Place
from .forward import forward
from .settings import DOUBLES, Settings
from .trace import Edge, Notice, Trace

MAX_VARIABLES = 500
AGREEING = 6
"""Digits to which ∂²f/∂x∂y and ∂²f/∂y∂x agree at least, or a notice says so: as many as a table shows of doubles."""
_MOST_AGAIN = 5_000
"""Nodes times variables for which digits that doubles lose are sought in wider numbers: a second, or so."""
_NONE = 1e-20
"""Of second derivatives along either variable: what is smaller, and differs in 40 digits, is not told from 0."""
_LEAST = 1e-300  # beside which differences are not looked at: smaller doubles have fewer digits

Hessian = dict[str, dict[str, Value]]
"""∂²f/∂row∂column, by the names of the row and of the column."""


def hessian(
    graph: Graph,
    given: Mapping[str, float | str],
    settings: Settings = DOUBLES,
    arithmetic: Arithmetic = FLOATS,
) -> Hessian:
    """The matrix of second derivatives at a point where there are first ones.

    settings: of which `wrt` and `ties` count
    arithmetic: that of the numbers in the matrix; where doubles are too small, some are numbers of any size, and where
        they lose digits, those of 40 digits are rounded

    Raises MathError where a second derivative is infinite or does not exist, InputError beyond MAX_VARIABLES.
    """
    names = [node.name for node in graph.variables if settings.wrt is None or node.name in settings.wrt]
    if len(names) > MAX_VARIABLES:
        raise InputError(
            f"a Hessian of {len(names):,} variables is beyond the limit of {MAX_VARIABLES}", hint="choose some by --wrt"
        )
    values = point.complete(given, arithmetic, any_size=True)
    matrix = partial(_matrix, graph, names=names, settings=settings)
    if not isinstance(arithmetic, Floats):
        return matrix(values, arithmetic=arithmetic)
    narrow: Hessian | None = None
    with suppress(TooSmallError):
        if all(map(is_double, values.values())):
            narrow = matrix(values, arithmetic=arithmetic)
            if _asymmetry(narrow, arithmetic) is None or len(graph.nodes) * len(names) > _MOST_AGAIN:
                return narrow
    try:
        return _widely(graph, values, matrix, arithmetic)
    except MathError:
        if narrow is None:
            raise
        return narrow  # which has a notice of its own


def _widely(graph: Graph, values: Mapping[str, Value], compute: Callable[..., Hessian], arithmetic: Floats) -> Hessian:
    """The matrix in numbers of 40 digits and any size, each rounded to a double, where one is large enough."""
    wide = FLOATS.wide
    exact = {name: wide.given(value) for name, value in values.items()}
    matrix = compute(exact, arithmetic=wide)
    for row, name in product(matrix, repeat=2):
        if not arithmetic.is_finite(wide.to_float(matrix[row][name])):
            second = f"∂²{graph.output.name}/∂{row}∂{name} = {wide.show(matrix[row][name], DIGITS)}"
            raise MathError(f"{second} overflows", graph.source, hint=arithmetic.range_hint)
    nearest = arithmetic.nearest
    found = {row: {name: nearest(value) for name, value in columns.items()} for row, columns in matrix.items()}
    for row, column in _unequal(found, arithmetic):
        if max(abs(found[row][column]), abs(found[column][row])) <= _NONE * _beside(found, row, column, arithmetic):
            found[row][column] = found[column][row] = 0.0
    return found


def with_second_derivatives(trace: Trace, matrix: Hessian) -> Trace:
    """The trace with its second derivatives, and a notice of the first of which doubles have fewer digits.

    matrix: as `hessian` gives it
    """
    system, warnings = trace.arithmetic, trace.warnings
    lost = (pair for pair in product(matrix, repeat=2) if not is_double(matrix[pair[0]][pair[1]]))
    pair = next(lost, None) if isinstance(system, Floats) else None
    if pair and isinstance(system, Floats) and not any(notice.kind == "underflow" for notice in warnings):
        from .underflow import in_doubles

        (row, column), f = pair, trace.graph.output.name
        told = f"∂²{f}/∂{row}∂{column} underflows: it is {in_doubles(system, matrix[row][column])}"
        warnings = [*warnings, Notice("underflow", f, f"{told}; eval --precision 20 shows it")]
    narrow = {row: {name: system.narrow(each) for name, each in columns.items()} for row, columns in matrix.items()}
    return trace.but(hessian=narrow, warnings=warnings)


def _matrix(
    graph: Graph,
    values: Mapping[str, Value],
    names: Sequence[str],
    settings: Settings,
    arithmetic: Arithmetic,
) -> Hessian:
    """The matrix, row by row. Raises TooSmallError where doubles are too small for it."""
    columns = _Columns(graph, values, DualNumbers(arithmetic, settings.ties), settings.wrt)
    zero = arithmetic.number("0")
    matrix: Hessian = {}
    for row in names:
        try:
            slopes = columns.along(row)
        except UnprovenError:
            raise
        except MathError as error:
            place = graph.source[slice(*error.span)] if error.span else graph.source
            needed = f"a slope that it needs, in {quote(place)}, is infinite or does not exist"
            message = f"no second derivative along {row}: {needed} (0·∞ is undefined)"
            raise MathError(message, graph.source, error.span) from None
        matrix[row] = {name: zero if slopes[name] is None else slopes[name] for name in names}
    return matrix


class _Columns:
    """Both passes on dual numbers, once without any ε; and for each variable again, where its ε comes by.

    Where nothing comes by, no slope needs to be finite: sign(y) has none that tells, so x**sign(y) may be steep in it.
    """

    def __init__(
        self, graph: Graph, values: Mapping[str, Value], system: DualNumbers, wrt: Collection[str] | None
    ) -> None:
        self.graph, self.system = expand(graph, modules_only=True) if graph.modules else graph, system
        self.wanted = self.graph.depending_on(wrt)
        self.point = {name: Dual(value) for name, value in values.items()}
        self.straight = {op for op in graph.nodes.kinds if all(partial.is_number for partial in op.partials)}
        """Gates whose local gradients have no slopes."""

    @cached_property
    def still(self) -> Backward:
        """The passes without any ε."""
        values = forward(self.graph, self.point, self.system)
        return Backward(self.graph, self.point, values, self.system, self.wanted, self.system.ties)

    @cached_property
    def ways(self) -> list[list[int]]:
        """For each node, those of its inputs that something comes back to at the point, or beside it."""
        ways: list[list[int]] = [[] for _ in self.graph.nodes]
        for edge in self.still.trace().edges:
            if edge.chained is None or not edge.active:  # of a constant, of a condition, or not selected
                continue
            if not (edge.local == 0 and self._is_fixed(edge)):
                ways[edge.gate.position].append(edge.input.position)
        return ways

    def _is_fixed(self, edge: Edge) -> bool:
        """Whether a local gradient is made of nothing that moves, so that it is the same beside the point."""
        op, words = edge.gate.op, {*edge.gate.op.partial(edge.slot).words}
        if op.variadic or "out" in words:
            return False
        return not any(self.wanted[i] for word, i in zip(op.inputs, edge.gate.inputs, strict=True) if word in words)

    @cached_property
    def gates(self) -> list[Gate]:
        """The gates that something comes back to, the output first."""
        reached = {self.graph.output.position}
        found = []
        for gate in self.graph.gates_backward:
            if gate.position in reached:
                found.append(gate)
                reached.update(self.ways[gate.position])
        return found

    @cached_property
    def counted(self) -> bytearray:
        """For each node: does what comes back to it go on to a variable that gets a gradient? 1 or 0."""
        return self._moved_by(i for i in self.graph.nodes.variables if self.wanted[i])

    def _moved_by(self, places: Iterable[int]) -> bytearray:
        """For each node: does it move with these variables? 1 or 0."""
        found = bytearray(len(self.graph.nodes))
        for i in places:
            found[i] = 1
        for i, inputs in enumerate(self.ways):
            if any(map(found.__getitem__, inputs)):
                found[i] = 1
        return found

    def along(self, name: str) -> dict[str, Value | None]:
        """The ε of each gradient, along the variable of this name; None where it is an exact 0."""
        graph, system = self.graph, self.system
        point = {**self.point, name: Dual(self.point[name].value, system.base.number("1"))}
        moved = self._moved_by(i for i in graph.nodes.variables if graph.nodes.names[i] == name)
        values = forward(graph, point, system, {i: each for i, each in enumerate(self.still.values) if not moved[i]})
        flow: list[Any] = [*self.still.flow]
        passes = Backward(graph, point, values, system, self.counted, system.ties, flow)
        for gate in self.gates:
            upstream = flow[gate.position]
            if upstream is None:
                continue
            if upstream.dot is None and (gate.op in self.straight or not any(moved[i] for i in gate.inputs)):
                continue
            for edge in passes.edges_into(gate):
                if edge.active and edge.chained is not None and edge.chained.dot is not None:
                    before: Dual = flow[edge.input.position]
                    total = Dual(before.value, added(before.dot, edge.chained.dot))
                    if system.strict and not system.is_finite(total):
                        raise faults.sum_overflows(graph, edge.input, system)
                    flow[edge.input.position] = total
        return {name: None if each is None else each.dot for name, each in zip(graph.nodes.names, flow, strict=True)}


def compared(trace: Trace, matrix: Mapping[str, Mapping[str, Value]]) -> Trace:
    """The trace, once it is sure that its second derivatives do not depend on the order.

    Where they do in doubles, digits are lost, and a notice says so. Raises FaultError where they do in other numbers.
    """
    with trace.arithmetic.working():
        corners = _corners(trace)
    if corners:
        trace = trace.but(warnings=[*trace.warnings, *corners])
    pair = _asymmetry(matrix, trace.arithmetic)
    if pair is None:
        return trace
    row, column = pair
    one, other = (trace.arithmetic.show(each, AGREEING) for each in (matrix[row][column], matrix[column][row]))
    message = f"∂²f/∂{row}∂{column} is {one}, and ∂²f/∂{column}∂{row} is {other}"
    if trace.arithmetic not in (FLOATS, IEEE):
        raise FaultError(message, trace.graph.source)
    notice = Notice("precision", trace.graph.output.name, f"{message}: digits are lost; --precision 50 keeps them")
    return trace.but(warnings=[*trace.warnings, notice])


def _corners(trace: Trace) -> list[Notice]:
    """Where a slope has a corner, so that second derivatives are those of one side."""
    whole, system = trace.graph, trace.arithmetic
    graph = expand(whole, modules_only=True) if whole.modules else whole
    values = forward(graph, trace.point, system) if whole.modules else trace.values
    found = []
    for gate in graph.gates:
        inputs, corner = [values[i] for i in gate.inputs], system.rule(gate.op).corner
        if corner is None or None in inputs:
            continue
        place = Place(graph, gate, inputs, system)
        try:
            is_there = corner(*inputs, values[gate.position])
        except TooWideError as error:
            raise place.no_value(error) from None
        if is_there:
            message = f"{gate.name} = {shorten(graph.written(gate))} has a slope with a corner{place.where}"
            found.append(Notice("corner", gate.name, f"{message}: second derivatives there are a convention"))
    return found


def _asymmetry(matrix: Mapping[str, Mapping[str, Value]], arithmetic: Arithmetic) -> tuple[str, str] | None:
    """The first pair of variables whose second derivatives differ."""
    return next(_unequal(matrix, arithmetic), None)


def _unequal(matrix: Mapping[str, Mapping[str, Value]], arithmetic: Arithmetic) -> Iterator[tuple[str, str]]:
    """The pairs of variables whose second derivatives differ, whatever the units of the variables are.

    In proven and in exact numbers small ones may differ beside the second derivatives along either variable, which have
    gone through the same sums: where they are not told from 0.
    """
    for (row, one), (column, two) in combinations(matrix.items(), 2):
        if one[column] != two[row]:
            a, b = map(arithmetic.to_float, (one[column], two[row]))
            beside = 0.0 if isinstance(arithmetic, Floats) else _beside(matrix, row, column, arithmetic)
            size = max(abs(a), abs(b), beside, _LEAST)
            if isfinite(size) and abs(a - b) > size / 10**AGREEING:
                yield row, column


def _beside(matrix: Mapping[str, Mapping[str, Value]], row: str, column: str, arithmetic: Arithmetic) -> float:
    """The geometric mean of the second derivatives along either variable, without signs."""
    one, two = (abs(arithmetic.to_float(matrix[name][name])) for name in (row, column))
    return sqrt(one) * sqrt(two)
