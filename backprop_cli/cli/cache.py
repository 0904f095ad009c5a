"""Compiled expressions, remembered: the lowered graph of a text, as plain data in the user's cache directory.

A hit needs neither the parser nor SymPy. Nothing here is trusted: what does not read back as a valid graph of just this
text, made by just this version, is no entry. And nothing here is needed: where no file can be read or written,
expressions are compiled as ever. An entry is a checksum on a line of its own, and JSON.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Collection
from contextlib import suppress
from typing import Any

from .. import __version__
from ..graph.graph import MAX_DEPTH, MAX_OPENED, Graph, Module, label, opened, validate
from ..graph.nodes import Constant, Gate, Nodes, Variable
from ..language.names import normal, read_name
from ..rules.table import CONSTANTS, TABLE, Op, spellings

MAX_ENTRY = 16_000_000
"""Bytes of the largest graph that is kept."""
MAX_TOTAL = 64_000_000
"""Bytes of all entries; beyond, the oldest go."""
LEAST = 16_000
"""Bytes that an entry counts for at least: looking through a directory of more files would take long."""
_SUFFIX, _UNFINISHED = ".backprop", ".backprop.tmp"  # nobody else's: `--clear` removes whatever is called so
_MADE_BY = [3, __version__]
"""The format of the entries, and the version that writes them."""


def compile_cached(source: str, variables: Collection[str] = ()) -> Graph:
    """The same as `Program.graph`, from the cache where it is there, and into it where it is not."""
    spelled = sorted(set(variables) & set(CONSTANTS))  # the only names whose meaning depends on having a value
    path = _path(source, spelled)
    graph = path and _read(path, source, spelled)
    if not graph:
        from ..language.program import Program

        graph = Program(source).graph(variables)
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
        base = os.environ.get("XDG_CACHE_HOME", "")
        if not os.path.isabs(base):
            base = os.path.expanduser("~/.cache")
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
    meaning = repr((_MADE_BY, sys.version_info[:2], table, spelled, source)).encode("utf-8", "surrogatepass")
    # Two checksums are enough, because the entry tells of which text it is; and hashlib takes long to load.
    return os.path.join(place, f"{zlib.crc32(meaning):08x}{zlib.adler32(meaning):08x}{len(meaning):x}{_SUFFIX}")


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


def _read(path: str, source: str, spelled: list[str]) -> Graph | None:
    """The graph in a file; None for whatever is not one, of this text."""
    import json
    from zlib import crc32

    try:
        with open(path, "rb", opener=_opened_at_once) as file:
            status = os.fstat(file.fileno())
            if not (stat.S_ISREG(status.st_mode) and status.st_size <= MAX_ENTRY):
                return None
            checksum, _, content = file.read(MAX_ENTRY).partition(b"\n")
        if checksum != b"%08x" % crc32(content):
            return None
        data = json.loads(content)
        if [data["made by"], data["source"], data["spelled"]] != [_MADE_BY, source, spelled]:
            return None
        return _graph(source, data)
    except Exception:  # whatever is wrong with it, it is no entry
        return None


def _opened_at_once(path: str, flags: int) -> int:
    """Open the file itself: no link's target, and no pipe that waits for a writer."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))


def _write(path: str, graph: Graph, spelled: list[str]) -> None:
    """Keep the graph, in one step: other processes see the old file or the new one, whole."""
    import json
    from zlib import crc32

    data = {"made by": _MADE_BY, "spelled": spelled, **_data(graph)}
    try:
        content = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
        content = b"%08x\n%b" % (crc32(content), content)
        if len(content) > MAX_ENTRY:
            return
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        _make_room(len(content))
        unfinished = f"{path.removesuffix(_SUFFIX)}.{os.getpid()}{_UNFINISHED}"
        try:
            with open(unfinished, "xb") as file:  # x: what stands there may be another machine's, or a pipe
                file.write(content)
            os.replace(unfinished, path)
        except OSError:
            with suppress(OSError):
                os.remove(unfinished)
    except (OSError, UnicodeEncodeError):  # a cache that cannot be written is none; the result is there all the same
        return


def _make_room(size: int) -> None:
    found = entries()
    total = sum(max(bytes_, LEAST) for bytes_ in (size, *(bytes_ for _written, bytes_, _path in found)))
    for _written, bytes_, path in found:
        if total <= MAX_TOTAL:
            return
        with suppress(OSError):
            os.remove(path)
        total -= max(bytes_, LEAST)


# -- A graph as plain data -----------------------------------------------------------------------------------------


def _data(graph: Graph) -> dict[str, Any]:
    modules: dict[Module, int] = {}
    described: list[dict[str, Any]] = []

    def operation(op: Op | None) -> str | int | None:
        """A row by its name, a module by its place in the list, which its own modules precede."""
        if not isinstance(op, Module):
            return None if op is None else op.name
        if op not in modules:
            inside = nodes(op.graph.nodes)
            modules[op] = len(described)
            described.append({"name": op.name, "inputs": op.inputs, "nodes": inside})
        return modules[op]

    def nodes(columns: Nodes) -> dict[str, Any]:
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
    stages = {name: (start, end) for name, (start, end) in data["stages"]}

    def operation(which: str | int, count: int) -> Op:
        if type(which) is int and which >= 0:
            return modules[which]
        return next(op for op in rows[str(which)] if op.accepts(count))

    def nodes(columns: dict[str, Any], given: Collection[str], inputs: Collection[str] | None = None) -> Nodes:
        """given: names for gates, in a constant empty; inputs: a module's; else variables are as the text has them."""
        constants = {i: (literal, nodes(body, [""]) if body else None) for i, literal, body in columns["constants"]}
        found = Nodes()
        parts = (columns[name] for name in ("names", "ops", "inputs", "starts", "ends"))
        for i, (name, op, into, start, end) in enumerate(zip(*parts, strict=True)):
            _check(type(name) is str and all(type(each) is int for each in into) and _is_span((start, end), source))
            if op is not None:
                _check(i not in constants and (name in given or _is_numbered(name)))
                found.append(Gate(i, name, (start, end), operation(op, len(into)), tuple(into)))
                continue
            text = label(source, (start, end))
            _check(not into)
            if i in constants:
                literal, body = constants[i]
                _check(name in (text, normal(text)) or name in given)
                _check(not literal if body else _is_literal(literal, normal(text) or text))
                found.append(Constant(i, name, (start, end), literal, body))
            else:
                _check(name == read_name(text) if inputs is None else name in inputs)
                found.append(Variable(i, name, (start, end)))
        _check(inputs is None or len(found.variables) == len(inputs))
        return found

    for each in data["modules"]:
        name, inputs = each["name"], each["inputs"]
        _check(all(type(word) is str and word and read_name(word) == word for word in (name, *inputs)))
        _check(name not in ("input", "constant"))  # as Program has it
        inside = Graph(source, nodes(each["nodes"], [name], inputs))
        validate(inside)
        _check_opened(inside)
        modules.append(Module(name, inputs, inside))
    top = nodes(data["nodes"], stages)
    graph = Graph(source, top, tuple(data["constants"]), tuple(stages.items()), tuple(data["unused"]))
    validate(graph)
    _check(set(graph.constants) <= set(CONSTANTS) and set(graph.unused) <= set(stages))
    _check(all(_is_span(span, source) and read_name(label(source, span)) == name for name, span in graph.stages))
    _check_opened(graph)
    return graph


def _check(is_right: object) -> None:
    if not is_right:
        raise ValueError("not a graph of this text")


def _check_opened(graph: Graph) -> None:
    gates, depth = opened(graph.nodes) if graph.modules else (0, 0)
    _check(gates <= MAX_OPENED and depth <= MAX_DEPTH)


def _is_span(span: tuple[Any, Any], source: str) -> bool:
    start, end = span
    return type(start) is int and type(end) is int and 0 <= start < end <= len(source)


def _is_numbered(name: str) -> bool:
    """Whether a gate may be called so that has no name of its own."""
    return name == "f" or (name[:1] == "q" and name[1:].isdecimal())


def _is_literal(literal: object, text: str) -> bool:
    """Whether what is written means that number, or that constant."""
    if literal != CONSTANTS.get(text, text):
        return False
    return text in CONSTANTS or ("_" not in text and text[:1] in ".0123456789" and float(text) >= 0)
