"""Complex numbers of many digits, by mpmath, for the complex step. Import it where it is needed.

Only analytic functions have a meaning here (each on the branch that is real on the real axis); rules that route or
round have none, and naming one raises NameError when it is evaluated.
"""

from __future__ import annotations

from typing import Any

from mpmath import MPContext

from .system import Arithmetic, Function, Value

_STEPS = 4
"""Of Newton's method, whose first guess is as good as the imaginary part is small."""
_RANGE = 1_000_000
"""Binary digits before or behind the point, from which on mpmath's logarithm may take gigabytes."""


class Complexes(Arithmetic):
    """Complex numbers of so many digits, on which analytic primitives have values."""

    def __init__(self, digits: int) -> None:
        self.digits = digits
        self.context: Any = MPContext()
        self.context.dps = digits
        # A condition decides by the real part, which is on the branch that the real number is on.
        signs = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
        by_real_part = {name: f"({{}}.real {sign} {{}}.real)" for name, sign in signs.items()}
        constants = {"pi": +self.context.pi, "e": +self.context.e, "nan": self.context.nan}
        super().__init__(_functions(self.context), constants, {**by_real_part, "own": "{0}"})

    def number(self, text: str) -> Value:
        return self.context.mpf(text)

    def is_finite(self, value: Value) -> bool:
        return bool(self.context.isfinite(value))

    def to_float(self, value: Value) -> float:
        return float(value.real)

    def shown(self, value: Value, digits: int) -> str:
        return str(self.context.nstr(value, digits))

    def in_range(self, value: Value) -> bool:
        """Whether the size of both parts is one that every function can work with."""
        return all(not part or abs(self.context.mag(part)) < _RANGE for part in (value.real, value.imag))


_FROM_FLINT = "besselj bessely besseli besselk airyai airyaiprime lambertw zeta zetaderiv erfcx lognormcdf".split()


def _functions(mp: Any) -> dict[str, Function]:
    def from_flint(name: str) -> Function:
        def function(*zs: Value) -> Value:
            from .ball_functions import of_numbers

            found = of_numbers(name, mp.prec, zs, off_axis=True)
            return mp.mpc(mp.convert(found.real.mid()), mp.convert(found.imag.mid()))

        return function

    def erfcinv(z: Value) -> Value:
        """By Newton's method on log(erfc), from the real axis."""
        from .ball_functions import of_numbers

        found = mp.convert(of_numbers("erfcinv", mp.prec, [z.real]).mid())
        for _ in range(_STEPS):
            tail = mp.erfc(found)
            found += mp.log(tail / z) * tail * mp.sqrt(mp.pi) / 2 * mp.exp(found * found)
        return found

    def hypot(*zs: Value) -> Value:
        return mp.sqrt(mp.fsum(z * z for z in zs))

    names = "exp log log10 log1p expm1 sqrt sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf erfc gamma"
    return {
        **{name: getattr(mp, name) for name in (*names.split(), "digamma")},
        "abs": lambda z: -z if z.real < 0 else z,
        "sign": lambda z: mp.sign(z.real),
        "floor": lambda z: mp.floor(z.real),
        "round": lambda z: mp.nint(z.real),
        "pow": mp.power,
        "log2": lambda z: mp.log(z) / mp.log(2),
        "log_base": lambda z, base: mp.log(z) / mp.log(base),
        "exp2": lambda z: mp.power(2, z),
        "cbrt": lambda z: -mp.cbrt(-z) if z.real < 0 else mp.cbrt(z),
        "hypot": hypot,
        "atan2": lambda y, x: -mp.j * mp.log((x + mp.j * y) / hypot(x, y)),
        **{name: from_flint(name) for name in _FROM_FLINT},
        "erfcinv": erfcinv,
        "erfinv": lambda z: -erfcinv(1 + z) if z.real < 0 else erfcinv(1 - z),
        "normppf": lambda z: -mp.sqrt(2) * erfcinv(2 * z),
        "polygamma": lambda order, z: mp.psi(int(order.real), z),
        "lgamma": lambda z: mp.log(mp.gamma(z) * mp.sign(mp.gamma(z).real)),
        "sigmoid": lambda z: 1 / (1 + mp.exp(-z)),
        "softplus": lambda z: z + mp.log1p(mp.exp(-z)) if z.real > 0 else mp.log1p(mp.exp(z)),
    }
