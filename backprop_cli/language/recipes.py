"""Functions that people write and that are none here: how to write them with those that are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ..errors import looks
from .settings import NEW_AXIS

_UNARY = {
    "1/x": "reciprocal",
    "sqrt(x)": "root squareroot square_root",
    "cbrt(x)": "cuberoot cube_root",
    "exp(x)": "exponential",
    "log(x)": "logarithm loge nlog",
    "log10(x)": "lg log_10 LOG",
    "abs(x)": "norm Norm length",
    "sin(x)": "sine",
    "cos(x)": "cosine",
    "tan(x)": "tangent tg",
    "asin(x)": "arcsine",
    "acos(x)": "arccosine",
    "atan(x)": "arctangent arctg",
    "1/cos(x)": "secant",
    "1/sin(x)": "cosecant",
    "1/tan(x)": "ctg cotangent",
    "atan(1/x)": "arcctg",
    "sinh(x)": "sh",
    "cosh(x)": "ch",
    "tanh(x)": "th",
    "1/tanh(x)": "cth",
    "sin(pi*x/180)": "sind",
    "cos(pi*x/180)": "cosd",
    "tan(pi*x/180)": "tand",
    "airyai(x)": "airy Ai",
    "zeta(x) - 1": "zetac",
    "180*x/pi": "deg degrees rad2deg DEGREES",
    "pi*x/180": "rad radians deg2rad RADIANS",
    "floor(x)": "INT",
    "sqrt(pi*x)": "SQRTPI",
    "x**2": "abs2 sq",
    "x**2*(3 - 2*x)": "smoothstep",
    "trunc(x)": "int",
    "10**x": "exp10 pow10",
    "log2(x)": "lb ld log_2 ln2",
    "clip(x, 0, 1)": "saturate clamp01",
    "relu(1 - x)": "hinge",
    "sin(x/2)**2": "haversine hav haversin",
    "1 - cos(x)": "versin versine",
    "factorial(x)": "fact",
    "lgamma(x)": "lngamma logGamma lnΓ logΓ",
    "digamma(x)": "PolyGamma",
    "polygamma(1, x)": "trigamma psi1 ψ1",
    "sigmoid(x)": "sigma plogis",
    "logit(x)": "qlogis",
    "-x**2/2 - log(2*pi)/2": "norm.logpdf norm_logpdf",
    "x": "float double print display array asarray tensor Tensor constant Variable Evaluate",
    "normcdf(x)": "cdf",
    "normpdf(x)": "phi φ pdf",
    "max(x, 0.01*x)": "leakyrelu",
    "min(relu(x), 6)": "ReLU6",
}
_BINARY = {
    "x - y*sign(x/y)*floor(abs(x/y))": "rem",
    "x**(1/y)": "nthroot root Surd",
    "180*atan2(x, y)/pi": "atan2d",
    "y**x*exp(-y)/factorial(x)": "dpois",
    "y*exp(-y*x)": "dexp",
    "log(x, y)": "LOG",
    "log(y, x)": "Log",
    "atan2(y, x)": "ATAN2 ArcTan",
    "round(x*10**y)/10**y": "round Round ROUND",
    "trunc(x*10**y)/10**y": "trunc TRUNC",
    "gamma(x + 1)/(gamma(y + 1)*gamma(x - y + 1))": "binomial binom comb nCr choose",
    "exp(x)/(exp(x) + exp(y))": "softmax",
    "hypot(x, y)": "dist length",
    "(x*log(y) if x > 0 else 0)": "xlogy",
    "(x*log1p(y) if x > 0 else 0)": "xlog1py",
    "x**2 + y**2": "SUMSQ",
    "polygamma(x, y)": "psi ψ",
    "beta(x, y)": "B Β",
    **{f"bessel{letter}(x, y)": letter.upper() for letter in "jyik"},
    **{f"bessel{letter}(y, x)": f"BESSEL{letter.upper()}" for letter in "jyik"},
    "x + y": "plus",
    "x - y": "minus",
    "x*y": "times",
    "x/y": "over Rational Fraction",
    "(x - y)**2": "squared_error se",
}
_TERNARY = {
    "x + y + z": "plus",
    "x**2 + y**2 + z**2": "SUMSQ",
    "x and y and z": "AND And logical_and",
    "x or y or z": "OR Or logical_or",
    "x + (y - x)*z": "lerp mix",
    "hypot(x, y, z)": "length",
    "normcdf((x - y)/z)": "norm.cdf normcdf pnorm norm_cdf",
    "normpdf((x - y)/z)/z": "norm.pdf normpdf dnorm norm_pdf",
    "y + z*normppf(x)": "norm.ppf normppf qnorm norm_ppf NORMINV NORM.INV",
    "lognormcdf((x - y)/z)": "norm.logcdf norm_logcdf",
    "-((x - y)/z)**2/2 - log(z) - log(2*pi)/2": "norm.logpdf norm_logpdf",
    "gamma(y + 1)/(gamma(x + 1)*gamma(y - x + 1))*z**x*(1 - z)**(y - x)": "dbinom",
    "-x*z/(1 - (1 + x)**(-y))": "PMT",
}
_OF_ONE_ARRAY = {
    "mean((x - mean(x))**2)": "var variance",
    "sqrt(mean((x - mean(x))**2))": "std stdev stddev",
    "max(x) - min(x)": "ptp",
    "reshape(x, -1)": "ravel flatten",
    "x.T": "t adjoint",
}
_OF_TWO_ARRAYS = {
    "mean((x - y)**2)": "mse MSE mse_loss MSELoss mean_squared_error",
    "mean(where(abs(x - y) < 1, (x - y)**2/2, abs(x - y) - 1/2))": "smooth_l1_loss SmoothL1Loss",
    "mean(abs(x - y))": "mae MAE l1_loss L1Loss mean_absolute_error",
    "mean(-pick(log_softmax(x), y))": "cross_entropy CrossEntropyLoss",
    "-mean(y*log(x) + (1 - y)*log(1 - x))": "bce BCE BCELoss binary_cross_entropy",
    "mean(softplus(x) - x*y)": "bce_with_logits BCEWithLogitsLoss binary_cross_entropy_with_logits",
    "x @ y/(norm(x)*norm(y))": "cosine_similarity cosine",
    "mean((x - mean(x, y, keepdims=True))**2, y)": "var",
    "sqrt(mean((x - mean(x, y, keepdims=True))**2, y))": "std",
    "x @ y": "inner vdot mm mv",
}


def _by_name(*tables: dict[str, str]) -> dict[tuple[str, int], str]:
    return {
        (name, count): recipe
        for count, table in enumerate(tables, 1)
        for recipe, names in table.items()
        for name in names.split()
    }


DERIVATIVES = "every variable of an expression gets its gradient, so the expression stands alone"
"""What is told to who writes a derivative."""
RECIPES = _by_name(_UNARY, _BINARY, _TERNARY)
"""For a name and a number of inputs, the same in functions that there are, of x, y and z."""
ARRAYS = _by_name(_OF_ONE_ARRAY, _OF_TWO_ARRAYS)
"""The same of arrays."""
NAMES = {name for name, _ in RECIPES | ARRAYS}
_WRITTEN_OUT = "an array of numbers is written out: [1, 0], [[1, 0], [0, 1]]"
CUMULATIVE = ("NORM.S.DIST", "NORM.DIST", "NORMDIST")
"""Functions of spreadsheets whose last input says which of two they are."""
ADVICE = {
    **dict.fromkeys("eye identity ones zeros full arange linspace".split(), _WRITTEN_OUT),
    **dict.fromkeys(
        "argmax argmin argsort".split(), "a place has no gradient: max and min have, and pick(S, y) by labels"
    ),
    **dict.fromkeys("len size numel shape".split(), "how many there are is a number: mean(x) divides by it"),
    **dict.fromkeys("clone detach item numpy contiguous".split(), "leave it out: numbers here are doubles"),
    "backward": DERIVATIVES,
    "N": "the normal distribution is normcdf(…); to multiply, write N*(…)",
    "H": "the unit step is heaviside(…); to multiply, write H*(…)",
    "NORM.S.DIST": "write normcdf(x); for the density, normpdf(x)",
    "NORM.DIST": "write normcdf((x - m)/s); for the density, normpdf((x - m)/s)/s",
    "NORMDIST": "write normcdf((x - m)/s); for the density, normpdf((x - m)/s)/s",
    "select": "write a if c else b, or Piecewise((a, c1), (b, c2), (c, True))",
    **dict.fromkeys(
        "cumsum cumprod".split(), "an array of them is written out: [x[0], x[0] + x[1], x[0] + x[1] + x[2]]"
    ),
    **dict.fromkeys("squeeze unsqueeze expand_dims".split(), NEW_AXIS),
    **dict.fromkeys("diag diagonal".split(), "entries are written out: [A[0, 0], A[1, 1]], or [[x[0], 0], [0, x[1]]]"),
    "stack": "an array of vectors is written out: [x, y]",
    "vstack": "of vectors, write [x, y]; of matrices, concat(X, Y)",
    "hstack": "of vectors, write concat(x, y); of matrices, concat(X, Y, axis=1)",
    "kron": "of vectors, write reshape(outer(x, y), -1); of matrices, concat(X[0, 0]*Y, X[0, 1]*Y, axis=1) and so on",
    "einsum": "write it with @, outer, .T, and sum(…, axis=…)",
}
"""What is told of functions that no one other stands for."""
RENAMED = {
    "view": "reshape",
    "permute": "transpose",
    "cat": "concat",
    "slogdet": "logdet",
    "pmax": "max",
    "pmin": "min",
    "powi": "pow",
    "powf": "pow",
    **{f"D{name.upper()}": name for name in "exp log sqrt sin cos tan abs tanh".split()},
    **{f"reduce_{name}": name for name in "sum mean max min prod logsumexp".split()},
}
"""Functions of arrays that have another name here."""


DERIVED = "grad gradient diff derivative Derivative deriv differentiate D Dt nabla jacobian value_and_grad".split()
"""Functions that make a derivative."""

INVERSES = {"erf": "erfinv", "erfc": "erfcinv", "normcdf": "normppf"}
"""Functions whose inverse is not called by an `a` before their name."""


def recipe(name: str, inputs: Sequence[str]) -> str:
    """What to write for a call of that function; empty if nobody knows."""
    found = (RECIPES | ARRAYS).get((name, len(inputs)), "")
    if name in CUMULATIVE and inputs and inputs[-1].upper() in ("TRUE", "1", "FALSE", "0"):
        kind = "norm.cdf" if inputs[-1].upper() in ("TRUE", "1") else "norm.pdf"
        inputs = inputs[:-1]
        found = RECIPES.get((kind, len(inputs)), kind.replace(".", "") + "(x)")
    if name in ("var", "std") and len(inputs) == 2:
        inputs = [inputs[0], f"axis={inputs[1].rpartition('=')[2]}"]
    texts = dict(
        zip("xyz", (text if re.fullmatch(r"(axis=-?)?\w+", text) else f"({text})" for text in inputs), strict=False)
    )
    written = re.sub(r"\b[xyz]\b", lambda word: texts[word[0]], found)
    return re.sub(r"\(\(([^()]*)\)\)", r"(\1)", written)


def typo(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant: it differs in case, in two letters that changed places, in one more or
    less; in a long word, in one letter; or it looks the same. Empty if none: sinc is not sinh, and gelu is not relu.
    """
    return next((each for each in known if looks(word).lower() == looks(each).lower() or _is_typo(word, each)), "")


def _is_typo(word: str, meant: str) -> bool:
    shorter, longer = sorted((word, meant), key=len)
    if len(shorter) == len(longer):
        differing = [i for i, (one, other) in enumerate(zip(word, meant, strict=True)) if one != other]
        if len(differing) == 1:
            return len(word) > 5
        swapped = [word[i] for i in reversed(differing)] == [meant[i] for i in differing]
        return len(word) > 2 and len(differing) == 2 and differing[1] - differing[0] == 1 and swapped
    return len(shorter) > 3 and shorter in (longer[:i] + longer[i + 1 :] for i in range(len(longer)))


def behind_call(source: str, start: int) -> int:
    """Where the brackets end that open there; -1 where they do not."""
    depth = 0
    for i in range(start, len(source)):
        depth += (source[i] in "([{") - (source[i] in ")]}")
        if depth == 0:
            return i + 1
    return -1


def bracketed(source: str, start: int) -> list[str]:
    """What stands in the brackets that open there, taken apart at its own commas; empty where they do not close."""
    parts: list[str] = []
    depth, begin = 0, start + 1
    for i in range(start, len(source)):
        depth += (source[i] in "([{") - (source[i] in ")]}")
        if depth == 0:
            return [*parts, source[begin:i].strip()]
        if depth == 1 and source[i] in ",;":
            parts.append(source[begin:i].strip())
            begin = i + 1
    return []
