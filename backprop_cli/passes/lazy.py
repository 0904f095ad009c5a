"""A sequence whose items are worked out when somebody looks at them, because most are never looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, overload

Item = TypeVar("Item", covariant=True)


class Lazy(Sequence[Item]):
    """Item `i`, for i from 0 to size − 1, is what `of(i)` gives."""

    def __init__(self, size: int, of: Callable[[int], Item]) -> None:
        self.size = size
        self.of = of

    def __len__(self) -> int:
        return self.size

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(list(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return list, ([*self],)

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> list[Item]: ...
    def __getitem__(self, index: int | slice) -> Item | list[Item]:
        if isinstance(index, slice):
            return [self.of(place) for place in range(self.size)[index]]
        return self.of(range(self.size)[index])
