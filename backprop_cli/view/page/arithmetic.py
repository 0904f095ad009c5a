"""The arithmetic of a page: the formulas of each gate in JavaScript, over nodes by number.

A graph becomes a function that fills in `v`, the values by node, `l`, the local gradients by edge, and `k`, the gates
that are at a kink; `c` tells what a gate's value is where an input has none, or it is none itself, `z` is told of edges
whose local gradient may be too small for doubles, and `M` calls the function of another graph, for a module. All of it
is in numbers: no name that somebody typed becomes code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from ...arithmetic.floats import is_given
from ...errors import InputError
from ...graph.graph import Constant, Gate, Graph, Module
from ...rules.formula import Formula, substitute
from ...rules.zeros import zero
from ..code.formulas import PARTS, computed, decided
from ..code.stages import Stages
from ..code.targets.base import UnknownWordError, printer
from ..code.targets.javascript import JAVASCRIPT
from ..code.writer import in_words_of, needed

_PLACE = re.compile(r"__(n?)(\d+|out)__")
_WORD = re.compile(r"\w+")
_PRINTER = printer(JAVASCRIPT)


def functions(graphs: Sequence[Graph]) -> str:
    """A function for each graph, `P[0]` for the first, and the helpers that they call."""
    code = "".join(f"P[{place}]=(v,l,k,c,M,z)=>{{\n{_body(graph, graphs)}}};\n" for place, graph in enumerate(graphs))
    return helped(f"const P=[];\n{code}")


def helped(code: str) -> str:
    """Code with the helpers that it calls before it."""
    return "".join(needed(JAVASCRIPT, {*_WORD.findall(code)})) + code


def graphs_of(graph: Graph) -> list[Graph]:
    """The graph, and those of the modules that it calls, each once."""
    found = [graph]
    for each in found:
        for op in each.nodes.kinds:
            if isinstance(op, Module) and not any(op.graph is known for known in found):
                found.append(op.graph)
    return found


def place_of(op: Module, graphs: Sequence[Graph]) -> int:
    """Where the graph of a module is among these."""
    return next(place for place, graph in enumerate(graphs) if graph is op.graph)


def first_edges(graph: Graph) -> list[int]:
    """For each node, the number of the first of its edges."""
    found, count = [], 0
    for inputs in graph.nodes.inputs:
        found.append(count)
        count += len(inputs)
    return found


def _body(graph: Graph, graphs: Sequence[Graph]) -> str:
    stages, first, lines = Stages(graph), first_edges(graph), list[str]()
    for node in graph.nodes:
        if isinstance(node, Constant):
            constant = stages.constants.get(node.position) or stages.named[node.position]
            lines.append(f"v[{node.position}]={written(graph, node, constant)}")
        elif isinstance(node, Gate):
            lines.append(";".join(filter(None, _gate(stages, node, first[node.position], graphs))))
    return "".join(f"{line};\n" for line in lines)


def _gate(stages: Stages, gate: Gate, edge: int, graphs: Sequence[Graph]) -> Iterator[str]:
    """The value of a gate, its local gradients, which of them may be too small, and whether it is at a kink."""
    graph, op, i = stages.graph, gate.op, gate.position
    if isinstance(op, Module):
        inputs = ",".join(f"v[{each}]" for each in gate.inputs)
        yield f"v[{i}]=c({i},M({place_of(op, graphs)},[{inputs}],l,{edge}))"
        return
    yield f"v[{i}]=c({i},{written(graph, gate, stages.value(gate))})"
    if op.truth or (op.selects and op.variadic):
        return  # nothing flows there; or what is selected is told by the values
    if at_once := stages.parts(gate):
        helper, operands = at_once
        parts = ",".join(written(graph, gate, each) for each in operands)
        yield JAVASCRIPT.parts.format(f"p{i}", parts, len(operands), helper).removesuffix(";")
    for slot in range(len(gate.inputs)):
        is_flat = slot in op.conditions or slot in op.orders
        if not is_flat and not isinstance(graph.nodes[gate.inputs[slot]], Constant):
            yield f"l[{edge + slot}]={written(graph, gate, stages.local(gate, slot))}"
            if (known := true_zero(gate, slot)) is not None:
                yield f"z({edge + slot}{'' if known.head == '0' else f',{written(graph, gate, known)}'})"
    if op.kink is not None:
        yield f"if({written(graph, gate, kink(gate, op.kink))})k.push({i})"


def true_zero(gate: Gate, slot: int) -> Formula | None:
    """1 where a local gradient that comes out as 0 is 0; None where it has all its digits however small it is."""
    op = gate.op
    if op.selects or is_given(op.partial(slot)):
        return None
    known = decided(Formula("mask", computed(substitute(zero(op, slot), _stand_ins(gate, slot)))))
    return None if known.head == "1" else known


def kink(gate: Gate, formula: Formula) -> Formula:
    """The formula of a row that tells kinks, over what stands for the inputs of a gate."""
    return substitute(computed(formula), _stand_ins(gate, 0))


def _stand_ins(gate: Gate, slot: int) -> dict[str, Formula]:
    inputs = [Formula(f"__{each}__") for each in range(len(gate.inputs))]
    return gate.op.words(gate.op.operands(inputs, slot), Formula("__out__"))


def written(graph: Graph, node: Gate | Constant, formula: Formula, operand: Callable[[str], str] | None = None) -> str:
    """A formula in JavaScript, over the values by node, or over operands by slot, the last one being `out`.

    operand: what a word of the rule is written as; by None, values by node are

    Raises InputError where JavaScript has no word for a primitive.
    """

    def position(place: re.Match[str]) -> int:
        return int(place[2]) if place[1] else node.position if place[2] == "out" else node.inputs[int(place[2])]

    try:
        text = _PRINTER.text(in_words_of(JAVASCRIPT, formula))
    except UnknownWordError as error:
        word = _PLACE.sub(lambda place: graph.nodes[position(place)].name, str(error))
        message = f"a page has no {word}, which {graph.title(node)} needs"
        raise InputError(message, graph.source, node.span, hint="explain and graph tell of it") from None
    text = text.replace(PARTS, f"p{node.position}")
    return _PLACE.sub(lambda place: operand(place[2]) if operand else f"v[{position(place)}]", text)
