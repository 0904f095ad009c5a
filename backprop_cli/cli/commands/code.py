"""`backprop code`: the program that a person would write."""

from __future__ import annotations

import sys

import click

from ...streams import emit
from ..expression import SETTINGS, ExpressionCommand, read_request, takes_an_expression, takes_ties
from ..output import warn

LANGUAGES = ("python", "numpy", "torch", "jax", "c", "javascript", "latex")
EPILOG = """\
\b
Examples:
  backprop code "(x+y)*z" --x -2 --y 5 --z -4
  backprop code "sigmoid(w*x + b)" --to numpy
  backprop code "max(x, y)**2" --to c --x 3 --y 1 --wrt x
"""


@click.command("code", cls=ExpressionCommand, epilog=EPILOG, context_settings=SETTINGS)
@takes_an_expression
@click.option("--to", "target", type=click.Choice(LANGUAGES), default="python", show_default=True,
              help="The language.")  # fmt: skip
@takes_ties
@click.pass_context
def command(ctx: click.Context, /, target: str, ties: str, **_request: object) -> None:
    """Write the staged forward and backward program of EXPRESSION.

    One statement a gate forward; backward, in reverse, one statement of the chain rule an edge. With a value for each
    variable the program prints its gradients; variables without one are parameters of a function.
    """
    from ...arithmetic import FLOATS
    from ...passes import point
    from ...passes.settings import Settings, compute
    from ...view.code.stages import Stages

    request = read_request(ctx, partly=True, opened=True)
    graph, given, wrt = request.graph, request.given, request.wrt
    trace = None
    if all(node.name in given for node in graph.variables):
        trace = compute(graph, given, Settings(wrt, ties))
        warn(trace.warnings)
    values = point.complete(given, FLOATS)
    stages = Stages(graph, wrt)
    if target == "latex":
        from ...view.code import latex as staged_latex

        emit(staged_latex.render(graph, values, stages, trace), sys.stdout)
    else:
        from ...view.code import staged as rendered

        inputs = {name: rendered.Input(value, _as_written(given[name])) for name, value in values.items()}
        emit(rendered.render(stages, target, inputs, ties=ties, trace=trace), sys.stdout)


def _as_written(text: str) -> str:
    """The text of a value, where it is more than a number."""
    try:
        float(text)
    except ValueError:
        return str(text)
    return ""
