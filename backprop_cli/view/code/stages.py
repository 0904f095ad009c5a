"""A graph as a staged program, in no language yet: a formula for each gate, and one for the chain rule on each edge.

A formula of a stage is written over the placeholders of `formulas`. Gates of one kind, with the same constants, share
their formulas.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial, reduce
from math import nan
from typing import NamedTuple

from ...arithmetic import FLOATS, Value
from ...errors import MathError
from ...graph.graph import Constant, Gate, Graph, Module, Node
from ...passes.forward import constant_value
from ...passes.lazy import Lazy
from ...rules.array_op import ArrayOp
from ...rules.formula import Formula, substitute, tidy
from ...rules.op import Op
from ...rules.printer import READING
from ...rules.table import CONSTANTS, TABLE
from . import whole
from .formulas import IN, ONCE, OUT, PARTS, UPSTREAM, canonical, chained_by, computed, decided, value_of
from .repeats import Repeats

NODE = "__n{}__"
"""Any node, by its position."""
MOST = 64
"""Alternatives under which a node is needed, up to which it is computed under these conditions alone."""
FEW_FACTORS = 8
"""Inputs of a gate up to which a product of the others is written out on each edge."""
_AT_ONCE = {"portion": "portions", "others": "others"}
"""Words of partials that are parts of a list, and the helpers that compute it."""
LONGEST = 60
"""Parts of a constant's formula. A longer one is written as the number that it is."""


class Chain(NamedTuple):
    """The chain rule on one edge.

    chained: upstream × local, as computed;
    rule: the local gradient, as read;
    conditional: the local gradient over the words of the row where it needs a case distinction, and is best a function
        of its own.
    """

    chained: Formula
    rule: str
    conditional: Formula | None = None


class Stages:
    """The formulas of a graph's stages.

    wrt: the variables that get gradients, None for all;
    wanted: for each node, whether it gets one;
    ties: as in `backpropagate`, for operations on arrays;
    axes: how many of them each node has, where values tell; the rows are then those for these.

    Raises MathError where a constant has no value that is needed whatever conditions say.
    """

    def __init__(
        self, graph: Graph, wrt: Collection[str] | None = None, ties: str = "both", axes: Sequence[int] | None = None
    ) -> None:
        self.graph, self.ties, self.axes, self.repeats = graph, ties, axes, Repeats(graph)
        self.wanted = graph.depending_on(wrt)
        named = {name for name, _ in graph.stages}
        self.constants: dict[int, Formula] = {}
        self.named: dict[int, Formula] = {}
        self.numbers: dict[int, float] = {}
        without: dict[int, MathError] = {}  # constants that have no value, which a branch may leave alone
        for node in graph.nodes:
            if isinstance(node, Constant):
                try:
                    self.numbers[node.position], formula = _constant(graph, node)
                except MathError as error:
                    self.numbers[node.position], formula, without[node.position] = nan, Formula("nan"), error
                is_stage = node.name in named and node.group < 0
                (self.named if is_stage else self.constants)[node.position] = formula
        self.mixed: set[int] = set()  # what an operation on arrays below a choice needs: every entry, chosen or not
        self.needs = _needs(graph, self.mixed) if graph.nodes.chooses else {}
        for i in without:
            if i == graph.output.position or any(i in gate.inputs and self._reads(gate, i) for gate in graph.gates):
                raise without[i]
        self._values: dict[object, Formula] = {}
        self._chains: dict[object, Chain] = {}

    def _reads(self, gate: Gate, i: int) -> bool:
        """Whether a gate needs the node in this place whatever conditions say."""
        is_choice = gate.op.chooses and not isinstance(gate.op, Module)
        slots = gate.op.conditions if is_choice else gate.slots
        return gate.position not in self.needs and any(gate.inputs[slot] == i for slot in slots)

    def forward(self) -> Iterator[Node]:
        """The nodes in forward order, each behind the conditions under which it is needed; none that never is."""
        nodes, done = self.graph.nodes, bytearray(len(self.graph.nodes))
        for i in range(len(nodes)):
            stack = [] if self.needs.get(i) == _NEVER else [i]
            while stack:
                here = stack[-1]
                conditions = (place for need in self.needs.get(here, ()) for place, _ in need)
                before = [place for place in (*nodes.inputs[here], *conditions) if not done[place]]
                if before and not done[here]:
                    stack += sorted(before, reverse=True)
                    continue
                stack.pop()
                if not done[here]:
                    done[here] = 1
                    yield nodes[here]

    def backward(self) -> Iterator[Gate]:
        """The gates that pass a gradient on, in reverse order."""
        reached = {self.graph.output.position}
        for gate in self.graph.gates_backward:
            if gate.position in reached and self.wanted[gate.position]:  # what only a condition needs is not
                reached.update(i for i in gate.inputs if self.wanted[i])
                yield gate

    def value(self, gate: Gate) -> Formula:
        """What the gate computes."""
        op, slots = gate.op, range(len(gate.inputs))
        key = (op, len(slots), axes := self._axes(gate), *self._fixed(gate, slots))
        if isinstance(op, ArrayOp) and key not in self._values:
            self._values[key] = whole.value(op, [self._operand(gate, slot) for slot in slots], axes)
        elif key not in self._values:
            operands = [self._operand(gate, slot) for slot in slots]
            self._values[key] = value_of(op, operands, self._known(gate, slots))
        return self._values[key]

    def chain(self, gate: Gate, slot: int, *, seed: bool = False) -> Chain:
        """What flows back along an edge. seed: whether the gate's upstream is 1, and goes without saying."""
        op, count = gate.op, len(gate.inputs)
        slots = self._about(op, slot, count)
        is_repeated = self.repeats.is_among(gate)
        key = (op, slot, seed, count, is_repeated, axes := self._axes(gate), *self._fixed(gate, slots))
        if isinstance(op, ArrayOp) and key not in self._chains:
            inputs = [self._operand(gate, each) for each in range(count)]
            once = Formula(ONCE) if is_repeated else None
            chained = whole.pulled(
                op, slot, inputs, Formula(OUT), Formula(UPSTREAM), ties=self.ties, axes=axes, once=once
            )
            self._chains[key] = Chain(chained, self._rule(gate, slot))
        elif key not in self._chains:
            local, conditional = self.local(gate, slot), None
            if "where" in local.heads:
                partial = computed(op.partial(slot))
                words = op.words(op.operands(self._operands(gate), slot), Formula(OUT))
                used = [words[name] for name in parameters(op, partial)]
                conditional, local = partial, Formula(f"{local_name(op, slot)}()", *used)
            upstream = None if seed else Formula(UPSTREAM)
            self._chains[key] = Chain(chained_by(upstream, local), self._rule(gate, slot), conditional)
        return self._chains[key]

    def moved(self, gate: Gate, numbers: Sequence[str]) -> Formula:
        """What a gate that only moves entries makes of numbers that they have. numbers: what stands for them."""
        assert isinstance(gate.op, ArrayOp)
        inputs = [*map(Formula, numbers)] + [self._operand(gate, slot) for slot in gate.slots[len(numbers) :]]
        return whole.value(gate.op, inputs, self._axes(gate))

    def _axes(self, gate: Gate) -> tuple[int, ...] | None:
        """How many axes each input of an operation on arrays has, where values tell."""
        known = self.axes if isinstance(gate.op, ArrayOp) else None
        return None if known is None else tuple(known[i] for i in gate.inputs)

    def local(self, gate: Gate, slot: int) -> Formula:
        """The local gradient of an edge."""
        op, slots = gate.op, self._about(gate.op, slot, len(gate.inputs))
        words = op.edge(slot, self._operands(gate), Formula(OUT))
        words["portion"] = Formula(f"{PARTS}[{slot}]")
        if "others" in words and len(gate.inputs) > FEW_FACTORS:
            words["others"] = Formula(f"{PARTS}[{slot}]")
        elif "others" in words and len(gate.inputs) > 3:
            words["others"] = op.applied(each for i, each in enumerate(self._operands(gate)) if i != slot)
        partial = substitute(computed(op.partial(slot)), words)
        return tidy(decided(partial, self._known(gate, slots)))

    def parts(self, gate: Gate) -> tuple[str, list[Formula]] | None:
        """The helper that computes all local gradients of a gate at once, and its inputs; None of most gates."""
        if not gate.op.variadic or (head := computed(gate.op.partial(0)).head) not in _AT_ONCE:
            return None
        if head == "others" and len(gate.inputs) <= FEW_FACTORS:
            return None
        return _AT_ONCE[head], [self._operand(gate, slot) for slot in gate.slots]

    def guard(self, node: Node) -> Formula | None:
        """The condition under which a node is needed, over NODE.format(position); None where it always is.

        What a condition says that does not stand there itself goes without saying: it does not hold then.
        """
        alternatives = self.needs.get(node.position, frozenset())
        terms: list[Formula] = []
        for need in sorted(map(sorted, alternatives)):
            implied = frozenset[Literal]().union(
                *(known for i, holds in need if holds and (known := self._known_with(i)) <= {*need} - {(i, holds)})
            )
            literals = [
                Formula(NODE.format(i)) if holds else Formula("not", Formula(NODE.format(i)))
                for i, holds in need
                if (i, holds) not in implied
            ]
            terms.append(reduce(partial(Formula, "and"), literals))
        return reduce(partial(Formula, "or"), terms) if terms else None

    def is_needed(self, node: Node, values: Sequence[Value | None]) -> bool:
        """Whether a node is needed where the nodes have these values."""
        needs = self.needs.get(node.position)
        return needs is None or any(all(values[i] is holds for i, holds in need) for need in needs)

    def _known_with(self, condition: int) -> frozenset[Literal]:
        """What holds wherever a condition does."""
        [*known] = self.needs.get(condition, ())
        return known[0] if len(known) == 1 else frozenset()

    def selected(self, gate: Gate, slot: int) -> Formula:
        """The condition under which an input of max or min, be it a constant, is the output."""
        return Formula("eq", self._operand(gate, slot), Formula(OUT))

    def _rule(self, gate: Gate, slot: int) -> str:
        def shown(each: int) -> str:
            return self.graph.nodes[i].name if (i := gate.inputs[each]) in self.constants else IN.format(each)

        return READING.text(gate.op.local(slot, Lazy(len(gate.inputs), shown), OUT))

    def _operands(self, gate: Gate) -> Lazy[Formula]:
        return Lazy(len(gate.inputs), lambda slot: self._operand(gate, slot))

    def _operand(self, gate: Gate, slot: int) -> Formula:
        return self.constants.get(gate.inputs[slot]) or Formula(IN.format(slot))

    def _about(self, op: Op, slot: int, count: int) -> Sequence[int]:
        """Which of the inputs the partial for one of them is about, as it is computed."""
        is_written = "others" in computed(op.partial(slot)).words and count <= FEW_FACTORS
        is_of_one = op.variadic and not isinstance(op, ArrayOp) and not is_written
        return (slot,) if is_of_one else op.slots(slot, count)

    def _fixed(self, gate: Gate, slots: Iterable[int]) -> list[str | int | None]:
        """The constants among the inputs, which are part of the formula: as written, or which stage it is."""
        return [self._constant_at(gate.inputs[slot]) for slot in slots]

    def _constant_at(self, i: int) -> str | int | None:
        return self.graph.nodes[i].name if i in self.constants else i if i in self.named else None

    def _known(self, gate: Gate, slots: Iterable[int]) -> dict[str, float]:
        """The values of constants that are stages of their own."""
        return {IN.format(slot): self.numbers[i] for slot in slots if (i := gate.inputs[slot]) in self.named}


Literal = tuple[int, bool]
"""A condition by its position, and whether it holds."""
_NEVER = frozenset[frozenset[Literal]]()


def _needs(graph: Graph, mixed: set[int]) -> dict[int, frozenset[frozenset[Literal]]]:
    """For each node that is not always needed, when it is: alternatives, each of conditions that hold or not.

    mixed: receives what is needed as a whole where a choice takes an entry of it.
    """
    always = frozenset([frozenset[Literal]()])
    needs: dict[int, frozenset[frozenset[Literal]]] = {graph.output.position: always}
    for gate in graph.gates_backward:
        here = needs.setdefault(gate.position, _NEVER)  # if it was not there, a module ignores it
        is_choice = gate.op.chooses and not isinstance(gate.op, Module)
        for slot, i in enumerate(gate.inputs):
            if graph.nodes.ops[i] is None:
                continue
            there = here
            if gate.position in mixed or (gate.op.of_arrays and here not in (always, _NEVER)):
                mixed.add(i)
                there = always
            if is_choice and slot not in gate.op.conditions:
                [condition] = gate.op.conditions
                literal = gate.inputs[condition], slot == gate.op.chosen(True)
                there = frozenset(need | {literal} for need in there)
            needs[i] = _joined(needs.get(i, _NEVER) | there)
    return {i: need for i, need in needs.items() if need != always}


def _joined(needs: frozenset[frozenset[Literal]]) -> frozenset[frozenset[Literal]]:
    """Fewer alternatives that say the same; beyond MOST of them, always."""
    if len(needs) == 1:
        return needs
    if frozenset() in needs:
        return frozenset([frozenset[Literal]()])
    found = {*needs}
    changed = True
    while changed:
        changed = False
        for need in [*found]:
            for i, holds in need:
                rest = need - {(i, holds)}
                if rest | {(i, not holds)} in found or rest in found:
                    found = {each for each in found if not each >= rest} | {rest}
                    changed = True
                    break
            if changed:
                break
    return frozenset(found) if len(found) <= MOST else frozenset([frozenset[Literal]()])


class Groups:
    """What is said where the gates of an opened module begin."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.said: set[int] = set()

    def entered(self, node: Node) -> Iterable[str]:
        """The groups that begin with this node: `q3 = sigma(q2)`, the outermost first."""
        for each in self.graph.around(node):
            if each not in self.said:
                self.said.add(each)
                group = self.graph.groups[each]
                yield f"{group.name} = {group.call or group.module}"


def local_name(op: Op, slot: int) -> str:
    """What the function is called that computes a local gradient with case distinctions: `pow_dx`."""
    twins = sum(other.name == op.name for other in TABLE) > 1  # rows that differ in the number of inputs
    return f"{op.name}{len(op.inputs) if twins else ''}_d{op.inputs[0 if op.variadic else slot]}"


def parameters(op: Op, partial: Formula) -> list[str]:
    """Those of the function: what its formula names."""
    return [name for name in (*op.inputs, "out") if name in partial.words]


# -- Formulas ------------------------------------------------------------------------------------------------------


def _constant(graph: Graph, node: Constant) -> tuple[float, Formula]:
    """The value of a constant, and its formula as it is written; of a very long one, its number."""
    if node.body and any(op.of_arrays for op in node.body.kinds):
        return _array(graph, node)
    value = constant_value(graph, node, FLOATS)
    parts: list[tuple[Formula, int]] = []
    for part in node.parts:
        if isinstance(part, Constant):
            parts.append((Formula(part.literal if part.literal in CONSTANTS else canonical(part.literal)), 1))
            continue
        inputs = [parts[i] for i in part.inputs]
        # A row may name an input many times, so that nested ones grow beyond bounds: count before building.
        uses = 1 if part.op.variadic else max(map(part.op.value.words.count, part.op.inputs))
        size = 1 + uses * sum(size for _, size in inputs)
        if size > LONGEST or isinstance(part.op, Module):
            return value, Formula(repr(value))
        formula = value_of(part.op, [formula for formula, _ in inputs])
        negative = formula.head == "neg" and formula.args[0].is_number and not formula.args[0].head.startswith("-")
        parts.append((Formula(f"-{formula.args[0].head}") if negative else formula, size))
    return value, parts[-1][0]


def _array(graph: Graph, node: Constant) -> tuple[float, Formula]:
    """A constant with arrays in it: the numbers that it comes to; as a number, none."""
    from ...arithmetic.arrays import Arrays
    from ...arithmetic.axes import is_array
    from ...passes.arrays import value

    assert node.body is not None
    found = value(Graph(graph.source, node.body), {}, Arrays(FLOATS))
    if is_array(found):
        return nan, Formula("array_of", Formula(repr(found.tolist())))
    return found, Formula(repr(found))
