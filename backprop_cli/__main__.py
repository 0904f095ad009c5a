"""The console command, also as `python -m backprop_cli`."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

INTERRUPTED, BROKEN_PIPE = 128 + 2, 128 + 13
"""The exit status of what SIGINT and SIGPIPE end. (The module that knows their numbers takes long to load.)"""


def main() -> NoReturn:
    """Run the command line, leave with its exit status. A traceback is a bug, whatever the input."""
    try:  # what is loaded in here, an interrupt may interrupt
        from .cli import plain_call

        if sys.stdout is None:
            raise OSError(0, "standard output is closed")  # noqa: TRY301
        words = sys.argv[1:]
        status = plain_call.run(words)
        if status is None:
            from .budget import bound_memory
            from .cli.commands import run_command

            bound_memory()
            status = run_command(words)
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except BrokenPipeError:
        status = BROKEN_PIPE
    except KeyboardInterrupt:
        status = INTERRUPTED
    except OSError as error:  # a full disk, a closed descriptor
        status = 1
        from contextlib import suppress

        with suppress(OSError):  # standard error may be closed as well; then the exit status says it alone
            os.write(2, f"error: the result cannot be written: {(error.strerror or '').lower()}\n".encode())
    # Everything is flushed; taking SymPy's modules apart would cost a sixth of the whole run.
    os._exit(status)


if __name__ == "__main__":
    main()
