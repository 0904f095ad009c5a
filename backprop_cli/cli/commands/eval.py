"""`backprop eval`: the numbers, at a point."""

from __future__ import annotations

from collections.abc import Sequence

import click

from ...errors import InputError
from ..expression import ExpressionCommand
from ..plain_call import evaluate
from ..request import Asked

HELP = """\
Evaluate EXPRESSION and backpropagate through it.

Every variable of the expression takes a value: --x -2 or --x=-2. A value is a number or a constant expression
such as 1/3 or -pi/4. EXPRESSION may begin with a minus sign; - reads it from standard input.
"""
EPILOG = """\
\b
Examples:
  backprop eval "(x+y)*z" --x -2 --y 5 --z -4
  backprop eval "(x+y)*z" --x -2 --y 5 --z -4 --get value --get x
  backprop eval "1/(1+exp(-t))" --t 1/3 --json
  backprop eval "sigmoid(w*x)" --at '{"w": 2, "x": -1}' --wrt w --precision 30
"""


@click.command("eval", cls=ExpressionCommand, help=HELP, epilog=EPILOG)
def command(
    asked: Asked,
    form: str,
    digits: int | None,
    get: Sequence[str],
    points: str | None,
    on_error: str,
    trace: bool,
) -> int:
    if points is not None:
        from .points import Wanted, stream

        return stream(asked, Wanted(points, form, digits, get, on_error, trace))
    for option in ("--on-error", "--trace"):
        if option in asked.line.given:
            raise InputError(f"{option} goes with --points")
    evaluate(asked, form, digits, get)
    return 0
