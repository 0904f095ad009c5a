"""Second derivatives: the backward pass on dual numbers, once for each variable (forward over reverse)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..arithmetic import FLOATS, Arithmetic, Value
from ..arithmetic.dual import Dual, DualNumbers
from ..errors import InputError, MathError, quote
from ..graph.graph import Graph
from . import point
from .backpropagate import backpropagate

MAX_VARIABLES = 500

Hessian = dict[str, dict[str, Value]]
"""∂²f/∂row∂column, by the names of the row and of the column."""


def hessian(
    graph: Graph,
    given: Mapping[str, float | str],
    *,
    wrt: Collection[str] | None = None,
    ties: str = "both",
    arithmetic: Arithmetic = FLOATS,
) -> Hessian:
    """The matrix of second derivatives at a point where there are first ones.

    given: a value for each variable
    wrt, ties: as in `backpropagate`
    arithmetic: that of the numbers in the matrix

    Raises MathError where a second derivative is infinite or does not exist, InputError beyond MAX_VARIABLES.
    """
    names = [node.name for node in graph.variables if wrt is None or node.name in wrt]
    if len(names) > MAX_VARIABLES:
        raise InputError(
            f"a Hessian of {len(names):,} variables is beyond the limit of {MAX_VARIABLES}", hint="choose some by --wrt"
        )
    system = DualNumbers(arithmetic, ties)
    values = point.complete(given, arithmetic)
    zero, one = arithmetic.number("0"), arithmetic.number("1")
    matrix: Hessian = {}
    for row in names:
        at = {name: Dual(value, one if name == row else None) for name, value in values.items()}
        try:
            gradient = backpropagate(graph, at, wrt=wrt, ties=ties, arithmetic=system).gradient
        except MathError as error:
            place = graph.source[slice(*error.span)] if error.span else graph.source
            message = f"no finite second derivative along {row}: it fails at {quote(place)}"
            raise MathError(message, graph.source, error.span) from None
        matrix[row] = {name: zero if (dot := gradient[name].dot) is None else dot for name in names}
    return matrix
