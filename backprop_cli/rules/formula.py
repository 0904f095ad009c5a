"""Formulas as data: what a rule is made of, what every arithmetic compiles, and what every view prints.

A formula is a tree whose heads are the names of primitives (`add`, `exp`, …), a few words that only rules
use (`where`, `eq`, `careful`, …), numbers, and words for the operands (`x`, `y`, `out`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_SHORT = r"-?[0-9]{1,12}(\.[0-9]{1,12})?"  # numbers whose difference is exact and short


class Formula:
    """A node of a formula: `head` applied to `args`; a number or a word when there are no `args`."""

    __slots__ = ("args", "head")

    def __init__(self, head: str, *args: Operand) -> None:
        self.head = head
        self.args = tuple(arg if isinstance(arg, Formula) else Formula(str(arg)) for arg in args)

    def __add__(self, other: Operand) -> Formula:
        return Formula("add", self, other)

    def __radd__(self, other: int) -> Formula:
        return Formula("add", other, self)

    def __sub__(self, other: Operand) -> Formula:
        return Formula("sub", self, other)

    def __rsub__(self, other: int) -> Formula:
        return Formula("sub", other, self)

    def __mul__(self, other: Operand) -> Formula:
        return Formula("mul", self, other)

    def __rmul__(self, other: int) -> Formula:
        return Formula("mul", other, self)

    def __truediv__(self, other: Operand) -> Formula:
        return Formula("div", self, other)

    def __rtruediv__(self, other: int) -> Formula:
        return Formula("div", other, self)

    def __pow__(self, other: Operand) -> Formula:
        return Formula("pow", self, other)

    def __matmul__(self, other: Operand) -> Formula:
        return Formula("matmul", self, other)

    def __neg__(self) -> Formula:
        return Formula("neg", self)

    def __call__(self, *args: Operand) -> Formula:
        """A word used as a function: `exp(x)`."""
        return Formula(self.head, *args)

    def __repr__(self) -> str:
        return f"{self.head}({', '.join(map(repr, self.args))})" if self.args else self.head

    @property
    def heads(self) -> set[str]:
        """The operations that the formula is made of."""
        return {self.head}.union(*(arg.heads for arg in self.args)) if self.args else set()

    @property
    def words(self) -> list[str]:
        """The operands that it is made of, numbers and words, as often as they stand there."""
        return [word for arg in self.args for word in arg.words] if self.args else [self.head]

    @property
    def is_number(self) -> bool:
        """Whether this is a literal such as `2`, `-1` or `2e-3` (not `nan`, which may be a variable)."""
        if self.args or self.head[:1] not in "-.0123456789":
            return False
        try:
            float(self.head)
        except ValueError:
            return False
        return self.head[1:2] not in ("i", "n")  # -inf, -nan


Operand = Formula | int

READ_BY_THE_FIRST = ("careful", "convention", "smooth", "doubles", "ours", "own", "cancels", "precisely")
"""Heads of which readers are shown the first argument; what doubles compute is the last."""


def substitute(formula: Formula, words: Mapping[str, str | Formula]) -> Formula:
    """The formula with operand words replaced by what stands for them here."""
    if not formula.args:
        found = words.get(formula.head, formula)
        return found if isinstance(found, Formula) else Formula(found)
    return Formula(formula.head, *(substitute(arg, words) for arg in formula.args))


def tidy(formula: Formula) -> Formula:
    """The formula as a person would write it out: `2·x^(2 − 1)` becomes `2·x`. The value stays."""
    from decimal import Decimal

    if not formula.args:
        return formula
    if formula.head in READ_BY_THE_FIRST:
        return tidy(formula.args[0])
    args = [tidy(arg) for arg in formula.args]
    numbers = [Decimal(arg.head) if not arg.args and re.fullmatch(_SHORT, arg.head) else None for arg in args]
    match formula.head, numbers:
        case "add", [Decimal() as a, Decimal() as b]:
            return Formula(f"{a + b:f}")
        case "sub", [Decimal() as a, Decimal() as b]:
            return Formula(f"{a - b:f}")
        case "neg", [Decimal() as a]:
            return Formula(f"{-a:f}")
        case "pow", [_, 1]:
            return args[0]
        case "pow", [_, 0]:
            return Formula("1")
        case "mul", [1, _]:
            return args[1]
        case "mul", [-1, _]:
            return Formula("neg", args[1])
        case ("mul", [_, 1]) | ("div", [_, 1]):
            return args[0]
        case "mul", ([0, _] | [_, 0]):
            return Formula("0")
    return Formula(formula.head, *args)
