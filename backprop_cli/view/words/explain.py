"""An explanation as plain text, Markdown and JSON: the parts of a story, set."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from ...arithmetic import Value
from ...graph.graph import Constant, Gate
from ...passes.trace import Trace
from ...rules.printer import text as rule_text
from ...study.nudge import Nudge
from .. import Options, json, texts
from . import nudges
from .story import Computed, Gap, Story, Sum, Tells, Through
from .wording import Part, equation

SHOWN = 100
"""Gates, and variables, that a text tells of; of more, the first and the last half of these."""

_EDGES = 40  # of one gate, likewise
_WIDEST = 100  # columns of a paragraph in a wide terminal
_LONGEST = 2_000  # characters of an expression in the title


class Block(NamedTuple):
    """A piece of text. kind: `title`, `section`, `step`, what stands under these: `line`, `detail`; or a line of a
    `program`, which has no marks.
    """

    kind: str
    text: str


def as_text(explanation: Explanation, options: Options) -> str:
    """The explanation as plain text."""
    width = options.width
    indent = {"program": 0, "title": 0, "section": 0, "step": 2, "line": 2, "detail": 4}
    lines: list[str] = []
    before = ""
    for kind, marked in _blocks(explanation, options.digits):
        words = marked if kind == "program" else _plain(marked)
        if before and (kind in ("section", "step") or before == "section"):
            lines.append("")
        if width and kind != "program":
            lines += _wrapped(words, indent[kind], width)
        else:
            lines.append(" " * indent[kind] + words)
        before = kind
    return "\n".join(lines) + "\n"


def as_markdown(explanation: Explanation, options: Options) -> str:
    """The explanation as GitHub-flavoured Markdown: a heading for each part, and nested lists."""
    begin = {"program": "    ", "title": "", "section": "", "step": "- ", "line": "- ", "detail": "  - "}
    lines: list[str] = []
    before = ""
    for kind, words in _blocks(explanation, options.digits):
        title, _, rest = words.partition(". ") if kind == "section" else ("", "", words)
        alone = {"section", "title"} & {kind, before}
        if before and alone:
            lines.append("")
        lines += [f"### {title}", ""] if title else []
        lines.append(f"{begin[kind]}{rest}".rstrip())
        before = kind
    return "\n".join(lines) + "\n"


def _wrapped(words: str, indent: int, width: int) -> list[str]:
    first, later = " " * indent, " " * (indent + 2 * (indent > 0))
    return textwrap.wrap(words, min(width, _WIDEST), initial_indent=first, subsequent_indent=later,
                         break_long_words=False, break_on_hyphens=False)  # fmt: skip


class Nudges(NamedTuple):
    """The step, and what it does in each variable."""

    step: Value
    nudges: Sequence[Nudge]


class Explanation(NamedTuple):
    """A trace that is to be explained, and perhaps some steps beside its point."""

    trace: Trace
    nudged: Nudges | None = None


def _blocks(explanation: Explanation, digits: int | None) -> Iterator[Block]:
    trace, nudged = explanation
    story = Story(trace, digits, SHOWN)
    program = texts.program(trace.graph)
    yield from (Block("program", line) for line in program)
    if not program:
        yield Block("title", f"`{texts.short(trace.graph.source, _LONGEST)}`")
    if point := story.point():
        yield Block("title", f"at {point}")
    for note in story.notes():
        yield Block("title", f"Note: {note}")
    yield from _forward(story)
    yield from _backward(story)
    yield from _gradient(story)
    if nudged and trace.gradient:
        yield from _nudges(story, nudged)


def _forward(story: Story) -> Iterator[Block]:
    output = story.words.output
    if not isinstance(output, Gate):
        what = "constant" if isinstance(output, Constant) else "variable"
        yield Block(
            "section", f"Forward pass. There is no gate: the output is the {what} `{story.words.name(output)}`."
        )
        return
    yield Block("section", "Forward pass. Each gate computes its value from its inputs.")
    for each in story.forward():
        yield _gap(each) if isinstance(each, Gap) else Block("line", each.equation)


def _backward(story: Story) -> Iterator[Block]:
    if not story.trace.gradient or not isinstance(story.words.output, Gate):
        return
    f = story.words.gradient(story.words.output)
    yield Block(
        "section",
        f"Backward pass. In reverse, from `{f} = 1`. What flows back along an edge is the upstream gradient of its "
        "gate times the local gradient of the edge: the chain rule.",
    )
    for each in story.backward():
        if isinstance(each, Gap):
            yield _gap(each)._replace(kind="step")
        elif isinstance(each, Sum):
            yield Block("step", each.heading)
            yield Block("detail", each.equation)
        else:
            yield Block("step", each.heading)
            yield from (Block("detail", words) for words in each.says)
            yield from _edges(each)


def _edges(step: Through) -> Iterator[Block]:
    half, count = _EDGES // 2, len(step.edges)
    for place, told in enumerate(step.edges):
        if count <= _EDGES or not half <= place < count - half:
            yield from (Block("detail", words) for words in told.equations)
        elif place == half:
            yield _gap(Gap(count - 2 * half, "edges"))._replace(kind="detail")


def _gradient(story: Story) -> Iterator[Block]:
    if not story.trace.gradient:
        yield Block("section", "Gradient. There is none: nothing here varies.")
        return
    yield Block("section", "Gradient. What a small step in one variable does, while the others stay.")
    for each in story.tells():
        yield _gap(each) if isinstance(each, Gap) else Block("line", f"{each.equation}: {each.arrow}. {each.says}")


def _nudges(story: Story, nudged: Nudges) -> Iterator[Block]:
    h = texts.step(story.trace)
    f, step = story.words.name(story.words.output), equation(Part(h), story.words.number(nudged.step))
    yield Block("section", f"Nudge. `{f}` after a step of {step} in one variable, beside what the gradient says.")
    for each in nudged.nudges:
        told = nudges.tell(story.words, nudged.step, each)
        yield Block("step", told.heading)
        yield from (Block("detail", words) for words in (*told.equations, told.says))


def _gap(gap: Gap) -> Block:
    return Block("line", f"… {gap.left_out:,} {gap.what} are left out here; --format json has all")


# -- JSON


def as_json(explanation: Explanation, options: Options) -> str:
    """The explanation as JSON: exact numbers, and the words that the text has for them."""
    trace, nudged = explanation
    story = Story(trace, options.digits)
    full: dict[str, Any] = {**json.head(trace), **json.groups(trace)}
    full["forward"] = [_computed(trace, each) for each in story.forward() if isinstance(each, Computed)]
    has_pass = trace.gradient and isinstance(trace.graph.output, Gate)
    steps = story.backward() if has_pass else ()
    full["backward"] = [
        _sum(trace, each) if isinstance(each, Sum) else _through(trace, each)
        for each in steps
        if not isinstance(each, Gap)
    ]
    full["tells"] = [
        {"variable": each.variable, "tells": _plain(each.arrow), "says": _plain(each.says)}
        for each in story.tells()
        if isinstance(each, Tells)
    ]
    if nudged:
        full["nudge"] = {
            "step": trace.arithmetic.data(nudged.step),
            "variables": [_nudge(story, nudged.step, each) for each in nudged.nudges],
        }
    full["warnings"] = [notice._asdict() for notice in trace.warnings]
    return json.lines(full, options)


def _plain(marked: str) -> str:
    return marked.replace("`", "")


def _computed(trace: Trace, told: Computed) -> dict[str, Any]:
    gate = told.node
    return {
        "name": gate.name,
        "op": gate.kind,
        "expression": trace.graph.written(gate),
        "value": trace.arithmetic.data(trace.values[gate.position]),
        **({"group": gate.group if gate.group >= 0 else None} if trace.graph.groups else {}),
        "says": _plain(told.equation),
    }


def _through(trace: Trace, told: Through) -> dict[str, Any]:
    gate, data = told.gate, trace.arithmetic.data
    says = {each.edge.slot: [_plain(words) for words in each.equations] for each in told.edges}
    return {
        "step": "gate",
        "name": gate.name,
        "op": gate.kind,
        "role": gate.op.role or None,
        "upstream": data(trace.upstream[gate.position]),
        "says": [_plain(words) for words in (told.heading, *told.says)],
        "edges": [
            {
                "slot": edge.slot,
                "name": edge.input.name,
                "rule": rule_text(trace.rule(edge)),
                "local": None if edge.local is None else data(edge.local),
                "chained": data(edge.chained),
                "says": says.get(edge.slot, []),
            }
            for edge in trace.edges_of(gate)
            if edge.chained is not None
        ],
    }


def _sum(trace: Trace, told: Sum) -> dict[str, Any]:
    return {
        "step": "sum",
        "name": told.node.name,
        "terms": [trace.arithmetic.data(term) for term in told.terms],
        "upstream": trace.arithmetic.data(trace.upstream[told.node.position]),
        "says": [_plain(told.heading), _plain(told.equation)],
    }


def _nudge(story: Story, step: Value, nudge: Nudge) -> dict[str, Any]:
    def number(value: Value | None) -> Any:
        return None if value is None else story.trace.arithmetic.data(value)

    told = nudges.tell(story.words, step, nudge)
    return {
        "variable": nudge.variable,
        "at": number(nudge.at),
        "value": number(nudge.value),
        "linear": number(nudge.linear),
        "miss": number(nudge.miss),
        "share": nudge.share,
        "reason": nudge.reason or None,
        "says": [_plain(words) for words in (told.heading, *told.equations, told.says)],
    }
