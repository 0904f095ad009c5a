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
from ..rules.formula import Formula

LEAST_LOCAL = 2.0**-960
"""A smaller local gradient may be made of parts that have lost digits."""

_EXACT_WHERE_SMALL = frozenset("neg sin cos sinh cosh sign".split())


def is_given(partial: Formula) -> bool:
    """Whether a partial has all its digits however small it is: an input, a number, or a plain function of one."""
    if partial.args:
        return partial.head in _EXACT_WHERE_SMALL and is_given(partial.args[0])
    return partial.head != "out"


def loses(
    arithmetic: Floats, gate: Gate, slot: int, inputs: Sequence[Value], out: Value, upstream: Value, local: Value
) -> bool:
    """Whether upstream × local, or the local gradient itself, may have lost digits because it is so small.

    out: the value of the gate
    """
    if upstream == 0 or gate.op.selects:
        return False
    if isinstance(gate.op, Module):
        return bool(upstream * local == 0 != local)
    is_small = abs(local) < LEAST_LOCAL and not is_given(gate.op.partial(slot))
    return (is_small or upstream * local == 0) and not (local == 0 and arithmetic.is_zero(gate.op, slot, inputs, out))


def widely(
    arithmetic: Floats, gate: Gate, slot: int, inputs: Sequence[Value], upstream: Value, local: Value
) -> tuple[Value, Value]:
    """The local gradient, and upstream × local, with more digits than doubles have and exponents without a limit.

    The local gradient of a module is given; that of a gate is worked out anew, from its inputs.
    """
    wide = arithmetic.wide
    if not isinstance(gate.op, Module) and all(map(arithmetic.is_finite, inputs)):
        rule, exact = wide.rule(gate.op), [wide.given(each) for each in inputs]
        with suppress(ArithmeticError, ValueError):  # what is too small for any number is 0, as it is in doubles
            out = rule.value(*exact) if "out" in gate.op.partial(slot).words else None
            local = rule.partial(slot, exact, out)
    return local, wide.given(upstream) * wide.given(local)
