"""The plain calls of `backprop eval`, without click: loading it takes longer than all the rest of a call that hits the
cache. Whatever is not plain is left to the command in `commands/eval.py`, which takes the same words in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from time import process_time
from typing import TYPE_CHECKING, Any

from ..budget import within
from ..errors import BackpropError

if TYPE_CHECKING:
    from .arguments import Line
    from .request import Asked

LEFT = {*"--file --no-cache --precision --exact --hessian --points --on-error --trace --help".split()}
"""The options that plain calls do without: their work takes long, or much memory, or click."""


def run(words: Sequence[str]) -> int | None:
    """Run a plain call and return its exit status; None for any other call, of which nothing is done."""
    if not words or words[0] != "eval":
        return None
    from .arguments import split

    try:
        line = split("backprop eval", words[1:])
        if line.given & LEFT:
            return None
        line.check_expression()
        values = _values(line)
        if values is None:
            return None
        from .request import parameters, with_form

        handed = with_form(parameters(line, **values))
        within(handed["asked"].settings.time_limit, partial(evaluate, **handed), process_time)
    except BackpropError as error:
        from .output import complain

        return complain(error)
    return 0


def _values(line: Line) -> dict[str, Any] | None:
    """The value of each option by name, and the expression; None where one needs an error."""
    values: dict[str, Any] = {
        option.parameter: option.unset for option in line.known.values() if option.name not in LEFT
    }
    try:
        for option, text in line.options:
            value = option.value(text)
            values[option.parameter] = (*values[option.parameter], value) if option.repeatable else value
    except ValueError:
        return None
    return {**values, "expression": line.positional[0] if line.positional else None}


def evaluate(asked: Asked, form: str, digits: int | None, get: Sequence[str]) -> None:
    """Print the trace in a format, or bare numbers alone, for what `get` names."""
    from ..passes.settings import compute
    from .output import show_trace

    show_trace(compute(*asked.request()), form, get, digits)
