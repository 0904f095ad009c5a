"""The whole command under hostile load: anything typed, anything read, anything in the cache, any signal, any locale.

No traceback, no exit status but 0, 1, 2 and 130, no hang, no file outside the cache, never a damaged result. This is
what CI runs in a minute; by hand it goes on for as many inputs as are wanted, and as many kills in proportion:

    BACKPROP_ENDURANCE=1000000 pytest -m slow tests/test_endurance.py
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from backprop_cli.graph.graph import validate
from backprop_cli.language.program import Program
from support.cached import files, read, the_entry
from support.command import PATIENCE, call, command, environment
from support.formulas import FORMULAS
from support.fuzz import characters, mutation, nest, soup
from support.hostile import Hang, hang_guard
from support.lines import PROGRAM, WORDS
from support.suites import rarely

pytestmark = pytest.mark.slow
INPUTS = int(os.environ.get("BACKPROP_ENDURANCE", "2000"))
KILLS = max(100, INPUTS // 1000)
PARTS = 8
SECONDS = 2
"""Of processor time, for one call."""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and an empty directory to be in."""
    monkeypatch.setenv("BACKPROP_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("BACKPROP_NO_CACHE", raising=False)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "cache"


# -- Whatever is typed ---------------------------------------------------------------------------------------------

_written: list[str] = []
_watching: list[Path] = []
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


def _hook(event: str, args: tuple[Any, ...]) -> None:
    """Note every file that is opened for writing, made, renamed or removed outside the cache."""
    if not _watching:
        return
    if event == "open" and isinstance(args[2], int) and args[2] & _WRITES:
        if isinstance(args[0], str) and Path(args[0]).is_dir():  # a temporary file without a name, as for Graphviz
            return
        paths = args[:1]
    elif event in (
        "os.mkdir",
        "os.remove",
        "os.rmdir",
        "os.rename",
        "os.link",
        "os.symlink",
        "os.truncate",
        "os.chmod",
    ):
        paths = args[:2] if event in ("os.rename", "os.link", "os.symlink") else args[:1]
    else:
        return
    allowed = str(_watching[0]), "/dev/null"
    named = [os.fsdecode(path) for path in paths if isinstance(path, str | bytes)]
    _written.extend(f"{event} {path!r}" for path in named if not path.startswith(allowed))


@pytest.fixture(scope="module", autouse=True)
def watched() -> None:
    sys.addaudithook(_hook)


def formula(rng: random.Random) -> str:
    return rng.choice(FORMULAS).expression


def program(rng: random.Random) -> str:
    """Lines of a program, of which one or two are wrong now and then."""
    lines = PROGRAM.splitlines()
    for _ in range(rng.randrange(3)):
        at = rng.randrange(len(lines))
        lines[at] = rng.choice(
            ["", f"{rng.choice('qxf')} = {soup(rng)}", mutation(rng), lines[-1], "m(t) = t", "a = b", lines[at][1:]]
        )
    return rng.choice(["\n", ";", "\r\n", "\n\n"]).join(lines)


TEXTS: dict[Callable[[random.Random], str], int] = {
    characters: 2,
    soup: 3,
    mutation: 4,
    nest: 2,
    formula: 3,
    program: 4,
}
VALUES = [
    "1",
    "-2",
    "0",
    "1/3",
    "pi",
    "1e300",
    "-1e-300",
    "nan",
    "inf",
    "",
    "x",
    "1/0",
    "0.5",
    "2e-3",
    "9" * 100,
    "\udcff",
]
NAMES = [*"xyzwtefs", "σ", "x₀", "pi", "json", "set", "value", "μ", "b", "x_1", "q1", "hि", "_", "\udcff"]
FLAGS = [
    "--json",
    "--expand",
    "--allow-nonfinite",
    "--no-cache",
    "--exact",
    "--hessian",
    "--help",
    "--trace",
    "--",
    "-h",
    "--version",
]
CHOICES: dict[str, list[str]] = {
    "--format": ["table", "json", "csv", "markdown", "dot", "svg", "tree", "jsonl", "yaml", ""],
    "--ties": ["both", "split", "first", "none"],
    "--get": ["value", "x", "q", "nobody"],
    "--wrt": ["x", "x,y", "", "nobody", "x,,"],
    "--digits": ["1", "6", "40", "0", "-1", "x", "10000"],
    "--precision": ["2", "30", "1", "x", "60"],
    "--at": ["-", "{", '{"x": 1, "y": 2, "z": 3}', "/nowhere", "[]", "/dev/null", '{"x": null}', "."],
    "--file": ["-", "/nowhere", "/dev/null", ".", "\0"],
    "--delimiter": [";", "tab", "", "xx"],
    "--rename": ["x=a b", "x", "=", "q=x"],
    "--on-error": ["stop", "skip", "null", "go"],
    "--set": ["x=1", "x", "=1", "json=2", "x=", "\udcff=1"],
    "--claim": ["x=y", "y=2*x", "x", "x=", "=1", "z=x+y", "x=sine(x)", "nobody=1"],
    "--claims": ["-", "/nowhere"],
    "--nudge": ["0.1", "0", "x", "1e400"],
    "--to": ["python", "c", "numpy", "latex", "nothing"],
}
COMMANDS = {
    "eval": 30,
    "points": 5,
    "explain": 4,
    "graph": 4,
    "code": 3,
    "check": 2,
    "derive": 1,
    "ops": 1,
    "cache": 1,
    "nothing": 1,
}


def words(rng: random.Random) -> list[str]:
    """A command line, more or less."""
    line = rng.choices(list(COMMANDS), weights=list(COMMANDS.values()))
    text = rng.choices(list(TEXTS), weights=list(TEXTS.values()))[0](rng)
    if rng.random() < 0.95:
        line.append(text)
    try:
        known = [node.name for node in Program(text).graph().variables] if rng.random() < 0.7 else []
    except Exception:  # what is wrong with it, the command will say
        known = []
    for name in known or rng.sample(NAMES, rng.randrange(4)):
        if rng.random() < 0.97:
            value = rng.choice(VALUES) if rng.random() < 0.2 else f"{rng.uniform(-2, 2):.3g}"
            line += rng.choice([[f"--{name}", value], [f"--{name}={value}"], ["--set", f"{name}={value}"]])
    if rng.random() < 0.3:  # else nearly all is refused
        return [*line, *rng.choice([[], ["--json"], ["--format", "csv"], ["--get", "value"], ["--expand"]])]
    for _ in range(rng.choice([0, 0, 1, 1, 2, 3])):
        name = rng.choice(list(CHOICES))
        value = rng.choice(CHOICES[name])
        line += rng.choice([[name, value], [f"{name}={value}"], [rng.choice(FLAGS)], [name], [rng.choice(FLAGS)]])
    if rng.random() < 0.1:
        line.insert(rng.randrange(len(line) + 1), characters(rng))
    if rng.random() < 0.05:
        rng.shuffle(line)
    return line


def stdin(rng: random.Random) -> bytes:
    """JSON, CSV, a program, or a piece of one, with bytes that are out of place."""
    text = rng.choice(
        [
            "",
            '{"x": 1, "y": "1/3", "z": -2}',
            '{"point": {"x": 1, "y": 2}, "nodes": []}',
            '{"x": 1, "y": 2}\n{"x": 3, "y": 4}\n\n{"x": "a"}\n{"y": 1}\nnull\n{"x": 1, "y": 2, "note": [1, {}]}\n',
            'x,y,note\n1,2,a\n3,,b\n"1\n",2\n1,2,3,4\n1e400,0,"\n',
            "x=y\ny=x\n# remark\n\nz=\n",
            "[" * 50_000,
            program(rng),
            formula(rng),
        ]
    )
    data = bytearray(text.encode("utf-8", "surrogatepass"))
    for _ in range(rng.choice([0, 0, 0, 1, 2, 8])):
        at = rng.randrange(len(data) + 1)
        data[at : at + rng.randrange(3)] = rng.choice(
            [b"", b"\xff", b"\0", b"\n", b"{", b'"', b",", b"\xef\xbb\xbf", b"9" * 30]
        )
    return bytes(data)


def damage_an_entry(rng: random.Random, place: Path) -> None:
    found = [path for path in files(place) if path.is_file() and not path.is_symlink()]
    if not found:
        return
    path = rng.choice(found)
    data = bytearray(path.read_bytes())
    match rng.randrange(7):
        case 0:
            data = data[: rng.randrange(len(data) + 1)]
        case 1 if data:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        case 2:
            data = bytearray(rng.randbytes(rng.randrange(200)))
        case 3:
            data = bytearray(rng.choice(found).read_bytes())
        case 4:
            path.unlink()
            os.mkfifo(path)
            return
        case 5:
            path.unlink()
            path.symlink_to(rng.choice([Path("/dev/zero"), Path("/nowhere"), path, found[0]]))
            return
        case _:
            os.utime(path, (rng.choice([0, 2e9, 4e9]),) * 2, follow_symlinks=False)
            return
    path.unlink()
    path.write_bytes(data)


def shown(line: Sequence[str], data: bytes) -> str:
    return f"{list(line)!r} < {data[:300]!r}"


@pytest.mark.parametrize("part", range(PARTS))
def test_the_whole_command(part: int, place: Path, tmp_path: Path) -> None:
    rng = random.Random(part)
    wrong: dict[str, str] = {}
    counted: Counter[int] = Counter()
    _watching.append(tmp_path / "cache")
    try:
        for i in range(INPUTS // PARTS):
            _written.clear()
            line, data = words(rng), stdin(rng)
            slow = line[0] in ("derive", "check") or any("--exact" in word or "--precision" in word for word in line)
            try:
                with hang_guard(10 * SECONDS if slow else SECONDS):  # those work with SymPy and mpmath
                    result = call(*line, stdin=data)
            except (Exception, Hang) as error:
                wrong.setdefault(f"{type(error).__name__}: {error}"[:200], shown(line, data))
                continue
            counted[result.status] += 1
            if result.status not in (0, 1, 2, 130) or "Traceback" in result.err:
                wrong.setdefault(f"status {result.status}: {result.err[:200]}", shown(line, data))
            if _written:
                wrong.setdefault(_written[0], shown(line, data))
            if i % 20 == 0:
                watching = _watching.pop()
                damage_an_entry(rng, place)
                _watching.append(watching)
    finally:
        _watching.clear()
    assert wrong == {}
    assert files(tmp_path / "here") == []
    assert counted[0] > INPUTS // PARTS // 50, counted  # else nothing is tested but refusals


# -- Kills ---------------------------------------------------------------------------------------------------------

_KILLING = """
import json, os, random, resource, signal, sys, time
place, kills = sys.argv[1], int(sys.argv[2])
rng = random.Random(1)

def kill_one(kill, work, largest):
    # By turns at any moment, and for certain after so many bytes of a file.
    rng.seed(kill)
    pid = os.fork()
    if not pid:
        if kill % 2:
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            limit = rng.randrange(largest)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        while True:
            work()
    if not kill % 2:
        time.sleep(rng.random() ** 3 * 0.05)
        os.kill(pid, signal.SIGKILL)
    _pid, status = os.waitpid(pid, 0)
    assert os.WTERMSIG(status) == (signal.SIGXFSZ if kill % 2 else signal.SIGKILL)
"""


def survived(code: str, place: Path) -> list[int]:
    """The numbers that a program prints which kills its own children at `place` and looks at what they leave."""
    done = subprocess.run(
        [sys.executable, "-c", _KILLING + code, str(place), str(KILLS)],
        capture_output=True,
        text=True,
        check=False,
        timeout=600 + KILLS,
    )
    assert done.returncode == 0, done.stderr
    return [*map(int, done.stdout.split())]


def test_killed_while_the_cache_is_written(tmp_path: Path) -> None:
    """An entry is there as a whole or not at all. What is left beside it is removed in its turn."""
    code = """
from backprop_cli.cli import cache, remembered
from backprop_cli.language.program import Program
os.environ["BACKPROP_CACHE_DIR"] = place
cache.MAX_TOTAL = 10 * cache.LEAST  # so that room is made all the time
sources = [" + ".join(f"x{i}*{n}" for i in range(n)) for n in (1, 3, 30, 300, 1_000)]
graphs = {source: Program(source).graph() for source in sources}
meanings = {source: cache._meaning(source, []) for source in sources}

def text(source, graph):
    return json.dumps(remembered.data(graph))

texts = {source: text(source, graph) for source, graph in graphs.items()}

def work():
    source = rng.choice(sources)
    cache._write(place, meanings[source], graphs[source])

whole = left = 0
for kill in range(kills):
    kill_one(kill, work, max(map(len, texts.values())) // 2)
    for source in sources:
        graph = cache._read(place, meanings[source], source)
        assert graph is not None or not os.path.exists(cache._path(place, meanings[source])), "a damaged entry"
        assert graph is None or text(source, graph) == texts[source]
        whole += graph is not None
    left += sum(name.endswith(".tmp") for name in os.listdir(place)) if os.path.isdir(place) else 0
    if kill % 10 == 0:
        cache.clear()
print(whole, left)
"""
    whole, left = survived(code, tmp_path / "killed")
    assert whole > KILLS // 2  # else it was killed before it had written
    assert left >= KILLS // 2  # each that ended after so many bytes


def test_killed_while_a_file_is_written(tmp_path: Path) -> None:
    """What stood there before is there still, or all of the new one is."""
    place = tmp_path / "files"
    place.mkdir()
    code = """
from backprop_cli.runtime.files import write_file
path = os.path.join(place, "circuit.svg")
versions = [bytes([version]) * size for version, size in enumerate((1, 1_000, 100_000, 3_000_000))]
write_file(path, versions[0])
seen = set()
left = 0
for kill in range(kills):
    kill_one(kill, lambda: write_file(path, rng.choice(versions)), len(versions[-1]))
    with open(path, "rb") as file:
        seen.add(versions.index(file.read()))  # ValueError for anything else
    for name in os.listdir(place):
        if name != "circuit.svg":
            left += 1
            os.unlink(os.path.join(place, name))
print(len(seen), left)
"""
    seen, left = survived(code, place)
    assert seen > 2
    assert left >= KILLS // 2


@contextmanager
def running(words: Sequence[str], **changes: str) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        command(*words),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        env=environment(changes),
    ) as process:
        yield process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_ended_at_any_moment(number: signal.Signals, place: Path) -> None:
    """By a signal the whole command ends quietly, with all of its output or none of it, and the cache stays good."""
    expected = call(*WORDS)
    rng = random.Random(number)
    for kill in range(max(10, KILLS // 20)):
        if kill % 2:
            call("cache", "--clear")
        with running(WORDS) as process:
            time.sleep(0.15 + rng.random() * (0.6 if kill % 2 else 0.1))  # the interpreter starts first
            process.send_signal(number)
            out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode in (0, 130, -number)
        assert b"backprop_cli/cli/cache" not in err
        assert out.decode() in ("", expected.out)
    assert call(*WORDS) == expected


# -- Many at once --------------------------------------------------------------------------------------------------


def test_many_processes_at_once(place: Path) -> None:
    expected = call(*WORDS)
    call("cache", "--clear")
    processes = [
        subprocess.Popen(command(*WORDS), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment({}))
        for _ in range(12)
    ]
    results = [process.communicate(timeout=PATIENCE) for process in processes]
    assert {process.returncode for process in processes} == {0}
    assert {(out.decode(), err.decode()) for out, err in results} == {(expected.out, expected.err)}
    graph = read(place, PROGRAM)
    assert graph is not None
    validate(graph)


# -- Streams, disks, locales, clocks -------------------------------------------------------------------------------


def test_only_the_first_line_is_wanted(place: Path) -> None:
    long = "+".join(["x*y"] * 5_000)
    for _ in range(3):  # a miss, and hits
        script = '"$@" | head -1'
        done = subprocess.run(
            ["sh", "-c", script, "sh", *command("eval", long, "--x", "1", "--y", "2", "--json")],
            capture_output=True,
            check=True,
            env=environment({}),
        )
        assert done.stdout.startswith(b'{"expression": "x*y+x*y')
        assert done.stderr == b""


REDIRECTIONS = {
    ">&-": (1, "error: the result cannot be written: standard output is closed\n"),
    ">/dev/full": (1, "error: the result cannot be written: no space left on device\n"),
    "<&-": (0, None),
    "<&- 2>&-": (0, ""),
    ">&- 2>&-": (1, ""),
    ">/dev/full 2>/dev/full": (1, ""),
    "<&- >&- 2>&-": (1, ""),
}


@pytest.mark.parametrize("redirection", REDIRECTIONS)
def test_streams_that_are_closed_or_full(redirection: str, place: Path) -> None:
    expected = call(*WORDS)
    status, said = REDIRECTIONS[redirection]
    for clear in (True, False, False):
        if clear:
            call("cache", "--clear")
        done = subprocess.run(
            ["sh", "-c", f'"$@" {redirection}', "sh", *command(*WORDS)],
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env=environment({}),
        )
        assert (done.returncode, done.stdout) == (status, "" if status else expected.out)
        warnings = expected.err if status == 0 else ""
        assert done.stderr.endswith(warnings if said is None else said)
        assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/shm").is_dir() or sys.platform != "linux", reason="needs Linux")
def test_a_disk_that_is_full(place: Path, tmp_path: Path) -> None:
    """A file system of 64 kB, where one may be mounted."""
    small = tmp_path / "small"
    small.mkdir()
    script = f'mount -t tmpfs -o size=64k none {small} && exec "$@"'
    fill = f"dd if=/dev/zero of={small}/fill 2>/dev/null; {' '.join(map(os.fsdecode, command()))}"
    if subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, "sh", "true"], capture_output=True, check=False
    ).returncode:
        pytest.skip("nothing may be mounted here")
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, "sh", "sh", "-c", f'{fill} "$@"; ls {small}/cache', "sh", *WORDS],
        capture_output=True,
        text=True,
        check=False,
        env=environment({"BACKPROP_CACHE_DIR": str(small / "cache")}),
    )
    expected = call(*WORDS)
    assert done.stdout == expected.out  # and nothing in the directory


LOCALES = [
    {"LC_ALL": "C"},
    {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"PYTHONIOENCODING": "utf-8:strict"},
    {"PYTHONIOENCODING": "latin-1"},
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONIOENCODING": "cp437"},
    {"PYTHONIOENCODING": "utf-16"},
    {"PYTHONIOENCODING": "shift_jis"},
]


@pytest.mark.parametrize("changes", rarely(LOCALES, 2), ids=str)
def test_other_locales(changes: dict[str, str], place: Path) -> None:
    """A hit and a miss say the same, in ASCII at worst; and an entry is UTF-8 in any locale."""
    lines = [
        [*WORDS[:-1]],
        WORDS,
        ["eval", "σ + \udcff", "--σ", "1"],
        ["eval", "σ # \udcff", "--σ", "1"],
        ["eval", "x\udcff", "--x", "1"],
    ]
    for line in lines:
        found = []
        for _ in range(2):
            with running(line, **changes) as process:
                out, err = process.communicate(timeout=PATIENCE)
            assert process.returncode in (0, 1, 2)
            assert b"Traceback" not in err
            found.append((process.returncode, out, err))
        assert found[0] == found[1]
    for path in files(place):
        path.read_text("utf-8")


@pytest.mark.parametrize("when", [0, 1, 2**31, 2**33], ids=["1970", "a second later", "2038", "2242"])
def test_a_clock_that_jumps(when: int, place: Path) -> None:
    expected = call(*WORDS)
    path = the_entry(place)
    whole = path.read_bytes()
    os.utime(path, (when, when))
    assert call(*WORDS) == expected
    path.write_bytes(whole[:100])
    os.utime(path, (when, when))
    assert call(*WORDS) == expected
    assert path.read_bytes() == whole
    assert call("cache").out.startswith("1 expression, ")


def test_a_home_that_goes_away(place: Path) -> None:
    expected = call(*WORDS)
    for _ in range(3):
        shutil.rmtree(place)
        assert call(*WORDS) == expected
    assert len(files(place)) == 1


def test_a_child_without_anything() -> None:
    """No environment at all: no home, no path, no locale."""
    code = "from backprop_cli.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "eval", "x*y", "--x", "1", "--y", "2", "--json"],
        capture_output=True,
        env={"BACKPROP_NO_CACHE": "1"},
        check=True,
    )
    assert json.loads(done.stdout)["value"] == 2
