"""Where a formula that comes out as 0 is 0, and where something in it may have underflowed."""

from __future__ import annotations

from functools import cache

from .formula import Formula
from .op import Op

_AS_ITS_ARGUMENT = frozenset("neg sqrt cbrt abs sin tan asin atan sinh tanh asinh atanh expm1 log1p".split())
"""What is 0 where its argument is, and nowhere else by underflow alone."""
_NEVER_ROUNDED = frozenset("floor ceil round sign relu log log2 log10 acos normppf lgamma digamma".split())
"""What is not 0 except where it should be."""
_NEVER_SMALL = frozenset(("cos",))
"""What no double makes so small."""
_EXACT = frozenset("add sub total max min mod fmod where gt lt ge le eq ne and or not".split())
"""What is exact where it is small, if its arguments are."""
_NO_ZEROS = frozenset("pi nan count every others".split())
_ALWAYS, _NOT_KNOWN = Formula("eq", 0, 0), Formula("eq", 0, 1)


@cache
def zero(op: Op, slot: int | None) -> Formula:
    """The condition under which what doubles compute as 0 is 0 indeed, as far as its form tells.

    slot: of the input whose local gradient it is; None for the value
    """
    return _zero(op.value if slot is None else op.partial(slot), op.value)


@cache
def loses(op: Op) -> bool:
    """Whether the value of a primitive may have lost digits because it is so small."""
    return not (op.selects or op.truth) and _loses(op.value)


def _loses(formula: Formula) -> bool:
    head, args = formula.head, formula.args
    if head in ("careful", "convention", "doubles", "ours", "own"):  # of two forms, that which doubles compute
        return _loses(args[1])
    if head in _NEVER_ROUNDED or head in _NEVER_SMALL or not args:
        return False
    return head not in _EXACT | _AS_ITS_ARGUMENT or any(map(_loses, args))


def _zero(formula: Formula, value: Formula) -> Formula:
    """The same of a formula of a row. value: that of the row, which `out` is short for."""
    head, args = formula.head, formula.args
    if formula.is_number:
        return _ALWAYS if float(head) == 0 else _NOT_KNOWN
    if head in _NEVER_SMALL:
        return _ALWAYS
    if head == "out":
        return _zero(value, value)
    if not args:
        return _NOT_KNOWN if head in _NO_ZEROS else Formula("eq", formula, 0)
    if head in ("mul", "careful"):  # a product, or two forms that are equal: either tells
        return _either(_zero(args[0], value), _zero(args[1], value))
    if head in ("doubles", "ours", "own", "smooth", "cancels", "precisely", "div", "pow") or head in _AS_ITS_ARGUMENT:
        return _zero(args[0], value)
    if head == "convention":
        return _zero(args[1], value)
    if head == "where":
        yes, no = _zero(args[1], value), _zero(args[2], value)
        return yes if yes is no else Formula("where", args[0], yes, no)
    is_plain = not any(arg.args or arg.head == "out" for arg in args)
    is_exact = head in _NEVER_ROUNDED or (head in ("add", "sub") and is_plain)
    return Formula("eq", formula, 0) if is_exact else _NOT_KNOWN


def _either(one: Formula, other: Formula) -> Formula:
    if _ALWAYS in (one, other):
        return _ALWAYS
    if one is _NOT_KNOWN or repr(one) == repr(other):
        return other
    return one if other is _NOT_KNOWN else Formula("or", one, other)
