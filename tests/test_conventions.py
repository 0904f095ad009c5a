"""Edge cases as data: what happens at ties, kinks, poles and beyond, one line each (DESIGN.md, Conventions)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest

from backprop_cli import backprop
from backprop_cli.errors import InputError, MathError

INF, NAN = math.inf, math.nan
TINIEST = math.ulp(0.0)


class Case(NamedTuple):
    """gradient: what comes out, or what the error's text must hold; warns: what the warnings hold, one each."""

    expression: str
    point: Mapping[str, float | str]
    gradient: Mapping[str, float] | tuple[str, ...]
    value: float | None = None
    warns: tuple[str, ...] = ()
    options: Mapping[str, Any] = {}

    @property
    def name(self) -> str:
        point = ", ".join(f"{name}={value}" for name, value in self.point.items())
        options = ", ".join(f"{name}={value}" for name, value in self.options.items())
        return "; ".join(part for part in (self.expression, point, options) if part)


def gives(
    expression: str,
    point: Mapping[str, float | str],
    gradient: Mapping[str, float],
    *,
    value: float | None = None,
    warns: tuple[str, ...] = (),
    **options: Any,
) -> Case:
    return Case(expression, point, gradient, value, warns, options)


def fails(expression: str, point: Mapping[str, float | str], *text: str, **options: Any) -> Case:
    return Case(expression, point, text, options=options)


def ieee(expression: str, point: Mapping[str, float | str], value: float, warns: str = "", **gradient: float) -> Case:
    return Case(expression, point, gradient, value, (warns,) if warns else (), {"allow_nonfinite": True})


X0 = {"x": 0.0}
XY0 = {"x": 0.0, "y": 0.0}
XY1 = {"x": 1.0, "y": 1.0}
XYZ1 = {"x": 1.0, "y": 1.0, "z": 1.0}
THIRD = 1 / 3

TIES = [
    gives("max(x, y)", XY1, {"x": 1, "y": 1}, value=1, warns=("tie of x, y: each gets 1 ",)),
    gives("max(x, y)", XY1, {"x": 1, "y": 1}, warns=("each gets 1 by convention (--ties both)",), ties="both"),
    gives("max(x, y)", XY1, {"x": 0.5, "y": 0.5}, warns=("each gets 1/2",), ties="split"),
    gives("max(x, y)", XY1, {"x": 1, "y": 0}, warns=("the first gets 1",), ties="first"),
    gives("min(x, y)", XY1, {"x": 1, "y": 1}, value=1, warns=("tie of x, y",)),
    gives("min(x, y)", XY1, {"x": 0.5, "y": 0.5}, warns=("tie",), ties="split"),
    gives("min(y, x)", XY1, {"x": 0, "y": 1}, warns=("tie",), ties="first"),
    gives("max(x, y, z)", XYZ1, {"x": 1, "y": 1, "z": 1}, warns=("tie of x, y, z",)),
    gives("max(x, y, z)", XYZ1, {"x": THIRD, "y": THIRD, "z": THIRD}, warns=("each gets 1/3",), ties="split"),
    gives("max(x, y, z)", XYZ1, {"x": 1, "y": 0, "z": 0}, warns=("tie",), ties="first"),
    # two of three tie, wherever they stand; the third is not selected
    gives("max(x, y, z)", {"x": 1, "y": 0, "z": 1}, {"x": 1, "y": 0, "z": 1}, warns=("tie of x, z",)),
    gives("min(x, y, z)", {"x": 2, "y": 1, "z": 1}, {"x": 0, "y": 0.5, "z": 0.5}, warns=("1/2",), ties="split"),
    gives("max(x, y, z)", {"x": 0, "y": 1, "z": 1}, {"x": 0, "y": 1, "z": 0}, warns=("tie of y, z",), ties="first"),
    # a constant takes part in a tie, though nothing flows into it
    gives("max(x, 1)", {"x": 1}, {"x": 1}, warns=("tie of x, 1",)),
    gives("max(x, 1)", {"x": 1}, {"x": 0.5}, warns=("tie of x, 1",), ties="split"),
    gives("max(x, 1)", {"x": 1}, {"x": 1}, warns=("tie of x, 1",), ties="first"),
    gives("max(1, x)", {"x": 1}, {"x": 0}, warns=("tie of 1, x",), ties="first"),
    gives("max(0, x, y)", XY0, {"x": THIRD, "y": THIRD}, warns=("tie of 0, x, y",), ties="split"),
    gives("min(x, 1/2, y)", {"x": 0.5, "y": 1}, {"x": 0.5, "y": 0}, warns=("tie of x, 1/2",), ties="split"),
    # a node that competes with itself is no tie: the derivative is 1
    *(gives("max(x, x)", {"x": 3}, {"x": 1}, ties=ties) for ties in ("both", "split", "first")),
    gives("max(x, x, x)", {"x": 3}, {"x": 1}),
    gives("min(x, y, x)", XY1, {"x": 1, "y": 1}, warns=("tie of x, y",)),
    gives("min(x, y, x)", XY1, {"x": 0.5, "y": 0.5}, warns=("tie of x, y: each gets 1/2",), ties="split"),
    gives("min(x, y, x)", XY1, {"x": 1, "y": 0}, warns=("tie of x, y",), ties="first"),
    gives("min(x*2, x + x)", {"x": 3}, {"x": 4}, warns=("tie of q1, q2",)),
    # equal as numbers is a tie, whatever the sign of zero; what --wrt asks for does not change who ties
    gives("max(x, y)", {"x": 0.0, "y": -0.0}, {"x": 1, "y": 1}, value=0, warns=("tie",)),
    gives("max(x, y)", XY1, {"y": 0}, warns=("tie",), wrt=["y"], ties="first"),
    gives("max(x, y)", XY1, {"y": 0.5}, warns=("tie",), wrt=["y"], ties="split"),
    gives("max(x, y)*0", XY1, {"x": 0, "y": 0}, warns=("q1 = max(x, y) has a tie",)),
    gives("max(x, y) + min(x, y)", XY1, {"x": 2, "y": 2}, warns=("q1 = max(x, y)", "q2 = min(x, y)")),
    # no tie, no warning
    gives("max(x, y)", {"x": 1, "y": 2}, {"x": 0, "y": 1}, value=2),
    gives("min(x, y)", {"x": 1, "y": 2}, {"x": 1, "y": 0}, value=1),
    gives("max(x, y)", {"x": 1, "y": math.nextafter(1, 2)}, {"x": 0, "y": 1}),
    gives("max(x, y, z)", {"x": 1, "y": 3, "z": 2}, {"x": 0, "y": 1, "z": 0}, ties="split"),
]

KINKS = [
    *(
        gives(f"{function}(x)", {"x": zero}, {"x": 0}, value=0, warns=(f"f = {function}(x) has a kink at x = ",))
        for function in ("abs", "relu", "sign", "floor", "ceil")
        for zero in (0.0, "-0.0")
    ),
    gives("floor(x)", {"x": 3}, {"x": 0}, value=3, warns=("the gradient 0 there is a convention",)),
    gives("ceil(x)", {"x": -3}, {"x": 0}, value=-3, warns=("kink",)),
    gives("floor(x)", {"x": 1e22}, {"x": 0}, value=1e22, warns=("kink",)),
    gives("floor(x)", {"x": 2.5}, {"x": 0}, value=2),
    gives("ceil(x)", {"x": -2.5}, {"x": 0}, value=-2),
    gives("abs(x)", {"x": -2}, {"x": -1}, value=2),
    gives("abs(x)", {"x": TINIEST}, {"x": 1}, value=TINIEST),
    gives("sign(x)", {"x": -2}, {"x": 0}, value=-1),
    gives("relu(x)", {"x": 2}, {"x": 1}, value=2),
    gives("relu(x)", {"x": -2}, {"x": 0}, value=0),
    gives("abs(x)*y", {"x": 0, "y": 3}, {"x": 0, "y": 0}, warns=("q1 = abs(x) has a kink at x = 0",)),
    gives("abs(x - 1) + abs(x - 2)", {"x": 1}, {"x": -1}, value=1, warns=("q1",)),
]

INACTIVE = [
    gives("max(sqrt(x), 1)", X0, {"x": 0}, value=1),
    gives("min(-sqrt(x), -1)", X0, {"x": 0}, value=-1),
    gives("max(1, sqrt(x), y)", {"x": 0, "y": 2}, {"x": 0, "y": 1}, value=2),
    gives("max(asin(x), 2)", {"x": 1}, {"x": 0}),
    gives("min(acos(x), -1)", {"x": -1}, {"x": 0}),
    gives("max(hypot(x, y), 1)", XY0, {"x": 0, "y": 0}),
    gives("max(atan2(y, x), 1)", XY0, {"x": 0, "y": 0}),
    gives("max(x**y, 9)", {"x": -2, "y": 3}, {"x": 0, "y": 0}),
    gives("relu(sqrt(x) - 1)", X0, {"x": 0}, value=0),
    gives("relu(-acosh(x) - 1)", {"x": 1}, {"x": 0}),
    gives("relu(log(x))", {"x": TINIEST}, {"x": 0}, value=0),
    gives("relu(cbrt(x) - y)", {"x": 0, "y": 1}, {"x": 0, "y": 0}),
    gives("relu(-1 + 0*sqrt(x))", X0, {"x": 0}),
    # through several levels
    gives("max(exp(sin(sqrt(x)))*cbrt(x), 3)", X0, {"x": 0}),
    gives("max(relu(max(sqrt(x), 1) - 5) + y, 2)", {"x": 0, "y": 1}, {"x": 0, "y": 0}, value=2),
    gives("min(max(sqrt(x) + y, 1), 2)*3", {"x": 0, "y": 5}, {"x": 0, "y": 0}, value=6),
    gives("relu(max(sqrt(x), y) - 1)*y", {"x": 0, "y": 3}, {"x": 0, "y": 5}, value=6),
    # nothing can overflow there either
    gives("relu(-1 - 1e200*(1e200*x))", {"x": 1e-300}, {"x": 0}),
    gives("max(1/x, 1e308)", {"x": 1e-300}, {"x": 0}),
    # a variable in active and inactive parts
    gives("max(sqrt(x), 1) + x", X0, {"x": 1}, value=1),
    gives("x*max(cbrt(x), 1)", X0, {"x": 1}, value=0),
    gives("max(sqrt(x), x + 1)", X0, {"x": 1}, value=1),
    fails("max(sqrt(x), 1) + sqrt(x)", X0, "∂q3/∂x", "is infinite"),
    # what a tie gives to another is not selected
    gives("max(1, sqrt(x) + 1)", X0, {"x": 0}, warns=("tie",), ties="first"),
    fails("max(1, sqrt(x) + 1)", X0, "is infinite", ties="split"),
    # the value must exist all the same
    fails("max(log(x), 1)", X0, "q1 = log(x) has no finite value at x = 0"),
    fails("max(1/x, 1)", X0, "division by zero in q1 = 1 / x at x = 0"),
    fails("relu(-exp(x))", {"x": 1000}, "exp(x) overflows at x = 1000"),
]

ZERO_TIMES_INFINITY = [
    fails("0*sqrt(x)", X0, "∂q1/∂x", "is infinite, and its upstream is 0 (0·∞ is undefined)", "x = 0"),
    fails("y*sqrt(x)", XY0, "∂q1/∂x", "0·∞", "hint: --wrt y "),
    fails("sqrt(x)**2", X0, "0·∞"),
    fails("cbrt(x)**2", X0, "0·∞"),
    fails("floor(sqrt(x))", X0, "0·∞"),
    fails("abs(sqrt(x))", X0, "0·∞"),
    fails("sign(cbrt(x))", X0, "0·∞"),
    fails("relu(y)*sqrt(x)", {"x": 0, "y": -1}, "0·∞", "--wrt y"),
    fails("sqrt(x*x)", X0, "∂f/∂q1", "is infinite"),
    gives("y*sqrt(x)", XY0, {"y": 0}, wrt=["y"]),
]

POW = [
    # exponent 0: value 1, ∂base 0, everywhere
    gives("x**0", X0, {"x": 0}, value=1),
    gives("x**0", {"x": -3}, {"x": 0}, value=1),
    gives("x**y", {"x": 0, "y": 0}, {"x": 0}, value=1, wrt=["x"]),
    gives("x**y", {"x": -3, "y": 0}, {"x": 0}, value=1, wrt=["x"]),
    gives("x**y", {"x": 2, "y": 0}, {"x": 0, "y": math.log(2)}, value=1),
    fails("x**y", XY0, "∂f/∂y", "is infinite", "hint: --wrt x "),
    fails("0**y", {"y": 0}, "∂f/∂y", "is infinite"),
    # 0**y with y > 0: both partials by their limits
    gives("x**y", {"x": 0, "y": 2}, {"x": 0, "y": 0}, value=0),
    gives("x**y", {"x": 0, "y": 1}, {"x": 1, "y": 0}, value=0),
    gives("x**y", {"x": 0, "y": 1.5}, {"x": 0, "y": 0}),
    gives("x**y", {"x": "-0.0", "y": 3}, {"x": 0, "y": 0}),
    gives("x**1", X0, {"x": 1}),
    gives("x**2", X0, {"x": 0}),
    gives("0**y", {"y": 2}, {"y": 0}, value=0),
    gives("0**y", {"y": 0.5}, {"y": 0}),
    fails("x**0.5", X0, "∂f/∂x", "is infinite", "x = 0"),
    fails("x**y", {"x": 0, "y": 0.5}, "∂f/∂x", "is infinite", "hint: --wrt y "),
    gives("x**y", {"x": 0, "y": 0.5}, {"y": 0}, wrt=["y"]),
    fails("x**y", {"x": 0, "y": -1}, "f = x**y has no finite value at x = 0, y = -1"),
    # negative base, whole exponent: ∂base as usual, no ∂exponent
    gives("x**3", {"x": -2}, {"x": 12}, value=-8),
    gives("x**2", {"x": -2}, {"x": -4}, value=4),
    gives("x**-1", {"x": -2}, {"x": -0.25}, value=-0.5),
    gives("x**-2", {"x": -2}, {"x": 0.25}, value=0.25),
    gives("x**y", {"x": -2, "y": 3}, {"x": 12}, value=-8, wrt=["x"]),
    gives("x**y", {"x": -2, "y": -1}, {"x": -0.25}, wrt=["x"]),
    gives("(-2)**n*x", {"n": 3, "x": 5}, {"x": -8}, value=-40, wrt=["x"]),
    gives("(-2)**3*x", {"x": 1}, {"x": -8}),
    gives("(-1)**(2*n)", {"n": 3}, {}, value=1, wrt=[]),
    fails("x**y", {"x": -2, "y": 3}, "∂f/∂y", "does not exist at x = -2, y = 3", "hint: --wrt x "),
    fails("x**y", {"x": -2, "y": 3}, "∂f/∂y", "does not exist", wrt=["y"]),
    fails("(-2)**y", {"y": 3}, "∂f/∂y", "does not exist at y = 3"),
    fails("x*(-2)**y", {"x": 1, "y": 3}, "∂q1/∂y", "does not exist", "hint: --wrt x "),
    fails("x**z*y", {"x": -2, "y": 2, "z": 3}, "∂q1/∂z", "hint: --wrt x,y "),
    fails("x**y", {"x": -1, "y": 0.5}, "f = x**y has no real value at x = -1, y = 0.5", "hint: x**y needs x > 0"),
    gives("1**y", {"y": 3}, {"y": 0}, value=1),
    gives("x**y", {"x": 2, "y": 3}, {"x": 12, "y": 8 * math.log(2)}, value=8),
]

NO_GRADIENT = [
    fails("hypot(x, y)", XY0, "∂f/∂x", "does not exist at x = 0, y = 0", "in f = hypot(x, y)"),
    fails("hypot(x, y, z)", {"x": 0, "y": 0, "z": 0}, "∂f/∂x", "does not exist"),
    fails("hypot(x, 0)", X0, "does not exist"),
    gives("hypot(x, y)", {"x": 0, "y": 1}, {"x": 0, "y": 1}, value=1),
    fails("atan2(y, x)", XY0, "∂f/∂y", "does not exist at y = 0, x = 0", "in f = atan2(y, x)"),
    gives("atan2(y, x)", {"y": 0, "x": 2}, {"y": 0.5, "x": 0}, value=0),
    fails("x/x", X0, "division by zero in f = x / x at x = 0"),
    fails("x/y", XY0, "division by zero in f = x / y at x = 0, y = 0"),
    gives("x/y", {"x": 0, "y": 5}, {"x": 0.2, "y": 0}, value=0),
    # an infinite local gradient: the error names the edge, and the rule
    fails("sqrt(x)", X0, "∂f/∂x = 1/(2·", " is infinite at x = 0, in f = sqrt(x)"),
    fails("cbrt(x)", X0, "∂f/∂x", "is infinite at x = 0"),
    fails("asin(x)", {"x": 1}, "∂f/∂x", "is infinite at x = 1"),
    fails("acos(x)", {"x": -1}, "∂f/∂x", "is infinite at x = -1"),
    fails("acosh(x)", {"x": 1}, "∂f/∂x", "is infinite at x = 1"),
    fails("2*sqrt(x - y)", XY1, "∂q2/∂q1", "is infinite at q1 = 0"),
]

NO_VALUE = [
    fails("log(x)", X0, "f = log(x) has no finite value at x = 0", "hint: log(x) needs x > 0"),
    fails("log(x)", {"x": -1}, "f = log(x) has no real value at x = -1", "hint: log(x) needs x > 0"),
    fails("log2(x)", X0, "no finite value"),
    fails("log10(x)", {"x": -1}, "no real value"),
    fails("log1p(x)", {"x": -1}, "no finite value", "needs x > −1"),
    fails("log(x, b)", {"x": 2, "b": 1}, "f = log(x, b)", "at x = 2, b = 1", "needs x > 0"),
    fails("log(x, b)", {"x": 2, "b": -1}, "no real value"),
    fails("log(x, b)", {"x": 2, "b": 0}, "f = log(x, b)", "x = 2, b = 0"),
    fails("sqrt(x)", {"x": -1}, "f = sqrt(x) has no real value at x = -1", "hint: sqrt(x) needs x ≥ 0"),
    fails("x**(1/3)", {"x": -8}, "f = x**(1/3) has no real value at x = -8"),
    fails("(-8)**(1/3)", {}, "(-8)**(1/3) has no real value"),
    fails("(-8)**(1/3)*x", {"x": 1}, "(-8)**(1/3) has no real value"),
    fails("log(0)*x", {"x": 1}, "log(0) has no finite value"),
    fails("1/0 + x", {"x": 1}, "division by zero"),
    fails("x/y", {"x": 5, "y": 0}, "division by zero in f = x / y at x = 5, y = 0", "y ≠ 0"),
    fails("asin(x)", {"x": 2}, "no real value at x = 2", "−1 ≤ x ≤ 1"),
    fails("acos(x)", {"x": -2}, "no real value"),
    fails("acosh(x)", {"x": 0.5}, "no real value", "x ≥ 1"),
    fails("atanh(x)", {"x": 1}, "no finite value"),
    fails("atanh(x)", {"x": 2}, "no real value"),
    fails("gamma(x)", X0, "f = gamma(x) has no"),
    fails("gamma(x)", {"x": -1}, "f = gamma(x) has no", "needs x not 0, −1, −2"),
    fails("lgamma(x)", {"x": -1}, "f = lgamma(x) has no"),
    fails("digamma(x)", {"x": -2}, "f = digamma(x) has no"),
    fails("2*log(x - y)", {"x": 1, "y": 3}, "q2 = log(q1) has no real value at q1 = -2"),
]

OVERFLOW = [
    # in a value
    fails("exp(x)", {"x": 1000}, "f = exp(x) overflows at x = 1000", "hint: ", "--allow-nonfinite"),
    fails("sinh(x)", {"x": -1000}, "overflows at x = -1000"),
    fails("gamma(x)", {"x": 200}, "overflows"),
    fails("x**y", {"x": 10, "y": 400}, "f = x**y overflows at x = 10, y = 400"),
    fails("x*y", {"x": 1e200, "y": 1e200}, "f = x * y overflows"),
    fails("x + y", {"x": 1.7e308, "y": 1.7e308}, "f = x + y overflows"),
    fails("x - y", {"x": -1.7e308, "y": 1.7e308}, "f = x - y overflows"),
    fails("x/y", {"x": 1e200, "y": 1e-200}, "f = x / y overflows"),
    fails("1e400*x", {"x": 1}, "the number 1e400 overflows"),
    fails("exp(1000)*x", {"x": 1}, "exp(1000) overflows"),
    # in a local gradient
    fails("1/x", {"x": 1e-300}, "∂f/∂x", "at x = 1e-300, in f = 1 / x"),
    fails("log(x)", {"x": TINIEST}, "∂f/∂x = 1/x ", "in f = log(x)"),
    fails("gamma(x)", {"x": 171.6}, "∂f/∂x", "at x = 171.6, in f = gamma(x)"),
    # in upstream × local
    fails("x*1e200*1e200", {"x": 1e-200}, "1e+200 × 1e+200 overflows on the edge from x"),
    # in a sum over edges
    fails("x*1.2e308 + x*1.2e308", {"x": 0.1}, "the sum of the chained gradients of x overflows"),
    # just inside
    gives("exp(x)", {"x": 709}, {"x": math.exp(709)}, value=math.exp(709)),
    gives("x*1e200*1e108", {"x": 1e-200}, {"x": 1e200 * 1e108}),
]

NONFINITE = [
    ieee("log(x)", X0, -INF, x=INF),
    ieee("log2(x)", X0, -INF, x=INF),
    ieee("log(x)", {"x": -1}, NAN, x=-1),
    ieee("log1p(x)", {"x": -1}, -INF, x=INF),
    ieee("1/x", X0, INF, x=-INF),
    ieee("1/x", {"x": "-0.0"}, -INF, x=-INF),
    ieee("-1/x", X0, -INF, x=INF),
    ieee("x/y", XY0, NAN, x=INF, y=NAN),
    ieee("x/x", X0, NAN, x=NAN),
    ieee("exp(x)", {"x": 1000}, INF, x=INF),
    ieee("exp(x)", {"x": -INF}, 0, x=0),
    ieee("exp2(x)", {"x": 2000}, INF, x=INF),
    ieee("expm1(x)", {"x": 1000}, INF, x=INF),
    ieee("sinh(x)", {"x": -1000}, -INF, x=INF),
    ieee("cosh(x)", {"x": -1000}, INF, x=-INF),
    ieee("gamma(x)", X0, INF, x=NAN),
    ieee("gamma(x)", {"x": "-0.0"}, -INF, x=NAN),
    ieee("gamma(x)", {"x": -1}, NAN, x=NAN),
    ieee("gamma(x)", {"x": 200}, INF, x=INF),
    ieee("lgamma(x)", {"x": -1}, INF, x=NAN),
    ieee("atanh(x)", {"x": 1}, INF, x=INF),
    ieee("atanh(x)", {"x": -1}, -INF, x=INF),
    ieee("x**y", {"x": 0, "y": -1}, INF, x=-INF, y=-INF),
    ieee("x**y", {"x": "-0.0", "y": -1}, -INF, x=-INF, y=INF),
    ieee("x**-1", {"x": "-0.0"}, -INF, x=-INF),
    ieee("x**-2", {"x": "-0.0"}, INF, x=INF),
    ieee("x**0.5", X0, 0, x=INF),
    ieee("x**y", {"x": -8, "y": THIRD}, NAN, x=NAN, y=NAN),
    ieee("x**y", {"x": -2, "y": 3}, -8, x=12, y=NAN),
    ieee("x**y", XY0, 1, x=0, y=-INF),
    ieee("x**0", {"x": NAN}, 1, x=0),
    ieee("1/ceil(x)", {"x": -0.5}, -INF, x=NAN),  # the zero keeps its sign, and so does floor's
    ieee("1/floor(x)", {"x": "-0.0"}, -INF, "kink", x=NAN),
    ieee("sqrt(x)", X0, 0, x=INF),
    ieee("sqrt(x)", {"x": -1}, NAN, x=NAN),
    ieee("cbrt(x)", X0, 0, x=INF),
    ieee("asin(x)", {"x": 2}, NAN, x=NAN),
    ieee("acosh(x)", {"x": 1}, 0, x=INF),
    ieee("sin(x)", {"x": "inf"}, NAN, x=NAN),
    ieee("cos(x)", {"x": "-inf"}, NAN, x=NAN),
    ieee("tan(x)", {"x": INF}, NAN, x=NAN),
    ieee("tanh(x)", {"x": INF}, 1, x=0),
    ieee("sigmoid(x)", {"x": INF}, 1, x=0),
    ieee("sigmoid(x)", {"x": -INF}, 0, x=0),
    ieee("softplus(x)", {"x": INF}, INF, x=1),
    ieee("softplus(x)", {"x": -INF}, 0, x=0),
    ieee("erf(x)", {"x": -INF}, -1, x=0),
    ieee("hypot(x, y)", XY0, 0, x=NAN, y=NAN),
    ieee("atan2(y, x)", XY0, 0, x=NAN, y=NAN),
    ieee("log(x, b)", {"x": 2, "b": 1}, INF, x=INF, b=-INF),
    ieee("x - y", {"x": INF, "y": INF}, NAN, x=1, y=-1),
    ieee("x*y", {"x": 1e200, "y": 1e200}, INF, x=1e200, y=1e200),
    ieee("x*1e200*1e200", {"x": 1e-200}, 1e200, x=INF),
    ieee("x*1.2e308 + x*1.2e308", {"x": 0.1}, 2.4e307, x=INF),
    ieee("1e400*x", {"x": 1}, INF, x=INF),
    # 0·∞ is NaN, except on an inactive edge
    ieee("0*sqrt(x)", X0, 0, x=NAN),
    ieee("max(sqrt(x), 1)", X0, 1, x=0),
    ieee("relu(log(x))", X0, 0, x=0),
    ieee("max(1/x, y)", {"x": "-0.0", "y": 1}, 1, x=0, y=1),
    ieee("max(x, y)", {"x": INF, "y": 1}, INF, x=1, y=0),
    ieee("min(x, y)", {"x": INF, "y": 1}, 1, x=0, y=1),
    ieee("max(x, y)", {"x": INF, "y": INF}, INF, "tie of x, y", x=1, y=1),
    ieee("relu(x)", {"x": INF}, INF, x=1),
    ieee("abs(x)", {"x": -INF}, INF, x=-1),
    ieee("sign(x)", {"x": -INF}, -1, x=0),
    # NaN does not vanish
    ieee("max(x, y)", {"x": NAN, "y": 1}, NAN, x=NAN, y=NAN),
    ieee("max(y, x)", {"x": NAN, "y": 1}, NAN, x=NAN, y=NAN),
    ieee("min(x, y)", {"x": NAN, "y": 1}, NAN, x=NAN, y=NAN),
    ieee("max(y, z, x)", {"x": NAN, "y": 1, "z": 2}, NAN, x=NAN, y=NAN, z=NAN),
    ieee("max(log(x), 1)", {"x": -1}, NAN, x=NAN),
    ieee("abs(x)", {"x": NAN}, NAN, x=NAN),
    ieee("relu(x)", {"x": NAN}, NAN, x=NAN),  # as max(x, 0), which it is
    ieee("max(x, 0)", {"x": NAN}, NAN, x=NAN),
    ieee("sign(x)*y", {"x": NAN, "y": 1}, NAN, x=0, y=NAN),
    ieee("floor(x)*y", {"x": NAN, "y": 1}, NAN, x=0, y=NAN),
    ieee("ceil(x)*y", {"x": NAN, "y": 1}, NAN, x=0, y=NAN),
    ieee("hypot(x, y)", {"x": NAN, "y": 1}, NAN, x=NAN, y=NAN),
]

WRT = [
    gives("x*y", {"x": 2, "y": 3}, {"y": 2}, wrt=["y"]),
    gives("x*y*z", {"x": 2, "y": 3, "z": 5}, {"x": 15, "z": 6}, wrt=["z", "x"]),
    gives("x*y", {"x": 2, "y": 3}, {"x": 3}, wrt=["x", "x"]),
    gives("x*y", {"x": 2, "y": 3}, {}, value=6, wrt=[]),
    gives("sqrt(x)*y", {"x": 0, "y": 3}, {"y": 0}, wrt=["y"]),
    gives("sqrt(x)*y + hypot(x, x)", {"x": 0, "y": 3}, {"y": 0}, wrt=["y"]),
    fails("sqrt(x)*y", {"x": 0, "y": 3}, "hint: --wrt y ", wrt=["x", "y"]),
    # what is constant gets no partial that could fail
    gives("sqrt(0)*x", {"x": 2}, {"x": 0}),
    gives("x + asin(1)", {"x": 2}, {"x": 1}),
    gives("x*hypot(0, 0)", {"x": 2}, {"x": 0}),
    gives("x + 0**0", {"x": 2}, {"x": 1}, value=3),
]

CASES = [*TIES, *KINKS, *INACTIVE, *ZERO_TIMES_INFINITY, *POW, *NO_GRADIENT, *NO_VALUE, *OVERFLOW, *NONFINITE, *WRT]


def same(got: float, expected: float) -> bool:
    return got == expected or (math.isnan(got) and math.isnan(expected))


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_convention(case: Case) -> None:
    if isinstance(case.gradient, tuple):
        with pytest.raises(MathError) as caught:
            backprop(case.expression, case.point, **case.options)
        assert [text for text in case.gradient if text not in str(caught.value)] == [], str(caught.value)
        assert caught.value.exit_code == 1
        assert case.gradient
        return
    trace = backprop(case.expression, case.point, **case.options)
    assert trace.gradient.keys() == case.gradient.keys()
    differing = {name: got for name, got in trace.gradient.items() if not same(got, case.gradient[name])}
    assert differing == {}
    assert case.value is None or same(trace.value, case.value), trace.value
    messages = [warning.message for warning in trace.warnings]
    assert len(messages) == len(case.warns), messages
    assert all(text in message for text, message in zip(case.warns, messages, strict=True)), messages


def test_signs_of_zero_and_infinity_are_those_of_ieee() -> None:
    trace = backprop("1/x", {"x": "-inf"}, allow_nonfinite=True)
    assert math.copysign(1, trace.value) == -1
    assert backprop("1/x**3", {"x": "-0.0"}, allow_nonfinite=True).value == -INF
    assert math.copysign(1, backprop("x*y", x=-1, y=0).value) == -1


@pytest.mark.parametrize("ties", ["both", "split", "first"])
def test_shares_of_a_tie_are_the_local_gradients(ties: str) -> None:
    trace = backprop("3*max(x, y, 2)", x=2, y=2, ties=ties)
    share = {"both": 1, "split": THIRD, "first": 1}[ties]
    other = {"both": 1, "split": THIRD, "first": 0}[ties]
    gate = next(node for node in trace.graph.nodes if node.kind == "max")
    locals_ = [(edge.local, edge.chained) for edge in trace.edges if edge.gate == gate]
    assert locals_ == [(share, 3 * share), (other, 3 * other), (None, None)]


def test_an_inactive_edge_carries_exactly_zero() -> None:
    trace = backprop("max(sqrt(x), 1)", x=0)
    assert [(edge.gate.kind, edge.chained) for edge in trace.edges] == [("sqrt", 0), ("max", 0), ("max", None)]


def test_an_edge_that_is_not_asked_for_has_no_gradient() -> None:
    trace = backprop("x*y + 2", x=3, y=4, wrt=["x"])
    edges = [(edge.input.name, edge.local, edge.chained) for edge in trace.edges]
    assert edges == [("x", 4, 4), ("y", None, None), ("q1", 1, 1), ("2", None, None)]


@pytest.mark.parametrize("wrt", [["z"], ["x", "zz"], ["pi"]])
def test_wrt_takes_the_names_of_variables_only(wrt: list[str]) -> None:
    with pytest.raises(InputError, match=f"no variable '{wrt[-1]}'"):
        backprop("x*y*pi", x=1, y=2, wrt=wrt)


def test_ties_takes_its_three_words_only() -> None:
    with pytest.raises(InputError, match="ties is one of both, split, first, not 'last'"):
        backprop("max(x, y)", x=1, y=2, ties="last")


@pytest.mark.parametrize("value", ["inf", "-inf", "nan", math.inf, math.nan])
def test_a_value_that_is_not_finite_needs_allow_nonfinite(value: float | str) -> None:
    with pytest.raises(InputError, match="the value of x is not finite"):
        backprop("x", x=value)
    assert not math.isfinite(backprop("x", x=value, allow_nonfinite=True).value)


@pytest.mark.parametrize("value", ["1e400", "-1e400", " 1e999 ", "9" * 400, "1e1000", "2*1e400", "-(1e400)"])
def test_a_number_too_large_is_the_same_error_in_a_value_as_in_an_expression(value: str) -> None:
    with pytest.raises(MathError, match=r"in the value of x: the number \S+ overflows"):
        backprop("x", x=value)
    assert not math.isfinite(backprop("x", x=value, allow_nonfinite=True).value)


# -- Whole numbers beyond 2⁵³ --------------------------------------------------------------------------------------

WHOLE: list[tuple[str, dict[str, Any], str]] = [
    ("x + 1", {"x": "9007199254740993"}, "9007199254740993 is 9007199254740992 in doubles"),
    ("x + 1", {"x": 9007199254740993}, "9007199254740993 is 9007199254740992 in doubles"),
    ("(-1)**9007199254740993*x", {"x": 1}, "9007199254740993 is 9007199254740992 in doubles"),  # it is odd
    ("n*x", {"x": "-12345678901234567/2", "n": 1}, "12345678901234567 is 12345678901234568 in doubles"),
    ("sum(x)", {"x": "[1, 12345678901234567]"}, "12345678901234567 is 12345678901234568 in doubles"),
    ("x + 9007199254740992", {"x": "10000000000000000000000"}, ""),
    ("x", {"x": 10**100}, ""),  # as 1e100
    ("x*12345678901234567.5 + 0.12345678901234567", {"x": "6.02214076e23"}, ""),
    ("x + y1234567890123456789 # 12345678901234567", {"x": "0000000000000000001", "y1234567890123456789": 2}, ""),
]


def test_whole_numbers_that_no_double_is_are_told() -> None:
    for text, values, told in WHOLE:
        every: list[dict[str, Any]] = [{}, {"hessian": True}, {"allow_nonfinite": True}]
        for more in every:
            messages = [notice.message for notice in backprop(text, values, **more).warnings]
            assert len(messages) == bool(told), (text, messages)
            assert all(message.startswith(told) for message in messages)
    proven: list[dict[str, Any]] = [{"precision": 15}, {"precision": 20}, {"exact": True}]
    for more in proven:
        assert not backprop("x + 1", x="9007199254740993", **more).warnings
    assert backprop("x + 1", x="9007199254740993", precision=20).to_dict()["value"] == "9007199254740994"
