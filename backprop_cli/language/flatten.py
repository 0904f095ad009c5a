"""SymPy tree → a list in post-order, with the place of each part in the source. Loops, no recursion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import Span
from ..rules.op import Op
from ..rules.table import primitive
from .token import Token

if TYPE_CHECKING:
    from .tree import Tree


class Flat(NamedTuple):
    """A node of the tree, in post-order.

    children: their positions in the list
    first: where its subtree begins, which ends with the node itself
    reach: its first and its last token
    token: the token of a leaf or a call, −1 for an operator
    """

    op: Op | None
    children: tuple[int, ...]
    first: int
    reach: Span
    token: int


def flatten(tokens: list[Token], tree: Tree) -> list[Flat]:
    """The parts of the tree, each behind its children."""
    matches = _matching_parentheses(tokens)
    flat: list[Flat] = []
    done: list[int] = []  # positions of finished subtrees that wait for their parent
    stack: list[tuple[Any, bool]] = [(tree, False)]
    while stack:
        node, visited = stack.pop()
        args = node.args
        if not args:
            done.append(len(flat))
            flat.append(Flat(None, (), len(flat), (node.token, node.token), node.token))
            continue
        if node.stands_twice:
            if visited:
                node.token = done[-1]
            elif node.token >= 0:
                done.append(node.token)
            else:
                stack += [(node, True), (args[0], False)]
            continue
        if not visited:
            stack.append((node, True))
            stack.extend([(child, False) for child in reversed(args)])
            continue
        children = tuple(done[-len(args) :])
        del done[-len(args) :]
        first = flat[children[0]].first
        reach = _reach(tokens, matches, [flat[child].reach for child in children], node)
        done.append(len(flat))
        flat.append(Flat(node.op, children, first, reach, node.token))
    return flat


def _matching_parentheses(tokens: list[Token]) -> dict[int, int]:
    matches: dict[int, int] = {}
    opened: list[int] = []
    for index, token in enumerate(tokens):
        if token.kind == "(":
            opened.append(index)
        elif token.kind == ")":
            matches[opened.pop()] = index
    return matches


def _reach(tokens: list[Token], matches: dict[int, int], children: list[Span], node: Tree) -> Span:
    """First and last token of a gate, without parentheses around the whole of it."""
    if node.token >= 0:
        return node.token, matches[node.token + 1]  # a call
    binds_tighter = node.op is primitive("pow")  # than a sign: +2**y is +(2**y)
    first, last = _wrapped(tokens, matches, children[0], signs=not binds_tighter)
    if len(children) == 1:
        return first - 1, last  # the minus sign before its operand
    return first, _wrapped(tokens, matches, children[-1])[1]


def _wrapped(tokens: list[Token], matches: dict[int, int], reach: Span, *, signs: bool = True) -> Span:
    """An operand with the parentheses that belong to it, and the plus signs; without `signs`, only those in them."""
    first, last = reach
    outermost = first
    while first > 0:
        before = tokens[first - 1]
        if before.kind == "unary" and before.text == "+":
            first -= 1
        elif matches.get(first - 1) == last + 1 and (first < 2 or tokens[first - 2].kind != "call"):
            outermost = first = first - 1
            last += 1
        else:
            break
    return first if signs else outermost, last


def constant_parts(tokens: list[Token], flat: list[Flat]) -> list[bool]:
    """For each position: is everything below it a number or a named constant, without a choice?"""
    constant: list[bool] = []
    for part in flat:
        if part.op is None:
            constant.append(tokens[part.token].kind != "variable")
        else:
            constant.append(not (part.op.truth or part.op.chooses) and all(constant[child] for child in part.children))
    return constant
