"""`backprop graph`: the circuit."""

from __future__ import annotations

import sys

import click

from ...errors import InputError
from ..expression import ExpressionCommand
from ..output import show, warn
from ..request import Asked

_BINARY = ("png", "pdf")

HELP = """\
Draw the circuit of EXPRESSION.

Values are green and above the wires, gradients red and below, local gradients grey; inputs stand on the left, the
output on the right. Without values for the variables, it is the structure. svg, png and pdf need Graphviz:
pip install 'backprop-cli[pictures]'.
"""
EPILOG = """\
\b
Examples:
  backprop graph "(x+y)*z" --x -2 --y 5 --z -4
  backprop graph "(x+y)*z" --format mermaid
  backprop graph "sigmoid(w*x + b)" --w 2 --x -1 --b 0.5 -o neuron.svg
"""


@click.command("graph", cls=ExpressionCommand, help=HELP, epilog=EPILOG)
def command(asked: Asked, form: str, output: str | None, digits: int | None) -> None:
    from ...view.picture.circuit import Circuit

    if form in _BINARY and output in (None, "-") and sys.stdout.isatty():
        raise InputError(f"{form} is not for a terminal", hint=f"-o circuit.{form} writes it to a file")
    request = graph, given, _ = asked.request(partly=not asked.line.bindings and asked.at is None)
    trace = None
    if given or not graph.variables:
        from ...passes.settings import compute

        trace = compute(*request)
        warn(trace.warnings)
    show("circuit", Circuit(graph, trace), form, digits, output)
