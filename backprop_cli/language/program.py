"""Text → graph: one gate for each operation as written, names shared, constants folded. Loops, no recursion."""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from itertools import count, tee
from typing import TYPE_CHECKING

from ..errors import InputError, Span, quote, shorten
from ..graph.graph import MAX_DEPTH, MAX_OPENED, Graph, Module, label, misused, opened
from ..graph.nodes import Constant, Gate, Nodes, Variable
from ..rules.arrays import functions
from ..rules.op import Op
from ..rules.table import CONSTANTS, primitive
from .flatten import Flat, constant_parts, flatten
from .statements import Statement, split, whole
from .syntax import collector_paused, parse
from .token import Token
from .tokens import tokenize

if TYPE_CHECKING:
    from .tree import Tree


class Program:
    """A program, or an expression alone: statements, from which a graph is made for the names that have values.

    source: the text;
    statements: what stands in it, the output last;
    stages: the names that are assigned to, and where;
    modules: the names that are defined.
    A million gates need no more memory than their graph: tokens and trees go by.
    """

    def __init__(self, source: str, *, is_expression: bool = False, is_mended: bool = False) -> None:
        """Raises InputError, with the place, for statements that do not go together.

        is_expression: whether the text is one expression, which assigns and defines nothing;
        is_mended: whether it is what a hint may say, of which errors have no hint with the whole text.
        """
        self.source = source
        self.is_mended = is_mended
        self.stages: dict[str, Span] = {}
        self.modules: set[str] = set()
        try:
            self.statements = [whole(source)] if is_expression else split(source)
            self._name_statements()
        except InputError as error:
            raise self._with_hint(error, ()) from None

    def _name_statements(self) -> None:
        source = self.source
        for name, inputs, head, _body in self.statements:
            if inputs is not None:
                self._check_module(name, head)
                self.modules.add(name)
            elif name in self.stages:
                line = source.count("\n", 0, self.stages[name][0]) + 1
                hint = f"it already is on line {line}; each stage has a name of its own"
                raise InputError(f"{quote(name)} is assigned twice", source, head, hint)
            elif name:
                self.stages[name] = head
        last = self.statements[-1]
        if last.inputs is not None:
            message = "the program has no output: its last statement defines a module"
            raise InputError(message, source, last.head, f"for example: f = {last.name}({', '.join(last.inputs)})")

    def _check_module(self, name: str, head: Span) -> None:
        if name in ("input", "constant"):
            hint = "these two words tell apart the nodes that are no gates"
            span = (head[0], head[0] + len(name))
            raise InputError(f"a module cannot be called {quote(name)}", self.source, span, hint)
        if name in self.modules:
            raise InputError(f"the module {quote(name)} is defined twice", self.source, head)

    def graph(self, variables: Collection[str] = ()) -> Graph:
        """The circuit. Its variables come in the order in which the text first names them.

        variables: names that are variables even where they spell a constant (`e`, `pi`).

        Raises InputError, with the place, for anything that is not well-formed and within the limits.
        """
        try:
            with collector_paused():
                return _Lowering(self, variables).graph()
        except InputError as error:
            raise self._with_hint(error, variables) from None

    def _with_hint(self, error: InputError, variables: Collection[str]) -> InputError:
        if self.is_mended:
            return error
        from .mended import with_hint

        return with_hint(error, lambda text: Program(text, is_mended=True).graph(variables))


class _Lowering:
    """One way through a program. A module is known behind its definition, a stage behind its assignment.

    uses: for each stage so far, the stages that it uses
    read: the variables that modules read from around them, and where
    """

    def __init__(self, program: Program, variables: Collection[str]) -> None:
        self.program = program
        self.source = program.source
        self.variables = {*variables, *program.stages}
        self.undefined = {name: f"{quote(name)} is used before it is defined" for name in program.modules}
        self.functions: dict[str, Sequence[Op]] = {**functions()}
        self.constants: dict[str, None] = {}  # an ordered set
        self.uses: dict[str, set[str]] = {}
        self.read: deque[tuple[str, Span]] = deque()

    def graph(self) -> Graph:
        builder = _Builder(self.source)
        stages, ahead = tee(self.stages())  # short ones are parsed together
        for (statement, tokens), tree in zip(stages, parse(tokens for _, tokens in ahead), strict=True):
            while self.read and self.read[0][1] < statement.body:
                builder.offer(*self.read.popleft())
            builder.add(tokens, tree, statement.name)
        nodes = builder.finished(_numbered_names(self.source))
        last = self.program.statements[-1]
        self.check_size(nodes, last.body)
        if (op := nodes.ops[-1]) and op.truth:
            raise no_number(self.source, nodes[-1].span, ", which holds or not, and no number")
        needed = {last.name}
        for name in reversed(self.uses):
            if name in needed:
                needed |= self.uses[name]
        heads = self.program.stages
        unused = tuple(name for name in heads if name not in needed)
        return _opened(Graph(self.source, nodes, tuple(self.constants), tuple(heads.items()), unused))

    def fail(self, message: str, span: Span, hint: str = "") -> InputError:
        return InputError(message, self.source, span, hint)

    def stages(self) -> Iterator[tuple[Statement, list[Token]]]:
        """The stages with their tokens. Modules are defined on the way."""
        for statement in self.program.statements:
            if statement.inputs is not None:
                self.define(statement, statement.inputs)
                continue
            tokens = self.tokenize(statement.body, self.variables)
            used = [token for token in tokens if token.kind == "variable" and token.text in self.program.stages]
            for token in used:
                if token.text not in self.uses:
                    raise self.fail(f"{quote(token.text)} is used before it is assigned", token.span)
            self.uses[statement.name] = {token.text for token in used}
            yield statement, tokens

    def tokenize(self, part: Span, variables: Collection[str]) -> list[Token]:
        tokens = tokenize(self.source, variables, part=part, functions=self.functions, undefined=self.undefined)
        self.constants.update(dict.fromkeys(token.text for token in tokens if token.kind == "constant"))
        return tokens

    def define(self, statement: Statement, inputs: tuple[str, ...]) -> None:
        """A module: a graph of its own, of its inputs and of what it reads from around it."""
        name = statement.name
        self.undefined[name] = f"{quote(name)} calls itself, which never ends"
        tokens = self.tokenize(statement.body, {*inputs, *self.variables})
        read = self.read_in(statement, inputs, tokens)
        builder = _Builder(self.source, {*inputs, *read})
        for each in inputs:
            builder.variable(each, statement.head)
        for each, span in read.items():
            builder.variable(each, span)
        known = {*inputs, *read}
        builder.add(tokens, next(parse([tokens])), "" if name in known else name)
        nodes = builder.finished({*known, name})
        module = Module(name, [*inputs, *read], _opened(Graph(self.source, nodes)), [*read])
        self.functions[name] = [module]
        self.check_size(nodes, statement.body)
        del self.undefined[name]

    def read_in(self, statement: Statement, inputs: tuple[str, ...], tokens: Sequence[Token]) -> dict[str, Span]:
        """What a module, and the modules that it calls, read from around it, and where first."""
        read: dict[str, Span] = {}
        for _, name, span, _ in (token for token in tokens if token.kind == "variable"):
            is_own = span[0] >= statement.body[0]  # else a module that is called reads it
            if name in inputs and is_own:
                continue
            if name in inputs:
                line = self.source.count("\n", 0, span[0]) + 1
                message = f"{quote(name)} is an input of {statement.name}, and a module that it calls reads another one"
                raise self.fail(message, statement.head, f"give it another name: line {line} reads {name}")
            if name in self.program.stages and name not in self.uses:
                line = self.source.count("\n", 0, self.program.stages[name][0]) + 1
                message = f"{quote(name)} is used before it is assigned"
                raise self.fail(message, span, f"it is assigned on line {line}; the module stands behind that")
            if name not in read and is_own and name not in self.program.stages:
                self.read.append((name, span))
            read.setdefault(name, span)
        return read

    def check_size(self, nodes: Nodes, span: Span) -> None:
        size, depth = opened(nodes) if self.program.modules else (0, 0)
        if size > MAX_OPENED:
            raise self.fail(f"the modules here come to {size:,} gates; the limit is {MAX_OPENED:,}", span)
        if depth > MAX_DEPTH:
            raise self.fail(f"more than {MAX_DEPTH} modules inside each other", span)


def _opened(graph: Graph) -> Graph:
    """The graph, in which no gate takes a condition for a module."""
    if not any(isinstance(op, Module) and op.conditions for op in graph.nodes.kinds):
        return graph
    from ..graph.expand import without_conditions  # which few programs need

    return without_conditions(graph)


def _numbered_names(source: str) -> set[str]:
    """The names in a source that a gate without a name might otherwise get."""
    plain = source if source.isascii() else unicodedata.normalize("NFKC", source)
    return set(re.findall(r"\b(?:q[0-9]+|f)\b", re.sub(r"#[^\n]*", "", plain)))


class _Builder:
    """Nodes, from the trees of one expression after the other.

    places: where the node of a name is
    inputs: of the module, where it is one that is built
    typed: those of them that something takes, and whether that takes a condition
    offered: variables that a module reads, as long as nothing calls it
    """

    def __init__(self, source: str, inputs: Collection[str] = ()) -> None:
        self.source = source
        self.inputs = inputs
        self.typed: dict[str, bool] = {}
        self.nodes = Nodes()
        self.places: dict[str, int] = {}
        self.offered: set[str] = set()
        self.output = 0

    def add(self, tokens: list[Token], tree: Tree, name: str) -> None:
        """The nodes of one expression, which is called `name`. Its other gates have no names yet."""
        flat = flatten(tokens, tree)
        constant = constant_parts(tokens, flat)
        in_constant = [False] * len(flat)  # is the part a piece of a larger constant?
        for part, is_constant in zip(flat, constant, strict=True):
            for child in part.children:
                in_constant[child] = is_constant
        place: dict[int, int] = {}  # position in the flat tree → index of its node
        last = len(flat) - 1
        for position, part in enumerate(flat):
            if in_constant[position]:
                continue
            given = name if position == last else ""
            if constant[position]:
                place[position] = self.nodes.append(self.folded(tokens, flat, position, given))
            elif part.op is None:
                place[position] = self.variable(tokens[part.token].text, _span(tokens, part))
            else:
                inputs = tuple(place[child] for child in part.children)
                self.check_types(part.op, tokens, [flat[child] for child in part.children], inputs)
                place[position] = self.nodes.append(Gate(0, given, _span(tokens, part), part.op, inputs))
        self.output = place[last]
        if name:
            self.places[name] = self.output

    def offer(self, name: str, span: Span) -> None:
        """A variable that something may use: its place is here."""
        if name not in self.places:
            self.variable(name, span)
            self.offered.add(name)

    def check_types(self, op: Op, tokens: list[Token], parts: Sequence[Flat], inputs: Sequence[int]) -> None:
        """Whether an operation gets conditions where it takes them, and numbers elsewhere.

        op: the operation
        tokens: those of the expression
        parts, inputs: what goes in, as it stands there, and as nodes
        """
        ops = [self.nodes.ops[i] for i in inputs]
        for place, i in enumerate(inputs):
            name = self.nodes.names[i]
            if name in self.inputs and ops[place] is None and self.typed.setdefault(name, place in op.conditions):
                ops[place] = primitive("not")  # as what has a condition for its value
        if (slot := misused(op, ops)) is None:
            return
        span = _span(tokens, parts[slot])
        text = label(self.source, span)
        if slot in op.conditions:
            message = f"{quote(text)} is a number, and {quote(op.name)} takes a condition there"
            hint = f"for example: {shorten(text)} > 0"
            if text in self.inputs:
                message = f"{quote(text)} is a number in this module, and {quote(op.name)} takes a condition there"
            raise InputError(message, self.source, span, hint)
        takes = "a module takes numbers" if isinstance(op, Module) else f"{op.call} takes numbers"
        raise no_number(self.source, span, f", and {takes}")

    def variable(self, name: str, span: Span) -> int:
        self.offered.discard(name)
        if name not in self.places:
            self.places[name] = self.nodes.append(Variable(0, name, span))
        return self.places[name]

    def folded(self, tokens: list[Token], flat: list[Flat], position: int, name: str) -> Constant:
        """A constant part as one node: a literal, or a small graph of its own. Named as written, or as assigned."""
        first = flat[position].first
        body = Nodes()
        for part in flat[first : position + 1]:
            span = _span(tokens, part)
            if part.op is None:
                text = tokens[part.token].text
                body.append(Constant(0, text, span, CONSTANTS.get(text, text)))
            else:
                inputs = tuple(child - first for child in part.children)
                body.append(Gate(0, "", span, part.op, inputs))
        whole = body[-1]
        if isinstance(whole, Constant):
            return whole._replace(name=name or whole.name)
        return Constant(0, name or label(self.source, whole.span), whole.span, body=body)

    def finished(self, taken: Collection[str]) -> Nodes:
        """What the output depends on, and all variables; the output last. taken: names that no other gate may have."""
        variables = (i for i in self.nodes.variables if self.nodes.names[i] not in self.offered)
        needed = self.nodes.below([self.output, *variables])
        nodes, last = self.nodes, len(needed) - 1
        if self.output != last or not all(needed):
            order = [i for i in range(len(needed)) if needed[i] and i != self.output] + [self.output]
            nodes = nodes.select(order)
        taken = {*taken, *(nodes.names[i] for i in nodes.variables)}  # in 2f a pattern of names finds none
        names = (name for name in map("q{}".format, count(1)) if name not in taken)
        if not nodes.names[-1] and "f" not in taken:
            nodes.names[-1] = "f"
        for i, name in enumerate(nodes.names):
            if not name:
                nodes.names[i] = next(names)
        return nodes


def no_number(source: str, span: Span, why: str = "") -> InputError:
    """A condition stands where a number belongs.

    why: what is told of it behind that
    """
    text = label(source, span)
    hint = f"where({shorten(text)}, 1, 0) is 1 where it holds, and 0 elsewhere"
    return InputError(f"{quote(text)} is a condition{why}", source, span, hint)


def _span(tokens: list[Token], part: Flat) -> Span:
    first, last = part.reach
    return tokens[first].span[0], tokens[last].span[1]
