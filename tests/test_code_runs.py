"""The programs that `backprop code` writes are run, and what they print is compared with the engine."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import emitted
import pytest
from emitted import Case
from test_cli import run as command
from test_formulas import FORMULAS

from backprop_cli.language.program import compile_expression
from backprop_cli.rules.formula import Formula
from backprop_cli.rules.table import TABLE, Op, exp, gt, out, sigmoid, where, x


def selection() -> list[Case]:
    """Every fifth formula, and for each primitive the first ones that use it."""
    used: dict[Op, int] = {}
    chosen = []
    for number, formula in enumerate(FORMULAS):
        ops = {node.op for node in compile_expression(formula.expression, list(formula.point)).nodes if node.op}
        if number % 5 == 0 or any(used.get(op, 0) < 3 for op in ops):
            used |= {op: used.get(op, 0) + 1 for op in ops}
            chosen.append(Case(formula.expression, formula.point))
    assert all(op in used for op in TABLE)
    return chosen


def point(**values: str) -> dict[str, str]:
    return values


EDGES = [
    # A constant, a variable, an input that nothing uses, a variable twice
    Case("1/3 + 2**0.5", {}),
    Case("x", point(x="2")),
    Case("unused = y + 1; f = 2*x", point(x="2", y="3")),
    Case("x*x", point(x="3")),
    Case("(x + y)*(x + y)", point(x="1/3", y="2")),
    # Whole numbers are no whole numbers: 1/3 in C
    Case("1/3*x + 7/2", point(x="2")),
    Case("x**(1/3) + x**(-2) + x**-1", point(x="2")),
    Case("x*007 + 010*x + 5.*x + .5*x + 1e3*x", point(x="2")),
    Case("x*99999999999999999999 + 2147483648*2147483648*x", point(x="2")),
    Case("x*" + "+".join(["(1"] + ["1"] * 200) + ")", point(x="2")),
    # Nothing overflows on the way
    *(Case(f"{name}(x)", point(x=at)) for name in ("sigmoid", "softplus", "relu") for at in ("1000", "-1000", "36")),
    *(Case("tanh(x)", point(x=at)) for at in ("18", "-18", "300")),
    Case("atan(x) + asinh(x) + acosh(x)", point(x="1e200")),
    # Powers
    *(Case("x**y", point(x=x, y=y)) for x, y in [("2", "3"), ("2", "0"), ("0", "2"), ("0.5", "-1.5")]),
    *(Case("x**y", point(x=x, y=y), ["x"]) for x, y in [("-2", "3"), ("-2", "0"), ("0", "1"), ("0", "0")]),
    Case("x**y", point(x="-1", y="9007199254740994"), ["x"]),
    Case("x**0 + x**1 + x**2 + 2**x", point(x="0")),
    Case("n = 3; f = x**n + n**x", point(x="1.5")),
    # Ties and kinks
    *(
        Case(source, point(x="2", y="2", z="1"), ties=ties)
        for ties in ("both", "split", "first")
        for source in ("max(x, y)*z", "z + min(2, x, y)", "max(x, z, y) + max(x, x)", "min(x, y) + z")
    ),
    Case("abs(x) + relu(x) + sign(x) + floor(x) + ceil(x)", point(x="0")),
    Case("floor(x)*y + ceil(y)*x", point(x="-2.5", y="1.5")),
    # What lies below an input that is not selected
    Case("max(x, sqrt(y))*x", point(x="1", y="0")),
    Case("relu(-x - sqrt(y))*z + x", point(x="1", y="0", z="1")),
    # Functions that languages lack
    *(
        Case(f"{name}(x)", point(x=at))
        for name in ("gamma", "lgamma", "digamma")
        for at in ("0.01", "0.3", "3.7", "25.5", "140", "-0.5", "-3.3", "-20.7", "-2.99999999", "-0.99999")
    ),
    *(Case(f"{name}(x)", point(x=at)) for name in ("erf", "erfc") for at in ("0", "1e-9", "0.7", "1.4", "2.5", "-3")),
    Case("erfc(x)", point(x="20")),
    *(Case("log(x, y)", point(x=x, y=y)) for x, y in [("8", "2"), ("1000", "10"), ("7", "3")]),
    *(Case(f"{name}(x)", point(x=at)) for name in ("cbrt", "exp2", "sign", "sinh") for at in ("-2.5", "0.001")),
    Case("hypot(x, y, 2, z)", point(x="1", y="-3", z="1e-9")),
    Case("max(x, y, 2, z)*min(x, y, 2, z)", point(x="1", y="-3", z="7")),
    # Names
    Case("lambda*int + def/class - e**o", dict.fromkeys("lambda int def class e o".split(), "2")),
    Case("dx*x + math*np", dict.fromkeys("dx x math np".split(), "2")),
    Case("exp*exp(exp) + sigmoid*sigmoid(sigmoid)", point(exp="1", sigmoid="2")),
    Case("σ*σ(σ) + é*x₀ + pi*_x*__LINE__", dict.fromkeys(["σ", "é", "x0", "pi", "_x", "__LINE__"], "1.5")),
    Case("dx*x + d_x*grad_x + grad_dx", dict.fromkeys(["dx", "x", "d_x", "grad_x", "grad_dx"], "3")),
    Case("linux + PI*NaN + module", dict.fromkeys("linux PI NaN module".split(), "3")),
    Case("arguments + None*print", dict.fromkeys("arguments None print".split(), "3")),
    Case("max(y1, j0)*f*value*gradient*main", dict.fromkeys("y1 j0 f value gradient main".split(), "3")),
    # Programs and modules
    Case("q = x + y; f = q*z", point(x="-2", y="5", z="-4")),
    Case("# a \\\ns(t) = 1/(1 + exp(-t)); q = s(x)  # \\\nloss = s(q)*s(1)*q", point(x="0.5")),
    Case("s(t) = e*t; e = 3; f = s(e)*e*x", point(x="0.5")),
    Case("n(w, x, b) = sigmoid(w*x + b); f = n(u, n(v, a, 1), 2)", point(u="1", v="2", a="-1"), opened=True),
    Case("hypot(x, y, z)*tanh(x)*softplus(y)", point(x="1", y="2", z="3"), opened=True),
    Case("x**3*y", point(x="1.5", y="2"), ["y"]),
    # An output that no asked variable reaches
    Case("q = x*y; a = b", point(x="1", y="2", b="3"), ["x", "y"]),
    Case("q = x*y; f = 2*b", point(x="1", y="2", b="3"), ["y"]),
    Case("q = x*y; f = 2*pi", point(x="1", y="2")),
]  # fmt: skip
CASES = [*selection(), *EDGES]


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 200


def run_c_somewhere(folder: Path) -> Callable[[Sequence[str]], list[str]]:
    return lambda sources: emitted.run_c(sources, folder)


@pytest.fixture(params=["python", "numpy", "c", "javascript"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def execute(language: str, tmp_path: Path) -> Callable[[Sequence[str]], list[str]]:
    """Run programs of the language and give what they print."""
    if language == "c":
        return run_c_somewhere(tmp_path)
    if language == "numpy":
        pytest.importorskip("numpy")
    return emitted.run_javascript if language == "javascript" else emitted.run_python


def test_programs_print_what_the_engine_finds(language: str, execute: Callable[[Sequence[str]], list[str]]) -> None:
    outputs = execute([emitted.program(case, language) for case in CASES])
    assert emitted.differences(CASES, outputs) == []


# -- A new row -----------------------------------------------------------------------------------------------------

ROWS = [
    Op("silu", "x", x * sigmoid(x), out + sigmoid(x) * (1 - out)),
    # A conditional partial that is more than 1 or 0, of an operation that no language has.
    Op("bump", "x", where(gt(x, 0), exp(-1 / x), 0), where(gt(x, 0), out / x**2, 0)),
    Op("middle", "x y", (x + Formula("y")) / 2, Formula("div", 1, 2), Formula("div", 1, 2)),
]


@pytest.fixture
def rows() -> Iterator[None]:
    TABLE.extend(ROWS)
    try:
        yield
    finally:
        del TABLE[-len(ROWS) :]


def test_a_new_row_works_in_every_language(
    language: str, execute: Callable[[Sequence[str]], list[str]], rows: None
) -> None:
    cases = [
        *(Case("silu(x)*y", point(x=at, y="2")) for at in ("1.3", "-40", "1000", "-1000")),
        *(Case("bump(x)*bump(y)", point(x=at, y="2")) for at in ("1.3", "0.01")),
        Case("bump(x) + y", point(x="-1", y="2")),
        Case("silu(silu(2))*middle(x, y)*bump(3)", point(x="1", y="2")),
    ]
    assert emitted.differences(cases, execute([emitted.program(case, language) for case in cases])) == []


def test_a_word_that_a_language_lacks_is_said_plainly() -> None:
    row = Op("airy", "x", Formula("airy", x), out)
    TABLE.append(row)
    try:
        for target in ("python", "numpy", "torch", "jax", "c", "javascript"):
            result = command("code", "x + airy(x)", "--to", target)
            assert result.status == 2
            assert result.err == (
                f"error: --to {target} has no airy, which q1 = airy(x) needs\n  x + airy(x)\n      ^^^^^^^\n"
            )
    finally:
        TABLE.remove(row)


# -- Functions -----------------------------------------------------------------------------------------------------

NEURON = Case("sigmoid(w*x + b)*max(w, 2)**x", point(w="2", x="-1", b="0.5"), ties="split")


def test_a_function_in_python() -> None:
    names: dict[str, object] = {}
    exec(emitted.function(NEURON, "python"), names)
    call = names["forward_backward"]
    assert callable(call)
    value, gradient = call(2.0, -1.0, 0.5)
    assert (value, gradient) == (
        emitted.traced(NEURON).value,
        pytest.approx(emitted.traced(NEURON).gradient, rel=1e-12),
    )


def test_a_function_on_arrays() -> None:
    np = pytest.importorskip("numpy")
    names: dict[str, object] = {}
    exec(emitted.function(NEURON, "numpy"), names)
    call = names["forward_backward"]
    assert callable(call)
    columns = [[2, 1, 3, -4], [-1, 2, 1, 2], [1, 0, 2, 9]]  # integers, which must not stay so
    value, gradient = call(*map(np.array, columns))
    assert value.shape == (4,)
    for place, row in enumerate(zip(*columns, strict=True)):
        trace = emitted.traced(NEURON._replace(point=dict(zip("wxb", map(str, row), strict=True))))
        assert value[place] == pytest.approx(trace.value, rel=1e-12)
        assert {name: each[place] for name, each in gradient.items()} == pytest.approx(trace.gradient, rel=1e-12)


def test_arrays_are_not_changed_by_a_sum() -> None:
    """In place, `dx += …` would change every array that is the same as dx so far: here dq2."""
    np = pytest.importorskip("numpy")
    names: dict[str, object] = {}
    exec(emitted.function(Case("x + (x + y)*y", point(x="1", y="2")), "numpy"), names)
    call = names["forward_backward"]
    assert callable(call)
    _, gradient = call(np.array([1.0, 2.0]), np.array([3.0, 5.0]))
    assert gradient["x"].tolist() == [4.0, 6.0]
    assert gradient["y"].tolist() == [7.0, 12.0]


def test_a_function_in_c_takes_its_inputs_from_the_command_line(tmp_path: Path) -> None:
    emitted.run_c([emitted.program(NEURON, "c")], tmp_path)  # skips where there is no compiler
    (tmp_path / "neuron.c").write_text(emitted.function(NEURON, "c"), encoding="utf-8")
    words = ["gcc", "-std=c99", "-pedantic-errors", "-Wall", "-Werror", "-o", "neuron", "neuron.c", "-lm"]
    subprocess.run(words, cwd=tmp_path, check=True, timeout=60)
    run = [str(tmp_path / "neuron"), *NEURON.point.values()]
    result = subprocess.run(run, capture_output=True, encoding="utf-8", check=True, timeout=60)
    assert emitted.differences([NEURON], [result.stdout]) == []
    usage = subprocess.run([tmp_path / "neuron"], capture_output=True, encoding="utf-8", timeout=60)
    assert usage.returncode == 2
    assert usage.stderr.startswith("usage: ")
    assert usage.stderr.endswith(" w x b\n")


def test_a_function_in_javascript() -> None:
    call = "const { value, gradient } = forwardBackward(2, -1, 0.5);\nconsole.log(JSON.stringify([value, gradient]));"
    output = emitted.run_javascript([emitted.function(NEURON, "javascript") + call])[0]
    trace = emitted.traced(NEURON)
    value, gradient = json.loads(output)
    assert value == pytest.approx(trace.value, rel=1e-12)
    assert gradient == pytest.approx(trace.gradient, rel=1e-12)


def test_the_printed_python_runs_alone() -> None:
    """Without any of this project: no import beyond the standard library."""
    source = command("code", "sigmoid(w*x)*digamma(w)", "--w", "2", "--x", "-1").out
    words = [sys.executable, "-I", "-S", "-W", "error", "-"]
    result = subprocess.run(words, input=source, capture_output=True, encoding="utf-8", check=True, timeout=60)
    assert emitted.differences([Case("sigmoid(w*x)*digamma(w)", point(w="2", x="-1"))], [result.stdout]) == []
