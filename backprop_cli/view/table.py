"""The table: each gate with its value and upstream gradient, under it an edge a line, then the gradient."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from ..passes.trace import Trace
from . import Options, derivations, texts
from .columns import Column, Row, blocks, fold, measure, paragraph, table
from .texts import Gap

if TYPE_CHECKING:
    from ..passes.exact import Derivation
    from ..passes.matrices import Matrices
    from ..study.referee import Review
    from ..study.sampled import Tried

SHOWN = 400
"""Gates, and variables, that a table shows; of more, the first and the last half of these."""

_number = partial(Column, right=True)
_GATES = [
    Column("gate\n  ← input", share=3, least=20, inset=4),
    _number("value\nlocal"),
    _number("upstream\nchained"),
    Column("\nrule", share=2),
]
_TEXT = {"name": Column("variable"), "shape": Column("shape"), "tells": Column("tells", share=1, least=24)}
_HELD = _number("digits\ndigits")
_ENDS = 6  # digits of what methods find in a box
_NOTE = Column("", share=1)
_METHODS = [Column("variable"), Column("method"), _number("gradient"), _NOTE]
_FORWARD, _BACKWARD = ("", "green", "red", ""), ("", "", "red", "")
_COLOURS = {"value": "green", "gradient": "red", "component": "red"}
_GAP = ("…", "", "", "")
_NOTHING = " no gradient: nothing here varies"


def trace(trace: Trace, options: Options, shown: int = SHOWN) -> str:
    """The whole picture of a trace. shown: gates of which it tells."""
    digits, count = options.digits, len(trace.gradient)
    parts = [
        _lines(texts.program(trace.graph), options),
        paragraph(texts.title(trace, digits), options, "bold"),
        *_gates(trace, options, shown),
        paragraph(f" {texts.constants(trace, digits)}", options) if trace.constants else [],
    ]
    found = texts.ends(texts.variables(trace, digits), count, SHOWN, "variables")
    fields = texts.fields(trace)
    rows = [_variable(each, fields) for each in found]
    columns = [_TEXT.get(field) or _number(head) for field, head in fields.items()]
    if trace.jacobian is None:
        left_out = _left_out(count, "variables", options, SHOWN)
        parts += [table(columns, rows, options), left_out] if rows else [[_NOTHING]]
    for matrix in texts.matrices(trace, digits):
        parts += _matrix(matrix, options)
    return _page(parts)


def _matrix(matrix: list[tuple[str, ...]], options: Options) -> Iterable[list[str]]:
    """A matrix with names for its rows and columns; of one too large, what is told of it."""
    if len(matrix) == 1:
        return [paragraph(f" {' = '.join(matrix[0])}; --json has all", options)]
    heads = [Column(name, right=place > 0) for place, name in enumerate(matrix[0])]
    return blocks(heads, [Row(row, styles=("bold", *[""] * (len(row) - 1))) for row in matrix[1:]], options)


def _variable(each: texts.VariableTexts | Gap, fields: Collection[str]) -> Row:
    styles = [_COLOURS.get(field, "") for field in fields]
    cells = ["…"] + [""] * (len(fields) - 1) if isinstance(each, Gap) else [getattr(each, field) for field in fields]
    return Row(cells, styles=styles)


def _styles(has_axes: bool, styles: Sequence[str] = _FORWARD) -> Sequence[str]:
    return [styles[0], "", *styles[1:]] if has_axes else styles


def derivation(derivation: Derivation, options: Options) -> str:
    """The gradient over the names of the program and in closed form; before it every node and edge, if asked for."""
    trace = derivation.trace
    gates = (
        _gates(trace, options)
        if derivation.steps
        else [_lines([f" {line}" for line in derivations.meant(trace.graph, derivation.named.values())], options)]
    )
    gradient = [
        line for each in derivations.derivatives(derivation, options.digits) for line in _derivative(*each, options)
    ]
    return _page([_lines(derivations.derived(trace.graph), options, "bold"), *gates, gradient or [_NOTHING]])


def matrices(matrices: Matrices, options: Options) -> str:
    """The gradient as matrix formulas over the names of the program, and over its variables alone."""
    gates = [f" {line}" for line in derivations.meant(matrices.graph, matrices.formulas)]
    gradient = [line for each in derivations.matrix_formulas(matrices) for line in _derivative(*each, options)]
    notes = [line for each in matrices.notes for line in fold(each, options.width, " ", "   ")]
    title = _lines(derivations.derived(matrices.graph), options, "bold")
    return _page([title, _lines(gates, options), gradient or [_NOTHING], notes])


def _derivative(name: str, by_hand: str, closed: str, options: Options) -> list[str]:
    """`∂f/∂w = f·(1 − f)·x`, and below it the closed form."""
    lines: list[str] = []
    for form in filter(None, (by_hand, closed)):
        left = " " * (measure(name) + 1) if lines else f" {name}"
        later = " " * min(measure(left) + 3, (options.width or 0) // 3)
        lines += [options.paint(line, "red") for line in fold(f"= {form}", options.width, f"{left} ", later)]
    return lines


def review(review: Review, options: Options) -> str:
    """The gradient by each method, a line each: the digits of it that hold, or how far it is from backpropagation's."""
    known = [name for name, proven in review.proven.items() if proven.is_known]
    compared = {"difference": len(known) < len(review.estimates), "digits": bool(known)}
    columns = [*_METHODS[:3], *(_number(head) for head, is_there in compared.items() if is_there), _METHODS[3]]
    rows = []
    for name, estimates in review.estimates.items():
        for position, each in enumerate(estimates):
            value = texts.NONE if each.value is None else f"{each.value:.{review.digits}g}"
            if each.exactly:
                value = texts.number(review.trace, review.trace.gradient[name], options.digits)
            difference = "" if each.difference is None else f"{each.difference:.1e}" if each.difference else "0"
            texts_of = {"difference": difference, "digits": "" if each.digits is None else str(each.digits)}
            note = each.reason or ("" if each.agrees else "disagrees")
            shown = [texts_of[head] for head, is_there in compared.items() if is_there]
            cells = ("" if position else name, each.method, value, *shown, note)
            rows.append(Row(cells, "" if each.agrees else "bold red"))
        if name in review.proven:
            rows.append(Row(("", "proven", review.proven[name].text(review.digits), *[""] * (len(columns) - 3))))
    graph, title = review.trace.graph, paragraph(texts.title(review.trace, options.digits), options, "bold")
    verdict = paragraph(f" {_verdict(review)}", options)
    return _page([_lines(texts.program(graph), options), title, table(columns, rows, options), verdict])


def tried(tried: Tried, options: Options) -> str:
    """The box of each gradient, and under it a line for each method: from where to where what it found goes."""
    trace, digits, rows = tried.trace, options.digits, []
    for name, found in tried.found.items():
        rows.append(Row((name, "enclosed", texts.number(trace, trace.gradient[name], digits), ""), "bold"))
        for each in found:
            low, high = (f"{end:.{digits or _ENDS}g}" for end in (each.low, each.high))
            value = texts.NONE if not each else low if low == high else f"[{low}, {high}]"
            rows.append(Row(("", each.method, value, each.reason), "" if each.agrees else "bold red"))
    told = "nothing here varies" if not rows else f"at {tried.points} points in the boxes, "
    if rows:
        few = "" if tried.compared else "; not every gradient has a second opinion here"
        told += f"every gradient lies in its own{few}" if tried.agree else "a gradient lies outside of its own"
    title = paragraph(texts.title(trace, digits), options, "bold")
    verdict = paragraph(f" {told}", options)
    return _page([_lines(texts.program(trace.graph), options), title, table(_METHODS, rows, options), verdict])


def _verdict(review: Review) -> str:
    """What the methods and the proof come to."""
    if not review.estimates:
        return "no gradient to check: nothing here varies"
    if review.lost:
        return "the other methods agree with what is proven; of backprop's doubles fewer digits hold than are shown"
    if not review.agree:
        return "the methods disagree"
    agree = "the methods agree" if review.compared else "not every gradient has a second opinion here"
    return f"{agree}; proved: all digits shown hold" if review.proved else agree


def _gates(trace: Trace, options: Options, shown: int = SHOWN) -> list[list[str]]:
    """A row for each gate, and under it a row for each edge."""
    count = sum(1 for _ in trace.graph.gates)
    rows: list[Row] = []
    has_axes = trace.has_axes
    columns = [_GATES[0], Column("shape\nshape"), *_GATES[1:]] if has_axes else _GATES
    if trace.held:
        columns = [*_GATES[:2], _HELD, _GATES[2], _HELD, _GATES[3]]

    def row(
        cells: Sequence[str],
        shape: str,
        style: str = "",
        styles: Sequence[str] = _FORWARD,
        head: int = 0,
        held: tuple[str, str] = ("", ""),
    ) -> Row:
        if trace.held:
            of_held = (*styles[:2], "", styles[2], "", styles[3])
            return Row((*cells[:2], held[0], cells[2], held[1], cells[3]), style, of_held, head)
        return Row([cells[0], shape, *cells[1:]] if has_axes else cells, style, _styles(has_axes, styles), head)

    for gate in texts.ends(texts.gates(trace, options.digits), count, shown, "gates"):
        if isinstance(gate, Gap):
            rows.append(row(_GAP, "", styles=_BACKWARD))
            continue
        rows += [row((call, "", "", ""), "", "dim italic", _BACKWARD) for call in gate.opened]
        inset = "  " * gate.depth
        words = f"{inset}{gate.name} = {gate.operation}"
        rows.append(row((words, gate.value, gate.upstream, ""), gate.shape, "bold", _FORWARD, 0, gate.held))
        for edge in gate.edges:
            cells = (f"{inset}  ← {edge.input}", edge.local, edge.chained, edge.rule)
            rows.append(row(cells, edge.shape, "", _BACKWARD, 1, edge.held))
    return [table(columns, rows, options), _left_out(count, "gates", options, shown)] if rows else []


def _left_out(count: int, what: str, options: Options, shown: int) -> list[str]:
    left = f" {count - shown:,} {what} of {count:,} are left out here; --json and --format csv have all"
    return paragraph(left, options) if count > shown else []


def _lines(lines: list[str], options: Options, style: str = "") -> list[str]:
    return [folded for line in lines for folded in paragraph(line, options, style)]


def _page(parts: list[list[str]]) -> str:
    """The parts, a line between one and the next."""
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"
