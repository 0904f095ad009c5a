"""Decimal digits of fractions and balls: rounded half to even where that is proven, and bounds, rounded outwards."""

from __future__ import annotations

from math import ceil, log2

from flint import arb, ctx, fmpq, fmpz

LOG10 = log2(10)
"""Bits of a digit."""
_FEW = 6  # digits that tell a number's exponent, or nearly so
CLOSE_BITS = 1_100
"""Bits behind those shown, by which a number is rounded."""
_TIE_BITS = 1_000  # to which it is known that a number is in the middle of two, before the even one is taken
_BEHIND = 2  # digits of a ball behind those of its bound

Rounded = tuple[fmpz, int]
"""A whole number, and the power of ten that it is to be multiplied by."""


def rounded_ball(value: arb, places: int) -> Rounded | None:
    """A number that is not 0, rounded to so many places, half to even; None where that is not known.

    Where it lies so close to the middle of two that none of _TIE_BITS bits decides, it is the even one.
    """
    middle, _, power = value.mid_rad_10exp(_FEW)
    exponent = int(power) + len(abs(middle).str()) - 1
    least, most = fmpz(10) ** (places - 1), fmpz(10) ** places
    while True:
        shift = places - 1 - exponent
        with ctx.workprec(ceil(places * LOG10) + CLOSE_BITS + 2 * shift.bit_length()):
            whole = _nearest_whole(abs(value) * arb(10) ** shift)
        if whole is None:
            return None
        if least <= whole <= most:
            return whole if value > 0 else -whole, -shift
        exponent += 1 if whole > most else -1


def _nearest_whole(x: arb) -> fmpz | None:
    """The whole number that is nearest to all of a ball; the even one, where the ball is next to the middle of two."""
    above = x + arb(0.5)
    found: fmpz | None = above.floor().unique_fmpz()
    if found is not None and not above.is_integer():
        return found
    below: fmpz | None = (x - arb(0.25)).floor().unique_fmpz()
    if below is None or not (above.is_integer() or x.rad() < arb((1, -_TIE_BITS))):
        return None
    return below if below % 2 == 0 else below + 1


def rounded_fraction(value: fmpq, places: int) -> Rounded:
    """A fraction that is not 0, rounded to so many places, half to even."""
    power = places + len(value.q.str()) - len(abs(value.p).str())
    scale = fmpz(10) ** abs(power)
    top, bottom = (value.p * scale, value.q) if power >= 0 else (value.p, value.q * scale)
    extra = fmpz(10) ** (len(abs(top // bottom).str()) - places)
    return _nearest(top, bottom * extra), len(extra.str()) - 1 - power


def _nearest(top: fmpz, bottom: fmpz) -> fmpz:
    """The whole number that is nearest to a quotient, half to even."""
    whole, rest = divmod(top, bottom)
    return whole + (1 if 2 * rest > bottom or (2 * rest == bottom and whole % 2 == 1) else 0)


def written(whole: fmpz, power: int, places: int) -> str:
    """A decimal number as text.

    whole: its significant digits;
    power: of ten, by which they are multiplied;
    places: how many digits there are to be.
    """
    text, sign = abs(whole).str(), "-" if whole < 0 else ""
    power, figures = power + len(text) - 1, text.rstrip("0")
    if -4 <= power < max(places, len(figures)):
        if power < 0:
            return f"{sign}0.{'0' * (-power - 1)}{figures}"
        above, below = figures[: power + 1].ljust(power + 1, "0"), figures[power + 1 :]
        return f"{sign}{above}.{below}" if below else f"{sign}{above}"
    point = f".{figures[1:]}" if len(figures) > 1 else ""
    return f"{sign}{figures[0]}{point}e{power:+d}"


def bound(number: fmpq | arb, digits: int, *, up: bool) -> str:
    """A bound of a number as text; the number itself, where it has no more digits; infinite, where it has none.

    number: a fraction, or a ball of which the outer end is meant;
    digits: significant ones, to which it is rounded;
    up: whether it is the bound above.
    """
    if isinstance(number, arb) and not number.is_finite():
        return "inf" if up else "-inf"
    if isinstance(number, fmpq):
        top, bottom, power = number.p, number.q, fmpz(0)
    else:
        middle, radius, power = number.mid_rad_10exp(digits + _BEHIND)
        top, bottom = middle + radius if up else middle - radius, fmpz(1)
    if top == 0:
        return "0"
    shift = digits - len(abs(top).str()) + len(bottom.str())  # with which the quotient has as many, or one more
    scale = fmpz(10) ** abs(shift)
    top, bottom = (top * scale, bottom) if shift >= 0 else (top, bottom * scale)
    if abs(top) >= bottom * fmpz(10) ** digits:
        bottom, shift = 10 * bottom, shift - 1
    whole = -(-top // bottom) if up else top // bottom
    return written(whole, int(power) - shift, digits)
