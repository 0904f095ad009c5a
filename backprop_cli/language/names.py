"""What a name is: a Python identifier after NFKC normalisation (UAX #15, #31), in which superscripts have no place."""

from __future__ import annotations

import re
from functools import cache

from ..rules.table import WORDS_OF_LOGIC

MAX_NAME = 128

RAISED = "ʰ-ʸˡ-ˣᴬ-ᵡᶛ-ᶿ"
"""Superscript letters, as in a pattern."""
NAME = rf"[^\W\d²³¹⁰-ⁿ{RAISED}][^\W²³¹⁰-ⁿ{RAISED}]*"
"""The pattern of a name, combining marks apart (see `end_of_name`). NFKC would make x² the variable x2, and eˣ ex."""
_LETTER = rf"[^\W²³¹⁰-ⁿ{RAISED}]"


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)  # when it is needed: it takes longer than all the rest of a short call


def as_name(text: str) -> str:
    """A variable's name in its normal spelling; empty where the text is not a name."""
    if text.isascii():
        return text if text.isidentifier() and len(text) <= MAX_NAME and text not in WORDS_OF_LOGIC else ""
    match = _pattern(NAME).match(text)
    if match is None or end_of_name(text, match.end()) != len(text) or len(text) > MAX_NAME:
        return ""
    return normal(text)


def normal(text: str) -> str:
    """NFKC of a name; empty where that is none. A dot in the middle multiplies, even one that comes out of an Ŀ."""
    if not text.isascii():
        import unicodedata

        text = unicodedata.normalize("NFKC", text)
    return text if text.isidentifier() and "·" not in text else ""


def is_normal(text: str) -> bool:
    """Whether every part of the text is in its normal spelling."""
    if text.isascii():
        return True
    import unicodedata

    return unicodedata.is_normalized("NFKC", text)


def end_of_name(source: str, position: int) -> int:
    """Where a name ends that NAME has matched up to `position`: `\\w` does not match combining marks."""
    if source[position : position + 1].isascii():
        return position
    import unicodedata

    while position < len(source) and unicodedata.category(source[position]).startswith("M"):
        position += 1
        while position < len(source) and _pattern(_LETTER).fullmatch(source[position]):
            position += 1
    return position
