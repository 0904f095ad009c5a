"""The command line: options in, one call, print, exit status. `main` is the console command; a file a subcommand."""

from __future__ import annotations

import errno
import os
import shlex
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

import click

from .. import __version__
from ..errors import BackpropError, InputError, quote
from ..streams import emit
from .check import check
from .derive import derive
from .evaluate import evaluate
from .expression import SETTINGS


@click.group(context_settings=SETTINGS)
@click.version_option(__version__, prog_name="backprop")
def cli() -> None:
    """A gradient calculator: every local and every chained gradient of an expression, exactly as you write it."""


for command in (evaluate, derive, check):
    cli.add_command(command)


def run_command(words: Sequence[str]) -> int:
    """Run one command line; print what there is to print; return the exit status."""
    try:
        status = cli.main(args=list(words), prog_name="backprop", standalone_mode=False)
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
    return status if isinstance(status, int) else 0


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
