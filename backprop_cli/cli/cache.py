"""Compiled expressions, remembered: the graph of a text, as plain data in the user's cache directory.

A hit needs neither the parser nor SymPy. Nothing here is trusted: an entry counts where nobody but the user can have
written it, and where its checksum is the one that takes the user's key, the text, and the code that wrote it. And
nothing here is needed: where no file can be read or written, expressions are compiled as ever.

An entry is the checksum on a line of its own, and JSON. The key is a file beside the entries.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Collection
from contextlib import suppress
from typing import TYPE_CHECKING

from ..rules.table import CONSTANTS, TABLE
from ..runtime.version import __version__

if TYPE_CHECKING:
    from ..graph.graph import Graph

MAX_ENTRY = 16_000_000
"""Bytes of the largest graph that is kept."""
MAX_TOTAL = 64_000_000
"""Bytes of all entries; beyond, the oldest go."""
LEAST = 16_000
"""Bytes that an entry counts for at least: looking through a directory of more files would take long."""
_SUFFIX, _UNFINISHED = ".backprop", ".backprop.tmp"  # nobody else's: `--clear` removes whatever is called so
_KEY, _KEY_SIZE = "backprop.key", 32
_MADE_BY = [6, __version__]
"""The format of the entries, and the version that writes them."""
_MADE_IN = ("rules", "graph", "language")
"""The rooms whose code decides what graph a text has."""


def compile_cached(source: str, variables: Collection[str] = ()) -> Graph:
    """The same as `Program.graph`, from the cache where it is there, and into it where it is not."""
    given = sorted(set(variables) & set(CONSTANTS))  # the only names whose meaning depends on having a value
    place, meaning = directory(), _meaning(source, given)
    graph = place and _read(place, meaning, source)
    if not graph:
        from ..language.program import Program

        graph = Program(source).graph(variables)
        if place and not graph.groups:  # of which nothing is kept
            _write(place, meaning, graph)
    return graph


# -- Where ---------------------------------------------------------------------------------------------------------


def directory() -> str:
    """The directory of the entries; empty where the cache is turned off, or no place for it is known."""
    if os.environ.get("BACKPROP_NO_CACHE"):
        return ""
    given = os.environ.get("BACKPROP_CACHE_DIR")
    if given:
        return given
    if sys.platform == "linux":  # what platformdirs says there (a test compares); loading it takes a third of a hit
        base = os.environ.get("XDG_CACHE_HOME", "")
        if not os.path.isabs(base):
            base = os.path.expanduser("~/.cache")
        return os.path.join(base, "backprop") if os.path.isabs(base) else ""
    from platformdirs import user_cache_dir

    return user_cache_dir("backprop", appauthor=False)


def is_private(place: str) -> bool:
    """Whether the directory is the user's, or root's, and nobody else can write into it.

    Raises OSError where it cannot be looked at.
    """
    there = os.stat(place)
    return stat.S_ISDIR(there.st_mode) and _is_ours(there, 0o022) and _is_ours(os.lstat(place))


def _is_ours(status: os.stat_result, closed: int = 0) -> bool:
    """Whether a file is the user's, or root's. closed: rights that nobody may have.

    On Windows, where rights are no part of the status, whether it is the thing itself: the user's folders are closed.
    """
    if hasattr(os, "geteuid"):
        return status.st_uid in (os.geteuid(), 0) and not status.st_mode & closed
    return not getattr(status, "st_reparse_tag", 0)


def _meaning(source: str, given: list[str]) -> bytes:
    """Everything that could change the graph: an entry is named after it."""
    table = [f"{op.name}{op.inputs}{op.variadic}{op.aliases}" for op in TABLE]
    parts = (_MADE_BY, _code(), sys.version_info[:2], table, given, source)
    return repr(parts).encode("utf-8", "surrogatepass")


def _code() -> list[tuple[str, int, int]]:
    """Which code makes graphs: one version may stand for many states of it. Empty where it lies in no directories."""
    found: list[tuple[str, int, int]] = []
    root = os.path.dirname(os.path.dirname(__file__))
    with suppress(OSError):
        for room in _MADE_IN:
            with os.scandir(os.path.join(root, room)) as files:
                status = ((file.name, file.stat()) for file in files if file.name.endswith(".py"))
                found += ((name, each.st_size, each.st_mtime_ns) for name, each in status)
    return sorted(found)


def _path(place: str, meaning: bytes) -> str:
    return os.path.join(place, f"{_digest(meaning)}{_SUFFIX}")


def _digest(data: bytes, key: bytes = b"") -> str:
    try:
        from _blake2 import blake2b  # a tenth of what hashlib takes to load
    except ImportError:
        from hashlib import blake2b
    return blake2b(data, digest_size=16, key=key).hexdigest()


Entry = tuple[float, int, str]
"""A file of the cache: when it was written, its bytes, and its path."""


def entries() -> list[Entry]:
    """All entries, the oldest first. One from the future tells of a clock that was wrong, and counts as old."""
    found = []
    tomorrow = time.time() + 86_400
    with suppress(OSError), os.scandir(directory() or os.devnull) as files:
        for file in files:
            if file.name.endswith((_SUFFIX, _UNFINISHED)) and file.is_file(follow_symlinks=False):
                with suppress(OSError):
                    status = file.stat(follow_symlinks=False)
                    written = status.st_mtime if status.st_mtime < tomorrow else 0.0
                    found.append((written, status.st_size, file.path))
    return sorted(found)


def clear() -> int:
    """Remove all entries; return how many. Raises OSError where one cannot be removed."""
    count = 0
    for _written, _size, path in entries():
        with suppress(FileNotFoundError):  # another process was faster
            os.remove(path)
            count += 1
    return count


# -- Reading and writing -------------------------------------------------------------------------------------------


def _read(place: str, meaning: bytes, source: str) -> Graph | None:
    """The graph of a text; None where there is no entry of it."""
    import json

    from .remembered import graph

    try:
        if not is_private(place):
            return None
        checksum, _, content = _contents(_path(place, meaning), 0o022).partition(b"\n")
        if checksum.decode() == _digest(meaning + content, _contents(os.path.join(place, _KEY), 0o077)):
            return graph(source, json.loads(content))
    except Exception:  # whatever is wrong with it, it is no entry
        return None
    return None


def _contents(path: str, closed: int) -> bytes:
    """What is in a file of the user's (see `_is_ours`). Raises OSError where it is not so."""
    with open(path, "rb", opener=_opened_at_once) as file:
        status = os.fstat(file.fileno())
        if not (stat.S_ISREG(status.st_mode) and _is_ours(status, closed) and status.st_size <= MAX_ENTRY):
            raise PermissionError(path)
        return file.read(MAX_ENTRY)


def _opened_at_once(path: str, flags: int) -> int:
    """Open the file itself: no link's target, and no pipe that waits for a writer."""
    if not _is_ours(os.lstat(path)):
        raise PermissionError(path)
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))


def _write(place: str, meaning: bytes, graph: Graph) -> None:
    """Keep the graph, in one step: other processes see the old file or the new one, whole."""
    import json

    from .remembered import data

    try:
        content = json.dumps(data(graph), ensure_ascii=False, separators=(",", ":")).encode("utf-8")
        os.makedirs(place, mode=0o700, exist_ok=True)
        if is_private(place):
            checksum = _digest(meaning + content, _key(os.path.join(place, _KEY)))
            _put(_path(place, meaning), b"%b\n%b" % (checksum.encode(), content))
    except (OSError, UnicodeEncodeError, RecursionError):  # the last of makedirs, for directories in directories
        # A cache that cannot be written is none; the result is there all the same.
        return


def _key(path: str) -> bytes:
    """The user's key, from now on if there is none."""
    with suppress(OSError):
        if len(key := _contents(path, 0o077)) == _KEY_SIZE:
            return key
    _put(path, key := os.urandom(_KEY_SIZE))
    return key


def _put(path: str, content: bytes) -> None:
    """Write a file that is the user's alone, wholly or not at all. Raises OSError where that fails."""
    if len(content) > MAX_ENTRY:
        return
    _make_room(len(content))
    unfinished = f"{path.removesuffix(_SUFFIX)}.{os.getpid()}{_UNFINISHED}"
    try:
        with open(unfinished, "xb", opener=_opened_for_the_user) as file:  # x: what stands there may be anything
            file.write(content)
        os.replace(unfinished, path)
    except OSError:
        with suppress(OSError):
            os.remove(unfinished)
        raise


def _opened_for_the_user(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _make_room(size: int) -> None:
    found = entries()
    total = sum(max(bytes_, LEAST) for bytes_ in (size, *(bytes_ for _written, bytes_, _path in found)))
    for _written, bytes_, path in found:
        if total <= MAX_TOTAL:
            return
        with suppress(OSError):
            os.remove(path)
        total -= max(bytes_, LEAST)
