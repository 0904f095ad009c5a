"""`backprop page`: a page of HTML that walks through both passes."""

from __future__ import annotations

import sys

import click

from ...errors import InputError
from ..expression import ExpressionCommand
from ..output import language_of, show, warn
from ..request import Asked

HELP = """\
Make a page that walks through both passes of EXPRESSION.

One file of HTML that needs nothing else: the circuit, with buttons for each step; the sentences of `explain`; a slider
for each variable, and all is computed anew while it moves. It asks to predict each number first, if that is wished.
Of arrays, the wires show shapes, and the steps rules and small arrays; one entry at a time is moved.
"""
EPILOG = """\
\b
Examples:
  backprop page "(x+y)*z" --x -2 --y 5 --z -4 -o page.html
  backprop page "1/(1+exp(-(w*x+b)))" --w 2 --x -1 --b 0.5 -o neuron.html
"""


@click.command("page", cls=ExpressionCommand, help=HELP, epilog=EPILOG)
def command(asked: Asked, form: str, digits: int | None, output: str | None, spoken: str | None) -> None:
    from ...passes.compute import compute
    from ...view.page import Page

    if output in (None, "-") and sys.stdout.isatty():
        raise InputError(f"{form} is not for a terminal", hint=f"-o page.{form} writes it to a file")
    request = asked.request(arrays=True)
    trace = compute(*request)
    warn(trace.warnings)
    show("page", Page(trace, asked.settings.ties, language_of(spoken)), form, digits, output)
