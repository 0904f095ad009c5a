"""The programs that `backprop code` writes are run, and what they print is compared with the engine."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from backprop_cli import backprop
from backprop_cli.language.program import Program
from backprop_cli.rules.formula import Formula
from backprop_cli.rules.op import Op
from backprop_cli.rules.table import TABLE, out, x
from backprop_cli.view.code.staged import render
from backprop_cli.view.code.stages import Stages
from support import emitted
from support.command import PATIENCE
from support.command import run as command
from support.emitted import CASES, Case, point
from support.rows import MODELS


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


@pytest.mark.parametrize("step", [2, pytest.param(1, marks=pytest.mark.slow)])
def test_programs_print_what_the_engine_finds(
    language: str, execute: Callable[[Sequence[str]], list[str]], step: int
) -> None:
    cases = emitted.said(CASES[::step], language)
    outputs = execute([emitted.program(case, language) for case in cases])
    assert emitted.differences(cases, outputs) == []


# -- A new row -----------------------------------------------------------------------------------------------------

ROWS = [
    *MODELS,
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
    subprocess.run(words, cwd=tmp_path, check=True, timeout=PATIENCE)
    run = [str(tmp_path / "neuron"), *NEURON.point.values()]
    result = subprocess.run(run, capture_output=True, encoding="utf-8", check=True, timeout=PATIENCE)
    assert emitted.differences([NEURON], [result.stdout]) == []
    usage = subprocess.run([tmp_path / "neuron"], capture_output=True, encoding="utf-8", timeout=PATIENCE)
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
    result = subprocess.run(words, input=source, capture_output=True, encoding="utf-8", check=True, timeout=PATIENCE)
    assert emitted.differences([Case("sigmoid(w*x)*digamma(w)", point(w="2", x="-1"))], [result.stdout]) == []


SHAPES = {"w": (), "x": (1, 3), "b": (2, 1), "z": (2, 3), "v": (3,)}


@pytest.mark.parametrize(
    "source",
    ["sigmoid(w*x + b)", "w*w + x*z - b/w", "max(w, z)*b", "v*w**2 + 0*b", "w", "x**w + relu(v - z)", "floor(w)*x"],
)
def test_a_gradient_has_the_shape_of_its_variable(source: str) -> None:
    """It is that of the sum of all elements of f: a scalar that goes into many of them gets the sum over them."""
    np = pytest.importorskip("numpy")
    random = np.random.default_rng(0)
    graph = Program(source).graph()
    point = {node.name: random.uniform(0.5, 2.0, SHAPES[node.name]) for node in graph.variables}
    scope: dict[str, Any] = {}
    exec(render(Stages(graph), "numpy", {}), scope)
    value, gradient = scope["forward_backward"](**point)
    repeated = dict(zip(point, np.broadcast_arrays(*point.values()), strict=True))
    traces = [
        backprop(source, {name: each[place] for name, each in repeated.items()}) for place in np.ndindex(value.shape)
    ]
    for name, values in point.items():
        assert gradient[name].shape == values.shape
        assert gradient[name].sum() == pytest.approx(sum(trace.gradient[name] for trace in traces), rel=1e-12)
    (one, *_) = point
    moved = {**point, one: point[one] + 1e-6}
    if point[one].ndim == 0 and "floor" not in source:
        slope = (scope["forward_backward"](**moved)[0] - value).sum() / 1e-6
        assert gradient[one] == pytest.approx(slope, rel=1e-4)


@pytest.mark.parametrize("target", ["numpy", "torch", "jax"])
def test_every_language_of_arrays_shapes_its_gradients(target: str) -> None:
    source = command("code", "w*x", "--to", target).out
    compile(source, target, "exec")
    assert re.search(r"^    dw = .*\bdw\b.*\bw\b", source.partition("# each in the shape")[2], re.MULTILINE)
    assert "shape of" not in command("code", "w*x", "--to", target, "--w", "1", "--x", "2").out
