"""Values that would fit: small arrays for the variables of a program that have none, so that a hint leads somewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

from ..arithmetic import IEEE
from ..arithmetic.arrays import Arrays
from ..arithmetic.axes import shape_of
from ..errors import BackpropError, few
from ..graph.expand import expand
from ..graph.graph import Constant, Gate, Graph
from ..rules.array_op import ArrayOp, Shape
from ..rules.arrays import fitting
from ..rules.shape_rules import MisfitError, told
from . import point
from .nested import read_array
from .shapes import labels, shaped
from .trace import Notice

_TRIES = 2_000


def example(graph: Graph, names: Collection[str], given: Mapping[str, Any]) -> dict[str, str]:
    """A value, as it is typed, for each of these variables, at which shapes fit; empty where none is found.

    names: variables without a value; given: the values of the others
    """
    try:
        opened, known = _opened(graph, given)
    except BackpropError:
        return {}
    search = _Search(opened, known)
    found = search.run([*names], is_number=True) or search.run([*names], is_number=False)
    counted = labels(opened)
    return {name: _written(shape, is_label=name in counted) for name, shape in found.items()}


def assumed(graph: Graph, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[Notice]]:
    """The values, with such an example for each variable that has none, where there is one; and what tells of it.

    given: values of some variables
    """
    missing = point.missing(graph, given)
    found = example(graph, missing, given) if missing else {}
    if not found:
        return dict(given), []
    system = Arrays(IEEE)
    shapes = [f"{name} is {told(shape_of(read_array(name, text, system)))}" for name, text in found.items()]
    message = f"without values shapes are taken as they fit: {', '.join(few(shapes))}"
    return {**given, **found}, [Notice("shape", graph.output.name, message)]


def ensure_fit(graph: Graph, given: Mapping[str, Any]) -> None:
    """Raise InputError where the shapes of these values do not go together. given: a value for each variable."""
    shaped(*_opened(graph, given))


def _opened(graph: Graph, given: Mapping[str, Any]) -> tuple[Graph, dict[str, Shape]]:
    """The graph without modules, and the shapes of the values."""
    system = Arrays(IEEE)
    known = {name: shape_of(read_array(name, each, system)) for name, each in given.items()}
    return expand(graph, modules_only=True) if graph.modules else graph, known


class _Search:
    """Shape by shape, and back where something does not fit."""

    def __init__(self, graph: Graph, known: Mapping[str, Shape]) -> None:
        self.graph, self.known = graph, known
        given = {length for shape in known.values() for length in shape}
        self.lengths = sorted(given or {2}) + sorted({*_asked(graph)} - given - {2})
        self.constants = {
            node.position: shaped(Graph(graph.source, node.body), {})[1][-1] if node.body else ()
            for node in graph.nodes
            if isinstance(node, Constant)
        }

    def run(self, names: Sequence[str], *, is_number: bool) -> dict[str, Shape]:
        """Shapes for these variables; empty where none fit. is_number: whether the output is to be one."""
        waiting: list[tuple[dict[str, Shape], Iterator[Shape]]] = [({}, iter(self._shapes(names[0])))]
        for _ in range(_TRIES):
            if not waiting:
                break
            chosen, shapes = waiting[-1]
            shape = next(shapes, None)
            if shape is None:
                waiting.pop()
                continue
            tried = {**chosen, names[len(chosen)]: shape}
            is_whole = len(tried) == len(names)
            if not self._fits({**self.known, **tried}, is_number=is_number):
                continue
            if is_whole:
                return tried
            waiting.append((tried, iter(self._shapes(names[len(tried)]))))
        return {}

    def _shapes(self, name: str) -> list[Shape]:
        """Shapes that a variable may have, by its name: a capital letter is a matrix, as people write."""
        matrices: list[Shape] = [*product(self.lengths, repeat=2)]
        vectors: list[Shape] = [(length,) for length in self.lengths]
        numbers: list[Shape] = [()]
        return matrices + vectors + numbers if name[0].isupper() else vectors + numbers + matrices

    def _fits(self, shapes: Mapping[str, Shape], *, is_number: bool) -> bool:
        """Whether no gate whose inputs have shapes refuses them."""
        found: list[Shape | None] = []
        for node in self.graph.nodes:
            if not isinstance(node, Gate):
                found.append(self.constants.get(node.position, shapes.get(node.name)))
                continue
            inputs = [each for i in node.inputs if (each := found[i]) is not None]
            if len(inputs) < len(node.inputs):
                found.append(None)
                continue
            try:
                found.append(fitting(node.op, inputs)[1])
            except MisfitError:
                return False
        return found[-1] in (None, ()) or not is_number


def _asked(graph: Graph) -> Iterator[int]:
    """Lengths that the operations themselves ask for: `x[3]` takes 4 entries, reshape(x, 2, 3) six."""
    for op in graph.nodes.kinds:
        if isinstance(op, ArrayOp):
            yield from (item + 1 for item in op.settings.get("items", ()) if isinstance(item, int) and item >= 0)
            lengths = op.settings.get("lengths", ())
            yield from (length for length in (*lengths, prod(lengths)) if length > 1)


def _written(shape: Shape, *, is_label: bool) -> str:
    if not shape:
        return "1"
    if is_label:
        return str([each % 2 for each in range(shape[0])]).replace(" ", "")
    if len(shape) == 1:
        return str([*range(1, shape[0] + 1)]).replace(" ", "")
    return str([[1 + (i == j) for j in range(shape[1])] for i in range(shape[0])]).replace(" ", "")
