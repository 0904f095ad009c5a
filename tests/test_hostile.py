"""Nothing that is typed runs, hangs, or ends in anything but a result or a well-drawn error.

The proof that nothing runs: Python's audit hooks tell of every compile, exec, import, open, process and socket. While
hostile text is handled, the only events are SymPy's parser compiling and running placeholders (`v0 + f2(v3)`).
"""

from __future__ import annotations

import builtins
import json
import math
import os
import re
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
import sympy

from backprop_cli import BackpropError, backprop
from backprop_cli.errors import InputError
from backprop_cli.graph.graph import Graph, validate
from backprop_cli.language.program import Program
from support.command import PATIENCE
from support.hostile import (
    CANARY,
    CANARY_FILE,
    CANARY_MODULE,
    HOSTILE,
    SHORT,
    Hostile,
    check_drawing,
    check_error,
    hang_guard,
)
from support.suites import in_a_loop, thinned

# -- The watch -----------------------------------------------------------------------------------------------------

_PLACEHOLDER = re.compile(r"[vfct]\d+", re.ASCII)
_PLACEHOLDERS = re.compile(r"(?:[vfct]\d+|[-+*/%@(), \n])*", re.ASCII)

_OF_THE_TABLE = ("<rule>", "<compiled>")
"""Code made of rows of the table, and loops over large graphs, which are made of them too (see test_compiled.py)."""
_LATE = (
    "arithmetic.wide", "language.guesses", "language.latex", "language.recipes", "passes.compiled",
    "passes.compiled_lines", "passes.compiled_loops", "passes.underflow", "rules.zeros",
)  # fmt: skip
_watching: list[int] = []  # the thread that is watched, while one is
_alarms: list[str] = []


def _alarm(event: str, args: tuple[Any, ...]) -> str | None:
    """What is wrong with an event; None for those of SymPy's parser at work on placeholders, and for no others."""
    if event == "compile":
        source = args[0].decode("utf-8", "replace") if isinstance(args[0], bytes) else args[0]
        if isinstance(source, str) and _PLACEHOLDERS.fullmatch(source):
            return None
    if event == "array.__new__" or (event == "compile" and args[1] in _OF_THE_TABLE):
        return None
    if event == "exec" and isinstance(args[0], CodeType) and args[0].co_filename in _OF_THE_TABLE:
        return None
    if event == "exec" and isinstance(args[0], CodeType):
        code = args[0]
        inner = any(isinstance(constant, str | bytes | CodeType) for constant in code.co_consts)
        if not inner and all(_PLACEHOLDER.fullmatch(name) for name in code.co_names):
            return None
    return f"{event} {str(args)[:500]}"


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if _watching and _watching[0] == threading.get_ident():
        alarm = _alarm(event, args)
        if alarm is not None:
            _alarms.append(alarm)


class _Canary:
    """A builtin, which text that were run as Python, or by SymPy, would find."""

    def __call__(self, *_: object) -> int:
        _alarms.append("the canary was called")
        return 1

    def __getattr__(self, name: str) -> object:
        _alarms.append(f"the canary was asked for {name}")
        raise AttributeError(name)

    __add__ = __radd__ = __mul__ = __rmul__ = __call__


@contextmanager
def watch() -> Iterator[list[str]]:
    """The list of alarms, while the watch is on."""
    _alarms.clear()
    _watching.append(threading.get_ident())
    try:
        yield _alarms
    finally:
        _watching.clear()


@pytest.fixture(scope="module", autouse=True)
def canaries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A builtin, a module and a file that hostile text tries to touch; and all that loads late is loaded."""
    for late in _LATE:
        import_module(f"backprop_cli.{late}")
    backprop("sum(where(x > 0, x, 0))", x=[1.0, 2.0])
    backprop("gamma(x)", x=1.5)
    for value in ("1..2", "1.5±0.1"):
        backprop("x", x=value)
    with pytest.raises(BackpropError):
        backprop("1/(x-x)", x=1.5)
    sys.addaudithook(_hook)  # stays for good; it is idle but for `watch`
    place = tmp_path_factory.mktemp("canaries")
    (place / f"{CANARY_MODULE}.py").write_text(f"open({CANARY_FILE!r}, 'w').close()\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.syspath_prepend(place)
        patch.setattr(builtins, CANARY, _Canary(), raising=False)
        patch.setattr(sympy, CANARY, getattr(builtins, CANARY), raising=False)
        yield place


def _untouched(place: Path) -> bool:
    return not (place / CANARY_FILE).exists() and CANARY_MODULE not in sys.modules


@pytest.mark.parametrize(
    "text",
    [
        f"{CANARY}()",
        f"{CANARY}",
        f"sin('{CANARY}()')",
        "().__class__.__base__.__subclasses__()",
        "lambda: x",
        "x + 1",
        "sin(v0)",
        "v0.real",
        "v0 if v1 else v2",
    ],
)
def test_the_watch_sees_text_that_is_parsed_as_sympy_does(text: str) -> None:
    names = dict.fromkeys(["v0", "v1", "v2"], sympy.Integer(1))
    with watch() as alarms, suppress(Exception):
        sympy.parse_expr(text, local_dict=names)
    assert alarms


@pytest.mark.parametrize(
    "action",
    [
        lambda: __import__("this"),
        lambda: Path(os.devnull).read_bytes(),
        lambda: os.system("true"),
        lambda: subprocess.run([sys.executable, "--version"], stdout=subprocess.DEVNULL, check=True),
        lambda: __import__("socket").socket().close(),
        lambda: eval(CANARY)(),
        lambda: CANARY.join(eval("'v0'")),
    ],
    ids=["import", "open", "system", "Popen", "socket", "canary", "string"],
)
def test_the_watch_sees_actions(action: Callable[[], object]) -> None:
    with watch() as alarms:
        action()
    assert alarms


def test_the_watch_lets_the_parser_work() -> None:
    with watch() as alarms:
        graph = Program("(alpha+beta)*gamma**2 - max(alpha, 1/3)").graph()
    assert graph.nodes
    assert alarms == []


# -- In process ----------------------------------------------------------------------------------------------------


def _evaluated(text: str) -> BackpropError | None:
    """Compile, and evaluate with every variable = 1.5; the error, if there is one, is checked."""
    try:
        graph = Program(text).graph()
        validate(graph)
        trace = backprop(text, {node.name: 1.5 for node in graph.variables})
    except BackpropError as error:
        check_error(error, text)
        return error
    assert math.isfinite(trace.value)
    assert all(math.isfinite(gradient) for gradient in trace.gradient.values())
    return None


def test_there_are_enough() -> None:
    assert len(HOSTILE) > 700
    assert len({text.name for text in HOSTILE}) == len(HOSTILE)


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param(each, id=each.name, marks=[pytest.mark.slow] * (each.slow or number % 2))
        for number, each in enumerate(HOSTILE)
    ],
)
def test_hostile(hostile: Hostile, canaries: Path) -> None:
    text = hostile.make()
    with hang_guard(), watch() as alarms:
        error = _evaluated(text)
    assert alarms == []
    assert _untouched(canaries)
    if hostile.refused:
        assert isinstance(error, InputError)


@in_a_loop("hostile", SHORT)
def test_hostile_values_and_names(hostile: Hostile, canaries: Path) -> None:
    text = hostile.make()
    uses: list[Callable[[], object]] = [
        lambda: backprop("x + 1", {"x": text}),
        lambda: backprop("x + 1", {text: 1.5}),
        lambda: backprop("x + 1", {"x": 1.5, text: text}),
        lambda: backprop("x + 1", {"x": 1.5}, wrt=[text]),
        lambda: backprop("x + 1", {"x": 1.5}, ties=text),
    ]
    with hang_guard(), watch() as alarms:
        for use in uses:
            try:
                use()
            except BackpropError as error:
                check_drawing(error)
    assert alarms == []
    assert _untouched(canaries)


def _chain(sign: str, term: str) -> Callable[[int], str]:
    return lambda count: sign.join([term] * count)


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [
        pytest.param(_chain("+", "x"), id="sum"),
        pytest.param(_chain("+", "1"), id="constant sum"),
        pytest.param(lambda count: "-" * count + "1", id="minus signs of a number"),
    ],
)
def test_memory_grows_with_the_text_and_not_with_its_square(make: Callable[[int], str]) -> None:
    def peak(text: str) -> int:
        tracemalloc.start()
        try:
            graph: Graph = Program(text).graph()
            assert graph.nodes
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    def least(count: int) -> int:
        return min(peak(make(count)) for _ in range(3))  # what is loaded, or cached, now and then adds to it

    # Four times the text takes about 4 times the memory. A part that goes with the square would make it 9 and more.
    assert least(2_400) < 7 * least(600)


@pytest.mark.slow
@pytest.mark.parametrize("term", ["x", "1"])
def test_a_million_characters_fit_into_four_gigabytes(term: str, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")  # not on Windows

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))

    text = "+".join([term * 18] * 49_999)
    name = ["--" + term * 18, "1.5"] if term == "x" else []
    _run(["-", *name, "--get", "value"], text.encode(), tmp_path, limit)


# -- The real command ----------------------------------------------------------------------------------------------

_TOUCH = f"__import__('os').system('touch {CANARY_FILE}')"
_SUM = "x+" * 49_999 + "x"

ARGUMENTS: dict[str, list[str]] = {
    "import": [_TOUCH],
    "substitution": [f"$(touch {CANARY_FILE})"],
    "sympify": [f'S("{_TOUCH}")'],
    "string in a call": [f'sin("{_TOUCH}")'],
    "escape sequence": ["\x1b]0;title\x07x"],
    "bytes that are not UTF-8": ["\udcff\udcfe"],
    "bidi": ["x\u202e+y"],
    "empty": [""],
    "tower": ["9**9**9**9"],
    "open parentheses": ["(" * 130_000],
    "20,000 minus signs": ["-" * 20_000 + "x", "--x", "1.5", "--get", "x"],
    "100,000 tokens": [_SUM, "--x", "1.5", "--get", "x"],
    "value": ["x", "--x", _TOUCH],
    "name": ["x", "--set", f"{_TOUCH}=1"],
    "wrt": ["x", "--x", "1", "--wrt", f"{{0.__class__}},{_TOUCH}"],
    "json": ["x", "--at", json.dumps({"x": _TOUCH})],
    "deep json": ["x", "--at", "[" * 130_000],
}
STDIN: dict[str, bytes] = {
    "NUL": b"x\0+y",
    "not UTF-8": b"\xff\xfex",
    "surrogate in UTF-8": b"\xed\xa0\x80",
    "nothing": b"",
    "a million parentheses": b"(" * 10**6,
    "half a million terms": b"x+" * 499_999 + b"x",
    "ten million characters": b"x" * 10**7,
    "exploit": _TOUCH.encode(),
}


def _run(arguments: list[str], stdin: bytes, place: Path, before: Callable[[], None] | None = None) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "backprop_cli", "eval", *arguments],
        input=stdin,
        capture_output=True,
        cwd=place,
        timeout=PATIENCE,
        preexec_fn=before,
        check=False,
    )
    errors = result.stderr.decode("utf-8", "replace")
    assert result.returncode in (0, 1, 2), errors[-2000:]
    assert "Traceback" not in errors, errors[-2000:]
    if result.returncode:
        assert errors.startswith("error: "), errors[:2000]
        assert result.stdout == b""
    assert "\x1b" not in errors
    assert not (place / CANARY_FILE).exists()


@pytest.mark.parametrize("name", thinned(ARGUMENTS, 2))
def test_command_line(name: str, tmp_path: Path) -> None:
    _run(ARGUMENTS[name], b"", tmp_path)


@pytest.mark.parametrize("name", STDIN)
def test_standard_input(name: str, tmp_path: Path) -> None:
    _run(["-", "--x", "1.5", "--get", "x"], STDIN[name], tmp_path)
