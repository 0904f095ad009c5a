"""The passes on exact numbers and on symbols, within a time that people wait."""

from __future__ import annotations

import signal
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from . import point
from .arithmetic import Value
from .arithmetic.symbolic import Symbolic, UndecidedError
from .engine import run
from .errors import MathError
from .graph import Graph
from .trace import Trace

SECONDS = 4.0
"""How long a computation on exact numbers or symbols may take."""


class TooSlowError(Exception):
    """The time was up."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TooSlowError in the block when the time is up. Only the main thread of a Unix process can be stopped."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def stop(_number: int, _frame: Any) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def run_exact(
    graph: Graph, given: Mapping[str, float | str], *, wrt: Collection[str] | None = None, ties: str = "both"
) -> Trace:
    """The trace on exact numbers; a variable without a value is a symbol.

    Raises MathError as the engine does, and where the numbers grow beyond what can be carried in SECONDS.
    """
    arithmetic = Symbolic()
    try:
        with time_limit(SECONDS):
            values: dict[str, Value] = point.complete(given, arithmetic)
            symbols = {node.name: arithmetic.symbol(node.name) for node in graph.variables if node.name not in values}
            return run(graph, {**values, **symbols}, wrt=wrt, ties=ties, arithmetic=arithmetic)
    except TooSlowError:
        message = f"exact numbers are not carried through this in {SECONDS:g} seconds"
    except RecursionError:
        message = "the formulas are nested too deeply for exact numbers"
    except UndecidedError as error:
        message = str(error)
    raise MathError(message, graph.source, hint="--precision 50 gives 50 correct digits")
