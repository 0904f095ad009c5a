"""The reference of primitives: what a reader should know of each row of the table, and a worked example of it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ..errors import InputError, MathError, did_you_mean, quote, suggest
from ..graph.graph import Constant, Gate, Graph, Nodes, Variable
from ..language.names import normal
from ..passes.backpropagate import backpropagate
from ..passes.trace import Trace
from ..rules import arrays
from ..rules.arrays import ARRAYS
from ..rules.formula import READ_BY_THE_FIRST, Formula
from ..rules.op import ROLES, WORDS, Op
from ..rules.printer import READING, TYPED
from ..rules.table import OPERATORS, TABLE, gates_of, primitive

_TRIED = (0.5, 2.0, -0.5, -2.0, 1.5, 3.0, 4.0, -3.0, 0.1, 10.0, -10.0, 100.0, -100.0, 1.0, 0.0)
"""Where a worked example of one input may be: the first of these that has a value, a gradient and no warning."""


class Section(NamedTuple):
    """Things to know beside the table: pairs of what is spoken of and what is said of it."""

    title: str
    lines: list[tuple[str, str]]


def find(name: str) -> list[Op]:
    """The rows of that name, function spelling or operator (`σ`, `**`). Raises InputError where there is none."""
    known: dict[str, list[Op]] = {}
    for op in TABLE:
        for spelling in (op.name, *spellings(op)):
            known.setdefault(spelling, []).append(op)
    for row in ARRAYS:
        if row.name not in {op.name for op in TABLE}:
            for spelling in (row.name, *spellings(row)):
                known.setdefault(spelling, []).append(row)
    word = name.strip()
    found = known.get(word) or known.get(normal(word))
    if not found:
        close = suggest(word, known)
        hint = did_you_mean(word, close) if close else "backprop ops lists them all"
        raise InputError(f"no primitive is called {quote(name)}", hint=hint)
    return found


def spellings(op: Op) -> list[str]:
    """What else may be typed for the primitive: other names, and its operator in each form."""
    sign = TYPED.signs.get(op.name, "").strip()
    others = [other for other, typed in OPERATORS.items() if typed == sign]
    return [*([sign] if sign not in ("", op.name) else []), *others, *op.aliases]


def partials(op: Op) -> list[tuple[str, str]]:
    """Each input, and the formula of the local gradient with respect to it."""
    return [(name, READING.text(partial)) for name, partial in zip(op.inputs, op.partials, strict=True)]


def sections(ops: Sequence[Op]) -> list[Section]:
    """What there is to say of these primitives beside the table; no section is empty."""
    roles = _grouped((op.role, op.name) for op in ops)
    found = [
        Section("conventions", _grouped((op.note, op.name) for op in ops)),
        Section("what a gate does with its upstream", _grouped((op.does, op.name) for op in ops)),
        Section("roles", [(f"{role} ({names})", ROLES[role]) for names, role in roles]),
        Section(
            "opened by --expand", [(op.call, READING.text(gates)) for op in ops if (gates := gates_of(op)) is not None]
        ),
        Section("also accepted", _grouped(("  ".join(spellings(op)), op.name) for op in ops)),
        Section("words of the rules", _words(ops)),
    ]
    return [section for section in found if section.lines]


def _grouped(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """What is said, with the names of all primitives that it is said of."""
    names: dict[str, dict[str, None]] = {}
    for said, name in pairs:
        if said:
            names.setdefault(said, {})[name] = None
    return [(", ".join(each), said) for said, each in names.items()]


def _words(ops: Sequence[Op]) -> list[tuple[str, str]]:
    used = {head for op in ops for formula in (op.value, *op.partials) for head in heads_read(formula)}
    known = {**WORDS, **arrays.WORDS} if any(op.of_arrays for op in ops) else WORDS
    met = [(call, meaning) for call, meaning in known.items() if call.partition("(")[0] in used]
    turns = ", ".join(dict.fromkeys(op.call for op in ops if op.variadic))
    return [*met, (f"x in {turns}", "each of the inputs in turn")] if turns else met


def heads_read(formula: Formula) -> Iterator[str]:
    """The heads of a formula as people read it."""
    yield formula.head
    for arg in formula.args[: 1 if formula.head in READ_BY_THE_FIRST else None]:
        yield from heads_read(arg)


# -- A worked example ----------------------------------------------------------------------------------------------


def example(op: Op) -> Trace | None:
    """One gate of that kind at a point where it has a gradient; None where no such point is found, and of arrays."""
    if op.of_arrays:
        return None
    graph = _single_gate(op)
    names = [node.name for node in graph.variables]
    for numbers in _points(len(names)):
        try:
            trace = backpropagate(graph, dict(zip(names, numbers, strict=True)))
        except MathError:
            continue
        if not trace.warnings:
            return trace
    return None


def command(trace: Trace) -> str:
    """The command line that shows this trace."""
    show = trace.arithmetic.show
    return f'backprop eval "{trace.graph.source}"' + "".join(f" --{x} {show(at, 6)}" for x, at in trace.point.items())


def _single_gate(op: Op) -> Graph:
    """One gate of that kind over variables; for a condition, comparisons with 0, and by a condition a choice."""
    names = ["2" if slot in op.orders else name for slot, name in enumerate(op.inputs)]
    if op.variadic:
        names.append(next(name for name in "yzx" if name not in names))
    formula = op.applied(
        Formula("gt", Formula(x), 0) if i in op.conditions else Formula(x) for i, x in enumerate(names)
    )
    if op.truth:
        formula = primitive("where").applied([formula, Formula(names[0]), Formula(names[-1] if names[1:] else "x")])
    source, nodes, places = TYPED.text(formula), Nodes(), dict[str, int]()
    whole = (0, len(source))

    def add(part: Formula) -> int:
        inputs = tuple(map(add, part.args))
        if inputs:
            row = next(row for row in (op, primitive("gt"), primitive("where")) if row.form == part.head)
            return nodes.append(Gate(0, "", whole, row, inputs))
        if part.is_number:
            start = source.index(part.head, max(nodes.starts, default=0) + 1)
            return nodes.append(Constant(0, part.head, (start, start + len(part.head)), part.head))
        if part.head not in places:
            places[part.head] = nodes.append(Variable(0, part.head, whole))
        return places[part.head]

    add(formula)
    unnamed = [i for i, name in enumerate(nodes.names) if not name]
    for number, i in enumerate(unnamed, 1):
        nodes.names[i] = "f" if i == unnamed[-1] and "f" not in names else f"q{number}"
    return Graph(source, nodes)


def _points(count: int) -> Iterator[tuple[float, ...]]:
    """Places to try, the friendliest first: for hypot that is (3, 4)."""
    if count > 1:
        yield tuple(float(3 + i) for i in range(count))
    yield from itertools.islice(itertools.product(_TRIED, repeat=count), 3000)
