"""JAX, in double precision."""

from __future__ import annotations

from dataclasses import replace

from .arrays import COMMON, LIKE, MEAN, body, portions, product
from .base import prefixed, words
from .tensors import AIRY, OWN, by_scipy, of_tensors

JAX = replace(
    COMMON,
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
        **OWN,
        "erfcinv": "(special.ndtri(({0}) / 2) / -(2**0.5))",
        **words("erfcx lognormcdf"),  # its log_ndtr is right to ten digits at 5
        **by_scipy("special", besseli=("i0", "i1", "i1")),
        "relu": "jnp.maximum({0}, 0.0)",
        "softplus": "jnp.logaddexp({0}, 0.0)",
    },
    many={
        name: f"functools.reduce(jnp.{written}, ({{args}}))"
        for name, written in words("max=maximum min=minimum hypot sum=add logsumexp=logaddexp").items()
    }
    | {"mean": MEAN.format("jnp"), "prod": "product({args})"},
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
        "like": LIKE,
        "portions": portions("jnp.maximum", "jnp.exp"),
        "product": product("jnp"),
        "of_scipy": '''\
def of_scipy(function, *xs):
    """SciPy's function, which JAX lacks, also inside jit; it has no derivative here, and needs none."""
    xs = jnp.broadcast_arrays(*(jnp.asarray(x, dtype=float) for x in xs))
    found = jax.ShapeDtypeStruct(xs[0].shape, xs[0].dtype)
    return jax.pure_callback(function, found, *xs, vmap_method="expand_dims")
''',
        "airy": AIRY,
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
        **of_tensors("jnp", "special", "log_gamma"),
    },
    opposite="jnp.logical_not({0})",
    where="jnp.where({0}, {1}, {2})",
    local_body=body("jnp.where({0}, {1}, {2})"),
    seed="jnp.ones_like({0})",
    like="like({0}, {1})",
    input="{0} = jnp.array({1})",
    convert="{0} = jnp.asarray({0}, dtype=float)",
    print_value='print("{0} =", {1}.tolist())',
)
