"""Inverses, determinants and linear systems: by NumPy for doubles, else by elimination in any number system."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..rules.table import primitive
from .axes import Array
from .floats import Floats
from .system import Arithmetic, TooWideError, Value


class SquareMatrices:
    """The words of the rules of square matrices."""

    def __init__(self, base: Arithmetic) -> None:
        self.base, self.is_doubles = base, isinstance(base, Floats)

    def outer(self, x: Array, y: Array) -> Value:
        return np.reshape(x, (-1, 1)) * np.reshape(y, (1, -1))

    def eye(self, x: Array) -> Value:
        one, zero = self.base.number("1"), self.base.number("0")
        return np.where(np.eye(*x.shape) > 0, one, zero)

    def trace(self, x: Array) -> Value:
        return np.trace(x)

    def _eliminated(self, x: Array, y: Array) -> Array:
        """The solution of x @ z = y, by Gauss's elimination in any number system.

        Raises ZeroDivisionError for a singular x.
        """
        rows = np.concatenate([x, y], axis=1)
        size = len(rows)
        for column in range(size):
            pivot = column + self._pivot(rows[column:, column])
            rows[[column, pivot]] = rows[[pivot, column]]
            rows[column] = rows[column] / rows[column, column]
            for row in range(size):
                if row != column:
                    rows[row] = rows[row] - rows[column] * rows[row, column]
        return rows[:, size:]

    def _pivot(self, numbers: Array) -> int:
        """The place of the largest number, or of one that is other than 0 where all are too small for a double.

        Raises ZeroDivisionError where all are 0, and TooWideError where that is not decided.
        """
        sizes = [abs(self.base.to_float(each)) for each in numbers]
        sizes = [math.inf if math.isnan(size) else size for size in sizes]  # what has no double is no 0
        if any(sizes):
            return sizes.index(max(sizes))
        differs, zero = self.base.rule(primitive("ne")).value, self.base.number("0")
        failure: ArithmeticError = ZeroDivisionError()
        for place, number in enumerate(numbers):
            try:
                if differs(number, zero):
                    return place
            except TooWideError as error:
                failure = error
        raise failure

    def _expanded(self, x: Array) -> Value:
        """The determinant by pivots, each the largest number that is left. Raises ArithmeticError where those are 0."""
        det = self.base.number("1")
        while x.size:
            i, j = divmod(self._pivot(x.ravel()), len(x))
            det = x[i, j] * det * (-1) ** (i + j)
            left, above = np.delete(x[:, j], i) / x[i, j], np.delete(x[i], j)
            x = np.delete(np.delete(x, i, 0), j, 1) - self.outer(left, above)
        return det

    def _divisionless(self, x: Array) -> Value:
        """The determinant without a division, where no pivot is known to be other than 0.

        Bird, "A simple division-free algorithm for computing determinants", Information Processing Letters 111 (2011).
        """
        zero = self.base.number("0")
        found = x
        for _ in range(len(x) - 1):
            below = np.append(np.cumsum(np.diag(found)[:0:-1])[::-1], zero)  # sums of the diagonal behind each row
            upper = np.where(np.triu(np.ones(x.shape), 1) > 0, found, zero)
            found = (upper - np.where(np.eye(len(x)) > 0, below[:, None], zero)) @ x
        return found[0, 0] if len(x) % 2 else -found[0, 0]

    def inv(self, x: Array) -> Value:
        return _of_matrix(np.linalg.inv, x) if self.is_doubles else self._eliminated(x, self.eye(x))

    def det(self, x: Array) -> Value:
        if self.is_doubles:
            return np.linalg.det(x)
        try:
            return self._expanded(x)
        except ArithmeticError:
            return self._divisionless(x)

    def logdet(self, x: Array) -> Value:
        if not self.is_doubles:
            return self.base.word("log")(self.det(x))
        sign, size = np.linalg.slogdet(x)
        if sign <= 0:
            raise ValueError
        return size

    def solve(self, x: Array, y: Array) -> Value:
        if self.is_doubles:
            return _of_matrix(np.linalg.solve, x, y)
        return self._eliminated(x, y.reshape(len(x), -1)).reshape(y.shape)

    def cofactors(self, x: Array) -> Value:
        """det(x)·x⁻ᵀ, which is there too where no inverse is: by the singular values, of which each leaves one out."""
        if not self.is_doubles:
            minors = [[self.det(np.delete(np.delete(x, i, 0), j, 1)) for j in range(len(x))] for i in range(len(x))]
            signs = (-1) ** np.add.outer(range(len(x)), range(len(x)))
            return np.array(minors, dtype=object) * signs
        left, values, right = np.linalg.svd(x)
        others = np.array([np.prod(np.delete(values, place)) for place in range(len(values))])
        return np.linalg.det(left) * np.linalg.det(right) * (left * others) @ right


def _of_matrix(function: Callable[..., Any], *inputs: Array) -> Any:
    try:
        return function(*inputs)
    except np.linalg.LinAlgError:
        raise ZeroDivisionError from None
