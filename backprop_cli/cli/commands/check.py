"""`backprop check`: the referee, of the program itself and of what people derive by hand."""

from __future__ import annotations

from collections.abc import Sequence

import click

from ...errors import InputError, quote
from ..expression import ExpressionCommand
from ..output import language_of, show, warn
from ..request import Asked, Request, given_text

HELP = """\
Check the gradient of EXPRESSION, or claims about it.

Without a claim: backpropagation beside what is proven, the complex step, central differences, SymPy's diff.
With claims: which are right, and which usual mistake a wrong one looks like. Status 1: a digit shown does not hold,
methods disagree or none gives a second opinion, or a claim is wrong.
\f
Claims are numbers, which hold to the digits given, or formulas, which need no values; of variables and of gates.
A CSV file with a column for the student is a class.
"""
EPILOG = """\
\b
Examples:
  backprop check "(x+y)*z" --x -2 --y 5 --z -4
  backprop check "x*y*y" --x 2 --y 3 --claim x=9 --claim "y = x*y"
  backprop check "sigmoid(w*x)" --w 2 --x -1 --claims '{"w": -0.105}'
  backprop check "q = x + y; f = q*z" --claim "q = z" --claim "z = x + y"
"""


@click.command("check", cls=ExpressionCommand, help=HELP, epilog=EPILOG)
def command(
    asked: Asked,
    form: str,
    output: str | None,
    digits: int | None,
    claim: Sequence[str],
    claims: str | None,
    spoken: str | None,
) -> int:
    from ...study.marks import is_table

    if [asked.expression, asked.file, asked.at, claims].count("-") > 1:
        raise InputError("the expression, --at and --claims cannot come from standard input together")
    text = None if claims is None else given_text(claims, "--claims")
    if text is not None and is_table(text):
        if claim:
            raise InputError("--claim and a table of --claims do not go together")
        return 0 if _mark(asked.request(partly=True, opened=True), text, form, output, digits, spoken) else 1
    read = _read_claims(claim, text)
    if read:
        return 0 if _judge(asked, read, form, output, digits, spoken) else 1
    if form == "csv":
        raise InputError("--format csv is for claims", hint="--json is for every check")
    if spoken is not None:
        raise InputError("--lang is for claims: it is what verdicts are told in")
    return 0 if _review(asked.request(opened=True, arrays=True), form, output, digits) else 1


def _read_claims(given: Sequence[str], text: str | None) -> dict[str, str]:
    from ...passes import point

    found: dict[str, str] = {}
    if text is not None:
        found = point.read_json(text, "--claims", "gradient")
        if not found:
            raise InputError("--claims holds no claim", hint='for example: --claims \'{"x": "2*x*y"}\'')
    for words in given:
        name, equals, claim = words.partition("=")
        if not equals:
            raise InputError(f"--claim takes NAME=CLAIM, not {quote(words)}", hint='for example: --claim "x = 2*x*y"')
        name = point.read_name(name.strip())
        if name in found:
            raise InputError(f"there are two claims for {name}")
        found[name] = claim.strip()
    return found


def _review(request: Request, form: str, output: str | None, digits: int | None) -> bool:
    from ...study import checks
    from ...study.claims import SHOWN

    graph, given, settings = request
    view, result = checks.review(graph, given, settings, digits or SHOWN)
    warn(result.trace.warnings)
    show(view, result, form, digits, output)
    return bool(result.agree and result.compared)


def _judge(
    asked: Asked, claims: dict[str, str], form: str, output: str | None, digits: int | None, spoken: str | None
) -> bool:
    from ...passes.settings import is_of_arrays
    from ...study.checks import judge
    from ...study.claim import are_formulas
    from ...study.claims import SHOWN
    from ...view.verdicts import Judged

    question = asked.read()
    graph, given, settings = question.request(opened=True, partly=are_formulas(claims), arrays=True)
    if is_of_arrays(graph, given):
        graph, given, settings = question.request(opened=True, arrays=True)
    verdicts = judge(graph, given, claims, settings, digits or settings.precision or SHOWN)
    show("verdicts", Judged(graph, verdicts, language=language_of(spoken)), form, file=output)
    return all(verdict.right for verdict in verdicts)


def _mark(request: Request, text: str, form: str, output: str | None, digits: int | None, spoken: str | None) -> bool:
    from ...study.claims import SHOWN
    from ...study.marks import mark
    from ...view.verdicts import Judged

    graph, given, settings = request
    if settings.precision is not None:
        hint = "they are judged to 100 digits in any case"
        raise InputError("--precision does not go with a table of --claims", hint=hint)
    marks = list(mark(graph, given, text, settings, digits or SHOWN))
    verdicts = [verdict for each in marks for verdict in each.verdicts]
    students = [each.student for each in marks for _ in each.verdicts]
    show("verdicts", Judged(graph, verdicts, students, language_of(spoken)), form, file=output)
    return all(verdict.right for verdict in verdicts)
