"""A class's homework, marked: a table of claims, a line for each student, and a verdict on each."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ..errors import InputError, few, quote
from ..graph.graph import Constant, Graph
from ..language.names import normal
from ..passes.settings import DOUBLES, Settings
from .claims import SHOWN, Judge, Verdict
from .sentence import RAISED, say

_DELIMITERS = ",;\t"
_EXAMPLE = "for example:\nstudent,x,y\nAda,-4,-4"


class Marked(NamedTuple):
    """A student, and the verdicts on what this one claims."""

    student: str
    verdicts: list[Verdict]


def is_table(text: str) -> bool:
    """Whether a text is a table, and no JSON: its first line has several columns."""
    first = text.lstrip().partition("\n")[0]
    return not first.startswith(("{", "[")) and any(each in first for each in _DELIMITERS)


def mark(
    graph: Graph,
    given: Mapping[str, float | str],
    text: str,
    settings: Settings = DOUBLES,
    digits: int = SHOWN,
) -> Iterator[Marked]:
    """The students of a table in order, each with a verdict on each claim.

    given: a value for each variable; where claims are formulas alone, variables may be without one
    text: the table, as CSV: a column for each variable or gate, and one for the student, whatever that is called
    settings: wrt and ties
    digits: significant ones of a value in a verdict

    A claim that is missing, or that cannot be read, is wrong. Raises InputError for what is no such table, MathError
    where the expression has no gradient.
    """
    rows = _rows(text)
    header = [normal(each.strip()) for each in rows[0]]
    known = {node.name for node in graph.nodes if not isinstance(node, Constant)}
    others = [place for place, name in enumerate(header) if name not in known]
    if len(others) != 1:
        listed = ", ".join(few([quote(header[place]) for place in others])) or "none"
        message = f"all columns of --claims except for the student's are variables or gates; here no such are {listed}"
        raise InputError(message, hint=_EXAMPLE)
    claimed = {place: name for place, name in enumerate(header) if name in known}
    if len({*claimed.values()}) < len(claimed):
        raise InputError("two columns of --claims have the same name")
    judge = Judge(graph, given, list(claimed.values()), settings, digits, prove=False)
    verdicts: dict[tuple[str, str], Verdict] = {}
    for row in rows[1:]:
        cells = [*(cell.strip() for cell in row), *[""] * (len(header) - len(row))]
        answers = [(name, cells[place]) for place, name in claimed.items()]
        for each in answers:
            if each not in verdicts:
                verdicts[each] = _verdict(judge, *each)
        yield Marked(cells[others[0]], [verdicts[each] for each in answers])


def _rows(text: str) -> list[list[str]]:
    first = text.lstrip().partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        rows = [row for row in csv.reader(text.splitlines(), delimiter=delimiter, skipinitialspace=True) if any(row)]
    except csv.Error as error:
        raise InputError(f"--claims cannot be read as CSV: {error}") from None
    if len(rows) < 2:
        raise InputError("--claims holds no claim", hint=_EXAMPLE)
    return rows


def _verdict(judge: Judge, name: str, claim: str) -> Verdict:
    if not claim:
        return Verdict(name, claim, False, "", how=[say("verdict no answer")])
    try:
        (verdict,) = judge.verdicts({name: claim})
    except InputError as error:
        return Verdict(name, claim, False, "", how=[say(RAISED, error.message)])
    return verdict
