"""Python, with the standard library, and with SciPy for functions that it lacks."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Sequence

from ....rules.printer import Form
from .base import Cases, Pairs, Target, listed, of_first_order, prefixed, words

RESERVED = frozenset([*keyword.kwlist, *dir(builtins), "__debug__", "forward_backward"])


def open_function(name: str, parameters: Sequence[str], _pairs: Pairs) -> list[str]:
    return listed(f"def {name}(", parameters, "):")


def close_function(value: str, pairs: Pairs) -> list[str]:
    return listed(f"return {value}, {{", [f'"{name}": {gradient}' for name, gradient in pairs], "}")


def local_function(name: str, parameters: Sequence[str], body: list[str], title: str) -> list[str]:
    return [f"def {name}({', '.join(parameters)}):", f'    """{title}"""', *(f"    {line}" for line in body)]


def local_body(cases: Cases, otherwise: str) -> list[str]:
    return [*(line for when, then in cases for line in (f"if {when}:", f"    return {then}")), f"return {otherwise}"]


HELPERS = {
    "mean": '''\
def mean(xs):
    """The mean, for which no sum overflows."""
    try:
        return math.fsum(xs) / len(xs)
    except OverflowError:
        return math.fsum(x / len(xs) for x in xs)
''',
    "product": '''\
def product(xs):
    """The product, in which nothing overflows on the way: the largest factor is next, or else the smallest."""
    found, xs = 1.0, sorted(xs, key=abs)
    while xs:
        found *= xs.pop(-1 if math.isfinite(found * xs[-1]) else 0)
    return found
''',
    "logsumexp": '''\
def logsumexp(xs):
    """log(exp(x) + ...), which never overflows."""
    largest, *others = sorted(xs, reverse=True)
    return largest + math.log1p(math.fsum(math.exp(x - largest) for x in others))
''',
    "portions": '''\
def portions(xs):
    """What each exp(x) has in the sum of all of them: softmax, which never overflows."""
    largest = max(xs)
    powers = [math.exp(x - largest) for x in xs]
    total = math.fsum(powers)
    return [power / total for power in powers]
''',
    "sign": """\
def sign(x):
    return float(x > 0) - float(x < 0)
""",
    "sigmoid": '''\
def sigmoid(x):
    """1 / (1 + exp(-x)), which never overflows."""
    if x >= 0:
        return 1.0 / (1.0 + math.exp(-x))
    z = math.exp(x)
    return z / (1.0 + z)
''',
    "softplus": '''\
def softplus(x):
    """log(1 + exp(x)), which never overflows."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))
''',
    "log_base": '''\
def log_base(x, base):
    """The logarithm of x to a base, exact for powers of 2 and 10."""
    if base == 2:
        return math.log2(x)
    if base == 10:
        return math.log10(x)
    return math.log(x) / math.log(base)
''',
    "erfcx": '''\
def erfcx(x):
    """exp(x*x)*erfc(x): by a continued fraction where that would overflow."""
    if x < 5:
        return math.exp(x * x) * math.erfc(x)
    fraction = x
    for n in range(60, 0, -1):
        fraction = x + n / 2 / fraction
    return 1 / (math.sqrt(math.pi) * fraction)
''',
    "lognormcdf": '''\
def lognormcdf(x):
    """The logarithm of the standard normal distribution function."""
    u = x / math.sqrt(2)
    return math.log1p(-math.erfc(u) / 2) if x > 0 else math.log(erfcx(-u) / 2) - u * u
''',
    "erfcxderiv": '''\
def erfcxderiv(_n, x):
    """The first derivative of erfcx, whose two terms cancel far out: by the same fraction there."""
    if x < 5:
        return 2 * x * erfcx(x) - 2 / math.sqrt(math.pi)
    fraction = x
    for k in range(60, 1, -1):
        fraction = x + k / 2 / fraction
    return -erfcx(x) / fraction
''',
    "branch_rise": '''\
def branch_rise(x):
    """lambertw(x) + 1 beside -1/e, by the series of Corless et al."""
    p = math.sqrt(2 * math.e * (x + 0.36787944117144233 - 1.2428753672788363e-17))
    return p * (1 - p * (1 / 3 - p * (11 / 72 - p * (43 / 540 - p * (769 / 17280 - p * 221 / 8505)))))
''',
    "lambertw": '''\
def lambertw(x):
    """w for which w*exp(w) == x, and w >= -1: Halley's iteration."""
    if x < -0.36786:
        return branch_rise(x) - 1
    w = math.log1p(x) if x > -0.2 else math.sqrt(2 * math.e * x + 2) - 1
    for _ in range(40):
        rest = w - x * math.exp(-w)
        step = rest / (w + 1 - (w + 2) * rest / (2 * w + 2))
        w -= step
        if abs(step) < 1e-9 * abs(w):
            break
    return w
''',
    "lambertw_slope": """\
def lambertw_slope(x):
    w = lambertw(x)
    return math.exp(-w) / (branch_rise(x) if x < -0.36786 else w + 1)
""",
    "log_gamma": '''\
def log_gamma(x):
    """log |gamma(x)|; beside 1 and 2, where that is 0, by its power series."""
    z = x - 1 if x < 1.5 else x - 2
    if abs(z) > 0.01:
        return math.lgamma(x)
    total = 0.0  # over (-1)^k*zeta(k)/k, and minus Euler's constant
    for c in (0.125509669524743, -0.14404989676884612, 0.16955717699740819, -0.20738555102867398, 0.2705808084277845,
              -0.40068563438653143, 0.8224670334241132, -0.5772156649015329):
        total = total * z + c
    return z * total + (math.log1p(z) if x > 1.5 else 0.0)
''',
    "stirling": '''\
def stirling(x):
    """What lgamma(x) is more than Stirling's formula."""
    y = 1 / (x * x)
    return (1 - y * (1 / 30 - y * (1 / 105 - y * (1 / 140 - y * (1 / 99 - y * 691 / 30030))))) / (12 * x)
''',
    "from_whole": '''\
def from_whole(x, y):
    """How far x + y is from the nearest whole number, without rounding."""
    s = x + y
    part = s - x
    return s - round(s) + (x - (s - part) + (y - part))
''',
    "sin_pi": '''\
def sin_pi(x, y=0.0):
    """sin(pi*(x + y)), without rounding x + y."""
    return math.sin(math.pi * from_whole(x, y)) * (1 - round(x + y) % 2 * 2)
''',
    "log_beta": '''\
def log_beta(x, y):
    """log |beta(x, y)|, without the difference of large ones (Didonato and Morris, 1992); by reflection below 0."""
    p, q = min(x, y), max(x, y)
    s = p + q
    if p >= 10:
        error = stirling(p) + stirling(q) - stirling(s)
        return math.log(2 * math.pi / q) / 2 + error + (p - 0.5) * math.log(p / s) + q * math.log1p(-p / s)
    if p > 0 and q >= 10:
        error = stirling(q) - stirling(s)
        return math.lgamma(p) + error + p - p * math.log(s) + (q - 0.5) * math.log1p(-p / s)
    if p > 0:
        return log_gamma(p) + log_gamma(q) - log_gamma(s)
    if s > 0:
        return math.log(math.pi / q / abs(sin_pi(p))) - log_beta(1 - p, s)
    turn = abs(sin_pi(p, q) / sin_pi(p))
    if q > 0:
        return math.log(turn) + log_beta(q, 1 - s)
    return math.log(math.pi * turn / abs(sin_pi(q)) / (1 - s)) - log_beta(1 - p, 1 - q)
''',
    "euler_beta": '''\
def euler_beta(x, y):
    """gamma(x)*gamma(y)/gamma(x + y); 0 where the last of them has a pole."""
    if min(x, y) > 0 and max(x, y) < 10:
        return math.gamma(x) * (math.gamma(y) / math.gamma(x + y))
    turn = sin_pi(x, y) if x + y <= 0 else 1.0
    signs = turn * math.prod(sin_pi(t) for t in (x, y) if t < 0)
    return math.copysign(math.exp(log_beta(x, y)), signs) if turn else 0.0
''',
    "rise_above": '''\
def rise_above(x, s, y):
    """psi(s) - psi(x), where both are above 0, and y = s - x: recurrence, asymptotic series."""
    total = math.fsum(y / (s + k) / (x + k) for k in range(10))
    x, s = x + 10, s + 10
    value, slope = 1 / 12, 0.0  # of the series in 1/x^2, and how it rises from there to 1/s^2
    for coefficient in (-691 / 32760, 1 / 132, -1 / 240, 1 / 252, -1 / 120, 1 / 12, 0.0):
        slope = slope / (x * x) + value
        value = value / (s * s) + coefficient
    log = math.log1p(y / x) if abs(y) < x / 2 else math.log(s / x)
    return total + log + (0.5 + slope * (1 / x + 1 / s)) * (y / s / x)
''',
    "digamma_rise": '''\
def digamma_rise(x, y):
    """psi(x + y) - psi(x), also where the two are nearly the same; by reflection below 0."""
    s = x + y
    if x > 0 and s > 0:
        return rise_above(x, s, y)
    if x < 0.5 and s < 0.5:
        return rise_above(1 - x, 1 - s, -y) + math.pi * sin_pi(y) / sin_pi(x) / sin_pi(x, y)
    if x > 0:
        return rise_above(x, 1 - s, 1 - s - x) - math.pi / math.tan(math.pi * from_whole(x, y))
    return rise_above(1 - x, s, s - 1 + x) + math.pi / math.tan(math.pi * from_whole(x, 0.0))
''',
    "beta_slope": '''\
def beta_slope(x, y):
    """The derivative of euler_beta with respect to x."""
    if x + y <= 0 and from_whole(x, y) == 0:
        return -math.pi * euler_beta(x, 1 - (x + y)) / sin_pi(x)
    return -euler_beta(x, y) * digamma_rise(x, y)
''',
    "zetaderiv": '''\
def zetaderiv(n, x):
    """The n-th derivative of Riemann's zeta function."""
    return float(mpmath.zeta(x, derivative=int(n)))
''',
    "digamma": '''\
def digamma(x):
    """The derivative of lgamma: reflection, recurrence, asymptotic series."""
    if x <= 0:
        return digamma(1 - x) - math.pi / math.tan(math.pi * (x - round(x)))
    if 1 < x < 2:  # as the rise from its zero, which is so much more than a double
        return rise_above(1.4616321449683622, x, x - 1.4616321449683622 - 9.549995429965697e-17)
    total = 0.0
    while x < 10:
        total -= 1 / x
        x += 1
    y = 1 / (x * x)
    series = 1 / 120 - y * (1 / 252 - y * (1 / 240 - y * (1 / 132 - y * (691 / 32760 - y / 12))))
    return total + math.log(x) - 0.5 / x - y * (1 / 12 - y * series)
''',
    "cotangent_slope": '''\
def cotangent_slope(n, x):
    """The n-th derivative of pi/tan(pi*x), a polynomial in the cotangent: the slope of that is -1 less its square."""
    part, terms = x - round(x), [0, 1]
    cot = math.sin(math.pi * (0.5 - abs(part))) / math.sin(math.pi * part)
    for _ in range(int(n)):
        inner = [-k * each for k, each in enumerate(terms)][1:]
        terms = [one + other for one, other in zip([*inner, 0, 0], [0, 0, *inner])]
    return math.pi ** (n + 1) * sum(each * cot**k for k, each in enumerate(terms))
''',
    "polygamma": '''\
def polygamma(n, x):
    """The n-th derivative of digamma: reflection, recurrence, asymptotic series."""
    if n == 0:
        return digamma(x)
    if x <= 0:
        return (-1) ** n * polygamma(n, 1 - x) - cotangent_slope(n, x)
    total = 0.0
    while x < 15 + n:
        total += x ** -(n + 1.0)
        x += 1
    term, series = 1.0, 1 + n / (2 * x)
    for k, bernoulli in enumerate((1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6)):
        term *= (n + 2 * k) * (n + 2 * k + 1) / ((2 * k + 1) * (2 * k + 2) * x * x)
        series += bernoulli * term
    return (-1) ** (n + 1) * math.gamma(n) * (series * x**-n + n * total)
''',
}

SPECIAL: dict[str, str | Form] = {
    **prefixed("special.", "erfinv erfcinv besselj=jv bessely=yv besseli=iv besselk=kv zeta"),
    "airyai": "special.airy({0})[0]",
    "airyaiprime": "special.airy({0})[1]",
    **words("lambertw lambertwslope=lambertw_slope erfcx erfcxderiv lognormcdf zetaderiv"),
    **words("beta=euler_beta betaslope=beta_slope lbeta=log_beta"),
    "polygamma_rise": of_first_order("polygamma_rise", "digamma_rise({0}, {1})", "0"),
}
SPECIAL_IMPORTS = [("mpmath.", "import mpmath"), ("special.", "from scipy import special")]

PYTHON = Target(
    name="python",
    words={
        **prefixed(
            "math.",
            "exp log log2 log10 log1p expm1 exp2 sqrt cbrt hypot sin cos tan asin acos atan atan2 "
            "sinh cosh tanh asinh acosh atanh erf erfc gamma",
        ),
        **words("abs max min sign sigmoid softplus log_base lgamma=log_gamma digamma polygamma"),
        **SPECIAL,
        "normppf": "statistics.NormalDist().inv_cdf({0})",
        "relu": "max({0}, 0.0)",
        "floor": "float(math.floor({0}))",
        "ceil": "float(math.ceil({0}))",
        "round": "float(round({0}))",
        "mod": "(({0}) % ({1}))",
        "fmod": "math.fmod({0}, {1})",
        "sum": "math.fsum([{args}])",
        "mean": "mean([{args}])",
        "prod": "product([{args}])",
        "logsumexp": "logsumexp([{args}])",
    },
    power=("{0}**{1}", "math.pow({0}, {1})"),  # a negative number to a broken power is complex, except by math.pow
    constants={"pi": "math.pi", "e": "math.e", "nan": "math.nan", "true": "True", "false": "False"},
    imports=[("math.", "import math"), ("statistics.", "import statistics"), *SPECIAL_IMPORTS],
    helpers=HELPERS,
    print_value='print("{0} =", {1})',
    open_function=open_function,
    close_function=close_function,
    local_function=local_function,
    local_body=local_body,
    reserved=RESERVED,
)
