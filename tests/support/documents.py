"""Command lines whose JSON documents are looked at: the published ones, one for each primitive, and the unusual."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from .command import run
from .rows import NUMERIC, inside

ROOT = Path(__file__).parents[2]


def published() -> list[str]:
    """The commands in examples/, on the pages and in --help, as far as they need no shell."""
    files = [*sorted((ROOT / "examples").glob("*.sh")), ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    text = "\n".join(
        [run("eval", "--help").out, *(file.read_text(encoding="utf-8") for file in files if file.exists())]
    )
    word = r"""(?:[^|"'\n]|"[^"\n]*"|'[^'\n]*')"""
    lines = re.findall(rf"^(?:\$ | +)?backprop eval ({word}*?)(?: \|.*)?$", text, re.MULTILINE)
    return list(dict.fromkeys(line for line in lines if not re.search(r'[`<>\\]|"\$|\$\(|--help', line)))


def without_formats(words: list[str]) -> list[str]:
    """The words but for --get and --format, which would print something else."""
    pairs = list(zip(words, [*words[1:], ""], strict=True))
    skipped = {i + k for i, (word, _) in enumerate(pairs) if word in ("--get", "--format") for k in (0, 1)}
    return [word for i, word in enumerate(words) if i not in skipped and not word.startswith(("--get=", "--format="))]


PUBLISHED = published()


CASES: dict[str, list[str]] = {
    "variable": ["x", "--x", "3"],
    "constant": ["2*pi"],
    "number": ["2"],
    "constants": ["e*x + pi + E", "--x", "1/3"],
    "wrt": ["(x+y)*z", "--x", "-2", "--y", "5", "--z", "-4", "--wrt", "x,z"],
    "tie": ["max(x, y, 3)", "--x", "3", "--y", "3"],
    "tie split": ["min(x, y)", "--x", "3", "--y", "3", "--ties", "split"],
    "tie first": ["min(x, y)", "--x", "3", "--y", "3", "--ties", "first"],
    "kinks": ["abs(x) + relu(x) + sign(x) + floor(y) + ceil(y)", "--x", "0", "--y", "2"],
    "inactive": ["max(sqrt(x), y)", "--x", "0", "--y", "1"],
    "infinite": ["1/x + exp(y)", "--x", "0", "--y", "1e9", "--allow-nonfinite"],
    "not a number": ["x - x", "--x", "inf", "--allow-nonfinite"],
    "extremes": ["x*y + z", "--x", "5e-324", "--y", "-0.0", "--z", "1.7976931348623157e308"],
    "names": ["σ*q1 + f + json", "--σ", "1", "--q1", "2", "--f", "3", "--set", "json=4"],
    "fork": ["x*x*x + x", "--x", "2"],
    "many edges": ["max(" + ",".join(f"v{i}" for i in range(300)) + ")", *(f"--v{i}={i}" for i in range(300))],
    "many gates": ["+".join(["x"] * 1500), "--x", "1"],
    "long": ["+".join(["sin(x)*y"] * 100), "--x", "1", "--y", "2"],
    "precision": ["x/3 + sin(y)", "--x", "1", "--y", "2/7", "--precision", "40"],
    **{line: without_formats(shlex.split(line)) for line in PUBLISHED},
}


def every_primitive() -> Iterator[tuple[str, list[str]]]:
    for op in NUMERIC:
        names = [*op.inputs, "w"] if op.variadic else list(op.inputs)
        yield op.call, [op.written(names), *(f"--{name}={text}" for name, text in inside(op, names).items())]


CASES |= dict(every_primitive())
