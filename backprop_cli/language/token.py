"""A word or a sign of the text, with its place."""

from __future__ import annotations

from typing import NamedTuple

from ..errors import Span
from ..rules.op import Op


class Token(NamedTuple):
    """kind: `number`, `variable`, `constant`, `call` (text is the function), `(`, `)`, `,`, `binary`, `unary`, or of
    conditions `compared`, `and`, `or`, `not`, `if`, `else`, `?`, `:`.
    """

    kind: str
    text: str
    span: Span
    op: Op | None = None
