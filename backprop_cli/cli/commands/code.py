"""`backprop code`: the program that a person would write."""

from __future__ import annotations

import click

from ...view import VIEWS
from ..expression import SETTINGS, ExpressionCommand, read_request, takes_an_expression, takes_ties
from ..output import show, warn

HELP = """\
Write the staged forward and backward program of EXPRESSION.

One statement a gate forward; backward, in reverse, one statement of the chain rule an edge. With a value for each
variable the program prints its gradients; variables without one are parameters of a function.
"""
EPILOG = """\
\b
Examples:
  backprop code "(x+y)*z" --x -2 --y 5 --z -4
  backprop code "sigmoid(w*x + b)" --to numpy
  backprop code "max(x, y)**2" --to c --x 3 --y 1 --wrt x
"""


@click.command("code", cls=ExpressionCommand, help=HELP, epilog=EPILOG, context_settings=SETTINGS)
@takes_an_expression
@click.option("--to", "target", type=click.Choice([*VIEWS["program"]]), default="python", show_default=True,
              help="The language.")  # fmt: skip
@takes_ties
@click.pass_context
def command(ctx: click.Context, /, target: str, ties: str, **_request: object) -> None:
    from ...arithmetic import FLOATS
    from ...passes import point
    from ...passes.settings import Settings, compute
    from ...view.code import StagedProgram
    from ...view.code.staged import Input
    from ...view.code.stages import Stages

    request = read_request(ctx, partly=True, opened=True)
    graph, given, wrt = request.graph, request.given, request.wrt
    trace = None
    if all(node.name in given for node in graph.variables):
        trace = compute(graph, given, Settings(wrt, ties))
        warn(trace.warnings)
    values = point.complete(given, FLOATS)
    inputs = {name: Input(value, _as_written(given[name])) for name, value in values.items()}
    show("program", StagedProgram(Stages(graph, wrt), inputs, ties, trace), target)


def _as_written(text: str) -> str:
    """The text of a value, where it is more than a number."""
    try:
        float(text)
    except ValueError:
        return str(text)
    return ""
