"""Tables without the rows that have no result: what is left of them where such rows are to be skipped."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..arithmetic.axes import Array
from ..errors import InputError
from ..graph.graph import Graph
from ..language.names import as_name
from ..passes.settings import Settings, is_of_arrays
from .blocks import Block, Look, Table
from .columns import answered, passes_of
from .evaluate import Job, Result

NO_RESULT = "there is no row with a result"


def needs(
    graph: Graph,
    known: Mapping[str, Any],
    settings: Settings,
    header: Collection[str],
    formulas: Collection[str | None],
    *,
    by_rows: bool,
) -> Sequence[Job]:
    """What has to have a result at a row of a descent; nothing where names do not go together, which is told later.

    graph: the program, for the names that there are;
    known: a start of what may change, which `settings.wrt` names, and values that stay;
    header: the columns;
    formulas: of columns, which have a number at each row, too;
    by_rows: whether the program has a value at each row.
    """
    variables = {node.name: node.position for node in graph.variables}
    needed = {as_name(text.strip()) if as_name(text.strip()) in header else text for text in formulas if text}
    if not by_rows:
        needed |= variables.keys() & {*header}
    found = [of_column(text, header) for text in sorted(needed)]
    names = settings.wrt or ()
    if by_rows and variables.keys() >= {*names}:
        wanted = [variables[name] for name in names]
        found.append(Job(graph, known, settings, wanted, of_arrays=is_of_arrays(graph, known)))
    do_fit = all({*job.varying} <= {*header} and {*job.fixed}.isdisjoint(header) for job in found)
    return found if do_fit else ()


def of_column(text: str, header: Collection[str]) -> Job:
    """What needs a number at each row: a column, or a formula of some."""
    from ..language.program import Program

    return Job(Program(text, is_expression=True).graph(header), {}, Settings(wrt=()))


def kept(
    table: Table,
    jobs: Sequence[Job],
    failed: Callable[[Result], object] = lambda _result: None,
    fine: Callable[[int], object] = lambda _rows: None,
) -> Table:
    """The table without the rows at which any of the jobs has no result.

    table: the points, in blocks;
    jobs: whose variables are columns of it;
    failed: is told of the first error of each such row, in their order;
    fine: is told how many rows of a block stay.
    Its blocks raise InputError where no row of any stays.
    """
    pairs = [(job, passes_of(job)) for job in jobs if job.varying]
    needed = [name for job, _ in pairs for name in job.varying]

    def blocks(names: Collection[str], refused: Collection[str] = (), look: Look = iter) -> Iterator[Block]:
        is_empty, left = True, 0
        for block in table.blocks([*dict.fromkeys([*names, *needed])], refused, look):
            errors: dict[int, Result] = {}
            for job, passes in pairs:
                part = block._replace(columns={name: block.columns[name] for name in job.varying})
                for found, place in answered(job, passes, part):
                    if place is not None and found.results[place].error is not None:
                        errors.setdefault(place, found.results[place])
            for place in sorted(errors):
                failed(errors[place])
            stay = np.delete(np.arange(block.rows), [*errors])
            fine(len(stay))
            left += len(errors)
            is_empty = is_empty and not len(stay)
            yield _only(block, stay, names, sorted(errors))
        if left and is_empty:
            raise InputError(NO_RESULT)

    return table._replace(blocks=blocks)


def _only(block: Block, places: Array, names: Collection[str], left_out: Sequence[int]) -> Block:
    """The rows of a block in these places, with the numbers of these columns. left_out: the places of the others."""
    columns = {name: block.columns[name][places] for name in names}
    return Block(len(places), columns, lambda place: block.row(int(places[place])), left_out=left_out)
