"""Command-line words → expression, bindings and options. Every `--NAME VALUE` that is no option binds a variable."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..errors import InputError, quote, suggest
from ..passes.point import read_name
from .options import Option, by_name

_OPERATORS = frozenset("+*/^(),.-")
_TYPED = 50  # missing values that a person may type
_CUTOFF = 0.75  # how alike two options must be for one to be suggested


class Line(NamedTuple):
    """What was typed behind a command, sorted.

    command: `backprop eval`;
    words: all of them;
    known: the options of the command, by each of their names;
    positional: the expression;
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
        """Raise InputError where there is no expression, or more than one."""
        if "--file" in self.given:
            if self.positional:
                other = quote(self.positional[0])
                raise InputError(f"--file holds the program, so there is no other expression: {other}")
            return
        if not self.positional:
            raise InputError("there is no expression", hint='for example: backprop eval "(x+y)*z" --x -2 --y 5 --z -4')
        if len(self.positional) > 1:
            import shlex

            first, second, *_ = self.positional
            before = [word for word, behind in itertools.pairwise(self.words) if behind == second]
            flags = [word for word in before if word in self.known and self.known[word].takes is None]
            if flags:
                name = flags[-1].removeprefix("--")
                hint = f"{flags[-1]} takes no value; a variable of that name is set by --set {name}={second}"
            else:
                hint = f"an expression with spaces stands in quotes: {shlex.quote(' '.join(self.positional))}"
            raise InputError(f"one expression at a time: {quote(first)} and {quote(second)} are two", hint=hint)

    def binding(self, name: str) -> list[str]:
        """The words that give a variable a value, for example."""
        return ["--set", f"{name}=1"] if f"--{name}" in self.known else [f"--{name}", "1"]

    def with_values(self, missing: Sequence[str]) -> str:
        """The command again, each word on one line, with a value for each missing variable. Of many it is no help."""
        if len(missing) > _TYPED:
            return "--at FILE takes values from a JSON object"
        import shlex

        end = self.words.index("--") if "--" in self.words else len(self.words)
        added = [word for name in missing for word in self.binding(name)]
        words = (*self.words[:end], *added, *self.words[end:])
        return shlex.join([*self.command.split(), *(" ".join(w.split()) if "\n" in w else w for w in words)])


def split(command: str, words: Sequence[str]) -> Line:
    """Sort the words that stand behind a command.

    Raises InputError for a variable without a value or with two, and for what is neither option nor variable.
    """
    known = by_name(command.rpartition(" ")[2])
    positional: list[str] = []
    options: list[tuple[Option, str]] = []
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
                hint = f"a variable of that name is set by --set {name[2:]}={value}" if name[2:].isidentifier() else ""
                raise InputError(f"{name} takes no value", hint=hint)
            if option.takes is not None and not equals:
                if not _has_value(queue):
                    raise InputError(f"{name} needs a value", hint=f"{command} --help")
                value = queue.pop()
            if option.takes is not None and not option.repeatable and any(option is each for each, _ in options):
                raise InputError(f"{option.name} is given twice")
            if name == "--set":
                _bind(bindings, *_assignment(value))
            else:
                options.append((option, value))
        elif _is_name(word):
            if not (value.strip() if equals else _has_value(queue)):
                raise InputError(f"{name} needs a value", hint=_meant(name, known) or f"for example: {name} 2")
            _bind(bindings, name[2:], value if equals else queue.pop())
        elif _is_dashed(word):
            hint = _meant(name, known) or "behind -- stands an expression that begins with two minus signs"
            raise InputError(f"no option {quote(name)}", hint=hint)
        else:
            positional.append(word)
    return Line(command, words, known, positional, options, bindings)


def _has_value(queue: list[str]) -> bool:
    """Whether the next word is a value. Another option there means that the value was forgotten."""
    return bool(queue) and not (_is_name(queue[-1]) or _is_dashed(queue[-1])) and queue[-1] != "--"


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


def _meant(name: str, known: Mapping[str, Option]) -> str:
    close = suggest(name, known, _CUTOFF)
    return f"did you mean {close}?" if close else ""


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InputError(f"--set takes NAME=VALUE, not {quote(text)}", hint="for example: --set json=1")
    return name.strip(), value


def _bind(bindings: dict[str, str], name: str, value: str) -> None:
    name = read_name(name)
    if name in bindings:
        raise InputError(f"{name} is given twice: {quote(bindings[name])} and {quote(value)}")
    bindings[name] = value
