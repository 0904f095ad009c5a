"""`backprop cache`: what is remembered, and where."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from ...errors import InputError, counted, printable, reason
from ..expression import Command
from ..output import say

HELP = """\
Show the cache of compiled expressions, or clear it.

An expression that was seen before is not parsed again. BACKPROP_CACHE_DIR puts the cache elsewhere;
BACKPROP_NO_CACHE=1, or --no-cache for one call, turns it off.
"""


@click.command("cache", cls=Command, help=HELP)
def command(clear: bool) -> None:
    from .. import cache

    place = printable(cache.directory())
    if not place:
        off = "turned off" if os.environ.get("BACKPROP_NO_CACHE") else "off: there is no home directory to put it in"
        say(f"the cache is {off}", sys.stdout)
    elif in_the_way := _in_the_way(cache.directory()):
        say(f"the cache is off: {in_the_way.format(place)}", sys.stdout)
    elif clear:
        try:
            count = cache.clear()
        except OSError as error:
            raise InputError(f"the cache cannot be cleared: {reason(error)}") from None
        say(f"{counted(count, 'expression')} removed from {place}", sys.stdout)
    else:
        found = cache.entries()
        size = sum(size for _written, size, _path in found)
        limit = cache.MAX_TOTAL
        say(f"{counted(len(found), 'expression')}, {size:,} of at most {limit:,} bytes, in {place}", sys.stdout)


def _in_the_way(place: str) -> str:
    """Why nothing is read or written there, with a hole for the place; empty where nothing is in the way."""
    from .. import cache

    try:
        if cache.is_private(place):
            return ""
    except FileNotFoundError:
        return "the link {} leads nowhere" if Path(place).is_symlink() else ""
    except OSError as error:
        return f"{{}}: {reason(error)}"
    return "others than you may write to {}" if Path(place).is_dir() else "{} is no directory"
