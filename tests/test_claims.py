"""Claims: the right ones are right in whatever form, the wrong ones are told by the mistake that leads to them.

The claims stand in `claims/*.toml`, derived by hand. That the right ones are right and the wrong ones wrong is settled
here by the oracle, which has no part of the program.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import mpmath
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from backprop_cli.arithmetic.balls import Balls
from backprop_cli.errors import BackpropError, InputError, MathError
from backprop_cli.language.program import Program
from backprop_cli.passes.backpropagate import backpropagate
from backprop_cli.passes.settings import Settings
from backprop_cli.study.claims import Verdict, judge
from backprop_cli.study.mistakes import KINDS, mistakes
from backprop_cli.view import Options
from backprop_cli.view.verdicts import Judged, as_text
from backprop_cli.view.words.language import ENGLISH
from support import oracle
from support.suites import thinned

DATA = Path(__file__).parent / "claims"


class Claim(NamedTuple):
    """A claim of homework. kind, place: the mistake that it is; steps: what the chain that is shown contains."""

    source: str
    expression: str
    point: dict[str, str]
    variable: str
    claim: str
    kind: str = ""
    place: str = ""
    steps: tuple[str, ...] = ()


def load(name: str) -> list[Claim]:
    return [Claim(**entry) for entry in tomllib.loads((DATA / f"{name}.toml").read_text("utf-8"))["claim"]]


def load_right() -> Iterator[Claim]:
    for case in tomllib.loads((DATA / "right.toml").read_text("utf-8"))["case"]:
        for variable, claims in case.pop("claims").items():
            for claim in claims:
                yield Claim(**case, variable=variable, claim=claim)


WRONG, UNKNOWN, HERE_ONLY, RIGHT = load("wrong"), load("unknown"), load("here_only"), list(load_right())


def name_of(claim: Claim) -> str:
    return f"{claim.expression}: {claim.variable} = {claim.claim}"


def verdict(expression: str, point: dict[str, str], variable: str, claim: str, ties: str = "both") -> Verdict:
    (found,) = judge(Program(expression).graph(list(point)), point, {variable: claim}, Settings(ties=ties))
    return found


def verdict_on(claim: Claim) -> Verdict:
    return verdict(claim.expression, claim.point, claim.variable, claim.claim)


def truth(claim: Claim) -> oracle.Number:
    """The gradient by SymPy's own derivative."""
    return oracle.sympy_gradient(claim.expression, claim.point)[1][claim.variable]


def claimed(claim: Claim) -> oracle.Number:
    """What the claim comes to, by the oracle's own parser. `f` is the value of the expression."""
    text = re.sub(r"\bf\b", f"({claim.expression})", claim.claim.strip())
    return oracle.sympy_gradient(f"({text}) + 0*zero", {**claim.point, "zero": "1"})[0]


# -- Wrong claims that are one of the known mistakes -----------------------------------------------------------------


def test_each_kind_of_mistake_has_claims() -> None:
    count = Counter(claim.kind for claim in WRONG)
    assert set(count) == set(KINDS)
    assert min(count.values()) >= 8
    assert len(WRONG) >= 70


@pytest.mark.parametrize("claim", WRONG, ids=name_of)
def test_mistake_is_diagnosed(claim: Claim) -> None:
    assert abs(claimed(claim) - truth(claim)) > 1e-3 * abs(truth(claim))  # the data is wrong indeed
    found = verdict_on(claim)
    assert not found.right
    assert found.mistake == claim.kind
    assert claim.place in ENGLISH.told(found.place)
    assert f"{ENGLISH.templates[f'mistake {claim.kind}']}: {ENGLISH.told(found.place)}" in text_of(found)
    assert found.steps == ()


@pytest.mark.parametrize("claim", [each for each in WRONG if oracle.variables(each.claim)], ids=name_of)
def test_mistake_is_diagnosed_as_a_number_too(claim: Claim) -> None:
    # Which one it is may differ: a number can be the outcome of two mistakes, a formula seldom is.
    number = mpmath.nstr(claimed(claim), 12, strip_zeros=False)
    found = verdict(claim.expression, claim.point, claim.variable, number)
    assert not found.right
    assert found.mistake


# -- Right claims, in whatever form ----------------------------------------------------------------------------------


def how(verdict: Verdict) -> str:
    return Judged(Program("x").graph(), [verdict]).how(verdict)


def text_of(verdict: Verdict) -> str:
    return as_text(Judged(Program("x").graph(), [verdict]), Options())


def test_there_are_right_claims_enough() -> None:
    assert len(RIGHT) >= 80
    assert len({(name_of(claim), *claim.point.values()) for claim in RIGHT}) == len(RIGHT)


@pytest.mark.parametrize("claim", thinned(RIGHT, 2), ids=name_of)
def test_right_claim_is_never_called_wrong(claim: Claim) -> None:
    found = verdict_on(claim)
    assert found.right, text_of(found)
    assert (found.mistake, found.place, found.steps) == ("", "", ())
    if "q1" not in claim.claim:  # the oracle knows no gates
        rounded = "." in claim.claim or "e2" in claim.claim or claim.claim in ("499", "358")
        assert abs(claimed(claim) - truth(claim)) <= (max(0.05 * abs(truth(claim)), 0.005) if rounded else 1e-40)


@pytest.mark.parametrize(
    ("claim", "right"),
    [
        ("0.3932", True),
        ("0.393", True),
        ("0.39", True),
        ("0.4", True),
        (".4", True),
        ("3.9e-1", True),
        ("39e-2", True),
        ("0.3933", False),
        ("0.40", False),
        ("0.38", False),
        ("0.392", False),
        ("0", False),
        ("0.0", False),
        ("1", False),
        ("0.39322386648296", True),
        ("0.39322386648297", False),
    ],
)
def test_a_number_is_compared_to_its_digits(claim: str, right: bool) -> None:
    # 2σ(1)(1 − σ(1)) = 0.393223866482963706…
    assert verdict("sigmoid(w*x)", {"w": "0.5", "x": "2"}, "w", claim).right is right


@pytest.mark.parametrize(
    ("gradient", "claim", "right"),
    [
        ("0.6", "1", False),  # nobody rounds so, and many mistakes give 1
        ("4.3", "4", False),
        ("4.0", "4", True),
        ("0.96", "1.0", True),
        ("1.04", "1.0", True),
        ("1.06", "1.0", False),
        ("13.4", "13", True),
        ("13.6", "13", False),
        ("-13.4", "-13", True),
        ("196.6", "2e2", True),
        ("0.003", "0", False),
        ("0.003", "0.0", False),
        ("0.003", "0.00", True),
        ("0.006", "0.00", False),
        ("0.125", "0.13", True),  # half of the last digit rounds either way
        ("0.125", "0.12", True),
        ("1e-30", "1e-30", True),
        ("1e-30", "2e-30", False),
        ("1e-30", "0", False),
        ("1/3", "0.3333333333333333", True),
        ("1/3", "1/3", True),
        ("1/3", "0.33333333333334", False),
    ],
)
def test_what_counts_as_rounded(gradient: str, claim: str, right: bool) -> None:
    assert verdict("a*x", {"a": gradient, "x": "7"}, "x", claim).right is right


def test_close_numbers_are_shown_apart() -> None:
    found = verdict("x/3", {"x": "1"}, "x", "0.33333334")
    assert text_of(found).startswith("x: WRONG  0.33333334; the gradient is 0.333333333\n")
    found = verdict("x*y", {"x": "1", "y": "2"}, "x", "y*1.0000000000001")
    assert text_of(found).splitlines()[0] == "x: WRONG  y*1.0000000000001 is 2.0000000000002 here; the gradient is 2"


def test_a_formula_may_name_gates() -> None:
    assert how(verdict("sigmoid(t)", {"t": "0.3"}, "t", "f*(1 - f)")) == "proved by simplification"
    assert verdict("(x+y)*z", {"x": "1", "y": "2", "z": "3"}, "z", "q1").right
    assert verdict("x*f", {"x": "1", "f": "2"}, "x", "f").right  # a name that the user took is the user's
    assert verdict("x*f", {"x": "1", "f": "2"}, "f", "q1/f").right


def test_a_right_formula_says_what_that_rests_on(monkeypatch: pytest.MonkeyPatch) -> None:
    assert how(verdict("x**2*y", {"x": "1", "y": "2"}, "x", "2*x*y")) == "proved by simplification"
    with monkeypatch.context() as short:
        short.setattr("backprop_cli.study.claims._CALLS", 10)
        assert how(verdict("x**2*y", {"x": "1", "y": "2"}, "x", "2*x*y")) == "equal at 9 points"
    assert how(verdict("abs(x)*y", {"x": "1", "y": "2"}, "x", "y")) == "equal at 9 points"
    # Where y is a whole number here and nowhere else there is no other point.
    lonely = verdict("x**y + acosh(2 - cosh(z))", {"x": "-2", "y": "2", "z": "0"}, "x", "y*x", ties="both")
    assert how(lonely) == "equal at this point; no other could be tried"


def test_a_formula_with_rounded_decimals_is_held_to_them() -> None:
    point = {"x": "3"}
    assert verdict("2**x", point, "x", "0.6931*2**x").right
    assert verdict("2**x", point, "x", "8*0.69").right
    assert not verdict("2**x", point, "x", "0.6941*2**x").right
    assert not verdict("2**x", point, "x", "0.7*2**x").right  # 0.5*x and the like are exact


# -- Wrong claims of no known kind ------------------------------------------------------------------------------------

STEP = re.compile(r"(?:share \d of \d of )?∂(?P<f>\w+)/∂(?P<input>\w+) through (?P<gate>\w+) = .*: "
                  r"upstream (?P<upstream>\S+) × local (?P<local>[-\d.e]+)(?: \(.*\))? = (?P<chained>\S+)")  # fmt: skip


def test_there_are_unknown_claims_enough() -> None:
    assert len(UNKNOWN) >= 20


@pytest.mark.parametrize("claim", UNKNOWN, ids=name_of)
def test_claim_of_no_known_kind_is_wrong_and_the_chain_is_shown(claim: Claim) -> None:
    found = verdict_on(claim)
    assert not found.right
    assert (found.mistake, found.place) == ("", "")
    text = "\n".join(map(ENGLISH.told, found.steps))
    assert [step for step in claim.steps if step not in text] == []


@pytest.mark.parametrize("claim", UNKNOWN, ids=name_of)
def test_the_chain_that_is_shown_is_right(claim: Claim) -> None:
    upstream, back = {"f": 1.0}, []
    for step in map(ENGLISH.told, verdict_on(claim).steps):
        match = STEP.fullmatch(step)
        if match is None:
            assert step.endswith("adds up")
            continue
        # What comes back along an edge is what goes up the next: the chain holds together, from 1 to the gradient.
        assert float(match["upstream"]) == upstream[match["gate"]]
        assert float(match["chained"]) == pytest.approx(float(match["upstream"]) * float(match["local"]), rel=1e-4)
        upstream[match["input"]] = float(match["chained"])
        back += [float(match["chained"])] if match["input"] == claim.variable else []
    assert sum(back) == pytest.approx(float(truth(claim)), rel=1e-4)


# -- Claims that are right at the point and not elsewhere --------------------------------------------------------------


@pytest.mark.parametrize("claim", HERE_ONLY, ids=name_of)
def test_claim_that_is_right_only_here_is_wrong_and_it_is_said(claim: Claim) -> None:
    assert abs(claimed(claim) - truth(claim)) < 1e-40
    found = verdict_on(claim)
    assert not found.right
    match = re.fullmatch(
        r"it holds at this point, but not at others: at (.*) it is (\S+), and the gradient is (\S+)", how(found)
    )
    assert match
    elsewhere = dict(pair.split(" = ") for pair in match[1].split(", "))
    assert elsewhere.keys() == claim.point.keys()
    # The counterexample is one, by the oracle: to the four digits in which its point is told.
    moved = claim._replace(point=elsewhere)
    assert float(claimed(moved)) == pytest.approx(float(match[2]), rel=1e-2)
    assert float(truth(moved)) == pytest.approx(float(match[3]), rel=1e-2)
    number = claim._replace(claim=mpmath.nstr(truth(claim), 15))
    assert verdict_on(number).right  # as a number it is right


def test_a_counterexample_of_many_variables_is_not_spelled_out() -> None:
    names = [f"x{i}" for i in range(9)]
    found = verdict(" + ".join(names) + " + x0*x0", dict.fromkeys(names, "1"), "x0", "3*x0")
    assert how(found).startswith("it holds at this point, but not at others: at another point it is ")


# -- Kinks, ties, and what has no gradient -----------------------------------------------------------------------------


def test_a_convention_is_called_one() -> None:
    kink = verdict("relu(x)", {"x": "0"}, "x", "1")
    assert not kink.right
    assert how(kink) == "f = relu(x) has a kink at x = 0: the gradient 0 there is a convention"
    tie = verdict("max(x, y)", {"x": "3", "y": "3"}, "x", "0.5")
    assert not tie.right
    assert how(tie) == "f = max(x, y) has a tie of x, y: each gets 1 by convention (--ties both)"
    assert verdict("max(x, y)", {"x": "3", "y": "3"}, "x", "0.5", ties="split").right
    assert verdict("max(x, y)", {"x": "3", "y": "3"}, "y", "0", ties="first").right
    assert verdict("x*max(x, y)", {"x": "3", "y": "3"}, "x", "6").right


def test_formulas_are_compared_where_every_gate_is_on_the_same_side() -> None:
    assert verdict("abs(x)", {"x": "-0.01"}, "x", "x/abs(x)").right
    assert verdict("x*sign(x)", {"x": "-2"}, "x", "sign(x)").right
    assert verdict("x*floor(x)", {"x": "2.5"}, "x", "floor(x)").right
    assert verdict("x*floor(y) + ceil(z)", {"x": "1", "y": "2.5", "z": "0.5"}, "x", "y - 0.5").right is False
    assert verdict("max(x, y)*y", {"x": "1", "y": "1.01"}, "y", "2*y").right


def test_what_is_not_claimed_needs_no_gradient() -> None:
    assert verdict("x**n", {"x": "-2", "n": "3"}, "x", "12").right
    assert verdict("x**n", {"x": "-2", "n": "3"}, "x", "n*x^(n-1)").right
    found = verdict("x**n", {"x": "-2", "n": "3"}, "x", "n*x**n")
    assert (found.right, found.mistake) == (False, "power")
    with pytest.raises(MathError, match="∂f/∂n"):
        verdict("x**n", {"x": "-2", "n": "3"}, "n", "12")
    with pytest.raises(MathError, match="no real value"):
        verdict("log(x)", {"x": "-2"}, "x", "1")


def test_an_inactive_edge_without_a_local_gradient_is_no_obstacle() -> None:
    # sqrt has no gradient at 0, but max does not select it.
    assert verdict("max(y, sqrt(x))", {"x": "0", "y": "1"}, "x", "0").right
    assert not verdict("max(y, sqrt(x))", {"x": "0", "y": "1"}, "x", "1").right
    assert not verdict("max(y, sqrt(x))", {"x": "0", "y": "1"}, "y", "x").right


def test_a_large_graph_is_judged_and_only_its_sign_is_tried() -> None:
    names = [f"x{i}" for i in range(400)]
    expression, point = "*".join(names), dict.fromkeys(names, "1")
    assert verdict(expression, point, "x7", "1").right
    assert verdict(expression, point, "x7", "-1").mistake == "sign"
    steps = verdict(expression, point, "x7", "3").steps
    assert (len(steps), ENGLISH.told(steps[50])) == (101, "… 293 edges more …")


# -- What cannot be read ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claim", "message"),
    [
        ("2*w", "in the claim for x: the expression has no variable 'w'"),
        ("2*", "in the claim for x: the expression ends after '*'"),
        ("", "the claim for x is empty"),
        ("x y", "in the claim for x: an operator is missing between 'x' and 'y'"),
        ("sine(x)", "in the claim for x: unknown function 'sine'"),
        ("0,39", "in the claim for x: a comma only separates the inputs of a function"),
        ("x = 3", "in the claim for x: an assignment is not part of an expression"),
        ("__import__('os')", "in the claim for x: unknown function '__import__'"),
    ],
)
def test_a_claim_that_cannot_be_read_is_an_error(claim: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        verdict("x*y", {"x": "1", "y": "2"}, "x", claim)
    assert caught.value.message == message
    assert caught.value.source == claim


def test_a_claim_for_no_variable_is_an_error() -> None:
    with pytest.raises(InputError, match="'w', which is not a variable"):
        verdict("x*y", {"x": "1", "y": "2"}, "w", "1")


def test_verdicts_stand_in_the_order_of_the_claims() -> None:
    graph = Program("x*y*z").graph()
    found = judge(graph, {"x": 1, "y": 2, "z": 3}, {"z": "2", "x": "5", "y": "x*z"})
    assert [(each.name, each.right) for each in found] == [("z", True), ("x", False), ("y", True)]


# -- Properties -------------------------------------------------------------------------------------------------------

NAMES = ("x", "y", "z")
leaves = st.sampled_from([*NAMES, *NAMES, "2", "0.5"])
ONE = ("sin({})", "exp({})", "tanh({})", "sigmoid({})", "({})**2", "-({})", "relu({})", "sqrt(1 + ({})**2)")
TWO = ("({} + {})", "({} - {})", "({} * {})", "({} / {})", "max({}, {})", "min({}, {})")
expressions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(str.format, st.sampled_from(ONE), inner), st.builds(str.format, st.sampled_from(TWO), inner, inner)
    ),
    max_leaves=6,
)
numbers = st.integers(-300, 300).map(lambda n: str(n / 100))
points = st.fixed_dictionaries(dict.fromkeys(NAMES, numbers))


def traced(expression: str, values: dict[str, str]) -> tuple[Any, dict[str, str], str]:
    """The trace at 50 digits, the point of its variables, and one of them; an example without any is none."""
    graph = Program(expression).graph()
    point = {node.name: values[node.name] for node in graph.variables}
    assume(point)
    system = Balls(50)
    try:
        with system.working():
            trace = backpropagate(graph, {name: system.number(text) for name, text in point.items()}, arithmetic=system)
    except BackpropError:
        assume(False)
    return trace, point, min(point)


@settings(max_examples=150, deadline=None)
@given(expressions, points, st.integers(2, 15))
def test_the_right_gradient_to_any_digits_is_right(expression: str, values: dict[str, str], digits: int) -> None:
    trace, point, name = traced(expression, values)
    assume(not trace.warnings)  # at a kink there is no right gradient
    right = oracle.complex_step(expression, point)[1][name]
    assume(right == 0 or abs(right) > 1e-12)
    claim = mpmath.nstr(right, digits, strip_zeros=False)
    assert verdict(expression, point, name, claim).right


@settings(max_examples=30, deadline=None)
@given(expressions, points)
def test_every_mistake_is_called_wrong_and_explained(expression: str, values: dict[str, str]) -> None:
    trace, point, name = traced(expression, values)
    right = mpmath.mpf(trace.gradient[name])
    with trace.arithmetic.working():
        wrong = list(mistakes(trace, name))
    for mistake in wrong:
        value = mpmath.mpf(mistake.value)
        if 0 < abs(value) < 1e-40:
            continue  # what is left where terms of 50 digits cancel
        if not mpmath.isfinite(value) or abs(value - right) <= 1e-11 * max(abs(value), abs(right)):
            continue
        with mpmath.workdps(50):
            claim = mpmath.nstr(mpmath.mpf(mistake.value), 12, strip_zeros=False)
        found = verdict(expression, point, name, claim)
        assert not found.right
        assert found.mistake, mistake
        assert found.place
