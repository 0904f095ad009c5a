"""Tables for people: on a terminal, or as Markdown for docs/dev/benchmarks.md."""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from pathlib import Path

from harness import Goal, Table

MARKS = ("<!-- measured: begin -->", "<!-- measured: end -->")
"""Between these two lines of the page stand the tables of the last full run."""


def figure(value: float) -> str:
    """Three digits, without exponents: 1,234 · 123 · 12.3 · 1.23 · 0.123."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 1 else f"{value:.3f}"


def cells(table: Table) -> list[list[str]]:
    """The head and the rows: name, median, spread, ratio to ours, note."""
    lines = [["", table.unit, "spread", *(["× ours"] if table.ours else []), ""]]
    for row in table.rows:
        numbers = ["–", "–"]
        if row.samples:
            numbers = [
                figure(statistics.median(row.samples)),
                f"{figure(min(row.samples))} … {figure(max(row.samples))}",
            ]
        if table.ours:
            ratio = table.ratio(row.name, table.ours)
            numbers.append("–" if ratio is None else figure(ratio))
        lines.append([row.name, *numbers, row.note])
    return lines


def goal_cells(goals: Sequence[Goal]) -> list[list[str]]:
    """The head and the rows of what should hold."""
    lines = [["goal", "limit", "measured", ""]]
    for goal in goals:
        measured = "–" if goal.measured is None else figure(goal.measured)
        lines.append([goal.what, f"{goal.sense} {figure(goal.limit)}", measured, goal.verdict])
    return lines


def plain(title: str, lines: Sequence[Sequence[str]]) -> str:
    """Aligned columns: names and notes to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    last = len(widths) - 1
    text = [title]
    for line in lines:
        padded = [
            cell.ljust(width) if column in (0, last) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        text.append(("  " + "   ".join(padded)).rstrip())
    return "\n".join(text) + "\n"


def markdown(title: str, lines: Sequence[Sequence[str]]) -> str:
    """The same as a table of Markdown."""
    head, *rows = [[cell.replace("|", "\\|") for cell in line] for line in lines]
    rule = ["---", *("--:" for _ in head[2:]), "---"]
    body = "\n".join("| " + " | ".join(line) + " |" for line in (head, rule, *rows))
    return f"### {title}\n\n{body}\n"


def document(facts: str, tables: Sequence[Table], as_markdown: bool = False) -> str:
    """Everything that a run prints: the tables, then what should hold."""
    draw = markdown if as_markdown else plain
    parts = [facts, *(draw(table.title, cells(table)) for table in tables)]
    goals = [goal for table in tables for goal in table.goals]
    if goals:
        parts.append(draw("What should hold", goal_cells(goals)))
    return "\n".join(parts)


def write_into(page: Path, text: str) -> None:
    """Put the text between the marks of the page. Raises ValueError where the page has none."""
    begin, end = MARKS
    old = page.read_text(encoding="utf-8")
    new, count = re.subn(f"{begin}.*{end}", lambda _: f"{begin}\n{text}\n{end}", old, flags=re.DOTALL)
    if count != 1:
        raise ValueError(f"{page.name} has no place for the tables: {begin} … {end}")
    page.write_text(new, encoding="utf-8")
