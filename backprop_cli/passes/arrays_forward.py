"""The forward pass over a program of arrays the careful way, which keeps account of entries that have no value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

import numpy as np

from ..arithmetic import TooWideError, Value
from ..arithmetic.array_functions import LabelError
from ..arithmetic.arrays import Arrays, Entries
from ..arithmetic.axes import Mask, is_array, lowered, widened
from ..errors import InputError, MathError, UnprovenError, shorten
from ..graph.graph import Constant, Gate, Graph
from ..rules.array_op import ArrayOp, Shape
from . import faults
from .forward import constant_value
from .origins import MOVES
from .shapes import shaped


class Forward:
    """The values of all nodes. Where a condition chooses, an entry that is not needed may have none.

    lost: for each node, the entries that have no value, None where all have one
    errors: why
    """

    def __init__(self, graph: Graph, shapes: Sequence[Shape], point: Mapping[str, Value], system: Arrays) -> None:
        self.graph, self.shapes, self.point, self.system = graph, shapes, point, system
        self.values: list[Value] = []
        self.lost: list[Mask | None] = []
        self.errors: list[MathError | None] = []
        self.may_lose = graph.nodes.chooses

    def run(self) -> list[Value]:
        """All of them. Raises MathError, or InputError for labels that are none."""
        for node in self.graph.nodes:
            lost: Mask | None = None
            error: MathError | None = None
            if isinstance(node, Constant):
                value = constant(self.graph, node, self.system)
            elif not isinstance(node, Gate):
                value = self.point[node.name]
            elif isinstance(node.op, ArrayOp):
                value, lost, error = self._whole(node, node.op)
            else:
                value, lost, error = self._each(node)
            self.values.append(value)
            self.lost.append(lost)
            self.errors.append(error)
        if error := self.errors[-1]:
            raise error
        return self.values

    def _each(self, gate: Gate) -> tuple[Value, Mask | None, MathError | None]:
        """An operation entry by entry."""
        inputs, shape = [self.values[i] for i in gate.inputs], self.shapes[gate.position]
        lost, error = self._lost(gate, inputs, shape), self._error(gate)
        if lost is None:
            error = None
        found = self.system.each_value(gate.op, inputs, shape, None if lost is None else ~lost)
        if found.error is not None and found.failed is not None:
            fault = self._fault(gate, inputs, shape, found)
            if not self.may_lose:
                raise fault
            lost = found.failed if lost is None else lost | found.failed
            error = error or fault
        return lowered(found.array), lost, error

    def _lost(self, gate: Gate, inputs: Sequence[Value], shape: Shape) -> Mask | None:
        """The entries without which this one has none: of a choice, the condition and what it chooses."""
        lost = [self.lost[i] for i in gate.inputs]
        if all(each is None for each in lost):
            return None
        masks = [np.zeros((), dtype=bool) if each is None else each for each in lost]
        if gate.op.chooses:
            [slot] = gate.op.conditions
            for holds, side in ((True, gate.op.chosen(True)), (False, gate.op.chosen(False))):
                if side is not None:
                    masks[side] = masks[side] & (np.asarray(inputs[slot], dtype=bool) == holds)
        found: Mask = np.broadcast_to(reduce(np.logical_or, masks), shape)
        return found if found.any() else None

    def _error(self, gate: Gate) -> MathError | None:
        return next((error for i in gate.inputs if (error := self.errors[i])), None)

    def _fault(self, gate: Gate, inputs: Sequence[Value], shape: Shape, found: Entries) -> MathError:
        assert found.error is not None
        there = at(inputs, shape, found.place)
        error = faults.Place(self.graph, gate, there, self.system.base).no_value(found.error)
        return told_at(error, found.place, self.system)

    def _whole(self, gate: Gate, op: ArrayOp) -> tuple[Value, Mask | None, MathError | None]:
        """An operation on arrays as wholes."""
        inputs, lost, error = [self.values[i] for i in gate.inputs], None, self._error(gate)
        if error is not None:
            if op.name not in MOVES:
                raise error
            masks = [
                np.zeros(self.shapes[i], dtype=bool) if (mask := self.lost[i]) is None else mask for i in gate.inputs
            ]
            lost = np.asarray(self.system.whole_value(op, masks), dtype=bool)
            error = error if lost.any() else None
        try:
            value = self.system.whole_value(op, inputs)
            if self.system.strict and error is None and not self.system.is_finite(value):
                raise OverflowError
        except LabelError as reason:
            message = f"{self.graph.title(gate)}: {reason}"
            raise InputError(message, self.graph.source, gate.span, "labels count from 0") from None
        except (ArithmeticError, ValueError) as reason:
            raise self._no_whole_value(gate, op, reason) from None
        return value, lost if error else None, error

    def _no_whole_value(self, gate: Gate, op: ArrayOp, reason: Exception) -> MathError:
        title, name = self.graph.title(gate), shorten(self.graph.name_of(self.graph.nodes[gate.inputs[0]]))
        if isinstance(reason, TooWideError):
            return UnprovenError(f"{title} is not decided", self.graph.source, gate.span)
        needs = f"{op.call} needs {op.domain}" if op.domain else ""
        if isinstance(reason, OverflowError):
            return MathError(f"{title} overflows", self.graph.source, gate.span, self.system.range_hint)
        what = f"{name} is singular" if isinstance(reason, ZeroDivisionError) else f"det({name}) is not above 0"
        return MathError(f"{title} has no value: {what}", self.graph.source, gate.span, needs)


def constant(graph: Graph, node: Constant, system: Arrays) -> Value:
    """The value of a constant, which may be folded. Raises MathError."""
    if not node.body:
        return constant_value(graph, node, system)
    inside, shapes = shaped(Graph(graph.source, node.body), {})
    return Forward(inside, shapes, {}, system).run()[-1]


def at(inputs: Sequence[Value], shape: Shape, place: tuple[int, ...]) -> list[Value]:
    """The numbers that meet at an entry.

    place: the number of the entry on each axis
    """
    return [lowered(widened(each, shape)[place]) if is_array(each) else each for each in inputs]


def told_at(error: MathError, place: tuple[int, ...], system: Arrays) -> MathError:
    """An error, with the entry where it happened.

    error: what happened
    place: the number of the entry on each axis
    """
    if place:
        error.message = f"{error.message}, at {system.place(place)}"
    return error
