"""Whatever grows, in every command: an answer or a clean refusal, within ten seconds of a processor and a gigabyte."""

from __future__ import annotations

import itertools
import json
import os
import re
import resource
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from support.command import command, environment

SECONDS, GIGABYTE = 10, 1_000_000_000
"""Of processor time, all processes together, and of memory in use at once."""
TOLD = 20_000
"""Bytes on standard error at most."""
SIZES = (1_000, 10_000, 100_000)
"""Of the programs, in characters."""
SAMPLE = 10_000


# -- What grows ----------------------------------------------------------------------------------------------------


Family = Callable[[int], str]
"""A program of about so many characters. Its variables are x, y, x1, x2, …"""


def repeated(sign: str, term: str, around: str = "{}") -> Family:
    """The term again and again; `{i}` in it counts."""

    def text(size: int) -> str:
        count = size // len(f"{term.format(i=size // 10)}{sign}")
        return around.format(sign.join(term.format(i=i) for i in range(1, count + 1)))

    return text


def nested(head: str, tail: str) -> Family:
    return lambda size: head * (size // len(head + tail)) + "x" + tail * (size // len(head + tail))


def lines(first: str, line: str, last: str) -> Family:
    """A first line, then others; `{i}` in them is the number of the line, `{h}` that of the one before."""

    def text(size: int) -> str:
        count = size // (len(line.format(i=size // 20, h=size // 20)) + 1)
        return "\n".join([first, *(line.format(i=i, h=i - 1) for i in range(1, count + 1)), last.format(i=count)])

    return text


def wide(size: int) -> str:
    count = size // len(f"t{size // 20}, x, ")
    return f"m({', '.join(f't{i}' for i in range(1, count + 1))}) = t1*t2\nm({', '.join(['x'] * count)})"


FAMILIES: dict[str, Family] = {
    "sum": repeated(" + ", "x"),
    "sum of products": repeated(" - ", "x*y"),
    "product": repeated("*", "(x + y)"),
    "quotients": nested("1/(y + ", ")"),
    "powers": repeated("**", "x"),
    "polynomial": repeated(" + ", "{i}*x**{i}"),
    "minus signs": nested("-", ""),
    "parentheses": nested("(", ")"),
    "sin in sin": nested("sin(", ")"),
    "exp in exp": nested("exp(-", ")"),
    "log in log": nested("log(2 + ", ")"),
    "gammas": repeated(" + ", "gamma(x + {i}/1000)"),
    "squarings": lines("q0 = x + y/8", "q{i} = q{h}*q{h}", "q{i}"),
    "stages": lines("q0 = x", "q{i} = sin(q{h})*y + x", "q{i}"),
    "unused stages": lines("q0 = x", "q{i} = x*y", "x + y"),
    "doubling modules": lines("m0(t) = t*t", "m{i}(t) = m{h}(m{h}(t))", "m{i}(x)"),
    "nested modules": lines("m0(t) = t*y", "m{i}(t) = m{h}(t) + t", "m{i}(x)"),
    "modules in a row": lines("m(s, t) = 1/(1 + exp(-s*t)); q0 = x", "q{i} = m(q{h}, y)", "q{i}"),
    "variables": repeated(" + ", "x{i}"),
    "products of variables": repeated(" + ", "x{i}*x{i}*x"),
    "a module of many inputs": wide,
    "max": repeated(", ", "x*{i}", "max({})"),
    "max in max": nested("max(y, ", ")"),
    "prod": repeated(", ", "(x + {i}/1000)", "prod({})"),
    "choices in choices": nested("where(x > y, x*y, ", ")"),
    "conditions": repeated(" and ", "x > -{i}", "where({}, x, y)"),
    "an array": repeated(", ", "x*{i}", "sum([{}]*y)"),
    "layers": lines("q0 = [x, y]", "q{i} = relu([[1, 0.1], [0.2, 1]] @ q{h})", "sum(q{i})"),
    "hypot": repeated(", ", "x + {i}", "hypot({})"),
    "long names": lines(f"q{'o' * 120}0 = x", f"q{'o' * 120}{{i}} = q{'o' * 120}{{h}}*y", f"q{'o' * 120}{{i}}"),
    "comments": lines("q = x*y", "# no. {i}", "q + y"),
    "constants": repeated(" + ", "{i}/7"),
    "constant powers": repeated(" * ", "x**(1/{i})"),
    "long numbers": repeated(" + ", "x*3." + "14159265358979323846" * 3),
}  # fmt: skip


# -- What is asked of it -------------------------------------------------------------------------------------------

AT = "--at values.json"
COMMANDS = {
    "table": f"eval {AT}",
    "JSON": f"eval {AT} --json",
    "CSV": f"eval {AT} --format csv",
    "Markdown": f"eval {AT} --format markdown",
    "get": f"eval {AT} --get value --get x",
    "expand": f"eval {AT} --expand",
    "hessian": f"eval {AT} --hessian",
    "precision": f"eval {AT} --precision 50",
    "exact": f"eval {AT} --exact",
    "trust": f"eval {AT} --trust",
    "boxes": "eval --at boxes.json",
    "points": "points points.jsonl",
    "reduced points": "points points.jsonl --reduce mean",
    "minimize": "minimize --start values.json --steps 20",
    "bfgs": "minimize --start values.json --method bfgs",
    "fit": "fit --start x=1 --target z --data data.jsonl",
    "explain": f"explain {AT}",
    "explain JSON": f"explain {AT} --nudge 1e-3 --json",
    "check": f"check {AT}",
    "claim": f"check {AT} --claim x=1",
    "claimed formula": f"check {AT} --claim x=x*y+1",
    "derive": "derive",
    "derive LaTeX": "derive --format latex",
    "tree": f"graph {AT}",
    "dot": f"graph {AT} --format dot",
    "Mermaid": f"graph {AT} --format mermaid",
    "SVG": f"graph {AT} -o picture.svg",
    "page": f"page {AT}",
    **{f"code {to}": f"code --to {to}" for to in ("python", "numpy", "torch", "jax", "c", "javascript", "latex")},
}


class Run(NamedTuple):
    """seconds: of processor time; memory: in bytes, at most."""

    status: int
    out: int
    err: str
    seconds: float
    memory: int


def limit() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (3 * SECONDS, 3 * SECONDS))


def run(program: str, words: str, place: Path) -> Run:
    """The command on this program."""
    names = sorted({"x", *re.findall(r"\b(?:x\d*|y)\b", re.sub("#.*", "", program))})
    values = {name: 0.5 if name == "y" else 1 for name in names}
    (place / "program").write_text(program)
    (place / "values.json").write_text(json.dumps(values))
    (place / "boxes.json").write_text(json.dumps({**values, "x": "0.9..1.1"}))
    points = [{**values, "x": 1 + i / 8, "z": i} for i in range(2)]
    (place / "points.jsonl").write_text("".join(f"{json.dumps(point)}\n" for point in points))
    for point in points:
        del point["x"]
    (place / "data.jsonl").write_text("".join(f"{json.dumps(point)}\n" for point in points))
    line = command(*words.split(), "--file", "program")
    env = environment({"BACKPROP_CACHE_DIR": str(place / "cache")})
    with (place / "out").open("wb") as out, (place / "err").open("wb") as err:
        process = subprocess.Popen(line, stdout=out, stderr=err, cwd=place, env=env, preexec_fn=limit)
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    told = (place / "err").read_text("utf-8")
    seconds, size = used.ru_utime + used.ru_stime, (place / "out").stat().st_size
    return Run(process.returncode, size, told, seconds, used.ru_maxrss * 1024)


def wrong(run: Run) -> str:
    """What is wrong with a run; empty if nothing is."""
    if run.status not in (0, 1, 2) or "Traceback" in run.err:
        return "it crashes"
    if run.status and not run.out and "error: " not in run.err:
        return "it is refused without a word"
    if run.seconds > SECONDS or run.memory > GIGABYTE:
        return "it takes too much"
    return "it tells too much" if len(run.err) > TOLD else ""


@pytest.mark.exhaustive
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_in_every_command(family: str, words: str, size: int, tmp_path: Path) -> None:
    found = run(FAMILIES[family](size), words, tmp_path)
    assert not wrong(found), found


PAIRS = [
    (family, command)
    for _, family, command in zip(
        range(max(len(FAMILIES), len(COMMANDS))), itertools.cycle(FAMILIES), itertools.cycle(COMMANDS), strict=False
    )
]


@pytest.mark.slow
@pytest.mark.parametrize(("family", "command"), PAIRS)
def test_a_family_in_a_command(family: str, command: str, tmp_path: Path) -> None:
    """Each family in one command, and each command with one family."""
    found = run(FAMILIES[family](SAMPLE), COMMANDS[command], tmp_path)
    assert not wrong(found), found
