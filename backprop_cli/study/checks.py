"""Which check is asked for: with claims or without, of numbers, of boxes or of arrays."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ..graph.graph import Graph
from ..passes.point import is_box
from ..passes.settings import is_of_arrays, numbers_alone, refuse_arrays
from . import claims as numbers
from .claims import Verdict


def review(
    graph: Graph,
    given: Mapping[str, Any],
    *,
    wrt: Collection[str] | None = None,
    ties: str = "both",
    digits: int = numbers.SHOWN,
    precision: int | None = None,
) -> tuple[str, Any]:
    """The view that shows the gradient beside what other methods find, and what it shows.

    given: a number, a box or an array for each variable
    wrt, ties: as in `backpropagate`
    digits: so many of each number are shown, and are to hold
    precision: so many of the gradient are proven, which is then not that of doubles

    Raises InputError for uncertain values, and with precision for boxes and arrays.
    """
    numbers_alone(given, "backprop check without claims", ("a box",))
    _check(graph, given, precision)
    if is_of_arrays(graph, given):
        from .entries import review

        return "review", review(graph, given, wrt=wrt, ties=ties, digits=digits)
    if any(map(is_box, given.values())):
        from . import sampled

        return "tried", sampled.review(graph, given, wrt=wrt, ties=ties)
    from . import referee

    return "review", referee.review(graph, given, wrt=wrt, ties=ties, digits=digits, precision=precision)


def _check(graph: Graph, given: Mapping[str, Any], precision: int | None) -> None:
    """Raise InputError where no digits of a gradient are proven, those of boxes and arrays."""
    if precision is not None:
        numbers_alone(given, "--precision")
        refuse_arrays(graph, given, "--precision")


def judge(
    graph: Graph,
    given: Mapping[str, Any],
    claims: Mapping[str, str],
    *,
    wrt: Collection[str] | None = None,
    ties: str = "both",
    digits: int = numbers.SHOWN,
    precision: int | None = None,
) -> list[Verdict]:
    """A verdict for each claim. given, wrt, ties, digits, precision: as in `review`; claims: as in `claims.judge`."""
    _check(graph, given, precision)
    if precision is not None:
        return numbers.judge(graph, given, claims, wrt=wrt, ties=ties, digits=digits, precision=precision)
    if is_of_arrays(graph, given):
        from .entries import judge
    elif any(map(is_box, given.values())):
        from .boxed import judge
    else:
        from .claims import judge
    return judge(graph, given, claims, wrt=wrt, ties=ties, digits=digits)
