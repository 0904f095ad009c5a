"""LaTeX: the staged derivation as an `align*` environment, for KaTeX, MathJax and TeX with amsmath."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from math import prod
from typing import TYPE_CHECKING

import sympy

from ..arithmetic import FLOATS, Value
from ..arithmetic.symbolic_forms import formula
from ..graph.graph import Constant, Gate, Graph, Module, Node
from ..passes.lazy import Lazy
from ..rules.formula import Formula, substitute
from . import Options, texts
from .code.stages import LONGEST
from .latex_formulas import LATEX, in_ascii, told_apart
from .texts import broadcast_axes
from .words.spans import Span, code, equals

if TYPE_CHECKING:
    from ..passes.exact import Derivation
    from ..passes.matrices import Matrices
    from ..passes.trace import Trace
    from .code import StagedProgram

_DIGITS = 6  # of a number that is no formula
_NONFINITE = {"inf": r"\infty", "-inf": r"-\infty", "nan": r"\text{NaN}"}
_REDUCTIONS = frozenset(f"{name}()" for name in "sum mean prod max min norm logsumexp det logdet trace".split())
_ARRAYS = frozenset(("array", "ones", "eye"))
_LARGEST = 36  # entries of a matrix that is written out


def derivation(derivation: Derivation, options: Options) -> str:
    """The staged derivation, whose values are formulas, and at its end the gradient, simplified."""
    trace = derivation.trace
    wanted, values = trace.graph.depending_on(trace.gradient), dict(enumerate(trace.values))
    lines = _Lines(trace.graph, trace.point, wanted, values, trace)
    return _aligned(trace.graph, chain(lines.staged(), lines.gradient(derivation, options.digits)))


def matrices(matrices: Matrices, _options: Options) -> str:
    """The gates, what flows back where it has a name, and the gradient, as matrix formulas."""
    return _aligned(matrices.graph, _of_matrices(matrices))


def _of_matrices(matrices: Matrices) -> Iterator[str]:
    output = matrices.graph.output.name
    arrays = {name for name, shape in matrices.shapes.items() if shape}
    for name, each in matrices.gates.items():
        yield _line(Formula(name), _part(_by_entries(each, arrays)))
    flows = matrices.flows if matrices.steps else {name: matrices.flows[name] for _, name, _ in matrices.stages}
    words = {name: Formula(word) for word, name, _ in matrices.stages}
    for name, each in {**flows, **matrices.named}.items():
        left = Formula("partial", Formula(output), Formula(name))
        forms = [words.get(name), each, matrices.closed.get(name)]
        yield _line(left, *(_part(_by_entries(form, arrays)) for form in forms if form is not None))


def _by_entries(formula: Formula, arrays: Container[str]) -> Formula:
    """The formula, in which a product entry by entry has a sign of its own. arrays: names of what is no number"""
    if not formula.args:
        return formula
    args = [_by_entries(each, arrays) for each in formula.args]
    is_of_arrays = all(_is_array(each, arrays) for each in formula.args)
    return Formula("odot" if formula.head == "mul" and is_of_arrays else formula.head, *args)


def _is_array(formula: Formula, arrays: Container[str]) -> bool:
    """Whether a formula is no number; of a reduction over all axes it is one."""
    if not formula.args:
        return formula.head in arrays
    if len(formula.args) == 1 and formula.head in _REDUCTIONS:
        return False
    return formula.head in _ARRAYS or any(_is_array(each, arrays) for each in formula.args)


def trace(trace: Trace, options: Options) -> str:
    """The staged derivation with the numbers of a trace."""
    wanted, values = trace.graph.depending_on(trace.gradient), dict(enumerate(trace.values))
    lines = _Lines(trace.graph, trace.point, wanted, values, trace, options.digits or _DIGITS).staged()
    return _aligned(trace.graph, chain(lines, _uncertain(trace, options.digits)))


def _uncertain(trace: Trace, digits: int | None) -> Iterator[str]:
    """`f = 29.4 ± 1.5`, where a variable is uncertain."""
    if trace.uncertainty is None:
        return
    text = texts.uncertain(trace, trace.value, trace.uncertainty.sigma, digits).replace("±", r"\pm")
    number, bracket, exponent = text.partition(")e")
    power = rf"{bracket[:1]} \times 10^{{{int(exponent)}}}" if bracket else ""
    yield f"{LATEX.text(Formula(trace.graph.output.name))} &= {number}{power}"


def program(program: StagedProgram, options: Options) -> str:
    """The staged derivation of a program, with numbers where there are values."""
    stages, trace = program.stages, program.trace
    given = {name: given.value for name, given in program.given.items() if not isinstance(given.value, list)}
    point = given if trace is None else trace.point
    digits = options.digits or _DIGITS
    lines = _Lines(stages.graph, point, stages.wanted, stages.numbers, trace, digits)
    return _aligned(stages.graph, lines.staged())


def _aligned(graph: Graph, lines: Iterable[str]) -> str:
    names = (node.name for node in graph.nodes if not isinstance(node, Constant))
    with told_apart(part for name in names for part in name.split(".")):
        body = " \\\\\n".join(in_ascii(line) for line in lines)
    return f"\\begin{{align*}}\n{body}\n\\end{{align*}}\n"


class _Lines:
    """The lines of a staged derivation: each gate, then the chain rule for each node, in reverse order.

    point: values of variables
    wanted: for each node, whether it gets a gradient
    values: those of constants, by position
    trace: the passes, if there are any
    digits: of a number that is no formula
    """

    def __init__(
        self,
        graph: Graph,
        point: Mapping[str, Value],
        wanted: Sequence[int],
        values: Mapping[int, Value],
        trace: Trace | None,
        digits: int = _DIGITS,
    ) -> None:
        self.system, self.digits = trace.arithmetic if trace else FLOATS, digits
        self.graph, self.point, self.wanted, self.values, self.trace = graph, point, wanted, values, trace
        self.of_arrays = graph.of_arrays or (trace is not None and trace.has_axes)
        self.last = graph.output.position
        stages = {name for name, _ in graph.stages}
        self.inline = {
            node.position: self.constant(node)
            for node in graph.nodes
            if isinstance(node, Constant) and (node.name not in stages or node.group >= 0)
        }

    def staged(self) -> Iterator[str]:
        """The whole derivation."""
        graph, trace = self.graph, self.trace
        yield from (_line(Formula(name), self.value(value)) for name, value in self.point.items())
        computed = trace is not None and len(self.point) == len(graph.variables)
        for node in graph.nodes:
            if isinstance(node, Gate):
                found = trace.values[node.position] if trace and computed else None
                value = [] if found is None else [self.value(found)]
                part = _part(node.op.applied(map(self.operand, node.inputs)))
                if node.op.name == "eq":  # q = (x = y)
                    part = code(LATEX.brackets.format(part.text))
                line = _line(Formula(node.name), part, *value)
                yield line + self.digits_held("values", node)
            elif isinstance(node, Constant) and (node.position not in self.inline or node.position == self.last):
                name = "f" if node.position in self.inline else node.name
                yield _line(Formula(name), _part(self.constant(node)))
        yield from self.backward()
        if not graph.variables:
            yield r"&\text{nothing here varies}"

    def backward(self) -> Iterator[str]:
        """The chain rule for each node: with names, then with the rules."""
        edges: dict[int, list[tuple[Gate, int]]] = {}
        for gate in self.graph.gates_backward:
            for slot in gate.slots if self.wanted[gate.position] else ():
                edges.setdefault(gate.inputs[slot], []).append((gate, slot))
        for node in reversed(self.graph.nodes):
            place = node.position
            if self.wanted[place] and not (place == self.last and isinstance(node, Gate)):
                terms = zip(*(self.chain(gate, slot) for gate, slot in edges.get(place, ())), strict=True)
                sums = [_part(Formula("add", *each) if each[1:] else each[0]) for each in terms]
                value = [self.value(self.trace.upstream[place])] if self.trace else []
                line = _line(self.partial(node), *(sums or [code("1" if place == self.last else "0")]), *value)
                yield line + self.digits_held("upstream", node)

    def digits_held(self, numbers: str, node: Node) -> str:
        """How many digits hold of a node's number, beside the line that ends with it; empty where nobody asks."""
        held = self.trace and self.trace.held
        count = getattr(held, numbers)[node.position] if held else None
        return "" if count is None else rf" && \text{{{count or 'no'} digit{'s' * (count > 1)}}}"

    def chain(self, gate: Gate, slot: int) -> tuple[Formula, Formula]:
        """What flows back along an edge: with names, and with the rule; twice the rule where the gate is the output."""
        local = self.local(gate, slot)
        if "upstream" in local.words and gate.op.pulls_back(slot):
            pulled = substitute(local, {"upstream": self.partial(gate)})
            return pulled, pulled
        if self.of_arrays and (gate.position != self.last or gate.op.of_arrays):
            return self.entries(gate, slot, local)
        if gate.position == self.last:
            return local, local
        return self.partial(gate) * self.partial(self.graph.nodes[gate.inputs[slot]], gate), self.partial(gate) * local

    def entries(self, gate: Gate, slot: int, local: Formula) -> tuple[Formula, Formula]:
        """The chain rule entry by entry, summed over the axes along which the input was broadcast."""
        below = self.partial(self.graph.nodes[gate.inputs[slot]], gate)
        both = [local if local.is_number else each for each in (below, local)]
        chained = [_times(self.partial(gate), each) for each in both]
        if self.trace is not None and not gate.op.of_arrays:
            shapes = (self.system.shape(self.trace.values[i]) for i in (gate.position, gate.inputs[slot]))
            if axes := broadcast_axes(*shapes):
                chained = [Formula("summed", each, Formula(", ".join(map(str, axes)))) for each in chained]
        return chained[0], chained[1]

    def partial(self, below: Node, above: Node | None = None) -> Formula:
        return Formula("partial", Formula((above or self.graph.output).name), Formula(below.name))

    def local(self, gate: Gate, slot: int) -> Formula:
        """The rule of an edge; a module has none, but what its inside comes to."""
        op = gate.op
        if isinstance(op, Module) and self.trace:
            return self.number(self.trace.edges_of(gate)[slot].local)
        return op.local(slot, Lazy(len(gate.inputs), lambda each: self.operand(gate.inputs[each])), gate.name)

    def operand(self, place: int) -> Formula:
        return self.inline.get(place) or Formula(self.graph.nodes[place].name)

    def constant(self, node: Constant) -> Formula:
        """A constant as it is written; a very long one as the number that it is."""
        if len(node.parts) > LONGEST:
            return self.number(self.values[node.position])
        return node.formula

    def gradient(self, derivation: Derivation, digits: int | None) -> Iterator[str]:
        """The gradient, a line for each variable: over names, and in closed form."""
        variables = {node.name: node for node in self.graph.variables}
        for name, value in derivation.simplified.items():
            named = derivation.named[name]
            forms = [*([] if named is None else [_part(named)]), self.value(value)]
            if decimals := derivation.decimals(name, digits):
                forms.append(code(LATEX.text(Formula(decimals)), rounded=True))
            yield _line(self.partial(variables[name]), *forms)

    def value(self, value: Value) -> Span:
        """A value: a formula, or a number to some digits."""
        if isinstance(value, sympy.Basic):
            return _part(formula(value))
        if isinstance(value, bool):
            return code(rf"\text{{{self.system.exactly(value)}}}")
        if shape := self.system.shape(value):
            return self.matrix(value, shape)
        shown, is_rounded = self.system.rounded(value, self.digits)
        if shown in _NONFINITE:
            return code(_NONFINITE[shown])
        return code(LATEX.text(Formula(shown)), rounded=is_rounded)

    def matrix(self, value: Value, shape: Sequence[int]) -> Span:
        """An array as a matrix, a vector as a row; of a large one, its shape."""
        if len(shape) > 2 or prod(shape) > _LARGEST:
            return code(rf"\text{{{' × '.join(map(str, shape))}}}".replace("×", r"}\times\text{"))
        rows = value if len(shape) == 2 else [value]
        parts = [[self.value(_plain_number(each)) for each in row] for row in rows]
        lines = r" \\ ".join(" & ".join(each.text for each in row) for row in parts)
        rounded = any(each.rounded for row in parts for each in row)
        return code(rf"\begin{{bmatrix}} {lines} \end{{bmatrix}}", rounded=rounded)

    def number(self, value: Value) -> Formula:
        """A value among other operands, whole."""
        return formula(value) if isinstance(value, sympy.Basic) else Formula(self.system.exactly(value))


def _times(upstream: Formula, local: Formula) -> Formula:
    """Upstream times local, entry by entry."""
    if local.head in ("1", "-1"):
        return upstream if local.head == "1" else -upstream
    return local * upstream if local.is_number else Formula("odot", upstream, local)


def _plain_number(value: Value) -> Value:
    """A number of an array as one of Python's."""
    return value.item() if hasattr(value, "item") else value


def _line(left: Formula, *parts: Span) -> str:
    text = LATEX.text(left)
    return f"{text} &{' '.join(equals(code(text), *parts, signs=('=', chr(92) + 'approx')))}"


def _part(formula: Formula) -> Span:
    return code(LATEX.text(formula))
