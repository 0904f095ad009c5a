r"""What stands between `\begin` and `\end`: equations in lines, cases, matrices."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

from ..names import as_name
from .cursor import Signs, UnknownError
from .parts import Part
from .signs import OTHERWISE, WHERE


class Environments(Signs, ABC):
    """The environments of what is read.

    ours: whether this program wrote it, with braces around what has a power
    conditions: inside how many conditions this is, where = compares
    """

    def __init__(self, signs: list[str], *, ours: bool) -> None:
        super().__init__(signs)
        self.ours = ours
        self.conditions = 0

    @abstractmethod
    def formula(self, close: str) -> Part:
        """What stands before a closing bracket, or before the end."""

    @abstractmethod
    def bracketed(self, sign: str) -> Part:
        """What stands behind an opening bracket."""

    @abstractmethod
    def operand(self) -> Part:
        """A number, a name, or what holds together in brackets."""

    def lines(self) -> Iterator[str]:
        r"""The stages in an environment of equations, `q &= x + y = 3 \\`; what is said of partials is no stage."""
        self.take()
        name = self.word()
        while self.next not in (r"\end", ""):
            ahead = self.signs[self.place : self.place + 3]
            if ahead != [r"\frac", "{", r"\partial"] and ahead[:2] != ["&", r"\text"]:
                yield f"{self._assigned()} = {self.formula('=').text}"
            depth = 0
            while self.next and (depth or self.next not in (r"\\", r"\end")):
                sign = self.take()
                depth += (sign == r"\begin") - (sign == r"\end")
            self.skip(r"\\")
        self.take()
        if self.word() != name or self.next:
            raise UnknownError

    def _assigned(self) -> str:
        """The name of a stage."""
        name = self.operand().text
        inputs = f"({self.bracketed(self.take()).text})" if self.next == "(" else ""
        self.skip("&")
        if not as_name(name) or self.take() not in ("=", r"\approx"):
            raise UnknownError
        return f"{name}{inputs}"

    def cases(self) -> Part:
        r"""`\begin{cases} x & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}` behind its first sign."""
        if "".join(self.signs[self.place : self.place + 7]) != "{cases}":
            raise UnknownError
        self.word()
        found = []
        while self.next != r"\end":
            value = self.formula(",").text
            self.skip(",")
            self.skip("&")
            word = self.worded()
            if word in OTHERWISE:
                self.worded(take=True)
                condition = "True"
            else:
                self.conditions += 1
                if word in WHERE:
                    self.worded(take=True)
                condition = self.formula("").text
                self.conditions -= 1
            if not (value and condition):
                self.place += not self.next
                raise UnknownError
            found.append(f"({value}, {condition})")
            self.skip(r"\\")
        self.take()
        if not found or self.word() != "cases":
            raise UnknownError
        return Part(f"Piecewise({', '.join(found)})")

    def matrix(self) -> Part:
        r"""`\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}` behind its first sign; of one row or column, a vector."""
        name, rows = self.word(), [list[str]()]
        while self.next != r"\end":
            rows[-1].append(self.formula("").text)
            sign = self.next
            self.skip("&", r"\\")
            if not rows[-1][-1] or sign not in ("&", r"\\", r"\end") or (sign, self.next) == ("&", r"\end"):
                raise UnknownError
            if sign == r"\\" and self.next != r"\end":
                rows.append([])
        self.take()
        if self.word() != name or len({*map(len, rows)}) > 1 or not rows[0]:
            raise UnknownError
        if len(rows) == 1 or (len(rows[0]) == 1 and not self.ours):
            rows = [[each for row in rows for each in row]]
        texts = [f"[{', '.join(row)}]" for row in rows]
        return Part(texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]")
