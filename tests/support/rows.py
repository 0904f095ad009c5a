"""The rows that tests go through: those of the table, and models of what a new one may be like.

The models are in the table during each test of a module that says `pytestmark = pytest.mark.usefixtures("models")`.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from contextlib import suppress

import pytest

from backprop_cli import backprop
from backprop_cli.arithmetic.system import FROM_FLINT
from backprop_cli.errors import MathError
from backprop_cli.rules.op import Op
from backprop_cli.rules.table import TABLE, careful, exp, gt, out, sigmoid, where, x

GLIDE = Op(
    "glide", "x", x * sigmoid(2 * x),
    careful(sigmoid(2 * x) + 2 * out * (1 - sigmoid(2 * x)), sigmoid(2 * x) * (1 + 2 * x * sigmoid(-2 * x))),
    aliases="quick_gelu", does="lets more of its upstream through the larger its input is",
)  # fmt: skip
"""x·σ(2x); its derivative by the product rule, with the output reused."""

BUMP = Op(
    "bump", "x", where(gt(x, 0), exp(-1 / x), 0), where(gt(x, 0), careful(out / x**2, out / x / x), 0),
)  # fmt: skip
"""exp(−1/x), and 0 from 0 down: smooth everywhere, though a condition chooses the formula."""

MODELS = [GLIDE, BUMP]
WITH_ORDER = [op for op in TABLE if op.orders]
"""The rows with an order, which is a whole number and has no gradient (tests of their own: test_orders)."""
SPECIAL = [op for op in TABLE if op.value.heads & {*FROM_FLINT} and not op.orders]
"""The special functions whose numbers are FLINT's (tests of their own: test_sweep, test_special)."""
NUMERIC = [op for op in TABLE if not (op.truth or op.conditions or op.orders or op in SPECIAL)]
"""The other rows of numbers; those of conditions and choices have tests of their own (test_conditions)."""
ROWS = [*NUMERIC, *MODELS]
CALLS = [(op, count) for op in ROWS for count in ((2, 3) if op.variadic else (len(op.inputs),))]
"""Each row with a number of inputs; rows that take any number are tried with two and with three."""

every_row = pytest.mark.parametrize("op", ROWS, ids=[op.call for op in ROWS])
every_call = pytest.mark.parametrize(("op", "count"), CALLS, ids=[f"{op.call}-{count}" for op, count in CALLS])


def with_gradient(op: Op, names: Sequence[str]) -> list[str]:
    """Those of the names that stand for inputs with a gradient."""
    return [name for slot, name in enumerate(names) if slot not in op.orders]


def inside(op: Op, names: Sequence[str]) -> dict[str, str]:
    """A decimal for each of these inputs, where the row has a value and a gradient, and no convention decides."""
    wrt = with_gradient(op, names)
    for texts in itertools.permutations(["1.3", "0.7", "2.9", "0.3", "-1.3", "-0.7", "-2.9", "-0.3"], len(names)):
        point = dict(zip(names, texts, strict=True)) | {name: "2" for name in names if name not in wrt}
        with suppress(MathError):
            if not backprop(op.written(names), point, wrt=wrt).warnings:
                return point
    raise AssertionError(f"{op} has no gradient at the points tried")
