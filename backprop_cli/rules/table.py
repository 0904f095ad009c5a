"""The vocabulary of a rule, and THE TABLE of primitives: one row each, and everything else is derived from it.

A row is: name, inputs, value, one partial for each input, and what a reader should know. To add a primitive, add a row.
"""

from __future__ import annotations

import copyreg
from collections.abc import Mapping, Sequence
from functools import lru_cache, reduce
from types import MappingProxyType

from .formula import Formula, Operand, as_read, substitute
from .op import Op, no_gradient

# -- The words that a rule may use ---------------------------------------------------------------------------------

x, y, base = Formula("x"), Formula("y"), Formula("base")
"""The inputs of the gate. In a rule with any number of inputs, `x` is each of them in turn."""
out = Formula("out")
"""The value of the gate itself."""
pi = Formula("pi")

exp, log, log2, log10, log1p, expm1, exp2 = map(Formula, "exp log log2 log10 log1p expm1 exp2".split())
sqrt, cbrt, hypot, floor, ceil = map(Formula, "sqrt cbrt hypot floor ceil".split())
fabs, sign, maximum, minimum, relu = map(Formula, "abs sign max min relu".split())
sigmoid, softplus, tanh = map(Formula, "sigmoid softplus tanh".split())
sin, cos, tan, asin, acos, atan, atan2 = map(Formula, "sin cos tan asin acos atan atan2".split())
sinh, cosh, asinh, acosh, atanh = map(Formula, "sinh cosh asinh acosh atanh".split())
erf, erfc, gamma, lgamma, digamma = map(Formula, "erf erfc gamma lgamma digamma".split())
polygamma = Formula("polygamma")
"""`polygamma(n, x)`: the n-th derivative of digamma."""
polygamma_rise = Formula("polygamma_rise")
"""`polygamma_rise(n, x, y)`: polygamma(n, x + y) − polygamma(n, x), also where the two are nearly the same."""
betaslope, lambertwslope = map(Formula, "betaslope lambertwslope".split())
"""`betaslope(x, y)`, the slope of beta(x, y) in x, and that of lambertw: functions of programs in other languages."""
besselj, bessely, besseli, besselk = map(Formula, "besselj bessely besseli besselk".split())
airyai, airyaiprime, lambertw = map(Formula, "airyai airyaiprime lambertw".split())
beta, lbeta, zeta, zetaderiv = map(Formula, "beta lbeta zeta zetaderiv".split())
erfinv, erfcinv, normppf, erfcx, lognormcdf = map(Formula, "erfinv erfcinv normppf erfcx lognormcdf".split())
erfcxderiv = Formula("erfcxderiv")
"""`erfcxderiv(n, x)`: the n-th derivative of erfcx."""
log_base = Formula("log_base")
"""`log_base(x, base)`: the logarithm to any base, in one well-rounded step."""

where, eq, ne, lt, le, gt, ge = map(Formula, "where eq ne lt le gt ge".split())
"""`where(condition, yes, no)`, of which only the chosen side is computed; and the comparisons."""
both, either, opposite = map(Formula, "and or not".split())
nan = Formula("nan")
"""No value."""
none = Formula("none")
"""In place of a partial: neither into a condition nor out of one does anything flow."""
a, b, c, p, q = map(Formula, "abcpq")
"""The inputs of a choice, `c` being its condition, and those of what is made of conditions."""
n = Formula("n")
"""The order of a function, a whole number."""
nearest, mod, fmod = map(Formula, "round mod fmod".split())
prod, softmax, odds, unit = map(Formula, "prod softmax odds unit".split())
normcdf, normpdf, sinpi = map(Formula, "normcdf normpdf sinpi".split())

total = Formula("total")
"""In a rule with any number of inputs: the sum over all of them."""
count = Formula("count")
"""In a rule with any number of inputs: how many there are."""
others, every = Formula("others"), Formula("every")
"""In a partial of a rule with any number of inputs: the product of the other inputs; the list of them all."""
portion = Formula("portion")
"""In a partial of a rule with any number of inputs: that of x in softmax(x, every), in programs in other languages."""
selected = Formula("selected")
"""`selected(x, out)`: 1 where x is the output, 0 where another input is."""


def careful(read: Operand, computed: Operand) -> Formula:
    """One formula in two forms, equal wherever both are defined: as people read it and as floats compute it."""
    return Formula("careful", read, computed)


def convention(read: Operand, computed: Operand) -> Formula:
    """A formula, and what every arithmetic computes for it: the same, except where a convention or limit settles it."""
    return Formula("convention", read, computed)


def smooth(value: Operand, formula: Operand) -> Formula:
    """A value, and a formula that has its slopes, where those of the first are wrong or cancel.

    Second derivatives take the value of the first and the slopes of the other; everything else takes the value.
    """
    return Formula("smooth", value, formula)


def doubles(read: Operand, computed: Operand) -> Formula:
    """One formula in two forms, of which the second is right to the last bits of doubles, and in them alone."""
    return Formula("doubles", read, computed)


def ours(read: Operand, computed: Operand) -> Formula:
    """The same for the doubles of this program alone; programs in other languages compute what is read."""
    return Formula("ours", read, computed)


def own(read: Operand, computed: Operand) -> Formula:
    """The same for all numbers of this program, which have a function for it; programs in other languages have none."""
    return Formula("own", read, computed)


def function_of(read: Operand, named: Operand) -> Formula:
    """A formula, and the function that it is: all numbers compute this, and programs in other languages."""
    return own(doubles(read, named), named)


def cancels(read: Operand, fast: Operand) -> Formula:
    """One formula in two forms: doubles compute the second, and where its terms cancel the first, precisely."""
    return Formula("cancels", read, fast)


def precisely(formula: Operand) -> Formula:
    """A formula that doubles compute with more digits than they have, and round once."""
    return Formula("precisely", formula)


def gauss(u: Formula, scale: Operand = 1) -> Formula:
    """exp(−u²/scale), whose exponent doubles round only behind 1/1024: u² = h² + (u − h)·(u + h), where h² is exact."""
    h = floor(u * 1024) / 1024
    split = exp(-(h * h) / scale) * exp((h - u) * (h + u) / scale)
    return ours(exp(-(u**2) / scale if scale != 1 else -(u**2)), where(gt(fabs(u), 40), 0, split))


half, quarter, hundredth = Formula("1") / 2, Formula("0.25"), Formula("0.01")
LEAST = Formula("1e-290")
"""Smaller numbers may be made of parts that have lost digits."""

chosen = careful(where(eq(x, out), 1, 0), selected(x, out))
"""The partial of a gate that selects one of its inputs."""

small_power = y * x ** (y - 1)
vast_power = where(both(gt(fabs(y), 2**53), gt(fabs(x), 0)), y * out / x, small_power)
usual_power = where(gt(1, fabs(y)), y * out / x, out / x * y)
rare_power = where(gt(2000, fabs((y - 1) * log(fabs(x)))), precisely(small_power), 0)
power = careful(small_power, ours(vast_power, where(
    either(eq(x, 0), both(ge(y, half), gt(2**53, y))), small_power,
    where(both(gt(fabs(out), LEAST), gt(fabs(out / x), LEAST)), usual_power, rare_power),
)))  # fmt: skip
"""The partial of x^y with respect to x. Below 1/2 and from 2^53 on y − 1 is rounded, which tells far from x = 1."""

power_in_base = where(eq(y, 0), smooth(0, where(gt(fabs(x), 0), y * out / x, 0)), power)
power_in_exponent = where(both(eq(x, 0), gt(y, 0)), smooth(0, where(gt(y, 1), 0, -sqrt(x))), out * log(x))
"""The partials of x^y as they are computed, with the convention for y = 0 and the limits at x = 0."""

if_so, if_not = where(c, 1, 0), careful(where(c, 0, 1), where(opposite(c), 1, 0))
"""The partials of a choice."""
alpha, slope, low, high = map(Formula, "alpha slope low high".split())
SELU, SELU_BELOW = Formula("1.0507009873554805"), Formula("1.7580993408473768")
"""λ and λ·α of Klambauer et al., 2017."""


def turn(opposite: Formula) -> Formula:
    """A slope of atan2, which is the other coordinate divided by the square of the distance."""
    read, far = opposite / (x**2 + y**2), hypot(x, y)
    fast = opposite / far / far
    return careful(read, ours(fast, where(both(gt(far, LEAST), gt(Formula("1e290"), far)), fast, precisely(read))))


below_one = smooth((1 - x) * (1 + x), -(x**2))
"""1 − x², beside ±1 too, and with its slope beside 0."""
far = sqrt(fabs(x) - 1) * sqrt(fabs(x) + 1)
"""√(x² − 1), beside 1 and far out too."""
flat_csch = -2 * sign(x) * exp(-fabs(x)) / expm1(-2 * fabs(x))
"""csch(x), far out too."""
sinc_slope = reduce(lambda rest, n: 1 - x**2 / n * rest, [304, 238, 180, 130, 88, 54, 28, 10], Formula("1"))
sinc_slope = -x / 3 * sinc_slope
"""The slope of sinc up to 1, by its power series: the quotient of two terms is −x²/(2k·(2k + 3))."""
precise_sinc_slope = ours(cos(x) / x - sin(x) / x**2, precisely(cos(x) / x - sin(x) / x**2))
branch_slope = where(gt(x, -Formula("0.36")), 1 / (x + exp(out)), precisely(1 / (x + exp(out))))
"""The slope of lambertw, whose own slopes lose digits beside −1/e."""


def turned(u: Formula) -> Formula:
    """The sign of sin(πu): −1 to the power of the nearest whole number."""
    n = nearest(u)
    return 1 - 2 * (n - 2 * floor(n / 2))


def within_pi(u: Formula) -> Formula:
    """cos(πu), by a sine between −π/2 and π/2, whose argument is exact."""
    return sin(pi * (half - fabs(u - 2 * floor(u / 2 + half))))


log_added = maximum(x, y) + log1p(exp(-fabs(x - y)))
"""log(exp(x) + exp(y)), which never overflows."""


mish_bend = careful(1 - tanh(softplus(x)) ** 2, 4 * sigmoid(2 * softplus(x)) * sigmoid(-2 * softplus(x)))
mish_slope = tanh(softplus(x)) + x * sigmoid(x) * mish_bend
"""The slope of x·tanh(softplus(x))."""


def settling(read: Formula, tail: Formula, near: int, far: int) -> Formula:
    """A formula that falls off below 0.

    read: the formula;
    tail: the same where it is small, which doubles compute precisely;
    near, far: from −near on they do, and from −far on it is 0.
    """
    return ours(read, where(gt(x, -near), read, where(gt(x, -far), precisely(tail), 0)))


def settled(read: Formula, fast: Formula) -> Formula:
    """A slope that is 0 somewhere above x = −2, where its terms cancel; below, one term is much the larger."""
    return ours(read, where(gt(x, -2), cancels(read, fast), fast))


def whole_part(u: Formula) -> Formula:
    """u, rounded towards 0."""
    return sign(u) * floor(fabs(u))


def phi_capital(u: Formula) -> Formula:
    """Φ(u): far below 0 the error of −u/√2 would tell."""
    tail = erfc(-u / sqrt(2)) / 2
    return where(gt(u, -2), tail, where(gt(u, -40), precisely(tail), 0))


def is_pole(u: Formula) -> Formula:
    """Whether gamma has a pole there: at 0 and the whole numbers below."""
    return both(gt(half, u), eq(u, floor(u)))


def beta_at_zero(u: Formula) -> Formula:
    """The slope of beta in the direction u, x or y, where x + y is a pole of gamma; and what has its slopes there."""
    s = x + y
    factorial = gamma(1 - s) * (gamma(1 - s) / gamma(1 - floor(s)))
    return turned(s) * gamma(x) * gamma(y) * factorial * (1 + digamma(u) * (s - floor(s)))


def less_rise(u: Formula, v: Formula) -> Formula:
    """The slope of beta in the direction u: its value times a difference, which may be too small for a double."""
    rise = ours(-out * polygamma_rise(0, u, v), precisely(-beta(u, v) * polygamma_rise(0, u, v)))
    read = doubles(out * (digamma(u) - digamma(x + y)), betaslope(u, v))
    return own(read, where(is_pole(x + y), beta_at_zero(u), rise))


def mean_of(terms: Formula) -> Formula:
    """The slope of a Bessel function: half of two terms, those of the orders beside its own, which may cancel."""
    return ours(terms / 2, precisely(terms / 2))


# -- THE TABLE -----------------------------------------------------------------------------------------------------


def choice(
    name: str,
    inputs: str,
    *formulas: Operand,
    form: str = "",
    cases: bool = False,
    domain: str = "",
    aliases: str = "",
) -> Op:
    """A row of a choice by a condition `c`.

    formulas: the value, and the partials
    inputs, form, cases, domain, aliases: as of Op
    """
    value, *partials = (each if isinstance(each, Formula) else Formula(str(each)) for each in formulas)
    note = "the condition has no gradient; where its sides are equal, the gradient is that of the branch taken"
    return Op(
        name, inputs, value, *partials, selects=True, conditions="c", form=form, cases=cases, role="routes",
        domain=domain, note=note, aliases=aliases,
        does="hands its upstream to the branch that its condition chooses, and nothing to another",
    )  # fmt: skip


def of_order(name: str, value: Formula, partial: Formula, domain: str = "") -> Op:
    """A row of a Bessel function of one order, as NumPy, SciPy and C name it.

    partial: the derivative
    domain: as of a primitive
    """
    order, _ = value.args
    does = "multiplies its upstream by the slope of the Bessel function of that order"
    return Op(name, "x", value, partial, domain=domain, note=f"{value.head} of order {order}", does=does)


compares = "hands nothing back: a condition holds or not, and a small step in its inputs changes nothing"

# fmt: off
TABLE: list[Op] = [
    Op("add",      "x y", x + y,       1, 1,                                                 role="distributes"),
    Op("sub",      "x y", x - y,       1, -1,
       aliases="subtract",
       does="hands its upstream on unchanged, and with its sign flipped to what is taken away"),
    Op("mul",      "x y", x * y,       y, x,                                                 role="switches",
       aliases="multiply"),
    Op("div",      "x y", x / y,       1 / y, careful(-x / y**2, -out / y),                  domain="y ≠ 0",
       aliases="divide true_divide",
       does="divides its upstream by the divisor; the divisor itself gets that times the quotient, with its "
            "sign flipped"),
    Op("neg",      "x",   -x,          -1,
       aliases="negative",
       does="flips the sign of its upstream"),
    Op("pow",      "x y", x**y,        convention(power, power_in_base),
                                       convention(out * log(x), power_in_exponent),
       domain="x > 0, or x = 0 with y ≥ 0, or x < 0 with a whole number y",
       note="exponent 0 gives 1 with ∂/∂x = 0 everywhere; 0 to a positive power takes both partials by their limits; "
            "∂/∂y does not exist for x < 0",
       aliases="power Power POWER",
       does="hands its base the upstream times the exponent and one power less, and its exponent the upstream "
            "times its own value and the log of the base"),

    Op("exp",      "x",   exp(x),      out,
       aliases="Exp EXP",
       does="multiplies its upstream by its own value, for exp is its own derivative"),
    Op("log",      "x",   log(x),      1 / x,             domain="x > 0", aliases="ln Log LN",
       does="divides its upstream by its input: the larger that is, the less a step in it counts"),
    Op("log",      "x base", convention(log(x) / log(base), log_base(x, base)),
                                       careful(1 / (x * log(base)), 1 / log(base) / x),
                                       careful(-out / (base * log(base)), -out / log(base) / base),
       domain="x > 0, base > 0 and base ≠ 1", aliases="ln",
       does="divides its upstream by its input and by the log of the base; the base gets it times minus its own "
            "value, divided by the base and by its log"),
    Op("log2",     "x",   convention(log(x) / log(2), log2(x)), careful(1 / (x * log(2)), 1 / log(2) / x),
       domain="x > 0", aliases="Log2",
       does="divides its upstream by its input, and by log(2) for the change of base"),
    Op("log10",    "x",   convention(log(x) / log(10), log10(x)), careful(1 / (x * log(10)), 1 / log(10) / x),
       domain="x > 0", aliases="Log10 LOG10",
       does="divides its upstream by its input, and by log(10) for the change of base"),
    Op("log1p",    "x",   careful(log(1 + x), log1p(x)), 1 / (1 + x),                        domain="x > −1",
       does="divides its upstream by 1 plus its input"),
    Op("expm1",    "x",   careful(exp(x) - 1, expm1(x)), careful(out + 1, exp(x)),
       does="multiplies its upstream by its own value plus 1, which is exp of its input"),
    Op("exp2",     "x",   convention(Formula("2") ** x, exp2(x)), out * log(2),
       does="multiplies its upstream by its own value and by log(2)"),
    Op("sqrt",     "x",   sqrt(x),     1 / (2 * out),                                        domain="x ≥ 0",
       aliases="Sqrt SQRT",
       does="divides its upstream by twice its own value, so that a step near 0 counts for much"),
    Op("cbrt",     "x",   cbrt(x),     1 / (3 * out**2),
       aliases="CubeRoot",
       does="divides its upstream by three times the square of its own value"),
    Op("hypot",    "x...", convention(sqrt(total(x**2)), hypot(x)), ours(x / out, unit(x, out, every)),
       note="at hypot(0, 0) there is no gradient",
       aliases="norm Norm",
       does="hands each input its upstream times the part that the input has in the length"),

    Op("abs",      "x",   fabs(x),     sign(x),           kink=eq(x, 0),   note="0 at x = 0",
       aliases="Abs fabs absolute ABS",
       does="hands its upstream on where its input is positive, and flips its sign where that is negative"),
    Op("sign",     "x",   sign(x),     0,                 jumps=True, kink=eq(x, 0),   note="0 at x = 0",
       aliases="sgn signum Sign SIGN",
       does="hands nothing on: a small step in its input changes no sign"),
    Op("max",      "x...", maximum(x), chosen, selects=True, role="routes", note="a tie gives 1 to both",
       aliases="Max fmax maximum MAX",
       does="hands its upstream to the largest input, and nothing to the others, whose small steps change no maximum"),
    Op("min",      "x...", minimum(x), chosen, selects=True, role="routes", note="a tie gives 1 to both",
       aliases="Min fmin minimum MIN",
       does="hands its upstream to the smallest input, and nothing to the others, whose small steps change no minimum"),
    Op("relu",     "x",   careful(maximum(x, 0), relu(x)), careful(where(gt(x, 0), 1, 0), relu(sign(x))),
       selects=True, role="routes", kink=eq(x, 0), note="0 at x = 0", aliases="ReLU Ramp",
       does="hands its upstream on where its input is positive, and nothing where it is not, for there its "
            "output stays 0"),

    Op("sigmoid",  "x",   convention(1 / (1 + exp(-x)), sigmoid(x)),
                          careful(out * (1 - out), smooth(out * sigmoid(-x), (1 - tanh(x / 2) ** 2) / 4)),
       aliases="σ logistic expit LogisticSigmoid",
       does="multiplies its upstream by its own value times 1 minus that: at most 1/4, and next to nothing "
            "where it is saturated, near 0 and near 1"),
    Op("softplus", "x",   convention(log(1 + exp(x)), softplus(x)), sigmoid(x),
       does="multiplies its upstream by the sigmoid of its input: between 0 and 1, as a relu without its corner"),
    Op("tanh",     "x",   convention((exp(x) - exp(-x)) / (exp(x) + exp(-x)), tanh(x)),
                          careful(1 - out**2, smooth(4 * sigmoid(2 * x) * sigmoid(-2 * x), 1 - out**2)),
       aliases="Tanh TANH",
       does="multiplies its upstream by 1 minus the square of its own value: at most 1, and next to nothing "
            "where it is saturated, near −1 and near 1"),

    Op("sin",      "x",   sin(x),      cos(x),
       aliases="Sin SIN",
       does="multiplies its upstream by the cosine of its input: 1 where the sine rises through 0, and 0 at its "
            "crests"),
    Op("cos",      "x",   cos(x),      -sin(x),
       aliases="Cos COS",
       does="multiplies its upstream by minus the sine of its input: 0 at the crests of the cosine"),
    Op("tan",      "x",   convention(sin(x) / cos(x), tan(x)), 1 + out**2,
       aliases="Tan TAN",
       does="multiplies its upstream by 1 plus the square of its own value, so by 1 or more"),
    Op("sec",      "x",   1 / cos(x),  out * tan(x),      domain="x not ±π/2, ±3π/2, …",
       aliases="Sec SEC",
       does="multiplies its upstream by its own value times the tangent of its input"),
    Op("csc",      "x",   1 / sin(x),  -out / tan(x),     domain="x not 0, ±π, ±2π, …",      aliases="cosec Csc CSC",
       does="multiplies its upstream by its own value times the cotangent of its input, and flips its sign"),
    Op("cot",      "x",   1 / tan(x),  -(1 + out**2),     domain="x not 0, ±π, ±2π, …",      aliases="cotan Cot COT",
       does="multiplies its upstream by 1 plus the square of its own value, and flips its sign"),
    Op("asin",     "x",   asin(x),     careful(1 / sqrt(1 - x**2), 1 / sqrt(below_one)),
       domain="−1 ≤ x ≤ 1", aliases="arcsin ArcSin ASIN",
       does="divides its upstream by the root of 1 minus the square of its input"),
    Op("acos",     "x",   acos(x),     careful(-1 / sqrt(1 - x**2), -1 / sqrt(below_one)),
       domain="−1 ≤ x ≤ 1", aliases="arccos ArcCos ACOS",
       does="divides its upstream by the root of 1 minus the square of its input, and flips its sign"),
    Op("atan",     "x",   atan(x),     careful(1 / (1 + x**2), 1 / hypot(x, 1) / hypot(x, 1)),
       aliases="arctan ArcTan ATAN",
       does="divides its upstream by 1 plus the square of its input, so that far from 0 hardly anything comes through"),
    Op("atan2",    "y x", atan2(y, x), turn(x), turn(-y),
       jumps=True, note="at atan2(0, 0) there is no gradient", aliases="arctan2",
       does="hands each coordinate its upstream times the other one, divided by the square of the distance, and "
            "flips the sign for the second: a step sideways turns the angle, a step outwards does not"),
    Op("asec",     "x",   careful(acos(1 / x), atan2(far, sign(x))),
                          careful(1 / (fabs(x) * sqrt(x**2 - 1)), 1 / fabs(x) / far),
       domain="x ≤ −1 or x ≥ 1", note="between 0 and π", aliases="arcsec ArcSec",
       does="divides its upstream by the size of its input times the root of its square minus 1"),
    Op("acsc",     "x",   careful(asin(1 / x), atan2(sign(x), far)),
                          careful(-1 / (fabs(x) * sqrt(x**2 - 1)), -1 / fabs(x) / far),
       domain="x ≤ −1 or x ≥ 1", note="between −π/2 and π/2", aliases="arccsc ArcCsc",
       does="divides its upstream by the size of its input times the root of its square minus 1, and flips its sign"),
    Op("acot",     "x",   where(eq(x, 0), pi / 2, atan(1 / x)),
                          careful(-1 / (1 + x**2), -1 / hypot(x, 1) / hypot(x, 1)),
       jumps=True, kink=eq(x, 0),
       note="odd, between −π/2 and π/2, as in SymPy: it jumps at 0, where it is π/2, with slope −1",
       aliases="arccot ArcCot",
       does="divides its upstream by 1 plus the square of its input, and flips its sign"),
    Op("sinpi",    "x",   careful(sin(pi * x), turned(x) * sin(pi * (x - nearest(x)))),
                          pi * careful(cos(pi * x), smooth(within_pi(x), turned(x) * cos(pi * (x - nearest(x))))),
       does="multiplies its upstream by π times the cosine of π times its input"),
    Op("cospi",    "x",   careful(cos(pi * x), within_pi(x)),
                          -pi * careful(sin(pi * x), smooth(turned(x) * sin(pi * (x - nearest(x))), sinpi(x))),
       does="multiplies its upstream by π times the sine of π times its input, and flips its sign"),
    Op("sinc",     "x",   where(eq(x, 0), 1, sin(x) / x),
                          where(eq(x, 0), smooth(0, -x / 3),
                                doubles(cos(x) / x - sin(x) / x**2,
                                        where(gt(fabs(x), 1), precise_sinc_slope, sinc_slope))),
       note="unnormalised, sin(x)/x as in SymPy, and 1 with slope 0 at x = 0; NumPy's is sinc(pi·x)",
       aliases="Sinc",
       does="multiplies its upstream by what the cosine of its input exceeds its own value, divided by its input"),
    Op("sinh",     "x",   convention((exp(x) - exp(-x)) / 2, sinh(x)), cosh(x),
       aliases="Sinh SINH",
       does="multiplies its upstream by the cosh of its input, so by 1 or more"),
    Op("cosh",     "x",   convention((exp(x) + exp(-x)) / 2, cosh(x)), sinh(x),
       aliases="Cosh COSH",
       does="multiplies its upstream by the sinh of its input"),
    Op("asinh",    "x",   asinh(x),    careful(1 / sqrt(x**2 + 1), 1 / hypot(x, 1)),
       aliases="arcsinh arsinh ArcSinh ASINH",
       does="divides its upstream by the root of the square of its input plus 1"),
    Op("acosh",    "x",   acosh(x),    careful(1 / sqrt(x**2 - 1), 1 / (sqrt(x - 1) * sqrt(x + 1))),
       domain="x ≥ 1", aliases="arccosh arcosh ArcCosh ACOSH",
       does="divides its upstream by the root of the square of its input minus 1"),
    Op("atanh",    "x",   atanh(x),    careful(1 / (1 - x**2), 1 / below_one),
       domain="−1 < x < 1", aliases="arctanh artanh ArcTanh ATANH",
       does="divides its upstream by 1 minus the square of its input, so that a step near −1 or 1 counts for much"),

    Op("sech",     "x",   careful(1 / cosh(x), 2 * exp(-fabs(x)) / (1 + exp(-2 * fabs(x)))), -out * tanh(x),
       aliases="Sech SECH",
       does="multiplies its upstream by its own value times the tanh of its input, and flips its sign"),
    Op("csch",     "x",   careful(1 / sinh(x), flat_csch), -out / tanh(x),           domain="x ≠ 0",
       aliases="cosech Csch CSCH",
       does="multiplies its upstream by its own value divided by the tanh of its input, and flips its sign"),
    Op("coth",     "x",   1 / tanh(x), careful(1 - out**2, -flat_csch * flat_csch),  domain="x ≠ 0",
       aliases="Coth COTH",
       does="multiplies its upstream by 1 minus the square of its own value, which is below 0"),
    Op("asech",    "x",   careful(acosh(1 / x), log1p(sqrt(below_one)) - log(x)),
                          careful(-1 / (x * sqrt(1 - x**2)), -1 / (x * sqrt(below_one))),
       domain="0 < x ≤ 1", aliases="arcsech arsech ArcSech",
       does="divides its upstream by its input times the root of 1 minus its square, and flips its sign"),
    Op("acsch",    "x",   careful(asinh(1 / x), where(gt(fabs(x), 1), asinh(1 / x),
                                                      sign(x) * (log1p(hypot(x, 1)) - log(fabs(x))))),
                          careful(-1 / (fabs(x) * sqrt(1 + x**2)), -1 / fabs(x) / hypot(x, 1)),
       domain="x ≠ 0", aliases="arccsch arcsch ArcCsch",
       does="divides its upstream by the size of its input times the root of 1 plus its square, and flips its sign"),
    Op("acoth",    "x",   careful(atanh(1 / x), sign(x) * log1p(2 / (fabs(x) - 1)) / 2),
                          careful(1 / (1 - x**2), 1 / (1 - x) / (1 + x)),
       domain="x < −1 or x > 1", aliases="arccoth arcoth ArcCoth ACOTH",
       does="divides its upstream by 1 minus the square of its input, which is below 0"),

    Op("erf",      "x",   erf(x),      2 / sqrt(pi) * gauss(x),
       aliases="Erf ERF",
       does="multiplies its upstream by a bell curve: 2/sqrt(pi) at 0, and next to nothing far from it"),
    Op("erfc",     "x",   erfc(x),     -2 / sqrt(pi) * gauss(x),
       aliases="Erfc ERFC",
       does="multiplies its upstream by a bell curve turned down: −2/sqrt(pi) at 0, and next to nothing far from it"),
    Op("normcdf",  "x",   ours(erfc(-x / sqrt(2)) / 2, phi_capital(x)), normpdf(x),
       note="the probability that a standard normal variable is below x",
       aliases="Phi Φ ndtr normal_cdf norm.cdf norm_cdf pnorm NORMSDIST",
       does="multiplies its upstream by the normal density at its input: 0.4 at most, and next to nothing far from 0"),
    Op("normpdf",  "x",   gauss(x, 2) / sqrt(2 * pi), -x * out,
       note="the density of the standard normal distribution", aliases="normal_pdf norm.pdf norm_pdf dnorm",
       does="multiplies its upstream by minus its input times its own value"),
    Op("gamma",    "x",   gamma(x),    out * digamma(x),  domain="x not 0, −1, −2, …",
       aliases="Γ tgamma Gamma GAMMA",
       does="multiplies its upstream by its own value and by the digamma of its input"),
    Op("factorial", "x",  ours(gamma(x + 1), where(either(gt(1, x), eq(x + 1 - 1, x)), gamma(x + 1), x * gamma(x))),
                          ours(out * digamma(x + 1),
                               where(gt(fabs(x - half), quarter), out * digamma(x + 1),
                                     precisely(gamma(x + 1) * digamma(x + 1)))), domain="x not −1, −2, …",
       aliases="Factorial FACT",
       does="multiplies its upstream by its own value times the digamma of its input plus 1"),
    Op("lgamma",   "x",   lgamma(x),   digamma(x),        domain="x not 0, −1, −2, …",
       aliases="loggamma gammaln LogGamma GAMMALN",
       does="multiplies its upstream by the digamma of its input"),
    Op("digamma",  "x",   digamma(x),  polygamma(1, x),   domain="x not 0, −1, −2, …",       aliases="ψ psi",
       does="multiplies its upstream by the trigamma of its input, polygamma of order 1"),
    Op("polygamma", "n x", polygamma(n, x), no_gradient, polygamma(n + 1, x),
       domain="n = 0, 1, 2, …, 1000 and x not 0, −1, −2, …", note="no gradient for the order n", aliases="PolyGamma",
       does="multiplies its upstream by the polygamma of the next order"),

    Op("beta",     "x y", function_of(gamma(x) * gamma(y) / gamma(x + y), beta(x, y)),
                          less_rise(x, y), less_rise(y, x),
       domain="x and y not 0, −1, −2, …", aliases="Beta",
       does="hands each input its upstream times its own value and the digamma of the input less that of the sum"),
    Op("lbeta",    "x y", function_of(lgamma(x) + lgamma(y) - lgamma(x + y), lbeta(x, y)),
                          function_of(digamma(x) - digamma(x + y), -polygamma_rise(0, x, y)),
                          function_of(digamma(y) - digamma(x + y), -polygamma_rise(0, y, x)),
       domain="neither x nor y nor x + y 0, −1, −2, …", note="the logarithm of the size of beta(x, y)",
       aliases="betaln logbeta",
       does="hands each input its upstream times the digamma of the input less that of the sum"),
    Op("zeta",     "x",   zeta(x),     zetaderiv(1, x),   domain="x ≠ 1",
       note="Riemann's, of one input", aliases="ζ Zeta riemann_zeta",
       does="multiplies its upstream by the derivative of zeta at its input"),
    Op("zetaderiv", "n x", zetaderiv(n, x), no_gradient, zetaderiv(n + 1, x),
       domain="n = 0, 1, 2, …, 1000 and x ≠ 1", note="the n-th derivative of zeta; no gradient for the order n",
       does="multiplies its upstream by the next derivative of zeta at its input"),
    Op("besselj",  "n x", besselj(n, x), no_gradient, mean_of(besselj(n - 1, x) - besselj(n + 1, x)),
       domain="|n| ≤ 1000, and x ≥ 0 or n whole", note="no gradient for the order n",
       aliases="BesselJ jv jn",
       does="multiplies its upstream by half of what the function of the order below exceeds that of the order above"),
    Op("bessely",  "n x", bessely(n, x), no_gradient, mean_of(bessely(n - 1, x) - bessely(n + 1, x)),
       domain="x > 0 and |n| ≤ 1000", note="no gradient for the order n", aliases="BesselY yv yn",
       does="multiplies its upstream by half of what the function of the order below exceeds that of the order above"),
    Op("besseli",  "n x", besseli(n, x), no_gradient, mean_of(besseli(n - 1, x) + besseli(n + 1, x)),
       domain="|n| ≤ 1000, and x ≥ 0 or n whole", note="no gradient for the order n",
       aliases="BesselI iv",
       does="multiplies its upstream by the mean of the functions of the orders beside its own"),
    Op("besselk",  "n x", besselk(n, x), no_gradient, -mean_of(besselk(n - 1, x) + besselk(n + 1, x)),
       domain="x > 0 and |n| ≤ 1000", note="no gradient for the order n", aliases="BesselK kv kn",
       does="multiplies its upstream by the mean of the functions of the orders beside its own, and flips its sign"),
    of_order("j0", besselj(0, x), -besselj(1, x)),
    of_order("j1", besselj(1, x), mean_of(besselj(0, x) - besselj(2, x))),
    of_order("y0", bessely(0, x), -bessely(1, x), domain="x > 0"),
    of_order("y1", bessely(1, x), mean_of(bessely(0, x) - bessely(2, x)), domain="x > 0"),
    of_order("i0", besseli(0, x), besseli(1, x)),
    of_order("i1", besseli(1, x), mean_of(besseli(0, x) + besseli(2, x))),
    of_order("k0", besselk(0, x), -besselk(1, x), domain="x > 0"),
    of_order("k1", besselk(1, x), -mean_of(besselk(0, x) + besselk(2, x)), domain="x > 0"),
    Op("airyai",   "x",   airyai(x),   airyaiprime(x),    aliases="AiryAi",
       does="multiplies its upstream by the derivative of Airy's function at its input"),
    Op("airyaiprime", "x", airyaiprime(x), x * airyai(x), aliases="AiryAiPrime",
       does="multiplies its upstream by its input times Airy's function of it"),
    Op("lambertw", "x",   lambertw(x), own(doubles(1 / (x + exp(out)), lambertwslope(x)),
                              ours(smooth(1 / (x + exp(out)), branch_slope),
                                   where(gt(x, 0), 1 / (x + exp(out)), precisely(1 / (x + exp(lambertw(x))))))),
       domain="x ≥ −1/e, which no double is",
       note="the principal branch, −1 or above, with infinite slope at −1/e; its first double is −0.3678794411714423",
       aliases="LambertW ProductLog lambertW lambert_w",
       does="divides its upstream by its input plus exp of its own value"),
    Op("erfinv",   "x",   erfinv(x),   ours(sqrt(pi) / 2 * exp(out**2), precisely(sqrt(pi) / 2 * exp(erfinv(x) ** 2))),
       domain="−1 < x < 1", aliases="InverseErf",
       does="divides its upstream by the slope of erf at its own value, so that a step near −1 or 1 counts for much"),
    Op("erfcinv",  "x",   erfcinv(x),
                          ours(-sqrt(pi) / 2 * exp(out**2), precisely(-sqrt(pi) / 2 * exp(erfcinv(x) ** 2))),
       domain="0 < x < 2", aliases="InverseErfc",
       does="divides its upstream by the slope of erfc at its own value, so that a step near 0 or 2 counts for much"),
    Op("normppf",  "x",   careful(-sqrt(2) * erfcinv(2 * x), normppf(x)),
                          ours(1 / normpdf(out), precisely(1 / normpdf(normppf(x)))), domain="0 < x < 1",
       note="the inverse of normcdf", aliases="norm.ppf norm_ppf ndtri probit qnorm NORMSINV NORM.S.INV",
       does="divides its upstream by the normal density at its own value"),
    Op("erfcx",    "x",   careful(exp(x**2) * erfc(x), erfcx(x)),
                          function_of(2 * x * out - 2 / sqrt(pi), erfcxderiv(1, x)),
       note="the scaled erfc, which does not underflow",
       does="multiplies its upstream by twice its input times its own value, less 2/sqrt(pi)"),
    Op("lognormcdf", "x", careful(log(normcdf(x)), lognormcdf(x)),
                          careful(normpdf(x) / normcdf(x), where(gt(x, 0), normpdf(x) / normcdf(x),
                                                                 sqrt(2 / pi) / erfcx(-x / sqrt(2)))),
       aliases="log_ndtr norm.logcdf norm_logcdf",
       does="multiplies its upstream by the normal density at its input divided by the distribution there"),

    Op("lt",       "x y", lt(x, y),    none, none,        truth=True, does=compares),
    Op("le",       "x y", le(x, y),    none, none,        truth=True, does=compares),
    Op("gt",       "x y", gt(x, y),    none, none,        truth=True, does=compares),
    Op("ge",       "x y", ge(x, y),    none, none,        truth=True, does=compares),
    Op("eq",       "x y", eq(x, y),    none, none,        truth=True, does=compares),
    Op("ne",       "x y", ne(x, y),    none, none,        truth=True, does=compares),
    Op("and",      "p q", both(p, q),  none, none,        truth=True, conditions="p q", does=compares,
       aliases="AND And logical_and"),
    Op("or",       "p q", either(p, q), none, none,       truth=True, conditions="p q", does=compares,
       aliases="OR Or logical_or"),
    Op("not",      "p",   opposite(p), none,              truth=True, conditions="p", does=compares,
       aliases="NOT Not logical_not"),
    choice("where",    "c a b", where(c, a, b), none, if_so, if_not, form="where()", aliases="ifelse iif IF If"),
    choice("if",       "a c b", where(c, a, b), if_so, none, if_not),
    choice("?:",       "c a b", where(c, a, b), none, if_so, if_not),
    choice("Piecewise", "a c b", where(c, a, b), if_so, none, if_not, cases=True, aliases="piecewise"),
    choice("Piecewise", "a c", where(c, a, nan), careful(Formula("Piecewise", 1, c), if_so), none,
       cases=True, domain="c to be true", aliases="piecewise"),

    Op("logaddexp", "x y", doubles(log(exp(x) + exp(y)), where(gt(0, maximum(x, y)),
                                 cancels(log1p(expm1(maximum(x, y)) + exp(minimum(x, y))), log_added), log_added)),
                          careful(exp(x - out), ours(sigmoid(x - y), odds(x, y))),
                          careful(exp(y - out), ours(sigmoid(y - x), odds(y, x))),
       does="hands each input its upstream times the part that its exp has in the sum"),
    Op("logsumexp", "x...", log(total(exp(x))), own(doubles(exp(x - out), portion),
                                                                doubles(exp(x - out), softmax(x, every))),
       does="hands each input its upstream times the part that its exp has in the sum (softmax): the parts "
            "add up to 1"),
    Op("logsigmoid", "x", careful(-log(1 + exp(-x)), -softplus(-x)), careful(1 - exp(out), sigmoid(-x)),
       aliases="log_sigmoid",
       does="multiplies its upstream by the sigmoid of minus its input: all of it far below 0, nothing far above"),
    Op("logit",    "x",   careful(log(x / (1 - x)), where(gt(fabs(x - half), quarter), log(x) - log1p(-x),
                                                          2 * atanh(2 * x - 1))), 1 / (x * (1 - x)),
       domain="0 < x < 1",
       does="divides its upstream by its input times 1 minus that, so that a step near 0 or 1 counts for much"),
    Op("log1mexp", "x",   careful(log(1 - exp(x)), where(gt(x, -log(2)), log(-expm1(x)), log1p(-exp(x)))),
                          careful(-exp(x) / (1 - exp(x)), exp(x) / expm1(x)),
       domain="x < 0", note="log(1 − exp(x)), for x < 0",
       does="multiplies its upstream by exp of its input divided by 1 minus that, and flips its sign"),

    Op("silu",     "x",   settling(x * sigmoid(x), x * sigmoid(x), 700, 760),
                          careful(out + sigmoid(x) * (1 - out),
                                  sigmoid(x) * cancels(1 + x * sigmoid(-x), 1 + x * sigmoid(-x))),
       aliases="swish SiLU",
       does="multiplies its upstream by about 1 where its input is large, and by next to nothing where it "
            "is far below 0"),
    Op("gelu",     "x",   settling(x * normcdf(x), x * erfc(-x / sqrt(2)) / 2, 37, 40),
                          settled(normcdf(x) + x * normpdf(x), normcdf(x) + x * normpdf(x)),
       note="exact, x·Φ(x), as torch's default; not the form with tanh", aliases="GELU",
       does="multiplies its upstream by the normal distribution at its input, and its density times the input"),
    Op("mish",     "x",   settling(x * tanh(softplus(x)), x * tanh(softplus(x)), 700, 760),
                          settled(mish_slope, mish_slope),
       aliases="Mish",
       does="multiplies its upstream by about 1 where its input is large, and by next to nothing where it "
            "is far below 0"),
    Op("softsign", "x",   x / (1 + fabs(x)), careful(1 / (1 + fabs(x)) ** 2, 1 / (1 + fabs(x)) / (1 + fabs(x))),
       corner=eq(x, 0),
       does="divides its upstream by the square of 1 plus the size of its input"),
    Op("elu",      "x",   where(gt(x, 0), x, careful(exp(x) - 1, expm1(x))), where(gt(x, 0), 1, exp(x)),
       corner=eq(x, 0), aliases="ELU",
       does="hands its upstream on where its input is positive, and multiplies it by exp of the input where it is not"),
    Op("elu",      "x alpha", where(gt(x, 0), x, alpha * careful(exp(x) - 1, expm1(x))),
                          where(gt(x, 0), 1, ours(alpha * exp(x),
                                where(gt(x, -700), alpha * exp(x), precisely(alpha * exp(x))))),
                          where(gt(x, 0), 0, careful(exp(x) - 1, expm1(x))),
       kink=eq(x, 0), note="the slope from below, alpha, at x = 0", aliases="ELU",
       does="hands its upstream on where its input is positive, and times alpha and exp of the input where it is not"),
    Op("selu",     "x",   where(gt(x, 0), SELU * x, SELU_BELOW * careful(exp(x) - 1, expm1(x))),
                          where(gt(x, 0), SELU, careful(out + SELU_BELOW, SELU_BELOW * exp(x))),
       kink=eq(x, 0), note="the slope from below, 1.758, at x = 0, as torch's", aliases="SELU",
       does="multiplies its upstream by 1.0507 where its input is positive, and by 1.7581 times its exp "
            "where it is not"),
    Op("leaky_relu", "x", where(gt(x, 0), x, hundredth * x), where(gt(x, 0), 1, hundredth),
       kink=eq(x, 0), note="the slope from below at x = 0, as torch's", aliases="LeakyReLU",
       does="hands its upstream on where its input is positive, and a hundredth of it where it is not"),
    Op("leaky_relu", "x slope", where(gt(x, 0), x, slope * x), where(gt(x, 0), 1, slope), where(gt(x, 0), 0, x),
       kink=eq(x, 0), note="the slope from below at x = 0, as torch's", aliases="LeakyReLU prelu PReLU",
       does="hands its upstream on where its input is positive, and times the slope where it is not, which "
            "then gets its upstream times the input"),
    Op("hardtanh", "x",   minimum(maximum(x, -1), 1), where(gt(1, fabs(x)), 1, 0),
       kink=eq(fabs(x), 1), note="0 at −1 and 1, as torch's", aliases="Hardtanh",
       does="hands its upstream on between −1 and 1, and nothing outside"),
    Op("hardsigmoid", "x", minimum(maximum(careful(x / 6 + half, (x + 3) / 6), 0), 1),
                          where(gt(3, fabs(x)), Formula("1") / 6, 0),
       kink=eq(fabs(x), 3), note="torch's, min(max(x/6 + 1/2, 0), 1); 0 at −3 and 3", aliases="hard_sigmoid",
       does="hands a sixth of its upstream on between −3 and 3, and nothing outside"),
    Op("relu6",    "x",   minimum(maximum(x, 0), 6), where(both(gt(x, 0), gt(6, x)), 1, 0),
       kink=either(eq(x, 0), eq(x, 6)), note="0 at 0 and 6, as torch's",
       does="hands its upstream on between 0 and 6, and nothing outside"),
    Op("clip",     "x low high", minimum(maximum(x, low), high),
                          where(gt(high, low), where(gt(low, x), 0, where(gt(x, high), 0, 1)), 0),
                          where(gt(high, low), where(gt(low, x), 1, 0), 0),
                          where(gt(high, low), where(gt(x, high), 1, 0), 1),
       selects=True, role="routes", kink=either(either(eq(x, low), eq(x, high)), eq(low, high)),
       note="at low and high the gradient goes to x, as torch's; where low > high, it is high", aliases="clamp Clip",
       does="hands its upstream to its first input where that lies between the bounds, else to the bound "
            "that holds it"),
    Op("heaviside", "x",  where(gt(x, 0), 1, where(eq(x, 0), half, 0)), 0,
       jumps=True, kink=eq(x, 0), note="1/2 at x = 0, as in SymPy, with gradient 0", aliases="Heaviside HeavisideTheta",
       does="hands nothing on: a small step in its input does not change it, except at 0, where it jumps"),
    Op("heaviside", "x y", where(gt(x, 0), 1, where(eq(x, 0), y, 0)), 0, where(eq(x, 0), 1, 0),
       jumps=True, kink=eq(x, 0), note="y at x = 0, as in NumPy, with gradient 0", aliases="Heaviside",
       does="hands nothing on, except at 0, where its second input gets its upstream unchanged"),
    Op("step",     "x",   where(gt(0, x), 0, 1), 0,       jumps=True, kink=eq(x, 0), note="1 at x = 0, with gradient 0",
       aliases="UnitStep",
       does="hands nothing on: a small step in its input does not change it, except at 0, where it jumps"),

    Op("sum",      "x...", total(x),    1,                              role="distributes",
       aliases="Total SUM",
       does="hands each of its inputs its upstream, unchanged"),
    Op("mean",     "x...", total(x) / count, 1 / count,           aliases="average avg Mean AVERAGE",
       does="hands each input its upstream divided by how many there are"),
    Op("prod",     "x...", prod(x),    others,                                               aliases="product PRODUCT",
       does="hands each input its upstream times the product of the others"),
    Op("square",   "x",   x**2,        2 * x,             aliases="sqr",
       does="multiplies its upstream by twice its input"),
    Op("cube",     "x",   x**3,        3 * x**2,
       does="multiplies its upstream by three times the square of its input"),

    Op("mod",      "x y", doubles(x - y * floor(x / y), mod(x, y)), 1,
                          careful(-floor(x / y), -floor(x / y - out / y + half)),
       domain="y ≠ 0", jumps=True, kink=eq(out, 0), note="the sign of y, as % in Python; it jumps at multiples of y",
       aliases="Mod % MOD",
       does="hands its upstream on to the dividend, and to the divisor times minus how often it goes into that"),
    Op("fmod",     "x y", doubles(x - y * whole_part(x / y), fmod(x, y)), 1,
                          careful((out - x) / y, -floor((x - out) / y + half)),
       domain="y ≠ 0", jumps=True, kink=both(eq(out, 0), gt(fabs(x), 0)),
       note="the sign of x, as % in C; it jumps at multiples of y except 0",
       does="hands its upstream on to the dividend, and to the divisor times minus how often it goes into that"),
    Op("round",    "x",   nearest(x),  0,                 jumps=True, kink=eq(x - floor(x), half),
       note="half to even, as in Python and NumPy; 0 at the jumps",
       aliases="Round rint nearbyint",
       does="hands nothing on: a small step in its input changes no whole number"),
    Op("trunc",    "x",   whole_part(x), 0,                  jumps=True, kink=both(eq(x, out), gt(fabs(x), 0)),
       note="towards 0; 0 at the jumps",
       aliases="fix IntegerPart TRUNC",
       does="hands nothing on: a small step in its input changes no whole number"),
    Op("frac",     "x",   x - floor(x), 1,                jumps=True, kink=eq(out, 0),
       note="x − floor(x), as in SymPy: never negative; it jumps at whole numbers", aliases="fract",
       does="hands its upstream on unchanged: between whole numbers it rises as its input does"),
    Op("floor",    "x",   floor(x),    0,                 jumps=True, kink=eq(x, out), note="0 at whole numbers",
       aliases="Floor",
       does="hands nothing on: between whole numbers it is flat"),
    Op("ceil",     "x",   ceil(x),     0,                 jumps=True, kink=eq(x, out), note="0 at whole numbers",
       aliases="ceiling Ceiling",
       does="hands nothing on: between whole numbers it is flat"),
]
# fmt: on

INNER = [
    Op(
        "polygamma_rise",
        "n x y",
        polygamma_rise(n, x, y),
        no_gradient,
        polygamma_rise(n + 1, x, y),
        polygamma(n + 1, x + y),
    ),
    Op("erfcxderiv", "n x", erfcxderiv(n, x), no_gradient, erfcxderiv(n + 1, x)),
]
"""Functions that formulas of rows use and nobody types, as rows, for their slopes."""

WORDS_OF_LOGIC = frozenset(("if", "else", "and", "or", "not"))
"""Words of expressions, which are no names."""
CONSTANTS = {"pi": "pi", "π": "pi", "Pi": "pi", "PI": "pi", "e": "e", "E": "e"}
"""Names that stand for a constant unless they are given a value, and which constant. `PI()` is one, too."""
OPERATORS = {
    "^": "**",
    ".^": "**",
    ".**": "**",
    ".*": "*",
    "./": "/",
    "−": "-",
    "×": "*",
    "·": "*",
    "⋅": "*",
    "⊙": "*",
    "÷": "/",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "&&": "and",
    "||": "or",
}
"""Other spellings of operators, and what they stand for."""


def rows() -> Mapping[str, Sequence[Op]]:
    """Every name and alias, and the rows it may mean (`log` takes one input or two)."""
    return _rows(tuple(TABLE))


@lru_cache(maxsize=4)  # a table with another row is another table
def _rows(table: tuple[Op, ...]) -> Mapping[str, Sequence[Op]]:
    named: dict[str, list[Op]] = {}
    for op in table:
        for name in (op.name, *op.aliases):
            named.setdefault(name, []).append(op)
    return MappingProxyType({name: tuple(ops) for name, ops in named.items()})


def spellings() -> Mapping[str, Sequence[Op]]:
    """Every accepted function name, and the rows it may mean: the others, such as `and`, stand between their inputs."""
    return _spellings(tuple(TABLE))


@lru_cache(maxsize=4)
def _spellings(table: tuple[Op, ...]) -> Mapping[str, Sequence[Op]]:
    known = _rows(table).items()
    return MappingProxyType(
        {name: ops for name, ops in known if name.replace(".", "_").isidentifier() and name not in WORDS_OF_LOGIC}
    )


def opened(formula: Formula) -> Formula | None:
    """What the row of its head makes of the arguments; None where the row is made of nothing else."""
    for op in TABLE:
        if op.name == formula.head and not op.variadic and op.accepts(len(formula.args)):
            return None if op.name in op.value.heads else substitute(op.value, op.words(formula.args, formula))
    return None


def gates_of(op: Op) -> Formula | None:
    """The output as a formula of other primitives, as people read it; None where the row is a gate by itself.

    What selects is one, because ties have a convention of their own: relu is no max(x, 0).
    """
    read = as_read(op.value)
    known = {"total", *(each.name for each in TABLE if not each.selects)}
    return read if read.head != op.name and read.heads <= known else None


def _called(call: str) -> Op:
    return next(op for op in TABLE if op.call == call)


copyreg.pickle(Op, lambda op: (_called, (op.call,)))  # a pickle names its row, and a copy is the row itself


def primitive(name: str) -> Op:
    """The first row of that name. Raises KeyError when there is none."""
    for op in TABLE:
        if op.name == name:
            return op
    raise KeyError(name)
