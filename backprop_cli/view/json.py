"""The JSON document: stable, exact, one node a line. `schemas/trace.json` describes it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..arithmetic import Value
from ..graph.graph import Node
from ..passes.trace import Edge, Trace
from ..rules.printer import TYPED
from . import Options

if TYPE_CHECKING:
    from ..passes.exact import Derivation
    from ..passes.matrices import Matrices
    from ..study.referee import Estimate, Review
    from ..study.sampled import Found, Tried

_BEYOND_ASCII = re.compile(r"[^\x00-\x7e]+")


def trace(trace: Trace, options: Options) -> str:
    """The trace as JSON."""
    return lines(document(trace), options)


def derivation(derivation: Derivation, options: Options) -> str:
    """A derivation as JSON: the document of a trace with formulas for numbers, and two more forms of the gradient."""
    trace = derivation.trace
    simplified = {name: trace.arithmetic.exactly(each) for name, each in derivation.simplified.items()}
    named = {name: None if each is None else TYPED.text(each) for name, each in derivation.named.items()}
    return lines({**head(trace), "named": named, "simplified": simplified, **document(trace)}, options)


def matrices(matrices: Matrices, options: Options) -> str:
    """Matrix formulas as JSON, each as it is typed; of a variable without a closed form, it is the one over names."""
    named = {name: TYPED.text(each) for name, each in matrices.named.items()}
    found = {
        "expression": matrices.graph.source.strip(),
        "output": matrices.graph.output.name,
        "shapes": {name: [*matrices.shapes[name]] for name in named},
        "gates": {name: TYPED.text(each) for name, each in matrices.gates.items()},
        "upstream": {name: TYPED.text(each) for name, each in matrices.flows.items()},
        "named": named,
        "gradient": named | {name: TYPED.text(each) for name, each in matrices.closed.items()},
    }
    return lines(found, options)


def review(review: Review, options: Options) -> str:
    """The methods' gradients as JSON; null where a method cannot run, with the reason."""
    trace = review.trace
    found = {
        "expression": trace.graph.source.strip(),
        **trace.arithmetic.header,
        "value": number(trace, trace.value),
        "point": _numbers(trace, trace.point),
        "agree": review.agree and review.compared,
        "proved": review.proved,
        "methods": {name: [_estimate(each) for each in estimates] for name, estimates in review.estimates.items()},
        "proven": {name: known.system.data(known.box) for name, known in review.proven.items()},
        "warnings": [notice._asdict() for notice in trace.warnings],
    }
    return lines(found, options)


def tried(tried: Tried, options: Options) -> str:
    """The boxes of gradients as JSON, and from where to where what each method found in them goes."""
    trace = tried.trace
    found = {
        "expression": trace.graph.source.strip(),
        "value": number(trace, trace.value),
        "point": _numbers(trace, trace.point),
        "points": tried.points,
        "agree": tried.agree and tried.compared,
        "gradient": _numbers(trace, trace.gradient),
        "methods": {name: [_found(each) for each in row] for name, row in tried.found.items()},
        "warnings": [notice._asdict() for notice in trace.warnings],
    }
    return lines(found, options)


def _found(each: Found) -> dict[str, Any]:
    ends = {"lowest": each.low, "highest": each.high} if each else {"lowest": None, "highest": None}
    return {"method": each.method, **ends, "agrees": each.agrees, "reason": each.reason or None}


def _estimate(each: Estimate) -> dict[str, Any]:
    return {
        "method": each.method,
        "gradient": each.exactly or each.value,
        "difference": each.difference,
        "digits": each.digits,
        "agrees": each.agrees,
        "reason": each.reason or None,
    }


def document(trace: Trace) -> dict[str, Any]:
    """The trace as plain data. Numbers are exact floats; infinities and NaN are strings."""
    hessian = trace.hessian
    return {
        **head(trace),
        **({} if hessian is None else {"hessian": {row: _numbers(trace, each) for row, each in hessian.items()}}),
        **({"jacobian": _numbers(trace, trace.jacobian)} if trace.jacobian is not None else {}),
        **groups(trace),
        "nodes": [node(trace, each) for each in trace.graph.nodes],
        "warnings": [notice._asdict() for notice in trace.warnings],
        **(_trusted(trace) if trace.held else {}),
    }


def _trusted(trace: Trace) -> dict[str, Any]:
    """The value and the gradient as they are proven to be, and how many digits of those in doubles hold."""
    held = trace.held
    assert held is not None
    places = {node.name: node.position for node in trace.graph.variables}
    digits = {"value": held.values[-1], "gradient": {name: held.upstream[places[name]] for name in trace.gradient}}
    right = {"value": number(held.right, held.right.value), "gradient": _numbers(held.right, held.right.gradient)}
    return {"held": digits, "right": right}


def head(trace: Trace) -> dict[str, Any]:
    """What was asked and what came out, without the nodes."""
    return {
        "expression": trace.graph.source.strip(),
        "output": trace.graph.output.name,
        "value": number(trace, trace.value),
        "point": _numbers(trace, trace.point),
        **trace.arithmetic.header,
        "constants": _numbers(trace, trace.constants),
        "gradient": _numbers(trace, trace.gradient),
        **({"monotone": trace.monotone} if trace.monotone else {}),
        **({"left_out": trace.left_out} if trace.left_out else {}),
        **_uncertainty(trace),
    }


def _uncertainty(trace: Trace) -> dict[str, Any]:
    """What the uncertainties of variables make of the output, if any has one."""
    found = trace.uncertainty
    if found is None:
        return {}
    correlations: dict[str, dict[str, Any]] = {}
    for (one, two), each in found.correlations.items():
        correlations.setdefault(one, {})[two] = number(trace, each)
    return {
        "uncertainty": number(trace, found.sigma),
        "sigmas": _numbers(trace, found.sigmas),
        "components": _numbers(trace, found.components),
        "shares": _numbers(trace, found.shares),
        **({"correlations": correlations} if correlations else {}),
    }


def groups(trace: Trace) -> dict[str, Any]:
    """The calls that --expand opened, if there are any."""
    found = [
        {"name": each.name, "op": each.module, "expression": each.call, "group": index(each.parent)}
        for each in trace.graph.groups
    ]
    return {"groups": found} if found else {}


def lines(document: dict[str, Any], options: Options) -> str:
    """A document as text: a line for each entry, and for each element of a list."""
    entries, ascii_only = [], options.ascii
    for key, entry in document.items():
        if isinstance(entry, list) and entry:
            inner = ",\n  ".join(dumped(each, ascii_only=ascii_only) for each in entry)
            entries.append(f'"{key}": [\n  {inner}]')
        else:
            entries.append(f'"{key}": {dumped(entry, ascii_only=ascii_only)}')
    return "{" + ",\n ".join(entries) + "}\n"


def dumped(data: object, *, ascii_only: bool = False) -> str:
    """Data as a line of JSON."""
    return escaped(json.dumps(data, ensure_ascii=ascii_only, allow_nan=False))


def escaped(text: str, *, ascii_only: bool = False) -> str:
    """JSON in one line, with an escape for each character that a terminal obeys or does not show, such as U+009B or a
    bidi mark. A carriage return can only stand between its parts, and is a space.
    """
    if text.isprintable() and (text.isascii() or not ascii_only):
        return text
    return _BEYOND_ASCII.sub(
        lambda run: "".join(c if c.isprintable() and not ascii_only else json.dumps(c)[1:-1] for c in run[0]),
        text.replace("\r", " "),
    )


def node(trace: Trace, node: Node) -> dict[str, Any]:
    """A node with its edges."""
    return {
        "name": node.name,
        "op": node.kind,
        "expression": trace.graph.written(node),
        "value": number(trace, trace.values[node.position]),
        "upstream": number(trace, trace.upstream[node.position]),
        **({"shape": [*trace.arithmetic.shape(trace.values[node.position])]} if trace.has_axes else {}),
        **({"group": index(node.group)} if trace.graph.groups else {}),
        **({"held": [trace.held.values[node.position], trace.held.upstream[node.position]]} if trace.held else {}),
        "inputs": [_edge(trace, edge) for edge in trace.edges_of(node)],
    }


def _edge(trace: Trace, edge: Edge) -> dict[str, Any]:
    """An edge: its local gradient, or the rule by which upstream becomes what flows back."""
    rule = {"pullback": TYPED.text(trace.rule(edge))} if trace.is_pullback(edge) else {}
    return {
        "name": edge.input.name,
        "local": number(trace, edge.local),
        **rule,
        "chained": number(trace, edge.chained),
        **({"held": [*trace.held.edges[edge.gate.position, edge.slot]]} if trace.held else {}),
    }


def index(group: int) -> int | None:
    """The place of a group in the document; null outside of all."""
    return group if group >= 0 else None


def _numbers(trace: Trace, values: Mapping[str, Value]) -> dict[str, Any]:
    return {name: number(trace, value) for name, value in values.items()}


def number(trace: Trace, value: Value | None) -> Any:
    """A number as JSON has it; null where there is none."""
    return None if value is None else trace.arithmetic.data(value)
