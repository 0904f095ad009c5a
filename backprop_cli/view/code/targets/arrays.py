"""What NumPy, PyTorch and JAX have in common: the same program, element by element on arrays, in each one's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ....rules.printer import Form
from .base import Cases, Target, helpers, prefixed, words
from .python import HELPERS, PYTHON


def _number(text: str) -> str:
    """A literal; as a float where it has more digits than the integers of these libraries may have."""
    return f"{text}.0" if text.lstrip("-").isdigit() and len(text) > 9 else text


_COMMON = replace(
    PYTHON,
    number=_number,
    power=("{0}**{1}", "{0}**{1}"),
    both="({0}) & ({1})",
    either="({0}) | ({1})",
    mask="({0})",
    count="1.0 * {0}",
    zero="0.0 * {0}",
    add="{0} = {0} + {1}",  # in place, it would change arrays that go by two names
    like="like({0}, {1})",
)


def language(name: str, library: str, words_of: Mapping[str, str | Form], **others: Any) -> Target:
    """A language whose numbers are arrays.

    name: of the language
    library: what its module goes by
    words_of: how it writes the words of the rules that it does not write as the other two do
    others: further fields of the Target
    """
    where = f"{library}.where({{0}}, {{1}}, {{2}})"

    def local_body(cases: Cases, otherwise: str) -> list[str]:
        """Cases by `where`, the last one first."""
        lines = [f"local = {where.format(when, then, 'local')}" for when, then in reversed(cases)]
        return [f"local = {otherwise}", *lines, "return local"]

    shared: dict[str, Any] = {
        "words": {**words("mean"), **words_of},
        "many": _reductions(library),
        "constants": {**PYTHON.constants, **prefixed(f"{library}.", "pi e nan")},
        "opposite": f"{library}.logical_not({{0}})",
        "where": where,
        "local_body": local_body,
        "seed": f"{library}.ones_like({{0}})",
    }
    return replace(_COMMON, name=name, **shared | others)


def _reductions(library: str) -> dict[str, str]:
    """Words for more than two arguments: the library's function of two, on one after the other."""
    of_two = words("max=maximum min=minimum hypot sum=add logsumexp=logaddexp")
    return {
        **{name: f"functools.reduce({library}.{written}, ({{args}}))" for name, written in of_two.items()},
        "mean": "mean({args})",
        "prod": "product({args})",
    }


def elementwise(names: str, library: str) -> dict[str, str]:
    """Helpers of these names, which the libraries have in common."""
    own = {"xp.ldexp": "ldexp"} if library == "torch" else {}
    found = helpers("helpers_arrays.txt", {**own, "xp.": f"{library}."})
    return {name: found[name] for name in names.split()}


BESIDE = {name: HELPERS[name] for name in "from_whole sin_pi stirling rise_above cotangent_slope branch_rise".split()}
"""Helpers of Python that serve arrays as well, or all but."""
