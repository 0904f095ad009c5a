"""The same answer in each run: whatever seed Python's hashes have, and whatever has been asked before in the process.

SymPy goes through sets, whose order such a seed makes, and remembers what it has worked out.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.command import environment
from support.formulas import FORMULAS

SEEDS = (0, 1)

ASKED = [
    *(["derive", text, "--json"] for text in (
        "max(x, y)*x/(x + y) + abs(x)*y/abs(y)",
        "sigmoid(x)*sigmoid(y)*(1 - sigmoid(x))/sigmoid(y)",
        "tanh(x)*tanh(y)/(tanh(z) + x)",
        "x*abs(y)*abs(z)*abs(w)/(abs(y) + abs(z) + abs(x))",
        "1/(1 + exp(-x))*tanh(y)*abs(x)/max(x, y)",
        "x**2 if x > y and y > 0 else x*y if x + y > 1 else y",
        "min(a*b, b*c, c*a)/(a + b + c)",
        "sqrt((a + d)**2 + (b - c)**2) - sqrt((a - d)**2 + (b + c)**2)",
    )),
    ["derive", "sum((W @ x)**2)", "--W", "[[1, 2]]", "--x", "[3, 4]"],
    ["derive", "sum(softmax(z)*z)", "--z", "[3, 4]", "--expand", "--json"],
    ["derive", "sin(x)*y*exp(x)", "--steps"],
    ["derive", "x*y/(x + y)*exp(x)", "--format", "latex"],
    ["check", "sin(x)**2 + y", "--x", "1", "--y", "2", "--claim", "x = 2*sin(x)*cos(x)"],
    ["check", "x*y*z", "--x", "1", "--y", "2", "--z", "3", "--claim", "x = y"],
    ["eval", "alpha*beta + gamma*delta - sine(x)"],
    ["eval", "x*y*z + w"],
    ["eval", "x*y", "--x", "1", "--yy", "2"],
    ["eval", "x*y", "--x", "1", "--y", "2", "--jsn"],
]  # fmt: skip

CHILD = """\
import json, sys
from support.command import run
for words in json.load(sys.stdin):
    print(json.dumps([words, *run(*words)]), flush=True)
"""


def asked(step: int) -> Iterator[list[str]]:
    yield from ASKED
    others = ("eval --json", "check", "explain", "graph --format dot", "page", "eval --exact --json", "code --to latex")
    for number, formula in enumerate(FORMULAS[::step]):
        yield ["derive", formula.expression, "--json", "--time-limit", "100"]  # what there is time for may depend on it
        name, *more = others[number % len(others)].split()
        yield [name, formula.expression, *more, "--at", json.dumps(formula.point)]


@pytest.mark.slow
def test_answers_do_not_depend_on_the_run() -> None:
    lines = [*asked(24)]
    found: dict[str, set[str]] = {}
    for seed in SEEDS:
        random.Random(seed).shuffle(lines)
        result = subprocess.run(
            [sys.executable, "-c", CHILD],
            input=json.dumps(lines + lines[:10]),  # and some twice
            env=environment({"PYTHONHASHSEED": str(seed), "BACKPROP_NO_CACHE": "1"}),
            cwd=Path(__file__).parent,
            capture_output=True,
            check=True,
            text=True,
        )
        for line in result.stdout.splitlines():
            words, *answer = json.loads(line)
            found.setdefault(json.dumps(words), set()).add(json.dumps(answer))
    assert len(found) == len(lines)
    assert {words: answers for words, answers in found.items() if len(answers) > 1} == {}
