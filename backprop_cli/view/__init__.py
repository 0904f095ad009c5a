"""What people and programs are shown: VIEWS, the table of all views; each is a pure function in a file of its own."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any, NamedTuple

from ..errors import InputError, quote


class Options(NamedTuple):
    """How a view draws its subject.

    form: the format, for what draws several;
    digits: significant digits of a number that is shown (None: as many as the view thinks fit);
    width: columns of the terminal (None: as wide as it becomes);
    ascii: whether nothing but ASCII comes through;
    between: what stands between columns of CSV;
    paint: what sets a text in a style, such as `bold green`.
    """

    form: str = ""
    digits: int | None = None
    width: int | None = None
    ascii: bool = False
    between: str = ","
    paint: Callable[[str, str], str] = lambda text, _style: text


PROGRAMS = ("python", "numpy", "torch", "jax", "c", "javascript")
"""The languages that programs are written in: a file each in code/targets/."""
_PICTURES = ("svg", "png", "pdf")

VIEWS: dict[str, dict[str, str]] = {
    "trace": {
        "table": "table:trace",
        "json": "json:trace",
        "csv": "csv:trace",
        "markdown": "markdown:trace",
        "latex": "latex:trace",
        "html": "html:trace",
    },
    "derivation": {
        "table": "table:derivation",
        "json": "json:derivation",
        "latex": "latex:derivation",
        "markdown": "markdown:derivation",
    },
    "matrices": {
        "table": "table:matrices",
        "json": "json:matrices",
        "latex": "latex:matrices",
        "markdown": "markdown:matrices",
    },
    "review": {"text": "table:review", "json": "json:review"},
    "tried": {"text": "table:tried", "json": "json:tried"},
    "verdicts": {"text": "verdicts:as_text", "json": "verdicts:as_json", "csv": "verdicts:as_csv"},
    "explanation": {
        "text": "words.explain:as_text",
        "json": "words.explain:as_json",
        "markdown": "words.explain:as_markdown",
        "html": "page:explanation",
    },
    "program": {**dict.fromkeys(PROGRAMS, "code:program"), "latex": "latex:program"},
    "circuit": {
        "tree": "picture.text_tree:circuit",
        "dot": "picture.dot:circuit",
        "mermaid": "picture.mermaid:circuit",
        "html": "page:circuit",
        **dict.fromkeys(_PICTURES, "picture.graphviz:circuit"),
    },
    "reduction": {
        "json": "reduction:as_json",
        "csv": "reduction:as_csv",
        "markdown": "reduction:as_markdown",
        "table": "reduction:as_table",
    },
    "page": {"html": "page:page"},
    "descent": {
        "table": "descents:as_table",
        "json": "descents:as_json",
        "jsonl": "descents:as_json_lines",
        "csv": "descents:as_csv",
    },
    "fit": {"table": "fits:as_table", "json": "fits:as_json", "csv": "fits:as_csv"},
    "plot": {"text": "plot:as_text", **dict.fromkeys(_PICTURES, "plot_files:picture")},
    "primitives": {
        "text": "primitives:as_text",
        "markdown": "primitives:as_markdown",
        "json": "primitives:as_json",
    },
}
"""For each subject its formats, the default first: the function that draws it, and the module beside this one where it
is. It takes the subject and Options and gives text; or bytes, of a document that has an encoding of its own.
"""
DIGITS = {
    **dict.fromkeys(VIEWS, range(1, 10_001)),
    **dict.fromkeys(("review", "tried", "verdicts"), range(1, 91)),
    **dict.fromkeys(("program", "circuit", "page", "primitives"), range(1, 18)),
}
"""Digits of a number that may be shown, by subject."""
SUFFIXES = {
    ".txt": "table text tree", ".json": "json", ".jsonl": "json jsonl", ".ndjson": "json", ".csv": "csv",
    ".tsv": "csv", ".parquet": "parquet", ".md": "markdown", ".tex": "latex",
    ".html": "html", ".py": "python", ".c": "c", ".js": "javascript", ".dot": "dot", ".gv": "dot", ".mmd": "mermaid",
    ".svg": "svg", ".png": "png", ".pdf": "pdf",
}  # fmt: skip
"""How the names of files end, and the format that each tells, of those that a view has."""
LANGUAGES = {"en": "english", "ko": "korean"}
"""What explanations and pages are told in: by code, the file in words/languages/."""
THEMES = ("light", "dark")
"""What the colours of a picture are made for."""
READ = ("table", "text", "tree")
"""The formats that are read in a terminal, and follow its width and styles; the others are documents."""


def between(name: str | None, otherwise: str = ",") -> str:
    """What stands between columns of CSV in a file of this name: tabs where it ends in .tsv."""
    return "\t" if name is not None and name.lower().endswith(".tsv") else otherwise


def form_of(name: str, forms: Container[str], otherwise: str = "") -> str:
    """The format that a file of this name has, of those that there are.

    name: of the file;
    forms: those that there are;
    otherwise: what a hint tells of another way to say which.
    Raises InputError where the end of the name means none.
    """
    known = {end: form for end, words in SUFFIXES.items() for form in words.split() if form in forms}
    _, point, end = name.rpartition(".")
    if form := known.get(f"{point}{end}".lower()):
        return form
    hint = f"names end in {', '.join(known)}{otherwise}"
    raise InputError(f"the name {quote(name)} does not say which format", hint=hint)


def draw(what: str, subject: Any, options: Options) -> str | bytes:
    """The subject, drawn by one of its views.

    subject: of the kind that `what` names;
    what: the kind of subject, a key of VIEWS;
    options: how, with the format as `form`.
    """
    module, _, view = VIEWS[what][options.form].partition(":")
    drawn: str | bytes = getattr(__import__(f"{__name__}.{module}", fromlist=[view]), view)(subject, options)
    return drawn
