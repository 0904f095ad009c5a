"""The chain rule where doubles are too small for it: what underflows goes on as a number of any size.

A local gradient below the smallest double may meet an upstream beyond 1e300, and their product is an ordinary number.
So such a product is worked out with more digits and exponents without a limit, and so is all that comes of it, down to
the variables; what is shown is rounded to doubles at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from ..arithmetic import Value
from ..arithmetic.floats import Floats
from ..graph.graph import Gate, Module


def widely(
    arithmetic: Floats, gate: Gate, slot: int, inputs: Sequence[Value], upstream: Value, local: Value
) -> tuple[Value, Value]:
    """The local gradient, and upstream × local, with more digits than doubles have and exponents without a limit.

    gate, slot: the edge;
    inputs: the values of the gate's inputs;
    upstream: what has come back to the gate;
    local: the local gradient of a module; that of a primitive is worked out anew, from its inputs.
    """
    wide = arithmetic.wide
    if not isinstance(gate.op, Module) and all(map(arithmetic.is_finite, inputs)):
        rule, exact = wide.rule(gate.op), [wide.given(each) for each in inputs]
        with suppress(ArithmeticError, ValueError):  # what is too small for any number is 0, as it is in doubles
            out = rule.value(*exact) if "out" in gate.op.partial(slot).words else None
            local = rule.partial(slot, exact, out)
    return local, wide.given(upstream) * wide.given(local)
