"""Bounds: where parameters stay, and which of them a bound holds back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import NamedTuple, Self

import numpy as np

from ..arithmetic.axes import Array, Mask
from ..errors import InputError, few, quote


class Bounds(NamedTuple):
    """The least and the largest value of each parameter, which may be infinite."""

    low: Array
    high: Array

    @classmethod
    def of(cls, what: str, labels: Sequence[str], ends: Mapping[str, tuple[float, float]]) -> Self:
        """Bounds of some parameters; the others may be any number.

        what: is asked for: `--bounds`;
        labels: what each parameter is called;
        ends: the least and the largest value, by label.
        Raises InputError for what is no parameter.
        """
        for name in ends:
            if name not in labels:
                raise InputError(f"{what} {quote(name)} is no parameter", hint=f"there is: {', '.join(labels)}")
        return cls(*np.array([ends.get(label, (-inf, inf)) for label in labels]).T)

    def check(self, labels: Sequence[str], start: Array) -> None:
        """Raise InputError where there is no room, or the start lies outside. labels: what each parameter is called."""
        for label, low, value, high in zip(labels, self.low, start, self.high, strict=True):
            if not low < high:
                raise InputError(f"the bounds of {label} leave no room: {low:g}..{high:g}")
            if not low <= value <= high:
                raise InputError(f"the start of {label}, {value:g}, is not within its bounds {low:g}..{high:g}")

    def hold(self, point: Array, gradient: Array) -> Mask:
        """Which parameters are at a bound beyond which f would fall."""
        held: Mask = ((point <= self.low) & (gradient > 0)) | ((point >= self.high) & (gradient < 0))
        return held


def at_bounds(labels: Sequence[str], held: Mask) -> str:
    """What is told of parameters at their bounds; empty where none is."""
    names = [label for label, is_held in zip(labels, held, strict=True) if is_held]
    if not names:
        return ""
    return f"{listed(names, 'and')} {'is at its bound' if len(names) == 1 else 'are at their bounds'}"


def listed(names: Sequence[str], word: str) -> str:
    """The names with commas between them, the word before the last: `a, b or c`."""
    *others, last = few([str(name) for name in names])
    return f"{', '.join(others)} {word} {last}" if others else last
