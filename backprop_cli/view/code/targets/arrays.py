"""NumPy, PyTorch and JAX: the same program, element by element on arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import reduce

from ....rules.printer import Form
from .base import Cases, of_first_order, prefixed, words
from .python import HELPERS, PYTHON, SPECIAL, SPECIAL_IMPORTS


def _number(text: str) -> str:
    """A literal; as a float where it has more digits than the integers of these libraries may have."""
    return f"{text}.0" if text.lstrip("-").isdigit() and len(text) > 9 else text


_COMMON = replace(
    PYTHON,
    number=_number,
    power=("{0}**{1}", "{0}**{1}"),
    both="({0}) & ({1})",
    either="({0}) | ({1})",
    mask="({0})",
    count="1.0 * {0}",
    zero="0.0 * {0}",
    add="{0} = {0} + {1}",  # in place, it would change arrays that go by two names
)


def _body(where: str) -> Callable[[Cases, str], list[str]]:
    """Cases by `where`, the last one first."""

    def body(cases: Cases, otherwise: str) -> list[str]:
        lines = [f"local = {where.format(when, then, 'local')}" for when, then in reversed(cases)]
        return [f"local = {otherwise}", *lines, "return local"]

    return body


def _in_numpy(cases: Cases, otherwise: str) -> list[str]:
    lines = _body("np.where({0}, {1}, {2})")(cases, otherwise)
    return ['with np.errstate(all="ignore"):  # np.where computes both sides', *(f"    {line}" for line in lines)]


_LIKE = '''\
def like(gradient, x):
    """The gradient in the shape of x: summed along the axes on which x was repeated."""
    shape = (1,) * (gradient.ndim - x.ndim) + x.shape
    return gradient.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1)).reshape(x.shape)
'''


def _portions(largest: str, exp: str) -> str:
    return f'''\
def portions(xs):
    """What each exp(x) has in the sum of all of them: softmax, which never overflows."""
    largest = functools.reduce({largest}, xs)
    powers = [{exp}(x - largest) for x in xs]
    total = sum(powers)
    return [power / total for power in powers]
'''


def _product(library: str) -> str:
    return f'''\
def product(*xs):
    """The product, in which nothing overflows on the way: mantissas, and exponents, which add up."""
    mantissa, exponent = 1.0, 0
    for part, power in map({library}.frexp, xs):
        mantissa, shift = {library}.frexp(mantissa * part)
        exponent = exponent + power + shift
    return {"" if library == "torch" else f"{library}."}ldexp(mantissa, exponent)
'''


_MEAN = "(functools.reduce({}.add, ({{args}})) / {{count}})"


def _of_orders(texts: Mapping[str, str], otherwise: str) -> Form:
    """A function of an order and x. texts: functions of x for some orders; otherwise: the form for others."""

    def write(args: list[str]) -> str:
        order = args[0].rpartition("(")[2].removesuffix(")").removesuffix(".0")
        return f"{texts[order]}({args[1]})" if order in texts else otherwise.format(*args)

    return Form(write)


def _by_scipy(special: str, **own: Sequence[str]) -> dict[str, str | Form]:
    """Bessel's and Airy's functions. own: those of orders 0 and 1 in a module `special` of the library's own."""
    found: dict[str, str | Form] = {"airyai": "airy(0, {0})", "airyaiprime": "airy(1, {0})"}
    for name, of_any_order in words("besselj=jv bessely=yv besseli=iv besselk=kv").items():
        orders = {
            each: f"{special}.{function}" for each, function in zip(("0", "1", "-1"), own.get(name, ()), strict=False)
        }
        found[name] = _of_orders(orders, f"of_scipy(scipy.special.{of_any_order}, {{0}}, {{1}})")
    return found


_AIRY = '''\
def airy(part, x):
    """Airy's function (0) or its derivative (1)."""
    return of_scipy(lambda x: scipy.special.airy(x)[part], x)
'''


_ELEMENTWISE = '''\
def elementwise(function):
    """The function for arrays; nan where it has no value, because np.where computes both sides."""

    def number(*inputs):
        try:
            return function(*inputs)
        except (ValueError, ArithmeticError):
            return math.nan

    return np.vectorize(number, otypes=[float])
'''
_STANDARD = {name: f"{name} = elementwise(math.{name})\n" for name in "erf erfc gamma".split()}
_CALLED = (
    "digamma polygamma digamma_rise log_gamma log_beta euler_beta beta_slope erfcx erfcxderiv lambertw lambertw_slope "
    "lognormcdf zetaderiv"
)
_BY_NUMBER = {name: f"@elementwise\n{HELPERS[name]}" for name in _CALLED.split()}
_BESIDE = {name: HELPERS[name] for name in "from_whole sin_pi stirling rise_above cotangent_slope branch_rise".split()}

NUMPY = replace(
    _COMMON,
    name="numpy",
    words={
        **prefixed(
            "np.",
            "exp log log2 log10 log1p expm1 exp2 sqrt cbrt hypot sin cos tan asin=arcsin acos=arccos atan=arctan "
            "atan2=arctan2 sinh cosh tanh asinh=arcsinh acosh=arccosh atanh=arctanh abs sign max=maximum min=minimum "
            "floor ceil round mod fmod sum=add prod=multiply logsumexp=logaddexp",
        ),
        "mean": "(({0} + {1}) / 2)",
        **words("sigmoid log_base erf erfc gamma lgamma=log_gamma digamma polygamma"),
        **SPECIAL,
        "normppf": "special.ndtri({0})",
        "relu": "np.maximum({0}, 0.0)",
        "softplus": "np.logaddexp({0}, 0.0)",
    },
    many={
        name: f"functools.reduce(np.{written}, ({{args}}))"
        for name, written in words("max=maximum min=minimum hypot sum=add logsumexp=logaddexp").items()
    }
    | {"mean": _MEAN.format("np"), "prod": "product({args})"},
    constants={"pi": "np.pi", "e": "np.e", "nan": "np.nan", "true": "True", "false": "False"},
    imports=[
        ("functools.", "import functools"),
        ("math.", "import math"),
        ("", "import numpy as np"),
        *SPECIAL_IMPORTS,
    ],
    helpers={
        "sigmoid": '''\
def sigmoid(x):
    """1 / (1 + exp(-x)), which never overflows."""
    z = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, z) / (1.0 + z)
''',
        "log_base": '''\
def log_base(x, base):
    """The logarithm of x to a base, exact for powers of 2 and 10."""
    with np.errstate(divide="ignore", invalid="ignore"):  # np.where computes both sides
        other = np.log(x) / np.log(base)
    return np.where(base == 2, np.log2(x), np.where(base == 10, np.log10(x), other))
''',
        "like": _LIKE,
        "portions": _portions("np.maximum", "np.exp"),
        "product": _product("np"),
        "elementwise": _ELEMENTWISE,
        **_STANDARD,
        **_BY_NUMBER,
        **_BESIDE,
    },
    opposite="np.logical_not({0})",
    where="np.where({0}, {1}, {2})",
    both_sides='np.seterr(all="ignore")  # np.where computes both sides',
    seed="np.ones_like({0})",
    like="like({0}, {1})",
    input="{0} = np.array({1})",
    convert="{0} = np.asarray({0}, dtype=float)",
    local_body=_in_numpy,
)

_LOG = "math.log1p(y / x) if abs(y) < x / 2 else math.log(s / x)"
_ALIKE = {"math.fsum": "sum", _LOG: "xp.where(abs(y) < x / 2, math.log1p(y / x), math.log(s / x))"} | {
    "math.": "xp.",
    "round(": "xp.round(",
    "abs(": "xp.abs(",
}
"""What stands in their functions where Python has another word."""
_OF_TENSORS = {
    **{
        name: reduce(lambda text, word: text.replace(word, _ALIKE[word]), _ALIKE, text)
        for name, text in _BESIDE.items()
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
_OWN: dict[str, str | Form] = {
    **words("beta=euler_beta betaslope=beta_slope lbeta=log_beta lambertw lambertwslope=lambertw_slope"),
    "polygamma_rise": of_first_order("polygamma_rise", "digamma_rise({0}, {1})", "0"),
    "zeta": "riemann_zeta",
    "zetaderiv": of_first_order("zetaderiv", "zeta_slope({0})"),
    "erfcxderiv": of_first_order("erfcxderiv", "erfcx_slope({0})"),
}


def _of_tensors(module: str, special: str, lgamma: str) -> dict[str, str]:
    names = {"xp.": f"{module}.", "lgamma(": f"{lgamma}(", "plain_digamma(": f"{special}.digamma("}
    names |= {"erfcx(x)": "torch.special.erfcx(x)"} if module == "torch" else {}
    return {
        name: reduce(lambda text, word: text.replace(word, names[word]), names, text)
        for name, text in _OF_TENSORS.items()
    }


TORCH = replace(
    _COMMON,
    name="torch",
    words={
        **prefixed(
            "torch.",
            "exp log log2 log10 log1p expm1 exp2 sqrt hypot sin cos tan asin acos atan atan2 sinh cosh tanh "
            "asinh acosh atanh abs sign max=maximum min=minimum floor ceil sigmoid relu erf erfc erfinv lgamma "
            "round mod=remainder fmod sum=add prod=mul logsumexp=logaddexp",
        ),
        "mean": "(({0} + {1}) / 2)",
        **prefixed("torch.special.", "erfcx lognormcdf=log_ndtr normppf=ndtri"),
        **words("cbrt log_base gamma digamma polygamma"),
        **_OWN,
        "erfcinv": "(torch.special.ndtri(({0}) / 2) / -(2**0.5))",
        # Its own J and Y are right to seven digits at 5.
        **_by_scipy("torch.special", besseli=("i0", "i1", "i1"), besselk=[f"modified_bessel_k{n}" for n in (0, 1, 1)]),
        "softplus": "torch.logaddexp({0}, torch.tensor(0.0))",
    },
    many={
        name: f"functools.reduce(torch.{written}, ({{args}}))"
        for name, written in words("max=maximum min=minimum hypot sum=add logsumexp=logaddexp").items()
    }
    | {"mean": _MEAN.format("torch"), "prod": "product({args})"},
    wrap="torch.tensor({})",
    constants={
        "pi": "torch.pi",
        "e": "torch.e",
        "nan": "torch.nan",
        "true": "torch.tensor(True)",
        "false": "torch.tensor(False)",
    },
    imports=[
        ("functools.", "import functools"),
        ("math.", "import math"),
        ("scipy.", "import scipy.special"),
        ("", "import torch"),
    ],
    setup="torch.set_default_dtype(torch.float64)",
    helpers={
        "portions": _portions("torch.maximum", "torch.exp"),
        "product": _product("torch"),
        "of_scipy": '''\
def of_scipy(function, *xs):
    """SciPy's function, which PyTorch lacks; it has no derivative here, and needs none."""
    return torch.as_tensor(function(*(torch.as_tensor(x).numpy() for x in xs)))
''',
        "airy": _AIRY,
        "ldexp": '''\
def ldexp(mantissa, exponent):
    """mantissa * 2**exponent, in two steps, so that only what is too large overflows."""
    half = torch.clamp(exponent, -2140, 2046) // 2
    return mantissa * 2.0**half * 2.0 ** (torch.clamp(exponent, -2140, 2046) - half)
''',
        "cbrt": """\
def cbrt(x):
    return torch.sign(x) * torch.abs(x) ** (1 / 3)
""",
        "log_base": '''\
def log_base(x, base):
    """The logarithm of x to a base, exact for powers of 2 and 10."""
    other = torch.where(base == 10, torch.log10(x), torch.log(x) / torch.log(base))
    return torch.where(base == 2, torch.log2(x), other)
''',
        "gamma": """\
def gamma(x):
    sign = torch.where((x < 0) & (torch.floor(x) % 2 != 0), -1.0, 1.0)
    return sign * torch.exp(torch.lgamma(x))
""",
        "polygamma": '''\
def polygamma(n, x):
    """The n-th derivative of digamma; below 0 by reflection."""
    n = int(n)
    if n == 0:
        return digamma(x)
    above = torch.special.zeta(torch.tensor(n + 1.0), torch.where(x > 0, x, 1 - x)) * -math.factorial(n)
    return torch.where(x > 0, (-1) ** n * above, above - cotangent_slope(n, x))
''',
        **_of_tensors("torch", "torch", "torch.lgamma"),
    },
    opposite="torch.logical_not({0})",
    where="torch.where({0}, {1}, {2})",
    local_body=_body("torch.where({0}, {1}, {2})"),
    seed="torch.ones_like({0})",
    like="{0}.sum_to_size({1}.shape)",
    input="{0} = torch.tensor({1})",
    convert="{0} = torch.as_tensor({0}, dtype=torch.float64)",
    print_value='print("{0} =", {1}.tolist())',
)

JAX = replace(
    _COMMON,
    name="jax",
    words={
        **prefixed(
            "jnp.",
            "exp log log2 log10 log1p expm1 exp2 sqrt cbrt hypot sin cos tan asin acos atan "
            "atan2 sinh cosh tanh asinh acosh atanh abs sign max=maximum min=minimum floor ceil round mod fmod "
            "sum=add prod=multiply logsumexp=logaddexp",
        ),
        "mean": "(({0} + {1}) / 2)",
        **prefixed("special.", "sigmoid=expit erf erfc erfinv gamma normppf=ndtri"),
        **words("log_base lgamma=log_gamma digamma polygamma"),
        **_OWN,
        "erfcinv": "(special.ndtri(({0}) / 2) / -(2**0.5))",
        **words("erfcx lognormcdf"),  # its log_ndtr is right to ten digits at 5
        **_by_scipy("special", besseli=("i0", "i1", "i1")),
        "relu": "jnp.maximum({0}, 0.0)",
        "softplus": "jnp.logaddexp({0}, 0.0)",
    },
    many={
        name: f"functools.reduce(jnp.{written}, ({{args}}))"
        for name, written in words("max=maximum min=minimum hypot sum=add logsumexp=logaddexp").items()
    }
    | {"mean": _MEAN.format("jnp"), "prod": "product({args})"},
    constants={"pi": "jnp.pi", "e": "jnp.e", "nan": "jnp.nan", "true": "True", "false": "False"},
    imports=[
        ("functools.", "import functools"),
        ("math.", "import math"),
        ("", "import jax"),
        ("", "import jax.numpy as jnp"),
        ("scipy.", "import scipy.special"),
        ("special.", "from jax.scipy import special"),
    ],
    setup='jax.config.update("jax_enable_x64", True)',
    helpers={
        "erfcx": '''\
def erfcx(x):
    """exp(x*x)*erfc(x): by a continued fraction where that would overflow."""
    near, far = jnp.where(x < 5, x, 0.0), jnp.where(x < 5, 5.0, x)
    fraction = far
    for n in range(60, 0, -1):
        fraction = far + n / 2 / fraction
    return jnp.where(x < 5, jnp.exp(near * near) * special.erfc(near), 1 / (jnp.pi**0.5 * fraction))
''',
        "lognormcdf": '''\
def lognormcdf(x):
    """The logarithm of the standard normal distribution function."""
    u = x / 2**0.5
    above = jnp.log1p(-special.erfc(jnp.where(x > 0, u, 0.0)) / 2)
    return jnp.where(x > 0, above, jnp.log(erfcx(jnp.where(x > 0, 0.0, -u)) / 2) - u * u)
''',
        "like": _LIKE,
        "portions": _portions("jnp.maximum", "jnp.exp"),
        "product": _product("jnp"),
        "of_scipy": '''\
def of_scipy(function, *xs):
    """SciPy's function, which JAX lacks, also inside jit; it has no derivative here, and needs none."""
    xs = jnp.broadcast_arrays(*(jnp.asarray(x, dtype=float) for x in xs))
    found = jax.ShapeDtypeStruct(xs[0].shape, xs[0].dtype)
    return jax.pure_callback(function, found, *xs, vmap_method="expand_dims")
''',
        "airy": _AIRY,
        "log_base": '''\
def log_base(x, base):
    """The logarithm of x to a base, exact for powers of 2 and 10."""
    other = jnp.where(base == 10, jnp.log10(x), jnp.log(x) / jnp.log(base))
    return jnp.where(base == 2, jnp.log2(x), other)
''',
        "polygamma": '''\
def polygamma(n, x):
    """The n-th derivative of digamma; below 0 by reflection."""
    n = int(n)
    if n == 0:
        return digamma(x)
    above = special.polygamma(n, jnp.where(x > 0, x, 1 - x))
    return jnp.where(x > 0, above, (-1) ** n * above - cotangent_slope(n, x))
''',
        "log_gamma": '''\
def log_gamma(x):
    """log |gamma(x)|; beside 1 and 2, where that is 0, by its power series."""
    far = abs(x - jnp.where(x < 1.5, 1, 2)) > 0.01
    z = jnp.where(far, 0.0, x - jnp.where(x < 1.5, 1, 2))
    total = 0.0  # over (-1)^k*zeta(k)/k, and minus Euler's constant
    for c in (0.125509669524743, -0.14404989676884612, 0.16955717699740819, -0.20738555102867398, 0.2705808084277845,
              -0.40068563438653143, 0.8224670334241132, -0.5772156649015329):
        total = total * z + c
    beside = z * total + jnp.where(x > 1.5, jnp.log1p(z), 0.0)
    return jnp.where(far, special.gammaln(x), beside)
''',
        **_of_tensors("jnp", "special", "log_gamma"),
    },
    opposite="jnp.logical_not({0})",
    where="jnp.where({0}, {1}, {2})",
    local_body=_body("jnp.where({0}, {1}, {2})"),
    seed="jnp.ones_like({0})",
    like="like({0}, {1})",
    input="{0} = jnp.array({1})",
    convert="{0} = jnp.asarray({0}, dtype=float)",
    print_value='print("{0} =", {1}.tolist())',
)
