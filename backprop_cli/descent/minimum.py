"""Descent: gradient descent as taught, momentum and Adam, and SciPy's quasi-Newton methods, step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import inf, isfinite
from typing import Any, NamedTuple

import numpy as np

from ..arithmetic.axes import Array, Mask
from ..errors import MathError, missing
from ..passes.settings import DESCENTS, MOMENTUM, RATE, STEPS, TOLERANCE
from ..passes.trace import Trace
from .bounds import Bounds, at_bounds
from .objective import Objective, Parameters
from .saddles import falls
from .watch import Clock, TimeIsUpError

_KEPT = 10_000_000  # numbers of all steps; of more, every second step is kept, or every third …
_DOWN = 1e15  # times the start: below, f has no bound, as far as doubles can tell
_UP = 1e6  # times the start: beyond, a descent is none
_LEAST = 1e-9  # beside f, what it falls by where to begin a line search anew is worth while
_TRIES = 200  # points that a line search may try
_MOMENTS = 0.9, 0.999, 1e-8
"""Adam's β₁, β₂ and ε (Kingma and Ba, 2015)."""


class Plan(NamedTuple):
    """How to go down.

    method: one of DESCENTS;
    rate: of the gradient, the part that a step takes;
    momentum: of a step, the part that goes into the next, for the method of that name;
    steps: at most so many; epochs, in place of them, where there are batches;
    tolerance: it has converged where no entry of the gradient is larger;
    batch: rows of a step, all if 0;
    seed: of the order of rows;
    bounds: where parameters stay, for l-bfgs-b.
    """

    method: str = DESCENTS[0]
    rate: float = RATE
    momentum: float = MOMENTUM
    steps: int = STEPS
    tolerance: float = TOLERANCE
    batch: int = 0
    seed: int = 0
    bounds: Bounds | None = None


class Step(NamedTuple):
    """Where it was: after so many steps, the point, the value there, and the gradient."""

    number: int
    point: Array
    value: float
    gradient: Array


class Descent(NamedTuple):
    """What came of it.

    parameters: names and shapes of what changed;
    converged, reason: whether, and why it ended;
    trajectory: the steps that were kept, with the first and the last;
    trace: at the end, over whole columns;
    shows_trace: whether it is shown, too.
    """

    objective: Objective
    plan: Plan
    converged: bool
    reason: str
    trajectory: Sequence[Step]
    trace: Trace
    shows_trace: bool = False

    @property
    def parameters(self) -> Parameters:
        """Names and shapes of what changed."""
        return self.objective.parameters

    @property
    def last(self) -> Step:
        """Where it ended."""
        return self.trajectory[-1]


class _End(Exception):  # noqa: N818  # it may be a good one
    """The descent ends, for a reason."""

    def __init__(self, reason: str, *, converged: bool = False) -> None:
        super().__init__(reason)
        self.converged = converged


def minimize(
    objective: Objective, start: Array, plan: Plan, tell: Callable[[int], None] = lambda _step: None
) -> Descent:
    """Go down from the start, until the gradient is small, the steps are used up, or there is no way on.

    objective: what becomes small;
    start: all parameters, one after the other;
    plan: how;
    tell: is called with the number of each step.
    Raises MathError where there is no value or no gradient at the start, InputError for what does not go together.
    """
    if plan.bounds:
        plan.bounds.check(objective.parameters.labels, start)
    walk = _Walk(objective, plan, tell)
    walk.take(start)
    try:
        converged, reason = _gone(walk)
    except (TimeIsUpError, KeyboardInterrupt) as stop:
        converged, reason = False, str(stop) or "interrupted"
    walk.keep_last()
    return Descent(objective, plan, converged, reason, walk.kept, objective.trace(walk.last.point))


def _gone(walk: _Walk) -> tuple[bool, str]:
    """Go down. Return whether the end is a minimum, and why it ended."""
    plan = walk.plan
    try:
        walk.judge()
        go = _by_scipy if plan.method in ("bfgs", "l-bfgs-b") else _in_batches if plan.batch else _by_steps
        go(walk)
    except _End as end:
        reason, point = str(end), walk.last.point
        if not end.converged or not (names := falls(walk.objective, point, walk.first.point, walk.held, plan.bounds)):
            return end.converged, reason
        return False, f"{reason}, but f falls to both sides along {names}: no minimum; another --start leads on"
    return False, _used_up(walk)


class _Walk:
    """The steps so far. It ends by raising _End."""

    def __init__(self, objective: Objective, plan: Plan, tell: Callable[[int], None]) -> None:
        self.objective, self.plan, self.tell = objective, plan, tell
        self.kept: list[Step] = []
        self.every = 1 + 2 * plan.steps * sum(1 for _ in objective.parameters.labels) // _KEPT
        self.clock = Clock()
        self.last: Step = Step(0, np.array([]), inf, np.array([]))

    @property
    def first(self) -> Step:
        """The start."""
        return self.kept[0]

    def take(self, point: Array, found: tuple[float, Array] | None = None, number: int | None = None) -> None:
        """Be at a point. Raises MathError where there is no value.

        found: the value and the gradient, where they are known.
        """
        if self.kept:
            self.clock.check()
        value, gradient = found or self.objective.at(point)
        number = number if number is not None else self.last.number + 1 if self.kept else 0
        self.last = Step(number, np.array(point), value, gradient)
        if not self.kept or len(self.kept) % self.every == 0:
            self.kept.append(self.last)
        self.tell(number)

    def keep_last(self) -> None:
        """Keep the last step, wherever it is."""
        if self.kept[-1] is not self.last:
            self.kept.append(self.last)

    @property
    def held(self) -> Mask:
        """Which parameters a bound holds back."""
        point, gradient = self.last.point, self.last.gradient
        return self.plan.bounds.hold(point, gradient) if self.plan.bounds else np.zeros(len(point), dtype=bool)

    @property
    def largest(self) -> float:
        """The largest slope of those that no bound holds back."""
        return float(np.max(np.abs(self.last.gradient), where=~self.held, initial=0.0))

    def judge(self) -> None:
        """Raise _End where it is done, or there is no way on."""
        if self.largest <= self.plan.tolerance:
            held = at_bounds(self.objective.parameters.labels, self.held)
            no_entry = f"{held}, and no other entry" if held else "no entry"
            raise _End(f"{no_entry} of the gradient is beyond {self.plan.tolerance:g}", converged=True)
        if self.last.value < -_DOWN * max(1.0, abs(self.first.value)):
            raise _End(f"f falls without end: it is {self.last.value:g}")
        if self.last.value > _UP * max(1.0, abs(self.first.value)):
            raise _End(_diverged(self))


def _diverged(walk: _Walk) -> str:
    first, last = walk.first.value, walk.last.value
    return f"diverged: f rose from {first:g} to {last:g}; {_smaller(walk)}"


def _smaller(walk: _Walk) -> str:
    return f"try a smaller --rate, such as {walk.plan.rate / 10:g}"


def _used_up(walk: _Walk) -> str:
    plan, last = walk.plan, walk.last
    what = "epochs" if plan.batch else "steps"
    reason = f"the {what} are used up, and the gradient is still {walk.largest:.3g}"
    if last.value > walk.first.value:
        return f"{reason}; f rose from {walk.first.value:g} to {last.value:g}: {_smaller(walk)}"
    return reason


# -- Step by step --------------------------------------------------------------------------------------------------


def _change(plan: Plan, size: int) -> Callable[[Array], Array]:
    """What a gradient makes of the point: the change, by the method of the plan."""
    rate, before, squares, count = plan.rate, np.zeros(size), np.zeros(size), 0

    def descent(gradient: Array) -> Array:
        return -rate * gradient

    def momentum(gradient: Array) -> Array:
        nonlocal before
        before = plan.momentum * before - rate * gradient
        return before

    def adam(gradient: Array) -> Array:
        nonlocal before, squares, count
        one, two, least = _MOMENTS
        count += 1
        before = one * before + (1 - one) * gradient
        squares = two * squares + (1 - two) * gradient**2
        return -rate * (before / (1 - one**count)) / (np.sqrt(squares / (1 - two**count)) + least)

    return {"gd": descent, "momentum": momentum, "adam": adam}[plan.method]


@np.errstate(all="ignore")
def _by_steps(walk: _Walk) -> None:
    change = _change(walk.plan, len(walk.last.point))
    for _ in range(walk.plan.steps):
        point = walk.last.point + change(walk.last.gradient)
        _step(walk, point)
        walk.judge()


def _step(walk: _Walk, point: Array, number: int | None = None) -> None:
    try:
        walk.take(point, number=number)
    except MathError as error:
        if abs(walk.last.value) > _UP * max(1.0, abs(walk.first.value)):
            raise _End(_diverged(walk)) from None
        there = ", ".join(f"{name} = {value:g}" for name, value in _few(walk, point))
        raise _End(f"the next step, to {there}, leads where {error.message}; {_smaller(walk)}") from None


def _few(walk: _Walk, point: Array) -> Iterator[tuple[str, float]]:
    return zip(walk.objective.parameters.labels[:3], point.tolist(), strict=False)


@np.errstate(all="ignore")
def _in_batches(walk: _Walk) -> None:
    """Epochs: all rows in a random order, so many at a time; what is kept is the whole loss after each epoch."""
    plan, rows = walk.plan, walk.objective.rows
    change, order = _change(plan, len(walk.last.point)), np.random.default_rng(plan.seed)
    point, number = walk.last.point, 0
    for _ in range(plan.steps):
        mixed = order.permutation(rows)
        for start in range(0, rows, plan.batch):
            walk.clock.check()
            try:
                _, gradient = walk.objective.at(point, mixed[start : start + plan.batch])
            except MathError as error:
                raise _End(f"in step {number + 1}, {error.message}; {_smaller(walk)}") from None
            point = point + change(gradient)
            number += 1
        _step(walk, point, number)
        walk.judge()


# -- By SciPy ------------------------------------------------------------------------------------------------------


def _by_scipy(walk: _Walk) -> None:
    """Quasi-Newton methods. A line search that fails begins anew, as long as it gets on."""
    plan = walk.plan
    try:
        from scipy.optimize import minimize as descend
    except ImportError:
        raise missing("SciPy", "fit", f"--method {plan.method}") from None
    known: dict[bytes, tuple[float, Array]] = {}
    tries = 0

    def at(point: Array) -> tuple[float, Array]:
        """Infinite where there is no value: a step that leads there is not taken."""
        walk.clock.check()
        nonlocal tries
        if (tries := tries + 1) > _TRIES:
            raise _stuck(walk)
        try:
            found = walk.objective.at(point)
        except MathError:
            return inf, np.zeros(len(point))
        known[point.tobytes()] = found
        return found

    def stepped(intermediate_result: Any) -> None:
        point = np.asarray(intermediate_result.x)
        nonlocal tries
        found, tries = known.get(point.tobytes()), 0
        known.clear()
        if isfinite(float(intermediate_result.fun)):
            walk.take(point, found)
            walk.judge()

    options: dict[str, Any] = {"gtol": plan.tolerance}
    limits = {} if plan.bounds is None else {"bounds": [*zip(*plan.bounds, strict=True)]}
    if plan.method == "l-bfgs-b":
        options |= {"ftol": 0.0, "maxfun": 100 * plan.steps, "maxls": 50}
    while (room := plan.steps - walk.last.number) > 0:
        before = walk.last
        with np.errstate(all="ignore"):
            descend(
                at,
                before.point,
                jac=True,
                method=plan.method,
                callback=stepped,
                options=options | {"maxiter": room},
                **limits,
            )
        if not before.value - walk.last.value > _LEAST * max(1.0, abs(before.value)):
            raise _stuck(walk)


def _stuck(walk: _Walk) -> _End:
    """The end where no step makes f smaller: a minimum, to rounding, if the gradient is small beside f."""
    largest, size = walk.largest, max(1.0, abs(walk.last.value))
    if largest <= walk.plan.tolerance * min(size, _UP * max(1.0, abs(walk.first.value))):
        return _End(f"no step makes f smaller: the gradient, {largest:.3g}, is 0 to rounding", converged=True)
    return _End(f"the line search failed: no step makes f smaller, and the gradient is {largest:.3g}")
