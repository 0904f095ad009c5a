"""JavaScript (ES2016), for a browser or Node."""

from __future__ import annotations

from collections.abc import Sequence

from .base import Pairs, Target, helpers, listed, prefixed, words
from .c import SPECIAL, local_body

_RESERVED = (
    "arguments as async await break case catch class const continue debugger default delete do else enum eval export "
    "extends false finally for from function get if implements import in instanceof interface let new null of package "
    "private protected public return set static super switch this throw true try typeof undefined var void while with "
    "yield NaN Infinity Math Number Object console module exports require __filename __dirname globalThis window "
    "document location top forwardBackward"
)


def open_function(_name: str, parameters: Sequence[str], _pairs: Pairs) -> list[str]:
    return listed("function forwardBackward(", parameters, ") {")


def close_function(value: str, pairs: Pairs) -> list[str]:
    return listed(f"return {{ value: {value}, gradient: {{ ", [f'"{name}": {each}' for name, each in pairs], " } };")


def after_function(_value: str, _parameters: Sequence[str], _pairs: Pairs) -> list[str]:
    return ["}"]


def local_function(name: str, parameters: Sequence[str], body: list[str], title: str) -> list[str]:
    return [f"// {title}", f"function {name}({', '.join(parameters)}) {{", *(f"  {line}" for line in body), "}"]


JAVASCRIPT = Target(
    name="javascript",
    words={
        **prefixed(
            "Math.",
            "exp log log2 log10 log1p expm1 sqrt cbrt hypot sin cos tan asin acos atan atan2 sinh cosh tanh "
            "asinh acosh atanh abs sign max min floor ceil",
        ),
        **words("sigmoid softplus log_base erf erfc gamma lgamma digamma polygamma besselj bessely besseli besselk"),
        **words("erfinv erfcinv erfcx lognormcdf lambertw"),
        **SPECIAL,
        "normppf": "(-Math.SQRT2 * erfcinv(2 * ({0})))",
        "exp2": "(2 ** ({0}))",
        "fmod": "(({0}) % ({1}))",
        "mod": "mod({0}, {1})",
        "round": "rint({0})",
        "sum": "sum_of([{args}])",
        "mean": "mean_of([{args}])",
        "prod": "prod_of([{args}])",
        "logsumexp": "logsumexp([{args}])",
        "relu": "Math.max({0}, 0)",
    },
    power=("{0} ** {1}", "{0} ** {1}"),
    constants={"pi": "Math.PI", "e": "Math.E", "nan": "NaN", "true": "true", "false": "false"},
    helpers=helpers("helpers.js"),
    whole_orders=frozenset(("besselj", "bessely")),
    comment="//",
    equal="{0} === {1}",
    different="{0} !== {1}",
    both="{0} && {1}",
    either="{0} || {1}",
    opposite="!({0})",
    where="{0} ? {1} : {2}",
    mask="({0} ? 1 : 0)",
    zero="0",
    assign="const {0} = {1};",
    assign_first="let {0} = {1};",
    add="{0} += {1};",
    parts="const {0} = {3}([{1}]);",
    update="{0} = {1};",
    input="const {0} = {1};",
    print_value='console.log("{0} =", {1});',
    open_function=open_function,
    close_function=close_function,
    after_function=after_function,
    local_function=local_function,
    local_body=local_body,
    reserved=frozenset(_RESERVED.split()),
    indent="  ",
)
