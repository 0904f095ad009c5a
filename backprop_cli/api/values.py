"""Values as Python programs hand them over: numbers of any type, and texts, by the names of variables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from numbers import Integral, Rational, Real
from types import NoneType
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from ..arithmetic import IEEE
from ..arithmetic.floats import LEAST
from ..errors import InputError, quote, shorten
from ..passes import point
from ..runtime.budget import within

if TYPE_CHECKING:
    from ..runtime.budget import Result


class Arrayed(Protocol):
    """What NumPy takes for an array."""

    def __array__(self) -> Any:
        """It, as an array of NumPy's."""


Given: TypeAlias = float | Decimal | Real | str | Sequence[Any] | Arrayed
"""A number, the text of a constant expression, or an array: nested lists, or NumPy's."""


def texts(values: Mapping[str, Given] | None, variables: Mapping[str, Given]) -> dict[str, Any]:
    """All of them as text, arrays as they are, by the names of variables. Raises InputError for what is neither."""
    expect("what has values", values, (Mapping, NoneType), "a mapping of names")
    pairs = [*({} if values is None else values).items(), *variables.items()]
    return point.by_name((name_of(name), text(name, value)) for name, value in pairs)


def expect(what: str, given: object, kind: type | tuple[type, ...], words: str) -> None:
    """Raise InputError for an argument that is of another type.

    what: which argument, as people call it;
    given: the argument;
    kind: the types that it may have;
    words: what it should be, for people.
    """
    if not isinstance(given, kind):
        raise InputError(f"{what} is {words}, not of type {type(given).__name__}")


def one_of(what: str, given: object, choices: Collection[str]) -> None:
    """Raise InputError for an argument that is none of these texts. what, choices: its name, and the texts."""
    expect(what, given, str, "text")
    if given not in choices:
        raise InputError(f"{what} is one of {', '.join(choices)}, not {quote(str(given))}")


def number(what: str, given: object) -> float:
    """An argument that is one number, or the text of one, as a double. Raises InputError for what is none."""
    found = text(what, given)
    expect(what, found, str, "a number")
    return float(point.read_value(what, found, IEEE))


def whole(what: str, given: object, among: range) -> int | None:
    """An argument that is a whole number in a range; None stays.

    what: its name
    given: the argument
    among: the range
    Raises InputError for what is no such number.
    """
    if given is None:
        return None
    expect(what, given, Integral, "a whole number")
    number = int(text(what, given))  # in other types, a range looks through all that it has
    if number not in among:
        raise InputError(f"{what} is a whole number from {among[0]} to {among[-1]:,}, not {shorten(str(number))}")
    return number


def in_time(time_limit: object, work: Callable[[], Result]) -> Result:
    """What the work returns. Raises TooSlowError where so many seconds are over, of which None is no end."""
    return work() if time_limit is None else within(number("time_limit", time_limit), work)


def names_of(wrt: Collection[str] | str | None) -> list[str] | None:
    """The variables that get gradients; None for all. Raises InputError for what is no collection of names."""
    if wrt is None:
        return None
    if isinstance(wrt, str):
        return point.read_names(wrt, "wrt")
    try:
        names = [*wrt]
    except TypeError:
        raise InputError(f"wrt is a collection of names, not of type {type(wrt).__name__}") from None
    return [point.read_name(name_of(each)) for each in names]


def name_of(given: object) -> str:
    """A variable's name. Raises InputError for what is no text."""
    if not isinstance(given, str):
        raise InputError(f"a variable's name is text, not of type {type(given).__name__}")
    return given


def _has_axes(value: object) -> bool:
    """Whether it is an array of NumPy's kind."""
    return bool(getattr(value, "ndim", None)) and hasattr(value, "__array__")


def text(name: str, value: object) -> Any:
    """A value as text, an array as it is. Raises InputError for what is neither a number, nor text, nor an array."""
    if isinstance(value, str | list | tuple) or _has_axes(value):
        return value
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, Real | Decimal):
        raise InputError(f"the value of {name} is a number or text, not of type {type(value).__name__}")
    with suppress(ValueError, OverflowError):
        if isinstance(value, Rational | Decimal):
            return str(value)
        double = float(value)
        return str(Decimal(double) if 0 < abs(double) < LEAST else double)  # which has more digits than are written
    raise InputError(f"the value of {name} has more digits than Python writes out", hint="as text, 1e5000 is short")
