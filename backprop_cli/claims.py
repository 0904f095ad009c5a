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

    right: whether it holds; value: the gradient at the point, as text; how: what the judgement rests on;
    mistake: a key of KINDS where a wrong claim is one of those, and place says where; steps: the chain otherwise.
    """

    name: str
    claim: str
    right: bool
    value: str
    how: str = ""
    mistake: str = ""
    place: str = ""
    steps: Sequence[str] = ()


class _Claim:
    """A claim as a number with as many digits as were given, or as a formula."""

    def __init__(self, graph: Graph, name: str, claim: str) -> None:
        self.unit: str | None = None  # one in the last digit given
        match = _NUMBER(claim)
        if match and (match[2] or match[3]):
            places = len(match[3]) - int(match[4] or "0")
            self.unit = f"1e{-places}"
        try:
            self.graph = compile_expression(claim, [node.name for node in graph.variables])
        except BackpropError as error:
            error.message = f"in the claim for {name}: {error.message}"
            raise
        known = {node.name for node in graph.variables}
        for node in self.graph.variables:
            if node.name not in known:
                message = f"in the claim for {name}: the expression has no variable {quote(node.name)}"
                raise InputError(message, claim, node.span)
        self.is_formula = bool(self.graph.variables)

    def value(self, values: Mapping[str, Value], arithmetic: Precise) -> Value:
        return forward(self.graph, values, arithmetic)[-1]

    def is_close(self, value: Value, claimed: Value, arithmetic: Precise) -> bool:
        """Whether a value is what is claimed: to half of the last digit given, or to rounding."""
        difference = abs(value - claimed)
        if difference <= arithmetic.number(_CLOSE) * max(abs(value), abs(claimed)):
            return True
        if self.unit is None or claimed == 0:
            return False
        return bool(difference <= arithmetic.number(self.unit) / 2 * (1 + arithmetic.number(_CLOSE)))


def judge(
    graph: Graph, given: Mapping[str, float | str], claims: Mapping[str, str], *, ties: str = "both"
) -> list[Verdict]:
    """A verdict for each claim (variable → number or formula of the variables).

    Raises InputError for a claim that cannot be read, MathError where the expression has no gradient.
    """
    names = [node.name for node in graph.variables]
    for name in claims:
        if name not in names:
            raise InputError(f"a claim for {quote(name)}, which is not a variable of the expression")
    read = {name: _Claim(graph, name, claim) for name, claim in claims.items()}
    arithmetic = Precise(_PLACES)
    here = run(graph, point.complete(given, arithmetic), ties=ties, arithmetic=arithmetic)
    formulas = any(claim.is_formula for claim in read.values())
    traces = [here, *(_elsewhere(here, ties) if formulas else [])]
    return [_verdict(traces if claim.is_formula else [here], name, claims[name], claim) for name, claim in read.items()]


def _verdict(traces: list[Trace], name: str, text_: str, claim: _Claim) -> Verdict:
    arithmetic = traces[0].arithmetic
    assert isinstance(arithmetic, Precise)
    value = arithmetic.show(traces[0].gradient[name], 6)
    claimed = []
    for trace in traces:
        try:
            claimed.append(claim.value(trace.point, arithmetic))
        except MathError as error:
            return Verdict(
                name, text_, False, value, how=f"the claim has no value: {error.message}", steps=_steps(traces[0], name)
            )

    def fits(values: Sequence[Value]) -> bool:
        return all(claim.is_close(one, two, arithmetic) for one, two in zip(values, claimed, strict=True))

    right = [trace.gradient[name] for trace in traces]
    if fits(right):
        how = _proof(traces, name, claim) if claim.is_formula else ""
        return Verdict(name, text_, True, value, how=how)
    how = ""
    if claim.is_formula and claim.is_close(right[0], claimed[0], arithmetic):
        how = "it holds at this point, but not at others"
    for parallel in zip(*(mistakes(trace, name) for trace in traces), strict=True):
        if fits([each.value for each in parallel]):
            return Verdict(name, text_, False, value, how, parallel[0].kind, parallel[0].place)
    return Verdict(name, text_, False, value, how, steps=_steps(traces[0], name))


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
