"""What one forward and one backward pass leave behind. The edge is the unit of truth; every view is made of these."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from operator import attrgetter
from typing import Any, NamedTuple, overload

from ..arithmetic import FLOATS, Arithmetic, Value
from ..errors import FEW, quote, shorten
from ..graph.graph import Gate, Graph, Module, Node
from ..language.spellings import prefixes
from ..rules.formula import Formula
from .lazy import Lazy


class Edge(NamedTuple):
    """One use of a node as an input of a gate.

    slot: which of the gate's inputs it is
    local: ∂gate/∂input, from the gate alone
    chained: upstream × local
    active: whether anything flows along it; nothing does into the loser of a max

    Local and chained are None where no gradient is asked for: the input is a constant. On an edge that is not active
    chained is 0, whatever is above and below it, and local is None where it does not exist.
    """

    gate: Gate
    slot: int
    input: Node
    local: Value | None
    chained: Value | None
    active: bool = True


class Edges(Sequence[Edge]):
    """The edges of a graph, in forward order of their gates, each gate's made when it is looked at."""

    def __init__(self, graph: Graph, of: Callable[[Gate], list[Edge]]) -> None:
        """of: the edges into a gate, by slot."""
        self.graph = graph
        self.of = of

    @classmethod
    def stored(cls, graph: Graph, edges: list[Edge]) -> Edges:
        """Edges that are there already, all of them in order."""
        first = [0]
        for inputs in graph.nodes.inputs:
            first.append(first[-1] + len(inputs))
        return cls(graph, lambda gate: edges[first[gate.position] : first[gate.position + 1]])

    def __reduce__(self) -> tuple[Any, ...]:
        return Edges.stored, (self.graph, [*self])

    @cached_property
    def _all(self) -> list[Edge]:
        return list(self)

    def __iter__(self) -> Iterator[Edge]:
        for gate in self.graph.gates:
            yield from self.of(gate)

    def __len__(self) -> int:
        return sum(map(len, self.graph.nodes.inputs))

    @overload
    def __getitem__(self, index: int) -> Edge: ...
    @overload
    def __getitem__(self, index: slice) -> list[Edge]: ...
    def __getitem__(self, index: int | slice) -> Edge | list[Edge]:
        return self._all[index]


class Notice(NamedTuple):
    """A warning.

    kind: `tie`, `kink`, `unbounded`, `border`, `constant`, `prefix`, `unused`, `precision`, `underflow`,
        `first-order`, `digits`, `time` or `shape`
    node: the name of the node that it is about; of what is inside a module, that of the call
    message: the whole of it
    """

    kind: str
    node: str
    message: str


_DIGITS = 6  # of a constant in a warning, and of a number in `repr`
_LISTED = 6  # gradients, in `repr`
CONVENTIONS = ("tie", "kink", "border")
"""Kinds of warnings that say that a gradient is a convention."""
EVERYWHERE = ("constant", "prefix", "unused")
"""Kinds of warnings that are of the graph, and so the same at each point."""


def notices(graph: Graph, system: Arithmetic) -> list[Notice]:
    """The warnings that are of the graph."""
    found = []
    for name in graph.constants:
        if name in ("e", "E"):
            known = FLOATS if system.of_boxes else system
            value = known.show(known.constant(name), _DIGITS)
            message = f"{name} is read as the constant {value}…; give {name} a value to make it a variable"
            found.append(Notice("constant", name, message))
    if dropped := [quote(each) for each in prefixes(graph.source)]:
        names, are = " and ".join(dropped), "are" if len(dropped) > 1 else "is"
        found.append(Notice("prefix", graph.output.name, f"{names} {are} left out: functions need no library here"))
    return found + [Notice("unused", name, f"nothing uses {name}: it is left out") for name in graph.unused]


def told(notices: Iterable[Notice]) -> Iterator[str]:
    """Warnings as lines: the first FEW of each kind, and how many more there are."""
    counts: dict[str, int] = {}
    for notice in notices:
        count = counts[notice.kind] = counts.get(notice.kind, 0) + 1
        if count <= FEW:
            yield f"warning: {notice.message}"
    for kind, count in counts.items():
        if count > FEW:
            yield beyond(kind, count - FEW)


def beyond(kind: str, count: int) -> str:
    """The line for so many more warnings of a kind."""
    return f"warning: {count:,} more of the kind '{kind}'"


Pair = tuple[str, str]
"""The names of two variables."""


class Uncertainty(NamedTuple):
    """What the uncertainties of variables make of the output, to first order.

    sigma: the standard uncertainty of the output
    sigmas: those of the variables
    components: ∂f/∂x · σ of each variable
    shares: of each in σ²; their sum is 1. Empty where σ is 0
    correlations: of two variables each, where there are any
    """

    sigma: Value
    sigmas: Mapping[str, Value]
    components: Mapping[str, Value]
    shares: Mapping[str, Value]
    correlations: Mapping[Pair, Value]


class Held(NamedTuple):
    """How many digits hold of each number of a trace, None where there is no number.

    right: the enclosures of the same numbers
    values, upstream: for each node
    edges: of the local and the chained gradient, by the position of the gate and the slot
    """

    right: Trace
    values: Sequence[int | None]
    upstream: Sequence[int | None]
    edges: Mapping[tuple[int, int], tuple[int | None, int | None]]


class Trace:
    """One forward and one backward pass.

    point: the value of each variable
    values: that of each node, as they stand in the graph; None for what has none, in a branch that is not taken
    upstream: ∂output/∂node for each node, None where no gradient is asked for
    edges: all of them, in forward order of their gates
    warnings: those of the graph, then those of this point
    hessian: ∂²output/∂row∂column by the names of two variables, where second derivatives are asked for
    jacobian: for each variable the matrix of every output by every entry of it, where that is asked for
    monotone: of variables that are boxes, those along which the output never falls (1), never rises (−1), or stays (0)
    uncertainty: what the uncertainties of variables make of the output, where a variable has one
    held: how many digits hold, of doubles, where that is asked for
    left_out: rows of data that have no result
    """

    def __init__(
        self,
        graph: Graph,
        arithmetic: Arithmetic,
        point: Mapping[str, Value],
        values: Sequence[Value],
        upstream: Sequence[Value | None],
        edges: Edges,
        warnings: list[Notice],
        hessian: Mapping[str, Mapping[str, Value]] | None = None,
        jacobian: Mapping[str, Value] | None = None,
        monotone: Mapping[str, int] | None = None,
        uncertainty: Uncertainty | None = None,
        held: Held | None = None,
        left_out: int = 0,
    ) -> None:
        self.graph, self.arithmetic, self.point, self.values = graph, arithmetic, point, values
        self.upstream, self.edges, self.warnings, self.hessian = upstream, edges, warnings, hessian
        self.jacobian, self.monotone, self.uncertainty, self.held = jacobian, monotone, uncertainty, held
        self.left_out = left_out

    def __repr__(self) -> str:
        def show(value: Value) -> str:
            return shorten(self.arithmetic.show(value, _DIGITS), 20)

        slopes = [f"{shorten(name, 20)}: {show(value)}" for name, value in islice(self.gradient.items(), _LISTED)]
        slopes += ["…"] * (len(self.gradient) > _LISTED)
        return f"<Trace of {quote(self.graph.source)}: {show(self.value)}, gradient {{{', '.join(slopes)}}}>"

    def but(self, **changes: Any) -> Trace:
        """The same trace, except for these of its parts."""
        return Trace(**self.parts() | changes)

    def parts(self) -> dict[str, Any]:
        """What it is made of, by name."""
        names = (
            "graph arithmetic point values upstream edges warnings hessian jacobian monotone uncertainty held left_out"
        )
        return {name: getattr(self, name) for name in names.split()}

    @cached_property
    def has_axes(self) -> bool:
        """Whether any node is an array."""
        return self.arithmetic.has_arrays and any(map(self.arithmetic.shape, self.values))

    def is_pullback(self, edge: Edge) -> bool:
        """Whether what flows back along the edge comes from a rule, and not from a local gradient."""
        return edge.chained is not None and edge.gate.op.pulls_back(edge.slot)

    @property
    def value(self) -> Value:
        """The value of the output."""
        return self.values[-1]

    @cached_property
    def gradient(self) -> dict[str, Value]:
        """∂output/∂variable for each variable asked for, in order of first use."""
        names, variables = self.graph.nodes.names, self.graph.nodes.variables
        return {names[i]: self.upstream[i] for i in variables if self.upstream[i] is not None}

    @cached_property
    def conventions(self) -> list[Notice]:
        """The warnings of ties, kinks and borders that the gradient rests on: f depends on their gates here."""
        told = [notice for notice in self.warnings if notice.kind in CONVENTIONS]
        if not told:
            return []
        reached = {self.graph.output.position}
        for gate in self.graph.gates_backward:
            if gate.position in reached:
                reached.update(edge.input.position for edge in self.edges.of(gate) if edge.active)
        jumping = {gate.name for gate in self.graph.gates if isinstance(gate.op, Module) or gate.op.jumps}
        names = self.graph.nodes.names
        felt = {names[i] for i in reached if names[i] in jumping or not self._vanishes(self.upstream[i])}
        return [notice for notice in told if notice.node in felt]

    def _vanishes(self, upstream: Value | None) -> bool:
        return upstream is not None and self.arithmetic.vanishes(upstream)

    def is_by_convention(self, variable: str) -> bool:
        """Whether the variable's gradient comes through a tie, a kink or a border, where f may have no slope."""
        if not self.conventions:
            return False
        below = self.graph.depending_on([variable])
        gates = {gate.name: below[gate.position] for gate in self.graph.gates}
        return any(gates[notice.node] for notice in self.conventions)

    @property
    def constants(self) -> dict[str, Value]:
        """The names that were read as constants, with their values."""
        return {name: self.arithmetic.constant(name) for name in self.graph.constants}

    def edges_of(self, node: Node) -> list[Edge]:
        """The edges into a gate, by slot; into another node there are none."""
        return self.edges.of(node) if isinstance(node, Gate) else []

    def rule(self, edge: Edge, name: Callable[[Node], str] | None = None) -> Formula:
        """The formula of the edge's local gradient, over the names of this gate's inputs and `out`.

        name: what stands for an input, and for the gate instead of `out`.
        """
        gate, op = edge.gate, edge.gate.op
        if not gate.passes_on(edge.slot):
            return Formula("0")
        called = name or attrgetter("name")
        inputs = Lazy(len(gate.inputs), lambda slot: called(self.graph.nodes[gate.inputs[slot]]))
        return op.local(edge.slot, inputs, name(gate) if name else "out")
