"""The reference of primitives as text for 80 columns or a pipe, as Markdown, and as JSON."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..passes.trace import Trace
from ..rules.op import ROLES, Op
from ..rules.printer import TYPED
from ..rules.table import gates_of, none
from ..study import reference
from . import Options, columns, json, markdown, table
from .columns import Column, Row

COLUMNS = [
    *map(Column, ("name", "operation", "∂/∂")),
    Column("local gradient", share=2),
    Column("domain", share=1),
]
_TIE = "\N{NO-BREAK SPACE}"
_CALL = 18
"""Columns in which an operation is written."""
_INTRODUCTION = """\
# The primitives

Every gate that an expression can have, with the local gradient that it hands to each input. This page is what
`backprop ops --format markdown` prints; `backprop ops NAME` adds a worked example.
"""


class Primitives(NamedTuple):
    """Rows of the table, each with a worked example if there is one; no examples for the page of all."""

    ops: Sequence[Op]
    examples: Sequence[Trace | None] = ()


def as_text(primitives: Primitives, options: Options) -> str:
    """The rows as a table, below it what else there is to know, and the examples."""
    ops = primitives.ops
    lines = [line.replace(_TIE, " ") for line in columns.table(COLUMNS, list(map(_row, ops)), options, between="")]
    for section in reference.sections(ops):
        lines += ["", options.paint(f" {section.title}", "bold")]
        for of, said in section.lines:
            lines += columns.fold(f"   {of}: {said}", options.width, later=" " * 5)
    for trace in filter(None, primitives.examples):
        shown = table.trace(trace, options).rstrip("\n")
        lines += ["", options.paint(" for example", "bold"), f"   {reference.command(trace)}", "", shown]
    return "\n".join(lines) + "\n"


def _domain(op: Op) -> str:
    """Where the row holds: its domain, and the numbers of axes of its inputs."""
    return ", ".join(filter(None, (op.domain, f"axes {op.axes}" if op.axes else "")))


def _row(op: Op) -> Row:
    """Name, operation, a line for each input, and the domain, in which comparisons stay in one piece."""
    domain = re.sub(" ([<>=≤≥≠]) ", f"{_TIE}\\1{_TIE}", _domain(op))
    names, rules = ("\n".join(each) for each in zip(*reference.partials(op), strict=True))
    call = "\n".join(columns.fold(op.call, _CALL))
    return Row((op.name, call, names, rules, domain))


def as_markdown(primitives: Primitives, options: Options) -> str:
    """The same as GitHub-flavoured Markdown, with worked examples at the end."""
    ops, examples = primitives
    code = markdown.code
    rows = []
    for op in ops:
        rules = "<br>".join(f"∂/∂{name} = {code(rule)}" for name, rule in reference.partials(op))
        rows.append((code(op.name), code(op.call), rules, _domain(op)))
    heads = ("name", "operation", "local gradient", "domain")
    lines = [] if examples else [_INTRODUCTION]
    lines += markdown.pipe_table(heads, len(heads), rows)
    for section in reference.sections(ops):
        lines += ["", f"## {section.title.capitalize()}", ""]
        lines += [f"- {code(of)}: {said}" for of, said in section.lines]
    for trace in filter(None, examples):
        lines += [
            "",
            f"## For example: {code(reference.command(trace))}",
            "",
            markdown.trace(trace, options).rstrip("\n"),
        ]
    return "\n".join(lines) + "\n"


def as_json(primitives: Primitives, options: Options) -> str:
    """The same as JSON; formulas as a person types them. `schemas/primitives.json` describes it."""
    ops, examples = primitives
    found: list[dict[str, Any]] = []
    for op, trace in zip(ops, examples or [None] * len(ops), strict=True):
        shown = trace and {"command": reference.command(trace), "trace": json.document(trace)}
        found.append(
            {
                "name": op.name,
                "call": op.call,
                "spellings": reference.spellings(op),
                "variadic": op.variadic,
                "gates": None if (gates := gates_of(op)) is None else TYPED.text(gates),
                "inputs": [
                    {"name": name, "local": None if rule == none.head else rule}
                    for name, rule in zip(op.inputs, map(TYPED.text, op.partials), strict=True)
                ],
                "role": op.role or None,
                "does": op.does or None,
                "domain": op.domain or None,
                "kink": TYPED.text(op.kink) if op.kink else None,
                "convention": op.note or None,
                **({"example": shown} if shown else {}),
            }
        )
    words = [section.lines for section in reference.sections(ops) if section.title == "words of the rules"]
    return json.lines({"primitives": found, "roles": ROLES, "words": dict(*words)}, options)
