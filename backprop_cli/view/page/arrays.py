"""What a page of arrays is told: its steps with their sentences, and its arrays, as they were when it was made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

from ...arithmetic import Value
from ...graph.graph import Gate
from ...passes.trace import Edge, Trace
from ...rules.printer import READING
from .. import texts
from ..picture.circuit import DIGITS
from ..words.spans import Said, Span, equation, plain, say
from ..words.story import Computed, Story, Sum, Tells, Through
from .arithmetic import first_edges
from .layout import RULE

LARGEST = 36
"""Numbers of an array that a page shows; of a larger one it shows the least, the largest and the mean."""

_TEMPLATES = (
    "page forward|page backward|page end|page local|page share|page ask value|page ask chained|page ask share|"
    "page ask sum|page number|page right|page wrong|page try|page only|mistake sign|mistake branch|mistake upstream|"
    "mistake factor|mistake input|mistake loser|mistake quotient|mistake power"
).split("|")


def contents(trace: Trace, story: Story, digits: int | None) -> dict[str, Any]:
    """What a page is told in place of formulas."""

    def numbers(value: Value | None) -> Any:
        return _numbers(trace, value, digits or DIGITS)

    return {
        "start": [],
        "S": [*_steps(story)],
        "E": [_edge(trace, edge, numbers(edge.chained), numbers(edge.local)) for edge in trace.edges],
        "V": [*map(numbers, trace.values)],
        "U": [*map(numbers, trace.upstream)],
        "T": {key: story.words.language.templates[key] for key in _TEMPLATES},
    }


def _numbers(trace: Trace, value: Value | None, digits: int) -> Any:
    """A number as it is; of an array its shape `s`, and `r`, its rows as texts, or `m`, what is told of a large one."""
    shape = () if value is None else trace.arithmetic.shape(value)
    if not shape:
        return None if value is None else trace.arithmetic.data(value)
    told, count = {"s": f"[{'×'.join(map(str, shape))}]"}, prod(shape)
    if count > LARGEST or not count:
        return {**told, "m": _minus(texts.number(trace, value, digits))}
    shown = [_minus(texts.number(trace, each, digits)) for each in trace.arithmetic.entries(value)]
    width, height = shape[-1], shape[-2] if len(shape) > 1 else 1
    rows = [shown[i : i + width] for i in range(0, count, width)]
    return {**told, "r": [rows[i : i + height] for i in range(0, len(rows), height)]}


def _minus(text: str) -> str:
    return text.replace("-", "−")


def _edge(trace: Trace, edge: Edge, chained: Any, local: Any) -> dict[str, Any]:
    """The rule of an edge `r`, what is chained along it, and its local gradient, or the rule for the wire `w`."""
    if edge.chained is None:
        return {}
    told = {"r": READING.text(trace.rule(edge)), "c": chained}
    if trace.is_pullback(edge):
        told["w"] = texts.short(told["r"], RULE)
    elif local is not None:
        told["l"] = local
    return told if edge.active else {**told, "i": 1}


def _steps(story: Story) -> Iterator[list[Any]]:
    """The steps: what each is, its node, headings, what is said, and the arrays that are shown.

    Of an array that is shown: its node, whether it is the gradient, and the edge along which that comes.
    """
    trace = story.trace
    point, output, first = story.point(), story.words.output, first_edges(trace.graph)
    notes = (story.say("note", note) for note in story.notes())
    yield ["a", None, [], _said([*([story.say("at", point)] if point else []), *notes, story.begins()]), []]
    for computed in story.forward():
        if isinstance(computed, Computed):
            node = computed.node
            places = [*dict.fromkeys(node.inputs), node.position] if isinstance(node, Gate) else []
            shown = [[i, 0] for i in places if _is_array(trace, i)]
            yield ["f", node.position, _opened(computed), _said([computed.equation]), shown]
    if trace.gradient and isinstance(output, Gate):
        one = equation(story.words.gradient(output), Span("number", "1"))
        key = "chain rule" + ", forks" * story.has_forks + ", arrays"
        yield ["t", output.position, [], _said([story.say(key, one)]), []]
        for each in story.backward():
            if isinstance(each, Through):
                lines = [*each.says, *(line for told in each.edges for line in told.equations)]
                back = [edge for edge in trace.edges_of(each.node) if edge.chained is not None]
                arrays = [[each.node.position, 1]]
                arrays += [[edge.input.position, 1, first[each.node.position] + edge.slot] for edge in back]
                shown = [array for array in arrays if _is_array(trace, array[0])]
                yield ["g", each.node.position, _opened(each), _said(lines), shown]
            elif isinstance(each, Sum):
                place = each.node.position
                yield ["s", place, [], _said(each.says), [[place, 1]] if _is_array(trace, place) else []]
    tells = [_tells(each) for each in story.tells() if isinstance(each, Tells)]
    yield ["z", None, [], _said([story.say("small steps"), *tells] if tells else [story.say("no gradient")]), []]


def _is_array(trace: Trace, place: int) -> bool:
    return bool(trace.arithmetic.shape(trace.values[place]))


def _tells(told: Tells) -> Said:
    says = "{}: {}. {}" if told.says else "{}: {}{}"
    return say(says, told.equation, told.arrow, told.says)


def _opened(told: Computed | Through) -> list[str]:
    return [plain(each) for each in told.opened]


def _said(said: Sequence[Said]) -> list[list[Any]]:
    """Sentences: words are texts, names, formulas and numbers are texts in a list."""
    return [[each.text if each.kind == "words" else [each.text] for each in one] for one in said]
