"""Tokens → SymPy tree. The user's text goes no further than `tokens.py`; SymPy is handed placeholders.

Python's parser, which SymPy's `parse_expr` calls, stops at some 200 nested parentheses and some 3,000 chained
operators. So it is handed pieces: a part that has grown large is parsed, and a placeholder takes its place.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial, reduce
from typing import TYPE_CHECKING, Any, NamedTuple

from ..rules.table import primitive, spellings
from .token import Token

if TYPE_CHECKING:
    from .tree import Tree

PIECE = 200  # placeholders and operators that are handed to the parser at once
PIECE_DEPTH = 20  # nested parentheses in one piece

_LOOSEST_FIRST = (("+", "-"), ("*", "/", "%", "@"))
_COMPARISONS = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}
_ROWS = [*_COMPARISONS.values(), "and", "or", "not", "if", "?:"]
_LOGIC = frozenset(("compared", "and", "or", "not", "if", "else", "?", ":"))


class Part(NamedTuple):
    """A piece of placeholder text: an operand with its size and nesting, or an operator (`kind` says which)."""

    text: str
    kind: str = "operand"
    size: int = 1
    depth: int = 0


def parse(expressions: Iterable[list[Token]]) -> Iterator[Tree]:
    """The tree of each expression. `Tree.token` is an index into the expression's own tokens."""
    from . import tree

    return _Assembler(tree).trees(expressions)


@contextmanager
def collector_paused() -> Iterator[None]:
    """Importing SymPy and building trees make much and free little: the collector only costs time there."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class _Assembler:
    def __init__(self, tree: Any) -> None:
        self.tree = tree
        self.names: dict[str, Any] = {}
        self.rows = spellings()

    def trees(self, expressions: Iterable[list[Token]]) -> Iterator[Tree]:
        """Short expressions go to the parser together."""
        waiting: list[Part] = []
        size = 0
        for tokens in expressions:
            waiting.append(self.whole(tokens))
            size += waiting[-1].size
            if size > PIECE:
                yield from self.parsed_together(waiting)
                waiting, size = [], 0
        yield from self.parsed_together(waiting)

    def parsed_together(self, parts: list[Part]) -> list[Tree]:
        if not parts:
            return []
        text = f"{', '.join(part.text for part in parts)},"
        trees: list[Tree] = [*self.tree.parse(text, self.names)]
        self.names.clear()
        return trees

    def whole(self, tokens: list[Token]) -> Part:
        """An expression as one operand."""
        groups: list[list[Part]] = [[]]  # the parts of each group that is still open
        calls: list[str] = []  # for each open parenthesis, the function before it
        function = ""
        for index, token in enumerate(tokens):
            match token.kind:
                case "number" | "constant" | "variable":
                    groups[-1].append(self.placeholder("v", self.tree.leaf(index)))
                case "call":
                    function = self.placeholder("f", self.called(token, index)).text
                case "(":
                    groups.append([])
                    calls.append(function)
                    function = ""
                case ")":
                    group = groups.pop()
                    groups[-1].append(self.enclose(calls.pop(), group))
                case "unary" if token.text == "+":
                    pass
                case _:
                    groups[-1].append(Part(token.text, token.kind))
        return self.shorten(groups[0])

    def called(self, token: Token, index: int) -> Any:
        op = token.op
        return self.tree.cases(*self.rows[op.name], index) if op and op.cases else self.tree.call(op, index)

    def placeholder(self, letter: str, meaning: Any) -> Part:
        name = f"{letter}{len(self.names)}"
        self.names[name] = meaning
        return Part(name)

    def enclose(self, function: str, group: list[Part]) -> Part:
        """A parenthesised group, or a function with its inputs, as one operand."""
        inputs: list[list[Part]] = [[]]
        for part in group:
            if part.kind == ",":
                inputs.append([])
            else:
                inputs[-1].append(part)
        parts = [self.shorten(each) for each in inputs]
        if not function:
            inner = parts[0]
            if inner.size == 1:
                return inner
            return self.bounded(Part(f"({inner.text})", "operand", inner.size, inner.depth + 1))
        return self.applied(function, parts)

    def applied(self, function: str, parts: list[Part]) -> Part:
        """The operation that a placeholder stands for, over operands."""
        if sum(part.size for part in parts) > PIECE:
            parts = [self.parsed(part) for part in parts]
        text = f"{function}({', '.join(part.text for part in parts)})"
        if len(parts) > PIECE:  # one call with very many inputs: too long for the parser, so it is made here
            trees = [self.names[self.parsed(part).text] for part in parts]
            return self.placeholder("t", self.names[function](*trees))
        size, depth = sum(part.size for part in parts) + 1, max(part.depth for part in parts) + 1
        return self.bounded(Part(text, "operand", size, depth))

    def bounded(self, part: Part) -> Part:
        return self.parsed(part) if part.size > PIECE or part.depth > PIECE_DEPTH else part

    def parsed(self, part: Part) -> Part:
        """The placeholder of the tree of `part`."""
        if part.text in self.names:
            return part
        return self.placeholder("t", self.tree.parse(part.text, self.names))

    def shorten(self, parts: list[Part]) -> Part:
        """One operand for a run of operands and operators, small enough to be part of a piece."""
        if any(part.kind in _LOGIC for part in parts):
            return self.choice(parts)
        if sum(part.size for part in parts) <= PIECE:
            return _joined(parts)
        for signs in _LOOSEST_FIRST:
            if any(part.kind == "binary" and part.text in signs for part in parts):
                return self.fold_left(parts, signs)
        return self.fold_right(parts)

    # -- Conditions and choices, which Python's operators cannot be made to build: calls take their place --

    def choice(self, parts: list[Part]) -> Part:
        """A choice binds loosest: `a if c else b` and `c ? a : b`, from right to left."""
        pieces, signs = _split(parts, "if", "else", "?", ":")
        found = self.either(pieces.pop())
        branches: list[Part] = []  # those behind an `else` or `:`
        for sign in reversed(signs):
            before = self.either(pieces.pop())
            if sign.kind in ("else", ":"):
                branches.append(found)
                found = before
            else:
                found = self.gate("if" if sign.kind == "if" else "?:", before, found, branches.pop())
        return found

    def either(self, parts: list[Part]) -> Part:
        return self.from_left("or", parts, self.both)

    def both(self, parts: list[Part]) -> Part:
        return self.from_left("and", parts, self.opposite)

    def from_left(self, kind: str, parts: list[Part], operand: Callable[[list[Part]], Part]) -> Part:
        pieces, _ = _split(parts, kind)
        return reduce(partial(self.gate, kind), map(operand, pieces))

    def opposite(self, parts: list[Part]) -> Part:
        count = next(place for place, part in enumerate(parts) if part.kind != "not")
        found = self.comparison(parts[count:])
        for _ in range(count):
            found = self.gate("not", found)
        return found

    def comparison(self, parts: list[Part]) -> Part:
        """`a < b < c` is a < b and b < c, of which b is one node."""
        pieces, signs = _split(parts, "compared")
        operands = list(map(self.shorten, pieces))
        if not signs:
            return operands[0]
        operands[1:-1] = [
            self.placeholder("t", self.tree.twice(self.names[self.parsed(each).text])) for each in operands[1:-1]
        ]
        pairs = zip(signs, operands, operands[1:], strict=False)
        return reduce(partial(self.gate, "and"), (self.gate(_COMPARISONS[sign.text], *pair) for sign, *pair in pairs))

    def gate(self, name: str, *parts: Part) -> Part:
        """A gate of that row over operands."""
        function = f"c{_ROWS.index(name)}"
        self.names.setdefault(function, self.tree.call(primitive(name), -1))
        return self.applied(function, list(parts))

    def fold_left(self, parts: list[Part], signs: tuple[str, ...]) -> Part:
        """A left-associative chain: the first operands make one operand of the rest."""
        done: list[Part] = []
        size = 0
        operand: list[Part] = []
        for part in [*parts, None]:
            if part is not None and not (part.kind == "binary" and part.text in signs):
                operand.append(part)
                continue
            short = self.shorten(operand)
            operand = []
            if len(done) > 1 and size + short.size > PIECE:
                done = [self.parsed(_joined(done[:-1])), done[-1]]
                size = 2
            done.append(short)
            size += short.size
            if part is not None:
                done.append(part)
                size += 1
        return self.bounded(_joined(done))

    def fold_right(self, parts: list[Part]) -> Part:
        """A chain of powers and signs (`-a**-b**c`): what stands behind an operator is an operand, from the right."""
        done: list[Part] = []
        size = 0
        for part in reversed(parts):
            if part.kind != "operand" and size >= PIECE - 1:
                done = [self.parsed(_joined(done[::-1]))]
                size = 1
            done.append(part if part.size < PIECE // 2 else self.parsed(part))
            size += done[-1].size
        return self.bounded(_joined(done[::-1]))


def _split(parts: list[Part], *kinds: str) -> tuple[list[list[Part]], list[Part]]:
    """The runs between the parts of these kinds, and those parts."""
    runs: list[list[Part]] = [[]]
    between: list[Part] = []
    for part in parts:
        if part.kind in kinds:
            between.append(part)
            runs.append([])
        else:
            runs[-1].append(part)
    return runs, between


def _joined(parts: list[Part]) -> Part:
    text = " ".join(part.text for part in parts)
    return Part(text, "operand", sum(part.size for part in parts), max(part.depth for part in parts))
