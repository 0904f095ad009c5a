"""LaTeX: a derivation as an `align*` environment, for KaTeX, MathJax and TeX with amsmath."""

from __future__ import annotations

import re
import unicodedata

from sympy import Symbol
from sympy import latex as sympy_latex

from ..arithmetic import Value
from ..exact import Derivation
from ..formula import Formula
from ..graph import Graph, Node

_KNOWN = set("exp log sin cos tan sinh cosh tanh max min".split())


def render(derivation: Derivation) -> str:
    """The forward pass, the chain rule on every edge, and the gradient."""
    trace = derivation.trace
    f = name(trace.graph.output.name)
    lines = [
        f"{name(node.name)} &= {operation(trace.graph, node)}" for node in trace.graph.nodes if node.op is not None
    ]
    for edge in reversed(trace.edges):
        if edge.chained is not None and edge.local is not None:
            gate, inner = name(edge.gate.name), name(edge.input.name)
            left = rf"\frac{{\partial {f}}}{{\partial {gate}}} \cdot \frac{{\partial {gate}}}{{\partial {inner}}}"
            right = (trace.upstream[edge.gate.position], edge.local)
            factors = r" \cdot ".join(map(_factor, right))
            lines.append(f"{left} &= {factors} = {sympy_latex(edge.chained)}")
    for variable, formula in derivation.simplified.items():
        lines.append(rf"\frac{{\partial {f}}}{{\partial {name(variable)}}} &= {sympy_latex(formula)}")
    body = " \\\\\n".join(_plain(line) for line in lines)
    return f"\\begin{{align*}}\n{body}\n\\end{{align*}}\n"


def _factor(value: Value) -> str:
    text = str(sympy_latex(value))
    return rf"\left({text}\right)" if value.is_Add or value.could_extract_minus_sign() else text


def name(word: str) -> str:
    """A variable's or a gate's name: `w_0`, `\\alpha`, `q_{1}`."""
    return str(sympy_latex(Symbol(word)))


def operation(graph: Graph, gate: Node) -> str:
    """The operation of a gate over its inputs, in the order written."""
    assert gate.op is not None
    words = []
    for i in gate.inputs:
        node = graph.nodes[i]
        text = re.sub(r"\*\*|\^", "^", node.name).replace("*", r" \cdot ") if node.is_constant else name(node.name)
        words.append(rf"\left({text}\right)" if node.body else text)
    return latex(Formula(gate.op.name, *map(Formula, words)))


def latex(formula: Formula) -> str:
    """A formula whose words are LaTeX already."""
    head, args = formula.head, [latex(arg) for arg in formula.args]
    if not args:
        return head
    match head, args:
        case "add", [a, b]:
            return f"{a} + {b}"
        case "sub", [a, b]:
            return f"{a} - {b}"
        case "mul", [a, b]:
            return rf"{a} \cdot {b}"
        case "div", [a, b]:
            return rf"\frac{{{a}}}{{{b}}}"
        case "neg", [a]:
            return f"-{a}"
        case "pow", [a, b]:
            return f"{{{a}}}^{{{b}}}"
        case "sqrt", [a]:
            return rf"\sqrt{{{a}}}"
        case "abs", [a]:
            return rf"\left|{a}\right|"
    function = rf"\{head}" if head in _KNOWN else rf"\operatorname{{{head}}}"
    return rf"{function}\left({', '.join(args)}\right)"


def _plain(line: str) -> str:
    """Greek letters as commands, and other characters that TeX does not know as text."""
    return "".join(c if c.isascii() else _character(c) for c in line)


def _character(character: str) -> str:
    words = unicodedata.name(character, "").split()
    if words[:3] == ["GREEK", "SMALL", "LETTER"] and len(words) == 4:
        return rf"\{words[3].lower().replace('lamda', 'lambda')} "
    return rf"\text{{{character}}}"
