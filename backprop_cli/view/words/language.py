"""A language: its templates, filled with names, formulas and numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module

from ...rules.table import Op
from .languages import LANGUAGES
from .spans import LISTED, Said, Span, say


class Language:
    """What sentences are said in.

    code: `en`, `ko`;
    templates: by key, each a text with holes.
    """

    def __init__(self, code: str) -> None:
        module = import_module(f".languages.{LANGUAGES[code]}", __package__)
        self.code = code
        self.templates: Mapping[str, str] = module.TEMPLATES

    def say(self, key: str, *parts: Span | Said | str) -> Said:
        """The sentence of this key, with its holes filled."""
        return say(self.templates[key], *parts)

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

    def note(self, op: Op) -> str:
        """The convention of a primitive."""
        return self.templates.get(f"{op.call} note", op.note)


ENGLISH = Language("en")
