"""Claims over boxes: what lies outside of the box of the gradient, in any part of the boxes, is proved wrong."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from ..arithmetic.ball import order
from ..arithmetic.box import DIGITS, Box, middle
from ..arithmetic.boxes import Boxes
from ..arithmetic.decimals import bound
from ..errors import MathError
from ..graph.graph import Graph
from ..passes.enclosed import in_parts
from ..passes.settings import DOUBLES, Settings
from ..passes.trace import Trace
from .claim import Claim
from .claims import SHOWN, Judge, Verdict
from .sentence import Part, Sentence, say


def judge(
    graph: Graph,
    given: Mapping[str, Any],
    claims: Mapping[str, str],
    settings: Settings = DOUBLES,
    digits: int = SHOWN,
) -> list[Verdict]:
    """A verdict for each claim, which is right where the gradient is what is claimed, all over the boxes.

    given: a number or a box for each variable
    claims, settings, digits: as in `claims.judge`

    Raises InputError for a claim that cannot be read, MathError where the expression has no gradient.
    """
    whole, parts = in_parts(graph, given, settings)
    system = whole.arithmetic
    assert isinstance(system, Boxes)
    with system.working():
        center = {name: bound(middle(box).lo.number, DIGITS, up=False) for name, box in whole.point.items()}
        there = Judge(graph, center, list(claims), settings, digits)
        found = {name: Claim(graph, name, text) for name, text in claims.items()}
        return [_verdict(claim, whole, parts, system, there, digits) for claim in found.values()]


def _verdict(claim: Claim, whole: Trace, parts: list[Trace], system: Boxes, there: Judge, digits: int) -> Verdict:
    gradient = _gradient(whole, claim.name)
    verdict = Verdict(claim.name, claim.text, False, _lies(gradient, system, digits), is_number=claim.is_number)
    if how := _disproof(claim, [whole, *parts], system, digits):
        return replace(verdict, how=[say("verdict proved wrong", how)], proved=True)
    if claim.is_formula:
        [found] = there.verdicts({claim.name: claim.text})
        if found.right:
            return replace(found, value="")
        first = say("verdict middle", found.how[0]) if found.how else say("verdict middle alone")
        return replace(found, how=[first, *found.how[1:]])
    claimed = _claimed(claim, whole, system)
    if order(claimed.lo, gradient.lo) in (-1, 0) and order(claimed.hi, gradient.hi) in (0, 1):
        return replace(verdict, right=True, how=[say("verdict proved in the box")], proved=True)
    return replace(verdict, how=[say("verdict open")])


def _disproof(claim: Claim, traces: list[Trace], system: Boxes, digits: int) -> Sentence | None:
    """Where the claim and the gradient lie in boxes that have nothing in common; None where that is nowhere."""
    for trace in traces:
        with suppress(MathError):
            claimed, right = _claimed(claim, trace, system), _gradient(trace, claim.name)
            if order(claimed.hi, right.lo) == -1 or order(claimed.lo, right.hi) == 1:
                compared = [_lies(each, system, digits) for each in ([] if claim.is_number else [claimed]) + [right]]
                formula = "" if claim.is_number else ", formula"
                if trace is traces[0]:
                    return say(f"verdict all over{formula}", *compared)
                (name, box), *others = ((*each,) for each in trace.point.items() if not each[1].is_thin)
                at: Part = name
                for other, next_box in others:
                    at, box = say("verdict boxes", at, system.typed(box, digits), other), next_box
                return say(f"verdict in a part{formula}", at, system.typed(box, digits), *compared)
    return None


def _lies(box: Box, system: Boxes, digits: int) -> Part:
    """`in [0, 0.5]`, or the number where it is one."""
    shown = system.show(box, digits)
    return say("verdict in", shown) if shown.startswith("[") else shown


def _claimed(claim: Claim, trace: Trace, system: Boxes) -> Box:
    """What is claimed over the boxes of a trace, give or take what the digits of a number leave open."""
    value: Box = claim.values(trace)[-1]
    if claim.unit is None:
        return value
    half: Box = system.number(claim.unit) / 2
    return Box((value - half).lo, (value + half).hi)


def _gradient(trace: Trace, name: str) -> Box:
    [found] = [trace.upstream[node.position] for node in trace.graph.nodes if node.name == name]
    assert isinstance(found, Box)
    return found
