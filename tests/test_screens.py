"""Screens of every command, as a terminal of 40, 80 and 200 columns shows them, recorded in screens/.

`python tests/test_screens.py` writes them anew; the diff then shows what changed.
"""

from __future__ import annotations

import json
import shlex
import tempfile
from functools import cache
from pathlib import Path

import pytest

from backprop_cli.cli.options import COMMANDS
from support.screens import screens

FOLDER = Path(__file__).parent / "screens"
STALE = "if the new screens are right, `python tests/test_screens.py` writes them"
WIDTHS = (40, 80, 200)

FILES = {
    "net.bp": "a1 = w11*x1 + w12*x2 + b1\na2 = w21*x1 + w22*x2 + b2\nh1 = tanh(a1)\nh2 = max(a2, 0)\n"
    "p = sigmoid(v1*h1 + v2*h2 + c)\nloss = (p - t)**2/2\n",
    "net.json": json.dumps({
        "x1": 1, "x2": -0.5, "w11": 0.4, "w12": -1.2, "w21": 0.7, "w22": 0.3, "b1": 0.1, "b2": -0.8, "v1": 1.1,
        "v2": -0.7, "c": 0.05, "t": 1,
    }),
    "points.csv": "student,x,y\nann,1,2\nbob,0.1,-3\n",
    "line.csv": "x,y\n1,2.1\n2,3.9\n3,6.2\n",
    "many.csv": "x,y\n" + "1,2\n" * 500,
}  # fmt: skip
TWELVE = " ".join(f"--{name} {1.5 + i / 3:.4g}" for i, name in enumerate("abcdefghijkl"))

CALLS: dict[str, list[str]] = {
    "backprop": ["", "--help"],
    "eval": [
        "eval 'sigmoid(w*x)' --w 2 --x 1",
        "eval 'sigmoid(w*x)' --w 2 --x 1 --precision 40",
        "eval 'sigmoid(w*x)' --w 2 --x 1/3 --exact",
        f"eval 'a*b*c + d*e*f + g*h*i + j*k*l' {TWELVE} --hessian",
        "eval 'exp(a_name_that_takes_half_of_a_terminal*x)' --x 1/3 --a_name_that_takes_half_of_a_terminal 2",
        "eval 'relu(x) + log(1 + x*x)' --x 0",
    ],
    "points": ["points 'x*y' points.csv", "points 'x*y' many.csv >"],
    "minimize": [
        "minimize '(x-3)^2 + (y+1)^2' --start x=0,y=0 --plot -",
        "minimize 'log(x)' --start x=1 --rate 2",
        "minimize 'sum(W*W)' --start 'W=[[1,2,3],[4,5,6]]' --steps 3",
    ],
    "fit": ["fit 'a*x + b' --target y --data line.csv --start a=1,b=0", "fit 'a*x + b' --target y --data line.csv"],
    "explain": ["explain 'sigmoid(w*x + b)' --w 2 --x -1 --b 0.5", "explain 'x*x/y' --x 1/3 --y 7 --precision 40"],
    "page": ["page 'x*y' --x 2 --y 3", "page 'x*y' --x 2 --y 3 -o page.html"],
    "derive": ["derive 'sigmoid(w*x + b)' --wrt w,b --x 2", "derive 'sigmoid(w*x + b)' --x 2 --steps"],
    "check": [
        "check 'relu(w*x)/b' --w 2 --x 3 --b 7",
        "check 'sigmoid(w*x)' --w 2 --x 1 --claim x=0.1 --claim w=x*exp(-w*x)/(1+exp(-w*x))**2",
    ],
    "code": ["code 'sigmoid(w*x)'"],
    "graph": [
        "graph 'sigmoid(w*x + b)' --w 2 --x -1 --b 0.5",
        "graph --file net.bp",
        "graph --file net.bp --at net.json",
    ],
    "ops": ["ops atan2 pow"],
    "cache": ["cache"],
    "completion": ["completion tcsh"],
    "errors": [
        "eval 'sigmoid(weight*x + bias) + sigmoid(weight*y + bias) + sigmoud(x) + sigmoid(weight*z + bias)'",
        "eval 'sigmoid(weight*x + bias)' --x 1",
        "eval 'log(x - y)' --x 1 --y 1",
        "eval 'x*y' --x 1 --y 2 --format yaml",
        "graph 'x*y' --theme dark",
    ],
}
"""By file, what is typed after `backprop`. `--help` of each command is added, for the narrowest terminal."""


def lines(name: str) -> list[tuple[int, str]]:
    """What is typed, and in a terminal of which width."""
    typed = [(columns, line) for line in CALLS[name] for columns in WIDTHS]
    return [*typed, (WIDTHS[0], f"{name} --help")] if name in COMMANDS else typed


@cache
def recorded() -> dict[str, str]:
    """By file its screens, each under a line that says what was typed."""
    typed = [(name, *line) for name in CALLS for line in lines(name)]
    with tempfile.TemporaryDirectory() as folder:
        for file, text in FILES.items():
            Path(folder, file).write_text(text)
        found = screens([(columns, shlex.split(line)) for _, columns, line in typed], Path(folder))
    pages: dict[str, list[str]] = {name: [] for name in CALLS}
    for (name, columns, line), text in zip(typed, found, strict=True):
        pages[name].append(f"[{columns} columns] $ {f'backprop {line}'.strip()}\n{text}")
    return {name: "\n".join(page) for name, page in pages.items()}


def test_every_command_has_its_screens() -> None:
    assert {*COMMANDS} <= {*CALLS}
    for command in COMMANDS:
        assert all(line.split()[0] == command for line in CALLS[command])


@pytest.mark.parametrize("name", CALLS)
def test_screens_are_those_recorded(name: str) -> None:
    if name == "fit":
        pytest.importorskip("scipy")
    assert recorded()[name] == (FOLDER / f"{name}.txt").read_text(encoding="utf-8"), STALE


def write() -> None:
    """Put the present screens where the test expects them."""
    for name, text in recorded().items():
        (FOLDER / f"{name}.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
