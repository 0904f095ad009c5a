"""The library face: one function, from an expression and values to a Trace."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import NoneType

from ..arithmetic import IEEE, TIES
from ..budget import within
from ..errors import InputError
from ..passes import point
from ..passes.settings import Settings, check, compute
from .trace import Trace
from .values import Given, name_of, text, texts


def backprop(
    expression: str,
    values: Mapping[str, Given] | None = None,
    /,
    *,
    wrt: Collection[str] | str | None = None,
    ties: str = TIES[0],
    allow_nonfinite: bool = False,
    precision: int | None = None,
    exact: bool = False,
    hessian: bool = False,
    expand: bool = False,
    time_limit: float | None = None,
    **variables: Given,
) -> Trace:
    """One forward and one backward pass over the expression or program, exactly as written.

    wrt: names, or one text of names with commas between them, as on the command line;
    expand: whether modules, and compound primitives, are opened into their gates;
    time_limit: the seconds that the call may take, in any thread (None: as long as it takes);
    values, variables: a number, or the text of a constant expression, for each variable (`values` also takes names that
        Python does not allow as keywords); the others are those of `Settings`.
    Raises BackpropError: InputError where the input is wrong, MathError where there is no value or gradient,
    TooSlowError where the time is up.

    >>> backprop("(x+y)*z", x=-2, y=5, z=-4).gradient
    {'x': -4.0, 'y': -4.0, 'z': 3.0}
    """
    flags = {"allow_nonfinite": allow_nonfinite, "exact": exact, "hessian": hessian, "expand": expand}
    kinds: list[tuple[str, object, type | tuple[type, ...], str]] = [
        ("the expression", expression, str, "text"),
        ("values", values, (Mapping, NoneType), "a mapping"),
        ("ties", ties, str, "text"),
        ("precision", precision, (int, NoneType), "a whole number"),
        *((name, flag, bool, "True or False") for name, flag in flags.items()),
    ]
    for what, given, kind, words in kinds:
        if not isinstance(given, kind):
            raise InputError(f"{what} is {words}, not of type {type(given).__name__}")
    names = _names(wrt)
    settings = Settings(names, ties, allow_nonfinite, precision, exact, hessian)
    check(settings)
    seconds = None if time_limit is None else point.read_value("time_limit", text("time_limit", time_limit), IEEE)

    def work() -> Trace:
        given = texts(values, variables)
        from ..language.program import Program

        graph = Program(expression).graph(given)
        if expand:
            from ..graph.expand import expand as opened

            graph = opened(graph)
        point.check(graph, given)
        if missing := point.missing(graph, given):
            raise point.MissingVariablesError(graph, missing)
        if names is not None:
            point.check_wrt(graph, names)
        return Trace(compute(graph, given, settings), given, settings)

    return work() if seconds is None else within(seconds, work)


def _names(wrt: Collection[str] | str | None) -> list[str] | None:
    if wrt is None:
        return None
    if isinstance(wrt, str):
        return point.read_names(wrt, "wrt")
    try:
        names = [*wrt]
    except TypeError:
        raise InputError(f"wrt is a collection of names, not of type {type(wrt).__name__}") from None
    return [point.read_name(name_of(each)) for each in names]
