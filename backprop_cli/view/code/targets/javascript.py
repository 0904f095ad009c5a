"""JavaScript (ES2016), for a browser or Node."""

from __future__ import annotations

from collections.abc import Sequence

from .base import Pairs, Target, listed, prefixed, words
from .c import local_body

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


HELPERS = {
    "mod": """\
// the remainder between 0 and y
function mod(x, y) {
  const rest = x % y;
  return rest !== 0 && (rest < 0) !== (y < 0) ? rest + y : rest;
}
""",
    "rint": """\
// the nearest whole number, half to even
function rint(x) {
  const below = Math.floor(x), rest = x - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 !== 0) ? below + 1 : below;
}
""",
    "sum_of": """\
function sum_of(xs) {
  return xs.reduce((sum, x) => sum + x);
}
""",
    "prod_of": """\
function prod_of(xs) {
  return xs.reduce((product, x) => product * x);
}
""",
    "logsumexp": """\
// log(exp(x) + ...), which never overflows
function logsumexp(xs) {
  const largest = Math.max(...xs);
  return largest + Math.log(xs.reduce((sum, x) => sum + Math.exp(x - largest), 0));
}
""",
    "sigmoid": """\
// 1 / (1 + exp(-x)), which never overflows
function sigmoid(x) {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const z = Math.exp(x);
  return z / (1 + z);
}
""",
    "softplus": """\
// log(1 + exp(x)), which never overflows
function softplus(x) {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}
""",
    "log_base": """\
// the logarithm of x to a base, exact for powers of 2 and 10
function log_base(x, base) {
  return base === 2 ? Math.log2(x) : base === 10 ? Math.log10(x) : Math.log(x) / Math.log(base);
}
""",
    "erf": """\
// the error function: a series of positive terms near 0, 1 - erfc beyond
function erf(x) {
  if (Math.abs(x) > 2) return Math.sign(x) * (1 - erfc(Math.abs(x)));
  let term = x, total = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(total); n++) {
    term *= 2 * x * x / (2 * n + 1);
    total += term;
  }
  return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * total;
}
""",
    "erfc": """\
// 1 - erf(x): a continued fraction where that would cancel
function erfc(x) {
  if (x < 1.5) return 1 - erf(x);
  let fraction = x;
  for (let n = 200; n > 0; n--) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction);
}
""",
    "lanczos": """\
// the sum in Lanczos's approximation of gamma(x + 1)
function lanczos(x) {
  const c = [676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
    12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7];
  return c.reduce((sum, each, i) => sum + each / (x + i + 1), 0.99999999999980993);
}
""",
    "gamma": """\
function gamma(x) {
  if (x < 0.5) return Math.PI / ((Math.round(x) % 2 ? -1 : 1) * Math.sin(Math.PI * (x - Math.round(x))) * gamma(1 - x));
  const t = x + 6.5, root = t ** ((x - 0.5) / 2); // the power in two halves, lest it overflow
  return Math.sqrt(2 * Math.PI) * root * Math.exp(-t) * root * lanczos(x - 1);
}
""",
    "lgamma": """\
// log |gamma(x)|
function lgamma(x) {
  if (x < 0.5) return Math.log(Math.PI / Math.abs(Math.sin(Math.PI * (x - Math.round(x))))) - lgamma(1 - x);
  const t = x + 6.5;
  return (x - 0.5) * Math.log(t) - t + Math.log(Math.sqrt(2 * Math.PI) * lanczos(x - 1));
}
""",
    "digamma": """\
// the derivative of lgamma: reflection, recurrence, asymptotic series
function digamma(x) {
  if (x <= 0) return digamma(1 - x) - Math.PI / Math.tan(Math.PI * (x - Math.round(x)));
  let total = 0;
  for (; x < 10; x++) total -= 1 / x;
  const y = 1 / (x * x);
  const series = 1 / 120 - y * (1 / 252 - y * (1 / 240 - y * (1 / 132 - y * (691 / 32760 - y / 12))));
  return total + Math.log(x) - 0.5 / x - y * (1 / 12 - y * series);
}
""",
    "polygamma": """\
// the n-th derivative of digamma: reflection, recurrence, asymptotic series
function polygamma(n, x) {
  if (n === 0) return digamma(x);
  if (n === 1 && x <= 0) return (Math.PI / Math.sin(Math.PI * (x - Math.round(x)))) ** 2 - polygamma(1, 1 - x);
  let total = 0, factorial = 1;
  for (; x < 15 + n; x++) total += 1 / x ** (n + 1);
  for (let i = 2; i < n; i++) factorial *= i;
  let term = 1, series = 1 + n / (2 * x);
  [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6].forEach((bernoulli, k) => {
    term *= (n + 2 * k) * (n + 2 * k + 1) / ((2 * k + 1) * (2 * k + 2) * x * x);
    series += bernoulli * term;
  });
  return (-1) ** (n + 1) * factorial * (series / x ** n + n * total);
}
""",
}

JAVASCRIPT = Target(
    name="javascript",
    words={
        **prefixed(
            "Math.",
            "exp log log2 log10 log1p expm1 sqrt cbrt hypot sin cos tan asin acos atan atan2 sinh cosh tanh "
            "asinh acosh atanh abs sign max min floor ceil",
        ),
        **words("sigmoid softplus log_base erf erfc gamma lgamma digamma polygamma"),
        "exp2": "(2 ** ({0}))",
        "fmod": "(({0}) % ({1}))",
        "mod": "mod({0}, {1})",
        "round": "rint({0})",
        "sum": "sum_of([{args}])",
        "mean": "(sum_of([{args}]) / {count})",
        "prod": "prod_of([{args}])",
        "logsumexp": "logsumexp([{args}])",
        "relu": "Math.max({0}, 0)",
    },
    power=("{0} ** {1}", "{0} ** {1}"),
    constants={"pi": "Math.PI", "e": "Math.E", "nan": "NaN", "true": "true", "false": "false"},
    helpers=HELPERS,
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
