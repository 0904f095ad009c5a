"""`backprop points`: many points, read and answered a line at a time."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, TextIO

import click

from ...arithmetic import FLOATS
from ...errors import InputError, quote, shorten
from ...passes import point
from ...passes.settings import Settings, check, is_of_arrays
from ...points import plain_line, rows
from ...points.evaluate import Job, Row
from ...points.rows import Source
from ...runtime.files import is_file, replaced
from ...runtime.streams import emit, is_unicode, unpacked, writer
from ...view import between
from ...view.lines import Contents, CsvLines, JsonLines
from ..expression import ExpressionCommand
from ..output import places_of, put, show
from ..progress import Report, progress
from ..request import Asked, Question

if TYPE_CHECKING:
    from ...graph.graph import Graph
    from ...points.blocks import Look, Table
    from ..columns import Rows

SHORT = "Evaluate an expression at each point of a file."
HELP = """\
Evaluate EXPRESSION at each point of FILE: CSV, TSV, JSON lines, Parquet, Arrow, or .npy; none, or -, is standard
input, line by line. What is no variable is passed on, and the result stands behind it.
"""
EPILOG = """\
\b
Examples:
  printf 'x,y\\n1,2\\n3,4\\n' | backprop points "x*y"
  printf 'x,y\\n1,2\\n3,4\\n' | backprop points "(w*x - y)^2" --w 2 --reduce mean
  echo '{"x": 1}' | backprop points "w*sin(x)" --w 2 --get value --get x
"""


class Wanted(NamedTuple):
    """What is wanted of points, in the words of the options.

    form: the format of the results, if one was asked for;
    get: what to give of each point, all if empty;
    trace: whether the document of each goes along;
    on_error: `stop`, `skip` or `null`;
    delimiter: what stands between columns of CSV, empty where nobody said it;
    rename: the name in the expression of each column that has another one;
    digits: of the results in CSV, None for all;
    reduce: `sum` or `mean`, None for a result a point;
    output: the name of the file for results, None for standard output.
    """

    form: str | None
    get: Sequence[str]
    trace: bool
    on_error: str
    delimiter: str
    rename: Mapping[str, str]
    digits: int | None
    reduce: str | None
    output: str | None

    def between(self, source: Source) -> str:
        """What stands between columns of the results: what the name of their file says, or as in the points."""
        if self.output is not None and self.output.lower().endswith(".csv") and source.delimiter == "\t":
            return self.delimiter or ","
        return between(self.output, source.delimiter)


@click.command(
    "points",
    cls=ExpressionCommand,
    params=[click.Argument(["file_of_points"], metavar="[FILE]", required=False)],
    short_help=SHORT,
    help=HELP,
    epilog=EPILOG,
)
def command(
    asked: Asked,
    file_of_points: str | None,
    form: str | None,
    output: str | None,
    get: Sequence[str],
    trace: bool,
    digits: int | None,
    reduce: str | None,
) -> int:
    check(asked.settings)
    path = file_of_points or "-"
    if path == "-" and "-" in (asked.expression, asked.file, asked.at):
        raise InputError("the points and something else cannot both come from standard input")
    if form in ("table", "markdown") and not reduce:
        raise InputError(
            f"--format {form} is for one result", hint="--reduce sum gives one; --format csv a line a point"
        )
    wanted = Wanted(form, get, trace, asked.on_error, asked.between, asked.called, digits, reduce, output)
    if path != "-" and (is_file(path) or rows.ending(path) in rows.FRAMES):
        from ...points.tables import opened

        as_text = form == "csv" or asked.settings.precision is not None or asked.settings.exact
        first = None if rows.ending(path) in (*rows.FRAMES, ".npy") else _first_row(path, wanted)
        with opened(path, wanted.rename, wanted.delimiter, as_text=as_text) as table:
            return _in_columns(asked, wanted, table, first)
    if reduce or form == "parquet":
        from ...points.tables import of_lines

        with rows.binary(path) as file:
            return _in_columns(asked, wanted, of_lines(file, wanted.rename, wanted.delimiter))
    with rows.binary(path) as file, _written(output) as out:
        return _line_by_line(asked, wanted, file, out)


def _line_by_line(asked: Asked, wanted: Wanted, file: BinaryIO, out: TextIO) -> int:
    """Answer each point before the next is read; return the exit status."""
    question = asked.read()
    settings = asked.settings
    contents = unpacked(file)
    lines = rows.Lines(contents)
    as_text = wanted.form == "csv" or settings.precision is not None or settings.exact
    source = rows.read(lines, wanted.delimiter, wanted.rename, as_text=as_text)
    if not source.form:
        return _nothing(question, wanted)
    is_here = source.form == "json" or rows.size_of(file) is not None  # who writes it may wait for the header's answer
    first, source = rows.first_of(source) if is_here else (None, source)
    job, holds = _job(question, source, wanted, first)
    view = _view(source, wanted, holds, out)
    job = job._replace(taken=view.names)
    found = _checked(source, job, view)
    job.check()
    size = rows.size_of(file)
    write = writer(out, at_once=size is None)
    write(view.head())
    with progress(lambda: lines.size, size if contents is file else None) as move:
        report = Report(wanted.on_error, move)
        calculate = None if holds.trace else job.calculator()
        if calculate is not None and isinstance(view, JsonLines) and view.is_plain and not wanted.rename:
            lines.is_answered = plain_line.answering(job, calculate, view.doubles, report.writing(write))
        report.of_the_graph(job.graph)
        for result in job.results(found, calculate):
            if report.take(result):
                write(view.line(result))
        out.flush()
    return report.finish()


def _first_row(path: str, wanted: Wanted) -> Row | None:
    """The first row of a file of lines, which says how the others are to be read."""
    with rows.binary(path) as file:
        lines = rows.Lines(unpacked(file))
        return rows.first_of(rows.read(lines, wanted.delimiter, wanted.rename))[0]


def _nothing(question: Question, wanted: Wanted) -> int:
    """There are no points; what is wrong with the rest is told all the same."""
    question.request(partly=True, columns=None, arrays=True)
    if wanted.reduce or wanted.form == "parquet":
        raise InputError("there are no points", hint="a file of points begins with the names of the columns")
    emit("warning: there are no points\n", sys.stderr)
    return 0


def _in_columns(asked: Asked, wanted: Wanted, table: Table, first: Row | None = None) -> int:
    """Answer the points of a file in columns; return the exit status."""
    from ..columns import write_lines

    question, source = asked.read(), table.source
    if not source.form:
        return _nothing(question, wanted)
    job, holds = _job(question, source, wanted, first)
    if job.sigmas is not None and table.noun == "row":
        raise InputError("uncertain values stand in CSV and in JSON lines, and this file has columns of doubles")
    if wanted.reduce:
        return _reduced(job, holds, wanted, table)
    if wanted.form == "parquet":
        return _to_parquet(job, holds, wanted, table)
    with _written(wanted.output) as out:
        view = _view(source, wanted, holds, out)
        job = job._replace(taken=view.names)
        _checked(source, job, view)
        with _rows(job, holds, wanted, table, lambda found: _checked(source._replace(rows=found), job, view)) as found:
            write_lines(found, view, out)
    return found.report.finish()


@contextmanager
def _rows(job: Job, holds: Contents, wanted: Wanted, table: Table, look: Look) -> Iterator[Rows]:
    """The rows, with a bar that shows how far they are."""
    from ...points.columns import passes_of
    from ..columns import Rows

    job.check()
    passes = None if holds.trace else passes_of(job)
    with progress(table.done, table.size) as move:
        report = Report(wanted.on_error, move, table.noun)
        report.of_the_graph(job.graph)
        yield Rows(job, passes, table, holds, report, look)


def _reduced(job: Job, holds: Contents, wanted: Wanted, table: Table) -> int:
    """One result of all rows."""
    from ..columns import reduced

    _refuse(job, holds, "--reduce adds doubles")
    if wanted.on_error == "null":
        raise InputError("--on-error null is for results a row", hint="with --reduce, skip leaves such rows out")
    if wanted.form == "parquet":
        raise InputError("--reduce gives one result, and Parquet is for rows", hint="--format json")
    varying = {*job.varying}
    for name, _ in holds.gradients:
        if name in varying:
            hint = "leave --reduce out for the gradient at each row, or --wrt takes the others"
            raise InputError(f"{quote(name)} is a column, and its gradient is a number a row", hint=hint)
    _columns_suffice(table.source, job)
    with _rows(job, holds, wanted, table, iter) as found:
        reduction = reduced(found, wanted.reduce or "")
    if wanted.get and wanted.form is None:
        numbers = {"value": reduction.value, **reduction.gradient}
        put("".join(f"{_shown(numbers[name], wanted.digits)}\n" for name in dict.fromkeys(wanted.get)), wanted.output)
    else:
        form = wanted.form or "json"
        if wanted.digits and form == "json":
            raise InputError(_WHOLE, hint="--format table")
        show("reduction", reduction, form, wanted.digits, wanted.output)
    return found.report.finish()


def _shown(number: float | None, digits: int | None) -> str:
    return repr(number) if digits is None or number is None else FLOATS.show(number, digits)


def _to_parquet(job: Job, holds: Contents, wanted: Wanted, table: Table) -> int:
    """A file of columns."""
    from ..columns import write_parquet

    _refuse(job, holds, "Parquet holds doubles")
    if wanted.output in (None, "-"):
        raise InputError("Parquet is written to a file", hint="-o results.parquet")
    if wanted.digits:
        raise InputError("--digits does not fit in Parquet, which holds the whole number", hint="--format csv")
    view = CsvLines(holds, table.source)
    job = job._replace(taken=view.names)
    _checked(table.source, job, view)

    def look(found: Iterator[Row]) -> Iterator[Row]:
        return _checked(table.source._replace(rows=found), job, view)

    with replaced(wanted.output or "") as file, _rows(job, holds, wanted, table, look) as found:
        write_parquet(found, file)
    return found.report.finish()


def _refuse(job: Job, holds: Contents, why: str) -> None:
    """Raise InputError for options whose results are more than doubles."""
    settings = job.settings
    others = {
        "--precision": settings.precision is not None,
        "--exact": settings.exact,
        "--hessian": settings.hessian,
        "--allow-nonfinite": settings.allow_nonfinite,
        "--trace": holds.trace,
        "an uncertain value": job.sigmas is not None,
        "an array": job.of_arrays,
    }
    for option, there in others.items():
        if there:
            hint = f"leave {option} out" if option.startswith("--") else ""
            raise InputError(f"{why}, which {option} does not fit", hint=hint)


def _job(question: Question, source: Source, wanted: Wanted, first: Row | None = None) -> tuple[Job, Contents]:
    """What is the same at all points, and what each result holds. first: the first row, if it has been looked at."""
    graph, given, settings = question.request(partly=True, columns=None, arrays=True)
    if {*graph.constants} & {*source.names, *(settings.wrt or ())}:
        graph, given, settings = question.request(partly=True, columns=source.names, arrays=True)
        # `e` may be one
    point.check(graph, wanted.rename.values())
    if wanted.reduce and settings.wrt is None:
        settings = settings._replace(wrt=[name for name in given if name in {node.name for node in graph.variables}])
    sigmas = _sigmas(graph, given, source, wanted, first)
    holds = _contents(graph, settings, wanted, sigmas is not None)
    gradients = [position for _, position in holds.gradients]
    known = given if first is None else {**first.given, **given}
    of_arrays = is_of_arrays(graph, {node.name: known[node.name] for node in graph.variables if node.name in known})
    return Job(graph, given, settings, gradients, sigmas=sigmas, spread=holds.spread, of_arrays=of_arrays), holds


_SIGMAS = ("sigma_{}", "σ_{}", "{}_err")
"""How the column is called that holds the uncertainty of a variable."""


def _sigmas(
    graph: Graph, given: Mapping[str, str], source: Source, wanted: Wanted, first: Row | None
) -> dict[str, list[str]] | None:
    """What columns of uncertainties may be called, by the variables that they are of; None where nothing is uncertain.

    That is decided by the command line, the header, and the first row, if it is there before it is answered.
    """
    names = dict.fromkeys(node.name for node in graph.variables)
    columns = {name: [point.read_name(pattern.format(name)) for pattern in _SIGMAS] for name in names}
    found = {name: [each for each in called if each not in names] for name, called in columns.items()}
    is_there = not {*source.names}.isdisjoint(each for called in found.values() for each in called)
    cells = [] if first is None else [first.given.get(name) for name in names]
    is_asked = "uncertainty" in wanted.get and "uncertainty" not in names
    is_written = is_asked or any(map(point.is_uncertain, [*given.values(), *cells]))
    return found if is_there or is_written else None


@contextmanager
def _written(path: str | None) -> Iterator[TextIO]:
    """Where the results go."""
    if path in (None, "-"):
        yield sys.stdout
        return
    from ...runtime.files import replaced

    with replaced(path) as file:
        text = io.TextIOWrapper(file, "utf-8", newline="")
        try:
            yield text
        finally:
            text.detach()  # which flushes, and leaves the file open


def _contents(graph: Graph, settings: Settings, wanted: Wanted, is_uncertain: bool) -> Contents:
    """What a result holds, by --get or by default."""
    words = ("value", "uncertainty") if is_uncertain else ("value",)
    gets = graph.depending_on(settings.wrt)
    if wanted.get:
        names = list(dict.fromkeys(wanted.get))
        found = list(zip(names, places_of(graph, names, gets, words), strict=True))
    else:
        variables = [node for node in graph.variables if gets[node.position]]
        found = [*((word, word) for word in words), *((node.name, node.position) for node in variables)]
    gradients = [(name, place) for name, place in found if isinstance(place, int)]
    named = [name for name, place in found if not isinstance(place, int)]
    nulls = wanted.on_error == "null"
    return Contents("value" in named, gradients, settings.hessian, wanted.trace, nulls, "uncertainty" in named)


_WHOLE = "--digits does not fit in JSON lines, which hold the whole number"


def _view(source: Source, wanted: Wanted, contents: Contents, out: TextIO) -> JsonLines | CsvLines:
    form = wanted.form or source.form
    if wanted.delimiter and "csv" not in (form, source.form):
        raise InputError("--delimiter is for CSV, and these are JSON lines")
    if form == "json":
        if wanted.digits:
            raise InputError(_WHOLE, hint="--format csv")
        return JsonLines(contents, source, ascii_only=not is_unicode(out))
    for option, there in (("--trace", contents.trace), ("--hessian", contents.hessian)):
        if there:
            raise InputError(f"{option} does not fit in CSV", hint="--format json")
    return CsvLines(contents, source._replace(delimiter=wanted.between(source)), wanted.digits)


def _checked(source: Source, job: Job, view: JsonLines | CsvLines) -> Iterator[Row]:
    """The rows, once it is sure that the columns suffice. Of JSON lines, each object is judged by itself."""
    if source.form == "json":
        if not isinstance(view, CsvLines):
            return source.rows
        if not source.header:
            raise InputError("the first line is no object with keys, which would be the columns")
        job.refuse(source.names)
        return rows.in_columns(source.rows, source.names)
    _columns_suffice(source, job)
    return source.rows


def _columns_suffice(source: Source, job: Job) -> None:
    """Raise InputError for a column that has no place, or is missing. Objects of JSON lines are judged one by one."""
    if source.form == "json":
        return
    job.refuse(source.names)
    missing = [name for name in job.varying if name not in source.names]
    if missing:
        raise point.MissingVariablesError(job.graph, missing, _hint(missing[0], source, job.graph))


def _hint(missing: str, source: Source, graph: Graph) -> str:
    """What the header may have in place of a variable."""
    variables = [node.name for node in graph.variables]
    others = [column for column, name in zip(source.header, source.names, strict=True) if name not in variables]
    if hint := rows.meant(missing, source.header, others):
        return hint
    from ..working import with_values

    one = " ".join(with_values("points", [], [missing]))
    return f"the header has {shorten(', '.join(source.names))}; one value for all points is {one}"
