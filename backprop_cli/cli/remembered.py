"""A graph as plain data, and back, if it is the graph of its text.

Whatever can change a result is held against the text: operations, the order of inputs, numbers, names, and what is
inside constants and modules. The rest (places, the names of gates) is checked to be something that can be shown.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from ..errors import Span
from ..graph.graph import MAX_DEPTH, MAX_OPENED, Graph, Module, label, misused, opened
from ..graph.nodes import Nodes
from ..language.names import as_name, normal
from ..language.postfix import AGAIN, Postfix, postfix
from ..language.spellings import FRACTIONS, fraction
from ..rules.formula import Formula
from ..rules.op import Op
from ..rules.table import CONSTANTS, TABLE, rows, spellings

if TYPE_CHECKING:
    from ..language.statements import Statement

_BETWEEN = re.compile(r"(?:[ \t\r\n;]++|#[^\n]*+)*+")


def data(graph: Graph, statements: Iterable[Statement]) -> dict[str, Any]:
    """What `graph` reads. statements: those of the source."""
    modules = {op.name: op for op in _modules(graph.nodes)}
    return {
        "statements": [
            (*each, None if each.inputs is None or each.name not in modules else _data(modules[each.name].graph.nodes))
            for each in statements
        ],
        "nodes": _data(graph.nodes),
        "constants": graph.constants,
        "of_arrays": graph.of_arrays,
        "unused": graph.unused,
    }


def _modules(nodes: Nodes) -> set[Module]:
    """The modules that are called there, and inside those."""
    here = {op for op in chain(nodes.ops, nodes.folded) if isinstance(op, Module)}
    return here.union(*(_modules(op.graph.nodes) for op in here))


def _data(nodes: Nodes) -> dict[str, Any]:
    return {
        "names": nodes.names,
        "ops": [op and _op(op) for op in nodes.ops],
        "inputs": nodes.inputs,
        "starts": [*nodes.starts],
        "ends": [*nodes.ends],
        "constants": [(i, literal, body and _data(body)) for i, (literal, body) in nodes.constants.items()],
    }


def _op(op: Op) -> Any:
    """The name of a row, with a parenthesis that of a module; of arrays, in a list with its settings."""
    if op.of_arrays:
        return [op.name, dict(getattr(op, "settings", {}))]
    return f"{op.name}(" if isinstance(op, Module) else op.name


def _row(name: str, settings: dict[str, Any]) -> Op:
    """A row of arrays with its settings."""
    from ..rules.arrays import row

    return row(name, **{key: _tuples(value) for key, value in settings.items()})


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def graph(source: str, data: dict[str, Any], given: Collection[str]) -> Graph:
    """The graph that `data` described. given: names of constants that are variables.

    Raises one of many errors for what is not the graph of this text.
    """
    functions: dict[str, Sequence[Op]] = {**(_functions() if data["of_arrays"] else spellings())}
    modules: dict[str, Module] = {}
    stages: dict[str, Span] = {}
    variables = {*given, *(name for name, inputs, *_ in data["statements"] if inputs is None)}
    end = 0
    for i, (name, inputs, head, body, columns) in enumerate(data["statements"], 1):
        is_textbook = i == len(data["statements"]) and not stages
        _check_place(source, end, name, inputs, head, body, is_textbook)
        end = body[1]
        if inputs is None:
            stages |= {name: (head[0], head[1])} if name else {}
            continue
        read = _read(source[slice(*body)], inputs, variables, functions)
        known = [*inputs, *read]
        functions[name] = [
            op := Op(name, " ".join(known), Formula(name), *known)
        ]  # where nothing that is used calls it
        op.read = read
        if columns:
            _check(name not in ("input", "constant"))  # as Program has it
            inside = Graph(source, _nodes(source, columns, modules, {name}, known))
            _check(sorted(node.name for node in inside.variables) == sorted(known))
            _check_stages(inside, [("", body)], {*known, *variables}, functions, read=inputs)
            functions[name] = [modules.setdefault(name, Module(name, known, inside, [*read]))]
    _check(_BETWEEN.fullmatch(source, end))
    nodes = _nodes(source, data["nodes"], modules, stages)
    found = Graph(source, nodes, tuple(data["constants"]), tuple(stages.items()), tuple(data["unused"]))
    _check({*found.constants} <= {*CONSTANTS} and {*found.unused} <= {*stages})
    bodies = [(name, body) for name, inputs, _, body, _ in data["statements"] if inputs is None]
    _check_stages(found, bodies, variables, functions)
    return found


def _functions() -> Mapping[str, Sequence[Op]]:
    from ..rules.arrays import functions

    return functions()


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


def _check_place(
    source: str,
    end: int,
    name: str,
    inputs: Sequence[str] | None,
    head: Sequence[int],
    body: Sequence[int],
    is_textbook: bool,
) -> None:
    """Whether a statement stands there, `end` being the end of the one before it.

    is_textbook: whether it may be the definition of a function all the same.
    """
    _check(type(end) is int and end <= head[0] <= head[1] <= body[0] < body[1] <= len(source))
    _check(_BETWEEN.fullmatch(source, end, head[0]))
    if not name:
        _check(inputs is None and head[0] == body[0])
        return
    begin = head[1]
    if is_textbook and inputs is None and source[begin:].lstrip().startswith("("):
        begin = source.index(")", begin) + 1
        listed = source[head[1] : begin].strip().strip("()")
        _check(all(as_name(each.strip()) for each in listed.split(",")))
    _check(source[body[0] - 1] == "=" and _BETWEEN.fullmatch(source, begin, body[0] - 1))
    text = label(source, (head[0], head[1]))
    if inputs is not None:
        text, _, listed = text.removesuffix(")").partition("(")
        _check([as_name(each.strip()) for each in listed.split(",")] == inputs)
    _check(as_name(text.strip()) == name)


def _nodes(
    source: str,
    columns: dict[str, Any],
    modules: Mapping[str, Module],
    named: Container[str],
    inputs: Container[str] | None = None,
) -> Nodes:
    """The nodes as columns. named: names that gates and constants may have; inputs: those of a module."""
    known = rows()
    names, ops, into = columns["names"], columns["ops"], columns["inputs"]
    numbers = chain(columns["starts"], columns["ends"], chain.from_iterable(into))
    _check({*map(type, names)} == {str} and {*map(type, numbers)} == {int})
    found = Nodes()
    found.names, found.inputs = names, [tuple(each) for each in into]
    found.starts, found.ends = array("l", columns["starts"]), array("l", columns["ends"])
    for i, literal, body in columns["constants"]:
        _check(type(i) is int and type(literal) is str and bool(literal) != bool(body))
        inside = _nodes(source, body, modules, [""]) if body else None
        _check(inside is None or all(literal for literal, _ in inside.constants.values()))
        found.constants[i] = literal, inside
    size = len(source)
    for i, (name, op, each, start, end) in enumerate(
        zip(names, ops, found.inputs, found.starts, found.ends, strict=True)
    ):
        _check(0 <= start < end <= size)
        if op is not None:
            _check(i not in found.constants and (name in named or _is_numbered(name)))
            _check(min(each) >= 0 and max(each) < i)
            if isinstance(op, list):
                row = _row(*op)
                _check(row.accepts(len(each)))
            elif op[-1] == "(":
                row = modules[op[:-1]]
            else:
                row = next(row for row in known[op] if row.accepts(len(each)))
            found.ops.append(row)
            continue
        _check(not each)
        found.ops.append(None)
        text = source[start:end]
        if i in found.constants:
            _check(name in named or name in _readings(text, label(source, (start, end))))
        else:
            _check(name == text or (name == as_name(text) if inputs is None else name in inputs))
            found.variables.append(i)
    _check(all(0 <= i < len(names) for i in found.constants))
    if any(op.truth or op.conditions for op in found.kinds):
        gates = zip(found.ops, found.inputs, strict=True)
        _check(all(op is None or misused(op, [found.ops[i] for i in each]) is None for op, each in gates))
    return found


def _readings(text: str, label: str) -> tuple[str, ...]:
    """What a constant may be called that stands there as this text."""
    return (
        text,
        label,
        label.lstrip("+-"),
        normal(label),
        normal(text.rpartition(".")[2]),
        *(fraction(text) if text in FRACTIONS else ()),
    )


def _is_numbered(name: str) -> bool:
    """Whether a gate may be called so that has no name of its own."""
    return name == "f" or (name[:1] == "q" and name[1:].isdecimal())


def _check_stages(
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
        written = postfix(graph.source[slice(*body)], functions, leaf)
        if name in graph.unused:
            left_out.add(name)
            continue
        root = written[0] if len(written) == 1 else None
        if not isinstance(root, int):  # which is another name for what is there
            root = roots.get(name, len(nodes) - 1)
            _check(_postfix(nodes, root, by_name, seen) == written)
        places[name] = root
    _check(root == len(nodes) - 1 and all(seen))
    gates, depth = opened(nodes) if graph.modules else (0, 0)
    _check(gates <= MAX_OPENED and depth <= MAX_DEPTH)


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
