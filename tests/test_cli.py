"""The command as a person runs it: values and options in every form, every format, streams, terminals, exit status.

Most of it runs in this process, where it is fast; a real process serves only where a process is the point.
"""

from __future__ import annotations

import csv
import fcntl
import gzip
import io
import json
import math
import re
import shlex
import signal
import struct
import subprocess
import sys
import termios
import time
import unicodedata
from pathlib import Path
from typing import Any

import click
import pytest

from backprop_cli import __version__
from backprop_cli.cli import commands, options
from support.command import PATIENCE, SEQUENCE, command, document, evaluate, on_a_terminal, plain, process, run
from support.lines import EXAMPLE, NEURON, STAGED, TYPICAL


def value(*words: str, stdin: str | bytes = "") -> float:
    return float(evaluate("--get", "value", *words, stdin=stdin))


IDS = ["example", "staged", "neuron", "patterns", "shared"]


# -- Values for variables ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ["x", "--x", "-2"],
        ["--x", "-2", "x"],
        ["x", "--x=-2"],
        ["--x=-2", "x"],
        ["x", "--x", "-4/2"],
        ["x", "--x=-4/2"],
        ["x", "--x", " -2 "],
        ["x", "--x", "−2"],
        ["x", "--set", "x=-2"],
        ["--set", "x=-2", "x"],
        ["x", "--set=x=-2"],
        ["x", "--set", " x =-2"],
        ["x", "--at", '{"x": -2}'],
        ["x", '--at={"x": -2}'],
        ['--at={"x": "-4/2"}', "x"],
        ["x", "--at", ' {"x": -2.0e0}'],
        ["--x", "-2", "--", "x"],
        ["--x=-2", "--", "x"],
        ["x", "--x", "-2", "--"],
    ],
    ids=shlex.join,
)
def test_each_form_binds(words: list[str]) -> None:
    assert value(*words) == -2.0


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2], [2, 3, 0, 1]])
def test_order_does_not_matter(order: list[int]) -> None:
    pieces = [["(x+y)*z"], ["--x", "-2", "--get=value"], ["--y=5"], ["--z", "-4"]]
    assert evaluate(*(word for i in order for word in pieces[i])) == "-12.0\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", 3.0),
        ("+3", 3.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("2e-3", 2e-3),
        ("-2E+3", -2e3),
        ("1/3", 1 / 3),
        ("-1/3", -1 / 3),
        ("-pi/4", -math.pi / 4),
        ("π", math.pi),
        ("e", math.e),
        ("2^10", 1024.0),
        ("2**0.5", 2**0.5),
        ("sqrt(2)", math.sqrt(2)),
        ("-(1+2)*3", -9.0),
        ("--2", 2.0),
        ("-2**2", -4.0),
        ("max(1, 2, 3)", 3.0),
        ("1e308", 1e308),
        ("5e-324", 5e-324),
        ("0.1", 0.1),
        ("123456789012345678901234567890", 123456789012345678901234567890.0),
    ],
)
def test_a_value_is_a_number_or_a_constant_expression(text: str, expected: float) -> None:
    assert value("x", "--x", text) == expected
    assert value("x", f"--x={text}") == expected
    assert value("x", "--set", f"x={text}") == expected
    assert value("x", "--at", json.dumps({"x": text})) == expected


OPTIONS = [name.removeprefix("--") for name in options.by_name("eval") if name.startswith("--")]


def test_the_options_of_the_design() -> None:
    assert {"set", "at", "wrt", "ties", "allow-nonfinite", "format", "json", "get", "digits"} <= set(OPTIONS)


@pytest.mark.parametrize("name", [*filter(str.isidentifier, OPTIONS)])
def test_set_binds_a_name_that_is_an_option(name: str) -> None:
    assert value(f"{name}*2", "--set", f"{name}=3") == 6.0
    assert value(f"{name}*2", "--at", json.dumps({name: 3})) == 6.0


@pytest.mark.parametrize(
    "name", ["version", "eval", "value", "x_1", "x1", "X", "_", "σ", "lambda", "S", "N", "I", "max", "sin", "변수"]
)
def test_any_other_name_is_a_variable(name: str) -> None:
    assert document(f"{name}*2", f"--{name}", "3")["gradient"] == {name: 2.0}
    assert document(f"{name}*2", f"--{name}=3")["gradient"] == {name: 2.0}


def test_constants_are_variables_once_they_have_a_value() -> None:
    assert document("e*pi", "--e", "2", "--pi", "3")["point"] == {"e": 2.0, "pi": 3.0}
    assert document("e*pi", "--e", "2")["constants"] == {"pi": math.pi}


# -- --at ----------------------------------------------------------------------------------------------------------


def test_at_file(tmp_path: Path) -> None:
    file = tmp_path / "point.json"
    file.write_text('{"x": -2, "y": 5,\n "z": "-8/2"}', encoding="utf-8")
    assert value("(x+y)*z", "--at", str(file)) == -12.0


def test_at_file_with_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "σ.json"
    file.write_text('{"σ": -2}', encoding="utf-8-sig")
    assert value("σ", "--at", str(file)) == -2.0


def test_at_standard_input() -> None:
    assert value("(x+y)*z", "--at", "-", stdin='{"x": -2, "y": 5, "z": -4}\n') == -12.0


def test_options_override_at_wherever_they_stand() -> None:
    at = ["--at", '{"x": 1, "y": 10}']
    assert value("x + y", *at, "--x", "5") == 15.0
    assert value("--x", "5", *at, "x + y") == 15.0
    assert value("x + y", *at, "--set", "x=5") == 15.0


def test_the_point_of_a_document_is_read_and_the_rest_is_not() -> None:
    assert value("x", "--at", '{"x": 1, "value": 3, "point": {"x": 9}}') == 9.0


def test_point_may_be_a_variable() -> None:
    assert value("point", "--at", '{"point": 9}') == 9.0


ROUND_TRIPS = [
    *TYPICAL,
    ["x", "--x", "0.1"],
    ["2*pi"],
    ["e*x", "--x", "1/3"],
    ["e*x", "--x", "1/3", "--e", "2"],
    ["x + y*z", "--x", "5e-324", "--y", "-0.0", "--z", "1.7976931348623157e308"],
    ["max(x, y)", "--x", "3", "--y", "3"],
    ["x₁*σ + ℏ", "--x₁", "1/7", "--σ", "2", "--ħ", "3"],
    ["json*x", "--set", "json=4", "--x", "2"],
]


@pytest.mark.parametrize("words", ROUND_TRIPS, ids=lambda words: words[0])
def test_the_output_feeds_the_input(words: list[str], tmp_path: Path) -> None:
    first = evaluate("--json", *words)
    expression = words[0]
    assert evaluate(expression, "--json", "--at", "-", stdin=first) == first
    assert evaluate(expression, "--json", "--at", first) == first
    (tmp_path / "document.json").write_text(json.dumps(json.loads(first), indent=4), encoding="utf-8")
    assert evaluate(expression, "--json", "--at", str(tmp_path / "document.json")) == first


def test_a_document_that_is_not_finite_feeds_the_input() -> None:
    first = evaluate("x/y + z*w", "--x", "1", "--y", "-0.0", "--z", "nan", "--w=-inf", "--allow-nonfinite", "--json")
    assert json.loads(first)["point"] == {"x": 1.0, "y": -0.0, "z": "NaN", "w": "-Infinity"}
    assert evaluate("x/y + z*w", "--allow-nonfinite", "--json", "--at", "-", stdin=first) == first


# -- The expression ------------------------------------------------------------------------------------------------


SIGNED = {
    "-x": -2.0,
    "-x*y": -6.0,
    "--x": 2.0,
    "-x - y": -5.0,
    "--x*y": 6.0,
    "--x + y": 5.0,
    "-(x+y)": -5.0,
    "-2*x + y": -1.0,
    "-.5*x + y": 2.0,
    "+x - y": -1.0,
    "−x + y": 1.0,
    "-h*x + y": -11.0,
}


@pytest.mark.parametrize("expression", SIGNED)
def test_an_expression_may_begin_with_a_sign(expression: str) -> None:
    values = [f"--{name}={text}" for name, text in (("x", "2"), ("y", "3"), ("h", "7")) if name in expression]
    if expression != "--x":  # that one looks like an option: it needs `--`
        assert value(expression, *values) == SIGNED[expression]
        assert value(*values, expression) == SIGNED[expression]
    assert value(*values, "--", expression) == SIGNED[expression]


@pytest.mark.parametrize("name", ["x", "v", "V", "e", "q", "j", "oh", "h2"])
def test_there_are_two_short_options_alone(name: str) -> None:
    assert value(f"-{name}", f"--{name}", "2") == -2.0


@pytest.mark.parametrize("name", ["h", "o"])
def test_behind_two_dashes_a_short_option_is_an_expression(name: str) -> None:
    assert value(f"--{name}", "2", "--", f"-{name}") == -2.0


@pytest.mark.parametrize("command", ["", *options.COMMANDS])
def test_help_everywhere_fits_a_screen(command: str) -> None:
    long, short = (run(*command.split(), word) for word in ("--help", "-h"))
    assert long == short
    assert (long.status, long.err) == (0, "")
    assert len(long.out.splitlines()) < 24
    assert max(map(len, long.out.splitlines())) <= 80


@pytest.mark.parametrize("more", [1, 2, 9])
def test_help_has_room_for_more_commands(more: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line for each while there is room; the last ones by name."""
    added = [f"command{i}" for i in range(more)]
    known = commands.Commands.get_command

    def found(group: commands.Commands, context: click.Context, name: str) -> click.Command | None:
        return click.Command(name, help="Do something.") if name in added else known(group, context, name)

    monkeypatch.setattr(commands, "COMMANDS", [*options.COMMANDS, *added])
    monkeypatch.setattr(commands.Commands, "get_command", found)
    lines = run("--help").out.splitlines()
    assert len(lines) == 23
    assert max(map(len, lines)) <= 80
    shown = lines[lines.index("Commands:") + 1 :]
    last = next(i for i, line in enumerate(shown) if line.startswith("  Each has a --help: "))
    named = re.findall(r"\w+(?=[,.])", " ".join(shown[last:]))
    assert [line.split()[0] for line in shown[:last]] + named == [*options.COMMANDS, *added]


@pytest.mark.parametrize("command", ["eval", "points", "minimize", "graph"])
def test_help_has_room_for_more_options(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has no line of its own is named."""
    added = [options.Option(f"--option{i}", command, None, "Do something.") for i in range(9)]
    monkeypatch.setattr(options, "OPTIONS", (*added, *options.OPTIONS))
    lines = run(command, "--help").out.splitlines()
    assert len(lines) <= 23
    assert "Example:" in "".join(lines)
    assert {*re.findall(r"--[\w-]+", " ".join(lines))} >= options.by_name(command).keys() - {"-o", "-h", "--help"}


@pytest.mark.parametrize("text", ["(x+y)*z", "(x+y)*z\n", " (x+y)\n  *z\n\n", "(x+y)\r\n*z\r\n", "\ufeff(x+y)*z"])
def test_standard_input_as_the_expression(text: str) -> None:
    assert value("-", *EXAMPLE[1:], stdin=text) == -12.0
    assert value(*EXAMPLE[1:], "-", stdin=text) == -12.0
    assert value(*EXAMPLE[1:], "--", "-", stdin=text) == -12.0
    assert value(*EXAMPLE[1:], stdin=text) == -12.0
    assert value(*EXAMPLE[1:], stdin=gzip.compress(text.encode())) == -12.0


def test_what_is_packed_is_read(tmp_path: Path) -> None:
    for name, text in (("net.bp.gz", "x*y"), ("at.json", '{"x": 2, "y": 3}'), ("bad.gz", "")):
        (tmp_path / name).write_bytes(gzip.compress(text.encode())[: None if text else 7])
    words = ["--file", str(tmp_path / "net.bp.gz"), "--at", str(tmp_path / "at.json")]
    assert evaluate(*words, "--get", "value") == "6.0\n"
    result = run("eval", "--file", str(tmp_path / "bad.gz"))
    assert result.status == 2
    assert result.err.endswith(": its gzip data is damaged\n")


def test_values_that_are_not_needed_are_left_out_with_a_warning() -> None:
    result = run("eval", "x", "--at", '{"x": 1, "y": 2, "z": 3}', "--get", "value")
    assert result == (0, "1.0\n", "warning: the expression does not use y, z of --at\n")
    assert run("eval", "q = x; f = q*x", "--at", '{"x": 1, "q": 2}').status == 0
    assert "did you mean 'y'?" in run("eval", "x*y", "--at", '{"x": 1, "Y": 2}').err
    assert run("derive", "x*y", "--at", '{"x": 1, "z": 2}').err == "warning: the expression does not use z of --at\n"


def test_the_document_has_the_expression_as_written() -> None:
    assert document("-", "--x", "1", stdin="  x  +\n 1 \n")["expression"] == "x  +\n 1"


# -- Options -------------------------------------------------------------------------------------------------------


def test_wrt() -> None:
    data = document(*EXAMPLE, "--wrt", "x,z")
    assert data["gradient"] == {"x": -4.0, "z": 3.0}
    nodes = {node["name"]: node for node in data["nodes"]}
    assert nodes["y"]["upstream"] is None
    assert nodes["q1"]["inputs"][1] == {"name": "y", "local": None, "chained": None}
    assert data["point"] == {"x": -2.0, "y": 5.0, "z": -4.0}
    assert document(*EXAMPLE, "--wrt= z , x ")["gradient"] == {"x": -4.0, "z": 3.0}


def test_what_is_not_asked_for_cannot_go_wrong() -> None:
    words = ["x**y + sqrt(z)", "--x", "-2", "--y", "3", "--z", "0"]
    assert run("eval", *words).status == 1
    assert document(*words, "--wrt", "x")["gradient"] == {"x": 12.0}


@pytest.mark.parametrize(
    ("ties", "expected"),
    [([], [1.0, 1.0, 0.0, 1.0]), (["--ties", "both"], [1.0, 1.0, 0.0, 1.0]),
     (["--ties=split"], [1 / 3, 1 / 3, 0.0, 1 / 3]), (["--ties", "first"], [1.0, 0.0, 0.0, 0.0])],
)  # fmt: skip
@pytest.mark.parametrize(("function", "other"), [("max", "2"), ("min", "9")])
def test_ties(ties: list[str], expected: list[float], function: str, other: str) -> None:
    words = [f"{function}(a, b, c, d)", "--a", "3", "--b", "3", "--c", other, "--d", "3", *ties]
    assert list(document(*words)["gradient"].values()) == expected
    assert f"--ties {ties[-1].split('=')[-1] if ties else 'both'}" in run("eval", *words).err


def test_allow_nonfinite() -> None:
    words = ["sqrt(x) + 1/y + exp(z)", "--x", "0", "--y", "0", "--z", "1000"]
    assert run("eval", *words).status == 1
    data = document(*words, "--allow-nonfinite")
    assert data["value"] == "Infinity"
    assert data["gradient"] == {"x": "Infinity", "y": "-Infinity", "z": "Infinity"}
    assert document("x - x", "--x", "inf", "--allow-nonfinite")["value"] == "NaN"
    assert evaluate("x", "--x=-inf", "--allow-nonfinite", "--get", "value") == "-inf\n"


@pytest.mark.parametrize(("digits", "shown"), [(1, "0.3"), (3, "0.333"), (6, "0.333333"), (17, "0.33333333333333331")])
def test_digits_are_for_tables(digits: int, shown: str) -> None:
    words = ["x + 0*y", "--x", "1/3", "--y", "1", "--digits", str(digits)]
    assert evaluate(*words).startswith(f"x + 0*y = {shown}\n")
    assert f" {shown} " in evaluate(*words)
    assert f"| {shown} " in evaluate(*words, "--format", "markdown")
    for exact in (["--json"], ["--format", "csv"], ["--get", "value"]):
        assert "0.3333333333333333" in evaluate(*words, *exact)
        assert evaluate(*words, *exact) == evaluate(*words[:5], *exact)


def test_six_digits_by_default() -> None:
    assert evaluate("x", "--x", "1/3").startswith("x = 0.333333\n")


def test_json_is_a_format() -> None:
    assert evaluate(*EXAMPLE, "--json") == evaluate("--format", "json", *EXAMPLE) == evaluate(*EXAMPLE, "--format=json")


def test_table_is_the_default_format() -> None:
    assert evaluate(*EXAMPLE) == evaluate(*EXAMPLE, "--format", "table")


def test_get() -> None:
    assert evaluate(*EXAMPLE, "--get", "value") == "-12.0\n"
    assert evaluate(*EXAMPLE, "--get", "z", "--get=value", "--get", "x", "--get", "z") == "3.0\n-12.0\n-4.0\n3.0\n"
    assert evaluate("σ*2", "--σ", "1", "--get", "σ") == "2.0\n"


@pytest.mark.parametrize("words", TYPICAL, ids=IDS)
def test_get_prints_what_the_document_holds(words: list[str]) -> None:
    data = document(*words)
    names = list(data["gradient"])
    lines = evaluate(*words, "--get", "value", *(word for name in names for word in ("--get", name))).splitlines()
    assert lines == [repr(each) for each in (data["value"], *data["gradient"].values())]


@pytest.mark.parametrize(
    "number",
    [0.1 + 0.2, -0.0, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 1 / 3, -1e22, 1e16, 123456789.125, 1e-7],
)
def test_floats_survive_bit_for_bit(number: float) -> None:
    data = document("x", "--x", repr(number))
    for each in (data["value"], data["point"]["x"], data["nodes"][0]["value"]):
        assert float(each).hex() == number.hex()
    assert value("x", "--x", repr(number)).hex() == number.hex()
    rows = list(csv.DictReader(io.StringIO(evaluate("x", "--x", repr(number), "--format", "csv"))))
    assert float(rows[0]["value"]).hex() == number.hex()


# -- Streams and exit status ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        (["max(x, y)", "--x", "3", "--y", "3"], ["tie"]),
        (["abs(x) + relu(x)", "--x", "0"], ["kink", "kink"]),
        (["e*x", "--x", "2"], ["constant"]),
        (["E*x + floor(y)", "--x", "2", "--y", "1"], ["constant", "kink"]),
        (["pi*x", "--x", "2"], []),
    ],
    ids=lambda each: each[0] if each else "none",
)
def test_warnings(words: list[str], kinds: list[str]) -> None:
    result = run("eval", *words, "--json")
    data = json.loads(result.out)
    assert result.status == 0
    assert [each["kind"] for each in data["warnings"]] == kinds
    assert result.err == "".join(f"warning: {each['message']}\n" for each in data["warnings"])
    for each in ([], ["--get", "value"], ["--format", "csv"], ["--format", "markdown"]):
        assert run("eval", *words, *each).err == result.err
        assert "warning" not in run("eval", *words, *each).out


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["eval", *EXAMPLE], 0),
        (["eval", "max(x, 1)", "--x", "1"], 0),
        (["--help"], 0),
        (["--version"], 0),
        (["eval", "--help"], 0),
        (["eval", "log(x)", "--x", "-1"], 1),
        (["eval", "sqrt(x)", "--x", "0"], 1),
        (["eval", "exp(x)", "--x", "1000"], 1),
        (["eval", "x", "--x", "1/0"], 1),
        (["eval", "sine(x)", "--x", "1"], 2),
        (["eval", "x"], 2),
        (["eval", "x", "--x", "1", "--ties", "none"], 2),
        (["eval", "x", "--at", "nowhere.json"], 2),
        (["eval"], 2),
        (["frobnicate"], 2),
        ([], 2),
    ],
    ids=lambda each: shlex.join(each) if isinstance(each, list) else str(each),
)
def test_exit_status_and_stream(words: list[str], status: int) -> None:
    result = run(*words)
    assert result.status == status
    assert (result.out == "", result.err == "") == (status != 0, status == 0 and words[1:2] != ["max(x, 1)"])


def test_help() -> None:
    overview, details = run("--help").out, run("eval", "--help-all").out
    assert "eval" in overview
    for option in OPTIONS:
        assert re.search(rf"--{option}[ ,]", details)
    assert max(map(len, (overview + details).splitlines())) <= 80
    assert run("eval", "(x", "--help-all", "--x", "1").out == details
    examples = re.findall(r"^ +backprop (eval .*)$", details, re.MULTILINE)
    assert len(examples) >= 3
    for example in examples:
        assert run(*shlex.split(example)).status == 0, example


def test_version() -> None:
    assert run("--version").out.split()[-1] == __version__


def test_a_process_prints_and_exits_as_this_one_does() -> None:
    for words in (["eval", *EXAMPLE], ["eval", "max(x, 1)", "--x", "1", "--json"], ["eval", "sqrt(σ)", "--σ", "0"]):
        here, there = run(*words), process(*words)
        assert (there.returncode, there.stdout.decode(), there.stderr.decode()) == here


def test_the_console_command_is_the_module() -> None:
    script = Path(sys.executable).with_name("backprop")
    if not script.exists():
        pytest.skip("the package is not installed beside this Python")
    result = subprocess.run(
        [script, "eval", *EXAMPLE, "--get", "x"], capture_output=True, timeout=PATIENCE, check=False
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, b"-4.0\n", b"")


CLOSED = b"error: the result cannot be written: standard output is closed\n"
FULL = b"error: the result cannot be written: no space left on device\n"


@pytest.mark.parametrize(
    ("words", "redirect", "status", "err"),
    [
        (EXAMPLE, ">&-", 1, CLOSED),
        ([*EXAMPLE, "--json"], ">&-", 1, CLOSED),
        (["--help"], ">&-", 1, CLOSED),
        (EXAMPLE, ">/dev/full", 1, FULL),
        ([*EXAMPLE, "--json"], ">/dev/full", 1, FULL),
        (["--help"], ">/dev/full", 1, FULL),
        (["-", "--x", "1"], "<&-", 2, b"error: the expression cannot be read: standard input is closed\n"),
        (["x", "--at", "-"], "<&-", 2, b"error: --at cannot be read: standard input is closed\n"),
        (EXAMPLE, ">&- 2>&-", 1, b""),
        (["x"], "2>&-", 2, b""),
    ],
    ids=lambda each: shlex.join(each) if isinstance(each, list) else None,
)
def test_streams_that_take_or_give_nothing(words: list[str], redirect: str, status: int, err: bytes) -> None:
    if "/dev/full" in redirect and not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    result = process("eval", *words, redirect=redirect)
    assert (result.returncode, result.stdout, result.stderr) == (status, b"", err)


def test_closed_standard_error_and_input_do_not_matter_without_need() -> None:
    result = process("eval", "e*x", "--x", "1", "--get", "x", redirect="2>&- <&-")
    assert (result.returncode, result.stdout) == (0, b"2.718281828459045\n")


@pytest.mark.parametrize("form", ["json", "csv", "table"])
def test_closed_pipe_is_quiet(form: str) -> None:
    """As in `backprop … | head -1`: the reader goes while there is much left to write."""
    expression = "+".join(["x"] * 5_000)
    with subprocess.Popen(
        command("eval", expression, "--x", "1", "--format", form), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(1)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(PATIENCE) in (0, 128 + signal.SIGPIPE)


@pytest.mark.parametrize("words", [["eval", "-", "--x", "1"], ["eval", "x", "--at", "-"]], ids=shlex.join)
def test_interrupt(words: list[str]) -> None:
    with subprocess.Popen(
        command(*words), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(b" ")
        process.stdin.flush()
        deadline = time.monotonic() + 30
        while _unread(process.stdin.fileno()) and time.monotonic() < deadline:
            time.sleep(0.01)  # once the blank is read, the program waits for more, or is about to
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
        assert (process.stdout.read(), process.stderr.read().strip()) == (b"", b"")


def _unread(pipe: int) -> int:
    """Bytes that wait in a pipe."""
    count: int = struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4))[0]
    return count


# -- Encodings -----------------------------------------------------------------------------------------------------

GREEK = ["x**2 - max(σ, y)", "--x", "1", "--σ", "2", "--y", "2"]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-16"])
def test_any_encoding_of_the_streams(encoding: str) -> None:
    for form in ("table", "markdown", "csv"):
        text = evaluate(*GREEK, "--format", form, encoding=encoding)
        assert "x**2" in text
    assert run("eval", "x² + σ", encoding=encoding).status == 2
    assert run("eval", "sqrt(σ)", "--σ", "0", encoding=encoding).status == 1
    plain = evaluate(*GREEK, "--json", encoding=encoding)
    assert json.loads(plain) == document(*GREEK)


@pytest.mark.parametrize("encoding", ["idna", "undefined"])
def test_an_encoding_that_is_for_no_stream(encoding: str) -> None:
    for words, status in ((EXAMPLE, 0), (["x +"], 2)):
        result = process("eval", *words, PYTHONIOENCODING=encoding)
        assert result.returncode == status
        assert b"object" not in result.stderr


def test_an_ascii_process() -> None:
    """Where Python itself does not help (it turns a C locale into UTF-8 unless it is told not to)."""
    words = ["sqrt(x)*max(x, y)", "--x", "4", "--y", "4"]
    for form in ("table", "markdown", "csv", "json"):
        result = process("eval", *words, "--format", form, LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0")
        assert result.returncode == 0
        assert (result.stdout + result.stderr).isascii()
    assert json.loads(result.stdout) == document(*words)
    result = process("eval", *GREEK, "--json", PYTHONIOENCODING="ascii")
    assert result.stdout.isascii()
    assert json.loads(result.stdout) == document(*GREEK)
    result = process("eval", *GREEK, LC_ALL="C")
    assert result.returncode == 0


def test_bytes_that_are_no_text() -> None:
    for words in (
        [b"eval", b"x + \xff", b"--x", b"1"],
        [b"eval", b"x", b"--\xff", b"1"],
        [b"eval", b"x", b"--x", b"\xff"],
        [b"eval", b"x", b"--at", b"\xff"],
        [b"\xff"],
    ):
        result = process(*words)
        assert (result.returncode, result.stdout) == (2, b"")
        assert result.stderr.decode().startswith("error: ")
        assert "Traceback" not in result.stderr.decode()


# -- Terminals -----------------------------------------------------------------------------------------------------


WITHOUT_COLOUR = {"", "0", "1", "3", "22", "23"}
"""Codes of plain, bold and italic text."""


def codes(text: str) -> set[str]:
    return {code for found in SEQUENCE.findall(text) for code in found.split(";")}


def width(line: str) -> int:
    """Columns that a line takes."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in plain(line)
    )


def test_colour_on_a_terminal_only() -> None:
    shown = on_a_terminal("eval", *EXAMPLE)
    assert not codes(shown) <= WITHOUT_COLOUR
    assert [line.rstrip() for line in plain(shown).splitlines()] == evaluate(*EXAMPLE).splitlines()
    assert "\x1b" not in evaluate(*EXAMPLE)
    assert b"\x1b" not in process("eval", *EXAMPLE, TERM="xterm-256color").stdout


def test_no_color() -> None:
    """https://no-color.org: no colour; bold is not a colour."""
    shown = on_a_terminal("eval", *EXAMPLE, NO_COLOR="1")
    assert codes(shown) <= WITHOUT_COLOUR
    assert plain(shown) == plain(on_a_terminal("eval", *EXAMPLE))


def test_a_dumb_terminal_gets_plain_text() -> None:
    assert "\x1b" not in on_a_terminal("eval", *EXAMPLE, TERM="dumb")


def test_only_the_table_is_coloured() -> None:
    assert "\x1b" not in on_a_terminal("eval", *EXAMPLE, "--json")
    assert on_a_terminal("eval", *EXAMPLE, "--get", "value") == "-12.0\n"


def forty_gates() -> list[str]:
    """A neuron with twenty inputs: 40 gates, 40 variables."""
    terms = " + ".join(f"w{i}*x{i}" for i in range(20))
    values = [word for i in range(20) for word in (f"--w{i}", f"{i - 9}/7", f"--x{i}", f"{i}/30")]
    return [f"tanh({terms})", *values]


LONG_NAMES = [
    "1/(1 + exp(-(learning_rate_of_the_first_layer*momentum_of_the_second_layer + bias)))",
    "--learning_rate_of_the_first_layer", "1/3", "--momentum_of_the_second_layer", "1/7e5", "--bias", "-2e-7/3",
]  # fmt: skip
MANY_INPUTS = ["max(" + ", ".join(f"x{i}" for i in range(30)) + ")*변수"] + [
    word for i in range(30) for word in (f"--x{i}", f"{i}/7")
]


@pytest.mark.parametrize(
    "words",
    [
        EXAMPLE,
        STAGED,
        NEURON,
        forty_gates(),
        LONG_NAMES,
        [*MANY_INPUTS, "--변수", "1/3"],
        [*STAGED, "--digits", "17"],
        ["x/y*z", "--x=-1.2345678901234567e-300", "--y=-9.876543210987654e-100", "--z=-1/3", "--digits=17"],
    ],
    ids=["example", "staged", "neuron", "forty gates", "long names", "many inputs", "17 digits", "long numbers"],
)
def test_eighty_columns_hold_every_number(words: list[str]) -> None:
    shown = plain(on_a_terminal("eval", *words))
    assert max(map(width, shown.splitlines())) <= 80
    digits = int(words[-1].split("=")[-1]) if "--digits" in " ".join(words[-2:]) else 6
    found = set(re.split(r"\s+", shown))
    for number in numbers(document(*words)):
        assert text(number, digits) in found


def numbers(data: dict[str, Any]) -> list[float]:
    """Every number that the table has to show."""
    edges = [edge for node in data["nodes"] for edge in node["inputs"]]
    gates = [node for node in data["nodes"] if node["inputs"]]
    shown = [gate[key] for gate in gates for key in ("value", "upstream")]
    shown += [edge[key] for edge in edges for key in ("local", "chained")]
    shown += [*data["point"].values(), *data["gradient"].values()]
    return [number for number in shown if number is not None]


def test_a_pipe_is_not_cut() -> None:
    expression = " + ".join(f"coefficient_{i}*variable_{i}" for i in range(12))
    values = [word for i in range(12) for word in (f"--coefficient_{i}", "2", f"--variable_{i}", "3")]
    lines = evaluate(expression, *values).splitlines()
    assert lines[0] == f"{expression} = 72"
    assert any("q1 = coefficient_0 * variable_0 " in line for line in lines)
    assert any("coefficient_11 + h → f + 3h" in line for line in lines)
    assert all(line == line.rstrip() for line in lines)


# -- The table -----------------------------------------------------------------------------------------------------


def text(number: float | None, digits: int = 6) -> str:
    return "–" if number is None else f"{number + 0.0:.{digits}g}"


def cells(line: str) -> list[str]:
    return re.split(r"\s{2,}", line.strip())


@pytest.mark.parametrize("words", [*TYPICAL, forty_gates(), [*EXAMPLE, "--wrt", "y"]], ids=[*IDS, "forty", "wrt"])
def test_the_table_is_the_document(words: list[str]) -> None:
    data = document(*words)
    lines = evaluate(*words).splitlines()
    assert lines[0] == f"{words[0]} = {text(data['value'])}"
    assert lines[1] == ""
    rows = [cells(line) for line in lines[4:]]  # below the two lines of the heading
    expected: list[list[str]] = []
    for node in data["nodes"]:
        if node["inputs"]:
            expected.append([f"{node['name']} = {node['expression']}", text(node["value"]), text(node["upstream"])])
            expected += [[f"← {edge['name']}", text(edge["local"]), text(edge["chained"])] for edge in node["inputs"]]
    shown = [row[:3] for row in rows if row[0].startswith("←") or (" = " in row[0] and len(row) > 1)]
    assert shown == expected
    gradient = {row[0]: row[1:3] for row in map(cells, lines) if len(row) == 4 and "→" in row[3]}
    assert gradient == {name: [text(data["point"][name]), text(each)] for name, each in data["gradient"].items()}


def test_the_table_tells_the_rule_of_each_edge() -> None:
    lines = evaluate("x*y - tanh(z)/2", "--x", "3", "--y", "4", "--z", "0.5").splitlines()
    rules = {row[0]: row[3] for row in map(cells, lines) if row[0].startswith("←") and len(row) == 4}
    assert rules["← x"] == "y"
    assert rules["← y"] == "x"
    assert rules["← z"] == "1 − out²"


@pytest.mark.parametrize("words", TYPICAL, ids=IDS)
def test_what_a_gradient_tells(words: list[str]) -> None:
    data = document(*words)
    tells = [row[3] for row in map(cells, evaluate(*words).splitlines()) if len(row) == 4 and "→" in row[3]]
    assert len(tells) == len(data["gradient"])
    for line, (name, gradient) in zip(tells, data["gradient"].items(), strict=True):
        found = re.fullmatch(rf"{name} \+ h → {data['output']}(?: ([+−]) ([^h·]*)·?h)?", line)
        assert found, line
        size = float(found[2] or 1) if found[1] else 0.0
        assert (-size if found[1] == "−" else size) == float(text(gradient))


def test_the_step_is_not_a_variable() -> None:
    """`h + h → f + 4h` would say nothing."""
    tells = [row[3] for row in map(cells, evaluate("h*h*k", "--h", "2", "--k", "3").splitlines()) if len(row) == 4]
    assert not any(line.startswith("h + h ") for line in tells)


def test_forty_gates_read_well_in_a_log_file() -> None:
    lines = evaluate(*forty_gates()).splitlines()
    assert max(map(width, lines[1:])) <= 80
    assert sum(" = " in line for line in lines[1:]) == 40


def test_constants_and_lone_variables() -> None:
    assert evaluate("2*pi").splitlines()[0] == "2*pi = 6.28319"
    assert "pi = 3.14159" in evaluate("2*pi")
    assert evaluate("x", "--x", "3").splitlines()[0] == "x = 3"
    assert "x + h → x + h" in evaluate("x", "--x", "3")


def test_a_large_graph_is_elided_in_the_table_alone() -> None:
    words = ["+".join(["x"] * 1001), "--x", "1"]
    table, data = evaluate(*words), document(*words)
    gates = [node for node in data["nodes"] if node["inputs"]]
    assert len(gates) == 1000
    assert len(table.splitlines()) < 1500
    said = [line for line in table.splitlines() if "left out" in line]
    assert len(said) == 1
    assert "--json" in said[0]
    left_out = 1000 - sum(" = " in line for line in table.splitlines()[1:])
    assert f"{left_out} gates" in said[0]
    rows = list(csv.DictReader(io.StringIO(evaluate(*words, "--format", "csv"))))
    assert sum(row["op"] == "add" for row in rows) == 2000


def test_many_variables_are_elided_too() -> None:
    names = [f"v{i}" for i in range(1000)]
    words = ["max(" + ",".join(names) + ")", "--at", json.dumps(dict.fromkeys(names, 1) | {"v7": 2})]
    assert len(document(*words)["gradient"]) == 1000
    assert "600 variables of 1,000 are left out" in evaluate(*words)


# -- CSV and Markdown ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [*TYPICAL, ["x", "--x", "2"], ["2*pi"]], ids=[*IDS, "variable", "constant"])
def test_csv_holds_every_edge(words: list[str]) -> None:
    data = document(*words)
    rows = list(csv.DictReader(io.StringIO(evaluate(*words, "--format", "csv")), strict=True))
    expected = []
    for node in data["nodes"]:
        head = {"node": node["name"], "op": node["op"], "expression": node["expression"]}
        head |= {"value": exact(node["value"]), "upstream": exact(node["upstream"])}
        edges = node["inputs"] or [{"name": "", "local": None, "chained": None}]
        expected += [
            head | {"input": edge["name"], "local": exact(edge["local"]), "chained": exact(edge["chained"])}
            for edge in edges
        ]
    assert rows == expected


def exact(number: float | None) -> str:
    return "" if number is None else repr(number)


@pytest.mark.parametrize("words", [*TYPICAL, ["x", "--x", "2"], ["2*pi"]], ids=[*IDS, "variable", "constant"])
def test_markdown_tables_are_well_formed(words: list[str]) -> None:
    data = document(*words)
    page = evaluate(*words, "--format", "markdown")
    assert page.splitlines()[0] == f"`{words[0]} = {text(data['value'])}`"
    tables = [block.splitlines() for block in page.split("\n\n") if block.startswith("|")]
    gates = [node for node in data["nodes"] if node["inputs"]]
    assert len(tables) == bool(gates) + bool(data["gradient"])
    for table in tables:
        rows = [re.split(r"(?<!\\)\|", line) for line in table]
        assert {(row[0], row[-1].strip()) for row in rows} == {("", "")}
        assert len({len(row) for row in rows}) == 1
        assert all(re.fullmatch(r" *:?-+:? *", cell) for cell in rows[1][1:-1])
        assert all(cell.count("`") in (0, 2) for row in rows for cell in row)
    if gates:
        edges = sum(len(node["inputs"]) for node in gates)
        assert len(tables[0]) == 2 + len(gates) + edges
    if data["gradient"]:
        assert len(tables[-1]) == 2 + len(data["gradient"])
