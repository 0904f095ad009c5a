"""What commands print, and where: results on standard output, warnings on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from .errors import InputError, quote
from .streams import emit, is_unicode

if TYPE_CHECKING:
    from rich.console import RenderableType

    from .trace import Notice, Trace

NARROWEST = 60
"""Columns below which a table is not made narrower: a terminal's wrapping is better than a number cut in two."""

FORMS = ("table", "json", "csv", "markdown")
"""The formats of a trace."""


def show_trace(trace: Trace, form: str, get: Sequence[str] = (), digits: int | None = None) -> None:
    """Print the trace, in one of FORMS; or bare numbers alone, for what `get` names."""
    warn(trace.warnings)
    if get:
        emit(_bare_numbers(trace, get), sys.stdout)
    else:
        _print(trace, form, digits)


def _print(trace: Trace, form: str, digits: int | None) -> None:
    if form == "table":
        from .render.table import table

        show(lambda width: table(trace, digits, width))
    elif form == "json":
        from .render.json import document

        show_json(document(trace))
    elif form == "csv":
        from .render import csv

        emit(csv.render(trace), sys.stdout)
    else:
        from .render import markdown

        emit(markdown.render(trace, digits), sys.stdout)


def _bare_numbers(trace: Trace, names: Sequence[str]) -> str:
    lines = []
    gradients = {node.name: trace.upstream[node.position] for node in trace.graph.nodes if not node.is_constant}
    for name in names:
        if name == "value" and name in gradients:
            raise InputError("'value' is also a name in the expression, so it could mean either", hint="use --json")
        number = trace.value if name == "value" else gradients.get(name)
        if number is None:
            known = ", ".join(["value", *trace.gradient])
            why = "gets no gradient (see --wrt)" if name in gradients else "is not a variable of the expression"
            if name not in gradients and name in dict(trace.graph.stages):
                why = "is a stage that has no gate of its own"
            raise InputError(f"--get {quote(name)} {why}", hint=f"there is: {known}")
        lines.append(trace.arithmetic.exactly(number))
    return "\n".join(lines) + "\n"


def warn(notices: Iterable[Notice]) -> None:
    """Print warnings where they do not disturb a pipe."""
    for notice in notices:
        emit(f"warning: {notice.message}\n", sys.stderr)


def show(make: Callable[[int], RenderableType]) -> None:
    """Print what `make` gives for a width: that of the terminal. A pipe has none, so nothing is cut or padded there."""
    from rich.console import Console

    console = Console(highlight=False, emoji=False, markup=False)
    console.width = max(console.width, NARROWEST) if sys.stdout.isatty() else 10_000
    with console.capture() as capture:
        console.print(make(console.width))
    emit("".join(f"{line.rstrip()}\n" for line in capture.get().splitlines()), sys.stdout)


def show_json(document: dict[str, Any]) -> None:
    """Print a JSON document, in ASCII where the output takes nothing else."""
    from .render.json import lines

    emit(lines(document, ascii_only=not is_unicode(sys.stdout)), sys.stdout)
