"""Text → graph: one gate for each operation as written, names shared, constants folded. Loops, no recursion."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import InputError, Span, quote
from .flatten import Flat, constant_parts, flatten
from .graph import Graph, Module, Node, label
from .ops import CONSTANTS
from .statements import Statement, split
from .syntax import collector_paused, parse
from .tokens import Token, tokenize

if TYPE_CHECKING:
    from .tree import Tree

MAX_OPENED = 200_000
"""Gates that the modules of a program come to when all are opened: modules of modules multiply."""
MAX_DEPTH = 50
"""Modules inside each other."""


def compile_expression(source: str, variables: Collection[str] = ()) -> Graph:
    """The graph of an expression or of a program. `variables`: names that are variables even where they spell a
    constant (`e`, `pi`).

    Raises InputError, with the place, for anything that is not well-formed and within the limits.
    """
    with collector_paused():
        return _Program(source, variables).run()


@dataclass
class _Stage:
    """A statement that is no module, with its tokens. `used` tells whether the output depends on it."""

    statement: Statement
    tokens: list[Token]
    used: bool = False

    @property
    def variables(self) -> set[str]:
        return {token.text for token in self.tokens if token.kind == "variable"}


class _Program:
    """Statements, read in their order. A name is assigned once, and used behind that."""

    def __init__(self, source: str, variables: Collection[str]) -> None:
        self.source = source
        self.statements = split(source)
        self.assigned = {each.name: each for each in self.statements if each.inputs is None and each.name}
        self.defined = {each.name: each for each in self.statements if each.inputs is not None}
        self.variables = {*variables, *self.assigned}
        self.modules: dict[str, Module] = {}
        self.constants: dict[str, None] = {}  # an ordered set

    def run(self) -> Graph:
        stages = self.read()
        self.mark_used(stages)
        taken = set[str]().union(self.assigned, *(stage.variables for stage in stages))
        builder = _Builder(self.source, taken)
        used = [stage for stage in stages if stage.used]
        trees = parse(stage.tokens for stage in used)
        for stage in stages:
            if stage.used:
                builder.add(stage.tokens, next(trees), stage.statement.name, is_last=stage is stages[-1])
            else:
                builder.add_inputs(token for token in stage.tokens if token.text not in self.assigned)
        stages_ = tuple((name, each.head) for name, each in self.assigned.items())
        unused = tuple(stage.statement.name for stage in stages if not stage.used)
        nodes = builder.finished()
        self.check_size(nodes, stages[-1].statement.body)
        return Graph(self.source, nodes, tuple(self.constants), stages_, unused)

    def fail(self, message: str, span: Span, hint: str = "") -> InputError:
        return InputError(message, self.source, span, hint)

    def line(self, statement: Statement) -> str:
        return f"line {self.source.count(chr(10), 0, statement.head[0]) + 1}"

    def read(self) -> list[_Stage]:
        """The stages, with modules compiled on the way."""
        stages: list[_Stage] = []
        known: set[str] = set()
        undefined = {name: f"{quote(name)} is used before it is defined" for name in self.defined}
        for statement in self.statements:
            if statement.inputs is not None:
                self.define(statement, undefined)
                continue
            if statement.name in known:
                hint = f"it already is on {self.line(self.first(statement.name))}; each stage has a name of its own"
                raise self.fail(f"{quote(statement.name)} is assigned twice", statement.head, hint)
            tokens = self.tokenize(statement.body, self.variables, undefined)
            for token in tokens:
                if token.kind == "variable" and token.text in self.assigned and token.text not in known:
                    raise self.fail(f"{quote(token.text)} is used before it is assigned", token.span)
            known.add(statement.name)
            stages.append(_Stage(statement, tokens))
        if not stages or self.statements[-1].inputs is not None:
            last = self.statements[-1]
            message = "the program has no output: its last statement defines a module"
            raise self.fail(message, last.head, f"for example: f = {last.name}({', '.join(last.inputs or ())})")
        return stages

    def first(self, name: str) -> Statement:
        return next(each for each in self.statements if each.name == name and each.inputs is None)

    def tokenize(self, part: Span, variables: Collection[str], undefined: dict[str, str]) -> list[Token]:
        tokens = tokenize(self.source, variables, part=part, modules=self.modules, undefined=undefined)
        self.constants.update(dict.fromkeys(token.text for token in tokens if token.kind == "constant"))
        return tokens

    def define(self, statement: Statement, undefined: dict[str, str]) -> None:
        """A module: a graph of its own, of its inputs alone."""
        name, inputs = statement.name, statement.inputs
        assert inputs is not None
        if name in self.modules:
            raise self.fail(f"the module {quote(name)} is defined twice", statement.head)
        undefined[name] = f"{quote(name)} calls itself, which never ends"
        tokens = self.tokenize(statement.body, inputs, undefined)
        for token in tokens:
            if token.kind == "variable" and token.text not in inputs:
                hint = f"a module takes all that it needs: {name}({', '.join([*inputs, token.text])}) = …"
                raise self.fail(f"{quote(token.text)} is not an input of {name}", token.span, hint)
        builder = _Builder(self.source, set(inputs))
        builder.add_inputs(Token("variable", each, statement.head) for each in inputs)
        builder.add(tokens, next(parse([tokens])), "", is_last=True)
        nodes = builder.finished()
        self.check_size(nodes, statement.body)
        self.modules[name] = Module(name, inputs, Graph(self.source, nodes))
        del undefined[name]

    def check_size(self, nodes: Iterable[Node], span: Span) -> None:
        inside = [node for node in nodes if node.body or isinstance(node.op, Module)]
        size = sum(node.size for node in inside)
        if size > MAX_OPENED:
            raise self.fail(f"the modules here come to {size:,} gates; the limit is {MAX_OPENED:,}", span)
        if any(node.depth > MAX_DEPTH for node in inside):
            raise self.fail(f"more than {MAX_DEPTH} modules inside each other", span)

    def mark_used(self, stages: list[_Stage]) -> None:
        needed: set[str] = set()
        for stage in reversed(stages):
            stage.used = stage is stages[-1] or stage.statement.name in needed
            if stage.used:
                needed |= stage.variables


class _Builder:
    """Nodes, from the trees of one expression after the other. `places` tells where the node of a name is."""

    def __init__(self, source: str, taken: set[str]) -> None:
        self.source = source
        self.taken = taken
        self.nodes: list[Node] = []
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
                place[position] = self.append(self.folded(tokens, flat, position, given))
            elif part.op is None:
                place[position] = self.variable(tokens[part.token].text, _span(tokens, part))
            else:
                given = given or self.free_name(is_output=is_last and position == last)
                inputs = tuple(place.pop(child) for child in part.children)
                place[position] = self.append(Node(0, given, _span(tokens, part), part.op, inputs))
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

    def append(self, node: Node) -> int:
        self.nodes.append(node._replace(position=len(self.nodes)))
        return len(self.nodes) - 1

    def variable(self, name: str, span: Span) -> int:
        if name not in self.places:
            self.places[name] = self.append(Node(0, name, span))
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

    def finished(self) -> tuple[Node, ...]:
        """All nodes, the output last. Only inputs that nothing uses can stand behind it."""
        if self.output != len(self.nodes) - 1:
            self.nodes.append(self.nodes.pop(self.output))
            self.nodes = [node._replace(position=here) for here, node in enumerate(self.nodes)]
        return tuple(self.nodes)


def _span(tokens: list[Token], part: Flat) -> Span:
    first, last = part.reach
    return tokens[first].span[0], tokens[last].span[1]
