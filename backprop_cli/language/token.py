"""A word or a sign of the text, with its place, and the parentheses that are open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..errors import Span
from ..rules.array_op import ArrayOp
from ..rules.op import Op
from .settings import Settings


class Token(NamedTuple):
    """kind: `number`, `variable`, `constant`, `call` (text is the function), `(`, `)`, `,`, `binary`, `unary`, or of
    conditions `compared`, `and`, `or`, `not`, `if`, `else`, `?`, `:`.
    """

    kind: str
    text: str
    span: Span
    op: Op | None = None


class Group(NamedTuple):
    """An open parenthesis, or the whole, which is always open.

    start: its place in the text
    call: the place of the function's token, None where it is no call
    candidates: what the function may mean
    commas: the places of the commas in it
    choices: `if` and `?` whose `else` or `:` has not come yet
    is_case: whether it holds a pair (value, condition)
    place: that of its token
    closes: what closes it
    power: the exponent of `sin²(x)`, and where it stands
    settings: those of an operation on arrays, such as `axis`
    """

    start: int
    call: int | None
    candidates: Sequence[Op]
    commas: list[int]
    choices: list[Token]
    is_case: bool = False
    place: int = 0
    closes: str = ")"
    power: tuple[str, Span] | None = None
    settings: Settings = {}  # noqa: RUF012  # each group that takes any is given its own

    @property
    def takes(self) -> set[str]:
        """The names of settings that may stand in it."""
        return {each for op in self.candidates if isinstance(op, ArrayOp) for each in op.takes}

    @property
    def takes_cases(self) -> bool:
        """Whether its inputs are pairs (value, condition)."""
        return bool(self.candidates) and self.candidates[0].cases
