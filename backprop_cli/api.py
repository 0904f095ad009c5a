"""The library face: one function, from an expression and values to a Trace."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from . import point
from .arithmetic import FLOATS, IEEE, TIES
from .engine import run
from .errors import InputError, quote
from .graph import Graph
from .trace import Trace


class Settings(NamedTuple):
    """What may be asked of a trace. wrt: the variables that get gradients, all by default; ties: what inputs of max and
    min that tie receive (`both`, `split`, `first`); allow_nonfinite: infinities and NaN instead of errors; precision:
    significant digits (2 to 10,000) of mpmath numbers instead of doubles; exact: SymPy numbers instead; hessian: second
    derivatives too.
    """

    wrt: Collection[str] | None = None
    ties: str = "both"
    allow_nonfinite: bool = False
    precision: int | None = None
    exact: bool = False
    hessian: bool = False


def backprop(
    expression: str,
    values: Mapping[str, float | str] | None = None,
    /,
    *,
    wrt: Collection[str] | None = None,
    ties: str = "both",
    allow_nonfinite: bool = False,
    precision: int | None = None,
    exact: bool = False,
    hessian: bool = False,
    expand: bool = False,
    **variables: float | str,
) -> Trace:
    """One forward and one backward pass over the expression or program, exactly as written.

    expand: whether modules, and compound primitives, are opened into their gates;
    values, variables: a number, or the text of a constant expression, for each variable (`values` also takes names
    that Python does not allow as keywords); the others are those of `Settings`.
    Raises BackpropError: InputError where the input is wrong, MathError where there is no value or gradient.

    >>> backprop("(x+y)*z", x=-2, y=5, z=-4).gradient
    {'x': -4.0, 'y': -4.0, 'z': 3.0}
    """
    if ties not in TIES:
        raise InputError(f"ties is one of {', '.join(TIES)}, not {quote(ties)}")
    given = point.by_name([*(values or {}).items(), *variables.items()])
    from .lower import compile_expression

    graph = compile_expression(expression, given)
    if expand:
        from .expand import expand as opened

        graph = opened(graph)
    point.check(graph, given)
    names = None if wrt is None else [point.read_name(name) for name in wrt]
    if names is not None:
        point.check_wrt(graph, names)
    return compute(graph, given, Settings(names, ties, allow_nonfinite, precision, exact, hessian))


def check(settings: Settings) -> None:
    """Raise InputError for settings that nothing can be computed with."""
    if settings.allow_nonfinite + (settings.precision is not None) + settings.exact > 1:
        raise InputError("allow-nonfinite, precision and exact are three different arithmetics: choose one")
    if settings.precision is not None and not 2 <= settings.precision <= 10_000:
        raise InputError(f"precision is a number of digits from 2 to 10,000, not {settings.precision}")


def compute(graph: Graph, given: Mapping[str, float | str], settings: Settings) -> Trace:
    """The trace of a graph at given values, in the arithmetic that the settings ask for."""
    check(settings)
    wrt, ties, allow_nonfinite, precision, exact, hessian = settings
    if precision is not None:
        from .certain import hessian_certain, run_certain

        trace = run_certain(graph, given, precision, wrt=wrt, ties=ties)
        matrix = hessian_certain(graph, given, precision, wrt=wrt, ties=ties) if hessian else None
        return trace.but(hessian=matrix)
    if exact:
        from .exact import run_exact

        return run_exact(graph, given, wrt=wrt, ties=ties, hessian=hessian)
    arithmetic = IEEE if allow_nonfinite else FLOATS
    trace = run(graph, point.complete(given, arithmetic), wrt=wrt, ties=ties, arithmetic=arithmetic)
    if not hessian:
        return trace
    from .hessian import hessian as second_derivatives

    return trace.but(hessian=second_derivatives(graph, given, wrt=wrt, ties=ties, arithmetic=arithmetic))
