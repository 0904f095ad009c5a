"""The staged program of a graph, in a language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import Options

if TYPE_CHECKING:
    from ...graph.graph import Graph
    from ...passes.settings import Settings
    from ...passes.trace import Trace
    from .staged import Input
    from .stages import Stages


class StagedProgram(NamedTuple):
    """A graph as stages, with values for some of its variables, or with all and the trace of them.

    request: what it is the program of, where that has arrays: languages that have none write its entries.
    """

    stages: Stages
    given: Mapping[str, Input]
    ties: str = "both"
    trace: Trace | None = None
    request: tuple[Graph, Mapping[str, Any], Settings] | None = None

    @classmethod
    def of(cls, graph: Graph, given: Mapping[str, str], settings: Settings) -> StagedProgram:
        """The program of a graph without modules: at a point, if there is a value for each variable."""
        from ...arithmetic import FLOATS
        from ...passes import point
        from ...passes.compute import compute
        from ...passes.settings import is_of_arrays
        from .staged import Input
        from .stages import Stages

        trace = None if point.missing(graph, given) else compute(graph, given, settings)
        if is_of_arrays(graph, given):
            return cls._of_arrays(graph, given, settings, trace)
        values = point.complete(given, FLOATS)
        inputs = {name: Input(value, _as_written(given[name])) for name, value in values.items()}
        return cls(Stages(graph, settings.wrt), inputs, settings.ties, trace)

    @classmethod
    def _of_arrays(
        cls, graph: Graph, given: Mapping[str, Any], settings: Settings, trace: Trace | None
    ) -> StagedProgram:
        """That of a program of arrays, of which the values of a trace tell the shapes."""
        from ...arithmetic import FLOATS
        from ...arithmetic.arrays import Arrays
        from ...arithmetic.axes import shape_of
        from ...passes.nested import read_array
        from .staged import Input
        from .stages import Stages

        system = Arrays(FLOATS)
        inputs = {name: Input(system.data(read_array(name, each, system))) for name, each in given.items()}
        axes = None if trace is None else [len(shape_of(value)) for value in trace.values]
        stages = Stages(graph if trace is None else trace.graph, settings.wrt, settings.ties, axes)
        return cls(stages, inputs, settings.ties, trace, (graph, given, settings))

    def written_in(self, language: str) -> StagedProgram:
        """It as that language can have it: where that has no arrays, a variable for each entry.

        Raises InputError where no values tell how many entries there are.
        """
        if self.request is None:
            return self
        from ...errors import InputError
        from ...passes.entries import opened
        from .targets.whole import OF_ARRAYS

        if language in OF_ARRAYS:
            return self
        graph, given, settings = self.request
        if self.trace is None:
            message = (
                f"{language} has numbers here, one for each entry, and only values tell how many entries there are"
            )
            raise InputError(message, hint=f"give each variable a value; {', '.join(OF_ARRAYS)} need none")
        program = opened(graph, given)
        return StagedProgram.of(program.graph, program.given, settings._replace(wrt=program.wrt(settings.wrt)))


def _as_written(text: str) -> str:
    """The text of a value, where it is more than a number."""
    try:
        float(text)
    except ValueError:
        return str(text)
    return ""


def program(program: StagedProgram, options: Options) -> str:
    """The program in the language that is the format."""
    from . import staged

    program, digits = program.written_in(options.form), options.digits or staged.DIGITS
    return staged.render(
        program.stages, options.form, program.given, ties=program.ties, trace=program.trace, digits=digits
    )
