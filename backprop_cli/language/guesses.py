"""What was probably meant, where names, numbers and signs do not go together; loaded where that is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ..errors import InputError, Span, did_you_mean, quote
from ..rules.op import Op
from ..rules.table import CONSTANTS
from .latex.signs import GREEK
from .names import NAME
from .recipes import ADVICE, DERIVATIVES, DERIVED, NAMES, RENAMED, behind_call, bracketed, recipe, typo
from .token import Token

_FUNCTION_POWER = re.compile(rf"({NAME})[ \t]*(?:\^|\*\*)[ \t]*([-−+]?[0-9.]+|\w+|\([-−+]?[0-9.]+\))[ \t]*$")
_NEAR = 300  # characters in which such a power is looked for
_LAMBDA = "a module is a function: f(x) = EXPRESSION, in a statement of its own"
_WORDS = {
    **dict.fromkeys(("lambda", "def", "function", "func", "fn", "fun"), _LAMBDA),
    **dict.fromkeys(
        ("let", "const", "var", "val", "double", "float"), "a statement is NAME = EXPRESSION, and no word before"
    ),
    "return": "the last statement is the result: leave the word out",
}
"""Words of programming languages that stand before something."""
_BY = re.compile(r"[ \t]*/[ \t]*[dD]\w")
_QUOTIENT = re.compile(r"\bd\w*[ \t]*/[ \t]*d\w+[ \t]*")
_OPERAND = re.compile(rf"[ \t]*({NAME}|[0-9.]+)(?!\w*[ \t]*[(\[])")
_FACTORS = re.compile(rf"[0-9.]+[ \t]*{NAME}(?![ \t]*[(\[])")  # 2x, and no call
CLEAR = re.compile(r"[ \t]*(?:[-+−)\],;=<>|#\n]|$)|[ \t]+[*/·×⋅÷]")
"""Behind the operand of a function without parentheses: what it ends before."""
PROSE = frozenset(
    "at where with when for of is the in from to by as an given assert print range derivative gradient partial find"
    " compute calculate evaluate differentiate solve minimize maximize".split()
)
"""Words that are no factors."""
_DEFINED = re.compile(r"\s*:=\s*(\S.*)")

Functions = Mapping[str, Sequence[Op]]
"""By their names, the rows that each may mean."""


def missing_operator(source: str, functions: Functions, last: Token, token: Token) -> InputError:
    """Two operands in a row.

    functions: those that there are;
    last, token: the tokens between which nothing stands.
    """
    span = (last.span[0], token.span[1])
    message = f"an operator is missing between {quote(last.text)} and {quote(token.text)}"
    left = last.text if last.kind in ("number", "variable", "constant") else "(…)"
    right = {"(": "(…)", "call": f"{token.text}(…)"}.get(token.kind, token.text)
    hint = no_product(source, functions, last, token)
    error = InputError(message, source, span, hint)
    if not hint:
        called = _called(source, functions, last, token)
        error.hint = f"to multiply, write {left}*{right}" + f"; the function is {called}" * bool(called)
        is_prose = not PROSE.isdisjoint((last.text, token.text)) or source[last.span[1] : token.span[0]].strip(" \t")
        return error if is_prose or called else error.repaired((last.span[1], token.span[0]), "*")
    if _is_bare(functions, last) and (inside := _operand(source, token)):
        return error.repaired((last.span[0], token.span[0] + len(inside)), f"{last.text}({inside})")
    return error.repaired(span, hint.removeprefix("write ")) if re.fullmatch(r"write \d+", hint) else error


def _is_bare(functions: Functions, last: Token) -> bool:
    """Whether it is the name of a function, without its parentheses."""
    is_name = last.text in functions and last.kind == "variable" and last.text.isascii()
    return is_name and last.text not in GREEK


def _operand(source: str, token: Token) -> str:
    """What a function without parentheses is applied to, where it is clear how far that goes."""
    start, end = token.span
    if token.kind == "call":
        opens = source.find("(", end)
        end = behind_call(source, opens) if opens >= 0 and not source[end:opens].strip() else 0
    elif token.kind == "number" and (factors := _FACTORS.match(source, start)):
        end = factors.end()
    return source[start:end] if end > 0 and CLEAR.match(source, end) else ""


def _called(source: str, functions: Functions, last: Token, token: Token) -> str:
    """The call of a function, or of what is written for it, of which the parentheses are missing; empty if none.

    functions: those that there are;
    last, token: its name and what stands behind it.
    """
    if last.kind not in ("variable", "constant"):
        return ""
    factors = _FACTORS.match(source, token.span[0]) if token.kind == "number" else None
    inside = factors[0] if factors else {"(": "(…)", "call": f"{token.text}(…)"}.get(token.kind, token.text)
    if any(op.accepts(1) for op in functions.get(last.text, ())):
        return f"{last.text}({inside})"
    is_plain = token.kind in ("number", "variable", "constant") and len(last.text) > 1
    return recipe(last.text, [inside]) if is_plain else ""


def no_product(source: str, functions: Functions, last: Token, token: Token) -> str:
    """What to write for two operands in a row that are no product; empty where they may be one.

    functions: those that there are;
    last, token: the tokens between which nothing stands.
    """
    if hint := power_of_function(source, functions, token):
        return hint
    if _is_bare(functions, last):
        called = _called(source, functions, last, token) or functions[last.text][0].call
        return f"a function needs parentheses: {called}"
    if token.text == "mod":
        return f"write {last.text} % …"
    if last.kind == "number" and re.fullmatch(r"(_\d+)+|\d{3}", token.text):
        return f"write {last.text}{token.text.replace('_', '')}"
    if word := _WORDS.get(last.text) or _WORDS.get(token.text):
        return word
    if _QUOTIENT.match(source[: token.span[0]]):  # d/dx x^2
        return DERIVATIVES
    if token.kind == "not":
        return f"write {last.text} and not …, or {last.text} or not …"
    if behind := _OPERAND.match(source, token.span[1]):  # x mod y
        if written := recipe(token.text, [last.text, behind[1]]):
            return f"write {written}"
        if any(op.accepts(2) for op in functions.get(token.text, ())):
            return f"write {token.text}({last.text}, {behind[1]})"
    return ""


def power_of_function(source: str, functions: Functions, token: Token) -> str:
    """What to write for `sin^2(x)` and `sin^-1 x`; empty where no function has a power before a token.

    functions: by name, what each may mean
    token: the one that stands behind
    """
    start, _ = token.span
    found = _FUNCTION_POWER.search(source, max(0, start - _NEAR), start)
    if found is None or found[1] not in functions:
        return ""
    inside = ", ".join(bracketed(source, start)) if token.kind == "(" else token.text
    power = found[2].strip("() ").replace("−", "-")
    if power != "-1":
        return f"write {found[1]}({inside})**{power if power.isalnum() else f'({power})'}"
    inverse = f"a{found[1]}"
    return f"write 1/{found[1]}({inside})" + f" or {inverse}({inside})" * (inverse in functions)


def unknown_function(source: str, functions: Functions, name: str, span: Span) -> InputError:
    """A name before a parenthesis that is no function. span: where it stands.

    functions: by name, what each may mean
    """
    message, opens = f"unknown function {quote(name)}", source.index("(", span[1])
    inputs = bracketed(source, opens)
    hint = DERIVATIVES if _QUOTIENT.fullmatch(source[: span[1]]) else _function(functions, name, inputs)
    closes = source.find(")", opens) + 1  # 0 where there is none
    if name in ("d", "D") and closes and _BY.match(source, closes):  # d(x^2)/dx
        hint = f"{DERIVATIVES}: {', '.join(inputs)}"
    if closes and inputs and (found := _DEFINED.match(source, closes)):
        hint = f"write {source[span[0] : closes]} = {found[1]}"
    error, ends = InputError(message, source, span, hint), behind_call(source, opens)
    if ends > 0 and (written := recipe(name, inputs)):
        return error.repaired((span[0], ends), grouped(written))
    if name in RENAMED:
        return error.repaired(span, RENAMED[name])
    if name not in NAMES and (guess := typo(name, functions)):
        return error.repaired(span, guess)
    is_factor = hint == f"to multiply, write {name}*(…)" and name not in "fghFGH"
    return error.repaired((span[1], opens), "*") if is_factor else error


def grouped(text: str) -> str:
    """A text as an operand: in parentheses where it is no name, no number and no call."""
    opens = re.match(r"\w*(?=\()", text)
    is_one = text.isalnum() or (opens and behind_call(text, opens.end()) == len(text))
    return text if is_one else f"({text})"


def is_advised(name: str) -> bool:
    """Whether there is advice for a function that is none here."""
    return name in NAMES or name in ADVICE


def _function(functions: Functions, name: str, inputs: Sequence[str]) -> str:
    if base := re.fullmatch(r"log_?([2-9]|[1-9]\d+)", name):
        return f"write log({', '.join(inputs) or 'x'}, {base[1]})"
    if written := recipe(name, inputs):
        return f"write {written}"
    if name in RENAMED:
        return f"write {RENAMED[name]}({', '.join(inputs)})"
    if name in ADVICE:
        return ADVICE[name]
    if name not in CONSTANTS and (guess := "" if name in NAMES else typo(name, functions)):
        return did_you_mean(name, guess)
    if name in DERIVED and inputs and (len(name) > 1 or len(inputs) > 1):
        return f"{DERIVATIVES}: {inputs[0]}"
    for function in (name[1:], name[2:]):
        if function in functions:
            return f"to multiply, write {name.removesuffix(function)}*{function}(…)"
    is_product = len(inputs) < 2 and (len(name) < 3 or name in CONSTANTS)
    return f"to multiply, write {name}*(…)" if is_product else "the functions that there are: backprop ops"


def wrong_count(source: str, call: Token, parenthesis: Span, rows: Sequence[Op], count: int) -> InputError:
    """A call with more inputs or fewer than its function takes.

    call: the function;
    parenthesis: from the opening one to behind the closing one;
    rows: what it may mean;
    count: the inputs that were given.
    """
    forms = " or ".join(op.call if op.call.startswith(op.name) else f"{op.name}(x, y)" for op in rows)
    counts = (len(op.inputs) - len(op.read) for op in rows)
    takes = " or ".join("2 or more" if op.variadic else str(each) for op, each in zip(rows, counts, strict=True))
    message = f"{call.text} takes {takes} input{'' if takes == '1' else 's'}, not {count}"
    written = recipe(call.text, bracketed(source, parenthesis[0]))
    span = call.span[0], parenthesis[1]
    error = InputError(message, source, span, f"write {written or forms}")
    return error.repaired(span, grouped(written)) if written else error


def square_call(error: InputError, functions: Functions, last: Token, start: int) -> InputError:
    """The error of an index that is none, with what was meant: a call, as in `Sin[x]`, or a factor, as in `ε[x + y]`.

    error: what is wrong so far
    functions: those that there are
    last: what stands before the bracket
    start: where that opens
    """
    source, name = error.source, last.text if last.text in functions else last.text.lower()
    inputs, ends = bracketed(source, start), behind_call(source, start)
    written = recipe(last.text, inputs)
    if last.text == "Piecewise" and inputs and inputs[0].startswith("{{"):
        cases = (f"({', '.join(bracketed(each, 0))})" for each in bracketed(inputs[0], 0))
        written = f"Piecewise({', '.join(cases)})"
    if (written or name in functions) and name not in GREEK and ends > 0:
        call = written or f"{name}({', '.join(inputs)})"
        error.hint = f"write {call}"
        return error.repaired((last.span[0], ends), grouped(call))
    if ends > 0 and len(inputs) == 1 and re.search(r"[-+−*/^(]", inputs[0]) and ":" not in inputs[0]:
        error.hint = f"only round parentheses group: to multiply, write {last.text}*({inputs[0]})"
        return error.repaired((start, ends), f"*({inputs[0]})")
    return error


def with_axis(name: tuple[str, str], functions: Functions, source: str, opens: int) -> tuple[int, str] | None:
    """Where a library's call ends, and what to write for it, if its second input is an axis, or the kind of a norm.

    name: the library, and its function;
    functions: those that there are;
    source: the text;
    opens: where its parenthesis stands
    """
    library, called = name
    takes = {each for op in functions.get(called, ()) for each in getattr(op, "takes", ())}
    inputs, ends = bracketed(source, opens), behind_call(source, opens)
    if "axis" not in takes or len(inputs) < 2 or ends < 0 or "=" in inputs[1]:
        return None
    array, second, *others = inputs
    larger = called.removeprefix("a") if called in ("max", "min", "amax", "amin") else ""
    if not re.fullmatch(r"[-+]?\d", second) and not (larger and library in ("np", "numpy", "jnp", "jax")):
        return None
    if called in ("norm", "Norm"):
        written = {"1": f"sum(abs({array}))", "2": f"norm({array})"}.get(second, "")
        return (ends, written) if written and not others else None
    if larger and not others:
        return ends, f"{larger}({array}, axis={second}) or {larger}imum({array}, {second})"
    return ends, f"{called}({', '.join([array, f'axis={second}', *others])})"
