r"""What stands between `\begin` and `\end`: equations in lines, cases, matrices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..names import as_name
from .cursor import UnknownError
from .parts import Part
from .signs import OTHERWISE, WHERE

if TYPE_CHECKING:
    from .reader import Reader


def lines(reader: Reader) -> Iterator[str]:
    r"""The stages in an environment of equations, `q &= x + y = 3 \\`; what is said of partials is no stage."""
    reader.take()
    name = reader.word()
    while reader.next not in (r"\end", ""):
        ahead = reader.signs[reader.place : reader.place + 3]
        if ahead != [r"\frac", "{", r"\partial"] and ahead[:2] != ["&", r"\text"]:
            yield f"{_assigned(reader)} = {reader.formula('=').text}"
        depth = 0
        while reader.next and (depth or reader.next not in (r"\\", r"\end")):
            sign = reader.take()
            depth += (sign == r"\begin") - (sign == r"\end")
        reader.skip(r"\\")
    reader.take()
    if reader.word() != name or reader.next:
        raise UnknownError


def _assigned(reader: Reader) -> str:
    """The name of a stage."""
    name = reader.operand().text
    reader.skip("&")
    if not as_name(name) or reader.take() not in ("=", r"\approx"):
        raise UnknownError
    return name


def cases(reader: Reader) -> Part:
    r"""`\begin{cases} x & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}` behind its first sign."""
    if "".join(reader.signs[reader.place : reader.place + 7]) != "{cases}":
        raise UnknownError
    reader.word()
    found = []
    while reader.next != r"\end":
        value = reader.formula(",").text
        reader.skip(",")
        reader.skip("&")
        word = reader.worded()
        if word in OTHERWISE:
            reader.worded(take=True)
            condition = "True"
        else:
            reader.conditions += 1
            if word in WHERE:
                reader.worded(take=True)
            condition = reader.formula("").text
            reader.conditions -= 1
        if not (value and condition):
            reader.place += not reader.next
            raise UnknownError
        found.append(f"({value}, {condition})")
        reader.skip(r"\\")
    reader.take()
    if not found or reader.word() != "cases":
        raise UnknownError
    return Part(f"Piecewise({', '.join(found)})")


def matrix(reader: Reader) -> Part:
    r"""`\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}` behind its first sign; of one row or column, a vector."""
    name, rows = reader.word(), [list[str]()]
    while reader.next != r"\end":
        rows[-1].append(reader.formula("").text)
        sign = reader.next
        reader.skip("&", r"\\")
        if not rows[-1][-1] or sign not in ("&", r"\\", r"\end") or (sign, reader.next) == ("&", r"\end"):
            raise UnknownError
        if sign == r"\\" and reader.next != r"\end":
            rows.append([])
    reader.take()
    if reader.word() != name or len({*map(len, rows)}) > 1 or not rows[0]:
        raise UnknownError
    if len(rows) == 1 or (len(rows[0]) == 1 and not reader.ours):
        rows = [[each for row in rows for each in row]]
    texts = [f"[{', '.join(row)}]" for row in rows]
    return Part(texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]")
