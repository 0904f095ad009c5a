"""Formulas over arrays that others have published: value and gradient beside the complex step and closed forms."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np

from backprop_cli import backprop
from support.arrays import gradient, value

FORMULAS = tomllib.loads((Path(__file__).parent / "arrays.toml").read_text("utf-8"))["formula"]
NAMES: dict[str, Any] = {
    **{name: getattr(np, name) for name in "exp sin log sqrt tanh outer trace ones eye concatenate".split()},
    **{name: getattr(np.linalg, name) for name in "inv det norm".split()},
}
_DIGITS = 1e-12


def point_at(shapes: str, seed: int) -> dict[str, Any]:
    """Numbers for variables: `W=2x3`, `c=` for a number, `y:3=4` for four labels of three classes."""
    random, point = np.random.default_rng(seed), {}
    for each in shapes.split():
        name, _, lengths = each.partition("=")
        name, _, classes = name.partition(":")
        shape = tuple(map(int, lengths.split("x"))) if lengths else ()
        if classes:
            point[name] = random.integers(0, int(classes), shape).astype(float)
        else:
            point[name] = random.uniform(0.2, 1.7, shape)
    return point


def test_published_formulas() -> None:
    assert len(FORMULAS) >= 100
    assert len({each["source"] for each in FORMULAS}) >= 7
    for seed, formula in enumerate(FORMULAS):
        program, point = formula["program"], point_at(formula["shapes"], seed)
        trace = backprop(program, point)
        close(trace.value, np.real(value(program, point)), program)
        labels = {each.partition(":")[0] for each in formula["shapes"].split() if ":" in each}
        closed_forms = formula.get("gradient", {})
        for name, expected in gradient(program, point, point.keys() - labels - closed_forms.keys()).items():
            close(trace.gradient[name], expected, f"{program}: {name}")
        for name, closed in closed_forms.items():
            close(trace.gradient[name], eval(closed, {**NAMES, **point}), f"{program}: {name} = {closed}")


def close(found: Any, expected: Any, what: str) -> None:
    """To 12 digits of the largest entry."""
    scale = float(np.max(np.abs(expected), initial=1e-3))
    np.testing.assert_allclose(found, expected, rtol=_DIGITS, atol=_DIGITS * scale, err_msg=what)
