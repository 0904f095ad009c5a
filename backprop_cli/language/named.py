"""Inputs by their names, as other languages have them: `log(x, base=10)` is log(x, 10)."""

from __future__ import annotations

import re

from ..errors import Span
from .names import NAME
from .recipes import behind_call, bracketed

_ORDERS = {
    "log": "x base",
    "dnorm pnorm norm.pdf norm.cdf norm.logpdf norm.logcdf norm_pdf norm_cdf": "x|q loc|mean scale|sd",
    "qnorm norm.ppf norm_ppf": "p|q loc|mean scale|sd",
    "clamp clip": "x|input min|a_min|low|lower max|a_max|high|upper",
    "leaky_relu": "x|input negative_slope|alpha",
    "elu": "x|input alpha",
    "atan2 arctan2": "y|x1 x|x2",
    "pow power": "x|input y|exponent",
    "hypot": "x y",
    "ifelse where": "test|condition yes|x|input no|y|other",
}
"""What functions call their inputs, in their order here."""
_BY_NAME = {name: order.split() for names, order in _ORDERS.items() for name in names.split()}
_CALLED = re.compile(rf"(?:{NAME}\.)*{NAME}[ \t]*$")
_NAMED = re.compile(rf"({NAME})\s*=(?!=)\s*(\S.*)", re.DOTALL)
_NEAR = 300  # characters in which the call is looked for


def without_names(source: str, place: int) -> tuple[Span, str] | None:
    """The call in which a sign of equality stands, and the same with its inputs in their order; None where it has none.

    place: of the sign
    """
    depth, opens = 0, place
    while depth >= 0:
        opens -= 1
        if opens < max(0, place - _NEAR):
            return None
        depth += (source[opens] in ")]}") - (source[opens] in "([{")
    called, ends = _CALLED.search(source, 0, opens), behind_call(source, opens)
    if called is None or source[opens] != "(" or ends < 0:
        return None
    *_, kind, last = ["", *called[0].strip().split(".")]
    name = f"{kind}.{last}" if f"{kind}.{last}" in _BY_NAME else last
    if name not in _BY_NAME:
        return None
    order = _BY_NAME[name]
    given: dict[int, str] = {}
    for position, text in enumerate(bracketed(source, opens)):
        named = _NAMED.fullmatch(text)
        if named and named[1] == "log" and name == "dnorm" and named[2].upper() == "TRUE":
            name = "norm.logpdf"
            continue
        places = [i for i, names in enumerate(order) if not named or named[1] in names.split("|")]
        at = position if not named else places[0] if places else -1
        if at in given or not 0 <= at < len(order):
            return None
        given[at] = named[2] if named else text
    if name in ("clamp", "clip") and given.keys() in ({0, 1}, {0, 2}):
        name, given = ("max" if 1 in given else "min"), dict(enumerate(given.values()))
    if sorted(given) != [*range(len(given))]:
        return None
    return (called.start(), ends), f"{name}({', '.join(given[i] for i in range(len(given)))})"
