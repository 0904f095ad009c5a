"""A limit on the time and memory that work takes: in any thread, inside what others wrote, and without a signal.

A watchdog, in a thread of its own, raises an exception in the thread that works. What holds on to the interpreter for
long in one call (a power of huge integers) cannot be ended so; arithmetics refuse it before it begins.
"""

from __future__ import annotations

import os
import sys
from _thread import _local, allocate_lock, get_ident, start_new_thread  # what threading loads takes longer
from time import monotonic, process_time

from ..errors import BackpropError, InputError

TYPE_CHECKING = False  # without loading typing
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    Result = TypeVar("Result")

SECONDS = 8.0
"""How long a command may take, unless it is told."""
MEMORY = 900_000_000
"""Bytes of data that the console command may have."""
_AGAIN = 0.5  # seconds after which the exception is raised once more: something may have caught it
_TICK = 0.05  # seconds that the watchdog sleeps at once: a limit inside another may have come meanwhile
_RESERVE = 1 / 2  # as much memory again for what ends the process when it is refused some: the watchdog sees it before
_STACKS = 8  # threads at once, of ours and of libraries, whose stacks count as data, as large as each may become
_bounded = 0  # bytes, where bound_memory has set the limit


class TooSlowError(BackpropError):
    """What was asked for takes longer than it may (exit status 1)."""

    exit_code = 1

    def __init__(self, seconds: float, what: str = "this") -> None:
        more = max(60, 10 * seconds)
        hint = f"--time-limit {more:g} gives it more"
        super().__init__(f"{what} takes longer than {seconds:g} second{'s' * (seconds != 1)}", hint=hint)
        self.seconds = seconds


class _Stop(BaseException):
    """The time is up. No Exception, because SymPy tries things and catches what they raise."""


class _Nothing(BaseException):
    """What replaces a Stop that was sent and has not arrived."""


class _Enough(BaseException):
    """So many calls were made. No Exception, as _Stop is none."""


class _Limit:
    """One limit on the work of a thread.

    over: whether the work is done
    full: whether it is stopped for the memory it takes
    """

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.end = clock() + seconds
        self.Stop: type[_Stop] = type("Stop", (_Stop,), {})  # limits lie inside each other, and each knows its own
        self.over = self.full = False


class _Worker:
    """A thread that works within limits, the outermost first.

    sending: whether its watchdog may be raising a Stop right now; sent: when it did so last.
    """

    def __init__(self) -> None:
        self.thread = get_ident()
        self.limits: tuple[_Limit, ...] = ()
        self.sending = False
        self.sent = 0.0
        self.replace: Callable[[], object] = bool  # what replaces a Stop that is on its way: none is
        self.done, self.left = allocate_lock(), allocate_lock()  # released when the work is done, the watchdog gone
        self.done.acquire()
        self.left.acquire()

    def watch(self) -> None:
        """Be its watchdog, in another thread, until the work is done."""
        try:
            while not self.done.acquire(timeout=_TICK):
                limits = self.limits
                late = next((limit for limit in limits if limit.clock() > limit.end), None)
                if limits and _bounded and _resident() > _bounded:
                    late = limits[0]
                    late.full = True
                if late and monotonic() > self.sent + _AGAIN:
                    self.send(late)
            if self.sent:
                _silence(-1)
        finally:  # even out of memory: the worker waits for it
            self.left.release()

    def send(self, limit: _Limit) -> None:
        """Raise Stop in the thread, unless the work is over."""
        from ctypes import c_ulong, py_object, pythonapi
        from functools import partial

        raise_in = pythonapi["PyThreadState_SetAsyncExc"]  # a function of our own, which nobody has changed
        send = partial(raise_in, c_ulong(self.thread), py_object(limit.Stop))
        self.replace = partial(raise_in, c_ulong(self.thread), py_object(_Nothing))
        if not self.sent:
            _silence(+1)
        self.sent = monotonic()
        self.sending = True
        if not limit.over:
            send()
        self.sending = False


def _watched() -> _Worker:
    """This thread as a worker, with its watchdog."""
    try:
        worker = _Worker()
        start_new_thread(worker.watch, ())
    except RuntimeError as error:  # no lock and no thread are to be had
        raise MemoryError(*error.args) from None
    return worker


class _Here(_local):
    worker: _Worker | None = None


_here = _Here()


def within(seconds: float, work: Callable[[], Result], clock: Callable[[], float] | None = None) -> Result:
    """What `work()` gives. Raises TooSlowError when it takes longer, MemoryError where it takes too much (_bounded).

    work: what is done, in this thread
    clock: what tells the time (that of the limit around this one, or `monotonic`); `processor_time` where waiting for
    input and output is no work.
    Raises InputError unless `seconds` is above 0; infinity is no limit.
    """
    if not seconds > 0:
        raise InputError(f"a time limit is a number of seconds above 0, not {seconds}")
    outer = _here.worker
    limit = _Limit(seconds, clock or (outer.limits[-1].clock if outer else monotonic))
    worker = outer or _watched()
    around = worker.limits
    try:
        try:
            _here.worker, worker.limits = worker, (*around, limit)
            return work()
        finally:
            # An exception from outside arrives at calls and loops only. Here is neither, between saying that the work
            # is over and putting something else in the place of what has been sent: so no Stop arrives later. (Nothing
            # in its place would have the interpreter look for it from then on; Python 3.11 hangs where it traces.)
            limit.over = True
            while worker.sending:
                pass
            if worker.sent:
                try:
                    while True:  # until it arrives: in what the collector calls back it is lost
                        worker.replace()
                except _Nothing:
                    pass
    except limit.Stop:
        raise MemoryError if limit.full else TooSlowError(seconds) from None
    finally:
        worker.limits, _here.worker = around, outer
        if outer is None:
            worker.done.release()
            worker.left.acquire()


def processor_time() -> float:
    """Seconds of a processor that this process has had, and those that it started and that have ended."""
    return process_time() + sum(os.times()[2:4])  # the system tells of those in hundredths of a second only


def share(part: float, work: Callable[[], Result]) -> Result:
    """What `work()` gives within this part of the time that is left: for what one can do without."""
    return within(max(part * left(), _TICK), work)


def in_calls(most: int, work: Callable[[], Result]) -> Result | None:
    """What `work()` gives within so many calls of Python's functions, be the machine fast or slow; None beyond."""
    calls, before = 0, sys.gettrace()

    def called(*_: object) -> None:
        nonlocal calls
        calls += 1
        if calls > most:
            raise _Enough

    sys.settrace(called)
    try:
        return work()
    except _Enough:
        return None
    finally:
        sys.settrace(before)


def left(otherwise: float = SECONDS) -> float:
    """The seconds that the work of this thread still has. otherwise: where nothing limits it."""
    limits = _here.worker.limits if _here.worker else ()
    return max(0.0, min((limit.end - limit.clock() for limit in limits), default=otherwise))


def now() -> float:
    """What the clock that limits the work of this thread tells, so that waiting for others costs none of it."""
    limits = _here.worker.limits if _here.worker else ()
    return (limits[-1].clock if limits else monotonic)()


def bound_memory() -> None:
    """Have the system refuse this process, and those that it starts, more than MEMORY bytes of data, where it can.

    A limit that is set already (`ulimit -d`) stays.
    """
    global _bounded
    if sys.platform != "win32":
        from resource import RLIM_INFINITY, RLIMIT_DATA, getrlimit

        soft, hard = getrlimit(RLIMIT_DATA)
        if soft == RLIM_INFINITY:
            _bounded = MEMORY if hard == RLIM_INFINITY else min(MEMORY, hard)
            _refuse_beyond(_bounded)


def reserve_memory() -> None:
    """Leave it to the watchdog to bound the memory, for a library that ends the process where it is refused some."""
    if _bounded and _resident():
        _refuse_beyond(int((1 + _RESERVE) * _bounded))


def _refuse_beyond(size: int) -> None:
    """Have the system refuse so many bytes of data and more, beside stacks of threads, of which most is never used."""
    if sys.platform != "win32":
        from resource import RLIM_INFINITY, RLIMIT_DATA, RLIMIT_STACK, getrlimit, setrlimit

        stack, _ = getrlimit(RLIMIT_STACK)
        size += 0 if stack == RLIM_INFINITY else _STACKS * stack
        _, hard = getrlimit(RLIMIT_DATA)
        setrlimit(RLIMIT_DATA, (size if hard == RLIM_INFINITY else min(size, hard), hard))


def _resident() -> int:
    """The bytes of memory that this process has in use, where the system tells (Linux does); else 0."""
    try:
        with open("/proc/self/statm", "rb") as told:  # noqa: PTH123 - pathlib is not loaded
            return int(told.read().split()[1]) * 4096
    except OSError:
        return 0


_silencing, _silent, _told = allocate_lock(), 0, sys.unraisablehook


def _silence(more: int) -> None:
    """One more or less for whom Python is not to print that a destructor has raised what was sent, and went on."""
    global _silent, _told
    with _silencing:
        if not _silent:
            _told, sys.unraisablehook = sys.unraisablehook, _tell
        _silent += more
        if not _silent and sys.unraisablehook is _tell:
            sys.unraisablehook = _told


def _tell(what: sys.UnraisableHookArgs) -> None:
    if not (what.exc_type and issubclass(what.exc_type, (_Stop, _Nothing))):
        _told(what)
