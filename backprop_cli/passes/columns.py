"""Both passes over columns, a block of rows at a time: for each row the value and its gradients, or that it is unusual.

It knows only plain sailing, as `compiled` does: where something is unusual in a row (a tie, a kink, a domain left, an
overflow, digits lost in small numbers) it says so, and the careful passes, which can tell what happened, take that row.
What a row gives depends on that row alone, and on nothing that stands beside it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np

from ..arithmetic.columns import Column, Rows
from ..arithmetic.tape import Code, Tape, is_column
from ..errors import MathError
from ..graph.graph import Graph, Module
from .column_run import UNUSUAL, Passes, Recording, Run
from .threads import processors, together

T = TypeVar("T")
ROWS = 65_536
"""Of a strip: then what one gate makes of it lies in the processor's cache when the next gate takes it."""
ROOM = 128_000_000
"""Bytes that the columns of a strip may take; so a large graph has fewer rows in a strip."""
LEAST_ROWS = 65_536
"""For each processor that takes part: for fewer rows it takes as long to begin."""
WIDE = 300
"""Inputs of a gate beyond which its slopes are computed row by row."""
LEAST_RECORDED = 64
"""Rows of a strip for which the passes are worth recording."""
CODE_UP_TO = 2_000
"""Nodes of a graph whose passes are made into code, which takes its time."""
_KEPT = 30_000_000
"""Bytes. Once a piece of that size has been freed, glibc hands smaller ones back no more (M_MMAP_THRESHOLD in
mallopt(3)): before, each column of a strip would be handed back, and be faulted in again page by page.
"""


class Answer(NamedTuple):
    """What both passes give for a block of rows.

    numbers: the value, and the gradients that were asked for, a column each;
    unusual: the rows whose numbers are none.
    """

    numbers: list[Column]
    unusual: Rows


class Strip(NamedTuple):
    """What both passes give for the rows of a strip.

    numbers: the value, and the gradients that were asked for; a column, or one number for all rows;
    unusual: the rows whose numbers are none; None where there is no such row.
    """

    numbers: list[Any]
    unusual: Rows | None


class ColumnPasses:
    """The passes over a graph of numbers, in whatever number of rows.

    graph: a graph without arrays;
    known: the values of variables that are the same in all rows;
    results: the positions of the nodes whose gradients are asked for;
    wrt: the variables that get gradients; all, if None;
    roughly: whether what underflows on the way back is 0, and no digit of it is looked for.
    """

    def __init__(
        self,
        graph: Graph,
        known: Mapping[str, float],
        results: Sequence[int],
        wrt: Collection[str] | None = None,
        *,
        roughly: bool = False,
    ) -> None:
        self.known, self.results = known, results
        self.passes = Passes(graph, graph.depending_on(wrt), roughly=roughly)
        self.varying = [node.name for node in graph.variables if node.name not in known]
        """The variables that are columns, in the order in which the program names them."""
        self.rows = max(1, min(ROWS, ROOM // (16 * self.passes.size)))
        """How many rows a strip has."""
        np.empty(_KEPT, dtype=np.int8)  # and away: from then on glibc keeps the memory that strips give back
        self.is_wide = _is_wide(graph) or not self.passes.is_of_doubles
        self._plain: dict[bool, _Plain | None] = {}

    def at(self, columns: Mapping[str, Column], rows: int) -> Answer:
        """The numbers of so many rows. columns: of `varying`; an infinity or NaN in one is unusual."""
        numbers = [np.empty(rows) for _ in range(1 + len(self.results))]
        unusual = np.zeros(rows, dtype=bool)

        def kept(part: slice, strip: Strip) -> None:
            if strip.unusual is not None:
                unusual[part] = strip.unusual
            for column, found in zip(numbers, strip.numbers, strict=True):
                if getattr(found, "base", None) is not column:  # what has been written there is a part of it
                    column[part] = found

        self.each(columns, rows, kept, numbers)
        return Answer(numbers, unusual)

    def each(
        self,
        columns: Mapping[str, Column],
        rows: int,
        take: Callable[[slice, Strip], T],
        into: Sequence[Column] | None = None,
    ) -> list[T]:
        """What `take` makes of each strip of so many rows, in order.

        rows: of a strip, from 1;
        columns: of `varying`, as `at` has them;
        take: called with the place of a strip and its numbers, in any order and several at once, and before the memory
            of the numbers is used again;
        into: columns for the numbers, into which plain strips are written as far as that saves a copy; without them it
            is `take` that looks for infinities and NaN in what comes of plain strips.
        """
        starts = range(0, rows, self.rows)
        found: list[Any] = [None] * len(starts)
        todo = iter(enumerate(starts))

        def work() -> None:
            run = _Strips(self, columns, min(rows, self.rows))
            with np.errstate(all="ignore"):
                try:
                    for number, start in todo:
                        part = slice(start, min(start + self.rows, rows))
                        found[number] = take(part, run.strip(part, into))
                finally:
                    deque(todo, maxlen=0)  # so that nobody goes on where one was interrupted

        together(work, min(processors(), rows // LEAST_ROWS))
        return found

    def plain(self, *, are_seen: bool) -> _Plain | None:
        """The passes over plain strips, as code; None where nothing can be said for all rows."""
        if are_seen not in self._plain:
            self._plain[are_seen] = _plain(self, are_seen) if self.passes.size <= CODE_UP_TO else None
        return self._plain[are_seen]


class _Plain(NamedTuple):
    """The passes over plain strips. numbers: the value and the gradients, as places among the code's results."""

    code: Code
    numbers: list[Any]


def _plain(passes: ColumnPasses, are_seen: bool) -> _Plain | None:
    tape = Tape(len(passes.varying))
    values = {**passes.known, **dict(zip(passes.varying, tape.inputs, strict=True))}
    run = Recording(passes.passes, values, tape)
    try:
        numbers = run.numbers(passes.results)
    except (ArithmeticError, ValueError, MathError):  # of what is the same in all rows
        return None
    columns = [each for each in numbers if is_column(each)]
    code = tape.code(columns, are_seen=are_seen, underflow="" if passes.passes.roughly else UNUSUAL)
    places = [*dict.fromkeys(each.place for each in columns)]
    return _Plain(code, [places.index(each.place) if is_column(each) else each for each in numbers])


def _is_wide(graph: Graph) -> bool:
    """Whether a gate has so many inputs that rows are faster one by one: over columns, each slope reads all of them."""
    kinds = graph.nodes.kinds
    if any(isinstance(op, Module) and _is_wide(op.graph) for op in kinds):
        return True
    reading = {op for op in kinds if op.variadic and not op.selects and not op.partials[0].is_number}
    return bool(reading) and any(gate.op in reading and len(gate.inputs) > WIDE for gate in graph.gates_backward)


class _Strips:
    """The strips of some columns, one after the other. size: the rows of the largest of them."""

    def __init__(self, passes: ColumnPasses, columns: Mapping[str, Column], size: int) -> None:
        self.passes, self.columns, self.size = passes, [columns[name] for name in passes.varying], size
        self.buffers: list[Column] = []

    def strip(self, part: slice, into: Sequence[Column] | None) -> Strip:
        """The numbers of a strip. into: as `ColumnPasses.each` has it."""
        columns = [each[part] for each in self.columns]
        rows = part.stop - part.start
        if self.passes.is_wide:
            return self._unusual(rows)
        if rows >= LEAST_RECORDED:
            found = self._plainly(columns, rows, part, into)
            if isinstance(found, Strip):
                return found
        return self._row_by_row(columns, rows)

    def _plainly(self, columns: list[Column], rows: int, part: slice, into: Sequence[Column] | None) -> Strip | str:
        plain = self.passes.plain(are_seen=into is None)
        if plain is None:
            return UNUSUAL
        code = plain.code
        while len(self.buffers) < code.buffers + code.results:
            self.buffers.append(np.empty(self.size))
        buffers = [each[:rows] for each in self.buffers]
        results = buffers[code.buffers : code.buffers + code.results]
        if into is not None:
            for column, number in zip(into, plain.numbers, strict=True):
                if type(number) is int:
                    results[number] = column[part]
        found = code.run(columns, buffers[: code.buffers], results)
        if isinstance(found, str):
            return found
        return Strip([found[each] if type(each) is int else each for each in plain.numbers], None)

    def _row_by_row(self, columns: list[Column], rows: int) -> Strip:
        """Where something is unusual in some of the rows."""
        unusual = np.zeros(rows, dtype=bool)
        values: dict[str, Any] = dict(self.passes.known)
        for name, column in zip(self.passes.varying, columns, strict=True):
            if not (fine := np.isfinite(column)).all():
                unusual |= ~fine
                column = np.where(fine, column, 1.0)  # of which nobody sees what comes
            values[name] = column
        try:
            numbers = Run(self.passes.passes, values, unusual).numbers(self.passes.results)
        except (ArithmeticError, ValueError, MathError):  # of what is the same in all rows
            return self._unusual(rows)
        return Strip(numbers, unusual if unusual.any() else None)

    def _unusual(self, rows: int) -> Strip:
        """No number, in so many rows."""
        return Strip([0.0 for _ in range(1 + len(self.passes.results))], np.ones(rows, dtype=bool))
