"""The passes on exact numbers and on symbols."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass

import sympy

from ..arithmetic import Value
from ..arithmetic.symbolic import Symbolic, UndecidedError
from ..budget import TooSlowError, share
from ..errors import MathError
from ..graph.graph import Graph
from . import point
from .backpropagate import backpropagate
from .hessian import hessian as second_derivatives
from .trace import Trace

SHARE = 1 / 2
"""Of the time that is left: for what SymPy may do and need not."""

_SYMPY_GIVES_UP = (RecursionError, ValueError, TypeError, AttributeError, NotImplementedError, ArithmeticError)
"""What SymPy raises on formulas that it cannot simplify; they stay as they are."""


_LEFT_WHOLE = (sympy.Abs, sympy.sign, sympy.Max, sympy.Min, sympy.Piecewise, sympy.floor, sympy.ceiling)


@dataclass(frozen=True)
class Derivation:
    """A trace on symbols, and its gradient simplified."""

    trace: Trace
    simplified: Mapping[str, Value]


def exact_trace(
    graph: Graph,
    given: Mapping[str, float | str],
    *,
    wrt: Collection[str] | None = None,
    ties: str = "both",
    hessian: bool = False,
) -> Trace:
    """The trace on exact numbers.

    given: values for variables; one without is a symbol
    wrt, ties: as in `backpropagate`
    hessian: whether second derivatives are asked for too

    Raises MathError as `backpropagate` does, and where SymPy cannot carry the numbers.
    """
    arithmetic = Symbolic()
    unknown = [node.name for node in graph.variables if node.name not in given]
    try:
        values: dict[str, Value] = point.complete(given, arithmetic)
        symbols = {name: arithmetic.symbol(name) for name in unknown}
        trace = backpropagate(graph, {**values, **symbols}, wrt=wrt, ties=ties, arithmetic=arithmetic)
        matrix = second_derivatives(graph, given, wrt=wrt, ties=ties, arithmetic=arithmetic) if hessian else None
        return trace.but(point=values, hessian=matrix)
    except RecursionError:
        message = "the formulas are nested too deeply for exact numbers"
    except UndecidedError as error:
        message = str(error)
    raise MathError(message, graph.source, hint="--precision 50 gives 50 correct digits" if not unknown else "")


def derive(graph: Graph, given: Mapping[str, float | str], *, wrt: Collection[str] | None = None) -> Derivation:
    """The passes on symbols, and the gradient simplified, as far as SymPy gets in its SHARE."""
    trace = exact_trace(graph, given, wrt=wrt)
    simplified = dict(trace.gradient)

    def simplify() -> None:
        for name, formula in trace.gradient.items():
            with suppress(*_SYMPY_GIVES_UP):
                shorter = _simplify(formula)
                if trace.arithmetic.is_finite(shorter):  # SymPy puts zoo at a point where a piece is not defined
                    simplified[name] = shorter

    with suppress(TooSlowError):
        share(SHARE, simplify)
    return Derivation(trace, simplified)


def _simplify(formula: Value) -> Value:
    """The formula simplified, with absolute values, maxima and conditions left whole: SymPy only lengthens them."""
    whole: dict[Value, Value] = {}
    walk = sympy.preorder_traversal(formula)
    for part in walk:
        if isinstance(part, _LEFT_WHOLE):
            whole.setdefault(part, sympy.Dummy(real=True, nonnegative=part.is_nonnegative))
            walk.skip()
    back = {dummy: part for part, dummy in whole.items()}
    return sympy.simplify(formula.xreplace(whole)).xreplace(back)
