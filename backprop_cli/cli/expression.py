"""What the commands that take an expression have in common: how its variables get values, and how it is printed."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from ..errors import InputError, quote
from ..streams import emit, is_unicode, read_text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ..graph import Graph
    from ..trace import Notice

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
SETTINGS = {"max_content_width": 80}


class ExpressionCommand(click.Command):
    """A command that takes an expression, and a value for each of its variables as an option of that name."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        from .. import arguments

        takes_value = {
            name: not getattr(option, "is_flag", False)
            for option in self.get_params(ctx)
            if isinstance(option, click.Option)
            for name in option.opts
        }
        found = arguments.split(args, takes_value)
        ctx.meta["words"], ctx.meta["takes_value"] = list(args), takes_value
        ctx.params["bindings"] = found.bindings
        if "--help" not in found.options:
            _one_expression(found.positional)
        return super().parse_args(ctx, [*found.options, "--", *found.positional])


def _one_expression(positional: list[str]) -> None:
    if not positional:
        raise InputError("there is no expression", hint='for example: backprop eval "(x+y)*z" --x -2 --y 5 --z -4')
    if len(positional) > 1:
        raise InputError(
            f"one expression at a time: {quote(positional[0])} and {quote(positional[1])} are two",
            hint=f"an expression with spaces stands in quotes: {shlex.quote(' '.join(positional))}",
        )


def takes_an_expression(command: Decorated) -> Decorated:
    """The argument and the options of every command that takes an expression."""
    for decorate in (
        click.option("--wrt", metavar="NAMES", help="Only these variables (x,y) get gradients; the rest is constant."),
        click.option(
            "--at", metavar="FILE|-|JSON", help="Take values from a JSON object; options add to it and override it."
        ),
        click.option(
            "--set", metavar="NAME=VALUE", multiple=True, help="Bind a variable whose name is also an option's."
        ),
        click.argument("expression"),
    ):
        command = decorate(command)
    return command


class Request(NamedTuple):
    """A graph, the texts of its variables' values, and the variables that get gradients (None: all)."""

    graph: Graph
    given: dict[str, str]
    wrt: Collection[str] | None


def read_request(
    ctx: click.Context,
    expression: str,
    bindings: dict[str, str],
    at: str | None,
    wrt: str | None,
    *,
    partly: bool = False,
) -> Request:
    """What the words of a command line ask for. partly: whether variables may go without a value.

    Raises InputError where a variable has no value, a value no variable, and for whatever cannot be read.
    """
    from .. import point
    from ..arguments import working_command
    from ..lower import compile_expression

    if expression == "-" and at == "-":
        raise InputError("the expression and --at cannot both come from standard input")
    source = read_text("-", "the expression").strip() if expression == "-" else expression
    given = bindings
    if at is not None:
        inline = at.lstrip().startswith(("{", "["))
        text, where = (at, "the JSON of --at") if inline else (read_text(at, "--at"), "--at")
        given = {**point.read_json(text, where), **bindings}
    graph = compile_expression(source, given)
    names = [point.read_name(name.strip()) for name in wrt.split(",")] if wrt is not None else None
    if names is not None:
        point.check_wrt(graph, names)
    try:
        point.check(graph, given, list(ctx.meta["takes_value"]))
    except point.MissingVariablesError as error:
        if not partly:
            words = working_command(ctx.meta["words"], error.names, ctx.meta["takes_value"])
            error.hint = f"{ctx.command_path} {shlex.join(words)}"
            raise
    return Request(graph, given, names)


def warn(notices: Iterable[Notice]) -> None:
    """Print warnings where they do not disturb a pipe."""
    for notice in notices:
        emit(f"warning: {notice.message}\n", sys.stderr)


def show(make: Callable[[int], RenderableType]) -> None:
    """Print what `make` gives for a width: that of the terminal. A pipe has none, so nothing is cut or padded there."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else 10_000
    console = Console(width=width, highlight=False, emoji=False, markup=False)
    with console.capture() as capture:
        console.print(make(console.width))
    emit("".join(f"{line.rstrip()}\n" for line in capture.get().splitlines()), sys.stdout)


def show_json(document: dict[str, Any]) -> None:
    """Print a JSON document, in ASCII where the output takes nothing else."""
    from ..render.json import lines

    emit(lines(document, ascii_only=not is_unicode(sys.stdout)), sys.stdout)
