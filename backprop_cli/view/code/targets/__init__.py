"""The languages of `backprop code`: a Target each, in the file of its name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

from ... import PROGRAMS
from .base import Target


class _Languages(Mapping[str, Target]):
    """Each is loaded when it is asked for, because a program is written in one."""

    def __getitem__(self, name: str) -> Target:
        if name not in PROGRAMS:
            raise KeyError(name)
        found: Target = getattr(import_module(f".{name}", __package__), name.upper())
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(PROGRAMS)

    def __len__(self) -> int:
        return len(PROGRAMS)


TARGETS = _Languages()
