"""Verdicts on claims, as lines to read and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import printable
from ..graph.graph import Graph
from ..study.claims import Verdict, explain


def render(verdicts: Sequence[Verdict]) -> str:
    """A line for each claim; for a wrong one the mistake, or the chain as it should be."""
    lines = []
    for each in verdicts:
        lines.append(f"{each.name}: {'right' if each.right else 'WRONG'}  {_compared(each)}")
        lines += [f"    {line}" for line in (each.how, explain(each), *each.steps) if line]
    return "\n".join(lines) + "\n"


def _compared(verdict: Verdict) -> str:
    """The claim, what it is here if it does not say so itself, and the gradient if that differs."""
    claim, claimed, value = printable(verdict.claim), verdict.claimed, verdict.value
    if claimed and not verdict.is_number:
        claim = f"{claim} is {claimed} here"
    return claim if claimed == value else f"{claim}; the gradient is {value}"


def document(graph: Graph, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """The verdicts as plain data; `mistake` is the name of its kind, or null."""
    claims = [
        {
            "variable": each.name,
            "claim": each.claim,
            "right": each.right,
            "value": each.claimed or None,
            "gradient": each.value,
            "how": each.how or None,
            "mistake": each.mistake or None,
            "explanation": explain(each) or None,
            "steps": list(each.steps),
        }
        for each in verdicts
    ]
    return {"expression": graph.source.strip(), "right": all(each.right for each in verdicts), "claims": claims}
