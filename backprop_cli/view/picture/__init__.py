"""Pictures of the circuit, and which file name means which of them."""

from pathlib import PurePath

from ...errors import InputError, quote

SUFFIXES = {
    ".txt": "tree", ".dot": "dot", ".gv": "dot", ".mmd": "mermaid", ".svg": "svg", ".png": "png", ".pdf": "pdf",
}  # fmt: skip
"""Which format a file of that name has."""


def form_of(name: str) -> str:
    """The format that a file of this name has. Raises InputError where its end means none."""
    suffix = PurePath(name).suffix.lower()
    if suffix not in SUFFIXES:
        hint = f"names end in {', '.join(SUFFIXES)}; or say --format"
        raise InputError(f"the name {quote(name)} does not say which format", hint=hint)
    return SUFFIXES[suffix]
