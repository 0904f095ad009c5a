"""A program of arrays opened into its numbers: a gate for each entry, for which whatever takes numbers does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..arithmetic import FLOATS, Value
from ..arithmetic.arrays import Arrays
from ..errors import InputError, few
from ..graph.expand import expand
from ..graph.graph import Constant, Gate, Graph, Group, Nodes, Variable, label
from ..rules.array_op import ArrayOp, Shape
from ..rules.op import Op
from ..rules.shape_rules import axes_of, broadcast
from ..rules.table import primitive
from . import point
from .arrays import no_number, values
from .nested import read_array, texts_of
from .shapes import shaped
from .trace import Trace

MAX_GATES = 20_000
"""Nodes that a program of arrays comes to when it is opened."""

MAX_HESSIAN = 200
"""Of all variables together, whose second derivatives are worked out."""
MOVES = frozenset("transpose index array concat reshape".split())
"""Operations that only move entries."""
_LARGEST_MATRIX = 6
"""Rows of a matrix whose determinant is written out: by minors, twice as many for each row more."""

Places: TypeAlias = NDArray[Any]
"""For each entry of an array the position of its node."""


class Opened(NamedTuple):
    """A program of arrays as one of numbers.

    graph: its circuit;
    given: the text of a value for each entry;
    entries: for each variable that was an array, the names of its entries, as `W[0, 1]` is called `W_0_1`.
    """

    graph: Graph
    given: Mapping[str, str]
    entries: Mapping[str, list[str]]

    def wrt(self, names: Collection[str] | None) -> list[str] | None:
        """The entries of these variables."""
        return None if names is None else [each for name in names for each in self.entries.get(name, [name])]


def opened(graph: Graph, given: Mapping[str, Any]) -> Opened:
    """The program of the entries.

    given: a value for each variable, which says its shape
    Raises InputError where shapes do not fit, where the output is no number, and beyond MAX_GATES.
    """
    system = Arrays(FLOATS)
    texts = {name: texts_of(name, each, system) for name, each in given.items()}
    shapes = {node.name: texts[node.name].shape for node in graph.variables}
    inside = expand(graph, modules_only=True) if graph.modules else graph
    typed, all_shapes = shaped(inside, shapes)
    if all_shapes[-1]:
        raise no_number(graph, all_shapes[-1])
    known: Sequence[Value] = []
    if any(op.name == "pick" for op in typed.nodes.kinds):
        point = {name: read_array(name, each, system) for name, each in given.items()}
        known = values(typed, all_shapes, point, system)
    opening = _Opening(typed, shapes, known)
    circuit = opening.circuit()
    named = {name: [opening.nodes.names[i] for i in places.flat] for name, places in opening.variables.items()}
    each = {
        name: text
        for array, names in named.items()
        for name, text in zip(names, map(str, texts[array].flat), strict=True)
    }
    return Opened(circuit, each, named)


def symbols(graph: Graph, given: Mapping[str, Any]) -> Opened:
    """The program of the entries, which are symbols: the values of its variables tell their shapes.

    Raises InputError where a variable has no value, and as `opened` does.
    """
    if missing := point.missing(graph, given):
        message = f"here are arrays, and only a value tells the shape of {', '.join(few(missing))}"
        raise InputError(message, hint="formulas are of entries, which stay symbols whatever their values are")
    return opened(graph, given)._replace(given={})


def second_derivatives(trace: Trace, program: Opened, compute: Callable[[list[str] | None], Trace]) -> Trace:
    """The trace, with ∂²f/∂entry∂entry for all entries of all variables, by their names as they are typed: `W[0, 1]`.

    program: the same, opened
    compute: the trace of that with its second derivatives, of these of its variables

    Raises InputError beyond MAX_HESSIAN entries, and as `compute` does.
    """
    count = sum(len(trace.arithmetic.entries(slope)) for slope in trace.gradient.values())
    if count > MAX_HESSIAN:
        message = f"a Hessian of {count:,} entries is beyond the limit of {MAX_HESSIAN}"
        raise InputError(message, hint="--wrt chooses variables")
    found = compute(program.wrt(trace.gradient))
    typed = {
        name: f"{variable}{[*place]}" if place else name
        for variable, names in program.entries.items()
        for name, place in zip(names, np.ndindex(trace.arithmetic.shape(trace.point[variable])), strict=True)
    }
    matrix = {
        typed[row]: {typed[name]: each for name, each in columns.items()}
        for row, columns in (found.hessian or {}).items()
    }
    new = [notice for notice in found.warnings if notice.kind in ("corner", "precision")]
    return trace.but(hessian=matrix, warnings=[*trace.warnings, *new])


class _Opening:
    """The walk over the gates. places: for each node those of its entries; variables: those of the variables."""

    def __init__(self, graph: Graph, shapes: Mapping[str, Shape], known: Sequence[Value]) -> None:
        self.graph, self.shapes, self.known = graph, shapes, known
        self.nodes, self.groups = Nodes(), [*graph.groups]
        self.places: list[Places] = []
        self.variables: dict[str, Places] = {}
        self.taken = {*graph.nodes.names}
        self.group, self.span, self.name, self.count = -1, (0, 0), "", 0

    def circuit(self) -> Graph:
        """The graph of the entries, the output last, without what nothing uses."""
        for node in self.graph.nodes:
            self.span, self.group = node.span, node.group
            if isinstance(node, Gate):
                self.places.append(self._gate(node))
            elif isinstance(node, Constant):
                self.places.append(self._constant(node))
            else:
                found = self.variables[node.name] = self._variable(node)
                self.places.append(found)
        output = int(self.places[-1][()])
        if self.nodes.ops[output]:
            self.nodes.names[output] = self.graph.output.name
        used = self.nodes.below([output])
        for i in self.nodes.variables:
            used[i] = 1
        nodes = self.nodes.select([*(i for i in range(len(used)) if used[i] and i != output), output])
        stages = tuple(each for each in self.graph.stages if each[0] in nodes.names)
        return self.graph._replace(nodes=nodes, groups=tuple(self.groups), stages=stages)

    # -- nodes --

    def _append(self, node: Any) -> int:
        if len(self.nodes) >= MAX_GATES:
            message = f"opened into numbers, the program has more than {MAX_GATES:,} nodes"
            raise InputError(message, self.graph.source, self.span, "smaller arrays can be opened")
        return self.nodes.append(node)

    def _entry_name(self, name: str, place: Sequence[int]) -> str:
        """`W_0_1`, or with as many underscores in front of the numbers as nobody has written."""
        if not place:
            return name
        while (wanted := "_".join([name, *map(str, place)])) in self.taken:
            name += "_"
        self.taken.add(wanted)
        return wanted

    def _variable(self, node: Variable) -> Places:
        found = np.empty(self.shapes[node.name], dtype=np.int64)
        for place in np.ndindex(found.shape):
            name = self._entry_name(node.name, place)
            found[place] = self._append(node._replace(name=name))
        return found

    def _constant(self, node: Constant) -> Places:
        if not node.body:
            return np.asarray(self._append(node))
        source = self.graph.source
        inside = _Opening(*_typed(Graph(source, node.body)), [])
        for part in inside.graph.nodes:
            inside.span = part.span
            if isinstance(part, Gate):
                inside.places.append(inside._gate(part))
            elif isinstance(part, Constant):
                inside.places.append(inside._constant(part))
        places = inside.places[-1]
        if not places.shape and len(inside.nodes) == len(node.body):
            return np.asarray(self._append(node))
        found = np.empty(places.shape, dtype=np.int64)
        for place in np.ndindex(places.shape):
            part = _part(source, inside.nodes, int(places[place]), node)
            if "[" in part.name:  # a text of several entries, and code takes constants of one name for one
                part = part._replace(name=f"({node.name})[{', '.join(map(str, place))}]")
            found[place] = self._append(part)
        return found

    def _add(self, name: str, *inputs: Any) -> int:
        """A gate inside the operation that is opened. Of a sum, a product … of one alone, that one."""
        op = primitive(name) if name in ("neg", "abs", "log", "exp") else _row(name, len(inputs))
        if op is None:
            return int(inputs[0])
        self.count += 1
        while (name := f"{self.name}.q{self.count}") in self.taken:
            self.count += 1
        return self._append(Gate(0, name, self.span, op, tuple(map(int, inputs)), self.group))

    def _number(self, text: str) -> int:
        return self._append(Constant(0, text, (0, 0), text, None, self.group))

    # -- gates --

    def _gate(self, gate: Gate) -> Places:
        inputs, start = [self.places[i] for i in gate.inputs], len(self.nodes)
        if not isinstance(gate.op, ArrayOp):
            found = self._each(gate, inputs)
        elif gate.op.name in MOVES:
            return np.asarray(Arrays(FLOATS).whole_value(gate.op, inputs), dtype=np.int64)
        else:
            call = gate.op.written(self.graph.nodes.names[i] for i in gate.inputs)
            self.groups.append(Group(gate.name, gate.op.name, gate.group, call))
            self.group, self.name, self.count = len(self.groups) - 1, gate.name, 0
            found = self._whole(gate, gate.op, inputs)
        for place in np.ndindex(found.shape):
            i = int(found[place])
            if i >= start and self.nodes.ops[i]:  # and not one of the inputs, which has a name
                self.nodes.names[i] = self._entry_name(gate.name, place)
        return found

    def _each(self, gate: Gate, inputs: Sequence[Places]) -> Places:
        """An operation entry by entry."""
        found = np.empty(broadcast([each.shape for each in inputs]), dtype=np.int64)
        wide = [np.broadcast_to(each, found.shape) for each in inputs]
        for place in np.ndindex(found.shape):
            found[place] = self._append(gate._replace(inputs=tuple(int(each[place]) for each in wide)))
        return found

    def _whole(self, gate: Gate, op: ArrayOp, inputs: Sequence[Places]) -> Places:
        """An operation on arrays as wholes, by gates."""
        x = inputs[0]
        match op.name:
            case "matmul" | "dot":
                return self._product(*inputs)
            case "outer":
                return np.array([[self._add("mul", a, b) for b in inputs[1]] for a in x])
            case "pick":
                labels = np.asarray(self.known[gate.inputs[1]]).astype(int)
                return np.asarray(x[labels] if x.ndim == 1 else x[np.arange(len(x)), labels])
            case "norm":
                return self._over(op, x, lambda terms: self._add("hypot" if terms[1:] else "abs", *terms))
            case "softmax" | "log_softmax":
                return self._scores(op, x)
            case "trace":
                return np.asarray(self._add("sum", *np.diagonal(x)))
            case "det" | "logdet" | "inv" | "solve":
                return self._matrix(gate, op, inputs)
        return self._over(op, x, lambda terms: self._add(op.name, *terms))

    def _over(self, op: ArrayOp, x: Places, reduction: Callable[[list[Any]], int]) -> Places:
        axes = axes_of(op, x.shape)
        kept = [1 if axis in axes else n for axis, n in enumerate(x.shape)]
        moved = np.moveaxis(x, axes, range(-len(axes), 0)).reshape(*(x.shape[i] for i in _others(axes, x.ndim)), -1)
        found = np.empty(moved.shape[:-1], dtype=np.int64)
        for place in np.ndindex(found.shape):
            found[place] = reduction(list(moved[place])) if moved.shape[-1] else self._number("0")
        return found.reshape(kept) if op.settings.get("keepdims") else found

    def _product(self, x: Places, y: Places) -> Places:
        rows, columns = np.atleast_2d(x), y.reshape(len(y), -1)
        found = np.empty((len(rows), columns.shape[1]), dtype=np.int64)
        for i, j in np.ndindex(found.shape):
            terms = [self._add("mul", a, b) for a, b in zip(rows[i], columns[:, j], strict=True)]
            found[i, j] = self._add("sum", *terms)
        return found.reshape(x.shape[:-1] + y.shape[1:])

    def _scores(self, op: ArrayOp, x: Places) -> Places:
        """x − logsumexp(x), or exp of that: nothing overflows, and no maximum has ties."""
        moved = np.moveaxis(x, op.settings.get("axis", -1), -1)
        found = np.empty(moved.shape, dtype=np.int64)
        for place in np.ndindex(moved.shape[:-1]):
            total = self._add("logsumexp", *moved[place])
            for j, score in enumerate(moved[place]):
                less = self._add("sub", score, total)
                found[(*place, j)] = less if op.name == "log_softmax" else self._add("exp", less)
        return np.moveaxis(found, -1, op.settings.get("axis", -1))

    def _matrix(self, gate: Gate, op: ArrayOp, inputs: Sequence[Places]) -> Places:
        """Determinants by minors; the inverse, and solutions, by Cramer's rule."""
        x, size = inputs[0], len(inputs[0])
        if size > _LARGEST_MATRIX:
            message = f"{self.graph.title(gate)} of a {size}×{size} matrix is not opened into numbers"
            hint = f"a determinant is written out for up to {_LARGEST_MATRIX} rows"
            raise InputError(message, self.graph.source, gate.span, hint)
        every = tuple(range(size))
        minors: dict[tuple[tuple[int, ...], tuple[int, ...]], int] = {}

        def minor(rows: tuple[int, ...], columns: tuple[int, ...]) -> int:
            if not rows:
                return self._number("1")
            if (rows, columns) not in minors:
                terms = []
                for place, column in enumerate(columns):
                    rest = columns[:place] + columns[place + 1 :]
                    factor = x[rows[0], column]
                    term = factor if not rest else self._add("mul", factor, minor(rows[1:], rest))
                    terms.append(self._add("neg", term) if place % 2 else term)
                minors[rows, columns] = self._add("sum", *terms)
            return minors[rows, columns]

        det = minor(every, every)
        if op.name in ("det", "logdet"):
            return np.asarray(det if op.name == "det" else self._add("log", det))

        def cofactor(i: int, j: int) -> int:
            found = minor(every[:i] + every[i + 1 :], every[:j] + every[j + 1 :])
            return self._add("neg", found) if (i + j) % 2 else found

        adjugate = np.array([[cofactor(i, j) for i in every] for j in every])
        above = adjugate if op.name == "inv" else self._product(adjugate, inputs[1])
        found = np.empty(above.shape, dtype=np.int64)
        for place in np.ndindex(above.shape):
            found[place] = self._add("div", above[place], det)
        return found


def _typed(graph: Graph) -> tuple[Graph, dict[str, Shape]]:
    return shaped(graph, {})[0], {}


def _others(axes: Sequence[int], count: int) -> list[int]:
    return [axis for axis in range(count) if axis not in axes]


def _row(name: str, count: int) -> Op | None:
    """The scalar row for so many inputs; None where one alone is left as it is."""
    if name in ("sum", "mul", "add", "sub", "div") and count == 2:
        return primitive("add" if name == "sum" else name)
    if count == 1:
        return None
    return primitive(name)


def _part(source: str, nodes: Nodes, place: int, constant: Constant) -> Constant:
    """An entry of a constant, with what it is made of."""
    used = nodes.below([place])
    parts = [i for i in range(len(nodes)) if used[i]]
    node = nodes[place]
    if isinstance(node, Constant):
        return node._replace(group=constant.group)
    body = nodes.select(parts)
    return Constant(0, label(source, node.span), node.span, "", body, constant.group)
