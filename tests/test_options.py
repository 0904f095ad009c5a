"""One table of options: what click reads, what the plain call reads, and what the library takes are the same."""

from __future__ import annotations

import inspect
import re
from typing import Any

import click
import pytest

from backprop_cli import backprop
from backprop_cli.cli.commands import cli
from backprop_cli.cli.options import COMMANDS, OPTIONS, by_name
from backprop_cli.cli.request import Asked
from backprop_cli.errors import InputError
from backprop_cli.passes.settings import Settings, check
from support.command import run

HELP = ("-h", "--help")  # which click has a name of its own for


@pytest.mark.parametrize("name", COMMANDS)
def test_click_reads_the_options_of_the_table(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    context = click.Context(command, **command.context_settings)
    read = {
        each: (option.is_flag, option.multiple, option.name if each not in HELP else "help")
        for option in command.get_params(context)
        if isinstance(option, click.Option)
        for each in option.opts
    }
    table = by_name(name)
    assert list(read) == list(table)  # the order of the help
    assert read == {each: (option.takes is None, option.repeatable, option.parameter) for each, option in table.items()}


@pytest.mark.parametrize("name", COMMANDS)
def test_help_fits_a_screen_and_names_every_option(name: str) -> None:
    """A terminal of 24 lines, one of which asked for it; what is not told there is told by --help-all."""
    short, known = run(name, "--help").out, by_name(name)
    assert len(short.splitlines()) < 24
    assert max(map(len, short.splitlines())) <= 80
    assert all(each in short.split() or f"{each}," in short.split() or f"{each}." in short.split()
               or each in HELP for each in known)  # fmt: skip
    assert f"backprop {name} " in short.partition("Example")[2] or name in ("cache", "completion")
    told = {*known.values()} - {known["--help"]}
    if "--help-all" not in known:
        assert not any(name in option.rare for option in told)
        return
    whole = " ".join(run(name, "--help-all").out.split())
    assert all(f"{option.written} {option.told}" in whole for option in known.values())


@pytest.mark.parametrize("name", [name for name in COMMANDS if "--output" in by_name(name)])
def test_what_prints_numbers_takes_digits(name: str) -> None:
    assert {"--format", "--digits", "--output"} <= {*by_name(name)}


DIGITS = [
    ("derive", "sin(x)*y", "--x", "1/3", "--y", "3", ""),
    ("derive", "sin(x)*y", "--x", "1/3", "--y", "3", "--format=latex"),
    ("derive", "sin(x)*y", "--x", "1/3", "--y", "3", "--format=markdown"),
    ("check", "sin(x)*y", "--x", "1/3", "--y", "3", ""),
    ("check", "sin(x)*y", "--x", "1/3", "--y", "3", "--claim=x=5"),
    ("points", "sin(x)*y", "--x", "1/3", "--format=csv", ""),
    ("points", "sin(x)*y", "--x", "1/3", "--format=csv", "--precision=30"),
    ("ops", "sin", ""),
    ("ops", "sin", "--format=markdown"),
]


@pytest.mark.parametrize("words", DIGITS, ids=" ".join)
def test_so_many_digits_are_shown(words: tuple[str, ...]) -> None:
    given = [word for word in words if word]
    for digits in (3, 9):
        text = run(*given, "--digits", str(digits), stdin=b"y\n3\n").out
        shown = {len(each) for each in re.findall(r"(?<![\w.])0\.0*([1-9]\d*)", text)}
        shown |= {len(each) - 1 for each in re.findall(r"(?<![\w.])([1-9]\.\d+)", text)}
        assert max(shown) == digits


def test_json_lines_hold_the_whole_number() -> None:
    result = run("points", "sin(x)", "--digits", "3", stdin=b'{"x": 1}\n')
    assert result.status == 2
    assert "--format csv" in result.err


def test_every_option_is_of_commands_that_are_there() -> None:
    for option in OPTIONS:
        assert set(option.commands) <= set(COMMANDS)
        assert option.default is None or option.value(str(option.default)) == option.default
    rows = [(name, each) for option in OPTIONS for name in option.names for each in option.commands]
    assert len(set(rows)) == len(rows)


def test_what_is_computed_is_asked_for_by_options_of_these_names() -> None:
    options = {option.parameter: option for option in by_name("eval").values()}
    taken = inspect.signature(backprop).parameters
    for name, default in Settings()._asdict().items():
        if name != "time_limit":  # a library's call takes as long as it takes
            assert options[name].unset == default == taken[name].default
    assert set(Asked._fields) - {"line", "settings", "expression"} <= set(options)


TAKEN = [("precision", "2 10000", "1 10001"), ("ties", "both first", "last")]


@pytest.mark.parametrize(("name", "right", "wrong"), TAKEN)
def test_the_library_takes_what_the_command_takes(name: str, right: str, wrong: str) -> None:
    option = by_name("eval")[f"--{name}"]
    for text in right.split():
        check(Settings(**{name: option.value(text)}))
        assert run("eval", "x", "--x", "1", f"--{name}", text, "--get", "value").status == 0
    for text in wrong.split():
        with pytest.raises(ValueError, match="not in"):
            option.value(text)
        settings: dict[str, Any] = {name: int(text) if text.isdecimal() else text}
        with pytest.raises(InputError, match=name):
            check(Settings(**settings))
        assert run("eval", "x", "--x", "1", f"--{name}", text).status == 2
