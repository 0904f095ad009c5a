"""Calls of modules, and compound primitives, opened into their gates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from ..rules.formula import Formula
from ..rules.printer import TYPED, text
from ..rules.table import Op, named
from .graph import Graph, Group, Module
from .nodes import Node, Nodes

_NOWHERE = (0, 0)  # the span of what stands in no source


def expand(graph: Graph, *, modules_only: bool = False) -> Graph:
    """The graph with the gates inside every module in place of its calls, in groups that bear the calls' names.

    Primitives that the table says to be made of others (`sigmoid`, `hypot`) open too, unless `modules_only`.
    """
    return _Expansion(graph, modules_only).run()


@lru_cache(maxsize=1_000)
def module_of(op: Op, count: int) -> Module | None:
    """A compound primitive of `count` inputs as a module; None where it is a gate by itself."""
    if op.gates is None:
        return None
    inputs = [f"{op.inputs[0]}{number}" for number in range(1, count + 1)] if op.variadic else [*op.inputs]
    nodes = [Node(place, name, _NOWHERE) for place, name in enumerate(inputs)]
    _add(nodes, op.gates, {name: place for place, name in enumerate(inputs)}, inputs)
    return Module(op.name, inputs, Graph("", tuple(nodes)))


def _add(nodes: list[Node], formula: Formula, places: Mapping[str, int], inputs: Sequence[str]) -> int:
    """Append the nodes of a formula (a row's, so it is small); return where its output stands."""
    head, args = formula.head, formula.args
    if head in places:
        return places[head]
    if head == "total":
        terms = [_add(nodes, args[0], {**places, "x": places[name]}, inputs) for name in inputs]
        while len(terms) > 1:
            terms[:2] = [_append(nodes, Node(0, "", _NOWHERE, named("add"), (terms[0], terms[1])))]
        return terms[0]
    if not formula.words & {*places, "x"}:
        return _append(nodes, _constant(formula))
    operands = tuple(_add(nodes, arg, places, inputs) for arg in args)
    return _append(nodes, Node(0, "", _NOWHERE, named(head), operands))


def _constant(formula: Formula) -> Node:
    if not formula.args:
        return Node(0, formula.head, _NOWHERE, literal=formula.head)
    body: list[Node] = []

    def add(part: Formula) -> int:
        if not part.args:
            return _append(body, _constant(part))
        return _append(body, Node(0, text(part, TYPED), _NOWHERE, named(part.head), tuple(map(add, part.args))))

    add(formula)
    return Node(0, text(formula, TYPED), _NOWHERE, body=tuple(body))


def _append(nodes: list[Node], node: Node) -> int:
    nodes.append(node._replace(position=len(nodes)))
    return len(nodes) - 1


class _Expansion:
    def __init__(self, graph: Graph, modules_only: bool) -> None:
        self.graph = graph
        self.modules_only = modules_only
        self.nodes: list[Node] = []
        self.groups: list[Group] = list(graph.groups)
        self.numbers: dict[str, int] = {}  # gates named so far inside each call

    def run(self) -> Graph:
        output = self.copy(self.graph, {}, None)
        return self.graph._replace(nodes=_output_last(self.nodes, output), groups=tuple(self.groups))

    def copy(self, graph: Graph, places: dict[int, int], call: Node | None) -> int:
        """Append the nodes of a graph, at the top or in place of a call; return where its output stands.

        places: where nodes of the graph already are. Modules lie inside each other at most MAX_DEPTH deep.
        """
        for node in graph.nodes:
            if node.position in places:
                continue
            copied = node if call is None else self.placed(graph, node, call)
            if copied.op is None:
                places[node.position] = _append(self.nodes, copied._replace(body=_opened(graph.source, copied.body)))
                continue
            inputs = tuple(places[i] for i in node.inputs)
            module = self.module(copied.op, len(inputs))
            if module is None:
                places[node.position] = _append(self.nodes, copied._replace(inputs=inputs))
                continue
            written = copied.op.written(self.nodes[i].name for i in inputs)
            self.groups.append(Group(copied.name, copied.op.name, copied.group, written))
            copied = copied._replace(group=len(self.groups) - 1)
            inside = {node.position: i for node, i in zip(module.input_nodes, inputs, strict=True)}
            places[node.position] = self.copy(module.inside, inside, copied)
        return places[graph.output.position]

    def placed(self, graph: Graph, node: Node, call: Node) -> Node:
        """A node of a module's inside, named and placed for one call. The output takes the call's own name."""
        span = node.span if graph.source else _NOWHERE if node.is_constant else call.span
        if node.position == graph.output.position:
            name = call.name
        elif node.op is None:
            name = node.name
        else:
            number = self.numbers[call.name] = self.numbers.get(call.name, 0) + 1
            name = f"{call.name}.q{number}"
        return node._replace(name=name, span=span, group=call.group)

    def module(self, op: Op, count: int) -> Module | None:
        if isinstance(op, Module):
            return op
        return None if self.modules_only else module_of(op, count)


def _opened(source: str, body: tuple[Node, ...]) -> tuple[Node, ...]:
    """The parts of a constant, calls of modules among them opened: a list of numbers and primitives in any case."""
    if not any(isinstance(part.op, Module) for part in body):
        return body
    parts: list[Node] = []
    places: list[int] = []
    for node in expand(Graph(source, body), modules_only=True).nodes:
        first = len(parts)
        for part in node.body or (node,):
            inputs = [first + i for i in part.inputs] if node.body else [places[i] for i in part.inputs]
            _append(parts, part._replace(inputs=tuple(inputs), group=-1))
        places.append(len(parts) - 1)
    return tuple(parts)


def _output_last(nodes: list[Node], output: int) -> Nodes:
    """The nodes, the output last. Behind it may stand what goes into an input that a module ignores: all but what
    depends on the output itself stays.
    """
    above = [False] * len(nodes)
    for node in nodes[output:]:
        above[node.position] = node.position == output or any(above[i] for i in node.inputs)
    kept = [node for node in nodes if not above[node.position]] + [nodes[output]]
    places = {node.position: here for here, node in enumerate(kept)}
    return Nodes(node._replace(inputs=tuple(places[i] for i in node.inputs)) for node in kept)
