"""A gradient calculator: every local and every chained gradient of an expression, as you wrote it.

>>> from backprop_cli import backprop
>>> t = backprop("(x+y)*z", x=-2, y=5, z=-4)
>>> t.value, t.gradient
(-12.0, {'x': -4.0, 'y': -4.0, 'z': 3.0})

A Trace prints as a table, shows table and circuit in a notebook, and has the commands as methods: `t.explain()`,
`t.derive()`, `t.check(x=-4)`, `t.graph("n.svg")`, `t.code("numpy")`, `t.to_dict()`.

`compile` parses an expression once, for many points:

>>> import backprop_cli
>>> f = backprop_cli.compile("(x+y)*z")
>>> f(x=-2, y=5, z=-4)
ValueAndGradient(value=-12.0, gradient={'x': -4.0, 'y': -4.0, 'z': 3.0})

`columns` does so for whole columns at once, a NumPy array for each variable or an Arrow RecordBatch:

>>> backprop_cli.columns("x*y", y=3, wrt="x")({"x": [1, 2]})
{'value': array([3., 6.]), 'gradient.x': array([3., 3.])}

`minimize` goes down along the gradient, and `fit` is least squares:

>>> backprop_cli.minimize("(w-3)^2", {"w": 0}, rate=0.1, steps=2).point
{'w': 1.08}

Whatever is wrong is a BackpropError, which says what, and where.
"""

TYPE_CHECKING = False  # nothing is loaded, neither typing nor __future__: until `main`, Python tells of an interrupt
if TYPE_CHECKING:
    from typing import Any

    from .api import backprop
    from .api.columns import OverColumns, columns
    from .api.compiled import Compiled, compile  # noqa: A004  # as `re.compile` is called
    from .api.descents import Fit, Minimum, fit, minimize
    from .api.trace import Trace
    from .errors import BackpropError
    from .runtime.version import __version__ as __version__

__all__ = [
    "BackpropError", "Compiled", "Fit", "Minimum", "OverColumns", "Trace", "backprop", "columns", "compile", "fit",
    "minimize",
]  # fmt: skip

_HOME = {
    "backprop": "api",
    "columns": "api.columns",
    "OverColumns": "api.columns",
    "compile": "api.compiled",
    "Compiled": "api.compiled",
    "Trace": "api.trace",
    "minimize": "api.descents",
    "Minimum": "api.descents",
    "fit": "api.descents",
    "Fit": "api.descents",
    "BackpropError": "errors",
    "__version__": "runtime.version",
}


def __getattr__(name: str) -> "Any":
    # Looked up on first use, so that `backprop --version` does not load the engine.
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return [*_HOME, *(name for name in globals() if name.startswith("__"))]
