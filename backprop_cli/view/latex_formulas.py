"""Formulas in LaTeX: the data of its Printer, names with what stands below them, and letters that TeX does not know."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from itertools import groupby

from ..rules.formula import Formula
from ..rules.printer import ATOM, LOOSE, POWER, PRODUCT, SIGNED, SUM, TIGHT, Form, Printer, template
from .code.identifiers import greek

_SIGNS = {
    "add": " + ",
    "sub": " - ",
    "mul": r" \cdot ",
    "neg": "-",
    "eq": " = ",
    "ne": r" \neq ",
    "lt": " < ",
    "le": r" \leq ",
    "gt": " > ",
    "ge": r" \geq ",
    "and": r" \text{ and } ",
    "or": r" \text{ or } ",
    "not": r"\text{not } ",
}


def _cases(value: int, condition: int, otherwise: int | None = None) -> Form:
    """A choice as cases. Each is the place of an argument."""
    last = "" if otherwise is None else rf" \\ {{{otherwise}}} & \text{{{{otherwise}}}}"
    return template(
        rf"\begin{{{{cases}}}} {{{value}}} & \text{{{{if }}}} {{{condition}}}{last} \end{{{{cases}}}}", LOOSE
    )


_FORMS = {
    "div": template(r"\frac{{{0}}}{{{1}}}", TIGHT),
    "partial": template(r"\frac{{\partial {0}}}{{\partial {1}}}", TIGHT),
    "pow": template("{{{0}}}^{{{1}}}", POWER, ATOM, LOOSE),
    **dict.fromkeys(("where", "where()", "?:"), _cases(1, 0, 2)),
    "if": _cases(0, 1, 2),
    "Piecewise": _cases(0, 1)._replace(needs=(LOOSE, LOOSE), more=_cases(0, 1, 2)),
    "exp2": template("2^{{{0}}}", POWER),
    "sqrt": template(r"\sqrt{{{0}}}"),
    "cbrt": template(r"\sqrt[3]{{{0}}}"),
    "abs": template(r"\left|{{{0}}}\right|"),
    "floor": template(r"\left\lfloor {0}\right\rfloor"),
    "ceil": template(r"\left\lceil {0}\right\rceil"),
    "log": template(r"\log\left({0}\right)")._replace(more=template(r"\log_{{{1}}}\left({0}\right)")),
    "matmul": template(r"{0} \, {1}", PRODUCT, PRODUCT, SIGNED),
    "odot": template(r"{0} \odot {1}", PRODUCT, PRODUCT, SIGNED),
    "summed": template(r"\sum_{{\text{{axis }}{1}}} {0}", PRODUCT, PRODUCT, LOOSE),
    **dict.fromkeys(("T", "transpose"), template(r"{0}^{{\top}}", POWER, ATOM)),
    "inv()": template(r"{0}^{{-1}}", POWER, ATOM),
    "inv": template(r"{0}^{{-1}}", POWER, ATOM),
    **dict.fromkeys(
        ("norm", "norm()"),
        template(r"\left\lVert {0}\right\rVert")._replace(more=template(r"\operatorname{{norm}}\left({args}\right)")),
    ),
    **dict.fromkeys(("index", "part"), template("{{{0}}}_{{{1}}}", ATOM, ATOM, LOOSE)),
    "array": template(r"\left[{args}\right]"),
    "log2": template(r"\log_{{2}}\left({0}\right)"),
    "log10": template(r"\log_{{10}}\left({0}\right)"),
    **{f"bessel{letter}": template(rf"{letter.upper()}_{{{{{{0}}}}}}\left({{1}}\right)") for letter in "jyik"},
    **{
        f"{letter}{n}": template(rf"{letter.upper()}_{{{{{n}}}}}\left({{0}}\right)")
        for letter in "jyik"
        for n in (0, 1)
    },
    "zetaderiv": template(r"\zeta^{{({0})}}\left({1}\right)"),
    "lbeta": template(r"\log\left|\mathrm{{B}}\left({0}, {1}\right)\right|"),
}
_COMMANDS = {  # functions for which LaTeX has a command, of another name where one is given
    **{head: rf"\{head}" for head in "exp sin cos tan sinh cosh tanh max min".split()},
    "asin": r"\arcsin",
    "acos": r"\arccos",
    "atan": r"\arctan",
    "gamma": r"\Gamma",
    "digamma": r"\psi",
    "zeta": r"\zeta",
    "beta": r"\mathrm{B}",
    "lambertw": "W",
    "airyai": r"\operatorname{Ai}",
    "airyaiprime": r"\operatorname{Ai}'",
    "erfinv": r"\operatorname{erf}^{-1}",
    "erfcinv": r"\operatorname{erfc}^{-1}",
    "normppf": r"\Phi^{-1}",
}
_CAPITALS = set("Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split())  # the others look Latin
_SETTING = re.compile(r"(?:[a-z]+=)?[-\d:, ]*[:,][-\d:, ]*|[a-z]+=-?\w+").fullmatch  # of an operation on arrays


def _leaf(formula: Formula) -> tuple[str, int]:
    """A number, a name, or what is LaTeX already and stands between braces."""
    text = formula.head
    if _SETTING(text):
        return re.sub("[A-Za-z]+", r"\\mathrm{\g<0>}", text), ATOM
    if not formula.is_number:
        return (text if text.startswith("{") else name(text)), ATOM
    mantissa, _, exponent = text.lower().partition("e")
    if exponent:
        power = f"10^{{{int(exponent)}}}"
        return (f"{mantissa[:-1]}{power}" if mantissa in ("1", "-1") else rf"{mantissa} \cdot {power}"), TIGHT
    return text, TIGHT if text.startswith("-") else ATOM


def _call(head: str) -> Form:
    word = head.removesuffix("()").replace("_", r"\_")
    command = _COMMANDS.get(head, rf"\operatorname{{{word}}}")
    return Form(lambda args: rf"{command}\left({', '.join(args)}\right)")


LATEX = Printer(_SIGNS, _leaf, _FORMS, needs={"add": (SUM,), "mul": (PRODUCT,)}, call=_call, apart=True,
                brackets=r"\left({}\right)")  # fmt: skip
"""As mathematics is set."""


_NUMBERED = re.compile(r"[^\W\d_]+\d").match
_NAME = re.compile(r"([^\W\d_]+)(\d*)((?:_[^\W_]+)*)")
_LETTERS = set(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi"
    " omega".split()
)


_upright: ContextVar[frozenset[str]] = ContextVar("_upright", default=frozenset())


@contextmanager
def told_apart(words: Iterable[str]) -> Iterator[None]:
    """Inside, of names that would be set alike one is set so, others upright: x_1 as `x_{1}`, x1 as `\\mathrm{x1}`.

    words: all names that are set
    """
    alike: dict[str, list[str]] = {}
    for word in sorted({*words}, key=lambda word: (bool(_NUMBERED(word)), not word.isascii(), word)):
        alike.setdefault(in_ascii(_name(word)).strip(), []).append(word)
    before = _upright.set(frozenset(other for _, *others in alike.values() for other in others))
    try:
        yield
    finally:
        _upright.reset(before)


def name(word: str) -> str:
    """A variable's or a gate's name: `w_{0}`, `\\alpha`, `q_{1}`; of a gate inside another, `q_{3}.q_{1}`."""
    upright = _upright.get()
    parts = word.split(".")
    return ".".join(rf"\mathrm{{{_escaped(each)}}}" if each in upright else _name(each) for each in parts)


@lru_cache(10_000)
def _name(word: str) -> str:
    found = _NAME.fullmatch(word)
    if not found:
        return _letters(word)
    base, digits, rest = found.groups()
    below = ",".join(map(_letters, filter(None, [digits, *rest.split("_")])))
    return f"{_letters(base)}_{{{below}}}" if below else _letters(base)


def _letters(word: str) -> str:
    """A part of a name: a letter as it is, more of them upright; a number or a box as it is."""
    if word in _LETTERS or word in _CAPITALS:
        return rf"\{word}"
    if len(word) == 1 or not word.isidentifier() or not word.isascii():
        return word
    return rf"\mathrm{{{_escaped(word)}}}"


def _escaped(word: str) -> str:
    return word.replace("_", r"\_")


_ELSEWHERE = re.compile(r"[^\x00-\x7f]+")


def in_ascii(line: str) -> str:
    """Greek letters as commands, and what else TeX does not know as text."""
    return _ELSEWHERE.sub(_characters, line)


def _characters(found: re.Match[str]) -> str:
    parts = groupby(found[0], key=greek)
    return "".join(_greek(letter) * len([*each]) if letter else rf"\text{{{''.join(each)}}}" for letter, each in parts)


def _greek(letter: str) -> str:
    return rf"\{letter} " if letter.islower() or letter in _CAPITALS else letter[0]
