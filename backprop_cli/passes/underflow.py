"""What is too small for doubles goes on as a number of any size, forward and backward.

A local gradient below the smallest double may meet an upstream beyond 1e300, and their product is an ordinary number;
so may a value. Where a double would lose digits because it is so small, the number is worked out with more of them and
an exponent without a limit, and so is what comes of it, until that is large enough for a double again.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from ..arithmetic import Value
from ..arithmetic.floats import Floats
from ..graph.graph import Gate, Module
from .faults import DIGITS

_ALL = 17
"""Digits that tell a double from all others."""


def widely(
    arithmetic: Floats, gate: Gate, slot: int, inputs: Sequence[Value], upstream: Value, local: Value
) -> tuple[Value, Value]:
    """The local gradient, and upstream × local, as doubles where those have enough digits.

    gate, slot: the edge;
    inputs: the values of the gate's inputs;
    upstream: what has come back to the gate;
    local: the local gradient of a module; that of a primitive is worked out anew, from its inputs.
    """
    wide = arithmetic.wide
    if not isinstance(gate.op, Module) and all(each is None or arithmetic.is_finite(each) for each in inputs):
        rule, exact = wide.rule(gate.op), arithmetic.widened(inputs)
        with suppress(ArithmeticError, ValueError):  # what is too small for any number is 0, as it is in doubles
            if "out" in gate.op.partial(slot).words and not exact.out:
                exact.out.append(rule.value(*exact.inputs))
            local = rule.partial(slot, exact.inputs, *(exact.out or [None]))
    return arithmetic.nearest(local), arithmetic.nearest(wide.given(upstream) * wide.given(local))


def in_doubles(system: Floats, number: Value) -> str:
    """A number of any size, and what doubles have of it, with so many digits that they differ."""
    double = float(number)
    pairs = ((system.wide.show(number, digits), system.show(double, digits)) for digits in (DIGITS, _ALL))
    one, other = next(pair for pair in pairs if pair[0] != pair[1])
    return f"{one}, which is {other} in doubles"
