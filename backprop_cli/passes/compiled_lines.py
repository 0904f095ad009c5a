"""Both passes over doubles as compiled functions, a line for each gate and each edge: for small graphs, many points."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from numbers import Integral, Rational, Real
from types import CodeType
from typing import Any, TypeVar

from ..graph.graph import Gate, Graph, Module, opened
from .compiled import Code, UnusualError, compiled, constants_of, indented, product

MISSING: Any = object()
"""What stands for a value that was not given."""
_CARRIES = ("add", "sub", "mul", "neg")
"""What these make of an infinity or of NaN is one of them: whoever has looked at it need not look at their inputs."""
_Result = TypeVar("_Result")


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
    found = compiled([f"def at({', '.join(lines.free)}):", *indented(body, 4)], lines.names.numbers)
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
        *indented(body, 8),
        "    except (ArithmeticError, ValueError):",
        "        pass",
        f"    return careful(({arguments}*more,), others)",
    ]
    words = {"missing": MISSING, "doubles": _doubles, "new": tuple.__new__, "result": result, "careful": careful}
    function: Any = compiled(text, {**lines.names.numbers, **words})["compiled"]
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
    try:
        return float(value)
    except Exception:  # a duration of NumPy's says that it is real
        raise UnusualError from None


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
    ones: those to which nothing but 1 comes back
    """

    def __init__(
        self, graph: Graph, wanted: Sequence[int], inputs: Mapping[int, str], names: _Names, prefix: str = ""
    ) -> None:
        """wanted: for each node, whether it gets a gradient
        inputs: by position, what the values of the variables are called
        names: where the names of all other values are written down
        prefix: what these begin with, before their positions
        """
        self.graph, self.wanted, self.names, self.prefix = graph, wanted, names, prefix
        numbers = {i: (f"v{prefix}{i}", value) for i, value in constants_of(graph).items()}
        names.numbers.update(numbers.values())
        self.values = {**inputs, **{i: name for i, (name, _) in numbers.items()}}
        self.sure: dict[int, bool] = {}
        self.ones: set[int] = set()
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
            self.ones.add(last)
            yield f"{self.flow(last)} = 1.0"
        for gate in self.graph.gates_backward:
            edges = [(slot, i) for slot, i in enumerate(gate.inputs) if self.wanted[i]]
            if gate.position in self.sure and edges:
                sure, inside = self.sure[gate.position], isinstance(gate.op, Module)
                lines = [*(self._through_module if inside else self._through)(gate, edges, sure)]
                yield from [] if sure or not lines else [f"if {self.flow(gate.position)} is not untouched:"]
                yield from lines if sure else indented(lines, 4)

    def _through(self, gate: Gate, edges: Sequence[tuple[int, int]], sure: bool) -> Iterator[str]:
        """The lines for the edges into a gate: slots and positions."""
        code, active = self._code(gate), sure and not gate.op.selects
        if not gate.op.selects:
            self.names.carried.add(code.upstream)
        yield from code.kink()
        if code.reads_all:
            yield f"m = {code.listed}"
            code = code._replace(listed="m")
        for slot, i in edges:
            first, is_one = self._reach(i, active), sure and gate.position in self.ones
            yield code.back(slot, self.flow(i), first=first, is_one=is_one)
            if first and is_one and code.op.partial(slot).head == "1":
                self.ones.add(i)

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
            yield f"{test}{self.flow(i)} {sign} {product(upstream, local, f'not {local}')}"

    def _reach(self, place: int, active: bool) -> bool:
        """Something comes back to a node, at every point if `active`: give whether nothing can have come before."""
        first = place not in self.sure
        self.ones.discard(place)
        if first:
            self.names.computed.append(self.flow(place))
            if not active:
                self.names.open.append(self.flow(place))
        self.sure[place] = active or self.sure.get(place, False)
        return first and active

    def _code(self, gate: Gate) -> Code:
        inputs = [self.values[i] for i in gate.inputs]
        value = f"v{self.prefix}{gate.position}"
        return Code(gate.op, value, inputs, f"[{', '.join(inputs)}]", self.flow(gate.position))
