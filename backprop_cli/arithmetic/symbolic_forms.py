"""SymPy's formulas as ours: as data, which every printer takes, and as text, which this program reads again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial, reduce
from typing import Any

import sympy
from sympy import Max, Min, Piecewise
from sympy.printing.str import StrPrinter

from ..rules.formula import Formula
from .system import Value


def formula(value: Value) -> Formula:
    """A formula of SymPy's as one of ours. What there is no word for stands in it as LaTeX, between braces."""
    args = value.args
    if value.is_Integer or value.is_Symbol or value in (sympy.pi, sympy.E):
        return Formula(str(value).lower() if value == sympy.E else str(value))
    if value.is_Add:
        first, *others = value.as_ordered_terms()
        whole = formula(first)
        for term in others:
            whole = whole - formula(-term) if term.could_extract_minus_sign() else whole + formula(term)
        return whole
    if value.could_extract_minus_sign() and (value.is_Mul or value.is_Rational):
        return -formula(-value)
    above, below = sympy.fraction(value)
    if below != 1:
        return formula(above) / formula(below)
    if value.is_Mul:
        return reduce(Formula.__mul__, map(formula, value.as_ordered_factors()))
    if value.is_Pow:
        is_root = args[1] == sympy.Rational(1, 2)
        return Formula("sqrt", formula(args[0])) if is_root else formula(args[0]) ** formula(args[1])
    if isinstance(value, Piecewise):
        *cases, (last, otherwise) = args
        whole = formula(last) if otherwise == sympy.true else Formula("Piecewise", formula(last), _truth(otherwise))
        for case, condition in reversed(cases):
            whole = Formula("where", _truth(condition), formula(case), whole)
        return whole
    if value == sympy.EulerGamma:
        return -Formula("digamma", Formula("1"))
    if isinstance(value, (sympy.Function, Max, Min)):
        name, args = _called(value)
        return Formula(name, *map(formula, args))
    return Formula(f"{{{sympy.latex(value)}}}")


def _truth(condition: Value) -> Formula:
    """A condition of SymPy's as one of ours."""
    args = condition.args
    if isinstance(condition, (sympy.And, sympy.Or)):
        head = "and" if isinstance(condition, sympy.And) else "or"
        return reduce(partial(Formula, head), map(_truth, sorted(args, key=sympy.default_sort_key)))
    if isinstance(condition, sympy.ITE):
        return _truth(condition.to_nnf(simplify=False))
    if isinstance(condition, sympy.Not):
        return Formula("not", _truth(args[0]))
    if isinstance(condition, sympy.core.relational.Relational):
        return Formula(_RELATIONS[condition.rel_op], *map(formula, args))
    return Formula(f"{{{sympy.latex(condition)}}}")


_RELATIONS = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}


class AsTyped(StrPrinter):  # type: ignore[misc]
    """SymPy's formulas as expressions that this program takes.

    The formulas of a graph have parts in common, and each part is printed once.
    """

    def __init__(self) -> None:
        super().__init__()
        self.printed: dict[Value, str] = {}

    def _print(self, part: Value, **options: Any) -> str:
        if options or not isinstance(part, sympy.Basic):
            return str(super()._print(part, **options))
        if part not in self.printed:
            self.printed[part] = str(super()._print(part))
        return self.printed[part]

    def _print_Piecewise(self, piecewise: Piecewise) -> str:  # noqa: N802
        *cases, (last, condition) = piecewise.args
        if condition != sympy.true:
            pairs = [f"({self._print(value)}, {_condition(self, case)})" for value, case in piecewise.args]
            return f"Piecewise({', '.join(pairs)})"
        words = [f"{self._print(value)} if {_condition(self, case)} else " for value, case in cases]
        return f"({''.join(words)}{self._print(last)})"

    def _print_BooleanTrue(self, _truth: Value) -> str:  # noqa: N802
        return "true"

    def _print_BooleanFalse(self, _truth: Value) -> str:  # noqa: N802
        return "false"

    def _print_Relational(self, relation: Value) -> str:  # noqa: N802
        return _condition(self, relation)

    _print_And = _print_Or = _print_Not = _print_ITE = _print_Relational  # noqa: N815

    def _print_Function(self, call: sympy.Function) -> str:  # noqa: N802
        name, args = _called(call)
        return f"{name}({', '.join(map(self._print, args))})"

    _print_Max = _print_Function  # noqa: N815 - the names are SymPy's
    _print_Min = _print_Function  # noqa: N815

    def _print_EulerGamma(self, _gamma: Value) -> str:  # noqa: N802
        return "(-digamma(1))"

    def _print_Exp1(self, _e: Value) -> str:  # noqa: N802
        return "exp(1)"


def _condition(printer: AsTyped, condition: Any) -> str:
    if isinstance(condition, (sympy.And, sympy.Or)):
        word, inner = (" and ", sympy.Or) if isinstance(condition, sympy.And) else (" or ", sympy.And)
        parts = [(each, _condition(printer, each)) for each in condition.args]
        return word.join(sorted(f"({text})" if isinstance(each, inner) else text for each, text in parts))
    if isinstance(condition, sympy.ITE):
        return _condition(printer, condition.to_nnf(simplify=False))
    if isinstance(condition, sympy.Not):
        return f"not ({_condition(printer, condition.args[0])})"
    if isinstance(condition, sympy.core.relational.Relational):
        sides = (printer.doprint(each) for each in (condition.lhs, condition.rhs))
        return f" {condition.rel_op} ".join(sides)
    return str(printer.doprint(condition))


_SPELLED = {"Abs": "abs", "Max": "max", "Min": "min", "ceiling": "ceil", "loggamma": "lgamma", "LambertW": "lambertw"}


def _called(call: Value) -> tuple[str, Sequence[Value]]:
    """The function of a call, by our name for it, and what it is called with."""
    name, args = type(call).__name__, call.args
    return ("digamma", args[1:]) if name == "polygamma" and args[0] == 0 else (_SPELLED.get(name, name), args)
