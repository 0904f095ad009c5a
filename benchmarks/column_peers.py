"""The sums of a value and its gradients over whole columns, in each library as its users would write them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from peers import load

Columns = Mapping[str, Any]
Sums = Callable[[], Sequence[float]]


class Program(NamedTuple):
    """A function by hand.

    of: its rows, by a library that has NumPy's words;
    steps: parts of it by name, and behind them the value and each gradient, as signs that numexpr and SQL both read.
    """

    of: Callable[[Columns, Any], Any]
    steps: Mapping[str, str]
    results: Sequence[str]


PROGRAMS = {
    "(x+y)*z": Program(lambda c, _np: (c["x"] + c["y"]) * c["z"], {}, ("(x+y)*z", "z", "z", "x+y")),
    "(a*x + b - y)**2": Program(
        lambda c, _np: (c["a"] * c["x"] + c["b"] - c["y"]) ** 2,
        {"q": "a*x + b - y"},
        ("q*q", "2*q*x", "2*q*a", "2*q", "-2*q"),
    ),
    "((x*y + z)*x - y/z)*(x - z*y + 2)": Program(
        lambda c, _np: ((c["x"] * c["y"] + c["z"]) * c["x"] - c["y"] / c["z"]) * (c["x"] - c["z"] * c["y"] + 2),
        {"p": "x*y + z", "q": "p*x - y/z", "w": "x - z*y + 2", "g": "w*x"},
        ("q*w", "w*p + g*y + q", "g*x - w/z - q*z", "g + w*y/(z*z) - q*y"),
    ),
    "softplus(-y*(w1*x1 + w2*x2 + b))": Program(
        lambda c, np: np.logaddexp(0.0, -c["y"] * (c["w1"] * c["x1"] + c["w2"] * c["x2"] + c["b"])),
        {"m": "-y*(0.7*x1 - 1.1*x2 + 0.2)", "s": "-y/(1 + exp(-m))"},
        ("log(1 + exp(m))", "s*x1", "s*x2", "s"),
    ),
}
"""By the text of the expression. (Where m is large, log(1 + exp(m)) overflows, which ours does not; here it is not.)"""


def jax(program: Program, fixed: Mapping[str, float], wrt: Sequence[str], columns: Columns) -> Sums:
    library = load("jax")
    library.config.update("jax_platforms", "cpu")
    library.config.update("jax_enable_x64", True)
    numpy = library.numpy
    given = {name: numpy.asarray(each) for name, each in columns.items()}

    @library.jit  # type: ignore[untyped-decorator]
    def sums(given: Columns) -> Any:
        everything = {**given, **{name: numpy.full_like(given["y"], value) for name, value in fixed.items()}}
        values, back = library.vjp(
            lambda some: program.of({**everything, **some}, numpy), {n: everything[n] for n in wrt}
        )
        (slopes,) = back(numpy.ones_like(values))
        return [numpy.sum(values), *(numpy.sum(slopes[name]) for name in wrt)]

    return lambda: [float(each) for each in sums(given)]


def autograd(program: Program, fixed: Mapping[str, float], wrt: Sequence[str], columns: Columns) -> Sums:
    numpy = load("autograd.numpy")
    whole = {**columns, **fixed}

    def loss(some: Columns) -> Any:
        return numpy.sum(program.of({**whole, **some}, numpy))

    value_and_grad = load("autograd").value_and_grad(loss)

    def sums() -> list[float]:
        value, slopes = value_and_grad({name: whole[name] for name in wrt})
        return [float(value), *(float(numpy.sum(slopes[name])) for name in wrt)]

    return sums


def numexpr(program: Program, _fixed: Mapping[str, float], _wrt: Sequence[str], columns: Columns) -> Sums:
    library = load("numexpr")
    texts = [f"sum({_opened(text, program.steps)})" for text in program.results]
    return lambda: [float(library.evaluate(text, local_dict=columns)) for text in texts]


def _opened(text: str, steps: Mapping[str, str]) -> str:
    """The text, in which the names of steps are what they stand for."""
    for name, step in reversed([*steps.items()]):
        text = re.sub(rf"\b{name}\b", f"({step})", text)
    return text


def duckdb(program: Program, _fixed: Mapping[str, float], _wrt: Sequence[str], columns: Columns) -> Sums:
    connection = load("duckdb").connect()
    connection.register("given", dict(columns))
    connection.execute("CREATE TABLE data AS SELECT * FROM given")
    rows = "data"
    for name, step in program.steps.items():
        rows = f"(SELECT *, {_in_sql(step)} AS {name} FROM {rows})"
    query = f"SELECT {', '.join(f'sum({_in_sql(text)})' for text in program.results)} FROM {rows}"
    return lambda: [float(each) for each in connection.execute(query).fetchone()]


def _in_sql(text: str) -> str:
    """Its names and functions as DuckDB has them, with numbers that are doubles."""
    text = text.replace("log(", "ln(")
    return re.sub(r"(?<![\w.])\d+(\.\d+)?\b", lambda number: f"{number[0]}::DOUBLE", text)


PEERS = {"JAX, jit": jax, "autograd": autograd, "numexpr": numexpr, "DuckDB, SQL": duckdb}
"""By the name in the tables, whose first word names the module."""
