"""Korean particles: which of two a name, a formula or a number takes, by how it is read.

A final consonant takes 을, 이, 은, 과, 으로, and a vowel 를, 가, 는, 와, 로; so does a final ㄹ before 로. A number is
read by its last digit, zeros at the end of a whole one as 십, 백, 천; a Latin letter by its name, a word by its sound.
"""

from __future__ import annotations

import re
from functools import partial

from .spans import Said

PAIRS = {
    "을(를)": ("을", "를"),
    "이(가)": ("이", "가"),
    "은(는)": ("은", "는"),
    "과(와)": ("과", "와"),
    "(으)로": ("으로", "로"),
    "(이)어야": ("이어야", "여야"),
}
"""How a template writes a particle: what it is behind a consonant, and behind a vowel."""

_PARTICLE = re.compile("|".join(map(re.escape, PAIRS)))
_NONE, _OTHER, _RIEUL = range(3)  # finals
_DIGITS = dict(zip("0123456789", (2, 3, 1, 2, 1, 1, 2, 3, 3, 1), strict=True))
"""영 일 이 삼 사 오 육 칠 팔 구: 1 for a vowel, 2 for a consonant, 3 for ㄹ."""
_LETTERS = {"l": 3, "m": 2, "n": 2, "r": 3, "ε": 2, "ο": 2, "υ": 2}
"""엘 엠 엔 알, 엡실론 오미크론 입실론: the names of other letters end in a vowel."""
_WORDS = {"clip": 2, "step": 2, "logit": 2, "mul": 3, "ceil": 3}
_SOUNDS = (("ng", 2), ("m", 2), ("n", 2), ("l", 3))
"""How English words end that end in a consonant as Koreans say them."""
_HIGH = "⁰¹²³⁴⁵⁶⁷⁸⁹"


def with_particles(said: Said) -> Said:
    """A sentence, in which each particle is the one that goes with what stands before it."""
    found: list[str] = []
    spans = []
    for span in said:
        text = span.text
        if span.kind == "words":
            text = _PARTICLE.sub(partial(_particle, before="".join(found)), text)
        found.append(text)
        spans.append(span._replace(text=text))
    return spans


def _particle(place: re.Match[str], before: str) -> str:
    behind_consonant, behind_vowel = PAIRS[place[0]]
    last = final(before + place.string[: place.start()])
    return behind_vowel if last == _NONE or (last == _RIEUL and place[0] == "(으)로") else behind_consonant


def final(text: str) -> int:
    """How what is read ends: 0 in a vowel, 1 in a consonant, 2 in ㄹ."""
    text = text.rstrip(")]|…\"'. ")
    if not text:
        return _NONE
    last = text[-1]
    if "가" <= last <= "힣":
        consonant = (ord(last) - ord("가")) % 28
        return _RIEUL if consonant == 8 else min(consonant, 1)
    if last in _HIGH:
        return _OTHER  # 제곱, 세제곱, n승
    if re.search(r"e[+−-]?\d+$", text):
        return _OTHER  # 10의 −7승
    if last.isdecimal():
        if re.search(r"(?<![\w.])\d+0{12}$", text):
            return _NONE  # 조
        return _DIGITS[str(int(last))] - 1
    word = re.search(r"[^\W\d_]*$", text)
    return _word(word[0].lower() if word else "")


def _word(word: str) -> int:
    if len(word) == 1:
        return _LETTERS.get(word, 1) - 1
    known = _WORDS.get(word) or next((sound for end, sound in _SOUNDS if word.endswith(end)), 1)
    return known - 1
