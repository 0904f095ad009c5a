"""The texts of a derivation: what is derived, ∂f/∂x as formulas, and the gates that these speak of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ..graph.graph import Graph, partial
from ..rules.printer import BY_HAND
from .texts import program, short, written

if TYPE_CHECKING:
    from ..passes.exact import Derivation
    from ..passes.matrices import Matrices
    from ..rules.formula import Formula


def derived(graph: Graph) -> list[str]:
    """What is derived: a program as written, or `f = ` an expression."""
    return program(graph) or [f"{graph.output.name} = {short(graph.source)}"]


def derivatives(derivation: Derivation, digits: int | None = None) -> Iterator[tuple[str, str, str]]:
    """For each variable ∂f/∂x, that over the names of the program, if there is such a form, and in closed form.

    digits: of a closed form that is a number.
    """
    trace = derivation.trace
    for name, simplified in derivation.simplified.items():
        named = derivation.named[name]
        by_hand, closed = "" if named is None else BY_HAND.text(named), trace.arithmetic.exactly(simplified)
        if _bare(by_hand) == _bare(closed):
            by_hand = ""
        if decimals := derivation.decimals(name, digits):
            closed += f" ≈ {decimals}"
        yield partial(trace.graph.output.name, name), by_hand, closed


def _bare(formula: str) -> str:
    """A formula, whatever way it is written."""
    return formula.replace(" ", "").replace("·", "*").replace("−", "-").replace("**", "^").strip("()")


def matrix_formulas(matrices: Matrices) -> Iterator[tuple[str, str, str]]:
    """For each variable, and before it for each gate that is asked for, ∂f/∂x as `derivatives` has it."""
    output = matrices.graph.output.name
    for word, name, formula in matrices.stages:
        yield f"{word} = {partial(output, name)}", BY_HAND.text(formula), ""
    staged = {name for _, name, _ in matrices.stages}
    for name, formula in matrices.flows.items() if matrices.steps else ():
        if name not in staged:
            yield partial(output, name), BY_HAND.text(formula), ""
    for name, formula in matrices.named.items():
        closed = matrices.closed.get(name)
        yield partial(output, name), BY_HAND.text(formula), "" if closed is None else BY_HAND.text(closed)


def meant(graph: Graph, formulas: Iterable[Formula | None]) -> list[str]:
    """The gates that formulas over names speak of, and that have their names from the program: `q1 = w * x`."""
    known = {name for name, _ in graph.stages} | {graph.output.name}
    words = {word for each in formulas if each is not None for word in each.words}
    lines: list[str] = []
    for gate in graph.gates_backward:
        if gate.name in words - known:
            lines.append(f"{gate.name} = {written(graph, gate)}")
            words |= {graph.nodes[i].name for i in gate.inputs}
    return lines[::-1]
