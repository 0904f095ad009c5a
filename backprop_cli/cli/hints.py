"""Hints for command lines that do not go together: each leads to a command that works (`working`), or is not there.

Nothing here is loaded before something went wrong.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Container, Iterable, Iterator, Sequence
from importlib import import_module
from itertools import pairwise
from pathlib import Path

from ..errors import FEW, BackpropError, InputError, MathError, did_you_mean, few, looks, quote, suggest
from ..language.latex.signs import GREEK
from ..language.names import NAME
from ..passes.point import MissingVariablesError, UnknownVariableError
from ..rules.table import CONSTANTS, spellings
from ..runtime.files import is_file
from ..view import SUFFIXES
from .arguments import Line, PositionError, WordError
from .options import ALL, COMMANDS, OPTIONS, by_name
from .repairs import as_options, is_point, loosened, repaired, with_its_values
from .request import parameters, read_object, values
from .working import CUTOFF, LONGEST, first_working, line_of, reads_input, with_values, working

COMMON = {
    **dict.fromkeys(["verbose", "debug"], ("explain tells every step", "explain")),
    **dict.fromkeys(["expression", "expr", "formula"], ("the expression stands by itself", "eval")),
    **dict.fromkeys(["quiet", "silent"], ("--get prints bare numbers; warnings go to standard error", "")),
    **dict.fromkeys(["color", "no-color"], ("NO_COLOR=1 in the environment turns colours off", "")),
    **dict.fromkeys(["decimals", "round", "places"], ("--digits of a table; JSON has them all", "")),
    **dict.fromkeys(["second", "order"], ("--hessian of eval has the second derivatives", "")),
    **dict.fromkeys(["grad", "gradient", "derivative"], ("--get NAME prints a gradient alone", "")),
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
_CLAIM = re.compile(r"(?:[d∂]\w*\s*/\s*[d∂]|grad(?:ient)?[_.])?(\w+)\s*(?:==|:=|[=:])\s*(\S.*)").fullmatch
CHOSEN = {
    "python": "py", "numpy": "np", "torch": "pytorch", "javascript": "js node ecmascript typescript ts", "c": "c99 cpp",
    "latex": "tex", "markdown": "md", "csv": "tsv", "json": "jsonl ndjson", "table": "txt text plain", "html": "htm",
    "text": "txt tree plain", "ko": "kr kor korean 한국어", "en": "eng english us uk", "gd": "sgd gradient-descent",
    "l-bfgs-b": "lbfgs l-bfgs lbfgsb", "bfgs": "newton", "dot": "graphviz gv", "mermaid": "mmd",
}  # fmt: skip
"""What people call choices of options."""
_POWER = re.compile(r"\s*(?:\^|\*\*|!(?!=)|[⁺⁻⁰¹²³⁴-⁹])")
_TIGHT = re.compile(r"(?:[/%^÷]|\*\*)\s*$")
_POWER_T = re.compile(r"\s*(?:\^|\*\*)\s*(?:T\b|\{T\})")
_NUMBERS = {
    r"(?<![\w.])(\d+\.?\d*)[xX](?=10\s*(?:\^|\*\*))": r"\1*",
    r"(?<![\w.])(\d+\.\d*|\d*\.\d+)[fF](?!\w)|(?<![\w.])(\d+)[lLuU](?!\w)": r"\1\2",
    r"\bM_PI\b": "pi",
    r"\bM_E\b": "e",
}
"""Numbers of other languages that are read as products with a name, or as a name, and how they are written here."""
_BEGINNING = 3  # letters of an option by which it may be known


def hinted(error: BackpropError, words: Sequence[str]) -> BackpropError:
    """The error, with a better message or hint where the whole command line tells one."""
    command, *rest = words or [""]
    if command not in COMMANDS:
        return error
    error.hint = _possible(error.hint, command)
    try:
        if (not isinstance(error, MathError)) and (hint := loosened(command, rest)):
            error.hint = hint
            return error
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
        file = "step-%02d.svg" if "--steps" in words else "circuit.svg"
        as_picture = [("graph", [*words, "-o", file])] * ("graph" in of and "-o" not in words)
        yield f"--{name} belongs to {them}", [*as_file, *as_points, *((each, words) for each in of), *as_picture]
    if name in COMMANDS:
        yield f"{name} is a command of its own", [(name, [*before, *after])]
    for option in sorted(OPTIONS, key=lambda each: each.name != "--format"):
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
    if hint := _of_product(command, words) or _of_factor(command, words, error.name):
        error.hint = hint
    elif _place(words, error.name) < len(words) and (close := _alike(error.name, by_name(command))):
        error.hint = did_you_mean(error.name, close)
    return error


def _of_factor(command: str, words: Sequence[str], name: str) -> str:
    r"""The command line for LaTeX in which a letter with a value is read as a function: `K_m (1 + x)`."""
    letters, _, below = name.partition("_")
    subscript = rf"_\{{?(?:\\\w+\{{)?{re.escape(below)}\}}*" if below else ""
    called = re.compile(rf"(\\?(?<![A-Za-z]){re.escape(letters)}{subscript})\s*((?:\\[A-Za-z]+)?[({{])")
    hint = working(command, [called.sub(r"\1 \\cdot \2", word) for word in words])
    is_latex = any("latex" in word for word in words) and any(map(called.search, words))
    return f"{name}(…) is a function in LaTeX: {hint}" if is_latex and hint else ""


def _of_product(command: str, words: Sequence[str]) -> str:
    """`x*y` for `xy` and `sin(x)` for `sinx`, where x has a value and the other name has none."""
    line = line_of(command, words)
    if not line.positional:
        return ""
    text = line.positional[0]
    given = {*line.bindings, *(name for option, at in line.options if option.name == "--at" for name in _names_of(at))}
    names = [name for name in dict.fromkeys(re.findall(NAME, text)) if name not in given]
    meant = {name: product for name in names if (product := _taken_apart(name, given))}
    for products in (meant, *({name: product} for name, product in meant.items())):
        changed = text
        for name, product in products.items():
            changed = _with(changed, name, product)
        if products and (hint := working(command, [changed if word is text else word for word in words])):
            first, *others = products
            told = f"{first} and {' and '.join(others)} are one name each" if others else f"{first} is one name"
            return f"{told}: {hint}"
    return ""


def _names_of(text: str) -> Iterable[str]:
    """The names of a point; none where it is no point."""
    try:
        return read_object(text, "--at", "point")
    except BackpropError:
        return ()


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
    """What a name is made of: a function and a variable with a value, or such variables; empty if of neither.

    Of Greek letters, one with a value will do.
    """
    for function in sorted(spellings(), key=len, reverse=True):
        if len(function) > 1 and name.startswith(function) and name[len(function) :] in given:
            return f"{function}({name[len(function) :]})"
    factors = [letter for letter in name if letter not in "π₀₁₂₃₄₅₆₇₈₉"]
    is_greek = all("Α" <= letter <= "ω" for letter in factors)  # of which nobody makes words
    return "*".join(name) if factors and (any if is_greek else all)(letter in given for letter in factors) else ""


def _of_input(command: str, words: Sequence[str]) -> str:
    """What to do where a file was meant, or a format of another command."""
    if told := _of_format(command, words):
        return told
    line = line_of(command, words)
    if (claimed := _with_claims(line, words)) != [*words]:
        return working(command, claimed)
    for option, text in line.options:
        if option.choices and text not in option.choices:
            for other in OPTIONS:
                if other.name == option.name and text in other.choices:
                    them = [each for each in other.commands if each != command]
                    hint = first_working([(each, words) for each in them])
                    return f"{text} belongs to {', '.join(them)}{': ' * bool(hint)}{hint}"
            meant = [each for each in option.choices if text.lower().lstrip(".") in CHOSEN.get(each, "").split()]
            return (close := (*meant, suggest(text, option.choices))[0]) and did_you_mean(text, close)
        if option.name == "--at" and not is_point(text) and (given := as_options(["x", text])[1:]):
            before, _, after = _around(words, "at")
            return working(command, [*before, *given, *after])
        if option.name == "--at" and is_file(text) and not is_point(text):
            rest = [word for word in words if word not in ("--at", text, f"--at={text}", *line.positional)]
            if hint := working("points", [*line.positional, text, *rest]):
                return f"for many points: {hint}"
    is_fit = command == "fit" and line.positional and "--target" not in line.given
    alike = {f"--{name}" for name in line.positional} & by_name(command).keys()
    if command not in ALL.split() and alike:
        return working(command, [f"--{word}" if f"--{word}" in alike else word for word in words])
    if is_fit and (hint := _of_relation(command, words, line.positional[0])):
        return hint
    if line.positional and (given := with_its_values(text := line.positional[0])):
        rest = [word for word in words if word is not text]
        if hint := working(command, [*given, *rest]):
            return f"values are options: {hint}"
    if command == "points" and (single := as_options(line.positional))[1:]:
        rest = [word for word in words if word not in line.positional]
        if hint := working("eval", [*single, *rest]):
            return f"for one point: {hint}"
    if command == "points" and line.positional and is_file(path := line.positional[0]):
        again = [*line.positional[1:], path, *(word for word in words if word not in line.positional)]
        hint = working(command, again) if line.positional[1:] else ""
        return ": ".join(filter(None, ["the expression comes first, and then the file of points", hint]))
    if line.positional and "--file" not in line.given and is_file(path := line.positional[0]):
        at = list(words).index(path)
        globbed = "a shell puts names of files in place of *: an expression stands in quotes"
        return working(command, [*words[:at], "--file", *words[at:]]) or globbed
    return ""


def _of_format(command: str, words: Sequence[str]) -> str:
    """The command whose format the name behind -o tells, where this one has none that it does."""
    path = next((behind for word, behind in pairwise(words) if word in ("-o", "--output")), "")
    forms = {*SUFFIXES.get(Path(path).suffix.lower(), "").split()}
    options = [each for each in OPTIONS if each.name == "--format" and forms & {*each.choices}]
    commands = [each for option in options for each in option.commands]
    if not forms or command in commands:
        return ""
    hint = first_working([(each, words) for each in commands])
    return f"{Path(path).suffix} is a format of {', '.join(few(commands))}{': ' * bool(hint)}{hint}" if commands else ""


def _with_claims(line: Line, words: Sequence[str]) -> list[str]:
    """The words with every claim as an option of its own, however people write it."""
    again = list(words)
    for option, text in line.options:
        claims = _claims(text) if option.name in ("--claim", "--claims") else []
        if claims and claims != [option.name, "".join(text.split())]:
            at = next(i for i, word in enumerate(again) if word in (text, f"{option.name}={text}"))
            again[at - (again[at] == text) : at + 1] = claims
    return again


def _claims(text: str) -> list[str]:
    """Claims as options, of what people write for them: `df/dx = 2`, `x: 2`, `x=2,y=1`; empty if it is none of it."""
    options: list[str] = []
    for part in re.split(r"[,;]\s*(?=[\w/∂]+\s*[=:])", text):
        if not (found := _CLAIM(part.strip())):
            return []
        options += ["--claim", "".join(f"{found[1]}={found[2]}".split())]
    return options


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
        is_dashed = any(word[:1] == "-" for word in line.positional)
        error.hint = repaired(command, words) or error.hint or f"backprop {command} --help" * is_dashed
    elif command != "points":
        examples: str = import_module(f"{__package__}.commands.{command}").EPILOG
        example = next(line for line in examples.splitlines() if f"backprop {command}" in line)
        error.hint = f"for example: {example.strip()}"
    return error


def _of_missing(command: str, words: Sequence[str], names: Sequence[str]) -> str:
    """The command line with a value for each missing variable. Of many it is no help."""
    if "T" in names and (hint := working(command, [_POWER_T.sub(".T", word) for word in words], whole=True)):
        return f"a transpose is written .T: {hint}"
    if hint := next(filter(None, (_of_function(command, words, name) for name in names if name in spellings())), ""):
        return hint
    known = [*line_of(command, words).bindings, *CONSTANTS]
    for pattern, meant in _NUMBERS.items():
        changed = [word if word.startswith("--") else re.sub(pattern, meant, word) for word in words]
        if changed != [*words] and (hint := working(command, changed)):
            return f"a number is written as here: {hint}"
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
    """The command line with parentheses for a function, as in `exp -x`. `x*gamma - y` and `\\beta t` have letters."""
    called = re.compile(rf"(?<!\\)\b{name}\s+([-+]?\w+)")
    if name in GREEK:
        return ""
    hint = working(command, [called.sub(rf"{name}(\1)", word) for word in words])
    return f"{name} is a function: {hint}" if hint and any(map(called.search, words)) else ""


def _on_one_line(word: str) -> str:
    """A program on one line."""
    lines = [line.partition("#")[0].strip() for line in word.splitlines()]
    return word if len(lines) < 2 else ("; " if "=" in word else " ").join(filter(None, lines))
