"""An interrupt anywhere ends the command with status 130 and without a word."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import backprop_cli
from support.command import PATIENCE, Result, environment

TRIALS = int(os.environ.get("BACKPROP_INTERRUPTS", "50"))
WORDS = ["eval", "x*sin(y) + gamma(x)/3", "--x", "1", "--y", "2"]
MODULE = "from backprop_cli.__main__ import main; main()"
SCRIPT = r"""
import re
import sys
from backprop_cli.__main__ import main
if __name__ == '__main__':
    sys.argv[0] = re.sub(r'(-script\.pyw|\.exe)?$', '', sys.argv[0])
    sys.exit(main())
"""
"""What pip makes of the entry point."""


def started(code: str, *words: str, **changes: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment(changes),
    )


def ended(process: subprocess.Popen[str]) -> Result:
    with process:
        out, err = process.communicate(timeout=PATIENCE)
    return Result(process.returncode, out, err)


# -- Where the code says so --------------------------------------------------------------------------------------------

INTERRUPT = "import os, signal; os.kill(os.getpid(), signal.SIGINT)"
PLACES = {
    "in the command": "plain_call.run = lambda words: exec(INTERRUPT)",
    "in a destructor": """
class Gone:
    def __del__(self): exec(INTERRUPT)
plain_call.run = lambda words: Gone() and None
""",
    "in a bare except": """
def run(words):
    try: exec(INTERRUPT)
    except: pass
plain_call.run = run
""",
    "in a bare except of a library that goes on": """
def run(words):
    try: exec(INTERRUPT)
    except: pass
    while True: pass
plain_call.run = run
""",
    "in a destructor, and then it waits": """
class Gone:
    def __del__(self): exec(INTERRUPT)
def run(words):
    exec("Gone()")
    os.read(os.pipe()[0], 1)
plain_call.run = run
""",
    "while click is loaded": """
class Finder:
    def find_spec(self, name, *_):
        if name == "click": exec(INTERRUPT)
sys.meta_path.insert(0, Finder())
""",
}
PREPARED = f"import sys\nfrom backprop_cli.cli import plain_call\nINTERRUPT = {INTERRUPT!r}\n"


@pytest.mark.parametrize("place", PLACES)
def test_an_interrupt_that_may_be_lost_on_the_way(place: str) -> None:
    result = ended(started(f"{PREPARED}{PLACES[place]}\n{MODULE}", "--version"))
    assert (result.status, result.err) == (130, "")


def test_an_interrupt_that_is_ignored() -> None:
    """As a shell without job control has it for what runs in the background."""
    ignored = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"
    result = ended(started(f"{ignored}\n{PREPARED}{PLACES['in the command']}\n{MODULE}", "--version"))
    assert result == (0, f"backprop, version {backprop_cli.__version__}\n", "")


# -- Just before it waits ----------------------------------------------------------------------------------------------

LATE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYSTEM(type, name) type (*system_call)() = (type (*)())dlsym(RTLD_NEXT, name)

static void interrupt_once(const char *call) {
    static int is_done;
    if (!is_done && !strcmp(getenv("INTERRUPTED"), call)) { is_done = 1; raise(SIGINT); }
}

static int is_pipe(int file) { struct stat s; return !fstat(file, &s) && S_ISFIFO(s.st_mode); }

ssize_t read(int file, void *to, size_t size) {
    SYSTEM(ssize_t, "read");
    if (file == 0 && is_pipe(0)) interrupt_once("read");
    return system_call(file, to, size);
}

ssize_t write(int file, const void *from, size_t size) {
    SYSTEM(ssize_t, "write");
    if (file == 1 && is_pipe(1)) interrupt_once("write");
    return system_call(file, from, size);
}

int open64(const char *path, int flags, mode_t mode) {
    SYSTEM(int, "open64");
    if (strstr(path, "named-pipe")) interrupt_once("open");
    return system_call(path, flags, mode);
}
"""
"""Stands before calls of the system that may wait, and interrupts once Python has looked for interrupts last."""
WAITS = {
    "read": ["eval", "-", "--x", "1"],
    "read of values": ["eval", "x", "--at", "-"],
    "read of points": ["points", "x*x"],
    "read of columns": ["points", "x*x", "--reduce", "sum"],
    "open": ["eval", "--file", "named-pipe", "--x", "1"],
    "open to write": ["eval", "x", "--x", "1", "-o", "named-pipe"],
    "write": ["eval", "+".join(["x"] * 2_000), "--x", "1", "--json"],
}


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("gcc") is None or sys.platform != "linux":
        pytest.skip("there is no gcc, or no LD_PRELOAD")
    place = tmp_path_factory.mktemp("late")
    (place / "late.c").write_text(LATE)
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", "late.so", "late.c", "-ldl"], cwd=place, check=True)
    return place / "late.so"


@pytest.mark.slow
@pytest.mark.parametrize("place", WAITS)
def test_an_interrupt_just_before_it_waits(place: str, late: Path, tmp_path: Path) -> None:
    """Python has looked for interrupts already, and the system waits as if none had come."""
    os.mkfifo(tmp_path / "named-pipe")
    changes = {"LD_PRELOAD": str(late), "INTERRUPTED": place.split()[0]}
    with subprocess.Popen(
        [sys.executable, "-c", MODULE, *WAITS[place]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=environment(changes),
    ) as process:
        try:
            assert process.wait(PATIENCE) == 130
        finally:
            process.kill()
        assert process.stderr is not None
        assert process.stderr.read() == b""


# -- At any moment -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("known", [True, False], ids=["cached", "first"])
@pytest.mark.parametrize("code", [SCRIPT, MODULE], ids=["script", "module"])
def test_at_any_moment(code: str, known: bool, step: int, tmp_path: Path) -> None:
    """Only what Python does before our code may end in a traceback."""
    rng = random.Random(f"{code}{known}")
    changes = {"BACKPROP_CACHE_DIR": str(tmp_path), **({} if known else {"BACKPROP_NO_CACHE": "1"})}
    ours = str(Path(backprop_cli.__file__).parent)
    durations = []
    for _ in range(4):
        start = time.monotonic()
        expected = ended(started(code, *WORDS, **changes))
        durations.append(time.monotonic() - start)
    ends = []
    for _ in range(TRIALS // step):
        process = started(code, *WORDS, **changes)
        time.sleep(rng.random() * min(durations))
        process.send_signal(signal.SIGINT)
        result = ended(process)
        assert f'File "{ours}' not in result.err
        if result.status == 130:
            assert result.err == ""
            assert result.out in ("", expected.out)
        elif result.status == 0:
            assert result.out == expected.out
        else:  # before our code: as Python ends it, or the system
            assert result.status in (1, -signal.SIGINT)
            assert result.out == ""
        ends.append(result.status)
    assert ends.count(130) >= TRIALS // 10 // step
