"""Korean: each sentence of one language is in the other, with the same names and numbers, and right particles."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

from backprop_cli import backprop
from backprop_cli.errors import InputError
from backprop_cli.language.program import Program
from backprop_cli.passes.backpropagate import backpropagate
from backprop_cli.rules.arrays import ARRAYS, WORDS
from backprop_cli.rules.table import TABLE
from backprop_cli.study.mistakes import KINDS, OF_ARRAYS, mistakes
from backprop_cli.study.nudge import nudges
from backprop_cli.study.sentence import RAISED, Sentence
from backprop_cli.view import LANGUAGES, Options
from backprop_cli.view.words import explain
from backprop_cli.view.words.explain import Explanation, Nudges
from backprop_cli.view.words.language import ENGLISH, language, of_locale
from backprop_cli.view.words.particles import PAIRS, with_particles
from backprop_cli.view.words.spans import plain, say
from support.command import run

KOREAN = language("ko")
OF_TABLES = KOREAN.templates.keys() - ENGLISH.templates.keys()
"""What stands in the tables of rules in English, by how it is written."""


def holes(template: str) -> set[str]:
    return set(re.findall(r"\{\d+\}", template))


def test_no_template_of_one_language_is_missing_in_the_other() -> None:
    for key, text in ENGLISH.templates.items():
        assert holes(text) == holes(KOREAN.templates[key]), key


def test_nothing_is_told_that_is_no_row() -> None:
    known = {f"{op.call} {what}" for op in (*TABLE, *ARRAYS) for what in ("does", "note")}
    assert known | {f"{word} means" for word in WORDS} >= OF_TABLES


@pytest.mark.slow  # a new row is right without it: nothing is told of it in English
def test_what_every_primitive_does_is_told() -> None:
    does = {f"{op.call} does" for op in (*TABLE, *ARRAYS)}
    assert does | {f"{word} means" for word in WORDS} == {key for key in OF_TABLES if not key.endswith(" note")}
    by_convention = [op for op in TABLE if op.note and any(each.head == "convention" for each in op.partials)]
    assert {f"{op.call} note" for op in by_convention if not op.orders} <= OF_TABLES
    assert all(KOREAN.templates[key].endswith("다") for key in does)


PARTICLES = {
    "을(를)": "x를 w를 l을 m을 n을 r을 q1을 w0을 x2를 a3을 b4를 6을 7을 8을 9를 10을 100을 1000000000000를 0.5를 −12를 "
    "1e-07을 x²을 ε을 α를 add를 sin을 relu를 mul을 sigmoid를 max를 step을 (x)를 −3·y를 값을 f(x)를 loss를",
    "이(가)": "x가 n이 q3이 y2가 값이 exp가",
    "은(는)": "x는 q1은 f는 f2는 mul은 div는",
    "과(와)": "x와 q1과 m과 y4와",
    "(으)로": "x로 l로 r로 n으로 q1로 q2로 q3으로 7로 8로 6으로 0으로 10으로 값으로 물로",
}


def test_particles_go_with_what_is_read() -> None:
    for written, words in PARTICLES.items():
        ends = sorted(PAIRS[written], key=len, reverse=True)
        for word in words.split():
            end = next(end for end in ends if word.endswith(end))
            name = word.removesuffix(end)
            assert plain(with_particles(say(f"{{}}{written}", name))) == word


TOLD: list[tuple[str, dict[str, Any]]] = [
    ("(x*x+y)*max(z,y)/e - x^y", {"x": 2, "y": 5, "z": 5}),
    ("relu(x) + abs(y) + clip(x, 0, 1) + min(x, y, 2)", {"x": 0, "y": 0}),
    ("x*x if x > 0 and y > 1 else log(4 - x)*y", {"x": 2, "y": 3}),
    ("s(t) = 1/(1+exp(-t)); q = s(w*x); f = s(q)*q + pi", {"w": 2, "x": 1}),
    ("sum((W @ x + b)**2)", {"W": [[1, 2], [3, 4]], "x": [1, -1], "b": 0.5}),
    ("x*y", {"x": 0, "y": 3}),
]


def test_names_formulas_and_numbers_are_the_same() -> None:
    for text, values in TOLD:
        trace = backprop(text, values)
        step = None if trace.has_axes else Nudges(0.01, list(nudges(trace, 0.01)))
        found = {}
        for code in LANGUAGES:
            told = explain.as_markdown(Explanation(trace, step, language=language(code)), Options())
            told = re.sub(r"`f at (.*?) (?=[=≈])|`(.*?)에서 f (?=[=≈])", r"`\1\2 ", told)
            found[code] = Counter(re.findall(r"`[^`]*`", told)), Counter(re.findall(r"\d+(?:\.\d+)?", told))
        assert found["en"][0] == found["ko"][0], text
        assert found["en"][1].keys() == found["ko"][1].keys(), text


def test_no_english_word_is_left() -> None:
    for text, values in TOLD:
        told = explain.as_markdown(Explanation(backprop(text, values), language=KOREAN), Options())
        words = set(re.findall(r"[a-z]{3,}", re.sub(r"`[^`]*`|--\w+|```.*?```", "", told)))
        names = {op.name for op in (*TABLE, *ARRAYS)} | {"both", "split", "first", "exp", "softmax"}
        assert words - names - {*re.findall(r"[a-z]{3,}", text)} == set(), text


def same(english: str, korean: str) -> None:
    """A sentence told in Korean: with the names, formulas and numbers of the English one, and none of its words."""
    numbers = [Counter(re.findall(r"\d+(?:\.\d+)?", told)) for told in (english, korean)]
    assert numbers[0] == numbers[1], korean
    slopes = [Counter(re.findall(r"∂[a-z0-9]+/∂[a-zA-Z0-9]+", told)) for told in (english, korean)]
    assert slopes[0] == slopes[1], korean
    words = set(re.findall(r"[a-z]{3,}", korean))
    assert words <= {op.name for op in (*TABLE, *ARRAYS)} | {"ties", "both", "where", "out", "else"}, korean
    assert "(" not in korean or not any(each in korean for each in PAIRS), korean


MISTAKEN = (
    ("x*y*y + x/y - x", {"x": "2", "y": "3"}),
    ("max(x, y)*min(x, y, 3) + relu(x) + relu(-y)", {"x": "2", "y": "2"}),
    ("x**y + y**3 + sqrt(x) + exp(2*x) + cbrt(y) - x", {"x": "2", "y": "3"}),
    ("sin(-x)/(x*y)", {"x": "2", "y": "3"}),
    ("-x", {"x": "2"}),
    ("(x if x > 1 else y)*y", {"x": "2", "y": "3"}),
)


def test_the_place_of_every_mistake_is_told() -> None:
    used = set()
    for text, point in MISTAKEN:
        trace = backpropagate(Program(text).graph(list(point)), {name: float(each) for name, each in point.items()})
        for each in {each.place: each for name in point for each in mistakes(trace, name)}.values():
            used.add(each.kind)
            english, korean = ENGLISH.told(each.place), KOREAN.told(each.place)
            same(english, korean)
            assert (english == korean) is (each.kind == "product"), each.place
    assert used == set(KINDS)
    assert {f"mistake {kind}" for kind in (*KINDS, *OF_ARRAYS)} == {
        key for key in ENGLISH.templates if key.startswith("mistake ")
    }


JUDGED = """
x*y --x 2 --y 3 --claim x=3 --claim y=x --claim f=2
x*y --claim y=x --claim x=x
x**2 --x 3 --claim x=6 --claim x=7
x*y*y+sin(x*y) --x 2 --y 3 --claim x=0.5 --claim y=log(-x) --claim q1=17
relu(x)+max(x,y) --x 0 --y 0 --claim x=0.5 --claim y=y*0
x*y*y --x 1..2 --y 3 --claim y=60 --claim x=2*x*y --claim q1=3
x*y*y --x 1..2 --y 3..4 --claim x=2*x*y+1 --claim y=x*y*2
sum(W@x+b) --W [[1,2],[3,4]] --x [1,2] --b 1 --claim W=[[1,1],[2,2]] --claim x=[1,2,3] --claim b=[1,1]
sum(W@x+b) --W [[1,2],[3,4]] --x [1,2] --b 1 --claim W=[[1,2],[1,3]] --claim x=[8,12] --claim b=-2
"""


def test_verdicts_are_told() -> None:
    for line in filter(None, JUDGED.splitlines()):
        told = {code: run("check", *line.split(), "--lang", code).out for code in LANGUAGES}
        assert told["en"] != told["ko"] or not told["en"], line
        for english, korean in zip(told["en"].splitlines(), told["ko"].splitlines(), strict=True):
            same(english, korean)
    table = "student,x\nAda,3\nBob,-3\nCem,\n"
    told = {code: run("check", "x*y", "--x", "2", "--y", "3", "--claims", "-", "--lang", code, stdin=table).out
            for code in LANGUAGES}  # fmt: skip
    assert "맞음" in told["ko"]
    assert "답이 없다" in told["ko"]
    unread = "2*(x~foo~1/0~log(-1)~x +~sin x y~3..2~x=2~'2'~∂f~6%~f(x)~*x~x)".split("~")
    table = "student,x\n" + "".join(f'{each},"{each}"\n' for each in unread)
    told = {code: run("check", "x*y", "--x", "2", "--y", "3", "--claims", "-", "--lang", code, stdin=table).out
            for code in LANGUAGES}  # fmt: skip
    for english, korean in zip(told["en"].splitlines(), told["ko"].splitlines(), strict=True):
        said = re.sub("'.*?'", "", korean.partition("  (")[2])
        assert said, korean
        assert not set(re.findall("[a-z]{3,}", said)) - {"log"}, korean
        assert "WRONG" in english
    asked = run("check", "x*y", "--x", "2", "--y", "3", "--lang", "ko")
    assert asked.err.startswith("error: --lang is for claims")


def test_what_is_no_error_of_claims_stays_as_it_is() -> None:
    hostile = "only " * 3000 + "x is counted" * 3000
    for text in ("in the claim for x: no such sign", "", hostile, "in " + "a, " * 20_000):
        assert KOREAN.told(Sentence(RAISED, (text,))).count("x") == text.count("x")


def test_python_speaks_it_too() -> None:
    trace = backprop("x*y*y", x=2, y=3)
    assert "갈라진" not in str(trace.check(y=6))
    assert "갈라진 가지 하나를 빠뜨렸다" in str(trace.check(y=6, lang="ko"))
    assert "순전파." in str(trace.explain(lang="ko"))
    for ask in (trace.check, trace.explain, trace.page):
        with pytest.raises(InputError, match="lang is one of en, ko, not 'de'"):
            ask(lang="de")
    with pytest.raises(InputError, match="lang is for claims"):
        trace.check(lang="ko")


def test_the_language_is_that_of_the_option_or_of_the_locale() -> None:
    for environment, code in (
        ({"LANG": "ko_KR.UTF-8"}, "ko"), ({"LC_ALL": "C", "LANG": "ko_KR"}, "en"), ({"LC_MESSAGES": "ko"}, "ko"),
        ({}, "en"), ({"LANG": "de_DE.UTF-8"}, "en"), ({"LC_ALL": "", "LANG": "ko"}, "ko"),
    ):  # fmt: skip
        assert of_locale(environment) == code
    assert "순전파." in run("explain", "x*y", "--x", "2", "--y", "3", "--lang", "ko").out
    assert '<html lang="ko">' in run("page", "x*y", "--x", "2", "--y", "3", "--lang", "ko").out
    assert "Forward pass." in run("explain", "x*y", "--x", "2", "--y", "3", "--lang", "en").out
