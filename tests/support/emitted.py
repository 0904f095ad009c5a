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
from backprop_cli.errors import InputError
from backprop_cli.graph.expand import expand
from backprop_cli.language.program import Program
from backprop_cli.passes.compute import compute
from backprop_cli.passes.point import complete
from backprop_cli.passes.settings import Settings
from backprop_cli.passes.trace import Trace
from backprop_cli.rules.table import TABLE
from backprop_cli.study import reference
from backprop_cli.view.code.staged import Input, render
from backprop_cli.view.code.stages import Stages, local_name
from backprop_cli.view.code.targets import TARGETS

from .formulas import FORMULAS, sample
from .rows import MODELS


class Case(NamedTuple):
    """An expression or program at a point. opened: whether gates made of gates are opened too."""

    source: str
    point: dict[str, str]
    wrt: list[str] | None = None
    ties: str = "both"
    opened: bool = False


def traced(case: Case) -> Trace:
    graph = expand(Program(case.source).graph(case.point), modules_only=not case.opened)
    return compute(graph, case.point, Settings(case.wrt, case.ties))


def program(case: Case, target: str) -> str:
    """The program at the case's point."""
    trace = traced(case)
    inputs = {name: Input(value) for name, value in complete(case.point, FLOATS).items()}
    return render(Stages(trace.graph, case.wrt), target, inputs, ties=case.ties, trace=trace)


def said(cases: Sequence[Case], target: str) -> list[Case]:
    """Those of the cases for whose functions the target has words: it says of the others which it has not."""

    def is_said(case: Case) -> bool:
        try:
            return bool(program(case, target))
        except InputError as error:
            if f"--to {target} has no " in error.message:
                return False
            raise

    found = [case for case in cases if is_said(case)]
    assert len(found) > 0.8 * len(cases)
    return found


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
    names = ["main", *TARGETS["c"].helpers.keys() - {"pi", "e"}, "PI", "E"]
    names += [local_name(op, slot) for op in [*TABLE, *MODELS] if not op.chooses for slot in range(len(op.inputs))]
    lines = ["#define _XOPEN_SOURCE 600", "#include <math.h>", "#include <stdio.h>", "#include <stdlib.h>"]
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
    f = trace.graph.output.name if trace.graph.output.kind != "constant" else "f"
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


EXAMPLES = [
    Case(trace.graph.source, {name: str(value) for name, value in trace.point.items()})
    for trace in map(reference.example, TABLE)
    if trace
]
"""One of each primitive."""
SELECTION = [Case(formula.expression, formula.point) for formula in sample(FORMULAS, 8)]


def point(**values: str) -> dict[str, str]:
    return values


EDGES = [
    # Choices, and branches not taken that have no value, or a slope that is infinite
    Case("where(x > 0, sqrt(x), 0)", point(x="0")),
    Case("where(x > 0, log(x)*y, x < -1 ? 1/x : sqrt(y))", point(x="-2", y="3")),
    Case("where(x > 0, log(x)*y, x < -1 ? 1/x : sqrt(y))", point(x="0", y="3")),
    Case("x*sqrt(y) + y/x if x != 0 and log(y) > 1 or not y <= 9 else exp(y)/(x - 0)**0", point(x="0", y="4")),
    Case("Piecewise((x**y, x >= 0), (log(-x), y == 2), (acos(x), True))", point(x="-3", y="2")),
    Case("a = 1/x if 0 < x < 1 else x*x; b = log(a - 9) if a > 9 else a; a*b + max(b, x)", point(x="-1")),
    Case("where(2 < 1, log(x), x) + (x if 1 <= 1 else 1/(x - x))", point(x="-1")),
    Case("safe(t, g) = where(t > 0, g, 0); safe(x, log(x)) + safe(y, y**0.5)", point(x="-1", y="4")),
    # Constants that have no value, where no branch that is taken needs them
    Case("k = sqrt(-1); where(x > 0, x, k + y*(1/0)) + (log(-1) if x > y else y)", point(x="2", y="3")),
    # What raises in Python where it has no value, on the side that is not taken, and as an input that a module ignores
    Case("where(x > 0, gamma(x) + digamma(x) + beta(x, 3), x)", point(x="-1")),
    Case("where(x < 100, gamma(x) + erfcx(-x), x)", point(x="200")),
    Case("m(t, u) = u if u < u else u*2; m(1/x, y)", point(x="0", y="25")),
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
    Case("mean(x, y)/1e9 + mean(x, y, 2, -y)/1e9", point(x="1.5e308", y="1e308")),
    Case("mean(x, y)", point(x="3e-308", y="3e-308")),
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
    Case("lbeta(x, y)", point(x="-1.7", y="213.8")),
    Case("digamma(x)", point(x="1.4616321449683622")),  # beside its zero
    Case("lgamma(x)", point(x="0.999999999")),
    Case("zeta(x)", point(x="-1e-17")),
    # The parts of a sum of powers add up to 1, however large these are; what is small beside 1 tells beside 0
    Case("logsumexp(x, y, 3)*2", point(x="1e300", y="1e300")),
    Case("logsumexp(x, y, z)", point(x="1e10", y="10000000000.5", z="-1e308")),
    Case("logsumexp(x, y, -50) + where(x > 1, logsumexp(x, 1/x), logaddexp(y, -45))", point(x="0", y="-40")),
    Case("logaddexp(x, y)", point(x="1e300", y="1e300")),
    Case("mean(x, y, 3)", point(x="1", y="-4")),
    # Nothing overflows or underflows on the way of a product
    *(Case("prod(x, y, z, w)", point(x="1e300", y=y, z=z, w="1e-300")) for y, z in [("1e300", "0"), ("3e-300", "2e9")]),
    *(Case("prod(x, y, z, w, 2, u, x*y, v, 1/3, u*u)", point(x="1e300", y=y, z="-2", w="1e-200", u="3", v="1e-150"))
      for y in ("0", "1e-100")),
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
    Case("s(t) = exp(1)*t; e = 3; f = s(e)*e*x", point(x="0.5")),
    Case("n(w, x, b) = sigmoid(w*x + b); f = n(u, n(v, a, 1), 2)", point(u="1", v="2", a="-1"), opened=True),
    Case("hypot(x, y, z)*tanh(x)*softplus(y)", point(x="1", y="2", z="3"), opened=True),
    Case("x**3*y", point(x="1.5", y="2"), ["y"]),
    # An output that no asked variable reaches
    Case("q = x*y; a = b", point(x="1", y="2", b="3"), ["x", "y"]),
    Case("q = x*y; f = 2*b", point(x="1", y="2", b="3"), ["y"]),
    Case("q = x*y; f = 2*pi", point(x="1", y="2")),
    Case("q = x*y; 10 % 3", point(x="1", y="2")),
]  # fmt: skip


CASES = [*SELECTION, *EXAMPLES, *EDGES]
