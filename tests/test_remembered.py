"""Graphs as plain data, and what is no graph of its text: whatever is changed in the data, no result is."""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from backprop_cli.cli import remembered
from backprop_cli.errors import InputError
from backprop_cli.graph.graph import Constant, Gate, Graph, Module, Node, validate
from backprop_cli.language.postfix import postfix
from backprop_cli.language.program import Program
from backprop_cli.rules import table as ops
from backprop_cli.rules.op import Op
from support.checks import check_result, described, read, result
from support.command import call
from support.formulas import FORMULAS
from support.hostile import hang_guard
from support.lines import PROGRAM
from support.rows import NUMERIC
from support.suites import thinned

relaxed = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))

# -- Graphs as plain data ------------------------------------------------------------------------------------------


def plain(graph: Graph) -> Any:
    """A graph as something that can be compared: modules, which are themselves alone, by what is inside."""

    def nodes(some: Iterable[Node]) -> list[Any]:
        return [*map(node, some)]

    def node(each: Node) -> Any:
        if isinstance(each, Gate):
            return each._replace(op=operation(each.op))
        return (each[:4], nodes(each.body or ())) if isinstance(each, Constant) else each

    def operation(op: Op) -> Any:
        return (op.name, op.inputs, op.size, op.depth, plain(op.graph)) if isinstance(op, Module) else op

    return graph.source, nodes(graph.nodes), graph[2:]


NAMES = ["x", "y", "e", "σ", "x₀", "f", "q1", "q2", "pi"]


def expressions(names: list[str], modules: dict[str, int]) -> st.SearchStrategy[str]:
    """Text over these names, and calls of these modules, which take so many inputs."""
    leaves = st.sampled_from([*names, "2", "1/3", "0.5", "-1", "1e-3", "2*pi"])

    def more(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        def written(op: Op) -> st.SearchStrategy[str]:
            count = st.integers(2, 4) if op.variadic else st.just(len(op.inputs))
            return count.flatmap(lambda n: st.lists(parts, min_size=n, max_size=n)).map(
                lambda some: op.written(f"({each})" for each in some)
            )

        def called(name: str) -> st.SearchStrategy[str]:
            some = st.lists(parts, min_size=modules[name], max_size=modules[name])
            return some.map(lambda inputs: f"{name}({', '.join(inputs)})")

        return st.one_of(st.sampled_from(NUMERIC).flatmap(written), *map(called, modules))

    return st.recursive(leaves, more, max_leaves=6)


@st.composite
def programs(draw: st.DrawFn) -> str:
    modules: dict[str, int] = {}
    lines: list[str] = []
    for name in draw(st.sampled_from([[], [], ["m"], ["m", "sigma2"]])):
        inputs = draw(st.sampled_from([["t"], ["t", "u"], ["e", "x"]]))
        lines.append(f"{name}({', '.join(inputs)}) = {draw(expressions(inputs, modules))}")
        modules[name] = len(inputs)
    names = list(NAMES)
    for name in draw(st.sampled_from([[], [], ["s"], ["s", "q3"], ["Ω", "s", "r"]])):
        lines.append(f"{name} = {draw(expressions(names, modules))}")
        names.append(name)
    last = draw(expressions(names, modules))
    lines.append(last if draw(st.booleans()) else f"out = {last}")
    return draw(st.sampled_from(["\n", "; "])).join(lines)


@settings(relaxed, max_examples=80)
@given(programs(), st.sets(st.sampled_from(["e", "pi"])))
def test_a_graph_comes_back_as_it_was(source: str, variables: set[str]) -> None:
    try:
        graph = Program(source).graph(variables)
    except InputError:  # a line that begins with a minus sign may belong to the line above
        assume(False)
    back = remembered.graph(source, described(source, variables), variables)
    validate(back)
    assert plain(back) == plain(graph)
    assert back.nodes.ops == [
        op if isinstance(op, Module) else other for op, other in zip(back.nodes.ops, graph.nodes.ops, strict=True)
    ]


WRITTEN = [
    "x",
    "(x)",
    "+x",
    "2",
    "-1/3*pi",
    "+(+x)**2",
    "+2**y",
    "-2**-x**y*3",
    "a - b - c/d/e1*f1 + -(-x)",
    "x ^ 2 − y × z·w ÷ 3 ⋅ u",
    "((x) + ((y)))*(((x)))",
    "(# )\n  x # (\n + y # )\n)",
    "sin # c (\n (x)",
    "log(x) + log(x, 2) + ln(y)*log((((y))), x)",
    "max(x, y, (z + 1), -2) + Max(min(x, y), hypot(x, y, z))",
    "σ(x)*sigma + sigmoid(σ)",
    "1.5e-3*x + .5e+2 - 2.*3E4",
    "e*x + E*π - ℯ + pi",
    "x₀*हिन्दी + ﬁ - π·ℯ",
    "q = x; r = q; s = (r)*q; s",
    "q = x; f = q",
    "q = x*y; f = q",
    "q = x*y; q",
    "a = 2; b = a; b*x*a",
    "a = x*y; u = (a + 1)/w; f = a",
    "u = x/y; v = u; f = z",
    "f = x # one\n",
    ";;\n# c\nq = x +\n  y\n; f = (q\n*\n2);;",
    "f = x\r\n  * y\r\n",
    "m(t) = t*t; n(t, u) = m(t) + m(2*u) - m(3); f = n(x, y)*m(2)",
    "same(t, u) = u; f = same(x, y)*same(2, 3)",
    "add(x, y) = x*y; f = add(x, y) + add(2, 3)",
    "sin(x) = x*2; f = sin(y)",
    "half(t) = t/2; unused(t) = half(t); f = x",
    "m(\n a, # first\n b) = a - b; f = m(x, m(y, x))",
    "q1 = x*y; f = q1 + q3*(x - 1) + q2",
    "m(t) = 2; f = m(x)*y",
    "ﬁ(t) = t*t; f = ﬁ(x) + fi (y)",
    "m(t) = t*t; u = m(x) + m(2); v = u*z + e; f = x*y",
]
"""Expressions and programs in every way of writing."""


@pytest.mark.parametrize("source", [*WRITTEN, *(each.expression for each in FORMULAS[::4])])
def test_every_way_of_writing_comes_back(source: str) -> None:
    graph = Program(source).graph()
    back = remembered.graph(source, described(source), [])
    assert plain(back) == plain(graph)


@pytest.mark.slow
def test_every_formula_comes_back() -> None:
    for each in FORMULAS:
        assert plain(remembered.graph(each.expression, described(each.expression), [])) == plain(
            Program(each.expression).graph()
        )


@pytest.mark.parametrize(
    "source",
    [
        "+".join(["x"] * 5_000),
        "-" * 5_000 + "x",
        "(" * 5_000 + "x" + ")" * 5_000,
        "x**" * 5_000 + "x",
        "sin(" * 5_000 + "x" + ")" * 5_000,
        "max(" + ", ".join(["x"] * 5_000) + ")",
        "1/3" + "*2" * 5_000,
        "f = x\n" + "# c\n" * 100_000,
    ],
    ids=lambda source: source[:10],
)
def test_large_graphs_come_back(source: str) -> None:
    back = remembered.graph(source, described(source), [])
    assert plain(back)[1:] == plain(Program(source).graph())[1:]


def test_one_module_stays_one() -> None:
    source = "m(t) = t*t; n(t) = m(t) + m(2*t); n(x) * m(x)"
    graph = remembered.graph(source, described(source), [])
    n, m = (op for op in graph.nodes.ops if isinstance(op, Module))
    assert isinstance(n, Module)
    assert [op for op in n.graph.nodes.ops if isinstance(op, Module)] == [m, m]


@pytest.mark.parametrize(
    "text",
    ["", " ", "x +", "* x", "x y", "x x", "2 3", "(x", "x)", "f(x)", "sin()", "sin(x, y)", "(x, y)", "x, y", "max(x)",
     "sin x", "²", "x = y", "x; y", "x.real", "x[1", "'x'", "x ? y", "()", "sin(x", "x ** * y", "max(x,,y)",
     "unknown", "# x", "x + # y", "(x)2", "x \\", "1e5.5 x", "!", "|x", "√"],
)  # fmt: skip
def test_what_is_no_expression_is_none_in_postfix_either(text: str) -> None:
    with pytest.raises((ValueError, LookupError, StopIteration)):
        postfix(text, ops.spellings(), {"x": 0, "y": 1}.__getitem__)


# -- What is no graph of its text ----------------------------------------------------------------------------------

DATA = described(PROGRAM)
Change = Callable[[dict[str, Any]], object]


def top(column: str, i: int, value: Any) -> Change:
    return lambda data: data["nodes"][column].__setitem__(i, value)


def statement(i: int, part: int, value: Any) -> Change:
    return lambda data: data["statements"][i].__setitem__(part, value)


def inside(column: str, i: int, value: Any, module: int = 0) -> Change:
    return lambda data: data["statements"][module][4][column].__setitem__(i, value)


def body(column: str, i: int, value: Any) -> Change:
    return lambda data: data["nodes"]["constants"][0][2][column].__setitem__(i, value)


def where(kind: str, of: dict[str, Any] = DATA["nodes"]) -> int:
    return int(of["ops"].index(kind))


NEURON, TWICE, HALF, Q, UNUSED, LAST = range(6)
GATE = where("mul")
CALL = where("twice(")
OUTPUT = len(DATA["nodes"]["ops"]) - 1
IN_NEURON = DATA["statements"][NEURON][4]

CHANGES: dict[str, Change] = {
    "mul becomes add": top("ops", GATE, "add"),
    "mul becomes sub": top("ops", OUTPUT, "sub"),
    "max becomes min": top("ops", where("max"), "min"),
    "a sum becomes a product": top("ops", where("add"), "mul"),
    "exp becomes expm1 in a module": inside("ops", where("exp", IN_NEURON), "expm1"),
    "a division turned round in a module": inside(
        "inputs", where("div", IN_NEURON), IN_NEURON["inputs"][where("div", IN_NEURON)][::-1]
    ),
    "a number in a module": lambda data: data["statements"][NEURON][4]["constants"][0].__setitem__(1, "3"),
    "a module without its negation": inside("ops", where("neg", IN_NEURON), "relu"),
    "another module of the text": top("ops", CALL, "neuron("),
    "a module becomes a primitive": top("ops", CALL, "sigmoid"),
    "a primitive becomes a module": top("ops", where("max"), "neuron("),
    "inputs the other way round": top("inputs", OUTPUT, DATA["nodes"]["inputs"][OUTPUT][::-1]),
    "one input twice": top("inputs", where("max"), [GATE, GATE]),
    "another input": top("inputs", CALL, [0]),
    "a number changed": lambda data: data["nodes"]["constants"][0][2]["constants"][0].__setitem__(1, "3"),
    "a number of another spelling": lambda data: data["nodes"]["constants"][0][2]["constants"][0].__setitem__(1, "1.0"),
    "a constant turned round": body("inputs", 2, [1, 0]),
    "a constant's division a product": body("ops", 2, "mul"),
    "a constant's part left out": body("inputs", 2, [0, 0]),
    "a constant with a variable in it": lambda data: data["nodes"]["constants"][0][2]["constants"].pop(),
    "a constant without a name": top("names", where("mul") - 1, ""),
    "a constant that is a number": lambda data: data["nodes"]["constants"][0].__setitem__(1, "2"),
    "a constant of nothing": lambda data: data["nodes"]["constants"][0].__setitem__(2, []),
    "a constant of null": lambda data: data["nodes"]["constants"][0].__setitem__(2, None),
    "a constant at no node": lambda data: data["nodes"]["constants"][0].__setitem__(0, 99),
    "a constant before the first node": lambda data: data["nodes"]["constants"][0].__setitem__(0, -8),
    "a constant at every node": lambda data: data["nodes"].update(constants=[[i, "1", None] for i in range(9)]),
    "a body in a body": lambda data: data["nodes"]["constants"][0][2]["constants"].__setitem__(
        0, [0, "", copy.deepcopy(data["nodes"]["constants"][0][2])]
    ),
    "a number that is a number": lambda data: data["nodes"]["constants"][0][2]["constants"][0].__setitem__(1, 1),
    "a constant renamed": top("names", where("mul") - 1, "1/3"),
    "a constant that is none": lambda data: data.update(constants=["x"]),
    "constants that are none": lambda data: data.update(constants=[["pi"]]),
    "a stage left out that is none": lambda data: data.update(unused=["nobody"]),
    "a stage left out that is used": lambda data: data.update(unused=["q", "left_out"]),
    "no stage left out": lambda data: data.update(unused=[]),
    "a stage renamed": statement(HALF, 0, "hälf"),
    "a stage beyond the text": statement(HALF, 2, [0, 10**6]),
    "a stage of words": statement(HALF, 2, ["a", "b"]),
    "a stage of nothing": statement(HALF, 3, [3, 3]),
    "a stage of nulls": statement(HALF, 3, None),
    "a stage that begins later": lambda data: data["statements"][Q][3].__setitem__(0, data["statements"][Q][3][0] + 3),
    "a stage that ends earlier": lambda data: data["statements"][Q][3].__setitem__(1, data["statements"][Q][3][1] - 12),
    "a stage that is a module": statement(Q, 1, ["t"]),
    "a statement too few": lambda data: data["statements"].pop(UNUSED),
    "the last statement gone": lambda data: data["statements"].pop(),
    "no statement": lambda data: data["statements"].clear(),
    "statements the other way round": lambda data: data["statements"].reverse(),
    "a statement twice": lambda data: data["statements"].append(data["statements"][-1]),
    "no node": lambda data: data.update(nodes={key: [] for key in data["nodes"]}),
    "nothing but nodes": lambda data: [data.pop(key) for key in list(data) if key != "nodes"],
    "a node too few": lambda data: data["nodes"]["names"].pop(),
    "a node too many": lambda data: data["nodes"]["ops"].append("sin"),
    "a node that nothing uses": top("inputs", OUTPUT, [0, 0]),
    "a variable renamed": top("names", 0, "y0"),
    "a variable without a name": top("names", 0, ""),
    "a variable that is a list": top("names", 0, ["x"]),
    "a variable that is a surrogate": top("names", 0, "\ud800"),
    "a gate renamed": top("names", OUTPUT, "zz"),
    "a gate without a name": top("names", OUTPUT, ""),
    "a gate with another's name": top("names", OUTPUT, "q"),
    "a gate of itself": top("inputs", OUTPUT, [OUTPUT, 0]),
    "a gate of a later one": top("inputs", GATE, [0, OUTPUT]),
    "a negative input": top("inputs", OUTPUT, [-2, -3]),
    "a huge input": top("inputs", OUTPUT, [10**30, 0]),
    "an input of true": top("inputs", GATE, [False, True]),
    "an input of 1.0": top("inputs", GATE, [0.0, 1.0]),
    "inputs of null": top("inputs", GATE, None),
    "too few inputs": top("inputs", OUTPUT, [5]),
    "too many inputs": top("inputs", OUTPUT, [5, 5, 5]),
    "no inputs": top("inputs", OUTPUT, []),
    "inputs of a variable": top("inputs", 1, [0]),
    "an unknown primitive": top("ops", OUTPUT, "nope"),
    "a primitive of one input": top("ops", OUTPUT, "sin"),
    "a primitive without a name": top("ops", OUTPUT, ""),
    "a gate that is none": top("ops", OUTPUT, None),
    "a variable that is a gate": top("ops", 0, "sin"),
    "a primitive of a list": top("ops", OUTPUT, ["mul"]),
    "a module that is not there": top("ops", CALL, "thrice("),
    "a module of itself": inside("ops", where("neuron(", DATA["statements"][TWICE][4]), "twice(", TWICE),
    "a module without its graph": statement(NEURON, 4, None),
    "a module with another input": statement(TWICE, 1, ["u"]),
    "a module without a name": statement(TWICE, 0, ""),
    "a module of another name": statement(TWICE, 0, "trice"),
    "a module without inputs": statement(TWICE, 1, []),
    "a module with one input twice": statement(NEURON, 1, ["t", "w", "w"]),
    "a module with an input too few": statement(NEURON, 1, ["t"]),
    "a module with its inputs the other way round": statement(NEURON, 1, ["w", "t"]),
    "a module of numbers": statement(TWICE, 0, 1),
    "a node of nothing": lambda data: data["nodes"]["ends"].__setitem__(0, data["nodes"]["starts"][0]),
    "a node that ends before it starts": top("ends", OUTPUT, 1),
    "a node beyond the text": top("ends", OUTPUT, 10**6),
    "a node before the text": top("starts", OUTPUT, -3),
    "a node at 10¹⁰⁰": top("ends", OUTPUT, 10**100),
    "a node at a half": top("starts", OUTPUT, 0.5),
    "a node at infinity": top("ends", OUTPUT, float("inf")),
    "a node at nothing": top("starts", OUTPUT, float("nan")),
    "a node at true": top("starts", OUTPUT, True),
}


def test_a_variable_that_the_text_has_not_is_refused() -> None:
    data = described("x*y # z")
    constants = data["nodes"].pop("constants")
    nodes = data["nodes"]
    for column in nodes:
        nodes[column].insert(2, nodes[column][0])
    nodes["names"][2], nodes["starts"][2], nodes["ends"][2] = "z", 6, 7
    nodes["constants"] = constants
    assert read("x*y # z", data) is None
    assert read("x*y + z", data) is None


@pytest.mark.parametrize("stage", ["(x", "x +", "x y", "nobody(x)", "sin(x, y)", "z", "u", "f", "x = y", "x - 123"])
def test_what_is_left_out_is_an_expression_of_what_is_there(stage: str) -> None:
    data = described("a = x*y; u = x - 12345; f = a")
    assert bool(read(f"a = x*y; u = {stage.rjust(9)}; f = a", data)) == (stage == "x - 123")


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_no_graph_of_the_text_is_refused(name: str) -> None:
    data = copy.deepcopy(DATA)
    CHANGES[name](data)
    assert json.dumps(data) != json.dumps(DATA)
    with hang_guard():
        assert read(PROGRAM, data) is None
    assert read(PROGRAM, DATA) is not None


@pytest.mark.parametrize(
    ("source", "other"),
    [
        ("x + y*z", "(x + y)*z"),
        ("(x + y)*z", "x + y*z"),
        ("x - y - z", "x - (y - z)"),
        ("x/y*z", "x/(y*z)"),
        ("x**y**z", "(x**y)**z"),
        ("-x**2", "(-x)**2"),
        ("2**-x*y", "2**(-x*y)"),
        ("-x - y", "-(x - y)"),
        ("x*y", "x+y"),
        ("x - y", "y - x"),
        ("sin(x)", "cos(x)"),
        ("atan2(x, y)", "atan2(y, x)"),
        ("max(x, y, z)", "max(max(x, y), z)"),
        ("max(x, max(y, z), x)", "max(x, y, max(z, x))"),
        ("x*2", "x*3"),
        ("x*pi", "x*e"),
        ("x + y", "x"),
        ("x", "x + y"),
        ("x*(1/3)", "x*(1/2)"),
        ("x*(1 - 3 - 2)", "x*(1 - (3 - 2))"),
        ("x*-2", "x*2"),
        ("log(x, 2)", "log(2, x)"),
        ("log(x)", "log2(x)"),
        ("q = x*y; f = q + x", "q = x + y; f = q*x"),
        ("q = x; r = y; f = q - r", "q = y; r = x; f = q - r"),
        ("q = x; r = y; f = q - r", "q = x; r = y; f = r - q"),
        ("m(t) = t + 1; f = m(x)", "m(t) = t*1; f = m(x)"),
        ("m(t, u) = t - u; f = m(x, y)", "m(t, u) = u - t; f = m(x, y)"),
        ("m(t, u) = t - u; f = m(x, y)", "m(u, t) = t - u; f = m(x, y)"),
        ("m(t) = t; n(t) = 2*t; f = m(x)", "m(t) = t; n(t) = 2*t; f = n(x)"),
        ("sin(t) = 2*t; f = sin(x)", "sun(t) = 2*t; f = sin(x)"),
        ("e1*x", "e*x"),
    ],
)  # fmt: skip
def test_the_graph_of_another_text_is_refused(source: str, other: str) -> None:
    """As it is, and with any of its parts beside the right ones."""
    right, wrong = described(source), described(other)
    assert read(source, right)
    assert read(source, wrong) is None
    for part in right:
        for one, another in ((right, wrong), (wrong, right)):
            check_result(source, {**one, part: another[part]})
    for column in right["nodes"]:
        check_result(source, {**right, "nodes": {**right["nodes"], column: wrong["nodes"][column]}})
        check_result(source, {**right, "nodes": {**wrong["nodes"], column: right["nodes"][column]}})
    insides = [another[4] for another in wrong["statements"]]
    statements = [[*one[:4], other] for one, other in zip(right["statements"], insides, strict=False)]
    check_result(source, {**right, "statements": [*statements, *right["statements"][len(statements) :]]})


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to all parts of a document."""
    yield path
    parts = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, part in parts:
        yield from places(part, (*path, key))


PLACES = list(places(DATA))
SCALARS = st.sampled_from(
    [None, True, False, -1, 0, 1, 2, 7, 2**31, 2**63, 10**40, -0.0, 1.5, 1e308, float("nan"), float("inf"), "", "x",
     "q", "q1", "f", "t", "pi", "1", "1e400", "sin", "max", "zz", "\0", "\ud800", "٣", "...", " ", "x...", "9" * 400]
)  # fmt: skip
VALUES = st.recursive(
    SCALARS | st.sampled_from(PLACES).map(lambda path: part_at(DATA, path)),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.sampled_from(["names", "ops", "x"]), parts),
    max_leaves=4,
)


def part_at(data: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        data = data[key]
    return data


def replaced(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    data = copy.deepcopy(data)
    part_at(data, path[:-1])[path[-1]] = value
    return data


def other_values(data: Any, value: Any) -> Iterator[Any]:
    """What might stand in the place of a value: of the same kind, so that it is not refused for its kind."""
    if isinstance(value, bool) or value is None:
        yield from ([], "x", 0)
    elif isinstance(value, int):
        yield from (value - 1, value + 1, 0, 2 * value + 3)
    elif isinstance(value, str):
        columns = [data["nodes"], *(each[4] for each in data["statements"] if each[4])]
        yield from {
            "",
            "x",
            "y",
            "2",
            "sub",
            *(name for each in columns for name in (*each["names"], *each["ops"]) if name),
        }
        yield None
    elif isinstance(value, list):
        yield from (value[::-1], value[1:], value[:-1], value + value[-1:], value[1:] + value[:1], [])
    else:
        yield from ({}, {**value, "names": value.get("ops")})


SOURCES = [PROGRAM, "(x - y)*sin(x)/2", "x**y**-2*max(x, 1/3, y)", "m(t, u) = t/u + 2; q = x; f = m(q, y) - m(2, 3)*q"]


@pytest.mark.parametrize("source", thinned(SOURCES, 4))
def test_whatever_is_changed_no_result_is(source: str) -> None:
    """Each part of the data in turn is replaced by others of its kind."""
    data, found = described(source), Counter[bool]()
    for path in places(data):
        for value in other_values(data, part_at(data, path)):
            changed = replaced(data, path, value)
            if changed != data:
                with hang_guard():
                    found[check_result(source, changed)] += 1
    assert found[False] > 4 * found[True]


def check_any_data(changes: list[tuple[tuple[Any, ...], Any]]) -> bool:
    """Whatever the data, they are refused, or a valid graph of the same result, which every view can show."""
    data = copy.deepcopy(DATA)
    for path, value in changes:
        try:
            data = replaced(data, path, copy.deepcopy(value))
        except (KeyError, IndexError, TypeError):  # an earlier change took the place away
            continue
    with hang_guard(), pytest.MonkeyPatch.context() as patch:
        graph = read(PROGRAM, data)
        if graph is None:
            return False
        validate(graph)
        assert result(graph) == result(Program(PROGRAM).graph())
        patch.setattr("backprop_cli.cli.cache.compile_cached", lambda *_: graph)
        values = [word for node in graph.variables for word in ("--set", f"{node.name}=0.5")]
        for form in (["--json"], [], ["--format", "csv"], ["--expand"], ["--wrt", "x", "--format", "markdown"]):
            assert call("eval", PROGRAM, *values, *form).status in (0, 1, 2)
    return True


@settings(relaxed, max_examples=100)
@given(st.lists(st.tuples(st.sampled_from(PLACES), VALUES), min_size=1, max_size=3))
def test_any_data_in_any_field(changes: Any) -> None:
    check_any_data(changes)


OTHERS: list[Any] = [None, -1, 10**40, 1.5, "", "1", [], [0], {}]


@pytest.mark.parametrize("value", [True, "x", *(pytest.param(each, marks=pytest.mark.slow) for each in OTHERS)])
def test_each_value_in_each_field(value: Any) -> None:
    accepted = [path for path in PLACES if check_any_data([(path, value)])]
    same = [path for path in PLACES if part_at(DATA, path) == value and type(part_at(DATA, path)) is type(value)]
    assert {*same} <= {*accepted}
    assert len(accepted) < len(PLACES) / 6
