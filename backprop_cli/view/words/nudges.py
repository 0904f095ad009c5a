"""What a nudge shows: f after a step, beside what the gradient says of it, and how well the two agree."""

from __future__ import annotations

from ...arithmetic import Value
from ...study.nudge import Nudge
from .. import texts
from .spans import Said, Span, code, equation, say
from .wording import Wording

_GRADES = ((0.01, "well"), (0.1, "roughly"), (1, "poorly"))
"""How the linear story holds where f misses the line by less than this part of h·∂f/∂x."""


def tell(words: Wording, step: Value, nudge: Nudge) -> list[Said]:
    """The nudge of one variable in words: the step, f there and what the gradient says, how well they agree."""
    trace, h = words.trace, texts.step(words.trace)
    name, f = texts.short(nudge.variable), words.name(words.output)
    moved, slope = f"{name} + {h}", f"∂{f.text}/∂{name}"
    here, value, gradient = trace.point[nudge.variable], trace.value, trace.gradient[nudge.variable]
    says = [equation(code(moved), words.sum([here, step]), words.number(nudge.at))]
    if nudge.value is not None:
        says.append(equation(code(f"{f.text} at {moved}"), words.number(nudge.value)))
    line = code(f"{f.text} + {h} · {slope}")
    says.append(equation(line, words.line(value, step, gradient), words.number(nudge.linear)))
    return [*says, _verdict(words, nudge, f, code(f"{h} · {slope}"))]


def _verdict(words: Wording, nudge: Nudge, f: Span, change: Span) -> Said:
    trace, miss = words.trace, nudge.miss
    if miss is None:
        return say("There {} has no value: {}. The linear story ends before.", f, code(nudge.reason))
    if not trace.arithmetic.is_finite(miss):
        return say("There is nothing to compare: not both are finite.")
    if miss == 0:
        return say("They agree: over this step the linear story holds.")
    apart = _apart(words, abs(miss))
    if nudge.share is None:
        known = trace.is_by_convention(nudge.variable)
        why = "there its 0 is a convention" if known else "it is flat only for a first moment"
        return say("The gradient says that nothing changes, yet {} changes by {}: {}.", f, apart, why)
    grade = next((f"holds {word}" for limit, word in _GRADES if nudge.share < limit), "does not hold over this step")
    return say("They differ by {}, {} of {}: the linear story {}.", apart, _percent(nudge.share), change, grade)


def _apart(words: Wording, miss: Value) -> Said:
    """A difference to three digits. It has fewer digits than its terms, so that six of them stand for all."""
    shown, whole = (words.trace.arithmetic.show(miss, digits) for digits in (3, 6))
    return say("{}" if shown == whole else "about {}", Span("number", shown.replace("-", "−")))


def _percent(share: float) -> str:
    return f"{100 * share:.2g}%" if share < 0.995 else f"{100 * share:,.0f}%"
