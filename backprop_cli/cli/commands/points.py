"""`backprop eval --points`: many points, read and answered a line at a time."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from ...errors import InputError, quote, reason, shorten, suggest
from ...passes.point import MissingVariablesError
from ...passes.settings import Settings, check
from ...points import plain_line, rows
from ...points.evaluate import Job, Row
from ...points.lines import Contents, CsvLines, JsonLines
from ...points.rows import Source
from ...streams import emit, is_unicode, writer
from ..arguments import Line
from ..output import places_of
from ..progress import Report, progress
from ..request import Asked

if TYPE_CHECKING:
    from ...graph.graph import Graph


class Wanted(NamedTuple):
    """What is wanted of points.

    path: of the file, `-` for standard input;
    form: `json` or `csv`, if one of them was asked for;
    digits: of a table, so there are none;
    get: what to give of each point, all if empty;
    on_error: `stop`, `skip` or `null`;
    whole: whether the document of each goes along.
    """

    path: str
    form: str
    digits: int | None
    get: Sequence[str]
    on_error: str
    whole: bool


def stream(asked: Asked, wanted: Wanted) -> int:
    """Answer each point of the file; return the exit status."""
    check(asked.settings)
    form = _form(asked.line, wanted)
    if wanted.path == "-" and "-" in (asked.expression, asked.file, asked.at):
        raise InputError("the points and something else cannot both come from standard input")
    question = asked.read()
    graph, given, settings = question.request(partly=True, columns=None)
    with _opened(wanted.path) as file:
        lines = rows.Lines(file)
        source = rows.read(lines, as_text=form == "csv" or settings.precision is not None or settings.exact)
        if not source.form:
            emit("warning: there are no points\n", sys.stderr)
            return 0
        if {*graph.constants} & {*source.names, *(settings.wrt or ())}:
            graph, given, settings = question.request(partly=True, columns=source.names)  # `e` may be a column
        contents = _contents(graph, settings, wanted)
        view = _view(source, form or source.form, contents)
        positions = [position for _, position in contents.gradients]
        job = Job(graph, given, settings, positions, view.names)
        found = _checked(source, job, view, asked.line)
        job.check()
        size = _size(file)
        write = writer(sys.stdout, at_once=size is None)
        write(view.head())
        with progress(lines, size) as move:
            report = Report(wanted.on_error, move)
            calculate = None if contents.trace else job.calculator()
            if calculate is not None and isinstance(view, JsonLines) and view.is_plain:
                lines.is_answered = plain_line.answering(job, calculate, view.doubles, report.writing(write))
            report.of_the_graph(job.graph)
            for result in job.results(found, calculate):
                if report.take(result):
                    write(view.line(result))
            sys.stdout.flush()
    return report.finish()


def _form(line: Line, wanted: Wanted) -> str:
    """`json`, `csv`, or empty where it follows the input."""
    if wanted.digits is not None:
        raise InputError("--digits is for tables; --points gives all digits")
    if not line.given & {"--format", "--json"}:
        return ""
    if wanted.form not in ("json", "csv"):
        hint = "--format json or --format csv"
        raise InputError(f"--points gives JSON lines or CSV, not a {wanted.form}", hint=hint)
    return wanted.form


@contextmanager
def _opened(path: str) -> Iterator[BinaryIO]:
    if path == "-":
        if sys.stdin is None:
            raise InputError("--points cannot be read: standard input is closed")
        yield sys.stdin.buffer
        return
    try:
        file = Path(path).open("rb")  # noqa: SIM115
    except (OSError, ValueError) as error:
        hint = "one point a line stands in a file or comes from a pipe (--points -)" if path[:1] in ("{", "[") else ""
        raise InputError(f"--points cannot be read from {quote(path)}: {reason(error)}", hint=hint) from None
    with closing(file):
        yield file


def _size(file: BinaryIO) -> int | None:
    """Bytes of a regular file; None for what another program or a person writes, and may wait for the answer."""
    try:
        found = os.fstat(file.fileno())
    except OSError:
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def _contents(graph: Graph, settings: Settings, wanted: Wanted) -> Contents:
    """What a result holds, by --get or by default."""
    gets = graph.depending_on(settings.wrt)
    if wanted.get:
        names = list(dict.fromkeys(wanted.get))
        found = list(zip(names, places_of(graph, names, gets), strict=True))
    else:
        variables = [node for node in graph.variables if gets[node.position]]
        found = [("value", None), *((node.name, node.position) for node in variables)]
    gradients = [(name, place) for name, place in found if place is not None]
    return Contents(len(gradients) < len(found), gradients, settings.hessian, wanted.whole, wanted.on_error == "null")


def _view(source: Source, form: str, contents: Contents) -> JsonLines | CsvLines:
    if form == "json":
        return JsonLines(contents, from_csv=source.form == "csv", ascii_only=not is_unicode(sys.stdout))
    for option, there in (("--trace", contents.trace), ("--hessian", contents.hessian)):
        if there:
            raise InputError(f"{option} does not fit in CSV", hint="--format json")
    return CsvLines(contents, source.header, from_csv=source.form == "csv")


def _checked(source: Source, job: Job, view: JsonLines | CsvLines, line: Line) -> Iterator[Row]:
    """The rows, once it is sure that the columns suffice. Of JSON lines, each object is judged by itself."""
    if source.form == "json":
        if not isinstance(view, CsvLines):
            return source.rows
        if not source.header:
            raise InputError("the first line is no object with keys, which would be the columns")
        job.refuse(source.names)
        return rows.in_columns(source.rows, source.header)
    job.refuse(source.names)
    missing = [name for name in job.varying if name not in source.names]
    if missing:
        raise MissingVariablesError(job.graph, missing, _hint(missing[0], source, job.graph, line))
    return source.rows


def _hint(missing: str, source: Source, graph: Graph, line: Line) -> str:
    variables = [node.name for node in graph.variables]
    close = suggest(missing, [name for name in source.names if name not in variables])
    if len(source.header) == 1 and set(";\t") & set(source.header[0]):
        return "commas stand between columns"
    if close:
        return f"did you mean the column {quote(close)}?"
    one = " ".join(line.binding(missing))
    return f"the header has {shorten(', '.join(source.names))}; one value for all points is {one}"
