"""Python, with the standard library, and with SciPy for functions that it lacks."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Sequence

from .base import Cases, Pairs, Target, listed, prefixed, words

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
    "logsumexp": '''\
def logsumexp(xs):
    """log(exp(x) + ...), which never overflows."""
    largest = max(xs)
    return largest + math.log(math.fsum(math.exp(x - largest) for x in xs))
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
    "lambertw": '''\
def lambertw(x):
    """w for which w*exp(w) == x, and w >= -1: Halley's iteration; beside -1/e, the series of Corless et al."""
    p = math.sqrt(max(2 * math.e * (x + 0.36787944117144233 - 1.2428753672788363e-17), 0.0))
    if p < 0.01:
        series = (-1, 1, -1 / 3, 11 / 72, -43 / 540, 769 / 17280, -221 / 8505)
        return sum(c * p**k for k, c in enumerate(series))
    w = math.log1p(x) if x > -0.2 else p - 1
    for _ in range(40):
        rest = w - x * math.exp(-w)
        step = rest / (w + 1 - (w + 2) * rest / (2 * w + 2))
        w -= step
        if abs(step) < 1e-9 * abs(w):
            break
    return w
''',
    "stirling": '''\
def stirling(x):
    """What lgamma(x) is more than Stirling's formula."""
    y = 1 / (x * x)
    return (1 - y * (1 / 30 - y * (1 / 105 - y * (1 / 140 - y * (1 / 99 - y * 691 / 30030))))) / (12 * x)
''',
    "log_beta": '''\
def log_beta(x, y):
    """log |beta(x, y)|, without the difference of large logarithms (Didonato and Morris, 1992)."""
    p, q = min(x, y), max(x, y)
    s = p + q
    if p >= 10:
        error = stirling(p) + stirling(q) - stirling(s)
        return math.log(2 * math.pi / q) / 2 + error + (p - 0.5) * math.log(p / s) + q * math.log1p(-p / s)
    if q >= 10 and s >= 10:
        error = stirling(q) - stirling(s)
        return math.lgamma(p) + error + p - p * math.log(s) + (q - 0.5) * math.log1p(-p / s)
    return math.log(abs(math.gamma(p) * (math.gamma(q) / math.gamma(s))))
''',
    "euler_beta": '''\
def euler_beta(x, y):
    """gamma(x)*gamma(y)/gamma(x + y); 0 where the last of them has a pole."""
    if min(x, y) > 0 and max(x, y) >= 10:
        return math.exp(log_beta(x, y))
    return 0.0 if x + y <= 0 and (x + y) % 1 == 0 else math.gamma(x) * (math.gamma(y) / math.gamma(x + y))
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
    total = 0.0
    while x < 10:
        total -= 1 / x
        x += 1
    y = 1 / (x * x)
    series = 1 / 120 - y * (1 / 252 - y * (1 / 240 - y * (1 / 132 - y * (691 / 32760 - y / 12))))
    return total + math.log(x) - 0.5 / x - y * (1 / 12 - y * series)
''',
    "polygamma": '''\
def polygamma(n, x):
    """The n-th derivative of digamma: reflection, recurrence, asymptotic series."""
    if n == 0:
        return digamma(x)
    if n == 1 and x <= 0:
        return (math.pi / math.sin(math.pi * (x - round(x)))) ** 2 - polygamma(1, 1 - x)
    total = 0.0
    while x < 15 + n:
        total += 1 / x ** (n + 1)
        x += 1
    term, series = 1.0, 1 + n / (2 * x)
    for k, bernoulli in enumerate((1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6)):
        term *= (n + 2 * k) * (n + 2 * k + 1) / ((2 * k + 1) * (2 * k + 2) * x * x)
        series += bernoulli * term
    return (-1) ** (n + 1) * (math.gamma(n) * series / x**n + math.gamma(n + 1) * total)
''',
}

SPECIAL = {
    **prefixed("special.", "erfinv erfcinv besselj=jv bessely=yv besseli=iv besselk=kv zeta"),
    "airyai": "special.airy({0})[0]",
    "airyaiprime": "special.airy({0})[1]",
    **words("lambertw erfcx erfcxderiv lognormcdf beta=euler_beta lbeta=log_beta zetaderiv"),
}
SPECIAL_IMPORTS = [("mpmath.", "import mpmath"), ("special.", "from scipy import special")]

PYTHON = Target(
    name="python",
    words={
        **prefixed(
            "math.",
            "exp log log2 log10 log1p expm1 exp2 sqrt cbrt hypot sin cos tan asin acos atan atan2 "
            "sinh cosh tanh asinh acosh atanh erf erfc gamma lgamma",
        ),
        **words("abs max min sign sigmoid softplus log_base digamma polygamma"),
        **SPECIAL,
        "normppf": "statistics.NormalDist().inv_cdf({0})",
        "relu": "max({0}, 0.0)",
        "floor": "float(math.floor({0}))",
        "ceil": "float(math.ceil({0}))",
        "round": "float(round({0}))",
        "mod": "(({0}) % ({1}))",
        "fmod": "math.fmod({0}, {1})",
        "sum": "math.fsum([{args}])",
        "mean": "(math.fsum([{args}]) / {count})",
        "prod": "math.prod([{args}])",
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
