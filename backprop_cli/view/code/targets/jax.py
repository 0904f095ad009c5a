"""JAX, in double precision."""

from __future__ import annotations

from .arrays import elementwise, language
from .base import helpers, prefixed, words
from .tensors import OWN, by_scipy, of_tensors

_HELPERS = helpers("helpers_jax.txt")

JAX = language(
    "jax",
    "jnp",
    {
        **prefixed(
            "jnp.",
            "exp log log2 log10 log1p expm1 exp2 sqrt cbrt hypot sin cos tan asin acos atan "
            "atan2 sinh cosh tanh asinh acosh atanh abs sign max=maximum min=minimum floor ceil round mod fmod "
            "sum=add prod=multiply logsumexp=logaddexp",
        ),
        **prefixed("special.", "sigmoid=expit erf erfc erfinv gamma normppf=ndtri"),
        **words("log_base lgamma=log_gamma digamma polygamma"),
        **OWN,
        "erfcinv": "(special.ndtri(({0}) / 2) / -(2**0.5))",
        **words("erfcx lognormcdf"),  # its log_ndtr is right to ten digits at 5
        **by_scipy("special", besseli=("i0", "i1", "i1")),
        "relu": "jnp.maximum({0}, 0.0)",
        "softplus": "jnp.logaddexp({0}, 0.0)",
    },
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
        **{name: _HELPERS[name] for name in ("erfcx", "lognormcdf")},
        **elementwise("like portions mean product others", "jnp"),
        "of_scipy": _HELPERS["of_scipy"],
        **elementwise("airy log_base", "jnp"),
        **{name: _HELPERS[name] for name in ("polygamma", "log_gamma")},
        **of_tensors("jnp", "special", "log_gamma"),
    },
    input="{0} = jnp.array({1})",
    convert="{0} = jnp.asarray({0}, dtype=float)",
    print_value='print("{0} =", {1}.tolist())',
)
