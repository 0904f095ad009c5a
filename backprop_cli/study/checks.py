"""Which check is asked for: with claims or without, of numbers, of boxes or of arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..graph.graph import Graph
from ..passes.point import is_box
from ..passes.settings import DOUBLES, Settings, is_of_arrays, numbers_alone, refuse_arrays
from . import claims as numbers
from .claims import Verdict


def review(
    graph: Graph,
    given: Mapping[str, Any],
    settings: Settings = DOUBLES,
    digits: int = numbers.SHOWN,
) -> tuple[str, Any]:
    """The view that shows the gradient beside what other methods find, and what it shows.

    given: a number, a box or an array for each variable
    settings: wrt and ties; and precision: so many digits of the gradient are proven, which is then not that of doubles
    digits: so many of each number are shown, and are to hold

    Raises InputError for uncertain values, and with precision for boxes and arrays.
    """
    numbers_alone(given, "backprop check without claims", ("a box",))
    _check(graph, given, settings.precision)
    if is_of_arrays(graph, given):
        from .entries import review

        return "review", review(graph, given, settings, digits)
    if any(map(is_box, given.values())):
        from . import sampled

        return "tried", sampled.review(graph, given, settings)
    from . import referee

    return "review", referee.review(graph, given, settings, digits)


def _check(graph: Graph, given: Mapping[str, Any], precision: int | None) -> None:
    """Raise InputError where no digits of a gradient are proven, those of boxes and arrays."""
    if precision is not None:
        numbers_alone(given, "--precision")
        refuse_arrays(graph, given, "--precision")


def judge(
    graph: Graph,
    given: Mapping[str, Any],
    claims: Mapping[str, str],
    settings: Settings = DOUBLES,
    digits: int = numbers.SHOWN,
) -> list[Verdict]:
    """A verdict for each claim. given, settings, digits: as in `review`; claims: as in `claims.judge`."""
    _check(graph, given, settings.precision)
    if settings.precision is not None:
        return numbers.judge(graph, given, claims, settings, digits)
    if is_of_arrays(graph, given):
        from .entries import judge
    elif any(map(is_box, given.values())):
        from .boxed import judge
    else:
        from .claims import judge
    return judge(graph, given, claims, settings, digits)
