"""Mermaid as the real mermaid package reads and draws it."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from backprop_cli.view.picture import circuit, mermaid
from backprop_cli.view.picture.circuit import Circuit, Drawing
from support.circuits import HOSTILE, TRACES, hostile

pytestmark = pytest.mark.slow
PACKAGES = ["mermaid@11", "jsdom@26"]

DRAWINGS = {
    **{name: circuit.draw(Circuit(trace.graph, trace), 4) for name, trace in TRACES.items()},
    **{f"{name}, structure": circuit.draw(Circuit(trace.graph)) for name, trace in TRACES.items()},
    **{repr(name): circuit.draw(Circuit(hostile(name).graph, hostile(name))) for name in HOSTILE},
}


class Drawn(NamedTuple):
    """What mermaid made of a text: an SVG document, or an error."""

    svg: str
    error: str


def drawn(folder: Path) -> dict[str, Drawn]:
    """Every drawing, drawn."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not installed here")
    (folder / "package.json").write_text("{}")
    install = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", *PACKAGES]
    if subprocess.run(install, cwd=folder, capture_output=True, timeout=300, check=False).returncode:
        pytest.skip("npm cannot install mermaid here")
    script = Path(__file__).with_name("mermaid.mjs")
    texts = json.dumps([mermaid.render(each) for each in DRAWINGS.values()])
    done = subprocess.run(
        ["node", str(script), str(folder)], input=texts.encode(), capture_output=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    found = [Drawn(each.get("svg", ""), each.get("error", "")) for each in json.loads(done.stdout)]
    return dict(zip(DRAWINGS, found, strict=True))


def labels(svg: str, kind: str) -> Counter[str]:
    """The texts of the nodes, or of the edges."""
    found = re.findall(rf'<span[^>]*class="{kind}Label[^"]*">(.*?)</span></div>', svg, re.DOTALL)
    return Counter("|".join(_lines(each)) for each in found)


def _lines(markup: str) -> list[str]:
    texts = (html.unescape(re.sub(r"<[^>]*>", "", line)) for line in markup.split("<br>"))
    return [" ".join(each.replace("\xa0", " ").split()) for each in texts]


def expected(drawing: Drawing) -> tuple[Counter[str], Counter[str]]:
    names = [*(box.text for box in drawing.boxes), *(frame.title for frame in drawing.frames)]
    nodes = Counter(" ".join(name.split()) for name in names)
    rows = [[" ".join(text.split()) for side in wire.sides for _, text in side] for wire in drawing.wires]
    edges = Counter("|".join(filter(None, each) if sum(map(bool, each)) == 1 else each) for each in rows)
    return nodes, edges


def check_edges(drawing: Drawing, svg: str) -> None:
    found = Counter(re.findall(r'data-id="L_(\w+?)_(\w+?)_\d+"[^>]*marker-end', svg))
    wires = drawing.wires
    assert found == Counter((wire.source, wire.target) for wire in wires if not wire.target.startswith("fork"))
    assert svg.count(" edge-pattern-dotted ") == sum(wire.kind == "inactive" for wire in wires)
    assert svg.count('class="cluster') >= len(drawing.frames)
    assert svg.count("color:green") == sum(bool(wire.value) and wire.kind != "constant" for wire in wires)


def test_what_is_meant_is_drawn(tmp_path: Path) -> None:
    """One test, so that the package is installed once: texts, edges, and names that stay text."""
    found = drawn(tmp_path)
    for name, drawing in DRAWINGS.items():
        svg, error = found[name]
        assert error == "", name
        assert "Unsupported markdown" not in svg, name
        assert (labels(svg, "node"), labels(svg, "edge")) == expected(drawing), name
        if name in TRACES:
            check_edges(drawing, svg)
    for name in map(repr, HOSTILE):
        assert "<script" not in found[name].svg, name
        assert "onclick" not in found[name].svg.replace("</text", ""), name
