"""What is asked for, put together: a program, a start, fixed values and columns of data → an Objective."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

import numpy as np

from ..arithmetic import FLOATS, Value
from ..arithmetic.axes import Array
from ..errors import InputError, did_you_mean, few, quote, suggest
from ..graph.graph import Graph
from ..language.names import as_name
from ..passes import point
from ..passes.arrays import value
from ..passes.nested import read_array
from ..passes.settings import EPOCHS, MOMENTUM, RATE, REDUCTIONS, STEPS, TOLERANCE, numbers_alone
from .minimum import Plan
from .objective import ARRAYS, Objective, Parameters

_MOST = {"momentum": 1.0}
"""Numbers of a plan that have an upper end; all are above 0."""


class NoStartError(point.MissingVariablesError):
    """Variables that have neither a start, nor a value, nor a column."""

    def __init__(self, graph: Graph, names: list[str]) -> None:
        super().__init__(
            graph, names, "--start says where to begin: --start " + ",".join(f"{each}=1" for each in names)
        )
        self.message = f"no start and no value for {', '.join(few(names))}"


def plan(method: str, given: Mapping[str, Any], *, has_rows: bool, dashes: str = "") -> Plan:
    """How to go down, from options that go together.

    method: one of DESCENTS;
    given: what is asked for of `rate`, `momentum`, `tolerance` (texts), `steps`, `batch`, `epochs`,
        `seed` (in COUNTS) and `bounds`, of which only it regards whether there are any; None for what is not;
    has_rows: whether there are rows of data;
    dashes: what stands before the names of options in errors.
    Raises InputError where they do not go together, and for numbers out of their range.
    """
    rate, momentum, tolerance = (_number(name, given[name], dashes) for name in ("rate", "momentum", "tolerance"))
    if momentum is not None and method == "gd":
        method = "momentum"
    by_rate, in_batches = method in ("gd", "momentum", "adam"), given["batch"] is not None
    for name, fits, what in (
        ("rate", by_rate, "gd, momentum and adam"),
        ("momentum", method == "momentum", "gd and momentum"),
        ("batch", by_rate, "gd, momentum and adam"),
        ("batch", has_rows, f"rows of {dashes}data"),
        ("epochs", in_batches, f"steps of {dashes}batch"),
        ("seed", in_batches, f"the order of rows of {dashes}batch"),
        ("bounds", method == "l-bfgs-b", f"{dashes}method l-bfgs-b"),
        ("steps", not in_batches, f"whole steps; with {dashes}batch, {dashes}epochs counts"),
    ):
        if given[name] is not None and not fits:
            raise InputError(f"{dashes}{name} is for {what}")
    steps = (given["epochs"] or EPOCHS) if in_batches else (given["steps"] or STEPS)
    numbers = rate or RATE, momentum or MOMENTUM, steps, tolerance or TOLERANCE
    return Plan(method, *numbers, given["batch"] or 0, given["seed"] or 0)


def _number(name: str, given: str | None, dashes: str) -> float | None:
    """A number of a plan; None where none is given. Raises InputError for one that is out of its range."""
    if given is None:
        return None
    value, most = float(point.read_value(f"{dashes}{name}", given, FLOATS)), _MOST.get(name, inf)
    if not 0 < value < most:
        between = "above 0" if most == inf else f"between 0 and {most:g}"
        raise InputError(f"{dashes}{name} is a number {between}, not {quote(given)}")
    return value


def objective(
    graph: Graph,
    start: Mapping[str, Any],
    fixed: Mapping[str, Any],
    columns: Mapping[str, Array] | None = None,
    reduce: str = "",
    ties: str = "both",
    *,
    by_rows: bool = False,
    left_out: Sequence[int] = (),
) -> tuple[Objective, Array]:
    """The objective, and the start as one vector.

    start: of what may change, as a value of a variable is given;
    fixed: values of other variables;
    columns: the data by name, None where there are none;
    reduce: one of REDUCTIONS, or empty;
    by_rows: whether each row has a value of its own, as a model has;
    left_out: rows of the data that are not in the columns, from 0.
    Raises InputError for what does not go together.
    """
    _check(graph, start, fixed, columns or {})
    used = {node.name: columns[node.name] for node in graph.variables if columns and node.name in columns}
    if missing := point.missing(graph, {**start, **fixed, **used}):
        raise NoStartError(graph, missing)
    if columns and not used and by_rows:
        used = dict([next(iter(columns.items()))])  # which tells how many rows there are
    if columns is not None and not used:
        raise InputError(f"the expression uses no column of the data, which has {', '.join(few([*columns]))}")
    if reduce and reduce not in REDUCTIONS:
        raise InputError(f"reduce is one of {', '.join(REDUCTIONS)}, not {quote(reduce)}")
    if reduce and columns is None:
        raise InputError("--reduce is for rows of data", hint="--data FILE has them")
    begin = {name: _value(name, each) for name, each in start.items()}
    stays = {name: _value(name, each) for name, each in fixed.items()}
    parameters = Parameters.of(begin)
    found = Objective(graph, parameters, stays, used, "sum" if by_rows else reduce, ties, left_out)
    if used and not (found.reduce or found.has_arrays):
        message = f"the expression has a value at each of {found.rows:,} rows, and what is minimized is one number"
        raise InputError(message, hint="--reduce mean, or --reduce sum, makes one of them")
    return found, parameters.vector(begin)


def _check(graph: Graph, start: Mapping[str, Any], fixed: Mapping[str, Any], columns: Mapping[str, Array]) -> None:
    """Raise InputError unless something changes, and each name has one of a start, a fixed value and a column."""
    if not start:
        names = [node.name for node in graph.variables if node.name not in columns]
        missing = [name for name in names if name not in fixed]
        if missing or not names:
            raise NoStartError(graph, missing) if missing else InputError("there is no variable that could change")
        hint = f"a start says what may change: --start {','.join(f'{name}={fixed[name]}' for name in names)}"
        raise InputError("every variable has a fixed value, so nothing may change", hint=hint)
    point.check(graph, start)
    numbers_alone(start, "a start")
    for name in start:
        if name in fixed:
            raise InputError(f"{quote(name)} has a fixed value and a start: it either stays or changes")
        if name in columns:
            raise InputError(f"{quote(name)} is a column of the data, so it takes no start", hint=_rename(name))
    for name in fixed:
        if name in columns:
            raise InputError(f"{quote(name)} has a fixed value and is a column of the data", hint=_rename(name))


def column(what: str, text: str, columns: Mapping[str, Array], objective: Objective) -> Array:
    """A column, or what a formula makes of some, a number for each row.

    text: the name of a column, or a formula over their names;
    columns: by name, each with a number for each row;
    what: is asked for: `--target`;
    objective: over the same rows, which names them.
    Raises InputError where it is neither, MathError where it has no value at a row.
    """
    name = as_name(text.strip())
    if name in columns:
        return _check_finite(name, columns[name], objective)
    from ..language.program import Program

    graph = Program(text, is_expression=True).graph([*columns])
    used = {node.name: columns[node.name] for node in graph.variables if node.name in columns}
    for node in graph.variables:
        if node.name not in used:
            close = suggest(node.name, columns)
            hint = did_you_mean(node.name, close) if close else f"columns: {', '.join(few([*columns]))}"
            raise InputError(f"{what} {quote(node.name)} is no column of the data", hint=hint)
    if not used:
        raise InputError(f"{what} is a column, or a formula of some", text, (0, len(text)))
    found = value(graph, used, objective.named_rows())
    if np.shape(found) != np.shape(next(iter(used.values()))):
        raise InputError(f"{what} is a number for each row", text, (0, len(text)))
    return np.asarray(found)


def check_finite(objective: Objective) -> None:
    """Raise InputError where a column that is used has an entry that is no number."""
    for name, each in objective.columns.items():
        _check_finite(name, each, objective)


def _check_finite(name: str, column: Array, objective: Objective) -> Array:
    """The column. Raises InputError where an entry is no number."""
    odd = np.flatnonzero(~np.isfinite(column))
    if len(odd):
        place = objective.named_rows().place(odd[:1].tolist())
        raise InputError(f"the value of {name} is not finite, at {place}", hint='on_error="skip" leaves such rows out')
    return column


def _rename(name: str) -> str:
    return f"--rename other={name} calls the column otherwise"


def _value(name: str, given: object) -> Value:
    return read_array(name, given, ARRAYS)
