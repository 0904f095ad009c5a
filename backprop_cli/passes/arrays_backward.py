"""The backward pass over a program of arrays the careful way: inactive entries, ties, kinks, digits that are lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NoReturn

import numpy as np

from ..arithmetic import TooWideError, Value
from ..arithmetic.array_functions import spread
from ..arithmetic.arrays import Arrays, Entries, doubles
from ..arithmetic.axes import Array, Mask, is_array, lowered, over_axes, shape_of, times, unbroadcast, widened
from ..arithmetic.floats import Floats
from ..errors import MathError, UnprovenError, few, shorten
from ..graph.graph import Constant, Gate, Graph, Node, partial
from ..rules.array_op import ArrayOp, Shape
from ..rules.formula import Formula
from ..rules.printer import READING
from ..rules.shape_rules import axes_of
from . import faults
from .arrays_forward import at, told_at
from .arrays_underflow import LINEAR, Lost, each_underflowed, lost_constant, lost_value, whole_underflowed
from .origins import first_of_each, origins
from .trace import Edge, Edges, Notice, Trace, notices
from .underflow import in_doubles

_SPARSE = frozenset(("place", "eye"))
"""What leaves entries to which nothing flows."""


class Backward:
    """What flows back, from the output to the variables.

    flow: for each node the sum of what comes back; None where nothing does
    masks: for each node the entries to which something flows back; None for all of them
    """

    def __init__(
        self,
        graph: Graph,
        shapes: Sequence[Shape],
        values: list[Value],
        system: Arrays,
        wanted: Sequence[int],
        ties: str,
    ) -> None:
        self.graph, self.shapes, self.values, self.system = graph, shapes, values, system
        self.wanted, self.ties = wanted, ties
        self.flow: list[Value | None] = [None] * len(values)
        self.masks: list[Mask | None] = [None] * len(values)
        self.warnings: list[Notice] = []
        self.zero = system.number("0")

    def trace(self, point: Mapping[str, Value], seed: Value) -> Trace:
        """All that the pass leaves behind. Raises MathError."""
        edges: list[Edge] = []
        self.flow[-1] = seed
        for gate in self.graph.gates_backward:
            edges.extend(reversed(self._edges(gate)))
        if self.system.is_doubles:
            for node in self.graph.nodes:
                if isinstance(node, Constant) and node.literal and not self._told_underflow:
                    self._tell_underflow(node, "its value", lost_constant(self.system, node.literal))
            for gate in self.graph.gates:
                if self.flow[gate.position] is not None and not gate.op.selects and not self._told_underflow:
                    inputs, out = [self.values[i] for i in gate.inputs], self.values[gate.position]
                    self._tell_underflow(gate, "its value", lost_value(self.system, gate, inputs, out))
        upstream = [self._upstream(place) for place in range(len(self.values))]
        warnings = notices(self.graph, self.system) + self.warnings[::-1]
        return Trace(
            self.graph, self.system, point, self.values, upstream, Edges.stored(self.graph, edges[::-1]), warnings
        )

    def _upstream(self, place: int) -> Value | None:
        if not self.wanted[place]:
            return None
        return nothing(self.shapes[place], self.system) if self.flow[place] is None else self.flow[place]

    def _edges(self, gate: Gate) -> list[Edge]:
        nodes, inputs = self.graph.nodes, [self.values[i] for i in gate.inputs]
        if not self.wanted[gate.position]:
            return [Edge(gate, slot, nodes[i], None, None) for slot, i in enumerate(gate.inputs)]
        if self.flow[gate.position] is not None and not isinstance(gate.op, ArrayOp):
            self._warn(gate, inputs)
        of_many = gate.op.selects and gate.op.variadic
        shares = self._shares(gate, inputs) if of_many else None
        found = []
        for slot, i in enumerate(gate.inputs):
            if not self.wanted[i]:
                found.append(Edge(gate, slot, nodes[i], None, None))
            elif isinstance(gate.op, ArrayOp):
                found.append(self._whole(gate, gate.op, slot, inputs))
            else:
                found.append(self._each(gate, slot, inputs, shares))
        return found

    def _add(self, place: int, chained: Value, mask: Mask | None) -> None:
        """Gradients add up at forks."""
        before = self.flow[place]
        if before is None:
            self.flow[place], self.masks[place] = chained, mask
            return
        total, known = before + chained, self.masks[place]
        if self.system.strict and not self.system.is_finite(total):
            raise faults.sum_overflows(self.graph, self.graph.nodes[place], self.system)
        self.flow[place] = total
        self.masks[place] = None if known is None or mask is None else known | mask

    # -- entry by entry --

    def _each(self, gate: Gate, slot: int, inputs: list[Value], shares: list[Array] | None) -> Edge:
        """The edge of an operation entry by entry: upstream × local, summed over the axes that were broadcast."""
        system, shape = self.system, self.shapes[gate.position]
        out, upstream, mask = (each[gate.position] for each in (self.values, self.flow, self.masks))
        needed = self._needed(gate, slot, upstream, mask, shape, inputs)
        if shares is not None:
            local: Value = lowered(shares[slot])
        elif needed is not None and not needed.any():
            local = None
        else:
            found = system.each_local(gate.op, slot, inputs, out, shape, needed)
            if isinstance(found, Entries):
                if found.error is not None and found.failed is not None:
                    self._no_local(gate, slot, inputs, found, shape)
                found = lowered(found.array)
            local = found
        if upstream is None or local is None:
            return self._inactive(gate, slot, local)
        hands_on = isinstance(local, float) and local == 1.0 and not gate.op.selects
        known = local if needed is None or self.system.is_doubles else np.where(needed, local, self.zero)
        full = upstream if hands_on else times(upstream, known)
        active = needed
        if system.is_doubles and not hands_on and not gate.op.selects:
            local, full, lost = each_underflowed(system, gate, slot, [*inputs, out], upstream, local, full, needed)
            self._tell_underflow(gate, slot, lost)
        if gate.op.selects:
            flows = widened(local != 0, shape)
            active = flows if needed is None else flows & needed
            full = np.where(active, full, self.zero)
        elif needed is not None:
            full = np.where(needed, full, self.zero)
        self._finite(gate, slot, upstream, local, full, shape)
        return self._edge(gate, slot, local, full, active, shape)

    @property
    def _told_underflow(self) -> bool:
        return any(notice.kind == "underflow" for notice in self.warnings)

    def _tell_underflow(self, node: Node, what: str | int, lost: Lost | None) -> None:
        """Warn of the first entry that doubles have fewer digits of. what: of what, or of which input's gradient."""
        if lost is None or self._told_underflow:
            return
        base = self.system.base
        if isinstance(what, int):
            assert isinstance(node, Gate)
            what = f"the chained gradient of {self.graph.nodes[node.inputs[what]].name}"
        what += f" at {self.system.place(lost.place)}" if lost.place else ""
        if lost.value is not None and isinstance(base, Floats):
            told = f"underflows: {what} is {in_doubles(base, lost.value)}"
        elif lost.double:
            told = f"may underflow: {what} is {base.show(lost.double, faults.DIGITS)} in doubles, which has few digits"
        elif lost.is_certain:
            told = f"underflows: {what} is 0 in doubles, and is not 0"
        else:
            told = f"may underflow: {what} is 0 in doubles, and it is not known whether it is 0"
        self._notice("underflow", node, f"{told}; eval --precision 20 shows it")

    def _edge(self, gate: Gate, slot: int, local: Value, full: Value, active: Mask | None, shape: Shape) -> Edge:
        place = gate.inputs[slot]
        wanted = self.shapes[place]
        chained = lowered(unbroadcast(widened(full, shape), wanted)) if shape else lowered(full)
        if active is not None and shape:
            axes = over_axes(shape, wanted)
            active = active.any(axis=axes).reshape(wanted) if axes else active
        if active is not None and not active.any():
            return self._inactive(gate, slot, local)
        self._add(place, chained, None if active is None or active.all() else active)
        return Edge(gate, slot, self.graph.nodes[place], local, chained)

    def _inactive(self, gate: Gate, slot: int, local: Value | None) -> Edge:
        """An edge along which nothing flows."""
        place = gate.inputs[slot]
        zeros = nothing(self.shapes[place], self.system)
        return Edge(gate, slot, self.graph.nodes[place], local, zeros, active=False)

    def _needed(
        self, gate: Gate, slot: int, upstream: Value | None, mask: Mask | None, shape: Shape, inputs: list[Value]
    ) -> Mask | None:
        """The entries whose local gradient is needed; None for all of them."""
        if upstream is None:
            return np.zeros(shape, dtype=bool)
        needed = None if mask is None else np.broadcast_to(mask, shape)
        if gate.op.chooses:
            [condition] = gate.op.conditions
            taken = np.asarray(inputs[condition], dtype=bool) == (gate.op.chosen(True) == slot)
            needed = np.broadcast_to(taken, shape) if needed is None else needed & taken
        return needed

    def _finite(self, gate: Gate, slot: int, upstream: Value, local: Value, full: Value, shape: Shape) -> None:
        if not self.system.strict or self.system.is_finite(full):
            return
        wide = np.broadcast_to(np.asarray(full), shape)
        place = next(each for each in np.ndindex(shape) if not self.system.base.is_finite(lowered(wide[each])))
        here, there = at([upstream, local], shape, place)
        inputs = at([self.values[i] for i in gate.inputs], shape, place)
        error = faults.Place(self.graph, gate, inputs, self.system.base).chain_overflows(slot, here, there)
        raise told_at(error, place, self.system)

    def _no_local(self, gate: Gate, slot: int, inputs: list[Value], found: Entries, shape: Shape) -> NoReturn:
        assert found.error is not None
        *there, out, upstream = at([*inputs, self.values[gate.position], self.flow[gate.position]], shape, found.place)
        place = faults.Place(self.graph, gate, there, self.system.base)
        error = place.no_local(slot, out, upstream, self.wanted, found.error)
        raise told_at(error, found.place, self.system)

    # -- ties, kinks, borders --

    def _shares(self, gate: Gate, inputs: list[Value]) -> list[Array]:
        """The local gradients of max or min: of several inputs entry by entry, or of the entries of one."""
        system, out, mask = self.system, self.values[gate.position], self.masks[gate.position]
        one, zero = system.number("1"), system.number("0")
        shape = self.shapes[gate.position]
        selected = np.stack([np.broadcast_to(np.where(np.asarray(each) == out, one, zero), shape) for each in inputs])
        if (np.count_nonzero(selected, axis=0) > 1).any():
            of = np.stack([np.broadcast_to(self._origins(i), shape) for i in gate.inputs])
            selected = first_of_each(selected, of, zero)
        shares, tied = system.shares(selected, self.ties)
        if mask is not None:
            tied = tied & mask
        if tied.any() and self.flow[gate.position] is not None:
            count = int(np.sum([each != 0 for each in selected], axis=0)[tied].max())
            place = tuple(map(int, np.argwhere(tied)[0]))
            names = [self.graph.nodes[i].name for i, each in zip(gate.inputs, selected, strict=True) if each[place]]
            self._tell_tie(gate, ", ".join(few([*dict.fromkeys(names)])), count, tied)
        return shares

    def _origins(self, place: int) -> Array:
        return origins(self.graph, self.shapes, self.values, self.system, place)

    def _tell_tie(self, gate: Gate, what: str, count: int, tied: Mask) -> None:
        self._notice("tie", gate, faults.tie(f"{what}{_there(tied, self.system)}", count, self.ties))

    def _warn(self, gate: Gate, inputs: list[Value]) -> None:
        """Kinks, and borders of conditions, where something flows."""
        shape, mask = self.shapes[gate.position], self.masks[gate.position]
        out = self.values[gate.position]
        if (kinks := self.system.each_kink(gate.op, inputs, out, shape)) is not None:
            kinks = kinks if mask is None else kinks & mask
            if kinks.any():
                place = tuple(map(int, np.argwhere(kinks)[0]))
                *entries, value = at([*inputs, out], shape, place)
                slot = next(slot for slot, i in enumerate(gate.inputs) if self.wanted[i])
                local = self.system.base.rule(gate.op).partial(slot, entries, value)
                shown = self.system.base.show(local, faults.DIGITS)
                where = faults.Place(self.graph, gate, entries, self.system.base)
                message = (
                    f"has a kink at {where}{_there(kinks, self.system)}: the gradient {shown} there is a convention"
                )
                self._notice("kink", gate, message)
        if gate.op.chooses and (border := self._border(gate)) is not None:
            there = shorten(self.graph.written(border))
            message = f"is at a border, both sides of {there} are equal: the gradient is that of the branch taken"
            self._notice("border", gate, message)

    def _border(self, gate: Gate) -> Gate | None:
        """A comparison of whose sides some are equal, and on which a choice depends."""
        [slot] = gate.op.conditions
        waiting = [gate.inputs[slot]]
        while waiting:
            node = self.graph.nodes[waiting.pop()]
            if not isinstance(node, Gate):
                continue
            if node.op.conditions:
                waiting += node.inputs
            elif node.op.truth:
                left, right = (self.values[i] for i in node.inputs)
                depends = any(self.wanted[i] for i in node.inputs)
                if depends and bool(np.any(np.asarray(np.equal(left, right), dtype=bool))):
                    return node
        return None

    def _notice(self, kind: str, node: Node, message: str) -> None:
        title = f"{node.name} = {shorten(self.graph.written(node))}" if isinstance(node, Gate) else node.name
        self.warnings.append(Notice(kind, node.name, f"{title} {message}"))

    # -- arrays as wholes --

    def _whole(self, gate: Gate, op: ArrayOp, slot: int, inputs: list[Value]) -> Edge:
        """The edge of an operation on arrays as wholes: a pullback, or a local gradient in the shape of the input."""
        system, place = self.system, gate.inputs[slot]
        out, upstream, mask = (each[gate.position] for each in (self.values, self.flow, self.masks))
        if upstream is None:
            return self._inactive(gate, slot, None)
        shape = self.shapes[place]
        if op.pulls_back(slot):
            chained = self._pulled(gate, op, slot, inputs, out, upstream)
            chained, lost = whole_underflowed(system, op, slot, inputs, out, upstream, chained)
            self._tell_underflow(gate, slot, lost)
            if mask is None and op.partial(slot).heads & _SPARSE:
                mask = np.ones(self.shapes[gate.position], dtype=bool)
            active = None if mask is None else self._reach(op, slot, inputs, out, mask)
            return self._edge(gate, slot, None, chained, active, shape)
        if op.selects:
            local = self._selected(gate, op, inputs[slot], out, mask)
        elif op.partial(slot).is_number:
            local = system.number(op.partial(slot).head)
            return Edge(gate, slot, self.graph.nodes[place], local, nothing(self.shapes[place], self.system))
        else:
            local = self._pulled(gate, op, slot, inputs, out, None)
        full = spread(op, upstream, inputs[slot]) * local
        if not op.selects:
            full, lost = whole_underflowed(system, op, slot, inputs, out, upstream, full)
            self._tell_underflow(gate, slot, lost)
        active = None if mask is None else np.array(spread(op, mask, inputs[slot]))
        if op.selects:
            flows = np.asarray(local != 0, dtype=bool)
            active = flows if active is None else active & flows
        if active is not None:
            full = np.where(active, full, self.zero)
        return self._edge(gate, slot, local, full, active, shape)

    def _pulled(self, gate: Gate, op: ArrayOp, slot: int, inputs: list[Value], out: Value, upstream: Value) -> Value:
        """A pullback, or a local gradient, that is finite."""
        try:
            found = self.system.whole_partial(op, slot, inputs, out, upstream)
            if self.system.strict and not self.system.is_finite(found):
                raise OverflowError
        except TooWideError:
            raise UnprovenError(f"{self.graph.title(gate)} is not decided", self.graph.source, gate.span) from None
        except (ArithmeticError, ValueError):
            names = [self.graph.nodes[i].name for i in gate.inputs]
            rule = shorten(READING.text(_plainly(op.local(slot, names, gate.name))))
            what = "does not exist" if op.name == "norm" else "overflows"
            message = f"{partial(gate.name, names[slot])} = {rule} {what}, in {self.graph.title(gate)}"
            raise MathError(message, self.graph.source, gate.span, op.note) from None
        return found

    def _reach(self, op: ArrayOp, slot: int, inputs: list[Value], out: Value, mask: Mask) -> Mask | None:
        """The entries of an input to which something flows back, from the mask of the output."""
        if not op.partial(slot).heads <= LINEAR:
            return None
        ones = [np.ones(shape_of(each)) if is_array(each) else 1.0 for each in inputs]
        if op.name == "pick":
            ones[1] = inputs[1]
        system = self.system if self.system.is_doubles else doubles()
        found = system.whole_partial(op, slot, ones, np.ones(shape_of(out)), np.asarray(mask, dtype=np.float64))
        return np.broadcast_to(np.asarray(found) != 0, np.shape(ones[slot]))

    def _selected(self, gate: Gate, op: ArrayOp, x: Array, out: Value, mask: Mask | None) -> Array:
        """Which entries are the largest or the smallest; ties by convention."""
        system = self.system
        local = np.array(system.whole_partial(op, 0, [x], out, None))
        count = system.whole_value(_sum_like(op), [local])
        if np.any(count > 1):
            axes = axes_of(op, x.shape)
            front = range(len(axes))
            kept, of = (np.moveaxis(each, axes, front) for each in (local, self._origins(gate.inputs[0])))
            groups = -1, *kept.shape[len(axes) :]
            alone = first_of_each(kept.reshape(groups), of.reshape(groups), self.zero)
            local = np.moveaxis(alone.reshape(kept.shape), front, axes)
            count = system.whole_value(_sum_like(op), [local])
        tied = np.asarray(count > 1)
        if mask is not None:
            tied = tied & mask
        if tied.any():
            most = max(int(system.base.to_float(each)) for each in system.entries(count))
            self._tell_tie(gate, f"{most} entries", most, tied)
            if self.ties == "split":
                local = local / spread(op, count, x)
            elif self.ties == "first":
                local = _first(op, local)
        return local


def nothing(shape: Shape, system: Arrays) -> Value:
    """Zeros."""
    zero = system.number("0")
    return system.array(np.full(shape, zero)) if shape else zero


def _plainly(rule: Formula) -> Formula:
    """A rule without the word for what is repeated over axes."""
    if rule.head == "spread":
        return rule.args[0]
    return Formula(rule.head, *map(_plainly, rule.args))


def _sum_like(op: ArrayOp) -> ArrayOp:
    from ..rules.arrays import row

    return row("sum", **op.settings)


def _first(op: ArrayOp, local: Array) -> Array:
    """Of the entries that are selected along the axes, the first alone."""
    axis = op.settings.get("axis")
    flat = local.reshape(-1) if axis is None else local
    before = np.cumsum(flat, axis=0 if axis is None else axis)
    return np.where((flat != 0) & (before == 1), flat, flat * 0).reshape(local.shape)


def _there(mask: Mask, system: Arrays) -> str:
    """Where a warning holds: `, entry [0, 1]`, and how many more there are."""
    if not mask.ndim:
        return ""
    first, *more = np.argwhere(mask)
    others = f" and {len(more):,} more" if more else ""
    return f", {system.place(first)}{others}"
