"""Formulas from the literature: value and gradient against SymPy's own derivative, evaluated to 50 digits."""

from __future__ import annotations

from collections import Counter

import mpmath
import pytest

from backprop_cli import backprop
from backprop_cli.language.program import Program
from support import oracle
from support.formulas import FORMULAS, Formula, each_of
from support.rows import NUMERIC, SPECIAL

TOLERANCE = 1e-12
"""Relative. Every formula is held to it: the points were chosen where the formulas are well conditioned."""


def test_there_are_hundreds_of_formulas() -> None:
    assert len(FORMULAS) >= 800


def test_names_are_unique() -> None:
    assert [name for name, count in Counter(formula.name for formula in FORMULAS).items() if count > 1] == []


def test_expressions_are_different_formulas() -> None:
    repeated = Counter((formula.expression, *sorted(formula.point.items())) for formula in FORMULAS)
    assert [key for key, count in repeated.items() if count > 1] == []


def test_every_formula_has_a_source_and_a_point_for_its_variables() -> None:
    for formula in FORMULAS:
        assert formula.source.strip(), formula.name
        assert set(formula.point) == set(oracle.variables(formula.expression, list(formula.point))), formula.name


@pytest.mark.slow
def test_every_primitive_is_used() -> None:
    used = {gate.op for formula in FORMULAS for gate in Program(formula.expression).graph(list(formula.point)).gates}
    assert [op.call for op in [*NUMERIC, *SPECIAL] if op not in used] == []


def relative_error(got: oracle.Number, expected: oracle.Number) -> float:
    """Where the oracle's answer is 0 it is so by structure (an edge that is not selected): only 0 will do."""
    with mpmath.workdps(oracle.WORKING):
        if expected == 0:
            return 0.0 if got == 0 else mpmath.inf
        return float(abs((got - expected) / expected))


@each_of(FORMULAS)
def test_value_and_gradient_are_those_of_sympy(formula: Formula) -> None:
    # The oracle takes every decimal, in the formula and in the point, for the decimal that is written. This is what a
    # person means, and the sterner of the two choices: the program's rounding of its inputs counts as its error.
    value, gradient = oracle.sympy_gradient(formula.expression, formula.point)

    # That SymPy was told the truth about the functions that it does not know is checked by taking no derivative at all.
    value_again, gradient_again = oracle.complex_step(formula.expression, formula.point)
    assert relative_error(value_again, value) < 1e-45
    assert max(relative_error(gradient_again[name], gradient[name]) for name in gradient) < 1e-45

    trace = backprop(formula.expression, formula.point)
    assert set(trace.gradient) == set(gradient)
    errors = {"value": relative_error(trace.value, value)}
    errors |= {f"∂/∂{name}": relative_error(trace.gradient[name], gradient[name]) for name in gradient}
    assert {what: error for what, error in errors.items() if error > TOLERANCE} == {}
