"""Graphs: each way in which a list of nodes is no circuit has its own complaint; where a gate stands in the text."""

import pytest

from backprop_cli import backprop
from backprop_cli.graph.graph import Constant, Gate, Graph, Nodes, Variable, validate
from backprop_cli.language.program import Program
from backprop_cli.rules.table import primitive

X, Y = Variable(0, "x", (0, 1)), Variable(1, "y", (2, 3))
ADD = Gate(2, "f", (0, 3), primitive("add"), (0, 1))
ONE = Constant(0, "1", (0, 1), "1")
SUM = Gate(2, "", (0, 3), primitive("add"), (0, 1))

BROKEN = {
    "at least one node": (),
    "does not come before it": (X, Y, ADD._replace(inputs=(0, 2))),
    "is not a use of add": (X, Y, ADD._replace(inputs=(0, 1, 1))),
    "the same name": (X, Y._replace(name="x"), ADD),
    "is not used": (X, Y, ADD._replace(name="q"), ADD._replace(position=3)),
    "in a group that does not exist": (X, Y, ADD._replace(group=0)),
    "not made of numbers and gates alone": (Constant(0, "1+y", (0, 3), body=Nodes([ONE, Y, SUM])),),
}


@pytest.mark.parametrize("complaint", BROKEN)
def test_what_is_no_circuit_is_refused(complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        validate(Graph("x+y", Nodes(BROKEN[complaint])))


@pytest.mark.parametrize("expression", ["x+y", "x", "1+2", "max(x, y, 2*pi)*x", "x1/x1"])
def test_what_is_compiled_is_a_circuit(expression: str) -> None:
    validate(Program(expression).graph())


SPANS = {
    "+2**y": ["2**y"],
    "-+2**y": ["2**y", "-+2**y"],
    "+(+x)**y*z": ["(+x)**y", "+(+x)**y*z"],
    "2**+3**y": ["3**y", "2**+3**y"],
    "x + +2**y": ["2**y", "x + +2**y"],
    "((+2))**y": ["((+2))**y"],
    "+x*y": ["+x*y"],
    "+sin(+x)**2": ["sin(+x)", "sin(+x)**2"],
    "+(x*y)": ["x*y"],
}
"""What each gate is, in the text. A power binds tighter than a sign before it, a product does not."""


@pytest.mark.parametrize("expression", SPANS)
def test_where_a_gate_stands(expression: str) -> None:
    assert [expression[slice(*gate.span)] for gate in Program(expression).graph().gates] == SPANS[expression]


def test_operations_come_in_order_of_first_use() -> None:
    """In a set they would come as their hashes fall, in each run another way: and so would what pages hold."""
    kinds = Program("sin(x)*y + sin(y) - exp(x)*cos(x) + sqrt(y)/2").graph().nodes.kinds
    assert [op.name for op in kinds] == "sin mul add exp cos sub sqrt div".split()


def test_a_trace_tells_what_it_is() -> None:
    trace = backprop("(x+y)*z", x=-2, y=5, z=-4)
    assert repr(trace) == "<Trace of '(x+y)*z': -12, gradient {x: -4, y: -4, z: 3}>"
    names = {f"x{i}": 1 for i in range(1_000)}
    assert len(repr(backprop("\n + ".join(names), names))) < 200
    assert len(repr(backprop("sin(x)**50/7", x="1/3", precision=5_000))) < 200
    assert len(repr(backprop("x", exact=True, x="+".join(f"sqrt({n})" for n in range(2, 99) if n % 4)))) < 200
