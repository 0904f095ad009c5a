"""`backprop ops`: the reference of primitives."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import click

from ...streams import emit
from ..expression import SETTINGS, takes_a_format
from ..output import columns, show, show_json

if TYPE_CHECKING:
    from ...rules.table import Op

EPILOG = """\
\b
Examples:
  backprop ops sigmoid
  backprop ops + ln --format markdown
  backprop ops atan2 --json
"""


@click.command(
    "ops", short_help="List the primitives, with their local gradients.", epilog=EPILOG, context_settings=SETTINGS
)
@click.argument("names", metavar="[NAME]...", nargs=-1)
@takes_a_format("text", "markdown", "json")
def command(names: Sequence[str], form: str, **_options: object) -> None:
    """List the primitives: formula, local gradients, domain, conventions.

    For each NAME (sin, max, ln, σ, **, …) the same of that primitive alone, with a worked example.
    """
    from ...rules.table import TABLE
    from ...study import reference

    rows = list(dict.fromkeys(op for name in names for op in reference.find(name))) if names else TABLE
    if form == "text":
        _print_text(rows, with_examples=bool(names))
        return
    from ...view import primitives as view

    examples = [reference.example(op) for op in rows] if names else []
    if form == "json":
        show_json(view.document(rows, examples))
    else:
        emit(view.render_markdown(rows, [each for each in examples if each], whole=not names), sys.stdout)


def _print_text(rows: Sequence[Op], *, with_examples: bool) -> None:
    from ...study import reference
    from ...view.primitives import render

    width = columns()
    plain = width is None or os.environ.get("TERM") == "dumb"

    def strong(words: str) -> str:
        return words if plain else click.style(words, bold=True)

    emit(render(rows, width, strong), sys.stdout)
    for trace in filter(None, map(reference.example, rows if with_examples else ())):
        from ...view.table import table

        emit(f"\n{strong(' for example')}\n   {reference.command(trace)}\n\n", sys.stdout)
        show(partial(table, trace, None))
