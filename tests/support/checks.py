"""What holds of any text, call and data of a graph; AssertionError where it does not."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from backprop_cli import BackpropError, backprop
from backprop_cli.cli import plain_call, remembered
from backprop_cli.graph.graph import Constant, Gate, Graph, Module, Node, validate
from backprop_cli.language.program import Program
from backprop_cli.rules.op import Op

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


def plain(graph: Graph) -> Any:
    """A graph as something that can be compared: modules, which are themselves alone, by what is inside."""

    def nodes(some: Iterable[Node]) -> list[Any]:
        return [*map(node, some)]

    def node(each: Node) -> Any:
        if isinstance(each, Gate):
            return each._replace(op=operation(each.op))
        return (each[:4], nodes(each.body or ())) if isinstance(each, Constant) else each

    def operation(op: Op) -> Any:
        return (op.name, op.inputs, op.size, op.depth, plain(op.graph)) if isinstance(op, Module) else op

    return graph.source, nodes(graph.nodes), graph[2:]


def comes_back(graph: Graph) -> Graph:
    """The graph, through data and text and back; AssertionError where it is another one then."""
    back = remembered.graph(graph.source, json.loads(json.dumps(remembered.data(graph))))
    assert plain(back) == plain(graph)
    return back
