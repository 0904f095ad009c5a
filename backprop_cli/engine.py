"""Forward, backward: one graph, one point, one arithmetic → a Trace."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from . import faults
from .arithmetic import FLOATS, Arithmetic, Value, share_tie
from .graph import Graph, Node
from .trace import Edge, Notice, Trace


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
    values = forward(graph, point, arithmetic)
    return _Backward(graph, point, values, arithmetic, wrt, ties).run()


def forward(graph: Graph, point: Mapping[str, Value], arithmetic: Arithmetic) -> list[Value]:
    """The value of each node. Raises MathError where there is none."""
    values: list[Value] = []
    for node in graph.nodes:
        if node.op is not None:
            values.append(_gate_value(graph, node, values, arithmetic))
        elif node.is_constant:
            values.append(_constant_value(graph, node, arithmetic))
        else:
            values.append(point[node.name])
    return values


def _gate_value(graph: Graph, node: Node, values: list[Value], arithmetic: Arithmetic) -> Value:
    assert node.op is not None
    inputs = [values[i] for i in node.inputs]
    try:
        value = arithmetic.rule(node.op).value(*inputs)
    except (ArithmeticError, ValueError) as error:
        raise faults.no_value(graph, node, inputs, arithmetic, error) from None
    if arithmetic.strict and not arithmetic.is_finite(value):
        raise faults.no_value(graph, node, inputs, arithmetic, OverflowError())
    return value


def _constant_value(graph: Graph, node: Node, arithmetic: Arithmetic) -> Value:
    if node.body:
        return forward(Graph(graph.source, node.body), {}, arithmetic)[-1]
    try:
        value = arithmetic.constant(node.literal)
    except OverflowError:
        raise faults.too_large(graph, node, arithmetic) from None
    if arithmetic.strict and not arithmetic.is_finite(value):
        raise faults.too_large(graph, node, arithmetic)
    return value


class _Backward:
    """The backward pass. `flow[i]` is the sum of what has come back to node i, or None while nothing has.

    A node that only inactive edges use stays at None: nothing flows there, so nothing below it can go wrong either.
    """

    def __init__(
        self,
        graph: Graph,
        point: Mapping[str, Value],
        values: list[Value],
        arithmetic: Arithmetic,
        wrt: Collection[str] | None,
        ties: str,
    ) -> None:
        self.graph = graph
        self.point = point
        self.values = values
        self.arithmetic = arithmetic
        self.ties = ties
        self.zero, self.one = arithmetic.number("0"), arithmetic.number("1")
        self.wanted = self._wanted(wrt)
        self.flow: list[Value | None] = [None] * len(graph.nodes)
        self.edges: list[Edge] = []
        self.warnings: list[Notice] = []

    def _wanted(self, wrt: Collection[str] | None) -> list[bool]:
        """For each node: does it depend on a variable that gets a gradient?"""
        wanted: list[bool] = []
        for node in self.graph.nodes:
            if node.op is not None:
                wanted.append(any(wanted[i] for i in node.inputs))
            else:
                wanted.append(not node.is_constant and (wrt is None or node.name in wrt))
        return wanted

    def run(self) -> Trace:
        self.flow[-1] = self.one
        for node in reversed(self.graph.nodes):
            if node.op is not None:
                self.edges.extend(reversed(self._through(node)))
        upstream = [
            (self.zero if flowed is None else flowed) if wanted else None
            for wanted, flowed in zip(self.wanted, self.flow, strict=True)
        ]
        edges, warnings = self.edges[::-1], self._constants_used() + self.warnings[::-1]
        return Trace(self.graph, self.arithmetic, self.point, self.values, upstream, edges, warnings)

    def _through(self, gate: Node) -> list[Edge]:
        """Send what has come back to a gate on along its edges."""
        nodes, upstream = self.graph.nodes, self.flow[gate.position]
        if not self.wanted[gate.position]:
            return [Edge(gate, slot, nodes[i], None, None) for slot, i in enumerate(gate.inputs)]
        inputs = [self.values[i] for i in gate.inputs]
        locals_ = self._locals(gate, inputs, upstream)
        routes = gate.op is not None and gate.op.role == "routes"
        edges = []
        for slot, (i, local) in enumerate(zip(gate.inputs, locals_, strict=True)):
            chained = None
            if self.wanted[i]:
                active = upstream is not None and not (routes and local == 0)
                chained = self._chain(gate, slot, upstream, local) if active else self.zero
            edges.append(Edge(gate, slot, nodes[i], local if self.wanted[i] else None, chained))
        return edges

    def _chain(self, gate: Node, slot: int, upstream: Value, local: Value) -> Value:
        """The chain rule, for one edge: multiply, and add to what has already come back to the input."""
        chained = upstream * local
        if self.arithmetic.strict and not self.arithmetic.is_finite(chained):
            raise faults.chain_overflows(self.graph, gate, slot, upstream, local, self.arithmetic)
        i = gate.inputs[slot]
        before = self.flow[i]
        total = chained if before is None else before + chained
        if self.arithmetic.strict and not self.arithmetic.is_finite(total):
            raise faults.sum_overflows(self.graph, self.graph.nodes[i], self.arithmetic)
        self.flow[i] = total
        return chained

    def _locals(self, gate: Node, inputs: list[Value], upstream: Value | None) -> list[Value | None]:
        """The local gradient of each edge; None where there is none and none is needed."""
        assert gate.op is not None
        rule, out = self.arithmetic.rule(gate.op), self.values[gate.position]
        if rule.kink is not None and upstream is not None and rule.kink(*inputs, out):
            place = faults.at(self.graph, gate, inputs, self.arithmetic)
            self._warn("kink", gate, f"has a kink at {place}: the gradient 0 there is a convention")
        if gate.op.role == "routes" and gate.op.variadic:
            return self._shares(gate, [rule.partial(slot, inputs, out) for slot in range(len(inputs))])
        return [
            self._local(gate, slot, inputs, out, upstream) if self.wanted[i] else None
            for slot, i in enumerate(gate.inputs)
        ]

    def _local(self, gate: Node, slot: int, inputs: list[Value], out: Value, upstream: Value | None) -> Value | None:
        assert gate.op is not None
        try:
            local = self.arithmetic.rule(gate.op).partial(slot, inputs, out)
            if self.arithmetic.is_finite(local) or not self.arithmetic.strict:
                return local
            raise OverflowError
        except (ArithmeticError, ValueError) as error:
            if upstream is None:
                return None
            system = self.arithmetic
            raise faults.no_local(self.graph, gate, slot, inputs, out, upstream, self.wanted, system, error) from None

    def _shares(self, gate: Node, selected: list[Value]) -> list[Value]:
        """The local gradients of max or min. Constants take part in a tie, though nothing flows into them."""
        tied = [slot for slot, local in enumerate(selected) if local == 1]
        if len(tied) < 2:
            return selected
        share = {"both": "each gets 1", "split": f"each gets 1/{len(tied)}", "first": "the first gets 1"}[self.ties]
        names = ", ".join(dict.fromkeys(self.graph.nodes[gate.inputs[slot]].name for slot in tied))
        self._warn("tie", gate, f"has a tie of {names}: {share} by convention (--ties {self.ties})")
        return share_tie(selected, self.ties)

    def _warn(self, kind: str, gate: Node, message: str) -> None:
        self.warnings.append(Notice(kind, gate.name, f"{gate.name} = {self.graph.written(gate)} {message}"))

    def _constants_used(self) -> list[Notice]:
        system = self.arithmetic
        notices = []
        for name in self.graph.constants:
            if name in ("e", "E"):
                value = system.show(system.constant(name), faults.DIGITS)
                message = f"{name} is read as the constant {value}…; give {name} a value to make it a variable"
                notices.append(Notice("constant", name, message))
        return notices
