"""Functions that PyTorch and JAX lack, in operations that both have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ....rules.printer import Form
from .arrays import BESIDE
from .base import helpers, of_first_order, respelled, words

OWN: dict[str, str | Form] = {
    **words("beta=euler_beta betaslope=beta_slope lbeta=log_beta lambertw lambertwslope=lambertw_slope"),
    "polygamma_rise": of_first_order("polygamma_rise", "digamma_rise({0}, {1})", "0"),
    "zeta": "riemann_zeta",
    "zetaderiv": of_first_order("zetaderiv", "zeta_slope({0})"),
    "erfcxderiv": of_first_order("erfcxderiv", "erfcx_slope({0})"),
}


_LOG = "math.log1p(y / x) if abs(y) < x / 2 else math.log(s / x)"
_IN_TENSORS = {
    "math.fsum": "sum",
    _LOG: "xp.where(abs(y) < x / 2, math.log1p(y / x), math.log(s / x))",
    "math.": "xp.",
    "round(": "xp.round(",
    "abs(": "xp.abs(",
}
"""What Python says in the helpers that serve tensors too, and what stands there for them."""


def of_tensors(library: str, special: str, lgamma: str) -> dict[str, str]:
    """The functions, written in the words of one library.

    library: what its module goes by
    special: its module of special functions
    lgamma: its logarithm of the gamma function
    """
    spelled = {"xp.": f"{library}.", "lgamma(": f"{lgamma}(", "plain_digamma(": f"{special}.digamma("}
    spelled |= {"erfcx(x)": "torch.special.erfcx(x)"} if library == "torch" else {}
    beside = {name: respelled(text, _IN_TENSORS | spelled) for name, text in BESIDE.items()}
    return beside | helpers("helpers_tensors.txt", spelled)


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
