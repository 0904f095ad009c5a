"""NumPy, PyTorch and JAX: the same program, element by element on arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

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


_LBETA = "({0}({{0}}) + {0}({{1}}) - {0}({{0}} + {{1}}))"
_MEAN = "(functools.reduce({}.add, ({{args}})) / {{count}})"
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
_STANDARD = {name: f"{name} = elementwise(math.{name})\n" for name in "erf erfc gamma lgamma".split()}
_BY_NUMBER = {
    name: f"@elementwise\n{HELPERS[name]}".replace("1 / x ** (n + 1)", "1 / x ** (n + 1.0)")
    for name in "digamma polygamma erfcx erfcxderiv lambertw lognormcdf stirling log_beta euler_beta zetaderiv".split()
}

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
        **words("sigmoid log_base erf erfc gamma lgamma digamma polygamma"),
        **SPECIAL,
        "normppf": "special.ndtri({0})",
        "relu": "np.maximum({0}, 0.0)",
        "softplus": "np.logaddexp({0}, 0.0)",
    },
    many={
        name: f"functools.reduce(np.{written}, ({{args}}))"
        for name, written in words("max=maximum min=minimum hypot sum=add prod=multiply logsumexp=logaddexp").items()
    }
    | {"mean": _MEAN.format("np")},
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
        "elementwise": _ELEMENTWISE,
        **_STANDARD,
        **_BY_NUMBER,
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

TORCH = replace(
    _COMMON,
    name="torch",
    words={
        **prefixed(
            "torch.",
            "exp log log2 log10 log1p expm1 exp2 sqrt hypot sin cos tan asin acos atan atan2 sinh cosh tanh "
            "asinh acosh atanh abs sign max=maximum min=minimum floor ceil sigmoid relu erf erfc erfinv lgamma digamma "
            "round mod=remainder fmod sum=add prod=mul logsumexp=logaddexp",
        ),
        "mean": "(({0} + {1}) / 2)",
        **prefixed("torch.special.", "erfcx lognormcdf=log_ndtr normppf=ndtri"),
        **words("cbrt log_base gamma polygamma beta=euler_beta"),
        "erfcxderiv": of_first_order("erfcxderiv", "(2 * {0} * torch.special.erfcx({0}) - 2 / torch.pi**0.5)"),
        "lbeta": _LBETA.format("torch.lgamma"),
        "softplus": "torch.logaddexp({0}, torch.tensor(0.0))",
    },
    many={
        name: f"functools.reduce(torch.{written}, ({{args}}))"
        for name, written in words("max=maximum min=minimum hypot sum=add prod=mul logsumexp=logaddexp").items()
    }
    | {"mean": _MEAN.format("torch")},
    wrap="torch.tensor({})",
    constants={
        "pi": "torch.pi",
        "e": "torch.e",
        "nan": "torch.nan",
        "true": "torch.tensor(True)",
        "false": "torch.tensor(False)",
    },
    imports=[("functools.", "import functools"), ("", "import torch")],
    setup="torch.set_default_dtype(torch.float64)",
    helpers={
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
        "euler_beta": """\
def euler_beta(x, y):
    return gamma(x) * gamma(y) / gamma(x + y)
""",
        "polygamma": '''\
def polygamma(n, x):
    """The n-th derivative of digamma; below 0, for n = 1, by reflection."""
    n = torch.as_tensor(n)
    scale = -torch.cos(torch.pi * n) * torch.exp(torch.lgamma(n + 1))
    above = scale * torch.special.zeta(n + 1, torch.where(x > 0, x, 1 - x))
    below = (torch.pi / torch.sin(torch.pi * (x - torch.round(x)))) ** 2 - above
    found = torch.where(x > 0, above, torch.where(n == 1, below, torch.nan))
    return torch.where(n == 0, torch.digamma(x), found)
''',
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
        **prefixed("special.", "sigmoid=expit erf erfc erfinv gamma lgamma=gammaln digamma normppf=ndtri"),
        **words("log_base polygamma beta=euler_beta"),
        "lbeta": _LBETA.format("special.gammaln"),  # its betaln is right to six digits from 8 on
        "relu": "jnp.maximum({0}, 0.0)",
        "softplus": "jnp.logaddexp({0}, 0.0)",
    },
    many={
        name: f"functools.reduce(jnp.{written}, ({{args}}))"
        for name, written in words("max=maximum min=minimum hypot sum=add prod=multiply logsumexp=logaddexp").items()
    }
    | {"mean": _MEAN.format("jnp")},
    constants={"pi": "jnp.pi", "e": "jnp.e", "nan": "jnp.nan", "true": "True", "false": "False"},
    imports=[
        ("functools.", "import functools"),
        ("", "import jax"),
        ("", "import jax.numpy as jnp"),
        ("special.", "from jax.scipy import special"),
    ],
    setup='jax.config.update("jax_enable_x64", True)',
    helpers={
        "like": _LIKE,
        "log_base": '''\
def log_base(x, base):
    """The logarithm of x to a base, exact for powers of 2 and 10."""
    other = jnp.where(base == 10, jnp.log10(x), jnp.log(x) / jnp.log(base))
    return jnp.where(base == 2, jnp.log2(x), other)
''',
        "euler_beta": """\
def euler_beta(x, y):
    sign = special.gammasgn(x) * special.gammasgn(y) * special.gammasgn(x + y)
    return sign * jnp.exp(special.gammaln(x) + special.gammaln(y) - special.gammaln(x + y))
""",
        "polygamma": '''\
def polygamma(n, x):
    """The n-th derivative of digamma; below 0, for n = 1, by reflection."""
    reflected = (jnp.pi / jnp.sin(jnp.pi * (x - jnp.round(x)))) ** 2 - special.polygamma(n, 1 - x)
    found = jnp.where(x > 0, special.polygamma(n, jnp.abs(x)), jnp.where(n == 1, reflected, jnp.nan))
    return jnp.where(n == 0, special.digamma(x), found)
''',
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
