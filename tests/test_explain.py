"""The explanation: whole texts, that every number in it is the trace's, every edge told once, and every equation true.

`python tests/test_explain.py` writes the present texts into tests/explanations; read the diff as a student would.
"""

from __future__ import annotations

import json
import math
import re
import shlex
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from backprop_cli import backprop
from backprop_cli.errors import MathError
from backprop_cli.graph.graph import Constant, Gate, Graph, Group, Module, Node, Nodes, Variable, validate
from backprop_cli.passes.backpropagate import backpropagate as passes
from backprop_cli.passes.trace import Trace
from backprop_cli.rules.formula import Formula
from backprop_cli.rules.op import ROLES, Op
from backprop_cli.rules.printer import NUMBERS
from backprop_cli.rules.table import TABLE, primitive, x, y
from backprop_cli.study.nudge import nudges
from backprop_cli.view import Options, texts
from backprop_cli.view.texts import Gap
from backprop_cli.view.words import explain
from backprop_cli.view.words.explain import Explanation, Nudges, marked
from backprop_cli.view.words.parts import Back, Computed
from backprop_cli.view.words.spans import Span, code, plain, say
from backprop_cli.view.words.story import Story
from backprop_cli.view.words.wording import BLANK
from support.command import document, on_a_terminal, process, run
from support.documents import CASES
from support.lines import EXAMPLE, NEURON, PATTERNS
from support.rows import NUMERIC, inside
from support.schemas import EXPLANATION, SCHEMAS
from support.suites import thinned
from support.trees import Example, examples, relaxed

FILES = sorted((Path(__file__).parent / "explanations").glob("*.txt"))
SPAN = (0, 1)


def text_of(trace: Trace, digits: int | None = None, nudged: Nudges | None = None) -> str:
    return explain.as_text(Explanation(trace, nudged), Options(digits=digits))


def data_of(trace: Trace, nudged: Nudges | None = None) -> Any:
    return json.loads(explain.as_json(Explanation(trace, nudged), Options()))


def told(*words: str, encoding: str = "utf-8") -> str:
    result = run("explain", *words, encoding=encoding)
    assert result.status == 0, result.err
    return result.out


def transcript(command: str) -> str:
    words = shlex.split(command.removeprefix("$ backprop "))
    return f"{command}\n{told(*words[1:])}"


# -- Whole texts ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_whole_text(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert transcript(text.partition("\n")[0]) == text


def test_there_are_texts_for_the_worked_circuits() -> None:
    names = [path.stem for path in FILES]
    assert len([name for name in names if name.startswith(("notes-", "cs231n-"))]) >= 8


def test_the_derivation_of_the_notes() -> None:
    """Section III of the notes, line by line; there the gate that is q1 here is called q."""
    lines = [line.strip() for line in told(*EXAMPLE).splitlines()]
    for line in (
        "q1 = x + y = −2 + 5 = 3",
        "f = q1 * z = 3 · (−4) = −12",
        "∂f/∂q1 = z = −4",
        "∂f/∂z = q1 = 3",
        "∂q1/∂x = 1",
        "∂q1/∂y = 1",
        "∂f/∂x = ∂f/∂q1 · ∂q1/∂x = −4 · 1 = −4",
        "∂f/∂y = ∂f/∂q1 · ∂q1/∂y = −4 · 1 = −4",
        "∂f/∂x = −4: x + h → f − 4h. If x increases by a small h, f decreases by 4h.",
        "∂f/∂y = −4: y + h → f − 4h. If y increases by a small h, f decreases by 4h.",
        "∂f/∂z = 3: z + h → f + 3h. If z increases by a small h, f increases by 3h.",
    ):
        assert lines.count(line) == 1, line
    ahead = [lines.index(line) for line in ("∂f/∂q1 = z = −4", "∂q1/∂x = 1")]
    assert ahead == sorted(ahead), "the backward pass is in reverse order"


# -- Roles ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("x+y --x 1 --y 2", "add distributes: {} Here x and y each get 1."),
        ("(x+y)/3 --x 1 --y 2", "add distributes: {} Here x and y each get about 0.333333."),
        ("x+x --x 1", "add distributes: {} Here x gets 1 on each edge."),
        ("x+1 --x 1", "add distributes: {} Here x gets 1."),
        ("x*y --x 1 --y 2", "mul switches: {} Here x gets y times the upstream, and y gets x times it."),
        ("x*2 --x 1", "mul switches: {} Here x gets 2 times the upstream."),
        ("x*x --x 1", "mul switches: {} Here both inputs are x, so x gets x times the upstream on each edge."),
        ("max(x,y) --x 1 --y 2",
         "max routes: {} Here y is the larger, so all of the gradient goes to y, none to x."),
        ("min(x,y) --x 1 --y 2",
         "min routes: {} Here x is the smaller, so all of the gradient goes to x, none to y."),
        ("max(x,y,z) --x 1 --y 2 --z 0",
         "max routes: {} Here y is the largest, so all of the gradient goes to y, none to x and z."),
        ("min(x,2,y) --x 1 --y 2",
         "min routes: {} Here x is the smallest, so all of the gradient goes to x, none to y."),
        ("max(x,2) --x 3", "max routes: {} Here x is the larger, so all of the gradient goes to x."),
        ("max(x,2) --x 1",
         "max routes: {} Here 2 is the larger, so none of the gradient goes to x."),
        ("max(x,y) --x 1 --y 2 --wrt x",
         "max routes: {} Here y is the larger, so none of the gradient goes to x."),
        ("max(x,y) --x 2 --y 2", "max routes: {}"),
        ("relu(x) --x 2", "relu routes: {} Here x > 0 holds, so all of the gradient goes to x."),
        ("relu(x) --x -2", "relu routes: {} Here x > 0 does not hold, so nothing goes to x."),
        ("x/y --x 1 --y 2", "div {} Here x gets the upstream divided by y, and y gets it times −x/y²."),
        ("2/x --x 1", "div {} Here x gets the upstream times −2/x²."),
        ("x-y --x 1 --y 2", "sub {} Here x gets the upstream unchanged, and y gets it with its sign flipped."),
        ("exp(x) --x 1", "exp {} Here x gets the upstream times f."),
        ("sign(x) --x 1", "sign {} Here x gets nothing."),
        ("x**2 --x 3", "pow {} Here x gets the upstream times 2·x."),
    ],
)  # fmt: skip
def test_what_a_gate_does(words: str, sentence: str) -> None:
    op = primitive(sentence.split()[0])
    lines = [line.strip() for line in told(*shlex.split(words)).splitlines()]
    assert sentence.format(f"{'it ' * bool(op.role)}{op.does}.") in lines


def through(trace: Trace, gate: Node) -> Back:
    """What is told of the backward pass through a gate."""
    steps = (each for each in Story(trace).backward() if isinstance(each, Back))
    return next(each for each in steps if each.node == gate and not each.terms)


@pytest.mark.parametrize("op", NUMERIC, ids=lambda op: op.call)
def test_every_gate_says_what_it_does(op: Op) -> None:
    """In a sentence that goes on after its name, and that speaks of no name that somebody may have given."""
    assert op.does
    assert not re.search(r"\b(x|y|out)\b|[.!?]$", op.does)
    names = ["a", "b", "c"][: len(op.inputs) + op.variadic]
    places = dict(zip([*op.inputs, "w"], names, strict=False))
    point = {places[name]: value for name, value in inside(op, list(places)[: len(names)]).items()}
    trace = backprop(f"{op.written(names)}*2 + {op.written(names)}", point)
    for gate in (each for each in trace.graph.gates if each.op == op):
        step = through(trace, gate)
        assert plain(step.says[1]).startswith(op.name)
    assert text_of(trace).count(f"{op.does}.") == 1


def test_a_role_is_explained_once() -> None:
    text = told("(x+y)+(y*z)+(z*x)", "--x", "1", "--y", "2", "--z", "3")
    assert text.count(ROLES["distributes"]) == text.count(ROLES["switches"]) == 1
    assert "add distributes: x and y each get 1." in text
    assert "mul switches: y gets z times the upstream, and z gets y times it." in text


@pytest.mark.parametrize("role", ROLES)
def test_a_new_row_is_explained(role: str) -> None:
    """A row is all that it takes. What is not known of its role is not said."""
    new = Op("second", "x y", y, 0, 1, role=role)
    nodes = Nodes([Variable(0, "a", SPAN), Variable(1, "b", SPAN), Gate(2, "f", SPAN, new, (0, 1))])
    words = text_of(passes(Graph("second(a, b)", nodes), {"a": 1.0, "b": 2.0}))
    assert f"second {role}: it {ROLES[role]}." in words
    assert "f = second(a, b) = second(1, 2) = 2" in words
    assert "∂f/∂b = 1" in words


def test_a_new_primitive_without_a_role() -> None:
    TABLE.append(Op("double", "x", x + x, 2))
    try:
        text = told("double(x)*y", "--x", "3", "--y", "4", "--nudge", "1")
    finally:
        TABLE.pop()
    for line in ("q1 = double(x) = double(3) = 6", "∂q1/∂x = 2", "∂f/∂x = ∂f/∂q1 · ∂q1/∂x = 4 · 2 = 8"):
        assert f"    {line}\n" in text or f"  {line}\n" in text


@pytest.mark.parametrize("op", NUMERIC, ids=lambda op: op.call)
def test_every_primitive_is_explained(op: Op) -> None:
    names = [*op.inputs, "w"] if op.variadic else list(op.inputs)
    holds(backprop(f"{op.written(names)}*2", inside(op, names)))


# -- Sentences -----------------------------------------------------------------------------------------------------


def test_a_sentence_says_what_its_parts_are() -> None:
    trace = backprop("relu(x)*y", x=2, y=-1)
    x, gate = trace.graph.nodes[0], trace.graph.nodes[1]
    step = through(trace, gate)
    assert [[span for span in said if span.kind != "words"] for said in step.says] == [
        [code("q1 = relu(x)", gate), code("∂f/∂q1 = −1", gate)],
        [code("x > 0"), code("x", x)],
    ]
    said = say("{} is {}: {}", code("a b"), Span("number", "−1"), "{}")
    assert [(span.kind, span.text) for span in said] == [
        ("code", "a b"), ("words", " is "), ("number", "−1"), ("words", ": "), ("words", "{}"),
    ]  # fmt: skip


@relaxed
@given(examples(choices=False))
def test_a_span_names_its_node(example: Example) -> None:
    trace = backprop(example.text, example.point)
    # A warning is told in its own words, numbers too.
    warned = " ".join(f"{notice.message}." for notice in trace.warnings)
    for step in Story(trace).backward():
        assert not isinstance(step, Gap)
        for said in (*step.says, *(equation for told in step.edges for equation in told.equations)):
            for span in said:
                assert span.kind in ("words", "code", "number")
                assert span.node is None or texts.short(span.node.name, 30) in span.text
                if span.node is None and "=" in span.text:
                    assert " if " in span.text or span.text.strip() in warned


# -- Every number is the trace's, and every equation true ------------------------------------------------------------

_NUMBER = re.compile(r"[−-]?(\d+\.?\d*(e[−+]?\d+)?|inf|nan)").fullmatch
_SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def number(shown: str) -> float:
    assert _NUMBER(shown), shown
    return float(shown.replace("−", "-"))


def computed(side: str) -> float | None:
    """The value of a side of an equation; None for one with names, with a condition, or with words of rules alone."""
    typed = re.sub(r"[⁻⁰¹²³⁴-⁹]+", lambda found: f"**({found[0].translate(_SUPERSCRIPTS)})", side)
    typed = re.sub(r"\|([^|]*)\|", r"abs(\1)", typed).replace("−", "-").replace("abs(abs(", "(abs(")
    names = set(re.findall(r"(?<![\d.])[^\W\d]\w*(?!\w|\()", typed)) - {"pi"}
    functions = set(re.findall(r"(?<![\d.])[^\W\d]\w*(?=\()", typed)) - {op.name for op in TABLE}
    if names or functions or "…" in side:
        return None
    try:
        return float(backprop(typed).value)
    except MathError:
        return None


def sides(equation: str) -> list[str]:
    return re.split(r" [=≈] ", equation)


def is_close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-9)


def true(equation: str) -> str:
    """The last side of an equation, with which every other side agrees that has a value."""
    *others, last = sides(equation)
    for side in others:
        value = computed(side)
        assert value is None or is_close(value, number(last)), equation
    return last


def upstream(trace: Trace, node: Node) -> float:
    value = trace.upstream[node.position]
    assert value is not None
    return float(value) + 0.0  # 0 for −0


_STATED = re.compile(r"(?<!· )(?<![^\s`])∂f/∂(\S+) [=≈] (.*?)(?=`|: |\. (?=[A-Z])|\.?$)", re.MULTILINE)


def stated(text: str) -> Iterator[tuple[str, float]]:
    """Every statement `∂f/∂x = … = number` of a text: of which node, and the number."""
    for name, equation in _STATED.findall(text):
        yield name.strip("()"), number(sides(equation)[-1])


def sentences(data: Any) -> list[str]:
    """What the backward pass of a document says of gradients."""
    steps = [*data["backward"], *(edge for step in data["backward"] for edge in step.get("edges", ()))]
    return [says for step in steps for says in step["says"] if "∂f/∂" in says]


def states_gradients(trace: Trace, text: str) -> int:
    """Whoever reads `∂f/∂x = a` anywhere in the text reads the gradient, and never a share of it."""
    expected = {node.name: trace.upstream[node.position] for node in trace.graph.nodes}
    found = list(stated(text))
    for name, value in found:
        assert is_close(value, float(expected[name] or 0)), (name, value)
    return len(found)


def holds(trace: Trace) -> None:
    """Everything that a story says in numbers is so, and nothing is missing or said twice."""
    story = Story(trace, 17)
    graph = trace.graph
    gates = [*graph.gates]
    forward = list(story.forward())
    assert [each.node for each in forward if isinstance(each, Computed)] == gates
    for each in forward:
        assert isinstance(each, Computed)
        assert number(true(each.equation[0].text)) == trace.values[each.node.position] + 0.0
    steps = list(story.backward())
    seen: Counter[tuple[int, int]] = Counter()
    summed: dict[str, Back] = {}
    order = [step.node.position for step in steps if isinstance(step, Back) and not step.terms]
    assert order == sorted(order, reverse=True)
    assert set(order) == {node.position for node in gates if trace.upstream[node.position] is not None}
    for step in steps:
        assert isinstance(step, Back)
        if not step.terms:
            heading = re.search(r"upstream `(.*?)`", marked(step.says[0]))
            assert heading
            assert number(sides(heading[1])[-1]) == upstream(trace, step.node)
            for told in step.edges:
                seen[told.edge.gate.position, told.edge.slot] += 1
                equations = [
                    found for line in told.equations for found in re.findall(r"`([^`]*[=≈][^`]*)`", marked(line))
                ]
                if told.edge.local is None and not equations:
                    assert not told.edge.chained
                    continue
                assert number(true(equations[-1])) == float(told.edge.chained or 0)
                if len(equations) > 1:
                    assert number(true(equations[0])) == float(told.edge.local or 0)
        else:
            assert step.node.name not in summed
            summed[step.node.name] = step
    carrying = {(edge.gate.position, edge.slot) for edge in trace.edges if edge.chained}
    assert carrying <= set(seen)
    assert set(seen.values()) <= {1}
    for node in graph.nodes:
        chained = [
            edge.chained for edge in trace.edges if edge.input.position == node.position and edge.chained is not None
        ]
        assert (node.name in summed and node.kind != "constant") == (len(chained) > 1)
        if len(chained) > 1:
            told_sum = summed[node.name]
            assert sorted(told_sum.terms) == sorted(chained)
            assert number(true(plain(told_sum.says[-1]))) == upstream(trace, node)
            assert is_close(math.fsum(told_sum.terms), upstream(trace, node))
    for tells in story.tells():
        assert not isinstance(tells, Gap)
        assert number(sides(plain(tells.equation))[-1]) == trace.gradient[tells.variable] + 0.0


@pytest.mark.slow
@relaxed
@given(examples(choices=False), st.data())
def test_numbers_of_random_graphs(example: Example, data: st.DataObject) -> None:
    wrt = data.draw(st.none() | st.lists(st.sampled_from(sorted(example.point)), min_size=1, unique=True))
    trace = backprop(example.text, example.point, wrt=wrt)
    holds(trace)
    text = text_of(trace)
    shown = explain.as_markdown(Explanation(trace), Options())
    exact = Options(digits=17)
    says = sentences(json.loads(explain.as_json(Explanation(trace), exact)))
    for view in (explain.as_text(Explanation(trace), exact), explain.as_markdown(Explanation(trace), exact)):
        assert states_gradients(trace, view) >= len(trace.gradient)
    assert states_gradients(trace, "\n".join(says)) or not says
    for step in Story(trace).backward():
        assert not isinstance(step, Gap)
        lines = step.says[1:] if step.terms else [words for told in step.edges for words in told.equations]
        for line in lines:
            assert f"    {plain(line)}\n" in text
            assert f"  - {marked(line)}\n" in shown
    EXPLANATION.validate(data_of(trace))


@pytest.mark.slow
@relaxed
@given(st.lists(st.sampled_from(["x", "y", "x*y", "max(x, y)", "min(x, 1)", "relu(x)", "2", "abs(y)"]), min_size=1),
       st.integers(-2, 2), st.integers(-2, 2), st.sampled_from(["both", "split", "first"]))  # fmt: skip
def test_numbers_at_ties_and_kinks(terms: list[str], x: int, y: int, ties: str) -> None:
    source = " + ".join([*terms, "x", "y"])
    holds(backprop(source, {"x": x, "y": y}, ties=ties))


@pytest.mark.parametrize("words", [EXAMPLE, NEURON, PATTERNS], ids=["example", "neuron", "patterns"])
def test_the_document_has_the_numbers_of_eval(words: list[str]) -> None:
    data, full = json.loads(told(*words, "--json")), document(*words)
    for key in ("expression", "output", "value", "point", "gradient"):
        assert data[key] == full[key]
    nodes = {node["name"]: node for node in full["nodes"]}
    for step in (step for step in data["backward"] if step["step"] == "gate"):
        for edge in step["edges"]:
            expected = nodes[step["name"]]["inputs"][edge["slot"]]
            assert (edge["local"], edge["chained"]) == (expected["local"], expected["chained"])
    assert {step["name"]: step["value"] for step in data["forward"]} == {
        name: node["value"] for name, node in nodes.items() if node["inputs"]
    }


# -- = and ≈ ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "values", "line"),
    [
        ("x/3", {"x": 1}, "f = x / 3 = 1 / 3 ≈ 0.333333"),
        ("x+y", {"x": 0.1, "y": 0.2}, "f = x + y = 0.1 + 0.2 = 0.3"),
        ("x*3", {"x": "1/3"}, "f = x * 3 ≈ 0.333333 · 3 ≈ 1"),
        ("x*2", {"x": 1234567}, "f = x * 2 ≈ 1.23457e+06 · 2 ≈ 2.46913e+06"),
        ("x*2", {"x": 1e20}, "f = x * 2 = 1e+20 · 2 = 2e+20"),
        ("x**2", {"x": 1e6}, "f = x**2 = (1e+06)² = 1e+12"),
        ("x**2", {"x": -3}, "f = x**2 = (−3)² = 9"),
        ("x**y", {"x": 2, "y": -3}, "f = x**y = 2⁻³ = 0.125"),
        ("-x", {"x": -3}, "f = -x = −(−3) = 3"),
        ("x-y", {"x": -3, "y": -4}, "f = x - y = −3 − (−4) = 1"),
        ("x/y", {"x": -3, "y": -4}, "f = x / y = −3 / (−4) = 0.75"),
        ("abs(x)", {"x": -3}, "f = abs(x) = |−3| = 3"),
        ("x*1e-9", {"x": 1}, "f = x * 1e-9 = 1 · 1e−09 = 1e−09"),
    ],
)
def test_equals_and_almost_equals(expression: str, values: dict[str, float | str], line: str) -> None:
    assert f"  {line}\n" in text_of(backprop(expression, values))


def test_digits() -> None:
    trace = backprop("x/3", x=2)
    assert "= 2 / 3 ≈ 0.67\n" in text_of(trace, 2)
    assert "= 2 / 3 ≈ 0.66666666666666663\n" in text_of(trace, 17)
    assert "≈" not in text_of(backprop("x/4", x=1), 17)


def test_numbers_of_other_arithmetics() -> None:
    exactly = told("sqrt(x)*(y/4)", "--x", "2", "--y", "sqrt(2)", "--exact")
    assert "= sqrt(2) · (sqrt(2)/4) = 1/2\n" in exactly
    assert "≈" not in exactly
    long = told("sqrt(x)*exp(y)*sin(z)*log(x + y + z)*cos(1)", "--x", "2", "--y", "3", "--z", "5", "--exact")
    assert "  ∂f/∂x ≈ −9.94349: x + h → f − (≈ 9.94349)·h." in long
    assert "= ≈" not in long
    assert "≈ 0.6666666666666666666666666667\n" in told("x/3", "--x", "2", "--precision", "28")
    assert NUMBERS.text(Formula("mul", Formula("sqrt(2)"), Formula("1/2"))) == "sqrt(2) · (1/2)"


# -- Less of it, and without its numbers -----------------------------------------------------------------------------


def test_the_story_of_one_gate() -> None:
    whole, part = told(*EXAMPLE, "--nudge", "1"), told(*EXAMPLE, "--only", "q1")
    assert set(part.splitlines()) <= set(whole.splitlines())
    assert "  q1 = x + y = −2 + 5 = 3\n" in part
    assert "    ∂f/∂q1 = z = −4\n" in part
    assert "    ∂f/∂x = ∂f/∂q1 · ∂q1/∂x = −4 · 1 = −4\n" in part
    assert "∂f/∂z" not in part
    assert "Gradient." not in part


def test_the_story_of_a_variable() -> None:
    part = told("x*x + y*z", "--x", "3", "--y", "1", "--z", "2", "--only", "x,z")
    assert [line for line in part.splitlines() if line.startswith("  ∂f/∂")] == [
        "  ∂f/∂x = 6: x + h → f + 6h. If x increases by a small h, f increases by 6h.",
        "  ∂f/∂z = 1: z + h → f + h. If z increases by a small h, f increases by just as much.",
    ]
    assert "∂f/∂x = 3 + 3 = 6" in part
    assert "∂f/∂y" not in part
    data = json.loads(told("x*x + y*z", "--x", "3", "--y", "1", "--z", "2", "--only", "x", "--json"))
    EXPLANATION.validate(data)
    assert [(step["step"], step["name"]) for step in data["backward"]] == [("gate", "q1"), ("sum", "x")]


@relaxed
@given(examples(choices=False), st.data())
def test_a_part_of_the_story_is_in_the_whole(example: Example, data: st.DataObject) -> None:
    trace = backprop(example.text, example.point)
    name = data.draw(st.sampled_from([node.name for node in trace.graph.nodes if not isinstance(node, Constant)]))
    part = explain.as_text(Explanation(trace, only=[name]), Options(digits=17))
    states_gradients(trace, part)
    assert {line for line in part.splitlines() if " = " in line} <= set(text_of(trace, 17).splitlines())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--only", "q7"], "error: --only 'q7' is no gate and no variable of the expression\nhint: "),
        (["--blank", "--json"], "error: --blank leaves the numbers out, and JSON is made of them\n"),
        (["--blank", "--nudge", "1"], "error: --blank leaves the numbers out, and --nudge is made of them\n"),
    ],
)
def test_what_cannot_be_told(words: list[str], message: str) -> None:
    result = run("explain", *EXAMPLE, *words)
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith(message)


@relaxed
@given(examples(choices=False))
def test_a_worksheet_tells_no_number(example: Example) -> None:
    """At other values it is the same, except for those values."""
    trace = backprop(example.text, example.point)
    sheet = explain.as_text(Explanation(trace, blank=True), Options())
    for name, value in _STATED.findall(sheet):
        assert value.endswith(BLANK) or (name == "f" and value == "1")
    assert sheet.count(f"= {BLANK}") >= len(list(trace.graph.gates)) + len(trace.gradient)
    for word in ("≈", "so all of", "so nothing", "each get", "increases"):
        assert word not in sheet.partition("Forward pass.")[2]


def test_a_worksheet() -> None:
    sheet = told("max(x, y)*z", "--x", "2", "--y", "2", "--z", "-4", "--blank")
    assert run("explain", "max(x, y)*z", "--x", "2", "--y", "2", "--z", "-4", "--blank").err == ""
    for line in ("at x = 2, y = 2, z = −4", "  q1 = max(x, y) = max(____, ____) = ____", "    ∂f/∂q1 = z = ____",
                 "    ∂f/∂x = ∂f/∂q1 · ∂q1/∂x = ____ · ____ = ____", "  ∂f/∂z = ____: z + h → f ____"):  # fmt: skip
        assert line in sheet.splitlines()
    assert "tie" not in sheet


# -- Programs, modules and groups ------------------------------------------------------------------------------------

SOURCE = "sigma(t) = 1/(1 + exp(-t))\nq = w*x\nf = sigma(q)"


def test_an_opened_module() -> None:
    nodes = Nodes([
        Variable(0, "w", SPAN), Variable(1, "x", SPAN), Gate(2, "q", SPAN, primitive("mul"), (0, 1)),
        Gate(3, "f.q1", SPAN, primitive("neg"), (2,), group=0), Gate(4, "f.q2", SPAN, primitive("exp"), (3,), group=0),
        Constant(5, "1", SPAN, "1"), Gate(6, "f.q3", SPAN, primitive("add"), (5, 4), group=0),
        Gate(7, "f", SPAN, primitive("div"), (5, 6), group=0),
    ])  # fmt: skip
    graph = Graph(SOURCE, nodes, groups=(Group("f", "sigma", -1, "sigma(q)"),))
    validate(graph)
    trace = passes(graph, {"w": 2.0, "x": -1.0})
    words = text_of(trace)
    assert words.startswith(f"{SOURCE}\nat w = 2, x = −1\n")
    assert "  q = w * x = 2 · (−1) = −2\n" in words
    assert "  (inside f = sigma(q))\n    f.q1 = -q = −(−2) = 2\n" in words
    assert "  (inside f = sigma(q))\n    f = 1 / f.q3, upstream ∂f/∂f = 1\n" in words
    assert "      ∂f/∂q = ∂f/∂(f.q1) · ∂(f.q1)/∂q ≈ " in words
    assert words.count("(inside") == 2, "a heading in each pass"
    assert "∂f/∂f." not in words
    holds(trace)


def test_a_closed_module() -> None:
    trace = backprop(SOURCE.replace("sigma(q)", "sigma(q)*x"), w=2, x=-1)
    module = trace.graph.nodes.ops[3]
    assert isinstance(module, Module)
    holds(trace)
    words = text_of(trace)
    assert "  q1 = sigma(q) = sigma(−2) ≈ 0.119203\n" in words
    assert "    sigma is a module: its local gradient comes from the gates inside; --expand shows them.\n" in words
    assert "    ∂q1/∂q = ∂sigma/∂t ≈ 0.104994\n" in words
    assert "    ∂f/∂q = ∂f/∂q1 · ∂q1/∂q ≈ −1 · 0.104994 ≈ −0.104994\n" in words


@pytest.mark.parametrize("name", ["add", "where", "abs", "whole"])
def test_a_module_called_like_an_operation_is_a_function(name: str) -> None:
    assert f"  f = {name}(u) = {name}(3) = 9\n" in told(f"{name}(a) = a*a; f = {name}(u)", "--u", "3")


def test_the_derivation_of_the_notes_with_their_names() -> None:
    lines = [line.strip() for line in told("q = x + y; f = q*z", "--x", "-2", "--y", "5", "--z", "-4").splitlines()]
    for line in ("q = x + y = −2 + 5 = 3", "f = q * z = 3 · (−4) = −12", "∂f/∂q = z = −4", "∂f/∂z = q = 3",
                 "∂q/∂x = 1", "∂q/∂y = 1", "∂f/∂x = ∂f/∂q · ∂q/∂x = −4 · 1 = −4",
                 "∂f/∂y = ∂f/∂q · ∂q/∂y = −4 · 1 = −4"):  # fmt: skip
        assert lines.count(line) == 1, line


PROGRAM = "# a `neuron`\nsigma(t) = 1/(1 + exp(-t))\nc = 2*pi\n\nq = w*x + c\nf = sigma(q) + max(q, x)"


@pytest.mark.parametrize("expand", [False, True])
def test_a_program(expand: bool) -> None:
    words = [PROGRAM, "--w", "2", "--x", "-1", *["--expand"] * expand]
    shown = told(*words)
    assert shown.startswith(f"{PROGRAM}\nat w = 2, x = −1, pi ≈ 3.14159\n")
    assert "  c = 2*pi ≈ 6.28319\n" in shown
    assert "    c is a constant: nothing flows into it.\n" in shown
    assert ("inside q2 = sigma(q)" in shown) == expand
    assert told(*words, "--format", "markdown").startswith("    # a `neuron`\n    sigma(t) = ")
    data = json.loads(told(*words, "--json"))
    EXPLANATION.validate(data)
    assert ("groups" in data) == expand
    holds(backprop(PROGRAM.replace("c = 2*pi\n", "").replace("+ c", "+ 2*pi"), w=2, x=-1, expand=expand))


@pytest.mark.slow
@relaxed
@given(examples(choices=False))
def test_numbers_of_opened_graphs(example: Example) -> None:
    try:
        trace = backprop(example.text, example.point, expand=True)
    except MathError:  # the gates inside tanh overflow where tanh itself does not
        reject()
    holds(trace)


def test_what_a_convention_decides_is_told_where_it_counts() -> None:
    text = text_of(backprop("abs(x)*y + z", x=0, y=2, z=1))
    lines = [line for line in text.splitlines() if "increases by a small" in line]
    assert ["By convention, for there is a tie or a kink: if x" in lines[0], "By convention" in lines[2]] == [
        True,
        False,
    ]
    inside = text_of(backprop("m(t) = relu(t); m(x) + y", x=0, y=1))
    assert "By convention" in inside.splitlines()[-2]


# -- Nudges --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "at", "step", "says"),
    [
        ("3*x", 2, 5, "They agree: over this step the linear story holds."),
        ("x*x", 3, 0.001, "They differ by 1e−06, 0.017% of h · ∂f/∂x: the linear story holds well."),
        ("x*x", 3, 0.1, "They differ by 0.01, 1.7% of h · ∂f/∂x: the linear story holds roughly."),
        ("x*x", 3, 3, "They differ by 9, 50% of h · ∂f/∂x: the linear story holds poorly."),
        ("x*x", 3, 12, "They differ by 144, 200% of h · ∂f/∂x: the linear story does not hold over this step."),
        (
            "x*x",
            0,
            1,
            "The gradient says that nothing changes, yet f changes by 1: it is flat only for a first moment.",
        ),
        (
            "abs(x)",
            0,
            0.5,
            "The gradient says that nothing changes, yet f changes by 0.5: there its 0 is a convention.",
        ),
        (
            "x*x",
            1e-320,
            1e-3,
            "The gradient says that nothing changes, yet f changes by 1e−06: it is flat only for a first moment.",
        ),
        ("x*x", 1, 1.992, "They differ by about 3.97, 100% of h · ∂f/∂x: the linear story holds poorly."),
        ("1/x", 1, -1, "There f has no value: division by zero in f = 1 / x at x = 0. The linear story ends before."),
        ("abs(x)", 1, -2, "They differ by 2, 100% of h · ∂f/∂x: the linear story does not hold over this step."),
    ],
)
def test_how_far_the_linear_story_holds(expression: str, at: float, step: float, says: str) -> None:
    trace = backprop(expression, x=at)
    nudged = Nudges(step, list(nudges(trace, step)))
    assert f"    {says}\n" in text_of(trace, nudged=nudged)
    EXPLANATION.validate(data_of(trace, nudged))


@relaxed
@given(examples(choices=False), st.sampled_from([0.5, 1e-3, -1e-6]))
def test_nudges_of_random_graphs(example: Example, step: float) -> None:
    trace = backprop(example.text, example.point)
    for each in nudges(trace, step):
        moved = {**example.point, each.variable: example.point[each.variable] + step}
        assert each.linear == trace.value + step * trace.gradient[each.variable]
        if each.value is None:
            with pytest.raises(MathError) as error:
                backprop(example.text, moved, wrt=[])
            assert each.reason == error.value.message
            continue
        value = backprop(example.text, moved, wrt=[]).value
        assert each.value == value
        assert each.miss in (0, value - each.linear)
        assert each.miss or abs(value - each.linear) < 1e-12 * max(1, abs(value), abs(trace.value), abs(each.linear))


def test_a_nudge_at_many_digits() -> None:
    data = json.loads(told("x*x", "--x", "1", "--nudge", "1e-20", "--precision", "50", "--json"))
    assert float(data["nudge"]["variables"][0]["miss"]) == 1e-40


# -- Size ----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_long_expression_is_told_by_its_ends() -> None:
    trace = backprop("+".join(["sin(x)*y"] * 2000), x=1, y=2)
    words = text_of(trace)
    assert words.count("5,899 gates are left out here; --format json has all") == 2
    assert len(words.splitlines()) < 1000
    assert "  f = q" in words
    assert "∂f/∂y ≈ " in words
    data = data_of(trace)
    assert len(data["forward"]) == 5999
    assert len([step for step in data["backward"] if step["step"] == "gate"]) == 5999
    assert {step["name"]: len(step["terms"]) for step in data["backward"] if step["step"] == "sum"} == {
        "x": 2000, "y": 2000,
    }  # fmt: skip


def test_a_deep_expression() -> None:
    trace = backprop("exp(" * 3000 + "x" + ")*0" * 3000, x=1)
    assert "The upstream is 0, so nothing flows back through this gate." in text_of(trace)


def test_wide_gates() -> None:
    names = [f"v{i}" for i in range(300)]
    values = {name: i + 1 for i, name in enumerate(names)}
    words = text_of(backprop(f"max({', '.join(names)}) + hypot({', '.join(names)})", values))
    assert "260 edges are left out here; --format json has all" in words
    assert "so all of the gradient goes to v299, none to v0, v1, " in words
    assert "v11 and 287 more." in words
    assert "q2 = hypot(v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, …) = hypot(1, 2, 3, 4," in words
    assert "200 variables are left out here" in words
    assert max(map(len, words.splitlines()[1:])) < 300


def test_a_sum_of_many_terms() -> None:
    line = next(
        line for line in told("+".join(["x"] * 20), "--x", "1").splitlines() if line.startswith("    ∂f/∂x = 1 +")
    )
    assert line == "    ∂f/∂x = 1 + 1 + 1 + 1 + 1 + 1 + … + 1 + 1 + 1 + 1 + 1 + 1 = 20"


# -- Where it is printed ---------------------------------------------------------------------------------------------


def width(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


@pytest.mark.parametrize("columns", [80, 200])
def test_a_terminal(columns: int) -> None:
    painted = on_a_terminal("explain", *PATTERNS, "--nudge", "0.1", columns=columns)
    assert re.search(r"= \x1b\[32m.*?\x1b\[0m\n", painted), "a value forward is green"
    assert re.search(r"= \x1b\[31m.*?\x1b\[0m\n", painted), "a gradient is red"
    shown = on_a_terminal("explain", *PATTERNS, "--nudge", "0.1", columns=columns, NO_COLOR="1")
    shown = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert "\x1b" not in shown
    assert max(map(width, shown.splitlines())) <= min(columns, 100)
    piped = told(*PATTERNS, "--nudge", "0.1")
    assert shown.split() == piped.split()
    assert max(map(width, piped.splitlines())) > 100, "a pipe is not cut"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-16"])
def test_any_encoding(encoding: str) -> None:
    for form in ("text", "markdown", "json"):
        assert "q1" in told(*NEURON, "--nudge", "0.1", "--format", form, encoding=encoding)
    assert json.loads(told(*NEURON, "--json", encoding=encoding)) == json.loads(told(*NEURON, "--json"))


def test_an_ascii_process() -> None:
    result = process("explain", *EXAMPLE, LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0")
    assert result.returncode == 0
    lines = result.stdout.decode("ascii").splitlines()
    assert "    df/dx = df/dq1 * dq1/dx = -4 * 1 = -4" in lines
    assert "  f = q1 * z = 3 * (-4) = -12" in lines
    rounded = told("x/3", "--x", "1", encoding="ascii")
    assert "f = x / 3 = 1 / 3 ~ 0.333333" in rounded


# -- The document ----------------------------------------------------------------------------------------------------


def test_schemas_agree_where_documents_do() -> None:
    """Warnings and numbers are the same in every document."""
    for part in ("warning", "number", "numbers", "array", "box"):
        assert SCHEMAS["explanation"]["$defs"][part] == SCHEMAS["trace"]["$defs"][part]


@pytest.mark.parametrize("name", thinned(CASES, 2))
def test_every_document_fits(name: str) -> None:
    words = [word for word in CASES[name] if word not in ("--hessian", "--json")]
    result = run("explain", *words, "--json")
    if result.status:
        pytest.skip("an example of an error")
    assert [error.message for error in EXPLANATION.iter_errors(json.loads(result.out))] == []


SAMPLE = json.loads(told("max(x*x, y)*z", "--x", "2", "--y", "4", "--z", "3", "--nudge", "1", "--json"))


def parts(data: Any) -> Iterator[dict[str, Any]]:
    """Every object of a document whose keys are fixed."""
    yield data
    for step in (*data["forward"], *data["backward"], *data["tells"], *data["warnings"]):
        yield step
        yield from step.get("edges", ())
    yield data["nudge"]
    yield from data["nudge"]["variables"]


def test_faults_are_found() -> None:
    assert list(EXPLANATION.iter_errors(SAMPLE)) == []
    count = len(list(parts(SAMPLE)))
    assert count > 15
    for place in range(count):
        for key in list(list(parts(SAMPLE))[place]):
            if place == 0 and key == "nudge":
                continue  # it stands there only where it was asked for
            data = json.loads(json.dumps(SAMPLE))
            del list(parts(data))[place][key]
            assert not EXPLANATION.is_valid(data), key
            data = json.loads(json.dumps(SAMPLE))
            list(parts(data))[place][key] = {"x": {"y": 1}}
            assert not EXPLANATION.is_valid(data), key
        data = json.loads(json.dumps(SAMPLE))
        list(parts(data))[place]["extra"] = 1
        assert not EXPLANATION.is_valid(data)


def write() -> None:
    for path in FILES:
        path.write_text(transcript(path.read_text(encoding="utf-8").partition("\n")[0]), encoding="utf-8")


if __name__ == "__main__":
    write()
