"""Programs of arrays: a step of a classifier and a net of small arrays, beside NumPy by hand and other libraries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from harness import NOT_INSTALLED, Contender, Goal, Settings, Table, busy, compare
from peers import installed, load

OURS, COMPILED, HAND = "backprop, passes", "backprop, compiled", "NumPy by hand"
STEP = "h = relu(X @ W1 + b1); S = h @ W2 + b2; loss = mean(-pick(log_softmax(S), y))"
SMALL = (
    "D = W @ X + b; h = tanh(D); q = h*h; s = sum(q, axis=0); z = exp(-s); p = z/(1 + z); m = mean(p); k = V @ h; "
    "u = relu(k); v = u - m; w = v*v; n = sum(w); f = log(1 + n)"
)
BY_HAND = 1.15
"""Times as long as NumPy by hand that a step may take."""
SMALL_MS = 0.4
"""Milliseconds that a small net may take."""
Point = Mapping[str, Any]
Gradient = Callable[[], Mapping[str, Any]]


def measure(settings: Settings) -> list[Table]:
    """Milliseconds of processor time for a value and its gradient."""
    tables = []
    for title, program, point, wrt, hand, repeat in cases():
        ways: dict[str, Gradient | None] = {
            OURS: passes(program, point, wrt),
            COMPILED: compiled(program, point, wrt),
            HAND: partial(hand, point),
            **{name: others(name, point) if title.startswith("a step") else None for name in ("torch", "jax")},
        }
        first = [contender(name, way, hand(point), repeat) for name, way in ways.items() if way is not None]
        table = compare(f"Arrays: {title}", "ms", first, settings.rounds, OURS)
        if title.startswith("a step"):
            goal = table.at_most(BY_HAND, COMPILED, HAND, f"arrays: {title}, compiled ÷ NumPy by hand")
        else:
            goal = Goal(f"arrays: {title}, ms", table.median(OURS), "at most", SMALL_MS)
        tables.append(table._replace(goals=(goal,)))
    return tables


def contender(name: str, way: Gradient, expected: Mapping[str, Any], repeat: int) -> Contender:
    if name in ("torch", "jax") and not installed(name):
        return Contender(name, None, NOT_INSTALLED)

    def check() -> None:
        numpy, found = load("numpy"), way()
        for each, slope in expected.items():
            numpy.testing.assert_allclose(found[each], slope, rtol=1e-9, atol=1e-12)

    return Contender(name, lambda: 1e3 * busy(lambda: [way() for _ in range(repeat)]) / repeat, prepare=check)


def cases() -> list[tuple[str, str, Point, str, Callable[[Point], Mapping[str, Any]], int]]:
    numpy = load("numpy")
    random = numpy.random.default_rng(0)
    step = {
        "X": random.random((128, 784)),
        "W1": random.normal(size=(784, 128)) / 20,
        "b1": numpy.zeros(128),
        "W2": random.normal(size=(128, 10)) / 20,
        "b2": numpy.zeros(10),
        "y": random.integers(0, 10, 128).astype(float),
    }
    small = {"W": random.random((4, 3)), "X": random.random((3, 5)), "b": random.random((4, 1))}
    small["V"] = random.random((2, 4))
    return [
        ("a step of 784–128–10, 128 at a time", STEP, step, "W1,b1,W2,b2", step_by_hand, 20),
        ("17 gates of small arrays", SMALL, small, "W,X,b,V", small_by_hand, 20),
    ]


def passes(program: str, point: Point, wrt: str) -> Gradient:
    from backprop_cli.arithmetic import FLOATS
    from backprop_cli.arithmetic.arrays import Arrays
    from backprop_cli.language.program import Program
    from backprop_cli.passes.arrays import array_trace
    from backprop_cli.passes.settings import Settings

    graph, system = Program(program).graph(point), Arrays(FLOATS)
    return lambda: array_trace(graph, point, system, Settings(wrt.split(","))).gradient


def compiled(program: str, point: Point, wrt: str) -> Gradient:
    function = load("backprop_cli").compile(program, wrt=wrt)
    return lambda: function(**point).gradient


def step_by_hand(point: Point) -> Mapping[str, Any]:
    numpy = load("numpy")
    x, w1, b1, w2, b2, y = (point[name] for name in "X W1 b1 W2 b2 y".split())
    a = x @ w1 + b1
    h = numpy.maximum(a, 0)
    scores = h @ w2 + b2
    less = scores - scores.max(axis=1, keepdims=True)
    powers = numpy.exp(less)
    sums = powers.sum(axis=1, keepdims=True)
    rows, labels = numpy.arange(len(y)), y.astype(int)
    _loss = -(less - numpy.log(sums))[rows, labels].mean()
    back = powers / sums
    back[rows, labels] -= 1
    back /= len(y)
    below = (back @ w2.T) * (a > 0)
    return {"W1": x.T @ below, "b1": below.sum(axis=0), "W2": h.T @ back, "b2": back.sum(axis=0)}


def small_by_hand(point: Point) -> Mapping[str, Any]:
    numpy = load("numpy")
    w, x, b, v = (point[name] for name in "W X b V".split())
    h = numpy.tanh(w @ x + b)
    z = numpy.exp(-(h * h).sum(axis=0))
    p = z / (1 + z)
    k = v @ h
    less = numpy.maximum(k, 0) - p.mean()
    n = (less * less).sum()
    d_less = 2 * less / (1 + n)
    d_k = d_less * (k > 0)
    d_s = d_less.sum() / p.size * z / (1 + z) ** 2
    d_h = v.T @ d_k + 2 * h * d_s
    d_d = d_h * (1 - h * h)
    return {"W": d_d @ x.T, "X": w.T @ d_d, "b": d_d.sum(axis=1, keepdims=True), "V": d_k @ h.T}


def others(name: str, point: Point) -> Gradient | None:
    """The step as torch and JAX take it; None where they are not installed."""
    if not installed(name):
        return None
    return torch_step(point) if name == "torch" else jax_step(point)


def torch_step(point: Point) -> Gradient:
    torch = load("torch")
    names = "W1 b1 W2 b2".split()
    x, y = torch.tensor(point["X"]), torch.tensor(point["y"]).long()
    weights = {name: torch.tensor(point[name], requires_grad=True) for name in names}

    def gradient() -> Mapping[str, Any]:
        h = torch.relu(x @ weights["W1"] + weights["b1"])
        loss = torch.nn.functional.cross_entropy(h @ weights["W2"] + weights["b2"], y)
        return dict(zip(names, torch.autograd.grad(loss, [weights[name] for name in names]), strict=True))

    return gradient


def jax_step(point: Point) -> Gradient:
    jax = load("jax")
    jax.config.update("jax_platforms", "cpu")
    jax.config.update("jax_enable_x64", True)
    jnp, labels = jax.numpy, point["y"].astype(int)
    names = "W1 b1 W2 b2".split()

    def loss(weights: Mapping[str, Any]) -> Any:
        h = jnp.maximum(point["X"] @ weights["W1"] + weights["b1"], 0)
        scores = jax.nn.log_softmax(h @ weights["W2"] + weights["b2"])
        return -scores[jnp.arange(len(labels)), labels].mean()

    function = jax.jit(jax.grad(loss))
    weights = {name: jnp.asarray(point[name]) for name in names}
    return lambda: jax.block_until_ready(function(weights))
