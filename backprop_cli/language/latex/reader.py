"""The grammar: formulas, and what they are made of, sign by sign."""

from __future__ import annotations

import re
from itertools import takewhile

from ...rules.arrays import functions
from ..names import as_name
from ..recipes import INVERSES
from .cursor import DerivativeError, TwoReadingsError, UnknownError
from .environments import Environments
from .parts import Part, held, joined
from .signs import (
    ACCENTS,
    ALIGNED,
    BEHIND_OPERAND,
    BOLD,
    BOLD_TOPS,
    BRACKETS,
    DERIVATIVE,
    GREEK,
    LETTERS,
    MATRICES,
    NAMED,
    NORMS,
    OF_MATRIX,
    ORDERED,
    OTHERWISE,
    PLAIN,
    POWERS,
    SETTINGS,
    SIGNS,
    STOPS,
    TOPS,
    TRANSPOSED,
    WHERE,
)

_LONGEST_FUNCTION = 20  # letters
_COMPOUND = frozenset(("(", "[", r"\{", "|", r"\frac", r"\dfrac", r"\tfrac", r"\sqrt"))
"""What begins an operand that is more than a letter."""
_NUMBER = re.compile(r"(?:[\d.]|pi)+")
_LOGARITHMS = ("log", "ln", "lg", "log2", "log10", "exp")
_ORDER = re.compile(rf"(?:\b(?:[a-zα-ω]|{'|'.join(GREEK)})\b(?!\*[^\W\d])|[^\w]|\d)+")
"""Of a Bessel function: one letter in lower case, a number, or a sum of them."""


class Reader(Environments):
    """What reads a formula. of_arrays: whether there are any; ours: as in Environments."""

    def __init__(self, signs: list[str], *, of_arrays: bool, ours: bool) -> None:
        super().__init__(signs, ours=ours)
        self.of_arrays = of_arrays
        self.functions = functions()
        self.bold: set[str] = set()  # names of arrays
        self.spaced: set[int] = set()  # the places of signs behind a space that sets apart

    def whole(self) -> str:
        if self.next == r"\begin" and "".join(self.signs[2:]).startswith(tuple(f"{each}}}" for each in ALIGNED)):
            return "\n".join(self.lines())
        head = self.head()
        written = self.formula("")
        if self.place < len(self.signs):
            self.take()
            raise UnknownError
        return f"{head}{written.text}"

    def head(self) -> str:
        """`L = `, or `f(x) = `, where the formula begins so."""
        if "=" not in self.signs:
            return ""
        try:
            name = self.operand().text
            inputs = f"({self.bracketed(self.take()).text})" if self.next == "(" else ""
            if "==" not in inputs and as_name(name) and self.take() == "=":
                return f"{name}{inputs} = "
        except UnknownError:
            pass
        self.place, self.rest, self.depth, self.conditions = 0, "", 0, 0
        return ""

    def formula(self, close: str) -> Part:
        """What stands before a closing bracket, or before the end."""
        self.deepen()
        parts: list[Part] = []
        before = 0
        while self.next not in (close, *STOPS) and self.worded() not in (*OTHERWISE, *WHERE):
            start = self.place
            part = self.part(close)
            is_divided = [each.text for each in parts[-2:-1] if each.kind == "sign"] == ["/"]
            if is_divided and "sign" not in (parts[-1].kind, part.kind):  # as papers write exp(-x^2/2\sigma^2)
                below, factor = (before, start), (start, self.place)
                readings = ("/(", below, " ", factor, ")"), ("/", below, r" \cdot ", factor)
                raise TwoReadingsError((before - 1, self.place), *readings)
            parts.append(part)
            before = start
        if parts and parts[-1].kind == "sign":
            raise UnknownError
        self.depth -= 1
        return joined(parts, self.bold)

    def part(self, close: str) -> Part:
        """A sign, or an operand with its subscript and exponent."""
        if self.next == "=" and self.conditions:
            self.take()
            return Part("==", "sign")
        if word := self.worded(take=True):
            return Part(word, "sign")
        if self.next in SIGNS:
            return Part(SIGNS[self.take()], "sign")
        start = self.place
        if self.next in NAMED and self.signs[start + 2 : start + 3] and (setting := self.setting()):
            return Part(setting, "sign")
        name = self.function()
        base = self.applied(name, close) if name else self.lettered() or self.operand()
        is_whole = self.signs[start] != "{"
        while self.next in ("^", "!", "_", *POWERS):
            if (sign := self.take()) == "_" and self.signs[start] in (r"\|", r"\lVert"):
                base = self.norm(base)
            elif sign == "_":  # of a name it is a part: `{x}_{0}` is an entry
                base = Part(f"{held(base)}[{self.entry()}]")
            elif sign == "^" and self.transposes(base):
                base = Part(f"{held(base)}{TRANSPOSED}")
            elif sign == "!":
                base = Part(f"{held(base)}!")
            elif sign in POWERS:
                base = Part(f"{held(base)}**{POWERS[sign]}", "product")
            else:
                exponent = self.group()
                self.refuse_digits("^")
                if self.next == "^":  # nor does TeX know which of two ways to read it
                    self.take()
                    raise UnknownError
                if exponent.text == "-1" and is_whole and self.is_matrix(base):
                    base = Part(f"inv({base.text})")
                    continue
                is_e = base.text == "e"
                base = Part(f"exp({exponent.text})") if is_e else Part(f"{held(base)}**{held(exponent)}", "product")
        return base

    def setting(self) -> str:
        r"""`axis=`, of `\mathrm{axis}=0`; empty where none is next."""
        start = self.place
        self.take()
        word = self.word()
        if word in SETTINGS and self.next == "=":
            return f"{word}{self.take()}"
        self.place = start
        return ""

    def is_matrix(self, base: Part) -> bool:
        """Whether what has the exponent -1 has an inverse."""
        is_known = self.ours or base.text in self.bold or OF_MATRIX.fullmatch(base.text) is not None
        return self.of_arrays and is_known

    def entry(self) -> str:
        """Which entry of an array, by its place: `0`, `{0, 1}`."""
        place = self.below().replace("_", ", ")
        if not re.fullmatch("[-0-9:, ]+", place):
            raise UnknownError
        return place

    def norm(self, base: Part) -> Part:
        r"""`\|x\|_{1}`, by its subscript."""
        form = NORMS.get(self.below() if self.next == "{" else self.take())
        if form is None:
            raise UnknownError
        return Part(form.format(base.text.partition("(")[2][:-1]))

    def transposes(self, base: Part) -> bool:
        r"""Whether the exponent is `\top`, which is taken then; of what is bold, T is one, too."""
        tops = BOLD_TOPS if base.text in self.bold else TOPS
        count = next((len(each) for each in tops if self.signs[self.place : self.place + len(each)] == each), 0)
        self.place += count
        return count > 0

    def lettered(self) -> Part | None:
        r"""A function that has a letter, and what it is applied to: `J_{2}(x)`, `\zeta(x)`, `\operatorname{Ai}'(x)`."""
        if self.next not in (*NAMED, *ORDERED, *PLAIN):
            return None
        start = self.place
        sign = self.take()
        if sign in NAMED:
            sign = self.word()
        if self.next == "'":
            sign += self.take()
        order, ahead = "", self.signs[self.place : self.place + 7]
        if sign in ORDERED and not sign.startswith("\\") and self.next == "_":
            self.take()
            order = self.group().text
            if not _ORDER.fullmatch(order):  # I_S(…) and K_{max}(…) are products
                self.place = start
                return None
        elif sign in ORDERED and ahead[:3] + ahead[4:] == [*"^{()}("] and ahead[3].isalnum():
            order = ahead[3]
            self.place += 6
        name = ORDERED.get(sign, "") if order else PLAIN.get(sign, "")
        if not name or self.next != "(":
            self.place = start
            return None
        inside = self.bracketed(self.take()).text
        order = order[1:-1] if order.startswith("(") else order
        return Part(f"{name}({order}, {inside})" if order else f"{name}({inside})")

    def function(self) -> str:
        """The function that is called here, as this language calls it; empty where none is."""
        sign, functions, start = self.next, self.functions, self.place
        word = sign[1:]
        if sign in NAMED:
            self.take()
            word = self.word()
            known = word if word in functions else word.lower()
            if known in functions and (sign == r"\operatorname" or self.applies()):
                return known
            self.place = start
            return ""
        if run := self.spelled():
            self.place += len(run)
            return run
        if not sign.startswith("\\"):
            return ""
        if word in LETTERS:
            behind = "".join(self.signs[self.place + 1 : self.place + 7])
            if not behind.startswith(("(", "{", "^{-1}(")) or LETTERS[word] not in functions:
                return ""
            word = LETTERS[word]
        elif word in GREEK or word in ("frac", "sqrt") or sign in ACCENTS or word not in functions:
            return ""
        self.take()
        return functions[word][0].name if word in LETTERS.values() else word

    def applies(self) -> bool:
        r"""Whether a word is applied to what is next: `\mathrm{log}_{2} x`, not `\mathrm{log}_{2} + x`."""
        start = self.place
        while self.next in ("^", "_"):
            self.take()
            self.group()
        found = self.next not in BEHIND_OPERAND
        self.place, self.rest = start, ""
        return found

    def applied(self, name: str, close: str) -> Part:
        r"""A function with what it is applied to: `\sin x`, `\sin^2(x)`, `\log_2 x`, `\max(x, y)`."""
        start = self.place
        base, power = "", ""
        while self.next in ("^", "_"):
            if self.take() == "^":
                power = held(self.group())
            else:
                base = self.subscript(start)
        if power == "(-1)":
            name, power = INVERSES.get(self.functions[name][0].name, f"a{name}"), ""
            if name not in self.functions:
                raise UnknownError
        if self.next in ("(", "[", "{", r"\{"):
            inside = self.bracketed(self.take()).text
        else:
            self.deepen()
            inside = self.bare(name, close)
            self.depth -= 1
        if base and name in ("log", "lg"):
            name, inside = (f"log{base}", inside) if base in ("2", "10") else (name, f"{inside}, {base}")
        elif base or not inside:
            self.place = start
            raise UnknownError
        if name == "log" and inside.startswith("abs(beta(") and "(" not in inside[9:]:
            name, inside = "lbeta", inside[9:-2]
        called = f"{name}({inside})"
        return Part(f"{called}**{power}", "product") if power else Part(called)

    def bare(self, name: str, close: str) -> str:
        r"""What a function without brackets is applied to: `\sin 2\pi f t`, up to a sign, a function or `e^x`."""
        parts: list[Part] = []
        first, compound = self.place, False
        while self.next not in (close, *STOPS, *SIGNS) and not (parts and (self.calls() or self.exponential())):
            is_call, start = self.calls(), self.place
            part = self.part(close)
            is_compound = self.signs[start] in _COMPOUND
            is_factor = name not in _LOGARITHMS and all(_NUMBER.fullmatch(each.text) for each in parts)
            is_apart = start in self.spaced or compound or (is_compound and not is_factor)
            is_apart |= name in _LOGARITHMS and bool(_NUMBER.fullmatch("".join(each.text for each in parts)))
            if parts and is_apart and "sign" not in (part.kind, parts[-1].kind):  # as in \sin x (y+1)
                inside, behind = (first, start), (start, self.place)
                raise TwoReadingsError(
                    (first, self.place), ("(", inside, ") ", behind), ("(", inside, " ", behind, ")")
                )
            parts.append(part)
            compound |= is_compound
            if is_call:  # \log\sigma(x)
                break
        return joined(parts, self.bold).text

    def exponential(self) -> bool:
        """Whether `e^x` is next, which is a function as `exp` is."""
        ahead = self.signs[self.place : self.place + 5]
        return [each for each in ahead if each not in (r"\mathrm", "{", "}")][:2] == ["e", "^"]

    def refuse_digits(self, sign: str, *, is_function: bool = False) -> None:
        """Raise where only the first digit is raised or lowered, as in `x^10`, which TeX sets so."""
        if self.rest:
            digits = self.signs[self.place]
            readings = (f"{sign}{{{digits}}}",), (rf"{sign}{digits[0]} \cdot {self.rest}",)
            raise TwoReadingsError((self.place - 1, self.place + 1), *readings[: 1 if is_function else 2])

    def subscript(self, start: int) -> str:
        """That of a function; of `\\sum`, which has none here, the sign itself is what is not read."""
        try:
            below = self.group().text
        except UnknownError:
            self.place = start
            raise
        self.refuse_digits("_", is_function=True)
        return below

    def calls(self) -> bool:
        """Whether a function is called next."""
        start = self.place
        found = self.function()
        self.place = start
        return bool(found)

    def operand(self) -> Part:
        sign = self.take()
        if sign in BRACKETS:
            function, _ = BRACKETS[sign]
            inside = self.bracketed(sign)
            if not inside.text:
                raise UnknownError
            if sign == "{" and inside.kind == "one":
                return inside
            is_array = sign == "[" and (inside.kind == "list" or inside.text.startswith("["))
            return Part(f"[{inside.text}]" if is_array else f"{function}({inside.text})")
        if sign == r"\begin":
            is_matrix = "".join(self.signs[self.place : self.place + 9]).startswith(MATRICES)
            return self.matrix() if is_matrix else self.cases()
        if sign in (r"\partial", r"\nabla"):
            self.place -= 1
            raise DerivativeError
        if sign in (r"\frac", r"\dfrac", r"\tfrac", r"\cfrac", r"\nicefrac", r"\sfrac"):
            self.refuse_derivative()
            above, below = self.group(), self.group()
            return Part(f"{held(above, product=True)}/{held(below)}", "product")
        if sign == r"\binom":
            n, k = held(self.group()), held(self.group())
            return Part(f"gamma({n} + 1)/(gamma({k} + 1)*gamma({n} - {k} + 1))", "product")
        if sign == r"\sqrt":
            return self.root()
        if sign[-1:].isdecimal() or sign[:1].isdecimal():
            return Part(sign.replace(r"\,", "").replace("{,}", ""))
        if sign in NAMED:
            name = self.word()
        elif sign in ACCENTS:
            name = self.accented(ACCENTS[sign])
        elif sign[:1] == "\\" and sign[1:] in GREEK:
            name = sign[1:]
        elif as_name(sign) and sign != "_":
            name = sign
        else:
            raise UnknownError
        while self.next in ("_", "."):  # of a gate inside another: f.q_{1}
            name += f"_{self.below() if self.take() == '_' else self.operand().text}"
            self.refuse_digits("_")
        if not as_name(name):
            raise UnknownError
        if sign in BOLD:
            self.bold.add(name)
        return Part(name)

    def accented(self, mark: str) -> str:
        r"""The name below an accent: `\hat{y}` is `y_hat`. Of anything else it is not known what the accent means."""
        start = self.place
        name = self.group().text
        if not as_name(name):
            self.place = start
            raise UnknownError
        return f"{name}_{mark}"

    def refuse_derivative(self) -> None:
        r"""Raise where a fraction is a derivative, `\frac{d}{dx}` or `\frac{dy}{dx}`, and no quotient of products."""
        ahead = "".join(self.signs[self.place : self.place + _LONGEST_FUNCTION])
        if DERIVATIVE.match(ahead):
            self.place -= 1
            raise DerivativeError

    def below(self) -> str:
        r"""The subscript of a name: `1`, `{ij}`, `{i,j}`, `{\mathrm{max}}`."""
        if self.next != "{":
            return self.group().text
        self.take()
        letters = ""
        while self.next not in ("}", ""):
            sign = self.take()
            letters += self.word() if sign in NAMED else "_" if sign == "," else sign.removeprefix("\\")
        self.expect("}")
        return letters

    def bracketed(self, sign: str) -> Part:
        """What stands behind an opening bracket; in parentheses, = compares."""
        _, end = BRACKETS[sign]
        self.conditions += sign == "("
        inside = self.formula(end)
        self.conditions -= sign == "("
        self.expect(end)
        return inside

    def spelled(self) -> str:
        """Letters before a parenthesis that are the name of a function: `exp(x)`, without a backslash."""
        letters = "".join(takewhile(str.isalpha, self.signs[self.place : self.place + _LONGEST_FUNCTION]))
        behind = self.signs[self.place + len(letters) : self.place + len(letters) + 1]
        return letters if len(letters) > 1 and behind == ["("] and letters in self.functions else ""

    def root(self) -> Part:
        if self.next != "[":
            return Part(f"sqrt({self.group().text})")
        self.take()
        degree = self.formula("]")
        self.expect("]")
        inside = self.group()
        if degree.text == "3":
            return Part(f"cbrt({inside.text})")
        return Part(f"{held(inside)}**(1/{held(degree)})", "product")

    def group(self) -> Part:
        r"""What stands in braces, or the one sign that does without: `x^2`, `\frac12`."""
        self.deepen()
        if self.next == "{":
            self.take()
            inside = self.formula("}")
            self.expect("}")
        elif self.next[:1].isdecimal():
            digits = self.take()
            inside = Part(digits[0])
            if digits[1:]:
                self.rest, self.place = digits[1:], self.place - 1
        else:
            inside = self.operand()
        if not inside.text:
            raise UnknownError
        self.depth -= 1
        return inside
