"""Programs that `backprop code` writes, and what they print when they are run as they stand."""

from __future__ import annotations

import contextlib
import io
import json
import math
import shutil
import subprocess
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from backprop_cli.arithmetic import FLOATS
from backprop_cli.graph.expand import expand
from backprop_cli.language.program import compile_expression
from backprop_cli.passes import point
from backprop_cli.passes.settings import Settings, compute
from backprop_cli.passes.trace import Trace
from backprop_cli.view.code.staged import Input, render
from backprop_cli.view.code.stages import Stages
from backprop_cli.view.code.targets import TARGETS


class Case(NamedTuple):
    """An expression or program at a point. opened: whether gates made of gates are opened too."""

    source: str
    point: dict[str, str]
    wrt: list[str] | None = None
    ties: str = "both"
    opened: bool = False


def traced(case: Case) -> Trace:
    graph = expand(compile_expression(case.source, case.point), modules_only=not case.opened)
    return compute(graph, case.point, Settings(case.wrt, case.ties))


def program(case: Case, target: str) -> str:
    """The program at the case's point."""
    trace = traced(case)
    inputs = {name: Input(value) for name, value in point.complete(case.point, FLOATS).items()}
    return render(Stages(trace.graph, case.wrt), target, inputs, ties=case.ties, trace=trace)


def function(case: Case, target: str) -> str:
    """The program as a function of all variables."""
    return render(Stages(traced(case).graph, case.wrt), target, {}, ties=case.ties)


def run_python(sources: Sequence[str]) -> list[str]:
    outputs = []
    for source in sources:
        with contextlib.redirect_stdout(io.StringIO()) as printed, warnings.catch_warnings():
            # NumPy warns of a square that is infinite, though its reciprocal, 0, is right; and where it computes both
            # sides of a choice, of the one that is not taken.
            warnings.filterwarnings("ignore", "(overflow|invalid value) encountered", RuntimeWarning)
            exec(compile(source, "<program>", "exec"), {"__name__": "__main__"})
        outputs.append(printed.getvalue())
    return outputs


def run_c(sources: Sequence[str], folder: Path) -> list[str]:
    """All programs in one run of the compiler: each is included as it stands, with names of its own."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not here")
    names = ["main", *TARGETS["c"].helpers.keys() - {"pi", "e"}, "PI", "E", "pow_dx", "pow_dy", "bump_dx"]
    lines = ["#include <math.h>", "#include <stdio.h>", "#include <stdlib.h>"]
    for number, source in enumerate(sources):
        (folder / f"{number}.c").write_text(source, encoding="utf-8")
        lines += [line for name in names for line in (f"#undef {name}", f"#define {name} {name}_{number}")]
        lines.append(f'#include "{number}.c"')
    calls = " ".join(f'main_{number}(); puts("--");' for number in range(len(sources)))
    (folder / "all.c").write_text("\n".join([*lines, "#undef main", f"int main(void) {{ {calls} return 0; }}\n"]))
    strict = ["-std=c99", "-pedantic-errors", "-Wall", "-Wextra", "-Werror", "-Wno-unused-variable"]
    subprocess.run(["gcc", *strict, "-o", "all", "all.c", "-lm"], cwd=folder, check=True, timeout=300)
    result = subprocess.run(["./all"], cwd=folder, capture_output=True, encoding="utf-8", check=True, timeout=300)
    return result.stdout.split("--\n")[:-1]


_RUNNER = """
const vm = require("vm");
const sources = JSON.parse(require("fs").readFileSync(0));
console.log(JSON.stringify(sources.map((source) => {
  let printed = "";
  const log = (...words) => { printed += words.join(" ") + "\\n"; };
  vm.runInNewContext('"use strict";\\n' + source, { console: { log } });
  return printed;
})));
"""


def run_javascript(sources: Sequence[str]) -> list[str]:
    if shutil.which("node") is None:
        pytest.skip("node is not here")
    words = ["node", "-e", _RUNNER]
    given = json.dumps(sources)
    result = subprocess.run(words, input=given, capture_output=True, encoding="utf-8", timeout=300)
    assert result.returncode == 0, result.stderr
    outputs: list[str] = json.loads(result.stdout)
    return outputs


def read(output: str) -> dict[str, float]:
    """`df/dx = -4.0`, a line each."""
    pairs = (line.rpartition(" = ") for line in output.splitlines())
    return {name: float(value) for name, _, value in pairs}


def expected(case: Case) -> dict[str, float]:
    trace = traced(case)
    f = trace.graph.output.name if not trace.graph.output.is_constant else "f"
    return {f: trace.value, **{f"d{f}/d{name}": slope for name, slope in trace.gradient.items()}}


def differences(cases: Sequence[Case], outputs: Sequence[str], tolerance: float = 1e-12) -> list[object]:
    """The cases of which a program printed something else than the engine finds."""
    found: list[object] = []
    for case, output in zip(cases, outputs, strict=True):
        got, want = read(output), expected(case)
        close = got.keys() == want.keys() and all(
            math.isclose(got[name], want[name], rel_tol=tolerance) for name in want
        )
        if not close:
            found.append((case, got, want))
    return found
