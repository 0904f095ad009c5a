"""From text to a graph, after import: sums of many terms, beside other parsers and beside Python's own."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial

from harness import NOT_INSTALLED, Contender, Goal, Settings, Table, busy, compare
from peers import installed, load

OURS = "backprop, to the graph"
SYMPY_STOPS = 1_000
"""Terms beyond which SymPy is not tried: its time grows with their square, to minutes."""


def measure(settings: Settings) -> list[Table]:
    """Milliseconds for sums of so many terms; and whether time grows as the text does."""
    tables = [one_size(terms, settings.rounds) for terms in settings.terms]
    small, large = tables[0], tables[-1]
    longest, shortest = settings.terms[-1], settings.terms[0]
    a, b = small.median(OURS), large.median(OURS)
    goals = [Goal(f"parser: seconds for {longest:,} terms", b / 1e3 if b else None, "at most", 1)]
    if len(tables) > 1 and a and b:
        growth = (b / longest) / (a / shortest)
        goals.append(Goal(f"parser: a term of {longest:,} ÷ a term of {shortest:,}", growth, "at most", 1.5))
    return [*tables[:-1], large._replace(goals=tuple(goals))]


def one_size(terms: int, rounds: int) -> Table:
    from backprop_cli.language.program import Program

    text = " + ".join(f"a{i % 40}*sin(b{i % 30} - {i}.5)" for i in range(terms))
    contenders = [
        Contender(OURS, partial(milliseconds, lambda: Program(text).graph())),
        parser("SymPy, sympify", "sympy", lambda library: library.sympify, text, terms),
        parser("SymPy, parse_expr without evaluation", "sympy.parsing.sympy_parser", unevaluated, text, terms),
        parser("symengine, sympify", "symengine", lambda library: library.sympify, text, terms),
        Contender("Python, ast.parse", partial(milliseconds, lambda: ast.parse(text))),
    ]
    title = f"Parsing a sum of {terms:,} terms, {len(text):,} characters"
    return compare(title, "ms", contenders, min(rounds, 3) if terms >= 1_000 else rounds, OURS)


def unevaluated(library: object) -> Callable[[str], object]:
    return partial(library.parse_expr, evaluate=False)  # type: ignore[attr-defined]


def parser(
    name: str, module: str, function: Callable[..., Callable[[str], object]], text: str, terms: int
) -> Contender:
    if not installed(module.partition(".")[0]):
        return Contender(name, None, NOT_INSTALLED)
    if module.startswith("sympy") and terms > SYMPY_STOPS:
        return Contender(name, None, "not tried at this size")
    parse = function(load(module))
    return Contender(name, partial(milliseconds, lambda: parse(text)))


def milliseconds(call: Callable[[], object]) -> float:
    return 1e3 * busy(call)
