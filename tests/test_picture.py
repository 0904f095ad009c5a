"""Pictures of the circuit: what they say, for every format, and that they say what the trace says."""

from __future__ import annotations

import re
import time
import xml.etree.ElementTree as ET
from typing import Any

import pygraphviz
import pytest

from backprop_cli import backprop
from backprop_cli.graph.graph import Gate, Graph, Group, Module, Nodes, Variable
from backprop_cli.language.program import Program
from backprop_cli.passes.trace import Trace
from backprop_cli.rules.printer import READING
from backprop_cli.rules.table import TABLE, primitive
from backprop_cli.runtime.budget import TooSlowError, within
from backprop_cli.view import Options
from backprop_cli.view.picture import circuit, dot, graphviz, mermaid
from backprop_cli.view.picture import text_tree as tree
from backprop_cli.view.picture.circuit import Circuit, Look
from support.circuits import HOSTILE, TRACES, chain, hostile, layout, parsed_edges, program

ALL = pytest.mark.parametrize("trace", TRACES.values(), ids=TRACES)
NAMES = pytest.mark.parametrize("name", HOSTILE, ids=repr)


# -- The circuit, before it has a format ---------------------------------------------------------------------------


@ALL
def test_wires_are_the_edges_of_the_trace(trace: Trace) -> None:
    """Each edge once, by gate and slot, with its numbers; and a stem for each node whose wire forks."""
    drawing = circuit.draw(Circuit(trace.graph, trace))
    stems = {wire.target: wire for wire in drawing.wires if wire.target.startswith("fork")}
    wires = [wire for wire in drawing.wires if wire.target.startswith("n")]
    assert [(stems[w.source].source if w.source in stems else w.source, w.target) for w in wires] == [
        (f"n{edge.input.position}", f"n{edge.gate.position}") for edge in trace.edges
    ]
    for wire, edge in zip(wires, trace.edges, strict=True):
        assert shown(trace, edge.chained) == wire.gradient
        assert wire.local == ("" if READING.text(trace.rule(edge)) == "1" else shown(trace, edge.local))
        assert wire.value == shown(trace, trace.values[edge.input.position]) or edge.input.kind == "constant"
    for stem in stems.values():
        position = int(stem.source[1:])
        assert (stem.value, stem.gradient) == (
            shown(trace, trace.values[position]),
            shown(trace, trace.upstream[position]),
        )


def shown(trace: Trace, value: float | None) -> str:
    return "" if value is None else trace.arithmetic.show(value, 6).replace("-", "−")


def test_branches_add_up_to_their_stem() -> None:
    trace = backprop("x*x + x", x=3)
    wires = circuit.draw(Circuit(trace.graph, trace)).wires
    stem = next(wire for wire in wires if wire.target == "fork0")
    branches = [wire for wire in wires if wire.source == "fork0"]
    assert stem.gradient == "7"
    assert [(wire.gradient, wire.local) for wire in branches] == [("3", "3"), ("3", "3"), ("1", "")]


def test_structure_has_names_and_no_numbers() -> None:
    drawing = circuit.draw(Circuit(Program("(x+y)*z + x").graph()))
    assert {wire.stage for wire in drawing.wires} == {"", "q1", "q2", "f"}
    assert not any(wire.value or wire.gradient or wire.local for wire in drawing.wires)
    assert not any(box.kind == "fork" for box in drawing.boxes)  # a bare wire needs none


def test_inactive_wires() -> None:
    trace = backprop("max(x, y, 2) + relu(z) + min(x, x) + 0*y", x=3, y=1, z=-1)
    kinds = {
        (w.source, w.target, w.kind) for w in circuit.draw(Circuit(trace.graph, trace)).wires if w.kind == "inactive"
    }
    at = {node.name: f"n{node.position}" for node in trace.graph.nodes}
    x, y = f"fork{at['x'][1:]}", f"fork{at['y'][1:]}"
    # x competes with itself, and gets its gradient along the first edge; 0·y is a product like any other
    assert kinds == {(y, at["q1"], "inactive"), (at["z"], at["q2"], "inactive"), (x, at["q4"], "inactive")}


def test_what_gets_no_gradient_has_none() -> None:
    drawing = circuit.draw(Circuit(TRACES["wrt"].graph, TRACES["wrt"]))
    wire = {wire.source: wire for wire in drawing.wires}
    assert (wire["n1"].value, wire["n1"].gradient, wire["n1"].local) == ("3", "", "")


def test_constants() -> None:
    trace = backprop("2*pi*x - 3", x=1)
    wires = [wire for wire in circuit.draw(Circuit(trace.graph, trace)).wires if wire.kind == "constant"]
    assert [wire.value for wire in wires] == ["6.28319", ""]  # a number is not told twice
    assert all(wire.gradient == wire.local == "" for wire in wires)


def test_signs_follow_from_the_table() -> None:
    signs = {op.name: circuit.sign(op) for op in TABLE}
    some = {"add": "+", "sub": "−", "mul": "×", "div": "/", "neg": "−", "pow": "^", "exp": "exp", "max": "max"}
    assert {**signs, **some, "sigmoid": "σ", "gamma": "Γ", "relu": "relu"} == signs
    assert all(signs.values())


def test_nested_frames() -> None:
    trace = TRACES["modules"]
    drawing = circuit.draw(Circuit(trace.graph, trace))
    assert len(drawing.frames) == len(trace.graph.groups) == 4
    open_now: list[int] = []
    for number, opens in drawing.nesting():
        if opens:
            assert (open_now or [-1])[-1] == drawing.frames[number].parent
            open_now.append(number)
        else:
            assert open_now.pop() == number
    assert open_now == []


def test_frames_in_any_order() -> None:
    """A group may stand before the one that it lies in."""
    gates = (Gate(i, f"q{i}", (0, 1), primitive("neg"), (i - 1,), group=2 - i) for i in (1, 2))
    nodes = Nodes([Variable(0, "x", (0, 1)), *gates, Gate(3, "f", (0, 1), primitive("add"), (1, 2))])
    graph = Graph("x", nodes, groups=(Group("q2", "a", 1), Group("q1", "b", -1)))
    assert list(circuit.draw(Circuit(graph)).nesting()) == [(1, True), (0, True), (0, False), (1, False)]
    stem = next(wire for wire in circuit.draw(Circuit(graph)).wires if wire.target == "fork1")
    assert stem.group == -1  # what leaves a group forks outside of it


def test_a_wire_lies_in_the_innermost_group_round_both_its_ends() -> None:
    trace = TRACES["modules"]
    drawing = circuit.draw(Circuit(trace.graph, trace))
    group = {box.name: box.group for box in drawing.boxes}

    def around(number: int) -> set[int]:
        return {-1, number} | (around(drawing.frames[number].parent) if number >= 0 else set())

    for wire in drawing.wires:
        assert wire.group in around(group[wire.source]) & around(group[wire.target])


# -- Whole outputs -------------------------------------------------------------------------------------------------

MERMAID = """\
flowchart LR
  n0(("x")):::input
  fork0((" ")):::fork
  n1(("×"))
  out((" ")):::output
  n0 ---|"<span style='color:green'>3</span><br/><span style='color:red'>6</span>"| fork0
  fork0 -->|"\u00a0<br/><span style='color:green'>3</span><br/><span style='color:red'>3</span><br/>\
<span style='color:gray'>local 3</span>"| n1
  fork0 -->|"\u00a0<br/><span style='color:green'>3</span><br/><span style='color:red'>3</span><br/>\
<span style='color:gray'>local 3</span>"| n1
  n1 -->|"f<br/><span style='color:green'>9</span><br/><span style='color:red'>1</span><br/>\u00a0"| out
  classDef input fill:none,stroke:none
  classDef constant fill:none,stroke:none,color:gray
  classDef fork fill:gray,stroke:gray
  classDef output fill:none,stroke:none
"""

DOT = """\
  n0 [label="x", shape=plaintext, width=0, height=0, margin="0.04,0.02"]
  n1 [label="σ", shape=circle, style=filled, fixedsize=true, width=0.44, fontsize=18, fillcolor="#ffffff", \
tooltip="f = sigmoid(x)"]
  out [label="", shape=point, width=0.01, style=invis]
  w1 [shape=plaintext, width=0, height=0, margin="0,0", \
label=<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0">\
<TR><TD HEIGHT="14"><FONT POINT-SIZE="10" COLOR="#24292f">f</FONT></TD></TR>\
<TR><TD PORT="wire" HEIGHT="1" BGCOLOR="#24292f"></TD></TR><TR><TD HEIGHT="14"></TD></TR></TABLE>>]
  n0 -> n1 [color="#24292f"]
  n1 -> w1:wire:w [color="#24292f", dir=none, headclip=false]
  w1:wire:e -> out [color="#24292f", tailclip=false]
}
"""


def test_whole_mermaid() -> None:
    assert mermaid.render(circuit.draw(Circuit(TRACES["x*x"].graph, TRACES["x*x"]))) == MERMAID


def test_whole_dot() -> None:
    text = dot.render(circuit.draw(Circuit(Program("sigmoid(x)").graph())))
    head, _, body = text.partition("  n0")
    assert f"  n0{body}" == DOT
    assert head.startswith('digraph "sigmoid(x)" {\n')
    assert "rankdir=LR" in head


TREE = """\
(x+y)*(x+y) = 9

                value   upstream   local   chained
f = q1 * q2         9          1
├─ q1 = x + y       3          3       3         3
│  ├─ x            -2          6       1         3
│  ╰─ y             5          6       1         3
╰─ q2 = x + y       3          3       3         3
   ├─ ↑ x          -2                  1         3
   ╰─ ↑ y           5                  1         3
"""

STRUCTURE = """\
f = 2*sin(x) - sin(x)

f = q2 - q3
├─ q2 = 2 * q1
│  ├─ 2
│  ╰─ q1 = sin(x)
│     ╰─ x
╰─ q3 = sin(x)
   ╰─ ↑ x
"""


def tree_of(graph: Graph, trace: Trace | None = None, **options: Any) -> str:
    return tree.circuit(Circuit(graph, trace), Options(**options))


def test_whole_tree() -> None:
    trace = backprop("(x+y)*(x+y)", x=-2, y=5)
    assert tree_of(trace.graph, trace) == TREE
    assert tree_of(Program("2*sin(x) - sin(x)").graph()) == STRUCTURE


def test_tree_of_a_program() -> None:
    graph = Program("q = x + y; k = 2; f = q*q + k").graph()
    assert tree_of(graph).splitlines()[2:] == [
        "f = q1 + k", "├─ q1 = q * q", "│  ├─ q = x + y", "│  │  ├─ x", "│  │  ╰─ y", "│  ╰─ ↑ q", "╰─ k = 2",
    ]  # fmt: skip


def test_tree_names_the_modules() -> None:
    lines = tree_of(TRACES["modules"].graph, TRACES["modules"])
    assert lines.count("[sigma]") == 2


def test_tree_in_colour() -> None:
    trace = backprop("2*x", x=3)
    coloured = tree_of(trace.graph, trace, paint=lambda text, style: f"<{style}>{text}</>" if text else "")
    assert re.sub("<.*?>", "", coloured) == tree_of(trace.graph, trace)
    assert "<green>6</>" in coloured  # the value
    assert "<red>2</>" in coloured  # the gradient


@pytest.mark.parametrize("width", [80, 200])
def test_tree_fits_a_terminal(width: int) -> None:
    trace = TRACES["40 gates, opened"]
    lines = tree_of(trace.graph, trace, width=width).splitlines()
    assert max(map(len, lines)) <= width
    for number in ("0.0469199", "-0.0479579"):
        assert any(number in line for line in lines)


def test_a_deep_tree_goes_on_below() -> None:
    lines = tree_of(chain(100)).splitlines()
    assert max(map(len, lines)) < 150
    below = [line.split()[-1] for line in lines if "↓" in line]
    assert below == ["q60", "q20"]
    for name in below:
        assert sum(line.startswith(f"{name} = ") for line in lines) == 1
    assert sum("x" in line for line in lines[2:]) == 2  # in q1 = -x and as its leaf


@ALL
def test_a_tree_opens_each_node_once(trace: Trace) -> None:
    _, _, tree = tree_of(trace.graph).partition("\n\n")
    lines = tree.splitlines()
    words = [line.lstrip("├─╰│ ").partition(" ")[0] for line in lines if line and "↑" not in line and "↓" not in line]
    for node in trace.graph.nodes:
        if node.kind != "constant":
            assert words.count(node.name) == 1


# -- Looks, and steps -----------------------------------------------------------------------------------------------


def drawn_as(look: Look, form: str = "svg") -> str:
    trace = TRACES["(x+y)*z"]
    text = graphviz.circuit(Circuit(trace.graph, trace, look), Options(form))
    return text.decode("latin-1")


def test_a_theme_has_its_colours_and_no_others() -> None:
    for name, theme in dot.COLOURS.items():
        used = set(re.findall(r"#[0-9a-f]{6}", drawn_as(Look(theme=name))))
        assert used <= set(theme)
        assert {theme.value, theme.gradient, theme.ink, theme.paper} <= used


def test_a_transparent_picture_has_no_ground() -> None:
    for name, theme in dot.COLOURS.items():
        assert theme.paper in drawn_as(Look(theme=name))
        assert theme.paper not in drawn_as(Look(theme=name, transparent=True))


@pytest.mark.parametrize("form", ["svg", "png", "pdf"])
def test_the_scale_is_that_of_the_picture(form: str) -> None:
    def width(scale: float) -> float:
        text = drawn_as(Look(scale=scale), form)
        if form == "png":
            return int.from_bytes(text.encode("latin-1")[16:20])
        size = re.search(r'width="([\d.]+)pt"' if form == "svg" else r"MediaBox \[ 0 0 ([\d.]+)", text)
        assert size
        return float(size[1])

    assert width(2) == pytest.approx(2 * width(1), rel=0.02)
    assert width(0.5) == pytest.approx(0.5 * width(1), rel=0.02)


def test_local_gradients_that_are_always_1_are_not_told() -> None:
    trace = backprop("(x + y - z)*w", x=1, y=2, z=3, w=1)
    told = {(wire.source, wire.local) for wire in circuit.draw(Circuit(trace.graph, trace)).wires}
    at = {node.name: f"n{node.position}" for node in trace.graph.nodes}
    assert {(at["x"], ""), (at["y"], ""), (at["z"], "−1"), (at["w"], "0"), (at["q2"], "1")} <= told
    bare = circuit.draw(Circuit(trace.graph, trace, Look(local=False)))
    assert not any(wire.local for wire in bare.wires)


def test_a_step_shows_what_is_known_by_then_in_its_place() -> None:
    trace = backprop("x*y + x", x=3, y=4)
    steps = [circuit.draw(Circuit(trace.graph, trace, step=step)) for step in range(circuit.steps(trace.graph))]
    known = [
        {f"{w.source} {name}" for w in each.wires for name in ("value", "gradient") if name not in w.hidden}
        for each in steps
    ]
    assert [sorted(after - before) for before, after in zip([set[str](), *known], known, strict=False)] == [
        ["fork0 value", "n0 value", "n1 value"],
        ["n2 value"],
        ["n3 value"],
        ["n3 gradient"],
        ["fork0 gradient", "n2 gradient"],
        ["n0 gradient", "n1 gradient"],
    ]
    assert [[box.name for box in each.boxes if box.is_current] for each in steps] == [
        [],
        ["n2"],
        ["n3"],
        [],
        ["n3"],
        ["n2"],
    ]
    assert [wire.hidden for wire in steps[-1].wires] == [
        wire.hidden for wire in circuit.draw(Circuit(trace.graph, trace)).wires
    ]
    places = [layout(dot.render(each)).boxes for each in (steps[0], steps[-1])]
    assert places[0] == places[1]
    assert "\u00a0" in mermaid.render(steps[0])


# -- Read back by real parsers -------------------------------------------------------------------------------------


@ALL
@pytest.mark.parametrize("values", [True, False])
def test_dot_read_back(trace: Trace, values: bool) -> None:
    text = dot.render(circuit.draw(Circuit(trace.graph, trace if values else None)))
    expected = sorted((f"n{i}", f"n{gate.position}") for gate in trace.graph.nodes for i in gate.inputs)
    assert parsed_edges(text) == expected
    read = pygraphviz.AGraph(string=text)
    for node in trace.graph.nodes:
        label = read.get_node(f"n{node.position}").attr["label"]
        assert label == circuit.sign(node.op) if isinstance(node, Gate) else node.name in label
    assert len(read.subgraphs()) == sum(group.parent < 0 for group in trace.graph.groups)


@ALL
def test_svg_is_xml_with_the_texts_in_it(trace: Trace) -> None:
    drawing = circuit.draw(Circuit(trace.graph, trace), 4)
    root = ET.fromstring(graphviz.picture(dot.render(drawing).encode(), "svg"))
    texts = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    for box in drawing.boxes:
        assert not box.text or box.text in texts
    for wire in drawing.wires:
        for _, text in (*wire.sides[0], *wire.sides[1]):
            assert not text or text in texts


def test_png_and_pdf() -> None:
    text = dot.render(circuit.draw(Circuit(TRACES["neuron"].graph, TRACES["neuron"]), 4))
    png, pdf = (graphviz.picture(text.encode(), form) for form in ("png", "pdf"))
    assert png.startswith(b"\x89PNG\r\n")
    width, height = (int.from_bytes(png[at : at + 4]) for at in (16, 20))
    assert 1500 < width < 4000  # sharp, and no wall
    assert 300 < height < 1500
    assert pdf.startswith(b"%PDF-")


# -- Names from anywhere -------------------------------------------------------------------------------------------


def test_a_graphviz_that_starts_late_gets_the_whole_text(monkeypatch: pytest.MonkeyPatch) -> None:
    late = "import sys, time; time.sleep(0.3); sys.stdout.buffer.write(sys.stdin.buffer.read())"
    monkeypatch.setattr(graphviz, "_PYGRAPHVIZ", late)
    drawing = b"digraph {}" * 100_000
    assert graphviz.picture(drawing, "svg") == drawing


def test_a_limit_of_time_ends_graphviz(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphviz, "_PYGRAPHVIZ", "import time; time.sleep(60)")
    started = time.monotonic()
    with pytest.raises(TooSlowError):
        within(0.2, lambda: graphviz.picture(b"digraph {}", "svg"))
    assert time.monotonic() - started < 30


@NAMES
def test_hostile_names_in_dot(name: str) -> None:
    trace = hostile(name)
    drawing = circuit.draw(Circuit(trace.graph, trace))
    text = dot.render(drawing)
    assert parsed_edges(text) == [("n0", "n2"), ("n0", "n3"), ("n1", "n2"), ("n2", "n3")]
    root = ET.fromstring(graphviz.picture(text.encode(), "svg"))
    drawn = "".join("".join(root.itertext()).split())
    for box in drawing.boxes:
        assert "".join(box.text.split()) in drawn.replace("\xa0", "")
    assert not [each for each in root.iter() if "script" in str(each.tag)]


@NAMES
def test_hostile_names_in_mermaid(name: str) -> None:
    """Of ASCII only letters, digits, spaces and the points of numbers are written as they are."""
    trace = hostile(name)
    text = mermaid.render(circuit.draw(Circuit(trace.graph, trace)))
    tame = hostile("x")
    assert len(text.splitlines()) == len(mermaid.render(circuit.draw(Circuit(tame.graph, tame))).splitlines())
    for label in re.findall(r'"(.*)"', text):
        plain = re.sub(r"<br/>|<span style='color:[a-z]+'>|</span>|#\w+;|(?<=\d)\.(?=\d)", "", label)
        assert re.fullmatch(r"[\w ]*", re.sub(r"[^\x00-\x7f]|_", "", plain))
        assert "_" not in plain


@NAMES
def test_hostile_names_in_a_tree(name: str) -> None:
    trace = hostile(name)
    lines = tree_of(trace.graph, trace).splitlines()
    assert len(lines) == 3 + 5
    assert all(line.isprintable() for line in lines)


# -- Size ----------------------------------------------------------------------------------------------------------


def views(graph: Graph) -> list[int]:
    drawing = circuit.draw(Circuit(graph))
    return [len(each) for each in (dot.render(drawing), mermaid.render(drawing), tree_of(graph))]


def test_the_output_is_linear_in_the_program() -> None:
    for small, large in zip(views(program(500)), views(program(5_000)), strict=True):
        assert large < 12 * small


def test_a_deep_circuit_needs_no_recursion() -> None:
    assert all(size < 200 * 100_000 for size in views(chain(20_000)))


def test_many_inputs_and_many_uses() -> None:
    names = [f"x{i}" for i in range(3_000)]
    assert all(views(Program(f"max({', '.join(names)})").graph()))
    assert all(views(Program("+".join(["x"] * 3_000)).graph()))


def test_a_closed_module_is_a_box() -> None:
    sigma = Module("sigma", ["t"], Program("1/(1 + exp(-t))").graph())
    graph = Graph("sigma(x)", Nodes([Variable(0, "x", (7, 8)), Gate(1, "f", (0, 8), sigma, (0,))]))
    drawing = circuit.draw(Circuit(graph))
    assert [(box.kind, box.text) for box in drawing.boxes] == [("input", "x"), ("module", "sigma"), ("output", "")]
    assert '[["sigma"]]' in mermaid.render(drawing)
    assert 'label="sigma", shape=box' in dot.render(drawing)
