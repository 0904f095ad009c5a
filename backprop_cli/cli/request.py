"""What a command line asks for: a graph, values for its variables, and what is to be computed of it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import InputError, Source, few, quote
from ..graph.graph import Graph
from ..passes import point
from ..passes.settings import TAKES, Settings, is_of_arrays, numbers_alone, refuse_arrays
from ..runtime.streams import read_text
from .arguments import EXAMPLE, Line, PositionError

if TYPE_CHECKING:
    from ..points.blocks import Table
    from ..points.evaluate import Job
    from ..points.tables import Columns

Request = tuple[Graph, Mapping[str, str], Settings]
"""What `compute` takes: a graph, the texts of its variables' values, and what is to be computed."""


class Asked(NamedTuple):
    """What was typed about the expression, of which nothing is read yet. The parts are called as the options are.

    line: all that was typed;
    settings: what is to be computed, all but `wrt`;
    expression: None where it is in `file`.
    """

    line: Line
    settings: Settings
    expression: str | None = None
    file: str | None = None
    at: str | None = None
    wrt: str | None = None
    language: str = "text"
    expand: bool = False
    no_cache: bool = False
    data: str | None = None
    delimiter: str | None = None
    rename: Sequence[str] = ()
    on_error: str = "stop"

    @property
    def between(self) -> str:
        """What stands between columns, by --delimiter; empty where it does not say it."""
        from ..points.rows import delimiter

        return delimiter(self.delimiter)

    @property
    def called(self) -> dict[str, str]:
        """The name that each column of --rename has in the expression."""
        texts = [part for text in self.rename for part in re.split(r",(?=\s*\w+\s*=)", text)]
        pairs = [text.partition("=") for text in texts]
        for text, (_, equals, column) in zip(texts, pairs, strict=True):
            if not (equals and column.strip()):
                hint = 'for example: --rename x="sepal length"'
                raise InputError(f"--rename takes NAME=COLUMN, not {quote(text)}", hint=hint)
        names = point.by_name(((name.strip(), column.strip()) for name, _, column in pairs), "--rename")
        return {column: name for name, column in names.items()}

    def check_data(self) -> None:
        """Raise InputError for options of --data where there is none."""
        given = {"--delimiter": self.delimiter, "--rename": self.rename, "--on-error": self.on_error != "stop"}
        if self.data is None and (option := next((name for name, there in given.items() if there), "")):
            raise InputError(f"{option} is for the columns of --data")

    def columns(
        self,
        names: Callable[[Sequence[str]], Collection[str]] | None,
        jobs: Callable[[Sequence[str]], Sequence[Job]],
    ) -> tuple[Columns, int]:
        """The columns of --data, and an exit status: 1 where --on-error has left rows out.

        names: by the header, those that are read; None for all;
        jobs: by the header, what has to have a result at a row.
        """
        from ..points.tables import Columns

        if self.on_error == "stop":
            hint = "--on-error skip leaves such rows out"
            return Columns(self.data or "", self.called, self.between, names, hint=hint), 0
        from ..points.kept import kept
        from .progress import Report

        report = Report(self.on_error, None)

        def among(table: Table) -> Table:
            report.noun = table.noun
            return kept(table, jobs(table.source.names), report.take, report.answered)

        found = Columns(self.data or "", self.called, self.between, names, among)
        return found, report.finish()

    def read(self) -> Question:
        """Read the program and the values. Raises InputError for what cannot be read."""
        source, given = self._program(), self.line.bindings
        if self.language == "latex":
            from ..language.latex import read_latex

            source = Source(read_latex(source))
        known = {} if self.at is None else read_object(self.at, "--at", "point")
        return Question(self, source, known, {name: from_file(name, text) for name, text in given.items()})

    def request(self, *, partly: bool = False, opened: bool = False, arrays: bool = False) -> Request:
        """Read it all. partly, opened, arrays: as in `Question.request`."""
        return self.read().request(partly=partly, opened=opened, arrays=arrays)

    def _program(self) -> Source:
        """The expression's text: from its argument, from a file, or from standard input."""
        if self.file is None and self.expression not in (None, "-"):
            return Source(self.expression)
        file = "-" if self.file is None else self.file
        if file == "-" and self.at == "-":
            raise InputError("the expression and --at cannot both come from standard input")
        if self.file is None:
            text = read_text(file, "the expression").strip()
            if not text and self.expression is None:
                raise PositionError("there is no expression", hint=f"for example: {EXAMPLE}")
            return Source(text)
        text = read_text(file, "--file")
        return Source(text, file if "=" in text else "")  # of a program, it is worth telling


class Question:
    """What was read: the program's text, and texts of values by name. Its names mean nothing yet.

    known: values of --at, which may hold more than the expression needs;
    typed: values of options, and columns of --data;
    status: the exit status, 1 where rows of --data were left out;
    left_out: how many.
    """

    def __init__(self, asked: Asked, source: Source, known: Mapping[str, str], typed: Mapping[str, Any]) -> None:
        self.asked = asked
        self.source = source
        self.known = known
        self.typed = typed
        self.status = self.left_out = 0

    def request(
        self,
        *,
        partly: bool = False,
        opened: bool = False,
        columns: Collection[str] | None = (),
        arrays: bool = False,
    ) -> Request:
        """The graph for the names that have values.

        partly: whether variables may go without a value;
        opened: whether the command looks inside modules in any case;
        columns: names that get values from elsewhere, None where that is to come;
        arrays: whether the command takes arrays.
        Raises InputError where a variable has no value, a value no variable, and for what is not well-formed.
        """
        asked, there = self.asked, self._columns()
        graph = self._graph([*self.known, *self.typed, *there, *(columns or ())])
        point.check(graph, self.typed)
        of_arrays = is_of_arrays(graph, {**self.known, **self.typed})
        self._refuse(graph, arrays)
        if (asked.expand and not of_arrays) or (opened and graph.modules):
            from ..graph.expand import expand

            graph = expand(graph, modules_only=not asked.expand)
        names = None if asked.wrt is None else point.read_names(asked.wrt, "--wrt")
        if names is not None:
            may_be_columns = graph.constants if columns is None else ()
            point.check_wrt(graph, [name for name in names if name not in may_be_columns])
        settings = self._settings(graph)
        given = {**self.known, **self.typed}
        if not partly and (missing := point.missing(graph, given)):
            point.check(graph, given)  # a name in --at that is not of the expression may be misspelt
            raise point.MissingVariablesError(graph, missing, self._hint(missing[0], there), given)
        used = self._used(graph, given)
        if of_arrays and asked.expand:
            if missing := point.missing(graph, given):
                raise point.MissingVariablesError(graph, missing, given=given)
            from ..passes.entries import opened as entries

            program = entries(graph, used)
            return program.graph, program.given, settings._replace(wrt=program.wrt(names))
        return graph, used, settings._replace(wrt=names)

    def _refuse(self, graph: Graph, arrays: bool) -> None:
        """Raise InputError for values that the command does not take: arrays, boxes, uncertain numbers."""
        asked, given = self.asked, {**self.known, **self.typed}
        if not arrays and not asked.expand:
            refuse_arrays(graph, given, asked.line.command)
        command = asked.line.command.rpartition(" ")[2]
        if not arrays or command in TAKES:
            numbers_alone(given, asked.line.command, TAKES.get(command, ()))

    def _settings(self, graph: Graph) -> Settings:
        """What is computed, with what the files of --upstream and --correlations hold.

        Where `upstream` is a variable without a value, that is what the option gives.
        """
        settings = self.asked.settings
        if settings.upstream is not None and "upstream" in point.missing(graph, {**self.known, **self.typed}):
            self.typed, settings = {**self.typed, "upstream": settings.upstream}, settings._replace(upstream=None)
        if settings.upstream is not None:
            settings = settings._replace(upstream=from_file("--upstream", settings.upstream))
        if settings.correlations is not None:
            text = given_text(settings.correlations, "--correlations", '{"x": {"y": 0.5}}')
            settings = settings._replace(correlations=text)
        return settings

    def _columns(self) -> Sequence[str]:
        """The names of the columns of --data. Those that are variables without another value are taken as vectors."""
        if self.asked.data is None:
            return ()

        def needed(header: Sequence[str]) -> Sequence[str]:
            given = {**self.known, **self.typed}
            missing = point.missing(self._graph([*given, *header]), given)
            return [name for name in missing if name in header]

        def jobs(header: Sequence[str]) -> Sequence[Job]:
            from ..points.kept import of_column

            return [of_column(name, header) for name in needed(header)]

        columns, self.status = self.asked.columns(needed, jobs)
        self.left_out = len(columns.left_out)
        self.typed = {**columns, **self.typed}
        return columns.header

    def _hint(self, missing: str, there: Sequence[str]) -> str:
        """Which column of --data may be meant."""
        if not there:
            return ""
        from ..points.tables import no_column

        return no_column(missing, there).hint

    def _used(self, graph: Graph, given: Mapping[str, str]) -> Mapping[str, str]:
        """The values of variables. Tells of those in --at that are of none."""
        variables = {node.name for node in graph.variables}
        if self.known.keys() <= variables:
            return given
        from .output import say

        left = [name for name in self.known if name not in variables]
        say(f"warning: the expression does not use {', '.join(few(left))} of --at", sys.stderr)
        self.known = {name: text for name, text in self.known.items() if name in variables}
        return {**self.known, **self.typed}

    def _graph(self, names: Collection[str]) -> Graph:
        if not self.asked.no_cache:
            from .cache import compile_cached

            return compile_cached(self.source, names)
        from ..language.program import Program

        return Program(self.source).graph(names)


def values(line: Line) -> dict[str, Any]:
    """The value of each option by name. Raises ValueError where a text is none."""
    found: dict[str, Any] = {option.parameter: option.unset for option in line.known.values() if not option.short_for}
    for option, text in line.options:
        value = option.value(text)
        found[option.parameter] = (*found[option.parameter], value) if option.repeatable else value
    return found


def parameters(line: Line, **values: Any) -> dict[str, Any]:
    """What a command is called with: `asked`, and the values of other options by name."""
    left = {
        name: value for name, value in values.items() if name not in ("set", "help", "help_all")
    }  # which the line has
    of_settings = [name for name in Settings._fields if name in left and name not in ("wrt", "trust")]
    settings = Settings(**{name: left.pop(name) for name in of_settings})
    asked = Asked(line, settings, **{name: left.pop(name) for name in Asked._fields if name in left})
    return {"asked": asked, **left}


def from_file(name: str, text: str) -> Any:
    """A value as it was typed, or what is in the file that `@` names."""
    if not text.startswith("@"):
        return text
    from ..passes.nested import read_file

    return read_file(name, text[1:])


def read_object(given: str, option: str, part: str) -> dict[str, str]:
    """Names and texts from a JSON object: the option's value itself, or in the file of that name (see `read_json`).

    option: its name
    part: the key of a document of ours under which they stand
    """
    return point.read_json(given_text(given, option), option, part)


def given_text(given: str, option: str, example: str = '{"x": -2}') -> str:
    """The option's value itself, where it is a JSON object such as `example`, or what the file of that name holds.

    option: its name
    """
    inline = given.lstrip().startswith(("{", "["))
    what, shown = ("a JSON object", f"'{example}'") if example.startswith("{") else ("names and values", example)
    hint = f"{what} may stand there too: {option} {shown}"
    return given if inline else read_text(given, option, hint)
