"""Underflow in operations on arrays as wholes: entries that are 0 in doubles alone, in numbers of any size."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..arithmetic import Value
from ..arithmetic.array_functions import spread
from ..arithmetic.arrays import Arrays
from ..arithmetic.axes import is_array
from ..arithmetic.floats import Floats
from ..rules.array_op import ArrayOp
from .straight import may_underflow

_FEW = 2_000
"""Numbers up to which a rule is worked out with any size; of cofactors, which are as many determinants, fewer."""
_FEW_OF_COFACTORS = 100


def underflowed(
    system: Arrays, op: ArrayOp, slot: int, inputs: Sequence[Value], out: Value, upstream: Value, chained: Value
) -> dict[tuple[int, ...], Value]:
    """The entries of what flows back that are 0, as the rule in numbers of any size has them.

    inputs, out: of the operation; slot: of the input; chained: what flows back to it.
    There are none where nothing is small, and where the numbers are many.
    """
    base, sizes = system.base, sum(map(np.size, (*inputs, upstream, chained)))
    few = _FEW_OF_COFACTORS if "cofactors" in op.partial(slot).heads else _FEW
    if not isinstance(base, Floats) or np.all(chained) or sizes > few:
        return {}
    if not _is_small(system, op, slot, inputs, out, upstream):
        return {}
    wide = Arrays(base.wide)
    *exact, above = (_exactly(each, wide, base.wide.given) for each in (*inputs, upstream))
    found = np.asarray(_pulled_back(wide, op, slot, exact, wide.whole_value(op, exact), above))
    return {place: found[place] for place in map(tuple, np.argwhere(np.asarray(chained) == 0).tolist())}


def _exactly(value: Value, wide: Arrays, given: Callable[[Value], Value]) -> Value:
    """A number or an array of doubles in numbers of any size."""
    if not is_array(value):
        return given(value)
    return wide.array([*map(given, value.flat)]).reshape(value.shape)


def _pulled_back(system: Arrays, op: ArrayOp, slot: int, inputs: Sequence[Value], out: Value, upstream: Value) -> Value:
    """What flows back to an input of an operation on arrays as wholes."""
    if op.pulls_back(slot):
        return system.whole_partial(op, slot, inputs, out, upstream)
    return spread(op, upstream, inputs[slot]) * system.whole_partial(op, slot, inputs, out, None)


def _is_small(system: Arrays, op: ArrayOp, slot: int, inputs: Sequence[Value], out: Value, upstream: Value) -> bool:
    """Whether something in there may have underflowed."""
    try:
        with np.errstate(under="raise"):
            _pulled_back(system, op, slot, inputs, out, upstream)
    except FloatingPointError:
        return True
    operands = {**dict(zip(op.inputs, inputs, strict=False)), "out": out, "upstream": upstream}
    words = op.partial(slot).words
    return may_underflow(op, slot, [operand for word, operand in operands.items() if word in words])
