"""Is a gradient that somebody derived by hand right? And where it is not, which mistake leads to it?"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import point
from .arithmetic import Value
from .arithmetic.precise import Precise
from .engine import forward, run
from .errors import BackpropError, InputError, MathError, quote
from .formula import text
from .graph import Graph
from .lower import compile_expression
from .mistakes import KINDS, mistakes
from .trace import Trace

POINTS = 8
"""Points of the domain, beside the given one, at which a formula is compared."""
_ATTEMPTS = 400
_PLACES = 100
_CLOSE = "1e-15"
_NUMBER = re.compile(r"\s*([+-]?)(\d*)\.?(\d*)(?:[eE]([-+]?\d{1,4}))?\s*", re.ASCII).fullmatch


@dataclass(frozen=True)
class Verdict:
    """What became of one claim.

    right: whether it holds; value: the gradient at the point, as text; claimed: what a formula claims there;
    how: what the judgement rests on; mistake: a key of KINDS where a wrong claim is one of those, and place says
    where; steps: the chain otherwise.
    """

    name: str
    claim: str
    right: bool
    value: str
    claimed: str = ""
    how: str = ""
    mistake: str = ""
    place: str = ""
    steps: Sequence[str] = ()


class _Claim:
    """A claim as a number with as many digits as were given, or as a formula of variables and gates."""

    def __init__(self, graph: Graph, name: str, claim: str) -> None:
        self.name, self.text = name, claim
        self.unit, self.digits = _precision(claim)
        known = {node.name for node in graph.nodes if not node.is_constant}
        try:
            self.graph = compile_expression(claim, known)
            unknown = next((node for node in self.graph.variables if node.name not in known), None)
            if unknown is not None:
                message = f"the expression has no variable {quote(unknown.name)}"
                raise InputError(message, claim, unknown.span)
        except BackpropError as error:
            error.message = f"in the claim for {name}: {error.message}"
            raise
        self.is_formula = bool(self.graph.variables)

    def value(self, trace: Trace) -> Value:
        """What is claimed at the point of a trace. Raises MathError where the claim has no value."""
        known = {node.name: value for node, value in zip(trace.graph.nodes, trace.values, strict=True)}
        return forward(self.graph, known, trace.arithmetic)[-1]

    def is_close(self, value: Value, claimed: Value, arithmetic: Precise) -> bool:
        """Whether a value is what is claimed: to half of the last digit given, or to rounding."""
        difference = abs(value - claimed)
        if difference <= arithmetic.number(_CLOSE) * max(abs(value), abs(claimed)):
            return True
        if self.unit is None:
            return False
        return bool(difference <= arithmetic.number(self.unit) / 2 * (1 + arithmetic.number(_CLOSE)))


def _precision(claim: str) -> tuple[str | None, int]:
    """One in the last digit of a number that may have been rounded, or None; and how many digits it has.

    A single digit before the point is exact, because nobody rounds 0.6 to 1 and many mistakes give 1. So is 0.0, as
    programs write 0; 0.00 is a rounded number.
    """
    match = _NUMBER(claim)
    if not match or not (match[2] or match[3]):
        return None, 0
    digits = len(f"{match[2]}{match[3]}".lstrip("0"))
    exact = len(match[3]) < 2 if digits == 0 else len(match[2]) == 1 and not match[3] and match[4] is None
    return None if exact else f"1e{int(match[4] or '0') - len(match[3])}", digits


def judge(
    graph: Graph, given: Mapping[str, float | str], claims: Mapping[str, str], *, ties: str = "both"
) -> list[Verdict]:
    """A verdict for each claim (variable → number, or formula of the variables and gates).

    Raises InputError for a claim that cannot be read, MathError where the expression has no gradient.
    """
    names = [node.name for node in graph.variables]
    for name in claims:
        if name not in names:
            raise InputError(f"a claim for {quote(name)}, which is not a variable of the expression")
    read = [_Claim(graph, name, claim) for name, claim in claims.items()]
    here, wrt = _here(graph, point.complete(given, Precise(_PLACES)), list(claims), ties)
    elsewhere = _elsewhere(here, wrt, ties) if any(claim.is_formula for claim in read) else []
    return [_verdict([here, *elsewhere] if claim.is_formula else [here], claim) for claim in read]


def _here(
    graph: Graph, values: Mapping[str, Value], names: list[str], ties: str
) -> tuple[Trace, Collection[str] | None]:
    """The trace at the given point. Where not every variable has a gradient, those that are claimed may have one."""
    try:
        return run(graph, values, ties=ties, arithmetic=Precise(_PLACES)), None
    except MathError:
        return run(graph, values, wrt=names, ties=ties, arithmetic=Precise(_PLACES)), names


def _verdict(traces: list[Trace], claim: _Claim) -> Verdict:
    here, name = traces[0], claim.name
    arithmetic = here.arithmetic
    assert isinstance(arithmetic, Precise)
    value = arithmetic.show(here.gradient[name], max(_SHOWN, claim.digits + 2))
    try:
        claimed = [claim.value(here)]
    except MathError as error:
        reason = f"the claim has no value here: {error.message}"
        return Verdict(name, claim.text, False, value, how=reason, steps=_steps(here, name))
    for trace in traces[1:]:
        with suppress(MathError):  # a formula may hold in a part of the domain only, such as exp(log(x)) for x
            claimed.append(claim.value(trace))
            continue
        claimed.append(None)
    traces = [trace for trace, each in zip(traces, claimed, strict=True) if each is not None]
    claimed = [each for each in claimed if each is not None]
    return _compared(traces, claimed, claim, value)


def _elsewhere(here: Trace, ties: str) -> list[Trace]:
    """Traces at random points of the domain where max, abs and the like take the same sides as here."""
    randomly = random.Random(0)  # noqa: S311 - for points, not for secrets
    arithmetic, traces = here.arithmetic, []
    for attempt in range(_ATTEMPTS):
        spread = (0.1, 0.5, 1.0, 3.0)[attempt % 4]
        shifts = {name: arithmetic.number(f"{randomly.gauss(0, spread):.6f}") for name in here.point}
        values = {
            name: value + shifts[name] * (abs(value) if value and attempt % 2 else 1)
            for name, value in here.point.items()
        }
        try:
            trace = run(here.graph, values, ties=ties, arithmetic=arithmetic)
        except MathError:
            continue
        if _sides(trace) == _sides(here):
            traces.append(trace)
            if len(traces) == POINTS:
                break
    return traces


def _sides(trace: Trace) -> list[Any]:
    """Which side of its kinks each gate is on."""
    return [
        edge.local
        for edge in trace.edges
        if edge.gate.op is not None and (edge.gate.op.role == "routes" or edge.gate.op.name == "abs")
    ]


def _proof(traces: list[Trace], name: str, claim: _Claim) -> str:
    """What a right formula rests on: a proof where SymPy finds one, or the points at which it was compared."""
    from sympy import simplify

    from .arithmetic.symbolic import Symbolic, UndecidedError
    from .exact import TooSlowError, time_limit

    system = Symbolic()
    symbols = {node.name: system.symbol(node.name) for node in traces[0].graph.variables}
    try:
        with time_limit(1.0):
            gradient = run(traces[0].graph, symbols, arithmetic=system).gradient[name]
            if simplify(gradient - forward(claim.graph, symbols, system)[-1]) == 0:
                return "proved by simplification"
    except (TooSlowError, RecursionError, UndecidedError, MathError):
        pass  # no proof; the points remain
    return f"equal at {len(traces)} points"


def _steps(trace: Trace, name: str) -> list[str]:
    """The chain for one variable, from the output down, a line for each edge on the way."""
    below = {node.position for node in trace.graph.variables if node.name == name}
    for node in trace.graph.nodes:
        if below.intersection(node.inputs):
            below.add(node.position)
    f = trace.graph.output.name
    lines = []
    for edge in reversed(trace.edges):
        if edge.input.position in below and edge.chained is not None and edge.local is not None:
            numbers = (trace.upstream[edge.gate.position], edge.local, edge.chained)
            upstream, local, chained = (trace.arithmetic.show(value, 6) for value in numbers)
            rule = text(trace.rule(edge))
            source = f"{edge.gate.name} = {trace.graph.written(edge.gate)}"
            factor = local if rule == local else f"{local} ({rule})"
            lines.append(f"∂{f}/∂{edge.input.name} through {source}: upstream {upstream} × local {factor} = {chained}")
    total = trace.arithmetic.show(trace.gradient[name], 6)
    lines.append(f"∂{f}/∂{name} is the sum of what comes back to {name}: {total}")
    return lines


def explain(verdict: Verdict) -> str:
    """What kind of mistake a wrong claim is, and where."""
    return f"{KINDS[verdict.mistake]}: {verdict.place}" if verdict.mistake else ""
