"""Files that are written wholly or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from ..errors import OutputError, quote, reason


def write_file(path: str, data: bytes) -> None:
    """Write a file wholly or not at all: beside it first, then in its place. Raises OutputError where that fails."""
    beside = ""
    try:
        place = Path(path)
        if place.exists() and not (place.is_file() and os.access(place, os.W_OK)):
            place.write_bytes(data)  # a device takes it; a directory and a protected file refuse
            return
        place = place.resolve()  # a link stays, and what it points to is replaced
        with tempfile.NamedTemporaryFile("wb", dir=place.parent, prefix=".backprop-", delete=False) as file:
            beside = file.name
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(beside).chmod(_mode(place))
        Path(beside).replace(place)
        beside = ""
    except (OSError, ValueError) as error:
        raise OutputError(f"{quote(path)} cannot be written: {reason(error)}") from None
    finally:
        if beside:
            Path(beside).unlink(missing_ok=True)


def _mode(place: Path) -> int:
    """The permissions of the file that stands there, or those of a new one."""
    with suppress(FileNotFoundError):
        return stat.S_IMODE(place.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
