"""Formulas as data: what a rule is made of, what every arithmetic compiles, and what every view prints.

A formula is a tree whose heads are the names of primitives (`add`, `exp`, …), a few words that only rules
use (`where`, `eq`, `careful`, …), numbers, and words for the operands (`x`, `y`, `out`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

Made = TypeVar("Made")
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
        return {part.head for part in self.parts() if part.args}

    @property
    def words(self) -> list[str]:
        """The operands that it is made of, numbers and words, as often as they stand there."""
        return [part.head for part in self.parts() if not part.args]

    def parts(self) -> Iterator[Formula]:
        """All that it is made of, from itself on, in the order in which it is written. No recursion, as in `fold`."""
        waiting = [self]
        while waiting:
            part = waiting.pop()
            yield part
            waiting += reversed(part.args)

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


def fold(
    formula: Formula,
    made: Callable[[Formula, Sequence[Made]], Made],
    as_: Callable[[Formula], Formula] = lambda formula: formula,
) -> Made:
    """What is made of a formula, of its arguments first. No recursion: that of a product is as deep as it has factors.

    made: what is made of a part, by what was made of its arguments;
    as_: what is looked at in the place of a part, before its arguments.
    """
    waiting: list[Formula | tuple[Formula]] = [formula]
    done: list[Made] = []
    while waiting:
        part = waiting.pop()
        if isinstance(part, tuple):
            first = len(done) - len(part[0].args)
            done[first:] = [made(part[0], done[first:])]
            continue
        part = as_(part)
        if part.args:
            waiting.append((part,))
            waiting += reversed(part.args)
        else:
            done.append(made(part, ()))
    return done[0]


def substitute(formula: Formula, words: Mapping[str, str | Formula]) -> Formula:
    """The formula with operand words replaced by what stands for them here."""

    def placed(part: Formula, args: Sequence[Formula]) -> Formula:
        if args:
            return Formula(part.head, *args)
        found = words.get(part.head, part)
        return found if isinstance(found, Formula) else Formula(found)

    return fold(formula, placed)


def as_read(formula: Formula) -> Formula:
    """What readers are shown in its place."""
    while formula.args and formula.head in READ_BY_THE_FIRST:
        formula = formula.args[0]
    return formula


def tidy(formula: Formula) -> Formula:
    """The formula as a person would write it out: `2·x^(2 − 1)` becomes `2·x`. The value stays."""
    return fold(formula, _tidied, as_read)


def _tidied(formula: Formula, args: Sequence[Formula]) -> Formula:
    """The same where its arguments are tidy already."""
    from decimal import Decimal

    if not args:
        return formula
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
