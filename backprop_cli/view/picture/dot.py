"""Graphviz: the circuit with its inputs on the left and its output on the right.

The texts of a wire are a node of their own, and the wire runs through its middle. So the layout makes room for them,
and a value stands exactly above its wire, a gradient below. Into a frame, wires come from the left, and out of it they
go to the right, past posts, so that none runs through its title. Those outside of it stand in a fence that nobody sees:
Graphviz keeps other wires out of the ranks of a cluster, and not out of its margin. Whatever a person named is escaped
wherever it stands.
"""

from __future__ import annotations

import html
import itertools
from collections.abc import Callable, Iterator
from typing import NamedTuple

from .. import THEMES, Options
from .circuit import DIGITS, PLAIN, Box, Circuit, Drawing, Look, Wire, draw


class Theme(NamedTuple):
    """Colours.

    value, gradient: green and red, as in the notes;
    quiet: what matters less;
    ink: lines and names;
    paper, shade: the ground of the picture, and of a module.
    """

    value: str
    gradient: str
    quiet: str
    ink: str
    paper: str
    shade: str


_LIGHT = Theme("#1a7f37", "#cf222e", "#6e7781", "#24292f", "#ffffff", "#f6f8fa")
_DARK = Theme("#3fb950", "#ff7b72", "#8b949e", "#e6edf3", "#0d1117", "#161b22")
COLOURS = dict(zip(THEMES, (_LIGHT, _DARK), strict=True))
_CLEAR = "transparent"
_FONT = 'fontname="Helvetica,Arial,sans-serif"'
_SPACED = "shape=plaintext, width=0, height=0"  # a little room round a text, where no wire runs
_POST = 'shape=box, label="", width=0.02, height=0.02, fixedsize=true'  # as much as lines that meet there leave open
_FEW = 3  # forks whose branches are told apart without more room between them
_SIZES = {"stage": 10, "value": 13, "gradient": 13, "local": 10}
"""What stands on a wire, from top to bottom; its size in points."""


def circuit(circuit: Circuit, options: Options) -> bytes:
    """The circuit in the DOT language, whose encoding is UTF-8 wherever it goes."""
    return render(draw(circuit, options.digits or DIGITS), circuit.look).encode()


def render(drawing: Drawing, look: Look = PLAIN) -> str:
    """A drawing in the DOT language."""
    return "".join(_Page(drawing, look).lines())


def places(drawing: Drawing) -> list[str]:
    """For each wire, the node that holds its texts: one of its own, or that of the input or the constant it leaves."""
    named = {box.name for box in drawing.boxes if box.kind in ("input", "constant")}
    return [wire.source if wire.source in named else f"w{number}" for number, wire in enumerate(drawing.wires)]


class _Page:
    def __init__(self, drawing: Drawing, look: Look) -> None:
        self.drawing = drawing
        self.theme = COLOURS[look.theme]
        if look.transparent:
            self.theme = self.theme._replace(paper=_CLEAR, shade=_CLEAR)
        self.ends = {box.name: box for box in drawing.boxes}
        self.entered, self.left = (
            [
                [frame for frame in drawing.around(self.ends[end].group) if frame not in drawing.around(wire.group)]
                for end, wire in zip(ends, drawing.wires, strict=True)
            ]
            for ends in ([wire.target for wire in drawing.wires], [wire.source for wire in drawing.wires])
        )
        self.is_crowded = sum(box.kind == "fork" for box in drawing.boxes) > _FEW

    def lines(self) -> Iterator[str]:
        theme, drawing = self.theme, self.drawing
        yield f"digraph {_quoted(drawing.title)} {{\n"
        yield f'  graph [rankdir=LR, ordering=in, nodesep=0.15, ranksep=0.12, bgcolor="{theme.paper}", pad=0.15]\n'
        yield f'  graph [{_FONT}, fontsize=12, fontcolor="{theme.quiet}", labeljust=r]\n'
        yield f'  node [{_FONT}, fontsize=16, fontcolor="{theme.ink}", color="{theme.ink}", margin="0.1,0.04"]\n'
        yield f'  edge [color="{theme.ink}", arrowsize=0.6]\n'
        inside = self._nodes()
        frame = f'style="rounded,filled", color="{theme.quiet}", fillcolor="{theme.shade}", margin=10'
        for number, opens in drawing.nesting():
            if opens:
                title = _quoted(drawing.frames[number].title)
                yield f'  subgraph cluster_fence_{number} {{\n  graph [label="", style=invis, margin=1]\n'
                for passed in (self.entered, self.left):
                    yield from self._row(number, _outside, passed)
                yield f"  subgraph cluster_{number} {{\n  graph [label={title}, {frame}]\n"
                yield from self._row(number, _inside, self.entered)
                yield from (f"  {line}\n" for line in inside[number])
            else:
                yield "  }\n  }\n"
        yield from (f"  {line}\n" for line in inside[-1])
        for number, place in enumerate(places(drawing)):
            yield from (f"  {line}\n" for line in self._strokes(number, place))
        yield from (f"  {line}\n" for line in self._order())
        yield "}\n"

    def _nodes(self) -> list[list[str]]:
        """The nodes of each frame, and last of those in none: boxes, and the texts of wires."""
        inside: list[list[str]] = [[] for _ in (*self.drawing.frames, None)]
        looks = {box.name: (box.group, self._look(box)) for box in self.drawing.boxes}
        for wire, place in zip(self.drawing.wires, places(self.drawing), strict=True):
            if not wire.is_bare:
                table = self._table(wire, self.ends.get(place))
                looks[place] = (self.ends[wire.source].group, f'{_SPACED}, margin="0,0", label=<{table}>')
        for name, (frame, look) in looks.items():
            inside[frame].append(f"{name} [{look}]")
        return inside

    def _look(self, box: Box) -> str:
        theme = self.theme
        looks = {
            "input": f'{_SPACED}, margin="0.04,0.02"',
            "constant": f'{_SPACED}, margin="0.04,0.02", fontsize=13, fontcolor="{theme.quiet}"',
            "gate": f'shape=box, style="rounded,filled", fillcolor="{theme.paper}", height=0.44, width=0.44',
            "module": f'shape=box, style=filled, fillcolor="{theme.shade}", height=0.5, width=0.5, peripheries=2',
            "fork": f'{_SPACED}, margin="0.1,0.08"',
            "output": "shape=point, width=0.01, style=invis",
        }
        look = looks[box.kind]
        if box.kind == "gate" and box.is_symbol:
            round_ = "shape=circle, style=filled, fixedsize=true, width=0.44, fontsize=18"
            look = f'{round_}, fillcolor="{theme.paper}"'
        tooltip = f", tooltip={_quoted(box.full)}" if box.full else ""
        label = f"<{self._dot()}>" if box.kind == "fork" else _quoted(box.text)
        return f"label={label}, {look}{', penwidth=3' if box.is_current else ''}{tooltip}"

    def _dot(self) -> str:
        """Where a wire forks, a dot with room round it, so that no other wire seems to begin there."""
        cell = '<TR><TD FIXEDSIZE="TRUE" WIDTH="5" HEIGHT="5"></TD></TR>'
        return f'<TABLE BORDER="0" CELLSPACING="0" STYLE="ROUNDED" BGCOLOR="{self.theme.ink}">{cell}</TABLE>'

    def _table(self, wire: Wire, box: Box | None) -> str:
        """The line of a wire, with rows of texts above it and as many below; in front, the name of what it leaves."""
        ink = self._ink(wire)
        above, below = ([self._text(wire, *text) for text in side] for side in wire.sides)
        solid, dashed = f'BGCOLOR="{ink}"', f'BORDER="1" SIDES="T" STYLE="dashed" COLOR="{ink}"'
        line = f'<TD PORT="wire" HEIGHT="1" {dashed if wire.kind == "inactive" else solid}></TD>'
        cells = [*above, line, *below]
        if box is not None:
            size = 13 if box.kind == "constant" else 16
            name = f'<FONT POINT-SIZE="{size}" COLOR="{ink}">{_marked(box.text)}</FONT>'
            cells[0] = f'<TD ROWSPAN="{len(cells)}" CELLPADDING="2">{name}</TD>{cells[0]}'
        rows = "".join(f"<TR>{cell}</TR>" for cell in cells)
        return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0">{rows}</TABLE>'

    def _text(self, wire: Wire, what: str, text: str) -> str:
        """A cell: a text, or the room that it will take where it is not known yet."""
        size, colour = _SIZES[what], getattr(self.theme, what, self.theme.quiet if what == "local" else self.theme.ink)
        if what in wire.hidden:
            colour = _CLEAR
        elif wire.kind == "constant":
            colour = self.theme.quiet
        words = f'<FONT POINT-SIZE="{size}" COLOR="{colour}">{_marked(text)}</FONT>' if text else ""
        return f'<TD HEIGHT="{size + 4}">{words}</TD>'

    def _strokes(self, number: int, place: str) -> Iterator[str]:
        """The line of a wire: through the table of its texts, where it has any, and posts of the frames it enters."""
        wire = self.drawing.wires[number]
        style = f'color="{self._ink(wire)}"{", style=dashed" if wire.kind == "inactive" else ""}'
        is_forked = self.ends[wire.source].kind == "fork"
        way = [wire.source]
        if not wire.is_bare:
            way = [f"{place}:wire:e"]
            if place != wire.source:
                room = ", minlen=4" if self.is_crowded and is_forked else ""
                begin = ", tailclip=false" if is_forked else ""
                yield f"{wire.source} -> {place}:wire:w [{style}, dir=none{begin}, headclip=false{room}]"
        posts = [_outside(number, frame) for frame in self.left[number]]
        for frame in reversed(self.entered[number]):
            posts += [_outside(number, frame), _inside(number, frame)]
        for one, other in itertools.pairwise([*way, *posts, wire.target]):
            begin = ", tailclip=false" if is_forked or one != wire.source else ""
            end = ", dir=none, headclip=false" if other != wire.target or self.ends[other].kind == "fork" else ""
            straight = ", weight=4" if {one, other} & {*posts} else ""
            yield f"{one} -> {other} [{style}{begin}{end}{straight}]"

    def _row(self, frame: int, post: Callable[[int, int], str], passed: list[list[int]]) -> Iterator[str]:
        """The posts of a frame, side by side. passed: the frames that each wire enters, or those that it leaves."""
        wires = [number for number, frames in enumerate(passed) if frame in frames]
        if wires:
            posts = "; ".join(f"{post(number, frame)} [{self._post(number)}]" for number in wires)
            yield f"  {{ rank=same; node [{_POST}]; {posts} }}\n"

    def _post(self, number: int) -> str:
        """How a post of a wire looks: as a piece of its line."""
        wire = self.drawing.wires[number]
        return "style=invis" if wire.kind == "inactive" else f'style=filled, penwidth=0.6, color="{self._ink(wire)}"'

    def _order(self) -> Iterator[str]:
        """What keeps the posts of a frame left of the gates in it."""
        drawing = self.drawing
        fed = {(frame, wire.target) for wire in drawing.wires for frame in drawing.around(wire.group)}
        posts = {frame: _inside(number, frame) for number, frames in enumerate(self.entered) for frame in frames}
        led = {
            (_inside(number, frames[0]), drawing.wires[number].target)
            for number, frames in enumerate(self.entered)
            if frames
        }
        for box in drawing.boxes:
            for frame in drawing.around(box.group) if box.kind in ("gate", "module") else []:
                if frame in posts and (frame, box.name) not in fed and (posts[frame], box.name) not in led:
                    yield f"{posts[frame]} -> {box.name} [style=invis]"

    def _ink(self, wire: Wire) -> str:
        return self.theme.quiet if wire.kind == "constant" else self.theme.ink


def _outside(number: int, frame: int) -> str:
    """Where a wire is about to enter a frame, or has left it."""
    return f"o{number}_{frame}"


def _inside(number: int, frame: int) -> str:
    """Where a wire has entered a frame."""
    return f"i{number}_{frame}"


def _marked(text: str) -> str:
    """A text in one of the DOT language's tables, where a backslash begins an escape as well."""
    return html.escape(text.replace("\\", "\\\\"))


def _quoted(text: str) -> str:
    """A string of the DOT language, where a backslash begins an escape such as \\N, and & an entity."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
    return f'"{escaped}"'
