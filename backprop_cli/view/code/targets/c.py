"""C99, for one file and `-lm`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ....rules.printer import Form
from .base import Cases, Pairs, Target, helpers, listed, of_first_order, words

_KEYWORDS = (
    "alignas alignof asm auto bool break case char const constexpr continue default do double else enum extern false "
    "float for fortran goto if inline int long nullptr register restrict return short signed sizeof static struct "
    "switch thread_local true typedef typeof typeof_unqual union unsigned void volatile while"
)
_MACROS = (
    "BIG_ENDIAN BUFSIZ BYTE_ORDER DOMAIN EOF EXIT_FAILURE EXIT_SUCCESS FD_SETSIZE FILENAME_MAX FOPEN_MAX HUGE HUGE_VAL "
    "HUGE_VALF HUGE_VALL INFINITY LITTLE_ENDIAN L_ctermid L_tmpnam MATH_ERREXCEPT MATH_ERRNO MB_CUR_MAX NAN NFDBITS "
    "NULL OVERFLOW PDP_ENDIAN PI PLOSS P_tmpdir RAND_MAX SEEK_CUR SEEK_END SEEK_SET SING TLOSS TMP_MAX UNDERFLOW "
    "WCONTINUED WEXITED WNOHANG WNOWAIT WSTOPPED WUNTRACED i386 linux math_errhandling stderr stdin stdout unix"
    " M_1_PI M_2_PI M_2_SQRTPI M_E M_LN10 M_LN2 M_LOG10E M_LOG2E M_PI M_PI_2 M_PI_4 M_SQRT1_2 M_SQRT2 FP_ILOGB0 "
    "FP_ILOGBNAN FP_INFINITE FP_NAN FP_NORMAL FP_SUBNORMAL FP_ZERO"
)


def number(text: str) -> str:
    """A literal that is a double: `1/3` divides whole numbers in C."""
    return f"{text}.0" if re.fullmatch(r"-?\d+", text) else text


def open_function(name: str, parameters: Sequence[str], pairs: Pairs) -> list[str]:
    declared = [*(f"double {each}" for each in parameters), f"double gradient[{len(pairs)}]"]
    return listed(f"double {name}(", declared, ") {", last="")


def close_function(value: str, pairs: Pairs) -> list[str]:
    return [*(f"gradient[{i}] = {gradient};" for i, (_, gradient) in enumerate(pairs)), f"return {value};"]


def after_function(value: str, parameters: Sequence[str], pairs: Pairs) -> list[str]:
    """A `main` that takes the inputs from the command line.

    parameters: their names in C
    pairs: the name of each variable, and that of its gradient in C
    """
    count = len(parameters)
    usage = " ".join(parameters) if count <= 20 else f"and {count} numbers"
    arguments = [*(f"strtod(argv[{i + 1}], NULL)" for i in range(count)), "gradient"]
    return [
        "}",
        "",
        "int main(int argc, char **argv) {",
        f"    if (argc != {count + 1}) {{",
        f'        fprintf(stderr, "usage: %s {usage}\\n", argv[0]);',
        "        return 2;",
        "    }",
        f"    double gradient[{len(pairs)}];",
        *(f"    {line}" for line in listed("double value = forward_backward(", arguments, ");", last="")),
        f'    printf("{value} = %.17g\\n", value);',
        *(f'    printf("d{value}/d{name} = %.17g\\n", gradient[{i}]);' for i, (name, _) in enumerate(pairs)),
        "    return 0;",
        "}",
    ]


def local_function(name: str, parameters: Sequence[str], body: list[str], title: str) -> list[str]:
    declared = ", ".join(f"double {each}" for each in parameters)
    return [f"// {title}", f"static double {name}({declared}) {{", *(f"    {line}" for line in body), "}"]


def local_body(cases: Cases, otherwise: str) -> list[str]:
    return [*(f"if ({when}) return {then};" for when, then in cases), f"return {otherwise};"]


SPECIAL: dict[str, str | Form] = {
    **words("beta=euler_beta betaslope=beta_slope lbeta=log_beta zeta=riemann_zeta lambertwslope=lambertw_slope"),
    "airyai": "airy(0, {0})",
    "airyaiprime": "airy(1, {0})",
    "erfcxderiv": of_first_order("erfcxderiv", "erfcxslope({0})"),
    "zetaderiv": of_first_order("zetaderiv", "zeta_slope({0})"),
    "polygamma_rise": of_first_order("polygamma_rise", "digamma_rise({0}, {1})", "0"),
}
"""Words for which there are helpers of the same names in JavaScript."""
_OF = "{}_of({{count}}, (double[]){{{{{{args}}}}}})"


C = Target(
    name="c",
    words=words(
        "exp log log2 log10 log1p expm1 exp2 sqrt cbrt hypot sin cos tan asin acos atan atan2 sinh cosh tanh asinh "
        "acosh atanh erf erfc gamma=tgamma lgamma abs=fabs max=fmax min=fmin floor ceil sign sigmoid softplus log_base "
        "digamma polygamma round=rint mod fmod besselj bessely besseli besselk erfinv erfcinv erfcx lognormcdf lambertw"
    )
    | SPECIAL
    | {"relu": "fmax({0}, 0.0)", "normppf": "(-sqrt(2.0) * erfcinv(2 * ({0})))"}
    | {name: _OF.format(name) for name in ("sum", "mean", "prod", "logsumexp")},
    many={name: _OF.format(name) for name in ("max", "min", "hypot")},
    power=("pow({0}, {1})", "pow({0}, {1})"),
    number=number,
    constants={"pi": "PI", "e": "E", "nan": "NAN", "true": "1", "false": "0"},
    helpers=helpers("helpers.c"),
    whole_orders=frozenset(("besselj", "bessely")),
    imports=[
        ("(int)n, ", "#define _XOPEN_SOURCE 600"),
        ("", "#include <math.h>"),
        ("", "#include <stdio.h>"),
        ("strtod(", "#include <stdlib.h>"),
    ],
    comment="//",
    both="{0} && {1}",
    either="{0} || {1}",
    opposite="!({0})",
    where="{0} ? {1} : {2}",
    mask="({0} ? 1.0 : 0.0)",
    assign="double {0} = {1};",
    assign_first="double {0} = {1};",
    add="{0} += {1};",
    parts="double {0}[{2}]; {3}({2}, (double[]){{{1}}}, {0});",
    update="{0} = {1};",
    input="double {0} = {1};",
    print_value='printf("{0} = %.17g\\n", {1});',
    open_script=["int main(void) {"],
    close_script=["    return 0;", "}"],
    open_function=open_function,
    close_function=close_function,
    after_function=after_function,
    local_function=local_function,
    local_body=local_body,
    reserved=frozenset(f"{_KEYWORDS} {_MACROS} gradient main printf fprintf strtod forward_backward round".split()),
    reserved_pattern=r"_.*",
    ascii_names=True,
)
