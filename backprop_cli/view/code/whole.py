"""Operations on arrays as wholes, in words that languages of arrays have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...rules.array_op import ArrayOp, sliced
from ...rules.formula import Formula, substitute, tidy

_REDUCTIONS = frozenset("sum mean prod max min norm logsumexp".split())
_KEPT = frozenset(("softmax", "log_softmax"))


def value(op: ArrayOp, inputs: Sequence[Formula], axes: Sequence[int] | None) -> Formula:
    """What the operation computes, over what stands for its inputs.

    axes: how many of them each input has, where values tell
    """
    settings = op.settings
    if op.name == "transpose":
        return _transposed(inputs[0], axes)
    if op.name in _REDUCTIONS:
        return Formula(f"{op.name}_over", inputs[0], *_over(settings))
    if op.name in _KEPT:
        return Formula(op.name, inputs[0], Formula(f"axis={settings.get('axis', -1)}"))
    if op.name == "index":
        return Formula("index", inputs[0], Formula(", ".join(map(sliced, settings["items"]))))
    if op.name == "reshape":
        return Formula("reshape", inputs[0], Formula(str(tuple(settings["lengths"]))))
    if op.name == "array":
        return Formula("stack", *inputs)
    if op.name == "concat":
        return Formula("concat", Formula(f"axis={settings.get('axis', 0)}"), *inputs)
    if op.name == "pick":
        return Formula("index", inputs[0], _picks(inputs))
    if op.name == "dot":
        return inputs[0] @ inputs[1]
    return Formula(op.name, *inputs)


def pulled(
    op: ArrayOp,
    slot: int,
    inputs: Sequence[Formula],
    out: Formula,
    upstream: Formula,
    *,
    ties: str,
    axes: Sequence[int] | None,
    once: Formula | None,
) -> Formula:
    """What flows back to an input, over what stands for the inputs, the output and what has come back to it.

    ties: as in `backpropagate`
    axes: as for `value`; the row is then the one for these
    once: where entries that are the same one count once, if that is to be told
    """
    if op.name == "transpose":
        return _transposed(upstream, axes)
    if axes is None and op.name in ("matmul", "dot", "solve"):
        name = "solve" if op.name == "solve" else "matmul"
        return Formula(f"{name}_d{'xy'[slot]}", upstream, *inputs, *([out] if name == "solve" else []))
    partial, x = op.partial(slot), inputs[0]
    while partial.head == "careful":
        partial = partial.args[1 if "softmax" in op.name or op.name in ("logsumexp", "det") else 0]
    if op.name == "array":
        return Formula("index", upstream, Formula(str(slot)))
    if op.name == "concat":
        return Formula("part", upstream, Formula(str(slot)), Formula(str(op.settings.get("axis", 0))), *inputs)
    if op.name == "index":
        items = ", ".join(map(_sliced, op.settings["items"]))
        return Formula("placed", upstream, x, Formula(f"({items}{',' * (len(op.settings['items']) == 1)})"))
    if op.name == "pick":
        return (
            Formula("placed", upstream, x, _picks(inputs)) if slot == 0 else Formula("mul", Formula("0.0"), inputs[1])
        )
    words: dict[str, Formula] = {"x": x, "y": inputs[-1], "out": out, "upstream": upstream}
    if op.selects:
        axis = [Formula(str(op.settings.get("axis")))] if ties != "both" else []
        among = x if once is None else Formula("where", once, x, Formula("nan"))
        mask = Formula(f"selected_{ties}", among, _spread(op, out, x), *axis)
        return _spread(op, upstream, x) * mask
    if partial.head == "portions":
        partial = Formula("softmax", Formula("x"), Formula(f"axis={op.settings.get('axis')}"))
    found = _opened(op, substitute(partial, words))
    return tidy(found if op.pulls_back(slot) else _spread(op, upstream, x) * found)


def _transposed(x: Formula, axes: Sequence[int] | None) -> Formula:
    """With its axes in reverse order; that of a matrix is a word of its own, since PyTorch has no other."""
    return Formula("T" if axes == (2,) else "transposed", x)


def _opened(op: ArrayOp, formula: Formula) -> Formula:
    """A rule whose words know the axes of the operation."""
    args = [_opened(op, arg) for arg in formula.args]
    axis = op.settings.get("axis")
    match formula.head:
        case "spread":
            return _spread(op, args[0], args[1])
        case "count":
            return Formula("size", args[0]) if axis is None else Formula("length_of", args[0], Formula(str(axis)))
        case "rowsum":
            return Formula(
                "sum_over", args[0], Formula(f"axis={-1 if axis is None else axis}"), Formula("keepdims=True")
            )
        case "above" | "unscored":
            return Formula(formula.head, *args, Formula(f"axis={-1 if axis is None else axis}"))
        case "rest":
            return Formula("others_over", args[0], Formula(str(axis)))
        case "shaped":
            return Formula("shaped_as", *args)
    return Formula(formula.head, *args) if args else formula


def _spread(op: ArrayOp, reduced: Formula, x: Formula) -> Formula:
    """A reduction for each entry of x."""
    axis = op.settings.get("axis")
    kept = reduced if axis is None or op.settings.get("keepdims") else Formula("kept", reduced, Formula(str(axis)))
    return Formula("like_entries", kept, x)


def _over(settings: Mapping[str, Any]) -> list[Formula]:
    """The axis, and whether it stays. PyTorch takes the second beside the first alone."""
    if settings.get("keepdims"):
        settings = {"axis": None, **settings}
    return [Formula(f"{name}={each}") for name, each in settings.items() if name in ("axis", "keepdims")]


def _picks(inputs: Sequence[Formula]) -> Formula:
    return Formula("picks", *inputs)


def _sliced(item: int | tuple[int | None, int | None, int | None]) -> str:
    return f"slice{item}" if isinstance(item, tuple) else str(item)
