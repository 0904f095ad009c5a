"""Uncertain inputs, and what they make of the output to first order: σ² = Σ(∂f/∂x·σ)², and more where they correlate.

The law of propagation is that of the Guide to the expression of uncertainty in measurement (JCGM 100:2008, 5.1.2 and
5.2.2); of the second order its note to 5.1.2, for values that are spread as normal ones are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from ..arithmetic import FLOATS, Arithmetic, TooWideError, Value
from ..errors import InputError, MathError, UnprovenError, did_you_mean, few, quote, suggest
from ..graph.graph import Graph, partial
from ..language.uncertain import read_uncertain
from ..rules.table import primitive
from . import point
from .forward import forward
from .hessian import MAX_VARIABLES, hessian, with_second_derivatives
from .settings import Settings
from .trace import Notice, Pair, Trace, Uncertainty

MAX_CORRELATED = 500
"""Variables that correlations may be given of."""
ENOUGH = 0.1
"""The part of σ by which the second order may change it, or move the mean, before a notice says so."""
EXAMPLE = """--correlations '{"x": {"y": 0.5}}'"""
"""How correlations are typed."""
_LOOKED_AT = 50_000  # gates × uncertain variables, beyond which no second derivatives are computed for a notice
_NEGLIGIBLE = 1e-9  # by which an eigenvalue may be below 0, because correlations are rounded
_NOISE = 2  # digits of an output that rounding may spoil
_FIGURES = 2  # digits of an uncertainty in a notice


def uncertain_trace(
    graph: Graph,
    given: Mapping[str, Any],
    settings: Settings,
    plain: Callable[[Mapping[str, Any], Callable[[Trace], Trace]], Trace],
) -> Trace:
    """The trace at the values, with the uncertainty of its output.

    given: a text for each variable, some with a standard uncertainty
    settings: of which `correlations` and `ties` count
    plain: what computes the trace at plain values, and adds something to it in the arithmetic at work

    Raises InputError for what is no uncertainty or no correlation, and as `plain` does.
    """
    written = {name: read_uncertain(name, text) for name, text in given.items() if point.is_uncertain(text)}
    order = [node.name for node in graph.variables if node.name in written]
    known = {} if settings.correlations is None else read_correlations(settings.correlations, order)
    _check(known, graph, written)
    values = {**given, **{name: value for name, (value, _) in written.items()}}
    texts = {name: sigma for name, (_, sigma) in written.items()}
    trace = plain(values, lambda trace: trace.but(uncertainty=_propagated(trace, texts, known)))
    return trace.but(warnings=[*trace.warnings, *_notices(trace, values, settings)])


# -- Correlations --------------------------------------------------------------------------------------------------


def read_correlations(given: object, order: Sequence[str]) -> dict[Pair, str]:
    """Correlations from JSON or a mapping: `{"x": {"y": 0.5}}`, or `{"names": ["x", "y"], "matrix": [[1, 0.5], …]}`.

    What is not named is 0, and 1 of a variable with itself. Raises InputError for what is no correlation.

    given: those, or `[[1, 0.5], …]` alone
    order: the uncertain variables, whose rows and columns a matrix alone has
    """
    data = point.parsed(given, "--correlations", EXAMPLE) if isinstance(given, str) else given
    if isinstance(data, Mapping) and {*data} == {"names", "matrix"} and isinstance(data["names"], list):
        data = _from_matrix(data["names"], data["matrix"])
    elif isinstance(data, list) and all(isinstance(row, list) for row in data):
        data = _from_matrix(order, data)
    if not isinstance(data, Mapping) or not all(isinstance(row, Mapping) for row in data.values()):
        raise InputError("--correlations takes a JSON object of objects, or a matrix", hint=f"for example: {EXAMPLE}")
    found: dict[Pair, str] = {}
    for row, columns in data.items():
        for column, number in columns.items():
            one, two = (point.read_name(str(name)) for name in (row, column))
            text = str(number)
            value, mirrored = _correlation(one, two, text), found.get((two, one), text)
            if one == two and value != 1:
                raise InputError(f"the correlation of {one} with itself is 1, not {text}")
            if _correlation(two, one, mirrored) != value:
                message = f"the correlation of {two} and {one} is given as {mirrored}, and in the other order as {text}"
                raise InputError(message, hint="a matrix of correlations is symmetric")
            if (two, one) not in found:
                found[one, two] = text
    return {(one, two): text for (one, two), text in found.items() if one != two}


def _from_matrix(names: Sequence[Any], matrix: Any) -> dict[str, dict[str, Any]]:
    rows = matrix if isinstance(matrix, list) else []
    lengths = [len(row) if isinstance(row, list) else -1 for row in rows]
    if lengths != [len(names)] * len(names) or not all(isinstance(name, str) for name in names):
        message = "the matrix of --correlations has a row and a column for each uncertain variable"
        order = ", ".join(few([str(name) for name in names]))
        raise InputError(message, hint=f"a matrix of {len(names):,} × {len(names):,}, in this order: {order}")
    point.by_name((name, None) for name in names)
    return {row: dict(zip(names, numbers, strict=True)) for row, numbers in zip(names, rows, strict=True)}


def _correlation(one: str, two: str, text: str) -> Fraction:
    value = Fraction(text) if point.is_number(text) and "n" not in text.lower() else Fraction(2)
    if abs(value) > 1:
        raise InputError(f"the correlation of {one} and {two} is a number from -1 to 1, not {quote(text)}")
    return value


def _check(correlations: Mapping[Pair, str], graph: Graph, written: Mapping[str, object]) -> None:
    """Raise InputError for correlations that these variables cannot have."""
    names = [*dict.fromkeys(name for pair in correlations for name in pair)]
    known = {node.name for node in graph.variables}
    for name in names:
        if name not in written:
            close = "" if name in known else suggest(name, written)
            why = "has no uncertainty" if name in known else "is no variable of the expression"
            hint = f"for example: --{name} 2.0±0.1" if name in known else close and did_you_mean(name, close)
            raise InputError(f"--correlations names {quote(name)}, which {why}", hint=hint)
    if len(names) > MAX_CORRELATED:
        raise InputError(f"correlations of {len(names):,} variables are beyond the limit of {MAX_CORRELATED}")
    if names:
        import numpy as np

        least = float(np.linalg.eigvalsh(_matrix(names, correlations))[0])
        if least < -_NEGLIGIBLE:
            message = f"no variables have these correlations: their matrix has a negative eigenvalue, {least:.3g}"
            raise InputError(message, hint="a matrix of correlations is positive semi-definite")


def _matrix(names: Sequence[str], correlations: Mapping[Pair, Any]) -> Any:
    """The whole matrix, as an array of doubles."""
    import numpy as np

    matrix, places = np.eye(len(names)), {name: place for place, name in enumerate(names)}
    for (one, two), number in correlations.items():
        if one in places and two in places:
            matrix[places[one], places[two]] = matrix[places[two], places[one]] = number
    return matrix


# -- The first order -----------------------------------------------------------------------------------------------


def _propagated(trace: Trace, texts: Mapping[str, str], correlations: Mapping[Pair, str]) -> Uncertainty:
    """The uncertainty of the output, in the arithmetic of the trace. Of doubles, nothing is rounded before the end."""
    system = trace.arithmetic
    sigmas = {name: _sigma(name, text, system) for name, text in texts.items()}
    known = {pair: system.number(text) for pair, text in correlations.items()}
    exact, back = (Fraction, float) if system is FLOATS else (_same, _same)
    slopes = {name: exact(trace.gradient[name]) * exact(sigmas[name]) for name in sigmas if name in trace.gradient}
    together = dict(slopes)  # what goes along with each variable
    for (one, two), number in known.items():
        if one in slopes and two in slopes:
            together[one] += exact(number) * slopes[two]
            together[two] += exact(number) * slopes[one]
    products = {name: slope * together[name] for name, slope in slopes.items()}
    variance = sum(products.values(), start=exact(system.number("0")))
    try:
        sigma = _root(variance) if system is FLOATS else _rooted(variance, system)
        components = {name: back(slope) for name, slope in slopes.items()}
        is_spread = system.to_float(sigma) != 0
        shares = {name: back(product / variance) for name, product in products.items()} if is_spread else {}
    except OverflowError:
        raise MathError("the uncertainty of the output overflows", trace.graph.source, hint=system.range_hint) from None
    except TooWideError:
        raise UnprovenError("the uncertainty of the output is not decided", trace.graph.source) from None
    return Uncertainty(sigma, sigmas, components, shares, known)


def _same(value: Value) -> Value:
    return value


def _sigma(name: str, text: str, system: Arithmetic) -> Value:
    if text.strip().lower().lstrip("+-") in ("inf", "infinity", "nan"):
        raise InputError(f"the uncertainty of {name} is not finite", text, (0, len(text)))
    sigma = point.read_value(f"σ of {name}", text, system)
    if system.to_float(sigma) < 0:
        raise InputError(f"the uncertainty of {name} is negative", text, (0, len(text)), "a ± has no sign behind it")
    return sigma


def _root(variance: Fraction) -> float:
    """The square root, whatever the size of the fraction."""
    if variance <= 0:  # correlations are rounded
        return 0.0
    power = (variance.numerator.bit_length() - variance.denominator.bit_length()) // 2
    return math.ldexp(math.sqrt(variance / Fraction(4) ** power), power)


def _rooted(variance: Value, system: Arithmetic) -> Value:
    return system.number("0") if system.to_float(variance) < 0 else system.rule(primitive("sqrt")).value(variance)


# -- Whether it is enough ------------------------------------------------------------------------------------------


def _notices(trace: Trace, values: Mapping[str, Any], settings: Settings) -> Iterator[Notice]:
    """What the first order does not tell."""
    found, output = trace.uncertainty, trace.graph.output.name
    assert found is not None
    names = [name for name, sigma in found.sigmas.items() if trace.arithmetic.to_float(sigma) != 0]
    if left := [name for name in names if name not in found.components]:
        message = f"the uncertainty of {', '.join(few(left))} is left out, because --wrt holds what it does not name"
        yield Notice("first-order", output, message)
    names = [name for name in names if name in found.components]
    for name in names:
        if trace.arithmetic.to_float(trace.gradient[name]) == 0:
            message = f"{partial(output, name)} is 0 here: to first order, the uncertainty of {name} does not count"
            yield Notice("first-order", name, message)
    if not names:
        return
    gates = sum(1 for _ in trace.graph.gates)
    if gates * len(names) > _LOOKED_AT or len(names) > MAX_VARIABLES:
        message = "whether the first order is enough was not looked at: there are too many gates and variables"
        yield Notice("first-order", output, message)
        return
    try:
        with trace.arithmetic.working():
            matrix = trace.hessian or _second(trace, values, settings._replace(wrt=names))
            told = _second_order(trace, matrix, names) or _beside(trace, names)
    except MathError as error:
        told = f"whether the first order is enough is not known: {error.message}"
    if told:
        yield Notice("first-order", output, told)


def _second(trace: Trace, values: Mapping[str, Any], settings: Settings) -> Mapping[str, Any]:
    """The second derivatives, in the arithmetic of the trace."""
    matrix = hessian(trace.graph, values, settings, trace.arithmetic)
    return with_second_derivatives(trace, matrix).hessian or {}


def _beside(trace: Trace, names: Sequence[str]) -> str:
    """What second derivatives do not see within one σ: a kink, an end of the domain, a bend that turns around here."""
    system, found, f = trace.arithmetic, trace.uncertainty, trace.value
    assert found is not None
    for name in names:
        here, sigma = trace.point[name], found.sigmas[name]
        sides = []
        for at in (here + sigma, here - sigma):
            try:
                sides.append(forward(trace.graph, {**trace.point, name: at}, system)[-1])
            except UnprovenError:
                return ""
            except MathError as error:
                place = system.show(at, system.digits)
                return f"within one σ, at {name} = {place}, there is no value: {error.message}"
        above, below = sides
        most = max(system.to_float(abs(each)) for each in (f, above, below))
        noise = 0.0 if system.trusted is None else most * 10.0 ** (_NOISE - system.trusted)
        least = max(noise, ENOUGH * system.to_float(found.sigma))
        slope = found.components[name] * 2
        for apart, text in (
            ((above + below) / 2 - f, f"at {name} ± σ, the output is off its tangent by {{}} on average"),
            ((above - below - slope) / 2, f"from {name} - σ to {name} + σ, the output changes by {{}}, not {{}}"),
        ):
            if abs(system.to_float(apart)) > least:
                shown = [above - below, slope] if text.count("{}") > 1 else [abs(apart)]
                numbers = (FLOATS.show(system.to_float(each), _FIGURES) for each in shown)
                return f"the first order is not enough: {text.format(*numbers)}"
    return ""


def _second_order(trace: Trace, matrix: Mapping[str, Mapping[str, Value]], names: Sequence[str]) -> str:
    """What the second order changes, where that is much: E(f) ≈ f + tr(HΣ)/2 and σ² ≈ gᵀΣg + tr(HΣHΣ)/2."""
    found, system = trace.uncertainty, trace.arithmetic
    assert found is not None
    bends = [[matrix[row][name] * found.sigmas[row] * found.sigmas[name] for name in names] for row in names]
    size = found.sigma
    if system.to_float(size) == 0:
        size = max((abs(bend) for row in bends for bend in row), key=system.to_float)
        if system.to_float(size) == 0:
            return ""
    parts = [[system.to_float(bend / size) for bend in row] for row in bends]
    first = system.to_float(found.sigma / size)
    if found.correlations:
        import numpy as np

        known = {pair: system.to_float(number) for pair, number in found.correlations.items()}
        product = np.array(parts) @ _matrix(names, known)
        shift, square = float(product.trace()) / 2, float((product * product.T).sum()) / 2
    else:
        shift = math.fsum(row[place] for place, row in enumerate(parts)) / 2
        square = math.fsum(part * part for row in parts for part in row) / 2
    second = math.hypot(first, math.sqrt(max(square, 0.0)))

    def show(part: float) -> str:
        value = size * system.number(repr(part))
        return FLOATS.show(system.to_float(value), _FIGURES) if system.trusted is None else system.show(value, _FIGURES)

    told = [f"make σ {show(second)}, not {show(first)}"] if second > (1 + ENOUGH) * first else []
    told += [f"move the mean by {show(shift)}"] if abs(shift) > ENOUGH * first else []
    return f"the first order is not enough: second derivatives {', and '.join(told)}" if told else ""
