"""The manual page, made of what `--help` says: `python -m backprop_cli.cli.manual` prints it."""

from __future__ import annotations

import click

from ..runtime.version import __version__
from .commands import SUMMARY, cli
from .expression import Context
from .options import COMMANDS, by_name

_ENVIRONMENT = {
    "BACKPROP_CACHE_DIR": "The directory of compiled expressions.",
    "BACKPROP_NO_CACHE": "If it is set, nothing is remembered.",
    "NO_COLOR": "If it is set, nothing is coloured.",
}
_SIGNS = str.maketrans({"\\": r"\e", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti", "-": r"\-"})
_STATUS = {
    "0": "Done.",
    "1": "The mathematics has no answer there, a check failed, the time is up, or the result could not be written.",
    "2": "The input is wrong.",
    "130": "Interrupted.",
}


def page() -> str:
    """The whole page, for man(7)."""
    whole = Context(cli, info_name="backprop")
    parts = [
        f'.TH BACKPROP 1 "" "backprop {__version__}" "User Commands"',
        f".SH NAME\nbackprop \\- {_text(SUMMARY[0].lower() + SUMMARY[1:].rstrip('.'))}",
        ".SH SYNOPSIS\n.B backprop\n.I COMMAND\n[\\fIOPTIONS\\fR] \\&...",
        *(_section(name, whole) for name in COMMANDS),
        _list("ENVIRONMENT", _ENVIRONMENT),
        _list("EXIT STATUS", _STATUS),
    ]
    return "\n".join(parts) + "\n"


def _section(name: str, whole: click.Context) -> str:
    """One command: what it does, its options and its examples."""
    command = cli.get_command(whole, name)
    assert command is not None
    context = Context(command, parent=whole, info_name=name, **command.context_settings)
    usage = " ".join(["backprop", name, *command.collect_usage_pieces(context)])
    lines = [f".SH {_text(name.upper())}", f".B {_text(usage)}"]
    lines += [_paragraph(each) for each in (command.help or "").replace("\f", "").strip().split("\n\n")]
    lines += [f".TP\n.B {_text(each.written)}\n{_text(each.told)}" for each in dict.fromkeys(by_name(name).values())]
    return "\n".join([*lines, *([_paragraph(command.epilog)] if command.epilog else [])])


def _paragraph(text: str) -> str:
    """Filled, or line for line behind click's mark for that."""
    if "\b" not in text:
        return f".PP\n{_text(' '.join(text.split()))}"
    lines = [line for line in text.splitlines() if line.strip() not in ("", "\b")]
    return "\n".join([".PP\n.nf", *map(_text, lines), ".fi"])


def _list(title: str, entries: dict[str, str]) -> str:
    return "\n".join([f".SH {title}", *(f".TP\n.B {name}\n{_text(what)}" for name, what in entries.items())])


def _text(text: str) -> str:
    """A line for troff, in which signs stand for themselves."""
    plain = text.translate(_SIGNS)
    return f"\\&{plain}" if plain.startswith(".") else plain


if __name__ == "__main__":
    print(page(), end="")
