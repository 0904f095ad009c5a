"""Dual numbers a + b·ε with ε² = 0 over any other arithmetic: run the backward pass on them, and its ε is a derivative.

What a primitive does to the ε comes from the same row of the table as everything else: the sum of partial × b.
"""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import cached_property, partial, reduce

from ..rules.op import Op
from ..rules.table import INNER, TABLE, primitive
from ..rules.zeros import loses
from .floats import Floats, is_double
from .shared import Once, ends
from .system import Arithmetic, Function, InsideError, Rule, TooWideError, Value, share

LEAST = sys.float_info.min
"""The smallest double with all its digits."""


class Dual:
    """`value + dot·ε`; `dot` None stands for an exact 0 (a constant), of which no partial is computed."""

    __slots__ = ("dot", "value")

    def __init__(self, value: Value, dot: Value | None = None) -> None:
        self.value = value
        self.dot = dot

    def __add__(self, other: Dual) -> Dual:
        return Dual(self.value + other.value, added(self.dot, other.dot))

    def __sub__(self, other: Dual) -> Dual:
        return Dual(self.value - other.value, added(self.dot, None if other.dot is None else -other.dot))

    def __mul__(self, other: Dual) -> Dual:
        one = None if self.dot is None else self.dot * other.value
        two = None if other.dot is None else self.value * other.dot
        return Dual(self.value * other.value, added(one, two))

    def __truediv__(self, count: int) -> Dual:
        return Dual(self.value / count, None if self.dot is None else self.dot / count)

    def __eq__(self, other: object) -> bool:
        return bool(self.value == (other.value if isinstance(other, Dual) else other))

    def __bool__(self) -> bool:
        return bool(self.value)

    __hash__ = None  # type: ignore[assignment]


class TooSmallError(Exception):
    """Doubles are too small for a product, or have too few digits, and a slope may be lost: wider numbers have it."""


class CancelledError(Exception):
    """The slopes of a rule's terms cancel, and too few digits are left."""


def _beyond() -> Dual:
    """In place of a formula that loses digits in doubles, and so do its slopes. Raises TooSmallError."""
    raise TooSmallError


def added(one: Value | None, two: Value | None) -> Value | None:
    """The sum of two dots."""
    return two if one is None else one if two is None else one + two


_COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")


class DualNumbers(Arithmetic):
    """Dual numbers over `base`. ties: one of TIES, for the ε of max and min."""

    def __init__(self, base: Arithmetic, ties: str = "both") -> None:
        self.base = base
        self._least_left = base.least_left
        self.ties = ties
        self.digits = base.digits
        self.strict = base.strict
        constants = {name: Dual(value) for name, value in base.constants.items()}
        words: dict[str, Function] = {
            op.name: partial(self._inside, op) for op in reversed([*TABLE, *INNER])
        }  # the first of a name
        logarithm = next(op for op in TABLE if op.name == "log" and len(op.inputs) == 2)
        words |= {"log_base": partial(self._inside, logarithm), "selected": self._selected}
        words["smooth"] = self._smooth
        words["softmax"], words["but_one"] = self._softmax, self._but_one
        self._ends_of_duals, self._largest_of_duals = Once(self._all_but_one), Once(self._largest)
        calls = {name: f"{name}({{}}, {{}})" for name in ("add", "sub", "mul", "div")}
        comparisons = {name: base.rule(primitive(name)).value for name in _COMPARISONS}
        if base.of_boxes:
            comparisons = {name: partial(self._decided, each) for name, each in comparisons.items()}
        words |= {f"values_{name}": each for name, each in comparisons.items()}
        compared = {name: f"values_{name}({{0}}.value, {{1}}.value)" for name in _COMPARISONS}
        templates = {**calls, **compared, "neg": "neg({})", "smooth": "smooth(lambda: {}, {})", "cancels": "{1}"}
        templates |= {"doubles": base.template("doubles"), "own": base.template("own"), "ours": "{0}"}
        self.is_doubles = base.template("ours") == "{1}"
        if self.is_doubles:
            words["beyond"], templates["precisely"] = _beyond, "beyond()"
        super().__init__(words, constants, templates)

    def _inside(self, op: Op, *inputs: Dual) -> Dual:
        """A gate inside a rule. Raises CancelledError where the rule loses digits that its own inputs have not lost."""
        return self._gate(op, *inputs, least_left=self._least_left)

    def _smooth(self, value: Callable[[], Dual], slopes: Dual) -> Dual:
        least, self._least_left = self._least_left, 0.0  # the slopes of the value may cancel: they are not used
        try:
            return Dual(value().value, slopes.dot)
        finally:
            self._least_left = least

    def _softmax(self, x: Dual, xs: Sequence[Dual]) -> Dual:
        """What exp(x) has in the sum over xs; its slopes are made of such parts too, for the sum itself is rounded."""
        values, largest, powers, total, moved = self._largest_of_duals(xs)
        part = self.base.word("softmax")(x.value, values)
        terms: list[Value] = []
        for i in moved if x.dot is None else range(len(xs)):
            step = (Dual(largest, x.dot) - Dual(largest, xs[i].dot)).dot
            if step:
                terms.append(part * (powers[i] / total) * step)
        if any(map(self._is_too_small, terms)):
            raise TooSmallError
        return Dual(part, self._sum(terms))

    def _largest(self, xs: Sequence[Dual]) -> tuple[list[Value], Value, list[Value], Value, list[int]]:
        """The values, the largest, exp of each divided by exp of that, the sum of these, and which of them move."""
        values = [each.value for each in xs]
        largest = max(values)
        powers = [self.base.word("exp")(each - largest) for each in values]
        moved = [i for i, each in enumerate(xs) if each.dot is not None]
        return values, largest, powers, self.base.word("total")(powers), moved

    def _but_one(self, xs: Sequence[Dual], slot: int) -> Dual:
        """The product of all but one, of numbers in which nothing overflows, underflows or cancels on the way."""
        before, behind = self._ends_of_duals(xs)
        product = before[slot] * behind[slot]
        return self._rounded(product) if self.is_doubles else product

    def _all_but_one(self, xs: Sequence[Dual]) -> tuple[list[Dual], list[Dual]]:
        finer = self._finer if self.is_doubles else self
        return ends([*map(finer.given, xs)], operator.mul, finer.number("1"))

    def _sum(self, terms: Sequence[Value]) -> Value | None:
        """The sum of what comes along several ways. Raises CancelledError where it loses digits."""
        if not terms:
            return None
        dot = reduce(operator.add, terms)
        if self._least_left and len(terms) > 1 and abs(dot) < self._least_left * max(map(abs, terms)):
            raise CancelledError
        return dot

    def _gate(self, op: Op, *inputs: Dual, least_left: float = 0.0) -> Dual:
        rule = self.base.rule(op)
        values = [None if each is None else each.value for each in inputs]  # a choice needs not all of them
        out = rule.value(*values)
        if self._is_too_small(out) and loses(op) and not (out == 0 and self.base.is_zero(op, None, values, out)):
            raise TooSmallError
        slots = [slot for slot, each in enumerate(inputs) if each is not None and each.dot is not None]
        if op.truth:
            return Dual(out)

        def local(slot: int) -> Value:
            try:
                return rule.partial(slot, values, out)
            except (ArithmeticError, ValueError) as error:
                if self.base.of_boxes or isinstance(error, TooWideError):
                    raise
                return math.nan  # which only matters if something flows back to it

        if op.selects and op.variadic:  # one node in two slots is one object
            locals_ = share([local(slot) for slot in range(len(values))], [*map(id, inputs)], self.ties)
        else:
            locals_ = [local(slot) if slot in slots else None for slot in range(len(values))]
        # Where an edge is not selected, nothing below it counts, even where it is not a number.
        along: list[Value] = [
            self._along(op, slot, values, out, locals_[slot], inputs[slot].dot)
            for slot in slots
            if not (op.selects and locals_[slot] == 0)
        ]
        if not along:
            return Dual(out)
        dot = reduce(operator.add, along)
        if least_left and len(along) > 1 and abs(dot) < least_left * max(map(abs, along)):
            raise CancelledError
        return Dual(out, dot)

    def _decided(self, compare: Function, x: Value, y: Value) -> bool:
        """A comparison of boxes in a rule, whose branches have slopes of their own. Raises InsideError."""
        holds = self.base.holds(compare(x, y))
        if holds is None:
            raise InsideError
        return holds

    def _along(self, op: Op, slot: int, values: list[Value], out: Value, local: Value, dot: Value) -> Value:
        """What comes along an edge. Raises TooSmallError."""
        product = local * dot
        if self._is_too_small(product) and dot != 0 and not op.selects:
            is_known = local == 0 and self.base.is_zero(op, slot, values, out)
            if not is_known:
                raise TooSmallError
        return product

    def chain(self, upstream: Dual, local: Dual) -> Dual:
        """Raises TooSmallError."""
        pairs = (upstream.value, local.value), (upstream.dot, local.value), (upstream.value, local.dot)
        for one, other in pairs if type(upstream.value) is float else ():
            if one and other and self._is_too_small(one * other):  # None is no part of it
                raise TooSmallError
        return upstream * local

    def _is_too_small(self, product: Value) -> bool:
        return self.strict and type(product) is float and -LEAST < product < LEAST

    def _selected(self, x: Dual, out: Dual) -> Dual:
        return Dual(self.base.word("selected")(x.value, out.value))

    def rule(self, op: Op) -> Rule:
        if op not in self._rules:
            compiled = super().rule(op)
            kink = self.base.rule(op).kink
            on_values = kink and (lambda *args: kink(*(each.value for each in args)))
            partials = tuple(partial(self._local, op, *each) for each in enumerate(compiled.partials))
            self._rules[op] = compiled._replace(value=partial(self._gate, op), partials=partials, kink=on_values)
        return self._rules[op]

    def _local(self, op: Op, slot: int, compiled: Function, *args: Value) -> Dual:
        """A local gradient; where its slopes cancel, by numbers of more digits, its inputs being what they are."""
        try:
            computed: Dual = compiled(*args)
        except CancelledError:
            inputs, slot = args[2:] if op.variadic else (args[:-1], slot)
        else:
            return computed
        with self._finer.working():
            lifted = [self._finer.given(each) for each in inputs]
            rule = self._finer.rule(op)
            local = rule.partial(slot, lifted, rule.value(*lifted))
        return self._rounded(local)

    def _rounded(self, number: Dual) -> Dual:
        """A number of more digits as one of these. Raises TooSmallError."""
        rounded = self.given(number)
        if number.dot and self._is_too_small(rounded.dot):
            raise TooSmallError
        return rounded

    @cached_property
    def _finer(self) -> DualNumbers:
        return DualNumbers(self.base.wide, self.ties)

    def given(self, value: Dual) -> Dual:
        return Dual(self.base.given(value.value), None if value.dot is None else self.base.given(value.dot))

    def number(self, text: str) -> Dual:
        return Dual(self.base.number(text))

    def constant(self, text: str) -> Dual:
        value = self.base.constant(text)
        if isinstance(self.base, Floats) and not is_double(value):
            raise TooSmallError
        return Dual(value)

    def working(self) -> AbstractContextManager[None]:
        return self.base.working()

    def holds(self, truth: Dual) -> bool | None:
        return self.base.holds(truth.value)

    def is_value(self, value: Dual) -> bool:
        return self.base.is_value(value.value)

    def is_finite(self, value: Dual) -> bool:
        return self.base.is_finite(value.value) and (value.dot is None or self.base.is_finite(value.dot))

    def to_float(self, value: Dual) -> float:
        return self.base.to_float(value.value)

    def shown(self, value: Dual, digits: int) -> str:
        return self.base.show(value.value, digits)

    def whole(self, value: Dual) -> str:
        return self.base.exactly(value.value)
