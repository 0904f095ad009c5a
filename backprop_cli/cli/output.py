"""What commands print, and where: results on standard output, warnings on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import InputError, quote
from ..streams import emit, is_unicode

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ..graph.graph import Graph
    from ..passes.trace import Notice, Trace

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
        from ..view.table import table

        show(lambda width: table(trace, digits, width))
    elif form == "json":
        from ..view.json import document

        show_json(document(trace))
    elif form == "csv":
        from ..view import csv

        emit(csv.render(trace), sys.stdout)
    else:
        from ..view import markdown

        emit(markdown.render(trace, digits), sys.stdout)


def _bare_numbers(trace: Trace, names: Sequence[str]) -> str:
    places = named(trace.graph, names, [each is not None for each in trace.upstream])
    numbers = (trace.value if place is None else trace.upstream[place] for place in places)
    return "".join(f"{trace.arithmetic.exactly(number)}\n" for number in numbers)


def named(graph: Graph, names: Iterable[str], wanted: Sequence[int]) -> list[int | None]:
    """The nodes whose gradients are meant by --get, or None for the value of the output.

    wanted: for each node, whether it gets a gradient. Raises InputError for a name that means nothing of the kind.
    """
    places = {name: i for i, name in enumerate(graph.nodes.names) if i not in graph.nodes.constants}
    found: list[int | None] = []
    for name in names:
        place = places.get(name)
        if name == "value":
            if place is not None:
                hint = "rename it, or leave --get out"
                raise InputError("'value' is also a name in the expression, so it could mean either", hint=hint)
        elif place is None or not wanted[place]:
            is_stage = name in dict(graph.stages)
            why = "is a stage that has no gate of its own" if is_stage else "is not a variable of the expression"
            known = [node.name for node in graph.variables if wanted[node.position]]
            raise InputError(
                f"--get {quote(name)} {why if place is None else 'gets no gradient (see --wrt)'}",
                hint=f"there is: {', '.join(['value', *known])}",
            )
        found.append(place)
    return found


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


def columns() -> int | None:
    """The width of a terminal, for text; None in a pipe."""
    import shutil

    return max(shutil.get_terminal_size().columns, NARROWEST) if sys.stdout.isatty() else None


def show_json(document: dict[str, Any]) -> None:
    """Print a JSON document, in ASCII where the output takes nothing else."""
    from ..view.json import lines

    emit(lines(document, ascii_only=not is_unicode(sys.stdout)), sys.stdout)
