"""Arrays on a page: their rules in JavaScript, and what the page is told of shapes, rules and entries.

A gate becomes functions of the values of its inputs: of an operation entry by entry those of its numbers, as in
`arithmetic`; of one on arrays as wholes its rules over the words of arrays.js. What only moves entries is a list of
places.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any

from ...arithmetic import Arithmetic, Value
from ...graph.graph import Constant, Gate, Node
from ...passes.trace import Edge, Trace
from ...rules.array_op import ArrayOp
from ...rules.formula import Formula, substitute
from ...rules.op import Op
from ...rules.printer import NUMBERS, READING
from ...rules.shape_rules import axes_of
from .. import texts
from ..code.stages import Stages
from ..words.dimensions import Dimensions
from ..words.language import Language
from ..words.spans import Said, plain
from ..words.story import Story
from .arithmetic import helped, kink, true_zero, written
from .holes import holes
from .layout import RULE

LARGEST = 36
"""Numbers of an array that a page shows; of a larger one it shows the least, the largest and the mean."""
MOVED = 400
"""Entries of an array of which a page lets one choose one to move."""

_MOVES = frozenset("T entries parts shaped picked".split())
"""Values of rules that only move entries."""
_TEMPLATES = (
    "joined|no flow|no entry|most sensitive|chain rule, arrays|chain rule, forks, arrays|page entry|page at entry|"
    "tie {0}|kink|border|page digits|division by zero|no real value|no finite value|needs"
)


def contents(trace: Trace, story: Story, told: Mapping[str, Any]) -> dict[str, Any]:
    """What a page is told, and what it is told of arrays beside that.

    story: its sentences
    told: what the page is told already
    """
    graph, dimensions = trace.graph, Dimensions(story.words)
    gates = [gate for gate in graph.gates_backward if story.has_axes(gate)]
    rules = {(gate.position, edge.slot): _edge(dimensions, edge) for gate in gates for edge in trace.edges_of(gate)}
    joined = {gate.position: {"j": plain(how)} for gate in gates if (how := dimensions.joined(gate))}
    edges = zip(trace.edges, told["E"], strict=True)
    return {
        **told,
        "H": [trace.arithmetic.shape(value) for value in trace.values],
        "K": [
            held(trace.arithmetic, trace.values[node.position]) if isinstance(node, Constant) else None
            for node in graph.nodes
        ],
        "M": {
            gate.position: _places(trace, gate.op, gate.inputs) for gate in graph.gates if gate.op.value.head in _MOVES
        },
        "N": [{**node, **joined.get(place, {})} for place, node in enumerate(told["N"])],
        "E": [rules.get((edge.gate.position, edge.slot), known) for edge, known in edges],
        "T": {**told["T"], **_templates(story.words.language, told["ties"])},
        "seed": held(trace.arithmetic, trace.upstream[-1]),
        "still": [node.position for node in graph.variables if _stays(trace, node)],
        "largest": LARGEST,
    }


def held(arithmetic: Arithmetic, value: Value) -> Any:
    """A value as a page holds it: a number, or the shape and the entries of an array."""
    shape = arithmetic.shape(value)
    return {"s": shape, "d": arithmetic.entries(value)} if shape else value


def _templates(language: Language, ties: str) -> dict[str, str]:
    return {key: language.templates[key] for key in _TEMPLATES.format(ties).split("|")}


def _stays(trace: Trace, node: Node) -> bool:
    """Whether a variable is not to be moved: one with very many entries, and labels, which say what is picked."""
    labels = [gate.inputs[1] for gate in trace.graph.gates if gate.op.name == "pick"]
    is_label = bool(labels) and bool(trace.graph.nodes.below(labels)[node.position])
    return is_label or prod(trace.arithmetic.shape(trace.values[node.position])) > MOVED


def _edge(dimensions: Dimensions, edge: Edge) -> dict[str, Any]:
    """The rule of an edge `r`; of a pullback what stands on the wire `w` (1: the rule), why its shapes fit `f`, and the
    rule with holes for numbers `p`, of which `q` tells what stands in each; of the others why they are summed `x`.
    """
    if edge.chained is None:
        return {}
    words = dimensions.words
    formula, here = words.stood_in(edge)
    rule = READING.text(substitute(formula, {key: words.name(node).text for key, node in here.items()}))
    if not edge.gate.op.pulls_back(edge.slot):
        summed = None if edge.gate.op.of_arrays else dimensions.summed(edge)
        return {"r": rule, **({"x": [_said(summed[0]), summed[1].text]} if summed else {})}
    short = texts.short(rule, RULE)
    told = {"r": rule, "w": 1 if short == rule else short, "f": [*map(_said, dimensions.analysis(edge))]}
    named = {**here, "upstream": edge.gate}
    if not dimensions.is_put_in(formula, named):
        return told
    operands = [*_operands(formula)]

    def put_in(numbers: Sequence[str]) -> str:
        return NUMBERS.text(_filled(formula, iter(numbers)))

    kinds = [("u" if each == "upstream" else "v", named[each].position, int(turned)) for each, turned in operands]
    return {**told, "p": holes(put_in, range(len(operands))), "q": kinds}


def _operands(formula: Formula, turned: bool = False) -> Iterator[tuple[str, bool]]:
    """The words of a rule for values, and whether they are transposed."""
    if not formula.args and not formula.is_number:
        yield formula.head, turned
    for each in formula.args:
        yield from _operands(each, formula.head == "T")


def _filled(formula: Formula, numbers: Iterator[str]) -> Formula:
    """The rule with numbers for its words, transposed ones among them."""
    if formula.head == "T":
        return _filled(formula.args[0], numbers)
    if not formula.args:
        return formula if formula.is_number else Formula(next(numbers))
    return Formula(formula.head, *(_filled(each, numbers) for each in formula.args))


def _said(said: Said) -> list[Any]:
    """A sentence: words are texts; names, formulas and numbers are texts in a list."""
    parts: list[Any] = []
    for each in said:
        if each.kind != "words":
            parts.append([each.text])
        elif parts and isinstance(parts[-1], str):
            parts[-1] += each.text
        else:
            parts.append(each.text)
    return parts


# -- The rules in JavaScript


def functions_of_arrays(trace: Trace) -> str:
    """The functions of each gate that is not a move: its value `v`, and for each input its local gradient `l`, or of an
    operation on arrays as wholes its rule `p` and whether that is a pullback `u`; where a local gradient that comes out
    as 0 is 0 indeed `z`; whether it is at a kink `k`; and, of what may select an entry twice, where it counts `o`.
    """
    stages = Stages(trace.graph)
    arrays = [place for place, each in stages.constants.items() if each.head == "array_of"]
    stages.constants = {place: each for place, each in stages.constants.items() if place not in arrays}
    code = "const F=[];\n"
    for gate in trace.graph.gates:
        if gate.op.value.head not in _MOVES:
            rules = _whole(trace, gate, gate.op) if isinstance(gate.op, ArrayOp) else _each(stages, gate)
            code += f"F[{gate.position}]={{{rules}{_once(trace, stages, gate)}}};\n"
    return helped(code)


def _once(trace: Trace, stages: Stages, gate: Gate) -> str:
    """Where entries are the first that come from one entry, for each input of a gate that selects, or over its axes."""
    from ...arithmetic.arrays import Arrays
    from ...passes.origins import firsts

    is_among = stages.repeats.is_among(gate)
    if not is_among and not (gate.op.selects and any(stages.repeats.meets(gate, slot) for slot in gate.slots)):
        return ""
    assert isinstance(trace.arithmetic, Arrays)
    found = firsts(gate, trace.graph, trace.values, trace.arithmetic)
    return f",o:{json.dumps(found.ravel().tolist() if is_among else [each.ravel().tolist() for each in found])}"


def _each(stages: Stages, gate: Gate) -> str:
    """An operation entry by entry."""
    op, count = gate.op, len(gate.inputs)
    inputs = ",".join(f"x{slot}" for slot in range(count))

    def function(formula: Formula, out: str = ",o") -> str:
        return f"({inputs}{out})=>{written(stages.graph, gate, formula, _operand)}"

    value = f"v:{function(stages.value(gate), '')}"
    if op.truth or (op.selects and op.variadic):
        return value
    flat = {*op.conditions, *op.orders}
    locals_ = ["0" if slot in flat else _local(op, slot) or function(stages.local(gate, slot)) for slot in range(count)]
    zeros = [None if slot in flat else true_zero(gate, slot) for slot in range(count)]
    small = ",".join("" if each is None else function(each) for each in zeros)
    at_kink = "" if op.kink is None else f",k:{function(kink(gate, op.kink))}"
    return f"{value},l:[{','.join(locals_)}],z:[{small}]{at_kink}"


def _local(op: Op, slot: int) -> str:
    """A local gradient that is the same number everywhere; empty for any other."""
    return op.partial(slot).head if op.partial(slot).is_number else ""


def _operand(slot: str) -> str:
    return "o" if slot == "out" else f"x{slot}"


def _whole(trace: Trace, gate: Gate, op: ArrayOp) -> str:
    """An operation on arrays as wholes."""
    shape = trace.arithmetic.shape(trace.values[gate.inputs[0]])
    axes = axes_of(op, shape, -1 if op.name in ("softmax", "log_softmax") else None)
    partials = [op.partial(slot) for slot in range(len(gate.inputs))]
    rules = [each.head if each.is_number else f"(w,x,y,out,upstream)=>{_worded(each)}" for each in partials]
    pulls = [int(op.pulls_back(slot)) for slot in range(len(partials))]
    stays = int(bool(op.settings.get("keepdims")))
    return f"a:{[*axes]},d:{stays},v:(w,x,y)=>{_worded(op.value)},p:[{','.join(rules)}],u:{pulls}"


def _worded(formula: Formula) -> str:
    """A rule over the words of arrays.js."""
    if formula.head == "careful":
        return _worded(formula.args[1])
    if not formula.args:
        is_operand = formula.is_number or formula.head in ("x", "y", "out", "upstream")
        return formula.head if is_operand else f"w.{formula.head}"
    if formula.args[0].head == "portions":
        return _worded(formula.args[0])
    helper = ["prod_of"] if formula.head in ("product", "rest") else []
    return f"w.{formula.head}({','.join([*map(_worded, formula.args), *helper])})"


def _places(trace: Trace, op: Op, inputs: Sequence[int]) -> list[int]:
    """Of a gate that only moves entries, for each of its entries that of its inputs, which are counted through."""
    from ...arithmetic.arrays import Arrays

    assert isinstance(op, ArrayOp)
    assert isinstance(trace.arithmetic, Arrays)
    return trace.arithmetic.moved(op, [trace.values[place] for place in inputs])
