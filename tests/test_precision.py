"""--precision N: every digit that is printed is proven, or there is a clear error.

The oracles: SymPy's own derivative, evaluated to more digits than are asked for; mpmath at three times the digits; and,
where a formula cancels, its value known from a series or from another way of writing it.
"""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from typing import Any

import mpmath
import pytest

from backprop_cli import BackpropError, backprop
from backprop_cli.errors import InputError, MathError
from backprop_cli.passes.trace import Trace
from backprop_cli.rules.op import Op
from backprop_cli.runtime.budget import TooSlowError
from support import oracle
from support.command import PATIENCE, bounded
from support.command import command as command_line
from support.command import run as command
from support.digits import roundings, shown
from support.formulas import FORMULAS, Formula, each_of
from support.hostile import hang_guard
from support.rows import NUMERIC, every_row, inside
from support.schemas import TRACE
from support.suites import thinned

pytestmark = pytest.mark.usefixtures("models")


def value_at(expression: str, digits: int, **values: str) -> str:
    trace = backprop(expression, values, precision=digits)
    return shown(trace, trace.value)


# -- Formulas from the literature ----------------------------------------------------------------------------------

PLACES = 50


def disagreement(got: str, expected: oracle.Number) -> float:
    """The relative error of a printed number; where the oracle has 0, only 0 will do."""
    with mpmath.workdps(oracle.WORKING):
        if expected == 0:
            return 0.0 if Decimal(got) == 0 else mpmath.inf
        return float(abs((mpmath.mpf(got) - expected) / expected))


@each_of(FORMULAS)
def test_value_and_gradient_are_those_of_sympy_to_all_digits(formula: Formula) -> None:
    # The oracle carries 90 digits, so that its cancellation leaves it more than the 50 which are compared.
    value, gradient = oracle.sympy_gradient(formula.expression, formula.point)
    trace = backprop(formula.expression, formula.point, precision=PLACES)
    assert set(trace.gradient) == set(gradient)
    errors = {"value": disagreement(shown(trace, trace.value), value)}
    errors |= {name: disagreement(shown(trace, trace.gradient[name]), gradient[name]) for name in gradient}
    # Half a unit in the 50th digit is at most 5e-50 of the number; 48 digits are promised.
    assert {what: error for what, error in errors.items() if error > 5.01e-50} == {}


# -- Random expressions: all digits are right, at any precision ----------------------------------------------------

WRITABLE = [op for op in NUMERIC if op.name not in ("floor", "ceil", "sign")]
_LEAVES = ["x", "y", "z", "x", "y", "0.1", "1/3", "2", "-1.7", "0.375", "pi", "12.5", "1e-7"]


def random_expression(rng: random.Random, depth: int) -> str:
    if depth == 0:
        return rng.choice(_LEAVES)
    op = rng.choice(WRITABLE)
    count = rng.choice((2, 2, 3)) if op.variadic else len(op.inputs)
    inputs = [random_expression(rng, rng.randrange(depth)) for _ in range(count)]
    return op.written(f"({each})" for each in inputs)


def random_cases(seed: int, digits: int) -> Iterator[tuple[str, dict[str, str], Trace]]:
    """Random expressions that have a gradient at a random point, and their traces."""
    rng = random.Random(seed)
    while True:
        expression = random_expression(rng, 4)
        point = {name: f"{rng.choice((0.01, 1, 1, 100)) * rng.gauss(0.5, 1):.4g}" for name in "xyz"}
        point = {name: text for name, text in point.items() if name in oracle.variables(expression)}
        try:
            trace = backprop(expression, point, precision=digits, time_limit=1)
        except (MathError, TooSlowError):
            continue
        if digits > 100 and any(word in expression for word in ("gamma", "factorial")):
            continue  # mpmath takes long
        if not trace.warnings:  # at a kink, a difference is no slope
            yield expression, point, trace


def by_mpmath(expression: str, point: dict[str, str], digits: int) -> list[oracle.Number] | None:
    """The value and central differences, by mpmath at so many digits; None where it fails."""
    with mpmath.workdps(digits):
        at = {name: oracle.exact(text) for name, text in point.items()}
        step = mpmath.mpf(10) ** -(digits * 4 // 10)
        try:
            found = [oracle.real(oracle.evaluate(expression, at))]
            for name in at:
                ends = [oracle.real(oracle.evaluate(expression, {**at, name: at[name] + h})) for h in (step, -step)]
                found.append((ends[0] - ends[1]) / (2 * step))
        except (ArithmeticError, ValueError, TypeError):
            return None
        return found


@pytest.mark.parametrize(
    ("digits", "seed"), [(50, 0), (300, 1), *(pytest.param(50, seed, marks=pytest.mark.slow) for seed in range(2, 12))]
)
def test_random_expressions_are_those_of_mpmath_at_three_times_the_digits(digits: int, seed: int) -> None:
    """Where mpmath itself is sure: at four times the digits it finds the same."""
    compared = 0
    for expression, point, trace in islice(random_cases(seed, digits), 20 if digits < 100 else 4):
        few, many = by_mpmath(expression, point, 3 * digits), by_mpmath(expression, point, 4 * digits)
        if few is None or many is None:
            continue
        got = [shown(trace, each) for each in (trace.value, *(trace.gradient[name] for name in point))]
        with mpmath.workdps(4 * digits):
            for text, one, two in zip(got, few, many, strict=True):
                if abs(one - two) < abs(two) * mpmath.mpf(10) ** -(digits + 9):
                    half = abs(two) * mpmath.mpf(10) ** (1 - digits) / 2
                    assert abs(oracle.exact(text) - two) <= half * 1.001, (expression, point, text)
                    compared += 1
    assert compared > (20 if digits < 100 else 3)


@pytest.mark.parametrize("digits", [2, 17, 50, pytest.param(400, marks=pytest.mark.slow)])
@every_row
def test_every_primitive_with_every_number_of_inputs(op: Op, digits: int) -> None:
    for count in (2, 3) if op.variadic else (len(op.inputs),):
        names = ["a", "b", "c"][:count]
        point = inside(op, names)
        expression = op.written(names)
        value, gradient = backprop(expression, point, precision=digits), {}
        with mpmath.workdps(3 * digits + 60):
            at = [oracle.exact(text) for text in point.values()]
            expected = oracle.MPMATH_FUNCTIONS[op.name](*at)
            for slot, name in enumerate(names):
                step = mpmath.mpf(10) ** -(digits + 20)
                ends = [[*at[:slot], at[slot] + sign * step, *at[slot + 1 :]] for sign in (1, -1)]
                above, below = (oracle.MPMATH_FUNCTIONS[op.name](*end) for end in ends)
                gradient[name] = (above - below) / (2 * step)
            close = mpmath.mpf(10) ** (1 - digits) * 0.501
            assert abs(mpmath.mpf(shown(value, value.value)) - expected) <= close * abs(expected)
            for name, slope in gradient.items():
                got = mpmath.mpf(shown(value, value.gradient[name]))
                assert abs(got - slope) <= close * abs(slope), name


# -- Decimals are the decimals that are written --------------------------------------------------------------------


@pytest.mark.parametrize("digits", [2, 16, 17, 50, 1000])
def test_decimals_are_exact(digits: int) -> None:
    assert value_at("0.1 + 0.2", digits) == "0.3"
    assert value_at("x + y", digits, x="0.1", y="0.2") == "0.3"
    assert value_at("10*x", digits, x="0.1") == "1"


def test_a_value_is_read_from_its_text() -> None:
    assert value_at("x", 50, x="1/3") == "0." + "3" * 50
    assert value_at("x", 60, x="0.1000000000000000055511151231257827021181583404541015625").startswith(
        "0.10000000000000000555"
    )
    trace = backprop("x", x=0.1, precision=50)  # a float goes by the shortest text that means it
    assert shown(trace, trace.value) == "0.1"


def test_ties_and_kinks_are_those_of_the_decimals() -> None:
    tie = backprop("max(x + y, z)", x="0.1", y="0.2", z="0.3", precision=50)
    assert "tie" in [notice.kind for notice in tie.warnings]
    kink = backprop("abs(x + y - z)", x="0.1", y="0.2", z="0.3", precision=50)
    assert "kink" in [notice.kind for notice in kink.warnings]
    assert value_at("floor(x/y)", 50, x="0.3", y="0.1") == "3"
    assert value_at("ceil(x/y)", 50, x="0.3", y="0.1") == "3"


def test_numbers_of_many_digits_are_apart_at_few() -> None:
    """What is rounded when it is read may be no tie."""
    apart = backprop("max(x, y)", x=f"1.{'0' * 60}1", y="1", precision=10)
    assert ([shown(apart, each) for each in apart.gradient.values()], apart.warnings) == (["1", "0"], [])
    third = backprop("min(x, y)", x="1/3", y="0." + "3" * 54, precision=10)
    assert [shown(third, each) for each in third.gradient.values()] == ["0", "1"]
    same = backprop("max(x, y)", x=f"1.{'0' * 60}1", y=f"1.{'0' * 60}10", precision=10)
    assert [notice.kind for notice in same.warnings] == ["tie"]


def test_a_decimal_zero_has_a_root() -> None:
    # 0.1 + 0.2 − 0.3 is 0, of which there is a root, though binary rounding may leave less than 0.
    trace = backprop("x*sqrt(0.1 + 0.2 - 0.3)", x="5", precision=50)
    assert shown(trace, trace.value) == "0"


@pytest.mark.parametrize(
    ("text", "digits", "expected"),
    [
        ("1e50", 50, "1e+50"),
        ("100", 50, "100"),
        ("0.00012345", 3, "0.000123"),
        ("0.000012345", 3, "1.23e-5"),
        ("9.99999", 2, "10"),
        ("-0.5", 2, "-0.5"),
        ("0", 30, "0"),
        ("123456789", 2, "1.2e+8"),
    ],
)
def test_how_numbers_look(text: str, digits: int, expected: str) -> None:
    assert value_at("x", digits, x=text) == expected


@pytest.mark.parametrize(("text", "digits"), [("123456", 2), ("12345", 3), ("999499", 3), ("98765", 4)])
def test_no_zeros_stand_for_digits_that_are_not_known(text: str, digits: int) -> None:
    digits_shown = value_at("x", digits, x=text).partition("e")[0].replace(".", "").lstrip("0")
    assert len(digits_shown) <= digits


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.12499999999", "0.12"),
        ("0.12499999999999999999999999999999999", "0.12"),
        ("0.12500000000000000000000000000000001", "0.13"),
        ("0.11499999999999999999999999999999999", "0.11"),
        ("0.11500000000000000000000000000000001", "0.12"),
    ],
)
def test_rounding_is_to_nearest(text: str, expected: str) -> None:
    assert value_at("x", 2, x=text) == expected


# -- Cancellation --------------------------------------------------------------------------------------------------

CANCELLING = [
    ("1 - cos(x)", {"x": "1e-6"}, "2*sin(x/2)**2"),
    ("cos(x) - 1", {"x": "1e-15"}, "-x**2/2 + x**4/24"),
    ("cos(x) - 1", {"x": "1e-30"}, "-x**2/2 + x**4/24"),
    ("1 - cos(x)", {"x": "1e-100"}, "x**2/2 - x**4/24"),
    ("exp(x) - 1 - x", {"x": "1e-40"}, "x**2/2 + x**3/6"),
    ("exp(x) - 1 - x", {"x": "1e-90"}, "x**2/2 + x**3/6"),
    ("(1 + x) - 1", {"x": "1e-60"}, "x"),
    ("(x + 1e50) - 1e50", {"x": "1"}, "x"),
    ("(x + 1e100) - 1e100", {"x": "1"}, "x"),
    ("(x + 1e300) - 1e300", {"x": "1"}, "x"),
    ("x + 1 - x", {"x": "1e400"}, "1"),
    ("-log(1 - sigmoid(x))", {"x": "1000"}, "log1p(exp(x))"),
    ("log(1 - tanh(x))", {"x": "100"}, "log(2) - log1p(exp(2*x))"),
    ("1/((x + 1e-50) - x)", {"x": "1"}, "1e50 + 0*x"),
    ("1/(1 - cos(x))", {"x": "1e-30"}, "1/(2*sin(x/2)**2)"),
    ("gamma(-3 + x)", {"x": "1e-50"}, "-pi/(sin(pi*x)*gamma(4 - x))"),
    ("1/(x - 1)", {"x": f"1.{'0' * 60}1"}, "1e61 + 0*x"),
    ("1e-40 + x - x", {"x": "1"}, "1e-40"),
    ("log(sigmoid(x))", {"x": "1000"}, "-log1p(exp(-x))"),
    ("1 - sigmoid(x)", {"x": "1000"}, "sigmoid(-x)"),
    ("1 - tanh(x)", {"x": "500"}, "2/(1 + exp(2*x))"),
    ("1 - erf(x)", {"x": "30"}, "erfc(x)"),
    ("sin(x) - x", {"x": "1e-50"}, "-x**3/6"),
    ("sqrt(x + 1) - sqrt(x)", {"x": "1e80"}, "1/(sqrt(x + 1) + sqrt(x))"),
    ("log(x + 1) - log(x)", {"x": "1e80"}, "log1p(1/x)"),
    ("exp(x) - exp(y)", {"x": "1", "y": "1.00000000000000000000000000000000000000001"}, "-exp(x)*expm1(y - x)"),
    ("(x**2 - y**2)/(x - y)", {"x": "1e60", "y": "1"}, "x + y"),
    ("333.75*y**6 + x**2*(11*x**2*y**2 - y**6 - 121*y**4 - 2) + 5.5*y**8 + x/(2*y)", {"x": "77617", "y": "33096"},
     "x/(2*y) - 2"),
]  # fmt: skip
"""Formulas of which little is left, their points, and the same number without cancellation. The last one is Rump's."""


@pytest.mark.parametrize("digits", [2, 10, 50])
@pytest.mark.parametrize(("formula", "point", "same"), CANCELLING, ids=[f"{f} at {p}" for f, p, _ in CANCELLING])
def test_heavy_cancellation(formula: str, point: dict[str, str], same: str, digits: int) -> None:
    with mpmath.workdps(400):
        expected = oracle.evaluate(same, {name: oracle.exact(text) for name, text in point.items()})
        got = mpmath.mpf(value_at(formula, digits, **point))
        assert abs(got - expected) <= abs(expected) * mpmath.mpf(10) ** (1 - digits) * 0.501


def test_cancellation_in_a_gradient() -> None:
    # ∂/∂x of both terms is 1 to within 5e-101
    trace = backprop("sin(x) - x", x="1e-50", precision=20)
    assert shown(trace, trace.gradient["x"]) == "-5e-101"


def test_what_a_gradient_tells_has_all_digits() -> None:
    for sign in "+-":
        result = command("eval", f"{sign}x/3", "--x", "1", "--precision", "30")
        assert f"x + h → f {'−' if sign == '-' else '+'} 0.{'3' * 30}h" in result.out


def test_the_side_of_a_kink_is_that_of_the_number() -> None:
    assert value_at("floor(x - 1e-50)", 10, x="1") == "0"
    assert value_at("ceil(x + 1e-50)", 10, x="1") == "2"
    trace = backprop("relu(1 + x - 1)", x="1e-70", precision=20)
    assert shown(trace, trace.value) == "1e-70"
    assert shown(trace, trace.gradient["x"]) == "1"


WRONG_BY_AGREEMENT: list[tuple[str, dict[str, str], str, list[str]]] = [
    ("(1-tanh(x))*exp(2*x)", {"x": "2500"}, "2", ["1.3478776593235670058e-2171"]),
    ("(x+1)-x", {"x": "1e1700"}, "1", ["0"]),
    ("(x+1)-x", {"x": "1e30000"}, "1", ["0"]),
    ("max(x, x+1)", {"x": "1e1700"}, "1e+1700", ["1"]),
    ("max(exp(x), exp(x)+1)-exp(x)", {"x": "9000"}, "1", ["0"]),
    ("sin(x)", {"x": "1e5000"}, "0.6861601090482926587", ["-0.72745055141283323319"]),
    ("log(sigmoid(x))", {"x": "5000"}, "-3.3696941483089175145e-2172", ["3.3696941483089175145e-2172"]),
    ("2**x", {"x": "0"}, "1", ["0.69314718055994530942"]),
    ("acos(sqrt(2)**2/2)*x", {"x": "3"}, "0", ["0"]),
    ("max(x*y, sqrt(6))", {"x": "sqrt(2)", "y": "sqrt(3)"}, "2.4494897427831780982",
     ["1.7320508075688772935", "1.4142135623730950488"]),
    ("x*y - y*x", {"x": "pi", "y": "e"}, "0", ["0", "0"]),
    ("erf(x)/x", {"x": "1e70"}, "1e-70", ["-1e-140"]),
    ("erfc(x)", {"x": "1e13"}, "7.2404332719772754596e-43429448190325182765112906",
     ["-1.4480866543954550919e-43429448190325182765112892"]),
    ("lgamma(x)", {"x": "1e150"}, "3.443877639491068526e+152", ["345.3877639491068526"]),
    ("floor(log10(x)) + ceil(log2(y)) + floor(cbrt(27))", {"x": "1000", "y": "8"}, "9", ["0", "0"]),
    ("(1 - cos(x))/x**2", {"x": "1e-8"}, "0.49999999999999999583", ["-8.3333333333333332778e-10"]),
    ("atan(1/x)*sign(1 - tanh(x))", {"x": "1e4"}, "9.9999999666666668667e-5", ["-9.999999900000001e-9"]),
    ("round(exp(x)/exp(y))", {"x": "30000", "y": "29999"}, "3", ["0", "0"]),
]  # fmt: skip
"""What runs of growing precision that agree had wrong, or no value for, and its kin: to 20 digits."""


@pytest.mark.parametrize(("expression", "point", "value", "gradient"), WRONG_BY_AGREEMENT)
def test_agreement_is_no_proof(expression: str, point: dict[str, str], value: str, gradient: list[str]) -> None:
    trace = backprop(expression, point, precision=20)
    assert [shown(trace, each) for each in (trace.value, *trace.gradient.values())] == [value, *gradient]


def cancelling(rng: random.Random, depth: int) -> tuple[str, str]:
    """An expression of a sum in which thousands of digits vanish, and the same number without."""
    if depth == 0:
        return (rng.choice(["x", "y", "x*y", "sin(x)", "exp(-y)", "x/3 + y"]),) * 2
    one, same = cancelling(rng, depth - 1)
    n = rng.randrange(1_000, 6_000)
    return rng.choice(
        [
            (f"((({one}) + 1e{n}) - 1e{n})", same),
            (f"((({one}) + exp({n})) - exp({n}))", same),
            (f"((({one}) - gamma({n}.5)) + gamma({n}.5))", same),
            (f"(({one})*(1 - tanh({n}))*exp(2*{n}))", f"(({same})*2/(1 + exp(-2*{n})))"),
            (f"(({one})*(1 - sigmoid({n}))*exp({n}))", f"(({same})/(1 + exp(-{n})))"),
            (f"((exp(1e-{n}*({one})) - 1)*1e{n})", f"(({same})*(1 + ({same})*1e-{n}/2))"),
            (f"((1 - cos(({one})*1e-{n}))*2e{n}*1e{n})", f"(({same})**2)"),
            (f"(sqrt(1e{2 * n} + ({one})) - 1e{n})*2e{n}", f"({same})"),
            (f"(log(1e{n} + ({one})) - log(1e{n}))*1e{n}", f"({same})"),
            (f"((({one}) + 1e{n})*(({one}) - 1e{n}) + 1e{n}*1e{n})", f"(({same})**2)"),
            (f"(sin(({one}) + pi*1e{n}) + 0)", f"sin({same})"),
        ]
    )


@pytest.mark.parametrize(
    ("seed", "count"), [(0, 15), *(pytest.param(seed, 100, marks=pytest.mark.slow) for seed in range(1, 9))]
)
def test_thousands_of_digits_vanish_and_those_shown_are_right(seed: int, count: int) -> None:
    rng, answered = random.Random(seed), 0
    for _ in range(count):
        expression, same = cancelling(rng, rng.choice((1, 1, 2)))
        point = {"x": f"{rng.uniform(0.1, 3):.5f}", "y": f"{rng.uniform(0.1, 3):.5f}"}
        point = {name: text for name, text in point.items() if name in oracle.variables(expression)}
        try:
            trace = backprop(expression, point, precision=20)
        except MathError:
            continue
        expected = by_mpmath(same, point, 120)
        assert expected is not None
        answered += 1
        with mpmath.workdps(60):
            for each, number in zip((trace.value, *(trace.gradient[name] for name in point)), expected, strict=True):
                assert abs(oracle.exact(shown(trace, each)) - number) <= abs(number) * mpmath.mpf("5.001e-20")
    assert answered > 0.9 * count


UNDECIDED = [
    (f"{name}(sin(x)**2 + cos(x)**2{more})", f"f = {name}(")
    for name, more in (
        ("floor", ""),
        ("max", ", 1"),
        ("abs", " - 1"),
        ("log", " - 1"),
        ("sign", " - 1"),
        ("acos", ""),
        ("sqrt", " - 1"),
    )
]
"""What no number of digits decides, and how the error names the gate."""


@pytest.mark.parametrize(("expression", "message"), thinned(UNDECIDED, 7))
def test_what_is_not_decided_is_an_error_that_names_the_gate(expression: str, message: str) -> None:
    with pytest.raises(MathError) as caught:
        backprop(expression, x="3", precision=20)
    assert message in caught.value.message
    assert re.search(r": 7\d,\d\d\d digits do not tell$", caught.value.message)


def test_flint_is_left_at_the_precision_that_it_had() -> None:
    import flint

    before = flint.ctx.prec
    backprop("exp(x)", x="1", precision=1_000).explain(nudge="1e-9")
    assert flint.ctx.prec == before


# -- What cannot be told from zero ---------------------------------------------------------------------------------


@pytest.mark.parametrize("digits", [2, 50, 300])
def test_what_is_not_told_from_zero_is_a_ball_around_it_and_a_notice_says_so(digits: int) -> None:
    trace = backprop("x + sin(acos(-1))", x="3", precision=digits)
    assert shown(trace, trace.value) == "3"
    lone = backprop("sin(acos(-1))", precision=digits)
    assert re.fullmatch(r"0 ± 1e-7[89]\d\d\d", shown(lone, lone.value))
    assert [notice.kind for notice in lone.warnings] == ["precision"]
    assert "sin(acos(-1))" in lone.warnings[0].message


def test_a_zero_of_square_roots_is_proven() -> None:
    trace = backprop("x*y - z", x="sqrt(2)", y="sqrt(3)", z="sqrt(6)", precision=50)
    assert (shown(trace, trace.value), trace.warnings) == ("0", [])


OF_PI = [
    ("sin(pi*x)", "3", ["0", "-3.1415926535897932385"]),
    ("cos(pi*x)", "1/3", ["0.5", "-2.7206990463513267759"]),
    ("cos(x/6*pi - pi/2)", "-1", ["-0.5", "0.45344984105855446265"]),
    ("sin(2*pi*x)", "1/12", ["0.5", "5.4413980927026535518"]),
    ("tan(-pi*x)", "1/4", ["-1", "-6.2831853071795864769"]),
    ("cospi(cospi(x))", "1/3", ["0", "8.5473281366460845574"]),
    ("sinpi(sinpi(x))", "0.5", ["0", "0"]),
    ("floor(2*cos(pi*x) - 1) + x", "1/3", ["0.33333333333333333333", "1"]),
    ("pi*x/(pi + pi)", "1/3", ["0.16666666666666666667", "0.5"]),
    ("max(pi*x, pi/3)/pi", "0.3", ["0.33333333333333333333", "0"]),
    ("sign(pi*x - pi/3)", "1/3", ["0", "0"]),
]
"""What is a fraction, or a tie, because it is of so many times π."""


def test_sines_of_parts_of_a_turn_are_fractions_where_they_are() -> None:
    for expression, x, expected in OF_PI:
        trace = backprop(expression, x=x, precision=20)
        assert [shown(trace, each) for each in (trace.value, trace.gradient["x"])] == expected, expression
        enclosed = backprop(expression, x=x, enclose=True)
        assert "." in expected[0] or str(enclosed.value) == expected[0], expression
    with pytest.raises(MathError, match=r"f = tan\(q1\) has no finite value at q1 ≈ 1.5708"):
        backprop("tan(pi*x)", x="1/2", precision=20)


ZERO = "sin(acos(-1))"
NOISE = ["sign({0})*x", "ceil({0})*x", "floor(-{0})*x", "log({0})*x", "x/{0}", "sqrt(-{0})*x", "sign(x*{0})",
         "max(x*{0}, 0)/{0}"]  # fmt: skip
"""What depends on the last digits of a number that is 0, which nothing proves."""


@pytest.mark.parametrize("expression", NOISE)
def test_nothing_is_decided_by_the_rounding_error_of_a_zero_in_silence(expression: str) -> None:
    try:
        trace = backprop(expression.format(ZERO), x="1", precision=50)
    except MathError:
        return  # that there is no answer is an answer
    assert any(each.kind == "precision" for each in trace.warnings)


# -- Many digits ---------------------------------------------------------------------------------------------------

NEURON = "1/(1+exp(-(w0*x0+w1*x1+w2)))"
NEURON_SLOPES = {"w0": -1, "x0": 2, "w1": -2, "x1": -3, "w2": 1}
NEURON_AT = {"w0": "2", "x0": "-1", "w1": "-3", "x1": "-2", "w2": "-3"}


@pytest.mark.parametrize("digits", [1000, 10_000])
def test_the_sigmoid_neuron_to_thousands_of_digits(digits: int) -> None:
    with hang_guard(20):
        trace = backprop(NEURON, NEURON_AT, precision=digits)
    with mpmath.workdps(digits + 50):
        value = 1 / (1 + mpmath.exp(-1))
        slopes = {name: factor * value * (1 - value) for name, factor in NEURON_SLOPES.items()}
        expected = {name: mpmath.nstr(slope, digits + 20) for name, slope in slopes.items()}
        # As Decimals: reading so many digits back is beyond what Python lets int() do.
        assert Decimal(shown(trace, trace.value)) in roundings(mpmath.nstr(value, digits + 20), digits)
    for name, text in expected.items():
        assert Decimal(shown(trace, trace.gradient[name])) in roundings(text, digits), name
    assert len(shown(trace, trace.value)) == digits + len("0.")


@pytest.mark.parametrize(
    "function", ["gamma", "lgamma", "digamma", "erf", "erfc", "log", "atan", "sin", "tanh", "cbrt"]
)
def test_thousands_of_digits_of_a_function(function: str) -> None:
    with hang_guard(10):
        trace = backprop(f"{function}(x)", x="2.5", precision=900)
    with mpmath.workdps(950):
        expected = oracle.MPMATH_FUNCTIONS[function](mpmath.mpf("2.5"))
        assert abs(mpmath.mpf(shown(trace, trace.value)) - expected) <= abs(expected) * mpmath.mpf(10) ** -899


# -- Hostile input -------------------------------------------------------------------------------------------------

HOSTILE = [
    ("exp(exp(exp(100)))", {}),
    ("exp(exp(exp(x)))", {"x": "100"}),
    ("9**9**9**9", {}),
    ("x**x**x**x", {"x": "9"}),
    ("2**x", {"x": "1e700"}),
    ("x**-1e700", {"x": "0.5"}),
    ("1e999999999", {}),
    ("1e-999999999", {}),
    ("x", {"x": "1e999999999"}),
    ("x", {"x": "-1e-999999999"}),
    ("gamma(x)", {"x": "1e700"}),
    ("gamma(x)", {"x": "-1e700-0.5"}),
    ("sin(x)", {"x": "1e100000"}),
    ("tan(exp(exp(x)))", {"x": "30"}),
    ("cos(2**x)", {"x": "1e9"}),
    ("cosh(x)", {"x": "1e700"}),
    ("exp2(x)", {"x": "1e700"}),
    ("expm1(x)", {"x": "1e700"}),
    ("exp(-exp(exp(x)))", {"x": "4000"}),
    ("sinh(sinh(sinh(x)))", {"x": "10000"}),
]
"""What has no answer that could be written down."""

LARGE = [
    ("gamma(x)", {"x": "1e10"}, 50),
    ("gamma(x)", {"x": "-1e10-0.5"}, 50),
    ("lgamma(x)", {"x": "1e15"}, 50),
    ("digamma(x)", {"x": "1e15"}, 50),
    ("digamma(x)", {"x": "-1e15-0.5"}, 50),
    ("lgamma(x)", {"x": "-1e15-0.5"}, 50),
    ("gamma(x)", {"x": "2.5"}, 10_000),
    ("lgamma(x)", {"x": "1/3"}, 10_000),
    ("digamma(x)", {"x": "2.5"}, 10_000),
    ("erf(x)", {"x": "2.5"}, 10_000),
    ("erfc(x)", {"x": "50"}, 10_000),
    ("erf(x)", {"x": "1e9"}, 50),
    ("erfc(x)", {"x": "1e6"}, 50),
    ("exp(x)", {"x": "1e18"}, 10_000),
    ("sin(x)", {"x": "1e15000"}, 50),
    ("tan(x)", {"x": "1e15000"}, 10_000),
    ("floor(exp(exp(x)))", {"x": "30"}, 50),
    ("x", {"x": "1e1000000"}, 10_000),
    ("cos(x)", {"x": "1e-1000000"}, 50),
    ("x*" * 3000 + "x", {"x": "1.0001"}, 300),
    ("+".join(["sin(x)"] * 2000), {"x": "0.1"}, 100),
    ("exp(" * 3 + "x" + ")" * 3, {"x": "3"}, 50),
]
"""What may be worked out or refused, but not hang."""


@pytest.mark.parametrize(("expression", "point"), HOSTILE, ids=[f"{e} {p}" for e, p in HOSTILE])
def test_what_is_beyond_reach_is_a_clear_error(expression: str, point: dict[str, str]) -> None:
    with hang_guard(10), pytest.raises(BackpropError) as caught:
        backprop(expression, point, precision=50)
    assert "overflows" in caught.value.message or "beyond" in caught.value.message


@pytest.mark.parametrize(
    ("expression", "point", "digits"), thinned(LARGE, 3), ids=[f"{e[:30]} {p} to {d}" for e, p, d in LARGE]
)
def test_what_is_large_does_not_hang(expression: str, point: dict[str, str], digits: int) -> None:
    # In a process of its own, because arithmetic on whole numbers of millions of digits cannot be interrupted.
    values = [f"--{name}={text}" for name, text in point.items()]
    words = command_line("eval", expression, *values, f"--precision={digits}", "--get=value")
    result = subprocess.run(bounded(10, words), capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert result.returncode in (0, 1), result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout if result.returncode == 0 else result.stderr.startswith("error: ")


@pytest.mark.parametrize(
    ("expression", "value", "expected"),
    [("sigmoid(x)", "1e30", "1"), ("tanh(x)", "-1e30", "-1"), ("erf(x)", "1e30", "1"), ("lgamma(x)", "1e20", None),
     ("softplus(x)", "1e30", "1e+30")],
)  # fmt: skip
def test_a_large_argument_is_fine_where_the_result_is_no_larger(
    expression: str, value: str, expected: str | None
) -> None:
    with hang_guard(10):
        got = value_at(expression, 30, x=value)
    if expected is None:
        with mpmath.workdps(60):
            assert abs(mpmath.mpf(got) / oracle.MPMATH_FUNCTIONS["lgamma"](mpmath.mpf(value)) - 1) < 1e-29
    else:
        assert got == expected


# -- Domain errors -------------------------------------------------------------------------------------------------

ERRORS: list[tuple[str, dict[str, str], dict[str, Any]]] = [
    ("log(x)", {"x": "-1"}, {}),
    ("log(x)", {"x": "0"}, {}),
    ("log2(x)", {"x": "0"}, {}),
    ("log10(x)", {"x": "-3"}, {}),
    ("log1p(x)", {"x": "-1"}, {}),
    ("log(x, y)", {"x": "3", "y": "1"}, {}),
    ("log(x, y)", {"x": "3", "y": "-2"}, {}),
    ("sqrt(x)", {"x": "-2"}, {}),
    ("sqrt(x)", {"x": "0"}, {}),
    ("cbrt(x)", {"x": "0"}, {}),
    ("asin(x)", {"x": "1.5"}, {}),
    ("asin(x)", {"x": "1"}, {}),
    ("acos(x)", {"x": "-2"}, {}),
    ("acosh(x)", {"x": "0.5"}, {}),
    ("acosh(x)", {"x": "1"}, {}),
    ("atanh(x)", {"x": "1"}, {}),
    ("atanh(x)", {"x": "3"}, {}),
    ("x/y", {"x": "1", "y": "0"}, {}),
    ("x**y", {"x": "-8", "y": "1/3"}, {}),
    ("x**y", {"x": "0", "y": "-1"}, {}),
    ("x**y", {"x": "-2", "y": "2"}, {}),
    ("x**0.5", {"x": "0"}, {}),
    ("gamma(x)", {"x": "0"}, {}),
    ("gamma(x)", {"x": "-3"}, {}),
    ("lgamma(x)", {"x": "-3"}, {}),
    ("digamma(x)", {"x": "-1"}, {}),
    ("hypot(x, y)", {"x": "0", "y": "0"}, {}),
    ("atan2(x, y)", {"x": "0", "y": "0"}, {}),
    ("1/0", {}, {}),
    ("log(-1)", {}, {}),
    ("sqrt(x**2)", {"x": "0"}, {}),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "point", "options"), ERRORS, ids=[f"{e} {p}" for e, p, _ in ERRORS])
def test_domain_errors_are_those_of_floats(expression: str, point: dict[str, str], options: dict[str, Any]) -> None:
    with pytest.raises(MathError) as floats:
        backprop(expression, point, **options)
    with pytest.raises(MathError) as precise:
        backprop(expression, point, precision=50, **options)
    assert precise.value.message == floats.value.message
    assert precise.value.span == floats.value.span
    assert precise.value.hint == floats.value.hint


def test_what_has_no_value_may_be_beyond_doubles() -> None:
    for expression in ("log(x)", "sqrt(x)", "atanh(x)", "x**0.5", "k0(x)"):
        with pytest.raises(MathError, match=r"has no (real|finite) value at q2 = -1e\+400"):
            backprop(expression.replace("x", "(-x*x)"), x="1e200", precision=20)


@pytest.mark.parametrize(
    ("expression", "point", "wrt"),
    [
        ("x**y", {"x": "-2", "y": "2"}, ["x"]),
        ("x**y", {"x": "0", "y": "0"}, ["x"]),
        ("x**y", {"x": "0", "y": "3"}, None),
    ],
)
def test_conventions_of_pow_are_those_of_floats(expression: str, point: dict[str, str], wrt: list[str] | None) -> None:
    floats, precise = backprop(expression, point, wrt=wrt), backprop(expression, point, wrt=wrt, precision=30)
    assert {name: float(value) for name, value in precise.gradient.items()} == floats.gradient
    assert float(precise.value) == floats.value


@pytest.mark.parametrize("ties", ["both", "split", "first"])
def test_ties_are_those_of_floats(ties: str) -> None:
    floats = backprop("max(x, y, z)", x="2", y="2", z="2", ties=ties)
    precise = backprop("max(x, y, z)", x="2", y="2", z="2", ties=ties, precision=30)
    assert {name: float(value) for name, value in precise.gradient.items()} == floats.gradient
    assert precise.warnings == floats.warnings


# -- The command line ----------------------------------------------------------------------------------------------


def test_the_document_holds_strings_and_the_precision() -> None:
    result = command("eval", "x/y + sin(z)", "--x", "1", "--y", "3", "--z", "0.1", "--precision", "40", "--json")
    assert (result.status, result.err) == (0, "")
    document = json.loads(result.out)
    TRACE.validate(document)
    assert document["precision"] == 40
    assert document["point"] == {"x": "1", "y": "3", "z": "0.1"}
    assert document["gradient"]["x"] == "0." + "3" * 40
    held = [document["value"], *document["gradient"].values()]
    for node in document["nodes"]:
        held += [node["value"], node["upstream"]]
        held += [number for edge in node["inputs"] for number in (edge["local"], edge["chained"])]
    assert all(number is None or isinstance(number, str) for number in held)
    assert all(Decimal(number).is_finite() for number in held if number is not None)


def test_a_document_without_precision_says_nothing_of_it() -> None:
    assert "precision" not in json.loads(command("eval", "x", "--x", "1", "--json").out)


def test_a_precise_document_feeds_the_input() -> None:
    words = ["eval", "x*y", "--precision", "60", "--json"]
    first = command(*words, "--x", "1/7", "--y", "pi").out
    again = command(*words, "--at", "-", stdin=first)
    assert again.status == 0, again.err
    second = json.loads(again.out)
    assert second["point"] == json.loads(first)["point"]
    assert abs(Decimal(second["value"]) - Decimal(json.loads(first)["value"])) < Decimal("1e-58")


def test_a_document_of_many_digits_feeds_the_input() -> None:
    words = ["eval", "x*y", "--precision", "100", "--json"]
    first = command(*words, "--x", "1/7", "--y", "pi").out
    again = command(*words, "--at", "-", stdin=first)
    assert again.status == 0, again.err
    assert json.loads(again.out)["point"] == json.loads(first)["point"]


@pytest.mark.parametrize("digits", [2, 17, 50, 1234])
def test_get_prints_as_many_digits_as_are_asked_for(digits: int) -> None:
    words = ["eval", "x*exp(y)", "--x", "1/7", "--y", "1", f"--precision={digits}", "--get=value", "--get=y"]
    result = command(*words)
    lines = result.out.splitlines()
    with mpmath.workdps(digits + 20):
        for line in lines:
            assert Decimal(line) in roundings(mpmath.nstr(mpmath.e / 7, digits + 10), digits)
    assert len(lines) == 2
    assert len(lines[0].removeprefix("0.")) == digits


@pytest.mark.parametrize("form", ["table", "csv", "markdown", "json"])
def test_every_format_shows_all_digits(form: str) -> None:
    result = command("eval", "x/3", "--x", "1", "--precision", "30", "--format", form)
    assert result.status == 0
    assert "0." + "3" * 30 in result.out
    assert "3" * 31 not in result.out


def test_digits_shorten_a_table_and_nothing_else() -> None:
    words = ["eval", "x/3", "--x", "1", "--precision", "30", "--digits", "4"]
    assert "0.3333 " in command(*words).out
    assert "3" * 5 not in command(*words).out
    assert "3" * 30 in command(*words, "--json").out
    assert "3" * 30 in command(*words, "--get", "value").out


def test_the_notice_goes_to_standard_error() -> None:
    result = command("eval", "sin(acos(-1))", "--precision", "50", "--get", "value")
    assert (result.status, result.out[:6]) == (0, "0 ± 1e")
    assert result.err.startswith("warning: ")
    assert "sin(acos(-1))" in result.err


@pytest.mark.parametrize("others", [["--exact"], ["--allow-nonfinite"], ["--exact", "--allow-nonfinite"]])
def test_precision_goes_with_no_other_arithmetic(others: list[str]) -> None:
    result = command("eval", "x", "--x", "1", "--precision", "50", *others)
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("error: ")
    with pytest.raises(InputError):
        backprop("x", x=1, precision=50, exact="--exact" in others, allow_nonfinite="--allow-nonfinite" in others)


@pytest.mark.parametrize("digits", ["1", "0", "-5", "10001", "1e3", "x", "", "2.5", "99999999999999999999"])
def test_precision_is_a_whole_number_from_2_to_10000(digits: str) -> None:
    result = command("eval", "x", "--x", "1", f"--precision={digits}")
    assert (result.status, result.out) == (2, "")
    assert "--precision" in result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize("digits", [1, 0, -5, 10_001])
def test_the_library_has_the_same_bounds(digits: int) -> None:
    with pytest.raises(InputError):
        backprop("x", x=1, precision=digits)


def test_an_error_is_drawn_and_ends_with_status_1() -> None:
    result = command("eval", "log(x) + y", "--x", "-1", "--y", "2", "--precision", "50")
    assert (result.status, result.out) == (1, "")
    assert re.match(r"error: q1 = log\(x\) has no real value at x = -1\n  log\(x\) \+ y\n  \^+\n", result.err)


def test_wrt() -> None:
    result = command("eval", "x**y", "--x=-2", "--y=3", "--precision=30", "--wrt=x", "--json")
    assert json.loads(result.out)["gradient"] == {"x": "12"}


def test_a_process_answers_too() -> None:
    words = ["eval", NEURON, *(f"--{name}={text}" for name, text in NEURON_AT.items()), "--precision=1000", "--get=w0"]
    result = subprocess.run(
        [sys.executable, "-m", "backprop_cli", *words], capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    assert result.stdout.startswith("-0.1966119332414818525374")
    assert len(result.stdout.strip()) == len("-0.") + 1000


def test_numbers_go_with_those_of_python_and_mpmath() -> None:
    root = backprop("sqrt(x)", x="2", precision=50).value
    assert abs(float(root * 0.5) - 2**-0.5) < 1e-15
    assert abs(mpmath.mpf(root) ** 2 - 2) < 1e-15
    assert 1.4 < root < mpmath.mpf("1.5")
    assert str(root).startswith("1.41421356237309504880168872420969807856967187537")
