"""Verdicts on claims, as lines to read and as JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ..errors import printable
from ..graph.graph import Graph
from ..study.claims import Verdict, explain
from . import Options, json
from .columns import fold


class Judged(NamedTuple):
    """What the verdicts are on, the verdicts, and in a class the student of each."""

    graph: Graph
    verdicts: Sequence[Verdict]
    students: Sequence[str] = ()


def as_text(judged: Judged, options: Options) -> str:
    """A line for each claim; for a wrong one the mistake, or the chain as it should be. In a class it is one line."""
    lines = []
    for student, each in _told(judged):
        verdict = options.paint("right", "green") if each.right else options.paint("WRONG", "bold red")
        begin = f"{each.name}: " if student is None else f"{printable(student)}  {each.name}: "
        if student is not None:
            reason = explain(each) or each.how
            compared = f"{begin}VERDICT  {_compared(each)}{f'  ({reason})' * bool(reason)}"
            lines += [line.replace("VERDICT", verdict, 1) for line in fold(compared, options.width, later=" " * 4)]
            continue
        lines += [
            line.replace("VERDICT", verdict, 1)
            for line in fold(f"{begin}VERDICT  {_compared(each)}", options.width, later=" " * 4)
        ]
        for said in filter(None, (each.how, explain(each), *each.steps)):
            lines += fold(said, options.width, " " * 4, " " * 6)
    return "\n".join(lines) + "\n"


def as_csv(judged: Judged, _options: Options) -> str:
    """A line for each claim of a class."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["student", "variable", "claim", "right", "gradient", "mistake", "explanation"])
    for student, each in _told(judged):
        right = "true" if each.right else "false"
        row = (student, each.name, each.claim, right, each.value, each.mistake, explain(each) or each.how)
        writer.writerow(row)
    return out.getvalue()


def _told(judged: Judged) -> Iterator[tuple[str | None, Verdict]]:
    """Each verdict, with the student where there is one."""
    students: Iterable[str | None] = judged.students or [None] * len(judged.verdicts)
    return zip(students, judged.verdicts, strict=True)


def _compared(verdict: Verdict) -> str:
    """The claim, what it is here if it does not say so itself, and the gradient if that differs."""
    claim, claimed, value = printable(verdict.claim), verdict.claimed, verdict.value
    if not value:
        return claim
    if claimed and not verdict.is_number:
        claim = f"{claim} is {claimed} here"
    return claim if claimed == value else f"{claim}; the gradient is {value}"


def as_json(judged: Judged, options: Options) -> str:
    """The verdicts as JSON; `mistake` is the name of its kind, or null."""
    claims = [
        {
            **({} if student is None else {"student": student}),
            "variable": each.name,
            "claim": each.claim,
            "right": each.right,
            "value": each.claimed or None,
            "gradient": each.value or None,
            "how": each.how or None,
            "mistake": each.mistake or None,
            "explanation": explain(each) or None,
            "steps": list(each.steps),
        }
        for student, each in _told(judged)
    ]
    right = all(each.right for each in judged.verdicts)
    return json.lines({"expression": judged.graph.source.strip(), "right": right, "claims": claims}, options)
