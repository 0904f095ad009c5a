"""The page as a file: what it holds, and that nothing a person typed is more in it than text.

What it does is tried in a browser (test_page_in_a_browser.py).
"""

from __future__ import annotations

import itertools
import json
import math
import re
import zlib
from base64 import a85decode, b64encode
from hashlib import sha256
from importlib.resources import files
from typing import Any

import numpy as np
import pytest

from backprop_cli import backprop
from backprop_cli.errors import InputError
from backprop_cli.language.program import Program
from backprop_cli.study.mistakes import KINDS
from backprop_cli.view import LANGUAGES, Options, draw
from backprop_cli.view.page import Page, layout
from backprop_cli.view.picture import circuit

HOSTILE = (
    "# </script><img src=x onerror=alert(1)>\nx*y",
    "# ]]> --> \u2028 \u2029 \u202e\nx*y",
    "# </title></style></noscript></pre><b><script>alert(1)</script>\nx*y",
)


def page(text: str, digits: int | None = None, **values: float) -> str:
    drawn = draw("page", Page(backprop(text, values)), Options("html", digits))
    assert isinstance(drawn, str)
    return drawn


def unpacked(document: str) -> tuple[Any, str, str]:
    """What a page is told, its style, and its script."""
    found = re.search(r'<script type="application/json" id="data">([!-;=-v]*)</script>', document)
    assert found is not None
    packed = a85decode(found[1].replace("v", "<"))
    told, *script, _, style = zlib.decompress(packed).decode().split("\n")
    return json.loads(told), style, "\n".join(script)


def test_its_policy_lets_nothing_in_but_its_own() -> None:
    document = page("(x+y)*z", x=-2, y=5, z=-4)
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="(.*?)"', document)
    (style,), (loader,) = (re.findall(rf"<{tag}>(.*?)</{tag}>", document, re.DOTALL) for tag in ("style", "script"))
    hashes = [hashed(text) for text in (style, *unpacked(document)[1:], loader)]
    styles, scripts = f"style-src {hashes[0]} {hashes[1]}", f"script-src {hashes[3]} {hashes[2]}"
    expected = ["default-src 'none'", styles, scripts]
    assert policy.split("; ")[:3] == expected
    outside = re.sub(r"<(script|style)\b.*?</\1>", "", document, flags=re.DOTALL)
    assert not re.findall(r"""\s(?:src|href|action|style|on\w+)=["']?""", outside)
    assert "http:" not in document
    assert '<html lang="en">' in document


def hashed(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def test_what_was_typed_is_text() -> None:
    plain = page("x*y", x=2, y=3)
    for text in HOSTILE:
        document = page(text, x=2, y=3)
        assert unpacked(document) == unpacked(plain)
        assert re.findall(r"<script>.*?</script>", document) == re.findall(r"<script>.*?</script>", plain)
        assert not re.search("<img|<b>|[\u2028\u2029\u202e]", document)
        assert document.count("</script>") == 2
    _, _, script = unpacked(page("constructor*__proto__ + toString", constructor=1, __proto__=2, toString=3))
    assert "__proto__" not in script.partition("\n}")[0]


LAYERS = """\
h1 = tanh(W1 @ x + b1); h2 = relu(W2 @ h1 + b2); h3 = 1/(1+exp(-(W3 @ h2 + b3))); h4 = max(W4 @ h3 + b4, 0.1*h3)
s = softmax(W5 @ h4 + b5); r = 0.01*(sum(W1*W1) + sum(W2*W2) + sum(W3*W3) + mean(W4*W4) + norm(W5)); d = s - t
f = -sum(t*log(s)) + d @ d + r + logsumexp(h4)"""
SHAPES = {"W1": (2, 3), "W2": (2, 2), "W3": (3, 2), "W4": (3, 3), "W5": (2, 3), "x": (3,), "b1": (2,), "b2": (2,)}
SHAPES |= {"b3": (3,), "b4": (3,), "b5": (2,), "t": (2,)}


def test_a_circuit_of_forty_gates_is_small() -> None:
    numbers = {name: 0.37 + np.cos(np.arange(math.prod(shape))).reshape(shape) / 3 for name, shape in SHAPES.items()}
    for trace in (
        backprop("tanh(a*x + b*y)*c + " * 8 + "sigmoid(a)*y", a=0.1, b=0.2, c=0.3, x=-1, y=2),
        backprop(LAYERS, {name: each.round(3).tolist() for name, each in numbers.items()}),
    ):
        assert sum(1 for _ in trace.graph.gates) >= 40
        for code in LANGUAGES:
            assert len(str(trace.page(lang=code)).encode()) <= 40_960, code


def test_boxes_and_texts_have_rooms_of_their_own() -> None:
    """Whatever the numbers are: what stands in a column, and the wires that pass it, keep apart."""
    for text in ("tanh(a*x + b*y)*c + " * 19 + "x", "+".join(f"x*y*{i}" for i in range(1, 40)), "x*x*x*x*x/(y+x)"):
        graph = Program(text).graph()
        at = dict.fromkeys((node.name for node in graph.variables), 0.5)
        drawing = circuit.draw(circuit.Circuit(graph, backprop(text, at)))
        placed = layout.lay_out(drawing)
        places = {box.name: place for box, place in zip(drawing.boxes, placed.boxes, strict=True)}
        columns: dict[int, list[tuple[int, int]]] = {}
        for box in drawing.boxes:
            column, y, _ = places[box.name]
            half = 17 if box.kind in ("gate", "module") else 6
            columns.setdefault(column, []).append((y - half, y + half))
        for wire, way in zip(drawing.wires, placed.ways, strict=True):
            column = places[wire.source][0] + 1
            if wire.kind == "constant":
                continue
            below = 16 if wire.target.startswith(("fork", "out")) else 28
            columns.setdefault(column, []).append((way[0] - (28 if wire.stage else 14), way[0] + below))
            for i, y in enumerate(way[1:]):
                columns.setdefault(column + 1 + i, []).append((y, y))
        for spans in columns.values():
            assert all(one[1] <= other[0] + 1 for one, other in itertools.pairwise(sorted(spans))), text


def test_a_module_of_many_inputs_names_the_first() -> None:
    heads = ", ".join(f"t{i}" for i in range(30))
    told, _, _ = unpacked(page(f"m({heads}) = t0*t1\nm({', '.join(['x'] * 30)})", x=2))
    assert told["O"][0]["over"] == f"m({', '.join(f'{{{i}}}' for i in range(12))}, …)"


def test_a_page_of_arrays_holds_them_and_their_rules() -> None:
    """What moves entries is a list of places; what is computed entry by entry, or as a whole, functions of values."""
    text = "sum((W @ x + b)[1:]^2) + mean(pick(log_softmax(S), y))"
    values: dict[str, Any] = {"W": [[1, 2], [3, 4]], "x": [1, 2], "b": 3, "S": [[1, 2], [3, 4]], "y": [0, 1]}
    told, _, script = unpacked(str(backprop(text, values).page()))
    names = [node["n"] for node in told["N"]]
    assert told["start"][names.index("W")] == {"s": [2, 2], "d": [1, 2, 3, 4]}
    assert told["M"] == {str(names.index("q3")): [1], str(names.index("q7")): [0, 3]}
    assert told["still"] == [names.index("y")]
    assert f"F[{names.index('q1')}]={{a:[0,1],d:0,v:(w,x,y)=>w.matmul(x,y)," in script
    assert f"F[{names.index('q4')}]={{v:(x0,x1)=>x0**2,l:[(x0,x1,o)=>2*x0," in script


def test_what_it_is_not_for() -> None:
    with pytest.raises(InputError, match="a page shows up to 200 gates, and here are 201"):
        page("+".join(["x"] * 202), x=1)
    with pytest.raises(InputError, match="a page holds up to 100,000 numbers, and here are 100,001"):
        backprop("sum(x)", x=[1.0] * 100_001).page()
    given: list[dict[str, Any]] = [{"x": "1..2", "y": 1}, {"x": "2±1", "y": 1}]
    for values in given:
        with pytest.raises(InputError, match="a page has no "):
            backprop("x*y", values).page()
    with pytest.raises(InputError, match="a page computes with doubles"):
        draw("page", Page(backprop("x*y", {"x": 1, "y": 2}, exact=True)), Options("html"))


def test_the_page_names_mistakes_as_check_does() -> None:
    script = files("backprop_cli.view.page").joinpath("page.js").read_text(encoding="utf-8")
    asked = script[script.index("const questions = ") : script.index("const close = ")]
    named = set(re.findall(r'(?:\[|add\()"([a-z]+)", ', asked))
    assert named == {*KINDS} - {"product"}, "a page asks for one number of a gate, which no product has derivatives in"
    told, _, _ = unpacked(page("max(x, y)/y + x**2", x=2, y=3))
    assert all(f'"mistake {kind}"' in json.dumps(told) for kind in named)
