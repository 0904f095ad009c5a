"""Formulas from the literature, each with its source and a point where it is well conditioned."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from backprop_cli.language.program import Program
from backprop_cli.rules.op import Op


class Formula(NamedTuple):
    name: str
    expression: str
    point: dict[str, str]
    source: str


def _load() -> list[Formula]:
    files = sorted((Path(__file__).parents[1] / "formulas").glob("*.toml"))
    return [Formula(**entry) for file in files for entry in tomllib.loads(file.read_text("utf-8"))["formula"]]


FORMULAS = _load()


@cache
def gates(expression: str) -> list[Op]:
    """The operations that a formula is made of."""
    names = next(each.point for each in FORMULAS if each.expression == expression)
    return [gate.op for gate in Program(expression).graph(list(names)).gates]


def sample(formulas: Iterable[Formula], step: int = 12, uses: int = 1) -> list[Formula]:
    """Every so manyth formula, and the first ones that use a primitive."""
    used: Counter[Op] = Counter()
    chosen = []
    for number, formula in enumerate(formulas):
        ops = set(gates(formula.expression))
        if number % step == 0 or any(used[op] < uses for op in ops):
            used.update(ops)
            chosen.append(formula)
    return chosen


def each_of(formulas: Iterable[Formula]) -> pytest.MarkDecorator:
    """A test for each of these formulas, of which the fast suite takes a sample."""
    formulas = list(formulas)
    fast = sample(formulas)
    cases = [pytest.param(each, id=each.name, marks=() if each in fast else pytest.mark.slow) for each in formulas]
    return pytest.mark.parametrize("formula", cases)
