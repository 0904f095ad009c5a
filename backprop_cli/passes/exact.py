"""The passes on exact numbers and on symbols."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import sympy

from ..arithmetic import Value
from ..arithmetic.symbolic import Symbolic
from ..arithmetic.symbolic_functions import UndecidedError, normcdf, sigmoid, softplus
from ..errors import MathError
from ..graph.graph import Graph
from ..rules.formula import Formula
from ..runtime.budget import TooSlowError, share
from . import point
from .backpropagate import backpropagate
from .hessian import hessian
from .named import named_gradient
from .settings import DOUBLES, Settings
from .trace import Notice, Trace

SHARE = 3 / 4
"""Of the time that is left: for what SymPy may do and need not."""

_CONDITIONS = 4
"""Of a formula that is written in cases; of more there may be as many as there are ways to combine them."""
_SYMPY_GIVES_UP = (RecursionError, ValueError, TypeError, AttributeError, NotImplementedError, ArithmeticError)
"""What SymPy raises on formulas that it cannot simplify; they stay as they are."""


_LEFT_WHOLE = (
    *(sympy.Abs, sympy.sign, sympy.Max, sympy.Min, sympy.Piecewise, sympy.floor, sympy.ceiling),
    *(sigmoid, softplus, normcdf, sympy.tanh),
)


@dataclass(frozen=True)
class Derivation:
    """A trace on symbols, and its gradient in two more forms.

    simplified: the shortest of some equal closed forms
    named: over the names of the program, as one writes it by hand; None where that is too long
    steps: whether all gates and edges are to be shown as well
    """

    trace: Trace
    simplified: Mapping[str, Value]
    named: Mapping[str, Formula | None]
    steps: bool = False

    def decimals(self, name: str, digits: int | None) -> str:
        """The gradient of a variable to `digits` significant digits; empty where it is none, or says enough itself.

        A whole number does, and unless digits are asked for, a ratio too.
        """
        value = self.simplified[name]
        if value.free_symbols or value.is_Integer or (value.is_Rational and digits is None):
            return ""
        with suppress(ArithmeticError):  # an exponent that SymPy cannot write out
            return str(sympy.N(value, digits or self.trace.arithmetic.digits))
        return ""


def exact_trace(graph: Graph, given: Mapping[str, float | str], settings: Settings = DOUBLES) -> Trace:
    """The trace on exact numbers.

    given: values for variables; one without is a symbol
    settings: of which `wrt`, `ties` and `hessian` count

    Raises MathError as `backpropagate` does, and where SymPy cannot carry the numbers.
    """
    unknown = [node.name for node in graph.variables if node.name not in given]

    def compute(arithmetic: Symbolic) -> Trace:
        values: dict[str, Value] = point.complete(given, arithmetic)
        symbols = {name: arithmetic.symbol(name) for name in unknown}
        trace = backpropagate(graph, {**values, **symbols}, settings, arithmetic)
        matrix = hessian(graph, given, settings, arithmetic) if settings.hessian else None
        return trace.but(point=values, hessian=matrix)

    return exactly(graph, compute, are_numbers=not unknown)


def exactly(graph: Graph, compute: Callable[[Symbolic], Trace], *, are_numbers: bool = True) -> Trace:
    """A trace on exact numbers, as far as SymPy carries them. Raises MathError where it does not.

    compute: what makes the trace in that arithmetic
    are_numbers: whether no variable is a symbol
    """
    try:
        return compute(Symbolic())
    except RecursionError:
        message = "the formulas are nested too deeply for exact numbers"
    except UndecidedError as error:
        message = str(error)
    raise MathError(message, graph.source, hint="--precision 50 gives 50 correct digits" if are_numbers else "")


def derive(graph: Graph, given: Mapping[str, float | str], *, wrt: Collection[str] | None = None) -> Derivation:
    """The passes on symbols, the gradient over the names of the program, and the shortest of some closed forms."""
    trace = exact_trace(graph, given, Settings(wrt))
    simplified = dict(trace.gradient)

    def simplify() -> None:
        for name, formula in trace.gradient.items():
            simplified[name] = _in_cases(trace, formula) if graph.nodes.chooses else _shortest(trace, formula)

    try:
        share(SHARE, simplify)
    except TooSlowError as error:
        message = "there is no time to simplify all closed forms: some are as the passes leave them"
        told = Notice("time", graph.output.name, f"{message}; {error.hint}")
        trace = trace.but(warnings=[*trace.warnings, told])
    return Derivation(trace, simplified, named_gradient(graph, wrt))


def _in_cases(trace: Trace, formula: Value) -> Value:
    """A formula with choices as cases, so that nothing is multiplied by the 0 of a branch that is not taken."""
    used = {case.cond for choice in formula.atoms(sympy.Piecewise) for case in choice.args}
    if len(used) > _CONDITIONS:
        return _shortest(trace, formula)
    values = (value for value in trace.values if isinstance(value, sympy.logic.boolalg.Boolean))
    both_ways = (each for value in values for each in (value, getattr(value, "reversed", value)))  # x > a, and a < x
    ordered = [each for each in both_ways if each in used]
    others = sorted(used - {*ordered, sympy.true}, key=sympy.default_sort_key)
    cases = [(_shortest(trace, value), when) for value, when in _cases(formula, [*dict.fromkeys(ordered), *others])]
    *_, (last, _) = cases
    return sympy.Piecewise(*(cases[:-1] if last is sympy.nan else cases))


def _cases(formula: Value, conditions: Sequence[Value], known: Value = sympy.true) -> list[tuple[Value, Value]]:
    """A formula without its choices: what it is in each case, of which the first that holds counts.

    conditions: those of its choices, in the order in which they are decided
    known: what holds already
    """
    for place, condition in enumerate(conditions):
        if not formula.has(condition):
            continue
        opposite, others = sympy.Not(condition), conditions[place + 1 :]
        if_so = formula.xreplace({condition: sympy.true, opposite: sympy.false})
        if_not = formula.xreplace({condition: sympy.false, opposite: sympy.true})
        if _excludes(known, condition):
            return _cases(if_not, others, known)
        if _excludes(known, opposite):
            return _cases(if_so, others, known)
        yes = _cases(if_so, others, sympy.And(known, condition))
        no = _cases(if_not, others, sympy.And(known, opposite))
        return yes if yes == no else [*((value, sympy.And(condition, when)) for value, when in yes), *no]
    return [(formula, sympy.true)]


def _excludes(known: Value, condition: Value) -> bool:
    """Whether a condition cannot hold beside what is known, as far as SymPy sees it of one variable."""
    both = sympy.And(known, condition)
    if known == sympy.true or len(both.free_symbols) != 1:
        return bool(both == sympy.false)
    with suppress(*_SYMPY_GIVES_UP):
        return bool(both.simplify() == sympy.false)
    return False


def _shortest(trace: Trace, formula: Value) -> Value:
    """The shortest of some equal forms, by what is printed. None has a function that the formula itself has not.

    Absolute values, maxima, conditions, and functions that people know by name stay whole: SymPy rewrites them.
    """
    if has_large_power(formula):
        return formula
    whole: dict[Value, Value] = {}
    walk = sympy.preorder_traversal(formula)
    for part in walk:
        if isinstance(part, _LEFT_WHOLE):
            dummy = sympy.Dummy("whole", len(whole), real=True, nonnegative=part.is_nonnegative)  # the same in each run
            whole.setdefault(part, dummy)
            walk.skip()
    back = {dummy: part for part, dummy in whole.items()}
    inner, heads = formula.xreplace(whole), _heads(formula)
    best, length = formula, len(trace.arithmetic.exactly(formula))
    for rewrite in _REWRITES:
        with suppress(*_SYMPY_GIVES_UP):
            found = rewrite(inner).xreplace(back)
            size = len(trace.arithmetic.exactly(found))
            # SymPy puts zoo at a point where a piece is not defined.
            if size < length and trace.arithmetic.is_finite(found) and _heads(found) <= heads:
                best, length = found, size
    return best


def has_large_power(formula: Value) -> bool:
    """Whether SymPy had better not simplify it: it works out large powers of sums in one call, which nothing ends."""
    return any(abs(power.exp) > _LARGEST_POWER for power in formula.atoms(sympy.Pow) if power.exp.is_Integer)


def _heads(formula: Value) -> set[type]:
    return {type(each) for each in formula.atoms(sympy.Function)}


_REWRITES = (sympy.factor_terms, sympy.factor, sympy.simplify)
"""Ways to an equal form, the cheapest first."""
_LARGEST_POWER = 500
