"""`backprop code` as text: the notes' (x+y)*z whole in every language, and how names, constants and groups are written.

python tests/test_code.py    writes what the program says now into the files of `code/`. Read each change.
"""

from __future__ import annotations

import re
from functools import partial, reduce
from pathlib import Path

import pytest

from backprop_cli.graph.graph import Gate, Graph, Group, Nodes, Variable
from backprop_cli.language.program import Program
from backprop_cli.rules.formula import Formula, substitute, tidy
from backprop_cli.rules.printer import READING
from backprop_cli.rules.table import primitive
from backprop_cli.view.code.formulas import computed, decided, number
from backprop_cli.view.code.identifiers import Names
from backprop_cli.view.code.staged import render
from backprop_cli.view.code.stages import Stages
from backprop_cli.view.code.targets import TARGETS
from backprop_cli.view.code.writer import in_words_of
from support import emitted
from support.command import run
from support.emitted import Case

FOLDER = Path(__file__).parent / "code"
LANGUAGES = [*TARGETS, "latex"]
POINT = ["--x", "-2", "--y", "5", "--z", "-4"]
PROGRAMS = {
    "notes": ["q = x + y; f = q*z", *POINT],
    "notes-function": ["q = x + y; f = q*z"],
    "power-partly": ["x**n * x", "--n", "1/2 + 1"],
}
WHOLE = [(name, language) for name in PROGRAMS for language in LANGUAGES]


def whole(name: str, language: str) -> str:
    result = run("code", *PROGRAMS[name], "--to", language)
    assert (result.status, result.err) == (0, "")
    return result.out


@pytest.mark.parametrize(("name", "language"), WHOLE)
def test_whole_output(name: str, language: str) -> None:
    assert whole(name, language) == (FOLDER / f"{name}.{language}.txt").read_text(encoding="utf-8")


def test_there_is_no_stale_file() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}.{language}.txt" for name, language in WHOLE}


def python(source: str, *words: str) -> str:
    result = run("code", source, *words)
    assert result.status == 0, result.err
    return result.out


def lines_of(source: str, *words: str) -> list[str]:
    """The statements, without comments."""
    return [line.partition("  #")[0].strip() for line in python(source, *words).splitlines()]


# -- Statements ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "statements"),
    [
        ("x*y + x", ["dx = 1.0", "dx += dq1 * y", "dy = dq1 * x"]),
        ("(x + y)*z", ["dq1 = z", "dx = dq1", "dy = dq1"]),
        ("(x - y)*z", ["dx = dq1", "dy = -dq1"]),
        ("-sin(x*y)", ["dq2 = -1.0", "dq1 = dq2 * math.cos(q1)"]),
        ("cos(x)*y", ["dx = -dq1 * math.sin(x)"]),
        ("x/y*z", ["dx = dq1 / y", "dy = dq1 * (-q1 / y)"]),
        ("x**2*y", ["dx = dq1 * (2 * x)"]),
        ("x**3*y", ["dx = dq1 * (3 * x**2)"]),
        ("x**-1*y", ["q1 = x**-1", "dx = -dq1 * x**-2"]),
        ("x**1*y", ["dx = dq1"]),
        ("x**0*y", ["dx = 0.0 * dq1"]),
        ("x**(1/2)*y", ["q1 = math.pow(x, 1 / 2)"]),
        ("exp(x)*y", ["dx = dq1 * q1"]),
        ("max(x, 0)*y", ["dx = dq1 * (1.0 if x == q1 else 0.0)"]),
        ("relu(x)*y", ["q1 = max(x, 0.0)", "dx = dq1 * (1.0 if x > 0 else 0.0)"]),
        ("x**y", ["f = math.pow(x, y)", "dx = pow_dx(x, y, f)", "dy = pow_dy(x, y, f)"]),
        ("n = 3; f = x**n*y", ["n = 3", "q1 = math.pow(x, n)", "dx = dq1 * (n * math.pow(x, n - 1))"]),
        ("(x + y)*(x + y)", ["dx = dq2", "dy = dq2", "dx += dq1", "dy += dq1"]),
    ],
)
def test_statements(source: str, statements: list[str]) -> None:
    lines = lines_of(source)
    assert [line for line in lines if line in statements] == statements


def test_one_statement_a_gate_and_one_an_edge() -> None:
    case = Case("sigmoid(w*x + b)*w + max(x, b, 2)", {"w": "1", "x": "2", "b": "0.5"})
    trace = emitted.traced(case)
    code = emitted.function(case, "python")
    forward, backward = code.split("# backward pass")
    for gate in trace.graph.gates:
        assert len(re.findall(rf"^    {gate.name} = ", forward, re.MULTILINE)) == 1
    chains = re.findall(r"^    d\w+ \+?= .*# ∂", backward, re.MULTILINE)
    assert len(chains) == sum(edge.chained is not None for edge in trace.edges)


def test_only_what_is_asked_for() -> None:
    lines = lines_of("x**y*z", "--wrt", "z")
    assert "dz = q1" in lines
    assert not any(line.startswith(("dx", "dy", "dq1")) for line in lines)
    assert lines[-1] == 'return f, {"z": dz}'


def test_an_input_that_nothing_uses() -> None:
    assert "dy = 0.0" in lines_of("unused = y; f = x*2")


def test_values_are_numbers_and_what_was_written_stands_beside_them() -> None:
    text = python("x*y", "--x", "-pi/4", "--y", "3")
    assert "x = -0.7853981633974483  # -pi/4\n" in text
    assert "y = 3.0\n" in text


def test_constants_alone() -> None:
    assert "f = 1 / 3 + math.exp(2)\n" in python("1/3 + exp(2)")
    assert "nothing here varies" in python("1/3 + exp(2)")
    assert "nothing here varies" in python("1/3 + exp(2)", "--to", "latex")


def test_a_long_constant_is_its_number() -> None:
    assert "f = x * 500.0\n" in python(f"x*({' + '.join(['1'] * 500)})")


def test_what_a_row_says_of_constants_decides_its_cases() -> None:
    assert "f = 1 * x\n" in python("heaviside(gelu(3))*x")
    assert "through f = heaviside(gelu(3)) * x\n" in python("heaviside(gelu(3))*x")


def test_constants_are_checked_without_values() -> None:
    result = run("code", "x + 1/0")
    assert result.status == 1
    assert "division by zero in 1/0" in result.err


def test_whole_numbers_do_not_divide_in_c() -> None:
    text = run("code", "x**(1/3) + 7*x", "--to", "c").out
    assert "pow(x, 1.0 / 3.0)" in text
    assert "7.0 * x" in text


def test_helpers_come_only_where_they_are_used() -> None:
    assert "def " not in python("x*y", "--x", "1", "--y", "2")
    assert python("sigmoid(x)", "--x", "1").count("def ") == 1
    assert "import math" not in python("x*y")


def test_no_number_of_the_program_is_another_zero_times_infinity() -> None:
    """Where nothing flows the local gradient need not exist, and is not computed."""
    assert "dy = dq1 / (2 * q1) if dq1 != 0 else 0.0" in lines_of("max(x, sqrt(y))*x", "--x", "1", "--y", "0")


# -- Names ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "names", "code"),
    [
        ("python", ["lambda", "x"], ["lambda_", "x"]),
        ("python", ["math", "abs", "σ", "int"], ["math_", "abs_", "σ", "int_"]),
        ("python", ["lambda", "lambda_"], ["lambda__", "lambda_"]),
        ("python", ["q3.q1", "q3_q1", "q3.q2.q1"], ["q3_q1_", "q3_q1", "q3_q2_q1"]),
        ("numpy", ["np", "sigmoid"], ["np_", "sigmoid_"]),
        ("c", ["int", "double", "σ", "sigma", "Γ"], ["int_", "double_", "sigma_", "sigma", "Gamma"]),
        ("c", ["é", "중", "exp", "M_PI", "__LINE__"], ["e", "u110cu116eu11bc", "exp_", "M_PI_", "v__LINE__"]),
        ("c", ["e", "pi", "E", "PI"], ["e", "pi", "E_", "PI_"]),
        ("javascript", ["var", "NaN", "let", "module", "π"], ["var_", "NaN_", "let_", "module_", "π"]),
    ],
)
def test_names(language: str, names: list[str], code: list[str]) -> None:
    assert list(map(Names(names, [], TARGETS[language], []).nodes.get, names)) == code


@pytest.mark.parametrize(
    ("names", "gradients"),
    [
        (["x", "y"], ["dx", "dy"]),
        (["x", "dx"], ["grad_x", "grad_dx"]),
        (["ef"], ["grad_ef"]),
        (["x", "dx", "grad_x"], ["d_grad_x", "d_grad_dx", "d_grad_grad_x"]),
    ],
)
def test_gradients_are_all_named_in_one_way(names: list[str], gradients: list[str]) -> None:
    chosen = Names(names, names, TARGETS["python"], [])
    assert [chosen.gradients[name] for name in names] == gradients
    assert not {*chosen.nodes.values()} & {*gradients}


@pytest.mark.parametrize("language", TARGETS)
def test_names_are_all_different(language: str) -> None:
    names = "x dx grad_x d_dx x_ lambda lambda_ int σ sigma é e a.b a_b f f.q1 f_q1 pow_dx sigmoid".split()
    chosen = Names(names, names, TARGETS[language], ["pow_dx"])
    everything = [*chosen.nodes.values(), *chosen.gradients.values()]
    assert len({*everything, "pow_dx"}) == len(everything) + 1


# -- Groups --------------------------------------------------------------------------------------------------------


def opened() -> Graph:
    """f = q3 + x with q3 = g(q2), and in it q3 = h(q3.q1)."""
    add, mul, exp = primitive("add"), primitive("mul"), primitive("exp")
    nodes = Nodes([
        Variable(0, "x", (0, 1)),
        Gate(1, "q2", (0, 1), mul, (0, 0)),
        Gate(2, "q3.q1", (0, 1), add, (1, 1), group=0),
        Gate(3, "q3", (0, 1), exp, (2,), group=1),
        Gate(4, "f", (0, 1), add, (3, 0)),
    ])  # fmt: skip
    groups = (Group("q3", "g", -1, "g(q2)"), Group("q3", "h", 0))
    return Graph("x", nodes, groups=groups)


def test_groups_are_announced_on_both_ways() -> None:
    text = render(Stages(opened()), "python", {})
    forward, backward = text.split("# backward pass")
    assert "    # q3 = g(q2)\n    q3_q1 = q2 + q2\n    # q3 = h\n    q3 = math.exp(q3_q1)\n    f =" in forward
    assert backward.index("# inside q3 = g(q2)") < backward.index("# inside q3 = h") < backward.index("dq3_q1 =")
    assert "∂q3/∂(q3.q1) = q3\n" in backward


def test_modules_are_opened_and_compound_gates_on_demand() -> None:
    source = "s(t) = 1/(1 + exp(-t)); f = s(x)*sigmoid(x)"
    assert [each for each in ("q1_q3", "q2_q1") if f"{each} =" in python(source)] == ["q1_q3"]
    assert [each for each in ("q1_q3", "q2_q1") if f"{each} =" in python(source, "--expand")] == ["q1_q3", "q2_q1"]


# -- The command ---------------------------------------------------------------------------------------------------


def test_errors_and_warnings_are_those_of_eval() -> None:
    for source, words in [("log(x)", ["--x", "-1"]), ("sine(x)", []), ("x + y", ["--unknown", "1"])]:
        first, second = (run(name, source, *words) for name in ("code", "eval"))
        assert (first.status, first.err, first.out) == (second.status, second.err, "")
    assert "has a tie of x, y" in run("code", "max(x, y)", "--x", "1", "--y", "1").err


def test_what_a_comment_of_the_source_says_is_not_part_of_the_code() -> None:
    for language in TARGETS:
        text = python("y = x  # end \\\nf = y*y  # */ \\", "--to", language)
        assert "\\\n" not in text
        assert "*/" not in text


@pytest.mark.slow
def test_a_graph_of_thousands_of_gates() -> None:
    graph = Program("x" + "*x" * 20_000).graph()
    text = render(Stages(graph), "python", {})
    assert text.count("# ∂") == 2 * 20_000


def test_a_gate_of_2_000_inputs() -> None:
    names = [f"x{i}" for i in range(2_000)]
    for ties in ("both", "split", "first"):
        text = render(Stages(Program(f"max({', '.join(names)})").graph()), "c", {}, ties=ties)
        assert text.count("// ∂") == 2_000


def test_latex_sums_at_forks_and_names_groups() -> None:
    text = python("x*x", "--to", "latex", "--x", "1.5e-7")
    assert r"x &= 1.5 \cdot 10^{-7}" in text
    assert r"\frac{\partial f}{\partial x} &= x + x = 3 \cdot 10^{-7}" in text
    assert r"q_{1} + \frac{\partial f}{\partial q_{1}} \cdot 2 \cdot x" in python("x**2*x", "--to", "latex")
    assert "q_{1}.q_{2}" in python("s(t) = exp(-t) + t; f = s(x)*x", "--to", "latex")


@pytest.mark.parametrize(
    ("source", "words", "lines"),
    [
        ("x*2", ["--x", "0.123456789"], [r"x &\approx 0.123457", r"f &= x \cdot 2 \approx 0.246914"]),
        ("x/3", ["--x", "1"], [r"x &= 1", r"f &= \frac{x}{3} \approx 0.333333"]),
        ("x + y", ["--x", "0.1", "--y", "0.2"], [r"x &= 0.1", r"f &= x + y = 0.3"]),
        ("x*y", ["--x", "0.1", "--y", "3"], [r"f &= x \cdot y = 0.3", r"\frac{\partial f}{\partial y} &= x = 0.1"]),
        ("x**2", ["--x", "1e-5"], [r"x &= 10^{-5}", r"f &= {x}^{2} = 10^{-10}"]),
        ("x*y", ["--y", "2/3"], [r"y &\approx 0.666667", r"f &= x \cdot y"]),
        ("x/y", ["--x", "-1e100", "--y", "7"], [r"x &= -10^{100}", r"f &= \frac{x}{y} \approx -1.42857 \cdot 10^{99}"]),
    ],
)
def test_latex_says_what_is_rounded(source: str, words: list[str], lines: list[str]) -> None:
    said = [line.removesuffix(" \\\\") for line in python(source, *words, "--to", "latex").splitlines()]
    assert [line for line in lines if line not in said] == [], said


# -- Formulas that are deep ------------------------------------------------------------------------------------------


def test_no_formula_is_too_deep() -> None:
    """Those of a product of many factors, and of a choice inside others, are as deep as these are many."""
    depth, x = 2_000, Formula("x")
    product, choice = reduce(Formula.__mul__, [x] * depth), Formula("y")
    for _ in range(depth):
        choice = Formula("where", Formula("gt", x, 1), x, choice)
    for formula in (product, choice):
        placed = substitute(formula, {"x": Formula("z")})
        assert placed.words.count("z") == formula.words.count("x") > 0
        assert placed.heads == formula.heads
        for each in (tidy, computed, decided, partial(in_words_of, TARGETS["c"])):
            assert READING.text(each(formula)) == READING.text(formula)
        assert number(formula) is None
    assert number(substitute(product, {"x": "1"})) == 1


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, language in WHOLE:
        (FOLDER / f"{name}.{language}.txt").write_text(whole(name, language), encoding="utf-8")
