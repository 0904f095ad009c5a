"""Both passes over arrays of doubles as code made from the table: a line for each gate forward and each edge backward.

It knows only plain sailing, as `compiled` does for numbers: wherever something is unusual (a tie, a kink, an overflow,
what underflows) it gives up, and the careful way, which can tell what happened, takes over. The processor's own flags
tell of overflows and of what underflows, so that no array is looked through for it; products of matrices, which may be
made by several threads, are looked at. An array is let go as soon as nothing that is to come needs it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, reduce
from math import isfinite, prod
from typing import Any, Literal

import numpy as np

from ..arithmetic import Value
from ..arithmetic.array_functions import spread, whole_rule
from ..arithmetic.arrays import Arrays, Entries
from ..arithmetic.axes import Array, lowered, over_axes, widened
from ..arithmetic.floats import LEAST, LEAST_LOCAL, Floats, is_double, is_given
from ..arithmetic.loops import flagged, loops, masks, zeros
from ..arithmetic.tape import NORMAL
from ..arithmetic.tape import is_small as is_small_in
from ..graph.graph import Constant, Gate, Graph
from ..rules.array_op import ArrayOp, Shape
from ..rules.formula import Formula
from ..rules.op import Op
from ..rules.zeros import loses, zero
from .backpropagate import LARGE
from .compiled import UnusualError, compiled, is_small

_UNFLAGGED = frozenset("matmul inv det solve logdet cofactors".split())
"""Words of rules whose loops are those of a library, which tells nothing of what happened in it."""
_PRODUCTS = frozenset("matmul outer mul solve".split())
"""Words of rules of whose operands one is multiplied by another."""
_FLAGGED_PRODUCTS = frozenset("mul div pow".split())
"""Of which the processor tells whether something underflows; of others it may not, as libraries work around it."""
_DIVIDING = frozenset(("inv", "solve"))
"""Words of rules in which numbers that are large make others small."""
_SMALLER = frozenset(("where", "careful", "convention", "ours"))
"""Words of rules of which some take no account of an input, so that what comes of them may be smaller than the gate."""
_BLOCK = 1 << 13
"""Entries that are squared at a time: what they take is in the processor's cache."""
_NAMES = re.compile(r"\b(?:[vgs]\d+|t\d+_\d+l?)\b")
_FORWARD = {"over": "raise", "divide": "raise", "invalid": "raise", "under": "ignore"}
_BACKWARD = {**_FORWARD, "under": "raise"}

Passes = Callable[..., tuple[Any, Any]]


class Straight:
    """The two passes over a graph of arrays whose shapes are known.

    graph: as `shaped` gives it, with the shape of each node
    wanted: for each node, whether it gets a gradient
    constants: the value of each constant, by its place
    tells: whether it gives up too where all that the careful way could add is a warning, of what underflows in an
        operation on arrays as wholes
    """

    def __init__(
        self,
        graph: Graph,
        shapes: Sequence[Shape],
        wanted: Sequence[int],
        constants: Mapping[int, Value],
        system: Arrays,
        *,
        tells: bool,
    ) -> None:
        """Raises UnusualError for a graph with more gates than code is to be made of."""
        if len(graph.nodes) >= LARGE:
            raise UnusualError
        self.graph, self.shapes, self.wanted, self.system, self.tells = graph, shapes, wanted, system, tells
        self.names: dict[str, Any] = {**_WORDS, "system": system, **{f"c{i}": value for i, value in constants.items()}}
        self._flowing = {len(graph.nodes) - 1} if wanted[len(graph.nodes) - 1] else set[int]()
        self._forward = [line for gate in graph.gates for line in self._value(gate)]
        self._backward = [line for gate in graph.gates_backward for line in self._gate(gate)]

    def passes(self) -> Passes:
        """A function of the variables' values and the seed: the value of the output, and the gradient at each variable.

        Values need not be finite except where it tells: where they are not, it gives up. So it does with UnusualError,
        or another ArithmeticError or ValueError, where the careful way has to go.
        """
        wanted = [i for i in self.graph.nodes.variables if self.wanted[i]]
        found = [f"g{i}" if i in self._flowing else self._nothing(i) for i in wanted]
        looked_at = {i for gate in self.graph.gates if "matmul" in gate.op.value.heads for i in gate.inputs}
        before = [self._check(f"v{i}") for i in self.graph.nodes.variables if i not in looked_at and not self.tells]
        # Whatever is not finite on the way stays so, as it is multiplied and summed alone: the ends are looked at.
        behind = [self._check(f"g{i}") for i in self.graph.nodes.variables if i in self._flowing]
        last = len(self.graph.nodes) - 1
        result = f"{self._name(last)}, ({''.join(f'{each}, ' for each in found)})"
        back = [f"g{last} = seed", *self._backward, *behind]
        forward, backward = _letting_go([*before, *self._forward], back, {*_NAMES.findall(result)})
        lines = [
            f"def passes({''.join(f'v{i}, ' for i in self.graph.nodes.variables)}seed):",
            f"    with errstate(**{'backward' if self.tells else 'forward'}):",
            *(f"        {line}" for line in forward or ["pass"]),
            "    with errstate(**backward):",
            *(f"        {line}" for line in backward),
            f"    return {result}",
        ]
        function: Passes = compiled(lines, self.names)["passes"]
        return function

    def _check(self, name: str) -> str:
        return f"if not isfinite(total({name}, None)): raise UnusualError"

    def _nothing(self, place: int) -> str:
        return f"zeros({self.shapes[place]})" if self.shapes[place] else "0.0"

    # -- names --

    def _name(self, place: int) -> str:
        return f"c{place}" if isinstance(self.graph.nodes[place], Constant) else f"v{place}"

    def _bound(self, word: str, value: object) -> str:
        """A name by which the lines call something that is made once."""
        name = f"{word}_{len(self.names)}"
        self.names[name] = value
        return name

    def _inputs(self, gate: Gate) -> str:
        return ", ".join(self._name(i) for i in gate.inputs)

    # -- forward --

    def _value(self, gate: Gate) -> Iterator[str]:
        op, name, shape, inputs = gate.op, f"v{gate.position}", self.shapes[gate.position], self._inputs(gate)
        if isinstance(op, ArrayOp):
            found = f"{self._bound('whole', whole_rule(op, None))}({self._operands(gate, op, 0, op.value)}, None, None)"
            yield f"{name} = {found if shape else f'lowered({found})'}"
            if op.value.heads & _UNFLAGGED:
                yield self._check(name)
            if self.tells and op.value.heads & _UNFLAGGED:
                yield f"if has_small({name}) and too_small(({inputs}, ), {_factors(op.value)}): raise UnusualError"
        elif not shape:
            yield f"{name} = {self._bound('number', self.system.base.rule(op).value)}({inputs})"
            if not op.truth:
                yield f"if not isfinite({name}): raise UnusualError"
            if loses(op):
                yield f"if {is_small(name)}: unless_lost(system.base, {self._bound('op', op)}, ({inputs},))"
        elif loop := loops(op).value:
            found = f"{self._bound('each', loop)}({inputs})"
            yield f"{name} = {found if op.variadic or not op.value.heads & _SMALLER else f'widened({found}, {shape})'}"
            if not (op.variadic or flagged(op.value)):
                yield self._check(name)
        else:
            yield f"{name} = each_value(system, {self._bound('op', op)}, ({inputs},), {shape})"
        is_flagged = isinstance(op, ArrayOp) or op.value.head in _FLAGGED_PRODUCTS
        if self.tells and shape and not is_flagged and loses(op):
            yield f"if has_small({name}): raise UnusualError"

    def _needed(self, gate: Gate, formula: Formula) -> str:
        """The inputs and the value of a gate, of which a formula needs those whose words stand in it."""
        known = {**dict(zip(gate.op.inputs, map(self._name, gate.inputs), strict=True)), "out": f"v{gate.position}"}
        return ", ".join(name if word in formula.words else "None" for word, name in known.items())

    def _operands(self, gate: Gate, op: ArrayOp, slot: int, formula: Formula) -> str:
        """The words of a rule of arrays, and the inputs x and y, of which a formula needs those that stand in it."""
        if op.variadic:
            names = [self._name(i) for i in gate.inputs]
            return f"system.words({self._bound('op', op)}, ({', '.join(names)},), {slot}), {names[slot]}, None"
        needed = [
            self._name(i) if word in formula.words else "None" for word, i in zip("xy", gate.inputs, strict=False)
        ]
        return ", ".join([self._bound("words", self.system.words(op, (), slot)), *needed, "None"][:3])

    # -- backward --

    def _gate(self, gate: Gate) -> Iterator[str]:
        if gate.position not in self._flowing:
            return
        if not isinstance(gate.op, ArrayOp):
            yield from self._conventions(gate)
        for slot, i in enumerate(gate.inputs):
            if self.wanted[i] and gate.passes_on(slot):
                yield from self._whole(gate, gate.op, slot) if isinstance(gate.op, ArrayOp) else self._each(gate, slot)

    def _conventions(self, gate: Gate) -> Iterator[str]:
        """Kinks, borders and ties, where the gradient is a convention that people are told of."""
        op, shape, known = gate.op, self.shapes[gate.position], f"{self._inputs(gate)}, v{gate.position}"
        if op.kink is not None:
            kink = loops(op).kink if shape else self.system.base.rule(op).kink
            condition = f"if count_nonzero({self._bound('kink', kink)}({known})): " if kink else ""
            yield f"{condition}raise UnusualError"
        if op.chooses:
            [slot] = op.conditions
            for left, right in self._compared(gate.inputs[slot]):
                yield f"if count_nonzero({self._name(left)} == {self._name(right)}): raise UnusualError"
        elif op.selects and op.variadic:
            yield f"s{gate.position} = selected(({self._inputs(gate)},), v{gate.position}, {prod(shape)})"

    def _compared(self, place: int) -> Iterator[tuple[int, int]]:
        """Both sides of all comparisons on which a condition depends."""
        node = self.graph.nodes[place]
        if isinstance(node, Gate) and node.op.conditions:
            for each in node.inputs:
                yield from self._compared(each)
        elif isinstance(node, Gate) and node.op.truth and any(self.wanted[i] for i in node.inputs):
            yield node.inputs[0], node.inputs[1]

    def _each(self, gate: Gate, slot: int) -> Iterator[str]:
        """An edge of an operation entry by entry: upstream × local, summed over the axes that were broadcast."""
        op, place, partial, shape = gate.op, gate.inputs[slot], gate.op.partial(slot), self.shapes[gate.position]
        inputs, up, out = self._inputs(gate), f"g{gate.position}", f"v{gate.position}"
        name = f"t{gate.position}_{slot}"
        if partial.is_number:
            if float(partial.head) == 0:
                return
            scaled = f"{up} * {float(partial.head)}"
            yield f"{name} = {({'1': up, '-1': f'-{up}'}).get(partial.head, scaled)}"
        elif op.selects and op.variadic and not op.chooses:
            yield f"{name} = {up} * s{gate.position}[{slot}]"
            yield f"{name} += 0.0"  # and no −0
        elif not shape:
            yield f"{name} = chained(system.base, {self._bound('op', op)}, {slot}, ({inputs},), {out}, {up})"
        elif (mask := masks(op, slot)) is not None:
            yield f"{name} = {up} * {self._bound('mask', mask)}({self._needed(gate, partial)})"
            yield f"{name} += 0.0"
        elif not op.variadic and (loop := loops(op).partials[slot]):
            yield f"{name}l = {self._bound('local', loop)}({self._needed(gate, partial)})"
            if not flagged(partial):
                yield self._check(f"{name}l")
            yield f"{name} = {up} * {name}l"
            yield from [f"{name} += 0.0"] * op.selects
            if not (op.selects or is_given(partial)):
                is_zero = f"{self._bound('zeros', zeros(op, slot))}({self._needed(gate, zero(op, slot))})"
                yield f"if not {name}.all(): unless({is_zero}, {name}, {up})"
        else:
            local = f"each_local(system, {self._bound('op', op)}, {slot}, ({inputs},), {out}, {shape})"
            yield f"{name} = {up} * {local}"
        yield from self._add(place, name, shape)

    def _whole(self, gate: Gate, op: ArrayOp, slot: int) -> Iterator[str]:
        """An edge of an operation on arrays as wholes: a pullback, or upstream × local in the shape of the input."""
        place, partial, up = gate.inputs[slot], op.partial(slot), f"g{gate.position}"
        if partial.is_number:
            return
        out = f"v{gate.position}" if "out" in partial.words else "None"
        name = f"t{gate.position}_{slot}"
        rule = f"{self._bound('partial', whole_rule(op, slot))}({self._operands(gate, op, slot, partial)}, {out}"
        if op.pulls_back(slot):
            yield f"{name} = {rule}, {up})"
        else:
            whole = f"spread({self._bound('op', op)}, {up}, {self._name(place)})"
            yield f"{name}l = {rule}, None)"
            if op.selects:
                yield f"if count_nonzero({name}l) != {prod(self.shapes[gate.position])}: raise UnusualError"
            yield f"{name} = {whole} * {name}l"
            yield from [f"{name} += 0.0"] * op.selects
        if self.tells and _may_be_too_small(op, slot):
            operands = {**dict(zip(op.inputs, map(self._name, gate.inputs), strict=False)), "out": out, "upstream": up}
            needed = "".join(f"{operand}, " for word, operand in operands.items() if word in partial.words)
            small = f"may_underflow({self._bound('op', op)}, {slot}, ({needed}))"
            yield f"if has_small({name}) and {small}: raise UnusualError"
        yield from self._add(place, name, self.shapes[place])

    def _add(self, place: int, name: str, shape: Shape) -> Iterator[str]:
        """Gradients are summed over the axes along which the input was broadcast, and add up at forks."""
        wanted = self.shapes[place]
        if axes := over_axes(shape, wanted):
            left = tuple(each for axis, each in enumerate(shape) if axis not in axes)
            name = f"total({name}, {axes}){f'.reshape({wanted})' * (left != wanted)}"
        if not wanted:
            name = f"lowered({name})"
        if place in self._flowing:
            yield f"g{place} = g{place} + {name}"
        else:
            self._flowing.add(place)
            yield f"g{place} = {name}"


def _letting_go(forward: Sequence[str], backward: Sequence[str], kept: set[str]) -> tuple[list[str], list[str]]:
    """The lines, in which each array is let go behind the last that needs it."""
    found: list[list[str]] = []
    for lines in (backward, forward):
        with_ends: list[str] = []
        for line in reversed(lines):
            last = sorted({*_NAMES.findall(line)} - kept)
            kept = kept.union(last)
            with_ends += [f"del {', '.join(last)}"] * bool(last) + [line]
        found.append(with_ends[::-1])
    return found[1], found[0]


# -- What the lines call -----------------------------------------------------------------------------------------------


def _each_value(system: Arrays, op: Op, inputs: Sequence[Value], shape: Shape) -> Array:
    """The value of an operation of which NumPy has no loop."""
    found = system.each_value(op, inputs, shape)
    if found.error is not None:
        raise UnusualError
    return found.array


def _each_local(system: Arrays, op: Op, slot: int, inputs: Sequence[Value], out: Value, shape: Shape) -> Value:
    """The local gradient of such an operation."""
    found = system.each_local(op, slot, inputs, out, shape, None)
    local = found.array if isinstance(found, Entries) else found
    if (isinstance(found, Entries) and found.error is not None) or np.min(np.abs(local), initial=1.0) < LEAST_LOCAL:
        raise UnusualError
    return local


def _chained(base: Floats, op: Op, slot: int, inputs: Sequence[float], out: float, upstream: float) -> float:
    """Upstream × local of numbers."""
    local = base.rule(op).partial(slot, inputs, out)
    found: float = upstream * local
    if not isfinite(found) or (
        (abs(found) < LEAST or abs(local) < LEAST_LOCAL) and base.loses(op, slot, inputs, out, upstream, local)
    ):
        raise UnusualError
    return found


def _unless_lost(base: Floats, op: Op, inputs: Sequence[float]) -> None:
    """Raise UnusualError if the value of numbers has lost digits because it is so small."""
    if not is_double(base.value(op, inputs)):
        raise UnusualError


def _has_small(numbers: Value) -> bool:
    """Whether a number is so small that digits may be lost."""
    return is_small_in(np.ravel(numbers, order="K"), NORMAL)


def _selected(inputs: Sequence[Value], out: Value, size: int) -> list[Any]:
    """Which of several inputs are the largest or the smallest, entry by entry: one of them."""
    found = [np.equal(each, out) for each in inputs]
    if sum(map(np.count_nonzero, found)) != size:
        raise UnusualError
    return found


def _unless(is_zero: Any, chained: Array, upstream: Value) -> None:
    """Raise UnusualError unless entries that are 0 are known to be 0, or nothing flows to them."""
    if np.any((chained == 0) & (upstream != 0) & np.logical_not(is_zero)):
        raise UnusualError


def _may_be_too_small(op: ArrayOp, slot: int) -> bool:
    """Whether there are operands of which `may_underflow` is true."""
    return "softmax" in op.value.heads or bool(op.partial(slot).heads & _UNFLAGGED)


def may_underflow(op: ArrayOp, slot: int, operands: Sequence[Value]) -> bool:
    """Whether something in a pullback, or a local gradient, may be too small for doubles that no flag tells of.

    operands: the inputs, the output and upstream, of which its rule is made
    """
    if not _may_be_too_small(op, slot):
        return False
    if "softmax" in op.value.heads:
        return not np.all(operands[0])  # a probability is never 0
    partial = op.partial(slot)
    return too_small(operands, _factors(partial), over="raise" if partial.heads & _DIVIDING else "ignore")


def too_small(operands: Sequence[Value], factors: int, over: Literal["ignore", "raise"] = "ignore") -> bool:
    """Whether a product of so many numbers may be too small for doubles.

    operands: where the numbers are
    factors: how many there are in a product
    over: `raise` if a product that is too large counts as well
    """
    try:  # where a product of several numbers underflows, that power of the smallest does
        with np.errstate(over=over, under="raise"):
            for each in operands:
                flat = np.ravel(each, order="K")
                for start in range(0, flat.size, _BLOCK):
                    block = flat[start : start + _BLOCK]
                    reduce(np.multiply, [block] * factors)
    except FloatingPointError:
        return True
    return False


@cache
def _factors(rule: Formula) -> int:
    """Of how many operands the products in a rule are made."""
    found = [_factors(arg) for arg in rule.args]
    return 1 if not found else sum(found) if rule.head in _PRODUCTS else max(found)


_WORDS: dict[str, Any] = {
    "__builtins__": {"__import__": __import__},  # which NumPy's C functions call
    "backward": _BACKWARD,
    "chained": _chained,
    "count_nonzero": np.count_nonzero,
    "each_local": _each_local,
    "each_value": _each_value,
    "errstate": np.errstate,
    "has_small": _has_small,
    "forward": _FORWARD,
    "lowered": lowered,
    "may_underflow": may_underflow,
    "selected": _selected,
    "spread": spread,
    "too_small": too_small,
    "total": np.add.reduce,
    "unless": _unless,
    "unless_lost": _unless_lost,
    "widened": widened,
    "zeros": np.zeros,
}
