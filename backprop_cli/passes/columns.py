"""Both passes over columns, a block of rows at a time: for each row the value and its gradients, or that it is unusual.

It knows only plain sailing, as `compiled` does: where something is unusual in a row (a tie, a kink, a domain left, an
overflow, digits lost in small numbers) it says so, and the careful passes, which can tell what happened, take that row.
What a row gives depends on that row alone, and on nothing that stands beside it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..arithmetic import FLOATS
from ..arithmetic.columns import COLUMNS, Column, Rows
from ..arithmetic.floats import LEAST_LOCAL, is_given
from ..errors import MathError
from ..graph.graph import Constant, Gate, Graph, Module
from ..rules.op import Op
from .forward import constant_value

ROWS = 32_768
"""Of a block: then what one gate makes of it lies in the processor's cache when the next gate takes it."""
ROOM = 128_000_000
"""Bytes that the columns of a block may take; so a large graph has fewer rows in a block."""
_KEPT = 30_000_000
"""Bytes. Once a piece of that size has been freed, glibc hands smaller ones back no more (M_MMAP_THRESHOLD in
mallopt(3)): before, each column of a block would be handed back, and be faulted in again page by page.
"""
_NOTHING = -0.0
"""What flows along an edge that is not active: to add it changes nothing."""


class Answer(NamedTuple):
    """What both passes give for a block of rows.

    numbers: the value, and the gradients that were asked for, a column each;
    unusual: the rows whose numbers are none.
    """

    numbers: list[Column]
    unusual: Rows


class ColumnPasses:
    """The passes over a graph of numbers, in whatever number of rows.

    graph: a graph without arrays;
    known: the values of variables that are the same in all rows;
    results: the positions of the nodes whose gradients are asked for;
    wrt: the variables that get gradients; all, if None.
    """

    def __init__(
        self, graph: Graph, known: Mapping[str, float], results: Sequence[int], wrt: Collection[str] | None = None
    ) -> None:
        self.known, self.results = known, results
        self.passes = _Passes(graph, graph.depending_on(wrt))
        self.varying = [node.name for node in graph.variables if node.name not in known]
        """The variables that are columns, in the order in which the program names them."""
        self.rows = max(1, min(ROWS, ROOM // (16 * self.passes.size)))
        """How many rows a block should have."""
        np.empty(_KEPT, dtype=np.int8)  # and away: from then on glibc keeps the memory that blocks give back
        self.careful = False  # whether zeros came back in the last block, so that they will in the next

    def at(self, columns: Mapping[str, Column], rows: int) -> Answer:
        """The numbers of a block of so many rows. columns: of `varying`; an infinity or NaN in one is unusual."""
        unusual = np.zeros(rows, dtype=bool)
        values: dict[str, Any] = dict(self.known)
        for name in self.varying:
            column = columns[name]
            if not (fine := np.isfinite(column)).all():
                unusual |= ~fine
                column = np.where(fine, column, 1.0)  # of which nobody sees what comes
            values[name] = column
        with np.errstate(all="ignore"):
            try:
                found = self._numbers(values, unusual)
            except (ArithmeticError, ValueError, MathError):  # of what is the same in all rows
                return Answer([np.zeros(rows) for _ in range(1 + len(self.results))], np.ones(rows, dtype=bool))
        numbers = [each if isinstance(each, np.ndarray) else np.full(rows, each) for each in found]
        return Answer(numbers, unusual)

    def _numbers(self, values: Mapping[str, Any], unusual: Rows) -> list[Any]:
        run = _Run(self.passes, values, unusual)
        run.forward()
        try:
            run.backward(1.0, careful=self.careful)
            self.careful = self.careful and run.zeros
        except _ZeroError:
            self.careful = True
            run.backward(1.0, careful=True)
        found = [run.flow[i] for i in self.results]
        if self.passes.selects:
            found = [0.0 if each is None else each + 0.0 for each in found]  # no −0 where nothing flows
        return [run.values[-1], *(0.0 if each is None else each for each in found)]


class _ZeroError(Exception):
    """Somewhere a zero has come back, and it has to be seen whether it is one."""


class _Passes:
    """What is known of a graph, the user's or a module's, before there are numbers.

    wanted: for each node, whether it gets a gradient
    looked_at: the gates whose value has to be looked at; what others make of an infinity is none of their own
    """

    def __init__(self, graph: Graph, wanted: Sequence[int]) -> None:
        self.graph, self.wanted = graph, wanted
        self.nodes = [*graph.nodes]
        self.inside: dict[int, _Passes] = {}
        for node in self.nodes:
            if isinstance(node, Gate) and isinstance(node.op, Module):
                names = [name for name, i in zip(node.op.inputs, node.inputs, strict=True) if wanted[i]]
                self.inside[node.position] = _Passes(node.op.graph, node.op.graph.depending_on(names))
        carried = {i for node in self.nodes if isinstance(node, Gate) and _carries(node.op) for i in node.inputs}
        self.looked_at = frozenset(range(len(self.nodes))) - carried
        self.constants = {
            node.position: constant_value(graph, node, FLOATS) for node in self.nodes if isinstance(node, Constant)
        }
        self.selects: bool = any(op.selects for op in graph.nodes.kinds) or any(
            each.selects for each in self.inside.values()
        )
        self.shown = self._shown()
        self.size: int = len(self.nodes) + sum(each.size for each in self.inside.values())

    def _shown(self) -> frozenset[int]:
        """The nodes to which nothing but one edge leads, and whose gates make a zero of each zero that comes back.

        What has become zero on the way to one of them shows further down.
        """
        uses = Counter(i for node in self.nodes if self.wanted[node.position] for i in node.inputs)
        return frozenset(
            node.position
            for node in self.nodes
            if uses[node.position] == 1
            and isinstance(node, Gate)
            and not node.op.selects
            and node.position not in self.inside
        )


def _may_be_small(local: Any) -> bool:
    """Whether a number in it may be so small that it has lost digits: whatever is, has a square that is 0."""
    return bool(np.min(local) < LEAST_LOCAL and not np.min(local * local) > 0)


def _carries(op: Op) -> bool:
    """Whether it makes an infinity or NaN of each that goes in."""
    return op.value.head in ("add", "sub", "mul", "neg") and not any(part.args for part in op.value.args)


class _Run:
    """Both passes over a block.

    values, flow: of each node, a column or one number for all rows; flow is None where nothing comes back
    unusual: the rows in which something was, so far
    finite: the columns that have been looked at, by identity
    """

    def __init__(self, passes: _Passes, inputs: Mapping[str, Any], unusual: Rows) -> None:
        self.passes, self.inputs, self.unusual = passes, inputs, unusual
        self.finite: dict[int, Any] = {id(each): each for each in inputs.values()}
        self.values: list[Any] = []
        self.flow: list[Any] = [None] * len(passes.nodes)
        self.inside: dict[int, _Run] = {}

    # -- forward --

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
        if not any(isinstance(each, np.ndarray) for each in inputs):
            value = FLOATS.rule(op).value(*inputs)
            if op.truth and not op.conditions and inputs[0] == inputs[1]:
                raise ArithmeticError
            if not op.truth and not FLOATS.is_finite(value):
                raise OverflowError
            return value
        value = COLUMNS.rule(op).value(*inputs)
        if op.truth:
            if not op.conditions:
                self._note(np.asarray(inputs[0] == inputs[1]))
        elif gate.position in self.passes.looked_at:
            self._finite(value)
        if op.selects and op.variadic:
            count = sum((np.asarray(each == value, dtype=np.int8) for each in inputs), np.int8(0))
            self._note(np.asarray(count != 1))
        return value

    def _module(self, gate: Gate, inputs: list[Any]) -> Any:
        assert isinstance(gate.op, Module)
        given = dict(zip(gate.op.inputs, inputs, strict=True))
        inner = self.inside[gate.position] = _Run(self.passes.inside[gate.position], given, self.unusual)
        inner.forward()
        return inner.values[-1]

    def _note(self, rows: Rows) -> None:
        """These rows are unusual."""
        if rows.any():
            self.unusual |= rows

    def _finite(self, column: Any) -> None:
        if not isinstance(column, np.ndarray):
            if not math.isfinite(column):
                raise OverflowError
        elif id(column) not in self.finite:
            self.finite[id(column)] = column
            if not (fine := np.isfinite(column)).all():
                self._note(~fine)

    # -- backward --

    def backward(self, seed: float, *, careful: bool) -> None:
        """What flows back to each node. careful: whether each product is looked at; else a zero is a _ZeroError."""
        nodes, wanted = self.passes.nodes, self.passes.wanted
        self.careful, self.zeros = careful, False
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
        rule = (COLUMNS if isinstance(out, np.ndarray) else FLOATS).rule(op)
        if rule.kink is not None:
            self._note(np.asarray(rule.kink(*inputs, out)))
        for slot, i in enumerate(gate.inputs):
            if not self.passes.wanted[i]:
                continue
            partial = op.partial(slot)
            if partial.is_number and partial.head in ("1", "-1"):
                chained = upstream if partial.head == "1" else -upstream
                self._zero(i, chained)
                self._add(i, chained)
                continue
            local = rule.partial(slot, inputs, out)
            if op.selects:
                self._finite(local)
                self._add(i, np.where(local != 0, upstream * local, _NOTHING))
                continue
            is_one = isinstance(upstream, float) and upstream == 1.0
            chained = local if is_one else upstream * local
            if not is_given(partial) and _may_be_small(local):
                self._lost(op, slot, inputs, out, upstream, np.asarray(np.abs(local) < LEAST_LOCAL))
            if not is_one and self.careful and (lost := np.asarray(chained == 0)).any():
                self.zeros = True
                self._lost(op, slot, inputs, out, upstream, lost)
            if not is_one:
                self._zero(i, chained)
            self._add(i, chained)

    def _zero(self, place: int, chained: Any) -> None:
        """Raise _ZeroError where a zero comes back along an edge, unless it shows further down."""
        if self.careful or place in self.passes.shown or not isinstance(chained, np.ndarray):
            return
        if (chained == 0).any():
            raise _ZeroError

    def _lost(self, op: Op, slot: int, inputs: list[Any], out: Any, upstream: Any, lost: Rows) -> None:
        """Note the rows in which something so small has lost digits: a product that is 0 of itself has not."""
        lost = lost & np.asarray(upstream != 0)
        if lost.any():
            is_nothing = COLUMNS.is_nothing(op, slot)
            operands = [*op.operands(inputs, slot), out]
            if not any(isinstance(each, np.ndarray) for each in operands):
                operands[-1] = np.full(1, out)
            self._note(np.asarray(lost & ~np.asarray(is_nothing(*operands), dtype=bool)))

    def _back_through(self, gate: Gate, upstream: Any) -> None:
        """Through a module: what comes back to its inputs are its local gradients."""
        assert isinstance(gate.op, Module)
        inner = self.inside[gate.position]
        inner.backward(1.0, careful=self.careful)
        variables = {node.name: node.position for node in gate.op.graph.variables}
        for slot, i in enumerate(gate.inputs):
            local = inner.flow[variables[gate.op.inputs[slot]]]
            if self.passes.wanted[i] and local is not None:
                chained = upstream * local
                lost = np.asarray((chained == 0) & (upstream != 0) & (local != 0))
                self._note(lost)
                self.zeros = self.zeros or inner.zeros
                self._add(i, chained)

    def _add(self, place: int, chained: Any) -> None:
        """Gradients add up at forks."""
        before = self.flow[place]
        self.flow[place] = chained if before is None else before + chained
