"""A second reader: text → postfix, by precedence alone, to see whether a graph is that of its text.

It shares no code with the first, and knows neither places nor what is wrong with a text that is no expression.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Container, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, TypeAlias

from backprop_cli.errors import Span
from backprop_cli.graph.graph import Graph, Module
from backprop_cli.graph.nodes import Nodes
from backprop_cli.language.names import normal
from backprop_cli.language.program import Program
from backprop_cli.language.spellings import FRACTIONS, PREFIXES, fraction
from backprop_cli.rules.arrays import functions as all_functions
from backprop_cli.rules.arrays import row
from backprop_cli.rules.formula import Formula
from backprop_cli.rules.op import Op
from backprop_cli.rules.printer import (
    BOTH,
    CHOICE,
    COMPARED,
    EITHER,
    LOOSE,
    OPPOSITE,
    POWER,
    PRODUCT,
    SIGNED,
    SUM,
    TIGHT,
)
from backprop_cli.rules.table import CONSTANTS, OPERATORS, TABLE, WORDS_OF_LOGIC, primitive, spellings

Postfix: TypeAlias = list[str | int | Op]
"""Operands, and behind them the operation on them, with their number where an operation takes any.

Cases (value, condition) are choices inside each other.
"""

_SPACE = r"(?:[ \t\r\n]++|#[^\n]*+\n)*+"
_RAISED = "⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹"
_NO_NAME = rf"\s#();+\-*/%^,−×·⋅⊙÷<>=!?:&|≤≥≠.⌊⌋⌈⌉√∛@\[\]ᵀ{_RAISED}"
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
    if op.name == "concat" and count == 1 and found[-2:-1] == [row("array")]:
        count = found.pop()  # type: ignore[assignment]
        found.pop()
    op = row(op.name, **settings)
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
            found.append(row("matmul") if op == "@" else op)

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

    called = ""
    for part in parts():
        if index or (part == "[" and not wants_operand):
            index.append(part)
            if part == "]":
                finish(TIGHT)
                found.append(row("index", items=_items("".join(index))))
                index.clear()
                multiplies = True
            continue
        if len(part) > 1 and part[0] == "," and not wants_operand:
            name, _, value = part[1:].partition("=")
            settings.setdefault(len(opened), {})[name.strip()] = value.strip()
            continue
        sign = OPERATORS.get(part, part)
        closes = bool(opened) and part == opened[-1][0]
        is_factor = multiplies and not closes and (part[-1] == "(" or part in _FACTORS or _begins_name(part))
        if is_factor or (part in _ROOTS and not wants_operand):
            finish(PRODUCT)
            waiting.append(_BINARY["*"])
            wants_operand = True
        multiplies = False
        if wants_operand and part == "if":  # if(c, a, b)
            called = "IF"
            continue
        if called and part != "(":
            raise ValueError(called)
        if wants_operand:
            if part[-1] == "(":
                raised = _raised(part)
                name = _without_prefix(raised[1] if raised else part[:-1].partition("#")[0].rstrip())
                name, called = called or name, ""
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
            found.append(row("transpose"))
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
        elif part in (",", ";") and counts:
            finish(CHOICE)
            counts[-1] += 1
            wants_operand = True
        elif closes:
            finish(CHOICE)
            function, count = str(waiting.pop()[0]), counts.pop()
            multiplies = True
            given = settings.pop(len(opened), {})
            if part == "]":
                found += [row("array"), count]
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


# -- Graphs --------------------------------------------------------------------------------------------------------


def check_graph(program: Program, graph: Graph, given: Collection[str] = ()) -> None:
    """Raise ValueError, LookupError or StopIteration where a graph is not that of the program's text.

    given: names of constants that are variables.
    """
    source, modules = program.source, _modules(graph.nodes)
    functions: dict[str, Sequence[Op]] = {**(all_functions() if graph.of_arrays else spellings())}
    variables = {*given, *program.stages}
    for name, inputs, _head, body in program.statements:
        if inputs is None:
            continue
        read = _read(source[slice(*body)], inputs, variables, functions)
        known = [*inputs, *read]
        unused = Op(name, " ".join(known), Formula(name), *map(Formula, known))
        unused.read = read
        functions[name] = [unused]
        if module := modules.get(name):
            inside = module.graph
            _check([*module.inputs] == known)
            _check_stages(source, inside, [("", body)], {*known, *variables}, functions, read=inputs)
            functions[name] = [module]
    bodies = [(name, body) for name, inputs, _, body in program.statements if inputs is None]
    _check_stages(source, graph, bodies, variables, functions)


def _modules(nodes: Nodes) -> dict[str, Module]:
    """The modules that are called there, and inside those, by name."""
    found: dict[str, Module] = {}
    for op in chain(nodes.ops, nodes.folded):
        if isinstance(op, Module):
            found |= {**_modules(op.graph.nodes), op.name: op}
    return found


def _read(
    text: str, inputs: Container[str], variables: Container[str], functions: Mapping[str, Sequence[Op]]
) -> dict[str, Span]:
    """The names that a module reads from around it. (Where they stand is only told with errors.)

    text: the expression of the module; variables: names that are no constants; functions: what may be called.
    """
    read: dict[str, Span] = {}

    def leaf(text: str) -> str:
        name = normal(text)
        if name not in inputs and (name not in CONSTANTS or name in variables):
            read[name] = 0, 0
        return name

    postfix(text, functions, leaf)
    return read


def _check(is_right: object) -> None:
    if not is_right:
        raise ValueError("not the graph of this text")


def _check_stages(
    source: str,
    graph: Graph,
    stages: Sequence[tuple[str, Span]],
    known: Container[str],
    functions: Mapping[str, Sequence[Op]],
    read: Container[str] = (),
) -> None:
    """Whether in each stage there is what its text says, and nothing else anywhere.

    stages: names and bodies, the output last
    known: names that are no constants
    functions: what may be called
    read: variables that are there, whether or not the text has them
    """
    nodes = graph.nodes
    names = [name for i, name in enumerate(nodes.names) if i not in nodes.constants]
    _check(len({*names}) == len(names))
    places = {nodes.names[i]: i for i in nodes.variables}
    heads = {name for name, _ in stages if name}
    roots = {name: i for i, name in enumerate(nodes.names) if name in heads}
    by_name = {*places.values(), *roots.values()}
    left_out: set[str] = set()
    seen = bytearray(len(nodes))
    for name in places:
        seen[places[name]] = name in read

    def leaf(text: str) -> str | int:
        name = normal(text)
        if name in CONSTANTS and name not in known:
            return CONSTANTS[name]
        if name in left_out:
            return name
        seen[places[name]] = 1
        return places[name]

    for name, body in stages:
        written = postfix(source[slice(*body)], functions, leaf)
        if name in graph.unused:
            left_out.add(name)
            continue
        root = written[0] if len(written) == 1 else None
        if not isinstance(root, int):  # which is another name for what is there
            root = roots.get(name, len(nodes) - 1)
            _check(_postfix(nodes, root, by_name, seen) == written)
        places[name] = root
    _check(root == len(nodes) - 1 and all(seen))


_AGAIN = -1
_COMPARISONS = {op for op in TABLE if op.truth and not op.conditions}


def _middle(nodes: Nodes, left: int, right: int) -> int | None:
    """The node that two conditions have in common where they are a chain: b in `a < b < c`."""
    if (op := nodes.ops[left]) and op.name == "and":
        left = nodes.inputs[left][1]
    comparisons = (nodes.ops[i] in _COMPARISONS for i in (left, right))
    return middle if all(comparisons) and (middle := nodes.inputs[left][1]) == nodes.inputs[right][0] else None


def _postfix(nodes: Nodes, root: int, by_name: Container[int], seen: bytearray) -> Postfix:
    """The expression of a node in postfix. by_name: nodes that stand in others by their names; seen: those that do not,
    each of which has one place.
    """
    found: Postfix = []
    waiting = [root]
    chained: set[int] = set()  # comparisons whose left side is the right side of the one before
    while waiting:  # from right to left
        i = waiting.pop()
        if i == _AGAIN:
            found.append(AGAIN)
            continue
        if i in by_name and i != root:
            found.append(i)
            continue
        _check(not seen[i])
        seen[i] = 1
        op = nodes.ops[i]
        if op:
            inputs = nodes.inputs[i]
            found += [len(inputs), op] if op.variadic else [op]
            if op.name == "and" and (middle := _middle(nodes, *inputs)) is not None and middle not in by_name:
                chained.add(inputs[1])
            waiting += (_AGAIN, inputs[1]) if i in chained else inputs
        else:
            literal, body = nodes.constants[i]
            if body:
                parts = bytearray(len(body))
                found += reversed(_postfix(body, len(body) - 1, (), parts))
                _check(all(parts))
            else:
                found.append(literal)
    return found[::-1]
