"""Independent oracles for values and gradients.

A function is the one of its name in mpmath and in SymPy, or is written out here. Nothing comes from backprop_cli,
except where neither library has the function of a row: then it is what the row says, as people read it.

A formula's text is read by Python's own parser, with every name and number replaced, and then evaluated twice over:
over SymPy, whose `diff` gives the gradient, and over mpmath, where differences and complex steps give it.
"""

from __future__ import annotations

import ast
import functools
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cache, partial
from types import CodeType
from typing import Any, TypeAlias

import mpmath
import sympy
from flint import acb, arb, ctx

from backprop_cli.rules.op import Op
from backprop_cli.rules.table import TABLE

from .interpreter import READ, interpret, operands

Number: TypeAlias = Any
"""An mpmath number (mpf, or mpc where a complex step is taken)."""
Function: TypeAlias = Callable[..., Any]

DIGITS = 50
"""What an oracle's answer is good for."""
WORKING = 90
"""What is carried, so that cancellation inside a formula leaves DIGITS of them."""

# -- Reading a formula ---------------------------------------------------------------------------------------------

_WORD = re.compile(
    r"\b(?:if|else)\b|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|(?P<name>[^\W\d]\w*)(?P<call>\s*\()?"
)
_SIGNS = str.maketrans({"^": "**", "−": "-", "×": "*", "·": "*", "÷": "/"})
_ALIASES = {"ln": "log", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "σ": "sigmoid"}
_CONSTANTS = {"pi": "pi", "π": "pi", "e": "e", "E": "e"}


@cache
def _read(text: str) -> tuple[CodeType, tuple[str, ...]]:
    """The formula compiled, and its names that are not functions, in order.

    A name becomes `names[…]` or `functions[…]` by what follows it, and a number becomes `number("…")`: so
    neither `lambda` nor `gamma`, a function and a variable in one formula, nor binary rounding can get in the way.
    """
    names: dict[str, None] = {}

    def replace(match: re.Match[str]) -> str:
        if match["number"]:
            return f"number({match['number']!r})"
        name = match["name"]
        if not name:
            return match[0]
        if match["call"]:
            return f"functions[{_ALIASES.get(name, name)!r}]("
        names[name] = None
        return f"names[{name!r}]"

    tree = _Conditions().visit(ast.parse(_WORD.sub(replace, text.translate(_SIGNS)), text, "eval"))
    return compile(ast.fix_missing_locations(tree), text, "eval"), tuple(names)


class _Conditions(ast.NodeTransformer):
    """Comparisons and choices, which SymPy and mpmath cannot make of Python's own, become calls of functions."""

    def call(self, name: str, *inputs: ast.expr) -> ast.Call:
        function = ast.parse(f"functions[{name!r}]", mode="eval").body
        return ast.Call(function, [self.visit(each) for each in inputs], [])

    def visit_Compare(self, node: ast.Compare) -> ast.Call:
        [sign], [right] = node.ops, node.comparators
        return self.call(
            {"GtE": "ge", "LtE": "le"}.get(type(sign).__name__, type(sign).__name__.lower()), node.left, right
        )

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        is_mod = isinstance(node.op, ast.Mod)
        return self.call("mod", node.left, node.right) if is_mod else self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> ast.Call:
        nothing = ast.arguments([], [], None, [], [], None, [])
        return self.call("choice", node.test, *(ast.Lambda(nothing, each) for each in (node.body, node.orelse)))


def variables(text: str, given: Sequence[str] = ()) -> list[str]:
    """The names of a formula that are variables: all but pi and e, and those too where they are given a value."""
    return [name for name in _read(text)[1] if name in given or name not in _CONSTANTS]


_OTHERWISE = "prod trunc mod fmod frac round heaviside clip sum mean square step".split()
"""What the libraries mean something else by, or cannot differentiate."""


class Functions(dict[str, Function]):
    """Functions by name. Those of rows that are not written out are the library's, under a name or an alias of the row;
    what it does not have is the row itself, as it is read.

    library: the module; number: what makes a number of a literal; pi: what makes its pi; written: what is written out.
    """

    def __init__(self, library: Any, number: Function, pi: Function, **written: Function) -> None:
        super().__init__(written)
        self.library, self.number, self.pi = library, number, pi

    def __missing__(self, name: str) -> Function:
        rows = [op for op in TABLE if op.name == name]
        if not rows:
            raise KeyError(name)
        spelled = () if name in _OTHERWISE else (name, *rows[0].aliases)
        known = [getattr(self.library, spelling, None) for spelling in spelled]
        return next(filter(callable, known), partial(self.as_read, rows))

    def as_read(self, rows: list[Op], *inputs: Any) -> Any:
        op = next(op for op in rows if op.accepts(len(inputs)))
        with mpmath.workdps(mpmath.mp.dps + 400):  # as it is read, exp(x) - 1 cancels
            return interpret(op.value, {**operands(op, inputs), "pi": [self.pi()]}, self, self.number, READ)


# -- SymPy ---------------------------------------------------------------------------------------------------------
# Functions with kinks are opaque to SymPy here (its own Max compares its arguments, which can take minutes): what it
# is told is their derivative away from the kink. Everything else is spelled out in functions that SymPy knows.


class Sign(sympy.Function):  # type: ignore[misc]
    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return sympy.S.Zero


class Floor(sympy.Function):  # type: ignore[misc]
    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return sympy.S.Zero


class Nearest(sympy.Function):  # type: ignore[misc]
    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return sympy.S.Zero


class Ceil(sympy.Function):  # type: ignore[misc]
    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return sympy.S.Zero


class Magnitude(sympy.Function):  # type: ignore[misc]
    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return Sign(*self.args)


class Largest(sympy.Function):  # type: ignore[misc]
    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return Chosen(self.args[argindex - 1], self)


class Smallest(sympy.Function):  # type: ignore[misc]
    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return Chosen(self.args[argindex - 1], self)


class Chosen(sympy.Function):  # type: ignore[misc]
    """1 where the first argument, an input of max or min, equals the second, its output."""

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return sympy.S.Zero


class Angle(sympy.Function):  # type: ignore[misc]
    """atan2(y, x), whose derivative SymPy knows only for arguments that it can prove real."""

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        y, x = self.args
        return (x if argindex == 1 else -y) / (x**2 + y**2)


def _sympy_hypot(*xs: sympy.Expr) -> sympy.Expr:
    return sympy.sqrt(sum(x**2 for x in xs))


class Zeta(sympy.Function):  # type: ignore[misc]
    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        return ZetaDerivative(1, *self.args)


class ZetaDerivative(sympy.Function):  # type: ignore[misc]
    def fdiff(self, argindex: int = 2) -> sympy.Expr:
        return ZetaDerivative(self.args[0] + 1, self.args[1])


OPERATORS: dict[str, Function] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "neg": operator.neg,
    "pow": operator.pow,
}
_SYMPY: dict[str, Function] = {
    **OPERATORS,
    "log": lambda x, base=sympy.E: sympy.log(x) / sympy.log(base),
    "log2": lambda x: sympy.log(x) / sympy.log(2),
    "log10": lambda x: sympy.log(x) / sympy.log(10),
    "log1p": lambda x: sympy.log(1 + x),
    "expm1": lambda x: sympy.exp(x) - 1,
    "exp2": lambda x: sympy.Integer(2) ** x,
    "cbrt": lambda x: Sign(x) * Magnitude(x) ** sympy.Rational(1, 3),
    "hypot": _sympy_hypot,
    "abs": Magnitude,
    "sign": Sign,
    "max": Largest,
    "min": Smallest,
    "relu": lambda x: Largest(x, 0),
    "sigmoid": lambda x: 1 / (1 + sympy.exp(-x)),
    "softplus": lambda x: sympy.log(1 + sympy.exp(x)),
    "atan2": Angle,
    "lgamma": lambda x: sympy.log(Magnitude(sympy.gamma(x))),
    "digamma": lambda x: sympy.polygamma(0, x),
    "zeta": Zeta,
    "zetaderiv": ZetaDerivative,
    "floor": Floor,
    "round": Nearest,
    "prod": lambda *xs: sympy.Mul(*xs),
    "ceil": Ceil,
    "where": lambda condition, yes, no: sympy.Piecewise((yes, condition), (no, True)),
    "choice": lambda condition, yes, no: sympy.Piecewise((yes(), condition), (no(), True)),
    "eq": sympy.Eq,
    "lt": sympy.Lt,
    "le": sympy.Le,
    "gt": sympy.Gt,
    "ge": sympy.Ge,
    "and": sympy.And,
}
SYMPY_FUNCTIONS = Functions(sympy, sympy.Rational, lambda: sympy.pi, **_SYMPY)


def by_flint(function: Callable[..., Any]) -> Function:
    """A function on FLINT's balls as one of numbers, to all of their digits: where mpmath's takes long, or is none."""

    def numbers(*xs: Number) -> Number:
        for more in (64, 640, 6400):
            with ctx.workprec(mpmath.mp.prec + more):
                found = function(*(acb(x) if isinstance(x, mpmath.mpc) else arb(x) for x in xs))
                parts = (found.real, found.imag) if isinstance(found, acb) else (found,)
                if all(part.rel_accuracy_bits() >= mpmath.mp.prec for part in parts):
                    break
        else:
            if not all(part.rel_accuracy_bits() >= mpmath.mp.prec or abs(part) < arb((1, -6000)) for part in parts):
                raise ValueError("no value")
        real_parts = [mpmath.mpf(part.mid()) for part in parts]
        return real_parts[0] if len(parts) == 1 else mpmath.mpc(*real_parts)

    return numbers


def _zeta_derivative(order: Number, x: Number) -> Number:
    return mpmath.zeta(x, 1, int(order))


def _erfcinv(x: Number) -> Number:
    """By FLINT on the real axis; beside it, by Newton's method."""
    root = by_flint(lambda at: at.erfcinv())(mpmath.re(x))
    for _ in range(5 * isinstance(x, mpmath.mpc)):
        root += (mpmath.erfc(root) - x) * mpmath.sqrt(mpmath.pi) / 2 * mpmath.exp(root * root)
    return root


FLINT: dict[str, Function] = {
    **{name: by_flint(lambda n, x, of=f"bessel_{name[-1]}": getattr(x, of)(n)) for name in
       ("besselj", "bessely", "besseli", "besselk")},
    "airyai": by_flint(lambda x: x.airy_ai()),
    "airyaiprime": by_flint(lambda x: x.airy_ai(derivative=1)),
    "lambertw": by_flint(lambda x: x.lambertw()),
    "zeta": by_flint(lambda x: x.zeta() if x.real > -1e6 else x / 0),
    "zetaderiv": _zeta_derivative,
    "erfinv": lambda x: -_erfcinv(1 + x) if mpmath.re(x) < 0 else _erfcinv(1 - x),
    "erfcinv": _erfcinv,
    "polygamma_rise": lambda n, x, y: mpmath.psi(int(n), x + y) - mpmath.psi(int(n), x),
    "erfcxderiv": by_flint(lambda n, x: x.hermite_h(-n - 1) * (-2) ** n * n.fac() * 2 / arb.pi().sqrt()),
    "beta": lambda x, y: mpmath.gammaprod([x, y], [x + y]),
}  # fmt: skip
"""Special functions."""

_NUMERIC: dict[str, Function] = {
    **FLINT,
    "LambertW": FLINT["lambertw"],
    "Zeta": FLINT["zeta"],
    "ZetaDerivative": FLINT["zetaderiv"],
    "polygamma": lambda order, x: mpmath.psi(int(order), x),
    "Sign": mpmath.sign,
    "Floor": mpmath.floor,
    "Ceil": mpmath.ceil,
    "Nearest": mpmath.nint,
    "Magnitude": mpmath.fabs,
    "Largest": max,
    "Smallest": min,
    "Chosen": lambda x, out: mpmath.mpf(x == out),
    "Angle": mpmath.atan2,
    "Add": lambda *terms: mpmath.fsum(terms),
    "Mul": lambda *factors: mpmath.fprod(factors),
    "Pow": lambda x, y: x**y,
    "Exp1": lambda: +mpmath.e,
    "Pi": lambda: +mpmath.pi,
    "StrictGreaterThan": operator.gt,
    "StrictLessThan": operator.lt,
    "GreaterThan": operator.ge,
    "LessThan": operator.le,
    "Equality": operator.eq,
    "ITE": lambda condition, yes, no: yes if condition else no,
    "And": lambda *conditions: all(conditions),
}
"""What mpmath calls by another name, or not at all."""


def expression(text: str, given: Sequence[str] = ()) -> tuple[sympy.Expr, dict[str, sympy.Symbol]]:
    """The formula as SymPy has it, with decimals as exact rationals, and the symbol of each variable."""
    code, names = _read(text)
    symbols = {name: sympy.Symbol(f"{name}_{i}") for i, name in enumerate(variables(text, given))}
    constants = {"pi": sympy.pi, "e": sympy.E}
    meaning = {name: symbols.get(name) or constants[_CONSTANTS[name]] for name in names}
    result = eval(code, {"number": sympy.Rational, "names": meaning, "functions": SYMPY_FUNCTIONS})
    return sympy.sympify(result), symbols


def exact(value: float | str | Fraction) -> Number:
    """The number itself, at the precision in force: a float's binary value, the decimal that a text writes."""
    fraction = Fraction(value)
    return mpmath.mpf(fraction.numerator) / fraction.denominator


def real(value: Number) -> Number:
    """`value` as a real number; an oracle that has wandered off the real line must not be believed."""
    if isinstance(value, mpmath.mpc) and value.imag != 0:
        raise ValueError(f"{value} is not real")
    return mpmath.re(value)


def numeric(whole: sympy.Expr, known: dict[sympy.Expr, Number]) -> Number:
    """The number that a SymPy expression stands for; `known` holds those of its symbols, and then of all its parts."""
    if whole not in known:
        if whole.is_Rational:
            known[whole] = mpmath.mpf(whole.p) / whole.q
        elif whole in (sympy.true, sympy.false):
            known[whole] = bool(whole)
        elif isinstance(whole, sympy.Piecewise):  # of which the other sides may have no value
            chosen = next(side for side, condition in whole.args if numeric(condition, known))
            known[whole] = numeric(chosen, known)
        else:
            name = type(whole).__name__
            function = _NUMERIC.get(name) or getattr(mpmath, name)
            known[whole] = function(*(numeric(part, known) for part in whole.args))
    return known[whole]


def sympy_gradient(text: str, point: Mapping[str, float | str | Fraction]) -> tuple[Number, dict[str, Number]]:
    """Value and gradient, by SymPy's diff, good to DIGITS."""
    whole, symbols = expression(text, list(point))
    with mpmath.workdps(WORKING):
        known = {symbol: exact(point[name]) for name, symbol in symbols.items()}
        gradient = {name: real(numeric(sympy.diff(whole, symbol), known)) for name, symbol in symbols.items()}
        return real(numeric(whole, known)), gradient


# -- mpmath --------------------------------------------------------------------------------------------------------
# Each function also takes an argument a tiny step off the real line, and is then the analytic continuation of the
# branch that the real part lies on: that is what a complex step needs.


def _analytic_atan2(y: Number, x: Number) -> Number:
    angle = mpmath.atan2(mpmath.re(y), mpmath.re(x))
    if isinstance(y, mpmath.mpf) and isinstance(x, mpmath.mpf):
        return angle
    cos, sin = mpmath.cos(angle), mpmath.sin(angle)
    return angle + mpmath.atan((y * cos - x * sin) / (x * cos + y * sin))


def _analytic_abs(x: Number) -> Number:
    return -x if mpmath.re(x) < 0 else x


def _power(x: Number, y: Number) -> Number:
    return mpmath.mpf(0) if x == 0 and mpmath.re(y) > 0 else x**y  # mpmath would take the logarithm, were y complex


def _log_base(x: Number, base: Number) -> Number:
    if mpmath.re(x) <= 0 or mpmath.re(base) <= 0:
        raise ValueError("only their quotient is real")
    return mpmath.log(x) / mpmath.log(base)


def _erfc(x: Number) -> Number:
    return mpmath.erfc(x) if mpmath.re(x) < 1e6 else mpmath.mpf(0)  # below 10^(-10^11), where mpmath gives up


def _softplus(x: Number) -> Number:
    if mpmath.re(x) > 0:
        return x + mpmath.log1p(mpmath.exp(-x))
    return mpmath.log1p(mpmath.exp(x))


def _lgamma(x: Number) -> Number:
    if mpmath.re(x) > 0:
        return mpmath.loggamma(x)
    return mpmath.log(_analytic_abs(mpmath.pi / mpmath.sinpi(x))) - mpmath.loggamma(1 - x)


def _hypot(*xs: Number) -> Number:
    return mpmath.sqrt(sum(x * x for x in xs))


def _largest(*xs: Number) -> Number:
    return max(xs, key=mpmath.re)


def _smallest(*xs: Number) -> Number:
    return min(xs, key=mpmath.re)


def _logsumexp(*xs: Number) -> Number:
    largest = _largest(*xs)
    near = [x - largest for x in xs if mpmath.re(x - largest) > -1e5]
    return largest + mpmath.log(sum(map(mpmath.exp, near)))


_MPMATH: dict[str, Function] = {
    **OPERATORS,
    **FLINT,
    "pow": _power,
    "log": lambda x, base=None: mpmath.log(x) if base is None else _log_base(x, base),
    "erfc": _erfc,
    "log2": lambda x: mpmath.log(x) / mpmath.log(2),
    "log10": lambda x: mpmath.log(x) / mpmath.log(10),
    "exp2": lambda x: mpmath.mpf(2) ** x,
    "cbrt": lambda x: mpmath.sign(mpmath.re(x)) * mpmath.cbrt(_analytic_abs(x)),
    "hypot": _hypot,
    "logsumexp": _logsumexp,
    "logaddexp": _logsumexp,
    "abs": _analytic_abs,
    "sign": lambda x: mpmath.sign(mpmath.re(x)),
    "max": _largest,
    "min": _smallest,
    "relu": lambda x: _largest(x, mpmath.mpf(0)),
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "softplus": _softplus,
    "atan2": _analytic_atan2,
    "lgamma": _lgamma,
    "digamma": lambda x: mpmath.psi(0, x),
    "polygamma": lambda order, x: mpmath.psi(int(order), x),
    "floor": lambda x: mpmath.floor(mpmath.re(x)),
    "round": lambda x: mpmath.nint(mpmath.re(x)),
    "prod": lambda *xs: functools.reduce(operator.mul, xs),
    "ceil": lambda x: mpmath.ceil(mpmath.re(x)),
    "log_base": lambda x, base: mpmath.log(x) / mpmath.log(base),
    "selected": lambda x, out: mpmath.mpf(x == out),
    "eq": lambda x, y: mpmath.re(x) == mpmath.re(y),
    "lt": lambda x, y: mpmath.re(x) < mpmath.re(y),
    "le": lambda x, y: mpmath.re(x) <= mpmath.re(y),
    "gt": lambda x, y: mpmath.re(x) > mpmath.re(y),
    "ge": lambda x, y: mpmath.re(x) >= mpmath.re(y),
    "ne": lambda x, y: mpmath.re(x) != mpmath.re(y),
    "and": lambda x, y: x and y,
    "or": lambda x, y: x or y,
    "not": lambda x: not x,
    "where": lambda condition, yes, no: yes if condition else no,
    "choice": lambda condition, yes, no: yes() if condition else no(),  # the other may have no value
}
MPMATH_FUNCTIONS = Functions(mpmath, exact, lambda: +mpmath.pi, **_MPMATH)
"""By the names of the primitives, of which the operators have one too, and by the other words of their rules."""


def evaluate(text: str, point: Mapping[str, Number]) -> Number:
    """The formula's value at a point of mpmath numbers, at the precision in force."""
    code, names = _read(text)
    constants = {"pi": +mpmath.pi, "e": +mpmath.e}
    meaning = {name: point[name] if name in point else constants[_CONSTANTS[name]] for name in names}
    return eval(code, {"number": exact, "names": meaning, "functions": MPMATH_FUNCTIONS})


def differences(text: str, point: Mapping[str, float | str | Fraction]) -> tuple[Number, dict[str, Number]]:
    """Value and gradient, by central differences, good to some DIGITS."""
    with mpmath.workdps(3 * DIGITS):
        at = {name: exact(value) for name, value in point.items()}
        gradient = {}
        for name, x in at.items():
            step = (abs(x) or 1) * mpmath.mpf(10) ** -DIGITS
            ends = [real(evaluate(text, {**at, name: x + sign * step})) for sign in (1, -1)]
            gradient[name] = (ends[0] - ends[1]) / (2 * step)
        return real(evaluate(text, at)), gradient


def complex_step(text: str, point: Mapping[str, float | str | Fraction]) -> tuple[Number, dict[str, Number]]:
    """Value and gradient, by complex steps: f(x + ih) = f(x) + ih·f′(x) + O(h²), without any cancellation."""
    with mpmath.workdps(3 * DIGITS):
        at = {name: exact(value) for name, value in point.items()}
        gradient = {}
        for name, x in at.items():
            step = (abs(x) or 1) * mpmath.mpf(10) ** -DIGITS
            gradient[name] = mpmath.im(evaluate(text, {**at, name: mpmath.mpc(x, step)})) / step
        return real(evaluate(text, at)), gradient


def value_of(function: Function, inputs: Sequence[Number]) -> Number | None:
    """The function's real value; None where it has none."""
    try:
        value = real(function(*inputs))
    except (ArithmeticError, ValueError):
        return None
    return value if mpmath.isfinite(value) else None


def slope_of(function: Function, inputs: Sequence[Number], slot: int) -> Number | None:
    """∂function/∂input by differences, good to some 30 digits; None at a kink, an edge of the domain, or a pole.

    Two steps to either side must agree. Where the function hardly varies (tanh at 300), more digits are carried until
    the difference stands clear of rounding: a difference of 0 is believed only with a thousand digits.
    """
    slopes: list[Number] = []
    size = mpmath.mpf(0)
    for digits in (200, 1000):
        with mpmath.workdps(digits):
            slopes = _slopes(function, inputs, slot)
            size = max(map(abs, slopes), default=mpmath.mpf(0))
            if not slopes or size * _step(inputs) > abs(function(*inputs)) * mpmath.mpf(10) ** (80 - digits):
                break
    if slopes and max(slopes) - min(slopes) <= size * mpmath.mpf(10) ** -20:
        return (slopes[2] + slopes[3]) / 2
    return mpmath.mpf(0) if slopes and size < mpmath.mpf(10) ** -40 else None


def _step(inputs: Sequence[Number]) -> Number:
    return min([abs(x) for x in inputs if x] + [mpmath.mpf(1)]) * mpmath.mpf(10) ** -60


def _slopes(function: Function, inputs: Sequence[Number], slot: int) -> list[Number]:
    here = value_of(function, inputs)
    slopes = []
    for step in (_step(inputs), _step(inputs) / 1000):
        for sign in (1, -1):
            moved = value_of(function, [x + sign * step if i == slot else x for i, x in enumerate(inputs)])
            if here is None or moved is None:
                return []
            slopes.append((moved - here) / (sign * step))
    return slopes
