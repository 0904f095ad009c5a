"""The program as its own referee: the gradient by four methods that share as little as possible."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from math import fsum, isfinite
from typing import NamedTuple

from ..arithmetic import FLOATS
from ..arithmetic.balls import Balls
from ..arithmetic.box import HELD, Box, held
from ..arithmetic.boxes import Boxes
from ..errors import MathError
from ..graph.graph import Graph
from ..passes import point
from ..passes.backpropagate import backpropagate
from ..passes.certain import certain_trace
from ..passes.settings import DOUBLES, Settings
from ..passes.trace import Notice, Trace
from ..passes.trust import held_in_words, trusted
from ..runtime.budget import TooSlowError, share
from .methods import (
    TOLERANCE,
    CannotError,
    Line,
    central_difference,
    complex_step,
    random_line,
    size_of,
    symbolic_derivatives,
)

SHOWN = FLOATS.digits
"""Significant digits of a gradient that are shown, and are to hold, unless others are asked for."""
MANY = 50
"""Gradients up to which each is compared; of more the methods compare one slope, along a line that moves them all."""
ALL = "all at once, along a random line"
_FINE = 100  # digits of a value that is no decimal, such as 1/3
PROOF = 1 / 4
"""Of the time that is left, for how many digits of the doubles hold."""


@dataclass(frozen=True)
class Estimate:
    """One method's gradient for one variable: a number, or None and the reason why there is none.

    difference: relative to backprop's
    digits: how many of its own are proven to hold, at least; None where the gradient is not proven
    agrees: whether it is what the gradient is proven to be, to the digits that are shown; of a gradient that is not
        proven, whether it is what backprop's is
    exactly: its digits, where more of them are known than a double has
    """

    method: str
    value: float | None
    reason: str = ""
    difference: float | None = None
    digits: int | None = None
    agrees: bool = True
    exactly: str = ""


class Proven(NamedTuple):
    """What a gradient is proven to be: the double that is next to it, and all that is known."""

    number: float
    box: Box
    system: Boxes
    is_known: bool
    """Whether it is told from 0, to more digits than a double has."""

    def text(self, digits: int) -> str:
        """So many digits of it."""
        return self.system.balls.show(self.box.lo, digits)


@dataclass(frozen=True)
class Review:
    """The estimates for each variable, backprop's first; beyond MANY, for ALL of them at once.

    proven: what each gradient is proven to be, where it is enclosed
    digits: that are shown, and are to hold
    """

    trace: Trace
    estimates: Mapping[str, list[Estimate]]
    proven: Mapping[str, Proven] = field(default_factory=dict)
    digits: int = SHOWN

    @property
    def compared(self) -> bool:
        """Whether each variable has a second opinion, its own or that of all at once."""
        rows = [self.estimates[ALL]] if ALL in self.estimates else self.estimates.values()
        return all(any(each.difference is not None for each in row) for row in rows)

    @property
    def agree(self) -> bool:
        return all(each.agrees for row in self.estimates.values() for each in row)

    @property
    def lost(self) -> bool:
        """Whether all else agrees with what is proven, and backprop's doubles alone do not."""
        return not self.agree and all(each.agrees for row in self.estimates.values() for each in row[1:])

    @property
    def proved(self) -> bool:
        """Whether each gradient is proven, and backprop's holds to the digits that are shown."""
        ours = [row[0].digits for row in self.estimates.values()]
        return self.agree and bool(ours) and all(count is not None and count >= self.digits for count in ours)


def review(
    graph: Graph,
    given: Mapping[str, float | str],
    settings: Settings = DOUBLES,
    digits: int = SHOWN,
) -> Review:
    """The gradient by backpropagation, complex step, central differences at 80 digits or more, and SymPy's diff.

    Each is compared with the gradient that is proven; where none is, with backpropagation's.

    settings: wrt and ties; and precision: so many digits of backpropagation's gradient are proven, in place of doubles
    digits: that are shown, and are to hold of backpropagation's doubles

    Raises MathError where backpropagation itself does.
    """
    digits = min(digits, HELD)
    trace, exactly = _traced(graph, given, settings, digits)
    system, kink, terms = trace.arithmetic, next(iter(trace.conventions), None), _terms(trace)
    more = system.all_digits - system.digits if isinstance(system, Balls) else 0
    gradient = {name: system.to_float(slope) for name, slope in trace.gradient.items()}
    if len(gradient) <= MANY:
        lines = {name: Line({name: size_of(exactly[name])}) for name in gradient}
    else:
        lines = {ALL: (line := random_line(exactly, terms))}
        gradient[ALL] = fsum(float(step) * gradient[name] for name, step in line.steps.items())
        terms[ALL] = fsum(abs(float(step)) * terms[name] for name, step in line.steps.items())
    methods: dict[str, Callable[[str], float]] = {
        "complex step": lambda name: complex_step(graph, exactly, lines[name], more),
        "differences": lambda name: central_difference(graph, exactly, lines[name], more),
        "SymPy diff": symbolic_derivatives(graph, exactly, lines),
    }
    slopes = {name: {name: "1"} for name in trace.gradient} | ({ALL: lines[ALL].steps} if ALL in lines else {})
    proven = {name: known for name, steps in slopes.items() if (known := _proven(trace, steps))}
    estimates = {name: [ours(each, proven.get(name), digits)] for name, each in gradient.items()}
    for name, slope in trace.gradient.items() if settings.precision else ():
        count = None if kink or (isinstance(system, Balls) and system.lacks(slope)) else settings.precision
        estimates[name] = [replace(estimates[name][0], digits=count, exactly=system.exactly(slope))]
    for name in lines:
        for method, estimate in methods.items():
            if kink is None:
                each = _attempt(method, estimate, name, gradient[name], terms[name])
                if name in proven and proven[name].is_known and each.value is not None:
                    each = judged(each, proven[name], terms[name])
            else:
                each = Estimate(method, None, f"{kink.node} has a {kink.kind} here: no derivative, a convention")
            estimates[name].append(each)
    return Review(trace, estimates, proven, digits)


def _traced(
    graph: Graph, given: Mapping[str, float | str], settings: Settings, digits: int
) -> tuple[Trace, dict[str, str]]:
    """Backpropagation's trace, and the values for the other methods, as decimals: to the last bit of doubles, or as
    they are written, to more digits than the methods need.
    """
    if settings.precision is not None:
        system = Balls(_FINE)
        with system.working():
            exactly = {name: system.exactly(value) for name, value in point.complete(given, system).items()}
        return certain_trace(graph, given, settings), exactly
    values = point.complete(given, FLOATS)
    trace = backpropagate(graph, values, settings)
    exactly = {name: str(Decimal(value)) for name, value in values.items()}
    return trace if any(trace.conventions) else _with_digits_held(trace, exactly, settings, digits), exactly


def _terms(trace: Trace) -> dict[str, float]:
    """The size of what is added up to each gradient: where terms cancel, what is left is noise of that size."""
    terms = dict.fromkeys(trace.gradient, 0.0)
    for edge in trace.edges:
        if edge.input.name in terms and edge.chained is not None:
            terms[edge.input.name] += abs(trace.arithmetic.to_float(edge.chained))
    return terms


def _attempt(method: str, estimate: Callable[[str], float], name: str, gradient: float, terms: float) -> Estimate:
    try:
        value = estimate(name)
    except CannotError as error:
        return Estimate(method, None, str(error))
    except MathError as error:
        return Estimate(method, None, f"no value beside the point: {error.message}")
    if not isfinite(value):
        return Estimate(method, None, "its result is not a number here")
    difference = _difference(value, gradient, terms)
    return Estimate(method, value, difference=difference, agrees=difference <= TOLERANCE)


def ours(gradient: float, proven: Proven | None, digits: int) -> Estimate:
    """Backpropagation's, which is right where so many digits of it hold, or where no double is nearer.

    gradient: its double
    proven: what it is proven to be
    """
    if proven is None or not proven.is_known:
        return Estimate("backprop", gradient)
    count = held(gradient, proven.box)
    is_right = count >= digits or gradient == proven.number
    return Estimate("backprop", gradient, "" if is_right else held_in_words(count), digits=count, agrees=is_right)


def judged(each: Estimate, proven: Proven, terms: float) -> Estimate:
    """Another method's, which has digits to spare, beside the gradient that is proven.

    each: what it found
    proven: what the gradient is proven to be
    terms: the size of what is added up to it, from 0
    """
    assert each.value is not None
    is_close = _difference(each.value, proven.number, 0 if proven.number else terms) <= TOLERANCE
    return replace(each, digits=held(each.value, proven.box), agrees=is_close)


def _difference(one: float, two: float, terms: float = 0.0) -> float:
    """Relative to the larger, or to the terms that were added up to it."""
    largest = max(abs(one), abs(two), terms)
    return abs(one - two) / largest if largest else 0.0


def _with_digits_held(trace: Trace, exactly: Mapping[str, str], settings: Settings, digits: int) -> Trace:
    """The trace with the digits of its doubles that hold, where those are found in time."""
    try:
        found = share(PROOF, lambda: trusted(trace, exactly, settings._replace(trust=digits)))
    except TooSlowError as error:
        message = f"there is no time to prove how many digits hold; {error.hint}"
        return trace.but(warnings=[*trace.warnings, Notice("time", trace.graph.output.name, message)])
    return found if found.held else trace


def _proven(trace: Trace, steps: Mapping[str, str]) -> Proven | None:
    """What the slope along a line is proven to be, if that is known."""
    if trace.held is None:
        return None
    right = trace.held.right
    number = right.arithmetic.number
    with right.arithmetic.working():
        box = sum((right.gradient[name] * number(step) for name, step in steps.items()), number("0"))
        return proven_to_be(right, box)


def proven_to_be(right: Trace, box: Box) -> Proven | None:
    """What a gradient is proven to be. right: the trace of boxes that it is from."""
    system = right.arithmetic
    assert isinstance(system, Boxes)
    with system.working():
        return Proven(system.to_float(box), box, system, not system.balls.lacks(box.lo)) if box.is_thin else None
