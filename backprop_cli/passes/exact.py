"""The passes on exact numbers and on symbols, within a time that people wait."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import sympy

from ..arithmetic import Value
from ..arithmetic.symbolic import Symbolic, UndecidedError
from ..errors import MathError
from ..graph.graph import Graph
from . import point
from .engine import run
from .hessian import hessian as second_derivatives
from .trace import Trace

SECONDS = 4.0
"""How long a computation on exact numbers or symbols may take."""


_SYMPY_GIVES_UP = (RecursionError, ValueError, TypeError, AttributeError, NotImplementedError, ArithmeticError)
"""What SymPy raises on formulas that it cannot simplify; they stay as they are."""


_LEFT_WHOLE = (sympy.Abs, sympy.sign, sympy.Max, sympy.Min, sympy.Piecewise, sympy.floor, sympy.ceiling)


class TooSlowError(BaseException):
    """The time was up. No Exception, because SymPy tries things and catches what they raise."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TooSlowError in the block when the time is up. Only the main thread of a Unix process can be stopped."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def stop(_number: int, _frame: Any) -> None:
        raise TooSlowError

    def lost(what: sys.UnraisableHookArgs) -> None:
        if what.exc_type is not TooSlowError:
            reported(what)

    before, reported = signal.signal(signal.SIGALRM, stop), sys.unraisablehook
    sys.unraisablehook = lost  # in a destructor: Python would print it and go on
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.5)  # so it comes again
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        sys.unraisablehook = reported


@dataclass(frozen=True)
class Derivation:
    """A trace on symbols, and its gradient simplified."""

    trace: Trace
    simplified: Mapping[str, Value]


def run_exact(
    graph: Graph,
    given: Mapping[str, float | str],
    *,
    wrt: Collection[str] | None = None,
    ties: str = "both",
    hessian: bool = False,
) -> Trace:
    """The trace on exact numbers; a variable without a value is a symbol.

    Raises MathError as the engine does, and where the numbers grow beyond what can be carried in SECONDS.
    """
    arithmetic = Symbolic()
    unknown = [node.name for node in graph.variables if node.name not in given]
    try:
        with time_limit(SECONDS):
            values: dict[str, Value] = point.complete(given, arithmetic)
            symbols = {name: arithmetic.symbol(name) for name in unknown}
            trace = run(graph, {**values, **symbols}, wrt=wrt, ties=ties, arithmetic=arithmetic)
            matrix = second_derivatives(graph, given, wrt=wrt, ties=ties, arithmetic=arithmetic) if hessian else None
            return trace.but(point=values, hessian=matrix)
    except TooSlowError:
        message = f"exact numbers are not carried through this in {SECONDS:g} seconds"
    except RecursionError:
        message = "the formulas are nested too deeply for exact numbers"
    except UndecidedError as error:
        message = str(error)
    raise MathError(message, graph.source, hint="--precision 50 gives 50 correct digits" if not unknown else "")


def derive(graph: Graph, given: Mapping[str, float | str], *, wrt: Collection[str] | None = None) -> Derivation:
    """The passes on symbols, and the gradient simplified, as far as SymPy gets in SECONDS."""
    trace = run_exact(graph, given, wrt=wrt)
    simplified = dict(trace.gradient)
    with suppress(TooSlowError), time_limit(SECONDS):
        for name, formula in trace.gradient.items():
            with suppress(*_SYMPY_GIVES_UP):
                shorter = _simplify(formula)
                if trace.arithmetic.is_finite(shorter):  # SymPy puts zoo at a point where a piece is not defined
                    simplified[name] = shorter
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
