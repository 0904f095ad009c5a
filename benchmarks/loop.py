"""Many calls in a shell loop, each with another value of x: what a script pays."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from harness import NOT_AVAILABLE, Contender, Settings, Table, compare, nothing, seconds
from oneshot import FLOORS, PEERS, OneShot, environment, ours

CACHED, UNCACHED = "backprop eval --json, cached", "backprop eval --json --no-cache"
LEFT_OUT = ("torch", "JAX")
"""Whose start, which the group of one call shows, would take most of the time of the whole run."""


def measure(settings: Settings) -> list[Table]:
    """Milliseconds a call. The calls are shared out over the rounds."""
    calls = -(-settings.calls // settings.rounds)
    with tempfile.TemporaryDirectory() as home:
        warm = environment(Path(home))
        remembers = "--no-cache" in settings.features
        remembered = ours(settings, "--json")
        cached = partial(a_call, remembered, calls, warm) if remembers else None
        plain = ours(settings, "--json", *(["--no-cache"] if remembers else []))
        contenders = [
            Contender(CACHED, cached, "" if remembers else NOT_AVAILABLE, partial(remembered.check, warm)),
            Contender(UNCACHED, partial(a_call, plain, calls, warm), prepare=partial(plain.check, warm)),
            Contender("python -c pass", partial(a_call, FLOORS[0], calls, warm), prepare=nothing),
        ]
        for each in PEERS:
            if each.name in LEFT_OUT:
                continue
            turn = None if each.missing else partial(a_call, each, calls, warm)
            contenders.append(Contender(each.name, turn, each.missing, partial(each.check, warm)))
        title = f"A shell loop of {calls * settings.rounds:,} calls"
        table = compare(title, "ms a call", contenders, settings.rounds, CACHED if remembers else UNCACHED)
    limits = {"SymPy": 5, "symengine": 2, "autograd": 2, "maxima": 1.5, "qalc": 1.5}
    goals = tuple(table.at_least(limit, name, CACHED, f"loop: {name} ÷ cached") for name, limit in limits.items())
    return [table._replace(goals=goals)]


def a_call(call: OneShot, calls: int, where: Mapping[str, str]) -> float:
    """Milliseconds a call in one loop."""
    return 1e3 * seconds(lambda: call.loop(calls, where)) / calls
