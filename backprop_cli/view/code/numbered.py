"""Numbers that the entries of arrays carry along in a program, where a gate may select an entry twice.

An entry does not tie with itself: of what has the same number, the first alone gets something back.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...graph.graph import Gate
from ...rules.array_op import ArrayOp
from .writer import Writer


class Numbered:
    """The numbers of a program's entries. writer: of the program."""

    def __init__(self, writer: Writer) -> None:
        self.writer, self.graph, self.repeats = writer, writer.stages.graph, writer.stages.repeats
        self.known: dict[int, str] = {}

    def before(self, gate: Gate) -> Iterator[tuple[str, str, str]]:
        """The names, codes and comments of what has to be there before the chain rule on the edges of a gate."""
        names = self.writer.names
        if isinstance(gate.op, ArrayOp) and self.repeats.is_among(gate):
            [place] = gate.inputs
            yield from self._of(place)
            name = self.writer.once[gate.position] = names.new(f"{names.nodes[gate.name]}_once")
            code = f"once({self.known[place]}, {gate.op.settings.get('axis')})"
            self.writer.use(code)
            yield name, code, "no entry ties with itself"
        for slot in gate.slots:
            if met := self.repeats.meets(gate, slot):
                for place in (*met, gate.inputs[slot]):
                    yield from self._of(place)

    def others(self, gate: Gate, slot: int) -> str:
        """A factor that is 0 where an input has the same entry as one before it; empty where that cannot be."""
        here, mask = self.known.get(gate.inputs[slot], ""), self.writer.target.mask
        return "".join(f" * {mask.format(f'{self.known[i]} != {here}')}" for i in self.repeats.meets(gate, slot))

    def _of(self, place: int) -> Iterator[tuple[str, str, str]]:
        """A number for each entry of a node, by which it is known where it is moved to."""
        names, constants = self.writer.names, self.writer.stages.constants
        for each in self.repeats.before(place):
            node, moves = self.graph.nodes[each], self.repeats.moves(each)
            if each in self.known:
                continue
            if isinstance(node, Gate) and moves:
                moved = self.writer.stages.moved(node, [self.known[i] for i in moves])
                code, comment = self.writer.code(node, moved), ""
            elif each in constants and constants[each].head != "array_of":
                self.known[each] = f"{len(self.known) << 32}"
                continue
            else:
                array = names.nodes.get(node.name) or self.writer.write(node, constants[each])
                code, comment = f"entries({array}, {len(self.known)})", "which entry each one is"
                self.writer.use(code)
            name = self.known[each] = names.new(f"{names.nodes.get(node.name, 'constant')}_at")
            yield name, code, comment
