"""The subcommands, and the way to them: each is `command` in the file of its name."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from ...errors import BackpropError, InputError, quote, suggest
from ...runtime.streams import emit
from ...runtime.version import __version__
from ..expression import ASKED, SETTINGS, Context, Page
from ..options import COMMANDS
from ..output import complain


class Commands(click.Group):
    """The subcommands, each loaded when it is called.

    Whatever is none of them is an expression, to which `eval` was forgotten.
    """

    context_class = Context

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(f".{name}", __package__).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """A line for each command, while they fit a screen; the last ones by name alone, if there are more."""
        assert isinstance(formatter, Page)
        commands = {name: command for name in self.list_commands(ctx) if (command := self.get_command(ctx, name))}
        limit = formatter.width - 6 - max(map(len, commands))
        rows = [(name, command.get_short_help_str(limit)) for name, command in commands.items()]
        named = ""
        with formatter.section("Commands"):
            while formatter.is_wide and len(rows) + named.count("\n") > formatter.room:
                rows.pop()
                named = formatter.named("Each has a --help:", list(commands)[len(rows) :])
            formatter.write_dl(rows)
            formatter.write(named)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if self.get_command(ctx, args[0]) is None:
            from ..hints import CALLED

            called = args[0].lower()
            close = CALLED[called] if called in CALLED else suggest(args[0], self.list_commands(ctx))
            hint = _meant(close, args) if close else _forgotten(args)
            raise InputError(f"no command {quote(args[0])}", hint=hint)
        return super().resolve_command(ctx, args)


def _meant(command: str, words: Sequence[str]) -> str:
    from ..repairs import repaired
    from ..working import working

    try:
        hint = working(command, words[1:]) or (repaired(command, words[1:]) if words[2:] else "")
    except BackpropError:
        hint = ""
    return hint or f"did you mean '{command}'?"


_VERSION = ("version", "-v", "-V", "-version")
_HELP = ("help", "-help", "-?", "/?", "/h", "/help", "?", "man", "usage")
"""What asks for these elsewhere."""


def _forgotten(words: Sequence[str]) -> str:
    from ...runtime.files import is_file
    from ..repairs import loosened, repaired
    from ..working import working

    if words[0] in _VERSION:
        return "backprop --version"
    if words[0] in _HELP:
        return " ".join(["backprop", *(word for word in words[1:2] if word in COMMANDS), "--help"])
    try:
        called, _, line = words[0].partition(" ")
        if called in COMMANDS and (hint := loosened(called, [line, *words[1:]])):
            return hint
        if is_file(words[0]):
            return working("eval", ["--file", *words]) or "backprop --help"
        behind = words[1:] if words[0].startswith("-") else ()
        return working("eval", behind) or working("eval", words) or repaired("eval", words) or "backprop --help"
    except BackpropError:
        return "backprop --help"


SUMMARY = "A gradient calculator: every local and chained gradient of an expression."
HELP = f"""\
\b
{SUMMARY}
For example: backprop eval "(x+y)*z" --x -2 --y 5 --z -4
"""


@click.group(cls=Commands, help=HELP, context_settings=SETTINGS)
@click.version_option(__version__, prog_name="backprop")
def cli() -> None:
    """The command; what it does is in the subcommands."""


def run_command(words: Sequence[str]) -> int:
    """Run one command line; print what there is to print; return the exit status."""
    try:
        if not words and (asked := os.environ.get(ASKED)):
            from .completion import answer

            if answer(asked):
                return 0
        if not words:
            emit(f"{cli.get_help(Context(cli, info_name='backprop', **cli.context_settings))}\n", sys.stderr)
            return 2
        with cli.make_context("backprop", list(words)) as context:  # `main` also completes words for a shell
            status = cli.invoke(context)
    except (BackpropError, click.ClickException) as error:
        from ..hints import hinted

        return complain(hinted(error if isinstance(error, BackpropError) else _told(error, words), words))
    except click.exceptions.Exit as error:
        return error.exit_code
    return status if isinstance(status, int) else 0


def _told(error: click.ClickException, words: Sequence[str]) -> InputError:
    """A complaint of click's, as one of ours."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    more = f"{context.command_path} --help" if context is not None else "backprop --help"
    if isinstance(error, click.NoSuchOption):
        from ..hints import reordered

        if not error.option_name.startswith("--"):
            return InputError(f"no command {quote(words[0])}", hint=_forgotten(words))
        close = suggest(error.option_name, ["--version", "--help"], 0.75)
        hint = f"did you mean {close}?" if close else reordered(words) or more
        return InputError(f"no option {quote(error.option_name)}", hint=hint)
    message = " ".join(error.format_message().split()).rstrip(".")
    message = message.replace("is not a valid float", "is no number")
    message = re.sub("'(.+)' is not", lambda found: f"{quote(found[1])} is not", message)
    return InputError(f"{message[:1].lower()}{message[1:]}", hint=more)
