"""Pieces of what is written, and how they stand in a row: with signs between them, and with brackets where these are
needed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from ..names import as_name
from .signs import LOOSE, TRANSPOSED


class Part(NamedTuple):
    """A piece of what is written. kind: `one` for what holds together, `product`, `sum`, `list` or `sign`."""

    text: str
    kind: str = "one"


def held(part: Part, *, product: bool = False) -> str:
    """A part as a factor, or as the base of a power; product: whether a product needs no parentheses there."""
    return part.text if part.kind == "one" or (product and part.kind == "product") else f"({part.text})"


def _between(before: Part, part: Part, bold: Collection[str], *, is_matrix: bool) -> str:
    """What stands between factors: behind a transpose the product is that of matrices, and before one it is unclear.

    bold: names of arrays, whose product it is too
    is_matrix: whether the product is one of matrices so far
    """
    is_bold = before.text in bold and part.text.removesuffix(TRANSPOSED) in bold
    if is_matrix or is_bold or before.text.endswith(TRANSPOSED) or before.text.startswith(("inv(", "[[")):
        return " @ "
    unclear = (part.text.endswith(TRANSPOSED) or part.text.startswith("[")) and as_name(before.text)
    return " " if unclear else "*"


def joined(parts: Sequence[Part], bold: Collection[str]) -> Part:
    """The parts in a row, with `*` where nothing stands between two of them."""
    kind, text = "one" if len(parts) == 1 and parts[0].kind != "sign" else "product", ""
    before, between = Part("", "sign"), ""
    for part in parts:
        if part.kind == "sign":
            is_unary = before.kind == "sign"
            loose = part.text in LOOSE
            kind = "sum" if loose else kind
            space = " " if loose and not is_unary else ""
            text += part.text + " " if part.text in (",", "not") else f"{space}{part.text}{space}"
            between = ""
        else:
            is_first = before.text in ("", *LOOSE)
            factor = f"({part.text})" if part.kind == "product" and "/" in part.text and not is_first else part.text
            between = "" if before.kind == "sign" else _between(before, part, bold, is_matrix=between == " @ ")
            text += f"{between}{factor}"
        before = part
    if len(parts) == 1:
        kind = parts[0].kind
    elif any(part.text == "," for part in parts):
        kind = "list"
    return Part(text, kind)
