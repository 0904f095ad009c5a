"""The options of every command, a row each: click's parameters and the plain call's are made of this table."""

from __future__ import annotations

from typing import Any

from ..arithmetic import TIES
from ..passes.settings import COUNTS, DESCENTS, EPOCHS, FITS, MOMENTUM, ON_ERROR, RATE, REDUCTIONS, STEPS
from ..passes.settings import DIGITS as PROVEN
from ..runtime.budget import SECONDS
from ..view import DIGITS, LANGUAGES, THEMES, VIEWS

_PARAMETERS = {"--format": "form", "--from": "language", "--lang": "spoken"}
"""What the values of options are called that have names for other things in Python."""


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
        takes: tuple[str, ...] | range | type[float] | str | None,
        help: str,  # noqa: A002  # as click has it
        default: str | float | None = None,
        *,
        repeatable: bool = False,
        short_for: str = "",
        is_bare: bool = False,
        rare: str = "",
    ) -> None:
        """names: as they are typed, the full one last;
        commands: their names, with spaces between them;
        takes: choices, a range of whole numbers, the type float, the word that stands in the help for any text, or None
            for a flag;
        help: what `--help` says of it, on a line of 80 columns; of choices, they follow;
        default: the choice, or the number, that holds without it;
        repeatable: whether it may come more than once;
        short_for: the option with its value that a flag stands for;
        is_bare: whether nothing is left to print in a format;
        rare: the commands whose `--help` only names it, so that it fits a screen; `--help-all` tells what it does.
        """
        self.names = names.split()
        self.commands = commands.split()
        self.takes = takes
        self.help = help
        self.default = default
        self.repeatable = repeatable
        self.short_for = short_for
        self.is_bare = is_bare
        self.rare = rare.split()
        self.name = self.names[-1]
        self.parameter = _PARAMETERS.get(self.name) or self.name[2:].replace("-", "_")
        self.unset = () if repeatable else False if takes is None else default

    @property
    def choices(self) -> tuple[str, ...]:
        """The values that it may have, where they are few."""
        return self.takes if isinstance(self.takes, tuple) else ()

    @property
    def metavar(self) -> str:
        """What stands for its value in the help."""
        if self.takes is None or isinstance(self.takes, str):
            return self.takes or ""
        return {range: "N", type: "SECONDS"}.get(type(self.takes), self.name[2:].upper())

    @property
    def written(self) -> str:
        """How it stands in the help: `-o, --output FILE`."""
        return f"{', '.join(self.names)} {self.metavar}".rstrip()

    @property
    def told(self) -> str:
        """What the help says of it."""
        if not self.choices:
            return self.help
        *others, last = (f"{each} (default)" if each == self.default else each for each in self.choices)
        return f"{self.help} {', '.join(others)}{' or ' * bool(others)}{last}."

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


COMMANDS = (
    "eval", "points", "minimize", "fit", "explain", "page", "derive", "check", "code", "graph", "ops", "cache",
    "completion",
)  # fmt: skip
"""The subcommands, each `command` in the module of its name in commands/."""
_GRADIENTS = "eval points explain page derive check code graph"
_DESCENTS = "minimize fit"
ALL = f"{_GRADIENTS} {_DESCENTS}"
"""The commands that take an expression."""
_PRINT = f"{ALL} ops"

_SUBJECTS = (
    ("eval", "trace"), ("explain", "explanation"), ("page", "page"), ("derive", "derivation"), ("check", "verdicts"),
    ("graph", "circuit"), ("ops", "primitives"), ("minimize", "descent"), ("fit", "fit"),
)  # fmt: skip
"""What these commands show, as VIEWS has it."""

OPTIONS = (
    Option("--file", ALL, "FILE|-", "Read the expression, or a program, from a file.", rare=_DESCENTS),
    Option("--from", ALL, ("text", "latex"), "The expression is", "text", rare=ALL),
    Option("--start", _DESCENTS, "NAME=VALUE,…", "Where to begin: x=0,y=1/2; JSON, or a file of it.",
           repeatable=True),
    Option("--target", "fit", "COLUMN", "What the model should give: y, or log(y)."),
    Option("--data", _DESCENTS, "FILE|-", "Columns of CSV or JSON lines, for variables."),
    Option("--reduce", "minimize", REDUCTIONS, "Of the values at all rows, the"),
    Option("--method", "minimize", DESCENTS, "By", DESCENTS[0]),
    Option("--method", "fit", FITS, "By", FITS[0], rare=_DESCENTS),
    Option("--rate", "minimize", "NUMBER", f"The part of the gradient that is a step, if not {RATE}."),
    Option("--momentum", "minimize", "NUMBER", f"The part of a step that goes into the next: {MOMENTUM}.",
           rare=_DESCENTS),
    Option("--steps", "minimize", COUNTS["steps"], f"At most so many, if not {STEPS}."),
    Option("--tolerance", "minimize", "NUMBER", "Converged where no slope is above it, if not 1e-6.", rare=_DESCENTS),
    Option("--batch", "minimize", COUNTS["batch"], "Rows of a step, in random order.", rare=_DESCENTS),
    Option("--epochs", "minimize", COUNTS["epochs"], f"How often all rows come, if not {EPOCHS}.", rare=_DESCENTS),
    Option("--seed", "minimize", COUNTS["seed"], "Of the random order of rows, if not 0.", rare=_DESCENTS),
    Option("--bounds", _DESCENTS, "RANGES", "Where parameters stay: b1=0..,b2=0..1,b3=..5.", rare="minimize"),
    Option("--weights", "fit", "COLUMN", "What the square of each residual counts."),
    Option("--plot", _DESCENTS, "FILE|-", "A picture, .svg, .png or .pdf; - is the terminal."),
    Option("--at", ALL, "FILE|-|JSON", "Values from a JSON object; options override it.", rare="points minimize fit"),
    Option("--data", "eval", "FILE|-", "Columns of a file as vectors: CSV, Parquet, .npy …", rare="eval"),
    Option("--set", ALL, "NAME=VALUE", "A value for a variable that is named as an option.", repeatable=True, rare=ALL),
    Option("--wrt", _GRADIENTS, "NAMES", "Gradients of these variables (x,y); the rest is fixed."),
    Option("--claim", "check", "NAME=CLAIM", "A gradient of a variable or gate: number or formula.", repeatable=True),
    Option("--claims", "check", "FILE|-|JSON", "Such claims as a JSON object; a class's as CSV."),
    Option("--steps", "derive", None, "All gates and edges as formulas, too."),
    Option("--only", "explain", "NAMES", "The story of these gates and variables alone."),
    Option("--blank", "explain", None, "A worksheet: the numbers are left out."),
    Option("--nudge", "explain", "H", "Also step each variable by H: f there, as predicted?"),
    Option("--expand", ALL, None, "Open modules, and gates like sigmoid.", rare=ALL),
    Option("--ties", f"eval points explain page check code graph {_DESCENTS}", TIES, "Of tied inputs of max:", TIES[0],
           rare=ALL),
    Option("--allow-nonfinite", "eval points explain graph", None, "Infinities and NaN instead of errors.", rare=ALL),
    Option("--precision", "eval points explain graph check", PROVEN,
           f"N proven significant digits, {PROVEN[0]} to {PROVEN[-1]}.",
           rare="points explain graph check"),
    Option("--enclose", "eval", None, "Proven bounds of every number; --x 0.25..0.5 is a box.", rare="eval"),
    Option("--trust", "eval", None, "How many digits of each number hold, proven.", rare="eval"),
    Option("--exact", "eval points explain", None, "Exact numbers: 1/3, sqrt(2)/2, exp(-1).", rare="points explain"),
    Option("--hessian", "eval points", None, "Second derivatives too.", rare="points"),
    Option("--upstream", "eval", "ARRAY", "Of an array: the gradient of sum(ARRAY * output).", rare="eval"),
    Option("--jacobian", "eval", None, "Every output by every input, as matrices.", rare="eval"),
    Option("--correlations", "eval points explain", "FILE|JSON", "Of uncertain values: {\"x\": {\"y\": 0.5}}.",
           rare="eval points explain"),
    *(Option("--format", command, tuple(VIEWS[kind]), "As", next(iter(VIEWS[kind]))) for command, kind in _SUBJECTS),
    Option("--to --format", "code", tuple(VIEWS["program"]), "Write", "python"),
    Option("--format", "points", ("parquet", *VIEWS["reduction"]), "As"),
    Option("--reduce", "points", ("sum", "mean"), "One result of all points:"),
    Option("--json", f"eval points {_DESCENTS} explain derive check ops", None, "The same as --format json.",
           short_for="--format json", rare=ALL),
    Option("--get", "eval", "value|NAME", "Bare numbers: the value, or the gradient of NAME.", repeatable=True,
           is_bare=True),
    Option("--get", "points", "value|NAME", "Only the value, or the gradient of NAME.", repeatable=True),
    Option("--trace", "minimize", None, "The table of eval at the end, too.", rare=_DESCENTS),
    Option("--trace", "points", None, "Of each point the whole document (JSON lines).", rare="points"),
    Option("--on-error", "points", ON_ERROR, "Points without a result:", ON_ERROR[0]),
    Option("--on-error", f"eval {_DESCENTS}", ON_ERROR[:2], "Rows of --data without a result:", ON_ERROR[0],
           rare=f"eval {_DESCENTS}"),
    Option("--delimiter", f"eval points {_DESCENTS}", "CHAR", "What stands between columns, if none of , tab ; |.",
           rare=f"eval points {_DESCENTS}"),
    Option("--rename", f"eval points {_DESCENTS}", "NAME=COLUMN", "The column of a variable, by another name.",
           repeatable=True, rare=f"eval {_DESCENTS}"),
    Option("--theme", "graph", THEMES, "The colours of a picture:", "light"),
    Option("--transparent", "graph", None, "A picture without a ground of its own.", rare=ALL),
    Option("--scale", "graph", "N", "A picture N times as large.", rare=ALL),
    Option("--no-local", "graph", None, "A picture without local gradients.", rare=ALL),
    Option("--steps", "graph", None, "A picture of each step (-o step-%02d.svg)."),
    Option("-o --output", _PRINT, "FILE", "Write to FILE, wholly or not at all."),
    Option("--lang", "check explain page", tuple(LANGUAGES), "Told in", rare="check explain page"),
    Option("--digits", "eval explain", DIGITS["trace"], "Digits that are shown: 6, or those of --precision."),
    Option("--digits", "points", DIGITS["reduction"], "Digits of the results, where not all are written."),
    Option("--digits", _DESCENTS, DIGITS["descent"], "Digits that are shown, if not 6.", rare=_DESCENTS),
    Option("--digits", "derive", DIGITS["derivation"], "Digits of a gradient that is a number, if not 6."),
    Option("--digits", "check", DIGITS["review"], "Digits that are shown: 6, and 15 of methods."),
    Option("--digits", "code", DIGITS["program"], "Digits of the numbers in comments, if not 6."),
    Option("--digits", "graph", DIGITS["circuit"], "Digits that are shown: 6 in a tree, 4 in a picture."),
    Option("--digits", "page", DIGITS["page"], "Digits that are shown: 6 in words, 4 in the picture."),
    Option("--digits", "ops", DIGITS["primitives"], "Digits that an example shows, if not 6."),
    Option("--time-limit", ALL, float, f"Give up after so many seconds of work, if not {SECONDS:g}.", SECONDS,
           rare=ALL),
    Option("--no-cache", ALL, None, "Leave the cache of compiled expressions alone.", rare=ALL),
    Option("--clear", "cache", None, "Forget them all."),
    Option("--help-all", ALL, None, "Show this message with what every option does.", rare=ALL),
    Option("-h --help", " ".join(COMMANDS), None, "Show this message and exit.", rare=ALL),
)  # fmt: skip
"""In the order of `--help`."""


def by_name(command: str) -> dict[str, Option]:
    """The options of a command, by each of their names, in the order of its help."""
    options = [option for option in OPTIONS if command in option.commands]
    return {name: option for option in options for name in option.names}
