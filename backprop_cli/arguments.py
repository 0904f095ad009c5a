"""Command-line words → expression, bindings and options. Every `--NAME VALUE` that is no option binds a variable."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from .errors import InputError, quote
from .point import read_name

_OPTION = re.compile(r"--([^\W\d][^=\s+*/^(),.-]*)(=.*)?", re.DOTALL).fullmatch
_DASHED = re.compile(r"--([^\W\d][\w-]*)(=.*)?", re.DOTALL).fullmatch


class Arguments(NamedTuple):
    """positional: the expression; options: words for the option parser; bindings: value texts by variable."""

    positional: list[str]
    options: list[str]
    bindings: dict[str, str]


def split(words: Sequence[str], takes_value: Mapping[str, bool]) -> Arguments:
    """Sort the words of a command line. takes_value: for each option (`--wrt`), whether a value follows it.

    Raises InputError for a variable without a value or with two, and for what is neither option nor variable.
    """
    found = Arguments([], [], {})
    queue = list(reversed(words))
    while queue:
        word = queue.pop()
        name, equals, value = word.partition("=")
        if word == "--":
            found.positional.extend(reversed(queue))
            break
        if name in takes_value:
            if equals and not takes_value[name]:
                raise InputError(
                    f"{name} takes no value", hint=f"a variable of that name is set by --set {name[2:]}={value}"
                )
            if takes_value[name] and not equals:
                value = _value_of(name, queue)
            if name == "--set":
                _bind(found.bindings, *_assignment(value))
            else:
                found.options.append(f"{name}={value}" if takes_value[name] else name)
        elif _OPTION(word):
            bound = name[2:]
            if not equals:
                value = _value_of(name, queue, takes_value)
            _bind(found.bindings, bound, value)
        elif _DASHED(word) and (found.positional or _close(name, takes_value)):
            raise _no_option(name, takes_value)
        else:
            found.positional.append(word)
    return found


def _value_of(name: str, queue: list[str], takes_value: Mapping[str, bool] | None = None) -> str:
    """The word behind `name`. Another option there means that the value was forgotten."""
    if queue and not (_OPTION(queue[-1]) or _DASHED(queue[-1])) and queue[-1] != "--":
        return queue.pop()
    close = _close(name, takes_value or {})
    raise InputError(f"{name} needs a value", hint=f"did you mean {close}?" if close else f"for example: {name} 2")


def _close(name: str, takes_value: Mapping[str, bool]) -> str:
    return next(iter(difflib.get_close_matches(name, takes_value, n=1, cutoff=0.75)), "")


def _no_option(name: str, takes_value: Mapping[str, bool]) -> InputError:
    close = _close(name, takes_value)
    return InputError(f"no option {quote(name)}", hint=f"did you mean {close}?" if close else "")


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


def working_command(words: Sequence[str], missing: Sequence[str], takes_value: Mapping[str, bool]) -> list[str]:
    """`words` with a value for each missing variable."""
    end = words.index("--") if "--" in words else len(words)
    added: list[str] = []
    for name in missing:
        added += ["--set", f"{name}=1"] if f"--{name}" in takes_value else [f"--{name}", "1"]
    return [unicodedata.normalize("NFC", word) for word in [*words[:end], *added, *words[end:]]]
