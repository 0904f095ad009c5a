"""Compiled expressions, remembered: the lowered graph of a text, as plain data in the user's cache directory.

A hit needs neither the parser nor SymPy. Nothing here is trusted: what does not read back as a valid graph of just this
text, made by just this version, is no entry. And nothing here is needed: where no file can be read or written,
expressions are compiled as ever.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any

from . import __version__
from .graph import Graph, Module, validate
from .nodes import Node, Nodes
from .ops import CONSTANTS, TABLE, Op, spellings

MAX_ENTRY = 16_000_000
"""Bytes of the largest graph that is kept."""
MAX_TOTAL = 64_000_000
"""Bytes of all entries; beyond, the oldest go."""
_SUFFIX = ".json"
_FORMAT = 1


def compile_cached(source: str, variables: Collection[str] = ()) -> Graph:
    """The same as `lower.compile_expression`, from the cache where it is there, and into it where it is not."""
    spelled = sorted(set(variables) & set(CONSTANTS))  # the only names whose meaning depends on having a value
    path = _path(source, spelled)
    graph = path and _read(path, source, spelled)
    if not graph:
        from .lower import compile_expression

        graph = compile_expression(source, variables)
        if path:
            _write(path, graph, spelled)
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
        base = os.environ.get("XDG_CACHE_HOME", "").strip() or os.path.expanduser("~/.cache")
        return os.path.join(base, "backprop") if os.path.isabs(base) else ""
    from platformdirs import user_cache_dir

    return user_cache_dir("backprop", appauthor=False)


def _path(source: str, spelled: list[str]) -> str:
    """The entry's file: named after everything that could change what the text means."""
    place = directory()
    if not place:
        return ""
    import zlib

    table = [f"{op.name}{op.inputs}{op.variadic}{op.aliases}" for op in TABLE]
    meaning = repr((_FORMAT, __version__, sys.version_info[:2], table, spelled, source)).encode(
        "utf-8", "surrogatepass"
    )
    # Two checksums are enough, because the entry tells of which text it is; and hashlib takes long to load.
    return os.path.join(place, f"{zlib.crc32(meaning):08x}{zlib.adler32(meaning):08x}{len(meaning):x}{_SUFFIX}")


Entry = tuple[float, int, str]
"""A file of the cache: when it was written, its bytes, and its path."""


def entries() -> list[Entry]:
    """All entries, the oldest first."""
    found = []
    with suppress(OSError), os.scandir(directory() or os.devnull) as files:
        for file in files:
            if file.name.endswith((_SUFFIX, _UNFINISHED)) and file.is_file(follow_symlinks=False):
                with suppress(OSError):
                    status = file.stat(follow_symlinks=False)
                    found.append((status.st_mtime, status.st_size, file.path))
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


def _read(path: str, source: str, spelled: list[str]) -> Graph | None:
    """The graph in a file; None for whatever is not one, of this text."""
    import json

    try:
        with open(path, "rb") as file:
            data = json.loads(file.read(MAX_ENTRY + 1))
        if data["source"] != source or data["spelled"] != spelled:
            return None
        return _graph(source, data)
    except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        return None


_UNFINISHED = ".tmp"


def _write(path: str, graph: Graph, spelled: list[str]) -> None:
    """Keep the graph, in one step: other processes see the old file or the new one, whole."""
    import json

    text = json.dumps({"spelled": spelled, **_data(graph)}, ensure_ascii=False, separators=(",", ":"))
    try:
        content = text.encode("utf-8")
        if len(content) > MAX_ENTRY:
            return
        place = os.path.dirname(path)
        os.makedirs(place, mode=0o700, exist_ok=True)
        _make_room(len(content))
        unfinished = f"{path}.{os.getpid()}{_UNFINISHED}"
        try:
            with open(unfinished, "wb") as file:
                file.write(content)
            os.replace(unfinished, path)
        except OSError:
            with suppress(OSError):
                os.remove(unfinished)
    except (OSError, UnicodeEncodeError):  # a cache that cannot be written is none; the result is there all the same
        return


def _make_room(size: int) -> None:
    found = entries()
    total = size + sum(bytes_ for _written, bytes_, _path in found)
    for _written, bytes_, path in found:
        if total <= MAX_TOTAL:
            return
        with suppress(OSError):
            os.remove(path)
        total -= bytes_


# -- A graph as plain data -----------------------------------------------------------------------------------------


def _data(graph: Graph) -> dict[str, Any]:
    modules: dict[Module, int] = {}
    described: list[dict[str, Any]] = []

    def operation(op: Op | None) -> str | int | None:
        """A row by its name, a module by its place in the list, which its own modules precede."""
        if not isinstance(op, Module):
            return None if op is None else op.name
        if op not in modules:
            inside = nodes(op.inside.nodes)
            modules[op] = len(described)
            described.append({"name": op.name, "inputs": op.inputs, "nodes": inside})
        return modules[op]

    def nodes(some: Sequence[Node]) -> dict[str, Any]:
        columns = Nodes.of(some)
        return {
            "names": columns.names,
            "ops": [operation(op) for op in columns.ops],
            "inputs": columns.inputs,
            "starts": list(columns.starts),
            "ends": list(columns.ends),
            "constants": [
                (i, literal, nodes(body) if body else None) for i, (literal, body) in columns.constants.items()
            ],
        }

    top = nodes(graph.nodes)
    return {
        "source": graph.source,
        "nodes": top,
        "constants": graph.constants,
        "stages": graph.stages,
        "unused": graph.unused,
        "modules": described,
    }


def _graph(source: str, data: dict[str, Any]) -> Graph:
    """The graph that `_data` described. Raises one of many errors for what is no such description."""
    rows = spellings()
    modules: list[Module] = []
    length = len(source)

    def operation(which: str | int | None, count: int) -> Op | None:
        if which is None:
            return None
        return modules[which] if isinstance(which, int) else next(op for op in rows[which] if op.accepts(count))

    def nodes(columns: dict[str, Any]) -> Nodes:
        constants = {i: (literal, tuple(nodes(body)) if body else ()) for i, literal, body in columns["constants"]}
        found = Nodes()
        parts = (columns[name] for name in ("names", "ops", "inputs", "starts", "ends"))
        for i, (name, op, inputs, start, end) in enumerate(zip(*parts, strict=True)):
            literal, body = constants.get(i, ("", ()))
            if not (
                0 <= start <= end <= length and _is_text(name, literal) and all(type(each) is int for each in inputs)
            ):
                raise ValueError("not a node")
            found.append(Node(i, name, (start, end), operation(op, len(inputs)), tuple(inputs), literal, body))
        return found

    for each in data["modules"]:
        inside = Graph(source, nodes(each["nodes"]))
        validate(inside)
        modules.append(Module(each["name"], each["inputs"], inside))
    stages = tuple((name, (start, end)) for name, (start, end) in data["stages"])
    graph = Graph(source, nodes(data["nodes"]), tuple(data["constants"]), stages, tuple(data["unused"]))
    validate(graph)
    if not _is_text(*graph.constants, *graph.unused, *dict(stages)) or not set(graph.constants) <= set(CONSTANTS):
        raise ValueError("not the names of a program")
    return graph


def _is_text(*words: object) -> bool:
    return all(isinstance(word, str) for word in words)
