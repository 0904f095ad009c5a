"""`backprop derive`: the formulas."""

from __future__ import annotations

import click

from ..expression import SETTINGS, ExpressionCommand, read_request, takes_a_format, takes_an_expression
from ..output import show, warn

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


@click.command("derive", cls=ExpressionCommand, help=HELP, epilog=EPILOG, context_settings=SETTINGS)
@takes_an_expression
@takes_a_format("derivation")
@click.pass_context
def command(ctx: click.Context, /, form: str, **_request: object) -> None:
    from ...passes import exact

    request = read_request(ctx, partly=True)
    derivation = exact.derive(request.graph, request.given, wrt=request.wrt)
    warn(derivation.trace.warnings)
    show("derivation", derivation, form)
