"""The library face: one function, from an expression and values to a Trace."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from .arithmetic import TIES
from .budget import within
from .passes import point
from .passes.settings import Settings, check, compute
from .passes.trace import Trace


def backprop(
    expression: str,
    values: Mapping[str, float | str] | None = None,
    /,
    *,
    wrt: Collection[str] | None = None,
    ties: str = TIES[0],
    allow_nonfinite: bool = False,
    precision: int | None = None,
    exact: bool = False,
    hessian: bool = False,
    expand: bool = False,
    time_limit: float | None = None,
    **variables: float | str,
) -> Trace:
    """One forward and one backward pass over the expression or program, exactly as written.

    expand: whether modules, and compound primitives, are opened into their gates;
    time_limit: the seconds that the call may take, in any thread (None: as long as it takes);
    values, variables: a number, or the text of a constant expression, for each variable (`values` also takes names
    that Python does not allow as keywords); the others are those of `Settings`.
    Raises BackpropError: InputError where the input is wrong, MathError where there is no value or gradient,
    TooSlowError where the time is up.

    >>> backprop("(x+y)*z", x=-2, y=5, z=-4).gradient
    {'x': -4.0, 'y': -4.0, 'z': 3.0}
    """
    names = None if wrt is None else [point.read_name(name) for name in wrt]
    settings = Settings(names, ties, allow_nonfinite, precision, exact, hessian)
    check(settings)

    def work() -> Trace:
        given = point.by_name([*(values or {}).items(), *variables.items()])
        from .language.program import Program

        graph = Program(expression).graph(given)
        if expand:
            from .graph.expand import expand as opened

            graph = opened(graph)
        point.check(graph, given)
        if names is not None:
            point.check_wrt(graph, names)
        return compute(graph, given, settings)

    return work() if time_limit is None else within(time_limit, work)
