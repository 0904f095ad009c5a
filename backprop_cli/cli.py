"""The command line: options in, one call, print, exit status. `main` is the console command."""

from __future__ import annotations

import errno
import os
import shlex
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

import click

from . import __version__
from .errors import BackpropError, InputError, quote
from .streams import emit, is_unicode, read_text

if TYPE_CHECKING:
    from .trace import Trace

EPILOG = """\
\b
Examples:
  backprop eval "(x+y)*z" --x -2 --y 5 --z -4
  backprop eval "(x+y)*z" --x -2 --y 5 --z -4 --get value --get x
  backprop eval "1/(1+exp(-t))" --t 1/3 --json
  backprop eval "sigmoid(w*x + b)" --at '{"w": 2, "x": -1, "b": 0.5}' --wrt w,b
"""


class ExpressionCommand(click.Command):
    """A command that takes an expression, and a value for each of its variables as an option of that name."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        from . import arguments

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


@click.group(context_settings={"max_content_width": 80})
@click.version_option(__version__, prog_name="backprop")
def cli() -> None:
    """A gradient calculator: every local and every chained gradient of an expression, exactly as you write it."""


@cli.command("eval", cls=ExpressionCommand, epilog=EPILOG, context_settings={"max_content_width": 80})
@click.argument("expression")
@click.option("--set", metavar="NAME=VALUE", multiple=True, help="Bind a variable whose name is also an option's.")
@click.option("--at", metavar="FILE|-|JSON", help="Take values from a JSON object; options add to it and override it.")
@click.option("--wrt", metavar="NAMES", help="Only these variables (x,y) get gradients; the rest is constant.")
@click.option("--ties", type=click.Choice(["both", "split", "first"]), default="both", show_default=True,
              help="What inputs of max or min that tie receive.")  # fmt: skip
@click.option("--allow-nonfinite", is_flag=True, help="Give infinities and NaN instead of errors.")
@click.option(
    "--precision", type=click.IntRange(2, 10_000), metavar="N", help="Compute with N correct significant digits."
)
@click.option("--exact", is_flag=True, help="Compute with exact numbers: 1/3, sqrt(2)/2, exp(-1).")
@click.option("--hessian", is_flag=True, help="Second derivatives too.")
@click.option("--format", "form", type=click.Choice(["table", "json", "csv", "markdown"]), default="table",
              show_default=True, help="How to print the result.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--get", metavar="value|NAME", multiple=True,
              help="Print only the value, or only the gradient of NAME; repeat it for more, a line each.")  # fmt: skip
@click.option("--digits", type=click.IntRange(1, 10_000), metavar="N",
              help="Significant digits in tables (6, or those of --precision); JSON and --get hold all there are.")  # fmt: skip
@click.pass_context
def evaluate(
    ctx: click.Context, /, expression: str, bindings: dict[str, str], as_json: bool, form: str, **options: Any
) -> None:
    """Evaluate EXPRESSION and backpropagate through it.

    Every variable of the expression takes a value: --x -2 or --x=-2. A value is a number or a constant expression
    such as 1/3 or -pi/4. EXPRESSION may begin with a minus sign; - reads it from standard input.
    """
    if expression == "-" and options["at"] == "-":
        raise InputError("the expression and --at cannot both come from standard input")
    source = read_text("-", "the expression").strip() if expression == "-" else expression
    trace = _trace(ctx, source, bindings, **{name: options[name] for name in _COMPUTING})
    for notice in trace.warnings:
        emit(f"warning: {notice.message}\n", sys.stderr)
    if options["get"]:
        emit(_get(trace, options["get"]), sys.stdout)
    else:
        _FORMATS["json" if as_json else form](trace, options["digits"])


_COMPUTING = ("at", "wrt", "ties", "allow_nonfinite", "precision", "exact", "hessian")


def _trace(
    ctx: click.Context,
    source: str,
    bindings: dict[str, str],
    at: str | None,
    wrt: str | None,
    **options: Any,
) -> Trace:
    from . import point
    from .api import compute
    from .arguments import working_command
    from .lower import compile_expression

    given = bindings
    if at is not None:
        inline = at.lstrip().startswith(("{", "["))
        text, where = (at, "the JSON of --at") if inline else (read_text(at, "--at"), "--at")
        given = {**point.read_json(text, where), **bindings}
    graph = compile_expression(source, given)
    names = [point.read_name(name.strip()) for name in wrt.split(",")] if wrt is not None else None
    try:
        if names is not None:
            point.check_wrt(graph, names)
        point.check(graph, given, list(ctx.meta["takes_value"]))
    except point.MissingVariablesError as error:
        words = working_command(ctx.meta["words"], error.names, ctx.meta["takes_value"])
        error.hint = f"{ctx.command_path} {shlex.join(words)}"
        raise
    return compute(graph, given, wrt=names, **options)


# -- Results -------------------------------------------------------------------------------------------------------


def _get(trace: Trace, names: Sequence[str]) -> str:
    lines = []
    variables = [node.name for node in trace.graph.variables]
    for name in names:
        if name == "value" and name in variables:
            raise InputError("'value' is also a variable here, so --get value could mean either", hint="use --json")
        if name != "value" and name not in trace.gradient:
            known = ", ".join(["value", *trace.gradient])
            why = "gets no gradient (see --wrt)" if name in variables else "is not a variable of the expression"
            raise InputError(f"--get {quote(name)} {why}", hint=f"there is: {known}")
        lines.append(trace.arithmetic.exactly(trace.value if name == "value" else trace.gradient[name]))
    return "\n".join(lines) + "\n"


def _show_table(trace: Trace, digits: int | None) -> None:
    from rich.console import Console

    from .render.table import table

    # A pipe has no width: nothing is cut there, and nothing is padded.
    width = None if sys.stdout.isatty() else 10_000
    console = Console(width=width, highlight=False, emoji=False, markup=False, soft_wrap=False)
    with console.capture() as capture:
        console.print(table(trace, digits, console.width))
    emit("".join(f"{line.rstrip()}\n" for line in capture.get().splitlines()), sys.stdout)


def _show_json(trace: Trace, _digits: int | None) -> None:
    from .render.json import render

    emit(render(trace, ascii_only=not is_unicode(sys.stdout)), sys.stdout)


def _show_csv(trace: Trace, _digits: int | None) -> None:
    from .render.csv import render

    emit(render(trace), sys.stdout)


def _show_markdown(trace: Trace, digits: int | None) -> None:
    from .render.markdown import render

    emit(render(trace, digits), sys.stdout)


_FORMATS: dict[str, Callable[[Trace, int | None], None]] = {
    "table": _show_table,
    "json": _show_json,
    "csv": _show_csv,
    "markdown": _show_markdown,
}


# -- Exit status ---------------------------------------------------------------------------------------------------


def run_command(words: Sequence[str]) -> int:
    """Run one command line; print what there is to print; return the exit status."""
    try:
        cli.main(args=list(words), prog_name="backprop", standalone_mode=False)
    except BackpropError as error:
        emit(f"{error}\n", sys.stderr)
        return error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        emit(f"{error.format_message()}\n", sys.stderr)
        return 2
    except click.ClickException as error:
        emit(f"{_told(error, words)}\n", sys.stderr)
        return 2
    except click.exceptions.Exit as error:
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return 128 + signal.SIGINT
    return 0


def _told(error: click.ClickException, words: Sequence[str]) -> InputError:
    """A complaint of click's, as one of ours."""
    message = error.format_message().strip().rstrip(".")
    message = " ".join(f"{message[:1].lower()}{message[1:]}".split())
    if "such command" in message and words and not words[0].isidentifier():
        return InputError(f"no command {quote(words[0])}", hint=f"backprop eval {shlex.join(words)}")
    hint = f"{error.ctx.command_path} --help" if isinstance(error, click.UsageError) and error.ctx is not None else ""
    return InputError(message, hint=hint)


def main() -> NoReturn:
    """The console command."""
    try:
        if sys.stdout is None:
            raise OSError(errno.EBADF, "standard output is closed")  # noqa: TRY301
        status = run_command(sys.argv[1:])
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except BrokenPipeError:
        status = 128 + getattr(signal, "SIGPIPE", 13)
    except KeyboardInterrupt:
        status = 128 + signal.SIGINT
    except OSError as error:  # a full disk, a closed descriptor
        status = 1
        with suppress(OSError):  # standard error may be closed as well; then the exit status says it alone
            os.write(2, f"error: the result cannot be written: {(error.strerror or '').lower()}\n".encode())
    # Everything is flushed; taking SymPy's modules apart would cost a sixth of the whole run.
    os._exit(status)
