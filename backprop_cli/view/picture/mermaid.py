"""Mermaid: the circuit as a flowchart, for the Markdown pages that draw it (GitHub, GitLab, Obsidian)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .. import Options
from .circuit import DIGITS, Box, Circuit, Drawing, Wire, draw

_SHAPES = {"gate": '(["{}"])', "module": '[["{}"]]'}
_ROUND = '(("{}"))'
_CLASSES = """\
  classDef input fill:none,stroke:none
  classDef constant fill:none,stroke:none,color:gray
  classDef fork fill:gray,stroke:gray
  classDef output fill:none,stroke:none
"""
_COLOURS = {"value": "green", "gradient": "red", "local": "gray"}
_SPECIAL = re.compile(r"[\x00-\x1f!-/:-@\[-`{-\x7f]")  # what Mermaid, Markdown or HTML may read as more than text
_POINT = re.compile(r"(?<=\d)#46;(?=\d)")


def circuit(circuit: Circuit, options: Options) -> bytes:
    """The circuit as Mermaid text, whose encoding is UTF-8 wherever it goes."""
    return render(draw(circuit, options.digits or DIGITS)).encode()


def render(drawing: Drawing) -> str:
    """A drawing as Mermaid text."""
    return "".join(_lines(drawing))


def _lines(drawing: Drawing) -> Iterator[str]:
    inside: list[list[str]] = [[] for _ in (*drawing.frames, None)]  # at −1 what stands in no frame
    for box in drawing.boxes:
        inside[box.group].append(f"  {_box(box)}\n")
    yield "flowchart LR\n"
    for number, opens in drawing.nesting():
        if opens:
            yield f'  subgraph g{number}["{_escaped(drawing.frames[number].title)}"]\n'
            yield from inside[number]
        else:
            yield "  end\n"
    yield from inside[-1]
    yield from (f"  {_wire(wire)}\n" for wire in drawing.wires)
    yield _CLASSES


def _box(box: Box) -> str:
    shape = _ROUND if box.kind == "gate" and box.is_symbol else _SHAPES.get(box.kind, _ROUND)
    style = "" if box.kind in _SHAPES else f":::{box.kind}"
    return f"{box.name}{shape.format(_escaped(box.text) or ' ')}{style}"


def _wire(wire: Wire) -> str:
    """A wire with its texts in the middle: the value above it, the gradients below; one text alone stands on it."""
    arrow = "-.->" if wire.kind == "inactive" else "---" if wire.target.startswith("fork") else "-->"
    above, below = wire.sides
    texts = [*above, *below]
    if sum(bool(text) for _, text in texts) == 1:
        texts = [each for each in texts if each[1]]
    rows = "<br/>".join(_row(wire, *each) for each in texts)
    label = f'|"{rows}"|' if rows else ""
    return f"{wire.source} {arrow}{label} {wire.target}"


def _row(wire: Wire, what: str, text: str) -> str:
    colour = "gray" if wire.kind == "constant" else _COLOURS.get(what)
    if not text or what in wire.hidden:
        return "\u00a0"  # a row that is there, though nothing stands in it
    return f"<span style='color:{colour}'>{_escaped(text)}</span>" if colour else _escaped(text)


def _escaped(text: str) -> str:
    """Letters, digits and spaces as they are, and the point in a number; other signs by their code."""
    return _POINT.sub(".", _SPECIAL.sub(lambda found: f"#{ord(found[0])};", text))
