"""Any name is a variable unless `(` follows: letters, Greek, and whatever Python, SymPy and the program itself define.

Each is used as NAME*NAME + 3*NAME: a name that meant anything else would give another value or another gradient.
"""

from __future__ import annotations

import builtins
import keyword
import re
import string
import unicodedata

import pytest
import sympy

from backprop_cli import BackpropError, Trace, backprop
from backprop_cli.errors import InputError
from backprop_cli.rules.op import Op
from backprop_cli.rules.table import CONSTANTS, WORDS_OF_LOGIC, spellings
from support.rows import NUMERIC
from support.suites import in_a_loop

FUNCTIONS = {name: ops for name, ops in spellings().items() if name.isidentifier() and ops[0] in NUMERIC}
GREEK_NAMES = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lamda lambda mu nu xi omicron pi rho sigma tau upsilon "
    "phi chi psi omega"
).split()
GREEK = "αβγδεζηθικλμνξοπρςστυφχψωΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ"
INTERNAL = (
    "v0 v1 f0 f1 f2 t0 t1 c1 q1 q2 f x y base out where eq gt both careful selected number_0 number_minus_1 "
    "log_base digamma args token op leaf gate call Tree value values wrt ties allow_nonfinite expression variables"
).split()

GROUPS: dict[str, list[str]] = {
    "ASCII letters": list(string.ascii_letters),
    "Greek letters": list(GREEK),
    "names of Greek letters": [*GREEK_NAMES, *map(str.capitalize, GREEK_NAMES), *map(str.upper, GREEK_NAMES)],
    "Python keywords": [*{*keyword.kwlist, *keyword.softkwlist} - WORDS_OF_LOGIC],
    "Python builtins": [name for name in dir(builtins) if name.isidentifier()],
    "SymPy": [name for name in dir(sympy) if not name.startswith("_")],
    "functions": [*FUNCTIONS],
    "constants": list(CONSTANTS),
    "words of the program": INTERNAL,
    "underscores": ["_", "__", "___", "_1", "x_", "x_1", "__x__", "_" * 128],
    "letters and digits": ["x1", "e1", "E5", "x1e5", "e1e1", "x0x0", "inf", "nan", "Infinity", "x" * 128],
    "alphabets": [
        "ñ",
        "ß",
        "ø",
        "ж",
        "Щ",
        "א",
        "ש",
        "ع",
        "中",
        "変数",
        "변수",
        "ตัวแปร",
        "हिन्दी",
        "தமிழ்",
        "ⴰ",
        "ǆ",
        "ʻ",
    ],
}

VALUE, GRADIENT = 1.25 * 1.25 + 3 * 1.25, 2 * 1.25 + 3


def outcome(expression: str, values: dict[str, float]) -> tuple[float, dict[str, float]] | str:
    """Value and gradient, or what went wrong."""
    try:
        trace = backprop(expression, values)
    except BackpropError as error:
        return str(error)
    assert all(type(number) is float for number in (trace.value, *trace.gradient.values()))
    return trace.value, trace.gradient


@pytest.mark.parametrize("group", GROUPS)
def test_any_name_is_a_variable(group: str) -> None:
    names = GROUPS[group]
    expected = {name: (VALUE, {unicodedata.normalize("NFKC", name): GRADIENT}) for name in names}
    found = {name: outcome(f"{name}*{name} + 3*{name}", {name: 1.25}) for name in names}
    assert {name: found[name] for name in names if found[name] != expected[name]} == {}


def test_the_groups_are_full() -> None:
    assert len(GREEK) == 2 * 24 + 1
    assert len(GROUPS["SymPy"]) > 800
    assert len(GROUPS["Python builtins"]) > 140
    assert len(GROUPS["functions"]) > 50


@pytest.mark.parametrize("group", GROUPS)
def test_all_names_of_a_group_live_together(group: str) -> None:
    names = list(dict.fromkeys(unicodedata.normalize("NFKC", name) for name in GROUPS[group]))
    values = {name: float(index) for index, name in enumerate(names, start=1)}
    trace = backprop("+".join(f"{name}*{name}" for name in names), values)
    assert trace.gradient == {name: 2 * value for name, value in values.items()}


@pytest.mark.parametrize("group", GROUPS)
def test_any_name_is_a_missing_variable(group: str) -> None:
    # Without a value too, a name is nothing else; but for the constants.
    unlike = [
        name
        for name in GROUPS[group]
        if name not in CONSTANTS and "no value for" not in str(outcome(f"1 + {name} * 2", {}))
    ]
    assert unlike == []


def test_constants_are_constants_without_a_value() -> None:
    trace = backprop("pi + π + e + E")
    assert trace.gradient == {}
    assert trace.constants == pytest.approx(
        {"pi": 3.141592653589793, "π": 3.141592653589793, "e": 2.718281828459045, "E": 2.718281828459045}, rel=1e-15
    )


def test_a_constant_may_be_a_variable_beside_the_others() -> None:
    trace = backprop("e*E + pi", {"e": 2.0})
    assert trace.gradient == {"e": pytest.approx(2.718281828459045)}
    assert list(trace.constants) == ["E", "pi"]


# -- A variable and a function of one name -------------------------------------------------------------------------


def test_variable_and_function_of_one_name() -> None:
    trace = backprop("gamma(gamma) + max*max(max, 1)", {"gamma": 4.0, "max": 3.0})
    assert trace.value == pytest.approx(6 + 9)
    digamma_4 = 1 + 1 / 2 + 1 / 3 - 0.5772156649015329
    assert trace.gradient == pytest.approx({"gamma": 6 * digamma_4, "max": 6.0})


@in_a_loop("name op", [(name, op) for name, ops in FUNCTIONS.items() for op in ops])
def test_every_function_beside_a_variable_of_its_name(name: str, op: Op) -> None:
    """NAME(NAME, …) is what the function is of any other variable; with the variable itself beside it."""
    at = (
        0.3
        if "< 1" in op.domain or "< 2" in op.domain
        else 0.5
        if op.name in ("atanh", "logit") or ("≤ 1" in op.domain and "≥" not in op.domain)
        else -1.25
        if op.domain == "x < 0"
        else 1.25
    )
    count = 2 if op.variadic else len(op.inputs)

    def trace(variable: str) -> Trace:
        inputs = ", ".join([variable, *["3"] * (count - 1)])
        return backprop(f"{variable} * {name}({inputs}) + {variable}", {variable: at})

    same, other = trace(name), trace("other")
    assert same.value == other.value
    assert same.gradient == {unicodedata.normalize("NFKC", name): other.gradient["other"]}


@pytest.mark.parametrize("space", [" ", "\t", "\n", "\r\n", "  \n\t "])
def test_space_before_the_parenthesis_still_makes_a_function(space: str) -> None:
    assert backprop(f"sqrt{space}(sqrt)", {"sqrt": 4.0}).value == 2.0


@pytest.mark.parametrize(
    "name", ["x", "S", "N", "alpha", "lambda", "eval", "print", "Function", "v0", "f2", "t5", "q1"]
)
def test_no_other_name_is_a_function(name: str) -> None:
    with pytest.raises(InputError, match=f"an operator is missing between '{name}' and"):
        backprop(f"{name}(2)", {name: 1.0})


# -- Spellings of one name -----------------------------------------------------------------------------------------

SPELLINGS = [
    ("x₀", "x0"),
    ("x₁₂", "x12"),
    ("xᵢ", "xi"),
    ("ﬁ", "fi"),
    ("ℎ", "h"),
    ("\u212b", "\u00c5"),  # the ångström sign, and the letter
    ("\u2126", "\u03a9"),  # the ohm sign, and omega
    ("\u00b5", "\u03bc"),  # the micro sign, and mu
    ("ϕ", "φ"),
    ("ϵ", "ε"),
    ("𝑥", "x"),
    ("𝛼𝟏", "α1"),
    ("ｘ", "x"),
    ("Ⅷ", "VIII"),
    ("e\u0301", "\u00e9"),
    ("ﾊﾞ", "バ"),
    ("x①", "x1"),
    ("ℝ", "R"),
]


@pytest.mark.parametrize(("one", "plain"), SPELLINGS, ids=[plain for _, plain in SPELLINGS])
def test_spellings_of_one_name_are_one_variable(one: str, plain: str) -> None:
    assert one != plain
    for expression in (f"{one}*{one} + 3*{one}", f"{plain}*{plain} + 3*{plain}", f"{one}*{plain} + 3*{plain}"):
        for given in (one, plain):
            assert outcome(expression, {given: 1.25}) == (VALUE, {plain: GRADIENT}), (expression, given)


def test_one_variable_is_not_given_two_values() -> None:
    with pytest.raises(InputError):
        backprop("x0 * 2", {"x₀": 1.0, "x0": 3.0})


def test_gradients_of_one_variable_in_two_spellings_add_up() -> None:
    assert backprop("x₀ * x0", {"x₀": 3.0}).gradient == {"x0": 6.0}


@pytest.mark.parametrize(
    "name", ["हिन्दी", "e\u0301", "x\u0302", "α\u0308", "ตัวแปร", "தமிழ்", "ñ", "n\u0303", "a\u0301\u0302\u0303"]
)
def test_combining_marks_belong_to_the_name(name: str) -> None:
    assert outcome(f"{name}*{name} + 3*{name}", {name: 1.25}) == (
        VALUE,
        {unicodedata.normalize("NFKC", name): GRADIENT},
    )
    assert outcome(f"2*{name}", {name: 1.25}) == (2.5, {unicodedata.normalize("NFKC", name): 2.0})


@pytest.mark.parametrize("power", ["²", "³", "¹", "⁰", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹", "¹²", "²³"])
@pytest.mark.parametrize("base", ["x", "x₁", "(x+1)", "2", "sin(x)", "α"])
def test_a_superscript_is_a_power_and_no_part_of_a_name(base: str, power: str) -> None:
    digits, point = unicodedata.normalize("NFKC", power), dict.fromkeys(re.findall(r"x₁?|α", base), 1.25)
    spelled = backprop(f"3*{base}{power} + 1", point)
    plain = backprop(f"3*{base}**{digits} + 1", point)
    assert (spelled.value, spelled.gradient) == (plain.value, plain.gradient)


@pytest.mark.parametrize("name", ["x²", "²", "1x", "x y", "x-y", "", " ", "x.y", "x\u200b", "💥", "½", "①"])
def test_what_is_no_name_is_not_bound(name: str) -> None:
    with pytest.raises(InputError):
        backprop("x + x2 + x1", {"x": 1.0, "x2": 1.0, "x1": 1.0, name: 2.0})


# -- Names end where operators begin -------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", ["*", "×", "·", "⋅", "⊙"])
@pytest.mark.parametrize("space", ["", " "])
def test_a_multiplication_sign_is_no_part_of_a_name(sign: str, space: str) -> None:
    # U+00B7 may continue a Python identifier, as in the Catalan l·l.
    for left, right in [("x", "y"), ("x1", "y_2"), ("é", "e\u0301x"), ("σ", "μ")]:
        names = [unicodedata.normalize("NFKC", name) for name in (left, right)]
        trace = backprop(f"{left}{space}{sign}{space}{right}", {left: 2.0, right: 5.0})
        assert trace.gradient == {names[0]: 5.0, names[1]: 2.0}
    assert backprop(f"x{space}{sign}{space}3", x=2.0).gradient == {"x": 3.0}


@pytest.mark.parametrize(
    ("expression", "value"),
    [("x−y", -3.0), ("x÷y", 0.4), ("x^y", 32.0), ("−x", -2.0), ("x·−y", -10.0), ("x×y", 10.0)],
)  # fmt: skip
def test_other_signs_end_a_name(expression: str, value: float) -> None:
    trace = backprop(expression, {"x": 2.0, **({"y": 5.0} if "y" in expression else {})})
    assert trace.value == pytest.approx(value)
