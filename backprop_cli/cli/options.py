"""The options of every command, a row each: click's parameters and the plain call's are made of this table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..arithmetic import TIES
from ..budget import SECONDS
from ..passes.settings import DIGITS
from ..view import VIEWS


class Option:
    """An option, of the commands that take it. (No NamedTuple: to define one takes a millisecond of thirty.)

    name: in full;
    parameter: what the value is called in Python;
    unset: the value without the option.
    """

    def __init__(
        self,
        names: str,
        commands: str,
        takes: Sequence[str] | range | type[float] | str | None,
        help: str,  # noqa: A002  # as click has it
        default: str | float | None = None,
        *,
        repeatable: bool = False,
    ) -> None:
        """names: as they are typed, the full one last;
        commands: their names, with spaces between them;
        takes: choices, a range of whole numbers, the type float, the word that stands in the help for any text, or None
            for a flag;
        help: what `--help` says of it;
        default: the choice, or the number, that holds without it;
        repeatable: whether it may come more than once.
        """
        self.names = names.split()
        self.commands = commands.split()
        self.takes = takes
        self.help = help
        self.default = default
        self.repeatable = repeatable
        self.name = self.names[-1]
        self.parameter = self.name[2:].replace("-", "_")
        self.unset = () if repeatable else False if takes is None else default

    def word(self, text: str) -> str:
        """The option as one word of a command line."""
        return self.name if self.takes is None else f"{self.name}={text}"

    def value(self, text: str) -> Any:
        """What the text of a value means. Raises ValueError where it is no such value."""
        if self.takes is None:
            return True
        if isinstance(self.takes, str):
            return text
        if isinstance(self.takes, type):
            return self.takes(text)
        if isinstance(self.takes, range):
            return self.takes[self.takes.index(int(text))]
        return self.takes[self.takes.index(text)]


ALL = "eval explain derive check code graph"
"""The commands that take an expression."""
_HOW = "How to print the result."

OPTIONS = (
    Option("--file", ALL, "FILE|-", "Take the expression or program from a file instead."),
    Option("--expand", ALL, None, "Open modules, and gates like sigmoid, into the gates inside."),
    Option("--no-cache", ALL, None, "Neither read nor write the cache of compiled expressions."),
    Option("--set", ALL, "NAME=VALUE", "Bind a variable whose name is also an option's.", repeatable=True),
    Option("--at", ALL, "FILE|-|JSON", "Take values from a JSON object; options add to it and override it."),
    Option("--wrt", ALL, "NAMES", "Only these variables (x,y) get gradients; the rest is constant."),
    Option("--time-limit", ALL, float, "Give up after so many seconds of work, if not 8.", SECONDS),
    Option("--claim", "check", "NAME=CLAIM",
           "A gradient derived by hand, as a number or as a formula; repeat it for more.", repeatable=True),
    Option("--claims", "check", "FILE|-|JSON", "Such claims as a JSON object."),
    Option("--to", "code", tuple(VIEWS["program"]), "The language.", "python"),
    Option("--nudge", "explain", "H", "Also step each variable by H: f there, beside what its gradient says."),
    Option("--ties", "eval explain check code graph", TIES, "What inputs of max or min that tie receive.", TIES[0]),
    Option("--allow-nonfinite", "eval explain graph", None, "Give infinities and NaN instead of errors."),
    Option("--precision", "eval explain", DIGITS, "Compute with N correct significant digits."),
    Option("--exact", "eval explain", None, "Compute with exact numbers: 1/3, sqrt(2)/2, exp(-1)."),
    Option("--hessian", "eval", None, "Second derivatives too."),
    Option("--format", "eval", tuple(VIEWS["trace"]), _HOW, "table"),
    Option("--format", "explain", tuple(VIEWS["explanation"]), _HOW, "text"),
    Option("--format", "derive", tuple(VIEWS["derivation"]), _HOW, "table"),
    Option("--format", "ops", tuple(VIEWS["primitives"]), _HOW, "text"),
    Option("--format", "graph", tuple(VIEWS["circuit"]),
           "How to draw it.  [default: by the name of FILE, or tree]"),
    Option("--json", "eval explain derive ops", None, "The same as --format json."),
    Option("--json", "check", None, "Print a JSON document."),
    Option("--get", "eval", "value|NAME",
           "Print only the value, or only the gradient of NAME; repeat it for more, a line each.", repeatable=True),
    Option("-o --output", "graph", "FILE", "Write to FILE, wholly or not at all."),
    Option("--digits", "eval", range(1, 10_001),
           "Significant digits in tables: 6, or those of --precision. JSON and --get hold all."),
    Option("--digits", "explain", range(1, 10_001),
           "Significant digits in words: 6, or those of --precision. JSON holds all."),
    Option("--digits", "graph", range(1, 18), "Significant digits: 6 in a tree, 4 in a picture."),
    Option("--points", "eval", "FILE|-", "Evaluate at each point of JSON lines or CSV, a line for a line."),
    Option("--on-error", "eval", ("stop", "skip", "null"), "What becomes of a point that has no result.", "stop"),
    Option("--trace", "eval", None, "Of each point the whole document (JSON lines)."),
    Option("--clear", "cache", None, "Forget them all."),
    Option("--help", f"{ALL} ops cache", None, "Show this message and exit."),
)  # fmt: skip
"""In the order of `--help`."""


def by_name(command: str) -> dict[str, Option]:
    """The options of a command, by each of their names, in the order of its help."""
    options = [option for option in OPTIONS if command in option.commands]
    return {name: option for option in options for name in option.names}
