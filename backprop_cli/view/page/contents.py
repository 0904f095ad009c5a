"""What a page is told: the circuit, its layout, its steps, and sentences with holes, as data.

Values stand in it only as the point from which the page starts. What people typed stands in it as text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import sub
from typing import Any

from ...arithmetic import FLOATS
from ...errors import shorten
from ...graph.graph import Constant, Gate, Graph, Module, Node, Variable
from ...passes.faults import Place
from ...passes.trace import Edge, Trace
from ...rules.formula import Formula, substitute
from ...rules.op import Op
from ...rules.printer import NUMBERS, READING
from ...rules.zeros import loses
from .. import texts
from ..picture.circuit import DIGITS, Circuit, Drawing, draw, sign
from ..words.language import Language
from ..words.parts import Back, Computed
from ..words.roles import times
from ..words.spans import LISTED, plain
from ..words.story import Story
from ..words.wording import Wording
from . import arrays
from .arithmetic import graphs_of
from .holes import holes
from .layout import lay_out

_SELECTS_MANY, _SELECTS = 1, 2


def contents(trace: Trace, language: Language, ties: str, digits: int | None) -> dict[str, Any]:
    """All that a page is told."""
    graph, story = trace.graph, Story(trace, digits, language=language)
    graphs, ops = graphs_of(graph), list(dict.fromkeys((gate.op, len(gate.inputs)) for gate in graph.gates))
    asked = [node.position for node in graph.variables if node.name in trace.gradient]
    drawing = _without_shapes(draw(Circuit(graph, trace)))
    told = {
        "lang": language.code,
        "digits": digits or trace.arithmetic.digits,
        "pictured": digits or DIGITS,
        "asked": asked,
        "fixed": [i for i in graph.nodes.variables if i not in asked],
        "G": [
            _structure(each, graphs, trace if each is graph else None)
            | ({} if trace.has_axes else {"u": "".join(str(int(_loses(op))) for op in each.nodes.ops)})
            for each in graphs
        ],
        "N": [_node(story.words, node, ops) for node in graph.nodes],
        **_picture(drawing),
    }
    told |= {
        "ties": ties,
        "h": texts.step(trace),
        "start": [arrays.held(trace.arithmetic, trace.point[graph.nodes[i].name]) for i in graph.nodes.variables],
        "point": [[i] for i in graph.nodes.variables] + [[name, value] for name, value in trace.constants.items()],
        "notes": [plain(language.say("note", note)) for note in story.notes()],
        "first": plain(story.begins()),
        "S": [*_steps(story)],
        "E": [{} if story.has_axes(edge.gate) else _edge(story.words, edge) for edge in trace.edges],
        "O": [_op(op, count, language) for op, count in ops],
        "T": _templates(trace, language, ties),
    }
    return arrays.contents(trace, story, told) if trace.has_axes else told


_SAID = {
    "": "at|and more|chain rule|chain rule, forks|small steps|no gradient|about|comma|and|and then|more|stop|"
    "upstream|stopped|share|sum|if|does not change|does not change at first|increases|decreases|increases as much|"
    "decreases as much|one constant|constants|overflows|infinite local|local overflows|no local|page digits|"
    "page forward|page backward|page end|page local|page share|page number field|page ask value|page ask chained|"
    "page ask share|page ask sum|page number|page right|page wrong|page try|page only|mistake sign|mistake branch|"
    "mistake upstream|mistake factor|mistake input",
    "distributes": "distributes|one gets|each gets|one gets on edges|each gets on edges",
    "switches": "switches|twins|switched|switched both",
    "routes": "routes|nothing to|all to|all to, none to|none to|not needed|not selected|true, so|false, so",
    "selects": "mistake loser",
    "has a role": "role does|role does here|role here",
    "has none": "does|does here|here|gets 0|gets 1|gets -1|gets part|gets times|then 0|then 1|then -1|then part|"
    "then times",
    "ranks": "itself|larger, so|largest, so|smaller, so|smallest, so|selected, so",
    "ties": "tie {}",
    "conventions": "kink|if, by convention",
    "borders": "border|if, at a border",
    "chooses": "taken, none to|holds, so|fails, so|no value|one condition|conditions",
    "holds": "holds|fails",
    "ends": "no real value|no finite value|needs",
    "divides": "division by zero|mistake quotient",
    "powers": "mistake power",
    "notes": "at 0",
    "modules": "module|in call|no finite value",
    "fixed": "one fixed|fixed",
}
"""The templates that a page needs, by what there is in its graph."""


def _templates(trace: Trace, language: Language, ties: str) -> dict[str, str]:
    """The templates that the page of a graph may need."""
    graph = trace.graph
    anywhere = [op for each in graphs_of(graph) for op in each.nodes.kinds if not isinstance(op, Module)]
    ops = [op for op in graph.nodes.kinds if not isinstance(op, Module)]
    names, roles = {op.name for op in ops}, dict.fromkeys(op.role for op in ops)
    found = {
        **dict.fromkeys(["", *roles], True),
        "has a role": any(roles),
        "has none": "" in roles,
        "ranks": any((op.selects and len(op.inputs) != 1) or (op.variadic and op.selects) for op in ops),
        "selects": any(op.selects for op in ops),
        "ties": any(op.variadic and op.selects for op in anywhere),
        "conventions": any(op.kink or op.selects for op in anywhere),
        "borders": any(op.chooses for op in anywhere),
        "chooses": any(op.chooses for op in ops),
        "holds": any(op.truth for op in ops),
        "ends": any(op.domain for op in anywhere),
        "divides": any(op.name == "div" for op in anywhere),
        "powers": bool({"pow", "sqrt", "cbrt", "exp", "exp2"} & names),
        "notes": any(op.note for op in ops),
        "modules": graph.modules,
        "fixed": any(each is None for each in trace.upstream),
    }
    keys = "|".join(_SAID[each] for each, is_there in found.items() if is_there).format(ties).split("|")
    return {key: language.templates[key] for key in dict.fromkeys(keys)}


def _steps(story: Story) -> Iterator[list[Any]]:
    """The steps: what each is, the node that it is about, and the headings of calls that open there."""
    yield ["a"]
    for computed in story.forward():
        if isinstance(computed, Computed):
            yield _step("f", computed)
    if story.trace.gradient and isinstance(story.words.output, Gate):
        yield ["t", story.words.output.position]
        for each in story.backward():
            if isinstance(each, Back):
                yield ["s", each.node.position] if each.terms else _step("g", each)
    yield ["z"]


def _step(kind: str, told: Computed | Back) -> list[Any]:
    opened = [plain(each) for each in told.opened]
    return [kind, told.node.position, *([opened] if opened else [])]


def _structure(graph: Graph, graphs: Sequence[Graph], trace: Trace | None) -> dict[str, Any]:
    """A graph by numbers: each node's inputs, how it selects and whether it gets a gradient; and the variables."""
    wanted = "" if trace is None else "".join(str(int(each is not None)) for each in trace.upstream)
    places, calls = [*graph.nodes.variables], [(gate, gate.op) for gate in graph.gates if isinstance(gate.op, Module)]
    for each in graphs:
        for op in each.nodes.kinds:
            if isinstance(op, Module) and op.graph is graph:
                places = [node.position for node in op.input_nodes]
    return {
        "i": [list(inputs) or 0 for inputs in graph.nodes.inputs],
        "s": {
            i: _SELECTS_MANY if op.variadic else _SELECTS for i, op in enumerate(graph.nodes.ops) if op and op.selects
        },
        "c": {  # the slot of a condition, and those of what is taken where it holds and where not
            gate.position: [min(gate.op.conditions), gate.op.chosen(True), gate.op.chosen(False)]
            for gate in graph.gates
            if gate.op.chooses and gate.op.conditions
        },
        "w": wanted,
        "x": places,
        "y": {gate.position: op.hands_on for gate, op in calls if op.hands_on is not None},
        "b": {gate.position: gate.op.name if gate.op.conditions else "" for gate in graph.gates if gate.op.truth},
        "o": {gate.position: gate.op.name for gate in graph.gates if gate.op.domain},
        "q": {gate.position: Place(graph, gate, [], FLOATS).needs() for gate in graph.gates if gate.op.domain},
        **({} if trace else {"n": [texts.short(node.name) for node in graph.nodes], "f": _titles(graph)}),
    }


def _loses(op: Op | None) -> bool:
    """Whether the value of a gate may lose digits because it is so small."""
    return op is not None and not isinstance(op, Module) and loses(op)


def _titles(graph: Graph) -> dict[int, str]:
    """What gates are, where something is told of one inside a module."""
    return {gate.position: f"{gate.name} = {shorten(graph.written(gate))}" for gate in graph.gates}


def _node(words: Wording, node: Node, ops: Sequence[tuple[Op, int]]) -> dict[str, Any]:
    name = words.name(node).text
    if isinstance(node, Variable):
        return {"n": name}
    if isinstance(node, Constant):
        written = texts.short(words.trace.graph.written(node))
        return {"n": name, "d": 1, **({} if written == name else {"f": f"{name} = {written}"})}
    return {"n": name, "t": ops.index((node.op, len(node.inputs))), "f": words.operation(node).text}


def _edge(words: Wording, edge: Edge) -> dict[str, Any]:
    """The rule of an edge: as read, with holes for values, and how it is told what it does with the upstream."""
    if edge.chained is None:
        return {}
    formula, here = words.stood_in(edge)
    over_names = words.local(edge)
    how, by = times(over_names)
    told: dict[str, Any] = {"r": READING.text(over_names)}
    if how != "times":
        told["h"] = how
    if how == "part":
        told["y"] = READING.text(by[0])
    if over_names.head == "where":
        return {**told, "q": READING.text(over_names.args[0])}
    if here:
        keys = [*here]

        def put_in(numbers: Sequence[str]) -> str:
            return NUMBERS.text(substitute(formula, dict(zip(keys, numbers, strict=True))))

        told["p"] = holes(put_in, [node.position for node in here.values()])
    is_convention = edge.gate.op.partial(edge.slot).head == "convention"
    return {**told, **({"z": 1} if is_convention and any(node != edge.input for node in here.values()) else {})}


def _op(op: Op, count: int, language: Language) -> dict[str, Any]:
    """An operation: its sign, how it is told over numbers, what it does, and how it chooses."""
    slots = range(min(count, LISTED))
    more = [Formula("…")] * (len(slots) < count)
    over = holes(lambda numbers: NUMBERS.text(op.applied([*map(Formula, numbers), *more])), slots)
    told: dict[str, Any] = {"name": op.name, "sign": sign(op), "over": over}
    if isinstance(op, Module):
        return {**told, "module": 1}
    told |= {"role": op.role, "does": language.does(op), "note": language.note(op), "truth": int(op.truth)}
    if op.truth and op.conditions:
        told["joins"] = op.name
    return {key: each for key, each in told.items() if each}


def _without_shapes(drawing: Drawing) -> Drawing:
    """The picture with names alone, for the shapes of a page stand on its wires."""
    boxes = [box._replace(text=box.text.partition(" [")[0]) for box in drawing.boxes]
    wires = [wire._replace(stage=wire.stage.partition(" [")[0]) for wire in drawing.wires]
    return drawing._replace(boxes=boxes, wires=wires)


def _picture(drawing: Drawing) -> dict[str, Any]:
    """Boxes and wires, each with the node or the edge whose numbers it shows; a fork is a box of its node, too.

    Of what rises or falls by little, it is told by how much: a column begins so far behind the one before, and so on.
    """
    layout = lay_out(drawing)
    boxes = [
        [_node_of(box.name), *place, *([1] if box.kind == "fork" else [])]
        for box, place in zip(drawing.boxes, layout.boxes, strict=True)
        if box.kind != "output"
    ]
    wires, edge = [], 0
    for wire, way in zip(drawing.wires, layout.ways, strict=True):
        is_stem = wire.target == "out" or wire.target.startswith("fork")
        wires.append([_node_of(wire.source), -1 if is_stem else edge, *map(sub, way, [0, *way])])
        edge += not is_stem
    ends = [0, *(left + width for left, width in layout.columns)]
    columns = [(left - end, width) for (left, width), end in zip(layout.columns, ends, strict=False)]
    return {"width": layout.width, "height": layout.height, "C": columns, "B": boxes, "W": wires}


def _node_of(name: str) -> int:
    """The node that a box is called after."""
    return int(name.removeprefix("fork").removeprefix("n"))
