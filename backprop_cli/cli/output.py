"""What commands print, and where: results on standard output, warnings on standard error."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, TextIO

from ..errors import COLUMNS, BackpropError, InputError, did_you_mean, few, quote, suggest
from ..runtime.streams import columns, emit, is_unicode
from ..view import READ, Options, between, draw

if TYPE_CHECKING:
    from ..graph.graph import Graph
    from ..passes.trace import Notice, Trace
    from ..view.words.language import Language


def show_trace(
    trace: Trace, form: str, get: Sequence[str] = (), digits: int | None = None, file: str | None = None
) -> None:
    """Print the trace, in one of its formats; or bare numbers alone.

    form: the format;
    get: what bare numbers are printed of;
    digits, file: as in `show`.
    """
    warn(trace.warnings)
    if get:
        put(_bare_numbers(trace, get), file)
    else:
        show("trace", trace, form, digits, file)


def _bare_numbers(trace: Trace, names: Sequence[str]) -> str:
    nodes, matrices = trace.graph.nodes, trace.jacobian
    wanted = [each is not None for each in trace.upstream]
    if matrices is not None:
        wanted = [name in matrices and i in nodes.variables for i, name in enumerate(nodes.names)]
    words = {"value": trace.value} | ({} if trace.uncertainty is None else {"uncertainty": trace.uncertainty.sigma})
    places = places_of(trace.graph, names, wanted, words)
    found = trace.upstream if matrices is None else [matrices.get(name) for name in nodes.names]
    numbers = (found[place] if isinstance(place, int) else words[place] for place in places)
    return "".join(f"{trace.arithmetic.bare(number)}\n" for number in numbers)


def places_of(
    graph: Graph, names: Iterable[str], wanted: Sequence[int], words: Collection[str] = ("value",)
) -> list[int | str]:
    """The nodes whose gradients are meant by --get, or the words that mean something of the output.

    names: those of --get
    wanted: for each node, whether it gets a gradient
    words: those that there are
    Raises InputError for a name that means nothing of the kind.
    """
    places = {name: i for i, name in enumerate(graph.nodes.names) if i not in graph.nodes.constants}
    found: list[int | str] = []
    for name in names:
        place = places.get(name)
        if name in words:
            if place is not None:
                hint = "rename it, or leave --get out"
                raise InputError(f"{quote(name)} is also a name in the expression, so it could mean either", hint=hint)
            found.append(name)
            continue
        if place is None or not wanted[place]:
            is_stage = name in dict(graph.stages)
            why = "is a stage that has no gate of its own" if is_stage else "is not a variable of the expression"
            if place is not None:
                why = graph.ungraded(place)
            known = [*words, *(node.name for node in graph.variables if wanted[node.position])]
            close = "" if place is not None or is_stage else suggest(name, known)
            meant = [f"--get {each}" for part in re.findall(r"\w+", name) for each in (part, part[1:]) if each in known]
            hint = did_you_mean(name, close) if close else f"there is: {', '.join(few(known))}"
            hint = f"write {' '.join(meant)}" if meant else hint
            raise InputError(f"--get {quote(name)} {why}", hint=hint)
        found.append(place)
    return found


def complain(error: BackpropError) -> int:
    """Print an error, as wide as the terminal, and return its exit status."""
    message, *more = error.drawn(columns(sys.stderr) or COLUMNS)
    say(message, sys.stderr)
    emit("".join(f"{_highlighted(line, sys.stderr)}\n" for line in more), sys.stderr)
    return error.exit_code


def say(message: str, stream: TextIO | None) -> None:
    """Print a message, folded where the terminal is narrower."""
    from ..view.columns import fold

    first, *others = fold(message, columns(stream), later="  ")
    emit("".join(f"{line}\n" for line in (_highlighted(first, stream), *others)), stream)


_STYLES = {"error": "bold red", "warning": "bold yellow", "hint": "bold green"}


def _highlighted(line: str, stream: TextIO | None) -> str:
    """A line of an error or a warning with its first word, or its carets, in colour, where the terminal has any."""
    word, colon, rest = line.partition(":")
    if word in _STYLES and (paint := _painter(stream)):
        return paint(f"{word}{colon}", _STYLES[word]) + rest
    if line.strip("^ ") == "" and line and (paint := _painter(stream)):
        return paint(line, "bold red")
    return line


def warn(notices: Iterable[Notice]) -> None:
    """Print warnings where they do not disturb a pipe."""
    from ..passes.trace import told

    for warning in told(notices):
        say(warning, sys.stderr)


def language_of(spoken: str | None) -> Language:
    """The language that --lang names; without it, that of the locale."""
    from ..view.words.language import language, of_locale

    return language(spoken or of_locale(os.environ))


def show(what: str, subject: object, form: str, digits: int | None = None, file: str | None = None) -> None:
    """Draw the subject, as VIEWS has it, on standard output or into a file.

    subject: of the kind that `what` names;
    what: the kind of subject;
    form: the format;
    digits: how many are shown of a number (None: as the view thinks fit);
    file: its name, `-` for standard output.
    """
    is_printed = file in (None, "-")
    place = _terminal() if form in READ and is_printed else Options()
    is_ascii = is_printed and not is_unicode(sys.stdout)
    options = place._replace(form=form, digits=digits, ascii=is_ascii, between=between(file))
    put(draw(what, subject, options), file)


def put(drawn: str | bytes, file: str | None = None) -> None:
    """Write it into a file of that name, or to standard output."""
    if file not in (None, "-"):
        from ..runtime.files import write_file

        write_file(file, drawn)
    elif isinstance(drawn, bytes):
        sys.stdout.buffer.write(drawn)
        sys.stdout.buffer.flush()
    else:
        emit(drawn, sys.stdout)


_FORCED = ("FORCE_COLOR", "TTY_COMPATIBLE")  # by these rich is told that a pipe ends in a terminal


def _terminal() -> Options:
    """The width of the terminal and its styles, as rich knows it; a pipe has neither."""
    width, paint = columns(sys.stdout), _painter(sys.stdout)
    return Options(width=width) if paint is None else Options(width=width, paint=paint)


def _painter(stream: TextIO | None) -> Callable[[str, str], str] | None:
    """What sets a text in a style on that terminal; None where there are no colours."""
    if stream is None or (not stream.isatty() and not any(name in os.environ for name in _FORCED)):
        return None
    from rich.console import Console

    console = Console(file=stream)

    def paint(text: str, style: str) -> str:
        look = console.get_style(style)
        return (look.without_color if console.no_color else look).render(text)

    return None if console.color_system is None else paint
