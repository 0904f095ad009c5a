"""`backprop fit`: least squares, with the errors of the parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from ...errors import InputError, few
from .. import descents
from ..expression import ExpressionCommand
from ..progress import counting
from ..request import Asked

HELP = """\
Fit EXPRESSION, a model, to columns of data by least squares.

Variables with a --start are parameters; the others are columns, or have fixed values (--a 2).
\f
Each parameter has its standard error, from the residuals and the exact Jacobian. The exit status is 1 where it does not
converge.
"""
EPILOG = """\
\b
Examples:
  printf 'x,y\\n1,2\\n2,3' | backprop fit "a*x" --target y --data - --start a=1
  printf 'y\\n1\\n2\\n4' | backprop fit m --target "log(y)" --data - --start m=1
"""


@click.command("fit", cls=ExpressionCommand, help=HELP, epilog=EPILOG)
def command(
    asked: Asked,
    start: Sequence[str],
    target: str | None,
    method: str,
    bounds: str | None,
    weights: str | None,
    **shown: Any,
) -> int:
    from ...descent.setup import column
    from ...descent.squares import MAX_EVALUATIONS, fit
    from ...view.fits import plots

    descents.draws(shown["plot"])
    if asked.data is None:
        asked.read().request(partly=True, arrays=True)  # what is wrong with it is told first
        raise InputError("a fit needs data", hint="--data FILE has columns, --target one that the model should give")
    read = descents.read(asked, start, (target, weights), by_rows=True)
    columns = read.columns
    assert columns is not None
    if target is None:
        raise InputError("what should the model give? --target says it", hint=f"columns: {', '.join(few([*columns]))}")
    objective, begin = descents.objective(asked, read, by_rows=True)
    wanted = column("--target", target, columns, objective)
    counts = None if weights is None else column("--weights", weights, columns, objective)
    limits = descents.read_bounds(bounds, objective.parameters.labels)
    names = (objective.graph.source.strip(), target.strip(), asked.data)
    with counting("evaluations", MAX_EVALUATIONS) as tell:
        fitted = fit(objective, wanted, begin, bounds=limits, weights=counts, method=method, names=names, tell=tell)
    trace = objective.trace(fitted.values)
    return max(read.status, descents.told("fit", fitted, trace, lambda: plots(fitted, objective.columns), **shown))
