"""`backprop minimize`: change variables so that the value becomes smaller."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from .. import descents
from ..expression import ExpressionCommand
from ..progress import counting
from ..request import Asked

HELP = """\
Make EXPRESSION smaller, step by step.

Those with a --start change; others have fixed values (--a 2) or, with --data, columns.
\f
The exit status is 1 where it does not converge.
A step of gd is -rate·gradient; momentum adds a part of the step before; adam divides by the size that slopes have had.
bfgs and l-bfgs-b are SciPy's; l-bfgs-b keeps to --bounds. A step that leads where there is no value ends gd; a line
search takes a shorter one.
"""
EPILOG = """\
\b
Examples:
  backprop minimize "(x-3)^2 + (y+1)^2" --start x=0,y=0 --steps 100
  backprop minimize "log(x) + 1/x" --start x=0.1 --method bfgs --digits 4
"""


@click.command("minimize", cls=ExpressionCommand, help=HELP, epilog=EPILOG)
def command(
    asked: Asked,
    start: Sequence[str],
    reduce: str | None,
    method: str,
    bounds: str | None,
    trace: bool,
    form: str,
    output: str | None,
    digits: int | None,
    plot: str | None,
    **given: Any,
) -> int:
    from ...descent.minimum import minimize
    from ...descent.setup import plan as planned
    from ...view.descents import plots

    descents.draws(plot)
    plan = planned(method, {**given, "bounds": bounds}, has_rows=asked.data is not None, dashes="--")
    read = descents.read(asked, start, by_rows=reduce is not None)
    objective, begin = descents.objective(asked, read, reduce)
    plan = plan._replace(bounds=descents.read_bounds(bounds, objective.parameters.labels))
    with counting(plan.method, plan.steps) as tell:
        descent = minimize(objective, begin, plan, tell)._replace(shows_trace=trace)
    shown = {"form": form, "digits": digits, "output": output, "plot": plot}
    return max(read.status, descents.told("descent", descent, descent.trace, lambda: plots(descent), **shown))
