"""NumPy, with SciPy for functions that it lacks."""

from __future__ import annotations

from dataclasses import replace

from .arrays import BESIDE, elementwise, language
from .base import Cases, helpers, prefixed, words
from .python import HELPERS, SPECIAL, SPECIAL_IMPORTS

_OWN = helpers("helpers_numpy.txt")
_STANDARD = {name: f"{name} = elementwise(math.{name})\n" for name in "erf erfc gamma".split()}
_CALLED = (
    "digamma polygamma digamma_rise log_gamma log_beta euler_beta beta_slope erfcx erfcxderiv lambertw lambertw_slope "
    "lognormcdf zetaderiv"
)
_BY_NUMBER = {name: f"@elementwise\n{HELPERS[name]}" for name in _CALLED.split()}

_NUMPY = language(
    "numpy",
    "np",
    {
        **prefixed(
            "np.",
            "exp log log2 log10 log1p expm1 exp2 sqrt cbrt hypot sin cos tan asin=arcsin acos=arccos atan=arctan "
            "atan2=arctan2 sinh cosh tanh asinh=arcsinh acosh=arccosh atanh=arctanh abs sign max=maximum min=minimum "
            "floor ceil round mod fmod sum=add prod=multiply logsumexp=logaddexp",
        ),
        **words("sigmoid log_base erf erfc gamma lgamma=log_gamma digamma polygamma"),
        **SPECIAL,
        "normppf": "special.ndtri({0})",
        "relu": "np.maximum({0}, 0.0)",
        "softplus": "np.logaddexp({0}, 0.0)",
    },
    imports=[
        ("functools.", "import functools"),
        ("math.", "import math"),
        ("", "import numpy as np"),
        *SPECIAL_IMPORTS,
    ],
    helpers={
        **{name: _OWN[name] for name in ("sigmoid", "log_base")},
        **elementwise("like portions mean product others", "np"),
        "elementwise": _OWN["elementwise"],
        **_STANDARD,
        **_BY_NUMBER,
        **BESIDE,
    },
    both_sides='np.seterr(all="ignore")  # np.where computes both sides',
    input="{0} = np.array({1})",
    convert="{0} = np.asarray({0}, dtype=float)",
)


def _local_body(cases: Cases, otherwise: str) -> list[str]:
    lines = _NUMPY.local_body(cases, otherwise)
    return ['with np.errstate(all="ignore"):  # np.where computes both sides', *(f"    {line}" for line in lines)]


NUMPY = replace(_NUMPY, local_body=_local_body)
