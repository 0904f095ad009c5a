"""A gate as code made from the table, for passes over doubles that know only plain sailing.

Wherever something is unusual (a tie, a kink, a domain left, an overflow) such code gives up, and the careful passes,
which can tell what happened, take over.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..arithmetic import FLOATS
from ..arithmetic.floats import LEAST, LEAST_LOCAL, is_double, is_given
from ..errors import MathError
from ..graph.graph import Constant, Graph
from ..rules.formula import Formula, substitute
from ..rules.op import Op
from ..rules.zeros import loses, zero
from .forward import constant_value


class UnusualError(ArithmeticError):
    """What is compiled has no result here; the careful passes have one, or an error that tells why there is none."""


UNTOUCHED = -0.0
"""What has come back to a node before anything has. Known by its identity; and −0 + x is x, to the sign of a zero."""


class Code(NamedTuple):
    """A primitive, and how code calls its value, its inputs (if there may be any number, each of them), a list of them,
    what flows back to it, which of any number of inputs a partial is about, and whether what flows back to a node is
    looked at in the end.
    """

    op: Op
    value: str
    inputs: Sequence[str]
    listed: str
    upstream: str
    place: str = ""
    is_looked_at: bool = False

    @property
    def reads_all(self) -> bool:
        """Whether a partial of any number of inputs asks for all of them."""
        return self.op.variadic and not {"count", "others", "every"}.isdisjoint(self.op.partials[0].words)

    def forward(self) -> Iterator[str]:
        """Compute its value; give up where a comparison is at a border."""
        if self.op.variadic:
            yield f"{self.value} = {self._kept}{self.op.name}(*{self.listed})"
            if loses(self.op):
                is_zero = f"0.0 in {self.listed}" if self.op.name == "prod" else f"not any({self.listed})"
                yield self._unless_small(is_zero)
            if self.op.selects:
                yield f"if {self.listed}.count({self.value}) != 1: raise UnusualError"
        else:
            yield f"{self.value} = {self._kept}{self._code(self.op.value)}"
            if loses(self.op):
                yield self._unless_small(self._code(zero(self.op, None)))
            if self.op.truth and not self.op.conditions:
                yield f"if {' == '.join(self.inputs)}: raise UnusualError"

    def _unless_small(self, is_zero: str) -> str:
        """Give up where the value is so small that digits may be lost. is_zero: where it is 0 indeed."""
        name = "w" if self._kept else self.value
        return f"if {is_small(name)} and ({name} or not ({is_zero})): raise UnusualError"

    @property
    def _kept(self) -> str:
        """A name for a value that is looked at, where it has none."""
        return "w = " * (loses(self.op) and not self.value.isidentifier())

    def kink(self) -> Iterator[str]:
        """Give up where its slope is a convention."""
        if self.op.kink is not None:
            yield f"if {self._code(self.op.kink)}: raise UnusualError"

    def back(self, slot: int, target: str, *, first: bool = False, condition: str = "", is_one: bool = False) -> str:
        """Add upstream × local to what has come back to the input in `slot`, unless the edge is not active.

        target: where that is summed up
        first: whether nothing can have come back to it before
        condition: under which it gets a gradient at all
        is_one: whether upstream is 1
        """
        partial = self.op.partial(slot)
        local = self._code(partial, slot)
        conditions = [condition] * bool(condition) + [f"{local} != 0"] * self.op.selects
        test = f"if {' and '.join(conditions)}: " if conditions else ""
        exact = partial.is_number and partial.head in ("1", "-1")  # without a multiplication
        sign = "-" if exact and partial.head == "-1" else ""
        chained = self.upstream if exact else self._chained(local, slot, is_one)
        return f"{test}{target} {'= ' + sign if first else (sign or '+') + '= '}{chained}"

    def _chained(self, local: str, slot: int, is_one: bool) -> str:
        """Upstream × local; give up where something is so small that digits may be lost."""
        is_exact = is_given(self.op.partial(slot))
        if self.op.selects or (is_exact and is_one):
            return local if is_one else f"{self.upstream} * {local}"
        sure = self._code(zero(self.op, slot), slot)
        if is_exact:
            return product(self.upstream, local, sure, self.is_looked_at)
        large = f"((l := {local}) > {LEAST_LOCAL} or l < {-LEAST_LOCAL})"
        if is_one:
            return f"(l if {large} else sure(1.0, l, {sure}))"
        return product(self.upstream, "l", sure, self.is_looked_at, large)

    def _code(self, formula: Formula, slot: int = 0) -> str:
        words = self.op.words(self.op.operands(self.inputs, slot), self.value)
        if self.op.variadic:
            words |= {"count": f"counted({self.listed})", "others": f"but_one({self.listed}, {self.place or slot})"}
            words["every"] = self.listed
        return FLOATS.code(substitute(formula, words))


def is_small(name: str) -> str:
    """Code for whether a number is so small that digits may be lost; 0 is no such number by itself."""
    return f"{name} < {LEAST} and {name} > {-LEAST}"


def product(upstream: str, local: str, is_zero: str, is_looked_at: bool = False, condition: str = "") -> str:
    """Code for a product; give up where digits may be lost.

    upstream, local: code for the factors
    is_zero: code for whether the local gradient is 0, where it comes out so
    is_looked_at: whether somebody looks at what has come back in the end, so that only a 0 has to be told here
    condition: for whether the local gradient is no too small itself
    """
    both, sure = f"{upstream} * {local}", f"sure({upstream}, {local}, not {upstream} or {is_zero})"
    if is_looked_at:
        return f"({condition}{' and ' * bool(condition)}{both} or {sure})"
    return f"(c if {condition}{' and ' * bool(condition)}((c := {both}) > {LEAST} or c < {-LEAST}) else {sure})"


def _sure(upstream: float, local: float, is_exact: bool) -> float:
    """Their product, if it has lost no digits. Raises UnusualError."""
    chained = upstream * local
    if (chained == 0 and is_exact) or (abs(chained) >= LEAST and abs(local) >= LEAST_LOCAL):
        return chained
    raise UnusualError


def compiled(lines: Sequence[str], known: Mapping[str, Any]) -> dict[str, Any]:
    """What the lines define. known: what else they call by name."""
    words = (
        any,
        enumerate,
        float,
        len,
        range,
        reversed,
        type,
        zip,
        math.isfinite,
        ArithmeticError,
        ValueError,
        UnusualError,
    )
    namespace = {
        **FLOATS.namespace,
        **{word.__name__: word for word in words},
        "untouched": UNTOUCHED,
        "added": sum,
        "sure": _sure,
        **known,
    }
    # The text comes from the rows of the table alone; nothing that a user typed reaches it.
    exec(compile("\n".join([*lines, ""]), "<compiled>", "exec"), namespace)  # noqa: S102
    return namespace


def indented(lines: Sequence[str], by: int) -> list[str]:
    """The lines, so many columns to the right."""
    return [" " * by + line for line in lines]


def constants_of(graph: Graph) -> dict[int, float]:
    """The values of constants. Raises UnusualError where one has none, or is too small for doubles."""
    try:
        nodes = (graph.nodes[i] for i in graph.nodes.constants)
        found = {node.position: constant_value(graph, node, FLOATS) for node in nodes if isinstance(node, Constant)}
    except MathError:  # but a gate before it may have no value either
        raise UnusualError from None
    if not all(map(is_double, found.values())):
        raise UnusualError
    return found
