"""`backprop derive`: the formulas."""

from __future__ import annotations

from dataclasses import replace

import click

from ..expression import ExpressionCommand
from ..output import show, warn
from ..request import Asked

HELP = """\
Derive the gradient of EXPRESSION as formulas.

The same forward and backward pass, on symbols. Of each variable the gradient over the names of the program, as one
writes it by hand, and in closed form. Variables may be given values (--x 2), one by one.
Of arrays, whose values tell their shapes alone, the formulas are of matrices; --expand has those of entries. Without
values such shapes are taken as fit, and told.
"""
EPILOG = """\
\b
Examples:
  backprop derive "(x+y)*z"
  backprop derive "sigmoid(w*x + b)" --wrt w,b --x 2
  backprop derive "x**2 + y**2" --format latex
  backprop derive "sum((W @ x)**2)" --W "[[1,2]]" --x "[3,4]"
"""


@click.command("derive", cls=ExpressionCommand, help=HELP, epilog=EPILOG)
def command(asked: Asked, form: str, output: str | None, digits: int | None, steps: bool) -> None:
    from ...passes import exact
    from ...passes.settings import is_of_arrays

    graph, given, settings = asked._replace(expand=False).request(partly=True, arrays=True)
    if is_of_arrays(graph, given):
        from ...passes.example import assumed

        given, notices = assumed(graph, given)
        warn(notices)
        if not asked.expand:
            from ...passes.matrices import matrices

            formulas = matrices(graph, given, settings.wrt, steps=steps)
            show("matrices", formulas, form, digits, output)
            return
        from ...passes.entries import symbols

        program = symbols(graph, given)
        graph, given, settings = program.graph, program.given, settings._replace(wrt=program.wrt(settings.wrt))
    elif asked.expand:
        from ...graph.expand import expand

        graph = expand(graph)
    derivation = replace(exact.derive(graph, given, wrt=settings.wrt), steps=steps)
    warn(derivation.trace.warnings)
    show("derivation", derivation, form, digits, output)
