"""SymPy tree → graph: one gate for each operation as written, names shared, constants folded. Loops, no recursion."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, NamedTuple

from .errors import Span
from .graph import Graph, Node, label
from .ops import CONSTANTS, Op
from .syntax import collector_paused, parse
from .tokens import Token

if TYPE_CHECKING:
    from .tree import Tree


class _Flat(NamedTuple):
    """A tree node in post-order. `children` are positions; the subtree is `first..here`; `reach` is a token range."""

    op: Op | None
    children: tuple[int, ...]
    first: int
    reach: Span
    token: int


def compile_expression(source: str, variables: Collection[str] = ()) -> Graph:
    """The graph of an expression. `variables`: names that are variables even where they spell a constant (`e`, `pi`).

    Raises InputError, with the place, for anything that is not a well-formed expression within the limits.
    """
    with collector_paused():
        tokens, tree = parse(source, variables)
        flat = _flatten(tokens, tree)
        constant = _constant_parts(tokens, flat)
        return _Builder(source, tokens, flat, constant).run()


def _flatten(tokens: list[Token], tree: Tree) -> list[_Flat]:
    matches = _matching_parentheses(tokens)
    flat: list[_Flat] = []
    done: list[int] = []  # positions of finished subtrees that wait for their parent
    stack: list[tuple[Any, bool]] = [(tree, False)]
    while stack:
        node, visited = stack.pop()
        if node.args and not visited:
            stack.append((node, True))
            stack.extend((child, False) for child in reversed(node.args))
            continue
        count = len(node.args)
        children = tuple(done[len(done) - count :])
        del done[len(done) - count :]
        first = flat[children[0]].first if children else len(flat)
        reach = _reach(tokens, matches, [flat[child].reach for child in children], node.token)
        done.append(len(flat))
        flat.append(_Flat(node.op, children, first, reach, node.token))
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


def _reach(tokens: list[Token], matches: dict[int, int], children: list[Span], token: int) -> Span:
    """First and last token of a node, without parentheses around the whole of it."""
    if token >= 0:
        return (token, matches[token + 1] if tokens[token].kind == "call" else token)
    wrapped = [_wrapped(tokens, matches, child) for child in children]
    if len(wrapped) == 1:
        return (wrapped[0][0] - 1, wrapped[0][1])  # the minus sign before its operand
    return (wrapped[0][0], wrapped[-1][1])


def _wrapped(tokens: list[Token], matches: dict[int, int], reach: Span) -> Span:
    """An operand with the parentheses and plus signs that belong to it."""
    first, last = reach
    while first > 0:
        before = tokens[first - 1]
        if before.kind == "unary" and before.text == "+":
            first -= 1
        elif matches.get(first - 1) == last + 1 and (first < 2 or tokens[first - 2].kind != "call"):
            first, last = first - 1, last + 1
        else:
            break
    return first, last


def _constant_parts(tokens: list[Token], flat: list[_Flat]) -> list[bool]:
    """For each position: is everything below it a number or a named constant?"""
    constant: list[bool] = []
    for part in flat:
        if part.op is None:
            constant.append(tokens[part.token].kind != "variable")
        else:
            constant.append(all(constant[child] for child in part.children))
    return constant


class _Builder:
    def __init__(self, source: str, tokens: list[Token], flat: list[_Flat], constant: list[bool]) -> None:
        self.source = source
        self.tokens = tokens
        self.flat = flat
        self.constant = constant
        self.nodes: list[Node] = []
        self.variables: dict[str, int] = {}

    def run(self) -> Graph:
        taken = {token.text for token in self.tokens if token.kind == "variable"}
        place: dict[int, int] = {}  # position in the flat tree → index of its node
        last = len(self.flat) - 1
        gates = 0
        inside = self._inside_constants()
        for position, part in enumerate(self.flat):
            if inside[position]:
                continue
            if self.constant[position]:
                place[position] = self.add(self.folded(position))
            elif part.op is None:
                place[position] = self.variable(part)
            else:
                name = "f" if position == last and "f" not in taken else ""
                while not name:
                    gates += 1
                    name = f"q{gates}" if f"q{gates}" not in taken else ""
                inputs = tuple(place.pop(child) for child in part.children)
                place[position] = self.add(Node(0, name, self.span(part), part.op, inputs))
        constants = dict.fromkeys(token.text for token in self.tokens if token.kind == "constant")
        return Graph(self.source, tuple(self.nodes), tuple(constants))

    def _inside_constants(self) -> list[bool]:
        """For each position: does it belong to a larger constant part?"""
        inside = [False] * len(self.flat)
        for position, part in enumerate(self.flat):
            for child in part.children:
                inside[child] = self.constant[position]
        return inside

    def add(self, node: Node) -> int:
        self.nodes.append(node._replace(position=len(self.nodes)))
        return len(self.nodes) - 1

    def variable(self, part: _Flat) -> int:
        name = self.tokens[part.token].text
        if name not in self.variables:
            self.variables[name] = self.add(Node(0, name, self.span(part)))
        return self.variables[name]

    def folded(self, position: int) -> Node:
        """A constant part as one node: a literal, or a small graph of its own."""
        first = self.flat[position].first
        body: list[Node] = []
        for part in self.flat[first : position + 1]:
            span = self.span(part)
            if part.op is None:
                token = self.tokens[part.token]
                body.append(Node(len(body), token.text, span, literal=CONSTANTS.get(token.text, token.text)))
            else:
                inputs = tuple(child - first for child in part.children)
                body.append(Node(len(body), "", span, part.op, inputs))
        if len(body) == 1:
            return body[0]
        return Node(0, label(self.source, body[-1].span), body[-1].span, body=tuple(body))

    def span(self, part: _Flat) -> Span:
        first, last = part.reach
        return self.tokens[first].span[0], self.tokens[last].span[1]
