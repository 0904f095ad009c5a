"""`backprop derive`: the formulas."""

from __future__ import annotations

import click

from ..expression import ExpressionCommand
from ..output import show, warn
from ..request import Asked

HELP = """\
Derive the gradient of EXPRESSION as formulas.

The same forward and backward pass, on symbols: each node's value, local and chained gradient is a formula. At the
end stands the gradient, as it is chained and simplified. Variables may be given values (--x 2), one by one.
"""
EPILOG = """\
\b
Examples:
  backprop derive "(x+y)*z"
  backprop derive "sigmoid(w*x + b)" --wrt w,b --x 2
  backprop derive "x**2 + y**2" --format latex
"""


@click.command("derive", cls=ExpressionCommand, help=HELP, epilog=EPILOG)
def command(asked: Asked, form: str, output: str | None) -> None:
    from ...passes import exact

    graph, given, settings = asked.request(partly=True)
    derivation = exact.derive(graph, given, wrt=settings.wrt)
    warn(derivation.trace.warnings)
    show("derivation", derivation, form, file=output)
