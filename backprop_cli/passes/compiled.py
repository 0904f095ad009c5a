"""The two passes over doubles as code made from the table: a loop for large graphs, a line for each gate of small ones.

For graphs that are large, or evaluated at many points. It knows only plain sailing: wherever something is unusual (a
tie, a kink, a domain left, an overflow) it gives up, and the careful passes, which can tell what happened, take over.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import ge
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from ..arithmetic import FLOATS
from ..errors import MathError
from ..graph.graph import Constant, Gate, Graph, Module
from ..graph.nodes import Nodes
from ..rules.formula import Formula, substitute
from ..rules.table import Op
from .forward import constant_value
from .lazy import Lazy


class UnusualError(ArithmeticError):
    """What is compiled has no result here; the careful passes have one, or an error that tells why there is none."""


_UNTOUCHED = -0.0
"""What has come back to a node before anything has. Known by its identity; and −0 + x is x, to the sign of a zero."""

# -- A gate as code ----------------------------------------------------------------------------------------------------


class _Code(NamedTuple):
    """A primitive, and how code calls its value, its inputs (if there may be any number, each of them), a list of them,
    and what flows back to it.
    """

    op: Op
    value: str
    inputs: Sequence[str]
    listed: str
    upstream: str

    def forward(self) -> Iterator[str]:
        """Compute its value."""
        if self.op.variadic:
            yield f"{self.value} = {self.op.name}(*{self.listed})"
            if self.op.selects:
                yield f"if {self.listed}.count({self.value}) != 1: raise UnusualError"
        else:
            yield f"{self.value} = {self._code(self.op.value)}"

    def kink(self) -> Iterator[str]:
        """Give up where its slope is a convention."""
        if self.op.kink is not None:
            yield f"if {self._code(self.op.kink)}: raise UnusualError"

    def back(self, slot: int, target: str, *, first: bool = False, condition: str = "") -> str:
        """Add upstream × local to what has come back to the input in `slot`, unless the edge is not active.

        target: where that is summed up
        first: whether nothing can have come back to it before
        condition: under which it gets a gradient at all
        """
        partial = self.op.partial(slot)
        local = self._code(partial, slot)
        conditions = [condition] * bool(condition) + [f"{local} != 0"] * self.op.selects
        test = f"if {' and '.join(conditions)}: " if conditions else ""
        exact = partial.is_number and partial.head in ("1", "-1")  # without a multiplication
        sign = "-" if exact and partial.head == "-1" else ""
        chained = self.upstream if exact else f"{self.upstream} * {local}"
        return f"{test}{target} {'= ' + sign if first else (sign or '+') + '= '}{chained}"

    def _code(self, formula: Formula, slot: int = 0) -> str:
        return FLOATS.code(substitute(formula, self.op.words(self.op.operands(self.inputs, slot), self.value)))


def _compiled(lines: Sequence[str], numbers: Mapping[str, float]) -> dict[str, Any]:
    """What the lines define. numbers: those that they call by name."""
    words = (float, len, range, reversed, sum, type, zip, math.isfinite, UnusualError)
    namespace = {**FLOATS.namespace, **{word.__name__: word for word in words}, "untouched": _UNTOUCHED, **numbers}
    # The text comes from the rows of the table alone; nothing that a user typed reaches it.
    exec(compile("\n".join([*lines, ""]), "<compiled>", "exec"), namespace)  # noqa: S102
    return namespace


def _indented(lines: Sequence[str], by: int) -> list[str]:
    return [" " * by + line for line in lines]


def _constants(graph: Graph) -> dict[int, float]:
    """The values of constants. Raises UnusualError where one has none, and for a graph with modules."""
    if any(isinstance(op, Module) for op in graph.nodes.ops):
        raise UnusualError
    try:
        nodes = (graph.nodes[i] for i in graph.nodes.constants)
        return {node.position: constant_value(graph, node, FLOATS) for node in nodes if isinstance(node, Constant)}
    except MathError:  # but a gate before it may have no value either
        raise UnusualError from None


# -- A loop for the kinds of gates that a graph has --------------------------------------------------------------------

_Kind = tuple[Any, ...]
"""A primitive, None for a leaf, and for each of its inputs whether it gets a gradient."""


class Loops:
    """The loops compiled for a graph, and the columns that they go through.

    Raises UnusualError for a graph with modules, or with a constant that has no value.
    """

    def __init__(self, graph: Graph, wrt: Collection[str] | None = None) -> None:
        nodes, self.constants = graph.nodes, _constants(graph)
        self.variables = [(nodes.names[place], place) for place in nodes.variables]
        self.inputs = nodes.inputs
        self.wanted = wanted = graph.depending_on(wrt)
        numbers: dict[_Kind, int] = {}
        found = [
            numbers.setdefault((op, *[wanted[i] for i in inputs]), len(numbers))
            for op, inputs in zip(nodes.ops, nodes.inputs, strict=True)
        ]
        counts = Counter(found)
        kinds = sorted(numbers, key=lambda kind: -counts[numbers[kind]])
        ranks = {numbers[kind]: rank for rank, kind in enumerate(kinds)}
        self.kinds = [ranks[number] for number in found]
        routes = any(op and op.selects for op, *_ in kinds)
        reaches_all = all(map(ge, nodes.below([len(nodes) - 1]), wanted))
        self.forward, self.backward = _loops(tuple(kinds), reaches_all and not routes)

    def at(self, point: Mapping[str, float]) -> tuple[list[float], Sequence[float | None]]:
        """The values of all nodes, and what flows back to each; None where nothing does. Raises UnusualError."""
        values = [0.0] * len(self.inputs)
        for place, value in self.constants.items():
            values[place] = value
        for name, place in self.variables:
            values[place] = point[name]
        flow = [_UNTOUCHED] * len(values)
        flow[-1] = 1.0
        try:
            self.forward(values, self.kinds, self.inputs)
            self.backward(values, flow, self.kinds, self.inputs, self.wanted)
        except (ArithmeticError, ValueError):
            raise UnusualError from None
        if not (math.isfinite(sum(values)) and math.isfinite(sum(flow))):
            raise UnusualError
        return values, Lazy(len(flow), lambda i: None if flow[i] is _UNTOUCHED else flow[i])


_known: WeakKeyDictionary[Nodes, dict[frozenset[str] | None, Loops]] = WeakKeyDictionary()
"""What has been compiled, as long as its graph is there."""


def loops_of(graph: Graph, wrt: Collection[str] | None = None) -> Loops:
    """The loops of a graph, compiled once. Raises UnusualError as they do."""
    known, key = _known.setdefault(graph.nodes, {}), None if wrt is None else frozenset(wrt)
    if key not in known:
        known[key] = Loops(graph, wrt)
    return known[key]


@lru_cache(maxsize=200)
def _loops(kinds: tuple[_Kind, ...], reached: bool) -> tuple[Any, Any]:
    """The loops forward and backward over nodes of these kinds, the most frequent first.

    reached: whether something comes back to each of them. (When the loop comes to a node, the sum there is complete.)
    """
    lines = [
        "def forward(v, kinds, inputs):",
        "    for k, kind, s in zip(range(len(v)), kinds, inputs):",
    ]
    for rank, (op, *_wanted) in enumerate(kinds):
        lines += _branch(rank, [*_unpack(op), *_in_lists(op, "v[k]").forward()] if op else [])
    lines += [
        "def backward(v, g, kinds, inputs, wanted):",
        "    for o, u, kind, s in zip(reversed(v), reversed(g), reversed(kinds), reversed(inputs)):",
        *["        if u is untouched: continue"] * (not reached),
    ]
    for rank, kind in enumerate(kinds):
        lines += _branch(rank, _backward(kind))
    found = _compiled(lines, {})
    return found["forward"], found["backward"]


def _branch(rank: int, body: list[str]) -> list[str]:
    return _indented([f"{'elif' if rank else 'if'} kind == {rank}:", *_indented(body or ["pass"], 4)], 8)


def _backward(kind: _Kind) -> list[str]:
    op, *wanted = kind
    if not any(wanted):
        return []
    gate = _in_lists(op, "o")
    if op.variadic:
        return ["for i in s:", f"    {gate.back(0, 'g[i]', condition='wanted[i]')}"]
    edges = [gate.back(slot, f"g[i{slot}]") for slot in range(len(op.inputs)) if wanted[slot]]
    return [*_unpack(op), *gate.kink(), *edges]


def _in_lists(op: Op, value: str) -> _Code:
    inputs = ["v[i]"] if op.variadic else [f"v[i{slot}]" for slot in range(len(op.inputs))]
    return _Code(op, value, inputs, "[v[i] for i in s]", "u")


def _unpack(op: Op) -> list[str]:
    return [] if op.variadic else [f"{', '.join(f'i{slot}' for slot in range(len(op.inputs)))}, = s"]


# -- A line for each gate of a graph -----------------------------------------------------------------------------------


def unrolled(
    graph: Graph, known: Mapping[str, float], results: Sequence[int], wrt: Collection[str] | None = None
) -> Callable[..., tuple[float, ...]]:
    """A function of the variables that are not known, in their order: the value, and the gradients of `results`.

    known: values of variables that stay
    results: positions of nodes
    wrt: the variables that get gradients; all, if None

    Where something is unusual, or an argument is no float, the function raises ArithmeticError or ValueError.
    Raises UnusualError for a graph with modules, or with a constant that has no value.
    """
    nodes, values = graph.nodes, _constants(graph)
    values |= {i: known[nodes.names[i]] for i in nodes.variables if nodes.names[i] in known}
    free = [f"v{place}" for place in nodes.variables if place not in values]
    body = [f"if not float is {' is '.join(f'type({name})' for name in free)}: raise UnusualError"] if free else []
    for gate in graph.gates:
        body += _by_name(gate).forward()
    back = _Back(graph, wrt)
    for gate in graph.gates_backward:
        back.through(gate)
    computed = [*(f"v{place}" for place in range(len(nodes))), *(f"g{place}" for place in back.sure)]
    body += [
        *(f"g{place} = untouched" for place in back.open),
        *back.lines,
        f"if not isfinite(sum(({', '.join(computed)},))): raise UnusualError",
        f"return {', '.join([f'v{len(nodes) - 1}', *map(back.gradient, results)])},",
    ]
    found = _compiled(
        [f"def at({', '.join(free)}):", *_indented(body, 4)], {f"v{i}": each for i, each in values.items()}
    )
    function: Callable[..., tuple[float, ...]] = found["at"]
    return function


class _Back:
    """The lines of the backward pass, gate by gate from the last to the first.

    sure: the nodes that something may come back to, and whether it does at every point
    open: those of them that have to be set to `untouched` before
    """

    def __init__(self, graph: Graph, wrt: Collection[str] | None) -> None:
        self.wanted, last = graph.depending_on(wrt), len(graph.nodes) - 1
        self.sure = {last: True} if self.wanted[last] else {}
        self.open: list[int] = []
        self.lines = [f"g{place} = 1.0" for place in self.sure]

    def through(self, node: Gate) -> None:
        """The lines for the edges into a gate."""
        edges = [(slot, i) for slot, i in enumerate(node.inputs) if self.wanted[i]]
        if node.position not in self.sure or not edges:
            return
        gate, sure = _by_name(node), self.sure[node.position]
        active = sure and not gate.op.selects
        lines = [*gate.kink()]
        for slot, i in edges:
            first = i not in self.sure
            lines.append(gate.back(slot, f"g{i}", first=first and active))
            if first and not active:
                self.open.append(i)
            self.sure[i] = active or self.sure.get(i, False)
        self.lines += lines if sure else [f"if {gate.upstream} is not untouched:", *_indented(lines, 4)]

    def gradient(self, place: int) -> str:
        """What has come back to a node in the end."""
        if place not in self.sure:
            return "0.0"
        return f"g{place}" if self.sure[place] else f"0.0 if g{place} is untouched else g{place}"


def _by_name(gate: Gate) -> _Code:
    inputs = [f"v{i}" for i in gate.inputs]
    return _Code(gate.op, f"v{gate.position}", inputs, f"[{', '.join(inputs)}]", f"g{gate.position}")
