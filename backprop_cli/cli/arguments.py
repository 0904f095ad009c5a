"""Command-line words → expression, bindings and options. Every `--NAME VALUE` that is no option binds a variable."""

from __future__ import annotations

import sys
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ..errors import InputError, quote
from ..language.names import as_name
from ..passes.point import read_name
from ..view import SUFFIXES, form_of
from .options import Option, by_name

_OPERATORS = frozenset("+*/%^(),.-")
EXAMPLE = 'backprop eval "(x+y)*z" --x -2 --y 5 --z -4'


class WordError(InputError):
    """A word that begins with two dashes, and is neither an option nor a variable with a value.

    word: up to its equals sign; needs_value: whether it would be one, with a value.
    """

    def __init__(self, word: str, *, needs_value: bool) -> None:
        super().__init__(f"{word} needs a value" if needs_value else f"no option {quote(word)}")
        self.word = word
        self.needs_value = needs_value


class PositionError(InputError):
    """Words that are no options are too many, or too few."""


class Line(NamedTuple):
    """What was typed behind a command, sorted.

    command: `backprop eval`;
    words: all of them;
    known: the options of the command, by each of their names;
    positional: the words that are no options and no values;
    options: each with its text;
    bindings: value texts by variable.
    """

    command: str
    words: Sequence[str]
    known: Mapping[str, Option]
    positional: Sequence[str]
    options: Sequence[tuple[Option, str]]
    bindings: Mapping[str, str]

    @property
    def given(self) -> set[str]:
        """The options that were typed, by their full names."""
        return {option.name for option, _ in self.options}

    def check_expression(self) -> None:
        """Raise PositionError where there is no expression, or more than one. What is piped in may be it."""
        has_file, takes_points = "--file" in self.given, self.command.endswith(" points")
        room = takes_points + (not has_file)
        if len(self.positional) > room:
            first, second = (*self.positional, "")[room - 1 : room + 1] if room else ("", self.positional[0])
            if not room:
                raise PositionError(f"--file holds the program, so there is no other expression: {quote(second)}")
            what = "file of points" if takes_points else "expression"
            raise PositionError(f"one {what} at a time: {quote(first)} and {quote(second)} are two")
        if not self.positional and not has_file and (takes_points or not self.is_piped):
            hint = 'for example: backprop points "x*y" points.csv' if takes_points else f"for example: {EXAMPLE}"
            raise PositionError("there is no expression", hint=hint)
        if takes_points and len(self.positional) < room and not self.is_piped:
            raise PositionError("there are no points", hint="points are lines of a file, or come from a pipe")

    @property
    def arguments(self) -> Sequence[str]:
        """The expression, empty where it is in a file, and what stands behind it."""
        return ["", *self.positional] if "--file" in self.given else self.positional

    @property
    def is_piped(self) -> bool:
        """Whether something may come from standard input that no option reads."""
        is_free = all(text != "-" or option.name == "--output" for option, text in self.options)
        return is_free and sys.stdin is not None and not sys.stdin.isatty()


def split(command: str, words: Sequence[str], *, binds: bool = True) -> Line:
    """Sort the words that stand behind a command.

    words: as they were typed
    binds: whether a name that is no option is a variable.
    Raises InputError for a variable without a value or with two, for what is neither option nor variable, and for
    options that contradict each other.
    """
    known = by_name(command.rpartition(" ")[2])
    positional: list[str] = []
    options: list[tuple[Option, str]] = []
    typed: dict[Option | None, tuple[str, str]] = {}  # each with its value, and as it stands there
    bindings: dict[str, str] = {}
    queue = list(reversed(words))
    while queue:
        word = queue.pop()
        name, equals, value = word.partition("=")
        if word == "--":
            positional.extend(reversed(queue))
            break
        if name in known and (word == name or name.startswith("--")):  # -o stands alone: -o=x and -ox are expressions
            option = known[name]
            if equals and option.takes is None:
                is_name = name[2:].isidentifier() and not value.isalpha()
                told = f"a variable of that name is set by --set {name[2:]}={value}"
                raise InputError(f"{name} takes no value", hint=told if is_name else f"{name} stands alone")
            if option.takes is not None and not equals:
                if not _has_value(queue, known):
                    raise WordError(name, needs_value=True)
                value = queue.pop()
            if name == "--set":
                _bind(bindings, *_assignment(value))
                continue
            shown = f"{name} {value}" if value else name
            if option.short_for:
                name, _, value = option.short_for.partition(" ")
                option = known[name]
            before, there = typed.setdefault(option, (value, shown))
            if before != value and not option.repeatable:
                raise InputError(f"{quote(there)} and {quote(shown)} contradict each other")
            options.append((option, value))
        elif binds and _is_name(word):
            if not (value.strip() if equals else _has_value(queue, known)):
                raise WordError(name, needs_value=True)
            _bind(bindings, name[2:], value if equals else queue.pop())
        elif _is_dashed(word):
            raise WordError(name, needs_value=False)
        else:
            positional.append(word)
    _settle_format(known, typed, options)
    return Line(command, words, known, positional, options, bindings)


def _has_value(queue: list[str], known: Container[str]) -> bool:
    """Whether the next word is a value. Another option there means that the value was forgotten."""
    if not queue or queue[-1] == "--" or queue[-1] in known:
        return False
    return not (_is_name(queue[-1]) or _is_dashed(queue[-1]))


def _is_name(word: str) -> bool:
    """Whether it is `--NAME` or `--NAME=VALUE`. (No pattern: to compile one takes as long as to split a line.)"""
    return bool(name := _called(word)) and _OPERATORS.isdisjoint(name) and not any(map(str.isspace, name))


def _is_dashed(word: str) -> bool:
    """The same, with dashes in the name."""
    return all(c.isalnum() or c in "_-" for c in _called(word) or " ")


def _called(word: str) -> str:
    """What stands between two dashes and an equals sign; empty where it begins like no name."""
    name = word[2:].partition("=")[0] if word.startswith("--") else ""
    return name if name[:1] == "_" or (name[:1].isalnum() and not name[:1].isdecimal()) else ""


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        hint = f"for example: --set {as_name(text) or 'json'}=1"
        raise InputError(f"--set takes NAME=VALUE, not {quote(text)}", hint=hint)
    return name.strip(), value


def _bind(bindings: dict[str, str], name: str, value: str) -> None:
    name = read_name(name)
    if name in bindings:
        raise InputError(f"{name} is given twice: {quote(bindings[name])} and {quote(value)}")
    bindings[name] = value


def _settle_format(
    known: Mapping[str, Option], typed: Mapping[Option | None, tuple[str, str]], options: list[tuple[Option, str]]
) -> None:
    """Add the format that the name of the file for results tells. Raises InputError where there is no room for one."""
    form, file = known.get("--format"), known.get("--output")
    for option in typed:
        if option and option.is_bare and form in typed:
            raise InputError(f"{quote(typed[option][1])} and {quote(typed[form][1])} contradict each other")
    if form in typed or file not in typed or any(option and option.is_bare for option in typed):
        return
    if form is None or (path := typed[file][0]) == "-":
        return
    from ..runtime.files import is_device

    if not is_device(path) or Path(path).suffix.lower() in SUFFIXES:
        options.append((form, form_of(path, form.choices, "; or say --format")))
