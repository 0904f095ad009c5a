"""Random expressions: gradients against complex steps, edges that add up, text that keeps its tree."""

from __future__ import annotations

import math
import random
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import mpmath
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from backprop_cli import backprop
from backprop_cli.errors import MathError
from backprop_cli.graph.graph import Gate
from backprop_cli.language.program import Program
from support import oracle
from support.trees import (
    CONSTANTS,
    DRAWN,
    SPELLINGS,
    VARIABLES,
    Example,
    Tree,
    constant,
    examples,
    forward,
    gate,
    layout,
    relaxed,
    variable,
    varies,
    written,
)

UNIT = sys.float_info.epsilon / 2
"""The relative error of one rounding."""
NOISE = 1e-30
"""What the oracle may be off by, and what floats lose where they underflow (the slope of erf at 40)."""


# -- What the gradient is, and how far rounding may move it ---------------------------------------------------------


class Truth(NamedTuple):
    """Value and gradient, and for each a bound of the error that rounding every gate and local gradient may cause."""

    value: oracle.Number
    value_bound: oracle.Number
    gradient: dict[str, oracle.Number]
    bounds: dict[str, oracle.Number]


class Circuit:
    """A tree laid out flat, evaluated over complex numbers with something added to one of its nodes."""

    def __init__(self, tree: Tree, point: Mapping[str, float]) -> None:
        laid = layout(tree)
        self.nodes = [node for node, _ in laid]
        self.parts = [parts for _, parts in laid]
        self.parent: list[int | None] = [None] * len(laid)
        for position, parts in enumerate(self.parts):
            for part in parts:
                self.parent[part] = position
        self.point = point

    def values(self, moved: str = "", by: Any = 0) -> list[oracle.Number]:
        """The value of each node, with `by` added to one variable."""
        values: list[oracle.Number] = []
        for node, parts in zip(self.nodes, self.parts, strict=True):
            if node.is_variable:
                values.append(oracle.exact(self.point[node.text]) + (by if node.text == moved else 0))
            elif node.op == "constant":
                values.append(oracle.evaluate(node.text, {}))
            else:
                values.append(oracle.MPMATH_FUNCTIONS[node.op](*(values[part] for part in parts)))
        return values

    def output(self, values: list[oracle.Number], position: int, shift: Any) -> oracle.Number:
        """The output when `shift` is added to one node; only the gates above it change."""
        value, above = values[position] + shift, self.parent[position]
        while above is not None:
            inputs = [value if part == position else values[part] for part in self.parts[above]]
            value = oracle.MPMATH_FUNCTIONS[self.nodes[above].op](*inputs)
            position, above = above, self.parent[above]
        return value


def truth(tree: Tree, point: Mapping[str, float]) -> Truth:
    """By complex steps, without a derivative rule; and a first-order error analysis of the program's two passes.

    Forward: the value v of each gate comes out as v + δ, |δ| ≤ 8 units; this moves the gradient by ∂²f/∂x∂v · δ.
    Backward: each local gradient, product and sum is off by at most 32 units, and moves the gradient by as much of
    what flows from x through that edge, ∂f/∂v · ∂v/∂x. All terms are added up without regard to sign.
    """
    circuit = Circuit(tree, point)
    with mpmath.workdps(70):
        tiny, small = mpmath.mpf(10) ** -32, mpmath.mpf(10) ** -18
        real = circuit.values()
        positions = range(len(real))
        upstream = [
            0 if isinstance(real[i], bool) else mpmath.im(circuit.output(real, i, mpmath.mpc(0, tiny))) / tiny
            for i in positions
        ]
        deltas = [rounding(node, value) for node, value in zip(circuit.nodes, real, strict=True)]
        gradient, bounds = {}, {}
        for name in point:
            values = circuit.values(name, mpmath.mpc(0, tiny))
            slope = mpmath.im(values[-1]) / tiny
            forward_part = sum(
                abs(mpmath.im(circuit.output(values, i, small)) / tiny - slope) / small * deltas[i]
                for i in positions
                if deltas[i]
            )
            backward_part = sum(abs(upstream[i] * mpmath.im(values[i]) / tiny) for i in positions[:-1])
            backward_part += sum(
                extra(circuit, real, upstream, i) * abs(mpmath.im(values[i]) / tiny) for i in positions
            )
            gradient[name], bounds[name] = slope, forward_part + 32 * UNIT * backward_part + NOISE
        value_bound = NOISE + sum(abs(slope) * delta for slope, delta in zip(upstream, deltas, strict=True))
        return Truth(real[-1], value_bound, gradient, bounds)


EXACT = ("neg", "abs", "sign", "max", "min", "relu", "floor", "ceil", "where")
NEAR_ROOTS = ("lgamma", "digamma")
"""Accurate in absolute terms only, where the value is small (see test_primitives)."""


def rounding(node: Tree, value: oracle.Number) -> oracle.Number:
    """How far the computed value of a node may be from what its computed inputs give."""
    if (
        node.is_variable
        or isinstance(value, bool)
        or node.op in EXACT
        or (node.op == "constant" and value == float(value))
    ):
        return mpmath.mpf(0)
    return 8 * UNIT * (max(abs(value), 1) if node.op in NEAR_ROOTS else abs(value))


def extra(circuit: Circuit, real: list[oracle.Number], upstream: list[oracle.Number], position: int) -> oracle.Number:
    """The size beside which the local gradient of gamma and lgamma, digamma times something, is accurate."""
    above = circuit.parent[position]
    if above is None or circuit.nodes[above].op not in ("gamma", "lgamma"):
        return mpmath.mpf(0)
    return abs(upstream[above]) * (abs(real[above]) if circuit.nodes[above].op == "gamma" else 1)


@pytest.mark.parametrize(
    "count", [200, pytest.param(1_200, marks=pytest.mark.slow), pytest.param(10_000, marks=pytest.mark.exhaustive)]
)
def test_gradients_are_those_of_complex_steps(count: int, step: int) -> None:
    count //= step
    seen: Counter[str] = Counter()

    @settings(relaxed, max_examples=count)
    @given(examples())
    def check(example: Example) -> None:
        trace = backprop(example.text, example.point)
        expected = truth(example.tree, example.point)
        assert trace.gradient.keys() == example.point.keys()
        with mpmath.workdps(70):
            assert abs(trace.value - expected.value) <= 4 * expected.value_bound, expected
            for name, slope in expected.gradient.items():
                seen["gradients"] += 1
                bound = 4 * expected.bounds[name]
                assert abs(trace.gradient[name] - slope) <= bound, (name, trace.gradient[name], expected)
                well = bound <= 1e-12 * abs(slope) or slope == 0  # then they agree to 1e-12
                seen["well conditioned"] += well
                event("well conditioned" if well else "ill conditioned: within the error bound")
        seen.update(node.op for node in forward(example.tree))

    check()
    assert seen["gradients"] >= count
    assert seen["well conditioned"] >= 0.8 * seen["gradients"]
    assert count < 1_000 or [op.name for op in DRAWN if not seen[op.name]] == []


# -- Edges ----------------------------------------------------------------------------------------------------------


def shape(tree: Tree) -> list[tuple[str, tuple[int, ...]]]:
    """The graph that the program is to make of a tree: names shared, constant parts folded, nothing else touched."""
    nodes: list[tuple[str, tuple[int, ...]]] = []
    variables: dict[str, int] = {}

    def add(kind: str, *inputs: int) -> int:
        nodes.append((kind, inputs))
        return len(nodes) - 1

    laid, moves, inside = layout(tree), list[bool](), set[int]()
    for node, parts in laid:
        moves.append(node.is_variable or any(moves[part] for part in parts))
        if not moves[-1]:
            inside.update(parts)
    places: dict[int, int] = {}
    for position, (node, parts) in enumerate(laid):
        if node.is_variable:
            if node.text not in variables:
                variables[node.text] = add("input")
            places[position] = variables[node.text]
        elif moves[position]:
            places[position] = add(node.op, *(places[part] for part in parts))
        elif position not in inside:
            places[position] = add("constant")
    return nodes


@settings(relaxed, max_examples=300)
@given(examples())
def test_edges_are_the_operands_as_written_and_add_up(example: Example) -> None:
    trace = backprop(example.text, example.point)
    assert len(trace.edges) == sum(len(inputs) for kind, inputs in shape(example.tree))
    incoming: dict[str, list[float]] = {node.name: [] for node in trace.graph.nodes if node.kind != "constant"}
    varying = trace.graph.depending_on(None)  # by numbers: what only a condition reads makes no difference
    upstream = {node.name: value for node, value in zip(trace.graph.nodes, trace.upstream, strict=True)}
    for edge in trace.edges:
        if not varying[edge.input.position] or not varying[edge.gate.position]:
            assert edge.local is None
            assert edge.chained is None
        else:
            assert edge.chained is not None
            assert edge.chained == (upstream[edge.gate.name] * edge.local if edge.local is not None else 0)
            incoming[edge.input.name].append(edge.chained)
    assert upstream[trace.graph.nodes[-1].name] == (1 if varying[-1] else None)
    for node in trace.graph.nodes[:-1]:
        if varying[node.position]:
            chained, total = incoming[node.name], upstream[node.name]
            assert total is not None  # 0 where conditions alone read it
            assert abs(math.fsum(chained) - total) <= len(chained) * UNIT * math.fsum(map(abs, chained))
    assert trace.gradient == {name: upstream[name] for name in trace.gradient}


@pytest.mark.parametrize(
    ("text", "edges", "gradient"),
    [
        ("x*x", [("x", 3, 3), ("x", 3, 3)], 6),
        ("x + x", [("x", 1, 1), ("x", 1, 1)], 2),
        ("x - x", [("x", 1, 1), ("x", -1, -1)], 0),
        ("x/x", [("x", 1 / 3, 1 / 3), ("x", -1 / 3, -1 / 3)], 0),
        ("hypot(x, x, x, x)", [("x", 0.5, 0.5)] * 4, 2),
    ],
)
def test_a_name_written_twice_has_two_edges(text: str, edges: list[tuple[str, float, float]], gradient: float) -> None:
    trace = backprop(text, x=3)
    assert [(edge.input.name, edge.local, edge.chained) for edge in trace.edges] == edges
    assert trace.gradient == {"x": gradient}


def test_an_expression_written_twice_has_two_gates() -> None:
    trace = backprop("(x+y)*(x+y)", x=1, y=2)
    assert [node.kind for node in trace.graph.nodes] == ["input", "input", "add", "add", "mul"]


# -- Text keeps its tree --------------------------------------------------------------------------------------------


def any_leaf(choose: random.Random) -> Tree:
    return variable(choose.choice(VARIABLES)) if choose.random() < 0.7 else constant(choose.choice(CONSTANTS))


def any_gate(choose: random.Random) -> tuple[str, int]:
    """The name of a row and a number of inputs that it takes; half the time one of the operators with two."""
    return choose.choice(list(SPELLINGS)) if choose.random() < 0.5 else (choose.choice(_ARITHMETIC), 2)


def any_tree(gates: int, choose: random.Random) -> Tree:
    """Any tree, whether or not it has a value."""
    if gates == 0:
        return any_leaf(choose)
    op, count = any_gate(choose)
    rest, parts = gates - 1, []
    for slot in range(count):
        share = choose.randint(0, rest) if slot < count - 1 else rest
        parts.append(any_tree(share, choose))
        rest -= share
    return gate(op, *parts)


def any_chain(gates: int, slot: int, choose: random.Random, only: Sequence[str] = ()) -> Tree:
    """A tree all of whose gates but the first have a gate as their first (0) or last (−1) input."""
    tree = any_leaf(choose)
    for _ in range(gates):
        op, count = (choose.choice(only), 2) if only else any_gate(choose)
        parts = [any_leaf(choose) for _ in range(count)]
        parts[slot] = tree
        tree = gate(op, *parts)
    return tree


_ARITHMETIC = ["add", "sub", "mul", "div", "pow"]


def assert_kept(tree: Tree, choose: random.Random) -> None:
    text = written(tree, choose)
    graph = Program(text).graph(VARIABLES)
    assert [(node.kind, node.inputs) for node in graph.nodes] == shape(tree), text
    names = dict.fromkeys(node.text for node in forward(tree) if node.is_variable)
    assert [node.name for node in graph.variables] == list(names)


@settings(relaxed, max_examples=500)
@given(st.integers(0, 25), st.integers(0, 2**32))
def test_text_comes_back_as_the_tree_that_was_written(gates: int, seed: int) -> None:
    choose = random.Random(seed)
    assert_kept(any_tree(gates, choose), choose)


# Long enough that the parser is handed it in pieces.


@pytest.mark.parametrize("seed", range(4))
def test_large_text_comes_back_too(seed: int) -> None:
    choose = random.Random(seed)
    assert_kept(any_tree(1500, choose), choose)


@pytest.mark.parametrize("only", [(), ("add", "sub"), ("mul", "div", "mod"), ("pow",), ("sub", "div", "pow")])
@pytest.mark.parametrize("slot", [0, -1])
def test_deep_text_comes_back_too(slot: int, only: tuple[str, ...]) -> None:
    choose = random.Random(slot)
    assert_kept(any_chain(1000, slot, choose, only), choose)


# -- Arithmetic is Python's -----------------------------------------------------------------------------------------


class TooSmallError(Exception):
    """Floats lose digits of a number that is below the least normal one."""


def plain_values(tree: Tree, point: Mapping[str, float], values: list[float]) -> float:
    """The tree over Python's floats; `values` collects those of the gates that vary, in forward order.

    Raises TooSmallError where floats lose digits, which numbers of any size keep.
    """
    if not tree.parts:
        return point[tree.text] if tree.is_variable else normal(float(tree.text))
    operands = [plain_values(part, point, values) for part in tree.parts]
    match tree.op, operands:
        case "add", [x, y]:
            value = x + y
        case "sub", [x, y]:
            value = x - y
        case "mul", [x, y]:
            value = normal(x * y, x and y)
        case "div", [x, y]:
            value = normal(x / y, x)
        case "mod", [x, y]:
            value = x % y
        case _, [x]:
            value = -x
        case _:
            raise AssertionError(tree.op)
    if not math.isfinite(value):
        raise OverflowError
    if varies(tree):
        values.append(value)
    return value


def normal(value: float, is_zero_only_with: float = 0.0) -> float:
    """A float that is large enough to have all its digits, or a 0 where this number is 0."""
    if abs(value) < sys.float_info.min and (value or is_zero_only_with):
        raise TooSmallError
    return value


LITERALS = ["1", "3", "0.1", "1e-300", "9.007199254740993e15", "1e308", ".7", "5e-324", "123456789.123456789"]


@st.composite
def arithmetic_trees(draw: st.DrawFn) -> Tree:
    def build(gates: int) -> Tree:
        if gates == 0:
            if draw(st.booleans()):
                return variable(draw(st.sampled_from(["x", "y", "z"])))
            return constant(draw(st.sampled_from(LITERALS)))
        op = draw(st.sampled_from(["add", "sub", "mul", "div", "mod", "neg"]))
        if op == "neg":
            return gate(op, build(gates - 1))
        left = draw(st.integers(0, gates - 1))
        return gate(op, build(left), build(gates - 1 - left))

    return build(draw(st.integers(1, 20)))


def test_values_are_those_of_plain_floats_bit_for_bit() -> None:
    seen: Counter[str] = Counter()
    number = st.floats(allow_nan=False, allow_infinity=False) | st.floats(-10, 10)

    @settings(relaxed, max_examples=400)
    @given(arithmetic_trees(), st.fixed_dictionaries({"x": number, "y": number, "z": number}), st.integers(0, 2**32))
    def check(tree: Tree, point: dict[str, float], seed: int) -> None:
        text = written(tree, random.Random(seed))
        point = {name: point[name] for name in point if variable(name) in forward(tree)}
        expected: list[float] = []
        try:
            output = plain_values(tree, point, expected)
        except TooSmallError:
            seen["too small"] += 1
            return
        except ArithmeticError:
            seen["no value"] += 1
            with pytest.raises(MathError):
                backprop(text, point, wrt=[])
            return
        seen["a value"] += 1
        trace = backprop(text, point, wrt=[])
        assert same_bits(trace.value, output)
        gates = [value for node, value in zip(trace.graph.nodes, trace.values, strict=True) if isinstance(node, Gate)]
        assert len(gates) == len(expected)
        assert all(map(same_bits, gates, expected))

    check()
    assert seen["a value"] >= 60
    assert seen["no value"] >= 5
    assert seen["too small"] >= 5


def same_bits(left: float, right: float) -> bool:
    return left == right and math.copysign(1, left) == math.copysign(1, right)
