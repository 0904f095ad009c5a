"""The graph: a flat list of nodes in forward order. It knows nothing of numbers; arithmetics interpret it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

from ..errors import Span, shorten
from ..rules.formula import Formula
from ..rules.op import Op
from .nodes import Constant, Gate, Node, Nodes, Variable

__all__ = [
    "MAX_DEPTH",
    "MAX_OPENED",
    "Constant",
    "Gate",
    "Graph",
    "Group",
    "Module",
    "Node",
    "Nodes",
    "Variable",
    "label",
    "opened",
    "partial",
    "validate",
]  # fmt: skip

MAX_OPENED = 200_000
"""Gates that the modules of a program come to when all are opened: modules of modules multiply."""
MAX_DEPTH = 50
"""Modules inside each other."""


def partial(above: str, below: str) -> str:
    """`∂f/∂x`: a partial derivative by the names of two nodes; one with a dot in it is in brackets: `∂f/∂(f.q3)`."""
    above, below = (f"({name})" if "." in name else name for name in (above, below))
    return f"∂{above}/∂{below}"


_SETTING = r"\b(?:axis|keepdims|dim|keepdim)\s*="  # of an operation on arrays


class Group(NamedTuple):
    """A module's call whose gates are shown. They are named after it (`q3.q1`), and its output bears its own name.

    name: that of the call's output
    module: the name of the module
    parent: the index of the group around this one, −1 for none
    call: the operation over the names of its inputs (`sigma(q2)`)
    """

    name: str
    module: str
    parent: int = -1
    call: str = ""


class Graph(NamedTuple):
    """The circuit of one program.

    source: the text of the program
    nodes: in forward order, the output last
    constants: the names that were read as constants
    stages: the names that the program assigns to, and where
    unused: those of them that are left out, because nothing uses them
    groups: the modules' calls that were opened, each behind the one around it
    """

    source: str
    nodes: Nodes
    constants: tuple[str, ...] = ()
    stages: tuple[tuple[str, Span], ...] = ()
    unused: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()

    @property
    def is_program(self) -> bool:
        """Whether the source assigns or defines anything; an expression alone has = in comparisons, and in axis=0."""
        source = self.source
        for sign in ("==", "<=", ">=", "!="):
            source = source.replace(sign, "")
        return "=" in (re.sub(_SETTING, "", source) if self.of_arrays else source)

    @property
    def modules(self) -> bool:
        """Whether a gate is the call of a module."""
        return any(isinstance(op, Module) for op in chain(self.nodes.ops, self.nodes.folded))

    @property
    def of_arrays(self) -> bool:
        """Whether an operation takes arrays as wholes, here, in a constant or in a module."""
        ops = chain(self.nodes.kinds, self.nodes.folded)
        return any(op.graph.of_arrays if isinstance(op, Module) else op.of_arrays for op in ops)

    @property
    def output(self) -> Node:
        return self.nodes[-1]

    @property
    def variables(self) -> list[Node]:
        """In the order in which the program first names them."""
        return [self.nodes[i] for i in self.nodes.variables]

    @property
    def gates(self) -> Iterator[Gate]:
        """The gates, in forward order."""
        return (node for node in self.nodes if isinstance(node, Gate))

    @property
    def gates_backward(self) -> Iterator[Gate]:
        """The gates, the output first."""
        return (node for node in reversed(self.nodes) if isinstance(node, Gate))

    def depending_on(self, names: Collection[str] | None) -> bytearray:
        """For each node: does it depend on one of these variables (on any, if None)? 1 or 0.

        A condition does not: it has no gradient.
        """
        found, names = bytearray(len(self.nodes)), None if names is None else {*names}
        for i in self.nodes.variables:
            found[i] = names is None or self.nodes.names[i] in names
        truths = {op for op in self.nodes.kinds if op.truth}
        for i, inputs in enumerate(self.nodes.inputs):
            for each in inputs:
                if found[each]:
                    found[i] = not (truths and self.nodes.ops[i] in truths)
                    break
        return found

    def ungraded(self, place: int) -> str:
        """Why a node gets no gradient, as words behind its name."""
        op = self.nodes.ops[place]
        return "is a condition, which gets no gradient" if op and op.truth else "gets no gradient (see --wrt)"

    def itself(self, node: Node) -> Node:
        """The node that a node is: what a module hands on as it is, is no other."""
        while isinstance(node, Gate) and isinstance(node.op, Module) and node.op.hands_on is not None:
            node = self.nodes[node.inputs[node.op.hands_on]]
        return node

    def around(self, node: Node) -> list[int]:
        """The groups that the node is in, outermost first."""
        found: list[int] = []
        group = node.group
        while group >= 0:
            found.append(group)
            group = self.groups[group].parent
        return found[::-1]

    def name_of(self, node: Node) -> str:
        """The node's name; for a part of a constant, which has none, what stands in the source."""
        return node.name or label(self.source, node.span)

    def written(self, node: Node) -> str:
        """The operation of a gate over the names of its inputs (`q1 * z`); the number, the constant, the variable."""
        if isinstance(node, Gate):
            return node.op.written(self.nodes[i].name for i in node.inputs)
        return (isinstance(node, Constant) and label(self.source, node.span)) or node.name

    def title(self, node: Node) -> str:
        """`q2 = log(q1)`, shortened; a part of a constant goes by what is written."""
        if not self.variables:
            return shorten(self.name_of(node))
        return f"{node.name} = {shorten(self.written(node))}"


class Module(Op):
    """A gate made of gates.

    name: what it is called by
    inputs: their names, in the order of a call
    graph: its circuit, whose variables are the inputs
    read: the last of the inputs, which a call does not write, because the module reads them from around it

    Its local gradients come from both passes over that circuit; its partials are only names for them: ∂sigma/∂t.
    """

    def __init__(self, name: str, inputs: Sequence[str], graph: Graph, read: Sequence[str] = ()) -> None:
        value, partials = Formula(name, *map(Formula, inputs)), [Formula(f"∂{name}/∂{each}") for each in inputs]
        super().__init__(name, " ".join(inputs), value, *partials)
        self.graph = graph
        places = {node.name: node for node in graph.variables}
        self.input_nodes = [places[each] for each in inputs]
        self.read = {each: places[each].span for each in read}
        asked = {gate.inputs[slot] for gate in graph.gates for slot in gate.op.conditions}
        self.conditions = frozenset(slot for slot, node in enumerate(self.input_nodes) if node.position in asked)
        ops = [op for op in chain(graph.nodes.ops, graph.nodes.folded) if op]
        self.size = sum(op.size for op in ops)
        self.depth = 1 + max((op.depth for op in ops), default=0)
        last = graph.output
        self.truth = isinstance(last, Gate) and last.op.truth
        self.chooses = graph.nodes.chooses
        self.hands_on = self._hands_on()
        """The slot of the input that the module hands on as it is (`same(t) = t`); None where it does more."""

    def _hands_on(self) -> int | None:
        node = self.graph.itself(self.graph.output)
        return self.inputs.index(node.name) if isinstance(node, Variable) else None

    def __reduce__(self) -> tuple[Any, ...]:
        return Module, (self.name, self.inputs, self.graph, [*self.read])

    def local(self, slot: int, _operands: Iterable[str | Formula], _out: str | Formula) -> Formula:
        """The name of the local gradient, which is all the rule that a module has."""
        return self.partials[slot]

    def applied(self, inputs: Iterable[Formula]) -> Formula:
        """The call over these inputs: a function, even where the module is called like an operator's row (`add`)."""
        return Formula(f"{self.name}()", *islice(inputs, len(self.inputs) - len(self.read)))


def misused(op: Op, inputs: Sequence[Op | None]) -> int | None:
    """The first slot that gets a condition where the operation takes a number, or the other way round.

    inputs: the operations of the nodes that go in, None for what is no gate
    """
    for slot, each in enumerate(inputs):
        if (each is not None and each.truth) != (slot in op.conditions):
            return slot
    return None


def opened(nodes: Nodes) -> tuple[int, int]:
    """How many gates calls of modules, and constants, come to when all are opened; and how deep modules lie in them."""
    ops = [*(op for op in nodes.ops if isinstance(op, Module)), *nodes.folded]
    return sum(op.size for op in ops), max((op.depth for op in ops), default=0)


def label(source: str, span: Span) -> str:
    """What stands there in the source, on one line and without comments; a superscript in plain digits."""
    lines = source[slice(*span)].split("\n")
    text = " ".join(" ".join(line.partition("#")[0] for line in lines).split())
    return text.translate(_PLAIN) if _SUPERSCRIPTS.issuperset(text) else text


_PLAIN = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_SUPERSCRIPTS = frozenset(map(chr, _PLAIN))


def validate(graph: Graph) -> None:
    """Raise ValueError unless the graph is in forward order, well formed, and names each node once, except constants.

    Each node is used, except inputs, and except what goes into an opened module that ignores it.
    """
    if not graph.nodes:
        raise ValueError("a graph has at least one node")
    _validate_nodes(graph.nodes)
    names = [node.name for node in graph.nodes if not isinstance(node, Constant)]
    if len(set(names)) != len(names):
        raise ValueError("two nodes have the same name")
    used = {i for node in graph.nodes for i in node.inputs} | {graph.output.position}
    if not graph.groups and any(node.position not in used for node in graph.nodes if not isinstance(node, Variable)):
        raise ValueError("a node is not used")
    if any(not -1 <= node.group < len(graph.groups) for node in graph.nodes):
        raise ValueError("a node is in a group that does not exist")
    if any(not -1 <= group.parent < here for here, group in enumerate(graph.groups)):
        raise ValueError("a group is in one that does not come before it")


def _validate_nodes(nodes: Nodes) -> None:
    for here, node in enumerate(nodes):
        if any(not 0 <= i < here for i in node.inputs):
            raise ValueError(f"node {node.name} has an input that does not come before it")
        if isinstance(node, Gate) and not node.op.accepts(len(node.inputs)):
            raise ValueError(f"node {node.name} is not a use of {node.op.name}")
        if isinstance(node, Constant) and node.body:
            _validate_nodes(node.body)
            if not all(isinstance(part, Gate) or (isinstance(part, Constant) and part.literal) for part in node.body):
                raise ValueError(f"constant {node.name} is not made of numbers and gates alone")
