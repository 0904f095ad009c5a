"""The console command, also as `python -m backprop_cli`."""

import os
import sys
from _signal import SIGINT, default_int_handler, getsignal, set_wakeup_fd, signal  # the module around is slow to load
from _thread import get_ident, interrupt_main, start_new_thread
from time import sleep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

FAILED, INTERRUPTED, BROKEN_PIPE = 1, 128 + 2, 128 + 13
"""The exit status where the system refuses something, and of what SIGINT and SIGPIPE end."""
NO_MEMORY = b"error: the memory does not suffice\n"

_OF_LIBRARIES = ("SYMPY_", "NUMPY_", "NPY_", "POLARS_", "MPLBACKEND", "MATPLOTLIBRC", "SOURCE_DATE_EPOCH")
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""With a thread for each processor, the last bits of products depend on how many there are, and so do the stacks."""
_ANY = 100 * "."
"""What every encoding of streams has."""
_AGAIN = 0.3  # seconds after which an interrupt that is lost is sent once more
_OURS = __file__.removesuffix("__main__.py")
_interrupts: list[KeyboardInterrupt] = []


def main() -> "NoReturn":
    """Run the command line, leave with its exit status. A traceback is a bug, whatever the input."""
    status = INTERRUPTED
    try:  # what is loaded in here, an interrupt may interrupt
        status = _run()
    except KeyboardInterrupt:
        pass
    except BaseException:  # an extension module may make any error of an interrupt
        if not _interrupts:
            raise
    # Everything is flushed; taking SymPy's modules apart would cost a sixth of the whole run.
    os._exit(INTERRUPTED if _interrupts else status)


def _run() -> int:
    """Run the command line, and flush; return the exit status."""
    try:
        if getsignal(SIGINT) is default_int_handler:  # else a shell has it ignored
            signal(SIGINT, _interrupt)
            _watch_interrupts()
        sys.unraisablehook = _unraisable
        _make_even()
        from .cli import plain_call

        if sys.stdout is None:
            raise OSError(0, "standard output is closed")  # noqa: TRY301
        words = sys.argv[1:]
        status = plain_call.run(words)
        if status is None:
            import gc

            gc.set_threshold(200_000)  # to look for what can go while libraries load costs a tenth of a start
            from .cli.commands import run_command
            from .runtime.budget import bound_memory

            bound_memory()
            status = run_command(words)
            if "matplotlib" in sys.modules:  # it removes the directory that it makes where it may not have its own
                import atexit

                atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except BrokenPipeError:
        return BROKEN_PIPE
    except (MemoryError, SystemError):  # the other where CPython forgets to tell that an allocation has failed
        message = NO_MEMORY
    except ImportError as error:  # where the system refuses it memory or files; what is not installed is told before
        message = f"error: a library cannot be loaded: {_cause(error)}\n".encode("utf-8", "replace")
    except OSError as error:  # a full disk, a closed descriptor
        message = f"error: the result cannot be written: {(error.strerror or '').lower()}\n".encode()
    except BaseException as error:
        if type(error).__module__ != "pyo3_runtime":
            raise
        message = f"error: a library fails: {_cause(error)}\n".encode("utf-8", "replace")  # one that is made in Rust
    else:
        return status
    try:  # noqa: SIM105  # without what `suppress` allocates
        os.write(2, message)
    except OSError:  # standard error may be closed as well; then the exit status says it alone
        pass
    return FAILED


def _cause(error: BaseException) -> str:
    """What went wrong first, in a line."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return str(error).strip().split("\n")[0]


def _interrupt(_number: int, _frame: object) -> None:
    """Interrupt, and remember it: a destructor, or a bare `except:` in a library, loses the exception."""
    stop = KeyboardInterrupt()
    _interrupts.append(stop)
    raise stop


def _watch_interrupts() -> None:
    """Have each interrupt sent again until it has come to our code.

    Python looks for one before it begins to wait, and one that comes between looking and waiting would wait as well.
    The system's part of the handler never does: it writes to a pipe at once, and a thread waits there.
    """
    try:
        told, tell = os.pipe()
        if min(told, tell) > 2:  # a stream that is closed leaves its number to what is opened next
            start_new_thread(_send_again, (told, get_ident()))
            if sys.platform != "win32":
                os.set_blocking(tell, False)
            set_wakeup_fd(tell, warn_on_full_buffer=False)
        else:
            os.close(told)
            os.close(tell)
    except (OSError, RuntimeError):  # no pipe and no thread are to be had: then one more interrupt has to be typed
        pass


def _send_again(told: int, main_thread: int) -> None:
    """Interrupt once more after each interrupt that has not arrived, until one has."""
    while os.read(told, 1):
        sleep(_AGAIN)
        last = _interrupts[-1].__traceback__ if _interrupts else None
        code = last and last.tb_frame.f_code
        if code and code is not _interrupt.__code__ and code.co_filename.startswith(_OURS):
            continue  # it was our code that the exception came to last
        if sys.platform == "win32":  # where a signal from inside ends the process
            interrupt_main()
        else:  # also while it waits
            from _signal import pthread_kill

            pthread_kill(main_thread, SIGINT)


def _unraisable(lost: "Any") -> None:
    """Tell of an exception that is lost, except where it tells of no fault."""
    if lost.exc_type not in (KeyboardInterrupt, MemoryError):
        sys.__unraisablehook__(lost)


def _make_even() -> None:
    """Take back what the environment sets in Python and in libraries, as far as it could break them or change results.

    SymPy even evaluates what some variables hold.
    """
    for name in [name for name, text in os.environ.items() if not _is_admitted(name, text)]:
        del os.environ[name]
    os.environ |= dict.fromkeys(_ONE_THREAD, "1")
    stream: Any
    for stream in filter(None, (sys.stdout, sys.stderr)):
        try:
            _ANY.encode(stream.encoding)
        except UnicodeError:  # idna and undefined, which take no text as it is
            stream.reconfigure(encoding="utf-8")
    sys.set_int_max_str_digits(sys.int_info.default_max_str_digits)
    if sys.warnoptions:
        import warnings

        warnings.simplefilter("ignore")


def _is_admitted(name: str, text: str) -> bool:
    if name in ("COLUMNS", "LINES", "POLARS_MAX_THREADS"):
        return text.isascii() and text.isdecimal() and len(text) < 5 and int(text) > 0
    return not name.startswith(_OF_LIBRARIES) or (name, text) == ("SYMPY_GROUND_TYPES", "python")


if __name__ == "__main__":
    main()
