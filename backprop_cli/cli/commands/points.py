"""`backprop eval --points`: many points, read and answered a line at a time."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click
from click.core import ParameterSource

from ...errors import InputError, quote, reason, shorten, suggest
from ...streams import emit, is_unicode, writer
from ..arguments import Option, binding
from ..expression import read_request
from ..output import named
from ..progress import Report, progress
from ..request import Request, read

if TYPE_CHECKING:
    from ...passes.settings import Settings
    from ...points.evaluate import Row
    from ...points.lines import Asked, CsvLines, JsonLines
    from ...points.rows import Source


def stream(ctx: click.Context, path: str, settings: Settings, *, get: Sequence[str], on_error: str, whole: bool) -> int:
    """Answer each point of the file; return the exit status.

    get: what to give of each, all if empty; on_error: `stop`, `skip` or `null`; whole: whether the document goes along.
    """
    from ...passes.settings import check
    from ...points import evaluate as points
    from ...points import plain_line, rows
    from ...points.lines import JsonLines

    check(settings)
    form = _form(ctx)
    if path == "-" and "-" in (ctx.params["expression"], ctx.params["file"], ctx.params["at"]):
        raise InputError("the points and something else cannot both come from standard input")
    request = read_request(ctx, partly=True, columns=None)
    with ExitStack() as stack:
        file = stack.enter_context(_opened(path))
        lines = rows.Lines(file)
        as_text = form == "csv" or settings.precision is not None or settings.exact
        source = rows.read(lines, as_text=as_text)
        if not source.form:
            emit("warning: there are no points\n", sys.stderr)
            return 0
        request = _with_columns(ctx, request, source)
        settings = settings._replace(wrt=request.wrt)
        asked = _asked(request, get, settings, whole=whole, nulls=on_error == "null")
        view = _view(source, form or source.form, asked)
        found = _checked(source, request, view, ctx.meta["known"])
        points.check_fixed(request.given, settings)
        size = _size(file)
        write = writer(sys.stdout, at_once=size is None)
        write(view.head())
        report = Report(on_error, stack.enter_context(progress(lines, size)))
        taken = view.names if source.form == "json" else ()
        gradients = [position for _, position in asked.gradients]
        calculate = points.calculator(request.graph, request.given, settings, gradients) if not asked.trace else None
        if calculate is not None and isinstance(view, JsonLines) and view.is_plain:

            def tell(line: str) -> None:
                write(line)
                report.answered()

            wanted = points.varying(request.graph, request.given)
            lines.is_answered = plain_line.answering(calculate, wanted, {*taken, *request.given}, view.doubles, tell)
        results = points.evaluate(
            found, request.graph, request.given, settings, gradients, calculate=calculate, taken=taken
        )
        report.of_the_graph(request.graph)
        for result in results:
            if report.take(result):
                write(view.line(result))
        sys.stdout.flush()
    return report.finish()


def _form(ctx: click.Context) -> str:
    """`json`, `csv`, or empty where it follows the input."""
    if ctx.params["digits"] is not None:
        raise InputError("--digits is for tables; --points gives all digits")
    if ctx.params["as_json"]:
        return "json"
    if ctx.get_parameter_source("form") is ParameterSource.DEFAULT:
        return ""
    form = str(ctx.params["form"])
    if form not in ("json", "csv"):
        raise InputError(f"--points gives JSON lines or CSV, not a {form}", hint="--format json or --format csv")
    return form


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


def _with_columns(ctx: click.Context, request: Request, source: Source) -> Request:
    """The request, read again where a column gives a value to what is read as a constant (`e`), or should have."""
    if {*request.graph.constants} & {*source.names, *(request.wrt or ())}:
        asked = ctx.meta["asked"]
        asked.at, asked.bindings = None, request.given
        return read(asked, partly=True, columns=source.names)
    return request


def _asked(request: Request, get: Sequence[str], settings: Settings, *, whole: bool, nulls: bool) -> Asked:
    """What a result holds, by --get or by default."""
    from ...points.lines import Asked

    graph = request.graph
    wanted = graph.depending_on(request.wrt)
    if get:
        names = list(dict.fromkeys(get))
        found = list(zip(names, named(graph, names, wanted), strict=True))
    else:
        variables = [node for node in graph.variables if wanted[node.position]]
        found = [("value", None), *((node.name, node.position) for node in variables)]
    gradients = [(name, place) for name, place in found if place is not None]
    return Asked(len(gradients) < len(found), gradients, settings.hessian, whole, nulls)


def _view(source: Source, form: str, asked: Asked) -> JsonLines | CsvLines:
    from ...points.lines import CsvLines, JsonLines

    if form == "json":
        return JsonLines(asked, from_csv=source.form == "csv", ascii_only=not is_unicode(sys.stdout))
    for option, there in (("--trace", asked.trace), ("--hessian", asked.hessian)):
        if there:
            raise InputError(f"{option} does not fit in CSV", hint="--format json")
    return CsvLines(asked, source.header, from_csv=source.form == "csv")


def _checked(
    source: Source, request: Request, view: JsonLines | CsvLines, known: Mapping[str, Option]
) -> Iterator[Row]:
    """The rows, once it is sure that the columns suffice. Of JSON lines, each object is judged by itself."""
    from ...passes.point import MissingVariablesError
    from ...points import evaluate as points
    from ...points import rows
    from ...points.lines import CsvLines

    if source.form == "json":
        if not isinstance(view, CsvLines):
            return source.rows
        if not source.header:
            raise InputError("the first line is no object with keys, which would be the columns")
        points.refuse(source.names, view.names, request.given)
        return rows.in_columns(source.rows, source.header)
    points.refuse(source.names, view.names, request.given)
    variables = [node.name for node in request.graph.variables]
    there = {*source.names, *request.given}
    missing = [name for name in variables if name not in there]
    if missing:
        raise MissingVariablesError(request.graph, missing, _hint(missing[0], source, variables, known))
    return source.rows


def _hint(missing: str, source: Source, variables: Sequence[str], known: Mapping[str, Option]) -> str:
    close = suggest(missing, [name for name in source.names if name not in variables])
    if len(source.header) == 1 and set(";\t") & set(source.header[0]):
        return "commas stand between columns"
    if close:
        return f"did you mean the column {quote(close)}?"
    one = " ".join(binding(missing, known))
    return f"the header has {shorten(', '.join(source.names))}; one value for all points is {one}"
