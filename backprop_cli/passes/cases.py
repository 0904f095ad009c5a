"""Comparisons that boxes leave open: each holds in a part of the boxes, and does not in another.

What a comparison says of its sides goes back through the gates that made them, to the variables: where x > 1 holds, x
is in 1..2 of 0..2. (Constraint propagation: HC4-revise of Benhamou, Goualard, Granvilliers and Puget, 1999.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from ..arithmetic import Value
from ..arithmetic.ball import order
from ..arithmetic.box import Box, Maybe, common, middle
from ..arithmetic.boxes import Boxes
from ..errors import MathError
from ..graph.graph import Gate, Graph, Module
from .forward import NONE, Known, outcomes

_MOST = 16  # cases

Boxed = Mapping[str, Box]


class Case(NamedTuple):
    """Boxes, and whether comparisons hold in them, by the positions of their gates; of a module, those inside."""

    at: Boxed
    known: Known = NONE


def boxed(at: Boxed) -> list[str]:
    """The variables that are no single number."""
    return [name for name, box in at.items() if not box.is_thin]


def middles(at: Boxed) -> Boxed:
    """The point in the middle."""
    return {name: middle(box) for name, box in at.items()}


def cases(graph: Graph, at: Boxed, system: Boxes, most: int) -> list[Case]:
    """The boxes case by case: which comparisons hold, and where. One case only, where no comparison is open.

    most: so many cases at most, and never more than `_MOST`; what is still open then stays open
    """
    most = min(most, _MOST)
    done: list[Case] = []
    waiting = [Case(at)]
    while waiting:
        case = waiting.pop()
        values = outcomes(graph, case.at, system, case.known)
        is_room = len(done) + len(waiting) + 1 < most
        path = _open(graph, values, system, case.known) if is_room else ()
        if path:
            restricted = (_Restricted(graph, values, system).case(case, path, holds) for holds in (False, True))
            waiting += filter(None, restricted)
        else:
            done.append(case)
    return done


def within(call: Gate, module: Module, values: Sequence[Value], system: Boxes, known: Known = NONE) -> Sequence[Value]:
    """The outcomes inside of a call.

    call, module: the gate, and its operation
    values: those around it
    known: what is known around it
    """
    point = dict(zip(module.inputs, (values[i] for i in call.inputs), strict=True))
    return outcomes(module.graph, point, system, known.get(call.position, NONE))


def _open(graph: Graph, values: Sequence[Value], system: Boxes, known: Known) -> tuple[Gate, ...]:
    """The first comparison that may hold or not, behind the calls that it is in; empty where there is none."""
    for gate in graph.gates:
        if isinstance(gate.op, Module):
            inside, there = gate.op.graph, known.get(gate.position, NONE)
            if gate.op.truth or gate.op.chooses:
                path = _open(inside, within(gate, gate.op, values, system, known), system, there)
                if path:
                    return gate, *path
        elif isinstance(values[gate.position], Maybe) and not gate.op.conditions:
            return (gate,)
    return ()


def _with(known: Known, path: Sequence[Gate], holds: bool) -> Known:
    """What is known, and whether a comparison holds."""
    place, rest = path[0].position, path[1:]
    return {**known, place: _with(known.get(place, NONE), rest, holds) if rest else holds}


# -- Back through gates --------------------------------------------------------------------------------------------


def _of_size(_system: Boxes, size: Box, x: Box) -> Box:
    """x, where its size is known."""
    if order(x.lo, 0) in (0, 1):
        return size
    return -size if order(x.hi, 0) in (0, -1) else Box(-size.hi, size.hi)


def _of_square(system: Boxes, square: Box, x: Box) -> Box:
    return _of_size(system, system.word("sqrt")(square), x)


def _of_power(system: Boxes, power: Box, x: Box, y: Box) -> Box:
    return _of_square(system, power, x) if y == 2 else x


def _of_product(system: Boxes, product: Box, x: Box, y: Box) -> Box:
    return _of_square(system, product, x) if x is y else product / y


_BACK: Mapping[str, tuple[Callable[..., Box], ...]] = {
    "add": (lambda _, out, _x, y: out - y, lambda _, out, x, _y: out - x),
    "sub": (lambda _, out, _x, y: out + y, lambda _, out, x, _y: x - out),
    "mul": (_of_product, lambda system, out, x, y: _of_product(system, out, y, x)),
    "div": (lambda _, out, _x, y: out * y, lambda _, out, x, _y: x / out),
    "neg": (lambda _, out, _x: -out,),
    "abs": (_of_size,),
    "pow": (_of_power,),
    "sqrt": (lambda _, out, _x: out * out,),
}
"""By the name of a row, for each input the box in which it is, by those of the output and of all inputs."""


class _NowhereError(Exception):
    """There is no point in the boxes where it is so."""


class _Restricted:
    """The boxes of nodes, made smaller by what is known of those that are made of them.

    values: those of all nodes, or the error that tells why there is none
    """

    def __init__(self, graph: Graph, values: Sequence[Value], system: Boxes) -> None:
        self.graph, self.values, self.system = graph, values, system
        self.smaller: dict[int, Box] = {}

    def case(self, case: Case, path: Sequence[Gate], holds: bool) -> Case | None:
        """The part of a case in which a comparison holds, or does not; None where there is no such point.

        path: the comparison, behind the calls that it is in
        """
        try:
            self._restrict(path, holds, case.known)
        except _NowhereError:
            return None
        found = {node.name: self.smaller.get(node.position) for node in self.graph.variables}
        boxes = {name: box if box.is_thin else Box(box.lo, box.hi) for name, box in found.items() if box is not None}
        return Case({**case.at, **boxes}, _with(case.known, path, holds))

    def _restrict(self, path: Sequence[Gate], holds: bool, known: Known) -> None:
        """Raises _NowhereError."""
        gate, module = path[0], path[0].op
        if isinstance(module, Module):
            inner = _Restricted(module.graph, within(gate, module, self.values, self.system, known), self.system)
            inner._restrict(path[1:], holds, known.get(gate.position, NONE))
            for node, i in zip(module.input_nodes, gate.inputs, strict=True):
                if node.position in inner.smaller:
                    self._is_in(i, inner.smaller[node.position])
        else:
            self._compare(gate, holds)
        for node in reversed(self.graph.nodes[: gate.position]):
            if isinstance(node, Gate) and node.position in self.smaller:
                self._goes_back(node)

    def _compare(self, gate: Gate, holds: bool) -> None:
        """What a comparison says of its sides; their ends may be equal in any case, since boxes have their ends."""
        name, (x, y) = gate.op.name, gate.inputs
        if name in ("eq", "ne"):
            if holds == (name == "eq"):
                self._is_in(x, self.values[y])
                self._is_in(y, self.values[x])
            return
        if holds == (name in ("gt", "ge")):
            x, y = y, x
        low, high = self.values[x], self.values[y]
        self._is_in(x, Box(low.lo, high.hi))
        self._is_in(y, Box(low.lo, high.hi))

    def _is_in(self, place: int, box: Box) -> None:
        """Raises _NowhereError."""
        before: Box = self.smaller[place] if place in self.smaller else self.values[place]
        if order(before.hi, box.lo) == -1 or order(box.hi, before.lo) == -1:
            raise _NowhereError
        self.smaller[place] = common(before, box)

    def _goes_back(self, gate: Gate) -> None:
        inputs = [self.values[i] for i in gate.inputs]
        if isinstance(gate.op, Module) or gate.op.name not in _BACK:
            return
        if any(isinstance(each, MathError) for each in inputs):
            return
        for i, back in zip(gate.inputs, _BACK[gate.op.name], strict=False):
            with suppress(ArithmeticError, ValueError):
                self._is_in(i, back(self.system, self.smaller[gate.position], *inputs))
