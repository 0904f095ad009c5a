"""Operands, and the product without a sign between them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from ..errors import InputError, Span, quote
from ..rules.op import Op
from .spellings import ROOTS, exponent
from .token import Group, Token

_BLANK = re.compile(r"[ \t\r]*")
_CELL = re.compile(r"(?:\s++|#[^\n]*+)*+=")
TRANSPOSED = (".T", "ᵀ")


class Operands:
    """The tokens so far, and what may come behind them.

    variables: names that are variables even if they spell a constant
    part: where in the source the expression stands
    functions: what a name before a parenthesis may mean
    undefined: names of functions that are none yet, and what to say of them
    """

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
        self.open: list[Group] = []
        self.choices: list[Token] = []  # outside of all parentheses
        self.case_end = 0  # how many tokens there were when the last case ended
        self.roots: list[tuple[int, int]] = []  # where roots begin, and in how many parentheses
        self.first = 0  # where the last operand begins
        self.bare = ""  # what may belong to the last operand or not: `√` in √x², `²` in x²**3
        self.power: tuple[str, Span] | None = None  # of the call that begins here
        self.wants_operand = True

    def fail(self, message: str, span: Span, hint: str = "") -> InputError:
        return InputError(message, self.source, span, hint)

    def typed(self, span: Span) -> str:
        return quote(self.source[slice(*span)])

    def two_readings(self, text: str, span: Span, *readings: str) -> InputError:
        return self.fail(f"{quote(text)} may be read in two ways", span, f"write {' or '.join(readings)}")

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
        error = None
        if not (is_factor and _BLANK.fullmatch(between)) or is_other or (is_exponent and self.power_of_function(token)):
            error = self.missing_operator(token)
            if error.repair is None or error.repair[1] != "*":
                raise error
        left = self.source[self.tokens[self.first].span[0] : last.span[1]]
        called = root if (root := self.source[token.span[0]]) in ROOTS else token.text
        right = {"(": "(…)", "call": f"{called}(…)"}.get(token.kind, token.text)
        span = last.span[0], token.span[1]
        if last.text in TRANSPOSED:
            raise self.two_readings(f"{left}{right}", span, f"{left} @ {right}", f"{left}*{right}")
        if self.bare == "√":
            root, inside = left[0], left[1:]
            raise self.two_readings(f"{left}{right}", span, f"{left}*{right}", f"{root}({inside}*{right})")
        if before is not None and self.tokens[before].text in ("/", "%", *["**"] * (not error)):
            sign, above = self.tokens[before].text, self.tokens[before - 1]
            start = above.text if above.kind in ("number", "variable", "constant") else "…"
            left = self.source[self.tokens[before + 1].span[0] : last.span[1]]
            readings = f"{start}{sign}({left}*{right})", f"({start}{sign}{left})*{right}"
            two = self.two_readings(f"{start}{sign}{left}{right}", span, *readings)
            is_clear = sign == "**" and last.kind == ")"  # beside other things that are mended
            raise two.repaired((last.span[1], token.span[0]), "*") if is_clear else two
        if error:
            raise error
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

    def power_of_function(self, token: Token) -> str:
        """What to write for `sin^2(x)`; empty where no function has a power before a token."""
        from .guesses import power_of_function

        return power_of_function(self.source, self.functions, token)

    def missing_operator(self, token: Token) -> InputError:
        from .guesses import missing_operator

        error = missing_operator(self.source, self.functions, self.tokens[-1], token)
        if error.repair and error.repair[1] == "*" and self.open and self.open[-1].closes == "]":
            error.hint = f"between entries stand commas: {self.tokens[-1].text}, {token.text}"
            return error.repaired(error.repair[0], ", ")
        return error

    def need_operand_before(self, span: Span) -> None:
        if self.wants_operand:
            last = self.tokens[-1]
            if last.kind == "(" and self.source[span[0]] == ")":
                raise self.fail("nothing stands between the parentheses", (last.span[0], span[1]))
            raise self.fail(f"something is missing between {quote(last.text)} and {quote(self.source[span[0]])}", span)

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

    def need_one_order(self, sign: str, span: Span) -> None:
        """Behind `=` alone stands the formula of a spreadsheet, where -2^2 is 4 and 2^3^2 is 64."""
        signed = self.first
        while signed and self.tokens[signed - 1].kind == "unary":
            signed -= 1
        is_negative = any(token.text == "-" for token in self.tokens[signed : self.first])
        is_chain = signed > 0 and self.tokens[signed - 1].text == "**"
        cell = (is_negative or is_chain) and _CELL.match(self.source)
        if not cell or cell.end() != self.start:
            return
        text = self.source[self.tokens[self.first].span[0] : span[0]].rstrip()
        if is_negative:
            raise self.two_readings(f"-{text}{sign}…", span, f"(-{text}){sign}…", f"-({text}{sign}…)")
        raise self.two_readings(f"…{sign}{text}{sign}…", span, f"(…{sign}{text}){sign}…", f"…{sign}({text}{sign}…)")

    def add_power(self, digits: str, span: Span, end: Span) -> None:
        """To the power of the digits, which stand at `span`, while all of it ends at `end`."""
        sign = [Token("unary", "-", span)] * digits.startswith("-")
        number = Token("number", digits.removeprefix("-"), span)
        self.tokens += [Token("binary", "**", span), Token("(", "(", span), *sign, number, Token(")", ")", end)]

    def behind(self, op: Op, sign: str, span: Span) -> None:
        """An operation whose `sign` stands behind its operand."""
        if self.wants_operand:
            raise self.fail(f"{quote(sign)} has nothing on its left", span)
        self.need_whole_operand(span, sign)
        place = self.tokens[self.first].span[0]
        call = Token("call", op.name, (place, place), op)
        self.tokens[self.first : self.first] = [call, Token("(", "(", (place, place))]
        self.tokens.append(Token(")", sign, span))
