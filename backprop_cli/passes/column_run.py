"""Both passes over the columns of one strip, gate by gate: row by row where some are unusual, or recorded on a tape."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..arithmetic import FLOATS
from ..arithmetic.columns import COLUMNS, Rows
from ..arithmetic.floats import LEAST, LEAST_LOCAL, is_double, is_given
from ..arithmetic.system import Rule
from ..arithmetic.tape import NORMAL, OpaqueError, Tape, as_one, is_column, is_small
from ..graph.graph import Constant, Gate, Graph, Module
from ..rules.op import Op
from ..rules.zeros import loses
from .forward import constant_value

_NOTHING = -0.0
"""What flows along an edge that is not active: to add it changes nothing."""
UNUSUAL = "unusual"
"""Why a tape ends before its end: a row that the careful passes take."""


class Passes:
    """What is known of a graph, the user's or a module's, before there are numbers.

    wanted: for each node, whether it gets a gradient
    roughly: whether what underflows on the way back is 0, and no digit of it is looked for
    looked_at: the gates whose value has to be looked at; what others make of an infinity is none of their own
    """

    def __init__(self, graph: Graph, wanted: Sequence[int], *, roughly: bool = False) -> None:
        self.graph, self.wanted, self.roughly = graph, wanted, roughly
        self.nodes = [*graph.nodes]
        self.inside: dict[int, Passes] = {}
        for node in self.nodes:
            if isinstance(node, Gate) and isinstance(node.op, Module):
                names = [name for name, i in zip(node.op.inputs, node.inputs, strict=True) if wanted[i]]
                inside = node.op.graph
                self.inside[node.position] = Passes(inside, inside.depending_on(names), roughly=roughly)
        carried = {i for node in self.nodes if isinstance(node, Gate) and _carries(node.op) for i in node.inputs}
        self.looked_at = frozenset(range(len(self.nodes))) - carried
        self.constants = {
            node.position: constant_value(graph, node, FLOATS) for node in self.nodes if isinstance(node, Constant)
        }
        self.is_of_doubles: bool = all(map(is_double, self.constants.values())) and all(
            each.is_of_doubles for each in self.inside.values()
        )
        self.selects: bool = any(op.selects for op in graph.nodes.kinds) or any(
            each.selects for each in self.inside.values()
        )
        self.size: int = len(self.nodes) + sum(each.size for each in self.inside.values())


_AS_SMALL_AS_ITS_SLOPE = frozenset("exp exp2 sigmoid".split())
"""What is so small that digits may be lost only where its local gradient is, which is looked at."""
_NOT_SMALL = int(np.float64(LEAST_LOCAL).view(np.int64))


def _carries(op: Op) -> bool:
    """Whether it makes an infinity or NaN of each that goes in."""
    return op.value.head in ("add", "sub", "mul", "neg") and not any(part.args for part in op.value.args)


class Run:
    """Both passes over a block.

    values, flow: of each node, a column or one number for all rows; flow is None where nothing comes back
    unusual: the rows in which something was, so far
    finite: the columns that have been looked at, by identity
    """

    def __init__(self, passes: Passes, inputs: Mapping[str, Any], unusual: Rows) -> None:
        self.passes, self.inputs, self.unusual = passes, inputs, unusual
        self.finite: dict[int, Any] = {id(each): each for each in inputs.values()}
        self.values: list[Any] = []
        self.flow: list[Any] = [None] * len(passes.nodes)
        self.inside: dict[int, Run] = {}

    # -- forward --

    def numbers(self, results: Sequence[int]) -> list[Any]:
        """The value, and what flows back to the nodes in these places."""
        if not self.values:
            self.forward()
        self.backward(1.0)
        found = [self.flow[i] for i in results]
        if self.passes.selects:
            found = [0.0 if each is None else each + 0.0 for each in found]  # no −0 where nothing flows
        return [self.values[-1], *(0.0 if each is None else each for each in found)]

    def forward(self) -> None:
        """The values of all nodes."""
        for node in self.passes.nodes:
            place = node.position
            if isinstance(node, Constant):
                self.values.append(self.passes.constants[place])
            elif not isinstance(node, Gate):
                self.values.append(self.inputs[node.name])
            else:
                inputs = [self.values[i] for i in node.inputs]
                self.values.append(
                    self._module(node, inputs) if place in self.passes.inside else self._gate(node, inputs)
                )

    def _gate(self, gate: Gate, inputs: list[Any]) -> Any:
        op = gate.op
        if not any(map(is_column, inputs)):
            value = FLOATS.value(op, inputs)
            if not is_double(value):
                raise ArithmeticError
            if op.truth and not op.conditions and inputs[0] == inputs[1]:
                raise ArithmeticError
            if not op.truth and not FLOATS.is_finite(value):
                raise OverflowError
            return value
        value = self._call(COLUMNS.rule(op).value, *inputs)
        if loses(op) and not self.passes.roughly:
            self._small_value(gate, inputs, value)
        if op.truth:
            if not op.conditions:
                self._note(inputs[0] == inputs[1])
        elif gate.position in self.passes.looked_at:
            self._finite(value)
        if op.selects and op.variadic:
            self._note(_ties(value, *inputs))
        return value

    def _call(self, function: Callable[..., Any], *inputs: Any) -> Any:
        """A function of the table over columns."""
        return function(*inputs)

    def _module(self, gate: Gate, inputs: list[Any]) -> Any:
        assert isinstance(gate.op, Module)
        given = dict(zip(gate.op.inputs, inputs, strict=True))
        inner = self.inside[gate.position] = self._within(self.passes.inside[gate.position], given)
        inner.forward()
        return inner.values[-1]

    def _within(self, passes: Passes, inputs: Mapping[str, Any]) -> Run:
        """The run over the inside of a module."""
        return Run(passes, inputs, self.unusual)

    def _note(self, rows: Any) -> None:
        """These rows are unusual; a truth that is the same in all of them, if it holds."""
        if np.any(rows):
            self.unusual |= rows

    def _finite(self, column: Any) -> None:
        if not is_column(column):
            if not math.isfinite(column):
                raise OverflowError
        elif id(column) not in self.finite:
            self.finite[id(column)] = column
            self._look(column)

    def _look(self, column: Any) -> None:
        if not (fine := np.isfinite(column)).all():
            self._note(~fine)

    # -- backward --

    def backward(self, seed: float) -> None:
        """What flows back to each node."""
        nodes, wanted = self.passes.nodes, self.passes.wanted
        self.flow = [None] * len(nodes)
        if not wanted[-1]:
            return
        self.flow[-1] = seed
        for gate in reversed(nodes):
            upstream = self.flow[gate.position]
            if isinstance(gate, Gate) and wanted[gate.position] and upstream is not None:
                if gate.position in self.inside:
                    self._back_through(gate, upstream)
                else:
                    self._back(gate, upstream)
        for place in self.passes.graph.nodes.variables:
            if self.flow[place] is not None:
                self._finite(self.flow[place])

    def _back(self, gate: Gate, upstream: Any) -> None:
        op, out = gate.op, self.values[gate.position]
        inputs = [self.values[i] for i in gate.inputs]
        rule = (COLUMNS if any(map(is_column, (out, *inputs))) else FLOATS).rule(op)
        if rule.kink is not None:
            self._note(self._call(rule.kink, *inputs, out))
        for slot, i in enumerate(gate.inputs):
            if not self.passes.wanted[i]:
                continue
            partial = op.partial(slot)
            if partial.is_number and partial.head in ("1", "-1"):
                chained = upstream if partial.head == "1" else -upstream
                self._add(i, chained)
                continue
            local = self._local(rule, slot, inputs, out)
            if op.selects:
                self._finite(local)
                self._add(i, _routed(upstream, local))
                continue
            is_one = isinstance(upstream, float) and upstream == 1.0
            chained = local if is_one else upstream * local
            if self.passes.roughly:
                self._add(i, chained)
                continue
            edge = _Edge(op, slot, inputs, out, upstream)
            if not is_given(partial):
                self._small(edge, local)
            if not is_one:
                self._small_product(edge, chained)
            self._add(i, chained)

    def _local(self, rule: Rule, slot: int, inputs: list[Any], out: Any) -> Any:
        return rule.partial(slot, inputs, out)

    def _small_value(self, gate: Gate, inputs: list[Any], value: Any) -> None:
        """Note the rows in which a value is so small that it may have lost digits."""
        if is_small(value, NORMAL):
            self._note(_is_lost(gate.op, value, *inputs))

    def _small(self, edge: _Edge, local: Any) -> None:
        """Note the rows in which a local gradient is so small that it may have lost digits."""
        if np.any(is_small(local, _NOT_SMALL)):
            self._note(edge.lost(np.abs(local) < LEAST_LOCAL))

    def _small_product(self, edge: _Edge, chained: Any) -> None:
        """Note the rows in which a product is so small that it may have lost digits."""
        if is_small(chained, NORMAL):
            self._note(edge.lost(np.abs(chained) < LEAST))

    def _back_through(self, gate: Gate, upstream: Any) -> None:
        """Through a module: what comes back to its inputs are its local gradients."""
        assert isinstance(gate.op, Module)
        inner = self.inside[gate.position]
        inner.backward(1.0)
        variables = {node.name: node.position for node in gate.op.graph.variables}
        for slot, i in enumerate(gate.inputs):
            local = inner.flow[variables[gate.op.inputs[slot]]]
            if self.passes.wanted[i] and local is not None:
                chained = upstream * local
                if not self.passes.roughly:
                    self._underflow(upstream, local, chained)
                self._add(i, chained)

    def _add(self, place: int, chained: Any) -> None:
        """Gradients add up at forks."""
        before = self.flow[place]
        self.flow[place] = chained if before is None else before + chained

    def _underflow(self, upstream: Any, local: Any, chained: Any) -> None:
        """Note the rows in which a product of two numbers that are not 0 is so small that it may have lost digits."""
        self._note(_underflown(upstream, local, chained))


class _Edge(NamedTuple):
    """An edge, and what flows back to its gate."""

    op: Op
    slot: int
    inputs: list[Any]
    out: Any
    upstream: Any

    def lost(self, lost: Any) -> Any:
        """In which of these rows something so small has lost digits: a product that is 0 of itself has not."""
        lost = lost & np.not_equal(self.upstream, 0)
        if not np.any(lost):
            return lost
        operands = [*self.op.operands(self.inputs, self.slot), self.out]
        if not any(map(is_column, operands)):
            operands[-1] = np.full(1, self.out)
        is_nothing = COLUMNS.is_nothing(self.op, self.slot)
        return lost & ~np.asarray(is_nothing(*operands), dtype=bool)


class Recording(Run):
    """Both passes over whatever strip is plain, on a tape: wherever `Run` would note a row, the tape ends."""

    def __init__(self, passes: Passes, inputs: Mapping[str, Any], tape: Tape, *, is_inside: bool = False) -> None:
        super().__init__(passes, inputs, np.zeros(1, dtype=bool))
        self.tape = tape
        if not is_inside:
            for node in passes.graph.variables:
                if is_column(column := inputs[node.name]):
                    self._look(column)

    def _within(self, passes: Passes, inputs: Mapping[str, Any]) -> Run:
        return Recording(passes, inputs, self.tape, is_inside=True)

    def _call(self, function: Callable[..., Any], *inputs: Any) -> Any:
        if not any(map(is_column, inputs)):
            return function(*inputs)
        try:
            return function(*inputs)
        except OpaqueError:
            return self.tape.call(function, inputs)

    def _local(self, rule: Rule, slot: int, inputs: list[Any], out: Any) -> Any:
        if not rule.variadic:
            return self._call(rule.partials[slot], *inputs, out)
        return self._call(lambda *given: rule.partial(slot, given[:-1], given[-1]), *inputs, out)

    def _ends(self, word: str, function: Callable[..., Any], *inputs: Any) -> None:
        """The tape ends where that is so in any row."""
        if any(map(is_column, inputs)):
            self.tape.guard(function, inputs, word)
        elif function(*inputs):
            raise ArithmeticError

    def _note(self, rows: Any) -> None:
        self._ends(UNUSUAL, np.any, rows)

    def _look(self, column: Any) -> None:
        self.tape.look(column, UNUSUAL)

    def _small_value(self, gate: Gate, inputs: list[Any], value: Any) -> None:
        formula = gate.op.value
        is_square = formula.head == "pow" and not is_column(inputs[-1]) and inputs[-1] == 2
        if (formula.head in ("mul", "div") or is_square) and not any(part.args for part in formula.args):
            return  # of which the tape tells
        if gate.op.name in _AS_SMALL_AS_ITS_SLOPE and self.passes.wanted[gate.position]:
            return

        def lost(value: Any, *inputs: Any) -> bool:
            return is_small(value, NORMAL) and bool(np.any(_is_lost(gate.op, value, *inputs)))

        self._ends(UNUSUAL, lost, value, *inputs)

    def _small(self, edge: _Edge, local: Any) -> None:
        def lost(local: Any, upstream: Any, out: Any, *inputs: Any) -> bool:
            if not is_small(local, _NOT_SMALL):
                return False
            small = np.abs(local) < LEAST_LOCAL
            return bool(np.any(_Edge(edge.op, edge.slot, [*inputs], out, upstream).lost(small)))

        self._ends(UNUSUAL, lost, local, edge.upstream, edge.out, *edge.inputs)

    def _small_product(self, edge: _Edge, chained: Any) -> None:
        if not is_column(chained):  # of others the tape tells
            super()._small_product(edge, chained)

    def _underflow(self, upstream: Any, local: Any, chained: Any) -> None:
        if not is_column(chained):
            super()._underflow(upstream, local, chained)


@as_one
def _ties(value: Any, *inputs: Any) -> Any:
    """Where not just one of the inputs is the value."""
    return np.not_equal(sum((np.asarray(each == value, dtype=np.int8) for each in inputs), np.int8(0)), 1)


@as_one
def _routed(upstream: Any, local: Any) -> Any:
    """What flows along an edge that is active in some rows alone."""
    return np.where(np.not_equal(local, 0), upstream * local, _NOTHING)


def _underflown(upstream: Any, local: Any, chained: Any) -> Any:
    return (np.abs(chained) < LEAST) & np.not_equal(upstream, 0) & np.not_equal(local, 0)


def _is_lost(op: Op, value: Any, *inputs: Any) -> Any:
    """In which rows a value is so small that it has lost digits: a 0 that is one has not."""
    small, zeros = np.abs(value) < LEAST, [np.equal(each, 0) for each in inputs]
    if op.variadic:
        is_zero: Any = (np.logical_or if op.name == "prod" else np.logical_and).reduce(np.broadcast_arrays(*zeros))
    else:
        is_zero = COLUMNS.is_nothing(op, None)(*inputs, value)
    return small & ~(np.equal(value, 0) & np.asarray(is_zero, dtype=bool))
