"""Text → postfix, by precedence alone: a second reader, to see whether a remembered graph is that of its text.

It shares no code with the first, and knows neither places nor what is wrong with a text that is no expression.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from ..rules.op import Op
from ..rules.printer import BOTH, CHOICE, COMPARED, EITHER, LOOSE, OPPOSITE, POWER, PRODUCT, SIGNED, SUM, TIGHT
from ..rules.table import CONSTANTS, OPERATORS, WORDS_OF_LOGIC, primitive
from .names import normal
from .spellings import FRACTIONS, PREFIXES, fraction

Postfix: TypeAlias = list[str | int | Op]
"""Operands, and behind them the operation on them, with their number where an operation takes any.

Cases (value, condition) are choices inside each other.
"""

_SPACE = r"(?:[ \t\r\n]++|#[^\n]*+\n)*+"
_RAISED = "⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹"
_NO_NAME = rf"\s#()+\-*/%^,−×·⋅÷<>=!?:&|≤≥≠.⌊⌋⌈⌉√∛@\[\]ᵀ{_RAISED}"
_NAME = rf"[^\W\dᵀ{_RAISED}{''.join(sorted(FRACTIONS))}][^{_NO_NAME}]*(?:\.(?!T\b)[^\W\d][^{_NO_NAME}]*)*"
_POWER = rf"[{_RAISED}]+|[ \t]*(?:\^|\*\*)[ \t]*-?[0-9]+(?=[ \t]*\()"
_SETTINGS = r",[ \t\r\n]*(?:axis|keepdims|dim|keepdim)[ \t\r\n]*=(?!=)[^,()]*"
_WORD = rf"(?:{'|'.join(sorted(WORDS_OF_LOGIC))})(?![^{_NO_NAME}])"
_TOKEN = (
    rf"#[^\n]*|{_SETTINGS}|\.T(?![\w(])|\.?(?:\*\*|[*^/])|(?:[0-9]+(?:\.(?![*/^])[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|{_WORD}"
    rf"|{_NAME}(?:{_SPACE}\({_SPACE}\)|(?:{_POWER})?{_SPACE}\()?|[{_RAISED}]+|[<>=!]=|&&|\|\||\S"
)
_PLAIN = r"[0-9]+(?:[eE][+-]?[0-9]+)?|[A-Za-z_][A-Za-z0-9_]*(?:[ \t\r\n]*\((?:[ \t\r\n]*\))?)?|\S"
_SPECIAL = frozenset("^.<>=!?:&|#[")
_RAISED_CALL = rf"({_NAME})({_POWER})"
_MARKS_POWER = frozenset(f"{_RAISED}^*")
_DIGITS = str.maketrans("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "+-0123456789", " \t^*")
_ROOTS = {"√": (primitive("sqrt"), TIGHT), "∛": (primitive("cbrt"), TIGHT)}
_BARS = {"|": "|", "⌊": "⌋", "⌈": "⌉"}
_OF_BARS = {"|": primitive("abs"), "⌋": primitive("floor"), "⌉": primitive("ceil")}
_FACTORS = {*_ROOTS, *_BARS, *FRACTIONS}
_OF_NUMBERS = frozenset("0123456789.")
_BINARY = {
    "+": (primitive("add"), SUM),
    "-": (primitive("sub"), SUM),
    "*": (primitive("mul"), PRODUCT),
    "/": (primitive("div"), PRODUCT),
    "%": (primitive("mod"), PRODUCT),
    "**": (primitive("pow"), POWER),
}
_COMPARED = dict(zip("< <= > >= == !=".split(), map(primitive, "lt le gt ge eq ne".split()), strict=True))
_JOINED = {"and": (primitive("and"), BOTH), "or": (primitive("or"), EITHER)}
_PREFIX = {"-": (primitive("neg"), SIGNED), "not": (primitive("not"), OPPOSITE)}
_AWAITED = {"if": "else", "?": ":"}
_CHOICES = {"else": primitive("if"), ":": primitive("?:")}
_CASE = "("  # a parenthesis that holds a case (value, condition)
AGAIN = "again"
"""Stands for the left side of a comparison in a chain, `0 < x*y < 1`, that is the right side of the one before."""


def _tokens(text: str) -> list[str]:
    """The signs, names and numbers. Most texts need no pattern that takes long to compile."""
    is_plain = text.isascii() and "**" not in text and _SPECIAL.isdisjoint(text)
    return re.findall(_PLAIN if is_plain and not any(word in text for word in WORDS_OF_LOGIC) else _TOKEN, text)


def _begins_name(part: str) -> bool:
    return (part[0].isalpha() or part[0] == "_") and part not in WORDS_OF_LOGIC


def _raised(part: str) -> re.Match[str] | None:
    """The name and the exponent of `sin²(`. The pattern is compiled where there is one: that takes long."""
    return re.match(_RAISED_CALL, part) if part[-1] == "(" and not _MARKS_POWER.isdisjoint(part) else None


def _without_prefix(text: str) -> str:
    names = text.split(".")
    while len(names) > 1 and names[0] in PREFIXES:
        del names[0]
    return normal(names[0]) if len(names) == 1 else ".".join(names)


def _constant(text: str) -> str:
    """The name of a variable or constant, of which a constant may have empty parentheses behind it: `PI()`."""
    if text[-1] != ")":
        return _without_prefix(text)
    name = _without_prefix(text.partition("(")[0].partition("#")[0].rstrip())
    if name not in CONSTANTS:
        raise LookupError(name)
    return name


def _row(name: str, **settings: Any) -> Op:
    """A row of arrays. Loaded when there is one, because most texts have none."""
    from ..rules.arrays import row

    return row(name, **settings)


_OF_SETTINGS = {"axis": "axis", "dim": "axis", "keepdims": "keepdims", "keepdim": "keepdims"}
_VALUES = {"None": None, "True": True, "1": True, "False": False, "0": False}


def _items(text: str) -> tuple[Any, ...]:
    """`[0, 1:]` as an operation has it."""
    items: list[Any] = []
    for each in text[1:-1].replace("−", "-").split(","):
        ends = [int(end) if end.strip() else None for end in each.split(":")]
        items.append(tuple(ends + [None] * (3 - len(ends))) if ends[1:] else int(each))
    return tuple(items)


def _called(
    rows: Sequence[Op], found: Postfix, count: int, given: Mapping[str, str], leaf: Callable[[str], str | int]
) -> Postfix:
    """A call in postfix, behind its inputs in `found`. given: texts of settings such as `axis`."""
    op = next((op for op in rows if op.accepts(count + len(op.read)) and not given), rows[-1])
    if not op.of_arrays and not given:
        op = next(op for op in rows if op.accepts(count + len(op.read)))
        return [*map(leaf, op.read), op, count] if op.variadic else [*map(leaf, op.read), op]
    settings: dict[str, Any] = {}
    for name, text in given.items():
        settings[_OF_SETTINGS[name]] = (
            _VALUES[text] if name in ("keepdims", "keepdim") or text == "None" else int(text.replace("−", "-"))
        )
    if op.name == "reshape":
        lengths: list[int] = []
        while len(lengths) < count - 1:
            is_negative = not isinstance(found[-1], str | int) and found.pop() is not None
            lengths.insert(0, -int(found.pop()) if is_negative else int(found.pop()))  # type: ignore[arg-type]
        settings["lengths"], count = tuple(lengths), 1
    if op.name == "concat" and count == 1 and found[-2:-1] == [_row("array")]:
        count = found.pop()  # type: ignore[assignment]
        found.pop()
    op = _row(op.name, **settings)
    if not op.accepts(count):
        raise ValueError(op.name)
    return [op, count] if op.variadic else [op]


def postfix(text: str, functions: Mapping[str, Sequence[Op]], leaf: Callable[[str], str | int]) -> Postfix:
    """The expression in postfix. functions: what may be called; leaf: what a name is, which raises LookupError if it is
    none. Raises ValueError or LookupError where the text is no expression.
    """
    found: Postfix = []
    waiting: list[tuple[Op | str, int]] = []  # operators and how they bind; open parentheses, which do not, by function
    counts: list[int] = []  # of the inputs in each open parenthesis
    opened: list[tuple[str, str]] = []  # what closes each of them, and the exponent of what it closes
    settings: dict[int, dict[str, str]] = {}  # of the open parenthesis of that depth
    index: list[str] = []  # the parts of the index that is being read
    starts: dict[int, int] = {}  # where the right side of a comparison begins, by its place among those that wait
    wants_operand, multiplies = True, False  # whether what is behind may be a factor without a sign

    def finish(binding: int) -> None:
        while waiting and waiting[-1][1] >= binding:
            op = waiting.pop()[0]
            found.append(_row("matmul") if op == "@" else op)

    def is_of_cases() -> bool:
        name = waiting[-1][0] if waiting else ""
        return isinstance(name, str) and name in functions and functions[name][0].cases

    def power(digits: str) -> Postfix:
        plain = digits.translate(_DIGITS)
        return [plain.strip("+-"), *[_PREFIX["-"][0]] * (plain[0] == "-"), _BINARY["**"][0]] if plain else []

    def parts() -> Iterator[str]:
        for part in _tokens(text):
            if part == "||" and (wants_operand or opened[-1:] == [("|", "")]):
                yield from part
            elif (raised := _raised(part)) and _without_prefix(raised[1]) not in functions:
                yield from (raised[1], raised[2], "(")
            elif part[0] != "#":
                yield part

    for part in parts():
        if index or (part == "[" and not wants_operand):
            index.append(part)
            if part == "]":
                finish(TIGHT)
                found.append(_row("index", items=_items("".join(index))))
                index.clear()
                multiplies = True
            continue
        if len(part) > 1 and part[0] == "," and not wants_operand:
            name, _, value = part[1:].partition("=")
            settings.setdefault(len(opened), {})[name.strip()] = value.strip()
            continue
        sign = OPERATORS.get(part, part)
        closes = bool(opened) and part == opened[-1][0]
        if multiplies and not closes and (part[-1] == "(" or part in _FACTORS or _begins_name(part)):
            finish(PRODUCT)
            waiting.append(_BINARY["*"])
            wants_operand = True
        multiplies = False
        if wants_operand:
            if part[-1] == "(":
                raised = _raised(part)
                name = _without_prefix(raised[1] if raised else part[:-1].partition("#")[0].rstrip())
                waiting.append((_CASE if not name and is_of_cases() else name, LOOSE))
                counts.append(1)
                opened.append((")", raised[2] if raised else ""))
            elif part == "[":
                waiting.append((part, LOOSE))
                counts.append(1)
                opened.append(("]", ""))
            elif part in _BARS:
                waiting.append((part, LOOSE))
                counts.append(1)
                opened.append((_BARS[part], ""))
            elif part in _ROOTS:
                waiting.append(_ROOTS[part])
            elif part in FRACTIONS:
                found += [*fraction(part), _BINARY["/"][0]]
                wants_operand, multiplies = False, True
            elif sign in _PREFIX:
                waiting.append(_PREFIX[sign])
            elif part == "True" and counts and counts[-1] == 2 and waiting[-1][0] == _CASE:
                counts[-1] = 1  # there is no condition
                wants_operand = False
            elif sign != "+":
                multiplies = part[0] in _OF_NUMBERS
                found.append(part if multiplies else leaf(_constant(part)))
                wants_operand = False
        elif part[0] in _RAISED:
            finish(TIGHT)
            found += power(part)
            multiplies = True
        elif part == "!":
            finish(TIGHT)
            found.append(primitive("factorial"))
            multiplies = True
        elif part in (".T", "ᵀ"):
            finish(TIGHT)
            found.append(_row("transpose"))
            multiplies = True
        elif part == "@":
            finish(PRODUCT)
            waiting.append(("@", PRODUCT))
            wants_operand = True
        elif sign in _BINARY:
            finish(_BINARY[sign][1] + (sign == "**"))  # x**y**z is x**(y**z)
            waiting.append(_BINARY[sign])
            wants_operand = True
        elif sign in _COMPARED:
            finish(SUM)
            if waiting and waiting[-1][1] == COMPARED:
                middle = found[starts[len(waiting)] :]
                finish(COMPARED)
                found.append(middle[0] if len(middle) == 1 and isinstance(middle[0], int) else AGAIN)
                waiting.append((primitive("and"), COMPARED))
            waiting.append((_COMPARED[sign], COMPARED))
            starts[len(waiting)] = len(found)
            wants_operand = True
        elif sign in _JOINED:
            finish(_JOINED[sign][1])
            waiting.append(_JOINED[sign])
            wants_operand = True
        elif sign in _AWAITED:
            finish(EITHER)
            waiting.append((_AWAITED[sign], LOOSE))
            wants_operand = True
        elif sign in _CHOICES:
            finish(EITHER if sign == "else" else CHOICE)
            if waiting.pop()[0] != sign:
                raise ValueError(part)
            waiting.append((_CHOICES[sign], CHOICE))
            wants_operand = True
        elif part == "," and counts:
            finish(CHOICE)
            counts[-1] += 1
            wants_operand = True
        elif closes:
            finish(CHOICE)
            function, count = str(waiting.pop()[0]), counts.pop()
            multiplies = True
            given = settings.pop(len(opened), {})
            if part == "]":
                found += [_row("array"), count]
            elif part in _OF_BARS:
                found.append(_OF_BARS[part])
            elif function == _CASE:
                counts[-1] += count - 1
            elif function and functions[function][0].cases:
                whole, last = functions[function]
                found += [last] * (count % 2 == 0) + [whole] * ((count - 1) // 2)
            elif function:
                found += _called(functions[function], found, count, given, leaf)
            elif count > 1:
                raise ValueError("a comma")
            found += power(opened.pop()[1])
        else:
            raise ValueError(part)
    if wants_operand or counts or index:
        raise ValueError("the end")
    finish(CHOICE)
    if waiting:
        raise ValueError("the end")
    return found
