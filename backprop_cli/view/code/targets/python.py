"""Python, with the standard library, and with SciPy for functions that it lacks."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Sequence

from ....rules.printer import Form
from .base import Cases, Pairs, Target, helpers, listed, of_first_order, prefixed, words

RESERVED = frozenset([*keyword.kwlist, *dir(builtins), "__debug__", "forward_backward"])


def open_function(name: str, parameters: Sequence[str], _pairs: Pairs) -> list[str]:
    return listed(f"def {name}(", parameters, "):")


def close_function(value: str, pairs: Pairs) -> list[str]:
    return listed(f"return {value}, {{", [f'"{name}": {gradient}' for name, gradient in pairs], "}")


def local_function(name: str, parameters: Sequence[str], body: list[str], title: str) -> list[str]:
    return [f"def {name}({', '.join(parameters)}):", f'    """{title}"""', *(f"    {line}" for line in body)]


def local_body(cases: Cases, otherwise: str) -> list[str]:
    return [*(line for when, then in cases for line in (f"if {when}:", f"    return {then}")), f"return {otherwise}"]


HELPERS = helpers("helpers_python.txt")

SPECIAL: dict[str, str | Form] = {
    **prefixed("special.", "erfinv erfcinv besselj=jv bessely=yv besseli=iv besselk=kv zeta"),
    "airyai": "special.airy({0})[0]",
    "airyaiprime": "special.airy({0})[1]",
    **words("lambertw lambertwslope=lambertw_slope erfcx erfcxderiv lognormcdf zetaderiv"),
    **words("beta=euler_beta betaslope=beta_slope lbeta=log_beta"),
    "polygamma_rise": of_first_order("polygamma_rise", "digamma_rise({0}, {1})", "0"),
}
SPECIAL_IMPORTS = [("mpmath.", "import mpmath"), ("special.", "from scipy import special")]

PYTHON = Target(
    name="python",
    words={
        **prefixed(
            "math.",
            "exp log log2 log10 log1p expm1 exp2 sqrt cbrt hypot sin cos tan asin acos atan atan2 "
            "sinh cosh tanh asinh acosh atanh erf erfc gamma",
        ),
        **words("abs max min sign sigmoid softplus log_base lgamma=log_gamma digamma polygamma"),
        **SPECIAL,
        "normppf": "statistics.NormalDist().inv_cdf({0})",
        "relu": "max({0}, 0.0)",
        "floor": "float(math.floor({0}))",
        "ceil": "float(math.ceil({0}))",
        "round": "float(round({0}))",
        "mod": "(({0}) % ({1}))",
        "fmod": "math.fmod({0}, {1})",
        "sum": "math.fsum([{args}])",
        "mean": "mean([{args}])",
        "prod": "product([{args}])",
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
