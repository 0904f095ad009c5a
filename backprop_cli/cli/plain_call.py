"""The plain calls of `backprop eval`, without click: loading it takes longer than all the rest of a call that hits the
cache. Whatever is not plain is left to the command in `commands/eval.py`, which takes the same words in the same way.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from time import process_time
from typing import TYPE_CHECKING, Any

from ..budget import SECONDS, within
from ..errors import BackpropError, InputError
from ..streams import emit

if TYPE_CHECKING:
    from .arguments import Option

OPTIONS = {
    "--set": (True, True),
    "--at": (True, False),
    "--wrt": (True, False),
    "--expand": (False, False),
    "--ties": (True, False),
    "--allow-nonfinite": (False, False),
    "--format": (True, False),
    "--json": (False, False),
    "--get": (True, True),
    "--digits": (True, False),
}
"""The options of plain calls: does a value follow, and may it come more than once?"""
LEFT = {
    "--file": (True, False),
    "--no-cache": (False, False),
    "--precision": (True, False),
    "--exact": (False, False),
    "--hessian": (False, False),
    "--points": (True, False),
    "--on-error": (True, False),
    "--trace": (False, False),
    "--time-limit": (True, False),
    "--help": (False, False),
}
"""The other options of `eval`. (A test holds both tables against click's.)"""


def run(words: Sequence[str]) -> int | None:
    """Run a plain call and return its exit status; None for any other call, of which nothing is done."""
    if not words or words[0] != "eval":
        return None
    from . import arguments

    known = {name: (*rule, name) for name, rule in {**OPTIONS, **LEFT}.items()}
    try:
        found = arguments.split(words[1:], known)
    except InputError:
        return None
    options = _options(found.options)
    if options is None or len(found.positional) != 1:
        return None

    def work() -> None:
        _evaluate(words[1:], known, found.bindings, found.positional[0], **options)

    try:
        within(SECONDS, work, process_time)
    except BackpropError as error:
        emit(f"{error}\n", sys.stderr)
        return error.exit_code
    return 0


def _options(words: Sequence[str]) -> dict[str, Any] | None:
    """The options by name; None where one is not plain, or needs an error."""
    from ..arithmetic import TIES
    from ..view import VIEWS

    options: dict[str, Any] = {"get": []}
    for word in words:
        name, equals, value = word.partition("=")
        if name not in OPTIONS:
            return None
        if name == "--get":
            options["get"].append(value)
        else:
            options[name[2:].replace("-", "_")] = value if equals else True
    if options.setdefault("ties", "both") not in TIES or options.setdefault("format", "table") not in VIEWS["trace"]:
        return None
    digits = options.setdefault("digits", None)
    if digits is not None:
        if not (digits.isascii() and digits.isdecimal() and 1 <= int(digits[:6]) <= 10_000):
            return None
        options["digits"] = int(digits)
    return options


def _evaluate(
    words: Sequence[str],
    known: Mapping[str, Option],
    bindings: dict[str, str],
    expression: str,
    *,
    get: list[str],
    ties: str,
    format: str,  # noqa: A002  # as the option is called
    digits: int | None,
    at: str | None = None,
    wrt: str | None = None,
    expand: bool = False,
    json: bool = False,
    allow_nonfinite: bool = False,
) -> None:
    from ..passes.settings import Settings, compute
    from .output import show_trace
    from .request import Words, read

    asked = Words("backprop eval", words, known, bindings, expression=expression, at=at, wrt=wrt, expand=expand)
    request = read(asked)
    trace = compute(request.graph, request.given, Settings(request.wrt, ties, allow_nonfinite))
    show_trace(trace, "json" if json else format, get, digits)
