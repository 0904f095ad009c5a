"""The gradient over the names of the program, as one writes it by hand: ∂f/∂w = f·(1 − f)·x."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from ..graph.expand import expand
from ..graph.graph import Constant, Gate, Graph, Node
from ..rules.formula import Formula
from .lazy import Lazy

LONGEST_NAMED = 60
"""Words of such a formula. What would be longer is left to the closed form: forks in forks double it each time."""


@dataclass(frozen=True)
class Product:
    """coefficient × the factors above ÷ the factors below."""

    coefficient: int = 1
    above: tuple[Formula, ...] = ()
    below: tuple[Formula, ...] = ()

    def times(self, formula: Formula) -> Product:
        """The product with one factor more, which is taken apart as far as it is a product itself."""
        head, args = formula.head, formula.args
        match head:
            case "mul":
                return self.times(args[0]).times(args[1])
            case "neg":
                return replace(self, coefficient=-self.coefficient).times(args[0])
            case "div":
                return self.times(args[0]).divided(args[1])
        if not args and head.lstrip("-").isdecimal() and len(head) < 10:
            return replace(self, coefficient=self.coefficient * int(head))
        return replace(self, above=(*self.above, formula))

    def divided(self, formula: Formula) -> Product:
        """The product divided by a factor."""
        factor = Product().times(formula)
        if factor.coefficient != 1 or factor.below:
            return replace(self, below=(*self.below, formula))
        return replace(self, below=(*self.below, *factor.above))

    def scaled(self, number: int) -> Product:
        """The product times a number."""
        return replace(self, coefficient=self.coefficient * number)

    def scaled_to_one(self) -> Product:
        """The product without its coefficient."""
        return replace(self, coefficient=1)

    def only_scale(self) -> Product:
        """Its coefficient alone."""
        return Product(self.coefficient)

    @property
    def formula(self) -> Formula:
        """It as a formula; the sign stands in front."""
        above = _powers(self.above)
        if abs(self.coefficient) != 1 or not above:
            above = [Formula(str(self.coefficient)), *above]
        elif self.coefficient < 0:
            above[0] = -above[0]
        whole = reduce(Formula.__mul__, above)
        return whole / reduce(Formula.__mul__, _powers(self.below)) if self.below else whole


def _powers(factors: Sequence[Formula]) -> list[Formula]:
    """The factors in order, equal ones as a power."""
    counts: dict[str, tuple[Formula, int]] = {}
    for each in factors:
        factor, count = each, 1
        if (
            each.head == "pow"
            and not each.args[1].args
            and each.args[1].head.isdecimal()
            and len(each.args[1].head) < 10
        ):
            factor, count = each.args[0], int(each.args[1].head)
        counts[repr(factor)] = (factor, counts.get(repr(factor), (factor, 0))[1] + count)
    return [factor if count == 1 else factor**count for factor, count in counts.values()]


def named_sum(terms: Sequence[Product]) -> Formula | None:
    """The sum of the terms, of which like ones are put together; None where there are too many."""
    like: dict[str, Product] = {}
    for term in terms:
        key = repr((sorted(map(repr, term.above)), sorted(map(repr, term.below))))
        known = like.get(key)
        like[key] = replace(term, coefficient=term.coefficient + known.coefficient) if known else term
    left = [term for term in like.values() if term.coefficient]
    if not left:
        return Formula("0")
    if len(left) > LONGEST_NAMED:
        return None
    first, *others = sorted(left, key=lambda term: term.coefficient < 0)
    whole = first.formula
    for term in others:
        positive = replace(term, coefficient=abs(term.coefficient)).formula
        whole = whole - positive if term.coefficient < 0 else whole + positive
    return whole


def named_gradient(graph: Graph, wrt: Collection[str] | None = None) -> dict[str, Formula | None]:
    """For each variable that gets a gradient the formula of it; None where that is too long.

    Gates inside modules have no names that a person knows: what they compute stands written out.

    wrt: as in `backpropagate`
    """
    graph = expand(graph, modules_only=True) if graph.modules else graph
    wanted = graph.depending_on(wrt)
    output = graph.output
    terms: dict[int, list[Product] | None] = {node.position: [] for node in graph.nodes}
    terms[output.position] = [Product()]
    gradients: dict[int, Formula | None] = {}
    stages = {name for name, _ in graph.stages}
    names = node_names(graph, stages)
    for node in reversed(graph.nodes):
        if not wanted[node.position]:
            continue
        shares = terms.pop(node.position)
        total = None if shares is None else named_sum(shares)
        if total is not None and (len(total.words) > LONGEST_NAMED or max(map(len, total.words)) > LONGEST_NAMED):
            total = None
        gradients[node.position] = total
        if isinstance(node, Gate):
            for slot, i in enumerate(node.inputs):
                competes_with_itself = node.op.selects and i in node.inputs[:slot]
                if not wanted[i] or competes_with_itself or node.op.partial(slot).head == "none":
                    continue
                before = terms[i]
                local = None if total is None or before is None else _local(node, slot, names)
                if total is None or before is None or local is None:
                    terms[i] = None
                else:
                    before += _share(total, local)
    return {node.name: gradients[node.position] for node in graph.variables if wanted[node.position]}


def _local(gate: Gate, slot: int, names: Sequence[Formula | None]) -> Formula | None:
    """The local gradient over what stands for the nodes; None where that is too long."""
    out = names[gate.position]
    if out is None:
        return None
    if len(gate.op.slots(slot, len(gate.inputs))) > LONGEST_NAMED:
        return None
    if gate.group >= 0 and (len(gate.inputs) > LONGEST_NAMED or None in [names[i] for i in gate.inputs]):
        return None
    return gate.op.local(slot, Lazy(len(gate.inputs), lambda at: names[gate.inputs[at]] or out), out)


def _is_inside(node: Node) -> bool:
    """Whether it is a gate inside a module, and not what the call comes to."""
    return isinstance(node, Gate) and "." in node.name


def node_names(graph: Graph, stages: Collection[str]) -> list[Formula | None]:
    """What stands for each node in a formula; None where that is too long, in a module."""
    names: list[Formula | None] = []
    sizes: list[int] = []
    for node in graph.nodes:
        size, name = 1, None
        if isinstance(node, Gate) and _is_inside(node):
            size = min(1 + sum(sizes[i] for i in node.inputs), LONGEST_NAMED + 1)
            operands = [names[i] for i in node.inputs]
            if size <= LONGEST_NAMED:
                name = node.op.applied([each for each in operands if each is not None])
        else:
            name = _operand(node, stages)
            size = len(name.words)
        names.append(name)
        sizes.append(size)
    return names


def _share(upstream: Formula, local: Formula) -> list[Product]:
    """What an edge brings, unless it is 0."""
    product = Product().times(upstream).times(local)
    return [product] if product.coefficient else []


def _operand(node: Node, stages: Collection[str]) -> Formula:
    """What stands for a node: its name; for a constant without one of its own, what is written, unless that is long."""
    if isinstance(node, Constant) and node.name not in stages and len(node.parts) <= LONGEST_NAMED:
        return node.formula
    return Formula(node.name)
