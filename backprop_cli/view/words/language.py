"""A language: its templates, filled with names, formulas and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module

from ...rules.table import Op
from .. import LANGUAGES
from .particles import settled
from .spans import LISTED, Said, Span, say

_WARNINGS = ("tie both", "tie split", "tie first", "kink", "border", "constant read", "not used")
"""Templates of warnings."""


class Language:
    """What sentences are said in.

    code: `en`, `ko`;
    templates: by key, each a text with holes.
    """

    def __init__(self, code: str) -> None:
        module = import_module(f".languages.{LANGUAGES[code]}", __package__)
        self.code = code
        self.templates: Mapping[str, str] = module.TEMPLATES
        self.settled = settled if code == "ko" else None

    def say(self, key: str, *parts: Span | Said | str) -> Said:
        """The sentence of this key, with its holes filled."""
        said = say(self.templates[key], *parts)
        return self.settled(said) if self.settled else said

    def warned(self, message: str, *parts: Span) -> Said:
        """A warning, which is English, as this language has it. parts: what stands for texts in it, by those texts."""
        known = {part.text: part for part in parts}
        for key in _WARNINGS:
            pattern = re.sub(r"\\{\d\\}", "(.*)", re.escape(ENGLISH.templates[key]))
            if found := re.fullmatch(pattern, message):
                return self.say(key, *(known.get(each, each) for each in found.groups()))
        return say("{}", message)

    def listed(self, names: Iterable[Span]) -> Said:
        """`x`, `y` and `z`; of very many only the first."""
        parts: list[Said] = [[name] for name in {name.text: name for name in names}.values()]
        if len(parts) > LISTED + 1:
            parts = [*parts[:LISTED], self.say("more", f"{len(parts) - LISTED:,}")]
        return self._joined(parts, "and")

    def joined(self, parts: Sequence[Said]) -> Said:
        """Sentences with commas between them, and `and` before the last."""
        return self._joined(parts, "and then")

    def _joined(self, parts: Sequence[Said], last: str) -> Said:
        said: Said = []
        for place, part in enumerate(parts):
            said = self.say(last if place == len(parts) - 1 else "comma", said, part) if place else part
        return said

    def does(self, op: Op) -> str:
        """What a primitive does with its upstream, in words that go on after its name."""
        return self.templates.get(f"{op.call} does", op.does)

    def means(self, word: str, english: str) -> str:
        """What a word of a rule means."""
        return self.templates.get(f"{word} means", english)

    def note(self, op: Op) -> str:
        """The convention of a primitive."""
        return self.templates.get(f"{op.call} note", op.note)


ENGLISH = Language("en")


def of_locale(environment: Mapping[str, str]) -> str:
    """The code of the language that the environment asks for (see locale(7)); English where it is none of these."""
    given = next(filter(None, map(environment.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    code = given[:2].lower()
    return code if code in LANGUAGES else "en"


def language(code: str) -> Language:
    """The language of this code."""
    return ENGLISH if code == ENGLISH.code else Language(code)
