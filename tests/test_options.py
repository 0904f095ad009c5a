"""One table of options: what click reads, what the plain call reads, and what the library takes are the same."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import click
import numpy as np
import pytest

from backprop_cli import backprop, fit, minimize
from backprop_cli.api.descents import Minimum
from backprop_cli.cli.commands import cli
from backprop_cli.cli.options import COMMANDS, OPTIONS, by_name
from backprop_cli.cli.request import Asked
from backprop_cli.errors import InputError
from backprop_cli.passes.settings import Settings, check
from support.command import call, run

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


PRODUCT = backprop("(x+y)*z", x=-2, y=5, z=-4)
ROWS = {"y": [1.0, 2.0, 4.0], "t": [1.0, 2.0, 3.0]}


def smaller(**given: Any) -> Minimum:
    return minimize("(x-y)^2", {"x": 0}, data=ROWS, reduce="mean", **given)


COUNTED: dict[tuple[str, str], Callable[[Any], object]] = {
    ("eval", "digits"): lambda given: PRODUCT.render(digits=given),
    ("eval", "precision"): lambda given: backprop("x*x", x=3, precision=given),
    ("explain", "digits"): lambda given: PRODUCT.explain().render(digits=given),
    ("page", "digits"): lambda given: PRODUCT.page().render(digits=given),
    ("derive", "digits"): lambda given: PRODUCT.derive().render(digits=given),
    ("check", "digits"): lambda given: PRODUCT.check().render(digits=given),
    ("graph", "digits"): lambda given: PRODUCT.graph().render(digits=given),
    ("minimize", "digits"): lambda given: smaller(steps=3).render(digits=given),
    ("minimize", "steps"): lambda given: smaller(steps=given),
    ("minimize", "batch"): lambda given: smaller(batch=given, epochs=1),
    ("minimize", "epochs"): lambda given: smaller(batch=2, epochs=given, method="adam", rate=1e9),
    ("minimize", "seed"): lambda given: smaller(batch=2, epochs=1, seed=given),
    ("fit", "digits"): lambda given: fit("a*t", "y", ROWS, {"a": 1}).render(digits=given),
}
"""By command and option, what takes it in the library."""


RANGES = {
    (name, option.parameter): option.takes
    for name in COMMANDS
    for option in by_name(name).values()
    if isinstance(option.takes, range)
}


def test_numbers_of_the_library_are_all_tried() -> None:
    elsewhere = {("points", "digits"), ("code", "digits"), ("ops", "digits")}  # the library has no such numbers
    elsewhere |= {(name, "precision") for name in ("points", "explain", "graph", "check")}  # there it is the trace's
    assert RANGES.keys() == COUNTED.keys() | elsewhere


@pytest.mark.parametrize("place", COUNTED, ids=" ".join)
def test_numbers_of_the_library_have_the_range_of_the_option(place: tuple[str, str]) -> None:
    call, takes = COUNTED[place], RANGES[place]
    if place[0] == "fit":
        pytest.importorskip("scipy")
    for given in (takes[0], np.int64(takes[0]), *([takes[-1]] if place != ("minimize", "epochs") else [])):
        assert call(given)
    for given in (takes[0] - 1, takes[-1] + 1, True, 2.5, "3"):
        with pytest.raises(InputError, match=f"{place[1]} is a |the value of {place[1]} is a "):
            call(given)


TOGETHER = [
    ({"momentum": 0.5, "method": "adam"}, "momentum is for gd and momentum"),
    ({"rate": 1, "method": "bfgs"}, "rate is for gd, momentum and adam"),
    ({"seed": 1}, "seed is for the order of rows of batch"),
    ({"steps": 5, "batch": 1}, "steps is for whole steps; with batch, epochs counts"),
    ({"bounds": {"x": (0, 1)}}, "bounds is for method l-bfgs-b"),
    ({"rate": 0}, "rate is a number above 0, not '0'"),
    ({"momentum": 1}, "momentum is a number between 0 and 1, not '1'"),
    ({"tolerance": float("inf")}, "the value of tolerance is not finite"),
]


@pytest.mark.parametrize(("given", "told"), TOGETHER, ids=[told for _, told in TOGETHER])
def test_what_does_not_go_together_is_refused_by_the_library_too(given: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=re.escape(told)):
        smaller(**given)


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


@pytest.mark.parametrize("words", ["eval x --set {}", "check x^2 --x 1 --claim {}"])
@pytest.mark.parametrize("text", ["x" * 100_000, "\x1b[31m"])
def test_what_is_typed_is_told_shortened(words: str, text: str) -> None:
    told = call(*words.format(text).split(" ")).err
    assert len(told) < 300
    assert told.replace("\n", "").isprintable()
