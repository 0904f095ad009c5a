"""The cache of compiled expressions: it changes how fast an answer comes and nothing else, whatever lies in it."""

from __future__ import annotations

import copy
import errno
import json
import os
import socket
import stat
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import platformdirs
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import backprop_cli
from backprop_cli.cli import cache
from backprop_cli.errors import InputError
from backprop_cli.graph.graph import MAX_DEPTH, Constant, Gate, Graph, Module, Node, validate
from backprop_cli.language.program import Program
from backprop_cli.rules import table as ops
from support.cached import files, the_entry
from support.command import Result, call, environment
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
    paths = {cache._path(text, []) for text in texts}
    assert len(paths) == len(texts)


@pytest.mark.parametrize(
    "change",
    [
        lambda patch: patch.setattr(cache, "_MADE_BY", [0, backprop_cli.__version__]),
        lambda patch: patch.setattr(cache, "_MADE_BY", [cache._MADE_BY[0], "0.0.0"]),
        lambda patch: patch.setattr(sys, "version_info", (3, 99, 0)),
        lambda patch: patch.setattr(cache, "TABLE", [*ops.TABLE, ops.Op("cube", "x", ops.x**3, 3 * ops.x**2)]),
        lambda patch: patch.setattr(ops.named("sin"), "aliases", ("sinus",)),
    ],
    ids=["format", "version", "python", "row", "alias"],
)
def test_whatever_changes_a_meaning_counts(
    change: Callable[[pytest.MonkeyPatch], None], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = cache._path("x*y", [])
    change(monkeypatch)
    assert cache._path("x*y", []) != before


# -- Graphs as plain data ------------------------------------------------------------------------------------------


def plain(graph: Graph) -> Any:
    """A graph as something that can be compared: modules, which are themselves alone, by what is inside."""

    def nodes(some: Iterable[Node]) -> list[Any]:
        return [*map(node, some)]

    def node(each: Node) -> Any:
        if isinstance(each, Gate):
            return each._replace(op=operation(each.op))
        return (each[:4], nodes(each.body or ())) if isinstance(each, Constant) else each

    def operation(op: ops.Op) -> Any:
        return (op.name, op.inputs, op.size, op.depth, plain(op.graph)) if isinstance(op, Module) else op

    return graph.source, nodes(graph.nodes), graph[2:]


def again(graph: Graph) -> Graph:
    """The graph, through text and back."""
    return cache._graph(graph.source, json.loads(json.dumps(cache._data(graph))))


NAMES = ["x", "y", "e", "σ", "x₀", "f", "q1", "q2", "pi"]


def expressions(names: list[str], modules: dict[str, int]) -> st.SearchStrategy[str]:
    """Text over these names, and calls of these modules, which take so many inputs."""
    leaves = st.sampled_from([*names, "2", "1/3", "0.5", "-1", "1e-3", "2*pi"])

    def more(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        def written(op: ops.Op) -> st.SearchStrategy[str]:
            count = st.integers(2, 4) if op.variadic else st.just(len(op.inputs))
            return count.flatmap(lambda n: st.lists(parts, min_size=n, max_size=n)).map(
                lambda some: op.written(f"({each})" for each in some)
            )

        def called(name: str) -> st.SearchStrategy[str]:
            some = st.lists(parts, min_size=modules[name], max_size=modules[name])
            return some.map(lambda inputs: f"{name}({', '.join(inputs)})")

        return st.one_of(st.sampled_from(ops.TABLE).flatmap(written), *map(called, modules))

    return st.recursive(leaves, more, max_leaves=6)


@st.composite
def programs(draw: st.DrawFn) -> str:
    modules: dict[str, int] = {}
    lines: list[str] = []
    for name in draw(st.sampled_from([[], [], ["m"], ["m", "sigma2"]])):
        inputs = draw(st.sampled_from([["t"], ["t", "u"], ["e", "x"]]))
        lines.append(f"{name}({', '.join(inputs)}) = {draw(expressions(inputs, modules))}")
        modules[name] = len(inputs)
    names = list(NAMES)
    for name in draw(st.sampled_from([[], [], ["s"], ["s", "q3"], ["Ω", "s", "r"]])):
        lines.append(f"{name} = {draw(expressions(names, modules))}")
        names.append(name)
    last = draw(expressions(names, modules))
    lines.append(last if draw(st.booleans()) else f"out = {last}")
    return draw(st.sampled_from(["\n", "; "])).join(lines)


@settings(relaxed, max_examples=80)
@given(programs(), st.sets(st.sampled_from(["e", "pi"])))
def test_a_graph_comes_back_as_it_was(source: str, variables: set[str]) -> None:
    try:
        graph = Program(source).graph(variables)
    except InputError:  # a line that begins with a minus sign may belong to the line above
        assume(False)
    back = again(graph)
    assert plain(back) == plain(graph)
    assert back.nodes.ops == [
        op if isinstance(op, Module) else other for op, other in zip(back.nodes.ops, graph.nodes.ops, strict=True)
    ]


def test_one_module_stays_one(place: Path) -> None:
    graph = again(Program("m(t) = t*t; n(t) = m(t) + m(2*t); n(x) * m(x)").graph())
    n, m = (op for op in graph.nodes.ops if isinstance(op, Module))
    assert isinstance(n, Module)
    assert [op for op in n.graph.nodes.ops if isinstance(op, Module)] == [m, m]


# -- Damaged entries -----------------------------------------------------------------------------------------------


def sealed(data: Any) -> bytes:
    """The bytes of an entry that holds this, with the right checksum."""
    content = json.dumps(data).encode()
    return b"%08x\n%b" % (zlib.crc32(content), content)


def opened(entry: bytes) -> Any:
    return json.loads(entry.partition(b"\n")[2])


def read_program(path: Path) -> Graph | None:
    return cache._read(str(path), PROGRAM, [])


@pytest.fixture
def entry(place: Path) -> Path:
    """The entry of PROGRAM."""
    call(*WORDS)
    assert read_program(the_entry(place)) is not None
    return the_entry(place)


def test_an_entry_cut_off_anywhere_is_none(entry: Path) -> None:
    whole = entry.read_bytes()
    for end in range(len(whole)):
        entry.write_bytes(whole[:end])
        assert read_program(entry) is None


def test_a_flipped_bit_anywhere_makes_an_entry_none(entry: Path) -> None:
    whole = entry.read_bytes()
    for at in range(len(whole)):
        entry.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :])
        assert read_program(entry) is None


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
        sealed(None),
        sealed([]),
        sealed({}),
        sealed("x"),
        sealed(10**4000),
        *(b"%08x\n%b" % (zlib.crc32(text), text) for text in (b"[" * 200_000, b"\xff", b"NaN", b"9" * 100_000)),
    ],
    ids=repr,
)
def test_what_is_no_entry_is_written_anew(damage: bytes, entry: Path) -> None:
    rewritten(entry, damage)


Change = Callable[[dict[str, Any]], object]
CHANGES: dict[str, Change] = {
    "another format": lambda data: data["made by"].__setitem__(0, 1),
    "another version": lambda data: data["made by"].__setitem__(1, "9.9"),
    "another text": lambda data: data.update(source=PROGRAM.replace("3", "2") + " "),
    "other constants given": lambda data: data.update(spelled=["e"]),
    "nothing but nodes": lambda data: [data.pop(key) for key in list(data) if key != "nodes"],
    "a constant that is none": lambda data: data.update(constants=["x"]),
    "constants that are none": lambda data: data.update(constants=[["pi"]]),
    "a stage left out that is none": lambda data: data.update(unused=["nobody"]),
    "a stage renamed": lambda data: data["stages"][0].__setitem__(0, "hälf"),
    "a stage beyond the text": lambda data: data["stages"][0].__setitem__(1, [0, 10**6]),
    "a stage of words": lambda data: data["stages"][0].__setitem__(1, ["a", "b"]),
    "a stage of nothing": lambda data: data["stages"][0].__setitem__(1, [3, 3]),
    "a stage of nulls": lambda data: data.update(stages=[[None, [0, 1]]]),
    "no node": lambda data: data.update(nodes={key: [] for key in data["nodes"]}),
    "a node too few": lambda data: data["nodes"]["names"].pop(),
    "a node too many": lambda data: data["nodes"]["ops"].append("sin"),
    "a node that nothing uses": lambda data: data["nodes"]["inputs"].__setitem__(-1, [0, 0]),
    "a variable renamed": lambda data: data["nodes"]["names"].__setitem__(1, "y0"),
    "a variable without a name": lambda data: data["nodes"]["names"].__setitem__(1, ""),
    "a variable that is a list": lambda data: data["nodes"]["names"].__setitem__(1, ["x"]),
    "a variable that is a surrogate": lambda data: data["nodes"]["names"].__setitem__(1, "\ud800"),
    "a gate renamed": lambda data: data["nodes"]["names"].__setitem__(-1, "zz"),
    "a gate without a name": lambda data: data["nodes"]["names"].__setitem__(-1, ""),
    "a gate with another's name": lambda data: data["nodes"]["names"].__setitem__(-1, "q"),
    "a constant renamed": lambda data: data["nodes"]["names"].__setitem__(0, "1/3"),
    "a gate of itself": lambda data: data["nodes"]["inputs"].__setitem__(-1, [len(data["nodes"]["ops"]) - 1, 0]),
    "a gate of a later one": lambda data: data["nodes"]["inputs"].__setitem__(2, [0, 5]),
    "a negative input": lambda data: data["nodes"]["inputs"].__setitem__(-1, [-2, -3]),
    "a huge input": lambda data: data["nodes"]["inputs"].__setitem__(-1, [10**30, 0]),
    "an input of true": lambda data: data["nodes"]["inputs"].__setitem__(2, [False, True]),
    "an input of 1.0": lambda data: data["nodes"]["inputs"].__setitem__(2, [0.0, 1.0]),
    "inputs of null": lambda data: data["nodes"]["inputs"].__setitem__(2, None),
    "too few inputs": lambda data: data["nodes"]["inputs"].__setitem__(-1, [5]),
    "too many inputs": lambda data: data["nodes"]["inputs"].__setitem__(-1, [5, 5, 5]),
    "no inputs": lambda data: data["nodes"]["inputs"].__setitem__(-1, []),
    "inputs of a variable": lambda data: data["nodes"]["inputs"].__setitem__(1, [0]),
    "an unknown primitive": lambda data: data["nodes"]["ops"].__setitem__(-1, "nope"),
    "a primitive of one input": lambda data: data["nodes"]["ops"].__setitem__(-1, "sin"),
    "a gate that is none": lambda data: data["nodes"]["ops"].__setitem__(-1, None),
    "a variable that is a gate": lambda data: data["nodes"]["ops"].__setitem__(1, "sin"),
    "a primitive of a list": lambda data: data["nodes"]["ops"].__setitem__(-1, ["mul"]),
    "a module from behind": lambda data: _call(data).__setitem__(_where(data), -1),
    "a module of true": lambda data: _call(data).__setitem__(_where(data), True),
    "a module that is not there": lambda data: _call(data).__setitem__(_where(data), 2),
    "a module of itself": lambda data: data["modules"][1]["nodes"]["ops"].__setitem__(2, 1),
    "a module of a later one": lambda data: data["modules"].reverse(),
    "a module with another input": lambda data: data["modules"][1].update(inputs=["u"]),
    "a module with a space in its name": lambda data: data["modules"][1].update(name="a b"),
    "a module without a name": lambda data: data["modules"][1].update(name=""),
    "a module without inputs": lambda data: data["modules"][1].update(inputs=[]),
    "a module with one input twice": lambda data: data["modules"][0].update(inputs=["t", "w", "w"]),
    "a module with an input too few": lambda data: data["modules"][0].update(inputs=["t"]),
    "a module with any number of inputs": lambda data: data["modules"][1].update(inputs=["t..."]),
    "a module called input": lambda data: data["modules"][1].update(name="input"),
    "a module of numbers": lambda data: data["modules"][1].update(name=1),
    "modules that double": lambda data: _tower(data, 40, 2),
    "modules too deep": lambda data: _tower(data, MAX_DEPTH, 1),
    "a number changed": lambda data: _body(data)[0].__setitem__(1, "3"),
    "a number that is none": lambda data: _body(data)[0].__setitem__(1, "x"),
    "a number that is a number": lambda data: _body(data)[0].__setitem__(1, 1),
    "a number and a body": lambda data: data["nodes"]["constants"][0].__setitem__(1, "1/2"),
    "a body in a body": lambda data: _body(data)[0].__setitem__(2, copy.deepcopy(data["nodes"]["constants"][0][2])),
    "a variable in a body": lambda data: _body(data).pop(),
    "a body of nothing": lambda data: data["nodes"]["constants"][0].__setitem__(2, []),
    "a constant at no node": lambda data: data["nodes"]["constants"][0].__setitem__(0, 99),
    "a constant at every node": lambda data: data["nodes"].update(constants=[[i, "1", None] for i in range(9)]),
    "a node of nothing": lambda data: data["nodes"]["ends"].__setitem__(0, data["nodes"]["starts"][0]),
    "a node that ends before it starts": lambda data: data["nodes"]["ends"].__setitem__(-1, 1),
    "a node beyond the text": lambda data: data["nodes"]["ends"].__setitem__(-1, 10**6),
    "a node before the text": lambda data: data["nodes"]["starts"].__setitem__(-1, -3),
    "a node at 10¹⁰⁰": lambda data: data["nodes"]["ends"].__setitem__(-1, 10**100),
    "a node at a half": lambda data: data["nodes"]["starts"].__setitem__(-1, 0.5),
    "a node at infinity": lambda data: data["nodes"]["ends"].__setitem__(-1, float("inf")),
    "a node at nothing": lambda data: data["nodes"]["starts"].__setitem__(-1, float("nan")),
    "a node at true": lambda data: data["nodes"]["starts"].__setitem__(-1, True),
}


def _call(data: dict[str, Any]) -> list[Any]:
    ops_: list[Any] = data["nodes"]["ops"]
    return ops_


def _where(data: dict[str, Any]) -> int:
    """The place of the call of a module."""
    return next(i for i, op in enumerate(_call(data)) if isinstance(op, int))


def _body(data: dict[str, Any]) -> list[Any]:
    constants: list[Any] = data["nodes"]["constants"][0][2]["constants"]
    return constants


def _tower(data: dict[str, Any], height: int, calls: int) -> None:
    """Modules on the first, each of so many calls of the one below."""
    ground = copy.deepcopy(data["modules"][1])
    ground["nodes"] = {
        "names": ["t", *(f"q{i + 1}" for i in range(calls))],
        "ops": [None, *[1] * calls],
        "inputs": [[], *([i] for i in range(calls))],
        "starts": [0] * (calls + 1),
        "ends": [6] * (calls + 1),
        "constants": [],
    }
    for level in range(height):
        next_one = copy.deepcopy(ground)
        next_one["nodes"]["ops"][1:] = [1 + level] * calls
        data["modules"].append(next_one)
    _call(data)[_where(data)] = len(data["modules"]) - 1


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_no_graph_of_the_text_is_written_anew(name: str, entry: Path) -> None:
    whole = entry.read_bytes()
    data = opened(whole)
    CHANGES[name](data)
    assert json.dumps(data) != json.dumps(opened(whole))
    with hang_guard():
        entry.write_bytes(sealed(data))
        assert read_program(entry) is None
        entry.write_bytes(sealed(opened(whole)))
        assert read_program(entry) is not None  # so that it was the change
        entry.write_bytes(whole)
        rewritten(entry, sealed(data))


def test_a_tower_that_may_be(entry: Path) -> None:
    data = opened(entry.read_bytes())
    _tower(data, 10, 2)
    entry.write_bytes(sealed(data))
    assert read_program(entry) is not None


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to all parts of a document."""
    yield path
    parts = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, part in parts:
        yield from places(part, (*path, key))


DATA = {"made by": cache._MADE_BY, "spelled": [], **json.loads(json.dumps(cache._data(Program(PROGRAM).graph())))}
PLACES = list(places(DATA))
SCALARS = st.sampled_from(
    [None, True, False, -1, 0, 1, 2, 7, 2**31, 2**63, 10**40, -0.0, 1.5, 1e308, float("nan"), float("inf"), "", "x",
     "q", "q1", "f", "t", "pi", "1", "1e400", "sin", "max", "zz", "\0", "\ud800", "٣", "...", " ", "x...", "9" * 400]
)  # fmt: skip
VALUES = st.recursive(
    SCALARS | st.sampled_from(PLACES).map(lambda path: part_at(DATA, path)),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.sampled_from(["names", "ops", "x"]), parts),
    max_leaves=4,
)


def part_at(data: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        data = data[key]
    return data


def replaced(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    data = copy.deepcopy(data)
    part_at(data, path[:-1])[path[-1]] = value
    return data


def check_any_entry(changes: list[tuple[tuple[Any, ...], Any]], where: Path) -> bool:
    """Whatever stands in an entry: it is none, or a valid graph of the same variables, that every view can show."""
    data = copy.deepcopy(DATA)
    for path, value in changes:
        try:
            data = replaced(data, path, copy.deepcopy(value))
        except (KeyError, IndexError, TypeError):  # an earlier change took the place away
            continue
    where.mkdir(exist_ok=True)
    entry = where / "any.backprop"
    with hang_guard(), pytest.MonkeyPatch.context() as patch:
        entry.write_bytes(sealed(data))
        graph = read_program(entry)
        if graph is None:
            return False
        validate(graph)
        assert {node.name for node in graph.variables} <= {"x", "y", "σ"}
        patch.setattr(cache, "_path", lambda *_: str(entry))
        values = [word for node in graph.variables for word in ("--set", f"{node.name}=0.5")]
        for form in (["--json"], [], ["--format", "csv"], ["--expand"], ["--wrt", "x", "--format", "markdown"]):
            assert call("eval", PROGRAM, *values, *form).status in (0, 1, 2)
    return True


@settings(relaxed, max_examples=100)
@given(st.lists(st.tuples(st.sampled_from(PLACES), VALUES), min_size=1, max_size=3))
def test_any_data_in_any_field(tmp_path_factory: pytest.TempPathFactory, changes: Any) -> None:
    check_any_entry(changes, tmp_path_factory.getbasetemp() / "any")


OTHERS: list[Any] = [None, -1, 10**40, 1.5, "", "1", [], [0], {}]


@pytest.mark.parametrize("value", [True, "x", *(pytest.param(each, marks=pytest.mark.slow) for each in OTHERS)])
def test_each_value_in_each_field(value: Any, tmp_path: Path) -> None:
    accepted = [path for path in PLACES if check_any_entry([(path, value)], tmp_path)]
    same = [path for path in PLACES if part_at(DATA, path) == value and type(part_at(DATA, path)) is type(value)]
    assert set(same) <= set(accepted)
    assert len(accepted) < len(PLACES) / 6


def another_text(entry: Path) -> None:
    other = copy.deepcopy(DATA)
    graph = Program("x - y*σ").graph()
    other.update(cache._data(graph))
    entry.write_bytes(sealed(other))


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


# -- Where there is no cache ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [SHARED, STAGED, PATTERNS], ids=["shared", "staged", "patterns"])
@pytest.mark.parametrize(
    "where", ["/dev/null", "/dev/null/cache", "/proc/self", "/proc/nothing/at/all", "/dev/full", "\udcff" * 300, "~"]
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
        [sys.executable, "-c", run, *words], capture_output=True, encoding="utf-8", timeout=60, env=environment(changes)
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
    budget arithmetic arithmetic.floats arithmetic.system errors graph graph.graph graph.nodes language language.names
    passes.backward passes.backpropagate passes.faults passes.forward passes.lazy passes.point passes.settings
    passes passes.trace rules rules.formula rules.printer rules.table streams view view.json
    cli cli.arguments cli.cache cli.options cli.output cli.plain_call cli.request __main__
"""
CLICK = "budget cli cli.commands cli.commands.eval cli.expression cli.plain_call __main__ errors streams"
MISS = """
    language.program language.flatten language.refusals language.statements language.syntax language.tokens
    language.tree
"""
TABLE = "view.table view.columns view.texts"

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
