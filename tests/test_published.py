"""Numbers that others have published: lecture notes, papers, and the READMEs of other programs."""

from __future__ import annotations

import math
from typing import NamedTuple

import pytest

from backprop_cli import backprop
from backprop_cli.graph.graph import Gate


class Published(NamedTuple):
    """tolerance: half a unit of the last digit that the source prints, or 0 where its numbers are exact."""

    name: str
    expression: str
    point: dict[str, float]
    value: float
    gradient: dict[str, float]
    tolerance: float = 0.0


NEURON = {"w0": 2.0, "w1": -3.0, "w2": -3.0, "x0": -1.0, "x1": -2.0}
NEURON_GRADIENT = {"w0": -0.1966, "w1": -0.3932, "w2": 0.1966, "x0": 0.3932, "x1": -0.5898}


def micrograd() -> str:
    """The README's program as one expression: each in-place addition puts a copy of the text so far in its place."""
    c = "(a + b)"
    d = "(a*b + b**3)"
    c = f"({c} + ({c} + 1))"
    c = f"({c} + (1 + {c} + (-a)))"
    d = f"({d} + ({d}*2 + relu(b + a)))"
    d = f"({d} + (3*{d} + relu(b - a)))"
    e = f"({c} - {d})"
    f = f"({e}**2)"
    return f"({f}/2.0 + 10.0/{f})"


PUBLISHED = [
    # CS231n, "Backpropagation, Intuitions" (cs231n.github.io/optimization-2), and lecture 4 of 2017
    Published(
        "CS231n, compound expression",
        "(x+y)*z",
        {"x": -2, "y": 5, "z": -4},
        -12,
        {"x": -4, "y": -4, "z": 3},
    ),
    Published("CS231n, multiplication", "x*y", {"x": 4, "y": -3}, -12, {"x": -3, "y": 4}),
    Published(
        "CS231n, patterns in backward flow",
        "2*(x*y+max(z,w))",
        {"x": 3, "y": -4, "z": 2, "w": -1},
        -20,
        {"x": -8, "y": 6, "z": 2, "w": 0},
    ),
    Published(
        "CS231n, neuron, gate by gate",
        "1/(1+exp(-(w0*x0+w1*x1+w2)))",
        NEURON,
        0.7311,
        NEURON_GRADIENT,
        0.5e-4,
    ),
    Published("CS231n, neuron, sigmoid gate", "sigmoid(w0*x0+w1*x1+w2)", NEURON, 0.7311, NEURON_GRADIENT, 0.5e-4),
    Published(
        "CS231n, staged computation",
        "(x+σ(y))/(σ(x)+(x+y)**2)",
        {"x": 3, "y": -4},
        1.5456448841,
        {"x": 2.0595697956, "y": 1.5922327515},
        0.5e-10,
    ),
    # A. Karpathy, micrograd (github.com/karpathy/micrograd), README
    Published("micrograd", micrograd(), {"a": -4, "b": 2}, 24.7041, {"a": 138.8338, "b": 645.5773}, 0.5e-4),
    # C. Olah, "Calculus on Computational Graphs: Backpropagation" (colah.github.io/posts/2015-08-Backprop)
    Published("Olah, computational graphs", "(a+b)*(b+1)", {"a": 2, "b": 1}, 6, {"a": 2, "b": 5}),
    # A. G. Baydin et al., "Automatic Differentiation in Machine Learning: a Survey", JMLR 18 (2018), tables 2 and 3
    Published(
        "Baydin et al., the survey's example",
        "ln(x1)+x1*x2-sin(x2)",
        {"x1": 2, "x2": 5},
        11.652,
        {"x1": 5.5, "x2": 1.716},
        0.5e-3,
    ),
]


@pytest.mark.parametrize("published", PUBLISHED, ids=[published.name for published in PUBLISHED])
def test_published_numbers(published: Published) -> None:
    trace = backprop(published.expression, published.point)
    assert abs(trace.value - published.value) <= published.tolerance
    assert trace.gradient.keys() == published.gradient.keys()
    for name, expected in published.gradient.items():
        assert abs(trace.gradient[name] - expected) <= published.tolerance, name


def test_the_circuit_of_the_neuron() -> None:
    """Every number that the notes write on the wires of the sigmoid circuit, to their two decimals."""
    trace = backprop("1/(1+exp(-(w0*x0+w1*x1+w2)))", NEURON)
    gates = [
        (round(value, 2), round(upstream, 2))
        for node, value, upstream in zip(trace.graph.nodes, trace.values, trace.upstream, strict=True)
        if isinstance(node, Gate) and upstream is not None
    ]
    # In the order of the circuit: two products, two sums, the sign, exp, + 1, 1/x.
    assert gates == [(-2, 0.2), (6, 0.2), (4, 0.2), (1, 0.2), (-1, -0.2), (0.37, -0.53), (1.37, -0.53), (0.73, 1)]


def test_the_local_gradients_of_the_compound_expression() -> None:
    """Sections II to IV of the course notes: q = x + y, f = qz, and the chain rule along each edge."""
    trace = backprop("(x+y)*z", x=-2, y=5, z=-4)
    edges = [(edge.gate.kind, edge.input.name, edge.local, edge.chained) for edge in trace.edges]
    assert edges == [("add", "x", 1, -4), ("add", "y", 1, -4), ("mul", "q1", -4, -4), ("mul", "z", 3, 3)]


def test_the_slope_of_the_sigmoid_where_it_is_steepest() -> None:
    assert backprop("sigmoid(x)", x=0).gradient == {"x": 0.25}
    assert math.isclose(backprop("sigmoid(x)", x=1).gradient["x"], 0.73 * (1 - 0.73), abs_tol=0.005)
