"""One expression after import: from its text to a gradient, and to another gradient once that is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from harness import NOT_INSTALLED, Contender, Settings, Table, busy, compare
from peers import installed, load

EXPRESSIONS = {
    "2 gates": "(x+y)*z",
    "9 gates": "1/(1+exp(-(x*y + z)))*log(x*x + y)",
    "120 gates": " + ".join(f"tanh({i}*x - y*z/{i})" for i in range(1, 21)),
}
POINT = {"x": 0.75, "y": 0.5, "z": -0.25}
OURS, COMPILED, LAMBDIFIED = "backprop", "backprop, compiled", "SymPy, lambdified"
FEW = 4
"""Times as long as SymPy's function, which checks nothing, a compiled expression may take."""
Answer = Callable[[], list[float]]


def measure(settings: Settings) -> list[Table]:
    """Milliseconds from text, and microseconds from what is parsed, derived or compiled already."""
    tables = []
    for size, expression in EXPRESSIONS.items():
        title = f"{expression[:40]}{'…' * (len(expression) > 40)} ({size})"
        first = [contender(name, expression, start, 1e3) for name, start in FROM_TEXT.items()]
        again = [contender(name, expression, start, 1e6, repeat=100) for name, start in AGAIN.items()]
        tables.append(compare(f"From text to a gradient: {title}", "ms", first, settings.rounds, OURS))
        table = compare(f"Another gradient: {title}", "µs", again, settings.rounds, COMPILED)
        goal = table.at_most(FEW, COMPILED, LAMBDIFIED, f"library: a compiled expression ÷ lambdify's, {size}")
        tables.append(table._replace(goals=(goal,)))
    return tables


def contender(name: str, expression: str, start: Callable[[str], Answer], scale: float, repeat: int = 1) -> Contender:
    module = {"SymPy": "sympy", "symengine": "symengine"}.get(name.partition(",")[0], "backprop_cli")
    if not installed(module):
        return Contender(name, None, NOT_INSTALLED)
    answer = start(expression)

    def turn() -> float:
        if module == "sympy":
            load("sympy.core.cache").clear_cache()  # else it would remember its answer from the turn before
        return scale * busy(lambda: [answer() for _ in range(repeat)]) / repeat

    return Contender(name, turn, prepare=partial(check, answer, expression))


def check(answer: Answer, expression: str) -> None:
    """Only the same computations are compared."""
    found, expected = answer(), ours(expression)()
    if any(abs(a - b) > 1e-9 * max(1, abs(b)) for a, b in zip(found, expected, strict=True)):
        raise ValueError(f"answered {found}, and the gradient is {expected}")


def ours(expression: str) -> Answer:
    from backprop_cli import backprop

    return lambda: in_order(backprop(expression, POINT).gradient)


def ours_again(expression: str) -> Answer:
    from backprop_cli.language.program import Program
    from backprop_cli.passes.backpropagate import backpropagate

    graph = Program(expression).graph()
    return lambda: in_order(backpropagate(graph, POINT).gradient)


def ours_compiled(expression: str) -> Answer:
    import backprop_cli

    function = backprop_cli.compile(expression)
    return lambda: in_order(function(**POINT).gradient)


def in_order(gradient: Mapping[str, float]) -> list[float]:
    return [gradient[name] for name in POINT]


def algebra(module: str) -> Callable[[str], Answer]:
    """sympify, diff, subs: SymPy's way, and symengine's."""

    def start(expression: str) -> Answer:
        library = load(module)

        def answer() -> list[float]:
            point = {library.Symbol(name): value for name, value in POINT.items()}
            f = library.sympify(expression)
            return [float(f.diff(name).subs(point)) for name in point]

        return answer

    return start


def derived(library: Any, expression: str) -> Any:
    f = library.sympify(expression)
    return [f.diff(library.Symbol(name)) for name in POINT]


def sympy_compiled(expression: str) -> Answer:
    library = load("sympy")
    function = library.lambdify(list(POINT), derived(library, expression), "math", cse=True)
    return lambda: [float(each) for each in function(*POINT.values())]


def sympy_first(expression: str) -> Answer:
    return lambda: sympy_compiled(expression)()


def symengine_compiled(expression: str) -> Answer:
    library = load("symengine")
    function = library.Lambdify([library.Symbol(name) for name in POINT], derived(library, expression))
    point = list(POINT.values())
    return lambda: [float(each) for each in function(point)]


FROM_TEXT = {
    OURS: ours,
    "SymPy, diff and subs": algebra("sympy"),
    "SymPy, diff and lambdify": sympy_first,
    "symengine, diff and subs": algebra("symengine"),
}
AGAIN = {
    COMPILED: ours_compiled,
    LAMBDIFIED: sympy_compiled,
    "symengine, Lambdify": symengine_compiled,
    f"{OURS}, the passes": ours_again,
}
