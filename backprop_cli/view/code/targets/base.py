"""What a language is to `backprop code`: a Target, which is data, and how a formula is written in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from importlib.resources import files
from types import MappingProxyType

from ....rules.formula import Formula
from ....rules.printer import (
    ATOM,
    BOTH,
    CHOICE,
    COMPARED,
    EITHER,
    LOOSE,
    OPPOSITE,
    POWER,
    SUM,
    TIGHT,
    Form,
    Printer,
    function,
    template,
)

SIGNS = {"add": " + ", "sub": " - ", "mul": " * ", "div": " / ", "neg": "-"}
COMPARISONS = {"lt": " < ", "le": " <= ", "gt": " > ", "ge": " >= "}
OPERATORS = {*SIGNS, "pow"}

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

    words: how a word of the rules is written: the name of a function, a text over its arguments, or a Form
    power: x**n for a whole number n, and for others
    constants: pi and e, no number, and what is true or false
    print_value: show a value, with its title
    open_function, close_function, after_function: the lines around a program with parameters
    local_function, local_body: a function for a local gradient with cases
    reserved: names that are taken, and reserved_pattern: what such names look like
    helpers: functions and constants that the program brings along where it uses them, by name
    imports: lines at the top, each behind the text that needs it
    whole_orders: words whose first argument has to be a whole number
    many: words for more than two arguments, over {args} and {count}
    number: how a literal is written, and wrap: how it is as an argument
    equal, both, either, opposite, where, mask, different: conditions, a choice, and one between 1 and 0
    both_sides: a line at the top where a choice computes both of its sides
    assign, assign_first, add, update: a statement, one that others add to, such an addition, and one that replaces it
    zero: a chained gradient of 0, over the upstream
    seed: the upstream of the output, empty where it goes without saying
    input: a given value, and convert: the first statement on a parameter
    ascii_names: whether names are spelt in ASCII
    count: a mask as a number that adds up
    parts: the statement that computes all local gradients of a gate: the name of their list, the inputs, how many there
        are, and the helper
    like: a gradient in the shape of its variable, over both, where arrays may be repeated to fit others
    """

    name: str
    words: Mapping[str, str | Form]
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
    whole_orders: frozenset[str] = frozenset()
    many: Mapping[str, str] = field(default_factory=dict)
    number: Callable[[str], str] = as_written
    wrap: str = "{}"
    comment: str = "#"
    equal: str = "{0} == {1}"
    both: str = "{0} and {1}"
    either: str = "{0} or {1}"
    opposite: str = "not {0}"
    both_sides: str = ""
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
    parts: str = "{0} = {3}([{1}])"
    like: str = ""


def of_first_order(name: str, text: str, first: str = "1") -> Form:
    """A derivative by its order and more, of which there is the first alone, as a text over what is more.

    text: the form of the derivative, with its places
    first: how the first order is written
    """

    def write(args: list[str]) -> str:
        written, *more = args
        order = written.rpartition("(")[2].removesuffix(")").removesuffix(".0")  # torch.tensor(1.0)
        if order != first:
            raise UnknownWordError(f"{name} of order {order}")
        return text.format(*more)

    return Form(write)


class UnknownWordError(LookupError):
    """A rule uses a word that the target does not have."""


def printer(target: Target) -> Printer:
    """How formulas are written in a target. Raises UnknownWordError from a word that it does not have."""

    def leaf(formula: Formula) -> tuple[str, int]:
        if formula.is_number:
            return target.number(formula.head), TIGHT if formula.head.startswith("-") else ATOM
        return target.constants.get(formula.head, formula.head), ATOM

    def call(head: str) -> Form:
        if not head.endswith("()"):
            raise UnknownWordError(head)
        return function(head)

    def alone(formula: Formula, text: str) -> str:
        opening = target.wrap.partition("{}")[0]
        if not opening or text.startswith(opening) or not _is_plain(formula, target.constants):
            return text
        return target.wrap.format(f"{text}.0" if text.lstrip("-").isdigit() else text)

    def word(head: str, text: str | Form) -> Form:
        if isinstance(text, Form):
            return text
        form = template(text) if "{" in text else function(text)
        return form._replace(needs=(LOOSE, LOOSE), more=template(target.many[head])) if head in target.many else form

    whole, power = (_operator(text, POWER, ATOM, TIGHT) for text in target.power)
    forms = {
        **{head: word(head, text) for head, text in target.words.items()},
        "eq": template(target.equal, COMPARED, SUM),
        "ne": template(target.different, COMPARED, SUM),
        "and": _operator(target.both, BOTH, BOTH),
        "or": _operator(target.either, EITHER, EITHER),
        "not": _operator(target.opposite, OPPOSITE, OPPOSITE),
        "where": _choice(target.where),
        "mask": template(target.mask),
        "whole": whole,
        "pow": power,
    }
    return Printer({**SIGNS, **COMPARISONS}, leaf, forms, needs={"neg": (ATOM,)}, call=call, alone=alone)


def _choice(text: str) -> Form:
    """A choice between two, whose condition comes first: what is not the last to be read stands in brackets."""
    return template(text) if text.endswith(")") else template(text, CHOICE, EITHER, EITHER, CHOICE)


def _operator(text: str, binds: int, *needs: int) -> Form:
    """A form that binds so tightly, unless it is a call."""
    return template(text) if text.endswith(")") else template(text, binds, *needs)


def _is_plain(formula: Formula, constants: Collection[str]) -> bool:
    """Whether a formula is made of numbers and operators alone."""
    return formula.heads <= OPERATORS and all(Formula(word).is_number or word in constants for word in formula.words)


def listed(opening: str, items: Iterable[str], closing: str, *, last: str = ",") -> list[str]:
    """`opening item, item closing` on one line, or a line each where that is too long.

    items: what stands between, with commas;
    opening, closing: what stands around the items;
    last: what follows the last item on lines of their own.
    """
    items = list(items)
    line = f"{opening}{', '.join(items)}{closing}"
    if len(line) <= _LONGEST:
        return [line]
    lines = [f"    {item}," for item in items]
    return [opening.rstrip(), *lines[:-1], lines[-1][:-1] + last, closing.strip()]


_LONGEST = 100  # columns of a line
_APART = re.compile(r"\n{2,}(?=\S)")
_DEFINED = re.compile(r"^(?!//).*?(\w+)(?:\(| = )", re.MULTILINE)


def helpers(name: str, spelled: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """The functions and constants in a file beside this one, by name. Blank lines part them, and the title above.

    spelled: words of the file that this language spells otherwise, and how, in the order in which they are replaced
    """
    text = files(__package__).joinpath(name).read_text("utf-8").rstrip("\n")
    _, *parts = _APART.split(respelled(text, spelled))
    return {found[1]: f"{part}\n" for part in parts if (found := _DEFINED.search(part))}


def respelled(text: str, spelled: Mapping[str, str]) -> str:
    """The text with other words for some, one replaced after the other."""
    return reduce(lambda text, word: text.replace(word, spelled[word]), spelled, text)


def words(names: str) -> dict[str, str]:
    """`sin cos log=ln`: words, each with how it is written where that is another."""
    return {(pair := each.partition("="))[0]: pair[2] or pair[0] for each in names.split()}


def prefixed(prefix: str, names: str) -> dict[str, str]:
    """The same, as names in a module."""
    return {word: f"{prefix}{written}" for word, written in words(names).items()}
