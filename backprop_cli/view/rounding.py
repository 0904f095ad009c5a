"""A value and its uncertainty as text, both to the same decimal place: `29.4 ± 1.5`, `(1.7 ± 1.0)e+02`."""

from __future__ import annotations

from decimal import Context, Decimal, InvalidOperation

from ..arithmetic import Arithmetic, Value

_FEWEST = -4  # the exponent below which a number is written with one, as `%g` does
_WIDEST = 17  # digits of a value that a table shows of doubles, whatever its uncertainty


def rounded(system: Arithmetic, value: Value, sigma: Value, digits: int | None) -> str:
    """The value and its standard uncertainty.

    sigma: the standard uncertainty, from 0
    system: their arithmetic; exact numbers are not rounded
    digits: of the uncertainty. None: in doubles as the Particle Data Group has it, else as many as the arithmetic shows

    The uncertainty has two digits where its first three are 100 to 354, one where they are 355 to 949, and is 1000
    where they are more (Review of Particle Physics, Introduction, 5.3). The layout is that of the Python package
    `uncertainties`.
    """
    shown = digits or system.digits
    plain = f"{system.show(value, shown)} ± {system.show(sigma, shown)}"
    if system.trusted is None or system.to_float(sigma) == 0:
        return plain
    try:
        number, spread = (Decimal(each) if isinstance(each, float) else Decimal(str(each)) for each in (value, sigma))
    except InvalidOperation:  # a number that is not told from 0
        return plain
    if digits is None and isinstance(sigma, float):
        digits, spread = _deserved(sigma, spread)
    place = _last_place(spread, digits or system.digits)
    size = max(abs(number), abs(spread))
    if size.adjusted() - place > max(_WIDEST, system.trusted):
        return plain
    context = Context(prec=system.trusted + 400)
    exponent = context.quantize(size, Decimal((0, (1,), place))).adjusted()
    if place <= 0 and exponent >= _FEWEST:
        return f"{_at(number, place, context)} ± {_at(spread, place, context)}"
    scaled = (_at(each.scaleb(-exponent, context), place - exponent, context) for each in (number, spread))
    return f"({' ± '.join(scaled)})e{exponent:+03d}"


def _deserved(sigma: float, spread: Decimal) -> tuple[int, Decimal]:
    """The digits that an uncertainty deserves, and what it is then."""
    shortest = Decimal(repr(sigma))  # as people know it: 3.55 is not 3.5499999999999998
    begin = int(shortest.scaleb(2 - shortest.adjusted()))
    if begin > 949:
        return 2, Decimal((0, (1,), shortest.adjusted() + 1))
    return 2 if begin <= 354 else 1, spread


def _last_place(sigma: Decimal, digits: int) -> int:
    """The exponent of the last digit that is shown, of so many."""
    place = sigma.adjusted() - digits + 1
    return place + (sigma.quantize(Decimal((0, (1,), place)), context=_WIDE).adjusted() > sigma.adjusted())


_WIDE = Context(prec=20_000)


def _at(number: Decimal, place: int, context: Context) -> str:
    """The number, rounded at that place."""
    text = f"{context.quantize(number, Decimal((0, (1,), min(place, 0)))):f}"
    return text.removeprefix("-") if not any(digit in text for digit in "123456789") else text
