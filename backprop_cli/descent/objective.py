"""The objective: a program as a function of its parameters in one vector, at fixed values and over rows of data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from math import fsum, nan, prod
from typing import Any, NamedTuple

import numpy as np

from ..arithmetic import FLOATS, Value
from ..arithmetic.arrays import Arrays
from ..arithmetic.axes import Array
from ..errors import MathError
from ..graph.graph import Graph
from ..passes.arrays import array_trace
from ..passes.arrays_forward import told_at
from ..passes.backpropagate import LARGE, backpropagate
from ..passes.columns import ColumnPasses, Strip
from ..passes.compiled import UnusualError
from ..passes.compiled_lines import size, unrolled
from ..passes.settings import Settings, is_of_arrays
from ..passes.trace import Trace
from ..rules.array_op import Shape


class _Rows(Arrays):
    """Arrays whose one axis are the rows of data. places: which rows of it, from 0, None for all."""

    places: Array | None = None

    def place(self, indices: Iterable[int]) -> str:
        rows = indices if self.places is None else (self.places[i] for i in indices)
        return f"row {' '.join(f'{i + 1:,}' for i in rows)}"


MANY = 1_000
"""Rows from which on passes over columns are quicker than row by row."""
ARRAYS = Arrays(FLOATS)
ROWS = _Rows(FLOATS)


class Parameters(NamedTuple):
    """What may change: names, and the shape of each, which is () for a number."""

    shapes: Mapping[str, Shape]

    @classmethod
    def of(cls, values: Mapping[str, Value]) -> Parameters:
        """The parameters of these values, with the shapes that those have."""
        return cls({name: np.shape(value) for name, value in values.items()})

    @property
    def labels(self) -> list[str]:
        """What each number of the vector is called: `x`, or `W[0, 1]`."""
        return [
            f"{name}[{', '.join(map(str, place))}]" if shape else name
            for name, shape in self.shapes.items()
            for place in np.ndindex(shape)
        ]

    @property
    def has_axes(self) -> bool:
        """Whether any is an array."""
        return any(self.shapes.values())

    def vector(self, values: Mapping[str, Value]) -> Array:
        """The values as one vector, row by row; all of them stand in `values`, by name."""
        return np.concatenate([np.ravel(np.asarray(values[name], dtype=np.float64)) for name in self.shapes])

    def named(self, vector: Array) -> dict[str, Value]:
        """The value of each parameter, a number or an array, from the vector of all."""
        found: dict[str, Value] = {}
        start = 0
        for name, shape in self.shapes.items():
            end = start + prod(shape)
            found[name] = vector[start:end].reshape(shape) if shape else float(vector[start])
            start = end
        return found


class Objective:
    """A program over parameters, with what stays the same.

    graph: the program;
    parameters: what may change;
    fixed: values of other variables, numbers or arrays;
    columns: values of the rest, one a row;
    reduce: what is made of the values at all rows, `sum` or `mean`; empty where the program takes whole columns;
    ties: what inputs of max and min that tie receive;
    left_out: rows of the data that are in no column, from 0, which count where a row is named.
    """

    def __init__(
        self,
        graph: Graph,
        parameters: Parameters,
        fixed: Mapping[str, Value],
        columns: Mapping[str, Array],
        reduce: str = "",
        ties: str = "both",
        left_out: Sequence[int] = (),
    ) -> None:
        self.graph, self.parameters, self.fixed, self.columns = graph, parameters, fixed, columns
        self.reduce, self.left_out = reduce, left_out
        self.settings = Settings([*parameters.shapes], ties)
        self.rows = len(next(iter(columns.values()))) if columns else 0
        self.has_arrays = is_of_arrays(graph, fixed) or parameters.has_axes

    def __reduce__(self) -> tuple[Any, ...]:  # its passes are compiled again where they are used again
        given = (self.graph, self.parameters, self.fixed, self.columns, self.reduce, self.settings.ties, self.left_out)
        return Objective, given

    def at(self, vector: Array, rows: Array | None = None) -> tuple[float, Array]:
        """The value and the gradient there.

        rows: those that count, all by default.
        Raises MathError where there is none, InputError where shapes do not fit.
        """
        _check(vector)
        if not self.columns:
            value, gradient = self._at_row(vector, {})
            return value, gradient
        columns = self.columns if rows is None else {name: column[rows] for name, column in self.columns.items()}
        if self.reduce and self.has_arrays:  # what goes over axes must not go over rows
            return self._by_rows(vector, columns, rows)
        if plain := self._plainly(vector, columns):
            return plain
        trace, seed = self._whole(vector, columns, rows)
        value = float(np.sum(np.asarray(trace.value) * seed))
        return _finite(value), self.parameters.vector(trace.gradient)

    def each(self, vector: Array, *, roughly: bool = False) -> tuple[Array, Array]:
        """The value at each row, and its gradient: a line for each row. Raises as `at` does, and says at which row.

        roughly: whether a slope that underflows may be 0, where it takes long to find out what it is
        """
        _check(vector)
        values, gradients = np.empty(self.rows), np.empty((len(vector), self.rows))
        places = np.arange(self.rows)
        if self._passes is None:
            found = [self._quickly(vector, given) for given in _each_row(self.columns)]
            for row, each in enumerate(found):
                if each is not None:
                    values[row], gradients[:, row] = each
            places = places[[each is None for each in found]]
        passes = self._rough_passes if roughly else self._passes
        if passes is not None and len(places):
            some = {name: column[places] for name, column in self.columns.items()}
            numbers, unusual = passes.at(self._wide(vector, some), len(places))
            values[places], gradients[:, places] = numbers[0], numbers[1:]
            places = places[unusual]
        rest = _each_row({name: column[places] for name, column in self.columns.items()})
        for place, given in zip(places, rest, strict=True):
            try:
                values[place], gradients[:, place] = self._carefully(vector, given)
            except MathError as error:
                raise told_at(error, (int(place),), self.named_rows()) from None
        return values, gradients.T

    def named_rows(self, rows: Array | None = None) -> Arrays:
        """Arrays over rows that are named as they stand in the data. rows: those that count, all by default."""
        if rows is None and not self.left_out:
            return ROWS
        self._system.places = rows if not self.left_out else self._places if rows is None else self._places[rows]
        return self._system

    def trace(self, vector: Array) -> Trace:
        """The whole trace there: over whole columns, or at the first row. Raises as `at` does."""
        if self.reduce and self.has_arrays:
            return self._trace(vector, next(_each_row(self.columns)))
        if self.columns:
            return self._whole(vector, self.columns)[0]
        return self._trace(vector, {})

    def _trace(self, vector: Array, row: Mapping[str, Value]) -> Trace:
        point = {**self.fixed, **row, **self.parameters.named(vector)}
        if self.has_arrays:
            return array_trace(self.graph, point, ARRAYS, self.settings)
        return backpropagate(self.graph, point, self.settings)

    def _at_row(self, vector: Array, row: Mapping[str, Value]) -> tuple[float, Array]:
        return self._quickly(vector, row) or self._carefully(vector, row)

    def _quickly(self, vector: Array, row: Mapping[str, Value]) -> tuple[float, Array] | None:
        """The value and the gradient where nothing is unusual; else None, and `_carefully` tells what is the matter."""
        if self._quick is None:
            return None
        values = {**row, **dict(zip(self.parameters.shapes, vector.tolist(), strict=True))}
        try:
            value, *gradient = self._quick(*(values[name] for name in self._free))
        except (ArithmeticError, ValueError):
            return None
        return value, np.array(gradient)

    def _carefully(self, vector: Array, row: Mapping[str, Value]) -> tuple[float, Array]:
        trace = self._trace(vector, row)
        return float(trace.value), self.parameters.vector(trace.gradient)

    def _whole(self, vector: Array, columns: Mapping[str, Array], rows: Array | None = None) -> tuple[Trace, Value]:
        """The trace over whole columns, and what each row counts: ∂f/∂value."""
        point = {**self.fixed, **columns, **self.parameters.named(vector)}
        if not self.reduce:
            return array_trace(self.graph, point, ARRAYS, self.settings), 1.0
        count = len(next(iter(columns.values())))
        share = 1.0 / count if self.reduce == "mean" else 1.0
        seed: Value = np.full(count, share) if self.graph.depending_on([*columns])[-1] else share * count
        return array_trace(self.graph, point, self.named_rows(rows), self.settings, seed=seed), seed

    def _by_rows(self, vector: Array, columns: Mapping[str, Array], rows: Array | None) -> tuple[float, Array]:
        found = []
        for place, row in enumerate(_each_row(columns)):
            try:
                found.append(self._at_row(vector, row))
            except MathError as error:
                raise told_at(error, (place,), self.named_rows(rows)) from None
        share = 1.0 / len(found) if self.reduce == "mean" else 1.0
        return _finite(fsum(value for value, _ in found) * share), np.sum([each for _, each in found], axis=0) * share

    @cached_property
    def _passes(self) -> ColumnPasses | None:
        """The passes over many rows at once, the parameters being columns too; None for few rows, and for arrays."""
        return None if self.has_arrays or self.rows < MANY else self._passes_over(roughly=False)

    @cached_property
    def _rough_passes(self) -> ColumnPasses | None:
        return None if self.has_arrays or not self.rows else self._passes_over(roughly=True)

    def _passes_over(self, *, roughly: bool) -> ColumnPasses:
        places = {node.name: node.position for node in self.graph.variables}
        names = [*self.parameters.shapes]
        return ColumnPasses(self.graph, self.fixed, [places[name] for name in names], names, roughly=roughly)

    def _plainly(self, vector: Array, columns: Mapping[str, Array]) -> tuple[float, Array] | None:
        """The value and the gradient over many rows; None where they are few, or something in one is unusual."""
        rows = len(next(iter(columns.values())))
        if self._passes is None or rows < MANY:
            return None

        def take(part: slice, strip: Strip) -> list[float]:
            """The sums of a strip; NaN where it has none."""
            if strip.unusual is not None:
                return [nan for _ in strip.numbers]
            return [float(np.sum(np.broadcast_to(each, part.stop - part.start))) for each in strip.numbers]

        strips = self._passes.each(self._wide(vector, columns), rows, take)
        found = np.sum(strips, axis=0) / (rows if self.reduce == "mean" else 1)
        return (float(found[0]), found[1:]) if np.isfinite(found).all() else None

    def _wide(self, vector: Array, columns: Mapping[str, Array]) -> dict[str, Array]:
        """The columns, with those of the parameters, which have one number each."""
        rows = len(next(iter(columns.values())))
        wide = {name: np.broadcast_to(value, rows) for name, value in self.parameters.named(vector).items()}
        return {**columns, **wide}

    @cached_property
    def _system(self) -> _Rows:
        return _Rows(FLOATS)

    @cached_property
    def _places(self) -> Array:
        """Of each row, its place in the data."""
        return np.delete(np.arange(self.rows + len(self.left_out)), self.left_out)

    @cached_property
    def _free(self) -> list[str]:
        """The variables without a fixed value, in the order of the program."""
        return [node.name for node in self.graph.variables if node.name not in self.fixed]

    @cached_property
    def _quick(self) -> Callable[..., tuple[float, ...]] | None:
        """A program of numbers alone, as a function of `_free`; None for others, and for large ones."""
        if self.has_arrays or size(self.graph) >= LARGE:
            return None
        places = {node.name: node.position for node in self.graph.variables}
        names = [*self.parameters.shapes]
        try:
            return unrolled(self.graph, self.fixed, [places[name] for name in names], names)
        except UnusualError:
            return None


def _check(vector: Array) -> None:
    if not np.isfinite(vector).all():
        raise MathError("a parameter overflows")


def _finite(value: float) -> float:
    if not np.isfinite(value):
        raise MathError("the sum over the rows overflows")
    return value


def _each_row(columns: Mapping[str, Array]) -> Iterator[dict[str, float]]:
    for entries in zip(*(column.tolist() for column in columns.values()), strict=True):
        yield dict(zip(columns, entries, strict=True))
