"""NumPy, PyTorch and JAX for programs of arrays: the same languages, with words for arrays as wholes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import count

from ....rules.printer import ATOM, CHOICE, PRODUCT, SIGNED, Form, template
from .base import Target, helpers, words
from .jax import JAX
from .numpy import NUMPY
from .torch import TORCH


def _words(library: str, others: Mapping[str, str | Form]) -> dict[str, str | Form]:
    """Words for operations on arrays as wholes, which the libraries call alike."""
    named: dict[str, str | Form] = {f"{name}_over": f"{library}.{name}({{args}})" for name in "sum max min".split()}
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
        **{name: f"{library}.linalg.{name}" for name in "inv det solve".split()},
        "logdet": f"{library}.linalg.slogdet({{0}})[1]",
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
        **words("part placed picks mean_over others_over cofactors selected_split selected_first"),
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


def _softmax_in_torch(args: list[str]) -> str:
    x, axis = args
    return (
        f"torch.softmax({x}.flatten(), 0).reshape({x}.shape)" if axis == "axis=None" else f"torch.softmax({x}, {axis})"
    )


_IN_TORCH: dict[str, str | Form] = {
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


def _of_arrays(target: Target, library: str, spelled: Mapping[str, str], **others: str | Form) -> Target:
    """The language with words and helpers for wholes.

    target: the language, element by element
    library: what its module goes by
    spelled: what it spells otherwise in the helpers
    others: words that it does not write as the others do
    """
    return replace(
        target,
        words={**target.words, **_words(library, others)},
        helpers={**target.helpers, **helpers("helpers_whole.txt", {**spelled, "xp.": f"{library}."})},
        print_value='print("{0} =", {1}.tolist())',
    )


_TRANSPOSED = {"transposed": helpers("helpers_torch.txt")["transposed"]}
_WHOLE_NUMBERS = {
    "as_whole(labels)": "xp.asarray(labels).astype(int)",
    "stable(rows)": 'xp.argsort(rows, axis=-1, kind="stable")',
    "stable(order)": "xp.argsort(order, axis=-1)",
}
_QUIET = {
    "    found = xp.mean(x, **axes)\n": '    with np.errstate(over="ignore"):\n        found = xp.mean(x, **axes)\n',
}
_NO_IF = {"    if xp.isfinite(found).all():\n        return found\n": ""}  # inside jit
_SET = {"found[places] = upstream\n    return found": "return found.at[places].set(upstream)"}
OF_ARRAYS = {
    "numpy": _of_arrays(NUMPY, "np", _WHOLE_NUMBERS | _QUIET),
    "torch": _of_arrays(
        replace(TORCH, helpers={**TORCH.helpers, **_TRANSPOSED}),
        "torch",
        {
            "as_whole(labels)": "labels.long()",
            "xp.ldexp": "ldexp",
            "stable(rows)": "torch.argsort(rows, dim=-1, stable=True)",
            "stable(order)": "torch.argsort(order, dim=-1)",
            "xp.take_along_axis": "torch.take_along_dim",
            "x.size)": "x.numel())",
        },
        **_IN_TORCH,
    ),
    "jax": _of_arrays(
        JAX,
        "jnp",
        _WHOLE_NUMBERS | {"stable(rows)": "xp.argsort(rows, axis=-1)"} | _SET | _NO_IF,
        softmax="jax.nn.softmax",
    ),
}
"""The languages that write programs of arrays, by name."""
