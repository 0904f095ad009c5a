"""Is a gradient that somebody derived by hand right? And where it is not, which mistake leads to it?"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from math import inf
from typing import NamedTuple

from ..arithmetic import Arithmetic, Value
from ..arithmetic.ball import exactly
from ..arithmetic.balls import Balls
from ..errors import FEW, BackpropError, InputError, MathError, did_you_mean, few, quote, suggest
from ..graph.graph import Constant, Gate, Graph, partial
from ..language.program import Program
from ..passes import certain, point
from ..passes.backpropagate import backpropagate
from ..passes.forward import forward
from ..passes.trace import Edge, Trace
from ..rules.printer import READING
from ..runtime.budget import TooSlowError, share
from .mistakes import mistakes

POINTS = 8
"""Points of the domain, beside the given one, at which a formula is compared."""
SHOWN = 6
"""Significant digits of a value in a verdict, unless others are asked for."""
STEPS = 100
"""Edges on the way to a variable that a verdict shows."""
_ATTEMPTS = 400
_PLACES = 100
_DOUBLE = 15  # digits of a double that are compared
_WRITTEN = 17  # digits that a double may be written with
_NOISE = 95  # digits to which numbers are compared, of those that are proven
_SHARE = 1 / 8  # of the time that is left, for a proof
_PROVED = "proved"  # how a proof begins
_FEW = 4  # variables that a counterexample names
_NUMBER = re.compile(r"\s*([+-]?)(\d*)\.?(\d*)(?:[eE]([-+]?\d{1,6}))?\s*", re.ASCII).fullmatch
_DECIMAL = re.compile(r"(?<![\w.])(\d*)\.(\d+)(?:[eE]([-+]?\d{1,6}))?(?!\d|[eE][-+]?\d)", re.ASCII).finditer


@dataclass(frozen=True)
class Verdict:
    """What became of one claim.

    name: the variable, or the gate
    claim: what was said
    right: whether it holds
    value: the gradient at the point, as text, empty where there is no point
    claimed: what the claim comes to there, empty where it has no value
    is_number: whether it says so itself
    how: what the judgement rests on
    proved: whether that is a proof
    mistake: one of KINDS or OF_ARRAYS, where a wrong claim is one of those
    place: where that was made
    steps: the chain, where it is none of those
    """

    name: str
    claim: str
    right: bool
    value: str
    claimed: str = ""
    is_number: bool = False
    how: str = ""
    proved: bool = False
    mistake: str = ""
    place: str = ""
    steps: Sequence[str] = ()


class _Place(NamedTuple):
    """A point. trace: the one there; again: the same in another arithmetic."""

    trace: Trace
    again: Callable[[Balls], Trace]


class _Claimed(NamedTuple):
    """What a claim comes to at the point of a trace.

    left_open: how far the gradient may be from it, as far as its digits tell
    noise: how far terms that cancel may be from proven digits
    is_double: whether its decimals may be those of a double
    """

    trace: Trace
    value: Value
    left_open: Value
    noise: Value
    is_double: bool

    @property
    def numbers(self) -> list[Value]:
        return [self.value, self.left_open, self.noise]

    def differs(self, gradient: Value) -> bool:
        """Whether a gradient is not what is claimed, as far as the digits given tell; of doubles, not their last."""
        return self.agreement(gradient) == 0

    def agreement(self, gradient: Value) -> float:
        """To how many digits a gradient is what is claimed: infinitely many where that is proven, 0 where it is not."""
        with self.trace.arithmetic.working():
            number = self.trace.arithmetic.number
            difference, size = abs(gradient - self.value), max(abs(gradient), abs(self.value))
            if difference <= self.left_open:
                return inf
            if difference <= self.left_open + self.noise:
                return _NOISE
            return _DOUBLE if self.is_double and difference <= number(f"1e-{_DOUBLE}") * size else 0


class Claim:
    """A claim as a number with as many digits as were given, or as a formula of variables and gates."""

    def __init__(self, graph: Graph, name: str, claim: str) -> None:
        self.name, self.text = name, claim
        self.unit, self.digits = _precision(claim)
        self.is_number = self.digits is not None
        known = {node.name for node in graph.nodes if not isinstance(node, Constant)}
        try:
            self.graph = Program(claim, is_expression=True).graph(known)
            if self.graph.of_arrays:
                raise InputError("an array is claimed, and the gradient is a number", claim, (0, len(claim)))
            unknown = next((node for node in self.graph.variables if node.name not in known), None)
            if unknown is not None:
                message = f"the expression has no variable {quote(unknown.name)}"
                raise InputError(message, claim, unknown.span)
        except BackpropError as error:
            error.message = f"in the claim for {name}: {error.message}"
            raise
        self.is_formula = bool(self.graph.variables)
        self.nudged = (
            [] if self.is_number else [Program(each, is_expression=True).graph(known) for each in _nudged(claim)]
        )

    def values(self, trace: Trace, graph: Graph | None = None) -> list[Value]:
        """The values of the claim's nodes at the point of a trace. Raises MathError where it has no value."""
        pairs = zip(trace.graph.nodes, trace.values, strict=True)
        known = {node.name: value for node, value in pairs if value is not None}
        return forward(graph or self.graph, known, trace.arithmetic)

    def at(self, place: _Place) -> _Claimed:
        """What is claimed at a point, to proven digits: those of the trace are known, those of the claim may cancel."""
        system = place.trace.arithmetic
        assert isinstance(system, Balls)
        with system.working():
            claimed = self._at(place.trace)
        if not any(map(system.lacks, claimed.numbers)):
            return claimed
        return certain.proven(
            claimed.trace.graph,
            _PLACES,
            lambda arithmetic: self._at(place.again(arithmetic)),
            lambda found: ((str, each) for each in found.numbers),
        )[0]

    def _at(self, trace: Trace) -> _Claimed:
        number, values = trace.arithmetic.number, self.values(trace)
        # Of terms that cancel, as few digits are compared as if they had been computed to so many.
        size = max(map(abs, values)) + sum(
            abs(edge.chained) for edge in trace.edges if edge.input.name == self.name and edge.chained is not None
        )
        if self.unit is not None:
            left_open = number(self.unit) / 2
        else:
            left_open = sum((abs(self.values(trace, each)[-1] - values[-1]) for each in self.nudged), number("0"))
        is_double = self.digits <= _WRITTEN if self.digits is not None else bool(self.nudged)
        return _Claimed(trace, values[-1], left_open, number(f"1e-{_NOISE}") * size, is_double)


def _nudged(claim: str) -> Iterator[str]:
    """The formula with each of its decimals, one at a time, half a unit of its last digit larger.

    Those of one digit, such as 0.5, are taken to be exact.
    """
    for match in _DECIMAL(claim):
        if len(f"{match[1]}{match[2]}".lstrip("0")) > 1:
            half = f"5e{int(match[3] or '0') - len(match[2]) - 1}"
            yield f"{claim[: match.start()]}({match[0]} + {half}){claim[match.end() :]}"


def _precision(claim: str) -> tuple[str | None, int | None]:
    """One in the last digit of a number that may have been rounded, or None; and how many digits a number has.

    A single digit before the point is exact, because nobody rounds 0.6 to 1 and many mistakes give 1. So is 0.0, as
    programs write 0; 0.00 is a rounded number.
    """
    match = _NUMBER(claim)
    if not match or not (match[2] or match[3]):
        return None, None
    digits = len(f"{match[2]}{match[3]}".lstrip("0"))
    exact = len(match[3]) < 2 if digits == 0 else len(match[2]) == 1 and not match[3] and match[4] is None
    return None if exact else f"1e{int(match[4] or '0') - len(match[3])}", digits


def judge(
    graph: Graph,
    given: Mapping[str, float | str],
    claims: Mapping[str, str],
    *,
    wrt: Collection[str] | None = None,
    ties: str = "both",
    digits: int = SHOWN,
) -> list[Verdict]:
    """A verdict for each claim.

    given: a value for each variable; where claims are formulas alone, variables may be without one
    claims: by variable or gate, a number or a formula of the variables and gates
    wrt, ties: as in `backpropagate`
    digits: significant ones of a value in a verdict

    Raises InputError for a claim that cannot be read, MathError where the expression has no gradient.
    """
    return Judge(graph, given, list(claims), wrt=wrt, ties=ties, digits=digits).verdicts(claims)


def are_formulas(claims: Mapping[str, str]) -> bool:
    """Whether no claim is a number, so that they may be judged without a point."""
    return all(_precision(claim)[1] is None for claim in claims.values())


class Judge:
    """Who judges claims about one graph, at one point or wherever it has a gradient: it is asked once, and told often.

    given, wrt, ties, digits: as in `judge`
    names: the variables and gates that claims are about
    prove: whether a proof of right formulas is looked for, beside the points at which they hold

    Raises InputError for a name that nothing is claimed of, MathError where the expression has no gradient.
    """

    def __init__(
        self,
        graph: Graph,
        given: Mapping[str, float | str],
        names: Sequence[str],
        *,
        wrt: Collection[str] | None = None,
        ties: str = "both",
        digits: int = SHOWN,
        prove: bool = True,
    ) -> None:
        self.graph, self.given, self.ties, self.digits, self.prove = graph, given, ties, digits, prove
        self.names = names
        self.missing = point.missing(graph, given)
        self.wrt = wrt
        wanted = graph.depending_on(wrt)
        places = {node.name: node.position for node in graph.nodes if not isinstance(node, Constant)}
        for name in names:
            if name not in places:
                is_stage = name in dict(graph.stages)
                why = (
                    "a stage that has no gate of its own"
                    if is_stage
                    else "not a variable of the expression, nor a gate"
                )
                close = "" if is_stage else suggest(name, places)
                raise InputError(f"a claim for {quote(name)}, which is {why}", hint=close and did_you_mean(name, close))
            if not wanted[places[name]]:
                raise InputError(f"a claim for {quote(name)}, which {graph.ungraded(places[name])}")

    def verdicts(self, claims: Mapping[str, str]) -> list[Verdict]:
        """A verdict for each claim. Raises InputError for one that cannot be read."""
        read = [Claim(self.graph, name, claim) for name, claim in claims.items()]
        for claim in read:
            if self.missing and not claim.is_formula:
                names = ", ".join(few(self.missing))
                message = f"the claim for {quote(claim.name)} is a number, and {names} without a value"
                raise InputError(message, hint="a number is judged at a point; a formula needs none")
        with Balls(_PLACES).working():
            return [self._verdict(claim) for claim in read]

    def _verdict(self, claim: Claim) -> Verdict:
        if self.missing:
            return _verdict_anywhere(self.anywhere, claim, self.digits, self.prove)
        places = [self.here, *self.elsewhere] if claim.is_formula else [self.here]
        return _verdict(places, claim, self.digits, self.prove)

    @cached_property
    def here(self) -> _Place:
        """The point."""
        try:
            return self._place(lambda arithmetic: point.complete(self.given, arithmetic))
        except MathError:  # some variable has no gradient here; those that are claimed to have one may do
            self.wrt = [node.name for node in self.graph.variables if self._leads_to_claims(node.name)]
            return self._place(lambda arithmetic: point.complete(self.given, arithmetic))

    @cached_property
    def elsewhere(self) -> list[_Place]:
        """Points elsewhere in the domain where max, abs and the like take the same sides as here."""
        sides = _sides(self.here.trace)
        return list(islice((each for each in self._tried(self.here.trace) if _sides(each.trace) == sides), POINTS))

    @cached_property
    def anywhere(self) -> list[_Place]:
        """Points in the domain, whatever sides they are on, except for ties and kinks, where no point is given."""
        tried = self._tried(None)
        smooth = (each for each in tried if not any(notice.kind in ("tie", "kink") for notice in each.trace.warnings))
        found = list(islice(smooth, POINTS + 1))
        if not found:
            hint = "give each variable a value"
            raise MathError("no point was found at which the expression has a gradient", self.graph.source, hint=hint)
        return found

    def _place(self, at: Callable[[Balls], Mapping[str, Value]]) -> _Place:
        def again(arithmetic: Balls) -> Trace:
            return backpropagate(self.graph, at(arithmetic), wrt=self.wrt, ties=self.ties, arithmetic=arithmetic)

        return _Place(certain.proven(self.graph, _PLACES, again, certain.numbers)[0], again)

    def _tried(self, here: Trace | None) -> Iterator[_Place]:
        """Random points around this one, nearer and farther, where there is a gradient."""
        arithmetic = Balls(_PLACES)
        given = here.point if here else point.complete(self.given, arithmetic)
        center = {node.name: given.get(node.name, arithmetic.number("1")) for node in self.graph.variables}
        randomly = random.Random(0)  # noqa: S311 - for points, not for secrets
        for attempt in range(_ATTEMPTS):
            spread = (0.1, 0.5, 1.0, 3.0)[attempt % 4]
            shifts = {name: arithmetic.number(f"{randomly.gauss(0, spread):.6f}") for name in center}
            with arithmetic.working():
                values = {
                    name: exactly(value + shifts[name] * (abs(value) if value and attempt % 2 else 1))
                    for name, value in center.items()
                }
            with suppress(MathError):
                yield self._place(_always(values))

    def _leads_to_claims(self, variable: str) -> bool:
        below = self.graph.depending_on([variable])
        claimed = (node for node in self.graph.nodes if node.name in self.names)
        return any(below[node.position] for node in claimed)


def _always(values: Mapping[str, Value]) -> Callable[[Balls], Mapping[str, Value]]:
    return lambda _: values


def _verdict(places: list[_Place], claim: Claim, digits: int, prove: bool) -> Verdict:
    here, name = places[0].trace, claim.name
    arithmetic = here.arithmetic
    gradient = _gradient(here, name)
    try:
        found = [claim.at(places[0])]
    except MathError as error:
        how = f"the claim has no value here: {error.message}"
        steps = _steps(here, name, digits)
        return Verdict(name, claim.text, False, arithmetic.show(gradient, digits), how=how, steps=steps)
    for place in places[1:]:
        with suppress(MathError):  # a formula may hold in a part of the domain only, as exp(log(x)) does for x
            found.append(claim.at(place))
    holds = [not each.differs(_gradient(each.trace, name)) for each in found]
    enough = max(digits, (claim.digits or 0) + 1)
    value, claimed = _shown(arithmetic, gradient, found[0].value, enough, apart=not holds[0])
    verdict = Verdict(name, claim.text, all(holds), value, claimed, claim.is_number)
    notes = [notice.message for notice in here.conventions]
    if verdict.right:
        rests = _rests_on(found, claim, prove) if claim.is_formula else "" if notes else _agrees(found[0], claim)
        return replace(verdict, how="; ".join(filter(None, [*notes, rests])), proved=rests.startswith(_PROVED))
    is_proved = not (holds[0] or notes)
    notes.append(_counterexample(found[holds.index(False)], name, digits) if holds[0] else "proved wrong" * is_proved)
    verdict = _with_mistake(replace(verdict, how="; ".join(filter(None, notes)), proved=is_proved), found)
    return verdict if verdict.mistake else replace(verdict, steps=_steps(here, name, digits))


def _agrees(found: _Claimed, claim: Claim) -> str:
    """What a right number rests on."""
    digits = found.agreement(_gradient(found.trace, claim.name))
    if digits < inf:
        return f"it agrees to {digits} digits"
    return _PROVED if claim.unit is None else f"{_PROVED} to the digits given"


def _verdict_anywhere(places: list[_Place], claim: Claim, digits: int, prove: bool) -> Verdict:
    """The verdict on a formula where no point is given: it has to hold wherever it has a value."""
    found = []
    for place in places:
        with suppress(MathError):
            found.append(claim.at(place))
    if not found:
        return Verdict(claim.name, claim.text, False, "", how="the claim has no value at any point that was tried")
    wrong = next((each for each in found if each.differs(_gradient(each.trace, claim.name))), None)
    if wrong is None:
        rests = _rests_on(found, claim, prove)
        return Verdict(claim.name, claim.text, True, "", how=rests, proved=rests.startswith(_PROVED))
    return _with_mistake(Verdict(claim.name, claim.text, False, "", how=_differs(wrong, claim.name, digits)), found)


def _with_mistake(verdict: Verdict, found: Sequence[_Claimed]) -> Verdict:
    """The verdict with the known mistake that leads to the claim at each point, if there is one."""
    for parallel in zip(*(mistakes(each.trace, verdict.name) for each in found), strict=True):
        if not any(each.differs(wrong.value) for each, wrong in zip(found, parallel, strict=True)):
            return replace(verdict, mistake=parallel[0].kind, place=parallel[0].place)
    return verdict


def _gradient(trace: Trace, name: str) -> Value:
    """∂f/∂name, of a variable or a gate."""
    return next(trace.upstream[node.position] for node in trace.graph.nodes if node.name == name)


def _shown(arithmetic: Arithmetic, value: Value, claimed: Value, digits: int, *, apart: bool) -> tuple[str, str]:
    """Two values as text, with as many digits as it takes to tell them apart."""
    while True:
        texts = arithmetic.show(value, digits), arithmetic.show(claimed, digits)
        if not apart or texts[0] != texts[1] or digits >= _PLACES:
            return texts
        digits *= 2


def _counterexample(found: _Claimed, name: str, digits: int) -> str:
    """Where a formula that holds at the given point does not."""
    return f"it holds at this point, but not at others: {_differs(found, name, digits)}"


def _differs(found: _Claimed, name: str, digits: int) -> str:
    """What a formula comes to at a point, and what the gradient is there."""
    trace = found.trace
    shown = [f"{each} = {trace.arithmetic.show(value, 4)}" for each, value in trace.point.items()]
    at = f"at {', '.join(shown)}" if len(shown) <= _FEW else "at another point"
    theirs, ours = (trace.arithmetic.show(value, digits) for value in (found.value, _gradient(trace, name)))
    return f"{at} it is {theirs}, and the gradient is {ours}"


def _sides(trace: Trace) -> list[Value]:
    """Which side of its kinks each gate is on: which inputs it routes to, or the piece that its slope belongs to."""
    sides = []
    for gate in trace.graph.gates:
        if gate.op.truth:
            sides.append(trace.values[gate.position])
        elif gate.op.selects:
            sides += [edge.local for edge in trace.edges_of(gate)]
        elif gate.op.kink is not None:
            x, out = trace.values[gate.inputs[0]], trace.values[gate.position]
            sides += [trace.arithmetic.word("sign")(x) if gate.kind == "abs" else out]
    return sides


def _rests_on(found: Sequence[_Claimed], claim: Claim, prove: bool) -> str:
    """What a right formula rests on: a proof where SymPy finds one, or the points at which it was compared."""
    if prove and _is_proved(found[0].trace.graph, claim):
        return f"{_PROVED} by simplification"
    return f"equal at {len(found)} points" if len(found) > 1 else "equal at this point; no other could be tried"


def _is_proved(graph: Graph, claim: Claim) -> bool:
    from sympy import simplify

    from ..arithmetic.symbolic import Symbolic, UndecidedError, opened

    system = Symbolic()
    symbols = {node.name: system.symbol(node.name) for node in graph.variables}
    wrt = [claim.name] if claim.name in symbols else None

    def is_zero() -> bool:
        trace = backpropagate(graph, symbols, wrt=wrt, arithmetic=system)
        return bool(simplify(opened(_gradient(trace, claim.name) - claim.values(trace)[-1])) == 0)

    try:
        return share(_SHARE, is_zero)
    except (TooSlowError, RecursionError, UndecidedError, MathError):
        return False  # no proof; the points remain


def _depending_on(graph: Graph, name: str) -> list[bool]:
    """For each node: is it this one, or made of it?"""
    found: list[bool] = []
    for node in graph.nodes:
        inputs = node.inputs if isinstance(node, Gate) else ()
        found.append(node.name == name or any(found[i] for i in inputs))
    return found


def _steps(trace: Trace, name: str, digits: int) -> list[str]:
    """The chain for one variable, from the output down, a line for each edge on the way; of very many the ends."""
    below = _depending_on(trace.graph, name)
    f, show = trace.graph.output.name, trace.arithmetic.show
    way = [
        edge
        for edge in sorted(trace.edges, key=lambda each: (-each.gate.position, each.slot))
        if below[edge.input.position] and edge.chained is not None and edge.local is not None
    ]
    shares: dict[int, list[Edge]] = {}
    for edge in way:
        shares.setdefault(edge.input.position, []).append(edge)

    def lines(edge: Edge) -> Iterator[str]:
        numbers = (trace.upstream[edge.gate.position], edge.local, edge.chained)
        upstream, local, chained = (show(value, digits) for value in numbers)
        rule = READING.text(trace.rule(edge))
        source = f"{edge.gate.name} = {trace.graph.written(edge.gate)}"
        factor = local if rule.replace("−", "-") == local else f"{local} ({rule})"
        back = shares[edge.input.position]
        turn, count = 1 + back.index(edge), len(back)
        share = f"share {turn:,} of {count:,} of " if count > 1 else ""
        of = partial(f, edge.input.name)
        yield f"{share}{of} through {source}: upstream {upstream} × local {factor} = {chained}"
        if 1 < count == turn:
            terms = [show(each.chained, digits) for each in back[: FEW + 1]]
            terms = [f"({each})" if each.startswith("-") else each for each in terms]
            added = " + ".join([*terms[:FEW], f"{count - FEW:,} more"] if count > FEW else terms)
            total = show(trace.upstream[edge.input.position], digits)
            yield f"{of} = {added} = {total}: what comes back to {edge.input.name} adds up"

    left = len(way) - STEPS
    told = [
        list(lines(edge)) if left <= 0 or not STEPS // 2 <= place < len(way) - STEPS // 2 else []
        for place, edge in enumerate(way)
    ]
    if left > 0:
        told[STEPS // 2] = [f"… {left:,} edges more …"]
    return [line for each in told for line in each] or [f"{partial(f, name)} = {show(_gradient(trace, name), digits)}"]
