"""What `minimize` and `fit` have in common: a start, data, an objective and a plot, as they are typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

from ..arithmetic import FLOATS
from ..errors import InputError, quote
from ..passes import point
from ..points.evaluate import Job
from ..view import VIEWS, form_of
from .output import show, warn
from .request import Asked, Question
from .starts import assignments, read_start

if TYPE_CHECKING:
    from ..arithmetic.axes import Array
    from ..descent.bounds import Bounds
    from ..descent.minimum import Descent
    from ..descent.objective import Objective
    from ..descent.squares import Fit
    from ..passes.trace import Trace
    from ..points.tables import Columns
    from ..view.plot import Plot


class Read(NamedTuple):
    """What was typed: the program and values, a start, and columns; and an exit status."""

    question: Question
    start: Mapping[str, Any]
    columns: Columns | None
    status: int


def read(asked: Asked, start: Sequence[str], formulas: Sequence[str | None] = (), *, by_rows: bool) -> Read:
    """What was typed, and the columns of --data, of which --on-error may leave rows out.

    start: the texts of that option;
    formulas: of columns, which have a number at each row, too;
    by_rows: whether the program has a value at each row.
    Raises InputError for what cannot be read.
    """
    asked.check_data()
    if asked.data == "-" and "-" in (asked.expression, asked.file, asked.at):
        raise InputError("the data and something else cannot both come from standard input")
    question, begin = asked._replace(data=None, rename=()).read(), read_start(start)

    def jobs(header: Sequence[str]) -> Sequence[Job]:
        from ..points.kept import needs

        graph, fixed, settings = question.request(partly=True, columns=[*begin, *header], arrays=True)
        known, settings = {**fixed, **begin}, settings._replace(wrt=[*begin])
        return needs(graph, known, settings, header, formulas, by_rows=by_rows)

    columns, status = (None, 0) if asked.data is None else asked.columns(None, jobs)
    return Read(question, begin, columns, status)


def objective(asked: Asked, read: Read, reduce: str | None = None, *, by_rows: bool = False) -> tuple[Objective, Array]:
    """The objective that was read, and where to begin (see `descent.setup.objective`).

    read: what was typed, and the columns of --data
    by_rows: whether it has a value at each row
    Raises InputError for what does not go together.
    """
    from ..descent import setup

    begin, columns = read.start, read.columns
    names = [*begin, *(columns or ())]
    graph, fixed, settings = read.question.request(partly=True, columns=names, arrays=True)
    try:
        return setup.objective(
            graph, begin, fixed, columns, reduce or "", settings.ties, by_rows=by_rows,
            left_out=columns.left_out if columns else (),
        )  # fmt: skip
    except setup.NoStartError as error:
        from ..points.rows import meant
        from .working import started

        others = {*(columns or ())} - {node.name for node in graph.variables}
        told = meant(error.names[0], [*columns], ()) if columns else ""
        error.hint = told or started(asked.line, graph, error.names, sorted(others), {**fixed, **begin}) or error.hint
        raise


def read_bounds(text: str | None, labels: Sequence[str]) -> Bounds | None:
    """The least and the largest value of each parameter: `b1=0..,b2=0..1,b3=..5`; None without any."""
    if text is None:
        return None
    from ..descent.bounds import Bounds

    example = "b1=0..,b2=0..1,b3=..5"

    def ends(name: str, interval: str) -> tuple[float, float]:
        low, dots, high = map(str.strip, interval.partition(".."))
        if not dots or not (low or high):
            message = f"--bounds of {name} are LOW..HIGH, of which one may be missing, not {quote(interval)}"
            raise InputError(message, hint=f"for example: --bounds {example}")
        what = f"the bounds of {name}"
        return (
            point.read_value(what, low, FLOATS) if low else -inf,
            point.read_value(what, high, FLOATS) if high else inf,
        )

    typed = point.by_name(assignments(text, "--bounds", example), "--bounds")
    return Bounds.of("--bounds", labels, {name: ends(name, interval) for name, interval in typed.items()})


def draws(file: str | None) -> str:
    """The format of a plot in a file of that name, `text` for the terminal. Raises InputError where it means none."""
    if file is None or file == "-":
        return "text"
    return form_of(file, {form: "" for form in VIEWS["plot"] if form != "text"})


def told(what: str, found: Descent | Fit, trace: Trace, plots: Callable[[], Sequence[Plot]], **shown: Any) -> int:
    """Tell what came of it, and draw it. Gives the exit status.

    found: what it came to;
    shown: how it is asked for, by the options `form`, `digits`, `output` and `plot`;
    what: the kind of subject, as VIEWS has it;
    trace: at the end, with its warnings;
    plots: what there is to draw, where a plot is asked for.
    """
    warn(trace.warnings)
    show(what, found, shown["form"], shown["digits"], shown["output"])
    if (file := shown["plot"]) is not None:
        show("plot", plots(), draws(file), None, file)
    return 0 if found.converged else 1
