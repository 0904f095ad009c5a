"""`backprop explain`: the two passes in words and numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

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
from ..output import show, warn

if TYPE_CHECKING:
    from ...passes.trace import Trace
    from ...view.words.explain import Nudges

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


@click.command("explain", cls=ExpressionCommand, help=HELP, epilog=EPILOG, context_settings=SETTINGS)
@takes_an_expression
@click.option("--nudge", metavar="H", help="Also step each variable by H: f there, beside what its gradient says.")
@takes_ties
@takes_an_arithmetic
@takes_a_format("explanation")
@takes_digits("words", "JSON holds all.")
@click.pass_context
def command(ctx: click.Context, /, nudge: str | None, form: str, digits: int | None, **options: Any) -> None:
    from ...passes.settings import Settings, compute
    from ...view.words.explain import Explanation

    request = read_request(ctx)
    asked = {name: options[name] for name in Settings._fields if name in options and name != "wrt"}
    trace = compute(request.graph, request.given, Settings(request.wrt, **asked))
    nudged = None if nudge is None else _nudges(trace, nudge)
    warn(trace.warnings)
    show("explanation", Explanation(trace, nudged), form, digits)


def _nudges(trace: Trace, text: str) -> Nudges:
    from ...passes import point
    from ...study.nudge import nudges
    from ...view.words.explain import Nudges

    if trace.arithmetic.trusted is None:
        raise InputError("--nudge compares decimal numbers: --exact has none", hint="--precision 50 has many digits")
    step = point.read_value("--nudge", text, trace.arithmetic)
    if step == 0:
        raise InputError("--nudge takes a step other than 0", hint="for example: --nudge 0.01")
    return Nudges(step, list(nudges(trace, step)))
