"""What is asked for, put together: a program, a start, fixed values and columns of data → an Objective."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..arithmetic import Value
from ..arithmetic.axes import Array
from ..errors import InputError, did_you_mean, few, quote, suggest
from ..graph.graph import Graph
from ..language.names import as_name
from ..passes import point
from ..passes.arrays import value
from ..passes.nested import read_array
from ..passes.settings import REDUCTIONS, numbers_alone
from .objective import ARRAYS, Objective, Parameters


class NoStartError(point.MissingVariablesError):
    """Variables that have neither a start, nor a value, nor a column."""

    def __init__(self, graph: Graph, names: list[str]) -> None:
        super().__init__(
            graph, names, "--start says where to begin: --start " + ",".join(f"{each}=1" for each in names)
        )
        self.message = f"no start and no value for {', '.join(few(names))}"


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
