"""The chain rule where doubles are too small for entries of arrays: as doubles have them, and told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple

import numpy as np

from ..arithmetic import Value
from ..arithmetic.array_functions import spread
from ..arithmetic.arrays import Arrays
from ..arithmetic.axes import Array, Mask, is_array, lowered, widened
from ..arithmetic.floats import LEAST, LEAST_LOCAL, ROUNDED, Floats, is_double, is_given
from ..graph.graph import Gate
from ..rules.array_op import ArrayOp
from ..rules.op import Op
from ..rules.shape_rules import axes_of
from ..rules.zeros import loses
from .arrays_forward import at
from .straight import may_underflow

_MANY = 1_000
"""Entries that are worked out anew, number by number."""
_FEW = 2_000
"""Numbers up to which a rule is worked out with any size; of cofactors, which are as many determinants, fewer."""
_FEW_OF_COFACTORS = 100
_SCORES = frozenset(("softmax", "log_softmax", "logsumexp"))
_FAR = 500.0
"""How far scores lie below the largest at most, where shares are to be numbers: exp(−500) is one."""
_MULTIPLES = frozenset("matmul dot outer mean prod norm inv det solve".split())
"""Operations whose value is a number of times as large where an input is a number of times as large."""
_SUMS = frozenset(("add", "sub"))
"""What is another number, and not as many times as large, where one of its parts is a number of times as large."""
LINEAR = frozenset("matmul T outer spread place part shaped count div mul neg eye slot".split())
"""What a pullback is made of that is a sum of products: what flows to an entry is 0 where each of them has a 0."""


class Lost(NamedTuple):
    """An entry that is so small that doubles have fewer digits of it.

    place: the number of the entry on each axis
    value: as a number of any size; None where that takes too long
    is_certain: whether digits are lost indeed
    double: what doubles have of it, where that takes too long
    """

    place: tuple[int, ...]
    value: Value | None = None
    is_certain: bool = True
    double: float = 0.0


def each_underflowed(
    system: Arrays,
    gate: Gate,
    slot: int,
    numbers: Sequence[Value],
    upstream: Value,
    local: Value,
    full: Value,
    needed: Mask | None,
) -> tuple[Value, Value, Lost | None]:
    """Of an operation entry by entry the local gradient, and upstream × local, worked out anew where digits are lost.

    system: of doubles
    numbers: the values of the gate's inputs, and its own
    upstream, local, full: what doubles make of ∂f/∂gate, of the local gradient, and of their product
    needed: the entries that count, None for all
    """
    base, given = system.base, is_given(gate.op.partial(slot))
    assert isinstance(base, Floats)
    if _least(full) >= LEAST and (given or _least(local) >= LEAST_LOCAL):
        return local, full, None  # as nearly always
    vanishes, shape = np.abs(full) < LEAST, np.broadcast_shapes(*map(np.shape, (*numbers, upstream)))
    small = vanishes & np.not_equal(local, 0) if given else vanishes | (np.abs(local) < LEAST_LOCAL)
    flows = np.not_equal(upstream, 0) if needed is None else needed & np.not_equal(upstream, 0)
    places = np.argwhere(np.broadcast_to(small & flows, shape))
    if len(places) > _MANY:
        there = [widened(each, shape)[tuple(places.T)] for each in (*numbers, upstream, local)]
        places = places[_worth(system, gate.op, slot, there)]
    found: dict[tuple[int, ...], tuple[Value, Value]] = {}
    for place in map(tuple, places.tolist()):
        *inputs, out, flow, here = at([*numbers, upstream, local], shape, place)
        if base.loses(gate.op, slot, inputs, out, flow, here):
            from .underflow import widely  # which few points need

            found[place] = widely(base, gate, slot, inputs, flow, here)
    if not found:
        return local, full, None
    local, full = np.array(widened(local, shape)), np.array(widened(full, shape))
    for place, both in found.items():
        local[place], full[place] = map(float, both)
    lost = (Lost(place, chained) for place, (_, chained) in found.items() if not is_double(chained))
    return lowered(local), lowered(full), next(lost, None)


def _least(numbers: Value) -> float:
    """The size of the smallest of them; of none, an infinite one."""
    return float(np.min(np.abs(numbers), initial=np.inf))


def _worth(system: Arrays, op: Op, slot: int, entries: Sequence[Array]) -> Array:
    """Of many entries those that are worked out anew: not more than one whose local gradient has all its digits, as
    there is nothing more to tell of others; and not more than `_MANY` whose upstream does not make it larger.

    entries: the inputs, the value, upstream and the local gradient of each
    """
    *inputs, _out, upstream, local = entries
    known, loops = np.zeros(len(local), dtype=bool), system.loops(op)
    if is_given(op.partial(slot)):
        known = np.not_equal(local, 0)
    elif loops.value and (loop := loops.partials[slot]):
        normal = np.abs(local) >= LEAST
        some = [each[normal] for each in inputs]
        with suppress(FloatingPointError), np.errstate(under="raise"):
            loop(*some, loops.value(*some))
            known = normal
    small = ~known & (np.abs(upstream) <= 1)
    found = [np.flatnonzero(known & (np.abs(upstream * local) < LEAST))[:1], np.flatnonzero(small)[:_MANY]]
    return np.sort(np.concatenate([*found, np.flatnonzero(~known & ~small)]))


def lost_value(system: Arrays, gate: Gate, inputs: Sequence[Value], out: Value) -> Lost | None:
    """The first entry of a gate's value that has lost digits because it is so small: so have slopes it is a factor of.

    system: of doubles
    inputs, out: the values of the gate's inputs, and its own
    """
    base, op = system.base, gate.op
    if not isinstance(base, Floats) or _least(out) >= LEAST:
        return None
    small = np.abs(out) < LEAST
    if not isinstance(op, ArrayOp):
        for place in map(tuple, np.argwhere(small)[:_MANY].tolist() if loses(op) else ()):
            if not is_double(number := base.value(op, at(inputs, small.shape, place))):
                return Lost(place, number)
        return None
    if op.name in _SCORES:  # of which what is far below the largest is 0 to whoever wrote them
        small = small & np.not_equal(out, 0)
    if sum(map(np.size, (*inputs, out))) <= _FEW:
        wide = Arrays(base.wide)
        return _first_lost(wide.whole_value(op, [_exactly(each, wide, base.wide.given) for each in inputs]), small)
    if op.name in _MULTIPLES:
        lost = small & np.not_equal(system.whole_value(op, [*map(_scaled, inputs)]), 0)
        return _first_of(lost, np.asarray(out)) if lost.any() else None
    return _first_of(small, np.asarray(out)) if op.name in _SCORES and small.any() else None


def lost_constant(system: Arrays, literal: str) -> Lost | None:
    """A number as it is written, if it is too small for doubles. system: of doubles"""
    value = system.base.constant(literal)
    return None if is_double(value) else Lost((), value)


def _first_lost(found: Value, small: Mask) -> Lost | None:
    """The first of some numbers of any size of which doubles have fewer digits. small: which of them are looked at."""
    for place in map(tuple, np.argwhere(small).tolist()):
        number = np.asarray(found)[place]
        if abs(number - float(number)) > abs(number) * ROUNDED:
            return Lost(place, number)
    return None


def _first_of(lost: Mask, doubles: Array) -> Lost:
    """The first of some entries, of which it is known that they are not 0; 0 is preferred, as that is certain."""
    zeros = lost & (doubles == 0)
    place = tuple(map(int, np.argwhere(zeros if zeros.any() else lost)[0]))
    return Lost(place, is_certain=bool(zeros.any()), double=float(doubles[place]))


def whole_underflowed(
    system: Arrays, op: ArrayOp, slot: int, inputs: Sequence[Value], out: Value, upstream: Value, chained: Value
) -> tuple[Value, Lost | None]:
    """What flows back, with the entries that doubles can have; and the first that they cannot.

    inputs, out: of the operation
    slot: of the input
    chained: what flows back to it, as doubles make it
    """
    if not isinstance(system.base, Floats) or _least(chained) >= LEAST:
        return chained, None
    if not _is_small(system, op, slot, inputs, out, upstream):
        return chained, None
    few = _FEW_OF_COFACTORS if "cofactors" in op.partial(slot).heads else _FEW
    small = np.abs(chained) < LEAST
    if sum(map(np.size, (*inputs, upstream, chained))) > few:
        zeros = small & (np.asarray(chained) == 0)
        lost = _of_many(system, op, slot, inputs, out, upstream, zeros) if zeros.any() else None
        if lost is None and (small > zeros).any():
            lost = _first_of(small > zeros, np.asarray(chained))
        return chained, lost
    found = np.array(_widely(system.base, op, slot, inputs, upstream))
    doubles = np.where(small, found, chained).astype(np.float64)
    return lowered(doubles), _first_lost(found, small)


def _widely(base: Floats, op: ArrayOp, slot: int, inputs: Sequence[Value], upstream: Value) -> Value:
    """What flows back, in numbers of any size."""
    wide = Arrays(base.wide)
    *exact, above = (_exactly(each, wide, base.wide.given) for each in (*inputs, upstream))
    return _pulled_back(wide, op, slot, exact, wide.whole_value(op, exact), above)


def _exactly(value: Value, wide: Arrays, given: Callable[[Value], Value]) -> Value:
    """A number or an array of doubles in numbers of any size."""
    if not is_array(value):
        return given(value)
    return wide.array([*map(given, value.flat)]).reshape(value.shape)


def _pulled_back(system: Arrays, op: ArrayOp, slot: int, inputs: Sequence[Value], out: Value, upstream: Value) -> Value:
    """What flows back to an input of an operation on arrays as wholes."""
    if op.pulls_back(slot):
        return system.whole_partial(op, slot, inputs, out, upstream)
    return spread(op, upstream, inputs[slot]) * system.whole_partial(op, slot, inputs, out, None)


def _is_small(system: Arrays, op: ArrayOp, slot: int, inputs: Sequence[Value], out: Value, upstream: Value) -> bool:
    """Whether something in there may have underflowed."""
    try:
        with np.errstate(under="raise"):
            _pulled_back(system, op, slot, inputs, out, upstream)
    except FloatingPointError:
        return True
    operands = {**dict(zip(op.inputs, inputs, strict=False)), "out": out, "upstream": upstream}
    words = op.partial(slot).words
    return may_underflow(op, slot, [operand for word, operand in operands.items() if word in words])


def _of_many(
    system: Arrays, op: ArrayOp, slot: int, inputs: Sequence[Value], out: Value, upstream: Value, zeros: Mask
) -> Lost | None:
    """The first of the zeros that is none: where what is a power of 2 times as large has no 0.

    Where that does not tell, as numbers are too far apart: the first to which something may flow.
    """
    rule, numbers = op.partial(slot).heads, [*inputs, out, upstream]
    if op.name in _SCORES:
        scores = [_lifted(op, inputs[0])]
        larger = [*scores, system.whole_value(op, scores), _scaled(upstream)]
    else:
        larger = [*(numbers[:-1] if rule & _SUMS else map(_scaled, numbers[:-1])), _scaled(upstream)]
    lost = zeros & _reached(system, op, slot, larger)
    is_certain = bool(lost.any())
    if not is_certain and (_vanishes(numbers, larger) or _is_small(system, op, slot, larger[:-2], *larger[-2:])):
        signs = [np.not_equal(each, 0) * 1.0 for each in numbers]
        lost = zeros & _reached(system, op, slot, signs) if rule <= LINEAR else zeros
    return Lost(tuple(map(int, np.argwhere(lost)[0])), is_certain=is_certain) if lost.any() else None


def _reached(system: Arrays, op: ArrayOp, slot: int, numbers: Sequence[Value]) -> Mask:
    """Where something flows back. numbers: the inputs, the value and upstream."""
    *inputs, out, upstream = numbers
    return np.asarray(np.not_equal(_pulled_back(system, op, slot, inputs, out, upstream), 0))


def _vanishes(numbers: Sequence[Value], larger: Sequence[Value]) -> bool:
    """Whether some of them are 0 when the largest is about 1."""
    return any(np.count_nonzero(one) > np.count_nonzero(other) for one, other in zip(numbers, larger, strict=True))


def _scaled(value: Value) -> Value:
    """A power of 2 times as large, so that the largest number is about 1."""
    return np.ldexp(value, -np.frexp(np.max(np.abs(value), initial=0.0))[1])


def _lifted(op: ArrayOp, scores: Array) -> Array:
    """Scores of which each has a share that is a number, and which share as the others do."""
    axes = axes_of(op, scores.shape, -1 if op.name != "logsumexp" else None)
    found: Array = np.maximum(scores, np.max(scores, axis=axes, keepdims=True) - _FAR)
    return found
