"""Libraries that not everybody has: each is an extra of the package, and its absence is told with the way to get it."""

from __future__ import annotations

from ..errors import InputError


def missing(library: str, extra: str, what: str) -> InputError:
    """The error where a library is not installed.

    library: its name, as pip has it;
    extra: of the package, that brings it;
    what: what needs it.
    """
    return InputError(f"{what} needs {library}, which is not installed", hint=f"pip install 'backprop-cli[{extra}]'")
