"""Enclosures: the passes on boxes, and what makes the result narrower: parts of the boxes, slopes, and trends.

Whatever is intersected here holds the same numbers: the natural extension (each gate over the boxes of its inputs), the
hull of those over parts of the boxes, and of those case by case where comparisons are open (`cases`), mean-value forms
(f(c) + Σ ∂f/∂x·(x − c), and those of gradients in `mean_values`), and f at the ends of variables in which it only
rises, or only falls. The last two need a function without a jump.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import product
from typing import Any, NamedTuple

from ..arithmetic import Value
from ..arithmetic.ball import GUARD, order
from ..arithmetic.box import MAYBE, Box, Maybe, common, hull, pieces, thin
from ..arithmetic.boxes import Boxes, trend
from ..arithmetic.dual import DualNumbers
from ..errors import InputError, MathError, UnprovenError
from ..graph.graph import Graph, Module
from . import mean_values, point
from .backpropagate import backpropagate
from .backward import slopes, steep
from .cases import Boxed, Case, boxed, cases, middles, within
from .faults import in_call
from .forward import forward
from .settings import DOUBLES, Settings
from .trace import Edges, Notice, Trace

_PARTS = 64  # of all boxes together, at most
_NODES = 1_500  # of all parts together, at most: the time is not measured, so that the same is always printed
_SLOPES = 2_000  # the same times the variables that have boxes, where every number's slopes are asked for
_CASES = 800  # of the cases of a part together, at most, except for two of them
_SLOW = 400  # nodes that take as long as one whose function is taken in pieces
_SHARES = 4  # pieces at a gate of a box that is a part already
_MORE = 4  # times as many bits, where digits of numbers are lacking
_MOST = 1 << 14
_BITS = 1 << 25  # of all nodes together, at most, where that is more than at first
_OVERHEAD = 1 << 11  # bits that take as long as a node itself
_TOLD = {"kink": slopes, "unbounded": steep}
"""What is told of a gate over boxes, by the kind of the notice."""
_INFINITE = ("inf", "infinity", "∞", "oo", "nan")


def enclosed_trace(graph: Graph, given: Mapping[str, Any], settings: Settings = DOUBLES) -> Trace:
    """A trace of boxes, which hold every value, local and chained gradient there is while variables are in theirs.

    given: of each variable a number or a box (`0.25..0.5`), as text
    settings: of which `wrt` and `ties` count

    Raises MathError where a gate, or a gradient that is asked for, has no value or no bound in a part of the boxes.
    """
    extra, most = GUARD, min(_MOST, _BITS // len(graph.nodes) - _OVERHEAD)
    while True:
        system = Boxes(extra)
        is_last = _MORE * extra > most
        with system.working():
            at = {name: read_box(name, str(text), system) for name, text in given.items()}
            try:
                trace = _Enclosure(graph, system, DualNumbers(system, settings.ties), settings).trace(at)
            except UnprovenError:
                if is_last:
                    raise
            else:
                is_point = all(each.is_thin for each in at.values())
                if is_last or not is_point or not _lacks(trace, system):
                    return trace
        extra *= _MORE


def in_parts(graph: Graph, given: Mapping[str, Any], settings: Settings = DOUBLES) -> tuple[Trace, list[Trace]]:
    """The trace over the boxes, and those over their parts. given, settings: as in `enclosed_trace`."""
    system = Boxes()
    with system.working():
        at = {name: read_box(name, str(text), system) for name, text in given.items()}
        enclosure = _Enclosure(graph, system, DualNumbers(system, settings.ties), settings)
        return enclosure.trace(at), [part.trace for part in enclosure.fine(at)]


def read_box(name: str, text: str, system: Boxes) -> Box:
    """The value of a variable: `0.25..0.5`, whose ends are numbers or constant expressions, or one of those.

    text: as it was typed

    Raises InputError, or MathError where an end has no value.
    """
    if not point.is_box(text):
        number: Box = point.read_value(name, text, system)
        return number
    ends = [end.strip() for end in text.replace("…", "..").split("..")]
    why, hint = "", f"for example: --{name} 0.25..0.5"
    if len(ends) != 2 or "..." in text:
        why = "is not two numbers with two points between them"
    elif not all(ends):
        why = "lacks an end"
    elif any(end.lower().lstrip("+-") in _INFINITE for end in ends):
        why, hint = "has an end that is not finite", "a large one is nearly as good: 1e9"
    if why:
        raise InputError(f"the box of {name} {why}", text, (0, len(text)), hint)
    low, high = (point.read_value(name, end, system) for end in ends)
    sign = order(low.lo, high.lo)
    if sign == 1:
        hint = f"the lower end comes first: {ends[1]}..{ends[0]}"
        raise InputError(f"the ends of the box of {name} are reversed", text, (0, len(text)), hint)
    return low if sign == 0 else Box(low.lo, high.lo)


def _lacks(trace: Trace, system: Boxes) -> bool:
    """Whether digits of a number are not known."""
    numbers = [*trace.values, *trace.upstream, *(each for edge in trace.edges for each in (edge.local, edge.chained))]
    return any(isinstance(each, Box) and each.is_thin and system.balls.lacks(each.lo) for each in numbers)


class _Part(NamedTuple):
    """What the passes make of boxes, and whether a value may jump inside."""

    trace: Trace
    jumps: bool


class _Enclosure(NamedTuple):
    """The passes over boxes of one graph in one arithmetic.

    dual: dual numbers over the same boxes
    """

    graph: Graph
    system: Boxes
    dual: DualNumbers
    settings: Settings

    def trace(self, at: Boxed) -> Trace:
        """All of it."""
        ways: list[Callable[[], _Part]] = [lambda: self.part(at)]
        if self._most > 1 and boxed(at):
            ways.append(lambda: self._united(at, self.fine(at)))
        trace, jumps = self._by_all(ways)
        return self._told(self._narrowed(trace, Case(at), jumps), jumps)

    def _by_all(self, ways: Iterable[Callable[[], _Part]]) -> _Part:
        """What all ways to the same have in common. Raises the error of the first, where none succeeds."""
        found, errors = [], []
        for way in ways:
            try:
                found.append(way())
            except MathError as error:
                errors.append(error)
        if not found:
            raise errors[0]
        return reduce(self._both, found)

    def fine(self, at: Boxed) -> list[_Part]:
        """What the passes make of parts of the boxes.

        A part in which something has no value, or no bound, is halved again.
        """
        waiting = self.parts(at)[::-1]
        found, spare = [], len(waiting)
        shares, self.system.shares = self.system.shares, _SHARES
        try:
            while waiting:
                part = waiting.pop()
                wide = boxed(part) if spare else []
                try:
                    made = self.part(part)
                except MathError:
                    if not wide:
                        raise
                else:
                    if not (wide and any(notice.kind == "unbounded" for notice in made.trace.warnings)):
                        found.append(made)
                        continue
                spare -= 1
                name = max(wide, key=lambda name: _size(part[name]) / _size(at[name]))
                waiting += ({**part, name: half} for half in reversed(pieces(part[name], 2)))
        finally:
            self.system.shares = shares
        return found

    def parts(self, at: Boxed) -> list[Boxed]:
        """The boxes in parts: each in two, as often as the size of the graph permits, one after the other."""
        wide = boxed(at)
        halvings = self._most.bit_length() - 1 if wide else 0
        counts = {name: 1 << (halvings + len(wide) - 1 - i) // len(wide) for i, name in enumerate(wide)}
        cut = [[(name, each) for each in pieces(at[name], count)] for name, count in counts.items()]
        return [{**at, **dict(each)} for each in product(*cut)]

    @property
    def _size(self) -> int:
        """Nodes that take as long as all of it."""
        ops = [gate.op for gate in self.graph.gates if not isinstance(gate.op, Module)]
        slow = sum(not self.system.slow.isdisjoint(op.value.heads) for op in ops)
        return len(self.graph.nodes) + _SLOW * slow

    @property
    def _most(self) -> int:
        """Parts, at most."""
        return min(_PARTS, max(1, _NODES // self._size))

    def part(self, at: Boxed) -> _Part:
        """What the passes make of boxes, as they are and case by case."""
        if not self.graph.nodes.chooses or not boxed(at):
            return self._case(Case(at))
        each = cases(self.graph, at, self.system, max(2, _CASES // self._size))
        if len(each) == 1:
            return self._case(Case(at))
        return self._by_all([lambda: self._of_cases(at, each), lambda: self._case(Case(at))])

    def _of_cases(self, at: Boxed, cases: Iterable[Case]) -> _Part:
        """What holds all cases, with a warning for each choice that they make in different ways."""
        trace = self._united(at, [self._case(each) for each in cases]).trace
        told = {(notice.kind, notice.node): notice for notice in trace.warnings if notice.kind != "border"}
        for notice in _choices(self.graph, trace.values, self.system, trace.upstream):
            told["kink", notice.node] = notice
        return _Part(trace.but(warnings=[*told.values()]), jumps=True)

    def _case(self, case: Case) -> _Part:
        """What the passes make of boxes, where it is given what comparisons hold."""
        at, known = case
        self.system.jumps = self.system.kinks = False
        trace = backpropagate(self.graph, at, self.settings, self.system, known=known)
        jumps = self.system.jumps
        if not (jumps or self.system.kinks) and self._size * self._most * len(boxed(at)) <= _SLOPES:
            trace = mean_values.narrowed(trace, self.dual, self.settings, known)
        return _Part(self._narrowed(trace, case, jumps), jumps)

    def _narrowed(self, trace: Trace, case: Case, jumps: bool) -> Trace:
        """The same, with a value that slopes make narrower."""
        at = case.at
        wide = boxed(at)
        if jumps or not wide or not isinstance(trace.value, Box):
            return trace
        value, gradient = trace.value, trace.gradient
        trends = {name: trend(gradient[name]) for name in wide if name in gradient}
        lows, highs = dict(at), dict(at)
        for name, sign in trends.items():
            if sign is not None:
                ends = thin(at[name].lo), thin(at[name].hi)
                lows[name], highs[name] = ends[::-1] if sign < 0 else ends
        if any(sign is not None for sign in trends.values()):
            value = common(value, Box(self._value(lows, case).lo, self._value(highs, case).hi))
        if len(trends) == len(wide) and None in trends.values():
            center = middles(at)
            changes = (gradient[name] * (at[name] - center[name]) for name in wide)
            value = common(value, sum(changes, self._value(center, case)))
        return trace.but(values=[*trace.values[:-1], value])

    def _value(self, at: Boxed, case: Case) -> Box:
        value: Box = forward(self.graph, at, self.system, case.known)[-1]
        return value

    def _united(self, at: Boxed, parts: Sequence[_Part]) -> _Part:
        """What holds all that the parts hold."""
        traces = [part.trace for part in parts]
        edges = [
            each[0]._replace(
                local=_hull(edge.local for edge in each),
                chained=_hull(edge.chained for edge in each),
                active=any(edge.active for edge in each),
            )
            for each in zip(*(trace.edges for trace in traces), strict=True)
        ]
        values = [_hull(each) for each in zip(*(trace.values for trace in traces), strict=True)]
        upstream = [_hull(each) for each in zip(*(trace.upstream for trace in traces), strict=True)]
        told = {(notice.kind, notice.node): notice for trace in reversed(traces) for notice in reversed(trace.warnings)}
        warnings = [self._over(notice, values) for notice in reversed(told.values())]
        united = Trace(self.graph, self.system, at, values, upstream, Edges.stored(self.graph, edges), warnings)
        return _Part(united, any(part.jumps for part in parts))

    def _over(self, notice: Notice, values: Sequence[Value]) -> Notice:
        """A notice of a part, told of all parts."""
        if notice.kind not in _TOLD:
            return notice
        gate = next(gate for gate in self.graph.gates if gate.name == notice.node)
        inputs = [values[i] for i in gate.inputs]
        return notice if isinstance(gate.op, Module) else _TOLD[notice.kind](self.graph, gate, inputs, self.system)

    def _both(self, whole: _Part, fine: _Part) -> _Part:
        """What two enclosures have in common."""
        one, two = whole.trace, fine.trace
        edges = [
            a._replace(local=_common(a.local, b.local), chained=_common(a.chained, b.chained), active=b.active)
            for a, b in zip(one.edges, two.edges, strict=True)
        ]
        values = [*map(_common, one.values, two.values)]
        upstream = [*map(_common, one.upstream, two.upstream)]
        still = {(notice.kind, notice.node) for notice in two.warnings}
        warnings = [notice for notice in one.warnings if (notice.kind, notice.node) in still]
        found = one.but(values=values, upstream=upstream, edges=Edges.stored(self.graph, edges), warnings=warnings)
        return _Part(found, whole.jumps and fine.jumps)

    def _told(self, trace: Trace, jumps: bool) -> Trace:
        """With the variables in which it only rises, or only falls."""
        wide = {name: slope for name, slope in trace.gradient.items() if not trace.point[name].is_thin}
        trends = {name: sign for name, slope in wide.items() if (sign := trend(slope)) is not None and not jumps}
        return trace.but(monotone=trends)


def _choices(graph: Graph, values: Sequence[Value], system: Boxes, upstream: Sequence[Value] = ()) -> Iterator[Notice]:
    """What is told of choices between values that differ. upstream: where it is 0, nothing is told."""
    for gate in graph.gates:
        if upstream and not upstream[gate.position]:
            continue
        inputs = [None if isinstance(values[i], MathError) else values[i] for i in gate.inputs]
        if not isinstance(gate.op, Module):
            if any(isinstance(inputs[slot], Maybe) for slot in gate.op.conditions):
                yield slopes(graph, gate, inputs, system)
        elif gate.op.chooses:
            for notice in _choices(gate.op.graph, within(gate, gate.op, values, system), system):
                yield notice._replace(node=gate.name, message=in_call(graph, gate, notice.message))


def _size(box: Box) -> float:
    return float((box.hi - box.lo).ball)


def _hull(found: Iterable[Value | None]) -> Value | None:
    """What holds all of these, some of which may be missing."""
    there = [each for each in found if each is not None]
    if not there:
        return None
    if not isinstance(there[0], Box):
        return there[0] if all(each is there[0] for each in there) else MAYBE
    return hull(there)


def _common(one: Value | None, two: Value | None) -> Value | None:
    if one is None or two is None:
        return one if two is None else two
    if isinstance(one, Box):
        return common(one, two)
    return two if isinstance(one, Maybe) else one
