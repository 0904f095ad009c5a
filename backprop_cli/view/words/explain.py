"""An explanation as plain text, Markdown and JSON: the parts of a story, set."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from ...arithmetic import TIES, Value
from ...errors import InputError
from ...graph.graph import Gate
from ...passes import point
from ...passes.trace import Trace
from ...rules.printer import READING
from ...study.nudge import Nudge
from ...study.nudge import nudges as nudge_each
from .. import Options, columns, json, texts
from ..texts import Gap
from . import nudges, spreads
from .language import ENGLISH, Language
from .parts import Back, Computed, Tells
from .spans import Said, Span, code, equation, plain, say
from .story import Story

SHOWN = 100
"""Gates, and variables, that a text tells of; of more, the first and the last half of these."""

_STYLES = {"title": "bold", "step": "bold", "group": "dim italic"}
_RESULT = re.compile(r"(?<=[=≈] )[^=≈:]+(?=$|: )")  # what an equation comes to
_EDGES = 40  # of one gate, likewise
_WIDEST = 100  # columns of a paragraph in a wide terminal
_LONGEST = 2_000  # characters of an expression in the title


class Nudges(NamedTuple):
    """The step, and what it does in each variable."""

    step: Value
    nudges: Sequence[Nudge]


class Explanation(NamedTuple):
    """A trace that is to be explained, and perhaps some steps beside its point.

    only: names of the nodes that it is to be about, None for all
    blank: whether it is a worksheet, in which the numbers are left out
    language: in which it is told
    ties: what inputs that tie have received, one of TIES
    """

    trace: Trace
    nudged: Nudges | None = None
    only: Sequence[str] | None = None
    blank: bool = False
    language: Language = ENGLISH
    ties: str = TIES[0]

    @classmethod
    def of(cls, trace: Trace, nudge: str | None) -> Explanation:
        """The explanation with steps of this size, a text, if there is one. Raises InputError where there is none."""
        if nudge is None:
            return cls(trace)
        if trace.arithmetic.of_boxes:
            raise InputError("--nudge compares numbers, and here are boxes", hint="leave it out")
        if trace.arithmetic.trusted is None:
            message = "--nudge compares decimal numbers: --exact has none"
            raise InputError(message, hint="--precision 50 has many digits")
        step = point.read_value("--nudge", nudge, trace.arithmetic)
        if step == 0:
            raise InputError("--nudge takes a step other than 0", hint="for example: --nudge 0.01")
        return cls(trace, Nudges(step, list(nudge_each(trace, step))))


class Block(NamedTuple):
    """A piece of text.

    kind: `title`, `section`, `group`, `step`, what is below (`line`, `detail`), or a line of a `program`
    depth: how many opened calls it stands in
    """

    kind: str
    said: Said
    heading: str = ""
    depth: int = 0


def as_text(explanation: Explanation, options: Options, shown: int = SHOWN) -> str:
    """The explanation as plain text. shown: gates and variables that it tells of."""
    indent = {"group": 2, "step": 2, "line": 2, "detail": 4}
    width = options.width and min(options.width, _WIDEST)
    lines: list[str] = []
    before = part = ""
    for kind, said, heading, depth in _blocks(explanation, options.digits, shown):
        if before not in ("", "group") and (kind in ("section", "group", "step") or before == "section"):
            lines.append("")
        words = f"{heading}. {plain(said)}" if heading else plain(said)
        first, limit = " " * (indent.get(kind, 0) + 2 * depth), None if kind == "program" else width
        part = heading or part
        folded = columns.fold(words, limit, first, f"{first}  " if first else "")
        is_forward = part == explanation.language.templates["Forward pass"]
        lines += _painted(folded, kind, heading, "green" if is_forward else "red", options)
        before = kind
    return "\n".join(lines) + "\n"


def _painted(lines: list[str], kind: str, heading: str, style: str, options: Options) -> list[str]:
    """The lines of a block in the colours of the table: a result forward is green, and a gradient red."""
    if heading:
        return [lines[0].replace(heading, options.paint(heading, "bold"), 1), *lines[1:]]
    if kind in _STYLES:
        return [options.paint(line, _STYLES[kind]) for line in lines]
    if kind in ("line", "detail"):
        return [_RESULT.sub(lambda found: options.paint(found[0], style), line) for line in lines]
    return lines


def as_markdown(explanation: Explanation, options: Options) -> str:
    """The explanation as GitHub-flavoured Markdown: a heading for each part, and nested lists."""
    begin = {"program": "    ", "group": "- ", "step": "- ", "line": "- ", "detail": "  - "}
    lines: list[str] = []
    before = ""
    for kind, said, heading, depth in _blocks(explanation, options.digits):
        alone = {"section", "title"} & {kind, before}
        if before and alone:
            lines.append("")
        lines += [f"### {heading}", ""] if heading else []
        lines.append(f"{'  ' * depth}{begin.get(kind, '')}{marked(said)}".rstrip())
        before = kind
    return "\n".join(lines) + "\n"


def marked(said: Said) -> str:
    """A sentence as Markdown."""
    return "".join(f"`{span.text}`" if span.kind == "code" else span.text for span in said)


def _blocks(explanation: Explanation, digits: int | None, shown: int = SHOWN) -> Iterator[Block]:
    trace, nudged, only, blank, language, _ = explanation
    story = Story(trace, digits, shown, only, blank, language)
    program = texts.program(trace.graph)
    yield from (Block("program", say("{}", line)) for line in program)
    if not program:
        yield Block("title", [code(texts.short(trace.graph.source, _LONGEST))])
    if point := story.point():
        yield Block("title", story.say("for all" if story.is_boxed else "at", point))
    for note in story.notes() if not blank else ():
        yield Block("title", story.say("note", note))
    yield from _forward(story)
    if trace.gradient:
        yield from _backward(story)
        yield from _gradient(story)
        yield from _spreads(story)
        yield from _nudges(story, nudged) if nudged else ()
    else:
        yield _section(story, "no gradient", "Gradient")


def _forward(story: Story) -> Iterator[Block]:
    yield Block("section", story.begins(), story.words.language.templates["Forward pass"])
    if not isinstance(story.words.output, Gate):
        return
    for each in story.forward():
        if isinstance(each, Gap):
            yield _gap(story, each, "line")
        else:
            yield from _opened(each, "line")
            yield Block("line", each.equation, depth=each.depth)


def _opened(told: Computed | Back, kind: str) -> Iterator[Block]:
    """The headings of the calls that begin here."""
    outside = told.depth - len(told.opened)
    return (Block(kind, said, depth=outside + place) for place, said in enumerate(told.opened))


def _backward(story: Story) -> Iterator[Block]:
    output = story.words.output
    if not isinstance(output, Gate):
        return
    one = equation(story.words.gradient(output), Span("number", "1"))
    key = "chain rule" + ", forks" * story.has_forks + ", arrays" * story.trace.has_axes
    yield _section(story, key, "Backward pass", one)
    for each in story.backward():
        if isinstance(each, Gap):
            yield _gap(story, each, "step")
            continue
        yield from _opened(each, "group")
        yield from _step(each.says, each.depth)
        for told in texts.ends(each.edges, len(each.edges), _EDGES, "edges"):
            if isinstance(told, Gap):
                yield _gap(story, told, "detail")
            else:
                yield from (Block("detail", said, depth=each.depth) for said in told.equations)


def _gradient(story: Story) -> Iterator[Block]:
    for place, each in enumerate(story.tells()):
        if not place:
            yield _section(story, "trends" if story.is_boxed else "small steps", "Gradient")
        if isinstance(each, Gap):
            yield _gap(story, each, "line")
        else:
            says = "{}: {}. {}" if each.says else "{}: {}{}"
            yield Block("line", say(says, each.equation, each.arrow, each.says))


def _spreads(story: Story) -> Iterator[Block]:
    for place, (kind, said) in enumerate(spreads.tell(story.words)):
        if not place:
            yield _section(story, "uncertain", "Uncertainty", story.words.name(story.words.output))
        yield Block(kind, said)


def _nudges(story: Story, nudged: Nudges) -> Iterator[Block]:
    step = equation(code(texts.step(story.trace)), story.words.number(nudged.step))
    yield _section(story, "nudged", "Nudge", story.words.name(story.words.output), step)
    for each in nudged.nudges:
        yield from _step(nudges.tell(story.words, nudged.step, each))


def _step(says: Sequence[Said], depth: int = 0) -> Iterator[Block]:
    return (Block("detail" if place else "step", said, depth=depth) for place, said in enumerate(says))


def _section(story: Story, key: str, heading: str, *parts: Span | Said) -> Block:
    return Block("section", story.say(key, *parts), story.words.language.templates[heading])


def _gap(story: Story, gap: Gap, kind: str) -> Block:
    return Block(kind, story.say(f"{gap.what} left out", f"{gap.left_out:,}"))


# -- JSON


def as_json(explanation: Explanation, options: Options) -> str:
    """The explanation as JSON: exact numbers, and the words that the text has for them."""
    trace, nudged, only, _, language, _ = explanation
    story = Story(trace, options.digits, only=only, language=language)
    full: dict[str, Any] = {**json.head(trace), **json.groups(trace)}
    full["forward"] = [_computed(trace, each) for each in story.forward() if isinstance(each, Computed)]
    full["backward"] = [_step_back(trace, each) for each in story.backward() if not isinstance(each, Gap)]
    full["tells"] = [
        {"variable": each.variable, "tells": each.arrow.text, "says": plain(each.says)}
        for each in story.tells()
        if isinstance(each, Tells)
    ]
    if says := [plain(said) for _, said in spreads.tell(story.words)]:
        full["spreads"] = says
    if nudged:
        full["nudge"] = {
            "step": json.number(trace, nudged.step),
            "variables": [_nudge(story, nudged.step, each) for each in nudged.nudges],
        }
    full["warnings"] = [notice._asdict() for notice in trace.warnings]
    return json.lines(full, options)


def _computed(trace: Trace, told: Computed) -> dict[str, Any]:
    node = json.node(trace, told.node)
    return {**{key: node[key] for key in node if key not in ("upstream", "inputs")}, "says": plain(told.equation)}


def _step_back(trace: Trace, told: Back) -> dict[str, Any]:
    node = told.node
    says, upstream = list(map(plain, told.says)), json.number(trace, trace.upstream[node.position])
    if told.terms:
        terms = [json.number(trace, term) for term in told.terms]
        return {"step": "sum", "name": node.name, "terms": terms, "upstream": upstream, "says": says}
    assert isinstance(node, Gate)
    equations = {each.edge.slot: list(map(plain, each.equations)) for each in told.edges}
    edges = [
        {
            "slot": edge.slot,
            "name": edge.input.name,
            "rule": READING.text(trace.rule(edge)),
            "local": json.number(trace, edge.local),
            "chained": json.number(trace, edge.chained),
            "says": equations.get(edge.slot, []),
        }
        for edge in trace.edges_of(node)
        if edge.chained is not None
    ]
    head = {"step": "gate", "name": node.name, "op": node.kind, "role": node.op.role or None}
    group = {"group": json.index(node.group)} if trace.graph.groups else {}
    return {**head, **group, "upstream": upstream, "says": says, "edges": edges}


def _nudge(story: Story, step: Value, nudge: Nudge) -> dict[str, Any]:
    numbers = ("at", "value", "linear", "miss")
    return {
        "variable": nudge.variable,
        **{name: json.number(story.trace, getattr(nudge, name)) for name in numbers},
        "share": nudge.share,
        "reason": nudge.reason or None,
        "says": list(map(plain, nudges.tell(story.words, step, nudge))),
    }
