"""Saddles: where the gradient is 0 and f falls to both sides, which is no minimum."""

from __future__ import annotations

import numpy as np

from ..arithmetic.axes import Array, Mask
from ..errors import MathError
from .bounds import Bounds, listed
from .objective import Objective

_DIRECTIONS = 20  # along which f is bent, of which the least is found; of so few parameters, exactly
_MOST = 50_000_000  # numbers, of all gates and passes, that are looked at for it
_A_GATE = 500  # numbers that are computed while a gate is called
_STEP = 6e-6  # between slopes, in parts of a parameter: the third root of what doubles round by
_REACH = 1e-3, 1e-4  # how far f has to fall to both sides
_STEEPER = 3.0  # times as far as at the second of these, at the first: 10 at a kink, 100 where it bends
_FLAT = 1e-6  # of the largest bend, what counts as none
_SMALL = 1e-9  # beside other parameters, of which one of these is not told from 0
_LED = 0.3  # of the largest part of a direction, what is named


def falls(objective: Objective, point: Array, start: Array, held: Mask, bounds: Bounds | None) -> str:
    """The parameters along which f falls to both sides, as `x and y`; empty where none are found.

    By slopes beside the point, in the space that they span (Rayleigh and Ritz), and by f itself, which decides.

    objective, point: of a descent, and where its gradient is 0;
    start: where it began, which tells how large a parameter is;
    held, bounds: what does not change, and where all stay.
    """
    sizes = np.maximum(np.abs(point), np.abs(start))
    largest = float(np.max(sizes, initial=0.0)) or 1.0
    units = np.where(sizes > _SMALL * largest, sizes, largest)
    free = ~held
    if bounds is not None:
        free &= (point - bounds.low > _REACH[0] * units) & (bounds.high - point > _REACH[0] * units)
    count = min(int(free.sum()), _DIRECTIONS, _MOST // (2 * _work(objective)))
    if not count:
        return ""
    with np.errstate(all="ignore"):
        try:
            line = _bent_down(objective, point, np.where(free, units, 0.0), count)
            if line is None or not _is_lower(objective, point, line * units):
                return ""
        except (MathError, np.linalg.LinAlgError):  # a border is near, beside which nothing is told
            return ""
    is_led = np.abs(line) >= _LED * np.max(np.abs(line))
    return listed([label for label, each in zip(objective.parameters.labels, is_led, strict=True) if each], "and")


def _work(objective: Objective) -> int:
    """How long one pass takes, as numbers that are computed."""
    is_by_rows = objective.reduce and objective.has_arrays
    given = [*objective.fixed.values(), *(() if is_by_rows else objective.columns.values())]
    largest = max(sum(1 for _ in objective.parameters.labels), *map(np.size, given), 0)
    return len(objective.graph.nodes) * (_A_GATE + largest) * (objective.rows if is_by_rows else 1)


def _bent_down(objective: Objective, point: Array, units: Array, count: int) -> Array | None:
    """The direction along which f is bent down most, in units; None where it is not.

    units: of the parameters, 0 of those that stay
    count: of directions that are tried
    """
    dice = np.random.default_rng(0)
    lines, bends = np.empty((0, len(point))), np.empty((0, len(point)))
    new = dice.standard_normal(len(point))
    for _ in range(count):
        new = np.where(units > 0, new, 0.0)
        for _again in range(2):
            new = new - (lines @ new) @ lines
        new = new / np.linalg.norm(new)
        step = _STEP * units * new
        bend = units * (objective.at(point + step)[1] - objective.at(point - step)[1]) / (2 * _STEP)
        lines, bends = np.vstack([lines, new]), np.vstack([bends, bend])
        rest = bend - (lines @ bend) @ lines
        new = rest if np.linalg.norm(rest) > _FLAT * np.linalg.norm(bend) else dice.standard_normal(len(point))
    found = lines @ bends.T
    sizes, parts = np.linalg.eigh((found + found.T) / 2)
    least: Array = parts[:, 0] @ lines
    return least if sizes[0] < -_FLAT * np.max(np.abs(sizes)) else None


def _is_lower(objective: Objective, point: Array, line: Array) -> bool:
    """Whether f is lower on both sides of the point, and the more so the farther away."""
    here = objective.at(point)[0]
    drops = [[here - objective.at(point + side * reach * line)[0] for side in (-1, 1)] for reach in _REACH]
    return min(drops[0]) > 0 and sum(drops[0]) > _STEEPER * sum(drops[1]) > 0
