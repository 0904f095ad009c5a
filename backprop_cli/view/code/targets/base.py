"""What a language is to `backprop code`: a Target, which is data, and how a formula is written in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ....rules.formula import Formula

_BINDING = {"where": 0, "eq": 1, "gt": 1, "add": 2, "sub": 2, "mul": 3, "div": 3, "neg": 4, "pow": 5}
_ATOM = 6
_WORD = re.compile(r"\w+")
_SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "gt": ">"}

Cases = Sequence[tuple[str, str]]
"""Conditions, and what is the value where they hold."""
Pairs = Sequence[tuple[str, str]]
"""The name of each variable that has a gradient, as the user writes it, and the name of that gradient in the code."""


def as_written(number: str) -> str:
    """A number's text, for a language in which `2` serves as well as `2.0`."""
    return number


@dataclass(frozen=True)
class Target:
    """A language. Texts with `{}` are filled in by `str.format`.

    words: how a word of the rules is written: the name of a function, or a text over its arguments; many: the same for
    more than two arguments, over {args} and {count}; power: x**n for a whole number n, and for others; number: how a
    literal is written, and wrap: how it is as an argument; constants: pi and e; helpers: functions that the program
    brings along where it uses them; imports: lines at the top, each behind the text that needs it; equal … mask:
    conditions, a choice, and one between 1 and 0; count: such a mask as a number that adds up; assign, assign_first,
    add: a statement, one that others add to, and such an addition; zero: a chained gradient of 0, over the upstream;
    seed: the upstream of the output, empty where it goes without saying; input: a given value; convert: the first
    statement on a parameter; open_function, close_function, after_function: the lines around a program with
    parameters; local_function, local_body: a function for a local gradient with cases; ascii_names: whether names are
    spelt in ASCII.
    """

    name: str
    words: Mapping[str, str]
    power: tuple[str, str]
    constants: Mapping[str, str]
    print_value: str
    open_function: Callable[[str, Sequence[str], Pairs], list[str]]
    close_function: Callable[[str, Pairs], list[str]]
    local_function: Callable[[str, Sequence[str], list[str], str], list[str]]
    local_body: Callable[[Cases, str], list[str]]
    reserved: frozenset[str]
    helpers: Mapping[str, str] = field(default_factory=dict)
    imports: Sequence[tuple[str, str]] = ()
    setup: str = ""
    many: Mapping[str, str] = field(default_factory=dict)
    number: Callable[[str], str] = as_written
    wrap: str = "{}"
    comment: str = "#"
    equal: str = "{0} == {1}"
    both: str = "{0} and {1}"
    where: str = "{1} if {0} else {2}"
    mask: str = "(1.0 if {0} else 0.0)"
    different: str = "{0} != {1}"
    assign: str = "{0} = {1}"
    assign_first: str = "{0} = {1}"
    add: str = "{0} += {1}"
    update: str = "{0} = {1}"
    zero: str = "0.0"
    seed: str = ""
    input: str = "{0} = {1}"
    convert: str = ""
    open_script: Sequence[str] = ()
    close_script: Sequence[str] = ()
    after_function: Callable[[str, Sequence[str], Pairs], list[str]] | None = None
    indent: str = "    "
    reserved_pattern: str = ""
    ascii_names: bool = False
    count: str = "{0}"


class UnknownWordError(LookupError):
    """A rule uses a word that the target does not have."""


class Writer:
    """Formulas as text in a target. own: functions that the program defines; `used` collects the names of functions
    and constants that were written.
    """

    def __init__(self, target: Target, own: Collection[str] = ()) -> None:
        self.own = own
        self.target = target
        self.used: set[str] = set()

    def write(self, formula: Formula) -> str:
        """The formula, for where any expression may stand. Rule formulas are small, so recursion is safe here."""
        return self._text(formula)[0]

    def _text(self, formula: Formula) -> tuple[str, int]:
        head, args, target = formula.head, formula.args, self.target
        if not args:
            if not formula.is_number:
                return head, _ATOM
            return target.number(head), _BINDING["neg"] if head.startswith("-") else _ATOM
        if head == "constant":
            self.used.add(args[0].head)
            return target.constants[args[0].head], _ATOM
        if head == "where":
            return self._choice(*args)
        if head == "pow":
            return self._power(*args)
        if head == "neg":
            return f"-{self._within(args[0], _ATOM)}", _BINDING[head]
        if head == "eq":
            return target.equal.format(*(self._within(arg, _BINDING["add"]) for arg in args)), _BINDING[head]
        if head == "both":
            binding = _BINDING["add" if target.both == "{0} & {1}" else "gt"]  # & binds before a comparison
            return target.both.format(*(self._within(arg, binding) for arg in args)), 0
        if head in _SIGNS:
            binding = _BINDING[head]
            right = self._within(args[1], binding + 1)
            return f"{self._within(args[0], binding)} {_SIGNS[head]} {right}", binding
        return self._call(head, args), _ATOM

    def _within(self, formula: Formula, binding: int) -> str:
        inner, own = self._text(formula)
        return inner if own >= binding else f"({inner})"

    def _choice(self, condition: Formula, yes: Formula, no: Formula) -> tuple[str, int]:
        shown = self.write(condition)
        if (yes.head, no.head) == ("1", "0"):
            return self.target.mask.format(shown), _ATOM
        template = self.target.where
        call = template.endswith(")")
        parts = [shown, *(self.argument(each) if call else self._within(each, 1) for each in (yes, no))]
        if not call and no.head == "where":
            parts[2] = self.write(no)  # a chain of cases reads from left to right
        return template.format(*parts), _ATOM if call else 0

    def _power(self, base: Formula, exponent: Formula) -> tuple[str, int]:
        whole, general = self.target.power
        template = whole if re.fullmatch(r"-?\d+", exponent.head) and not exponent.args else general
        if template.endswith(")"):
            return template.format(self.write(base), self.argument(exponent)), _ATOM
        bare = exponent.is_number
        power = self.write(exponent) if bare else self._within(exponent, _ATOM)
        return template.format(self._within(base, _ATOM), power), _BINDING["pow"]

    def _call(self, head: str, args: Sequence[Formula]) -> str:
        template = self.target.words.get(head, head if head in self.own else None)
        if template is None:
            raise UnknownWordError(head)
        texts = [self.argument(arg) for arg in args]
        many = len(args) > 2 and head in self.target.many
        template = self.target.many[head] if many else template
        self.used.update(_WORD.findall(template))
        if many:
            return template.format(args=", ".join(texts), count=len(texts))
        return template.format(*texts) if "{" in template else f"{template}({', '.join(texts)})"

    def argument(self, formula: Formula) -> str:
        """The formula as an argument of a function."""
        shown = self.write(formula)
        if self.target.wrap == "{}" or not _is_plain(formula):
            return shown
        return self.target.wrap.format(f"{shown}.0" if shown.lstrip("-").isdigit() else shown)


def _is_plain(formula: Formula) -> bool:
    """Whether a formula is made of numbers and operators alone."""
    if not formula.args or formula.head == "constant":
        return formula.is_number or formula.head == "constant"
    return formula.head in _BINDING and all(map(_is_plain, formula.args))


def listed(opening: str, items: Iterable[str], closing: str, *, last: str = ",", width: int = 100) -> list[str]:
    """`opening item, item closing` on one line, or a line each where that is too long. last: what follows the last."""
    items = list(items)
    line = f"{opening}{', '.join(items)}{closing}"
    if len(line) <= width:
        return [line]
    lines = [f"    {item}," for item in items]
    return [opening.rstrip(), *lines[:-1], lines[-1][:-1] + last, closing.strip()]


def words(names: str) -> dict[str, str]:
    """`sin cos log=ln`: words, each with how it is written where that is another."""
    return {(pair := each.partition("="))[0]: pair[2] or pair[0] for each in names.split()}


def prefixed(prefix: str, names: str) -> dict[str, str]:
    """The same, as names in a module."""
    return {word: f"{prefix}{written}" for word, written in words(names).items()}
