"""Text → graph: one gate for each operation as written, names shared, constants folded. Loops, no recursion."""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from ..errors import InputError, Span, quote
from ..graph.graph import MAX_DEPTH, MAX_OPENED, Graph, Module, label, opened
from ..graph.nodes import Node, Nodes
from ..rules.table import CONSTANTS, Op, spellings
from .flatten import Flat, constant_parts, flatten
from .statements import Statement, split, whole
from .syntax import collector_paused, parse
from .tokens import Token, tokenize

if TYPE_CHECKING:
    from .tree import Tree


def compile_expression(source: str, variables: Collection[str] = (), *, program: bool = True) -> Graph:
    """The graph of an expression, or of a program if that may be.

    variables: names that are variables even where they spell a constant (`e`, `pi`).

    Raises InputError, with the place, for anything that is not well-formed and within the limits.
    """
    with collector_paused():
        statements = split(source) if program else [whole(source)]
        return _Program(source, statements, variables).run()


class _Program:
    """Statements, read in their order. A name is assigned once, and used behind that.

    unused: names of stages that are left out; `needs` gathers, for each other stage, the stages that it uses.
    """

    def __init__(
        self,
        source: str,
        statements: list[Statement],
        variables: Collection[str],
        unused: Collection[str] = (),
    ) -> None:
        self.source = source
        self.statements = statements
        self.unused = unused
        self.stages: dict[str, Statement] = {}
        self.undefined: dict[str, str] = {}
        for each in self.statements:
            self.announce(each)
        if self.statements[-1].inputs is not None:
            last = self.statements[-1]
            message = "the program has no output: its last statement defines a module"
            raise self.fail(message, last.head, f"for example: f = {last.name}({', '.join(last.inputs or ())})")
        self.given = variables
        self.variables = {*variables, *self.stages}
        self.modules: dict[str, Module] = {}
        self.functions: dict[str, Sequence[Op]] = {**spellings()}
        self.constants: dict[str, None] = {}  # an ordered set
        self.needs: dict[str, set[str]] = {}

    def announce(self, statement: Statement) -> None:
        name, head = statement.name, statement.head
        if statement.inputs is None and name in self.stages:
            line = self.source.count("\n", 0, self.stages[name].head[0]) + 1
            hint = f"it already is on line {line}; each stage has a name of its own"
            raise self.fail(f"{quote(name)} is assigned twice", head, hint)
        if statement.inputs is not None and name in ("input", "constant"):
            hint = "these two words tell apart the nodes that are no gates"
            raise self.fail(f"a module cannot be called {quote(name)}", (head[0], head[0] + len(name)), hint)
        if statement.inputs is not None and name in self.undefined:
            raise self.fail(f"the module {quote(name)} is defined twice", head)
        if statement.inputs is not None:
            self.undefined[name] = f"{quote(name)} is used before it is defined"
        elif name:
            self.stages[name] = statement

    def run(self) -> Graph:
        builder = _Builder(self.source, _numbered_names(self.source))
        waiting: deque[tuple[Statement, list[Token]]] = deque()
        for tree in parse(self.read(waiting, builder)):
            statement, tokens = waiting.popleft()
            builder.add(tokens, tree, statement.name, is_last=statement is self.statements[-1])
        if unused := self.stages_not_needed():
            return _Program(self.source, self.statements, self.given, unused).run()
        nodes = builder.finished()
        self.check_size(nodes, self.statements[-1].body)
        stages = tuple((name, each.head) for name, each in self.stages.items())
        return Graph(self.source, nodes, tuple(self.constants), stages, tuple(self.unused))

    def fail(self, message: str, span: Span, hint: str = "") -> InputError:
        return InputError(message, self.source, span, hint)

    def read(self, waiting: deque[tuple[Statement, list[Token]]], builder: _Builder) -> Iterator[list[Token]]:
        """The tokens of each stage, which then waits for its tree. Modules are compiled on the way."""
        done: set[str] = set()
        for statement in self.statements:
            if statement.inputs is not None:
                self.define(statement, statement.inputs)
                continue
            tokens = self.tokenize(statement.body, self.variables)
            needs = self.needs[statement.name] = set()
            for token in tokens:
                if token.kind == "variable" and token.text in self.stages:
                    if token.text not in done:
                        raise self.fail(f"{quote(token.text)} is used before it is assigned", token.span)
                    needs.add(token.text)
            done.add(statement.name)
            if statement.name in self.unused:
                builder.add_inputs(token for token in tokens if token.text not in self.stages)
            else:
                waiting.append((statement, tokens))
                yield tokens

    def tokenize(self, part: Span, variables: Collection[str]) -> list[Token]:
        tokens = tokenize(self.source, variables, part=part, functions=self.functions, undefined=self.undefined)
        self.constants.update(dict.fromkeys(token.text for token in tokens if token.kind == "constant"))
        return tokens

    def define(self, statement: Statement, inputs: tuple[str, ...]) -> None:
        """A module: a graph of its own, of its inputs alone."""
        name = statement.name
        self.undefined[name] = f"{quote(name)} calls itself, which never ends"
        tokens = self.tokenize(statement.body, inputs)
        for token in tokens:
            if token.kind == "variable" and token.text not in inputs:
                hint = f"a module takes all that it needs: {name}({', '.join([*inputs, token.text])}) = …"
                raise self.fail(f"{quote(token.text)} is not an input of {name}", token.span, hint)
        builder = _Builder(self.source, {*inputs, name})
        builder.add_inputs(Token("variable", each, statement.head) for each in inputs)
        builder.add(tokens, next(parse([tokens])), "" if name in inputs else name, is_last=True)
        nodes = builder.finished()
        self.check_size(nodes, statement.body)
        self.modules[name] = Module(name, inputs, Graph(self.source, nodes))
        self.functions[name] = [self.modules[name]]
        del self.undefined[name]

    def check_size(self, nodes: Nodes, span: Span) -> None:
        if not self.modules:
            return
        size, depth = opened(nodes)
        if size > MAX_OPENED:
            raise self.fail(f"the modules here come to {size:,} gates; the limit is {MAX_OPENED:,}", span)
        if depth > MAX_DEPTH:
            raise self.fail(f"more than {MAX_DEPTH} modules inside each other", span)

    def stages_not_needed(self) -> list[str]:
        """The stages that the output does not depend on, unless they are left out already."""
        needed = {self.statements[-1].name}
        for name in reversed(self.needs):
            if name in needed:
                needed |= self.needs[name]
        return [] if self.unused else [name for name in self.stages if name not in needed]


def _numbered_names(source: str) -> set[str]:
    """The names in a source that a gate without a name might otherwise get."""
    plain = source if source.isascii() else unicodedata.normalize("NFKC", source)
    return set(re.findall(r"\b(?:q[0-9]+|f)\b", re.sub(r"#[^\n]*", "", plain)))


class _Builder:
    """Nodes, from the trees of one expression after the other. `places` tells where the node of a name is."""

    def __init__(self, source: str, taken: set[str]) -> None:
        self.source = source
        self.taken = taken
        self.nodes = Nodes()
        self.places: dict[str, int] = {}
        self.output = 0
        self.gates = 0

    def add_inputs(self, tokens: Iterable[Token]) -> None:
        for token in tokens:
            if token.kind == "variable":
                self.variable(token.text, token.span)

    def add(self, tokens: list[Token], tree: Tree, name: str, *, is_last: bool) -> None:
        """The nodes of one expression. Its own gate takes `name`, or the next free one."""
        flat = flatten(tokens, tree)
        constant = constant_parts(tokens, flat)
        inside = [False] * len(flat)  # is the part a piece of a larger constant?
        for position, part in enumerate(flat):
            for child in part.children:
                inside[child] = constant[position]
        place: dict[int, int] = {}  # position in the flat tree → index of its node
        last = len(flat) - 1
        for position, part in enumerate(flat):
            if inside[position]:
                continue
            given = name if position == last else ""
            if constant[position]:
                place[position] = self.nodes.append(self.folded(tokens, flat, position, given))
            elif part.op is None:
                place[position] = self.variable(tokens[part.token].text, _span(tokens, part))
            else:
                given = given or self.free_name(is_output=is_last and position == last)
                inputs = tuple(place.pop(child) for child in part.children)
                place[position] = self.nodes.append(Node(0, given, _span(tokens, part), part.op, inputs))
        self.output = place[last]
        if name:
            self.places[name] = self.output

    def free_name(self, *, is_output: bool) -> str:
        if is_output and "f" not in self.taken:
            return "f"
        while True:
            self.gates += 1
            if (name := f"q{self.gates}") not in self.taken:
                return name

    def variable(self, name: str, span: Span) -> int:
        if name not in self.places:
            self.places[name] = self.nodes.append(Node(0, name, span))
        return self.places[name]

    def folded(self, tokens: list[Token], flat: list[Flat], position: int, name: str) -> Node:
        """A constant part as one node: a literal, or a small graph of its own. Named as written, or as assigned."""
        first = flat[position].first
        body: list[Node] = []
        for part in flat[first : position + 1]:
            span = _span(tokens, part)
            if part.op is None:
                text = tokens[part.token].text
                body.append(Node(len(body), text, span, literal=CONSTANTS.get(text, text)))
            else:
                inputs = tuple(child - first for child in part.children)
                body.append(Node(len(body), "", span, part.op, inputs))
        if len(body) == 1:
            return body[0]._replace(name=name or body[0].name)
        return Node(0, name or label(self.source, body[-1].span), body[-1].span, body=tuple(body))

    def finished(self) -> Nodes:
        """All nodes, the output last. Only inputs that nothing uses can stand behind it."""
        if self.output == len(self.nodes) - 1:
            return self.nodes
        before, behind = self.nodes[: self.output], self.nodes[self.output + 1 :]
        return Nodes([*before, *behind, self.nodes[self.output]])


def _span(tokens: list[Token], part: Flat) -> Span:
    first, last = part.reach
    return tokens[first].span[0], tokens[last].span[1]
