"""The gradient over the names of the program, as one writes it by hand: ∂f/∂w = f·(1 − f)·x."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from ..graph.graph import Constant, Gate, Graph, Module, Node
from ..rules.formula import Formula
from .lazy import Lazy

LONGEST_NAMED = 60
"""Words of such a formula. What would be longer is left to the closed form: forks in forks double it each time."""


@dataclass(frozen=True)
class _Product:
    """coefficient × the factors above ÷ the factors below."""

    coefficient: int = 1
    above: tuple[Formula, ...] = ()
    below: tuple[Formula, ...] = ()

    def times(self, formula: Formula) -> _Product:
        """The product with one factor more, which is taken apart as far as it is a product itself."""
        head, args = formula.head, formula.args
        match head:
            case "mul":
                return self.times(args[0]).times(args[1])
            case "neg":
                return replace(self, coefficient=-self.coefficient).times(args[0])
            case "div":
                return self.times(args[0]).over(args[1])
        if not args and head.lstrip("-").isdecimal() and len(head) < 10:
            return replace(self, coefficient=self.coefficient * int(head))
        return replace(self, above=(*self.above, formula))

    def over(self, formula: Formula) -> _Product:
        """The product divided by a factor."""
        factor = _Product().times(formula)
        if factor.coefficient != 1 or factor.below:
            return replace(self, below=(*self.below, formula))
        return replace(self, below=(*self.below, *factor.above))

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


def _sum(terms: Sequence[_Product]) -> Formula | None:
    """The sum of the terms, of which like ones are put together; None where there are too many."""
    like: dict[str, _Product] = {}
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
    """For each variable that gets a gradient the formula of it; None where that is too long, or goes through a module.

    wrt: as in `backpropagate`
    """
    wanted = graph.depending_on(wrt)
    output = graph.output
    terms: dict[int, list[_Product] | None] = {node.position: [] for node in graph.nodes}
    terms[output.position] = [_Product()]
    gradients: dict[int, Formula | None] = {}
    stages = {name for name, _ in graph.stages}
    names = [_operand(node, stages) for node in graph.nodes]
    for node in reversed(graph.nodes):
        if not wanted[node.position]:
            continue
        shares = terms.pop(node.position)
        total = None if shares is None else _sum(shares)
        if total is not None and (len(total.words) > LONGEST_NAMED or max(map(len, total.words)) > LONGEST_NAMED):
            total = None
        gradients[node.position] = total
        if isinstance(node, Gate):
            for slot, i in enumerate(node.inputs):
                if not wanted[i] or node.op.partial(slot).head == "none":
                    continue
                if total is None or isinstance(node.op, Module):
                    terms[i] = None
                elif (before := terms[i]) is not None:
                    local = node.op.local(slot, _operands(node, names), node.name)
                    before += _share(total, local)
    return {node.name: gradients[node.position] for node in graph.variables if wanted[node.position]}


def _operands(gate: Gate, names: Sequence[Formula]) -> Sequence[Formula]:
    return Lazy(len(gate.inputs), lambda slot: names[gate.inputs[slot]])


def _share(upstream: Formula, local: Formula) -> list[_Product]:
    """What an edge brings, unless it is 0."""
    product = _Product().times(upstream).times(local)
    return [product] if product.coefficient else []


def _operand(node: Node, stages: Collection[str]) -> Formula:
    """What stands for a node: its name; for a constant without one of its own, what is written, unless that is long."""
    if isinstance(node, Constant) and node.name not in stages and len(node.parts) <= LONGEST_NAMED:
        return node.formula
    return Formula(node.name)
