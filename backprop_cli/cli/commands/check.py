"""`backprop check`: the referee, of the program itself and of what people derive by hand."""

from __future__ import annotations

from collections.abc import Sequence

import click

from ...errors import InputError
from ..expression import ExpressionCommand
from ..output import show, warn
from ..request import Asked, Request, read_object

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


@click.command("check", cls=ExpressionCommand, help=HELP, epilog=EPILOG)
def command(asked: Asked, form: str, output: str | None, claim: Sequence[str], claims: str | None) -> int:
    if [asked.expression, asked.file, asked.at, claims].count("-") > 1:
        raise InputError("the expression, --at and --claims cannot come from standard input together")
    request = asked.request(opened=True)
    read = _read_claims(claim, claims)
    right = _judge(request, read, form, output) if read else _review(request, form, output)
    return 0 if right else 1


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


def _review(request: Request, form: str, output: str | None) -> bool:
    from ...study.referee import review

    graph, given, settings = request
    result = review(graph, given, wrt=settings.wrt, ties=settings.ties)
    warn(result.trace.warnings)
    show("review", result, form, file=output)
    return result.agree and result.compared


def _judge(request: Request, claims: dict[str, str], form: str, output: str | None) -> bool:
    from ...study.claims import judge
    from ...view.verdicts import Judged

    graph, given, settings = request
    verdicts = judge(graph, given, claims, wrt=settings.wrt, ties=settings.ties)
    show("verdicts", Judged(graph, verdicts), form, file=output)
    return all(verdict.right for verdict in verdicts)
