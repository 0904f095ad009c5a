"""Pictures by Graphviz: the one inside pygraphviz, or the program `dot`."""

from __future__ import annotations

import importlib.util
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from functools import lru_cache
from math import ceil, inf
from tempfile import TemporaryFile

from ...errors import InputError, OutputError, reason
from ...runtime.budget import TooSlowError, left
from .. import Options
from . import dot
from .circuit import Circuit

_RESOLUTION = {"png": 192, "svg": 72, "pdf": 72}
"""Dots per inch: a PNG is sharp on a slide."""

_TICK = 0.1  # seconds; what a limit of time raises arrives between calls only

# In a process of its own: there it can be interrupted, and what Graphviz says on standard error can be caught.
_PYGRAPHVIZ = """\
import pygraphviz
graph = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode())
graph.graph_attr["dpi"] = sys.argv[2]
sys.stdout.buffer.write(graph.draw(format=sys.argv[1], prog="dot"))
"""
_PROGRAM = """\
try:
    os.execv(sys.argv[1], sys.argv[1:])
except OSError as error:
    sys.exit(f"it does not start: {error.strerror.lower()}")
"""
# A system that bounds the processor time of a process ends it by a signal.
_BOUND = """\
import os, sys, resource
most = resource.getrlimit(resource.RLIMIT_CPU)[1]
resource.setrlimit(resource.RLIMIT_CPU, ({0} if most < 0 else min({0}, most), most))
"""


def circuit(circuit: Circuit, options: Options) -> bytes:
    """The circuit as `svg`, `png` or `pdf`, whichever the format is."""
    return picture(dot.circuit(circuit, options), options.form, circuit.look.scale)


def is_installed() -> bool:
    """Whether there is a Graphviz."""
    return bool(importlib.util.find_spec("pygraphviz") or shutil.which("dot"))


@lru_cache(maxsize=8)  # a notebook asks for the same picture twice
def picture(drawing: bytes, form: str, scale: float = 1.0) -> bytes:
    """What Graphviz makes of a drawing in the DOT language.

    drawing: the text;
    form: `svg`, `png` or `pdf`;
    scale: how large it becomes, 1 for texts of the sizes that the drawing says.
    Raises InputError where there is no Graphviz, TooSlowError where the time is up, OutputError where it fails.
    """
    dpi, seconds = f"{_RESOLUTION[form] * scale:g}", left(inf)
    is_bounded = seconds < inf and sys.platform != "win32"
    begin = _BOUND.format(ceil(seconds)) if is_bounded else "import os, sys\n"
    if importlib.util.find_spec("pygraphviz"):
        command = [sys.executable, "-P", "-c", begin + _PYGRAPHVIZ, form, dpi]
    elif program := shutil.which("dot"):
        command = [program, f"-T{form}", f"-Gdpi={dpi}"]
        if is_bounded:
            command = [sys.executable, "-P", "-c", begin + _PROGRAM, *command]
    else:
        hint = "pip install 'backprop-cli[pictures]' brings it; --format dot and --format mermaid need nothing"
        raise InputError(f"{form} needs Graphviz, which is not installed here", hint=hint)
    try:
        status, drawn, errors = _run(command, drawing)
    except OSError as error:
        raise OutputError(f"Graphviz does not start: {reason(error)}") from None
    if is_bounded and status == -signal.SIGXCPU:
        raise TooSlowError(ceil(seconds), "Graphviz")
    if status or not drawn:
        said = [line for line in errors.decode("utf-8", "replace").splitlines() if line.strip()]
        hint = "--format dot and --format mermaid write the circuit without it"
        raise OutputError(f"Graphviz fails: {said[-1] if said else f'exit status {status}'}", hint=hint)
    return drawn


def _run(command: list[str], text: bytes) -> tuple[int, bytes, bytes]:
    """The exit status, output and errors of a command that reads a text; a limit of time can end it meanwhile."""
    with TemporaryFile() as given:  # of what is piped, a reader that starts late would get the beginning alone
        given.write(text)
        given.seek(0)
        with subprocess.Popen(command, stdin=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:  # noqa: S603
            try:
                while process.returncode is None:
                    with suppress(subprocess.TimeoutExpired):
                        out, errors = process.communicate(timeout=_TICK)
            except BaseException:
                process.kill()
                raise
    return process.returncode, out, errors
