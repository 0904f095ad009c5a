"""Markdown: the table's contents as two pipe tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..passes.trace import Trace
from . import Options, derivations, texts

if TYPE_CHECKING:
    from ..passes.exact import Derivation
    from ..passes.matrices import Matrices


_NUMBERS = ("value", "upstream", "local", "chained")


def trace(trace: Trace, options: Options) -> str:
    """The trace as GitHub-flavoured Markdown."""
    digits = options.digits
    lines = [*_block(texts.program(trace.graph)), code(texts.title(trace, digits)), ""]
    rows = [row for gate in texts.gates(trace, digits) for row in _gate_rows(gate)]
    if trace.has_axes:
        shapes = (shape for gate in texts.gates(trace, digits) for shape in _shapes(gate))
        rows = [(*row[:2], shape, *row[2:]) for row, shape in zip(rows, shapes, strict=True)]
        lines += [*pipe_table(("gate", "input", "shape", "rule", *_NUMBERS), 4, rows), ""]
    elif trace.held:
        held = (digits_held for gate in texts.gates(trace, digits) for digits_held in _held(gate))
        rows = [(*row[:3], *_paired(row[3:], each)) for row, each in zip(rows, held, strict=True)]
        lines += [*pipe_table(("gate", "input", "rule", *_paired(_NUMBERS, ["digits"] * 4)), 3, rows), ""]
    elif rows:
        lines += [*pipe_table(("gate", "input", "rule", *_NUMBERS), 3, rows), ""]
    if trace.constants:
        lines += [texts.constants(trace, digits), ""]
    fields = texts.fields(trace)
    if found := [[getattr(each, field) for field in fields] for each in texts.variables(trace, digits)]:
        left = 2 if trace.has_axes else 1
        lines += pipe_table([*fields.values()], left, [(code(row[0]), *row[1:]) for row in found])
    elif trace.jacobian is None:
        lines.append("no gradient: nothing here varies")
    if matrix := texts.hessian(trace, digits):
        lines += ["", *pipe_table(matrix[0], 1, matrix[1:])]
    for matrix in texts.jacobians(trace, digits):
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
    rows = [row for gate in texts.gates(trace, None) for row in _gate_rows(gate)] if derivation.steps else []
    if rows:
        formulas = [(*row[:3], *(cell and code(cell) for cell in row[3:])) for row in rows]
        lines += [*pipe_table(("gate", "input", "rule", *_NUMBERS), 7, formulas), ""]
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


def _gate_rows(gate: texts.GateTexts) -> Iterable[Sequence[str]]:
    for call in gate.opened:
        yield f"{code(call.strip())}", "", "", "", "", "", ""
    yield code(f"{gate.name} = {gate.operation}"), "", "", gate.value, gate.upstream, "", ""
    for edge in gate.edges:
        yield "", code(edge.input), edge.rule and code(edge.rule), "", "", edge.local, edge.chained


def _shapes(gate: texts.GateTexts) -> Iterable[str]:
    """What stands in the rows of a gate in a column of shapes."""
    return [*("" for _ in gate.opened), gate.shape, *(edge.shape for edge in gate.edges)]


def _held(gate: texts.GateTexts) -> Iterable[Sequence[str]]:
    """The digits that hold of the numbers in the rows of a gate."""
    none = ("", "")
    yield from ((*none, *none) for _ in gate.opened)
    yield *gate.held, *none
    yield from ((*none, *edge.held) for edge in gate.edges)


def _paired(ones: Sequence[str], others: Sequence[str]) -> list[str]:
    """One of each in turn."""
    return [each for pair in zip(ones, others, strict=True) for each in pair]


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
