"""`backprop explain`: the two passes in words and numbers."""

from __future__ import annotations

import click

from ...errors import InputError, did_you_mean, few, quote, suggest
from ...graph.graph import Constant
from ..expression import ExpressionCommand
from ..output import language_of, show, warn
from ..request import Asked

HELP = """\
Explain the gradient of EXPRESSION step by step.

Forward, a line for each gate; backward, the chain rule on each edge and the sum at each fork. `backprop page` walks
through the same in a browser.
"""
EPILOG = """\
\b
Examples:
  backprop explain "(x+y)*z" --x -2 --y 5 --z -4
  backprop explain "(x+y)*z" --x -2 --y 5 --z -4 --only q1
  backprop explain "(x+y)*z" --x -2 --y 5 --z -4 --blank
  backprop explain "x*x + max(x, y)" --x 3 --y 1 --nudge 0.01
  backprop explain "sigmoid(w*x)" --w 2 --x -1 --wrt w --format markdown
"""


@click.command("explain", cls=ExpressionCommand, help=HELP, epilog=EPILOG)
def command(
    asked: Asked,
    form: str,
    digits: int | None,
    nudge: str | None,
    output: str | None,
    only: str | None,
    blank: bool,
    spoken: str | None,
) -> None:
    from ...passes import point
    from ...passes.compute import compute
    from ...view.words.explain import Explanation

    if blank and (nudge is not None or form == "json"):
        raise InputError(f"--blank leaves the numbers out, and {'--nudge' if nudge else 'JSON'} is made of them")
    trace = compute(*asked.request(arrays=True))
    names = None if only is None else point.read_names(only, "--only")
    known = [node.name for node in trace.graph.nodes if node.name and not isinstance(node, Constant)]
    for name in names or ():
        if name not in known:
            close = suggest(name, known)
            hint = did_you_mean(name, close) if close else f"there is: {', '.join(few(known))}" if known else ""
            raise InputError(f"--only {quote(name)} is no gate and no variable of the expression", hint=hint)
    explanation = Explanation.of(trace, nudge)._replace(
        only=names, blank=blank, language=language_of(spoken), ties=asked.settings.ties
    )
    warn(() if blank else trace.warnings)
    show("explanation", explanation, form, digits, output)
