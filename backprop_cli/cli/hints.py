"""Hints for command lines that do not go together: each leads to a command that works (`working`), or is not there.

Nothing here is loaded before something went wrong.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from ..arithmetic import IEEE
from ..errors import FEW, BackpropError, InputError, Source, did_you_mean, looks, quote, suggest
from ..language.names import NAME, as_name
from ..passes import point
from ..passes.point import MissingVariablesError, UnknownVariableError
from ..rules.table import CONSTANTS, spellings
from .arguments import PositionError, WordError
from .cache import compile_cached
from .options import ALL, COMMANDS, OPTIONS, by_name
from .request import parameters, read_object, values
from .working import CUTOFF, LONGEST, STARTED, first_working, line_of, reads_input, with_values, working

COMMON = {
    **dict.fromkeys(["verbose", "debug"], ("explain tells every step", "explain")),
    **dict.fromkeys(["expression", "expr", "formula"], ("the expression stands by itself", "eval")),
    **dict.fromkeys(["quiet", "silent"], ("--get prints bare numbers; warnings go to standard error", "")),
    **dict.fromkeys(["color", "no-color"], ("NO_COLOR=1 in the environment turns colours off", "")),
    **dict.fromkeys(["grad", "gradient"], ("--get NAME prints a gradient alone", "")),
    **dict.fromkeys(["values", "vars", "params"], ("--at reads values from a JSON object", "")),
    **dict.fromkeys(["lr", "learning-rate", "learning_rate"], ("--rate of minimize is the part of the gradient", "")),
    **dict.fromkeys(["iterations", "max-iter", "maxiter"], ("--steps of minimize says how many there are at most", "")),
    **dict.fromkeys(["init", "guess"], ("--start of minimize and fit says where to begin", "")),
    **dict.fromkeys(["optimizer", "solver"], ("--method of minimize and fit", "")),
    "language": ("--to is the language of backprop code, --lang that of a story", ""),
    "input": ("--file reads the expression from a file, --at the values", ""),
    "version": ("backprop --version", ""),
    "usage": ("backprop --help", ""),
    "force": ("", ""),
    "config": ("", ""),
}
"""Options of most programs that are none here: what to tell of them, and the command that may be meant, without it."""
_ELSEWHERE = {
    "eval": "calc calculate compute evaluate run value values gradient gradients grad backward backprop autodiff",
    "derive": "diff differentiate derivative derivatives symbolic formula formulas latex",
    "graph": "plot draw picture visualize visualise tree dot svg png mermaid diagram circuit",
    "explain": "why teach story steps trace walk verbose describe",
    "check": "test verify validate grade gradcheck",
    "code": "export generate compile numpy torch pytorch jax python c javascript",
    "page": "web html site",
    "points": "batch csv map columns data",
    "minimize": "minimise minimum min optimize optimise train descend descent gd adam bfgs",
    "fit": "regress regression curve_fit curvefit lstsq leastsq",
    "ops": "functions primitives operations gates",
    "completion": "complete completions autocomplete",
    "": "maximize maximise maximum",  # which minimize does not do
}
CALLED = {name: command for command, names in _ELSEWHERE.items() for name in names.split()}
"""What people call commands, or what they do."""
_PAIR = re.compile(r"""\s*-{0,2}(["']?)(\w+)\1\s*[=:]\s*(.+?)\s*""").fullmatch
_BETWEEN = ("at", "where", "with", "when", "for")
"""What people write between an expression and values."""
_WITH_VALUES = re.compile(
    rf"(.+?)\s*(?:[;,|@]|\b(?:{'|'.join(_BETWEEN)})\b)\s*((?:\w+\s*=\s*[^;,=]+(?:[;,]\s*|$))+)", re.DOTALL
).fullmatch
_DASHES = "\N{EN DASH}\N{EM DASH}\N{HORIZONTAL BAR}\N{MINUS SIGN}\N{HYPHEN}\N{NON-BREAKING HYPHEN}"
_POWER = re.compile(r"\s*(?:\^|\*\*|!(?!=)|[⁺⁻⁰¹²³⁴-⁹])")
_TIGHT = re.compile(r"(?:[/%^÷]|\*\*)\s*$")
_POWER_T = re.compile(r"\s*(?:\^|\*\*)\s*(?:T\b|\{T\})")
_BEGINNING = 3  # letters of an option by which it may be known


def hinted(error: BackpropError, words: Sequence[str]) -> BackpropError:
    """The error, with a better message or hint where the whole command line tells one."""
    command, *rest = words or [""]
    if command not in COMMANDS:
        return error
    error.hint = _possible(error.hint, command)
    try:
        match error:
            case WordError():
                return _of_word(error, command, rest)
            case PositionError():
                return _of_positions(error, command, rest)
            case MissingVariablesError() if not error.hint and command != "points":
                error.hint = _of_product(command, rest) or _of_missing(command, rest, error.names)
            case UnknownVariableError():
                return _of_variable(error, command, rest)
            case InputError() if hint := _of_input(command, rest):
                error.hint = hint
    except BackpropError:  # in what was typed, there is more that is wrong
        pass
    return error


def _possible(hint: str, command: str) -> str:
    """The hint without what begins with an option that this command does not have."""
    foreign = {name for option in OPTIONS for name in option.names} - by_name(command).keys()
    return "; ".join(part for part in hint.split("; ") if part.partition(" ")[0].rstrip(",") not in foreign)


# -- Words that are no options -------------------------------------------------------------------------------------


def _of_word(error: WordError, command: str, words: Sequence[str]) -> InputError:
    """What to tell of `--WORD`: whose option it is, what else it may be, or how it gets a value."""
    name = error.word.removeprefix("--")
    known = by_name(command)
    if error.word in known:
        error.hint = f"backprop {command} --help"
        return error
    others = [word for word in words if not word.startswith("--")]
    if not _is_in(name, others) and (told := _elsewhere(name, command, words)):
        return told
    needs_value = error.needs_value and (not others or _is_in(name, others))
    if not needs_value:
        error.message = f"no option {quote(error.word)}"
    if close := _alike(name, known):
        error.hint = f"did you mean {close}?"
    elif needs_value:
        at = _place(words, name)
        again = working(command, [*words[:at], error.word, "1", *words[at + 1 :]])
        error.hint = again or f"for example: {error.word} 2"
    elif others:
        error.hint = f"backprop {command} --help"
    elif command in ALL.split():
        error.hint = "behind -- stands an expression that begins with two minus signs"
    return error


def _is_in(name: str, texts: Iterable[str]) -> bool:
    """Whether it stands in one of them as a name."""
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) for text in texts)


def _alike(name: str, known: Iterable[str]) -> str:
    """The option that was probably meant; empty if none."""
    words = [each.lstrip("-") for each in known]
    longer = [each for each in words if each.startswith(name) and len(name) >= _BEGINNING]
    close = longer[0] if len(longer) == 1 else suggest(name, words, CUTOFF)
    return f"--{close}" if close else ""


def _place(words: Sequence[str], name: str) -> int:
    """Where `--NAME` or `--NAME=VALUE` stands, or the end."""
    return next((i for i, word in enumerate(words) if word.partition("=")[0] == f"--{name}"), len(words))


def _with_file_of_data(words: Sequence[str]) -> list[str]:
    """The words with the file of --data behind the expression, where points has it; empty where there is none."""
    before, files, after = _around(words, "data")
    rest = [*before, *after]
    at = len(rest) if rest[:1] == [] or rest[0].startswith("-") else 1
    return [*rest[:at], *files, *rest[at:]] if files else []


def _around(words: Sequence[str], name: str) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
    """The words before an option, its value, and those behind it; where it is not there, all are before it."""
    place = _place(words, name)
    _, is_joined, value = "".join(words[place : place + 1]).partition("=")
    end = place + 1 if is_joined else place + 2
    return words[:place], [value] if is_joined else words[place + 1 : end], words[end:]


def _elsewhere(name: str, command: str, words: Sequence[str]) -> InputError | None:
    """Whose option it is, if it is one of another command or of most programs."""
    for told, commands in _meanings(name, command, words):
        hint = first_working(commands)
        return InputError(f"--{name} is no option of backprop {command}", hint=": ".join(filter(None, [told, hint])))
    return None


def _meanings(name: str, command: str, words: Sequence[str]) -> Iterator[tuple[str, list[tuple[str, Sequence[str]]]]]:
    """What it may have meant, in words, and command lines that may be it."""
    has = {each for option in OPTIONS if f"--{name}" in option.names for each in option.commands if each != command}
    of = sorted(has, key=COMMANDS.index)
    place = _place(words, name)
    before, after = words[:place], words[place + 1 :]
    if of:
        them = ", ".join(of[:-1]) + " and " * (len(of) > 1) + of[-1]
        as_file = [(command, [*before, *after])] * (command == "points" and name == "data")
        as_points = [("points", found)] if "points" in of and (found := _with_file_of_data(words)) else []
        yield f"--{name} belongs to {them}", [*as_file, *as_points, *((each, words) for each in of)]
    if name in COMMANDS:
        yield f"{name} is a command of its own", [(name, [*before, *after])]
    for option in OPTIONS:
        if name in option.choices:
            commands = sorted(option.commands, key=command.__ne__)
            lines: list[tuple[str, Sequence[str]]] = [(each, [*before, option.name, name, *after]) for each in commands]
            yield f"{name} is a choice of {option.name}", lines
    if name in COMMON:
        told, meant = COMMON[name]
        yield told, [(meant, [*before, *after])] * bool(meant)


def _of_variable(error: UnknownVariableError, command: str, words: Sequence[str]) -> InputError:
    """What to tell of a name with a value that the expression does not have."""
    if _place(words, error.name) < len(words) and (told := _elsewhere(error.name, command, words)):
        return told
    if hint := _of_product(command, words):
        error.hint = hint
    elif close := _alike(error.name, by_name(command)):
        error.hint = did_you_mean(error.name, close)
    return error


def _of_product(command: str, words: Sequence[str]) -> str:
    """`x*y` for `xy` and `sin(x)` for `sinx`, where x has a value and the other name has none."""
    line = line_of(command, words)
    if not line.positional:
        return ""
    text = line.positional[0]
    for name in dict.fromkeys(re.findall(NAME, text)):
        meant = "" if name in line.bindings else _taken_apart(name, line.bindings)
        changed = _with(text, name, meant)
        if meant and (hint := working(command, [changed if word is text else word for word in words])):
            return f"{name} is one name: {hint}"
    return ""


def _with(text: str, name: str, product: str) -> str:
    """A text with a product for a name: without parentheses where it is all, or only its last factor has a power.

    Where what the power belongs to stands behind a sign that binds as a product does, the name stays.
    """

    def replaced(found: re.Match[str]) -> str:
        if found[0] != name:
            return found[0]
        if _POWER.match(text, found.end()):
            return name if _TIGHT.search(text, 0, found.start()) else product
        return product if text.strip() == name else f"({product})"

    return re.sub(NAME, replaced, text)


def _taken_apart(name: str, given: Container[str]) -> str:
    """What a name is made of: a function and a variable with a value, or such variables; empty if of neither."""
    for function in sorted(spellings(), key=len, reverse=True):
        if name.startswith(function) and name[len(function) :] in given:
            return f"{function}({name[len(function) :]})"
    factors = [letter for letter in name if letter not in "π₀₁₂₃₄₅₆₇₈₉"]
    return "*".join(name) if factors and all(letter in given for letter in factors) else ""


def is_file(name: str) -> bool:
    """Whether a file of that name can be read."""
    try:
        return Path(name).is_file()
    except (OSError, ValueError):
        return False


def _is_path(word: str) -> bool:
    """Whether it can only be the name of something that there is."""
    try:
        return len(word) > 1 and "/" in word and Path(word).exists()
    except OSError:  # it is too long for one
        return False


def _dashed(word: str) -> str:
    """`--x` for `—x`, as programs that set text make of it."""
    bare = word.lstrip(_DASHES + "-")
    return f"--{bare}" if word[:1] in _DASHES and as_name(bare.partition("=")[0].replace("-", "_")) else word


def _is_point(path: str) -> bool:
    """Whether the file holds one point."""
    try:
        read_object(path, "--at", "point")
    except BackpropError:
        return False
    return True


def _of_input(command: str, words: Sequence[str]) -> str:
    """What to do where a file was meant, or a format of another command."""
    line = line_of(command, words)
    for option, text in line.options:
        if option.choices and text not in option.choices:
            for other in OPTIONS:
                if other.name == option.name and text in other.choices:
                    them = [each for each in other.commands if each != command]
                    hint = first_working([(each, words) for each in them])
                    return f"{text} belongs to {', '.join(them)}{': ' * bool(hint)}{hint}"
            return (close := suggest(text, option.choices)) and did_you_mean(text, close)
        if option.name == "--at" and not _is_point(text) and (given := _as_options(["x", text])[1:]):
            before, _, after = _around(words, "at")
            return working(command, [*before, *given, *after])
        if option.name == "--at" and is_file(text) and not _is_point(text):
            rest = [word for word in words if word not in ("--at", text, f"--at={text}", *line.positional)]
            if hint := working("points", [*line.positional, text, *rest]):
                return f"for many points: {hint}"
    is_fit = command == "fit" and line.positional and "--target" not in line.given
    if is_fit and (hint := _of_relation(command, words, line.positional[0])):
        return hint
    if line.positional and (found := _WITH_VALUES(text := line.positional[0])):
        expression, *given = _as_options([found[1], found[2]]) or [""]
        if given and (hint := working(command, [*(expression if word is text else word for word in words), *given])):
            return f"values are options: {hint}"
    if command == "points" and (single := _as_options(line.positional))[1:]:
        rest = [word for word in words if word not in line.positional]
        if hint := working("eval", [*single, *rest]):
            return f"for one point: {hint}"
    if command == "points" and len(line.positional) == 1 and is_file(line.positional[0]):
        return "the expression comes first, and then the file of points"
    if line.positional and "--file" not in line.given and is_file(path := line.positional[0]):
        at = list(words).index(path)
        return working(command, [*words[:at], "--file", *words[at:]])
    return ""


def _of_relation(command: str, words: Sequence[str], text: str) -> str:
    """The command line for `y ~ a*x`, as R writes it, or `y = a*x`; empty where it is neither."""
    relation = re.fullmatch(r"\s*(\w+)\s*[~=](.+)", text, re.DOTALL)
    if not relation:
        return ""
    target, model = relation.groups()
    return working(command, [*(model.strip() if word is text else word for word in words), "--target", target])


def reordered(words: Sequence[str]) -> str:
    """The command line with its command in front; empty where that does not work either."""
    place = next((i for i, word in enumerate(words) if word in COMMANDS), None)
    return "" if place is None else working(words[place], [*words[place + 1 :], *words[:place]])


# -- Words in their places -----------------------------------------------------------------------------------------


def _of_positions(error: PositionError, command: str, words: Sequence[str]) -> InputError:
    """What to tell of an expression that is missing, or of words that are too many."""
    line = line_of(command, words)
    for name in line.bindings:
        if not _is_in(name, line.positional) and (told := _elsewhere(name, command, words)):
            return told
    if line.positional:
        error.hint = repaired(command, words) or error.hint
    return error


def repaired(command: str, words: Sequence[str]) -> str:
    """The right command line for words that stand alone: `x=1`, `-x 1`, an expression with spaces."""
    line = line_of(command, words)
    alone = line.positional
    if any(word[:1] in _DASHES for word in alone) and (hint := working(command, [_dashed(word) for word in words])):
        return f"an option begins with two minus signs: {hint}"
    rest = [option.word(text) for option, text in line.options]
    rest += [word for name, text in line.bindings.items() for word in (f"--{name}", text)]
    flags = [word for word, behind in pairwise(words) if behind in alone[1:]]
    flags = [word for word in flags if word in line.known and line.known[word].takes is None]
    if flags and flags[-1].startswith("--"):
        behind = words[list(words).index(flags[-1]) + 1]
        return f"{flags[-1]} takes no value; a variable of that name is set by --set {flags[-1][2:]}={behind}"
    if (sorted_out := _as_options(alone)) and (hint := working(command, [*sorted_out, *rest])):
        return hint
    if command in STARTED and sorted_out:
        named = [(name[2:], value) for name, value in pairwise(sorted_out) if name.startswith("--")]
        starts = [value if name == "at" else f"{name}={value}" for name, value in named]
        if hint := working(command, [sorted_out[0], *["--start", ",".join(starts)] * bool(starts), *rest]):
            return hint
    if (hint := _with_file(command, alone, rest)) or (hint := _in_order(command, alone, rest)):
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
    if any(map(is_file, alone)):
        return "a shell puts names of files in place of *: an expression stands in quotes"
    return ""


def _with_file(command: str, alone: Sequence[str], rest: Sequence[str]) -> str:
    """The command line where one of the words that stand alone is a file of data; empty where it is not so."""
    files = [each for each in alone[1:] if is_file(each)]
    sorted_out = _as_options([each for each in alone if each not in files])
    if len(files) != 1 or not sorted_out:
        return ""
    expression, *options = sorted_out
    if command in STARTED:
        return working(command, [expression, "--data", *files, *options, *rest])
    return working("points", [expression, *files, *options, *rest])


def _in_order(command: str, alone: Sequence[str], rest: Sequence[str]) -> str:
    """The command line for an expression with values alone, as one calls a function: `x*y 1 2`, `x*y (1,2)`."""
    values_ = [part.strip() for word in alone[1:] for part in word.strip("()[] ").split(",")]
    names = [node.name for node in compile_cached(Source(alone[0])).variables]
    if len(names) != len(values_) or not all(map(_is_constant, values_)):
        return ""
    given = [word for name, value in zip(names, values_, strict=True) for word in (f"--{name}", value)]
    return working(command, [alone[0], *given, *rest])


def _as_options(words: Sequence[str]) -> list[str]:
    """The expression, and the others as options: `x=1`, `{x:1,y:2}`, `at x=1`, `-x 1`, `x 1`; empty if none are."""
    expression: list[str] = []
    options: list[str] = []
    queue = list(reversed(words))
    while queue:
        word = queue.pop()
        is_object = word.lstrip().startswith("{")
        pairs = [_PAIR(part) for part in re.split("[,;]", word.strip(" {};,"))]
        name = as_name(word.lstrip("-"))
        if is_object and _is_point(word):
            options += ["--at", word]
        elif all(pair and as_name(pair[2]) and _is_constant(pair[3]) for pair in pairs):
            options += [part for pair in pairs if pair for part in (f"--{pair[2]}", pair[3])]
        elif name and queue and _is_constant(queue[-1]) and (expression or word.startswith("-")):
            options += [f"--{name}", queue.pop()]
        elif not expression:
            expression = [word]
        elif word not in _BETWEEN:
            return []
    return [*expression, *options] if expression else []


def _is_constant(text: str) -> bool:
    try:
        point.read_value("x", text, IEEE)
    except BackpropError:
        return False
    return True


def _of_missing(command: str, words: Sequence[str], names: Sequence[str]) -> str:
    """The command line with a value for each missing variable. Of many it is no help."""
    if "T" in names and (hint := working(command, [_POWER_T.sub(".T", word) for word in words], whole=True)):
        return f"a transpose is written .T: {hint}"
    if hint := next(filter(None, (_of_function(command, words, name) for name in names if name in spellings())), ""):
        return hint
    known = [*line_of(command, words).bindings, *CONSTANTS]
    for name in names:
        if same := next((each for each in known if looks(each) == looks(name)), ""):
            return did_you_mean(name, same)
    if len(names) <= FEW:
        one_line = [_on_one_line(word) for word in words]
        if hint := working(command, one_line):
            return hint
        line = line_of(command, words)
        if reads_input(parameters(line, **values(line), expression=[*line.arguments, None][0])["asked"]):
            return shlex.join(["backprop", command, *with_values(command, words, names)])
    is_much = len(names) > FEW or sum(map(len, words)) > LONGEST
    return "--at FILE takes values from a JSON object" if is_much else ""


def _of_function(command: str, words: Sequence[str], name: str) -> str:
    """The command line with parentheses for a function, as in `exp -x`."""
    called = re.compile(rf"\b{name}\s+([-+]?\s*\w+)")
    hint = working(command, [called.sub(rf"{name}(\1)", word) for word in words])
    return f"{name} is a function: {hint}" if hint and any(map(called.search, words)) else ""


def _on_one_line(word: str) -> str:
    """A program on one line."""
    lines = [line.partition("#")[0].strip() for line in word.splitlines()]
    return word if len(lines) < 2 else ("; " if "=" in word else " ").join(filter(None, lines))
