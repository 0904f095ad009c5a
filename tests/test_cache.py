"""The cache of compiled expressions: it changes how fast an answer comes and nothing else, whatever lies in it."""

from __future__ import annotations

import errno
import json
import os
import socket
import stat
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import platformdirs
import pytest
from hypothesis import HealthCheck, settings

import backprop_cli
from backprop_cli.cli import cache
from backprop_cli.graph.graph import Graph
from backprop_cli.language.program import Program
from backprop_cli.rules import table as ops
from backprop_cli.rules.op import Op
from support.cached import content, files, read, sealed, the_entry
from support.command import PATIENCE, Result, call, environment
from support.formulas import FORMULAS
from support.hostile import hang_guard
from support.lines import LINES, PATTERNS, PROGRAM, SHARED, STAGED, WORDS

relaxed = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setenv("BACKPROP_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("BACKPROP_NO_CACHE", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is compiled, as it happens."""
    sources: list[str] = []
    graph = Program.graph

    def watched(program: Program, *args: Any) -> Graph:
        sources.append(program.source)
        return graph(program, *args)

    monkeypatch.setattr(Program, "graph", watched)
    return sources


# -- Hits and misses -----------------------------------------------------------------------------------------------


def check_line(words: list[str], monkeypatch: pytest.MonkeyPatch, stdin: str = "") -> Result:
    """Without a cache, at a miss and at a hit, a command line says the same, byte for byte."""
    monkeypatch.setenv("BACKPROP_NO_CACHE", "1")
    without = call(*words, stdin=stdin)
    monkeypatch.delenv("BACKPROP_NO_CACHE")
    assert call(*words, stdin=stdin) == without
    assert call(*words, stdin=stdin) == without
    return without


@pytest.mark.parametrize("words", LINES, ids=lambda words: " ".join(words).replace("\n", "; "))
def test_hits_and_misses_say_the_same(words: list[str], place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_line(words, monkeypatch)


FORMATS = [["--json"], ["--format", "csv"], [], ["--format", "markdown"], ["--get", "value"], ["--expand", "--json"]]


@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.slow) for part in range(1, 6))])
def test_formulas_say_the_same(part: int, place: Path, monkeypatch: pytest.MonkeyPatch, compiled: list[str]) -> None:
    for i, formula in enumerate(FORMULAS[part::6]):
        values = [word for name, value in formula.point.items() for word in ("--set", f"{name}={value}")]
        words = ["eval", formula.expression, *values, *FORMATS[i % len(FORMATS)]]
        compiled.clear()
        assert check_line(words, monkeypatch).status == 0
        assert len([each for each in compiled if each == formula.expression]) == 2  # without a cache, and at the miss


def test_a_hit_compiles_nothing(place: Path, compiled: list[str]) -> None:
    first = call("eval", PROGRAM, "--x", "3", "--y", "-1", "--σ", "2")
    assert compiled == [PROGRAM]
    assert call("eval", PROGRAM, "--x", "3", "--y", "-1", "--σ", "2") == first
    assert call("eval", PROGRAM, "--x", "5", "--y", "0", "--σ", "1", "--expand", "--json").status == 0
    assert compiled == [PROGRAM]


def test_a_program_from_a_file_and_an_expression_from_standard_input(
    place: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "net.bp"
    path.write_text(PROGRAM, "utf-8")
    assert check_line(["eval", "--file", str(path), "--x", "1", "--y", "2", "--σ", "0"], monkeypatch).status == 0
    assert check_line(["eval", "-", "--x", "1", "--y", "2"], monkeypatch, stdin=" x*y \n").status == 0
    assert len(files(place)) == 2


def test_errors_are_not_kept(place: Path) -> None:
    for source in ["sine(x)", "x +", "", "x y", "f = x; f = y", "m(x) = m(x); m(1)"]:
        assert call("eval", source, "--x", "1").status == 2
    assert files(place) == []


def test_what_is_wrong_with_the_values_does_not_matter(place: Path) -> None:
    assert call("eval", "log(x)").status == 2
    assert call("eval", "log(x)", "--x", "-1").status == 1
    assert len(files(place)) == 1


# -- What it is remembered under -----------------------------------------------------------------------------------


def test_the_names_of_constants_count_where_they_are_given(place: Path) -> None:
    assert call("eval", "e*pi*x", "--x", "1", "--get", "x").out == "8.539734222673566\n"
    assert call("eval", "e*pi*x", "--x", "1", "--e", "2", "--get", "x").out == "6.283185307179586\n"
    assert call("eval", "e*pi*x", "--x", "1", "--e", "2", "--pi", "3", "--get", "x").out == "6.0\n"
    assert call("eval", "e*pi*x", "--x", "1", "--pi", "3", "--get", "x").out == "8.154845485377136\n"
    assert len(files(place)) == 4


def test_other_names_do_not_count(place: Path, compiled: list[str]) -> None:
    for words in (["--x", "1", "--y", "2"], ["--y", "2"], ["--at", '{"x": 1, "y": 3}'], ["--z", "1"]):
        call("eval", "x*y", *words)
    assert compiled == ["x*y"]


def test_every_difference_in_the_text_counts(place: Path) -> None:
    texts = ["x*y", "x* y", "x*y ", "x*\ny", "y*x", "x*y#", "x*(y)", "x·y"]
    paths = {cache._path(str(place), cache._meaning(text, [])) for text in texts}
    assert len(paths) == len(texts)


@pytest.mark.parametrize(
    "change",
    [
        lambda patch: patch.setattr(cache, "_MADE_BY", [0, backprop_cli.__version__]),
        lambda patch: patch.setattr(cache, "_MADE_BY", [cache._MADE_BY[0], "0.0.0"]),
        lambda patch: patch.setattr(cache, "_MADE_IN", ("rules", "graph")),
        lambda patch: patch.setattr(sys, "version_info", (3, 99, 0)),
        lambda patch: patch.setattr(cache, "TABLE", [*ops.TABLE, Op("cube", "x", ops.x**3, 3 * ops.x**2)]),
        lambda patch: patch.setattr(ops.primitive("sin"), "aliases", ("sinus",)),
    ],
    ids=["format", "version", "code", "python", "row", "alias"],
)
def test_whatever_changes_a_meaning_counts(
    change: Callable[[pytest.MonkeyPatch], None], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = cache._meaning("x*y", [])
    change(monkeypatch)
    assert cache._meaning("x*y", []) != before


# -- Damaged entries -----------------------------------------------------------------------------------------------


@pytest.fixture
def entry(place: Path) -> Path:
    """The entry of PROGRAM."""
    call(*WORDS)
    assert read(place, PROGRAM) is not None
    return the_entry(place)


def test_an_entry_cut_off_anywhere_is_none(entry: Path) -> None:
    whole = entry.read_bytes()
    for end in range(len(whole)):
        entry.write_bytes(whole[:end])
        assert read(entry.parent, PROGRAM) is None


def test_a_flipped_bit_anywhere_makes_an_entry_none(entry: Path) -> None:
    whole = entry.read_bytes()
    for at in range(len(whole)):
        entry.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :])
        assert read(entry.parent, PROGRAM) is None


def rewritten(entry: Path, damage: bytes) -> None:
    """A damaged entry changes nothing, and is written anew."""
    good, expected = entry.read_bytes(), call(*WORDS)
    entry.unlink()
    entry.write_bytes(damage)
    assert call(*WORDS) == expected
    assert entry.read_bytes() == good


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"\n",
        b"{}",
        b"null",
        b"\xff\xfe\x00garbage",
        b"\x00" * 5_000,
        b"00000000\n",
        b"[" * 100_000,
    ],
    ids=repr,
)
def test_what_is_no_entry_is_written_anew(damage: bytes, entry: Path) -> None:
    rewritten(entry, damage)


@pytest.mark.parametrize(
    "data",
    [b"", b"null", b"[]", b"{}", b'"x"', b"[" * 200_000, b"\xff", b"NaN", b"9" * 100_000, b'{"statements": []}'],
    ids=lambda data: repr(data[:20]),
)
def test_what_is_no_graph_is_written_anew_whoever_sealed_it(data: bytes, entry: Path) -> None:
    rewritten(entry, sealed(entry.parent, PROGRAM, data))


def another_text(entry: Path) -> None:
    """An entry of its own, where another is looked for."""
    call("eval", "x - y*σ", "--x", "1", "--y", "1", "--σ", "1")
    (entry.parent / the_entry(entry.parent)).rename(entry)


def a_device(entry: Path) -> None:
    try:
        os.mknod(entry, stat.S_IFCHR | 0o600, os.makedev(1, 5))  # /dev/zero: it never ends
    except PermissionError:
        entry.symlink_to("/dev/zero")


def a_socket(entry: Path) -> None:
    directory = os.open(entry.parent, os.O_RDONLY)
    try:  # its name is short enough below /proc only
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(f"/proc/self/fd/{directory}/{entry.name}")
    finally:
        os.close(directory)


def a_long_file(entry: Path) -> None:
    with entry.open("wb") as file:
        file.truncate(100_000_000)


@pytest.mark.parametrize(
    "put",
    [
        another_text,
        a_device,
        a_socket,
        a_long_file,
        os.mkfifo,
        Path.mkdir,
        Path.touch,
        lambda entry: entry.symlink_to("/dev/zero"),
        lambda entry: entry.symlink_to("/dev/stdin"),
        lambda entry: entry.symlink_to(entry),
        lambda entry: entry.symlink_to("/nowhere/at/all"),
        lambda entry: (entry.touch(), entry.chmod(0)),
    ],
    ids=["another text", "device", "socket", "100 MB", "FIFO", "directory", "empty", "link to zero", "link to stdin",
         "link to itself", "link to nowhere", "no permission"],
)  # fmt: skip
def test_whatever_stands_in_an_entrys_place(put: Callable[[Path], object], entry: Path) -> None:
    good, expected = entry.read_bytes(), call(*WORDS)
    entry.unlink()
    put(entry)
    with hang_guard():
        assert call(*WORDS) == expected
        assert call(*WORDS) == expected
        assert call("cache").status == 0
    assert entry.is_dir() or (entry.read_bytes() == good and not entry.is_symlink())  # a directory stays
    assert files(entry.parent) == [entry]


@pytest.mark.parametrize("put", [os.mkfifo, Path.mkdir, Path.touch, a_device], ids=["FIFO", "directory", "file", "dev"])
def test_whatever_stands_where_an_entry_is_written_first(put: Callable[[Path], object], entry: Path) -> None:
    good, expected = entry.read_bytes(), call(*WORDS)
    entry.unlink()
    beside = entry.with_name(f"{entry.stem}.{os.getpid()}.backprop.tmp")
    put(beside)
    with hang_guard():
        assert call(*WORDS) == expected
        assert call(*WORDS) == expected
    assert beside.is_dir() or entry.read_bytes() == good  # what is left there of another process is removed


# -- Whose it is ---------------------------------------------------------------------------------------------------

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files somebody else's")
SOMEBODY = 12345


def test_what_is_written_is_closed(place: Path) -> None:
    mask = os.umask(0)
    try:
        call(*WORDS)
    finally:
        os.umask(mask)
    assert {stat.S_IMODE(path.stat().st_mode) for path in place.iterdir()} == {0o600}
    assert {path.name for path in place.iterdir()} == {cache._KEY, the_entry(place).name}
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert len((place / cache._KEY).read_bytes()) == 32


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data["nodes"]["ops"].__setitem__(-1, "add"),
        lambda data: data["nodes"]["names"].__setitem__(-2, "q7"),
        lambda data: data["nodes"]["starts"].__setitem__(-1, 0),
        lambda data: data.update(unused=[]),
        lambda data: data.update(constants=["e"]),
        lambda data: data.update(more=1),
    ],
)
@pytest.mark.parametrize("sum_", ["crc", "no key", "another key", "an old one"])
def test_nobody_without_the_key_can_change_anything(
    change: Callable[[Any], None], sum_: str, entry: Path, compiled: list[str]
) -> None:
    good, expected = entry.read_bytes(), call(*WORDS)
    data = content(entry)
    change(data)
    text = json.dumps(data).encode()
    meaning = cache._meaning(PROGRAM, [])
    checksum = {
        "crc": f"{zlib.crc32(text):08x}",
        "no key": cache._digest(meaning + text),
        "another key": cache._digest(meaning + text, b"another key"),
        "an old one": good.partition(b"\n")[0].decode(),
    }[sum_]
    entry.write_bytes(b"%b\n%b" % (checksum.encode(), text))
    assert read(entry.parent, PROGRAM) is None
    assert call(*WORDS) == expected
    assert entry.read_bytes() == good
    assert compiled == [PROGRAM]


def without(path: Path) -> Path:
    path.unlink()
    return path


KEYS: dict[str, Callable[[Path], object]] = {
    "none": Path.unlink,
    "an empty one": lambda key: key.write_bytes(b""),
    "a short one": lambda key: key.write_bytes(b"short"),
    "a long one": lambda key: key.write_bytes(bytes(100)),
    "another": lambda key: key.write_bytes(bytes(32)),
    "one that others may read": lambda key: key.chmod(0o644),
    "one that the group may read": lambda key: key.chmod(0o640),
    "one that others may write": lambda key: key.chmod(0o602),
    "a link": lambda key: key.symlink_to(key.rename(key.parent.parent / "key")),
    "a directory": lambda key: Path.mkdir(without(key)),
    "a pipe": lambda key: os.mkfifo(without(key)),
}


@pytest.mark.parametrize("name", KEYS)
def test_whatever_the_key_is(name: str, entry: Path, compiled: list[str]) -> None:
    expected, key = call(*WORDS), entry.parent / cache._KEY
    KEYS[name](key)
    with hang_guard():
        assert call(*WORDS) == expected
        assert compiled == [PROGRAM]
        assert call(*WORDS) == expected
    if key.is_dir():  # there is no key, and no cache
        assert compiled == [PROGRAM] * 2
    else:
        assert compiled == [PROGRAM]
        assert stat.S_IMODE(key.lstat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o666, 0o620, 0o602, 0o622, 0o777])
def test_an_entry_that_others_may_write_is_none(mode: int, entry: Path, compiled: list[str]) -> None:
    expected = call(*WORDS)
    entry.chmod(mode)
    assert call(*WORDS) == expected
    assert compiled == [PROGRAM]
    assert stat.S_IMODE(entry.stat().st_mode) == 0o600


@as_root
@pytest.mark.parametrize("part", ["entry", "key"])
def test_somebody_elses_file_is_none(part: str, entry: Path, compiled: list[str]) -> None:
    expected = call(*WORDS)
    os.chown(entry if part == "entry" else entry.parent / cache._KEY, SOMEBODY, -1)
    assert call(*WORDS) == expected
    assert compiled == [PROGRAM]
    assert {path.stat().st_uid for path in entry.parent.iterdir()} == {0}


def linked(place: Path) -> Path:
    place.symlink_to(place.rename(place.parent / "there"))
    return place


def given_away(path: Path) -> None:
    os.chown(path, SOMEBODY, -1, follow_symlinks=False)


OPEN: dict[str, Callable[[Path], object]] = {
    "0777": lambda place: place.chmod(0o777),
    "0720": lambda place: place.chmod(0o720),
    "0702": lambda place: place.chmod(0o702),
    "1777": lambda place: place.chmod(0o1777),
    "a link to 0777": lambda place: linked(place).chmod(0o777),
    "somebody else's": given_away,
    "somebody else's link": lambda place: given_away(linked(place)),
    "a link to somebody else's": lambda place: given_away(linked(place).resolve()),
}


@pytest.mark.parametrize("name", [pytest.param(name, marks=as_root if "somebody" in name else ()) for name in OPEN])
def test_a_directory_that_others_may_write_to_is_left_alone(name: str, entry: Path, compiled: list[str]) -> None:
    expected, place, before = call(*WORDS), entry.parent, entry.stat()
    OPEN[name](place)
    for words in (WORDS, WORDS, ["eval", "x*y", "--x", "1", "--y", "2"]):
        assert call(*words) == (expected if words is WORDS else call(*words, "--no-cache"))
    assert compiled == [PROGRAM, PROGRAM, "x*y", "x*y"]
    assert (files(place), entry.stat().st_mtime_ns) == ([entry], before.st_mtime_ns)
    off = Result(0, f"the cache is off: others than you may write to {place}\n", "")
    assert call("cache") == call("cache", "--clear") == off


IN_THE_WAY: dict[str, tuple[Callable[[Path], object], str]] = {
    "a file": (Path.touch, "{} is no directory"),
    "a named pipe": (os.mkfifo, "{} is no directory"),
    "a link to nothing": (lambda place: place.symlink_to("nothing"), "the link {} leads nowhere"),
    "a link to itself": (lambda place: place.symlink_to(place), "{}: too many levels of symbolic links"),
}


@pytest.mark.parametrize("name", IN_THE_WAY)
def test_what_stands_where_the_cache_would_be_is_told(name: str, place: Path) -> None:
    put, told = IN_THE_WAY[name]
    put(place)
    assert call(*WORDS).status == 0
    assert call("cache") == call("cache", "--clear") == Result(0, f"the cache is off: {told.format(place)}\n", "")


@pytest.mark.parametrize("name", ["0755", "0500", "a link", "a link in between"])
def test_a_directory_that_others_may_only_read_is_used(name: str, entry: Path, compiled: list[str]) -> None:
    expected, place = call(*WORDS), entry.parent
    if "link" in name:
        linked(place if name == "a link" else place.parent)
    else:
        place.chmod(int(name, 8))
    assert call(*WORDS) == expected
    assert compiled == []
    place.chmod(0o700)


def test_what_is_roots_is_everybodys(entry: Path, compiled: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    expected, mine = call(*WORDS), os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: SOMEBODY)
    assert call(*WORDS) == expected
    assert compiled == ([] if mine == 0 else [PROGRAM])


def test_where_files_have_no_owners(entry: Path, compiled: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows, where a status tells neither owner nor rights, but whether a file stands for another."""
    expected = call(*WORDS)
    monkeypatch.delattr(os, "geteuid")
    entry.chmod(0o666)
    entry.parent.chmod(0o777)
    assert call(*WORDS) == expected
    assert compiled == []
    monkeypatch.setattr(
        cache, "getattr", lambda thing, name, other: 1 if name == "st_reparse_tag" else other, raising=False
    )
    assert call(*WORDS) == expected
    assert compiled == [PROGRAM]


def test_another_hash_where_the_quick_one_is_not_there(entry: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = cache._digest(b"some data", b"a key")
    monkeypatch.setitem(sys.modules, "_blake2", None)
    assert cache._digest(b"some data", b"a key") == expected


# -- Where there is no cache ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [SHARED, STAGED, PATTERNS], ids=["shared", "staged", "patterns"])
@pytest.mark.parametrize(
    "where",
    [
        "/dev/null",
        "/dev/null/cache",
        "/proc/self",
        "/proc/nothing/at/all",
        "/dev/full",
        "\udcff" * 300,
        "~",
        "a/" * 3_000,
    ],
)
def test_a_place_that_takes_nothing(
    where: str, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    expected = call("eval", *words, "--no-cache")
    monkeypatch.setenv("BACKPROP_CACHE_DIR", where)
    assert call("eval", *words) == expected
    assert call("eval", *words) == expected
    assert call("cache").status == 0
    assert call("cache", "--clear").status == 0


def test_a_directory_that_may_only_be_read(entry: Path) -> None:
    entry.parent.chmod(0o500)
    try:
        expected = call(*WORDS)
        assert call(*WORDS) == expected
        assert call("eval", "x+1", "--x", "1", "--get", "value") == Result(0, "2.0\n", "")
    finally:
        entry.parent.chmod(0o700)


def _no_space(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("name", ["makedirs", "replace", "fstat", "scandir"])
def test_whatever_fails_nothing_fails(name: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = call(*WORDS, "--no-cache")
    with monkeypatch.context() as patch:
        patch.setattr(os, name, _no_space)
        assert call(*WORDS) == expected
        assert call(*WORDS) == expected
    assert not [path for path in files(place) if path.suffix == ".tmp"]


def test_a_full_disk(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written by halves is removed. /dev/full takes no byte, and every program must see that."""
    expected = call(*WORDS, "--no-cache")

    def full(path: str, mode: str, **options: Any) -> Any:
        if mode == "xb":
            Path(path).touch()
            path, mode = "/dev/full", "wb"
        return open(path, mode, **options)  # noqa: PTH123

    monkeypatch.setattr(cache, "open", full, raising=False)
    assert call(*WORDS) == expected
    assert files(place) == []


def child(*words: str, code: str = "", **changes: str) -> Result:
    """A process of its own; code: what it does first."""
    run = f"{code}; import sys; from backprop_cli.__main__ import main; main()"
    result = subprocess.run(
        [sys.executable, "-c", run, *words],
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        env=environment(changes),
    )
    return Result(result.returncode, result.stdout, result.stderr)


def test_a_limit_on_the_length_of_files(place: Path) -> None:
    code = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))"
    assert child(*WORDS, code=code) == call(*WORDS, "--no-cache")
    assert files(place) == []


def test_no_cache_by_an_option_and_by_a_variable(
    place: Path, monkeypatch: pytest.MonkeyPatch, compiled: list[str]
) -> None:
    for command in (["eval", "--get", "value"], ["explain"], ["graph"], ["check"]):
        compiled.clear()
        for _ in range(2):
            assert call(command[0], "x*x", "--x", "2", *command[1:], "--no-cache").status == 0
        assert compiled.count("x*x") == 2
    monkeypatch.setenv("BACKPROP_NO_CACHE", "1")
    assert call("eval", "x*x", "--x", "2", "--get", "value").out == "4.0\n"
    assert call("cache") == Result(0, "the cache is turned off\n", "")
    assert call("cache", "--clear") == Result(0, "the cache is turned off\n", "")
    assert files(place) == []


def test_no_cache_leaves_what_is_there(entry: Path, compiled: list[str]) -> None:
    before = entry.stat()
    call(*WORDS, "--no-cache")
    assert compiled == [PROGRAM]
    assert entry.stat().st_mtime_ns == before.st_mtime_ns


# -- Where it is ---------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere platformdirs is asked itself")
@pytest.mark.parametrize("home", ["/home/somebody", "/home/somebody/", "/", "//x"])
@pytest.mark.parametrize("base", [None, "", "/var/tmp/caches", "/var/tmp/caches/", "/"])
def test_the_directory_is_that_of_platformdirs(home: str, base: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BACKPROP_CACHE_DIR")
    monkeypatch.setenv("HOME", home)
    if base is None:
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    else:
        monkeypatch.setenv("XDG_CACHE_HOME", base)
    assert cache.directory() == platformdirs.user_cache_dir("backprop", appauthor=False)


@pytest.mark.parametrize("base", ["relative", ".", " /with/a/space/before", "~/x"])
def test_a_relative_base_counts_for_nothing(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the XDG base directory specification has it."""
    monkeypatch.delenv("BACKPROP_CACHE_DIR")
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", base)
    assert cache.directory() == "/home/somebody/.cache/backprop"


def test_elsewhere_platformdirs_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BACKPROP_CACHE_DIR")
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda name, **_: f"/Library/{name}")
    assert cache.directory() == "/Library/backprop"


def test_a_user_without_a_home(monkeypatch: pytest.MonkeyPatch, compiled: list[str]) -> None:
    for name in ("BACKPROP_CACHE_DIR", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # as where the user is in no list of users
    assert cache.directory() == ""
    assert call("eval", "x*x", "--x", "3", "--get", "value") == Result(0, "9.0\n", "")
    assert call("cache") == Result(0, "the cache is off: there is no home directory to put it in\n", "")


def test_only_the_owner_can_look_into_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BACKPROP_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    call("eval", "x", "--x", "1")
    assert stat.S_IMODE((tmp_path / "caches" / "backprop").stat().st_mode) == 0o700
    assert len(files(tmp_path / "caches" / "backprop")) == 1


# -- How much it is ------------------------------------------------------------------------------------------------


def fill(place: Path, count: int, size: int, *, first: float, suffix: str = ".backprop") -> list[Path]:
    """Files of this size, each a second older than the next."""
    place.mkdir(exist_ok=True)
    made = []
    for i in range(count):
        path = place / f"{first:.0f}-{i:04}{suffix}"
        with path.open("wb") as file:
            file.truncate(size)
        os.utime(path, (first + i, first + i))
        made.append(path)
    return made


def test_the_oldest_go(place: Path) -> None:
    size = cache.MAX_TOTAL // 8
    old = fill(place, 8, size, first=time.time() - 1_000)
    call("eval", "x", "--x", "1")
    assert [path.exists() for path in old] == [False] + [True] * 7
    assert len(files(place)) == 8


def test_many_small_entries_are_too_many(place: Path) -> None:
    old = fill(place, cache.MAX_TOTAL // cache.LEAST + 5, 1, first=time.time() - 100_000)
    call("eval", "x", "--x", "1")
    assert [path.exists() for path in old[:8]] == [False] * 6 + [True] * 2


def test_what_was_left_unfinished_counts_and_goes(place: Path) -> None:
    left = fill(place, 9, cache.MAX_TOTAL // 8, first=time.time() - 1_000, suffix=".17.backprop.tmp")
    call("eval", "x", "--x", "1")
    assert [path.exists() for path in left] == [False] * 2 + [True] * 7


def test_entries_from_the_future_are_the_oldest(place: Path) -> None:
    old = fill(place, 4, cache.MAX_TOTAL // 8, first=time.time() - 1_000)
    future = fill(place, 4, cache.MAX_TOTAL // 8, first=time.time() + 10**8)
    call("eval", "x", "--x", "1")
    assert [path.exists() for path in (*old, *future)] == [True] * 4 + [False] + [True] * 3


def test_what_is_too_large_is_not_kept(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = call("eval", "x*y + 1", "--x", "1", "--y", "2")
    size = the_entry(place).stat().st_size
    for limit, kept in ((size, 1), (size - 1, 0)):
        call("cache", "--clear")
        monkeypatch.setattr(cache, "MAX_ENTRY", limit)
        assert call("eval", "x*y + 1", "--x", "1", "--y", "2") == expected
        assert len(files(place)) == kept


def test_files_of_others_are_left_alone(place: Path) -> None:
    """BACKPROP_CACHE_DIR may be a directory that somebody uses for more."""
    names = ["results.json", "notes.tmp", "backprop", "a.backprop.txt", "b.tmp.json"]
    others = [path for name in names for path in fill(place, 2, cache.MAX_TOTAL, first=1, suffix=f"-{name}")]
    call("eval", "x", "--x", "1")
    assert call("cache", "--clear").out == f"1 expression removed from {place}\n"
    assert files(place) == sorted(others)


# -- `backprop cache` ----------------------------------------------------------------------------------------------


def test_show_and_clear(place: Path) -> None:
    assert call("cache") == Result(0, f"0 expressions, 0 of at most 64,000,000 bytes, in {place}\n", "")
    call("eval", "x", "--x", "1")
    size = the_entry(place).stat().st_size
    assert call("cache") == Result(0, f"1 expression, {size:,} of at most 64,000,000 bytes, in {place}\n", "")
    call("eval", "x*x", "--x", "1")
    assert call("cache", "--clear") == Result(0, f"2 expressions removed from {place}\n", "")
    assert files(place) == []
    assert call("cache", "--clear") == Result(0, f"0 expressions removed from {place}\n", "")


def test_a_cache_that_cannot_be_cleared(entry: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "remove", _no_space)
    assert call("cache", "--clear") == Result(2, "", "error: the cache cannot be cleared: no space left on device\n")


def test_clearing_while_another_process_does(entry: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remove = os.remove

    def late(path: str) -> None:
        remove(path)
        remove(path)

    monkeypatch.setattr(os, "remove", late)
    assert call("cache", "--clear") == Result(0, f"0 expressions removed from {entry.parent}\n", "")


@pytest.mark.parametrize("name", [b"\xff", b"new\nline", "हिन्दी".encode(), b"\x1b[31m"])
def test_a_directory_of_any_name(name: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKPROP_CACHE_DIR", os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    assert call("eval", "x", "--x", "1").status == 0
    shown = call("cache")
    assert shown.out.startswith("1 expression, ")
    assert shown.out.count("\n") == 1
    assert "\x1b" not in shown.out
    assert call("cache", "--clear").out.count("\n") == 1


# -- What is loaded ------------------------------------------------------------------------------------------------

HIT = """
    runtime runtime.budget runtime.streams runtime.version errors arithmetic arithmetic.floats arithmetic.ieee
    arithmetic.shared arithmetic.system
    graph graph.graph graph.nodes language language.names language.spellings
    passes passes.backward passes.backpropagate passes.compute passes.faults passes.forward passes.lazy passes.point
    passes.settings passes.trace rules rules.formula rules.op rules.printer rules.table view view.json
    cli cli.arguments cli.cache cli.options cli.output cli.plain_call cli.remembered cli.request __main__
"""
CLICK = """
    runtime runtime.budget runtime.streams runtime.version errors
    cli cli.commands cli.commands.eval cli.expression cli.plain_call __main__
"""
MISS = """
    language.program language.flatten language.refusals language.settings language.statements language.syntax
    language.token language.tokens language.groups language.operands language.tree
    rules.array_op rules.arrays rules.shape_rules
"""
TABLE = "view.table view.columns view.derivations view.texts"

LOADS: dict[str, tuple[list[str], bool, str, str]] = {
    "cached --json": (["--json"], True, "", HIT),
    "cached --get": (["--get", "value"], True, "", HIT),
    "cached table": ([], True, "", f"{HIT} {TABLE}"),
    "first --json": (["--json"], False, "sympy mpmath", f"{HIT} {MISS}"),
    "first table": ([], False, "sympy mpmath", f"{HIT} {MISS} {TABLE}"),
    "--help": (["--help"], False, "click", f"{CLICK} {HIT}"),
}  # fmt: skip
"""Options of `eval`, is the expression known, the libraries that it loads, and those modules of ours that it may."""
OF_LIBRARIES = {"attr", "flint", "gmpy2", "_cython", "typing_extensions", "pygments", "numpy"}
"""What the libraries load themselves, some only where it is there."""


def modules_of(*words: str, code: str = "") -> set[str]:
    """All modules that are in memory when a command line leaves."""
    watch = "import os, sys; leave = os._exit; os._exit = lambda _: (print(*sys.modules, file=sys.stderr), leave(0))"
    result = child(*words, code=code or watch)
    assert result.status == 0
    return set(result.err.split())


def third_party(names: set[str]) -> set[str]:
    packages = {name.partition(".")[0] for name in names} - set(sys.stdlib_module_names)
    return {name for name in packages if not name.startswith("_cython")} - OF_LIBRARIES - {"backprop_cli"}


@pytest.mark.parametrize("name", LOADS)
def test_what_a_call_loads(name: str, place: Path) -> None:
    options, known, libraries, ours = LOADS[name]
    words = ["eval", "x*sin(y) + 2*pi", "--x", "1", "--y=2"]
    if known:
        call(*words)
    idle = subprocess.run(
        [sys.executable, "-c", "import sys; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    loaded = modules_of(*words, *options) - set(idle.stdout.split())
    assert third_party(loaded) == set(libraries.split())
    mine = {each.removeprefix("backprop_cli.") for each in loaded if each.startswith("backprop_cli.")}
    assert mine <= set(ours.split())
    assert "difflib" not in loaded
    assert "hashlib" not in loaded
