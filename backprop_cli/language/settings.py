"""What is no expression in an operation on arrays: indices, axes, shapes. All of them are literals."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

from ..errors import InputError, Span, quote

Settings: TypeAlias = dict[str, Any]
Items: TypeAlias = tuple["int | tuple[int | None, int | None, int | None]", ...]

_WHOLE = r"[-−+]?[0-9]{1,18}"
_INDEX = re.compile(r"\[([^\[\]]*)\]")
_ITEM = re.compile(rf"\s*(?:({_WHOLE})|({_WHOLE})?\s*:\s*({_WHOLE})?\s*(?::\s*({_WHOLE})?)?)\s*")
_SPELT = {"axis": "axis", "keepdims": "keepdims", "dim": "axis", "keepdim": "keepdims"}
_MEANT = _SPELT | dict.fromkeys(("ax", "axes", "dims"), "axis") | dict.fromkeys(("keep_dims", "keep_dim"), "keepdims")
_NAMES = rf"(?:{'|'.join(_SPELT)})[ \t\r\n]*=(?!=)"
_SETTING = re.compile(rf"({'|'.join(_SPELT)})[ \t\r\n]*=(?!=)[ \t\r\n]*([^,()\[\]]*)")
_BEHIND = re.compile(rf"\)|,[ \t\r\n]*{_NAMES}")
_LISTED = rf"\s*({_WHOLE}(?:\s*,\s*{_WHOLE})*)\s*,?\s*"
_LENGTHS = re.compile(rf"\s*(?:\({_LISTED}\)|\[{_LISTED}\]|{_LISTED})\s*(?=\))")
_EXAMPLE = "for example: x[0], x[-1], x[1:], X[0, :], X[:, 1:3]; by labels, pick(S, y)"

NEW_AXIS = "a vector as a column is reshape(x, -1, 1), and as a row reshape(x, 1, -1)"
"""What is told to who writes a new axis."""


def index(source: str, start: int, end: int) -> tuple[Items, int]:
    """The entries that `[0, 1:]` takes, and where it ends. Raises InputError for what is no such literal.

    start: where `[` stands
    end: where the expression ends
    """
    whole = _INDEX.match(source, start, end)
    if whole is None:
        closes = source.find("]", start, end)
        if closes < 0:
            raise InputError(f"{quote('[')} is never closed", source, (start, start + 1))
        raise InputError("an index is a whole number or a slice", source, (start, closes + 1), _EXAMPLE)
    items = []
    begin = start + 1
    for text in whole[1].split(","):
        items.append(_item(source, (begin, begin + len(text))))
        begin += len(text) + 1
    return tuple(items), whole.end()


def _item(source: str, span: Span) -> int | tuple[int | None, int | None, int | None]:
    found = _ITEM.fullmatch(source, *span)
    if found is None:
        what = source[slice(*span)].strip()
        start = span[0] + len(source[slice(*span)]) - len(source[slice(*span)].lstrip())
        place = (start, start + len(what)) if what else (span[0] - 1, span[1] + 1)
        message = f"an index is a whole number or a slice, not {quote(what)}" if what else "an index is missing"
        raise InputError(message, source, place, NEW_AXIS if what.endswith(("None", "newaxis")) else _EXAMPLE)
    if found[1]:
        return _whole(found[1])
    first, last, step = (None if each is None else _whole(each) for each in found.groups()[1:])
    if step == 0:
        raise InputError("a slice does not step by 0", source, span)
    return first, last, step


def _whole(text: str) -> int:
    return int(text.replace("−", "-"))


def setting(source: str, start: int, end: int) -> tuple[str, Any, int] | None:
    """The name of a setting that begins there, its value, and where it ends; None where none does.

    end: where the expression ends

    Raises InputError for a value that is no literal, and where an input follows it.
    """
    found = _SETTING.match(source, start, end)
    if found is None:
        return None
    name, text = _SPELT[found[1]], found[2].strip()
    span = start, found.end()
    if name == "axis" and not (text == "None" or re.fullmatch(_WHOLE, text)):
        hint = "for example: axis=0, or axis=-1 for the last; without it, all axes"
        raise InputError("an axis is a whole number", source, span, hint)
    if name == "keepdims" and text not in ("True", "False", "1", "0"):
        raise InputError("keepdims is True or False", source, span)
    if not _BEHIND.match(source, found.end(), end):
        raise InputError(f"{name} stands behind all inputs", source, span)
    value = text in ("True", "1") if name == "keepdims" else None if text == "None" else _whole(text)
    return name, value, found.end()


def meant_setting(source: str, name: str, place: int) -> str:
    """What to write for `ax=0`; empty where it is no setting. place: of the sign."""
    value = re.compile(r"=\s*([-−+\w]*)").match(source, place)
    return f"{_MEANT[name.lower()]}={value[1]}" if value and name.lower() in _MEANT else ""


def lengths(source: str, start: int, end: int) -> tuple[tuple[int, ...], int]:
    """The lengths of a shape, `2, 3` or `(2, 3)`, and where they end. Raises InputError for what is no such literal.

    start: where the shape begins
    end: where the expression ends
    """
    found = _LENGTHS.match(source, start, end)
    if found is None:
        hint = "for example: reshape(x, 2, 3), or reshape(x, -1, 3), where −1 is what is left"
        raise InputError("a shape is made of whole numbers", source, (start, start + 1), hint)
    return tuple(map(_whole, found[found.lastindex or 0].split(","))), found.end()
