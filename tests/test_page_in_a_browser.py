"""The page in Chromium: numbers, sentences, keys, three people's tasks, and that it asks for nothing and is accessible.

Playwright drives a Chromium that is installed; where there is none, this is skipped aloud.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import math
import random
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from backprop_cli import backprop
from backprop_cli.api.trace import Trace
from backprop_cli.errors import InputError, MathError
from backprop_cli.language.program import Program
from backprop_cli.passes.settings import Settings
from backprop_cli.rules.op import Op
from backprop_cli.rules.table import TABLE
from backprop_cli.study.mistakes import KINDS, mistakes
from backprop_cli.view import Options, draw
from backprop_cli.view.code import StagedProgram
from backprop_cli.view.page import Page
from backprop_cli.view.page.arithmetic import functions
from backprop_cli.view.page.contents import contents
from backprop_cli.view.words import explain
from backprop_cli.view.words.explain import Explanation
from backprop_cli.view.words.language import ENGLISH, language

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Tab

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        BROWSER is None or importlib.util.find_spec("axe_playwright_python") is None,
        reason="here is no Chromium, or no Playwright",
    ),
]

FIRST = "#rows [type=range] >> nth=0"
"""The slider of the first variable."""
NEURON = "1/(1+exp(-(w0*x0+w1*x1+w2)))"
AT: dict[str, float] = {"w0": 2, "x0": -1, "w1": -3, "x1": -2, "w2": -3}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS.split())
        yield browser
        browser.close()


class Shown:
    """A page that is open, and what it asked for or complained of."""

    def __init__(self, browser: Browser, folder: Path, trace: Trace, lang: str = "en", **settings: Any) -> None:
        self.noise: list[str] = []
        self.tab: Tab = browser.new_page(**settings)
        self.tab.on("console", lambda message: self.noise.append(message.text))
        self.tab.on("pageerror", lambda error: self.noise.append(str(error)))
        self.tab.on("request", lambda request: self.noise.append(request.url) if request.url[:5] != "file:" else None)
        drawn = draw("page", Page(trace, language=language(lang)), Options("html"))
        assert isinstance(drawn, str)
        self.size = len(drawn.encode())
        file = folder / f"{next(COUNT)}.html"
        file.write_text(drawn, encoding="utf-8")
        self.tab.goto(file.as_uri())
        self.tab.wait_for_selector("#main" if settings.get("java_script_enabled", True) else "#text")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.tab.keyboard.press(key)

    def said(self) -> list[str]:
        found: list[str] = self.tab.eval_on_selector_all("#says p", "all => all.map(each => each.textContent)")
        return found

    def story(self) -> list[list[str]]:
        """What is said at each step."""
        found: list[list[str]] = self.tab.evaluate(
            """() => {
              const story = [], says = () => [...document.querySelectorAll("#says p")].map(each => each.textContent);
              document.getElementById("first").click();
              for (const on = document.getElementById("on"); ; on.click()) {
                story.push(says());
                if (on.disabled) return story;
              }
            }"""
        )
        return found

    def set(self, **values: float) -> None:
        for name, value in values.items():
            self.tab.get_by_label(f"{name}: as a number").fill(repr(float(value)))
        self.wait()

    def moved(self, at: dict[str, Any], name: str, entry: int | None, value: float) -> dict[str, Any]:
        """The point where a number, or an entry of an array, is moved to, as it is on the page, too."""
        row = self.tab.locator(f".row:has(label:text-is('{name}'))")
        if entry is not None:
            row.locator("select").select_option(index=entry)
        row.locator("[type=number]").fill(repr(float(value)))
        self.wait()
        if entry is None:
            return {**at, name: value}
        array = np.array(at[name], dtype=float)
        array.flat[entry] = value
        return {**at, name: array.tolist()}

    def wait(self) -> None:
        """Until the next frame is drawn."""
        self.tab.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def close(self) -> None:
        assert self.noise == []
        self.tab.close()


COUNT = itertools.count()


def told(trace: Trace, code: str = "en") -> list[list[str]]:
    """The same from `explain --json`: the steps between the point and the turn, then those after it."""
    data = json.loads(explain.as_json(Explanation(trace, language=language(code)), Options()))
    forward = [[each["says"]] for each in data["forward"]]
    backward = [
        [*step["says"], *(line for edge in step.get("edges", ()) for line in edge["says"])] for step in data["backward"]
    ]
    equations = [f"∂{data['output']}/∂{each['variable']}" for each in data["tells"]]
    ends = [f"{each['tells']}. {each['says']}" for each in data["tells"]]
    assert len(equations) == len(ends)
    return [*forward, *backward, ends]


def compared(story: list[list[str]]) -> list[list[str]]:
    """The steps of a page, without the first, the turn, the headings of calls, and what stands before `x + h → …`."""
    turn = next(i for i, says in enumerate(story) if says[0].startswith("In reverse, "))
    steps = [
        [line for line in says if not line.startswith("(inside ")] for says in story[1:turn] + story[turn + 1 : -1]
    ]
    return [*steps, [line.partition(": ")[2] for line in story[-1][1:]]]


STORIES: list[tuple[str, list[dict[str, float]]]] = [
    (NEURON, [AT, {"w0": 0, "x0": 0.3, "w1": 1e-7, "x1": 12345678, "w2": -0.1}]),
    (
        "(x*x+y)*max(z,y) - x^y/3",
        [{"x": 2, "y": 5, "z": 5}, {"x": 0, "y": 2, "z": -1}, {"x": 1.015625, "y": 0, "z": 3}],
    ),
    (
        "relu(x) + abs(y) + min(x, y, 2) + max(x, x) + clip(x, 0, 1)",
        [{"x": 0, "y": 0}, {"x": 2, "y": 3}, {"x": -1, "y": 7}],
    ),
    (
        "x*x if x > 0 and y > 1 else log(4 - x)*y",
        [{"x": 2, "y": 3}, {"x": -2, "y": 3}, {"x": 2, "y": 1}, {"x": 0, "y": 1}],
    ),
    ("s(t) = 1/(1+exp(-t)); q = s(w*x); f = s(q)*q + pi", [{"w": 2, "x": 1}, {"w": 0, "x": 4}]),
    (
        "m(a, b) = max(a, b)*relu(a); i(t) = t; s(t) = m(t, i(t)*t) + m(t, i(t)) + m(t, 2); "
        "f = s(x)*m(x, y) + m(y, x)*i(x)",
        [{"x": 1, "y": 1}, {"x": 0, "y": 2}, {"x": 2, "y": 0}, {"x": 3, "y": 3}],
    ),
    (
        "p(a, b) = a > b; m(a, b) = b if p(a, b) else a; k(t) = m(t, 2*t) + (t if t > 1 and t < 3 else 0); "
        "f = k(x)*k(y)",
        [{"x": 0, "y": 1}, {"x": 2, "y": 3}],
    ),
    ("gelu(x)*mish(y) + x!", [{"x": 0.5, "y": 2}, {"x": -0.3, "y": -2}, {"x": 3, "y": -1e-7}]),
    ("half = 1/2; q = x*half; f = log(q, y) + sqrt(q) + 1e6*x", [{"x": 3, "y": 2}, {"x": 1e7, "y": 1e-5}]),
    ("max(a*b, c) - mean(a, b, c)*hypot(b, c)", [{"a": 2, "b": 3, "c": 6}, {"a": 2, "b": 3, "c": 7}]),
    ("+".join(f"x{i}*w" for i in range(15)), [{**{f"x{i}": i - 7 for i in range(15)}, "w": 0.5}]),
    ("sum(" + ",".join(f"x{i}" for i in range(14)) + ")*x0", [{f"x{i}": i / 3 for i in range(14)}]),
]


def test_each_step_says_what_explain_says(browser: Browser, tmp_path: Path) -> None:
    for text, points in STORIES:
        shown = Shown(browser, tmp_path, backprop(text, points[0]))
        for values in points:
            shown.set(**values)
            story = shown.story()
            expected = told(backprop(text, values))
            assert compared(story) == expected, (text, values)
        shown.close()


def test_each_step_says_it_in_korean_too(browser: Browser, tmp_path: Path) -> None:
    for text, at in STORIES:
        trace = backprop(text, at[-1])
        shown = Shown(browser, tmp_path, trace, lang="ko")
        story = shown.story()
        steps = [
            [line for line in says if "의 안쪽)" not in line] for says in story[1:] if "거꾸로 간다" not in says[0]
        ]
        ends = [line.partition(": ")[2] for line in steps[-1][1:]]
        assert [*steps[:-1], ends] == told(trace, "ko")
        shown.close()


ARRAYS: list[tuple[str, dict[str, Any], list[tuple[str, int | None, float]]]] = [
    (
        "s(t) = 1/(1+exp(-t)); h = s(W @ x + b); f = (w @ h - y)^2 + 0.01*sum(W*W)",
        {"W": [[0.1, -0.2, 0.3], [0.4, 0.5, -0.6]], "x": [1, -1, 0.5], "b": [0.5, -1], "w": [1, -2], "y": 1},
        [("W", 2, 0.7), ("b", 0, -3), ("y", None, 2), ("w", 1, 0)],
    ),
    (
        "max(W@x) + sum(where(x>0, x, 0*x)) + b",
        {"W": [[1, 2], [1, 2]], "x": [1, -1], "b": 0.5},
        [("W", 2, 0.7), ("x", 1, 0), ("x", 1, 3), ("b", None, -1)],
    ),
    (
        "mean((A @ B.T)[0]) + norm(A)/det(A) + c + mean(h)*1e-307",
        {"A": [[2, 1], [1, 3]], "B": [[1, 2], [3, 4]], "c": -1, "h": [1.5e308, 1e308]},
        [("A", 2, 0.7)],
    ),
    (
        "-sum(log_softmax(x)[3:5]) + sum(y) - prod(y)*prod(z)",
        {"x": [i / 7 for i in range(40)], "y": [[[1, 2], [3, 4]]] * 2, "z": [1e200, 1e200, 1e-200, 2e-200]},
        [("y", 5, -3), ("x", 39, 0.25)],
    ),
    (
        "max(x)*min(x) + sum(max(x, y)) + sum(min(x, y, 1)) + sum(relu(x)*y)",
        {"x": [1, 2, 3], "y": [3, 1, 2]},
        [("x", 0, 3), ("y", 0, 3), ("x", 1, 0)],
    ),
    (
        "sum(max(concat(x, x[::-1]))*x) + sum(min([x, x, y], axis=0)) + sum(max(X, X[0], y)*X)",
        {"X": [[1, 2], [3, 2], [1, 1]], "x": [1, 2], "y": [1, 3]},
        [("X", 0, 3), ("x", 0, 2), ("y", 0, 2)],
    ),
    ("sum(where(x>0, log(x), 0))*a", {"x": [1, -1, 2], "a": 2}, [("x", 1, 3), ("x", 1, 0), ("a", None, 0)]),
    (
        "sum(outer(x, y)*A) + x@x*(y@y) + sum(A.T@A) + sum(sum(A, axis=0)*mean(A, axis=1)) + sum(max(A, axis=1))",
        {"x": [1, 2], "y": [3, 4], "A": [[1, 2], [3, 4]]},
        [("A", 0, 8)],
    ),
    (
        "sum(inv(A)*[1, 3]) + logdet(A) + sum(solve(A, b)) + sum(concat(b, [b[0], c])) + logsumexp(b)",
        {"A": [[3.1, 1], [1, 2.3]], "b": [1, 2], "c": 4},
        [("A", 1, 0.5), ("c", None, 2)],
    ),
    (
        "-mean(pick(log_softmax(softmax(X@W) + b), y))",
        {"X": [[1, 2], [3, 4]], "W": [[0.1, 0.2, 0.3], [0.4, 0.5, 0.7]], "b": [0, 25, 0.3], "y": [0, 1]},
        [("W", 1, 2), ("b", 2, -1)],
    ),
]


def test_arrays_are_walked_through_too(browser: Browser, tmp_path: Path) -> None:
    for code in ("en", "ko"):
        for text, at, moves in ARRAYS:
            trace = backprop(text, at)
            shown = Shown(browser, tmp_path, trace, lang=code, viewport={"width": 400, "height": 800})
            for name, entry, value in [("", None, 0.0), *(moves if code == "en" else moves[:1])]:
                at = shown.moved(at, name, entry, value) if name else at
                story, expected = shown.story(), told(backprop(text, at), code)
                turn = next(i for i, says in enumerate(story) if says[0].startswith(("In reverse, ", "∂f/∂f = 1부터")))
                steps = [*story[1:turn], *story[turn + 1 : -1]]
                assert [says[-len(each) :] for says, each in zip(steps, expected, strict=False)] == expected[:-1], at
                ends = [line.partition(": ")[2] for line in story[-1][1:]]
                assert ends == [line.removesuffix(". ") for line in expected[-1]], at
            shown.close()


def test_an_entry_without_a_value_is_named(browser: Browser, tmp_path: Path) -> None:
    text = "sum(sqrt(x)/y) + sum(exp(x)) + sum(inv(A))"
    start: dict[str, Any] = {"x": [1, 2], "y": [1, 2], "A": [[2, 1], [1, 1]]}
    for name, entry, value in (("x", 1, 0), ("x", 0, -1), ("x", 1, 800), ("y", 0, 0), ("y", 1, 1e-320), ("A", 3, 0.5)):
        shown = Shown(browser, tmp_path, backprop(text, start))
        at = shown.moved(start, name, entry, value)
        with pytest.raises(MathError) as error:
            backprop(text, at)
        said = shown.said()
        if name == "A":
            assert said == ["q7 = inv(A) has no finite value at A = [2 1; 1 0.5]", "hint: inv(A) needs det(A) ≠ 0"]
        else:
            assert said[0] == error.value.message
        assert shown.tab.locator(".bad").count() >= 1
        shown.close()


def test_a_wire_of_an_array_has_its_shape_and_a_step_its_numbers(browser: Browser, tmp_path: Path) -> None:
    trace = backprop("sum((W @ X + b)^2)", {"W": [[1, 2], [3, 4]], "X": [[1], [-1]], "b": [[0.5], [0.25]]})
    shown = Shown(browser, tmp_path, trace)
    for keys, texts, tables in (
        ("ArrowRight", ["[2×2]", "[2×1]"], ["W  [2×2] 1 2 3 4", "X  [2×1] 1 −1", "q1  [2×1] −1 −1"]),
        (
            "End ArrowLeft",
            ["upstream @ Xᵀ", "Wᵀ @ upstream", "0.8125"],
            ["∂f/∂q1  [2×1] −1 −1.5", "∂f/∂W  [2×2] −1 1 −1.5 1.5", "∂f/∂X  [2×1] −5.5 −8"],
        ),
    ):
        shown.press(*keys.split())
        assert {*texts} <= {*shown.tab.locator("#picture text").all_text_contents()}
        cells = "all => all.map(each => [...each.querySelectorAll('figcaption, td')].map(x => x.textContent).join(' '))"
        assert shown.tab.eval_on_selector_all("#tables figure", cells) == tables
    shown.tab.check("#predict")
    shown.press("Home", *["ArrowRight"] * 4)
    assert "What is the value of f?" in shown.tab.inner_text("#says")
    shown.tab.fill("#answer", "0.8125")
    shown.press("Enter")
    assert shown.tab.inner_text("#verdict") == "Right."
    shown.close()


def points(op: Op, count: int, chance: random.Random) -> Iterator[tuple[list[float], Trace]]:
    """Points at which a row has a value and a gradient, and no convention decides."""
    names = [f"x{i}" for i in range(count)]
    found = 0
    for attempt in range(400):
        values = [chance.uniform(-3, 3) if attempt % 3 else chance.uniform(0.05, 1) for _ in names]
        values = [float(chance.randint(1, 4)) if slot in op.orders else each for slot, each in enumerate(values)]
        with suppress(MathError):
            wrt = [name for slot, name in enumerate(names) if slot not in op.orders]
            trace = backprop(op.written(names), dict(zip(names, values, strict=True)), wrt=wrt)
            if not trace.warnings:
                yield values, trace
                found += 1
        if found == 20:
            return


def is_in_javascript(op: Op) -> bool:
    """Whether a program in JavaScript, and so a page, has the row."""
    graph = Program(op.written([f"x{i}" for i in range(3 if op.variadic else len(op.inputs))])).graph()
    try:
        draw("program", StagedProgram.of(graph, {}, Settings()), Options("javascript"))
    except InputError:
        with pytest.raises(InputError, match="a page has no "):
            functions([graph])
        return False
    return True


def test_every_row_computes_what_eval_does(browser: Browser) -> None:
    chance, tab = random.Random(17), browser.new_page()
    asked, expected = [], []
    for op in (op for op in TABLE if not op.truth and not op.conditions and is_in_javascript(op)):
        count = 3 if op.variadic else len(op.inputs)
        graph = Program(op.written([f"x{i}" for i in range(count)])).graph()
        order = [int(graph.nodes.names[i][1:]) for i in graph.nodes.variables]
        known = [*points(op, count, chance)]
        assert len(known) >= 5, op
        assert contents(known[0][1], ENGLISH, "both", None)["N"]
        asked.append(
            [functions([graph]), [[values[i] for i in order] for values, _ in known], [*graph.nodes.variables]]
        )
        expected += [(op.call, trace) for _, trace in known]
    code = "".join(
        f"{{{script}\n all.push(...{json.dumps(at)}.map(x => {{ const v = [], l = [], k = []; "
        f"{json.dumps(places)}.forEach((n, i) => {{ v[n] = x[i]; }}); "
        "P[0](v, l, k, (n, x) => x, 0, () => 0); return [v.at(-1), l]; }));}\n"
        for script, at, places in asked
    )
    computed = tab.evaluate(f"(() => {{ const all = [];\n{code} return all; }})()")
    for (call, trace), (value, locals_) in zip(expected, computed, strict=True):
        assert math.isclose(value, trace.value, rel_tol=1e-12, abs_tol=1e-15), (call, trace.point)
        for edge in trace.edges:
            if edge.local is not None and not (edge.gate.op.selects and edge.gate.op.variadic):
                local = locals_[edge.slot]
                assert math.isclose(local, edge.local, rel_tol=1e-12, abs_tol=1e-15), (
                    call,
                    edge.slot,
                    trace.point,
                    local,
                )
    tab.close()


def test_it_is_used_by_keys_alone(browser: Browser, tmp_path: Path) -> None:
    shown = Shown(browser, tmp_path, backprop(NEURON, AT))
    seen: list[str] = []
    for _ in range(40):
        shown.press("Tab")
        seen.append(shown.tab.evaluate("document.activeElement.id || document.activeElement.ariaLabel || ''"))
    assert {"stage", "on", "last", "scrub", "predict", "r2", "reset", "w2: as a number"} <= {*seen}
    shown.tab.focus("#stage")
    shown.press("End")
    count = shown.tab.inner_text("#count")
    assert count.startswith("gradient · 19 / 19")
    for keys, place in (("ArrowLeft", 18), ("Home", 1), ("ArrowRight ArrowRight", 3)):
        shown.press(*keys.split())
        assert f" {place} / 19" in shown.tab.inner_text("#count")
    shown.tab.focus("#scrub")
    shown.press("ArrowRight")
    assert " 4 / 19" in shown.tab.inner_text("#count")
    shown.close()


def test_nothing_is_shown_before_its_step(browser: Browser, tmp_path: Path) -> None:
    shown = Shown(browser, tmp_path, backprop("(x*x+y)*z", {"x": 1.7, "y": 5.3, "z": -4.9}))
    numbers = {"2.89": 2, "8.19": 3, "-40.131": 4, "-4.9": 1, "-16.66": 9}
    for step in range(1, 11):
        text = shown.tab.inner_text("main").replace("−", "-") + " ".join(
            shown.tab.eval_on_selector_all("svg text, svg title", "all => all.map(each => each.textContent)")
        ).replace("−", "-")
        for number, first in numbers.items():
            assert (number in text) == (step >= first) or number == "-4.9", (number, step)
        shown.press("ArrowRight")
    assert shown.tab.locator("svg text.g").all_text_contents().count("") == 0
    shown.close()


def test_the_wire_that_carries_a_gradient_is_found(browser: Browser, tmp_path: Path) -> None:
    """A learner looks for ∂f/∂x: the values name their wires, and at its step the wire has the number."""
    shown = Shown(browser, tmp_path, backprop("(x+y)*z", {"x": -2, "y": 5, "z": -4}))
    shown.press("End")
    shown.tab.focus("#r0")
    (title,) = shown.tab.locator("path.lit title").all_text_contents()
    assert title == "x · ∂f/∂x"
    assert shown.tab.locator("#rows .row").first.locator("output").inner_text() == "∂f/∂x = −4"
    shown.close()


def test_a_wrong_prediction_is_told_its_mistake(browser: Browser, tmp_path: Path) -> None:
    shown = Shown(browser, tmp_path, backprop("(x+y)*z", {"x": -2, "y": 5, "z": -4}))
    shown.tab.check("#predict")
    shown.tab.evaluate("document.activeElement.blur()")

    def answer(text: str) -> str:
        shown.tab.fill("#answer", text)
        shown.press("Enter")
        said: str = shown.tab.inner_text("#verdict")
        return said

    shown.press("ArrowRight")
    assert "What is the value of q1?" in shown.tab.inner_text("#says")
    assert answer("4").startswith("No: that is not it")
    assert "q1 = x + y = −2 + 5 = 3" not in shown.tab.inner_text("main")
    assert answer("3") == "Right."
    assert "q1 = x + y = −2 + 5 = 3" in shown.tab.inner_text("#says")
    shown.press("Enter")
    assert answer("-12") == "Right."
    shown.press("Enter", "Enter")
    assert "What is ∂f/∂q1, which flows back through f = q1 * z?" in shown.tab.inner_text("#says")
    assert answer("4") == "No: the sign is flipped."
    assert answer("1") == "No: a factor of the chain is forgotten."
    assert answer("3") == "No: the chain goes through the wrong input."
    assert answer("-4") == answer("3") == "Right."
    shown.press("Enter")
    assert answer("1") == "No: the upstream gradient is forgotten."
    shown.tab.click("#tell")
    assert answer("-4") == "Right."
    shown.press("Enter")
    assert "∂f/∂x = −4: x + h → f − 4h" in shown.tab.inner_text("#says")
    shown.close()


MISTAKEN: list[tuple[str, dict[str, float]]] = [
    ("3*(x/y)", {"x": 2.3, "y": 1.7}),
    ("3*x**y", {"x": 2.3, "y": 1.7}),
    ("3*sqrt(x)", {"x": 2.3}),
    ("3*cbrt(x)", {"x": 2.3}),
    ("3*exp(x)", {"x": 2.3}),
    ("3*exp2(x)", {"x": 2.3}),
    ("3*max(x, y, z)", {"x": 2.3, "y": 1.7, "z": 0.3}),
    ("3*min(x, y)", {"x": 2.3, "y": 1.7}),
    ("3*relu(x)", {"x": 2.3}),
    ("3*(x if x > 1 else y)", {"x": 2.3, "y": 1.7}),
]


def test_a_mistake_at_a_gate_is_told_as_check_tells_it(browser: Browser, tmp_path: Path) -> None:
    used = set()
    for text, at in MISTAKEN:
        trace = backprop(text, at)
        shown = Shown(browser, tmp_path, trace)
        shown.press(*["ArrowRight"] * (sum(1 for _ in trace.graph.gates) + 2))  # the gate before the output is the next
        shown.tab.check("#predict")
        shown.tab.evaluate("document.activeElement.blur()")
        shown.press("ArrowRight")
        for name in at:
            right, kinds = trace.gradient[name], dict[float, str]()
            for each in mistakes(trace, name):
                if math.isfinite(each.value) and each.value and not math.isclose(each.value, right, rel_tol=1e-6):
                    known = (value for value in kinds if math.isclose(value, each.value, rel_tol=1e-6))
                    kinds.setdefault(next(known, each.value), each.kind)
            said = shown.tab.evaluate(
                """answers => answers.map(each => {
                  document.getElementById("answer").value = each;
                  document.getElementById("ask").requestSubmit();
                  return document.getElementById("verdict").textContent;
                })""",
                [repr(each) for each in (*kinds, right)],
            )
            told = [f"No: {ENGLISH.templates[f'mistake {kind}']}." for kind in kinds.values()]
            assert said == [*told, "Right."], (text, name, kinds)
            used |= {*kinds.values()}
        shown.close()
    assert used == {*KINDS} - {"product", "branch"}
    shown = Shown(browser, tmp_path, backprop("x*y*y", {"x": 2, "y": 3}))
    shown.press("End", "ArrowLeft", "ArrowLeft")
    shown.tab.check("#predict")
    shown.tab.evaluate("document.activeElement.blur()")
    shown.press("ArrowRight")
    assert "the sum of the shares of y?" in shown.tab.inner_text("#says")
    shown.tab.fill("#answer", "6")
    shown.press("Enter")
    branch = f"No: {ENGLISH.templates['mistake branch']}: only the edge into f = q1 * y is counted."
    assert shown.tab.inner_text("#verdict") == branch
    shown.close()


def test_it_prints_as_slides(browser: Browser, tmp_path: Path) -> None:
    shown = Shown(browser, tmp_path, backprop(NEURON, AT))
    shown.press("End")
    told, sheets = shown.said(), re.compile(rb"/Type\s*/Page\b")
    assert len(sheets.findall(shown.tab.pdf())) == 1
    shown.tab.check("#slides")
    assert len(sheets.findall(shown.tab.pdf(prefer_css_page_size=True))) == 19
    assert shown.said() == told
    shown.close()


def test_a_value_is_moved_until_f_is_large(browser: Browser, tmp_path: Path) -> None:
    shown = Shown(browser, tmp_path, backprop(NEURON, AT))
    shown.press("End")
    shown.tab.focus(FIRST)
    for _ in range(100):
        if float(shown.tab.inner_text("#value").split()[-1]) > 0.9:
            break
        shown.press("ArrowLeft")
        shown.wait()
    w0 = float(shown.tab.get_by_label("w0: as a number").input_value())
    trace = backprop(NEURON, {**AT, "w0": w0})
    assert trace.value > 0.9
    told = shown.tab.locator("#rows .row").first.locator("output").inner_text()
    assert float(told.split()[-1].replace("−", "-")) == pytest.approx(trace.gradient["w0"], rel=1e-5)
    shown.close()


FAULTS: list[Any] = [
    ("log(x - y)*x", {"x": 3, "y": 5}),
    ("y/x", {"x": 0, "y": 2}, {"x": 1e-320, "y": 2}, {"x": 1e-200, "y": 1}),
    ("x**y*1e200", {"x": 2, "y": 2000}, {"x": 0, "y": -1}, {"x": -8, "y": 0.3}, {"x": 0, "y": 0}, {"x": 1e200, "y": 1}),
    ("sqrt(x)*gamma(y)", {"x": 0, "y": 1}, {"x": 2, "y": 172}, {"x": 2, "y": 0}),
    ("m(t) = 1/t; k(a, b) = m(a)*log(b); f = k(x, y)*x", {"x": 0, "y": 2}, {"x": 1e-320, "y": 2}, {"x": 1, "y": -1}),
]


def test_where_there_is_no_value_the_gate_is_named(browser: Browser, tmp_path: Path) -> None:
    start = {"x": 3, "y": 1}
    for text, *points in FAULTS:
        shown = Shown(browser, tmp_path, backprop(text, start))
        shown.press("End")
        before = shown.said()
        for point in points:
            shown.set(**point)
            with pytest.raises(MathError) as error:
                backprop(text, point)
            hint = [f"hint: {error.value.hint}"] if " needs " in error.value.hint else []
            assert shown.said() == [error.value.message, *hint], (text, point)
            assert shown.tab.locator(".bad").count() >= 1
        shown.tab.click("#reset")
        shown.wait()
        assert shown.said() == before
        shown.close()


def test_digits_that_doubles_lose_are_told(browser: Browser, tmp_path: Path) -> None:
    """A local gradient below the smallest double may meet a large upstream; what is 0 indeed has lost nothing."""
    shown = Shown(browser, tmp_path, backprop("s(t) = tanh(t)*y; f = s(x) + exp(-x)", {"x": 1, "y": 2}))
    lost = "{} underflows: {} is too small for doubles, and digits may be lost; backprop eval keeps them."
    both = [("in q1 = s(x): q1 = tanh(t)", "∂q1/∂t"), ("q3 = exp(q2)", "∂q3/∂q2")]
    for x, parts in ((400.0, both[:1]), (745.0, both), (0.0, [])):
        shown.set(x=x, y=1e300)
        story = shown.story()
        told = [line for says in story for line in says if "underflows" in line]
        expected = [lost.format(*each) for each in reversed(parts)]
        assert told == expected + expected[:1], x
        assert (story[-1][1:2] == expected[:1]) == bool(parts)
    shown.close()
    for text, x, parts in (
        ("1e-200*(1.2345e-120*(1e300*x))", 1.0, [("q2 = 1.2345e-120 * q1", "∂q2/∂q1")]),
        ("x*1e-200*1.2345e-120*1e300", 1.0, [("q2 = q1 * 1.2345e-120", "q2")]),
        ("(1e-160*x)**2*1e300", 1.0, [("q2 = q1**2", "q2")]),
        ("x*1e-300", 1.0, []),
    ):
        shown = Shown(browser, tmp_path, backprop(text, {"x": 2}))
        shown.set(x=x)
        told = [line for says in shown.story() for line in says if "underflows" in line]
        assert told == [lost.format(*each) for each in parts] * 2, (text, told)
        shown.close()
    for text, name, value, parts in (
        ("sum(exp(-x)*y)", "x", 800, [("q2 = exp(q1)", "∂q2/∂q1")]),
        ("1e-200*sum(outer(y, x[1:]))", "x", 1e-200, [("q2 = outer(y, q1)", "∂q2/∂y")]),
        ("1e-200*(x @ y)", "x", 1e-200, [("q1 = x @ y", "∂q1/∂y")]),
        ("logsumexp(x)*y[0]", "x", -900, [("q1 = logsumexp(x)", "∂q1/∂x")]),
        ("sum(x)*y[0]", "x", 1e-200, []),
    ):
        at: dict[str, Any] = {"x": [1, 2], "y": [3, 4]}
        shown = Shown(browser, tmp_path, backprop(text, at))
        shown.moved(at, name, 1, value)
        told = [line for says in shown.story() for line in says if "underflows" in line]
        assert told == [lost.format(*each) for each in parts] * 2, (text, told)
        shown.close()


def test_hostile_words_are_text(browser: Browser, tmp_path: Path) -> None:
    comment = "# </script><img src=x onerror=alert(1)> ]]> \u2028 \u202e <b>"
    program = f"{comment}\nconstructor = x*y; f = constructor + __proto__*x"
    trace = backprop(program, {"x": 2, "y": 3, "__proto__": 4})
    shown = Shown(browser, tmp_path, trace)
    assert shown.tab.locator("img, b").count() == 0
    assert "<img src=x onerror=alert(1)>" in shown.tab.inner_text("h1")
    assert compared(shown.story()) == told(trace)
    shown.close()
    without = Shown(browser, tmp_path, trace, java_script_enabled=False)
    assert "Backward pass." in without.tab.inner_text("body")
    assert without.tab.locator("img").count() == 0


NET = """\
h1 = tanh(w1*x + b1*y + c1); h2 = tanh(w2*x + b2*y + c2); h3 = relu(w3*x + b3*y + c3); h4 = max(w4*x + b4*y, c4)
o = v1*h1 + v2*h2 + v3*h3 + v4*h4 + d; p = 1/(1 + exp(-o)); loss = -(t*log(p) + (1 - t)*log(1 - p))"""


def test_it_is_accessible_small_and_quick(browser: Browser, tmp_path: Path) -> None:
    names = "w1 x b1 y c1 w2 b2 c2 w3 b3 c3 w4 b4 c4 v1 v2 v3 v4 d t".split()
    trace = backprop(NET, {name: 0.37 + i / 50 for i, name in enumerate(names)})
    assert sum(1 for _ in trace.graph.gates) == 39
    import axe_playwright_python

    axe = Path(axe_playwright_python.__path__[0], "axe.min.js").read_text("utf-8")
    for scheme, each in itertools.product(("light", "dark"), (trace, backprop(*ARRAYS[0][:2]))):
        shown = Shown(browser, tmp_path, each, color_scheme=scheme, viewport={"width": 400, "height": 800})
        shown.press("End")
        shown.tab.check("#predict")
        shown.tab.evaluate(axe)
        found = shown.tab.evaluate(
            "async () => (await axe.run()).violations.map(each => [each.id, each.nodes[0].html])"
        )
        assert found == []
        assert shown.tab.evaluate("document.documentElement.scrollWidth") <= 400
        shown.close()
    assert shown.size <= 40_960
    shown = Shown(browser, tmp_path, trace)
    shown.press("End")
    overlaps = shown.tab.evaluate(
        """() => {
          const texts = [...document.querySelectorAll("#picture text")].filter(each => each.textContent);
          const boxes = texts.map(each => each.getBoundingClientRect());
          const meet = (one, other) =>
            Math.min(one.right, other.right) - Math.max(one.left, other.left) > 1 &&
            Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 3;
          return boxes.flatMap((one, i) => boxes.some((other, j) => j > i && meet(one, other)) ? [i] : []);
        }"""
    )
    assert overlaps == []
    moves, one_by_one, made = shown.tab.evaluate(
        """async () => {
          const range = document.querySelector("#rows [type=range]"), later = window.requestAnimationFrame;
          const observer = new MutationObserver(() => 0);
          const timed = async () => {
            const begin = performance.now();
            for (let i = 0; i < 1000; i++) { range.value = i / 1000 - 0.5; range.dispatchEvent(new Event("input")); }
            await new Promise(done => later(done));
            return performance.now() - begin;
          };
          const moves = await timed();
          window.requestAnimationFrame = act => { act(); return 0; };
          observer.observe(document.body, { childList: true, subtree: true });
          return [moves, await timed(), observer.takeRecords().length];
        }"""
    )
    print(f"1,000 moves at 39 gates: {moves:.0f} ms; {one_by_one:.0f} ms where each is computed and written")
    assert made == 0, "a move writes texts, and makes no elements"
    shown.tab.emulate_media(media="print")
    assert shown.tab.evaluate("picture.clientWidth <= stage.clientWidth"), "on paper the picture is whole"
    shown.close()
