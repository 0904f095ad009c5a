"""What the commands that take an expression have in common: how its variables get values, and how it is printed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from ..errors import BackpropError, InputError, quote
from ..streams import MAX_PROGRAM, emit, is_unicode, read_text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ..graph import Graph
    from ..trace import Notice

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
NARROWEST = 60
"""Columns below which a table is not made narrower: a terminal's wrapping is better than a number cut in two."""
SETTINGS = {"max_content_width": 80}


class ExpressionCommand(click.Command):
    """A command that takes an expression, and a value for each of its variables as an option of that name."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        from .. import arguments

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
            _one_expression(found.positional, from_file=from_file)
        return super().parse_args(ctx, [*found.options, "--", *found.positional])

    def invoke(self, ctx: click.Context) -> Any:
        """An error in a program that came from a file tells which."""
        try:
            return super().invoke(ctx)
        except BackpropError as error:
            if error.source and error.source == ctx.meta.get("program"):
                error.file = ctx.params["file"]
            raise


def _one_expression(positional: list[str], *, from_file: bool) -> None:
    if from_file:
        if positional:
            raise InputError(f"--file holds the program, so there is no other expression: {quote(positional[0])}")
        return
    if not positional:
        raise InputError("there is no expression", hint='for example: backprop eval "(x+y)*z" --x -2 --y 5 --z -4')
    if len(positional) > 1:
        import shlex

        raise InputError(
            f"one expression at a time: {quote(positional[0])} and {quote(positional[1])} are two",
            hint=f"an expression with spaces stands in quotes: {shlex.quote(' '.join(positional))}",
        )


def takes_an_expression(command: Decorated) -> Decorated:
    """The argument and the options of every command that takes an expression; `read_request` reads them."""
    for decorate in (
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
    choice = click.Choice(["both", "split", "first"])
    words = "What inputs of max or min that tie receive."
    return click.option("--ties", type=choice, default="both", show_default=True, help=words)(command)


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


def takes_a_format(*forms: str) -> Callable[[Decorated], Decorated]:
    """`--format`, one of these, the first by default; and `--json`. The command is handed the choice as `form`."""

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


class Request(NamedTuple):
    """A graph, the texts of its variables' values, and the variables that get gradients (None: all)."""

    graph: Graph
    given: dict[str, str]
    wrt: Collection[str] | None


def read_request(ctx: click.Context, *, partly: bool = False, opened: bool = False) -> Request:
    """What the words of a command line ask for. partly: whether variables may go without a value; opened: whether the
    command looks inside modules in any case.

    Raises InputError where a variable has no value, a value no variable, and for whatever cannot be read.
    """
    from .. import point
    from ..arguments import working_command

    bindings, at, wrt = (ctx.params[name] for name in ("bindings", "at", "wrt"))
    source = _read_program(ctx)
    given = bindings
    if at is not None:
        inline = at.lstrip().startswith(("{", "["))
        given = {**point.read_json(at if inline else read_text(at, "--at"), "--at"), **bindings}
    graph = _compiled(source, given, remember=not ctx.params["no_cache"])
    if ctx.params["expand"] or (opened and graph.modules):
        from ..expand import expand

        graph = expand(graph, modules_only=not ctx.params["expand"])
    names = None if wrt is None else _read_names(wrt)
    if names is not None:
        point.check_wrt(graph, names)
    try:
        point.check(graph, given, list(ctx.meta["known"]))
    except point.MissingVariablesError as error:
        if not partly:
            import shlex

            words = working_command(ctx.meta["words"], error.names, ctx.meta["known"])
            error.hint = f"{ctx.command_path} {shlex.join(words)}"
            raise
    return Request(graph, given, names)


def _compiled(source: str, given: Collection[str], *, remember: bool) -> Graph:
    if remember:
        from ..cache import compile_cached

        return compile_cached(source, given)
    from ..lower import compile_expression

    return compile_expression(source, given)


def _read_program(ctx: click.Context) -> str:
    """The expression's text: from its argument, from a file, or from standard input."""
    expression, file = ctx.params["expression"], ctx.params["file"]
    if file is None:
        if expression != "-":
            return str(expression)
        file = expression
    if file == "-" and ctx.params["at"] == "-":
        raise InputError("the expression and --at cannot both come from standard input")
    what = "the expression" if expression == "-" else "--file"
    source = read_text(file, what, MAX_PROGRAM)
    if expression == "-":
        return source.strip()
    ctx.meta["program"] = source
    return source


def _read_names(wrt: str) -> list[str]:
    from .. import point

    names = [name.strip() for name in wrt.split(",")]
    if not all(names) or any(" " in name for name in names):
        raise InputError(f"--wrt takes names with commas between them, not {quote(wrt)}", hint="for example: --wrt x,y")
    return [point.read_name(name) for name in names]


def warn(notices: Iterable[Notice]) -> None:
    """Print warnings where they do not disturb a pipe."""
    for notice in notices:
        emit(f"warning: {notice.message}\n", sys.stderr)


def show(make: Callable[[int], RenderableType]) -> None:
    """Print what `make` gives for a width: that of the terminal. A pipe has none, so nothing is cut or padded there."""
    from rich.console import Console

    console = Console(highlight=False, emoji=False, markup=False)
    console.width = max(console.width, NARROWEST) if sys.stdout.isatty() else 10_000
    with console.capture() as capture:
        console.print(make(console.width))
    emit("".join(f"{line.rstrip()}\n" for line in capture.get().splitlines()), sys.stdout)


def show_json(document: dict[str, Any]) -> None:
    """Print a JSON document, in ASCII where the output takes nothing else."""
    from ..render.json import lines

    emit(lines(document, ascii_only=not is_unicode(sys.stdout)), sys.stdout)
