"""`backprop eval`: the numbers, at a point."""

from __future__ import annotations

import click

from ..expression import ExpressionCommand
from ..plain_call import evaluate

HELP = """\
Evaluate EXPRESSION and backpropagate through it.
A variable takes a number, formula or box: --x=pi/4, 2.0+/-0.1, --x 1..2.
\f
EXPRESSION may begin with a minus sign; - is standard input.
"""
EPILOG = """\
\b
Examples:
  backprop eval "(x+y)*z" --x -2 --y 5 --z -4
  backprop eval "(x+y)*z" --x -2 --y 5 --z -4 --get value --get x
  backprop eval "1/(1+exp(-t))" --t 1/3 --json
  backprop eval "x*(1-x)" --x 0.25..0.5
  backprop eval "sigmoid(w*x)" --at '{"w": 2, "x": -1}' --wrt w --precision 30
"""


command = click.command("eval", cls=ExpressionCommand, help=HELP, epilog=EPILOG)(evaluate)
