"""The validator of graphs: each way in which a list of nodes is no circuit has its own complaint."""

from typing import Any

import pytest

from backprop_cli.graph.graph import Constant, Gate, Graph, Nodes, Variable, validate
from backprop_cli.language.program import Program
from backprop_cli.rules.table import named

X, Y = Variable(0, "x", (0, 1)), Variable(1, "y", (2, 3))
ADD = Gate(2, "f", (0, 3), named("add"), (0, 1))
ONE = Constant(0, "1", (0, 1), "1")
SUM = Gate(2, "", (0, 3), named("add"), (0, 1))
TWO = Constant(1, "2", (0, 1), "2", body=(ONE,))


def two(*parts: Any) -> Constant:
    """A constant of parts that the types do not allow, but that a damaged file may hold."""
    return Constant(0, "1+y", (0, 3), body=parts)


BROKEN = {
    "at least one node": (),
    "does not come before it": (X, Y, ADD._replace(inputs=(0, 2))),
    "is not a use of add": (X, Y, ADD._replace(inputs=(0, 1, 1))),
    "the same name": (X, Y._replace(name="x"), ADD),
    "is not used": (X, Y, ADD._replace(name="q"), ADD._replace(position=3)),
    "in a group that does not exist": (X, Y, ADD._replace(group=0)),
    "node 1 has position 5": (two(ONE, TWO._replace(position=5), SUM),),
    "not made of numbers and gates alone": (two(ONE, Y, SUM),),
}


@pytest.mark.parametrize("complaint", BROKEN)
def test_what_is_no_circuit_is_refused(complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        validate(Graph("x+y", Nodes(BROKEN[complaint])))


@pytest.mark.parametrize("expression", ["x+y", "x", "1+2", "max(x, y, 2*pi)*x", "x1/x1"])
def test_what_is_compiled_is_a_circuit(expression: str) -> None:
    validate(Program(expression).graph())
