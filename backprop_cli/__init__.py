"""backprop: a gradient calculator. `from backprop_cli import backprop` gives a Trace for an expression and values."""

TYPE_CHECKING = False  # nothing is loaded, neither typing nor __future__: until `main`, Python tells of an interrupt
if TYPE_CHECKING:
    from typing import Any

    from .api import backprop
    from .api.compiled import Compiled, compile  # noqa: A004  # as `re.compile` is called
    from .api.trace import Trace
    from .errors import BackpropError

__version__ = "0.1.0"
__all__ = ["BackpropError", "Compiled", "Trace", "backprop", "compile"]

_HOME = {
    "backprop": "api",
    "compile": "api.compiled",
    "Compiled": "api.compiled",
    "Trace": "api.trace",
    "BackpropError": "errors",
}


def __getattr__(name: str) -> "Any":
    # Looked up on first use, so that `backprop --version` does not load the engine.
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOME[name]}", __name__), name)
