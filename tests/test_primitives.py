"""Every row of the table of primitives, against mpmath at high precision. No row can lack a test: they are iterated."""

from __future__ import annotations

import functools
import itertools
import math
import operator
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from typing import Any, TypeAlias

import mpmath
import pytest
import sympy

from backprop_cli.arithmetic import FLOATS, IEEE
from backprop_cli.errors import MathError
from backprop_cli.graph.graph import Graph
from backprop_cli.language.program import Program
from backprop_cli.passes.backpropagate import backpropagate
from backprop_cli.passes.settings import Settings
from backprop_cli.rules.formula import Formula
from backprop_cli.rules.op import Op
from backprop_cli.rules.table import TABLE
from support import oracle
from support.hostile import hang_guard
from support.interpreter import COMPUTED, READ, interpret, operands
from support.rows import SPECIAL, every_call, every_row

pytestmark = pytest.mark.usefixtures("models")

PATIENCE = 30
"""Seconds. A rule whose work grows with the size of its input would stop the whole suite."""


@pytest.fixture(autouse=True)
def no_endless_rule() -> Iterator[None]:
    with hang_guard(PATIENCE):
        yield


# -- Values and local gradients ------------------------------------------------------------------------------------

_SIZES = [1e-200, 1e-20, 1e-8, 1e-3, 0.3, 0.5, 1 - 1e-12, 1.0, 1 + 1e-12, 1.4616321449683622, 1.5, 2.0, 2.5, math.e]
_SIZES += [3.0, 5.0, 7.25, 10.0, 20.0, 26.0, 40.0, 100.5, 170.5, 300.25, 700.0, 709.5, 1000.0, 123456.75, 1e10]
_SIZES += [1e10 + 0.5, 1e16, 1e22, 1e100, 1e200, 1e300]
_FEWER = [1e-200, 1e-20, 1e-3, 0.3, 1.0, 1 + 1e-12, 2.0, 2.5, 3.0, 40.0, 1000.0, 1e10, 1e200]
CANDIDATES: dict[int, list[float]] = {
    1: [0.0, *_SIZES, *(-size for size in _SIZES)],
    2: [0.0, *_FEWER, *(-size for size in _FEWER)],
    3: [0.0, 1e-200, -0.3, 1.0, 2.5, -40.0, 1e200],
}
"""Inputs that are tried on every row. It is the oracle that says whether there is an answer to compare."""

Points: TypeAlias = Sequence[tuple[float, ...]]
LARGEST, SMALLEST_NORMAL = sys.float_info.max, sys.float_info.min
TINIEST = math.ulp(0.0)

AWKWARD: list[tuple[str, Points]] = [
    ("sigmoid tanh softplus", [(40.0,), (-40.0,), (1000.0,), (-1000.0,), (0.0,)]),
    ("tanh", [(300.0,), (-300.0,), (1e-20,)]),
    ("log1p expm1", [(1e-20,), (-1e-20,), (TINIEST,)]),
    ("log1p", [(-1 + 1e-16,), (1e300,)]),
    ("asin acos atanh", [(1 - 1e-12,), (-1 + 1e-12,), (math.nextafter(1, 0),)]),
    ("acosh", [(1 + 1e-12,), (math.nextafter(1, 2),), (1e200,)]),
    ("asinh", [(1e-200,), (1e200,), (-1e200,)]),
    ("atan2", [(1e-200, 1e-200), (-1e-200, 2e-200), (1e200, -1e200), (1e200, 1e-200), (1e-200, 1e200)]),
    ("hypot", [(1e-200, 1e-200), (3e-200, -4e-200), (1e200, 1e200), (-1e200, 1e-200), (1e200, 1e200, 1e200)]),
    ("erf", [(5.0,), (1e-200,), (26.0,)]),
    ("erfc", [(5.0,), (20.0,), (26.0,), (-5.0,)]),
    ("pow", [(1e-5, 60.0), (1e5, -60.0), (1 + 1e-12, 1e14), (0.999999, -1e8), (1e-300, 1e-10), (1e300, 1e-10)]),
    ("pow", [(2.0, 1e-300), (TINIEST, 0.5), (LARGEST, 0.5), (-3.0, 301.0), (-1e-3, -101.0), (0.5, 1000.0)]),
    ("pow", [(-1.000000000000002, -1.6732530857688314e16), (-1 + 2**-53, 2.0**53)]),  # y - 1 is no longer exact there
    ("gamma", [(170.0,), (170.6,), (1e-300,), (-0.5,), (-10.25,), (-170.5,), (1.4616321449683622,)]),
    ("lgamma", [(2.000001,), (1.0000000001,), (1 - 2**-53,), (1 + 2**-52,), (1.01,), (0.98,), (-2.4570247382208006,)]),
    ("lgamma", [(1e10,), (1e300,), (1e-300,), (-0.5,), (-1e6 - 0.5,), (1.4616321449683622,), (1.4616321449683624,)]),
    ("digamma", [(1e10,), (1e300,), (1e-100,), (-0.5,), (-1e6 - 0.5,), (1.4616321449683622,), (-0.5040830082644554,)]),
    ("log", [(1e300, 1e-300), (8.0, 2.0), (1e-5, 10.0), (1 + 1e-12, 1 - 1e-12), (2.0, 1e300)]),
    ("log2 log10", [(TINIEST,), (LARGEST,), (1 + 1e-12,), (1 - 1e-12,)]),
    ("sin cos tan", [(1e22,), (math.pi,), (math.pi / 2,), (1e300,)]),
    ("cbrt", [(1e-300,), (-1e-300,), (LARGEST,)]),
    ("div", [(1e-200, 1e100), (1e300, 1e10), (1.0, 1e-150)]),
]


@cache
def alone(op: Op, count: int) -> tuple[list[str], Graph]:
    """The graph of one gate, and the names of its inputs."""
    names = [f"x{slot}" for slot in range(count)]
    return names, Program(op.written(names)).graph(names)


def check(op: Op, inputs: Sequence[float]) -> int:
    """Compare the value and each local gradient that exists; refuse what does not. How many numbers were compared."""
    names, graph = alone(op, len(inputs))
    point = dict(zip(names, inputs, strict=True))
    function = oracle.MPMATH_FUNCTIONS[op.name]
    with mpmath.workdps(60):
        exact = [oracle.exact(value) for value in inputs]
        value = oracle.value_of(function, exact)
    if value is None or abs(value) > LARGEST:
        with pytest.raises(MathError):
            backpropagate(graph, point, Settings([]))
        return 0
    assert_close(op, "value", inputs, backpropagate(graph, point, Settings([])).value, value)
    compared = 1
    for slot, name in enumerate(names):
        slope = oracle.slope_of(function, exact, slot)
        if slope is not None and abs(slope) > LARGEST:
            with pytest.raises(MathError):
                backpropagate(graph, point, Settings([name]))
        elif slope is not None:
            trace = backpropagate(graph, point, Settings([name]))
            local = trace.edges[slot].local
            assert local is not None
            assert_close(op, slot, inputs, local, slope)
            assert trace.gradient == {name: local}
            compared += 1
    return compared


def assert_close(op: Op, what: int | str, inputs: Sequence[float], got: float, expected: oracle.Number) -> None:
    with mpmath.workdps(60):
        allowed = max(4 * math.ulp(float(expected)), 1e-13 * abs(expected))
        if 0 < abs(expected) < SMALLEST_NORMAL:
            allowed = SMALLEST_NORMAL  # what underflows may come out as 0
        if expected == 0:
            allowed = 0
        error = abs(oracle.exact(got) - expected)
        assert error <= allowed, f"{op.call}, {what} at {inputs}: {got!r}, not {mpmath.nstr(expected, 20)}"


@every_call
@pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_value_and_local_gradients_are_those_of_mpmath(op: Op, count: int, step: int) -> None:
    """All the points in the slow suite, each fifth in the fast one, of one input each second."""
    points = itertools.islice(
        itertools.product(CANDIDATES[count], repeat=count), 0, None, step if count > 1 else 1 + (step > 1)
    )
    assert sum(check(op, inputs) for inputs in points) >= 12 // step


@pytest.mark.parametrize(
    ("name", "inputs"), [(name, inputs) for names, points in AWKWARD for name in names.split() for inputs in points]
)
def test_awkward_points(name: str, inputs: tuple[float, ...]) -> None:
    op = next(op for op in TABLE if op.name == name and op.accepts(len(inputs)))
    assert check(op, inputs) > 0


@every_call
def test_finite_numbers_are_the_same_where_others_are_allowed(op: Op, count: int) -> None:
    """--allow-nonfinite has numbers where there are errors without it, and changes no other."""
    strict, lenient = FLOATS.rule(op), IEEE.rule(op)
    compared = 0
    for inputs in itertools.product(CANDIDATES[count], repeat=count):
        with suppress(ArithmeticError, ValueError):
            value = strict.value(*inputs)
            assert repr(lenient.value(*inputs)) == repr(value)
            for slot in range(count):
                with suppress(ArithmeticError, ValueError):
                    local = strict.partial(slot, inputs, value)
                    assert repr(lenient.partial(slot, inputs, value)) == repr(local)
                    compared += 1
    assert compared >= 5


# -- The formulas of the rules -----------------------------------------------------


def over_mpmath(op: Op, formula: Formula, inputs: Sequence[Any], slot: int | None, out: Any, form: int) -> Any:
    """A formula of a row at numbers; `slot` says which input a partial of a row with any number of inputs is about."""
    words = {**operands(op, inputs), "out": [out], "pi": [+mpmath.pi]}
    if op.variadic and slot is not None:
        rest = [*inputs[:slot], *inputs[slot + 1 :]]
        words |= {op.inputs[0]: [inputs[slot]], "others": [functools.reduce(operator.mul, rest)]}
    return interpret(formula, words, oracle.MPMATH_FUNCTIONS, oracle.exact, form)


def points(op: Op, count: int, wanted: int = 60) -> Iterator[tuple[list[Any], Any]]:
    """Random inputs where the row has a value, off every kink, and that value."""
    choose = random.Random(f"{op.name} {count}")
    function = oracle.MPMATH_FUNCTIONS[op.name]
    found = 0
    for _ in range(100 * wanted):
        inputs = [oracle.exact(choose.choice([1, 3, 20]) * choose.uniform(-1, 1)) for _ in range(count)]
        if op.name == "pow" and choose.random() < 0.3:
            inputs[1] = mpmath.nint(inputs[1])
        value = oracle.value_of(function, inputs)
        if value is not None:
            found += 1
            yield inputs, value
        if found == wanted:
            return
    raise AssertionError(f"{op} has a value at {found} of the points tried")


def same(left: Any, right: Any) -> bool:
    return bool(mpmath.almosteq(left, right, rel_eps=1e-50, abs_eps=1e-55))


def real_or_none(function: Callable[..., Any], *args: Any) -> Any:
    try:
        return oracle.real(function(*args))
    except (ArithmeticError, ValueError):
        return None


@every_call
def test_value_formula_is_the_function_of_its_name(op: Op, count: int) -> None:
    with mpmath.workdps(120):
        for inputs, value in points(op, count):
            for form in (READ, COMPUTED):
                assert same(over_mpmath(op, op.value, inputs, None, None, form), value), (inputs, form)


@every_call
def test_read_and_computed_forms_of_partials_agree(op: Op, count: int) -> None:
    with mpmath.workdps(120):
        for slot in range(count):
            compared = 0
            for inputs, out in points(op, count):
                read, computed = (
                    real_or_none(over_mpmath, op, op.partial(slot), inputs, slot, out, form)
                    for form in (READ, COMPUTED)
                )
                assert (read is None) == (computed is None), (inputs, read, computed)
                if read is not None:
                    compared += 1
                    assert same(read, computed), (slot, inputs)
            assert compared >= 30


@every_call
def test_partials_are_the_derivatives_that_sympy_finds(op: Op, count: int) -> None:
    symbols = list(sympy.symbols(f"x0:{count}"))
    value = sympy.sympify(
        interpret(op.value, {**operands(op, symbols), "pi": [sympy.pi]}, oracle.SYMPY_FUNCTIONS, sympy.Rational, READ)
    )
    with mpmath.workdps(120):
        for slot, symbol in enumerate(symbols):
            derivative = sympy.diff(value, symbol)
            compared = 0
            for inputs, out in points(op, count, wanted=40):
                expected = real_or_none(oracle.numeric, derivative, dict(zip(symbols, inputs, strict=True)))
                partial = real_or_none(over_mpmath, op, op.partial(slot), inputs, slot, out, READ)
                assert (expected is None) == (partial is None), inputs
                if expected is not None:
                    compared += 1
                    assert same(partial, expected), (slot, inputs)
            assert compared >= 10


CANCELLING = "lognormcdf"
"""Whose value SymPy computes from 1 − erf(x), and loses the digits that are compared."""


@pytest.mark.slow
def test_special_functions_are_rows_like_the_others() -> None:
    """But for their numbers, which test_sweep compares with FLINT's."""
    for op in SPECIAL:
        count = len(op.inputs)
        test_finite_numbers_are_the_same_where_others_are_allowed(op, count)
        test_value_formula_is_the_function_of_its_name(op, count)
        test_read_and_computed_forms_of_partials_agree(op, count)
        if op.name != CANCELLING:
            test_partials_are_the_derivatives_that_sympy_finds(op, count)


# -- The table itself ------------------------------------------------------------------------------------------------


@every_row
def test_row_has_a_partial_for_each_input(op: Op) -> None:
    assert len(op.partials) == len(op.inputs) == len(set(op.inputs))


def test_rows_are_unique_by_name_and_number_of_inputs() -> None:
    taken = Counter((op.name, count) for op in TABLE for count in range(1, 6) if op.accepts(count))
    assert [key for key, times in taken.items() if times > 1] == []


def test_no_spelling_means_two_rows() -> None:
    taken = Counter(
        (spelling, count)
        for op in TABLE
        for spelling in (op.name, *op.aliases)
        for count in range(1, 6)
        if op.accepts(count)
    )
    assert [key for key, times in taken.items() if times > 1] == []
    names = {op.name for op in TABLE}
    assert [alias for op in TABLE for alias in op.aliases if alias in names] == []


@every_row
def test_every_alias_means_its_row(op: Op) -> None:
    count = 2 if op.variadic else len(op.inputs)
    names = ["a", "b", "c"][:count]
    for spelling in op.aliases:
        text = f"{spelling}({', '.join(names)})" if spelling[0].isalpha() else f"a {spelling} b"
        assert Program(text).graph().nodes.ops[-1] is op
