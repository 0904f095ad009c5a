"""`backprop check`: the referee, of the program itself and of what people derive by hand."""

from __future__ import annotations

from collections.abc import Sequence

import click

from ...errors import InputError
from ..expression import SETTINGS, ExpressionCommand, read_request, takes_an_expression, takes_ties
from ..output import show, warn
from ..request import Request, read_object

HELP = """\
Check the gradient of EXPRESSION, or claims about it.

Without a claim: backpropagation beside the complex step, central differences of 80 digits or more, SymPy's diff.
With claims: is each one right, to the digits given, or as a formula? A wrong one is held against usual mistakes.
The exit status is 1 where methods disagree or a claim is wrong.
"""
EPILOG = """\
\b
Examples:
  backprop check "(x+y)*z" --x -2 --y 5 --z -4
  backprop check "x*y*y" --x 2 --y 3 --claim x=9 --claim "y = x*y"
  backprop check "sigmoid(w*x)" --w 2 --x -1 --claims '{"w": -0.105}'
"""


@click.command("check", cls=ExpressionCommand, help=HELP, epilog=EPILOG, context_settings=SETTINGS)
@takes_an_expression
@click.option("--claim", metavar="NAME=CLAIM", multiple=True,
              help="A gradient derived by hand, as a number or as a formula; repeat it for more.")  # fmt: skip
@click.option("--claims", metavar="FILE|-|JSON", help="Such claims as a JSON object.")
@takes_ties
@click.option("--json", "as_json", is_flag=True, help="Print a JSON document.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    expression: str | None,
    file: str | None,
    at: str | None,
    claim: Sequence[str],
    claims: str | None,
    ties: str,
    as_json: bool,
    **_request: object,
) -> None:
    if [expression, file, at, claims].count("-") > 1:
        raise InputError("the expression, --at and --claims cannot come from standard input together")
    request = read_request(ctx, opened=True)
    read = _read_claims(claim, claims)
    right = _judge(request, read, ties, as_json) if read else _review(request, ties, as_json)
    if not right:
        ctx.exit(1)


def _read_claims(given: Sequence[str], source: str | None) -> dict[str, str]:
    from ...passes import point

    found: dict[str, str] = {}
    if source is not None:
        found = read_object(source, "--claims", "gradient")
        if not found:
            raise InputError("--claims holds no claim", hint='for example: --claims \'{"x": "2*x*y"}\'')
    for words in given:
        name, equals, claim = words.partition("=")
        if not equals:
            raise InputError(f"--claim takes NAME=CLAIM, not '{words}'", hint='for example: --claim "x = 2*x*y"')
        name = point.read_name(name.strip())
        if name in found:
            raise InputError(f"there are two claims for {name}")
        found[name] = claim.strip()
    return found


def _review(request: Request, ties: str, as_json: bool) -> bool:
    from ...study.referee import review

    result = review(request.graph, request.given, wrt=request.wrt, ties=ties)
    warn(result.trace.warnings)
    show("review", result, "json" if as_json else "text")
    return result.agree and result.compared


def _judge(request: Request, claims: dict[str, str], ties: str, as_json: bool) -> bool:
    from ...study.claims import judge
    from ...view.verdicts import Judged

    verdicts = judge(request.graph, request.given, claims, wrt=request.wrt, ties=ties)
    show("verdicts", Judged(request.graph, verdicts), "json" if as_json else "text")
    return all(verdict.right for verdict in verdicts)
