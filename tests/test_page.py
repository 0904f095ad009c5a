"""The page as a file: what it holds, and that nothing a person typed is more in it than text.

What it does is tried in a browser (test_page_in_a_browser.py). `python tests/test_page.py` makes page.min.js anew.
"""

from __future__ import annotations

import html
import json
import re
import subprocess
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

import backprop_cli
from backprop_cli import backprop
from backprop_cli.errors import InputError
from backprop_cli.view import Options, draw
from backprop_cli.view.page import Page

FOLDER = Path(backprop_cli.__file__).parent / "view" / "page"
HOSTILE = (
    "a</script><script>alert(1)</script>=1",
    "# </script><img src=x onerror=alert(1)>\nx*y",
    "# ]]> --> \u2028 \u2029 \u202e\nx*y",
    "# </title></style></noscript></pre><script>alert(1)</script>\nx*y",
)


def page(text: str, digits: int | None = None, **values: float) -> str:
    drawn = draw("page", Page(backprop(text, values)), Options("html", digits))
    assert isinstance(drawn, str)
    return drawn


def data(document: str) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', document, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def test_the_script_is_made_of_its_source() -> None:
    made_of = (FOLDER / "page.min.js").read_text("utf-8").partition("\n")[0]
    assert made_of == source_line(), "`python tests/test_page.py` makes it anew (it takes npm)"


def source_line() -> str:
    return f"// made of page.js {sha256((FOLDER / 'page.js').read_bytes()).hexdigest()}"


def test_its_policy_lets_nothing_in_but_its_own() -> None:
    document = page("(x+y)*z", x=-2, y=5, z=-4)
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="(.*?)"', document)
    (style,), (script,) = (re.findall(rf"<{tag}>(.*?)</{tag}>", document, re.DOTALL) for tag in ("style", "script"))
    hashes = [f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in (style, script)]
    assert policy.startswith("default-src 'none'; ")
    assert [f"style-src {hashes[0]}", f"script-src {hashes[1]}"] == policy.split("; ")[1:3]
    outside = re.sub(r"<(script|style)\b.*?</\1>", "", document, flags=re.DOTALL)
    assert not re.findall(r"""\s(?:src|href|action|style|on\w+)=["']?""", outside)
    assert "http:" not in document.replace("http://www.w3.org/2000/svg", "")
    assert '<html lang="en">' in document


def test_what_was_typed_is_text() -> None:
    alone = re.findall(r"<script>(.*?)</script>", page("x*y", x=2, y=3), re.DOTALL)
    for text in HOSTILE[1:]:
        document = page(text, x=2, y=3)
        assert re.findall(r"<script>(.*?)</script>", document, re.DOTALL) == alone
        outside = re.sub(r"<script.*?</script>", "", document, flags=re.DOTALL)
        assert not re.search(r"<img|onerror=alert\(1\)>", outside)
        assert html.escape(text.split("\n")[0].split("#")[0]) in outside
        assert data(document)["N"] == data(page("x*y", x=2, y=3))["N"]
        assert not re.search("[\u2028\u2029\u202e]", document)
    named = page("constructor*__proto__ + toString", constructor=1, __proto__=2, toString=3)
    (script,) = re.findall(r"<script>(const P.*?)</script>", named, re.DOTALL)
    assert not re.search(r"v\[\d+\]=.*(constructor|__proto__|toString)", script)


def test_what_it_is_not_for() -> None:
    for text, values, message in (
        ("+".join(["x"] * 202), {"x": 1}, "a page shows up to 200 gates, and here are 201"),
        ("x @ y", {"x": [1, 2], "y": [3, 4]}, "a page shows numbers, and here are arrays"),
    ):
        with pytest.raises(InputError, match=message):
            page(text, **values)
    with pytest.raises(InputError, match="a page computes with doubles"):
        draw("page", Page(backprop("x*y", {"x": 1, "y": 2}, exact=True)), Options("html"))


def make() -> None:
    """Make the script that travels with a page from its source."""
    command = ["npx", "--yes", "terser", "page.js", "--compress", "passes=2", "--mangle", "--ecma", "2022"]
    made = subprocess.run(command, cwd=FOLDER, capture_output=True, encoding="utf-8", check=True).stdout
    (FOLDER / "page.min.js").write_text(f"{source_line()}\n{made}", encoding="utf-8")


if __name__ == "__main__":
    make()
