"""The library face: one function, from an expression and values to a Trace."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import NoneType

from ..arithmetic import FLOATS, TIES
from ..passes import point
from ..passes.settings import DIGITS, Settings, check, is_of_arrays
from .trace import Trace
from .values import Given, expect, in_time, matrix, names_of, text, texts, whole


def backprop(
    expression: str,
    values: Mapping[str, Given] | None = None,
    /,
    *,
    wrt: Collection[str] | str | None = None,
    ties: str = TIES[0],
    allow_nonfinite: bool = False,
    precision: int | None = None,
    exact: bool = False,
    hessian: bool = False,
    upstream: Given | None = None,
    jacobian: bool = False,
    enclose: bool = False,
    trust: bool = False,
    correlations: Mapping[str, Mapping[str, float | str]] | Sequence[Sequence[float | str]] | str | None = None,
    expand: bool = False,
    time_limit: float | None = None,
    **variables: Given,
) -> Trace:
    """One forward and one backward pass over the expression or program, exactly as written.

    expression: the text of an expression or a program;
    wrt: names, or one text of names with commas between them, as on the command line;
    precision: significant digits that are proven, 2 to 10,000, in place of doubles;
    upstream: ∂f/∂output where the output is an array: the gradient is that of the sum of upstream × output;
    jacobian: every output by every input, as matrices, in place of a gradient;
    enclose: boxes that hold every number, proven; a value may be one: `x="0.25..0.5"`;
    trust: how many digits of each number hold, as `trace.held`, with a warning where fewer than six do;
    correlations: of uncertain values such as "2.0±0.1": `{"x": {"y": 0.5}}`, the whole matrix, or such a text of JSON;
    expand: whether modules, and compound primitives, are opened into their gates;
    time_limit: the seconds that the call may take, in any thread (None: as long as it takes);
    values, variables: a number, or the text of a constant expression or of an uncertain value, for each variable
        (`values` also takes names that Python does not allow as keywords); the others are those of `Settings`.
    Raises BackpropError: InputError where the input is wrong, MathError where there is no value or gradient,
    TooSlowError where the time is up.

    >>> backprop("(x+y)*z", x=-2, y=5, z=-4).gradient
    {'x': -4.0, 'y': -4.0, 'z': 3.0}
    """
    expect("the expression", expression, str, "text")
    expect("values", values, (Mapping, NoneType), "a mapping")
    expect("ties", ties, str, "text")
    expect("correlations", correlations, (Mapping, list, str, NoneType), "a mapping of mappings, a matrix, or JSON")
    precision = whole("precision", precision, DIGITS)
    flags = {
        "allow_nonfinite": allow_nonfinite,
        "exact": exact,
        "hessian": hessian,
        "jacobian": jacobian,
        "enclose": enclose,
        "trust": trust,
        "expand": expand,
    }
    for name, flag in flags.items():
        expect(name, flag, bool, "True or False")
    settings = Settings(names_of(wrt), ties, allow_nonfinite, precision, exact, hessian)
    seed = None if upstream is None else text("upstream", upstream)
    known = None if correlations is None else matrix("correlations", correlations)
    settings = settings._replace(upstream=seed, jacobian=jacobian, enclose=enclose, correlations=known)
    settings = settings._replace(trust=FLOATS.digits if trust else 0)
    check(settings)

    def work() -> Trace:
        from ..language.program import Program

        given = texts(values, variables)
        graph = Program(expression).graph(given)
        if not expand:
            return Trace.of(graph, given, settings)
        if is_of_arrays(graph, given):
            from ..passes.entries import opened

            point.ensure(graph, given, settings.wrt)
            program = opened(graph, given)
            return Trace.of(program.graph, program.given, settings._replace(wrt=program.wrt(settings.wrt)))
        from ..graph.expand import expand as opened_modules

        return Trace.of(opened_modules(graph), given, settings)

    return in_time(time_limit, work)
