"""Verdicts on claims, as lines to read and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ..errors import printable
from ..graph.graph import Graph
from ..study.claims import Verdict
from . import Options, json
from .columns import fold
from .csv import written
from .words.language import ENGLISH, Language
from .words.spans import code, plain


class Judged(NamedTuple):
    """What the verdicts are on, the verdicts, in a class the student of each, and the language they are told in."""

    graph: Graph
    verdicts: Sequence[Verdict]
    students: Sequence[str] = ()
    language: Language = ENGLISH

    def said(self, key: str, *parts: str) -> str:
        """A sentence, with names, formulas and numbers in its holes."""
        return plain(self.language.say(key, *map(code, parts)))

    def explain(self, verdict: Verdict) -> str:
        """What kind of mistake a wrong claim is, and where."""
        if not verdict.mistake:
            return ""
        return self.said("judged explained", self.said(f"mistake {verdict.mistake}"), self.language.told(verdict.place))

    def how(self, verdict: Verdict) -> str:
        """What the judgement rests on."""
        return "; ".join(map(self.language.told, verdict.how))

    def steps(self, verdict: Verdict) -> list[str]:
        """The chain, where a wrong claim is no known mistake."""
        return [self.language.told(step) for step in verdict.steps]


def as_text(judged: Judged, options: Options) -> str:
    """A line for each claim; for a wrong one the mistake, or the chain as it should be. In a class it is one line."""
    lines = []
    for student, each in _told(judged):
        key, style = ("judged right", "green") if each.right else ("judged wrong", "bold red")
        verdict = options.paint(judged.said(key), style)
        begin = f"{each.name}: " if student is None else f"{printable(student)}  {each.name}: "
        reasons = [judged.how(each), judged.explain(each), *judged.steps(each)]
        compared = f"{begin}VERDICT  {_compared(judged, each)}"
        if student is not None:
            reason, reasons = judged.explain(each) or judged.how(each), []
            compared += f"  ({reason})" * bool(reason)
        lines += [line.replace("VERDICT", verdict, 1) for line in fold(compared, options.width, later=" " * 4)]
        for said in filter(None, reasons):
            lines += fold(said, options.width, " " * 4, " " * 6)
    return "\n".join(lines) + "\n"


def as_csv(judged: Judged, options: Options) -> str:
    """A line for each claim of a class."""
    rows: list[Sequence[str | None]] = [("student", "variable", "claim", "right", "gradient", "mistake", "explanation")]
    for student, each in _told(judged):
        right = "true" if each.right else "false"
        reason = judged.explain(each) or judged.how(each)
        rows.append((student, each.name, each.claim, right, ENGLISH.told(each.value), each.mistake, reason))
    return written(rows, options.between)


def _told(judged: Judged) -> Iterator[tuple[str | None, Verdict]]:
    """Each verdict, with the student where there is one."""
    students: Iterable[str | None] = judged.students or [None] * len(judged.verdicts)
    return zip(students, judged.verdicts, strict=True)


def _compared(judged: Judged, verdict: Verdict) -> str:
    """The claim, what it is here if it does not say so itself, and the gradient if that differs."""
    claim, claimed, value = printable(verdict.claim), verdict.claimed, verdict.value
    if not value:
        return claim
    if claimed and not verdict.is_number:
        claim = judged.said("judged is here", claim, claimed)
    return claim if claimed == value else judged.said("judged gradient", claim, judged.language.told(value))


def as_json(judged: Judged, options: Options) -> str:
    """The verdicts as JSON; `mistake` is the name of its kind, or null."""
    claims = [
        {
            **({} if student is None else {"student": student}),
            "variable": each.name,
            "claim": each.claim,
            "right": each.right,
            "proved": each.proved,
            "value": each.claimed or None,
            "gradient": ENGLISH.told(each.value) or None,
            "how": judged.how(each) or None,
            "mistake": each.mistake or None,
            "explanation": judged.explain(each) or None,
            "steps": judged.steps(each),
        }
        for student, each in _told(judged)
    ]
    right = all(each.right for each in judged.verdicts)
    return json.lines({"expression": judged.graph.source.strip(), "right": right, "claims": claims}, options)
