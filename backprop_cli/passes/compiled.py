"""The two passes over doubles as code made from the table: a loop for large graphs, a line for each gate of small ones.

For graphs that are large, or evaluated at many points. It knows only plain sailing: wherever something is unusual (a
tie, a kink, a domain left, an overflow) it gives up, and the careful passes, which can tell what happened, take over.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from numbers import Integral, Rational, Real
from operator import ge
from types import CodeType
from typing import Any, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from ..arithmetic import FLOATS
from ..arithmetic.floats import LEAST_LOCAL, is_given
from ..errors import MathError
from ..graph.graph import Constant, Gate, Graph, Module, opened
from ..graph.nodes import Nodes
from ..rules.formula import Formula, substitute
from ..rules.op import Op
from ..rules.zeros import zero
from .forward import constant_value
from .lazy import Lazy


class UnusualError(ArithmeticError):
    """What is compiled has no result here; the careful passes have one, or an error that tells why there is none."""


MISSING: Any = object()
"""What stands for a value that was not given."""
_UNTOUCHED = -0.0
"""What has come back to a node before anything has. Known by its identity; and −0 + x is x, to the sign of a zero."""

_CARRIES = ("add", "sub", "mul", "neg")
"""What these make of an infinity or of NaN is one of them: whoever has looked at it need not look at their inputs."""
_Result = TypeVar("_Result")

# -- A gate as code ----------------------------------------------------------------------------------------------------


class _Code(NamedTuple):
    """A primitive, and how code calls its value, its inputs (if there may be any number, each of them), a list of them,
    what flows back to it, and which of any number of inputs a partial is about.
    """

    op: Op
    value: str
    inputs: Sequence[str]
    listed: str
    upstream: str
    place: str = ""

    def forward(self) -> Iterator[str]:
        """Compute its value; give up where a comparison is at a border."""
        if self.op.variadic:
            yield f"{self.value} = {self.op.name}(*{self.listed})"
            if self.op.selects:
                yield f"if {self.listed}.count({self.value}) != 1: raise UnusualError"
        else:
            yield f"{self.value} = {self._code(self.op.value)}"
            if self.op.truth and not self.op.conditions:
                yield f"if {' == '.join(self.inputs)}: raise UnusualError"

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
        chained = self.upstream if exact else self._chained(local, slot)
        return f"{test}{target} {'= ' + sign if first else (sign or '+') + '= '}{chained}"

    def _chained(self, local: str, slot: int) -> str:
        """Upstream × local; give up where something is so small that digits may be lost."""
        product = f"{self.upstream} * {local}"
        if self.op.selects:
            return product
        exact = f"not {self.upstream} or {self._code(zero(self.op, slot), slot)}"
        if is_given(self.op.partial(slot)):
            return f"({product} or sure({self.upstream}, {local}, {exact}))"
        return f"((l := {local}) * l and {self.upstream} * l or sure({self.upstream}, l, {exact}))"

    def _code(self, formula: Formula, slot: int = 0) -> str:
        words = self.op.words(self.op.operands(self.inputs, slot), self.value)
        if self.op.variadic:
            words |= {"count": f"counted({self.listed})", "others": f"but_one({self.listed}, {self.place or slot})"}
            words["every"] = self.listed
        return FLOATS.code(substitute(formula, words))


def _sure_of(upstream: str, local: str) -> str:
    """Code for a product of 0, which is sure where a factor is 0."""
    return f"sure({upstream}, {local}, not {upstream} or not {local})"


def _sure(upstream: float, local: float, is_exact: bool) -> float:
    """Their product, if it has lost no digits. Raises UnusualError."""
    chained = upstream * local
    if is_exact or (chained != 0 and abs(local) >= LEAST_LOCAL):
        return chained
    raise UnusualError


def _compiled(lines: Sequence[str], known: Mapping[str, Any]) -> dict[str, Any]:
    """What the lines define. known: what else they call by name."""
    words = (
        enumerate,
        float,
        len,
        range,
        reversed,
        type,
        zip,
        math.isfinite,
        ArithmeticError,
        ValueError,
        UnusualError,
    )
    namespace = {
        **FLOATS.namespace,
        **{word.__name__: word for word in words},
        "untouched": _UNTOUCHED,
        "added": sum,
        "sure": _sure,
        **known,
    }
    # The text comes from the rows of the table alone; nothing that a user typed reaches it.
    exec(compile("\n".join([*lines, ""]), "<compiled>", "exec"), namespace)  # noqa: S102
    return namespace


def _indented(lines: Sequence[str], by: int) -> list[str]:
    return [" " * by + line for line in lines]


def _constants(graph: Graph) -> dict[int, float]:
    """The values of constants. Raises UnusualError where one has none."""
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
        if graph.modules:
            raise UnusualError
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
        return ["for n, i in enumerate(s):", f"    {gate.back(0, 'g[i]', condition='wanted[i]')}"]
    edges = [gate.back(slot, f"g[i{slot}]") for slot in range(len(op.inputs)) if wanted[slot]]
    return [*_unpack(op), *gate.kink(), *edges]


def _in_lists(op: Op, value: str) -> _Code:
    inputs = ["v[i]"] if op.variadic else [f"v[i{slot}]" for slot in range(len(op.inputs))]
    return _Code(op, value, inputs, "[v[i] for i in s]", "u", "n")


def _unpack(op: Op) -> list[str]:
    return [] if op.variadic else [f"{', '.join(f'i{slot}' for slot in range(len(op.inputs)))}, = s"]


# -- A line for each gate of a graph -----------------------------------------------------------------------------------


def size(graph: Graph) -> int:
    """The lines that it would take: one a node, and those for the gates inside its modules."""
    return len(graph.nodes) + opened(graph.nodes)[0]


def unrolled(
    graph: Graph, known: Mapping[str, float], results: Sequence[int], wrt: Collection[str] | None = None
) -> Callable[..., tuple[float, ...]]:
    """A function of the variables that are not known, in their order: the value, and the gradients of `results`.

    known: values of variables that stay
    results: positions of nodes
    wrt: the variables that get gradients; all, if None

    Where something is unusual, or an argument is no float, the function raises ArithmeticError or ValueError.
    Raises UnusualError for a graph with a constant that has no value.
    """
    lines = _Lines(graph, known, wrt)
    body = [
        *lines.unless_floats("raise UnusualError"),
        *lines.body,
        f"return {', '.join([lines.value, *map(lines.gradient, results)])},",
    ]
    found = _compiled([f"def at({', '.join(lines.free)}):", *_indented(body, 4)], lines.names.numbers)
    function: Callable[..., tuple[float, ...]] = found["at"]
    return function


def with_names(
    graph: Graph,
    wrt: Collection[str] | None,
    result: type[_Result],
    careful: Callable[[Sequence[Any], Mapping[str, Any]], _Result],
) -> Callable[..., _Result]:
    """A function of all variables, by order or by name, that gives a `result` whatever it is called with.

    wrt: the variables that get gradients; all, if None
    result: a named tuple of two: the value, and the gradient by name
    careful: what is called where something is unusual, with the values by order, of which some may be MISSING, and with
        those of other names

    Raises UnusualError for a graph with a constant that has no value.
    """
    lines, nodes = _Lines(graph, {}, wrt), graph.nodes
    gradient = ", ".join(f"'v{i}': {lines.gradient(i)}" for i in nodes.variables if lines.wanted[i])
    arguments = "".join(f"{name}, " for name in lines.free)
    body = [
        *lines.unless_floats(f"{arguments}= doubles({arguments})"),
        "if more or others: raise UnusualError",
        *lines.body,
        f"return new(result, ({lines.value}, {{{gradient}}}))",
    ]
    text = [
        f"def compiled({''.join(f'{name}=missing, ' for name in lines.free)}*more, **others):",
        "    try:",
        *_indented(body, 8),
        "    except (ArithmeticError, ValueError):",
        "        pass",
        f"    return careful(({arguments}*more,), others)",
    ]
    words = {"missing": MISSING, "doubles": _doubles, "new": tuple.__new__, "result": result, "careful": careful}
    function: Any = _compiled(text, {**lines.names.numbers, **words})["compiled"]
    # It was compiled without a word of the user's, and is told the names of its parameters only now.
    function.__code__ = _renamed(function.__code__, {f"v{i}": nodes.names[i] for i in nodes.variables})
    named: Callable[..., _Result] = function
    return named


def _renamed(code: CodeType, names: Mapping[str, str]) -> CodeType:
    """The code with other names for its parameters, which come first, and for the texts in it."""
    parameters = [*code.co_varnames]
    parameters[: len(names)] = names.values()
    return code.replace(co_varnames=tuple(parameters), co_consts=_other_texts(code.co_consts, names))


def _other_texts(constants: tuple[Any, ...], names: Mapping[str, str]) -> tuple[Any, ...]:
    return tuple(
        _other_texts(each, names) if type(each) is tuple else names.get(each, each) if type(each) is str else each
        for each in constants
    )


def _doubles(*values: Any) -> list[float]:
    """Numbers as doubles, where that is all there is to them. Raises UnusualError or OverflowError elsewhere."""
    return [
        value if type(value) is float else float(value) if type(value) is int else _double(value) for value in values
    ]


def _double(value: Any) -> float:
    is_fraction = isinstance(value, Rational) and not isinstance(value, Integral)
    if isinstance(value, bool) or not isinstance(value, Real) or is_fraction:
        raise UnusualError
    return float(value)


class _Lines:
    """The lines of both passes over a graph.

    free: the parameters
    names: all that the lines call by name
    wanted: for each node, whether it gets a gradient
    value: what the value of the output is called
    body: the lines
    """

    def __init__(self, graph: Graph, known: Mapping[str, float], wrt: Collection[str] | None) -> None:
        nodes, self.names, self.wanted = graph.nodes, _Names(), graph.depending_on(wrt)
        inputs = {i: f"v{i}" for i in nodes.variables}
        self.names.numbers.update((inputs[i], known[nodes.names[i]]) for i in inputs if nodes.names[i] in known)
        self.free = [name for name in inputs.values() if name not in self.names.numbers]
        self.names.computed += self.free
        self._passes = _Passes(graph, self.wanted, inputs, self.names)
        forward, backward = [*self._passes.forward()], [*self._passes.backward()]
        self.value = self._passes.values[len(nodes) - 1]
        left = [name for name in self.names.computed if name not in self.names.carried]
        check = [f"if not isfinite({_total(left)}): raise UnusualError"] if left else []
        self.body = [*forward, *(f"{name} = untouched" for name in self.names.open), *backward, *check]

    def gradient(self, place: int) -> str:
        """What has come back to a node in the end."""
        name, sure = self._passes.flow(place), self._passes.sure.get(place)
        return "0.0" if sure is None else name if sure else f"0.0 if {name} is untouched else {name}"

    def unless_floats(self, line: str) -> list[str]:
        """The line, for where an argument is no float."""
        types = [f"type({name})" for name in self.free]
        return [f"if not float is {' is '.join(types)}: {line}"] if types else []


def _total(names: Sequence[str]) -> str:
    """The sum, of which no part is nested deeply."""
    half = len(names) // 2
    return f"({_total(names[:half])} + {_total(names[half:])})" if half else names[0]


class _Names:
    """What lines call by name.

    numbers: what is known
    computed: values and gradients that are not
    carried: those of them that turn into something else with whatever is wrong with them
    open: gradients that something may come back to, and have to be set to `untouched` before
    """

    def __init__(self) -> None:
        self.numbers: dict[str, float] = {}
        self.computed: list[str] = []
        self.carried: set[str] = set()
        self.open: list[str] = []


class _Passes:
    """Both passes over a graph, the user's or a module's, gate by gate.

    values: by position, what the value of a node is called
    sure: the nodes that something may come back to, and whether it does at every point
    """

    def __init__(
        self, graph: Graph, wanted: Sequence[int], inputs: Mapping[int, str], names: _Names, prefix: str = ""
    ) -> None:
        """wanted: for each node, whether it gets a gradient; inputs: by position, what the values of the variables are
        called; names: where those of all others are written down; prefix: what is put before their positions.
        """
        self.graph, self.wanted, self.names, self.prefix = graph, wanted, names, prefix
        numbers = {i: (f"v{prefix}{i}", value) for i, value in _constants(graph).items()}
        names.numbers.update(numbers.values())
        self.values = {**inputs, **{i: name for i, (name, _) in numbers.items()}}
        self.sure: dict[int, bool] = {}
        self.inside: dict[int, _Passes] = {}

    def flow(self, place: int) -> str:
        """What the sum of what comes back to a node is called."""
        return f"g{self.prefix}{place}"

    def forward(self) -> Iterator[str]:
        """The lines of the forward pass."""
        for gate in self.graph.gates:
            if isinstance(gate.op, Module):
                inner = self.inside[gate.position] = self._called(gate, gate.op)
                yield from inner.forward()
                self.values[gate.position] = inner.values[len(gate.op.graph.nodes) - 1]
                continue
            self.values[gate.position] = f"v{self.prefix}{gate.position}"
            code, value = self._code(gate), gate.op.value
            self.names.computed.append(code.value)
            if value.head in _CARRIES and not any(part.args for part in value.args):
                self.names.carried.update(code.inputs)
            yield from code.forward()

    def _called(self, gate: Gate, module: Module) -> _Passes:
        """The passes inside a module. Its inputs are called what they are called outside."""
        slots = list(zip(module.input_nodes, gate.inputs, strict=True))
        wanted = module.graph.depending_on([node.name for node, i in slots if self.wanted[i]])
        inputs = {node.position: self.values[i] for node, i in slots}
        return _Passes(module.graph, wanted, inputs, self.names, f"{self.prefix}{gate.position}_")

    def backward(self, certain: bool = True) -> Iterator[str]:
        """The lines of the backward pass. certain: whether they are reached at every point."""
        last = len(self.graph.nodes) - 1
        if self.wanted[last]:
            self._reach(last, certain)
            yield f"{self.flow(last)} = 1.0"
        for gate in self.graph.gates_backward:
            edges = [(slot, i) for slot, i in enumerate(gate.inputs) if self.wanted[i]]
            if gate.position in self.sure and edges:
                sure, inside = self.sure[gate.position], isinstance(gate.op, Module)
                lines = [*(self._through_module if inside else self._through)(gate, edges, sure)]
                yield from [] if sure or not lines else [f"if {self.flow(gate.position)} is not untouched:"]
                yield from lines if sure else _indented(lines, 4)

    def _through(self, gate: Gate, edges: Sequence[tuple[int, int]], sure: bool) -> Iterator[str]:
        """The lines for the edges into a gate: slots and positions."""
        code, active = self._code(gate), sure and not gate.op.selects
        if not gate.op.selects:
            self.names.carried.add(code.upstream)
        yield from code.kink()
        for slot, i in edges:
            yield code.back(slot, self.flow(i), first=self._reach(i, active))

    def _through_module(self, gate: Gate, edges: Sequence[tuple[int, int]], sure: bool) -> Iterator[str]:
        """The lines inside a module, and those for its edges: what comes back to its inputs is its local gradients."""
        inner, upstream = self.inside[gate.position], self.flow(gate.position)
        yield from inner.backward(sure)
        variables = {node.name: node.position for node in inner.graph.variables}
        for slot, i in edges:
            place = variables[gate.op.inputs[slot]]
            if place not in inner.sure:
                continue
            local, active = inner.flow(place), inner.sure[place]
            self.names.carried.update([local, upstream] if active else [local])
            test = "" if active else f"if {local} is not untouched: "
            sign = "=" if self._reach(i, active) else "+="
            yield f"{test}{self.flow(i)} {sign} {upstream} * {local} or {_sure_of(upstream, local)}"

    def _reach(self, place: int, active: bool) -> bool:
        """Something comes back to a node, at every point if `active`: give whether nothing can have come before."""
        first = place not in self.sure
        if first:
            self.names.computed.append(self.flow(place))
            if not active:
                self.names.open.append(self.flow(place))
        self.sure[place] = active or self.sure.get(place, False)
        return first and active

    def _code(self, gate: Gate) -> _Code:
        inputs = [self.values[i] for i in gate.inputs]
        value = f"v{self.prefix}{gate.position}"
        return _Code(gate.op, value, inputs, f"[{', '.join(inputs)}]", self.flow(gate.position))
