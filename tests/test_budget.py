"""A limit on time: it ends what never ends, in any thread, and leaves nothing behind."""

from __future__ import annotations

import _thread
import cProfile
import gc
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from backprop_cli import BackpropError, backprop
from backprop_cli.errors import InputError, MathError
from backprop_cli.runtime import budget
from backprop_cli.runtime.budget import SECONDS, TooSlowError, in_calls, left, processor_time, share, within
from support.command import PATIENCE


def endless() -> None:
    while True:
        sum(range(100))


def deaf() -> None:
    """As SymPy does in places: try, and catch whatever comes, once."""
    try:
        endless()
    except BaseException:
        endless()


class Slow:
    """Python prints what a destructor raises, and goes on."""

    def __del__(self) -> None:
        endless()


def in_a_destructor() -> None:
    Slow()
    endless()


def in_a_generator() -> None:
    def numbers() -> object:
        try:
            yield
        finally:
            endless()

    next(iter(numbers()))  # type: ignore[call-overload]
    gc.collect()
    endless()


def in_another_limit() -> None:
    within(100, endless)


NEVER_ENDING = [endless, deaf, in_a_destructor, in_a_generator, in_another_limit]


@pytest.mark.parametrize("work", NEVER_ENDING, ids=lambda work: work.__name__)
@pytest.mark.parametrize("clock", [None, processor_time])
def test_what_never_ends(
    work: Callable[[], None],
    clock: Callable[[], float] | None,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(budget, "_AGAIN", 0.1)
    threads, told = _thread._count(), sys.unraisablehook
    for _ in range(2):
        with pytest.raises(TooSlowError) as error:
            within(0.1, work, clock)
        assert str(error.value) == "error: this takes longer than 0.1 seconds\nhint: --time-limit 60 gives it more"
        assert (_thread._count(), sys.unraisablehook) == (threads, told)
    assert capfd.readouterr() == ("", "")


def test_in_any_thread_at_once() -> None:
    found: list[str] = []

    def thread() -> None:
        for _ in range(3):
            try:
                within(0.1, endless)
            except TooSlowError as error:
                found.append(error.message)

    threads = [threading.Thread(target=thread) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert found == ["this takes longer than 0.1 seconds"] * 12


@pytest.mark.parametrize("lacking", ["start_new_thread", "allocate_lock"])
def test_no_thread_is_to_be_had(lacking: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")  # as Python does

    monkeypatch.setattr(budget, lacking, refuse)
    with pytest.raises(MemoryError):
        within(1, bool)


def test_what_ends() -> None:
    """The result, or its own error, which is not lost even where the time is up at that moment."""
    assert within(10, lambda: "done") == "done"
    with pytest.raises(ZeroDivisionError):
        within(10, lambda: 1 / 0)


def test_waiting_is_no_work_by_the_clock_of_the_processor() -> None:
    assert within(0.2, lambda: time.sleep(0.5), processor_time) is None


@pytest.mark.skipif(sys.platform == "win32", reason="there nobody tells the time of processes that have ended")
def test_the_work_of_other_processes_is_work() -> None:
    """As Graphviz's, of which each picture of `graph --steps` has one."""

    def work() -> None:
        while True:
            subprocess.run([sys.executable, "-c", "sum(range(1_000_000))"], check=True)

    with pytest.raises(TooSlowError):
        within(0.5, work, processor_time)


def test_a_share_ends_by_itself() -> None:
    def work() -> str:
        before = left()
        with pytest.raises(TooSlowError):
            share(1 / 50, endless)
        assert before - 5 < left() < before
        return "done"

    assert left() == SECONDS
    assert within(10, work) == "done"
    assert left() == SECONDS


def test_a_share_ends_with_the_whole() -> None:
    def work() -> None:
        try:
            within(100, endless)
        except TooSlowError:
            pytest.fail("the inner limit is not the one that is over")

    with pytest.raises(TooSlowError, match=r"longer than 0\.1 seconds"):
        within(0.1, work)


def test_what_is_traced_goes_on_behind_it() -> None:
    """CPython 3.11 waits for ever for what was taken back, if it is traced meanwhile."""
    profile = cProfile.Profile()
    profile.enable()
    try:
        with pytest.raises(TooSlowError):
            within(0.1, endless)
    finally:
        profile.disable()


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_a_limit_is_above_0(seconds: float) -> None:
    with pytest.raises(InputError):
        within(seconds, endless)


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="only on Unix")
def test_the_alarm_is_its_users() -> None:
    rung: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, _frame: rung.append(number))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(TooSlowError):
            within(0.3, endless)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert rung == [signal.SIGALRM]


# -- Nothing arrives late --------------------------------------------------------------------------------------------


def _some_work(chance: random.Random, steps: int) -> None:
    """Loops, calls, destructors, a caught exception, an error: of about that many steps."""

    class Destroyed:
        def __del__(self) -> None:
            for _ in range(steps // 10):
                pass

    kind = chance.randrange(6)
    try:
        for step in range(steps):
            if kind == 0:
                sum(range(10))
            elif kind == 1 and step % 1_000 == 0:
                Destroyed()
    except BaseException:
        if kind != 2:
            raise
    if kind == 3:
        raise KeyError


def _trials(seed: int, seconds: float, found: list[str]) -> None:
    """Work that takes about as long as it may, some of it inside another limit."""
    chance = random.Random(seed)
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            work = partial(_some_work, chance, chance.randrange(1_000, 60_000))
            limit = chance.random() * 0.006 + 1e-6
            if chance.random() < 0.3:
                work = partial(within, chance.random() * 0.006 + 1e-6, work)
            try:
                within(limit, work)
                found.append("done")
            except (TooSlowError, KeyError) as error:
                found.append(type(error).__name__)
            for _ in range(300):  # whoever called: nothing may arrive here
                str(_)
    except BaseException as error:
        found.append(f"late: {error!r}")
        raise


@pytest.mark.parametrize("seconds", [1, pytest.param(15, marks=pytest.mark.slow)])
def test_nothing_arrives_when_the_work_is_over(
    seconds: float, step: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(budget, "_TICK", 0.001)
    monkeypatch.setattr(budget, "_AGAIN", 0.003)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    found: list[str] = []
    try:
        threads = [threading.Thread(target=_trials, args=(seed, seconds / step, found)) for seed in range(3)]
        for each in threads:
            each.start()
        _trials(99, seconds / step, found)
        for each in threads:
            each.join(60)
    finally:
        sys.setswitchinterval(interval)
    assert set(found) == {"done", "TooSlowError", "KeyError"}
    assert budget._silent == 0


# -- Where it is used ------------------------------------------------------------------------------------------------

ENDLESS = "gamma(exp(sin(x))*1/3)" + "**(1/3 + gamma(x/7))" * 12
"""What SymPy does not finish."""


def test_the_library_has_a_limit_where_it_is_asked_for() -> None:
    assert backprop("x*x", x=3, time_limit=10).value == 9
    with pytest.raises(BackpropError, match=r"this takes longer than 0\.2 seconds"):
        backprop("*".join(["(x + 1/3)**(1/7)"] * 300), x="1/3", precision=10_000, time_limit=0.2)


def test_where_a_debugger_or_a_measure_of_coverage_traces() -> None:
    code = (
        "import sys; from backprop_cli.runtime.budget import TooSlowError, in_calls, within\n"
        "def endless():\n    while True: pass\n"
        "sys.settrace(lambda *_: None)\n"
        "try: within(0.1, endless)\n"
        "except TooSlowError: print('too slow')\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (result.stdout, result.stderr) == ("too slow\n", "")


ALLOCATES = """
import resource
from backprop_cli.runtime.budget import MEMORY, bound_memory
resource.setrlimit(resource.RLIMIT_STACK, (8_000_000, resource.getrlimit(resource.RLIMIT_STACK)[1]))
bound_memory()
bytearray(MEMORY - 100_000_000)
try:
    bytearray(1_000_000_000)
except MemoryError:
    print("no more")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="others do not bound it, or otherwise")
def test_memory_is_bounded() -> None:
    result = subprocess.run(
        [sys.executable, "-c", ALLOCATES], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert (result.stdout, result.stderr) == ("no more\n", "")


FILLS = """
from backprop_cli.runtime import budget
budget.MEMORY = 150_000_000
budget.bound_memory()
from backprop_cli.arithmetic.balls import Balls
with Balls(10_000).working():
    from flint import arb
    taken = []
    def fill():
        while True:
            taken.append(arb(2).sqrt())
    try:
        budget.within(60, fill)
    except MemoryError:
        print("no more")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="others do not tell the memory in use")
def test_a_library_that_would_end_the_process_is_stopped_before() -> None:
    """FLINT aborts where it is refused memory."""
    result = subprocess.run(
        [sys.executable, "-c", FILLS], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert (result.stdout, result.stderr) == ("no more\n", "")


# -- What is sent while the collector calls back -------------------------------------------------------------------


@pytest.fixture
def swallowing() -> Iterator[None]:
    """A collector that runs all the time, and calls back for long: what arrives in a callback, Python drops."""
    threshold = gc.get_threshold()

    def callback(_phase: str, _info: dict[str, int]) -> None:
        for _ in range(300):
            pass

    gc.callbacks.append(callback)
    gc.set_threshold(1)
    yield
    gc.set_threshold(*threshold)
    gc.callbacks.remove(callback)


def allocate() -> list[object]:
    return [[] for _ in range(20)]


@pytest.mark.usefixtures("swallowing")
def test_work_ends_though_the_collector_swallows_what_is_sent() -> None:
    def for_long() -> None:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            allocate()

    with pytest.raises(TooSlowError):
        within(0.01, for_long)


def test_where_there_is_no_time_for_more_digits_there_is_no_lesser_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(seconds: float, work: object) -> object:
        raise TooSlowError(seconds)

    monkeypatch.setattr("backprop_cli.passes.certain.within", late)
    for expression, told in (
        ("(1 - tanh(x))*exp(2*x)", "39 digits, for which there is time, do not prove those of ∂f/∂x"),
        ("sin(acos(-1))*x", "39 digits, for which there is time, do not prove those of sin(acos(-1))"),
        ("max(sin(x)**2 + cos(x)**2, 1)", "is not decided at q5 = 1: 39 digits, for which there is time, do not tell"),
    ):
        with pytest.raises(MathError, match="for which there is time") as caught:
            backprop(expression, x=2500, precision=20)
        assert told in str(caught.value)
        assert "--time-limit gives it more" in caught.value.hint


def test_work_is_bounded_by_calls_whatever_the_time() -> None:
    before = sys.gettrace()
    for most, found in ((100, None), (10_000, 500)):
        assert in_calls(most, lambda: len([each for _ in range(500) if (each := allocate())])) == found
    with pytest.raises(ZeroDivisionError):
        in_calls(10, lambda: 1 // 0)
    with pytest.raises(TooSlowError):
        within(0.05, lambda: in_calls(10**9, lambda: [None for _ in iter(list, 0) if not allocate()]))
    assert sys.gettrace() is before
