"""The gradient of a program of arrays as matrix formulas, as one writes it by hand: ∂f/∂W = (2·D) @ Xᵀ."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from ..arithmetic import FLOATS
from ..arithmetic.arrays import Arrays
from ..arithmetic.axes import shape_of
from ..errors import InputError, few
from ..graph.expand import expand
from ..graph.graph import Constant, Gate, Graph, Nodes
from ..graph.nodes import moved
from ..rules.array_op import ArrayOp, Shape
from ..rules.formula import Formula, substitute
from ..rules.printer import TYPED
from ..rules.shape_rules import broadcast
from . import point
from .arrays import no_number
from .matrix_algebra import Algebra, factored
from .matrix_rules import RuleReader, Shaped, plain, summed, whole_of
from .named import Product, node_names
from .nested import read_array
from .origins import meets_itself
from .recognised import recognised
from .shapes import shaped

_STAGE = 8
"""Words of what flows back to a gate; what is longer gets a name, `dS`, and a line of its own."""
_CLOSED = 40
"""Words of a formula over the variables alone; a longer one is left out."""
MEANS = {
    "ones": "ones(n, m): an array of that shape, whose entries are all 1",
    "eye": "eye(n, m): that shape, with 1 on the diagonal and 0 elsewhere",
    "place": "place(u, x[0]): zeros in the shape of x, except u where x[0] is taken from",
    "rest": "rest(x): for each entry of x the product of the others; rest(x, axis=0), of those along that axis",
}
"""What the words mean that formulas have and that programs cannot have."""


@dataclass(frozen=True)
class Matrices:
    """A gradient as matrix formulas.

    graph: the program, modules opened;
    shapes: those of its nodes;
    named: over the names of the program;
    closed: over its variables alone, where that is short and another formula;
    stages: what flows back to gates and is too long to be repeated: `dS`, the gate, and the formula;
    flows: what flows back to each gate, the last one first.
    """

    graph: Graph
    shapes: Mapping[str, Shape]
    named: Mapping[str, Formula]
    closed: Mapping[str, Formula]
    stages: Sequence[tuple[str, str, Formula]]
    flows: Mapping[str, Formula]
    steps: bool = False

    @property
    def gates(self) -> dict[str, Formula]:
        """Each gate over the names of its inputs; what modules compute inside stands written out."""
        names = node_names(self.graph, {name for name, _ in self.graph.stages})
        return {
            gate.name: gate.op.applied(names[i] or Formula(self.graph.nodes[i].name) for i in gate.inputs)
            for gate in self.graph.gates
        }

    @property
    def notes(self) -> list[str]:
        """What the words of formulas mean that programs cannot have."""
        heads = set[str]().union(*(each.heads for each in self.formulas))
        told = "an entry that meets itself counts each time here, and once in eval"
        twice = [f"{name} = {TYPED.text(self.gates[name])}: {told}" for name in self.repeating]
        return [*(means for head, means in MEANS.items() if head in heads), *twice]

    @cached_property
    def repeating(self) -> list[str]:
        """The gates in which an entry competes with itself, as it does in `max(X, X.T)`."""
        shapes = [self.shapes[node.name] for node in self.graph.nodes]
        return [gate.name for gate in self.graph.gates if gate.op.selects and meets_itself(gate, self.graph, shapes)]

    @property
    def formulas(self) -> list[Formula]:
        """All that are shown."""
        flows = self.flows.values() if self.steps else ()
        return [*self.named.values(), *(formula for _, _, formula in self.stages), *flows]


def matrices(
    graph: Graph, given: Mapping[str, Any], wrt: Collection[str] | None = None, *, steps: bool = False
) -> Matrices:
    """The gradient as matrix formulas, from the rules alone.

    given: values of the variables, which tell shapes and nothing else
    wrt: as in `backpropagate`
    steps: whether what flows back to each gate is shown; if not, gates that are written twice count as one, and softmax
        that is written out by hand is softmax

    Raises InputError where a variable has no value, where shapes do not fit, and where the output is no number.
    """
    if missing := point.missing(graph, given):
        error = point.MissingVariablesError(graph, missing, given=given)
        error.message = f"here are arrays, and only a value tells the shape of {', '.join(few(missing))}"
        raise error
    system = Arrays(FLOATS)
    shapes = {node.name: shape_of(read_array(node.name, given[node.name], system)) for node in graph.variables}
    inside = expand(graph, modules_only=True) if graph.modules else graph
    inside = inside if steps else _merged(inside)
    typed, all_shapes = shaped(inside, shapes)
    if all_shapes[-1]:
        raise no_number(graph, all_shapes[-1])
    taken = typed if steps else recognised(typed, all_shapes)
    return replace(_Backward(taken, all_shapes, wrt).matrices(), steps=steps)


def _merged(graph: Graph) -> Graph:
    """The graph, in which equal gates are one, unless the program names them."""
    stages = {name for name, _ in graph.stages}
    nodes, places = Nodes(), list[int]()
    known: dict[object, int] = {}
    for node in graph.nodes:
        node = moved(node, places)
        key = (
            (node.op, node.inputs)
            if isinstance(node, Gate)
            else repr(node.formula)
            if isinstance(node, Constant)
            else node.name
        )
        if key in known and node.group < 0 and node.name not in stages:
            places.append(known[key])
        else:
            places.append(nodes.append(node))
            known.setdefault(key, places[-1])
    return graph._replace(nodes=nodes)


class _Backward:
    """The backward pass on formulas."""

    def __init__(self, graph: Graph, shapes: Sequence[Shape], wrt: Collection[str] | None) -> None:
        self.graph, self.shapes = graph, shapes
        self.wanted = graph.depending_on(wrt)
        found = node_names(graph, {name for name, _ in graph.stages})
        self.names = [each or Formula(node.name) for each, node in zip(found, graph.nodes, strict=True)]
        self.terms: dict[int, list[tuple[Product, Shape]]] = {}
        applied = {each.name: each.op.applied(self.names[i] for i in each.inputs) for each in graph.gates}
        self.algebra = Algebra(applied, {node.name: shape for node, shape in zip(graph.nodes, shapes, strict=True)})

    def matrices(self) -> Matrices:
        graph, taken = self.graph, {*self.graph.nodes.names}
        self.terms[graph.output.position] = [(Product(), ())]
        named: dict[str, Formula] = {}
        flows: dict[str, Formula] = {}
        stages: list[tuple[str, str, Formula]] = []
        for node in reversed(graph.nodes):
            place = node.position
            if not self.wanted[place] or isinstance(node, Constant):
                continue
            total = self._total(self.terms.pop(place, []))
            whole = whole_of(total, self.shapes[place])
            if not isinstance(node, Gate):
                named[node.name] = whole.formula
                continue
            flows[node.name] = whole.formula
            if len(whole.formula.words) > _STAGE:
                word = f"d{node.name}"
                while word in taken:
                    word += "_"
                taken.add(word)
                stages.append((word, node.name, whole.formula))
                total = Shaped(Formula(word), self.shapes[place])
                self.algebra.shapes[word] = self.shapes[place]
            for slot, i in enumerate(node.inputs):
                competes_with_itself = node.op.selects and i in node.inputs[:slot]
                if self.wanted[i] and not competes_with_itself and node.op.partial(slot).head != "none":
                    shares = [share for share in self._shares(node, slot, total) if share[0].coefficient]
                    self.terms.setdefault(i, []).extend(shares)
        gradient = {node.name: named[node.name] for node in graph.variables if node.name in named}
        by_name = {node.name: shape for node, shape in zip(graph.nodes, self.shapes, strict=True)}
        closed = self._closed(gradient, {word for word, _, _ in stages})
        return Matrices(graph, by_name, gradient, closed, stages, flows)

    def _total(self, terms: Sequence[tuple[Product, Shape]]) -> Shaped:
        products, shape = [product for product, _ in terms], broadcast([shape for _, shape in terms])
        total = self.algebra.sum(products, shape) or factored(products)
        if total is None:
            message = f"{len(terms):,} terms are too many for a formula"
            raise InputError(message, hint="eval takes the program as it is")
        own = self.algebra.shape(total) if len(terms) > 1 else None  # narrower, where terms cancel
        return Shaped(total, () if total.is_number else shape if own is None else own)

    def _closed(self, named: Mapping[str, Formula], staged: set[str]) -> dict[str, Formula]:
        """The formulas over variables alone."""
        full: dict[str, Formula] = {}
        sizes: dict[str, int] = {}
        for node in self.graph.gates:
            inputs = [substitute(self.names[i], full) for i in node.inputs]
            size = 1 + sum(sizes.get(word, 1) for i in node.inputs for word in self.names[i].words)
            if size <= _CLOSED:
                full[node.name], sizes[node.name] = node.op.applied(inputs), size
        apart = {node.name for node in self.graph.gates} | staged
        found: dict[str, Formula] = {}
        for name, formula in named.items():
            closed = plain(substitute(formula, full))
            is_new = repr(closed) != repr(formula)
            if is_new and len(closed.words) <= _CLOSED and apart.isdisjoint(closed.words):
                found[name] = closed
        return found

    def _shares(self, gate: Gate, slot: int, total: Shaped) -> Iterable[tuple[Product, Shape]]:
        """The terms of what an edge brings, each in the shape of its input or a narrower one."""
        op, whole, part = gate.op, self.shapes[gate.position], self.shapes[gate.inputs[slot]]
        stands: dict[str, Shaped] = {"upstream": total}
        operands: list[Formula] = []
        for i in gate.inputs:
            node, name = self.graph.nodes[i], self.names[i]
            if isinstance(node, Constant) and not self.shapes[i]:
                operands.append(name)
            else:
                stands[f"#{i}"] = Shaped(name, self.shapes[i])
                operands.append(Formula(f"#{i}"))
        stands["#out"] = Shaped(self.names[gate.position], whole)
        rule = RuleReader(op, part, whole, [self.shapes[i] for i in gate.inputs], stands, self.algebra)
        if not isinstance(op, ArrayOp):
            local = rule.read(op.local(slot, operands, "#out"))
            product = Product().times(self.algebra.chained(total.formula, local.formula))
            return [_unbroadcast(product, broadcast([total.shape, local.shape]), whole, part)]
        if op.pulls_back(slot):
            found = rule.read(op.local(slot, operands, "#out"))
            return self.algebra.terms(found.formula, found.shape)
        upstream = rule.spread(total, part)
        if op.selects:
            stands["#out"] = rule.spread(stands["#out"], part)
        local = rule.read(op.local(slot, operands, "#out"))
        product = Product().times(upstream.formula).times(local.formula)
        return [(product, broadcast([upstream.shape, local.shape]))]


def _unbroadcast(product: Product, shape: Shape, whole: Shape, part: Shape) -> tuple[Product, Shape]:
    """The sum of a product over the axes along which the input was broadcast.

    shape: the product's own, which may be narrower than the gate's
    """
    lead, missing = len(whole) - len(part), len(whole) - len(shape)
    times, axes = 1, []
    for axis, length in enumerate(whole):
        kept = axis >= lead
        if kept and part[axis - lead] == length:
            continue
        own = axis - missing
        if own < 0 or shape[own] != length:
            times *= length
        if own >= 0 and (shape[own] != 1 or not kept):
            axes.append((own, kept))
    if not axes:
        return product.scaled(times), shape
    inner = product.scaled_to_one().formula
    found = product.only_scale().scaled(times)
    if len(axes) == len(shape) and not part:
        return found.times(Formula("sum()", inner)), ()
    lengths: list[int] = [*shape]
    for own, kept in reversed(axes):
        inner = summed(inner, own, kept)
        if kept:
            lengths[own] = 1
        else:
            del lengths[own]
    return found.times(inner), tuple(lengths)
