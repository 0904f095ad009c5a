"""Values for variables: from text (`1/3`, `-pi/4`), from JSON, and the check that they fit the graph."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from ..arithmetic import Arithmetic, Value
from ..errors import BackpropError, InputError, MathError, did_you_mean, few, quote, shorten, suggest
from ..graph.graph import Graph
from ..language import names
from .forward import forward

Given = TypeVar("Given")

_LONGEST = 20_300  # characters of a plain number: as many digits as --precision gives on either side of a point
_LONGEST_EXPONENT = 9


class MissingVariablesError(InputError):
    """Variables of the expression that were given no value, in the order of first use. given: values of the others."""

    def __init__(self, graph: Graph, names: list[str], hint: str = "", given: Mapping[str, Any] | None = None) -> None:
        node = next(node for node in graph.variables if node.name == names[0])
        super().__init__(f"no value for {_listed(names)}", graph.source, node.span, hint)
        self.graph, self.names, self.given = graph, names, given or {}


class UnknownVariableError(InputError):
    """A name with a value, of which the expression knows nothing."""

    def __init__(self, name: str, hint: str) -> None:
        super().__init__(f"the expression has no variable {quote(name)}", hint=hint)
        self.name = name


def read_name(text: str) -> str:
    """A variable's name as expressions spell it (NFKC). Raises InputError where it is not a name."""
    name = names.as_name(text)
    if not name:
        raise InputError(f"{quote(text)} is not a variable's name")
    return name


def read_names(text: str, option: str) -> list[str]:
    """Names with commas between them. Raises InputError where they are none."""
    found = [name.strip() for name in text.split(",")]
    if not all(found) or any(" " in name for name in found):
        message = f"{option} takes names with commas between them, not {quote(text)}"
        raise InputError(message, hint=f"for example: {option} x,y")
    return [read_name(name) for name in found]


def by_name(pairs: Iterable[tuple[str, Given]], where: str = "") -> dict[str, Given]:
    """What is given for each variable. Raises InputError for a name that comes twice, in whatever spelling."""
    found: dict[str, Given] = {}
    for text, value in pairs:
        name = read_name(text)
        if name in found:
            raise InputError(f"{quote(name)} is given twice{where and f' in {where}'}")
        found[name] = value
    return found


def read_value(name: str, text: str, arithmetic: Arithmetic, *, any_size: bool = False) -> Value:
    """The value of a number or of a constant expression. Raises InputError, or MathError where it has no value.

    text: as it was typed
    any_size: whether what is too small for doubles may be a number of any size
    """
    plain = text.strip()
    if not plain:
        raise InputError(f"the value of {name} is empty")
    if is_number(plain):
        if "n" in plain.lower():  # inf, nan
            if arithmetic.strict:
                hint = "--allow-nonfinite admits it" if arithmetic.trusted is not None else ""
                raise InputError(f"the value of {name} is not finite", text, (0, len(text)), hint)
            return arithmetic.number(plain)
        try:
            value = arithmetic.constant(plain) if any_size else arithmetic.number(plain)
        except OverflowError:
            raise overflow(name, arithmetic, text) from None
        if arithmetic.strict and not arithmetic.is_finite(value):
            raise overflow(name, arithmetic, text)
        return value
    if which := kind(plain):
        raise InputError(f"the value of {name} is {which}, and a number is needed here", text, (0, len(text)))
    try:
        from ..language.program import Program

        graph = Program(text, is_expression=True).graph()
        if graph.variables:
            node = graph.variables[0]
            raise InputError(f"{quote(node.name)} is not a constant", text, node.span)
        if graph.of_arrays:
            raise InputError("this takes an array", text, (0, len(text)))
        value = forward(graph, {}, arithmetic)[-1]
        return value if any_size else arithmetic.narrow(value)
    except BackpropError as error:
        error.message = f"in the value of {name}: {error.message}"
        raise


def is_number(text: str) -> bool:
    """Whether a number is written plainly, as a float is."""
    exponent = text.lower().partition("e")[2]
    if len(text) > _LONGEST or len(exponent) > _LONGEST_EXPONENT or not text.isascii() or "_" in text:
        return False
    try:
        float(text)
    except ValueError:
        return False
    return True


def overflow(name: str, arithmetic: Arithmetic, text: str = "") -> MathError:
    """A number beyond the range of the arithmetic, given as the value of a variable. text: what is known of it."""
    number = f"the number {shorten(text.strip())}".rstrip()
    return MathError(f"in the value of {name}: {number} overflows", text, (0, len(text)), arithmetic.range_hint)


def parsed(text: str, where: str, example: str) -> Any:
    """The data of a JSON text, its numbers as they are written. Raises InputError where it is none.

    text: the JSON
    where: the option, file or line that it is from
    example: a text that is right
    """
    import json

    try:
        return json.loads(
            text.rstrip(),
            parse_int=_Literal,
            parse_float=_Literal,
            parse_constant=_Literal,
            object_pairs_hook=lambda pairs: unique(pairs, f" in {where}"),
        )
    except json.JSONDecodeError as error:
        message = f"{where} is not JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        raise InputError(message, text.rstrip(), (error.pos, error.pos + 1), f"for example: {example}") from None
    except RecursionError:
        raise InputError(f"{where} is nested too deeply", hint=f"for example: {example}") from None


def read_json(text: str, where: str, part: str) -> dict[str, str]:
    """Names and value texts from a JSON object, or from that part of a document that this program wrote.

    text: the JSON
    where: the option, file or line that it is from
    part: the key of the document, such as `gradient`

    A string is read like a value on the command line. Raises InputError where it is not such an object.
    """
    example = '{"x": -2, "y": 5}'
    data = parsed(text, where, example)
    if isinstance(data, dict) and isinstance(data.get(part), dict):
        sigmas = data.get("sigmas") if part == "point" else None
        data = data[part]
        for name, sigma in sigmas.items() if isinstance(sigmas, dict) else ():
            if isinstance(data.get(name), str) and isinstance(sigma, str):
                data[name] = f"{data[name]}±{sigma}"
    if not isinstance(data, dict):
        raise InputError(f"{where} holds no JSON object", hint=f"for example: {example}")
    for name, value in data.items():
        if isinstance(value, dict) and value.keys() == {"lower", "upper"}:  # as this program writes a box
            data[name] = f"{value['lower']}..{value['upper']}"
        elif not isinstance(value, str | list):
            raise InputError(f"the value of {quote(name)} in {where} is {kind_of(value)}, not a number")
    return by_name(((name, _text(value)) for name, value in data.items()), where)


def _text(value: str | list[Any]) -> str:
    """A number as it stands there, or nested lists as JSON has them."""
    if isinstance(value, str):
        return str(value)
    import json

    return json.dumps(value, default=str).replace('"', "") if _are_numbers(value) else json.dumps(value)


def _are_numbers(value: object) -> bool:
    """Whether lists hold nothing but numbers, whose texts were kept."""
    return all(map(_are_numbers, value)) if isinstance(value, list) else isinstance(value, _Literal)


class _Literal(str):
    """The text of a JSON number: kept, because a float would round it."""

    __slots__ = ()


def unique(pairs: Sequence[tuple[str, Any]], where: str = "") -> dict[str, Any]:
    """The entries by name. Raises InputError for a name that comes twice."""
    data = dict(pairs)
    if len(data) < len(pairs):
        from collections import Counter

        [(name, _count)] = Counter(name for name, _ in pairs).most_common(1)
        raise InputError(f"{quote(name)} is given twice{where}")
    return data


def kind_of(value: object) -> str:
    """What a JSON value is that is no number and no text."""
    return {bool: "true or false", list: "a list", dict: "an object"}.get(type(value), "null")


def check(graph: Graph, given: Iterable[str]) -> None:
    """Raise InputError for a name that the expression does not use."""
    known = dict.fromkeys(node.name for node in graph.variables)
    given = dict.fromkeys(given)
    stages = dict(graph.stages)
    for name in given:
        if name in stages:
            message = f"{quote(name)} is computed by the program, so it takes no value"
            raise InputError(message, graph.source, stages[name])
        if name not in known:
            close = suggest(name, missing(graph, given)) or suggest(name, known)
            plural = "variables are" if len(known) > 1 else "variable is"
            has = f"its {plural} {_listed([*known])}" if known else "it has no variables"
            raise UnknownVariableError(name, did_you_mean(name, close) if close else has)


def missing(graph: Graph, given: Collection[str]) -> list[str]:
    """The variables without a value."""
    return [node.name for node in graph.variables if node.name not in given]


def ensure(graph: Graph, given: Mapping[str, Any], wrt: Iterable[str] | None) -> None:
    """Raise InputError unless each variable has a value, each value is of one, and each name in wrt too."""
    check(graph, given)
    if unknown := missing(graph, given):
        raise MissingVariablesError(graph, unknown)
    if wrt is not None:
        check_wrt(graph, wrt)


def check_wrt(graph: Graph, wrt: Iterable[str]) -> None:
    """Raise InputError for a name in --wrt that the expression does not use."""
    wrt = dict.fromkeys(wrt)
    for name, span in graph.stages:
        if name in wrt:
            raise InputError(
                f"{quote(name)} is a stage, and --wrt takes variables",
                graph.source,
                span,
                "the upstream gradient of a stage stands in the table; --get prints it",
            )
    check(graph, [*wrt, *(node.name for node in graph.variables)])


def _listed(names: list[str]) -> str:
    shown = few(names)
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def is_array(given: object) -> bool:
    """Whether what is given for a variable is an array, or a text with one in it."""
    return "[" in given if isinstance(given, str) else hasattr(given, "__len__")


def is_box(given: object) -> bool:
    """Whether what is given for a variable is a box."""
    return isinstance(given, str) and (".." in given or "…" in given) and "[" not in given


def is_uncertain(given: object) -> bool:
    """Whether a text is a number with its uncertainty, such as `2.0±0.1` or `1.50(2)`, or may be meant as one."""
    if not isinstance(given, str) or "[" in given:
        return False
    if "±" in given or "+/-" in given or "\\pm" in given:
        return True
    if "(" not in given and "+-" not in given:
        return False
    from ..language.uncertain import is_written

    return is_written(given)


def plain(name: str, given: str) -> str:
    """The text of a value without its uncertainty."""
    if not is_uncertain(given):
        return given
    from ..language.uncertain import read_uncertain

    return read_uncertain(name, given)[0]


KINDS: dict[str, Callable[[object], bool]] = {"a box": is_box, "uncertain": is_uncertain}
"""What a value may be that is no plain number and no array, and what tells."""


_MARKS = ("..", "…", "±", "+/-", "\\pm", "+-", "(")


def kind(given: object) -> str:
    """Which of KINDS is given for a variable, or for an entry of an array; empty for none."""
    if isinstance(given, str) and "[" in given and any(mark in given for mark in _MARKS):
        parts = given.replace("[", ",").replace("]", ",").split(",")
        return next(filter(None, (kind(part.strip(" '\"")) for part in parts)), "")
    return next((name for name, is_one in KINDS.items() if is_one(given)), "")


def complete(given: Mapping[str, float | str], arithmetic: Arithmetic, *, any_size: bool = False) -> dict[str, Value]:
    """The values of all given names. Raises InputError or MathError for one that has none.

    given: as they were typed
    any_size: whether what is too small for doubles may be a number of any size
    """
    return {name: read_value(name, str(value), arithmetic, any_size=any_size) for name, value in given.items()}
