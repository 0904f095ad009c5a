"""Other names for functions: each is read as its function by both readers, means one function, and means that one where
it comes from. Where a library is at hand, its own function of that name says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy

from backprop_cli import backprop
from backprop_cli.errors import BackpropError, InputError
from backprop_cli.language.program import Program
from backprop_cli.language.recipes import DERIVATIVES
from backprop_cli.language.spellings import MEANS_OTHER
from backprop_cli.rules.op import Op
from backprop_cli.rules.table import CONSTANTS, TABLE, spellings
from support.second_reader import check_graph

WRITTEN = {
    "Mathematica": """
        ArcSin=asin ArcCos=acos ArcTan=atan ArcSec=asec ArcCsc=acsc ArcCot=acot ArcSinh=asinh ArcCosh=acosh
        ArcTanh=atanh
        ArcSech=asech ArcCsch=acsch ArcCoth=acoth Sin=sin Cos=cos Tan=tan Sec=sec Csc=csc Cot=cot Sinh=sinh Cosh=cosh
        Tanh=tanh Sech=sech Csch=csch Coth=coth Exp=exp Log=log Log2=log2 Log10=log10 Sqrt=sqrt CubeRoot=cbrt Abs=abs
        Sign=sign Max=max Min=min Floor=floor Ceiling=ceil Round=round IntegerPart=trunc
        BesselJ=besselj BesselY=bessely BesselI=besseli BesselK=besselk
        AiryAi=airyai AiryAiPrime=airyaiprime ProductLog=lambertw Zeta=zeta Beta=beta
        InverseErf=erfinv InverseErfc=erfcinv Mod=mod Power=pow Gamma=gamma
        PolyGamma=polygamma
        LogGamma=lgamma Factorial=factorial Erf=erf Erfc=erfc Sinc=sinc UnitStep=step HeavisideTheta=heaviside Ramp=relu
        LogisticSigmoid=sigmoid Total=sum Mean=mean Norm=hypot If=where Piecewise=Piecewise""",
    "Excel": """
        LN=log LOG10=log10 EXP=exp SQRT=sqrt POWER=pow ABS=abs SIGN=sign SIN=sin COS=cos TAN=tan SEC=sec CSC=csc COT=cot
        ASIN=asin ACOS=acos ATAN=atan SINH=sinh COSH=cosh TANH=tanh SECH=sech CSCH=csch COTH=coth ASINH=asinh
        ACOSH=acosh
        ATANH=atanh ACOTH=acoth MOD=mod TRUNC=trunc MAX=max MIN=min SUM=sum AVERAGE=mean PRODUCT=prod FACT=factorial
        GAMMA=gamma GAMMALN=lgamma ERF=erf ERFC=erfc NORMSDIST=normcdf NORMSINV=normppf NORM.S.INV=normppf IF=where""",
    "C": """
        fabs=abs fmax=max fmin=min pow=pow tgamma=gamma lgamma=lgamma cbrt=cbrt fmod=fmod hypot=hypot exp2=exp2
        expm1=expm1 log1p=log1p rint=round nearbyint=round trunc=trunc atan2=atan2""",
    "statistics": "Phi=normcdf Φ=normcdf norm.cdf=normcdf norm.pdf=normpdf pnorm=normcdf dnorm=normpdf ndtr=normcdf "
    "norm.ppf=normppf qnorm=normppf probit=normppf norm.logcdf=lognormcdf",
    "SciPy": """
        jv=besselj jn=besselj yv=bessely yn=bessely iv=besseli kv=besselk kn=besselk j0=j0 j1=j1 y0=y0 y1=y1 i0=i0 i1=i1
        k0=k0 k1=k1 betaln=lbeta ndtri=normppf log_ndtr=lognormcdf erfinv=erfinv erfcinv=erfcinv erfcx=erfcx zeta=zeta
        lambertw=lambertw beta=beta""",
    "SymPy": "LambertW=lambertw besselj=besselj airyai=airyai airyaiprime=airyaiprime erfinv=erfinv zeta=zeta",
    "mathematics": "Γ=gamma ψ=digamma ζ=zeta σ=sigmoid Φ=normcdf",
    "PyTorch": """
        clamp=clip absolute=abs negative=neg multiply=mul subtract=sub divide=div true_divide=div arctan2=arctan2
        expit=sigmoid gammaln=lgamma relu6=relu6 log_sigmoid=logsigmoid fix=trunc sgn=sign maximum=max minimum=min""",
}
"""Names by where they come from, and the function that they are."""

LIBRARIES: dict[str, Any] = {"np": np, "math": math, "sp": sympy, "mpmath": mpmath}
"""Libraries that are at hand, by what they are called in formulas."""
_OF_LISTS = "average max min sum mean prod product hypot maximum minimum norm fix"
_OTHERWISE = {
    "np": f"{_OF_LISTS} round clip where heaviside",
    "math": _OF_LISTS,
    "mpmath": f"{_OF_LISTS} fmod psi",
    "sp": f"{_OF_LISTS} ln div step trunc erfcinv",
}
OTHER_ARGUMENTS = {(library, name) for library, names in _OTHERWISE.items() for name in names.split()}
"""Functions of lists, or with arguments of another kind, and those that need more than numbers."""


POINTS: list[list[float]] = [
    [1.7, 0.6, 2.5],
    [4, 2, 3],
    [-1.3, 2, 0.75],
    [0.4, 1.5, -2.25],
    [-0.7, -1.6, 0.5],
    [3.5, 2, -1],
]


def names_of(library: str) -> list[tuple[str, str, Op]]:
    module = LIBRARIES[library]
    return [
        (library, name, op)
        for name, [op, *_] in spellings().items()
        if callable(getattr(module, name, None)) and not op.conditions and (library, name) not in OTHER_ARGUMENTS
    ]


def theirs(function: Callable[..., Any], inputs: Sequence[float]) -> float | None:
    try:
        with np.errstate(all="ignore"):
            value = complex(function(*(int(x) if x == int(x) else x for x in inputs)))
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
        return None
    return value.real if value.imag == 0 and math.isfinite(value.real) else None


@pytest.mark.parametrize(("library", "name", "op"), [each for library in LIBRARIES for each in names_of(library)])
def test_a_name_means_what_it_means_there(library: str, name: str, op: Op) -> None:
    """At points of both signs, that a ratio of theirs and ours is 1, or that the program says what to write."""
    function, compared = getattr(LIBRARIES[library], name), 0
    names = [*op.inputs, "y"] if op.variadic else [*op.inputs]
    call = f"{name if library == 'mpmath' else f'{library}.{name}'}({', '.join(names)})"
    if (library, name) in MEANS_OTHER:
        with pytest.raises(InputError, match="another function"):
            Program(call).graph()
        return
    for point in POINTS:
        expected = theirs(function, point[: len(names)])
        try:
            ours = backprop(call, dict(zip(names, point, strict=False)), wrt=[]).value
        except BackpropError:
            continue
        if expected is not None:
            assert ours == pytest.approx(expected, rel=1e-12, abs=1e-15), (call, point)
            compared += 1
    assert compared, call


@pytest.mark.parametrize("origin", WRITTEN)
def test_the_names_of_other_languages_are_there(origin: str) -> None:
    known = spellings()
    pairs = [pair.partition("=") for pair in WRITTEN[origin].split()]
    wrong = [alias for alias, _, name in pairs if known[alias][0] not in known[name]]
    assert wrong == []


def test_no_name_is_ambiguous() -> None:
    for name, ops in spellings().items():
        assert len({op.name for op in ops}) == 1, name
        counts = [count for op in ops for count in range(1, 6) if op.accepts(count)]
        assert len(counts) == len(set(counts)) or ops[0].cases, name
        assert name not in CONSTANTS


ALIASES = [(alias, op) for op in TABLE for alias in op.aliases if alias in spellings()]


@pytest.mark.parametrize(("alias", "op"), ALIASES, ids=[f"{alias}-{op.call}" for alias, op in ALIASES])
def test_an_alias_is_its_row_for_both_readers(alias: str, op: Op) -> None:
    inputs = (
        "(x, x > 0), (y, True)" if op.cases else "x > 0, x, y" if op.conditions else ", ".join("abc"[: len(op.inputs)])
    )
    text = f"{alias}({inputs}{', b' if op.variadic else ''})"
    if op.truth:
        text = f"where({alias}({', '.join(['a > 0', 'b > 0'][: len(op.inputs)])}), a, b)"
    program = Program(text)
    graph = program.graph()
    assert op.cases or op in [gate.op for gate in graph.gates]
    check_graph(program, graph)


PI = ["PI()", "PI( )", "pi()", "Pi", "PI", "np.pi", "Math.PI", "π", "PI # a comment\n( )"]


@pytest.mark.parametrize("text", PI)
def test_pi_in_each_spelling(text: str) -> None:
    source = f"2*{text} * x"
    assert backprop(source, {"x": 1.0}).value == 2 * math.pi
    program = Program(source)
    check_graph(program, program.graph())


ELSEWHERE = {
    "Log(2, x)": "log(x, 2)",
    "LOG(x)": "log10(x)",
    "LOG(x, 2)": "log(x, 2)",
    "ATAN2(x, y)": "atan2(y, x)",
    "ArcTan(x, y)": "atan2(y, x)",
    "norm.cdf(x, m, s)": "normcdf((x - m)/s)",
    "norm.pdf(x, m, s)": "normpdf((x - m)/s)/s",
    "ROUND(x, 2)": "round(x*10**2)/10**2",
    "np.sinc(x)": "sinc(pi*x)",
    "torch.sinc(x)": "sinc(pi*x)",
    "torch.frac(x)": "x - trunc(x)",
    "tf.nn.leaky_relu(x)": "leaky_relu(x, 0.2)",
    "keras.activations.leaky_relu(x)": "leaky_relu(x, 0.2)",
    "Math.round(x)": "floor(x + 1/2)",
    "ArcSin[x]": "ArcSin(x)",
    "UnitStep[x]": "UnitStep(x)",
    "Log[2, x]": "log(x, 2)",
    "std::exp(x)": "exp(x)",
    "f64::consts::sqrt(x)": "sqrt(x)",
    "g(t) := t*t": "g(t) = t*t",
    "x hypot y": "hypot(x, y)",
    "x times 2": "x*2",
    "x over y": "x/y",
    "log3(x)": "log(x, 3)",
    "exp10(x)": "10**x",
    "φ(x)": "normpdf(x)",
    "phi(x)": "normpdf(x)",
    "B(x, y)": "beta(x, y)",
    "K(2, x)": "besselk(2, x)",
    "ψ(1, x)": "polygamma(1, x)",
    "PolyGamma(x)": "digamma(x)",
    "ψ1(x)": "polygamma(1, x)",
    "lnΓ(x)": "lgamma(x)",
    "lerp(x, y, t)": "x + (y - x)*t",
    "x*12,345": "12345",
}
"""What is called so elsewhere and has another meaning, order or number of inputs, and what to write."""


@pytest.mark.parametrize(("text", "written"), ELSEWHERE.items())
def test_what_is_another_function_elsewhere_is_told(text: str, written: str) -> None:
    with pytest.raises(InputError) as caught:
        Program(text).graph()
    assert caught.value.hint == f"write {written}"
    Program(written).graph()


def test_the_second_input_of_a_library_may_be_an_axis() -> None:
    """np.max(x, 0) goes over axis 0, and a comparison with 0 is np.maximum(x, 0)."""
    for text in ("np.max(x, 0)", "numpy.amin(x, 1)", "jnp.min(x, k)", "torch.max(x, 0)", "torch.amin(x, -1)"):
        name = text.partition("(")[0].rpartition(".")[2].removeprefix("a")
        axis = text.rpartition(", ")[2].removesuffix(")")
        with pytest.raises(InputError) as caught:
            Program(f"sum({text})").graph()
        assert caught.value.hint == f"write {name}(x, axis={axis}) or {name}imum(x, {axis})"
    for text in (
        "np.max(x)",
        "np.max(x, axis=0)",
        "np.maximum(x, 0)",
        "torch.max(x, y)",
        "Math.max(x, 0)",
        "max(x, 0)",
    ):
        Program(f"sum({text})").graph()


OTHER_LANGUAGES = {
    "def f(x): return x*y": "write f(x) = x*y",
    "x => x*x": "write x*x",
    "x -> x*x": "write x*x",
    "x ↦ x*x": "write x*x",
    "where(x=>2, 1, 0)": "a module is a function: f(x) = EXPRESSION; 'at least' is >=",
    "where(x<>2, 1, 0)": "write !=",
    "where(x=<2, 1, 0)": "write <=",
    "where(x===2, 1, 0)": "two signs do: == or !=",
    "x⁄y": "write /",
    "xsin(y)": "to multiply, write x*sin(…)",
    "let y = x*x": "write y = x*x",
    "return x*x": "write x*x",
    "d/dx x^2": DERIVATIVES,
    "d/dx (x^2)": DERIVATIVES,
    "∂f/∂x": DERIVATIVES,
    "diff(x^2, x)": f"{DERIVATIVES}: x^2",
    "grad(x^2)": f"{DERIVATIVES}: x^2",
}
"""What stands in programs and textbooks, and is no expression here; how the hint begins."""


def test_what_is_no_expression_here_is_told() -> None:
    for text, hint in OTHER_LANGUAGES.items():
        with pytest.raises(InputError) as caught:
            Program(text).graph()
        assert caught.value.hint.startswith(hint), text
