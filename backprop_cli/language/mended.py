"""A text with all that is wrong in it put right, where that is known: one hint in place of one after the other."""

from __future__ import annotations

import re
from collections.abc import Callable

from ..errors import InputError
from .names import NAME

_LONGEST = 1_000  # characters of a text that is worth a hint
_MOST = 60  # things that are wrong
_INPUTS = rf"[ \t]*(?:{NAME}[ \t]*(?:,[ \t]*{NAME}[ \t]*)*)?"
_PATTERN = rf"{NAME}_(?:[ \t]*,[ \t]*{NAME}_)*"
_FRAMES: list[tuple[str, str]] = [
    (r"\s*(```?|`|\*\*)(?:\w+\n)?(.*?)\1\s*", r"\2"),
    (rf"\s*def[ ]({NAME})\(({_INPUTS})\)[^:\n]*:\s*(?:return[ ])?(.+)", r"\1(\2) = \3"),
    (rf"\s*({NAME})\s*(?:=|<-)\s*(?:lambda\b|@|function\b)\s*\(?({_INPUTS})(?:\)|:)(.+)", r"\1(\2) = \3"),
    (rf"\s*(?:lambda\b{_INPUTS}:|@\({_INPUTS}\)|@\.\s|function\s*\({_INPUTS}\))(.+)", r"\1"),
    (rf"((?:\s*{NAME}\s*=)?)\s*(?:{NAME}|\({_INPUTS}\))\s*(?:->|=>|↦|→)(.+)", r"\1 \2"),
    (r"\s*\\[(\[](.+)\\[)\]]\s*", r"\1"),
    (r"\s*(?:return|let|const|var|val|double|float|final|auto)[ ](.+)", r"\1"),
    (rf"\s*({NAME})\[({_PATTERN})\]\s*:?=(.+)", r"\1(\2) = \3"),
    (rf"(\s*{NAME}\s*)(?:<-|:=)(.+)", r"\1=\2"),
    (r"(.*?)\.\.\.[ \t]*\n(.*)", r"\1 \2"),
    (rf"(.*?{NAME})\.(\(.*)", r"\1\2"),
    (r"(.*?)\.([-+].*)", r"\1\2"),
]
"""What stands around formulas, or between their lines, elsewhere: the text, and what is left of it."""
_VAGUE = re.compile(r"…|^write (?:\( and \)|\*?\*\(|'.')|^an angle|^leave|^== compares|point is written")
_AROUND = [(re.compile(pattern, re.DOTALL), left) for pattern, left in _FRAMES]


def with_hint(error: InputError, read: Callable[[str], object]) -> InputError:
    """The error, with the whole text as its hint where more than one thing is wrong, or something stands around it.

    read: what reads a text, and raises InputError where it is wrong.
    """
    if len(error.source) <= _LONGEST and (text := _mended(error, read)):
        error.hint = f"write {text}"
    return error


def _mended(error: InputError, read: Callable[[str], object]) -> str:
    """The source of an error as one line that is read; empty where its own hint says as much."""
    text, frames, first = str(error.source), list(_AROUND), error
    for count in range(_MOST):
        if error.repair and error.source == text:
            (start, end), written = error.repair
            is_all = written.startswith("(") and not (text[:start] + text[end:]).strip()
            text = text[:start] + (written[1:-1] if is_all else written) + text[end:]
        else:
            found = ((each, each[0].fullmatch(text)) for each in frames)
            frame, match = next((pair for pair in found if pair[1]), (None, None))
            if frame is None or match is None:
                return ""
            frames.remove(frame)
            text = match.expand(frame[1]).strip()
        if (wrong := _wrong(text, read)) is None:
            lines = (line.partition("#")[0].strip() for line in text.splitlines())
            line = "; ".join(filter(None, lines))
            is_told = count == 0 and len(frames) == len(_AROUND) and first.hint and not _is_vague(first)
            return "" if is_told or _wrong(line, read) else line
        error = wrong
    return ""


def _is_vague(error: InputError) -> bool:
    """Whether the hint has no text that can stand where the error is, or one that needs parentheses there."""
    _, written = error.repair or ((), "")
    return bool(_VAGUE.search(error.hint)) or (written.startswith("(") and error.hint == f"write {written[1:-1]}")


def _wrong(text: str, read: Callable[[str], object]) -> InputError | None:
    """What is wrong with a text; None where nothing is."""
    try:
        read(text)
    except InputError as error:
        return error
    return None
