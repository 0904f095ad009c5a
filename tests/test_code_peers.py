"""The PyTorch and JAX programs: run, compared with the engine, and with those libraries' own derivative of the forward
pass that was written.

Some minutes, and two large libraries (`pip install '.[peers]'`): run with -m slow.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from support import emitted
from support.emitted import CASES, EDGES, EXAMPLES, SELECTION, Case

pytestmark = pytest.mark.slow

OWN = 1e-9
"""Relative tolerance of the peers' own derivatives: PyTorch's of digamma has some ten digits."""


@pytest.fixture(params=["torch", "jax"])
def library(request: pytest.FixtureRequest) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the libraries say of themselves while they load
        pytest.importorskip(request.param)
    return str(request.param)


def test_programs_print_what_the_engine_finds(library: str) -> None:
    cases = emitted.said(CASES, library)
    outputs = emitted.run_python([emitted.program(case, library) for case in cases])
    assert emitted.differences(cases, outputs) == []


def loaded(case: Case, library: str) -> tuple[Callable[..., Any], list[str], list[float]]:
    """The function that is written, the names of its parameters, and the case's values for these."""
    names: dict[str, Any] = {}
    exec(emitted.function(case, library), names)
    trace = emitted.traced(case)
    return names["forward_backward"], list(trace.gradient), [trace.point[name] for name in trace.gradient]


def own_gradient(call: Callable[..., Any], values: list[float], library: str) -> list[float]:
    """The library's derivative of the forward pass."""
    if library == "torch":
        import torch

        inputs = [torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in values]
        (call(*inputs)[0] + nothing(inputs)).backward()
        return [0.0 if each.grad is None else float(each.grad) for each in inputs]
    import jax

    gradients = jax.grad(lambda *inputs: call(*inputs)[0] + nothing(inputs), argnums=tuple(range(len(values))))(*values)
    return [float(each) for each in gradients]


def nothing(inputs: Sequence[Any]) -> Any:
    """0, as far as a library knows a function of its inputs: a choice between 1 and 0 is no number to JAX and torch."""
    return 0.0 * sum(inputs)


def test_the_backward_pass_is_the_library_s_own(library: str) -> None:
    different: list[object] = []
    for case in emitted.said([case for case in [*SELECTION, *EXAMPLES] if case.point], library):
        if re.search("of_scipy|bessel_k", emitted.function(case, library)):
            continue  # functions of which the library has no derivative
        call, names, values = loaded(case, library)
        written = {name: float(slope) for name, slope in call(*values)[1].items()}
        own = dict(zip(names, own_gradient(call, values, library), strict=True))
        # The slope of sinpi at ½ is 0, and 2e-16 by cos(π/2).
        if not all(math.isclose(written[name], own[name], rel_tol=OWN, abs_tol=1e-15) for name in names):
            different.append((case, written, own))
    assert different == []


def test_functions_work_on_arrays(library: str) -> None:
    case = Case("sigmoid(w*x)*max(w, 2)**x + x", {"w": "2.5", "x": "-1"})
    call, _, values = loaded(case, library)
    value, gradient = call(*([each, each] for each in values))
    trace = emitted.traced(case)
    assert value.tolist() == pytest.approx([trace.value] * 2, rel=1e-12)
    assert {name: each.tolist() for name, each in gradient.items()} == {
        name: pytest.approx([slope] * 2, rel=1e-12) for name, slope in trace.gradient.items()
    }


def test_bessel_and_airy_are_scipy_s(library: str) -> None:
    text = "airyai(x)*airyaiprime(y) + besselj(0, x)*bessely(1/2, y) + besseli(1, x)*besseli(3, y) + k0(x)*k1(y)"
    cases = [Case(text, {"x": x, "y": "2"}) for x in ("0.3", "5", "40")]
    assert emitted.differences(cases, emitted.run_python([emitted.program(case, library) for case in cases])) == []
    call, _, values = loaded(cases[0], library)
    value, gradient = call([values[0]] * 2, values[1])
    assert value.tolist() == pytest.approx([emitted.traced(cases[0]).value] * 2, rel=1e-12)
    assert gradient["x"].shape == (2,)


def test_the_edge_cases_are_among_them() -> None:
    assert set(map(str, EDGES)) <= set(map(str, CASES))
