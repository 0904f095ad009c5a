"""PyTorch, in double precision."""

from __future__ import annotations

from .arrays import elementwise, language
from .base import helpers, prefixed, words
from .tensors import OWN, by_scipy, of_tensors

_HELPERS = helpers("helpers_torch.txt")

TORCH = language(
    "torch",
    "torch",
    {
        **prefixed(
            "torch.",
            "exp log log2 log10 log1p expm1 exp2 sqrt hypot sin cos tan asin acos atan atan2 sinh cosh tanh "
            "asinh acosh atanh abs sign max=maximum min=minimum floor ceil sigmoid relu erf erfc erfinv lgamma "
            "round mod=remainder fmod sum=add prod=mul logsumexp=logaddexp",
        ),
        **prefixed("torch.special.", "erfcx lognormcdf=log_ndtr normppf=ndtri"),
        **words("cbrt log_base gamma digamma polygamma"),
        **OWN,
        "erfcinv": "(torch.special.ndtri(({0}) / 2) / -(2**0.5))",
        # Its own J and Y are right to seven digits at 5.
        **by_scipy("torch.special", besseli=("i0", "i1", "i1"), besselk=[f"modified_bessel_k{n}" for n in (0, 1, 1)]),
        "softplus": "torch.logaddexp({0}, torch.tensor(0.0))",
    },
    wrap="torch.tensor({})",
    constants={
        **prefixed("torch.", "pi e nan"),
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
        **elementwise("portions mean product others", "torch"),
        "of_scipy": _HELPERS["of_scipy"],
        **elementwise("airy", "torch"),
        **{name: _HELPERS[name] for name in ("ldexp", "cbrt")},
        **elementwise("log_base", "torch"),
        **{name: _HELPERS[name] for name in ("gamma", "polygamma")},
        **of_tensors("torch", "torch", "torch.lgamma"),
    },
    like="{0}.sum_to_size({1}.shape)",
    input="{0} = torch.tensor({1})",
    convert="{0} = torch.as_tensor({0}, dtype=torch.float64)",
    print_value='print("{0} =", {1}.tolist())',
)
