"""What a row of an operation on arrays is: how many axes its inputs have, the shape of its output, its settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

from .formula import Formula, Operand, substitute, tidy
from .op import Op

Shape: TypeAlias = tuple[int, ...]
ShapeRule: TypeAlias = "Callable[[ArrayOp, Sequence[Shape]], Shape]"


class ArrayOp(Op):
    """A row of an operation on arrays.

    axes: of each input, how many it has where this rule holds (`2·1`); empty where that is all the same;
    shape: the shape of the output, from those of the inputs, which raises MisfitError where they do not go together;
    settings: parameters of the operation, such as `axis`, by name; those of a row itself stand for any; the others are
        those of Op.
    """

    of_arrays = True

    def __init__(
        self,
        name: str,
        inputs: str,
        value: Formula,
        *partials: Operand,
        shape: ShapeRule,
        axes: str = "",
        takes: str = "",
        settings: Mapping[str, Any] = MappingProxyType({}),
        **more: Any,
    ) -> None:
        """takes: the names of the settings that it may have."""
        super().__init__(name, inputs, value, *partials, **more)
        self.axes, self.takes, self.settings = axes, frozenset(takes.split()), settings
        self._pulling = tuple("upstream" in partial.words for partial in self.partials)
        self.shape_rule = shape

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ArrayOp) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells it from all others: its name, its axes and its settings."""
        return self.name, self.axes, tuple(self.settings.items())

    def accepts(self, count: int) -> bool:
        """Whether it takes `count` inputs: an array has one entry at least."""
        return count >= 1 + (self.name == "concat") if self.variadic else count == len(self.inputs)

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        """The shape of the output. Raises MisfitError where those of the inputs do not go together."""
        return self.shape_rule(self, shapes)

    def pulls_back(self, slot: int) -> bool:
        """Whether the partial for that input is a pullback."""
        return self._pulling[0 if self.variadic else slot]

    def applied(self, inputs: Iterable[Formula]) -> Formula:
        """The operation over these inputs, its settings among them."""
        return Formula(self.form, *inputs, *map(Formula, _typed(self.settings)))

    def local(self, slot: int, operands: Sequence[str | Formula], out: str | Formula) -> Formula:
        """The rule of an edge as people read it.

        operands: what stands for the inputs
        """
        words: dict[str, str | Formula] = dict(self.edge(slot, operands, out))
        return tidy(substitute(self.partial(slot), words | {"slot": str(slot)}))


def _typed(settings: Mapping[str, Any]) -> list[str]:
    """Settings as they are typed: `axis=0`, and without a name the entries of an index and the lengths of a shape."""
    found = []
    for name, value in settings.items():
        if name == "items":
            found.append(", ".join(map(sliced, value)))
        elif name == "lengths":
            found.append(", ".join(map(str, value)))
        else:
            found.append(f"{name}={value}")
    return found


def sliced(item: str | int | tuple[int | None, int | None, int | None]) -> str:
    """An index, as it is typed: `1`, `2:5`, `::-1`."""
    if not isinstance(item, tuple):
        return str(item)
    first, last, step = ("" if each is None else str(each) for each in item)
    return f"{first}:{last}:{step}" if step else f"{first}:{last}"
