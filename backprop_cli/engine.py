"""Forward, backward: one graph, one point, one arithmetic → a Trace, whose unit of truth is the edge."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from . import faults
from .arithmetic import FLOATS, Arithmetic, Value
from .formula import Formula, substitute, tidy
from .graph import Graph, Node

TIES = ("both", "split", "first")
"""What inputs of max or min that tie receive: 1 each (CS231n), equal shares (PyTorch, JAX), all to the first."""


class Edge(NamedTuple):
    """One use of a node as an input of a gate.

    local: ∂gate/∂input, from the gate alone; chained: upstream × local. Both are None where no gradient is asked for
    (the input is a constant). On an inactive edge chained is 0, and local is None where it does not exist.
    """

    gate: Node
    slot: int
    input: Node
    local: Value | None
    chained: Value | None


class Notice(NamedTuple):
    """A warning. kind: `tie`, `kink` or `constant`; node: its name."""

    kind: str
    node: str
    message: str


@dataclass(frozen=True, eq=False)
class Trace:
    """One forward and one backward pass. `values[i]` and `upstream[i]` belong to `graph.nodes[i]`.

    upstream: ∂output/∂node, None where no gradient is asked for; edges: all of them, in forward order of their gates.
    """

    graph: Graph
    arithmetic: Arithmetic
    point: Mapping[str, Value]
    values: list[Value]
    upstream: list[Value | None] = field(repr=False)
    edges: list[Edge] = field(repr=False)
    warnings: list[Notice]

    @property
    def value(self) -> Value:
        """The value of the output."""
        return self.values[-1]

    @cached_property
    def gradient(self) -> dict[str, Value]:
        """∂output/∂variable for each variable asked for, in order of first use."""
        return {
            node.name: self.upstream[node.index]
            for node in self.graph.variables
            if self.upstream[node.index] is not None
        }

    @property
    def constants(self) -> dict[str, Value]:
        """The names that were read as constants, with their values."""
        return {name: self.arithmetic.constant(name) for name in self.graph.constants}

    @cached_property
    def _first_edge(self) -> list[int]:
        first = [0]
        for node in self.graph.nodes:
            first.append(first[-1] + len(node.inputs))
        return first

    def edges_of(self, gate: Node) -> list[Edge]:
        """The edges into a gate, by slot."""
        return self.edges[self._first_edge[gate.index] : self._first_edge[gate.index + 1]]

    def rule(self, edge: Edge) -> Formula:
        """The formula of the edge's local gradient, over the names of this gate's inputs."""
        op = edge.gate.op
        assert op is not None
        inputs = [edge.input] if op.variadic else [self.graph.nodes[i] for i in edge.gate.inputs]
        words = dict(zip(op.inputs, (node.name for node in inputs), strict=True))
        return tidy(substitute(op.partial(edge.slot), words))


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
    value = arithmetic.constant(node.literal)
    if arithmetic.strict and not arithmetic.is_finite(value):
        raise faults.too_large(graph, node)
    return value


class _Backward:
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
        self.edges: list[Edge] = []
        self.warnings = [
            Notice("constant", name, f"{name} is read as the constant {faults.number(arithmetic.constant(name))}…; a value for it makes it a variable")
            for name in graph.constants
            if name in ("e", "E")
        ]

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
        nodes = self.graph.nodes
        # None: nothing has flowed here (yet). A node that only inactive edges use stays so, and everything below it.
        flow: list[Value | None] = [None] * len(nodes)
        if self.wanted[-1]:
            flow[-1] = self.one
        for node in reversed(nodes):
            if node.op is None:
                continue
            upstream = flow[node.index]
            edges = self._unwanted(node) if not self.wanted[node.index] else self._edges(node, upstream)
            self.edges.extend(reversed(edges))
            if upstream is None:
                continue
            for edge, active in zip(edges, self._active(node, edges), strict=True):
                if active:
                    before = flow[edge.input.index]
                    after = edge.chained if before is None else before + edge.chained
                    if self.arithmetic.strict and not self.arithmetic.is_finite(after):
                        raise faults.sum_overflows(self.graph, edge.input)
                    flow[edge.input.index] = after
        upstream_of = [
            None if not wanted else self.zero if flowed is None else flowed
            for wanted, flowed in zip(self.wanted, flow, strict=True)
        ]
        self.edges.reverse()
        self.warnings.sort(key=lambda notice: notice.kind == "constant")
        return Trace(
            self.graph, self.arithmetic, self.point, self.values, upstream_of, self.edges, self.warnings[::-1]
        )

    def _unwanted(self, gate: Node) -> list[Edge]:
        return [Edge(gate, slot, self.graph.nodes[i], None, None) for slot, i in enumerate(gate.inputs)]

    def _active(self, gate: Node, edges: list[Edge]) -> list[bool]:
        """Which edges carry anything: not those into constants, nor those that a routing gate did not select."""
        routes = gate.op is not None and gate.op.role == "routes"
        return [edge.chained is not None and not (routes and edge.local == 0) for edge in edges]

    def _edges(self, gate: Node, upstream: Value | None) -> list[Edge]:
        """The edges of a gate; `upstream` None means that nothing flows here, and then nothing can go wrong here."""
        assert gate.op is not None
        inputs = [self.values[i] for i in gate.inputs]
        out = self.values[gate.index]
        rule = self.arithmetic.rule(gate.op)
        routes = gate.op.role == "routes"
        shares = self._shares(gate, inputs, out) if routes and gate.op.variadic else None
        if rule.kink is not None and upstream is not None and rule.kink(*inputs, out):
            self._warn("kink", gate, f"has a kink at {faults.at(self.graph, gate, inputs)}: the gradient 0 is a convention")
        edges = []
        for slot, i in enumerate(gate.inputs):
            local = chained = None
            if self.wanted[i]:
                local = shares[slot] if shares else self._local(gate, slot, inputs, out, upstream)
                chained = self.zero if upstream is None or (routes and local == 0) else upstream * local
                if self.arithmetic.strict and not self.arithmetic.is_finite(chained):
                    raise faults.chain_overflows(self.graph, gate, slot, upstream, local)
            edges.append(Edge(gate, slot, self.graph.nodes[i], local, chained))
        return edges

    def _local(self, gate: Node, slot: int, inputs: list[Value], out: Value, upstream: Value | None) -> Value | None:
        assert gate.op is not None
        partials = self.arithmetic.rule(gate.op).partials
        try:
            local = partials[0](inputs[slot], out) if gate.op.variadic else partials[slot](*inputs, out)
        except (ArithmeticError, ValueError):
            local = None
        if local is not None and (self.arithmetic.is_finite(local) or not self.arithmetic.strict):
            return local
        if upstream is not None:
            raise faults.no_local(self.graph, gate, slot, inputs, out, upstream, self.wanted, self.arithmetic)
        return None

    def _shares(self, gate: Node, inputs: list[Value], out: Value) -> list[Value]:
        """The local gradients of max or min. Constants take part in a tie, though nothing flows into them."""
        selects = self.arithmetic.rule(gate.op).partials[0]  # type: ignore[arg-type]
        locals_ = [selects(value, out) for value in inputs]
        tied = [slot for slot, local in enumerate(locals_) if local == 1]
        if len(tied) > 1:
            names = ", ".join(dict.fromkeys(self.graph.nodes[gate.inputs[slot]].name for slot in tied))
            convention = {"both": "each gets 1", "split": f"each gets 1/{len(tied)}", "first": "the first gets 1"}[self.ties]
            self._warn("tie", gate, f"has a tie of {names}: {convention} by convention (--ties {self.ties})")
            for slot in tied:
                if self.ties == "split":
                    locals_[slot] = self.one / len(tied)
                elif self.ties == "first" and slot != tied[0]:
                    locals_[slot] = self.zero
        return locals_

    def _warn(self, kind: str, gate: Node, message: str) -> None:
        written = self.graph.written(gate)
        self.warnings.append(Notice(kind, gate.name, f"{gate.name} = {written} {message}"))
