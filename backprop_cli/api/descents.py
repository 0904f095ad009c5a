"""`minimize` and `fit`, the functions: what the commands of these names do, and results that show themselves."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from numbers import Real
from os import PathLike, fspath
from types import NoneType
from typing import TYPE_CHECKING, Any, TypeAlias

from ..arithmetic import TIES
from ..errors import InputError, shorten
from ..passes.settings import COUNTS, DESCENTS, FITS, ON_ERROR, Settings
from .shown import Shown, Text
from .values import Arrayed, Given, expect, in_time, name_of, number, one_of, reading, text, texts, whole

if TYPE_CHECKING:
    from ..arithmetic.axes import Array
    from ..descent.bounds import Bounds
    from ..descent.minimum import Descent
    from ..descent.objective import Objective
    from ..descent.squares import Fit as Squares
    from ..points.blocks import Table
    from ..points.evaluate import Job

Data: TypeAlias = Mapping[str, Sequence[float] | Arrayed] | str | PathLike[str]
"""Columns by name, or the name of a file with some: CSV with a header, or JSON lines."""

_BOUNDS = (Mapping, NoneType)


class _Result(Shown):
    """What came of it, which can be drawn."""

    def to_dict(self) -> dict[str, Any]:
        """The document that `--json` prints, as plain data."""
        found: dict[str, Any] = self._views().document(self.subject)
        return found

    def __str__(self) -> str:
        return str(self.render())

    def _repr_markdown_(self) -> None:
        """It is a table."""

    def _repr_svg_(self) -> None:
        """It is a table."""

    @abstractmethod
    def _views(self) -> Any:
        """The module of the views."""

    def _drawn(self) -> tuple[Any, ...]:
        """What its plot is made of."""
        return (self.subject,)

    def plot(self, file: str | PathLike[str] | None = None) -> Text:
        """Draw it, as `--plot` does; as text it is made of characters.

        file: where it is written; the end of the name says the format (.svg, .png, .pdf).
        Raises InputError for a name that means no format, and where a format needs Matplotlib and there is none.
        """
        return Text("plot", self._views().plots(*self._drawn())).written(file)


class Minimum(_Result):
    """Where `minimize()` ended, and how it came there.

    point, value, gradient: at the end, by name;
    converged, reason: whether, and why it ended;
    steps: how many were made;
    left_out: rows of the data without a result, from 0;
    trajectory: what `to_dict()` has of each step.
    """

    kind = "descent"

    def __init__(self, descent: Descent) -> None:
        last, parameters = descent.last, descent.parameters
        self.subject = descent
        self.point, self.gradient = parameters.named(last.point), parameters.named(last.gradient)
        self.value, self.steps = last.value, last.number
        self.converged, self.reason = descent.converged, descent.reason
        self.left_out = [*descent.objective.left_out]

    def __repr__(self) -> str:
        return f"<Minimum {self.value:.6g} after {self.steps} steps: {self.reason}>"

    @property
    def trajectory(self) -> list[dict[str, Any]]:
        """Each step that was kept: its number, the point, the value and the gradient there."""
        steps: list[dict[str, Any]] = self.to_dict()["trajectory"]
        return steps

    def _views(self) -> Any:
        from ..view import descents

        return descents


class Fit(_Result):
    """What `fit()` found.

    parameters: the value of each by name;
    errors: the standard error of each, NaN where there is none, which `no_error` explains;
    converged, reason: whether, and why it ended;
    warning: that it ended far off, empty where it did not;
    residuals: target − model at each row that counts;
    left_out: rows of the data without a result, from 0.
    """

    kind = "fit"

    def __init__(self, fit: Squares, columns: Mapping[str, Array]) -> None:
        """columns: those that the model uses."""
        self.subject, self.columns = fit, columns
        self.parameters = dict(zip(fit.labels, fit.values.tolist(), strict=True))
        self.errors = dict(zip(fit.labels, fit.errors.tolist(), strict=True))
        self.no_error, self.residuals = fit.no_error, fit.residuals
        self.converged, self.reason, self.warning = fit.converged, fit.reason, fit.warning
        self.left_out = [*fit.left_out]

    def __repr__(self) -> str:
        return f"<Fit {', '.join(f'{name} = {value:.6g}' for name, value in self.parameters.items())}: {self.reason}>"

    def _views(self) -> Any:
        from ..view import fits

        return fits

    def _drawn(self) -> tuple[Any, ...]:
        return self.subject, self.columns


def minimize(
    expression: str,
    start: Mapping[str, Given],
    *,
    method: str = DESCENTS[0],
    rate: float | None = None,
    momentum: float | None = None,
    steps: int | None = None,
    tolerance: float | None = None,
    data: Data | None = None,
    reduce: str = "",
    batch: int | None = None,
    epochs: int | None = None,
    seed: int | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    ties: str = TIES[0],
    on_error: str = ON_ERROR[0],
    time_limit: float | None = None,
    **variables: Given,
) -> Minimum:
    """Change variables so that the value of the expression becomes smaller, as `backprop minimize` does.

    expression: the text of an expression or a program;
    start: where to begin, for each variable that may change;
    method: `gd`, `momentum`, `adam`, `bfgs` or `l-bfgs-b`;
    rate: of the gradient, the part that a step takes, above 0; 0.1 if it is not given;
    momentum: of a step, the part that goes into the next, between 0 and 1; 0.9 if it is not given, and with it `gd` is
        `momentum`;
    steps: at most so many, 1 to 1,000,000; 1000 if it is not given;
    tolerance: it has converged where no entry of the gradient is larger; above 0, and 1e-6 if it is not given;
    data: columns, for variables that have a value in each row;
    reduce: `sum` or `mean` of the values at all rows; without, the program takes whole columns;
    batch: rows of a step, in random order, 1 to 1,000,000,000; all if it is not given;
    epochs: with batches, how often all rows come, in place of steps: 1 to 1,000,000; 100 if it is not given;
    seed: what the order of rows comes from, 0 to 999,999,999; 0 if it is not given;
    bounds: the least and the largest value of parameters, which may be infinite, for `l-bfgs-b`;
    on_error: `stop`, an error for a row of data that has no number, or no result at the start; or `skip`, which leaves
        it out;
    variables: values that stay.
    Raises BackpropError as `backprop()` does, and InputError for what does not go together.

    >>> minimize("(w-3)^2", {"w": 0}, rate=0.1, steps=2).point
    {'w': 1.08}
    """
    from ..descent.minimum import minimize as descend
    from ..descent.setup import check_finite
    from ..descent.setup import plan as planned

    one_of("method", method, DESCENTS)
    counts = {"steps": steps, "batch": batch, "epochs": epochs, "seed": seed}
    given: dict[str, Any] = {name: whole(name, each, COUNTS[name]) for name, each in counts.items()}
    for name, each in {"rate": rate, "momentum": momentum, "tolerance": tolerance}.items():
        expect(name, each, (Real, Decimal, NoneType), "a number")
        given[name] = None if each is None else text(name, each)
    one_of("on_error", on_error, ON_ERROR[:2])
    expect("bounds", bounds, _BOUNDS, "a mapping of names to pairs of numbers")
    plan = planned(method, {**given, "bounds": bounds or None}, has_rows=data is not None)

    def work() -> Minimum:
        objective, vector, _ = _objective(expression, start, variables, data, reduce, ties, on_error)
        check_finite(objective)
        limits = _bounds(bounds, objective.parameters.labels)
        return Minimum(descend(objective, vector, plan._replace(bounds=limits)))

    return in_time(time_limit, work)


def fit(
    model: str,
    target: str,
    data: Data,
    start: Mapping[str, Given],
    *,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    weights: str | None = None,
    method: str = FITS[0],
    on_error: str = ON_ERROR[0],
    time_limit: float | None = None,
    **variables: Given,
) -> Fit:
    """Fit a model to columns of data by least squares, as `backprop fit` does. SciPy is needed.

    model: the text of an expression or a program;
    target: the column that the model should give, or a formula of some;
    data: columns by name, or the name of a file;
    start: where to begin, for each parameter;
    bounds: the least and the largest value of parameters, which may be infinite;
    weights: the column that says what the square of each residual counts;
    method: `trf`, `lm`, or `auto`, which tries them in turn where one does not converge, or ends far off;
    on_error: `stop` or `skip`, as `minimize` has it;
    variables: values that stay.
    Raises BackpropError as `backprop()` does, and InputError for what does not go together.
    """
    from ..descent import squares
    from ..descent.setup import check_finite, column

    one_of("method", method, FITS)
    expect("bounds", bounds, _BOUNDS, "a mapping of names to pairs of numbers")
    expect("the expression", model, str, "text")
    expect("target", target, str, "text")
    expect("weights", weights, (str, NoneType), "text")
    one_of("on_error", on_error, ON_ERROR[:2])

    def work() -> Fit:
        objective, vector, columns = _objective(
            model, start, variables, data, "", TIES[0], on_error, (target, weights), by_rows=True
        )
        wanted = column("target", target, columns, objective)
        counts = None if weights is None else column("weights", weights, columns, objective)
        check_finite(objective)
        found = squares.fit(
            objective,
            wanted,
            vector,
            bounds=_bounds(bounds, objective.parameters.labels),
            weights=counts,
            method=method,
            names=(model.strip(), target.strip(), ""),
        )
        return Fit(found, objective.columns)

    return in_time(time_limit, work)


def _columns(
    data: Data, needed: Callable[[Sequence[str]], Sequence[Job]] | None
) -> tuple[Mapping[str, Array], Sequence[int]]:
    """The columns, as arrays of one axis, and the rows of the data that are left out of them.

    needed: what has to have a result at a row that stays, for names of columns; None where all rows stay.
    Raises InputError where the data are no columns, or of different lengths.
    """
    from ..points.kept import kept

    if isinstance(data, str | PathLike):
        from ..points.tables import Columns

        def among(table: Table) -> Table:
            return table if needed is None else kept(table, needed(table.source.names))

        read = Columns(fspath(data), among=among)
        return read, read.left_out
    import numpy as np

    from ..arithmetic.axes import plain_array
    from ..points.tables import of_arrays

    expect("data", data, Mapping, "columns by name, or the name of a file")
    with reading("data"):
        try:
            with np.errstate(over="raise"):
                found = {name_of(name): _doubles(plain_array(column)) for name, column in data.items()}
        except (TypeError, ValueError, ArithmeticError):
            raise InputError("a column of data is a sequence of numbers") from None
    if not found or len({column.shape for column in found.values()}) > 1 or next(iter(found.values())).ndim != 1:
        raise InputError("columns of data are sequences of numbers of the same length")
    if not next(iter(found.values())).size:
        raise InputError("the data has no rows")
    if needed is None:
        return found, ()
    [block] = kept(of_arrays(found), needed([*found])).blocks([*found])
    return block.columns, block.left_out


def _doubles(column: Array) -> Array:
    """Raises TypeError and the like for what are no real numbers."""
    return column.astype("f8", casting="unsafe" if column.dtype.kind in "iuUO" else "same_kind")


def _bounds(bounds: Mapping[str, tuple[float, float]] | None, labels: Sequence[str]) -> Bounds | None:
    """Raises InputError for bounds of what is no parameter."""
    if not bounds:
        return None
    from ..descent.bounds import Bounds

    with reading("bounds"):
        given = {name_of(name): ends for name, ends in bounds.items()}
    return Bounds.of("bounds:", labels, {name: _pair(name, ends) for name, ends in given.items()})


def _pair(label: str, ends: object) -> tuple[float, float]:
    """The least and the largest value of a parameter. Raises InputError for what is no pair of numbers."""
    what = f"bounds of {shorten(label)}"
    if not isinstance(ends, Sequence) or isinstance(ends, str) or len(ends) != 2:
        raise InputError(f"the {what} are a pair of numbers", hint="such as (0, inf)")
    with reading(what):
        low, high = (number(what, end) for end in ends)
    return low, high


def _objective(
    expression: str,
    start: Mapping[str, Given],
    variables: Mapping[str, Given],
    data: Data | None,
    reduce: str,
    ties: str,
    on_error: str,
    formulas: Sequence[str | None] = (),
    *,
    by_rows: bool = False,
) -> tuple[Objective, Array, Mapping[str, Array]]:
    """The objective, the start as one vector, and the columns of data. formulas: of columns, which count as well."""
    from ..descent import setup
    from ..language.program import Program
    from ..passes import point

    expect("the expression", expression, str, "text")
    expect("start", start, Mapping, "a mapping")
    expect("ties", ties, str, "text")
    expect("reduce", reduce, str, "text")
    begin, fixed = texts(start, {}), texts(None, variables)

    def needed(header: Sequence[str]) -> Sequence[Job]:
        from ..points.kept import needs

        graph, settings = Program(expression).graph([*begin, *fixed, *header]), Settings([*begin], ties)
        return needs(graph, {**fixed, **begin}, settings, header, formulas, by_rows=by_rows or reduce != "")

    columns, left_out = (None, ()) if data is None else _columns(data, needed if on_error == "skip" else None)
    graph = Program(expression).graph([*begin, *fixed, *(columns or ())])
    point.check(graph, fixed)
    found = setup.objective(graph, begin, fixed, columns, reduce, ties, by_rows=by_rows, left_out=left_out)
    return *found, columns or {}
