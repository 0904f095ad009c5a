"""Values as Python programs hand them over: numbers of any type, and texts, by the names of variables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from decimal import Decimal
from itertools import islice
from numbers import Integral, Rational, Real
from types import NoneType
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from ..arithmetic import IEEE
from ..arithmetic.floats import LEAST
from ..errors import BackpropError, InputError, quote, shorten
from ..language.tokens import MAX_TOKENS
from ..passes import point
from ..rules.shape_rules import MAX_AXES
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
    with reading("what has values"):
        pairs = [*({} if values is None else values).items(), *variables.items()]
    return point.by_name((name_of(name), text(name, value)) for name, value in pairs)


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Have what an object of others raises told as an InputError. what: which argument is read."""
    try:
        yield
    except (BackpropError, MemoryError):
        raise
    except Exception as error:
        message = f"{what} cannot be read: {type(error).__name__}: {shorten(str(error))}"
        raise InputError(message) from error


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


def matrix(what: str, given: Any, deeper: int = 3) -> Any:
    """Numbers in mappings and lists, as texts in dicts and lists.

    what: which argument it is
    given: the argument
    deeper: how many mappings and lists there may be in each other
    Raises InputError where there are more, and for what is no number.
    """
    if isinstance(given, str):
        return str.__str__(given)
    if not isinstance(given, Mapping | list | tuple):
        return text(what, given)
    if not deeper:
        raise InputError(f"{what} are nested too deeply")
    with reading(what):
        if isinstance(given, Mapping):
            return {name_of(name): matrix(what, each, deeper - 1) for name, each in given.items()}
        return [matrix(what, each, deeper - 1) for each in given]


def names_of(wrt: Collection[str] | str | None) -> list[str] | None:
    """The variables that get gradients; None for all. Raises InputError for what is no collection of names."""
    if wrt is None:
        return None
    if isinstance(wrt, str):
        return point.read_names(wrt, "wrt")
    if not hasattr(wrt, "__iter__"):
        raise InputError(f"wrt is a collection of names, not of type {type(wrt).__name__}")
    with reading("wrt"):
        names = [*islice(wrt, MAX_TOKENS + 1)]
    if len(names) > MAX_TOKENS:
        raise InputError(f"wrt has more than {MAX_TOKENS:,} names")
    return [point.read_name(name_of(each)) for each in names]


def name_of(given: object) -> str:
    """A variable's name. Raises InputError for what is no text."""
    if not isinstance(given, str):
        raise InputError(f"a variable's name is text, not of type {type(given).__name__}")
    return str.__str__(given)  # whatever it says of itself, as a member of an enumeration does


def has_axes(value: object) -> bool:
    """Whether it is an array of NumPy's kind."""
    return bool(getattr(value, "ndim", None)) and hasattr(value, "__array__")


def text(name: object, value: object) -> Any:
    """A value as text, an array as it is. Raises InputError for what is neither a number, nor text, nor an array."""
    with reading(f"the value of {name}"):
        if isinstance(value, list | tuple):
            return _lists(f"{name}", value)
        if not has_axes(value):
            return _text(f"{name}", value)
        from ..arithmetic.axes import plain_array

        return plain_array(value)


def _lists(name: str, value: Sequence[Any], place: tuple[int, ...] = ()) -> list[Any]:
    """Nested lists of plain floats and texts. place: where this list stands in the outermost."""
    if len(place) == MAX_AXES:
        from ..passes.nested import too_deep

        raise too_deep(name)
    found: list[Any] = []
    for index, each in enumerate(value):
        if type(each) is float:
            found.append(each)
        elif isinstance(each, list | tuple):
            found.append(_lists(name, each, (*place, index)))
        else:
            found.append(_text(f"{name} at entry {[*place, index]}", each))
    return found


def _text(name: str, value: object) -> str:
    """A number as text, or a text."""
    if isinstance(value, str):
        return str.__str__(value)
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
