"""The staged program of a graph, in a language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from .. import Options

if TYPE_CHECKING:
    from ...passes.trace import Trace
    from .staged import Input
    from .stages import Stages


class StagedProgram(NamedTuple):
    """A graph as stages, with values for some of its variables, or with all and the trace of them."""

    stages: Stages
    given: Mapping[str, Input]
    ties: str = "both"
    trace: Trace | None = None


def program(program: StagedProgram, options: Options) -> str:
    """The program in the language that is the format."""
    from . import staged

    return staged.render(program.stages, options.form, program.given, ties=program.ties, trace=program.trace)
