"""Random text never ends in anything but a valid graph or an error that points into the text."""

from __future__ import annotations

import random
import sys
import traceback
import unicodedata
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backprop_cli import BackpropError, backprop
from fuzz.targets import TARGETS
from support.checks import check_at_a_point, check_text
from support.fuzz import GENERATORS, NASTY, WORDS
from support.hostile import Hang, check_drawing, hang_guard
from support.suites import rarely


def complaints(texts: Iterable[str]) -> tuple[int, dict[str, str]]:
    """How many compiled; and what went wrong, each with the shortest text that does it."""
    compiled = 0
    wrong: dict[str, str] = {}

    def note(error: BaseException, text: str) -> None:
        *_, last = traceback.extract_tb(error.__traceback__)
        fault = f"{type(error).__name__} in {Path(last.filename).name}:{last.lineno}"
        if len(text) < len(wrong.get(fault, f"{text} ")):
            wrong[fault] = text

    left = iter(texts)
    text = ""
    while batch := list(islice(left, 200)):  # a guard for each text would cost more than the text
        try:
            with hang_guard(60):
                for text in batch:
                    try:
                        if check_text(text):
                            compiled += 1
                            check_at_a_point(text)
                    except Exception as error:
                        note(error, text)
        except Hang as error:
            note(error, text)
    return compiled, wrong


def fuzz(seed: int, count: int) -> tuple[int, dict[str, str]]:
    rng = random.Random(seed)
    generators = rng.choices(list(GENERATORS), weights=list(GENERATORS.values()), k=count)
    return complaints(generator(rng) for generator in generators)


def test_fuzz_a_little() -> None:
    compiled, wrong = fuzz(1, 2_000)
    assert wrong == {}
    assert compiled > 150  # else the generators test nothing but refusals


@pytest.mark.slow
@pytest.mark.parametrize("seed", rarely(range(2, 8), 2))
def test_fuzz(seed: int) -> None:
    compiled, wrong = fuzz(seed, 4_000)
    assert wrong == {}
    assert compiled > 400


def _around(character: str) -> list[str]:
    return [character, f"x{character}", f"{character}x", f"x{character}y+1", f"2{character}", f"sin({character})"]


def _tricky() -> list[str]:
    """Marks and numerals, what only one of Python and regular expressions lets into names, and what NFKC changes."""
    every = map(chr, range(sys.maxunicode + 1))
    return [
        c
        for c in every
        if unicodedata.category(c)[0] in "NM"
        or (f"_{c}".isidentifier() != c.isalnum() and c != "_")
        or (unicodedata.normalize("NFKC", c) != c and unicodedata.name(c, "CJK")[:3] not in ("CJK", "ARA"))
    ]


def test_tricky_characters() -> None:
    tricky = _tricky()
    assert len(tricky) > 4_000
    sample = random.Random(1).sample(tricky, 300)
    _, wrong = complaints(text for c in sample for text in _around(c))
    assert wrong == {}


def _is_one_of_many(c: str) -> bool:
    """Private, or one of the ideographs and Hangul syllables, which are all alike; every 64th is left."""
    alike = unicodedata.category(c) == "Co" or unicodedata.name(c, "").startswith(("CJK UNIFIED", "HANGUL SYLLABLE"))
    return alike and ord(c) % 64 != 0


@pytest.mark.slow
@pytest.mark.parametrize("block", [*range(0, 0x32000, 0x1000), *range(0xE0000, 0x110000, 0x1000)], ids=hex)
def test_every_character(block: int, step: int) -> None:
    assigned = (c for c in map(chr, range(block, block + 0x1000)) if unicodedata.category(c) != "Cn")
    characters = [c for c in assigned if not _is_one_of_many(c)][:: min(step, 2)]
    compiled, wrong = complaints(text for c in characters for text in (c, f"x{c}", f"2{c}y"))
    assert wrong == {}
    assert compiled or not any(map(str.isidentifier, characters))


# Surrogates too: they come from arguments that are not UTF-8.
_ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)
_LIKELY_TEXT = st.text(st.sampled_from([c for c in NASTY if len(c) == 1]), max_size=40)
_WORDS = st.lists(st.sampled_from(WORDS), max_size=20).map("".join)
_SETTINGS = settings(max_examples=200, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])


@_SETTINGS
@given(st.one_of(_ANY_TEXT, _LIKELY_TEXT, _WORDS))
def test_any_text(text: str) -> None:
    check_text(text)


@_SETTINGS
@given(st.text(), st.text(), st.text())
def test_any_text_inside_valid_text(before: str, inside: str, after: str) -> None:
    check_text(f"{before}(x+{inside})*max(y, {after})")
    check_text(f"sin({inside})")


@_SETTINGS
@given(st.text(), st.text())
def test_any_text_as_value_or_name(name: str, value: str) -> None:
    cases: list[dict[str, float | str]] = [{"x": value}, {name: 1.0}, {"x": 1.0, name: value}]
    for values in cases:
        try:
            backprop("x", values)
        except BackpropError as error:
            check_drawing(error)


@pytest.mark.parametrize("name", TARGETS)
def test_what_the_fuzzer_begins_with(name: str) -> None:
    check, seeds = TARGETS[name]
    for seed in seeds:
        check(seed)
