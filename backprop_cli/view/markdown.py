"""Markdown: the table's contents as two pipe tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from ..passes.trace import Trace
from . import Options, derivations, texts

if TYPE_CHECKING:
    from ..passes.exact import Derivation
    from ..passes.matrices import Matrices


_GATES = "gate input shape rule value digits upstream digits local digits chained digits".split()
"""The columns of gates, of which some are not always there."""


def trace(trace: Trace, options: Options) -> str:
    """The trace as GitHub-flavoured Markdown."""
    digits = options.digits
    lines = [*_block(texts.program(trace.graph)), code(texts.title(trace, digits)), ""]
    lines += _gates(trace, digits)
    if trace.constants:
        lines += [texts.constants(trace, digits), ""]
    fields = texts.fields(trace)
    if found := [[getattr(each, field) for field in fields] for each in texts.variables(trace, digits)]:
        left = 2 if trace.has_axes else 1
        lines += pipe_table([*fields.values()], left, [(code(row[0]), *row[1:]) for row in found])
    elif trace.jacobian is None:
        lines.append("no gradient: nothing here varies")
    for matrix in texts.matrices(trace, digits):
        lines += ["", *(pipe_table(matrix[0], 1, matrix[1:]) if matrix[1:] else [" = ".join(matrix[0])])]
    return "\n".join(lines) + "\n"


def derivation(derivation: Derivation, options: Options) -> str:
    """A derivation as Markdown: the gradient over names and in closed form; the gates and edges, if asked for."""
    trace = derivation.trace
    lines = _block(
        [
            *derivations.derived(trace.graph),
            *([] if derivation.steps else derivations.meant(trace.graph, derivation.named.values())),
        ]
    )
    lines += _gates(trace, None, are_formulas=True) if derivation.steps else []
    gradient = [
        (code(name), by_hand and code(by_hand), code(closed))
        for name, by_hand, closed in derivations.derivatives(derivation, options.digits)
    ]
    lines += pipe_table(("gradient", "over names", "in closed form"), 3, gradient)
    return "\n".join(lines) + "\n"


def matrices(matrices: Matrices, _options: Options) -> str:
    """Matrix formulas as Markdown."""
    lines = _block([*derivations.derived(matrices.graph), *derivations.meant(matrices.graph, matrices.formulas)])
    rows = [tuple(each and code(each) for each in row) for row in derivations.matrix_formulas(matrices)]
    lines += pipe_table(("gradient", "over names", "over variables"), 3, rows)
    return "\n".join([*lines, *(f"\n{code(each)}" for each in matrices.notes)]) + "\n"


def _block(lines: list[str]) -> list[str]:
    return [*(f"    {line}".rstrip() for line in lines), ""] if lines else []


def _gates(trace: Trace, digits: int | None, *, are_formulas: bool = False) -> list[str]:
    """The gates, and under each its edges; with shapes, and with the digits that hold, where there are any."""
    are_there = {"shape": trace.has_axes, "digits": trace.held is not None}
    heads = [head for head in _GATES if are_there.get(head, True)]
    rows = [
        [cell for head, cell in zip(_GATES, row, strict=True) if are_there.get(head, True)]
        for gate in texts.gates(trace, digits)
        for row in _gate_rows(gate, code if are_formulas else str)
    ]
    texts_before = len(heads) if are_formulas else heads.index("value")
    return [*pipe_table(heads, texts_before, rows), ""] if rows else []


def _gate_rows(gate: texts.GateTexts, shown: Callable[[str], str]) -> Iterable[Sequence[str]]:
    """The rows of a gate, with all columns. shown: how a number is set."""
    nothing = ["", ""] * 2

    def numbers(of: Sequence[str], held: Sequence[str]) -> list[str]:
        return [each for number, digits in zip(of, held, strict=True) for each in (number and shown(number), digits)]

    yield from ([code(call.strip()), "", "", "", *nothing, *nothing] for call in gate.opened)
    name, values = code(f"{gate.name} = {gate.operation}"), numbers((gate.value, gate.upstream), gate.held)
    yield [name, "", gate.shape, "", *values, *nothing]
    for edge in gate.edges:
        rule, chain = edge.rule and code(edge.rule), numbers((edge.local, edge.chained), edge.held)
        yield ["", code(edge.input), edge.shape, rule, *nothing, *chain]


def pipe_table(columns: Sequence[str], texts: int, rows: Iterable[Sequence[str]]) -> list[str]:
    """A pipe table.

    columns: their headings;
    texts: how many columns, from the left, are left-aligned; so is a last one that holds words;
    rows: the cells.
    """
    align = [":--" if i < texts or name == "tells" else "--:" for i, name in enumerate(columns)]
    return [f"| {' | '.join(row)} |" for row in (columns, align, *rows)]


def code(words: str) -> str:
    """Code in a table cell: a pipe would end the cell even there."""
    return f"`{words.replace('|', chr(92) + '|')}`"
