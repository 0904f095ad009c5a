"""Graphviz: the circuit with its inputs on the left and its output on the right.

The texts of a wire are a node of their own, and the wire runs through its middle. So the layout makes room for them,
and a value stands exactly above its wire, a gradient below. Whatever a person named is escaped wherever it stands.
"""

from __future__ import annotations

import html
from collections.abc import Iterator

from .. import Options
from .circuit import DIGITS, Box, Circuit, Drawing, Wire, draw

VALUE, GRADIENT = "#1a7f37", "#cf222e"
"""Green and red, as in the notes."""
QUIET, INK, PAPER, SHADE = "#6e7781", "#24292f", "#ffffff", "#f6f8fa"
"""What matters less; lines and names; the ground of the picture; the ground of a module."""

_HEAD = f"""\
  graph [rankdir=LR, ordering=in, nodesep=0.15, ranksep=0.12, bgcolor="{PAPER}", pad=0.15]
  graph [fontname="Helvetica,Arial,sans-serif", fontsize=12, fontcolor="{QUIET}", labeljust=r]
  node [fontname="Helvetica,Arial,sans-serif", fontsize=16, fontcolor="{INK}", color="{INK}", margin="0.1,0.04"]
  edge [color="{INK}", arrowsize=0.6]
"""
_LOOKS = {
    "input": "shape=plain",
    "constant": f'shape=plain, fontsize=13, fontcolor="{QUIET}"',
    "gate": f'shape=box, style="rounded,filled", fillcolor="{PAPER}", height=0.44, width=0.44',
    "module": f'shape=box, style=filled, fillcolor="{SHADE}", height=0.5, width=0.5, peripheries=2',
    "fork": "shape=point, width=0.06",
    "output": "shape=point, width=0.01, style=invis",
}
_SYMBOL = f'shape=circle, style=filled, fillcolor="{PAPER}", fixedsize=true, width=0.44, fontsize=18'
_FRAME = f'style="rounded,filled", color="{QUIET}", fillcolor="{SHADE}", margin=10'
_FEW = 3  # forks whose branches are told apart without more room between them
_TEXTS = {"stage": (10, INK), "value": (13, VALUE), "gradient": (13, GRADIENT), "local": (10, QUIET)}
"""What stands on a wire, from top to bottom; its size in points, and its colour."""


def circuit(circuit: Circuit, options: Options) -> bytes:
    """The circuit in the DOT language, whose encoding is UTF-8 wherever it goes."""
    return render(draw(*circuit, options.digits or DIGITS)).encode()


def render(drawing: Drawing) -> str:
    """A drawing in the DOT language."""
    return "".join(_lines(drawing))


def _lines(drawing: Drawing) -> Iterator[str]:
    inside: list[list[str]] = [[] for _ in (*drawing.frames, None)]  # at −1 what stands in no frame
    for box in drawing.boxes:
        inside[box.group].append(f"{box.name} [{_look(box)}]")
    for number, wire in enumerate(drawing.wires):
        if not wire.is_bare:
            inside[wire.group].append(f"w{number} [shape=plain, width=0, height=0, label=<{_table(wire)}>]")
    yield f"digraph {_quoted(drawing.title)} {{\n{_HEAD}"
    for number, opens in drawing.nesting():
        if opens:
            yield f"  subgraph cluster_{number} {{\n  graph [label={_quoted(drawing.frames[number].title)}, {_FRAME}]\n"
            yield from (f"  {line}\n" for line in inside[number])
        else:
            yield "  }\n"
    yield from (f"  {line}\n" for line in inside[-1])
    crowded = sum(box.kind == "fork" for box in drawing.boxes) > _FEW
    for number, wire in enumerate(drawing.wires):
        yield f"  {_stroke(wire, f'w{number}', crowded)}\n"
    yield "}\n"


def _look(box: Box) -> str:
    is_symbol = box.kind == "gate" and box.is_symbol
    tooltip = f", tooltip={_quoted(box.full)}" if box.full else ""
    return f"label={_quoted(box.text)}, {_SYMBOL if is_symbol else _LOOKS[box.kind]}{tooltip}"


def _table(wire: Wire) -> str:
    """The line of a wire, with rows of texts above it and rows of the same heights below."""
    solid, dashed = f'BGCOLOR="{_ink(wire)}"', f'BORDER="1" SIDES="T" STYLE="dashed" COLOR="{_ink(wire)}"'
    above, below = ("".join(_row(wire, *text) for text in side) for side in wire.sides)
    look = dashed if wire.kind == "inactive" else solid
    line = f'<TR><TD PORT="wire" HEIGHT="1" {look}></TD></TR>'
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0">{above}{line}{below}</TABLE>'


def _row(wire: Wire, what: str, text: str) -> str:
    size, colour = _TEXTS[what]
    colour = QUIET if wire.kind == "constant" else colour
    words = f'<FONT POINT-SIZE="{size}" COLOR="{colour}">{html.escape(text)}</FONT>' if text else ""
    return f'<TR><TD HEIGHT="{size + 4}">{words}</TD></TR>'


def _stroke(wire: Wire, label: str, crowded: bool) -> str:
    """The line of a wire: through the table of its texts, where it has any. crowded: whether forks need room."""
    dashed = ", style=dashed" if wire.kind == "inactive" else ""
    style = f'color="{_ink(wire)}"{dashed}'
    head = ", dir=none" if wire.target.startswith("fork") else ""
    if wire.is_bare:
        return f"{wire.source} -> {wire.target} [{style}{head}]"
    room = ", minlen=4" if crowded and wire.source.startswith("fork") else ""
    first = f"{wire.source} -> {label}:wire:w [{style}, dir=none, headclip=false{room}]"
    return f"{first}\n  {label}:wire:e -> {wire.target} [{style}{head}, tailclip=false]"


def _ink(wire: Wire) -> str:
    return QUIET if wire.kind == "constant" else INK


def _quoted(text: str) -> str:
    """A string of the DOT language, where a backslash begins an escape such as \\N, and & an entity."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
    return f'"{escaped}"'
