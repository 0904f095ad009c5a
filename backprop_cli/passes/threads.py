"""Work that several processors share: NumPy's loops run beside each other, and Python's lines one at a time."""

from __future__ import annotations

import os
from collections.abc import Callable
from threading import Thread


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def together(work: Callable[[], None], times: int) -> None:
    """Call `work` so many times at once, at least once. Raises what one of the calls raises, when all have ended.

    What is raised here, such as an interrupt, does not wait for them.
    """
    raised: list[BaseException] = []

    def other() -> None:
        try:
            work()
        except BaseException as error:
            raised.append(error)

    others = [Thread(target=other, daemon=True) for _ in range(times - 1)]
    for each in others:
        each.start()
    work()
    for each in others:
        each.join()
    for error in raised:
        raise error
