"""Modules and stages against the same expression written in one piece: closed, opened and inline are one function."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from backprop_cli import backprop
from backprop_cli.arithmetic import TIES
from backprop_cli.errors import BackpropError, InputError, MathError
from backprop_cli.graph.expand import expand, module_of
from backprop_cli.graph.graph import MAX_DEPTH, Graph, Module, Node, Nodes, validate
from backprop_cli.language.program import Program
from backprop_cli.passes.compute import compute
from backprop_cli.passes.settings import Settings
from backprop_cli.passes.trace import Trace
from backprop_cli.rules.op import Op
from backprop_cli.rules.table import TABLE, gates_of
from support import oracle
from support.hostile import check_error
from support.rows import inside
from support.trees import Example, Tree, constant, examples, forward, gate, layout, relaxed, variable

# -- Trees cut into programs ---------------------------------------------------------------------------------------

_SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**"}


def plain(tree: Tree) -> str:
    """The tree as text, with all parentheses. `add` and its kind are operators; other gates, and modules, are calls."""
    texts: list[str] = []
    for node, parts in layout(tree):
        inputs = [texts[part] for part in parts]
        if not inputs:
            texts.append(node.text)
        elif node.op == "neg":
            texts.append(f"(-{inputs[0]})")
        elif node.op in _SIGNS:
            texts.append(f"({inputs[0]} {_SIGNS[node.op]} {inputs[1]})")
        else:
            texts.append(f"{node.op}({', '.join(inputs)})")
    return texts[-1]


def in_stages(tree: Tree, choose: random.Random) -> str:
    """The tree as a program of stages. At times all that is half done gets names: so the order of gates stays."""
    waiting: list[Tree] = []
    lines: list[str] = []
    for node in forward(tree):
        first = len(waiting) - len(node.parts)
        waiting[first:] = [node._replace(parts=tuple(waiting[first:]))]
        if choose.random() < 0.25:
            for i, each in enumerate(waiting):
                if each.parts or choose.random() < 0.1:
                    lines.append(f"stage{len(lines)} = {plain(each)}")
                    waiting[i] = variable(f"stage{len(lines) - 1}")
    return "\n".join([*lines, plain(waiting[-1])])


class Cutter:
    """Cuts random regions out of a tree and makes modules of them, and of regions of these regions.

    ignored: how often a module has an input that it does not use
    outer: the variables of the program, which modules now and then read from around them
    """

    def __init__(self, choose: random.Random, ignored: float = 0) -> None:
        self.choose = choose
        self.ignored = ignored
        self.lines: list[str] = []
        self.outer: set[str] = set()

    def program(self, tree: Tree) -> str:
        self.outer = {node.text for node in forward(tree) if node.is_variable}
        body = self.cut(tree, 0)
        return "\n".join([*self.lines, plain(body)])

    def cut(self, tree: Tree, depth: int) -> Tree:
        if not tree.parts:
            return tree
        if depth < 4 and self.choose.random() < 0.35:
            return self.region(tree, depth)
        return gate(tree.op, *(self.cut(part, depth) for part in tree.parts))

    def region(self, tree: Tree, depth: int) -> Tree:
        given: list[Tree] = []

        def an_input(part: Tree) -> Tree:
            if part in given and self.choose.random() < 0.7:
                return variable(f"a{given.index(part)}")
            given.append(part)
            return variable(f"a{len(given) - 1}")

        def inside(part: Tree, top: bool) -> Tree:
            if part.is_variable and part.text in self.outer and self.choose.random() < 0.3:
                return part  # read from around the module
            if part.is_variable or self.choose.random() < (0.2 if not part.parts else 0 if top else 0.3):
                return an_input(part)
            return part._replace(parts=tuple(inside(each, False) for each in part.parts))

        body = inside(tree, True)
        if not given:
            return tree
        body = self.cut(body, depth + 1)
        if self.choose.random() < self.ignored:
            given.append(self.choose.choice(given))
        name = f"m{len(self.lines)}"
        self.lines.append(f"{name}({', '.join(f'a{i}' for i in range(len(given)))}) = {plain(body)}")
        return gate(name, *(self.cut(part, depth) for part in given))


# -- At calm points, against an oracle of its own ------------------------------------------------------------------


def close(left: float, right: float, relative: float = 1e-9) -> bool:
    if math.isnan(left) or math.isnan(right):
        return math.isnan(left) and math.isnan(right)
    return left == right or abs(left - right) <= relative * max(abs(left), abs(right), 1e-3)


@settings(relaxed, max_examples=40)
@given(examples(choices=False), st.integers(0, 2**32))
def test_stages_change_no_bit(example: Example, seed: int) -> None:
    inline = backprop(plain(example.tree), example.point)
    staged = backprop(in_stages(example.tree, random.Random(seed)), example.point)
    assert staged.value == inline.value
    assert staged.gradient == inline.gradient


def thirty_digits(example: Example, **more: Any) -> Trace:
    """The expression in one piece; now and then digits do not settle there: tan(atan2(10, 1))."""
    try:
        return backprop(plain(example.tree), example.point, precision=30, **more)
    except MathError as error:
        assume("do not settle" not in error.message)
        raise


@pytest.mark.parametrize("count", [15, pytest.param(60, marks=pytest.mark.slow)])
def test_modules_are_the_inline_expression(count: int) -> None:
    @settings(relaxed, max_examples=count)
    @given(examples(choices=False), st.integers(0, 2**32))
    def check(example: Example, seed: int) -> None:
        source = Cutter(random.Random(seed)).program(example.tree)
        inline = thirty_digits(example)
        scale = max(abs(float(slope)) for slope in inline.gradient.values())
        for trace in (backprop(source, example.point), opened(source, example.point)):
            assert close(trace.value, float(inline.value), 1e-7)
            for name, slope in inline.gradient.items():
                assert abs(trace.gradient[name] - float(slope)) <= 1e-7 * max(scale, 1e-3)

    check()


def opened(source: str, point: dict[str, float], asked: Settings | None = None) -> Trace:
    """The trace of a program with its modules opened. (Compound primitives lose digits where they are opened.)"""
    graph = expand(Program(source).graph(point), modules_only=True)
    validate(graph)
    assert not graph.modules
    return compute(graph, point, asked or Settings())


@pytest.mark.parametrize("count", [2, pytest.param(10, marks=pytest.mark.slow)])
def test_thirty_digits_and_second_derivatives_are_the_same(count: int) -> None:
    @settings(relaxed, max_examples=count)
    @given(examples(choices=False), st.integers(0, 2**32))
    def check(example: Example, seed: int) -> None:
        source = Cutter(random.Random(seed)).program(example.tree)
        inline = thirty_digits(example, hessian=True)
        closed = backprop(source, example.point, precision=30, hessian=True)
        wide = opened(source, example.point, Settings(precision=30))
        assert inline.hessian is not None
        assert closed.hessian is not None
        with inline.arithmetic.working():
            for trace in (closed, wide):
                for name, slope in inline.gradient.items():
                    assert close(trace.gradient[name], slope, 1e-28)
            for row, columns in inline.hessian.items():
                for column, value in columns.items():
                    assert close(closed.hessian[row][column], value, 1e-28)

    check()


def rational_tree(gates: int, choose: random.Random) -> Tree:
    if gates == 0:
        return variable(choose.choice("xyz")) if choose.random() < 0.75 else constant(choose.choice(["2", "3", "0.5"]))
    op = choose.choice(["add", "sub", "mul", "mul", "neg", "max", "abs", "div"])
    if op in ("neg", "abs"):
        return gate(op, rational_tree(gates - 1, choose))
    left = choose.randint(0, gates - 1)
    return gate(op, rational_tree(left, choose), rational_tree(gates - 1 - left, choose))


@pytest.mark.parametrize("seed", range(25))
def test_exact_numbers_are_the_same_and_those_of_sympy(seed: int) -> None:
    choose = random.Random(seed)
    point = {"x": "2/3", "y": "-5/7", "z": "3"}
    while True:
        tree = rational_tree(8, choose)
        used = {node.text for node in forward(tree)}
        at = {name: text for name, text in point.items() if name in used}
        try:
            inline = backprop(plain(tree), at, exact=True)
        except MathError:
            continue
        break
    source = Cutter(choose).program(tree)
    for trace in (backprop(source, at, exact=True), backprop(source, at, exact=True, expand=True)):
        assert trace.value == inline.value
        assert trace.gradient == inline.gradient
    if not inline.warnings:
        value, gradient = oracle.sympy_gradient(plain(tree), {name: Fraction(text) for name, text in at.items()})
        assert abs(value - float(inline.value)) <= 1e-12 * max(1, abs(value))
        assert {name: pytest.approx(float(slope), rel=1e-12) for name, slope in gradient.items()} == {
            name: float(slope) for name, slope in inline.gradient.items()
        }


@pytest.mark.parametrize(
    ("source", "inline"),
    [
        ("s(t) = 1/(1 + exp(-t)); f = s(w*x)*y", "y/(1 + exp(-(w*x)))"),
        ("g(a, b) = a*b; h(t) = g(t, t) + t; f = h(h(x))", "(x*x + x)*(x*x + x) + (x*x + x)"),
        ("q = x + y; f = q*q*z", "(x + y)*(x + y)*z"),
        ("n(a, b) = sqrt(a**2 + b**2); f = n(x, y)", "sqrt(x**2 + y**2)"),
    ],
)
def test_formulas_are_the_same(source: str, inline: str) -> None:
    from sympy import simplify

    from backprop_cli.passes.exact import derive

    expected = derive(Program(inline).graph(), {}).trace.gradient
    graph = Program(source).graph()
    for each in (graph, expand(graph)):
        got = derive(each, {}).trace.gradient
        assert got.keys() == expected.keys()
        assert [simplify(got[name] - expected[name]) for name in got] == [0] * len(got)


# -- At ties, kinks and poles --------------------------------------------------------------------------------------

_ROUGH = (
    "add:2 sub:2 mul:2 div:2 neg:1 pow:2 sqrt:1 log:1 cbrt:1 abs:1 sign:1 max:2 max:3 min:2 relu:1 hypot:2 atan2:2 "
    "floor:1 exp:1 asin:1"
).split()


def rough_tree(gates: int, choose: random.Random) -> Tree:
    if gates == 0:
        return variable(choose.choice("xyz")) if choose.random() < 0.75 else constant(choose.choice(["0", "1", "2"]))
    op, _, count = choose.choice(_ROUGH).partition(":")
    parts, rest = [], gates - 1
    for slot in range(int(count)):
        share = choose.randint(0, rest) if slot < int(count) - 1 else rest
        parts.append(rough_tree(share, choose))
        rest -= share
    return gate(op, *parts)


class Outcome(NamedTuple):
    value: float
    gradient: dict[str, float]


def outcome(graph: Graph, point: dict[str, float], asked: Settings) -> Outcome | None:
    """What comes out; None for a MathError. No other error is one that the three may meet."""
    try:
        trace = compute(graph, point, asked)
    except MathError:
        return None
    return Outcome(trace.value, trace.gradient)


def agree(one: Outcome | None, other: Outcome | None) -> bool:
    if one is None or other is None:
        return one is other
    gradients = [close(one.gradient.get(name, 0), slope) for name, slope in other.gradient.items()]
    return close(one.value, other.value) and all(gradients)


@pytest.mark.parametrize("count", [200, pytest.param(1_500, marks=pytest.mark.slow)])
@pytest.mark.parametrize("ignored", [0, 0.3])
def test_three_forms_agree_at_ties_and_poles(count: int, ignored: float, step: int) -> None:
    count //= step
    choose = random.Random(f"{count} {ignored}")
    seen: Counter[str] = Counter()
    while seen["programs"] < count:
        tree = rough_tree(choose.randint(1, 8), choose)
        cutter = Cutter(choose, ignored)
        source = cutter.program(tree)
        if not cutter.lines:
            continue
        seen["programs"] += 1
        names = sorted({node.text for node in forward(tree) if node.is_variable})
        point = {name: choose.choice([0.0, 1.0, -1.0, 2.0, 0.5]) for name in names}
        inline, closed = Program(plain(tree)).graph(), Program(source).graph()
        wide = expand(closed, modules_only=True)
        validate(wide)
        wrt = [choose.choice(names)] if names and choose.random() < 0.2 else None
        asked = Settings(wrt, choose.choice(TIES))
        expected = outcome(inline, point, asked)
        seen["errors" if expected is None else "numbers"] += 1
        for graph in (closed, wide):
            assert agree(outcome(graph, point, asked), expected), (source, plain(tree), point, asked)
        loose = asked._replace(allow_nonfinite=True)
        expected = outcome(inline, point, loose)
        assert expected is not None
        assert agree(outcome(wide, point, loose), expected), (source, plain(tree), point, loose)
        if all(map(math.isfinite, [expected.value, *expected.gradient.values()])):
            assert agree(outcome(closed, point, loose), expected), (source, plain(tree), point, loose)
    assert min(seen["errors"], seen["numbers"]) > count / 10


INACTIVE = [
    ("m(a) = max(sqrt(a), 1)", "m(x)", {"x": 0}, {"x": 0}),
    ("m(a) = sqrt(a)", "max(m(x), 1)", {"x": 0}, {"x": 0}),
    ("m(a, b) = max(a, b)", "m(sqrt(x), 1)", {"x": 0}, {"x": 0}),
    ("m(a) = relu(a); n(a) = cbrt(a) - 1", "m(n(x))", {"x": 0}, {"x": 0}),
    ("m(a, b) = b", "m(sqrt(x), y)", {"x": 0, "y": 2}, {"x": 0, "y": 1}),
    ("m(a, b) = b; n(c) = m(sqrt(c), 3)*c", "n(x)", {"x": 0}, {"x": 3}),
    ("m(a, b) = min(a, b)", "m(1e200*(1e200*x), y)", {"x": 1e-300, "y": 3}, {"x": 0, "y": 1}),
    ("m(a) = 0*a", "m(sqrt(x))", {"x": 0}, None),  # 0·∞ is undefined, wherever the 0 is
    ("m(a) = sqrt(a)", "0*m(x)", {"x": 0}, None),
    ("m(a, b) = b", "m(log(x), y)", {"x": -1, "y": 2}, None),  # what is written has to have a value
]


@pytest.mark.parametrize(("modules", "output", "point", "gradient"), INACTIVE)
def test_inactive_edges(modules: str, output: str, point: dict[str, float], gradient: dict[str, float] | None) -> None:
    for shut in (False, True):
        if gradient is None:
            with pytest.raises(MathError):
                backprop(f"{modules}; {output}", point, expand=shut)
        else:
            assert backprop(f"{modules}; {output}", point, expand=shut).gradient == gradient


@pytest.mark.parametrize("ties", TIES)
def test_ties_inside_follow_the_convention_and_are_warned_about(ties: str) -> None:
    inline = backprop("max(x, y, 1)*z", x=1, y=1, z=3, ties=ties)
    for expand_ in (False, True):
        trace = backprop("m(a, b) = max(a, b, 1); f = m(x, y)*z", x=1, y=1, z=3, ties=ties, expand=expand_)
        assert trace.gradient == inline.gradient
        assert [each.kind for each in trace.warnings] == ["tie"]
    assert backprop("m(a) = max(a, 1); relu(m(x) - 2)", x=1).warnings  # even where nothing flows


@pytest.mark.parametrize("ties", TIES)
def test_one_node_handed_to_two_inputs_is_no_tie_inside(ties: str) -> None:
    programs = (
        "m(a, b) = max(a, b); f = m(y, y)*y",
        "m(a, b) = max(a, b); n(a, b) = m(b, a)*a; f = n(y, y)",
        "m(a, b, c) = min(c, b, a); f = m(y, y, y)*y",
        "same(t) = t; f = max(same(y), y)*y",
        "same(t) = t; twice(t) = same(same(t)); m(a, b) = max(a, twice(b)); f = m(y, same(y))*y",
    )
    for program in programs:
        for opened in (False, True):
            trace = backprop(program, y=2, ties=ties, expand=opened, hessian=True)
            assert (trace.gradient, trace.hessian, trace.warnings) == ({"y": 4}, {"y": {"y": 2}}, []), program


def test_calls_inside_each_other_are_told_by_the_first_and_the_last() -> None:
    source = "a(t) = log(t); b(t) = a(t); c(t) = b(t); d(t) = c(t); f = d(x)*2"
    with pytest.raises(MathError) as caught:
        backprop(source, x=-1)
    assert caught.value.message == "in q1 = d(x): … in b = a(t): a = log(t) has no real value at t = -1"


# -- Opening -------------------------------------------------------------------------------------------------------

COMPOUND = [op for op in TABLE if gates_of(op) is not None]


def test_the_table_has_compound_gates() -> None:
    names = {op.call for op in COMPOUND}
    assert names >= {"sigmoid(x)", "tanh(x)", "softplus(x)", "hypot(x, …)", "log1p(x)", "log(x, base)"}
    assert "relu(x)" not in names  # max(x, 0) has another convention at 0


@pytest.mark.parametrize("op", COMPOUND, ids=lambda op: op.call)
@pytest.mark.parametrize("at", [0.3, 1.7, -0.6, 2.9])
def test_a_compound_gate_is_its_gates(op: Op, at: float) -> None:
    inputs = [*op.inputs, "y", "z"] if op.variadic else list(op.inputs)
    point = {name: at + 0.41 * i for i, name in enumerate(inputs)}
    try:
        closed = backprop(op.written(inputs), point)
    except MathError:
        point = {name: float(text) for name, text in inside(op, inputs).items()}
        closed = backprop(op.written(inputs), point)
    wide = backprop(op.written(inputs), point, expand=True)
    validate(wide.graph)
    assert wide.value == pytest.approx(closed.value, rel=1e-13, abs=1e-15)
    assert wide.gradient == pytest.approx(closed.gradient, rel=1e-12)
    assert wide.graph.groups[0].module == op.name
    assert wide.graph.output.name == "f"
    assert {node.name.split(".")[0] for node in wide.graph.gates} == {"f"}
    assert not any(op in COMPOUND for op in wide.graph.nodes.ops)


def test_every_number_of_inputs_opens() -> None:
    for count in (2, 3, 7, 400):
        text = f"hypot({', '.join(f'x{i}' for i in range(count))})"
        point = {f"x{i}": i - 1.5 for i in range(count)}
        wide, closed = backprop(text, point, expand=True), backprop(text, point)
        assert wide.gradient == pytest.approx(closed.gradient, rel=1e-12)
    assert module_of(next(op for op in TABLE if op.name == "max"), 3) is None


def test_opened_compound_gates_overflow_earlier() -> None:
    assert backprop("sigmoid(x)", x=-1000).value == 0
    with pytest.raises(MathError, match=r"f.q2 = exp\(f.q1\) overflows at f.q1 = 1000"):
        backprop("sigmoid(x)", x=-1000, expand=True)


def test_a_module_that_gives_back_an_input_has_no_gate_to_show() -> None:
    trace = backprop("same(t) = t; s = same(x*y); f = s*2", x=2, y=3, expand=True)
    assert [node.name for node in trace.graph.nodes] == ["x", "y", "q1", "2", "f"]
    assert backprop("same(t) = t; f = same(x)", x=2, expand=True).gradient == {"x": 1}


def test_what_goes_into_an_ignored_input_stays_unless_it_needs_the_output() -> None:
    graph = expand(Program("k(a, b) = a; f = k(x, log(y)) + z").graph())
    validate(graph)
    assert [node.name for node in graph.nodes] == ["x", "y", "q1", "z", "f"]
    graph = expand(Program("k(a, b) = a; q = x*y; f = k(q, log(q) + z)").graph())
    validate(graph)
    assert [node.name for node in graph.nodes] == ["x", "y", "z", "q"]


def test_an_opened_graph_opens_no_further() -> None:
    graph = expand(Program("m(t) = tanh(t)*t; f = m(m(x))").graph())
    again = expand(graph)
    assert [node.name for node in again.nodes] == [node.name for node in graph.nodes]
    assert again.groups == graph.groups


def nested(depth: int) -> str:
    lines = ["m0(t) = t*t + 1", *(f"m{i}(t) = m{i - 1}(t)/2 + {i}" for i in range(1, depth))]
    return "\n".join([*lines, f"f = m{depth - 1}(x)*x"])


def test_modules_fifty_deep() -> None:
    closed, wide = backprop(nested(MAX_DEPTH), x=2), backprop(nested(MAX_DEPTH), x=2, expand=True)
    assert wide.gradient == pytest.approx(closed.gradient, rel=1e-14)
    assert len(wide.graph.groups) == MAX_DEPTH
    with pytest.raises(InputError, match=f"more than {MAX_DEPTH} modules inside each other"):
        Program(nested(MAX_DEPTH + 1)).graph()


def test_opening_copies_each_gate_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening takes as many steps as there are gates in the end."""
    counted: Counter[int] = Counter()
    append = Nodes.append

    def counting(nodes: Nodes, node: Node) -> int:
        counted[size] += 1
        return append(nodes, node)

    ends = {}
    for size in (1_000, 10_000):
        lines = ["s(t) = 1/(1 + exp(-t))", "l(a, b) = s(a) + s(b)", "q0 = x*y"]
        lines += [f"q{i} = l(q{i - 1}, x)" for i in range(1, size)]
        closed = Program("\n".join(lines)).graph()
        with monkeypatch.context() as patch:
            patch.setattr(Nodes, "append", counting)
            graph = expand(closed)
        ends[size] = len(graph.nodes)
        assert len(graph.groups) == 3 * (size - 1)
        assert counted[size] == ends[size]
    assert ends[10_000] < 10.1 * ends[1_000]


# -- The pieces as data --------------------------------------------------------------------------------------------


def test_a_module_is_an_operation() -> None:
    graph = Program("sigma(t) = 1/(1 + exp(-t)); f = sigma(x)").graph()
    op = graph.nodes.ops[-1]
    assert isinstance(op, Module)
    assert (op.name, op.inputs, op.call, op.size, op.depth) == ("sigma", ("t",), "sigma(t)", 4, 1)
    assert [gate.name for gate in op.graph.gates] == ["q1", "q2", "q3", "sigma"]
    validate(op.graph)


def test_constants_may_be_calls() -> None:
    trace = backprop("sq(t) = t*t; f = sq(3)*x", x=2, expand=True)
    assert [(node.name, node.kind) for node in trace.graph.nodes] == [
        ("sq(3)", "constant"),
        ("x", "input"),
        ("f", "mul"),
    ]
    assert trace.gradient == {"x": 9}
    closed = "k(t) = 2*pi; m(t) = k(t)*t*sqrt(2*8) + k(1); n(a, b) = a; f = n(m(1/2), 3)*x + sin(n(x, m(2)))"
    for modules_only in (True, False):
        graph = expand(Program(closed).graph(), modules_only=modules_only)
        validate(graph)
        assert not graph.modules
        assert compute(graph, {"x": 2}, Settings()).gradient == backprop(closed, x=2).gradient


WORDS: Sequence[str] = [
    "m",
    "(",
    ")",
    "a",
    "b",
    ",",
    "=",
    "+",
    "-",
    "*",
    ";",
    "\n",
    "#",
    "2",
    "x",
    "sin",
    " ",
    "\r\n",
    "f",
]


@settings(relaxed, max_examples=400)
@given(st.lists(st.sampled_from(WORDS), max_size=30).map("".join))
@example("=;x")
@example(" = # a formula of a spreadsheet\n;a=x")
def test_soup_is_a_graph_or_an_error_with_a_place(source: str) -> None:
    try:
        graph = Program(source).graph()
    except BackpropError as error:
        check_error(error, source)
        return
    validate(graph)
    validate(expand(graph))


def test_what_is_told_inside_a_module_is_told_of_its_call() -> None:
    """Whatever the gates inside are called; and only of the variables that come through it."""
    trace = backprop("m(a) = 2*relu(a); q1 = y*y; f = q1 + 3*m(x)", {"x": 0, "y": 1})
    [notice] = trace.warnings
    assert notice.kind == "kink"
    assert notice.node == "q2"
    assert notice.message.startswith("in q2 = m(x): q1 = relu(a) has a kink")
    assert trace.is_by_convention("x")
    assert not trace.is_by_convention("y")
    told = str(trace.explain())
    assert told.index("q2 = m(x), upstream") < told.index(notice.message) < told.index("q1 = y * y, upstream")
    assert told.count(notice.message) == 1
