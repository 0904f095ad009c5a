"""Formulas from the literature, each with its source and a point where it is well conditioned."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import NamedTuple


class Formula(NamedTuple):
    name: str
    expression: str
    point: dict[str, str]
    source: str


def _load() -> list[Formula]:
    files = sorted((Path(__file__).parents[1] / "formulas").glob("*.toml"))
    return [Formula(**entry) for file in files for entry in tomllib.loads(file.read_text("utf-8"))["formula"]]


FORMULAS = _load()
