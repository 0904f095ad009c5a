"""Text → postfix, by precedence alone: a second reader, to see whether a remembered graph is that of its text.

It shares no code with the first, and knows neither places nor what is wrong with a text that is no expression.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from ..rules.printer import LOOSE, POWER, PRODUCT, SIGNED, SUM
from ..rules.table import OPERATORS, Op, primitive
from .names import normal

Postfix: TypeAlias = list[str | int | Op]
"""Operands, and behind them the operation on them, with their number where an operation takes any."""

_SPACE = r"(?:[ \t\r\n]++|#[^\n]*+\n)*+"
_NAME = r"[^\W\d][^\s#()+\-*/^,−×·⋅÷]*"
_TOKEN = re.compile(rf"#[^\n]*|[0-9.]+(?:[eE][+-]?[0-9]+)?|{_NAME}(?:{_SPACE}\()?|\*\*|\S")
_OF_NUMBERS = frozenset("0123456789.")
_BINARY = {
    "+": (primitive("add"), SUM),
    "-": (primitive("sub"), SUM),
    "*": (primitive("mul"), PRODUCT),
    "/": (primitive("div"), PRODUCT),
    "**": (primitive("pow"), POWER),
}
_MINUS = primitive("neg"), SIGNED


def postfix(text: str, functions: Mapping[str, Sequence[Op]], leaf: Callable[[str], str | int]) -> Postfix:
    """The expression in postfix. functions: what may be called; leaf: what a name is, which raises LookupError if it is
    none. Raises ValueError or LookupError where the text is no expression.
    """
    found: Postfix = []
    waiting: list[tuple[Op | str, int]] = []  # operators and how they bind; open parentheses, which do not, by function
    counts: list[int] = []  # of the inputs in each open parenthesis
    wants_operand = True

    def finish(binding: int) -> None:
        while waiting and waiting[-1][1] >= binding:
            found.append(waiting.pop()[0])

    for part in _TOKEN.findall(text):
        if part[0] == "#":
            continue
        sign = OPERATORS.get(part, part)
        if wants_operand:
            if part[-1] == "(":
                waiting.append((normal(part[:-1].partition("#")[0].rstrip()), LOOSE))
                counts.append(1)
            elif sign == "-":
                waiting.append(_MINUS)
            elif sign != "+":
                found.append(part if part[0] in _OF_NUMBERS else leaf(part))
                wants_operand = False
        elif sign in _BINARY:
            finish(_BINARY[sign][1] + (sign == "**"))  # x**y**z is x**(y**z)
            waiting.append(_BINARY[sign])
            wants_operand = True
        elif part == "," and counts:
            finish(SUM)
            counts[-1] += 1
            wants_operand = True
        elif part == ")" and counts:
            finish(SUM)
            function, count = str(waiting.pop()[0]), counts.pop()
            if function:
                op = next(op for op in functions[function] if op.accepts(count + len(op.read)))
                found += map(leaf, op.read)
                found += [op, count] if op.variadic else [op]
            elif count > 1:
                raise ValueError("a comma")
        else:
            raise ValueError(part)
    if wants_operand or counts:
        raise ValueError("the end")
    finish(SUM)
    return found
