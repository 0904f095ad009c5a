"""The staged program of a graph, in a language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from .. import Options

if TYPE_CHECKING:
    from ...graph.graph import Graph
    from ...passes.settings import Settings
    from ...passes.trace import Trace
    from .staged import Input
    from .stages import Stages


class StagedProgram(NamedTuple):
    """A graph as stages, with values for some of its variables, or with all and the trace of them."""

    stages: Stages
    given: Mapping[str, Input]
    ties: str = "both"
    trace: Trace | None = None

    @classmethod
    def of(cls, graph: Graph, given: Mapping[str, str], settings: Settings) -> StagedProgram:
        """The program of a graph without modules: at a point, if there is a value for each variable."""
        from ...arithmetic import FLOATS
        from ...passes import point
        from ...passes.settings import compute
        from .staged import Input
        from .stages import Stages

        trace = None if point.missing(graph, given) else compute(graph, given, settings)
        values = point.complete(given, FLOATS)
        inputs = {name: Input(value, _as_written(given[name])) for name, value in values.items()}
        return cls(Stages(graph, settings.wrt), inputs, settings.ties, trace)


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

    digits = options.digits or staged.DIGITS
    return staged.render(
        program.stages, options.form, program.given, ties=program.ties, trace=program.trace, digits=digits
    )
