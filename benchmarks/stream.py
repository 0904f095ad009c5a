"""Many points through one expression: JSON lines in, value and gradient out, each contender a whole process."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness import NOT_AVAILABLE, NOT_INSTALLED, Contender, Settings, Table, compare, nothing, seconds
from oneshot import OneShot, environment
from peers import installed

EXPRESSIONS = ("(x+y)*z", "(a*x + b - y)**2", "((x*y + z)*x - y/z)*(x - z*y + 2)")
"""What every contender can write, micrograd included."""

OURS, LOOP = "backprop points", "backprop eval, a shell loop"
LOOP_CALLS = 10

_EACH_LINE = """
import json, sys
FORMULA, NAMES = sys.argv[1], sys.argv[2].split()
{before}
for line in sys.stdin:
    p = json.loads(line)
    {each}
    print(json.dumps({{"value": float(value), "gradient": dict(zip(NAMES, map(float, gradient)))}}))
"""

_FUNCTION = "f = eval(f'lambda {\",\".join(NAMES)}: {FORMULA}')\n"

PEERS = {
    "micrograd": (
        "from micrograd.engine import Value\n" + _FUNCTION,
        "xs = [Value(p[n]) for n in NAMES]; out = f(*xs); out.backward(); "
        "value, gradient = out.data, [x.grad for x in xs]",
    ),
    "SymPy": (
        "import sympy\nf = sympy.sympify(FORMULA)\n"
        "g = sympy.lambdify(NAMES, [f, *(f.diff(n) for n in NAMES)], 'math', cse=True)",
        "value, *gradient = g(*(p[n] for n in NAMES))",
    ),
    "symengine": (
        "import symengine\nf = symengine.sympify(FORMULA); xs = symengine.symbols(NAMES)\n"
        "g = symengine.Lambdify(xs, [f, *(f.diff(x) for x in xs)])",
        "value, *gradient = g([p[n] for n in NAMES])",
    ),
    "CasADi": (
        "import casadi\nxs = [casadi.SX.sym(n) for n in NAMES]; v = casadi.vertcat(*xs)\n"
        "f = eval(FORMULA, dict(zip(NAMES, xs))); g = casadi.Function('g', [v], [f, casadi.gradient(f, v)])",
        "value, gradient = g([p[n] for n in NAMES]); gradient = gradient.full().ravel()",
    ),
    "autograd": (
        _FUNCTION + "from autograd import value_and_grad\ng = value_and_grad(f, tuple(range(len(NAMES))))",
        "value, gradient = g(*(p[n] for n in NAMES))",
    ),
    "torch": (
        "import torch\n" + _FUNCTION,
        "xs = [torch.tensor(p[n], dtype=torch.float64, requires_grad=True) for n in NAMES]; out = f(*xs); "
        "out.backward(); value, gradient = out, [x.grad for x in xs]",
    ),
    "JAX": (
        "import jax\njax.config.update('jax_enable_x64', True)\n"
        + _FUNCTION
        + "g = jax.jit(jax.value_and_grad(f, tuple(range(len(NAMES)))))",
        "value, gradient = g(*(p[n] for n in NAMES))",
    ),
}
"""Before the first line, and for each line; it leaves `value` and `gradient`."""


def measure(settings: Settings) -> list[Table]:
    """Microseconds a point, start included."""
    with tempfile.TemporaryDirectory() as home:
        return [one_expression(settings, expression, Path(home)) for expression in EXPRESSIONS]


def one_expression(settings: Settings, expression: str, home: Path) -> Table:
    names = [name for name in "abxyz" if name in expression]
    points = [
        {name: 0.5 + ((i * k * 37) % 199) / 100 for k, name in enumerate(names, 1)} for i in range(settings.points)
    ]
    file, few = home / "points.jsonl", home / "few.jsonl"
    file.write_text("".join(json.dumps(point) + "\n" for point in points), encoding="utf-8")
    few.write_text("".join(json.dumps(point) + "\n" for point in points[:3]), encoding="utf-8")
    where, expected = environment(home), library(expression, points[:3])

    def contender(name: str, words: list[str], input_of_ours: bool = False, missing: str = "") -> Contender:
        def words_for(source: Path) -> list[str]:
            return [*words, str(source)] if input_of_ours else words

        def prepare() -> None:
            check(answers(words_for(few), few, where), expected, names)

        def turn() -> float:
            return 1e6 * seconds(lambda: read_by_nobody(words_for(file), file, where)) / len(points)

        return Contender(name, None if missing else turn, missing, prepare)

    values = [f"--{name}={value}" for name, value in points[0].items() if name != "x"]
    one_call = OneShot(LOOP, [settings.backprop, "eval", expression, "--x={x}", *values, "--json"])
    contenders = [
        contender(
            OURS,
            [settings.backprop, "points", expression],
            input_of_ours=True,
            missing="" if "points" in settings.features else NOT_AVAILABLE,
        ),
        Contender(LOOP, lambda: 1e6 * seconds(lambda: one_call.loop(LOOP_CALLS, where)) / LOOP_CALLS, prepare=nothing),
    ]
    for name, (before, each) in PEERS.items():
        code = _EACH_LINE.format(before=before, each=each)
        missing = "" if installed(name.lower()) else NOT_INSTALLED
        contenders.append(contender(name, [sys.executable, "-c", code, expression, " ".join(names)], missing=missing))
    title = f"{len(points):,} points by the stream: {expression}"
    table = compare(title, "µs a point", contenders, min(3, settings.rounds), OURS)
    return table._replace(
        goals=(
            table.at_least(100, LOOP, OURS, f"stream: a shell loop ÷ ours, {expression}"),
            table.at_least(3, "micrograd", OURS, f"stream: micrograd ÷ ours, {expression}"),
        )
    )


def library(expression: str, points: Sequence[Mapping[str, float]]) -> list[list[float]]:
    """Value and gradient at each point, by our library."""
    from backprop_cli import backprop

    traces = [backprop(expression, point) for point in points]
    return [
        [trace.value, *(trace.gradient[name] for name in point)] for trace, point in zip(traces, points, strict=True)
    ]


def answers(words: Sequence[str], source: Path, where: Mapping[str, str]) -> list[str]:
    """The lines that a process answers to the lines of a file."""
    with source.open("rb") as lines:
        result = subprocess.run(words, stdin=lines, env=where, capture_output=True, check=False)
    if result.returncode:
        raise ValueError(result.stderr.decode(errors="replace").strip()[-200:])
    return result.stdout.decode().splitlines()


def read_by_nobody(words: Sequence[str], source: Path, where: Mapping[str, str]) -> None:
    """Let a process answer the lines of a file, without the time that it takes to receive the answers."""
    with source.open("rb") as lines:
        subprocess.run(words, stdin=lines, env=where, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)


def check(lines: Sequence[str], expected: Sequence[Sequence[float]], names: Sequence[str]) -> None:
    """Each line must hold the value and the gradient of its point, so that only the same computations are compared."""
    for line, numbers in zip(lines, expected, strict=True):
        document = json.loads(line)
        found = [document["value"], *(document["gradient"][name] for name in names)]
        if any(abs(a - b) > 1e-12 * max(1, abs(b)) for a, b in zip(found, numbers, strict=True)):
            raise ValueError(f"answered {found}, and the gradient is {numbers}")
