"""The time that is left: what was reached is told before the time is up, rather than nothing after it."""

from __future__ import annotations

from ..runtime.budget import left

_KEPT = 0.1  # of the time: for what is told


class TimeIsUpError(Exception):
    """The time is nearly up, so the work ends with what was reached; the message says it."""


class Clock:
    """How much of the time is left, from now on."""

    def __init__(self) -> None:
        self.whole = left()

    def check(self) -> None:
        """Raise TimeIsUpError where nearly nothing is left."""
        if left() <= self.whole * _KEPT:
            more = max(60, 10 * self.whole)
            raise TimeIsUpError(f"the time is up; --time-limit {more:.0f} gives it more")
