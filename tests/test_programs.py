"""Programs: where a statement ends, what a name means, what is left out, and that a stage is a node like any other."""

from __future__ import annotations

import csv
import io
import math
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from backprop_cli import backprop
from backprop_cli.errors import InputError
from backprop_cli.graph.expand import expand as opened
from backprop_cli.graph.graph import validate
from backprop_cli.language.program import Program
from backprop_cli.language.statements import split
from support.command import document, evaluate, run
from support.schemas import TRACE

XYZ = {"x": -2, "y": 5, "z": -4}
NOTES = "q = x + y; f = q*z"


def said(source: str) -> list[tuple[str, tuple[str, ...] | None, str]]:
    """(name, inputs, body) of each statement, spaces and comments taken out of the body."""
    texts = []
    for each in split(source):
        lines = source[slice(*each.body)].splitlines()
        texts.append((each.name, each.inputs, "".join("".join(line.partition("#")[0] for line in lines).split())))
    return texts


# -- Where a statement ends ----------------------------------------------------------------------------------------

TWO = [("q", None, "x+y"), ("f", None, "q*z")]


@pytest.mark.parametrize(
    "source",
    [
        "q = x + y; f = q*z",
        "q=x+y;f=q*z",
        "q = x + y\nf = q*z",
        "q = x + y\r\nf = q*z\r\n",
        "\n\n  q = x + y  \n\n\n\tf = q*z\n\n",
        "q = x + y;\nf = q*z;\n",
        ";;q = x + y;;\n;f = q*z;;",
        "q = x +\ny\nf = q*z",
        "q = x + \\\ny\nf = q*z".replace("\\", ""),
        "q =\n x\t+\n\n y\nf = q\n *z",
        "q = x + y\nf = q\n  * # times\n z",
        "q = (x\n + y\n)\nf = (q\n*z)",
        "q = (x + y)\nf = q*z",
        "# q = 1; r = 2\nq = x + y # = ; ( \nf = q*z # the end",
        "q = ( # open (\n x + y # ; )\n )\nf = q*z",
        "q = x # first\n # between\n  + y\nf = q*z".replace("\n  + y", "").replace("x #", "x + y #"),
        "ｑ = x + y; f = q*z",
    ],
)
def test_two_statements(source: str) -> None:
    plain = [
        (name, inputs, body.replace("(x+y)", "x+y").replace("(q*z)", "q*z")) for name, inputs, body in said(source)
    ]
    assert plain == TWO
    assert backprop(source, XYZ).gradient == {"x": -4, "y": -4, "z": 3}


@pytest.mark.parametrize(
    "source", ["x\n+ y", "x\n\n- y", "(x\n+ y)", "x +\ny", "# a sum\nx + y # of two", "x + y;", ";x + y"]
)
def test_an_expression_alone_may_have_many_lines(source: str) -> None:
    assert backprop(source, x=3, y=4).gradient["x"] == 1


@pytest.mark.parametrize("source", ["m(t) = t*2; m(x)", "m ( t )=t*2\nm(x)", "m(\n t # the input\n) = t*2\nf = m(x)"])
def test_a_module_is_a_statement(source: str) -> None:
    assert said(source)[0] == ("m", ("t",), "t*2")
    assert backprop(source, x=3).gradient == {"x": 2}


def test_a_parameter_list_is_read_in_its_normal_spelling() -> None:
    assert said("m(ｔ, x₀, σ) = t; m(1, 2, 3)")[0][1] == ("t", "x0", "σ")


@pytest.mark.parametrize("sign", "+-−")
def test_a_line_that_begins_with_a_sign_is_doubtful(sign: str) -> None:
    for source in (f"q = x\n{sign} y\nf = q", f"q = x; f = q\n\n # so?\n {sign} y", f"m(t) = t\n{sign} m(x)"):
        with pytest.raises(InputError, match="may belong to the line above, or not") as caught:
            split(source)
        assert caught.value.span is not None
        assert source[slice(*caught.value.span)] == sign


@pytest.mark.parametrize(
    "source", ["", " ", ";", ";;\n;", "# nothing", "# nothing\r\n", "\n;\n# x = 3\n", "\ufeff;"[1:]]
)
def test_a_program_of_nothing_is_empty(source: str) -> None:
    with pytest.raises(InputError, match="the expression is empty"):
        Program(source).graph()


# -- What a name means ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "point", "value", "gradient"),
    [
        ("pi = 3; f = pi*x", {"x": 2}, 6, {"x": 3}),  # a stage may spell a constant
        ("e = x; e**2", {"x": 3}, 9, {"x": 6}),
        ("sin = x; f = sin(sin)", {"x": 0}, 0, {"x": 1}),  # or a function
        ("m(pi) = pi*2; f = m(x) + 0*pi", {"x": 2}, 4, {"x": 2}),  # an input, too
        ("e(e) = 2*e; e(x) + e(1)", {"x": 2}, 6, {"x": 2}),
        ("q = x*2; m(q) = q*q; f = m(q) + q", {"x": 1}, 6, {"x": 10}),  # an input hides a stage
        ("x1 = a; f(f) = f*3; f = f(x1)", {"a": 2}, 6, {"a": 3}),
        ("sin(t) = 2*t; f = sin(x)", {"x": 2}, 4, {"x": 2}),  # a module hides a primitive
        ("exp(t) = 1 + t; f = exp(exp(x))", {"x": 2}, 4, {"x": 1}),
        ("add(a, b) = a*b; f = add(x, 3)", {"x": 2}, 6, {"x": 3}),
        ("where(a, b) = a - b; f = where(x, 3)", {"x": 2}, -1, {"x": 1}),
        ("a = b; c(d) = d*d; f = c(a)", {"b": 3}, 9, {"b": 6}),
        ("m = x; m(m) = m*m; f = m(m)", {"x": 3}, 9, {"x": 6}),
        ("f = x*y; g = f*f", {"x": 1, "y": 2}, 4, {"x": 8, "y": 4}),
        ("q1 = x*x; f = q1*y*z", {"x": 1, "y": 2, "z": 3}, 6, {"x": 12, "y": 3, "z": 2}),
        ("max(a) = -a; f = max(x) + min(x, 9)", {"x": 2}, 0, {"x": 0}),
    ],
)
def test_names(source: str, point: dict[str, float], value: float, gradient: dict[str, float]) -> None:
    for expand in (False, True):
        trace = backprop(source, point, expand=expand)
        assert (trace.value, trace.gradient) == (value, gradient)
        validate(trace.graph)


def test_a_call_is_shown_as_a_call_whatever_the_module_is_called() -> None:
    graph = Program("add(a, b) = a*b; abs(t) = t*t; neg(t) = t; f = add(abs(x), neg(x))").graph()
    assert [graph.written(node) for node in graph.nodes[1:]] == ["abs(x)", "neg(x)", "add(q1, q2)"]
    table = evaluate("add(a, b) = a*b; f = add(x, 3)", "--x", "2")
    assert "f = add(x, 3)" in table
    assert "∂add/∂a" in table


def test_gates_take_names_that_the_program_leaves_free() -> None:
    graph = Program("q1 = x*y + 1; f = sin(q1) + cos(q1); g = f*f + q3").graph()
    assert [gate.name for gate in graph.gates] == ["q2", "q1", "q4", "q5", "f", "q6", "g"]


# -- Stages --------------------------------------------------------------------------------------------------------


def test_the_notes() -> None:
    trace = backprop(NOTES, XYZ)
    names = [node.name for node in trace.graph.nodes]
    assert list(zip(names, trace.values, trace.upstream, strict=True)) == [
        ("x", -2, -4), ("y", 5, -4), ("q", 3, -4), ("z", -4, 3), ("f", -12, 1),
    ]  # fmt: skip


def test_a_stage_is_one_node_however_often_it_is_used() -> None:
    trace = backprop("q = x + y; f = q*q", x=1, y=2)
    assert [node.kind for node in trace.graph.nodes] == ["input", "input", "add", "mul"]
    assert trace.gradient == {"x": 6, "y": 6}


def test_another_name_is_no_gate() -> None:
    trace = backprop("a = x; q = a*y; r = q; f = r", x=2, y=3)
    assert [node.name for node in trace.graph.nodes] == ["x", "y", "q"]
    assert (trace.value, trace.gradient) == (6, {"x": 3, "y": 2})
    assert trace.graph.output.name == "q"


def test_an_output_that_other_gates_could_use_stands_last() -> None:
    for source in ("q = x*y; r = q + z; f = q", "q = x; r = y*x; f = q", "q = 3; r = x*2; f = q"):
        graph = Program(source).graph()
        validate(graph)
        assert graph.unused == ("r",)
        trace = backprop(source, {node.name: 2 for node in graph.variables})
        assert trace.upstream[-1] in (1, None)


def test_a_constant_stage_bears_its_name() -> None:
    trace = backprop("k = 2*pi; c = 3; f = k*r*c", r=1)
    assert [node.name for node in trace.graph.nodes if node.kind == "constant"] == ["k", "c"]
    assert trace.gradient["r"] == pytest.approx(18.849555921538759, rel=1e-15)
    assert backprop("k = 2*pi; f = k").gradient == {}


def test_what_nothing_uses_is_left_out_and_its_variables_get_zero() -> None:
    trace = backprop("q = log(y); r = q*w; f = x*2", x=1, y=-1, w=2)
    assert trace.gradient == {"y": 0, "w": 0, "x": 2}
    assert [(each.kind, each.node, each.message) for each in trace.warnings] == [
        ("unused", "q", "nothing uses q: it is left out"),
        ("unused", "r", "nothing uses r: it is left out"),
    ]
    with pytest.raises(InputError, match="no value for w"):
        backprop("q = log(y); r = q*w; f = x*2", x=1, y=-1)
    result = run("eval", "q = log(y); f = x*2", "--x", "1", "--y", "-1", "--get", "y", "--get", "x")
    assert (result.status, result.out) == (0, "0.0\n2.0\n")
    assert result.err == "warning: nothing uses q: it is left out\n"


@pytest.mark.parametrize(
    ("source", "variables"),
    [
        ("q = x*y; unused = b + 1; f = q*z", "x y b z"),
        ("unused = b + a; f = a*x", "b a x"),
        ("q = x*y; unused = q*b; other = unused + c; q", "x y b c"),
        ("m(b, a) = a*b; unused = m(d, c); f = m(y, x) + c", "d c y x"),
        ("m(b, a) = b; f = m(y, log(x)) * z", "y x z"),
        ("f = max(c, b**a, -(z + y))", "c b a z y"),
    ],
)
@pytest.mark.parametrize("is_open", [False, True])
def test_variables_come_in_the_order_in_which_the_text_names_them(source: str, variables: str, is_open: bool) -> None:
    graph = Program(source).graph()
    validate(graph)
    graph = opened(graph) if is_open else graph
    assert [node.name for node in graph.variables] == variables.split()


def test_a_module_that_nothing_calls_is_no_matter() -> None:
    assert backprop("m(t) = log(t); f = x", x=-1).warnings == []


def test_a_stage_can_be_got() -> None:
    words = [NOTES, *(word for name, value in XYZ.items() for word in (f"--{name}", str(value)))]
    assert evaluate(*words, "--get", "q", "--get", "f", "--get", "value") == "-4.0\n1.0\n-12.0\n"


def test_the_library_and_the_hessian() -> None:
    assert backprop(NOTES, XYZ, hessian=True).hessian == backprop("(x+y)*z", XYZ, hessian=True).hessian
    assert backprop(NOTES, XYZ, precision=30).gradient == backprop("(x+y)*z", XYZ, precision=30).gradient
    assert backprop(NOTES, XYZ, wrt=["z"]).gradient == {"z": 3}


# -- Views ---------------------------------------------------------------------------------------------------------

MODULES = "sigma(t) = 1/(1 + exp(-t)); layer(a, b) = sigma(a*b) + a; u = log(y); f = layer(x, 2)*sigma(x)"
AT = ["--x", "0.5", "--y", "-1"]


@pytest.mark.parametrize("more", [[], ["--expand"], ["--precision", "20"], ["--expand", "--hessian"], ["--wrt", "y"]])
def test_documents_fit_the_schema(more: list[str]) -> None:
    data = document(MODULES, *AT, *more)
    TRACE.validate(data)
    assert data["output"] == "f"
    assert data["expression"] == MODULES
    assert [each["kind"] for each in data["warnings"]] == ["unused"]
    assert ("groups" in data) == ("--expand" in more)


def test_groups_of_a_document() -> None:
    data: dict[str, Any] = document(MODULES, *AT, "--expand")
    assert data["groups"] == [
        {"name": "q1", "op": "layer", "expression": "layer(x, 2)", "group": None},
        {"name": "q1.q2", "op": "sigma", "expression": "sigma(q1.q1)", "group": 0},
        {"name": "q2", "op": "sigma", "expression": "sigma(x)", "group": None},
    ]
    nodes = {node["name"]: node for node in data["nodes"]}
    assert nodes["q1.q2.q1"]["group"] == 1
    assert nodes["q1.q2"]["group"] == 1
    assert nodes["q1"]["group"] == 0
    assert nodes["x"]["group"] is None


def test_csv_and_markdown_of_an_opened_program() -> None:
    rows = list(csv.DictReader(io.StringIO(evaluate(MODULES, *AT, "--expand", "--format", "csv"))))
    assert {row["node"] for row in rows} >= {"q1.q2.q1", "q1.q2", "q1", "q2.q3", "f"}
    text = evaluate(MODULES, *AT, "--expand", "--format", "markdown")
    assert "| `q1 = layer(x, 2):` |  |  |  |  |  |  |" in text
    assert "| `q1.q2 = sigma(q1.q1):` |  |  |  |  |  |  |" in text
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.count(" | ") for line in table if "`" in line} <= {6, 3}


def test_the_table_names_each_group_above_its_gates() -> None:
    lines = evaluate(MODULES, *AT, "--expand").splitlines()
    at = [lines.index(line) for line in (" q1 = layer(x, 2):", "   q1.q2 = sigma(q1.q1):", " q2 = sigma(x):")]
    assert at == sorted(at)
    assert lines[at[1] + 1].startswith("     q1.q2.q1 = -q1.q1 ")
    assert not any(line.rstrip() != line for line in lines)


def latex(source: str, *more: str) -> str:
    result = run("derive", source, *more, "--format", "latex")
    assert result.status == 0, result.err
    return result.out


def test_latex_of_programs() -> None:
    source = "log_loss(p, y) = -y*log(p); abs(t) = t*t; s_1 = abs(w); f = log_loss(s_1, 2)"
    lines = latex(source).splitlines()
    assert lines[1] == r"s_{1} &= \operatorname{abs}\left(w\right) \\"
    assert lines[2] == r"f &= \operatorname{log\_loss}\left(s_{1}, 2\right) \\"
    opened = latex(source, "--expand")
    assert r"f.q_{1} &= -2" in opened
    assert r"\frac{\partial f}{\partial f.q_{2}}" in opened
    assert "operatorname" not in opened


def test_check_opens_modules_and_names_their_gates() -> None:
    source = "sq(t) = t*t; f = sq(sin(x))*3"
    assert run("check", source, "--x", "0.7").status == 0
    result = run("check", source, "--x", "0.7", "--claim", "x=6*sin(x)*cos(x)", "--claim", "x=5")
    assert result.status == 2  # a variable is claimed once
    result = run("check", source, "--x", "0.7", "--claim", "x=6*sin(x)*cos(x)")
    assert (result.status, result.out.splitlines()[0]) == (0, "x: right  6*sin(x)*cos(x) is 2.95635 here")
    result = run("check", "m(t) = sin(3*t) + t; f = m(x)", "--x", "0.7", "--claim", "x=17")
    assert result.status == 1
    assert "through f.q2 = sin(f.q1)" in result.out


def test_derive_takes_programs() -> None:
    out = run("derive", NOTES, "--json").out
    assert '"gradient": {"x": "z", "y": "z", "z": "x + y"}' in out


# -- Files ---------------------------------------------------------------------------------------------------------


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "net.bp"
    path.write_bytes("\ufeff# the notes\r\nq = x + y\r\nf = q*z\r\n".encode())
    at = [word for name, value in XYZ.items() for word in (f"--{name}", str(value))]
    assert evaluate("--file", str(path), *at, "--get", "x") == "-4.0\n"
    assert evaluate("--file", "-", *at, "--get", "x", stdin=path.read_bytes()) == "-4.0\n"
    assert evaluate("-", *at, "--get", "x", stdin=path.read_bytes()) == "-4.0\n"
    shown = evaluate("--file", str(path), *at)
    assert shown.startswith("# the notes\nq = x + y\nf = q*z\n\nf = -12\n")


def test_what_goes_wrong_in_a_file_is_told_with_file_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "net.bp"
    path.write_bytes(b"q = x +\r\n  y\r\nf = q*$\r\n")
    where = f"  {path}, line 3, column 7:\n  f = q*$\n        ^\n"
    assert run("eval", "--file", str(path), "--x", "1").err == (
        f"error: a dollar sign is not part of an expression\n{where}hint: leave the dollar signs out\n"
    )
    path.write_text("s(t) = log(t - 5)\nf = s(x)*s(y)\n")
    result = run("eval", "--file", str(path), "--x", "6", "--y", "2")
    assert result.err.splitlines()[:2] == [
        "error: in q2 = s(y): s = log(q1) has no real value at q1 = -3",
        f"  {path}, line 1, column 8:",
    ]
    assert result.status == 1
    assert f"hint: backprop eval --file {path} --x 6 --y 1\n" in run("eval", "--file", str(path), "--x", "6").err


# -- Large programs ------------------------------------------------------------------------------------------------


def chain(lines: int) -> str:
    return "\n".join(["s0 = x*y", *(f"s{i} = sin(s{i - 1}*x + 0.5)/(y + {i})" for i in range(1, lines))])


def test_thousands_of_lines(tmp_path: Path) -> None:
    path = tmp_path / "long.bp"
    path.write_text(chain(3_000))
    words = "--x 2 --y 3 --get value --get x --get y --time-limit 60".split()  # where coverage is measured
    first = evaluate("--file", str(path), *words)
    x, y, s, ds = 2.0, 3.0, 6.0, (3.0, 2.0)
    for i in range(1, 3_000):
        top, slope = math.sin(s * x + 0.5), math.cos(s * x + 0.5)
        ds = (slope * (ds[0] * x + s) / (y + i), slope * ds[1] * x / (y + i) - top / (y + i) ** 2)
        s = top / (y + i)
    assert [float(each) for each in first.split()] == pytest.approx([s, *ds], rel=1e-11)


@pytest.mark.slow
def test_thousands_of_lines_take_memory_in_proportion() -> None:
    peaks = []
    for lines in (2_000, 6_000):
        tracemalloc.start()
        source = "\n".join(["s0 = x", *(f"s{i} = s{i - 1}*x + y" for i in range(1, lines))])
        trace = backprop(source, x=0.5, y=3)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert len(trace.gradient) == 2
    assert peaks[1] < 7 * peaks[0]  # the collector of garbage comes when it comes; what is quadratic takes 9 times


# -- Examples ------------------------------------------------------------------------------------------------------

SHIPPED = sorted((Path(__file__).parent.parent / "examples").glob("*.bp"))


def test_the_examples_are_those_of_the_course() -> None:
    assert {path.stem for path in SHIPPED} >= {"sigmoid", "tanh", "neuron", "squared-error", "log-loss", "layer"}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_program_is_right_closed_and_opened(path: Path) -> None:
    source = path.read_text()
    assert source.startswith("# ")
    point = {node.name: 0.3 + 0.2 * i for i, node in enumerate(Program(source).graph().variables)}
    closed, wide = backprop(source, point), backprop(source, point, expand=True)
    assert wide.gradient == pytest.approx(closed.gradient, rel=1e-12)
    words = [word for name, value in point.items() for word in (f"--{name}", repr(value))]
    assert run("check", "--file", str(path), *words).status == 0


@pytest.mark.parametrize("blank", ["\n" * 990_000, "#" + "c" * 990_000 + "\n", "# comment\n" * 99_000])
def test_what_stands_between_statements_may_be_long(blank: str) -> None:
    assert backprop(f"q = x*2{blank if blank[0] != '#' else chr(10) + blank}f = q + 1", x=3).value == 7.0
