"""The staged program: one statement a gate forward, one chain-rule statement an edge backward, in some language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ...errors import shorten
from ...graph.graph import Constant, Gate, Node, partial
from ...passes.trace import Edge, Trace
from ...rules.formula import Formula
from ...rules.shape_rules import broadcast
from ..texts import broadcast_axes
from .formulas import OUT
from .identifiers import Names
from .numbered import Numbered
from .stages import Groups, Stages, local_name, parameters
from .targets import TARGETS
from .targets.base import Target, UnknownWordError
from .writer import Writer, needed

_GOES_ON = re.compile(r"(?:\\|\?\?/|\s)+$")
DIGITS = 6
"""Of a number in a comment."""
_LONGEST_HEADER = 20  # lines of the source at the top
_TOLD = {
    "portions": "softmax: what each has in the sum of",
    "others": "products of all inputs but one, of",
}
"""What comments say of the lists that helpers compute, before the name of a gate."""
_EXTRA = {"split": "ties", "first": "left"}
_SHARED = {"both": "", "split": ", shared", "first": ", for the first"}


class Line(NamedTuple):
    """A line of code with a comment behind it, either of which may be empty."""

    code: str = ""
    comment: str = ""


class Input(NamedTuple):
    """The value of a variable, a number or nested lists of them, and what the user wrote where that is another text."""

    value: Any
    written: str = ""


def render(
    stages: Stages,
    target: str,
    given: Mapping[str, Input],
    *,
    ties: str = "both",
    trace: Trace | None = None,
    digits: int = DIGITS,
) -> str:
    """The program, as text.

    stages: its formulas;
    target: the name of the language;
    given: values for some of the variables, or all; the others are parameters of a function;
    trace: the passes at these values, if there are all; its numbers stand in the comments;
    digits: how many they have;
    ties: what inputs of max and min that tie receive, one of TIES.
    Raises InputError where the target has no word for a primitive.
    """
    return _Program(stages, target, given, ties, trace, digits).text()


def _target(name: str, *, of_arrays: bool) -> Target:
    """The language of that name, for arrays or for numbers."""
    if not of_arrays:
        return TARGETS[name]
    from .targets.whole import OF_ARRAYS

    return OF_ARRAYS[name]


class _Program:
    def __init__(
        self, stages: Stages, target: str, given: Mapping[str, Input], ties: str, trace: Trace | None, digits: int
    ) -> None:
        graph = self.graph = stages.graph
        self.of_arrays = graph.of_arrays or (trace is not None and trace.has_axes)
        self.target = _target(target, of_arrays=self.of_arrays)
        self.given = given
        self.stages = stages
        self.ties = ties
        self.trace = trace
        self.digits = digits
        locals_ = {
            local_name(gate.op, slot)
            for gate in graph.gates
            for slot in range(1 if gate.op.variadic else len(gate.inputs))
        }
        self.locals: dict[str, list[str]] = {}  # functions for local gradients with case distinctions
        named = [node for node in graph.nodes if node.position not in stages.constants]
        wanted = [node.name for node in named if stages.wanted[node.position]]
        # Variables come first, so that they keep their names.
        self.names = Names(
            [node.name for node in sorted(named, key=lambda node: isinstance(node, Gate))], wanted, self.target, locals_
        )
        self.writer = Writer(self.target, stages, self.names, trace)
        self.numbered = Numbered(self.writer)
        self.output = self.names.nodes.get(graph.output.name) or self.names.new("f")
        self.users = [0] * len(graph.nodes)  # edges that bring something back
        for gate in stages.backward():
            for slot in gate.slots:
                self.users[gate.inputs[slot]] += stages.wanted[gate.inputs[slot]]
        self.user_names = {node.name: node.name for node in named}
        self.seen = [0] * len(graph.nodes)

    # -- The whole -------------------------------------------------------------------------------------------------

    def text(self) -> str:
        target = self.target
        parameters = [node for node in self.graph.variables if node.name not in self.given]
        pairs = [(node.name, self.names.gradients[node.name]) for node in self._asked()]
        body = [*self.inputs(parameters), *self.forward(), Line(), *self.backward()]
        body += self.shaped() if parameters else []
        names = [self.names.nodes[node.name] for node in parameters]
        before: list[str] = []
        after: list[str] = []
        if parameters:
            before = target.open_function("forward_backward", names, pairs)
            body += [Line(), *map(Line, target.close_function(self.output, pairs))]
            after = target.after_function(self.output, names, pairs) if target.after_function else []
        else:
            before, after = [*target.open_script], [*target.close_script]
            body += [Line(), *self.printed()]
        indent = target.indent if before else ""
        code = [f"{indent}{self.shown(line)}".rstrip() for line in body]
        lines = [*before, *code, *after]
        return "\n".join([*self.header(), *self.prelude("\n".join(lines), is_function=bool(parameters)), *lines]) + "\n"

    def shown(self, line: Line) -> str:
        comment = self.comment(line.comment) if line.comment else ""
        return f"{line.code}  {comment}" if line.code and comment else line.code + comment

    def comment(self, text: str) -> str:
        """The text as a comment that ends with its line: in C, a backslash or its trigraph would have it go on."""
        return f"{self.target.comment} {_GOES_ON.sub('', text)}"

    def header(self) -> Iterable[str]:
        """The source without its own comments, which end where the language's lines do, and nowhere else."""
        lines = [line for each in self.graph.source.split("\n") if (line := each.partition("#")[0].strip())]
        for line in lines[:_LONGEST_HEADER]:
            yield self.comment(shorten(line, 100))
        if len(lines) > _LONGEST_HEADER:
            yield self.comment(f"… and {len(lines) - _LONGEST_HEADER} lines more")

    def prelude(self, code: str, *, is_function: bool) -> Iterable[str]:
        """What the program needs at its top: imports, and the functions that it calls."""
        target, locals_ = self.target, ["\n".join(lines) + "\n" for lines in self.locals.values()]
        functions = [*needed(target, self.writer.used), *locals_]
        everything = "\n".join([code, *functions])
        imports = [each for by, each in target.imports if re.search(rf"(?<![\w.]){re.escape(by)}", everything)]
        space = [""] * (2 if target.comment == "#" else 1)
        yield from ([""] if imports else [])
        yield from imports
        yield from ["", target.setup] if target.setup else []
        yield from ["", target.both_sides] if target.both_sides and self.stages.needs else []
        for function in functions:
            yield from space
            yield from function.rstrip("\n").split("\n")
        yield from space if functions or is_function else [""]

    # -- Its parts -------------------------------------------------------------------------------------------------

    def inputs(self, parameters: list[Node]) -> Iterable[Line]:
        given = [node for node in self.graph.variables if node.name in self.given]
        if given:
            yield Line(comment="set the inputs")
        for node in given:
            value, written = self.given[node.name]
            comment = shorten(" ".join(written.split()))
            yield Line(self.target.input.format(self.names.nodes[node.name], self.target.number(repr(value))), comment)
        if self.target.convert:
            for node in parameters:
                yield Line(self.target.convert.format(self.names.nodes[node.name]))
            given += parameters
        if given:
            yield Line()

    def forward(self) -> Iterable[Line]:
        yield Line(comment="forward pass")
        groups = Groups(self.graph)
        for node in self.stages.forward():
            comment = ""
            has_value = self.trace is not None and self.trace.values[node.position] is not None
            if self.trace is not None and has_value and self.stages.is_needed(node, self.trace.values):
                comment = f"{node.name} becomes {self.number(self.trace.values[node.position])}"
            if isinstance(node, Gate):
                yield from (Line(comment=shorten(title, 100)) for title in groups.entered(node))
                yield self.assign(self.names.nodes[node.name], self.value(node), comment)
            elif node.position in self.stages.named:
                yield self.constant(node, self.names.nodes[node.name], self.stages.named[node.position])
        if (output := self.graph.output).position in self.stages.constants:
            yield self.constant(output, self.output, self.stages.constants[output.position])

    def backward(self) -> Iterable[Line]:
        asked = self._asked()
        if not asked:
            yield Line(comment="no backward pass: nothing here varies")
            return
        output, seed = self.graph.output, self.target.seed
        varies = self.stages.wanted[output.position]
        order = f"in reverse order, from d{output.name}/d{output.name} = 1"
        yield Line(comment=f"backward pass, {order if varies else f'of {output.name}, which depends on none of these'}")
        if varies and (seed or not isinstance(output, Gate)):
            yield self.assign(self.names.gradients[output.name], seed.format(self.output) or "1.0")
        groups = Groups(self.graph)
        for gate in self.stages.backward():
            yield from (Line(comment=f"inside {shorten(title, 100)}") for title in groups.entered(gate))
            yield Line(comment=f"backprop through {gate.name} = {shorten(self.graph.written(gate))}")
            yield from self.chains(gate)
        for node in asked:
            if not self.users[node.position] and node.position != output.position:
                zero = self.target.zero.format(self.names.nodes[node.name])
                yield self.assign(self.names.gradients[node.name], zero, f"{output.name} does not depend on it")

    def shaped(self) -> Iterable[Line]:
        """Each gradient in the shape of its variable, in a language of arrays."""
        if self.target.like and not self.of_arrays:
            names = [(self.names.gradients[node.name], self.names.nodes[node.name]) for node in self._asked()]
            lines = [self.assign(gradient, self.target.like.format(gradient, name)) for gradient, name in names]
            self.writer.use(self.target.like)
            yield from [Line(comment="each in the shape of its variable"), *lines] if lines else []

    def chains(self, gate: Gate) -> Iterable[Line]:
        """The chain rule on each edge of a gate."""
        if at_once := self.stages.parts(gate):
            helper, operands = at_once
            name = self.writer.parts[gate.position] = self.names.new(f"{self.names.nodes[gate.name]}_{helper}")
            parts = [self.writer.argument(gate, each) for each in operands]
            self.writer.use(helper)
            comment = f"{_TOLD[helper]} {gate.name}"
            yield Line(self.target.parts.format(name, ", ".join(parts), len(parts), helper), comment)
        yield from (self.assign(*each) for each in (self.numbered.before(gate) if self.of_arrays else ()))
        of_many = gate.op.variadic and gate.op.selects
        ties = self.ties if of_many else "both"
        extra = ties if ties == "both" else self.names.new(f"{self.names.nodes[gate.name]}_{_EXTRA[ties]}")
        if ties == "split":
            masks = [
                self.target.count.format(self.writer.mask(gate, slot)) + self.others(gate, slot) for slot in gate.slots
            ]
            yield self.assign(extra, " + ".join(masks), "how many inputs tie: they share")
        elif ties == "first":
            yield Line(self.target.assign_first.format(extra, "1.0"), "the first of the inputs that tie takes all")
        last = max(slot for slot in gate.slots if self.stages.wanted[gate.inputs[slot]])
        for slot in gate.slots:
            if self.stages.wanted[gate.inputs[slot]]:
                yield self.chain(gate, slot, ties, extra)
            if ties == "first" and slot < last:
                different = self.writer.mask(gate, slot, self.target.different)
                yield Line(self.target.update.format(extra, f"{extra} * {different}"))

    def chain(self, gate: Gate, slot: int, ties: str, extra: str) -> Line:
        i = gate.inputs[slot]
        node = self.graph.nodes[i]
        seed = gate.position == self.graph.output.position and not self.target.seed
        chain = self.stages.chain(gate, slot, seed=seed)
        if chain.conditional is not None:
            self.add_local(gate, slot, chain.conditional)
        upstream = "" if seed else self.names.gradients[gate.name]
        if chain.chained.is_number:
            code = f"0.0 * {upstream}" if upstream and chain.chained.head == "0" else f"{float(chain.chained.head)}"
        else:
            code = self.writer.code(gate, chain.chained)
        code += {"both": "", "split": f" / {extra}", "first": f" * {extra}"}[ties]
        code += self.others(gate, slot)
        rule = self.writer.placed(gate, chain.rule, self.user_names, {OUT: gate.name})
        above = self.graph.output.name if gate.op.pulls_back(slot) else gate.name
        comment = f"{partial(above, node.name)}{self.share(gate, slot)} {shorten(rule)}{_SHARED[ties]}"
        is_plain = chain.rule in ("1", "−1") or gate.op.chooses or gate.op.of_arrays
        guard = None if is_plain else self.guard(gate)
        is_open = not is_plain and (gate.position in self.stages.mixed or self.stages.guard(gate) is not None)
        is_open = is_open or (self.trace is not None and self._is_open(self.trace.edges_of(gate)[slot]))
        if guard is not None:
            code = self.target.where.format(self.writer.code(gate, guard), code, "0.0")
        elif upstream and is_open:
            # Nothing flows here, because max, min or relu chose another branch: 0 times infinity is no matter.
            code = self.target.where.format(self.target.different.format(upstream, "0"), code, "0.0")
        code = self.summed(gate, slot, code, is_guarded=guard is not None)
        name, users, seen = self.names.gradients[node.name], self.users[i], self.seen[i]
        self.seen[i] += 1
        if self.seen[i] == users and self.trace is not None:
            comment += f", so {name} becomes {self.number(self.trace.upstream[i])}"
        template = self.target.add if seen else self.target.assign_first if users > 1 else self.target.assign
        return Line(template.format(name, code), comment)

    def others(self, gate: Gate, slot: int) -> str:
        """What keeps an entry from competing with itself."""
        return self.numbered.others(gate, slot) if self.of_arrays else ""

    def _is_alone(self, gate: Gate, slot: int) -> bool:
        """Whether all other inputs are numbers that are written out, so that nothing is broadcast."""
        nodes = (self.graph.nodes[i] for each, i in enumerate(gate.inputs) if each != slot)
        return all(
            isinstance(node, Constant) and (node.body is None or not any(op.of_arrays for op in node.body.kinds))
            for node in nodes
        )

    def _is_open(self, edge: Edge) -> bool:
        """Whether a local gradient does not exist, at some entry, because nothing flows there."""
        if not self.of_arrays or edge.gate.op.of_arrays:
            return edge.local is None and not edge.gate.op.of_arrays
        return edge.local is None or any(each != each for each in self.trace_entries(edge.local))

    def trace_entries(self, value: object) -> list[object]:
        """The numbers of an array."""
        return [] if self.trace is None else self.trace.arithmetic.entries(value)

    def summed(self, gate: Gate, slot: int, code: str, *, is_guarded: bool) -> str:
        """What flows back, summed over the axes along which the input was broadcast, by a condition too."""
        if not self.of_arrays or gate.op.of_arrays:
            return code
        if self._is_alone(gate, slot) and not (is_guarded and self.trace is None):
            return code
        name = self.names.nodes[self.graph.nodes[gate.inputs[slot]].name]
        if self.trace is None:
            self.writer.use(self.target.like)
            is_called = code.isidentifier() or not self.target.like.startswith("{0}")
            return self.target.like.format(code if is_called else f"({code})", name)
        whole, part = (self.trace.arithmetic.shape(self.trace.values[i]) for i in (gate.position, gate.inputs[slot]))
        axes = broadcast_axes(whole, part)
        if not axes:
            return code
        code = code if code.isidentifier() else f"({code})"
        if not part:
            return f"{code}.sum()"
        if len(whole) == len(part):
            return f"{code}.sum(axis={tuple(axes)}, keepdims=True)"
        if axes == [*range(len(whole) - len(part))]:
            return f"{code}.sum(axis={axes[0] if not axes[1:] else tuple(axes)})"
        self.writer.use(self.target.like)
        return self.target.like.format(code, name)

    def share(self, gate: Gate, slot: int) -> str:
        """What stands between ∂gate/∂input and the rule of one edge: = where there is no other edge."""
        i = gate.inputs[slot]
        if gate.position == self.graph.output.position:
            share, count = self.seen[i], self.users[i]
        else:
            share, count = gate.inputs[:slot].count(i), gate.inputs.count(i)
        return " =" if count == 1 else f", share {share + 1:,} of {count:,}:"

    def printed(self) -> Iterable[Line]:
        name = self.graph.output.name
        output = name if name in self.names.nodes else self.output
        yield Line(self.target.print_value.format(output, self.output))
        for node in self._asked():
            title = f"d{output}/d{node.name}"
            yield Line(self.target.print_value.format(title, self.names.gradients[node.name]))

    # -- Pieces ----------------------------------------------------------------------------------------------------

    def _asked(self) -> list[Node]:
        """The variables that get a gradient."""
        return [node for node in self.graph.variables if self.stages.wanted[node.position]]

    def assign(self, name: str, value: str, comment: str = "") -> Line:
        return Line(self.target.assign.format(name, value), comment)

    def constant(self, node: Node, name: str, formula: Formula) -> Line:
        """A constant that has a name, as a number of the target's kind: an array, where these are its numbers."""
        value = self.writer.write(node, formula, self.writer.printer.argument)
        if self.target.wrap != "{}":
            return self.assign(name, value)
        template = self.target.input if self.target.seed else self.target.assign
        return Line(template.format(name, f"{value}.0" if self.target.seed and value.isdigit() else value))

    def number(self, value: object) -> str:
        assert self.trace is not None
        return self.trace.arithmetic.show(value, self.digits)

    def value(self, gate: Gate) -> str:
        """What a gate computes; in a branch of a choice, only if that is taken."""
        try:
            self.writer.check_orders(gate, self.target)
        except UnknownWordError as error:
            raise self.writer.lacking(gate, error) from None
        value, guard = self.stages.value(gate), self.guard(gate)
        if guard is None or gate.op.of_arrays:
            return self.writer.code(gate, value)
        return self.writer.code(gate, Formula("where", guard, value, Formula("false" if gate.op.truth else "0.0")))

    def guard(self, gate: Gate) -> Formula | None:
        """The condition under which a gate is needed, unless it has more entries than the gate."""
        guard = self.stages.guard(gate)
        if guard is None or self.trace is None or not self.of_arrays:
            return guard
        shape, values = self.trace.arithmetic.shape, self.trace.values
        conditions = {i for need in self.stages.needs[gate.position] for i, _ in need}
        whole = shape(values[gate.position])
        is_within = all(broadcast([shape(values[i]), whole]) == whole for i in conditions)
        return guard if is_within else None

    def add_local(self, gate: Gate, slot: int, formula: Formula) -> None:
        """The function for a local gradient with case distinctions, once."""
        name, op = local_name(gate.op, slot), gate.op
        if name not in self.locals:
            title = f"d({op.call})/d{op.inputs[0 if op.variadic else slot]}, with its conventions"
            named, cases = parameters(op, formula), []
            while formula.head == "where":
                cases.append((self.writer.write(gate, formula.args[0]), self.writer.write(gate, formula.args[1])))
                formula = formula.args[2]
            body = self.target.local_body(cases, self.writer.write(gate, formula))
            self.locals[name] = self.target.local_function(name, named, body, title)
