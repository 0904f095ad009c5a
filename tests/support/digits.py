"""Printed numbers, digit by digit."""

from __future__ import annotations

from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Context, Decimal
from typing import Any

from backprop_cli.passes.trace import Trace


def shown(trace: Trace, value: Any) -> str:
    """A number of a trace as --get and JSON have it."""
    return trace.arithmetic.exactly(value)


def roundings(text: str, digits: int) -> set[Decimal]:
    """A decimal to so many significant digits: one number, or two where it lies in the middle between them."""
    contexts = (Context(digits, mode, -(10**15), 10**15) for mode in (ROUND_HALF_UP, ROUND_HALF_DOWN))
    return {context.create_decimal(text) for context in contexts}


def middle(text: str) -> str:
    """Of what is printed, a number: 0 of `0 ± 1e-99`, which is not told from 0."""
    return text.partition(" ± ")[0]
