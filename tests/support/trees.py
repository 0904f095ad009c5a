"""Random expressions as trees: drawn at points away from kinks and poles, and written in every way that means them."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import mpmath
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from backprop_cli.rules.table import spellings

from . import oracle
from .rows import NUMERIC, SPECIAL

relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


class Tree(NamedTuple):
    """A gate over `parts`, or a leaf: `text` is a variable's name or a constant as written."""

    op: str
    parts: tuple[Tree, ...] = ()
    text: str = ""

    @property
    def is_variable(self) -> bool:
        return self.op == "input"


def variable(name: str) -> Tree:
    return Tree("input", text=name)


def constant(text: str) -> Tree:
    return Tree("constant", text=text)


def gate(op: str, *parts: Tree) -> Tree:
    return Tree(op, parts)


def forward(tree: Tree) -> Iterator[Tree]:
    """The nodes in forward order: each occurrence of a variable is one. (Trees here may be thousands of gates deep.)"""
    stack = [(tree, False)]
    while stack:
        node, ready = stack.pop()
        if ready or not node.parts:
            yield node
        else:
            stack.append((node, True))
            stack.extend((part, False) for part in reversed(node.parts))


def layout(tree: Tree) -> list[tuple[Tree, list[int]]]:
    """The nodes in forward order, each with the positions of its parts."""
    laid: list[tuple[Tree, list[int]]] = []
    waiting: list[int] = []
    for position, node in enumerate(forward(tree)):
        first = len(waiting) - len(node.parts)
        laid.append((node, waiting[first:]))
        waiting[first:] = [position]
    return laid


def varies(tree: Tree) -> bool:
    return any(node.is_variable for node in forward(tree))


VARIABLES = ["x", "y", "beta", "lambda", "S", "gamma", "max", "σ", "x_1", "e"]
"""Names that Python, SymPy or the table of primitives have other ideas about among them."""
CONSTANTS = ["2", "3", "0.5", ".25", "1.", "7", "1e1", "2.5E-1", "0.1", "pi", "π", "1.75"]
# -- Text: every way to write a tree that means just this tree ------------------------------------------------------

_OR, _AND, _NOT, _COMPARED, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(9)
_SIGNS: dict[str, tuple[int, list[str]]] = {
    "add": (_SUM, ["+"]),
    "sub": (_SUM, ["-", "−"]),
    "mul": (_PRODUCT, ["*", "×", "·"]),
    "div": (_PRODUCT, ["/", "÷"]),
    "mod": (_PRODUCT, [" % "]),
    "pow": (_POWER, ["**", "^"]),
    "lt": (_COMPARED, ["<"]),
    "le": (_COMPARED, ["<=", "≤"]),
    "gt": (_COMPARED, [">"]),
    "ge": (_COMPARED, [">=", "≥"]),
    "ne": (_COMPARED, ["!=", "≠"]),
    "and": (_AND, [" and ", "&&"]),
    "or": (_OR, [" or ", "||"]),
}


def written(tree: Tree, choose: random.Random) -> str:
    """Text of the tree, with parentheses, plus signs and spaces that change nothing put in at random."""
    texts: list[tuple[str, int]] = []
    for node, parts in layout(tree):
        text, level = _plain(node, [texts[part] for part in parts], choose)
        while choose.random() < 0.15:
            text, level = f"({_space(choose)}{text}{_space(choose)})", _ATOM
        if level >= _SIGN and choose.random() < 0.05:
            text, level = f"+{_space(choose)}{text}", _SIGN
        texts.append((text, level))
    return texts[-1][0]


def _plain(node: Tree, parts: list[tuple[str, int]], choose: random.Random) -> tuple[str, int]:
    """The text of a node over the texts of its parts, and how tightly its outermost operator binds."""
    if not parts:
        return node.text, _ATOM
    if node.op == "neg":
        return choose.choice("-−") + _space(choose) + _operand(parts[0], _SIGN), _SIGN
    if node.op == "not":
        return f"not {_space(choose)}{_operand(parts[0], _NOT)}", _NOT
    if node.op in _SIGNS:
        level, signs = _SIGNS[node.op]
        # sums and products group to the left; a power to the right, and its exponent may carry a sign
        levels = (_ATOM, _SIGN) if node.op == "pow" else (level + (level == _COMPARED), level + 1)
        left, right = map(_operand, parts, levels)
        return f"{left}{_space(choose)}{choose.choice(signs)}{_space(choose)}{right}", level
    name = choose.choice(_CHOICE if node.op == "where" else SPELLINGS[node.op, len(parts)])
    inputs = ",".join(_space(choose) + text + _space(choose) for text, _ in parts)
    return f"{name}{choose.choice(['', '', ' '])}({inputs})", _ATOM


def _operand(part: tuple[str, int], least: int) -> str:
    text, level = part
    return text if level >= least else f"({text})"


def _space(choose: random.Random) -> str:
    return choose.choice(["", "", "", " ", "  ", "\t", "\n"])


DRAWN = [*NUMERIC, *SPECIAL]
"""The rows that random trees are made of."""
SPELLINGS = {
    (op.name, count): [name for name, rows in spellings().items() if op in rows]
    for op in DRAWN
    for count in range(1, 5)
    if op.accepts(count)
}
_CHOICE = [name for name, rows in spellings().items() if any(op.name == "where" for op in rows)]
# -- Random trees ---------------------------------------------------------------------------------------------------

_WRAPS: list[tuple[str, ...]] = [(), ("tanh",), ("softplus",), ("softplus", "1 +")]
"""What makes an operand fit a function: as it is, within (−1, 1), positive, above 1."""


class Known(NamedTuple):
    """A tree and what it evaluates to."""

    tree: Tree
    value: oracle.Number


class Example(NamedTuple):
    tree: Tree
    point: dict[str, float]
    text: str


@st.composite
def examples(draw: st.DrawFn, last: str = "", *, choices: bool = True) -> Example:
    """1 to some 15 gates of any kind over a few shared variables, at a point away from kinks, poles and overflow.

    last: the row of the output, if its operands can be made to fit;
    choices: whether some of them are choices by conditions
    """
    names = draw(st.lists(st.sampled_from(VARIABLES), min_size=1, max_size=4, unique=True))
    sizes = st.floats(0.05, 4, allow_nan=False).flatmap(lambda size: st.sampled_from([size, -size]))
    point = {name: draw(sizes) for name in names}

    def leaf() -> Known:
        if draw(st.integers(0, 3)):
            name = draw(st.sampled_from(names))
            return Known(variable(name), mpmath.mpf(point[name]))
        text = draw(st.sampled_from(CONSTANTS))
        return Known(constant(text), oracle.evaluate(text, {}))

    def build(gates: int, name: str = "") -> Known:
        if gates == 0:
            return leaf()
        if choices and not name and draw(st.integers(0, 9)) == 7:
            first = draw(st.integers(0, gates - 1))
            second = draw(st.integers(0, gates - 1 - first))
            condition, yes, no = compared(first), build(second), build(gates - 1 - first - second)
            return Known(gate("where", condition.tree, yes.tree, no.tree), yes.value if condition.value else no.value)
        op = next(op for op in DRAWN if op.name == name) if name else draw(st.sampled_from(DRAWN))
        count = draw(st.integers(2, 3)) if op.variadic else len(op.inputs)
        parts, rest = [], gates - 1
        for slot in range(count):
            share = draw(st.integers(0, rest)) if slot < count - 1 else rest
            parts.append(build(share))
            rest -= share
        return fitted(op.name, parts)

    def compared(gates: int) -> Known:
        """A condition, on whose sides the point is not near a border."""
        if gates > 1 and draw(st.booleans()):
            word = draw(st.sampled_from(["and", "or", "not"]))
            first = compared(gates // 2)
            if word == "not":
                return Known(gate("not", first.tree), not first.value)
            second = compared(gates // 2)
            holds = first.value and second.value if word == "and" else first.value or second.value
            return Known(gate(word, first.tree, second.tree), holds)
        sides = [build(gates // 2), build(gates // 2)]
        if not varies(sides[0].tree):
            sides[0] = Known(variable(names[0]), mpmath.mpf(point[names[0]]))
        left, right = sides
        if abs(left.value - right.value) < 0.01 * (1 + abs(left.value)):
            right = wrapped(left, ("1 +",))
        sign = draw(st.sampled_from(["lt", "le", "gt", "ge", "ne"]))
        return Known(gate(sign, left.tree, right.tree), oracle.MPMATH_FUNCTIONS[sign](left.value, right.value))

    with mpmath.workdps(30):
        known = build(draw(st.integers(1, 12)), last)
        if not varies(known.tree):
            known = fitted("mul", [known, Known(variable(names[0]), mpmath.mpf(point[names[0]]))])
    tree = known.tree
    used = {node.text for node in forward(tree) if node.is_variable}
    text = written(tree, random.Random(draw(st.integers(0, 2**32))))
    return Example(tree, {name: value for name, value in point.items() if name in used}, text)


def fitted(op: str, parts: Sequence[Known]) -> Known:
    """The gate over these operands, or over what makes them fit it."""
    for wraps in itertools.product(_WRAPS, repeat=len(parts)):
        operands = [wrapped(part, wrap) for part, wrap in zip(parts, wraps, strict=True)]
        value = calm(op, [operand.value for operand in operands], [exact(operand.tree) for operand in operands])
        if value is not None:
            return Known(gate(op, *(operand.tree for operand in operands)), value)
    return wrapped(parts[0], ("tanh",))


def wrapped(known: Known, wrap: tuple[str, ...]) -> Known:
    for step in wrap:
        if step == "1 +":
            known = Known(gate("add", constant("1"), known.tree), 1 + known.value)
        else:
            known = Known(gate(step, known.tree), oracle.MPMATH_FUNCTIONS[step](known.value))
    return known


def exact(tree: Tree) -> bool:
    """Whether this is a number that a float holds as written, with or without a sign."""
    while tree.op == "neg":
        tree = tree.parts[0]
    return tree.op == "constant" and oracle.evaluate(tree.text, {}) == float(oracle.evaluate(tree.text, {}))


def calm(op: str, inputs: Sequence[oracle.Number], fixed: Sequence[bool]) -> oracle.Number | None:
    """The gate's value; None if it has none, is large, tiny or steep, or near a kink, a jump or the end of its domain.

    To see this the inputs are moved a little, but not those that are fixed: a negative base may have the exponent 2.
    """
    function = oracle.MPMATH_FUNCTIONS[op]
    value = oracle.value_of(function, inputs)
    if value is None or abs(value) > 1e4 or 0 < abs(value) < 1e-6:
        return None
    for slot, x in enumerate(inputs):
        if fixed[slot]:
            continue
        step = max(abs(x), mpmath.mpf("1e-3")) * mpmath.mpf("1e-6")
        slopes = []
        for sign in (1, -1):
            moved = oracle.value_of(function, [x + sign * step if i == slot else x for i, x in enumerate(inputs)])
            if moved is None:
                return None
            slopes.append((moved - value) / (sign * step))
        steepness = abs(slopes[0]) + abs(slopes[1])
        if steepness > 1e5 or abs(slopes[0] - slopes[1]) > 0.01 * steepness + 0.001:
            return None
    return value
