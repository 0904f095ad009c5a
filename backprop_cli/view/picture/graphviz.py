"""Pictures by Graphviz: the one inside pygraphviz, or the program `dot`."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from functools import lru_cache

from ...errors import InputError, OutputError, reason
from .. import Options
from . import dot
from .circuit import Circuit

_RESOLUTION = "192"
"""Dots per inch of a PNG: sharp on a slide."""

# In a process of its own: there it can be interrupted, and what Graphviz says on standard error can be caught.
_PYGRAPHVIZ = """\
import sys, pygraphviz
graph = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode())
if sys.argv[2]:
    graph.graph_attr["dpi"] = sys.argv[2]
sys.stdout.buffer.write(graph.draw(format=sys.argv[1], prog="dot"))
"""


def circuit(circuit: Circuit, options: Options) -> bytes:
    """The circuit as `svg`, `png` or `pdf`, whichever the format is."""
    return picture(dot.circuit(circuit, options), options.form)


def is_installed() -> bool:
    """Whether there is a Graphviz."""
    return bool(importlib.util.find_spec("pygraphviz") or shutil.which("dot"))


@lru_cache(maxsize=8)  # a notebook asks for the same picture twice
def picture(drawing: bytes, form: str) -> bytes:
    """What Graphviz makes of a drawing in the DOT language.

    Raises InputError where there is no Graphviz, OutputError where it fails.
    """
    dpi = _RESOLUTION if form == "png" else ""
    if importlib.util.find_spec("pygraphviz"):
        command = [sys.executable, "-P", "-c", _PYGRAPHVIZ, form, dpi]
    elif program := shutil.which("dot"):
        command = [program, f"-T{form}", *([f"-Gdpi={dpi}"] if dpi else [])]
    else:
        hint = "pip install 'backprop-cli[pictures]' brings it; --format dot and --format mermaid need nothing"
        raise InputError(f"{form} needs Graphviz, which is not installed here", hint=hint)
    try:
        result = subprocess.run(command, input=drawing, capture_output=True, check=False)  # noqa: S603
    except OSError as error:
        raise OutputError(f"Graphviz does not start: {reason(error)}") from None
    if result.returncode or not result.stdout:
        said = [line for line in result.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
        raise OutputError(f"Graphviz fails: {said[-1] if said else f'exit status {result.returncode}'}")
    return result.stdout
