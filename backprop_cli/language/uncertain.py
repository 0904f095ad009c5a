"""Numbers with their uncertainty, as people write them → a value and a standard uncertainty: `2.0±0.1`, `1.50(2)e3`.

The ways to write one are those of the Python package `uncertainties`; either side of a ± may be a constant expression.
"""

from __future__ import annotations

import re
from decimal import Decimal

from ..errors import InputError, quote

_POWER = r"(?:[eE]|\s*[×·⋅*]\s*10\s*(?:\^|\*\*)?)\s*[{(]?([-+]?\d{1,9}|[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,9})[)}]?"
_FACTORED = re.compile(rf"\((.*)\){_POWER}", re.DOTALL)
_CONCISE = re.compile(rf"([-+]?)(\d+\.?\d*|\.\d+)\((\d+\.?\d*|\.\d+)\)(?:{_POWER})?")
_IN_TEXT = re.compile(r"(?<![\w.])(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*\(\s*([-+]?\s*(?:\d+\.?\d*|\.\d+))\s*\)")
_TWO_SIGNS = re.compile(r"([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*\+-\s*([\d.]+(?:[eE][-+]?\d+)?)")
_SUPERSCRIPTS = str.maketrans("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "+-0123456789")


def is_written(text: str) -> bool:
    """Whether a text without a ± is a number with its uncertainty all the same, or may be meant as one."""
    return bool(_IN_TEXT.search(text) or _TWO_SIGNS.fullmatch(text.strip()))


def read_uncertain(name: str, text: str) -> tuple[str, str]:
    """The texts of a value and of its standard uncertainty. Raises InputError for what may mean something else.

    >>> read_uncertain("x", "1.50(2)e3")
    ('1.50e3', '2e1')
    """
    plain = text.strip().replace("−", "-").replace("+/-", "±").replace("\\pm", "±")
    sign = plain[: plain.startswith(("-(", "+("))]
    if sign and (_is_bracketed(plain[1:]) or _FACTORED.fullmatch(plain[1:])):
        value, sigma = read_uncertain(name, plain[1:])
        return f"{sign}({value})", sigma
    if _is_bracketed(plain):
        plain = plain[1:-1].strip()
    power = 0
    if (factored := _FACTORED.fullmatch(plain)) and _is_bracketed(f"({factored[1]})"):
        plain, power = factored[1].strip(), int(factored[2].translate(_SUPERSCRIPTS))
    if "±" not in plain:
        return _concise(name, text, plain, power)
    value, *others = (each.strip() for each in plain.split("±"))
    if not value or not all(others):
        raise _unread(text, f"the value of {name} needs a number on each side of ±")
    if value.count("(") != value.count(")"):
        message = f"the ± in the value of {name} stands inside of a formula"
        raise _unread(text, message, "a formula of uncertain values is an expression: 2*x, with x = 2.0±0.1")
    if len(others) > 1:
        squares = " + ".join(f"({each})**2" for each in others)
        hint = f"independent ones add as squares: {value}±sqrt({squares})"
        raise _unread(text, f"several uncertainties in the value of {name}", hint)
    [sigma] = others
    if sigma.endswith("%"):
        message = f"the uncertainty of {name} is a percentage, and here it is a number"
        raise _unread(text, message, _of_percentage(value, sigma[:-1].strip()))
    return _times(value, power), _times(sigma, power)


def _concise(name: str, text: str, plain: str, power: int) -> tuple[str, str]:
    """The same of `1.50(2)`, where the brackets hold the last digits of the uncertainty, and of `1.5(1.2)`."""
    if two := _TWO_SIGNS.fullmatch(plain):
        message = f"the value of {name} may be a difference or a number with its uncertainty"
        raise _unread(text, message, "write {}±{}, or {} - {}".format(*two.groups(), *two.groups()))
    match = _CONCISE.fullmatch(plain)
    if match is None:
        found = _IN_TEXT.search(plain)
        number, exponent, digits, part = found.group(1, 2, 3, 0) if found else (plain, "", "1", plain)
        alone = f"{number}({digits.lstrip('+- ')}){exponent or ''}"
        hint = f"write {number}{exponent or ''}*({digits}), or the value alone: {alone}"
        message = f"in the value of {name}, {quote(part)} may be a product or a number with its uncertainty"
        raise _unread(text, message, hint)
    sign, number, digits, exponent = match.groups()
    power += int((exponent or "0").translate(_SUPERSCRIPTS))
    decimals = 0 if "." in digits else len(number.partition(".")[2])
    return _times(f"{sign}{number}", power), _times(digits, power - decimals)


def _of_percentage(value: str, percents: str) -> str:
    try:
        sigma = abs(Decimal(value)) * Decimal(percents) / 100
    except ArithmeticError:
        return ""
    return f"{percents}% of it: {value}±{sigma.normalize()}"


def _unread(text: str, message: str, hint: str = "") -> InputError:
    return InputError(message, text, (0, len(text)), hint or "for example: 2.0±0.1 or 2.00(10)")


def _is_bracketed(text: str) -> bool:
    """Whether one pair of brackets is around all of it."""
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if depth <= 0:
            return place > 0 and place == len(text) - 1 and depth == 0
    return False


def _times(number: str, power: int) -> str:
    """A number, or a formula, times a power of ten."""
    if not power:
        return number
    mantissa, letter, exponent = number.lower().partition("e")
    if re.fullmatch(r"[-+]?[\d.]+", mantissa) and (not letter or re.fullmatch(r"[-+]?\d{1,9}", exponent)):
        return f"{mantissa}e{power + int(exponent or '0')}"
    return f"({number})*1e{power}"
