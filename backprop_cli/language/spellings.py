"""Signs that stand for something else: superscripts, roots, bars, fractions, and the names of libraries."""

from __future__ import annotations

import re
from contextlib import suppress

SUPERSCRIPT = r"[⁺⁻]?[⁰¹²³⁴-⁹]+"
FRACTIONS = frozenset("¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞")
ROOTS = {"√": "sqrt", "∛": "cbrt"}
"""What stands before an operand, and the function that it is."""
BRACKETS = {"|": ("abs", "|"), "⌊": ("floor", "⌋"), "⌈": ("ceil", "⌉")}
"""What opens a group, the function of the group, and what closes it."""
PREFIXES = frozenset(
    "np numpy math Math cmath torch nn functional F jnp jax tf keras activations scipy special stats sp sympy"
    " mp mpmath sym si anp".split()
)
"""Names of libraries, which mean nothing before the name of a function: `np.exp(x)`."""
OF_ARRAYS = PREFIXES - {*"math Math cmath sp sympy mp mpmath sym".split()}
"""Those of them whose functions take an axis, and no second number."""
MEANS_OTHER = {
    **dict.fromkeys((("np", "sinc"), ("numpy", "sinc"), ("jnp", "sinc"), ("torch", "sinc")), "sinc(pi*x)"),
    ("torch", "frac"): "x - trunc(x)",
    ("jax", "gelu"): "x*(1 + tanh(sqrt(2/pi)*(x + 0.044715*x**3)))/2",
    **dict.fromkeys(
        (("tf", "leaky_relu"), ("keras", "leaky_relu"), ("activations", "leaky_relu")), "leaky_relu(x, 0.2)"
    ),
    ("Math", "round"): "floor(x + 1/2)",
    **dict.fromkeys((("sp", "jn"), ("sympy", "jn")), "sqrt(pi/(2*x))*besselj(n + 1/2, x)"),
    **dict.fromkeys((("sp", "yn"), ("sympy", "yn")), "sqrt(pi/(2*x))*bessely(n + 1/2, x)"),
}
"""Functions that a library has another one of than this program, by its name and theirs, and what to write for it."""
_PREFIX = rf"#[^\n]*|(?<![\w.])(?:(?:{'|'.join(sorted(PREFIXES))})\.)+(?=[^\W\d])"
POWER_OF_CALL = rf"(?P<sup>{SUPERSCRIPT})|[ \t]*(?:\^|\*\*)[ \t]*(?P<typed>-?[0-9]+)(?=[ \t]*\()"
"""Behind the name of a function: `sin²(x)`, `sin^2(x)`."""
_LONG = 50  # characters of a number
_FOREIGN = [
    (r"0[xXbBoO]\w*", "a number is decimal here", "write {}"),
    (
        r"[0-9.]++(?:[eE][+-]?[0-9]++)?+[eE](?![^\W\d])",
        "an exponent is a whole number",
        "to multiply by the constant e, write {}",
    ),
    (r"[0-9]+\.(?=[^\W\d])", "digits stand behind a point, or a sign", ""),
    (r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)[dD][+-]?[0-9]+", "an exponent begins with e here", "write {}"),
]


def exponent(text: str) -> str:
    """A superscript as a number in plain digits: `-1` for `⁻¹`."""
    import unicodedata

    return unicodedata.normalize("NFKC", text).replace("−", "-").removeprefix("+")


def fraction(sign: str) -> tuple[str, str]:
    """The two numbers of `½`."""
    import unicodedata

    above, _, below = unicodedata.normalize("NFKC", sign).partition("⁄")
    return above, below


def prefixes(source: str) -> list[str]:
    """The names of libraries that stand before functions, as they are written: `np.`."""
    found = dict.fromkeys(match[0] for match in re.finditer(_PREFIX, source)) if "." in source else {}
    return [each for each in found if each[0] != "#"]


def foreign(source: str, position: int) -> tuple[int, str, str] | None:
    """Where a number ends that other languages write so, what is wrong with it, and a hint; None where it is none."""
    for pattern, message, hint in _FOREIGN:
        if match := re.compile(pattern).match(source, position):
            number = _decimal(match[0])
            return match.end(), message, hint.format(number) if number else ""
    return None


def _decimal(text: str) -> str:
    """A number of other languages, written as here: `31` for `0x1F`, `1e-3` for `1d-3`, `5*e` for `5e`; or empty."""
    if text[1:2] not in tuple("xXbBoO"):
        return re.sub("[eE]$", "*e", re.sub("[dD]", "e", text))
    with suppress(ValueError):
        return str(int(text, 0)) if len(text) < _LONG else ""
    return ""
