"""What lies in a cache."""

from __future__ import annotations

from pathlib import Path


def files(place: Path) -> list[Path]:
    return sorted(place.iterdir()) if place.exists() else []


def the_entry(place: Path) -> Path:
    (path,) = files(place)
    return path
