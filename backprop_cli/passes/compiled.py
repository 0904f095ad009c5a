"""A gate as code made from the table, for passes over doubles that know only plain sailing.

Wherever something is unusual (a tie, a kink, a domain left, an overflow) such code gives up, and the careful passes,
which can tell what happened, take over.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..arithmetic import FLOATS
from ..arithmetic.floats import LEAST_LOCAL, is_given
from ..errors import MathError
from ..graph.graph import Constant, Graph
from ..rules.formula import Formula, substitute
from ..rules.op import Op
from ..rules.zeros import zero
from .forward import constant_value


class UnusualError(ArithmeticError):
    """What is compiled has no result here; the careful passes have one, or an error that tells why there is none."""


UNTOUCHED = -0.0
"""What has come back to a node before anything has. Known by its identity; and −0 + x is x, to the sign of a zero."""


class Code(NamedTuple):
    """A primitive, and how code calls its value, its inputs (if there may be any number, each of them), a list of them,
    what flows back to it, and which of any number of inputs a partial is about.
    """

    op: Op
    value: str
    inputs: Sequence[str]
    listed: str
    upstream: str
    place: str = ""

    @property
    def reads_all(self) -> bool:
        """Whether a partial of any number of inputs asks for all of them."""
        return self.op.variadic and not {"count", "others", "every"}.isdisjoint(self.op.partials[0].words)

    def forward(self) -> Iterator[str]:
        """Compute its value; give up where a comparison is at a border."""
        if self.op.variadic:
            yield f"{self.value} = {self.op.name}(*{self.listed})"
            if self.op.selects:
                yield f"if {self.listed}.count({self.value}) != 1: raise UnusualError"
        else:
            yield f"{self.value} = {self._code(self.op.value)}"
            if self.op.truth and not self.op.conditions:
                yield f"if {' == '.join(self.inputs)}: raise UnusualError"

    def kink(self) -> Iterator[str]:
        """Give up where its slope is a convention."""
        if self.op.kink is not None:
            yield f"if {self._code(self.op.kink)}: raise UnusualError"

    def back(self, slot: int, target: str, *, first: bool = False, condition: str = "") -> str:
        """Add upstream × local to what has come back to the input in `slot`, unless the edge is not active.

        target: where that is summed up
        first: whether nothing can have come back to it before
        condition: under which it gets a gradient at all
        """
        partial = self.op.partial(slot)
        local = self._code(partial, slot)
        conditions = [condition] * bool(condition) + [f"{local} != 0"] * self.op.selects
        test = f"if {' and '.join(conditions)}: " if conditions else ""
        exact = partial.is_number and partial.head in ("1", "-1")  # without a multiplication
        sign = "-" if exact and partial.head == "-1" else ""
        chained = self.upstream if exact else self._chained(local, slot)
        return f"{test}{target} {'= ' + sign if first else (sign or '+') + '= '}{chained}"

    def _chained(self, local: str, slot: int) -> str:
        """Upstream × local; give up where something is so small that digits may be lost."""
        product = f"{self.upstream} * {local}"
        if self.op.selects:
            return product
        exact = f"not {self.upstream} or {self._code(zero(self.op, slot), slot)}"
        if is_given(self.op.partial(slot)):
            return f"({product} or sure({self.upstream}, {local}, {exact}))"
        return f"((l := {local}) * l and {self.upstream} * l or sure({self.upstream}, l, {exact}))"

    def _code(self, formula: Formula, slot: int = 0) -> str:
        words = self.op.words(self.op.operands(self.inputs, slot), self.value)
        if self.op.variadic:
            words |= {"count": f"counted({self.listed})", "others": f"but_one({self.listed}, {self.place or slot})"}
            words["every"] = self.listed
        return FLOATS.code(substitute(formula, words))


def sure_of(upstream: str, local: str) -> str:
    """Code for a product of 0, which is sure where a factor is 0."""
    return f"sure({upstream}, {local}, not {upstream} or not {local})"


def _sure(upstream: float, local: float, is_exact: bool) -> float:
    """Their product, if it has lost no digits. Raises UnusualError."""
    chained = upstream * local
    if is_exact or (chained != 0 and abs(local) >= LEAST_LOCAL):
        return chained
    raise UnusualError


def compiled(lines: Sequence[str], known: Mapping[str, Any]) -> dict[str, Any]:
    """What the lines define. known: what else they call by name."""
    words = (
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
    """The values of constants. Raises UnusualError where one has none."""
    try:
        nodes = (graph.nodes[i] for i in graph.nodes.constants)
        return {node.position: constant_value(graph, node, FLOATS) for node in nodes if isinstance(node, Constant)}
    except MathError:  # but a gate before it may have no value either
        raise UnusualError from None
