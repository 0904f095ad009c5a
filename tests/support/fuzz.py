"""Random texts of many kinds: characters, words, valid expressions with faults in them, deep ones, long ones."""

from __future__ import annotations

import random
from collections.abc import Callable

from backprop_cli.rules.table import spellings

from .hostile import REFUSED

NASTY = [
    *"xyzefπσαk0123456789",
    *"+-*/^()+-*/^(),,..  ",
    *"\t\n\r\f\v\0\x1b\x7f\x85\xa0\xad\u200b\u200d\u2028\u202e\u2066\u3000\ufeff",
    *"'\"`\\#@$%&|~!?<>=:;[]{}_",
    *"−×·⋅÷–—∗∕⁄√∞∑≤≥≠…²³⁰⁻ⁿ₀₁₊½①Ⅷªµ",
    *"ﬁﷺｘ１（）＋ﾞͺℎ\u212b\u0301\u0308\u0345\u20dd\u0903ख中가ا٣१𝑥𝟏💥",
    *"\ud800\udfff\udc80\uffff\U0010ffff\U000e0001",
]
FUNCTIONS = list(spellings())
WORDS = [
    *FUNCTIONS,
    *["x", "y", "z", "e", "pi", "π", "v0", "t1", "f2", "q1", "f", "lambda", "__class__", "x₀", "हिन्दी", "sine", "_"],
    *["0", "1", "2.5", ".5", "3.", "1e5", "1e-400", "1e400", "1E+2", "1.2.3", "0x1", "1_0", "9" * 70, "١"],
    *["+", "-", "*", "/", "**", "^", "//", "−", "×", "·", "÷", "%", "==", "=", ":=", "!", "|", "."],
    *[
        "<",
        "<=",
        ">",
        ">=",
        "==",
        "!=",
        "?",
        ":",
        "if",
        "else",
        "and",
        "or",
        "not",
        "&&",
        "||",
        "where(",
        "Piecewise((",
    ],
    *["x > 0", "0 < x < 1", "True", "True)"],
    *["(", ")", "(", ")", "(", ")", ",", ",", "[", "]", "'", '"', "²", "\n", "\t", " ", "\0", "\\\n", "#"],
]
VALID = [
    "(x+y)*z",
    "where(x > 0, sqrt(x), 0) if not 0 < y*2 <= 1 and z != 3 else -x",
    "x > 0 ? log(x) : x < -1 || y == 2 ? y : Piecewise((z, z < 0), (x, x >= z and y > 1), (1/x, True))",
    "1/(1+exp(-t))",
    "sigmoid(w*x + b)",
    "max(x, y, 2*z) - min(x, 1/3)",
    "log(x, 2) + ln(y)**-x",
    "-x**-y**2 + --x",
    "a0 + a1*x + a2*x**2 + a3*x^3",
    "exp(-(x-mu)**2/(2*σ**2)) / (σ*sqrt(2*pi))",
    "sqrt(x**2+y**2) * atan2(y, x)",
    "hypot(x, y, z)·2.5e-3 ÷ e",
    "softplus(relu(tanh(sin(cos(x)))))",
    "x₀*x0 + \n\t x_1",
    "gamma(gamma) + max*max(max, 1)",
    "((((((((((x))))))))))",
    "+x - +y",
    "2*pi*E*1e10/3",
    "हिन्दी * e\u0301",
    *(text for texts in REFUSED.values() for text in texts if len(text) < 100),
]


def characters(rng: random.Random) -> str:
    return "".join(rng.choices(NASTY, k=rng.randrange(1, 40)))


def any_characters(rng: random.Random) -> str:
    return "".join(
        chr(rng.randrange(rng.choice([0x80, 0x400, 0x10000, 0x110000]))) for _ in range(rng.randrange(1, 20))
    )


def soup(rng: random.Random) -> str:
    return rng.choice(["", " "]).join(rng.choices(WORDS, k=rng.randrange(1, 25)))


def mutation(rng: random.Random) -> str:
    text = list(rng.choice(VALID))
    for _ in range(rng.randrange(1, 5)):
        at = rng.randrange(len(text) + 1)
        to = min(len(text), at + rng.randrange(1, 6))
        match rng.randrange(6):
            case 0:
                text[at:at] = rng.choice([*NASTY, *WORDS])
            case 1:
                del text[at:to]
            case 2:
                text[at:at] = text[at:to]
            case 3 if text:
                first, second = rng.randrange(len(text)), rng.randrange(len(text))
                text[first], text[second] = text[second], text[first]
            case 4:
                text[at:to] = rng.choice(NASTY)
            case _:
                text[at:at] = rng.choice(VALID)
    return "".join(text)


def nest(rng: random.Random) -> str:
    """A valid expression, deep to one side, and now and then one fault in it."""
    text = rng.choice(["x", "y", "2", "pi", "3.5", "f"])
    for _ in range(int(rng.choice([3, 10, 40, 250]) * rng.random())):
        other = rng.choice(["x", "z", "1", "-y", "e", "(x+1)", "sin(y)", "2**x"])
        sign = rng.choice(["+", "-", "*", "/", "**", " - ", "·", "^", " % "])
        text = rng.choice(
            [
                f"({text})",
                f"-{text}",
                f"+{text}",
                f"{text}{sign}{other}",
                f"{other}{sign}{text}",
                f"({text}){sign}{other}",
                f"{rng.choice(['exp', 'sin', 'abs', 'σ', 'ln'])}({text})",
                f"{rng.choice(['max', 'hypot', 'Min'])}({other}, {text}, x)",
                f"log({text}, {other})",
            ]
        )
    if rng.random() < 0.5:
        at = rng.randrange(len(text) + 1)
        text = text[:at] + rng.choice(["", "(", ")", ",", "*", "x", "2"]) + text[at + rng.randrange(2) :]
    return text


def long_chain(rng: random.Random) -> str:
    """Long enough for the parser to get it in pieces."""
    signs = rng.choice([["+"], ["+", "-"], ["*", "/", " % "], ["**"], ["+", "-", "*", "/", "%", "**", "**-", "*--"]])
    terms = ["x", "y", "2", "(x-y)", "sin(x)", "max(x,y,1)", "-z" if signs == ["**"] else "z"]
    parts = [rng.choice(terms)]
    for _ in range(rng.randrange(150, 700)):
        parts += rng.choice(signs), rng.choice(terms)
    return "".join(parts)


# How often each is drawn: a long chain costs as much as fifty of the others.
GENERATORS: dict[Callable[[random.Random], str], int] = {
    characters: 200,
    any_characters: 150,
    soup: 250,
    mutation: 300,
    nest: 95,
    long_chain: 5,
}
