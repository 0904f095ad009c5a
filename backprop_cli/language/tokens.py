"""Text → tokens with positions. One pass that rejects whatever is not arithmetic; nothing later can fail to parse."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from ..errors import InputError, Span, quote
from ..rules.array_op import ArrayOp
from ..rules.arrays import functions as known_functions
from ..rules.arrays import row
from ..rules.op import Op
from ..rules.table import CONSTANTS, OPERATORS, WORDS_OF_LOGIC, primitive
from .names import MAX_NAME, NAME, end_of_name, normal
from .refusals import refusal
from .settings import Settings, index, lengths, setting
from .spellings import (
    BRACKETS,
    FRACTIONS,
    MEANS_OTHER,
    POWER_OF_CALL,
    PREFIXES,
    ROOTS,
    SUPERSCRIPT,
    exponent,
    foreign,
    fraction,
)
from .token import Token

MAX_CHARACTERS = 1_000_000
MAX_TOKENS = 100_000
MAX_NESTING = 10_000
MAX_NUMBER = 64

_TOKEN = re.compile(
    r"[ \t\r\n]+|#[^\n]*"
    r"|(?P<number>(?:[0-9]+(?:\.(?![*/^])[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    rf"|(?P<fraction>[{''.join(sorted(FRACTIONS))}])|(?P<name>{NAME})"
    r"|(?P<operator>\.?\*\*|\.?/(?!/)|\.[*^]|-(?!>)|[+*%@^−×·⋅⊙÷])"
    r"|(?P<logic>[<>=!]=|&&|\|\||<(?!>)|[>≤≥≠?]|:(?![:=]))"
    r"|(?P<bracket>[(),])|(?P<square>[\[\]])|(?P<transpose>\.T(?![\w(])|ᵀ)"
    rf"|(?P<power>{SUPERSCRIPT})|(?P<root>[√∛])|(?P<sign>[|⌊⌋⌈⌉!])"
)
_SPACE = r"(?:[ \t\r\n]++|#[^\n]*+\n)*+"
_SPACE_BEHIND = re.compile(_SPACE)
_TRANSPOSED = (".T", "ᵀ")
_SUMS = frozenset("+-−")
_BEHIND_PERCENT = frozenset(("", *"+-−*/@^×·⋅⊙÷)],;:<>=!?&"))
"""What stands behind a percentage, and begins no operand but a sum."""
_PARENTHESIS = re.compile(rf"{_SPACE}\(")
_NO_INPUTS = re.compile(rf"{_SPACE}\({_SPACE}\)")
_REST = re.compile(rf"{_SPACE}[,)]")  # what follows a case
_DOTTED = re.compile(rf"{NAME}(?:\.(?!T\b){NAME})+")  # X.T is no name
_POWER_OF_CALL = re.compile(POWER_OF_CALL)
_OPERAND = re.compile(rf"[ \t]*([0-9.]*{NAME}|[0-9.]+)(?!\w*{_SPACE}\()")
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?![0-9,])")
_BLANK = re.compile(r"[ \t\r]*")
_OF_NUMBERS = frozenset("0123456789.")
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
    return _Checker(source, variables, part, known_functions() if functions is None else functions, undefined).run()


_NAME_RESULTS = "give intermediate results a name: q = x + y; f = q*z"


class _Open(NamedTuple):
    """An open parenthesis, or the whole, which is always open.

    start: its place in the text
    call: the place of the function's token, None where it is no call
    candidates: what the function may mean
    commas: the places of the commas in it
    choices: `if` and `?` whose `else` or `:` has not come yet
    is_case: whether it holds a pair (value, condition)
    place: that of its token
    closes: what closes it
    power: the exponent of `sin²(x)`, and where it stands
    settings: those of an operation on arrays, such as `axis`
    """

    start: int
    call: int | None
    candidates: Sequence[Op]
    commas: list[int]
    choices: list[Token]
    is_case: bool = False
    place: int = 0
    closes: str = ")"
    power: tuple[str, Span] | None = None
    settings: Settings = {}  # noqa: RUF012  # each group that takes any is given its own

    @property
    def takes(self) -> set[str]:
        """The names of settings that may stand in it."""
        return {each for op in self.candidates if isinstance(op, ArrayOp) for each in op.takes}

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
        self.roots: list[tuple[int, int]] = []  # where roots begin, and in how many parentheses
        self.first = 0  # where the last operand begins
        self.bare = ""  # what may belong to the last operand or not: `√` in √x², `²` in x²**3
        self.power: tuple[str, Span] | None = None  # of the call that begins here
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
            elif match[0] == "||" and self.is_two_bars():
                self.signed("|", (start, start + 1))
                self.signed("|", (start + 1, position))
            elif kind == "logic":
                self.logic(OPERATORS.get(match[0], match[0]), (start, position))
            else:
                getattr(self, {"(": "opening", ")": "closing", ",": "comma"}[match[0]])((start, position))
        self.finish()
        return self.tokens

    # -- operands --

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
        if name not in self.functions and name not in CONSTANTS:
            raise refusal(self.source, end)
        return name, match.end()

    def bare_call(self, name: str, power: re.Match[str], inside: re.Match[str]) -> InputError:
        """What is wrong with `sin²x`, which has no parentheses."""
        written = f"{name}({inside[1]})**{exponent(power['sup'])}"
        span = power.start() - len(name), inside.end()
        return self.fail(f"{quote(name)} has no parentheses here", span, f"write {written}")

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

    def operand(self, token: Token) -> None:
        """A number, a name, or the name of a function, whose inputs follow."""
        if not self.wants_operand:
            self.multiply(token)
        self.tokens.append(token)
        self.wants_operand = token.kind == "call"
        if not self.wants_operand:
            self.ended(len(self.tokens) - 1)

    def ended(self, first: int) -> None:
        """An operand ends here, and so do the roots before it. first: its first token."""
        self.first, self.bare = first, ""
        while self.roots and self.roots[-1][1] == len(self.open):
            self.first, _ = self.roots.pop()
            self.bare = "√" if self.tokens[-1].kind != ")" or self.bare else "√("
            self.tokens.append(Token(")", ")", self.tokens[-1].span))

    def multiply(self, token: Token) -> None:
        """The product without a sign: a number or a closing parenthesis before a name, a function or an opening one.

        Before a root a name will do: `x√y`.
        """
        last, before = self.tokens[-1], self.sign_before(self.first)
        between = self.source[last.span[1] : token.span[0]]
        is_other = last.kind == "number" and not between and token.text.startswith("_")
        is_factor = last.kind in ("number", ")") and token.kind != "number"
        is_factor |= self.source[token.span[0]] in ROOTS and self.is_factor(token)
        is_exponent = before is not None and self.tokens[before].text == "**"
        if not (is_factor and _BLANK.fullmatch(between)) or is_other or (is_exponent and self.power_of_function(token)):
            raise self.missing_operator(token)
        left = self.source[self.tokens[self.first].span[0] : last.span[1]]
        called = sign if (sign := self.source[token.span[0]]) in ROOTS else token.text
        right = {"(": "(…)", "call": f"{called}(…)"}.get(token.kind, token.text)
        if last.text in _TRANSPOSED:
            readings = f"{left} @ {right}", f"{left}*{right}"
            raise self.two_readings(f"{left}{right}", (last.span[0], token.span[1]), *readings)
        if self.bare == "√":
            root, inside = left[0], left[1:]
            raise self.two_readings(
                f"{left}{right}", (last.span[0], token.span[1]), f"{left}*{right}", f"{root}({inside}*{right})"
            )
        if before is not None and self.tokens[before].text in ("/", "%", "**"):
            sign, above = self.tokens[before].text, self.tokens[before - 1]
            start = above.text if above.kind in ("number", "variable", "constant") else "…"
            left = self.source[self.tokens[before + 1].span[0] : last.span[1]]
            readings = f"{start}{sign}({left}*{right})", f"({start}{sign}{left})*{right}"
            raise self.two_readings(f"{start}{sign}{left}{right}", (last.span[0], token.span[1]), *readings)
        self.tokens.append(Token("binary", "*", (token.span[0], token.span[0])))
        self.wants_operand = True

    def is_factor(self, root: Token) -> bool:
        """Whether the last name is one that a root is multiplied by, and not, as in `sin√x`, a word of another kind."""
        from .guesses import no_product

        last = self.tokens[-1]
        return last.text in self.variables or not no_product(self.source, self.functions, last, root)

    def sign_before(self, index: int) -> int | None:
        """The place of the operator before the operand that begins there, whatever signs it has."""
        while index > 0 and self.tokens[index - 1].kind == "unary":
            index -= 1
        return index - 1 if index > 0 and self.tokens[index - 1].kind == "binary" else None

    def two_readings(self, text: str, span: Span, *readings: str) -> InputError:
        return self.fail(f"{quote(text)} may be read in two ways", span, f"write {' or '.join(readings)}")

    # -- operators and brackets --

    def operator(self, sign: str, span: Span) -> None:
        if not self.wants_operand:
            if sign == "**":
                self.need_whole_operand(span, "**…")
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
                if last is not None and last.kind in ("binary", "unary", "compared", *_BEFORE_NOT - {"(", ","})
                else f"{self.typed(span)} has nothing on its left"
            )
            raise self.fail(message, span)

    def need_remainder(self, span: Span) -> None:
        """A sign right behind an operand, with no operand behind it or a sum, is that of a percentage."""
        start = self.tokens[self.first].span[0]
        behind = _SPACE_BEHIND.match(self.source, span[1], self.end)
        assert behind is not None
        rest = self.source[behind.end() : self.end][:1]
        if self.tokens[-1].span[1] < span[0] or rest not in _BEHIND_PERCENT:
            return
        whole = self.source[start : span[0]]
        if rest not in _SUMS:
            raise self.fail(f"{self.typed((start, span[1]))} is a percentage", (start, span[1]), f"write {whole}/100")
        raise self.two_readings(f"{whole}% {rest} …", span, f"{whole}/100 {rest} …", f"{whole} % ({rest}…)")

    # -- signs that stand for something else --

    def need_whole_operand(self, span: Span, power: str) -> None:
        """No power stands behind a root or a superscript, because it may belong to what is in there."""
        if not self.bare:
            return
        text = self.source[self.tokens[self.first].span[0] : self.tokens[-1].span[1]]
        readings = [f"({text}){power}"]
        if self.bare[0] == "√":
            readings.append(f"{text[0]}({text[1:]}{power})")
        elif text.endswith(self.bare):
            readings.append(f"{text.removesuffix(self.bare)}**({exponent(self.bare)}{power})")
        raise self.two_readings(f"{text}{power}", span, *readings)

    def raised(self, text: str, span: Span) -> None:
        """A superscript: `x²`."""
        if self.wants_operand:
            raise self.fail(f"{quote(text)} has nothing on its left", span)
        if len(text) > MAX_NUMBER:
            raise self.fail(f"a number has at most {MAX_NUMBER} characters; this one has {len(text):,}", span)
        self.need_whole_operand(span, text)
        self.add_power(exponent(text), span, span)
        self.bare = text

    def add_power(self, digits: str, span: Span, end: Span) -> None:
        """To the power of the digits, which stand at `span`, while all of it ends at `end`."""
        sign = [Token("unary", "-", span)] * digits.startswith("-")
        number = Token("number", digits.removeprefix("-"), span)
        self.tokens += [Token("binary", "**", span), Token("(", "(", span), *sign, number, Token(")", ")", end)]

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
            self.open.append(_Open(span[0], len(self.tokens) - 1, (primitive(name),), [], [], closes=closes))
            self.tokens.append(Token("(", "(", span))
        else:
            raise refusal(self.source, span[0])

    def factorial(self, span: Span) -> None:
        if self.wants_operand:
            raise refusal(self.source, span[0])
        if self.tokens[-1].text == "!":
            raise self.fail("'!!' may be a double factorial", span, "write (x!)! for the factorial of a factorial")
        self.behind(primitive("factorial"), "!", span)

    def behind(self, op: Op, sign: str, span: Span) -> None:
        """An operation whose sign stands behind its operand."""
        if self.wants_operand:
            raise self.fail(f"{quote(sign)} has nothing on its left", span)
        self.need_whole_operand(span, sign)
        place = self.tokens[self.first].span[0]
        call = Token("call", op.name, (place, place), op)
        self.tokens[self.first : self.first] = [call, Token("(", "(", (place, place))]
        self.tokens.append(Token(")", sign, span))

    # -- arrays --

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
                items, end = index(self.source, start, self.end)
            except InputError as error:
                name = self.tokens[-1].text
                name = name if name in self.functions else name.lower()
                if name in self.functions:  # Sin[x]
                    from .recipes import bracketed, recipe

                    inputs = bracketed(self.source, start)
                    call = f"{name}({', '.join(inputs)})"
                    error.hint = f"write {recipe(self.tokens[-1].text, inputs) or call}"
                raise
            self.behind(row("index", items=items), self.source[start:end], (start, end))
            return end
        op = row("array")
        self.operand(Token("call", op.name, span, op))
        self.open.append(_Open(start, len(self.tokens) - 1, (op,), [], [], closes="]"))
        if len(self.open) > MAX_NESTING:
            raise self.fail(f"more than {MAX_NESTING:,} nested brackets", span, _NAME_RESULTS)
        self.tokens.append(Token("(", "(", span))
        return span[1]

    def unlisted(self, call: int) -> int:
        """Of `concat([x, y])`, NumPy's way, leave concat(x, y). Return how many inputs there are."""
        depth, count = 0, 1
        for place in range(call + 2, len(self.tokens)):
            kind = self.tokens[place].kind
            depth += (kind == "(") - (kind == ")")
            count += depth == 1 and kind == ","
            if depth == 0 and kind != "call" and place < len(self.tokens) - 1:
                return 1
        if self.tokens[call + 2].text != "array" or self.tokens[call + 2].kind != "call":
            return 1
        del self.tokens[-1], self.tokens[call + 2 : call + 4]
        return count

    def setting(self, start: int) -> int | None:
        """A setting such as `axis=0`, which leaves no token. Return where it ends; None where none stands there."""
        if not (self.open and self.open[-1].commas and self.wants_operand and self.open[-1].takes):
            return None
        found = setting(self.source, start, self.end)
        if found is None:
            return None
        name, value, end = found
        group, text = self.open[-1], self.source[start:end]
        if name in group.settings:
            raise self.fail(f"{name} is given twice", (start, end))
        if name not in group.takes:
            function = self.tokens[group.call or 0].text
            raise self.fail(f"{function} takes no {quote(text)}", (start, end))
        group.settings[name] = value
        self.tokens.pop()  # the comma
        group.commas.pop()
        self.wants_operand = False
        return end

    def lengths(self, start: int) -> int:
        """The shape behind the comma of `reshape(x, 2, 3)`. Return where it ends."""
        self.need_operand_before((start, start + 1))
        self.open[-1].settings["lengths"], end = lengths(self.source, start + 1, self.end)
        return end

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
            candidates = self.functions[last.text]
            call = len(self.tokens) - 1
            self.open.append(_Open(span[0], call, candidates, [], [], power=self.power, settings={}))
            self.power = None
        elif self.wants_operand and self.begins_case(last):
            self.open.append(_Open(span[0], None, (), [], [], is_case=True))
            return
        else:
            token = Token("(", "(", span)
            if not self.wants_operand:
                self.multiply(token)
            self.open.append(_Open(span[0], None, (), [], [], place=len(self.tokens)))
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
            if grouped := _GROUPED.match(self.source, len(self.source[: span[0]].rstrip("0123456789"))):
                hint = f"write {grouped[0].replace(',', '')}"
            raise self.fail("a comma only separates the inputs of a function", span, hint)
        self.need_operand_before(span)
        self.chosen(self.open[-1].choices)
        if self.open[-1].takes_cases:
            self.need_case_before(span[0])
        self.open[-1].commas.append(span[0])
        self.tokens.append(Token(",", ",", span))
        self.wants_operand = True

    def closing(self, span: Span, sign: str = ")") -> None:
        if not self.open:
            raise self.fail(f"{quote(sign)} closes nothing", span)
        group = self.open[-1]
        if group.closes != sign:
            raise self.never_closed()
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
        if group.power:
            self.add_power(*group.power, span)
        self.ended(group.place if group.call is None else group.call)
        if group.power and not self.bare:
            self.bare = "²"

    def never_closed(self) -> InputError:
        at = self.open[-1].start
        hint = "between conditions, write or" if self.source[at] == "|" else ""
        return self.fail(f"{self.typed((at, at + 1))} is never closed", (at, at + 1), hint)

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
        if count == 1 and token.text in ("concat", "concatenate"):
            count = self.unlisted(group.call)
        settings = group.settings
        fit = [op for op in group.candidates if not settings or (isinstance(op, ArrayOp) and op.takes >= {*settings})]
        op = next((op for op in fit if op.accepts(count + len(op.read))), None)
        if op is not None and isinstance(op, ArrayOp) and (settings or "lengths" in op.takes):
            if "lengths" in op.takes and not settings:
                raise self.fail(f"{token.text} takes a shape", (token.span[0], end), f"write {token.text}(x, 2, 3)")
            op = row(op.name, **settings)
        if op is None and token.text == "array":
            raise self.fail("an array has one entry at least", (token.span[0], end))
        if op is None and settings and count > 1:
            typed = ", ".join(f"{name}={value}" for name, value in settings.items())
            hint = f"as one array: {token.text}([x, y], {typed})"
            raise self.fail(f"with {next(iter(settings))}, {token.text} takes one input", (token.span[0], end), hint)
        if op is None:
            from .guesses import wrong_count

            candidates = [op for op in fit if not op.of_arrays] or fit

            raise wrong_count(self.source, token, (group.start, end), candidates, count)
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
            raise self.never_closed()
        if self.wants_operand:
            raise self.fail(f"the expression ends after {self.typed(self.tokens[-1].span)}", (end, end + 1))
        self.chosen(self.choices)

    # -- what went wrong --

    def missing_operator(self, token: Token) -> InputError:
        from .guesses import missing_operator

        return missing_operator(self.source, self.functions, self.tokens[-1], token)

    def power_of_function(self, token: Token) -> str:
        """What to write for `sin^2(x)`; empty where no function has a power before a token."""
        from .guesses import power_of_function

        return power_of_function(self.source, self.functions, token)

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
