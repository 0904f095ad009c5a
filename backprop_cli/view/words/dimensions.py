"""Dimension analysis: why the rule of an edge between arrays is the one whose shapes fit, with this program's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod

from ...arithmetic import Value
from ...graph.graph import Constant, Gate, Node
from ...passes.trace import Edge
from ...rules.array_op import Shape
from ...rules.arrays import WORDS
from ...rules.formula import Formula, substitute
from ...rules.printer import NUMBERS, READING
from .. import texts
from .spans import Said, Span, code, equation, in_product, say
from .wording import Wording

_PUT_IN = 6
"""Numbers of an array that stands in an equation among others."""
_IN_NUMBERS = frozenset("matmul T outer mul neg add sub".split())
"""Heads of rules that are written with numbers put in, where the arrays are small."""
_READ = frozenset(("T", "outer"))
"""Heads that need no explanation: the sentence before has them."""


class Dimensions:
    """What is said of edges between arrays."""

    def __init__(self, words: Wording) -> None:
        self.words, self.trace, self.say = words, words.trace, words.language.say
        self.known: set[str] = set()
        """The words of rules that were explained."""

    def shape(self, node: Node) -> Shape:
        """The shape of a node's value."""
        return self.trace.arithmetic.shape(self.trace.values[node.position])

    def computed(self, node: Gate) -> Said:
        """`D = W @ X = [−1; −1]`, and how the shapes came together."""
        result = equation(self.words.operation(node), self.words.number(self.trace.values[node.position]))
        how = self.joined(node)
        return self.say("joined", result, how) if how else result

    def joined(self, node: Gate) -> Said:
        """How the shapes of a product go together, or what is broadcast; empty where all shapes are the same."""
        inputs, whole = [*dict.fromkeys(self.words.inputs(node))], self.shape(node)
        if node.op.name in ("matmul", "dot", "outer"):
            shapes = [self.shape(self.trace.graph.nodes[i]) for i in node.inputs]
            return self.say("product shapes", *map(self.told_shape, [*shapes, whole]))
        narrow = [each for each in inputs if self.shape(each) != whole and not isinstance(each, Constant)]
        if not narrow or not whole:
            return []
        if node.op.of_arrays:
            return self.told_shape(whole)
        names = [self.say("of shape", self.words.name(each), self.told_shape(self.shape(each))) for each in narrow]
        listed = self.words.language.joined(names)
        return self.say("broadcast" if narrow[1:] else "broadcast one", listed, self.told_shape(whole))

    def told_shape(self, shape: Shape) -> Said:
        """`5×10`, `a vector of 10`, `a number`."""
        if len(shape) > 1:
            return say("{}", "×".join(map(str, shape)))
        return self.say("a vector", str(shape[0])) if shape else self.say("a number")

    def told(self, edge: Edge) -> list[Said]:
        """The shape that the gradient must have, the rule that gives it, and what it comes to."""
        words, gate = self.words, edge.gate
        if not edge.active and not words.blank:
            return [self.say("no flow", words.name(edge.input))]
        if self.trace.is_pullback(edge) or (gate.op.of_arrays and edge.local is None):
            return [*self.analysis(edge), self._equation(edge)]
        return self._by_entries(edge)

    # -- rules of arrays as wholes --

    def analysis(self, edge: Edge) -> Iterator[Said]:
        """`∂f/∂W must be 2×2, the shape of W; upstream is 2×1 and Xᵀ is 1×2, so …`."""
        words, gate = self.words, edge.gate
        wanted, shapes = self.shape(edge.input), {"upstream": self.shape(gate)}
        formula, here = words.stood_in(edge)
        must = words.gradient(edge.input), self.told_shape(wanted), words.name(edge.input)
        factors = _factors(formula)
        if factors is None:
            yield self.say("must be", *must, self.told_shape(shapes["upstream"]), words.name(gate))
            yield from self._meanings(formula)
            return
        shapes |= {key: self.shape(node) for key, node in here.items()}
        parts = [code(_read(words, each, here)) for each in factors]
        sides = [self.told_shape(_shape_of(each, shapes)) for each in factors]
        whole = code(_read(words, formula, here))
        yield self.say(self._fits(formula, shapes, wanted), *must, parts[0], sides[0], parts[1], sides[1], whole)

    def _meanings(self, formula: Formula) -> Iterator[Said]:
        """What the words of a rule mean, once each."""
        for call, means in WORDS.items():
            head = call.partition("(")[0]
            if head in formula.heads - _READ and head not in self.known:
                self.known.add(head)
                yield self.say("word means", code(call), self.words.language.means(call, means))

    def _fits(self, formula: Formula, shapes: Mapping[str, Shape], wanted: Shape) -> str:
        """Which sentence it is: whether another product of the two has that shape too, because lengths are equal."""
        if formula.head == "outer":
            return "fits pairs"
        one, other = (_bare(each) for each in formula.args)
        if len(shapes[one]) < 2 or len(shapes[other]) < 2:
            return "fits"
        turns = [(a, b) for a in _turns(shapes[one]) for b in _turns(shapes[other])]
        fitting = sum(_product(a, b) == wanted for a, b in [*turns, *((b, a) for a, b in turns)])
        return "fits alone" if fitting == 1 else "fits always"

    def _equation(self, edge: Edge) -> Said:
        words = self.words
        formula, here = words.stood_in(edge)
        parts = [code(_read(words, formula, here)), *self._put_in(edge, formula, here), words.number(edge.chained)]
        return equation(words.gradient(edge.input), *parts)

    def _put_in(self, edge: Edge, formula: Formula, here: Mapping[str, Node]) -> Iterator[Span]:
        if not self.words.blank and self.is_put_in(formula, {**here, "upstream": edge.gate}):
            values = {key: self.trace.values[node.position] for key, node in here.items()}
            values["upstream"] = self.trace.upstream[edge.gate.position]
            yield code(NUMBERS.text(_with_numbers(self.words, formula, values)))

    def is_put_in(self, formula: Formula, here: Mapping[str, Node]) -> bool:
        """Whether a rule is written with numbers put in: where arrays are small, and it is made of products."""
        sizes = (prod(self.shape(here[word])) for word in formula.words if word in here)
        return formula.heads <= _IN_NUMBERS and all(size <= _PUT_IN for size in sizes)

    # -- entry by entry --

    def _by_entries(self, edge: Edge) -> list[Said]:
        """`∂q/∂b = 1`, and upstream × local, summed where the input was broadcast."""
        words, gate = self.words, edge.gate
        own, rule = words.gradient(edge.input, gate), code(_read(words, *words.stood_in(edge)))
        local = words.number(edge.local)
        begin = equation(own, *([rule] if not words.blank or not rule.text.lstrip("−").isdigit() else []), local)
        upstream, factor = words.number(self.trace.upstream[gate.position]), local
        chain = code(f"{upstream.text} · {in_product(factor)}", rounded=upstream.rounded or factor.rounded)
        name, total = words.gradient(edge.input), words.number(edge.chained)
        if gate.op.of_arrays and gate.position == words.output.position:
            return [begin]
        if gate.op.of_arrays:
            return [begin, equation(name, code(f"upstream · {own.text}"), total)]
        if (summed := self.summed(edge)) is None:
            return [begin, equation(name, code(f"upstream · {own.text}"), chain, total)]
        return [begin, summed[0], equation(name, summed[1], total)]

    def summed(self, edge: Edge) -> tuple[Said, Span] | None:
        """Why what comes back is summed, and the formula of the sum; None where its input was not broadcast."""
        words, gate, whole, part = self.words, edge.gate, self.shape(edge.gate), self.shape(edge.input)
        axes = texts.broadcast_axes(whole, part)
        if not axes:
            return None
        over, key = " and ".join(map(str, axes)), "summed axes" if axes[1:] else "summed"
        shapes = self.told_shape(part), words.name(gate), self.told_shape(whole)
        axis = axes[0] if not axes[1:] else tuple(axes)
        formula = code(f"sum(upstream · {words.gradient(edge.input, gate).text}, axis={axis})")
        return self.say(key, words.name(edge.input), *shapes, over), formula

    # -- what it tells --

    def tells(self, node: Node, gradient: Value, h: str) -> tuple[Span, Said]:
        """Of an array the entry to which f is most sensitive.

        gradient: of the shape of the node
        h: how a small step is written
        """
        words, trace = self.words, self.trace
        entries = trace.arithmetic.entries(gradient)
        sizes = [abs(trace.arithmetic.to_float(each)) for each in entries]
        shape = self.shape(node)
        place = max(range(len(sizes)), key=lambda i: sizes[i] if sizes[i] == sizes[i] else -1.0)
        name, f = texts.entry(texts.short(node.name), shape, place), words.name(words.output)
        slope = entries[place]
        if not sizes[place]:
            nothing = self.say("no entry", words.name(node), f) if shape else []
            return code(f"{texts.short(node.name)} + {h} → {f.text}"), nothing
        falls = trace.arithmetic.to_float(slope) < 0
        size = texts.multiple(trace, slope, words.digits, h).replace("-", "−")
        arrow = code(f"{name} + {h} → {f.text} {'−' if falls else '+'} {size}")
        if not shape:
            return arrow, []
        follows = self.say("decreases" if falls else "increases", f, code(size))
        return arrow, self.say("most sensitive", f, code(name), code(h), follows)


def _factors(formula: Formula) -> Sequence[Formula] | None:
    """The two sides of a product of two; None of any other rule."""
    if formula.head not in ("matmul", "outer") or any(len({*each.words}) != 1 for each in formula.args):
        return None
    return formula.args if all(each.heads <= {"T"} for each in formula.args) else None


def _bare(formula: Formula) -> str:
    return formula.words[0]


def _turns(shape: Shape) -> list[Shape]:
    return [shape, shape[::-1]] if len(shape) == 2 else [shape]


def _product(one: Shape, other: Shape) -> Shape | None:
    return one[:-1] + other[1:] if one and other and one[-1] == other[0] else None


def _shape_of(formula: Formula, shapes: Mapping[str, Shape]) -> Shape:
    found = shapes[_bare(formula)]
    return found[::-1] if "T" in formula.heads else found


def _read(words: Wording, formula: Formula, here: Mapping[str, Node]) -> str:
    return READING.text(substitute(formula, {key: words.name(node).text for key, node in here.items()}))


def _with_numbers(words: Wording, formula: Formula, values: Mapping[str, Value]) -> Formula:
    """The formula with arrays written out, transposed ones too."""
    if not formula.args:
        return Formula(words.plain(values[formula.head]).text) if formula.head in values else formula
    if formula.head == "T" and formula.args[0].head in values:
        return Formula(words.plain(values[formula.args[0].head].T).text)
    return Formula(formula.head, *(_with_numbers(words, each, values) for each in formula.args))
