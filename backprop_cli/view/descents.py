"""A descent: the learner's table step by step, JSON, JSON lines, CSV, and its plot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import isfinite
from typing import Any

import numpy as np

from ..arithmetic.axes import Array
from ..descent.minimum import Descent, Step
from ..descent.objective import ARRAYS, Parameters
from ..errors import MathError, counted, shorten
from . import Options, json
from .columns import Column, Row, paragraph, table, widths
from .csv import written
from .plot import Field, Plot, Series
from .table import trace as trace_table
from .texts import Gap, ends

SHOWN = 12
"""Steps that a table shows; of more, the first and the last half of these."""
_NARROW = 4  # parameters that have columns of their own where nobody says how wide a line may be
_DIGITS = 6
_BROAD = 60  # columns of a terminal that has room for words
_GRID = 60  # points of a contour plot, along each axis
_NAMES = {"gd": "gradient descent", "momentum": "gradient descent with momentum", "adam": "Adam", "bfgs": "BFGS",
          "l-bfgs-b": "L-BFGS-B"}  # fmt: skip


def as_table(descent: Descent, options: Options) -> str:
    """How it is done, a line for each step, and why it ended."""
    digits = options.digits or _DIGITS
    labels, output = descent.parameters.labels, descent.trace.graph.output.name
    heads = [(each, "green") for each in (*labels, output)] + [(f"∂{output}/∂{label}", "red") for label in labels]
    columns, rows = _steps(descent, digits, heads, lambda step: (*step.point, step.value, *step.gradient))
    is_wide = len(labels) > _NARROW if options.width is None else _width(columns, rows) > options.width
    if is_wide:  # parameters have no room
        slope = "largest |gradient|" if options.width is None or options.width >= _BROAD else "max |gradient|"
        heads = [(output, "green"), (slope, "red")]
        columns, rows = _steps(descent, digits, heads, lambda step: (step.value, np.max(np.abs(step.gradient))))
    lines = [*_title(descent, options), "", *table(columns, rows, options), ""]
    if is_wide:
        lines += [*_parameters(descent, digits, options), ""]
    verdict = "converged" if descent.converged else "not converged"
    style = "green" if descent.converged else "bold red"
    lines += paragraph(f" {verdict} after {counted(descent.last.number, 'step')}: {descent.reason}", options, style)
    more = f"\n{trace_table(descent.trace, options)}" if descent.shows_trace else ""
    return "\n".join(lines) + f"\n{more}"


def _title(descent: Descent, options: Options) -> list[str]:
    """The program, and how it is minimized."""
    plan, objective = descent.plan, descent.objective
    how = [_NAMES[plan.method]]
    if plan.method in ("gd", "momentum", "adam"):
        how.append(f"rate {plan.rate:g}")
    if plan.method == "momentum":
        how.append(f"momentum {plan.momentum:g}")
    if objective.rows:
        how.append(f"the {objective.reduce} over " * bool(objective.reduce) + counted(objective.rows, "row"))
        how += [f"{len(objective.left_out):,} left out"] * bool(objective.left_out)
    if plan.batch:
        how.append(f"batches of {plan.batch:,}")
    source = objective.graph.source.strip().splitlines()
    return [line for text in source for line in paragraph(text, options)] + ["", *paragraph(", ".join(how), options)]


def _steps(
    descent: Descent, digits: int, heads: Sequence[tuple[str, str]], numbers: Callable[[Step], Iterable[float]]
) -> tuple[list[Column], list[Row]]:
    """The columns and rows of the steps; where some are left out, there is a row of points.

    heads: of the columns behind the number of the step, each with its style;
    numbers: what stands in them.
    """
    styles = ["", *(style for _, style in heads)]
    rows = [
        ("…", *("" for _ in heads))
        if isinstance(step, Gap)
        else (f"{step.number:,}", *(ARRAYS.show(float(each), digits) for each in numbers(step)))
        for step in ends(descent.trajectory, len(descent.trajectory), SHOWN, "steps")
    ]
    columns = [Column(head, right=True) for head in ("step", *(head for head, _ in heads))]
    return columns, [Row(row, styles=styles) for row in rows]


def _parameters(descent: Descent, digits: int, options: Options) -> list[str]:
    first, last = descent.trajectory[0], descent.last
    parts = [descent.parameters.named(each) for each in (first.point, last.point, last.gradient)]
    rows = [
        Row([name, *(ARRAYS.show(part[name], digits) for part in parts)], styles=("", "", "green", "red"))
        for name in descent.parameters.shapes
    ]
    return table(
        [Column("parameter"), *(Column(each, right=True) for each in ("start", "end", "gradient"))], rows, options
    )


def _width(columns: Sequence[Column], rows: Sequence[Row]) -> int:
    return sum(widths(columns, rows, Options())) + 3 * len(columns) - 1


def document(descent: Descent) -> dict[str, Any]:
    """All of it as plain data."""
    last, objective = step_document(descent.parameters, descent.last), descent.objective
    return {
        "expression": objective.graph.source.strip(),
        **({"rows": objective.rows, "left_out": len(objective.left_out)} if objective.rows else {}),
        "method": descent.plan.method,
        "converged": descent.converged,
        "reason": descent.reason,
        "steps": descent.last.number,
        **{name: last[name] for name in ("value", "point", "gradient")},
        "trajectory": [step_document(descent.parameters, step) for step in descent.trajectory],
        **({"trace": json.document(descent.trace)} if descent.shows_trace else {}),
    }


def step_document(parameters: Parameters, step: Step) -> dict[str, Any]:
    """One step as plain data."""
    point, gradient = (
        {name: ARRAYS.data(value) for name, value in parameters.named(each).items()}
        for each in (step.point, step.gradient)
    )
    return {"step": step.number, "point": point, "value": step.value, "gradient": gradient}


def as_json(descent: Descent, options: Options) -> str:
    """The document, a step of the trajectory a line."""
    return json.lines(document(descent), options)


def as_json_lines(descent: Descent, options: Options) -> str:
    """A line for each step."""
    return "".join(
        f"{json.dumped(step_document(descent.parameters, step), ascii_only=options.ascii)}\n"
        for step in descent.trajectory
    )


def as_csv(descent: Descent, options: Options) -> str:
    """A line for each step."""
    labels = descent.parameters.labels
    steps = ([step.number, *step.point.tolist(), step.value, *step.gradient.tolist()] for step in descent.trajectory)
    head = ["step", *labels, "value", *(f"gradient.{label}" for label in labels)]
    return written([head, *steps], options.between)


def plots(descent: Descent) -> list[Plot]:
    """The way over contours where two numbers change; f over steps otherwise."""
    labels, output = descent.parameters.labels, descent.trace.graph.output.name
    title, steps = shorten(descent.objective.graph.source.strip(), 50), descent.trajectory
    if len(labels) != 2:
        values = [step.value for step in steps]
        is_log = min(values) > 0 and max(values) > 100 * min(values)
        series = Series("line", output, [step.number for step in steps], values)
        return [Plot(title, "step", output, [series], log=is_log)]
    way = np.array([step.point for step in steps])
    low, high = way.min(axis=0), way.max(axis=0)
    margin = 0.15 * (high - low)
    margin = np.where(margin > 0, margin, max(float(margin.max()), 0.5))
    grid = [np.linspace(a, b, _GRID).tolist() for a, b in zip(low - margin, high + margin, strict=True)]
    heights = [[_height(descent, np.array([x, y])) for x in grid[0]] for y in grid[1]]
    path = Series("path", "steps", *way.T.tolist())
    return [Plot(title, labels[0], labels[1], [path], Field(grid[0], grid[1], heights))]


def _height(descent: Descent, point: Array) -> float:
    """f there, NaN where there is none."""
    try:
        with np.errstate(all="ignore"):
            value, _ = descent.objective.at(point)
    except MathError:
        return float("nan")
    return value if isfinite(value) else float("nan")
