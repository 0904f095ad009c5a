"""PyTorch, in double precision."""

from __future__ import annotations

from dataclasses import replace

from .arrays import COMMON, MEAN, body, portions, product
from .base import prefixed, words
from .tensors import AIRY, OWN, by_scipy, of_tensors

TORCH = replace(
    COMMON,
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
        **OWN,
        "erfcinv": "(torch.special.ndtri(({0}) / 2) / -(2**0.5))",
        # Its own J and Y are right to seven digits at 5.
        **by_scipy("torch.special", besseli=("i0", "i1", "i1"), besselk=[f"modified_bessel_k{n}" for n in (0, 1, 1)]),
        "softplus": "torch.logaddexp({0}, torch.tensor(0.0))",
    },
    many={
        name: f"functools.reduce(torch.{written}, ({{args}}))"
        for name, written in words("max=maximum min=minimum hypot sum=add logsumexp=logaddexp").items()
    }
    | {"mean": MEAN.format("torch"), "prod": "product({args})"},
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
        "portions": portions("torch.maximum", "torch.exp"),
        "product": product("torch"),
        "of_scipy": '''\
def of_scipy(function, *xs):
    """SciPy's function, which PyTorch lacks; it has no derivative here, and needs none."""
    return torch.as_tensor(function(*(torch.as_tensor(x).numpy() for x in xs)))
''',
        "airy": AIRY,
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
        **of_tensors("torch", "torch", "torch.lgamma"),
    },
    opposite="torch.logical_not({0})",
    where="torch.where({0}, {1}, {2})",
    local_body=body("torch.where({0}, {1}, {2})"),
    seed="torch.ones_like({0})",
    like="{0}.sum_to_size({1}.shape)",
    input="{0} = torch.tensor({1})",
    convert="{0} = torch.as_tensor({0}, dtype=torch.float64)",
    print_value='print("{0} =", {1}.tolist())',
)
