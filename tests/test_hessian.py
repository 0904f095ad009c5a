"""Second derivatives: against SymPy's, in floats and to 45 digits; at kinks; where there are none; in every view.

Floats are compared in two ways. Entry by entry, relative to the entry, where the point is as exact for the oracle as it
is for the program (the oracle is given the doubles, not the decimals) and the entry is well conditioned: it is when
moving each value by one unit in the last place moves the entry by no more. And, for every entry, relative to its
`scale`: the size of the terms it is the sum of, bounded below by what an error of one rounding in f itself amounts to.
At --precision 50 every entry is compared, digit by digit, and nothing is ill conditioned.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cache
from math import log
from typing import Any
from unittest import mock

import mpmath
import pytest
import sympy

from backprop_cli import backprop
from backprop_cli.arithmetic.dual import Dual, DualNumbers
from backprop_cli.errors import InputError, MathError
from backprop_cli.passes.hessian import MAX_VARIABLES
from backprop_cli.rules.op import Op
from support import oracle
from support.command import run as command
from support.digits import middle
from support.formulas import FORMULAS, Formula, each_of
from support.rows import ROWS, every_row, inside
from support.schemas import TRACE
from support.suites import thinned

pytestmark = pytest.mark.usefixtures("models")

Matrix = dict[str, dict[str, oracle.Number]]

# -- Against SymPy -------------------------------------------------------------------------------------------------


@cache
def second_derivatives(text: str, given: tuple[str, ...]) -> tuple[dict[str, Any], dict[tuple[str, str], sympy.Expr]]:
    whole, symbols = oracle.expression(text, given)
    first = {name: sympy.diff(whole, symbol) for name, symbol in symbols.items()}
    names = list(symbols)
    pairs = [(one, two) for i, one in enumerate(names) for two in names[i:]]
    return symbols, {(one, two): sympy.diff(first[one], symbols[two]) for one, two in pairs}


def sympy_hessian(text: str, point: Mapping[str, str | Fraction]) -> Matrix:
    """∂²f/∂row∂column, by SymPy's diff, good to the oracle's DIGITS."""
    symbols, entries = second_derivatives(text, tuple(point))
    matrix: Matrix = {name: {} for name in symbols}
    with mpmath.workdps(oracle.WORKING):
        known = {symbol: oracle.exact(point[name]) for name, symbol in symbols.items()}
        for (one, two), entry in entries.items():
            matrix[one][two] = matrix[two][one] = oracle.real(oracle.numeric(entry, known))
    return matrix


def entries(matrix: Mapping[str, Mapping[str, Any]]) -> dict[tuple[str, str], Any]:
    return {(row, column): value for row, columns in matrix.items() for column, value in columns.items()}


HEAVY = {"Area of a superellipse"}  # half a minute for SymPy
MANY = [formula for formula in FORMULAS if len(formula.point) <= 5 and len(formula.expression) <= 60][::2]
MANY = [formula for formula in MANY if formula.name not in HEAVY]
"""What is compared in minutes; all are compared by hand."""


def test_more_than_a_hundred_formulas_are_compared() -> None:
    assert len(MANY) >= 100


def compare_precise(formula: Formula) -> None:
    expected = entries(sympy_hessian(formula.expression, formula.point))
    trace = backprop(formula.expression, formula.point, precision=50, hessian=True)
    assert trace.hessian is not None
    got = {pair: middle(trace.arithmetic.exactly(value)) for pair, value in entries(trace.hessian).items()}
    assert got.keys() == expected.keys()
    with mpmath.workdps(oracle.WORKING):
        # What is 0 by cancellation is below 1e-80 of its terms in the oracle, which carries 90 digits.
        largest = max(map(abs, expected.values()), default=mpmath.mpf(0)) or mpmath.mpf(1)
        wrong = {
            pair: (text, mpmath.nstr(expected[pair], 50))
            for pair, text in got.items()
            if abs(mpmath.mpf(text) - expected[pair]) > abs(expected[pair]) * mpmath.mpf("5e-46")
            and not (Decimal(text) == 0 and abs(expected[pair]) < largest * mpmath.mpf("1e-60"))
        }
    assert wrong == {}


def compare_floats(formula: Formula) -> None:
    floats = {name: float(text) for name, text in formula.point.items()}
    at = {name: Fraction(value) for name, value in floats.items()}
    expected = entries(sympy_hessian(formula.expression, at))
    matrix = backprop(formula.expression, floats, hessian=True).hessian
    assert matrix is not None
    got = entries(matrix)
    assert got.keys() == expected.keys()
    # How far an entry moves when every value moves by 1e-14 of itself: two points are enough to tell its condition.
    moved = [
        entries(
            sympy_hessian(formula.expression, {name: x * (1 + sign * Fraction(1, 10**14)) for name, x in at.items()})
        )
        for sign in (1, -1)
    ]
    trace = backprop(formula.expression, floats)
    wrong = {}
    with mpmath.workdps(oracle.WORKING):
        for (row, column), value in got.items():
            entry = expected[row, column]
            condition = max(abs(other[row, column] - entry) for other in moved)
            # f and its gradient are rounded too: 1e-15 of them, over the size of the variables, is lost in any case.
            step = [abs(oracle.exact(floats[name])) or mpmath.mpf(1) for name in (row, column)]
            terms = max(abs(each) for each in trace.values if each is not None)
            scale = oracle.exact(float(terms)) / step[0] / step[1]
            scale = max(scale, abs(oracle.exact(trace.gradient[column])) / step[0])
            if abs(oracle.exact(value) - entry) > 1e-10 * abs(entry) + condition + 1e-14 * scale:
                wrong[row, column] = (value, float(entry))
    assert wrong == {}


@each_of(MANY)
def test_second_derivatives_are_those_of_sympy_to_45_digits(formula: Formula) -> None:
    compare_precise(formula)


@each_of(MANY)
def test_second_derivatives_in_floats_are_those_of_sympy(formula: Formula) -> None:
    compare_floats(formula)


@pytest.mark.exhaustive
@pytest.mark.parametrize("formula", FORMULAS, ids=[formula.name for formula in FORMULAS])
def test_second_derivatives_of_all_formulas(formula: Formula) -> None:
    compare_precise(formula)
    compare_floats(formula)


def test_most_entries_agree_without_any_allowance() -> None:
    # So that the allowances above cannot hide a rule that is wrong: nearly all entries do not need them.
    compared, close = 0, 0
    for formula in MANY[:80]:
        floats = {name: float(text) for name, text in formula.point.items()}
        expected = entries(sympy_hessian(formula.expression, {name: Fraction(x) for name, x in floats.items()}))
        matrix = backprop(formula.expression, floats, hessian=True).hessian
        assert matrix is not None
        for pair, value in entries(matrix).items():
            compared += 1
            close += abs(value - float(expected[pair])) <= 1e-10 * abs(float(expected[pair]))
    assert compared > 300
    assert close >= 0.97 * compared


@pytest.mark.parametrize("formula", thinned(FORMULAS, 3), ids=[formula.name for formula in FORMULAS])
def test_the_matrix_is_symmetric(formula: Formula) -> None:
    matrix = backprop(formula.expression, formula.point, hessian=True).hessian
    assert matrix is not None
    scale = max((abs(value) for value in entries(matrix).values()), default=0.0)
    names = list(matrix)
    assert all(list(columns) == names for columns in matrix.values())
    for one in names:
        for two in names:
            size = max(abs(matrix[one][two]), abs(matrix[two][one]))
            assert abs(matrix[one][two] - matrix[two][one]) <= 1e-9 * size + 1e-13 * scale, (one, two)


@every_row
def test_every_primitive(op: Op) -> None:
    for count in (2, 3) if op.variadic else (len(op.inputs),):
        names = ["a", "b", "c"][:count]
        point = inside(op, names)
        expression = op.written(names)
        expected = entries(sympy_hessian(f"1*({expression})", point))
        got = backprop(expression, point, hessian=True).hessian
        precise = backprop(expression, point, hessian=True, precision=40)
        assert got is not None
        assert precise.hessian is not None
        with mpmath.workdps(60):
            for pair, entry in expected.items():
                assert abs(entries(got)[pair] - entry) <= 1e-12 * abs(entry), pair
                digits = mpmath.mpf(precise.arithmetic.exactly(entries(precise.hessian)[pair]))
                assert abs(digits - entry) <= mpmath.mpf("5e-39") * abs(entry), pair


# Beside a root of a second derivative, and where one input is vast beside another, the terms of a rule's slope cancel.
SLOPES_THAT_CANCEL: list[tuple[str, tuple[float, ...]]] = [
    ("hypot(x, y)", (-1e-9, -1e-17)),
    ("hypot(x, y)", (20.0, 1e20)),
    ("hypot(x, y)", (1e-160, 1e100)),
    ("logsumexp(x, y)", (0.3, 40.0)),
    ("logsumexp(x, y)", (20.0, 0.01)),
    ("logsumexp(x, y)", (1e10, 1e10 + 0.5)),
    ("logsumexp(x, x, y)*z", (1e16, 1e16, 1e-3)),
    ("mish(x)", (20.0,)),
    ("mish(x)", (40.0,)),
    ("normpdf(x)", (1 + 2.0**-20,)),
    ("atan2(x, y)", (1 + 2.0**-20, 1.0)),
    ("atan2(x, y)", (1.0, 1.0)),
    ("cospi(x)", (0.5 + 2.0**-22,)),
    ("exp(2*hypot(x, y))", (3.0, 1e9)),
    ("v = 2; g(u) = normpdf(u)*v; g(x)", (1 + 2.0**-20,)),
]


def doubles_against_what_is_proven(expression: str, point: tuple[float, ...]) -> int:
    """Compares the second derivatives at the doubles that these are; how many there are."""
    names = ("x", "y", "z")[: len(point)]
    try:
        got = backprop(expression, dict(zip(names, point, strict=True)), hessian=True).hessian
        exact = {name: str(Decimal(value)) for name, value in zip(names, point, strict=True)}
        proven = backprop(expression, exact, hessian=True, precision=20)
    except MathError:
        return 0
    assert got is not None
    assert proven.hessian is not None
    for pair, number in entries(proven.hessian).items():
        right = float(middle(proven.arithmetic.exactly(number)))
        assert abs(entries(got)[pair] - right) <= 1e-11 * abs(right) + 1e-300, (expression, point, pair)
    return len(entries(got))


def test_no_digits_are_lost_where_terms_of_a_rule_cancel() -> None:
    assert sum(doubles_against_what_is_proven(*each) for each in SLOPES_THAT_CANCEL) >= 28


EVERYWHERE = (
    1e-9,
    -1e-17,
    0.25,
    -0.75,
    1 + 2.0**-20,
    -1 - 2.0**-20,
    3.0,
    20.0,
    -20.0,
    40.0,
    1e5,
    1e20,
    -1e-160,
    -40.0,
    700.0,
)


@pytest.mark.slow
def test_no_row_loses_digits_anywhere(step: int) -> None:
    compared = 0
    for op in ROWS[::step]:
        names = ["x", "y"] if op.variadic else ["x", "y", "z"][: len(op.inputs)]
        if op.truth or op.chooses or len(names) > 2 or op.name == "lbeta":  # whose x + y is rounded beside a pole
            continue
        points = [*itertools.product(EVERYWHERE, repeat=len(names))][:: 5 ** (len(names) - 1)]
        compared += sum(doubles_against_what_is_proven(op.written(names), point) for point in points)
    assert compared > 2_000 // step


# -- Small and known -----------------------------------------------------------------------------------------------


def hessian_of(
    expression: str, options: dict[str, Any] | None = None, **values: float | str
) -> dict[str, dict[str, Any]]:
    matrix = backprop(expression, values, hessian=True, **(options or {})).hessian
    assert matrix is not None
    return {row: dict(columns) for row, columns in matrix.items()}


def test_known_matrices() -> None:
    assert hessian_of("x**2*y + y**3", x=3, y=5) == {"x": {"x": 10, "y": 6}, "y": {"x": 6, "y": 30}}
    assert hessian_of("x*y", x=3, y=5) == {"x": {"x": 0, "y": 1}, "y": {"x": 1, "y": 0}}
    assert hessian_of("x*x", x=3) == {"x": {"x": 2}}
    assert hessian_of("x + 2*y", x=3, y=1) == {"x": {"x": 0, "y": 0}, "y": {"x": 0, "y": 0}}
    assert hessian_of("x", x=3) == {"x": {"x": 0}}
    assert hessian_of("x**3", x=0) == {"x": {"x": 0}}
    assert hessian_of("x**1", x=0) == {"x": {"x": 0}}
    assert hessian_of("x**0", x=0) == {"x": {"x": 0}}
    assert hessian_of("x**2", x=0) == {"x": {"x": 2}}
    assert hessian_of("x**2", x=-3) == {"x": {"x": 2}}
    assert hessian_of("(-2)**2*x**3", x=-1) == {"x": {"x": -24}}


def test_a_constant_expression_has_an_empty_matrix() -> None:
    assert backprop("2*pi", hessian=True).hessian == {}


def test_without_being_asked_for_there_is_none() -> None:
    assert backprop("x*x", x=3).hessian is None


def test_wrt_chooses_rows_and_columns() -> None:
    assert hessian_of("x*y*z", {"wrt": ["z", "x"]}, x=2, y=3, z=5) == {"x": {"x": 0, "z": 3}, "z": {"x": 3, "z": 0}}
    # What is not asked for cannot go wrong: y**1.5 has no second derivative at 0.
    assert hessian_of("x**2 + y**1.5", {"wrt": ["x"]}, x=2, y=0) == {"x": {"x": 2}}


@pytest.mark.parametrize("text", ["max(x, sqrt(y))*x", "relu(hypot(y, y) - 1) + x*x", "m(t) = sqrt(t); max(m(y), x)*x"])
@pytest.mark.parametrize("options", [{}, {"precision": 20}, {"exact": True}, {"allow_nonfinite": True}], ids=str)
def test_what_is_not_selected_counts_for_nothing(text: str, options: dict[str, Any]) -> None:
    """Below an edge that is not active a slope may be infinite, or no number."""
    assert hessian_of(text, options, x=5, y=0) == {"x": {"x": 2, "y": 0}, "y": {"x": 0, "y": 0}}


NOTHING_FLOWS = [
    ("x**sign(y)", {"x": "0", "y": "2"}, {}),
    ("tanh(y)**heaviside(0.5, y)", {"y": "0"}, {}),
    ("log2(y)**ceil(x) + x*y", {"y": "1", "x": "1/2"}, {("x", "y"): 1, ("y", "y"): -1 / log(2)}),
    ("(x + y)**max(y, 1)", {"x": "0", "y": "0"}, {}),
    ("x**(y if y > 1 else 1)*x", {"x": "0", "y": "0"}, {("x", "x"): 2}),
    ("x**(1 + 0*y)*y", {"x": "0", "y": "3"}, {("x", "y"): 1}),
    ("trunc(x**(x + y)) + x*y", {"x": "0", "y": "1"}, {("x", "y"): 1}),
    ("m(s) = x**sign(s); m(y)*y", {"x": "0", "y": "3"}, {("x", "y"): 1}),
    ("0*x**y + y**2", {"x": "0", "y": "1"}, {("y", "y"): 2}),
]
"""Each with the second derivatives that are not 0."""


@pytest.mark.parametrize("options", [{}, {"precision": 20}, {"exact": True}, {"allow_nonfinite": True}], ids=str)
@pytest.mark.parametrize(("text", "point", "expected"), NOTHING_FLOWS, ids=[each[0] for each in NOTHING_FLOWS])
def test_what_nothing_flows_through_may_be_steep(
    text: str, point: dict[str, str], expected: dict[tuple[str, str], float], options: dict[str, Any]
) -> None:
    """0 to the power of 1 is infinitely steep in its exponent, which only tells where the exponent moves."""
    matrix = entries(hessian_of(text, options, **point))
    right = {pair: expected.get(pair, expected.get(pair[::-1], 0)) for pair in matrix}
    assert {pair: pytest.approx(float(value)) for pair, value in matrix.items()} == right


def test_a_factor_of_0_that_is_held_counts_for_nothing() -> None:
    assert hessian_of("c*x**1.5 + x**2", {"wrt": ["x"]}, x=0, c=0) == {"x": {"x": 2}}
    for text, wrt in (("c*x**1.5", ["x", "c"]), ("x**(1 + y)", ["x", "y"]), ("x**cosh(y)", ["x", "y"])):
        with pytest.raises(MathError, match="no second derivative"):
            hessian_of(text, {"wrt": wrt}, **dict.fromkeys(wrt, 0))


def test_the_gradient_and_the_value_are_those_without_second_derivatives() -> None:
    plain = backprop("sin(x*y)/z", x=1, y=2, z=3)
    full = backprop("sin(x*y)/z", x=1, y=2, z=3, hessian=True)
    assert (full.values, full.upstream, [*full.edges]) == (plain.values, plain.upstream, [*plain.edges])


def test_many_variables_up_to_a_limit() -> None:
    def total(count: int) -> tuple[str, dict[str, float]]:
        names = [f"x{i}" for i in range(count)]
        return "+".join(f"{name}*{name}" for name in names), dict.fromkeys(names, 1.0)

    expression, point = total(60)
    matrix = backprop(expression, point, hessian=True).hessian
    assert matrix is not None
    assert all(value == (2 if row == column else 0) for (row, column), value in entries(matrix).items())
    expression, point = total(MAX_VARIABLES + 1)
    with pytest.raises(InputError, match=r"501 variables.*limit of 500") as caught:
        backprop(expression, point, hessian=True)
    assert "--wrt" in caught.value.hint
    few = backprop(expression, point, hessian=True, wrt=["x7"]).hessian
    assert few is not None
    assert entries(few) == {("x7", "x7"): 2.0}


@pytest.mark.slow
def test_as_many_variables_as_the_limit_allows() -> None:
    """Each column goes only where its variable comes by: a few gates, and not all of them anew."""
    names = [f"x{i}" for i in range(MAX_VARIABLES)]
    worked_out: Counter[str] = Counter()

    def counted(self: DualNumbers, op: Op, *inputs: Dual, **options: float) -> Dual:
        worked_out[op.name] += 1
        return gate(self, op, *inputs, **options)

    gate = DualNumbers._gate
    with mock.patch.object(DualNumbers, "_gate", counted):
        matrix = backprop("+".join(f"{n}*{n}" for n in names), dict.fromkeys(names, 1.0), hessian=True).hessian
    assert matrix is not None
    assert all(value == (2 if row == column else 0) for (row, column), value in entries(matrix).items())
    assert worked_out["mul"] == 2 * MAX_VARIABLES


# -- Kinks and ties ------------------------------------------------------------------------------------------------

KINKS = [
    ("abs(x)*y", {"x": "0", "y": "2"}),
    ("relu(x)**2 + y", {"x": "0", "y": "2"}),
    ("sign(x)*y", {"x": "0", "y": "2"}),
    ("floor(x)*y", {"x": "3", "y": "2"}),
    ("ceil(x)*y", {"x": "3", "y": "2"}),
    ("max(x, y)**2", {"x": "2", "y": "2"}),
    ("min(x*y, 4)", {"x": "2", "y": "2"}),
    ("max(x, y, 2)*x", {"x": "2", "y": "2"}),
]


@pytest.mark.parametrize("options", [{}, {"precision": 30}, {"exact": True}], ids=["floats", "precision", "exact"])
@pytest.mark.parametrize(("expression", "point"), KINKS, ids=[each for each, _ in KINKS])
def test_kinks_warn_as_the_gradient_does(expression: str, point: dict[str, str], options: dict[str, Any]) -> None:
    plain, full = backprop(expression, point, **options), backprop(expression, point, hessian=True, **options)
    assert full.warnings == plain.warnings
    assert {notice.kind for notice in full.warnings} <= {"kink", "tie"}
    assert len(full.warnings) == 1
    assert full.hessian is not None
    matrix = {pair: float(value) for pair, value in entries(full.hessian).items()}
    floats = backprop(expression, point, hessian=True).hessian
    assert floats is not None
    assert matrix == entries(floats)


@pytest.mark.parametrize(
    ("ties", "expected"),
    [
        # Along x the tied max(x, y) moves by its share s of x; d(2·max·share of row)/d column = 2·s(row)·s(column).
        ("both", {"x": {"x": 2, "y": 2}, "y": {"x": 2, "y": 2}}),
        ("split", {"x": {"x": 0.5, "y": 0.5}, "y": {"x": 0.5, "y": 0.5}}),
        ("first", {"x": {"x": 2, "y": 0}, "y": {"x": 0, "y": 0}}),
    ],
)
@pytest.mark.parametrize("options", [{}, {"precision": 20}, {"exact": True}], ids=["floats", "precision", "exact"])
def test_ties(ties: str, expected: dict[str, dict[str, float]], options: dict[str, Any]) -> None:
    matrix = hessian_of("max(x, y)**2", {"ties": ties, **options}, x=3, y=3)
    assert {row: {column: float(v) for column, v in columns.items()} for row, columns in matrix.items()} == expected


def test_the_loser_of_max_is_not_looked_at() -> None:
    assert hessian_of("max(x, y**1.5)", x=1, y=0) == {"x": {"x": 0, "y": 0}, "y": {"x": 0, "y": 0}}
    assert hessian_of("relu(y**1.5 - 1)*x", x=1, y=0) == {"y": {"y": 0, "x": 0}, "x": {"y": 0, "x": 0}}


def test_the_command_warns_once() -> None:
    result = command("eval", "abs(x)*y", "--x", "0", "--y", "2", "--hessian", "--json")
    assert result.status == 0
    assert result.err.count("warning: ") == 1
    assert len(json.loads(result.out)["warnings"]) == 1


# -- Where there are none ------------------------------------------------------------------------------------------

NONE = [
    ("x**1.5", {"x": "0"}, "x**1.5"),
    ("3*y + x**1.5", {"x": "0", "y": "1"}, "x**1.5"),
    ("exp(x**(4/3))", {"x": "0"}, "x**(4/3)"),
    ("abs(x)**1.5 + y", {"x": "0", "y": "1"}, "abs(x)**1.5"),
    ("x*y**1.25", {"x": "2", "y": "0"}, "y**1.25"),
]


@pytest.mark.parametrize("options", [{}, {"precision": 30}, {"exact": True}], ids=["floats", "precision", "exact"])
@pytest.mark.parametrize(("expression", "point", "place"), NONE, ids=[each for each, _, _ in NONE])
def test_no_finite_second_derivative_names_the_place(
    expression: str, point: dict[str, str], place: str, options: dict[str, Any]
) -> None:
    assert backprop(expression, point, **options).gradient  # there is a first one
    with pytest.raises(MathError) as caught:
        backprop(expression, point, hessian=True, **options)
    error = caught.value
    assert "second derivative" in error.message
    assert f"'{place}'" in error.message
    assert error.span is not None
    assert expression[slice(*error.span)] == place


def test_no_first_derivative_is_the_first_derivatives_error() -> None:
    every: list[dict[str, Any]] = [{}, {"precision": 30}, {"exact": True}]
    for options in every:
        with pytest.raises(MathError) as plain:
            backprop("sqrt(x)", x=0, **options)
        with pytest.raises(MathError) as full:
            backprop("sqrt(x)", x=0, hessian=True, **options)
        assert str(full.value) == str(plain.value)


def test_overflow_of_a_second_derivative_is_an_error() -> None:
    with pytest.raises(MathError) as caught:
        backprop("1/x", x="1e-150", hessian=True)  # 2/x³ is 2e450
    assert "second derivative" in caught.value.message
    assert hessian_of("1/x", {"precision": 20}, x="1e-150")["x"]["x"] > 1


def test_allow_nonfinite_gives_infinities() -> None:
    trace = backprop("x**1.5", x=0, hessian=True, allow_nonfinite=True)
    assert trace.hessian is not None
    assert not abs(trace.hessian["x"]["x"]) < float("inf")
    result = command("eval", "x**1.5", "--x", "0", "--hessian", "--allow-nonfinite", "--json")
    assert result.status == 0
    TRACE.validate(json.loads(result.out))


# -- Exact ---------------------------------------------------------------------------------------------------------


def test_exact_second_derivatives() -> None:
    trace = backprop("x**2*y + sqrt(y)", x="1/3", y="2", exact=True, hessian=True)
    assert trace.hessian is not None
    shown = {pair: trace.arithmetic.exactly(value) for pair, value in entries(trace.hessian).items()}
    assert shown == {("x", "x"): "4", ("x", "y"): "2/3", ("y", "x"): "2/3", ("y", "y"): "-sqrt(2)/16"}


@pytest.mark.slow
@pytest.mark.parametrize("formula", MANY[::12], ids=[formula.name for formula in MANY[::12]])
def test_exact_second_derivatives_are_the_precise_ones(formula: Formula) -> None:
    exact = backprop(formula.expression, formula.point, exact=True, hessian=True).hessian
    precise = backprop(formula.expression, formula.point, precision=40, hessian=True).hessian
    assert exact is not None
    assert precise is not None
    with mpmath.workdps(60):
        for pair, value in entries(precise).items():
            number = mpmath.mpf(str(sympy.N(entries(exact)[pair], 50)))
            assert abs(number - value) <= mpmath.mpf("1e-35") * max(abs(number), mpmath.mpf("1e-60")), pair


# -- The views -----------------------------------------------------------------------------------------------------

WORDS = ["eval", "x**2*y + y**3", "--x", "3", "--y", "5", "--hessian"]


def test_json() -> None:
    document = json.loads(command(*WORDS, "--json").out)
    TRACE.validate(document)
    assert document["hessian"] == {"x": {"x": 10.0, "y": 6.0}, "y": {"x": 6.0, "y": 30.0}}
    precise = json.loads(command(*WORDS, "--json", "--precision", "30").out)
    TRACE.validate(precise)
    assert precise["hessian"] == {"x": {"x": "10", "y": "6"}, "y": {"x": "6", "y": "30"}}
    exact = json.loads(command(*WORDS, "--json", "--exact").out)
    TRACE.validate(exact)
    assert exact["hessian"] == precise["hessian"]
    assert "hessian" not in json.loads(command(*WORDS[:-1], "--json").out)


def test_table_has_the_variables_along_both_sides() -> None:
    lines = command(*WORDS).out.splitlines()
    head = next(i for i, line in enumerate(lines) if line.split()[1:] == ["x", "y"])
    assert lines[head + 2].split() == ["x", "10", "6"]
    assert lines[head + 3].split() == ["y", "6", "30"]


def test_markdown() -> None:
    lines = command(*WORDS, "--format", "markdown").out.splitlines()
    rows = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    assert ["x", "10", "6"] in rows
    assert ["y", "6", "30"] in rows
    assert [row[1:] for row in rows].count(["x", "y"]) == 1


def test_digits_of_a_table() -> None:
    out = command("eval", "x/y", "--x", "1", "--y", "3", "--hessian", "--digits", "4").out
    assert "-0.1111" in out
    assert "-0.11111" not in out


def test_a_precise_table_shows_all_digits() -> None:
    out = command("eval", "x/y", "--x", "1", "--y", "3", "--hessian", "--precision", "30").out
    assert "-0." + "1" * 30 in out


def test_an_error_of_the_command_is_drawn() -> None:
    result = command("eval", "3*y + x**1.5", "--x", "0", "--y", "1", "--hessian")
    assert (result.status, result.out) == (1, "")
    assert "\n  3*y + x**1.5\n        ^^^^^^\n" in result.err


# -- The program checks itself ---------------------------------------------------------------------------------------

CANCELLING = ["(x**3 - y**3)/(x - y) - x*x - x*y - y*y", "--x", "2.1", "--y", "1.9868", "--hessian"]


def test_digits_that_are_lost_are_told() -> None:
    result = command("eval", *CANCELLING)
    assert result.err.startswith("warning: ∂²f/∂x∂y is 2.35099e-38, and ∂²f/∂y∂x is 4.70198e-38: digits are lost; ")
    advice = result.err.split()[-4:-2]
    assert advice == ["--precision", "50"]
    assert "∂²f" not in command("eval", *CANCELLING, *advice).err


def test_digits_that_doubles_lose_are_sought_in_wider_numbers() -> None:
    tower = backprop("((x**y)**(x*x))**(x/y)", x=3, y=-1, hessian=True)  # x**x**3, whatever y is
    product = backprop("sin(x + y)*cos(x - y)", x=1.1, y=0.3, hessian=True)  # (sin(2x) + sin(2y))/2
    assert tower.hessian
    assert product.hessian
    assert (tower.hessian["x"]["y"], tower.hessian["y"]["x"]) == (0, 0)
    assert abs(tower.hessian["y"]["y"]) < 1e-20
    assert (product.hessian["x"]["y"], product.hessian["y"]["x"]) == (0, 0)
    assert not tower.warnings
    assert not product.warnings


@pytest.mark.slow
def test_no_formula_of_the_literature_raises_an_alarm() -> None:
    for formula in FORMULAS:
        kinds = [notice.kind for notice in backprop(formula.expression, formula.point, hessian=True).warnings]
        assert "precision" not in kinds, formula.name


@pytest.mark.parametrize("arithmetic", [[], ["--precision", "20"], ["--exact"]], ids=str)
def test_a_fault_of_the_program_is_told(arithmetic: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A product of dual numbers that forgets a term."""
    words = ["eval", "exp(x)*y", "--x", "2", "--y", "3", "--hessian", *arithmetic]
    assert command(*words).err == ""
    monkeypatch.setattr(Dual, "__mul__", lambda x, y: Dual(x.value * y.value, y.dot and x.value * y.dot))
    result = command(*words)
    if arithmetic:
        assert (result.status, result.out) == (1, "")
        assert result.err.startswith("error: ∂²f/∂x∂y is ")
        assert result.err.endswith("\nhint: this is a fault of backprop, please report it with the whole command\n")
    else:
        assert result.status == 0
        assert "digits are lost" in result.err
