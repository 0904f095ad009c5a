"""One table of options: what click reads, what the plain call reads, and what the library takes are the same."""

from __future__ import annotations

import inspect
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
