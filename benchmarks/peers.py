"""The same circuit in each library: a function from nothing to the gradient, as its users would write it.

Libraries are looked for when they are needed, so that one that is not installed costs a line in a table and no more.
"""

from __future__ import annotations

import importlib
import importlib.util
import math
import operator
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from graphs import FLOATS, UNARY, Circuit, forward

Gradient = Callable[[], Sequence[float]]


class Peer(NamedTuple):
    """A library. build: from a circuit to what is timed; most: gates beyond which it is not tried, because a round
    would take minutes; compiles: whether building does work that the others do in each run.
    """

    name: str
    build: Callable[[Circuit], Gradient]
    most: int
    compiles: bool = False

    @property
    def missing(self) -> bool:
        return not installed(self.name.lower())


def installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def load(module: str) -> Any:
    """The module, of unknown type whether it is installed or not."""
    return importlib.import_module(module)


# -- Ours ----------------------------------------------------------------------------------------------------------


def graph(circuit: Circuit) -> Any:
    """The circuit as a graph of ours."""
    from backprop_cli.graph.graph import Gate, Graph, Nodes, Variable
    from backprop_cli.rules.table import primitive

    count, last = len(circuit.point), len(circuit.gates) - 1
    rows = {name: primitive(name) for name in FLOATS}
    nodes = Nodes(Variable(i, f"x{i}", (0, 0)) for i in range(count))
    for i, (op, a, b) in enumerate(circuit.gates):
        name = f"q{i + 1}" if i < last else "f"
        nodes.append(Gate(count + i, name, (0, 0), rows[op], (a,) if b == UNARY else (a, b)))
    return Graph("", nodes)


def ours(circuit: Circuit) -> Gradient:
    """By what evaluates one graph at many points: the passes alone."""
    gradient = ours_once(circuit)
    gradient()  # which compiles the loops
    return gradient


def ours_once(circuit: Circuit) -> Gradient:
    """By one run over the graph, from nothing known of it."""
    from backprop_cli.passes.backpropagate import backpropagate

    return gradient_by(partial(backpropagate, graph(circuit)), circuit)


def gradient_by(trace: Callable[[Mapping[str, float]], Any], circuit: Circuit) -> Gradient:
    names = [f"x{i}" for i in range(len(circuit.point))]
    point = dict(zip(names, circuit.point, strict=True))

    def gradient() -> list[float]:
        found = trace(point).gradient
        return [found[name] for name in names]

    return gradient


# -- Theirs --------------------------------------------------------------------------------------------------------


def micrograd(circuit: Circuit) -> Gradient:
    """sub, tanh and exp are written as one gate each, in its own manner: it has none, or makes three of them."""
    value_class = load("micrograd.engine").Value

    def unary(function: Callable[[float], float], slope: Callable[[float], float]) -> Callable[[Any], Any]:
        def apply(x: Any) -> Any:
            out = value_class(function(x.data), (x,), "")

            def backward() -> None:
                x.grad += slope(out.data) * out.grad

            out._backward = backward
            return out

        return apply

    def sub(a: Any, b: Any) -> Any:
        out = value_class(a.data - b.data, (a, b), "-")

        def backward() -> None:
            a.grad += out.grad
            b.grad -= out.grad

        out._backward = backward
        return out

    tanh, exp = unary(math.tanh, lambda out: 1 - out * out), unary(math.exp, lambda out: out)
    words: dict[str, Callable[..., Any]] = {
        "add": operator.add,
        "sub": sub,
        "mul": operator.mul,
        "tanh": tanh,
        "exp": exp,
    }

    def gradient() -> list[float]:
        inputs = [value_class(value) for value in circuit.point]
        forward(circuit, inputs, words).backward()
        return [each.grad for each in inputs]

    return gradient


def deep(build: Callable[[Circuit], Gradient]) -> Callable[[Circuit], Gradient]:
    """With the recursion limit raised while it runs: micrograd sorts its graph by recursion."""

    def build_deep(circuit: Circuit) -> Gradient:
        inner = build(circuit)

        def gradient() -> Sequence[float]:
            limit = sys.getrecursionlimit()
            sys.setrecursionlimit(100_000)
            try:
                return inner()
            finally:
                sys.setrecursionlimit(limit)

        return gradient

    return build_deep


def torch(circuit: Circuit) -> Gradient:
    library = load("torch")
    words = {"add": operator.add, "sub": operator.sub, "mul": operator.mul, "tanh": library.tanh, "exp": library.exp}

    def gradient() -> list[float]:
        inputs = [library.tensor(value, dtype=library.float64, requires_grad=True) for value in circuit.point]
        forward(circuit, inputs, words).backward()
        return [each.grad.item() for each in inputs]

    return gradient


def autograd(circuit: Circuit) -> Gradient:
    numpy = load("autograd.numpy")
    words = {"add": operator.add, "sub": operator.sub, "mul": operator.mul, "tanh": numpy.tanh, "exp": numpy.exp}
    slots = tuple(range(len(circuit.point)))
    function = load("autograd").grad(lambda *inputs: forward(circuit, inputs, words), slots)
    return lambda: [float(each) for each in function(*circuit.point)]


def casadi(circuit: Circuit) -> Gradient:
    library = load("casadi")
    words = {"add": operator.add, "sub": operator.sub, "mul": operator.mul, "tanh": library.tanh, "exp": library.exp}
    symbols = [library.SX.sym(f"x{i}") for i in range(len(circuit.point))]
    inputs = library.vertcat(*symbols)
    slopes = library.gradient(forward(circuit, symbols, words), inputs)
    function = library.Function("gradient", [inputs], [slopes])
    return lambda: [float(each) for each in function(circuit.point).full().ravel()]


def jax(circuit: Circuit) -> Gradient:
    library = load("jax")
    library.config.update("jax_platforms", "cpu")
    library.config.update("jax_enable_x64", True)
    words = {"add": operator.add, "sub": operator.sub, "mul": operator.mul}
    words |= {"tanh": library.numpy.tanh, "exp": library.numpy.exp}
    slots = tuple(range(len(circuit.point)))
    function = library.jit(library.grad(lambda *inputs: forward(circuit, inputs, words), slots))
    function(*circuit.point)  # compiles
    return lambda: [float(each) for each in function(*circuit.point)]


OTHERS = (
    Peer("micrograd", deep(micrograd), 1_000_000),
    Peer("autograd", autograd, 10_000),
    Peer("torch", torch, 100_000),
    Peer("CasADi", casadi, 100_000, compiles=True),
    Peer("JAX", jax, 1_000, compiles=True),
)
