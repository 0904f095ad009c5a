"""A language: its templates, filled with names, formulas and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import import_module

from ...rules.op import Op
from ...study.sentence import RAISED, Part
from .. import LANGUAGES
from .particles import with_particles
from .spans import LISTED, Said, Span, code, plain, say

_WARNINGS = (
    "tie both", "tie split", "tie first", "kink", "kink inside", "jump inside", "steep inside", "border",
    "constant read", "not used",
)  # fmt: skip
"""Templates of warnings."""
_RAISED = ("a number", "a vector", "division by zero", "no real value", "no finite value", "overflows", "no local",
           "infinite local")  # fmt: skip
"""Templates of what errors tell, beside those whose keys begin with `raised`."""
_HOLE = "(.{1,1000})"  # of a text that somebody typed, no search takes long
_DEEP = 4  # errors within errors
_IN_CALL = re.compile(r"in ([^:]*): (.*)")  # a warning of what is inside a module


class Language:
    """What sentences are said in.

    code: `en`, `ko`;
    templates: by key, each a text with holes.
    """

    def __init__(self, code: str) -> None:
        module = import_module(f".languages.{LANGUAGES[code]}", __package__)
        self.code = code
        self.templates: Mapping[str, str] = module.TEMPLATES
        self.agree = with_particles if code == "ko" else None

    def say(self, key: str, *parts: Span | Said | str) -> Said:
        """The sentence of this key, with its holes filled."""
        said = say(self.templates[key], *parts)
        return self.agree(said) if self.agree else said

    def warned(self, message: str, title: str = "", operation: Span | None = None) -> Said:
        """A warning, which is English, as this language has it.

        operation: what stands for a gate's title
        message: the warning
        title: of its gate, as it stands in the message
        """
        if found := _IN_CALL.fullmatch(message):
            call, inside = found.groups()
            return self.say("in call", operation if operation and call == title else call, self.warned(inside))
        for key in _WARNINGS:
            pattern = re.sub(r"\\{\d\\}", "(.*)", re.escape(ENGLISH.templates[key]))
            if found := re.fullmatch(pattern, message):
                return self.say(key, *(operation if operation and each == title else each for each in found.groups()))
        return say("{}", message)

    def told(self, part: Part) -> str:
        """What a verdict says, in this language: a name, a formula and a number as it is."""
        return plain(self._told(part))

    def _told(self, part: Part) -> Said:
        if isinstance(part, str):
            return [code(part)]
        if part.key == RAISED:
            return self._raised(str(part.parts[0]))
        return self.say(part.key, *map(self._told, part.parts))

    def _raised(self, message: str, depth: int = 0) -> Said:
        """What an error or a warning tells, which is English; what is none of its sentences stays as it is."""
        if self.code != ENGLISH.code and depth < _DEEP:
            for key, pattern in _patterns():
                if found := pattern.fullmatch(message):
                    said = self.say(key, *(self._raised(each, depth + 1) for each in found.groups()))
                    return say(plain(said).removesuffix("."))
        return [code(message)]

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
        """What a primitive does with its upstream, in words that go on after its name; empty where they are lacking."""
        return self._of_row(f"{op.call} does", op.does)

    def means(self, word: str, english: str) -> str:
        """What a word of a rule means."""
        return self.templates.get(f"{word} means", english)

    def note(self, op: Op) -> str:
        """The convention of a primitive; empty where words are lacking."""
        return self._of_row(f"{op.call} note", op.note)

    def _of_row(self, key: str, english: str) -> str:
        """Words of the tables, which are English: a new row need not be told in every language at once."""
        return self.templates.get(key, english if self.code == ENGLISH.code else "")


ENGLISH = Language("en")


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """The English templates of errors and warnings, each as what its sentences match."""
    keys = [*(key for key in ENGLISH.templates if key.startswith("raised ")), *_WARNINGS, *_RAISED]
    texts = [re.escape(ENGLISH.templates[key].removesuffix(".")) for key in keys]
    return [(key, re.compile(re.sub(r"\\{\d\\}", _HOLE, text))) for key, text in zip(keys, texts, strict=True)]


def of_locale(environment: Mapping[str, str]) -> str:
    """The code of the language that the environment asks for (see locale(7)); English where it is none of these."""
    given = next(filter(None, map(environment.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    code = given[:2].lower()
    return code if code in LANGUAGES else "en"


def language(code: str) -> Language:
    """The language of this code, one of LANGUAGES."""
    return ENGLISH if code == ENGLISH.code else Language(code)
