"""Names with their values in one option, as `--start x=0,y=1/2` has them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from ..errors import InputError, quote
from ..passes import point
from .request import from_file, given_text

_OPEN, _CLOSED = "([{", ")]}"
_NEXT = re.compile(r"\s+\w+\s*=(?!=)").match


def read_start(given: Sequence[str]) -> dict[str, Any]:
    """Where to begin, by name: `x=0,W=[[1,2]]`, or a JSON object, or the name of a file with one."""
    pairs: list[tuple[str, Any]] = []
    for text in given:
        if text.lstrip().startswith("{") or "=" not in text:
            given = given_text(text, "--start", "x=0,y=1/2")
            pairs += point.read_json(given, "--start", "point").items()
        else:
            pairs += ((name, from_file(name, value)) for name, value in assignments(text, "--start", "x=0,y=1/2"))
    return point.by_name(pairs, "--start")


def assignments(text: str, option: str, example: str) -> Iterator[tuple[str, str]]:
    """Names and what stands behind their equals signs, between commas or spaces. Inside brackets nothing separates.

    text: the value of the option;
    option: its name, for an error;
    example: such a value, for a hint.
    """
    for part in _parts(text):
        name, equals, value = part.partition("=")
        if not (equals and name.strip() and value.strip()):
            message = f"{option} takes NAME=VALUE with commas between them, not {quote(part.strip() or text)}"
            raise InputError(message, hint=f"for example: {option} {example}")
        yield point.read_name(name.strip()), value.strip()


def _parts(text: str) -> Iterator[str]:
    depth = begin = 0
    for place, sign in enumerate(text):
        depth += (sign in _OPEN) - (sign in _CLOSED)
        if depth <= 0 and (sign == "," or (text[begin:place].strip() and _NEXT(text, place))):
            yield text[begin:place]
            begin = place + 1
    yield text[begin:]
