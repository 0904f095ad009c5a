"""What is not arithmetic: signs that people type and that no expression takes, and what to tell them."""

from __future__ import annotations

import re
import unicodedata

from ..errors import InputError, quote

_REFUSED: list[tuple[str, str, str]] = [
    (
        r"==|!=|<=|>=|<|>|≤|≥|≠",
        "a comparison is not part of an expression",
        "max, min, relu and abs choose between values",
    ),
    (r"[–—‐‑]", "an unusual dash is not an operator here", "write -"),
    (r"[∙•∗]", "an unusual dot is not an operator here", "write *"),
    (r"[^\S \t\r\n\x0b\x0c]", "an unusual kind of space is not part of an expression", "write a plain one"),
    (r":=|=", "an assignment is not part of an expression", "statements are NAME = EXPRESSION, with ; between them"),
    (r";", "no statement can end here", "';' stands behind a whole statement, outside parentheses"),
    (r"\"|'|`|“|”|‘|’", "a string is not part of an expression", ""),
    (r"\.(?=\s*[^\W\d])", "attribute access is not part of an expression", ""),
    (r"//", "'//' is not an operator here", "write floor(x/y)"),
    (r"%", "'%' is not an operator here", "the remainder of x/y is x - y*floor(x/y)"),
    (r"!", "'!' is not an operator here", "the factorial of x is gamma(x + 1)"),
    (r"\|", "'|' is not an operator here", "the absolute value of x is abs(x)"),
    (r"√", "'√' is not an operator here", "write sqrt(x)"),
    (r"[\[\]{}]", "only round parentheses group an expression", ""),
    (r"[⁺⁻]?[²³¹⁰⁴-⁹ⁿ]+", "a superscript is not an operator here", "write **{}"),
    (r"\.", "a number needs a digit beside its point", ""),
]
_REFUSED_AT = [(re.compile(pattern), message, hint) for pattern, message, hint in _REFUSED]


def refusal(source: str, position: int) -> InputError:
    """Why no token begins there."""
    for pattern, message, hint in _REFUSED_AT:
        match = pattern.match(source, position)
        if match:
            plain = unicodedata.normalize("NFKC", match[0]).replace("−", "-")
            return InputError(message, source, match.span(), hint.format(plain))
    character = source[position]
    plain = unicodedata.normalize("NFKC", character)
    hint = f"write {quote(plain)}" if plain != character and plain.isascii() and plain.strip() else ""
    return InputError(f"unexpected character {quote(character)}", source, (position, position + 1), hint)
