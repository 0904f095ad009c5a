"""The staged derivation in LaTeX: each gate, then the chain rule for each node, in reverse order."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from ...graph.graph import Constant, Gate, Graph, Node
from ...passes.trace import Trace
from ...rules.formula import Formula, substitute, tidy
from .. import latex
from .stages import Stages

_DIGITS = 6
_MUL = 2  # how tightly a factor binds at least


def render(graph: Graph, given: Mapping[str, float], stages: Stages, trace: Trace | None = None) -> str:
    """An `align*` environment. given: values of variables; trace: the passes at them, if all are given."""
    return _Derivation(graph, given, stages, trace).text()


class _Derivation:
    def __init__(self, graph: Graph, given: Mapping[str, float], stages: Stages, trace: Trace | None) -> None:
        self.graph = graph
        self.given = given
        self.last = graph.output.position
        self.stages = stages
        self.trace = trace
        self.name = cache(_name)

    def text(self) -> str:
        graph = self.graph
        lines = [f"{self.name(name)} &= {number(f'{value:.6g}')}" for name, value in self.given.items()]
        for node in graph.nodes:
            if isinstance(node, Gate):
                lines.append(f"{self.name(node.name)} &= {self.operation(node)}{self.becomes(node, 'values')}")
            elif isinstance(node, Constant) and (node.position in self.stages.named or node.position == self.last):
                named = node.position in self.stages.named
                lines.append(f"{self.name(node.name) if named else ''} &= {latex.constant(node)}")
        lines += self.backward()
        body = " \\\\\n".join(latex.plain(line) for line in lines)
        return f"\\begin{{align*}}\n{body}\n\\end{{align*}}\n"

    def backward(self) -> list[str]:
        edges: dict[int, list[tuple[Gate, int]]] = {}
        for gate in self.stages.backward():
            for slot in gate.slots:
                if self.stages.wanted[i := gate.inputs[slot]]:
                    edges.setdefault(i, []).append((gate, slot))
        lines = []
        for node in reversed(self.graph.nodes):
            if self.stages.wanted[node.position] and node.position != self.last:
                steps = self.steps(node, edges.get(node.position, []))
                becomes = self.becomes(node, "upstream")
                steps += becomes if becomes != f" = {steps}" else ""
                lines.append(f"{self.partial(self.graph.output, node)} &= {steps}")
        return lines or [f"&\\text{{{'nothing here varies'}}}"] * (not self.graph.variables)

    def steps(self, node: Node, edges: list[tuple[Gate, int]]) -> str:
        """The chain rule for a node: first with names, then with the rules; `= z` where the gate is the output."""
        f = self.graph.output
        if not edges:
            return "0"
        if [gate.position for gate, _ in edges] == [self.last]:
            return self.local(*edges[0])[0]
        chains = [(gate, slot, "" if gate.position == self.last else self.partial(f, gate)) for gate, slot in edges]
        names = " + ".join(_product(each, self.partial(gate, node)) for gate, _, each in chains)
        rules = " + ".join(_product(each, _factor(*self.local(gate, slot))) for gate, slot, each in chains)
        return f"{names} = {rules}"

    def partial(self, above: Node, below: Node) -> str:
        return rf"\frac{{\partial {self.name(above.name)}}}{{\partial {self.name(below.name)}}}"

    def local(self, gate: Gate, slot: int) -> tuple[str, int]:
        """The rule of an edge, with how tightly it binds."""
        op = gate.op
        slots = [slot] if op.variadic else range(len(gate.inputs))
        words = {"pi": Formula(r"\pi"), "out": Formula(self.name(gate.name))}
        words.update(zip(op.inputs, (self.operand(gate.inputs[each]) for each in slots), strict=True))
        return latex.latex(tidy(substitute(op.partial(slot), words)))

    def operation(self, gate: Gate) -> str:
        return latex.latex(Formula(gate.op.name, *(self.operand(i) for i in gate.inputs)))[0]

    def operand(self, i: int) -> Formula:
        node, formula = self.graph.nodes[i], self.stages.constants.get(i)
        if formula is None or not isinstance(node, Constant):
            return Formula(self.name(node.name))
        if formula.is_number:
            text = number(formula.head)
            return Formula(text if text == formula.head else rf"\left({text}\right)")
        return latex.operand(node)

    def becomes(self, node: Node, column: str) -> str:
        if self.trace is None:
            return ""
        value = (self.trace.values if column == "values" else self.trace.upstream)[node.position]
        shown = number(self.trace.arithmetic.show(value, _DIGITS))
        return rf" {'=' if float(self.trace.arithmetic.show(value, _DIGITS)) == value else chr(92) + 'approx'} {shown}"


def _name(word: str) -> str:
    """A node's name; of a gate in a group, the group's name and its own."""
    return ".".join(map(latex.name, word.split(".")))


def number(text: str) -> str:
    """A number's text: `1.5e-7` as a power of ten."""
    mantissa, e, exponent = text.lower().partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if e else text


def _factor(text: str, binding: int) -> str:
    return text if binding > _MUL or (binding == _MUL and not text.startswith("-")) else rf"\left({text}\right)"


def _product(upstream: str, local: str) -> str:
    return rf"{upstream} \cdot {local}" if upstream else local
