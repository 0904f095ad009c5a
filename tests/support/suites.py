"""What the fast suite takes of many cases of one thing; the slow suite takes the others too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pytest

SLOW = pytest.mark.slow


def thinned(cases: Iterable[Any], step: int) -> list[Any]:
    """Parameters: every so manyth case in the fast suite, the others in the slow one."""
    return [
        pytest.param(*(each if type(each) is tuple else (each,)), marks=[SLOW] * bool(number % step))
        for number, each in enumerate(cases)
    ]


def rarely(cases: Iterable[Any], step: int) -> list[Any]:
    """Parameters of a slow test: every so manyth case, and the others where everything is tried, by hand."""
    return [pytest.param(each, marks=[pytest.mark.exhaustive] * bool(n % step)) for n, each in enumerate(cases)]


def first_of(name: str, cases: Sequence[Any], count: int) -> pytest.MarkDecorator:
    """One parameter, a list: the first so many cases in the fast suite, all of them in the slow one."""
    return pytest.mark.parametrize(name, [cases[:count], pytest.param(cases, marks=SLOW)], ids=["few", "all"])
