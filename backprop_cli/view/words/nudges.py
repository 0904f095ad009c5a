"""What a nudge shows: f after a step, beside what the gradient says of it, and how well the two agree."""

from __future__ import annotations

from typing import NamedTuple

from ...arithmetic import Value
from ...study.nudge import Nudge
from .. import texts
from .wording import Part, Wording, equation

_GRADES = ((0.01, "well"), (0.1, "roughly"), (1, "poorly"))
"""How the linear story holds where f misses the line by less than this part of h·∂f/∂x."""


class Told(NamedTuple):
    """One nudge in words."""

    heading: str
    equations: list[str]
    says: str


def tell(words: Wording, step: Value, nudge: Nudge) -> Told:
    """The nudge of one variable in words."""
    trace, h = words.trace, texts.step(words.trace)
    name, f = texts.short(nudge.variable), words.name(words.output)
    moved, slope = f"{name} + {h}", f"∂{f}/∂{name}"
    here, value, gradient = trace.point[nudge.variable], trace.value, trace.gradient[nudge.variable]
    heading = equation(Part(moved), words.sum([here, step]), words.number(nudge.at))
    line = equation(Part(f"{f} + {h} · {slope}"), words.line(value, step, gradient), words.number(nudge.linear))
    equations = [line]
    if nudge.value is not None:
        equations.insert(0, equation(Part(f"{f} at {moved}"), words.number(nudge.value)))
    return Told(heading, equations, _verdict(words, nudge, f, f"{h} · {slope}"))


def _verdict(words: Wording, nudge: Nudge, f: str, change: str) -> str:
    trace, miss = words.trace, nudge.miss
    if miss is None:
        return f"There `{f}` has no value: `{nudge.reason}`. The linear story ends before."
    if not trace.arithmetic.is_finite(miss):
        return "There is nothing to compare: not both are finite."
    if miss == 0:
        return "They agree: over this step the linear story holds."
    apart = _apart(words, abs(miss))
    if nudge.share is None:
        known = trace.is_by_convention(nudge.variable)
        why = "there its 0 is a convention" if known else "it is flat only for a first moment"
        return f"The gradient says that nothing changes, yet `{f}` changes by {apart}: {why}."
    grade = next((f"holds {word}" for limit, word in _GRADES if nudge.share < limit), "does not hold over this step")
    return f"They differ by {apart}, {_percent(nudge.share)} of `{change}`: the linear story {grade}."


def _apart(words: Wording, miss: Value) -> str:
    """A difference to three digits. It has fewer digits than its terms, so that six of them stand for all."""
    shown, whole = (words.trace.arithmetic.show(miss, digits) for digits in (3, 6))
    return f"{'' if shown == whole else 'about '}{shown.replace('-', '−')}"


def _percent(share: float) -> str:
    return f"{100 * share:.2g}%" if share < 0.995 else f"{100 * share:,.0f}%"
