"""What may be asked of a trace, and of which values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import inf
from typing import Any, NamedTuple

from ..arithmetic import TIES
from ..errors import InputError, quote
from ..graph.graph import Graph
from . import point

DIGITS = range(2, 10_001)
"""Significant digits that numbers may have."""
DESCENTS = ("gd", "momentum", "adam", "bfgs", "l-bfgs-b")
"""Methods that minimize: gradient descent, with momentum, Adam, and two of SciPy's."""
RATE, MOMENTUM, TOLERANCE, STEPS, EPOCHS = 0.1, 0.9, 1e-6, 1_000, 100
"""Of these, unless it is told: the part of the gradient that a step is, and of the step before that goes into it; where
they have converged; and at most so many steps, or rounds through all rows.
"""
COUNTS = {
    "steps": range(1, 1_000_001),
    "batch": range(1, 1_000_000_001),
    "epochs": range(1, 1_000_001),
    "seed": range(1_000_000_000),
}
"""Whole numbers that they take: at most so many steps, rows of a step, rounds through all rows, and what their order
comes from.
"""
FITS = ("auto", "trf", "lm")
"""Methods of least squares: SciPy's trust region, which keeps to bounds; MINPACK's Levenberg–Marquardt; or both."""
ON_ERROR = ("stop", "skip", "null")
"""What becomes of rows without a result: an error, or they are left out, or have a line without numbers."""
REDUCTIONS = ("sum", "mean")
"""What may be made of the values at all rows."""


class Settings(NamedTuple):
    """What may be asked of a trace.

    wrt: the variables that get gradients, None for all;
    ties: what inputs of max and min that tie receive, one of TIES;
    allow_nonfinite: infinities and NaN instead of errors;
    precision: significant digits, in DIGITS, that are proven, instead of doubles;
    exact: SymPy numbers instead;
    hessian: second derivatives too;
    time_limit: the seconds that it may take;
    upstream: ∂f/∂output, where that is no 1, as the value of a variable is given;
    jacobian: every output by every input, in place of a gradient;
    enclose: boxes that hold every number, also where each variable is one number;
    correlations: of uncertain variables, as `uncertain.read_correlations` takes them;
    trust: so many digits of doubles are to hold, or it is told; 0 where nobody asks.
    """

    wrt: Collection[str] | None = None
    ties: str = TIES[0]
    allow_nonfinite: bool = False
    precision: int | None = None
    exact: bool = False
    hessian: bool = False
    time_limit: float = inf
    upstream: Any = None
    jacobian: bool = False
    enclose: bool = False
    correlations: Any = None
    trust: int = 0


DOUBLES = Settings()
"""Gradients of all variables, in doubles."""
ARITHMETICS = ("allow_nonfinite", "precision", "exact", "enclose")
"""Settings that choose the arithmetic."""


def check(settings: Settings) -> None:
    """Raise InputError for settings that nothing can be computed with."""
    chosen = [name for name in ARITHMETICS if getattr(settings, name) not in (None, False)]
    if len(chosen) > 1:
        one, two = (name.replace("_", "-") for name in chosen[:2])
        raise InputError(f"{one} and {two} are different arithmetics: choose one")
    if settings.trust and chosen:
        raise InputError(f"trust is about doubles, and {chosen[0].replace('_', '-')} is none: leave one of them out")
    if settings.enclose and settings.hessian:
        raise InputError("there are no enclosures of second derivatives", hint="--precision 20 proves their digits")
    if settings.precision is not None and settings.precision not in DIGITS:
        least, most = DIGITS[0], DIGITS[-1]
        raise InputError(f"precision is a number of digits from {least} to {most:,}")
    if settings.upstream is not None and settings.jacobian:
        raise InputError("--jacobian takes every output, and --upstream one sum of them: choose one")
    of_arrays = "upstream" if settings.upstream is not None else "jacobian"
    of_numbers = next((name for name in ("enclose", "trust", "correlations") if getattr(settings, name)), "")
    if of_numbers and (settings.upstream is not None or settings.jacobian):
        raise InputError(f"--{of_arrays} is about arrays, and --{of_numbers} about numbers: leave one of them out")
    if settings.ties not in TIES:
        raise InputError(f"ties is one of {', '.join(TIES)}, not {quote(settings.ties)}")


def is_of_arrays(graph: Graph, given: Mapping[str, Any]) -> bool:
    """Whether an array is anywhere in a program or in its values."""
    return any(map(point.is_array, given.values())) or graph.of_arrays


def refuse_arrays(graph: Graph, given: Mapping[str, Any], what: str) -> None:
    """Raise InputError where an array is anywhere. what: what it is that takes numbers alone."""
    if not is_of_arrays(graph, given):
        return
    called = next((op.call for op in graph.nodes.kinds if op.of_arrays), "")
    name = next((name for name, each in given.items() if point.is_array(each)), "")
    why = f"the value of {name} is an array" if name else f"{called} takes an array" if called else "here are arrays"
    hint = (
        "--expand opens arrays into numbers, which have it" if what.startswith("--") else "backprop eval takes arrays"
    )
    raise InputError(f"{what} takes numbers alone, and {why}", hint=hint)


TAKES: Mapping[str, Collection[str]] = {
    **dict.fromkeys(("derive", "code", "page", "minimize", "fit"), ()),
    **dict.fromkeys(("explain", "graph"), ("a box", "uncertain")),
    "points": ("uncertain",),
}
"""Of values that are no plain numbers, the kinds that a command takes; one that is not here finds out itself."""


def numbers_alone(given: Mapping[str, Any], what: str, taken: Collection[str] = ()) -> None:
    """Refuse values that are no numbers, such as boxes and arrays, except those of the kinds that are taken.

    what: what takes numbers alone, in the words of the user
    taken: the kinds that it takes all the same
    Raises InputError.
    """
    for name, each in given.items():
        if (kind := point.kind(each)) and kind not in taken:
            hint = "leave it out" if what.startswith("--") else "backprop eval takes it"
            part = "an entry" if point.is_array(each) else "the value"
            raise InputError(f"{what} takes numbers alone, and {part} of {name} is {kind}", hint=hint)
