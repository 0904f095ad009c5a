"""Formulas with holes for numbers: a page fills them, and sets brackets and exponents as the printer does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence


def holes(write: Callable[[Sequence[str]], str], slots: Sequence[int]) -> str:
    """A text in which numbers stand as one with holes in their places: `{0} · {1n}`.

    A hole is the number of what stands there, and letters: n, where a negative number is in brackets; e, where one with
    an exponent is; s, where a whole number is set high, as an exponent. `{0(}` and `{0)}` are brackets around more than
    the number, which are there if it is negative.
    """
    stand_ins = [f"7.{10_000 + place}" for place in range(len(slots))]
    *pieces, last = re.split("|".join(map(re.escape, stand_ins)) or "$^", write(stand_ins))
    order = re.findall("|".join(map(re.escape, stand_ins)) or "$^", write(stand_ins))
    letters = ["" for _ in order]
    wide: list[tuple[int, str]] = []
    for slot, stand_in in zip(slots, stand_ins, strict=True):
        for letter, number in (("n", f"-{stand_in}"), ("e", "7e+99"), ("s", "7")):
            shown, high = number.replace("-", "−"), "⁷" if letter == "s" else "$^"
            pattern = ""
            for before, each in zip(pieces, order, strict=True):
                power = re.escape(before).removesuffix(r"\^") + r"\^?" if before.endswith("^") else re.escape(before)
                pattern += power + (
                    rf"({re.escape(shown)}|\({re.escape(shown)}\)|{high})" if each == stand_in else each
                )
            written = write([number if each == stand_in else each for each in stand_ins])
            found = re.fullmatch(pattern + re.escape(last), written)
            if found is None and letter == "n":
                wide += [(at, f"{{{slot}{bracket}}}") for at, bracket in _brackets(write(stand_ins), written)]
                continue
            assert found is not None, f"{written} is not {pattern}{last}"
            texts_ = iter(found.groups())
            for place, each in enumerate(order):
                if each == stand_in and next(texts_) != shown:
                    letters[place] += letter
    told, at = "", 0
    for text, each, letter in zip([*pieces, last], [*order, ""], [*letters, ""], strict=True):
        end = at + len(text)
        for place, bracket in sorted(wide, key=lambda each: -each[0]):
            if at <= place <= end:
                text = f"{text[: place - at]}{bracket}{text[place - at :]}"
        told += text + (f"{{{slots[stand_ins.index(each)]}{letter}}}" if each else "")
        at = end + len(each)
    return told


def _brackets(text: str, negative: str) -> Iterator[tuple[int, str]]:
    """Where brackets stand in a text with a negative number that has none with a positive one."""
    place = 0
    for each in negative:
        if place < len(text) and each == text[place]:
            place += 1
        elif each != "−":
            assert each in "()", f"{negative} is {text} with more than brackets"
            yield place, each
