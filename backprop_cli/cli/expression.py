"""What the commands that take an expression have in common: how its variables get values, and how it is printed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection
from functools import partial
from math import inf
from time import process_time
from typing import Any, TypeVar

import click

from ..arithmetic import TIES
from ..budget import SECONDS, within
from ..errors import BackpropError, InputError, quote
from ..view import VIEWS
from .request import Request, Words, read

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
SETTINGS = {"max_content_width": 80}


class ExpressionCommand(click.Command):
    """A command that takes an expression, and a value for each of its variables as an option of that name."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        from . import arguments

        known = {
            name: (not option.is_flag, option.multiple, max(option.opts, key=len))
            for option in self.get_params(ctx)
            if isinstance(option, click.Option)
            for name in option.opts
        }
        found = arguments.split(args, known, f"{ctx.command_path} --help")
        ctx.meta["words"], ctx.meta["known"] = list(args), known
        ctx.params["bindings"] = found.bindings
        if "--help" not in found.options:
            from_file = any(word.startswith("--file=") for word in found.options)
            flags = [name for name, (takes_value, *_) in known.items() if not takes_value]
            behind = {word: flag for flag, word in itertools.pairwise(args) if flag in flags}
            _one_expression(found.positional, behind, from_file=from_file)
        return super().parse_args(ctx, [*found.options, "--", *found.positional])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            whole = inf if ctx.params.get("points") else ctx.params["time_limit"]  # each point has as many then
            return within(whole, partial(super().invoke, ctx), process_time)
        except BackpropError as error:
            asked: Words | None = ctx.meta.get("asked")
            if asked is not None and asked.file is not None and error.source == asked.source and "=" in error.source:
                error.file = asked.file  # of a program, it is worth telling
            raise


def _one_expression(positional: list[str], behind: dict[str, str], *, from_file: bool) -> None:
    """Raise InputError where there is no expression, or more than one. behind: words by the flag before them."""
    if from_file:
        if positional:
            raise InputError(f"--file holds the program, so there is no other expression: {quote(positional[0])}")
        return
    if not positional:
        raise InputError("there is no expression", hint='for example: backprop eval "(x+y)*z" --x -2 --y 5 --z -4')
    if len(positional) > 1:
        import shlex

        message = f"one expression at a time: {quote(positional[0])} and {quote(positional[1])} are two"
        if flag := behind.get(positional[1]):
            name = flag.removeprefix("--")
            hint = f"{flag} takes no value; a variable of that name is set by --set {name}={positional[1]}"
        else:
            hint = f"an expression with spaces stands in quotes: {shlex.quote(' '.join(positional))}"
        raise InputError(message, hint=hint)


def takes_an_expression(command: Decorated) -> Decorated:
    """The argument and the options of every command that takes an expression; `read_request` reads them."""
    for decorate in (
        click.option(
            "--time-limit",
            metavar="SECONDS",
            type=float,
            default=SECONDS,
            help="Give up after so many seconds of work, if not 8.",
        ),
        click.option("--wrt", metavar="NAMES", help="Only these variables (x,y) get gradients; the rest is constant."),
        click.option(
            "--at", metavar="FILE|-|JSON", help="Take values from a JSON object; options add to it and override it."
        ),
        click.option(
            "--set", metavar="NAME=VALUE", multiple=True, help="Bind a variable whose name is also an option's."
        ),
        click.option("--no-cache", is_flag=True, help="Neither read nor write the cache of compiled expressions."),
        click.option("--expand", is_flag=True, help="Open modules, and gates like sigmoid, into the gates inside."),
        click.option("--file", metavar="FILE|-", help="Take the expression or program from a file instead."),
        click.argument("expression", required=False),
    ):
        command = decorate(command)
    return command


def takes_ties(command: Decorated) -> Decorated:
    """The option of every command whose numbers depend on it."""
    words = "What inputs of max or min that tie receive."
    return click.option("--ties", type=click.Choice(TIES), default=TIES[0], show_default=True, help=words)(command)


def takes_an_arithmetic(command: Decorated) -> Decorated:
    """The options that choose what numbers are computed with, as `api.Settings` calls them."""
    for decorate in (
        click.option("--exact", is_flag=True, help="Compute with exact numbers: 1/3, sqrt(2)/2, exp(-1)."),
        click.option(
            "--precision",
            type=click.IntRange(2, 10_000),
            metavar="N",
            help="Compute with N correct significant digits.",
        ),
        click.option("--allow-nonfinite", is_flag=True, help="Give infinities and NaN instead of errors."),
    ):
        command = decorate(command)
    return command


def takes_digits(what: str, whole: str) -> Callable[[Decorated], Decorated]:
    """`--digits`: how many are shown in `what`; `whole` names the outputs that hold all."""
    words = f"Significant digits in {what}: 6, or those of --precision. {whole}"
    return click.option("--digits", type=click.IntRange(1, 10_000), metavar="N", help=words)


def takes_a_format(what: str) -> Callable[[Decorated], Decorated]:
    """`--format`, one that VIEWS has for such a subject; and `--json`. The command is handed the choice as `form`."""

    forms = list(VIEWS[what])

    def chosen(ctx: click.Context, _option: click.Parameter, form: str) -> str:
        return "json" if ctx.params["as_json"] else form

    def decorate(command: Decorated) -> Decorated:
        words = "The same as --format json."
        command = click.option("--json", "as_json", is_flag=True, is_eager=True, help=words)(command)
        words, choice = "How to print the result.", click.Choice(forms)
        return click.option(
            "--format", "form", type=choice, default=forms[0], show_default=True, callback=chosen, help=words
        )(command)

    return decorate


def read_request(
    ctx: click.Context, *, partly: bool = False, opened: bool = False, columns: Collection[str] | None = ()
) -> Request:
    """What the words of a command line ask for (see `request.read`)."""
    names = ("expression", "file", "at", "wrt", "expand", "no_cache")
    parts = {name: ctx.params[name] for name in names}
    words, known = ctx.meta["words"], ctx.meta["known"]
    asked = ctx.meta["asked"] = Words(ctx.command_path, words, known, ctx.params["bindings"], **parts)
    return read(asked, partly=partly, opened=opened, columns=columns)
