"""The mistakes that learners make with the chain rule, each as a way to get a wrong gradient from a right trace.

A mistake is a kind, a place, and the gradients that one would get by making it there. None of them runs a rule anew:
they multiply and add what the trace holds, with something forgotten or exchanged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from .arithmetic import Value
from .trace import Edge, Trace

KINDS = {
    "sign": "the sign is flipped",
    "loser": "max or min is routed to the wrong input",
    "upstream": "the upstream gradient is forgotten",
    "branch": "a branch of a fork is forgotten: what comes back along each edge is added up",
    "quotient": "the wrong side of a quotient",
    "factor": "a factor of the chain is forgotten",
    "input": "the chain goes through the wrong input",
}
"""Each kind of mistake in words. In this order they are tried, so the more specific ones come first."""

_MOST_EDGES = 300  # of a graph in which every edge is tried


class Mistake(NamedTuple):
    """A wrong gradient of one variable, and how one gets it."""

    kind: str
    place: str
    value: Value


def mistakes(trace: Trace, name: str) -> Iterator[Mistake]:
    """The wrong gradients of a variable that the known mistakes lead to, in the order of KINDS.

    The order and the places depend on the graph alone, not on the point.
    """
    right = trace.gradient[name]
    node = next(each for each in trace.graph.variables if each.name == name)
    into = [i for i, edge in enumerate(trace.edges) if edge.input is node and edge.chained is not None]
    yield Mistake("sign", f"∂{trace.graph.output.name}/∂{name}", -right)
    if len(trace.edges) > _MOST_EDGES:
        return
    yield from _losers(trace, name)
    yield from _upstreams(trace, name, into)
    yield from _branches(trace, name, into)
    yield from _quotients(trace, name)
    yield from _factors(trace, name)
    yield from _inputs(trace, name)


def sweep(trace: Trace, locals_: Mapping[int, Value | None]) -> dict[str, Value]:
    """The gradients when the local gradients of some edges are others; None takes an edge out.

    `locals_` is keyed by the edge's place in `trace.edges`.
    """
    zero = trace.arithmetic.number("0")
    flow = [zero] * len(trace.graph.nodes)
    flow[-1] = trace.arithmetic.number("1")
    for i in range(len(trace.edges) - 1, -1, -1):
        edge = trace.edges[i]
        local = locals_.get(i, edge.local if edge.chained is not None else None)
        if local is not None:
            flow[edge.input.position] += flow[edge.gate.position] * local
    return {node.name: flow[node.position] for node in trace.graph.variables}


def _of(edge: Edge) -> str:
    return f"∂{edge.gate.name}/∂{edge.input.name}"


def _siblings(trace: Trace, i: int) -> list[int]:
    """The places of the other edges into the same gate."""
    gate = trace.edges[i].gate
    start = i - trace.edges[i].slot
    return [each for each in range(start, start + len(gate.inputs)) if each != i]


def _losers(trace: Trace, name: str) -> Iterator[Mistake]:
    zero, one = trace.arithmetic.number("0"), trace.arithmetic.number("1")
    for gate in trace.graph.nodes:
        if gate.op is not None and gate.op.role == "routes":
            edges = [i for i, edge in enumerate(trace.edges) if edge.gate is gate]
            swapped = {
                i: zero if trace.edges[i].local == 1 else one for i in edges if trace.edges[i].chained is not None
            }
            yield Mistake("loser", f"{gate.name} = {trace.graph.written(gate)}", sweep(trace, swapped)[name])


def _upstreams(trace: Trace, name: str, into: list[int]) -> Iterator[Mistake]:
    for i in into:
        yield Mistake("upstream", f"{_of(trace.edges[i])} is local", trace.edges[i].local)
    zero, one = trace.arithmetic.number("0"), trace.arithmetic.number("1")
    for gate in trace.graph.nodes[:-1]:
        if gate.op is None or trace.upstream[gate.position] is None:
            continue
        flow = [zero] * len(trace.graph.nodes)
        flow[gate.position] = one
        for edge in reversed(trace.edges):
            if edge.gate.position <= gate.position and edge.chained is not None and edge.local is not None:
                flow[edge.input.position] += flow[edge.gate.position] * edge.local
        value = next(flow[node.position] for node in trace.graph.variables if node.name == name)
        yield Mistake("upstream", f"∂{gate.name}/∂{name} is only part of the chain", value)


def _branches(trace: Trace, name: str, into: list[int]) -> Iterator[Mistake]:
    if len(into) > 1:
        for i in into:
            edge = trace.edges[i]
            yield Mistake("branch", f"only the edge into {edge.gate.name} is counted", edge.chained)
    uses: dict[int, list[int]] = {}
    for i, edge in enumerate(trace.edges):
        if edge.chained is not None:
            uses.setdefault(edge.input.position, []).append(i)
    for edges in uses.values():
        for i in edges if len(edges) > 1 else []:
            edge = trace.edges[i]
            place = f"the edge from {edge.input.name} into {edge.gate.name} is left out"
            yield Mistake("branch", place, sweep(trace, {i: None})[name])


def _quotients(trace: Trace, name: str) -> Iterator[Mistake]:
    """x/y taken for its other side: the other local gradient, or the right one without its sign, or that of y/x."""
    one = trace.arithmetic.number("1")
    for i, edge in enumerate(trace.edges):
        if edge.gate.op is None or edge.gate.op.name != "div" or edge.chained is None:
            continue
        x, y = (trace.values[each] for each in edge.gate.inputs)
        other = [-x / (y * y), one / y][edge.slot]
        unsigned = [one / (y * y), x / (y * y)][edge.slot]
        turned = [[-y / (x * x), one / x][edge.slot]] if x != 0 else [other]
        for local in (other, unsigned, *turned):
            place = f"in {_of(edge)} of {trace.graph.written(edge.gate)}"
            yield Mistake("quotient", place, sweep(trace, {i: local})[name])


def _factors(trace: Trace, name: str) -> Iterator[Mistake]:
    one = trace.arithmetic.number("1")
    for i, edge in enumerate(trace.edges):
        if edge.chained is not None:
            yield Mistake("factor", f"{_of(edge)} is left out", sweep(trace, {i: one})[name])


def _inputs(trace: Trace, name: str) -> Iterator[Mistake]:
    for other, value in trace.gradient.items():
        if other != name:
            yield Mistake("input", f"this is the gradient of {other}", value)
    for i, edge in enumerate(trace.edges):
        if edge.chained is None:
            continue
        for other_edge in _siblings(trace, i):
            local = trace.edges[other_edge].local
            if local is not None:
                place = f"{_of(trace.edges[other_edge])} stands for {_of(edge)}"
                yield Mistake("input", place, sweep(trace, {i: local})[name])
