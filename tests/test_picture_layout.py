"""The rules of the layout, on the circuits that are looked at, as Graphviz lays them out."""

from __future__ import annotations

import itertools
import random

import pytest

from backprop_cli import backprop
from backprop_cli.language.program import Program
from backprop_cli.passes.trace import Trace
from backprop_cli.view.picture import circuit, dot
from backprop_cli.view.picture.circuit import Circuit, Drawing
from backprop_cli.view.picture.dot import COLOURS, places
from support.circuits import TRACES, Layout, layout

LAYOUTS = {name: layout(dot.render(circuit.draw(Circuit(trace.graph, trace), 4))) for name, trace in TRACES.items()}
STRUCTURES = {name: layout(dot.render(circuit.draw(Circuit(trace.graph)))) for name, trace in TRACES.items()}
ALL = pytest.mark.parametrize("name", TRACES)
EITHER = pytest.mark.parametrize(
    "drawn", [*LAYOUTS.values(), *STRUCTURES.values()], ids=[*TRACES, *(f"{name}, structure" for name in TRACES)]
)


@EITHER
def test_from_left_to_right(drawn: Layout) -> None:
    """Every wire goes to the right, so inputs stand left of the gates that use them and the output is the last."""
    for tail, head, _ in drawn.edges:
        assert drawn.boxes[tail].right < drawn.boxes[head].left + 1
    assert all(box.right <= drawn.boxes["out"].right + 1 for box in drawn.boxes.values())


@EITHER
def test_nothing_overlaps(drawn: Layout) -> None:
    for (one, box), (other, another) in itertools.combinations(drawn.boxes.items(), 2):
        assert not box.overlaps(another), (one, other)


def crossed(drawn: Layout) -> list[tuple[str, str, str]]:
    """Wires that cross the text, the gate or the title of something else, and what they cross."""
    places = {**drawn.boxes, **{f"title of {name}": box for name, box in drawn.titles.items()}}
    return [
        (tail, head, name)
        for tail, head, points in drawn.edges
        for name, box in places.items()
        if name not in (tail, head, "out")
        if any(box.left + 1 < x < box.right - 1 and box.low + 1 < y < box.high - 1 for x, y in points)
    ]


def astray(drawing: Drawing, drawn: Layout) -> list[tuple[str, str, int]]:
    """Wires that run through a frame that is not their own, and the frame."""
    group = {box.name: box.group for box in drawing.boxes}
    for place, wire in enumerate(drawing.wires):
        group[f"w{place}"] = group[wire.source]
        group |= {f"i{place}_{frame}": frame for frame in range(len(drawing.frames))}
        group |= {f"o{place}_{frame}": each.parent for frame, each in enumerate(drawing.frames)}
    found = []
    for tail, head, points in drawn.edges:
        own = {*drawing.around(group[tail]), *drawing.around(group[head])}
        for frame in {*range(len(drawing.frames))} - own:
            box = drawn.frames[f"cluster_{frame}"]
            if any(box.left < x < box.right and box.low < y < box.high for x, y in points):
                found.append((tail, head, frame))
    return found


@EITHER
def test_no_wire_crosses_a_text_or_a_gate(drawn: Layout) -> None:
    assert not crossed(drawn)


@ALL
def test_no_wire_runs_through_a_frame_that_is_not_its_own(name: str) -> None:
    for trace, drawn in ((TRACES[name], LAYOUTS[name]), (None, STRUCTURES[name])):
        assert not astray(circuit.draw(Circuit(TRACES[name].graph, trace), 4), drawn)


def net(seed: int) -> str:
    """A small net of layers, with modules inside each other."""
    chosen = random.Random(seed)
    names = [f"x{i}" for i in range(chosen.randint(1, 3))]
    lines = [f"act(t) = {chosen.choice(['relu(t)', 'tanh(t)', '1/(1 + exp(-t))'])}", "sqr(u, v) = (u - v)**2"]
    for layer in range(chosen.randint(1, 2)):
        slots, weights = range(len(names)), [f"w{i}" for i in range(len(names))]
        heads = ", ".join([*weights, *(f"x{i}" for i in slots), "b"])
        lines.append(f"neuron{layer}({heads}) = act({' + '.join(f'w{i}*x{i}' for i in slots)} + b)")
        news = [f"h{layer}{i}" for i in range(chosen.randint(1, 3))]
        for new in news:
            values = ", ".join([*(f"{new}{weight}" for weight in weights), *names, f"{new}b"])
            lines.append(f"{new} = neuron{layer}({values})")
        names = news
    return "\n".join([*lines, " + ".join([*(f"sqr({name}, t)" for name in names), "k*h00w0**2"])])


@pytest.mark.slow
def test_wires_of_nets() -> None:
    """Neither through what stands in their way, nor through frames that are not theirs."""
    for seed in range(12):
        graph = Program(net(seed)).graph()
        trace = backprop(net(seed), {node.name: 0.1 * i + 0.05 for i, node in enumerate(graph.variables)}, expand=True)
        for numbers in (trace, None):
            drawing = circuit.draw(Circuit(trace.graph, numbers), 4)
            drawn = layout(dot.render(drawing))
            assert not crossed(drawn), seed
            assert not astray(drawing, drawn), seed


@EITHER
def test_texts_fit_in_their_boxes(drawn: Layout) -> None:
    for name, texts in drawn.texts.items():
        for text in texts:
            assert drawn.boxes[name].holds(text.box, slack=2.5), text.words
        for one, other in itertools.combinations(texts, 2):
            assert not one.box.overlaps(other.box), (one.words, other.words)


@ALL
def test_values_above_the_wire_and_gradients_below(name: str) -> None:
    trace, drawn = TRACES[name], LAYOUTS[name]
    departures = {tail: points[0][1] for tail, _, points in drawn.edges}
    drawing = circuit.draw(Circuit(trace.graph, trace), 4)
    for wire, place in zip(drawing.wires, places(drawing), strict=True):
        if wire.is_bare:
            continue
        line, texts = departures[place], drawn.texts[place]
        above, below = wire.sides
        for _, text in above:
            assert not text or any(each.words == text and each.box.low > line for each in texts)
        for _, text in below:
            assert not text or any(each.words == text and each.box.high < line for each in texts)


@ALL
def test_values_are_green_and_gradients_red(name: str) -> None:
    trace, drawn = TRACES[name], LAYOUTS[name]
    drawing = circuit.draw(Circuit(trace.graph, trace), 4)
    for wire, place in zip(drawing.wires, places(drawing), strict=True):
        colours = {(text.words, text.colour) for text in drawn.texts[place]} if not wire.is_bare else set()
        if wire.kind != "constant":
            assert not wire.value or (wire.value, COLOURS["light"].value) in colours
            assert not wire.gradient or (wire.gradient, COLOURS["light"].gradient) in colours


@pytest.mark.parametrize("expression", ["(x-y)/(y-x)", "2/x - y", "x*y + (y - x)", "1/x**2", "atan2(y, x) - y"])
def test_operands_stand_in_order(expression: str) -> None:
    """The first operand of a gate above the second, whichever comes first in the expression."""
    graph = Program(expression).graph()
    trace = backprop(expression, {node.name: 0.3 for node in graph.variables}, allow_nonfinite=True)
    drawing = circuit.draw(Circuit(graph, trace))
    boxes = layout(dot.render(drawing)).boxes
    for gate in graph.nodes:
        starts = [
            wire.source if wire.is_bare else place
            for wire, place in zip(drawing.wires, places(drawing), strict=True)
            if wire.target == f"n{gate.position}"
        ]
        heights = [boxes[each].high + boxes[each].low for each in starts]
        assert heights == sorted(heights, reverse=True)


@pytest.mark.parametrize("name", ["modules", "40 gates, opened", "two layers"])
def test_frames_hold_their_gates_and_no_others(name: str) -> None:
    for drawn, trace in ((LAYOUTS[name], TRACES[name]), (STRUCTURES[name], TRACES[name])):
        for number in range(len(trace.graph.groups)):
            frame = drawn.frames[f"cluster_{number}"]
            for node in trace.graph.nodes:
                box = drawn.boxes[f"n{node.position}"]
                if number in trace.graph.around(node):
                    assert frame.holds(box)
                else:
                    assert not frame.overlaps(box)


@pytest.mark.parametrize("name", ["(x+y)*z", "neuron"])
def test_a_small_circuit_fits_a_slide(name: str) -> None:
    """Thirteen inches wide and seven and a half high, at the size that the texts have."""
    boxes = LAYOUTS[name].boxes.values()
    assert max(box.right for box in boxes) < 13.3 * 72
    assert max(box.high for box in boxes) < 7.5 * 72


def test_a_wire_of_its_own_for_each_edge() -> None:
    """x*x shows two."""
    drawn = LAYOUTS["x*x"]
    assert sum(head == "n1" for _, head, _ in drawn.edges) == 2


def test_trace_is_what_is_drawn() -> None:
    trace: Trace = TRACES["neuron"]
    words = {text.words for texts in LAYOUTS["neuron"].texts.values() for text in texts}
    assert {"q4", "0.7311", "0.1966", "−0.5344", "local −0.5344", "w0", "exp"} <= words
    assert trace.graph.output.name in words
