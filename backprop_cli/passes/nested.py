"""Arrays as people give them: nested lists (`[[1, 2], [3, 4]]`), what Python has, and files (.npy, .csv, .json)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from functools import reduce
from io import BytesIO
from math import prod
from operator import getitem
from typing import Any, BinaryIO

import numpy as np

from ..arithmetic import FLOATS, Arithmetic, Value
from ..arithmetic.arrays import Arrays
from ..arithmetic.axes import Array
from ..errors import BackpropError, InputError, quote, reason, shorten
from ..rules.array_op import Shape
from ..rules.shape_rules import MAX_AXES, MAX_ENTRIES, told
from .arrays import value
from .point import kind, kind_of, read_value

_PLAIN = frozenset("0123456789+-.eE[], \t\r\n")
_NONFINITE = re.compile(r"\b(?:nan|inf|infinity)\b", re.IGNORECASE)
_HEADER = 20_000  # bytes: twice of what NumPy takes
_ENDS = ".npy .csv .tsv .txt .json"


def read_array(name: str, given: object, system: Arrays) -> Value:
    """The value of a variable, a number or an array.

    given: an array, nested lists, or a text: JSON's lists, or a constant expression.
    Raises InputError for what is neither, and beyond MAX_ENTRIES and MAX_AXES.
    """
    if hasattr(given, "__array__"):
        given = np.asarray(given)
    if isinstance(given, np.ndarray):
        return _from_numpy(name, given, system)
    if isinstance(given, list | tuple):
        return _from_lists(name, given, system)
    text = str(given).strip()
    if "[" not in text:
        try:
            return _number(name, text, system)
        except InputError as error:
            error.hint = _meant(text) or error.hint
            raise
    try:
        plain = _NONFINITE.sub(lambda word: "NaN" if word[0].lower() == "nan" else "Infinity", text)
        data = json.loads(plain) if system.is_doubles else json.loads(plain, parse_float=str, parse_int=str)
    except ValueError:  # but a constant expression, perhaps: [1/3, pi]
        lists = _split(text) if kind(text) else None
        return _from_lists(name, lists, system) if lists else _constant(name, text, system)
    except RecursionError:
        raise too_deep(name) from None
    return _from_lists(name, data, system, is_plain=_PLAIN.issuperset(text))


def texts_of(name: str, given: object, system: Arrays) -> Array:
    """The value of a variable as an array of texts: exact, as far as it was written so. Boxes may be among its entries.

    Raises as `read_array` does for entries that are neither numbers, boxes nor uncertain.
    """
    text, lists = str(given).strip(), given if isinstance(given, list | tuple) else None
    if isinstance(given, str) and "[" in text:
        try:
            lists = json.loads(text, parse_float=str, parse_int=str)
        except ValueError:
            lists = _split(text)
    is_constant = lists is None and "[" in text
    if not (is_constant or hasattr(given, "__array__")) and kind(text):
        data = text if lists is None else lists
        _check(name, shape := _shape(name, data))

        def checked(place: Shape, entry: object) -> str:
            if not kind(str(entry)):
                _entry(name, place, entry, system)
            return str(entry)

        return _each(data, shape, checked)
    numbers = np.asarray(read_array(name, given, system))
    if is_constant or hasattr(given, "__array__"):
        return np.array([repr(float(each)) for each in numbers.flat], dtype=object).reshape(numbers.shape)
    return np.asarray(text if lists is None else lists, dtype=object)


def _split(text: str) -> Any:
    """`[[1/3, pi], [0, 1]]` as lists of texts; None where it is no list alone."""
    stack: list[list[Any]] = [[]]
    entry, depth = "", 0
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        if depth or sign not in "[],":
            entry += sign
            continue
        if entry.strip():
            if sign == "[":
                return None
            stack[-1].append(entry.strip())
        entry = ""
        if sign == "[":
            stack.append([])
        elif sign == "]":
            inner = stack.pop()
            if not stack:
                return None
            stack[-1].append(inner)
    is_list = len(stack) == len(stack[0]) == 1 and not entry.strip()
    return stack[0][0] if is_list else None


def _from_numpy(name: str, given: Array, system: Arrays) -> Value:
    if given.dtype.kind not in "fiub":
        raise InputError(f"the value of {name} is an array of {given.dtype}, and entries are numbers")
    _check(name, given.shape)
    with np.errstate(over="ignore"):  # of a longer type; that it is not finite is told
        found = given.astype(np.float64)
    if not system.is_doubles:
        _finite(name, found, Arrays(FLOATS))  # other numbers are made of finite doubles alone
        found = system.array([system.number(repr(float(each))) for each in found.flat]).reshape(found.shape)
    return _finite(name, found, system)


def _from_lists(name: str, data: Any, system: Arrays, *, is_plain: bool = False) -> Value:
    shape = _shape(name, data)
    _check(name, shape)
    if is_plain and system.is_doubles:
        try:
            return _finite(name, np.array(data, dtype=np.float64), system)
        except OverflowError:
            raise InputError(f"in the value of {name}: a number overflows") from None
    found = _each(data, shape, lambda place, each: _entry(name, place, each, system))
    return _finite(name, found.astype(np.float64 if system.is_doubles else object), system)


def _each(data: Any, shape: Shape, read: Callable[[Shape, Any], Any]) -> Array:
    """What is read of each entry of nested lists, by its place."""
    found = np.empty(shape, dtype=object)
    for place in np.ndindex(shape):
        found[place] = read(place, reduce(getitem, place, data))
    return found


def _entry(name: str, place: Shape, entry: object, system: Arrays) -> Value:
    if isinstance(entry, bool) or not isinstance(entry, str | int | float):
        raise InputError(f"the value of {name} has {kind_of(entry)} at entry {[*place]}, not a number")
    return _number(f"{name} at entry {[*place]}", str(entry), system.base)


def _number(name: str, text: str, system: Arithmetic) -> Value:
    if which := kind(text):
        hint = f"--expand opens arrays into numbers, any of which may be {which}"
        raise InputError(f"the value of {name} is {which}, and a number is needed here", hint=hint)
    return read_value(name, text, system)


def _shape(name: str, data: Any) -> tuple[int, ...]:
    """The shape of nested lists. Raises InputError where they are ragged, saying where."""
    shape: list[int] = []
    level = [data]
    places: list[tuple[int, ...]] = [()]
    while any(isinstance(each, list | tuple) for each in level):
        if len(shape) == MAX_AXES:
            raise too_deep(name)
        first = level[0]
        for each, place in zip(level, places, strict=True):
            if isinstance(each, list | tuple) != isinstance(first, list | tuple) or (
                isinstance(each, list | tuple) and len(each) != len(first)
            ):
                here = [_held(part) for part in (first, each)]
                one, other = ([*part] for part in (places[0], place))
                message = f"the value of {name} is ragged: entry {one} {here[0]}, and entry {other} {here[1]}"
                raise InputError(message, hint="all rows of an array have the same length")
        shape.append(len(first))
        if not first:
            raise InputError(f"the value of {name} is an array without entries")
        if not any(isinstance(part, list | tuple) for each in level for part in each):
            break
        places = [(*place, index) for each, place in zip(level, places, strict=True) for index in range(len(each))]
        level = [part for each in level for part in each]
    return tuple(shape)


def _held(part: object) -> str:
    return f"has {len(part)}" if isinstance(part, list | tuple) else "is a number"


def too_deep(name: str) -> InputError:
    """What is told of lists in lists in lists, and so on."""
    return InputError(f"the value of {name} has more than {MAX_AXES} axes", hint="[1, 2] has one, [[1, 2], [3, 4]] two")


def _check(name: str, shape: Sequence[int]) -> None:
    """Raise InputError for an array that is too large, before memory is taken for it."""
    if len(shape) > MAX_AXES:
        raise too_deep(name)
    if prod(shape) > MAX_ENTRIES:
        size = f"{told(tuple(shape))}, {prod(shape):,} entries"
        raise InputError(f"the value of {name} is {size}; an array has at most {MAX_ENTRIES:,}")
    if shape and not prod(shape):
        raise InputError(f"the value of {name} is an array without entries")


def _finite(name: str, found: Array, system: Arrays) -> Value:
    if system.strict and not system.is_finite(found):
        place = next(each for each in np.ndindex(found.shape) if not system.base.is_finite(found[each]))
        hint = "--allow-nonfinite admits it"
        raise InputError(f"the value of {name} is not finite at entry {[*place]}", hint=hint)
    return found if found.ndim else found.item()


def _constant(name: str, text: str, system: Arrays) -> Value:
    """The value of a constant expression with arrays in it."""
    from ..language.program import Program

    try:
        graph = Program(text, is_expression=True).graph()
        if graph.variables:
            node = graph.variables[0]
            raise InputError(f"{quote(node.name)} is not a constant", text, node.span)
        return value(graph, {}, system)
    except BackpropError as error:
        error.message = f"in the value of {name}: {error.message}"
        error.hint = _meant(text) or error.hint
        raise


_CALLED = re.compile(r"[A-Za-z_][\w.]*\s*\((.*?)(?:,\s*\w+\s*=[^,\[\]()]*)*\)", re.DOTALL)
_BETWEEN = re.compile(r"(?<=[\d.\]])[\s,]+(?=[-+\d.\[])|(?<=\])(?=\[)")


def _meant(text: str) -> str:
    """What to write for `[1 2; 3 4]`, `(1, 2)`, `1 2 3` and `np.array([1, 2])`; empty where that is not known."""
    inner = found[1] if (found := _CALLED.fullmatch(text)) else text
    inner = inner.translate(str.maketrans("(){}", "[][]")).strip()
    if ";" in inner:
        rows = inner.strip("[] ").rstrip(";").split(";")
        inner = ", ".join(f"[{row.strip()}]" for row in rows)
    if not inner.startswith("[") or ";" in text:
        inner = f"[{inner}]"
    try:
        data = json.loads(_BETWEEN.sub(", ", re.sub(r"(?<=\d)\.(?!\d)", ".0", inner)))
        _shape("", data)
    except (ValueError, RecursionError, InputError):
        return ""
    return f"write {json.dumps(data)}"


# -- Files ---------------------------------------------------------------------------------------------------------


def read_file(name: str, path: str) -> object:
    """What `--W @W.npy` means: an array, or the text of a JSON file. Raises InputError for what cannot be read.

    No object is ever unpickled, and nothing is read of an array that is too large.
    """
    end = next((end for end in _ENDS.split() if path.lower().endswith(end)), "")
    if not end:
        raise InputError(f"the value of {name}: {quote(path)} is no file of numbers", hint=f"names end in {_ENDS}")
    try:
        if end == ".npy":
            with open(path, "rb") as file:  # noqa: PTH123
                return _read_npy(name, file)
        from ..runtime.streams import read_text

        text = read_text(path, f"the value of {name}")
        return text.strip() if end == ".json" else _read_csv(name, text, "\t" if end == ".tsv" else ",")
    except OSError as error:
        raise InputError(f"the value of {name} cannot be read from {quote(path)}: {reason(error, '')}") from None


def npy_header(what: str, file: BinaryIO) -> tuple[Shape, bool, np.dtype[Any]]:
    """The header of NumPy's own format (NEP 1): the shape, whether columns come first, and the type of the entries.

    Raises InputError where `what`, which the file is, has none.
    """
    start = file.tell()
    head = BytesIO(file.read(_HEADER))  # whatever length it says that it has
    read = np.lib.format.read_array_header_1_0
    try:
        if np.lib.format.read_magic(head) != (1, 0):
            read = np.lib.format.read_array_header_2_0
        found = read(head)
    except Exception:  # whatever Python's tokenizer and parser raise: of brackets in brackets, that memory lacks
        raise InputError(f"{what} is no .npy file") from None
    file.seek(start + head.tell())
    return found


def _read_npy(name: str, file: BinaryIO) -> Array:
    """NumPy's own format: a header, then the entries."""
    shape, is_fortran, kind = npy_header(f"the value of {name}", file)
    if kind.kind not in "fiub":
        hint = "objects are never read, because reading them may run anything" if kind.hasobject else ""
        raise InputError(f"the value of {name} is an .npy file of {kind}, and entries are numbers", hint=hint)
    _check(name, shape)
    data = file.read(prod(shape) * kind.itemsize)
    if len(data) < prod(shape) * kind.itemsize:
        raise InputError(f"the value of {name}: the .npy file is shorter than its header says")
    found: Array = np.frombuffer(data, dtype=kind).reshape(shape, order="F" if is_fortran else "C")
    return found


def _read_csv(name: str, text: str, delimiter: str) -> Array:
    """A line for each row; one row, or one column, is a vector, as in NumPy's loadtxt."""
    rows: list[list[float]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split(delimiter) if delimiter in line else line.split() if delimiter == "," else [line]
        try:
            rows.append([float(field) for field in fields])
        except ValueError:
            bad = next(field for field in fields if not _is_float(field))
            message = f"the value of {name}, line {number}: {quote(shorten(bad.strip()))} is not a number"
            raise InputError(message, hint="a line of names is left out here") from None
        if len(rows[-1]) != len(rows[0]):
            message = f"the value of {name} is ragged: line {number} has {len(rows[-1])} numbers, others {len(rows[0])}"
            raise InputError(message)
    if not rows:
        raise InputError(f"the value of {name} is an array without entries")
    found = np.array(rows, dtype=np.float64)
    return found.reshape(-1) if 1 in found.shape else found


def _is_float(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
