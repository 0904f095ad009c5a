"""What is compiled gives what the careful passes give, bit for bit, or gives up; large graphs take little."""

from __future__ import annotations

import gc
import math
import tracemalloc
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backprop_cli.arithmetic import FLOATS
from backprop_cli.errors import MathError
from backprop_cli.graph.graph import Constant, Gate, Graph, Module, Nodes, Variable
from backprop_cli.language.program import Program
from backprop_cli.passes import backpropagate as passes
from backprop_cli.passes.compiled import UnusualError
from backprop_cli.passes.compiled_lines import unrolled, with_names
from backprop_cli.passes.compiled_loops import Loops, loops_of
from backprop_cli.passes.lazy import Lazy
from backprop_cli.passes.settings import Settings
from backprop_cli.passes.trace import notices
from backprop_cli.points.evaluate import Job
from backprop_cli.rules import table as ops
from backprop_cli.rules.op import Op
from backprop_cli.rules.table import TABLE, primitive
from support.rows import NUMERIC, inside
from support.suites import first_of, thinned

relaxed = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))
NUMBERS = ["2", "0.5", "1", "0", "1e308", "1.1125369292536007e-308", "1e400"]
INPUTS = 4


@contextmanager
def large_from(count: int) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passes, "LARGE", count)
        yield


def outcome(graph: Graph, point: Mapping[str, float], wrt: list[str] | None, large: int, ties: str = "both") -> str:
    """All that a run leaves, as text: `repr` tells apart what == does not, as −0.0 and 0."""
    with large_from(large):
        try:
            trace = passes.backpropagate(graph, point, Settings(wrt, ties))
        except MathError as error:
            return str(error)
    edges = [
        (each.gate.name, each.slot, each.input.name, each.local, each.chained, each.active) for each in trace.edges
    ]
    return repr((trace.value, trace.gradient, trace.values, trace.upstream, edges, trace.warnings))


class Pair(NamedTuple):
    value: float
    gradient: dict[str, float]


CAREFUL = Pair(0.0, {})
"""Where the function with names gives up."""


def check(graph: Graph, point: Mapping[str, float], wrt: list[str] | None = None, ties: str = "both") -> bool:
    """Whether compiled code alone has a result, as loop and as lines; with it or without, a run says the same."""
    assert outcome(graph, point, wrt, 0, ties) == outcome(graph, point, wrt, 10**9, ties)
    by_lines = check_lines(graph, point, wrt, {}) & check_lines(graph, point, wrt, dict([*point.items()][:1]))
    try:
        Loops(graph, wrt).at(point)
    except UnusualError:
        return False
    return by_lines


def check_lines(graph: Graph, point: Mapping[str, float], wrt: list[str] | None, known: Mapping[str, float]) -> bool:
    """Whether the lines of the graph have a result. If so, it is that of the careful passes, for every node."""
    places = [i for i, wanted in enumerate(graph.depending_on(wrt)) if wanted]
    try:
        at = unrolled(graph, known, places, wrt)
    except UnusualError:
        return False
    pair = CAREFUL if known else with_names(graph, wrt, Pair, lambda _values, _others: CAREFUL)(**point)
    try:
        numbers = at(*[point[node.name] for node in graph.variables if node.name not in known])
    except (ArithmeticError, ValueError):
        assert pair is CAREFUL
        return False
    with large_from(10**9):
        trace = passes.backpropagate(graph, point, Settings(wrt))
    assert trace.warnings == notices(graph, FLOATS)
    assert repr(numbers) == repr((trace.value, *(trace.upstream[i] for i in places)))
    assert known or repr(pair) == repr(Pair(trace.value, trace.gradient))
    return True


def leaves(count: int = INPUTS, numbers: list[str] = NUMBERS[:-1]) -> Nodes:
    nodes = Nodes(Variable(0, f"x{i}", (0, 1)) for i in range(count))
    for text in numbers:
        nodes.append(Constant(0, text, (0, 1), text))
    return nodes


class Case(NamedTuple):
    graph: Graph
    point: dict[str, float]
    wrt: list[str] | None


VALUES = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 1e-300, 1e300, -1e308, 5e-324, 710.0, 1.5, -2.5, 3.0]),
    st.floats(-3, 3),
    st.floats(-3, 3),
    st.floats(allow_nan=False, allow_infinity=False),
)
MILD = st.one_of(st.floats(0.1, 0.9), st.floats(-0.9, 0.9), st.sampled_from([0.25, 0.5]))


@st.composite
def modules(draw: st.DrawFn, table: list[Op]) -> Module:
    """A module of a few gates, which may call another, ignore an input, or hand one on as it is."""
    nodes = Nodes(Variable(0, name, (0, 1)) for name in "ab")
    nodes.append(Constant(0, "2", (0, 1), "2"))
    inside = [*table, draw(modules(table))] if draw(st.integers(0, 3)) == 3 else table
    for k in range(draw(st.integers(0, 4))):
        nodes.append(drawn_gate(draw, inside, nodes, f"q{k}"))
    if len(nodes) == 3:
        nodes = nodes.select([1, 0])
    return Module("m", "ab", Graph("m", nodes))


def drawn_gate(draw: st.DrawFn, table: list[Op], nodes: Nodes, name: str) -> Gate:
    op = draw(st.sampled_from(table))
    count = draw(st.integers(2, 4)) if op.variadic else len(op.inputs)
    inputs = draw(st.lists(st.integers(0, len(nodes) - 1), min_size=count, max_size=count))
    if draw(st.booleans()):  # else most gates would lead nowhere
        inputs[0] = len(nodes) - 1
    return Gate(0, name, (0, 1), op, tuple(inputs))


@st.composite
def cases_with_modules(draw: st.DrawFn, values: st.SearchStrategy[float] = VALUES) -> Case:
    """Every other gate, or so, is the call of a module."""
    called = [draw(modules(NUMERIC)) for _ in range(2)]
    return draw(cases([*NUMERIC, *called * (len(NUMERIC) // 2)], values))


@st.composite
def cases(draw: st.DrawFn, table: list[Op] = NUMERIC, values: st.SearchStrategy[float] = VALUES) -> Case:
    nodes = leaves(numbers=NUMBERS if draw(st.integers(0, 9)) == 9 else NUMBERS[:-1])
    for k in range(draw(st.integers(1, 12))):
        op = draw(st.sampled_from(table))
        count = draw(st.integers(2, 4)) if op.variadic else len(op.inputs)
        inputs = draw(st.lists(st.integers(0, len(nodes) - 1), min_size=count, max_size=count))
        if k and draw(st.booleans()):  # else most gates would lead nowhere
            inputs[0] = len(nodes) - 1
        nodes.append(Gate(0, f"q{k}", (0, 1), op, tuple(inputs)))
    point = {f"x{i}": draw(values) for i in range(INPUTS)}
    return Case(Graph("x", nodes), point, draw(st.none() | st.lists(st.sampled_from(list(point)), unique=True)))


@settings(relaxed, max_examples=400)
@given(cases(), st.sampled_from(["both", "split", "first"]))
def test_any_graph_at_any_point(case: Case, ties: str) -> None:
    check(*case, ties)


@settings(relaxed, max_examples=200)
@given(cases(values=MILD))
def test_any_graph_at_a_mild_point(case: Case) -> None:
    check(*case)


@settings(relaxed, max_examples=40)
@given(cases_with_modules() | cases_with_modules(values=MILD), st.sampled_from(["both", "split", "first"]))
def test_any_graph_with_modules(case: Case, ties: str) -> None:
    check(*case, ties)


@pytest.mark.slow
@pytest.mark.parametrize(("drawn", "count"), [(cases_with_modules, 600), (cases, 1_000)])
def test_many_graphs(drawn: Callable[..., st.SearchStrategy[Case]], count: int, step: int) -> None:
    @settings(relaxed, max_examples=count // step)
    @given(drawn() | drawn(values=MILD), st.sampled_from(["both", "split", "first"]))
    def check_any(case: Case, ties: str) -> None:
        check(*case, ties)

    check_any()


CORNERS = [0.0, -0.0, 0.5, 1.0, -3.0, 1e-320, -1e200, 720.0, -1.0, -0.5, 2.0, 1e200, 1.7e308, -720.0, 1e17]


@first_of("corners", CORNERS, 8)
@pytest.mark.parametrize("op", thinned(NUMERIC, 2), ids=lambda op: op.call)
def test_every_row_at_every_corner(op: Op, corners: list[float]) -> None:
    """Each row alone, once with all inputs asked for, once with one of them a constant or not asked for."""
    count = 2 if op.variadic else len(op.inputs)
    compiled = 0
    for first in corners:
        for second in corners if count > 1 else [1.0]:
            point = {"x0": first, "x1": second}
            for inputs in ([0, 1, 0], [0, 0, 1], [0, 2, 1], [2, 0, 0]) if count > 1 else ([0],):
                nodes = leaves(2)
                nodes.append(Gate(0, "f", (0, 1), op, tuple(inputs[:count])))
                for wrt in (None, ["x0"], ["x1"]) if first == 0.5 else (None,):
                    compiled += check(Graph("x", nodes), point, wrt)
    assert compiled or op.kink is not None


@pytest.mark.parametrize("op", NUMERIC, ids=lambda op: op.call)
def test_every_row_is_compiled_where_nothing_is_unusual(op: Op) -> None:
    nodes = leaves(3)
    nodes.append(Gate(0, "f", (0, 1), op, (0, 1, 2)[: 2 if op.variadic else len(op.inputs)]))
    used = ["x0", "x1", "x2"][: 2 if op.variadic else len(op.inputs)]
    point = {"x1": 0.75, "x2": 0.75} | {name: float(text) for name, text in inside(op, used).items()}
    assert check(Graph("x", nodes), point)


@pytest.mark.parametrize(
    ("source", "point"),
    [
        ("max(x, y)*z", {"x": 1.0, "y": 1.0, "z": 2.0}),
        ("max(x, 1)*x", {"x": 1.0}),
        ("min(x, y, x)", {"x": 1.0, "y": 2.0}),
        ("abs(x)*0 + x", {"x": 0.0}),
        ("relu(x) + relu(-x)", {"x": 0.0}),
        ("max(x, log(y))", {"x": 5.0, "y": 1e-300}),
        ("max(x, sqrt(y))", {"x": 5.0, "y": 0.0}),
        ("relu(x)*sqrt(y)", {"x": -1.0, "y": 0.0}),
        ("sqrt(x)", {"x": 0.0}),
        ("exp(x)*exp(-x)", {"x": 800.0}),
        ("x*x*x*x", {"x": 1e80}),
        ("1/x - 1/x", {"x": 1e-310}),
        ("(x*1e300)*1e300*0", {"x": 1.0}),
        ("x*1e200*1e200/1e300", {"x": 1e-300}),
        ("0*x", {"x": -3.0}),
        ("-0.0*x + y*0", {"x": -3.0, "y": -0.0}),
        ("x - x", {"x": -0.0}),
        ("x**y", {"x": -2.0, "y": 3.0}),
        ("x**2 + y**0", {"x": -2.0, "y": 0.0}),
        ("hypot(x, y)", {"x": 0.0, "y": 0.0}),
        ("floor(x)*y + sign(y)", {"x": 2.5, "y": 1.0}),
        ("e*x + pi", {"x": 2.0}),
        ("m(t) = t*t; m(x) + x", {"x": 2.0}),
        ("q = x*x; r = 5*q; q*q + q", {"x": 2.0}),
        ("2*pi + 1", {}),
        ("log(x) + 1e400", {"x": -1.0}),
        ("log(x) + 1e400", {"x": 1.0}),
        ("x*(1/(1-1))", {"x": 1.0}),
        ("left = x*y; x", {"x": 1.0, "y": 2.0}),
    ],
)
def test_conventions_and_borders(source: str, point: dict[str, float]) -> None:
    graph = Program(source).graph()
    for wrt in (None, [], ["x"] if "x" in point else [], list(point)[-1:]):
        check(graph, point, wrt)


def test_modules_are_lines_and_no_loops() -> None:
    graph = Program("m(t) = t*t; m(x) + x").graph()
    assert unrolled(graph, {}, [0])(3.0) == (12.0, 7.0)
    with pytest.raises(UnusualError):
        Loops(graph)


INSIDE = {
    "first(a, b) = a\nfirst(x, y)*y": True,
    "first(a, b) = a\nfirst(x*1, x)*x": True,
    "m(a, b) = max(a, b)*a\nm(x, y) + m(y, x*2)": True,
    "m(a, b) = max(a, b)\nm(x, x)": False,  # to the lines it is a tie
    "m(a) = 3\nm(x)*y": True,
    "m(a) = 1/(1 - 1)\nm(x)*y": False,
    "inner(a) = sigmoid(a)*a\nouter(a, b) = inner(a) - inner(b)/inner(a*b)\nouter(x, y)*outer(y, 0.5)": True,
    "m(a) = log(a)*0\nmax(m(x*0 - 1), y)": False,
    "m(a) = sqrt(a)\nmax(m(x - x), y, 9)": True,  # nothing comes back to it, or its slope would be an error
    "m(a) = relu(a)\nm(x - x) + y": False,
    "nothing(a) = 2\nmax(nothing(x), y)": True,
}
"""Programs, and whether the lines have a result at x = 3/2, y = -3/4."""


@pytest.mark.parametrize(("source", "has_lines"), INSIDE.items())
def test_inside_modules(source: str, has_lines: bool) -> None:
    graph = Program(source).graph()
    point = {node.name: {"x": 1.5, "y": -0.75}[node.name] for node in graph.variables}
    for wrt in (None, ["y"], []):
        check(graph, point, wrt)
    assert check_lines(graph, point, None, {}) == has_lines


def test_lines_of_deep_modules() -> None:
    source = "m0(t) = t*t + t\n" + "\n".join(f"m{i}(t) = m{i - 1}(t)*0.5" for i in range(1, 40)) + "\nm39(x)*x"
    assert check_lines(Program(source).graph(), {"x": 0.3}, None, {})


def test_lines_are_for_small_graphs_alone() -> None:
    graph = Program("+".join(["x*y"] * passes.LARGE)).graph()
    assert Job(graph, {}, Settings()).calculator() is None


@pytest.mark.parametrize("entry", [1, True, "1.0", None, [1.0], float("inf"), float("nan")], ids=repr)
def test_lines_take_doubles_alone(entry: object) -> None:
    at = unrolled(Program("x*y + z").graph(), {}, [])
    assert at(1.0, 2.0, 3.0) == (5.0,)
    for place in range(3):
        with pytest.raises(UnusualError):
            at(*[entry if slot == place else 1.0 for slot in range(3)])


def test_loops_are_for_large_graphs_and_many_points(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[int] = []
    at = Loops.at

    def watched(*args: Any) -> Any:
        used.append(1)
        return at(*args)

    monkeypatch.setattr(Loops, "at", watched)
    for terms, many, times in ((10, False, 0), (10, True, 1), (passes.LARGE, False, 2)):
        passes.backpropagate(Program("+".join(["x*y"] * terms)).graph(), {"x": 1.5, "y": 2.5}, many=many)
        assert len(used) == times


def test_what_is_compiled_goes_with_its_graph() -> None:
    graph = Program("x*y").graph()
    loops = weakref.ref(loops_of(graph))
    assert loops() is loops_of(graph)
    assert loops() is not loops_of(graph, ["x"])
    del graph
    gc.collect()
    assert loops() is None


# -- A new row -----------------------------------------------------------------------------------------------------


def test_a_new_row_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the words of a rule, and with all that a row may have: a kink, a choice, a second input."""
    x, y, out = ops.x, ops.y, ops.out
    rows = [
        Op("cube", "x", x**3, 3 * x**2),
        Op("lean", "x y", ops.where(ops.gt(x, 0), x * y, y), ops.where(ops.gt(x, 0), y, 0), out / y, kink=ops.eq(x, 0)),
        Op("gauss", "x", ops.exp(-(x**2)), -2 * x * out),
        Op("away", "x y", x - y, 1, -1),
    ]
    monkeypatch.setattr(ops, "TABLE", [*TABLE, *rows])
    for row in rows:
        inputs = (0, 1)[: len(row.inputs)]
        nodes = leaves(2)
        nodes.append(Gate(0, "q1", (0, 1), row, inputs))
        nodes.append(Gate(0, "f", (0, 1), primitive("mul"), (0, len(nodes) - 1)))
        graph = Graph("x", nodes)
        assert check(graph, {"x0": 0.75, "x1": -1.25})
        check(graph, {"x0": 0.0, "x1": 0.0})
        check(graph, {"x0": -1e200, "x1": 5.0}, ["x1"])


# -- Large graphs --------------------------------------------------------------------------------------------------

GATES = 100_000


def chain(count: int) -> Graph:
    """One gate on the other: as deep as it is long."""
    nodes = leaves(2)
    kinds = [primitive(name) for name in ("add", "neg", "sub", "abs", "hypot", "neg")]  # no slope dwindles
    for k in range(count):
        op = kinds[k % len(kinds)]
        nodes.append(Gate(0, f"q{k}", (0, 1), op, (len(nodes) - 1 if k else 0, k % 2)[: len(op.inputs)]))
    return Graph("x", nodes)


def fan(count: int) -> Graph:
    """As wide as it is long: all gates on two variables, and a tree of sums over them."""
    nodes = leaves(2)
    waiting = [nodes.append(Gate(0, f"p{k}", (0, 1), primitive("mul"), (0, 1))) for k in range(count // 2)]
    while len(waiting) > 1:
        pairs = zip(waiting[::2], waiting[1::2], strict=False)
        odd = waiting[-1:] if len(waiting) % 2 else []
        waiting = [nodes.append(Gate(0, f"q{len(nodes)}", (0, 1), primitive("add"), pair)) for pair in pairs] + odd
    return Graph("x", nodes)


@pytest.mark.parametrize("make", [chain, pytest.param(fan, marks=pytest.mark.slow)])
def test_a_large_graph(make: Any) -> None:
    """Without recursion, and as the careful passes have it."""
    graph = make(GATES)
    assert len(graph.nodes) > 0.9 * GATES
    point = {"x0": 0.7, "x1": 1.1}
    compiled = passes.backpropagate(graph, point)
    with large_from(10**9):
        careful = passes.backpropagate(graph, point)
    assert repr(compiled.values) == repr(careful.values)
    assert repr(compiled.upstream) == repr(careful.upstream)
    for node in (graph.nodes[6], graph.nodes[len(graph.nodes) // 2], graph.nodes[-1]):
        assert repr(compiled.edges_of(node)) == repr(careful.edges_of(node))
    if make is fan:
        assert compiled.gradient == {"x0": pytest.approx(GATES / 2 * 1.1), "x1": pytest.approx(GATES / 2 * 0.7)}


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("make", [chain, fan])
def test_a_graph_of_a_million_gates(make: Any) -> None:
    """In no more memory a gate than a tenth of it takes."""
    taken = []
    for count in (GATES, 10 * GATES):
        tracemalloc.start()
        try:
            graph = make(count)
            trace = passes.backpropagate(graph, {"x0": 0.7, "x1": 1.1})
            taken.append(tracemalloc.get_traced_memory()[1] / len(graph.nodes))
        finally:
            tracemalloc.stop()
        assert len(graph.nodes) > 0.9 * count
        assert math.isfinite(trace.value)
        if make is fan:
            assert trace.gradient["x0"] == pytest.approx(count / 2 * 1.1)
    assert taken[1] < min(300, 1.1 * taken[0])


@pytest.mark.parametrize("make", [pytest.param(chain, marks=pytest.mark.slow), fan])
def test_memory_of_a_large_graph(make: Any) -> None:
    """At most 300 bytes a gate, for the graph and the trace."""
    with large_from(0):
        passes.backpropagate(make(10), {"x0": 0.7, "x1": 1.1})  # what is compiled once is no part of it
        tracemalloc.start()
        try:
            graph = make(GATES)
            trace = passes.backpropagate(graph, {"x0": 0.7, "x1": 1.1})
            taken, _peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert math.isfinite(trace.value)
    assert taken < 300 * len(graph.nodes)


def test_many_points_on_one_graph() -> None:
    """One loop for all points: what one leaves behind does not reach the next."""
    graph = Program("+".join(f"sin(x*{k})*y" for k in range(1, 400))).graph()
    points = [{"x": 0.1 * k, "y": 1.0 - k} for k in range(10)]
    traces = [passes.backpropagate(graph, point, many=True) for point in points]
    for point, trace in zip(points, traces, strict=True):
        with large_from(10**9):
            careful = passes.backpropagate(Program(graph.source).graph(), point)
        assert repr((trace.values, trace.upstream)) == repr((careful.values, careful.upstream))


def test_infinities_are_not_for_compiled_code() -> None:
    graph = Program("+".join(["1/x"] * 400)).graph()
    with large_from(0):
        assert passes.backpropagate(graph, {"x": 2.0}, arithmetic=FLOATS).value == 200
        with pytest.raises(MathError, match="division by zero"):
            passes.backpropagate(graph, {"x": 0.0})


def test_a_lazy_sequence_is_one() -> None:
    asked = []

    def of(place: int) -> int:
        asked.append(place)
        return place * place

    squares = Lazy(5, of)
    assert (squares[3], squares[-1], squares[1:3]) == (9, 16, [1, 4])
    assert asked == [3, 4, 1, 2]
    assert (len(squares), list(squares), list(reversed(squares)), squares.count(4)) == (
        5, [0, 1, 4, 9, 16], [16, 9, 4, 1, 0], 1,
    )  # fmt: skip
    assert squares == [0, 1, 4, 9, 16] == squares
    assert squares == Lazy(5, of) != Lazy(4, of)
    assert (repr(squares), len({squares, Lazy(5, of)})) == ("[0, 1, 4, 9, 16]", 1)
    with pytest.raises(IndexError):
        squares[5]
