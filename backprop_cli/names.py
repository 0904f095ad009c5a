"""What a name is: a Python identifier after NFKC normalisation (UAX #15, #31), in which superscripts have no place."""

from __future__ import annotations

import re
import unicodedata

MAX_NAME = 128

NAME = r"[^\W\d²³¹⁰-ⁿ][^\W²³¹⁰-ⁿ]*"
"""The pattern of a name, but for combining marks (see `end_of_name`). NFKC would make x² the variable x2."""
_BEGINNING = re.compile(NAME).match
_LETTER = re.compile(r"[^\W²³¹⁰-ⁿ]").fullmatch


def read_name(text: str) -> str:
    """A variable's name in its normal spelling; empty where the text is not a name."""
    match = _BEGINNING(text)
    if match is None or end_of_name(text, match.end()) != len(text) or len(text) > MAX_NAME:
        return ""
    return normal(text)


def normal(text: str) -> str:
    """NFKC of a name; empty where that is none. A dot in the middle multiplies, even one that comes out of an Ŀ."""
    name = unicodedata.normalize("NFKC", text)
    return name if name.isidentifier() and "·" not in name else ""


def end_of_name(source: str, position: int) -> int:
    """Where a name ends that NAME has matched up to `position`: `\\w` does not match combining marks."""
    while position < len(source) and unicodedata.category(source[position]).startswith("M"):
        position += 1
        while position < len(source) and _LETTER(source[position]):
            position += 1
    return position
