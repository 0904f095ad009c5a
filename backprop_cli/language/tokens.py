"""Text → tokens with positions. One pass that rejects whatever is not arithmetic; nothing later can fail to parse."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from ..errors import InputError, Span, quote
from ..rules.arrays import functions as known_functions
from ..rules.arrays import row
from ..rules.op import Op
from ..rules.table import CONSTANTS, OPERATORS, WORDS_OF_LOGIC, primitive
from .groups import BEFORE_NOT, MAX_NESTING, NAME_RESULTS, SPACE, Groups
from .names import MAX_NAME, NAME, end_of_name, normal
from .refusals import refusal
from .settings import index
from .spellings import (
    BRACKETS,
    FRACTIONS,
    MEANS_OTHER,
    OF_ARRAYS,
    POWER_OF_CALL,
    PREFIXES,
    ROOTS,
    SUPERSCRIPT,
    exponent,
    foreign,
    fraction,
)
from .token import Group, Token

MAX_CHARACTERS = 1_000_000
MAX_TOKENS = 100_000
MAX_NUMBER = 64
NOTHING_BEHIND = "nothing stands behind '='"

_TOKEN = re.compile(
    r"[ \t\r\n]+|#[^\n]*"
    r"|(?P<number>(?:[0-9]+(?:\.(?![*/^])[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    rf"|(?P<fraction>[{''.join(sorted(FRACTIONS))}])|(?P<name>{NAME})"
    r"|(?P<operator>\.?\*\*|\.?/(?!/)|\.[*^]|-(?!>)|[+*%@^−×·⋅⊙÷])"
    r"|(?P<logic>[<>=!]=|&&|\|\||<(?!>)|[>≤≥≠?]|:(?![:=]))"
    r"|(?P<bracket>[(),;])|(?P<square>[\[\]])|(?P<transpose>\.T(?![\w(])|ᵀ)"
    rf"|(?P<power>{SUPERSCRIPT})|(?P<root>[√∛])|(?P<sign>[|⌊⌋⌈⌉!])"
)
_SPACE_BEHIND = re.compile(SPACE)
_SUMS = frozenset("+-−")
_BEHIND_PERCENT = frozenset(("", *"+-−*/@^×·⋅⊙÷)],;:<>=!?&"))
"""What stands behind a percentage, and begins no operand but a sum."""
_PARENTHESIS = re.compile(rf"{SPACE}\(")
_ASSIGNED = re.compile(rf"{SPACE}{NAME}{SPACE}=(?!=)")
_NO_INPUTS = re.compile(rf"{SPACE}\({SPACE}\)")
_DOTTED = re.compile(rf"{NAME}(?:\.(?!T\b){NAME})+")  # X.T is no name
_POWER_OF_CALL = re.compile(POWER_OF_CALL)
_OPERAND = re.compile(rf"[ \t]*([0-9.]*{NAME}|[0-9.]+)(?!\w*{SPACE}\()")
_BARS = re.compile(r"\|[^|>]+\|(?!>)")
_OF_R = re.compile(r"%\*?%")
_OF_NUMBERS = frozenset("0123456789.")


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
        raise InputError(message, hint=NAME_RESULTS)
    functions = known_functions() if functions is None else functions
    return _Tokenizer(source, variables, part, functions, undefined).split()


class _Tokenizer(Groups):
    """One pass over the text: each word and sign, by its kind."""

    def split(self) -> list[Token]:
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
                    NAME_RESULTS,
                )
            if kind == "number":
                self.number(start, position)
            elif kind == "name":
                position = self.setting(start) or self.name(start, end_of_name(source, position))
            elif kind == "operator":
                self.operator(OPERATORS.get(match[0], match[0]), (start, position))
            elif kind == "power":
                self.raised(match[0], (start, position))
            elif kind == "fraction":
                self.fraction(match[0], (start, position))
            elif kind == "root":
                self.root(ROOTS[match[0]], (start, position))
            elif kind == "sign":
                self.signed(match[0], (start, position))
            elif kind == "transpose":
                self.behind(row("transpose"), match[0], (start, position))
            elif kind == "square":
                position = self.square(match[0], start)
            elif match[0] == "," and self.open and "lengths" in self.open[-1].takes:
                position = self.lengths(start)
            elif match[0] == ";" and not self.is_between_inputs(position):
                raise refusal(source, start)
            elif match[0] == "||" and self.is_two_bars():
                self.signed("|", (start, start + 1))
                self.signed("|", (start + 1, position))
            elif kind == "logic":
                self.logic(OPERATORS.get(match[0], match[0]), (start, position))
            else:
                getattr(self, {"(": "opening", ")": "closing"}.get(match[0], "comma"))((start, position))
        self.finish()
        return self.tokens

    def number(self, start: int, end: int) -> None:
        text, source = self.source[start:end], self.source
        if source[end : end + 1] in _OF_NUMBERS and source[end : end + 2] not in OPERATORS:
            while source[end : end + 1] in _OF_NUMBERS:
                end += 1
            hint = "an exponent is a whole number" if "e" in text.lower() else "one decimal point at most"
            raise self.fail(f"malformed number {quote(source[start:end])}", (start, end), hint)
        if source[end : end + 1].isalpha() and (other := foreign(source, start)):
            raise self.fail(other[1], (start, other[0]), other[2])
        if end - start > MAX_NUMBER:
            raise self.fail(f"a number has at most {MAX_NUMBER} characters; this one has {end - start:,}", (start, end))
        self.operand(Token("number", text, (start, end)))

    def name(self, start: int, end: int) -> int:
        """A name, a word of logic, or a function with what stands before its parenthesis. Return where it ends."""
        raw = self.source[start:end]
        if raw == "if" and self.wants_operand and _PARENTHESIS.match(self.source, end, self.end):
            raw = "IF"  # if(x > 0, x, 0)
        if raw in WORDS_OF_LOGIC:
            self.logic(raw, (start, end))
            return end
        if _DOTTED.match(self.source, start):
            raw, end = self.dotted(start, end)
        span = start, end
        if len(raw) > MAX_NAME:
            raise self.fail(f"a name has at most {MAX_NAME} characters; this one has {len(raw):,}", span)
        name = raw if raw in self.functions else normal(raw)
        if not name:
            bad = (i for i, character in enumerate(raw) if not normal(f"_{character}"))
            raise refusal(self.source, start + next(bad, 0))
        is_function = name in self.functions and name not in self.variables
        if is_function and (power := _POWER_OF_CALL.match(self.source, end)):
            end = self.power_of_call(name, power) or end
            if power["sup"] and name.isascii() and (inside := _OPERAND.match(self.source, power.end())):
                raise self.bare_call(name, power, inside)
        elif name in CONSTANTS and (empty := _NO_INPUTS.match(self.source, end, self.end)):
            end = empty.end()  # PI()
        if _PARENTHESIS.match(self.source, end, self.end):
            if not self.wants_operand:
                self.multiply(Token("call", name, span))
            if name in self.undefined:
                raise self.fail(self.undefined[name], span)
            if name not in self.functions:
                if name not in self.variables:
                    from .guesses import unknown_function

                    raise unknown_function(self.source, self.functions, name, span)
                self.operand(Token("variable", name, span))
                return end
            self.operand(Token("call", name, span))
        else:
            constant = CONSTANTS.get(name) if name not in self.variables else None
            if not constant and "." in (written := self.source[start:end]):
                raise self.fail(f"{quote(written)} is a function without its inputs", span, f"write {written}(x)")
            self.operand(Token("constant" if constant else "variable", name, span))
        return end

    def dotted(self, start: int, end: int) -> tuple[str, int]:
        """A name without the library before it, as in `np.exp`, and where it ends."""
        match = _DOTTED.match(self.source, start)
        assert match is not None
        names = match[0].split(".")
        library = names[0]
        while len(names) > 1 and names[0] in PREFIXES:
            del names[0]
        name = ".".join(names)
        if written := MEANS_OTHER.get((library, name)):
            raise self.fail(f"{quote(match[0])} is another function than {name}", match.span(), f"write {written}")
        if library in OF_ARRAYS and (opens := _PARENTHESIS.match(self.source, match.end(), self.end)):
            from .guesses import with_axis

            if call := with_axis((library, name), self.functions, self.source, opens.end() - 1):
                message, (ends, written) = f"the second input of {quote(match[0])} is a setting", call
                error = self.fail(message, match.span(), f"write {written}")
                raise error if " or " in written else error.repaired((start, ends), written)
        if name not in self.functions and name not in CONSTANTS:
            from .guesses import is_advised, unknown_function

            if _PARENTHESIS.match(self.source, match.end(), self.end) and is_advised(name):
                raise unknown_function(self.source, self.functions, name, match.span())
            raise refusal(self.source, end)
        return name, match.end()

    def bare_call(self, name: str, power: re.Match[str], inside: re.Match[str]) -> InputError:
        """What is wrong with `sin²x`, which has no parentheses."""
        from .guesses import CLEAR

        written = f"{name}({inside[1]})**{exponent(power['sup'])}"
        span = power.start() - len(name), inside.end()
        error = self.fail(f"{quote(name)} has no parentheses here", span, f"write {written}")
        return error.repaired(span, written) if CLEAR.match(self.source, span[1]) else error

    def power_of_call(self, name: str, power: re.Match[str]) -> int | None:
        """The exponent in `sin²(x)`, which is that of the value; where it ends. None where no parenthesis follows."""
        if not _PARENTHESIS.match(self.source, power.end(), self.end):
            return None
        digits = exponent(power["sup"]) if power["sup"] else power["typed"]
        if digits == "-1":
            from .recipes import INVERSES, bracketed

            span = power.start() - len(name), power.end()
            inside = ", ".join(bracketed(self.source, self.source.index("(", span[1]))) or "x"
            inverse = INVERSES.get(self.functions[name][0].name, f"a{name}") if name in self.functions else ""
            other = f" or {inverse}({inside})" if inverse in self.functions else ""
            hint = f"write 1/{name}({inside}){other}"
            raise self.fail(f"{self.typed(span)} may be an inverse or a power", span, hint)
        self.power = digits, power.span(power.lastgroup or 0)
        return power.end()

    def operator(self, sign: str, span: Span) -> None:
        if not self.wants_operand:
            if sign == "**":
                self.need_whole_operand(span, "**…")
                self.need_one_order(self.source[slice(*span)], span)
            elif sign == "%":
                self.need_remainder(span)
            self.tokens.append(Token("binary", sign, span))
            self.wants_operand = True
        elif sign in "+-":
            self.tokens.append(Token("unary", sign, span))
        else:
            last = self.tokens[-1] if self.tokens else None
            message = (
                f"something is missing between {self.typed(last.span)} and {self.typed(span)}"
                if last is not None and last.kind in ("binary", "unary", "compared", *BEFORE_NOT - {"(", ","})
                else f"{self.typed(span)} has nothing on its left"
            )
            error = self.fail(message, span)
            typed = _OF_R.match(self.source, span[0] - 1)
            if typed and last is not None and last.text == "%":  # as R writes a remainder, and the product of matrices
                sign = "%" if typed[0] == "%%" else "@"
                error.hint = f"write {sign}"
                raise error.repaired(typed.span(), sign)
            raise error

    def need_remainder(self, span: Span) -> None:
        """A sign right behind an operand, with no operand behind it or a sum, is that of a percentage."""
        start = self.tokens[self.first].span[0]
        behind = _SPACE_BEHIND.match(self.source, span[1], self.end)
        assert behind is not None
        rest = self.source[behind.end() : self.end][:1]
        if self.tokens[-1].span[1] < span[0]:
            return
        whole = self.source[start : span[0]]
        if rest not in _BEHIND_PERCENT:
            if behind[0]:
                raise self.two_readings(f"{whole}% {rest}…", span, f"{whole}/100*…", f"{whole} % …")
            return
        if rest not in _SUMS:
            whole_span = start, span[1]
            error = self.fail(f"{self.typed(whole_span)} is a percentage", whole_span, f"write {whole}/100")
            raise error.repaired(whole_span, f"({whole}/100)")
        raise self.two_readings(f"{whole}% {rest} …", span, f"{whole}/100 {rest} …", f"{whole} % ({rest}…)")

    def raised(self, text: str, span: Span) -> None:
        """A superscript: `x²`."""
        if self.wants_operand:
            raise self.fail(f"{quote(text)} has nothing on its left", span)
        if len(text) > MAX_NUMBER:
            raise self.fail(f"a number has at most {MAX_NUMBER} characters; this one has {len(text):,}", span)
        self.need_whole_operand(span, text)
        self.add_power(exponent(text), span, span)
        self.bare = text

    def fraction(self, sign: str, span: Span) -> None:
        """`½`, which is 1/2 in parentheses."""
        above, below = fraction(sign)
        if not self.wants_operand:
            if self.tokens[-1].kind == "number":
                text = self.tokens[-1].text
                raise self.two_readings(f"{text}{sign}", span, f"{text} + {above}/{below}", f"{text}*{above}/{below}")
            self.multiply(Token("(", sign, span))
        first = len(self.tokens)
        numbers = [Token("number", above, span), Token("binary", "/", span), Token("number", below, span)]
        self.tokens += [Token("(", "(", span), *numbers, Token(")", ")", span)]
        self.wants_operand = False
        self.ended(first)

    def root(self, name: str, span: Span) -> None:
        """`√x`: the root of the operand behind it."""
        self.operand(Token("call", name, span, primitive(name)))
        self.roots.append((len(self.tokens) - 1, len(self.open)))
        self.tokens.append(Token("(", "(", span))

    def is_between_inputs(self, end: int) -> bool:
        """Whether `;` separates the inputs of a function, as in a spreadsheet; it may end a statement half done."""
        group = self.open[-1] if self.open else None
        is_of_call = group is not None and group.call is not None and group.closes == ")"
        return is_of_call and not _ASSIGNED.match(self.source, end, self.end)

    def is_two_bars(self) -> bool:
        """Whether `||` is two bars of absolute values: `||x| - 1|`."""
        return self.wants_operand or bool(self.open and self.open[-1].closes == "|")

    def signed(self, sign: str, span: Span) -> None:
        """A bar, a bracket that rounds, or the sign of the factorial."""
        if sign == "!":
            self.factorial(span)
        elif not self.wants_operand and self.open and self.open[-1].closes == sign:
            self.closing(span, sign)
        elif sign in BRACKETS and (self.wants_operand or self.tokens[-1].kind in ("number", ")")):
            name, closes = BRACKETS[sign]
            self.operand(Token("call", name, span, primitive(name)))
            self.open.append(Group(span[0], len(self.tokens) - 1, (primitive(name),), [], [], closes=closes))
            self.tokens.append(Token("(", "(", span))
        elif sign == "|" and _BARS.match(self.source, span[0]) and self.is_factor(Token("(", sign, span)):
            raise self.missing_operator(Token("(", sign, span))  # a|x|
        else:
            raise refusal(self.source, span[0])

    def factorial(self, span: Span) -> None:
        if self.wants_operand:
            raise refusal(self.source, span[0])
        if self.tokens[-1].text == "!":
            raise self.fail("'!!' may be a double factorial", span, "write (x!)! for the factorial of a factorial")
        self.behind(primitive("factorial"), "!", span)

    def square(self, sign: str, start: int) -> int:
        """An array, or entries of one. Return where what was read ends."""
        span = start, start + 1
        if sign == "]":
            self.closing(span, "]")
            return span[1]
        if not self.wants_operand:
            if self.tokens[-1].kind == "number":
                raise self.missing_operator(Token("(", sign, span))
            try:
                last = self.tokens[-1].text
                if last.istitle() and last in self.functions and last not in self.variables:  # Sqrt[2]
                    raise self.fail("square brackets take entries of arrays", span)
                items, end = index(self.source, start, self.end)
            except InputError as error:
                from .guesses import square_call

                raise square_call(error, self.functions, self.tokens[-1], start) from None
            self.behind(row("index", items=items), self.source[start:end], (start, end))
            return end
        op = row("array")
        self.operand(Token("call", op.name, span, op))
        self.open.append(Group(start, len(self.tokens) - 1, (op,), [], [], closes="]"))
        if len(self.open) > MAX_NESTING:
            raise self.fail(f"more than {MAX_NESTING:,} nested brackets", span, NAME_RESULTS)
        self.tokens.append(Token("(", "(", span))
        return span[1]

    def finish(self) -> None:
        if not self.tokens and self.source[self.start - 1 : self.start] == "=":
            raise self.fail(NOTHING_BEHIND, (self.start - 1, self.start))
        if not self.tokens:
            place = (self.start, self.start + 1)
            raise self.fail(
                "the expression is empty", place, 'for example: backprop eval "(x+y)*z" --x -2 --y 5 --z -4'
            )
        end = self.tokens[-1].span[1]
        if self.open and not (self.wants_operand and self.tokens[-1].kind in ("binary", "unary")):
            raise self.never_closed()
        if self.wants_operand:
            raise self.fail(f"the expression ends after {self.typed(self.tokens[-1].span)}", (end, end + 1))
        self.chosen(self.choices)
