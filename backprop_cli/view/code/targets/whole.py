"""NumPy, PyTorch and JAX for programs of arrays: the same languages, with words for arrays as wholes."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import count

from ....rules.printer import ATOM, CHOICE, PRODUCT, SIGNED, Form, template
from .base import Target, words
from .jax import JAX
from .numpy import NUMPY
from .torch import TORCH


def _whole(library: str, linalg: str, **others: str | Form) -> dict[str, str | Form]:
    """Words for operations on arrays as wholes, which the libraries call alike."""
    named: dict[str, str | Form] = {
        f"{name}_over": f"{library}.{name}({{args}})" for name in "sum mean max min".split()
    }
    found: dict[str, str | Form] = {
        "matmul": template("{0} @ {1}", PRODUCT, PRODUCT, SIGNED),
        **dict.fromkeys(("T", "transposed"), template("{0}.T", ATOM, ATOM)),
        "index": template("{0}[{1}]", ATOM, ATOM, CHOICE),
        "outer": f"{library}.outer",
        **named,
        "norm_over": "norm",
        "prod_over": "prod",
        "logsumexp_over": "logsumexp",
        "softmax": "softmax",
        "log_softmax": "log_softmax",
        "trace": f"{library}.trace",
        "eye": f"{library}.eye(*{{0}}.shape)",
        **{name: f"{linalg}.{name}" for name in "inv det solve".split()},
        "logdet": f"{linalg}.slogdet({{0}})[1]",
        "reshape": template("{0}.reshape{1}", ATOM, ATOM, CHOICE),
        "shaped_as": template("{0}.reshape({1}.shape)", ATOM, ATOM, CHOICE),
        "stack": f"{library}.stack([{{args}}])",
        "concat": Form(lambda args: f"{library}.concatenate([{', '.join(args[1:])}], {args[0]})", ATOM, (CHOICE,)),
        "array_of": f"{library}.array({{0}})",
        "like_entries": template(f"{{0}} * {library}.ones_like({{1}})", PRODUCT, PRODUCT, CHOICE),
        "kept": f"{library}.expand_dims({{0}}, {{1}})",
        "size": template("{0}.size", ATOM, ATOM),
        "length_of": template("{0}.shape[{1}]", ATOM, ATOM, CHOICE),
        "selected_both": "({0} == {1})",
        **words("part placed picks others_over selected_split selected_first"),
        **words("matmul_dx matmul_dy solve_dx solve_dy above unscored"),
        **others,
    }
    return {name: _form(text) if isinstance(text, str) else text for name, text in found.items()}


def _form(text: str) -> Form:
    """A call. Its arguments need no more than to be whole: they stay Python's numbers where they are some."""
    return template(text if "{" in text else f"{text}({{args}})", ATOM, CHOICE)


def _flipped(text: str) -> Form:
    """A form over slices, which torch has in forward direction only: others count from the end of a flipped axis."""

    def write(args: list[str]) -> str:
        axes: list[str] = []
        number = count()

        def forward(found: re.Match[str]) -> str:
            axis, parts = next(number), re.split(":|, ", found[1] or found[0])
            if len(parts) < 3 or parts[2][:1] != "-":
                return found[0]
            axes.append(str(axis))
            start, stop = (each if each in ("", "None") else str(-int(each) - 1) for each in parts[:2])
            step = parts[2][1:]
            return f"slice({start}, {stop}, {step})" if found[1] else f"{start}:{stop}:{step}".removesuffix(":1")

        places = _ITEMS.sub(forward, args[-1])
        return text.format(*args[:-1], places, flip=f".flip({', '.join(axes)})" if axes else "")

    return Form(write, ATOM, (ATOM, CHOICE))


_ITEMS = re.compile(r"slice\(([^)]*)\)|[-\d:]+")


def _helpers(library: str, linalg: str, whole: str, place: str) -> dict[str, str]:
    """Functions that programs of arrays bring along. whole: labels as whole numbers; place: how entries are set."""
    ldexp = "ldexp" if library == "torch" else f"{library}.ldexp"
    rows = f"x.reshape(-1) if axis is None else {library}.moveaxis(x, axis, -1)"
    over, found = (
        "axes = tuple(range(x.ndim)) if axis is None else (axis,)",
        """shape = [n for i, n in enumerate(x.shape) if i not in [axis % x.ndim for axis in axes]]
    return sums if keepdims else sums.reshape(shape)""",
    )
    return {
        "logsumexp": f'''\
def logsumexp(x, axis=None, keepdims=False):
    """log(sum(exp(x))), which never overflows."""
    {over}
    largest = {library}.amax(x, axis=axes, keepdims=True)
    sums = largest + log_of_powers(x - largest, axes)
    {found}
''',
        "log_of_powers": f'''\
def log_of_powers(less, axis):
    """log(sum(exp(less))), where the largest is 0: what the others have tells beside 1."""
    tops = less == 0
    powers = {library}.where(tops, 0.0, {library}.exp(less))
    more = {library}.sum(tops, axis=axis, keepdims=True) - 1.0
    return {library}.log1p({library}.sum(powers, axis=axis, keepdims=True) + more)
''',
        "norm": f'''\
def norm(x, axis=None, keepdims=False):
    """The root of the sum of squares, none of which overflows."""
    {over}
    largest = {library}.amax({library}.abs(x), axis=axes, keepdims=True)
    scale = {library}.where((largest > 0) & (largest < float("inf")), largest, 1.0)
    sums = scale * {library}.sqrt({library}.sum((x / scale) ** 2, axis=axes, keepdims=True))
    {found}
''',
        "softmax": f"""\
def softmax(x, axis=-1):
    powers = {library}.exp(x - {library}.amax(x, axis=axis, keepdims=True))
    return powers / {library}.sum(powers, axis=axis, keepdims=True)
""",
        "log_softmax": f"""\
def log_softmax(x, axis=-1):
    less = x - {library}.amax(x, axis=axis, keepdims=True)
    return less - log_of_powers(less, axis)
""",
        "above": f'''\
def above(upstream, out, axis):
    """upstream - sum(upstream * out), which does not cancel where one entry of out is nearly 1."""
    above_most = upstream - {library}.sum({library}.where(out > 0.5, upstream, 0.0), axis=axis, keepdims=True)
    return above_most - {library}.sum(above_most * out, axis=axis, keepdims=True)
''',
        "unscored": f'''\
def unscored(upstream, out, axis):
    """upstream - exp(out) * sum(upstream), which does not cancel where one exp(out) is nearly 1."""
    portions = {library}.exp(out)
    is_most = portions > 0.5
    most = {library}.sum({library}.where(is_most, upstream, 0.0), axis=axis, keepdims=True)
    others = {library}.sum({library}.where(is_most, 0.0, upstream), axis=axis, keepdims=True)
    rest = {library}.where(is_most, -{library}.expm1(out), 1.0) * upstream
    return rest - portions * {library}.where(is_most, others, others + most)
''',
        "picks": f'''\
def picks(scores, labels):
    """Where the labels are among the scores."""
    labels = {whole}
    return ({library}.arange(len(labels)), labels) if scores.ndim == 2 else labels
''',
        "placed": f'''\
def placed(upstream, x, places):
    """Zeros in the shape of x, and upstream at these places."""
    found = {library}.zeros_like(x)
    {place}
''',
        "part": '''\
def part(upstream, slot, axis, *parts):
    """What belongs to one of the arrays that were joined."""
    places = [slice(None)] * upstream.ndim
    first = sum(each.shape[axis] for each in parts[:slot])
    places[axis] = slice(first, first + parts[slot].shape[axis])
    return upstream[tuple(places)]
''',
        "products": f'''\
def products(x):
    """For each entry along the last axis the product of all up to it, as mantissas and exponents."""
    mantissa, exponent = {library}.frexp(x)
    step = 1
    while step < x.shape[-1]:
        part, shift = {library}.frexp(mantissa[..., step:] * mantissa[..., :-step])
        power = exponent[..., step:] + exponent[..., :-step] + shift
        mantissa = {library}.concatenate([mantissa[..., :step], part], axis=-1)
        exponent = {library}.concatenate([exponent[..., :step], power], axis=-1)
        step *= 2
    return mantissa, exponent
''',
        "prod": f'''\
def prod(x, axis=None, keepdims=False):
    """The product, in which nothing overflows on the way."""
    mantissa, exponent = products({rows})
    found = {ldexp}(mantissa[..., -1:], exponent[..., -1:])
    found = found.reshape((1,) * x.ndim) if axis is None else {library}.moveaxis(found, -1, axis)
    return found if keepdims else found.reshape(()) if axis is None else found.squeeze(axis)
''',
        "others_over": f'''\
def others_over(x, axis):
    """For each entry the product of the others, by products from either end, so that no zero divides."""
    rows = {rows}
    ones = {library}.ones_like(rows[..., :1])
    first, powers = products({library}.concatenate([ones, rows[..., :-1]], axis=-1))
    behind = products({library}.flip({library}.concatenate([rows[..., 1:], ones], axis=-1), (-1,)))
    last, others = ({library}.flip(each, (-1,)) for each in behind)
    found = {ldexp}(first * last, powers + others)
    return found.reshape(x.shape) if axis is None else {library}.moveaxis(found, -1, axis)
''',
        "selected_split": '''\
def selected_split(x, out, axis):
    """Equal shares for the entries that are the output."""
    mask = 1.0 * (x == out)
    return mask / (mask.sum() if axis is None else mask.sum(axis=axis, keepdims=True))
''',
        "selected_first": '''\
def selected_first(x, out, axis):
    """All for the first entry that is the output."""
    mask = 1.0 * (x == out)
    flat = mask.reshape(-1) if axis is None else mask
    return (flat * (flat.cumsum(0 if axis is None else axis) == 1)).reshape(x.shape)
''',
        "matmul_dx": f'''\
def matmul_dx(upstream, x, y):
    """What flows back to x in x @ y."""
    if y.ndim == 1:
        return upstream * y if x.ndim == 1 else {library}.outer(upstream, y)
    return upstream @ y.T
''',
        "matmul_dy": f'''\
def matmul_dy(upstream, x, y):
    """What flows back to y in x @ y."""
    if x.ndim == 1:
        return upstream * x if y.ndim == 1 else {library}.outer(x, upstream)
    return x.T @ upstream
''',
        "solve_dx": f'''\
def solve_dx(upstream, x, y, out):
    """What flows back to x in solve(x, y)."""
    back = {linalg}.solve(x.T, upstream)
    return -{library}.outer(back, out) if out.ndim == 1 else -(back @ out.T)
''',
        "solve_dy": f'''\
def solve_dy(upstream, x, y, out):
    """What flows back to y in solve(x, y)."""
    return {linalg}.solve(x.T, upstream)
''',
    }


def _softmax_in_torch(args: list[str]) -> str:
    x, axis = args
    return (
        f"torch.softmax({x}.flatten(), 0).reshape({x}.shape)" if axis == "axis=None" else f"torch.softmax({x}, {axis})"
    )


_SET = "found[places] = upstream\n    return found"
_TORCH_WHOLE: dict[str, str | Form] = {
    "index": _flipped("{0}{flip}[{1}]"),
    "placed": _flipped("placed({0}, {1}, {2}){flip}"),
    "transposed": "transposed",
    "max_over": "torch.amax",
    "min_over": "torch.amin",
    "softmax": Form(_softmax_in_torch),
    "array_of": "torch.tensor({0})",
    "stack": "torch.stack([torch.as_tensor(each, dtype=torch.float64) for each in ({args},)])",
    "kept": template("{0}.unsqueeze({1})", ATOM, ATOM, CHOICE),
    "size": template("{0}.numel()", ATOM, ATOM),
}


_TRANSPOSED = '''\
def transposed(x):
    """The axes in reverse order."""
    return x.permute(*reversed(range(x.ndim)))
'''


def _of_arrays(target: Target, library: str, linalg: str, whole: str, place: str, **others: str | Form) -> Target:
    return replace(
        target,
        words={**target.words, **_whole(library, linalg, **others)},
        helpers={**target.helpers, **_helpers(library, linalg, whole, place)},
        print_value='print("{0} =", {1}.tolist())',
    )


OF_ARRAYS = {
    "numpy": _of_arrays(NUMPY, "np", "np.linalg", "np.asarray(labels).astype(int)", _SET),
    "torch": _of_arrays(
        replace(TORCH, helpers={**TORCH.helpers, "transposed": _TRANSPOSED}),
        "torch",
        "torch.linalg",
        "labels.long()",
        _SET,
        **_TORCH_WHOLE,
    ),
    "jax": _of_arrays(
        JAX,
        "jnp",
        "jnp.linalg",
        "jnp.asarray(labels).astype(int)",
        "return found.at[places].set(upstream)",
        softmax="jax.nn.softmax",
    ),
}
"""The languages that write programs of arrays, by name."""
