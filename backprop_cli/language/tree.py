"""The SymPy side of parsing: our own `sympy.Expr` subclasses, whose constructors do not evaluate.

This module imports SymPy; import it where an expression is parsed, not at the top of a module.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from sympy import Expr
from sympy.parsing.sympy_parser import parse_expr

from ..rules.arrays import row
from ..rules.op import Op
from ..rules.table import primitive


def _builds(table: Callable[[str], Op], name: str) -> Callable[..., Tree]:
    """An operator that makes a gate of its operands."""
    return lambda *operands: gate(table(name), *operands)


class Tree(Expr):  # type: ignore[misc]
    """A node of the parsed expression. `token` is the index of the token that it stands for, −1 for an operator.

    The operators build gates. They must not end in SymPy's own classes, which sort, flatten and simplify.
    """

    __slots__ = ("token",)
    op: Op | None = None
    stands_twice = False
    """Whether it only holds a tree that stands in two places, as the middle of `0 < x < 1`."""

    __add__, __sub__, __mul__, __truediv__ = (_builds(primitive, name) for name in ("add", "sub", "mul", "div"))
    __mod__, __pow__, __neg__ = (_builds(primitive, name) for name in ("mod", "pow", "neg"))
    __matmul__ = _builds(row, "matmul")


@lru_cache(maxsize=1_000)  # modules come and go
def gate_class(op: Op) -> type[Tree]:
    """The subclass for one operation. Its name is not one of SymPy's, because SymPy's printers dispatch on names."""
    return type(f"Gate_{op.name}", (Tree,), {"op": op, "__slots__": ()})


def gate(op: Op, *args: Tree, token: int = -1) -> Tree:
    """A gate over `args`, exactly as given.

    token: the number of its token
    """
    tree: Tree = Expr.__new__(gate_class(op), *args)
    tree.token = token
    return tree


def leaf(token: int) -> Tree:
    """The number, constant or variable of that token."""
    tree: Tree = Expr.__new__(Tree)
    tree.token = token
    return tree


def call(op: Op, token: int) -> Callable[..., Tree]:
    """What a function's placeholder stands for: called with its inputs, it gives the gate."""
    return lambda *args: gate(op, *args, token=token)


class Twice(Tree):
    """A tree that stands in two places. `token` is its position in the flat list, once it has one."""

    __slots__ = ()
    stands_twice = True


def twice(tree: Tree) -> Tree:
    """The tree, to be put in two places."""
    shared: Tree = Expr.__new__(Twice, tree)
    shared.token = -1
    return shared


def cases(op: Op, last: Op, token: int) -> Callable[..., Tree]:
    """What the placeholder of a function of cases (value, condition) stands for: choices inside each other.

    token: the number of its token
    op: a choice
    last: one without an otherwise, where the last input is a condition
    """

    def choices(*args: Tree) -> Tree:
        pairs, [*otherwise] = args[: len(args) // 2 * 2], args[len(args) // 2 * 2 :]
        for start in range(len(pairs) - 2, -1, -2):
            otherwise = [gate(op if otherwise else last, *pairs[start : start + 2], *otherwise, token=token)]
        return otherwise[0]

    return choices


def parse(placeholders: str, names: dict[str, Any]) -> Any:
    """The tree of a piece of placeholder text (`v0 + f2(v3)`), by SymPy's parser, with our names and nothing else.

    Commas make a tuple of trees.
    """
    return parse_expr(placeholders, local_dict=names, global_dict={"__builtins__": {}}, transformations=())
