"""What lies in a cache, and entries of one's own making, with the checksum of somebody who has the key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from backprop_cli.cli import cache
from backprop_cli.graph.graph import Graph


def files(place: Path) -> list[Path]:
    """All but the key."""
    return sorted(path for path in place.iterdir() if path.name != cache._KEY) if place.exists() else []


def the_entry(place: Path) -> Path:
    (path,) = files(place)
    return path


def read(place: Path, source: str) -> Graph | None:
    return cache._read(str(place), cache._meaning(source, []), source)


def content(entry: Path) -> Any:
    return json.loads(entry.read_bytes().partition(b"\n")[2])


def sealed(place: Path, source: str, data: bytes) -> bytes:
    """An entry that holds this, with the right checksum."""
    key = (place / cache._KEY).read_bytes()
    return b"%b\n%b" % (cache._digest(cache._meaning(source, []) + data, key).encode(), data)
