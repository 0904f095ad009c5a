"""Words that stand alone, though one expression does: which options, values or files they were meant as."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise, takewhile
from pathlib import Path

from ..arithmetic import IEEE
from ..errors import BackpropError, Source
from ..language.names import as_name
from ..passes import point
from ..runtime.files import is_file
from .cache import compile_cached
from .options import by_name
from .request import read_object
from .working import LONGEST, STARTED, line_of, working

_PAIR = re.compile(r"""[-/]{0,2}(["']?)(\w+)\1\s*(?::=|<-|==|=|:)\s*(\S.*)""").fullmatch
_PAIRS = re.compile(r"\s*[,;]\s*|\s+(?=\w+\s*=)")
"""What stands between pairs."""
_APART = re.compile("\0?(?::=|<-|==|=)(?:\0(?!--))?")
"""The sign of a pair, among words."""
_BETWEEN = ("at", "where", "with", "when", "for")
"""What people write between an expression and values."""
_EQUATION = re.compile(r"\s*\w+\s*=(?!=)").match
_BEFORE_VALUES = re.compile(rf"(?:[|@]|\b(?:{'|'.join(_BETWEEN)})\b)\s*(?=\w+\s*=(?!=))")
_DASHES = "\N{EN DASH}\N{EM DASH}\N{HORIZONTAL BAR}\N{MINUS SIGN}\N{HYPHEN}\N{NON-BREAKING HYPHEN}"


_GIVES = frozenset("--var --vars --param --params --subs --point --args --values --with -p -D -v -s".split())
"""Options of other programs behind which names and values stand."""
_OPTION = re.compile(r"\s+(?=--[^\W\d])")
_TYPED = re.compile(r"(--\w+)(?::=|[:=])\s*(?=.)")


def loosened(command: str, words: Sequence[str]) -> str:
    """The command line for `"--x 1"` in one word, `--x = 1`, `-json`, `--var x=1`; empty where nothing is so."""
    if not words or sum(map(len, words)) > LONGEST:  # there is no hint of so many characters
        return ""
    parts = [part for word in words for part in _OPTION.split(word)]
    parts = [part for word in parts for part in (word.split(None, 1) if word.startswith("--") else [word])]
    again = [_TYPED.sub(r"\1=", word, count=1) for word in _joined(parts)]
    again = [word.rstrip(",;") if word[-2:-1].isdigit() else word for word in again]
    known = by_name(command)
    again = [f"-{word}" if f"-{word}".partition("=")[0] in known and word[2:] else word for word in again]
    if again != [*words] and (hint := working(command, again)):
        return hint
    given = [re.sub(r"^-D(?=\w+=)", "", word) for word in again if word not in _GIVES or word is again[-1]]
    return (working(command, given) or repaired(command, given)) if given != [*words] else ""


def _joined(words: Iterable[str]) -> list[str]:
    """The words, where an equals sign stands apart as one word with those around it."""
    return _APART.sub(lambda sign: "=" if "\0" in sign[0] else sign[0], "\0".join(words)).split("\0")


def repaired(command: str, words: Sequence[str]) -> str:
    """The right command line for words that stand alone: `x=1`, `-x 1`, an expression with spaces."""
    line = line_of(command, words)
    if not line.positional:
        return ""
    at = [text for option, text in line.options if option.name == "--at" and not (is_file(text) or is_point(text))]
    alone = [*line.positional[:1], *at, *line.positional[1:]]
    if any(word[:1] in _DASHES for word in alone) and (hint := working(command, [_dashed(word) for word in words])):
        return f"an option begins with two minus signs: {hint}"
    rest = [option.word(text) for option, text in line.options if not (option.name == "--at" and text in at)]
    rest += [word for name, text in line.bindings.items() for word in (f"--{name}", text)]
    flags = [word for word, behind in pairwise(words) if behind in alone[1:]]
    flags = [word for word in flags if word in line.known and line.known[word].takes is None]
    if flags and flags[-1].startswith("--"):
        behind = words[list(words).index(flags[-1]) + 1]
        return f"{flags[-1]} takes no value; a variable of that name is set by --set {flags[-1][2:]}={behind}"
    if (sorted_out := as_options(alone)) and (hint := working(command, [*sorted_out, *rest])):
        return hint
    if command in STARTED and sorted_out:
        named = [(name[2:], value) for name, value in pairwise(sorted_out) if name.startswith("--")]
        starts = [value if name == "at" else f"{name}={value}" for name, value in named]
        if hint := working(command, [sorted_out[0], *["--start", ",".join(starts)] * bool(starts), *rest]):
            return hint
    for meant in (_with_file, _in_order, _for_gradients):
        if hint := meant(command, alone, rest):
            return hint
    if command == "check" and all("=" in each for each in alone[1:]):
        claims = [word for each in alone[1:] for word in ("--claim", each)]
        if hint := working(command, [alone[0], *claims, *rest]):
            return hint
    forms = by_name(command)["--format"].choices if "--format" in by_name(command) else ()
    if alone[-1] in forms and (hint := working(command, [*alone[:-1], "--format", alone[-1], *rest])):
        return hint
    is_spaced = not any((word.startswith("-") and len(word) > 1) or _is_path(word) for word in alone[1:])
    if is_spaced and (hint := working(command, [" ".join(alone), *rest])):
        return f"an expression with spaces stands in quotes: {hint}"
    if command in STARTED and is_file(alone[-1]):
        return f"--data {alone[-1]} takes its columns"
    if any(map(is_file, alone)):
        return "a shell puts names of files in place of *: an expression stands in quotes"
    return ""


def _with_file(command: str, alone: Sequence[str], rest: Sequence[str]) -> str:
    """The command line where one of the words that stand alone is a file of data; empty where it is not so."""
    files = [each for each in alone[1:] if is_file(each)]
    sorted_out = as_options([each for each in alone if each not in files])
    if len(files) != 1 or not sorted_out:
        return ""
    expression, *options = sorted_out
    if command in STARTED:
        return working(command, [expression, "--data", *files, *options, *rest])
    return working("points", [expression, *files, *options, *rest])


def _in_order(command: str, alone: Sequence[str], rest: Sequence[str]) -> str:
    """The command line for an expression with values alone, as one calls a function: `x*y 1 2`, `x*y (1,2)`."""
    values = [part.strip() for word in alone[1:] for part in word.strip("()[] ").split(",")]
    names = _variables(alone[0])
    if len(names) != len(values) or not all(map(_is_constant, values)):
        return ""
    given = [word for name, value in zip(names, values, strict=True) for word in (f"--{name}", value)]
    return working(command, [alone[0], *given, *rest])


def _for_gradients(command: str, alone: Sequence[str], rest: Sequence[str]) -> str:
    """The command line for an expression and names of its variables, which are to get gradients: `x*y x`."""
    before = [word.partition("=")[2] for word in rest if word.startswith("--wrt=")]
    if not {*alone[1:]} <= {*_variables(alone[0])} or "--wrt" not in by_name(command):
        return ""
    kept = [word for word in rest if not word.startswith("--wrt=")]
    return working(command, [alone[0], "--wrt", ",".join([*before, *alone[1:]]), *kept])


def _variables(text: str) -> list[str]:
    """Raises BackpropError where it is no expression."""
    return [node.name for node in compile_cached(Source(text)).variables]


def as_options(words: Sequence[str]) -> list[str]:
    """The expression, and the others as options: `x=1`, `{x:1,y:2}`, `at x=1`, `-x 1`, `x 1`; empty if none are."""
    if sum(map(len, words)) > LONGEST:
        return []
    expression: list[str] = []
    options: list[str] = []
    queue = _joined(words)[::-1]
    while queue:
        word = queue.pop()
        pairs = [_PAIR(part.strip()) for part in _PAIRS.split(word.strip(" {};,"))]
        name = as_name(word.lstrip("-/"))
        if word.lstrip().startswith("{") and is_point(word):
            options += ["--at", word]
        elif all(pair and as_name(pair[2]) and _is_constant(pair[3]) for pair in pairs):
            options += [part for pair in pairs if pair for part in (f"--{pair[2]}", pair[3])]
        elif name and queue and _is_constant(queue[-1]) and (expression or word[0] in "-/"):
            options += [f"--{name}", queue.pop()]
        elif not expression:
            expression = [word]
        elif word not in _BETWEEN:
            return []
    return [*expression, *options] if expression else []


def with_its_values(text: str) -> list[str]:
    """The expression and options for its values, of a text that holds both, as `x*y, x=1, y=2`; empty if none."""
    if len(text) > LONGEST:
        return []
    text = re.sub(r"(?<=\w)\s+and\s+(?=\w+\s*=(?!=))", ", ", text)  # x = 3 and y = 4
    parts = re.split("[;,]", text.rstrip(" ;,"))
    pairs = [*takewhile(_EQUATION, reversed(parts))][::-1]
    *_, last = before = parts[: len(parts) - len(pairs)] or [""]
    if found := _BEFORE_VALUES.search(last):
        pairs = [last[found.end() :], *pairs]
        before[-1] = last[: found.start()]
    expression = text[: sum(map(len, before)) + len(before) - 1]
    expression = expression.strip(" ,;")
    return as_options([expression, ",".join(pairs)]) if pairs and expression else []


def _is_constant(text: str) -> bool:
    try:
        point.read_value("x", text, IEEE)
    except BackpropError:
        return False
    return True


def _is_path(word: str) -> bool:
    """Whether it can only be the name of something that there is."""
    try:
        return len(word) > 1 and "/" in word and Path(word).exists()
    except OSError:  # it is too long for one
        return False


def is_point(text: str) -> bool:
    """Whether it is one point, or the name of a file that holds one."""
    try:
        read_object(text, "--at", "point")
    except BackpropError:
        return False
    return True


def _dashed(word: str) -> str:
    """`--x` for `—x`, as programs that set text make of it."""
    bare = word.lstrip(_DASHES + "-")
    return f"--{bare}" if word[:1] in _DASHES and as_name(bare.partition("=")[0].replace("-", "_")) else word
