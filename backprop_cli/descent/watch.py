"""The time that is left: what was reached is told before the time is up, rather than nothing after it."""

from __future__ import annotations

from math import inf
from time import monotonic

from ..runtime.budget import left

_KEPT = 0.1  # of the time: for what is told
_OFTEN = 0.001  # of the time, after which it is looked at again: asking for that of the processor may take microseconds


class TimeIsUpError(Exception):
    """The time is nearly up, so the work ends with what was reached; the message says it."""


class Clock:
    """How much of the time is left, from now on."""

    def __init__(self) -> None:
        self.whole = left()
        self.least = self.whole * _KEPT if self.whole < inf else 0.0
        self.next = monotonic()

    def check(self) -> None:
        """Raise TimeIsUpError where nearly nothing is left."""
        now = monotonic()
        if now < self.next:
            return
        self.next = now + self.whole * _OFTEN
        if left() <= self.least:
            more = max(60, 10 * self.whole)
            raise TimeIsUpError(f"the time is up; --time-limit {more:.0f} gives it more")
