"""What is told while points are answered: errors and warnings as they come, a count at the end, a bar on a terminal."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any

import click

from ..errors import FEW, BackpropError, counted, printable
from ..runtime.streams import columns, emit
from .output import say

if TYPE_CHECKING:
    from ..graph.graph import Graph
    from ..passes.trace import Notice
    from ..points.evaluate import Result

_STEPS = 200  # of the progress bar
_MOMENT = 1.0  # seconds without a bar
_BESIDE = len("points  []  100%  1d 00:00:00")  # what stands on its line beside it


class Report:
    """What became of the points: errors and warnings as they come, a count and the exit status at the end."""

    def __init__(self, on_error: str, move: Callable[[], None] | None, noun: str = "line") -> None:
        """move: what moves the bar on, None where there is none; noun: what is numbered."""
        self.on_error = on_error
        self.noun = noun
        self.move = move
        self.before = "\r\x1b[K" if move else ""  # clears the terminal's line
        self.done = self.failed = 0
        self.noticed: dict[str, dict[str, int]] = {}  # by kinds and nodes: at how many more points it is the same
        self.beyond: dict[str, int] = {}  # by kinds: how many are of other nodes

    def answered(self, points: int = 1) -> None:
        """One more point, or several, has its line, and nothing is to tell of it."""
        self.done += points
        if self.move is not None:
            self.move()

    def writing(self, write: Callable[[str], None]) -> Callable[[str], None]:
        """What writes the line of a point of which nothing is to tell."""

        def tell(line: str) -> None:
            write(line)
            self.answered()

        return tell

    def take(self, result: Result) -> bool:
        """Whether the result has a line."""
        if result.error is not None:
            self._failure(result.error, result.row.line)
            return self.on_error == "null"
        self.answered()
        if result.trace is not None:
            for notice in result.trace.warnings:
                self._notice(notice, result.row.line)
        return True

    def _failure(self, error: BackpropError, line: int) -> None:
        sys.stdout.flush()  # what is done stands before the error on a terminal
        self.failed += 1
        if self.on_error == "stop":
            after = f", after {counted(self.done, 'point')}" if self.done else ""
            error.message = f"{self.noun} {line}{after}: {error.message}"
            self._counts()
            raise error
        self._say(f"error: {self.noun} {line}: {printable(error.message)}")

    def of_the_graph(self, graph: Graph) -> None:
        """The warnings that are the same at all points."""
        from ..arithmetic import FLOATS
        from ..passes.trace import notices, told

        for line in told(notices(graph, FLOATS)):
            self._say(line)

    def _notice(self, notice: Notice, line: int) -> None:
        from ..passes.trace import EVERYWHERE

        if notice.kind in EVERYWHERE:
            return
        nodes = self.noticed.setdefault(notice.kind, {})
        if notice.node in nodes:
            nodes[notice.node] += 1
        elif len(nodes) < FEW:
            nodes[notice.node] = 0
            self._say(f"warning: {self.noun} {line}: {notice.message}")
        else:
            self.beyond[notice.kind] = self.beyond.get(notice.kind, 0) + 1

    def finish(self) -> int:
        """Tell the counts; return the exit status."""
        self._counts()
        if self.failed:
            end = "left out" if self.on_error == "skip" else "without a result"
            self._say(f"{self.failed:,} of {counted(self.done + self.failed, 'point')} {end}")
        return 1 if self.failed else 0

    def _counts(self) -> None:
        from ..passes.trace import beyond

        for kind, nodes in self.noticed.items():
            for node, more in nodes.items():
                if more:
                    self._say(f"warning: the same of {node} at {counted(more, 'point')} more")
            if others := self.beyond.get(kind):
                self._say(beyond(kind, others))

    def _say(self, line: str) -> None:
        emit(self.before, sys.stderr)
        say(line, sys.stderr)


@contextmanager
def progress(done: Callable[[], int], size: int | None) -> Iterator[Callable[[], None] | None]:
    """A bar on a terminal that shows nothing else; gives what moves it on, None where there is no bar.

    done: how much has been read; size: how much there is, None where nobody knows.
    """
    if not size or not _bar_is_shown():
        yield None
        return
    room = (columns(sys.stderr) or 0) - _BESIDE
    with click.progressbar(length=size, label="points", file=sys.stderr, width=min(36, max(1, room))) as bar:

        def move(least: int = size // _STEPS) -> None:
            if done() - bar.pos > least:
                bar.update(done() - bar.pos)

        yield move
        move(0)


@contextmanager
def counting(label: str, length: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal for work of at most so many steps, once it takes longer than a moment.

    Gives what is told the number of each step.
    """
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda _step: None
        return
    begun, bar = 0.0, None
    with ExitStack() as stack:

        def tell(step: int) -> None:
            nonlocal begun, bar
            begun = begun or monotonic()
            if bar is None and monotonic() > begun + _MOMENT:
                shown: Any = click.progressbar(length=length, label=label, file=sys.stderr, show_pos=True, width=20)
                stack.callback(emit, "\x1b[1A\x1b[K", sys.stderr)  # the line of the bar is gone when it is done
                bar = stack.enter_context(shown)
            if bar is not None and step - bar.pos > length // _STEPS:
                bar.update(step - bar.pos)

        yield tell


def _bar_is_shown() -> bool:
    """Whether the results go to a file. Behind a pipe, another program may write on the same terminal."""
    if sys.stderr is None or not sys.stderr.isatty() or sys.stdout.isatty():
        return False
    return not stat.S_ISFIFO(os.fstat(sys.stdout.fileno()).st_mode)
