"""The reference of primitives as text for 80 columns or a pipe, as Markdown, and as JSON."""

from __future__ import annotations

import itertools
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..passes.trace import Trace
from ..rules.printer import TYPED, text
from ..rules.table import ROLES, Op
from ..study import reference
from . import json, markdown

COLUMNS = ("name", "operation", "∂/∂", "local gradient", "domain")
_NARROWEST = 18  # columns that are left for the domain even in a narrow terminal
_INTRODUCTION = """\
# The primitives

Every gate that an expression can have, with the local gradient that it hands to each input. This page is what
`backprop ops --format markdown` prints; `backprop ops NAME` adds a worked example.
"""


def render(ops: Sequence[Op], width: int | None = None, strong: Callable[[str], str] = str) -> str:
    """The rows as a table, and below it what else there is to know.

    width: columns of the terminal (None: nothing is wrapped); strong: how a heading is set off.
    """
    rows = [line for op in ops for line in _lines(op)]
    widths = [max(len(row[column]) for row in (COLUMNS, *rows)) for column in range(4)]
    if width is not None:
        room = max(_NARROWEST, width - sum(widths) - 2 * len(widths) - 2)
        rows = [line for op in ops for line in _lines(op, room)]
    widths.append(max(len(row[4]) for row in (COLUMNS, *rows)))
    lines = [strong(_row(COLUMNS, widths)), "─" * (sum(widths) + 2 * len(widths))]
    lines += [_row(row, widths) for row in rows]
    for section in reference.sections(ops):
        lines += ["", strong(f" {section.title}")]
        lines += [line for of, said in section.lines for line in _folded(f"   {of}: {said}", width)]
    return "\n".join(lines) + "\n"


def _lines(op: Op, room: int = 10_000) -> Iterator[tuple[str, ...]]:
    """The lines of a row: as many as its inputs take, or its domain in `room` columns."""
    whole = re.sub(" ([<>=≤≥≠]) ", "\N{NO-BREAK SPACE}\\1\N{NO-BREAK SPACE}", op.domain)
    domain = [line.replace("\N{NO-BREAK SPACE}", " ") for line in textwrap.wrap(whole, room)]
    for name, call, rule, where in itertools.zip_longest([op.name], [op.call], reference.partials(op), domain):
        yield name or "", call or "", *(rule or ("", "")), where or ""


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return " " + "  ".join(f"{cell:{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()


def _folded(line: str, width: int | None) -> list[str]:
    return [line] if width is None else textwrap.wrap(line, max(width, 40), subsequent_indent=" " * 5)


def render_markdown(ops: Sequence[Op], examples: Sequence[Trace] = (), *, whole: bool = True) -> str:
    """The same as GitHub-flavoured Markdown, with worked examples at the end. whole: whether it is the page of all."""
    code = markdown.code
    rows = []
    for op in ops:
        rules = "<br>".join(f"∂/∂{name} = {code(rule)}" for name, rule in reference.partials(op))
        rows.append((code(op.name), code(op.call), rules, op.domain))
    columns = ("name", "operation", "local gradient", "domain")
    lines = [_INTRODUCTION] if whole else []
    lines += markdown.pipe_table(columns, len(columns), rows)
    for section in reference.sections(ops):
        lines += ["", f"## {section.title.capitalize()}", ""]
        lines += [f"- {code(of)}: {said}" for of, said in section.lines]
    for trace in examples:
        lines += ["", f"## For example: {code(reference.command(trace))}", "", markdown.render(trace).rstrip("\n")]
    return "\n".join(lines) + "\n"


def document(ops: Sequence[Op], examples: Sequence[Trace | None] = ()) -> dict[str, Any]:
    """The same as plain data; formulas as a person types them. `schemas/primitives.json` describes it."""
    found: list[dict[str, Any]] = []
    for op, trace in zip(ops, examples or [None] * len(ops), strict=True):
        shown = trace and {"command": reference.command(trace), "trace": json.document(trace)}
        found.append(
            {
                "name": op.name,
                "call": op.call,
                "spellings": reference.spellings(op),
                "variadic": op.variadic,
                "gates": None if op.gates is None else text(op.gates, TYPED),
                "inputs": [
                    {"name": name, "local": text(partial, TYPED)}
                    for name, partial in zip(op.inputs, op.partials, strict=True)
                ],
                "role": op.role or None,
                "domain": op.domain or None,
                "kink": text(op.kink, TYPED) if op.kink else None,
                "convention": op.note or None,
                **({"example": shown} if shown else {}),
            }
        )
    words = [section.lines for section in reference.sections(ops) if section.title == "words of the rules"]
    return {"primitives": found, "roles": ROLES, "words": dict(*words)}
