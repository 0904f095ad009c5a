"""`backprop ops`: the reference of primitives."""

from __future__ import annotations

from collections.abc import Sequence

import click

from ..expression import Command
from ..output import show

SHORT = "List the primitives, with their local gradients."
HELP = """\
List the primitives: formula, local gradients, domain, conventions.

For each NAME (sin, max, ln, σ, **, …) the same of that primitive alone, with a worked example.
"""
EPILOG = """\
\b
Examples:
  backprop ops sigmoid
  backprop ops + ln --format markdown
  backprop ops atan2 --json
"""


@click.command("ops", cls=Command, short_help=SHORT, help=HELP, epilog=EPILOG)
@click.argument("names", metavar="[NAME]...", nargs=-1)
def command(names: Sequence[str], form: str, output: str | None, digits: int | None) -> None:
    from ...rules.arrays import ARRAYS
    from ...rules.table import TABLE
    from ...study import reference
    from ...view.primitives import Primitives

    rows = list(dict.fromkeys(op for name in names for op in reference.find(name))) if names else [*TABLE, *ARRAYS]
    examples = [reference.example(op) for op in rows] if names else ()
    show("primitives", Primitives(rows, examples), form, digits, output)
