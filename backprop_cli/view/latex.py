"""LaTeX: a derivation as an `align*` environment, for KaTeX, MathJax and TeX with amsmath."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from sympy import Symbol
from sympy import latex as sympy_latex

from ..arithmetic import Value
from ..graph.graph import Constant, Gate, Graph, Module
from ..passes.exact import Derivation
from ..rules.formula import Formula
from . import Options

ATOM = 9
"""How tightly a name or a bracket binds."""
_TIGHT = 8
"""That needs no brackets but as the base of a power."""
_BINDING = {"add": 1, "sub": 1, "neg": 2, "mul": 2, "pow": 3, "div": _TIGHT, "scientific": _TIGHT}
_TEMPLATES = {
    ("add", 2): "{} + {}",
    ("sub", 2): "{} - {}",
    ("mul", 2): r"{} \cdot {}",
    ("div", 2): r"\frac{{{}}}{{{}}}",
    ("scientific", 2): r"{} \cdot 10^{{{}}}",
    ("scientific", 1): "10^{{{}}}",
    ("neg", 1): "-{}",
    ("pow", 2): "{{{}}}^{{{}}}",
    ("where", 3): r"\begin{{cases}} {1} & \text{{if }} {0} \\ {2} & \text{{otherwise}} \end{{cases}}",
    ("eq", 2): "{} = {}",
    ("gt", 2): "{} > {}",
    ("both", 2): r"{} \text{{ and }} {}",
    ("exp2", 1): "2^{{{}}}",
    ("sqrt", 1): r"\sqrt{{{}}}",
    ("cbrt", 1): r"\sqrt[3]{{{}}}",
    ("abs", 1): r"\left|{{{}}}\right|",
    ("floor", 1): r"\left\lfloor {}\right\rfloor",
    ("ceil", 1): r"\left\lceil {}\right\rceil",
    ("log", 2): r"\log_{{{1}}}\left({0}\right)",
    ("log2", 1): r"\log_{{2}}\left({}\right)",
    ("log10", 1): r"\log_{{10}}\left({}\right)",
    ("asin", 1): r"\arcsin\left({}\right)",
    ("acos", 1): r"\arccos\left({}\right)",
    ("atan", 1): r"\arctan\left({}\right)",
    ("gamma", 1): r"\Gamma\left({}\right)",
    ("digamma", 1): r"\psi\left({}\right)",
}
"""How some primitives are set; the others are functions of their names."""
_MODULE = "()"  # ends the head of a module's call
_CAPITALS = set("Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split())  # the others look Latin
_KNOWN = set("exp log sin cos tan sinh cosh tanh max min".split())


def derivation(derivation: Derivation, _options: Options) -> str:
    """The forward pass, the chain rule on every edge, and the gradient."""
    trace = derivation.trace
    f = name(trace.graph.output.name)
    lines = [f"{name(gate.name)} &= {operation(trace.graph, gate)}" for gate in trace.graph.gates]
    node = trace.graph.output
    if not isinstance(node, Gate):
        lines.append(f"& {constant(node) if isinstance(node, Constant) else name(node.name)}")
    for edge in reversed(trace.edges):
        if edge.chained is not None and edge.local is not None:
            gate, inner = name(edge.gate.name), name(edge.input.name)
            left = rf"\frac{{\partial {f}}}{{\partial {gate}}} \cdot \frac{{\partial {gate}}}{{\partial {inner}}}"
            right = (trace.upstream[edge.gate.position], edge.local)
            factors = r" \cdot ".join(map(_factor, right))
            lines.append(f"{left} &= {factors} = {sympy_latex(edge.chained)}")
    for variable, formula in derivation.simplified.items():
        lines.append(rf"\frac{{\partial {f}}}{{\partial {name(variable)}}} &= {sympy_latex(formula)}")
    body = " \\\\\n".join(plain(line) for line in lines)
    return f"\\begin{{align*}}\n{body}\n\\end{{align*}}\n"


def _factor(value: Value) -> str:
    text = str(sympy_latex(value))
    return rf"\left({text}\right)" if value.is_Add or value.could_extract_minus_sign() else text


def name(word: str) -> str:
    """A variable's or a gate's name: `w_0`, `\\alpha`, `q_{1}`; of a gate inside another, `q_{3}.q_{1}`."""
    return ".".join(str(sympy_latex(Symbol(part))) for part in word.split("."))


def operation(graph: Graph, gate: Gate) -> str:
    """The operation of a gate over its inputs, in the order written."""
    nodes = (graph.nodes[i] for i in gate.inputs)
    words = (operand(node) if isinstance(node, Constant) else Formula(name(node.name)) for node in nodes)
    return latex(_applied(gate, words))[0]


def operand(constant: Constant) -> Formula:
    """A constant as an operand: as it is written, in brackets but for a number or a fraction."""
    formula = _constant(constant)
    text, binding = latex(formula)
    return formula if binding >= _TIGHT else Formula(rf"\left({text}\right)")


def _applied(gate: Gate, args: Iterable[Formula]) -> Formula:
    """A gate's formula. A module is set as a function of its name, even where it is called `abs`."""
    return Formula(f"{gate.kind}{_MODULE}" if isinstance(gate.op, Module) else gate.kind, *args)


def constant(node: Constant) -> str:
    """A constant as it is written."""
    return latex(_constant(node))[0]


def _constant(node: Constant) -> Formula:
    parts: list[Formula] = []
    for each in node.parts:
        inputs = [parts[i] for i in each.inputs]
        parts.append(_applied(each, inputs) if isinstance(each, Gate) else _literal(each.literal))
    return parts[-1]


def _literal(text: str) -> Formula:
    mantissa, _, exponent = text.lower().partition("e")
    if not exponent:
        return Formula(r"\pi" if text == "pi" else text)
    power = Formula(str(int(exponent)))
    return Formula("scientific", power) if mantissa == "1" else Formula("scientific", Formula(mantissa), power)


def latex(formula: Formula) -> tuple[str, int]:
    """A formula whose words are LaTeX already, with how tightly it binds."""
    if not formula.args:
        return formula.head, ATOM
    args = [latex(arg) for arg in formula.args]
    binding = _BINDING.get(formula.head, ATOM)
    template = _TEMPLATES.get((formula.head, len(args))) or _TEMPLATES.get((formula.head, 0))
    needed = [ATOM if formula.head == "pow" else binding + 1, *[binding + 1] * len(args)]
    texts = [
        text if binding >= _TIGHT or own >= least else rf"\left({text}\right)"
        for (text, own), least in zip(args, needed, strict=False)
    ]
    if template:
        return template.format(*texts), binding
    word = formula.head.removesuffix(_MODULE).replace("_", r"\_")
    function = rf"\{word}" if formula.head in _KNOWN else rf"\operatorname{{{word}}}"
    return rf"{function}\left({', '.join(texts)}\right)", ATOM


def plain(line: str) -> str:
    """Greek letters as commands, and other characters that TeX does not know as text."""
    return "".join(c if c.isascii() else _character(c) for c in line)


def _character(character: str) -> str:
    words = unicodedata.name(character, "").split()
    if words[:1] == ["GREEK"] and words[2:3] == ["LETTER"] and len(words) == 4:
        letter = words[3].lower().replace("lamda", "lambda")
        capital = letter.capitalize() in _CAPITALS
        return (
            rf"\{letter if words[1] == 'SMALL' else letter.capitalize()} "
            if words[1] == "SMALL" or capital
            else letter[0].upper()
        )
    return rf"\text{{{character}}}"
