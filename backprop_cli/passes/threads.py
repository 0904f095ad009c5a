"""Work that several processors share: NumPy's loops run beside each other, and Python's lines one at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import islice
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


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


def ahead(items: Iterator[T]) -> Iterator[T]:
    """The items, each of which is worked out in another thread while the one before is looked at.

    Raises what they raise, when its turn comes. What is raised here, such as an interrupt, does not wait for them.
    """
    found: list[list[T] | BaseException] = []

    def work() -> None:
        try:
            found.append([*islice(items, 1)])
        except BaseException as error:
            found.append(error)

    def begun() -> Thread:
        other = Thread(target=work)
        other.start()
        return other

    coming = begun()
    while True:
        coming.join()
        one = found.pop()
        if isinstance(one, BaseException):
            raise one
        if not one:
            return
        coming = begun()
        yield from one
