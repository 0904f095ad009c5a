"""Least squares: a model fitted to columns of data, with the errors of its parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from math import inf, isnan, sqrt
from typing import NamedTuple

import numpy as np

from ..arithmetic.axes import Array
from ..errors import InputError, MathError, counted, missing
from ..passes.settings import FITS
from .bounds import Bounds, at_bounds, listed
from .objective import Objective
from .watch import Clock, TimeIsUpError

MAX_EVALUATIONS = 20_000
_TOLERANCE = 1e-15  # relative changes of the sum of squares, and of parameters, below which a fit is done
_FAR = 1e100  # beyond that, and below its inverse, numbers are not squared
_POLISHES = 40  # Gauss-Newton steps at the end, at most
_REASONS = (
    "the evaluations are used up",
    "the gradient is 0 to rounding",
    "the sum of squares does not change any more",
    "the parameters do not change any more",
    "neither the sum of squares nor the parameters change any more",
)
"""By the status that SciPy gives."""


class _Try(NamedTuple):
    """A way to a fit: a method of SciPy, what it scales the parameters by, and how many evaluations it has.

    goes_on: whether it begins where the best of those before has ended, if none of them is done
    """

    method: str
    scale: str | float = "jac"
    evaluations: int = MAX_EVALUATIONS
    goes_on: bool = False


_FEW = 1_000  # evaluations after which another way is tried
_TRIES = {
    "auto": (_Try("trf", "jac", _FEW), _Try("lm", "jac", _FEW), _Try("trf", 1.0, _FEW), _Try("trf", goes_on=True)),
    "trf": (_Try("trf"),),
    "lm": (_Try("lm"),),
}
"""What is tried in turn, by the method that is asked for."""


class Fit(NamedTuple):
    """A model fitted to data.

    model, target, data: as they were written;
    method: that of SciPy which gave it, `trf` or `lm`;
    converged, reason: whether, and why, it is done;
    evaluations: of the model and its Jacobian, until it was done;
    labels: what each parameter is called;
    values, start: of each parameter;
    errors: the standard error of each, NaN where there is none, for which `no_error` says why;
    covariance: of the parameters, NaN for what is beyond doubles, None where there is none;
    fitted, residuals: at each row, the model, and the target less the model;
    weights: what the square of each residual counts, None for 1;
    unit: what residuals are divided by before they are squared, so that no square is beyond doubles;
    left_out: rows of the data that have no result, from 0.
    """

    model: str
    target: str
    data: str
    method: str
    converged: bool
    reason: str
    evaluations: int
    labels: Sequence[str]
    values: Array
    start: Array
    errors: Array
    no_error: str
    covariance: Array | None
    fitted: Array
    residuals: Array
    weights: Array | None
    unit: float = 1.0
    left_out: Sequence[int] = ()

    @property
    def parameters(self) -> Iterator[tuple[str, float, float | None, float]]:
        """The label, the value, the error (None where there is none) and the start of each."""
        for label, value, error, start in zip(self.labels, self.values, self.errors, self.start, strict=True):
            yield label, float(value), None if isnan(error) else float(error), float(start)

    @property
    def rows(self) -> int:
        """How many count."""
        return len(self.residuals) if self.weights is None else int(np.count_nonzero(self.weights))

    @property
    def squares(self) -> float:
        """The sum of squared residuals, weights and all, over the square of the unit: what was made small."""
        return self._total(self.residuals)

    @property
    def residual_sum_of_squares(self) -> float | None:
        """The same without a unit; None where doubles have no such number."""
        found = self.squares * self.unit * self.unit
        return found if 0 < found < inf or not self.squares else None

    def _total(self, deviations: Array) -> float:
        squares = (deviations / self.unit) ** 2
        return float(np.sum(squares if self.weights is None else squares * self.weights))

    @property
    def warning(self) -> str:
        """That it ended far off, where the mean of the target alone lies nearer to the data; else empty."""
        target = self.fitted + self.residuals
        with np.errstate(all="ignore"):
            about = target - np.average(target / self.unit, weights=self.weights) * self.unit
            is_far = self.squares > self._total(about) + 1e-12 * self._total(target)
        if not is_far:
            return ""
        return "the mean of the target alone is nearer to the data; another --start, or --method, may lead nearer"

    @property
    def degrees_of_freedom(self) -> int:
        """Rows less parameters."""
        return self.rows - len(self.values)

    @property
    def residual_standard_deviation(self) -> float | None:
        """The root of the sum of squares over the degrees of freedom; None where there are none."""
        freedom = self.degrees_of_freedom
        return sqrt(self.squares / freedom) * self.unit if freedom > 0 else None


def fit(
    objective: Objective,
    target: Array,
    start: Array,
    *,
    bounds: Bounds | None = None,
    weights: Array | None = None,
    method: str = FITS[0],
    names: tuple[str, str, str] = ("", "", ""),
    tell: Callable[[int], None] = lambda _count: None,
) -> Fit:
    """The parameters that make the sum of squares of target − model smallest.

    objective: the model, at each row;
    target: what it should give, a number for each row;
    start: of the parameters;
    bounds: the least and the largest value of each;
    weights: what the square of each residual counts;
    method: one of FITS, the first by default;
    names: of the model, the target and the data, as they were written;
    tell: is called with the number of each evaluation.
    Raises MathError where the model has no value at the start, InputError for what does not go together.
    """
    labels = objective.parameters.labels
    _check(objective, start, target, bounds, weights, method)
    watched = _Watched(objective, target, start, None if weights is None else np.sqrt(weights), tell)
    rows = len(target) if weights is None else int(np.count_nonzero(weights))
    best: Fit | None = None
    for each in _TRIES[method]:
        if each.method == "lm" and (bounds is not None or len(target) < len(labels)):
            continue
        if best is not None and each.goes_on and best.converged:
            break
        begin = best.values if best is not None and each.goes_on else start
        end = _tried(watched, each, begin, bounds)
        residuals, jacobian = watched.residuals_at(end.values)
        fitted = objective.each(end.values)[0]
        errors, covariance, no_error = _errors(labels, residuals, jacobian, rows, end.at_bound, watched.units)
        result = Fit(
            *names, each.method, end.converged, end.reason, watched.count, labels, end.values, start, errors, no_error,
            covariance, fitted, target - fitted, weights, watched.unit, objective.left_out,
        )  # fmt: skip
        is_flat = covariance is None and rows > len(labels) and not end.at_bound.any()
        if end.converged and is_flat and result.warning:
            result = result._replace(converged=False, reason="the sum of squares is flat there, far from the data")
        best = result if best is None else min(best, result, key=_rank)
        if end.is_stopped or (best.converged and not best.warning):
            break
    assert best is not None
    return best._replace(evaluations=watched.count)


def _rank(found: Fit) -> tuple[bool, bool, float]:
    """What is least of the best: one that did not end far off, and of those the nearest."""
    is_far = found.warning != ""
    return is_far, is_far and not found.converged, found.squares


class _End(NamedTuple):
    """Where a try has ended. at_bound: which parameters; is_stopped: whether from outside, so that no other is made."""

    values: Array
    converged: bool
    reason: str
    at_bound: Array
    is_stopped: bool = False


def _tried(watched: _Watched, way: _Try, start: Array, bounds: Bounds | None) -> _End:
    """Least squares in one way.

    watched, bounds: as `fit` has them
    way: how
    start: of the parameters
    """
    try:
        from scipy.optimize import least_squares
    except ImportError:
        raise missing("SciPy", "fit", "a fit") from None
    tolerances: dict[str, float | None] = dict.fromkeys(("ftol", "xtol", "gtol"), _TOLERANCE)
    if way.method == "trf":
        tolerances["gtol"] = None  # it is of no unit
    units = watched.units
    limits = {} if bounds is None else {"bounds": (bounds.low / units, bounds.high / units)}
    try:
        with np.errstate(all="ignore"):
            found = least_squares(
                watched.residuals,
                start / units,
                jac=watched.jacobian,
                method=way.method,
                x_scale=way.scale if isinstance(way.scale, str) else way.scale / units,
                max_nfev=way.evaluations,
                **tolerances,
                **limits,
            )
        at_bound, converged = np.asarray(found.active_mask) != 0, found.status > 0
        values = _polished(watched, found.x * units, ~at_bound, bounds) if converged else found.x * units
    except (TimeIsUpError, KeyboardInterrupt) as stop:
        if not len(watched.best[1]):
            raise
        return _End(watched.best[1], False, str(stop) or "interrupted", np.zeros(len(start), dtype=bool), True)
    return _End(values, converged, _REASONS[max(found.status, 0)], at_bound)


def _check(
    objective: Objective,
    start: Array,
    target: Array,
    bounds: Bounds | None,
    weights: Array | None,
    method: str,
) -> None:
    labels = objective.parameters.labels
    if method == "lm" and bounds is not None:
        raise InputError("lm knows no bounds", hint="--method trf keeps to them")
    if method == "lm" and len(target) < len(labels):
        message = f"lm needs as many rows as parameters, and these are {len(target)} rows for {len(labels)} parameters"
        raise InputError(message, hint="--method trf does without")
    if weights is not None and not (weights >= 0).all():
        row = int(np.argmax(~(weights >= 0)))
        place = objective.named_rows().place([row])
        raise InputError(f"a weight is 0 or above, and that of {place} is {weights[row]:g}")
    if weights is not None and not weights.any():
        raise InputError("all weights are 0, so no row counts")
    if bounds is not None:
        bounds.check(labels, start)


def _polished(watched: _Watched, values: Array, free: Array, bounds: Bounds | None) -> Array:
    """A minimum to the digits that its gradient has: the sum of squares alone is flat to half of them.

    Gauss-Newton steps of the free parameters, as long as each is shorter than the one before.
    """
    best, least = values, inf
    with np.errstate(all="ignore"), suppress(MathError, np.linalg.LinAlgError, TimeIsUpError):
        for _ in range(_POLISHES):
            watched.clock.check()
            residuals, jacobian = watched.residuals_at(values, roughly=True)
            lengths = np.linalg.norm(jacobian, axis=0)
            if not ((lengths[free] > 0) & (lengths[free] < inf)).all():
                break
            step = np.zeros(len(values))
            step[free] = np.linalg.lstsq(jacobian[:, free] / lengths[free], -residuals)[0] / lengths[free]
            size = float(np.linalg.norm(step * lengths))
            if not size < least:
                break
            best, least, values = values, size, values + step * watched.units
            if bounds is not None and not ((bounds.low <= values) & (values <= bounds.high)).all():
                break
    return best


def _errors(
    labels: Sequence[str], residuals: Array, jacobian: Array, rows: int, at_bound: Array, units: Array
) -> tuple[Array, Array | None, str]:
    """The standard errors, the covariance s²·(JᵀJ)⁻¹ with s² = Σr²/(rows − parameters), and why some are not there.

    By singular values of J, whose columns have the length 1: JᵀJ would lose half of the digits.

    labels: of the parameters
    residuals, jacobian, units: as _Watched has them
    rows: how many count
    at_bound: which parameters are at their bounds
    """
    count = len(labels)
    errors = np.full(count, np.nan)
    if rows <= count:
        what = f"{counted(rows, 'row')} for {counted(count, 'parameter')}"
        return errors, None, f"{what} leave{'s' * (rows == 1)} no degree of freedom"
    free = ~at_bound
    lengths = np.linalg.norm(jacobian, axis=0)
    flat = [label for label, length, is_free in zip(labels, lengths, free, strict=True) if is_free and not length > 0]
    if flat:
        return errors, None, f"the model does not change with {listed(flat, 'or')} there, so JᵀJ is singular"
    if not free.any():
        return errors, None, "every parameter is at its bound"
    _, sizes, lines = np.linalg.svd(jacobian[:, free] / lengths[free], full_matrices=False)
    if not sizes[-1] > sizes[0] * max(jacobian.shape) * np.finfo(float).eps:
        named = [label for label, part in zip(np.array(labels)[free], lines[-1], strict=True) if abs(part) > 0.1]
        return errors, None, f"the data do not tell {listed(named, 'and')} apart, so JᵀJ is singular"
    spread = (lines.T / sizes) / lengths[free][:, None]
    found = spread @ spread.T * float(residuals @ residuals) / (rows - count)
    errors[free] = np.sqrt(np.diag(found)) * units[free]
    covariance = np.zeros((count, count))
    with np.errstate(over="ignore"):
        whole = found * units[free] * units[free][:, None]
    covariance[np.ix_(free, free)] = np.where(np.isfinite(whole) & ((whole != 0) | (found == 0)), whole, np.nan)
    return errors, covariance, at_bounds(labels, at_bound)


class _Watched:
    """A model as SciPy calls it: residuals and their Jacobian, which are computed together, and the best so far.

    Both are in units that make numbers of about 1 of the target, and of the start of each parameter: SciPy takes what
    is far below 1 for 0. Powers of 2 round nothing.
    """

    def __init__(
        self,
        objective: Objective,
        target: Array,
        start: Array,
        scale: Array | None,
        tell: Callable[[int], None],
    ) -> None:
        """scale: what each residual is multiplied by, beside its unit."""
        self.objective, self.target, self.scale, self.tell = objective, target, scale, tell
        self.units = np.ones(len(start))
        self.unit = self._unit(start)
        self.units = self._units(start)
        self.clock = Clock()
        self.count = 0
        self.at = np.array([])
        self.best: tuple[float, Array] = (inf, np.array([]))
        self.found: tuple[Array, Array] = (np.array([]), np.array([]))

    def _unit(self, start: Array) -> float:
        """That of the residuals; where the target is 0, by what the model is at the start."""
        deviations = self.target if self.target.any() else self.objective.each(start)[0]
        largest = np.max(np.abs(deviations * (1.0 if self.scale is None else self.scale)))
        return float(_powers(largest))

    def _units(self, start: Array) -> Array:
        """Those of the parameters; where one is 0, or its slopes are too far from 1 to be squared, by those slopes."""
        scale = np.ones(len(self.target)) if self.scale is None else self.scale
        units = _powers(start)
        with np.errstate(over="ignore"):
            largest = np.max(np.abs(self.objective.each(start)[1] * (scale / self.unit)[:, None]), axis=0)
            sizes = largest * units
        is_far = (start == 0) | (sizes < 1 / _FAR) | (sizes > _FAR)
        return np.where(is_far & (largest > 0), 1 / _powers(largest), units)

    def residuals(self, numbers: Array) -> Array:
        """Infinite where the model has no value: a step that leads there is not taken."""
        vector = numbers * self.units
        if self.count:
            self.clock.check()
        self.count += 1
        self.tell(self.count)
        try:
            self.found = self.residuals_at(vector, roughly=self.count > 1)
        except MathError:
            if self.count == 1:
                raise
            return np.full(len(self.target), inf)
        self.at = vector.copy()
        square = float(self.found[0] @ self.found[0])
        if square < self.best[0]:
            self.best = square, self.at
        return self.found[0]

    def jacobian(self, numbers: Array) -> Array:
        """At a point where there are residuals."""
        vector = numbers * self.units
        if not np.array_equal(vector, self.at):
            self.at, self.found = vector.copy(), self.residuals_at(vector, roughly=True)
        return self.found[1]

    def residuals_at(self, vector: Array, *, roughly: bool = False) -> tuple[Array, Array]:
        """Model − target, weighted, and its Jacobian, in their units. Raises MathError where there is none, or it
        overflows.

        vector: of the parameters, without a unit
        roughly: as `Objective.each` has it
        """
        values, jacobian = self.objective.each(vector, roughly=roughly)
        scale = np.ones(len(values)) if self.scale is None else self.scale
        with np.errstate(over="ignore"):
            residuals = (values - self.target) * scale / self.unit
            weighted = jacobian * scale[:, None] / self.unit * self.units
            is_finite = np.isfinite(residuals @ residuals) and np.isfinite(weighted).all()
        if not is_finite:
            hint = "a --start where the model is nearer to the data may do"
            raise MathError("the sum of squared residuals overflows", hint=hint)
        return residuals, weighted


def _powers(numbers: Array) -> Array:
    """The powers of 2 that are about as large as these; 1 for 0."""
    return np.where(numbers == 0, 1.0, np.ldexp(1.0, np.clip(np.frexp(numbers)[1], -1000, 1000)))
