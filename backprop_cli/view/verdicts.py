"""Verdicts on claims, as lines to read and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..errors import printable
from ..graph.graph import Graph
from ..study.claims import Verdict, explain
from . import Options, json
from .columns import fold


class Judged(NamedTuple):
    """What the verdicts are on, and the verdicts."""

    graph: Graph
    verdicts: Sequence[Verdict]


def as_text(judged: Judged, options: Options) -> str:
    """A line for each claim; for a wrong one the mistake, or the chain as it should be."""
    lines = []
    for each in judged.verdicts:
        verdict = "right" if each.right else "WRONG"
        lines += fold(f"{each.name}: {verdict}  {_compared(each)}", options.width, later=" " * 4)
        for said in filter(None, (each.how, explain(each), *each.steps)):
            lines += fold(said, options.width, " " * 4, " " * 6)
    return "\n".join(lines) + "\n"


def _compared(verdict: Verdict) -> str:
    """The claim, what it is here if it does not say so itself, and the gradient if that differs."""
    claim, claimed, value = printable(verdict.claim), verdict.claimed, verdict.value
    if claimed and not verdict.is_number:
        claim = f"{claim} is {claimed} here"
    return claim if claimed == value else f"{claim}; the gradient is {value}"


def as_json(judged: Judged, options: Options) -> str:
    """The verdicts as JSON; `mistake` is the name of its kind, or null."""
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
        for each in judged.verdicts
    ]
    right = all(each.right for each in judged.verdicts)
    return json.lines({"expression": judged.graph.source.strip(), "right": right, "claims": claims}, options)
