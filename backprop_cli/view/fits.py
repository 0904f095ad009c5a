"""A fit: its parameters with their errors as a table, JSON and CSV, and its plot."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan
from typing import Any

import numpy as np

from ..arithmetic import FLOATS
from ..arithmetic.axes import Array
from ..descent.squares import Fit
from ..errors import counted, shorten
from . import Options, json
from .columns import Column, Row, paragraph, table
from .csv import written
from .plot import Plot, Series

_DIGITS = 6
_COLUMNS = [Column("parameter"), *(Column(head, right=True) for head in ("value", "± error", "start"))]


def as_table(fit: Fit, options: Options) -> str:
    """The parameters, how far the data lie from the model, and why it ended."""
    digits = options.digits or _DIGITS

    def shown(number: float | None) -> str:
        return "–" if number is None else FLOATS.show(number, digits)

    model = fit.model.splitlines()
    is_named = model[0].partition("=")[0].strip() == fit.target
    title = model if is_named else [f"{fit.target} = {model[0]}"] if len(model) == 1 else [*model, f"to {fit.target}"]
    lines = [line for text in title for line in paragraph(text, options, "bold")]
    lines += [""]
    rows = [Row((label, *map(shown, numbers)), styles=("", "green", "red", "")) for label, *numbers in fit.parameters]
    lines += [*table(_COLUMNS, rows, options), ""]
    if fit.no_error:
        lines += [*paragraph(f" no ± error: {fit.no_error}", options), ""]
    what = "weighted sum of squared residuals" if fit.weights is not None else "residual sum of squares"
    count = counted(len(fit.values), "parameter")
    left = f", and {counted(len(fit.left_out), 'row')} left out" if fit.left_out else ""
    numbers = {
        what: shown(fit.residual_sum_of_squares),
        "residual standard deviation": shown(fit.residual_standard_deviation),
        "degrees of freedom": f"{fit.degrees_of_freedom:,} = {counted(fit.rows, 'row')} − {count}{left}",
    }
    room = max(map(len, numbers))
    for name, text in numbers.items():
        lines += paragraph(f" {name:<{room}}  {text}", options, later="   ")
    verdict = "converged" if fit.converged else "not converged"
    style = "green" if fit.converged else "bold red"
    after = counted(fit.evaluations, "evaluation")
    lines += ["", *paragraph(f" {verdict} after {after}: {fit.reason}", options, style)]
    if fit.warning:
        lines += ["", *paragraph(f" far off: {fit.warning}", options, "bold red")]
    return "\n".join(lines) + "\n"


def document(fit: Fit) -> dict[str, Any]:
    """All of it as plain data; null where there is no number."""
    parameters = {label: dict(zip(("value", "error", "start"), each, strict=True)) for label, *each in fit.parameters}
    return {
        "model": fit.model,
        "target": fit.target,
        "rows": fit.rows,
        "left_out": len(fit.left_out),
        "method": fit.method,
        "converged": fit.converged,
        "reason": fit.reason,
        "evaluations": fit.evaluations,
        "parameters": parameters,
        **({"no_error": fit.no_error} if fit.no_error else {}),
        **({"warning": fit.warning} if fit.warning else {}),
        "residual_sum_of_squares": fit.residual_sum_of_squares,
        "residual_standard_deviation": fit.residual_standard_deviation,
        "degrees_of_freedom": fit.degrees_of_freedom,
        "covariance": None
        if fit.covariance is None
        else [[None if isnan(each) else each for each in row] for row in fit.covariance.tolist()],
    }


def as_json(fit: Fit, options: Options) -> str:
    """The document."""
    return json.lines(document(fit), options)


def as_csv(fit: Fit, options: Options) -> str:
    """A line for each parameter."""
    return written([("parameter", "value", "error", "start"), *fit.parameters], options.between)


def plots(fit: Fit, columns: Mapping[str, Array]) -> list[Plot]:
    """The points and the curve over the column of the model, and below them the residuals; of several, over rows.

    columns: those that the model uses.
    """
    [(name, over)] = columns.items() if len(columns) == 1 else [("row", np.arange(1.0, len(fit.fitted) + 1))]
    order = np.argsort(over, kind="stable")
    x, model = over[order].tolist(), fit.fitted[order].tolist()
    seen, residuals = (fit.fitted + fit.residuals)[order].tolist(), fit.residuals[order].tolist()
    target = shorten(fit.target, 30)
    curve = [Series("points", target, x, seen), Series("line", "model", x, model)]
    title = shorten(f"{fit.target} = {' '.join(fit.model.split())}", 60)
    return [
        Plot(title, name, target, curve),
        Plot("residuals", name, f"{target} − model", [Series("points", "residuals", x, residuals)]),
    ]
