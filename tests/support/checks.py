"""What holds of any text, call and data of a graph; AssertionError where it does not."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from backprop_cli import BackpropError, backprop
from backprop_cli.cli import plain_call, remembered
from backprop_cli.graph.graph import Graph, validate
from backprop_cli.language.program import Program
from backprop_cli.passes.settings import Settings, compute

from .command import Result, run, streams
from .hostile import check_error

# -- A text --------------------------------------------------------------------------------------------------------


def check_text(text: str) -> bool:
    """Whether it compiled; AssertionError if it did neither that nor fail as it should."""
    try:
        graph = Program(text).graph()
    except BackpropError as error:
        check_error(error, text)
        return False
    validate(graph)
    assert graph.source == text
    for node in graph.nodes:
        start, end = node.span
        assert 0 <= start < end <= len(text)
    return True


def check_at_a_point(text: str) -> None:
    try:
        backprop(text, {node.name: 1.5 for node in Program(text).graph().variables})
    except BackpropError as error:
        check_error(error, text)


# -- A call --------------------------------------------------------------------------------------------------------


def by_quick(words: Sequence[str], stdin: bytes = b"") -> Result | None:
    with streams(stdin) as (out, err):
        status = plain_call.run(words)
    if status is None:
        assert (out.getvalue(), err.getvalue()) == (b"", b"")  # of what it declines it has done nothing
        return None
    return Result(status, out.getvalue().decode(), err.getvalue().decode())


def check_call(words: Sequence[str], stdin: bytes = b"") -> bool:
    """Whether it is a plain call; which says the same in both ways."""
    quickly = by_quick(words, stdin)
    if quickly is not None:
        assert quickly == run(*words, stdin=stdin)
    return quickly is not None


# -- Data of a graph -----------------------------------------------------------------------------------------------


def described(source: str, given: Iterable[str] = ()) -> Any:
    """The data of a program's graph, through text and back."""
    program = Program(source)
    return json.loads(json.dumps(remembered.data(program.graph([*given]), program.statements)))


def read(source: str, data: Any) -> Graph | None:
    """The graph; None where the data are refused, by whichever error."""
    try:
        return remembered.graph(source, json.loads(json.dumps(data)), [])
    except Exception:
        return None


def result(graph: Graph) -> Any:
    """What a graph comes to at some point."""
    values = {node.name: f"{0.5 + 0.125 * i}" for i, node in enumerate(sorted(graph.variables, key=lambda n: n.name))}
    try:
        trace = compute(graph, values, Settings())
    except BackpropError as error:
        return type(error)
    return trace.value, dict(sorted(trace.gradient.items()))


def check_result(source: str, data: Any) -> bool:
    """Whether the data give a graph, which then is one of the same result."""
    graph = read(source, data)
    if graph is not None:
        validate(graph)
        assert result(graph) == result(Program(source).graph())
    return graph is not None
