"""Values with axes, and numbers, which have none: shapes, broadcasting, and the sums that lead back from it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..rules.array_op import Shape
from .system import Value

Array = NDArray[Any]
Mask = NDArray[np.bool_]


def is_array(value: object) -> bool:
    """Whether a value has axes."""
    return isinstance(value, np.ndarray)


def shape_of(value: object) -> Shape:
    """The shape of a value: that of a number is empty."""
    return value.shape if isinstance(value, np.ndarray) else ()


def lowered(value: Value) -> Value:
    """An array without axes as the number that it holds."""
    if isinstance(value, np.ndarray) and value.ndim:
        return value
    return plain_number(value[()] if isinstance(value, np.ndarray) else value)


def plain_number(value: Value) -> Value:
    """A number of NumPy's as one of Python's."""
    return value.item() if isinstance(value, np.generic) else value


def plain_array(given: Any) -> Array:
    """An array of NumPy's own: others (`matrix`, with units) have other products. NaN where an entry is masked."""
    if hasattr(given, "filled") and np.ma.is_masked(given):
        return np.ma.filled(np.ma.asarray(given).astype(np.float64), np.nan)
    return np.asarray(given)


def kind_of(value: Value) -> Any:
    """The type of NumPy's in which it goes beside others: that of a double or a condition is left to NumPy."""
    return None if isinstance(value, np.ndarray | float | bool) else object


def times(x: Value, y: Value) -> Value:
    """x·y. The array comes first: a number of another system does not know what an array is."""
    return y * x if is_array(y) and not is_array(x) else x * y


def widened(value: Value, shape: Shape) -> Array:
    """A value, broadcast to a shape."""
    array = np.asarray(value)
    if array.shape == shape:
        return array
    if array.ndim or array.dtype == object:
        return np.broadcast_to(array, shape)
    found: Array = np.ndarray(shape, array.dtype, array, strides=(0,) * len(shape))  # the same, in a tenth of the time
    found.flags.writeable = False
    return found


def unbroadcast(value: Any, shape: Shape) -> Value:
    """What flows back to an input that was broadcast: the sum over those axes."""
    extra = value.ndim - len(shape)
    axes = (*range(extra), *(extra + axis for axis, each in enumerate(shape) if each == 1 != value.shape[extra + axis]))
    return lowered(value.sum(axis=axes, keepdims=True).reshape(shape)) if axes else value


def over_axes(whole: Shape, shape: Shape) -> tuple[int, ...]:
    """The axes along which an input of that shape was broadcast."""
    extra = len(whole) - len(shape)
    return (*range(extra), *(extra + axis for axis, each in enumerate(shape) if each == 1 != whole[extra + axis]))
