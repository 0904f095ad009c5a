"""`backprop graph`: the circuit."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection

import click

from ...errors import InputError
from ..expression import ExpressionCommand
from ..output import show, warn
from ..request import Asked

_BINARY = ("png", "pdf")
_LOOKS = {
    "--theme": ("dot", "svg", "png", "pdf"),
    "--transparent": ("dot", "svg", "png", "pdf"),
    "--scale": ("svg", "png", "pdf"),
    "--no-local": ("dot", "mermaid", "svg", "png", "pdf"),
    "--steps": ("dot", "mermaid", "svg", "png", "pdf"),
}
"""The formats that have an option's look."""
_NUMBERED = re.compile(r"[^%]*%(?:0?[1-9])?d[^%]*")

HELP = """\
Draw the circuit of EXPRESSION.

Values are green and above the wires, gradients red and below, local gradients grey; inputs stand on the left, the
output on the right. Without values for the variables, it is the structure.
\f
\b
For svg, png and pdf: pip install 'backprop-cli[pictures]'
"""
EPILOG = """\
\b
Examples:
  backprop graph "(x+y)*z" --x -2 --y 5 --z -4
  backprop graph "(x+y)*z" --format mermaid
  backprop graph "sigmoid(w*x + b)" --w 2 --x -1 --b 0.5 -o neuron.svg
  backprop graph "x*y + x" --x 3 --y 4 --theme dark --steps -o step-%02d.svg
"""


@click.command("graph", cls=ExpressionCommand, help=HELP, epilog=EPILOG)
def command(
    asked: Asked,
    form: str,
    output: str | None,
    digits: int | None,
    theme: str,
    transparent: bool,
    scale: str | None,
    no_local: bool,
    steps: bool,
) -> None:
    from ...view.picture import circuit

    if form in _BINARY and output in (None, "-") and sys.stdout.isatty():
        raise InputError(f"{form} is not for a terminal", hint=f"-o circuit.{form} writes it to a file")
    check_looks(asked.line.given, form)
    look = circuit.Look(theme, transparent, 1.0 if scale is None else circuit.scale(scale), not no_local)
    request = graph, given, _ = asked.request(
        partly=not steps and not asked.line.bindings and asked.at is None, arrays=True
    )
    trace = None
    if given or not graph.variables:
        from ...passes.compute import compute

        trace = compute(*request)
        warn(trace.warnings)
        graph = trace.graph  # in which a program of arrays has its modules opened
    drawn = circuit.Circuit(graph, trace, look, ties=asked.settings.ties)
    if not steps:
        show("circuit", drawn, form, digits, output)
        return
    if output is None or not _NUMBERED.fullmatch(output):
        hint = "for example: -o step-%02d.svg writes step-01.svg, step-02.svg, …"
        raise InputError("--steps needs the name of its files, with %d for the number", hint=hint)
    for step in range(circuit.steps(graph)):
        show("circuit", drawn._replace(step=step), form, digits, output % (step + 1))


def check_looks(given: Collection[str], form: str) -> None:
    """Raise InputError where one of the options that are given changes nothing in pictures of that form."""
    for option in {*_LOOKS} & {*given}:
        if form not in _LOOKS[option]:
            *forms, last = _LOOKS[option]
            hint = f"{option} goes with --format {', '.join(forms)} or {last}"
            raise InputError(f"{option} changes nothing in a {form}", hint=hint)
