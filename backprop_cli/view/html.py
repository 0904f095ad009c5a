"""HTML for a notebook or a page: the table, the gradient and the circuit, in colours that dark and light pages bear."""

from __future__ import annotations

import html
from base64 import b64encode
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from ..errors import BackpropError
from ..graph.graph import Graph
from ..passes.trace import Trace, told
from . import Options, draw, texts
from .picture.circuit import Circuit
from .table import SHOWN
from .texts import Gap

PICTURED = 50
"""Gates up to which the circuit is drawn: a larger one is no picture for a page of text."""
_BRANCHES = 25  # of one fork, likewise: Graphviz takes long to lay out more

_GREEN, _RED, _QUIET = "color:#1f8f45", "color:#e0484e", "opacity:.7"  # read on white as on black
_BOLD = "font-weight:bold"
_GATES = ("gate", "value", "upstream", "local", "chained", "rule")
_HELD = ("gate", "value", "digits", "upstream", "digits", "local", "digits", "chained", "digits", "rule")
_LOOKS = {"name": _BOLD, "shape": _QUIET, "value": _GREEN, "gradient": _RED, "component": _RED}
_WORDS = ("rule", "tells")  # columns that hold no numbers


class Cell(NamedTuple):
    """A cell of a table. text: not yet escaped; look: CSS."""

    text: str
    look: str = ""


def trace(trace: Trace, options: Options) -> str:
    """The trace as a fragment of HTML, without scripts and without links to anything."""
    return "\n".join(_page(trace, options)) + "\n"


def _page(trace: Trace, options: Options) -> Iterator[str]:
    digits, count = options.digits, len(trace.gradient)
    yield '<div class="backprop mathjax_ignore tex2jax_ignore">'  # a dollar sign begins no formula here
    if program := texts.program(trace.graph):
        yield _lines("\n".join(program))
    yield f"<p><code>{html.escape(texts.title(trace, digits))}</code></p>"
    gates = sum(1 for _ in trace.graph.gates)
    if gates:
        shown = texts.ends(texts.gates(trace, digits), gates, SHOWN, "gates")
        columns = ("gate", "shape", *_GATES[1:]) if trace.has_axes else _HELD if trace.held else _GATES
        yield from _table(columns, (row for each in shown for row in _gate(each, trace.held is not None)))
    if trace.constants:
        yield f"<p>{html.escape(texts.constants(trace, digits))}</p>"
    if count:
        variables = texts.ends(texts.variables(trace, digits), count, SHOWN, "variables")
        fields = texts.fields(trace)
        yield from _table([*fields.values()], (_variable(each, fields) for each in variables))
    elif trace.jacobian is None:
        yield "<p>no gradient: nothing here varies</p>"
    for matrix in texts.matrices(trace, digits):
        yield from _table(matrix[0], ([Cell(name, _BOLD), *map(Cell, row)] for name, *row in matrix[1:]))
    if is_picture(trace.graph):
        yield from _circuit(trace, options)
    else:
        yield f"<p>the circuit of {gates:,} gates is left out here</p>"
    yield from (f"<p>{html.escape(line)}</p>" for line in told(trace.warnings))
    yield "</div>"


def is_picture(graph: Graph) -> bool:
    """Whether the circuit is small enough for a picture beside the table."""
    uses = Counter(i for inputs in graph.nodes.inputs for i in inputs)
    return sum(1 for _ in graph.gates) <= PICTURED and max(uses.values(), default=0) <= _BRANCHES


def _lines(text: str) -> str:
    return f'<pre style="font-family:monospace">{html.escape(text)}</pre>'


def _gate(gate: texts.GateTexts | Gap, is_held: bool) -> Iterator[list[Cell]]:
    """A row for the gate, and under it one for each edge. is_held: whether the digits that hold stand by each number"""
    if isinstance(gate, Gap):
        yield [Cell(f"… {gate.left_out:,} {gate.what} are left out here")]
        return
    yield from ([Cell(call)] for call in gate.opened)
    inset, empty = "  " * gate.depth, [Cell("")] * (4 if is_held else 2)

    def numbers(looks: Sequence[str], of: Sequence[str], held: Sequence[str]) -> Iterator[Cell]:
        for look, number, digits in zip(looks, of, held, strict=True):
            yield from (Cell(number, look), *[Cell(digits)] * is_held)

    name = Cell(f"{inset}{gate.name} = {gate.operation}", _BOLD)
    shape = [Cell(gate.shape, _QUIET)] * bool(gate.shape)
    yield [name, *shape, *numbers((_GREEN, _RED), (gate.value, gate.upstream), gate.held), *empty, Cell("")]
    for edge in gate.edges:
        chain = *numbers((_QUIET, _RED), (edge.local, edge.chained), edge.held), Cell(edge.rule, _QUIET)
        shape = [Cell(edge.shape, _QUIET)] * bool(edge.shape)
        yield [Cell(f"{inset}  ← {edge.input}"), *shape, *empty, *chain]


def _variable(variable: texts.VariableTexts | Gap, fields: Collection[str]) -> list[Cell]:
    if isinstance(variable, Gap):
        return [Cell(f"… {variable.left_out:,} {variable.what} are left out here")]
    return [Cell(getattr(variable, field), _LOOKS.get(field, "")) for field in fields]


def _table(heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """A table: words on the left, numbers on the right. A row of one cell goes through all columns."""
    head = _row(list(map(Cell, heads)), heads, "th")
    yield f'<table style="margin:.5em 0">\n<thead>{head}</thead>\n<tbody>'
    yield from (_row(row, heads, "td") for row in rows)
    yield "</tbody>\n</table>"


def _row(cells: Sequence[Cell], heads: Sequence[str], tag: str) -> str:
    spans = f' colspan="{len(heads)}"' if len(cells) < len(heads) else ""
    drawn = []
    for place, (head, (text, look)) in enumerate(zip(heads, cells, strict=False)):
        side = "left" if place == 0 or head in _WORDS else "right"
        words = text.lstrip(" ")
        inset = "&nbsp;" * (len(text) - len(words))
        style = f"text-align:{side};padding:.1em .6em;white-space:pre-wrap{look and ';'}{look}"
        drawn.append(f'<{tag}{spans} style="{style}">{inset}{html.escape(words)}</{tag}>')
    return f"<tr>{''.join(drawn)}</tr>"


def _circuit(trace: Trace, options: Options) -> Iterator[str]:
    """A picture on its own ground; where there is no Graphviz, the tree, and what to do about it."""
    circuit = Circuit(trace.graph, trace)
    try:
        picture = draw("circuit", circuit, Options("svg", options.digits))
    except BackpropError as error:
        tree = draw("circuit", circuit, Options("tree", options.digits))
        yield _lines(str(tree))
        yield f"<p>{html.escape(f'{error.message}; {error.hint}')}</p>"
    else:
        # An image: no name inside it meets one of the page, and a notebook shows it that is not trusted.
        data = b64encode(picture if isinstance(picture, bytes) else picture.encode()).decode()
        words = html.escape(f"the circuit of {texts.short(trace.graph.source)}")
        yield f'<img alt="{words}" style="max-width:100%" src="data:image/svg+xml;base64,{data}">'
