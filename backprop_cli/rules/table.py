"""The vocabulary of a rule, and THE TABLE of primitives: one row each, and everything else is derived from it.

A row is: name, inputs, value, one partial for each input, and what a reader should know. To add a primitive, add a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any, TypeVar

from .formula import READ_BY_THE_FIRST, Formula, Operand, substitute, tidy
from .printer import TYPED

T = TypeVar("T")

# -- The words that a rule may use ---------------------------------------------------------------------------------

x, y, base = Formula("x"), Formula("y"), Formula("base")
"""The inputs of the gate. In a rule with any number of inputs, `x` is each of them in turn."""
out = Formula("out")
"""The value of the gate itself."""
pi = Formula("pi")

exp, log, log2, log10, log1p, expm1, exp2 = map(Formula, "exp log log2 log10 log1p expm1 exp2".split())
sqrt, cbrt, hypot, floor, ceil = map(Formula, "sqrt cbrt hypot floor ceil".split())
fabs, sign, maximum, minimum, relu = map(Formula, "abs sign max min relu".split())
sigmoid, softplus, tanh = map(Formula, "sigmoid softplus tanh".split())
sin, cos, tan, asin, acos, atan, atan2 = map(Formula, "sin cos tan asin acos atan atan2".split())
sinh, cosh, asinh, acosh, atanh = map(Formula, "sinh cosh asinh acosh atanh".split())
erf, erfc, gamma, lgamma, digamma = map(Formula, "erf erfc gamma lgamma digamma".split())
polygamma = Formula("polygamma")
"""`polygamma(n, x)`: the n-th derivative of digamma."""
log_base = Formula("log_base")
"""`log_base(x, base)`: the logarithm to any base, in one well-rounded step."""

where, eq, ne, lt, le, gt, ge = map(Formula, "where eq ne lt le gt ge".split())
"""`where(condition, yes, no)`, of which only the chosen side is computed; and the comparisons."""
both, either, opposite = map(Formula, "and or not".split())
nan = Formula("nan")
"""No value."""
none = Formula("none")
"""In place of a partial: neither into a condition nor out of one does anything flow."""
a, b, c, p, q = map(Formula, "abcpq")
"""The inputs of a choice, `c` being its condition, and those of what is made of conditions."""
total = Formula("total")
"""In a rule with any number of inputs: the sum over all of them."""
selected = Formula("selected")
"""`selected(x, out)`: 1 where x is the output, 0 where another input is."""


def careful(read: Operand, computed: Operand) -> Formula:
    """One formula in two forms, equal wherever both are defined: as people read it and as floats compute it."""
    return Formula("careful", read, computed)


def convention(read: Operand, computed: Operand) -> Formula:
    """A formula, and what every arithmetic computes for it: the same, except where a convention or limit settles it."""
    return Formula("convention", read, computed)


def smooth(value: Operand, formula: Operand) -> Formula:
    """A value that a case settles, and a formula of the same value that has the right slopes too.

    Second derivatives are made of those slopes; everything else takes the value.
    """
    return Formula("smooth", value, formula)


chosen = careful(where(eq(x, out), 1, 0), selected(x, out))
"""The partial of a gate that selects one of its inputs."""

power = careful(y * x ** (y - 1), where(both(gt(fabs(y), 2**53), gt(fabs(x), 0)), y * out / x, y * x ** (y - 1)))
"""The partial of x^y with respect to x. From 2^53 on, y − 1 is no double any more."""

power_in_base = where(eq(y, 0), smooth(0, where(gt(fabs(x), 0), y * out / x, 0)), power)
power_in_exponent = where(both(eq(x, 0), gt(y, 0)), smooth(0, where(gt(y, 1), 0, -sqrt(x))), out * log(x))
"""The partials of x^y as they are computed, with the convention for y = 0 and the limits at x = 0."""

if_so, if_not = where(c, 1, 0), careful(where(c, 0, 1), where(opposite(c), 1, 0))
"""The partials of a choice."""

# -- What a row is -------------------------------------------------------------------------------------------------

ROLES = {
    "distributes": "hands its upstream to every input unchanged",
    "routes": "hands its upstream to the selected input, and nothing to the others",
    "switches": "hands each input its upstream times the other input",
}
"""What some gates do with the upstream gradient, in the words of the CS231n notes."""

WORDS = {
    "out": "the value of the gate itself",
    "polygamma(n, x)": "the n-th derivative of digamma(x)",
    "log_base(x, base)": "the logarithm of x to any base",
    "total(x)": "the sum over all of the inputs",
    "selected(x, out)": "1 where x is the output, 0 where another input is",
}
"""What readers are told of the words that only rules use. Those of a condition need no telling: `1 if x > 0 else 0`."""


class Op:
    """A primitive operation: a row of the table.

    inputs: their names, in the order written (`x...` for any number from two up); of a choice, `a` is what it is if its
        condition `c` holds, and `b` what it is otherwise;
    value: the formula of the output;
    partials: a formula for each input, of the inputs and `out`;
    selects: whether it hands on one of its inputs, and nothing flows into the others;
    truth: whether its value is a condition, which holds or not, and has no gradient;
    conditions: the names of those of its inputs that are conditions;
    form: how it is written, as the head of a formula, if not by its name;
    cases: whether its inputs are typed as cases (value, condition), of which there may be many;
    role: a key of ROLES or empty, for readers;
    domain: where a real value exists;
    kink: a condition under which the partial is only a convention;
    note: that convention;
    aliases: other spellings;
    does: what it does with its upstream gradient, in words that go on after its name; by default, what its role says.
    """

    size = 1
    """The gates that it is made of."""
    depth = 0
    """How many modules lie inside each other in it."""
    read: Mapping[str, tuple[int, int]] = MappingProxyType({})
    """The last of the inputs, which a module reads from around it and no call writes, and where it reads them."""

    def __init__(
        self,
        name: str,
        inputs: str,
        value: Formula,
        *partials: Operand,
        selects: bool = False,
        truth: bool = False,
        conditions: str = "",
        form: str = "",
        cases: bool = False,
        role: str = "",
        domain: str = "",
        kink: Formula | None = None,
        note: str = "",
        aliases: str = "",
        does: str = "",
    ) -> None:
        self.name = name
        self.variadic = inputs.endswith("...")
        self.inputs = tuple(inputs.removesuffix("...").split())
        self.value = value
        self.partials = tuple(
            partial if isinstance(partial, Formula) else Formula(str(partial)) for partial in partials
        )
        self.selects = selects
        self.truth = truth
        self.conditions = frozenset(self.inputs.index(name) for name in conditions.split())
        self.chooses = selects and bool(conditions)
        """Whether a condition chooses one of its inputs, and the others need no value."""
        self.form = form or name
        self.cases = cases
        self.role = role
        self.domain = domain
        self.kink = kink
        self.note = note
        self.aliases = tuple(aliases.split())
        self.does = does or ROLES.get(role, "")
        if len(self.partials) != len(self.inputs):
            raise ValueError(f"{name} has {len(self.inputs)} inputs and {len(self.partials)} partials")

    def __repr__(self) -> str:
        return f"Op({self.call})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _called, (self.call,)  # a pickle names its row, and a copy is the row itself

    @property
    def gates(self) -> Formula | None:
        """The output as a formula of other primitives, as people read it; None where the row is a gate by itself.

        What selects is one, because ties have a convention of their own: relu is no max(x, 0).
        """
        read = self.value.args[0] if self.value.head in READ_BY_THE_FIRST else self.value
        known = {"total", *(op.name for op in TABLE if not op.selects)}
        return read if read.head != self.name and read.heads <= known else None

    @cached_property
    def call(self) -> str:
        """How the primitive is written: `x + y`, `sigmoid(x)`, `max(x, …)`."""
        return self.written([*self.inputs, "…"] if self.variadic else self.inputs)

    def accepts(self, count: int) -> bool:
        """Whether the primitive takes `count` inputs."""
        return count >= 2 if self.variadic else count == len(self.inputs)

    def applied(self, inputs: Iterable[Formula]) -> Formula:
        """The operation over these inputs."""
        return Formula(self.form, *inputs)

    def chosen(self, holds: bool) -> int | None:
        """The slot of the input that a choice hands on if its condition holds, or if not; None where there is none."""
        name = "a" if holds else "b"
        return self.inputs.index(name) if name in self.inputs else None

    def written(self, names: Iterable[str]) -> str:
        """The operation over inputs of these names, as a person types it."""
        return TYPED.text(self.applied(map(Formula, names)))

    def partial(self, slot: int) -> Formula:
        """The rule of the local gradient with respect to the input in `slot`."""
        return self.partials[0 if self.variadic else slot]

    def operands(self, inputs: Sequence[T], slot: int = 0) -> Sequence[T]:
        """Those of a gate's inputs that a rule names: all of them; where there may be any number, the one in `slot`."""
        return inputs[slot : slot + 1] if self.variadic else inputs

    def words(self, operands: Iterable[T], out: T) -> dict[str, T]:
        """What stands for the words of a rule."""
        return {**dict(zip(self.inputs, operands, strict=True)), "out": out}

    def local(self, slot: int, operands: Iterable[str | Formula], out: str | Formula) -> Formula:
        """The rule of a local gradient as people read it, over what stands for its words."""
        return tidy(substitute(self.partial(slot), self.words(operands, out)))


# -- THE TABLE -----------------------------------------------------------------------------------------------------


def choice(
    name: str,
    inputs: str,
    *formulas: Operand,
    form: str = "",
    cases: bool = False,
    domain: str = "",
    aliases: str = "",
) -> Op:
    """A row of a choice by a condition `c`. formulas: the value, and the partials; the others are those of Op."""
    value, *partials = (each if isinstance(each, Formula) else Formula(str(each)) for each in formulas)
    note = "the condition has no gradient; where its sides are equal, the gradient is that of the branch taken"
    return Op(
        name, inputs, value, *partials, selects=True, conditions="c", form=form, cases=cases, role="routes",
        domain=domain, note=note, aliases=aliases,
        does="hands its upstream to the branch that its condition chooses, and nothing to another",
    )  # fmt: skip


compares = "hands nothing back: a condition holds or not, and a small step in its inputs changes nothing"

# fmt: off
TABLE: list[Op] = [
    Op("add",      "x y", x + y,       1, 1,                                                 role="distributes"),
    Op("sub",      "x y", x - y,       1, -1,
       does="hands its upstream on unchanged, and with its sign flipped to what is taken away"),
    Op("mul",      "x y", x * y,       y, x,                                                 role="switches"),
    Op("div",      "x y", x / y,       1 / y, careful(-x / y**2, -out / y),                  domain="y ≠ 0",
       does="divides its upstream by the divisor; the divisor itself gets that times the quotient, with its "
            "sign flipped"),
    Op("neg",      "x",   -x,          -1,
       does="flips the sign of its upstream"),
    Op("pow",      "x y", x**y,        convention(power, power_in_base),
                                       convention(out * log(x), power_in_exponent),
       domain="x > 0, or x = 0 with y ≥ 0, or x < 0 with a whole number y",
       note="exponent 0 gives 1 with ∂/∂x = 0 everywhere; 0 to a positive power takes both partials by their limits; "
            "∂/∂y does not exist for x < 0",
       does="hands its base the upstream times the exponent and one power less, and its exponent the upstream "
            "times its own value and the log of the base"),

    Op("exp",      "x",   exp(x),      out,
       does="multiplies its upstream by its own value, for exp is its own derivative"),
    Op("log",      "x",   log(x),      1 / x,             domain="x > 0", aliases="ln",
       does="divides its upstream by its input: the larger that is, the less a step in it counts"),
    Op("log",      "x base", convention(log(x) / log(base), log_base(x, base)),
                                       1 / (x * log(base)), -out / (base * log(base)),
       domain="x > 0, base > 0 and base ≠ 1", aliases="ln",
       does="divides its upstream by its input and by the log of the base; the base gets it times minus its own "
            "value, divided by the base and by its log"),
    Op("log2",     "x",   convention(log(x) / log(2), log2(x)), 1 / (x * log(2)),               domain="x > 0",
       does="divides its upstream by its input, and by log(2) for the change of base"),
    Op("log10",    "x",   convention(log(x) / log(10), log10(x)), 1 / (x * log(10)),            domain="x > 0",
       does="divides its upstream by its input, and by log(10) for the change of base"),
    Op("log1p",    "x",   careful(log(1 + x), log1p(x)), 1 / (1 + x),                        domain="x > −1",
       does="divides its upstream by 1 plus its input"),
    Op("expm1",    "x",   careful(exp(x) - 1, expm1(x)), careful(out + 1, exp(x)),
       does="multiplies its upstream by its own value plus 1, which is exp of its input"),
    Op("exp2",     "x",   convention(Formula("2") ** x, exp2(x)), out * log(2),
       does="multiplies its upstream by its own value and by log(2)"),
    Op("sqrt",     "x",   sqrt(x),     1 / (2 * out),                                        domain="x ≥ 0",
       does="divides its upstream by twice its own value, so that a step near 0 counts for much"),
    Op("cbrt",     "x",   cbrt(x),     1 / (3 * out**2),
       does="divides its upstream by three times the square of its own value"),
    Op("hypot",    "x...", convention(sqrt(total(x**2)), hypot(x)), x / out,
       note="at hypot(0, 0) there is no gradient",
       does="hands each input its upstream times the part that the input has in the length"),

    Op("abs",      "x",   fabs(x),     sign(x),           kink=eq(x, 0),   note="0 at x = 0", aliases="Abs fabs",
       does="hands its upstream on where its input is positive, and flips its sign where that is negative"),
    Op("sign",     "x",   sign(x),     0,                 kink=eq(x, 0),   note="0 at x = 0", aliases="sgn",
       does="hands nothing on: a small step in its input changes no sign"),
    Op("max",      "x...", maximum(x), chosen, selects=True, role="routes", note="a tie gives 1 to both",
       aliases="Max",
       does="hands its upstream to the largest input, and nothing to the others, whose small steps change no maximum"),
    Op("min",      "x...", minimum(x), chosen, selects=True, role="routes", note="a tie gives 1 to both",
       aliases="Min",
       does="hands its upstream to the smallest input, and nothing to the others, whose small steps change no minimum"),
    Op("relu",     "x",   careful(maximum(x, 0), relu(x)), careful(where(gt(x, 0), 1, 0), relu(sign(x))),
       selects=True, role="routes", kink=eq(x, 0), note="0 at x = 0", aliases="ReLU",
       does="hands its upstream on where its input is positive, and nothing where it is not, for there its "
            "output stays 0"),

    Op("sigmoid",  "x",   convention(1 / (1 + exp(-x)), sigmoid(x)), careful(out * (1 - out), out * sigmoid(-x)),
       aliases="σ logistic expit",
       does="multiplies its upstream by its own value times 1 minus that: at most 1/4, and next to nothing "
            "where it is saturated, near 0 and near 1"),
    Op("softplus", "x",   convention(log(1 + exp(x)), softplus(x)), sigmoid(x),
       does="multiplies its upstream by the sigmoid of its input: between 0 and 1, as a relu without its corner"),
    Op("tanh",     "x",   convention((exp(x) - exp(-x)) / (exp(x) + exp(-x)), tanh(x)),
                          careful(1 - out**2, 4 * sigmoid(2 * x) * sigmoid(-2 * x)),
       does="multiplies its upstream by 1 minus the square of its own value: at most 1, and next to nothing "
            "where it is saturated, near −1 and near 1"),

    Op("sin",      "x",   sin(x),      cos(x),
       does="multiplies its upstream by the cosine of its input: 1 where the sine rises through 0, and 0 at its "
            "crests"),
    Op("cos",      "x",   cos(x),      -sin(x),
       does="multiplies its upstream by minus the sine of its input: 0 at the crests of the cosine"),
    Op("tan",      "x",   convention(sin(x) / cos(x), tan(x)), 1 + out**2,
       does="multiplies its upstream by 1 plus the square of its own value, so by 1 or more"),
    Op("asin",     "x",   asin(x),     careful(1 / sqrt(1 - x**2), 1 / sqrt((1 - x) * (1 + x))),
       domain="−1 ≤ x ≤ 1", aliases="arcsin",
       does="divides its upstream by the root of 1 minus the square of its input"),
    Op("acos",     "x",   acos(x),     careful(-1 / sqrt(1 - x**2), -1 / sqrt((1 - x) * (1 + x))),
       domain="−1 ≤ x ≤ 1", aliases="arccos",
       does="divides its upstream by the root of 1 minus the square of its input, and flips its sign"),
    Op("atan",     "x",   atan(x),     1 / (1 + x**2),    aliases="arctan",
       does="divides its upstream by 1 plus the square of its input, so that far from 0 hardly anything comes through"),
    Op("atan2",    "y x", atan2(y, x), careful(x / (x**2 + y**2), x / hypot(x, y) / hypot(x, y)),
                                       careful(-y / (x**2 + y**2), -y / hypot(x, y) / hypot(x, y)),
       note="at atan2(0, 0) there is no gradient", aliases="arctan2",
       does="hands each coordinate its upstream times the other one, divided by the square of the distance, and "
            "flips the sign for the second: a step sideways turns the angle, a step outwards does not"),
    Op("sinh",     "x",   convention((exp(x) - exp(-x)) / 2, sinh(x)), cosh(x),
       does="multiplies its upstream by the cosh of its input, so by 1 or more"),
    Op("cosh",     "x",   convention((exp(x) + exp(-x)) / 2, cosh(x)), sinh(x),
       does="multiplies its upstream by the sinh of its input"),
    Op("asinh",    "x",   asinh(x),    careful(1 / sqrt(x**2 + 1), 1 / hypot(x, 1)),         aliases="arcsinh arsinh",
       does="divides its upstream by the root of the square of its input plus 1"),
    Op("acosh",    "x",   acosh(x),    careful(1 / sqrt(x**2 - 1), 1 / (sqrt(x - 1) * sqrt(x + 1))),
       domain="x ≥ 1", aliases="arccosh arcosh",
       does="divides its upstream by the root of the square of its input minus 1"),
    Op("atanh",    "x",   atanh(x),    careful(1 / (1 - x**2), 1 / ((1 - x) * (1 + x))),
       domain="−1 < x < 1", aliases="arctanh artanh",
       does="divides its upstream by 1 minus the square of its input, so that a step near −1 or 1 counts for much"),

    Op("erf",      "x",   erf(x),      2 / sqrt(pi) * exp(-(x**2)),
       does="multiplies its upstream by a bell curve: 2/sqrt(pi) at 0, and next to nothing far from it"),
    Op("erfc",     "x",   erfc(x),     -2 / sqrt(pi) * exp(-(x**2)),
       does="multiplies its upstream by a bell curve turned down: −2/sqrt(pi) at 0, and next to nothing far from it"),
    Op("gamma",    "x",   gamma(x),    out * digamma(x),  domain="x not 0, −1, −2, …",       aliases="Γ",
       does="multiplies its upstream by its own value and by the digamma of its input"),
    Op("factorial", "x",  gamma(x + 1), out * digamma(x + 1), domain="x not −1, −2, …",
       does="multiplies its upstream by its own value times the digamma of its input plus 1"),
    Op("lgamma",   "x",   lgamma(x),   digamma(x),        domain="x not 0, −1, −2, …", aliases="loggamma gammaln",
       does="multiplies its upstream by the digamma of its input"),
    Op("digamma",  "x",   digamma(x),  polygamma(1, x),   domain="x not 0, −1, −2, …",       aliases="psi",
       does="multiplies its upstream by the trigamma of its input, polygamma of order 1"),

    Op("lt",       "x y", lt(x, y),    none, none,        truth=True, does=compares),
    Op("le",       "x y", le(x, y),    none, none,        truth=True, does=compares),
    Op("gt",       "x y", gt(x, y),    none, none,        truth=True, does=compares),
    Op("ge",       "x y", ge(x, y),    none, none,        truth=True, does=compares),
    Op("eq",       "x y", eq(x, y),    none, none,        truth=True, does=compares),
    Op("ne",       "x y", ne(x, y),    none, none,        truth=True, does=compares),
    Op("and",      "p q", both(p, q),  none, none,        truth=True, conditions="p q", does=compares),
    Op("or",       "p q", either(p, q), none, none,       truth=True, conditions="p q", does=compares),
    Op("not",      "p",   opposite(p), none,              truth=True, conditions="p", does=compares),
    choice("where",    "c a b", where(c, a, b), none, if_so, if_not, form="where()", aliases="ifelse IF If"),
    choice("if",       "a c b", where(c, a, b), if_so, none, if_not),
    choice("?:",       "c a b", where(c, a, b), none, if_so, if_not),
    choice("Piecewise", "a c b", where(c, a, b), if_so, none, if_not, cases=True, aliases="piecewise"),
    choice("Piecewise", "a c", where(c, a, nan), if_so, none, cases=True, domain="c to be true",
       aliases="piecewise"),

    Op("floor",    "x",   floor(x),    0,                 kink=eq(x, out), note="0 at whole numbers",
       does="hands nothing on: between whole numbers it is flat"),
    Op("ceil",     "x",   ceil(x),     0,                 kink=eq(x, out), note="0 at whole numbers",
       aliases="ceiling",
       does="hands nothing on: between whole numbers it is flat"),
]
# fmt: on

WORDS_OF_LOGIC = frozenset(("if", "else", "and", "or", "not"))
"""Words of expressions, which are no names."""
CONSTANTS = {"pi": "pi", "π": "pi", "e": "e", "E": "e"}
"""Names that stand for a constant unless they are given a value, and which constant."""
OPERATORS = {
    "^": "**",
    ".^": "**",
    ".**": "**",
    ".*": "*",
    "./": "/",
    "−": "-",
    "×": "*",
    "·": "*",
    "⋅": "*",
    "÷": "/",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "&&": "and",
    "||": "or",
}
"""Other spellings of operators, and what they stand for."""


def rows() -> dict[str, list[Op]]:
    """Every name and alias, and the rows it may mean (`log` takes one input or two)."""
    table: dict[str, list[Op]] = {}
    for op in TABLE:
        for name in (op.name, *op.aliases):
            table.setdefault(name, []).append(op)
    return table


def spellings() -> dict[str, list[Op]]:
    """Every accepted function name, and the rows it may mean: the others, such as `and`, stand between their inputs."""
    return {name: ops for name, ops in rows().items() if name.isidentifier() and name not in WORDS_OF_LOGIC}


def _called(call: str) -> Op:
    return next(op for op in TABLE if op.call == call)


def primitive(name: str) -> Op:
    """The first row of that name. Raises KeyError when there is none."""
    for op in TABLE:
        if op.name == name:
            return op
    raise KeyError(name)
