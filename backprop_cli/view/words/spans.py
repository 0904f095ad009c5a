"""Sentences as spans: words, formulas and numbers apart, so that every view sets each in its own way."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

from ...graph.graph import Node

_HOLE = re.compile(r"\{(\d*)\}")

LISTED = 12
"""Names in a sentence, inputs of one gate and terms of a sum that are written out; of more, some."""


class Span(NamedTuple):
    """A piece of a sentence.

    kind: `words`, `code` (a name, a formula, an equation) or `number`;
    text: what is written;
    node: the node that it speaks of, if it is one;
    rounded: whether it holds a number that is shown with fewer digits than it has.
    """

    kind: str
    text: str
    node: Node | None = None
    rounded: bool = False


Said: TypeAlias = Sequence[Span]


def code(text: str, node: Node | None = None, rounded: bool = False) -> Span:
    """A name or a formula.

    text: as it is written
    rounded: whether a number in it has more digits than are shown
    """
    return Span("code", text, node, rounded)


def say(template: str, *parts: Span | Said | str) -> Said:
    """A sentence: the template's words, and a part in each hole; of parts, those that are text are words too.

    template: its holes are `{}`, one for each part, or the numbers of parts: `{1} of {0}`.
    """
    words = _HOLE.split(template)
    said = [Span("words", words[0])]
    for place, (hole, after) in enumerate(zip(words[1::2], words[2::2], strict=True)):
        part = parts[int(hole or place)]
        said += [part] if isinstance(part, Span) else [Span("words", part)] if isinstance(part, str) else part
        said.append(Span("words", after))
    return [span for span in said if span.text]


def equals(first: Span, *parts: Span, signs: tuple[str, str] = ("=", "≈")) -> Iterator[str]:
    """`= 3 + 4`, `≈ 7`: what follows the first side, without what repeats the one before; ≈ beside a rounded one.

    first: the first side
    signs: the one for equal sides, and the one beside a rounded one
    parts: the other sides
    """
    before = first
    for part in parts:
        if part.text != before.text:
            yield f"{signs[part.rounded or before.rounded]} {part.text}"
        before = part


def equation(first: Span, *parts: Span) -> Said:
    """The parts with `=` between them, or `≈`."""
    return [code(" ".join([first.text, *equals(first, *parts)]), first.node)]


def in_product(factor: Span) -> str:
    """A formula or number as a factor: in brackets where a product would tear it apart."""
    text = factor.text
    return f"({text})" if text.startswith("−") or (" " in text and not text.startswith(("(", "["))) else text


def plain(said: Said) -> str:
    """The sentence as text alone."""
    return "".join(span.text for span in said)
