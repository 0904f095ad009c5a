"""`backprop`, the function: it gives a trace or raises BackpropError, whatever it is handed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from itertools import repeat
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy

import backprop_cli
from backprop_cli import BackpropError, Trace, backprop


class Text(str):
    __slots__ = ()


class Precise(float):
    def __repr__(self) -> str:
        return "not a number"


class Half(str, Enum):  # noqa: UP042  # which says that it is Half.TEXT
    TEXT = "1/2"


class Hostile(float):
    """Whatever it is asked, it raises."""

    def __float__(self) -> float:
        raise RuntimeError

    __int__ = __index__ = __str__ = __repr__ = __float__  # type: ignore[assignment]


class Unreadable:
    """As an array that lies in another device's memory."""

    ndim = 1

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise RuntimeError("elsewhere")


class Kilometres(np.ndarray[Any, Any]):
    """As arrays with units have it."""

    def __array_ufunc__(self, *_: Any, **__: Any) -> Any:
        raise TypeError("km")


def deep(levels: int) -> list[Any]:
    found: list[Any] = []
    for _ in range(levels):
        found = [found]
    return found


class Loud:
    """Neither compares nor shows itself."""

    def __repr__(self) -> str:
        raise AssertionError

    def __eq__(self, other: object) -> bool:
        raise AssertionError

    __hash__ = object.__hash__


BAD: dict[str, Callable[[], Any]] = {
    "None": lambda: None,
    "True": lambda: True,
    "bytes": lambda: b"x",
    "bytes of a digit": lambda: b"2",
    "bytearray": lambda: bytearray(b"2"),
    "list": lambda: [2],
    "empty list": list,
    "tuple": lambda: (1, 2),
    "dict": lambda: {"x": 2},
    "empty dict": dict,
    "pairs": lambda: [("x", 2)],
    "set": lambda: {"x"},
    "range": lambda: range(3),
    "generator": lambda: iter(["x"]),
    "object": object,
    "loud": Loud,
    "hostile": lambda: Hostile(2.5),
    "list of the hostile": lambda: [Hostile(2.5)],
    "unreadable": Unreadable,
    "list of lists of lists": lambda: deep(3_000),
    "list of 10**5000": lambda: [10**5000, 1],
    "list of NaN": lambda: [math.nan, 1],
    "list of a kind": lambda: [np.float32(0.1), Fraction(1, 3)],
    "names without end": lambda: repeat("x"),
    "text of an enumeration": lambda: Half.TEXT,
    "function": lambda: len,
    "class": lambda: float,
    "ellipsis": lambda: ...,
    "complex": lambda: 1j,
    "real complex": lambda: complex(2, 0),
    "nan": lambda: math.nan,
    "inf": lambda: math.inf,
    "-inf": lambda: -math.inf,
    "float": lambda: 2.5,
    "float of a kind": lambda: Precise(2.5),
    "zero": lambda: 0,
    "-0.0": lambda: -0.0,
    "negative": lambda: -1,
    "one": lambda: 1,
    "10**400": lambda: 10**400,
    "10**5000": lambda: 10**5000,
    "-10**5000": lambda: -(10**5000),
    "10**-5000": lambda: Fraction(1, 10**5000),
    "fraction": lambda: Fraction(1, 3),
    "long fraction": lambda: Fraction(10**200 + 1, 3),
    "Decimal": lambda: Decimal("0.1"),
    "Decimal NaN": lambda: Decimal("NaN"),
    "Decimal sNaN": lambda: Decimal("sNaN"),
    "Decimal 1e5000": lambda: Decimal("1e5000"),
    "float16": lambda: np.float16(0.1),
    "float32": lambda: np.float32(0.1),
    "longdouble": lambda: np.longdouble("1e4000"),
    "int64": lambda: np.int64(3),
    "bool_": lambda: np.True_,
    "complex128": lambda: np.complex128(1 + 2j),
    "str_": lambda: np.str_("x"),
    "bytes_": lambda: np.bytes_(b"2"),
    "datetime64": lambda: np.datetime64("2000-01-01"),
    "timedelta64": lambda: np.timedelta64(5, "D"),
    "void": lambda: np.void(b"abcd"),
    "array of none": lambda: np.array([]),
    "array of one": lambda: np.array([2.0]),
    "array of two": lambda: np.array([1.0, 2.0]),
    "array of names": lambda: np.array(["x", "y"]),
    "array of NaN": lambda: np.array([math.nan, 1]),
    "array of longdoubles": lambda: np.array([1, np.longdouble("1e4000")]),
    "array with a mask": lambda: np.ma.array([1.0, 2.0], mask=[False, True]),
    "array with a unit": lambda: np.array([1.0, 2.0]).view(Kilometres),
    "array that is a matrix": lambda: np.ones((2, 2)).view(np.matrix),
    "array without axes": lambda: np.array(2.0),
    "sympy.pi": lambda: sympy.pi,
    "sympy.Symbol": lambda: sympy.Symbol("x"),
    "sympy.Rational": lambda: sympy.Rational(1, 3),
    "sympy.Float": lambda: sympy.Float("0.1", 30),
    "sympy.zoo": lambda: sympy.zoo,
    "mpf": lambda: mpmath.mpf("0.1"),
    "huge mpf": lambda: mpmath.mpf("1e4000"),
    "mpc": lambda: mpmath.mpc(1, 2),
    "empty text": lambda: "",
    "blank text": lambda: " \n",
    "text of a kind": lambda: Text("x"),
    "digit": lambda: "10",
    "other digits": lambda: "²",
    "word": lambda: "both",
    "names": lambda: "x,y",
    "no names": lambda: ",",
    "division by 0": lambda: "1/0",
    "surrogate": lambda: "\ud800",
    "NUL": lambda: "x\0",
    "escape": lambda: "\x1b[31m",
    "long text": lambda: "9" * 100_000,
    "code": lambda: "__import__('os')",
}
"""What people and programs hand over, by name."""

UNHASHABLE = {"bytearray", "empty list", "dict", "empty dict", "pairs", "set", "Decimal sNaN", "void"}
UNHASHABLE |= {name for name in BAD if name.startswith(("array", "list"))}
PARAMETERS = [
    *("expression", "values", "wrt", "ties", "allow_nonfinite", "precision", "exact", "hessian", "expand", "upstream"),
    *("jacobian", "enclose", "trust", "correlations", "time_limit", "x", "name", "name in wrt"),
]
ARITHMETICS: list[dict[str, Any]] = [{}, {"precision": 20}, {"exact": True}, {"allow_nonfinite": True}]


def call(parameter: str, given: Any, arithmetic: Mapping[str, Any]) -> Trace:
    """x*y + max(x, 1) at (2, 3), with one thing given in place of what is right."""
    options: dict[str, Any] = {"wrt": ["x", "y"], "time_limit": 60, "hessian": True, **arithmetic}
    expression, values = "x*y + max(x, 1)", {"x": 2, "y": 3}
    if parameter == "expression":
        expression = given
    elif parameter == "values":
        values = given
    elif parameter == "x":
        values["x"] = given
    elif parameter == "name":
        values = {given: 2, "y": 3}
    elif parameter == "name in wrt":
        options["wrt"] = [given]
    else:
        options[parameter] = given
    return backprop(expression, values, **options)


def outcome(parameter: str, given: Any, arithmetic: Mapping[str, Any]) -> Trace | str:
    """A trace, or the error as text. Any exception but BackpropError fails the test."""
    try:
        return call(parameter, given, arithmetic)
    except BackpropError as error:
        return str(error)


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_whatever_is_given(parameter: str) -> None:
    for name, make in BAD.items():
        if parameter == "name" and name in UNHASHABLE:
            continue
        for arithmetic in ARITHMETICS:
            result = outcome(parameter, make(), arithmetic)
            if isinstance(result, str):
                assert result.startswith("error: "), name
                assert result.replace("\n", "").isprintable(), name
            else:
                assert {*result.gradient} <= {"x", "y"}, name


PRODUCT = backprop("x*y", x=2, y=3)
ROWS = {"t": [1.0, 2.0, 3.0], "z": [2.0, 4.0, 7.0]}


def smaller(**options: Any) -> Any:
    given: dict[str, Any] = {"start": {"a": 1}, "data": ROWS, "reduce": "mean", "steps": 2, **options}
    return backprop_cli.minimize("(a*t - z)^2", **given)


def fitted(**options: Any) -> Any:
    return backprop_cli.fit("a*t", **{"target": "z", "data": ROWS, "start": {"a": 1}, **options})


FACES: dict[str, Callable[[Any], object]] = {
    "compile": backprop_cli.compile,
    "compile wrt": lambda bad: backprop_cli.compile("x*y", wrt=bad),
    "compile ties": lambda bad: backprop_cli.compile("x*y", ties=bad),
    "compiled": lambda bad: backprop_cli.compile("x*y")(bad, y=2),
    "columns": backprop_cli.columns,
    "columns wrt": lambda bad: backprop_cli.columns("x*y", wrt=bad),
    "columns ties": lambda bad: backprop_cli.columns("x*y", ties=bad),
    "columns on_error": lambda bad: backprop_cli.columns("x*y", on_error=bad),
    "columns value": lambda bad: backprop_cli.columns("x*y", x=bad),
    "columns of": lambda bad: backprop_cli.columns("x*y")(bad),
    "a column": lambda bad: backprop_cli.columns("x*y", y=2)({"x": bad}),
    "an entry": lambda bad: backprop_cli.columns("x*y", y=2, on_error="null")({"x": [1.0, bad]}),
    "explain nudge": lambda bad: PRODUCT.explain(nudge=bad),
    "explain lang": lambda bad: PRODUCT.explain(lang=bad),
    "page lang": lambda bad: PRODUCT.page(lang=bad),
    "derive": lambda bad: PRODUCT.derive(bad),
    "derive value": lambda bad: PRODUCT.derive(x=bad),
    "derive steps": lambda bad: PRODUCT.derive(steps=bad),
    "check": lambda bad: PRODUCT.check(bad),
    "check claim": lambda bad: PRODUCT.check(x=bad),
    "check lang": lambda bad: PRODUCT.check(x=3, lang=bad),
    "graph file": lambda bad: PRODUCT.graph(bad),
    "graph form": lambda bad: PRODUCT.graph(form=bad),
    "graph theme": lambda bad: PRODUCT.graph(theme=bad),
    "graph scale": lambda bad: PRODUCT.graph(scale=bad),
    "code": lambda bad: PRODUCT.code(bad),
    "code function": lambda bad: PRODUCT.code(function=bad),
}  # fmt: skip


DESCENTS: dict[str, Callable[[Any], object]] = {
    **{f"minimize {name}": lambda bad, name=name: smaller(**{name: bad})  # type: ignore[misc]
       for name in ("start", "method", "rate", "momentum", "steps", "tolerance", "data", "reduce", "batch", "epochs",
                    "seed", "bounds", "ties", "time_limit")},
    "minimize a column": lambda bad: smaller(data={**ROWS, "t": bad}),
    "minimize an entry": lambda bad: smaller(data={**ROWS, "t": [1.0, bad, 2.0]}),
    "minimize bounds of a": lambda bad: smaller(method="l-bfgs-b", bounds={"a": bad}),
    "minimize a bound of a": lambda bad: smaller(method="l-bfgs-b", bounds={"a": (bad, 2)}),
    **{f"fit {name}": lambda bad, name=name: fitted(**{name: bad})  # type: ignore[misc]
       for name in ("target", "data", "start", "bounds", "weights", "method", "time_limit")},
    "fit model": lambda bad: backprop_cli.fit(bad, "z", ROWS, {"a": 1}),
}  # fmt: skip


@pytest.mark.parametrize("faces", [FACES, DESCENTS], ids=["gradients", "descents"])
def test_whatever_is_given_to_the_other_functions(
    faces: dict[str, Callable[[Any], object]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A result that shows itself, or a BackpropError."""
    monkeypatch.chdir(tmp_path)
    pytest.importorskip("scipy")
    for face, function in faces.items():
        for make in BAD.values():
            with suppress(BackpropError):
                assert repr(function(make())), face


RIGHT: list[tuple[Any, str]] = [
    (2, "2"),
    (-0.0, "-0"),
    (10**100, "1e100"),
    (Fraction(-1, 3), "-1/3"),
    (Decimal("0.1"), "0.1"),
    (Decimal("1E+3"), "1000"),
    (np.float32(0.1), "0.10000000149011612"),
    (np.float64(0.1), "0.1"),
    (np.int64(-7), "-7"),
    (np.uint8(200), "200"),
    (Precise(2.5), "2.5"),
    (sympy.Rational(1, 3), "1/3"),
    (mpmath.mpf(0.1), "0.1"),
    (Text("1/3"), "1/3"),
    (np.str_("pi/4"), "pi/4"),
    (Half.TEXT, "1/2"),
]


@pytest.mark.parametrize(("given", "text"), RIGHT, ids=repr)
def test_a_number_is_what_it_is(given: Any, text: str) -> None:
    for options in ARITHMETICS:
        assert backprop("x*x", x=given, **options).to_dict() == backprop("x*x", x=text, **options).to_dict()


@pytest.mark.parametrize(
    ("wrt", "names"),
    [
        (None, ["x", "y", "xy"]),
        ("xy", ["xy"]),
        ("x,y", ["x", "y"]),
        (" x , xy ", ["x", "xy"]),
        (["xy"], ["xy"]),
        ({"y": 1}, ["y"]),
        (iter(["y", "y"]), ["y"]),
        (np.array(["x"]), ["x"]),
        ([], []),
    ],
)
def test_text_for_wrt_is_names_with_commas(wrt: Any, names: list[str]) -> None:
    assert list(backprop("x*y + xy", x=1, y=2, xy=3, wrt=wrt).gradient) == names


@pytest.mark.parametrize("digits", [4300, 4301, 9000, 10_100])
def test_as_many_digits_as_there_may_be(digits: int) -> None:
    for text in ("7" * digits, f"-0.{'7' * digits}", f"{'7' * 100}.{'3' * (digits - 100)}e-5"):
        trace = backprop("x*1", x=text, precision=10_000)
        difference = Decimal(trace.arithmetic.exactly(trace.value)) - Decimal(text)
        assert abs(difference) <= abs(Decimal(text)).scaleb(-9_999)
