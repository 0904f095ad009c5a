"""Text → tokens with positions. One pass that rejects whatever is not arithmetic; nothing later can fail to parse."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from ..errors import InputError, Span, quote
from ..rules.table import CONSTANTS, OPERATORS, WORDS_OF_LOGIC, Op, spellings
from .names import MAX_NAME, NAME, end_of_name, normal
from .refusals import refusal

MAX_CHARACTERS = 1_000_000
MAX_TOKENS = 100_000
MAX_NESTING = 10_000
MAX_NUMBER = 64


class Token(NamedTuple):
    """kind: `number`, `variable`, `constant`, `call` (text is the function), `(`, `)`, `,`, `binary`, `unary`, or of
    conditions `compared`, `and`, `or`, `not`, `if`, `else`, `?`, `:`.
    """

    kind: str
    text: str
    span: Span
    op: Op | None = None


_TOKEN = re.compile(
    r"[ \t\r\n]+|#[^\n]*"
    r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    rf"|(?P<name>{NAME})"
    r"|(?P<operator>\*\*|/(?!/)|[-+*^−×·⋅÷])"
    r"|(?P<logic>[<>=!]=|&&|\|\||[<>≤≥≠?]|:(?!=))"
    r"|(?P<bracket>[(),])"
)
_SPACE = r"(?:[ \t\r\n]++|#[^\n]*+\n)*+"
_PARENTHESIS = re.compile(rf"{_SPACE}\(")
_REST = re.compile(rf"{_SPACE}[,)]")  # what follows a case
_OF_NUMBERS = frozenset("0123456789.")
_FUNCTION_POWER = re.compile(rf"({NAME})[ \t]*(?:\^|\*\*)[ \t]*([-−+]?[0-9.]+|\w+|\([-−+]?[0-9.]+\))[ \t]*$")
_NEAR = 300  # characters in which such a power is looked for
_FORTRAN = re.compile(r"[dD]([+-]?[0-9]+)")
_COMPARISONS = frozenset(("<", "<=", ">", ">=", "==", "!="))
_BEFORE_NOT = frozenset(("(", ",", "and", "or", "not", "if", "else", "?", ":"))
_CHOICES = {"if": "else", "?": ":"}
_OPENED = {closing: opening for opening, closing in _CHOICES.items()}
_WRITE_CHOICE = "write a if c else b, or c ? a : b; a choice in the middle of another stands in parentheses"


def tokenize(
    source: str,
    variables: Collection[str] = (),
    *,
    part: Span | None = None,
    functions: Mapping[str, Sequence[Op]] | None = None,
    undefined: Mapping[str, str] = MappingProxyType({}),
) -> list[Token]:
    """The tokens of an expression, checked.

    variables: names that are variables even if they spell a constant;
    part: where in the source the expression stands;
    functions: what a name before a parenthesis may mean, by default the primitives;
    undefined: names of functions that are none yet, and what to say of them.
    Raises InputError, with the place, for anything that is not a well-formed expression within the limits.
    """
    part = part or (0, len(source))
    if part[1] - part[0] > MAX_CHARACTERS:
        message = f"the expression has {part[1] - part[0]:,} characters; the limit is {MAX_CHARACTERS:,}"
        raise InputError(message, hint=_NAME_RESULTS)
    return _Checker(source, variables, part, spellings() if functions is None else functions, undefined).run()


_NAME_RESULTS = "give intermediate results a name: q = x + y; f = q*z"


class _Open(NamedTuple):
    """An open parenthesis, or the whole, which is always open.

    start: its place in the text
    call: the place of the function's token, None where it is no call
    candidates: what the function may mean
    commas: the places of the commas in it
    choices: `if` and `?` whose `else` or `:` has not come yet
    is_case: whether it holds a pair (value, condition)
    """

    start: int
    call: int | None
    candidates: Sequence[Op]
    commas: list[int]
    choices: list[Token]
    is_case: bool = False

    @property
    def takes_cases(self) -> bool:
        """Whether its inputs are pairs (value, condition)."""
        return bool(self.candidates) and self.candidates[0].cases


class _Checker:
    def __init__(
        self,
        source: str,
        variables: Collection[str],
        part: Span,
        functions: Mapping[str, Sequence[Op]],
        undefined: Mapping[str, str],
    ) -> None:
        self.source = source
        self.variables = variables
        self.start, self.end = part
        self.functions = functions
        self.undefined = undefined
        self.tokens: list[Token] = []
        self.open: list[_Open] = []
        self.choices: list[Token] = []  # outside of all parentheses
        self.case_end = 0  # how many tokens there were when the last case ended
        self.wants_operand = True

    def fail(self, message: str, span: Span, hint: str = "") -> InputError:
        return InputError(message, self.source, span, hint)

    def run(self) -> list[Token]:
        source, position = self.source, self.start
        while position < self.end:
            match = _TOKEN.match(source, position, self.end)
            if match is None:
                raise refusal(source, position)
            start, position = match.span()
            kind = match.lastgroup
            if kind is None:
                continue
            if len(self.tokens) >= MAX_TOKENS:
                raise self.fail(
                    f"the expression has more than {MAX_TOKENS:,} numbers, names and operators",
                    (start, position),
                    _NAME_RESULTS,
                )
            if kind == "number":
                self.number(start, position)
            elif kind == "name":
                self.name(start, end_of_name(source, position))
                position = self.tokens[-1].span[1]
            elif kind == "operator":
                self.operator(OPERATORS.get(match[0], match[0]), (start, position))
            elif kind == "logic":
                self.logic(OPERATORS.get(match[0], match[0]), (start, position))
            else:
                getattr(self, {"(": "opening", ")": "closing", ",": "comma"}[match[0]])((start, position))
        self.finish()
        return self.tokens

    # -- operands --

    def number(self, start: int, end: int) -> None:
        text, source = self.source[start:end], self.source
        if source[end : end + 1] in _OF_NUMBERS:
            while source[end : end + 1] in _OF_NUMBERS:
                end += 1
            hint = "an exponent is a whole number" if "e" in text.lower() else "one decimal point at most"
            raise self.fail(f"malformed number {quote(source[start:end])}", (start, end), hint)
        if end - start > MAX_NUMBER:
            raise self.fail(f"a number has at most {MAX_NUMBER} characters; this one has {end - start:,}", (start, end))
        self.operand(Token("number", text, (start, end)))

    def name(self, start: int, end: int) -> None:
        raw = self.source[start:end]
        if raw in WORDS_OF_LOGIC:
            self.logic(raw, (start, end))
            return
        if end - start > MAX_NAME:
            raise self.fail(f"a name has at most {MAX_NAME} characters; this one has {end - start:,}", (start, end))
        name = normal(raw)
        if not name:
            bad = (i for i, character in enumerate(raw) if not normal(f"_{character}"))
            raise refusal(self.source, start + next(bad, 0))
        if _PARENTHESIS.match(self.source, end, self.end):
            if self.wants_operand and name in self.undefined:
                raise self.fail(self.undefined[name], (start, end))
            if self.wants_operand and name not in self.functions:
                if name not in self.variables:
                    raise self.unknown_function(name, (start, end))
                self.operand(Token("variable", name, (start, end)))
                return
            self.operand(Token("call", name, (start, end)))
            self.wants_operand = True
        else:
            constant = CONSTANTS.get(name) if name not in self.variables else None
            self.operand(Token("constant" if constant else "variable", name, (start, end)))

    def operand(self, token: Token) -> None:
        if not self.wants_operand:
            raise self.missing_operator(token)
        self.tokens.append(token)
        self.wants_operand = False

    # -- operators and brackets --

    def operator(self, sign: str, span: Span) -> None:
        if not self.wants_operand:
            self.tokens.append(Token("binary", sign, span))
            self.wants_operand = True
        elif sign in "+-":
            self.tokens.append(Token("unary", sign, span))
        else:
            last = self.tokens[-1] if self.tokens else None
            message = (
                f"something is missing between {self.typed(last.span)} and {self.typed(span)}"
                if last is not None and last.kind in ("binary", "unary", "compared", *_BEFORE_NOT - {"(", ","})
                else f"{self.typed(span)} has nothing on its left"
            )
            raise self.fail(message, span)

    # -- conditions and choices --

    def logic(self, sign: str, span: Span) -> None:
        kind = "compared" if sign in _COMPARISONS else sign
        token = Token(kind, sign, span)
        if kind == "not":
            if not self.wants_operand:
                raise self.missing_operator(token)
            if self.tokens and self.tokens[-1].kind not in _BEFORE_NOT:
                hint = f"put it in parentheses: {self.typed(self.tokens[-1].span)[1:-1]} (not …)"
                raise self.fail(f"'not' cannot stand behind {self.typed(self.tokens[-1].span)}", span, hint)
            self.tokens.append(token)
            return
        if self.wants_operand:
            last = self.tokens[-1] if self.tokens else None
            raise self.fail(
                f"{self.typed(span)} has nothing on its left"
                if last is None or last.kind == "("
                else f"something is missing between {self.typed(last.span)} and {self.typed(span)}",
                span,
                _WRITE_CHOICE if kind in _CHOICES or kind in _OPENED else "",
            )
        choices = self.open[-1].choices if self.open else self.choices
        if kind in _CHOICES:
            if choices and choices[-1].kind == "if":  # the condition of that is no choice itself
                raise self.fail(f"{quote(sign)} stands in a condition", span, _WRITE_CHOICE)
            choices.append(token)
        elif kind in _OPENED and not (choices and choices.pop().kind == _OPENED[kind]):
            raise self.fail(f"{quote(sign)} belongs to no {quote(_OPENED[kind])}", span, _WRITE_CHOICE)
        self.tokens.append(token)
        self.wants_operand = True

    def chosen(self, choices: list[Token]) -> None:
        """Each choice has both branches."""
        if choices:
            token = choices[-1]
            raise self.fail(f"{quote(token.text)} has no {quote(_CHOICES[token.kind])}", token.span, _WRITE_CHOICE)

    def opening(self, span: Span) -> None:
        last = self.tokens[-1] if self.tokens else None
        if last is not None and last.kind == "call":
            self.open.append(_Open(span[0], len(self.tokens) - 1, self.functions[last.text], [], []))
        elif self.wants_operand and self.begins_case(last):
            self.open.append(_Open(span[0], None, (), [], [], is_case=True))
            return
        else:
            token = Token("(", "(", span)
            if not self.wants_operand:
                raise self.missing_operator(token)
            self.open.append(_Open(span[0], None, (), [], []))
        if len(self.open) > MAX_NESTING:
            raise self.fail(f"more than {MAX_NESTING:,} nested parentheses", span, _NAME_RESULTS)
        self.tokens.append(Token("(", "(", span))

    def begins_case(self, last: Token | None) -> bool:
        """Whether a parenthesis is that of a case (value, condition). last: the token before it."""
        return bool(self.open) and self.open[-1].takes_cases and last is not None and last.kind in ("(", ",")

    def comma(self, span: Span) -> None:
        is_second = bool(self.open) and self.open[-1].is_case and not self.open[-1].commas
        if not is_second and (not self.open or self.open[-1].call is None):
            hint = "a decimal point is written '.'" if self.between_digits(span[0]) else ""
            raise self.fail("a comma only separates the inputs of a function", span, hint)
        self.need_operand_before(span)
        self.chosen(self.open[-1].choices)
        if self.open[-1].takes_cases:
            self.need_case_before(span[0])
        self.open[-1].commas.append(span[0])
        self.tokens.append(Token(",", ",", span))
        self.wants_operand = True

    def closing(self, span: Span) -> None:
        if not self.open:
            raise self.fail("')' closes nothing", span)
        group = self.open[-1]
        empty = self.tokens[-1].kind == "("
        if group.call is None or not empty:
            self.need_operand_before(span)
        self.chosen(group.choices)
        self.open.pop()
        if group.is_case:
            self.close_case(group, span)
            return
        if group.call is not None:
            op = self.close_call(group, 0 if empty else len(group.commas) + 1, span[1])
            for name, place in op.read.items():
                self.tokens += [Token(",", ",", span), Token("variable", name, place)]
        self.tokens.append(Token(")", ")", span))
        self.wants_operand = False

    def close_case(self, case: _Open, span: Span) -> None:
        """The end of (value, condition). A condition that is True leaves no token: what is left over is the value."""
        if not case.commas:
            raise self.fail("a case is a pair", (case.start, span[1]), "write (value, condition)")
        *_, before, last = self.tokens
        rest = _REST.match(self.source, span[1], self.end)
        is_true = last.text == "True" and last.kind == "variable" and last.text not in self.variables
        if is_true and before.span[0] == case.commas[0]:
            if rest and rest[0].endswith(","):
                raise self.fail("the cases behind True are never reached", (case.start, span[1]))
            del self.tokens[-2:]
        if not rest:
            hint = "the cases of Piecewise stand in parentheses, with commas between them"
            raise self.fail("a case ends here", (case.start, span[1]), hint)
        self.case_end = len(self.tokens)
        self.wants_operand = False

    def need_case_before(self, end: int) -> None:
        if self.case_end != len(self.tokens):
            hint = "write Piecewise((value, condition), (value, True))"
            raise self.fail("a case is a pair", (self.tokens[-1].span[0], end), hint)

    def close_call(self, group: _Open, count: int, end: int) -> Op:
        """The operation of a call of so many inputs. end: where it ends."""
        assert group.call is not None
        token = self.tokens[group.call]
        if group.takes_cases and count:
            self.need_case_before(end)
            self.tokens[group.call] = token._replace(op=group.candidates[0])
            return group.candidates[0]
        op = next((op for op in group.candidates if op.accepts(count + len(op.read))), None)
        if op is None:
            forms = " or ".join(
                op.call if op.call.startswith(op.name) else f"{op.name}(x, y)" for op in group.candidates
            )
            counts = (len(op.inputs) - len(op.read) for op in group.candidates)
            takes = " or ".join(
                "2 or more" if op.variadic else str(each) for op, each in zip(group.candidates, counts, strict=True)
            )
            plural = "" if takes == "1" else "s"
            raise self.fail(
                f"{token.text} takes {takes} input{plural}, not {count}", (token.span[0], end), f"write {forms}"
            )
        self.tokens[group.call] = token._replace(op=op)
        return op

    def finish(self) -> None:
        if not self.tokens and self.source[self.start - 1 : self.start] == "=":
            raise self.fail("nothing stands behind '='", (self.start - 1, self.start))
        if not self.tokens:
            place = (self.start, self.start + 1)
            raise self.fail(
                "the expression is empty", place, 'for example: backprop eval "(x+y)*z" --x -2 --y 5 --z -4'
            )
        end = self.tokens[-1].span[1]
        if self.open and not (self.wants_operand and self.tokens[-1].kind in ("binary", "unary")):
            at = self.open[-1].start
            raise self.fail("'(' is never closed", (at, at + 1))
        if self.wants_operand:
            raise self.fail(f"the expression ends after {self.typed(self.tokens[-1].span)}", (end, end + 1))
        self.chosen(self.choices)

    # -- what went wrong --

    def need_operand_before(self, span: Span) -> None:
        if self.wants_operand:
            last = self.tokens[-1]
            if last.kind == "(" and self.source[span[0]] == ")":
                raise self.fail("nothing stands between the parentheses", (last.span[0], span[1]))
            raise self.fail(f"something is missing between {quote(last.text)} and {quote(self.source[span[0]])}", span)

    def typed(self, span: Span) -> str:
        return quote(self.source[slice(*span)])

    def between_digits(self, position: int) -> bool:
        return self.source[max(0, position - 1)].isdigit() and self.source[position + 1 : position + 2].isdigit()

    def missing_operator(self, token: Token) -> InputError:
        last = self.tokens[-1]
        span = (last.span[0], token.span[1])
        message = f"an operator is missing between {quote(last.text)} and {quote(token.text)}"
        if hint := self.power_of_function(token):
            return self.fail(message, span, hint)
        if last.text in self.functions and last.kind == "variable":
            return self.fail(message, span, f"a function needs parentheses: {last.text}({token.text})")
        if last.kind == "number" and re.fullmatch(r"(_\d+)+", token.text):
            return self.fail(message, span, f"write {last.text}{token.text.replace('_', '')}")
        exponent = _FORTRAN.match(self.source, token.span[0])
        if last.kind == "number" and exponent and last.span[1] == token.span[0]:
            return self.fail(message, span, f"write {last.text}e{exponent[1]}")
        if "lambda" in (last.text, token.text):
            return self.fail(message, span, "a module is a function: f(x) = EXPRESSION, in a statement of its own")
        if token.kind == "not":
            return self.fail(message, span, f"write {last.text} and not …, or {last.text} or not …")
        left = last.text if last.kind in ("number", "variable", "constant") else "(…)"
        right = {"(": "(…)", "call": f"{token.text}(…)"}.get(token.kind, token.text)
        return self.fail(message, span, f"to multiply, write {left}*{right}")

    def power_of_function(self, token: Token) -> str:
        """What to write for `sin^2(x)` and `sin^-1 x`; empty where no function has a power before a token."""
        from .recipes import bracketed

        start, _ = token.span
        found = _FUNCTION_POWER.search(self.source, max(self.start, start - _NEAR), start)
        if found is None or found[1] not in self.functions:
            return ""
        inside = ", ".join(bracketed(self.source, start)) if token.kind == "(" else token.text
        power = found[2].strip("() ").replace("−", "-")
        if power != "-1":
            return f"write {found[1]}({inside})**{power if power.isalnum() else f'({power})'}"
        inverse = f"a{found[1]}"
        return f"write 1/{found[1]}({inside})" + f" or {inverse}({inside})" * (inverse in self.functions)

    def unknown_function(self, name: str, span: Span) -> InputError:
        from .recipes import NAMES, bracketed, recipe, typo

        message = f"unknown function {quote(name)}"
        inputs = bracketed(self.source, self.source.index("(", span[1]))
        if base := re.fullmatch(r"log_?(\d+)", name):
            return self.fail(message, span, f"write log({', '.join(inputs) or 'x'}, {base[1]})")
        if written := recipe(name, inputs):
            return self.fail(message, span, f"write {written}")
        if name not in CONSTANTS and (guess := "" if name in NAMES else typo(name, self.functions)):
            return self.fail(message, span, f"did you mean '{guess}'?")
        is_product = len(inputs) < 2 and (len(name) < 3 or name in CONSTANTS)
        return self.fail(
            message,
            span,
            f"to multiply, write {name}*(…)" if is_product else "the functions that there are: backprop ops",
        )
