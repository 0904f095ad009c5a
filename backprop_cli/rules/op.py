"""What a row of the tables is: an operation with its formula, its partials, and what a reader should know of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, reduce
from types import MappingProxyType
from typing import TypeVar

from .formula import Formula, Operand, substitute, tidy
from .printer import TYPED

T = TypeVar("T")
no_gradient = Formula("convention", Formula("none"), Formula("nan"))
"""The partial for an order, which is a whole number."""

ROLES = {
    "distributes": "hands its upstream to every input unchanged",
    "routes": "hands its upstream to the selected input, and nothing to the others",
    "switches": "hands each input its upstream times the other input",
}
"""What some gates do with the upstream gradient, in the words of the CS231n notes."""

WORDS = {
    "out": "the value of the gate itself",
    "log_base(x, base)": "the logarithm of x to any base",
    "total(x)": "the sum over all of the inputs",
    "count": "how many inputs there are",
    "others": "the product of the other inputs",
    "selected(x, out)": "1 where x is the output, 0 where another input is",
}
"""What readers are told of the words that only rules use. Those of a condition need no telling: `1 if x > 0 else 0`."""


MOST_FACTORS = 60
"""Inputs of a gate up to which the product of the others is written out; code and closed forms have it in any case."""


class Op:
    """A primitive operation: a row of the table.

    inputs: their names, in the order written (`x...` for any number from two up); of a choice, `a` is what it is if its
        condition `c` holds, and `b` what it is otherwise;
    value: the formula of the output;
    partials: a formula for each input, of the inputs and `out`;
    selects: whether it hands on one of its inputs, and nothing flows into the others;
    truth: whether its value is a condition, which holds or not, and has no gradient;
    conditions: the names of those of its inputs that are conditions;
    form: how it is written, as the head of a formula, if not by its name;
    cases: whether its inputs are typed as cases (value, condition), of which there may be many;
    role: a key of ROLES or empty, for readers;
    domain: where a real value exists;
    kink: a condition under which the partial is only a convention;
    jumps: whether the value jumps somewhere in its domain;
    corner: one under which the second derivative is, because the partial has a corner there;
    note: that convention;
    aliases: other spellings;
    does: what it does with its upstream gradient, in words that go on after its name; by default, what its role says.
    """

    size = 1
    """The gates that it is made of."""
    depth = 0
    """How many modules lie inside each other in it."""
    axes = ""
    """Of a row of arrays: how many axes its inputs have where its rule holds (`2·1`); empty where all do."""
    of_arrays = False
    """Whether it takes arrays as wholes, and not number by number."""
    read: Mapping[str, tuple[int, int]] = MappingProxyType({})
    """The last of the inputs, which a module reads from around it and no call writes, and where it reads them."""

    def __init__(
        self,
        name: str,
        inputs: str,
        value: Formula,
        *partials: Operand,
        selects: bool = False,
        truth: bool = False,
        conditions: str = "",
        form: str = "",
        cases: bool = False,
        role: str = "",
        domain: str = "",
        kink: Formula | None = None,
        jumps: bool = False,
        corner: Formula | None = None,
        note: str = "",
        aliases: str = "",
        does: str = "",
    ) -> None:
        self.name = name
        self.variadic = inputs.endswith("...")
        self.inputs = tuple(inputs.removesuffix("...").split())
        self.value = value
        self.partials = tuple(
            partial if isinstance(partial, Formula) else Formula(str(partial)) for partial in partials
        )
        self.selects = selects
        self.truth = truth
        self.conditions = frozenset(self.inputs.index(name) for name in conditions.split())
        self.chooses = selects and bool(conditions)
        """Whether a condition chooses one of its inputs, and the others need no value."""
        self.form = form or name
        self.cases = cases
        self.role = role
        self.domain = domain
        self.kink = kink
        self.jumps = jumps or self.chooses
        self.corner = corner
        self.note = note
        self.aliases = tuple(aliases.split())
        self.does = does or ROLES.get(role, "")
        if len(self.partials) != len(self.inputs):
            raise ValueError(f"{name} has {len(self.inputs)} inputs and {len(self.partials)} partials")

    def __repr__(self) -> str:
        return f"Op({self.call})"

    @cached_property
    def call(self) -> str:
        """How the primitive is written: `x + y`, `sigmoid(x)`, `max(x, …)`."""
        return self.written([*self.inputs, "…"] if self.variadic else self.inputs)

    def accepts(self, count: int) -> bool:
        """Whether the primitive takes `count` inputs."""
        return count >= 2 if self.variadic else count == len(self.inputs)

    def applied(self, inputs: Iterable[Formula]) -> Formula:
        """The operation over these inputs."""
        return Formula(self.form, *inputs)

    def chosen(self, holds: bool) -> int | None:
        """The slot of the input that a choice hands on if its condition holds, or if not; None where there is none."""
        name = "a" if holds else "b"
        return self.inputs.index(name) if name in self.inputs else None

    def written(self, names: Iterable[str]) -> str:
        """The operation over inputs of these names, as a person types it."""
        return TYPED.text(self.applied(map(Formula, names)))

    def partial(self, slot: int) -> Formula:
        """The rule of the local gradient with respect to the input in `slot`."""
        return self.partials[0 if self.variadic else slot]

    def operands(self, inputs: Sequence[T], slot: int = 0) -> Sequence[T]:
        """Those of a gate's inputs that a rule names: all of them; where there may be any number, the one in `slot`."""
        return inputs[slot : slot + 1] if self.variadic else inputs

    @cached_property
    def orders(self) -> frozenset[int]:
        """The slots of inputs that have no gradient anywhere, as the order n of polygamma(n, x)."""
        return frozenset(slot for slot, partial in enumerate(self.partials) if partial == no_gradient)

    def slots(self, slot: int, count: int) -> Sequence[int]:
        """Which of a gate's `count` inputs the partial for the one in `slot` is about."""
        return range(count) if not self.variadic or _OF_ALL & {*self.partials[0].words} else (slot,)

    def pulls_back(self, _slot: int) -> bool:
        """Whether the partial for that input is a pullback, the whole of what flows back to it."""
        return False

    def words(self, operands: Sequence[T], out: T) -> dict[str, T]:
        """What stands for the words of a rule that is about these operands."""
        return {**dict(zip(self.inputs, operands, strict=True)), "out": out}

    def edge(self, slot: int, inputs: Sequence[str | Formula], out: str | Formula) -> dict[str, str | Formula]:
        """What stands for the words of a partial. inputs: those of the gate, of which only `slots` are looked at."""
        words = self.words(self.operands(inputs, slot), out)
        if self.variadic:
            words["count"] = str(len(inputs))
            if "others" in self.partials[0].words:
                words["others"] = self._others(slot, inputs)
        return words

    def _others(self, slot: int, inputs: Sequence[str | Formula]) -> Formula:
        """The product of the inputs but one; of many, the first of them and the last."""
        if len(inputs) <= MOST_FACTORS:
            factors = [_formula(each) for i, each in enumerate(inputs) if i != slot]
            return reduce(Formula.__mul__, factors) if factors else Formula("1")
        first = [i for i in range(4) if i != slot][:3]
        last = len(inputs) - 1 - (slot == len(inputs) - 1)
        return self.applied([*(_formula(inputs[i]) for i in first), Formula("…"), _formula(inputs[last])])

    def local(self, slot: int, inputs: Sequence[str | Formula], out: str | Formula) -> Formula:
        """The rule of a local gradient as people read it, over what stands for the inputs of its gate."""
        return tidy(substitute(self.partial(slot), self.edge(slot, inputs, out)))


def _formula(operand: str | Formula) -> Formula:
    return operand if isinstance(operand, Formula) else Formula(operand)


_OF_ALL = {"others", "every"}
