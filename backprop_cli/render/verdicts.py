"""Verdicts on claims, as lines to read and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..claims import Verdict, explain
from ..errors import printable
from ..graph import Graph


def render(verdicts: Sequence[Verdict]) -> str:
    """A line for each claim; for a wrong one the mistake, or the chain as it should be."""
    lines = []
    for each in verdicts:
        how = f"  ({each.how})" if each.how else ""
        if each.right:
            value = "" if each.value == each.claim else f" = {each.value} here"
            lines.append(f"{each.name}: right  {printable(each.claim)}{value}{how}")
            continue
        lines.append(f"{each.name}: WRONG  {printable(each.claim)}; the gradient is {each.value} here{how}")
        if each.mistake:
            lines.append(f"    {explain(each)}")
        lines += [f"    {step}" for step in each.steps]
    return "\n".join(lines) + "\n"


def document(graph: Graph, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """The verdicts as plain data; `mistake` is the name of its kind, or null."""
    claims = [
        {
            "variable": each.name,
            "claim": each.claim,
            "right": each.right,
            "gradient": each.value,
            "how": each.how or None,
            "mistake": each.mistake or None,
            "explanation": explain(each) or None,
            "steps": list(each.steps),
        }
        for each in verdicts
    ]
    return {"expression": graph.source.strip(), "right": all(each.right for each in verdicts), "claims": claims}
