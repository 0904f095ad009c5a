"""How people spell mathematics: a spelling is the graph of what it stands for, or an error that shows both readings."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from backprop_cli import backprop
from backprop_cli.errors import InputError
from backprop_cli.graph.graph import Graph, validate
from backprop_cli.language.program import Program
from support.command import run
from support.second_reader import check_graph

PAIRS = [
    tuple(line.split("  =  "))
    for line in (Path(__file__).parent / "spellings.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("# ")
]
"""What is spelled, and what it stands for."""

READINGS = {
    "wᵀx": ("wᵀ @ x", "wᵀ*x"),
    "sum(X.T y)": ("X.T @ y", "X.T*y"),
    "1/2x": ("1/(2*x)", "(1/2)*x"),
    "7 % 2x": ("7%(2*x)", "(7%2)*x"),
    "20% - x": ("20/100 - …", "20 % (-…)"),
    "x%+3": ("x/100 + …", "x % (+…)"),
    "2^3x": ("2**(3*x)", "(2**3)*x"),
    "x/2y": ("x/(2*y)", "(x/2)*y"),
    "6/2(x+2)": ("6/(2*(…))", "(6/2)*(…)"),
    "x**2(y)": ("x**(2*(…))", "(x**2)*(…)"),
    "2^-3x": ("2**(-3*x)", "(2**-3)*x"),
    "1/(x)(y)": ("1/((x)*(…))", "(1/(x))*(…)"),
    "1/x√y": ("1/(x*√(…))", "(1/x)*√(…)"),
    "x^y√x": ("x**(y*√(…))", "(x**y)*√(…)"),
    "√x√y": ("√x*√(…)", "√(x*√(…))"),
    "√2x": ("√2*x", "√(2*x)"),
    "√x²": ("(√x)²", "√(x²)"),
    "√x^2": ("(√x)**…", "√(x**…)"),
    "x²^3": ("(x²)**…", "x**(2**…)"),
    "x²!": ("(x²)!", "x**(2!)"),
    "2½": ("2 + 1/2", "2*1/2"),
    "sin^-1(x)": ("1/sin(x)", "asin(x)"),
    "sin⁻¹(x)": ("1/sin(x)", "asin(x)"),
    "sin²(x)²": ("(sin²(x))²",),
    "sin^2(x)^3": ("(sin^2(x))**…",),
    "x!!": ("(x!)!",),
    "=-x^2": ("(-x)^…", "-(x^…)"),  # a cell of a spreadsheet, where it is (-x)^2
    " = 3*-x**2": ("(-x)**…", "-(x**…)"),
    "=IF(x > 0; -SQRT(x)^2; 1)": ("(-SQRT(x))^…", "-(SQRT(x)^…)"),
    "=2^x^3": ("(…^x)^…", "…^(x^…)"),
    "=2^-x^3": ("(-x)^…", "-(x^…)"),
    "50% x": ("50/100*…", "50 % …"),
    "1 + x% (y)": ("x/100*…", "x % …"),
}
"""What may be meant in two ways, and what the hint says."""

HINTED = {
    "log|x|": "a function needs parentheses: log(|x|)",
    "2 sin|x + 1|/y": "a function needs parentheses: sin(|x + 1|)",
    "sin 2πx": "a function needs parentheses: sin(2πx)",
    "tan^{-1}(x)": "write 1/tan(x) or atan(x)",
    "2sin^{2} x": "write sin(x)**2",
    "log_{2}(x + 1)": "write log2(x + 1)",
    "rate^{2}*x": "write rate^(2)*x",
    "theta_{1}*x": "write theta_1",
    "sin²x": "write sin(x)**2",
    "2cos² 3x + 1": "write cos(3x)**2",
    "eˣ": "write **x",
    "e⁻ˣ": "write **-x",
    "xⁿ": "write **n",
    "x mod 2": "write x % …",
    "exp(-gamma x)": "to multiply, write gamma*x; the function is gamma(x)",
    "beta x": "to multiply, write beta*x",
    "atan2 x": "a function needs parentheses: atan2(y, x)",
    "lg x": "to multiply, write lg*x; the function is log10(x)",
    "tg 2x": "to multiply, write tg*2; the function is tan(2x)",
    "‖x‖": "the length of a vector is norm(x), of numbers hypot(x, y)",
    "∜x": "the fourth root of x is x**(1/4)",
    "∑x": "write its terms: x1 + x2; of an array, sum(x)",
    "∏(x)": "write its factors: x1*x2; of an array, prod(x)",
    "x ≈ y": "write ==, or abs(x - y) < 0.001",
    "sin √x": "a function needs parentheses: sin(sqrt(…))",
    "d/dx √x": "every variable of an expression gets its gradient, so the expression stands alone",
    "return √x": "write √x",
    "x\n√y": "to multiply, write x*sqrt(…)",
    "2e^x": "to multiply by the constant e, write 2*e",
    "x + 1e5e": "to multiply by the constant e, write 1e5*e",
    '{"x": 1}': "values of variables are given by --at",
    "{'x': 1}": "values of variables are given by --at",
    "{x: 1}": "values of variables are given by --at",
    "3xsin(x)": "to multiply, write x*sin(…)",
    "x∕2": "write /",
    "0x1F*x": "write 31",
    "x + ١٢": "write '12'",
}
"""What is refused, and what to write instead."""

WRONG = {
    "2 3": "an operator is missing between '2' and '3'",
    "x y": "an operator is missing between 'x' and 'y'",
    "(x)2": "an operator is missing between ')' and '2'",
    "x(y+1)": "unknown function 'x'",
    "(x+1)\n(y+1)": "an operator is missing between ')' and '('",
    "1_000": "an operator is missing between '1' and '_000'",
    "0x1F": "a number is decimal here",
    "1d-3": "an exponent begins with e here",
    "²x": "'²' has nothing on its left",
    "|x": "'|' is never closed",
    "⌊x": "'⌊' is never closed",
    "(|x)|": "'|' is never closed",
    "50%": "'50%' is a percentage",
    "x*5%*y": "'5%' is a percentage",
    "max(5%, x)": "'5%' is a percentage",
    "x < 10% ? 1 : 2": "'10%' is a percentage",
    "x %% y": "something is missing between '%' and '%'",
    "% x": "'%' has nothing on its left",
    "x %": "the expression ends after '%'",
    "x|y": "'|' is not an operator here",
    "!x": "'!' is not an operator here",
    "√": "the expression ends after '√'",
    "np.nothing(x)": "attribute access is not part of an expression",
    "x.sin()": "attribute access is not part of an expression",
    "||": "is never closed",
}


def shape(graph: Graph) -> list[object]:
    """The graph without places, and without the names that constants go by."""
    return [(node.kind, node.inputs, node.name if node.kind == "input" else "", shape_of(node)) for node in graph.nodes]


def shape_of(node: object) -> object:
    body, literal = getattr(node, "body", None), getattr(node, "literal", "")
    return literal if not body else [(part.kind, part.inputs, getattr(part, "literal", "")) for part in body]


@pytest.mark.parametrize(("spelled", "plain"), PAIRS)
def test_a_spelling_is_the_graph_of_what_it_stands_for(spelled: str, plain: str) -> None:
    graph = Program(spelled).graph()
    validate(graph)
    assert shape(graph) == shape(Program(plain).graph())


@pytest.mark.parametrize("spelled", [spelled for spelled, _ in PAIRS])
def test_the_second_reader_agrees(spelled: str) -> None:
    program = Program(spelled)
    check_graph(program, program.graph())


@pytest.mark.parametrize(("text", "readings"), READINGS.items())
def test_two_readings_are_both_shown(text: str, readings: tuple[str, ...]) -> None:
    with pytest.raises(InputError) as caught:
        Program(text).graph()
    assert all(reading in caught.value.hint for reading in readings), caught.value.hint


@pytest.mark.parametrize(("text", "readings"), READINGS.items())
def test_each_reading_can_be_typed(text: str, readings: tuple[str, ...]) -> None:
    for reading in readings:
        Program(reading.replace("**…", "**3").replace("…", "x")).graph()


@pytest.mark.parametrize(("text", "message"), WRONG.items())
def test_what_is_no_spelling_is_told(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        Program(text).graph()
    assert message in caught.value.message


def test_spellings_that_are_mixed() -> None:
    """Random texts made of them are read alike by both readers, or not at all."""
    choose, signs = (
        random.Random(7),
        ["x", "y", "2", "3.5", "(", ")", "²", "⁻¹", "√", "|", "!", "½", "+", "-", "*", "/", "^"],
    )
    signs += ["sin(", "sin²(", "np.exp(", "⌊", "⌋", ".*", " ", "<", " and ", "max(", ","]
    read = 0
    for _ in range(8_000):
        text = "".join(choose.choices(signs, k=choose.randint(1, 9)))
        program = Program(text, is_expression=True)
        try:
            graph = program.graph()
        except InputError:
            continue
        check_graph(program, graph)
        read += 1
    assert read > 100


def test_a_prefix_is_left_out_with_a_note() -> None:
    trace = backprop("np.exp(x) + math.sin(x)  # F.relu", x=1)
    assert [(each.kind, each.message) for each in trace.warnings] == [
        ("prefix", "'np.' and 'math.' are left out: functions need no library here")
    ]
    result = run("eval", "np.exp(x)", "--x", "0", "--get", "x")
    assert (result.status, result.out, result.err) == (
        0,
        "1.0\n",
        "warning: 'np.' is left out: functions need no library here\n",
    )


def test_what_to_write_instead() -> None:
    for text, hint in HINTED.items():
        with pytest.raises(InputError) as caught:
            Program(text).graph()
        assert caught.value.hint == hint, text
