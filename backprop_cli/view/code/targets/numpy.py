"""NumPy, with SciPy for functions that it lacks."""

from __future__ import annotations

from dataclasses import replace

from .arrays import BESIDE, COMMON, LIKE, MEAN, body, portions, product
from .base import Cases, prefixed, words
from .python import HELPERS, SPECIAL, SPECIAL_IMPORTS

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


def _in_numpy(cases: Cases, otherwise: str) -> list[str]:
    lines = body("np.where({0}, {1}, {2})")(cases, otherwise)
    return ['with np.errstate(all="ignore"):  # np.where computes both sides', *(f"    {line}" for line in lines)]


NUMPY = replace(
    COMMON,
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
    | {"mean": MEAN.format("np"), "prod": "product({args})"},
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
        "like": LIKE,
        "portions": portions("np.maximum", "np.exp"),
        "product": product("np"),
        "elementwise": _ELEMENTWISE,
        **_STANDARD,
        **_BY_NUMBER,
        **BESIDE,
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
