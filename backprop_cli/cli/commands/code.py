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
def command(asked: Asked, form: str, output: str | None, digits: int | None) -> None:
    from ...view.code import StagedProgram

    program = StagedProgram.of(*asked.request(partly=True, opened=True, arrays=True))
    warn(program.trace.warnings if program.trace else ())
    show("program", program, form, digits, output)
