"""Files that are written wholly or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from ..errors import OutputError, quote, reason


def write_file(path: str, data: bytes | str) -> None:
    """Write a file wholly or not at all, text as UTF-8. Raises OutputError where that fails."""
    with replaced(path) as file:
        file.write(data.encode() if isinstance(data, str) else data)


@contextmanager
def replaced(path: str) -> Iterator[IO[bytes]]:
    """A file to write to, which stands in its place once all is written: it is beside it first.

    Raises OutputError where that fails.
    """
    beside = ""
    try:
        there = _status(path)
        if there and not (stat.S_ISREG(there.st_mode) and os.access(path, os.W_OK)):
            with Path(path).open("wb") as file:  # a device takes it; a directory and a protected file refuse
                yield file
            return
        place = Path(os.path.realpath(path))  # a link stays, and what it points to is replaced
        with tempfile.NamedTemporaryFile("wb", dir=place.parent, prefix=".backprop-", delete=False) as new:
            beside = new.name
            yield new.file
            new.flush()
            os.fsync(new.fileno())
        _take_after(there, beside)
        Path(beside).replace(place)
        beside = ""
    except (OSError, ValueError) as error:
        raise OutputError(f"{quote(path)} cannot be written: {reason(error)}") from None
    finally:
        if beside:
            Path(beside).unlink(missing_ok=True)


def is_file(name: str) -> bool:
    """Whether a file of that name can be read."""
    try:
        return Path(name).is_file()
    except (OSError, ValueError):
        return False


def is_device(path: str) -> bool:
    """Whether something else than a file or a directory stands there, such as /dev/null or a pipe with a name."""
    with suppress(OSError, ValueError):
        there = _status(path)
        return there is not None and not (stat.S_ISREG(there.st_mode) or stat.S_ISDIR(there.st_mode))
    return False


def _status(path: str) -> os.stat_result | None:
    """What stands there, behind links; None where nothing does."""
    with suppress(FileNotFoundError):
        return os.stat(path)  # noqa: PTH116  # pathlib's
    return None


def _take_after(there: os.stat_result | None, path: str) -> None:
    """Give a file the owner, where that may be, and the permissions of the one that it replaces, or those of a new one.

    Bits beyond permissions (set user ID) are for the program that had them, not for what is written now.
    """
    if there is None:
        mask = os.umask(0)
        os.umask(mask)
        Path(path).chmod(0o666 & ~mask)
        return
    if hasattr(os, "chown"):
        with suppress(PermissionError):
            os.chown(path, there.st_uid, there.st_gid)
    Path(path).chmod(there.st_mode & 0o777)
