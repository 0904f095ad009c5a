"""What went wrong in the mathematics, told as errors that name the node or the edge, its inputs and its rule.

The functions here take what is at hand where it went wrong:

gate, slot: the gate, or the edge into it
inputs: the values of the gate's inputs
out: that of the gate itself
upstream, local: the two gradients on an edge
wanted: for each node, whether it depends on a variable that gets a gradient
error: what the rule raised; an OverflowError where a result was too large
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ..arithmetic import IEEE, Arithmetic, Value
from ..errors import MathError, shorten
from ..graph.graph import Constant, Gate, Graph, Node
from ..rules.printer import READING

DIGITS = 6  # significant digits of a value in a message
_BETWEEN = re.compile(r"^in [^:]*: (?:… )?(?=in )")  # the outermost of several calls
_LIST = 8  # names of a gate's inputs that a message shows


def at(graph: Graph, gate: Gate, inputs: Sequence[Value], arithmetic: Arithmetic) -> str:
    """`x = -1, q1 = 3`: the inputs of a gate and their values, except for numbers that stand there as written."""
    nodes = (graph.nodes[i] for i in gate.inputs)
    pairs = {node: arithmetic.rounded(value, DIGITS) for node, value in zip(nodes, inputs, strict=True)}
    shown = [
        f"{shorten(name)} {'≈' if is_rounded else '='} {value}"
        for node, (value, is_rounded) in pairs.items()
        if not (isinstance(node, Constant) and node.literal) and (name := graph.name_of(node)) != value
    ]
    return ", ".join(shown[:_LIST] + ["…"] * (len(shown) > _LIST))


def in_call(graph: Graph, call: Gate, message: str) -> str:
    """What went wrong in a module, told with the call; of calls in each other with the first and the last."""
    return f"in {graph.title(call)}: {_BETWEEN.sub('… ', message)}"


@contextmanager
def told_with(graph: Graph, call: Gate) -> Iterator[None]:
    """An error in a module is told with the call."""
    try:
        yield
    except MathError as error:
        error.message = in_call(graph, call, error.message)
        if error.hint.startswith("--wrt"):
            error.hint = ""  # it names inputs of the module
        raise


def _where(graph: Graph, gate: Gate, inputs: Sequence[Value], arithmetic: Arithmetic) -> str:
    place = at(graph, gate, inputs, arithmetic)
    return f" at {place}" if place else ""


def no_value(graph: Graph, gate: Gate, inputs: Sequence[Value], arithmetic: Arithmetic, error: Exception) -> MathError:
    """The gate has no finite real value at these inputs."""
    where = _where(graph, gate, inputs, arithmetic)
    title = graph.title(gate)
    needs = _needs(graph, gate)
    if isinstance(error, ZeroDivisionError) and gate.op.name == "div":
        message = f"division by zero in {title}{where}"
    elif isinstance(error, OverflowError):
        message = f"{title} overflows{where}"
        needs = arithmetic.range_hint
    else:
        value = IEEE.rule(gate.op).value(*map(arithmetic.to_float, inputs))
        message = f"{title} has no {'real' if value != value else 'finite'} value{where}"
    return MathError(message, graph.source, gate.span, needs)


def _needs(graph: Graph, gate: Gate) -> str:
    """`log(q1) needs q1 > 0`; where it is a constant that should be so, the rule's own words read better."""
    if not gate.op.domain:
        return ""
    inputs = dict(zip(gate.op.inputs, (graph.nodes[i] for i in gate.inputs), strict=True))
    told = [node for name, node in inputs.items() if re.search(rf"\b{name}\b", gate.op.domain)]
    if any(isinstance(node, Constant) for node in told) or not graph.variables:
        return f"{gate.op.call} needs {gate.op.domain}"
    domain = re.sub(r"\b(?:x|y|base)\b", lambda word: inputs[word[0]].name, gate.op.domain)
    return f"{shorten(graph.written(gate))} needs {domain}"


def too_large(graph: Graph, node: Constant, arithmetic: Arithmetic) -> MathError:
    """A literal is beyond the range of the arithmetic."""
    return MathError(f"the number {shorten(node.name)} overflows", graph.source, node.span, arithmetic.range_hint)


def no_local(
    graph: Graph,
    gate: Gate,
    slot: int,
    inputs: Sequence[Value],
    out: Value,
    upstream: Value,
    wanted: Sequence[int],
    arithmetic: Arithmetic,
    error: Exception,
) -> MathError:
    """The local gradient of an edge is infinite, or there is none."""
    floats, value = [arithmetic.to_float(each) for each in inputs], arithmetic.to_float(out)
    locals_ = [IEEE.rule(gate.op).partial(each, floats, value) for each in range(len(floats))]
    local = locals_[slot]
    names = [graph.nodes[i].name for i in gate.inputs]
    rule = shorten(READING.text(gate.op.local(slot, gate.op.operands(names, slot), gate.name)))
    overflows = isinstance(error, OverflowError)
    what = "overflows" if overflows else "does not exist" if local != local else "is infinite"
    if what == "is infinite" and upstream == 0:
        what += ", and its upstream is 0 (0·∞ is undefined)"
    where, title = _where(graph, gate, inputs, arithmetic), graph.title(gate)
    message = f"∂{gate.name}/∂{names[slot]} = {rule} {what}{where}, in {title}"
    bad = [i for i, each in zip(gate.inputs, locals_, strict=True) if not math.isfinite(each)]
    others = _variables_not_below(graph, [gate.inputs[slot], *bad], wanted)
    hint = (
        f"--wrt {','.join(others)} takes the gradients that do not need it"
        if others
        else arithmetic.range_hint * overflows
    )
    return MathError(message, graph.source, gate.span, hint)


def _variables_not_below(graph: Graph, indices: Sequence[int], wanted: Sequence[int]) -> list[str]:
    """The variables that get a gradient and that none of these nodes depends on."""
    below = graph.nodes.below(indices)
    return [node.name for node in graph.variables if wanted[node.position] and not below[node.position]]


def chain_overflows(
    graph: Graph, gate: Gate, slot: int, upstream: Value, local: Value, arithmetic: Arithmetic
) -> MathError:
    """Upstream × local is beyond the range of the arithmetic."""
    name = graph.nodes[gate.inputs[slot]].name
    product = f"upstream × local = {arithmetic.show(upstream, DIGITS)} × {arithmetic.show(local, DIGITS)}"
    message = f"{product} overflows on the edge from {name} into {graph.title(gate)}"
    return MathError(message, graph.source, gate.span, arithmetic.range_hint)


def sum_overflows(graph: Graph, node: Node, arithmetic: Arithmetic) -> MathError:
    """The sum of what flows back into a node is beyond the range of the arithmetic."""
    message = f"the sum of the chained gradients of {node.name} overflows"
    return MathError(message, graph.source, node.span, arithmetic.range_hint)
