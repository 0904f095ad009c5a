"""Circuits for the tests of pictures: by hand where no expression leads to them, and as Graphviz lays them out."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from typing import Any, NamedTuple

import pygraphviz

from backprop_cli import backprop
from backprop_cli.graph.graph import Constant, Gate, Graph, Group, Nodes, Variable
from backprop_cli.language.program import Program
from backprop_cli.passes.backpropagate import backpropagate
from backprop_cli.passes.trace import Trace
from backprop_cli.rules.table import primitive

NEURON = "1/(1+exp(-(w0*x0+w1*x1+w2)))"
NEURON_AT = {"w0": 2, "x0": -1, "w1": -3, "x1": -2, "w2": -3}

PROGRAM = """\
a1 = w11*x1 + w12*x2 + b1
a2 = w21*x1 + w22*x2 + b2
a3 = w31*x1 + w32*x2 + b3
h1 = tanh(a1); h2 = max(a2, 0); h3 = sigmoid(a3)
s = v1*h1 + v2*h2 + v3*h3 + c
p = 1/(1 + exp(-s))
e = p - t
data = e*e/2
norm = w11**2 + w12**2 + w21**2 + w22**2
loss = data + k*norm + min(v1, v2)*k
"""
PROGRAM_AT = {
    "x1": 1, "x2": -0.5, "w11": 0.4, "w12": -1.2, "w21": 0.7, "w22": 0.3, "w31": -0.6, "w32": 0.9, "b1": 0.1,
    "b2": -0.8, "b3": 0.2, "v1": 1.1, "v2": -0.7, "v3": 0.5, "c": 0.05, "t": 1, "k": 0.01,
}  # fmt: skip

LAYERS = """\
linear(w1, w2, x1, x2, b) = w1*x1 + w2*x2 + b
h1 = max(linear(w11, w12, x1, x2, b1), 0)
h2 = max(linear(w21, w22, x1, x2, b2), 0)
p = 1/(1 + exp(-linear(v1, v2, h1, h2, c)))
loss = -(t*log(p) + (1 - t)*log(1 - p))
"""
LAYERS_AT = {"w11": 0.4, "w12": -1.2, "x1": 1, "x2": -0.5, "b1": 0.1, "w21": 0.7, "w22": 0.3, "b2": -0.8, "v1": 1.1,
             "v2": -0.7, "c": 0.05, "t": 1}  # fmt: skip

TRACES = {
    "(x+y)*z": backprop("(x+y)*z", x=-2, y=5, z=-4),
    "neuron": backprop(NEURON, NEURON_AT),
    "40 gates": backprop(PROGRAM, PROGRAM_AT),
    "40 gates, opened": backprop(PROGRAM, PROGRAM_AT, expand=True),
    "modules": backprop(
        "sigma(t) = 1/(1 + exp(-t)); neuron(w, x, b) = sigma(w*x + b); f = neuron(v, neuron(w, x, b), b)",
        v=0.5, w=2, x=-1, b=0.3, expand=True,
    ),
    "two layers": backprop(LAYERS, LAYERS_AT, expand=True),
    "x*x": backprop("x*x", x=3),
    "routing": backprop("max(x*x, y, 3) - 2*pi*x**2 + relu(-y)", x=3, y=5),
    "a variable": backprop("x", x=3),
    "a constant": backprop("1/3 + 2"),
    "wrt": backprop("w*x + b", w=2, x=3, b=1, wrt=["w"]),
}  # fmt: skip
"""By name; the first four are those that are looked at."""

HOSTILE = [
    'a"b', "a\\", "\\N\\G\\l", "<b>&amp;</b>", "a\nb", "]]>-->", '"]; evil -> n0; x [label="', "`x`", "#35;", "end",
    "a|b", "%% x", "日本語", "x́", "\x00\x1b[31m", "\ud800", "1. x", "- x", "*x*", "{x}", "$x$", "σ₁.q2", " ", "x" * 500,
    "click n0 call alert()", "</text><script>", "@{ shape: rect }", "&quot;", "—" * 40,
]  # fmt: skip
"""Names that no parser lets through today, but that a picture must survive."""


def hostile(name: str) -> Trace:
    """A circuit in which everything that has a name has this one."""
    nodes = Nodes([
        Variable(0, name, (0, 1)),
        Constant(1, f"{name}2", (0, 1), "2", group=0),
        Gate(2, f"{name}3", (0, 1), primitive("mul"), (0, 1), group=0),
        Gate(3, f"{name}4", (0, 1), primitive("add"), (2, 0)),
    ])  # fmt: skip
    graph = Graph(name * 2, nodes, groups=(Group(f"{name}3", name, -1, name),))
    return backpropagate(graph, {name: 3.0})


def chain(length: int) -> Graph:
    """One gate behind the other."""
    gates = (Gate(i, f"q{i}", (0, 1), primitive("neg"), (i - 1,)) for i in range(1, length + 1))
    return Graph("x", Nodes([Variable(0, "x", (0, 1)), *gates]))


def program(lines: int) -> Graph:
    """A long program, in which each stage uses the one before and x."""
    text = [f"a{i} = sin(a{i - 1}) + x" if i % 2 else f"a{i} = a{i - 1}*x" for i in range(1, lines)]
    return Program("\n".join(["a0 = x*y", *text])).graph()


# -- What Graphviz makes of it -------------------------------------------------------------------------------------


class Rectangle(NamedTuple):
    """In points; y grows upwards."""

    left: float
    low: float
    right: float
    high: float

    def overlaps(self, other: Rectangle, slack: float = 0.5) -> bool:
        return (
            min(self.right, other.right) - max(self.left, other.left) > slack
            and min(self.high, other.high) - max(self.low, other.low) > slack
        )

    def holds(self, other: Rectangle, slack: float = 0.5) -> bool:
        return (
            self.left - slack <= other.left
            and self.right + slack >= other.right
            and self.low - slack <= other.low
            and self.high + slack >= other.high
        )


class Text(NamedTuple):
    """A line of text as it is drawn; y is its baseline."""

    words: str
    y: float
    box: Rectangle
    colour: str


class Layout(NamedTuple):
    """What stands where.

    boxes: nodes by name;
    texts: those in a node;
    edges: (tail, head, points of its spline);
    frames, titles: of clusters, by name.
    """

    boxes: dict[str, Rectangle]
    texts: dict[str, list[Text]]
    edges: list[tuple[str, str, list[tuple[float, float]]]]
    frames: dict[str, Rectangle]
    titles: dict[str, Rectangle]


def layout(dot: str) -> Layout:
    """Where Graphviz puts what."""
    data: dict[str, Any] = json.loads(pygraphviz.AGraph(string=dot).draw(format="json", prog="dot"))
    boxes, texts, frames, titles, names = {}, {}, {}, {}, {}
    for each in data["objects"]:
        names[each["_gvid"]] = each["name"]
        if each["name"].startswith("cluster_fence"):
            continue
        if each["name"].startswith("cluster"):
            frames[each["name"]] = Rectangle(*map(float, each["bb"].split(",")))
            titles[each["name"]] = _around(each["lp"], each["lwidth"], each["lheight"])
        if "pos" not in each:
            continue
        boxes[each["name"]] = _around(each["pos"], each["width"], each["height"])
        texts[each["name"]] = list(_texts(each.get("_ldraw_", [])))
    edges = [(names[each["tail"]], names[each["head"]], _points(each["pos"])) for each in data.get("edges", [])]
    return Layout(boxes, texts, edges, frames, titles)


def _around(middle: str, width: str, height: str) -> Rectangle:
    """A rectangle by its middle, and its size in inches."""
    (x, y), across, up = map(float, middle.split(",")), float(width) * 36, float(height) * 36
    return Rectangle(x - across, y - up, x + across, y + up)


def _texts(drawn: list[dict[str, Any]]) -> Any:
    size, colour = 14.0, ""
    for each in drawn:
        if each["op"] == "F":
            size = each["size"]
        elif each["op"] == "c":
            colour = each["color"]
        elif each["op"] == "T":
            x, y = each["pt"]
            left = x - {"l": 0, "c": each["width"] / 2, "r": each["width"]}[each["align"]]
            yield Text(each["text"], y, Rectangle(left, y, left + each["width"], y + 0.7 * size), colour)


def _points(spline: str) -> list[tuple[float, float]]:
    """Points along an edge's spline, close enough to see what it crosses."""
    controls = [(float(x), float(y)) for x, y in re.findall(r"(?<![es],)(?<![\d.-])(-?[\d.]+),(-?[\d.]+)", spline)]
    found = []
    for start in range(0, len(controls) - 3, 3):
        a, b, c, d = controls[start : start + 4]
        for step in range(21):
            t = step / 20
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            at = [sum(w * p[axis] for w, p in zip(weights, (a, b, c, d), strict=True)) for axis in (0, 1)]
            found.append((at[0], at[1]))
    return found


def parsed_edges(dot: str) -> list[tuple[str, str]]:
    """The edges from node to gate that a real parser finds, forks and the texts of wires left out."""
    graph = pygraphviz.AGraph(string=dot)
    following = defaultdict(list)
    for edge in graph.edges():
        if edge.attr["style"] != "invis":
            following[str(edge[0])].append(str(edge[1]))
    found = []
    for start in sorted(following):
        if not start.startswith("n"):
            continue
        queue = list(following[start])
        while queue:
            each = queue.pop()
            if each.startswith("n"):
                found.append((start, each))
            else:
                queue += following[each]
    return sorted(found)
