"""What may come next on a command line: commands, options, their values, and the variables of a typed expression."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from time import process_time
from typing import NamedTuple

from ..errors import BackpropError, Source
from ..language.names import as_name
from ..rules.table import spellings
from ..runtime.budget import within
from ..runtime.files import is_file
from ..runtime.streams import read_text
from .arguments import Line, split
from .cache import compile_cached
from .options import ALL, COMMANDS, Option, by_name

SHELLS = ("bash", "zsh", "fish")
_SECONDS = 2.0  # that an expression may take: nobody waits longer for a key


class Word(NamedTuple):
    """One that may come next. is_file: whether it is the name of any file; help: what it is."""

    text: str
    help: str = ""
    is_file: bool = False


ANY_FILE = Word("", is_file=True)


def completions(words: Sequence[str], begun: str) -> list[Word]:
    """The words that may stand there.

    words: those before it, behind `backprop`;
    begun: what is typed of it.
    """
    typed = [*words]
    if begun == "=":  # bash takes --format=json for three words
        begun = ""
    elif typed[-1:] == ["="]:
        typed.pop()
    before, equals, part = begun.partition("=")
    if equals and before.startswith("--"):
        found = _next([*typed, before])
        values = [word for word in found if word.text.startswith(part)]
        return [word if word.is_file else word._replace(text=f"{before}={word.text}") for word in values]
    return [word for word in _next(typed, begun) if word.text.startswith(begun) or word.is_file]


def _next(words: Sequence[str], begun: str = "") -> Iterator[Word]:
    if not words:
        yield from (Word(each) for each in COMMANDS)
        yield from (Word(each) for each in ("--help", "--version") if begun)
        return
    command, *rest = words
    known = by_name(command)
    before = rest[-1] if rest else ""
    if before in known and known[before].takes is not None:
        yield from _values(known[before], command, rest[:-1])
    elif command == "completion":
        yield from (Word(each) for each in (*SHELLS, *known))
    elif command == "ops" and not begun.startswith("-"):
        yield from (Word(each) for each in spellings())
    elif command in COMMANDS and not (before.startswith("--") and "=" not in before and before not in known):
        yield from _options(command, rest, begun)


def _options(command: str, words: Sequence[str], begun: str) -> Iterator[Word]:
    """Variables without a value, a file of points, and, once a dash is typed, options."""
    known, line = by_name(command), _line(command, words)
    is_taken = line is not None and bool(line.positional or "--file" in line.given)
    if is_taken and line is not None:
        for name in _variables(line):
            if name not in line.bindings and f"--{name}" not in known:
                yield Word(f"--{name}", "a variable of the expression")
        if command == "points" and not begun:
            yield ANY_FILE
    given = {name for name in words if name in known and not known[name].repeatable}
    if begun.startswith("-"):
        yield from (Word(name, option.told) for name, option in known.items() if not given & {*option.names})


def _values(option: Option, command: str, words: Sequence[str]) -> Iterator[Word]:
    line = _line(command, words)
    if option.choices:
        yield from map(Word, option.choices)
    elif isinstance(option.takes, str) and option.takes.startswith("FILE"):
        yield ANY_FILE
    elif option.name in ("--get", "--wrt") and line is not None:
        yield from map(Word, [*["value"] * (option.name == "--get"), *_variables(line)])
    elif option.name in ("--target", "--weights") and line is not None:
        yield from map(Word, _columns(line))


def _columns(line: Line) -> list[str]:
    """The columns of the data, as far as they can stand in an expression; none where it is not to be had."""
    from .working import columns

    files = [text for option, text in line.options if option.name == "--data" and is_file(text)]
    try:
        return sorted(filter(as_name, within(_SECONDS, lambda: columns(files[0]), process_time)))
    except (BackpropError, IndexError, OSError, ValueError):
        return []


def _line(command: str, words: Sequence[str]) -> Line | None:
    try:
        return split(f"backprop {command}", words, binds=command in ALL.split())
    except BackpropError:  # it is not done yet
        return None


def _variables(line: Line) -> list[str]:
    """The variables of the typed expression, or of the program in a file; none where it is not well-formed."""
    files = [text for option, text in line.options if option.name == "--file"]
    try:
        source = Source(read_text(files[0], "--file")) if files else Source(line.positional[0])
        graph = within(_SECONDS, lambda: compile_cached(source, line.bindings), process_time)
    except (BackpropError, IndexError):
        return []
    return [node.name for node in graph.variables]
