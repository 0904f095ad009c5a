"""What went wrong in the mathematics, told as errors that name the node or the edge, its inputs and its rule."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from ..arithmetic import IEEE, Arithmetic, InsideError, TooWideError, Value
from ..errors import MathError, UnprovenError, shorten
from ..graph.graph import Constant, Gate, Graph, Node, partial
from ..rules.printer import READING

DIGITS = 6  # significant digits of a value in a message
_BETWEEN = re.compile(r"^in [^:]*: (?:… )?(?=in )")  # the outermost of several calls
_LIST = 8  # names of a gate's inputs that a message shows


def tie(what: str, count: int, ties: str) -> str:
    """What is told of inputs that tie.

    what: names of them, or how many of which there are
    count: how many there are
    ties: the convention by which they share
    """
    each = {"both": "each gets 1", "split": f"each gets 1/{count}", "first": "the first gets 1"}[ties]
    return f"has a tie of {what}: {each} by convention (--ties {ties})"


class Place(NamedTuple):
    """A gate, with the values of its inputs, where something went wrong."""

    graph: Graph
    gate: Gate
    inputs: Sequence[Value]
    arithmetic: Arithmetic

    def __str__(self) -> str:
        """`x = -1, q1 = 3`: the inputs and their values, except for numbers that stand there as written."""
        nodes = (self.graph.nodes[i] for i in self.gate.inputs)
        pairs = {
            node: self.arithmetic.rounded(x, DIGITS)
            for node, x in zip(nodes, self.inputs, strict=True)
            if x is not None  # which a choice needs not
        }
        shown = [
            f"{shorten(name)} {'≈' if is_rounded else '='} {value}"
            for node, (value, is_rounded) in pairs.items()
            if not (isinstance(node, Constant) and node.literal) and (name := self.graph.name_of(node)) != value
        ]
        return ", ".join(shown[:_LIST] + ["…"] * (len(shown) > _LIST))

    @property
    def where(self) -> str:
        return f" at {place}" if (place := str(self)) else ""

    def _error(self, message: str, hint: str = "") -> MathError:
        return MathError(message, self.graph.source, self.gate.span, hint)

    def no_value(self, error: Exception) -> MathError:
        """The gate has no finite real value here. error: what its rule raised, OverflowError where it is too large."""
        op, title = self.gate.op, self.graph.title(self.gate)
        if isinstance(error, TooWideError):
            return UnprovenError(f"{title} is not decided{self.where}", self.graph.source, self.gate.span)
        if isinstance(error, InsideError):
            return self._error(f"{title} has no value, or no bound, somewhere in {self}", self._elsewhere())
        if op.cases:
            return self._error(f"no case of {title} holds{self.where}", "a last case (value, True) is for all others")
        if isinstance(error, ZeroDivisionError) and op.name == "div":
            return self._error(f"division by zero in {title}{self.where}", self.needs())
        if isinstance(error, OverflowError):
            return self._error(f"{title} overflows{self.where}", self.arithmetic.range_hint)
        value = IEEE.rule(op).value(*map(self._float, self.inputs))
        kind = "real" if value != value else "finite"
        return self._error(f"{title} has no {kind} value{self.where}", self.needs())

    def _elsewhere(self) -> str:
        """What the gate needs, and of a quotient that may be 0/0, how to leave that out."""
        needs = self.needs()
        may_be_none = self.gate.op.name == "div" and self.arithmetic.of_boxes
        if not (may_be_none and all(each.has_zero for each in self.inputs)):
            return needs
        below = self.graph.nodes[self.gate.inputs[1]].name
        return f"{needs}; a choice leaves out where both are 0: (…) if abs({below}) > 1e-6 else (…)"

    def _float(self, value: Value) -> float:
        """The nearest double; NaN for what a choice needs not."""
        return math.nan if value is None else self.arithmetic.to_float(value)

    def needs(self) -> str:
        """`log(q1) needs q1 > 0`; where it is a constant that should be so, the rule's own words read better."""
        op, nodes = self.gate.op, self.graph.nodes
        if not op.domain:
            return ""
        inputs = {name: nodes[i] for name, i in zip(op.inputs, self.gate.inputs, strict=True)}
        told = [node for name, node in inputs.items() if re.search(rf"\b{name}\b", op.domain)]
        if any(isinstance(node, Constant) for node in told) or not nodes.variables:
            return f"{op.call} needs {op.domain}"
        domain = re.sub(rf"\b(?:{'|'.join(op.inputs)})\b", lambda word: inputs[word[0]].name, op.domain)
        return f"{shorten(self.graph.written(self.gate))} needs {domain}"

    def no_local(self, slot: int, out: Value, upstream: Value, wanted: Sequence[int], error: Exception) -> MathError:
        """The local gradient of an edge is infinite, or there is none.

        slot: which input of the gate
        out, upstream: the value of the gate, and its gradient
        wanted: for each node, whether it depends on a variable that gets a gradient
        error: what the rule raised, OverflowError where it is too large
        """
        if isinstance(error, TooWideError):
            return self.no_value(error)
        graph, gate, op, system = self.graph, self.gate, self.gate.op, self.arithmetic
        if system.of_boxes:
            return self._no_bound(slot)
        floats, value = [self._float(each) for each in self.inputs], system.to_float(out)
        locals_ = [IEEE.rule(op).partial(each, floats, value) for each in range(len(floats))]
        names = [graph.nodes[i].name for i in gate.inputs]
        rule = shorten(READING.text(op.local(slot, names, gate.name)))
        overflows = isinstance(error, OverflowError)
        what = "overflows" if overflows else "does not exist" if math.isnan(locals_[slot]) else "is infinite"
        if what == "is infinite" and upstream == 0:
            what += ", and its upstream is 0 (0·∞ is undefined)"
        if slot in op.orders:
            rule, what, overflows = "", "does not exist", False
        written = f"{partial(gate.name, names[slot])}{' = ' * bool(rule)}{rule}"
        message = f"{written} {what}{self.where}, in {graph.title(gate)}"
        bad = [i for i, each in zip(gate.inputs, locals_, strict=True) if not math.isfinite(each)]
        below = graph.nodes.below([gate.inputs[slot], *bad])
        others = [node.name for node in graph.variables if wanted[node.position] and not below[node.position]]
        hint = f"--wrt {','.join(others)} takes the gradients that do not need it"
        return self._error(message, hint if others else system.range_hint * overflows)

    def _no_bound(self, slot: int) -> MathError:
        """The same over boxes."""
        names = [self.graph.nodes[i].name for i in self.gate.inputs]
        rule = shorten(READING.text(self.gate.op.local(slot, names, self.gate.name)))
        written = f"{partial(self.gate.name, names[slot])} = {rule}"
        return self._error(f"{written} does not exist, or has no bound, somewhere in {self}")

    def chain_overflows(self, slot: int, upstream: Value, local: Value) -> MathError:
        """What is chained, upstream × local, is beyond the range of the arithmetic.

        local: the local gradient
        """
        show, name = self.arithmetic.show, self.graph.nodes[self.gate.inputs[slot]].name
        product = f"upstream × local = {show(upstream, DIGITS)} × {show(local, DIGITS)}"
        title = self.graph.title(self.gate)
        return self._error(f"{product} overflows on the edge from {name} into {title}", self.arithmetic.range_hint)


def in_call(graph: Graph, call: Gate, message: str) -> str:
    """What went wrong in a module, told with the call; of calls in each other with the first and the last.

    call: the gate that calls the module
    message: what went wrong inside
    """
    return f"in {graph.title(call)}: {_BETWEEN.sub('… ', message)}"


@contextmanager
def told_with(graph: Graph, call: Gate, inputs: Sequence[object] = ()) -> Iterator[None]:
    """An error in a module is told with the call, unless it came with the inputs.

    call: the gate that calls the module
    """
    try:
        yield
    except MathError as error:
        if any(each is error for each in inputs):
            raise
        error.message = in_call(graph, call, error.message)
        if error.hint.startswith("--wrt"):
            error.hint = ""  # it names inputs of the module
        raise


def too_large(graph: Graph, node: Constant, arithmetic: Arithmetic) -> MathError:
    """A literal is beyond the range of the arithmetic."""
    return MathError(f"the number {shorten(node.name)} overflows", graph.source, node.span, arithmetic.range_hint)


def sum_overflows(graph: Graph, node: Node, arithmetic: Arithmetic) -> MathError:
    """The sum of what flows back into a node is beyond the range of the arithmetic."""
    message = f"the sum of the chained gradients of {node.name} overflows"
    return MathError(message, graph.source, node.span, arithmetic.range_hint)
