"""Click's side of the command line: parameters made of the table of options, and a line that is split before click."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import partial
from math import inf
from typing import Any

import click

from ..errors import COLUMNS, InputError, quote
from ..runtime.budget import processor_time, within
from ..runtime.streams import columns
from .arguments import Line, split
from .options import Option, by_name
from .request import parameters

SETTINGS = {"help_option_names": by_name("eval")["--help"].names}
"""What click is told of every command."""
HELPS = ("--help", "--help-all")
"""The options that ask for help."""
ROWS = 23
"""Lines of a terminal below the one that asks for help."""
_UNBROKEN = "\N{NON-BREAKING HYPHEN}"
ASKED = "_BACKPROP_COMPLETE"
"""The environment variable by which a shell asks what may come next."""


class Page(click.HelpFormatter):
    """A page of help, as wide as the terminal, and 80 columns at most; in a narrow one, options above what they do."""

    def __init__(self) -> None:
        super().__init__(width=min(columns(sys.stdout) or COLUMNS, COLUMNS) - 2)

    @property
    def is_wide(self) -> bool:
        """Whether what something does stands beside it."""
        return self.width > 60

    @property
    def room(self) -> int:
        """Lines that are left of a screen."""
        return ROWS - self.getvalue().count("\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        super().write_dl(rows, col_max if self.is_wide else 0, col_spacing)

    def named(self, sentence: str, names: Iterable[str]) -> str:
        """A sentence that ends in names, none of which is broken where a line ends."""
        whole = f"{sentence} {', '.join(names)}.".replace("-", _UNBROKEN)
        indent = " " * self.current_indent
        return f"{click.wrap_text(whole, self.width, indent, indent)}\n".replace(_UNBROKEN, "-")


class Context(click.Context):
    """A call of a command, with its page of help. tells_all: whether that is on every option."""

    tells_all = False

    def make_formatter(self) -> click.HelpFormatter:
        return Page()


class Command(click.Command):
    """A command with its options from the table. It is called with their values."""

    context_class = Context

    def __init__(self, name: str, *, params: list[click.Parameter], **more: Any) -> None:
        """params: its arguments."""
        more.setdefault("short_help", more["help"].partition("\n")[0])
        options = [_parameter(option) for option in dict.fromkeys(by_name(name).values()) if option.name != "--help"]
        super().__init__(name, params=[*params, *options], context_settings=SETTINGS, **more)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What it does; of what `--help` leaves out, which stands behind a form feed, only where all is asked for."""
        first, _, more = (self.help or "").partition("\f\n")
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(f"{first}\n{more}" if more and is_whole(ctx) else first)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """A line for each option; the rare ones by name alone, and the last ones where a screen has no room."""
        assert isinstance(formatter, Page)
        options = list(dict.fromkeys(by_name(self.name or "").values()))
        whole = is_whole(ctx)
        common = [option for option in options if whole or self.name not in option.rare]
        room = formatter.room - len(["", "Example:", self.epilog] if self.epilog else [])
        while True:
            page = Page()
            with page.section("Options"):
                page.write_dl([(option.written, option.told) for option in common])
                names = [option.name for option in options if option not in common and option.name not in HELPS]
                if names:
                    page.write(page.named("--help-all tells of more:", names))
            if whole or not page.is_wide or page.getvalue().count("\n") < room or not common:
                break
            common.pop()
        formatter.write_paragraph()
        formatter.write(page.getvalue())

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The examples; as many as fit a screen, unless all is asked for."""
        assert isinstance(formatter, Page)
        if not self.epilog:
            return
        mark, title, *examples = self.epilog.splitlines()
        shown = examples if is_whole(ctx) else examples[: max(formatter.room - len(["", title]), 1)]
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text("\n".join([mark, title if shown[1:] else "Example:", *shown]))

    def line(self, ctx: click.Context, words: list[str]) -> Line:
        """The words, sorted."""
        return split(ctx.command_path, words, binds=False)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        line = self.line(ctx, args)
        options = [option.word(text) for option, text in line.options]
        return super().parse_args(ctx, [*options, "--", *line.arguments])


class ExpressionCommand(Command):
    """A command that takes an expression, and a value for each of its variables as an option of that name.

    It is called with `asked`, and the values of those options that are its own.
    """

    def __init__(self, name: str, **more: Any) -> None:
        params = [click.Argument(["expression"], required=False), *more.pop("params", [])]
        super().__init__(name, params=params, **more)

    def line(self, ctx: click.Context, words: list[str]) -> Line:
        line = split(ctx.command_path, words)
        if line.given.isdisjoint(HELPS):
            line.check_expression()
        ctx.params["line"] = line
        return line

    def invoke(self, ctx: click.Context) -> Any:
        ctx.params = parameters(**ctx.params)
        whole = inf if self.name == "points" else ctx.params["asked"].settings.time_limit  # of each point, then
        try:
            return within(whole, partial(super().invoke, ctx), processor_time)
        except RecursionError:  # SymPy's, on formulas that are as deep as choices lie inside each other
            raise InputError(
                "this is nested too deeply", hint="fewer choices, or functions, inside each other"
            ) from None


def is_whole(ctx: click.Context) -> bool:
    """Whether help on every option is asked for."""
    return isinstance(ctx, Context) and ctx.tells_all


def _show_all(ctx: click.Context, _param: click.Parameter, is_asked: bool) -> None:
    if is_asked:
        assert isinstance(ctx, Context)
        ctx.tells_all = True
        click.echo(ctx.get_help())
        ctx.exit()


class _Range(click.types.IntParamType):
    """A whole number of a range. (Click's own tells the range once more in the help.)"""

    name = "whole number"

    def __init__(self, option: Option) -> None:
        self.option = option

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return self.option.value(value)
        except ValueError:
            takes = self.option.takes
            assert isinstance(takes, range)
            self.fail(f"{quote(value)} is no whole number from {takes[0]} to {takes[-1]}", param, ctx)


def _parameter(option: Option) -> click.Option:
    takes = option.takes
    more: dict[str, Any]
    if option.name == "--help-all":
        more = {"is_flag": True, "is_eager": True, "expose_value": False, "callback": _show_all}
    elif takes is None:
        more = {"is_flag": True, "expose_value": not option.short_for}
    elif isinstance(takes, range):
        more = {"type": _Range(option)}
    elif isinstance(takes, str):
        more = {}
    elif isinstance(takes, type):
        more = {"type": takes, "default": option.default}
    else:
        more = {"type": click.Choice(takes), "default": option.default}
    metavar, names = option.metavar or None, [*option.names, option.parameter]
    return click.Option(names, metavar=metavar, multiple=option.repeatable, help=option.told, **more)
