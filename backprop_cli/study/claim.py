"""A claim: a number with as many digits as were given, or a formula, and how far a gradient agrees with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from math import inf
from typing import NamedTuple

from ..arithmetic import Value
from ..arithmetic.balls import Balls
from ..errors import BackpropError, InputError, quote
from ..graph.graph import Constant, Graph
from ..language.program import Program
from ..passes import certain
from ..passes.forward import forward
from ..passes.trace import Trace

PLACES = 100
"""Significant digits to which claims and gradients are known."""
_DOUBLE = 15  # digits of a double that are compared
_WRITTEN = 17  # digits that a double may be written with
SPARE = 5
"""Digits that are proven, of which no comparison is made."""
_NUMBER = re.compile(r"\s*([+-]?)(\d*)\.?(\d*)(?:[eE]([-+]?\d{1,6}))?\s*", re.ASCII).fullmatch
_DECIMAL = re.compile(r"(?<![\w.])(\d*)\.(\d+)(?:[eE]([-+]?\d{1,6}))?(?!\d|[eE][-+]?\d)", re.ASCII).finditer


class Place(NamedTuple):
    """A point. trace: the one there; again: the same in another arithmetic."""

    trace: Trace
    again: Callable[[Balls], Trace]


class Claimed(NamedTuple):
    """What a claim comes to at the point of a trace.

    left_open: how far the gradient may be from it, as far as its digits tell
    noise: how far terms that cancel may be from proven digits
    is_double: whether its decimals may be those of a double
    """

    trace: Trace
    value: Value
    left_open: Value
    noise: Value
    is_double: bool

    @property
    def numbers(self) -> list[Value]:
        return [self.value, self.left_open, self.noise]

    def differs(self, gradient: Value) -> bool:
        """Whether a gradient is not what is claimed, as far as the digits given tell; of doubles, not their last."""
        return self.agreement(gradient) == 0

    def agreement(self, gradient: Value) -> float:
        """To how many digits a gradient is what is claimed: infinitely many where that is proven, 0 where it is not."""
        with self.trace.arithmetic.working():
            number = self.trace.arithmetic.number
            difference, size = abs(gradient - self.value), max(abs(gradient), abs(self.value))
            if difference <= self.left_open:
                return inf
            if difference <= self.left_open + self.noise:
                return self.trace.arithmetic.digits - SPARE
            return _DOUBLE if self.is_double and difference <= number(f"1e-{_DOUBLE}") * size else 0


class Claim:
    """A claim as a number with as many digits as were given, or as a formula of variables and gates."""

    def __init__(self, graph: Graph, name: str, claim: str) -> None:
        self.name, self.text = name, claim
        self.unit, self.digits = _precision(claim)
        self.is_number = self.digits is not None
        known = {node.name for node in graph.nodes if not isinstance(node, Constant)}
        if not claim.strip():
            raise InputError(f"the claim for {name} is empty", hint='for example: --claim "x = 2*x*y"')
        try:
            self.graph = Program(claim, is_expression=True).graph(known)
            if self.graph.of_arrays:
                raise InputError("an array is claimed, and the gradient is a number", claim, (0, len(claim)))
            unknown = next((node for node in self.graph.variables if node.name not in known), None)
            if unknown is not None:
                message = f"the expression has no variable {quote(unknown.name)}"
                raise InputError(message, claim, unknown.span)
        except BackpropError as error:
            error.message = f"in the claim for {name}: {error.message}"
            raise
        self.is_formula = bool(self.graph.variables)
        self.nudged = (
            [] if self.is_number else [Program(each, is_expression=True).graph(known) for each in _nudged(claim)]
        )

    def values(self, trace: Trace, graph: Graph | None = None) -> list[Value]:
        """The values of the claim's nodes at the point of a trace. Raises MathError where it has no value."""
        pairs = zip(trace.graph.nodes, trace.values, strict=True)
        known = {node.name: value for node, value in pairs if value is not None}
        return forward(graph or self.graph, known, trace.arithmetic)

    def at(self, place: Place) -> Claimed:
        """What is claimed at a point, to proven digits: those of the trace are known, those of the claim may cancel."""
        system = place.trace.arithmetic
        assert isinstance(system, Balls)
        with system.working():
            claimed = self._at(place.trace)
        if not any(map(system.lacks, claimed.numbers)):
            return claimed
        return certain.proven(
            claimed.trace.graph,
            system.digits,
            lambda arithmetic: self._at(place.again(arithmetic)),
            lambda found: ((str, each) for each in found.numbers),
        )[0]

    def _at(self, trace: Trace) -> Claimed:
        number, values = trace.arithmetic.number, self.values(trace)
        # Of terms that cancel, as few digits are compared as if they had been computed to so many.
        numbers = (each for each in values if not (each is None or isinstance(each, bool)))
        size = max(map(abs, numbers)) + sum(
            abs(edge.chained) for edge in trace.edges if edge.input.name == self.name and edge.chained is not None
        )
        if self.unit is not None:
            left_open = number(self.unit) / 2
        else:
            left_open = sum((abs(self.values(trace, each)[-1] - values[-1]) for each in self.nudged), number("0"))
        is_double = self.digits <= _WRITTEN if self.digits is not None else bool(self.nudged)
        return Claimed(trace, values[-1], left_open, number(f"1e-{trace.arithmetic.digits - SPARE}") * size, is_double)


def _nudged(claim: str) -> Iterator[str]:
    """The formula with each of its decimals, one at a time, half a unit of its last digit larger.

    Those of one digit, such as 0.5, are taken to be exact.
    """
    for match in _DECIMAL(claim):
        if len(f"{match[1]}{match[2]}".lstrip("0")) > 1:
            half = f"5e{int(match[3] or '0') - len(match[2]) - 1}"
            yield f"{claim[: match.start()]}({match[0]} + {half}){claim[match.end() :]}"


def _precision(claim: str) -> tuple[str | None, int | None]:
    """One in the last digit of a number that may have been rounded, or None; and how many digits a number has.

    A single digit before the point is exact, because nobody rounds 0.6 to 1 and many mistakes give 1. So is 0.0, as
    programs write 0; 0.00 is a rounded number.
    """
    match = _NUMBER(claim)
    if not match or not (match[2] or match[3]):
        return None, None
    digits = len(f"{match[2]}{match[3]}".lstrip("0"))
    exact = len(match[3]) < 2 if digits == 0 else len(match[2]) == 1 and not match[3] and match[4] is None
    return None if exact else f"1e{int(match[4] or '0') - len(match[3])}", digits


def are_formulas(claims: Mapping[str, str]) -> bool:
    """Whether no claim is a number, so that they may be judged without a point."""
    return all(_precision(claim)[1] is None for claim in claims.values())
