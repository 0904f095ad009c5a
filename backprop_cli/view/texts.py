"""The texts of a trace: its gates, edges and gradients, as tables, pictures and explanations have them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import NamedTuple, TypeVar

from ..arithmetic import Value
from ..errors import printable
from ..graph.graph import Gate, Graph, Node, partial
from ..passes.trace import Edge, Trace
from ..rules.printer import READING

Item = TypeVar("Item")
NONE = "–"
"""What stands where there is no gradient: a constant, or a variable that was not asked for."""
RULED = "·"
"""What stands where the local gradient is an array of four indices that a rule applies and nobody prints."""

_LONGEST = 120  # characters of an operation, a rule or a constant that a cell shows
_LONGEST_NAME = 128  # and of a name: all that an expression may have
_LONGEST_TITLE = 2_000
_MATRIX = 400  # entries of a matrix that a table shows
_LINES = 50  # of a program that a title shows


class EdgeTexts(NamedTuple):
    """One edge: the input, the local gradient, what flows back along it, the rule of the local gradient, and the shape
    of the input, empty where nothing has one.
    """

    input: str
    local: str
    chained: str
    rule: str
    shape: str = ""
    held: tuple[str, str] = ("", "")


class GateTexts(NamedTuple):
    """One gate, and its edges. opened: the calls whose gates begin here, outermost first; depth: the groups around."""

    name: str
    operation: str
    value: str
    upstream: str
    edges: list[EdgeTexts]
    opened: list[str]
    depth: int
    shape: str = ""
    held: tuple[str, str] = ("", "")


class VariableTexts(NamedTuple):
    """One variable and its gradient; `tells` is what that gradient says: `x + h → f − 4h`.

    component: gradient times uncertainty; share: of that in the uncertainty of the output.
    """

    name: str
    value: str
    gradient: str
    tells: str
    shape: str = ""
    component: str = ""
    share: str = ""
    held: str = ""


HEADS = {
    "name": "variable",
    "shape": "shape",
    "value": "value",
    "gradient": "gradient",
    "component": "gradient·σ",
    "share": "of σ²",
    "held": "digits",
    "tells": "tells",
}
"""What stands above the texts of variables."""


def fields(trace: Trace) -> dict[str, str]:
    """The texts of variables that a table has, in order, each with what stands above it."""
    left_out = {"tells"} if trace.has_axes else {"shape"}
    if trace.uncertainty is None:
        left_out |= {"component", "share"}
    if trace.held is None:
        left_out |= {"held"}
    heads = {**HEADS, "value": "box"} if has_boxes(trace) else HEADS
    return {field: head for field, head in heads.items() if field not in left_out}


def number(trace: Trace, value: Value | None, digits: int | None) -> str:
    """A value to `digits` significant digits (None: as many as its arithmetic shows); a dash where there is none."""
    return NONE if value is None else trace.arithmetic.show(value, digits or trace.arithmetic.digits)


def uncertain(trace: Trace, value: Value, sigma: Value, digits: int | None) -> str:
    """A value and its uncertainty. digits: of the uncertainty (None: as many as it deserves).

    sigma: the standard uncertainty, from 0
    """
    from .rounding import rounded

    return rounded(trace.arithmetic, value, sigma, digits)


def valued(trace: Trace, node: Node, digits: int | None) -> str:
    """The value of a node, with its uncertainty, if it is the output or a variable that has one."""
    found, value = trace.uncertainty, trace.values[node.position]
    sigma = None if found is None else found.sigma if node == trace.graph.output else found.sigmas.get(node.name)
    return number(trace, value, digits) if sigma is None else uncertain(trace, value, sigma, None)


class Gap(NamedTuple):
    """So many are left out here."""

    left_out: int
    what: str


def ends(items: Iterable[Item], count: int, limit: int | None, what: str) -> Iterator[Item | Gap]:
    """All items; of too many, the first and the last ones, and a Gap between them.

    items: in order;
    count: how many there are;
    limit: how many are shown at most, None for all;
    what: they are, for the Gap.
    """
    half = count if limit is None or count <= limit else limit // 2
    for place, item in enumerate(items):
        if not half <= place < count - half:
            yield item
        elif place == half:
            yield Gap(count - 2 * half, what)


def short(words: str, limit: int = _LONGEST) -> str:
    """`words` on one line, with `…` for what is beyond `limit` characters."""
    line = printable(" ".join(words.split()))
    return line if len(line) <= limit else line[: limit - 1] + "…"


def program(graph: Graph) -> list[str]:
    """The lines of a program, as written, except for what is beyond the first; empty for an expression alone."""
    if not graph.is_program:
        return []
    lines = [printable(line.rstrip().expandtabs(4))[:_LONGEST_TITLE] for line in graph.source.strip().splitlines()]
    return [*lines[:_LINES], "…"] if len(lines) > _LINES else lines


def has_boxes(trace: Trace) -> bool:
    """Whether a variable is a box that is not one number."""
    return trace.arithmetic.of_boxes and not all(each.is_thin for each in trace.point.values())


def title(trace: Trace, digits: int | None) -> str:
    """The expression, as written, or the name of a program's output; with its value."""
    graph = trace.graph
    found, name = trace.uncertainty, graph.output.name if graph.is_program else short(graph.source, _LONGEST_TITLE)
    value = number(trace, trace.value, digits) if found is None else uncertain(trace, trace.value, found.sigma, digits)
    if trace.arithmetic.of_boxes and value.startswith("["):
        return f"{name} lies in {value}"
    return f"{name} {value if value.startswith('≈ ') else f'= {value}'}"


def constants(trace: Trace, digits: int | None) -> str:
    """The names that were read as constants, with their values; empty where there are none."""
    named = ", ".join(f"{name} = {number(trace, value, digits)}" for name, value in trace.constants.items())
    return f"constants: {named}" if named else ""


def gates(trace: Trace, digits: int | None) -> Iterator[GateTexts]:
    """The gates in forward order."""
    groups = trace.graph.groups
    before: list[int] = []
    for gate in trace.graph.gates:
        around = trace.graph.around(gate)
        opened = [
            f"{'  ' * i}{short(f'{groups[each].name} = {groups[each].call}')}:"
            for i, each in enumerate(around)
            if each not in before
        ]
        before = around
        edges = [_edge(trace, edge, digits) for edge in trace.edges_of(gate)]
        value, upstream = (number(trace, each[gate.position], digits) for each in (trace.values, trace.upstream))
        operation, axes = short(written(trace.graph, gate)), shape(trace, gate)
        digits_held = _held(trace.held and (trace.held.values[gate.position], trace.held.upstream[gate.position]))
        yield GateTexts(gate.name, operation, value, upstream, edges, opened, len(around), axes, digits_held)


def written(graph: Graph, gate: Gate) -> str:
    """The operation over the names of its inputs; of very many inputs only the first are named."""
    names = [short(graph.nodes[i].name, _LONGEST_NAME) for i in gate.inputs[:_LONGEST]]
    return gate.op.written(names)


def _edge(trace: Trace, edge: Edge, digits: int | None) -> EdgeTexts:
    local = RULED if trace.is_pullback(edge) else number(trace, edge.local, digits)
    rule = "" if edge.chained is None else short(READING.text(trace.rule(edge)))
    return EdgeTexts(
        short(edge.input.name, _LONGEST_NAME),
        local,
        number(trace, edge.chained, digits),
        "; ".join(filter(None, ("" if rule.replace("−", "-") == local else rule, summed(trace, edge)))),
        shape(trace, edge.input),
        _held(trace.held and trace.held.edges[edge.gate.position, edge.slot]),
    )


def _held(digits: tuple[int | None, int | None] | None) -> tuple[str, str]:
    """How many digits hold of two numbers; empty where nobody asks, or where there is no number."""
    one, two = ("" if each is None else str(each) for each in digits or (None, None))
    return one, two


def shape(trace: Trace, node: Node) -> str:
    """`5×10`: the lengths of a node's axes; of a number among arrays, a dash; empty where nothing has an axis."""
    if not trace.has_axes:
        return ""
    return "×".join(map(str, trace.arithmetic.shape(trace.values[node.position]))) or NONE


def summed(trace: Trace, edge: Edge) -> str:
    """Over which axes what flows back is summed, because the input was broadcast along them; empty where over none."""
    if not trace.has_axes or edge.chained is None or edge.gate.op.of_arrays:
        return ""
    whole, part = (trace.arithmetic.shape(trace.values[node.position]) for node in (edge.gate, edge.input))
    axes = [*map(str, broadcast_axes(whole, part))]
    if not axes:
        return ""
    names = {node.name: shape(trace, node) for node in (edge.input, edge.gate)}
    shapes = ", ".join(f"{short(name)} is {'a number' if text == NONE else text}" for name, text in names.items())
    return f"summed over ax{'e' if len(axes) > 1 else 'i'}s {' and '.join(axes)} ({shapes})"


def broadcast_axes(whole: Sequence[int], part: Sequence[int]) -> list[int]:
    """The axes along which an input of that shape was broadcast."""
    extra = len(whole) - len(part)
    return [i for i, length in enumerate(whole) if i < extra or part[i - extra] != length]


def matrices(trace: Trace, digits: int | None) -> Iterator[list[tuple[str, ...]]]:
    """The second derivatives; or for each variable the matrix of every output by every entry, if these are asked for.

    Each is rows, the first of which names the columns.
    """
    if second := trace.hessian:
        rows = [(name, *(number(trace, each, digits) for each in columns.values())) for name, columns in second.items()]
        yield [("∂²/∂∂", *second), *rows]
    for name, matrix in (trace.jacobian or {}).items():
        if matrix.size > _MATRIX:
            yield [(partial(trace.graph.output.name, name), number(trace, matrix, digits))]
            continue
        outputs = entries(trace.graph.output.name, trace.arithmetic.shape(trace.value))
        columns = entries(name, trace.arithmetic.shape(trace.point[name]))
        numbers = ([number(trace, each, digits) for each in row] for row in matrix.tolist())
        lines = [(output, *line) for output, line in zip(outputs, numbers, strict=True)]
        yield [("∂/∂", *columns), *lines]


def entries(name: str, shape: tuple[int, ...]) -> list[str]:
    """The entries of an array, as they are typed: `W[0, 1]`."""
    places = product(*map(range, shape))
    return [f"{name}[{', '.join(map(str, place))}]" if place else name for place in places]


def entry(name: str, shape: tuple[int, ...], number: int) -> str:
    """One of these, by its number.

    number: from 0, in the order of the axes
    """
    places: list[int] = []
    for length in reversed(shape):
        number, place = divmod(number, length)
        places.insert(0, place)
    return f"{name}{places}" if shape else name


def variables(trace: Trace, digits: int | None) -> Iterator[VariableTexts]:
    """The variables that have a gradient, in order of first use."""
    output, h = trace.graph.output.name, step(trace)
    places = {node.name: node.position for node in trace.graph.variables}
    for name, gradient in trace.gradient.items():
        shown = number(trace, gradient, digits)
        if trace.has_axes:
            node = next(node for node in trace.graph.variables if node.name == name)
            yield VariableTexts(name, number(trace, trace.point[name], digits), shown, "", shape(trace, node))
            continue
        if trace.arithmetic.of_boxes:
            yield _box(trace, name, digits, h)
            continue
        falls = trace.arithmetic.to_float(gradient) < 0
        tells = output if shown == "0" else f"{output} {'−' if falls else '+'} {multiple(trace, gradient, digits, h)}"
        value = number(trace, trace.point[name], digits)
        held = _held(trace.held and (None, trace.held.upstream[places[name]]))[1]
        each = VariableTexts(name, value, shown, f"{name} + {h} → {tells}", held=held)
        yield _uncertain(trace, each, digits)


def _uncertain(trace: Trace, texts: VariableTexts, digits: int | None) -> VariableTexts:
    """The texts of a variable, with those of its uncertainty, if it has one."""
    found, name = trace.uncertainty, texts.name
    if found is None or name not in found.sigmas:
        return texts
    value = uncertain(trace, trace.point[name], found.sigmas[name], digits)
    share = percentage(trace, found.shares[name]) if name in found.shares else NONE
    return texts._replace(value=value, component=number(trace, found.components[name], digits), share=share)


def percentage(trace: Trace, share: Value) -> str:
    """A part of the whole, as a percentage; where others take away nearly all of it, it is as large as you like."""
    percents = 100 * trace.arithmetic.to_float(share)
    return f"{percents:.1f} %" if 0.1 <= abs(percents) < 1e6 or not percents else f"{percents:.1g} %"


def _box(trace: Trace, name: str, digits: int | None, h: str) -> VariableTexts:
    """A variable that is a box, or may be."""
    from ..arithmetic.boxes import Boxes
    from .words.languages.english import TEMPLATES

    system, output, box, gradient = trace.arithmetic, trace.graph.output.name, trace.point[name], trace.gradient[name]
    assert isinstance(system, Boxes)
    shown = number(trace, gradient, digits)
    value = system.typed(box, digits or 0)
    if not box.is_thin:
        trend = TEMPLATES[f"trend {(trace.monotone or {}).get(name)}"]
        return VariableTexts(name, value, shown, trend.format(output, name))
    tells = f"({shown})·{h}" if shown.startswith("[") and not gradient.is_thin else ""
    if gradient.is_thin:
        rough = f"{abs(system.to_float(gradient)):.6g}"
        tells = {"0": "", "1": h}.get(rough, f"{rough}{h}" if rough.isdigit() else f"{rough}·{h}")
    sign = "" if not tells else " − " if system.to_float(gradient) < 0 and gradient.is_thin else " + "
    return VariableTexts(name, value, shown, f"{name} + {h} → {output}{sign}{tells}")


def step(trace: Trace) -> str:
    """What a small step is called: h, or a letter that no node has."""
    taken = {node.name for node in trace.graph.nodes}
    return next(letter for letter in ("h", "δ", "ε", "Δ", "h_") if letter not in taken)


def multiple(trace: Trace, value: Value, digits: int | None, h: str) -> str:
    """The size of a gradient times a small step: `4h`, `1e-07·h`, `(1 + sqrt(2))·h`.

    value: the gradient;
    digits: how many of it are shown;
    h: what the step is called.
    """
    with trace.arithmetic.working():
        size = number(trace, -value if trace.arithmetic.to_float(value) < 0 else value, digits)
    if size == "1":
        return h
    return f"{size}{h}" if size.replace(".", "").isdigit() else f"({size})·{h}" if " " in size else f"{size}·{h}"
