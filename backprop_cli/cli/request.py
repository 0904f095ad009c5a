"""What a command line asks for: a graph, values for its variables, and what is to be computed of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from ..errors import InputError, Source
from ..graph.graph import Graph
from ..passes import point
from ..passes.settings import Settings
from ..streams import read_text
from .arguments import Line

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
    expand: bool = False
    no_cache: bool = False

    def read(self) -> Question:
        """Read the program and the values. Raises InputError for what cannot be read."""
        source, given = self._program(), self.line.bindings
        if self.at is not None:
            given = {**read_object(self.at, "--at", "point"), **given}
        return Question(self, source, given)

    def request(self, *, partly: bool = False, opened: bool = False) -> Request:
        """Read it all (see `Question.request`)."""
        return self.read().request(partly=partly, opened=opened)

    def _program(self) -> Source:
        """The expression's text: from its argument, from a file, or from standard input."""
        if self.expression not in (None, "-"):
            return Source(self.expression)
        file = "-" if self.file is None else self.file
        if file == "-" and self.at == "-":
            raise InputError("the expression and --at cannot both come from standard input")
        if self.file is None:
            return Source(read_text(file, "the expression").strip())
        text = read_text(file, "--file")
        return Source(text, file if "=" in text else "")  # of a program, it is worth telling


class Question:
    """What was read: the program's text, and texts of values by name. Its names mean nothing yet."""

    def __init__(self, asked: Asked, source: Source, given: Mapping[str, str]) -> None:
        self.asked = asked
        self.source = source
        self.given = given

    def request(self, *, partly: bool = False, opened: bool = False, columns: Collection[str] | None = ()) -> Request:
        """The graph for the names that have values.

        partly: whether variables may go without a value;
        opened: whether the command looks inside modules in any case;
        columns: names that get values from elsewhere, None where that is to come.
        Raises InputError where a variable has no value, a value no variable, and for what is not well-formed.
        """
        asked = self.asked
        graph = self._graph([*self.given, *(columns or ())])
        if asked.expand or (opened and graph.modules):
            from ..graph.expand import expand

            graph = expand(graph, modules_only=not asked.expand)
        names = None if asked.wrt is None else point.read_names(asked.wrt, "--wrt")
        if names is not None:
            may_be_columns = graph.constants if columns is None else ()
            point.check_wrt(graph, [name for name in names if name not in may_be_columns])
        point.check(graph, self.given, asked.line.known)
        if not partly and (missing := point.missing(graph, self.given)):
            raise point.MissingVariablesError(graph, missing, asked.line.with_values(missing))
        return graph, self.given, asked.settings._replace(wrt=names)

    def _graph(self, names: Collection[str]) -> Graph:
        if not self.asked.no_cache:
            from .cache import compile_cached

            return compile_cached(self.source, names)
        from ..language.program import Program

        return Program(self.source).graph(names)


def parameters(line: Line, **values: Any) -> dict[str, Any]:
    """What a command is called with: `asked`, and the values of other options by name."""
    left = {name: value for name, value in values.items() if name != "set"}  # which is in the line's bindings
    settings = Settings(**{name: left.pop(name) for name in Settings._fields if name in left and name != "wrt"})
    asked = Asked(line, settings, **{name: left.pop(name) for name in Asked._fields if name in left})
    return {"asked": asked, **left}


def with_form(values: Mapping[str, Any]) -> dict[str, Any]:
    """These values of options, except for `form` in place of --format and --json."""
    rest = {name: value for name, value in values.items() if name not in ("format", "json")}
    if len(rest) == len(values):
        return rest
    return {**rest, "form": "json" if values.get("json") else values.get("format")}


def read_object(given: str, option: str, part: str) -> dict[str, str]:
    """Names and texts from a JSON object: the option's value itself, or in the file of that name (see `read_json`)."""
    inline = given.lstrip().startswith(("{", "["))
    hint = f"a JSON object may stand there too: {option} '{{\"x\": -2}}'"
    return point.read_json(given if inline else read_text(given, option, hint), option, part)
