"""`backprop code`: the program that a person would write."""

from __future__ import annotations

import click

from ..expression import ExpressionCommand
from ..output import show, warn
from ..request import Asked

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


@click.command("code", cls=ExpressionCommand, help=HELP, epilog=EPILOG)
def command(asked: Asked, to: str) -> None:
    from ...arithmetic import FLOATS
    from ...passes import point
    from ...passes.settings import compute
    from ...view.code import StagedProgram
    from ...view.code.staged import Input
    from ...view.code.stages import Stages

    request = graph, given, settings = asked.request(partly=True, opened=True)
    trace = None
    if all(node.name in given for node in graph.variables):
        trace = compute(*request)
        warn(trace.warnings)
    values = point.complete(given, FLOATS)
    inputs = {name: Input(value, _as_written(given[name])) for name, value in values.items()}
    show("program", StagedProgram(Stages(graph, settings.wrt), inputs, settings.ties, trace), to)


def _as_written(text: str) -> str:
    """The text of a value, where it is more than a number."""
    try:
        float(text)
    except ValueError:
        return str(text)
    return ""
