r"""LaTeX → the signs of this language: `\frac{1}{1+e^{-x}}` is `1/(1 + exp(-x))`.

What is made is text, which is then read as any other.
"""

from __future__ import annotations

import re
from itertools import pairwise

from ...errors import InputError, quote
from ..recipes import DERIVATIVES
from .cursor import DEEPEST, DerivativeError, TwoReadingsError, UnknownError
from .reader import Reader
from .signs import BEFORE_OPERAND, BEHIND_OPERAND, DROPPED, EMPTY, EQUALS, LETTERS, OF_ARRAYS, PIECE, SPACES, UNREAD

MAX_CHARACTERS = 250_000
_LONGEST = 1_000  # characters of a hint


def translated(source: str) -> str:
    """The formula in the signs of this language, for a hint; empty where it says what they cannot."""
    try:
        return read_latex(source) if len(source) <= _LONGEST else ""
    except InputError:
        return ""


def read_latex(source: str) -> str:
    """The formula in the signs of this language. Raises InputError where it says what they cannot."""
    if len(source) > MAX_CHARACTERS:
        raise InputError(f"LaTeX of more than {MAX_CHARACTERS:,} characters is not read")
    empty = EMPTY if r"\begin" in source else {*EMPTY, "&"}
    of_arrays = OF_ARRAYS.search(source)  # where there are any, a thin space between two is their product
    empty = empty - {r"\,"} if of_arrays else empty
    dropped = {i for each in DROPPED.finditer(source) for i in range(*each.span())}
    pieces = [each for each in PIECE.finditer(source) if not each[0].isspace() and each.start() not in dropped]
    found = [each for each in pieces if each[0] not in empty]
    if of_arrays:
        around = zip(["", *(each[0] for each in found)], [*(each[0] for each in found[1:]), ""], strict=False)
        found = [each for each, (before, behind) in zip(found, around, strict=True)
                 if each[0] != r"\," or not (before in BEFORE_OPERAND or behind in BEHIND_OPERAND)]  # fmt: skip
    reader = Reader([each[0] for each in found], of_arrays=bool(of_arrays), ours=r"\frac{\partial" in source)
    behind = {second.start() for first, second in pairwise(pieces) if first[0] in SPACES}
    reader.spaced = {i for i, each in enumerate(found) if each.start() in behind}
    try:
        text = reader.whole()
    except UnknownError:
        place = max(reader.place - 1, 0)
    except DerivativeError:
        span = found[reader.place].span()
        hint = _right_side(source, span[0]) or DERIVATIVES
        raise InputError("a derivative is not part of an expression", source, span, hint) from None
    except TwoReadingsError as error:

        def reach(first: int, end: int) -> tuple[int, int]:
            return found[first].start(), found[end - 1].end()

        readings = (
            "".join(each if isinstance(each, str) else source[slice(*reach(*each))] for each in reading)
            for reading in error.readings
        )
        span = reach(*error.reach)
        message = f"{quote(source[slice(*span)])} may be read in two ways"
        raise InputError(message, source, span, f"write {' or '.join(readings)}") from None
    else:
        for letter, name in LETTERS.items():
            calls = (here for here, behind in pairwise(found) if (here[0], behind[0]) == (f"\\{letter}", "("))
            if (call := next(calls, None)) and re.search(rf"\b{letter}\b(?!\()", text):
                hint = rf"write \{letter} \cdot (…), or \operatorname{{{reader.functions[name][0].name}}}(…)"
                raise InputError(f"{quote(call[0])} is a letter and a function here", source, call.span(), hint)
        return text
    if reader.depth > DEEPEST:
        message = f"more than {DEEPEST} brackets, groups and functions of LaTeX inside each other are not read"
        raise InputError(message, source, found[min(place, len(found) - 1)].span())
    if place >= len(found):
        raise InputError("this LaTeX ends too early", source, (len(source), len(source)))
    sign, span = found[place][0], found[place].span()
    hint = _right_side(source, span[0]) or UNREAD.get(sign, "")
    raise InputError(f"{quote(sign)} is LaTeX that is not read here", source, span, hint)


def _right_side(source: str, place: int) -> str:
    """What to tell of an equation of which one side is not read; empty where it is none. place: what is not read."""
    for equals in (found for found in EQUALS.finditer(source) if found.start() >= place):
        left, right = (text.strip(" $\n") for text in (source[: equals.start()], source[equals.end() :]))
        if not re.search("[A-Za-z]", right) and translated(left):  # f(x, y) = xy = -12
            return f"the left side may stand alone: {left}"
        if translated(right):
            return f"the right side may stand alone: {right}"
    return ""
