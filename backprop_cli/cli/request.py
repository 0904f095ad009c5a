"""What a command line asks for: a graph, values for its variables, and which of them get gradients."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from ..errors import InputError, quote
from ..streams import read_text

if TYPE_CHECKING:
    from ..graph.graph import Graph
    from .arguments import Option

_TYPED = 50  # missing values that a person may type


class Words:
    """The words of a command line that tell of the expression. words: all of them, behind `command`; known: the options
    of the command, by name; source: the expression's text, once it is read; the others are those of
    `takes_an_expression`.
    """

    def __init__(
        self,
        command: str,
        words: Sequence[str],
        known: Mapping[str, Option],
        bindings: dict[str, str],
        *,
        expression: str | None,
        file: str | None = None,
        at: str | None = None,
        wrt: str | None = None,
        expand: bool = False,
        no_cache: bool = False,
    ) -> None:
        self.command = command
        self.words = words
        self.known = known
        self.bindings = bindings
        self.expression = expression
        self.file = file
        self.at = at
        self.wrt = wrt
        self.expand = expand
        self.no_cache = no_cache
        self.source = ""


class Request:
    """A graph, the texts of its variables' values, and the variables that get gradients (None: all)."""

    def __init__(self, graph: Graph, given: dict[str, str], wrt: Collection[str] | None) -> None:
        self.graph = graph
        self.given = given
        self.wrt = wrt


def read(asked: Words, *, partly: bool = False, opened: bool = False, columns: Collection[str] | None = ()) -> Request:
    """What the words of a command line ask for. partly: whether variables may go without a value; opened: whether the
    command looks inside modules in any case; columns: names that get values from elsewhere, None where that is to come.

    Raises InputError where a variable has no value, a value no variable, and for whatever cannot be read.
    """
    from ..passes import point
    from .arguments import working_command

    given, at, wrt = asked.bindings, asked.at, asked.wrt
    source = asked.source = asked.source or read_program(asked)
    if at is not None:
        given = {**read_object(at, "--at", "point"), **given}
    graph = _compiled(source, [*given, *(columns or ())], remember=not asked.no_cache)
    if asked.expand or (opened and graph.modules):
        from ..graph.expand import expand

        graph = expand(graph, modules_only=not asked.expand)
    names = None if wrt is None else _read_names(wrt)
    if names is not None:
        may_be_columns = graph.constants if columns is None else ()
        point.check_wrt(graph, [name for name in names if name not in may_be_columns])
    try:
        point.check(graph, given, list(asked.known))
    except point.MissingVariablesError as error:
        if not partly and len(error.names) > _TYPED:
            error.hint = "--at FILE takes values from a JSON object"
        elif not partly:
            import shlex

            words = working_command(asked.words, error.names, asked.known)
            error.hint = f"{asked.command} {shlex.join(words)}"
        if not partly:
            raise
    return Request(graph, given, names)


def read_object(given: str, option: str, part: str) -> dict[str, str]:
    """Names and texts from a JSON object: the option's value itself, or in the file of that name (see `read_json`)."""
    from ..passes import point

    inline = given.lstrip().startswith(("{", "["))
    hint = f"a JSON object may stand there too: {option} '{{\"x\": -2}}'"
    return point.read_json(given if inline else read_text(given, option, hint), option, part)


def _compiled(source: str, given: Collection[str], *, remember: bool) -> Graph:
    if remember:
        from .cache import compile_cached

        return compile_cached(source, given)
    from ..language.program import Program

    return Program(source).graph(given)


def read_program(asked: Words) -> str:
    """The expression's text: from its argument, from a file, or from standard input."""
    expression, file = asked.expression, asked.file
    if file is None:
        if expression != "-":
            return str(expression)
        file = expression
    if file == "-" and asked.at == "-":
        raise InputError("the expression and --at cannot both come from standard input")
    what = "the expression" if expression == "-" else "--file"
    source = read_text(file, what)
    return source.strip() if expression == "-" else source


def _read_names(wrt: str) -> list[str]:
    from ..passes import point

    names = [name.strip() for name in wrt.split(",")]
    if not all(names) or any(" " in name for name in names):
        raise InputError(f"--wrt takes names with commas between them, not {quote(wrt)}", hint="for example: --wrt x,y")
    return [point.read_name(name) for name in names]
