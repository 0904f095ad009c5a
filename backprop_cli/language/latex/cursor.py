"""A walk along the signs of a text: which is next, and the words that some of them make."""

from __future__ import annotations

from .signs import LOGIC, NAMED, OTHERWISE, WHERE

DEEPEST = 50  # brackets, groups and functions inside each other


class UnknownError(Exception):
    """There is something that this language has no sign for."""


class DerivativeError(Exception):
    """There is a derivative."""


class TwoReadingsError(Exception):
    """There is something that may be meant in two ways.

    reach: from which sign to behind which one it goes
    readings: what to write, of texts, and of signs that stand there already, from which to behind which one
    """

    def __init__(self, reach: tuple[int, int], *readings: tuple[str | tuple[int, int], ...]) -> None:
        super().__init__()
        self.reach, self.readings = reach, readings


class Signs:
    """The signs of a text, one after the other."""

    def __init__(self, signs: list[str]) -> None:
        self.signs, self.place, self.depth = signs, 0, 0
        self.rest = ""  # digits behind the one that was taken: in `x^23`, of which 2 is the exponent

    @property
    def next(self) -> str:
        return self.rest or (self.signs[self.place] if self.place < len(self.signs) else "")

    def take(self) -> str:
        sign, self.rest = self.next, ""
        self.place += 1
        return sign

    def skip(self, *signs: str) -> None:
        if self.next in signs:
            self.take()

    def expect(self, sign: str) -> None:
        if self.take() != sign:
            raise UnknownError

    def deepen(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise UnknownError

    def word(self) -> str:
        """Letters in braces."""
        if (sign := self.take()) != "{":
            if len(sign) == 1 and sign.isalpha():  # \mathrm e
                return sign
            raise UnknownError
        letters = ""
        while self.next not in ("}", ""):
            letters += "_" if (sign := self.take()) == r"\_" else sign.removeprefix("\\")
        self.expect("}")
        return letters

    def worded(self, *, take: bool = False) -> str:
        r"""The word of `\text{if }`, where it is one of a condition; empty where none is next."""
        if self.next not in NAMED:
            return ""
        start = self.place
        self.take()
        word = self.word()
        is_known = word in (*LOGIC, *WHERE, *OTHERWISE)
        if not (take and is_known):
            self.place = start
        return word if is_known else ""
