"""The library face: one function, from an expression and values to a Trace."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from . import point
from .arithmetic import FLOATS, IEEE
from .engine import TIES, run
from .errors import InputError, quote
from .lower import compile_expression
from .trace import Trace


def backprop(
    expression: str,
    values: Mapping[str, float | str] | None = None,
    /,
    *,
    wrt: Collection[str] | None = None,
    ties: str = "both",
    allow_nonfinite: bool = False,
    **variables: float | str,
) -> Trace:
    """One forward and one backward pass over the expression, exactly as written.

    values, variables: a number, or the text of a constant expression, for each variable (`values` also takes names
    that Python does not allow as keywords); wrt: the variables that get gradients, all by default; ties: what inputs
    of max and min that tie receive (`both`, `split`, `first`); allow_nonfinite: infinities and NaN instead of errors.
    Raises BackpropError: InputError where the input is wrong, MathError where there is no value or gradient.

    >>> backprop("(x+y)*z", x=-2, y=5, z=-4).gradient
    {'x': -4.0, 'y': -4.0, 'z': 3.0}
    """
    if ties not in TIES:
        raise InputError(f"ties is one of {', '.join(TIES)}, not {quote(ties)}")
    arithmetic = IEEE if allow_nonfinite else FLOATS
    given = {point.read_name(name): value for name, value in {**(values or {}), **variables}.items()}
    graph = compile_expression(expression, given)
    point.check(graph, given)
    if wrt is not None:
        point.check_wrt(graph, wrt)
    return run(graph, point.complete(given, arithmetic), wrt=wrt, ties=ties, arithmetic=arithmetic)
