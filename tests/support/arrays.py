"""An oracle for programs of arrays that shares no code with them: Python reads the text, NumPy computes it, and the
gradient is the complex step, entry by entry.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
_STEP = 1e-30


def _by_real(pick: Any) -> Any:
    """max or min: of two by their real parts, of one over an axis."""

    def function(x: Any, y: Any = None, axis: int | None = None, keepdims: bool = False) -> Any:
        if y is not None:
            x, y = np.broadcast_arrays(x, y)
            return np.where(pick(np.stack([x.real, y.real]), axis=0) == x.real, x, y)
        if axis is None:
            found = x.ravel()[np.ravel(x.real == pick(x.real)).argmax()]
            return np.full([1] * x.ndim, found) if keepdims else found
        place = np.expand_dims((x.real == pick(x.real, axis=axis, keepdims=True)).argmax(axis=axis), axis)
        found = np.take_along_axis(x, place, axis)
        return found if keepdims else np.squeeze(found, axis)

    return function


def _softmax(x: Any, axis: int = -1) -> Any:
    powers = np.exp(x - x.real.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def _logsumexp(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    return np.log(np.exp(x).sum(axis=axis, keepdims=keepdims))


def _pick(scores: Any, labels: Any) -> Any:
    whole = np.asarray(labels).real.astype(int)
    return scores[np.arange(len(scores)), whole] if scores.ndim == 2 else scores[whole]


WORDS: dict[str, Any] = {
    **{name: getattr(np, name) for name in "exp log sqrt sin cos tanh sum mean prod dot outer trace where".split()},
    "max": _by_real(np.max),
    "min": _by_real(np.min),
    "abs": lambda x: x * np.sign(np.real(x)),
    "relu": lambda x: np.where(np.real(x) > 0, x, 0),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "norm": lambda x, axis=None, keepdims=False: np.sqrt((x * x).sum(axis=axis, keepdims=keepdims)),
    "logsumexp": _logsumexp,
    "softmax": _softmax,
    "log_softmax": lambda x, axis=-1: np.log(_softmax(x, axis)),
    "inv": np.linalg.inv,
    "det": np.linalg.det,
    "logdet": lambda x: np.log(np.linalg.det(x)),
    "solve": np.linalg.solve,
    "transpose": np.transpose,
    "reshape": lambda x, *shape: np.reshape(x, shape[0] if isinstance(shape[0], tuple) else shape),
    "concat": lambda *parts, axis=0: np.concatenate(parts, axis),
    "pick": _pick,
    "stacked": lambda parts: np.stack(np.broadcast_arrays(*parts)),
}


class _Lists(ast.NodeTransformer):
    """`[x, y]` puts arrays together, except in `concat([x, y])`."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name) and node.func.id == "concat" and isinstance(node.args[0], ast.List):
            node.args = node.args[0].elts
        self.generic_visit(node)
        return node

    def visit_List(self, node: ast.List) -> ast.AST:
        self.generic_visit(node)
        return ast.Call(ast.Name("stacked", ast.Load()), [node], [])


def value(text: str, point: Mapping[str, Any]) -> Any:
    """The value of the last statement, by Python and NumPy."""
    *stages, last = (part.strip() for part in text.split(";"))
    names = {**WORDS, **{name: np.asarray(each) for name, each in point.items()}}
    for stage in stages:
        name, _, body = stage.partition("=")
        names[name.strip()] = _evaluated(body.strip(), names)
    name, equals, body = last.partition("=")
    return _evaluated(body.strip() if equals and name.strip().isidentifier() else last, names)


def _evaluated(text: str, names: dict[str, Any]) -> Any:
    tree = ast.fix_missing_locations(_Lists().visit(ast.parse(text, mode="eval")))
    return eval(compile(tree, text, "eval"), {"__builtins__": {}}, names)


def gradient(text: str, point: Mapping[str, Any], names: Collection[str] | None = None) -> dict[str, Array]:
    """∂f/∂variable for each variable, or those of these names, by the complex step."""
    found = {}
    for name, given in point.items():
        if names is not None and name not in names:
            continue
        slopes = np.zeros(np.shape(given))
        for place in np.ndindex(slopes.shape):
            moved = np.array(given, dtype=complex)
            moved[place] += 1j * _STEP
            slopes[place] = np.imag(value(text, {**point, name: moved})) / _STEP
        found[name] = slopes
    return found


def point_of(
    shapes: Mapping[str, tuple[int, ...]], seed: int = 0, low: float = 0.2, high: float = 1.7
) -> dict[str, Array]:
    """Random arrays of these shapes."""
    random = np.random.default_rng(seed)
    return {name: random.uniform(low, high, shape) for name, shape in shapes.items()}


FORMULAS: list[tuple[str, dict[str, tuple[int, ...]]]] = [
    ("sum((W @ X)**2)", {"W": (2, 3), "X": (3, 4)}),
    ("sum((W @ x)**2)", {"W": (2, 3), "x": (3,)}),
    ("sum((x @ W)**2)", {"W": (2, 3), "x": (2,)}),
    ("(x @ y)**2", {"x": (3,), "y": (3,)}),
    ("x @ x", {"x": (3,)}),
    ("sum(dot(W, X)**2)", {"W": (2, 3), "X": (3, 4)}),
    ("sum(dot(W, x)**2)", {"W": (2, 3), "x": (3,)}),
    ("sum(dot(x, W)**2)", {"W": (2, 3), "x": (2,)}),
    ("dot(x, y)**2", {"x": (3,), "y": (3,)}),
    ("sum(outer(x, y)**2)", {"x": (3,), "y": (2,)}),
    ("sum(X.T @ Y * 2)", {"X": (3, 2), "Y": (3, 4)}),
    ("sum(x.T * x)", {"x": (3,)}),
    ("x.T**2 + transpose(x)", {"x": ()}),
    ("sum(transpose(X)**3)", {"X": (3, 2)}),
    ("x[0]*x[-1]**2", {"x": (4,)}),
    ("sum(X[0, :]**2) + X[1, 2]**3", {"X": (2, 3)}),
    ("sum(X[:, 1]**2) + sum(X[1]**3)", {"X": (2, 3)}),
    ("sum(x[1:] * x[:-1])", {"x": (5,)}),
    ("sum(x[::2]**2) + sum(x[::-1] * x)", {"x": (5,)}),
    ("sum(X[:-1, 1:]**2)", {"X": (3, 4)}),
    ("sum([x, y, x*y]**2)", {"x": (), "y": ()}),
    ("sum([[a, b], [c, a*b]] @ [1, 2])", {"a": (), "b": (), "c": ()}),
    ("sum([x, x**2, x**3].T @ w)", {"x": (4,), "w": (3,)}),
    ("sum(concat(x, y)**2 * 3)", {"x": (2,), "y": (3,)}),
    ("sum(concat([X, Y], axis=1)**2)", {"X": (2, 3), "Y": (2, 1)}),
    ("sum(concat(X, Y, axis=-1)**2)", {"X": (2, 3), "Y": (2, 1)}),
    ("sum(reshape(x, 2, 3) @ w)", {"x": (6,), "w": (3,)}),
    ("sum(reshape(X, -1)**2)", {"X": (2, 3)}),
    ("sum(reshape(X, (3, -1))**2 * [1, 2])", {"X": (2, 3)}),
    ("sum(X)", {"X": (2, 3)}),
    ("sum(sum(X, axis=0)**2)", {"X": (2, 3)}),
    ("sum(sum(X, axis=-1)**2)", {"X": (2, 3)}),
    ("sum((X - sum(X, axis=1, keepdims=True))**2)", {"X": (2, 3)}),
    ("mean(X)**2", {"X": (2, 3)}),
    ("sum(mean(X, axis=0)**2)", {"X": (2, 3)}),
    ("sum((X - mean(X, axis=0, keepdims=True))**3)", {"X": (4, 3)}),
    ("prod(X)", {"X": (2, 3)}),
    ("sum(prod(X, axis=0)**2)", {"X": (2, 3)}),
    ("sum(prod(X, axis=1, keepdims=True) * X)", {"X": (2, 3)}),
    ("max(x)**2 + min(x)", {"x": (4,)}),
    ("sum(max(X, axis=0)**2)", {"X": (3, 4)}),
    ("sum(X * min(X, axis=1, keepdims=True))", {"X": (3, 4)}),
    ("norm(x)**3", {"x": (4,)}),
    ("sum(norm(X, axis=1)**3)", {"X": (3, 2)}),
    ("sum(X / norm(X, axis=0, keepdims=True))", {"X": (3, 2)}),
    ("logsumexp(x)**2", {"x": (4,)}),
    ("sum(logsumexp(X, axis=1)**2)", {"X": (3, 2)}),
    ("softmax(x) @ w", {"x": (4,), "w": (4,)}),
    ("sum(softmax(X)**2)", {"X": (3, 2)}),
    ("sum(softmax(X, axis=0)**2)", {"X": (3, 2)}),
    ("log_softmax(x) @ w", {"x": (4,), "w": (4,)}),
    ("sum(log_softmax(X, axis=0)**2)", {"X": (3, 2)}),
    ("trace(X @ Y)", {"X": (2, 3), "Y": (3, 2)}),
    ("trace(X)**2", {"X": (2, 3)}),
    ("sum(inv(A)**2)", {"A": (3, 3)}),
    ("det(A)**2", {"A": (3, 3)}),
    ("logdet(A @ A.T)", {"A": (3, 3)}),
    ("sum(solve(A, b)**2)", {"A": (3, 3), "b": (3,)}),
    ("sum(solve(A, B)**2)", {"A": (3, 3), "B": (3, 2)}),
    ("sum(X * Y)", {"X": (2, 3, 4), "Y": (3, 4)}),
    ("sum(sum(X, axis=1)**2)", {"X": (2, 3, 4)}),
]
"""A formula for each operation on arrays and each number of axes, with the shapes of its variables."""
