"""One call: the first on an expression, and the next ones, beside other tools and beside what Python alone costs."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from harness import NOT_AVAILABLE, NOT_INSTALLED, Contender, Goal, Row, Settings, Table, compare, nothing, seconds
from oneshot import FLOORS, PEERS, OneShot, environment, in_a_new_home, ours

FIRST, CACHED = "backprop eval --json, first", "backprop eval --json, cached"
FIRST_TABLE, CACHED_TABLE = "backprop eval, first", "backprop eval, cached"


def measure(settings: Settings) -> list[Table]:
    """Milliseconds of one call; and its instructions, if asked for."""
    with tempfile.TemporaryDirectory() as home:
        warm = environment(Path(home))
        remembers = "--no-cache" in settings.features
        as_json, as_table = ours(settings, "--json"), ours(settings)
        contenders = [
            Contender(FIRST, partial(first, as_json), prepare=lambda: as_json.check(warm)),
            Contender(FIRST_TABLE, partial(first, as_table)),
            cached(CACHED, as_json, warm, remembers),
            cached(CACHED_TABLE, as_table, warm, remembers),
            Contender("backprop --version", partial(once, OneShot("", [settings.backprop, "--version"]), warm)),
            *(Contender(each.name, partial(once, each, warm)) for each in FLOORS),
            *(peer(each, warm) for each in PEERS),
        ]
        table = compare("One call", "ms", contenders, settings.rounds, CACHED if remembers else FIRST)
        tables = [table._replace(goals=goals(table))]
        if settings.counts:
            tables.append(instructions(settings, warm, remembers))
    return tables


def once(call: OneShot, where: Mapping[str, str]) -> float:
    return 1e3 * seconds(lambda: call.run(where))


def first(call: OneShot) -> float:
    """Milliseconds of a call that finds nothing remembered."""
    return in_a_new_home(partial(once, call))


def cached(name: str, call: OneShot, warm: Mapping[str, str], remembers: bool) -> Contender:
    return Contender(name, partial(once, call, warm)) if remembers else Contender(name, None, NOT_AVAILABLE)


def peer(call: OneShot, warm: Mapping[str, str]) -> Contender:
    if call.missing:
        return Contender(call.name, None, call.missing)
    return Contender(call.name, partial(once, call, warm), prepare=lambda: call.check(warm))


def goals(table: Table) -> tuple[Goal, ...]:
    """What is asked of one call."""
    return (
        table.at_most(1.0, FIRST, "import sympy"),
        table.at_most(1.25, CACHED, "import click"),
        table.at_least(5.0, FIRST, CACHED),
        table.at_most(1.25, CACHED_TABLE, "import click"),
    )


# -- Instructions --------------------------------------------------------------------------------------------------


def instructions(settings: Settings, warm: Mapping[str, str], remembers: bool) -> Table:
    """Millions of instructions of the floors and of our calls: the same from run to run, however busy the machine."""
    title, unit = "One call, instructions (callgrind)", "millions"
    if shutil.which("valgrind") is None:
        return Table(title, unit, (Row("valgrind", note=NOT_INSTALLED),))
    as_json, as_table = ours(settings, "--json"), ours(settings)
    fixed = {**warm, "PYTHONHASHSEED": "0"}
    with tempfile.TemporaryDirectory() as empty:
        new = {**environment(Path(empty)), "PYTHONHASHSEED": "0"}
        contenders = [*(Contender(each.name, partial(count, each, fixed)) for each in FLOORS)]
        contenders.append(Contender(FIRST, partial(count, as_json, new), prepare=nothing))
        for name, call in ((CACHED, as_json), (CACHED_TABLE, as_table)):
            measure_it = partial(count, call, fixed) if remembers else None
            contenders.append(Contender(name, measure_it, "" if remembers else NOT_AVAILABLE, partial(call.run, fixed)))
        return compare(title, unit, contenders, 1, CACHED if remembers else FIRST)


def count(call: OneShot, where: Mapping[str, str]) -> float:
    """Millions of instructions of one call, as callgrind counts them."""
    words = [word.replace("{x}", "-2") for word in call.words]
    words[0] = shutil.which(words[0]) or words[0]
    valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    result = subprocess.run([*valgrind, *words], env=where, capture_output=True, encoding="utf-8", check=True)
    found = re.search(r"Collected : (\d+)", result.stderr)
    if found is None:
        raise ValueError("valgrind did not say how many instructions")
    return int(found[1]) / 1e6
