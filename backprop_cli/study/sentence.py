"""What a verdict says, in no language yet: the key of a template, and what goes into its holes."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

RAISED = "raised"
"""The key of what is told as an error or a warning is, whose words stand where it is raised."""


class Sentence(NamedTuple):
    """A template of each language, by its key, and the parts for its holes: names, formulas, numbers, or sentences."""

    key: str
    parts: tuple[Part, ...]


Part: TypeAlias = Sentence | str


def say(key: str, *parts: Part) -> Sentence:
    """The sentence of this key."""
    return Sentence(key, parts)


def listed(parts: list[str]) -> Part:
    """`x`; `x and y`; `x and y and z`."""
    found: Part = parts[0]
    for each in parts[1:]:
        found = say("and", found, each)
    return found
