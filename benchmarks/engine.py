"""Forward plus backward over one graph, through the library: time and memory a gate, and deep graphs.

Every contender's gradient is compared with ours before it is measured: what differs is not measured.
"""

from __future__ import annotations

import json
import math
import subprocess
import tempfile
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path

from graphs import UNARY, Circuit, blocks, chain, forward
from harness import (
    NOT_AVAILABLE,
    NOT_INSTALLED,
    Contender,
    Goal,
    Row,
    Settings,
    Table,
    busy,
    compare,
    failure,
    nothing,
    seconds,
)
from peers import OTHERS, Gradient, Peer, graph, micrograd, ours, ours_once

OURS, ONCE = "backprop, the passes", "backprop, a whole run"
WEIGHED = 100_000
"""The size at which goals are set, and beyond which memory is not measured."""
TURN = 0.25
"""Seconds of processor time at least, for each contender in each round."""
TOLERANCE = 1e-12
"""Of the largest gradient. The order of summation is each library's own."""


def measure(settings: Settings) -> list[Table]:
    """Microseconds a gate at each size, bytes a gate, a chain, and a program file where there is such a thing."""
    tables = []
    for size in settings.gates:
        rounds = max(1, min(settings.rounds, 3_000_000 // size))
        circuit = blocks(size)
        tables.append(one_size(circuit, size, rounds))
        if size <= WEIGHED:
            tables.append(memory(circuit, size))
    tables.append(one_chain(max(size for size in settings.gates if size <= WEIGHED), settings.rounds))
    tables.extend(program_files(settings))
    return with_linearity(tables, settings)


def one_size(circuit: Circuit, size: int, rounds: int) -> Table:
    gates = len(circuit.gates)
    reference = ours(circuit)

    contenders = [
        Contender(OURS, partial(a_gate, reference, gates)),
        Contender(ONCE, partial(a_gate, ours_once(circuit), gates)),
        *(peer(each, circuit, reference, size) for each in OTHERS),
    ]
    table = compare(title_of(size), "µs a gate", contenders, rounds, OURS)
    if size != WEIGHED:
        return table
    return table._replace(
        goals=(
            Goal("engine: µs a gate at 100,000 gates", table.median(OURS), "at most", 0.6),
            table.at_least(10, "micrograd", OURS, "engine: micrograd ÷ ours at 100,000 gates"),
            table.at_least(20, "torch", OURS, "engine: torch's scalars ÷ ours at 100,000 gates"),
        )
    )


def title_of(size: int) -> str:
    return f"Forward and backward, a graph of {size:,} gates"


def a_gate(call: Callable[[], object], gates: int) -> float:
    """Microseconds a gate, over as many runs as a turn takes: one alone would mostly show how cold the memory is."""
    runs, took = 0, 0.0
    while took < TURN:
        took += busy(call)
        runs += 1
    return 1e6 * took / runs / gates


def peer(each: Peer, circuit: Circuit, reference: Gradient, size: int) -> Contender:
    """A library beside us on this circuit, if it is there and its gradient is ours."""
    if each.missing:
        return Contender(each.name, None, NOT_INSTALLED)
    if size > each.most:
        return Contender(each.name, None, "not tried at this size")
    built: list[Gradient] = []
    try:
        took = busy(lambda: built.append(each.build(circuit)))
    except Exception as error:
        return Contender(each.name, None, failure(error))
    note = f"runs what took {took:.1f} s to build" if each.compiles else ""
    return Contender(
        each.name, partial(a_gate, built[0], len(circuit.gates)), note, partial(agree, built[0], reference)
    )


def agree(theirs: Gradient, ours_: Gradient) -> None:
    """Raise ValueError unless two gradients are the same."""
    found, expected = theirs(), ours_()
    scale = max(map(abs, expected))
    difference = max(abs(a - b) for a, b in zip(found, expected, strict=True)) / scale
    if not difference <= TOLERANCE:
        raise ValueError(f"its gradient differs by {difference:.1g}")


# -- Memory --------------------------------------------------------------------------------------------------------


def memory(circuit: Circuit, size: int) -> Table:
    """Bytes a gate that Python hands out: what a run holds at its peak, and what the graph itself holds before it."""
    gates = len(circuit.gates)
    contenders = [
        Contender(OURS, partial(peak_a_gate, ours(circuit), gates), "beyond the graph", prepare=nothing),
        Contender(ONCE, partial(peak_a_gate, ours_once(circuit), gates), "beyond the graph", prepare=nothing),
        Contender("backprop, the graph", partial(peak_a_gate, lambda: graph(circuit), gates), "once", prepare=nothing),
    ]
    for each in OTHERS:
        if each.name not in ("micrograd", "autograd"):
            continue
        if each.missing or size > each.most:
            contenders.append(Contender(each.name, None, NOT_INSTALLED if each.missing else "not tried at this size"))
        else:
            theirs = each.build(circuit)
            contenders.append(
                Contender(each.name, partial(peak_a_gate, theirs, gates), "graph and run", prepare=nothing)
            )
    table = compare(f"Memory, a graph of {size:,} gates", "bytes a gate", contenders, 1, OURS)
    if size != WEIGHED:
        return table
    return table._replace(
        goals=(Goal("engine: bytes a gate at 100,000 gates, a whole run", table.median(ONCE), "at most", 300),)
    )


def peak_a_gate(call: Callable[[], object], gates: int) -> float:
    """The most bytes that were in use during a call, beyond those before it."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        call()
        return (tracemalloc.get_traced_memory()[1] - before) / gates
    finally:
        tracemalloc.stop()


# -- Deep graphs, and files ----------------------------------------------------------------------------------------


def one_chain(size: int, rounds: int) -> Table:
    """A graph as deep as it is large: what recurses stops here."""
    circuit = chain(size)
    reference = ours(circuit)
    others = [Peer("micrograd", micrograd, size), *(each for each in OTHERS if each.name in ("torch", "autograd"))]
    contenders = [Contender(OURS, partial(a_gate, reference, size))]
    contenders += [peer(each, circuit, reference, size) for each in others]
    return compare(f"Forward and backward, a chain of {size:,} gates", "µs a gate", contenders, rounds, OURS)


def program_files(settings: Settings) -> list[Table]:
    """The same blocks as a program of so many lines, through the command."""
    sizes = [size for size in settings.gates if size <= WEIGHED][-2:]
    row = "backprop eval --file"
    if "--file" not in settings.features:
        return [Table("A program file", "µs a line", (Row(row, note=NOT_AVAILABLE),))]
    tables = []
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            file, circuit = Path(folder) / f"{size}.txt", blocks(size)
            file.write_text(program(circuit), encoding="utf-8")
            point = json.dumps({f"x{i}": value for i, value in enumerate(circuit.point)})
            words = [settings.backprop, "eval", "--file", str(file), "--at", point, "--get", "value"]
            call = partial(subprocess.run, words, check=True, capture_output=True)
            same = partial(same_value, words, circuit)
            turn = partial(a_line, call, len(circuit.gates))
            tables.append(
                compare(f"A program file of {size:,} lines", "µs a line", [Contender(row, turn, prepare=same)], 1, row)
            )
    return tables


def same_value(words: list[str], circuit: Circuit) -> None:
    """Raise ValueError unless the command prints the value of the circuit."""
    printed = subprocess.run(words, check=True, capture_output=True, encoding="utf-8").stdout
    if not math.isclose(float(printed), forward(circuit, circuit.point), rel_tol=TOLERANCE):
        raise ValueError(f"printed {printed.strip()}")


def a_line(call: Callable[[], object], lines: int) -> float:
    return 1e6 * seconds(call) / lines


def program(circuit: Circuit) -> str:
    """The circuit, a gate a line."""
    signs, count = {"add": "+", "sub": "-", "mul": "*"}, len(circuit.point)

    def name(node: int) -> str:
        return f"x{node}" if node < count else f"q{node - count + 1}"

    lines = []
    for i, (op, a, b) in enumerate(circuit.gates):
        right = f"{op}({name(a)})" if b == UNARY else f"{name(a)} {signs[op]} {name(b)}"
        lines.append(f"{name(count + i)} = {right}\n")
    return "".join(lines)


def with_linearity(tables: list[Table], settings: Settings) -> list[Table]:
    """The goal that the time grows as the graph does, where two sizes were measured. The larger one does not fit in the
    caches of the processor: hence the 3, where time that grows as the square would give 100.
    """
    by_title = {table.title: table for table in tables}
    sizes = [size for size in settings.gates if size >= 10_000]
    if len(sizes) < 2:
        return tables
    small, large = by_title[title_of(sizes[0])], by_title[title_of(sizes[-1])]
    a, b = small.median(OURS), large.median(OURS)
    what = f"engine: a gate of {sizes[-1]:,} ÷ a gate of {sizes[0]:,}"
    goal = Goal(what, b / a if a and b else None, "at most", 3)
    return [table._replace(goals=(*table.goals, goal)) if table is large else table for table in tables]
