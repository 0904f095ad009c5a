"""What went wrong in the mathematics, told as errors that name the node or the edge, its inputs and its rule."""

from __future__ import annotations

from collections.abc import Sequence

from .arithmetic import Arithmetic, Value
from .errors import MathError
from .formula import substitute, text, tidy
from .graph import Graph, Node

_LIST = 8  # names of a gate's inputs that a message shows


def number(value: Value, digits: int = 6) -> str:
    """A value as a message shows it."""
    return f"{value:.{digits}g}" if isinstance(value, float) else str(value)


def at(graph: Graph, gate: Node, inputs: Sequence[Value]) -> str:
    """`x = -1, q1 = 3`: the inputs of a gate and their values, but for numbers that stand there as written."""
    pairs = {
        node.name: value
        for node, value in zip((graph.nodes[i] for i in gate.inputs), inputs, strict=True)
        if node.name != number(value)
    }
    shown = [f"{name} = {number(value)}" for name, value in list(pairs.items())[:_LIST]]
    return ", ".join(shown + ["…"] * (len(pairs) > _LIST))


def _where(graph: Graph, gate: Node, inputs: Sequence[Value]) -> str:
    place = at(graph, gate, inputs)
    return f" at {place}" if place else ""


def _title(graph: Graph, node: Node) -> str:
    """`q2 = log(q1)`; a part of a constant goes by what is written."""
    if not graph.variables:
        return node.name
    return f"{node.name} = {graph.written(node)}"


def no_value(graph: Graph, gate: Node, inputs: Sequence[Value], arithmetic: Arithmetic, error: Exception) -> MathError:
    """The gate has no finite real value at these inputs; `error` is what its rule raised (OverflowError: too large)."""
    assert gate.op is not None
    where = _where(graph, gate, inputs)
    title = _title(graph, gate)
    needs = f"{gate.op.call} needs {gate.op.domain}" if gate.op.domain else ""
    if isinstance(error, ZeroDivisionError):
        message = f"division by zero in {title}{where}"
    elif isinstance(error, OverflowError):
        message = f"{title} overflows{where}"
        needs = "the largest double is about 1.8e308; --allow-nonfinite goes on with infinity"
    else:
        value = arithmetic.unchecked.rule(gate.op).value(*inputs)
        message = f"{title} has no {'real' if value != value else 'finite'} value{where}"
    return MathError(message, graph.source, gate.span, needs)


def too_large(graph: Graph, node: Node) -> MathError:
    """A literal is beyond the range of the arithmetic."""
    return MathError(
        f"the number {node.name} overflows", graph.source, node.span, "the largest double is about 1.8e308"
    )


def no_local(
    graph: Graph,
    gate: Node,
    slot: int,
    inputs: Sequence[Value],
    out: Value,
    upstream: Value,
    wanted: Sequence[bool],
    arithmetic: Arithmetic,
) -> MathError:
    """The local gradient of an edge is infinite, or there is none."""
    assert gate.op is not None
    partials = arithmetic.unchecked.rule(gate.op).partials
    locals_ = [
        partials[0](value, out) if gate.op.variadic else partials[each](*inputs, out)
        for each, value in enumerate(inputs)
    ]
    local = locals_[slot]
    names = [graph.nodes[i].name for i in gate.inputs]
    words = {gate.op.inputs[0]: names[slot]} if gate.op.variadic else dict(zip(gate.op.inputs, names, strict=True))
    rule = text(tidy(substitute(gate.op.partial(slot), words)))
    what = "does not exist" if local != local else "is infinite"
    if local == local and upstream == 0:
        what += ", and its upstream is 0 (0·∞ is undefined)"
    message = f"∂{gate.name}/∂{names[slot]} = {rule} {what}{_where(graph, gate, inputs)}, in {_title(graph, gate)}"
    bad = [i for i, value in zip(gate.inputs, locals_, strict=True) if not arithmetic.is_finite(value)]
    others = _variables_not_below(graph, bad, wanted)
    hint = f"--wrt {','.join(others)} takes the gradients that do not need it" if others else gate.op.note
    return MathError(message, graph.source, gate.span, hint)


def _variables_not_below(graph: Graph, indices: Sequence[int], wanted: Sequence[bool]) -> list[str]:
    """The variables that get a gradient and that none of these nodes depends on."""
    below = set(indices)
    for node in reversed(graph.nodes):
        if node.position in below:
            below.update(node.inputs)
    return [node.name for node in graph.variables if wanted[node.position] and node.position not in below]


def chain_overflows(graph: Graph, gate: Node, slot: int, upstream: Value, local: Value) -> MathError:
    """Upstream × local is beyond the range of the arithmetic."""
    name = graph.nodes[gate.inputs[slot]].name
    product = f"upstream × local = {number(upstream)} × {number(local)}"
    message = f"{product} overflows on the edge from {name} into {_title(graph, gate)}"
    return MathError(message, graph.source, gate.span)


def sum_overflows(graph: Graph, node: Node) -> MathError:
    """The sum of what flows back into a node is beyond the range of the arithmetic."""
    return MathError(f"the sum of the chained gradients of {node.name} overflows", graph.source, node.span)
