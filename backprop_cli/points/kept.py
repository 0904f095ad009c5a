"""Tables without the rows that have no result: what is left of them where such rows are to be skipped."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

import numpy as np

from ..arithmetic.axes import Array
from ..errors import InputError
from .blocks import Block, Look, Table
from .columns import answered, passes_of
from .evaluate import Job, Result

NO_RESULT = "there is no row with a result"


def kept(table: Table, jobs: Sequence[Job], failed: Callable[[Result], object], fine: Callable[[int], object]) -> Table:
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
            if len(stay):
                is_empty = False
                yield _only(block, stay, names)
        if left and is_empty:
            raise InputError(NO_RESULT)

    return table._replace(blocks=blocks)


def _only(block: Block, places: Array, names: Collection[str]) -> Block:
    """The rows of a block in these places, with the numbers of these columns."""
    columns = {name: block.columns[name][places] for name in names}
    return Block(len(places), columns, lambda place: block.row(int(places[place])))
