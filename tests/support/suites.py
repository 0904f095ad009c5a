"""What the fast suite takes of many cases of one thing; the slow suite takes the others too."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
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


def in_a_loop(names: str, cases: Iterable[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Have one test go through all cases, where each is so small that a test of its own takes longer than the case.

    names: of the parameters, with spaces between them; cases: a value for it, or a tuple of values for them.
    """
    first, *others = names.split()

    def decorated(check: Callable[..., None]) -> Callable[..., None]:
        def test(**fixtures: Any) -> None:
            for case in cases:
                values = zip([first, *others], case if others else [case], strict=True)
                try:
                    check(**dict(values), **fixtures)
                except BaseException as error:
                    error.add_note(f"{names}: {case!r}")
                    raise

        left = [each for name, each in inspect.signature(check).parameters.items() if name not in (first, *others)]
        test.__name__, test.__doc__, test.__module__ = check.__name__, check.__doc__, check.__module__
        test.__signature__ = inspect.Signature(left)  # type: ignore[attr-defined]  # which tells pytest of the fixtures
        return test

    return decorated
