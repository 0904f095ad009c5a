"""Functions that PyTorch and JAX lack, in operations that both have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

from ....rules.printer import Form
from .arrays import BESIDE
from .base import of_first_order, words

_LOG = "math.log1p(y / x) if abs(y) < x / 2 else math.log(s / x)"
_ALIKE = {"math.fsum": "sum", _LOG: "xp.where(abs(y) < x / 2, math.log1p(y / x), math.log(s / x))"} | {
    "math.": "xp.",
    "round(": "xp.round(",
    "abs(": "xp.abs(",
}
"""What stands in their functions where Python has another word."""
_OF_TENSORS = {
    **{
        name: reduce(lambda text, word: text.replace(word, _ALIKE[word]), _ALIKE, text) for name, text in BESIDE.items()
    },
    "log_beta_above": '''\
def log_beta_above(p, q):
    """log beta(p, q), where 0 < p <= q, without the difference of large logarithms (Didonato and Morris, 1992)."""
    s = p + q
    small = lgamma(p) + lgamma(q) - lgamma(s)
    error, rest = stirling(q) - stirling(s), xp.log1p(-p / s)
    mixed = lgamma(p) + error + p - p * xp.log(s) + (q - 0.5) * rest
    large = xp.log(2 * xp.pi / q) / 2 + stirling(p) + error + (p - 0.5) * xp.log(p / s) + q * rest
    return xp.where(q < 10, small, xp.where(p < 10, mixed, large))
''',
    "turns": '''\
def turns(x, y):
    """The sines of pi times x, y and x + y where these are below 0, else 1."""
    above = x + y > 0
    whole = sin_pi(xp.where(above, 0.5, x), xp.where(above, 0.0, y))
    return whole, sin_pi(xp.where(x < 0, x, 0.5)), sin_pi(xp.where(y < 0, y, 0.5))
''',
    "log_beta": '''\
def log_beta(x, y):
    """log |beta(x, y)|; by reflection below 0."""
    p, q = xp.minimum(x, y), xp.maximum(x, y)
    s = p + q
    a = xp.where(p > 0, p, xp.where((s <= 0) & (q > 0), q, 1 - p))
    b = xp.where(p > 0, q, xp.where(s > 0, s, xp.where(q > 0, 1 - s, 1 - q)))
    above = log_beta_above(xp.minimum(a, b), xp.maximum(a, b))
    of_sum, of_p, of_q = turns(p, q)
    inverse = (p <= 0) & ((s > 0) | (q <= 0))
    factor = xp.where(inverse, xp.pi / xp.where(inverse, xp.where(s > 0, q, 1 - s), 1.0), 1.0)
    return xp.log(xp.abs(factor * of_sum / of_p / of_q)) + xp.where(inverse, -above, above)
''',
    "euler_beta": '''\
def euler_beta(x, y):
    """Euler's beta function; 0 where that of x + y has a pole."""
    of_sum, of_x, of_y = turns(x, y)
    return xp.sign(of_sum) * xp.sign(of_x) * xp.sign(of_y) * xp.exp(log_beta(x, y))
''',
    "digamma_rise": '''\
def digamma_rise(x, y):
    """psi(x + y) - psi(x), also where the two are nearly the same; by reflection below 0."""
    s = x + y
    above, below = (x > 0) & (s > 0), (x < 0.5) & (s < 0.5)
    a, b = xp.where(x > 0, x, 1 - x), xp.where(s > 0, s, 1 - s)
    both = rise_above(1 - x, 1 - s, -y) + xp.pi * sin_pi(y) / sin_pi(x) / sin_pi(x, y)
    one = xp.pi / xp.tan(xp.pi * xp.where(x > 0, -from_whole(x, y), from_whole(x, 0.0)))
    return xp.where(below & ~above, both, rise_above(a, b, xp.where(above, y, b - a)) + xp.where(above, 0.0, one))
''',
    "beta_slope": '''\
def beta_slope(x, y):
    """The derivative of euler_beta with respect to x."""
    is_pole = (x + y <= 0) & (from_whole(x, y) == 0)
    pole = -xp.pi * euler_beta(x, 1 - (x + y)) / sin_pi(x)
    return xp.where(is_pole, pole, -euler_beta(x, y) * digamma_rise(x, y))
''',
    "lambertw": '''\
def lambertw(x):
    """w for which w*exp(w) == x, and w >= -1: Halley's iteration."""
    far = xp.where(x < -0.36786, -0.2, x)
    w = xp.where(far > -0.2, xp.log1p(far), xp.sqrt(2 * xp.e * far + 2) - 1)
    for _ in range(12):
        rest = w - far * xp.exp(-w)
        w = w - rest / (w + 1 - (w + 2) * rest / (2 * w + 2))
    return xp.where(x < -0.36786, branch_rise(xp.where(x < -0.36786, x, -0.36786)) - 1, w)
''',
    "lambertw_slope": """\
def lambertw_slope(x):
    w = lambertw(x)
    return xp.exp(-w) / xp.where(x < -0.36786, branch_rise(x), w + 1)
""",
}
"""Functions that PyTorch and JAX lack, over `xp`, the one or the other."""
_OF_TENSORS |= {
    "digamma": '''\
def digamma(x):
    """The derivative of lgamma: below 0 by reflection, around its zero as the rise from there."""
    zero, low = 1.4616321449683622, 9.549995429965697e-17
    above = xp.where(x < 0, 1 - x, x)
    near = xp.where(abs(above - zero) < 0.5, above, zero)
    rise = rise_above(zero, near, near - zero - low)
    psi = xp.where(abs(above - zero) < 0.5, rise, plain_digamma(above))
    return xp.where(x < 0, psi - xp.pi / xp.tan(xp.pi * from_whole(xp.where(x < 0, x, 0.5), 0.0)), psi)
''',
    "erfcx_slope": '''\
def erfcx_slope(x):
    """The derivative of erfcx, whose two terms cancel far out: by a continued fraction there."""
    far = xp.where(x < 5, 5.0, x)
    fraction = far
    for n in range(60, 1, -1):
        fraction = far + n / 2 / fraction
    return xp.where(x < 5, 2 * x * erfcx(x) - 2 / xp.pi**0.5, -erfcx(x) / fraction)
''',
    "zeta_above": '''\
def zeta_above(x):
    """The sum of 1/k^x, where x >= -0.1, by Euler and Maclaurin, DLMF 25.2.9."""
    total, term = 0.5 * 20.0**-x + 20.0 ** (1 - x) / (x - 1), x * 20.0 ** (-x - 1)
    total = total + sum(float(k) ** -x for k in range(19, 0, -1))
    for k, each in enumerate((12, -720, 30240, -1209600, 47900160)):
        total = total + term / each
        term = term * (x + 2 * k + 1) * (x + 2 * k + 2) / 400
    return total
''',
    "slope_above": '''\
def slope_above(x):
    """The derivative of that."""
    log20, power = math.log(20), 20.0 ** (-x - 1)
    total = -10 * log20 * power - 400 * power * (log20 + 1 / (x - 1)) / (x - 1)
    total = total - sum(math.log(k) * float(k) ** -x for k in range(19, 1, -1))
    term, slope = x * power, power * (1 - x * log20)
    for k, each in enumerate((12, -720, 30240, -1209600, 47900160)):
        total = total + slope / each
        a, b = x + 2 * k + 1, x + 2 * k + 2
        term, slope = term * a * b / 400, (slope * a * b + term * (a + b)) / 400
    return total
''',
    "riemann_zeta": '''\
def riemann_zeta(x):
    """Riemann's zeta function; below -0.1 by reflection."""
    y, n = xp.where(x < -0.1, 1 - x, x), xp.round(x / 2)
    sine = xp.sin(xp.pi / 2 * (x - 2 * n)) * (1 - n % 2 * 2)
    factor = xp.where(x < -0.1, 2 * sine * xp.exp(lgamma(y) - y * math.log(2 * math.pi)), 1.0)
    return factor * zeta_above(y)
''',
    "zeta_slope": """\
def zeta_slope(x):
    y, n = xp.where(x < -0.1, 1 - x, x), xp.round(x / 2)
    turn, sign = xp.pi / 2 * (x - 2 * n), 1 - n % 2 * 2
    terms = xp.sin(turn) * (zeta_above(y) * (math.log(2 * math.pi) - digamma(y)) - slope_above(y))
    below = terms + xp.pi / 2 * xp.cos(turn) * zeta_above(y)
    return xp.where(x < -0.1, 2 * sign * xp.exp(lgamma(y) - y * math.log(2 * math.pi)) * below, slope_above(y))
""",
}
OWN: dict[str, str | Form] = {
    **words("beta=euler_beta betaslope=beta_slope lbeta=log_beta lambertw lambertwslope=lambertw_slope"),
    "polygamma_rise": of_first_order("polygamma_rise", "digamma_rise({0}, {1})", "0"),
    "zeta": "riemann_zeta",
    "zetaderiv": of_first_order("zetaderiv", "zeta_slope({0})"),
    "erfcxderiv": of_first_order("erfcxderiv", "erfcx_slope({0})"),
}


def of_tensors(module: str, special: str, lgamma: str) -> dict[str, str]:
    """The functions, written in the words of one library.

    module: what it goes by
    special: its module of special functions
    lgamma: its logarithm of the gamma function
    """
    names = {"xp.": f"{module}.", "lgamma(": f"{lgamma}(", "plain_digamma(": f"{special}.digamma("}
    names |= {"erfcx(x)": "torch.special.erfcx(x)"} if module == "torch" else {}
    return {
        name: reduce(lambda text, word: text.replace(word, names[word]), names, text)
        for name, text in _OF_TENSORS.items()
    }


def _of_orders(texts: Mapping[str, str], otherwise: str) -> Form:
    """A function of an order and x. texts: functions of x for some orders; otherwise: the form for others."""

    def write(args: list[str]) -> str:
        order = args[0].rpartition("(")[2].removesuffix(")").removesuffix(".0")
        return f"{texts[order]}({args[1]})" if order in texts else otherwise.format(*args)

    return Form(write)


def by_scipy(special: str, **own: Sequence[str]) -> dict[str, str | Form]:
    """Bessel's and Airy's functions. own: those of orders 0 and 1 in a module `special` of the library's own."""
    found: dict[str, str | Form] = {"airyai": "airy(0, {0})", "airyaiprime": "airy(1, {0})"}
    for name, of_any_order in words("besselj=jv bessely=yv besseli=iv besselk=kv").items():
        orders = {
            each: f"{special}.{function}" for each, function in zip(("0", "1", "-1"), own.get(name, ()), strict=False)
        }
        found[name] = _of_orders(orders, f"of_scipy(scipy.special.{of_any_order}, {{0}}, {{1}})")
    return found


AIRY = '''\
def airy(part, x):
    """Airy's function (0) or its derivative (1)."""
    return of_scipy(lambda x: scipy.special.airy(x)[part], x)
'''
