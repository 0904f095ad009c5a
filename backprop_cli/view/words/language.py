"""A language: its templates, filled with names, formulas and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import import_module

from ...errors import InputError, quote
from ...rules.op import Op
from .. import LANGUAGES
from .particles import settled
from .spans import LISTED, Said, Span, code, plain, say

_WARNINGS = (
    "tie both", "tie split", "tie first", "kink", "kink inside", "jump inside", "border", "constant read", "not used",
)  # fmt: skip
"""Templates of warnings."""
_PARTS = ("a number", "a vector", "division by zero", "no real value", "no finite value", "overflows", "no local",
          "infinite local")  # fmt: skip
"""Templates of what stands in the holes of verdicts, beside those whose keys begin with `part`."""
_HOLE = "(.{1,1000})"  # of a text that somebody typed, no search takes long
_DEEP = 4  # verdicts within verdicts
_IN_CALL = re.compile(r"in ([^:]*): (.*)")  # a warning of what is inside a module
_NOTES = re.compile("; (?!no other )").split


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

    def warned(self, message: str, title: str = "", operation: Span | None = None) -> Said:
        """A warning, which is English, as this language has it. operation: what stands for a gate's title."""
        if found := _IN_CALL.fullmatch(message):
            call, inside = found.groups()
            return self.say("in call", operation if operation and call == title else call, self.warned(inside))
        for key in _WARNINGS:
            pattern = re.sub(r"\\{\d\\}", "(.*)", re.escape(ENGLISH.templates[key]))
            if found := re.fullmatch(pattern, message):
                return self.say(key, *(operation if operation and each == title else each for each in found.groups()))
        return say("{}", message)

    def told(self, judged: str) -> str:
        """Why a claim is right or wrong, which is English, as this language has it; what is none of its, as it is."""
        return judged if self.code == "en" else plain(self._told(judged))

    def noted(self, how: str) -> str:
        """What a verdict rests on: notes with `; ` between them."""
        return how if self.code == "en" else "; ".join(self.told(each) for each in _NOTES(how))

    def _told(self, judged: str, depth: int = 0) -> Said:
        for key, pattern in [*_judgements(), *(_parts() if depth else ())]:
            if depth < _DEEP and (found := pattern.fullmatch(judged)):
                said = self.say(key, *(self._told(each, depth + 1) for each in found.groups()))
                return say(plain(said).removesuffix("."))
        return [code(judged)]

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


def _patterns(prefix: str, others: Iterable[str]) -> list[tuple[str, re.Pattern[str]]]:
    """The English templates whose keys begin so, and others, each as what its sentences match."""
    keys = [*(key for key in ENGLISH.templates if key.startswith(prefix)), *others]
    texts = [re.escape(ENGLISH.templates[key].removesuffix(".")) for key in keys]
    return [(key, re.compile(re.sub(r"\\{\d\\}", _HOLE, text))) for key, text in zip(keys, texts, strict=True)]


@cache
def _judgements() -> list[tuple[str, re.Pattern[str]]]:
    return _patterns("verdict ", _WARNINGS)


@cache
def _parts() -> list[tuple[str, re.Pattern[str]]]:
    return _patterns("part ", _PARTS)


def of_locale(environment: Mapping[str, str]) -> str:
    """The code of the language that the environment asks for (see locale(7)); English where it is none of these."""
    given = next(filter(None, map(environment.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    code = given[:2].lower()
    return code if code in LANGUAGES else "en"


def language(code: str) -> Language:
    """The language of this code. Raises InputError where there is none."""
    if code not in LANGUAGES:
        raise InputError(f"there is no language {quote(str(code))}", hint=f"there is: {', '.join(LANGUAGES)}")
    return ENGLISH if code == ENGLISH.code else Language(code)
