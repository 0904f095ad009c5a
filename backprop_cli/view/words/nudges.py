"""What a nudge shows: f after a step, beside what the gradient says of it, and how well the two agree."""

from __future__ import annotations

from ...arithmetic import Value
from ...study.nudge import Nudge
from .. import texts
from .spans import Said, Span, code, equation, plain
from .wording import Wording

_GRADES = ((0.01, "well"), (0.1, "roughly"), (1, "poorly"))
"""How the linear story holds where f misses the line by less than this part of h·∂f/∂x."""


def tell(words: Wording, step: Value, nudge: Nudge) -> list[Said]:
    """The nudge of one variable in words: the step, f there and what the gradient says, how well they agree.

    step: how far the variable is moved
    """
    trace, h = words.trace, texts.step(words.trace)
    name, f = texts.short(nudge.variable), words.name(words.output)
    moved, slope = f"{name} + {h}", f"∂{f.text}/∂{name}"
    here, value, gradient = trace.point[nudge.variable], trace.value, trace.gradient[nudge.variable]
    says = [equation(code(moved), words.sum([here, step]), words.number(nudge.at))]
    if nudge.value is not None:
        at_step = words.say("at the step", f, code(moved))
        says.append(equation(code(plain(at_step)), words.number(nudge.value)))
    line = code(f"{f.text} + {h} · {slope}")
    says.append(equation(line, words.line(value, step, gradient), words.number(nudge.linear)))
    return [*says, _verdict(words, nudge, f, code(f"{h} · {slope}"))]


def _verdict(words: Wording, nudge: Nudge, f: Span, change: Span) -> Said:
    trace, miss = words.trace, nudge.miss
    if miss is None:
        return words.say("no value there", f, code(nudge.reason))
    if not trace.arithmetic.is_finite(miss):
        return words.say("not finite")
    if miss == 0:
        return words.say("agree")
    apart = _apart(words, abs(miss))
    if nudge.share is None:
        known = trace.is_by_convention(nudge.variable)
        return words.say("flat by convention" if known else "flat at first", f, apart)
    grade = next((word for limit, word in _GRADES if nudge.share < limit), "no longer")
    return words.say(f"holds {grade}", apart, _percent(nudge.share), change)


def _apart(words: Wording, miss: Value) -> Said:
    """A difference to three digits. It has fewer digits than its terms, so that six of them stand for all."""
    shown, whole = (words.trace.arithmetic.show(miss, digits) for digits in (3, 6))
    number = Span("number", shown.replace("-", "−"))
    return [number] if shown == whole else words.say("about", number)


def _percent(share: float) -> str:
    return f"{100 * share:.2g}%" if share < 0.995 else f"{100 * share:,.0f}%"
