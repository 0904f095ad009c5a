"""Command-line words → expression, bindings and options. Every `--NAME VALUE` that is no option binds a variable."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..errors import InputError, quote, suggest
from ..passes.point import read_name

_NAME = re.compile(r"--([^\W\d][^=\s+*/^(),.-]*)(=.*)?", re.DOTALL).fullmatch
_DASHED = re.compile(r"--[^\W\d][\w-]*(=.*)?", re.DOTALL).fullmatch
_CUTOFF = 0.75  # how alike two options must be for one to be suggested


Option = tuple[bool, bool, str]
"""Of an option: does a value follow, may it come more than once, and its name in full."""


class Arguments(NamedTuple):
    """positional: the expression; options: words for the option parser; bindings: value texts by variable."""

    positional: list[str]
    options: list[str]
    bindings: dict[str, str]


def split(words: Sequence[str], known: Mapping[str, Option], more: str = "") -> Arguments:
    """Sort the words of a command line. known: the options by name (`--wrt`); more: the command that explains them.

    Raises InputError for a variable without a value or with two, and for what is neither option nor variable.
    """
    found = Arguments([], [], {})
    once: set[str] = set()
    queue = list(reversed(words))
    while queue:
        word = queue.pop()
        name, equals, value = word.partition("=")
        if word == "--":
            found.positional.extend(reversed(queue))
            break
        if name in known and (word == name or name.startswith("--")):  # -o stands alone: -o=x and -ox are expressions
            takes_value, repeatable, full = known[name]
            if equals and not takes_value:
                hint = f"a variable of that name is set by --set {name[2:]}={value}" if name[2:].isidentifier() else ""
                raise InputError(f"{name} takes no value", hint=hint)
            if takes_value and not equals:
                if not _has_value(queue):
                    raise InputError(f"{name} needs a value", hint=more)
                value = queue.pop()
            name = full
            if name in once and takes_value and not repeatable:
                raise InputError(f"{name} is given twice")
            once.add(name)
            if name == "--set":
                _bind(found.bindings, *_assignment(value))
            else:
                found.options.append(f"{name}={value}" if takes_value else name)
        elif _NAME(word):
            if not (value.strip() if equals else _has_value(queue)):
                raise InputError(f"{name} needs a value", hint=_meant(name, known) or f"for example: {name} 2")
            _bind(found.bindings, name[2:], value if equals else queue.pop())
        elif _DASHED(word):
            hint = _meant(name, known) or "behind -- stands an expression that begins with two minus signs"
            raise InputError(f"no option {quote(name)}", hint=hint)
        else:
            found.positional.append(word)
    return found


def _has_value(queue: list[str]) -> bool:
    """Whether the next word is a value. Another option there means that the value was forgotten."""
    return bool(queue) and not (_NAME(queue[-1]) or _DASHED(queue[-1])) and queue[-1] != "--"


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


def binding(name: str, known: Mapping[str, Option]) -> list[str]:
    """The words that give a variable a value, for example."""
    return ["--set", f"{name}=1"] if f"--{name}" in known else [f"--{name}", "1"]


def working_command(words: Sequence[str], missing: Sequence[str], known: Mapping[str, Option]) -> list[str]:
    """`words`, each on one line, with a value for each missing variable."""
    end = words.index("--") if "--" in words else len(words)
    added: list[str] = []
    for name in missing:
        added += binding(name, known)
    return [" ".join(word.split()) if "\n" in word else word for word in (*words[:end], *added, *words[end:])]
