"""The referee of programs of arrays, entry by entry: other methods, and whether a gradient derived by hand is right."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any

import numpy as np

from ..arithmetic import FLOATS, Arithmetic, Value
from ..arithmetic.arrays import Arrays
from ..arithmetic.axes import shape_of, unbroadcast
from ..arithmetic.balls import Balls
from ..arithmetic.box import HELD
from ..arithmetic.complexes import Complexes
from ..errors import BackpropError, InputError, MathError, few, quote
from ..graph.graph import Constant, Graph
from ..language.program import Program
from ..passes.arrays import array_trace, value
from ..passes.enclosed import enclosed_trace
from ..passes.entries import opened
from ..passes.nested import read_array
from ..passes.settings import DOUBLES, Settings
from ..passes.shapes import labels
from ..passes.trace import Trace
from ..rules.array_op import Shape
from ..rules.shape_rules import told
from .claims import SHOWN, Verdict
from .methods import TOLERANCE
from .referee import Estimate, Proven, Review, judged, ours, proven_to_be
from .sentence import RAISED, Part, Sentence, listed, say

MANY = 24
"""Entries of all variables together that are compared with other methods; of more, a sample."""
_DIGITS, _STEP = 60, 25
_CLOSE = 1e-9
_PRODUCTS = ("matmul", "dot")
_NOISE = 1e-20  # far above what 60 digits leave of a zero


def review(
    graph: Graph,
    given: Mapping[str, Any],
    settings: Settings = DOUBLES,
    digits: int = SHOWN,
) -> Review:
    """The gradient by backpropagation in doubles, by the complex step and by differences, both at 60 digits.

    Each is compared with the gradient that is proven, where that is known in time; else with backpropagation's.

    settings: wrt and ties
    digits: that are shown, and are to hold of backpropagation's doubles

    Raises InputError and MathError where backpropagation itself does.
    """
    trace, point = _trace(graph, given, settings)
    kink = next(iter(trace.conventions), None)
    slopes = {name: slope for name, slope in trace.gradient.items() if name not in labels(trace.graph)}
    entries = [(name, place) for name, slope in slopes.items() for place in np.ndindex(shape_of(slope))]
    every = -(-len(entries) // MANY)
    methods: dict[str, Callable[[str, tuple[int, ...]], float]] = {
        "complex step": lambda name, place: _complex_step(graph, point, name, place),
        "differences": lambda name, place: _difference(graph, point, name, place),
    }
    estimates, digits = {}, min(digits, HELD)
    known = {} if kink else _proven(graph, given, point, settings)
    proven = {}
    for name, place in entries[::every]:
        slope = float(np.asarray(slopes[name])[place]) + 0.0  # no −0
        label = f"{name}[{', '.join(map(str, place))}]" if place else name
        if (name, place) in known:
            proven[label] = known[name, place]
        row = [ours(slope, proven.get(label), digits)]
        for method, estimate in methods.items():
            if kink is not None:
                reason = f"{kink.node} has a {kink.kind} here: no derivative, a convention"
                row.append(Estimate(method, None, reason))
            else:
                each = _attempt(method, estimate, name, place, slope)
                is_known = label in proven and proven[label].is_known and each.value is not None
                row.append(judged(each, proven[label], 1) if is_known else each)
        estimates[label] = row
    return Review(trace, estimates, proven, digits)


def _proven(
    graph: Graph, given: Mapping[str, Any], point: Mapping[str, Value], settings: Settings
) -> dict[tuple[str, tuple[int, ...]], Proven]:
    """What the gradient of each entry is proven to be, at the doubles, where it can be opened into numbers."""
    with suppress(InputError, MathError):
        program = opened(graph, given)
        names = {name: program.entries.get(name, [name]) for name in point}
        exactly = {
            entry: str(Decimal(float(number)))
            for name, each in names.items()
            for entry, number in zip(each, np.ravel(point[name]), strict=True)
        }
        used = {node.name for node in program.graph.variables}
        at = {entry: text for entry, text in exactly.items() if entry in used}
        right = enclosed_trace(program.graph, at, settings._replace(wrt=program.wrt(settings.wrt)))
        places = {name: np.ndindex(np.shape(point[name])) for name in names}
        return {
            (name, place): told
            for name, each in names.items()
            for place, entry in zip(places[name], each, strict=True)
            if entry in right.gradient and (told := proven_to_be(right, right.gradient[entry]))
        }
    return {}


def _trace(graph: Graph, given: Mapping[str, Any], settings: Settings) -> tuple[Trace, dict[str, Value]]:
    system = Arrays(FLOATS)
    point = {name: read_array(name, each, system) for name, each in given.items()}
    return array_trace(graph, point, system, settings), point


def _attempt(
    method: str, estimate: Callable[[str, tuple[int, ...]], float], name: str, place: tuple[int, ...], slope: float
) -> Estimate:
    try:
        found = estimate(name, place)
    except (BackpropError, ArithmeticError, ValueError, TypeError, NameError) as error:
        reason = error.message if isinstance(error, BackpropError) else "a gate here has no such numbers"
        return Estimate(method, None, reason)
    if not isfinite(found):
        return Estimate(method, None, "the step leads across a jump")
    if abs(found) < _NOISE and abs(found - slope) > TOLERANCE * abs(slope):
        if 0 < abs(slope) < _NOISE:
            return Estimate(method, None, "the slope is too small for it")
        found = 0.0
    size = max(abs(found), abs(slope))
    difference = abs(found - slope) / size if size > TOLERANCE else 0.0
    return Estimate(method, found, difference=difference, agrees=difference <= TOLERANCE)


def _moved(
    point: Mapping[str, Value], base: Arithmetic, name: str, place: tuple[int, ...], by: Value
) -> dict[str, Value]:
    """The point in other numbers, one entry moved."""
    found = {}
    for each, given in point.items():
        exact = [base.number(str(Decimal(float(entry)))) for entry in np.ravel(np.asarray(given))]
        array = np.array([*exact, None], dtype=object)[:-1].reshape(shape_of(given))
        if each == name:
            array[place] = array[place] + by
        found[each] = array if array.ndim else array[()]
    return found


def _complex_step(graph: Graph, point: Mapping[str, Value], name: str, place: tuple[int, ...]) -> float:
    base = Complexes(_DIGITS)
    step = base.number(f"1e-{_STEP}")
    at = _moved(point, base, name, place, base.context.mpc(0, step))
    return float(base.context.im(value(graph, at, Arrays(base))) / step)


def _difference(graph: Graph, point: Mapping[str, Value], name: str, place: tuple[int, ...]) -> float:
    base = Balls(_DIGITS)
    with base.working():
        step = base.number(f"1e-{_STEP}")
        above, below = (value(graph, _moved(point, base, name, place, by), Arrays(base)) for by in (step, -step))
        return base.to_float((above - below) / (step * 2))


# -- Claims --------------------------------------------------------------------------------------------------------


def judge(
    graph: Graph,
    given: Mapping[str, Any],
    claims: Mapping[str, Any],
    settings: Settings = DOUBLES,
    digits: int = SHOWN,
) -> list[Verdict]:
    """A verdict on each claim: an array, as text or as it is, or a formula over the names of variables and gates.

    settings, digits: as in `review`

    Raises InputError for a claim that is none, and as `review` does.
    """
    trace, _ = _trace(graph, given, settings)
    known = {
        node.name: (trace.values[node.position], trace.upstream[node.position])
        for node in trace.graph.nodes
        if not isinstance(node, Constant)
    }
    verdicts = []
    for name, given_claim in claims.items():
        claim = given_claim if isinstance(given_claim, str) else json.dumps(np.asarray(given_claim).tolist())
        if name not in known or known[name][1] is None:
            there = few([each for each, (_, slope) in known.items() if slope is not None])
            raise InputError(
                f"the claim for {quote(name)} is of no gradient here", hint=f"there is: {', '.join(there)}"
            )
        values, slope = {each: found for each, (found, _) in known.items()}, known[name][1]
        claimed, left_open = _claimed(name, claim, values, slope, trace)
        verdicts.append(_verdict(trace, name, claim, claimed, left_open, digits))
    return verdicts


def _claimed(name: str, claim: str, known: Mapping[str, Value], slope: Value, trace: Trace) -> tuple[Value, Value]:
    """What a claim comes to, and how far each entry may be off, because it was rounded."""
    system = trace.arithmetic
    assert isinstance(system, Arrays)
    try:
        texts = json.loads(claim, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        texts = None
    try:
        if isinstance(texts, list | str):
            found = read_array(f"the claim for {name}", claim, system)
            return found, np.vectorize(_half_unit, otypes=[float])(np.array(texts, dtype=object))
        formula = Program(claim, is_expression=True).graph(known)
        unknown = next((node for node in formula.variables if node.name not in known), None)
        if unknown is not None:
            raise InputError(f"the expression has no variable {quote(unknown.name)}", claim, unknown.span)
        return _computed(formula, known, system, name, shape_of(slope)), 0.0
    except BackpropError as error:
        error.message = f"in the claim for {name}: {error.message}"
        raise


def _computed(formula: Graph, known: Mapping[str, Value], system: Arrays, name: str, shape: Shape) -> Value:
    """The value of a claim; where its parts do not go together, it is told which shape the gradient has."""
    try:
        return value(formula, {node.name: known[node.name] for node in formula.variables}, system)
    except InputError as error:
        error.hint = f"the gradient of {name} has the shape of {name}, {told(shape)}"
        raise


def _half_unit(text: str) -> float:
    """Half a unit in the last digit of a number that may have been rounded; 0 of one that is exact."""
    try:
        exponent = Decimal(text).as_tuple().exponent
    except InvalidOperation:
        return 0.0
    return 0.5 * 10.0**exponent if isinstance(exponent, int) and exponent < -1 else 0.0


def _is_close(claimed: Value, slope: Value, left_open: Value = 0.0) -> bool:
    size = max(float(np.max(np.abs(slope))), float(np.max(np.abs(claimed))))
    return bool(np.all(np.abs(np.subtract(claimed, slope)) <= left_open * (1 + _CLOSE) + _CLOSE * size))


def _verdict(trace: Trace, name: str, claim: str, claimed: Value, left_open: Value, digits: int) -> Verdict:
    place = next(node.position for node in trace.graph.nodes if node.name == name)
    slope: Value = trace.upstream[place]
    show = trace.arithmetic.show
    verdict = Verdict(name, claim, False, show(slope, digits), show(claimed, digits), is_number=np.size(left_open) > 1)
    shape, wanted = shape_of(claimed), shape_of(slope)
    if shape == wanted and _is_close(claimed, slope, left_open):
        return replace(verdict, right=True, how=[say("verdict entries")] if shape else [])
    for kind, where in (*_mistakes(name, claimed, slope), *_other_factors(trace, name, claimed, slope)):
        return replace(verdict, mistake=kind, place=where)
    if shape != wanted:
        return replace(verdict, how=[say("verdict shape", name, name, _told(wanted), _told(shape))])
    return replace(verdict, how=_apart(claimed, slope, left_open, shape, digits, show))


def _told(shape: Shape) -> Sentence:
    return say(RAISED, told(shape))


def _mistakes(name: str, claimed: Value, slope: Value) -> Iterator[tuple[str, Part]]:
    """The mistakes that lead to the claim, the most telling first."""
    shape, wanted = shape_of(claimed), shape_of(slope)
    if len(shape) == 2 and shape[::-1] == wanted and _is_close(np.transpose(claimed), slope):
        yield "transpose", say("verdict transposed", name, _told(wanted))
    if shape != wanted and len(shape) >= len(wanted):
        extra = len(shape) - len(wanted)
        if all(one in (1, other) for one, other in zip(wanted, shape[extra:], strict=True)):
            axes = [str(i) for i, length in enumerate(shape) if i < extra or wanted[i - extra] != length]
            if _is_close(unbroadcast(np.asarray(claimed), wanted), slope):
                yield "broadcast", say("verdict not summed", name, _told(wanted), listed(axes))
    if shape != wanted:
        return
    if _is_close(np.negative(claimed), slope):
        yield "sign", say("verdict minus gradient", name)
    size = float(np.vdot(slope, slope))
    factor = float(np.vdot(claimed, slope)) / size if size else 0.0
    if factor and _is_close(claimed, np.multiply(slope, factor)):
        yield "factor", say("verdict times gradient", f"{factor:.6g}", name)


def _other_factors(trace: Trace, name: str, claimed: Value, slope: Value) -> Iterator[tuple[str, Part]]:
    """Where a product handed its upstream back by other factors: `X @ upstream`, `upstream @ X.T`, for `X.T @ …`."""
    for edge in trace.edges:
        gate = edge.gate
        if edge.input.name != name or gate.op.name not in _PRODUCTS or edge.chained is None or not edge.active:
            continue
        other, back = trace.graph.nodes[gate.inputs[1 - edge.slot]], f"∂{trace.graph.output.name}/∂{gate.name}"
        matrix: Value = trace.values[other.position]
        upstream: Value = trace.upstream[gate.position]
        if np.ndim(matrix) != 2:
            continue
        right, rest = f"{other.name}.T @ {back}" if edge.slot else f"{back} @ {other.name}.T", slope - edge.chained
        first = 1 if edge.slot else -1
        factors = {"transpose": [(matrix, upstream)[::first]]}
        factors["order"] = [(matrix.T, upstream)[::-first], (matrix, upstream)[::-first]]
        for kind, pairs in factors.items():
            fitting = [np.matmul(*pair) for pair in pairs if np.shape(pair[0])[-1] == np.shape(pair[1])[0]]
            likely = [rest + wrong if np.shape(wrong) == np.shape(rest) else wrong for wrong in fitting]
            if any(np.shape(wrong) == np.shape(claimed) and _is_close(claimed, wrong) for wrong in likely):
                yield kind, say("verdict through product", name, trace.graph.title(gate), right)


def _apart(
    claimed: Value, slope: Value, left_open: Value, shape: Shape, digits: int, show: Callable[[Value, int], str]
) -> list[Sentence]:
    """Which entries are wrong, the first with both numbers."""
    size = float(np.max(np.abs(slope)))
    wrong = np.argwhere(np.abs(np.subtract(claimed, slope)) > left_open + _CLOSE * max(size, 1e-300))
    if not shape or not len(wrong):
        return []
    place = tuple(map(int, wrong[0]))
    numbers = (show(float(each[place]), digits) for each in (claimed, slope))
    there = say("verdict entry", f"{[*place]}", *numbers)
    count = [say("verdict entries wrong", f"{len(wrong):,}", f"{np.size(slope):,}")] if len(wrong) > 1 else []
    return [there, *count]
