"""`backprop eval`: the numbers, at a point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
from click.core import ParameterSource

from ...errors import InputError
from ..expression import (
    SETTINGS,
    ExpressionCommand,
    read_request,
    takes_a_format,
    takes_an_arithmetic,
    takes_an_expression,
    takes_digits,
    takes_ties,
)
from ..output import show_trace

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


@click.command("eval", cls=ExpressionCommand, help=HELP, epilog=EPILOG, context_settings=SETTINGS)
@takes_an_expression
@takes_ties
@takes_an_arithmetic
@click.option("--hessian", is_flag=True, help="Second derivatives too.")
@takes_a_format("trace")
@click.option("--get", metavar="value|NAME", multiple=True,
              help="Print only the value, or only the gradient of NAME; repeat it for more, a line each.")  # fmt: skip
@takes_digits("tables", "JSON and --get hold all.")
@click.option("--points", metavar="FILE|-", help="Evaluate at each point of JSON lines or CSV, a line for a line.")
@click.option("--on-error", type=click.Choice(["stop", "skip", "null"]), default="stop", show_default=True,
              help="What becomes of a point that has no result.")  # fmt: skip
@click.option("--trace", is_flag=True, help="Of each point the whole document (JSON lines).")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    form: str,
    get: Sequence[str],
    digits: int | None,
    points: str | None,
    on_error: str,
    trace: bool,
    **options: Any,
) -> None:
    from ...passes.settings import Settings, compute

    settings = Settings(**{name: options[name] for name in Settings._fields if name != "wrt"})
    if points is not None:
        from .points import stream

        ctx.exit(stream(ctx, points, settings, get=get, on_error=on_error, whole=trace))
    for option in ("on_error", "trace"):
        if ctx.get_parameter_source(option) is not ParameterSource.DEFAULT:
            raise InputError(f"--{option.replace('_', '-')} goes with --points")
    request = read_request(ctx)
    show_trace(compute(request.graph, request.given, settings._replace(wrt=request.wrt)), form, get, digits)
