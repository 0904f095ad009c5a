"""How uncertainties go through to the output: gradient times σ of each variable, squared, summed, and the root."""

from __future__ import annotations

from collections.abc import Iterator

from ...passes.trace import Pair, Uncertainty
from .. import texts
from ..texts import Gap
from .spans import LISTED, Said, Span, code, equation
from .wording import Wording


def tell(words: Wording) -> Iterator[tuple[str, Said]]:
    """The sentences and equations, each with the kind of block that it is; none where nothing is uncertain."""
    found = words.trace.uncertainty
    if found is None:
        return
    f = words.name(words.output)
    yield "step", words.say("each spreads", f)
    for name in texts.ends(found.components, len(found.components), LISTED, "variables"):
        if isinstance(name, Gap):
            yield "detail", words.say("variables left out", f"{name.left_out:,}")
        else:
            yield "detail", _component(words, found, name)
    yield "step", words.say("squares and products add up" if found.correlations else "squares add up", f)
    yield "detail", _sum(words, found)
    if not words.blank:
        whole = texts.uncertain(words.trace, words.trace.value, found.sigma, None).replace("-", "−")
        yield "step", words.say("rounded", equation(f, Span("number", whole)))


def _component(words: Wording, found: Uncertainty, name: str) -> Said:
    """`∂f/∂m · σ_m = 14.715 · 0.1 = 1.4715, 93.4 % of σ²`."""
    trace, short = words.trace, texts.short(name)
    left = code(f"∂{words.name(words.output).text}/∂{short} · σ_{short}")
    product = words.product(trace.gradient[name], found.sigmas[name])
    line = equation(left, product, words.number(found.components[name]))
    if words.blank or name not in found.shares:
        return line
    return words.say("of variance", line, texts.percentage(trace, found.shares[name]).replace("-", "−"))


def _sum(words: Wording, found: Uncertainty) -> Said:
    """`σ = sqrt(1.4715² + 0.3924²) ≈ 1.52292`."""
    count, pairs = len(found.components), [pair for pair in found.correlations if {*pair} <= found.components.keys()]
    terms = [
        "…" if isinstance(name, Gap) else f"{_factor(words, found, name)}²"
        for name in texts.ends(found.components, count, LISTED, "terms")
    ]
    terms += [
        "…" if isinstance(pair, Gap) else _product(words, found, pair)
        for pair in texts.ends(pairs, len(pairs), LISTED, "terms")
    ]
    is_rounded = any(words.number(each).rounded for each in found.components.values())
    root = code(f"sqrt({' + '.join(terms) or '0'})", rounded=is_rounded)
    return equation(code("σ"), root, words.number(found.sigma))


def _product(words: Wording, found: Uncertainty, pair: Pair) -> str:
    number = words.number(found.correlations[pair]).text
    factors = [f"({number})" if number.startswith("−") else number, *(_factor(words, found, name) for name in pair)]
    return " · ".join(["2", *factors])


def _factor(words: Wording, found: Uncertainty, name: str) -> str:
    text = words.number(found.components[name]).text
    return f"({text})" if text.startswith("−") or " " in text else text
