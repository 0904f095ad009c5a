"""Is a gradient that somebody derived by hand right? And where it is not, which mistake leads to it?"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from math import inf

from ..arithmetic import Arithmetic, Value
from ..arithmetic.ball import exactly
from ..arithmetic.balls import Balls
from ..errors import FEW, InputError, MathError, did_you_mean, few, quote, suggest
from ..graph.graph import Constant, Gate, Graph, partial
from ..passes import certain, point
from ..passes.backpropagate import backpropagate
from ..passes.settings import DOUBLES, Settings
from ..passes.trace import Edge, Trace
from ..rules.printer import READING
from ..runtime.budget import in_calls
from .claim import PLACES, SPARE, Claim, Claimed, Place
from .mistakes import mistakes
from .sentence import RAISED, Part, Sentence, say

POINTS = 8
"""Points of the domain, beside the given one, at which a formula is compared."""
SHOWN = 6
"""Significant digits of a value in a verdict, unless others are asked for."""
STEPS = 100
"""Edges on the way to a variable that a verdict shows."""
_ATTEMPTS = 400
_CALLS = 3_000_000  # of functions, for the proofs of all claims: for one, mostly some 100,000 do
_PROVED = ("verdict proved", "verdict proved number", "verdict proved digits")
_FEW = 4  # variables that a counterexample names


@dataclass(frozen=True)
class Verdict:
    """What became of one claim.

    name: the variable, or the gate
    claim: what was said
    right: whether it holds
    value: the gradient at the point, empty where there is no point
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
    value: Part
    claimed: str = ""
    is_number: bool = False
    how: Sequence[Sentence] = ()
    proved: bool = False
    mistake: str = ""
    place: Part = ""
    steps: Sequence[Part] = ()


def judge(
    graph: Graph,
    given: Mapping[str, float | str],
    claims: Mapping[str, str],
    settings: Settings = DOUBLES,
    digits: int = SHOWN,
) -> list[Verdict]:
    """A verdict for each claim.

    given: a value for each variable; where claims are formulas alone, variables may be without one
    claims: by variable or gate, a number or a formula of the variables and gates
    settings: wrt and ties; and precision: so many digits of the gradient are proven, and at least PLACES
    digits: significant ones of a value in a verdict

    Raises InputError for a claim that cannot be read, MathError where the expression has no gradient.
    """
    return Judge(graph, given, list(claims), settings, digits).verdicts(claims)


class Judge:
    """Who judges claims about one graph, at one point or wherever it has a gradient: it is asked once, and told often.

    given, settings, digits: as in `judge`
    names: the variables and gates that claims are about
    prove: whether a proof of right formulas is looked for, beside the points at which they hold

    Raises InputError for a name that nothing is claimed of, MathError where the expression has no gradient.
    """

    def __init__(
        self,
        graph: Graph,
        given: Mapping[str, float | str],
        names: Sequence[str],
        settings: Settings = DOUBLES,
        digits: int = SHOWN,
        *,
        prove: bool = True,
    ) -> None:
        self.places = max(PLACES, (settings.precision or 0) + SPARE)  # digits to which gradients and claims are known
        self.graph, self.given, self.settings, self.digits = graph, given, settings, digits
        self.calls = _CALLS // max(1, len(names)) if prove else 0
        self.names = names
        self.missing = point.missing(graph, given)
        wanted = graph.depending_on(settings.wrt)
        positions = {node.name: node.position for node in graph.nodes if not isinstance(node, Constant)}
        for name in names:
            if name not in positions:
                is_stage = name in dict(graph.stages)
                why = (
                    "a stage that has no gate of its own"
                    if is_stage
                    else "not a variable of the expression, nor a gate"
                )
                close = "" if is_stage else suggest(name, positions)
                raise InputError(f"a claim for {quote(name)}, which is {why}", hint=close and did_you_mean(name, close))
            if not wanted[positions[name]]:
                raise InputError(f"a claim for {quote(name)}, which {graph.ungraded(positions[name])}")

    def verdicts(self, claims: Mapping[str, str]) -> list[Verdict]:
        """A verdict for each claim. Raises InputError for one that cannot be read."""
        read = [Claim(self.graph, name, claim) for name, claim in claims.items()]
        for claim in read:
            if self.missing and not claim.is_formula:
                names = ", ".join(few(self.missing))
                message = f"the claim for {quote(claim.name)} is a number, and {names} without a value"
                raise InputError(message, hint="a number is judged at a point; a formula needs none")
        with Balls(self.places).working():
            return [self._verdict(claim) for claim in read]

    def _verdict(self, claim: Claim) -> Verdict:
        if self.missing:
            return _verdict_anywhere(self.anywhere, claim, self.digits, self.calls)
        places = [self.here, *self.elsewhere] if claim.is_formula else [self.here]
        return _verdict(places, claim, self.digits, self.calls)

    @cached_property
    def here(self) -> Place:
        """The point."""
        try:
            return self._place(lambda arithmetic: point.complete(self.given, arithmetic))
        except MathError:  # some variable has no gradient here; those that are claimed to have one may do
            wrt = [node.name for node in self.graph.variables if self._leads_to_claims(node.name)]
            self.settings = self.settings._replace(wrt=wrt)
            return self._place(lambda arithmetic: point.complete(self.given, arithmetic))

    @cached_property
    def elsewhere(self) -> list[Place]:
        """Points elsewhere in the domain where max, abs and the like take the same sides as here."""
        sides = _sides(self.here.trace)
        return list(islice((each for each in self._tried(self.here.trace) if _sides(each.trace) == sides), POINTS))

    @cached_property
    def anywhere(self) -> list[Place]:
        """Points in the domain, whatever sides they are on, except for ties and kinks, where no point is given."""
        tried = self._tried(None)
        smooth = (each for each in tried if not any(notice.kind in ("tie", "kink") for notice in each.trace.warnings))
        found = list(islice(smooth, POINTS + 1))
        if not found:
            hint = "give each variable a value"
            raise MathError("no point was found at which the expression has a gradient", self.graph.source, hint=hint)
        return found

    def _place(self, at: Callable[[Balls], Mapping[str, Value]]) -> Place:
        def again(arithmetic: Balls) -> Trace:
            return backpropagate(self.graph, at(arithmetic), self.settings, arithmetic)

        return Place(certain.proven(self.graph, self.places, again, certain.numbers)[0], again)

    def _tried(self, here: Trace | None) -> Iterator[Place]:
        """Random points around this one, nearer and farther, where there is a gradient."""
        arithmetic = Balls(self.places)
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


def _verdict(places: list[Place], claim: Claim, digits: int, calls: int) -> Verdict:
    here, name = places[0].trace, claim.name
    arithmetic = here.arithmetic
    gradient = _gradient(here, name)
    try:
        found = [claim.at(places[0])]
    except MathError as error:
        why = say("verdict no value", say(RAISED, error.message))
        steps = _steps(here, name, digits)
        return Verdict(name, claim.text, False, arithmetic.show(gradient, digits), how=[why], steps=steps)
    for place in places[1:]:
        with suppress(MathError):  # a formula may hold in a part of the domain only, as exp(log(x)) does for x
            found.append(claim.at(place))
    holds = [not each.differs(_gradient(each.trace, name)) for each in found]
    enough = max(digits, (claim.digits or 0) + 1)
    value, claimed = _shown(arithmetic, gradient, found[0].value, enough, apart=not holds[0])
    verdict = Verdict(name, claim.text, all(holds), value, claimed, claim.is_number)
    how = [say(RAISED, notice.message) for notice in here.conventions]
    if verdict.right:
        if claim.is_formula:
            how.append(_rests_on(found, claim, calls))
        elif not how:
            how.append(_agrees(found[0], claim))
        return replace(verdict, how=how, proved=how[-1].key in _PROVED)
    is_proved = not (holds[0] or how)
    if holds[0]:
        how.append(say("verdict not elsewhere", _differs(found[holds.index(False)], name, digits)))
    elif is_proved:
        how.append(say("verdict proved wrong here"))
    verdict = _with_mistake(replace(verdict, how=how, proved=is_proved), found)
    return verdict if verdict.mistake else replace(verdict, steps=_steps(here, name, digits))


def _agrees(found: Claimed, claim: Claim) -> Sentence:
    """What a right number rests on."""
    digits = found.agreement(_gradient(found.trace, claim.name))
    if digits < inf:
        return say("verdict agrees", f"{digits}")
    return say("verdict proved number" if claim.unit is None else "verdict proved digits")


def _verdict_anywhere(places: list[Place], claim: Claim, digits: int, calls: int) -> Verdict:
    """The verdict on a formula where no point is given: it has to hold wherever it has a value."""
    found = []
    for place in places:
        with suppress(MathError):
            found.append(claim.at(place))
    if not found:
        return Verdict(claim.name, claim.text, False, "", how=[say("verdict no value anywhere")])
    wrong = next((each for each in found if each.differs(_gradient(each.trace, claim.name))), None)
    if wrong is None:
        rests = _rests_on(found, claim, calls)
        return Verdict(claim.name, claim.text, True, "", how=[rests], proved=rests.key in _PROVED)
    return _with_mistake(Verdict(claim.name, claim.text, False, "", how=[_differs(wrong, claim.name, digits)]), found)


def _with_mistake(verdict: Verdict, found: Sequence[Claimed]) -> Verdict:
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
        if not apart or texts[0] != texts[1] or digits >= arithmetic.digits:
            return texts
        digits *= 2


def _differs(found: Claimed, name: str, digits: int) -> Sentence:
    """What a formula comes to at a point, and what the gradient is there."""
    trace = found.trace
    shown = [f"{each} = {trace.arithmetic.show(value, 4)}" for each, value in trace.point.items()]
    theirs, ours = (trace.arithmetic.show(value, digits) for value in (found.value, _gradient(trace, name)))
    if len(shown) > _FEW:
        return say("verdict differs elsewhere", theirs, ours)
    return say("verdict differs", ", ".join(shown), theirs, ours)


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


def _rests_on(found: Sequence[Claimed], claim: Claim, calls: int) -> Sentence:
    """What a right formula rests on: a proof where SymPy finds one, or the points at which it was compared."""
    if calls and _is_proved(found[0].trace.graph, claim, calls):
        return say("verdict proved")
    return say("verdict equal", f"{len(found)}") if len(found) > 1 else say("verdict equal here")


def _is_proved(graph: Graph, claim: Claim, calls: int) -> bool:
    from sympy import simplify

    from ..arithmetic.symbolic import Symbolic
    from ..arithmetic.symbolic_functions import UndecidedError, opened
    from ..passes.exact import has_large_power

    system = Symbolic()
    symbols = {node.name: system.symbol(node.name) for node in graph.variables}
    wrt = [claim.name] if claim.name in symbols else None

    def is_zero() -> bool:
        trace = backpropagate(graph, symbols, Settings(wrt), system)
        difference = opened(_gradient(trace, claim.name) - claim.values(trace)[-1])
        return not has_large_power(difference) and bool(simplify(difference) == 0)

    try:
        return bool(in_calls(calls, is_zero))
    except (RecursionError, UndecidedError, MathError):
        return False  # no proof; the points remain


def _depending_on(graph: Graph, name: str) -> list[bool]:
    """For each node: is it this one, or made of it?"""
    found: list[bool] = []
    for node in graph.nodes:
        inputs = node.inputs if isinstance(node, Gate) else ()
        found.append(node.name == name or any(found[i] for i in inputs))
    return found


def _steps(trace: Trace, name: str, digits: int) -> list[Part]:
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

    def lines(edge: Edge) -> Iterator[Part]:
        numbers = (trace.upstream[edge.gate.position], edge.local, edge.chained)
        upstream, local, chained = (show(value, digits) for value in numbers)
        rule = READING.text(trace.rule(edge))
        source = f"{edge.gate.name} = {trace.graph.written(edge.gate)}"
        factor = local if rule.replace("−", "-") == local else f"{local} ({rule})"
        back = shares[edge.input.position]
        turn, count = 1 + back.index(edge), len(back)
        of = partial(f, edge.input.name)
        told = (of, source, upstream, factor, chained)
        yield say("verdict share", f"{turn:,}", f"{count:,}", *told) if count > 1 else say("verdict through", *told)
        if 1 < count == turn:
            terms = [show(each.chained, digits) for each in back[: FEW + 1]]
            terms = [f"({each})" if each.startswith("-") else each for each in terms]
            added: Part = " + ".join(terms[:FEW])
            if count > FEW:
                added = say("verdict terms more", added, f"{count - FEW:,}")
            total = show(trace.upstream[edge.input.position], digits)
            yield say("verdict adds up", of, added, total, edge.input.name)

    left = len(way) - STEPS
    told = [
        list(lines(edge)) if left <= 0 or not STEPS // 2 <= place < len(way) - STEPS // 2 else []
        for place, edge in enumerate(way)
    ]
    if left > 0:
        told[STEPS // 2] = [say("verdict edges more", f"{left:,}")]
    return [line for each in told for line in each] or [f"{partial(f, name)} = {show(_gradient(trace, name), digits)}"]
