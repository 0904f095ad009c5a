"""What a number system is: functions for the words of a rule, guards, and the rules compiled for it."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import reduce
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from ..rules.formula import Formula, substitute
from ..rules.op import Op
from ..rules.table import CONSTANTS, opened, primitive, x, y
from .shared import Once, ends

Value: TypeAlias = Any
"""A number of the arithmetic in use."""
Function: TypeAlias = Callable[..., Value]

FROM_FLINT = (
    "besselj bessely besseli besselk airyai airyaiprime lambertw beta lbeta polygamma_rise zeta zetaderiv "
    "erfinv erfcinv normppf erfcx erfcxderiv lognormcdf"
).split()
"""Functions that FLINT has, and neither Python nor, as fast, mpmath."""
MAX_ORDER = 1_002
"""The largest order of a function: 1,000, and two derivatives of that."""
TIES = ("both", "split", "first")
"""What inputs of max or min that tie receive: 1 each (CS231n), equal shares (PyTorch, JAX), all to the first."""


def share(selected: Sequence[Value], nodes: Sequence[object], ties: str) -> list[Value]:
    """The local gradients of a gate that selects, by slot.

    selected: 1 for each input that is the output, 0 for the others
    nodes: what tells apart the nodes behind the slots: one that competes with itself gets its gradient by the first of
        its slots, which is no tie
    ties: one of TIES
    """
    first = {node: slot for slot, node in reversed([*enumerate(nodes)])}
    alone = [
        local if first[node] == slot else local - local
        for slot, (node, local) in enumerate(zip(nodes, selected, strict=True))
    ]
    tied = [slot for slot, local in enumerate(alone) if local == 1]
    if len(tied) < 2 or ties == "both":
        return alone
    if ties == "split":
        return [local / len(tied) for local in alone]
    return [local if slot == tied[0] else local - local for slot, local in enumerate(alone)]


class TooWideError(ArithmeticError):
    """What is known of the numbers does not tell what a function makes of them; more digits may."""


class InsideError(ArithmeticError):
    """Somewhere in the boxes of its arguments a function has no value, or no bound."""


class Rule(NamedTuple):
    """A row of the table, compiled: `value(*inputs)`, and `partials[slot](*inputs, out)` (see `Op.partial`).

    Of any number of inputs: `partials[0](x, out, inputs, slot)`, where x is the input in the slot.
    """

    value: Function
    partials: tuple[Function, ...]
    kink: Function | None
    corner: Function | None
    variadic: bool

    def partial(self, slot: int, inputs: Sequence[Value], out: Value) -> Value:
        """The local gradient with respect to the input in `slot`."""
        return self.partials[0](inputs[slot], out, inputs, slot) if self.variadic else self.partials[slot](*inputs, out)


SIGNS = {
    "add": "({} + {})",
    "sub": "({} - {})",
    "mul": "({} * {})",
    "div": "({} / {})",
    "neg": "(-{})",
    "eq": "({} == {})",
    "ne": "({} != {})",
    "lt": "({} < {})",
    "le": "({} <= {})",
    "gt": "({} > {})",
    "ge": "({} >= {})",
}
"""Heads that are signs in code, over numbers and over arrays."""
_TEMPLATES = {
    **SIGNS,
    "where": "({1} if {0} else {2})",
    "and": "({} and {})",
    "or": "({} or {})",
    "not": "(not {})",
    "careful": "{1}",
    "convention": "{1}",
    "smooth": "{0}",
    "doubles": "{0}",
    "ours": "{0}",
    "own": "{1}",
    "cancels": "{0}",
    "precisely": "{0}",
    "total": "total([{0} for x in inputs])",
}


_TRUTHS = ("false", "true")
_OF_MANY = {"count": "counted(inputs)", "others": "but_one(inputs, slot)", "every": "inputs"}
"""What the words of a rule with any number of inputs are in code."""


def _figures(shown: str) -> str:
    """The significant digits of a number, without zeros at either end."""
    return re.sub(r"[eE].*|[^0-9]", "", shown).strip("0")


class Arithmetic(ABC):
    """A number system: subclasses say what a number is, and bring functions for the words of a rule.

    strict: whether a value that is not finite is an error
    digits: how many a table shows unless it is told
    trusted: how many a number has that are no rounding errors; None: it is exact
    header: what a JSON document says of the arithmetic
    range_hint: what to tell a person whose numbers overflow
    least_left: what is left of a sum beside its largest term, at least, where enough of the digits are left
    """

    strict = True
    digits = 6
    trusted: int | None = None
    header: Mapping[str, Any] = MappingProxyType({})
    range_hint = ""
    least_left = 0.0
    has_arrays = False
    """Whether a value may be an array."""
    of_boxes = False
    """Whether a value is a box of numbers, any of which it may be."""

    def __init__(
        self,
        functions: Mapping[str, Function],
        constants: Mapping[str, Value],
        templates: Mapping[str, str] | None = None,
    ) -> None:
        """functions: what the words of a rule call;
        constants: the values of those that have names;
        templates: words that are no calls in the code, over their arguments.
        """
        self.constants = constants
        words = {"total": self._total, "counted": self._counted, "but_one": self._but_one, "prod": self._product}
        self._ends = Once(lambda factors: ends(factors, self.compiled("x, y", x * y), self.number("1")))
        self.namespace: dict[str, Any] = {"__builtins__": {}, **words, **functions, **constants}
        self._templates = {**_TEMPLATES, **(templates or {})}
        self._rules: dict[Op, Rule] = {}
        self._zeros: dict[tuple[Op, int | None], Function] = {}

    @property
    def wide(self) -> Arithmetic:
        """Numbers with more digits, and any exponent, where these may lose too many."""
        return self

    def nearest(self, number: Value) -> Value:
        """A number of any size as one of these, if that has as many digits as others; else as it is."""
        return number

    def narrow(self, value: Value) -> Value:
        """What is shown of a number that these are too small for."""
        return value

    def given(self, value: Value) -> Value:
        """A number of more or fewer digits as one of these."""
        return value

    @abstractmethod
    def number(self, text: str) -> Value:
        """The value of a literal's text. Raises OverflowError where it is beyond the system."""

    @abstractmethod
    def is_finite(self, value: Value) -> bool:
        """Whether the value is a number, neither infinite nor undefined."""

    def is_value(self, value: Value) -> bool:
        """Whether a node may have this value, where infinities are errors."""
        return self.is_finite(value)

    @abstractmethod
    def to_float(self, value: Value) -> float:
        """The nearest double (an infinity where there is none), for telling what went wrong."""

    def working(self) -> AbstractContextManager[None]:
        """Around whatever computes with the numbers."""
        return nullcontext()

    def shape(self, _value: Value) -> tuple[int, ...]:
        """The lengths of the axes of a value; a number has none."""
        return ()

    def entries(self, value: Value) -> list[Value]:
        """The numbers of an array; a number is its own."""
        return [value]

    def vanishes(self, value: Value) -> bool:
        """Whether the value is 0, of an array in every entry."""
        return bool(value == 0)

    def holds(self, truth: Value) -> bool | None:
        """Whether a condition holds; None where that depends on symbols."""
        return bool(truth)

    def show(self, value: Value, digits: int) -> str:
        """The value to `digits` significant digits, for people."""
        return _TRUTHS[value] if isinstance(value, bool) else self.shown(value, digits)

    @abstractmethod
    def shown(self, value: Value, digits: int) -> str:
        """The same of a number."""

    def rounded(self, value: Value, digits: int) -> tuple[str, bool]:
        """The value for an equation, and whether digits are left out; rounding errors are none: 0.1 + 0.2 is 0.3."""
        text = self.show(value, digits)
        if self.trusted is None or isinstance(value, bool) or not self.is_finite(value):
            return text.removeprefix("≈ "), text.startswith("≈ ")
        known = _figures(self.show(value, self.trusted))
        return text, len(known) >= self.trusted or _figures(text) != known

    def exactly(self, value: Value) -> str:
        """The whole value as text, for machines."""
        return _TRUTHS[value] if isinstance(value, bool) else self.whole(value)

    def whole(self, value: Value) -> str:
        """The same of a number."""
        return self.shown(value, self.digits)

    def bare(self, value: Value) -> str:
        """The whole value as a line for scripts."""
        return self.exactly(value)

    def cells(self, value: Value | None) -> list[str]:
        """The whole value in a table for machines; empty where there is none."""
        return ["" if value is None else self.exactly(value)]

    def data(self, value: Value) -> Any:
        """The value in a JSON document."""
        return value if isinstance(value, bool) else self.exactly(value)

    def constant(self, text: str) -> Value:
        """The value of a literal, or of a constant's name (as written, `π`, or as `rules.table.CONSTANTS` calls it)."""
        name = CONSTANTS.get(text, text)
        return self.constants[name] if name in self.constants else self.number(text)

    def _total(self, terms: Sequence[Value]) -> Value:
        return reduce(self.compiled("x, y", x + y), terms)

    def _product(self, *factors: Value) -> Value:
        return reduce(self.compiled("x, y", x * y), factors)

    def _counted(self, inputs: Sequence[Value]) -> Value:
        return self.number(str(len(inputs)))

    def _but_one(self, inputs: Sequence[Value], slot: int) -> Value:
        """The product of the inputs but one."""
        before, behind = self._ends(inputs)
        return self._product(before[slot], behind[slot])

    def word(self, name: str) -> Function:
        """What a word of the rules means here; what is none is what its row says."""
        function: Function = self.namespace[name] if name in self.namespace else self.rule(primitive(name)).value
        return function

    def template(self, head: str) -> str:
        """How a head is written in code."""
        return self._templates[head]

    def rule(self, op: Op) -> Rule:
        """The row compiled for this arithmetic (once)."""
        if op not in self._rules:
            inputs = ", ".join(op.inputs)
            if op.name in self.namespace and op.variadic:
                value = self.namespace[op.name]
            else:
                value = self.compiled("*inputs" if op.variadic else inputs, substitute(op.value, _OF_MANY))
            partials = tuple(self.partial(op, each) for each in op.partials)
            kink, corner = (self.compiled(f"{inputs}, out", at) if at else None for at in (op.kink, op.corner))
            self._rules[op] = Rule(value, partials, kink, corner, op.variadic)
        return self._rules[op]

    def value(self, op: Op, inputs: Sequence[Value]) -> Value:
        """What a primitive makes of its inputs."""
        return self.rule(op).value(*inputs)

    def partial(self, op: Op, formula: Formula) -> Function:
        """A partial of the row, compiled."""
        more = ", inputs, slot" if op.variadic else ""
        return self.compiled(f"{', '.join(op.inputs)}, out{more}", substitute(formula, _OF_MANY))

    def chain(self, upstream: Value, local: Value) -> Value:
        """Upstream × local."""
        return upstream * local

    def is_zero(self, op: Op, slot: int | None, inputs: Sequence[Value], out: Value) -> bool:
        """Whether what comes out as 0 is known to be 0, so that nothing has underflowed.

        slot: of the input whose local gradient it is; None for the value
        inputs, out: those of the gate, and its value
        """
        if slot is None and op.variadic:  # a product, or what is 0 where all are
            return (any if op.name == "prod" else all)(each == 0 for each in inputs)
        key = (op, 0 if op.variadic else slot)
        if key not in self._zeros:
            from ..rules.zeros import zero  # which few points need

            self._zeros[key] = self.compiled(f"{', '.join(op.inputs)}, out", zero(op, slot))
        return bool(self._zeros[key](*op.operands(inputs, slot or 0), out))

    def compiled(self, parameters: str, formula: Formula) -> Function:
        """The formula as a function of these parameters."""
        # The text comes from the rows of the table alone; nothing that a user typed reaches it.
        text = f"lambda {parameters}: {self.code(formula)}"
        function: Function = eval(compile(text, "<rule>", "eval"), self.namespace)  # noqa: S307
        return function

    def code(self, formula: Formula) -> str:
        """The formula as a Python expression over `namespace`; words for operands stay as they are.

        What the arithmetic does not have is what its row says.
        """
        head, args = formula.head, formula.args
        if formula.is_number:
            name = f"number_{head}".replace("-", "minus_").replace(".", "_point_")
            self.namespace[name] = self.number(head)
            return name
        if not args:
            return head
        if head == "pow" and args[1].head == "2" and not args[0].args:
            return f"({args[0].head} * {args[0].head})"  # where it overflows, its reciprocal is all but 0
        if head not in self._templates and head not in self.namespace:
            row = opened(formula)
            if row is not None:
                return self.code(row)
        code = [self.code(arg) for arg in args]
        template = self._templates.get(head)
        return template.format(*code) if template else f"{head}({', '.join(code)})"
