"""Value and gradient to many digits, after import: beside mpmath, PARI and FLINT's balls as one writes it by hand."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from harness import NOT_INSTALLED, Contender, Settings, Table, busy, compare
from library import EXPRESSIONS, POINT
from peers import installed, load

OURS = "backprop, proven"
DIGITS = {50: 20, 1_000: 5, 10_000: 1}
"""How many digits, and how often a turn works them out."""
LOST = "(1 - tanh(x*y))*exp(2*x*y) + 0*z"
"""Of which 2,000 digits cancel: whoever works with 50 has none."""
LOST_AT = {"x": 2500, "y": 1, "z": 1}
SPARE = 3
"""Digits that the others work with beyond those that are asked for."""
STEPS, DOUBLED = 300, 16
"""Of the logistic map, each of which loses half a bit or more; and the bits that its program begins with."""
SHOWN = 20
Answer = Callable[[], Sequence[Any]]


def measure(settings: Settings) -> list[Table]:
    """Milliseconds for expressions, one that cancels, and the map that is an example of Arb's (`logistic.c`)."""
    sys.set_int_max_str_digits(20_000)
    tables = [
        beside(f"{digits:,} digits: {expression[:40]} ({size})", expression, POINT, digits, settings.rounds)
        for size, expression in EXPRESSIONS.items()
        for digits in DIGITS
        if size != "2 gates"  # fractions, of which no digit is computed
    ]
    tables.append(beside(f"50 digits where 2,000 cancel: {LOST}", LOST, LOST_AT, 50, settings.rounds))
    return [*tables, logistic(settings.rounds)]


def beside(title: str, expression: str, point: Mapping[str, float], digits: int, rounds: int) -> Table:
    contenders = [
        Contender(name, None, NOT_INSTALLED)
        if not installed(module)
        else contender(name, start(expression, point, digits), ours(expression, point, digits), digits)
        for name, (module, start) in CONTENDERS.items()
    ]
    return compare(f"To {title}", "ms", contenders, rounds, OURS)


def contender(name: str, answer: Answer, right: Answer, digits: int) -> Contender:
    repeat = DIGITS.get(digits, 1)

    def turn() -> float:
        return 1e3 * busy(lambda: [answer() for _ in range(repeat)]) / repeat

    return Contender(name, turn, prepare=partial(check, answer, right, digits))


def check(answer: Answer, right: Answer, digits: int) -> None:
    """Only the same digits are compared, except for the last two of those that nobody proves."""
    mpmath = load("mpmath")
    with mpmath.workdps(digits + 10):
        found, expected = ([mpmath.mpf(str(each)) for each in numbers()] for numbers in (answer, right))
        far = [a for a, b in zip(found, expected, strict=True) if abs(a - b) > abs(b) * mpmath.mpf(10) ** (2 - digits)]
    if far:
        raise ValueError(f"answered {mpmath.nstr(far[0], 10)}")


class Shown:
    """A number that is written when somebody looks."""

    def __init__(self, write: Callable[[], str]) -> None:
        self.write = write

    def __str__(self) -> str:
        return self.write()


def ours(expression: str, point: Mapping[str, float], digits: int) -> Answer:
    """Both passes, each with a proof of all its digits."""
    from backprop_cli.language.program import Program
    from backprop_cli.passes.certain import certain_trace
    from backprop_cli.passes.settings import Settings

    graph = Program(expression).graph()

    def answer() -> list[Shown]:
        trace = certain_trace(graph, point, Settings(precision=digits))
        numbers = [trace.value, *(trace.gradient[name] for name in point)]
        return [Shown(partial(trace.arithmetic.show, each, digits)) for each in numbers]

    return answer


def by_mpmath(expression: str, point: Mapping[str, float], digits: int) -> Answer:
    """SymPy's formulas for value and gradient, simplified and compiled for mpmath."""
    library, mpmath = load("sympy"), load("mpmath")
    f = library.sympify(expression)
    formulas = [f, *(f.diff(library.Symbol(name)) for name in point)]
    function = library.lambdify(list(point), formulas, "mpmath", cse=True)

    def answer() -> list[Shown]:
        with mpmath.workdps(digits + SPARE):
            found = function(*map(mpmath.mpf, point.values()))
        return [Shown(partial(mpmath.nstr, each, digits + SPARE)) for each in found]

    return answer


def by_pari(expression: str, point: Mapping[str, float], digits: int) -> Answer:
    """For each variable the function of a power series, x + t + O(t²), by PARI in this process (cypari)."""
    pari = load("cypari").pari
    pari.allocatemem(1 << 27, silent=True)
    pari(f"f = ({', '.join(point)})->{expression.replace('**', '^')}")
    moved = [
        f"f({', '.join(f'{value}+t+O(t^2)' if each == name else f'{value}' for each, value in point.items())})"
        for name in point
    ]
    slopes = ", ".join(f"polcoef(s{i}, 1)" for i in range(len(moved)))
    lets = ", ".join(f"s{i} = {each}" for i, each in enumerate(moved))
    pari.set_real_precision(digits + SPARE)  # of which the numbers in it are
    function = pari(f"()->my({lets}); [polcoef(s0, 0), {slopes}]")

    def answer() -> list[Shown]:
        pari.set_real_precision(digits + SPARE)
        found = function()
        return [Shown(partial(re.sub, " ", "", str(each))) for each in found]

    return answer


def by_flint(expression: str, point: Mapping[str, float], digits: int) -> Answer:
    """The same of FLINT's balls, with 64 bits to spare and no proof that those are enough."""
    flint, bits = load("flint"), int(digits * 3.33) + 64
    words = {name: getattr(flint.arb_series, name) for name in ("exp", "log")}
    words["tanh"] = lambda x: 1 - 2 / ((2 * x).exp() + 1)
    function = eval(f"lambda {', '.join(point)}: {expression}", words)

    def answer() -> list[Shown]:
        with flint.ctx.workprec(bits):
            exact = {name: flint.arb(value) for name, value in point.items()}
            found = [
                function(*(flint.arb_series([at, 1 if each == name else 0], prec=2) for each, at in exact.items()))
                for name in point
            ]
            return [Shown(partial(written, each, digits)) for each in (found[0][0], *(each[1] for each in found))]

    return answer


def written(ball: Any, digits: int) -> str:
    flint = load("flint")
    with flint.ctx.workprec(int(digits * 3.33) + 64):
        return str(ball.mid().str(digits + 5, radius=False))


CONTENDERS: dict[str, tuple[str, Callable[[str, Mapping[str, float], int], Answer]]] = {
    OURS: ("flint", ours),
    "SymPy's formulas by mpmath": ("sympy", by_mpmath),
    "PARI, power series": ("cypari", by_pari),
    "FLINT's balls by hand, power series": ("flint", by_flint),
}


def logistic(rounds: int) -> Table:
    """x ← r·x·(1 − x), which makes of an error in x0 one that is vast; both double their bits until digits are left."""
    program = "; ".join(f"x{i + 1} = r*x{i}*(1 - x{i})" for i in range(STEPS))
    point = {"x0": 0.375, "r": 3.75}
    right = ours(program, point, SHOWN)
    contenders = [contender(OURS, right, right, SHOWN)]
    contenders.append(contender("FLINT's balls by hand, Arb's logistic.c with slopes", map_by_flint, right, SHOWN))
    return compare(
        f"To {SHOWN} digits: {STEPS} steps of the logistic map, and its slopes", "ms", contenders, rounds, OURS
    )


def map_by_flint() -> list[Shown]:
    flint, bits = load("flint"), DOUBLED
    while True:
        bits *= 2
        with flint.ctx.workprec(bits):
            found = [
                iterated(flint.arb_series([0.375, of_x], prec=2), flint.arb_series([3.75, 1 - of_x], prec=2))
                for of_x in (1, 0)
            ]
            numbers = [found[0][0], found[0][1], found[1][1]]
            if all(each.rel_accuracy_bits() >= SHOWN * 3.33 + 1 or each == 0 for each in numbers):
                return [Shown(partial(written, each, SHOWN)) for each in numbers]


def iterated(x: Any, r: Any) -> Any:
    for _ in range(STEPS):
        x = r * x * (1 - x)
    return x
