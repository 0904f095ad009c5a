"""What NumPy, PyTorch and JAX have in common: the same program, element by element on arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .base import Cases
from .python import HELPERS, PYTHON


def _number(text: str) -> str:
    """A literal; as a float where it has more digits than the integers of these libraries may have."""
    return f"{text}.0" if text.lstrip("-").isdigit() and len(text) > 9 else text


COMMON = replace(
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


def body(where: str) -> Callable[[Cases, str], list[str]]:
    """Cases by `where`, the last one first."""

    def body(cases: Cases, otherwise: str) -> list[str]:
        lines = [f"local = {where.format(when, then, 'local')}" for when, then in reversed(cases)]
        return [f"local = {otherwise}", *lines, "return local"]

    return body


LIKE = '''\
def like(gradient, x):
    """The gradient in the shape of x: summed along the axes on which x was repeated."""
    shape = (1,) * (gradient.ndim - x.ndim) + x.shape
    return gradient.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1)).reshape(x.shape)
'''


def portions(largest: str, exp: str) -> str:
    return f'''\
def portions(xs):
    """What each exp(x) has in the sum of all of them: softmax, which never overflows."""
    largest = functools.reduce({largest}, xs)
    powers = [{exp}(x - largest) for x in xs]
    total = sum(powers)
    return [power / total for power in powers]
'''


def product(library: str) -> str:
    return f'''\
def product(*xs):
    """The product, in which nothing overflows on the way: mantissas, and exponents, which add up."""
    mantissa, exponent = 1.0, 0
    for part, power in map({library}.frexp, xs):
        mantissa, shift = {library}.frexp(mantissa * part)
        exponent = exponent + power + shift
    return {"" if library == "torch" else f"{library}."}ldexp(mantissa, exponent)
'''


MEAN = "(functools.reduce({}.add, ({{args}})) / {{count}})"


BESIDE = {name: HELPERS[name] for name in "from_whole sin_pi stirling rise_above cotangent_slope branch_rise".split()}
