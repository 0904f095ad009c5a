"""The backward pass: what flows back along each edge, and the sums of it at each node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType

from ..arithmetic import Arithmetic, Rule, TooWideError, Value, share
from ..arithmetic.floats import LEAST, Floats, is_double
from ..errors import MathError, few, shorten
from ..graph.graph import Gate, Graph, Module, Node
from . import faults
from .forward import NONE, Known, inside
from .lazy import Lazy
from .trace import Edge, Edges, Notice, Trace, notices

_Local = tuple[Value | None, bool]
"""The local gradient of an edge, None where there is none and none is needed; and does anything flow along it?"""


class Backward:
    """The backward pass over a graph, the user's or a module's.

    point: the values of its variables
    values: those of all nodes
    wanted: for each node, whether it depends on a variable that gets a gradient
    ties: one of TIES
    flow: for each node, the sum of what comes back to it, if that is known already. It is None where only inactive
        edges use the node: nothing flows there, so nothing below it can go wrong either
    twins: for some input nodes of a module, an earlier one that is the same node outside of it
    known: what the values were made with
    """

    def __init__(
        self,
        graph: Graph,
        point: Mapping[str, Value],
        values: list[Value],
        arithmetic: Arithmetic,
        wanted: Sequence[int],
        ties: str,
        flow: Sequence[Value | None] | None = None,
        twins: Mapping[int, int] = MappingProxyType({}),
        known: Known = NONE,
    ) -> None:
        self.graph, self.point, self.values, self.arithmetic = graph, point, values, arithmetic
        self.wanted, self.ties, self.twins, self.known = wanted, ties, twins, known
        self.zero, self.one = arithmetic.number("0"), arithmetic.number("1")
        self.sums: list[Value | None] = [None] * len(graph.nodes) if flow is None else []
        self.flow: Sequence[Value | None] = self.sums if flow is None else flow
        self.warnings: list[Notice] = []
        self.is_wide = isinstance(arithmetic, Floats) and flow is None and not all(map(is_double, values))
        """Whether something was too small for doubles, so that some of the numbers are no doubles."""

    def trace(self) -> Trace:
        """All that the pass leaves behind. Where the flow was known, edges are made when somebody looks at them."""
        edges = self._walked() if self.flow is self.sums else Edges(self.graph, self._shown)
        upstream = Lazy(len(self.flow), self._upstream)
        values, point, system = self.values, self.point, self.arithmetic
        if self.is_wide and isinstance(system, Floats):
            self._warn_of_lost_value(system)
            values, point = [*map(system.narrow, values)], {name: system.narrow(each) for name, each in point.items()}
        warnings = notices(self.graph, self.arithmetic) + self.warnings[::-1]
        return Trace(self.graph, self.arithmetic, point, values, upstream, edges, warnings)

    def _walked(self) -> Edges:
        """The edges, after a walk from the output to the variables."""
        edges: list[Edge] = []
        self.sums[-1] = self.one
        for gate in self.graph.gates_backward:
            into = self.edges_into(gate)
            for edge in into:
                self.add(edge)
            edges.extend(map(self._narrow, reversed(into)))
        return Edges.stored(self.graph, edges[::-1])

    def _upstream(self, place: int) -> Value | None:
        if not self.wanted[place]:
            return None
        flowed = self.flow[place]
        return self.zero if flowed is None else self.arithmetic.narrow(flowed) if self.is_wide else flowed

    def _shown(self, gate: Gate) -> list[Edge]:
        return [self._narrow(edge) for edge in self.edges_into(gate)]

    def _narrow(self, edge: Edge) -> Edge:
        """The edge as it is shown: in doubles, where they were too small for it."""
        if not self.is_wide or edge.local is None:
            return edge
        return edge._replace(local=self.arithmetic.narrow(edge.local), chained=self.arithmetic.narrow(edge.chained))

    def edges_into(self, gate: Gate) -> list[Edge]:
        """What flows back along each edge into a gate: upstream × local, the chain rule."""
        nodes, upstream = self.graph.nodes, self.flow[gate.position]
        if not self.wanted[gate.position]:
            return [Edge(gate, slot, nodes[i], None, None) for slot, i in enumerate(gate.inputs)]
        inputs = [self.values[i] for i in gate.inputs]
        edges = []
        locals_ = self._locals(gate, inputs, upstream)
        for slot, (i, (local, active)) in enumerate(zip(gate.inputs, locals_, strict=True)):
            if not self.wanted[i]:
                edges.append(Edge(gate, slot, nodes[i], None, None))
            elif upstream is None or not active:
                edges.append(Edge(gate, slot, nodes[i], local, self.zero, active=False))
            else:
                edges.append(self._chained(gate, slot, inputs, upstream, local))
        return edges

    def _chained(self, gate: Gate, slot: int, inputs: list[Value], upstream: Value, local: Value) -> Edge:
        system, chained = self.arithmetic, self.arithmetic.chain(upstream, local)
        if isinstance(system, Floats) and self._loses(system, gate, slot, inputs, upstream, local, chained):
            from .underflow import widely  # which few points need

            self.is_wide = True
            local, chained = widely(system, gate, slot, inputs, upstream, local)
            self._warn_of_underflow(system, gate, slot, local, chained)
        if system.strict and not system.is_finite(chained):
            raise self._place(gate, inputs).chain_overflows(slot, upstream, local)
        if system.of_boxes and local.is_open and not isinstance(gate.op, Module):
            self.warnings.append(steep(self.graph, gate, inputs, system))
        return Edge(gate, slot, self.graph.nodes[gate.inputs[slot]], local, chained)

    def _loses(
        self,
        system: Floats,
        gate: Gate,
        slot: int,
        inputs: list[Value],
        upstream: Value,
        local: Value,
        chained: Value,
    ) -> bool:
        """Whether something is too small for doubles."""
        if not is_double(chained):
            return True
        if isinstance(gate.op, Module):
            return bool(-LEAST < chained < LEAST and upstream != 0 and local != 0)
        return system.loses(gate.op, slot, inputs, self.values[gate.position], upstream, local)

    def add(self, edge: Edge) -> None:
        """Gradients add up at forks."""
        if edge.chained is None or not edge.active:
            return
        before = self.sums[edge.input.position]
        total = edge.chained if before is None else before + edge.chained
        if self.is_wide:
            total = self.arithmetic.nearest(total)
        if self.arithmetic.strict and not self.arithmetic.is_finite(total):
            raise faults.sum_overflows(self.graph, edge.input, self.arithmetic)
        self.sums[edge.input.position] = total

    def _locals(self, gate: Gate, inputs: list[Value], upstream: Value | None) -> list[_Local]:
        """The local gradient of each edge."""
        if self.values[gate.position] is None:
            return [(None, False) for _ in inputs]
        if isinstance(gate.op, Module):
            return self._locals_of_module(gate, gate.op, inputs, upstream)
        try:
            return self._own_locals(gate, inputs, upstream)
        except TooWideError as error:
            raise self._place(gate, inputs).no_value(error) from None

    def _own_locals(self, gate: Gate, inputs: list[Value], upstream: Value | None) -> list[_Local]:
        system, out = self.arithmetic, self.values[gate.position]
        if self.is_wide and not all(map(is_double, (*inputs, out))):
            system = system.wide
            *inputs, out = [None if each is None else system.given(each) for each in (*inputs, out)]
        rule = system.rule(gate.op)
        if gate.op.chooses and upstream is not None:
            self._warn_of_border(gate)
        if rule.kink is not None and upstream is not None and rule.kink(*inputs, out):
            self._warn_of_kink(gate, inputs, rule, out)
        if gate.op.selects and gate.op.variadic:
            locals_ = self._shares(gate, [rule.partial(slot, inputs, out) for slot in range(len(inputs))])
            if self.arithmetic.of_boxes and upstream is not None:
                self._warn_of_choice(gate, inputs, locals_)
            return [(local, bool(local != 0)) for local in locals_]
        values = [
            self._local(system, gate, slot, inputs, out, upstream) if self.wanted[i] else None
            for slot, i in enumerate(gate.inputs)
        ]
        if self.arithmetic.of_boxes and gate.op.selects and rule.kink is None and upstream is not None:
            self._warn_of_choice(gate, inputs, values)
        return [(value, not (gate.op.selects and value == 0)) for value in values]

    def _locals_of_module(
        self, gate: Gate, module: Module, inputs: list[Value], upstream: Value | None
    ) -> list[_Local]:
        """Both passes through the gates of a module: what comes back to its inputs is its local gradients."""
        point = dict(zip(module.inputs, inputs, strict=True))
        wanted = [name for name, i in zip(module.inputs, gate.inputs, strict=True) if self.wanted[i]]
        first: dict[int, int] = {}
        twins = {
            node.position: first.setdefault(self._itself(i), node.position)
            for node, i in zip(module.input_nodes, gate.inputs, strict=True)
        }
        try:
            with faults.told_with(self.graph, gate):
                known = self.known.get(gate.position, NONE)
                values = inside(module, inputs, self.arithmetic, known)
                asked = module.graph.depending_on(wanted)
                inner = Backward(
                    module.graph, point, values, self.arithmetic, asked, self.ties, twins=twins, known=known
                )
                trace = inner.trace()
        except MathError:
            if upstream is None:
                return [(None, False) for _ in inputs]
            raise
        for notice in trace.warnings:
            if upstream is not None or notice.kind == "tie":
                told = faults.in_call(self.graph, gate, notice.message)
                self.warnings.append(notice._replace(node=gate.name, message=told))
        active = {node.name: inner.flow[node.position] is not None for node in module.graph.variables}
        self.is_wide = self.is_wide or inner.is_wide
        flowed = {node.name: inner.flow[node.position] for node in module.graph.variables}
        return [(flowed[name] if active[name] else trace.gradient.get(name), active[name]) for name in module.inputs]

    def _local(
        self, system: Arithmetic, gate: Gate, slot: int, inputs: list[Value], out: Value, upstream: Value | None
    ) -> Value | None:
        """The local gradient of an edge. system: of its inputs and its value."""
        try:
            local = system.rule(gate.op).partial(slot, inputs, out)
            if system is not self.arithmetic:
                local = self.arithmetic.nearest(local)
            if self.arithmetic.is_finite(local) or not self.arithmetic.strict:
                return local
            raise OverflowError
        except (ArithmeticError, ValueError) as error:
            if upstream is None:
                return None
            raise self._place(gate, inputs).no_local(slot, out, upstream, self.wanted, error) from None

    def _place(self, gate: Gate, inputs: list[Value]) -> faults.Place:
        return faults.Place(self.graph, gate, inputs, self.arithmetic)

    def _shares(self, gate: Gate, selected: list[Value]) -> list[Value]:
        """The local gradients of max or min. Constants take part in a tie, though nothing flows into them."""
        nodes = [self._itself(i) for i in gate.inputs]
        tied = {node: slot for slot, (node, local) in enumerate(zip(nodes, selected, strict=True)) if local == 1}
        if len(tied) > 1:
            self._warn_of_tie(gate, [*tied.values()])
        return share(selected, nodes, self.ties)

    def _warn_of_underflow(self, system: Floats, gate: Gate, slot: int, local: Value, chained: Value) -> None:
        """The first time that something is shown with fewer digits than doubles have."""
        name = self.graph.nodes[gate.inputs[slot]].name
        for what, number in (("the local gradient", local), ("the chained gradient", chained)):
            self._tell_underflow(system, gate, f"{what} of {name}", number)

    def _warn_of_lost_value(self, system: Floats) -> None:
        """The first such value, unless a slope is told already."""
        for node, value in zip(self.graph.nodes, self.values, strict=True):
            if not is_double(value) and (self.flow[node.position] is not None or not self.wanted[node.position]):
                self._tell_underflow(system, node, "its value", value)

    def _tell_underflow(self, system: Floats, node: Node, what: str, number: Value) -> None:
        if is_double(number) or any(notice.kind == "underflow" for notice in self.warnings):
            return
        from .underflow import in_doubles

        title = f"{node.name} = {shorten(self.graph.written(node))}" if isinstance(node, Gate) else node.name
        message = f"{title} underflows: {what} is {in_doubles(system, number)}; eval --precision 20 shows it"
        self.warnings.append(Notice("underflow", node.name, message))

    def _warn_of_kink(self, gate: Gate, inputs: list[Value], rule: Rule, out: Value) -> None:
        slot = next(slot for slot, i in enumerate(gate.inputs) if self.wanted[i])
        local = self.arithmetic.show(rule.partial(slot, inputs, out), faults.DIGITS)
        place = self._place(gate, inputs)
        if self.arithmetic.of_boxes and any(not each.is_thin for each in inputs):
            self._warn_of_slopes(gate, inputs)
        else:
            self._warn("kink", gate, f"has a kink at {place}: the gradient {local} there is a convention")

    def _warn_of_choice(self, gate: Gate, inputs: list[Value], locals_: Sequence[Value | None]) -> None:
        """Where a gate hands on one input in one part of a box, and another in another."""
        if any(local is not None and not local.is_thin for local in locals_):
            self._warn_of_slopes(gate, inputs)

    def _warn_of_slopes(self, gate: Gate, inputs: list[Value]) -> None:
        self.warnings.append(slopes(self.graph, gate, inputs, self.arithmetic))

    def _warn_of_tie(self, gate: Gate, tied: Sequence[int]) -> None:
        names = [*dict.fromkeys(self.graph.nodes[gate.inputs[slot]].name for slot in tied)]
        self._warn("tie", gate, faults.tie(", ".join(few(names)), len(tied), self.ties))

    def _warn_of_border(self, gate: Gate) -> None:
        """Where a comparison whose sides are equal decides, beside the point another branch may be taken."""
        [slot] = gate.op.conditions
        if border := self._borders.get(gate.inputs[slot]):
            there = shorten(self.graph.written(border))
            message = f"is at a border, both sides of {there} are equal: the gradient is that of the branch taken"
            self._warn("border", gate, message)

    @cached_property
    def _borders(self) -> Mapping[int, Gate]:
        from .borders import borders

        return borders(self.graph, self.values, self.arithmetic, self.wanted)

    def _itself(self, i: int) -> int:
        """The node that node i is: a module may be handed one node for two of its inputs, or hand on its input."""
        place = self.graph.itself(self.graph.nodes[i]).position
        return self.twins.get(place, place)

    def _warn(self, kind: str, gate: Gate, message: str) -> None:
        self.warnings.append(_notice(kind, self.graph, gate, message))


def slopes(graph: Graph, gate: Gate, inputs: Sequence[Value], system: Arithmetic) -> Notice:
    """That a gate may have a kink, or jump, inside of the boxes of its inputs."""
    does, place = "may jump" if gate.op.jumps else "may have a kink", faults.Place(graph, gate, inputs, system)
    return _notice("kink", graph, gate, f"{does} inside {place}: the slopes on all sides are in its gradient")


def steep(graph: Graph, gate: Gate, inputs: Sequence[Value], system: Arithmetic) -> Notice:
    """That slopes of a gate may have no bound in the boxes of its inputs."""
    place = faults.Place(graph, gate, inputs, system)
    return _notice("unbounded", graph, gate, f"has slopes without a bound, or none, in a part of {place}")


def _notice(kind: str, graph: Graph, gate: Gate, message: str) -> Notice:
    return Notice(kind, gate.name, f"{gate.name} = {shorten(graph.written(gate))} {message}")
