"""Whatever a view prints as an expression, the program reads, with the value that it is printed for: every row."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import mpmath
import pytest

from backprop_cli import Trace, backprop
from backprop_cli.language.program import Program
from backprop_cli.rules.formula import Formula
from backprop_cli.rules.op import Op
from backprop_cli.rules.printer import BY_HAND, READING, TYPED
from backprop_cli.rules.table import TABLE
from support.command import run
from support.rows import NUMERIC, SPECIAL, WITH_ORDER, inside, with_gradient

PRINTERS = {"reading": READING, "typed": TYPED, "by hand": BY_HAND}


def names_of(op: Op) -> list[str]:
    return ["x", "y", "z"] if op.variadic else [*op.inputs]


def value_of(text: str, point: Mapping[str, str], precision: int | None = None) -> Any:
    """The value of what is printed, of whose names all have a value."""
    used = {node.name for node in Program(text).graph(point).variables}
    trace = backprop(text, {name: point[name] for name in used}, wrt=[], precision=precision)
    return number(trace, trace.value)


def number(trace: Trace, value: Any) -> Any:
    """A value of the trace; where it has many digits, as a number of mpmath."""
    return value if isinstance(value, float) else mpmath.mpf(trace.arithmetic.exactly(value))


@pytest.mark.parametrize("printer", PRINTERS)
def test_every_rule_is_read_and_is_the_local_gradient(printer: str) -> None:
    for op in [*NUMERIC, *SPECIAL, *WITH_ORDER]:
        names = names_of(op)
        point, wrt = inside(op, names), with_gradient(op, names)
        trace = backprop(op.written(names), point, wrt=wrt)
        assert value_of(PRINTERS[printer].text(op.applied(map(Formula, names))), point) == pytest.approx(trace.value)
        for edge in trace.edges:
            if edge.local is not None:
                text = PRINTERS[printer].text(op.local(edge.slot, names, "out"))
                assert value_of(text, {**point, "out": repr(trace.value)}) == pytest.approx(edge.local), text


@pytest.mark.parametrize("printer", PRINTERS)
def test_conditions_and_choices_are_read(printer: str) -> None:
    for op in [each for each in TABLE if each.truth or each.conditions]:
        inputs = [
            Formula("gt", Formula(name), 0) if i in op.conditions else Formula(name) for i, name in enumerate("xyz")
        ]
        inputs = inputs[: len(op.inputs)]
        formulas = [op.applied(inputs), *(op.local(i, inputs, "out") for i in range(len(inputs)) if not op.truth)]
        for formula in formulas:
            chosen = Formula("where", formula, 1, 2) if op.truth else formula
            if "none" not in formula.words:
                Program(PRINTERS[printer].text(chosen)).graph()


def texts(data: Any, keys: Iterable[str]) -> list[str]:
    """The texts that stand under these keys, anywhere in a document."""
    if isinstance(data, dict):
        own = [value for key, value in data.items() if key in keys and isinstance(value, str)]
        of_names = [each for key in keys if isinstance(data.get(key), dict) for each in data[key].values()]
        return [*own, *of_names, *(text for value in data.values() for text in texts(value, keys))]
    return [text for value in data for text in texts(value, keys)] if isinstance(data, list) else []


@pytest.mark.slow
def test_what_derive_prints_of_every_row_is_read() -> None:
    for op in [*NUMERIC, *SPECIAL, *WITH_ORDER]:
        names = names_of(op)
        point, wrt = inside(op, names), with_gradient(op, names)
        result = run("derive", op.written(names), "--wrt", ",".join(wrt), "--json")
        data = json.loads(result.out)
        for text in texts(data, ("value", "upstream", "local", "chained")):
            value_of(text, point)
        trace = backprop(op.written(names), point, wrt=wrt, precision=30)
        for name in wrt:
            gradient = number(trace, trace.gradient[name])
            assert value_of(data["gradient"][name], point, 30) == pytest.approx(gradient, rel=1e-20), op
            assert value_of(data["simplified"][name], point, 30) == pytest.approx(gradient, rel=1e-20), op
            at = {**point, "f": trace.arithmetic.exactly(trace.value)}
            assert value_of(data["named"][name], at, 30) == pytest.approx(gradient, rel=1e-15), op


EXACT = {
    "digamma(x)": ["1", "1/2", "1/3", "5"],
    "polygamma(1, x)": ["1", "1/2", "1/4", "2/3"],
    "polygamma(2, x)": ["1", "3"],
    "polygamma(3, x)": ["1", "1/2"],
    "gamma(x)": ["1/3", "7/2", "1"],
    "lgamma(x)": ["1/3", "7", "-1/2"],
    "log2(x)": ["3"],
    "asec(x)": ["2", "-3"],
    "cot(x)": ["2", "pi/5"],
    "sigmoid(x)": ["1", "-2/3"],
    "normcdf(x)": ["1", "-1/2"],
    "cbrt(x)": ["-2", "5"],
}
"""What has an exact value that takes functions to write, and where."""


@pytest.mark.parametrize("expression", EXACT)
def test_exact_numbers_are_read(expression: str) -> None:
    for x in EXACT[expression]:
        exactly, digits = (
            backprop(expression, {"x": x}, **options) for options in ({"exact": True}, {"precision": 40})
        )
        shown = exactly.arithmetic.exactly
        assert value_of(shown(exactly.value), {}, 40) == pytest.approx(number(digits, digits.value), rel=1e-30), x
        assert value_of(shown(exactly.gradient["x"]), {}, 40) == pytest.approx(
            number(digits, digits.gradient["x"]), rel=1e-30
        ), x
