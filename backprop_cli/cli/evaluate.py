"""`backprop eval`: the numbers, at a point."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from ..errors import InputError, quote
from ..streams import emit
from .expression import (
    SETTINGS,
    ExpressionCommand,
    read_request,
    show,
    show_json,
    takes_a_format,
    takes_an_arithmetic,
    takes_an_expression,
    takes_digits,
    takes_ties,
    warn,
)

if TYPE_CHECKING:
    from ..trace import Trace

EPILOG = """\
\b
Examples:
  backprop eval "(x+y)*z" --x -2 --y 5 --z -4
  backprop eval "(x+y)*z" --x -2 --y 5 --z -4 --get value --get x
  backprop eval "1/(1+exp(-t))" --t 1/3 --json
  backprop eval "sigmoid(w*x)" --at '{"w": 2, "x": -1}' --wrt w --precision 30
"""


@click.command("eval", cls=ExpressionCommand, epilog=EPILOG, context_settings=SETTINGS)
@takes_an_expression
@takes_ties
@takes_an_arithmetic
@click.option("--hessian", is_flag=True, help="Second derivatives too.")
@takes_a_format("table", "json", "csv", "markdown")
@click.option("--get", metavar="value|NAME", multiple=True,
              help="Print only the value, or only the gradient of NAME; repeat it for more, a line each.")  # fmt: skip
@takes_digits("tables", "JSON and --get hold all.")
@click.pass_context
def evaluate(
    ctx: click.Context,
    /,
    form: str,
    get: Sequence[str],
    digits: int | None,
    **options: Any,
) -> None:
    """Evaluate EXPRESSION and backpropagate through it.

    Every variable of the expression takes a value: --x -2 or --x=-2. A value is a number or a constant expression
    such as 1/3 or -pi/4. EXPRESSION may begin with a minus sign; - reads it from standard input.
    """
    from ..api import Settings, compute

    request = read_request(ctx)
    asked = {name: options[name] for name in Settings._fields if name != "wrt"}
    trace = compute(request.graph, request.given, Settings(request.wrt, **asked))
    warn(trace.warnings)
    if get:
        emit(_bare_numbers(trace, get), sys.stdout)
    else:
        _print(trace, form, digits)


def _print(trace: Trace, form: str, digits: int | None) -> None:
    if form == "table":
        from ..render.table import table

        show(lambda width: table(trace, digits, width))
    elif form == "json":
        from ..render.json import document

        show_json(document(trace))
    elif form == "csv":
        from ..render import csv

        emit(csv.render(trace), sys.stdout)
    else:
        from ..render import markdown

        emit(markdown.render(trace, digits), sys.stdout)


def _bare_numbers(trace: Trace, names: Sequence[str]) -> str:
    lines = []
    gradients = {node.name: trace.upstream[node.position] for node in trace.graph.nodes if not node.is_constant}
    for name in names:
        if name == "value" and name in gradients:
            raise InputError("'value' is also a name in the expression, so it could mean either", hint="use --json")
        number = trace.value if name == "value" else gradients.get(name)
        if number is None:
            known = ", ".join(["value", *trace.gradient])
            why = "gets no gradient (see --wrt)" if name in gradients else "is not a variable of the expression"
            raise InputError(f"--get {quote(name)} {why}", hint=f"there is: {known}")
        lines.append(trace.arithmetic.exactly(number))
    return "\n".join(lines) + "\n"
