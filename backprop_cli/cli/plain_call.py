"""The plain calls of `backprop eval`, without click: loading it takes longer than all the rest of a call that hits the
cache. Whatever is not plain is left to the command in `commands/eval.py`, which takes the same words in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from time import process_time
from typing import TYPE_CHECKING

from ..arithmetic import FLOATS
from ..errors import BackpropError
from ..runtime.budget import within

if TYPE_CHECKING:
    from .request import Asked

LEFT = {*"--file --no-cache --precision --exact --hessian --jacobian --data --help --help-all".split()}
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
        from .request import parameters, values

        try:
            found = values(line)
        except ValueError:  # which needs an error of click's
            return None
        handed = parameters(line, **found, expression=[*line.arguments, None][0])
        within(handed["asked"].settings.time_limit, partial(evaluate, **handed), process_time)
    except BackpropError as error:
        from .hints import hinted
        from .output import complain

        return complain(hinted(error, words))
    return 0


def evaluate(
    asked: Asked, form: str, digits: int | None, get: Sequence[str], output: str | None = None, trust: bool = False
) -> int:
    """Print the trace in a format, or bare numbers alone, for what `get` names; return the exit status.

    trust: whether it is told how many of their digits hold
    """
    asked.check_data()
    if trust:
        asked = asked._replace(settings=asked.settings._replace(trust=min(digits or FLOATS.digits, 16)))
    from ..passes.compute import compute
    from .output import show_trace

    question = asked.read()
    trace = compute(*question.request(arrays=True))
    show_trace(trace.but(left_out=question.left_out) if question.left_out else trace, form, get, digits, output)
    return question.status
