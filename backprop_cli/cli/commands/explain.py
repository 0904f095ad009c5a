"""`backprop explain`: the two passes in words and numbers."""

from __future__ import annotations

import click

from ..expression import ExpressionCommand
from ..output import show, warn
from ..request import Asked

HELP = """\
Explain the gradient of EXPRESSION step by step.

The forward pass, a line for each gate; the backward pass in reverse, with the chain rule written out on each edge
and the sum at each fork; what each gate does with its gradient; and what the gradient tells.
"""
EPILOG = """\
\b
Examples:
  backprop explain "(x+y)*z" --x -2 --y 5 --z -4
  backprop explain "x*x + max(x, y)" --x 3 --y 1 --nudge 0.01
  backprop explain "sigmoid(w*x)" --w 2 --x -1 --wrt w --format markdown
"""


@click.command("explain", cls=ExpressionCommand, help=HELP, epilog=EPILOG)
def command(asked: Asked, form: str, digits: int | None, nudge: str | None, output: str | None) -> None:
    from ...passes.settings import compute
    from ...view.words.explain import Explanation

    trace = compute(*asked.request())
    explanation = Explanation.of(trace, nudge)
    warn(trace.warnings)
    show("explanation", explanation, form, digits, output)
