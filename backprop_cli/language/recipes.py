"""Functions that people write and that are none here: how to write them with those that are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_UNARY = {
    "x**2": "square sqr",
    "x**3": "cube",
    "1/x": "inv inverse reciprocal",
    "sqrt(x)": "root squareroot square_root",
    "cbrt(x)": "cuberoot cube_root",
    "exp(x)": "exponential",
    "log(x)": "logarithm loge nlog",
    "log2(x)": "lb ld log_2",
    "log10(x)": "lg log_10",
    "abs(x)": "absolute",
    "sin(x)": "sine",
    "cos(x)": "cosine",
    "tan(x)": "tangent tg",
    "asin(x)": "arcsine",
    "acos(x)": "arccosine",
    "atan(x)": "arctangent arctg",
    "1/cos(x)": "sec secant",
    "1/sin(x)": "csc cosec cosecant",
    "1/tan(x)": "cot cotan ctg cotangent",
    "acos(1/x)": "asec arcsec",
    "asin(1/x)": "acsc arccsc",
    "atan(1/x)": "acot arccot arcctg",
    "sinh(x)": "sh",
    "cosh(x)": "ch",
    "tanh(x)": "th",
    "1/cosh(x)": "sech",
    "1/sinh(x)": "csch cosech",
    "1/tanh(x)": "coth cth",
    "acosh(1/x)": "asech arcsech arsech",
    "asinh(1/x)": "acsch arccsch arcsch",
    "atanh(1/x)": "acoth arccoth arcoth",
    "sin(x)/x": "sinc",
    "sin(pi*x)": "sinpi",
    "cos(pi*x)": "cospi",
    "sin(pi*x/180)": "sind",
    "cos(pi*x/180)": "cosd",
    "tan(pi*x/180)": "tand",
    "180*x/pi": "deg degrees rad2deg",
    "pi*x/180": "rad radians deg2rad",
    "floor(x + 1/2)": "round rint",
    "sign(x)*floor(abs(x))": "trunc fix int",
    "x - floor(x)": "frac",
    "(1 + sign(x))/2": "heaviside step",
    "sign(x)": "signum",
    "factorial(x)": "fact",
    "lgamma(x)": "lngamma logGamma",
    "exp(x**2)*erfc(x)": "erfcx",
    "erfc(-x/sqrt(2))/2": "normcdf norm_cdf Phi Φ",
    "exp(-x**2/2)/sqrt(2*pi)": "normpdf norm_pdf",
    "log(x/(1 - x))": "logit",
    "-softplus(-x)": "logsigmoid log_sigmoid",
    "x*sigmoid(x)": "swish silu SiLU",
    "x*(1 + erf(x/sqrt(2)))/2": "gelu GELU",
    "x*tanh(softplus(x))": "mish",
    "relu(x) + expm1(min(x, 0))": "elu ELU",
    "1.0507009873554805*(relu(x) + 1.6732632423543772*expm1(min(x, 0)))": "selu SELU",
    "max(x, 0.01*x)": "leaky_relu leakyrelu LeakyReLU",
    "min(relu(x), 6)": "relu6 ReLU6",
    "x/(1 + abs(x))": "softsign",
    "max(-1, min(1, x))": "hardtanh",
    "max(0, min(1, x/6 + 1/2))": "hardsigmoid",
}
_BINARY = {
    "x - y*floor(x/y)": "mod",
    "x - y*sign(x/y)*floor(abs(x/y))": "fmod rem",
    "x**(1/y)": "nthroot",
    "x**y": "power",
    "max(x, 0) + y*min(x, 0)": "prelu leaky_relu",
    "exp(lgamma(x) + lgamma(y) - lgamma(x + y))": "beta",
    "gamma(x + 1)/(gamma(y + 1)*gamma(x - y + 1))": "binomial binom comb nCr choose",
    "max(x, y) + log1p(exp(-abs(x - y)))": "logaddexp logsumexp",
    "exp(x)/(exp(x) + exp(y))": "softmax",
    "hypot(x, y)": "norm dist length",
    "(x + y)/2": "mean avg average",
    "x + y": "sum plus",
    "x - y": "minus subtract",
    "x*y": "prod product times multiply",
    "x/y": "divide",
}
_TERNARY = {
    "max(y, min(z, x))": "clip clamp",
    "(x + y + z)/3": "mean avg average",
    "x + y + z": "sum plus",
    "x*y*z": "prod product",
    "hypot(x, y, z)": "norm length",
}
RECIPES = {
    (name, count): recipe
    for count, table in enumerate((_UNARY, _BINARY, _TERNARY), 1)
    for recipe, names in table.items()
    for name in names.split()
}
"""For a name and a number of inputs, the same in functions that there are, of x, y and z."""
NAMES = {name for name, _ in RECIPES}


def recipe(name: str, inputs: Sequence[str]) -> str:
    """What to write for a call of that function; empty if nobody knows."""
    found = RECIPES.get((name, len(inputs)), "")
    texts = dict(zip("xyz", (text if re.fullmatch(r"\w+", text) else f"({text})" for text in inputs), strict=False))
    written = re.sub(r"\b[xyz]\b", lambda word: texts[word[0]], found)
    return re.sub(r"\(\(([^()]*)\)\)", r"(\1)", written)


def typo(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant: it differs in case, in two letters that changed places, in one more or
    less; in a long word, in one letter. Empty if there is none: sinc is not sinh, and gelu is not relu.
    """
    return next((each for each in known if word.lower() == each.lower() or _is_typo(word, each)), "")


def _is_typo(word: str, meant: str) -> bool:
    shorter, longer = sorted((word, meant), key=len)
    if len(shorter) == len(longer):
        differing = [i for i, (one, other) in enumerate(zip(word, meant, strict=True)) if one != other]
        if len(differing) == 1:
            return len(word) > 5
        swapped = [word[i] for i in reversed(differing)] == [meant[i] for i in differing]
        return len(word) > 2 and len(differing) == 2 and differing[1] - differing[0] == 1 and swapped
    return len(shorter) > 3 and shorter in (longer[:i] + longer[i + 1 :] for i in range(len(longer)))


def bracketed(source: str, start: int) -> list[str]:
    """What stands in the brackets that open there, taken apart at its own commas; empty where they do not close."""
    parts: list[str] = []
    depth, begin = 0, start + 1
    for i in range(start, len(source)):
        depth += (source[i] in "([{") - (source[i] in ")]}")
        if depth == 0:
            return [*parts, source[begin:i].strip()]
        if depth == 1 and source[i] == ",":
            parts.append(source[begin:i].strip())
            begin = i + 1
    return []
