"""The notebook of the examples runs, and shows what it showed.

`python tests/test_notebook.py` runs it, and writes its present outputs into it; the diff then shows what changed.
"""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).parent.parent / "examples" / "12-notebook.ipynb"
STALE = "if the new output is right, `python tests/test_notebook.py` writes it"


def read() -> Any:
    nbformat: Any = import_module("nbformat")
    return nbformat.read(NOTEBOOK, as_version=4)


def executed() -> Any:
    """The notebook after a run of its cells in a kernel of its own."""
    nbclient: Any = import_module("nbclient")
    book = read()
    for cell in book.cells:
        cell.metadata.clear()  # of which the times of the run would be a part
    return nbclient.NotebookClient(book, timeout=120, record_timing=False).execute()


def outputs(book: Any) -> list[dict[str, str]]:
    """Of each output its forms, without pictures, which each version of Graphviz draws a little differently."""
    found = []
    for cell in book.cells:
        for output in cell.get("outputs", ()):
            assert output.output_type != "error", output
            data = output.get("data", {"text/plain": output.get("text", "")})
            found.append(
                {
                    form: re.sub(r'src="data:[^"]*"', "", text) if form == "text/html" else text
                    for form, text in data.items()
                    if form != "image/svg+xml"
                }
            )
    return found


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # those of the libraries that run notebooks
def test_the_notebook_shows_what_it_showed() -> None:
    before, now = read(), executed()
    assert outputs(now) == outputs(before), STALE
    forms = [form for cell in now.cells for output in cell.get("outputs", ()) for form in output.get("data", ())]
    assert {"text/html", "text/markdown", "text/latex", "image/svg+xml", "text/plain"} == {*forms}


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_page_is_made_of_it() -> None:
    """By nbconvert, which picks one form of each output."""
    nbconvert: Any = import_module("nbconvert")
    page, _ = nbconvert.HTMLExporter().from_notebook_node(read())
    assert page.count('<div class="backprop') == 3
    assert page.count("data:image/svg+xml;base64,") >= 3
    assert r"\begin{align*}" in page


if __name__ == "__main__":
    writer: Any = import_module("nbformat")
    writer.write(executed(), NOTEBOOK)
