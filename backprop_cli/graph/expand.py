"""Calls of modules, and compound primitives, opened into their gates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from ..rules.formula import Formula
from ..rules.op import Op
from ..rules.printer import TYPED
from ..rules.table import gates_of, primitive
from .graph import Graph, Group, Module
from .nodes import Constant, Gate, Node, Nodes, Variable, moved

_NOWHERE = (0, 0)  # the span of what stands in no source


def expand(graph: Graph, *, modules_only: bool = False) -> Graph:
    """The graph with the gates inside every module in place of its calls, in groups that bear the calls' names.

    Primitives that the table says to be made of others (`sigmoid`, `hypot`) open too, unless `modules_only`.
    """
    return _Expansion(graph, _module if modules_only else _module_or_compound).opened()


def without_conditions(graph: Graph) -> Graph:
    """The graph with the gates of modules that take conditions in place of their calls: other modules take numbers."""
    return _Expansion(graph, lambda gate: _module(gate) if gate.op.conditions else None).opened()


def _module(gate: Gate) -> Module | None:
    return gate.op if isinstance(gate.op, Module) else None


def _module_or_compound(gate: Gate) -> Module | None:
    return _module(gate) or module_of(gate.op, len(gate.inputs))


@lru_cache(maxsize=1_000)
def module_of(op: Op, count: int) -> Module | None:
    """A compound primitive of `count` inputs as a module; None where it is a gate by itself."""
    gates = gates_of(op)
    if gates is None:
        return None
    inputs = [f"{op.inputs[0]}{number}" for number in range(1, count + 1)] if op.variadic else [*op.inputs]
    nodes = Nodes(Variable(place, name, _NOWHERE) for place, name in enumerate(inputs))
    _add(nodes, gates, {name: place for place, name in enumerate(inputs)}, inputs)
    return Module(op.name, inputs, Graph("", nodes))


def _add(nodes: Nodes, formula: Formula, places: Mapping[str, int], inputs: Sequence[str]) -> int:
    """Append the nodes of a formula (a row's, so it is small); return where its output stands."""
    head, args = formula.head, formula.args
    if head in places:
        return places[head]
    if head == "total":
        terms = [_add(nodes, args[0], {**places, "x": places[name]}, inputs) for name in inputs]
        while len(terms) > 1:
            terms[:2] = [nodes.append(Gate(0, "", _NOWHERE, primitive("add"), (terms[0], terms[1])))]
        return terms[0]
    if head == "count":
        return nodes.append(_constant(Formula(str(len(inputs)))))
    if not {*places, "x", "count"}.intersection(formula.words):
        return nodes.append(_constant(formula))
    operands = tuple(_add(nodes, arg, places, inputs) for arg in args)
    return nodes.append(Gate(0, "", _NOWHERE, primitive(head), operands))


def _constant(formula: Formula) -> Constant:
    if not formula.args:
        return Constant(0, formula.head, _NOWHERE, formula.head)
    body = Nodes()

    def add(part: Formula) -> int:
        if not part.args:
            return body.append(_constant(part))
        return body.append(Gate(0, TYPED.text(part), _NOWHERE, primitive(part.head), tuple(map(add, part.args))))

    add(formula)
    return Constant(0, TYPED.text(formula), _NOWHERE, body=body)


class _Expansion:
    def __init__(self, graph: Graph, module: Callable[[Gate], Module | None]) -> None:
        self.graph = graph
        self.module = module
        self.nodes = Nodes()
        self.groups: list[Group] = list(graph.groups)
        self.numbers: dict[str, int] = {}  # gates named so far inside each call

    def opened(self) -> Graph:
        output = self.copy(self.graph, {}, None)
        return self.graph._replace(nodes=_output_last(self.nodes, output), groups=tuple(self.groups))

    def copy(self, graph: Graph, places: dict[int, int], call: Gate | None) -> int:
        """Append the nodes of a graph; return where its output stands.

        places: where nodes of the graph already are
        call: what the graph stands in place of, None at the top; modules lie inside each other MAX_DEPTH deep at most
        """
        for node in graph.nodes:
            if node.position in places:
                continue
            copied = node if call is None else self.placed(graph, node, call)
            if isinstance(copied, Constant) and copied.body:
                copied = copied._replace(body=_opened(graph.source, copied.body))
            elif isinstance(copied, Gate):
                copied = moved(copied, places)
                if module := self.module(copied):
                    places[node.position] = self.open(module, copied)
                    continue
            places[node.position] = self.nodes.append(copied)
        return places[graph.output.position]

    def open(self, module: Module, call: Gate) -> int:
        """Append what is inside a call, as a group; return where its output stands."""
        written = call.op.written(self.nodes.names[i] for i in call.inputs)
        self.groups.append(Group(call.name, call.op.name, call.group, written))
        places = {node.position: i for node, i in zip(module.input_nodes, call.inputs, strict=True)}
        return self.copy(module.graph, places, call._replace(group=len(self.groups) - 1))

    def placed(self, graph: Graph, node: Node, call: Gate) -> Node:
        """A node of a module's graph, with the name, span and group that it has in one call.

        The output takes the call's own name.
        """
        span = node.span if graph.source else _NOWHERE if isinstance(node, Constant) else call.span
        if node.position == graph.output.position:
            name = call.name
        elif not isinstance(node, Gate):
            name = node.name
        else:
            number = self.numbers[call.name] = self.numbers.get(call.name, 0) + 1
            name = f"{call.name}.q{number}"
        return node._replace(name=name, span=span, group=call.group)


def _opened(source: str, body: Nodes) -> Nodes:
    """The nodes of a constant, calls of modules among them opened: numbers and primitives in any case."""
    if not any(isinstance(op, Module) for op in body.ops):
        return body
    parts = Nodes()
    places: list[int] = []
    for node in expand(Graph(source, body), modules_only=True).nodes:
        if isinstance(node, Constant) and node.body:
            here = range(len(parts), len(parts) + len(node.body))
            places.append([parts.append(moved(part, here)) for part in node.body][-1])
        else:
            places.append(parts.append(moved(node, places)._replace(group=-1)))
    return parts


def _output_last(nodes: Nodes, output: int) -> Nodes:
    """The nodes, the output last. Behind it may stand what goes into an input that a module ignores: all but what
    depends on the output itself stays.
    """
    if output == len(nodes) - 1:
        return nodes
    above = [False] * output + [True] + [False] * (len(nodes) - output - 1)
    for place in range(output + 1, len(nodes)):
        above[place] = any(above[i] for i in nodes.inputs[place])
    return nodes.select([*(i for i in range(len(nodes)) if not above[i]), output])
