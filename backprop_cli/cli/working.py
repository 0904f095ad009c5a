"""Command lines that work, as hints show them: each is tried, as far as its mathematics."""

from __future__ import annotations

import io
import shlex
from collections.abc import Iterable, Mapping, Sequence
from contextlib import redirect_stderr
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..arithmetic import IEEE
from ..errors import FEW, BackpropError, suggest
from ..graph.graph import Graph
from ..passes import point
from ..passes.point import MissingVariablesError
from ..passes.settings import is_of_arrays
from ..points import rows
from ..runtime.streams import unpacked
from .arguments import Line, split
from .options import ALL, by_name
from .request import Asked, parameters, values
from .starts import read_start

LONGEST = 1000  # characters of a command that is worth a hint
CUTOFF = 0.75  # how alike two options must be for one to be suggested
STARTED = {"minimize", "fit"}  # commands that do not work without a start
_PARTLY = {"derive", "code"}  # commands that take variables without values


def working(command: str, words: Sequence[str], *, whole: bool = False) -> str:
    """The command line, with a value for each variable; empty where it does not get as far as its mathematics.

    words: those behind the command
    whole: whether it has all values already.
    """
    if command in STARTED and not any(word.partition("=")[0] == "--start" for word in words):
        return ""
    for _ in range(2):
        try:
            with redirect_stderr(io.StringIO()):
                _try(command, words)
        except MissingVariablesError as error:
            if whole or len(error.names) > FEW:
                return ""
            words = with_values(command, words, error.names, _fitting(error))
        except (BackpropError, ValueError, OSError):
            return ""
        else:
            text = shlex.join(["backprop", command, *words])
            return text if len(text) < LONGEST and text.isprintable() else ""
    return ""


def first_working(commands: Sequence[tuple[str, Sequence[str]]]) -> str:
    """The first of these command lines that works as it is, or else with values for its variables."""
    whole = (working(*each, whole=True) for each in commands)
    return next(filter(None, (*whole, *(working(*each) for each in commands))), "")


def _try(command: str, words: Sequence[str]) -> None:
    """Do all that comes before the mathematics. Raises one of many errors."""
    if sum(map(len, words)) > LONGEST:
        raise ValueError
    if command not in ALL.split():
        if any(word.startswith("--") and word.partition("=")[0] not in by_name(command) for word in words):
            raise ValueError
        if command == "ops":
            from ..study.reference import find

            for name in line_of(command, words).positional:
                find(name)
        return
    line = line_of(command, words)
    line.check_expression()
    typed = parameters(line, **values(line), expression=[*line.arguments, None][0])
    asked: Asked = typed["asked"]
    if reads_input(asked):  # which was read already
        raise ValueError
    if command != "points":
        asked.check_data()
    if command in STARTED:
        _try_start(asked, {"--start", *["--data", "--target"] * (command == "fit")}, typed["start"])
        return
    question = asked.read()
    if command == "points":
        graph, given, _ = question.request(partly=True, columns=None, arrays=True)
        _, path = line.arguments
        if path != "-" and (missing := [*dict.fromkeys(point.missing(graph, given)).keys() - columns(path)]):
            raise MissingVariablesError(graph, missing)
        return
    if command == "graph":
        from .commands.graph import check_looks

        check_looks(line.given, typed["form"])
    partly = command in _PARTLY or (command == "graph" and not (line.bindings or asked.at))
    graph, given, _ = question.request(partly=partly, arrays=True)
    _try_claims(graph, typed.get("claim", ()))
    if not is_of_arrays(graph, given):
        point.complete({name: text for name, text in given.items() if not point.kind(text)}, IEEE)
        return
    if command == "derive" and (missing := point.missing(graph, given)):
        raise MissingVariablesError(graph, missing, given=given)
    if not point.missing(graph, given):
        from ..passes.example import ensure_fit

        ensure_fit(graph, given)


def _try_claims(graph: Graph, claims: Iterable[str]) -> None:
    """Raise ValueError where one is no NAME=CLAIM, or has a name that is nowhere, also in no module."""
    known = {node.name for node in graph.nodes}
    for words in claims:
        name, _, claim = words.partition("=")
        if not claim.strip() or name.strip().partition(".")[0] not in known:
            raise ValueError


def _try_start(asked: Asked, needed: set[str], start: Sequence[str]) -> None:
    """Do what comes before the first step. Raises one of many errors."""
    if not needed <= asked.line.given:
        raise ValueError
    starts = read_start(start)
    names = {*starts, *(columns(asked.data) if asked.data else ())}
    question = asked._replace(data=None, rename=()).read()
    graph, given, _ = question.request(partly=True, columns=[*names], arrays=True)
    point.check(graph, starts)
    if missing := [*dict.fromkeys(point.missing(graph, given)).keys() - names]:
        raise MissingVariablesError(graph, missing)


def reads_input(asked: Asked) -> bool:
    return "-" in (asked.expression, asked.file, asked.at, asked.data) or asked.expression is asked.file is None


def columns(path: str) -> set[str]:
    """The columns of a file of points."""
    with Path(path).open("rb") as file:
        return {*rows.read(rows.Lines(unpacked(file))).names}


def line_of(command: str, words: Sequence[str]) -> Line:
    return split(f"backprop {command}", words, binds=command in ALL.split())


def _fitting(error: MissingVariablesError) -> Mapping[str, str]:
    """Arrays that fit, for variables that have no value in a program of arrays."""
    if not is_of_arrays(error.graph, error.given):
        return {}
    from ..passes.example import example

    return example(error.graph, error.names, error.given)


def with_values(
    command: str, words: Sequence[str], names: Iterable[str], fitting: Mapping[str, str] = MappingProxyType({})
) -> list[str]:
    """The words, and a value for each of these variables, before a `--`. fitting: values that are no 1.

    names: of variables that have none
    """
    end = list(words).index("--") if "--" in words else len(words)
    known = by_name(command)
    values = {name: fitting.get(name, "1") for name in names}
    pairs = (
        ("--set", f"{name}={text}") if f"--{name}" in known else (f"--{name}", text) for name, text in values.items()
    )
    added = [word for pair in pairs for word in pair]
    return [*words[:end], *added, *words[end:]]


def started(line: Line, graph: Graph, names: Sequence[str], columns: Sequence[str], known: Mapping[str, Any]) -> str:
    """The command line with a start, or a column, for each of these variables; empty where they are many.

    line: as it was typed;
    names: of variables without a value;
    columns: those of the data that are no variables;
    known: the values of the other variables, as far as they are known.
    """
    words = list(line.words)
    end = words.index("--") if "--" in words else len(words)
    called = {name: close for name in names if (close := suggest(name, columns, CUTOFF))}
    more = [word for name, column in called.items() for word in ("--rename", f"{name}={column}")]
    left = [name for name in names if name not in called]
    fitting = _fitting(MissingVariablesError(graph, left, given=known)) if left else {}
    if starts := [f"{name}={fitting.get(name, 1)}" for name in left]:
        more += ["--start", ",".join(starts)]
    text = shlex.join([*line.command.split(), *words[:end], *more, *words[end:]])
    return text if len(names) <= FEW and len(text) < LONGEST and text.isprintable() else ""
